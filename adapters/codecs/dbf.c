/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "window.h"

enum {
	HEAD = 32,                             /* bytes of the file's head, and of each field's description behind it */
	HEAD_MAX = 0xffff,
	NAME_MAX_BYTES = 11,
	FIELDS_MAX = HEAD_MAX / HEAD,
	RAW_MAX = 64 << 10,                    /* kept of what lies behind the declared records */
	MOST = 64 << 10,                       /* head and record have lengths of 16 bits */
	FILE_END = 0x1a,
};

/* The columns of one kind of record: names as they stand in the file. */
struct layout {
	char *kind;
	unsigned n;
	struct {
		char name[NAME_MAX_BYTES];
		size_t bytes;
		char *shown;                   /* UTF-8 */
	} *columns;
};

struct dbf {
	struct codec_format base;
	struct layout *layouts;
	unsigned n;
};

struct field {
	struct span name;                      /* in the kept head */
	size_t from, width;
	char type;
};

struct codec_reader {
	const struct dbf *f;
	struct window w;
	uint64_t from, from_line;              /* the first row that is wanted; 0: the first one there is */
	bool begun;                            /* the head is read */
	bool skipping;                         /* in what lies behind the declared records; it began at skip_from */
	uint64_t skip_from;
	size_t skip_kept;
	uint64_t count, line;                  /* declared; the number of the row at the window */
	size_t head, record;                   /* bytes */
	struct field *fields;
	unsigned nfields;
	unsigned **columns;                    /* of each layout: position -> field */
	unsigned char *kept;                   /* the head */
	unsigned char *rest;                   /* the first bytes of what is skipped */
	struct span cells[CODEC_CELLS_MAX];
};

/* ---- settings ---- */

static void dbf_free(struct codec_format *format)
{
	struct dbf *f = (struct dbf *)format;

	for (unsigned i = 0; i < f->n; i++) {
		for (unsigned k = 0; k < f->layouts[i].n; k++)
			free(f->layouts[i].columns[k].shown);
		free(f->layouts[i].columns);
		free(f->layouts[i].kind);
	}
	free(f->layouts);
	free(f);
}

static struct codec_format *dbf_compile(struct conf *settings, enum charset charset, struct findings *fd)
{
	const unsigned before = fd->count;
	struct dbf *f = mem_new(sizeof *f);

	f->base.codec = &codec_dbf;
	f->base.charset = charset;
	f->base.skip_blank = conf_choice(settings, "blank_rows", "keep|skip", 0, fd) == 1;
	conf_unknown(settings, fd);
	if (fd->count != before) {
		free(f);
		return NULL;
	}
	return &f->base;
}

static int dbf_columns(struct codec_format *format, const char *kind, const struct span *names, unsigned n,
	const struct conf *node, struct findings *fd)
{
	struct dbf *f = (struct dbf *)format;
	const struct conf *at = node->first;
	struct buf name = BUF_INIT;
	struct layout *l;
	struct err ignored;
	int ret = (int)f->n;

	f->layouts = mem_grow(f->layouts, f->n + 1u, sizeof *f->layouts);
	l = &f->layouts[f->n++];
	*l = (struct layout){.kind = mem_text(span_of(kind)), .columns = mem_new(n * sizeof *l->columns + 1)};
	for (unsigned i = 0; i < n; i++, at = at ? at->next : NULL) {
		buf_clear(&name);
		if (charset_encode(f->base.charset, names[i], &name, &ignored) || name.n == 0 ||
			name.n > NAME_MAX_BYTES) {
			conf_report(fd, at ? at : node, E_CODEC_DBF_NAME, "name=%.*s\nmax=%d", SPAN_F(names[i]),
				NAME_MAX_BYTES);
			ret = -1;
			continue;
		}
		l->columns[i].bytes = name.n;
		memcpy(l->columns[i].name, name.p, name.n);
		l->columns[i].shown = mem_text(names[i]);
	}
	l->n = n;
	buf_done(&name);
	return ret;
}

/* ---- the head ---- */

static unsigned u16(const unsigned char *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static int bad_header(size_t byte, struct err *e)
{
	return err_set(e, E_CODEC_DBF_HEADER, "byte=%zu", byte);
}

static int read_field(struct codec_reader *r, const unsigned char *d, size_t *at, struct err *e)
{
	const unsigned char *nul = memchr(d, 0, NAME_MAX_BYTES);
	struct field *f = &r->fields[r->nfields++];

	f->name = (struct span){(const char *)d, nul ? (size_t)(nul - d) : (size_t)NAME_MAX_BYTES};
	while (f->name.n && f->name.p[f->name.n - 1] == ' ')
		f->name.n--;
	f->type = (char)d[11];
	f->width = d[16];
	/* A text of more than 255 bytes has the upper byte of its width where numbers have their decimals. */
	if (f->type == 'C')
		f->width |= (size_t)d[17] << 8;
	f->from = *at;
	*at += f->width;
	if (f->width == 0 || *at > r->record)
		return bad_header((size_t)(d - r->kept) + 16, e);
	return 0;
}

static int read_fields(struct codec_reader *r, struct err *e)
{
	size_t at = 1;                         /* behind the mark of deletion */
	size_t i = HEAD;

	for (; i < r->head && r->kept[i] != 0x0d; i += HEAD) {
		if (r->head - i < HEAD)
			return bad_header(i, e);
		if (read_field(r, r->kept + i, &at, e))
			return -1;
	}
	return at == r->record && r->nfields ? 0 : bad_header(10, e);
}

static int no_field(const struct codec_reader *r, const char *name, struct err *e)
{
	const enum charset cs = r->f->base.charset;
	const char **names = mem_grow(NULL, r->nfields + 1u, sizeof *names), *near;
	struct buf text = BUF_INIT;
	struct err ignored;
	unsigned n = 0;

	for (unsigned i = 0; i < r->nfields; i++) {
		struct span s;

		buf_clear(&text);
		buf_reserve(&text, 2 * (size_t)NAME_MAX_BYTES);
		if (charset_decode(cs, r->fields[i].name, &text, &s, &ignored) == 0)
			names[n++] = mem_text(s);
	}
	names[n] = NULL;
	near = conf_nearest(span_of(name), names);
	err_set(e, E_CODEC_DBF_FIELD, "name=%s\nnear=%s", name, near ? near : "-");
	while (n)
		free((char *)(uintptr_t)names[--n]);
	free(names);
	buf_done(&text);
	return -1;
}

static int find_field(const struct codec_reader *r, const struct layout *l, unsigned column, unsigned *ret, struct err *e)
{
	const struct span name = {l->columns[column].name, l->columns[column].bytes};
	unsigned found = 0;

	for (unsigned i = 0; i < r->nfields; i++)
		if (span_eq(r->fields[i].name, name)) {
			*ret = i;
			found++;
		}
	if (found != 1)
		return no_field(r, l->columns[column].shown, e);
	if (!strchr("CNFDL", r->fields[*ret].type))
		return err_set(e, E_CODEC_DBF_TYPE, "name=%s\ntype=%c", l->columns[column].shown,
			r->fields[*ret].type > ' ' && r->fields[*ret].type <= '~' ? r->fields[*ret].type : '?');
	return 0;
}

static int find_columns(struct codec_reader *r, struct err *e)
{
	for (unsigned i = 0; i < r->f->n; i++)
		for (unsigned k = 0; k < r->f->layouts[i].n; k++)
			if (find_field(r, &r->f->layouts[i], k, &r->columns[i][k], e))
				return -1;
	return 0;
}

static int read_head(struct codec_reader *r, struct err *e)
{
	static const unsigned char versions[] = {0x03, 0x30, 0x31, 0x32, 0x83, 0x8b, 0xf5};
	const unsigned char *p;

	if (window_need(&r->w, HEAD, e))
		return -1;
	p = window_bytes(&r->w);
	if (window_there(&r->w) < HEAD || !memchr(versions, p[0], sizeof versions))
		return bad_header(0, e);
	r->head = u16(p + 8);
	r->record = u16(p + 10);
	if (p[15] != 0)                        /* encrypted */
		return bad_header(15, e);
	if (r->head <= HEAD)
		return bad_header(8, e);
	if (window_need(&r->w, r->head, e))
		return -1;
	p = window_bytes(&r->w);
	if (window_there(&r->w) < r->head)
		return bad_header(8, e);
	r->count = u16(p + 4) | (uint64_t)u16(p + 6) << 16;
	memcpy(r->kept, p, r->head);
	r->nfields = 0;
	if (read_fields(r, e) || find_columns(r, e))
		return -1;
	window_take(&r->w, r->head);
	r->begun = true;
	return 0;
}

/* ---- reading ---- */

static int dbf_open(const struct codec_format *format, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e)
{
	const struct dbf *f = (const struct dbf *)format;
	struct codec_reader *r = mem_new(sizeof *r);

	(void)e;
	r->f = f;
	r->from = offset;
	r->from_line = line;
	r->line = 1;
	r->fields = mem_grow(NULL, FIELDS_MAX, sizeof *r->fields);
	r->kept = mem_new(HEAD_MAX);
	r->columns = mem_new((f->n + 1u) * sizeof *r->columns);
	for (unsigned i = 0; i < f->n; i++)
		r->columns[i] = mem_grow(NULL, f->layouts[i].n + 1u, sizeof **r->columns);
	window_init(&r->w, in, MOST, 0);
	*ret = r;
	return 0;
}

static void dbf_close(struct codec_reader *r)
{
	if (!r)
		return;
	window_done(&r->w);
	for (unsigned i = 0; i < r->f->n; i++)
		free(r->columns[i]);
	free(r->columns);
	free(r->fields);
	free(r->kept);
	free(r->rest);
	free(r);
}

/* Head and, when reading goes on somewhere, what was read then. */
static int begin(struct codec_reader *r, struct err *e)
{
	if (!r->begun && read_head(r, e))
		return -1;
	if (window_skip_to(&r->w, r->from, e))
		return -1;
	if (r->from >= r->head)
		r->line = r->from_line;
	r->from = 0;
	return 0;
}

/* What lies from here to the file's end is no record, and one row: the number of records is another than declared. Its
 * next_line is beyond all others, for where it has no bytes the offset alone does not tell that it was given. */
static int bad_end(struct codec_reader *r, struct row *ret, struct err *e)
{
	uint64_t bytes;

	if (!r->skipping) {
		if (!r->rest)
			r->rest = mem_new(RAW_MAX);
		r->skip_from = r->w.offset;
		r->skip_kept = 0;
		r->skipping = true;
	}
	do {
		const size_t there = window_there(&r->w), room = RAW_MAX - r->skip_kept, n = there < room ? there : room;

		memcpy(r->rest + r->skip_kept, window_bytes(&r->w), n);
		r->skip_kept += n;
		window_take(&r->w, there);
		if (!r->w.eof && window_more(&r->w, e))
			return -1;
	} while (!r->w.eof || window_there(&r->w));
	r->skipping = false;
	bytes = r->w.offset - r->head - (r->skip_kept && r->rest[0] == FILE_END ? r->w.offset - r->skip_from : 0);
	*ret = (struct row){.line = r->line, .offset = r->skip_from, .end = r->w.offset, .next_line = r->count + 2,
		.raw = {(const char *)r->rest, r->skip_kept}, .bad = ERR_INIT};
	err_set(&ret->bad, E_CODEC_DBF_COUNT, "want=%llu\ngot=%llu\nrest=%llu", (unsigned long long)r->count,
		(unsigned long long)(bytes / r->record), (unsigned long long)(bytes % r->record));
	r->line = ret->next_line;
	return 1;
}

static bool all_blank(const unsigned char *p, size_t n)
{
	return n == 0 || (p[0] == ' ' && memcmp(p, p + 1, n - 1) == 0);
}

static int dbf_next(struct codec_reader *r, struct row *ret, struct err *e)
{
	const unsigned char *p;

	if ((!r->begun || r->from) && begin(r, e))
		return -1;
	if (r->line > r->count + 1)
		return 0;
	if (r->skipping)
		return bad_end(r, ret, e);
	if (window_need(&r->w, r->record, e))
		return -1;
	p = window_bytes(&r->w);
	if (r->line == r->count + 1 && (window_there(&r->w) == 0 || p[0] == FILE_END))
		return 0;
	if (r->line == r->count + 1 || window_there(&r->w) < r->record || p[0] == FILE_END)
		return bad_end(r, ret, e);
	*ret = (struct row){.line = r->line, .offset = r->w.offset, .raw = {(const char *)p, r->record}, .bad = ERR_INIT};
	ret->deleted = p[0] == '*';
	ret->blank = p[0] == ' ' && all_blank(p + 1, r->record - 1);
	if (p[0] != ' ' && p[0] != '*')
		err_set(&ret->bad, E_CODEC_DBF_MARK, "hex=%02X", p[0]);
	window_take(&r->w, r->record);
	ret->end = r->w.offset;
	ret->next_line = ++r->line;
	return 1;
}

static struct span cell_of(const struct field *f, struct span raw)
{
	struct span s = {raw.p + f->from, f->width};

	while (s.n && (s.p[s.n - 1] == ' ' || (f->type == 'C' && s.p[s.n - 1] == 0)))
		s.n--;
	while (f->type != 'C' && s.n && s.p[0] == ' ') {
		s.p++;
		s.n--;
	}
	return f->type == 'L' && span_is(s, "?") ? (struct span){s.p, 0} : s;
}

static int dbf_cut(struct codec_reader *r, unsigned kind, struct row *row, struct err *e)
{
	const struct layout *l = &r->f->layouts[kind];

	(void)e;
	assert(row->raw.n == r->record);
	for (unsigned i = 0; i < l->n; i++)
		r->cells[i] = cell_of(&r->fields[r->columns[kind][i]], row->raw);
	row->cells = r->cells;
	row->ncells = l->n;
	return 0;
}

const struct codec codec_dbf = {
	.name = "dbf",
	.whole = true,
	.compile = dbf_compile,
	.format_free = dbf_free,
	.columns = dbf_columns,
	.open = dbf_open,
	.next = dbf_next,
	.close = dbf_close,
	.cut = dbf_cut,
};
