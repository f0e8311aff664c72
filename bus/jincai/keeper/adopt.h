/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ADOPT_H
#define JC_ADOPT_H

#include "keeper.h"

/*
 * What of the money part the files say otherwise than it is in force: it waits until two people adopt it (`jincai adopt`).
 * On a test site that names no people nothing waits.
 */
struct adopt_waiting {
	const char *item;            /* "table:banks" */
	const char *was;             /* digest in force; "": new */
	const char *is;              /* digest of what the files say; "": no longer used */
	const char *next, *from;     /* approved, and in force at the next boundary of batches from that day on; "": none */
	struct span text;            /* the lines that differ, masked, one "  - .." or "  + .." each; 200 at most */
	unsigned gone, come;         /* lines in all */
};

typedef int adopt_each(void *arg, const struct adopt_waiting *w, struct err *e);
/* In the order of names. The first nonzero of each ends the walk; -1 is a failure. s: the site as its files say. */
int adopt_waiting(struct site *s, struct bus *b, adopt_each *each, void *arg, struct err *e);
/* Appends the text of what is kept under that digest below root; none for "". What the lines above come from. */
int adopt_text(const char *root, const char *digest, struct buf *ret, struct err *e);

#endif
