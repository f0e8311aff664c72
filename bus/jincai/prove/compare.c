/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include <inttypes.h>
#include <stdlib.h>

#include "say.h"
#include "show.h"

struct side {
	const struct outfile *file;
	size_t *partner;             /* of each line its number in the other file, or NONE */
};

#define NONE SIZE_MAX

struct comparing {
	struct library *library;
	const struct form *form;
	struct side ours, theirs;
	uint64_t differences;
	struct buf *out;
};

/* ---- what a column is ---- */

static enum schema_sensitivity sensitivity(struct comparing *c, const struct form_shape *s, unsigned column)
{
	const int from = map_from(s->line, column);
	const char *path = from >= 0 ? names_text(s->names, (unsigned)from) : "";
	struct findings quiet;
	const struct schema *schema;
	const struct schema_field *field = NULL;

	if (strncmp(path, "data.", 5) != 0)
		return SENSITIVITY_NONE;
	findings_init(&quiet);
	schema = library_schema(c->library, span_of(s->type), NULL, &quiet);
	if (schema)
		field = schema_field(schema, span_of(path + 5));
	findings_done(&quiet);
	return field ? field->sensitivity : SENSITIVITY_NONE;
}

static int column_of(struct comparing *c, const struct form_shape *s, enum schema_sensitivity wanted)
{
	for (unsigned i = 0; s && wanted && i < map_count(s->line); i++)
		if (sensitivity(c, s, i) == wanted)
			return (int)i;
	return s && !wanted && map_count(s->line) ? 0 : -1;
}

static void column_name(struct comparing *c, const struct form_shape *s, unsigned column)
{
	if (column < c->form->ntitles)
		buf_span(c->out, c->form->titles[column]);
	else
		buf_span(c->out, map_column(s->line, column));
}

/* ---- partners ---- */

static bool same_cells(const struct outfile_line *a, const struct outfile_line *b)
{
	if (a->ncells != b->ncells)
		return false;
	for (unsigned i = 0; i < a->ncells; i++)
		if (!span_eq(a->cells[i], b->cells[i]))
			return false;
	return true;
}

/* What is sorted: a line's number and the text by which it finds its partner. */
struct key {
	struct span text;
	size_t number;
};

static int by_key(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int d = span_cmp(x->text, y->text);

	return d ? d : (x->number > y->number) - (x->number < y->number);
}

/* All cells of a line as one text. */
static struct span whole(struct arena *a, const struct outfile_line *l)
{
	size_t n = 0, at = 0;
	char *p;

	for (unsigned i = 0; i < l->ncells; i++)
		n += l->cells[i].n + 1;
	p = arena_new(a, n + 1);
	for (unsigned i = 0; i < l->ncells; i++) {
		if (l->cells[i].n)
			memcpy(p + at, l->cells[i].p, l->cells[i].n);
		at += l->cells[i].n;
		p[at++] = '\0';
	}
	return (struct span){p, n};
}

/* column: of a line; -1: all of it. */
static struct key *keys_of(const struct side *s, const int *columns, struct arena *a, size_t *ret_n)
{
	struct key *keys = mem_grow(NULL, s->file->nlines + 1, sizeof *keys);

	*ret_n = 0;
	for (size_t i = 0; i < s->file->nlines; i++) {
		const struct outfile_line *l = &s->file->lines[i];
		int column = columns && l->shape ? columns[0] : -1;

		if (s->partner[i] != NONE || !l->shape || (columns && (column < 0 || !l->cells[column].n)))
			continue;
		keys[(*ret_n)++] = (struct key){columns ? l->cells[column] : whole(a, l), i};
	}
	qsort(keys, *ret_n, sizeof *keys, by_key);
	return keys;
}

/* Lines with the same key become partners in the order in which they stand. */
static void match(struct comparing *c, const int *columns)
{
	struct arena a = ARENA_INIT;
	size_t n, m, i = 0, k = 0;
	struct key *ours = keys_of(&c->ours, columns, &a, &n), *theirs = keys_of(&c->theirs, columns, &a, &m);

	while (i < n && k < m) {
		int d = span_cmp(ours[i].text, theirs[k].text);

		if (d == 0) {
			c->ours.partner[ours[i].number] = theirs[k].number;
			c->theirs.partner[theirs[k].number] = ours[i].number;
		}
		i += d <= 0;
		k += d >= 0;
	}
	free(ours);
	free(theirs);
	arena_done(&a);
}

static void find_partners(struct comparing *c)
{
	static const enum schema_sensitivity by[] = {
		SENSITIVITY_ACCOUNT, SENSITIVITY_ID, SENSITIVITY_NAME, SENSITIVITY_NONE};
	const struct form_shape *shape = c->form->nshapes ? &c->form->shapes[0] : NULL;

	for (size_t i = 0; i < c->ours.file->nlines && shape == &c->form->shapes[0]; i++)
		if (c->ours.file->lines[i].shape)
			shape = c->ours.file->lines[i].shape;
	match(c, NULL);
	for (unsigned i = 0; i < sizeof by / sizeof *by; i++) {
		int column = column_of(c, shape, by[i]);

		if (column >= 0)
			match(c, &column);
	}
}

/* ---- what is said ---- */

static void one_cell(struct comparing *c, const struct span cell, enum schema_sensitivity s)
{
	show_masked(c->out, cell.p ? cell : SPAN(""), s);
}

static void line_differs(struct comparing *c, const struct outfile_line *a, const struct outfile_line *b)
{
	buf_printf(c->out,
		say("第 %" PRIu64 " 行（文件第 %" PRIu64 " 行）：", "line %" PRIu64 " (line %" PRIu64 " of the file):"),
		a->line, b->line);
	for (unsigned i = 0; i < a->ncells && i < b->ncells; i++) {
		enum schema_sensitivity s = sensitivity(c, a->shape, i);

		if (span_eq(a->cells[i], b->cells[i]))
			continue;
		c->differences++;
		buf_c(c->out, ' ');
		column_name(c, a->shape, i);
		buf_str(c->out, say(" 本系统 ", " ours "));
		one_cell(c, a->cells[i], s);
		buf_str(c->out, say("，文件 ", ", the file's "));
		one_cell(c, b->cells[i], s);
		buf_c(c->out, ';');
	}
	c->out->p[c->out->n - 1] = '\n';
}

static void line_alone(struct comparing *c, const struct outfile_line *l, const char *words)
{
	c->differences++;
	buf_printf(c->out, say("第 %" PRIu64 " 行 %s：", "line %" PRIu64 " %s:"), l->line, words);
	if (!l->shape) {
		char why[512];

		err_words(&l->why, say_lang(), why, sizeof why);
		buf_printf(c->out, say("读不出，%s [%s]", " cannot be read, %s [%s]"), why, err_code(l->why.id)->name);
	}
	for (unsigned i = 0; l->shape && i < l->ncells; i++) {
		buf_c(c->out, ' ');
		one_cell(c, l->cells[i], sensitivity(c, l->shape, i));
	}
	buf_c(c->out, '\n');
}

static void heads(struct comparing *c)
{
	const struct outfile_line *a = &c->ours.file->head, *b = &c->theirs.file->head;

	if (!c->form->head)
		return;
	if (!b->ncells || a->ncells != b->ncells) {
		c->differences++;
		buf_str(c->out, say("首行：文件的首行读不出，或栏数不同\n", "head: the file's cannot be read, or has other columns\n"));
		return;
	}
	for (unsigned i = 0; i < a->ncells; i++)
		if (!span_eq(a->cells[i], b->cells[i])) {
			c->differences++;
			buf_printf(c->out, say("首行 第 %u 栏 %.*s：本系统 ", "head, column %u %.*s: ours "), i + 1,
				SPAN_F(map_column(c->form->head, i)));
			one_cell(c, a->cells[i], SENSITIVITY_NONE);
			buf_str(c->out, say("，文件 ", ", the file's "));
			one_cell(c, b->cells[i], SENSITIVITY_NONE);
			buf_c(c->out, '\n');
		}
}

static void sums(struct comparing *c)
{
	const struct money_sum *a = &c->ours.file->sum, *b = &c->theirs.file->sum;
	const int64_t ours = a->plus + a->minus, theirs = b->plus + b->minus;
	char x[24], y[24], d[24];

	if (c->ours.file->nlines == c->theirs.file->nlines && ours == theirs)
		return;
	buf_printf(c->out,
		say("合计：本系统 %zu 笔 %s，文件 %zu 笔 %s，相差 %" PRId64 " 笔 %s\n",
			"in all: ours %zu lines %s, the file's %zu lines %s, difference %" PRId64 " lines %s\n"),
		c->ours.file->nlines, money_text(ours, x), c->theirs.file->nlines, money_text(theirs, y),
		(int64_t)(c->theirs.file->nlines - c->ours.file->nlines), money_text(theirs - ours, d));
}

static void lines(struct comparing *c)
{
	const struct outfile *a = c->ours.file, *b = c->theirs.file;

	for (size_t i = 0; i < a->nlines; i++)
		if (c->ours.partner[i] == NONE)
			line_alone(c, &a->lines[i], say("只在本系统的文件里", "stands only in ours"));
		else if (!same_cells(&a->lines[i], &b->lines[c->ours.partner[i]]))
			line_differs(c, &a->lines[i], &b->lines[c->ours.partner[i]]);
	for (size_t i = 0; i < b->nlines; i++)
		if (c->theirs.partner[i] == NONE)
			line_alone(c, &b->lines[i], say("只在所给的文件里", "stands only in the file"));
}

/* Nothing differs; yet the bytes may. */
static void say_same(struct comparing *c)
{
	bool ordered = true;

	for (size_t i = 0; i < c->ours.file->nlines; i++)
		ordered &= c->ours.partner[i] == i;
	if (span_eq(c->ours.file->bytes, c->theirs.file->bytes))
		buf_str(c->out, say("逐字节相同\n", "the same, byte for byte\n"));
	else if (!ordered)
		buf_str(c->out, say("各行内容相同，次序不同\n", "the same lines in another order\n"));
	else
		buf_str(c->out, say("内容相同；写法不同（行尾、引号、空格或标题）\n",
			"the same content, written otherwise (ends of line, quotes, blanks or titles)\n"));
}

static void begin(struct side *s, const struct outfile *f)
{
	s->file = f;
	s->partner = mem_grow(NULL, f->nlines + 1, sizeof *s->partner);
	for (size_t i = 0; i < f->nlines; i++)
		s->partner[i] = NONE;
}

uint64_t compare_files(struct library *l, const struct form *f, const struct outfile *ours,
	const struct outfile *theirs, struct buf *ret)
{
	struct comparing c = {.library = l, .form = f, .out = ret};

	begin(&c.ours, ours);
	begin(&c.theirs, theirs);
	find_partners(&c);
	heads(&c);
	lines(&c);
	sums(&c);
	if (!c.differences)
		say_same(&c);
	free(c.ours.partner);
	free(c.theirs.partner);
	return c.differences;
}
