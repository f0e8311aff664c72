/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>

#include "input.h"

/*
 * The first byte chooses lines or a document, the second the bytes of one fill; the rest is the file. Rows must lie in
 * it in order, must not depend on how it is filled, and must come again from where each of them ends. What another
 * library takes for JSON must not break the grammar here, and has as many rows; what is written must read back equal.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

enum { FILE_MAX = 64 << 10, ROWS_MAX = 64, NCOLUMNS = 4 };

static const struct span line_columns[NCOLUMNS] = {{"id", 2}, {"p.a", 3}, {"p.b", 3}, {"\xe9\x87\x91", 3}};
static const struct span head_columns[NCOLUMNS] = {{"n", 1}, {"a.n", 3}, {"a.m.x", 5}, {"s", 1}};

static struct codec_format *compile(unsigned mode)
{
	static const char *const settings[] = {"{}", "{records: array}", "{records: array, at: data}",
		"{records: array, at: a.b}"};
	struct findings f;
	struct conf_file *c;
	struct codec_format *format;

	findings_init(&f);
	c = conf_parse("fuzz", span_of(settings[mode]), &f);
	MUST(c);
	format = codec_json.compile(conf_root(c), CHARSET_UTF8, &f);
	MUST(format);
	MUST(codec_json.columns(format, "line", line_columns, NCOLUMNS, conf_root(c), &f) == 0);
	if (mode == 3)
		MUST(codec_json.columns(format, "head", head_columns, NCOLUMNS, conf_root(c), &f) == 1);
	conf_close(c);
	findings_done(&f);
	return format;
}

/* What a row is, in a few numbers. */
struct short_row {
	uint64_t line, offset, end, next_line;
	enum err_id bad;
	uint32_t cells;              /* a sum over kind and texts */
};

struct rows {
	struct short_row row[ROWS_MAX];
	size_t n, all;
	enum err_id ended;           /* E_NONE: at the end */
	bool breaks;                 /* one of the grammar */
};

static bool breaks(enum err_id id)
{
	return id == E_JSON_SYNTAX || id == E_JSON_UTF8;
}

static uint32_t sum_cells(struct codec_reader *r, unsigned kind, struct row *row, bool *ret_breaks)
{
	struct err e = row->bad;
	uint32_t sum = 17;

	MUST(row->ncells == 0);
	if (e.id == E_NONE && codec_json.cut(r, kind, row, &e))
		MUST(err_kind(&e) == ERR_DATA && row->ncells == 0);
	*ret_breaks |= e.id != E_NONE && breaks(e.id) && !row->blank;
	sum = sum * 31 + (uint32_t)e.id;
	for (unsigned i = 0; i < row->ncells; i++) {
		sum = sum * 31 + (row->cells[i].p != NULL);
		for (size_t k = 0; k < row->cells[i].n; k++)
			sum = sum * 31 + (unsigned char)row->cells[i].p[k];
	}
	return sum;
}

/* Writes the cells that were cut and reads them again. */
static void survives(const struct codec_format *f, const struct row *row)
{
	struct span cells[NCOLUMNS];
	struct buf b = BUF_INIT;
	struct text_input in = text_input(SPAN_NONE, 0);
	struct codec_reader *r;
	struct row back;
	struct err e;

	for (unsigned i = 0; i < NCOLUMNS; i++)
		cells[i] = row->cells[i].p ? row->cells[i] : SPAN("");
	MUST(codec_json.write(f, 0, cells, NCOLUMNS, &b, &e) == 0 && b.p[b.n - 1] == '\n');
	in.text = buf_as_span(&b);
	MUST(codec_json.open(f, &in.in, 1, 1, &r, &e) == 0);
	MUST(codec_json.next(r, &back, &e) == 1 && back.bad.id == E_NONE && codec_json.cut(r, 0, &back, &e) == 0);
	for (unsigned i = 0; i < NCOLUMNS; i++)
		MUST(span_eq(back.cells[i], cells[i]));
	MUST(codec_json.next(r, &back, &e) == 0);
	codec_json.close(r);
	buf_done(&b);
}

static void read_from(const struct codec_format *f, unsigned mode, struct span file, const struct short_row *behind,
	size_t step, struct rows *ret)
{
	const uint64_t from = behind ? behind->end : 0;
	struct text_input in = text_input((struct span){file.p + from, file.n - from}, step);
	struct codec_reader *r;
	struct row row;
	struct err e;
	uint64_t end = from;
	bool head = mode == 3 && !behind;
	int got;

	*ret = (struct rows){.n = 0};
	MUST(codec_json.open(f, &in.in, from, behind ? behind->next_line : 1, &r, &e) == 0);
	while ((got = codec_json.next(r, &row, &e)) == 1) {
		const uint64_t n = row.end - row.offset;
		uint32_t cells;

		MUST(row.offset >= end && row.end > row.offset && row.end <= file.n && row.next_line >= row.line);
		MUST(row.raw.n <= n && memcmp(row.raw.p, file.p + row.offset, row.raw.n) == 0);
		cells = sum_cells(r, head, &row, &ret->breaks);
		if (mode == 0 && row.ncells && !behind)
			survives(f, &row);
		if (ret->n < ROWS_MAX)
			ret->row[ret->n++] = (struct short_row){row.line, row.offset, row.end, row.next_line,
				row.bad.id, cells};
		ret->all += !head;
		head = false;
		end = row.end;
	}
	ret->ended = got < 0 ? e.id : E_NONE;
	ret->breaks |= got < 0 && breaks(e.id);
	MUST(got == 0 || (err_kind(&e) == ERR_DATA && ret->all == 0));
	codec_json.close(r);
}

static void same(const struct rows *a, const struct rows *b, size_t from)
{
	MUST(a->ended == b->ended);
	for (size_t i = 0; i < b->n && from + i < a->n; i++)
		MUST(a->row[from + i].line == b->row[i].line && a->row[from + i].offset == b->row[i].offset &&
			a->row[from + i].end == b->row[i].end && a->row[from + i].next_line == b->row[i].next_line &&
			a->row[from + i].bad == b->row[i].bad && a->row[from + i].cells == b->row[i].cells);
	if (a->n < ROWS_MAX)
		MUST(b->n == a->n - from);
}

/* Is it comparable: not deeper than we go (brackets in strings count too), and without NUL, behind which the other
 * library does not look. */
static bool flat(struct span t)
{
	size_t n = 0;

	if (memchr(t.p, 0, t.n))
		return false;
	for (size_t i = 0; i < t.n; i++)
		n += t.p[i] == '[' || t.p[i] == '{';
	return n <= 30;
}

static void compare(unsigned mode, struct span file, const struct rows *all)
{
	const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	json_t *v = json_loadb(file.p, file.n, flags, NULL);
	const json_t *at = v;

	if (v && flat(file) && mode == 0 && !memchr(file.p, '\n', file.n))
		MUST(!all->breaks && all->n == 1);
	if (v && flat(file) && mode > 0) {
		MUST(!all->breaks);
		if (mode == 2)
			at = json_object_get(v, "data");
		if (mode == 3)
			at = json_object_get(json_object_get(v, "a"), "b");
		if (all->ended == E_NONE && mode == 1)
			MUST(json_is_array(at) && all->all == json_array_size(at));
		if (!json_is_array(at) && mode == 1)
			MUST(all->ended == E_JSON_NO_RECORDS);
	}
	json_decref(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct codec_format *f;
	struct rows all, again;
	struct span file;
	unsigned mode;
	char *copy;

	if (size < 2 || size > FILE_MAX)
		return 0;
	mode = data[0] % 4;
	f = compile(mode);
	/* A copy of exactly that length. */
	copy = mem_text((struct span){(const char *)data + 2, size - 2});
	file = (struct span){copy, size - 2};
	read_from(f, mode, file, NULL, SIZE_MAX, &all);
	read_from(f, mode, file, NULL, data[1] % 8 + 1u, &again);
	same(&all, &again, 0);
	for (size_t i = 0; i < all.n && i < 16; i++) {
		read_from(f, mode, file, &all.row[i], SIZE_MAX, &again);
		same(&all, &again, i + 1);
	}
	compare(mode, file, &all);
	free(copy);
	f->codec->format_free(f);
	return 0;
}
