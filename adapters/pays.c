/* SPDX-License-Identifier: Apache-2.0 */
#include "pays.h"

#include <pthread.h>
#include <stdlib.h>

#include "hash.h"
#include "index.h"

#define DAY_BITS 9                   /* of a slot's key: the window is at most 361 days wide */

_Static_assert(2 * PAYS_DAYS_MAX < 1 << DAY_BITS, "days that are far from each other do not look near");

/* key: 55 bits of the paykey, which is a hash, then the day; 0 is an empty place. */
struct slot {
	uint64_t key;
	uint32_t id, line;
};

/* One that was published. */
struct candidate {
	unsigned topic, partition;
	uint64_t offset;
	int64_t day;
};

struct pays_set {
	struct pays *pays;
	struct pays_set *next;
	char adapter[104];
	struct slot *slots;
	size_t n, cap;
	struct candidate *found;     /* of the last look */
	unsigned nfound, found_cap;
	struct buf id, batchid;      /* of the last twin */
};

struct pays {
	pthread_mutex_t lock;
	unsigned days;
	struct pays_set *sets;
};

struct pays *pays_new(unsigned days)
{
	struct pays *p = mem_new(sizeof *p);

	pthread_mutex_init(&p->lock, NULL);
	p->days = days;
	return p;
}

void pays_free(struct pays *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p);
}

unsigned pays_days(const struct pays *p)
{
	return p->days;
}

struct pays_set *pays_join(struct pays *p, const char *adapter)
{
	struct pays_set *s = mem_new(sizeof *s);

	s->pays = p;
	snprintf(s->adapter, sizeof s->adapter, "%s", adapter);
	pthread_mutex_lock(&p->lock);
	s->next = p->sets;
	p->sets = s;
	pthread_mutex_unlock(&p->lock);
	return s;
}

void pays_leave(struct pays_set *s)
{
	struct pays_set **at;

	if (!s)
		return;
	pthread_mutex_lock(&s->pays->lock);
	for (at = &s->pays->sets; *at != s;)
		at = &(*at)->next;
	*at = s->next;
	pthread_mutex_unlock(&s->pays->lock);
	free(s->slots);
	free(s->found);
	buf_done(&s->id);
	buf_done(&s->batchid);
	free(s);
}

void pays_clear(struct pays_set *s)
{
	pthread_mutex_lock(&s->pays->lock);
	free(s->slots);
	s->slots = NULL;
	s->n = s->cap = 0;
	pthread_mutex_unlock(&s->pays->lock);
}

/* ---- what is on its way; the lock is held ---- */

static size_t place_of(const struct pays_set *s, uint64_t key)
{
	return (size_t)(key >> DAY_BITS) & (s->cap - 1);
}

static struct slot *slot_for(struct pays_set *s, uint64_t key)
{
	size_t at = place_of(s, key);

	while (s->slots[at].key && s->slots[at].key != key)
		at = (at + 1) & (s->cap - 1);
	return &s->slots[at];
}

static void grow(struct pays_set *s)
{
	struct slot *old = s->slots;
	size_t cap = s->cap;

	s->cap = cap ? cap * 2 : 1024;
	s->slots = mem_new(s->cap * sizeof *s->slots);
	for (size_t i = 0; i < cap; i++)
		if (old[i].key)
			*slot_for(s, old[i].key) = old[i];
	free(old);
}

/* Of several on one day the first stays: it stands for the others. */
static void enter(struct pays_set *s, const struct slot *x)
{
	struct slot *to;

	if (s->n == PAYS_MAX)
		return;
	if (s->n * 4 >= s->cap * 3)
		grow(s);
	to = slot_for(s, x->key);
	if (to->key)
		return;
	*to = *x;
	s->n++;
}

/* Days from the one to the other, by what a slot keeps of them. */
static int days_to(uint64_t from, uint64_t to)
{
	int d = (int)((to - from) & ((1u << DAY_BITS) - 1));

	return d < 1 << (DAY_BITS - 1) ? d : d - (1 << DAY_BITS);
}

static bool find_in(const struct pays_set *s, const struct slot *x, int64_t day, struct pay_twin *ret)
{
	for (size_t at = s->cap ? place_of(s, x->key) : 0; s->cap && s->slots[at].key; at = (at + 1) & (s->cap - 1)) {
		const struct slot *have = &s->slots[at];
		int days = days_to(x->key, have->key);

		if ((have->key ^ x->key) >> DAY_BITS || have->id == x->id || abs(days) > (int)s->pays->days)
			continue;
		*ret = (struct pay_twin){.day = day + days, .adapter = s->adapter, .line = have->line};
		return true;
	}
	return false;
}

static bool look_on_its_way(struct pays_set *mine, const struct slot *x, int64_t day, struct pay_twin *ret)
{
	bool found;

	pthread_mutex_lock(&mine->pays->lock);
	found = find_in(mine, x, day, ret);
	for (const struct pays_set *s = mine->pays->sets; s && !found; s = s->next)
		found = s != mine && find_in(s, x, day, ret);
	enter(mine, x);
	pthread_mutex_unlock(&mine->pays->lock);
	return found;
}

/* ---- what was published ---- */

struct search {
	struct pays_set *set;
	int64_t day;
};

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

static int note(void *arg, struct span key, const struct bus_entry *entry)
{
	const struct search *l = arg;
	struct pays_set *s = l->set;
	int64_t day = index_pay_day(key);

	if (distance(day, l->day) > s->pays->days)
		return 0;
	if (s->nfound == s->found_cap) {
		s->found_cap = s->found_cap ? s->found_cap * 2 : 64;
		s->found = mem_grow(s->found, s->found_cap, sizeof *s->found);
	}
	s->found[s->nfound++] = (struct candidate){entry->topic, entry->partition, entry->offset, day};
	return 0;
}

/* The event at that place, its id and batch put into the set: 1, -1. */
static int read_twin(struct pays_set *s, struct bus *b, const struct candidate *at, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	int got;

	if (bus_read(b, at->topic, at->partition, &r, e) != 0)
		return -1;
	bus_seek(r, at->offset);
	got = bus_next(r, &m, e);
	if (got == 1 && event_read(m.value, &v, e) != 0)
		got = -1;
	if (got == 1) {
		buf_clear(&s->id);
		buf_clear(&s->batchid);
		buf_span(&s->id, v.id);
		buf_span(&s->batchid, v.batchid);
	}
	bus_unread(r);
	return got;
}

/* A payment of a batch that was given back is none. */
static int was_returned(struct bus *b, struct bus_owner *o, struct span batchid, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry entry;
	int got = bus_look(b, o, INDEX_CLAIMS, index_key(key, INDEX_BATCH, batchid, SPAN_NONE), &entry, e);

	return got <= 0 ? got : span_is(entry.extra, "returned");
}

static int is_twin(struct pays_set *s, struct bus *b, struct bus_owner *o, const struct pay *p, const struct candidate *at,
	struct err *e)
{
	int got = read_twin(s, b, at, e);

	if (got <= 0 || span_eq(buf_as_span(&s->id), p->id))
		return got < 0 ? -1 : 0;
	got = was_returned(b, o, buf_as_span(&s->batchid), e);
	return got < 0 ? -1 : !got;
}

static int look_in_index(struct pays_set *s, struct bus *b, struct bus_owner *o, const struct pay *p, const uint8_t *paykey,
	struct pay_twin *ret, struct err *e)
{
	struct search found = {s, p->day};
	const int64_t days = s->pays->days, last = p->day + days;
	char key[INDEX_PAY_KEY_MAX];

	s->nfound = 0;
	for (int64_t day = p->day - days;; day += INDEX_PAY_DAYS) {
		bool end = index_pay_span(day) >= index_pay_span(last);

		if (bus_entries(b, INDEX_PAYS, index_pay_prefix(key, day, paykey), note, &found, e) != 0)
			return -1;
		if (end)
			break;
	}
	for (int64_t near = 0; near <= days && s->nfound; near++)
		for (unsigned i = 0; i < s->nfound; i++) {
			int got = distance(s->found[i].day, p->day) == near ? is_twin(s, b, o, p, &s->found[i], e) : 0;

			if (got != 0) {
				*ret = (struct pay_twin){.day = s->found[i].day, .id = buf_as_span(&s->id),
					.batchid = buf_as_span(&s->batchid)};
				return got;
			}
		}
	return 0;
}

int pays_look(struct pays_set *s, struct bus *b, struct bus_owner *o, const struct pay *p, struct pay_twin *ret,
	struct err *e)
{
	uint8_t paykey[INDEX_PAYKEY];
	struct slot x = {.id = hash_crc32c(0, p->id.p, p->id.n), .line = (uint32_t)p->line};

	if (hash_unhex(p->paykey, paykey, sizeof paykey) != 0)
		return 0;
	memcpy(&x.key, paykey, sizeof x.key);
	x.key = x.key << DAY_BITS | ((uint64_t)p->day & ((1u << DAY_BITS) - 1));
	x.key |= (uint64_t)1 << 63;   /* 0 is an empty place */
	if (look_on_its_way(s, &x, p->day, ret))
		return 1;
	return look_in_index(s, b, o, p, paykey, ret, e);
}
