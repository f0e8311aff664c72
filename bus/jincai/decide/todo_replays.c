/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"
#include "replay.h"
#include "say.h"
#include "todo.h"
#include "verbs.h"

/*
 * Replays that wait for a person: paused, void and not yet put away, under way while no site runs, or without a commit for long. One
 * that two people have to approve is listed as that, one that was asked for and that nobody has taken up as an act.
 */
#define PLANS SITE_REPLAY "/plan/"
/* A long selection is read through before the first commit, and again in each life. */
#define STANDS_MS (15 * 60000)

static struct todo_item *add(struct todo *t, const char *kind, struct span id, const char *to, bool given)
{
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	buf_printf(&subject, "replay:%.*s", SPAN_F(id));
	i = todo_add(t, kind, buf_as_span(&subject));
	buf_done(&subject);
	todo_set(&i->word, id);
	todo_set(&i->flow, given ? span_of(to) : SPAN(SITE_REPLAY));
	if (!given)
		todo_contact(t, SPAN(""), &i->contact);
	return i;
}

static void how_far(struct todo_item *i, const char *to, json_int_t events, json_int_t all)
{
	buf_printf(&i->happened,
		say("重放 %s（到 %s）已做 %lld/%lld 条", "of the replay %s to %s %lld of %lld events are done"),
		i->word, to, (long long)events, (long long)all);
}

/* One that lies in the position of the flow. */
static void add_open(struct todo *t, struct span id, enum replay_state state, const json_t *o)
{
	const json_t *plan = json_object_get(o, "plan");
	const bool in_use = bus_in_use(t->bus);
	struct todo_item *i;
	int64_t at = t->now_ms;

	(void)clock_read(json_text_span(o, "at"), &at);
	if (state == REPLAY_RUNNING && in_use && t->now_ms < at + STANDS_MS)
		return;
	i = add(t, "replay", id, replay_where(plan), replay_is_given(plan));
	i->since_ms = at;
	how_far(i, replay_where(plan), json_integer_value(json_object_get(o, "events")),
		json_integer_value(json_object_get(plan, "events")));
	if (state == REPLAY_PAUSED) {
		buf_str(&i->happened, say("，其后暂停", ", then it was paused"));
		return;
	}
	buf_str(&i->happened, in_use ? say("，其后没有进展", ", and nothing since") : say("，站点没有在运行", ", and the site does not run"));
	buf_printf(&i->next, in_use ? "replay pause {word}\nreplay list" : "run\nreplay list");
	buf_str(&i->advice, in_use ? say("日志中 flow=replay 的各行写明它在等什么；原因消除后自动继续", "lines of the log with flow=replay say what it waits for; it goes "
		"on by itself when that is over") : say("站点启动后自动继续；不需要的，启动后取消", "it goes on by itself when the site runs; when it is not needed, cancel "
		"it then"));
}

static void add_void(struct todo *t, struct span id, const json_t *o)
{
	const json_t *why = json_object_get(o, "why");
	const char *to = json_text(o, "to");
	struct todo_item *i = add(t, "replay-void", id, to, json_is_true(json_object_get(o, "given")));

	(void)clock_read(json_text_span(o, "at"), &i->since_ms);
	buf_printf(&i->happened,
		say("重放 %s（到 %s）已做 %lld 条，其后作废：",
			"of the replay %s to %s %lld events were done, then it became void: "),
		i->word, to, (long long)json_integer_value(json_object_get(o, "events")));
	verb_reason(&i->happened, json_text_span(why, "code"), json_text_span(why, "args"), SPAN_NONE);
}

static int add_one(void *arg, struct span key, struct span value)
{
	const struct span id = {key.p + strlen(PLANS), key.n - strlen(PLANS)};
	json_t *o = json_loadb(value.p, value.n, 0, NULL);
	const enum replay_state state = replay_state_of(json_text(o, "state"));

	if (state == REPLAY_RUNNING || state == REPLAY_PAUSED)
		add_open(arg, id, state, o);
	else if (state == REPLAY_VOID)
		add_void(arg, id, o);
	json_decref(o);
	return 0;
}

/* Into a file, of this host: begun, and nobody holds it. */
static int add_file(void *arg, const struct replay *r, struct err *e)
{
	struct todo *t = arg;
	struct replay held;
	struct err busy = ERR_INIT;
	struct todo_item *i;

	(void)e;
	if (!replay_is_file(r->plan) || (r->state != REPLAY_RUNNING && r->state != REPLAY_NAMING) ||
		replay_open(t->bus, r->id, true, &held, &busy) != 0)
		return 0;
	replay_done(&held);
	i = add(t, "replay", span_of(r->id), "", false);
	(void)clock_read(json_text_span(r->plan, "at"), &i->since_ms);
	how_far(i, replay_where(r->plan), (json_int_t)r->events,
		json_integer_value(json_object_get(r->plan, "events")));
	buf_str(&i->happened, say("，其后没有人执行", ", and nobody runs it"));
	return 0;
}

int todo_replays(struct todo *t, struct err *e)
{
	return bus_positions(t->bus, PLANS, add_one, t, e) < 0 ? -1 : replay_each(t->bus, add_file, t, e);
}
