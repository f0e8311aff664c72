/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "input.h"

/*
 * The first five bytes choose charset, delimiter, quote, end of line, trimming and the bytes of one fill; the rest is
 * the file. It is cut by the codec and by the plain rules below, byte by byte; both must agree on every row, rows must
 * cover all bytes, reading on from any row must give the same, and what is written must read back equal.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

enum { FILE_MAX = 64 << 10 };

struct settings {
	enum charset charset;
	const char *by;
	char quote;                  /* 0: none */
	int end;                     /* any, lf, crlf, cr */
	bool trim;
	size_t step;
};

static struct codec_format *compile(const struct settings *s)
{
	static const char *const ends[] = {"any", "lf", "crlf", "cr"};
	struct buf text = BUF_INIT;
	struct findings f;
	struct conf_file *c;
	struct codec_format *format;

	findings_init(&f);
	buf_printf(&text, "{by: \"%s\", end: %s, trim: %s", s->by, ends[s->end], s->trim ? "blanks" : "none");
	if (s->quote)
		buf_printf(&text, ", quote: \"\\x%02x\"", s->quote);
	buf_str(&text, "}");
	c = conf_parse("fuzz", buf_as_span(&text), &f);
	MUST(c);
	format = codec_delimited.compile(conf_root(c), s->charset, &f);
	MUST(format);
	conf_close(c);
	findings_done(&f);
	buf_done(&text);
	return format;
}

/* A row by the plain rules. */
struct plain {
	enum err_id bad;
	size_t byte;                 /* of bad */
	unsigned ncells;
	size_t raw, end;
	uint64_t lines;
	struct buf text;             /* cells, each ended by a byte FF and its length */
};

static int line_end(const struct settings *s, struct span t, size_t at)
{
	const bool cr = t.p[at] == '\r', crlf = cr && at + 1 < t.n && t.p[at + 1] == '\n';

	switch (s->end) {
	case 0:
		return crlf ? 2 : cr || t.p[at] == '\n';
	case 1:
		return t.p[at] == '\n';
	case 2:
		return crlf ? 2 : 0;
	default:
		return cr;
	}
}

static void bad(struct plain *r, enum err_id id, size_t at)
{
	if (r->bad == E_NONE) {
		r->bad = id;
		r->byte = at;
	}
}

/* Length of what stands at `at`; notes what is none. */
static size_t step(const struct settings *s, const char *by, struct span t, size_t at, struct plain *r)
{
	const unsigned char *p = (const unsigned char *)t.p + at;
	const int len = charset_step(s->charset, p, t.n - at);
	size_t part = 0;

	if (*p == 0)
		bad(r, E_CODEC_NUL, at);
	if (len > 0)
		return (size_t)len;
	while (part < t.n - at && charset_step(s->charset, p, part + 1) < 0)
		part++;
	if (part && (part == t.n - at || p[part] == '\n' || p[part] == '\r' || p[part] == (unsigned char)by[0] ||
		(s->quote && p[part] == (unsigned char)s->quote)))
		bad(r, E_TEXT_HALF, at);
	else
		bad(r, E_TEXT_INVALID, at);
	return part ? part : 1;
}

static void end_cell(struct plain *r, size_t from)
{
	const size_t n = r->text.n - from;

	buf_printf(&r->text, "\xff%zu", n);
	r->ncells++;
}

/* The inside of quotes; the byte behind the closing one, or the end of the file. */
static size_t plain_quoted(const struct settings *s, const char *by, struct span t, size_t open, struct plain *r)
{
	size_t at = open + 1;

	while (at < t.n) {
		size_t n;

		if (t.p[at] == s->quote) {
			if (at + 1 == t.n || t.p[at + 1] != s->quote)
				return at + 1;
			buf_c(&r->text, s->quote);
			at += 2;
			continue;
		}
		n = step(s, by, t, at, r);
		buf_add(&r->text, t.p + at, n);
		at += n;
	}
	/* Nothing inside was looked at: it is all one reason. */
	return 0;
}

static void count_lines(const struct settings *s, struct span t, struct plain *r)
{
	for (size_t i = 0; i < r->raw; i++) {
		const int len = line_end(s, (struct span){t.p, r->raw}, i);

		r->lines += len > 0;
		i += len == 2;
	}
	r->lines += r->end > r->raw;
}

static void trim(const struct settings *s, struct buf *b, size_t from)
{
	struct span cell;

	if (!s->trim)
		return;
	cell = span_trim((struct span){b->p + from, b->n - from});
	if (cell.n)
		memmove(b->p + from, cell.p, cell.n);
	b->n = from + cell.n;
}

static struct plain plain_row(const struct settings *s, const char *by, struct span t)
{
	struct plain r = {.text = BUF_INIT};
	const size_t nby = strlen(by);
	size_t at = 0, from = 0;
	bool begins = true, quoted = false;

	buf_reserve(&r.text, 1);
	for (;;) {
		int len = 0;

		if (begins && s->quote && at < t.n && t.p[at] == s->quote) {
			const struct plain before = r;
			const size_t behind = plain_quoted(s, by, t, at, &r);

			if (!behind) {
				r.bad = before.bad;
				r.byte = before.byte;
				bad(&r, E_CODEC_OPEN_QUOTE, at);
				r.raw = r.end = t.n;
				break;
			}
			at = behind;
			quoted = true;
		}
		begins = false;
		if (at < t.n && (t.p[at] == '\n' || t.p[at] == '\r'))
			len = line_end(s, t, at);
		if (at == t.n || len) {
			if (!quoted)
				trim(s, &r.text, from);
			end_cell(&r, from);
			r.raw = at;
			r.end = at + (size_t)len;
			break;
		}
		if (t.n - at >= nby && memcmp(t.p + at, by, nby) == 0) {
			if (!quoted)
				trim(s, &r.text, from);
			end_cell(&r, from);
			from = r.text.n;
			at += nby;
			begins = true;
			quoted = false;
			continue;
		}
		if (quoted) {
			bad(&r, E_CODEC_AFTER_QUOTE, at);
			quoted = false;
		}
		{
			const size_t n = step(s, by, t, at, &r);

			buf_add(&r.text, t.p + at, n);
			at += n;
		}
	}
	count_lines(s, t, &r);
	if (r.ncells > CODEC_CELLS_MAX)
		bad(&r, E_CODEC_TOO_MANY_CELLS, 0);
	return r;
}

static void same_row(const struct row *row, struct plain *r)
{
	struct buf text = BUF_INIT;
	const char *byte = err_arg(&row->bad, "byte");

	MUST(row->bad.id == r->bad && row->end - row->offset == r->end && row->raw.n == r->raw);
	MUST(row->next_line - row->line == r->lines);
	if (r->bad != E_NONE) {
		MUST(row->ncells == 0 && (!byte || strtoul(byte, NULL, 10) == r->byte));
		return;
	}
	for (unsigned i = 0; i < row->ncells; i++) {
		buf_span(&text, row->cells[i]);
		buf_printf(&text, "\xff%zu", row->cells[i].n);
	}
	MUST(row->ncells == r->ncells && span_eq(buf_as_span(&text), buf_as_span(&r->text)));
	buf_done(&text);
}

/* Writes the row's cells and reads them again. */
static void survives(const struct codec_format *f, const struct row *row)
{
	struct buf text = BUF_INIT, written = BUF_INIT, again = BUF_INIT;
	struct span cells[CODEC_CELLS_MAX], back;
	struct codec_reader *r = NULL;
	struct text_input in = text_input(SPAN_NONE, 0);
	struct row got;
	struct err e;

	buf_reserve(&text, 2 * row->raw.n + 8u * row->ncells + 8);
	for (unsigned i = 0; i < row->ncells; i++)
		if (charset_decode(f->charset, row->cells[i], &text, &cells[i], &e))
			goto done;
	if (f->codec->write(f, 0, cells, row->ncells, &written, &e)) {
		MUST(err_kind(&e) == ERR_DATA && written.n == 0);
		goto done;
	}
	in.text = buf_as_span(&written);
	f->codec->open(f, &in.in, 1, 1, &r, &e);
	MUST(f->codec->next(r, &got, &e) == 1 && got.bad.id == E_NONE && got.ncells == row->ncells);
	for (unsigned i = 0; i < row->ncells; i++) {
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

static void read_file(const struct settings *s, const char *by, const struct codec_format *f, struct span file)
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
		struct plain want = plain_row(s, by, (struct span){file.p + offset, file.n - offset});

		MUST(row.offset == offset && row.line == line && row.end > offset && row.end <= file.n);
		MUST(memcmp(row.raw.p, file.p + offset, row.raw.n) == 0);
		same_row(&row, &want);
		buf_done(&want.text);
		/* What stood behind the row before, read from there: the same row. */
		MUST(next.end == UINT64_MAX || (next.end == row.end && next.bad.id == row.bad.id && next.line == row.line &&
			next.ncells == row.ncells && next.next_line == row.next_line));
		next.end = UINT64_MAX;
		if (++n < 16) {
			next = first_from(f, file, &row);
			if (row.bad.id == E_NONE)
				survives(f, &row);
		}
		offset = row.end;
		line = row.next_line;
	}
	MUST(offset == file.n);
	f->codec->close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const bys[] = {"|", ",", "\\x5c", "0", "\\t", "||", "|+|", "aab", "^", "A"};
	static const char *const plain_bys[] = {"|", ",", "\\", "0", "\t", "||", "|+|", "aab", "^", "A"};
	static const char quotes[] = {0, '"', '\''};
	struct settings s;
	struct codec_format *f;
	char *file;

	if (size < 5 || size > FILE_MAX)
		return 0;
	s = (struct settings){(enum charset)(data[0] % CHARSET_COUNT), bys[data[1] % 10], quotes[data[2] % 3], data[3] % 4,
		data[3] & 4, data[4] % 8 ? data[4] % 8 : SIZE_MAX};
	f = compile(&s);
	/* A copy of exactly that length, which the rules may run over. */
	file = mem_text((struct span){(const char *)data + 5, size - 5});
	read_file(&s, plain_bys[data[1] % 10], f, (struct span){file, size - 5});
	free(file);
	f->codec->format_free(f);
	return 0;
}
