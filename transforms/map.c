/* SPDX-License-Identifier: Apache-2.0 */
#include "map.h"

#include <stdlib.h>

#include "datefmt.h"
#include "jscan.h"
#include "jscan.h"
#include "money.h"

enum as { AS_TEXT, AS_MONEY, AS_DATE, AS_INTEGER };
static const char *const check_names[] = {"", "positive", "not_negative", "account", "digits"};
enum check { CHECK_NONE, CHECK_POSITIVE, CHECK_NOT_NEGATIVE, CHECK_ACCOUNT, CHECK_DIGITS };

/* One compiled rule: what is done with one text, in the order of the members. */
struct rule {
	unsigned out;                /* slot of the result */
	int from;                    /* slot, or -1: value */
	struct span value;
	struct expr *when;
	bool trim, keyed;
	struct span *nulls;
	unsigned nnulls;
	const struct code_table *table;
	enum as as;
	struct money_form money;
	struct datefmt date;
	enum check check;
	size_t cut;                  /* bytes; 0: none */
	const struct schema_field *field;
	bool required;
	struct span name;            /* path of the field, or name of the column */
	unsigned parents, shared;    /* objects around it, and how many of them the rule before has too */
};

struct map {
	struct arena arena;
	struct map_setup setup;
	struct rule *rules;
	unsigned n;
	int control;
};

struct map_rule_reader {
	struct map *m;
	struct rule *r;
	struct findings *f;
	struct conf *node;
	bool has_decimals;
};

static void bad_rule(struct map_rule_reader *r, const struct conf *at, const char *what)
{
	conf_report(r->f, at, E_MAP_RULE, "what=%s\nrule=%.*s", what, SPAN_F(at->text));
}

static bool scalar(struct map_rule_reader *r, struct conf *v)
{
	if (v->kind == CONF_SCALAR)
		return true;
	conf_report(r->f, v, E_MAP_RULE, "what=a text is expected here\nrule=%.*s", SPAN_F(v->key));
	return false;
}

static void use_path(struct map_rule_reader *r, struct conf *v)
{
	const char *near;

	if (!scalar(r, v))
		return;
	if (r->r->from >= 0 || r->r->value.p)
		bad_rule(r, v, "from, value and keyed exclude each other");
	r->r->from = names_use(r->m->setup.names, v->text);
	if (r->r->from >= 0)
		return;
	near = names_nearest(r->m->setup.names, v->text);
	conf_report(r->f, v, E_MAP_PATH, "path=%.*s\nnear=%s", SPAN_F(v->text), near ? near : "-");
}

static void read_value(struct map_rule_reader *r, struct conf *v)
{
	if (!scalar(r, v))
		return;
	if (r->r->from >= 0)
		bad_rule(r, v, "from, value and keyed exclude each other");
	r->r->value = arena_span(&r->m->arena, v->text);
}

static void read_keyed(struct map_rule_reader *r, struct conf *v)
{
	use_path(r, v);
	r->r->keyed = true;
	if (!r->m->setup.key)
		conf_report(r->f, v, E_MAP_NO_KEY, "path=%.*s", SPAN_F(v->text));
}

static void read_trim(struct map_rule_reader *r, struct conf *v)
{
	r->r->trim = true;
	if (!span_is(v->text, "blanks"))
		bad_rule(r, v, "trim takes: blanks");
}

static void read_null(struct map_rule_reader *r, struct conf *v)
{
	if (v->kind != CONF_LIST) {
		bad_rule(r, v, "null takes a list of texts");
		return;
	}
	for (struct conf *c = v->first; c; c = c->next) {
		r->r->nulls = mem_grow(r->r->nulls, r->r->nnulls + 1u, sizeof *r->r->nulls);
		r->r->nulls[r->r->nnulls++] = arena_span(&r->m->arena, c->text);
	}
}

static void read_lookup(struct map_rule_reader *r, struct conf *v)
{
	if (scalar(r, v))
		r->r->table = codes_table(r->m->setup.codes, v->text, v, r->f);
}

static void read_as(struct map_rule_reader *r, struct conf *v)
{
	struct rule *u = r->r;

	if (!scalar(r, v))
		return;
	if (span_is(v->text, "yuan")) {
		u->as = AS_MONEY;
	} else if (span_is(v->text, "fen")) {
		u->as = AS_MONEY;
		u->money = (struct money_form){0, 0, true, false};
	} else if (span_is(v->text, "integer")) {
		u->as = AS_INTEGER;
	} else if (datefmt_compile(v->text, &u->date) == 0) {
		u->as = AS_DATE;
	} else {
		bad_rule(r, v, "as takes: yuan, fen, integer, or a date such as yyyyMMdd");
	}
}

static void read_decimals(struct map_rule_reader *r, struct conf *v)
{
	struct span t = v->text;
	char first = t.n ? t.p[0] : 0, last = t.n ? t.p[t.n - 1] : 0;
	bool range = t.n == 4 && t.p[1] == '.' && t.p[2] == '.';

	r->has_decimals = true;
	if (first < '0' || first > '2' || last < first || last > '2' || !(t.n == 1 || range)) {
		bad_rule(r, v, "decimals takes N or N..M within 0..2");
		return;
	}
	r->r->money.min_decimals = (uint8_t)(first - '0');
	r->r->money.max_decimals = (uint8_t)(last - '0');
}

static void read_thousands(struct map_rule_reader *r, struct conf *v)
{
	if (span_is(v->text, "yes"))
		r->r->money.thousands = true;
	else
		bad_rule(r, v, "thousands takes: yes");
}

static void read_check(struct map_rule_reader *r, struct conf *v)
{
	for (unsigned i = 1; i < sizeof check_names / sizeof *check_names; i++)
		if (span_is(v->text, check_names[i])) {
			r->r->check = (enum check)i;
			return;
		}
	bad_rule(r, v, "check takes: positive, not_negative, account, digits");
}

static void read_cut(struct map_rule_reader *r, struct conf *v)
{
	char *end = NULL;
	unsigned long n = v->kind == CONF_SCALAR ? strtoul(v->text.p, &end, 10) : 0;

	if (!n || n > 4096 || strcmp(end, " bytes") != 0)
		bad_rule(r, v, "cut takes: N bytes");
	r->r->cut = n;
}

static void read_when(struct map_rule_reader *r, struct conf *v)
{
	r->r->when = expr_compile(v, r->m->setup.names, r->f);
}

static void read_name(struct map_rule_reader *r, struct conf *v)
{
	if (r->m->setup.shape == MAP_OBJECT)
		bad_rule(r, v, "name is for columns on the way out");
	else if (scalar(r, v))
		r->r->name = arena_span(&r->m->arena, v->text);
}

const struct map_function map_functions[] = {
	{"from", "PATH", "where the text comes from", "取值的来源", use_path},
	{"value", "TEXT", "a fixed text", "固定的文本", read_value},
	{"keyed", "PATH", "32 hex digits of the keyed hash of a text: for personal fields in identities",
		"带密钥散列的 32 位十六进制：个人信息进入标识时用", read_keyed},
	{"trim", "blanks", "blanks and ideographic spaces taken off both ends", "去掉两端的半角和全角空格", read_trim},
	{"null", "[TEXT, ...]", "these texts mean that there is nothing", "这些文本表示没有值", read_null},
	{"lookup", "TABLE", "the standard code, in the document's fiscal year; an unknown code is an error",
		"按单据的财政年度查代码表，查不到即为错误", read_lookup},
	{"as", "yuan | fen | integer | DATE", "how the text is written outside; DATE is a pattern like yyyyMMdd",
		"外部写法；DATE 是 yyyyMMdd 之类的格式", read_as},
	{"decimals", "N | N..M", "digits behind the point of yuan; 2 when left out", "元的小数位数，缺省为 2", read_decimals},
	{"thousands", "yes", "1,234.56 is allowed", "允许千分位逗号", read_thousands},
	{"check", "positive | not_negative | account | digits", "what must hold, else the record is dead",
		"必须成立的条件，否则该记录作死信", read_check},
	{"cut", "N bytes", "at most so many bytes in the receiver's charset, cut between characters",
		"按接收方字符集截到若干字节，不切半个汉字", read_cut},
	{"when", "CONDITION", "only when this holds, else there is nothing", "条件成立才取值，否则为空", read_when},
	{"name", "TEXT", "name of the column in a header row", "表头里的列名", read_name},
};
const unsigned map_nfunctions = sizeof map_functions / sizeof *map_functions;

static const struct map_function *function_named(struct span name)
{
	for (unsigned i = 0; i < map_nfunctions; i++)
		if (span_is(name, map_functions[i].name))
			return &map_functions[i];
	return NULL;
}

static void unknown_function(struct map_rule_reader *r, struct conf *v)
{
	const char *names[sizeof map_functions / sizeof *map_functions + 1] = {NULL};
	const char *near;

	for (unsigned i = 0; i < map_nfunctions; i++)
		names[i] = map_functions[i].name;
	near = conf_nearest(v->key, names);
	conf_report_key(r->f, v, E_CONF_UNKNOWN_KEY, "key=%.*s\nnear=%s", SPAN_F(v->key), near ? near : "-");
}

/* Fills in one rule from a path or a mapping of functions. */
static void read_rule(struct map_rule_reader *r, struct conf *node)
{
	struct rule *u = r->r;

	u->from = -1;
	u->money = MONEY_YUAN;
	r->node = node;
	r->has_decimals = false;
	if (node->kind == CONF_SCALAR) {
		use_path(r, node);
		return;
	}
	if (node->kind == CONF_LIST) {
		bad_rule(r, node, "a path or a mapping is expected");
		return;
	}
	for (struct conf *c = node->first; c; c = c->next) {
		const struct map_function *fn = function_named(c->key);

		if (fn)
			fn->read(r, c);
		else
			unknown_function(r, c);
	}
	if (u->from < 0 && !u->value.p && !r->f->count)
		bad_rule(r, node, "one of from, value, keyed is needed");
	if ((r->has_decimals || u->money.thousands) && (u->as != AS_MONEY || u->money.fen))
		bad_rule(r, node, "decimals and thousands belong to as: yuan");
	if ((u->check == CHECK_POSITIVE || u->check == CHECK_NOT_NEGATIVE) && u->as != AS_MONEY)
		bad_rule(r, node, "this check needs as: yuan or as: fen");
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

/* Fields of one object stand together, in the order of their first appearance, however the form lists them. */
static void gather_objects(struct map *m)
{
	for (unsigned i = 1; i < m->n; i++) {
		unsigned at = i, best = 0;

		for (unsigned k = 0; k < i; k++) {
			unsigned s = shared_parents(m->rules[k].name, m->rules[i].name);

			if (s && s >= best)
				best = s, at = k + 1;
		}
		if (at < i) {
			struct rule moved = m->rules[i];

			memmove(&m->rules[at + 1], &m->rules[at], (i - at) * sizeof moved);
			m->rules[at] = moved;
		}
	}
	for (unsigned i = 0; i < m->n; i++)
		m->rules[i].shared = i ? shared_parents(m->rules[i - 1].name, m->rules[i].name) : 0;
}

static void bind_field(struct map_rule_reader *r, struct conf *node)
{
	const struct map_setup *s = &r->m->setup;
	struct rule *u = r->r;
	struct buf name = BUF_INIT;
	const char *near;

	u->name = arena_span(&r->m->arena, node->key);
	u->parents = parents_of(u->name);
	u->field = schema_field(s->schema, u->name);
	if (!u->field) {
		near = schema_nearest(s->schema, u->name);
		conf_report_key(r->f, node, E_MAP_FIELD, "field=%.*s\nnear=%s\ntype=%s", SPAN_F(u->name),
			near ? near : "-", schema_type(s->schema));
	} else {
		u->required = u->field->required;
		if (u->field->format == SCHEMA_MONEY && u->as != AS_MONEY)
			bad_rule(r, node, "this field is money: say as: yuan or as: fen");
	}
	buf_printf(&name, "data.%.*s", SPAN_F(u->name));
	u->out = names_add(s->names, buf_as_span(&name));
	buf_done(&name);
}

static void bind_cell(struct map_rule_reader *r, struct conf *node, unsigned i)
{
	struct rule *u = r->r;
	struct conf *from = node->kind == CONF_MAP ? conf_get(node, "from") : node;
	struct buf name = BUF_INIT;
	size_t at;

	if (!u->name.p && from && from->kind == CONF_SCALAR) {
		for (at = from->text.n; at && from->text.p[at - 1] != '.'; at--)
			;
		u->name = arena_span(&r->m->arena, (struct span){from->text.p + at, from->text.n - at});
	}
	if (!u->name.p)
		u->name = SPAN("");
	/* The place of the list in its file makes its slots' names its own. */
	buf_printf(&name, "cell.%u.%u.%u", node->line, node->column, i);
	u->out = names_add(r->m->setup.names, buf_as_span(&name));
	buf_done(&name);
}

static void check_required(struct map *m, struct conf *rules, struct findings *f)
{
	unsigned n;
	const struct schema_field *fields = schema_fields(m->setup.schema, &n);

	for (unsigned i = 0; i < n; i++) {
		bool mapped = false;

		for (unsigned k = 0; k < m->n && !mapped; k++)
			mapped = m->rules[k].field == &fields[i];
		if (fields[i].required && !mapped)
			conf_report_key(f, rules, E_MAP_REQUIRED, "field=%.*s\ntype=%s", SPAN_F(fields[i].path),
				schema_type(m->setup.schema));
	}
}

struct map *map_compile(const struct map_setup *setup, struct conf *rules, struct findings *f)
{
	struct map *m = mem_new(sizeof *m);
	unsigned before = f->count;
	struct map_rule_reader r = {.m = m, .f = f};

	*m = (struct map){.arena = ARENA_INIT, .setup = *setup, .control = -1};
	if (rules->kind != (setup->shape == MAP_OBJECT ? CONF_MAP : CONF_LIST))
		conf_report(f, rules, E_CONF_TYPE, "key=%.*s\nwant=%s", SPAN_F(rules->key),
			setup->shape == MAP_OBJECT ? "mapping" : "list");
	else
		for (struct conf *c = rules->first; c; c = c->next) {
			m->rules = mem_grow(m->rules, m->n + 1u, sizeof *m->rules);
			r.r = &m->rules[m->n];
			memset(r.r, 0, sizeof *r.r);
			read_rule(&r, c);
			if (setup->shape == MAP_OBJECT)
				bind_field(&r, c);
			else
				bind_cell(&r, c, m->n);
			m->n++;
		}
	if (setup->shape == MAP_OBJECT && rules->kind == CONF_MAP) {
		check_required(m, rules, f);
		gather_objects(m);
		m->control = -1;
		for (unsigned i = 0; i < m->n; i++)
			if (m->rules[i].field && m->rules[i].field->control)
				m->control = (int)m->rules[i].out;
	}
	if (f->count != before) {
		map_free(m);
		return NULL;
	}
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->n; i++) {
		expr_free(m->rules[i].when);
		free(m->rules[i].nulls);
	}
	free(m->rules);
	arena_done(&m->arena);
	free(m);
}

/* ---- running ---- */

static struct span trim_blanks(struct span s)
{
	static const struct span wide = {"\xe3\x80\x80", 3};  /* U+3000 */

	for (;;) {
		struct span t = span_trim(s);

		if (span_starts(t, wide))
			t.p += 3, t.n -= 3;
		if (span_ends(t, wide))
			t.n -= 3;
		if (t.n == s.n)
			return t;
		s = t;
	}
}

static bool is_null(const struct rule *u, struct span t)
{
	for (unsigned i = 0; i < u->nnulls; i++)
		if (span_eq(t, u->nulls[i]))
			return true;
	return t.n == 0;
}

static int fiscal_year(const struct map *m, const struct slots *s)
{
	struct span t = m->setup.year_slot >= 0 ? s->v[m->setup.year_slot].text : SPAN_NONE;
	int year = 0;

	for (unsigned i = 0; i < 4 && t.n >= 4; i++)
		year = year * 10 + (t.p[i] - '0');
	return year;
}

static bool all_digits(struct span t)
{
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
	return true;
}

/* Accounts are written in digits, capitals and hyphens; 5 to 32 of them. */
static bool account_ok(struct span t)
{
	for (size_t i = 0; i < t.n; i++)
		if (!((t.p[i] >= '0' && t.p[i] <= '9') || (t.p[i] >= 'A' && t.p[i] <= 'Z') || t.p[i] == '-'))
			return false;
	return t.n >= 5 && t.n <= 32;
}

static bool check_ok(const struct rule *u, const struct value *v)
{
	switch (u->check) {
	case CHECK_POSITIVE:
		return v->fen > 0;
	case CHECK_NOT_NEGATIVE:
		return v->fen >= 0;
	case CHECK_ACCOUNT:
		return account_ok(v->text);
	case CHECK_DIGITS:
		return all_digits(v->text);
	default:
		return true;
	}
}

/* Everything converted ends in s->text, which does not move while a record is worked on. */
static struct span keep(struct slots *s, size_t from)
{
	return (struct span){s->text.p + from, s->text.n - from};
}

static int convert_money(const struct map *m, const struct rule *u, struct slots *s, struct value *v, struct err *e)
{
	struct money_form inside = MONEY_YUAN;
	size_t at = s->text.n;

	if (money_read(v->text, m->setup.outward ? &inside : &u->money, &v->fen, e) != 0)
		return -1;
	v->is_money = true;
	money_write(&s->text, v->fen, m->setup.outward && u->money.fen);
	v->text = keep(s, at);
	return 0;
}

static int convert_date(const struct map *m, const struct rule *u, struct slots *s, struct value *v, struct err *e)
{
	size_t at = s->text.n;
	char iso[11];
	int bad;

	if (m->setup.outward) {
		bad = datefmt_write(&u->date, v->text, &s->text);
	} else {
		bad = datefmt_read(&u->date, v->text, iso);
		if (!bad)
			buf_str(&s->text, iso);
	}
	if (bad)
		return err_set(e, E_MAP_DATE, "text=%.*s\nwant=%s", SPAN_F(v->text), u->date.pattern);
	v->text = keep(s, at);
	return 0;
}

static int convert(const struct map *m, const struct rule *u, struct slots *s, struct value *v, struct err *e)
{
	size_t at;
	uint8_t digest[HASH_SHA256];

	if (u->table && code_lookup(u->table, fiscal_year(m, s), v->text, &v->text) != 1)
		return err_set(e, E_MAP_UNKNOWN_CODE, "code=%.*s\ntable=%s", SPAN_F(v->text), code_table_name(u->table));
	if (u->as == AS_MONEY && convert_money(m, u, s, v, e) != 0)
		return -1;
	if (u->as == AS_DATE && convert_date(m, u, s, v, e) != 0)
		return -1;
	if (u->as == AS_INTEGER && (!all_digits(v->text) || v->text.n > 18))
		return err_set(e, E_MAP_CHECK, "check=integer");
	if (!check_ok(u, v))
		return err_set(e, E_MAP_CHECK, "check=%s", check_names[u->check]);
	if (u->cut)
		v->text = charset_cut(m->setup.charset, v->text, u->cut);
	if (u->keyed) {
		hash_keyed(m->setup.key, v->text.p, v->text.n, digest);
		at = s->text.n;
		hash_hex(&s->text, digest, 16);
		v->text = keep(s, at);
	}
	return 0;
}

static int run_rule(const struct map *m, const struct rule *u, struct slots *s, struct err *e)
{
	struct value v = u->from >= 0 ? s->v[u->from] : (struct value){.text = u->value};

	if (u->when && !expr_true(u->when, s->v))
		v = (struct value){0};
	if (u->trim)
		v.text = trim_blanks(v.text);
	if (is_null(u, v.text)) {
		s->v[u->out] = (struct value){0};
		return u->required ? err_set(e, E_MAP_MISSING, "%s", "") : 0;
	}
	if (convert(m, u, s, &v, e) != 0)
		return -1;
	if (u->field && schema_check(u->field, v.text, e) != 0)
		return -1;
	if (m->setup.outward && m->setup.charset != CHARSET_UTF8 && !charset_ascii(v.text) &&
		charset_bytes(m->setup.charset, v.text) == SIZE_MAX)
		return err_set(e, E_TEXT_NO_SUCH_CHARACTER, "char=%.*s\ncharset=%s", SPAN_F(v.text),
			charset_name(m->setup.charset));
	if (m->setup.people && !v.is_money && strchr("=+-@\t\r", v.text.p[0])) {
		size_t at = s->text.n;

		buf_c(&s->text, '\'');
		buf_span(&s->text, v.text);
		v.text = keep(s, at);
	}
	s->v[u->out] = v;
	return 0;
}

/* Puts the field's name into the arguments of an error from below, unless it has one. */
static int name_field(struct err *e, const struct rule *u)
{
	size_t n = strlen(e->args);

	if (!err_arg(e, "field"))
		snprintf(e->args + n, sizeof e->args - n, "%sfield=%.*s", n ? "\n" : "", SPAN_F(u->name));
	return -1;
}

int map_run(const struct map *m, struct slots *s, struct err *e)
{
	for (unsigned i = 0; i < m->n; i++)
		if (run_rule(m, &m->rules[i], s, e) != 0)
			return name_field(e, &m->rules[i]);
	return 0;
}

int map_run_amount(const struct map *m, struct slots *s, int64_t *ret_fen, struct span *ret_currency, struct err *e)
{
	struct span currency = SPAN_NONE;
	bool found = false;
	int64_t fen = 0;

	for (unsigned i = 0; i < m->n; i++) {
		const struct rule *u = &m->rules[i];
		bool amount = (int)u->out == m->control;

		if (!amount && !span_is(u->name, "currency"))
			continue;
		if (run_rule(m, u, s, e) != 0)
			return name_field(e, u);
		if (!amount)
			currency = s->v[u->out].text;
		else if (s->v[u->out].is_money)
			found = true, fen = s->v[u->out].fen;
	}
	if (!found)
		return err_set(e, E_MAP_MISSING, "field=amount");
	*ret_fen = fen;
	*ret_currency = currency;
	return 0;
}

/* ---- writing ---- */

/* Opens the objects of rule u below level `from`, then writes its key. */
static void write_key(const struct rule *u, unsigned from, struct buf *b)
{
	const char *p = u->name.p, *end = p + u->name.n, *dot;

	for (unsigned level = 0; level <= u->parents; level++, p = dot + 1) {
		dot = level < u->parents ? memchr(p, '.', (size_t)(end - p)) : end;
		if (level < from)
			continue;
		buf_c(b, '"');
		buf_add(b, p, (size_t)(dot - p));
		buf_add(b, "\":{", level < u->parents ? 3 : 2);
	}
}

static void write_object(const struct map *m, const struct slots *s, struct buf *b)
{
	unsigned open = 0, common = 0;
	bool any = false;

	buf_c(b, '{');
	for (unsigned i = 0; i < m->n; i++) {
		const struct rule *u = &m->rules[i];

		if (u->shared < common)
			common = u->shared;
		if (!s->v[u->out].text.p)
			continue;
		for (; open > common; open--)
			buf_c(b, '}');
		if (any)
			buf_c(b, ',');
		write_key(u, common, b);
		json_quote(b, s->v[u->out].text);
		any = true;
		open = common = u->parents;
	}
	for (; open; open--)
		buf_c(b, '}');
	buf_c(b, '}');
}

void map_write(const struct map *m, const struct slots *s, struct buf *b)
{
	if (m->setup.shape == MAP_OBJECT) {
		write_object(m, s, b);
		return;
	}
	buf_c(b, '[');
	for (unsigned i = 0; i < m->n; i++) {
		if (i)
			buf_c(b, ',');
		json_quote(b, s->v[m->rules[i].out].text);
	}
	buf_c(b, ']');
}

unsigned map_count(const struct map *m)
{
	return m->n;
}

const struct value *map_cell(const struct map *m, const struct slots *s, unsigned i)
{
	return &s->v[m->rules[i].out];
}

struct span map_column(const struct map *m, unsigned i)
{
	return m->rules[i].name;
}

int map_control_slot(const struct map *m)
{
	return m->control;
}
