/* SPDX-License-Identifier: Apache-2.0 */
#include "router_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "batch.h"
#include "dead.h"
#include "jscan.h"
#include "topics.h"

#define POSITION_MAX 240u
#define FAILING_MAX 100u             /* events in a row that cannot go on: the fault is not theirs */

/* ---- position ---- */

static void free_open(struct open_batch **at)
{
	struct open_batch *b = *at;

	*at = b->next;
	free(b->batchid);
	free(b);
}

static struct open_batch *open_batch(struct input *in, struct span batchid)
{
	struct open_batch *b = in->open;

	while (b && !span_is(batchid, b->batchid))
		b = b->next;
	if (!b) {
		b = mem_new(sizeof *b);
		b->batchid = mem_text(batchid);
		b->next = in->open;
		in->open = b;
	}
	return b;
}

static unsigned destination_named(const struct router *r, const char *name)
{
	unsigned d = 0;

	while (d < r->ndestinations && strcmp(r->destinations[d].name, name) != 0)
		d++;
	return d;
}

static void restore_open(struct router *r, struct input *in, const json_t *list)
{
	const json_t *o, *n;
	const char *name;
	size_t i;

	json_array_foreach(list, i, o) {
		struct open_batch *b = open_batch(in, span_of(json_string_value(json_object_get(o, "batch"))));

		b->seen = (uint64_t)json_integer_value(json_object_get(o, "seen"));
		b->failed = (uint64_t)json_integer_value(json_object_get(o, "failed"));
		json_object_foreach(json_object_get(o, "routed"), name, n) {
			unsigned d = destination_named(r, name);

			if (d < r->ndestinations)
				b->routed[d] = (uint64_t)json_integer_value(n);
		}
	}
}

/* Of the whole router, whichever part of it reads the partition. */
static void position_name(const struct router *r, const struct input *in, char ret[POSITION_MAX])
{
	snprintf(ret, POSITION_MAX, "%s/%s/%u", flow_whole(&r->flow), bus_topic_name(r->flow.bus, in->topic),
		in->partition);
}

struct absent {
	struct input *in;
	const struct totals *before;
	const char *destination;
	struct err *e;
	int failed;
};

static void take_from(struct money_sum *sum, const struct money_sum *what)
{
	sum->count -= what->count;
	sum->plus -= what->plus;
	sum->minus -= what->minus;
	sum->unreadable -= what->unreadable;
}

/* What was seen in one currency and not counted for it. */
static void count_absent(void *arg, const struct total_line *line)
{
	static const enum total_term counted[] = {TOTAL_ROUTED, TOTAL_NOT_ROUTED, TOTAL_UNSHAPED};
	struct absent *a = arg;
	struct money_sum rest = line->sum;

	if (line->term != TOTAL_SEEN || a->failed)
		return;
	for (unsigned i = 0; i < sizeof counted / sizeof *counted; i++) {
		const struct money_sum sum = totals_get(a->before, counted[i], a->destination, line->currency);

		/* More than was seen is no absence: the balance says that it does not come out. */
		if (sum.count > rest.count)
			return;
		take_from(&rest, &sum);
	}
	if (!rest.count)
		return;
	a->failed = journal_move(a->in->journal, SPAN_NONE, TOTAL_NOT_ROUTED, a->destination, span_of(line->currency), &rest, 1, a->e);
	a->in->moved = true;
}

/* Each event is counted for each destination that is there. What was read before one came to the site, or while it had been taken
 * out of it, was not routed to it. */
static int count_absences(const struct router *r, struct input *in, struct err *e)
{
	struct totals *before;
	int failed;

	if (!in->journal || totals_is_empty(in->totals))
		return 0;
	before = totals_new();
	failed = totals_merge(before, in->totals, e);
	for (unsigned d = 0; d < r->ndestinations && !failed; d++) {
		struct absent a = {.in = in, .before = before, .destination = r->destinations[d].name, .e = e};

		totals_each(before, count_absent, &a);
		failed = a.failed;
	}
	totals_free(before);
	return failed;
}

int router_restore_input(struct router *r, struct input *in, struct err *e)
{
	char name[POSITION_MAX];
	json_t *p = NULL;
	int got, bad = 0;

	position_name(r, in, name);
	buf_clear(&r->position);
	got = bus_position_get(r->flow.bus, name, &r->position, e);
	if (got <= 0)
		return got;
	p = json_loadb(r->position.p, r->position.n, 0, NULL);
	if (!p)
		return err_set(e, E_FLOW_POSITION, "name=%s", name);
	in->offset = (uint64_t)json_integer_value(json_object_get(p, "offset"));
	bad = lane_heads_read(in->heads, json_object_get(p, "heads"), e) ||
		totals_read(in->totals, json_object_get(p, "totals"), e) ||
		(in->journal && journal_found(in->journal, &r->flow, name, p, e));
	restore_open(r, in, json_object_get(p, "open"));
	json_decref(p);
	return bad || count_absences(r, in, e) ? -1 : 0;
}

static void write_open(const struct router *r, const struct open_batch *b, struct buf *to)
{
	bool comma = false;

	buf_str(to, "{\"batch\":");
	json_quote(to, span_of(b->batchid));
	buf_printf(to, ",\"seen\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"routed\":{", b->seen, b->failed);
	for (unsigned d = 0; d < r->ndestinations; d++)
		if (b->routed[d]) {
			buf_printf(to, "%s\"%s\":%" PRIu64, comma ? "," : "", r->destinations[d].name, b->routed[d]);
			comma = true;
		}
	buf_str(to, "}}");
}

int router_save_input(struct router *r, struct input *in, struct err *e)
{
	struct buf *to = &r->position;
	char name[POSITION_MAX];

	if (journal_post(in->journal, &r->flow, r->journal_topic, e) != 0)
		return -1;
	buf_clear(to);
	buf_printf(to, "{\"offset\":%" PRIu64 ",\"heads\":", in->offset);
	lane_heads_write(in->heads, to);
	buf_str(to, ",\"open\":[");
	for (const struct open_batch *b = in->open; b; b = b->next) {
		write_open(r, b, to);
		if (b->next)
			buf_c(to, ',');
	}
	buf_str(to, "],\"totals\":");
	totals_write(in->totals, to);
	buf_str(to, JOURNAL_MARK "}");
	position_name(r, in, name);
	in->moved = false;
	return bus_position_put(r->flow.owner, name, buf_as_span(to), e);
}

static int router_open(struct flow *f, struct err *e)
{
	struct router *r = (struct router *)f;

	if (bus_topic(f->bus, TOPIC_DEAD, &r->dead_topic, e) != 0 ||
		bus_topic(f->bus, TOPIC_JOURNAL, &r->journal_topic, e) != 0)
		return -1;
	r->ninputs = 0;
	r->failing = 0;
	buf_clear(&r->position);
	if (flow_position_get(f, "limit", &r->position, e) < 0)
		return -1;
	r->resumed = r->position.n ? strtoull(buf_text(&r->position), NULL, 10) : 0;
	for (unsigned i = r->first; i < f->ninputs; i++)
		for (unsigned p = 0; p < bus_partitions(f->bus, f->inputs[i]); p++) {
			struct input *in;

			if (!shares_has(&f->share, p))
				continue;
			r->inputs = mem_grow(r->inputs, r->ninputs + 1u, sizeof *r->inputs);
			in = &r->inputs[r->ninputs++];
			*in = (struct input){.topic = f->inputs[i], .partition = p, .heads = lane_heads_new(),
				.totals = totals_new()};
			in->journal = journal_new(in->totals, r->ninputs);
			if (router_restore_input(r, in, e) != 0 ||
				bus_read(f->bus, in->topic, in->partition, &in->reader, e) != 0)
				return -1;
			bus_seek(in->reader, in->offset);
		}
	return router_owed_open(r, e) != 0 || router_asked_open(r, e) != 0 ? -1 : 0;
}

static int router_effect(struct flow *f, struct err *e)
{
	struct router *r = (struct router *)f;

	return router_owed_hand_in(r, e) != 0 || router_asked_hand_in(r, e) != 0 ? -1 : 0;
}

void router_input_done(struct input *in)
{
	bus_unread(in->reader);
	lane_heads_free(in->heads);
	journal_free(in->journal);
	totals_free(in->totals);
	while (in->open)
		free_open(&in->open);
}

static void router_close(struct flow *f)
{
	struct router *r = (struct router *)f;

	for (unsigned i = 0; i < r->ninputs; i++)
		router_input_done(&r->inputs[i]);
	free(r->inputs);
	r->inputs = NULL;
	r->ninputs = 0;
	router_owed_close(r);
	router_asked_close(r);
}

/* ---- one event ---- */

struct work {
	struct router *r;
	struct input *in;
	const struct bus_message *message;
	const struct event *event;
	struct open_batch *batch;
};

static int dead_event(struct work *w, const struct err *why, const char *destination, const struct value *amount,
	struct span currency, struct err *e)
{
	struct router *r = w->r;
	char place[200];
	struct dead_letter d = {.flow = span_of(flow_whole(&r->flow)), .batchid = w->event->batchid, .id = w->event->id,
		.kind = SPAN("dead"), .code = span_of(err_code(why->id)->name), .args = span_of(why->args),
		.raw = w->event->body, .destination = span_of(destination), .currency = currency};

	snprintf(place, sizeof place, "%s/%u@%" PRIu64, bus_topic_name(r->flow.bus, w->in->topic), w->in->partition,
		w->message->offset);
	d.place = span_of(place);
	if (!r->failing)
		r->first_why = *why;
	d.offset = w->message->offset;
	if (amount && amount->is_money) {
		d.has_amount = true;
		d.amount_fen = amount->fen;
	}
	buf_clear(&r->event);
	dead_write(&r->event, &d, w->message->time_ms);
	return flow_append(&r->flow, r->dead_topic, 0, w->message->key, &r->event, e);
}

/* What was shortened for the receiver goes along with the line, by its columns: nothing is altered silently. */
static void write_cuts(struct router *r, const struct shape *s)
{
	const size_t from = r->event.n;

	buf_str(&r->event, ",\"cut\":");
	if (!map_write_cuts(s->line, &s->slots, &r->event))
		r->event.n = from;
}

/* As totals name it; absent when the event has none. */
struct span router_currency(struct type *t)
{
	int slot = extract_currency_slot(t->extract);

	if (slot < 0 || !t->slots.v[slot].text.p)
		return SPAN_NONE;
	return totals_currency(t->slots.v[slot].text, extract_kind_of_money(t->extract), t->currency);
}

bool router_amount(const struct type *t, int64_t *ret_fen)
{
	int slot = extract_amount_slot(t->extract);
	bool readable = slot >= 0 && t->slots.v[slot].is_money;

	*ret_fen = readable ? t->slots.v[slot].fen : 0;
	return readable;
}

int router_shape_event(struct router *r, struct type *t, const struct event *v, unsigned d, struct err *e)
{
	struct shape *s = &t->shapes[d];
	struct event out = *v;
	int amount = extract_amount_slot(t->extract);
	struct span currency = router_currency(t);

	for (unsigned i = 0; i < s->slots.n; i++)
		if (s->from[i] >= 0)
			s->slots.v[i] = t->slots.v[s->from[i]];
	slots_begin(&s->slots, v->data.n);
	if (map_run(s->line, &s->slots, e) != 0)
		return -1;
	out.fingerprint = out.paykey = out.amount = out.numbers = out.line = SPAN_NONE;
	buf_clear(&r->event);
	event_begin(&r->event, &out);
	buf_str(&r->event, "{\"line\":");
	map_write(s->line, &s->slots, &r->event);
	json_member(&r->event, "layout", span_of(map_layout(s->line)));
	write_cuts(r, s);
	if (amount >= 0 && t->slots.v[amount].is_money) {
		buf_str(&r->event, ",\"amount\":");
		json_quote(&r->event, t->slots.v[amount].text);
	}
	if (currency.p) {
		buf_str(&r->event, ",\"currency\":");
		json_quote(&r->event, currency);
	}
	if (s->split >= 0) {
		if (!t->slots.v[s->split].text.n)
			return err_set(e, E_ROUTE_NO_SPLIT, "destination=%s", r->destinations[d].name);
		buf_str(&r->event, ",\"split\":");
		json_quote(&r->event, t->slots.v[s->split].text);
	}
	buf_c(&r->event, '}');
	return 0;
}

bool router_matches(const struct type *t, unsigned d)
{
	for (unsigned i = 0; i < t->nroutes; i++)
		if (t->routes[i].destination == d &&
			(!t->routes[i].when || expr_true(t->routes[i].when, t->slots.v)))
			return true;
	return false;
}

static int unshaped(struct work *w, struct type *t, unsigned d, const struct err *why, struct err *e)
{
	int amount = extract_amount_slot(t->extract);

	return dead_event(w, why, w->r->destinations[d].name, amount >= 0 ? &t->slots.v[amount] : NULL, router_currency(t), e);
}

/* A person who let it go on has seen what it stopped for: then there is no limit until an event goes well. */
static int count_failing(struct router *r, bool failed, struct err *e)
{
	char text[24];

	r->failing = failed ? r->failing + 1 : 0;
	if (failed || r->resumed == flow_resumed(&r->flow))
		return 0;
	r->resumed = flow_resumed(&r->flow);
	snprintf(text, sizeof text, "%" PRIu64, r->resumed);
	return flow_position_put(&r->flow, "limit", span_of(text), e);
}

/* One event to one destination: shaped and appended, or dead for it. */
static int route_to(struct work *w, struct type *t, unsigned d, enum total_term *ret_term, struct err *e)
{
	struct router *r = w->r;
	struct err why = ERR_INIT;

	if (router_shape_event(r, t, w->event, d, &why) != 0) {
		*ret_term = TOTAL_UNSHAPED;
		return unshaped(w, t, d, &why, e);
	}
	*ret_term = TOTAL_ROUTED;
	if (flow_append(&r->flow, r->destinations[d].topic, w->in->partition, w->message->key, &r->event, &why) == 0)
		return 0;
	if (err_kind(&why) != ERR_DATA) {
		*e = why;
		return -1;
	}
	/* Too large in that shape: no reason to stop those behind it. */
	*ret_term = TOTAL_UNSHAPED;
	return unshaped(w, t, d, &why, e);
}

static int route_event(struct work *w, struct type *t, struct err *e)
{
	struct router *r = w->r;
	struct err why = ERR_INIT;
	bool taken = false, failed = false, readable;
	struct totals *totals = journal_of(w->in->journal, w->event->batchid);
	struct span cur;
	int64_t fen;

	if (extract_run(t->extract, w->event, &t->slots, &why) != 0)
		return err_set(e, E_ROUTE_EVENT, "id=%.*s", SPAN_F(w->event->id));
	readable = router_amount(t, &fen);
	cur = router_currency(t);
	cur = cur.p ? cur : SPAN("");
	if (totals_add(totals, TOTAL_SEEN, "", cur, fen, readable, e) != 0)
		return -1;
	for (unsigned d = 0; d < r->ndestinations; d++) {
		enum total_term term = TOTAL_NOT_ROUTED;

		if (t->shapes[d].line && router_matches(t, d)) {
			taken = true;
			if (route_to(w, t, d, &term, e) != 0)
				return -1;
		}
		failed |= term == TOTAL_UNSHAPED;
		w->batch->routed[d] += term == TOTAL_ROUTED;
		if (totals_add(totals, term, r->destinations[d].name, cur, fen, readable, e) != 0)
			return -1;
	}
	if (!taken && t->instruction) {
		failed = true;
		err_set(&why, E_ROUTE_NONE, "type=%s", t->name);
		if (dead_event(w, &why, "", readable ? &t->slots.v[extract_amount_slot(t->extract)] : NULL, cur, e) !=
			0)
			return -1;
	}
	r->flow.attention |= failed;
	w->batch->seen++;
	w->batch->failed += failed;
	return count_failing(r, failed, e);
}

/* An event of a type that nothing in the site names any more: an adapter was taken out while its events lay here. It may have
 * been an instruction, so it is dead, and counted as one whose amount we cannot read. */
static int unknown_type(struct work *w, struct err *e)
{
	struct totals *totals = journal_of(w->in->journal, w->event->batchid);
	struct router *r = w->r;
	struct err why;

	err_set(&why, E_ROUTE_NONE, "type=%.*s", SPAN_F(w->event->type));
	w->batch->seen++;
	w->batch->failed++;
	r->flow.attention = true;
	if (totals_add(totals, TOTAL_SEEN, "", SPAN(""), 0, false, e) != 0)
		return -1;
	for (unsigned d = 0; d < r->ndestinations; d++)
		if (totals_add(totals, TOTAL_NOT_ROUTED, r->destinations[d].name, SPAN(""), 0, false, e) != 0)
			return -1;
	return dead_event(w, &why, "", NULL, SPAN_NONE, e) == 0 ? count_failing(r, true, e) : -1;
}

struct type *router_type_of(struct router *r, struct span type)
{
	for (unsigned i = 0; i < r->ntypes; i++)
		if (span_is(type, r->types[i].name))
			return &r->types[i];
	return NULL;
}

/* The batch is complete on this partition: every destination that one of its types can reach is told. When its closing comes
 * again, so does that of the router, with all that was routed and all that failed. */
static int forward_closing(struct work *w, struct err *e)
{
	struct router *r = w->r;
	struct batch_closing c;
	struct open_batch **at = &w->in->open;
	uint64_t here;

	arena_clear(&r->scratch);
	if (batch_closing_read(w->event, w->in->partition, &r->scratch, &c, e) != 0)
		return -1;
	w->batch = open_batch(w->in, c.batchid);
	if (w->batch->seen != c.published - c.before)
		return err_set(e, E_ROUTE_BATCH, "batch=%.*s\nwant=%" PRIu64 "\ngot=%" PRIu64, SPAN_F(c.batchid),
			c.published - c.before, w->batch->seen);
	if (router_failed_here(r, c.batchid, c.partition, &here, e) < 0 ||
		router_close_batch(r, &c, w->batch->routed, here + w->batch->failed, w->event->time, e) != 0)
		return -1;
	while (*at != w->batch)
		at = &(*at)->next;
	free_open(at);
	return 0;
}

static int take_message(struct router *r, struct input *in, const struct bus_message *m, struct err *e)
{
	struct event v;
	enum lane_verdict verdict;
	struct work w = {.r = r, .in = in, .message = m, .event = &v};
	struct type *t;

	if (event_read(m->value, &v, e) != 0)
		return -1;
	if (lane_heads_check(in->heads, &v, &verdict, e) != 0)
		return -1;
	if (verdict == LANE_REPEAT)
		return 0;
	if (span_is(v.type, EVENT_BATCH_CLOSED))
		return forward_closing(&w, e);
	if (event_is_ours(&v))
		return 0;
	t = router_type_of(r, v.type);
	w.batch = open_batch(in, v.batchid);
	return t ? route_event(&w, t, e) : unknown_type(&w, e);
}

/* The next ones would fare as these did: nothing of this step is committed, the position stays in front of it. */
static int stop_failing(struct router *r, struct err *e)
{
	struct err why;

	err_set(&why, E_ROUTE_MASS, "count=%u\ncause=%s", r->failing, err_code(r->first_why.id)->name);
	return flow_stop_instead(&r->flow, &why, e);
}

/* Events that go nowhere stage nothing: the budget bounds the step when there are only such. */
static int read_input(struct router *r, struct input *in, size_t *budget, struct err *e)
{
	struct bus_message m;
	int got = 0;

	while (*budget && !flow_step_full(&r->flow) && (got = lane_next(r->flow.bus, in->reader, &m, e)) == 1) {
		if (take_message(r, in, &m, e) != 0)
			return err_at(e, "%s/%u@%" PRIu64, bus_topic_name(r->flow.bus, in->topic), in->partition,
				m.offset);
		if (r->failing >= FAILING_MAX && r->resumed == flow_resumed(&r->flow))
			return stop_failing(r, e);
		in->offset = m.offset + 1;
		in->moved = true;
		--*budget;
	}
	return got < 0 ? -1 : 0;
}

static int router_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct router *r = (struct router *)f;
	size_t budget = bus_step_records(f->bus);
	bool owed = false;

	/* Each step begins with another input, so that a long file on one does not starve the others. */
	for (unsigned i = 0; i < r->ninputs; i++)
		if (read_input(r, &r->inputs[(r->turn + i) % r->ninputs], &budget, e) != 0)
			return -1;
	r->turn++;
	*ret = FLOW_IDLE;
	if (router_owed_save(r, &owed, e) != 0 || router_asked_look(r, &owed, e) != 0)
		return -1;
	if (owed)
		*ret = FLOW_COMMIT;
	for (unsigned i = 0; i < r->ninputs; i++)
		if (r->inputs[i].moved) {
			*ret = FLOW_COMMIT;
			if (router_save_input(r, &r->inputs[i], e) != 0)
				return -1;
		}
	return 0;
}

const struct flow_kind router_kind = {
	.name = "router",
	.open = router_open,
	.step = router_step,
	.effect = router_effect,
	.act = router_act,
	.close = router_close,
	.free = router_free,
};
