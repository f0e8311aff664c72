/* SPDX-License-Identifier: Apache-2.0 */
#include "checkchar.h"
#include "map_rules.h"
#include "mask.h"
#include "texts.h"
#include "utf8.h"

/* One run: conversions are written into one block of the slots' memory, which is as large as they can need. */
struct run {
	const struct map *m;
	struct slots *s;
	struct buf made;
};

static struct run run_begin(const struct map *m, struct slots *s)
{
	return (struct run){m, s, {m->room ? arena_new(&s->made, m->room) : NULL, 0, m->room}};
}

/* Where a conversion has been written since `from`. */
static struct span made_since(const struct run *r, size_t from)
{
	return (struct span){r->made.p + from, r->made.n - from};
}

static struct span reshape(const struct rule *u, struct span t, struct arena *a)
{
	if (u->trim)
		t = texts_trim(t);
	if (u->split)
		t = u->split == SPLIT_FIRST ? texts_first(t) : texts_rest(t);
	if (u->strip)
		t = texts_strip(t, a);
	return u->upper ? texts_upper(t, a) : t;
}

static bool is_null(const struct rule *u, struct span t)
{
	for (unsigned i = 0; i < u->nnulls; i++)
		if (span_eq(t, u->nulls[i]))
			return true;
	return t.n == 0;
}

static bool check_ok(const struct rule *u, const struct value *v)
{
	switch (u->check) {
	case CHECK_POSITIVE:
		return v->fen > 0;
	case CHECK_NOT_NEGATIVE:
		return v->fen >= 0;
	case CHECK_ACCOUNT:
		return checkchar_account(v->text);
	case CHECK_DIGITS:
		return checkchar_digits(v->text);
	case CHECK_CNAPS:
		return checkchar_cnaps(v->text);
	case CHECK_ID18:
		return checkchar_id18(v->text);
	case CHECK_ID15OR18:
		return checkchar_id15or18(v->text);
	case CHECK_USCC:
		return checkchar_uscc(v->text);
	case CHECK_CARD:
		return checkchar_card(v->text);
	case CHECK_DIVISION:
		return checkchar_division(v->text);
	default:
		return true;
	}
}

/* A text of the record as an error shows it: one line, cut. */
static const char *shown(struct span text, char ret[44])
{
	struct span cut = utf8_cut(text, 40);

	for (size_t i = 0; i < cut.n; i++)
		ret[i] = (unsigned char)cut.p[i] < ' ' || cut.p[i] == 0x7f ? '?' : cut.p[i];
	ret[cut.n] = 0;
	return ret;
}

/* Failures are no part of what runs for each record: they and their arrays stay out of line. */
#define COLD static __attribute__((noinline, cold))

COLD int bad_date(struct span text, const char *want, const char *field, struct err *e)
{
	char t[44];

	return err_set(e, E_MAP_DATE, "%stext=%s\nwant=%s", field, shown(text, t), want);
}

COLD int no_date(const struct rule *u, struct span text, struct err *e)
{
	char want[160];
	size_t at = 0;

	want[0] = 0;
	for (unsigned i = 0; i < u->ndates && at < sizeof want; i++)
		at += (size_t)snprintf(want + at, sizeof want - at, "%s%s%s", i ? ", " : "", u->dates[i].fmt.pattern,
			u->dates[i].timed ? "*" : "");
	want[utf8_cut(span_of(want), 120).n] = 0;
	return bad_date(text, want, "", e);
}

COLD int not_same(const struct run *r, const struct rule *u, struct err *e)
{
	return err_set(e, E_MAP_SAME, "other=%s", names_text(r->m->setup.names, (unsigned)u->same));
}

COLD int other_length(const struct lengths *x, size_t got, struct err *e)
{
	char want[120];
	size_t at = 0;

	for (unsigned i = 0; i < x->n && at < sizeof want; i++)
		at += (size_t)snprintf(want + at, sizeof want - at, "%s%zu", i ? ", " : "", x->bytes[i]);
	return err_set(e, E_MAP_BYTES, "want=%s\ngot=%zu", want, got);
}

COLD int unknown_code(const struct code_table *table, struct span text, struct err *e)
{
	char t[44];

	return err_set(e, E_MAP_UNKNOWN_CODE, "code=%s\ntable=%s", shown(text, t), code_table_name(table));
}

COLD int unknown_word(const struct words *words, struct span text, struct err *e)
{
	char t[44], want[120];
	size_t at = 0;

	want[0] = 0;
	for (unsigned i = 0; i < words->n && at < sizeof want; i++)
		at += (size_t)snprintf(want + at, sizeof want - at, "%s%.*s", i ? ", " : "", SPAN_F(words->from[i]));
	return err_set(e, E_MAP_WORD, "text=%s\nwant=%.*s", shown(text, t), SPAN_F(utf8_cut(span_of(want), 100)));
}

static int find_word(const struct words *words, struct span t, struct value *ret, struct err *e)
{
	for (unsigned i = 0; i < words->n; i++)
		if (span_eq(words->from[i], t)) {
			*ret = (struct value){.text = words->to[i]};
			return 0;
		}
	return unknown_word(words, t, e);
}

/* The first four digits, a year that a date may have. */
static bool year_in(struct span t, int *ret)
{
	int year = 0;

	for (unsigned i = 0; i < 4; i++) {
		if (t.n < 4 || t.p[i] < '0' || t.p[i] > '9')
			return false;
		year = year * 10 + (t.p[i] - '0');
	}
	*ret = year;
	return true;
}

/* 0 only when the map knows no year: then the newest edition counts. A year that cannot be read is an error. */
static int fiscal_year(const struct run *r, int *ret, struct err *e)
{
	struct span t;

	*ret = 0;
	if (r->m->setup.year_slot < 0)
		return 0;
	t = r->s->v[r->m->setup.year_slot].text;
	return year_in(t, ret) ? 0 : bad_date(t, "yyyy", "field=fiscal_year\n", e);
}

static int look_up(const struct run *r, const struct rule *u, struct span t, struct value *ret, struct err *e)
{
	int year;

	if (fiscal_year(r, &year, e) != 0)
		return -1;
	*ret = (struct value){0};
	if (code_lookup(u->table, year, t, &ret->text) == 1)
		return 0;
	return unknown_code(u->table, t, e);
}

static int read_odd(const struct run *r, const struct rule *u, struct span t, int64_t *ret_fen, struct err *e)
{
	const struct odd_amount *odd = u->odd;
	char text[24];
	int64_t fen;

	if (amount_read(t, &odd->form, &fen, e) != 0)
		return -1;
	if (odd->minus && expr_true(odd->minus, r->s->v)) {
		if (fen < 0)
			return err_set(e, E_MAP_SIGN, "text=%s", money_text(fen, text));
		fen = -fen;
	}
	*ret_fen = fen;
	return 0;
}

static int convert_money(struct run *r, const struct rule *u, struct span t, struct value *ret, struct err *e)
{
	static const struct money_form inside = {2, 2, false, false};
	bool outward = r->m->setup.outward;
	size_t at = r->made.n;

	if (u->odd && !outward ? read_odd(r, u, t, &ret->fen, e) != 0
		: money_read(t, outward ? &inside : &u->money, &ret->fen, e) != 0)
		return -1;
	if (!u->odd || !outward)
		money_write(&r->made, ret->fen, outward && u->money.fen);
	else if (amount_write_li(&r->made, ret->fen, e) != 0)        /* of the odd ones only li goes out */
		return -1;
	ret->is_money = true;
	ret->text = made_since(r, at);
	return 0;
}

/* Bytes of the date at the begin of t, written to ret; 0: the whole text is no date of that form. */
static size_t read_date(const struct date_form *d, struct span t, char ret[11])
{
	const size_t n = datefmt_take(&d->fmt, t, ret);

	if (n == t.n || !n)
		return n;
	if (!d->timed)
		return 0;
	return (d->fmt.serial ? texts_fraction_follows(t, n) : texts_time_follows(t, n)) ? n : 0;
}

static int convert_date(struct run *r, const struct rule *u, struct span t, struct value *ret, struct err *e)
{
	const struct date_form *d = u->dates;
	size_t at = r->made.n;

	if (r->m->setup.outward) {
		if (datefmt_write(&d->fmt, t, &r->made) != 0)
			return bad_date(t, "2026-12-01", "", e);
	} else {
		while (!read_date(d, t, r->made.p + at))
			if (++d == u->dates + u->ndates)
				return no_date(u, t, e);
		/* The day was read, so it is a real one; a field of months keeps the rest. */
		r->made.n += d->fmt.day < 0 || (u->field && u->field->format == SCHEMA_MONTH) ? 7 : 10;
	}
	*ret = (struct value){.text = made_since(r, at)};
	return 0;
}

static int convert_year(struct run *r, const struct rule *u, struct value *v, struct err *e)
{
	size_t at = r->made.n;
	int year;

	if (!year_in(v->text, &year) || year < 1900 || year > 2199)
		return bad_date(v->text, "yyyy", "", e);
	if (u->year->before && expr_true(u->year->before, r->s->v))
		year--;
	buf_u64(&r->made, (uint64_t)year);
	*v = (struct value){.text = made_since(r, at)};
	return 0;
}

static int check_bytes(const struct run *r, const struct lengths *x, struct span t, struct err *e)
{
	const size_t bytes = charset_bytes(r->m->setup.charset, t);

	for (unsigned i = 0; i < x->n; i++)
		if (x->bytes[i] == bytes)
			return 0;
	return other_length(x, bytes, e);
}

/* An absent one is equal to an absent one only. */
static bool same(const struct run *r, const struct rule *u, struct span t)
{
	struct span other = r->s->v[u->same].text;

	if (u->reshapes)
		other = reshape(u, other, &r->s->made);
	if (is_null(u, t) || is_null(u, other))
		return is_null(u, t) && is_null(u, other);
	return span_eq(t, other);
}

static __attribute__((noinline)) void make_keyed(struct run *r, struct value *v)
{
	uint8_t digest[HASH_SHA256];
	size_t at = r->made.n;

	hash_keyed(r->m->setup.key, v->text.p, v->text.n, digest);
	hash_hex(&r->made, digest, 16);
	*v = (struct value){.text = made_since(r, at)};
}

static void cut_text(const struct run *r, const struct rule *u, struct span t, struct value *ret)
{
	const struct span text = charset_cut(r->m->setup.charset, t, u->cut);

	*ret = (struct value){.text = text, .cut = text.n < t.n};
}

/* v is the value so far and the result. The first conversion takes its text as t, not from memory where it was just
 * put. */
static int convert(struct run *r, const struct rule *u, struct span t, struct value *v, struct err *e)
{
	if (u->each)
		return map_each_run(u->each, r->s, t, v, e);
	if (u->translates) {
		if ((u->words ? find_word(u->words, t, v, e) : look_up(r, u, t, v, e)) != 0)
			return -1;
		t = v->text;
	}
	if (u->as == AS_MONEY && convert_money(r, u, t, v, e) != 0)
		return -1;
	if (u->as == AS_DATE && convert_date(r, u, t, v, e) != 0)
		return -1;
	if (u->as == AS_INTEGER && (!checkchar_digits(t) || t.n > 18))
		return err_set(e, E_MAP_CHECK, "check=integer");
	if (u->year && convert_year(r, u, v, e) != 0)
		return -1;
	if (u->check && !check_ok(u, v))
		return err_set(e, E_MAP_CHECK, "check=%s", map_check_names[u->check]);
	if (u->lengths && check_bytes(r, u->lengths, v->text, e) != 0)
		return -1;
	if (u->cut)
		cut_text(r, u, t, v);
	if (u->keyed)
		make_keyed(r, v);
	return 0;
}

/* The encoder itself names the character. */
COLD int cannot_encode(enum charset charset, struct span text, struct err *e)
{
	struct buf ignored = BUF_INIT;
	int rc = charset_encode(charset, text, &ignored, e);

	buf_done(&ignored);
	return rc;
}

COLD int too_wide(const struct run *r, const struct rule *u, size_t bytes, struct err *e)
{
	return err_set(e, E_CODEC_TOO_WIDE, "cell=%u\nwant=%zu\ngot=%zu", (unsigned)(u - r->m->rules) + 1, u->most, bytes);
}

/* What a spreadsheet takes for the begin of a formula, full-width forms too: it converts them as one types. */
static bool begins_formula(struct span t)
{
	unsigned char c = (unsigned char)t.p[0];

	if (c < 0x80)
		return c < ' ' || c == 0x7f || c == '=' || c == '+' || c == '-' || c == '@';
	return span_starts(t, SPAN("＝")) || span_starts(t, SPAN("＋")) || span_starts(t, SPAN("－")) ||
		span_starts(t, SPAN("＠"));
}

static struct span as_text(struct slots *s, struct span t)
{
	char *p = arena_new(&s->made, t.n + 1);

	p[0] = '\'';
	memcpy(p + 1, t.p, t.n);
	return (struct span){p, t.n + 1};
}

static struct span masked(struct slots *s, struct span t, enum schema_sensitivity personal)
{
	struct buf b = {.cap = t.n + MASK_STARS + MASK_SHOWN + 1};

	b.p = arena_new(&s->made, b.cap);
	if (personal == SENSITIVITY_NAME)
		mask_name(&b, t);
	else
		mask_number(&b, t);
	return buf_as_span(&b);
}

static int nothing(const struct rule *u, struct value *ret, struct err *e)
{
	*ret = (struct value){0};
	return u->required ? err_set(e, E_MAP_MISSING, "%s", "") : 0;
}

static int make_value(struct run *r, const struct rule *u, const struct value *from, struct value *ret, struct err *e)
{
	const struct map_setup *setup = &r->m->setup;
	struct span t = from->text;

	if (u->when && !expr_true(u->when, r->s->v))
		return nothing(u, ret, e);
	if (u->reshapes)
		t = reshape(u, t, &r->s->made);
	if (u->same >= 0 && !same(r, u, t))
		return not_same(r, u, e);
	if (is_null(u, t))
		return nothing(u, ret, e);
	*ret = (struct value){.text = t, .fen = from->fen, .is_money = from->is_money};
	if (u->converts) {
		if (convert(r, u, t, ret, e) != 0)
			return -1;
		t = ret->text;
		if (!t.n) {          /* cut before its first character, or a list without items */
			const bool cut = ret->cut;
			const int rc = nothing(u, ret, e);

			ret->cut = cut;
			return rc;
		}
	}
	if (u->mask && t.n)
		ret->text = t = masked(r->s, t, u->mask);
	if (u->checked && schema_check(u->checked, t, e) != 0)
		return -1;
	if (setup->outward && (u->most || setup->charset != CHARSET_UTF8)) {
		const size_t bytes = charset_bytes(setup->charset, t);

		if (bytes == SIZE_MAX)
			return cannot_encode(setup->charset, t, e);
		if (u->most && bytes > u->most)
			return too_wide(r, u, bytes, e);
	}
	if (setup->people && !ret->is_money && begins_formula(t))
		ret->text = as_text(r->s, t);
	return 0;
}

/* Appends "text=..." lines of an error of a field, the value itself masked as the schema calls the field. */
static void mask_value(struct buf *b, const char *args, enum schema_sensitivity personal)
{
	for (const char *line = args; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		struct span one = {line, strcspn(line, "\n")};

		if (b->n)
			buf_c(b, '\n');
		if (!span_starts(one, SPAN("text=")) && !span_starts(one, SPAN("code="))) {
			buf_span(b, one);
			continue;
		}
		buf_add(b, one.p, 5);
		one = (struct span){one.p + 5, one.n - 5};
		if (personal == SENSITIVITY_NAME)
			mask_name(b, one);
		else
			mask_number(b, one);
	}
}

COLD void mask_personal(struct err *e, const struct rule *u)
{
	struct err below = *e;
	struct buf args = BUF_INIT;

	if (!u->field || u->field->sensitivity == SENSITIVITY_NONE)
		return;
	mask_value(&args, below.args, u->field->sensitivity);
	err_set(e, below.id, "%s", buf_text(&args));
	buf_done(&args);
}

/* The field stands first, so that a long value cannot cut it off; one that is named already stays. */
COLD int name_field(struct err *e, const struct rule *u)
{
	struct err below = *e;

	if (err_arg(e, "field"))
		return -1;
	return err_set(e, below.id, "field=%.*s%s%s", SPAN_F(utf8_cut(u->name, 60)), below.args[0] ? "\n" : "", below.args);
}

static __attribute__((noinline)) int run_conversions(struct run *r, const struct rule *u, const struct value *from,
	struct value *out, struct err *e)
{
	if (make_value(r, u, from, out, e) == 0)
		return 0;
	*out = (struct value){0};
	mask_personal(e, u);
	return name_field(e, u);
}

static inline int run_rule(struct run *r, const struct rule *u, struct err *e)
{
	const struct value *from = u->from >= 0 ? &r->s->v[u->from] : &u->value;

	if (u->as_it_is && from->text.n && (!u->checked || schema_check(u->checked, from->text, e) == 0)) {
		r->s->v[u->out] = *from;
		return 0;
	}
	return run_conversions(r, u, from, &r->s->v[u->out], e);
}

int map_run(const struct map *m, struct slots *s, struct err *e)
{
	struct run r = run_begin(m, s);

	for (unsigned i = 0; i < m->n; i++)
		if (run_rule(&r, &m->rules[i], e) != 0)
			return -1;
	return m->sums ? map_each_sums(m, s, e) : 0;
}

int map_run_rule(const struct map *m, unsigned i, struct slots *s, struct err *e)
{
	struct run r = run_begin(m, s);

	return run_rule(&r, &m->rules[i], e);
}

/* All rules run, for the amount may be made from what others made; only its own failure and its currency's count. */
int map_run_amount(const struct map *m, struct slots *s, int64_t *ret_fen, struct span *ret_currency, struct err *e)
{
	struct run r = run_begin(m, s);
	struct span currency = SPAN_NONE;
	const struct value *amount = m->control >= 0 ? &s->v[m->control] : NULL;

	for (unsigned i = 0; i < m->n; i++) {
		const struct rule *u = &m->rules[i];
		bool wanted = (int)u->out == m->control || span_is(u->name, "currency");
		struct err ignored;

		if (run_rule(&r, u, wanted ? e : &ignored) != 0 && wanted)
			return -1;
		if (span_is(u->name, "currency"))
			currency = s->v[u->out].text;
	}
	if (!amount || !amount->is_money)
		return err_set(e, E_MAP_MISSING, "field=amount");
	*ret_fen = amount->fen;
	*ret_currency = currency;
	return 0;
}

bool map_may_cut(const struct map *m, unsigned i)
{
	return m->rules[i].cut > 0;
}

void map_mask(struct map *m, unsigned i, enum schema_sensitivity personal)
{
	m->rules[i].mask = m->rules[i].reveal || m->rules[i].keyed ? SENSITIVITY_NONE : personal;
}

bool map_masks(const struct map *m, unsigned i)
{
	return m->rules[i].mask != SENSITIVITY_NONE;
}

bool map_reveals(const struct map *m, unsigned i)
{
	return m->rules[i].reveal;
}

void map_limit(struct map *m, unsigned i, size_t bytes)
{
	m->rules[i].most = bytes;
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

const struct code_table *map_table(const struct map *m, unsigned i, const struct slots *s, unsigned *ret_row)
{
	const struct rule *u = &m->rules[i];
	struct span file;
	int year = 0;

	*ret_row = 0;
	if (u->table && u->from >= 0 && (m->setup.year_slot < 0 || year_in(s->v[m->setup.year_slot].text, &year)))
		(void)code_row(u->table, year, span_trim(s->v[u->from].text), &file, ret_row);
	return u->table;
}

int map_from(const struct map *m, unsigned i)
{
	return m->rules[i].from;
}

const struct schema_field *map_field(const struct map *m, unsigned i)
{
	return m->rules[i].field;
}

const struct schema_list *map_list(const struct map *m, unsigned i)
{
	return m->rules[i].each ? m->rules[i].each->schema : NULL;
}

enum schema_sensitivity map_sensitivity(const struct map *m, unsigned i)
{
	const struct schema_list *l = map_list(m, i);

	for (unsigned k = 0; l && k < l->nfields; k++)
		if (l->fields[k].sensitivity != SENSITIVITY_NONE)
			return SENSITIVITY_NAME;
	return m->rules[i].field ? m->rules[i].field->sensitivity : SENSITIVITY_NONE;
}

int map_control_slot(const struct map *m)
{
	return m->control;
}

struct span map_fixed_currency(const struct map *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		const struct rule *u = &m->rules[i];

		if (span_is(u->name, "currency") && u->from < 0 && u->as_it_is)
			return u->value.text;
	}
	return SPAN_NONE;
}
