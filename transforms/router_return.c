/* SPDX-License-Identifier: Apache-2.0 */
#include "router_parts.h"

#include <jansson.h>
#include <stdlib.h>

/*
 * What was published goes back to its source: possible only while no destination can have handed anything of it over. Of what
 * is released whole the router knows that by itself while something of it failed: then nobody plans it. Of one that is short of
 * nothing the destinations are asked first (router_ask.c). With the commit every destination is told to end it, on each of its partitions, and every open letter of it ends;
 * after it the adapter is asked for the slip.
 */

/* ---- slips that are owed ---- */

static int hand_in(struct router *r, const json_t *list, struct err *e)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
		if (bus_act_submit(r->flow.bus, json_string_value(json_object_get(o, "flow")),
			json_string_value(json_object_get(o, "id")), span_of(json_string_value(json_object_get(o, "order"))), e) != 0)
			return -1;
	return 0;
}

struct owing {
	const struct router *r;
	json_t *list;
};

static int add_owed(void *arg, struct span key, struct span value)
{
	struct owing *w = arg;
	const struct span tail = SPAN("/owed");
	json_t *list;
	unsigned part;

	if (!span_ends(key, tail) ||
		!shares_names(flow_whole(&w->r->flow), (struct span){key.p, key.n - tail.n}, &part))
		return 0;
	list = json_loadb(value.p, value.n, 0, NULL);
	json_array_extend(w->list, list);
	json_decref(list);
	return 0;
}

/* A part that ended between its commit and the handing in may never run again: with fewer parts nobody has its name. Under the
 * same id however often, so those of who runs on do no harm. */
static int hand_in_others(struct router *r, struct err *e)
{
	struct owing w = {r, json_array()};
	int failed = bus_positions(r->flow.bus, flow_whole(&r->flow), add_owed, &w, e) < 0 ||
		hand_in(r, w.list, e) != 0;

	json_decref(w.list);
	return failed ? -1 : 0;
}

int router_owed_open(struct router *r, struct err *e)
{
	int got;

	if (r->flow.share.whole[0] && hand_in_others(r, e) != 0)
		return -1;
	buf_clear(&r->position);
	got = flow_position_get(&r->flow, "owed", &r->position, e);
	if (got <= 0)
		return got;
	r->owed = json_loadb(r->position.p, r->position.n, 0, NULL);
	if (!json_is_array(r->owed))
		return err_set(e, E_FLOW_POSITION, "name=%s/owed", r->flow.name);
	return router_owed_hand_in(r, e);
}

void router_owed_close(struct router *r)
{
	json_decref(r->owed);
	r->owed = NULL;
	r->owed_moved = false;
}

/* Under the same id however often: the adapter takes it once. */
int router_owed_hand_in(struct router *r, struct err *e)
{
	if (r->owed_moved)
		return 0;
	if (hand_in(r, r->owed, e) != 0)
		return -1;
	r->owed_moved = json_array_size(r->owed) > 0;
	return 0;
}

int router_owed_save(struct router *r, bool *ret_any, struct err *e)
{
	if (!r->owed_moved)
		return 0;
	router_owed_close(r);
	*ret_any = true;
	return flow_position_put(&r->flow, "owed", SPAN(""), e);
}

static void set(json_t *o, const char *name, struct span text)
{
	json_object_set_new(o, name, json_stringn(text.p, text.n));
}

/* The adapter believes it by the outcome of the act that it is for. */
static int owe_slip(struct acting *a, struct span adapter, struct span batchid, struct err *e)
{
	struct router *r = a->r;
	json_t *slip = json_object(), *owed = json_object();
	struct buf id = BUF_INIT;
	char *text;
	int ret;

	buf_printf(&id, "slip-%.*s", (int)(a->act->id.n < 59 ? a->act->id.n : 59), a->act->id.p);
	set(slip, "id", buf_as_span(&id));
	set(slip, "site", a->act->site);
	set(slip, "flow", adapter);
	set(slip, "act", SPAN("slip"));
	set(slip, "subject", batchid);
	set(slip, "for", a->act->id);
	set(slip, "by", a->act->by);
	set(slip, "at", a->act->at);
	set(slip, "reason", a->act->reason);
	text = json_dumps(slip, JSON_COMPACT);
	set(owed, "flow", adapter);
	set(owed, "id", buf_as_span(&id));
	set(owed, "order", span_of(text));
	free(text);
	json_decref(slip);
	buf_done(&id);
	/* Those of before were handed in when their commit was. */
	router_owed_close(r);
	r->owed = json_array();
	json_array_append_new(r->owed, owed);
	text = json_dumps(r->owed, JSON_COMPACT);
	ret = flow_position_put(&r->flow, "owed", span_of(text), e);
	free(text);
	return ret;
}

/* ---- one letter ---- */

int router_return_letter(struct acting *a, struct err *e)
{
	struct letter l = {.record = BUF_INIT};
	struct batch_closing c;
	int got;

	a->single = true;
	got = router_read_letter(a, a->act->subject, &l, e);
	if (got == 1) {
		a->why = E_ACT_UNDER_WAY;
		got = router_forwarded(a->r, l.in, l.event.batchid, &c, e);
	}
	if (got == 1 && c.whole) {
		a->why = E_ACT_WHOLE;
		got = 0;
	}
	if (got == 1)
		got = router_end_letter(a, &l.is, "returned", e) == 0 &&
			flow_act_outcome(&a->r->flow, a->act, "done", "", e) == 0 ? 1 : -1;
	router_letter_done(&l);
	return got < 0 ? -1 : got == 0 ? router_refuse(a, a->why, e) : 0;
}

/* ---- a batch ---- */

struct returning {
	unsigned topic;
	struct batch_closing last;   /* on the event topic: which partitions there are */
	uint64_t failed, routed;     /* what the router told: the most that any destination was told */
	bool to[DESTINATIONS_MAX];   /* who was routed something of it */
};

/* The topic that the batch was published on: 1, 0, -1. */
static int find_batch(struct acting *a, struct span batchid, struct returning *ret, struct err *e)
{
	struct router *r = a->r;
	int got = 0;

	for (unsigned i = r->first; i < r->flow.ninputs && got == 0; i++) {
		unsigned own = hash_partition(batchid, bus_partitions(r->flow.bus, r->flow.inputs[i]));

		ret->topic = r->flow.inputs[i];
		got = router_forwarded_there(r, ret->topic, own, batchid, &ret->last, e);
	}
	return got;
}

/* 1 everything has been forwarded, and the figures are known; 0 not yet; -1. */
static int add_up(struct acting *a, struct returning *x, struct err *e)
{
	struct router *r = a->r;
	struct batch_closing c;
	int got = 1;

	for (unsigned i = 0; i < x->last.npartitions && got == 1; i++) {
		struct input *in = router_input_at(r, x->topic, x->last.partitions[i]);
		uint64_t failed = 0;

		got = in ? router_forwarded(r, in, x->last.batchid, &c, e) : 0;
		for (unsigned d = 0; d < r->ndestinations && got == 1; d++) {
			struct batch_closing sent = {.failed = 0};

			if (router_closing_sent(r, d, x->last.batchid, x->last.partitions[i], &sent, e) < 0)
				return -1;
			failed = sent.failed > failed ? sent.failed : failed;
			/* What a replay gave up there has ended: nothing of it can be handed over. */
			if (sent.given_up)
				continue;
			x->routed += sent.routed;
			x->to[d] |= sent.routed > 0;
		}
		x->failed += failed;
	}
	return got;
}

static int tell_destinations(struct acting *a, const struct returning *x, struct err *e)
{
	struct router *r = a->r;

	for (unsigned d = 0; d < r->ndestinations; d++)
		for (unsigned i = 0; i < x->last.npartitions; i++) {
			struct batch_closing c;
			int got = router_closing_sent(r, d, x->last.batchid, x->last.partitions[i], &c, e);

			if (got < 0)
				return -1;
			if (got == 0)
				continue;
			c.before = c.routed;
			c.again = c.returned = true;
			c.goes_on = false;
			if (router_append_closing(r, d, &c, a->act->at, e) != 0)
				return -1;
		}
	return 0;
}

/* Can its letters, ended ones too, be gone through in one commit: 1, 0, -1. */
static int has_room(struct acting *a, const struct returning *x, struct err *e)
{
	struct buf ids = BUF_INIT;
	int got = router_letters(a->r, x->last.batchid, SPAN_NONE, &ids, e);

	buf_done(&ids);
	return got < 0 ? -1 : got <= (int)ROUTER_LETTERS_MAX;
}

/* All open letters of it, or none: 1, 0 they are too many for one commit, -1. */
static int end_letters(struct acting *a, const struct returning *x, struct err *e)
{
	struct router *r = a->r;
	struct buf ids = BUF_INIT;
	int got = router_letters(r, x->last.batchid, SPAN_NONE, &ids, e), ret = got < 0 ? -1 : got > (int)ROUTER_LETTERS_MAX ? 0 : 1;

	for (size_t at = 0; ret == 1 && at < ids.n;) {
		struct span id = span_of(ids.p + at);
		const struct event letter = {.id = id, .batchid = x->last.batchid};
		char state[16];
		uint64_t offset;

		at += id.n + 1;
		got = dead_state(r->flow.bus, r->flow.owner, id, state, &offset, e);
		if (got < 0 || (got == 1 && dead_is_open(state) && router_end_letter(a, &letter, "returned", e) != 0))
			ret = -1;
	}
	buf_done(&ids);
	return ret;
}

/* The figures of a batch that the router has forwarded: 1, 0 it is still on its way, -1. */
static int look(struct acting *a, struct returning *x, struct err *e)
{
	int got = find_batch(a, a->act->subject, x, e);

	return got == 1 ? add_up(a, x, e) : got;
}

static int give_back(struct acting *a, const struct returning *x, struct err *e)
{
	int got = end_letters(a, x, e);

	if (got == 0)
		return router_refuse(a, E_ACT_LETTERS, e);
	return got < 0 || tell_destinations(a, x, e) != 0 || owe_slip(a, x->last.adapter, x->last.batchid, e) != 0 ? -1
		: flow_act_outcome(&a->r->flow, a->act, "done", "", e);
}

/* On the batch's own partition alone: who has gone on by the first of several would wait for the others of what is gone. */
int router_go_on(struct acting *a, const bool put_aside[DESTINATIONS_MAX], struct err *e)
{
	struct returning x = {.failed = 0};
	int got = find_batch(a, a->act->subject, &x, e);

	for (unsigned d = 0; d < a->r->ndestinations && got == 1; d++) {
		struct batch_closing c;

		if (!put_aside[d])
			continue;
		got = router_closing_sent(a->r, d, x.last.batchid, x.last.partition, &c, e);
		if (got == 1) {
			c.before = c.routed;
			c.again = c.goes_on = true;
			got = router_append_closing(a->r, d, &c, a->act->at, e) == 0 ? 1 : -1;
		}
	}
	return got < 0 ? -1 : router_refuse(a, E_ACT_MAY_BE_SENT, e);
}

int router_give_back(struct acting *a, const bool put_aside[DESTINATIONS_MAX], struct err *e)
{
	struct returning x = {.failed = 0};
	int got = look(a, &x, e);

	return got < 0 ? -1 : got == 0 ? router_go_on(a, put_aside, e) : give_back(a, &x, e);
}

/* Of one that another part reads a letter could be retried there while this part gives the batch back. */
static bool all_here(const struct acting *a, const struct returning *x)
{
	for (unsigned i = 0; i < x->last.npartitions; i++)
		if (!shares_has(&a->r->flow.share, x->last.partitions[i]))
			return false;
	return shares_has(&a->r->flow.share, x->last.partition);
}

int router_return_batch(struct acting *a, struct err *e)
{
	struct returning x = {.failed = 0};
	int got = find_batch(a, a->act->subject, &x, e);

	if (got == 1 && !all_here(a, &x))
		return router_refuse(a, E_ACT_SHARE, e);
	if (got == 1)
		got = add_up(a, &x, e);
	if (got < 0)
		return -1;
	if (got == 0)
		return router_refuse(a, E_ACT_UNDER_WAY, e);
	/* While it is short of something nobody plans what is released whole; and of nothing nothing can go. */
	if (!x.routed || (x.last.whole && x.failed))
		return give_back(a, &x, e);
	/* Of what goes by record more may come at any time. */
	if (!x.last.whole)
		return router_refuse(a, E_ACT_MAY_BE_SENT, e);
	got = has_room(a, &x, e);
	return got < 0 ? -1 : got == 0 ? router_refuse(a, E_ACT_LETTERS, e) : router_ask(a, x.last.batchid, x.to, e);
}
