/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "index.h"

/* A transaction: its records lie in the partitions from the start and are seen when it is done. */
enum fate { OPEN, DONE, ABORTED };

struct place {
	unsigned topic, partition;
	uint64_t offset;
};

struct txn {
	struct txn *next;
	enum fate fate;
	unsigned name;               /* whose */
	struct bus_commit c;         /* a copy */
	struct place *places;        /* of its records */
};

struct record {
	struct bus_message m;
	const struct txn *txn;
};

struct part {
	struct record *records;
	size_t n, cap;
	uint64_t next_offset;
	int64_t last_ms;
};

struct topic {
	char name[104];
	struct part *parts;
	unsigned partitions;
};

/* A sorted map of bytes to bytes. */
struct pair {
	struct span key, value;
};

struct map {
	struct pair *pairs;
	size_t n, cap;
};

struct act {
	char flow[104], id[72];
	struct span text;
	bool done;
};

struct name {
	char flow[104];
	uint64_t generation;         /* of the flow of that name */
	uint64_t epoch;              /* of who is fenced by that name */
};

/* Bytes live in the arena as long as the world does, so that nothing need be copied out or given back. */
struct world {
	struct world *next;
	pthread_mutex_t lock;
	struct arena arena;
	char key[32];
	uint64_t random;
	unsigned partitions, ntopics, nnames;
	struct topic topics[BUS_TOPICS_MAX];
	struct name names[1100];
	struct txn *txns;
	struct map positions, index[INDEX_COUNT];
	struct act acts[1000];
	size_t nacts;
};

struct hostile {
	struct bus bus;
	struct world *world;
	unsigned unknown, fence;     /* per thousand */
	unsigned of[BUS_TOPICS_MAX]; /* from handle to topic of the world */
};

struct hostile_owner {
	struct bus_owner owner;
	struct world *world;
	unsigned fence;              /* the name that fences it */
	uint64_t epoch;
	size_t acts;                 /* how many of the world's acts it has looked at */
};

struct hostile_reader {
	struct bus_reader reader;
	struct world *world;
	struct part *part;
	uint64_t offset;
};

static pthread_mutex_t worlds_lock = PTHREAD_MUTEX_INITIALIZER;
static struct world *worlds;

/* splitmix64 */
static unsigned roll(struct world *w, unsigned sides)
{
	uint64_t z = w->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % sides);
}

static size_t map_at(const struct map *m, struct span key)
{
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (span_cmp(m->pairs[mid].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct pair *map_get(const struct map *m, struct span key)
{
	size_t at = map_at(m, key);

	return at < m->n && span_eq(m->pairs[at].key, key) ? &m->pairs[at] : NULL;
}

static void map_put(struct map *m, struct span key, struct span value)
{
	struct pair *p = map_get(m, key);
	size_t at = map_at(m, key);

	if (p) {
		p->value = value;
		return;
	}
	if (m->n == m->cap)
		m->pairs = mem_grow(m->pairs, m->cap = m->cap * 2 + 16, sizeof *m->pairs);
	memmove(m->pairs + at + 1, m->pairs + at, (m->n++ - at) * sizeof *m->pairs);
	m->pairs[at] = (struct pair){key, value};
}

static int hostile_open(const struct bus_conf *c, const char *rest, enum bus_mode mode, struct bus **ret, struct err *e)
{
	struct hostile *h = mem_new(sizeof *h);
	struct world *w;
	char key[32];

	(void)mode;
	(void)e;
	snprintf(key, sizeof key, "%.*s", (int)strcspn(rest, ":"), rest);
	sscanf(rest, "%*[^:]:%u:%u", &h->unknown, &h->fence);
	pthread_mutex_lock(&worlds_lock);
	for (w = worlds; w && strcmp(w->key, key) != 0;)
		w = w->next;
	if (!w) {
		w = mem_new(sizeof *w);
		strcpy(w->key, key);
		w->random = strtoull(key, NULL, 10);
		w->partitions = c->partitions ? c->partitions : 1;
		pthread_mutex_init(&w->lock, NULL);
		w->next = worlds;
		worlds = w;
	}
	pthread_mutex_unlock(&worlds_lock);
	if (c->partitions && c->partitions != w->partitions) {
		free(h);
		return err_set(e, E_BUS_PARTITIONS, "have=%u\nwant=%u", w->partitions, c->partitions);
	}
	h->world = w;
	h->bus.partitions = w->partitions;
	*ret = &h->bus;
	return 0;
}

static void hostile_close(struct bus *b)
{
	free(b);
}

static int hostile_topic(struct bus *b, unsigned number, const char *name, unsigned partitions, struct err *e)
{
	struct hostile *h = (struct hostile *)b;
	struct world *w = h->world;
	unsigned i = 0;

	pthread_mutex_lock(&w->lock);
	while (i < w->ntopics && strcmp(w->topics[i].name, name) != 0)
		i++;
	if (i == w->ntopics && b->mode == BUS_OWN) {
		strcpy(w->topics[i].name, name);
		w->topics[i].partitions = partitions;
		w->topics[i].parts = mem_new(partitions * sizeof *w->topics[i].parts);
		w->ntopics++;
	}
	h->of[number] = i;
	pthread_mutex_unlock(&w->lock);
	return i < w->ntopics ? 0 : err_set(e, E_BUS_NO_TOPIC, "name=%s", name);
}

static int hostile_topics(struct bus *b, int (*each)(void *, const char *, unsigned), void *arg, struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	int got = 0;

	(void)e;
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < w->ntopics && got == 0; i++)
		got = each(arg, w->topics[i].name, w->topics[i].partitions);
	pthread_mutex_unlock(&w->lock);
	return got;
}

/* Ends a transaction: all of it is there from now on, or nothing ever will be. */
static void decide(struct world *w, struct txn *t, bool done)
{
	t->fate = done ? DONE : ABORTED;
	for (size_t i = 0; i < t->c.nrecords; i++)
		w->topics[t->places[i].topic].parts[t->places[i].partition].next_offset++;     /* its marker */
	for (size_t i = 0; done && i < t->c.nentries; i++) {
		const struct commit_entry *x = &t->c.entries[i];
		char *value = arena_new(&w->arena, sizeof *t->places + x->extra.n);

		memcpy(value, &t->places[x->record], sizeof *t->places);
		memcpy(value + sizeof *t->places, x->extra.p, x->extra.n);
		if (index_table[x->index].keep == INDEX_LAST || !map_get(&w->index[x->index], x->key))
			map_put(&w->index[x->index], x->key, (struct span){value, sizeof *t->places + x->extra.n});
	}
	for (size_t i = 0; done && i < t->c.npositions; i++)
		map_put(&w->positions, t->c.positions[i].key, t->c.positions[i].value);
	for (size_t i = 0; done && i < t->c.nacts; i++)
		for (size_t k = 0; k < w->nacts; k++)
			w->acts[k].done |= strcmp(w->acts[k].id, t->c.acts_done[i]) == 0;
}

static unsigned name_of(struct world *w, const char *flow)
{
	unsigned i = 0;

	while (i < w->nnames && strcmp(w->names[i].flow, flow) != 0)
		i++;
	if (i == w->nnames)
		strcpy(w->names[w->nnames++].flow, flow);
	return i;
}

static uint64_t fence(struct world *w, unsigned name)
{
	for (struct txn *t = w->txns; t; t = t->next)
		if (t->name == name && t->fate == OPEN)
			decide(w, t, roll(w, 2));
	return ++w->names[name].epoch;
}

static int hostile_own_as(struct bus *b, const char *flow, const char *fenced_by, struct bus_owner **ret, struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	struct hostile_owner *o = mem_new(sizeof *o);

	(void)e;
	pthread_mutex_lock(&w->lock);
	o->owner.generation = ++w->names[name_of(w, flow)].generation;
	o->world = w;
	o->fence = name_of(w, fenced_by);
	o->epoch = fence(w, o->fence);
	pthread_mutex_unlock(&w->lock);
	*ret = &o->owner;
	return 0;
}

static int hostile_own(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e)
{
	return hostile_own_as(b, flow, flow, ret, e);
}

static int hostile_fence(struct bus *b, const char *name, struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;

	(void)e;
	pthread_mutex_lock(&w->lock);
	fence(w, name_of(w, name));
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static void hostile_disown(struct bus_owner *o)
{
	free(o);
}

static struct txn *txn_new(struct hostile_owner *o, const struct bus_commit *c)
{
	struct arena *a = &o->world->arena;
	struct txn *t = arena_new(a, sizeof *t);
	struct commit_entry *entries = arena_new(a, c->nentries * sizeof *entries);
	struct commit_position *positions = arena_new(a, c->npositions * sizeof *positions);
	const char **acts = arena_new(a, c->nacts * sizeof *acts);

	for (size_t i = 0; i < c->nentries; i++)
		entries[i] = (struct commit_entry){c->entries[i].index, c->entries[i].record,
			arena_span(a, c->entries[i].key), arena_span(a, c->entries[i].extra)};
	for (size_t i = 0; i < c->npositions; i++)
		positions[i] = (struct commit_position){arena_span(a, c->positions[i].key),
			arena_span(a, c->positions[i].value)};
	for (size_t i = 0; i < c->nacts; i++)
		acts[i] = arena_text(a, span_of(c->acts_done[i]));
	*t = (struct txn){o->world->txns, OPEN, o->fence, *c, arena_new(a, c->nrecords * sizeof *t->places)};
	t->c.entries = entries;
	t->c.positions = positions;
	t->c.acts_done = acts;
	return o->world->txns = t;
}

/* One record into its partition, not seen yet. */
static void put(struct hostile *h, struct txn *t, size_t i, const struct commit_record *r)
{
	struct world *w = h->world;
	struct part *p = &w->topics[h->of[r->topic]].parts[r->partition];
	int64_t now = clock_now_ms();

	p->last_ms = now > p->last_ms ? now : p->last_ms;
	t->places[i] = (struct place){h->of[r->topic], r->partition, p->next_offset};
	if (p->n == p->cap)
		p->records = mem_grow(p->records, p->cap = p->cap * 2 + 16, sizeof *p->records);
	p->records[p->n++] = (struct record){{p->next_offset++, p->last_ms, arena_span(&w->arena, r->key),
		arena_span(&w->arena, r->value)}, t};
}

static int fenced(struct world *w, const struct hostile_owner *o, unsigned often, struct err *e)
{
	if (often && roll(w, 1000) < often)
		w->names[o->fence].epoch++;              /* somebody took the name and let it go again */
	if (w->names[o->fence].epoch == o->epoch)
		return 0;
	return err_set(e, E_BUS_FENCED, "flow=%s", o->owner.flow);
}

static int hostile_commit(struct bus_owner *owner, const struct bus_commit *c, struct err *e)
{
	struct hostile_owner *o = (struct hostile_owner *)owner;
	struct hostile *h = (struct hostile *)owner->bus;
	struct world *w = h->world;
	struct txn *t;
	int r;

	pthread_mutex_lock(&w->lock);
	r = fenced(w, o, h->fence, e);
	if (r < 0)
		goto out;
	t = txn_new(o, c);
	for (size_t i = 0; i < c->nrecords; i++) {
		put(h, t, i, &c->records[i]);
		pthread_mutex_unlock(&w->lock);          /* another producer may come in between */
		if (i % 16 == 3)
			sched_yield();
		pthread_mutex_lock(&w->lock);
	}
	/* Whoever fenced us meanwhile has decided. */
	if (t->fate == OPEN && fenced(w, o, 0, e) < 0)
		decide(w, t, false);
	if (t->fate != OPEN) {
		r = err_set(e, E_BUS_FENCED, "flow=%s", owner->flow);
	} else if (h->unknown && roll(w, 1000) < h->unknown) {
		unsigned side = roll(w, 3);

		if (side < 2)
			decide(w, t, side);
		r = err_set(e, E_BUS_UNKNOWN, "flow=%s", owner->flow);
	} else {
		decide(w, t, true);
	}
out:
	pthread_mutex_unlock(&w->lock);
	return r;
}

static int hostile_position_get(struct bus *b, struct span key, struct buf *ret, struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	const struct pair *p;

	(void)e;
	pthread_mutex_lock(&w->lock);
	p = map_get(&w->positions, key);
	if (p)
		buf_span(ret, p->value);
	pthread_mutex_unlock(&w->lock);
	return p && p->value.n;
}

/* A copy of the pairs that begin with prefix, so that the caller may do with the bus what it likes. */
static struct map map_prefix(struct world *w, const struct map *m, struct span prefix)
{
	struct map found = {NULL, 0, 0};

	pthread_mutex_lock(&w->lock);
	for (size_t i = map_at(m, prefix); i < m->n && span_starts(m->pairs[i].key, prefix); i++)
		map_put(&found, m->pairs[i].key, m->pairs[i].value);
	pthread_mutex_unlock(&w->lock);
	return found;
}

static int hostile_positions(struct bus *b, struct span prefix, int (*each)(void *, struct span, struct span),
	void *arg, struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	struct map found = map_prefix(w, &w->positions, prefix);

	(void)e;
	for (size_t i = 0; i < found.n && (!found.pairs[i].value.n || each(arg, found.pairs[i].key, found.pairs[i].value) == 0);)
		i++;
	free(found.pairs);
	return 0;
}

static int hostile_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e)
{
	struct hostile *h = (struct hostile *)b;
	struct hostile_reader *r = mem_new(sizeof *r);

	(void)e;
	r->world = h->world;
	r->part = &h->world->topics[h->of[topic]].parts[partition];
	*ret = &r->reader;
	return 0;
}

static void hostile_unread(struct bus_reader *r)
{
	free(r);
}

static void hostile_seek(struct bus_reader *r, uint64_t offset)
{
	((struct hostile_reader *)r)->offset = offset;
}

static size_t find_offset(const struct part *p, uint64_t offset)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (p->records[mid].m.offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int hostile_seek_time(struct bus_reader *reader, int64_t time_ms, struct err *e)
{
	struct hostile_reader *r = (struct hostile_reader *)reader;
	size_t i = 0;

	(void)e;
	pthread_mutex_lock(&r->world->lock);
	while (i < r->part->n && r->part->records[i].m.time_ms < time_ms)
		i++;
	r->offset = i < r->part->n ? r->part->records[i].m.offset : r->part->next_offset;
	pthread_mutex_unlock(&r->world->lock);
	return 0;
}

static int hostile_next(struct bus_reader *reader, struct bus_message *ret, struct err *e)
{
	struct hostile_reader *r = (struct hostile_reader *)reader;
	int found = 0;

	(void)e;
	pthread_mutex_lock(&r->world->lock);
	for (size_t i = find_offset(r->part, r->offset); i < r->part->n && !found; i++) {
		const struct record *x = &r->part->records[i];

		if (x->txn->fate == OPEN)
			break;
		r->offset = x->m.offset + 1;
		if (x->txn->fate == DONE) {
			*ret = x->m;
			found = 1;
		}
	}
	pthread_mutex_unlock(&r->world->lock);
	return found;
}

static int hostile_end(struct bus *b, unsigned topic, unsigned partition, uint64_t *ret, struct err *e)
{
	struct hostile *h = (struct hostile *)b;
	const struct part *p = &h->world->topics[h->of[topic]].parts[partition];

	(void)e;
	pthread_mutex_lock(&h->world->lock);
	*ret = p->next_offset;
	for (size_t i = p->n; i > 0; i--)
		if (p->records[i - 1].txn->fate == OPEN)
			*ret = p->records[i - 1].m.offset;
	pthread_mutex_unlock(&h->world->lock);
	return 0;
}

/* Unpacks an entry; the topic gets a handle if it has none here yet. */
static int entry_of(struct bus *b, struct span value, struct bus_entry *ret, struct err *e)
{
	struct hostile *h = (struct hostile *)b;
	struct place place;
	unsigned topic;

	memcpy(&place, value.p, sizeof place);
	if (bus_topic(b, h->world->topics[place.topic].name, &topic, e) < 0)
		return -1;
	*ret = (struct bus_entry){false, topic, place.partition, place.offset,
		{value.p + sizeof place, value.n - sizeof place}};
	return 0;
}

static int hostile_look(struct bus *b, unsigned index, struct span key, struct buf *scratch, struct bus_entry *ret,
	struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	const struct pair *p;

	pthread_mutex_lock(&w->lock);
	p = map_get(&w->index[index], key);
	if (p)
		buf_span(scratch, p->value);
	pthread_mutex_unlock(&w->lock);
	if (!p)
		return 0;
	return entry_of(b, buf_as_span(scratch), ret, e) < 0 ? -1 : 1;
}

static int hostile_entries(struct bus *b, unsigned index, struct span prefix,
	int (*each)(void *, struct span, const struct bus_entry *), void *arg, struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	struct map found = map_prefix(w, &w->index[index], prefix);
	struct bus_entry entry;
	int r = 0;

	for (size_t i = 0; i < found.n && r == 0; i++) {
		r = entry_of(b, found.pairs[i].value, &entry, e);
		if (r == 0 && each(arg, found.pairs[i].key, &entry) != 0)
			break;
	}
	free(found.pairs);
	return r;
}

static int hostile_act_submit(struct bus *b, const char *flow, const char *id, struct span act, struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	size_t i = 0;

	(void)e;
	pthread_mutex_lock(&w->lock);
	while (i < w->nacts && strcmp(w->acts[i].id, id) != 0)
		i++;
	if (i == w->nacts) {
		w->nacts++;
		w->acts[i].text = arena_span(&w->arena, act);
		strcpy(w->acts[i].flow, flow);
		strcpy(w->acts[i].id, id);
	}
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static int hostile_act_take(struct bus_owner *owner, struct buf *ret_id, struct buf *ret_act, struct err *e)
{
	struct hostile_owner *o = (struct hostile_owner *)owner;
	struct world *w = o->world;
	int r;

	pthread_mutex_lock(&w->lock);
	r = fenced(w, o, ((struct hostile *)owner->bus)->fence, e);
	while (r == 0 && o->acts < w->nacts) {
		const struct act *a = &w->acts[o->acts++];

		if (!a->done && strcmp(a->flow, owner->flow) == 0) {
			buf_str(ret_id, a->id);
			buf_span(ret_act, a->text);
			r = 1;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

/* each runs unlocked: it may call the bus. The list only grows, and what it holds stays where it is. */
static int hostile_acts_left(struct bus *b, int (*each)(void *, const char *, const char *, int64_t, struct span), void *arg,
	struct err *e)
{
	struct world *w = ((struct hostile *)b)->world;
	int stop = 0;

	(void)e;
	for (size_t i = 0; !stop; i++) {
		const struct act *a;

		pthread_mutex_lock(&w->lock);
		a = i < w->nacts ? &w->acts[i] : NULL;
		pthread_mutex_unlock(&w->lock);
		if (!a)
			break;
		if (!a->done)
			stop = each(arg, a->flow, a->id, 0, a->text);
	}
	return 0;
}

static void world_free(struct world *w)
{
	for (unsigned i = 0; i < w->ntopics; i++) {
		for (unsigned p = 0; p < w->topics[i].partitions; p++)
			free(w->topics[i].parts[p].records);
		free(w->topics[i].parts);
	}
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		free(w->index[i].pairs);
	free(w->positions.pairs);
	arena_done(&w->arena);
	free(w);
}

void hostile_forget(void)
{
	for (struct world *w = worlds, *next; w; w = next) {
		next = w->next;
		world_free(w);
	}
	worlds = NULL;
}

const struct bus_driver bus_hostile = {
	.scheme = "hostile",
	.open = hostile_open,
	.close = hostile_close,
	.topic = hostile_topic,
	.topics = hostile_topics,
	.own = hostile_own,
	.own_as = hostile_own_as,
	.fence = hostile_fence,
	.disown = hostile_disown,
	.commit = hostile_commit,
	.position_get = hostile_position_get,
	.positions = hostile_positions,
	.read = hostile_read,
	.unread = hostile_unread,
	.seek = hostile_seek,
	.seek_time = hostile_seek_time,
	.next = hostile_next,
	.end = hostile_end,
	.look = hostile_look,
	.entries = hostile_entries,
	.act_submit = hostile_act_submit,
	.act_take = hostile_act_take,
	.acts_left = hostile_acts_left,
};
