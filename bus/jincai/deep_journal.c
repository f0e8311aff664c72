/* SPDX-License-Identifier: Apache-2.0 */
#include "deep_parts.h"

#include <stdlib.h>

#include "journal.h"
#include "lane.h"
#include "topics.h"

/* What stands there of one flow. */
struct posted {
	char *flow;
	struct totals *more, *less;
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
	r->all[r->n] = (struct posted){mem_text(flow), totals_new(), totals_new()};
	return &r->all[r->n++];
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
	deep_find(m->deep, DEEP_JOURNAL_DIFFERS, m->flow, buf_text(&term), kept.count, more.count > less.count ? more.count - less.count : 0);
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
		struct compare m = {c->deep, r.all[i].flow, deep_flow_of(c->deep, span_of(r.all[i].flow))->kept, r.all[i].more, r.all[i].less,
			true};

		totals_each(m.kept, compare_line, &m);
		m.of_kept = false;
		totals_each(m.more, compare_line, &m);
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
