/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DATEFMT_H
#define JC_DATEFMT_H

#include "buf.h"

/*
 * How a date is written outside: yyyy, MM, dd and other characters ("yyyy年MM月dd日", "dd/MM/yyyy"), each at most once, yyyy
 * always. Inside, a date is 2026-12-01 and a month (a pattern without dd) 2026-12. A text has exactly the pattern's length.
 */
struct datefmt {
	char pattern[48];
	unsigned length;             /* bytes of a text in this pattern */
	signed char year, month, day;        /* where they begin; -1: not in it */
};

/* -1 when it is no such pattern. */
int datefmt_compile(struct span pattern, struct datefmt *ret);
/* Reads the whole text; a real date only. ret takes 11 bytes, terminated. -1 when it is not one. */
int datefmt_read(const struct datefmt *f, struct span text, char ret[11]);
/* Appends iso in the pattern; -1 when iso is no date, or a month where a day is asked for. */
int datefmt_write(const struct datefmt *f, struct span iso, struct buf *b);

#endif
