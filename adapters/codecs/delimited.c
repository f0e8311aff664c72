/* SPDX-License-Identifier: Apache-2.0 */
#include "delimited.h"

#include <stdlib.h>

#include "utf8.h"

/* Marks of bytes in `seen`. */
enum { SEEN_HIGH = 1, SEEN_NUL = 2, SEEN_BY = 4, SEEN_QUOTE = 8, SEEN_LINE = 16 };

static void delimited_begin(const struct codec_format *f, struct buf *b)
{
	if (((const struct delimited *)f)->bom)
		buf_str(b, "\xef\xbb\xbf");
}

static void delimited_end(const struct codec_format *f, struct buf *b)
{
	(void)f;
	(void)b;
}

/* Would a reader find a delimiter that begins inside s? It may begin in its last bytes and end in the next delimiter. */
static bool delimiter_inside(const struct delimited *f, struct span s, bool last)
{
	for (size_t i = 0; i < s.n; i++) {
		const size_t in = s.n - i < f->nby ? s.n - i : f->nby;

		if (memcmp(s.p + i, f->by, in) == 0 &&
			(in == f->nby || (!last && memcmp(f->by + in, f->by, f->nby - in) == 0)))
			return true;
	}
	return false;
}

static bool needs_quotes(const struct delimited *f, struct span s, unsigned seen, bool last)
{
	if (s.n == 0)
		return false;
	return seen & SEEN_LINE || (seen & SEEN_BY && (f->nby == 1 || delimiter_inside(f, s, last))) ||
		(f->quote && (seen & SEEN_QUOTE || (f->trim && span_trim(s).n < s.n) ||
			(f->base.charset == CHARSET_UTF8 && span_starts(s, SPAN("\xef\xbb\xbf")))));
}

static int write_quoted(const struct delimited *f, struct span s, struct buf *b, struct err *e)
{
	buf_c(b, (char)f->quote);
	while (s.n) {
		const char *q = memchr(s.p, f->quote, s.n);
		const size_t n = q ? (size_t)(q - s.p) + 1 : s.n;

		if (charset_encode(f->base.charset, (struct span){s.p, n}, b, e))
			return -1;
		if (q)
			buf_c(b, (char)f->quote);
		s.p += n;
		s.n -= n;
	}
	buf_c(b, (char)f->quote);
	return 0;
}

/* Room for a short cell as it is looked at, and for a delimiter. */
INLINE void room(struct buf *b)
{
	if (b->cap - b->n < 2 * BLOCK)
		buf_reserve(b, 2 * BLOCK);
}

/* Most cells are short ASCII without anything to think about: false when this one is not, and nothing is written. */
static bool write_simple(const struct delimited *f, struct span s, struct buf *b)
{
	const unsigned char *out;
	uint64_t m;

	if (s.n == 0)
		return true;
	if (s.n > BLOCK || (f->trim && span_trim(s).n < s.n))
		return false;
	room(b);
	out = (unsigned char *)b->p + b->n;
	memcpy(b->p + b->n, s.p, s.n);
	m = marks_before(out, s.n, f->by[0]);
	if (f->quote)
		m |= marks_before(out, s.n, f->quote);
	if (m)
		return false;
	b->n += s.n;
	return true;
}

static int write_cell(const struct delimited *f, struct span s, bool last, unsigned number, struct buf *b,
	struct err *e)
{
	unsigned seen = 0;

	if (write_simple(f, s, b))
		return 0;
	for (size_t i = 0; i < s.n; i++)
		seen |= f->seen[(unsigned char)s.p[i]];
	if (needs_quotes(f, s, seen, last)) {
		if (!f->quote)
			return err_set(e, E_CODEC_DELIMITER_INSIDE, "cell=%u", number);
		return write_quoted(f, s, b, e);
	}
	if (number == 1 && !f->bom && f->base.charset == CHARSET_UTF8 && span_starts(s, SPAN("\xef\xbb\xbf")))
		return err_set(e, E_CODEC_BOM_INSIDE, "cell=%u", number);
	if (seen & (SEEN_HIGH | SEEN_NUL))
		return charset_encode(f->base.charset, s, b, e);
	buf_span(b, s);
	return 0;
}

static int delimited_write(const struct codec_format *format, unsigned kind, const struct span *cells, unsigned n,
	struct buf *b, struct err *e)
{
	static const char *const ends[] = {[END_ANY] = "\n", [END_LF] = "\n", [END_CRLF] = "\r\n", [END_CR] = "\r"};
	const struct delimited *f = (const struct delimited *)format;
	const size_t start = b->n;

	(void)kind;
	for (unsigned i = 0; i < n; i++) {
		if (i) {
			room(b);
			memcpy(b->p + b->n, f->by, DELIMITED_BY_MAX);
			b->n += f->nby;
		}
		if (write_cell(f, cells[i], i + 1 == n, i + 1, b, e)) {
			b->n = start;
			return -1;
		}
	}
	buf_str(b, ends[f->end]);
	return 0;
}

static bool by_ok(struct span by, unsigned char quote)
{
	for (size_t i = 0; i < by.n; i++) {
		const unsigned char c = (unsigned char)by.p[i];

		if (c == 0 || c == '\r' || c == '\n' || c > 0x7f || (quote && c == quote))
			return false;
	}
	return by.n >= 1 && by.n <= DELIMITED_BY_MAX;
}

static void mark_bytes(struct delimited *d)
{
	d->seen[0] = SEEN_NUL;
	memset(d->seen + 0x80, SEEN_HIGH, 0x80);
	d->seen['\r'] = d->seen['\n'] = SEEN_LINE;
	d->seen[d->by[0]] |= SEEN_BY;
	if (d->quote)
		d->seen[d->quote] |= SEEN_QUOTE;
}

static void report_text(struct findings *f, const struct conf *node, enum err_id id)
{
	conf_report(f, node, id, "text=%.*s", SPAN_F(utf8_cut(node->text, 40)));
}

static void read_by_and_quote(struct delimited *d, struct conf *settings, struct findings *f)
{
	const struct span quote = conf_text(settings, "quote", "", f);
	struct conf *by = conf_need(settings, "by", CONF_SCALAR, f);

	if (quote.n) {
		if (quote.n == 1 && quote.p[0] >= '!' && quote.p[0] <= '/')
			d->quote = (unsigned char)quote.p[0];
		else
			report_text(f, conf_get(settings, "quote"), E_CODEC_QUOTE);
	}
	if (!by)
		return;
	if (!by_ok(by->text, d->quote)) {
		report_text(f, by, E_CODEC_DELIMITER);
		return;
	}
	d->nby = by->text.n;
	memcpy(d->by, by->text.p, d->nby);
}

static struct codec_format *delimited_compile(struct conf *settings, enum charset charset, struct findings *f)
{
	const unsigned before = f->count;
	struct delimited *d = mem_new(sizeof *d);

	d->base.codec = &codec_delimited;
	d->base.charset = charset;
	read_by_and_quote(d, settings, f);
	d->end = (enum row_end)conf_choice(settings, "end", "any|lf|crlf|cr", END_ANY, f);
	d->trim = conf_choice(settings, "trim", "none|blanks", 0, f) == 1;
	d->base.skip_blank = conf_choice(settings, "blank_rows", "keep|skip", 0, f) == 1;
	d->base.few_ok = conf_choice(settings, "few_columns", "dead|keep", 0, f) == 1;
	d->base.more_ok = conf_choice(settings, "more_columns", "dead|keep", 0, f) == 1;
	d->bom = conf_bool(settings, "bom", false, f);
	if (d->bom && charset != CHARSET_UTF8)
		conf_report(f, conf_get(settings, "bom"), E_CODEC_BOM, "charset=%s", charset_name(charset));
	conf_unknown(settings, f);
	if (f->count != before) {
		free(d);
		return NULL;
	}
	mark_bytes(d);
	return &d->base;
}

static void delimited_free(struct codec_format *f)
{
	free(f);
}

const struct codec codec_delimited = {
	.name = "delimited",
	.compile = delimited_compile,
	.format_free = delimited_free,
	.open = delimited_open,
	.next = delimited_next,
	.close = delimited_close,
	.begin = delimited_begin,
	.write = delimited_write,
	.end = delimited_end,
};
