/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <jansson.h>
#include <stdlib.h>

#include "act.h"
#include "adopted.h"
#include "deliver.h"
#include "gather.h"
#include "guard.h"
#include "json_text.h"
#include "mask.h"
#include "say.h"
#include "shares.h"
#include "verbs.h"

/* Why a thing does not go on at a flow: somebody stopped it, or it is held there. */
struct waits {
	struct trace *t;
	const char *flow;
	unsigned n;                  /* reasons found */
};

/* ---- stopped ---- */

static int add_stopped(void *arg, struct span flow, const json_t *order, struct err *e)
{
	struct waits *w = arg;
	struct buf why = BUF_INIT;
	unsigned part;

	(void)e;
	if (!shares_names(w->flow, flow, &part))
		return 0;
	if (json_text_span(order, "code").n)
		verb_reason(&why, json_text_span(order, "code"), json_text_span(order, "args"), SPAN_NONE);
	else
		buf_span(&why, trace_reason(w->t, order));
	trace_add_missing(w->t, trace_words(w->t, say("%.*s 已停下（%.*s：%.*s）：jincai resume %.*s",
		"%.*s is stopped (by %.*s: %.*s): jincai resume %.*s"), SPAN_F(flow),
		SPAN_F(json_text_span(order, "by")), SPAN_F(buf_as_span(&why)), SPAN_F(flow)));
	buf_done(&why);
	w->n++;
	return 0;
}

int trace_stopped(struct trace *t, const char *flow, struct err *e)
{
	struct waits w = {.t = t, .flow = flow};

	return acts_stopped(t->bus, add_stopped, &w, e) < 0 ? -1 : w.n > 0;
}

static int add_stop(void *arg, struct span destination, const char *subject, const char *batch, const json_t *order,
	struct err *e)
{
	struct waits *w = arg;
	const bool it = span_is(w->t->id, subject), its_batch = span_is(w->t->event.batchid, subject);

	(void)e;
	if (!span_is(destination, w->flow) || (!it && !its_batch && !span_is(w->t->event.batchid, batch)))
		return 0;
	trace_add_missing(w->t, trace_words(w->t, say("%.*s：%s已由 %.*s 叫停（%.*s）：jincai resume %s",
		"%.*s: %s was stopped by %.*s (%.*s): jincai resume %s"), SPAN_F(destination), it ? say("这一笔", "it") :
		its_batch ? say("整批", "its batch") : say("同批的一笔", "another line of its batch"),
		SPAN_F(json_text_span(order, "by")), SPAN_F(trace_reason(w->t, order)), subject));
	w->n++;
	return 0;
}

/* ---- held ---- */

/* 1 it is held and said so, 0 not, -1. */
static int add_held(struct waits *w, const json_t *o, struct err *e)
{
	struct buf why = BUF_INIT;
	struct gathering *g;

	if (!json_is_true(json_object_get(o, "held")) || !span_eq(json_text_span(o, "batch"), w->t->event.batchid))
		return 0;
	g = gathering_read(o, e);
	if (!g)
		return -1;
	verb_reason(&why, span_of(g->why), span_of(g->why_args), SPAN_NONE);
	trace_add_missing(w->t, trace_words(w->t, say("%s 挂起了整批，一笔也不发出：%.*s；jincai held show %s",
		"%s holds its batch, nothing of it goes out: %.*s; jincai held show %s"), w->flow,
		SPAN_F(buf_as_span(&why)), g->batchid));
	w->n++;
	gathering_free(g);
	buf_done(&why);
	return 1;
}

/* What stands at a position of the destination, as JSON; NULL: nothing. */
static int get_position(struct waits *w, const char *name, struct span more, json_t **ret, struct err *e)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	int got;

	buf_printf(&key, "%s%s%.*s", w->flow, name, SPAN_F(more));
	got = bus_position_get(w->t->bus, buf_text(&key), &value, e);
	*ret = got == 1 ? json_loadb(value.p, value.n, 0, NULL) : NULL;
	buf_done(&key);
	buf_done(&value);
	return got < 0 ? -1 : 0;
}

/* The positions "<destination>/held/<batch>" and "<destination>/out" of deliver.h. */
static int look_held(struct waits *w, struct err *e)
{
	json_t *o = NULL;
	const json_t *one;
	size_t i;
	int got = get_position(w, "/held/", w->t->event.batchid, &o, e);

	if (got == 0 && o)
		got = add_held(w, o, e);
	json_decref(o);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (get_position(w, "/out", SPAN(""), &o, e) != 0)
		return -1;
	json_array_foreach(json_object_get(o, "open"), i, one)
		if (got == 0)
			got = add_held(w, one, e);
	json_decref(o);
	return got < 0 ? -1 : 0;
}

static int look_guard(struct waits *w, struct err *e)
{
	struct err why;
	struct buf words = BUF_INIT;

	if (guard_look(w->t->bus, &why, NULL, e) != 0)
		return -1;
	if (why.id == E_NONE)
		return 0;
	verb_reason(&words, span_of(err_code(why.id)->name), span_of(why.args), SPAN_NONE);
	trace_add_missing(w->t, trace_words(w->t, say("全部付款已停下：%.*s；jincai todo",
		"all money is stopped: %.*s; jincai todo"), SPAN_F(buf_as_span(&words))));
	buf_done(&words);
	w->n++;
	return 0;
}

/* ---- what two people have not let ---- */

static void add_off(struct waits *w, enum adopted_off off)
{
	if (off == ADOPTED_AS_SAID)
		return;
	trace_add_missing(w->t, trace_words(w->t, off == ADOPTED_NOT_LET ?
		say("%s 须两人签批才转为正式运行，此前什么也不送出：jincai live %s",
			"%s goes live when two people let it, nothing goes out before: jincai live %s") :
		say("%s 曾正式运行，不能退回试运行，什么也不送出：请改站点文件，或 jincai live %s",
			"%s was live and cannot go back to shadow, nothing goes out: change the site file, or jincai "
			"live %s"),
		w->flow, w->flow));
	w->n++;
}

static void add_site_changed(struct waits *w, const json_t *differences)
{
	const json_t *one;
	size_t i;

	json_array_foreach(differences, i, one)
		if (strcmp(json_text(one, "item"), ITEM_SITE) == 0) {
			trace_add_missing(w->t, trace_words(w->t, "%s", say("站点文件的改动等待两人签批，涉及付款的都不启动：jincai adopt",
				"the site file was changed and two people have not let it, nothing that carries money "
				"starts: jincai adopt")));
			w->n++;
		}
}

static int look_adopted(struct waits *w, const struct site_destination *d, struct err *e)
{
	struct adopted in_force;
	struct items items;
	json_t *differences;

	if (adopted_read(w->t->bus, &in_force, e) != 0)
		return -1;
	if (in_force.root) {
		items_of(w->t->site, &items);
		differences = adopted_differences(&in_force, &items);
		add_off(w, adopted_off(&in_force, d));
		add_site_changed(w, differences);
		json_decref(differences);
		items_done(&items);
	}
	adopted_done(&in_force);
	return 0;
}

int trace_waits(struct trace *t, const struct site_destination *d, struct err *e)
{
	struct waits w = {.t = t, .flow = d->name};

	if (acts_stopped(t->bus, add_stopped, &w, e) < 0 || deliver_stops(t->bus, add_stop, &w, e) < 0 ||
		look_held(&w, e) != 0)
		return -1;
	if (items_destination(t->site, d) && (look_guard(&w, e) != 0 || look_adopted(&w, d, e) != 0))
		return -1;
	return w.n > 0;
}
