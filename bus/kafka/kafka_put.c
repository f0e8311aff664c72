/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "kafka_index_parts.h"

/* Entries in one transaction: keys without order change a page each, and those lie in memory until they are written. */
#define PART 5000u
#define KEEP_BYTES (4u << 20)        /* a put that was larger gives its memory back: it comes when a bus is folded anew */

/*
 * A put gathers in memory and writes when it is committed: nobody waits while it is filled, and entries are written in
 * the order of their keys, so that neighbours meet the same page.
 */
struct entry {
	uint64_t first;              /* bytes of the key, to compare by */
	size_t at;                   /* key, extra behind it */
	uint32_t nkey, nextra;
	struct kafka_place place;
};

struct entries {
	struct entry *p;
	size_t n, cap;
	bool sorted;
};

enum kind { POSITION, EPOCH, ACT, ACT_DONE, HEAD };

struct other {
	enum kind kind;
	size_t at, nkey, nvalue;     /* key, value as it will stand, behind it */
};

struct kafka_put {
	struct kafka_put *next;      /* of those kept */
	struct kafka_index *index;
	struct entries entries[INDEX_COUNT];
	struct other *others;
	size_t nothers, cap_others;
	struct buf bytes;
	struct store_txn *writing;   /* while it is committed */
	size_t written;
};

static void give_back(struct kafka_put *p)
{
	for (unsigned i = 0; i < INDEX_COUNT; i++) {
		free(p->entries[i].p);
		p->entries[i] = (struct entries){0};
	}
	free(p->others);
	p->others = NULL;
	p->cap_others = 0;
	buf_done(&p->bytes);
}

void kafka_put_free(struct kafka_put *p)
{
	while (p) {
		struct kafka_put *next = p->next;

		give_back(p);
		free(p);
		p = next;
	}
}

/* ---- gathering ---- */

int kafka_put_begin(struct kafka_index *x, struct kafka_put **ret, struct err *e)
{
	struct kafka_put *p;

	(void)e;
	pthread_mutex_lock(&x->lock);
	p = x->kept;
	if (p)
		x->kept = p->next;
	pthread_mutex_unlock(&x->lock);
	if (!p)
		p = mem_new(sizeof *p);
	p->index = x;
	for (unsigned i = 0; i < INDEX_COUNT; i++) {
		p->entries[i].n = 0;
		p->entries[i].sorted = true;
	}
	p->nothers = 0;
	buf_clear(&p->bytes);
	*ret = p;
	return 0;
}

void kafka_put_abort(struct kafka_put *p)
{
	struct kafka_index *x;

	if (!p)
		return;
	x = p->index;
	if (p->bytes.cap > KEEP_BYTES)
		give_back(p);
	pthread_mutex_lock(&x->lock);
	p->next = x->kept;
	x->kept = p;
	pthread_mutex_unlock(&x->lock);
}

static bool is_key(struct span key)
{
	return key.n && key.n <= STORE_KEY_MAX;
}

static uint64_t first_of(struct span key)
{
	char first[8] = {0};

	memcpy(first, key.p, key.n < sizeof first ? key.n : sizeof first);
	return store_of64(first);
}

/* In which order they are written; equal keys in the order of their coming. */
static int by_key(const void *a, const void *b, void *arg)
{
	const struct entry *x = a, *y = b;
	const char *bytes = arg;
	int order;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	order = span_cmp((struct span){bytes + x->at, x->nkey}, (struct span){bytes + y->at, y->nkey});
	return order ? order : x->at < y->at ? -1 : x->at > y->at;
}

int kafka_put_entry(struct kafka_put *p, unsigned index, struct span key, const struct kafka_place *place,
	struct span extra, struct err *e)
{
	struct entries *list = &p->entries[index];
	struct entry *n;

	(void)e;
	assert(index < INDEX_COUNT && place->number < BUS_TOPICS_MAX && place->partition <= UINT16_MAX);
	if (!is_key(key))
		return 0;
	list->p = mem_room(list->p, &list->cap, list->n + 1, sizeof *list->p);
	n = &list->p[list->n++];
	*n = (struct entry){first_of(key), p->bytes.n, (uint32_t)key.n, (uint32_t)extra.n, *place};
	buf_span(&p->bytes, key);
	buf_span(&p->bytes, extra);
	if (list->sorted && list->n > 1)
		list->sorted = by_key(n - 1, n, p->bytes.p) < 0;
	return 0;
}

/* The key, and the begin of a value whose rest the caller adds. */
static struct other *add(struct kafka_put *p, enum kind kind, struct span key, const uint64_t *stamps, size_t nstamps)
{
	struct other *o;
	char number[8];

	p->others = mem_room(p->others, &p->cap_others, p->nothers + 1, sizeof *p->others);
	o = &p->others[p->nothers++];
	*o = (struct other){kind, p->bytes.n, key.n, 8 * nstamps};
	buf_span(&p->bytes, key);
	for (size_t i = 0; i < nstamps; i++) {
		store_key64(stamps[i], number);
		buf_add(&p->bytes, number, sizeof number);
	}
	return o;
}

static void add_more(struct kafka_put *p, struct other *o, struct span more)
{
	o->nvalue += more.n;
	buf_span(&p->bytes, more);
}

int kafka_put_position(struct kafka_put *p, struct span key, uint64_t offset, struct span value, struct err *e)
{
	(void)e;
	if (is_key(key))
		add_more(p, add(p, POSITION, key, &offset, 1), value);
	return 0;
}

int kafka_put_epoch(struct kafka_put *p, struct span flow, uint64_t offset, int64_t time_ms, struct span value,
	struct err *e)
{
	const uint64_t stamps[] = {offset, (uint64_t)time_ms};

	(void)e;
	if (is_key(flow))
		add_more(p, add(p, EPOCH, flow, stamps, 2), value);
	return 0;
}

int kafka_put_act(struct kafka_put *p, struct span id, uint64_t offset, int64_t time_ms, struct span flow,
	struct span text, struct err *e)
{
	const uint64_t stamps[] = {offset, (uint64_t)time_ms};
	struct other *o;
	char n[4];

	(void)e;
	if (!is_key(id))
		return 0;
	if (!text.n) {
		add(p, ACT_DONE, id, NULL, 0);
		return 0;
	}
	o = add(p, ACT, id, stamps, 2);
	sealed_put32(n, (uint32_t)flow.n);
	add_more(p, o, (struct span){n, sizeof n});
	add_more(p, o, flow);
	add_more(p, o, text);
	return 0;
}

int kafka_put_head(struct kafka_put *p, unsigned number, unsigned partition, uint64_t next, int64_t time_ms,
	struct err *e)
{
	const uint64_t stamps[] = {next, (uint64_t)time_ms};
	char room[4];

	(void)e;
	assert(number < BUS_TOPICS_MAX && partition <= UINT16_MAX);
	add(p, HEAD, kafka_head_key(number, partition, room), stamps, 2);
	return 0;
}

/* ---- writing entries ---- */

/* Which was committed before the other. Clocks of brokers differ a little, so within a partition offsets alone count. Topics by
 * name, which is the same on every host and after every fold; their numbers are not. */
static int place_cmp(struct kafka_index *x, const struct kafka_place *a, const struct kafka_place *b)
{
	if ((a->number != b->number || a->partition != b->partition) && a->time_ms != b->time_ms)
		return a->time_ms < b->time_ms ? -1 : 1;
	if (a->number != b->number)
		return strcmp(x->names[a->number], x->names[b->number]);
	if (a->partition != b->partition)
		return a->partition < b->partition ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* Somebody may have gone by what is there: between partitions it stays, unless it is later than clocks of brokers can make it. */
static bool is_surely_first(const struct kafka_place *a, const struct kafka_place *there)
{
	return (a->number == there->number && a->partition == there->partition) || there->time_ms - a->time_ms > BUS_CLOCK_MS;
}

static int know_name(struct kafka_index *x, struct store_txn *t, unsigned number, struct err *e)
{
	if (number >= BUS_TOPICS_MAX)
		return sealed_damaged(e, "index", 0, 0);
	if (!x->names[number] && kafka_index_names(x, t, e))
		return -1;
	return x->names[number] ? 0 : sealed_damaged(e, "index", 0, 0);
}

/* Whether the place of n counts and not that of what is there: 1, 0, -1. */
static int counts(struct kafka_index *x, struct store_txn *t, unsigned index, const struct entry *n, struct span key,
	struct err *e)
{
	struct kafka_place old;
	struct span there;
	int order;

	if (sealed_get(t, &x->index[index], key, &there, e) < 0)
		return -1;
	if (there.n < ENTRY_BYTES)
		return sealed_damaged(e, x->index[index].name, 0, 0);
	kafka_entry_get(there.p, &old);
	if (know_name(x, t, old.number, e) || know_name(x, t, n->place.number, e))
		return -1;
	order = place_cmp(x, &n->place, &old);
	return index_table[index].keep == INDEX_FIRST ? order < 0 && is_surely_first(&n->place, &old) : order > 0;
}

static int write_entry(struct kafka_put *p, unsigned index, const struct entry *n, struct err *e)
{
	const struct sealed *table = &p->index->index[index];
	struct store_txn *t = p->writing;
	struct span key = {p->bytes.p + n->at, n->nkey};
	size_t size = ENTRY_BYTES + n->nextra;
	char *to;
	int got = sealed_reserve(t, table, key, size, STORE_FIRST, &to, e);

	if (got == 0) {
		got = counts(p->index, t, index, n, key, e);
		if (got == 1)
			got = sealed_reserve(t, table, key, size, STORE_LAST, &to, e);
	}
	if (got <= 0)
		return got;
	kafka_entry_put(to, &n->place);
	memcpy(to + ENTRY_BYTES, key.p + key.n, n->nextra);
	sealed_seal(table, key, to, size);
	return 0;
}

static int part_begin(struct kafka_put *p, struct err *e)
{
	p->writing = NULL;
	p->written = 0;
	return store_write(p->index->store, &p->writing, e) || kafka_index_era_check(p->index, p->writing, e) ||
		store_room(p->writing, e) ? -1 : 0;
}

static int part_commit(struct kafka_put *p, struct err *e)
{
	struct store_txn *t = p->writing;

	p->writing = NULL;
	return store_commit(t, e);
}

static int write_entries(struct kafka_put *p, unsigned index, struct err *e)
{
	struct entries *list = &p->entries[index];

	if (!list->sorted)
		qsort_r(list->p, list->n, sizeof *list->p, by_key, p->bytes.p);
	list->sorted = true;
	for (size_t i = 0; i < list->n; i++) {
		if (p->written == PART && (part_commit(p, e) || part_begin(p, e)))
			return -1;
		if (write_entry(p, index, &list->p[i], e))
			return -1;
		p->written++;
	}
	return 0;
}

/* ---- writing the others ---- */

/* The value of the higher offset stays. */
static int write_newer(struct store_txn *t, const struct sealed *table, struct span key, struct span value, struct err *e)
{
	struct span there;
	int got = sealed_get(t, table, key, &there, e);

	if (got == 1 && there.n < 8)
		return sealed_damaged(e, table->name, 0, 0);
	if (got == 1 && store_of64(there.p) >= store_of64(value.p))
		return 0;
	return got < 0 ? -1 : sealed_put(t, table, key, value, e);
}

/* The first one counts, until one says that it is done. */
static int write_act(struct kafka_index *x, struct store_txn *t, struct span id, struct span value, struct err *e)
{
	struct span there;
	int got = sealed_get(t, &x->done, id, &there, e);

	if (got)
		return got < 0 ? -1 : 0;
	got = sealed_get(t, &x->waiting, id, &there, e);
	if (got == 1 && there.n < STAMP_BYTES + 4)
		return sealed_damaged(e, x->waiting.name, 0, 0);
	if (got == 1 && store_of64(there.p) <= store_of64(value.p))
		return 0;
	return got < 0 ? -1 : sealed_put(t, &x->waiting, id, value, e);
}

static int write_done(struct kafka_index *x, struct store_txn *t, struct span id, struct err *e)
{
	struct span there;
	int got = sealed_get(t, &x->done, id, &there, e);

	if (got)
		return got < 0 ? -1 : 0;
	return sealed_put(t, &x->done, id, SPAN(""), e) || store_delete(t, x->waiting.handle, id, e) < 0 ? -1 : 0;
}

static int write_head(struct kafka_index *x, struct store_txn *t, struct span key, struct span value, struct err *e)
{
	struct span there;
	int got = sealed_get(t, &x->heads, key, &there, e);
	uint64_t next = store_of64(value.p);
	int64_t ms = (int64_t)store_of64(value.p + 8);
	char merged[STAMP_BYTES];

	if (got == 1 && there.n != STAMP_BYTES)
		return sealed_damaged(e, x->heads.name, 0, 0);
	if (got == 1) {
		uint64_t old = store_of64(there.p);
		int64_t old_ms = (int64_t)store_of64(there.p + 8);

		if (old >= next && old_ms >= ms)
			return 0;
		next = old > next ? old : next;
		ms = old_ms > ms ? old_ms : ms;
	}
	store_key64(next, merged);
	store_key64((uint64_t)ms, merged + 8);
	return got < 0 ? -1 : sealed_put(t, &x->heads, key, (struct span){merged, sizeof merged}, e);
}

static int write_other(struct kafka_put *p, const struct other *o, struct err *e)
{
	struct kafka_index *x = p->index;
	struct store_txn *t = p->writing;
	struct span key = {p->bytes.p + o->at, o->nkey}, value = {key.p + key.n, o->nvalue};

	switch (o->kind) {
	case POSITION:
		return write_newer(t, &x->positions, key, value, e);
	case EPOCH:
		return write_newer(t, &x->epochs, key, value, e);
	case ACT:
		return write_act(x, t, key, value, e);
	case ACT_DONE:
		return write_done(x, t, key, e);
	case HEAD:
		return write_head(x, t, key, value, e);
	}
	abort();
}

/* ---- all of it ---- */

static int write_all(struct kafka_put *p, struct err *e)
{
	if (part_begin(p, e))
		return -1;
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		if (write_entries(p, i, e))
			return -1;
	for (size_t i = 0; i < p->nothers; i++)
		if (write_other(p, &p->others[i], e))
			return -1;
	return part_commit(p, e);
}

int kafka_put_commit(struct kafka_put *p, struct err *e)
{
	struct kafka_index *x = p->index;
	int failed = write_all(p, e);

	if (failed)
		store_abort(p->writing);
	kafka_put_abort(p);
	return kafka_index_told(x, failed, e);
}
