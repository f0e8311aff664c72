/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_flow_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "json_text.h"
#include "log.h"
#include "replay_mask.h"
#include "topics.h"

#define PLANS SITE_REPLAY "/plan/"

/* ---- position ---- */

int replay_flow_put(struct replaying *r, const char *id, json_t *o, struct err *e)
{
	char name[64], *text = json_dumps(o, JSON_COMPACT);
	int ret;

	snprintf(name, sizeof name, "plan/%s", id);
	ret = flow_position_put(&r->flow, name, span_of(text), e);
	free(text);
	json_decref(o);
	return ret;
}

int replay_flow_save(struct replaying *r, enum replay_state state, const struct err *why, struct err *e)
{
	json_t *o = json_pack("{s:s,s:I,s:I}", "state", replay_states[state], "events", (json_int_t)r->events, "rate",
		(json_int_t)r->rate);
	struct buf at = BUF_INIT;

	clock_write(&at, clock_now_ms());
	json_object_set_new(o, "at", json_string(buf_text(&at)));
	buf_done(&at);
	if (state == REPLAY_VOID) {
		json_object_set_new(o, "to", json_string(replay_where(r->plan)));
		json_object_set_new(o, "given", json_boolean(replay_is_given(r->plan)));
	}
	why = why || !r->why.id ? why : &r->why;
	if (!replay_has_ended(state))
		json_object_set(o, "plan", r->plan);
	if (!replay_has_ended(state) && r->lines[0])
		json_object_set_new(o, "lines", json_string(r->lines));
	if (!replay_has_ended(state) && r->cancelled)
		json_object_set_new(o, "cancel_at", json_integer((json_int_t)r->cancel_at));
	if (why)
		json_object_set_new(o, "why", json_pack("{s:s,s:s}", "code", err_code(why->id)->name, "args", why->args));
	return replay_give_save(r, e) != 0 ? -1 : replay_flow_put(r, r->id, o, e);
}

void replay_flow_let_go(struct replaying *r)
{
	selection_close(r->selection);
	r->selection = NULL;
	json_decref(r->plan);
	r->plan = NULL;
	free(r->here);
	r->here = NULL;
	r->why = ERR_INIT;
	replay_give_end(r);
}

static int open_topic(struct replaying *r, const json_t *plan, struct err *e)
{
	struct buf name = BUF_INIT;
	int ret;

	buf_printf(&name, "%s%s", replay_is_given(plan) ? TOPIC_TO : "", replay_where(plan));
	ret = bus_topic(r->flow.bus, buf_text(&name), &r->topic, e);
	buf_done(&name);
	if (ret == 0)
		flow_output(&r->flow, r->topic);
	return ret;
}

/* state: as in the position, or of a plan that begins. */
int replay_flow_take_up(struct replaying *r, const char *id, const json_t *state, uint64_t rate, struct err *e)
{
	json_t *plan = json_object_get(state, "plan"), *why = json_object_get(state, "why");

	replay_flow_let_go(r);
	if (open_topic(r, plan, e) != 0)
		return -1;
	snprintf(r->id, sizeof r->id, "%s", id);
	r->plan = json_incref(plan);
	r->events = (uint64_t)json_integer_value(json_object_get(state, "events"));
	r->rate = rate;
	snprintf(r->lines, sizeof r->lines, "%s", json_text(state, "lines"));
	if (why)
		err_restore(&r->why, json_text(why, "code"), strlen(json_text(why, "code")), json_text(why, "args"),
			strlen(json_text(why, "args")));
	r->cancelled = json_object_get(state, "cancel_at") != NULL;
	r->cancel_at = (uint64_t)json_integer_value(json_object_get(state, "cancel_at"));
	r->phase = r->events && !replay_is_given(plan) ? REPLAY_SKIPPING : REPLAY_CHECKING;
	r->began = clock_steady_ms();
	r->written = 0;
	r->here = mem_new(bus_partitions(r->flow.bus, r->topic) * sizeof *r->here);
	return replay_is_given(plan) ? replay_give_begin(r, e) : 0;
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
	int ret = replay_give_open(r, e);

	if (ret == 0)
		ret = bus_positions(f->bus, PLANS, is_running, &x, e);
	if (ret >= 0 && x.state)
		ret = replay_flow_take_up(r, x.id, x.state, (uint64_t)json_integer_value(json_object_get(x.state, "rate")), e);
	json_decref(x.state);
	return ret < 0 ? -1 : 0;
}

static void replaying_close(struct flow *f)
{
	replay_flow_let_go((struct replaying *)f);
	replay_give_close((struct replaying *)f);
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

int replay_flow_end(struct replaying *r, enum replay_state state, const struct err *why, struct err *e)
{
	const int failed = replay_is_given(r->plan) ? replay_goes_drop(r, e) : append_ended(r, state, e);

	if (failed || replay_flow_save(r, state, why, e) != 0)
		return -1;
	log_line(LOG_INFO, "replay.ended", "plan=%s state=%s events=%" PRIu64 " to=%s", r->id, replay_states[state],
		r->events, replay_where(r->plan));
	replay_flow_let_go(r);
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
		selection_slice(r->selection, REPLAY_SLICE);
	r->passed = 0;
	memset(r->here, 0, bus_partitions(r->flow.bus, r->topic) * sizeof *r->here);
	return ret;
}

static int changed(const struct replaying *r, struct err *e)
{
	return err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id);
}

static void looked_through(struct replaying *r, enum replay_phase next)
{
	selection_close(r->selection);
	r->selection = NULL;
	r->phase = next;
}

static bool is_over(int64_t until)
{
	return clock_steady_ms() >= until;
}

/* Before the first event goes: is all of it what was planned? And towards a destination, before a later life goes on. */
static int check(struct replaying *r, struct err *e)
{
	const int64_t until = clock_steady_ms() + REPLAY_TURN_MS;
	struct selected x;
	int got = 1;

	for (unsigned n = 0; got == 1 && n < REPLAY_SLICE && !is_over(until); n++) {
		got = selection_next(r->selection, &x, e);
		if (got == 1 && r->batches && replay_give_look(r, &x, e) != 0)
			return -1;
	}
	if (got != 0)
		return got < 0 ? -1 : 0;
	if (!is_planned(r))
		return changed(r, e);
	if (r->batches && r->lines[0] && replay_give_checked_again(r, e) != 0)
		return -1;
	if (r->batches && !r->lines[0]) {
		replay_give_looked(r);
		looked_through(r, REPLAY_DECIDING);
	} else {
		looked_through(r, r->events ? REPLAY_SKIPPING : REPLAY_WRITING);
	}
	return 0;
}

/* Which of the batches go: in turns, for of tens of thousands it takes its time. */
static int decide(struct replaying *r, enum flow_turn *ret, struct err *e)
{
	const int got = replay_give_decide(r, e);

	if (got != 0)
		return got < 0 ? -1 : 0;
	r->phase = REPLAY_WRITING;
	*ret = FLOW_COMMIT;
	return replay_flow_save(r, REPLAY_RUNNING, NULL, e);
}

static void pass(struct replaying *r, const struct selected *x)
{
	r->passed++;
	r->here[x->partition]++;
}

/* What is on the topic already is read again: for the digest, and for the order. */
static int skip(struct replaying *r, struct err *e)
{
	const int64_t until = clock_steady_ms() + REPLAY_TURN_MS;
	struct selected x;
	int got = 1;

	for (unsigned n = 0; n < REPLAY_SLICE && r->passed < r->events && !is_over(until); n++) {
		got = selection_next(r->selection, &x, e);
		if (got != 1)
			break;
		pass(r, &x);
	}
	if (got == 0)
		return changed(r, e);
	if (r->passed == r->events)
		r->phase = REPLAY_WRITING;
	return got < 0 ? -1 : 0;
}

/* How many may go now. With a rate, none until it is worth a commit. */
static uint64_t due(const struct replaying *r)
{
	const uint64_t all = (uint64_t)(clock_steady_ms() - r->began) * r->rate / 1000;

	if (!r->rate)
		return REPLAY_SLICE;
	return all - r->written < r->rate / 2 || all <= r->written ? 0 : all - r->written;
}

static int write_one(struct replaying *r, const struct selected *x, struct err *e)
{
	int failed;

	buf_clear(&r->event);
	if (x->partition >= bus_partitions(r->flow.bus, r->topic))
		return changed(r, e);
	if (r->batches)
		failed = replay_give_one(r, x, e);
	else
		failed = replay_mask(x, &r->event, e) ||
			flow_append(&r->flow, r->topic, x->partition, x->key, &r->event, e);
	if (failed)
		return -1;
	pass(r, x);
	r->events++;
	r->written++;
	return 0;
}

/* 1 there is more, 0 it is all, -1. */
static int write_slice(struct replaying *r, uint64_t most, struct err *e)
{
	const int64_t until = clock_steady_ms() + REPLAY_TURN_MS;
	struct selected x;
	int got = 1;

	for (uint64_t n = 0; got == 1 && n < most && n < REPLAY_SLICE && !flow_step_full(&r->flow) && !is_over(until); n++) {
		got = selection_next(r->selection, &x, e);
		if (got == 1 && write_one(r, &x, e) != 0)
			return -1;
	}
	return got == 2 ? 1 : got;
}

static int go_on(struct replaying *r, enum flow_turn *ret, struct err *e)
{
	const uint64_t before = r->events, most = r->phase == REPLAY_WRITING ? due(r) : 1;
	int got = r->batches ? replay_give_may(r, e) : 1;

	*ret = got == 1 ? FLOW_BUSY : FLOW_IDLE;
	if (r->lost)
		return changed(r, e);
	if (got != 1)
		return got;
	if (r->phase == REPLAY_DECIDING)
		return decide(r, ret, e);
	if (!r->selection && open_selection(r, e) != 0)
		return -1;
	if (r->phase == REPLAY_CHECKING)
		return check(r, e);
	if (r->phase == REPLAY_SKIPPING)
		return skip(r, e);
	if (r->batches && replay_give_is_over(r)) {
		*ret = FLOW_COMMIT;
		return replay_flow_end(r, REPLAY_CANCELLED, NULL, e);
	}
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
	if (got == 0)
		return replay_flow_end(r, r->cancelled ? REPLAY_CANCELLED : REPLAY_DONE, NULL, e);
	return replay_flow_save(r, REPLAY_RUNNING, NULL, e);
}

/* It will never go well. What the bus refuses (a right that is gone) may come back: then the flow stops, and the plan stays. */
static bool is_for_good(const struct err *why)
{
	if (err_kind(why) == ERR_CONF)
		return strncmp(err_code(why->id)->name, "bus.", 4) != 0;
	return err_kind(why) == ERR_DATA;
}

/* A commit may carry only some of what was begun: why stands in the position from the first on, whatever the next life finds. */
static int become_void(struct replaying *r, enum flow_turn *ret, struct err *e)
{
	const int got = r->batches ? replay_begun_give_up(r, e) : 0;

	*ret = FLOW_COMMIT;
	return got < 0 ? -1 : got == 1 ? replay_flow_save(r, REPLAY_RUNNING, NULL, e) : replay_flow_end(r, REPLAY_VOID, &r->why, e);
}

static int replaying_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct replaying *r = (struct replaying *)f;
	struct err why = ERR_INIT;

	*ret = FLOW_IDLE;
	if (!r->plan)
		return 0;
	if (!r->why.id) {
		if (go_on(r, ret, &why) == 0)
			return 0;
		if (!is_for_good(&why)) {
			*e = why;
			return -1;
		}
		log_err(LOG_WARN, "replay.void", &why, "plan=%s", r->id);
		r->why = why;
	}
	return become_void(r, ret, e);
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
	.act_people = replay_acts_people,
	.act_true = replay_acts_true,
	.act = replay_acts,
	.close = replaying_close,
	.free = replaying_free,
};

struct flow *replay_flow_new(struct site *s, struct bus *b, struct err *e)
{
	struct replaying *r = mem_new(sizeof *r);

	if (bus_topic(b, TOPIC_JOURNAL, &r->journal_topic, e) != 0) {
		free(r);
		return NULL;
	}
	r->flow.outputs[r->flow.noutputs++] = r->journal_topic;
	r->flow.kind = &replaying_kind;
	r->flow.bus = b;
	snprintf(r->flow.name, sizeof r->flow.name, "%s", SITE_REPLAY);
	r->site = s;
	return &r->flow;
}
