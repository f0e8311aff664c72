/* SPDX-License-Identifier: Apache-2.0 */
#include "deep_parts.h"

#include <stdlib.h>

#include "clock.h"
#include "index.h"
#include "journal.h"
#include "lane.h"
#include "topics.h"

/* What stands there of one flow. */
struct posted {
	char *flow;
	struct totals *more, *less;
	uint64_t postings, indexed;  /* of batches */
};

struct gathered {
	struct recount *c;
	struct posted *all;
	unsigned n;
};

static struct posted *posted_of(struct gathered *r, struct span flow)
{
	for (unsigned i = 0; i < r->n; i++)
		if (span_is(flow, r->all[i].flow))
			return &r->all[i];
	r->all = mem_grow(r->all, r->n + 1u, sizeof *r->all);
	r->all[r->n] = (struct posted){mem_text(flow), totals_new(), totals_new(), 0, 0};
	return &r->all[r->n++];
}

/* Does the index say the same of it, under its batch, and under the day when the batch ended with it? 1, 0, -1. */
static int is_indexed(struct recount *c, const struct bus_message *m, const struct posting *p)
{
	char key[INDEX_KEY_MAX], date[11] = "";
	struct bus_entry at;
	struct event v;
	int64_t ms;
	int got;

	if (event_read(m->value, &v, c->e) != 0)
		return -1;
	got = bus_look(c->bus, NULL, INDEX_DAYS, index_days_posting(key, v.batchid, v.id), &at, c->e);
	if (got == 1)
		got = at.offset == m->offset && span_eq(at.extra, v.data.n <= INDEX_POSTING_MAX ? v.data : SPAN(""));
	if (got == 1 && p->begun)
		got = bus_look(c->bus, NULL, INDEX_DAYS, index_key(key, INDEX_BEGUN, v.batchid, SPAN_NONE), &at, c->e);
	if (got != 1 || !p->ended)
		return got;
	if (v.time.n && clock_read(v.time, &ms) == 0)
		clock_date(clock_day(ms), date);
	got = bus_look(c->bus, NULL, INDEX_DAYS, index_days_end(key, span_of(date), v.batchid), &at, c->e);
	if (got == 1)
		got = bus_look(c->bus, NULL, INDEX_DAYS, index_key(key, INDEX_ENDED, v.batchid, SPAN_NONE), &at, c->e);
	return got == 1 ? at.offset <= m->offset : got;
}

static int read_all(struct gathered *r, struct posting *p)
{
	struct err *e = r->c->e;
	struct bus_reader *reader = NULL;
	struct bus_message m;
	unsigned topic;
	int got, is = 1;

	if (bus_topic(r->c->bus, TOPIC_JOURNAL, &topic, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	if (bus_read(r->c->bus, topic, 0, &reader, e) != 0)
		return -1;
	while (is >= 0 && (got = lane_next(r->c->bus, reader, &m, e)) == 1) {
		struct posted *to;

		deep_progress(r->c);
		is = journal_read(m.value, p, e);
		if (is != 1)
			continue;
		to = posted_of(r, p->flow);
		if (p->batchid.n) {
			if ((is = is_indexed(r->c, &m, p)) < 0)
				break;
			to->postings++;
			to->indexed += (uint64_t)is;
		}
		if (totals_merge(to->more, p->more, e) != 0 || totals_merge(to->less, p->less, e) != 0)
			is = -1;
	}
	bus_unread(reader);
	return is < 0 ? -1 : got;
}

/* ---- comparing ---- */

struct compare {
	struct deep *deep;
	const char *flow;
	const struct totals *kept, *more, *less;
	bool of_kept;                /* the lines are those that the flow keeps */
};

static void compare_line(void *arg, const struct total_line *line)
{
	struct compare *m = arg;
	const struct money_sum kept = totals_get(m->kept, line->term, line->destination, line->currency);
	const struct money_sum less = totals_get(m->less, line->term, line->destination, line->currency);
	const struct money_sum more = totals_get(m->more, line->term, line->destination, line->currency);
	struct money_sum all = less;
	struct buf term = BUF_INIT;
	struct err ignored;

	/* A term that both sides have is judged once. Never without its money: what left is added to what is kept. */
	if ((!m->of_kept && kept.count) || (money_sum_merge(&all, &kept, &ignored) == 0 && money_sum_eq(&all, &more)))
		return;
	buf_printf(&term, "%s%s%s%s%s", total_names[line->term], line->destination[0] ? " " : "", line->destination,
		line->currency[0] ? " " : "", line->currency);
	deep_find(m->deep, DEEP_JOURNAL_DIFFERS, m->flow, buf_text(&term), kept.count,
		more.count > less.count ? more.count - less.count : 0);
	buf_done(&term);
}

/* Postings are of the whole, positions may be of its shares. */
static struct span whole(struct recount *c, const char *flow)
{
	return span_of(deep_flow_of(c->deep, span_of(flow))->name);
}

int deep_count_journal(struct recount *c, const struct balance *b)
{
	struct gathered r = {.c = c};
	struct posting p = {.more = totals_new(), .less = totals_new()};
	int ret = read_all(&r, &p);

	for (unsigned i = 0; i < b->nflows && ret == 0; i++)
		ret = totals_merge(posted_of(&r, whole(c, b->flows[i].name))->more, b->flows[i].unposted, c->e);
	for (unsigned i = 0; i < r.n && ret == 0; i++) {
		struct compare m = {c->deep, r.all[i].flow, deep_flow_of(c->deep, span_of(r.all[i].flow))->kept,
			r.all[i].more, r.all[i].less, true};

		totals_each(m.kept, compare_line, &m);
		m.of_kept = false;
		totals_each(m.more, compare_line, &m);
		if (r.all[i].indexed != r.all[i].postings)
			deep_find(c->deep, DEEP_INDEX_DIFFERS, r.all[i].flow, "", r.all[i].postings, r.all[i].indexed);
	}
	for (unsigned i = 0; i < r.n; i++) {
		free(r.all[i].flow);
		totals_free(r.all[i].more);
		totals_free(r.all[i].less);
	}
	free(r.all);
	totals_free(p.more);
	totals_free(p.less);
	return ret;
}
