/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_flow_parts.h"

#include <inttypes.h>

#include "clock.h"
#include "json_text.h"
#include "log.h"

/* What people decide about plans. */

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

/* The order carries a plan that is what its digest says, and goes to one place where a replay may go. */
static bool is_whole(const struct act *a, const json_t *plan)
{
	struct buf topic = BUF_INIT;
	struct err ignored;
	char digest[65];
	bool ret;

	if (!json_is_object(plan) || !span_is(a->subject, json_text(plan, "id")) ||
		json_object_size(json_object_get(plan, "to")) != 1)
		return false;
	replay_core_digest(plan, digest);
	if (replay_is_given(plan))
		return span_is(a->digest, digest) &&
			replay_batches_taken(json_object_get(plan, "selection"), &ignored) == 0;
	ret = span_is(a->digest, digest) &&
		replay_topic(json_text_span(json_object_get(plan, "to"), "topic"), &topic, &ignored) == 0 &&
		span_is(buf_as_span(&topic), replay_where(plan)) &&
		replay_topic_takes(json_object_get(plan, "selection"), &ignored) == 0;
	buf_done(&topic);
	return ret;
}

/* It was begun with that plan: what two people had to sign, they have. */
static bool is_begun(const struct act *a, const json_t *state)
{
	const json_t *plan = json_object_get(state, "plan");
	char digest[65];

	if (!plan)
		return false;
	replay_core_digest(plan, digest);
	return span_is(a->digest, digest);
}

struct others {
	struct span id;              /* but this one */
	bool paused;
};

static int note_paused(void *arg, struct span key, struct span value)
{
	struct others *x = arg;
	json_t *o = json_loadb(value.p, value.n, 0, NULL);
	const json_t *plan = json_object_get(o, "plan");

	(void)key;
	x->paused |= replay_state_of(json_text(o, "state")) == REPLAY_PAUSED && replay_is_money(plan) &&
		!span_is(x->id, json_text(plan, "id"));
	json_decref(o);
	return x->paused;
}

/* Where money moves. What is paused may hold half a batch: nobody is given what it would go on with. */
static int money_objection(struct replaying *r, const struct act *a, const json_t *state,
	const struct site_destination *d, enum err_id *ret, struct err *e)
{
	const json_t *plan = json_object_get(a->root, "plan");
	const int pays = replay_pays(r->flow.bus, d, e);
	const char *mode = pays == 1 ? replay_mode(r->flow.bus, d, e) : "";
	struct others others = {.id = a->subject};

	if (pays < 0 || !mode)
		return -1;
	if (replay_is_money(plan) != (pays == 1) ||
		(pays && !state && strcmp(mode, json_text(json_object_get(plan, "goes"), "mode")) != 0))
		*ret = E_ACT_CHANGED;
	else if (pays && (r->site->money_stopped || r->site->closed))
		*ret = E_REPLAY_STOPPED;
	if (!pays || *ret)
		return 0;
	if (bus_positions(r->flow.bus, SITE_REPLAY "/plan/", note_paused, &others, e) < 0)
		return -1;
	*ret = others.paused ? E_REPLAY_PAUSED : E_NONE;
	return 0;
}

static int place_objection(struct replaying *r, const struct act *a, const json_t *state, enum err_id *ret, struct err *e)
{
	const json_t *plan = json_object_get(a->root, "plan");
	int used;

	if (replay_is_given(plan)) {
		for (unsigned d = 0; d < r->site->ndestinations; d++)
			if (strcmp(r->site->destinations[d].name, replay_where(plan)) == 0)
				return money_objection(r, a, state, &r->site->destinations[d], ret, e);
		*ret = E_ACT_CHANGED;
		return 0;
	}
	used = state ? 0 : replay_topic_used(r->flow.bus, replay_where(plan), e);
	*ret = used == 1 ? E_REPLAY_TAKEN : E_NONE;
	return used < 0 ? -1 : 0;
}

static int objection(struct replaying *r, const struct act *a, const json_t *state, enum err_id *ret, struct err *e)
{
	*ret = E_NONE;
	if (state && replay_has_ended(replay_state_of(json_text(state, "state"))))
		*ret = E_REPLAY_ENDED;
	else if (r->plan && !span_is(a->subject, r->id))
		*ret = E_REPLAY_BUSY;
	else if (!is_whole(a, json_object_get(a->root, "plan")) || (state && !is_begun(a, state)))
		*ret = E_ACT_CHANGED;
	return *ret ? 0 : place_objection(r, a, state, ret, e);
}

/* Begun, or gone on with: what counts then is the plan as it was when it was begun. */
static int begin(struct replaying *r, const struct act *a, const json_t *state, struct err *e)
{
	const uint64_t rate = act_number(a, "rate");
	json_t *fresh = json_pack("{s:O}", "plan", json_object_get(a->root, "plan"));
	char id[REPLAY_ID];
	int ret = 0;

	snprintf(id, sizeof id, "%.*s", SPAN_F(a->subject));
	if (r->plan) {
		r->rate = rate;
		r->began = clock_steady_ms();
		r->written = 0;
	} else {
		ret = replay_flow_take_up(r, id, state ? state : fresh, rate, e);
	}
	json_decref(fresh);
	if (ret != 0)
		return -1;
	log_line(LOG_INFO, state ? "replay.goes_on" : "replay.begun", "plan=%s to=%s by=%.*s", r->id,
		replay_where(r->plan), SPAN_F(a->by));
	return replay_flow_save(r, REPLAY_RUNNING, NULL, e) != 0 || flow_act_outcome(&r->flow, a, "done", "", e) != 0
		? -1
		: 0;
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
	if (replay_flow_save(r, REPLAY_PAUSED, NULL, e) != 0)
		return -1;
	log_line(LOG_INFO, "replay.paused", "plan=%s events=%" PRIu64 " by=%.*s", r->id, r->events, SPAN_F(a->by));
	replay_flow_let_go(r);
	return flow_act_outcome(&r->flow, a, "done", "", e);
}

/* A destination waits for the end of each batch that it has a line of: those are ended. */
static int cancel_given(struct replaying *r, struct err *e)
{
	if (!r->cancelled)
		r->cancel_at = r->events;
	r->cancelled = true;
	return replay_flow_save(r, REPLAY_RUNNING, NULL, e);
}

/* One that was not begun never will be: that is kept, too. */
static int cancel(struct replaying *r, const struct act *a, const json_t *state, struct err *e)
{
	const enum replay_state is = replay_state_of(json_text(state, "state"));
	char id[REPLAY_ID];
	int ret;

	snprintf(id, sizeof id, "%.*s", SPAN_F(a->subject));
	if (replay_has_ended(is) && is != REPLAY_VOID)
		return refuse(r, a, E_REPLAY_ENDED, e);
	if (is == REPLAY_PAUSED && r->plan)
		return refuse(r, a, E_REPLAY_BUSY, e);
	if (is == REPLAY_VOID) {
		ret = replay_flow_put(r, id, json_pack("{s:s,s:O}", "state", replay_states[REPLAY_CANCELLED], "events", json_object_get(state, "events")), e);
	} else if (!state) {
		ret = replay_flow_put(r, id, json_pack("{s:s,s:i}", "state", replay_states[REPLAY_CANCELLED], "events", 0), e);
	} else {
		ret = is == REPLAY_PAUSED ? replay_flow_take_up(r, id, state, 0, e) : 0;
		if (ret == 0)
			ret = r->batches && r->events ? cancel_given(r, e) : replay_flow_end(r, REPLAY_CANCELLED, NULL, e);
	}
	return ret != 0 ? -1 : flow_act_outcome(&r->flow, a, "done", "", e);
}

/* To begin what moves money takes two. What cannot be read, or looked up, is asked of two as well. */
static bool takes_two(struct replaying *r, const struct act *a)
{
	const json_t *plan = json_object_get(a->root, "plan");
	struct err ignored;
	json_t *state;
	bool begun;

	if (read_state(r, a, &state, &ignored) < 0)
		return true;
	begun = state && (is_begun(a, state) || replay_has_ended(replay_state_of(json_text(state, "state"))));
	json_decref(state);
	if (begun || !replay_is_given(plan))
		return false;
	for (unsigned d = 0; d < r->site->ndestinations; d++)
		if (strcmp(r->site->destinations[d].name, json_text(json_object_get(plan, "to"), "destination")) == 0 &&
			replay_pays(r->flow.bus, &r->site->destinations[d], &ignored) != 0)
			return true;
	return replay_is_money(plan);
}

unsigned replay_acts_people(struct flow *f, const struct act *a)
{
	if (span_is(a->what, "replay"))
		return takes_two((struct replaying *)f, a) ? 2 : 1;
	return span_is(a->what, "pause") || span_is(a->what, "cancel");
}

static bool shows_that(const struct act *a, enum err_lang lang)
{
	static const char *const more[] = {"plan", "rate", NULL};
	json_t *shows = replay_shows(json_object_get(a->root, "plan"), lang);
	const bool ret = shows && act_shows(a, shows, more);

	json_decref(shows);
	return ret;
}

int replay_acts_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e)
{
	struct replaying *r = (struct replaying *)f;
	json_t *state;
	int got;

	if (read_state(r, a, &state, e) < 0)
		return -1;
	got = objection(r, a, state, ret, e);
	if (got == 0 && *ret == E_NONE && !a->approved && !shows_that(a, ERR_ZH) && !shows_that(a, ERR_EN))
		*ret = E_ACT_SHOWS;
	json_decref(state);
	return got;
}

int replay_acts(struct flow *f, const struct act *a, struct err *e)
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
