/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CODEC_ROWS_H
#define JC_CODEC_ROWS_H

#include <stdlib.h>

#include "check.h"
#include "input.h"

/*
 * What the tests of codecs share: settings compiled, columns told, rows shown as text, and places behind rows from which the
 * rest is read once more.
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(lit) (lit), sizeof(lit) - 1

/* settings: YAML of the codec's key. NULL with findings. */
static inline struct codec_format *rows_compile(const char *codec, const char *settings, enum charset charset,
	struct findings *f)
{
	struct conf_file *c = conf_parse("test", span_of(settings), f);
	struct codec_format *format;

	assert_non_null(c);
	format = codec_by_name(span_of(codec))->compile(conf_root(c), charset, f);
	conf_close(c);
	return format;
}

/* Settings that are right. */
static inline struct codec_format *rows_format(const char *codec, const char *settings, enum charset charset)
{
	struct findings f;
	struct codec_format *format;

	findings_init(&f);
	format = rows_compile(codec, settings, charset, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(format);
	assert_string_equal(format->codec->name, codec);
	findings_done(&f);
	return format;
}

/* Tells the columns "a|b.c" of a kind; none of NULL. */
static inline int rows_columns(struct codec_format *format, const char *kind, const char *list, struct findings *f)
{
	struct conf_file *c = conf_parse("test", SPAN("[a]"), f);
	struct span names[16];
	unsigned n = 0;
	int ret;

	while (list) {
		const size_t len = strcspn(list, "|");

		names[n++] = (struct span){list, len};
		list = list[len] ? list + len + 1 : NULL;
	}
	ret = format->codec->columns(format, kind, names, n, conf_root(c), f);
	conf_close(c);
	return ret;
}

/* What is no plain ASCII as <HH>; absent as -. */
static inline void rows_cell(struct buf *b, struct span s)
{
	if (!s.p)
		buf_c(b, '-');
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' || c > '~')
			buf_printf(b, "<%02X>", c);
		else
			buf_c(b, (char)c);
	}
}

/* "[a][b] " */
static inline void rows_cells(struct buf *b, const struct row *row)
{
	for (unsigned i = 0; i < row->ncells; i++) {
		buf_c(b, '[');
		rows_cell(b, row->cells[i]);
		buf_c(b, ']');
	}
	buf_c(b, ' ');
}

/* Where reading can go on, and how much had been shown before it. */
struct place {
	uint64_t end, line;
	size_t shown;
};

static const struct place begin = {0, 1, 0};

struct rows {
	struct buf shown;
	struct place *places;        /* behind each row */
	size_t n, cap;
};

static inline void rows_done(struct rows *r)
{
	buf_done(&r->shown);
	free(r->places);
}

/* The row has been shown; returns the place behind it. */
static inline struct place rows_behind(struct rows *r, const struct row *row)
{
	if (r->n == r->cap)
		r->places = mem_grow(r->places, r->cap = r->cap * 2 + 16, sizeof *r->places);
	return r->places[r->n++] = (struct place){row->end, row->next_line, r->shown.n};
}

/* Rows with ends of line cover all bytes: each begins where the one before ended, and its raw bytes are the file's. */
static inline void rows_cover(const struct row *row, const struct place *before, struct span file)
{
	const uint64_t n = row->end - row->offset;

	assert_true(row->offset == before->end && row->line == before->line);
	assert_true(row->end > row->offset && row->end <= file.n && row->next_line >= row->line);
	assert_true(row->raw.n <= n && memcmp(row->raw.p, file.p + row->offset, row->raw.n) == 0);
	if (row->bad.id == E_CODEC_TOO_LONG)
		return;
	assert_true(n - row->raw.n <= 2);
	for (uint64_t i = row->raw.n; i < n; i++)
		assert_true(file.p[row->offset + i] == '\r' || file.p[row->offset + i] == '\n');
}

static inline void rows_are(struct rows *r, const char *want, const char *name, size_t step)
{
	if (strcmp(buf_text(&r->shown), want) != 0)
		fail_msg("%s (%zu bytes at a time):\n got  %s\n want %s", name, step, buf_text(&r->shown), want);
}

/* Reads a file from a place on, so many bytes at a time. */
typedef struct rows rows_read(const struct codec_format *f, struct span file, struct place at, size_t step);

/* Reads the file with every width of fill, and again from each row's end on. */
static inline void rows_read_as(const struct codec_format *f, rows_read *read, struct span file, const char *want,
	const char *name)
{
	static const size_t steps[] = {SIZE_MAX, 1, 2, 3, 7};

	for (size_t s = 0; s < COUNT(steps); s++) {
		struct rows all = read(f, file, begin, steps[s]);

		rows_are(&all, want, name, steps[s]);
		for (size_t i = 0; i < all.n; i++) {
			struct rows rest = read(f, file, all.places[i], steps[s]);

			rows_are(&rest, want + all.places[i].shown, name, steps[s]);
			rows_done(&rest);
		}
		rows_done(&all);
	}
}

#endif
