/* SPDX-License-Identifier: Apache-2.0 */
#include "router_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "dead.h"
#include "index.h"

/*
 * Closings on their way to destinations. What was routed and what failed here stands in the newest closing that each
 * destination was sent, so it need not be kept by anybody else; figures are totals.
 */

/* Can an event of the batch come to this destination? */
static bool reaches(struct router *r, const struct batch_closing *c, unsigned d)
{
	for (unsigned i = 0; i < c->ntypes; i++) {
		const struct type *t = router_type_of(r, c->types[i]);

		if (t && t->shapes[d].line)
			return true;
	}
	return false;
}

int router_closing_sent(struct router *r, unsigned d, struct span batchid, unsigned partition, struct batch_closing *ret,
	struct err *e)
{
	uint64_t offset;

	return batch_closing_find(r->flow.bus, r->flow.owner, r->destinations[d].topic, batchid, partition, &r->scratch, ret,
		&offset, e);
}

int router_append_closing(struct router *r, unsigned d, const struct batch_closing *c, struct span time, struct err *e)
{
	const struct event attributes = {.source = span_of(r->source), .time = time};

	buf_clear(&r->event);
	batch_closing_write(&r->event, c, &attributes);
	return flow_append(&r->flow, r->destinations[d].topic, c->partition, c->batchid, &r->event, e);
}

int router_close_batch(struct router *r, const struct batch_closing *events, const uint64_t added[DESTINATIONS_MAX],
	uint64_t here, struct span time, struct err *e)
{
	for (unsigned d = 0; d < r->ndestinations; d++) {
		struct batch_closing c = *events, sent = {.routed = 0};
		int got;

		if (!reaches(r, events, d))
			continue;
		got = router_closing_sent(r, d, events->batchid, events->partition, &sent, e);
		if (got < 0)
			return -1;
		c.failed = events->failed + here;
		c.here = here;
		c.before = sent.routed;
		c.routed = sent.routed + added[d];
		c.again = got == 1;
		c.returned = false;
		if (router_append_closing(r, d, &c, time, e) != 0)
			return -1;
	}
	return 0;
}

int router_failed_here(struct router *r, struct span batchid, unsigned partition, uint64_t *ret, struct err *e)
{
	*ret = 0;
	for (unsigned d = 0; d < r->ndestinations; d++) {
		struct batch_closing sent;
		int got = router_closing_sent(r, d, batchid, partition, &sent, e);

		if (got == 1)
			*ret = sent.here;
		if (got != 0)
			return got < 0 ? -1 : 1;
	}
	return 0;
}

/* ---- the letters of a batch ---- */

struct collecting {
	struct buf *to;
	unsigned n;
};

static int collect(void *arg, struct span key, const struct bus_entry *entry)
{
	struct collecting *c = arg;

	(void)entry;
	buf_span(c->to, key);
	buf_c(c->to, 0);
	c->n++;
	return 0;
}

int router_letters(struct router *r, struct span batchid, struct span place, struct buf *ret, struct err *e)
{
	struct collecting c = {.to = ret};
	struct buf prefix = BUF_INIT;
	int failed;

	event_id_part(&prefix, span_of(flow_whole(&r->flow)));
	buf_c(&prefix, ':');
	event_id_part(&prefix, batchid);
	buf_c(&prefix, ':');
	if (place.p)
		event_id_part(&prefix, place);
	failed = bus_entries(r->flow.bus, INDEX_DEAD, buf_as_span(&prefix), collect, &c, e);
	buf_done(&prefix);
	return failed ? -1 : (int)c.n;
}
