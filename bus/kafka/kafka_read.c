/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"

#define SEEN_MS 10000                /* own commits come to light much sooner; else the cluster is away */
#define SLICE_MS 100
/* A seek within what is about to come reads over it: cheaper than to begin anew. */
#define SKIP_MAX 2000u

/*
 * A reader gives what has been folded (kafka_part.next) and nothing beyond, so that an entry is there when its record
 * is. Since the fold has been at the end, whatever it has passed must come here as well, if only as "end reached" behind
 * records that do not count: there is always something to wait for, and a wait has an end.
 */
struct kafka_reader {
	struct bus_reader reader;
	struct kafka *k;
	struct kafka_topic *topic;
	unsigned partition;
	struct kafka_source *source; /* NULL: not reading */
	unsigned source_number;
	rd_kafka_queue_t *queue;
	rd_kafka_message_t *message; /* the one that was given last */
	bool moved;                  /* since something was given: is there so much at all? */
	uint64_t want;               /* next one to be given: at or behind */
	uint64_t at;                 /* where the source stands */
	size_t taken;                /* bytes of values since it was started or woken: the queue may have been full */
};

int kafka_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e)
{
	struct kafka_reader *r = mem_new(sizeof *r);

	(void)e;
	r->k = (struct kafka *)b;
	r->topic = r->k->handled[topic];
	r->partition = partition;
	*ret = &r->reader;
	return 0;
}

/* ---- sources ---- */

static struct kafka_part *part_of(const struct kafka_reader *r)
{
	return &r->topic->parts[r->partition];
}

/* Finds a client that does not read this partition; the lock is held. */
static int source_take(struct kafka_reader *r, struct err *e)
{
	struct kafka *k = r->k;
	unsigned i = 0;

	while (i < KAFKA_SOURCES && part_of(r)->busy >> i & 1)
		i++;
	if (i == KAFKA_SOURCES)
		return err_set(e, E_BUS_FAILED, "what=read %s\nwhy=%u readers of one partition at once", r->topic->name, i);
	if (!k->sources[i].client.rk && kafka_client_new(k, KAFKA_READ, NULL, &k->sources[i].client, e))
		return -1;
	if (!k->sources[i].topics[r->topic->at]) {
		char full[KAFKA_NAME_MAX];

		k->sources[i].topics[r->topic->at] = rd_kafka_topic_new(k->sources[i].client.rk,
			kafka_full(k, r->topic->name, full), NULL);
	}
	part_of(r)->busy |= 1u << i;
	r->source = &k->sources[i];
	r->source_number = i;
	return 0;
}

static void drop_message(struct kafka_reader *r)
{
	if (r->message)
		rd_kafka_message_destroy(r->message);
	r->message = NULL;
}

static void stop(struct kafka_reader *r)
{
	drop_message(r);
	if (!r->source)
		return;
	rd_kafka_consume_stop(r->source->topics[r->topic->at], (int32_t)r->partition);
	rd_kafka_queue_destroy(r->queue);
	pthread_mutex_lock(&r->k->lock);
	part_of(r)->busy &= ~(1u << r->source_number);
	pthread_mutex_unlock(&r->k->lock);
	r->source = NULL;
	r->queue = NULL;
}

static int start(struct kafka_reader *r, struct err *e)
{
	int failed;

	pthread_mutex_lock(&r->k->lock);
	failed = source_take(r, e);
	pthread_mutex_unlock(&r->k->lock);
	if (failed)
		return -1;
	r->queue = rd_kafka_queue_new(r->source->client.rk);
	r->at = r->want;
	r->taken = 0;
	if (rd_kafka_consume_start_queue(r->source->topics[r->topic->at], (int32_t)r->partition, (int64_t)r->at, r->queue) == 0)
		return 0;
	kafka_fail(r->k, e, r->topic->name, rd_kafka_last_error(), NULL);
	stop(r);
	return -1;
}

void kafka_unread(struct bus_reader *reader)
{
	struct kafka_reader *r = (struct kafka_reader *)reader;

	stop(r);
	free(r);
}

void kafka_seek(struct bus_reader *reader, uint64_t offset)
{
	struct kafka_reader *r = (struct kafka_reader *)reader;

	r->want = offset;
	r->moved = true;
	if (r->source && (offset < r->at || offset - r->at > SKIP_MAX))
		stop(r);
}

int kafka_seek_time(struct bus_reader *reader, int64_t time_ms, struct err *e)
{
	struct kafka_reader *r = (struct kafka_reader *)reader;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;
	char full[KAFKA_NAME_MAX];
	int64_t at;

	rd_kafka_topic_partition_list_add(list, kafka_full(r->k, r->topic->name, full), (int32_t)r->partition)->offset =
		time_ms < 0 ? 0 : time_ms;
	code = rd_kafka_offsets_for_times(r->k->asker, list, KAFKA_CALL_MS);
	code = code ? code : list->elems[0].err;
	at = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		return kafka_fail(r->k, e, r->topic->name, code, NULL);
	if (at >= 0) {
		kafka_seek(reader, (uint64_t)at);
		return 0;
	}
	/* Nothing is so young: the end. */
	pthread_mutex_lock(&r->k->lock);
	at = (int64_t)(part_of(r)->next > part_of(r)->seen ? part_of(r)->next : part_of(r)->seen);
	pthread_mutex_unlock(&r->k->lock);
	kafka_seek(reader, (uint64_t)at);
	return 0;
}

/* ---- the next one ---- */

/* 1 something is to come at or behind `want`, 0 nothing, -1. */
static int is_more(struct kafka_reader *r, struct err *e)
{
	struct kafka_part *p = part_of(r);
	uint64_t next, seen;

	pthread_mutex_lock(&r->k->lock);
	next = p->next;
	seen = p->seen;
	pthread_mutex_unlock(&r->k->lock);
	if (r->want < next)
		return 1;
	if (r->want >= seen)
		return 0;
	return kafka_fold_wait_part(r->k, r->topic, r->partition, seen, SEEN_MS, e) ? -1 : 1;
}

/* What is asked for is no longer kept. */
static int gone(struct kafka_reader *r, struct err *e)
{
	stop(r);
	return kafka_gone(r->k, r->topic, r->partition, r->want, e);
}

/* 1 a message is there, 0 not: look again, -1. */
static int take(struct kafka_reader *r, rd_kafka_message_t *m, struct err *e)
{
	if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		r->taken += m->len;
		r->at = (uint64_t)m->offset + 1;
		if ((uint64_t)m->offset >= r->want) {
			r->message = m;
			r->want = r->at;
			return 1;
		}
	} else if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if ((uint64_t)m->offset > r->at)
			r->at = (uint64_t)m->offset;
		/* All there was up to here is behind us. */
		if (r->at > r->want)
			r->want = r->at;
	} else if (m->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) {
		rd_kafka_message_destroy(m);
		return gone(r, e);
	} else if (m->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
		kafka_fail_right(r->k, e, "Read", rd_kafka_topic_name(m->rkt), m->err, NULL);
		rd_kafka_message_destroy(m);
		return -1;
	}
	rd_kafka_message_destroy(m);
	return 0;
}

/* Somebody's transaction is open before what we wait for, or the cluster is away. */
static int behind(struct kafka_reader *r, struct err *e)
{
	uint64_t next;

	pthread_mutex_lock(&r->k->lock);
	next = part_of(r)->next;
	pthread_mutex_unlock(&r->k->lock);
	return err_set(e, E_BUS_BEHIND, "topic=%s\npartition=%u\nhave=%" PRIu64 "\nwant=%" PRIu64, r->topic->name,
		r->partition, r->at, next);
}

/* A position beyond the end of its topic is one of another topic that bore this name: what is on this one would be passed over. */
static int within(struct kafka_reader *r, struct err *e)
{
	struct kafka_part *p = part_of(r);
	bool known;

	pthread_mutex_lock(&r->k->lock);
	known = r->want <= p->next || r->want <= p->seen;
	pthread_mutex_unlock(&r->k->lock);
	return known ? 0 : kafka_gone(r->k, r->topic, r->partition, r->want, e);
}

/*
 * A queue that was full is looked at again after up to a second (2.0.2): nothing tells the thread that fetches that there is
 * room by now. A seek to where we are does. Only when it may have been full, and is empty: a seek throws away what lies in it, or
 * is under way.
 */
static rd_kafka_message_t *wait(struct kafka_reader *r)
{
	rd_kafka_message_t *m;

	if (r->taken < KAFKA_QUEUE_BYTES)
		return rd_kafka_consume_queue(r->queue, SLICE_MS);
	m = rd_kafka_consume_queue(r->queue, KAFKA_WAKE_MS);
	if (!m) {
		r->taken = 0;
		rd_kafka_seek(r->source->topics[r->topic->at], (int32_t)r->partition, (int64_t)r->at, 0);
	}
	return m;
}

int kafka_next(struct bus_reader *reader, struct bus_message *ret, struct err *e)
{
	struct kafka_reader *r = (struct kafka_reader *)reader;
	int64_t until = 0;
	int got;

	drop_message(r);
	if (r->moved && within(r, e))
		return -1;
	r->moved = false;
	while ((got = is_more(r, e)) == 1) {
		rd_kafka_message_t *m;

		if (!r->source && start(r, e))
			return -1;
		m = wait(r);
		if (!m) {
			int64_t now = clock_steady_ms();

			if (!until)
				until = now + SEEN_MS;
			rd_kafka_poll(r->source->client.rk, 0);
			if (now > until)
				return behind(r, e);
			continue;
		}
		got = take(r, m, e);
		if (got < 0)
			return -1;
		if (got == 1) {
			*ret = (struct bus_message){(uint64_t)r->message->offset, kafka_time_of(r->message),
				{r->message->key, r->message->key_len}, {r->message->payload, r->message->len}};
			return 1;
		}
	}
	return got;
}

int kafka_end(struct bus *b, unsigned topic, unsigned partition, uint64_t *ret, struct err *e)
{
	struct kafka *k = (struct kafka *)b;
	struct kafka_topic *t = k->handled[topic];
	struct kafka_part *p = &t->parts[partition];
	uint64_t seen;

	pthread_mutex_lock(&k->lock);
	seen = p->seen;
	pthread_mutex_unlock(&k->lock);
	if (kafka_fold_wait_part(k, t, partition, seen, SEEN_MS, e))
		return -1;
	pthread_mutex_lock(&k->lock);
	*ret = p->next;
	pthread_mutex_unlock(&k->lock);
	return 0;
}
