/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "codec.h"
#include "input.h"
#include "xlsx_make.h"

/*
 * The first byte chooses the bytes of one fill, the second what the rest is: an archive as it is, or the XML of a sheet and,
 * behind a NUL, that of the shared texts, put into a workbook. What is read must be rows of rising numbers, one behind
 * the other, whose cells lie in their bytes; the last one may be what is wrong with the sheet; reading on from any row must
 * give the same.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

enum { FILE_MAX = 64 << 10, LOOKED_AT = 8 };

static struct codec_format *compile(void)
{
	struct findings f;
	struct conf_file *c;
	struct codec_format *format;

	findings_init(&f);
	c = conf_parse("fuzz", SPAN("{trim: blanks}"), &f);
	MUST(c);
	format = codec_xlsx.compile(conf_root(c), CHARSET_UTF8, &f);
	MUST(format);
	conf_close(c);
	findings_done(&f);
	return format;
}

static void make(struct buf *b, struct span input)
{
	const char *nul = memchr(input.p, 0, input.n);
	const struct span sheet = {input.p, nul ? (size_t)(nul - input.p) : input.n};
	const struct span texts = nul ? (struct span){nul + 1, input.n - sheet.n - 1} : SPAN("<sst/>");
	/* A length of 0 would say that a text is terminated. */
	const struct part parts[] = {PACKAGE_RELS, ONE_SHEET, BOOK_RELS,
		{"xl/worksheets/sheet1.xml", sheet.n ? sheet.p : "", sheet.n},
		{"xl/sharedStrings.xml", texts.n ? texts.p : "", texts.n}};

	make_book(b, parts, sizeof parts / sizeof parts[0], NULL);
}

static void check_cells(const struct codec_reader *r, const struct row *row)
{
	MUST(row->bad.id ? row->ncells == 0 && !row->blank && err_kind(&row->bad) == ERR_DATA : row->ncells > 0);
	MUST(row->ncells <= CODEC_CELLS_MAX && row->raw.n <= CODEC_RECORD_MAX);
	for (unsigned i = 0; i < row->ncells; i++) {
		const struct span cell = row->cells[i];
		struct err e;

		MUST(cell.n == 0 || (cell.p >= row->raw.p && cell.p + cell.n <= row->raw.p + row->raw.n));
		if (codec_xlsx.cell(r, i, &e) != 0)
			MUST(err_kind(&e) == ERR_DATA && err_arg(&e, "cell") && !row->blank);
		else
			MUST(cell.n || i + 1 < row->ncells || row->blank);
	}
}

static struct row first_from(const struct codec_format *f, struct span file, const struct row *before)
{
	struct text_input in = text_input(file, 0);
	struct codec_reader *r;
	struct row row = {.end = UINT64_MAX};
	struct err e;

	f->codec->open(f, &in.in, before->end, before->next_line, &r, &e);
	MUST(f->codec->next(r, &row, &e) >= 0);
	f->codec->close(r);
	return row;
}

static void read_file(const struct codec_format *f, struct span file, size_t step)
{
	struct text_input in = text_input(file, step);
	struct row row, next = {.end = 0};
	uint64_t end = 0, line = 1;
	struct codec_reader *r;
	struct err e = ERR_INIT;
	unsigned looked_at = 0;
	bool last = false;
	int got;

	f->codec->open(f, &in.in, 0, 1, &r, &e);
	while ((got = f->codec->next(r, &row, &e)) == 1) {
		MUST(!last && row.offset >= end && row.end >= row.offset && row.line >= line && row.next_line > row.line);
		last = row.bad.id == E_CODEC_XLSX_XML || row.bad.id == E_CODEC_XLSX_ORDER;
		check_cells(r, &row);
		if (looked_at && looked_at <= LOOKED_AT)
			MUST(next.offset == row.offset && next.end == row.end && next.line == row.line && next.bad.id == row.bad.id &&
				(row.bad.id == E_NONE || strcmp(next.bad.args, row.bad.args) == 0));
		if (looked_at++ < LOOKED_AT)
			next = first_from(f, file, &row);
		end = row.end;
		line = row.next_line;
	}
	if (looked_at && looked_at <= LOOKED_AT)
		MUST(got == 0 && next.end == UINT64_MAX);
	if (got < 0)
		MUST(!looked_at && err_kind(&e) == ERR_DATA);
	f->codec->close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = {(const char *)data + 2, size - 2};
	struct buf book = BUF_INIT;
	struct codec_format *f;

	if (size < 3 || size > FILE_MAX)
		return 0;
	f = compile();
	if (data[1] % 2)
		make(&book, input);
	else
		buf_span(&book, input);
	read_file(f, buf_as_span(&book), data[0] % 8 ? 16u * (data[0] % 8) : SIZE_MAX);
	buf_done(&book);
	f->codec->format_free(f);
	return 0;
}
