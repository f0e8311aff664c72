/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define ROUND_RECORDS 5000u
#define ROUND_BYTES (4u << 20)
#define POLL_MS 100
#define LOOK_MS 20                   /* how often the heads are looked at while another process folds */
#define LOCK_MS 200
#define LEARN_MS 1000                /* other processes make topics, too */
#define STALE_MS 5000                /* of a process that folds and does not: twice so long, then we fold ourselves */
#define STANDSTILL_MS 60000          /* opening gives up when nothing at all was folded for so long */
#define PROGRESS_MS 5000
#define OWN_MS 300                   /* without an own run for so long a partition is fetched: what is behind the last one? */

/*
 * One process of a host holds the file fold.lock of the folder and folds; the others look at what it has put down. When it
 * ends, another takes the lock within LOCK_MS. All that is kept in memory here is what next to read, so a process that dies
 * at any point leaves an index that is behind, never one that is wrong.
 */
struct kafka_fold {
	struct kafka *k;
	struct kafka_client client;
	rd_kafka_queue_t *queue;
	rd_kafka_topic_t *topics[BUS_TOPICS_MAX];    /* by at of the topic */
	pthread_mutex_t starting;
	int lock;
	atomic_bool holding;
	pthread_t thread, heart;
	bool started, locked, held;  /* held: what lay there when the lock was taken is followed */
	atomic_bool stop;
	struct err failed;           /* under k->lock: why there is no more folding */
	/* Of the thread: */
	struct kafka_put *put;
	int64_t locked_ms, learnt_ms, moved_ms;
	bool behind;
};

/* ---- following ---- */

/*
 * Between runs of two transactions, one behind the other, of one owner lies the marker that ended the first: the second is not
 * begun before it is written. Whatever somebody else writes between them takes a place of its own.
 */
uint64_t kafka_chain(const struct kafka_part *p, const void *owner, uint64_t txn, const struct kafka_run *run)
{
	bool marker = p->chain == owner && p->chain_txn != txn && p->next == p->chain_to + 1 && run->from == p->next + 1;

	return run->from == p->next || marker ? run->to + 1 : 0;
}

static void fail(struct kafka_fold *f, const struct err *e)
{
	struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	pthread_mutex_lock(&f->k->lock);
	if (!f->failed.id)
		log_err(LOG_ERROR, "index.stopped", e, "folder=%s", f->k->bus.folder);
	f->failed = *e;
	pthread_cond_broadcast(&f->k->folded);
	pthread_mutex_unlock(&f->k->lock);
	/* Another process may fare better, or says the same. */
	f->holding = false;
	(void)fcntl(f->lock, F_OFD_SETLK, &lock);
}

/* Where to go on: behind what has been folded, at the first record that is kept when that is later. */
static int start(struct kafka_fold *f, struct kafka_topic *t, struct err *e)
{
	struct kafka_ends *ends = mem_new(t->partitions * sizeof *ends);
	int failed = kafka_ends(f->k, t, ends, e);
	char full[KAFKA_NAME_MAX];

	pthread_mutex_lock(&f->starting);
	if (!failed && !f->topics[t->at]) {
		rd_kafka_topic_conf_t *conf = rd_kafka_default_topic_conf_dup(f->client.rk);

		rd_kafka_topic_conf_set_opaque(conf, t);
		f->topics[t->at] = rd_kafka_topic_new(f->client.rk, kafka_full(f->k, t->name, full), conf);
	}
	for (unsigned i = 0; !failed && i < t->partitions; i++) {
		struct kafka_part *p = &t->parts[i];
		bool skip;

		pthread_mutex_lock(&f->k->lock);
		skip = p->following;
		/* Folded anew it begins with what is kept; what was folded up to somewhere must go on there. */
		if (!skip && p->next < ends[i].low) {
			if (p->next)
				failed = kafka_gone_at(e, t, i, p->next, ends[i].low);
			else
				p->next = ends[i].low;
		}
		p->following = !failed;
		pthread_mutex_unlock(&f->k->lock);
	}
	pthread_mutex_unlock(&f->starting);
	free(ends);
	return failed;
}

/* The index is of topics that were there under these names before. Heads first: owners of this process move them on while
 * the ends are asked for. */
static int is_ahead(struct kafka *k, bool *ret, struct err *e)
{
	*ret = false;
	for (unsigned i = 0; i < k->ntopics && !*ret; i++) {
		struct kafka_topic *t = k->topics[i];
		struct kafka_ends *ends = mem_new(t->partitions * sizeof *ends);
		uint64_t *heads = mem_new(t->partitions * sizeof *heads);
		int failed;

		pthread_mutex_lock(&k->lock);
		for (unsigned j = 0; j < t->partitions; j++)
			heads[j] = t->parts[j].next;
		pthread_mutex_unlock(&k->lock);
		failed = kafka_ends(k, t, ends, e);
		for (unsigned j = 0; !failed && j < t->partitions; j++)
			if (heads[j] > ends[j].high) {
				log_line(LOG_WARN, "index.ahead", "topic=%s partition=%u next=%" PRIu64 " end=%" PRIu64, t->name, j, heads[j],
					ends[j].high);
				*ret = true;
			}
		free(heads);
		free(ends);
		if (failed)
			return -1;
	}
	return 0;
}

static int begin_anew(struct kafka *k, struct err *e)
{
	bool owned;

	log_line(LOG_WARN, "index.anew", "folder=%s why=topics_are_shorter_than_the_index", k->bus.folder);
	pthread_mutex_lock(&k->owners_lock);
	owned = k->owners || k->owning;
	pthread_mutex_unlock(&k->owners_lock);
	/* Its look-ups would find nothing for a while, and take an id that is known for a new one. */
	if (owned)
		return err_set(e, E_STORE_EMPTIED, "%s", "");
	if (kafka_index_empty(k->index, e))
		return -1;
	for (unsigned i = 0; i < k->ntopics; i++) {
		struct kafka_topic *t = k->topics[i];

		pthread_mutex_lock(&k->lock);
		for (unsigned j = 0; j < t->partitions; j++) {
			t->parts[j].next = t->parts[j].nruns = 0;
			t->parts[j].chain = NULL;
		}
		pthread_mutex_unlock(&k->lock);
		if (kafka_index_topic(k->index, t->name, &t->number, e))
			return -1;
	}
	return 0;
}

/* Those that could not be asked about when they came, too. */
static int start_rest(struct kafka_fold *f, struct err *e)
{
	for (unsigned i = 0; i < f->k->ntopics; i++) {
		struct kafka_topic *t = f->k->topics[i];
		bool following = true;

		pthread_mutex_lock(&f->k->lock);
		for (unsigned j = 0; j < t->partitions; j++)
			following = following && t->parts[j].following;
		pthread_mutex_unlock(&f->k->lock);
		if (!following && start(f, t, e))
			return -1;
	}
	return 0;
}

static int start_all(struct kafka_fold *f, struct err *e)
{
	struct kafka *k = f->k;
	bool ahead;

	/* What the one before has folded since we looked. */
	for (unsigned i = 0; i < k->ntopics; i++)
		if (kafka_topic_heads(k, k->topics[i], e))
			return -1;
	if (is_ahead(k, &ahead, e) || (ahead && begin_anew(k, e)))
		return -1;
	f->held = true;
	return start_rest(f, e);
}

/* ---- folding a record ---- */

struct sink {
	struct index_sink sink;
	struct kafka_put *put;
	const struct kafka_place *place;
};

static int sink_put(struct index_sink *sink, unsigned index, struct span key, struct span extra, struct err *e)
{
	struct sink *s = (struct sink *)sink;

	return kafka_put_entry(s->put, index, key, s->place, extra, e);
}

static int fold_position(struct kafka_put *put, struct span key, struct span value, uint64_t offset, int64_t ms,
	struct err *e)
{
	if (!key.n)
		return 0;
	return memchr(key.p, '/', key.n) ? kafka_put_position(put, key, offset, value, e) :
		kafka_put_epoch(put, key, offset, ms, value, e);
}

static int fold_order(struct kafka_put *put, struct span id, struct span value, uint64_t offset, int64_t ms, struct err *e)
{
	const char *end = value.n ? memchr(value.p, '\n', value.n) : NULL;
	struct span flow = {value.p, end ? (size_t)(end - value.p) : 0};

	if (!id.n || (value.n && !end))
		return 0;                /* not ours */
	return kafka_put_act(put, id, offset, ms, flow, end ? (struct span){end + 1, value.n - flow.n - 1} : SPAN_NONE, e);
}

static int fold_record(struct kafka_fold *f, const struct kafka_topic *t, const rd_kafka_message_t *m, struct err *e)
{
	struct kafka_place place = {t->number, (unsigned)m->partition, (uint64_t)m->offset};
	struct sink sink = {{sink_put}, f->put, &place};
	struct span key = {m->key, m->key_len}, value = {m->payload, m->len};

	if (t == f->k->positions)
		return fold_position(f->put, key, value, place.offset, kafka_time_of(m), e);
	if (t == f->k->orders)
		return fold_order(f->put, key, value, place.offset, kafka_time_of(m), e);
	return value.n ? index_fold(t->name, value, &sink.sink, e) : 0;
}

/* Fetches what others may have written, and lets be what we know; the lock is not held. */
static int fetch(struct kafka_fold *f, struct err *e)
{
	int64_t now = clock_steady_ms();

	for (unsigned i = 0; i < f->k->ntopics; i++) {
		struct kafka_topic *t = f->k->topics[i];

		for (unsigned j = 0; j < t->partitions; j++) {
			struct kafka_part *p = &t->parts[j];
			uint64_t next;
			bool want;

			pthread_mutex_lock(&f->k->lock);
			want = p->following && now - p->own_ms > OWN_MS;
			next = p->next;
			pthread_mutex_unlock(&f->k->lock);
			if (want == p->fetching)
				continue;
			if (want && rd_kafka_consume_start_queue(f->topics[t->at], (int32_t)j, (int64_t)next, f->queue))
				return kafka_fail(f->k, e, t->name, rd_kafka_last_error(), NULL);
			if (!want)
				rd_kafka_consume_stop(f->topics[t->at], (int32_t)j);
			p->fetching = want;
		}
	}
	return 0;
}

/* A fetch asked for what is no longer there: gone is only what we have not folded. */
static int look_at_ranges(struct kafka_fold *f, struct err *e)
{
	for (unsigned i = 0; i < f->k->ntopics; i++) {
		struct kafka_topic *t = f->k->topics[i];

		for (unsigned j = 0; j < t->partitions; j++) {
			struct kafka_part *p = &t->parts[j];

			if (!p->out_of_range)
				continue;
			if (kafka_gone(f->k, t, j, p->next, e))
				return -1;
			rd_kafka_consume_stop(f->topics[t->at], (int32_t)j);
			p->fetching = p->out_of_range = false;
		}
	}
	return 0;
}

/* Put into the index by its owner already. Runs that lie behind are dropped on the way. */
static bool is_own(struct kafka *k, struct kafka_part *p, uint64_t offset)
{
	size_t n = 0;
	bool own;

	pthread_mutex_lock(&k->lock);
	while (n < p->nruns && p->runs[n].to < offset)
		n++;
	if (n) {
		p->nruns -= n;
		memmove(p->runs, p->runs + n, p->nruns * sizeof *p->runs);
	}
	own = p->nruns && p->runs[0].from <= offset;
	pthread_mutex_unlock(&k->lock);
	return own;
}

static int take(struct kafka_fold *f, const rd_kafka_message_t *m, struct err *e)
{
	struct kafka_topic *t = m->rkt ? rd_kafka_topic_opaque(m->rkt) : NULL;
	struct kafka_part *p = t ? &t->parts[m->partition] : NULL;

	if (!p)
		return 0;
	if (!p->touched) {
		pthread_mutex_lock(&f->k->lock);
		p->pending = p->next;
		pthread_mutex_unlock(&f->k->lock);
		p->pending_ms = 0;
	}
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if ((uint64_t)m->offset > p->pending) {
			p->pending = (uint64_t)m->offset;
			p->touched = true;
		}
		return 0;
	}
	if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
		p->out_of_range = true;  /* looked at when the round has ended: it may be an old fetch of what we know by now */
		return 0;
	}
	if (m->err) {
		/* Whatever comes of the network the library tries again by itself. */
		log_line(LOG_DEBUG, "index.wait", "topic=%s why=%s", t->name, rd_kafka_err2name(m->err));
		return 0;
	}
	if ((uint64_t)m->offset < p->pending)
		return 0;
	if (!is_own(f->k, p, (uint64_t)m->offset) && fold_record(f, t, m, e))
		return err_at(e, "%s/%d@%" PRId64, t->name, m->partition, m->offset);
	p->pending = (uint64_t)m->offset + 1;
	p->pending_ms = kafka_time_of(m);
	p->touched = true;
	return 0;
}

static int put_heads(struct kafka_fold *f, struct err *e)
{
	for (unsigned i = 0; i < f->k->ntopics; i++) {
		struct kafka_topic *t = f->k->topics[i];

		for (unsigned j = 0; j < t->partitions; j++)
			if (t->parts[j].touched && kafka_put_head(f->put, t->number, j, t->parts[j].pending, t->parts[j].pending_ms, e))
				return -1;
	}
	return 0;
}

static void tell(struct kafka *k, const bool grown[BUS_TOPICS_MAX])
{
	pthread_mutex_lock(&k->grew_lock);
	for (unsigned i = 0; k->grew && i < k->ntopics; i++)
		if (grown[i] && k->topics[i]->handle != UINT_MAX)
			k->grew(k->grew_arg, k->topics[i]->handle);
	pthread_mutex_unlock(&k->grew_lock);
}

/* What has been put is seen from here on. */
static void show(struct kafka_fold *f)
{
	bool grown[BUS_TOPICS_MAX] = {false};
	struct kafka *k = f->k;

	pthread_mutex_lock(&k->lock);
	for (unsigned i = 0; i < k->ntopics; i++)
		for (unsigned j = 0; j < k->topics[i]->partitions; j++) {
			struct kafka_part *p = &k->topics[i]->parts[j];

			if (!p->touched)
				continue;
			p->touched = false;
			if (p->pending > p->next) {
				p->next = p->pending;
				p->chain = NULL;
			}
			if (p->pending_ms)
				p->time_ms = p->pending_ms;
			grown[i] = true;
		}
	pthread_cond_broadcast(&k->folded);
	pthread_mutex_unlock(&k->lock);
	tell(k, grown);
}

/* One round: all that has come, up to a bound, in one put. */
static int fold_round(struct kafka_fold *f, rd_kafka_message_t *m, struct err *e)
{
	size_t n = 0, bytes = 0;
	int failed;

	if (kafka_put_begin(f->k->index, &f->put, e)) {
		rd_kafka_message_destroy(m);
		return -1;
	}
	do {
		bytes += m->len + m->key_len;
		failed = take(f, m, e);
		rd_kafka_message_destroy(m);
	} while (!failed && ++n < ROUND_RECORDS && bytes < ROUND_BYTES && (m = rd_kafka_consume_queue(f->queue, 0)));
	if (failed || put_heads(f, e)) {
		kafka_put_abort(f->put);
		return -1;
	}
	if (kafka_put_commit(f->put, e))
		return -1;
	show(f);
	return 0;
}

/* ---- the other processes of the host ---- */

static int look(struct kafka_fold *f, int64_t now, struct err *e)
{
	bool grown[BUS_TOPICS_MAX] = {false}, any = false;
	struct kafka *k = f->k;

	for (unsigned i = 0; i < k->ntopics; i++) {
		struct kafka_topic *t = k->topics[i];

		for (unsigned j = 0; j < t->partitions; j++) {
			uint64_t next = 0;      /* there may be no head yet */
			int64_t ms = 0;

			if (kafka_index_head(k->index, t->number, j, &next, &ms, e) < 0)
				return -1;
			pthread_mutex_lock(&k->lock);
			if (next > t->parts[j].next) {
				t->parts[j].next = next;
				t->parts[j].time_ms = ms;
				grown[i] = any = true;
			}
			pthread_mutex_unlock(&k->lock);
		}
	}
	if (!any)
		return 0;
	f->moved_ms = now;
	f->behind = false;
	pthread_mutex_lock(&k->lock);
	pthread_cond_broadcast(&k->folded);
	pthread_mutex_unlock(&k->lock);
	tell(k, grown);
	return 0;
}

/* A lock of the open file: it goes with the process, however that ends. */
static bool try_lock(struct kafka_fold *f)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (!f->locked && fcntl(f->lock, F_OFD_SETLK, &lock) == 0)
		f->holding = f->locked = true;
	return f->holding;
}

static int is_behind(struct kafka *k, bool *ret, struct err *e)
{
	*ret = false;
	for (unsigned i = 0; i < k->ntopics && !*ret; i++) {
		struct kafka_topic *t = k->topics[i];
		struct kafka_ends *ends = mem_new(t->partitions * sizeof *ends);
		int failed = kafka_ends_of(k, &k->fold->client, t, ends, e);

		pthread_mutex_lock(&k->lock);
		for (unsigned j = 0; !failed && j < t->partitions; j++)
			*ret = *ret || ends[j].high > t->parts[j].next;
		pthread_mutex_unlock(&k->lock);
		free(ends);
		if (failed)
			return -1;
	}
	return 0;
}

/* The process that holds the lock may be one that was stopped. Two may fold: what is put twice is there once. */
static int look_after(struct kafka_fold *f, int64_t now, struct err *e)
{
	bool before = f->behind;

	f->moved_ms = now;
	if (is_behind(f->k, &f->behind, e))
		return -1;
	if (!before || !f->behind)
		return 0;
	log_line(LOG_WARN, "index.alone", "folder=%s why=the_process_that_folds_does_not", f->k->bus.folder);
	f->holding = true;
	return start_all(f, e);
}

/* ---- the thread ---- */

static int learn(void *arg, const char *name, unsigned partitions)
{
	struct kafka *k = arg;
	struct kafka_topic *t;
	struct err e;

	if (strlen(name) >= sizeof t->name || partitions == 0)
		return 0;
	t = kafka_topic_add(k, name, partitions, &e);
	if (t && k->fold)
		kafka_fold_follow(k, t);
	return 0;
}

static int turn(struct kafka_fold *f, struct err *e)
{
	rd_kafka_message_t *m;
	int64_t now = clock_steady_ms();

	if (now - f->locked_ms >= LOCK_MS) {
		f->locked_ms = now;
		if (try_lock(f) && (f->held ? start_rest(f, e) : start_all(f, e)))
			return -1;
	}
	if (!f->holding) {
		usleep(LOOK_MS * 1000);
		return look(f, now, e) || (now - f->moved_ms >= STALE_MS && look_after(f, now, e)) ? -1 : 0;
	}
	if (now - f->learnt_ms >= LEARN_MS) {
		f->learnt_ms = now;
		if (kafka_topics(f->k, learn, f->k, e))
			return -1;
	}
	if (fetch(f, e))
		return -1;
	rd_kafka_poll(f->client.rk, 0);
	m = rd_kafka_consume_queue(f->queue, POLL_MS);
	return m && (fold_round(f, m, e) || look_at_ranges(f, e)) ? -1 : 0;
}

static void *run(void *arg)
{
	struct kafka_fold *f = arg;
	struct err e;

	while (!f->stop) {
		e = ERR_INIT;
		if (turn(f, &e) == 0)
			continue;
		if (err_kind(&e) != ERR_RETRY) {
			fail(f, &e);
			break;
		}
		log_err(LOG_WARN, "index.wait", &e, "folder=%s", f->k->bus.folder);
		usleep(POLL_MS * 1000);
	}
	return NULL;
}

static void *beat(void *arg)
{
	struct kafka_fold *f = arg;

	for (unsigned n = 0; !f->stop; n++) {
		if (n % 10 == 9)
			kafka_heartbeats(f->k);
		usleep(100000);
	}
	return NULL;
}

/* ---- waiting ---- */

bool kafka_folds_here(const struct kafka *k)
{
	return k->fold->holding;
}

int kafka_fold_failed(struct kafka *k, struct err *e)
{
	int failed = 0;

	pthread_mutex_lock(&k->lock);
	if (k->fold->failed.id) {
		*e = k->fold->failed;
		failed = -1;
	}
	pthread_mutex_unlock(&k->lock);
	return failed;
}

static void deadline(int ms, struct timespec *ret)
{
	clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_sec += ms / 1000;
	ret->tv_nsec += ms % 1000 * 1000000L;
	if (ret->tv_nsec >= 1000000000L) {
		ret->tv_sec++;
		ret->tv_nsec -= 1000000000L;
	}
}

int kafka_fold_wait_part(struct kafka *k, struct kafka_topic *t, unsigned partition, uint64_t end, int timeout_ms,
	struct err *e)
{
	struct kafka_part *p = &t->parts[partition];
	struct timespec until;
	int failed = 0;

	deadline(timeout_ms, &until);
	pthread_mutex_lock(&k->lock);
	if (p->next < end)
		p->own_ms = 0;
	while (p->next < end && !failed) {
		if (k->fold->failed.id) {
			*e = k->fold->failed;
			failed = -1;
		} else if (pthread_cond_timedwait(&k->folded, &k->lock, &until) == ETIMEDOUT && p->next < end) {
			failed = err_set(e, E_BUS_BEHIND, "topic=%s\npartition=%u\nhave=%" PRIu64 "\nwant=%" PRIu64, t->name, partition,
				p->next, end);
		}
	}
	pthread_mutex_unlock(&k->lock);
	return failed;
}

int kafka_fold_wait(struct kafka *k, enum kafka_end end, int timeout_ms, struct err *e)
{
	int64_t until = clock_steady_ms() + timeout_ms;
	unsigned n;

	if (kafka_topics(k, learn, k, e))
		return -1;
	pthread_mutex_lock(&k->lock);
	n = k->ntopics;
	pthread_mutex_unlock(&k->lock);
	for (unsigned i = 0; i < n; i++) {
		struct kafka_topic *t = k->topics[i];
		struct kafka_ends *ends = mem_new(t->partitions * sizeof *ends);
		int failed = kafka_ends_of(k, end == KAFKA_COMMITTED ? &k->fold->client : &k->ask, t, ends, e);

		for (unsigned j = 0; !failed && j < t->partitions; j++) {
			int64_t left = until - clock_steady_ms();

			failed = kafka_fold_wait_part(k, t, j, ends[j].high, left > 0 ? (int)left : 0, e);
		}
		free(ends);
		if (failed)
			return -1;
	}
	return 0;
}

void kafka_fold_follow(struct kafka *k, struct kafka_topic *t)
{
	struct err e;

	if (k->fold->holding && start(k->fold, t, &e))
		log_err(LOG_WARN, "index.wait", &e, "topic=%s", t->name);
}

/* The first time through: it may be long, so it is told how far it is. */
static int wait_first(struct kafka *k, struct err *e)
{
	int64_t moved = clock_steady_ms(), told = moved;
	uint64_t before = 0;

	for (;;) {
		int64_t now;
		uint64_t folded = 0;

		if (kafka_fold_wait(k, KAFKA_COMMITTED, PROGRESS_MS, e) == 0)
			return 0;
		if (e->id != E_BUS_BEHIND)
			return -1;
		now = clock_steady_ms();
		pthread_mutex_lock(&k->lock);
		for (unsigned i = 0; i < k->ntopics; i++)
			for (unsigned j = 0; j < k->topics[i]->partitions; j++)
				folded += k->topics[i]->parts[j].next;
		pthread_mutex_unlock(&k->lock);
		if (folded != before)
			moved = now;
		before = folded;
		if (now - moved > STANDSTILL_MS)
			return -1;
		if (now - told >= PROGRESS_MS)
			log_line(LOG_INFO, "index.fold", "folded=%" PRIu64, folded);
		told = now;
	}
}

/* ---- open, close ---- */

static int open_lock(struct kafka_fold *f, struct err *e)
{
	char path[600];

	snprintf(path, sizeof path, "%s/fold.lock", f->k->bus.folder);
	f->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return f->lock < 0 ? err_sys(e, E_FILE_DENIED, path, errno) : 0;
}

int kafka_fold_open(struct kafka *k, struct err *e)
{
	struct kafka_fold *f = k->fold = mem_new(sizeof *f);

	f->k = k;
	f->lock = -1;
	pthread_mutex_init(&f->starting, NULL);
	if (open_lock(f, e) || kafka_client_new(k, KAFKA_FOLD, NULL, &f->client, e))
		return -1;
	f->queue = rd_kafka_queue_new(f->client.rk);
	if (kafka_topics(k, learn, k, e) || (try_lock(f) && start_all(f, e)))
		return -1;
	f->locked_ms = clock_steady_ms();
	f->started = pthread_create(&f->thread, NULL, run, f) == 0 && pthread_create(&f->heart, NULL, beat, f) == 0;
	assert(f->started);
	return wait_first(k, e);
}

void kafka_fold_close(struct kafka *k)
{
	struct kafka_fold *f = k->fold;

	if (!f)
		return;
	f->stop = true;
	if (f->started) {
		pthread_join(f->thread, NULL);
		pthread_join(f->heart, NULL);
	}
	for (unsigned i = 0; i < k->ntopics; i++) {
		for (unsigned j = 0; f->topics[i] && j < k->topics[i]->partitions; j++)
			if (k->topics[i]->parts[j].fetching)
				rd_kafka_consume_stop(f->topics[i], (int32_t)j);
		if (f->topics[i])
			rd_kafka_topic_destroy(f->topics[i]);
	}
	if (f->queue)
		rd_kafka_queue_destroy(f->queue);
	kafka_client_done(&f->client);
	pthread_mutex_destroy(&f->starting);
	if (f->lock >= 0)
		close(f->lock);
	k->fold = NULL;
	free(f);
}
