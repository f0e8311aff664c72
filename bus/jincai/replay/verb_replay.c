/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "acts.h"
#include "json_text.h"
#include "replay.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

/* ---- a plan ---- */

#define HANDED_SHOWN 20u

static int plan(const struct args *a, struct site *s, struct bus *bus)
{
	const struct replay_to to = {.file = a->to_file, .topic = a->to_topic, .destination = a->to_destination};
	struct replay r;
	struct err e;
	int code = 0;

	if ((to.file != NULL) + (to.topic != NULL) + (to.destination != NULL) != 1 || (to.file && !to.file[0]) ||
		!a->reason || !a->reason[0]) {
		err_set(&e, E_REPLAY_TO, "%s", "");
		return verb_failed(&e);
	}
	if (replay_make(s, bus, &a->select, &to, a->reason, &r, &e) != 0)
		return verb_failed(&e);
	if (replay_page(bus, &r, HANDED_SHOWN, stdout, &e) != 0)
		code = verb_failed(&e);
	else
		fprintf(stderr,
			say("没有动任何东西。核对之后：jincai replay run %s\n",
				"nothing has moved; when this is what is meant: jincai replay run %s\n"),
			r.id);
	replay_done(&r);
	return code;
}

static int show_it(const struct args *a, struct site *s, struct bus *bus)
{
	struct replay r;
	struct err e;
	int code = 0;

	(void)s;
	if (replay_open(bus, a->words[0], false, &r, &e) != 0)
		return verb_failed(&e);
	if (!a->json) {
		code = replay_page(bus, &r, UINT64_MAX, stdout, &e) != 0 ? verb_failed(&e) : 0;
	} else {
		json_dumpf(r.plan, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
		putchar('\n');
	}
	replay_done(&r);
	return code;
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

/* One plan. */
static int with_plan(const struct args *a, int (*run)(const struct args *a, struct site *s, struct bus *bus))
{
	return a->nwords == 1 ? with_bus(a, run) : verb_misused(a);
}

int verb_replay_show(const struct args *a)
{
	return with_plan(a, show_it);
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

/* What is no number would be no limit. */
static int read_rate(const char *text, uint64_t *ret, struct err *e)
{
	char *end;

	if (!text)
		return 0;
	*ret = strtoull(text, &end, 10);
	if (!*ret || *end || text[0] < '0' || text[0] > '9')
		return err_set(e, E_USAGE, "what=%s%s\nverb=replay run", say("--rate 后面是每秒条数，至少为 1，不是 ",
			"--rate takes a number of events a second, from 1, not "), text);
	return 0;
}

static int run(const struct args *a, struct site *s, struct bus *bus)
{
	struct signals signals = {.ended = false};
	struct replay_run how = {.paused = is_paused, .arg = &signals};
	struct replay r;
	struct err e;
	int code;

	ends(&signals.ends);
	if (read_rate(a->rate, &how.rate, &e) != 0)
		return verb_failed(&e);
	if (replay_open(bus, a->words[0], false, &r, &e) != 0)
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
	return with_plan(a, run);
}

/* Into a file its own process writes: it is paused there. Where none does, nothing is left to pause. */
static int pause_file(struct bus *bus, const char *id)
{
	struct replay r;
	struct err e;
	int code = 0;

	if (replay_open(bus, id, true, &r, &e) != 0)
		return verb_failed(&e);
	if (replay_has_ended(r.state)) {
		err_set(&e, E_REPLAY_ENDED, "plan=%s\nstate=%s", r.id, say(replay_states_zh[r.state], replay_states[r.state]));
		code = verb_failed(&e);
	} else {
		fprintf(stderr, say("%s 没有在执行，无须暂停。继续：jincai replay run %s\n",
			"%s is not being run, there is nothing to pause; to go on: jincai replay run %s\n"), r.id, r.id);
	}
	replay_done(&r);
	return code;
}

static int pause_it(const struct args *a, struct site *s, struct bus *bus)
{
	struct replay r;
	struct err e;
	int code;

	if (replay_open(bus, a->words[0], false, &r, &e) != 0)
		return verb_failed(&e);
	code = replay_is_file(r.plan) ? pause_file(bus, r.id) : replay_ask(s, bus, &r, "pause", json_text(r.plan, "reason"));
	replay_done(&r);
	return code;
}

int verb_replay_pause(const struct args *a)
{
	return with_plan(a, pause_it);
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

	if (replay_open(bus, a->words[0], false, &r, &e) != 0)
		return verb_failed(&e);
	code = replay_is_file(r.plan) ? cancel_file(bus, r.id) : replay_ask(s, bus, &r, "cancel", json_text(r.plan, "reason"));
	replay_done(&r);
	return code;
}

int verb_replay_cancel(const struct args *a)
{
	return with_plan(a, cancel);
}

/* ---- what there is ---- */

struct listing {
	struct bus *bus;
	struct buf out;
};

static int list_one(void *arg, const struct replay *r, struct err *e)
{
	struct listing *l = arg;
	struct buf *b = &l->out;
	char act[ACT_ID_MAX];
	const int waits = replay_waits(l->bus, r, act, e);

	if (waits < 0)
		return -1;
	buf_printf(b, "%s  %s  %" PRIu64 "/%lld  ", r->id, say(replay_states_zh[r->state], replay_states[r->state]),
		r->events, (long long)json_integer_value(json_object_get(r->plan, "events")));
	show_text(b, span_of(replay_where(r->plan)));
	buf_str(b, "  ");
	show_text(b, json_text_span(r->plan, "reason"));
	if (waits)
		buf_printf(b, say("  等待两人签批：jincai approve %s", "  waits for two people: jincai approve %s"), act);
	buf_c(b, '\n');
	return 0;
}

static int list(const struct args *a, struct site *s, struct bus *bus)
{
	struct listing l = {.bus = bus};
	struct err e;
	int code = 0;

	(void)a;
	(void)s;
	if (replay_each(bus, list_one, &l, &e) != 0)
		code = verb_failed(&e);
	show_flush(&l.out, stdout);
	buf_done(&l.out);
	return code;
}

int verb_replay_list(const struct args *a)
{
	return with_bus(a, list);
}
