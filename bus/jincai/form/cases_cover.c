/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <stdlib.h>

#include "say.h"
#include "show.h"

struct cases_cover {
	const struct form *form;
	bool *filled;                /* inward, by slot */
	bool **made;                 /* by number of a map, then by rule */
	unsigned nmaps;
	unsigned long cut;           /* lines with a text that was shortened */
};

static const struct map *map_of(const struct form *f, unsigned i)
{
	return f->outward ? f->shapes[i].line : f->events[i].map;
}

struct cases_cover *cases_cover_new(const struct form *f)
{
	struct cases_cover *c = mem_new(sizeof *c);

	c->form = f;
	c->nmaps = f->outward ? f->nshapes : f->nevents;
	c->filled = mem_new(names_count(f->names) + 1u);
	c->made = mem_new((c->nmaps + 1u) * sizeof *c->made);
	for (unsigned i = 0; i < c->nmaps; i++)
		c->made[i] = mem_new(map_count(map_of(f, i)) + 1u);
	return c;
}

void cases_cover_free(struct cases_cover *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->nmaps; i++)
		free(c->made[i]);
	free(c->made);
	free(c->filled);
	free(c);
}

static void see_rules(struct cases_cover *c, unsigned map, const struct slots *s)
{
	const struct map *m = map_of(c->form, map);

	/* A receiver's empty column is a fixed text: there is nothing that a case could make of it. */
	for (unsigned i = 0; i < map_count(m); i++)
		c->made[map][i] |= map_cell(m, s, i)->text.n > 0 || (c->form->outward && map_from(m, i) < 0);
}

void cases_cover_reading(struct cases_cover *c, struct reader *r, const struct reading *g)
{
	const struct slots *s = reader_slots(r);

	for (unsigned i = 0; i < s->n; i++)
		c->filled[i] |= s->v[i].text.n > 0;
	for (unsigned i = 0; g->kind == READ_RECORD && !g->bad.id && i < g->nevents; i++)
		see_rules(c, (unsigned)(g->events[i].of - c->form->events), s);
}

void cases_cover_line(struct cases_cover *c, const struct form_shape *shape, const struct slots *s)
{
	struct buf names = BUF_INIT;

	see_rules(c, (unsigned)(shape - c->form->shapes), s);
	c->cut += map_write_cuts(shape->line, s, &names) > 0;
	buf_done(&names);
}

/* ---- shown ---- */

struct counting {
	struct buf names;
	unsigned all, seen;
};

static void count(struct counting *k, bool seen, const char *type, struct span name)
{
	k->all++;
	k->seen += seen;
	if (seen)
		return;
	buf_str(&k->names, k->names.n ? ", " : "");
	if (type)
		buf_printf(&k->names, "%s.", type);
	show_text(&k->names, name);
}

/* "line.X" of a kind that the form has; the other names come from the site, the file's name, and rules. */
static bool is_column(const struct form *f, struct span name)
{
	for (unsigned i = 0; i < f->nkinds; i++) {
		size_t n = strlen(f->kinds[i].name);

		if (name.n > n && name.p[n] == '.' && memcmp(name.p, f->kinds[i].name, n) == 0)
			return true;
	}
	return f->header.ncolumns && span_starts(name, SPAN("line."));
}

static void show_columns(const struct cases_cover *c, struct buf *b)
{
	const struct form *f = c->form;
	struct counting k = {BUF_INIT, 0, 0};

	for (unsigned i = 0; i < names_count(f->names); i++)
		if (names_used(f->names, i) && is_column(f, span_of(names_text(f->names, i))))
			count(&k, c->filled[i], NULL, span_of(names_text(f->names, i)));
	buf_printf(b, say("；列 %u/%u", "; columns %u of %u"), k.seen, k.all);
	if (k.names.n)
		buf_printf(b, say("（没有用例填写 %s）", " (no case fills %s)"), buf_text(&k.names));
	buf_done(&k.names);
}

static void show_rules(const struct cases_cover *c, struct buf *b)
{
	const struct form *f = c->form;
	struct counting k = {BUF_INIT, 0, 0};

	for (unsigned m = 0; m < c->nmaps; m++)
		for (unsigned i = 0; i < map_count(map_of(f, m)); i++)
			count(&k, c->made[m][i], c->nmaps < 2 ? NULL : f->outward ? f->shapes[m].type : f->events[m].type,
				map_column(map_of(f, m), i));
	buf_printf(b, say("；规则 %u/%u", "; rules %u of %u"), k.seen, k.all);
	if (k.names.n)
		buf_printf(b, say("（没有用例得出 %s）", " (no case makes %s)"), buf_text(&k.names));
	buf_done(&k.names);
}

void cases_cover_show(const struct cases_cover *c, struct buf *b)
{
	if (!c->form->outward)
		show_columns(c, b);
	show_rules(c, b);
	if (c->cut)
		buf_printf(b, say("；%lu 行有文本被截短", "; %lu lines with a text that was shortened"), c->cut);
}
