/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"
#include "topics.h"

#define STEP_BYTES (4u << 20)
#define STEP_RECORDS 8000u

/* ---- what the caller gave ---- */

static const char *copy(const char *text)
{
	return text ? mem_text(span_of(text)) : NULL;
}

static struct bus_kafka_conf *conf_copy(const struct bus_kafka_conf *c)
{
	struct bus_kafka_conf *ret = mem_new(sizeof *ret);

	if (c)
		*ret = (struct bus_kafka_conf){copy(c->folder), copy(c->site), copy(c->prefix), copy(c->ca), copy(c->certificate),
			copy(c->key), copy(c->mechanism), copy(c->user), copy(c->password), c->take_over,
			c->keep_days};
	if (!ret->folder)
		ret->folder = copy("bus");
	if (!ret->site)
		ret->site = copy("jincai");
	return ret;
}

static void conf_free(const struct bus_kafka_conf *c)
{
	const char *const texts[] = {
		c->folder, c->site, c->prefix, c->ca, c->certificate, c->key, c->mechanism, c->user, c->password};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		free((void *)(uintptr_t)texts[i]);
	free((void *)(uintptr_t)c);
}

/* ---- topics ---- */

struct finding_topic {
	const char *name;
	unsigned partitions;         /* 0: not found */
};

static int is_topic(void *arg, const char *name, unsigned partitions)
{
	struct finding_topic *f = arg;

	if (strcmp(f->name, name) == 0)
		f->partitions = partitions;
	return 0;
}

/* One that we have read before is not made anew: what stood on it, and was not done yet, would never be missed. */
static int never_read(struct kafka *k, const char *name, unsigned partitions, struct err *e)
{
	unsigned number;
	int64_t ms;

	if (kafka_index_topic(k->index, name, &number, e))
		return -1;
	for (unsigned i = 0; i < partitions; i++) {
		uint64_t next = 0;

		if (kafka_index_head(k->index, number, i, &next, &ms, e) < 0)
			return -1;
		if (next)
			return err_set(e, E_BUS_SHORTER, "topic=%s\npartition=%u\nwant=%" PRIu64 "\nhave=0", name, i, next);
	}
	return 0;
}

/* Finds it on the cluster; makes it when that may be. */
static int topic_need(struct kafka *k, const char *name, unsigned partitions, struct kafka_topic **ret, struct err *e)
{
	struct finding_topic f = {.name = name};
	struct kafka_topic *t;

	pthread_mutex_lock(&k->lock);
	t = kafka_topic_named(k, name);
	pthread_mutex_unlock(&k->lock);
	if (t) {
		f.partitions = t->partitions;
	} else {
		if (kafka_topics(k, is_topic, &f, e))
			return -1;
		if (!f.partitions && kafka_topic_seen(k, name, e))
			return -1;
		if (!f.partitions && k->bus.mode == BUS_LOOK)
			return err_set(e, E_BUS_NO_TOPIC, "name=%s", name);
		if (!f.partitions && (never_read(k, name, partitions, e) || kafka_topic_make(k, name, partitions, e)))
			return -1;
		f.partitions = f.partitions ? f.partitions : partitions;
	}
	if (f.partitions != partitions)
		return err_set(e, E_BUS_PARTITIONS, "have=%u\nwant=%u", f.partitions, partitions);
	if (!t) {
		t = kafka_topic_add(k, name, partitions, e);
		if (!t)
			return -1;
		if (k->fold)
			kafka_fold_follow(k, t);
	}
	if (!t->value_max)
		t->value_max = kafka_topic_max(k, name);
	*ret = t;
	return 0;
}

/* bus.c lets one in at a time. */
static int kafka_topic(struct bus *b, unsigned number, const char *name, unsigned partitions, struct err *e)
{
	struct kafka *k = (struct kafka *)b;
	struct kafka_topic *t;

	if (topic_need(k, name, partitions, &t, e))
		return -1;
	k->handled[number] = t;
	t->handle = number;
	return 0;
}

/* ---- look-ups ---- */

static int kafka_position_get(struct bus *b, struct span key, struct buf *ret, struct err *e)
{
	return kafka_index_position(((struct kafka *)b)->index, key, ret, e);
}

static int kafka_positions(struct bus *b, struct span prefix, int (*each)(void *, struct span, struct span), void *arg,
	struct err *e)
{
	return kafka_index_positions(((struct kafka *)b)->index, prefix, each, arg, e);
}

static int entry_of(struct kafka *k, const struct kafka_place *place, struct span extra, struct bus_entry *ret, struct err *e)
{
	const char *name = kafka_index_name(k->index, place->number);
	unsigned topic;

	if (!name)
		return err_set(e, E_STORE_EMPTIED, "%s", "");
	if (bus_topic(&k->bus, name, &topic, e))
		return -1;
	*ret = (struct bus_entry){.topic = topic, .partition = place->partition, .offset = place->offset, .extra = extra};
	/* Another process of this host has put it: the record is there, however far we know of, and a reader waits for it. */
	pthread_mutex_lock(&k->lock);
	if (place->partition < k->handled[topic]->partitions &&
		k->handled[topic]->parts[place->partition].seen <= place->offset)
		k->handled[topic]->parts[place->partition].seen = place->offset + 1;
	pthread_mutex_unlock(&k->lock);
	return 0;
}

static int kafka_look(struct bus *b, unsigned index, struct span key, struct buf *scratch, struct bus_entry *ret,
	struct err *e)
{
	struct kafka *k = (struct kafka *)b;
	struct kafka_place place;
	struct span extra;
	int got = kafka_index_look(k->index, index, key, scratch, &place, &extra, e);

	return got == 1 && entry_of(k, &place, extra, ret, e) ? -1 : got;
}

struct walk {
	struct kafka *k;
	int (*each)(void *, struct span, const struct bus_entry *);
	void *arg;
	struct err *e;
	int failed;
};

static int each_entry(void *arg, struct span key, const struct kafka_place *place, struct span extra)
{
	struct walk *w = arg;
	struct bus_entry entry;

	w->failed = entry_of(w->k, place, extra, &entry, w->e);
	return w->failed ? 1 : w->each(w->arg, key, &entry);
}

static int kafka_entries(struct bus *b, unsigned index, struct span prefix,
	int (*each)(void *, struct span, const struct bus_entry *), void *arg, struct err *e)
{
	struct walk w = {(struct kafka *)b, each, arg, e, 0};

	return kafka_index_entries(w.k->index, index, prefix, each_entry, &w, e) || w.failed ? -1 : 0;
}

static int kafka_room(struct bus *b, uint64_t *ret_used, uint64_t *ret_max, struct err *e)
{
	(void)e;
	kafka_index_room(((struct kafka *)b)->index, ret_used, ret_max);
	return 1;
}

static size_t kafka_record_max(struct bus *b, unsigned topic)
{
	return ((struct kafka *)b)->handled[topic]->value_max;
}

static int kafka_cluster_id(struct bus *b, struct buf *ret, struct err *e)
{
	return kafka_cluster((struct kafka *)b, ret, e);
}

static void kafka_watch_set(struct bus *b, void (*grew)(void *, unsigned), void *arg)
{
	struct kafka *k = (struct kafka *)b;

	pthread_mutex_lock(&k->grew_lock);
	k->grew = grew;
	k->grew_arg = arg;
	pthread_mutex_unlock(&k->grew_lock);
}

/* ---- open, close ---- */

/* Hosts that were made from one picture may have the same name and the same machine id, and a container has numbers of its own for
 * processes; a start of a machine has an id that no other one has. */
static void who_we_are(struct kafka *k)
{
	char boot[40], space[32];
	ssize_t n = readlink("/proc/self/ns/pid", space, sizeof space - 1);

	gethostname(k->host, sizeof k->host - 1);
	clock_boot_id(boot);
	if (boot[0] && n > 0)
		snprintf(k->on, sizeof k->on, "%s.%" PRIu64, boot,
			(uint64_t)strtoull(space + strcspn(space, "0123456789"), NULL, 10));
}

static void kafka_close(struct bus *b)
{
	struct kafka *k = (struct kafka *)b;

	kafka_fold_close(k);
	for (unsigned i = 0; i < KAFKA_SOURCES; i++) {
		for (unsigned j = 0; j < BUS_TOPICS_MAX; j++)
			if (k->sources[i].topics[j])
				rd_kafka_topic_destroy(k->sources[i].topics[j]);
		kafka_client_done(&k->sources[i].client);
	}
	kafka_client_done(&k->hand);
	kafka_client_done(&k->ask);
	kafka_index_close(k->index);
	if (k->owning_fd >= 0)
		close(k->owning_fd);
	for (unsigned i = 0; i < k->ntopics; i++) {
		for (unsigned j = 0; j < k->topics[i]->partitions; j++)
			free(k->topics[i]->parts[j].runs);
		free(k->topics[i]);
	}
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->folded);
	pthread_mutex_destroy(&k->why_lock);
	pthread_mutex_destroy(&k->grew_lock);
	pthread_mutex_destroy(&k->owners_lock);
	free(k->watched);
	free(k->brokers);
	free(k->prefix);
	conf_free(k->conf);
	free(k);
}

static void locks_init(struct kafka *k)
{
	pthread_condattr_t steady;

	pthread_mutex_init(&k->lock, NULL);
	pthread_mutex_init(&k->why_lock, NULL);
	pthread_mutex_init(&k->grew_lock, NULL);
	pthread_mutex_init(&k->owners_lock, NULL);
	pthread_condattr_init(&steady);
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_cond_init(&k->folded, &steady);
	pthread_condattr_destroy(&steady);
}

/* The event topics that are there already say how many partitions this bus has. */
static int count_events(void *arg, const char *name, unsigned partitions)
{
	if (topics_is_parted(name))
		*(unsigned *)arg = partitions;
	return 0;
}

static int check_partitions(struct kafka *k, const struct bus_conf *c, struct err *e)
{
	unsigned want = c->partitions ? c->partitions : 1, have = want;

	if (kafka_topics(k, count_events, &have, e))
		return -1;
	if (have != want)
		return err_set(e, E_BUS_PARTITIONS, "have=%u\nwant=%u", have, want);
	k->bus.partitions = want;
	return 0;
}

static int open_index(struct kafka *k, const struct bus_conf *c, struct err *e)
{
	struct buf cluster = BUF_INIT, path = BUF_INIT;
	bool anew;
	int failed = kafka_cluster(k, &cluster, e) || check_partitions(k, c, e);

	if (!failed) {
		buf_printf(&cluster, " %s", k->prefix);
		buf_c(&cluster, '\0');
		buf_printf(&path, "%s/index", k->bus.folder);
		buf_c(&path, '\0');
		failed = fsys_make_path(k->bus.folder, e) ||
			kafka_index_open(path.p, cluster.p, c->max_bytes, &k->index, &anew, e);
	}
	buf_done(&cluster);
	buf_done(&path);
	return failed ? -1 : 0;
}

static int open_lock(struct kafka *k, struct err *e)
{
	char path[600];

	snprintf(path, sizeof path, "%s/own.lock", k->bus.folder);
	k->owning_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return k->owning_fd < 0 ? err_sys(e, E_FILE_DENIED, path, errno) : 0;
}

static int open_inside(struct kafka *k, const struct bus_conf *c, struct err *e)
{
	if (kafka_client_new(k, KAFKA_ASK, NULL, &k->ask, e))
		return -1;
	k->asker = k->ask.rk;
	if (open_index(k, c, e) || topic_need(k, KAFKA_POSITIONS, 1, &k->positions, e) ||
		topic_need(k, KAFKA_ORDERS, 1, &k->orders, e) || open_lock(k, e) || kafka_fold_open(k, e) ||
		(k->bus.mode == BUS_OWN && kafka_fence_dead(k, e)))
		return -1;
	k->bus.last_ms = k->bus.mode == BUS_OWN ? kafka_newest_ms(k) : 0;
	return 0;
}

static int kafka_open(const struct bus_conf *c, const char *rest, enum bus_mode mode, struct bus **ret, struct err *e)
{
	struct kafka *k = mem_new(sizeof *k);
	bool based;
	int n;

	locks_init(k);
	k->owning_fd = -1;
	k->conf = conf_copy(c->kafka);
	k->brokers = mem_text(span_of(rest));
	k->prefix = mem_text(span_of(k->conf->prefix ? k->conf->prefix : ""));
	k->bus.mode = mode;
	who_we_are(k);
	based = c->base && k->conf->folder[0] != '/';
	n = snprintf(k->bus.folder, sizeof k->bus.folder, "%s%s%s", based ? c->base : "", based ? "/" : "", k->conf->folder);
	if (!rest[0])
		err_set(e, E_BUS_URL, "url=%s", c->url);
	else if (n >= (int)sizeof k->bus.folder)
		err_sys(e, E_FILE_FAILED, k->conf->folder, ENAMETOOLONG);
	else if (open_inside(k, c, e) == 0) {
		*ret = &k->bus;
		return 0;
	}
	kafka_close(&k->bus);
	return -1;
}

static int kafka_all_topics(struct bus *b, int (*each)(void *, const char *, unsigned), void *arg, struct err *e)
{
	return kafka_topics((struct kafka *)b, each, arg, e);
}

static int kafka_settle(struct bus *b, struct err *e)
{
	return kafka_fold_wait((struct kafka *)b, KAFKA_COMMITTED, KAFKA_CALL_MS, e);
}

const struct bus_driver bus_kafka = {
	.scheme = "kafka",
	.open = kafka_open,
	.close = kafka_close,
	.topic = kafka_topic,
	.topics = kafka_all_topics,
	.own = kafka_own,
	.own_as = kafka_own_as,
	.fence = kafka_fence,
	.disown = kafka_disown,
	.commit = kafka_commit,
	.position_get = kafka_position_get,
	.positions = kafka_positions,
	.read = kafka_read,
	.unread = kafka_unread,
	.seek = kafka_seek,
	.seek_time = kafka_seek_time,
	.next = kafka_next,
	.end = kafka_end,
	.look = kafka_look,
	.entries = kafka_entries,
	.settle = kafka_settle,
	.act_submit = kafka_act_submit,
	.in_use = kafka_in_use,
	.act_take = kafka_act_take,
	.acts_left = kafka_acts_left,
	.room = kafka_room,
	.record_max = kafka_record_max,
	.clocks = kafka_clocks,
	.cluster = kafka_cluster_id,
	.watch = kafka_watch_set,
	.step_bytes = STEP_BYTES,
	.step_records = STEP_RECORDS,
};
