/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_GUARD_ANCHOR_H
#define JC_GUARD_ANCHOR_H

#include "site.h"

/*
 * The anchor of the audit (audit.h) as a witness of the safeguard: it lies where a snapshot of bus, folders and witnesses does not
 * reach. The store has each record, opening and number of a parcel before the anchor has its line.
 */
struct guard_anchor {
	const char *path;
	struct bus *bus;
	const char *store;           /* id of the store; NULL: it has none yet */
	uint64_t openings;           /* of the store */
	uint64_t accepted;           /* so many lines are heard no more */
	/* What came of it. */
	uint64_t lines, ahead;       /* ahead: the most openings of our store */
	bool another;                /* a line is of another store */
	struct err why;              /* else: guard.restored, guard.anchor; the first */
};

/* A file that is missing has no lines; a line that cannot be read says nothing (audit verify tells). */
int guard_anchor_look(struct guard_anchor *a, struct err *e);
/* At an opening, durably. */
int guard_anchor_put(const char *path, const char *store, uint64_t openings, struct err *e);

#endif
