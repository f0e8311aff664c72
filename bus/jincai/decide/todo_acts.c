/* SPDX-License-Identifier: Apache-2.0 */
#include "act.h"
#include "clock.h"
#include "deliver.h"
#include "guard.h"
#include "json_text.h"
#include "people.h"
#include "say.h"
#include "todo.h"
#include "verbs.h"

/* ---- acts that nobody has taken up ---- */

/* A running flow looks for acts each second: one that is older waits for something. */
#define SOON_MS 60000

static int add(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;
	json_t *o;

	if (bus_in_use(t->bus) && t->now_ms < came_ms + SOON_MS)
		return 0;
	o = json_loadb(act.p, act.n, 0, NULL);
	buf_printf(&subject, "act:%s", id);
	i = todo_add(t, "act", buf_as_span(&subject));
	i->since_ms = came_ms;
	todo_set(&i->act, span_of(id));
	todo_set(&i->flow, span_of(flow));
	todo_contact(t, SPAN(""), &i->contact);
	buf_printf(&i->happened, say("%.*s 提交了操作 %.*s（%.*s），%s", "%.*s handed in the act %.*s (%.*s); %s"),
		SPAN_F(json_text_span(o, "by")), SPAN_F(json_text_span(o, "act")), SPAN_F(json_text_span(o, json_text_span(o, "subject").n ? "subject" : "batch")),
		bus_in_use(t->bus) ? say("负责的流一分钟内没有接手", "its flow did not take it up within a minute")
			: say("站点没有在运行，无人接手", "the site does not run, nobody takes it up"));
	json_decref(o);
	buf_done(&subject);
	return 0;
}

/* ---- acts that wait for two people ---- */

/* What the order shows to those who approve. */
static void add_money(struct todo_item *i, const json_t *shows)
{
	const json_t *one;
	size_t k;

	json_array_foreach(json_object_get(shows, "sums"), k, one) {
		struct money_sum sum = {.count = 1};
		struct err ignored;

		if (money_read(json_text_span(one, "amount"), &MONEY_YUAN, &sum.plus, &ignored) == 0)
			(void)totals_move(i->money, TOTAL_READ, "", json_text_span(one, "currency"), &sum, 1, &ignored);
	}
}

/* Those whose approval is still missing: of a role that has approved nobody is asked again. */
static void add_whom(struct todo *t, struct todo_item *i, const json_t *approvals)
{
	const struct people *p = t->site->people;
	bool has[PEOPLE_AUDITOR + 1] = {false};
	const json_t *one;
	size_t k;
	unsigned n = 0;

	json_array_foreach(approvals, k, one) {
		const struct people_member *m = p ? people_who(p, &(struct approval){.name = json_text_span(one, "name"),
			.user = json_text_span(one, "by")}) : NULL;

		if (m)
			has[m->role] = true;
	}
	for (unsigned m = 0; p && m < people_count(p); m++) {
		const struct people_member *x = people_at(p, m);

		if ((x->role == PEOPLE_HANDLER || x->role == PEOPLE_CHECKER) && !has[x->role])
			buf_printf(&i->contact, "%s%s %s", n++ ? say("、", ", ") : "",
				x->role == PEOPLE_HANDLER ? say("经办", "handler") : say("复核", "checker"), x->name);
	}
	if (!n)
		todo_contact(t, SPAN(""), &i->contact);
}

static int add_pending(void *arg, const struct act *a, const json_t *approvals, struct err *e)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	(void)e;
	buf_printf(&subject, "approval:%.*s", SPAN_F(a->id));
	i = todo_add(t, "approval", buf_as_span(&subject));
	(void)clock_read(a->at, &i->since_ms);
	snprintf(i->deadline, sizeof i->deadline, "%.*s", SPAN_F(a->until));
	todo_set(&i->act, a->id);
	todo_set(&i->flow, a->flow);
	buf_printf(&i->happened,
		say("%.*s 提出操作 %.*s（%.*s），原因：%.*s；已有 %zu 人签批",
			"%.*s asked for the act %.*s (%.*s), because: %.*s; "
			"approved so far by: %zu"),
		SPAN_F(a->by), SPAN_F(a->what), SPAN_F(a->subject), SPAN_F(a->reason), json_array_size(approvals));
	add_money(i, json_object_get(a->root, "shows"));
	add_whom(t, i, approvals);
	if (t->site->people && people_local(t->site->people))
		buf_str(&i->next, "approve {number}\napprove list");
	buf_done(&subject);
	return 0;
}

/* ---- flows that were stopped ---- */

static int add_stopped(void *arg, struct span flow, const json_t *order, struct err *e)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	(void)e;
	buf_printf(&subject, "stopped:%.*s", SPAN_F(flow));
	i = todo_add(t, "stopped", buf_as_span(&subject));
	(void)clock_read(json_text_span(order, "at"), &i->since_ms);
	todo_set(&i->flow, flow);
	todo_set(&i->word, flow);
	if (json_text_span(order, "code").n) {
		buf_str(&i->happened, say("自行停下：", "it stopped itself: "));
		verb_reason(&i->happened, json_text_span(order, "code"), json_text_span(order, "args"), SPAN_NONE);
	} else {
		buf_printf(&i->happened, say("%.*s 将其停下，原因：%.*s", "%.*s stopped it, because: %.*s"),
			SPAN_F(json_text_span(order, "by")), SPAN_F(json_text_span(order, "reason")));
	}
	buf_done(&subject);
	return 0;
}

/* ---- batches and events that were stopped at destinations ---- */

/* One item for all destinations at which it was. */
static int add_stop(void *arg, struct span destination, const char *subject, const char *batch, const json_t *order,
	struct err *e)
{
	struct todo *t = arg;
	struct buf text = BUF_INIT;
	struct todo_item *i;

	buf_printf(&text, "stop:%s", subject);
	i = todo_of_subject(t, buf_text(&text));
	if (i) {
		buf_clear(&text);
		buf_printf(&text, "%s%s%.*s", i->destinations, say("、", ", "), SPAN_F(destination));
		todo_set(&i->destinations, buf_as_span(&text));
		buf_done(&text);
		return 0;
	}
	i = todo_add(t, "stop", buf_as_span(&text));
	buf_done(&text);
	todo_set(&i->word, span_of(subject));
	todo_set(&i->batch, span_of(batch));
	todo_set(&i->flow, destination);
	todo_set(&i->destinations, destination);
	if (todo_of_batch(t, i, false, e) != 0)
		return -1;
	(void)clock_read(json_text_span(order, "at"), &i->since_ms);
	buf_printf(&i->happened, say("%.*s 将其叫停，原因：%.*s", "%.*s stopped it, because: %.*s"),
		SPAN_F(json_text_span(order, "by")), SPAN_F(json_text_span(order, "reason")));
	return 0;
}

/* ---- all money stopped ---- */

int todo_guard(struct todo *t, struct err *e)
{
	struct todo_item *i;
	int64_t since_ms;
	struct err why;

	if (guard_look(t->bus, &why, &since_ms, e) != 0)
		return -1;
	if (why.id == E_NONE)
		return 0;
	i = todo_add(t, "guard", SPAN("guard"));
	i->since_ms = since_ms ? since_ms : t->now_ms;
	todo_set(&i->word, SPAN(SITE_KEEPER));
	verb_reason(&i->happened, span_of(err_code(why.id)->name), span_of(why.args), SPAN_NONE);
	return 0;
}

int todo_acts(struct todo *t, struct err *e)
{
	if (bus_acts_left(t->bus, add, t, e) != 0 || acts_pending(t->bus, add_pending, t, e) < 0)
		return -1;
	return acts_stopped(t->bus, add_stopped, t, e) < 0 || deliver_stops(t->bus, add_stop, t, e) < 0 ? -1 : 0;
}
