/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec_subjects.h"
#include "input.h"

/*
 * What every codec promises (codec.h), once for all of them, over the rows of codec_subjects. What only some can do is a
 * column there, and its case is skipped for the others. That nothing is allocated by row is proved by
 * tests/bench/codecs.py.
 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Characters whose second byte is 7C or 5C, one of four bytes, cells that are empty or need quotes. */
static const struct sample samples[] = {
	{true, false, {"HEAD", "12345678904.20", "Z"}},
	{false, false, {"王珅", "1.10", "誠信"}},
	{false, false, {"Li", "12345678901.05", ""}},
	{false, true, {"", "", ""}},
	{false, false, {"㛃", "-3.00", "备\"注|"}},
	{false, false, {"", "5.05", "㛃b"}},
	{false, false, {"乌云誠", "0.00", "x"}},
};

enum {
	COLUMNS = 3,
	LONG_AT = 3,                 /* where the blank row stands, a record may be too long */
};

struct fix {
	const struct subject *s;
	const struct codec *codec;
	struct codec_format *format;
	unsigned kinds[2];           /* head, line */
	struct buf file;
	char *expected;              /* good rows, one in a line */
};

/* ---- formats ---- */

/* NULL when the settings or the columns are refused. more: a column behind those of a line; NULL: none. */
static struct codec_format *compile(const struct subject *s, const char *rows, const char *more, unsigned ret_kinds[2])
{
	const struct codec *codec = codec_by_name(span_of(s->codec));
	struct findings f;
	struct conf_file *c;
	struct codec_format *ret;
	char text[256];

	findings_init(&f);
	snprintf(text, sizeof text, "{%s%s%s}", s->settings, *rows && *s->settings ? ", " : "", rows);
	c = conf_parse("test", span_of(text), &f);
	ret = codec->compile(conf_root(c), s->charset, &f);
	for (unsigned kind = 0; kind < 2 && ret && codec->columns; kind++) {
		const bool with = kind == 1 && more;
		struct span names[COLUMNS + 1];
		int got;

		for (unsigned i = 0; i < COLUMNS; i++)
			names[i] = span_of(s->columns[kind][i]);
		names[COLUMNS] = with ? span_of(more) : SPAN_NONE;
		got = codec->columns(ret, kind ? "line" : "head", names, COLUMNS + with, conf_root(c), &f);
		ret_kinds[kind] = (unsigned)got;
		if (got < 0) {
			codec->format_free(ret);
			ret = NULL;
		}
	}
	if (!ret && !more)
		findings_print(&f, ERR_EN, 0, stderr);
	conf_close(c);
	findings_done(&f);
	return ret;
}

static char *expected_of(const struct sample *rows, unsigned n)
{
	struct buf b = BUF_INIT;
	char *ret;

	for (; n--; rows++) {
		if (rows->blank)
			continue;
		for (unsigned i = 0; i < COLUMNS; i++)
			buf_printf(&b, "[%s]", rows->cells[i]);
		buf_c(&b, '\n');
	}
	ret = mem_text(buf_as_span(&b));
	buf_done(&b);
	return ret;
}

static int setup(void **state)
{
	struct fix *x = mem_new(sizeof *x);

	x->s = *state;
	x->format = compile(x->s, "", NULL, x->kinds);
	assert_non_null(x->format);
	x->codec = x->format->codec;
	x->s->render(x->s, samples, COUNT(samples), &x->file);
	x->expected = expected_of(samples, COUNT(samples));
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fix *x = *state;

	x->codec->format_free(x->format);
	buf_done(&x->file);
	free(x->expected);
	free(x);
	return 0;
}

/* ---- reading ---- */

struct place {
	uint64_t end, line;
	size_t shown;                /* of `all`, before what comes from here on */
};

struct reading {
	struct buf good;             /* rows without fault, as expected_of has them */
	struct buf all;              /* every row, with its place */
	struct place places[32];
	unsigned n, blanks, deleted, failures;
	enum err_id bad;             /* of the first bad row, or of what ended it; E_NONE: none */
};

static void reading_done(struct reading *g)
{
	buf_done(&g->good);
	buf_done(&g->all);
}

static unsigned kind_of(const struct fix *x, const struct codec_reader *r, const struct row *row)
{
	if (x->codec->fits)
		return !x->codec->fits(r, x->kinds[0]);
	return memmem(row->raw.p, row->raw.n, "HEAD", 4) == NULL;
}

/* Cells as who reads the rows takes them: cut, as many as columns, none that must not be believed, decoded. */
static enum err_id take_cells(const struct fix *x, struct codec_reader *r, struct row *row, unsigned kind, struct buf *b)
{
	struct buf scratch = BUF_INIT;
	struct err e = ERR_INIT;

	if (x->codec->cut && x->codec->cut(r, x->kinds[kind], row, &e))
		assert_int_equal(row->ncells, 0);
	else if (row->ncells > COLUMNS || (row->ncells < COLUMNS && !x->format->few_ok))
		err_set(&e, E_CODEC_CELLS, "want=%d\ngot=%u", COLUMNS, row->ncells);
	for (unsigned i = 0; i < COLUMNS && e.id == E_NONE; i++) {
		struct span text = SPAN_NONE;

		if (i < row->ncells && x->codec->cell && x->codec->cell(r, i, &e))
			break;
		if (i < row->ncells && row->cells[i].n)
			charset_decode(x->format->charset, row->cells[i], &scratch, &text, &e);
		buf_printf(b, "[%.*s]", SPAN_F(text));
		buf_clear(&scratch);
	}
	buf_done(&scratch);
	assert_true(e.id == E_NONE || err_kind(&e) == ERR_DATA);
	return e.id;
}

static void take_row(const struct fix *x, struct span file, struct codec_reader *r, struct row *row, struct reading *g)
{
	const size_t from = g->good.n;
	enum err_id bad = row->bad.id;

	buf_printf(&g->all, "%llu %llu %llu %llu ", (unsigned long long)row->line, (unsigned long long)row->offset,
		(unsigned long long)row->end, (unsigned long long)row->next_line);
	if (!x->s->unpacked)
		assert_true(row->end <= file.n && row->raw.n <= row->end - row->offset &&
			(row->raw.n == 0 || memcmp(row->raw.p, file.p + row->offset, row->raw.n) == 0));
	if (bad != E_NONE) {
		assert_true(row->ncells == 0 && !row->blank && !row->deleted && err_kind(&row->bad) == ERR_DATA);
	} else if (row->blank || row->deleted) {
		g->blanks += row->blank;
		g->deleted += row->deleted;
		buf_str(&g->all, row->deleted ? "deleted\n" : "blank\n");
		return;
	} else {
		bad = take_cells(x, r, row, kind_of(x, r, row), &g->good);
	}
	if (bad != E_NONE) {
		g->good.n = from;
		g->bad = g->bad == E_NONE ? bad : g->bad;
		buf_printf(&g->all, "%s\n", err_code(bad)->name);
		return;
	}
	buf_c(&g->good, '\n');
	buf_add(&g->all, g->good.p + from, g->good.n - from);
}

/* Reads from a place on to the end; again when the input failed. */
static struct reading read_input(const struct fix *x, struct text_input *in, struct place at)
{
	const struct span file = in->text;
	struct reading g = {.good = BUF_INIT, .all = BUF_INIT};
	struct err e = ERR_INIT;
	struct codec_reader *r;
	struct row row;
	int got;

	in->at = x->codec->whole ? 0 : (size_t)at.end;
	OK(e, x->codec->open(x->format, &in->in, at.end, at.line, &r, &e));
	while ((got = x->codec->next(r, &row, &e)) != 0) {
		if (got < 0 && err_kind(&e) == ERR_RETRY) {
			assert_int_equal(e.id, E_DISK_FULL);
			g.failures++;
			continue;
		}
		if (got < 0) {
			assert_int_equal(err_kind(&e), ERR_DATA);
			g.bad = g.bad == E_NONE ? e.id : g.bad;
			buf_printf(&g.all, "!%s\n", err_code(e.id)->name);
			break;
		}
		assert_true(row.offset >= at.end && row.end >= row.offset && row.line >= at.line && row.next_line >= row.line);
		take_row(x, file, r, &row, &g);
		at = (struct place){row.end, row.next_line, g.all.n};
		if (g.n < COUNT(g.places))
			g.places[g.n] = at;
		g.n++;
	}
	if (got == 0)
		assert_int_equal(x->codec->next(r, &row, &e), 0);
	x->codec->close(r);
	return g;
}

static const struct place begin = {0, 1, 0};

static struct reading read_text(const struct fix *x, struct span text, size_t step)
{
	struct text_input in = text_input(text, step);

	return read_input(x, &in, begin);
}

static struct reading read_whole(const struct fix *x)
{
	struct reading g = read_text(x, buf_as_span(&x->file), 0);

	assert_string_equal(buf_text(&g.good), x->expected);
	assert_int_equal(g.bad, E_NONE);
	return g;
}

/* ---- reading: the cases ---- */

static void the_rows_are_the_same_whatever_the_fills(void **state)
{
	static const size_t steps[] = {1, 2, 3, 7, 4096};
	const struct fix *x = *state;
	struct reading all = read_whole(x);

	for (size_t i = 0; i < COUNT(steps); i++) {
		struct reading g = read_text(x, buf_as_span(&x->file), steps[i]);

		assert_string_equal(buf_text(&g.all), buf_text(&all.all));
		reading_done(&g);
	}
	reading_done(&all);
}

static void reading_goes_on_behind_any_row(void **state)
{
	const struct fix *x = *state;
	struct reading all = read_whole(x);

	assert_true(all.n <= COUNT(all.places));
	for (unsigned i = 0; i < all.n; i++)
		for (size_t step = 0; step < 4; step += 3) {
			struct text_input in = text_input(buf_as_span(&x->file), step);
			struct reading g = read_input(x, &in, all.places[i]);

			assert_string_equal(buf_text(&g.all), buf_text(&all.all) + all.places[i].shown);
			reading_done(&g);
		}
	reading_done(&all);
}

static void an_input_that_fails_at_any_byte_can_be_read_again(void **state)
{
	const struct fix *x = *state;
	const size_t stride = x->s->stride ? x->s->stride : 1;
	struct reading all = read_whole(x);

	for (size_t at = 1; at <= x->file.n + 1; at += stride) {
		struct text_input in = text_input_failing(buf_as_span(&x->file), 0, at);
		struct reading g = read_input(x, &in, begin);

		assert_int_equal(g.failures, 1);
		assert_string_equal(buf_text(&g.all), buf_text(&all.all));
		reading_done(&g);
	}
	for (unsigned i = 0; i < all.n; i++) {
		struct text_input in = text_input(buf_as_span(&x->file), 5 * stride);
		struct reading g;

		in.flaky = true;
		g = read_input(x, &in, all.places[i]);
		assert_true(g.failures > 0);
		assert_string_equal(buf_text(&g.all), buf_text(&all.all) + all.places[i].shown);
		reading_done(&g);
	}
	reading_done(&all);
}

/* Where a line of text ends, behind its LF. */
static size_t line_of(const char *p)
{
	return strcspn(p, "\n") + (p[strcspn(p, "\n")] != 0);
}

/* The first and, for a line, second cell: who and how much. */
static size_t payment_of(const char *line)
{
	size_t n = strcspn(line, "]") + 1;

	return n + strcspn(line + n, "]") + 1;
}

/* All good rows are rows of the file, in their order; the last one may have lost something behind its amount, where no
 * codec can know. */
static void only_rows_of_the_file(const char *good, const char *want, bool open_end)
{
	const char *from = want;

	while (*good) {
		const size_t n = line_of(good), paid = payment_of(good);

		while (*from && strncmp(from, good, n) != 0 && !(open_end && !good[n] && strncmp(from, good, paid) == 0))
			from += line_of(from);
		if (!*from)
			fail_msg("a row that the file has not, or not there: %.*s", (int)n, good);
		from += line_of(from);
		good += n;
	}
}

static void a_file_that_is_cut_off_gives_none_but_its_rows(void **state)
{
	const struct fix *x = *state;
	const size_t stride = x->s->stride ? x->s->stride : 1;

	for (size_t n = 0; n < x->file.n; n += stride) {
		/* A copy of exactly that length, for readers beyond its end. */
		char *copy = mem_grow(NULL, n + 1, 1);
		struct reading g;

		memcpy(copy + 1, x->file.p, n);
		g = read_text(x, (struct span){copy + 1, n}, 0);
		only_rows_of_the_file(buf_text(&g.good), x->expected, !x->s->ends);
		if (x->s->ends && g.bad == E_NONE)
			assert_string_equal(buf_text(&g.good), x->expected);
		reading_done(&g);
		free(copy);
	}
}

/* Amounts of good rows are amounts of the file: of texts NULs may be padding. */
static void only_amounts_of_the_file(const char *good, const char *want)
{
	for (; *good; good += line_of(good)) {
		const size_t n = payment_of(good), name = strcspn(good, "]");
		char amount[64];

		snprintf(amount, sizeof amount, "%.*s\n", (int)(n - name), good + name);
		*strchr(amount, '\n') = 0;
		if (!strstr(want, amount))
			fail_msg("an amount that the file has not: %.*s", (int)line_of(good), good);
	}
}

static void a_nul_byte_anywhere_makes_no_other_rows(void **state)
{
	const struct fix *x = *state;
	const size_t stride = x->s->stride ? x->s->stride : 1;

	for (size_t at = 0; at < x->file.n; at += stride) {
		char *copy = mem_text(buf_as_span(&x->file));
		struct reading g;

		copy[at] = 0;
		g = read_text(x, (struct span){copy, x->file.n}, 0);
		if (x->s->padded_nul)
			only_amounts_of_the_file(buf_text(&g.good), x->expected);
		else
			only_rows_of_the_file(buf_text(&g.good), x->expected, false);
		reading_done(&g);
		free(copy);
	}
}

static void blank_rows_come_as_such_and_are_carried_as_the_settings_say(void **state)
{
	const struct fix *x = *state;
	struct reading all = read_whole(x);
	unsigned kinds[2];

	assert_int_equal(all.blanks, x->s->blanks);
	assert_int_equal(all.deleted, strcmp(x->s->codec, "dbf") == 0);
	assert_false(x->format->skip_blank);
	for (int skip = 0; skip < 2 && x->s->blanks; skip++) {
		struct codec_format *f = compile(x->s, skip ? "blank_rows: skip" : "blank_rows: keep", NULL, kinds);

		assert_non_null(f);
		assert_int_equal(f->skip_blank, skip);
		x->codec->format_free(f);
	}
	reading_done(&all);
}

static void a_column_that_the_file_has_not_is_never_guessed(void **state)
{
	const struct fix *x = *state;
	struct fix with = *x;
	struct text_input in = text_input(buf_as_span(&x->file), 0);
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	with.format = compile(x->s, "", "NOWHERE", with.kinds);
	assert_int_equal(with.format == NULL, x->s->nowhere == NOWHERE_FINDING);
	if (!with.format)
		return;
	OK(e, x->codec->open(with.format, &in.in, 0, 1, &r, &e));
	if (x->s->nowhere == NOWHERE_REFUSED) {
		assert_int_equal(x->codec->next(r, &row, &e), -1);
		assert_int_equal(err_kind(&e), ERR_DATA);
	}
	while (x->s->nowhere != NOWHERE_REFUSED && x->codec->next(r, &row, &e) == 1) {
		if (row.blank || kind_of(&with, r, &row) == 0)
			continue;
		if (x->codec->cut)
			OK(e, x->codec->cut(r, with.kinds[1], &row, &e));
		if (x->s->nowhere == NOWHERE_SHORT)
			assert_true(row.ncells <= COLUMNS);
		else
			assert_true(row.ncells == COLUMNS + 1 && !row.cells[COLUMNS].p);
	}
	x->codec->close(r);
	x->codec->format_free(with.format);
}

/* ---- records over the limit ---- */

/* The samples with a note of n letters where the blank row stands. */
static char *with_long_row(const struct fix *x, size_t n, struct buf *file)
{
	struct sample rows[COUNT(samples)];
	char *note = mem_grow(NULL, n + 1, 1), *expected;

	memset(note, 'x', n);
	note[n] = 0;
	memcpy(rows, samples, sizeof rows);
	rows[LONG_AT] = (struct sample){false, false, {"long", "7.77", note}};
	buf_clear(file);
	x->s->render(x->s, rows, COUNT(rows), file);
	expected = expected_of(rows, COUNT(rows));
	free(note);
	return expected;
}

static void a_record_over_the_limit_is_bad_and_those_around_it_are_not(void **state)
{
	const struct fix *x = *state;
	struct buf file = BUF_INIT;
	struct reading g;

	if (!x->s->longs)
		skip();
	free(with_long_row(x, CODEC_RECORD_MAX + 5000, &file));
	for (size_t step = 0; step < 5000; step += 4999) {
		g = read_text(x, buf_as_span(&file), step);
		assert_int_not_equal(g.bad, E_NONE);
		only_rows_of_the_file(buf_text(&g.good), x->expected, false);
		if (x->s->recovers)
			assert_string_equal(buf_text(&g.good), x->expected);
		reading_done(&g);
	}
	buf_done(&file);
}

static void the_limit_is_kept_to_the_byte(void **state)
{
	const struct fix *x = *state;
	const struct sample empty = {false, false, {"long", "7.77", ""}};
	struct buf file = BUF_INIT;
	size_t overhead;

	if (!x->s->exact)
		skip();
	/* What a record has beside its note: the row alone, without what ends it and the file. */
	x->s->render(x->s, &empty, 1, &file);
	overhead = file.n - (x->s->ends ? 16 : strstr(x->s->settings, "crlf") ? 2 : 1);
	for (size_t more = 0; more < 2; more++) {
		char *expected = with_long_row(x, CODEC_RECORD_MAX - overhead + more, &file);
		struct reading g = read_text(x, buf_as_span(&file), 0);

		assert_int_equal(g.bad != E_NONE, more);
		if (!more)
			assert_string_equal(buf_text(&g.good), expected);
		reading_done(&g);
		free(expected);
	}
	buf_done(&file);
}

/* A begin, and letters without an end; notes how much memory there is in use. */
struct endless {
	struct codec_input in;
	struct span text;
	size_t at, n;
	long most;                   /* pages */
};

static long pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long ret = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d %ld", &ret), 1);
	fclose(f);
	return ret;
}

static int endless_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct endless *t = (struct endless *)in;
	const size_t n = t->n - t->at < cap ? t->n - t->at : cap;
	const long now = pages();

	(void)e;
	for (size_t i = 0; i < n; i++, t->at++)
		p[i] = t->at < t->text.n ? t->text.p[t->at] : 'x';
	t->most = now > t->most ? now : t->most;
	*ret_n = n;
	return 0;
}

/* A sanitizer of threads keeps several bytes for each that is touched: what it measures is itself. */
#ifdef __SANITIZE_THREAD__
#define ROOM_TIMES 16
#else
#define ROOM_TIMES 1
#endif

static void read_endless(const struct fix *x, struct span text)
{
	enum { BYTES = 32 << 20, ROOM = (24 << 20) * ROOM_TIMES };
	struct endless in = {.in = {endless_fill}, .text = text, .n = BYTES};
	const long before = pages();
	struct codec_reader *r;
	struct err e = ERR_INIT;
	struct row row;
	int got;

	OK(e, x->codec->open(x->format, &in.in, 0, 1, &r, &e));
	while ((got = x->codec->next(r, &row, &e)) == 1)
		assert_true(row.raw.n <= (4u << 20));
	assert_true(got == 0 || err_kind(&e) == ERR_DATA);
	x->codec->close(r);
	if ((in.most - before) * sysconf(_SC_PAGESIZE) > ROOM)
		fail_msg("%ld KiB for what begins with %.20s", (in.most - before) * sysconf(_SC_PAGESIZE) >> 10, text.p);
}

static void a_record_without_an_end_takes_no_memory_without_end(void **state)
{
	const struct fix *x = *state;

	/* Without its last byte: the end of its last row, of a table, of a document. */
	read_endless(x, (struct span){x->file.p, x->file.n - 1});
	for (const char *const *text = x->s->endless; *text; text++)
		read_endless(x, span_of(*text));
}

/* ---- writing ---- */

static void need_writer(const struct fix *x)
{
	if (!x->s->writes)
		assert_true(!x->codec->write || x->format->read_only);
	if (!x->s->writes)
		skip();
}

static int write_row(const struct fix *x, const struct sample *row, struct buf *b, struct err *e)
{
	struct span cells[COLUMNS];

	for (unsigned i = 0; i < COLUMNS; i++)
		cells[i] = span_of(row->cells[i]);
	return x->codec->write(x->format, x->kinds[!row->head], cells, COLUMNS, b, e);
}

static void what_is_written_is_read_back_the_same(void **state)
{
	const struct fix *x = *state;
	struct buf b = BUF_INIT;
	struct reading g;
	struct err e = ERR_INIT;

	need_writer(x);
	x->codec->begin(x->format, &b);
	for (size_t i = 0; i < COUNT(samples); i++)
		if (!samples[i].blank)
			OK(e, write_row(x, &samples[i], &b, &e));
	x->codec->end(x->format, &b);
	g = read_text(x, buf_as_span(&b), 0);
	assert_string_equal(buf_text(&g.good), x->expected);
	assert_int_equal(g.bad, E_NONE);
	reading_done(&g);
	buf_done(&b);
}

static char *without_padding(const char *text)
{
	char *ret = mem_text(span_of(text));

	for (size_t n = strlen(ret); n && ret[n - 1] == ' '; n--)
		ret[n - 1] = 0;
	return ret;
}

/* Written or refused; what was written comes back, and the row behind it; what was refused left nothing. */
static void write_hostile(const struct fix *x, const char *name, const char *note)
{
	struct sample rows[] = {{false, false, {name, "8.88", note}}, {false, false, {"behind", "9.99", "z"}}};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct reading g;
	char *want, *padded[2] = {NULL, NULL};
	size_t before;

	x->codec->begin(x->format, &b);
	before = b.n;
	if (write_row(x, &rows[0], &b, &e)) {
		assert_int_equal(err_kind(&e), ERR_DATA);
		assert_int_equal(b.n, before);
	} else {
		OK(e, write_row(x, &rows[1], &b, &e));
		x->codec->end(x->format, &b);
		g = read_text(x, buf_as_span(&b), 0);
		if (x->s->pads) {
			rows[0].cells[0] = padded[0] = without_padding(name);
			rows[0].cells[2] = padded[1] = without_padding(note);
		}
		want = expected_of(rows, 2);
		if (strcmp(buf_text(&g.good), want) != 0)
			fail_msg("written %s read %s", want, buf_text(&g.all));
		reading_done(&g);
		free(padded[0]);
		free(padded[1]);
		free(want);
	}
	buf_done(&b);
}

static void any_cells_are_read_back_or_refused(void **state)
{
	static const char *const texts[] = {"", "a", "|", "~", "~|", "a~", "|a", "\"", "\"\"", "a\"b", "\"a\"", "\r", "\n",
		"\r\n", "a\nb", "a\r", " ", " a", "a ", "\t", "\xef\xbb\xbf", "\xef\xbb\xbfx", "珅", "誠", "a珅", "㛃", "䶮", "a亊",
		"\\", "\\n", "\x01", "\x7f", "{", "</L>", ",", "\xff", "\xd5", "a\x80", "\xe7\x8f"};
	const struct fix *x = *state;

	need_writer(x);
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t k = 0; k < COUNT(texts); k++)
			write_hostile(x, texts[i], texts[k]);
}

/* A text of exactly n bytes in the charset, of characters of more than one where they fit. */
static char *of_bytes(const struct fix *x, size_t n)
{
	const size_t wide = charset_bytes(x->s->charset, SPAN("珅"));
	struct buf b = BUF_INIT;
	char *ret;

	for (; n >= wide; n -= wide)
		buf_str(&b, "珅");
	while (n--)
		buf_c(&b, 'x');
	ret = mem_text(buf_as_span(&b));
	buf_done(&b);
	return ret;
}

static void room_is_what_fits_to_the_byte(void **state)
{
	const struct fix *x = *state;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	need_writer(x);
	if (!x->codec->room)
		skip();
	buf_str(&b, "before");
	for (unsigned kind = 0; kind < 2; kind++)
		for (unsigned i = 0; i < COLUMNS; i++) {
			const size_t room = x->codec->room(x->format, x->kinds[kind], i);
			char *fits = of_bytes(x, room), *more = of_bytes(x, room + 1);
			struct sample row = {!kind, false, {"", "", ""}};

			row.cells[i] = fits;
			b.n = 6;
			OK(e, write_row(x, &row, &b, &e));
			b.n = 6;
			row.cells[i] = more;
			FAILS(e, "codec.too_wide", write_row(x, &row, &b, &e));
			assert_span(buf_as_span(&b), "before");
			free(fits);
			free(more);
		}
	buf_done(&b);
}

/* ---- all of it ---- */

static void every_codec_of_the_table_is_tried(void **state)
{
	(void)state;
	for (const struct codec *const *c = codec_table; *c; c++) {
		bool tried = false;

		for (unsigned i = 0; i < codec_nsubjects; i++)
			tried |= strcmp(codec_subjects[i].codec, (*c)->name) == 0;
		if (!tried)
			fail_msg("no row of codec_subjects for %s", (*c)->name);
	}
}

#define CASE(f) {#f, f, setup, teardown, NULL}
static const struct CMUnitTest cases[] = {
	CASE(the_rows_are_the_same_whatever_the_fills),
	CASE(reading_goes_on_behind_any_row),
	CASE(an_input_that_fails_at_any_byte_can_be_read_again),
	CASE(a_file_that_is_cut_off_gives_none_but_its_rows),
	CASE(a_nul_byte_anywhere_makes_no_other_rows),
	CASE(blank_rows_come_as_such_and_are_carried_as_the_settings_say),
	CASE(a_column_that_the_file_has_not_is_never_guessed),
	CASE(a_record_over_the_limit_is_bad_and_those_around_it_are_not),
	CASE(the_limit_is_kept_to_the_byte),
	CASE(a_record_without_an_end_takes_no_memory_without_end),
	CASE(what_is_written_is_read_back_the_same),
	CASE(any_cells_are_read_back_or_refused),
	CASE(room_is_what_fits_to_the_byte),
};

enum { NCASES = COUNT(cases), SUBJECTS_MAX = 32 };

/* codec_contract_test [SUBJECT]: over all of them, or one. */
int main(int argc, char **argv)
{
	static char names[SUBJECTS_MAX * NCASES][160];
	static struct CMUnitTest all[SUBJECTS_MAX * NCASES + 1];
	size_t n = 0;

	for (unsigned i = 0; i < codec_nsubjects && i < SUBJECTS_MAX; i++)
		for (size_t c = 0; c < NCASES; c++) {
			if (argc > 1 && strcmp(argv[1], codec_subjects[i].name) != 0)
				continue;
			snprintf(names[n], sizeof names[n], "%s: %s", codec_subjects[i].name, cases[c].name);
			all[n] = cases[c];
			all[n].name = names[n];
			all[n++].initial_state = (void *)(uintptr_t)&codec_subjects[i];
		}
	all[n++] = (struct CMUnitTest)cmocka_unit_test(every_codec_of_the_table_is_tried);
	/* The macro counts an array's elements; ours may be filled in part. */
	return _cmocka_run_group_tests("codec contract", all, n, NULL, NULL);
}
