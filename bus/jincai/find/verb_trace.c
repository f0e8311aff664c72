/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "say.h"
#include "show.h"
#include "trace.h"
#include "verbs.h"
#include "when.h"

/* So many are shown whole; of more only a list. */
#define TRACE_WHOLE 5u
#define TRACE_LIST 50u

struct tracing {
	const struct args *args;
	struct site *site;
	struct bus *bus;
	struct router *router;
	struct arena arena;
	unsigned missing;
};

static int read_amount(const char *text, int64_t *ret, struct err *e)
{
	const struct money_form form = {0, 2, false, true};

	return money_read(span_of(text), &form, ret, e);
}

static int read_key(const struct args *a, struct trace_key *ret, struct err *e)
{
	const struct selection_words *w = &a->select;
	unsigned at;

	if (a->full && a->json)
		return err_set(e, E_USAGE, "what=jincai trace %s", say("--full 与 --json 只能用一个\nverb=trace", "--full or --json\nverb=trace"));
	*ret = (struct trace_key){.key = span_of(a->nwords == 1 ? a->words[0] : "")};
	if (ret->key.n && !w->unit && !a->amount && !w->day)
		return 0;
	if (a->nwords || !w->unit || !a->amount || !w->day)
		return err_set(e, E_USAGE, "what=jincai trace %s", say("号码，或 --unit 单位 --amount 金额 --day 日期 三项\nverb=trace",
			"KEY, or all of --unit UNIT --amount AMOUNT --day DAY\nverb=trace"));
	ret->unit = span_of(w->unit);
	if (when_days(span_of(w->day), clock_now_ms(), &ret->first_day, &ret->last_day, &at) != 0)
		return err_set(e, E_SELECTION_WHEN, "option=--day\ntext=%s\nat=%u", w->day, at);
	return read_amount(a->amount, &ret->fen, e);
}

static int show_one(struct tracing *g, struct span id, struct err *e)
{
	struct trace t;
	struct buf b = BUF_INIT;
	int ret = 0;

	if (trace_load(g->site, g->bus, g->router, id, &t, e) != 0)
		return -1;
	g->missing += t.nmissing;
	if (g->args->json)
		trace_json(&t, &b);
	else
		trace_print(&t, &b);
	show_flush(&b, stdout);
	if (g->args->full && !g->args->json)
		ret = trace_full(&t, g->router, e);
	buf_done(&b);
	trace_done(&t);
	return ret;
}

static void list_line(const struct trace_found *f, struct buf *b)
{
	if (f->topic) {
		clock_business(b, f->time_ms);
		buf_str(b, "  ");
		show_text(b, f->type);
		buf_str(b, say("  金额 ", "  amount "));
		show_text(b, f->amount.n ? f->amount : SPAN("-"));
		buf_str(b, "  ");
	}
	show_text(b, f->id);
	buf_c(b, '\n');
}

static void list_json(const struct trace_found *f, struct buf *b)
{
	struct buf time = BUF_INIT;

	clock_write(&time, f->time_ms);
	buf_str(b, "{\"id\":");
	json_quote(b, f->id);
	if (f->topic) {
		json_member(b, "type", f->type);
		json_member(b, "unit", f->unit);
		json_member(b, "businessdate", f->businessdate);
		json_member(b, "amount", f->amount);
		json_member(b, "time", buf_as_span(&time));
		buf_printf(b, ",\"topic\":\"%s\",\"partition\":%u,\"offset\":%" PRIu64, f->topic, f->partition,
			f->offset);
	}
	buf_str(b, "}\n");
	buf_done(&time);
}

static void list(const struct trace_found *found, unsigned n, unsigned all, bool json)
{
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < n; i++)
		(json ? list_json : list_line)(&found[i], &b);
	show_flush(&b, stdout);
	fprintf(stderr, say("%s%u 笔符合；逐笔查看：jincai trace 标识\n", "%s%u of them; to see one: jincai trace ID\n"),
		all > n ? say("至少 ", "at least ") : "", all > n ? n + 1 : n);
	buf_done(&b);
}

static int show(struct tracing *g, struct err *e)
{
	struct trace_found found[TRACE_LIST + 1];
	struct trace_key k;
	unsigned all = 0;

	if (read_key(g->args, &k, e) != 0 || trace_find(g->bus, &k, &g->arena, found, TRACE_LIST, &all, e) != 0)
		return -1;
	if (!all)
		return err_set(e, E_TRACE_NONE, "key=%s", k.key.n ? g->args->words[0] : g->args->amount);
	if (all > TRACE_WHOLE) {
		list(found, all > TRACE_LIST ? TRACE_LIST : all, all, g->args->json);
		return 0;
	}
	for (unsigned i = 0; i < all; i++)
		if (show_one(g, found[i].id, e) != 0)
			return -1;
	return 0;
}

int verb_trace(const struct args *a)
{
	struct tracing g = {.args = a};
	struct err e;
	int code = 0;

	g.site = verb_site(a, &code);
	g.bus = g.site ? verb_look(g.site, &code) : NULL;
	if (g.bus) {
		g.router = site_router(g.site, NULL, &e);
		if (!g.router || show(&g, &e) != 0)
			code = verb_failed(&e);
		else
			code = g.missing ? 1 : 0;
	}
	if (g.router)
		router_flow(g.router)->kind->free(router_flow(g.router));
	bus_close(g.bus);
	site_free(g.site);
	arena_done(&g.arena);
	return code;
}
