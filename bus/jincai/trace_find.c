/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <stdlib.h>

#include "index.h"

int trace_read(struct bus *b, struct arena *a, unsigned topic, unsigned partition, uint64_t offset, struct span *ret_value,
	int64_t *ret_ms, struct err *e)
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

static int collect(struct bus *b, struct span prefix, struct places *p, struct err *e)
{
	return prefix.n && p->all <= p->max ? bus_entries(b, INDEX_FIND, prefix, add_place, p, e) : 0;
}

static int ids_of(struct bus *b, const struct places *p, struct arena *a, struct span *ret, unsigned *ret_n, struct err *e)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct span value;
		struct event v;
		int64_t ms;
		int got = trace_read(b, a, p->list[i].topic, p->list[i].partition, p->list[i].offset, &value, &ms, e);

		if (got < 0)
			return -1;
		if (got && event_read(value, &v, e) == 0)
			ret[(*ret_n)++] = v.id;
	}
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

int trace_find(struct bus *b, const struct trace_key *k, struct arena *a, struct span *ret, unsigned max, unsigned *ret_all,
	struct err *e)
{
	struct places p = {.list = mem_new((max + 1u) * sizeof *p.list), .max = max};
	unsigned n = 0;
	int got = is_id(b, k->key, e);

	if (got == 1) {
		ret[0] = arena_span(a, k->key);
		*ret_all = 1;
	} else if (got == 0) {
		got = k->key.n ? by_number(b, k->key, &p, e) : by_amount(b, k, &p, e);
		if (got == 0)
			got = ids_of(b, &p, a, ret, &n, e);
		*ret_all = p.all > max ? p.all : n;
	}
	free(p.list);
	return got < 0 ? -1 : 0;
}
