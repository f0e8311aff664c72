/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "clock.h"
#include "log.h"

#define HEAR_MS 3000
#define SAY_CLOCK_MS 3600000

/* ---- signs of life ---- */

void kafka_sign_text(const struct kafka_owner *o, bool left, struct buf *ret)
{
	int64_t ahead_ms = atomic_load(&o->k->ahead_ms);

	buf_printf(ret, "{\"generation\":%" PRIu64 ",\"host\":\"%s\",\"on\":\"%s\",\"pid\":%ld,\"left\":%s",
		o->owner.generation, o->k->host, o->k->on, (long)getpid(), left ? "true" : "false");
	if (strcmp(o->fence, o->owner.flow) != 0)
		buf_printf(ret, ",\"as\":\"%s\"", o->fence);
	if (ahead_ms)
		buf_printf(ret, ",\"ahead\":%" PRId64, ahead_ms);
	buf_c(ret, '}');
}

int kafka_write_generation(struct kafka_owner *o, bool left, struct err *e)
{
	struct buf text = BUF_INIT;
	int64_t began = clock_steady_ms();
	struct kafka_put *put;
	int failed;

	kafka_sign_text(o, left, &text);
	o->nouts = 0;
	*kafka_add_out(o) = (struct out){o->k->positions, 0, span_of(o->owner.flow), buf_as_span(&text)};
	failed = kafka_transact(o, e);
	if (!failed) {
		o->signed_ms = began;
		o->written = o->owner.generation;
	}
	if (!failed && !o->unplaced) {
		failed = kafka_put_begin(o->k->index, &put, e);
		if (!failed && kafka_put_epoch(put, span_of(o->owner.flow), o->offsets[0], kafka_sign_ms(o), buf_as_span(&text), e)) {
			kafka_put_abort(put);
			failed = -1;
		}
		failed = failed ? -1 : kafka_put_commit(put, e);
		kafka_note_offsets(o, !failed);
	}
	buf_done(&text);
	return failed;
}

/* One that was quiet for long enough, its lock held; one that is locked works, or gives a sign just now. NULL: none. */
static struct kafka_owner *next_quiet(struct kafka *k)
{
	int64_t now = clock_steady_ms();
	struct kafka_owner *o;

	pthread_mutex_lock(&k->owners_lock);
	for (o = k->owners; o; o = o->next) {
		if (pthread_mutex_trylock(&o->lock))
			continue;
		if (!o->spent.id && now - o->signed_ms >= KAFKA_HEARTBEAT_MS)
			break;
		pthread_mutex_unlock(&o->lock);
	}
	pthread_mutex_unlock(&k->owners_lock);
	return o;
}

/* Its own lock keeps an owner there; that of all is not held while the brokers are waited for. */
void kafka_heartbeats(struct kafka *k)
{
	struct kafka_owner *o;

	while ((o = next_quiet(k))) {
		struct err e = ERR_INIT;

		if (kafka_write_generation(o, false, &e)) {
			log_err(LOG_WARN, "flow.silent", &e, "flow=%s", o->owner.flow);
			o->spent = e;
		}
		pthread_mutex_unlock(&o->lock);
	}
}

/* ---- what is heard of others ---- */

/* One that has ended and that nobody has asked how does nothing any more. */
static bool is_running(pid_t pid)
{
	char path[40], text[256];
	const char *state;
	ssize_t n = 0;
	int fd;

	if (kill(pid, 0) && errno == ESRCH)
		return false;
	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof text - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	state = strrchr(text, ')');
	return !state || (strncmp(state, ") Z", 3) != 0 && strncmp(state, ") X", 3) != 0);
}

/* Of those who wrote that record: are they gone, for certain? A process with our number was before us. One on another machine, or
 * in another container, cannot be asked for; versions before this one told hosts apart by their names alone. */
bool kafka_is_gone(const struct kafka *k, const char *host, const char *on, pid_t pid)
{
	if (on ? !k->on[0] || strcmp(on, k->on) != 0 : !host || strcmp(host, k->host) != 0)
		return false;
	return pid == getpid() || (pid > 0 && !is_running(pid));
}

/* What the newest generation record says. One that cannot be read is one of nobody: the number alone would matter, and a
 * lane of the same name would be noticed by every reader. */
int kafka_read_sign(struct kafka *k, const char *flow, struct sign *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	int got;
	json_t *root;

	*ret = (struct sign){0};
	got = kafka_index_epoch(k->index, span_of(flow), &text, &ret->time_ms, e);
	root = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	if (got == 1 && !json_is_integer(json_object_get(root, "generation")))
		got = err_set(e, E_LANE_STATE, "flow=%s", flow);
	if (got == 1) {
		const char *host = json_string_value(json_object_get(root, "host"));
		const char *fence = json_string_value(json_object_get(root, "as"));
		const char *on = json_string_value(json_object_get(root, "on"));

		ret->there = true;
		ret->generation = (uint64_t)json_integer_value(json_object_get(root, "generation"));
		ret->left = json_is_true(json_object_get(root, "left"));
		snprintf(ret->host, sizeof ret->host, "%s", host ? host : "");
		snprintf(ret->fence, sizeof ret->fence, "%s", fence ? fence : flow);
		ret->pid = (long)json_integer_value(json_object_get(root, "pid"));
		ret->other = !kafka_is_gone(k, host, on, (pid_t)ret->pid);
	}
	json_decref(root);
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

struct kafka_watch *kafka_watch_of(struct kafka *k, const char *flow)
{
	struct kafka_watch *w;

	for (size_t i = 0; i < k->nwatched; i++)
		if (strcmp(k->watched[i].flow, flow) == 0)
			return &k->watched[i];
	k->watched = mem_grow(k->watched, k->nwatched + 1, sizeof *k->watched);
	w = &k->watched[k->nwatched++];
	*w = (struct kafka_watch){0};
	snprintf(w->flow, sizeof w->flow, "%s", flow);
	return w;
}

/* By the clock of the broker that keeps the signs: that of another one may be fast. */
static int64_t newest_sign_ms(struct kafka *k)
{
	int64_t ms;

	pthread_mutex_lock(&k->lock);
	ms = k->positions->parts[0].time_ms;
	pthread_mutex_unlock(&k->lock);
	return ms;
}

/* An owner that may live is left alone until nothing has been heard of it for KAFKA_SILENT_MS, on this host as well: two processes
 * that are started again whenever they end would else take a flow from each other for ever. It is counted by the clocks of the
 * brokers when they tell, else by how long we ourselves have been listening. Our own clock may be an hour off. One that owned it
 * under another fencing name has been fenced by now (shares.h): it is waited for no longer. */
static int look_for_signs(struct kafka *k, const char *flow, const char *fence, struct sign *ret, int64_t *ret_heard, struct err *e)
{
	int64_t now = clock_steady_ms(), newest;
	struct kafka_watch *w;

	if (kafka_read_sign(k, flow, ret, e))
		return -1;
	*ret_heard = INT64_MAX;
	if (!ret->there || ret->left || !ret->other || k->conf->take_over || strcmp(ret->fence, fence) != 0)
		return 0;
	pthread_mutex_lock(&k->owners_lock);
	w = kafka_watch_of(k, flow);
	if (w->time_ms != ret->time_ms || !w->since_ms) {
		w->time_ms = ret->time_ms;
		w->since_ms = now;
	}
	*ret_heard = now - w->since_ms;
	pthread_mutex_unlock(&k->owners_lock);
	newest = newest_sign_ms(k);
	if (newest - ret->time_ms > *ret_heard)
		*ret_heard = newest - ret->time_ms;
	return 0;
}

/* Behind a transaction that somebody has left open nothing is heard of anybody. */
static int hear_all(struct kafka *k, struct err *e)
{
	struct kafka_ends ends;

	return kafka_ends(k, k->positions, &ends, e) || kafka_fold_wait_part(k, k->positions, 0, ends.high, HEAR_MS, e)
		? -1
		: 0;
}

int kafka_wait_for_silence(struct kafka *k, const char *flow, const char *fence, struct err *e)
{
	int64_t heard;
	struct sign s;

	if (look_for_signs(k, flow, fence, &s, &heard, e))
		return -1;
	if (heard == INT64_MAX)
		return 0;
	if (heard >= KAFKA_SILENT_MS && (hear_all(k, e) || look_for_signs(k, flow, fence, &s, &heard, e)))
		return -1;
	if (heard >= KAFKA_SILENT_MS)
		return 0;
	return err_set(e, E_BUS_OWNED, "flow=%s\nhost=%s\npid=%ld\nseconds=%" PRId64, flow, s.host, s.pid, heard / 1000);
}

struct living {
	const struct kafka *k;
	bool found;
};

/* A process of this host is asked for: our own clock may be ahead of the brokers'. */
static bool runs_here(const struct kafka *k, struct span value)
{
	json_t *root = json_loadb(value.p, value.n, 0, NULL);
	const char *on = json_string_value(json_object_get(root, "on"));
	pid_t pid = (pid_t)json_integer_value(json_object_get(root, "pid"));
	bool ret = on && k->on[0] && strcmp(on, k->on) == 0 && pid > 0 && pid != getpid() && is_running(pid);

	json_decref(root);
	return ret;
}

static int is_alive(void *arg, struct span flow, int64_t time_ms, struct span value)
{
	struct living *l = arg;

	(void)flow;
	if (!memmem(value.p, value.n, "\"left\":true", 11))
		l->found = time_ms + KAFKA_SILENT_MS > clock_now_ms() || runs_here(l->k, value);
	return l->found;
}

bool kafka_in_use(struct bus *b)
{
	struct living l = {.k = (struct kafka *)b};
	struct err ignored;

	(void)kafka_index_epochs(((struct kafka *)b)->index, is_alive, &l, &ignored);
	return l.found;
}

/* ---- clocks ---- */

void kafka_clock_look(struct kafka *k, int64_t now_ms, int64_t broker_ms)
{
	int64_t ahead = now_ms - broker_ms, said = atomic_load(&k->clock_said_ms), steady = clock_steady_ms();
	bool differs = ahead > BUS_CLOCK_MS || ahead < -BUS_CLOCK_MS;
	struct err e = ERR_INIT;

	atomic_store(&k->ahead_ms, differs ? ahead : 0);
	if (!differs || (said && steady - said < SAY_CLOCK_MS) ||
		!atomic_compare_exchange_strong(&k->clock_said_ms, &said, steady))
		return;
	err_set(&e, E_BUS_CLOCK, "%s=%" PRId64, ahead > 0 ? "fast" : "slow",
		((ahead > 0 ? ahead : -ahead) + 30000) / 60000);
	log_err(LOG_WARN, "bus.clock", &e, "ahead_ms=%" PRId64, ahead);
}

struct clocks {
	int (*each)(void *arg, const char *host, int64_t ahead_ms);
	void *arg;
	int64_t since_ms;            /* who was heard of before has ended */
};

static int look_at_clock(void *arg, struct span flow, int64_t time_ms, struct span value)
{
	json_t *root = json_loadb(value.p, value.n, 0, NULL);
	const char *host = json_string_value(json_object_get(root, "host"));
	int64_t ahead = (int64_t)json_integer_value(json_object_get(root, "ahead"));
	struct clocks *c = arg;
	int stop = 0;

	(void)flow;
	if (host && ahead && time_ms >= c->since_ms && !json_is_true(json_object_get(root, "left")))
		stop = c->each(c->arg, host, ahead);
	json_decref(root);
	return stop;
}

int kafka_clocks(struct bus *b, int (*each)(void *arg, const char *host, int64_t ahead_ms), void *arg, struct err *e)
{
	struct kafka *k = (struct kafka *)b;
	struct clocks c = {each, arg, newest_sign_ms(k) - KAFKA_SILENT_MS};

	return kafka_index_epochs(k->index, look_at_clock, &c, e);
}
