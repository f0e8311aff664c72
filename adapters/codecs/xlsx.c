/* SPDX-License-Identifier: Apache-2.0 */
#include "xlsx.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"

struct xlsx {
	struct codec_format base;
	struct xlsx_choice sheet;
	bool trim;
};

struct codec_reader {
	const struct xlsx *f;
	struct codec_input *in;
	uint64_t offset, line;               /* of the first row that is wanted */
	struct xlsx_zip zip;
	struct xlsx_texts texts;
	char *part;                          /* of the sheet */
	struct xlsx_sheet *sheet;            /* NULL: not begun */
};

/* ---- settings ---- */

static void xlsx_free(struct codec_format *format)
{
	struct xlsx *f = (struct xlsx *)format;

	free(f->sheet.name);
	free(f);
}

/* A number, a name, or {name: X} for a name that is a number. */
static void read_sheet(struct xlsx *f, struct conf *settings, struct findings *fd)
{
	struct conf *node = conf_get(settings, "sheet"), *name = NULL;

	if (node && node->kind == CONF_MAP) {
		name = conf_need(node, "name", CONF_SCALAR, fd);
		conf_unknown(node, fd);
	} else if (node && node->kind == CONF_SCALAR && strspn(node->text.p, "0123456789") != node->text.n) {
		name = node;
	} else {
		f->sheet.number = (unsigned)conf_int(settings, "sheet", 1, XLSX_SHEETS_MAX, 1, fd);
	}
	if (name)
		f->sheet.name = mem_text(name->text);
}

static struct codec_format *xlsx_compile(struct conf *settings, enum charset charset, struct findings *fd)
{
	const unsigned before = fd->count;
	struct xlsx *f = mem_new(sizeof *f);

	f->base.codec = &codec_xlsx;
	f->base.charset = charset;
	f->base.few_ok = true;
	read_sheet(f, settings, fd);
	f->base.skip_blank = conf_choice(settings, "blank_rows", "keep|skip", 0, fd) == 1;
	f->base.more_ok = conf_choice(settings, "more_columns", "dead|keep", 0, fd) == 1;
	f->trim = conf_choice(settings, "trim", "none|blanks", 0, fd) == 1;
	conf_unknown(settings, fd);
	if (charset != CHARSET_UTF8)
		conf_report_key(fd, settings, E_CODEC_XLSX_CHARSET, "charset=%s", charset_name(charset));
	if (fd->count != before) {
		xlsx_free(&f->base);
		return NULL;
	}
	return &f->base;
}

/* ---- reading ---- */

static int xlsx_open(const struct codec_format *format, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e)
{
	struct codec_reader *r = mem_new(sizeof *r);

	(void)e;
	r->f = (const struct xlsx *)format;
	r->in = in;
	r->offset = offset;
	r->line = line;
	r->zip.fd = -1;
	*ret = r;
	return 0;
}

static void xlsx_close(struct codec_reader *r)
{
	if (!r)
		return;
	xlsx_sheet_free(r->sheet);
	xlsx_zip_close(&r->zip);
	xlsx_texts_done(&r->texts);
	free(r->part);
	free(r);
}

static int put(void *arg, const char *p, size_t n, struct err *e)
{
	const int *fd = arg;

	return fsys_write(*fd, p, n, "temporary file", e);
}

/* The sheet is unpacked once and read from there: it is known to be whole before it has a row, and reading goes on
 * anywhere in it. */
static int unpack(struct codec_reader *r, struct err *e)
{
	int fd;

	if (fsys_temporary(&fd, e) != 0)
		return -1;
	if (xlsx_zip_read(&r->zip, r->part, XLSX_SHEET_MAX, put, &fd, e) != 0) {
		close(fd);
		return -1;
	}
	r->sheet = xlsx_sheet_new(fd, r->part, &r->texts, r->f->trim, r->offset, r->line);
	return 0;
}

static int begin(struct codec_reader *r, struct err *e)
{
	char *texts = NULL;
	int ret;

	if (xlsx_zip_open(&r->zip, r->in, e) != 0)
		return -1;
	free(r->part);
	r->part = NULL;
	xlsx_texts_done(&r->texts);
	ret = xlsx_book_find(&r->zip, &r->f->sheet, &r->part, &texts, e);
	if (ret == 0 && texts)
		ret = xlsx_texts_read(&r->zip, texts, &r->texts, e);
	if (ret == 0)
		ret = unpack(r, e);
	if (ret == 0)
		xlsx_zip_close(&r->zip);
	free(texts);
	return ret;
}

static int xlsx_next(struct codec_reader *r, struct row *ret, struct err *e)
{
	if (!r->sheet && begin(r, e) != 0)
		return -1;
	return xlsx_sheet_next(r->sheet, ret, e);
}

static int xlsx_cell(const struct codec_reader *r, unsigned i, struct err *e)
{
	assert(r->sheet);
	return xlsx_sheet_cell(r->sheet, i, e);
}

const struct codec codec_xlsx = {
	.name = "xlsx",
	.whole = true,
	.compile = xlsx_compile,
	.format_free = xlsx_free,
	.open = xlsx_open,
	.next = xlsx_next,
	.close = xlsx_close,
	.cell = xlsx_cell,
};
