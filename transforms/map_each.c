/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "jscan.h"
#include "map_rules.h"
#include "utf8.h"

enum { COLUMNS_MAX = 64, SEPARATOR_MAX = 8, PATH_MAX_BYTES = 256 };

static const char *const keys[] = {"rows", "by", "columns", "most", "sum", "map", NULL};

bool map_each_key(struct span key)
{
	for (unsigned i = 0; keys[i]; i++)
		if (span_is(key, keys[i]))
			return true;
	return false;
}

/* ---- compiling ---- */

static struct span separator(struct map_rule_reader *r, struct conf *node, const char *key)
{
	struct conf *v = conf_want(node, key, CONF_SCALAR, r->f);

	if (!v)
		return SPAN_NONE;
	if (!v->text.n || v->text.n > SEPARATOR_MAX)
		map_bad_rule(r, v, "rows: '#', by: '|'");
	return arena_span(&r->m->arena, v->text);
}

static void read_separators(struct map_rule_reader *r, struct conf *node, struct each *x)
{
	x->rows = separator(r, node, "rows");
	x->by = separator(r, node, "by");
	if (x->by.p && !x->rows.p)
		map_bad_rule(r, conf_get(node, "by"), "rows: '#', by: '|'");
	else if (x->rows.p && x->ncolumns > 1 && !x->by.p)
		map_bad_rule(r, conf_get(node, "rows"), "rows: '#', by: '|'");
	else if (x->rows.n && x->by.n && (memmem(x->rows.p, x->rows.n, x->by.p, x->by.n) ||
		memmem(x->by.p, x->by.n, x->rows.p, x->rows.n)))
		map_bad_rule(r, conf_get(node, "by"), "rows: '#', by: '|'");
}

static void read_columns(struct map_rule_reader *r, struct conf *node, struct each *x)
{
	struct conf *columns = conf_need(node, "columns", CONF_LIST, r->f);
	struct buf name = BUF_INIT;

	x->columns = arena_new(&r->m->arena, COLUMNS_MAX * sizeof *x->columns);
	x->slots = arena_new(&r->m->arena, COLUMNS_MAX * sizeof *x->slots);
	for (struct conf *c = columns ? columns->first : NULL; c; c = c->next) {
		bool twice = false;

		for (unsigned i = 0; i < x->ncolumns; i++)
			twice = twice || span_eq(x->columns[i], c->text);
		if (c->kind != CONF_SCALAR || !c->text.n || twice || x->ncolumns == COLUMNS_MAX) {
			map_bad_rule(r, c, "columns: [NAME, ...]");
			continue;
		}
		buf_clear(&name);
		buf_printf(&name, "item.%.*s", SPAN_F(c->text));
		x->columns[x->ncolumns] = arena_span(&r->m->arena, c->text);
		x->slots[x->ncolumns++] = (int)names_add(r->m->setup.names, buf_as_span(&name));
	}
	if (columns && !columns->first)
		map_bad_rule(r, columns, "columns: [NAME, ...]");
	buf_done(&name);
}

static bool looks_up(const struct conf *rules)
{
	for (const struct conf *c = rules->kind == CONF_MAP ? rules->first : NULL; c; c = c->next)
		if (span_is(c->key, "lookup") || looks_up(c))
			return true;
	return false;
}

/* The item's amount that is added up; only what is read as money has one. */
static int sum_slot(struct map_rule_reader *r, struct conf *node, const struct each *x)
{
	struct conf *v = conf_want(node, "sum", CONF_SCALAR, r->f);

	for (unsigned i = 0; v && x->map && i < x->map->n; i++)
		if (span_eq(x->map->rules[i].name, v->text) && x->map->rules[i].as == AS_MONEY)
			return (int)x->map->rules[i].out;
	if (v && x->map)
		map_bad_rule(r, v, "sum: FIELD (as: yuan | fen | li)");
	return -1;
}

static void read_items(struct map_rule_reader *r, struct conf *node, struct each *x)
{
	struct map_setup setup = r->m->setup;
	struct conf *rules = conf_need(node, "map", CONF_MAP, r->f);
	struct buf results = BUF_INIT;

	if (!rules)
		return;
	if (looks_up(rules))
		map_find_year(r);
	setup.list = x->schema;
	setup.year_slot = r->m->setup.year_slot;
	setup.year = NULL;
	x->map = map_compile(&setup, rules, r->f);
	buf_printf(&results, "data.%s[].", x->schema->path.p);
	names_hide(setup.names, buf_as_span(&results), true);
	buf_done(&results);
}

void map_each_compile(struct map_rule_reader *r, struct conf *node)
{
	const struct map_setup *s = &r->m->setup;
	struct each *x = arena_new(&r->m->arena, sizeof *x);

	r->r->each = x;
	x->sum = -1;
	if (s->shape != MAP_OBJECT || s->list || !s->schema) {
		map_bad_rule(r, node, "map: {FIELD: {each: PATH, ...}}");
		return;
	}
	x->list = arena_span(&r->m->arena, node->key);
	x->schema = schema_list(s->schema, node->key);
	names_hide(s->names, SPAN("item."), true);
	read_columns(r, node, x);
	read_separators(r, node, x);
	if (conf_need(node, "most", CONF_SCALAR, r->f))
		x->most = (unsigned)conf_int(node, "most", 1, x->schema ? x->schema->max_items : SCHEMA_ITEMS_MAX, 1, r->f);
	if (x->schema)
		read_items(r, node, x);
	x->sum = sum_slot(r, node, x);
	names_hide(s->names, SPAN("item."), true);
}

void map_each_free(struct each *x)
{
	if (x)
		map_free(x->map);
}

/* ---- one item ---- */

/* What went wrong in an item is told with its number and field: items[3].amount. */
static __attribute__((noinline, cold)) int item_failed(const struct each *x, unsigned number, struct err *e)
{
	const struct err below = *e;
	const char *field = err_arg(&below, "field"), *rest = strchr(below.args, '\n');
	char name[80] = "";
	size_t skip = x->list.n + strlen("[].");

	if (strncmp(below.args, "field=", 6) != 0)
		rest = below.args;
	else
		rest = rest ? rest + 1 : "";
	if (field && strlen(field) > skip && memcmp(field, x->list.p, x->list.n) == 0 && field[x->list.n] == '[')
		field += skip;
	if (field)
		snprintf(name, sizeof name, ".%s", field);
	return err_set(e, below.id, "field=%.*s[%u]%s%s%s", SPAN_F(x->list), number, name, *rest ? "\n" : "", rest);
}

struct run {
	const struct each *x;
	struct slots *s;
	int64_t sum;
	unsigned items;
};

/* The columns stand in their slots. */
static int map_item(struct run *r, struct err *e)
{
	const struct each *x = r->x;

	if (map_run(x->map, r->s, e) != 0)
		return -1;
	if (x->sum >= 0 && r->s->v[x->sum].is_money && money_add(&r->sum, r->s->v[x->sum].fen, e) != 0)
		return -1;
	buf_c(&r->s->list, r->items > 1 ? ',' : '[');
	map_write(x->map, r->s, &r->s->list);
	return 0;
}

static int one_more(struct run *r, struct err *e)
{
	if (r->items++ < r->x->most)
		return 0;
	return err_set(e, E_MAP_ITEMS, "field=%.*s\nwant=%u\ngot=> %u", SPAN_F(r->x->list), r->x->most, r->x->most);
}

/* ---- mini format ---- */

/* What stands before the next separator; *rest is what stands behind it, absent at the end. */
static struct span take_part(struct span *rest, struct span separator)
{
	const struct span t = *rest;
	const char *at = separator.n ? memmem(t.p, t.n, separator.p, separator.n) : NULL;

	if (!at) {
		*rest = SPAN_NONE;
		return t;
	}
	*rest = (struct span){at + separator.n, t.n - (size_t)(at - t.p) - separator.n};
	return (struct span){t.p, (size_t)(at - t.p)};
}

static int cut_item(struct run *r, struct span item, struct err *e)
{
	const struct each *x = r->x;
	unsigned n = 0;

	for (struct span rest = item; rest.p; n++) {
		const struct span cell = take_part(&rest, x->by);

		if (n < x->ncolumns)
			r->s->v[x->slots[n]] = (struct value){.text = cell};
	}
	return n == x->ncolumns ? 0 : err_set(e, E_MAP_ITEM, "want=%u\ngot=%u", x->ncolumns, n);
}

/* A separator behind the last item is none between two. */
static int run_cut(struct run *r, struct span t, struct err *e)
{
	for (struct span rest = t; rest.p && (rest.n || !r->items);) {
		const struct span item = take_part(&rest, r->x->rows);

		if (one_more(r, e) != 0)
			return -1;
		if (cut_item(r, item, e) != 0 || map_item(r, e) != 0)
			return item_failed(r->x, r->items, e);
	}
	return 0;
}

/* ---- JSON ---- */

/* Where a look at an item is: the path of the object, and which columns it has seen. */
struct look {
	struct run *r;
	struct jscan *in;
	char path[PATH_MAX_BYTES];
	bool seen[COLUMNS_MAX];
};

static int wrong_kind(const char *path, struct err *e)
{
	return err_set(e, E_JSON_KIND, "column=%s", path);
}

/* The memory of one record holds what is unescaped; it never moves. */
static int unescaped(struct slots *s, const struct jscan_value *v, struct span *ret, struct err *e)
{
	struct buf room = {NULL, 0, 0};

	if (v->escaped)
		room = (struct buf){arena_new(&s->made, v->raw.n + 1), 0, v->raw.n + 1};
	return jscan_unescape(v, &room, ret, e);
}

static int take_text(struct look *l, unsigned column, struct err *e)
{
	struct value *to = &l->r->s->v[l->r->x->slots[column]];
	struct jscan_value v;

	if (l->seen[column])
		return err_set(e, E_JSON_DUPLICATE, "key=%s", l->path);
	l->seen[column] = true;
	if (jscan_value(l->in, &v, e) != 0)
		return -1;
	if (v.type == JSCAN_OBJECT || v.type == JSCAN_ARRAY)
		return wrong_kind(l->path, e);
	if (v.type == JSCAN_NULL)
		return 0;
	to->text = v.raw;
	return v.type == JSCAN_STRING ? unescaped(l->r->s, &v, &to->text, e) : 0;
}

/* Number of the column of that path; -1: none; -2: columns stand below. */
static int column_at(const struct each *x, struct span path)
{
	int ret = -1;

	for (unsigned i = 0; i < x->ncolumns; i++) {
		if (span_eq(x->columns[i], path))
			return (int)i;
		if (span_starts(x->columns[i], path) && x->columns[i].p[path.n] == '.')
			ret = -2;
	}
	return ret;
}

static int walk(struct look *l, size_t prefix, struct err *e);

static int take_member(struct look *l, size_t prefix, struct span raw, struct err *e)
{
	const struct jscan_value key = {JSCAN_STRING, raw, memchr(raw.n ? raw.p : "", '\\', raw.n) != NULL};
	struct span name;
	size_t n;
	int column;

	if (unescaped(l->r->s, &key, &name, e) != 0)
		return -1;
	n = prefix + name.n;
	if (n + 2 > sizeof l->path)
		return jscan_skip(l->in, e);
	memcpy(l->path + prefix, name.p, name.n);
	l->path[n] = 0;
	column = column_at(l->r->x, (struct span){l->path, n});
	if (column >= 0)
		return take_text(l, (unsigned)column, e);
	if (column == -1 || jscan_peek(l->in) == JSCAN_NULL)
		return jscan_skip(l->in, e);
	if (jscan_peek(l->in) != JSCAN_OBJECT)
		return wrong_kind(l->path, e);
	l->path[n] = '.';
	return walk(l, n + 1, e);
}

static int walk(struct look *l, size_t prefix, struct err *e)
{
	struct span key;
	int more;

	if (jscan_enter_object(l->in, e) != 0)
		return -1;
	while ((more = jscan_next_key(l->in, &key, e)) == 1)
		if (take_member(l, prefix, key, e) != 0)
			return -1;
	return more;
}

static int look_at(struct run *r, struct jscan *in, struct err *e)
{
	struct look l = {.r = r, .in = in};

	for (unsigned i = 0; i < r->x->ncolumns; i++)
		r->s->v[r->x->slots[i]] = (struct value){0};
	if (jscan_peek(in) != JSCAN_OBJECT)
		return wrong_kind("{ }", e);
	return walk(&l, 0, e) != 0 ? -1 : map_item(r, e);
}

static int run_json(struct run *r, struct span t, struct err *e)
{
	struct jscan in;
	int more;

	jscan_init(&in, t);
	if (jscan_peek(&in) != JSCAN_ARRAY)
		return err_set(e, E_JSON_KIND, "field=%.*s\ncolumn=[ ]", SPAN_F(r->x->list));
	if (jscan_enter_array(&in, e) != 0)
		return -1;
	while ((more = jscan_next_item(&in, e)) == 1) {
		if (one_more(r, e) != 0)
			return -1;
		if (look_at(r, &in, e) != 0)
			return item_failed(r->x, r->items, e);
	}
	return more ? -1 : jscan_finish(&in, e);
}

/* ---- a record ---- */

int map_each_run(const struct each *x, struct slots *s, struct span t, struct value *ret, struct err *e)
{
	struct run r = {.x = x, .s = s};

	buf_clear(&s->list);
	if ((x->rows.p ? run_cut(&r, t, e) : run_json(&r, t, e)) != 0)
		return -1;
	if (!r.items) {
		*ret = (struct value){0};
		return 0;
	}
	if (r.items < x->schema->min_items)
		return err_set(e, E_MAP_ITEMS, "field=%.*s\nwant=>= %u\ngot=%u", SPAN_F(x->list), x->schema->min_items,
			r.items);
	buf_c(&s->list, ']');
	*ret = (struct value){.text = arena_span(&s->made, buf_as_span(&s->list)), .fen = r.sum};
	return 0;
}

int map_each_sums(const struct map *m, struct slots *s, struct err *e)
{
	const struct value *want = m->control >= 0 ? &s->v[m->control] : NULL;
	char wanted[24] = "-", got[24];

	for (unsigned i = 0; i < m->n; i++) {
		const struct rule *u = &m->rules[i];
		const struct value *v = &s->v[u->out];

		if (!u->each || u->each->sum < 0 || !v->text.p || (want && want->is_money && want->fen == v->fen))
			continue;
		if (want && want->is_money)
			money_text(want->fen, wanted);
		return err_set(e, E_MAP_SUM, "field=%.*s\nwant=%s\ngot=%s", SPAN_F(u->name), wanted, money_text(v->fen, got));
	}
	return 0;
}
