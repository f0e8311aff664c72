/* SPDX-License-Identifier: Apache-2.0 */
#include "days_parts.h"

#include <stdlib.h>

#include "clock.h"
#include "json_text.h"
#include "topics.h"

#define CLOSED SITE_KEEPER "/closed"

/* ---- how far days are closed ---- */

static int journal_end(struct bus *b, uint64_t *ret, struct err *e)
{
	struct err first = ERR_INIT;
	unsigned topic;

	*ret = 0;
	if (bus_topic(b, TOPIC_JOURNAL, &topic, &first) == 0)
		return bus_end(b, topic, 0, ret, e);
	if (first.id == E_BUS_NO_TOPIC)
		return 0;
	*e = first;
	return -1;
}

int days_load(struct bus *b, struct days *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	int got;

	*ret = (struct days){.closed = DAYS_NONE};
	if (journal_end(b, &ret->end, e) != 0)
		return -1;
	got = bus_position_get(b, CLOSED, &text, e);
	if (got == 1) {
		ret->state = json_loadb(text.p, text.n, 0, NULL);
		if (!ret->state || clock_date_read(json_text_span(ret->state, "day"), &ret->closed) != 0)
			got = err_set(e, E_FLOW_POSITION, "name=" CLOSED);
		ret->upto = (uint64_t)json_integer_value(json_object_get(ret->state, "upto"));
	}
	buf_done(&text);
	if (got < 0)
		days_done(ret);
	return got < 0 ? -1 : 0;
}

void days_done(struct days *d)
{
	json_decref(d->state);
	*d = (struct days){0};
}

/* ---- one batch ---- */

void days_batch_init(struct days_batch *x)
{
	*x = (struct days_batch){.id = BUF_INIT, .before = totals_new(), .more = totals_new(), .less = totals_new(),
		.posting = {.more = totals_new(), .less = totals_new()}};
}

void days_batch_done(struct days_batch *x)
{
	buf_done(&x->id);
	totals_free(x->before);
	totals_free(x->more);
	totals_free(x->less);
	totals_free(x->posting.more);
	totals_free(x->posting.less);
	*x = (struct days_batch){0};
}

struct taking {
	struct totals *from;
	struct err *e;
	int failed;
};

static void take_line(void *arg, const struct total_line *line)
{
	struct taking *t = arg;
	struct money_sum there;

	/* What passed by a destination was never counted for it, and may be let go on to it all the same. */
	there = totals_get(t->from, line->term, line->destination, line->currency);
	if (line->term == TOTAL_NOT_ROUTED && there.count < line->sum.count)
		return;
	t->failed |= totals_move(t->from, line->term, line->destination, span_of(line->currency), &line->sum, -1, t->e);
}

int days_take_away(struct totals *from, const struct totals *what, struct err *e)
{
	struct taking t = {from, e, 0};

	totals_each(what, take_line, &t);
	return t.failed ? -1 : 0;
}

struct folding {
	struct days_batch *x;
	const struct days *days;
	const char *flow;
	struct totals *gone;         /* of what was closed */
	bool any;
	struct err *e;
};

static int fold_one(void *arg, const struct posting *p, uint64_t at)
{
	struct folding *f = arg;
	const bool before = f->x->was_closed && at < f->days->upto;

	if (f->days && at >= f->days->end)
		return 0;
	f->any = true;
	if (f->flow && !span_is(p->flow, f->flow))
		return 0;
	return totals_merge(before ? f->x->before : f->x->more, p->more, f->e) != 0 ||
		totals_merge(before ? f->gone : f->x->less, p->less, f->e) != 0 ? -1 : 0;
}

static int look_up(struct bus *b, const struct days *d, struct days_batch *x, struct err *e)
{
	struct journal_batch at;

	if (journal_look(b, buf_as_span(&x->id), &at, e) != 0)
		return -1;
	x->begun = at.begun;
	x->day = at.begun && at.ended && (!d || at.ended_at < d->end) ? at.day : DAYS_NONE;
	x->was_closed = d && x->day != DAYS_NONE && d->closed != DAYS_NONE && x->day <= d->closed &&
		at.ended_at < d->upto;
	return 0;
}

int days_batch_load(struct bus *b, const struct days *d, const char *flow, struct span id, struct days_batch *x,
	struct err *e)
{
	struct folding f = {.x = x, .days = d, .flow = flow, .gone = totals_new(), .e = e};
	int ret;

	buf_clear(&x->id);
	buf_span(&x->id, id);
	totals_clear(x->before);
	totals_clear(x->more);
	totals_clear(x->less);
	ret = look_up(b, d, x, e);
	if (ret == 0)
		ret = journal_postings(b, id, &x->posting, fold_one, &f, e);
	if (ret == 0)
		ret = days_take_away(x->before, f.gone, e);
	totals_free(f.gone);
	return ret != 0 ? -1 : f.any;
}

/* ---- destinations that were not in the site when the batch was routed ---- */

struct routing {
	const struct site *site;
	const struct days_batch *batch;
	struct totals *into;
	struct err *e;
	int failed;
};

/* Less than nothing of a term is none that can be added up: these wrap, and come out in the end. */
static void add(struct money_sum *to, const struct money_sum *what, bool away)
{
	const uint64_t sign = away ? UINT64_MAX : 1;

	to->count += sign * what->count;
	to->unreadable += sign * what->unreadable;
	to->plus = (int64_t)((uint64_t)to->plus + sign * (uint64_t)what->plus);
	to->minus = (int64_t)((uint64_t)to->minus + sign * (uint64_t)what->minus);
}

static void add_net(struct money_sum *to, const struct days_batch *x, enum total_term term, const char *destination,
	const char *currency, bool away)
{
	const struct money_sum more = totals_get(x->more, term, destination, currency);
	const struct money_sum less = totals_get(x->less, term, destination, currency);

	add(to, &more, away);
	add(to, &less, !away);
}

/* The router counts each event for each destination that it knows: what is not counted for one passed while it was not
 * there. */
static void add_unknown(void *arg, const struct total_line *line)
{
	struct routing *r = arg;
	const struct days_batch *x = r->batch;

	for (unsigned d = 0; line->term == TOTAL_SEEN && !r->failed && d < r->site->ndestinations; d++) {
		const char *to = r->site->destinations[d].name;
		struct money_sum gap = {0};

		add_net(&gap, x, TOTAL_SEEN, "", line->currency, false);
		add_net(&gap, x, TOTAL_REPLAYED, to, line->currency, false);
		add_net(&gap, x, TOTAL_ROUTED, to, line->currency, true);
		add_net(&gap, x, TOTAL_NOT_ROUTED, to, line->currency, true);
		add_net(&gap, x, TOTAL_UNSHAPED, to, line->currency, true);
		if (gap.count && gap.count <= INT64_MAX)
			r->failed = totals_move(r->into, TOTAL_NOT_ROUTED, to, span_of(line->currency), &gap, 1, r->e);
	}
}

static int add_unknowns(const struct site *s, const struct days_batch *x, struct totals *into, struct err *e)
{
	struct routing r = {s, x, into, e, 0};

	totals_each(x->more, add_unknown, &r);
	return r.failed ? -1 : 0;
}

/* What passed by a destination and was let go on to it later left what it was never counted in: that stands first. */
int days_net(const struct site *s, const struct days_batch *x, struct totals *into, struct err *e)
{
	if (totals_merge(into, x->more, e) != 0 || add_unknowns(s, x, into, e) != 0)
		return -1;
	return days_take_away(into, x->less, e);
}

/* ---- a day ---- */

struct summing {
	const struct site *site;
	struct bus *bus;
	const char *flow;
	struct days_batch batch;
	struct totals *into;
	struct err *e;
};

static int sum_one(void *arg, struct span id)
{
	struct summing *s = arg;

	if (days_batch_load(s->bus, NULL, s->flow, id, &s->batch, s->e) < 0)
		return -1;
	return days_net(s->site, &s->batch, s->into, s->e);
}

int days_sum(const struct site *s, struct bus *b, int64_t day, const char *flow, struct totals *into, struct err *e)
{
	struct summing in = {.site = s, .bus = b, .flow = flow, .into = into, .e = e};
	int ret;

	days_batch_init(&in.batch);
	ret = journal_day(b, day, sum_one, &in, e);
	days_batch_done(&in.batch);
	return ret;
}
