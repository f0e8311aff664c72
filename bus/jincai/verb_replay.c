/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "acts.h"
#include "json_text.h"
#include "replay.h"
#include "replay_batches.h"
#include "say.h"
#include "show.h"
#include "totals.h"
#include "verbs.h"

/* ---- a plan ---- */

static void add_row(void *arg, const struct total_line *line)
{
	struct buf *b = arg;
	char plus[24], minus[24], name[64];

	buf_printf(b, say("  %" PRIu64 " 笔  %s  %s", "  %" PRIu64 " events  %s  %s"), line->sum.count, show_currency(line->currency, name),
		money_text(line->sum.plus, plus));
	if (line->sum.minus)
		buf_printf(b, "  %s", money_text(line->sum.minus, minus));
	if (line->sum.unreadable)
		buf_printf(b, say("  其中 %" PRIu64 " 笔没有金额", "  %" PRIu64 " without an amount"), line->sum.unreadable);
	buf_c(b, '\n');
}

static void put_money(const json_t *rows, struct buf *b)
{
	struct totals *t = totals_new();
	struct err ignored;

	if (totals_read(t, rows, &ignored) == 0)
		totals_each(t, add_row, b);
	totals_free(t);
}

/* What consumers do not see of it. */
static void put_masked(const struct replay *r, struct buf *b)
{
	const json_t *list = json_object_get(r->plan, "masked"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		buf_printf(b, say("  遮蔽个人信息：%s\n", "  masked as personal: %s\n"), json_string_value(one));
}

#define NOT_SHOWN 20u

static const char *verdict_words(const char *name)
{
	for (unsigned i = 0; i < REPLAY_VERDICTS; i++)
		if (strcmp(name, replay_verdicts[i]) == 0)
			return say(replay_verdicts_zh[i], replay_verdicts[i]);
	return name;
}

/* Which batches go, and of the others why not. */
static void put_batches(const struct replay *r, struct buf *b)
{
	const json_t *goes = json_object_get(r->plan, "goes"), *not = json_object_get(r->plan, "not"), *one;
	const long long all = (long long)json_integer_value(json_object_get(r->plan, "batches"));
	const long long some = (long long)json_integer_value(json_object_get(goes, "batches"));
	size_t i;

	if (!goes)
		return;
	buf_printf(b, say("  交付 %lld 个批次，共 %lld 行；不交付 %lld 个\n", "  %lld batches go, with %lld lines; %lld do not\n"), some,
		(long long)json_integer_value(json_object_get(goes, "lines")), all - some);
	json_array_foreach(not, i, one) {
		if (i == NOT_SHOWN)
			break;
		buf_str(b, say("  不交付 ", "  not "));
		show_text(b, json_text_span(one, "batch"));
		buf_printf(b, say("：%s\n", ": %s\n"), verdict_words(json_text(one, "why")));
	}
}

static void put_plan(const struct replay *r, struct buf *b)
{
	const json_t *list, *one;
	size_t i;

	buf_printf(b, say("重放计划 %s\n事件 %lld 条，写入 ", "plan %s\n%lld events, into "), r->id,
		(long long)json_integer_value(json_object_get(r->plan, "events")));
	buf_str(b, replay_is_file(r->plan) ? "" : replay_is_given(r->plan) ? say("去向 ", "destination ") : say("主题 ", "topic "));
	show_text(b, span_of(replay_where(r->plan)));
	buf_c(b, '\n');
	put_masked(r, b);
	put_batches(r, b);
	buf_str(b, say("金额：\n", "money:\n"));
	put_money(json_object_get(r->plan, "money"), b);
	list = json_object_get(r->plan, "already");
	json_array_foreach(list, i, one)
		buf_printf(b, say("  %s 已有其中 %lld 条\n", "  %s has %lld of them already\n"), json_text(one, "destination"),
			(long long)json_integer_value(json_object_get(one, "events")));
	list = json_object_get(r->plan, "samples");
	json_array_foreach(list, i, one) {
		buf_str(b, say("  例 ", "  such as "));
		show_text(b, span_of(json_string_value(one)));
		buf_c(b, '\n');
	}
	buf_printf(b, say("内容摘要 %s\n预计约 %lld 秒\n", "digest %s\nabout %lld s\n"), json_text(r->plan, "digest"),
		(long long)json_integer_value(json_object_get(r->plan, "seconds")));
}

static int plan(const struct args *a, struct site *s, struct bus *bus)
{
	const struct replay_to to = {.file = a->to_file, .topic = a->to_topic, .destination = a->to_destination};
	struct replay r;
	struct buf b = BUF_INIT;
	struct err e;

	if ((to.file != NULL) + (to.topic != NULL) + (to.destination != NULL) != 1 || (to.file && !to.file[0]) || !a->reason || !a->reason[0]) {
		err_set(&e, E_REPLAY_TO, "%s", "");
		return verb_failed(&e);
	}
	if (replay_make(s, bus, &a->select, &to, a->reason, &r, &e) != 0)
		return verb_failed(&e);
	put_plan(&r, &b);
	show_flush(&b, stdout);
	fprintf(stderr, say("没有动任何东西。核对之后：jincai replay run %s\n", "nothing has moved; when this is what is meant: jincai replay run %s\n"), r.id);
	replay_done(&r);
	buf_done(&b);
	return 0;
}

static int with_bus(const struct args *a, int (*run)(const struct args *a, struct site *s, struct bus *bus))
{
	int code = 0;
	struct site *s = verb_site(a, &code);
	struct bus *bus = s ? verb_look(s, &code) : NULL;

	if (bus)
		code = run(a, s, bus);
	bus_close(bus);
	site_free(s);
	return code;
}

int verb_replay(const struct args *a)
{
	return with_bus(a, plan);
}

/* ---- running it ---- */

struct signals {
	sigset_t ends;
	bool ended;
};

static void ends(sigset_t *ret)
{
	sigemptyset(ret);
	sigaddset(ret, SIGINT);
	sigaddset(ret, SIGTERM);
	sigaddset(ret, SIGHUP);
}

static bool is_paused(void *arg)
{
	struct signals *s = arg;

	s->ended |= sigtimedwait(&s->ends, NULL, &(struct timespec){0, 0}) > 0;
	return s->ended;
}

static const char *id_of(const struct args *a)
{
	return a->nwords ? a->words[0] : "";
}

/* The file will hold what is masked everywhere else: who wanted it, and why, is on record before the first byte of it. */
static int note_reveal(struct site *s, struct bus *bus, const struct replay *r, struct err *e)
{
	const struct acts_order o = {.flow = SITE_KEEPER, .what = "reveal", .subject = span_of(r->id), .digest = json_text_span(r->plan, "digest"),
		.reason = json_text(r->plan, "reason")};
	enum err_id why;

	if (r->state != REPLAY_PLANNED || acts_execute(bus, s, &o, 100, NULL, &why, e) >= 0 || e->id == E_ACT_WAITS)
		return 0;
	return -1;
}

static int run_to_file(struct site *s, struct bus *bus, const char *id, const struct replay_run *how)
{
	struct replay r;
	struct err e;
	int got, code;

	if (replay_open(bus, id, true, &r, &e) != 0)
		return verb_failed(&e);
	got = note_reveal(s, bus, &r, &e);
	if (got == 0)
		got = replay_to_file(s, bus, &r, how, &e);
	code = got < 0 ? verb_failed(&e) : got == 0 ? 1 : 0;
	if (got == 1)
		printf(say("已写入 %s：%" PRIu64 " 条。没有发生的事：没有一笔付款因此再发，谁的位点也没有动。\n",
			"%s has %" PRIu64 " events; what has not happened: nothing was paid by this, nobody's position has moved\n"),
			json_text(json_object_get(r.plan, "to"), "file"), r.events);
	if (got == 0)
		fprintf(stderr, say("已暂停，写好 %" PRIu64 " 条；文件还没有正式名称。继续：jincai replay run %s\n",
			"paused after %" PRIu64 " events; the file has not got its name; to go on: jincai replay run %s\n"), r.events, r.id);
	replay_done(&r);
	return code;
}

static int run(const struct args *a, struct site *s, struct bus *bus)
{
	struct signals signals = {.ended = false};
	struct replay_run how = {.rate = a->rate ? strtoull(a->rate, NULL, 10) : 0, .paused = is_paused, .arg = &signals};
	struct replay r;
	struct err e;
	int code;

	ends(&signals.ends);
	if (replay_open(bus, id_of(a), false, &r, &e) != 0)
		return verb_failed(&e);
	code = replay_is_file(r.plan) ? run_to_file(s, bus, r.id, &how) : replay_watch(s, bus, &r, &how);
	replay_done(&r);
	return code;
}

/* Before the bus is opened: the threads of a client of a cluster would not have them blocked, and be ended by them. */
int verb_replay_run(const struct args *a)
{
	sigset_t set;

	ends(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return with_bus(a, run);
}

/* Into a file its own process writes: it is paused there. */
static int pause_it(const struct args *a, struct site *s, struct bus *bus)
{
	struct replay r, locked = {.lock = -1};
	struct err e;
	int code = 0;

	if (replay_open(bus, id_of(a), false, &r, &e) != 0)
		return verb_failed(&e);
	if (!replay_is_file(r.plan))
		code = replay_ask(s, bus, &r, "pause", json_text(r.plan, "reason"));
	else if (replay_open(bus, r.id, true, &locked, &e) != 0)
		code = verb_failed(&e);
	replay_done(&locked);
	replay_done(&r);
	return code;
}

int verb_replay_pause(const struct args *a)
{
	return with_bus(a, pause_it);
}

static int cancel_file(struct bus *bus, const char *id)
{
	struct replay r;
	struct err e;
	int code = 0;

	if (replay_open(bus, id, true, &r, &e) != 0)
		return verb_failed(&e);
	if (replay_cancel(bus, &r, &e) != 0)
		code = verb_failed(&e);
	else
		printf(say("已取消 %s；文件没有产生。\n", "%s is cancelled; there is no file\n"), r.id);
	replay_done(&r);
	return code;
}

static int cancel(const struct args *a, struct site *s, struct bus *bus)
{
	struct replay r;
	struct err e;
	int code;

	if (replay_open(bus, id_of(a), false, &r, &e) != 0)
		return verb_failed(&e);
	code = replay_is_file(r.plan) ? cancel_file(bus, r.id) : replay_ask(s, bus, &r, "cancel", json_text(r.plan, "reason"));
	replay_done(&r);
	return code;
}

int verb_replay_cancel(const struct args *a)
{
	return with_bus(a, cancel);
}

/* ---- what there is ---- */

static int list_one(void *arg, const struct replay *r, struct err *e)
{
	struct buf *b = arg;

	(void)e;
	buf_printf(b, "%s  %s  %" PRIu64 "/%lld  ", r->id, say(replay_states_zh[r->state], replay_states[r->state]), r->events,
		(long long)json_integer_value(json_object_get(r->plan, "events")));
	show_text(b, span_of(replay_where(r->plan)));
	buf_str(b, "  ");
	show_text(b, json_text_span(r->plan, "reason"));
	buf_c(b, '\n');
	return 0;
}

static int list(const struct args *a, struct site *s, struct bus *bus)
{
	struct buf b = BUF_INIT;
	struct err e;
	int code = 0;

	(void)a;
	(void)s;
	if (replay_each(bus, list_one, &b, &e) != 0)
		code = verb_failed(&e);
	show_flush(&b, stdout);
	buf_done(&b);
	return code;
}

int verb_replay_list(const struct args *a)
{
	return with_bus(a, list);
}
