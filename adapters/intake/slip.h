/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SLIP_H
#define JC_SLIP_H

#include "claim.h"
#include "dead.h"

/*
 * The slip that goes back to the source with a file of which nothing was done: which file, why, what money, what has not
 * happened, what to do. A function of the claim record alone, so that writing it again gives the same bytes. Numbers of 12
 * and more digits are masked as in every list.
 */
/* For a person, in Chinese, then in English. */
void slip_text(struct buf *b, const struct claim *c);
/* For the source's program: one JSON object and an end of line. */
void slip_json(struct buf *b, const struct claim *c);

/* The same of one line of a file whose other lines went on: a dead letter that is given back. A function of the letter and of
 * who gave it back, and why. */
struct slip_line {
	const struct dead_letter *letter;
	struct span time;            /* of the letter */
	struct span by, why;
};

void slip_line_text(struct buf *b, const struct slip_line *s);
void slip_line_json(struct buf *b, const struct slip_line *s);

#endif
