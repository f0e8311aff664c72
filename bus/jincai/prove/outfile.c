/* SPDX-License-Identifier: Apache-2.0 */
#include "outfile.h"

#include <stdlib.h>

/* ---- bytes ---- */

struct bytes {
	struct codec_input input;    /* first: fill casts back */
	struct span left;
};

static int bytes_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct bytes *b = (struct bytes *)in;
	size_t n = b->left.n < cap ? b->left.n : cap;

	(void)e;
	if (n)
		memcpy(p, b->left.p, n);
	b->left = (struct span){b->left.p + n, b->left.n - n};
	*ret_n = n;
	return 0;
}

/* ---- rows ---- */

struct reading {
	const struct form *form;
	struct codec_reader *reader;
	struct outfile *out;
	struct buf text;
	size_t cap;
	unsigned rows;
};

static int keep_cells(struct reading *r, const struct row *row, struct outfile_line *l, struct err *e)
{
	struct span s;

	l->cells = arena_new(&r->out->arena, (row->ncells + 1u) * sizeof *l->cells);
	for (unsigned i = 0; i < row->ncells; i++) {
		buf_clear(&r->text);
		buf_reserve(&r->text, row->cells[i].n * 2 + 1);
		if (charset_decode(r->form->format->charset, row->cells[i], &r->text, &s, e) != 0)
			return -1;
		l->cells[i] = arena_span(&r->out->arena, s);
	}
	l->ncells = row->ncells;
	return 0;
}

/* The cells of a row by the columns of one layout. */
static int cut(struct reading *r, unsigned layout, unsigned want, struct row *row, struct outfile_line *l, struct err *e)
{
	const struct codec *c = r->form->codec;

	if (row->bad.id) {
		*e = row->bad;
		return -1;
	}
	if (c->cut && c->cut(r->reader, layout, row, e) != 0)
		return -1;
	if (row->ncells != want)
		return err_set(e, E_CODEC_CELLS, "want=%u\ngot=%u", want, row->ncells);
	return keep_cells(r, row, l, e);
}

static unsigned filled(const struct outfile_line *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->ncells; i++)
		n += l->cells[i].p != NULL && l->cells[i].n != 0;
	return n;
}

/* A file does not say which event a line was made of: the shape whose columns it fills best, the first of equals. */
static void read_line(struct reading *r, struct row *row, struct outfile_line *l)
{
	const struct form *f = r->form;
	struct outfile_line best = *l;

	for (unsigned i = 0; i < f->nshapes; i++) {
		struct outfile_line one = *l;
		struct row again = *row;

		if (cut(r, f->shapes[i].layout, map_count(f->shapes[i].line), &again, &one, &one.why) != 0) {
			if (!best.shape && !best.why.id)
				best.why = one.why;
			continue;
		}
		one.shape = &f->shapes[i];
		one.why = ERR_INIT;
		if (!best.shape || filled(&one) > filled(&best))
			best = one;
		if (!f->codec->columns)
			break;       /* columns are positions: all shapes of so many are alike */
	}
	*l = best;
}

/* The column that holds the control amount; -1: none. */
static int amount_column(const struct form_shape *s)
{
	for (unsigned i = 0; i < map_count(s->line); i++) {
		int from = map_from(s->line, i);

		if (from >= 0 &&
			(from == s->amount_slot || strcmp(names_text(s->names, (unsigned)from), "event.amount") == 0))
			return (int)i;
	}
	return -1;
}

static int add_line(struct reading *r, const struct outfile_line *l, struct err *e)
{
	static const struct money_form loose = {0, 2, false, false};
	struct outfile *o = r->out;
	int amount = l->shape ? amount_column(l->shape) : -1;
	struct err ignored;
	int64_t fen;

	if (o->nlines == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 1024;
		o->lines = mem_grow(o->lines, r->cap, sizeof *o->lines);
	}
	o->lines[o->nlines++] = *l;
	if (amount >= 0 && money_read(l->cells[amount], &loose, &fen, &ignored) == 0)
		return money_sum_add(&o->sum, fen, e);
	money_sum_unreadable(&o->sum);
	return 0;
}

static int take_row(struct reading *r, struct row *row, struct err *e)
{
	const struct form *f = r->form;
	struct outfile_line l = {.line = row->line, .why = ERR_INIT};
	unsigned number = r->rows++;

	if (f->ntitles && number == 0)
		return 0;
	if (f->head && number == (f->ntitles ? 1u : 0u)) {
		if (cut(r, f->head_layout, map_count(f->head), row, &l, &l.why) != 0)
			l.ncells = 0;
		r->out->head = l;
		return 0;
	}
	read_line(r, row, &l);
	return add_line(r, &l, e);
}

int outfile_read(const struct form *f, struct span bytes, struct outfile *ret, struct err *e)
{
	struct bytes in = {{bytes_fill}, bytes};
	struct reading r = {.form = f, .out = ret};
	struct row row;
	int got = -1;

	*ret = (struct outfile){.bytes = bytes, .arena = ARENA_INIT};
	if (f->codec->open(f->format, &in.input, 0, 1, &r.reader, e) == 0) {
		while ((got = f->codec->next(r.reader, &row, e)) == 1)
			if (!row.deleted && !row.blank && take_row(&r, &row, e) != 0) {
				got = -1;
				break;
			}
		f->codec->close(r.reader);
	}
	buf_done(&r.text);
	if (got != 0)
		outfile_done(ret);
	return got;
}

void outfile_done(struct outfile *o)
{
	free(o->lines);
	arena_done(&o->arena);
	*o = (struct outfile){.arena = ARENA_INIT};
}
