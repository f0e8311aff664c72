/* SPDX-License-Identifier: Apache-2.0 */
#include "router_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "dead.h"

/*
 * Acts on what was published and did not get through: a dead letter of the router is retried, or given back; so are all those of
 * a batch at once. The line, the end of the letter, the batch's closings with their new totals, and the outcome are one commit.
 */
#define STAMP_ROOM 1024u             /* what lane and number add to an event, and more */

void router_letter_done(struct letter *l)
{
	buf_done(&l->record);
	buf_done(&l->event_record);
	arena_done(&l->arena);
}

static int read_at(struct bus *b, unsigned topic, unsigned partition, uint64_t offset, struct buf *record,
	struct event *ret, struct err *e)
{
	struct bus_reader *reader = NULL;
	struct bus_message m;
	int got;

	if (bus_read(b, topic, partition, &reader, e) != 0)
		return -1;
	bus_seek(reader, offset);
	got = bus_next(reader, &m, e);
	if (got == 1 && m.offset == offset) {
		buf_clear(record);
		buf_span(record, m.value);
		got = event_read(buf_as_span(record), ret, e) == 0 ? 1 : -1;
	} else if (got == 1) {
		got = 0;
	}
	bus_unread(reader);
	return got;
}

/* The event that a letter is about lies at "topic/partition@offset". */
static struct input *input_of(struct router *r, struct span place, uint64_t *ret_offset)
{
	char name[200];

	for (unsigned i = 0; i < r->ninputs; i++) {
		struct input *in = &r->inputs[i];
		int n = snprintf(name, sizeof name, "%s/%u@", bus_topic_name(r->flow.bus, in->topic), in->partition);

		if (span_starts(place, (struct span){name, (size_t)n})) {
			*ret_offset = strtoull(arena_text(&r->scratch, place) + n, NULL, 10);
			return in;
		}
	}
	return NULL;
}

int router_read_letter(struct acting *a, struct span id, struct letter *l, struct err *e)
{
	struct router *r = a->r;
	char state[16], digest[65];
	uint64_t at, size;
	int got = dead_state(r->flow.bus, r->flow.owner, id, state, &at, e);

	a->why = E_ACT_GONE;
	if (got <= 0 || !dead_is_open(state))
		return got < 0 ? -1 : 0;
	got = read_at(r->flow.bus, r->dead_topic, 0, at, &l->record, &l->is, e);
	if (got <= 0 || dead_read(&l->is, &l->arena, &l->d, &size, e) != 0)
		return got < 0 || e->id ? -1 : 0;
	if (!span_is(l->d.flow, flow_whole(&r->flow)))
		return 0;
	a->why = E_ACT_SHARE;
	if (!(l->in = input_of(r, l->d.place, &l->offset)))
		return 0;
	got = read_at(r->flow.bus, l->in->topic, l->in->partition, l->offset, &l->event_record, &l->event, e);
	if (got < 0)
		return -1;
	dead_digest(&l->is, digest);
	a->why = E_ACT_CHANGED;
	if (got == 0 || !span_eq(l->event.id, l->d.id) || l->event.body.n != size ||
		(size <= DEAD_RAW_MAX && !span_eq(l->event.body, l->d.raw)))
		return 0;
	return !a->single || span_is(a->act->digest, digest);
}

/* ---- is the batch's end known, here and at the destinations? ---- */

static bool is_open_here(const struct input *in, struct span batchid)
{
	for (const struct open_batch *b = in->open; b; b = b->next)
		if (span_is(batchid, b->batchid))
			return true;
	return false;
}

int router_forwarded(struct router *r, const struct input *in, struct span batchid, struct batch_closing *ret, struct err *e)
{
	uint64_t offset;
	int got = batch_closing_find(r->flow.bus, r->flow.owner, in->topic, batchid, in->partition, &r->scratch, ret, &offset, e);

	return got == 1 ? in->offset > offset && !is_open_here(in, batchid) : got;
}

int router_forwarded_there(struct router *r, unsigned topic, unsigned partition, struct span batchid,
	struct batch_closing *ret, struct err *e)
{
	struct input *mine = router_input_at(r, topic, partition);
	struct input in = {.topic = topic, .partition = partition};
	int got;

	if (mine)
		return router_forwarded(r, mine, batchid, ret, e);
	in.heads = lane_heads_new();
	in.totals = totals_new();
	got = router_restore_input(r, &in, e) != 0 ? -1 : router_forwarded(r, &in, batchid, ret, e);
	router_input_done(&in);
	return got;
}

struct input *router_input_at(struct router *r, unsigned topic, unsigned partition)
{
	for (unsigned i = 0; i < r->ninputs; i++)
		if (r->inputs[i].topic == topic && r->inputs[i].partition == partition)
			return &r->inputs[i];
	return NULL;
}

/* ---- retry ---- */

static struct added *added_of(struct acting *a, struct input *in)
{
	for (unsigned i = 0; i < a->nadded; i++)
		if (a->added[i].in == in)
			return &a->added[i];
	a->added = mem_grow(a->added, a->nadded + 1u, sizeof *a->added);
	memset(&a->added[a->nadded], 0, sizeof *a->added);
	a->added[a->nadded].in = in;
	return &a->added[a->nadded++];
}

/* Where the letter's event goes now: where it could not be shaped for, or anew when no route took it. 0: nowhere. */
static unsigned destinations_of(struct acting *a, const struct letter *l, const struct type *t, unsigned ret[DESTINATIONS_MAX])
{
	struct router *r = a->r;
	unsigned n = 0;

	a->why = l->d.destination.n ? E_ACT_NO_DESTINATION : E_ROUTE_NONE;
	for (unsigned d = 0; d < r->ndestinations; d++)
		if (t->shapes[d].line &&
			(l->d.destination.n ? span_is(l->d.destination, r->destinations[d].name) : router_matches(t, d)))
			ret[n++] = d;
	return n;
}

/* All of them take it, or nothing is written. */
static bool all_shaped(struct acting *a, const struct letter *l, struct type *t, const unsigned *to, unsigned n)
{
	struct err why = ERR_INIT;

	for (unsigned i = 0; i < n; i++) {
		if (router_shape_event(a->r, t, &l->event, to[i], &why) != 0) {
			a->why = why.id;
			return false;
		}
		if (a->r->event.n + STAMP_ROOM > BUS_VALUE_MAX) {
			a->why = E_BUS_TOO_LARGE;
			return false;
		}
	}
	return true;
}

int router_end_letter(struct acting *a, const struct event *letter, const char *state, struct err *e)
{
	struct router *r = a->r;

	buf_clear(&r->event);
	dead_ended_write(&r->event, letter, state, a->act->id, span_of(r->source), a->now_ms);
	return flow_append(&r->flow, r->dead_topic, 0, letter->batchid.p ? letter->batchid : SPAN(""), &r->event, e);
}

/* Is another letter about the same event not retried? Then the event is still one that failed. */
static int others_left(struct acting *a, const struct letter *l, bool *ret, struct err *e)
{
	struct router *r = a->r;
	struct buf ids = BUF_INIT, one = BUF_INIT;
	int got = router_letters(r, l->event.batchid, l->d.place, &ids, e);

	*ret = false;
	/* Those of places that only begin alike ("...@1", "...@12") are no letters of it. */
	event_id_part(&one, l->d.place);
	for (size_t at = 0; got > 0 && at < ids.n;) {
		struct span id = span_of(ids.p + at);
		const char *place = memmem(id.p, id.n, one.p, one.n);
		char state[16], after = place ? place[one.n] : 'x';
		uint64_t offset;

		at += id.n + 1;
		if ((after && after != ':') || span_eq(id, l->is.id))
			continue;
		if (dead_state(r->flow.bus, r->flow.owner, id, state, &offset, e) < 0)
			got = -1;
		else
			*ret |= strcmp(state, "retried") != 0;
	}
	buf_done(&ids);
	buf_done(&one);
	return got < 0 ? -1 : 0;
}

/* How an event counts now, and how it did when the letter was written. */
struct counted {
	struct span currency;
	struct money_sum sum;
};

static int count_one(struct counted *c, struct span currency, int64_t fen, bool readable, struct err *e)
{
	c->currency = currency.p ? currency : SPAN("");
	c->sum = (struct money_sum){0};
	if (readable)
		return money_sum_add(&c->sum, fen, e);
	money_sum_unreadable(&c->sum);
	return 0;
}

static int move(const struct letter *l, enum total_term from, enum total_term to, const char *destination,
	const struct counted *was, const struct counted *is, struct err *e)
{
	char name[TOTALS_CURRENCY_MAX];
	struct money_sum there;

	snprintf(name, sizeof name, "%.*s", SPAN_F(was->currency));
	there = totals_get(l->in->totals, from, destination, name);
	/* A destination that came to the site later has never counted it. */
	if (there.count &&
		journal_move(l->in->journal, l->event.batchid, from, destination, was->currency, &was->sum, -1, e) != 0)
		return -1;
	return journal_move(l->in->journal, l->event.batchid, to, destination, is->currency, &is->sum, 1, e);
}

static int count_retried(struct acting *a, const struct letter *l, struct type *t, const unsigned *to, unsigned n, struct err *e)
{
	struct router *r = a->r;
	struct counted was, is;
	int64_t fen;
	bool readable = router_amount(t, &fen);

	if (count_one(&was, l->d.currency, l->d.amount_fen, l->d.has_amount, e) != 0 ||
		count_one(&is, router_currency(t), fen, readable, e) != 0)
		return -1;
	if (l->d.destination.n)
		return move(l, TOTAL_UNSHAPED, TOTAL_ROUTED, r->destinations[to[0]].name, &was, &is, e);
	if (move(l, TOTAL_SEEN, TOTAL_SEEN, "", &was, &is, e) != 0)
		return -1;
	for (unsigned d = 0; d < r->ndestinations; d++) {
		bool taken = false;

		for (unsigned i = 0; i < n; i++)
			taken |= to[i] == d;
		if (move(l, TOTAL_NOT_ROUTED, taken ? TOTAL_ROUTED : TOTAL_NOT_ROUTED, r->destinations[d].name, &was, &is, e) != 0)
			return -1;
	}
	return 0;
}

static int stage_retried(struct acting *a, const struct letter *l, struct type *t, const unsigned *to, unsigned n, struct err *e)
{
	struct router *r = a->r;
	struct added *added = added_of(a, l->in);
	bool left;

	if (others_left(a, l, &left, e) != 0 || count_retried(a, l, t, to, n, e) != 0)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (router_shape_event(r, t, &l->event, to[i], e) != 0 ||
			flow_append(&r->flow, r->destinations[to[i]].topic, l->in->partition,
				l->event.partitionkey.p ? l->event.partitionkey : SPAN(""), &r->event, e) != 0)
			return -1;
		added->routed[to[i]]++;
	}
	added->mended += !left;
	return router_end_letter(a, &l->is, "retried", e);
}

/* 1 staged, 0 a->why, -1. */
static int retry_letter(struct acting *a, struct span id, struct err *e)
{
	struct letter l = {.record = BUF_INIT};
	struct router *r = a->r;
	unsigned to[DESTINATIONS_MAX], n = 0;
	struct batch_closing c;
	struct err ignored = ERR_INIT;
	struct type *t;
	int got = router_read_letter(a, id, &l, e);

	if (got != 1)
		goto out;
	a->why = E_ACT_UNDER_WAY;
	got = router_forwarded(r, l.in, l.event.batchid, &c, e);
	if (got != 1)
		goto out;
	got = 0;
	a->why = E_ROUTE_NONE;
	a->batchid = arena_span(&r->scratch, l.event.batchid);
	t = router_type_of(r, l.event.type);
	if (!t)
		goto out;
	if (extract_run(t->extract, &l.event, &t->slots, &ignored) != 0)
		a->why = E_ROUTE_EVENT;
	else if ((n = destinations_of(a, &l, t, to)) > 0 && all_shaped(a, &l, t, to, n))
		got = stage_retried(a, &l, t, to, n, e) == 0 ? 1 : -1;
out:
	router_letter_done(&l);
	return got;
}

/* A destination that is reached only now hears of the partitions that have nothing for it, too. */
static int tell_of_others(struct acting *a, const struct added *x, struct span time, struct err *e)
{
	struct router *r = a->r;
	unsigned own = hash_partition(a->batchid, bus_partitions(r->flow.bus, x->in->topic));
	static const uint64_t nothing[DESTINATIONS_MAX];
	struct batch_closing last, sent, events;
	int got = router_forwarded_there(r, x->in->topic, own, a->batchid, &last, e);

	if (got <= 0)
		return got;
	for (unsigned i = 0; i < last.npartitions; i++) {
		bool missing = false;
		uint64_t here;

		if (last.partitions[i] == x->in->partition)
			continue;
		for (unsigned d = 0; d < r->ndestinations && got >= 0; d++)
			if (x->routed[d] &&
				(got = router_closing_sent(r, d, a->batchid, last.partitions[i], &sent, e)) == 0)
				missing = true;
		if (got < 0)
			return -1;
		/* Another part may write a closing of that partition now, and the later one would count. */
		if (missing && !shares_has(&r->flow.share, last.partitions[i]))
			return err_set(e, E_ACT_SHARE, "subject=%.*s\nflow=%s", SPAN_F(a->batchid), r->flow.name);
		if (missing &&
			(got = router_forwarded_there(r, x->in->topic, last.partitions[i], a->batchid, &events, e)) < 0)
			return -1;
		if (missing && got == 1 && (router_failed_here(r, a->batchid, events.partition, &here, e) < 0 ||
			router_close_batch(r, &events, nothing, here, time, e) != 0))
			return -1;
	}
	return 0;
}

static int close_again(struct acting *a, const struct added *x, struct err *e)
{
	struct router *r = a->r;
	struct buf time = BUF_INIT, ids = BUF_INIT, place = BUF_INIT;
	struct batch_closing events;
	uint64_t here;
	int got, letters, ret = -1;

	clock_write(&time, a->now_ms);
	got = router_failed_here(r, a->batchid, x->in->partition, &here, e);
	/* No destination was ever told: nothing of this partition can have failed but these. */
	if (got == 0) {
		buf_printf(&place, "%s/%u@", bus_topic_name(r->flow.bus, x->in->topic), x->in->partition);
		letters = router_letters(r, a->batchid, buf_as_span(&place), &ids, e);
		here = letters > 0 ? (uint64_t)letters : 0;
		got = letters;
	}
	if (got >= 0 && router_forwarded(r, x->in, a->batchid, &events, e) == 1 &&
		tell_of_others(a, x, buf_as_span(&time), e) == 0)
		ret = router_close_batch(r, &events, x->routed, here > x->mended ? here - x->mended : 0, buf_as_span(&time), e);
	buf_done(&time);
	buf_done(&ids);
	buf_done(&place);
	return ret;
}

static int finish(struct acting *a, const char *outcome, const char *words, struct err *e)
{
	for (unsigned i = 0; i < a->nadded; i++)
		if (close_again(a, &a->added[i], e) != 0 || router_save_input(a->r, a->added[i].in, e) != 0)
			return -1;
	return flow_act_outcome(&a->r->flow, a->act, outcome, words, e);
}

int router_refuse(struct acting *a, enum err_id why, struct err *e)
{
	return flow_act_outcome(&a->r->flow, a->act, "refused", err_code(why)->name, e);
}

static int retry_one(struct acting *a, struct err *e)
{
	int got;

	a->single = true;
	got = retry_letter(a, a->act->subject, e);
	return got < 0 ? -1 : got == 0 ? router_refuse(a, a->why, e) : finish(a, "done", "", e);
}

/* As many of the batch's open letters as one commit carries; those that cannot go on yet stay open. */
static int retry_batch(struct acting *a, struct err *e)
{
	struct buf ids = BUF_INIT;
	enum err_id first = E_ACT_NO_LETTERS;
	unsigned done = 0;
	int got = router_letters(a->r, a->act->subject, SPAN_NONE, &ids, e);

	for (size_t at = 0; got >= 0 && at < ids.n && done < ROUTER_LETTERS_MAX && !flow_step_full(&a->r->flow);) {
		struct span id = span_of(ids.p + at);

		at += id.n + 1;
		got = retry_letter(a, id, e);
		done += got == 1;
		if (got == 0 && a->why != E_ACT_GONE && first == E_ACT_NO_LETTERS)
			first = a->why;
	}
	buf_done(&ids);
	if (got < 0)
		return -1;
	return done ? finish(a, "done", "", e) : router_refuse(a, first, e);
}

int router_act(struct flow *f, const struct act *act, struct err *e)
{
	struct acting a = {.r = (struct router *)f, .act = act, .now_ms = clock_now_ms()};
	char state[16];
	uint64_t offset;
	int got, ret;

	arena_clear(&a.r->scratch);
	got = dead_state(f->bus, f->owner, act->subject, state, &offset, e);
	if (got < 0)
		return -1;
	if (!act->subject.n || !act->by.n || !act->reason.n)
		ret = router_refuse(&a, E_ACT_UNKNOWN, e);
	else if (span_is(act->what, "retry"))
		ret = got ? retry_one(&a, e) : retry_batch(&a, e);
	else if (span_is(act->what, "return"))
		ret = got ? router_return_letter(&a, e) : router_return_batch(&a, e);
	else
		ret = router_refuse(&a, E_ACT_UNKNOWN, e);
	free(a.added);
	return ret;
}
