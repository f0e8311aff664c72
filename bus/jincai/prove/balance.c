/* SPDX-License-Identifier: Apache-2.0 */
#include "balance.h"

#include <inttypes.h>
#include <stdlib.h>

#include "jscan.h"
#include "say.h"
#include "show.h"

/* ---- loading ---- */

struct loading {
	struct balance *b;
	struct err *e;
};

static struct balance_flow *flow_named(struct balance *b, struct span name)
{
	for (unsigned i = 0; i < b->nflows; i++)
		if (span_is(name, b->flows[i].name))
			return &b->flows[i];
	b->flows = mem_grow(b->flows, b->nflows + 1u, sizeof *b->flows);
	b->flows[b->nflows] = (struct balance_flow){mem_text(name), totals_new(), totals_new()};
	return &b->flows[b->nflows++];
}

/* A position is "<flow>/<rest>"; those of flows hold "totals". */
static int add_position(void *arg, struct span key, struct span value)
{
	struct loading *in = arg;
	const char *slash = memchr(key.p, '/', key.n);
	json_t *o = slash ? json_loadb(value.p, value.n, 0, NULL) : NULL;
	const json_t *list = json_object_get(o, "totals");
	struct totals *t = totals_new();
	int ret = 0;

	if (list) {
		struct balance_flow *f = flow_named(in->b, (struct span){key.p, (size_t)(slash - key.p)});

		ret = totals_read(t, list, in->e) != 0 || totals_merge(f->totals, t, in->e) != 0 ||
			totals_merge(in->b->all, t, in->e) != 0 ||
			(!json_is_true(json_object_get(o, "journal")) && totals_merge(f->unposted, t, in->e) != 0);
	}
	totals_free(t);
	json_decref(o);
	return ret;
}

int balance_load(struct bus *b, struct balance *ret, struct err *e)
{
	struct loading in = {ret, e};

	*ret = (struct balance){.all = totals_new()};
	*e = ERR_INIT;
	if (bus_positions(b, "", add_position, &in, e) != 0 || e->id != E_NONE) {
		balance_done(ret);
		return -1;
	}
	return 0;
}

void balance_done(struct balance *b)
{
	totals_free(b->all);
	for (unsigned i = 0; i < b->nflows; i++) {
		free(b->flows[i].name);
		totals_free(b->flows[i].totals);
		totals_free(b->flows[i].unposted);
	}
	free(b->flows);
	*b = (struct balance){0};
}

/* ---- the equations, one currency and one destination at a time ---- */

#define CURRENCIES_MAX 32u

struct currencies {
	char all[CURRENCIES_MAX][TOTALS_CURRENCY_MAX];
	unsigned n;
};

static void note_currency(void *arg, const struct total_line *line)
{
	struct currencies *c = arg;

	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->all[i], line->currency) == 0)
			return;
	if (line->term != TOTAL_SKIPPED && c->n < CURRENCIES_MAX)
		memcpy(c->all[c->n++], line->currency, sizeof line->currency);
}

struct balance_row {
	const char *equation, *destination, *currency, *term, *shown;  /* shown: the term in the language of the reader */
	struct money_sum sum;
};

struct report {
	FILE *to;                    /* NULL: only judged */
	bool json, comma, headed;
	unsigned wrong;
	int64_t difference;          /* the largest, in fen, without its sign */
};

static void print_row(struct report *r, const struct balance_row *w)
{
	struct buf money = BUF_INIT;
	char plus[24], minus[24];

	if (!r->to)
		return;
	money_text(w->sum.plus, plus);
	money_text(w->sum.minus, minus);
	if (!r->json) {
		fprintf(r->to, "  %s%*s %12" PRIu64 " %22s %22s", w->shown, show_padding(w->shown, 12), "",
			w->sum.count, plus, minus);
		if (w->sum.unreadable)
			fprintf(r->to, say("  其中 %" PRIu64 " 笔金额读不出", "  %" PRIu64 " without a readable amount"),
				w->sum.unreadable);
		fputc('\n', r->to);
		return;
	}
	show_currency_json(&money, w->currency);
	fprintf(r->to, "%s\n{\"equation\":\"%s\",\"destination\":\"%s\",%s,\"term\":\"%s\",\"count\":%" PRIu64
		",\"plus\":\"%s\",\"minus\":\"%s\",\"unreadable\":%" PRIu64 "}", r->comma ? "," : "", w->equation,
		w->destination, buf_text(&money), w->term, w->sum.count, plus, minus, w->sum.unreadable);
	buf_done(&money);
	r->comma = true;
}

/* What the columns are, once, above the first of them. */
static void print_heads(struct report *r)
{
	const char *count = say("笔数", "records"), *plus = say("正数金额", "plus"), *minus = say("负数金额", "minus");

	if (!r->headed)
		fprintf(r->to, "%14s %*s%s %*s%s %*s%s\n", "", show_padding(count, 12), "", count, show_padding(plus, 22), "",
			plus, show_padding(minus, 22), "", minus);
	r->headed = true;
}

static int64_t distance(int64_t a, int64_t b)
{
	int64_t d;

	if (__builtin_sub_overflow(a, b, &d) || d == INT64_MIN)
		return INT64_MAX;
	return d < 0 ? -d : d;
}

static void judge(struct report *r, const struct money_sum *left, const struct money_sum *right)
{
	int64_t d = distance(left->plus, right->plus), m = distance(left->minus, right->minus);
	char amount[24];
	bool ok = money_sum_eq(left, right);

	if (m > d)
		d = m;
	if (d > r->difference)
		r->difference = d;
	r->wrong += !ok;
	if (r->json || !r->to)
		return;
	if (ok)
		fprintf(r->to, say("  相差 %s\n", "  difference %s\n"), money_text(d, amount));
	else
		fprintf(r->to,
			say("  不平：相差 %s，%" PRId64 " 笔\n",
				"  DOES NOT COME OUT: difference %s, %" PRId64 " records\n"),
			money_text(d, amount), (int64_t)(left->count - right->count));
}

static void one_equation(struct report *r, const struct balance *b, const struct total_equation *q,
	const char *destination, const char *currency)
{
	struct money_sum left = totals_get(b->all, q->left, q->left == TOTAL_SEEN ? "" : destination, currency);
	struct money_sum right = {0}, more = {0};
	struct balance_row w = {q->name, destination, currency, total_names[q->left],
		say(total_names_zh[q->left], total_names[q->left]), left};
	bool any = left.count != 0;
	char name[64];
	struct err ignored;

	for (unsigned i = 0; i < q->nright; i++)
		any |= totals_get(b->all, q->right[i], destination, currency).count != 0;
	if (!any)
		return;
	if (!r->json && r->to) {
		print_heads(r);
		fprintf(r->to, "%s%s%s  %s\n", say(q->zh, q->name), destination[0] ? " " : "", destination,
			show_currency(currency, name));
	}
	print_row(r, &w);
	if (q->left == TOTAL_SEEN)
		more = totals_get(b->all, TOTAL_REPLAYED, destination, currency);
	if (more.count) {
		w.sum = more;
		w.term = total_names[TOTAL_REPLAYED];
		w.shown = say(total_names_zh[TOTAL_REPLAYED], w.term);
		money_sum_merge(&left, &more, &ignored);
		print_row(r, &w);
	}
	for (unsigned i = 0; i < q->nright; i++) {
		w.sum = totals_get(b->all, q->right[i], destination, currency);
		w.term = total_names[q->right[i]];
		w.shown = say(total_names_zh[q->right[i]], w.term);
		money_sum_merge(&right, &w.sum, &ignored);
		if (w.sum.count || w.sum.plus || w.sum.minus)
			print_row(r, &w);
	}
	judge(r, &left, &right);
}

/* What one flow wrote and the next has not read: more read than written is impossible. */
static void on_the_way(struct report *r, const struct balance *b, enum total_term written, const char *from,
	enum total_term read, const char *to, const char *currency, const char *shown)
{
	struct money_sum w = totals_get(b->all, written, from, currency), d = totals_get(b->all, read, to, currency);
	char name[64];
	struct balance_row row = {"way", shown, currency, "on_the_way", say("在途", "on the way"), {0}};

	if (money_sum_eq(&w, &d))
		return;
	if (w.count < d.count) {
		const struct money_sum less = w;

		w = d;
		d = less;
		r->wrong++;
		row.term = "too_many";
		row.shown = say("多出", "too many");
	}
	row.sum = (struct money_sum){
		w.count - d.count, w.plus - d.plus, w.minus - d.minus, w.unreadable - d.unreadable};
	if (!r->json && r->to)
		fprintf(r->to, "%s %s  %s\n", say("之间", "between"), shown, show_currency(currency, name));
	print_row(r, &row);
}

/* Of what was handed over: the bus never alters a payment silently. */
static void shortened(struct report *r, const struct balance *b, const char *destination, const char *currency)
{
	const uint64_t n = totals_get(b->all, TOTAL_CUT, destination, currency).count;
	struct buf money = BUF_INIT;

	if (!n || !r->to)
		return;
	if (!r->json) {
		fprintf(r->to,
			say("%s  已交出的行中，%" PRIu64 " 行有文本按接收方的长度截短\n",
				"%s  of the lines handed over, %" PRIu64
				" have a text that was shortened to the receiver's width\n"),
			destination, n);
		return;
	}
	show_currency_json(&money, currency);
	fprintf(r->to, "%s\n{\"equation\":\"none\",\"destination\":\"%s\",%s,\"term\":\"%s\",\"count\":%" PRIu64 "}",
		r->comma ? "," : "", destination, buf_text(&money), total_names[TOTAL_CUT], n);
	buf_done(&money);
	r->comma = true;
}

static void report_one(struct report *r, const struct balance *b, const struct site *s, const char *currency)
{
	for (unsigned q = 0; q < total_nequations; q++)
		for (unsigned d = 0; d == 0 || (q > 0 && d < s->ndestinations); d++)
			if (!q || !b->only || strcmp(b->only, s->destinations[d].name) == 0)
				one_equation(r, b, &total_equations[q], q ? s->destinations[d].name : "", currency);
	if (!b->part)
		on_the_way(r, b, TOTAL_PUBLISHED, "", TOTAL_SEEN, "", currency, "router");
	for (unsigned d = 0; !b->part && d < s->ndestinations; d++)
		on_the_way(r, b, TOTAL_ROUTED, s->destinations[d].name, TOTAL_TAKEN, s->destinations[d].name, currency,
			s->destinations[d].name);
	for (unsigned d = 0; d < s->ndestinations; d++)
		shortened(r, b, s->destinations[d].name, currency);
}

static unsigned report(struct report *r, const struct balance *b, const struct site *s)
{
	struct currencies c = {.n = 0};

	totals_each(b->all, note_currency, &c);
	for (unsigned i = 0; i < c.n; i++)
		report_one(r, b, s, c.all[i]);
	return r->wrong;
}

unsigned balance_of(const struct balance *b, const struct site *s, const char *currency, int64_t *ret_difference)
{
	struct report r = {.to = NULL};

	report_one(&r, b, s, currency);
	*ret_difference = r.difference;
	return r.wrong;
}

unsigned balance_wrong(const struct balance *b, const struct site *s)
{
	struct report r = {.to = NULL};

	return report(&r, b, s);
}

unsigned balance_print(const struct balance *b, const struct site *s, FILE *to)
{
	struct report r = {.to = to};
	unsigned wrong = report(&r, b, s);
	char amount[24];

	fprintf(to, say("总计相差 %s\n", "difference %s\n"), money_text(r.difference, amount));
	return wrong;
}

unsigned balance_json(const struct balance *b, const struct site *s, struct span deep, FILE *to)
{
	struct report r = {.to = to, .json = true};
	unsigned wrong;
	char amount[24];

	fputs("{\"terms\":[", to);
	wrong = report(&r, b, s);
	fprintf(to, "\n],\"wrong\":%u,\"difference\":\"%s\"", wrong, money_text(r.difference, amount));
	if (deep.n)
		fprintf(to, ",\n\"deep\":%.*s", SPAN_F(deep));
	fputs("}\n", to);
	return wrong;
}
