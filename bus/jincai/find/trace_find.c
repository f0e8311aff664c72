/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>

#include "index.h"
#include "topics.h"

int trace_read(struct bus *b, struct arena *a, unsigned topic, unsigned partition, uint64_t offset,
	struct span *ret_value, int64_t *ret_ms, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	int got;

	if (bus_read(b, topic, partition, &r, e) != 0)
		return -1;
	bus_seek(r, offset);
	got = bus_next(r, &m, e);
	if (got == 1 && m.offset != offset)
		got = 0;
	if (got == 1) {
		*ret_value = arena_span(a, m.value);
		*ret_ms = m.time_ms;
	}
	bus_unread(r);
	return got;
}

/* ---- places that stand under a prefix ---- */

struct places {
	struct bus_entry *list;
	unsigned n, max, all;
};

static int add_place(void *arg, struct span key, const struct bus_entry *entry)
{
	struct places *p = arg;

	(void)key;
	if (p->n < p->max)
		p->list[p->n++] = *entry;
	return ++p->all > p->max;
}

static int add_found(void *arg, struct span key, const struct bus_entry *entry)
{
	struct trace_places *p = arg;

	(void)key;
	p->list = mem_grow(p->list, p->n + 1u, sizeof *p->list);
	p->list[p->n++] = *entry;
	return p->n >= TRACE_OTHERS_MAX;
}

int trace_places(struct bus *b, struct span prefix, struct trace_places *ret, struct err *e)
{
	*ret = (struct trace_places){NULL, 0};
	return prefix.n && bus_entries(b, INDEX_FIND, prefix, add_found, ret, e) < 0 ? -1 : 0;
}

static int collect(struct bus *b, struct span prefix, struct places *p, struct err *e)
{
	return prefix.n && p->all <= p->max ? bus_entries(b, INDEX_FIND, prefix, add_place, p, e) : 0;
}

static int by_time(const void *a, const void *b)
{
	const struct trace_found *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int load_found(struct bus *b, const struct places *p, struct arena *a, struct trace_found *ret, unsigned *ret_n,
	struct err *e)
{
	for (unsigned i = 0; i < p->n; i++) {
		const struct bus_entry *at = &p->list[i];
		struct trace_found f = {.topic = bus_topic_name(b, at->topic), .partition = at->partition,
			.offset = at->offset};
		struct span value;
		struct event v;
		int got = trace_read(b, a, at->topic, at->partition, at->offset, &value, &f.time_ms, e);

		if (got < 0)
			return -1;
		if (!got || event_read(value, &v, e) != 0 || event_is_ours(&v))
			continue;
		f.id = v.id;
		f.type = v.type;
		f.unit = v.unit;
		f.amount = v.amount;
		f.businessdate = v.businessdate;
		ret[(*ret_n)++] = f;
	}
	if (*ret_n)
		qsort(ret, *ret_n, sizeof *ret, by_time);
	return 0;
}

/* ---- an id ---- */

static int has(struct bus *b, unsigned index, struct span key, struct err *e)
{
	struct bus_entry at;

	return bus_look(b, NULL, index, key, &at, e);
}

/* 1 it is the id of an event, or of what died before it became one; 0; -1. */
static int is_id(struct bus *b, struct span text, struct err *e)
{
	struct places died = {.max = 0};
	char key[INDEX_KEY_MAX];
	int got;

	if (!text.n)
		return 0;
	got = has(b, INDEX_IDS, index_key(key, 0, text, SPAN_NONE), e);
	if (got == 0)
		got = has(b, INDEX_FIND, index_find_id(key, text), e);
	if (got == 0)
		got = collect(b, index_find_dead(key, text), &died, e) < 0 ? -1 : died.all > 0;
	return got;
}

static int by_number(struct bus *b, struct span text, struct places *p, struct err *e)
{
	struct buf number = BUF_INIT;
	char key[INDEX_KEY_MAX];
	int ret;

	event_id_part(&number, text);
	ret = collect(b, index_find_number(key, buf_as_span(&number)), p, e);
	buf_done(&number);
	return ret < 0 ? -1 : 0;
}

static int by_amount(struct bus *b, const struct trace_key *k, struct places *p, struct err *e)
{
	char key[INDEX_KEY_MAX];

	for (int64_t day = k->first_day; day <= k->last_day; day++)
		if (collect(b, index_find_amount(key, day, k->unit, k->fen), p, e) < 0)
			return -1;
	return 0;
}

/* "jincai.payroll/0@17", "payroll/0@17": 1 it is the place of an event, 0 it is none, -1. */
static int by_place(struct bus *b, struct span text, struct places *p, struct err *e)
{
	char place[BUS_KEY_MAX], topic[BUS_KEY_MAX + 8];
	struct bus_entry at = {.topic = 0};
	uint64_t end;
	char *slash;
	int n = 0;

	if (!text.n || text.n >= sizeof place)
		return 0;
	snprintf(place, sizeof place, "%.*s", SPAN_F(text));
	slash = strchr(place, '/');
	if (!slash || sscanf(slash, "/%u@%" SCNu64 "%n", &at.partition, &at.offset, &n) != 2 || slash[n])
		return 0;
	*slash = 0;
	snprintf(topic, sizeof topic, "%s%s", strncmp(place, "jincai.", 7) == 0 ? "" : "jincai.", place);
	if (!topics_carries_events(topic) && !topics_is_out(topic))
		return 0;
	if (bus_topic(b, topic, &at.topic, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	if (at.partition >= bus_partitions(b, at.topic))
		return 0;
	if (bus_end(b, at.topic, at.partition, &end, e) != 0)
		return -1;
	if (at.offset >= end)
		return 0;
	(void)add_place(p, SPAN_NONE, &at);
	return 1;
}

static int find(struct bus *b, const struct trace_key *k, struct places *p, struct err *e)
{
	int got;

	if (!k->key.n)
		return by_amount(b, k, p, e);
	got = by_place(b, k->key, p, e);
	return got == 0 ? by_number(b, k->key, p, e) : got < 0 ? -1 : 0;
}

int trace_find(struct bus *b, const struct trace_key *k, struct arena *a, struct trace_found *ret, unsigned max,
	unsigned *ret_all, struct err *e)
{
	struct places p = {.list = mem_new((max + 1u) * sizeof *p.list), .max = max};
	unsigned n = 0;
	int got = is_id(b, k->key, e);

	if (got == 1) {
		ret[0] = (struct trace_found){.id = arena_span(a, k->key)};
		*ret_all = 1;
	} else if (got == 0) {
		got = find(b, k, &p, e);
		if (got == 0)
			got = load_found(b, &p, a, ret, &n, e);
		*ret_all = p.all > max ? p.all : n;
	}
	free(p.list);
	return got < 0 ? -1 : 0;
}
