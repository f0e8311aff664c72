/* SPDX-License-Identifier: Apache-2.0 */
#include "pays.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "hash.h"
#include "index.h"
#include "u64set.h"

#define IN_MEMORY 2048u              /* payments of a set that are not yet in its file */

/* One that is on its way, as it lies in the file. */
struct entry {
	uint8_t paykey[INDEX_PAYKEY];
	int64_t day;
	uint64_t id;                 /* a hash */
	uint64_t line;
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
	struct u64set found_by;      /* 32 bits of a paykey, then the number of the entry, from 1 */
	struct entry *last;          /* IN_MEMORY of them: those that are not in the file */
	uint64_t in_file;
	int fd;                      /* -1: none yet */
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
	s->fd = -1;
	snprintf(s->adapter, sizeof s->adapter, "%s", adapter);
	pthread_mutex_lock(&p->lock);
	s->next = p->sets;
	p->sets = s;
	pthread_mutex_unlock(&p->lock);
	return s;
}

static void forget(struct pays_set *s)
{
	u64set_done(&s->found_by);
	free(s->last);
	s->last = NULL;
	s->in_file = 0;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
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
	forget(s);
	free(s->found);
	buf_done(&s->id);
	buf_done(&s->batchid);
	free(s);
}

void pays_clear(struct pays_set *s)
{
	pthread_mutex_lock(&s->pays->lock);
	forget(s);
	pthread_mutex_unlock(&s->pays->lock);
}

/* ---- what is on its way; the lock is held ---- */

static uint32_t top_of(const struct entry *x)
{
	uint32_t top;

	memcpy(&top, x->paykey, sizeof top);
	return top;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a < b ? b - a : a - b;
}

static int file_failed(struct err *e, int why)
{
	return err_sys(e, E_FILE_FAILED, "payments", why);
}

static int write_last(struct pays_set *s, struct err *e)
{
	if (s->fd < 0 && fsys_temporary(&s->fd, e) != 0)
		return -1;
	/* What a write that failed has left is written over. */
	if (lseek(s->fd, (off_t)(s->in_file * sizeof *s->last), SEEK_SET) < 0)
		return file_failed(e, errno);
	if (fsys_write(s->fd, s->last, IN_MEMORY * sizeof *s->last, "payments", e) != 0)
		return -1;
	s->in_file += IN_MEMORY;
	return 0;
}

static int entry_get(const struct pays_set *s, uint64_t number, struct entry *ret, struct err *e)
{
	ssize_t n;

	if (number > s->in_file) {
		*ret = s->last[number - s->in_file - 1];
		return 0;
	}
	do
		n = pread(s->fd, ret, sizeof *ret, (off_t)((number - 1) * sizeof *ret));
	while (n < 0 && errno == EINTR);
	return n == sizeof *ret ? 0 : file_failed(e, n < 0 ? errno : EIO);
}

/* Of several on one day the first stays: it stands for the others. */
static int enter(struct pays_set *s, const struct entry *x, struct err *e)
{
	const uint64_t number = s->found_by.n + 1;

	if (number > PAYS_MAX)
		return 0;
	if (!s->last)
		s->last = mem_new(IN_MEMORY * sizeof *s->last);
	if (number > s->in_file + IN_MEMORY && write_last(s, e) != 0)
		return -1;
	s->last[number - s->in_file - 1] = *x;
	u64set_add(&s->found_by, (uint64_t)top_of(x) << 32 | number);
	return 0;
}

/* *ret_there: one of the same paykey and day is in the set. */
static int find_in(const struct pays_set *s, const struct entry *x, struct pay_twin *ret, bool *ret_there, struct err *e)
{
	bool found = false;
	struct entry have;

	for (const uint64_t *at = u64set_find(&s->found_by, top_of(x)); *at && *at >> 32 == top_of(x); at++) {
		if (entry_get(s, *at & UINT32_MAX, &have, e) != 0)
			return -1;
		if (memcmp(have.paykey, x->paykey, sizeof have.paykey) != 0)
			continue;
		*ret_there = *ret_there || have.day == x->day;
		if (found || have.id == x->id || distance(have.day, x->day) > s->pays->days)
			continue;
		*ret = (struct pay_twin){.day = have.day, .adapter = s->adapter, .line = have.line};
		found = true;
	}
	return found;
}

static int look_on_its_way(struct pays_set *mine, const struct entry *x, struct pay_twin *ret, struct err *e)
{
	bool there = false, elsewhere = false;
	int found;

	pthread_mutex_lock(&mine->pays->lock);
	found = find_in(mine, x, ret, &there, e);
	for (const struct pays_set *s = mine->pays->sets; s && !found; s = s->next)
		found = s != mine ? find_in(s, x, ret, &elsewhere, e) : 0;
	if (found >= 0 && !there && enter(mine, x, e) != 0)
		found = -1;
	pthread_mutex_unlock(&mine->pays->lock);
	return found;
}

/* ---- what was published ---- */

struct search {
	struct pays_set *set;
	int64_t day;
};

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

static int is_twin(struct pays_set *s, struct bus *b, struct bus_owner *o, const struct pay *p,
	const struct candidate *at, struct err *e)
{
	int got = read_twin(s, b, at, e);

	if (got <= 0 || span_eq(buf_as_span(&s->id), p->id))
		return got < 0 ? -1 : 0;
	got = was_returned(b, o, buf_as_span(&s->batchid), e);
	return got < 0 ? -1 : !got;
}

static int look_in_index(struct pays_set *s, struct bus *b, struct bus_owner *o, const struct pay *p,
	const uint8_t *paykey, struct pay_twin *ret, struct err *e)
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
	struct entry x = {.day = p->day,
		.id = (uint64_t)hash_murmur2(p->id.p, p->id.n) << 32 | hash_crc32c(0, p->id.p, p->id.n),
		.line = p->line};
	int found;

	if (hash_unhex(p->paykey, x.paykey, sizeof x.paykey) != 0)
		return 0;
	found = look_on_its_way(s, &x, ret, e);
	return found ? found : look_in_index(s, b, o, p, x.paykey, ret, e);
}
