/* SPDX-License-Identifier: Apache-2.0 */
#include "totals.h"

#include <stdlib.h>

#include "jscan.h"

const char *const total_names[TOTAL_COUNT] = {
	[TOTAL_READ] = "read", [TOTAL_PUBLISHED] = "published", [TOTAL_DUPLICATE] = "duplicate",
	[TOTAL_CONFLICT] = "conflict", [TOTAL_DEAD] = "dead", [TOTAL_HELD] = "held", [TOTAL_RETURNED] = "returned",
	[TOTAL_KNOWN] = "known",
	[TOTAL_SEEN] = "seen", [TOTAL_ROUTED] = "routed", [TOTAL_NOT_ROUTED] = "not_routed", [TOTAL_UNSHAPED] = "unshaped",
	[TOTAL_TAKEN] = "taken", [TOTAL_PENDING] = "pending", [TOTAL_HANDED] = "handed_over", [TOTAL_SHADOW] = "shadow", [TOTAL_ALREADY] = "already",
	[TOTAL_OUT_DEAD] = "out_dead", [TOTAL_STOPPED] = "stopped",
	[TOTAL_CUT] = "shortened", [TOTAL_REPLAYED] = "replayed", [TOTAL_SKIPPED] = "skipped",
};

const char *const total_names_zh[TOTAL_COUNT] = {
	[TOTAL_READ] = "读入", [TOTAL_PUBLISHED] = "已发布", [TOTAL_DUPLICATE] = "重复", [TOTAL_CONFLICT] = "冲突",
	[TOTAL_DEAD] = "死信", [TOTAL_HELD] = "挂起", [TOTAL_RETURNED] = "已退回", [TOTAL_KNOWN] = "早于起始日",
	[TOTAL_SEEN] = "路由器收到", [TOTAL_ROUTED] = "已路由", [TOTAL_NOT_ROUTED] = "不走此路", [TOTAL_UNSHAPED] = "未成形",
	[TOTAL_TAKEN] = "去向收到", [TOTAL_PENDING] = "待发", [TOTAL_HANDED] = "已交出", [TOTAL_SHADOW] = "试运行", [TOTAL_ALREADY] = "此前已有",
	[TOTAL_OUT_DEAD] = "去向死信", [TOTAL_STOPPED] = "停发",
	[TOTAL_CUT] = "文本截短", [TOTAL_REPLAYED] = "重放", [TOTAL_SKIPPED] = "非记录行",
};

const struct total_equation total_equations[] = {
	{"in", "接入", TOTAL_READ,
		{TOTAL_PUBLISHED, TOTAL_DUPLICATE, TOTAL_CONFLICT, TOTAL_DEAD, TOTAL_HELD, TOTAL_RETURNED, TOTAL_KNOWN},
		7},
	{"route", "路由", TOTAL_SEEN, {TOTAL_ROUTED, TOTAL_NOT_ROUTED, TOTAL_UNSHAPED}, 3},
	{"out", "去向", TOTAL_TAKEN,
		{TOTAL_PENDING, TOTAL_HANDED, TOTAL_SHADOW, TOTAL_ALREADY, TOTAL_OUT_DEAD, TOTAL_STOPPED}, 6},
};

const unsigned total_nequations = sizeof total_equations / sizeof *total_equations;

/* Sorted lines. Records come in runs of the same kind and each adds to two terms, so for each term the line of the last
 * one is tried first. */
struct totals {
	struct total_line *lines;
	size_t n, cap;
	uint32_t last[TOTAL_COUNT];
};

struct totals *totals_new(void)
{
	return mem_new(sizeof(struct totals));
}

void totals_free(struct totals *t)
{
	if (!t)
		return;
	free(t->lines);
	free(t);
}

void totals_clear(struct totals *t)
{
	t->n = 0;
}

static int compare(const struct total_line *line, enum total_term term, const char *destination, struct span currency)
{
	int c = (line->term > term) - (line->term < term);

	if (!c)
		c = strcmp(line->destination, destination);
	return c ? c : span_cmp(span_of(line->currency), currency);
}

/* Where the line is, or would be. */
static bool find(const struct totals *t, enum total_term term, const char *destination, struct span currency,
	size_t *ret)
{
	size_t low = 0, high = t->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = compare(&t->lines[mid], term, destination, currency);

		if (!c) {
			*ret = mid;
			return true;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return false;
}

static void insert(struct totals *t, size_t at, enum total_term term, const char *destination, struct span currency)
{
	struct total_line *line;

	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 2;       /* a journal has three for each batch of a commit */
		t->lines = mem_grow(t->lines, t->cap, sizeof *t->lines);
	}
	line = t->lines + at;
	memmove(line + 1, line, (t->n - at) * sizeof *line);
	t->n++;
	*line = (struct total_line){.term = term};
	memcpy(line->destination, destination, strlen(destination));
	if (currency.n)
		memcpy(line->currency, currency.p, currency.n);
}

struct span totals_currency(struct span currency, const char *kind, char ret[TOTALS_CURRENCY_MAX])
{
	if (!*kind)
		return currency;
	snprintf(ret, TOTALS_CURRENCY_MAX, "%.*s%s%s", SPAN_F(currency), currency.n ? " " : "", kind);
	return span_of(ret);
}

static bool is_kind(struct span s)
{
	return span_is(s, "order") || span_is(s, "book") || span_is(s, "back");
}

const char *totals_kind(const char *currency)
{
	const char *blank = strchr(currency, ' '), *kind = blank ? blank + 1 : currency;

	return is_kind(span_of(kind)) ? kind : "";
}

/* Letters of the currency itself. */
static size_t letters(struct span currency)
{
	const char *blank = currency.n ? memchr(currency.p, ' ', currency.n) : NULL;

	if (is_kind(currency))
		return 0;
	return blank ? (size_t)(blank - currency.p) : currency.n;
}

static int check_names(const char *destination, struct span currency, struct err *e)
{
	if (strlen(destination) >= sizeof ((struct total_line *)0)->destination)
		return err_set(e, E_TOTALS_NAME, "name=%s", destination);
	if (currency.n >= sizeof((struct total_line *)0)->currency || letters(currency) > 3 ||
		(currency.n && memchr(currency.p, 0, currency.n)))
		return err_set(e, E_TOTALS_NAME, "name=%.*s", SPAN_F(currency));
	return 0;
}

/* The line, made when missing. */
static int line_of(struct totals *t, enum total_term term, const char *destination, struct span currency,
	struct total_line **ret, struct err *e)
{
	size_t at = t->last[term];

	if (at >= t->n || compare(&t->lines[at], term, destination, currency) != 0) {
		if (check_names(destination, currency, e))
			return -1;
		if (!find(t, term, destination, currency, &at))
			insert(t, at, term, destination, currency);
		t->last[term] = (uint32_t)at;
	}
	*ret = &t->lines[at];
	return 0;
}

int totals_add(struct totals *t, enum total_term term, const char *destination, struct span currency, int64_t fen,
	bool readable, struct err *e)
{
	struct total_line *line;

	if (line_of(t, term, destination, currency, &line, e))
		return -1;
	if (readable)
		return money_sum_add(&line->sum, fen, e);
	money_sum_unreadable(&line->sum);
	return 0;
}

static int take_away(struct total_line *line, const struct money_sum *sum, struct err *e)
{
	struct money_sum *s = &line->sum;

	if (sum->count > s->count || sum->unreadable > s->unreadable || sum->plus > s->plus || sum->minus < s->minus)
		return err_set(e, E_TOTALS_NEGATIVE, "term=%s\ndestination=%s\ncurrency=%s", total_names[line->term],
			line->destination, line->currency);
	s->count -= sum->count;
	s->unreadable -= sum->unreadable;
	s->plus -= sum->plus;
	s->minus -= sum->minus;
	return 0;
}

int totals_move(struct totals *t, enum total_term term, const char *destination, struct span currency,
	const struct money_sum *sum, int sign, struct err *e)
{
	struct total_line *line;

	if (line_of(t, term, destination, currency, &line, e))
		return -1;
	return sign < 0 ? take_away(line, sum, e) : money_sum_merge(&line->sum, sum, e);
}

/* What was moved away whole leaves no line: two flows with the same totals write the same bytes. */
static bool is_nothing(const struct money_sum *s)
{
	return !s->count && !s->plus && !s->minus && !s->unreadable;
}

void totals_each(const struct totals *t, void (*each)(void *arg, const struct total_line *line), void *arg)
{
	for (size_t i = 0; i < t->n; i++)
		if (!is_nothing(&t->lines[i].sum))
			each(arg, &t->lines[i]);
}

bool totals_is_empty(const struct totals *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!is_nothing(&t->lines[i].sum))
			return false;
	return true;
}

struct money_sum totals_get(const struct totals *t, enum total_term term, const char *destination,
	const char *currency)
{
	size_t at;

	if (!find(t, term, destination, span_of(currency), &at))
		return (struct money_sum){0};
	return t->lines[at].sum;
}

static void write_line(void *arg, const struct total_line *line)
{
	struct buf *b = arg;

	if (b->p[b->n - 1] != '[')
		buf_c(b, ',');
	buf_str(b, "[\"");
	buf_str(b, total_names[line->term]);
	buf_str(b, "\",\"");
	json_escape(b, span_of(line->destination));
	buf_str(b, "\",\"");
	json_escape(b, span_of(line->currency));
	buf_str(b, "\",");
	buf_u64(b, line->sum.count);
	buf_str(b, ",\"");
	money_write(b, line->sum.plus, false);
	buf_str(b, "\",\"");
	money_write(b, line->sum.minus, false);
	buf_str(b, "\",");
	buf_u64(b, line->sum.unreadable);
	buf_c(b, ']');
}

void totals_write(const struct totals *t, struct buf *b)
{
	buf_c(b, '[');
	totals_each(t, write_line, b);
	buf_c(b, ']');
}

static int read_term(struct span name, enum total_term *ret)
{
	for (unsigned i = 0; i < TOTAL_COUNT; i++)
		if (span_is(name, total_names[i])) {
			*ret = (enum total_term)i;
			return 0;
		}
	return -1;
}

static int read_count(const json_t *v, uint64_t *ret)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return -1;
	*ret = (uint64_t)json_integer_value(v);
	return 0;
}

static int read_fen(const json_t *v, int64_t *ret)
{
	struct err ignored;

	return json_is_string(v) ? money_read(span_of(json_string_value(v)), &MONEY_YUAN, ret, &ignored) : -1;
}

/* A row that was read, when it can be one and is new. */
static int take_row(struct totals *t, enum total_term term, const char *destination, struct span currency,
	const struct money_sum *sum)
{
	struct err ignored;
	size_t at;

	if (sum->plus < 0 || sum->minus > 0 || sum->unreadable > sum->count || is_nothing(sum))
		return -1;
	if (check_names(destination, currency, &ignored) || find(t, term, destination, currency, &at))
		return -1;
	insert(t, at, term, destination, currency);
	t->lines[at].sum = *sum;
	return 0;
}

static int read_line(struct totals *t, const json_t *row)
{
	const char *name = json_string_value(json_array_get(row, 0));
	const char *destination = json_string_value(json_array_get(row, 1));
	const char *currency = json_string_value(json_array_get(row, 2));
	enum total_term term;
	struct money_sum sum = {0};

	if (json_array_size(row) != 7 || !name || !destination || !currency || read_term(span_of(name), &term) ||
		read_count(json_array_get(row, 3), &sum.count) || read_fen(json_array_get(row, 4), &sum.plus) ||
		read_fen(json_array_get(row, 5), &sum.minus) || read_count(json_array_get(row, 6), &sum.unreadable))
		return -1;
	return take_row(t, term, destination, span_of(currency), &sum);
}

/* What t held goes away, what fresh holds comes in its place. */
static void replace(struct totals *t, struct totals *fresh)
{
	free(t->lines);
	*t = *fresh;
}

int totals_read(struct totals *t, const json_t *array, struct err *e)
{
	struct totals fresh = {0};

	if (!json_is_array(array))
		return err_set(e, E_TOTALS_STATE, "row=0");
	for (size_t i = 0; i < json_array_size(array); i++)
		if (read_line(&fresh, json_array_get(array, i))) {
			free(fresh.lines);
			return err_set(e, E_TOTALS_STATE, "row=%zu", i + 1);
		}
	replace(t, &fresh);
	return 0;
}

/* ---- the same without a DOM ---- */

static int scan_value(struct jscan *s, enum jscan_type type, struct jscan_value *ret)
{
	struct err ignored;

	return jscan_next_item(s, &ignored) == 1 && jscan_value(s, ret, &ignored) == 0 && ret->type == type ? 0 : -1;
}

/* At most max bytes and a NUL. What totals_write makes of a name has no escapes but those of strange ones. */
static int scan_text(struct jscan *s, char *ret, size_t max)
{
	struct buf scratch = BUF_INIT;
	struct jscan_value v;
	struct err ignored;
	struct span text;
	int failed = scan_value(s, JSCAN_STRING, &v);

	text = v.raw;
	if (!failed && v.escaped)
		failed = jscan_unescape(&v, &scratch, &text, &ignored);
	failed = failed || text.n > max;
	if (!failed) {
		memcpy(ret, text.p, text.n);
		ret[text.n] = 0;
	}
	buf_done(&scratch);
	return failed ? -1 : 0;
}

static int scan_count(struct jscan *s, uint64_t *ret)
{
	struct jscan_value v;
	uint64_t n = 0;

	if (scan_value(s, JSCAN_NUMBER, &v) || v.raw.n > 18)
		return -1;
	for (size_t i = 0; i < v.raw.n; i++) {
		if (v.raw.p[i] < '0' || v.raw.p[i] > '9')
			return -1;
		n = 10 * n + (uint64_t)(v.raw.p[i] - '0');
	}
	*ret = n;
	return 0;
}

static int scan_fen(struct jscan *s, int64_t *ret)
{
	struct jscan_value v;
	struct err ignored;

	return scan_value(s, JSCAN_STRING, &v) ? -1 : money_read(v.raw, &MONEY_YUAN, ret, &ignored);
}

static int scan_line(struct totals *t, struct jscan *s)
{
	char name[16], destination[65], currency[TOTALS_CURRENCY_MAX];
	struct money_sum sum = {0};
	enum total_term term;
	struct err ignored;

	if (jscan_enter_array(s, &ignored) || scan_text(s, name, sizeof name - 1) || read_term(span_of(name), &term) ||
		scan_text(s, destination, sizeof destination - 1) || scan_text(s, currency, sizeof currency - 1) ||
		scan_count(s, &sum.count) || scan_fen(s, &sum.plus) || scan_fen(s, &sum.minus) ||
		scan_count(s, &sum.unreadable) || jscan_next_item(s, &ignored) != 0)
		return -1;
	return take_row(t, term, destination, span_of(currency), &sum);
}

int totals_scan(struct totals *t, struct jscan *s, struct err *e)
{
	struct err ignored;
	size_t row = 0;
	int more;

	totals_clear(t);
	if (jscan_peek(s) != JSCAN_ARRAY || jscan_enter_array(s, &ignored))
		return err_set(e, E_TOTALS_STATE, "row=0");
	while ((more = jscan_next_item(s, &ignored)) == 1) {
		row++;
		if (scan_line(t, s))
			return err_set(e, E_TOTALS_STATE, "row=%zu", row);
	}
	return more < 0 ? err_set(e, E_TOTALS_STATE, "row=%zu", row) : 0;
}

int totals_merge(struct totals *into, const struct totals *from, struct err *e)
{
	struct totals fresh = {.n = into->n, .cap = into->n};

	if (!from->n)
		return 0;
	fresh.lines = mem_grow(NULL, fresh.cap, sizeof *fresh.lines);
	if (into->n)
		memcpy(fresh.lines, into->lines, into->n * sizeof *into->lines);
	for (size_t i = 0; i < from->n; i++) {
		const struct total_line *line = &from->lines[i];

		if (totals_move(&fresh, line->term, line->destination, span_of(line->currency), &line->sum, 1, e)) {
			free(fresh.lines);
			return -1;
		}
	}
	replace(into, &fresh);
	return 0;
}
