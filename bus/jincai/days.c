/* SPDX-License-Identifier: Apache-2.0 */
#include "days.h"

#include <stdlib.h>

#include "claim.h"
#include "clock.h"
#include "hash.h"
#include "journal.h"
#include "json_text.h"
#include "lane.h"
#include "site.h"
#include "topics.h"

#define TABLE 4096u
#define CLOSED SITE_KEEPER "/closed"

/* ---- which batches there are ---- */

static bool is_listed(const json_t *list, const char *id)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(one) ? json_string_value(one) : "", id) == 0)
			return true;
	return false;
}

static struct days_batch *batch_of(struct days *d, struct span id, uint64_t offset)
{
	struct days_batch **at = &d->table[hash_crc32c(0, id.p, id.n) % TABLE];

	while (*at && !span_is(id, (*at)->id))
		at = &(*at)->next;
	if (!*at) {
		*at = mem_new(sizeof **at);
		**at = (struct days_batch){.id = mem_text(id), .before = totals_new(), .more = totals_new(), .less = totals_new(), .first = offset};
		d->list = mem_grow(d->list, d->n + 1, sizeof *d->list);
		d->list[d->n++] = *at;
	}
	return *at;
}

/* ---- the journal ---- */

struct fold {
	struct bus *bus;
	struct days *days;
	const struct days_want *want;
	struct posting posting;
};

struct taking {
	struct totals *from;
	struct err *e;
	int failed;
};

static void take_line(void *arg, const struct total_line *line)
{
	struct taking *t = arg;

	t->failed |= totals_move(t->from, line->term, line->destination, span_of(line->currency), &line->sum, -1, t->e);
}

static int take_away(struct totals *from, const struct totals *what, struct err *e)
{
	struct taking t = {from, e, 0};

	totals_each(what, take_line, &t);
	return t.failed ? -1 : 0;
}

static int add_posting(struct fold *r, const struct bus_message *m, struct err *e)
{
	struct days *d = r->days;
	const struct posting *p = &r->posting;
	struct days_batch *x;
	bool early;

	if (r->want->batch && !span_is(p->batchid, r->want->batch))
		return 0;
	d->postings++;
	x = batch_of(d, p->batchid, m->offset);
	x->at.begun |= p->begun;
	if (p->ended && !x->at.ended) {
		x->at.ended = true;
		x->at.ended_ms = m->time_ms;
		x->at.ended_at = m->offset;
	}
	if (r->want->flow && !span_is(p->flow, r->want->flow))
		return 0;
	early = !r->want->batch && !r->want->all && m->offset < d->upto;
	if (early && !x->early_more) {
		x->early_more = totals_new();
		x->early_less = totals_new();
	}
	return totals_merge(early ? x->early_more : x->more, p->more, e) != 0 ||
		totals_merge(early ? x->early_less : x->less, p->less, e) != 0 ? -1 : 0;
}

static int read_journal(struct fold *r, struct err *e)
{
	struct bus_reader *reader = NULL;
	struct bus_message m;
	unsigned topic;
	int got;

	if (bus_topic(r->bus, TOPIC_JOURNAL, &topic, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	if (bus_read(r->bus, topic, 0, &reader, e) != 0)
		return -1;
	bus_seek(reader, r->days->from);
	while ((got = lane_next(r->bus, reader, &m, e)) == 1) {
		int is = journal_read(m.value, &r->posting, e);

		if (is < 0 || (is == 1 && add_posting(r, &m, e) != 0)) {
			got = -1;
			break;
		}
		r->days->end = m.offset + 1;
	}
	bus_unread(reader);
	return got;
}

/* One that was seen to begin was seen whole; of others the index knows. */
static int look_up(struct bus *b, struct days_batch *x, struct err *e)
{
	struct journal_batch known;

	if (x->at.begun || !*x->id)
		return 0;
	if (journal_look(b, span_of(x->id), &known, e) != 0)
		return -1;
	x->at.begun = known.begun;
	if (known.ended)
		x->at = known;
	return 0;
}

static int settle(struct bus *b, const struct days *d, struct days_batch *x, struct err *e)
{
	int ret = look_up(b, x, e);

	x->begun = x->at.begun;
	x->day = x->begun && x->at.ended ? clock_day(x->at.ended_ms) : DAYS_NONE;
	x->was_closed = x->day != DAYS_NONE && d->closed != DAYS_NONE && x->day <= d->closed && x->at.ended_at < d->upto;
	x->was_open = x->was_closed && is_listed(json_object_get(d->state, "open"), x->id);
	if (ret != 0 || !x->early_more)
		return ret;
	if (!x->was_closed)
		return totals_merge(x->more, x->early_more, e) != 0 || totals_merge(x->less, x->early_less, e) != 0 ? -1 : 0;
	return x->was_open && (totals_merge(x->before, x->early_more, e) != 0 || take_away(x->before, x->early_less, e) != 0) ? -1 : 0;
}

static int read_state(struct bus *b, struct days *d, struct err *e)
{
	struct buf text = BUF_INIT;
	int64_t day;
	int got = bus_position_get(b, CLOSED, &text, e);

	d->closed = DAYS_NONE;
	if (got == 1) {
		d->state = json_loadb(text.p, text.n, 0, NULL);
		if (!d->state || clock_date_read(json_text_span(d->state, "day"), &day) != 0) {
			got = err_set(e, E_FLOW_POSITION, "name=" CLOSED);
		} else {
			d->closed = day;
			d->upto = (uint64_t)json_integer_value(json_object_get(d->state, "upto"));
			d->from = (uint64_t)json_integer_value(json_object_get(d->state, "from"));
			d->end = d->from;
		}
	}
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

static int by_day(const void *a, const void *b)
{
	const struct days_batch *x = *(struct days_batch *const *)a, *y = *(struct days_batch *const *)b;

	if (x->day != y->day)
		return x->day == DAYS_NONE || (y->day != DAYS_NONE && x->day > y->day) ? 1 : -1;
	return strcmp(x->id, y->id);
}

int days_load(struct bus *b, const struct days_want *want, struct days *ret, struct err *e)
{
	struct fold r = {b, ret, want, {.more = totals_new(), .less = totals_new()}};
	int got;

	*ret = (struct days){.table = mem_new(TABLE * sizeof *ret->table), .ntable = TABLE};
	got = read_state(b, ret, e);
	if (want->batch || want->all)
		ret->from = 0;
	if (got == 0)
		got = read_journal(&r, e);
	for (size_t i = 0; i < ret->n && got == 0; i++)
		got = settle(b, ret, ret->list[i], e);
	if (got == 0 && ret->n)
		qsort(ret->list, ret->n, sizeof *ret->list, by_day);
	totals_free(r.posting.more);
	totals_free(r.posting.less);
	if (got != 0)
		days_done(ret);
	return got;
}

void days_done(struct days *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->list[i]->id);
		totals_free(d->list[i]->before);
		totals_free(d->list[i]->more);
		totals_free(d->list[i]->less);
		totals_free(d->list[i]->early_more);
		totals_free(d->list[i]->early_less);
		free(d->list[i]);
	}
	free(d->list);
	free(d->table);
	json_decref(d->state);
	*d = (struct days){0};
}

/* ---- destinations that came to the site when the batch had been routed ---- */

struct routing {
	const struct site *site;
	const struct days_batch *batch;
	struct totals *into;
	struct err *e;
	int failed;
};

static struct money_sum net_of(const struct days_batch *x, enum total_term term, const char *destination, const char *currency)
{
	const struct money_sum more = totals_get(x->more, term, destination, currency), less = totals_get(x->less, term, destination, currency);

	return (struct money_sum){more.count - less.count, more.plus - less.plus, more.minus - less.minus, more.unreadable - less.unreadable};
}

/* The router counts each event for each destination that it knows, so one without a count was not there yet. */
static void add_unknown(void *arg, const struct total_line *line)
{
	struct routing *r = arg;
	const struct days_batch *x = r->batch;
	const struct money_sum seen = net_of(x, TOTAL_SEEN, "", line->currency);

	for (unsigned d = 0; line->term == TOTAL_SEEN && seen.count && !r->failed && d < r->site->ndestinations; d++) {
		const char *to = r->site->destinations[d].name;

		if (net_of(x, TOTAL_ROUTED, to, line->currency).count + net_of(x, TOTAL_NOT_ROUTED, to, line->currency).count +
			net_of(x, TOTAL_UNSHAPED, to, line->currency).count == net_of(x, TOTAL_REPLAYED, to, line->currency).count)
			r->failed = totals_move(r->into, TOTAL_NOT_ROUTED, to, span_of(line->currency), &seen, 1, r->e);
	}
}

static int add_unknowns(const struct site *s, const struct days_batch *x, struct totals *into, struct err *e)
{
	struct routing r = {s, x, into, e, 0};

	totals_each(x->more, add_unknown, &r);
	return r.failed;
}

static bool has_nameless(const struct days *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->list[i]->id[0])
			return true;
	return false;
}

int days_net(const struct site *s, const struct days_batch *x, struct totals *into, struct err *e)
{
	return totals_merge(into, x->more, e) != 0 || take_away(into, x->less, e) != 0 || add_unknowns(s, x, into, e) != 0 ? -1 : 0;
}

int days_sum(const struct site *s, const struct days *d, const int64_t *day, struct totals *into, size_t *ret_n, struct err *e)
{
	struct totals *less = totals_new();
	/* Of all together what the router counted for those that came later is there, under no batch. */
	const bool each = day || (d->n && !has_nameless(d));
	int ret = 0;

	*ret_n = 0;
	for (size_t i = 0; i < d->n && ret == 0; i++) {
		const struct days_batch *x = d->list[i];

		if (day && x->day != *day)
			continue;
		++*ret_n;
		ret = totals_merge(into, x->more, e) != 0 || totals_merge(less, x->less, e) != 0 || (each && add_unknowns(s, x, into, e) != 0) ? -1 : 0;
	}
	if (ret == 0)
		ret = take_away(into, less, e);
	totals_free(less);
	return ret;
}

/* ---- what is open ---- */

struct opening {
	struct bus *bus;
	const struct days_batch *batch;
	const struct totals *all;
	struct totals *into;
	struct err *e;
	bool failed, any, maybe_over;        /* maybe_over: only when it was not returned, and letters of it are open */
};

static void open_line(struct opening *o, enum total_term term, const struct total_line *line, const struct money_sum *sum)
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
	return (struct money_sum){w->count - r->count, w->plus - r->plus, w->minus - r->minus, w->unreadable - r->unreadable};
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
static int is_returned(struct bus *b, const char *id, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int got = claim_find(b, NULL, span_of(id), &record, &a, &c, e);

	if (got == 1)
		got = span_is(c.state, "returned");
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	return got;
}

/* Of a batch that was settled when its day was closed only what came since is known: what left may have been there before. */
static void take_there(void *arg, const struct total_line *line)
{
	struct taking *t = arg;
	const struct money_sum there = totals_get(t->from, line->term, line->destination, line->currency);

	if (there.count >= line->sum.count)
		take_line(arg, line);
}

static int now_of(const struct days_batch *x, struct totals *all, struct err *e)
{
	struct taking t = {all, e, 0};

	if (totals_merge(all, x->before, e) != 0 || totals_merge(all, x->more, e) != 0)
		return -1;
	if (!x->was_closed || x->was_open)
		return take_away(all, x->less, e);
	totals_each(x->less, take_there, &t);
	return t.failed ? -1 : 0;
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
		ret = is_returned(b, x->id, e);
		o.maybe_over = ret == 1;
		ret = ret < 0 ? -1 : 0;
	}
	if (ret == 0)
		totals_each(all, look_at_line, &o);
	totals_free(all);
	return ret != 0 || o.failed ? -1 : o.any;
}
