/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_EXPLAIN_H
#define JC_EXPLAIN_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "reader.h"

/*
 * How a record was read, for who writes a form: bytes, columns, and for each field the rule that made it. What the schema
 * calls personal is masked wherever it is shown, in the bytes too: of a name the first character stays, of accounts and
 * numbers the last four. Where columns have moved each cell is taken for such a one; what no rule uses, and a row that could
 * not be cut, is masked by its looks (mask.h).
 */

/* Appends all of the record that reader_next gave last. Its rules run once more, one by one, so that each shows its own
 * error: the reader's values are not to be used after this, but reading can go on. */
void explain_record(const struct form *f, struct reader *r, const struct reading *g, struct buf *b);
/* Appends one line that names the form's columns that no rule uses, and what stands in the header row that the form does
 * not know (r stands behind that row); nothing when all are used. */
void explain_unused(const struct form *f, const struct reader *r, struct buf *b);
/* The first of the columns that a form lists for a kind; they are in the order of its slots. */
const struct conf *explain_columns(const struct form *f, const struct form_kind *k);
/* Appends a rule of a form: its functions in the order in which they run, however the form lists them. */
void explain_rule(struct buf *b, struct conf *rule);

#endif
