/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_parts.h"

#include <assert.h>
#include <stdio.h>

#include "clock.h"
#include "topics.h"

#define POSITION_KEY_MAX 480u

/* ---- for kinds ---- */

static void mark_grown(struct flow *f, unsigned topic)
{
	f->grew[topic / 64] |= UINT64_C(1) << topic % 64;
}

int flow_append(struct flow *f, unsigned topic, unsigned partition, struct span key, struct buf *event, struct err *e)
{
	if (lanes_append(f->lanes, topic, partition, key, event, e) < 0)
		return -1;
	f->dirty = true;
	mark_grown(f, topic);
	return 0;
}

static const char *position_key(const struct flow *f, const char *name, char ret[POSITION_KEY_MAX])
{
	int n = snprintf(ret, POSITION_KEY_MAX, "%s/%s", f->name, name);

	assert(n > 0 && n < (int)POSITION_KEY_MAX);
	return ret;
}

void flow_output(struct flow *f, unsigned topic)
{
	lanes_add(f->lanes, topic);
	mark_grown(f, topic);
}

int flow_position_put(struct flow *f, const char *name, struct span value, struct err *e)
{
	char key[POSITION_KEY_MAX];

	return bus_position_put(f->owner, position_key(f, name, key), value, e);
}

int flow_position_get(struct flow *f, const char *name, struct buf *ret, struct err *e)
{
	char key[POSITION_KEY_MAX];

	return bus_position_get(f->bus, position_key(f, name, key), ret, e);
}

void flow_share(struct flow *f, const struct share *s)
{
	f->share = *s;
	shares_flow(s, f->name);
}

const char *flow_whole(const struct flow *f)
{
	return f->share.whole[0] ? f->share.whole : f->whole[0] ? f->whole : f->name;
}

bool flow_step_full(const struct flow *f)
{
	return bus_step_full(f->owner);
}

/* ---- opening and closing ---- */

/* Every flow answers the acts that are handed to it. */
static int take_acts_topic(struct flow *f, struct err *e)
{
	unsigned topic;

	if (bus_topic(f->bus, TOPIC_ACTS, &topic, e) < 0)
		return -1;
	for (unsigned i = 0; i < f->noutputs; i++)
		if (f->outputs[i] == topic)
			return 0;
	assert(f->noutputs < sizeof f->outputs / sizeof *f->outputs);
	f->outputs[f->noutputs++] = topic;
	return 0;
}

static int open_lanes(struct flow *f, struct err *e)
{
	struct buf before = BUF_INIT;
	int r = flow_position_get(f, "lane", &before, e);

	if (r >= 0)
		r = lanes_open(f->bus, f->owner, f->outputs, f->noutputs, buf_as_span(&before), clock_now_ms(),
			&f->lanes, e);
	if (r >= 0 && f->parted)
		lanes_only(f->lanes, f->partition);
	buf_done(&before);
	return r;
}

static int own(struct flow *f, struct err *e)
{
	return f->share.whole[0] ? shares_own(&f->share, f->bus, &f->owner, e) : bus_own(f->bus, f->name, &f->owner, e);
}

/* The order is the protocol: fence, then read what the one before us left. */
static int open_flow(struct flow *f, struct err *e)
{
	if (take_acts_topic(f, e) < 0 || own(f, e) < 0)
		return -1;
	/* A commit whose end was unknown is decided by now, and may have come to light. */
	for (unsigned i = 0; i < f->noutputs; i++)
		mark_grown(f, f->outputs[i]);
	if (open_lanes(f, e) < 0 || flow_acts_open(f, e) < 0)
		return -1;
	return f->kind->open(f, e);
}

static void drop(struct flow *f)
{
	if (f->acts)
		f->kind->close(f);
	flow_acts_close(f);
	lanes_close(f->lanes);
	bus_disown(f->owner);
	f->lanes = NULL;
	f->owner = NULL;
	f->dirty = false;
}

void flow_shut(struct flow *f)
{
	drop(f);
	if (f->state == FLOW_RUNNING)
		f->state = FLOW_CLOSED;
}

/* ---- one turn ---- */

static int commit(struct flow *f, struct err *e)
{
	if (f->dirty && lanes_save(f->lanes, e) < 0)
		return -1;
	if (bus_commit(f->owner, e) < 0)
		return -1;
	f->dirty = false;
	flow_acts_committed(f);
	return f->kind->effect ? f->kind->effect(f, e) : 0;
}

static int turn(struct flow *f, enum flow_turn *ret, struct err *e)
{
	enum flow_turn t = FLOW_COMMIT;
	int r;

	if (!f->owner && open_flow(f, e) < 0)
		return -1;
	if (f->share.whole[0] && shares_look(&f->share, f->bus, e) < 0)
		return -1;
	r = flow_acts_take(f, e);
	if (r < 0)
		return -1;
	if (r == 0 && flow_is_stopped(f)) {
		f->attention = true;
		t = FLOW_IDLE;
	} else if (r == 0 && f->kind->step(f, &t, e) < 0) {
		return -1;
	}
	if (t == FLOW_IDLE && bus_staged_bytes(f->owner) > 0)
		t = FLOW_COMMIT;
	if (t == FLOW_COMMIT && commit(f, e) < 0)
		return -1;
	*ret = t;
	return 0;
}

static enum flow_state state_after(const struct err *e)
{
	switch (err_kind(e)) {
	case ERR_RETRY:
		return FLOW_WAITING;
	case ERR_HALT:
		if (e->id == E_BUS_UNKNOWN)
			return FLOW_WAITING;
		return e->id == E_LANE_GAP || e->id == E_LANE_FORK || e->id == E_LANE_STATE ? FLOW_STOPPED :
			FLOW_CLOSED;
	default:
		return FLOW_STOPPED;
	}
}

/* The step threw away what it had staged, and wants the flow stopped where the last commit left it. */
static int stop_instead(struct flow *f, enum flow_turn *ret, struct err *e)
{
	const struct err why = *flow_acts_wish(f);

	drop(f);
	*ret = FLOW_COMMIT;
	return open_flow(f, e) < 0 || flow_stop(f, &why, e) < 0 || commit(f, e) < 0 ? -1 : 0;
}

/* The kind failed at an act: nothing of that is committed, and the act does not come again. */
static int refuse_instead(struct flow *f, struct flow_failed *act, enum flow_turn *ret, struct err *e)
{
	int failed;

	drop(f);
	*ret = FLOW_COMMIT;
	failed = open_flow(f, e) < 0 || flow_acts_refuse(f, act, e) < 0 || commit(f, e) < 0 ? -1 : 0;
	flow_failed_done(act);
	return failed;
}

static int instead(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct flow_failed act;

	if (flow_acts_wish(f))
		return stop_instead(f, ret, e);
	return flow_acts_failed(f, &act) ? refuse_instead(f, &act, ret, e) : -1;
}

int flow_turn(struct flow *f, enum flow_turn *ret, struct err *e)
{
	if (turn(f, ret, e) < 0 && instead(f, ret, e) < 0) {
		drop(f);
		f->last = *e;
		f->state = state_after(e);
		f->failures++;
		return -1;
	}
	f->state = FLOW_RUNNING;
	/* Slices of a long copy may go well again and again and the copy fail at its end. */
	if (*ret != FLOW_BUSY) {
		f->failures = 0;
		f->last = ERR_INIT;
	}
	return 0;
}
