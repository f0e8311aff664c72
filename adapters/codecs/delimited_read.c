/* SPDX-License-Identifier: Apache-2.0 */
#include "delimited.h"

#include <stdlib.h>

enum {
	RAW_MAX = 64 << 10,                    /* kept of a record over the limit */
	FILL = 128 << 10,                      /* asked for at once: stays in the second-level cache */
	WINDOW = (int)CODEC_RECORD_MAX + 2,    /* a record and the longest end of line */
	RESCAN = 4096,                         /* a row up to this is cut anew after every fill */
};

/* One try to cut a row out of what is there. */
struct cut {
	const struct delimited *f;
	const unsigned char *p;                /* the row's first byte */
	size_t n;                              /* bytes that are there, BLOCK more can be loaded */
	bool eof;                              /* nothing comes behind them */
	bool quoted;                           /* out: a cell was quoted, there may be ends of line inside */
	unsigned ncells;                       /* out: also those beyond CODEC_CELLS_MAX, which are not stored */
	size_t filled;                         /* out: not 0 when a cell was not empty */
	size_t raw, end;                       /* out: bytes without and with the terminator */
	struct span *cells;
	struct buf *scratch;                   /* of quoted cells with quotes inside; never grows beyond its reserve */
	struct err *bad;
};

struct codec_reader {
	const struct delimited *f;
	struct codec_input *in;
	unsigned char *buf;
	size_t cap, pos, n;                    /* bytes at pos..n are read and not yet given */
	uint64_t offset, line;                 /* of the byte at pos */
	bool eof;
	bool at_bom;                           /* a byte order mark may come */
	bool skipping;                         /* in a record over the limit; its first bytes are kept at buf[0] */
	uint64_t skip_n, skip_lines;           /* bytes and ends of line of it that lie before pos */
	struct buf scratch;
	struct span cells[CODEC_CELLS_MAX];
};

/* Without those before next (at most BLOCK): they lie inside a character or a delimiter. Keeps the one at i, which the
 * loop takes off. */
INLINE uint64_t marks_from(uint64_t m, size_t i, size_t next)
{
	return (next < BLOCK ? m & ~UINT64_C(0) << next : 0) | UINT64_C(1) << i;
}

static __attribute__((noinline)) void note(struct cut *c, enum err_id id, size_t at)
{
	if (c->bad->id == E_NONE)
		err_set(c->bad, id, "byte=%zu", at);
}

static void note_text(struct cut *c, enum err_id id, size_t at, size_t shown)
{
	char hex[9] = "";

	for (size_t i = 0; i < shown; i++)
		snprintf(hex + 2 * i, 3, "%02X", c->p[at + i]);
	if (c->bad->id == E_NONE)
		err_set(c->bad, id, "byte=%zu\nhex=%s\ncharset=%s", at, hex, charset_name(c->f->base.charset));
}

/* A character that the fast ways did not know. Returns its length, 0 when more bytes are needed to say. Of bytes that
 * are no character, the one that is cut off is half, however it is cut off. */
static __attribute__((noinline)) size_t odd_character(struct cut *c, size_t at)
{
	const enum charset cs = c->f->base.charset;
	const size_t left = c->n - at;
	const int len = charset_step(cs, c->p + at, left);
	size_t part = 0;
	unsigned char next;

	if (len > 0)
		return (size_t)len;
	if (len < 0 && !c->eof)
		return 0;
	while (part < 3 && part < left && charset_step(cs, c->p + at, part + 1) < 0)
		part++;
	if (part == 0) {
		note_text(c, E_TEXT_INVALID, at, left < 2 ? left : 2);
		return 1;
	}
	next = part < left ? c->p[at + part] : '\n';
	if (next == '\n' || next == '\r' || next == c->f->by[0] || (c->f->quote && next == c->f->quote))
		note_text(c, E_TEXT_HALF, at, part);
	else
		note_text(c, E_TEXT_INVALID, at, left < 2 ? left : 2);
	return part;
}

/* From a byte beyond ASCII to the next one within it; checks what lies between. 0 when more bytes are needed. */
INLINE size_t walk(struct cut *c, size_t at, enum charset cs)
{
	const unsigned char *const p = c->p;
	const size_t n = c->n;

	while (at < n && p[at] & 0x80) {
		size_t len = 0;

		if (cs == CHARSET_UTF8) {
			/* Three bytes, without the two first bytes that have rules of their own. */
			if (n - at >= 3 && (p[at] & 0xf0) == 0xe0 && p[at] != 0xe0 && p[at] != 0xed &&
				(p[at + 1] & 0xc0) == 0x80 && (p[at + 2] & 0xc0) == 0x80)
				len = 3;
		} else if (n - at >= 2 && p[at] - 0x81u <= 0xfe - 0x81 && p[at + 1] >= 0x40 && p[at + 1] != 0x7f &&
			p[at + 1] != 0xff) {
			len = 2;
		}
		if (len == 0)
			len = odd_character(c, at);
		if (len == 0)
			return 0;
		at += len;
	}
	return at;
}

/* Is there an end of line at CR or LF: its length, 0 when it is data, -1 when more bytes are needed to say. */
static int line_end(const struct delimited *f, const unsigned char *p, size_t at, size_t n, bool eof)
{
	const bool last = at + 1 == n;

	if (p[at] == '\n')
		return f->end == END_ANY || f->end == END_LF;
	if (f->end == END_LF || f->end == END_CR)
		return f->end == END_CR;
	if (last && !eof)
		return -1;
	if (!last && p[at + 1] == '\n')
		return 2;
	return f->end == END_ANY;
}

/* As line_end, for a delimiter whose first byte stands at `at`. */
INLINE int delimiter(const struct cut *c, size_t at)
{
	const size_t there = c->n - at;

	if (c->f->nby == 1)
		return 1;
	if (there >= c->f->nby)
		return memcmp(c->p + at, c->f->by, c->f->nby) == 0 ? (int)c->f->nby : 0;
	return c->eof || memcmp(c->p + at, c->f->by, there) != 0 ? 0 : -1;
}

INLINE void give_cell(struct cut *c, struct span s)
{
	if (c->ncells < CODEC_CELLS_MAX)
		c->cells[c->ncells] = s;
	c->ncells++;
	c->filled |= s.n;
}

INLINE struct span plain_cell(const struct cut *c, size_t from, size_t to)
{
	const struct span s = {(const char *)c->p + from, to - from};

	return c->f->trim ? span_trim(s) : s;
}

INLINE bool row_ends(struct cut *c, size_t raw, size_t terminator)
{
	c->raw = raw;
	c->end = raw + terminator;
	return true;
}

static struct span without_doubles(struct cut *c, size_t from, size_t to)
{
	struct buf *const b = c->scratch;
	const size_t start = b->n;

	buf_reserve(b, CODEC_RECORD_MAX - start);
	while (from < to) {
		const unsigned char *q = memchr(c->p + from, c->f->quote, to - from);
		const size_t n = q ? (size_t)(q - c->p) + 1 - from : to - from;

		buf_add(b, c->p + from, n);
		from += n + (q != NULL);
	}
	return (struct span){b->p + start, b->n - start};
}

static void check_inside(struct cut *c, size_t at, size_t to)
{
	while (at < to) {
		const uint64_t m = marks_before(c->p + at, to - at, 0);
		size_t next = 0;

		at += m ? (size_t)__builtin_ctzll(m) : BLOCK;
		if (m && c->p[at] & 0x80)
			next = walk(c, at, c->f->base.charset);
		else if (m && c->p[at] == 0)
			note(c, E_CODEC_NUL, at);
		at = next > at ? next : at + (m != 0);
	}
}

/* A cell that begins with a quote at `at`. 1: *ret is its content, *ret_at the byte behind its closing quote; 0: the
 * file ends inside; -1: more bytes are needed. */
static __attribute__((noinline)) int quoted_cell(struct cut *c, size_t at, struct span *ret, size_t *ret_at)
{
	const size_t from = at + 1;
	size_t to = from;
	bool doubles = false;

	c->quoted = true;
	for (;;) {
		const unsigned char *q = memchr(c->p + to, c->f->quote, c->n - to);

		if (!c->eof && (!q || (size_t)(q - c->p) + 1 == c->n))
			return -1;
		if (!q) {
			note(c, E_CODEC_OPEN_QUOTE, at);
			return 0;
		}
		to = (size_t)(q - c->p);
		if (to + 1 == c->n || c->p[to + 1] != c->f->quote)
			break;
		doubles = true;
		to += 2;
	}
	check_inside(c, from, to);
	*ret_at = to + 1;
	/* A cell over the limit is in a row over the limit: no use to copy it. */
	*ret = doubles && to < CODEC_RECORD_MAX ? without_doubles(c, from, to) :
		(struct span){(const char *)c->p + from, to - from};
	return 1;
}

/* What follows a quoted cell. 1: a delimiter, *at behind it; 0: the row ended; 2: text that should not be there; -1. */
static int behind_quoted(struct cut *c, struct span s, size_t *at)
{
	int len = 0;

	if (*at == c->n && !c->eof)
		return -1;
	if (*at < c->n && c->p[*at] == c->f->by[0] && (len = delimiter(c, *at)) != 0) {
		if (len < 0)
			return -1;
		give_cell(c, s);
		*at += (size_t)len;
		return 1;
	}
	if (*at < c->n && (c->p[*at] == '\r' || c->p[*at] == '\n') &&
		(len = line_end(c->f, c->p, *at, c->n, c->eof)) < 0)
		return -1;
	if (*at < c->n && len == 0) {
		note(c, E_CODEC_AFTER_QUOTE, *at);
		return 2;
	}
	give_cell(c, s);
	row_ends(c, *at, (size_t)len);
	return 0;
}

/* Cuts one row; false when more bytes are needed. Compiled once for each charset. A row with a reason in bad is cut on
 * to its end, so that the next one begins where it should. */
INLINE bool cut_row(struct cut *c, enum charset cs)
{
	const unsigned char *const p = c->p;
	const size_t n = c->n;
	const unsigned char by = c->f->by[0], quote = c->f->quote;
	size_t cell = 0, at = 0;
	uint64_t m;
	int len;

	for (;;) {
		while (quote && at == cell && at < n && p[at] == quote) {
			struct span s;

			len = quoted_cell(c, at, &s, &at);
			if (len == 0)
				return row_ends(c, n, 0);
			if (len > 0)
				len = behind_quoted(c, s, &at);
			if (len <= 0)
				return len == 0;
			if (len == 1)
				cell = at;
		}
		/* From at on nothing is quoted until a cell begins with a quote. */
		for (m = marks_before(p + at, n - at, by); m; m &= m - 1) {
			const size_t i = at + (size_t)__builtin_ctzll(m);

			if (p[i] == by) {
				len = delimiter(c, i);
				if (len < 0)
					return false;
				if (len == 0)
					continue;
				give_cell(c, plain_cell(c, cell, i));
				cell = i + (size_t)len;
				if ((quote && cell < n && p[cell] == quote) || cell - at > BLOCK) {
					at = cell;
					break;
				}
				if (len > 1)
					m = marks_from(m, i - at, cell - at);
			} else if (p[i] & 0x80) {
				const size_t next = walk(c, i, cs);

				if (next == 0)
					return false;
				if (next - at >= BLOCK) {
					at = next;
					break;
				}
				m = marks_from(m, i - at, next - at);
			} else if (p[i] == '\n' || p[i] == '\r') {
				len = line_end(c->f, p, i, n, c->eof);
				if (len < 0)
					return false;
				if (len == 0)
					continue;
				give_cell(c, plain_cell(c, cell, i));
				return row_ends(c, i, (size_t)len);
			} else if (p[i] == 0) {
				note(c, E_CODEC_NUL, i);
			}
		}
		if (m)
			continue;
		at += BLOCK;
		if (at < n)
			continue;
		if (!c->eof)
			return false;
		give_cell(c, plain_cell(c, cell, n));
		return row_ends(c, n, 0);
	}
}

static bool cut_utf8(struct cut *c)
{
	return cut_row(c, CHARSET_UTF8);
}

static bool cut_gb(struct cut *c)
{
	return cut_row(c, CHARSET_GB18030);
}

/* Ends of line that begin within n bytes of a row, of `there` in all; *ret_at is where the last one ends, at least n.
 * */
static uint64_t count_lines(const struct delimited *f, const unsigned char *p, size_t n, size_t there, size_t *ret_at)
{
	uint64_t lines = 0;
	size_t i = 0;

	for (; i < n; i++)
		if (p[i] == '\n' || p[i] == '\r') {
			const int len = line_end(f, p, i, there, true);

			lines += len > 0;
			i += len == 2;
		}
	*ret_at = i;
	return lines;
}

/* Gets more bytes behind those from `keep` on; what lies before pos and is not kept goes. Few bytes at a time cost no
 * more than many: a long row is not cut anew before there is a good part more of it. */
static int get_more(struct codec_reader *r, size_t keep, struct err *e)
{
	const size_t left = r->n - r->pos, want = left < RESCAN ? left + 1 : left + left / 4;

	if (r->pos > keep) {
		memmove(r->buf + keep, r->buf + r->pos, left);
		r->pos = keep;
		r->n = keep + left;
	}
	while (!r->eof && r->n - r->pos < want && r->n < r->cap) {
		size_t room = r->cap - r->n, got = 0;

		if (r->in->fill(r->in, (char *)r->buf + r->n, room < FILL ? room : FILL, &got, e))
			return -1;
		r->eof = got == 0;
		r->n += got;
	}
	return 0;
}

static void give_row(struct codec_reader *r, struct row *ret, uint64_t bytes, uint64_t lines)
{
	ret->line = r->line;
	ret->offset = r->offset;
	r->line += lines;
	r->offset += bytes;
	ret->next_line = r->line;
	ret->end = r->offset;
	ret->cells = r->cells;
	ret->deleted = false;
}

static void begin_skip(struct codec_reader *r)
{
	memmove(r->buf, r->buf + r->pos, r->n - r->pos);
	r->n -= r->pos;
	r->skip_lines = count_lines(r->f, r->buf, CODEC_RECORD_MAX, r->n, &r->pos);
	r->skip_n = r->pos;
	r->skipping = true;
}

/* Goes on in a record over the limit, to its end. */
static int skip_row(struct codec_reader *r, struct row *ret, struct err *e)
{
	int len = 0;
	size_t i;

	for (;;) {
		for (i = r->pos; i < r->n; i++)
			if (r->buf[i] == '\n' || r->buf[i] == '\r') {
				len = line_end(r->f, r->buf, i, r->n, r->eof);
				if (len != 0)
					break;
			}
		r->skip_n += i - r->pos;
		r->pos = i;
		if (len > 0 || (i == r->n && r->eof))
			break;
		if (get_more(r, RAW_MAX, e))
			return -1;
	}
	r->pos += (size_t)len;
	r->skipping = false;
	ret->raw = (struct span){(const char *)r->buf, RAW_MAX};
	ret->ncells = 0;
	ret->blank = false;
	err_set(&ret->bad, E_CODEC_TOO_LONG, "max=%u", CODEC_RECORD_MAX);
	give_row(r, ret, r->skip_n + (uint64_t)len, r->skip_lines + (len > 0));
	return 1;
}

/* 1: a row; 0: more bytes are needed; -1: it is over the limit. */
static int try_row(struct codec_reader *r, struct row *ret)
{
	const size_t there = r->n - r->pos, n = there < WINDOW ? there : WINDOW;
	uint64_t lines = 0;
	size_t at;
	struct cut c = {.f = r->f, .p = r->buf + r->pos, .n = n, .eof = r->eof && n == there, .cells = r->cells,
		.scratch = &r->scratch, .bad = &ret->bad};

	if (n == 0)
		return 0;
	buf_clear(&r->scratch);
	ret->bad.id = E_NONE;
	ret->bad.where[0] = ret->bad.args[0] = 0;
	if (!(r->f->base.charset == CHARSET_UTF8 ? cut_utf8(&c) : cut_gb(&c)))
		return n == WINDOW ? -1 : 0;
	if (c.raw > CODEC_RECORD_MAX)
		return -1;
	if (c.ncells > CODEC_CELLS_MAX && ret->bad.id == E_NONE)
		err_set(&ret->bad, E_CODEC_TOO_MANY_CELLS, "max=%u", CODEC_CELLS_MAX);
	ret->raw = (struct span){(const char *)c.p, c.raw};
	ret->ncells = ret->bad.id == E_NONE ? c.ncells : 0;
	ret->blank = ret->bad.id == E_NONE && c.filled == 0;
	if (c.quoted)
		lines = count_lines(r->f, c.p, c.raw, c.end, &at);
	give_row(r, ret, c.end, lines + (c.end > c.raw));
	r->pos += c.end;
	return 1;
}

static int skip_bom(struct codec_reader *r, struct err *e)
{
	while (r->n - r->pos < 3 && !r->eof)
		if (get_more(r, 0, e))
			return -1;
	r->at_bom = false;
	if (r->n - r->pos >= 3 && memcmp(r->buf + r->pos, "\xef\xbb\xbf", 3) == 0) {
		r->pos += 3;
		r->offset += 3;
	}
	return 0;
}

int delimited_next(struct codec_reader *r, struct row *ret, struct err *e)
{
	if (r->at_bom && skip_bom(r, e))
		return -1;
	while (!r->skipping) {
		const int got = try_row(r, ret);

		if (got > 0)
			return 1;
		if (got < 0)
			begin_skip(r);
		else if (r->eof)
			return 0;
		else if (get_more(r, 0, e))
			return -1;
	}
	return skip_row(r, ret, e);
}

int delimited_open(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e)
{
	struct codec_reader *r = mem_new(sizeof *r);

	(void)e;
	r->f = (const struct delimited *)f;
	r->in = in;
	r->offset = offset;
	r->line = line;
	r->at_bom = offset == 0 && f->charset == CHARSET_UTF8;
	r->cap = WINDOW + 2 * FILL;
	r->buf = mem_new(r->cap + BLOCK);
	*ret = r;
	return 0;
}

void delimited_close(struct codec_reader *r)
{
	if (!r)
		return;
	buf_done(&r->scratch);
	free(r->buf);
	free(r);
}
