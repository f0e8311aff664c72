/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "event.h"
#include "jscan.h"

struct part {
	struct buf batchid;
	struct totals *adds;         /* not yet in the totals */
	struct totals *more, *less;  /* in them already */
	bool begun, ended;
};

/* Parts stay when they are empty again, so that a commit allocates nothing. */
struct journal {
	struct totals *totals;
	struct part *parts;
	unsigned n, cap, last, number;
	uint64_t written;
	struct buf event;
};

struct journal *journal_new(struct totals *t, unsigned number)
{
	struct journal *j = mem_new(sizeof *j);

	j->totals = t;
	j->number = number;
	return j;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	for (unsigned i = 0; i < j->cap; i++) {
		buf_done(&j->parts[i].batchid);
		totals_free(j->parts[i].adds);
		totals_free(j->parts[i].more);
		totals_free(j->parts[i].less);
	}
	free(j->parts);
	buf_done(&j->event);
	free(j);
}

static struct part *add_part(struct journal *j, struct span batchid)
{
	struct part *p;

	if (j->n == j->cap) {
		const unsigned cap = j->cap ? 2 * j->cap : 4;

		j->parts = mem_grow(j->parts, cap, sizeof *j->parts);
		for (; j->cap < cap; j->cap++)
			j->parts[j->cap] = (struct part){
				BUF_INIT, totals_new(), totals_new(), totals_new(), false, false};
	}
	p = &j->parts[j->n];
	buf_clear(&p->batchid);
	buf_span(&p->batchid, batchid);
	j->last = j->n++;
	return p;
}

static struct part *part_of(struct journal *j, struct span batchid)
{
	if (j->last < j->n && span_eq(buf_as_span(&j->parts[j->last].batchid), batchid))
		return &j->parts[j->last];
	for (unsigned i = 0; i < j->n; i++)
		if (span_eq(buf_as_span(&j->parts[i].batchid), batchid)) {
			j->last = i;
			return &j->parts[i];
		}
	return add_part(j, batchid);
}

struct totals *journal_of(struct journal *j, struct span batchid)
{
	return part_of(j, batchid)->adds;
}

int journal_move(struct journal *j, struct span batchid, enum total_term term, const char *destination,
	struct span currency, const struct money_sum *sum, int sign, struct err *e)
{
	struct part *p = part_of(j, batchid);

	/* What this commit added may leave again in it. */
	if (sign < 0 && !totals_is_empty(p->adds)) {
		if (totals_merge(j->totals, p->adds, e) != 0 || totals_merge(p->more, p->adds, e) != 0)
			return -1;
		totals_clear(p->adds);
	}
	if (totals_move(j->totals, term, destination, currency, sum, sign, e) != 0)
		return -1;
	return totals_move(sign < 0 ? p->less : p->more, term, destination, currency, sum, 1, e);
}

int journal_found(struct journal *j, const json_t *position, struct err *e)
{
	if (!position || json_is_true(json_object_get(position, "journal")) || totals_is_empty(j->totals))
		return 0;
	return totals_merge(part_of(j, SPAN_NONE)->more, j->totals, e);
}

void journal_begun(struct journal *j, struct span batchid)
{
	part_of(j, batchid)->begun = true;
}

void journal_ended(struct journal *j, struct span batchid)
{
	part_of(j, batchid)->ended = true;
}

static int write_posting(struct journal *j, const struct part *p, struct flow *f, unsigned topic, struct err *e)
{
	struct buf id = BUF_INIT, time = BUF_INIT;
	struct event v = {.source = span_of(f->name), .type = SPAN(EVENT_POSTING), .batchid = buf_as_span(&p->batchid)};
	struct buf *b = &j->event;

	buf_printf(&id, "posting:%s.%" PRIu64 ":%u.%" PRIu64, f->name, bus_generation(f->owner), j->number, ++j->written);
	v.id = buf_as_span(&id);
	if (p->ended) {
		clock_write(&time, clock_now_ms());
		v.time = buf_as_span(&time);
	}
	buf_clear(b);
	event_begin(b, &v);
	buf_str(b, p->begun ? "{\"begun\":true," : "{");
	buf_str(b, p->ended ? "\"ended\":true,\"flow\":" : "\"flow\":");
	json_quote(b, span_of(flow_whole(f)));
	buf_str(b, ",\"more\":");
	totals_write(p->more, b);
	buf_str(b, ",\"less\":");
	totals_write(p->less, b);
	buf_c(b, '}');
	buf_done(&id);
	buf_done(&time);
	return flow_append(f, topic, 0, buf_as_span(&p->batchid), b, e);
}

int journal_post(struct journal *j, struct flow *f, unsigned topic, struct err *e)
{
	for (unsigned i = 0; i < j->n; i++) {
		struct part *p = &j->parts[i];

		if (totals_merge(j->totals, p->adds, e) != 0 || totals_merge(p->more, p->adds, e) != 0)
			return -1;
		if ((p->begun || p->ended || !totals_is_empty(p->more) || !totals_is_empty(p->less)) &&
			write_posting(j, p, f, topic, e) != 0)
			return -1;
		totals_clear(p->adds);
		totals_clear(p->more);
		totals_clear(p->less);
		p->begun = p->ended = false;
	}
	j->n = 0;
	return 0;
}
