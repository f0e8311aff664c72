/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_NAMES_H
#define JC_NAMES_H

#include "buf.h"

/*
 * Names of the language and the slots that they mean. A form is compiled with a table of names ("line.payee",
 * "head.sum", "file.month", "site.unit", "data.payee.bank", "event.type", "parcel.no"); each has a slot number. At run
 * time a record is an array of values, one a slot; nothing is looked up by name any more.
 */
struct value {
	struct span text;            /* UTF-8; .p == NULL: absent */
	int64_t fen;                 /* when is_money */
	bool is_money;
	bool cut;                    /* of a cell: it was shortened */
};

struct names;

struct names *names_new(void);
void names_free(struct names *n);
/* Adds a name, or finds it: its slot, from 0. */
unsigned names_add(struct names *n, struct span name);
/* Slot or -1. Marks the slot as used: what no rule uses, a codec need not decode. */
int names_use(struct names *n, struct span name);
bool names_used(const struct names *n, unsigned slot);
/* Slot or -1, and no rule uses it. */
int names_slot(const struct names *n, struct span name);
/* Names that begin so are no names until they are shown again: their slots stay, and a name added meanwhile gets a slot of
 * its own. So the results of one mapping are unknown to the next, and a head's event cannot name a line. */
void names_hide(struct names *n, struct span prefix, bool hidden);
unsigned names_count(const struct names *n);
const char *names_text(const struct names *n, unsigned slot);
/* The nearest known name, or NULL. */
const char *names_nearest(const struct names *n, struct span name);

/*
 * The values of one record, and the memory that its converted texts live in. Texts point into both, so neither may move
 * while a record is worked on: `text` has room for the record's bytes decoded (or unescaped) twice, and who decodes them
 * again clears it first; `made` grows by blocks, for texts whose length no record bounds.
 */
struct slots {
	struct value *v;
	unsigned n;
	struct buf text;
	struct arena made;
	struct buf list;             /* what a list is written to, before it is put with what was made */
};

void slots_init(struct slots *s, unsigned n);        /* all absent */
void slots_done(struct slots *s);
/* Makes room for a record whose raw bytes are `raw` long; texts of the last record are gone. Values stay as they are:
 * who fills them sets the absent ones too. Allocates only for a record longer than all before. */
void slots_begin(struct slots *s, size_t raw);

#endif
