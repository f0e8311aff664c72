/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_INDEX_PARTS_H
#define JC_INDEX_PARTS_H

#include "index.h"

/* What the files of the indexes share; nobody else includes this. */
#define INDEX_DAY_ZERO 25567         /* days from 1900-01-01 to 1970-01-01 */

/* index_find.c: what a record adds to INDEX_FIND. An event of a system; a letter about what died; a record of a parcel; one of an act,
 * about what it decides. */
int index_put_find(const struct event *v, struct index_sink *s, struct err *e);
int index_put_dead(struct span died, struct span letter, struct index_sink *s, struct err *e);
int index_put_act(struct span subject, struct span record, struct index_sink *s, struct err *e);
/* index_days.c: what a posting adds to INDEX_DAYS */
int index_put_posting(const struct event *v, struct index_sink *s, struct err *e);
int index_put_parcel(const struct event *v, struct span destination, struct span state, struct index_sink *s, struct err *e);

#endif
