/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DIFFERENCE_H
#define JC_DIFFERENCE_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "buf.h"

/* In which lines two texts differ: of one that was changed both are shown. For people; long numbers are masked. */
struct difference {
	unsigned gone, come;         /* lines */
};

/* Appends "  - line" and "  + line" in the order of the texts, max lines at most; the rest is only counted. */
struct difference difference_lines(struct buf *b, struct span was, struct span is, unsigned max);

#endif
