/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PERSONAL_H
#define JC_PERSONAL_H

#include "reader.h"

/*
 * What is personal in bytes that a person is shown: a record of a source, an event. Where a schema says what a field is
 * (x-sensitivity) that counts; all else is masked by its looks (mask.h). Cold path: dead letters, `try`.
 *
 * A masked copy is as long as what it was made of, with '*' for each byte that is not to be seen.
 */

/* Of a value: what the fields are that are made of it, or that it is, in whatever event of the form. -1: of no slot. */
enum schema_sensitivity personal_slot(const struct form *f, struct reader *r, int slot);
/* Of a cell of the row that the reader gave. Where columns have moved nobody knows what is a name or an account: each cell is
 * taken for one. */
enum schema_sensitivity personal_cell(const struct form *f, struct reader *r, unsigned i);

/* Append a masked copy of: the record that reader_next gave; the JSON text of an event, by its schema (NULL: there is none); bytes
 * of which nobody knows more than their charset. */
void personal_record(const struct form *f, struct reader *r, const struct reading *g, struct buf *masked);
void personal_event(const struct schema *s, struct span json, struct buf *masked);
void personal_looks(enum charset charset, struct span raw, struct buf *masked);

/* What a masked copy hides, as text "12-30,40-44" (offsets, the last one not), "-" for nothing; of the first max bytes. And back: masks
 * those places of a copy. -1: the text is none of these. */
void personal_places(struct span raw, struct span masked, size_t max, struct buf *b);
int personal_hide(struct span places, struct buf *masked);

#endif
