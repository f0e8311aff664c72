/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "map_rules.h"
#include "utf8.h"

const char *const map_check_names[CHECK_COUNT] = {"", "positive", "not_negative", "account", "digits",
	"cnaps", "id18", "id15or18", "uscc", "card", "division"};

#define CHECKS "positive | not_negative | account | digits | cnaps | id18 | id15or18 | uscc | card | division"

struct map_rule_reader {
	struct map *m;
	struct rule *r;
	struct findings *f;
	struct odd_amount *odd;
	bool has_source, has_decimals, has_thousands;
};

/* want is written in the words of the language, which every reader of the finding reads. */
static void bad_rule(struct map_rule_reader *r, const struct conf *at, const char *want)
{
	struct span shown = at->kind == CONF_SCALAR ? at->text : span_of(at->kind == CONF_LIST ? "[...]" : "{...}");

	shown = utf8_cut(shown, 60);
	conf_report(r->f, at, E_MAP_RULE, "want=%s\nrule=%.*s", want, SPAN_F(shown));
}

static bool scalar(struct map_rule_reader *r, struct conf *v, const char *want)
{
	if (v->kind != CONF_SCALAR)
		bad_rule(r, v, want);
	return v->kind == CONF_SCALAR;
}

/* from, value and keyed exclude each other. */
static bool first_source(struct map_rule_reader *r, struct conf *v)
{
	if (r->has_source)
		bad_rule(r, v, "from | value | keyed");
	r->has_source = true;
	return scalar(r, v, "from: PATH | value: TEXT | keyed: PATH");
}

static void use_path(struct map_rule_reader *r, struct conf *v)
{
	const char *near;

	if (!first_source(r, v))
		return;
	r->r->from = names_use(r->m->setup.names, v->text);
	if (r->r->from >= 0)
		return;
	near = names_nearest(r->m->setup.names, v->text);
	conf_report(r->f, v, E_MAP_PATH, "near=%s\npath=%.*s", near ? near : "-", SPAN_F(utf8_cut(v->text, 60)));
}

static void read_value(struct map_rule_reader *r, struct conf *v)
{
	if (first_source(r, v))
		r->r->value.text = arena_span(&r->m->arena, v->text);
}

static void read_keyed(struct map_rule_reader *r, struct conf *v)
{
	use_path(r, v);
	r->r->keyed = true;
	if (!r->m->setup.key)
		conf_report(r->f, v, E_MAP_NO_KEY, "path=%.*s", SPAN_F(utf8_cut(v->text, 60)));
}

static void read_trim(struct map_rule_reader *r, struct conf *v)
{
	r->r->trim = true;
	if (!span_is(v->text, "blanks"))
		bad_rule(r, v, "trim: blanks");
}

static void read_split(struct map_rule_reader *r, struct conf *v)
{
	r->r->split = span_is(v->text, "rest") ? SPLIT_REST : SPLIT_FIRST;
	if (!span_is(v->text, "first") && !span_is(v->text, "rest"))
		bad_rule(r, v, "split: first | rest");
}

static void read_strip(struct map_rule_reader *r, struct conf *v)
{
	r->r->strip = true;
	if (!span_is(v->text, "blanks"))
		bad_rule(r, v, "strip: blanks");
}

static void read_upper(struct map_rule_reader *r, struct conf *v)
{
	r->r->upper = true;
	if (!span_is(v->text, "yes"))
		bad_rule(r, v, "upper: yes");
}

static void read_null(struct map_rule_reader *r, struct conf *v)
{
	if (v->kind != CONF_LIST) {
		bad_rule(r, v, "null: [TEXT, ...]");
		return;
	}
	for (struct conf *c = v->first; c; c = c->next) {
		if (!scalar(r, c, "null: [TEXT, ...]"))
			continue;
		r->r->nulls = mem_grow(r->r->nulls, r->r->nnulls + 1u, sizeof *r->r->nulls);
		r->r->nulls[r->r->nnulls++] = arena_span(&r->m->arena, c->text);
	}
}

static void read_words(struct map_rule_reader *r, struct conf *v)
{
	struct arena *a = &r->m->arena;
	struct words *words = arena_new(a, sizeof *words);
	unsigned n = 0;

	if (v->kind != CONF_MAP || !v->first) {
		bad_rule(r, v, "words: {TEXT: TEXT, ...}");
		return;
	}
	for (const struct conf *c = v->first; c; c = c->next)
		n++;
	words->from = arena_new(a, n * sizeof *words->from);
	words->to = arena_new(a, n * sizeof *words->to);
	for (struct conf *c = v->first; c; c = c->next) {
		if (!scalar(r, c, "words: {TEXT: TEXT, ...}"))
			continue;
		words->from[words->n] = arena_span(a, c->key);
		words->to[words->n++] = arena_span(a, c->text);
	}
	r->r->words = words;
}

static void read_lookup(struct map_rule_reader *r, struct conf *v)
{
	if (scalar(r, v, "lookup: TABLE"))
		r->r->table = codes_table(r->m->setup.codes, v->text, v, r->f);
}

static struct odd_amount *odd_amount(struct map_rule_reader *r)
{
	if (!r->odd)
		r->odd = arena_new(&r->m->arena, sizeof *r->odd);
	r->r->odd = r->odd;
	return r->odd;
}

/* yyyyMMdd, or yyyyMMdd* for one behind which a time of day may stand. */
static bool read_date(struct rule *u, struct span pattern)
{
	u->timed = span_ends(pattern, SPAN("*"));
	u->as = AS_DATE;
	return datefmt_compile((struct span){pattern.p, pattern.n - u->timed}, &u->date) == 0;
}

static void read_as(struct map_rule_reader *r, struct conf *v)
{
	struct rule *u = r->r;

	if (span_is(v->text, "yuan")) {
		u->as = AS_MONEY;
	} else if (span_is(v->text, "fen")) {
		u->as = AS_MONEY;
		u->money.fen = true;
	} else if (span_is(v->text, "li")) {
		u->as = AS_MONEY;
		u->money.fen = odd_amount(r)->form.li = true;
	} else if (span_is(v->text, "integer")) {
		u->as = AS_INTEGER;
	} else if (!read_date(u, v->text)) {
		bad_rule(r, v, "as: yuan | fen | li | integer | yyyyMMdd");
	} else if (u->timed && r->m->setup.outward) {
		bad_rule(r, v, "form: in");
	}
}

static void read_decimals(struct map_rule_reader *r, struct conf *v)
{
	struct span t = v->text;
	char first = t.n ? t.p[0] : 0, last = t.n ? t.p[t.n - 1] : 0;
	bool range = t.n == 4 && t.p[1] == '.' && t.p[2] == '.';

	r->has_decimals = true;
	if (first < '0' || first > '2' || last < first || last > '2' || !(t.n == 1 || range)) {
		bad_rule(r, v, "decimals: 0 | 1 | 2 | 0..2");
		return;
	}
	r->r->money.min_decimals = (uint8_t)(first - '0');
	r->r->money.max_decimals = (uint8_t)(last - '0');
}

static void read_thousands(struct map_rule_reader *r, struct conf *v)
{
	r->has_thousands = r->r->money.thousands = true;
	if (!span_is(v->text, "yes"))
		bad_rule(r, v, "thousands: yes");
}

static void read_sign(struct map_rule_reader *r, struct conf *v)
{
	if (span_is(v->text, "trailing"))
		odd_amount(r)->form.sign = AMOUNT_TRAILING;
	else if (span_is(v->text, "brackets"))
		odd_amount(r)->form.sign = AMOUNT_BRACKETS;
	else
		bad_rule(r, v, "sign: trailing | brackets");
}

static void read_symbol(struct map_rule_reader *r, struct conf *v)
{
	if (scalar(r, v, "symbol: TEXT") && v->text.n)
		odd_amount(r)->form.symbol = arena_span(&r->m->arena, v->text);
	else if (v->kind == CONF_SCALAR)
		bad_rule(r, v, "symbol: TEXT");
}

static void read_minus(struct map_rule_reader *r, struct conf *v)
{
	odd_amount(r)->minus = expr_compile(v, r->m->setup.names, r->f);
}

static void read_check(struct map_rule_reader *r, struct conf *v)
{
	for (unsigned i = 1; i < CHECK_COUNT; i++)
		if (span_is(v->text, map_check_names[i])) {
			r->r->check = (enum check)i;
			return;
		}
	bad_rule(r, v, "check: " CHECKS);
}

static void read_cut(struct map_rule_reader *r, struct conf *v)
{
	char *end = NULL;
	bool digit = v->kind == CONF_SCALAR && v->text.n && v->text.p[0] >= '0' && v->text.p[0] <= '9';
	unsigned long n = digit ? strtoul(v->text.p, &end, 10) : 0;

	if (!n || n > 4096 || strcmp(end, " bytes") != 0)
		bad_rule(r, v, "cut: 1..4096 bytes");
	else
		r->r->cut = n;
}

static void read_when(struct map_rule_reader *r, struct conf *v)
{
	r->r->when = expr_compile(v, r->m->setup.names, r->f);
}

static void read_name(struct map_rule_reader *r, struct conf *v)
{
	if (r->m->setup.shape == MAP_OBJECT)
		bad_rule(r, v, "[{name: TEXT, ...}, ...]");
	else if (scalar(r, v, "name: TEXT"))
		r->r->name = arena_span(&r->m->arena, v->text);
}

const struct map_function map_functions[] = {
	{"from", "PATH", "where the text comes from", "取值的来源", use_path},
	{"value", "TEXT", "a fixed text", "固定的文本", read_value},
	{"keyed", "PATH", "32 hex digits of the keyed hash of a text: for personal fields in identities",
		"带密钥散列的 32 位十六进制：个人信息进入标识时用", read_keyed},
	{"when", "CONDITION", "only when this holds, else there is nothing", "条件成立才取值，否则为空", read_when},
	{"trim", "blanks", "blanks, tabs and ideographic spaces taken off both ends", "去掉两端的半角、全角空格和制表符", read_trim},
	{"split", "first | rest", "of two things in one cell: what stands before the first blank, or behind it",
		"一格两项时，取第一个空格之前（first）或之后（rest）的部分", read_split},
	{"strip", "blanks", "blanks, tabs and ideographic spaces taken out of the whole text", "去掉文本中所有的半角、全角空格和制表符",
		read_strip},
	{"upper", "yes", "small letters a to z made capitals", "小写字母改为大写", read_upper},
	{"null", "[TEXT, ...]", "these texts mean that there is nothing", "这些文本表示没有值", read_null},
	{"words", "{TEXT: TEXT, ...}", "what the source writes: what it is called here; any other text is an error",
		"来源写法与本系统写法的对照，其他文本即为错误", read_words},
	{"lookup", "TABLE | TABLE.COLUMN", "the standard code, in the document's fiscal year; an unknown code is an error",
		"按单据的财政年度查代码表，查不到即为错误", read_lookup},
	{"as", "yuan | fen | li | integer | DATE", "how the text is written outside; DATE is a pattern like yyyyMMdd",
		"外部写法；DATE 是 yyyyMMdd 之类的格式", read_as},
	{"decimals", "N | N..M", "digits behind the point of yuan, on the way in; 2 when left out",
		"输入方向：元的小数位数，缺省为 2", read_decimals},
	{"thousands", "yes", "on the way in: 1,234.56 is allowed", "输入方向：允许千分位逗号", read_thousands},
	{"sign", "trailing | brackets", "on the way in: 123.45- or (123.45) is negative, as -123.45 is",
		"输入方向：123.45- 或 (123.45) 表示负数，-123.45 照旧", read_sign},
	{"symbol", "TEXT", "on the way in: a currency symbol before or behind the digits is taken off",
		"输入方向：去掉数字前面或后面的货币符号", read_symbol},
	{"minus", "CONDITION", "on the way in: the amount is negative when this holds; one with its own minus is then an error",
		"输入方向：条件成立时金额为负；本身已带负号即为错误", read_minus},
	{"check", CHECKS, "what must hold, else the record is dead",
		"必须成立的条件，否则该记录作死信", read_check},
	{"cut", "N bytes", "at most so many bytes in the receiver's charset, cut between characters",
		"按接收方字符集截到若干字节，不切半个汉字", read_cut},
	{"name", "TEXT", "in a list: the column's name, as errors show it", "列表中该列的名称，报错时显示", read_name},
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
	conf_report_key(r->f, v, E_CONF_UNKNOWN_KEY, "key=%.*s\nnear=%s", SPAN_F(utf8_cut(v->key, 60)), near ? near : "-");
}

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
		bad_rule(r, node, "from | value | keyed");
	if (decimals && (u->as != AS_MONEY || u->money.fen))
		bad_rule(r, node, "as: yuan");
	else if (r->odd && u->as != AS_MONEY)
		bad_rule(r, node, "as: yuan | fen | li");
	else if (r->m->setup.outward && (decimals || !only_li(r->odd)))
		bad_rule(r, node, "form: in");
	if (u->words && (u->table || u->as != AS_TEXT))
		bad_rule(r, node, "words | lookup | as");
	if (u->check >= CHECK_CNAPS && u->as != AS_TEXT)
		bad_rule(r, node, "check | as");
	if (u->keyed && (u->as != AS_TEXT || u->cut))
		bad_rule(r, node, "keyed | as | cut");
	else if (u->cut && u->as != AS_TEXT)
		bad_rule(r, node, "as | cut");       /* an amount that was cut is another amount */
	if ((u->check == CHECK_POSITIVE || u->check == CHECK_NOT_NEGATIVE) && u->as != AS_MONEY)
		bad_rule(r, node, "as: yuan | fen | li");
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

	u->from = -1;
	u->money = MONEY_YUAN;
	r->odd = NULL;
	r->has_source = r->has_decimals = r->has_thousands = false;
	if (node->kind == CONF_SCALAR) {
		use_path(r, node);
		return;
	}
	if (node->kind == CONF_LIST) {
		bad_rule(r, node, "PATH | {from: PATH, ...}");
		return;
	}
	for (struct conf *c = node->first; c; c = c->next) {
		const struct map_function *fn = function_named(c->key);

		if (fn)
			fn->read(r, c);
		else
			unknown_function(r, c);
	}
	if (r->f->count == before)
		check_rule(r, node);
	u->reshapes = u->trim || u->split || u->strip || u->upper;
	u->translates = u->words || u->table;
	u->converts = u->translates || u->as != AS_TEXT || u->check || u->cut || u->keyed;
	u->as_it_is = !u->converts && !u->when && !u->reshapes && !u->nnulls && !r->m->setup.outward;
	r->m->room += u->as == AS_MONEY ? 24 : u->as == AS_DATE ? u->date.length + 11 : u->keyed ? 32 : 0;
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

	*x = (struct member){.slot = u->out, .parents = parents_of(u->name), .level = level};
	for (unsigned i = 0; i <= x->parents; i++) {
		size_t n = i < x->parents ? (size_t)((const char *)memchr(rest.p, '.', rest.n) - rest.p) : rest.n;

		level[i] = (unsigned)b.n;
		buf_printf(&b, i < x->parents ? "\"%.*s\":{" : "\"%.*s\":\"", (int)n, rest.p);
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
		shortest = longest = u->date.day < 0 ? 7 : 10;
	else if (u->as != AS_MONEY)
		return false;
	return nothing_else && x->min_length <= shortest && (!x->max_length || x->max_length >= longest) &&
		x->format == (u->as == AS_MONEY ? SCHEMA_MONEY : u->date.day < 0 ? SCHEMA_MONTH : SCHEMA_DATE);
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
	u->required = x->required;
	if (x->format == SCHEMA_MONEY && u->as != AS_MONEY)
		bad_rule(r, node, "as: yuan | fen | li");
	else if (x->format == SCHEMA_DATE && u->as == AS_DATE && u->date.day < 0)
		bad_rule(r, node, "as: yyyyMMdd");
	else if (holds_by_form(u, x))
		u->checked = NULL;
	check_words(r, node, x);
	if (!u->value.text.n || u->converts || u->reshapes || u->nnulls)
		return;
	u->checked = NULL;
	if (schema_check(x, u->value.text, &e) != 0)
		conf_report(r->f, node, e.id, "%s", e.args);
}

static void bind_field(struct map_rule_reader *r, struct conf *node)
{
	const struct map_setup *s = &r->m->setup;
	struct rule *u = r->r;
	const struct schema_field *x;
	struct buf name = BUF_INIT;
	const char *near;

	u->name = arena_span(&r->m->arena, node->key);
	x = schema_field(s->schema, u->name);
	if (x) {
		bind_schema(r, node, x);
	} else {
		near = schema_nearest(s->schema, u->name);
		conf_report_key(r->f, node, E_MAP_FIELD, "field=%.*s\nnear=%s\ntype=%s",
			SPAN_F(utf8_cut(u->name, 60)), near ? near : "-", schema_type(s->schema));
	}
	buf_printf(&name, "data.%.*s", SPAN_F(u->name));
	u->out = names_add(s->names, buf_as_span(&name));
	buf_done(&name);
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
}

struct map *map_compile(const struct map_setup *setup, struct conf *rules, struct findings *f)
{
	struct map *m = mem_new(sizeof *m);
	unsigned before = f->count;

	*m = (struct map){.arena = ARENA_INIT, .setup = *setup, .control = -1};
	if (conf_is(rules, setup->shape == MAP_OBJECT ? CONF_MAP : CONF_LIST, f)) {
		read_rules(m, rules, f);
		if (setup->shape == MAP_OBJECT) {
			check_required(m, rules, f);
			gather_objects(m);
		}
	}
	for (unsigned i = 0; i < m->n; i++)
		if (m->rules[i].field && m->rules[i].field->control)
			m->control = (int)m->rules[i].out;
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
		free(m->rules[i].nulls);
	}
	free(m->rules);
	arena_done(&m->arena);
	free(m);
}
