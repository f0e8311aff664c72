/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdlib.h>

enum { RAW_MAX = 64 << 10 };                 /* kept of what is not read as records */

/* ---- one record ---- */

static int walk(struct codec_reader *r, const struct json_node *list, struct jscan *in, struct err *e);

static int text_of(struct codec_reader *r, const struct json_node *n, const struct jscan_value *v, struct err *e)
{
	struct span *cell = &r->cells[n->cell];

	if (v->type == JSCAN_STRING)
		return jscan_unescape(v, &r->scratch, cell, e);
	*cell = v->raw;
	return 0;
}

/* The value of a name that the form knows: 1, the records stand here. */
static int take(struct codec_reader *r, const struct json_node *n, struct jscan *in, struct err *e)
{
	const enum jscan_type type = jscan_peek(in);
	struct jscan_value v;

	if (r->seen[n->number] == r->look)
		return err_set(e, E_JSON_DUPLICATE, "key=%.*s", SPAN_F(n->path));
	r->seen[n->number] = r->look;
	if (n->records && type == JSCAN_ARRAY)
		return 1;
	if (n->children && type == JSCAN_OBJECT)
		return walk(r, n->children, in, e);
	if (jscan_value(in, &v, e))
		return -1;
	if (v.type == JSCAN_NULL)
		return 0;
	if (n->cell < 0 || v.type == JSCAN_OBJECT || (v.type == JSCAN_ARRAY) != n->list)
		return err_set(e, E_JSON_KIND, "column=%.*s", SPAN_F(n->path));
	return text_of(r, n, &v, e);
}

/* A key with escapes as it is meant; one that stands for no text is nobody's. */
struct span json_key(struct codec_reader *r, struct span raw)
{
	const struct jscan_value v = {JSCAN_STRING, raw, memchr(raw.p, '\\', raw.n) != NULL};
	struct span key = SPAN_NONE;
	struct err ignored;

	return jscan_unescape(&v, &r->scratch, &key, &ignored) ? SPAN_NONE : key;
}

/* Records mostly have the columns' order, so that the next name expected is the one that comes. */
static int walk(struct codec_reader *r, const struct json_node *list, struct jscan *in, struct err *e)
{
	const struct json_node *expected = list;
	struct span key;
	int more, got;

	if (jscan_enter_object(in, e))
		return -1;
	while ((more = jscan_next_key(in, &key, e)) == 1) {
		const struct json_node *n = expected;

		if (memchr(key.p, '\\', key.n))
			key = json_key(r, key);
		if (!n || !span_eq(key, n->key))
			for (n = list; n && !span_eq(key, n->key);)
				n = n->next;
		got = n ? take(r, n, in, e) : jscan_skip(in, e);
		if (got)
			return got;
		expected = n ? n->next : expected;
	}
	return more;
}

/* As walk, from the begin of a text; room for all of it, unescaped, is made before, so that no cell moves. */
int json_look(struct codec_reader *r, const struct json_node *root, struct span text, struct jscan *in, struct err *e)
{
	r->look++;
	buf_clear(&r->scratch);
	buf_reserve(&r->scratch, text.n + 1);
	jscan_init(in, text);
	return walk(r, root, in, e);
}

/* Is it an object? Of what else is JSON, that is the reason; of what is not, where it breaks. */
static int check_object(const struct codec_reader *r, struct span raw, struct err *e)
{
	struct jscan in;

	jscan_init(&in, raw);
	if (!r->head && jscan_peek(&in) == JSCAN_OBJECT)
		return 0;
	if (!r->head && (jscan_skip(&in, e) || jscan_finish(&in, e)))
		return -1;
	return err_set(e, E_JSON_RECORD, "%s", "");
}

int json_cut(struct codec_reader *r, unsigned kind, struct row *row, struct err *e)
{
	const struct json_kind *k = &r->f->kinds[kind];
	struct jscan in;

	row->cells = r->cells;
	row->ncells = 0;
	memset(r->cells, 0, k->ncolumns * sizeof *r->cells);
	if (!k->outside && check_object(r, row->raw, e))
		return -1;
	/* Of the columns that stand outside the records, a record has none. The records' bracket still stands behind
	 * what comes before it. */
	if (k->outside == r->head) {
		const int got = json_look(r, k->root, (struct span){row->raw.p, row->raw.n + r->head}, &in, e);

		if (got < 0 || (got == 0 && jscan_finish(&in, e)))
			return -1;
	}
	row->ncells = k->ncolumns;
	return 0;
}

/* ---- rows ---- */

static uint64_t ends_of_line(const unsigned char *p, size_t n)
{
	uint64_t lines = 0;

	for (const unsigned char *end = p + n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	return lines;
}

void json_pass(struct codec_reader *r, size_t n)
{
	r->line += ends_of_line(window_bytes(&r->w), n);
	window_take(&r->w, n);
}

static void set_row(struct codec_reader *r, struct row *ret, uint64_t offset, uint64_t line, struct span raw)
{
	ret->offset = offset;
	ret->line = line;
	ret->end = r->w.offset;
	ret->next_line = r->line;
	ret->raw = raw;
	ret->cells = r->cells;
	ret->ncells = 0;
	ret->blank = ret->deleted = false;
}

int json_row(struct codec_reader *r, struct row *ret, size_t raw, size_t end)
{
	const struct span bytes = {(const char *)window_bytes(&r->w), raw};
	const uint64_t offset = r->w.offset, line = r->line;

	json_pass(r, end);
	set_row(r, ret, offset, line, bytes);
	ret->bad.id = E_NONE;
	ret->bad.where[0] = ret->bad.args[0] = 0;
	return 1;
}

/* Goes on in what is one bad row: to the end of its line, of a document to the end of the file. */
static int skip_row(struct codec_reader *r, struct row *ret, struct err *e)
{
	const unsigned char *lf = NULL;

	while (!lf) {
		const unsigned char *p = window_bytes(&r->w);
		const size_t there = window_there(&r->w);
		size_t n;

		lf = r->f->array || there == 0 ? NULL : memchr(p, '\n', there);
		n = lf ? (size_t)(lf - p) : there;
		if (r->raw.n < RAW_MAX)
			buf_add(&r->raw, p, n < RAW_MAX - r->raw.n ? n : RAW_MAX - r->raw.n);
		json_pass(r, lf ? n + 1 : n);
		if (!lf && r->w.eof)
			break;
		if (!lf && window_more(&r->w, e))
			return -1;
	}
	r->skipping = false;
	r->phase = JSON_DONE;
	set_row(r, ret, r->skip_offset, r->skip_line, buf_as_span(&r->raw));
	ret->bad = r->why;
	return 1;
}

int json_skip(struct codec_reader *r, const struct err *why, struct row *ret, struct err *e)
{
	r->skipping = true;
	r->why = *why;
	r->skip_offset = r->w.offset;
	r->skip_line = r->line;
	buf_clear(&r->raw);
	return skip_row(r, ret, e);
}

size_t json_blanks(const unsigned char *p, size_t at, size_t n)
{
	while (at < n && (p[at] == ' ' || p[at] == '\t' || p[at] == '\n' || p[at] == '\r'))
		at++;
	return at;
}

static int next_line(struct codec_reader *r, struct row *ret, struct err *e)
{
	size_t looked = 0, there, raw;
	const unsigned char *p, *lf;

	for (;;) {
		p = window_bytes(&r->w);
		there = window_there(&r->w);
		lf = there > looked ? memchr(p + looked, '\n', there - looked) : NULL;
		if (lf || r->w.eof || there > CODEC_RECORD_MAX + 1)
			break;
		looked = there;
		if (window_more(&r->w, e))
			return -1;
	}
	if (there == 0)
		return 0;
	raw = lf ? (size_t)(lf - p) : there;
	if (lf && raw && p[raw - 1] == '\r')
		raw--;
	if (raw > CODEC_RECORD_MAX) {
		struct err why;

		err_set(&why, E_CODEC_TOO_LONG, "max=%u", CODEC_RECORD_MAX);
		return json_skip(r, &why, ret, e);
	}
	json_row(r, ret, raw, lf ? (size_t)(lf - p) + 1 : raw);
	ret->blank = json_blanks((const unsigned char *)ret->raw.p, 0, raw) == raw;
	return 1;
}

static int skip_bom(struct codec_reader *r, struct err *e)
{
	if (window_need(&r->w, 3, e))
		return -1;
	r->at_bom = false;
	if (window_there(&r->w) >= 3 && memcmp(window_bytes(&r->w), "\xef\xbb\xbf", 3) == 0)
		window_take(&r->w, 3);
	return 0;
}

int json_next(struct codec_reader *r, struct row *ret, struct err *e)
{
	if (r->at_bom && skip_bom(r, e))
		return -1;
	if (r->skipping)
		return skip_row(r, ret, e);
	return r->f->array ? json_next_of_array(r, ret, e) : next_line(r, ret, e);
}

int json_open(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e)
{
	struct codec_reader *r = mem_new(sizeof *r);

	(void)e;
	r->f = (const struct json *)f;
	r->line = line;
	r->at_bom = offset == 0;
	r->phase = offset == 0 ? JSON_START : JSON_RECORDS;
	r->seen = mem_new((r->f->nnodes + 1) * sizeof *r->seen);
	window_init(&r->w, in, JSON_VIEW_MAX, offset);
	*ret = r;
	return 0;
}

void json_close(struct codec_reader *r)
{
	if (!r)
		return;
	window_done(&r->w);
	buf_done(&r->raw);
	buf_done(&r->scratch);
	free(r->seen);
	free(r);
}
