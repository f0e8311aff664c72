/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "input.h"

/*
 * The first six bytes choose charset, end of line, what is taken, the bytes of one fill and four widths; the rest is the
 * file. It is cut by the codec and by the plain rules below; both must agree on every row, rows must cover all bytes,
 * reading on from any row must give the same, and what is written must read back equal.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

enum { FILE_MAX = 64 << 10, WIDTHS = 4 };

struct settings {
	enum charset charset;
	int end;                     /* any, lf, crlf, none */
	bool short_ok, half_blank;
	size_t step;
	size_t widths[WIDTHS], sum;
	bool right[WIDTHS];
};

static struct codec_format *compile(const struct settings *s)
{
	static const char *const ends[] = {"any", "lf", "crlf", "none"};
	struct buf text = BUF_INIT;
	struct findings f;
	struct conf_file *c;
	struct codec_format *format;

	findings_init(&f);
	buf_printf(&text, "{end: %s, short_rows: %s, cut_half: %s, widths: {line: [", ends[s->end],
		s->short_ok ? "keep" : "dead", s->half_blank ? "blank" : "error");
	for (unsigned i = 0; i < WIDTHS; i++)
		buf_printf(&text, "%s%zu%s", i ? ", " : "", s->widths[i], s->right[i] ? " right" : "");
	buf_str(&text, "]}}");
	c = conf_parse("fuzz", buf_as_span(&text), &f);
	MUST(c);
	format = codec_fixed.compile(conf_root(c), s->charset, &f);
	MUST(format);
	conf_close(c);
	findings_done(&f);
	buf_done(&text);
	return format;
}

/* Length of the row that begins at `at`, without and with its end. */
static void plain_row(const struct settings *s, struct span t, size_t at, size_t *ret_raw, size_t *ret_end)
{
	const size_t left = t.n - at;
	size_t i = at;

	if (s->end == 3) {
		*ret_raw = *ret_end = left < s->sum ? left : s->sum;
		return;
	}
	for (; i < t.n; i++) {
		const bool cr = i > at && t.p[i - 1] == '\r';

		if (t.p[i] != '\n' || (s->end == 2 && !cr))
			continue;
		*ret_end = i + 1 - at;
		*ret_raw = i - at - (s->end != 1 && cr ? 1 : 0);
		return;
	}
	*ret_raw = *ret_end = left;
}

static struct span trimmed(struct span c, bool right)
{
	while (c.n && c.p[c.n - 1] == ' ')
		c.n--;
	while (right && c.n && c.p[0] == ' ')
		c.p++, c.n--;
	return c;
}

/* The cell without padding; what is wrong with it, or E_NONE. */
static enum err_id plain_cell(const struct settings *s, struct span *c, bool right)
{
	*c = trimmed(*c, right);
	for (size_t at = 0; at < c->n;) {
		const int len = charset_step(s->charset, (const unsigned char *)c->p + at, c->n - at);

		if (len == 0)
			return E_TEXT_INVALID;
		if (len > 0) {
			at += (size_t)len;
			continue;
		}
		if (!s->half_blank)
			return E_TEXT_HALF;
		c->n = at;
	}
	*c = trimmed(*c, right);
	return E_NONE;
}

static enum err_id plain_cut(const struct settings *s, struct span raw, struct span *cells)
{
	size_t from = 0;

	if (raw.n > s->sum || (raw.n < s->sum && !s->short_ok))
		return E_CODEC_WIDTH;
	if (raw.n && memchr(raw.p, 0, raw.n))
		return E_CODEC_NUL;
	for (unsigned i = 0; i < WIDTHS; i++) {
		const size_t n = raw.n - from < s->widths[i] ? raw.n - from : s->widths[i];
		enum err_id id;

		cells[i] = (struct span){raw.p + from, n};
		from += n;
		id = plain_cell(s, &cells[i], s->right[i]);
		if (id != E_NONE)
			return id;
	}
	return E_NONE;
}

/* Writes the row's cells and reads them again: what looks like padding may go, the rest stays. */
static void survives(const struct settings *s, const struct codec_format *f, const struct row *row)
{
	struct buf text = BUF_INIT, written = BUF_INIT, again = BUF_INIT;
	struct span cells[WIDTHS], back;
	struct codec_reader *r = NULL;
	struct text_input in = text_input(SPAN_NONE, 0);
	struct row got;
	struct err e;

	buf_reserve(&text, 2 * row->raw.n + 64);
	for (unsigned i = 0; i < WIDTHS; i++)
		if (charset_decode(f->charset, row->cells[i], &text, &cells[i], &e))
			goto done;
	if (f->codec->write(f, 0, cells, WIDTHS, &written, &e)) {
		MUST(e.id == E_CODEC_DELIMITER_INSIDE && written.n == 0 && s->end != 3);
		goto done;
	}
	in.text = buf_as_span(&written);
	f->codec->open(f, &in.in, 1, 1, &r, &e);
	MUST(f->codec->next(r, &got, &e) == 1 && f->codec->cut(r, 0, &got, &e) == 0);
	for (unsigned i = 0; i < WIDTHS; i++) {
		buf_clear(&again);
		MUST(charset_decode(f->charset, got.cells[i], &again, &back, &e) == 0 && span_eq(back, cells[i]));
	}
	MUST(f->codec->next(r, &got, &e) == 0);
done:
	f->codec->close(r);
	buf_done(&text);
	buf_done(&written);
	buf_done(&again);
}

static void check_cells(const struct settings *s, const struct codec_format *f, struct codec_reader *r, struct row *row)
{
	struct span want[WIDTHS];
	const enum err_id id = plain_cut(s, row->raw, want);
	struct err e = ERR_INIT;

	if (id != E_NONE) {
		MUST(f->codec->cut(r, 0, row, &e) != 0 && e.id == id && row->ncells == 0);
		return;
	}
	MUST(f->codec->cut(r, 0, row, &e) == 0 && row->ncells == WIDTHS);
	for (unsigned i = 0; i < WIDTHS; i++)
		MUST(span_eq(row->cells[i], want[i]));
	survives(s, f, row);
}

static struct row first_from(const struct codec_format *f, struct span file, const struct row *before)
{
	struct text_input in = text_input((struct span){file.p + before->end, file.n - before->end}, 0);
	struct codec_reader *r;
	struct row row = {.end = UINT64_MAX};
	struct err e;

	f->codec->open(f, &in.in, before->end, before->next_line, &r, &e);
	f->codec->next(r, &row, &e);
	f->codec->close(r);
	return row;
}

static void read_file(const struct settings *s, const struct codec_format *f, struct span file)
{
	struct text_input in = text_input(file, s->step);
	struct row row, next = {.end = UINT64_MAX};
	uint64_t offset = 0, line = 1;
	struct codec_reader *r;
	struct err e;
	unsigned n = 0;

	if (s->charset == CHARSET_UTF8 && span_starts(file, SPAN("\xef\xbb\xbf")))
		offset = 3;
	f->codec->open(f, &in.in, 0, 1, &r, &e);
	while (f->codec->next(r, &row, &e) == 1) {
		size_t raw, end;

		plain_row(s, file, (size_t)offset, &raw, &end);
		MUST(row.bad.id == E_NONE && row.offset == offset && row.line == line);
		MUST(row.end == offset + end && row.raw.n == raw && memcmp(row.raw.p, file.p + offset, raw) == 0);
		MUST(row.next_line == line + (s->end == 3 || end > raw));
		MUST(next.end == UINT64_MAX || (next.end == row.end && next.line == row.line && next.next_line == row.next_line));
		next.end = UINT64_MAX;
		offset = row.end;
		line = row.next_line;
		if (++n < 16) {
			next = first_from(f, file, &row);
			check_cells(s, f, r, &row);
		}
	}
	MUST(offset == file.n);
	f->codec->close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings s = {.sum = 0};
	struct codec_format *f;
	char *file;

	if (size < 6 || size > FILE_MAX)
		return 0;
	s.charset = (enum charset)(data[0] % CHARSET_COUNT);
	s.end = data[1] % 4;
	s.short_ok = data[1] & 4;
	s.half_blank = data[1] & 8;
	s.step = data[2] % 8 ? data[2] % 8 : SIZE_MAX;
	for (unsigned i = 0; i < WIDTHS; i++) {
		s.widths[i] = 1u + ((unsigned)data[3 + i / 2] >> (i % 2 ? 4 : 0)) % 16;
		s.right[i] = data[5] >> i & 1;
		s.sum += s.widths[i];
	}
	f = compile(&s);
	/* A copy of exactly that length, which the rules may run over. */
	file = mem_text((struct span){(const char *)data + 6, size - 6});
	read_file(&s, f, (struct span){file, size - 6});
	free(file);
	f->codec->format_free(f);
	return 0;
}
