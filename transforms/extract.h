/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_EXTRACT_H
#define JC_EXTRACT_H

#include "event.h"
#include "names.h"
#include "schema.h"

/*
 * Takes the fields of an event into slots: event.* from the envelope, data.* by one pass over the data, without a DOM.
 * Fields come in the order in which they were written, so the next name expected is mostly the one that comes.
 */
struct extract;

/* Adds event.* and every data.* of the schema to names. NULL: of an event whose data nobody knows, event.* alone. */
struct extract *extract_new(const struct schema *s, struct names *names);
void extract_free(struct extract *x);
/* Fills slots (absent ones are cleared). Fields outside the schema are skipped: an event that is newer than we are is
 * still an event. Errors: json.*, money.* for an amount that is none. */
int extract_run(const struct extract *x, const struct event *v, struct slots *s, struct err *e);
int extract_amount_slot(const struct extract *x);      /* data.<control>; -1: none */
int extract_currency_slot(const struct extract *x);
/* Of the schema's control amount, as totals name it. */
const char *extract_kind_of_money(const struct extract *x);

#endif
