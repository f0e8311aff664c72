/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DATEFMT_H
#define JC_DATEFMT_H

#include "buf.h"

/*
 * How a date is written outside: yyyy, MM, dd and other characters ("yyyy年MM月dd日", "dd/MM/yyyy"), each at most once, yyyy
 * always. Inside, a date is 2026-12-01 and a month (a pattern without dd) 2026-12. A text has exactly the pattern's length.
 *
 * Only to be read: M and d are one digit or two ("d/M/yyyy"; a letter or a digit may not follow), and "serial" is the
 * number of days that spreadsheets keep: 1 is 1900-01-01, and 60 is a day that never was (1900-02-29), so that 46361 is
 * 2026-12-05. It cannot be seen from a number whether it is one: 2026 is 1905-07-18.
 */
struct datefmt {
	char pattern[48];
	unsigned length;             /* bytes of a text in this pattern; the longest where they vary */
	signed char year, month, day;        /* where they begin; -1: not in it */
	bool loose, serial;          /* only datefmt_compile_in makes these */
};

/* -1 when it is no such pattern. The second takes those that are only read as well. */
int datefmt_compile(struct span pattern, struct datefmt *ret);
int datefmt_compile_in(struct span pattern, struct datefmt *ret);
/* Reads the whole text; a real date only. ret takes 11 bytes, terminated. -1 when it is not one. */
int datefmt_read(const struct datefmt *f, struct span text, char ret[11]);
/* The same for a date at the begin of a text: how many bytes it has, 0 when there is none. */
size_t datefmt_take(const struct datefmt *f, struct span text, char ret[11]);
/* Appends iso in the pattern; -1 when iso is no date, or a month where a day is asked for. */
int datefmt_write(const struct datefmt *f, struct span iso, struct buf *b);

#endif
