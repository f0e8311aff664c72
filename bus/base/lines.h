/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LINES_H
#define JC_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/*
 * A file of lines that grows for years, read in pieces: memory is that of a piece and of the longest line.
 *
 *	struct lines x;
 *	if ((got = lines_open(&x, path, e)) == 1) {
 *		while ((got = lines_next(&x, &line, &ended, e)) == 1)
 *			...
 *		lines_close(&x);
 *	}
 *
 * One thread; blocks for reading.
 */
#define LINES_LONGEST (1u << 20)

struct lines {
	const char *path;            /* outlives it */
	int fd;
	struct buf room;
	size_t at;                   /* in room: the line that comes next */
	uint64_t offset;             /* of it in the file */
};

/* 1 opened, 0 there is none, -1: file.denied, file.failed, file.not_regular. Links are followed. */
int lines_open(struct lines *x, const char *path, struct err *e);
void lines_close(struct lines *x);
/* 1 a line without its end, good until the next call; 0 the file is over; -1. ended: false for what stands behind the last line end,
 * and for a piece of a line that is longer than LINES_LONGEST. */
int lines_next(struct lines *x, struct span *ret, bool *ret_ended, struct err *e);

#endif
