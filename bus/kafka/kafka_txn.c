/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_owner.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "log.h"

/*
 * The rules of transactions. Each stands here because without it somebody has lost or doubled a payment:
 *
 * - Whatever is in doubt about a producer ends it: destroyed, a new one, init_transactions, positions read again. The call
 *   that failed is never made a second time, unless the library says that it may; nothing is ever aborted, since a late copy of
 *   an abort can end the next transaction without any error: init_transactions of the next owner does it.
 * - The library sends requests again by itself. When more than one EndTxn has left for one commit, a copy may arrive
 *   during the next transaction and end it half way. So the next one is not begun: the owner is spent.
 * - A transaction is begun with its first record and ended in the same call: none is open while nothing happens.
 * - A fenced owner is told by its commit alone: begin and produce still succeed.
 */
#define SIGN_MS 10000

/* ---- one transaction ---- */

static void on_delivered(void *arg, const rd_kafka_message_t *m)
{
	struct kafka_owner *o = arg;
	size_t i = (size_t)(uintptr_t)m->_private;

	o->delivered++;
	if (m->err && !o->failed) {
		o->failed = m->err;
		o->failed_at = i < o->nouts ? o->outs[i].topic : NULL;
	}
	/* Of a repeat whose first answer was lost a broker may say no more than that it has it; the library then counts on from
	 * -1, so the places behind such a one are wrong as well. */
	o->unplaced |= !m->err && m->offset < 0;
	if (!m->err && i < o->nouts) {
		int64_t ms = kafka_time_of(m);

		o->offsets[i] = (uint64_t)m->offset;
		o->times[i] = ms;
		if (o->outs[i].topic == o->k->positions && ms > o->sign_ms)
			o->sign_ms = ms;
	}
}

static rd_kafka_topic_t *topic_of(struct kafka_owner *o, const struct kafka_topic *t)
{
	char full[KAFKA_NAME_MAX];

	if (!o->topics[t->at])
		o->topics[t->at] = rd_kafka_topic_new(o->client.rk, kafka_full(o->k, t->name, full), NULL);
	return o->topics[t->at];
}

struct out *kafka_add_out(struct kafka_owner *o)
{
	o->outs = mem_room(o->outs, &o->cap_outs, o->nouts + 1, sizeof *o->outs);
	return &o->outs[o->nouts++];
}

/* Outs by partition, each in the order of its coming: a library call fills one partition, which costs half of what
 * record by record does. */
static void sort_outs(struct kafka_owner *o)
{
	unsigned first[BUS_TOPICS_MAX], n[BUS_TOPICS_MAX] = {0}, at = 0;

	o->order = mem_room(o->order, &o->cap_order, o->nouts * 2, sizeof *o->order);
	for (size_t i = 0; i < o->nouts; i++)
		n[o->outs[i].topic->at]++;
	for (unsigned t = 0; t < BUS_TOPICS_MAX; t++) {
		first[t] = at;
		at += n[t];
	}
	for (size_t i = 0; i < o->nouts; i++)
		o->order[first[o->outs[i].topic->at]++] = (unsigned)i;
	/* Within a topic, by partition: few, so one walk for each. */
	at = 0;
	for (unsigned t = 0; t < BUS_TOPICS_MAX; t++) {
		unsigned *from = o->order + at, *to = o->order + o->nouts, k = 0;
		const struct kafka_topic *topic = n[t] ? o->outs[*from].topic : NULL;

		for (unsigned p = 0; topic && topic->partitions > 1 && p < topic->partitions; p++)
			for (unsigned i = 0; i < n[t]; i++)
				if (o->outs[from[i]].partition == p)
					to[k++] = from[i];
		if (k)
			memcpy(from, to, k * sizeof *from);
		at += n[t];
	}
}

static int produce_run(struct kafka_owner *o, const unsigned *order, size_t n)
{
	const struct out *head = &o->outs[order[0]];

	o->messages = mem_room(o->messages, &o->cap_messages, n, sizeof *o->messages);
	for (size_t i = 0; i < n; i++) {
		const struct out *x = &o->outs[order[i]];

		/* Nothing is copied: what it points to stays until the commit has ended. */
		o->messages[i] = (rd_kafka_message_t){.payload = (void *)(uintptr_t)x->value.p, .len = x->value.p ? x->value.n : 0,
			.key = (void *)(uintptr_t)x->key.p, .key_len = x->key.n, ._private = (void *)(uintptr_t)order[i]};
	}
	if (rd_kafka_produce_batch(topic_of(o, head->topic), (int32_t)head->partition, 0, o->messages, (int)n) ==
		(int)n)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (o->messages[i].err && !o->failed)
			o->failed = o->messages[i].err;
	return -1;
}

static int produce(struct kafka_owner *o)
{
	size_t from = 0;

	sort_outs(o);
	while (from < o->nouts) {
		const struct out *x = &o->outs[o->order[from]];
		size_t to = from + 1;

		while (to < o->nouts && o->outs[o->order[to]].topic == x->topic &&
			o->outs[o->order[to]].partition == x->partition)
			to++;
		if (produce_run(o, o->order + from, to - from))
			return -1;
		from = to;
	}
	return 0;
}

int kafka_open_client(struct kafka_owner *o, const char *id, struct err *e)
{
	o->client.delivered = on_delivered;
	o->client.arg = o;
	return kafka_client_new(o->k, KAFKA_WRITE, id, &o->client, e);
}

void kafka_close_client(struct kafka_owner *o)
{
	for (unsigned i = 0; i < BUS_TOPICS_MAX; i++)
		if (o->topics[i]) {
			rd_kafka_topic_destroy(o->topics[i]);
			o->topics[i] = NULL;
		}
	kafka_client_done(&o->client);
}

/* Ends the producer: its transaction, if it is still open, ends with the next owner's fence. */
static int doubt(struct kafka_owner *o, const struct err *why)
{
	o->spent = *why;
	kafka_close_client(o);
	return -1;
}

/* A fatal error stands behind whatever the call itself said. */
static rd_kafka_resp_err_t worst(struct kafka_owner *o, rd_kafka_resp_err_t code)
{
	char text[8];
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(o->client.rk, text, sizeof text);

	return fatal ? fatal : code;
}

/* The brokers say the same to who was fenced by another owner, and to whose transaction they ended because it took too long, as
 * after a long sleep of the machine. In both cases nothing has happened; the second one opens again. Who has not written its own
 * record yet knows the one that it found. */
static int fenced(struct kafka_owner *o, struct err *e)
{
	struct sign s;

	if (kafka_fold_wait(o->k, KAFKA_WRITTEN, SIGN_MS, e) || kafka_read_sign(o->k, o->owner.flow, &s, e) ||
		s.generation != o->written)
		err_set(e, E_BUS_FENCED, "flow=%s", o->owner.flow);
	else
		err_set(e, E_BUS_FAILED,
			"what=commit of %s\nwhy=its transaction was ended by the brokers: it took too long",
			o->owner.flow);
	return doubt(o, e);
}

/* Records that were dropped do not say why. The next begin does, and does nothing else. */
static rd_kafka_resp_err_t behind_a_purge(struct kafka_owner *o, rd_kafka_resp_err_t code)
{
	rd_kafka_error_t *error;

	if (code != RD_KAFKA_RESP_ERR__PURGE_QUEUE && code != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
		return code;
	error = rd_kafka_begin_transaction(o->client.rk);
	if (error)
		code = rd_kafka_error_code(error);
	rd_kafka_error_destroy(error);
	return code;
}

static int denied(struct kafka_owner *o, rd_kafka_resp_err_t code, struct err *e)
{
	char name[KAFKA_NAME_MAX];

	pthread_mutex_lock(&o->k->why_lock);
	snprintf(name, sizeof name, "%s", o->client.closed);
	pthread_mutex_unlock(&o->k->why_lock);
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED && !name[0] && o->failed_at)
		kafka_full(o->k, o->failed_at->name, name);
	return name[0] ? kafka_fail_right(o->k, e, "Write", name, code, NULL) : kafka_fail(o->k, e, o->owner.flow, code, NULL);
}

/* Before the request that ends a transaction has left nothing has happened: whatever was written is nobody's. */
static int not_happened(struct kafka_owner *o, rd_kafka_resp_err_t code, struct err *e)
{
	code = behind_a_purge(o, worst(o, code));
	if (kafka_is_fenced(code))
		return fenced(o, e);
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		denied(o, code, e);
	else
		kafka_fail(o->k, e, o->owner.flow, code, NULL);
	return doubt(o, e);
}

static int flush(struct kafka_owner *o, struct err *e)
{
	int64_t until = clock_steady_ms() + KAFKA_CALL_MS;

	while (o->delivered < o->nouts && !o->failed) {
		rd_kafka_flush(o->client.rk, 200);
		if (o->delivered < o->nouts && rd_kafka_outq_len(o->client.rk) == 0)
			rd_kafka_poll(o->client.rk, 10);
		if (worst(o, RD_KAFKA_RESP_ERR_NO_ERROR))
			return not_happened(o, RD_KAFKA_RESP_ERR_NO_ERROR, e);
		if (clock_steady_ms() > until)
			return not_happened(o, RD_KAFKA_RESP_ERR__TIMED_OUT, e);
	}
	return o->failed ? not_happened(o, o->failed, e) : 0;
}

/* From here on nobody knows until there is an answer. */
static int end(struct kafka_owner *o, struct err *e)
{
	int64_t until = clock_steady_ms() + KAFKA_CALL_MS;
	rd_kafka_error_t *error;

	while ((error = rd_kafka_commit_transaction(o->client.rk, KAFKA_CALL_MS))) {
		rd_kafka_resp_err_t code = worst(o, rd_kafka_error_code(error));
		bool again = rd_kafka_error_is_retriable(error) && !rd_kafka_error_is_fatal(error) &&
			clock_steady_ms() < until;

		log_line(LOG_INFO, "bus.end", "flow=%s err=%s again=%d", o->owner.flow, rd_kafka_err2name(code), again);
		rd_kafka_error_destroy(error);
		if (again)
			continue;
		if (kafka_is_fenced(code))
			return fenced(o, e);
		err_set(e, E_BUS_UNKNOWN, "flow=%s", o->owner.flow);
		return doubt(o, e);
	}
	return 0;
}

/* The outs, whole or not at all. */
int kafka_transact(struct kafka_owner *o, struct err *e)
{
	unsigned sent = atomic_load(&o->client.end_txn_sent);
	int64_t began_ms = clock_now_ms();
	rd_kafka_error_t *error;

	o->txn++;
	o->delivered = 0;
	o->unplaced = false;
	o->sign_ms = 0;
	o->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
	o->failed_at = NULL;
	o->offsets = mem_room(o->offsets, &o->cap_offsets, o->nouts, sizeof *o->offsets);
	o->times = mem_room(o->times, &o->cap_times, o->nouts, sizeof *o->times);
	for (size_t i = 0; i < o->nouts; i++)
		o->offsets[i] = UINT64_MAX;
	error = rd_kafka_begin_transaction(o->client.rk);
	if (error) {
		rd_kafka_resp_err_t code = rd_kafka_error_code(error);

		rd_kafka_error_destroy(error);
		return not_happened(o, code, e);
	}
	if (produce(o))
		return not_happened(o, o->failed, e);
	if (flush(o, e) || end(o, e))
		return -1;
	o->wrote_ms = clock_steady_ms();
	if (o->sign_ms)
		kafka_clock_look(o->k, began_ms, o->sign_ms);
	sent = atomic_load(&o->client.end_txn_sent) - sent;
	if (sent > 1 || o->unplaced) {
		log_line(LOG_WARN, "bus.reset", "flow=%s end_requests=%u", o->owner.flow, sent);
		if (sent > 1)
			err_set(&o->spent, E_BUS_RESET, "flow=%s\nsent=%u", o->owner.flow, sent);
		else
			err_set(&o->spent, E_BUS_RESET, "flow=%s", o->owner.flow);
	}
	return 0;
}

/* ---- into the index ---- */

int64_t kafka_sign_ms(const struct kafka_owner *o)
{
	return o->sign_ms ? o->sign_ms : clock_now_ms();
}

static int put_entries(struct kafka_owner *o, struct kafka_put *put, const struct bus_commit *c, struct err *e)
{
	for (size_t i = 0; i < c->nentries; i++) {
		const struct commit_entry *x = &c->entries[i];
		const struct out *out = &o->outs[x->record];
		struct kafka_place place = {out->topic->number, out->partition, o->offsets[x->record], o->times[x->record]};

		if (kafka_put_entry(put, x->index, x->key, &place, x->extra, e))
			return -1;
	}
	return 0;
}

static int put_rest(struct kafka_owner *o, struct kafka_put *put, const struct bus_commit *c, struct err *e)
{
	const size_t sign = c->nrecords + c->npositions + c->nacts;

	for (size_t i = 0; i < c->npositions; i++)
		if (kafka_put_position(put, c->positions[i].key, o->offsets[c->nrecords + i], c->positions[i].value, e))
			return -1;
	for (size_t i = 0; i < c->nacts; i++)
		if (kafka_put_act(put, span_of(c->acts_done[i]), o->offsets[c->nrecords + c->npositions + i], clock_now_ms(),
			SPAN_NONE, SPAN_NONE, e))
			return -1;
	if (o->nouts > sign)
		return kafka_put_epoch(put, span_of(o->owner.flow), o->offsets[sign], kafka_sign_ms(o), buf_as_span(&o->sign), e);
	return 0;
}

/* Calls each for every unbroken run of offsets of the transaction, in order; the lock is held. */
static int each_run(struct kafka_owner *o, int (*each)(struct kafka_owner *o, struct kafka_topic *t, unsigned partition,
	const struct kafka_run *run, void *arg), void *arg)
{
	for (size_t i = 0, to; i < o->nouts; i = to) {
		const struct out *x = &o->outs[o->order[i]];
		struct kafka_run run = {o->offsets[o->order[i]], o->offsets[o->order[i]]};
		int failed;

		for (to = i + 1; to < o->nouts; to++) {
			const struct out *y = &o->outs[o->order[to]];

			if (y->topic != x->topic || y->partition != x->partition ||
				o->offsets[o->order[to]] != run.to + 1)
				break;
			run.to++;
		}
		failed = each(o, x->topic, x->partition, &run, arg);
		if (failed)
			return failed;
	}
	return 0;
}

struct heads {
	struct kafka_put *put;
	struct err *e;
};

static int put_head(struct kafka_owner *o, struct kafka_topic *t, unsigned partition, const struct kafka_run *run, void *arg)
{
	struct heads *h = arg;
	uint64_t next = kafka_chain(&t->parts[partition], o, o->txn, run);

	return next ? kafka_put_head(h->put, t->number, partition, next, 0, h->e) : 0;
}

/* What we know to be of us alone need not be fetched to be folded. */
static int put_heads(struct kafka_owner *o, struct kafka_put *put, struct err *e)
{
	struct heads h = {put, e};
	int failed;

	pthread_mutex_lock(&o->k->lock);
	failed = each_run(o, put_head, &h);
	pthread_mutex_unlock(&o->k->lock);
	return failed;
}

static int note_run(struct kafka_owner *o, struct kafka_topic *t, unsigned partition, const struct kafka_run *run, void *arg)
{
	struct kafka_part *p = &t->parts[partition];
	bool put = *(bool *)arg;
	uint64_t next = put ? kafka_chain(p, o, o->txn, run) : 0;

	if (run->to + 1 > p->seen)
		p->seen = run->to + 1;
	if (next) {
		p->next = next;
		p->chain = o;
		p->chain_to = run->to;
		p->chain_txn = o->txn;
		p->own_ms = o->wrote_ms;
		return 0;
	}
	p->own_ms = 0;
	if (!put || !kafka_folds_here(o->k) || (p->nruns && run->from <= p->runs[p->nruns - 1].to))
		return 0;
	p->runs = mem_room(p->runs, &p->cap_runs, p->nruns + 1, sizeof *p->runs);
	p->runs[p->nruns++] = *run;
	return 0;
}

/* put: they are in the index, and need not be folded again. */
void kafka_note_offsets(struct kafka_owner *o, bool put)
{
	pthread_mutex_lock(&o->k->lock);
	(void)each_run(o, note_run, &put);
	pthread_cond_broadcast(&o->k->folded);
	pthread_mutex_unlock(&o->k->lock);
}

/* The commit has happened, whatever becomes of this: what is not put now is folded from the topics. */
void kafka_put_transaction(struct kafka_owner *o, const struct bus_commit *c)
{
	struct kafka_put *put;
	struct err e = ERR_INIT;
	bool put_all = false;

	/* It opens again, behind the fold. */
	if (o->unplaced)
		return;
	if (kafka_put_begin(o->k->index, &put, &e) == 0) {
		if (put_entries(o, put, c, &e) || put_rest(o, put, c, &e) || put_heads(o, put, &e))
			kafka_put_abort(put);
		else
			put_all = kafka_put_commit(put, &e) == 0;
	}
	kafka_note_offsets(o, put_all);
	if (!put_all) {
		log_err(LOG_WARN, "index.wait", &e, "flow=%s", o->owner.flow);
		o->spent = e;            /* its look-ups would miss what it wrote: it opens again, behind the fold */
	}
}
