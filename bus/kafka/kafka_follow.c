/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_fold_parts.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "clock.h"
#include "lane.h"
#include "log.h"

/* Entries in order meet the same pages: the more at once, the fewer are written. */
struct bound {
	size_t records, bytes;
	int ms;                      /* others wait for what is in it */
};
static const struct bound usual = {25000, 16 << 20, 200}, opening = {100000, 64 << 20, 2000};
#define OWN_MS 300                   /* without an own run for so long a partition is fetched: what is behind the last one? */

/*
 * Between runs of two transactions, one behind the other, of one owner lies the marker that ended the first: the second is not
 * begun before it is written. Whatever somebody else writes between them takes a place of its own.
 */
uint64_t kafka_chain(const struct kafka_part *p, const void *owner, uint64_t txn, const struct kafka_run *run)
{
	bool marker = p->chain == owner && p->chain_txn != txn && p->next == p->chain_to + 1 &&
		run->from == p->next + 1;

	return run->from == p->next || marker ? run->to + 1 : 0;
}

/* Where to go on: behind what has been folded, at the first record that is kept when that is later. */
int kafka_follow(struct kafka_fold *f, struct kafka_topic *t, struct err *e)
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
				log_line(LOG_WARN, "index.ahead", "topic=%s partition=%u next=%" PRIu64 " end=%" PRIu64,
					t->name, j, heads[j], ends[j].high);
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

bool kafka_follows(struct kafka *k, const struct kafka_topic *t)
{
	bool following = true;

	pthread_mutex_lock(&k->lock);
	for (unsigned j = 0; j < t->partitions; j++)
		following = following && t->parts[j].following;
	pthread_mutex_unlock(&k->lock);
	return following;
}

int kafka_follow_rest(struct kafka_fold *f, struct err *e)
{
	for (unsigned i = 0; i < f->k->ntopics; i++)
		if (!kafka_follows(f->k, f->k->topics[i]) && kafka_follow(f, f->k->topics[i], e))
			return -1;
	return 0;
}

int kafka_follow_all(struct kafka_fold *f, struct err *e)
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
	return kafka_follow_rest(f, e);
}

void kafka_follow_none(struct kafka_fold *f)
{
	struct kafka *k = f->k;

	f->holding = f->held = false;
	for (unsigned i = 0; i < k->ntopics; i++)
		for (unsigned j = 0; j < k->topics[i]->partitions; j++) {
			struct kafka_part *p = &k->topics[i]->parts[j];

			if (p->fetching)
				rd_kafka_consume_stop(f->topics[i], (int32_t)j);
			p->fetching = p->out_of_range = false;
			pthread_mutex_lock(&k->lock);
			p->following = false;
			p->nruns = 0;
			pthread_mutex_unlock(&k->lock);
		}
}

/*
 * ---- folding a record ----
 *
 * Lanes are looked at by who reads them (lane_heads_check), not here. The fold of each host would need the heads of all lanes in each
 * of its puts, and could do no more at a gap or a fork than the one flow that has to stop there, except stop a whole host. What a
 * forked record adds is an id, a claim, an act that is known: the same key is then refused or a conflict, never paid a second time;
 * what a lost one lacks its own reader misses.
 */

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

/* Others may write to a topic, whoever let them: what is not of our flows must not change what they look up, nor stop the host. */
static int fold_foreign(struct kafka_fold *f, const struct kafka_topic *t, const struct kafka_place *place,
	const struct err *why, struct err *e)
{
	char key[INDEX_KEY_MAX];

	f->foreign++;
	if ((f->foreign & (f->foreign - 1)) == 0)
		log_err(LOG_ERROR, "index.foreign", why, "place=%s/%u@%" PRIu64 " count=%u do=jincai_todo", t->name,
			place->partition, place->offset, f->foreign);
	return kafka_put_entry(f->put, INDEX_FOREIGN, index_foreign_key(key, t->name, place->partition, place->offset),
		place, SPAN(""), e);
}

static int fold_record(struct kafka_fold *f, const struct kafka_topic *t, const rd_kafka_message_t *m, struct err *e)
{
	struct kafka_place place = {t->number, (unsigned)m->partition, (uint64_t)m->offset, kafka_time_of(m)};
	struct sink sink = {{sink_put}, f->put, &place};
	struct span key = {m->key, m->key_len}, value = {m->payload, m->len};
	struct err why;

	if (t == f->k->positions)
		return fold_position(f->put, key, value, place.offset, kafka_time_of(m), e);
	if (t == f->k->orders)
		return fold_order(f->put, key, value, place.offset, kafka_time_of(m), e);
	err_set(&why, E_INDEX_FOREIGN, "topic=%s", t->name);
	if (!lane_is_stamped(value))
		return fold_foreign(f, t, &place, &why, e);
	if (index_fold(t->name, value, &sink.sink, &why) == 0)
		return 0;
	if (why.id == E_INDEX_RECORD)
		return fold_foreign(f, t, &place, &why, e);
	*e = why;
	return -1;
}

int kafka_follow_fetch(struct kafka_fold *f, struct err *e)
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
			p->at_end = false;
		}
	}
	return 0;
}

int kafka_follow_ranges(struct kafka_fold *f, struct err *e)
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
		p->at_end = true;
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
	if (m->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return kafka_fail_right(f->k, e, "Read", rd_kafka_topic_name(m->rkt), m->err, NULL);
	if (m->err) {
		/* Whatever comes of the network the library tries again by itself. */
		log_line(LOG_DEBUG, "index.wait", "topic=%s why=%s", t->name, rd_kafka_err2name(m->err));
		return 0;
	}
	p->at_end = false;
	if ((uint64_t)m->offset < p->pending)
		return 0;
	p->touched = true;
	if (!is_own(f->k, p, (uint64_t)m->offset) && fold_record(f, t, m, e))
		return err_at(e, "%s/%d@%" PRId64, t->name, m->partition, m->offset);
	p->pending = (uint64_t)m->offset + 1;
	p->pending_ms = kafka_time_of(m);
	return 0;
}

static int put_heads(struct kafka_fold *f, struct err *e)
{
	for (unsigned i = 0; i < f->k->ntopics; i++) {
		struct kafka_topic *t = f->k->topics[i];

		for (unsigned j = 0; j < t->partitions; j++)
			if (t->parts[j].touched &&
				kafka_put_head(f->put, t->number, j, t->parts[j].pending, t->parts[j].pending_ms, e))
				return -1;
	}
	return 0;
}

void kafka_follow_tell(struct kafka *k, const bool grown[BUS_TOPICS_MAX])
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
	kafka_follow_tell(k, grown);
}

/* What has not been put is fetched again, from next on. */
static int put_nothing(struct kafka_fold *f)
{
	for (unsigned i = 0; i < f->k->ntopics; i++)
		for (unsigned j = 0; j < f->k->topics[i]->partitions; j++) {
			struct kafka_part *p = &f->k->topics[i]->parts[j];

			if (!p->touched)
				continue;
			if (p->fetching)
				rd_kafka_consume_stop(f->topics[i], (int32_t)j);
			p->touched = p->fetching = p->out_of_range = false;
		}
	return -1;
}

/* All partitions fill one queue: when it was full none of them is fetched. */
static void wake(struct kafka_fold *f)
{
	for (unsigned i = 0; i < f->k->ntopics; i++) {
		struct kafka_topic *t = f->k->topics[i];

		for (unsigned j = 0; j < t->partitions; j++) {
			struct kafka_part *p = &t->parts[j];
			uint64_t next;

			if (!p->fetching || p->at_end)
				continue;
			pthread_mutex_lock(&f->k->lock);
			next = p->touched && p->pending > p->next ? p->pending : p->next;
			pthread_mutex_unlock(&f->k->lock);
			rd_kafka_seek(f->topics[t->at], (int32_t)j, (int64_t)next, 0);
		}
	}
}

rd_kafka_message_t *kafka_follow_wait(struct kafka_fold *f, int ms)
{
	rd_kafka_message_t *m;

	if (f->taken < KAFKA_QUEUE_BYTES)
		return rd_kafka_consume_queue(f->queue, ms);
	m = rd_kafka_consume_queue(f->queue, KAFKA_WAKE_MS);
	if (m)
		return m;
	f->taken = 0;
	wake(f);
	return rd_kafka_consume_queue(f->queue, ms);
}

int kafka_follow_round(struct kafka_fold *f, rd_kafka_message_t *m, struct err *e)
{
	const struct bound *bound = f->opening ? &opening : &usual;
	int64_t until = clock_steady_ms() + bound->ms;
	size_t n = 0, bytes = 0;
	int failed;

	if (kafka_put_begin(f->k->index, &f->put, e)) {
		rd_kafka_message_destroy(m);
		return -1;
	}
	do {
		bytes += m->len + m->key_len;
		f->taken += m->len;
		failed = take(f, m, e);
		rd_kafka_message_destroy(m);
		if (failed || ++n == bound->records || bytes >= bound->bytes)
			break;
		m = rd_kafka_consume_queue(f->queue, 0);
		/* Much has come, so much is to come. */
		if (!m && f->taken >= KAFKA_QUEUE_BYTES && clock_steady_ms() < until)
			m = kafka_follow_wait(f, KAFKA_WAKE_MS);
	} while (m);
	if (failed || put_heads(f, e)) {
		kafka_put_abort(f->put);
		return put_nothing(f);
	}
	if (kafka_put_commit(f->put, e))
		return put_nothing(f);
	show(f);
	return 0;
}
