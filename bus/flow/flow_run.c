/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "flow.h"
#include "log.h"

#define THREADS_MAX 4u           /* more find no work: commits wait for one disk */
#define ACTS_MS 1000             /* how often an idle flow looks for acts that another process handed in */
#define STOP_MS 100              /* how often the stop flag is looked at: a signal handler cannot wake a thread */
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 5000
#define GIVE_UP_AFTER 3u         /* equal failures in a row, nothing else moving: until_idle waits no longer */
#define GIVE_UP_SHARES 8u        /* the same of a share that leaves it to the first one to write how many there are: then it does it itself */

enum place { READY, TURNING, RESTING, OUT };

/* A flow in the pool. READY: in the queue; TURNING: with a worker; RESTING: in the heap until due; OUT: stopped. */
struct seat {
	struct flow *flow;
	enum place place;
	bool again;                  /* an input grew during its turn */
	bool waiting;                /* rests because of an error: growth does not wake it */
	int64_t due;
	size_t at;                   /* in the heap */
	struct seat *next;           /* in the queue */
	enum err_id last;
	unsigned same;               /* failures with that error, nothing having moved between */
	uint64_t moves;              /* of the pool at its last failure */
};

struct readers {
	struct seat **seats;
	unsigned n;
};

struct pool {
	const struct flow_run *how;
	pthread_mutex_t lock;
	pthread_cond_t work, clock;  /* one sleeper keeps the time, the others wait for work */
	bool timekeeper;
	unsigned sleepers;           /* that wait for work */
	struct seat *seats;
	unsigned nseats, turning, waiting, given_up, out;
	struct seat *first, **last;
	struct seat **heap;          /* by due */
	size_t nheap;
	struct readers readers[BUS_TOPICS_MAX];
	uint64_t moves;              /* turns that did something */
	bool looking;
	int64_t look_due;
	bool leaving, failed;
	struct err error;
};

/* ---- the heap of those who rest ---- */

static void heap_set(struct pool *p, size_t at, struct seat *s)
{
	p->heap[at] = s;
	s->at = at;
}

static void heap_up(struct pool *p, size_t at, struct seat *s)
{
	for (; at > 0 && p->heap[(at - 1) / 2]->due > s->due; at = (at - 1) / 2)
		heap_set(p, at, p->heap[(at - 1) / 2]);
	heap_set(p, at, s);
}

static void heap_down(struct pool *p, size_t at, struct seat *s)
{
	for (size_t child; (child = 2 * at + 1) < p->nheap; at = child) {
		if (child + 1 < p->nheap && p->heap[child + 1]->due < p->heap[child]->due)
			child++;
		if (p->heap[child]->due >= s->due)
			break;
		heap_set(p, at, p->heap[child]);
	}
	heap_set(p, at, s);
}

static void heap_take(struct pool *p, struct seat *s)
{
	struct seat *moved = p->heap[--p->nheap];
	size_t at = s->at;

	if (moved == s)
		return;
	if (at > 0 && p->heap[(at - 1) / 2]->due > moved->due)
		heap_up(p, at, moved);
	else
		heap_down(p, at, moved);
}

/* ---- moving seats; the lock is held ---- */

static void enqueue(struct pool *p, struct seat *s)
{
	s->place = READY;
	s->next = NULL;
	*p->last = s;
	p->last = &s->next;
	pthread_cond_signal(p->sleepers ? &p->work : &p->clock);
}

static struct seat *dequeue(struct pool *p)
{
	struct seat *s = p->first;

	p->first = s->next;
	if (!p->first)
		p->last = &p->first;
	s->place = TURNING;
	s->again = false;
	p->turning++;
	return s;
}

static bool has_given_up(const struct pool *p, const struct seat *s)
{
	return s->waiting && s->same >= (s->last == E_SHARES_BUSY ? GIVE_UP_SHARES : GIVE_UP_AFTER) &&
		s->moves == p->moves;
}

static void rest(struct pool *p, struct seat *s, int64_t due, bool waiting)
{
	s->place = RESTING;
	s->due = due;
	s->waiting = waiting;
	p->waiting += waiting;
	p->given_up += has_given_up(p, s);
	heap_up(p, p->nheap++, s);
	if (p->heap[0] == s)
		pthread_cond_signal(&p->clock);
}

static void rouse(struct pool *p, struct seat *s)
{
	heap_take(p, s);
	p->given_up -= has_given_up(p, s);
	p->waiting -= s->waiting;
	s->waiting = false;
	enqueue(p, s);
}

static void rouse_due(struct pool *p)
{
	int64_t now = p->nheap ? clock_steady_ms() : 0;

	while (p->nheap && p->heap[0]->due <= now)
		rouse(p, p->heap[0]);
}

static void rouse_readers_of(struct pool *p, unsigned topic)
{
	const struct readers *r = &p->readers[topic];

	for (unsigned i = 0; i < r->n; i++) {
		if (r->seats[i]->place == RESTING && !r->seats[i]->waiting)
			rouse(p, r->seats[i]);
		else
			r->seats[i]->again = true;
	}
}

/* Those who read what this flow wrote have something to do. */
static void rouse_readers(struct pool *p, struct flow *f)
{
	for (unsigned topic = 0; topic < BUS_TOPICS_MAX; topic++)
		if (f->grew[topic / 64] >> topic % 64 & 1)
			rouse_readers_of(p, topic);
	memset(f->grew, 0, sizeof f->grew);
}

/* Another process has written. */
static void grew(void *arg, unsigned topic)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	rouse_readers_of(p, topic);
	pthread_mutex_unlock(&p->lock);
}

static void leave(struct pool *p)
{
	p->leaving = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->clock);
}

/* ---- after a turn; the lock is held ---- */

static int backoff_ms(unsigned failures)
{
	int ms = BACKOFF_FIRST_MS;

	while (--failures > 0 && ms < BACKOFF_MAX_MS)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

static void moved(struct pool *p)
{
	p->moves++;
	p->given_up = 0;
}

static void turned(struct pool *p, struct seat *s, enum flow_turn turn)
{
	unsigned poll = s->flow->kind->poll_ms;

	if (turn == FLOW_BUSY && s->moves == p->moves)
		s->moves++;              /* slices of its own, before it fails again, are no movement */
	if (turn != FLOW_IDLE)
		moved(p);
	if (turn != FLOW_BUSY)
		s->last = E_NONE;
	if (turn != FLOW_IDLE || s->again)
		enqueue(p, s);
	else
		rest(p, s, clock_steady_ms() + (poll && poll < ACTS_MS ? (int64_t)poll : ACTS_MS), false);
}

static void wait_and_retry(struct pool *p, struct seat *s, const struct err *e)
{
	const struct flow *f = s->flow;
	int ms = backoff_ms(f->failures);

	s->same = s->last == e->id && s->moves == p->moves ? s->same + 1 : 1;
	s->last = e->id;
	s->moves = p->moves;
	/* A line at the 1st, 2nd, 4th, 8th failure: a receiver may be away for days. */
	if ((f->failures & (f->failures - 1)) == 0)
		log_err(LOG_WARN, "flow.wait", e, "flow=%s try=%u wait_ms=%d", f->name, f->failures, ms);
	rest(p, s, clock_steady_ms() + ms, true);
}

static void failed(struct pool *p, struct seat *s, const struct err *e)
{
	switch (s->flow->state) {
	case FLOW_WAITING:
		wait_and_retry(p, s, e);
		break;
	case FLOW_STOPPED:
		moved(p);
		s->place = OUT;
		log_err(LOG_ERROR, "flow.stopped", e, "flow=%s", s->flow->name);
		/* Nothing will ever move here again, and nobody would be told. */
		if (++p->out == p->nseats)
			leave(p);
		break;
	default:
		log_err(LOG_ERROR, "flow.halt", e, "flow=%s", s->flow->name);
		if (!p->failed)
			p->error = *e;
		p->failed = true;
		leave(p);
	}
}

/* ---- workers ---- */

static bool all_idle(const struct pool *p)
{
	return p->how->until_idle && !p->first && !p->turning && p->waiting == p->given_up;
}

static void keep_time(struct pool *p)
{
	int64_t now = clock_steady_ms(), until = p->nheap ? p->heap[0]->due : INT64_MAX;
	struct timespec t;

	if (p->how->look && until > p->look_due)
		until = p->look_due > now ? p->look_due : now;
	if (p->how->stop && until > now + STOP_MS)
		until = now + STOP_MS;
	if (until == INT64_MAX) {
		pthread_cond_wait(&p->clock, &p->lock);
		return;
	}
	t = (struct timespec){until / 1000, until % 1000 * 1000000};
	pthread_cond_timedwait(&p->clock, &p->lock, &t);
}

static void sleep_for_work(struct pool *p)
{
	if (p->timekeeper) {
		p->sleepers++;
		pthread_cond_wait(&p->work, &p->lock);
		p->sleepers--;
		return;
	}
	p->timekeeper = true;
	keep_time(p);
	p->timekeeper = false;
}

static void look_outside(struct pool *p)
{
	if (!p->how->look || p->looking || clock_steady_ms() < p->look_due)
		return;
	p->looking = true;
	pthread_mutex_unlock(&p->lock);
	p->how->look(p->how->arg);
	pthread_mutex_lock(&p->lock);
	p->look_due = clock_steady_ms() + p->how->look_ms;
	p->looking = false;
}

/* The next flow that has something to do; NULL: leave. */
static struct seat *next_seat(struct pool *p)
{
	while (!p->leaving) {
		look_outside(p);
		if ((p->how->stop && atomic_load(p->how->stop)) || all_idle(p)) {
			leave(p);
			break;
		}
		rouse_due(p);
		if (p->first) {
			struct seat *s = dequeue(p);

			/* Who goes to work leaves the clock, or more work, to a sleeper. */
			if (p->sleepers && (p->first || !p->timekeeper))
				pthread_cond_signal(&p->work);
			return s;
		}
		sleep_for_work(p);
	}
	return NULL;
}

static void *work(void *arg)
{
	struct pool *p = arg;
	struct seat *s;

	pthread_mutex_lock(&p->lock);
	while ((s = next_seat(p))) {
		struct err e = ERR_INIT;
		enum flow_turn turn = FLOW_IDLE;
		int r;

		pthread_mutex_unlock(&p->lock);
		r = flow_turn(s->flow, &turn, &e);
		pthread_mutex_lock(&p->lock);
		p->turning--;
		rouse_readers(p, s->flow);
		if (r < 0)
			failed(p, s, &e);
		else
			turned(p, s, turn);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ---- the pool ---- */

static void pool_init(struct pool *p, struct flow *const *flows, unsigned nflows, const struct flow_run *how)
{
	pthread_condattr_t steady;

	*p = (struct pool){.how = how, .nseats = nflows};
	p->last = &p->first;
	p->seats = mem_new(nflows * sizeof *p->seats);
	p->heap = mem_new(nflows * sizeof(struct seat *));
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, &steady);
	pthread_cond_init(&p->clock, &steady);
	pthread_condattr_destroy(&steady);
	for (unsigned i = 0; i < nflows; i++) {
		struct seat *s = &p->seats[i];

		s->flow = flows[i];
		for (unsigned k = 0; k < flows[i]->ninputs; k++) {
			struct readers *r = &p->readers[flows[i]->inputs[k]];

			r->seats = mem_grow(r->seats, r->n + 1, sizeof(struct seat *));
			r->seats[r->n++] = s;
		}
		enqueue(p, s);
	}
}

static void pool_done(struct pool *p)
{
	for (unsigned i = 0; i < BUS_TOPICS_MAX; i++)
		free(p->readers[i].seats);
	free(p->seats);
	free(p->heap);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->clock);
	pthread_mutex_destroy(&p->lock);
}

static unsigned count_threads(const struct flow_run *how, unsigned nflows)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = how->threads;

	if (n == 0)
		n = processors < 1 ? 1 : processors > (long)THREADS_MAX ? THREADS_MAX : (unsigned)processors;
	return n < nflows ? n : nflows ? nflows : 1;
}

int flow_run(struct flow *const *flows, unsigned nflows, const struct flow_run *how, struct err *e)
{
	unsigned want = count_threads(how, nflows), n = 0;
	pthread_t *threads = mem_new(want * sizeof *threads);
	struct pool p;
	int r = 0;

	pool_init(&p, flows, nflows, how);
	if (nflows)
		bus_watch(flows[0]->bus, grew, &p);
	/* This thread is one of them; with fewer than wanted it only goes more slowly. */
	while (n + 1 < want && pthread_create(&threads[n], NULL, work, &p) == 0)
		n++;
	work(&p);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	if (nflows)
		bus_watch(flows[0]->bus, NULL, NULL);
	for (unsigned i = 0; i < nflows; i++)
		flow_shut(flows[i]);
	if (p.failed) {
		*e = p.error;
		r = -1;
	}
	pool_done(&p);
	free(threads);
	return r;
}
