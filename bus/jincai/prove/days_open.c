/* SPDX-License-Identifier: Apache-2.0 */
#include "days_parts.h"

#include "claim.h"

struct opening {
	struct bus *bus;
	const struct days_batch *batch;
	const struct totals *all;
	struct totals *into;
	struct err *e;
	bool failed, any, maybe_over;        /* maybe_over: only when it was not returned, and letters of it are open */
};

static void open_line(struct opening *o, enum total_term term, const struct total_line *line,
	const struct money_sum *sum)
{
	if (!sum->count)
		return;
	o->any = true;
	o->failed |= totals_move(o->into, term, line->destination, span_of(line->currency), sum, 1, o->e) != 0;
}

/* What one flow wrote and the next has not counted; none when it counted more. */
static struct money_sum rest_of(const struct money_sum *w, const struct money_sum *r)
{
	if (w->count <= r->count)
		return (struct money_sum){0};
	return (struct money_sum){w->count - r->count, w->plus - r->plus, w->minus - r->minus,
		w->unreadable - r->unreadable};
}

static void look_at_line(void *arg, const struct total_line *line)
{
	struct opening *o = arg;
	struct money_sum other, rest;

	switch (line->term) {
	case TOTAL_HELD:
	case TOTAL_PENDING:
	case TOTAL_DEAD:
		open_line(o, line->term, line, &line->sum);
		break;
	case TOTAL_DUPLICATE:
	case TOTAL_CONFLICT:
		if (o->batch->day == DAYS_NONE)
			open_line(o, line->term, line, &line->sum);
		break;
	case TOTAL_STOPPED:
	case TOTAL_UNSHAPED:
		if (!o->maybe_over)
			open_line(o, line->term, line, &line->sum);
		break;
	case TOTAL_PUBLISHED:
		other = totals_get(o->all, TOTAL_SEEN, "", line->currency);
		rest = rest_of(&line->sum, &other);
		open_line(o, TOTAL_PUBLISHED, line, &rest);
		break;
	case TOTAL_ROUTED:
		other = totals_get(o->all, TOTAL_TAKEN, line->destination, line->currency);
		rest = rest_of(&line->sum, &other);
		open_line(o, TOTAL_ROUTED, line, &rest);
		break;
	default:
		break;
	}
}

static void find_stopped(void *arg, const struct total_line *line)
{
	bool *any = arg;

	*any |= line->term == TOTAL_STOPPED || line->term == TOTAL_UNSHAPED;
}

/* Given back: what a destination stopped, and what could not be shaped, is over. 1, 0, -1. */
static int is_returned(struct bus *b, struct span id, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int got = claim_find(b, NULL, id, &record, &a, &c, e);

	if (got == 1)
		got = span_is(c.state, "returned");
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	return got;
}

static int now_of(const struct days_batch *x, struct totals *all, struct err *e)
{
	if (totals_merge(all, x->before, e) != 0 || totals_merge(all, x->more, e) != 0)
		return -1;
	return days_take_away(all, x->less, e);
}

int days_open(struct bus *b, const struct days_batch *x, struct totals *into, struct err *e)
{
	struct totals *all = totals_new();
	struct opening o = {b, x, all, into, e, false, false, false};
	bool stopped = false;
	int ret = now_of(x, all, e);

	if (ret == 0)
		totals_each(all, find_stopped, &stopped);
	if (ret == 0 && stopped) {
		ret = is_returned(b, buf_as_span(&x->id), e);
		o.maybe_over = ret == 1;
		ret = ret < 0 ? -1 : 0;
	}
	if (ret == 0)
		totals_each(all, look_at_line, &o);
	totals_free(all);
	return ret != 0 || o.failed ? -1 : o.any;
}
