/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

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
#define FOLD_MS KAFKA_TRANSACTION_MS         /* an owner that died leaves a transaction open for so long */
#define SIGN_MS 10000
#define QUIET_MS (KAFKA_SILENT_MS - 5000)    /* without a sign for so long an owner gives one before it goes on */
#define AGAIN_MS 60000
#define OWNING_MS 30000              /* a process of this host that fences the dead is waited for no longer */

/* A record that goes out. */
struct out {
	struct kafka_topic *topic;
	unsigned partition;
	struct span key, value;      /* value.p NULL: none */
};

struct kafka_owner {
	struct bus_owner owner;
	struct kafka *k;
	struct kafka_owner *next;    /* under owners_lock */
	struct kafka_client client;
	rd_kafka_topic_t *topics[BUS_TOPICS_MAX];    /* by at of the topic */
	pthread_mutex_t lock;        /* its thread, and the one that gives signs of life */
	char fence[104];             /* the name under which it is fenced: of the flow, or of a share of it */
	struct err spent;
	int64_t wrote_ms;            /* steady: its last commit */
	int64_t signed_ms;           /* steady: when its last sign of life was begun */
	struct buf sign;             /* the one that goes with the commit that is under way */
	char (*given)[72];           /* acts */
	size_t ngiven, cap_given;

	/* Of the transaction that is under way: */
	uint64_t txn;                /* 1, 2, ... */
	struct out *outs;
	size_t nouts, cap_outs;
	uint64_t *offsets;           /* by out; UINT64_MAX: not on the broker */
	rd_kafka_message_t *messages;
	unsigned *order;             /* outs by topic and partition */
	size_t cap_offsets, cap_messages, cap_order;
	size_t delivered;
	bool unplaced;               /* the broker has them, but did not tell where */
	rd_kafka_resp_err_t failed;  /* the first record's that did not get there */
};

struct sign {
	uint64_t generation;
	bool there, left, elsewhere;
	char host[72], fence[104];   /* fence: the name under which it was owned */
	int64_t time_ms;
};

/* ---- one transaction ---- */

static void on_delivered(void *arg, const rd_kafka_message_t *m)
{
	struct kafka_owner *o = arg;
	size_t i = (size_t)(uintptr_t)m->_private;

	o->delivered++;
	if (m->err && !o->failed)
		o->failed = m->err;
	/* Of a repeat whose first answer was lost a broker may say no more than that it has it; the library then counts on from
	 * -1, so the places behind such a one are wrong as well. */
	o->unplaced |= !m->err && m->offset < 0;
	if (!m->err && i < o->nouts)
		o->offsets[i] = (uint64_t)m->offset;
}

static rd_kafka_topic_t *topic_of(struct kafka_owner *o, const struct kafka_topic *t)
{
	char full[KAFKA_NAME_MAX];

	if (!o->topics[t->at])
		o->topics[t->at] = rd_kafka_topic_new(o->client.rk, kafka_full(o->k, t->name, full), NULL);
	return o->topics[t->at];
}

static struct out *add_out(struct kafka_owner *o)
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
	if (rd_kafka_produce_batch(topic_of(o, head->topic), (int32_t)head->partition, 0, o->messages, (int)n) == (int)n)
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

static void close_client(struct kafka_owner *o)
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
	close_client(o);
	return -1;
}

/* A fatal error stands behind whatever the call itself said. */
static rd_kafka_resp_err_t worst(struct kafka_owner *o, rd_kafka_resp_err_t code)
{
	char text[8];
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(o->client.rk, text, sizeof text);

	return fatal ? fatal : code;
}

static int read_sign(struct kafka *k, const char *flow, struct sign *ret, struct err *e);

/* The brokers say the same to who was fenced by another owner, and to whose transaction they ended because it took too long, as
 * after a long sleep of the machine. In both cases nothing has happened; the second one opens again. */
static int fenced(struct kafka_owner *o, struct err *e)
{
	struct sign s;

	if (kafka_fold_wait(o->k, KAFKA_WRITTEN, SIGN_MS, e) || read_sign(o->k, o->owner.flow, &s, e) ||
		s.generation != o->owner.generation)
		err_set(e, E_BUS_FENCED, "flow=%s", o->owner.flow);
	else
		err_set(e, E_BUS_FAILED, "what=commit of %s\nwhy=its transaction was ended by the brokers: it took too long", o->owner.flow);
	return doubt(o, e);
}

/* Before the request that ends a transaction has left nothing has happened: whatever was written is nobody's. */
static int not_happened(struct kafka_owner *o, rd_kafka_resp_err_t code, struct err *e)
{
	code = worst(o, code);
	if (kafka_is_fenced(code))
		return fenced(o, e);
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
		bool again = rd_kafka_error_is_retriable(error) && !rd_kafka_error_is_fatal(error) && clock_steady_ms() < until;

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
static int transact(struct kafka_owner *o, struct err *e)
{
	unsigned sent = atomic_load(&o->client.end_txn_sent);
	rd_kafka_error_t *error;

	o->txn++;
	o->delivered = 0;
	o->unplaced = false;
	o->failed = RD_KAFKA_RESP_ERR_NO_ERROR;
	o->offsets = mem_room(o->offsets, &o->cap_offsets, o->nouts, sizeof *o->offsets);
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
	sent = atomic_load(&o->client.end_txn_sent) - sent;
	if (sent > 1 || o->unplaced) {
		log_line(LOG_WARN, "bus.reset", "flow=%s end_requests=%u", o->owner.flow, sent);
		err_set(&o->spent, E_BUS_RESET, "flow=%s\nsent=%u", o->owner.flow, sent);
	}
	return 0;
}

/* ---- into the index ---- */

static int put_entries(struct kafka_owner *o, struct kafka_put *put, const struct bus_commit *c, struct err *e)
{
	for (size_t i = 0; i < c->nentries; i++) {
		const struct commit_entry *x = &c->entries[i];
		const struct out *out = &o->outs[x->record];
		struct kafka_place place = {out->topic->number, out->partition, o->offsets[x->record]};

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
		return kafka_put_epoch(put, span_of(o->owner.flow), o->offsets[sign], clock_now_ms(), buf_as_span(&o->sign), e);
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

			if (y->topic != x->topic || y->partition != x->partition || o->offsets[o->order[to]] != run.to + 1)
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
static void note_offsets(struct kafka_owner *o, bool put)
{
	pthread_mutex_lock(&o->k->lock);
	(void)each_run(o, note_run, &put);
	pthread_cond_broadcast(&o->k->folded);
	pthread_mutex_unlock(&o->k->lock);
}

/* The commit has happened, whatever becomes of this: what is not put now is folded from the topics. */
static void put_commit(struct kafka_owner *o, const struct bus_commit *c)
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
	note_offsets(o, put_all);
	if (!put_all) {
		log_err(LOG_WARN, "index.wait", &e, "flow=%s", o->owner.flow);
		o->spent = e;            /* its look-ups would miss what it wrote: it opens again, behind the fold */
	}
}

/* ---- signs of life ---- */

static void generation_text(const struct kafka_owner *o, bool left, struct buf *ret)
{
	buf_printf(ret, "{\"generation\":%" PRIu64 ",\"host\":\"%s\",\"pid\":%ld,\"left\":%s", o->owner.generation, o->k->host,
		(long)getpid(), left ? "true" : "false");
	if (strcmp(o->fence, o->owner.flow) != 0)
		buf_printf(ret, ",\"as\":\"%s\"", o->fence);
	buf_c(ret, '}');
}

static int write_generation(struct kafka_owner *o, bool left, struct err *e)
{
	struct buf text = BUF_INIT;
	int64_t began = clock_steady_ms();
	struct kafka_put *put;
	int failed;

	generation_text(o, left, &text);
	o->nouts = 0;
	*add_out(o) = (struct out){o->k->positions, 0, span_of(o->owner.flow), buf_as_span(&text)};
	failed = transact(o, e);
	if (!failed)
		o->signed_ms = began;
	if (!failed && !o->unplaced) {
		failed = kafka_put_begin(o->k->index, &put, e);
		if (!failed && kafka_put_epoch(put, span_of(o->owner.flow), o->offsets[0], clock_now_ms(), buf_as_span(&text), e)) {
			kafka_put_abort(put);
			failed = -1;
		}
		failed = failed ? -1 : kafka_put_commit(put, e);
		note_offsets(o, !failed);
	}
	buf_done(&text);
	return failed;
}

void kafka_heartbeats(struct kafka *k)
{
	int64_t now = clock_steady_ms();

	pthread_mutex_lock(&k->owners_lock);
	for (struct kafka_owner *o = k->owners; o; o = o->next) {
		struct err e = ERR_INIT;

		if (pthread_mutex_trylock(&o->lock))
			continue;            /* it is working */
		if (!o->spent.id && now - o->signed_ms >= KAFKA_HEARTBEAT_MS && write_generation(o, false, &e)) {
			log_err(LOG_WARN, "flow.silent", &e, "flow=%s", o->owner.flow);
			o->spent = e;
		}
		pthread_mutex_unlock(&o->lock);
	}
	pthread_mutex_unlock(&k->owners_lock);
}

/* ---- owning ---- */

/* What the newest generation record says. One that cannot be read is one of nobody: the number alone would matter, and a
 * lane of the same name would be noticed by every reader. */
static int read_sign(struct kafka *k, const char *flow, struct sign *ret, struct err *e)
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

		ret->there = true;
		ret->generation = (uint64_t)json_integer_value(json_object_get(root, "generation"));
		ret->left = json_is_true(json_object_get(root, "left"));
		snprintf(ret->host, sizeof ret->host, "%s", host ? host : "");
		snprintf(ret->fence, sizeof ret->fence, "%s", fence ? fence : flow);
		ret->elsewhere = strcmp(ret->host, k->host) != 0;
	}
	json_decref(root);
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

static struct kafka_watch *watch_of(struct kafka *k, const char *flow)
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

/* An owner on another host is left alone until nothing has been heard of it for KAFKA_SILENT_MS: by the clocks of the
 * brokers when they tell, else by how long we ourselves have been listening. Our own clock may be an hour off. One that owned it
 * under another fencing name has been fenced by now (shares.h): it is waited for no longer. */
static int wait_for_silence(struct kafka *k, const char *flow, const char *fence, struct err *e)
{
	int64_t now = clock_steady_ms(), heard, newest;
	struct kafka_watch *w;
	struct sign s;

	if (read_sign(k, flow, &s, e))
		return -1;
	if (!s.there || s.left || !s.elsewhere || k->conf->take_over || strcmp(s.fence, fence) != 0)
		return 0;
	pthread_mutex_lock(&k->owners_lock);
	w = watch_of(k, flow);
	if (w->time_ms != s.time_ms || !w->since_ms) {
		w->time_ms = s.time_ms;
		w->since_ms = now;
	}
	heard = now - w->since_ms;
	pthread_mutex_unlock(&k->owners_lock);
	newest = newest_sign_ms(k);
	if (newest - s.time_ms > heard)
		heard = newest - s.time_ms;
	if (heard >= KAFKA_SILENT_MS)
		return 0;
	return err_set(e, E_BUS_OWNED, "flow=%s\nhost=%s\nseconds=%" PRId64, flow, s.host, heard / 1000);
}

static int init(struct kafka *k, rd_kafka_t *rk, const char *flow, struct err *e)
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
			return kafka_fail(k, e, flow, code, text);
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

	o->client.delivered = on_delivered;
	o->client.arg = o;
	if (kafka_client_new(k, KAFKA_WRITE, id_of(k, o->fence, id), &o->client, e) || init(k, o->client.rk, o->owner.flow, e) || kafka_fold_wait(k, KAFKA_WRITTEN, FOLD_MS, e) ||
		read_sign(k, o->owner.flow, &s, e))
		return -1;
	o->owner.generation = s.generation + 1;
	return write_generation(o, false, e);
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

static void owner_free(struct kafka_owner *o)
{
	close_client(o);
	forget_chains(o);
	pthread_mutex_destroy(&o->lock);
	buf_done(&o->sign);
	free(o->outs);
	free(o->offsets);
	free(o->messages);
	free(o->order);
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
	w = watch_of(k, flow);
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

	if (wait_for_silence(k, flow, fence, e))
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

static bool is_dead(pid_t pid)
{
	/* One with our number was before us. */
	return pid == getpid() || (pid > 0 && kill(pid, 0) && errno == ESRCH);
}

static int note_dead(void *arg, struct span flow, int64_t time_ms, struct span value)
{
	json_t *root = json_loadb(value.p, value.n, 0, NULL);
	const char *host = json_string_value(json_object_get(root, "host")), *as = json_string_value(json_object_get(root, "as"));
	struct dead *d = arg;

	(void)time_ms;
	if (as)
		flow = span_of(as);
	if (host && strcmp(host, d->k->host) == 0 && !json_is_true(json_object_get(root, "left")) &&
		is_dead((pid_t)json_integer_value(json_object_get(root, "pid"))) && flow.n < sizeof d->flows[0]) {
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
	int failed = kafka_client_new(k, KAFKA_WRITE, id_of(k, flow, id), &c, e) || init(k, c.rk, flow, e);

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
			if (fence(k, d->flows[d->fenced], e) && e->id != E_BUS_DENIED)
				return -1;       /* denied: what others run is theirs to fence */
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
			log_line(LOG_WARN, "own.busy", "folder=%s seconds=%d do=look_for_a_stopped_process", k->bus.folder,
				OWNING_MS / 1000);
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
	/* So that another host need not wait. When the cluster is away one tries for all. */
	if (!o->spent.id && clock_steady_ms() >= atomic_load(&o->k->mute_until_ms) && write_generation(o, true, &e) && e.id == E_BUS_AWAY)
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
		*add_out(o) = (struct out){k->handled[c->records[i].topic], c->records[i].partition, c->records[i].key,
			c->records[i].value};
	for (size_t i = 0; i < c->npositions; i++)
		*add_out(o) = (struct out){k->positions, 0, c->positions[i].key,
			c->positions[i].value.n ? c->positions[i].value : SPAN_NONE};
	for (size_t i = 0; i < c->nacts; i++)
		*add_out(o) = (struct out){k->orders, 0, span_of(c->acts_done[i]), SPAN_NONE};
}

/* Who has much to commit would else never be heard of. */
static bool add_sign(struct kafka_owner *o, int64_t now)
{
	if (now - o->signed_ms < KAFKA_HEARTBEAT_MS)
		return false;
	buf_clear(&o->sign);
	generation_text(o, false, &o->sign);
	*add_out(o) = (struct out){o->k->positions, 0, span_of(o->owner.flow), buf_as_span(&o->sign)};
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
		failed = transact(o, e);
		if (!failed && signs)
			o->signed_ms = began;
		if (!failed)
			put_commit(o, c);
	}
	pthread_mutex_unlock(&o->lock);
	return failed;
}

/* ---- acts ---- */

struct report {
	bool done;
	rd_kafka_resp_err_t err;
	uint64_t offset;
};

static void on_handed(void *arg, const rd_kafka_message_t *m)
{
	struct report *r = m->_private;

	(void)arg;
	*r = (struct report){true, m->err, (uint64_t)m->offset};
}

static int hand_in(struct kafka *k, const char *id, struct span text, uint64_t *ret_offset, struct err *e)
{
	struct report report = {0};
	int64_t until = clock_steady_ms() + KAFKA_CALL_MS;
	rd_kafka_topic_t *topic;
	char full[KAFKA_NAME_MAX];

	k->hand.delivered = on_handed;
	if (!k->hand.rk && kafka_client_new(k, KAFKA_WRITE, NULL, &k->hand, e))
		return -1;
	topic = rd_kafka_topic_new(k->hand.rk, kafka_full(k, KAFKA_ORDERS, full), NULL);
	if (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)text.p, text.n, id, strlen(id), &report))
		report.err = rd_kafka_last_error();
	else
		while (!report.done && (clock_steady_ms() < until || rd_kafka_purge(k->hand.rk, RD_KAFKA_PURGE_F_QUEUE |
			RD_KAFKA_PURGE_F_INFLIGHT) == 0))
			rd_kafka_poll(k->hand.rk, 50);
	rd_kafka_topic_destroy(topic);
	*ret_offset = report.offset;
	return report.err ? kafka_fail(k, e, "act", report.err, NULL) : 0;
}

int kafka_act_submit(struct bus *b, const char *flow, const char *id, struct span act, struct err *e)
{
	struct kafka *k = (struct kafka *)b;
	int done = kafka_index_act_done(k->index, span_of(id), e);
	struct buf text = BUF_INIT;
	uint64_t offset = 0;
	int failed;

	if (done)
		return done < 0 ? -1 : 0;
	buf_printf(&text, "%s\n", flow);
	buf_span(&text, act);
	pthread_mutex_lock(&k->owners_lock);
	failed = hand_in(k, id, buf_as_span(&text), &offset, e);
	pthread_mutex_unlock(&k->owners_lock);
	buf_done(&text);
	/* So that who handed it in sees it among those that wait. */
	return failed ? -1 : kafka_fold_wait_part(k, k->orders, 0, offset + 1, KAFKA_CALL_MS, e);
}

static bool was_given(const struct kafka_owner *o, struct span id)
{
	for (size_t i = 0; i < o->ngiven; i++)
		if (span_is(id, o->given[i]))
			return true;
	return false;
}

struct taking {
	struct kafka_owner *o;
	struct buf *id, *act;
	bool got;
};

static int take_first(void *arg, struct span flow, struct span id, int64_t time_ms, struct span text)
{
	struct taking *t = arg;
	struct kafka_owner *o = t->o;

	(void)flow, (void)time_ms;
	if (id.n >= sizeof *o->given || was_given(o, id))
		return 0;
	buf_span(t->id, id);
	buf_span(t->act, text);
	o->given = mem_room(o->given, &o->cap_given, o->ngiven + 1, sizeof *o->given);
	memcpy(o->given[o->ngiven], id.p, id.n);
	o->given[o->ngiven++][id.n] = 0;
	t->got = true;
	return 1;
}

/*
 * Asked at the begin of each turn of a flow, before it does anything that is seen outside. Who has not shown for a while
 * that it is the owner may have been followed by another one, as after a long sleep: that is asked first. One that has nothing
 * to commit learns here as well that its place was taken, or that this process knows no more of what comes.
 */
static int still_owner(struct kafka_owner *o, struct err *e)
{
	int failed = kafka_fold_failed(o->k, e);

	if (failed)
		return -1;
	pthread_mutex_lock(&o->lock);
	if (!o->spent.id && clock_steady_ms() - o->signed_ms > QUIET_MS && write_generation(o, false, e))
		o->spent = *e;
	if (o->spent.id) {
		*e = o->spent;
		failed = -1;
	}
	pthread_mutex_unlock(&o->lock);
	return failed;
}

int kafka_act_take(struct bus_owner *owner, struct buf *ret_id, struct buf *ret_act, struct err *e)
{
	struct kafka_owner *o = (struct kafka_owner *)owner;
	struct taking t = {o, ret_id, ret_act, false};

	if (still_owner(o, e))
		return -1;
	if (kafka_index_no_acts(o->k->index))
		return 0;
	return kafka_index_acts(o->k->index, span_of(o->owner.flow), take_first, &t, e) ? -1 : t.got;
}

struct leaving {
	int (*each)(void *, const char *, const char *, int64_t, struct span);
	void *arg;
};

static int show_left(void *arg, struct span flow, struct span id, int64_t time_ms, struct span text)
{
	struct leaving *l = arg;
	char *f = mem_text(flow), *i = mem_text(id);
	int stop = l->each(l->arg, f, i, time_ms, text);

	free(f);
	free(i);
	return stop;
}

int kafka_acts_left(struct bus *b, int (*each)(void *, const char *, const char *, int64_t, struct span), void *arg,
	struct err *e)
{
	struct leaving l = {each, arg};

	return kafka_index_acts(((struct kafka *)b)->index, SPAN_NONE, show_left, &l, e);
}

static int is_alive(void *arg, struct span flow, int64_t time_ms, struct span value)
{
	(void)flow;
	if (time_ms + KAFKA_SILENT_MS > clock_now_ms() && !memmem(value.p, value.n, "\"left\":true", 11))
		*(bool *)arg = true;
	return *(bool *)arg;
}

bool kafka_in_use(struct bus *b)
{
	bool alive = false;
	struct err ignored;

	(void)kafka_index_epochs(((struct kafka *)b)->index, is_alive, &alive, &ignored);
	return alive;
}
