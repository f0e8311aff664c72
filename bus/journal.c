/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "event.h"
#include "jscan.h"
#include "lane.h"
#include "log.h"
#include "shares.h"
#include "topics.h"

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

/* ---- what was counted before, or in between ---- */

/* What a flow has on the journal, and what of it positions with a mark account for. */
struct between {
	const char *whole;           /* the flow */
	struct totals *more, *less, *marked;
	char *first;                 /* key of its first position without a mark */
	struct err *e;
};

static int look_at_position(void *arg, struct span key, struct span value)
{
	struct between *b = arg;
	const char *slash = memchr(key.p, '/', key.n);
	unsigned part;
	json_t *o, *list;
	struct totals *t;
	int ret = 0;

	if (!slash || !shares_names(b->whole, (struct span){key.p, (size_t)(slash - key.p)}, &part))
		return 0;
	o = json_loadb(value.p, value.n, 0, NULL);
	list = json_object_get(o, "totals");
	t = totals_new();
	if (json_array_size(list) == 0)
		;
	else if (!json_is_true(json_object_get(o, "journal")))
		b->first = b->first ? b->first : mem_text(key);
	else
		ret = totals_read(t, list, b->e) != 0 || totals_merge(b->marked, t, b->e) != 0 ? -1 : 0;
	totals_free(t);
	json_decref(o);
	return ret;
}

static int look_at_postings(struct between *b, struct bus *bus)
{
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct bus_reader *r = NULL;
	struct bus_message m;
	unsigned topic;
	int got, is = 0;

	if ((got = bus_topic(bus, TOPIC_JOURNAL, &topic, b->e)) == 0 && (got = bus_read(bus, topic, 0, &r, b->e)) == 0)
		while (is >= 0 && (got = lane_next(bus, r, &m, b->e)) == 1)
			if ((is = journal_read(m.value, &p, b->e)) == 1 && span_is(p.flow, b->whole) &&
				(totals_merge(b->more, p.more, b->e) != 0 || totals_merge(b->less, p.less, b->e) != 0))
				is = -1;
	bus_unread(r);
	totals_free(p.more);
	totals_free(p.less);
	return is < 0 ? -1 : got;
}

static bool are_equal(const struct totals *a, const struct totals *b)
{
	struct buf one = BUF_INIT, other = BUF_INIT;
	bool ret;

	totals_write(a, &one);
	totals_write(b, &other);
	ret = span_eq(buf_as_span(&one), buf_as_span(&other));
	buf_done(&one);
	buf_done(&other);
	return ret;
}

/* One posting for all positions without a mark: the first of them. */
static int take_back(struct between *b, struct journal *j, struct err *e)
{
	struct part *p = part_of(j, SPAN_NONE);

	if (totals_merge(b->marked, b->less, e) != 0)
		return -1;
	if (are_equal(b->marked, b->more))
		return 0;
	log_line(LOG_WARN, "journal.between", "flow=%s do=an_older_program_was_at_work_what_it_counted_has_no_day", b->whole);
	return totals_merge(p->more, b->marked, e) != 0 || totals_merge(p->less, b->more, e) != 0 ? -1 : 0;
}

int journal_found(struct journal *j, struct flow *f, const char *key, const json_t *position, struct err *e)
{
	struct between b = {.whole = flow_whole(f), .e = e};
	int ret;

	if (!position || json_is_true(json_object_get(position, "journal")) || totals_is_empty(j->totals))
		return 0;
	b.more = totals_new();
	b.less = totals_new();
	b.marked = totals_new();
	ret = totals_merge(part_of(j, SPAN_NONE)->more, j->totals, e);
	if (ret == 0)
		ret = bus_positions(f->bus, b.whole, look_at_position, &b, e);
	if (ret == 0 && b.first && strcmp(b.first, key) == 0)
		ret = look_at_postings(&b, f->bus) != 0 ? -1 : take_back(&b, j, e);
	totals_free(b.more);
	totals_free(b.less);
	totals_free(b.marked);
	free(b.first);
	return ret;
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
