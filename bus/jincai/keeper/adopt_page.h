/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ADOPT_PAGE_H
#define JC_ADOPT_PAGE_H

#include "keeper.h"

/*
 * What the orders adopt and live say of what is to be in force, for those who sign them. Made from what is kept in <bus>/adopted
 * and from nothing else, the same in each language: the verb writes it into the order, and the keeper makes it anew and compares.
 * items: [{"item","was","is"}] of an order; what is no such list is none.
 */

/* "table:banks,table:units": the subject. */
void adopt_subject(const json_t *items, struct buf *ret);
/* SHA-256 over items and digests, hex. */
void adopt_digest(const json_t *items, struct buf *ret);
/*
 * {"what":[lines],"from"}: of each item what it is and how many lines are gone and new, then these lines, comments last. All of
 * them stand there: when they do not fit on a page it is adopt.long, unless it is one item alone; of that the first stand there, and
 * that it is cut, with the digests by which the files have to be compared. NULL: adopt.long, adopt.altered (what is to be in
 * force is not kept, or has another digest). To be released.
 */
json_t *adopt_shows(struct site *s, struct bus *b, const json_t *items, const char *from, struct err *e);
json_t *adopt_live_shows(const char *destination);

/* Does an order of anybody say just that? E_NONE; act.shows, or why nothing can be shown. Whether it can be done is not looked at. */
enum err_id adopt_true(struct site *s, struct bus *b, const struct act *a);
enum err_id adopt_live_true(const struct act *a);

#endif
