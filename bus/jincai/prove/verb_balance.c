/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>

#include "acts.h"
#include "clock.h"
#include "closing.h"
#include "conf.h"
#include "deep.h"
#include "fsys.h"
#include "json_text.h"
#include "say.h"
#include "shares.h"
#include "show.h"
#include "verbs.h"
#include "when.h"

#define LINES_MAX 10000u
#define REPORT_MAX ((size_t)64 << 20)

/* Equations, and what was counted: NULL when nothing was. Exit code. */
static int show(const struct args *a, const struct site *s, const struct balance *b, const struct deep *d)
{
	struct buf json = BUF_INIT;
	unsigned wrong;

	if (d && a->json)
		deep_write(d, &json);
	wrong = a->json ? balance_json(b, s, buf_as_span(&json), stdout) : balance_print(b, s, stdout);
	if (d)
		wrong += deep_print(d, a->json ? stderr : stdout);
	buf_done(&json);
	return wrong ? 1 : 0;
}

static int of_bus(const struct args *a, struct site *s, struct bus *bus)
{
	struct balance b;
	struct deep d;
	struct err e;
	int code;

	if (balance_load(bus, &b, &e) != 0)
		return verb_failed(&e);
	if (!a->deep) {
		code = show(a, s, &b, NULL);
	} else if (deep_count(s, bus, &b, &d, &e) != 0) {
		code = verb_failed(&e);
	} else {
		code = show(a, s, &b, &d);
		deep_done(&d);
	}
	balance_done(&b);
	return code;
}

/* ---- of several hosts ---- */

static int read_report(const char *file, struct deep *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	json_t *o;
	int got = fsys_get(AT_FDCWD, file, REPORT_MAX, &text, e);

	if (got == 0) {
		o = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
		got = deep_read(json_object_get(o, "deep"), file, ret, e);
		json_decref(o);
	}
	buf_done(&text);
	return got;
}

static int merged(const struct args *a, const struct site *s, const struct deep *all)
{
	struct deep d;
	struct balance b;
	struct err e;
	int code;

	if (strcmp(all[0].site, s->name) != 0) {
		err_set(&e, E_BALANCE_OTHER_SITE, "host=%s\nhave=%s\nwant=%s", all[0].hosts->name, all[0].site,
			s->name);
		return verb_failed(&e);
	}
	if (deep_merge(all, a->nwords, &d, &e) != 0)
		return verb_failed(&e);
	if (deep_balance(&d, &b, &e) != 0) {
		code = verb_failed(&e);
	} else {
		code = show(a, s, &b, &d);
		balance_done(&b);
	}
	deep_done(&d);
	return code;
}

static int of_files(const struct args *a, const struct site *s)
{
	struct deep *all = mem_new(a->nwords * sizeof *all);
	struct err e;
	unsigned n = 0;
	int code;

	while (n < a->nwords && read_report(a->words[n], &all[n], &e) == 0)
		n++;
	code = n < a->nwords ? verb_failed(&e) : merged(a, s, all);
	for (unsigned i = 0; i < n; i++)
		deep_done(&all[i]);
	free(all);
	return code;
}

static int read_day(const char *text, int64_t *ret, struct err *e)
{
	int64_t last;
	unsigned at;

	if (when_days(span_of(text), clock_now_ms(), ret, &last, &at) != 0 || last != *ret)
		return err_set(e, E_BALANCE_DAY, "text=%s", text);
	return 0;
}

/* ---- of a day, a batch, a flow, a destination ---- */

struct picking {
	struct totals *to;
	const char *destination;
	struct err *e;
	int failed;
};

/* What all destinations have in common stands with each. */
static void pick_line(void *arg, const struct total_line *line)
{
	struct picking *p = arg;

	if (!p->destination || strcmp(line->destination, p->destination) == 0 || line->term == TOTAL_SEEN)
		p->failed |= totals_move(p->to, line->term, line->destination, span_of(line->currency), &line->sum, 1, p->e);
}

static int print(const struct args *a, const struct site *s, const struct totals *t, const json_t *closed,
	struct err *e)
{
	struct balance b = {.all = totals_new(), .part = a->flow || a->destination, .only = a->destination};
	struct picking p = {b.all, a->destination, e, 0};
	struct buf lines = BUF_INIT;
	unsigned wrong;

	totals_each(t, pick_line, &p);
	wrong = a->json ? balance_json(&b, s, SPAN(""), stdout) : balance_print(&b, s, stdout);
	if (closed && !a->json && !b.part) {
		closing_lines(closed, say_lang(), LINES_MAX, &lines);
		if (json_object_get(closed, "act"))
			buf_printf(&lines, say("已关账：操作单 %s，%s\n", "closed by act %s, %s\n"), json_text(closed, "act"),
				json_text(closed, "at"));
		show_flush(&lines, stdout);
	}
	buf_done(&lines);
	totals_free(b.all);
	return p.failed ? verb_failed(e) : wrong ? 1 : 0;
}

/* A day that was closed is told as it was closed; of one flow alone, as it is on the journal. */
static int of_closed_day(const struct args *a, const struct site *s, const json_t *closed, struct err *e)
{
	struct totals *t = totals_new();
	int code = totals_read(t, json_object_get(closed, "terms"), e) != 0 ? verb_failed(e) : print(a, s, t, closed, e);

	totals_free(t);
	return code;
}

static int of_batch(struct bus *bus, const struct args *a, const struct site *s, const char *id, const int64_t *day,
	struct totals *t, struct err *e)
{
	struct days_batch x;
	int got;

	days_batch_init(&x);
	got = days_batch_load(bus, NULL, a->flow, span_of(id), &x, e);
	if (got == 0)
		got = err_set(e, E_BALANCE_BATCH, "batch=%s", a->batch);
	else if (got == 1 && !x.begun)
		got = err_set(e, E_BALANCE_BEFORE, "batch=%s", a->batch);
	else if (got == 1)
		got = day && x.day != *day ? 0 : days_net(s, &x, t, e);
	days_batch_done(&x);
	return got;
}

/* Since the site began: as it is kept. */
static int of_flow(struct bus *bus, const char *flow, struct totals *t, struct err *e)
{
	struct balance b;
	unsigned part;
	int ret = balance_load(bus, &b, e);

	if (ret != 0)
		return -1;
	if (!flow)
		ret = totals_merge(t, b.all, e);
	for (unsigned i = 0; flow && i < b.nflows && ret == 0; i++)
		if (strcmp(b.flows[i].name, flow) == 0 || shares_names(flow, span_of(b.flows[i].name), &part))
			ret = totals_merge(t, b.flows[i].totals, e);
	balance_done(&b);
	return ret;
}

/* What is open of a day that is not closed: as closing it now would say. */
static int of_open_day(const struct args *a, const struct site *s, struct bus *bus, int64_t day, struct err *e)
{
	struct closing c = {0};
	struct totals *t = totals_new();
	char text[11];
	int code, got = 0;

	clock_date(day, text);
	if (!a->flow && !a->destination)
		got = closing_make(s, bus, span_of(text), &c, e);
	if (got == 0) {
		*e = ERR_INIT;
		got = days_sum(s, bus, day, a->flow, t, e);
	}
	code = got < 0 ? verb_failed(e) : print(a, s, got == 1 ? c.terms : t, got == 1 ? c.root : NULL, e);
	closing_done(&c);
	totals_free(t);
	return code;
}

static int of_part(const struct args *a, struct site *s, struct bus *bus, const int64_t *day, struct err *e)
{
	struct totals *t = totals_new();
	struct buf batch = BUF_INIT;
	int failed = a->batch && verb_subject(s, bus, VERB_BATCH, a->batch, &batch, e) != 0, code;

	if (!failed)
		failed = a->batch ? of_batch(bus, a, s, buf_text(&batch), day, t, e) : of_flow(bus, a->flow, t, e);
	code = failed ? verb_failed(e) : print(a, s, t, NULL, e);
	buf_done(&batch);
	totals_free(t);
	return code;
}

/* A name that nothing has would come out, with nothing in it. One that the site no longer has may have totals. */
static int known(const struct args *a, const struct site *s, struct bus *bus, struct err *e)
{
	const char **names = mem_new((s->nadapters + s->ndestinations + 4u) * sizeof *names), *near = NULL;
	const char *name = a->destination ? a->destination : a->flow;
	struct balance b = {0};
	unsigned n = 0, part;
	bool found = false;

	for (unsigned i = 0; i < s->ndestinations; i++)
		names[n++] = s->destinations[i].name;
	for (unsigned i = 0; !a->destination && i < s->nadapters; i++)
		names[n++] = s->adapters[i].name;
	names[n++] = SITE_ROUTER;
	n -= a->destination != NULL;
	names[n] = NULL;
	for (unsigned i = 0; i < n; i++)
		found |= strcmp(names[i], name) == 0;
	if (!found && !a->destination && balance_load(bus, &b, e) == 0)
		for (unsigned i = 0; i < b.nflows; i++)
			found |= strcmp(b.flows[i].name, name) == 0 || shares_names(name, span_of(b.flows[i].name), &part);
	balance_done(&b);
	if (!found) {
		near = conf_nearest(span_of(name), names);
		err_set(e, E_BALANCE_NAME, "name=%s\nnear=%s", name, near ? near : "");
	}
	free(names);
	return found ? 0 : -1;
}

static int show_part(const struct args *a, struct site *s, struct bus *bus)
{
	json_t *closed = NULL;
	int64_t day = 0;
	struct err e = ERR_INIT;
	int code;

	if ((a->flow || a->destination) && known(a, s, bus, &e) != 0)
		return verb_failed(&e);
	if (a->select.day && read_day(a->select.day, &day, &e) != 0)
		return verb_failed(&e);
	if (a->batch || !a->select.day)
		return of_part(a, s, bus, a->select.day ? &day : NULL, &e);
	if (!a->flow && closing_find(bus, day, &closed, &e) < 0)
		return verb_failed(&e);
	code = closed ? of_closed_day(a, s, closed, &e) : of_open_day(a, s, bus, day, &e);
	json_decref(closed);
	return code;
}

/* ---- closing a day ---- */

static int ask(const struct args *a, struct site *s, struct bus *bus, const struct closing *c, const char *day)
{
	struct acts_order o = {.flow = SITE_KEEPER, .what = "close", .subject = span_of(day),
		.digest = span_of(c->digest), .reason = a->reason};
	json_t *shows = closing_shows(c, say_lang());
	bool done = false;
	int code;

	o.shows = shows;
	code = acts_ask(bus, s, &o, &done);
	if (done)
		printf(say("%s 已关账，未了结的 %zu 个批次已结转。没有发生的事：没有一笔资金因此发出或停下。\n",
			"%s is closed, %zu open batches are carried forward; what has not happened: no money went out or was stopped by this\n"),
			day, json_array_size(json_object_get(c->root, "open")));
	json_decref(shows);
	return code;
}

static int close_day(const struct args *a, struct site *s, struct bus *bus)
{
	struct closing c = {0};
	int64_t day;
	char text[11];
	struct err e;
	int code, got;

	if (read_day(a->close_day, &day, &e) != 0)
		return verb_failed(&e);
	clock_date(day, text);
	got = closing_make(s, bus, span_of(text), &c, &e);
	if (got != 1) {
		code = verb_failed(&e);
	} else {
		code = print(a, s, c.terms, c.root, &e);
		if (code == 0)
			code = a->reason ? ask(a, s, bus, &c, text) : 0;
		if (!a->reason)
			fprintf(stderr, say("没有关账。核对以上内容后：jincai balance --close %s --reason 原因\n",
				"nothing was closed; compare the above, then: jincai balance --close %s --reason TEXT\n"), text);
	}
	closing_done(&c);
	return code;
}

int verb_balance(const struct args *a)
{
	int code = 0;
	struct site *s;
	struct bus *bus;

	const bool part = a->select.day || a->batch || a->flow || a->destination;

	if (a->merge ? !a->nwords : a->nwords > 0)
		return verb_misused(a);
	if ((part ? 1 : 0) + a->deep + a->merge + (a->close_day != NULL) > 1 || (a->reason && !a->close_day))
		return verb_misused(a);
	s = verb_site(a, &code);
	bus = s && !a->merge ? verb_look(s, &code) : NULL;
	if (s && a->merge)
		code = of_files(a, s);
	if (bus)
		code = a->close_day ? close_day(a, s, bus)
			: part ? show_part(a, s, bus) : of_bus(a, s, bus);
	bus_close(bus);
	site_free(s);
	return code;
}
