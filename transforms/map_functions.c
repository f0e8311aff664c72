/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "map_rules.h"
#include "utf8.h"

const char *const map_check_names[CHECK_COUNT] = {"", "positive", "not_negative", "account", "digits",
	"cnaps", "id18", "id15or18", "uscc", "card", "division"};

#define AS "as: yuan | fen | li | integer | serial | yyyyMMdd"
#define BYTES "bytes: 1..4096 | [N, ...]"
#define CHECKS "positive | not_negative | account | digits | cnaps | id18 | id15or18 | uscc | card | division"

void map_bad_rule(struct map_rule_reader *r, const struct conf *at, const char *want)
{
	struct span shown = at->kind == CONF_SCALAR ? at->text : span_of(at->kind == CONF_LIST ? "[...]" : "{...}");

	shown = utf8_cut(shown, 60);
	conf_report(r->f, at, E_MAP_RULE, "want=%s\nrule=%.*s", want, SPAN_F(shown));
}

static bool scalar(struct map_rule_reader *r, struct conf *v, const char *want)
{
	if (v->kind != CONF_SCALAR)
		map_bad_rule(r, v, want);
	return v->kind == CONF_SCALAR;
}

/* from, value and keyed exclude each other. */
static bool first_source(struct map_rule_reader *r, struct conf *v)
{
	if (r->has_source)
		map_bad_rule(r, v, "from | value | keyed | each");
	r->has_source = true;
	return scalar(r, v, "from: PATH | value: TEXT | keyed: PATH");
}

/* Slot of a path; -1 with a finding map.path. */
static int slot_of(struct map_rule_reader *r, const struct conf *v)
{
	const int slot = names_use(r->m->setup.names, v->text);
	const char *near;

	if (slot >= 0)
		return slot;
	near = names_nearest(r->m->setup.names, v->text);
	conf_report(r->f, v, E_MAP_PATH, "near=%s\npath=%.*s", near ? near : "-", SPAN_F(utf8_cut(v->text, 60)));
	return -1;
}

void map_use_path(struct map_rule_reader *r, struct conf *v)
{
	if (first_source(r, v))
		r->r->from = slot_of(r, v);
}

static void read_value(struct map_rule_reader *r, struct conf *v)
{
	if (first_source(r, v))
		r->r->value.text = arena_span(&r->m->arena, v->text);
}

static void read_keyed(struct map_rule_reader *r, struct conf *v)
{
	map_use_path(r, v);
	r->r->keyed = true;
	if (!r->m->setup.key)
		conf_report(r->f, v, E_MAP_NO_KEY, "path=%.*s", SPAN_F(utf8_cut(v->text, 60)));
}

static void read_trim(struct map_rule_reader *r, struct conf *v)
{
	r->r->trim = true;
	if (!span_is(v->text, "blanks"))
		map_bad_rule(r, v, "trim: blanks");
}

static void read_split(struct map_rule_reader *r, struct conf *v)
{
	r->r->split = span_is(v->text, "rest") ? SPLIT_REST : SPLIT_FIRST;
	if (!span_is(v->text, "first") && !span_is(v->text, "rest"))
		map_bad_rule(r, v, "split: first | rest");
}

static void read_strip(struct map_rule_reader *r, struct conf *v)
{
	r->r->strip = true;
	if (!span_is(v->text, "blanks"))
		map_bad_rule(r, v, "strip: blanks");
}

static void read_upper(struct map_rule_reader *r, struct conf *v)
{
	r->r->upper = true;
	if (!span_is(v->text, "yes"))
		map_bad_rule(r, v, "upper: yes");
}

static void read_null(struct map_rule_reader *r, struct conf *v)
{
	if (v->kind != CONF_LIST) {
		map_bad_rule(r, v, "null: [TEXT, ...]");
		return;
	}
	for (struct conf *c = v->first; c; c = c->next) {
		if (!scalar(r, c, "null: [TEXT, ...]"))
			continue;
		r->r->nulls = mem_grow(r->r->nulls, r->r->nnulls + 1u, sizeof *r->r->nulls);
		r->r->nulls[r->r->nnulls++] = arena_span(&r->m->arena, c->text);
	}
}

static void read_same(struct map_rule_reader *r, struct conf *v)
{
	if (scalar(r, v, "same: PATH"))
		r->r->same = slot_of(r, v);
}

static void read_words(struct map_rule_reader *r, struct conf *v)
{
	struct arena *a = &r->m->arena;
	struct words *words = arena_new(a, sizeof *words);
	unsigned n = 0;

	if (v->kind != CONF_MAP || !v->first) {
		map_bad_rule(r, v, "words: {TEXT: TEXT, ...}");
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

static bool made_above(const struct map *m, int slot)
{
	for (unsigned i = 0; i < m->n; i++)
		if ((int)m->rules[i].out == slot)
			return true;
	return false;
}

void map_find_year(struct map_rule_reader *r)
{
	struct map_setup *s = &r->m->setup;
	int slot;

	if (!s->year || s->year_slot >= 0 || r->year_told)
		return;
	r->year_told = true;
	slot = names_use(s->names, s->year->text);
	if (span_starts(s->year->text, SPAN("data.")) ? made_above(r->m, slot) : slot >= 0)
		s->year_slot = slot;
	else if (span_starts(s->year->text, SPAN("data.")))
		map_bad_rule(r, s->year, "fiscal_year: data.FIELD (above lookup)");
	else
		slot_of(r, s->year);
}

static void read_lookup(struct map_rule_reader *r, struct conf *v)
{
	map_find_year(r);
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
static bool read_date(const struct conf *v, struct date_form *ret)
{
	ret->timed = span_ends(v->text, SPAN("*"));
	return v->kind == CONF_SCALAR &&
		datefmt_compile_in((struct span){v->text.p, v->text.n - ret->timed}, &ret->fmt) == 0;
}

/* One pattern, or a list of them. Outward there is one, and it says how many digits are written. */
static void read_dates(struct map_rule_reader *r, struct conf *v)
{
	struct rule *u = r->r;
	struct date_form *dates;
	unsigned n = 0;

	for (const struct conf *c = v->kind == CONF_LIST ? v->first : v; c; c = v->kind == CONF_LIST ? c->next : NULL)
		n++;
	u->as = AS_DATE;
	u->dates = dates = arena_new(&r->m->arena, (n + 1) * sizeof *dates);
	for (const struct conf *c = v->kind == CONF_LIST ? v->first : v; c; c = v->kind == CONF_LIST ? c->next : NULL) {
		const struct date_form *d = &dates[u->ndates];

		if (!read_date(c, &dates[u->ndates++]))
			map_bad_rule(r, c, v->kind == CONF_LIST ? "as: [yyyyMMdd, yyyy-MM-dd, ...]" : AS);
		else if (r->m->setup.outward && (d->timed || d->fmt.loose || d->fmt.serial || n > 1))
			map_bad_rule(r, c, "form: in");
	}
	if (!n)
		map_bad_rule(r, v, AS);
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
	} else {
		read_dates(r, v);
	}
}

static void read_decimals(struct map_rule_reader *r, struct conf *v)
{
	struct span t = v->text;
	char first = t.n ? t.p[0] : 0, last = t.n ? t.p[t.n - 1] : 0;
	bool range = t.n == 4 && t.p[1] == '.' && t.p[2] == '.';

	r->has_decimals = true;
	if (first < '0' || first > '2' || last < first || last > '2' || !(t.n == 1 || range)) {
		map_bad_rule(r, v, "decimals: 0 | 1 | 2 | 0..2");
		return;
	}
	r->r->money.min_decimals = (uint8_t)(first - '0');
	r->r->money.max_decimals = (uint8_t)(last - '0');
}

static void read_thousands(struct map_rule_reader *r, struct conf *v)
{
	r->has_thousands = r->r->money.thousands = true;
	if (!span_is(v->text, "yes"))
		map_bad_rule(r, v, "thousands: yes");
}

static void read_sign(struct map_rule_reader *r, struct conf *v)
{
	if (span_is(v->text, "trailing"))
		odd_amount(r)->form.sign = AMOUNT_TRAILING;
	else if (span_is(v->text, "brackets"))
		odd_amount(r)->form.sign = AMOUNT_BRACKETS;
	else
		map_bad_rule(r, v, "sign: trailing | brackets");
}

static void read_symbol(struct map_rule_reader *r, struct conf *v)
{
	if (scalar(r, v, "symbol: TEXT") && v->text.n)
		odd_amount(r)->form.symbol = arena_span(&r->m->arena, v->text);
	else if (v->kind == CONF_SCALAR)
		map_bad_rule(r, v, "symbol: TEXT");
}

static void read_minus(struct map_rule_reader *r, struct conf *v)
{
	odd_amount(r)->minus = expr_compile(v, r->m->setup.names, r->f);
}

static void read_year(struct map_rule_reader *r, struct conf *v)
{
	struct year_of *year = arena_new(&r->m->arena, sizeof *year);
	struct conf *before = v->kind == CONF_MAP ? conf_want(v, "before", CONF_SCALAR, r->f) : NULL;

	r->r->year = year;
	if (before)
		year->before = expr_compile(before, r->m->setup.names, r->f);
	else if (!span_is(v->text, "this"))
		map_bad_rule(r, v, "year: this | {before: CONDITION}");
	if (v->kind == CONF_MAP)
		conf_unknown(v, r->f);
}

static void read_check(struct map_rule_reader *r, struct conf *v)
{
	for (unsigned i = 1; i < CHECK_COUNT; i++)
		if (span_is(v->text, map_check_names[i])) {
			r->r->check = (enum check)i;
			return;
		}
	map_bad_rule(r, v, "check: " CHECKS);
}

static void read_bytes(struct map_rule_reader *r, struct conf *v)
{
	struct lengths *lengths = arena_new(&r->m->arena, sizeof *lengths);

	r->r->lengths = lengths;
	for (const struct conf *c = v->kind == CONF_LIST ? v->first : v; c; c = v->kind == CONF_LIST ? c->next : NULL) {
		char *end = NULL;
		const bool digit = c->kind == CONF_SCALAR && c->text.n && c->text.p[0] >= '1' && c->text.p[0] <= '9';
		const unsigned long n = digit ? strtoul(c->text.p, &end, 10) : 0;

		if (!n || n > 4096 || *end || lengths->n == LENGTHS_MAX)
			map_bad_rule(r, c, BYTES);
		else
			lengths->bytes[lengths->n++] = n;
	}
	if (v->kind != CONF_SCALAR && !lengths->n)
		map_bad_rule(r, v, BYTES);
}

static void read_cut(struct map_rule_reader *r, struct conf *v)
{
	char *end = NULL;
	bool digit = v->kind == CONF_SCALAR && v->text.n && v->text.p[0] >= '0' && v->text.p[0] <= '9';
	unsigned long n = digit ? strtoul(v->text.p, &end, 10) : 0;

	if (!n || n > 4096 || strcmp(end, " bytes") != 0)
		map_bad_rule(r, v, "cut: 1..4096 bytes");
	else
		r->r->cut = n;
}

static void read_required(struct map_rule_reader *r, struct conf *v)
{
	r->r->required = true;
	if (!span_is(v->text, "yes"))
		map_bad_rule(r, v, "required: yes");
}

static void read_reveal(struct map_rule_reader *r, struct conf *v)
{
	const struct map_setup *s = &r->m->setup;

	r->r->reveal = true;
	if (!span_is(v->text, "yes"))
		map_bad_rule(r, v, "reveal: yes");
	else if (!s->published)
		map_bad_rule(r, v, "form: out + event: TYPE");
}

static void read_when(struct map_rule_reader *r, struct conf *v)
{
	r->r->when = expr_compile(v, r->m->setup.names, r->f);
}

static void read_name(struct map_rule_reader *r, struct conf *v)
{
	if (r->m->setup.shape == MAP_OBJECT)
		map_bad_rule(r, v, "[{name: TEXT, ...}, ...]");
	else if (scalar(r, v, "name: TEXT"))
		r->r->name = arena_span(&r->m->arena, v->text);
}

const struct map_function map_functions[] = {
	{"from", "PATH", "where the text comes from", "取值的来源", map_use_path},
	{"value", "TEXT", "a fixed text", "固定的文本", read_value},
	{"keyed", "PATH", "32 hex digits of the keyed hash of a text: for personal fields in identities",
		"带密钥散列的 32 位十六进制：个人信息进入标识时用", read_keyed},
	{"each", "PATH", "a cell that holds a list of items; see Lists", "一格多项的单元，见“列表”", map_use_path},
	{"when", "CONDITION", "only when this holds, else there is nothing", "条件成立才取值，否则为空", read_when},
	{"trim", "blanks", "blanks, tabs and ideographic spaces taken off both ends", "去掉两端的半角、全角空格和制表符", read_trim},
	{"split", "first | rest", "of two things in one cell: what stands before the first blank, or behind it",
		"一格两项时，取第一个空格之前（first）或之后（rest）的部分", read_split},
	{"strip", "blanks", "blanks, tabs and ideographic spaces taken out of the whole text", "去掉文本中所有的半角、全角空格和制表符",
		read_strip},
	{"upper", "yes", "small letters a to z made capitals", "小写字母改为大写", read_upper},
	{"null", "[TEXT, ...]", "these texts mean that there is nothing", "这些文本表示没有值", read_null},
	{"same", "PATH", "the text there must be the same, put right in the same way; else the record is dead",
		"与该处的文本（做同样整理后）必须相同，否则作死信", read_same},
	{"words", "{TEXT: TEXT, ...}", "what the source writes: what it is called here; any other text is an error",
		"来源写法与本系统写法的对照，其他文本即为错误", read_words},
	{"lookup", "TABLE | TABLE.COLUMN", "the standard code, in the document's fiscal year; an unknown code is an error",
		"按单据的财政年度查代码表，查不到即为错误", read_lookup},
	{"as", "yuan | fen | li | integer | serial | DATE | [DATE, ...]",
		"how the text is written outside; DATE is a pattern like yyyyMMdd, serial a spreadsheet's number of days",
		"外部写法；DATE 是 yyyyMMdd 之类的格式，serial 是电子表格的日期序号", read_as},
	{"decimals", "N | N..M", "digits behind the point of yuan, on the way in; 2 when left out",
		"输入方向：元的小数位数，缺省为 2", read_decimals},
	{"thousands", "yes", "on the way in: 1,234.56 is allowed", "输入方向：允许千分位逗号", read_thousands},
	{"sign", "trailing | brackets", "on the way in: 123.45- or (123.45) is negative, as -123.45 is",
		"输入方向：123.45- 或 (123.45) 表示负数，-123.45 照旧", read_sign},
	{"symbol", "TEXT", "on the way in: a currency symbol before or behind the digits is taken off",
		"输入方向：去掉数字前面或后面的货币符号", read_symbol},
	{"minus", "CONDITION", "on the way in: the amount is negative when this holds; one with its own minus is then an error",
		"输入方向：条件成立时金额为负；本身已带负号即为错误", read_minus},
	{"year", "this | {before: CONDITION}", "the year of a date, the one before it when the condition holds",
		"日期的年份；条件成立时取上一年", read_year},
	{"check", CHECKS, "what must hold, else the record is dead",
		"必须成立的条件，否则该记录作死信", read_check},
	{"bytes", "N | [N, ...]", "the text has so many bytes in the file's charset, one of these numbers; else the record is dead",
		"按文件字符集计的字节数必须是其中之一，否则作死信", read_bytes},
	{"cut", "N bytes", "at most so many bytes in the receiver's charset, cut between characters",
		"按接收方字符集截到若干字节，不切半个汉字", read_cut},
	{"required", "yes", "what is not there is an error, also where the schema allows it", "没有值即为错误，即使模式允许没有",
		read_required},
	{"reveal", "yes", "to consumers: a personal field goes out as it is; without it, masked", "对外发布时：个人信息照原样送出；不写则遮蔽", read_reveal},
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

void map_read_function(struct map_rule_reader *r, struct conf *v)
{
	const struct map_function *fn = function_named(v->key);

	if (fn)
		fn->read(r, v);
	else if (!r->each || !map_each_key(v->key))
		unknown_function(r, v);
}
