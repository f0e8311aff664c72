/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* ---- topics ---- */

/* The topic with the handles of its logs, made in a transaction that writes. */
static int topic_new(struct store_txn *t, const char *name, unsigned number, unsigned partitions, struct topic **ret,
	struct err *e)
{
	struct topic *topic = mem_new(sizeof *topic + partitions * sizeof topic->logs[0]);
	char log[32];

	snprintf(topic->name, sizeof topic->name, "%s", name);
	topic->number = number;
	topic->partitions = partitions;
	topic->handle = UINT_MAX;
	for (unsigned i = 0; i < partitions; i++) {
		int got;

		snprintf(log, sizeof log, "log.%u.%u", number, i);
		got = store_table(t, log, &topic->logs[i].table, e);
		if (got <= 0) {
			free(topic);
			return got < 0 ? -1 : sealed_damaged(e, name, i, 0);
		}
	}
	*ret = topic;
	return 0;
}

static struct topic *topic_by_name(struct embedded *b, const char *name)
{
	struct topic *t;

	for (unsigned i = 0; i < BUS_TOPICS_MAX; i++)
		if ((t = b->numbered[i]) && strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

static int topic_load(struct embedded *b, struct store_txn *t, struct span name, struct span value, struct err *e)
{
	struct topic *topic;
	char text[104];
	unsigned number, partitions;

	if (value.n != 8 || name.n >= sizeof text)
		return sealed_damaged(e, "topics", 0, 0);
	memcpy(text, name.p, name.n);
	text[name.n] = 0;
	number = sealed_get32(value.p);
	partitions = sealed_get32(value.p + 4);
	if (number >= BUS_TOPICS_MAX || partitions == 0 || partitions > STORE_TABLES_MAX)
		return sealed_damaged(e, "topics", 0, 0);
	if (b->numbered[number])
		return 0;
	if (topic_new(t, text, number, partitions, &topic, e))
		return -1;
	b->numbered[number] = topic;
	return 0;
}

/* Those that the store has and we do not know yet. */
static int topics_load(struct embedded *b, struct err *e)
{
	struct span key, sealed, value;
	struct store_cursor *c = NULL;
	struct store_txn *t;
	int got;

	pthread_mutex_lock(&b->lock);
	if (store_read(b->store, &t, e)) {
		pthread_mutex_unlock(&b->lock);
		return -1;
	}
	got = store_walk(t, b->topics.handle, &c, e) ? -1 : store_seek(c, SPAN_NONE, &key, &sealed, e);
	while (got == 1) {
		got = sealed_unseal(&b->topics, key, sealed, &value, e) || topic_load(b, t, key, value, e) ? -1 : 1;
		if (got == 1)
			got = store_next(c, &key, &sealed, e);
	}
	store_walked(c);
	store_abort(t);
	pthread_mutex_unlock(&b->lock);
	return got;
}

static int topic_make(struct embedded *b, const char *name, unsigned partitions, struct topic **ret, struct err *e)
{
	unsigned number = 0;
	struct store_txn *t;
	char value[8];

	while (number < BUS_TOPICS_MAX && b->numbered[number])
		number++;
	if (number == BUS_TOPICS_MAX)
		return err_set(e, E_BUS_TOPICS, "max=%u", BUS_TOPICS_MAX);
	sealed_put32(value, number);
	sealed_put32(value + 4, partitions);
	if (store_write(b->store, &t, e))
		return -1;
	if (topic_new(t, name, number, partitions, ret, e)) {
		store_abort(t);
		return -1;
	}
	if (sealed_put(t, &b->topics, span_of(name), (struct span){value, sizeof value}, e))
		store_abort(t);
	else if (store_commit(t, e) == 0) {
		b->numbered[number] = *ret;
		return 0;
	}
	free(*ret);
	return -1;
}

static int embedded_topics(struct bus *bus, int (*each)(void *, const char *, unsigned), void *arg, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	int got = bus->mode == BUS_LOOK ? topics_load(b, e) : 0;

	for (unsigned i = 0; i < BUS_TOPICS_MAX && got == 0; i++)
		if (b->numbered[i])
			got = each(arg, b->numbered[i]->name, b->numbered[i]->partitions);
	return got;
}

/* bus.c lets one in at a time. */
static int embedded_topic(struct bus *bus, unsigned number, const char *name, unsigned partitions, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct topic *topic = topic_by_name(b, name);

	if (!topic && bus->mode == BUS_LOOK) {
		if (topics_load(b, e))
			return -1;
		topic = topic_by_name(b, name);
		if (!topic)
			return err_set(e, E_BUS_NO_TOPIC, "name=%s", name);
	}
	if (!topic && topic_make(b, name, partitions, &topic, e))
		return -1;
	if (topic->partitions != partitions)
		return err_set(e, E_BUS_PARTITIONS, "have=%u\nwant=%u", topic->partitions, partitions);
	b->handled[number] = topic;
	topic->handle = number;
	return 0;
}

/* ---- open, close ---- */

/* 1 all are there, 0 not, -1. */
static int tables_open(struct embedded *b, struct store_txn *t, struct err *e)
{
	struct sealed *fixed[] = {&b->topics, &b->epochs, &b->positions, &b->acts};
	int got = store_table(t, "meta", &b->meta, e);

	for (size_t i = 0; got == 1 && i < sizeof fixed / sizeof *fixed; i++)
		got = store_table(t, fixed[i]->name, &fixed[i]->handle, e);
	for (unsigned i = 0; got == 1 && i < INDEX_COUNT; i++)
		got = store_table(t, b->index[i].name, &b->index[i].handle, e);
	return got;
}

static void tables_name(struct embedded *b)
{
	sealed_name(&b->topics, "", "topics");
	sealed_name(&b->epochs, "", "epochs");
	sealed_name(&b->positions, "", "positions");
	sealed_name(&b->acts, "", "acts");
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		sealed_name(&b->index[i], "index.", index_table[i].name);
}

static int check_partitions(const struct bus_conf *c, struct span have, unsigned *ret, struct err *e)
{
	unsigned want = c->partitions ? c->partitions : 1, n = have.n == 4 ? sealed_get32(have.p) : 0;

	if (n != want)
		return err_set(e, E_BUS_PARTITIONS, "have=%u\nwant=%u", n, want);
	*ret = n;
	return 0;
}

static int set_partitions(struct store_txn *t, unsigned meta, unsigned n, struct err *e)
{
	void *p;

	if (store_put(t, meta, SPAN("partitions"), 4, STORE_LAST, &p, e) < 0)
		return -1;
	sealed_put32(p, n);
	return 0;
}

/* The tables and the number of partitions: as they are, or made. */
static int lay_out(struct embedded *b, const struct bus_conf *c, enum bus_mode mode, struct err *e)
{
	struct store_txn *t;
	struct span have;
	int got;

	tables_name(b);
	if (store_read(b->store, &t, e))
		return -1;
	got = tables_open(b, t, e);
	if (got == 1)
		got = store_get(t, b->meta, SPAN("partitions"), &have, e);
	if (got == 1 && check_partitions(c, have, &b->bus.partitions, e))
		got = -1;
	store_abort(t);
	if (got)
		return got < 0 ? -1 : 0;
	if (mode == BUS_LOOK)
		return err_set(e, E_STORE_MISSING, "folder=%s", b->bus.folder);
	if (store_write(b->store, &t, e))
		return -1;
	b->bus.partitions = c->partitions ? c->partitions : 1;
	if (tables_open(b, t, e) < 0 || set_partitions(t, b->meta, b->bus.partitions, e)) {
		store_abort(t);
		return -1;
	}
	return store_commit(t, e);
}

/* What the clock may not fall behind. */
static int last_time(struct embedded *b, struct err *e)
{
	struct store_txn *t;
	int failed = 0;

	if (store_read(b->store, &t, e))
		return -1;
	for (unsigned i = 0; !failed && i < BUS_TOPICS_MAX; i++) {
		struct topic *topic = b->numbered[i];

		for (unsigned j = 0; topic && !failed && j < topic->partitions; j++) {
			uint64_t offset;
			int64_t ms;
			int got = embedded_last(t, topic, j, &offset, &ms, e);

			failed = got < 0;
			if (got == 1 && ms > b->now_ms)
				b->now_ms = ms;
		}
	}
	store_abort(t);
	b->bus.last_ms = b->now_ms;
	return failed ? -1 : 0;
}

static int open_inside(struct embedded *b, const struct bus_conf *c, enum bus_mode mode, struct err *e)
{
	struct store_conf conf = {.folder = b->bus.folder, .max_bytes = c->max_bytes, .write = mode == BUS_OWN};
	int folded;

	if (store_open(&conf, &b->store, e) || lay_out(b, c, mode, e) || topics_load(b, e) || embedded_acts_open(b, e))
		return -1;
	folded = embedded_folded(b, e);
	if (folded < 0)
		return -1;
	if (mode == BUS_LOOK)
		return folded ? 0 : err_set(e, E_STORE_FOLDING, "folder=%s", b->bus.folder);
	if ((!folded || store_unclean(b->store)) && embedded_fold(b, e))
		return -1;
	return last_time(b, e);
}

static void close_as(struct embedded *b, bool clean)
{
	embedded_acts_close(b);
	store_close(b->store, clean);
	for (unsigned i = 0; i < BUS_TOPICS_MAX; i++)
		free(b->numbered[i]);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->acts_lock);
	free(b->offsets);
	free(b->sorted);
	free(b);
}

static int embedded_open(const struct bus_conf *c, const char *rest, enum bus_mode mode, struct bus **ret,
	struct err *e)
{
	struct embedded *b = mem_new(sizeof *b);
	bool based = c->base && rest[0] != '/';
	int n = snprintf(b->bus.folder, sizeof b->bus.folder, "%s%s%s", based ? c->base : "", based ? "/" : "", rest);

	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	pthread_mutex_init(&b->acts_lock, NULL);
	b->acts_dir = -1;
	b->bus.mode = mode;
	if (!rest[0])
		err_set(e, E_BUS_URL, "url=%s", c->url);
	else if (n >= (int)sizeof b->bus.folder)
		err_sys(e, E_FILE_FAILED, rest, ENAMETOOLONG);
	else if (open_inside(b, c, mode, e) == 0) {
		*ret = &b->bus;
		return 0;
	}
	close_as(b, false);
	return -1;
}

static void embedded_close(struct bus *b)
{
	close_as((struct embedded *)b, true);
}

static void embedded_disown(struct bus_owner *owner)
{
	struct owner *o = (struct owner *)owner;

	free(o->given);
	free(o);
}

/* ---- positions ---- */

static int embedded_position_get(struct bus *bus, struct span key, struct buf *ret, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct store_txn *t;
	struct span value;
	int got;

	if (store_read(b->store, &t, e))
		return -1;
	got = sealed_get(t, &b->positions, key, &value, e);
	if (got == 1)
		buf_span(ret, value);
	store_abort(t);
	return got;
}

/* A walk over sealed values that are checked on the way. */
struct walk {
	struct embedded *bus;
	const struct sealed *table;
	int (*position)(void *, struct span, struct span);
	int (*entry)(void *, struct span, const struct bus_entry *);
	void *arg;
	struct err *e;
	int failed;
};

static int each_position(void *arg, struct span key, struct span sealed)
{
	struct walk *w = arg;
	struct span value;

	w->failed = sealed_unseal(w->table, key, sealed, &value, w->e);
	return w->failed ? 1 : w->position(w->arg, key, value);
}

static int embedded_positions(struct bus *bus, struct span prefix, int (*each)(void *, struct span, struct span),
	void *arg, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct walk w = {.bus = b, .table = &b->positions, .position = each, .arg = arg, .e = e};

	return store_scan(b->store, b->positions.handle, prefix, each_position, &w, e) || w.failed ? -1 : 0;
}

/* ---- look-ups ---- */

static int entry_topic(struct embedded *b, unsigned number, unsigned *ret, struct err *e)
{
	struct topic *topic = number < BUS_TOPICS_MAX ? b->numbered[number] : NULL;

	/* Beside a process that writes, an entry may be of a topic younger than our list. */
	if (!topic && number < BUS_TOPICS_MAX && b->bus.mode == BUS_LOOK) {
		if (topics_load(b, e))
			return -1;
		topic = b->numbered[number];
	}
	if (!topic)
		return sealed_damaged(e, "index", 0, 0);
	if (topic->handle == UINT_MAX && bus_topic(&b->bus, topic->name, ret, e))
		return -1;
	*ret = topic->handle;
	return 0;
}

/* extra points into value. */
static int entry_read(struct embedded *b, struct span value, struct bus_entry *ret, struct err *e)
{
	struct place place;

	if (value.n < PLACE_BYTES)
		return sealed_damaged(e, "index", 0, 0);
	sealed_place_get(value.p, &place);
	*ret = (struct bus_entry){.partition = place.partition, .offset = place.offset,
		.extra = {value.p + PLACE_BYTES, value.n - PLACE_BYTES}};
	return entry_topic(b, place.number, &ret->topic, e);
}

/* Who only looks may have opened the store before it began to be folded anew: what is there by now is not all. */
static int whole(struct embedded *b, struct err *e)
{
	int folded = b->bus.mode == BUS_LOOK ? embedded_folded(b, e) : 1;

	return folded == 0 ? err_set(e, E_STORE_FOLDING, "folder=%s", b->bus.folder) : folded < 0 ? -1 : 0;
}

static int embedded_look(struct bus *bus, unsigned index, struct span key, struct buf *scratch, struct bus_entry *ret,
	struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct store_txn *t;
	struct span value;
	int got;

	if (store_read(b->store, &t, e))
		return -1;
	got = sealed_get(t, &b->index[index], key, &value, e);
	if (got == 1) {
		buf_clear(scratch);
		buf_span(scratch, value);
	}
	store_abort(t);
	if (whole(b, e) || (got == 1 && entry_read(b, buf_as_span(scratch), ret, e)))
		return -1;
	return got;
}

static int each_entry(void *arg, struct span key, struct span sealed)
{
	struct walk *w = arg;
	struct bus_entry entry;
	struct span value;

	w->failed = sealed_unseal(w->table, key, sealed, &value, w->e) || entry_read(w->bus, value, &entry, w->e);
	return w->failed ? 1 : w->entry(w->arg, key, &entry);
}

static int embedded_entries(struct bus *bus, unsigned index, struct span prefix,
	int (*each)(void *, struct span, const struct bus_entry *), void *arg, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct walk w = {.bus = b, .table = &b->index[index], .entry = each, .arg = arg, .e = e};

	if (whole(b, e))
		return -1;
	return store_scan(b->store, w.table->handle, prefix, each_entry, &w, e) || w.failed || whole(b, e) ? -1 : 0;
}

static int embedded_room_left(struct bus *bus, uint64_t *ret_used, uint64_t *ret_max, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;

	(void)e;
	*ret_used = store_bytes(b->store);
	*ret_max = store_limit(b->store);
	return 1;
}

const struct bus_driver bus_embedded = {
	.scheme = "embedded",
	.open = embedded_open,
	.close = embedded_close,
	.topic = embedded_topic,
	.topics = embedded_topics,
	.own = embedded_own,
	.disown = embedded_disown,
	.commit = embedded_commit,
	.position_get = embedded_position_get,
	.positions = embedded_positions,
	.read = embedded_read,
	.unread = embedded_unread,
	.seek = embedded_seek,
	.seek_time = embedded_seek_time,
	.next = embedded_next,
	.end = embedded_end,
	.look = embedded_look,
	.entries = embedded_entries,
	.act_submit = embedded_act_submit,
	.act_take = embedded_act_take,
	.in_use = embedded_in_use,
	.acts_left = embedded_acts_left,
	.room = embedded_room_left,
	.dense = true,
};
