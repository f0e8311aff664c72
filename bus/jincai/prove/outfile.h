/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_OUTFILE_H
#define JC_OUTFILE_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "form.h"

/*
 * A file for a receiver, read back by the form that writes such files: its head, its lines as cells, their sum. The file may have
 * been made by hand: what of it does not read is a line, too.
 */
struct outfile_line {
	uint64_t line;               /* of the file, from 1 */
	const struct form_shape *shape;      /* by whose columns it was read; NULL: not at all, and why it was not */
	struct span *cells;          /* UTF-8 */
	unsigned ncells;
	struct err why;
};

struct outfile {
	struct span bytes;
	struct outfile_line head;    /* line 0: there is none */
	struct outfile_line *lines;
	size_t nlines;
	struct money_sum sum;        /* of the control amounts, as they stand in the file */
	struct arena arena;
};

/* bytes must outlast it. An error is one of the whole file. */
int outfile_read(const struct form *f, struct span bytes, struct outfile *ret, struct err *e);
void outfile_done(struct outfile *o);

#endif
