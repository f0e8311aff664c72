/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bus_driver.h"
#include "index.h"
#include "stage.h"
#include "topics.h"

#define NAME_MAX_BYTES 100u
#define POSITION_KEY_MAX 480u
#define ACT_ID_MAX 64u
#define ACT_MAX 65536u

struct bus_staging {
	struct stage *stage;         /* NULL: nothing is staged */
	struct err spent;            /* set by the commit that failed */
	struct buf scratch;          /* what the last look-up found */
};

struct bus_front {
	pthread_mutex_t lock;
	atomic_uint ntopics;         /* rows below it never change */
	struct bus_topic_row topics[BUS_TOPICS_MAX];
	struct stage_pool stages;
};

/* ---- opening ---- */

int bus_open_with(const struct bus_driver *driver, const struct bus_conf *c, enum bus_mode mode, struct bus **ret,
	struct err *e)
{
	struct span url = span_of(c->url), scheme = span_of(driver->scheme);
	struct bus *b;

	if (!span_starts(url, scheme) || url.n <= scheme.n || url.p[scheme.n] != ':')
		return err_set(e, E_BUS_URL, "url=%s", c->url ? c->url : "");
	if (driver->open(c, url.p + scheme.n + 1, mode, &b, e) < 0)
		return -1;
	b->driver = driver;
	b->mode = mode;
	if (!b->partitions)
		b->partitions = c->partitions ? c->partitions : 1;
	b->front = mem_new(sizeof *b->front);
	pthread_mutex_init(&b->front->lock, NULL);
	stage_pool_init(&b->front->stages);
	*ret = b;
	return 0;
}

void bus_close(struct bus *b)
{
	struct bus_front *front = b ? b->front : NULL;

	if (!b)
		return;
	b->driver->close(b);
	stage_pool_done(&front->stages);
	pthread_mutex_destroy(&front->lock);
	free(front);
}

/* ---- topics ---- */

static bool name_ok(const char *name, size_t max)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	return n > 0 && n <= max && name[n] == 0;
}

static unsigned find_topic(struct bus_front *front, unsigned n, const char *name)
{
	unsigned i = 0;

	while (i < n && strcmp(front->topics[i].name, name) != 0)
		i++;
	return i;
}

static int add_topic(struct bus *b, const char *name, unsigned *ret_topic, struct err *e)
{
	struct bus_front *front = b->front;
	unsigned n = atomic_load(&front->ntopics), i = find_topic(front, n, name);
	struct bus_topic_row *row = &front->topics[i];

	if (i == n) {
		if (n == BUS_TOPICS_MAX)
			return err_set(e, E_BUS_TOPICS, "max=%u", BUS_TOPICS_MAX);
		strcpy(row->name, name);
		row->partitions = topics_is_parted(name) ? b->partitions : 1;
		if (b->driver->topic(b, n, name, row->partitions, e) < 0)
			return -1;
		atomic_store(&front->ntopics, n + 1);
	}
	*ret_topic = i;
	return 0;
}

int bus_topic(struct bus *b, const char *name, unsigned *ret_topic, struct err *e)
{
	unsigned n = atomic_load(&b->front->ntopics), i = find_topic(b->front, n, name);
	int r = 0;

	if (i < n) {
		*ret_topic = i;
		return 0;
	}
	if (!name_ok(name, NAME_MAX_BYTES))
		return err_set(e, E_BUS_NAME, "name=%s", name);
	pthread_mutex_lock(&b->front->lock);
	r = add_topic(b, name, ret_topic, e);
	pthread_mutex_unlock(&b->front->lock);
	return r;
}

struct naming {
	int (*each)(void *arg, const char *name);
	void *arg;
};

static int name_one(void *arg, const char *name, unsigned partitions)
{
	const struct naming *n = arg;

	(void)partitions;
	return n->each(n->arg, name);
}

int bus_topics(struct bus *b, int (*each)(void *arg, const char *name), void *arg, struct err *e)
{
	int got;

	pthread_mutex_lock(&b->front->lock);
	got = b->driver->topics(b, name_one, &(struct naming){each, arg}, e);
	pthread_mutex_unlock(&b->front->lock);
	return got;
}

static const struct bus_topic_row *topic_row(const struct bus *b, unsigned topic)
{
	assert(topic < atomic_load(&b->front->ntopics));
	return &b->front->topics[topic];
}

unsigned bus_partitions(const struct bus *b, unsigned topic)
{
	return topic_row(b, topic)->partitions;
}

const char *bus_topic_name(const struct bus *b, unsigned topic)
{
	return topic_row(b, topic)->name;
}

const char *bus_folder(const struct bus *b)
{
	return b->folder;
}

/* ---- staging ---- */

static struct stage *stage_of(struct bus_owner *o)
{
	if (!o->staging->stage)
		o->staging->stage = stage_take(&o->bus->front->stages);
	return o->staging->stage;
}

static void stage_drop(struct bus_owner *o)
{
	if (o->staging->stage)
		stage_give(&o->bus->front->stages, o->staging->stage);
	o->staging->stage = NULL;
}

static int spent(const struct bus_owner *o, struct err *e)
{
	if (o->staging->spent.id == E_NONE)
		return 0;
	*e = o->staging->spent;
	return -1;
}

int bus_fits(struct bus *b, unsigned topic, size_t key, size_t value, struct err *e)
{
	size_t max = b->driver->record_max ? b->driver->record_max(b, topic) : SIZE_MAX;

	if (key > BUS_KEY_MAX)
		return stage_too_large(e, "key", key, BUS_KEY_MAX);
	if (value > BUS_VALUE_MAX)
		return stage_too_large(e, "event", value, BUS_VALUE_MAX);
	return key + value > max ? stage_too_large(e, "event", key + value, max) : 0;
}

int bus_append(struct bus_owner *o, unsigned topic, unsigned partition, struct span key, struct span value,
	struct err *e)
{
	const struct bus_topic_row *row = topic_row(o->bus, topic);

	assert(partition < row->partitions);
	if (spent(o, e) < 0 || bus_fits(o->bus, topic, key.n, value.n, e) < 0)
		return -1;
	return stage_record(stage_of(o), row->name, topic, partition, key, value, e);
}

int bus_position_put(struct bus_owner *o, const char *key, struct span value, struct err *e)
{
	struct span k = span_of(key);

	if (spent(o, e) < 0)
		return -1;
	if (k.n > POSITION_KEY_MAX)
		return stage_too_large(e, "position key", k.n, POSITION_KEY_MAX);
	if (value.n > BUS_VALUE_MAX)
		return stage_too_large(e, "position", value.n, BUS_VALUE_MAX);
	return stage_position(stage_of(o), k, value, e);
}

size_t bus_staged_bytes(const struct bus_owner *o)
{
	return stage_bytes(o->staging->stage);
}

size_t bus_staged_records(const struct bus_owner *o)
{
	return stage_records(o->staging->stage);
}

void bus_act_done(struct bus_owner *o, const char *id)
{
	stage_act(stage_of(o), id);
}

/* ---- commit ---- */

int bus_commit(struct bus_owner *o, struct err *e)
{
	struct stage *s = o->staging->stage;
	struct bus_commit c;
	int r;

	if (spent(o, e) < 0)
		return -1;
	if (!s)
		return 0;
	c = stage_show(s);
	r = c.nrecords || c.npositions || c.nacts ? o->bus->driver->commit(o, &c, e) : 0;
	if (r < 0)
		o->staging->spent = *e;
	stage_drop(o);
	return r;
}

/* ---- owners ---- */

static int may_own(const struct bus *b, const char *flow, struct err *e)
{
	if (b->mode == BUS_LOOK)
		return err_set(e, E_BUS_LOOK_ONLY, "flow=%s", flow);
	return name_ok(flow, NAME_MAX_BYTES) ? 0 : err_set(e, E_BUS_NAME, "name=%s", flow);
}

static int owned(struct bus *b, const char *flow, struct bus_owner *o, struct bus_owner **ret)
{
	o->bus = b;
	strcpy(o->flow, flow);
	o->staging = mem_new(sizeof *o->staging);
	*ret = o;
	return 0;
}

int bus_own(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e)
{
	struct bus_owner *o;

	return may_own(b, flow, e) < 0 || b->driver->own(b, flow, &o, e) < 0 ? -1 : owned(b, flow, o, ret);
}

static int may_fence(const struct bus *b, const char *fence, struct err *e)
{
	if (may_own(b, fence, e) < 0)
		return -1;
	return b->driver->own_as && b->driver->fence ? 0 : err_set(e, E_BUS_NO_SHARES, "flow=%s", fence);
}

int bus_own_as(struct bus *b, const char *flow, const char *fence, struct bus_owner **ret, struct err *e)
{
	struct bus_owner *o;

	return may_own(b, flow, e) < 0 || may_fence(b, fence, e) < 0 || b->driver->own_as(b, flow, fence, &o, e) < 0
		? -1
		: owned(b, flow, o, ret);
}

int bus_fence(struct bus *b, const char *fence, struct err *e)
{
	return may_fence(b, fence, e) < 0 ? -1 : b->driver->fence(b, fence, e);
}

void bus_disown(struct bus_owner *o)
{
	struct bus_staging *staging = o ? o->staging : NULL;

	if (!o)
		return;
	stage_drop(o);
	o->bus->driver->disown(o);
	buf_done(&staging->scratch);
	free(staging);
}

uint64_t bus_generation(const struct bus_owner *o)
{
	return o->generation;
}

const char *bus_owner_flow(const struct bus_owner *o)
{
	return o->flow;
}

/* ---- positions, readers ---- */

int bus_position_get(struct bus *b, const char *key, struct buf *ret, struct err *e)
{
	return b->driver->position_get(b, span_of(key), ret, e);
}

int bus_positions(struct bus *b, const char *prefix, int (*each)(void *arg, struct span key, struct span value),
	void *arg, struct err *e)
{
	return b->driver->positions(b, span_of(prefix), each, arg, e);
}

int bus_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e)
{
	struct bus_reader *r;

	assert(partition < bus_partitions(b, topic));
	if (b->driver->read(b, topic, partition, &r, e) < 0)
		return -1;
	r->bus = b;
	r->topic = topic;
	r->partition = partition;
	*ret = r;
	return 0;
}

void bus_unread(struct bus_reader *r)
{
	if (r)
		r->bus->driver->unread(r);
}

void bus_seek(struct bus_reader *r, uint64_t offset)
{
	r->bus->driver->seek(r, offset);
}

int bus_seek_time(struct bus_reader *r, int64_t time_ms, struct err *e)
{
	return r->bus->driver->seek_time(r, time_ms, e);
}

int bus_next(struct bus_reader *r, struct bus_message *ret, struct err *e)
{
	return r->bus->driver->next(r, ret, e);
}

int bus_end(struct bus *b, unsigned topic, unsigned partition, uint64_t *ret, struct err *e)
{
	assert(partition < bus_partitions(b, topic));
	return b->driver->end(b, topic, partition, ret, e);
}

/* ---- look-ups ---- */

static pthread_key_t thread_scratch_key;

static void thread_scratch_free(void *scratch)
{
	buf_done(scratch);
	free(scratch);
}

static void thread_scratch_init(void)
{
	if (pthread_key_create(&thread_scratch_key, thread_scratch_free) != 0)
		abort();
}

/* What a look-up without an owner found; the thread owns it. */
static struct buf *thread_scratch(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct buf *b;

	pthread_once(&once, thread_scratch_init);
	b = pthread_getspecific(thread_scratch_key);
	if (!b) {
		b = mem_new(sizeof *b);
		if (pthread_setspecific(thread_scratch_key, b) != 0)
			abort();
	}
	return b;
}

int bus_look(struct bus *b, struct bus_owner *o, unsigned index, struct span key, struct bus_entry *ret, struct err *e)
{
	struct buf *scratch = o ? &o->staging->scratch : thread_scratch();
	const struct stage *staged = o ? o->staging->stage : NULL;
	bool first = index_table[index].keep == INDEX_FIRST;
	int r;

	if (o && spent(o, e) < 0)
		return -1;
	if (!first && stage_look(staged, index, key, scratch, ret))
		return 1;
	if (key.n > INDEX_KEY_MAX)
		return 0;
	buf_clear(scratch);
	r = b->driver->look(b, index, key, scratch, ret, e);
	if (r == 0 && first)
		r = stage_look(staged, index, key, scratch, ret);
	return r;
}

int bus_entries(struct bus *b, unsigned index, struct span prefix,
	int (*each)(void *arg, struct span key, const struct bus_entry *entry), void *arg, struct err *e)
{
	return b->driver->entries(b, index, prefix, each, arg, e);
}

/* ---- acts ---- */

int64_t bus_last_ms(const struct bus *b)
{
	return b->last_ms;
}

int bus_settle(struct bus *b, struct err *e)
{
	return b->driver->settle ? b->driver->settle(b, e) : 0;
}

int bus_clocks(struct bus *b, int (*each)(void *arg, const char *host, int64_t ahead_ms), void *arg, struct err *e)
{
	return b->driver->clocks ? b->driver->clocks(b, each, arg, e) : 0;
}

bool bus_shared(const struct bus *b)
{
	return b->driver->cluster != NULL;
}

int bus_cluster(struct bus *b, struct buf *ret, struct err *e)
{
	if (!b->driver->cluster)
		return 0;
	return b->driver->cluster(b, ret, e) < 0 ? -1 : 1;
}

size_t bus_step_bytes(const struct bus *b)
{
	return b->driver->step_bytes ? b->driver->step_bytes : BUS_STEP_BYTES;
}

size_t bus_step_records(const struct bus *b)
{
	return b->driver->step_records ? b->driver->step_records : BUS_STEP_RECORDS;
}

bool bus_step_full(const struct bus_owner *o)
{
	const struct stage *s = o->staging->stage;

	return stage_bytes(s) >= bus_step_bytes(o->bus) || stage_records(s) >= bus_step_records(o->bus) ||
		(o->step_entries && stage_entries(s) >= o->step_entries);
}

bool bus_is_dense(const struct bus *b)
{
	return b->driver->dense;
}

void bus_watch(struct bus *b, void (*grew)(void *arg, unsigned topic), void *arg)
{
	if (b->driver->watch)
		b->driver->watch(b, grew, arg);
}

bool bus_in_use(struct bus *b)
{
	return b->mode == BUS_OWN || !b->driver->in_use || b->driver->in_use(b);
}

bool bus_act_id_ok(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return n > 0 && n <= ACT_ID_MAX && !id[n];
}

int bus_act_submit(struct bus *b, const char *flow, const char *id, struct span act, struct err *e)
{
	if (!bus_act_id_ok(id))
		return err_set(e, E_BUS_NAME, "name=%s", id);
	if (!name_ok(flow, NAME_MAX_BYTES))
		return err_set(e, E_BUS_NAME, "name=%s", flow);
	if (act.n > ACT_MAX)
		return stage_too_large(e, "act", act.n, ACT_MAX);
	return b->driver->act_submit(b, flow, id, act, e);
}

int bus_acts_left(struct bus *b,
	int (*each)(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act), void *arg,
	struct err *e)
{
	return b->driver->acts_left(b, each, arg, e);
}

int bus_room(struct bus *b, uint64_t *ret_used, uint64_t *ret_max, struct err *e)
{
	return b->driver->room ? b->driver->room(b, ret_used, ret_max, e) : 0;
}

int bus_act_take(struct bus_owner *o, struct buf *ret_id, struct buf *ret_act, struct err *e)
{
	if (spent(o, e) < 0)
		return -1;
	return o->bus->driver->act_take(o, ret_id, ret_act, e);
}
