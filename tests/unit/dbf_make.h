/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DBF_MAKE_H
#define JC_DBF_MAKE_H

#include "buf.h"

/* Makes dBASE tables in memory. */
struct dbf_field {
	const char *name;            /* bytes in the file */
	char type;
	unsigned width;
};

struct dbf_table {
	unsigned char version;
	struct dbf_field fields[8];
	unsigned count;              /* declared */
	const char *rows;            /* mark and cells of each, one behind the other */
	const char *end;
};

static inline void dbf_u16(struct buf *b, unsigned v)
{
	buf_c(b, (char)(v & 0xff));
	buf_c(b, (char)(v >> 8));
}

static inline void dbf_zeros(struct buf *b, size_t n)
{
	while (n--)
		buf_c(b, 0);
}

/* Visual FoxPro has a place for the name of its database behind the fields. */
static inline void make_dbf(struct buf *b, const struct dbf_table *t)
{
	unsigned n = 0, record = 1;
	const unsigned link = t->version >= 0x30 && t->version <= 0x32 ? 263 : 0;

	for (; t->fields[n].name; n++)
		record += t->fields[n].width;
	buf_c(b, (char)t->version);
	buf_str(b, "\x7e\x0c\x05");
	dbf_u16(b, t->count & 0xffff);
	dbf_u16(b, t->count >> 16);
	dbf_u16(b, 32 + 32 * n + 1 + link);
	dbf_u16(b, record);
	dbf_zeros(b, 20);
	for (unsigned i = 0; i < n; i++) {
		const size_t from = b->n;

		buf_str(b, t->fields[i].name);
		dbf_zeros(b, 11 - strlen(t->fields[i].name));
		buf_c(b, t->fields[i].type);
		dbf_zeros(b, 4);
		buf_c(b, (char)(t->fields[i].width & 0xff));
		buf_c(b, (char)(t->fields[i].width >> 8));
		dbf_zeros(b, 32 - (b->n - from));
	}
	buf_c(b, '\r');
	dbf_zeros(b, link);
	buf_str(b, t->rows);
	buf_str(b, t->end);
}

#endif
