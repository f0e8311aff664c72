/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_fold_parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

#define POLL_MS 100
#define AGAIN_MS 500                 /* what failed may be much that is fetched again */
#define LOOK_MS 20                   /* how often the heads are looked at while another process folds */
#define LOCK_MS 200
#define LEARN_MS 1000                /* other processes make topics, too */
#define LEARN_WITHIN_MS 10000        /* nobody waits for it: brokers that are away are to be told soon */
#define BEAT_MS 1000                 /* whoever holds the lock touches it so often while it folds */
#define STALE_MS 5000                /* of a process that folds and does not: twice so long, then we fold ourselves */
#define STANDSTILL_MS 60000          /* opening gives up when nothing at all was folded for so long */
#define PROGRESS_MS 5000

/*
 * One process of a host holds the file fold.lock of the folder and folds; the others look at what it has put down. When it
 * ends, another takes the lock within LOCK_MS. All that is kept in memory here is what next to read, so a process that dies
 * at any point leaves an index that is behind, never one that is wrong.
 */
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
	kafka_follow_tell(k, grown);
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

/* So that the others know whether they have to: the time of the file that is locked. */
static void beat_lock(struct kafka_fold *f, int64_t now)
{
	if (!f->locked || now - f->beat_ms < BEAT_MS)
		return;
	f->beat_ms = now;
	(void)futimens(f->lock, NULL);
}

static bool holder_folds(const struct kafka_fold *f)
{
	struct stat st;
	int64_t age;

	if (fstat(f->lock, &st))
		return false;
	age = clock_now_ms() - ((int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000);
	return age > -STALE_MS && age < STALE_MS;    /* ahead of now: the clock was set back since */
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
	const bool before = f->behind;

	f->moved_ms = now;
	f->behind = false;
	if (holder_folds(f))
		return 0;                /* as well as it can: a second one would not be faster */
	if (is_behind(f->k, &f->behind, e))
		return -1;
	if (!before || !f->behind)
		return 0;
	log_line(LOG_WARN, "index.alone", "folder=%s why=the_process_that_folds_does_not", f->k->bus.folder);
	f->holding = true;
	return kafka_follow_all(f, e);
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
		if (try_lock(f) && (f->held ? kafka_follow_rest(f, e) : kafka_follow_all(f, e)))
			return -1;
		if (f->holding && !f->locked && holder_folds(f)) {
			log_line(LOG_INFO, "index.beside", "folder=%s why=the_process_that_folds_does_so_again",
				f->k->bus.folder);
			kafka_follow_none(f);
		}
		beat_lock(f, now);
	}
	if (!f->holding) {
		usleep(LOOK_MS * 1000);
		return look(f, now, e) || (now - f->moved_ms >= STALE_MS && look_after(f, now, e)) ? -1 : 0;
	}
	if (now - f->learnt_ms >= LEARN_MS) {
		f->learnt_ms = now;
		if (kafka_topics_within(f->k, LEARN_WITHIN_MS, learn, f->k, e))
			return -1;
	}
	if (kafka_follow_fetch(f, e))
		return -1;
	rd_kafka_poll(f->client.rk, 0);
	m = kafka_follow_wait(f, POLL_MS);
	return m && (kafka_follow_round(f, m, e) || kafka_follow_ranges(f, e)) ? -1 : 0;
}

static void *run(void *arg)
{
	struct kafka_fold *f = arg;
	int64_t told_ms = -PROGRESS_MS;
	struct err e;

	while (!f->stop) {
		e = ERR_INIT;
		if (turn(f, &e) == 0)
			continue;
		if (err_kind(&e) != ERR_RETRY) {
			fail(f, &e);
			break;
		}
		if (clock_steady_ms() - told_ms >= PROGRESS_MS) {
			told_ms = clock_steady_ms();
			log_err(LOG_WARN, "index.wait", &e, "folder=%s", f->k->bus.folder);
		}
		usleep(AGAIN_MS * 1000);
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

/* Somebody's transaction, or we: whose programs are to be looked at depends on it. */
static void say_why_behind(struct kafka *k, const struct kafka_topic *t, unsigned partition, uint64_t want, struct err *e)
{
	struct kafka_ends *ends = mem_new(t->partitions * sizeof *ends);
	struct err was = *e, ignored;

	if (kafka_ends_of(k, &k->fold->client, t, ends, &ignored) == 0 && ends[partition].high < want)
		err_set(e, E_BUS_BEHIND, "%s\nopen=%" PRIu64, was.args, ends[partition].high);
	free(ends);
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
			failed = err_set(e, E_BUS_BEHIND, "topic=%s\npartition=%u\nhave=%" PRIu64 "\nwant=%" PRIu64,
				t->name, partition, p->next, end);
		}
	}
	pthread_mutex_unlock(&k->lock);
	if (failed && e->id == E_BUS_BEHIND)
		say_why_behind(k, t, partition, end, e);
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

	if (k->fold->holding && !kafka_follows(k, t) && kafka_follow(k->fold, t, &e))
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
	int failed;

	f->k = k;
	f->lock = -1;
	pthread_mutex_init(&f->starting, NULL);
	if (open_lock(f, e) || kafka_client_new(k, KAFKA_FOLD, NULL, &f->client, e))
		return -1;
	f->queue = rd_kafka_queue_new(f->client.rk);
	if (kafka_topics(k, learn, k, e) || (try_lock(f) && kafka_follow_all(f, e)))
		return -1;
	f->locked_ms = clock_steady_ms();
	f->opening = true;
	f->started = pthread_create(&f->thread, NULL, run, f) == 0;
	for (unsigned i = 0; i < KAFKA_HEARTS; i++)
		f->started = pthread_create(&f->hearts[i], NULL, beat, f) == 0 && f->started;
	assert(f->started);
	failed = wait_first(k, e);
	f->opening = false;
	return failed;
}

void kafka_fold_close(struct kafka *k)
{
	struct kafka_fold *f = k->fold;

	if (!f)
		return;
	f->stop = true;
	if (f->started) {
		pthread_join(f->thread, NULL);
		for (unsigned i = 0; i < KAFKA_HEARTS; i++)
			pthread_join(f->hearts[i], NULL);
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
