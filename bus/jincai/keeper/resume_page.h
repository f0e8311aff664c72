/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_RESUME_PAGE_H
#define JC_RESUME_PAGE_H

#include <jansson.h>

#include "act.h"
#include "site.h"

/* What each money destination has, beside what the store knows of it: what people look at before the money goes on (guard.h). */

/* Appends the list, in the language of the program. */
int resume_look(const struct site *s, struct bus *b, struct buf *out, struct err *e);
/* {"what":[lines],"sums"} of the order: parcels in ledgers that the store does not know, with the sum of all, and files that are
 * not ours. To be released. NULL is a failure. */
json_t *resume_shows(const struct site *s, struct bus *b, enum err_lang lang, struct err *e);
/* Does an order of anybody say just that, in one language or the other? For flow_kind.act_true. Once it is approved the digest alone
 * is looked at: it has the ledgers, and what else lies in a folder may have been fetched since. */
int resume_true(const struct site *s, struct bus *b, const struct act *a, enum err_id *ret, struct err *e);

#endif
