/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "input.h"

/*
 * The first byte chooses the bytes of one fill, the second whether the lengths in the head are put right; the rest is a
 * table with the fields A, B and C, mostly. What is read must be records of one length, one behind the other, each with
 * the cells that stand at its fields; the last row may be what is wrong with the number of them; reading on from any row
 * must give the same.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

enum { FILE_MAX = 64 << 10, FIELDS = 3 };

static struct codec_format *compile(void)
{
	static const struct span names[FIELDS] = {{"A", 1}, {"B", 1}, {"C", 1}};
	struct findings f;
	struct conf_file *c;
	struct codec_format *format;

	findings_init(&f);
	c = conf_parse("fuzz", SPAN("{blank_rows: skip}"), &f);
	MUST(c);
	format = codec_dbf.compile(conf_root(c), CHARSET_GB18030, &f);
	MUST(format && codec_dbf.columns(format, "line", names, FIELDS, conf_root(c), &f) == 0);
	conf_close(c);
	findings_done(&f);
	return format;
}

static unsigned u16(const char *p)
{
	return (unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

static void put16(char *p, unsigned v)
{
	p[0] = (char)(v & 0xff);
	p[1] = (char)(v >> 8 & 0xff);
}

/* Makes the head true to its fields, so that not every change of a byte ends there. */
static void put_right(struct span file, char *p)
{
	unsigned record = 1, at = 32;

	if (file.n < 33)
		return;
	for (; at + 32 <= file.n && p[at] != '\r'; at += 32)
		record += (unsigned char)p[at + 16] | (p[at + 11] == 'C' ? (unsigned)(unsigned char)p[at + 17] << 8 : 0);
	put16(p + 8, at + 1);
	put16(p + 10, record);
}

/* Where a field stands in a record, by its name. */
static bool find(struct span file, char name, size_t *ret_from, size_t *ret_n)
{
	size_t from = 1;

	for (size_t at = 32; at + 32 <= u16(file.p + 8) && file.p[at] != '\r'; at += 32) {
		const size_t n = (unsigned char)file.p[at + 16] |
			(file.p[at + 11] == 'C' ? (size_t)(unsigned char)file.p[at + 17] << 8 : 0);

		if (file.p[at] == name && (file.p[at + 1] == 0 || file.p[at + 1] == ' ')) {
			*ret_from = from;
			*ret_n = n;
			return true;
		}
		from += n;
	}
	return false;
}

static void check_cells(const struct codec_format *f, struct codec_reader *r, struct span file, struct row *row)
{
	struct err e;

	MUST(f->codec->cut(r, 0, row, &e) == 0 && row->ncells == FIELDS);
	for (unsigned i = 0; i < FIELDS; i++) {
		const struct span cell = row->cells[i];
		size_t from, n;

		/* A name may be written with blanks or rubbish behind it; then the place is not looked up here. */
		MUST(cell.n == 0 || (cell.p > row->raw.p && cell.p + cell.n <= row->raw.p + row->raw.n));
		MUST(cell.n == 0 || cell.p[cell.n - 1] != ' ');
		if (find(file, (char)('A' + i), &from, &n) && cell.n)
			MUST(cell.p >= row->raw.p + from && cell.p + cell.n <= row->raw.p + from + n);
	}
}

static struct row first_from(const struct codec_format *f, struct span file, const struct row *before)
{
	struct text_input in = text_input(file, 0);
	struct codec_reader *r;
	struct row row = {.end = UINT64_MAX};
	struct err e;

	f->codec->open(f, &in.in, before->end, before->next_line, &r, &e);
	f->codec->next(r, &row, &e);
	f->codec->close(r);
	return row;
}

static void read_file(const struct codec_format *f, struct span file, size_t step)
{
	struct text_input in = text_input(file, step);
	struct row row, next = {.end = 0};
	uint64_t offset = 0, line = 1, count = 0;
	struct codec_reader *r;
	struct err e = ERR_INIT;
	bool last = false, known = false;
	int got;

	f->codec->open(f, &in.in, 0, 1, &r, &e);
	while ((got = f->codec->next(r, &row, &e)) == 1) {
		MUST(!last && (offset ? row.offset == offset : row.offset == u16(file.p + 8)) && row.line == line);
		MUST(row.end <= file.n && (row.raw.n == 0 || memcmp(row.raw.p, file.p + row.offset, row.raw.n) == 0));
		last = row.bad.id == E_CODEC_DBF_COUNT;
		if (last) {
			MUST(row.end == file.n);
		} else {
			MUST(row.raw.n == u16(file.p + 10) && row.end == row.offset + row.raw.n && row.next_line == line + 1);
			MUST((row.bad.id == E_NONE) == (row.raw.p[0] == ' ' || row.raw.p[0] == '*'));
			MUST(row.deleted == (row.raw.p[0] == '*'));
			count++;
		}
		if (known)
			MUST(next.end == row.end && next.line == row.line && next.bad.id == row.bad.id);
		if (row.bad.id == E_NONE)
			check_cells(f, r, file, &row);
		offset = row.end;
		line = row.next_line;
		known = count < 16;
		if (known)
			next = first_from(f, file, &row);
	}
	if (known)
		MUST(next.end == UINT64_MAX);
	if (got < 0)
		MUST(!offset && err_kind(&e) == ERR_DATA && f->codec->next(r, &row, &e) < 0);
	else
		MUST(last || count == (u16(file.p + 4) | (uint64_t)u16(file.p + 6) << 16));
	f->codec->close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct codec_format *f;
	char *file;

	if (size < 2 || size > FILE_MAX)
		return 0;
	f = compile();
	file = mem_text((struct span){(const char *)data + 2, size - 2});
	if (data[1] % 2)
		put_right((struct span){file, size - 2}, file);
	read_file(f, (struct span){file, size - 2}, data[0] % 8 ? data[0] % 8 : SIZE_MAX);
	free(file);
	f->codec->format_free(f);
	return 0;
}
