/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

#include "clock.h"
#include "log.h"

#define FOLD_MS KAFKA_TRANSACTION_MS         /* an owner that died leaves a transaction open for so long */
#define AGAIN_MS 60000
#define KEEP_OUTS 1000u
#define OWNING_MS 30000              /* a process of this host that fences the dead is waited for no longer */

/* ---- owning ---- */

static int init(struct kafka *k, rd_kafka_t *rk, const char *id, struct err *e)
{
	int64_t until = clock_steady_ms() + KAFKA_CALL_MS;
	rd_kafka_error_t *error;

	while ((error = rd_kafka_init_transactions(rk, KAFKA_CALL_MS))) {
		rd_kafka_resp_err_t code = rd_kafka_error_code(error);
		bool again = rd_kafka_error_is_retriable(error) && clock_steady_ms() < until;
		char text[200];

		snprintf(text, sizeof text, "%s", rd_kafka_error_string(error));
		rd_kafka_error_destroy(error);
		rd_kafka_poll(rk, 0);
		if (!again)
			return kafka_fail_right(k, e,
				code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ? "IdempotentWrite" : "Write",
				id, code, text);
	}
	return 0;
}

/* Of the transactions of a flow, by the name under which it is fenced. */
static const char *id_of(const struct kafka *k, const char *flow, char ret[KAFKA_NAME_MAX])
{
	snprintf(ret, KAFKA_NAME_MAX, "%s%s.%s", k->prefix, k->conf->site, flow);
	return ret;
}

/* Waits no longer than that: a process that was stopped holds it until it goes on. 0, 1 it is held, -1. */
static int lock_owning(struct kafka *k, short how, int wait_ms, struct err *e)
{
	struct flock lock = {.l_type = how, .l_whence = SEEK_SET};
	int64_t until = clock_steady_ms() + wait_ms;

	while (fcntl(k->owning_fd, F_OFD_SETLK, &lock)) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return err_sys(e, E_FILE_FAILED, "own.lock", errno);
		if (clock_steady_ms() >= until)
			return 1;
		usleep(10000);
	}
	return 0;
}

/* For a message alone. */
static void lock_sign(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0)
		(void)!pwrite(fd, text, (size_t)n, 0);
}

static long lock_pid(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

/* The lock of those who are open is not held while it is waited for: they have signs of life to give. */
static int begin_owning(struct kafka *k, struct err *e)
{
	int64_t until = clock_steady_ms() + OWNING_MS;
	int got;

	for (;;) {
		pthread_mutex_lock(&k->owners_lock);
		got = k->owning ? 0 : lock_owning(k, F_RDLCK, 0, e);
		k->owning += got == 0;
		pthread_mutex_unlock(&k->owners_lock);
		if (got <= 0)
			return got;
		if (clock_steady_ms() >= until)
			return err_set(e, E_STORE_BUSY, "pid=%ld\nseconds=%d", lock_pid(k->owning_fd), OWNING_MS / 1000);
		usleep(10000);
	}
}

static void end_owning(struct kafka *k)
{
	struct err ignored;

	pthread_mutex_lock(&k->owners_lock);
	if (--k->owning == 0)
		(void)lock_owning(k, F_UNLCK, 0, &ignored);
	pthread_mutex_unlock(&k->owners_lock);
}

/* Fence, then read to the end as of now, then write. */
static int take_over(struct kafka_owner *o, struct err *e)
{
	struct kafka *k = o->k;
	char id[KAFKA_NAME_MAX];
	struct sign s;

	if (kafka_open_client(o, id_of(k, o->fence, id), e) || init(k, o->client.rk, id, e) ||
		kafka_fold_wait(k, KAFKA_WRITTEN, FOLD_MS, e) || kafka_read_sign(k, o->owner.flow, &s, e))
		return -1;
	o->owner.generation = s.generation + 1;
	o->written = s.generation;
	return kafka_write_generation(o, false, e);
}

/* The next owner may lie where this one lay. */
static void forget_chains(struct kafka_owner *o)
{
	struct kafka *k = o->k;

	pthread_mutex_lock(&k->lock);
	for (unsigned i = 0; i < k->ntopics; i++)
		for (unsigned j = 0; j < k->topics[i]->partitions; j++)
			if (k->topics[i]->parts[j].chain == o)
				k->topics[i]->parts[j].chain = NULL;
	pthread_mutex_unlock(&k->lock);
}

static void free_rooms(struct kafka_owner *o)
{
	free(o->outs);
	free(o->offsets);
	free(o->times);
	free(o->messages);
	free(o->order);
	o->outs = NULL;
	o->offsets = NULL;
	o->times = NULL;
	o->messages = NULL;
	o->order = NULL;
	o->cap_outs = o->cap_offsets = o->cap_times = o->cap_messages = o->cap_order = 0;
}

static void owner_free(struct kafka_owner *o)
{
	kafka_close_client(o);
	forget_chains(o);
	pthread_mutex_destroy(&o->lock);
	buf_done(&o->sign);
	free_rooms(o);
	free(o->given);
	free(o);
}

/* Twice within a minute for a reason that waiting does not cure: somebody has to look. */
static int failed_again(struct kafka *k, const char *flow, struct err *e)
{
	int64_t now = clock_steady_ms();
	struct kafka_watch *w;
	bool again;

	if (e->id != E_BUS_FAILED)
		return -1;
	pthread_mutex_lock(&k->owners_lock);
	w = kafka_watch_of(k, flow);
	again = w->failed_ms && now - w->failed_ms < AGAIN_MS;
	w->failed_ms = now;
	pthread_mutex_unlock(&k->owners_lock);
	if (again) {
		struct err why = *e;

		err_set(e, E_BUS_STUCK, "flow=%s\n%s", flow, why.args);
	}
	return -1;
}

int kafka_own(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e)
{
	return kafka_own_as(b, flow, flow, ret, e);
}

int kafka_own_as(struct bus *b, const char *flow, const char *fence, struct bus_owner **ret, struct err *e)
{
	struct kafka *k = (struct kafka *)b;
	struct kafka_owner *o;
	int failed;

	if (kafka_wait_for_silence(k, flow, fence, e))
		return -1;
	o = mem_new(sizeof *o);
	o->k = k;
	pthread_mutex_init(&o->lock, NULL);
	snprintf(o->owner.flow, sizeof o->owner.flow, "%s", flow);
	snprintf(o->fence, sizeof o->fence, "%s", fence);
	if (begin_owning(k, e)) {
		owner_free(o);
		return -1;
	}
	failed = take_over(o, e);
	end_owning(k);
	if (failed) {
		owner_free(o);
		return failed_again(k, flow, e);
	}
	pthread_mutex_lock(&k->owners_lock);
	o->next = k->owners;
	k->owners = o;
	pthread_mutex_unlock(&k->owners_lock);
	*ret = &o->owner;
	return 0;
}

/* ---- the dead ---- */

#define DEAD_MAX 256u
#define DEAD_ROUNDS 5

struct dead {
	const struct kafka *k;
	char flows[DEAD_MAX][104];
	unsigned n, fenced;          /* the first ones are fenced */
};

static int note_dead(void *arg, struct span flow, int64_t time_ms, struct span value)
{
	json_t *root = json_loadb(value.p, value.n, 0, NULL);
	const char *host = json_string_value(json_object_get(root, "host")), *as = json_string_value(json_object_get(root, "as"));
	const char *on = json_string_value(json_object_get(root, "on"));
	struct dead *d = arg;

	(void)time_ms;
	if (as)
		flow = span_of(as);
	if (!json_is_true(json_object_get(root, "left")) && flow.n < sizeof d->flows[0] &&
		kafka_is_gone(d->k, host, on, (pid_t)json_integer_value(json_object_get(root, "pid")))) {
		unsigned i = 0;

		while (i < d->n && !span_is(flow, d->flows[i]))
			i++;
		if (i == d->n && d->n < DEAD_MAX) {
			memcpy(d->flows[i], flow.p, flow.n);
			d->flows[d->n++][flow.n] = 0;
		}
	}
	json_decref(root);
	return 0;
}

static int fence(struct kafka *k, const char *flow, struct err *e)
{
	struct kafka_client c = {0};
	char id[KAFKA_NAME_MAX];
	int failed = kafka_client_new(k, KAFKA_WRITE, id_of(k, flow, id), &c, e) || init(k, c.rk, id, e);

	kafka_client_done(&c);
	return failed ? -1 : 0;
}

int kafka_fence(struct bus *b, const char *name, struct err *e)
{
	return fence((struct kafka *)b, name, e);
}

/* Who is dead may be told behind what another one has left open: so again, until none is new. */
static int fence_all(struct kafka *k, struct dead *d, struct err *e)
{
	for (int round = 0; round < DEAD_ROUNDS; round++) {
		if (kafka_index_epochs(k->index, note_dead, d, e))
			return -1;
		if (d->fenced == d->n)
			return 0;
		for (; d->fenced < d->n; d->fenced++)
			if (fence(k, d->flows[d->fenced], e) && e->id != E_BUS_RIGHT)
				return -1;       /* no right to it: what others run is theirs to fence */
		if (kafka_fold_wait(k, KAFKA_COMMITTED, KAFKA_CALL_MS, e))
			return -1;
	}
	return 0;
}

/* Without it owners only wait for longer. */
int kafka_fence_dead(struct kafka *k, struct err *e)
{
	int got = lock_owning(k, F_WRLCK, OWNING_MS, e);
	struct err ignored;
	struct dead *d;

	if (got) {
		if (got > 0)
			log_line(LOG_WARN, "own.busy", "folder=%s seconds=%d do=look_for_a_stopped_process",
				k->bus.folder, OWNING_MS / 1000);
		return got < 0 ? -1 : 0;
	}
	lock_sign(k->owning_fd);
	d = mem_new(sizeof *d);
	d->k = k;
	got = fence_all(k, d, e);
	(void)lock_owning(k, F_UNLCK, 0, &ignored);
	free(d);
	return got;
}

void kafka_disown(struct bus_owner *owner)
{
	struct kafka_owner *o = (struct kafka_owner *)owner, **at;
	struct err e;

	pthread_mutex_lock(&o->k->owners_lock);
	for (at = &o->k->owners; *at != o;)
		at = &(*at)->next;
	*at = o->next;
	pthread_mutex_unlock(&o->k->owners_lock);
	/* Whoever gives a sign of life for it ends with that first. */
	pthread_mutex_lock(&o->lock);
	pthread_mutex_unlock(&o->lock);
	/* So that another host need not wait. When the cluster is away one tries for all. */
	if (!o->spent.id && clock_steady_ms() >= atomic_load(&o->k->mute_until_ms) &&
		kafka_write_generation(o, true, &e) && e.id == E_BUS_AWAY)
		atomic_store(&o->k->mute_until_ms, clock_steady_ms() + KAFKA_CALL_MS);
	owner_free(o);
}

/* ---- commits ---- */

static void take_outs(struct kafka_owner *o, const struct bus_commit *c)
{
	struct kafka *k = o->k;

	o->nouts = 0;
	o->outs = mem_room(o->outs, &o->cap_outs, c->nrecords + c->npositions + c->nacts, sizeof *o->outs);
	for (size_t i = 0; i < c->nrecords; i++)
		*kafka_add_out(o) = (struct out){k->handled[c->records[i].topic], c->records[i].partition, c->records[i].key,
			c->records[i].value};
	for (size_t i = 0; i < c->npositions; i++)
		*kafka_add_out(o) = (struct out){k->positions, 0, c->positions[i].key,
			c->positions[i].value.n ? c->positions[i].value : SPAN_NONE};
	for (size_t i = 0; i < c->nacts; i++)
		*kafka_add_out(o) = (struct out){k->orders, 0, span_of(c->acts_done[i]), SPAN_NONE};
}

/* Who has much to commit would else never be heard of. */
static bool add_sign(struct kafka_owner *o, int64_t now)
{
	if (now - o->signed_ms < KAFKA_HEARTBEAT_MS)
		return false;
	buf_clear(&o->sign);
	kafka_sign_text(o, false, &o->sign);
	*kafka_add_out(o) = (struct out){o->k->positions, 0, span_of(o->owner.flow), buf_as_span(&o->sign)};
	return true;
}

int kafka_commit(struct bus_owner *owner, const struct bus_commit *c, struct err *e)
{
	struct kafka_owner *o = (struct kafka_owner *)owner;
	int64_t began = clock_steady_ms();
	int failed = -1;
	bool signs;

	pthread_mutex_lock(&o->lock);
	if (o->spent.id) {
		*e = o->spent;
	} else {
		take_outs(o, c);
		signs = add_sign(o, began);
		failed = kafka_transact(o, e);
		if (!failed && signs)
			o->signed_ms = began;
		if (!failed)
			kafka_put_transaction(o, c);
		/* There may be dozens of owners, and few that work. */
		if (o->cap_outs > KEEP_OUTS)
			free_rooms(o);
	}
	pthread_mutex_unlock(&o->lock);
	return failed;
}
