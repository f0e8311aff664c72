/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "acts.h"
#include "json_text.h"
#include "replay.h"
#include "say.h"
#include "verbs.h"

#define WAIT_MS 5000                 /* a flow of a running site looks for acts each second */
#define LOOK_MS 100

static const char *state_words(const struct replay *r)
{
	return say(replay_states_zh[r->state], replay_states[r->state]);
}

/* Why it could not be done, with all that its words may ask for. Exit code. */
static int refused(const struct replay *r, enum err_id why)
{
	struct err e;

	err_set(&e, why, "plan=%s\nsubject=%s\nflow=" SITE_REPLAY "\nto=%s\nstate=%s\nname=%s", r->id, r->id,
		replay_where(r->plan), state_words(r), replay_where(r->plan));
	if (why == E_BUS_RIGHT || why == E_BUS_TOPIC_MAKE)
		fprintf(stderr, say("请管理集群的人建立主题 %s（分区数与站点相同），或按 jincai topics --acls 为 replay 授权\n",
			"let who administers the cluster make the topic %s, with as many partitions as the site has, or give replay its rights: "
			"jincai topics --acls\n"), replay_where(r->plan));
	return verb_failed(&e);
}

struct waiting {
	struct span plan;
	char *act;
};

static int is_waiting(void *arg, const struct act *a, const json_t *approvals, struct err *e)
{
	struct waiting *w = arg;

	(void)approvals, (void)e;
	if (!span_is(a->flow, SITE_REPLAY) || !span_is(a->what, "replay") || !span_eq(a->subject, w->plan) ||
		a->id.n >= ACT_ID_MAX)
		return 0;
	snprintf(w->act, ACT_ID_MAX, "%.*s", SPAN_F(a->id));
	return 1;
}

int replay_waits(struct bus *b, const struct replay *r, char ret_act[ACT_ID_MAX], struct err *e)
{
	struct waiting w = {span_of(r->id), ret_act};

	return r->state == REPLAY_PLANNED && replay_is_money(r->plan) ? acts_pending(b, is_waiting, &w, e) : 0;
}

static void say_waits(const char *act)
{
	fprintf(stderr, say("操作单 %s 等待经办、复核两人签批；没有发生的事：在此之前什么也没有改动，一笔未发。\n签批：jincai approve %s；签批后自动执行，进度见 jincai replay list\n",
		"act %s waits for a handler and a checker. What has not happened: until both have approved it nothing is changed and nothing is "
		"sent.\nto approve it: jincai approve %s; with that it begins by itself, see jincai replay list\n"), act, act);
}

/* An enum acts_end; -1: said, *ret_code. */
static int ask(struct site *s, struct bus *b, struct replay *r, const char *what, const char *reason, json_t *more,
	int *ret_code)
{
	json_t *core = replay_core(r->plan);
	struct acts_order o = {
		.flow = SITE_REPLAY, .what = what, .subject = span_of(r->id), .reason = reason, .more = more};
	enum err_id why = E_NONE;
	char digest[65], act[ACT_ID_MAX];
	json_t *shows = NULL;
	struct err e;
	int got;

	replay_core_digest(core, digest);
	o.digest = span_of(digest);
	if (more)
		json_object_set(more, "plan", core);
	if (more && replay_is_money(core) && r->state == REPLAY_PLANNED)
		o.shows = shows = replay_shows(core, say_lang());
	got = acts_execute(b, s, &o, WAIT_MS, act, &why, &e);
	json_decref(shows);
	if (got == ACTS_PROPOSED) {
		say_waits(act);
		*ret_code = 1;
	}
	if (got == ACTS_REFUSED && replay_look(b, r, &e) == 0)
		*ret_code = refused(r, why);
	else if (got < 0 || got == ACTS_REFUSED)
		*ret_code = verb_failed(&e);
	json_decref(core);
	json_decref(more);
	return got == ACTS_DONE ? got : -1;
}

/* ---- looking on ---- */

static int say_paused(const struct replay *r)
{
	fprintf(stderr,
		say("已暂停，已写 %" PRIu64 " 条。继续：jincai replay run %s\n",
			"paused after %" PRIu64 " events; to go on: jincai replay run %s\n"),
		r->events, r->id);
	return 1;
}

static int say_end(const struct replay *r)
{
	struct err e = r->why;

	if (r->state == REPLAY_DONE && replay_is_money(r->plan)) {
		const json_t *goes = json_object_get(r->plan, "goes");

		printf(say("%s 已得到 %lld 个批次共 %lld 行，由它照常处理。没有发生的事：已交给其他付款去向的 %lld 行没有再交付，别的流的位点没有动。\n",
			"%s was given %lld batches with %lld lines, and does with them as ever; what has not happened: %lld lines that other banks were "
			"given did not go, no other flow's position has moved\n"), replay_where(r->plan),
			(long long)json_integer_value(json_object_get(goes, "batches")), (long long)json_integer_value(json_object_get(goes, "lines")),
			(long long)json_integer_value(json_object_get(json_object_get(r->plan, "handed"), "lines")));
		return 0;
	}
	if (r->state == REPLAY_DONE && replay_is_given(r->plan)) {
		printf(say("%s 已得到 %lld 个批次，由它照常处理。没有发生的事：没有一笔付款因此再发，别的流的位点没有动。\n",
			"%s was given %lld batches, and does with them as ever; what has not happened: nothing was paid by this, no other flow's position "
			"has moved\n"), replay_where(r->plan), (long long)json_integer_value(json_object_get(json_object_get(r->plan, "goes"), "batches")));
		return 0;
	}
	if (r->state == REPLAY_DONE) {
		printf(say("已写入主题 %s：%" PRIu64 " 条，各分区末尾有结束标记。没有发生的事：没有一笔付款因此再发，谁的位点也没有动。\n",
			"%s has %" PRIu64 " events, and on each partition a mark that no more comes; what has not happened: nothing was paid by this, "
			"nobody's position has moved\n"), replay_where(r->plan), r->events);
		return 0;
	}
	if (r->state == REPLAY_VOID) {
		if (replay_is_given(r->plan) && r->events)
			fprintf(stderr, say("已整批交付给 %s 的，由它照常处理；当时交付到一半的批次对它按退回处理：其中一笔也不会送出\n",
				"what %s was given in whole batches stays; those amid which it was count as returned there: nothing of them goes\n"),
				replay_where(r->plan));
		return verb_failed(&e);
	}
	return refused(r, E_REPLAY_ENDED);
}

/* The site has ended while it was under way. */
static int say_left(const struct replay *r)
{
	fprintf(stderr, say("站点没有在运行，已写 %" PRIu64 " 条；站点运行后自动继续。暂停：jincai replay pause %s\n",
		"the site does not run; %" PRIu64 " events are written, and it goes on by itself when the site runs. To pause it: jincai replay pause %s\n"),
		r->events, r->id);
	return 1;
}

static int look_on(struct site *s, struct bus *b, struct replay *r, const struct replay_run *how)
{
	const json_int_t all = json_integer_value(json_object_get(r->plan, "events"));
	bool asked = false;
	struct err e;
	int code;

	for (;;) {
		if (replay_look(b, r, &e) != 0)
			return verb_failed(&e);
		if (r->state != REPLAY_RUNNING || !bus_in_use(b))
			break;
		verb_progress(say("重放", "replay"), (int64_t)r->events, all);
		if (!asked && how->paused(how->arg)) {
			verb_progress("", -1, 0);
			asked = true;
			/* It may have ended in this moment: that is said below. */
			if (ask(s, b, r, "pause", json_text(r->plan, "reason"), NULL, &code) < 0 &&
				!replay_has_ended(r->state))
				return code;
		}
		nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	}
	verb_progress("", -1, 0);
	if (replay_look(b, r, &e) != 0)
		return verb_failed(&e);
	return replay_has_ended(r->state) ? say_end(r) : r->state == REPLAY_PAUSED ? say_paused(r) : say_left(r);
}

int replay_watch(struct site *s, struct bus *b, struct replay *r, const struct replay_run *how)
{
	char act[ACT_ID_MAX];
	json_t *more;
	struct err e;
	int code, waits;

	if (replay_has_ended(r->state))
		return r->state == REPLAY_VOID ? say_end(r) : refused(r, E_REPLAY_ENDED);
	waits = replay_waits(b, r, act, &e);
	if (waits < 0)
		return verb_failed(&e);
	if (waits) {
		say_waits(act);
		return 1;
	}
	more = json_object();
	if (how->rate)
		json_object_set_new(more, "rate", json_integer((json_int_t)how->rate));
	return ask(s, b, r, "replay", json_text(r->plan, "reason"), more, &code) < 0 ? code : look_on(s, b, r, how);
}

int replay_ask(struct site *s, struct bus *b, struct replay *r, const char *what, const char *reason)
{
	const bool seen = r->state == REPLAY_VOID && strcmp(what, "cancel") == 0;
	struct err e;
	int code;

	if (replay_has_ended(r->state) && !seen)
		return refused(r, E_REPLAY_ENDED);
	if (ask(s, b, r, what, reason, NULL, &code) < 0)
		return code;
	if (replay_look(b, r, &e) != 0)
		return verb_failed(&e);
	if (seen) {
		printf(say("%s 不再列为待办；没有别的变化\n", "%s no longer waits for anybody; nothing else has changed\n"), r->id);
		return 0;
	}
	if (r->state == REPLAY_PAUSED)
		say_paused(r);
	if (r->state != REPLAY_PAUSED && replay_is_money(r->plan))
		printf(say("%s 不再开始新的批次；已开始的会办结，然后取消。没有发生的事：未开始的批次一笔未付。\n",
			"%s begins no other batch; what was begun is ended, then it is cancelled; what has not happened: nothing of the batches that were "
			"not begun is paid by this\n"), r->id);
	else if (r->state != REPLAY_PAUSED && replay_is_given(r->plan))
		printf(say("%s 不再开始新的批次；已开始的会办结，然后取消。没有发生的事：没有一笔付款因此再发。\n",
			"%s begins no other batch; what was begun is ended, then it is cancelled; what has not happened: nothing was paid by this\n"), r->id);
	else if (r->state != REPLAY_PAUSED)
		printf(say("%s 已取消；主题 %s 上已有的 %" PRIu64 " 条留在原处，末尾注明已取消。没有发生的事：没有一笔付款因此再发。\n",
			"%s is cancelled; what %s has of it, %" PRIu64 " events, stays there with a mark that no more comes; what has not happened: "
			"nothing was paid by this\n"), r->id, replay_where(r->plan), r->events);
	return 0;
}
