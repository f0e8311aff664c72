/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "utf8.h"
#include "window.h"

enum {
	RAW_MAX = 64 << 10,                    /* kept of a record over the limit */
	MOST = (int)CODEC_RECORD_MAX + 2,      /* a record and the longest end of line */
	LINE = 0,                              /* the number of kind "line": what titles are written by, too */
};

enum row_end { END_ANY, END_LF, END_CRLF, END_NONE };

struct width {
	unsigned to;                           /* where the column ends, in bytes from the row's begin */
	bool right;                            /* padded before, not behind */
};

struct layout {
	char *kind;
	unsigned n, sum;
	struct width *widths;
};

struct fixed {
	struct codec_format base;
	enum row_end end;
	unsigned row;                          /* bytes of each one, whatever its kind; for END_NONE */
	bool short_ok, half_blank;
	struct layout *layouts;                /* [LINE] is that of "line", without widths when it has none */
	unsigned n;
};

struct codec_reader {
	const struct fixed *f;
	struct window w;
	uint64_t line;
	size_t seen;                           /* bytes of the row in which no end was found */
	bool at_bom;                           /* a byte order mark may come */
	bool skipping;                         /* in a record over the limit, that began at skip_from */
	uint64_t skip_from;
	char *kept;                            /* its first bytes */
	struct span cells[CODEC_CELLS_MAX];
};

/* ---- settings ---- */

static struct layout *layout_of(struct fixed *f, struct span kind)
{
	for (unsigned i = 0; i < f->n; i++)
		if (span_is(kind, f->layouts[i].kind))
			return &f->layouts[i];
	return NULL;
}

/* "18" or "18 right" */
static bool read_width(struct span text, struct layout *l)
{
	unsigned width = 0;
	struct width *w;

	l->widths = mem_grow(l->widths, l->n + 1u, sizeof *l->widths);
	w = &l->widths[l->n++];
	while (text.n && *text.p >= '0' && *text.p <= '9' && width < CODEC_RECORD_MAX) {
		width = width * 10 + (unsigned)(*text.p - '0');
		text.p++;
		text.n--;
	}
	w->right = span_is(text, " right");
	l->sum += width;
	w->to = l->sum;
	return width > 0 && width <= CODEC_RECORD_MAX && l->sum <= CODEC_RECORD_MAX && l->n <= CODEC_CELLS_MAX &&
		(text.n == 0 || w->right);
}

static void read_layout(struct fixed *f, struct conf *node, struct findings *fd)
{
	struct layout *l = layout_of(f, node->key);

	if (!l) {
		f->layouts = mem_grow(f->layouts, f->n + 1u, sizeof *f->layouts);
		l = &f->layouts[f->n++];
		*l = (struct layout){.kind = mem_text(node->key)};
	}
	if (!conf_is(node, CONF_LIST, fd))
		return;
	if (!node->first)
		conf_report(fd, node, E_CODEC_CELL_WIDTH, "text=\nmax=%u", CODEC_RECORD_MAX);
	for (struct conf *c = node->first; c; c = c->next)
		if (conf_is(c, CONF_SCALAR, fd) && !read_width(c->text, l)) {
			conf_report(fd, c, E_CODEC_CELL_WIDTH, "text=%.*s\nmax=%u", SPAN_F(utf8_cut(c->text, 40)),
				CODEC_RECORD_MAX);
			return;
		}
	if (!f->row)
		f->row = l->sum;
	else if (f->end == END_NONE && f->row != l->sum)
		conf_report_key(fd, node, E_CODEC_ROW_WIDTHS, "kind=%s\nwant=%u\ngot=%u", l->kind, f->row, l->sum);
}

static void fixed_free(struct codec_format *format)
{
	struct fixed *f = (struct fixed *)format;

	for (unsigned i = 0; i < f->n; i++) {
		free(f->layouts[i].kind);
		free(f->layouts[i].widths);
	}
	free(f->layouts);
	free(f);
}

static struct codec_format *fixed_compile(struct conf *settings, enum charset charset, struct findings *fd)
{
	const unsigned before = fd->count;
	struct fixed *f = mem_new(sizeof *f);
	struct conf *widths = conf_need(settings, "widths", CONF_MAP, fd);

	f->base.codec = &codec_fixed;
	f->base.charset = charset;
	f->end = (enum row_end)conf_choice(settings, "end", "any|lf|crlf|none", END_ANY, fd);
	f->short_ok = conf_choice(settings, "short_rows", "dead|keep", 0, fd) == 1;
	f->half_blank = conf_choice(settings, "cut_half", "error|blank", 0, fd) == 1;
	f->base.skip_blank = conf_choice(settings, "blank_rows", "keep|skip", 0, fd) == 1;
	f->layouts = mem_new(sizeof *f->layouts);
	f->layouts[f->n++].kind = mem_text(SPAN("line"));
	for (struct conf *c = widths ? widths->first : NULL; c; c = c->next)
		read_layout(f, c, fd);
	conf_unknown(settings, fd);
	if (fd->count != before) {
		fixed_free(&f->base);
		return NULL;
	}
	return &f->base;
}

static int fixed_columns(struct codec_format *format, const char *kind, const struct span *names, unsigned n,
	const struct conf *node, struct findings *fd)
{
	struct fixed *f = (struct fixed *)format;
	const struct layout *l = layout_of(f, span_of(kind));
	const char *near[CODEC_CELLS_MAX + 1] = {NULL}, *nearest;
	unsigned k = 0;

	(void)names;
	if (l && l->n == n)
		return (int)(l - f->layouts);
	if (l && l->n) {
		conf_report(fd, node, E_CODEC_WIDTHS, "kind=%s\nwant=%u\ngot=%u", kind, n, l->n);
		return -1;
	}
	for (unsigned i = 0; i < f->n && k < CODEC_CELLS_MAX; i++)
		if (f->layouts[i].n)
			near[k++] = f->layouts[i].kind;
	nearest = conf_nearest(span_of(kind), near);
	conf_report(fd, node, E_CODEC_NO_WIDTHS, "kind=%s\nnear=%s", kind, nearest ? nearest : "-");
	return -1;
}

static size_t fixed_room(const struct codec_format *format, unsigned kind, unsigned column)
{
	const struct width *w = &((const struct fixed *)format)->layouts[kind].widths[column];

	return w->to - (column ? w[-1].to : 0);
}

/* ---- reading ---- */

static int fixed_open(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e)
{
	struct codec_reader *r = mem_new(sizeof *r);

	(void)e;
	r->f = (const struct fixed *)f;
	r->line = line;
	r->at_bom = offset == 0 && f->charset == CHARSET_UTF8;
	window_init(&r->w, in, MOST, offset);
	*ret = r;
	return 0;
}

static void fixed_close(struct codec_reader *r)
{
	if (!r)
		return;
	window_done(&r->w);
	free(r->kept);
	free(r);
}

/* Is there a whole row: its length without and with its end. No byte of a character in these charsets is an LF. */
static bool find_row(struct codec_reader *r, size_t *ret_raw, size_t *ret_end)
{
	const unsigned char *p = window_bytes(&r->w), *lf;
	const size_t there = window_there(&r->w);
	const enum row_end end = r->f->end;

	if (end == END_NONE && there >= r->f->row) {
		*ret_raw = *ret_end = r->f->row;
		return true;
	}
	while (end != END_NONE && there > r->seen && (lf = memchr(p + r->seen, '\n', there - r->seen)) != NULL) {
		const size_t at = (size_t)(lf - p);
		const bool cr = at && p[at - 1] == '\r';

		if (end == END_CRLF && !cr) {
			r->seen = at + 1;
			continue;
		}
		*ret_raw = at - (cr && end != END_LF);
		*ret_end = at + 1;
		return true;
	}
	r->seen = there;
	*ret_raw = *ret_end = there;
	return r->w.eof;
}

static bool all_blank(struct span s)
{
	return s.n == 0 || (s.p[0] == ' ' && memcmp(s.p, s.p + 1, s.n - 1) == 0);
}

static void give_row(struct codec_reader *r, struct row *ret, uint64_t from, struct span raw, size_t end, bool ended)
{
	*ret = (struct row){.line = r->line, .offset = from, .raw = raw, .blank = all_blank(raw), .bad = ERR_INIT};
	window_take(&r->w, end);
	r->line += ended;
	r->seen = 0;
	ret->end = r->w.offset;
	ret->next_line = r->line;
}

static void begin_skip(struct codec_reader *r)
{
	if (!r->kept)
		r->kept = mem_new(RAW_MAX);
	memcpy(r->kept, window_bytes(&r->w), RAW_MAX);
	r->skip_from = r->w.offset;
	r->skipping = true;
}

/* Goes on in a record over the limit, to its end. A CR that may belong to it stays. */
static int skip_row(struct codec_reader *r, struct row *ret, struct err *e)
{
	size_t raw, end;

	while (!find_row(r, &raw, &end)) {
		if (window_there(&r->w) > 1) {
			window_take(&r->w, window_there(&r->w) - 1);
			r->seen = 1;
		}
		if (window_more(&r->w, e))
			return -1;
	}
	r->skipping = false;
	give_row(r, ret, r->skip_from, (struct span){r->kept, RAW_MAX}, end, end > raw);
	ret->blank = false;
	err_set(&ret->bad, E_CODEC_TOO_LONG, "max=%u", CODEC_RECORD_MAX);
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

static int fixed_next(struct codec_reader *r, struct row *ret, struct err *e)
{
	size_t raw = 0, end = 0;
	bool found;

	if (r->at_bom && skip_bom(r, e))
		return -1;
	while (!r->skipping && !(found = find_row(r, &raw, &end)) && window_there(&r->w) < MOST)
		if (window_more(&r->w, e))
			return -1;
	if (!r->skipping && (!found || raw > CODEC_RECORD_MAX))
		begin_skip(r);
	if (r->skipping)
		return skip_row(r, ret, e);
	if (end == 0)
		return 0;
	give_row(r, ret, r->w.offset, (struct span){(const char *)window_bytes(&r->w), raw}, end,
		r->f->end == END_NONE || end > raw);
	return 1;
}

static int bad_text(const struct codec_reader *r, enum err_id id, const char *row, const char *at, size_t shown,
	unsigned cell, struct err *e)
{
	char hex[9] = "";

	for (size_t i = 0; i < shown && i < 4; i++)
		snprintf(hex + 2 * i, 3, "%02X", (unsigned char)at[i]);
	return err_set(e, id, "byte=%zu\nhex=%s\ncharset=%s\ncell=%u", (size_t)(at - row), hex,
		charset_name(r->f->base.charset), cell);
}

/* Are all its characters whole? Half of one at its end goes, where the form says so. */
static int check_cell(const struct codec_reader *r, struct span *cell, const char *row, unsigned number, struct err *e)
{
	const unsigned char *p = (const unsigned char *)cell->p;
	int len;

	for (size_t at = 0; at < cell->n; at += (size_t)len) {
		const size_t left = cell->n - at;

		len = p[at] < 0x80 ? 1 : charset_step(r->f->base.charset, p + at, left);
		if (len > 0)
			continue;
		if (len == 0)
			return bad_text(r, E_TEXT_INVALID, row, cell->p + at, left < 2 ? left : 2, number, e);
		if (!r->f->half_blank)
			return bad_text(r, E_TEXT_HALF, row, cell->p + at, left, number, e);
		cell->n = at;
		break;
	}
	return 0;
}

static void trim(struct span *cell, bool right)
{
	while (cell->n && cell->p[cell->n - 1] == ' ')
		cell->n--;
	while (right && cell->n && cell->p[0] == ' ') {
		cell->p++;
		cell->n--;
	}
}

static int fixed_cut(struct codec_reader *r, unsigned kind, struct row *row, struct err *e)
{
	const struct layout *l = &r->f->layouts[kind];
	const struct span raw = row->raw;
	const char *nul = raw.n ? memchr(raw.p, 0, raw.n) : NULL;
	const bool ascii = charset_ascii(raw);
	size_t from = 0;

	row->ncells = 0;
	if (raw.n > l->sum || (raw.n < l->sum && !r->f->short_ok))
		return err_set(e, E_CODEC_WIDTH, "want=%u\ngot=%zu", l->sum, raw.n);
	if (nul)
		return err_set(e, E_CODEC_NUL, "byte=%zu", (size_t)(nul - raw.p));
	for (unsigned i = 0; i < l->n; i++) {
		const size_t to = l->widths[i].to < raw.n ? l->widths[i].to : raw.n;
		struct span *cell = &r->cells[i];

		*cell = (struct span){raw.p + from, to - from};
		from = to;
		trim(cell, l->widths[i].right);
		if (ascii)
			continue;
		if (check_cell(r, cell, raw.p, i + 1, e))
			return -1;
		trim(cell, l->widths[i].right);
	}
	row->cells = r->cells;
	row->ncells = l->n;
	return 0;
}

/* ---- writing ---- */

static void fixed_begin(const struct codec_format *f, struct buf *b)
{
	(void)f;
	(void)b;
}

static void pad(struct buf *b, size_t n)
{
	buf_reserve(b, n);
	memset(b->p + b->n, ' ', n);
	b->n += n;
}

static int write_cell(const struct fixed *f, struct span text, size_t width, bool right, unsigned number, struct buf *b,
	struct err *e)
{
	const size_t from = b->n;
	size_t got, left;

	if (f->end != END_NONE && text.n && (memchr(text.p, '\n', text.n) || memchr(text.p, '\r', text.n)))
		return err_set(e, E_CODEC_DELIMITER_INSIDE, "cell=%u", number);
	if (text.n && charset_encode(f->base.charset, text, b, e))
		return -1;
	got = b->n - from;
	if (got > width)
		return err_set(e, E_CODEC_TOO_WIDE, "cell=%u\nwant=%zu\ngot=%zu", number, width, got);
	left = width - got;
	pad(b, left);
	if (right && got && left) {
		memmove(b->p + from + left, b->p + from, got);
		memset(b->p + from, ' ', left);
	}
	return 0;
}

static int fixed_write(const struct codec_format *format, unsigned kind, const struct span *cells, unsigned n,
	struct buf *b, struct err *e)
{
	static const char *const ends[] = {[END_ANY] = "\n", [END_LF] = "\n", [END_CRLF] = "\r\n", [END_NONE] = ""};
	const struct fixed *f = (const struct fixed *)format;
	const struct layout *l = &f->layouts[kind];
	const size_t start = b->n;
	size_t from = 0;

	if (n != l->n)
		return err_set(e, E_CODEC_CELLS, "want=%u\ngot=%u", l->n, n);
	buf_reserve(b, l->sum + 2u);
	for (unsigned i = 0; i < n; i++) {
		if (write_cell(f, cells[i], l->widths[i].to - from, l->widths[i].right, i + 1, b, e)) {
			b->n = start;
			return -1;
		}
		from = l->widths[i].to;
	}
	/* At the begin of a file it would be skipped, and all columns would move. */
	if (f->base.charset == CHARSET_UTF8 &&
		span_starts((struct span){b->p + start, b->n - start}, SPAN("\xef\xbb\xbf"))) {
		b->n = start;
		return err_set(e, E_CODEC_BOM_INSIDE, "cell=1");
	}
	buf_str(b, ends[f->end]);
	return 0;
}

const struct codec codec_fixed = {
	.name = "fixed",
	.compile = fixed_compile,
	.format_free = fixed_free,
	.columns = fixed_columns,
	.room = fixed_room,
	.open = fixed_open,
	.next = fixed_next,
	.close = fixed_close,
	.cut = fixed_cut,
	.begin = fixed_begin,
	.write = fixed_write,
	.end = fixed_begin,
};
