/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_owner.h"

#include <stdlib.h>

#include "clock.h"

#define QUIET_MS (KAFKA_SILENT_MS - 5000)    /* without a sign for so long an owner gives one before it goes on */

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

static rd_kafka_resp_err_t fatal_of(rd_kafka_t *rk)
{
	char text[8];

	return rd_kafka_fatal_error(rk, text, sizeof text);
}

static int hand_in(struct kafka *k, const char *id, struct span text, uint64_t *ret_offset, struct err *e)
{
	struct report report = {0};
	int64_t until = clock_steady_ms() + KAFKA_CALL_MS;
	rd_kafka_resp_err_t fatal;
	rd_kafka_topic_t *topic;
	char full[KAFKA_NAME_MAX];

	k->hand.delivered = on_handed;
	if (!k->hand.rk && kafka_client_new(k, KAFKA_WRITE, NULL, &k->hand, e))
		return -1;
	topic = rd_kafka_topic_new(k->hand.rk, kafka_full(k, KAFKA_ORDERS, full), NULL);
	if (rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)text.p, text.n, id, strlen(id), &report))
		report.err = rd_kafka_last_error();
	else
		while (!report.done && ((clock_steady_ms() < until && !fatal_of(k->hand.rk)) ||
			rd_kafka_purge(k->hand.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT) == 0))
			rd_kafka_poll(k->hand.rk, 50);
	rd_kafka_topic_destroy(topic);
	*ret_offset = report.offset;
	fatal = fatal_of(k->hand.rk);
	if (fatal)
		kafka_client_done(&k->hand);
	if (report.err && fatal)
		report.err = fatal;
	/* Who may write any topic at all may be idempotent: this one is missing, not a right on the cluster. */
	if (report.err == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
		report.err = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	return report.err ? kafka_fail_right(k, e, "Write", full, report.err, NULL) : 0;
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
	if (failed)
		return -1;
	/* So that who handed it in sees it among those that wait. It is durable also when that takes long. */
	failed = kafka_fold_wait_part(k, k->orders, 0, offset + 1, KAFKA_CALL_MS, e);
	return failed && e->id != E_BUS_BEHIND ? -1 : 0;
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
	if (!o->spent.id && clock_steady_ms() - o->signed_ms > QUIET_MS && kafka_write_generation(o, false, e))
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
