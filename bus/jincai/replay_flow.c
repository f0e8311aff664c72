/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_flow.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "json_text.h"
#include "log.h"
#include "replay.h"
#include "replay_mask.h"
#include "topics.h"

#define SLICE 20000u                 /* records that one turn looks at */
#define PLANS SITE_REPLAY "/plan/"

enum phase { CHECKING, SKIPPING, WRITING };

struct replaying {
	struct flow flow;
	struct site *site;
	char id[REPLAY_ID];
	json_t *plan;                /* as the order had it; NULL: none runs */
	uint64_t events, rate;       /* as in the position */
	struct selection *selection; /* NULL: not opened yet in this life, or in this phase */
	enum phase phase;
	uint64_t passed;             /* events of the selection so far */
	uint64_t *here;              /* of them, on each partition */
	unsigned topic;
	int64_t began;               /* of this life, and how many were written since: for the rate */
	uint64_t written;
	struct buf event, text;
};

/* ---- position ---- */

static int put(struct replaying *r, const char *id, json_t *o, struct err *e)
{
	char name[64], *text = json_dumps(o, JSON_COMPACT);
	int ret;

	snprintf(name, sizeof name, "plan/%s", id);
	ret = flow_position_put(&r->flow, name, span_of(text), e);
	free(text);
	json_decref(o);
	return ret;
}

static int save(struct replaying *r, enum replay_state state, const struct err *why, struct err *e)
{
	json_t *o = json_pack("{s:s,s:I,s:I}", "state", replay_states[state], "events", (json_int_t)r->events, "rate", (json_int_t)r->rate);

	if (!replay_has_ended(state))
		json_object_set(o, "plan", r->plan);
	if (why)
		json_object_set_new(o, "why", json_pack("{s:s,s:s}", "code", err_code(why->id)->name, "args", why->args));
	return put(r, r->id, o, e);
}

static void let_go(struct replaying *r)
{
	selection_close(r->selection);
	r->selection = NULL;
	json_decref(r->plan);
	r->plan = NULL;
	free(r->here);
	r->here = NULL;
}

static int take_up(struct replaying *r, const char *id, json_t *plan, uint64_t events, uint64_t rate, struct err *e)
{
	let_go(r);
	if (bus_topic(r->flow.bus, replay_where(plan), &r->topic, e) != 0)
		return -1;
	flow_output(&r->flow, r->topic);
	snprintf(r->id, sizeof r->id, "%s", id);
	r->plan = json_incref(plan);
	r->events = events;
	r->rate = rate;
	r->phase = events ? SKIPPING : CHECKING;
	r->began = clock_steady_ms();
	r->written = 0;
	r->here = mem_new(bus_partitions(r->flow.bus, r->topic) * sizeof *r->here);
	return 0;
}

struct finding_it {
	char id[REPLAY_ID];
	json_t *state;
};

static int is_running(void *arg, struct span key, struct span value)
{
	struct finding_it *x = arg;
	json_t *o = json_loadb(value.p, value.n, 0, NULL);

	if (replay_state_of(json_text(o, "state")) != REPLAY_RUNNING) {
		json_decref(o);
		return 0;
	}
	snprintf(x->id, sizeof x->id, "%.*s", (int)(key.n - strlen(PLANS)), key.p + strlen(PLANS));
	x->state = o;
	return 1;
}

static int replaying_open(struct flow *f, struct err *e)
{
	struct replaying *r = (struct replaying *)f;
	struct finding_it x = {.state = NULL};
	int ret = bus_positions(f->bus, PLANS, is_running, &x, e);

	if (ret >= 0 && x.state)
		ret = take_up(r, x.id, json_object_get(x.state, "plan"), (uint64_t)json_integer_value(json_object_get(x.state, "events")),
			(uint64_t)json_integer_value(json_object_get(x.state, "rate")), e);
	json_decref(x.state);
	return ret < 0 ? -1 : 0;
}

static void replaying_close(struct flow *f)
{
	let_go((struct replaying *)f);
}

/* ---- its end ---- */

/* On each partition, for who reads there. */
static int append_ended(struct replaying *r, enum replay_state state, struct err *e)
{
	struct buf id = BUF_INIT, time = BUF_INIT, source = BUF_INIT;
	int ret = 0;

	clock_write(&time, clock_now_ms());
	buf_printf(&source, "/%s/%s", r->site->name, r->flow.name);
	for (unsigned p = 0; p < bus_partitions(r->flow.bus, r->topic) && ret == 0; p++) {
		buf_clear(&id);
		buf_printf(&id, "%s:%u", r->id, p);
		buf_clear(&r->event);
		event_begin(&r->event, &(struct event){.id = buf_as_span(&id), .source = buf_as_span(&source), .type = SPAN(EVENT_REPLAY_ENDED),
			.time = buf_as_span(&time)});
		buf_str(&r->event, "{\"plan\":");
		json_quote(&r->event, span_of(r->id));
		buf_printf(&r->event, ",\"state\":\"%s\",\"events\":%" PRIu64, replay_states[state], r->events);
		if (state == REPLAY_DONE)
			buf_printf(&r->event, ",\"here\":%" PRIu64, r->here[p]);
		buf_c(&r->event, '}');
		ret = flow_append(&r->flow, r->topic, p, span_of(r->id), &r->event, e);
	}
	buf_done(&id);
	buf_done(&time);
	buf_done(&source);
	return ret;
}

static int end(struct replaying *r, enum replay_state state, const struct err *why, struct err *e)
{
	if (append_ended(r, state, e) != 0 || save(r, state, why, e) != 0)
		return -1;
	log_line(LOG_INFO, "replay.ended", "plan=%s state=%s events=%" PRIu64 " topic=%s", r->id, replay_states[state], r->events,
		replay_where(r->plan));
	let_go(r);
	return 0;
}

/* ---- the step ---- */

static bool is_planned(const struct replaying *r)
{
	char digest[65];

	selection_digest(r->selection, digest);
	return strcmp(digest, json_text(r->plan, "digest")) == 0;
}

static int open_selection(struct replaying *r, struct err *e)
{
	char *text = json_dumps(json_object_get(r->plan, "selection"), JSON_COMPACT);
	int ret = selection_again(r->site, r->flow.bus, span_of(text), &r->selection, e);

	free(text);
	if (ret == 0)
		selection_slice(r->selection, SLICE);
	r->passed = 0;
	memset(r->here, 0, bus_partitions(r->flow.bus, r->topic) * sizeof *r->here);
	return ret;
}

static int changed(const struct replaying *r, struct err *e)
{
	return err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id);
}

/* Before the first event goes: is all of it what was planned? */
static int check(struct replaying *r, struct err *e)
{
	struct selected x;
	int got = 1;

	for (unsigned n = 0; got == 1 && n < SLICE; n++)
		got = selection_next(r->selection, &x, e);
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (!is_planned(r))
		return changed(r, e);
	selection_close(r->selection);
	r->selection = NULL;
	r->phase = WRITING;
	return 0;
}

static void pass(struct replaying *r, const struct selected *x)
{
	r->passed++;
	r->here[x->partition]++;
}

/* What is on the topic already is read again: for the digest, and for the order. */
static int skip(struct replaying *r, struct err *e)
{
	struct selected x;
	int got = 1;

	for (unsigned n = 0; n < SLICE && r->passed < r->events; n++) {
		got = selection_next(r->selection, &x, e);
		if (got != 1)
			break;
		pass(r, &x);
	}
	if (got == 0)
		return changed(r, e);
	if (r->passed == r->events)
		r->phase = WRITING;
	return got < 0 ? -1 : 0;
}

/* How many may go now. With a rate, none until it is worth a commit. */
static uint64_t due(const struct replaying *r)
{
	const uint64_t all = (uint64_t)(clock_steady_ms() - r->began) * r->rate / 1000;

	if (!r->rate)
		return SLICE;
	return all - r->written < r->rate / 2 || all <= r->written ? 0 : all - r->written;
}

static int write_one(struct replaying *r, const struct selected *x, struct err *e)
{
	buf_clear(&r->event);
	if (x->partition >= bus_partitions(r->flow.bus, r->topic))
		return changed(r, e);
	if (replay_mask(x, &r->event, e) != 0 || flow_append(&r->flow, r->topic, x->partition, x->key, &r->event, e) != 0)
		return -1;
	pass(r, x);
	r->events++;
	r->written++;
	return 0;
}

/* 1 there is more, 0 it is all, -1. */
static int write_slice(struct replaying *r, uint64_t most, struct err *e)
{
	struct selected x;
	int got = 1;

	for (uint64_t n = 0; got == 1 && n < most && n < SLICE && !flow_step_full(&r->flow); n++) {
		got = selection_next(r->selection, &x, e);
		if (got == 1 && write_one(r, &x, e) != 0)
			return -1;
	}
	return got == 2 ? 1 : got;
}

static int go_on(struct replaying *r, enum flow_turn *ret, struct err *e)
{
	const uint64_t before = r->events, most = r->phase == WRITING ? due(r) : 1;
	int got;

	*ret = FLOW_BUSY;
	if (!r->selection && open_selection(r, e) != 0)
		return -1;
	if (r->phase == CHECKING)
		return check(r, e);
	if (r->phase == SKIPPING)
		return skip(r, e);
	if (!most) {
		*ret = FLOW_IDLE;
		return 0;
	}
	got = write_slice(r, most, e);
	if (got < 0 || (got == 0 && !is_planned(r)))
		return got < 0 ? -1 : changed(r, e);
	if (got == 1 && r->events == before)
		return 0;
	*ret = FLOW_COMMIT;
	return got == 0 ? end(r, REPLAY_DONE, NULL, e) : save(r, REPLAY_RUNNING, NULL, e);
}

/* It will never go well. What the bus refuses (a right that is gone) may come back: then the flow stops, and the plan stays. */
static bool is_for_good(const struct err *why)
{
	if (err_kind(why) == ERR_CONF)
		return strncmp(err_code(why->id)->name, "bus.", 4) != 0;
	return err_kind(why) == ERR_DATA;
}

static int replaying_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct replaying *r = (struct replaying *)f;
	struct err why = ERR_INIT;

	*ret = FLOW_IDLE;
	if (!r->plan || go_on(r, ret, &why) == 0)
		return 0;
	if (!is_for_good(&why)) {
		*e = why;
		return -1;
	}
	*ret = FLOW_COMMIT;
	log_err(LOG_WARN, "replay.void", &why, "plan=%s", r->id);
	return end(r, REPLAY_VOID, &why, e);
}

/* ---- acts ---- */

static int refuse(struct replaying *r, const struct act *a, enum err_id why, struct err *e)
{
	return flow_act_outcome(&r->flow, a, "refused", err_code(why)->name, e);
}

/* Of a plan that was begun: 1 (to be released), 0, -1. */
static int read_state(struct replaying *r, const struct act *a, json_t **ret, struct err *e)
{
	char name[80];
	int got;

	*ret = NULL;
	if (!a->subject.n || a->subject.n >= REPLAY_ID)
		return 0;
	snprintf(name, sizeof name, "plan/%.*s", SPAN_F(a->subject));
	buf_clear(&r->text);
	got = flow_position_get(&r->flow, name, &r->text, e);
	if (got == 1 && !(*ret = json_loadb(r->text.p, r->text.n, 0, NULL)))
		got = err_set(e, E_FLOW_POSITION, "name=" SITE_REPLAY "/%s", name);
	return got;
}

/* The order carries a plan that is what its digest says, and goes where a replay may go. */
static bool is_whole(const struct act *a, const json_t *plan)
{
	struct buf topic = BUF_INIT;
	struct err ignored;
	char digest[65];
	bool ret;

	if (!json_is_object(plan) || !span_is(a->subject, json_text(plan, "id")))
		return false;
	replay_core_digest(plan, digest);
	ret = span_is(a->digest, digest) && replay_topic(json_text_span(json_object_get(plan, "to"), "topic"), &topic, &ignored) == 0 &&
		span_is(buf_as_span(&topic), replay_where(plan)) && replay_topic_takes(json_object_get(plan, "selection"), &ignored) == 0;
	buf_done(&topic);
	return ret;
}

static int objection(struct replaying *r, const struct act *a, const json_t *state, enum err_id *ret, struct err *e)
{
	const json_t *plan = json_object_get(a->root, "plan");
	int used = 0;

	*ret = E_NONE;
	if (state && replay_has_ended(replay_state_of(json_text(state, "state"))))
		*ret = E_REPLAY_ENDED;
	else if (r->plan && !span_is(a->subject, r->id))
		*ret = E_REPLAY_BUSY;
	else if (!is_whole(a, plan))
		*ret = E_ACT_CHANGED;
	else if (!state && (used = replay_topic_used(r->flow.bus, replay_where(plan), e)) == 1)
		*ret = E_REPLAY_TAKEN;
	return used < 0 ? -1 : 0;
}

/* Begun, or gone on with: what counts then is the plan as it was when it was begun. */
static int begin(struct replaying *r, const struct act *a, const json_t *state, struct err *e)
{
	const uint64_t rate = act_number(a, "rate"), events = (uint64_t)json_integer_value(json_object_get(state, "events"));
	json_t *plan = json_object_get(state ? state : a->root, "plan");
	char id[REPLAY_ID];

	snprintf(id, sizeof id, "%.*s", SPAN_F(a->subject));
	if (r->plan) {
		r->rate = rate;
		r->began = clock_steady_ms();
		r->written = 0;
	} else if (take_up(r, id, plan, events, rate, e) != 0) {
		return -1;
	}
	log_line(LOG_INFO, state ? "replay.goes_on" : "replay.begun", "plan=%s topic=%s by=%.*s", r->id, replay_where(r->plan), SPAN_F(a->by));
	return save(r, REPLAY_RUNNING, NULL, e) != 0 || flow_act_outcome(&r->flow, a, "done", "", e) != 0 ? -1 : 0;
}

static int run(struct replaying *r, const struct act *a, const json_t *state, struct err *e)
{
	enum err_id why;

	if (objection(r, a, state, &why, e) != 0)
		return -1;
	return why ? refuse(r, a, why, e) : begin(r, a, state, e);
}

static int pause_it(struct replaying *r, const struct act *a, struct err *e)
{
	if (!r->plan || !span_is(a->subject, r->id))
		return refuse(r, a, E_ACT_GONE, e);
	if (save(r, REPLAY_PAUSED, NULL, e) != 0)
		return -1;
	log_line(LOG_INFO, "replay.paused", "plan=%s events=%" PRIu64 " by=%.*s", r->id, r->events, SPAN_F(a->by));
	let_go(r);
	return flow_act_outcome(&r->flow, a, "done", "", e);
}

/* One that was not begun never will be: that is kept, too. */
static int cancel(struct replaying *r, const struct act *a, const json_t *state, struct err *e)
{
	const enum replay_state is = replay_state_of(json_text(state, "state"));
	char id[REPLAY_ID];
	int ret;

	snprintf(id, sizeof id, "%.*s", SPAN_F(a->subject));
	if (replay_has_ended(is))
		return refuse(r, a, E_REPLAY_ENDED, e);
	if (is == REPLAY_PAUSED && r->plan)
		return refuse(r, a, E_REPLAY_BUSY, e);
	if (!state) {
		ret = put(r, id, json_pack("{s:s,s:i}", "state", replay_states[REPLAY_CANCELLED], "events", 0), e);
	} else {
		ret = is == REPLAY_PAUSED ? take_up(r, id, json_object_get(state, "plan"),
			(uint64_t)json_integer_value(json_object_get(state, "events")), 0, e) : 0;
		ret = ret != 0 || end(r, REPLAY_CANCELLED, NULL, e) != 0 ? -1 : 0;
	}
	return ret != 0 ? -1 : flow_act_outcome(&r->flow, a, "done", "", e);
}

static unsigned replaying_act_people(struct flow *f, const struct act *a)
{
	(void)f;
	return span_is(a->what, "replay") || span_is(a->what, "pause") || span_is(a->what, "cancel");
}

static int replaying_act(struct flow *f, const struct act *a, struct err *e)
{
	struct replaying *r = (struct replaying *)f;
	json_t *state;
	int ret;

	if (read_state(r, a, &state, e) < 0)
		return -1;
	if (!a->by.n || !a->subject.n || a->subject.n >= REPLAY_ID)
		ret = refuse(r, a, E_ACT_UNKNOWN, e);
	else if (span_is(a->what, "replay"))
		ret = run(r, a, state, e);
	else if (span_is(a->what, "pause"))
		ret = pause_it(r, a, e);
	else
		ret = cancel(r, a, state, e);
	json_decref(state);
	return ret;
}

static void replaying_free(struct flow *f)
{
	struct replaying *r = (struct replaying *)f;

	buf_done(&r->event);
	buf_done(&r->text);
	free(r);
}

static const struct flow_kind replaying_kind = {
	.name = "replay",
	.poll_ms = 0,
	.open = replaying_open,
	.step = replaying_step,
	.act_people = replaying_act_people,
	.act = replaying_act,
	.close = replaying_close,
	.free = replaying_free,
};

struct flow *replay_flow_new(struct site *s, struct bus *b)
{
	struct replaying *r = mem_new(sizeof *r);

	r->flow.kind = &replaying_kind;
	r->flow.bus = b;
	snprintf(r->flow.name, sizeof r->flow.name, "%s", SITE_REPLAY);
	r->site = s;
	return &r->flow;
}
