/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "jscan.h"
#include "personal.h"
#include "say.h"
#include "show.h"
#include "tail.h"
#include "topics.h"
#include "utf8.h"
#include "verbs.h"

/* So many of the newest records are looked at without --all; and so many when nothing at all is selected. */
#define TAIL_RECORDS 200000u
#define TAIL_FEW 20u
#define TAIL_BODY 400u               /* bytes of an event that a line for people has */
#define FOLLOW_MS 200

struct tail {
	const struct args *args;
	struct selection *selection;
	struct buf out, masked;
	sigset_t ends;
};

/* ---- one event ---- */

void tail_begin_people(struct buf *b, const struct tail_place *p, const struct event *v)
{
	clock_business_ms(b, p->time_ms);
	buf_printf(b, "  %s/%u@%" PRIu64 "  ", p->topic, p->partition, p->offset);
	show_text(b, v->type);
	buf_str(b, "  ");
	show_text(b, v->id);
	buf_str(b, "  ");
}

void tail_begin_json(struct buf *b, const struct tail_place *p)
{
	buf_str(b, "{\"topic\":\"");
	buf_str(b, p->topic);
	buf_str(b, "\",\"partition\":");
	buf_u64(b, p->partition);
	buf_str(b, ",\"offset\":");
	buf_u64(b, p->offset);
	buf_str(b, ",\"time\":\"");
	clock_write(b, p->time_ms);
	buf_c(b, '"');
	json_member(b, "key", p->key);
}

static void put_data(struct buf *b, struct span data)
{
	show_text(b, utf8_cut(data, TAIL_BODY));
	if (data.n > TAIL_BODY)
		buf_printf(b, say("…（共 %zu 字节）", "... (%zu bytes in all)"), data.n);
}

/* The data of an event, out of its masked copy: that is as long as the event. */
static struct span masked_data(const struct selected *x, const struct buf *masked)
{
	return (struct span){masked->p + (x->event.data.p - x->value.p), x->event.data.n};
}

static void line_for_people(struct tail *t, const struct selected *x)
{
	struct buf *b = &t->out;

	tail_begin_people(b, &(struct tail_place){x->topic, x->partition, x->offset, x->time_ms, x->key}, &x->event);
	put_data(b, masked_data(x, &t->masked));
	buf_c(b, '\n');
}

static bool is_json(struct span text)
{
	struct jscan s;
	struct err ignored;

	jscan_init(&s, text);
	return jscan_skip(&s, &ignored) == 0 && jscan_finish(&s, &ignored) == 0;
}

static void line_json(struct tail *t, const struct selected *x)
{
	struct buf *b = &t->out;

	tail_begin_json(b, &(struct tail_place){x->topic, x->partition, x->offset, x->time_ms, x->key});
	/* Where nobody can tell what is personal all of it may be stars. */
	if (is_json(buf_as_span(&t->masked))) {
		buf_str(b, ",\"event\":");
		buf_span(b, buf_as_span(&t->masked));
	} else {
		json_member(b, "masked", buf_as_span(&t->masked));
	}
	buf_str(b, "}\n");
}

static void show_event(struct tail *t, const struct selected *x)
{
	buf_clear(&t->masked);
	personal_event(x->schema, x->value, &t->masked);
	if (t->args->json)
		line_json(t, x);
	else
		line_for_people(t, x);
	show_flush(&t->out, stdout);
}

static int show_events(struct tail *t, struct err *e)
{
	struct selected x;
	int got;

	while ((got = selection_next(t->selection, &x, e)) == 1)
		show_event(t, &x);
	fflush(stdout);
	return got;
}

/* ---- what was read ---- */

static void put_count(struct buf *b, uint64_t n)
{
	if (n >= 1000) {
		put_count(b, n / 1000);
		buf_printf(b, ",%03u", (unsigned)(n % 1000));
	} else {
		buf_u64(b, n);
	}
}

static void say_counts(struct tail *t)
{
	const struct selection_counts *c = selection_counts(t->selection);
	struct buf b = BUF_INIT;

	selection_say(t->selection, &b);
	buf_str(&b, say("\n读了 ", "\nread "));
	put_count(&b, c->read);
	buf_str(&b, say(" 条，共 ", " of "));
	put_count(&b, c->all);
	buf_str(&b, say(" 条；选中 ", " records; selected: "));
	put_count(&b, c->given);
	buf_str(&b, say(" 条", ""));
	if (c->read > c->given) {
		buf_str(&b, say("，略过 ", ", skipped: "));
		put_count(&b, c->read - c->given);
		selection_skipped(t->selection, &b);
	}
	buf_c(&b, '\n');
	if (c->left_out) {
		buf_str(&b, say("更早的 ", "the older "));
		put_count(&b, c->left_out);
		buf_str(&b, say(" 条没有读：加 --all 全部读完\n", " were not read: --all to go on\n"));
	}
	show_flush(&b, stderr);
	buf_done(&b);
}

/* ---- follow ---- */

/* Waits a little; true when somebody ends it. */
static bool is_ended(const struct tail *t)
{
	const struct timespec wait = {0, FOLLOW_MS * 1000000L};

	return sigtimedwait(&t->ends, NULL, &wait) > 0;
}

static int follow(struct tail *t, struct err *e)
{
	int got = 0;

	while (got >= 0 && !is_ended(t)) {
		got = selection_more(t->selection, e);
		if (got == 1)
			got = show_events(t, e);
	}
	return got < 0 ? -1 : 0;
}

/* Before a bus has threads of its own, which would take a signal and end the process. */
static void end_by_signals(struct tail *t)
{
	sigemptyset(&t->ends);
	sigaddset(&t->ends, SIGINT);
	sigaddset(&t->ends, SIGTERM);
	sigaddset(&t->ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &t->ends, NULL);
}

static int show_all(struct tail *t, struct err *e)
{
	const struct args *a = t->args;
	bool few = selection_is_empty(&a->select) && !a->json;

	if (!a->all && selection_newest(t->selection, few ? TAIL_FEW : TAIL_RECORDS, e) != 0)
		return -1;
	return show_events(t, e) != 0 || (a->follow && follow(t, e) != 0) ? -1 : 0;
}

int verb_tail(const struct args *a)
{
	struct tail t = {.args = a};
	struct bus *b;
	struct err e;
	int code = 0;
	struct site *s;

	if (a->commit_every && !a->group)
		return verb_misused(a);
	s = verb_site(a, &code);
	if (a->follow || a->group)
		end_by_signals(&t);
	b = s ? verb_look(s, &code) : NULL;
	if (b && a->group) {
		code = tail_group(s, b, a, &t.ends);
	} else if (b) {
		if (selection_open(s, b, &a->select, clock_now_ms(), &t.selection, &e) != 0 || show_all(&t, &e) != 0)
			code = verb_failed(&e);
		if (t.selection)
			say_counts(&t);
	}
	selection_close(t.selection);
	bus_close(b);
	site_free(s);
	buf_done(&t.out);
	buf_done(&t.masked);
	return code;
}
