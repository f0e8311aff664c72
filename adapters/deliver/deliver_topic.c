/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "log.h"

#define STAMP_MAX 1024u              /* what lane and number add to an event, and more */

/*
 * A destination whose receivers are consumers outside: what it hands over is a batch on a topic of the bus, in the commits of the
 * flow itself. So there is nothing staged, no ledger, and nothing that could be unknown: a line is on the topic exactly once, with
 * the commit that moved the position beyond it. A batch is gathered, judged, held and stopped as at any destination; once the
 * first line of it is on the topic all of it goes there, over as many commits as it takes.
 *
 * The event for consumers has the id, key, partition, source, time, batch, unit and business date of the event that it was made
 * of; its data is the line of the form, its type that of the form's schema; lane and number are this flow's.
 */
struct gathering *deliver_publishing(const struct deliver *d)
{
	struct gathering *g = d->open;

	while (g && !g->out.digest[0])
		g = g->next;
	return g;
}

int deliver_check_way(const struct deliver *d, struct err *e)
{
	const struct gathering *g = deliver_publishing(d);
	const struct parcel *p = d->parcels;

	if (g && (!d->out_name || strcmp(g->out.topic, d->out_name) != 0))
		return err_set(e, E_GATHER_MOVED, "destination=%s\nwhat=%s\nformer=topic %s", d->name, g->batchid,
			g->out.topic);
	if (p && d->out_name)
		return err_set(e, E_GATHER_MOVED, "destination=%s\nwhat=%s\nformer=file", d->name, p->name);
	return 0;
}

/* Into d->event, without lane. Its data and the end of the line are what the line would be in a file: *ret_line. */
static int make_event(struct deliver *d, const struct event *v, const struct line *l, struct span *ret_line, struct err *e)
{
	const struct form *form = d->setup.form;
	struct event out = {.id = v->id, .source = v->source, .type = span_of(schema_type(form->published)), .subject = v->subject,
		.time = v->time, .partitionkey = v->partitionkey, .batchid = v->batchid, .unit = v->unit,
		.businessdate = v->businessdate, .changed = v->changed};
	size_t before;

	buf_clear(&d->event);
	event_begin(&d->event, &out);
	before = d->event.n;
	if (form->codec->write(form->format, l->layout, l->cells, l->ncells, &d->event, e) != 0)
		return -1;
	*ret_line = (struct span){d->event.p + before, d->event.n - before};
	d->event.n--;                /* the end of the line */
	return 0;
}

/* ---- before the first of it goes ---- */

struct proving {
	struct deliver *d;
	struct hash_sha256 *hash;
	struct gather_sum *sums;
	unsigned nsums;
	uint64_t cut;
};

static int prove_line(void *arg, const struct deliver_at *at, const struct line *l, struct err *e)
{
	struct proving *p = arg;
	struct deliver *d = p->d;
	const struct span currency = l->currency.p ? l->currency : SPAN("");
	struct span line;

	if (make_event(d, at->event, l, &line, e) != 0 ||
		bus_fits(d->flow.bus, d->out_topic, at->message->key.n, d->event.n + STAMP_MAX, e) != 0)
		return -1;
	hash_sha256_add(p->hash, line.p, line.n);
	p->cut += l->cut;
	for (unsigned i = 0; i < p->nsums; i++)
		if (span_is(currency, p->sums[i].currency)) {
			if (l->readable)
				return money_sum_add(&p->sums[i].sum, l->fen, e);
			money_sum_unreadable(&p->sums[i].sum);
			return 0;
		}
	return err_set(e, E_PARCEL_SUM, "name=%s", d->out_name);
}

/* The lines read back are those that were gathered, and each can be published. The digest is that of the file that they would be. */
static int prove(struct deliver *d, struct gathering *g, struct err *e)
{
	struct proving p = {.d = d, .hash = hash_sha256_new(), .nsums = g->nsums};
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	int ret;

	p.sums = mem_new((g->nsums + 1u) * sizeof *p.sums);
	for (unsigned i = 0; i < g->nsums; i++)
		memcpy(p.sums[i].currency, g->sums[i].currency, sizeof p.sums[i].currency);
	ret = deliver_each_line(d, g, NULL, prove_line, &p, e);
	for (unsigned i = 0; i < g->nsums && ret == 0; i++)
		if (!money_sum_eq(&p.sums[i].sum, &g->sums[i].sum))
			ret = err_set(e, E_PARCEL_SUM, "name=%s", g->batchid);
	hash_sha256_get(p.hash, digest);
	hash_sha256_free(p.hash);
	free(p.sums);
	if (ret != 0)
		return -1;
	hash_hex(&hex, digest, sizeof digest);
	g->out = (struct gather_out){.cut = p.cut};
	snprintf(g->out.digest, sizeof g->out.digest, "%s", buf_text(&hex));
	snprintf(g->out.topic, sizeof g->out.topic, "%s", d->out_name);
	buf_done(&hex);
	g->changed = true;
	return 0;
}

/* ---- the lines ---- */

struct going {
	struct deliver *d;
	struct gathering *g;
};

static int publish_line(void *arg, const struct deliver_at *at, const struct line *l, struct err *e)
{
	const struct going *w = arg;
	struct deliver *d = w->d;
	struct span line;

	if (make_event(d, at->event, l, &line, e) != 0 ||
		flow_append(&d->flow, d->out_topic, at->partition, at->message->key, &d->event, e) != 0)
		return -1;
	w->g->out.count++;
	return flow_step_full(&d->flow) ? 1 : 0;
}

/* Consumers have a part of it, and will have the rest when the form is again as it was when the first of it went. */
static int is_partly_out(const struct deliver *d, const struct gathering *g, uint64_t out, struct err *e)
{
	const char *code = err_code(e->id)->name;

	return err_set(e, E_GATHER_PARTLY, "batch=%s\nout=%" PRIu64 "\nall=%" PRIu64 "\ncode=%s\ndestination=%s",
		g->batchid, out, g->count, code, d->name);
}

/* One record of what was handed over for each currency; the places of the lines stand in the first. */
static int end_batch(struct deliver *d, struct gathering *g, struct err *e)
{
	char none[] = "";

	if (g->out.count != g->count)
		return err_set(e, E_GATHER_COUNT, "batch=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, g->batchid, g->count,
			g->out.count);
	for (unsigned i = 0; i < g->nsums; i++, d->next_no += d->step) {
		struct parcel p = {.no = d->next_no, .generation = bus_generation(d->flow.owner), .state = PARCEL_DONE,
			.batchid = g->batchid, .split = none, .name = d->out_name, .marker = none, .staged = none, .staged_marker = none,
			.date = g->date, .sum = g->sums[i].sum, .cut = i ? 0 : g->out.cut};

		memcpy(p.currency, g->sums[i].currency, sizeof p.currency);
		memcpy(p.digest, g->out.digest, sizeof p.digest);
		if (deliver_append_parcel(d, &p, i ? NULL : g, e) != 0 || deliver_count_handed(d, &p, e) != 0)
			return -1;
	}
	log_line(LOG_INFO, "deliver.published", "flow=%s batch=%s lines=%" PRIu64 " topic=%s", d->name, g->batchid,
		g->count, d->out_name);
	if (g->out.cut)
		log_line(LOG_WARN, "deliver.cut", "flow=%s batch=%s lines=%" PRIu64
			" do=texts_of_these_lines_were_shortened_as_the_form_says", d->name, g->batchid, g->out.cut);
	deliver_gathering_drop(d, g);
	return 0;
}

int deliver_publish_batch(struct deliver *d, struct gathering *g, struct err *e)
{
	struct going w = {d, g};
	uint64_t out;

	if (!g->out.digest[0] && prove(d, g, e) != 0) {
		if (err_kind(e) != ERR_DATA)
			return -1;
		gathering_hold(g, e);
		return deliver_stop_batch(d, g, e);
	}
	g->changed = true;
	out = g->out.count;
	if (deliver_each_line(d, g, &g->out, publish_line, &w, e) != 0)
		return err_kind(e) == ERR_DATA ? is_partly_out(d, g, out, e) : -1;
	return g->out.range == g->nranges ? end_batch(d, g, e) : 0;
}
