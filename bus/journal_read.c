/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include <string.h>

#include "clock.h"
#include "event.h"
#include "index.h"
#include "jscan.h"

/* Flow, begun, ended, more, less. */
static int scan_data(struct span data, struct posting *p)
{
	bool more_there = false, less_there = false;
	struct jscan_value v;
	struct err ignored;
	struct span name;
	struct jscan s;
	int more;

	p->flow = SPAN_NONE;
	p->begun = p->ended = false;
	jscan_init(&s, data);
	if (jscan_enter_object(&s, &ignored))
		return -1;
	while ((more = jscan_next_key(&s, &name, &ignored)) == 1) {
		const bool is_more = span_is(name, "more"), is_less = span_is(name, "less");

		if (is_more || is_less) {
			if (totals_scan(is_more ? p->more : p->less, &s, &ignored))
				return -1;
			more_there |= is_more;
			less_there |= is_less;
			continue;
		}
		if (jscan_value(&s, &v, &ignored))
			return -1;
		if (span_is(name, "flow") && v.type == JSCAN_STRING && !v.escaped)
			p->flow = v.raw;
		p->begun |= span_is(name, "begun") && v.type == JSCAN_TRUE;
		p->ended |= span_is(name, "ended") && v.type == JSCAN_TRUE;
	}
	return more == 0 && p->flow.n && more_there && less_there ? 0 : -1;
}

int journal_read(struct span record, struct posting *p, struct err *e)
{
	struct event v;

	if (event_read(record, &v, e) != 0)
		return -1;
	if (!span_is(v.type, EVENT_POSTING))
		return 0;
	p->batchid = v.batchid;
	return scan_data(v.data, p) == 0 ? 1 : err_set(e, E_JOURNAL_RECORD, "id=%.*s", SPAN_F(v.id));
}

/* The record from which an entry was folded. The message is good until the reader is closed. */
static int read_at(struct bus *b, const struct bus_entry *at, struct bus_reader **ret, struct bus_message *m,
	struct err *e)
{
	int got;

	if (bus_read(b, at->topic, at->partition, ret, e) != 0)
		return -1;
	bus_seek(*ret, at->offset);
	got = bus_next(*ret, m, e);
	if (got == 0 || (got == 1 && m->offset != at->offset))
		got = err_set(e, E_JOURNAL_RECORD, "id=@%llu", (unsigned long long)at->offset);
	if (got == 1)
		return 0;
	bus_unread(*ret);
	return -1;
}

/* ---- a batch ---- */

static int day_of(struct bus *b, const struct bus_entry *ended, int64_t *ret, struct err *e)
{
	struct bus_reader *r;
	struct bus_message m;

	if (clock_date_read(ended->extra, ret) == 0)
		return 0;
	if (read_at(b, ended, &r, &m, e) != 0)
		return -1;
	*ret = clock_day(m.time_ms);
	bus_unread(r);
	return 0;
}

int journal_look(struct bus *b, struct span batchid, struct journal_batch *ret, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	int got = bus_look(b, NULL, INDEX_DAYS, index_key(key, INDEX_BEGUN, batchid, SPAN_NONE), &at, e);

	*ret = (struct journal_batch){.begun = got == 1};
	if (got >= 0)
		got = bus_look(b, NULL, INDEX_DAYS, index_key(key, INDEX_ENDED, batchid, SPAN_NONE), &at, e);
	if (got <= 0)
		return got;
	ret->ended = true;
	ret->ended_at = at.offset;
	return day_of(b, &at, &ret->day, e);
}

struct gathering {
	struct bus *bus;
	struct span batchid;
	struct posting *posting;
	int (*each)(void *arg, const struct posting *p, uint64_t at);
	void *arg;
	struct err *e;
	int got;
};

/* It was too large to be kept in the index. */
static int read_large(struct gathering *g, const struct bus_entry *at)
{
	struct bus_reader *r;
	struct bus_message m;
	int got;

	if (read_at(g->bus, at, &r, &m, g->e) != 0)
		return -1;
	got = journal_read(m.value, g->posting, g->e);
	if (got == 0)
		got = err_set(g->e, E_JOURNAL_RECORD, "id=@%llu", (unsigned long long)at->offset);
	if (got == 1)
		got = g->each(g->arg, g->posting, at->offset);
	bus_unread(r);
	return got;
}

static int gather(void *arg, struct span key, const struct bus_entry *at)
{
	struct gathering *g = arg;

	g->posting->batchid = g->batchid;
	if (!at->extra.n)
		g->got = read_large(g, at);
	else if (scan_data(at->extra, g->posting) != 0)
		g->got = err_set(g->e, E_JOURNAL_RECORD, "id=%.*s", SPAN_F(key));
	else
		g->got = g->each(g->arg, g->posting, at->offset);
	return g->got;
}

int journal_postings(struct bus *b, struct span batchid, struct posting *p,
	int (*each)(void *arg, const struct posting *p, uint64_t at), void *arg, struct err *e)
{
	struct gathering g = {b, batchid, p, each, arg, e, 0};
	char key[INDEX_KEY_MAX];

	return bus_entries(b, INDEX_DAYS, index_days_postings(key, batchid), gather, &g, e) != 0 ? -1 : g.got;
}

/* ---- days ---- */

struct listing {
	struct bus *bus;
	int64_t day;
	bool any;                    /* day: the first on which one ended, so far */
	int (*each)(void *arg, struct span batchid);
	void *arg;
	struct err *e;
	int got;
};

/* A batch stands under each day that an end of it said. */
static int list_ended(void *arg, struct span key, const struct bus_entry *at)
{
	struct listing *l = arg;
	struct journal_batch x;

	(void)key;
	if (journal_look(l->bus, at->extra, &x, l->e) != 0)
		l->got = -1;
	else if (x.ended && x.day == l->day)
		l->got = l->each(l->arg, at->extra);
	return l->got;
}

int journal_day(struct bus *b, int64_t day, int (*each)(void *arg, struct span batchid), void *arg, struct err *e)
{
	struct listing l = {.bus = b, .day = day, .each = each, .arg = arg, .e = e};
	char key[INDEX_KEY_MAX], date[11];

	clock_date(day, date);
	if (bus_entries(b, INDEX_DAYS, index_days_day(key, span_of(date)), list_ended, &l, e) != 0)
		return -1;
	if (l.got == 0 && bus_entries(b, INDEX_DAYS, index_days_day(key, SPAN("")), list_ended, &l, e) != 0)
		return -1;
	return l.got;
}

/* Those whose day is not said stand first, then they are in the order of days. */
static int first_of(void *arg, struct span key, const struct bus_entry *at)
{
	struct listing *l = arg;
	const bool said = key.n > 1 && key.p[1];
	struct journal_batch x;

	if (journal_look(l->bus, at->extra, &x, l->e) != 0)
		return l->got = -1;
	if (!l->any || x.day < l->day)
		l->day = x.day;
	l->any = true;
	return said;
}

int journal_first_day(struct bus *b, int64_t *ret, struct err *e)
{
	struct listing l = {.bus = b, .e = e};
	char key[INDEX_KEY_MAX];
	struct span days = index_days_day(key, SPAN(""));

	if (bus_entries(b, INDEX_DAYS, (struct span){days.p, 1}, first_of, &l, e) != 0 || l.got < 0)
		return -1;
	*ret = l.any ? l.day : *ret;
	return l.any;
}

static int list_not_ended(void *arg, struct span key, const struct bus_entry *at)
{
	struct listing *l = arg;
	char other[INDEX_KEY_MAX];
	struct bus_entry ended;
	int got;

	memcpy(other, key.p, key.n);
	other[0] = INDEX_ENDED;
	got = bus_look(l->bus, NULL, INDEX_DAYS, (struct span){other, key.n}, &ended, l->e);
	if (got < 0)
		l->got = -1;
	else if (got == 0)
		l->got = l->each(l->arg, at->extra);
	return l->got;
}

int journal_not_ended(struct bus *b, int (*each)(void *arg, struct span batchid), void *arg, struct err *e)
{
	struct listing l = {.bus = b, .each = each, .arg = arg, .e = e};
	char key[INDEX_KEY_MAX];
	const struct span begun = index_key(key, INDEX_BEGUN, SPAN(""), SPAN_NONE);

	return bus_entries(b, INDEX_DAYS, begun, list_not_ended, &l, e) != 0 ? -1 : l.got;
}
