/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "batch.h"
#include "clock.h"
#include "dead.h"
#include "jscan.h"
#include "slip.h"

/*
 * Dead letters of this adapter: one record of a batch that was released record by record. `retry` reads the original again up to
 * that record, with the form in force, and publishes what it makes now with the claim's time, as if it had been whole from the
 * begin: events, the batch's closings with their new totals, the end of the letter and the outcome are one commit. `return`
 * ends the letter with a slip for its line.
 */
struct letter {
	struct buf record, claim_record;
	struct arena arena;
	struct event is;
	uint64_t at;                 /* where it lies */
	struct dead_letter d;
	struct claim claim;
	enum err_id why;             /* nothing can be done */
};

static void letter_done(struct letter *l)
{
	totals_free(l->claim.totals);
	arena_done(&l->arena);
	buf_done(&l->record);
	buf_done(&l->claim_record);
}

static int read_event(struct intake *in, uint64_t offset, struct letter *l, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	uint64_t size;
	int got;

	if (bus_read(in->flow.bus, in->dead, 0, &r, e) != 0)
		return -1;
	bus_seek(r, offset);
	got = bus_next(r, &m, e);
	if (got == 1) {
		buf_span(&l->record, m.value);
		got = event_read(buf_as_span(&l->record), &l->is, e) == 0 && dead_read(&l->is, &l->arena, &l->d, &size, e) == 0 ? 1 : -1;
	}
	bus_unread(r);
	return got;
}

/* 1 the letter with its claim, 0 l->why, -1. digest: as the person saw it. */
static int read_letter(struct intake *in, struct span id, struct span digest, struct letter *l, struct err *e)
{
	char state[16], is[65];
	int got = dead_state(in->flow.bus, in->flow.owner, id, state, &l->at, e);

	l->why = E_ACT_GONE;
	if (got == 1 && !dead_is_open(state)) {
		l->why = E_ACT_CHANGED;
		return 0;
	}
	if (got == 1)
		got = read_event(in, l->at, l, e);
	if (got <= 0 || !span_is(l->d.flow, in->name))
		return got < 0 ? -1 : 0;
	dead_digest(&l->is, is);
	l->why = !span_is(digest, is) ? E_ACT_CHANGED : l->d.record == 0 ? E_DEAD_OF_FILE : E_NONE;
	if (l->why)
		return 0;
	l->why = E_ACT_GONE;
	return claim_find(in->flow.bus, in->flow.owner, l->d.batchid, &l->claim_record, &l->arena, &l->claim, e);
}

static enum total_term term_of(const struct letter *l)
{
	return span_is(l->d.kind, "conflict") ? TOTAL_CONFLICT : TOTAL_DEAD;
}

/* The letter's money as one record. */
static int sum_of(const struct letter *l, struct money_sum *ret, struct err *e)
{
	*ret = (struct money_sum){0};
	if (l->d.has_amount)
		return money_sum_add(ret, l->d.amount_fen, e);
	money_sum_unreadable(ret);
	return 0;
}

static int end_letter(struct intake *in, const struct act *act, const struct letter *l, const char *state, struct err *e)
{
	buf_clear(&in->event);
	dead_ended_write(&in->event, &l->is, state, act->id, span_of(in->source), clock_now_ms());
	if (flow_append(&in->flow, in->dead, 0, l->d.batchid, &in->event, e) != 0 ||
		flow_act_outcome(&in->flow, act, "done", "", e) != 0)
		return -1;
	return intake_save_position(in, e);
}

/* ---- retry ---- */

static int find_closing(struct intake *in, const struct letter *l, unsigned partition, struct arena *a,
	struct batch_closing *ret, struct err *e)
{
	uint64_t offset;

	return batch_closing_find(in->flow.bus, in->flow.owner, in->topic, l->d.batchid, partition, a, ret, &offset, e);
}

static int append_closing(struct intake *in, const struct batch_closing *c, const struct event *attributes, struct err *e)
{
	buf_clear(&in->event);
	batch_closing_write(&in->event, c, attributes);
	return flow_append(&in->flow, in->topic, c->partition, c->batchid, &in->event, e);
}

/* What came to partition i makes its closing come again; last that of the batch's own partition. */
static int close_again(struct intake *in, struct letter *l, const uint64_t *published, struct batch_closing *own, struct err *e)
{
	struct buf time = BUF_INIT;
	struct event attributes = {.source = span_of(in->source)};
	int ret = 0;

	clock_write(&time, l->claim.time_ms);
	attributes.time = buf_as_span(&time);
	for (unsigned i = 0; i < bus_partitions(in->flow.bus, in->topic) && ret == 0; i++) {
		struct batch_closing c = *own, old = {.published = 0};
		int got = published[i] && i != own->partition ? find_closing(in, l, i, &l->arena, &old, e) : 1;

		if (!published[i] || i == own->partition)
			continue;
		if (got == 0)
			own->partitions[own->npartitions++] = i;
		c.partition = i;
		c.last = false;
		c.failed = old.failed;
		c.before = old.published;
		c.published = old.published + published[i];
		own->all += published[i];
		ret = got < 0 ? -1 : append_closing(in, &c, &attributes, e);
	}
	own->before = own->published;
	own->published += published[own->partition];
	own->all += published[own->partition];
	own->failed -= own->failed > 0;
	if (ret == 0)
		ret = append_closing(in, own, &attributes, e);
	buf_done(&time);
	return ret;
}

/* The record with the letter's number; 1, 0 l->why, -1. */
static int find_record(struct reader *r, struct letter *l, struct reading *g, struct err *e)
{
	do {
		if (reader_next(r, g, e) != 0) {
			l->why = e->id;
			return err_kind(e) == ERR_DATA ? 0 : -1;
		}
		if (g->kind == READ_RECORD && g->number == l->d.record) {
			l->why = g->bad.id;
			return !l->why;
		}
	} while (g->kind != READ_END);
	l->why = E_ACT_CHANGED;
	return 0;
}

static int check_original(struct drop_copy *copy, struct letter *l, struct err *e)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	int got;

	do
		got = drop_copy_rest(copy, UINT64_MAX, e);
	while (got == 1);
	drop_copy_digest(copy, digest);
	hash_hex(&hex, digest, sizeof digest);
	if (got == 0 && span_eq(buf_as_span(&hex), l->claim.digest))
		got = 1;
	l->why = got == 1 ? E_NONE : E_BATCH_ALTERED;
	buf_done(&hex);
	return got;
}

/* Nothing is staged before the original has proved to be what was claimed. */
static int publish(struct intake *in, const struct act *act, struct letter *l, struct batch_closing *own,
	struct reader *r, struct drop_copy *copy, struct err *e)
{
	struct publishing p = {.reader = r, .claim = l->claim}, *other = in->publishing;
	struct money_sum sum;
	struct reading g;
	int got = find_record(r, l, &g, e);

	if (got == 1)
		got = check_original(copy, l, e);
	if (got != 1)
		return got;
	clock_write(&p.time, l->claim.time_ms);
	in->publishing = &p;
	got = intake_publish_again(in, &g, &l->why, e);
	in->publishing = other;
	buf_done(&p.time);
	if (got != 1)
		return got;
	if (sum_of(l, &sum, e) != 0 ||
		journal_move(in->journal, l->d.batchid, TOTAL_READ, "", l->d.currency, &sum, -1, e) != 0 ||
		journal_move(in->journal, l->d.batchid, term_of(l), "", l->d.currency, &sum, -1, e) != 0 ||
		close_again(in, l, p.published, own, e) != 0 || end_letter(in, act, l, "retried", e) != 0)
		return -1;
	return 1;
}

static enum err_id objection(const struct intake *in, const struct letter *l)
{
	if (span_is(l->claim.state, "publishing"))
		return E_ACT_UNDER_WAY;
	if (!span_is(l->claim.state, "published"))
		return E_ACT_CHANGED;
	if (!intake_has_original(in, &l->claim))
		return E_BATCH_NO_ORIGINAL;
	return l->claim.overlays.n ? intake_repair_objection(in) : E_NONE;
}

/* 1 done, 0 l->why, -1. */
static int retry(struct intake *in, const struct act *act, struct letter *l, struct err *e)
{
	struct reader_setup setup = {.form = in->setup.form, .library = in->setup.library, .name = l->claim.name,
		.digest = l->claim.digest, .overlays = &l->claim.overlays};
	unsigned own = hash_partition(l->d.batchid, bus_partitions(in->flow.bus, in->topic));
	char *taken = arena_text(&l->arena, l->claim.taken);
	struct drop_copy *copy = NULL;
	struct reader *r = NULL;
	struct batch_closing last;
	int got;

	l->why = objection(in, l);
	if (l->why)
		return 0;
	l->why = E_ACT_UNDER_WAY;
	got = find_closing(in, l, own, &l->arena, &last, e);
	if (got != 1)
		return got;
	if (drop_copy_open(in->drop, taken, &copy, e) != 0)
		return -1;
	setup.input = drop_copy_input(copy);
	setup.shown = arena_text(&l->arena, l->claim.name);
	if (reader_open(&setup, &r, e) == 0) {
		got = publish(in, act, l, &last, r, copy, e);
	} else {
		l->why = e->id;
		got = err_kind(e) == ERR_DATA ? 0 : -1;
	}
	reader_close(r);
	drop_copy_close(copy);
	/* The copy has served: the batch has none. */
	if (drop_spool_delete(in->drop, taken, e) != 0)
		return -1;
	return got;
}

/* ---- return ---- */

/* Who and why are not in the letter: they stand in the position until the slip is written. */
static void owe_line(struct intake *in, uint64_t at, const struct act *act)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "{\"at\":%" PRIu64, at);
	json_member(&b, "by", act->by);
	json_member(&b, "why", act->reason);
	buf_c(&b, '}');
	intake_owe_line(in, buf_as_span(&b));
	buf_done(&b);
}

static int give_back(struct intake *in, const struct act *act, struct letter *l, struct err *e)
{
	struct money_sum sum;

	if (sum_of(l, &sum, e) != 0 ||
		journal_move(in->journal, l->d.batchid, term_of(l), "", l->d.currency, &sum, -1, e) != 0 ||
		journal_move(in->journal, l->d.batchid, TOTAL_RETURNED, "", l->d.currency, &sum, 1, e) != 0)
		return -1;
	owe_line(in, l->at, act);
	return end_letter(in, act, l, "returned", e) == 0 ? 1 : -1;
}

int intake_letter_act(struct intake *in, const struct act *act, struct err *e)
{
	struct letter l = {.record = BUF_INIT};
	int got = read_letter(in, act->subject, act->digest, &l, e);

	if (got == 1)
		got = span_is(act->what, "retry") ? retry(in, act, &l, e)
		      : span_is(act->what, "return") ? give_back(in, act, &l, e)
						     : (l.why = E_ACT_UNKNOWN, 0);
	if (got == 0)
		got = flow_act_outcome(&in->flow, act, "refused", err_code(l.why)->name, e) == 0 ? 1 : -1;
	letter_done(&l);
	return got < 0 ? -1 : 0;
}

/* ---- letters about a whole file ---- */

int intake_end_file_letter(struct intake *in, const struct claim *c, struct span was, const char *end, struct span act,
	struct err *e)
{
	struct dead_letter d = {.flow = span_of(in->name), .batchid = c->batchid, .place = c->name, .code = SPAN("-"),
		.kind = span_is(was, "conflict") ? SPAN("conflict") : SPAN("dead")};
	struct buf b = BUF_INIT;
	struct event letter;
	char state[16];
	uint64_t offset;
	int got;

	if (!span_is(was, "conflict") && !span_is(was, "unreadable"))
		return 0;
	dead_write(&b, &d, c->time_ms);      /* only its id is looked at: it is made of flow, batch and place */
	buf_c(&b, '}');
	got = event_read(buf_as_span(&b), &letter, e);
	if (got == 0)
		got = dead_state(in->flow.bus, in->flow.owner, letter.id, state, &offset, e);
	if (got == 1 && dead_is_open(state)) {
		buf_clear(&in->event);
		dead_ended_write(&in->event, &letter, end, act, span_of(in->source), clock_now_ms());
		got = flow_append(&in->flow, in->dead, 0, c->batchid, &in->event, e);
	}
	buf_done(&b);
	return got < 0 ? -1 : 0;
}

/* ---- slips of lines ---- */

void intake_owe_line(struct intake *in, struct span owed)
{
	in->lines = mem_grow(in->lines, in->nlines + 1u, sizeof *in->lines);
	in->lines[in->nlines++] = mem_text(owed);
}

static int put(struct intake *in, const struct letter *l, const char *end, const struct buf *slip, struct err *e)
{
	struct buf name = BUF_INIT;
	int ret;

	buf_printf(&name, "%.*s.%" PRIu64 ".%s", SPAN_F(l->d.file), l->d.line, end);
	ret = drop_return(in->drop, in->setup.returns, buf_text(&name), buf_as_span(slip), e);
	buf_done(&name);
	return ret;
}

static int write_line(struct intake *in, const char *owed, struct err *e)
{
	json_t *o = json_loads(owed, 0, NULL);
	const char *by = json_string_value(json_object_get(o, "by")), *why = json_string_value(json_object_get(o, "why"));
	struct letter l = {.record = BUF_INIT};
	struct buf text = BUF_INIT, json = BUF_INIT;
	int ret = read_event(in, (uint64_t)json_integer_value(json_object_get(o, "at")), &l, e) == 1 ? 0 : -1;

	if (ret == 0) {
		const struct slip_line s = {&l.d, l.is.time, span_of(by ? by : ""), span_of(why ? why : "")};

		slip_line_text(&text, &s);
		slip_line_json(&json, &s);
		ret = put(in, &l, "txt", &text, e) != 0 || put(in, &l, "json", &json, e) != 0 ? -1 : 0;
	}
	json_decref(o);
	letter_done(&l);
	buf_done(&text);
	buf_done(&json);
	return ret;
}

int intake_write_lines(struct intake *in, struct err *e)
{
	while (in->nlines) {
		if (write_line(in, in->lines[in->nlines - 1], e) != 0)
			return -1;
		free(in->lines[--in->nlines]);
	}
	return 0;
}

void intake_forget_lines(struct intake *in)
{
	while (in->nlines)
		free(in->lines[--in->nlines]);
	free(in->lines);
	in->lines = NULL;
}
