/* SPDX-License-Identifier: Apache-2.0 */
#include "waiting.h"

#include <inttypes.h>
#include <stdlib.h>

#include "index.h"

/* ---- claims ---- */

/* Batches by name, each with its NUL: while entries are walked, nothing else is asked of the bus. */
static int add_batch(void *arg, struct span key, const struct bus_entry *entry)
{
	struct buf *batches = arg;

	if (waiting_state(entry->extra)) {
		buf_add(batches, key.p + 1, key.n - 1);
		buf_c(batches, 0);
	}
	return 0;
}

static int add_suspected(void *arg, struct span key, const struct bus_entry *entry)
{
	struct buf *batches = arg;

	if (span_is(entry->extra, "open")) {
		buf_add(batches, key.p + 1, key.n - 1);
		buf_c(batches, 0);
	}
	return 0;
}

/* suspected: one that waits by its state was told already. */
static int walk_claim(struct bus *b, struct span batchid, bool suspected, waiting_each *each, void *arg, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c;
	int got = claim_find(b, NULL, batchid, &record, &a, &c, e);

	if (got == 1) {
		if (suspected && (waiting_state(c.state) || !waiting_claim(&c)))
			got = 0;
		else
			got = each(arg, &(struct waiting){.claim = &c, .batchid = c.batchid}, e);
		totals_free(c.totals);
	}
	arena_done(&a);
	buf_done(&record);
	return got < 0 ? -1 : 0;
}

static int walk_claims(struct bus *b, waiting_each *each, void *arg, struct err *e)
{
	struct buf batches = BUF_INIT;
	int ret = bus_entries(b, INDEX_CLAIMS, SPAN("b"), add_batch, &batches, e);
	size_t by_state = batches.n;

	if (ret == 0)
		ret = bus_entries(b, INDEX_CLAIMS, SPAN("s"), add_suspected, &batches, e);
	for (size_t at = 0; ret == 0 && at < batches.n;) {
		struct span batchid = span_of(batches.p + at);

		ret = walk_claim(b, batchid, at >= by_state, each, arg, e);
		at += batchid.n + 1;
	}
	buf_done(&batches);
	return ret;
}

/* ---- destinations ---- */

struct walk {
	waiting_each *each;
	void *arg;
	struct err *e;
	int failed;
};

static int walk_gathering(struct walk *w, const char *destination, const json_t *o)
{
	struct gathering *g = json_is_true(json_object_get(o, "held")) ? gathering_read(o, w->e) : NULL;
	int failed = !g && json_is_true(json_object_get(o, "held"));

	if (g)
		failed = w->each(w->arg, &(struct waiting){.gathering = g, .batchid = span_of(g->batchid),
			.destination = destination}, w->e);
	gathering_free(g);
	return failed ? -1 : 0;
}

static int walk_held(struct walk *w, const char *destination, const json_t *list)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
		if (walk_gathering(w, destination, o) != 0)
			return -1;
	return 0;
}

static int walk_unknown(struct walk *w, const char *destination, const json_t *list)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		struct parcel *p = parcel_read(o, w->e);
		int failed = !p;

		if (p && p->state == PARCEL_UNKNOWN)
			failed = w->each(w->arg, &(struct waiting){.parcel = p, .batchid = span_of(p->batchid),
				.destination = destination}, w->e);
		parcel_free(p);
		if (failed)
			return -1;
	}
	return 0;
}

/* The positions "<destination>/out" and "<destination>/held/<batch>" of deliver.h. */
static int walk_position(void *arg, struct span key, struct span value)
{
	struct walk *w = arg;
	const char *slash = memchr(key.p, '/', key.n);
	size_t n = slash ? (size_t)(slash - key.p) : key.n;
	struct span name = {key.p + n, key.n - n};
	bool held = span_starts(name, SPAN("/held/"));
	char *destination;
	json_t *o;

	if (!held && !span_is(name, "/out"))
		return 0;
	o = json_loadb(value.p, value.n, 0, NULL);
	destination = mem_text((struct span){key.p, n});
	if (!o)
		w->failed = err_set(w->e, E_FLOW_POSITION, "name=%.*s", SPAN_F(key));
	else if (held)
		w->failed = walk_gathering(w, destination, o);
	else
		w->failed = walk_held(w, destination, json_object_get(o, "open")) ||
			walk_unknown(w, destination, json_object_get(o, "parcels"));
	free(destination);
	json_decref(o);
	return w->failed;
}

void waiting_subject(const struct waiting *w, struct buf *b)
{
	if (w->parcel)
		buf_printf(b, "parcel:%s/%" PRIu64, w->destination, w->parcel->no);
	else if (w->gathering)       /* the same at every destination that holds it */
		buf_printf(b, "batch:%.*s", SPAN_F(w->batchid));
	else
		buf_span(b, w->batchid);
}

int waiting_walk(struct bus *b, waiting_each *each, void *arg, struct err *e)
{
	struct walk w = {.each = each, .arg = arg, .e = e};

	if (walk_claims(b, each, arg, e) != 0 || bus_positions(b, "", walk_position, &w, e) < 0)
		return -1;
	return w.failed ? -1 : 0;
}
