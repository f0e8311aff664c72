/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "hash.h"
#include "index.h"
#include "jscan.h"

/* ---- a line, as the router shaped it ---- */

static int read_cells(struct deliver *d, struct jscan *in, struct line *ret, struct err *e)
{
	struct jscan_value v;
	int more;

	if (jscan_enter_array(in, e) != 0)
		return -1;
	while ((more = jscan_next_item(in, e)) == 1) {
		if (jscan_value(in, &v, e) != 0 || jscan_unescape(&v, &d->line, &ret->cells[ret->ncells], e) != 0)
			return -1;
		if (++ret->ncells == CODEC_CELLS_MAX)
			return err_set(e, E_GATHER_LINE, "id=-");
	}
	return more;
}

static int read_text(struct deliver *d, struct jscan *in, struct span *ret, struct err *e)
{
	struct jscan_value v;

	if (jscan_value(in, &v, e) != 0)
		return -1;
	return v.type == JSCAN_STRING ? jscan_unescape(&v, &d->line, ret, e) : 0;
}

int deliver_read_line(struct deliver *d, const struct event *v, struct line *ret, struct err *e)
{
	static const struct money_form yuan = {2, 2, false, false};
	const struct form_shape *shape = form_shape(d->setup.form, v->type);
	struct jscan in;
	struct span key, amount = SPAN_NONE;
	int more;

	arena_clear(&d->scratch);
	buf_clear(&d->line);
	buf_reserve(&d->line, v->data.n);    /* unescaped texts are no longer than escaped ones: nothing moves */
	*ret = (struct line){.cells = arena_new(&d->scratch, CODEC_CELLS_MAX * sizeof(struct span)),
		.layout = shape ? shape->layout : 0, .ids = ledger_id(v->id)};
	jscan_init(&in, v->data);
	if (jscan_enter_object(&in, e) != 0)
		return -1;
	while ((more = jscan_next_key(&in, &key, e)) == 1) {
		int bad = span_is(key, "line")	     ? read_cells(d, &in, ret, e)
			  : span_is(key, "amount")   ? read_text(d, &in, &amount, e)
			  : span_is(key, "currency") ? read_text(d, &in, &ret->currency, e)
			  : span_is(key, "split")    ? read_text(d, &in, &ret->split, e)
			  : span_is(key, "layout")   ? read_text(d, &in, &ret->shaped, e)
			  : span_is(key, "cut")	     ? (ret->cut = true, jscan_skip(&in, e))
						     : jscan_skip(&in, e);

		if (bad)
			return -1;
	}
	if (more < 0)
		return -1;
	if (amount.p) {
		if (money_read(amount, &yuan, &ret->fen, e) != 0)
			return -1;
		ret->readable = true;
	}
	return 0;
}

int deliver_check_layout(const struct deliver *d, const struct event *v, const struct line *l, struct err *e)
{
	const struct form_shape *shape = form_shape(d->setup.form, v->type);
	const char *want = shape ? map_layout(shape->line) : "-";

	if (span_is(l->shaped, want))
		return 0;
	return err_set(e, E_GATHER_FORM, "batch=%.*s\nhave=%.*s\nwant=%s", SPAN_F(v->batchid),
		SPAN_F(l->shaped.n ? l->shaped : SPAN("-")), want);
}

/* ---- gathering ---- */

struct gathering *deliver_gathering_of(struct deliver *d, struct span batchid)
{
	struct gathering **at = &d->open;

	for (; *at; at = &(*at)->next)
		if (span_is(batchid, (*at)->batchid))
			return *at;
	return *at = gathering_new(batchid);
}

void deliver_gathering_drop(struct deliver *d, struct gathering *g)
{
	struct gathering **at = &d->open;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	if (g->kept) {
		d->forget = mem_grow(d->forget, d->nforget + 1u, sizeof *d->forget);
		d->forget[d->nforget++] = mem_text(span_of(g->batchid));
	}
	for (unsigned i = 0; i < d->ninputs; i++)
		if (d->inputs[i].last == g)
			d->inputs[i].last = NULL;
	gathering_free(g);
}

/* Was this destination given the id before, at an earlier place? */
static int is_already(struct deliver *d, const struct input *in, const struct event *v, uint64_t offset, bool *ret,
	struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	int got = bus_look(d->flow.bus, d->flow.owner, INDEX_TO, index_key(key, 0, span_of(d->name), v->id), &at, e);

	if (got < 0)
		return -1;
	*ret = got == 1 && (at.partition != in->partition || at.offset != offset);
	/* Not at its first place: but it may be one that comes again, and this its newest. */
	if (*ret && v->again.p) {
		got = bus_look(d->flow.bus, d->flow.owner, INDEX_AGAIN,
			index_key(key, INDEX_GIVEN, span_of(d->name), v->id), &at, e);
		*ret = got != 1 || at.partition != in->partition || at.offset != offset;
	}
	return got < 0 ? -1 : 0;
}

static int count_line(struct deliver *d, struct span batchid, enum total_term term, const struct line *l, struct err *e)
{
	return totals_add(journal_of(d->journal, batchid), term, d->name, l->currency, l->fen, l->readable, e);
}

static int gather_line(struct deliver *d, struct input *in, const struct bus_message *m, const struct event *v,
	struct err *e)
{
	struct gathering *g = deliver_gathering_of(d, v->batchid);
	struct line l;
	bool already;

	if (deliver_read_line(d, v, &l, e) != 0)
		return err_set(e, E_GATHER_LINE, "id=%.*s", SPAN_F(v->id));
	if (deliver_note_id(d, v->id, v->batchid, e) != 0 || is_already(d, in, v, m->offset, &already, e) != 0 ||
		count_line(d, v->batchid, TOTAL_TAKEN, &l, e) != 0)
		return -1;
	g->parts[in->partition].lines++;
	g->changed = true;
	if (already) {
		g->already++;
		in->last = NULL;
		return count_line(d, v->batchid, TOTAL_ALREADY, &l, e);
	}
	if (!g->count) {
		free(g->date);
		g->date = mem_text(v->businessdate);
	}
	if (gathering_add(g, l.currency.p ? l.currency : SPAN(""), l.fen, l.readable, e) != 0)
		return -1;
	gathering_place(g, in->partition, m->offset, in->last == g);
	in->last = g;
	return count_line(d, v->batchid, g->held ? TOTAL_STOPPED : TOTAL_PENDING, &l, e);
}

/* One that is held is judged anew: what was stopped is pending again until then. */
static int close_batch(struct deliver *d, const struct batch_closing *c, struct err *e)
{
	struct gathering *g = deliver_gathering_of(d, c->batchid);

	if (g->held && deliver_move_batch(d, g, TOTAL_STOPPED, TOTAL_PENDING, e) != 0)
		return -1;
	return gathering_close(g, c, e);
}

/* Batches that may go stand in the position until they have gone, each commit anew: of small ones a step reads fewer. */
#define CLOSING_COST 10u

/* What it costs of a step, -1. */
static int take_message(struct deliver *d, struct input *in, const struct bus_message *m, struct err *e)
{
	struct event v;
	enum lane_verdict verdict;
	struct batch_closing c;

	if (event_read(m->value, &v, e) != 0 || lane_heads_check(in->heads, &v, &verdict, e) != 0)
		return -1;
	if (verdict == LANE_REPEAT || span_is(v.type, EVENT_LANE_OPENED)) {
		in->last = NULL;
		return 1;
	}
	if (span_is(v.type, EVENT_BATCH_CLOSED)) {
		in->last = NULL;
		arena_clear(&d->scratch);
		if (batch_closing_read(&v, in->partition, &d->scratch, &c, e) != 0)
			return -1;
		return close_batch(d, &c, e) != 0 ? -1 : (int)CLOSING_COST;
	}
	return gather_line(d, in, m, &v, e) != 0 ? -1 : 1;
}

static int read_input(struct deliver *d, struct input *in, size_t *budget, struct err *e)
{
	struct bus_message m;
	int got = 0, cost;

	while (*budget && (got = lane_next(d->flow.bus, in->reader, &m, e)) == 1) {
		if ((cost = take_message(d, in, &m, e)) < 0)
			return err_at(e, "%s/%u@%" PRIu64, bus_topic_name(d->flow.bus, d->topic), in->partition, m.offset);
		in->offset = m.offset + 1;
		in->moved = true;
		*budget -= *budget < (size_t)cost ? *budget : (size_t)cost;
	}
	return got < 0 ? -1 : 0;
}

/* A batch lies across the partitions, and stands in the position until it is all there. Whoever reads one partition of a long backlog
 * to its end before the next has all batches open at once, which no position can hold. */
#define MANY_OPEN (BUS_VALUE_MAX / 4)

static int read_untried(struct deliver *d, const struct gathering *g, uint64_t *tried, size_t *budget, struct err *e)
{
	const unsigned n = bus_partitions(d->flow.bus, d->topic);

	for (unsigned i = 0; i < d->ninputs; i++) {
		const unsigned p = d->inputs[i].partition;
		const uint64_t bit = UINT64_C(1) << p % GATHER_PARTITIONS_MAX;
		const size_t before = *budget;

		if (*tried & bit || (g && !gathering_waits_for(g, p, hash_partition(span_of(g->batchid), n))))
			continue;
		*tried |= bit;
		if (read_input(d, &d->inputs[i], budget, e) != 0)
			return -1;
		/* What came may have ended the batch, which was waited for. */
		if (g && *budget < before)
			return 1;
	}
	return 0;
}

int deliver_read(struct deliver *d, size_t *budget, struct err *e)
{
	uint64_t tried = 0;
	int got = 0;

	for (const struct gathering *g = d->out_bytes > MANY_OPEN ? d->open : NULL; g && got == 0; g = g->next)
		if (!g->held)
			got = read_untried(d, g, &tried, budget, e);
	return got == 0 ? read_untried(d, NULL, &tried, budget, e) : got < 0 ? -1 : 0;
}
