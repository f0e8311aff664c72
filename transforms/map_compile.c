/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "map_rules.h"
#include "utf8.h"

/* Signs and symbols are read, not written. */
static bool only_li(const struct odd_amount *x)
{
	return !x || (x->form.sign == AMOUNT_LEADING && !x->form.symbol.n && !x->minus);
}

/* What cannot stand together. */
static void check_rule(struct map_rule_reader *r, const struct conf *node)
{
	struct rule *u = r->r;
	bool decimals = r->has_decimals || r->has_thousands;

	if (!r->has_source)
		map_bad_rule(r, node, "from | value | keyed | each");
	if (u->each &&
		(u->as != AS_TEXT || u->words || u->table || u->year || u->check || u->lengths || u->cut || u->split ||
			u->strip || u->upper || u->same >= 0))
		map_bad_rule(r, node, "each (+ when, trim, null, required)");
	if (decimals && (u->as != AS_MONEY || u->money.fen))
		map_bad_rule(r, node, "as: yuan");
	else if (r->odd && u->as != AS_MONEY)
		map_bad_rule(r, node, "as: yuan | fen | li");
	else if (r->m->setup.outward && (decimals || !only_li(r->odd)))
		map_bad_rule(r, node, "form: in");
	if (u->words && (u->table || u->as != AS_TEXT))
		map_bad_rule(r, node, "words | lookup | as");
	if (u->check >= CHECK_CNAPS && u->as != AS_TEXT)
		map_bad_rule(r, node, "check | as");
	if (u->cut && !r->m->setup.outward)
		map_bad_rule(r, node, "form: out");  /* what came in stays as it came */
	if (u->keyed && (u->as != AS_TEXT || u->cut))
		map_bad_rule(r, node, "keyed | as | cut");
	else if (u->cut && u->as != AS_TEXT)
		map_bad_rule(r, node, "as | cut");       /* an amount that was cut is another amount */
	if (u->year && (u->as == AS_MONEY || u->as == AS_INTEGER || u->cut))
		map_bad_rule(r, node, "year | as: yyyyMMdd");
	if (u->lengths && (u->as == AS_MONEY || u->as == AS_DATE))
		map_bad_rule(r, node, "bytes | as");
	if ((u->check == CHECK_POSITIVE || u->check == CHECK_NOT_NEGATIVE) && u->as != AS_MONEY)
		map_bad_rule(r, node, "as: yuan | fen | li");
	if (u->as == AS_MONEY && u->money.fen)
		u->money.min_decimals = u->money.max_decimals = 0;
	if (r->odd)
		r->odd->form.money = u->money;
}

/* Fills in one rule from a path or a mapping of functions. */
static void read_rule(struct map_rule_reader *r, struct conf *node)
{
	struct rule *u = r->r;
	unsigned before = r->f->count;

	u->from = u->same = -1;
	u->money = MONEY_YUAN;
	r->odd = NULL;
	r->has_source = r->has_decimals = r->has_thousands = false;
	if (node->kind == CONF_SCALAR) {
		map_use_path(r, node);
		return;
	}
	if (node->kind == CONF_LIST) {
		map_bad_rule(r, node, "PATH | {from: PATH, ...}");
		return;
	}
	r->each = conf_get(node, "each") != NULL;
	for (struct conf *c = node->first; c; c = c->next)
		map_read_function(r, c);
	if (r->each)
		map_each_compile(r, node);
	if (r->f->count == before)
		check_rule(r, node);
	u->reshapes = u->trim || u->split || u->strip || u->upper;
	u->translates = u->words || u->table;
	u->converts = u->each || u->translates || u->as != AS_TEXT || u->year || u->check || u->lengths || u->cut ||
		u->keyed;
	u->as_it_is = !u->converts && !u->when && !u->reshapes && !u->nnulls && u->same < 0 && !r->m->setup.outward;
	r->m->room += u->as == AS_MONEY ? 24 : u->as == AS_DATE ? u->dates->fmt.length + 11 : u->keyed ? 32 : 0;
	r->m->room += u->year ? 4 : 0;
	r->m->cuts += u->cut > 0;
}

static unsigned parents_of(struct span path)
{
	unsigned n = 0;

	for (size_t i = 0; i < path.n; i++)
		n += path.p[i] == '.';
	return n;
}

/* How many leading objects two paths have in common. */
static unsigned shared_parents(struct span a, struct span b)
{
	unsigned n = 0;

	for (size_t i = 0; i < a.n && i < b.n && a.p[i] == b.p[i]; i++)
		n += a.p[i] == '.';
	return n;
}

/* Behind the last one that shares the most objects with it; else at the end. */
static unsigned place_of(const struct rule *const *order, unsigned n, struct span path)
{
	unsigned at = n, best = 1;

	for (unsigned k = 0; k < n; k++) {
		unsigned s = shared_parents(order[k]->name, path);

		if (s >= best)
			best = s, at = k + 1;
	}
	return at;
}

static void make_member(struct map *m, struct member *x, const struct rule *u, const struct member *before)
{
	unsigned *level = arena_new(&m->arena, (parents_of(u->name) + 1) * sizeof *level);
	struct buf b = BUF_INIT;
	struct span rest = u->name;

	*x = (struct member){.slot = u->out, .list = u->each, .parents = parents_of(u->name), .level = level};
	for (unsigned i = 0; i <= x->parents; i++) {
		size_t n = i < x->parents ? (size_t)((const char *)memchr(rest.p, '.', rest.n) - rest.p) : rest.n;

		level[i] = (unsigned)b.n;
		buf_printf(&b, i < x->parents ? "\"%.*s\":{" : u->each ? "\"%.*s\":" : "\"%.*s\":\"", (int)n, rest.p);
		rest = i < x->parents ? (struct span){rest.p + n + 1, rest.n - n - 1} : SPAN_NONE;
	}
	buf_reserve(&b, MEMBER_STEP);
	memset(b.p + b.n, 0, MEMBER_STEP);
	x->opening = (struct span){arena_span(&m->arena, (struct span){b.p, b.n + MEMBER_STEP}).p, b.n};
	buf_done(&b);
	x->shared = before ? shared_parents(before->path, u->name) : 0;
	x->path = u->name;
}

/* Fields of one object stand together, in the order of their first appearance, however the form lists them. */
static void gather_objects(struct map *m)
{
	const struct rule **order = mem_grow(NULL, m->n, sizeof *order);
	size_t longest = 0, deepest = 0;

	for (unsigned i = 0; i < m->n; i++) {
		unsigned at = place_of(order, i, m->rules[i].name);

		memmove(order + at + 1, order + at, (i - at) * sizeof *order);
		order[at] = &m->rules[i];
	}
	m->members = arena_new(&m->arena, (m->n + 1) * sizeof *m->members);
	for (unsigned i = 0; i < m->n; i++) {
		struct member *x = &m->members[i];

		make_member(m, x, order[i], i ? x - 1 : NULL);
		longest = x->opening.n > longest ? x->opening.n : longest;
		deepest = x->parents > deepest ? x->parents : deepest;
	}
	m->frame = longest + deepest + MEMBER_STEP + 4;
	free(order);
}

/* What was just written by its form needs no second look, when the schema asks for nothing else. */
static bool holds_by_form(const struct rule *u, const struct schema_field *x)
{
	bool nothing_else = !x->pattern && !x->choices && !x->max_bytes[CHARSET_UTF8] && !x->max_bytes[CHARSET_GBK] &&
		!x->max_bytes[CHARSET_GB18030];
	uint32_t shortest = 4, longest = 21;         /* 0.00, -92233720368547758.07 */

	if (u->as == AS_DATE)
		shortest = longest = x->format == SCHEMA_MONTH ? 7 : 10;
	if (u->as == AS_DATE ? x->format != SCHEMA_MONTH && x->format != SCHEMA_DATE
		: u->as != AS_MONEY || x->format != SCHEMA_MONEY)
		return false;
	return nothing_else && x->min_length <= shortest && (!x->max_length || x->max_length >= longest);
}

static bool knows_day(const struct rule *u)
{
	for (unsigned i = 0; i < u->ndates; i++)
		if (u->dates[i].fmt.day < 0)
			return false;
	return true;
}

/* All that a list of words can give is known before any record. */
static void check_words(struct map_rule_reader *r, const struct conf *node, const struct schema_field *x)
{
	const struct rule *u = r->r;
	struct err e;

	for (unsigned i = 0; u->words && !u->cut && !u->keyed && i < u->words->n; i++)
		if (u->words->to[i].n && schema_check(x, u->words->to[i], &e) != 0)
			conf_report(r->f, node, e.id, "%s", e.args);
}

/* What the schema says of the result: found out here, as far as it can be. */
static void bind_schema(struct map_rule_reader *r, const struct conf *node, const struct schema_field *x)
{
	struct rule *u = r->r;
	struct err e;

	u->field = u->checked = x;
	u->required = u->required || x->required;
	if (x->format == SCHEMA_MONEY && u->as != AS_MONEY)
		map_bad_rule(r, node, "as: yuan | fen | li");
	else if (x->format == SCHEMA_DATE && u->as == AS_DATE && !knows_day(u))
		map_bad_rule(r, node, "as: yyyyMMdd");
	else if (u->year && x->format != SCHEMA_TEXT)
		map_bad_rule(r, node, "year | as: yyyyMMdd");
	else if (holds_by_form(u, x))
		u->checked = NULL;
	check_words(r, node, x);
	if (!u->value.text.n || u->converts || u->reshapes || u->nnulls)
		return;
	u->checked = NULL;
	if (schema_check(x, u->value.text, &e) != 0)
		conf_report(r->f, node, e.id, "%s", e.args);
}

static void unknown_field(struct map_rule_reader *r, struct conf *node)
{
	const struct map_setup *s = &r->m->setup;
	const char *near = s->list ? schema_item_nearest(s->list, node->key) : schema_nearest(s->schema, node->key);

	conf_report_key(r->f, node, E_MAP_FIELD, "field=%.*s\nnear=%s\ntype=%s", SPAN_F(utf8_cut(node->key, 60)),
		near ? near : "-", s->list ? s->list->path.p : schema_type(s->schema));
}

static void bind_list(struct map_rule_reader *r, struct conf *node, const struct schema_list *list)
{
	if (list)
		r->r->required = r->r->required || list->required;
	if (list && !r->r->each)
		map_bad_rule(r, node, "each: PATH, columns: [NAME, ...], most: N, map: {FIELD: ...}");
	if (!list)
		unknown_field(r, node);
}

static void bind_field(struct map_rule_reader *r, struct conf *node)
{
	const struct map_setup *s = &r->m->setup;
	struct rule *u = r->r;
	const struct schema_field *x;
	struct buf name = BUF_INIT;

	u->name = arena_span(&r->m->arena, node->key);
	x = s->list ? schema_item_field(s->list, u->name) : schema_field(s->schema, u->name);
	if (u->each || !x)
		bind_list(r, node, s->list ? NULL : schema_list(s->schema, u->name));
	else
		bind_schema(r, node, x);
	buf_printf(&name, "data.%s%s%.*s", s->list ? s->list->path.p : "", s->list ? "[]." : "", SPAN_F(u->name));
	u->out = names_add(s->names, buf_as_span(&name));
	buf_done(&name);
}

/* What is published is written as events are: 1234.50, 2026-12-01. */
static void bind_published(struct map_rule_reader *r, struct conf *node)
{
	const struct map_setup *s = &r->m->setup;
	struct rule *u = r->r;
	const struct schema_field *x = schema_field(s->published, u->name);
	const char *near = x ? NULL : schema_nearest(s->published, u->name);

	if (!x) {
		conf_report(r->f, node, E_MAP_FIELD, "field=%.*s\nnear=%s\ntype=%s", SPAN_F(utf8_cut(u->name, 60)),
			near ? near : "-", schema_type(s->published));
		return;
	}
	if (u->as == AS_DATE || (u->as == AS_MONEY && (u->odd || u->money.fen)))
		map_bad_rule(r, node, "as: yuan");
	u->field = u->checked = x;
	u->required = u->required || x->required;
}

static void bind_cell(struct map_rule_reader *r, struct conf *node, unsigned i)
{
	struct rule *u = r->r;
	struct conf *from = node;
	struct buf name = BUF_INIT;
	size_t at;

	if (node->kind == CONF_MAP) {
		from = conf_get(node, "from");
		from = from ? from : conf_get(node, "keyed");
	}
	if (!u->name.p && from && from->kind == CONF_SCALAR) {
		for (at = from->text.n; at && from->text.p[at - 1] != '.'; at--)
			;
		u->name = arena_span(&r->m->arena, (struct span){from->text.p + at, from->text.n - at});
	}
	if (!u->name.p)
		u->name = SPAN("");
	if (r->m->setup.published)
		bind_published(r, node);
	/* The place of the list in its file makes its slots' names its own. */
	buf_printf(&name, "cell.%u.%u.%u", node->line, node->column, i);
	u->out = names_add(r->m->setup.names, buf_as_span(&name));
	buf_done(&name);
}

static void check_required(struct map *m, struct conf *rules, struct findings *f)
{
	const struct map_setup *s = &m->setup;
	const struct schema *schema = s->published ? s->published : s->schema;
	unsigned n = s->list ? s->list->nfields : 0;
	const struct schema_field *fields = s->list ? s->list->fields : schema_fields(schema, &n);

	for (unsigned i = 0; i < n; i++) {
		bool mapped = false;

		for (unsigned k = 0; k < m->n && !mapped; k++)
			mapped = m->rules[k].field == &fields[i];
		if (fields[i].required && !mapped)
			conf_report_key(f, rules, E_MAP_REQUIRED, "field=%.*s\ntype=%s", SPAN_F(fields[i].path),
				schema_type(schema));
	}
	for (const struct schema_list *l = s->list ? NULL : schema_lists(schema); l; l = l->next) {
		bool mapped = false;

		for (unsigned k = 0; k < m->n && !mapped; k++)
			mapped = span_eq(m->rules[k].name, l->path);
		if (l->required && !mapped)
			conf_report_key(f, rules, E_MAP_REQUIRED, "field=%.*s\ntype=%s", SPAN_F(l->path),
				schema_type(schema));
	}
}

static void read_rules(struct map *m, struct conf *rules, struct findings *f)
{
	struct map_rule_reader r = {.m = m, .f = f};

	for (struct conf *c = rules->first; c; c = c->next) {
		m->rules = mem_grow(m->rules, m->n + 1u, sizeof *m->rules);
		r.r = &m->rules[m->n];
		memset(r.r, 0, sizeof *r.r);
		read_rule(&r, c);
		if (m->setup.shape == MAP_OBJECT)
			bind_field(&r, c);
		else
			bind_cell(&r, c, m->n);
		m->n++;
	}
	map_find_year(&r);
}

/* Every text with its length: no two trees are the same bytes. Where in the file it stands, and its comments, are no part of it. */
static void write_tree(struct buf *b, const struct conf *node)
{
	buf_printf(b, "%d %zu:%.*s %zu:%.*s(", (int)node->kind, node->key.n, SPAN_F(node->key), node->text.n,
		SPAN_F(node->text));
	for (const struct conf *c = node->first; c; c = c->next)
		write_tree(b, c);
	buf_c(b, ')');
}

static void set_layout(struct map *m, const struct buf *b)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(b->p, b->n, digest);
	hash_hex(&hex, digest, (MAP_LAYOUT - 1) / 2);
	memcpy(m->layout, buf_text(&hex), MAP_LAYOUT);
	buf_done(&hex);
}

static void find_layout(struct map *m, const struct conf *rules)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%d", m->setup.people);
	for (const struct conf *c = rules->first; c; c = c->next)
		write_tree(&b, c);
	set_layout(m, &b);
	buf_done(&b);
}

void map_masked(struct map *m)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "%s %s", m->layout, schema_type(m->setup.published));
	for (unsigned i = 0; i < m->n; i++) {
		const struct rule *u = &m->rules[i];

		buf_printf(&b, " %d,%d,%d", (int)u->mask, u->reveal, u->field ? (int)u->field->sensitivity : -1);
	}
	set_layout(m, &b);
	buf_done(&b);
}

const char *map_layout(const struct map *m)
{
	return m->layout;
}

struct map *map_compile(const struct map_setup *setup, struct conf *rules, struct findings *f)
{
	struct map *m = mem_new(sizeof *m);
	unsigned before = f->count;

	*m = (struct map){.arena = ARENA_INIT, .setup = *setup, .control = -1};
	if (conf_is(rules, setup->shape == MAP_OBJECT ? CONF_MAP : CONF_LIST, f)) {
		read_rules(m, rules, f);
		find_layout(m, rules);
		if (setup->published || setup->shape == MAP_OBJECT)
			check_required(m, rules, f);
		if (setup->shape == MAP_OBJECT)
			gather_objects(m);
	}
	for (unsigned i = 0; i < m->n; i++)
		if (m->rules[i].field && m->rules[i].field->control)
			m->control = (int)m->rules[i].out;
	for (unsigned i = 0; i < m->n; i++)
		m->sums = m->sums || (m->rules[i].each && m->rules[i].each->sum >= 0);
	if (f->count == before)
		return m;
	map_free(m);
	return NULL;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->n; i++) {
		expr_free(m->rules[i].when);
		if (m->rules[i].odd)
			expr_free(m->rules[i].odd->minus);
		if (m->rules[i].year)
			expr_free(m->rules[i].year->before);
		map_each_free(m->rules[i].each);
		free(m->rules[i].nulls);
	}
	free(m->rules);
	arena_done(&m->arena);
	free(m);
}
