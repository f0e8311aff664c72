/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CODES_CSV_H
#define JC_CODES_CSV_H

#include "buf.h"

/*
 * Cuts the CSV of code tables: commas, cells in double quotes with "" for one, LF or CRLF, an optional byte order mark,
 * lines without anything skipped. Not for vendors' files: those have their codec, and this layer lies below it.
 */
enum { CODES_CSV_COLUMNS = 64 };

struct codes_csv {
	struct span left;            /* what is still to be cut */
	struct arena *arena;         /* for cells that held "" */
	unsigned line;               /* of the row that was cut last, from 1 */
	unsigned next;               /* of what is left */
};

void codes_csv_init(struct codes_csv *c, struct span utf8, struct arena *a);
/* Cells of the next row, pointing into the text or the arena; their number, 0 at the end, -1 at a quote that does not
 * close or has text behind it, or beyond CODES_CSV_COLUMNS. */
int codes_csv_row(struct codes_csv *c, struct span cells[CODES_CSV_COLUMNS]);

#endif
