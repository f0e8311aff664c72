/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded.h"

#include <assert.h>
#include <stdlib.h>

#include "clock.h"

/* Commits that wait are made durable together. Bounds of one group: its pages lie in memory until they are written. */
#define GROUP_BYTES BUS_COMMIT_MAX
#define GROUP_PUTS 10000u
/*
 * LMDB keeps a copy of each page that a commit changes until it is written. Records lie one behind the other; an entry of an
 * index changes a page of its own and, where there are many millions, another one above it, unless keys come in order. So a
 * step stays below what, by the commits before it, comes to so many pages: 28 MB with those of its records.
 */
#define STEP_PAGES 6000u
#define GROUP_PAGES 7500u
#define PAGES_OF 1024u               /* entries; what they took is known to this fraction of a page */
#define PAGES_FIRST (2 * PAGES_OF)   /* nothing is known yet */
#define STEP_LEAST 500u              /* entries */
#define PAGE 4096u

struct request {
	struct request *next;
	const char *flow;
	uint64_t generation;         /* of the owner; what own made */
	const struct bus_commit *c;  /* NULL: own */
	struct owner *owner;         /* NULL: own */
	size_t bytes, puts, entries, pages;      /* pages: as expected */
	bool done, refused;          /* refused: alone, without harm to the others */
	int failed;
	struct err *e;
};

/* ---- what a request does within the transaction ---- */

static struct span number(uint64_t v, char room[8])
{
	store_key64(v, room);
	return (struct span){room, 8};
}

/* The generation that owns the flow; 0: nobody ever did. */
static int epoch_get(struct embedded *b, struct store_txn *t, const char *flow, uint64_t *ret, struct err *e)
{
	struct span value;
	int got = sealed_get(t, &b->epochs, span_of(flow), &value, e);

	if (got == 1 && value.n != 8)
		return sealed_damaged(e, b->epochs.name, 0, 0);
	*ret = got == 1 ? store_of64(value.p) : 0;
	return got < 0 ? -1 : 0;
}

static int put_own(struct embedded *b, struct store_txn *t, struct request *r, struct err *e)
{
	uint64_t generation;
	char room[8];

	if (epoch_get(b, t, r->flow, &generation, e))
		return -1;
	r->generation = generation + 1;
	return sealed_put(t, &b->epochs, span_of(r->flow), number(r->generation, room), e);
}

static int put_record(struct embedded *b, struct store_txn *t, const struct commit_record *r, uint64_t *ret_offset,
	struct err *e)
{
	struct topic *topic = b->handled[r->topic];
	struct log *log = &topic->logs[r->partition];
	char key[8];
	void *p;

	if (log->stamp != b->stamp) {
		uint64_t last;
		int got = embedded_last(t, topic, r->partition, &last, NULL, e);

		if (got < 0)
			return -1;
		log->next = got ? last + 1 : 0;
		log->stamp = b->stamp;
	}
	if (store_put(t, log->table, number(log->next, key), RECORD_HEAD + r->key.n + r->value.n, STORE_APPEND, &p,
		e) < 0)
		return -1;
	embedded_pack(p, topic, r->partition, log->next, b->now_ms, r->key, r->value);
	*ret_offset = log->next++;
	return 0;
}

static int put_entry(struct embedded *b, struct store_txn *t, const struct bus_commit *c, const struct commit_entry *n,
	struct err *e)
{
	const struct commit_record *r = &c->records[n->record];
	const struct place place = {b->handled[r->topic]->number, r->partition, b->offsets[n->record]};
	const struct sealed *table = &b->index[n->index];
	bool first = index_table[n->index].keep == INDEX_FIRST;
	char *p;
	int put = sealed_reserve(t, table, n->key, PLACE_BYTES + n->extra.n, first ? STORE_FIRST : STORE_LAST, &p, e);

	if (put <= 0)
		return put;
	sealed_place_put(p, &place);
	if (n->extra.n)
		memcpy(p + PLACE_BYTES, n->extra.p, n->extra.n);
	sealed_seal(table, n->key, p, PLACE_BYTES + n->extra.n);
	return 0;
}

/* By key, as the table lies on disk: neighbours meet the same page. Equal keys stay in the order of their coming. */
static int by_key(const void *a, const void *b)
{
	const struct commit_entry *x = *(const struct commit_entry *const *)a;
	const struct commit_entry *y = *(const struct commit_entry *const *)b;
	int order = x->index < y->index ? -1 : x->index > y->index;

	if (!order)
		order = span_cmp(x->key, y->key);
	return order ? order : x < y ? -1 : x > y;
}

static int put_entries(struct embedded *b, struct store_txn *t, const struct bus_commit *c, struct err *e)
{
	b->sorted = mem_room(b->sorted, &b->cap_sorted, c->nentries, sizeof *b->sorted);
	for (size_t i = 0; i < c->nentries; i++)
		b->sorted[i] = &c->entries[i];
	if (c->nentries)
		qsort(b->sorted, c->nentries, sizeof *b->sorted, by_key);
	for (size_t i = 0; i < c->nentries; i++)
		if (put_entry(b, t, c, b->sorted[i], e))
			return -1;
	return 0;
}

static int put_all(struct embedded *b, struct store_txn *t, const struct bus_commit *c, struct err *e)
{
	char room[8];

	b->offsets = mem_room(b->offsets, &b->cap_offsets, c->nrecords, sizeof *b->offsets);
	for (size_t i = 0; i < c->nrecords; i++)
		if (put_record(b, t, &c->records[i], &b->offsets[i], e))
			return -1;
	if (put_entries(b, t, c, e))
		return -1;
	for (size_t i = 0; i < c->npositions; i++) {
		const struct commit_position *p = &c->positions[i];

		if (p->value.n ? sealed_put(t, &b->positions, p->key, p->value, e) != 0
			: store_delete(t, b->positions.handle, p->key, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < c->nacts; i++)
		if (sealed_put(t, &b->acts, span_of(c->acts_done[i]), number((uint64_t)b->now_ms, room), e))
			return -1;
	return 0;
}

/* What is refused to one alone is decided before anything of it is written. */
static int check(struct embedded *b, struct store_txn *t, struct request *r, struct err *e)
{
	uint64_t generation;

	if (epoch_get(b, t, r->flow, &generation, e))
		return -1;
	if (generation != r->generation) {
		r->refused = true;
		err_set(r->e, E_BUS_FENCED, "flow=%s", r->flow);
	} else if (r->c->nrecords && store_room(t, r->e))
		r->refused = true;
	return 0;
}

static int put_request(struct embedded *b, struct store_txn *t, struct request *r, struct err *e)
{
	if (!r->c)
		return put_own(b, t, r, e);
	if (check(b, t, r, e))
		return -1;
	return r->refused ? 0 : put_all(b, t, r->c, e);
}

/* ---- the group ---- */

/* Of commits that went together those alone tell anything that were nearly all of it. */
static void learn(struct embedded *b, struct request *group)
{
	size_t all = 0, bytes = 0, pages = (size_t)store_pages(b->store);

	for (struct request *r = group; r; r = r->next) {
		all += r->refused ? 0 : r->entries;
		bytes += r->refused ? 0 : r->bytes;
	}
	pages -= pages < bytes / PAGE ? pages : bytes / PAGE;
	for (struct request *r = group; r; r = r->next) {
		size_t most;

		if (r->refused || r->entries < STEP_LEAST / 2 || r->entries < all - all / 8)
			continue;
		most = r->owner->owner.step_entries * 2;
		r->owner->pages = pages * PAGES_OF / all + 1;
		r->owner->owner.step_entries = STEP_PAGES * PAGES_OF / r->owner->pages;
		if (r->owner->owner.step_entries > most)
			r->owner->owner.step_entries = most;
		if (r->owner->owner.step_entries < STEP_LEAST)
			r->owner->owner.step_entries = STEP_LEAST;
	}
}

static int put_group(struct embedded *b, struct request *group, struct err *e)
{
	int64_t now = clock_now_ms();
	bool any = false;
	struct store_txn *t;

	if (store_write(b->store, &t, e))
		return -1;
	b->stamp++;
	if (now > b->now_ms)
		b->now_ms = now;
	for (struct request *r = group; r; r = r->next) {
		if (put_request(b, t, r, e)) {
			store_abort(t);
			return -1;
		}
		any = any || !r->refused;
	}
	if (any)
		return store_commit(t, e);
	store_abort(t);
	return 0;
}

static void lead(struct embedded *b, struct request *group)
{
	struct err e = ERR_INIT;
	int failed = put_group(b, group, &e);

	for (struct request *r = group; r; r = r->next) {
		if (failed && !r->refused)
			*r->e = e;
		r->failed = failed || r->refused ? -1 : 0;
	}
	if (!failed)
		learn(b, group);
}

/* Takes the first ones off the queue, one at least. */
static struct request *take_group(struct embedded *b)
{
	struct request *group = b->first, *last = group;
	size_t bytes = last->bytes, puts = last->puts, pages = last->pages;

	while (last->next && bytes + last->next->bytes <= GROUP_BYTES && puts + last->next->puts <= GROUP_PUTS &&
		pages + last->next->pages <= GROUP_PAGES) {
		last = last->next;
		bytes += last->bytes;
		puts += last->puts;
		pages += last->pages;
	}
	b->first = last->next;
	if (!b->first)
		b->last = NULL;
	last->next = NULL;
	return group;
}

/* Whoever finds nobody committing does it, for all that wait. */
static int run(struct embedded *b, struct request *mine)
{
	pthread_mutex_lock(&b->lock);
	if (b->last)
		b->last->next = mine;
	else
		b->first = mine;
	b->last = mine;
	while (!mine->done) {
		struct request *group, *next;

		if (b->leading) {
			pthread_cond_wait(&b->changed, &b->lock);
			continue;
		}
		b->leading = true;
		group = take_group(b);
		pthread_mutex_unlock(&b->lock);
		lead(b, group);
		pthread_mutex_lock(&b->lock);
		for (struct request *r = group; r; r = next) {
			next = r->next;          /* one that is done may be gone */
			r->done = true;
		}
		b->leading = false;
		pthread_cond_broadcast(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
	return mine->failed;
}

int embedded_commit(struct bus_owner *o, const struct bus_commit *c, struct err *e)
{
	struct embedded *b = (struct embedded *)o->bus;
	struct request r = {.flow = o->flow, .generation = o->generation, .c = c, .owner = (struct owner *)o, .e = e};

	r.entries = c->nentries;
	r.puts = c->nrecords + c->nentries;
	for (size_t i = 0; i < c->nrecords; i++)
		r.bytes += c->records[i].key.n + c->records[i].value.n;
	for (size_t i = 0; i < c->npositions; i++)
		r.bytes += c->positions[i].value.n;
	r.pages = r.bytes / PAGE + r.entries * r.owner->pages / PAGES_OF;
	if (run(b, &r))
		return -1;
	embedded_acts_drop(b, o->flow, c->acts_done, c->nacts);
	return 0;
}

int embedded_own(struct bus *bus, const char *flow, struct bus_owner **ret, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct request r = {.flow = flow, .e = e};
	struct owner *o;

	if (run(b, &r))
		return -1;
	o = mem_new(sizeof *o);
	o->owner.generation = r.generation;
	o->pages = PAGES_FIRST;
	o->owner.step_entries = STEP_PAGES * PAGES_OF / PAGES_FIRST;
	*ret = &o->owner;
	return 0;
}
