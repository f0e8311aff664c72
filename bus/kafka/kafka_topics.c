/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "kafka_admin.h"

/* What a record takes on a topic beside key and value, at most: lengths, attributes, the head of a batch of one. */
#define RECORD_OVERHEAD 512u
#define MESSAGE_MAX 1048588u         /* Kafka's default */
#define LEADER_WAIT_MS 10000
#define ASK_LEADERS_MS 1000
#define CONNECT_MS 10000             /* a person waits for the message */

/* ---- those that this process knows ---- */

struct kafka_topic *kafka_topic_named(struct kafka *k, const char *name)
{
	for (unsigned i = 0; i < k->ntopics; i++)
		if (strcmp(k->topics[i]->name, name) == 0)
			return k->topics[i];
	return NULL;
}

int kafka_topic_heads(struct kafka *k, struct kafka_topic *t, struct err *e)
{
	for (unsigned i = 0; i < t->partitions; i++) {
		struct kafka_part *p = &t->parts[i];
		uint64_t next = 0;
		int64_t ms = 0;

		if (kafka_index_head(k->index, t->number, i, &next, &ms, e) < 0)
			return -1;
		pthread_mutex_lock(&k->lock);
		if (next > p->next) {
			p->next = next;
			p->time_ms = ms;
		}
		pthread_mutex_unlock(&k->lock);
	}
	return 0;
}

struct kafka_topic *kafka_topic_add(struct kafka *k, const char *name, unsigned partitions, struct err *e)
{
	struct kafka_topic *t, *other;

	pthread_mutex_lock(&k->lock);
	t = kafka_topic_named(k, name);
	pthread_mutex_unlock(&k->lock);
	if (t)
		return t;
	t = mem_new(sizeof *t + partitions * sizeof t->parts[0]);
	snprintf(t->name, sizeof t->name, "%s", name);
	t->partitions = partitions;
	t->handle = UINT_MAX;
	if (kafka_index_topic(k->index, name, &t->number, e) || kafka_topic_heads(k, t, e)) {
		free(t);
		return NULL;
	}
	pthread_mutex_lock(&k->lock);
	other = kafka_topic_named(k, name);
	if (!other && k->ntopics < BUS_TOPICS_MAX) {
		t->at = k->ntopics;
		k->topics[k->ntopics++] = t;
		other = t;
		t = NULL;
	}
	pthread_mutex_unlock(&k->lock);
	free(t);
	if (!other)
		err_set(e, E_BUS_TOPICS, "max=%u", BUS_TOPICS_MAX);
	return other;
}

int64_t kafka_newest_ms(struct kafka *k)
{
	int64_t ret = 0;

	pthread_mutex_lock(&k->lock);
	for (unsigned i = 0; i < k->ntopics; i++)
		for (unsigned j = 0; j < k->topics[i]->partitions; j++)
			if (k->topics[i]->parts[j].time_ms > ret)
				ret = k->topics[i]->parts[j].time_ms;
	pthread_mutex_unlock(&k->lock);
	return ret;
}

/* ---- asking the cluster ---- */

int kafka_cluster(struct kafka *k, struct buf *ret, struct err *e)
{
	int64_t until = clock_steady_ms() + CONNECT_MS;
	char *id = NULL;

	while (!id && clock_steady_ms() < until) {
		rd_kafka_poll(k->asker, 0);
		if (kafka_refused(k))
			until = 0;
		id = rd_kafka_clusterid(k->asker, 500);
	}
	if (!id)
		return kafka_fail(k, e, "connect", RD_KAFKA_RESP_ERR__TRANSPORT, NULL);
	kafka_answered(k);
	buf_str(ret, id);
	rd_kafka_mem_free(k->asker, id);
	return 0;
}

int kafka_topics(struct kafka *k, int (*each)(void *arg, const char *name, unsigned partitions), void *arg, struct err *e)
{
	return kafka_topics_within(k, KAFKA_CALL_MS, each, arg, e);
}

int kafka_topics_within(struct kafka *k, int timeout_ms, int (*each)(void *arg, const char *name, unsigned partitions),
	void *arg, struct err *e)
{
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->asker, 1, NULL, &m, timeout_ms);
	struct span prefix = span_of(k->prefix);
	int failed = 0;

	if (code)
		return kafka_fail(k, e, "metadata", code, NULL);
	kafka_answered(k);
	for (int i = 0; !failed && i < m->topic_cnt; i++) {
		struct span name = span_of(m->topics[i].topic);

		if (!span_starts(name, prefix) || m->topics[i].err)
			continue;
		name = (struct span){name.p + prefix.n, name.n - prefix.n};
		if (span_starts(name, SPAN("jincai.")))
			failed = each(arg, name.p, (unsigned)m->topics[i].partition_cnt);
	}
	rd_kafka_metadata_destroy(m);
	return failed;
}

int kafka_topic_seen(struct kafka *k, const char *name, struct err *e)
{
	char full[KAFKA_NAME_MAX];
	rd_kafka_topic_t *t = rd_kafka_topic_new(k->asker, kafka_full(k, name, full), NULL);
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->asker, 0, t, &m, KAFKA_CALL_MS);

	rd_kafka_topic_destroy(t);
	if (code)
		return kafka_fail(k, e, "metadata", code, NULL);
	code = m->topic_cnt == 1 ? m->topics[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_metadata_destroy(m);
	return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED
		? kafka_fail_right(k, e, "Describe", full, code, NULL)
		: 0;
}

/* 1 all partitions have leaders, 0 not yet, -1. */
static int has_leaders(struct kafka *k, const char *full, unsigned partitions, struct err *e)
{
	rd_kafka_topic_t *t = rd_kafka_topic_new(k->asker, full, NULL);
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->asker, 0, t, &m, KAFKA_CALL_MS);
	int ret;

	if (code) {
		rd_kafka_topic_destroy(t);
		return kafka_fail(k, e, "metadata", code, NULL);
	}
	ret = m->topic_cnt == 1 && m->topics[0].err == 0 && (unsigned)m->topics[0].partition_cnt == partitions;
	for (int i = 0; ret && i < m->topics[0].partition_cnt; i++)
		ret = m->topics[0].partitions[i].leader >= 0;
	rd_kafka_metadata_destroy(m);
	rd_kafka_topic_destroy(t);
	return ret;
}

static int wait_leaders(struct kafka *k, const char *full, unsigned partitions, struct err *e)
{
	int64_t until = clock_steady_ms() + LEADER_WAIT_MS;
	int got;

	while ((got = has_leaders(k, full, partitions, e)) == 0) {
		if (clock_steady_ms() > until)
			return err_set(e, E_BUS_AWAY, "what=leaders of %s\naddress=%s\nwhy=-", full, k->brokers);
		rd_kafka_poll(k->asker, 20);
	}
	return got < 0 ? -1 : 0;
}

rd_kafka_event_t *kafka_answer(struct kafka *k, rd_kafka_queue_t *q, const char *what, struct err *e)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(q, KAFKA_CALL_MS + 1000);

	if (!event) {
		kafka_fail(k, e, what, RD_KAFKA_RESP_ERR__TIMED_OUT, NULL);
	} else if (rd_kafka_event_error(event)) {
		kafka_fail(k, e, what, rd_kafka_event_error(event), rd_kafka_event_error_string(event));
		rd_kafka_event_destroy(event);
		event = NULL;
	}
	return event;
}

static rd_kafka_AdminOptions_t *options(struct kafka *k, rd_kafka_admin_op_t op)
{
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(k->asker, op);
	char why[8];

	rd_kafka_AdminOptions_set_request_timeout(o, KAFKA_CALL_MS, why, sizeof why);
	return o;
}

static int brokers(struct kafka *k, int *ret, struct err *e)
{
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->asker, 0, NULL, &m, KAFKA_CALL_MS);

	if (code)
		return kafka_fail(k, e, "metadata", code, NULL);
	*ret = m->broker_cnt;
	rd_kafka_metadata_destroy(m);
	return 0;
}

static void topic_setting(void *arg, const char *name, const char *value)
{
	rd_kafka_NewTopic_set_config(arg, name, value);
}

/* bus.topic_make, bus.right; or bus.failed, when brokers that were there a moment ago are not in sync now, as after their start:
 * no more copies are asked for than there are brokers; or bus.away. */
static int not_made(struct kafka *k, const char *full, rd_kafka_resp_err_t code, const char *why, struct err *e)
{
	if (code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR || code == RD_KAFKA_RESP_ERR_NOT_CONTROLLER ||
		kafka_is_away(code))
		return kafka_fail(k, e, "CreateTopics", code, why);
	if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
		code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
		return kafka_fail_right(k, e, "Create", full, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, NULL);
	return err_set(e, E_BUS_TOPIC_MAKE, "name=%s\nwhy=%s", full, why ? why : rd_kafka_err2str(code));
}

int kafka_topic_make(struct kafka *k, const char *name, unsigned partitions, struct err *e)
{
	char full[KAFKA_NAME_MAX], why[256];
	const rd_kafka_topic_result_t **results;
	rd_kafka_AdminOptions_t *o;
	rd_kafka_NewTopic_t *t;
	rd_kafka_queue_t *q;
	rd_kafka_event_t *event;
	int n = 0, failed = -1;
	size_t cnt;

	if (brokers(k, &n, e))
		return -1;
	kafka_full(k, name, full);
	t = rd_kafka_NewTopic_new(full, (int)partitions, (int)kafka_replicas((unsigned)n), why, sizeof why);
	if (!t)
		return err_set(e, E_BUS_TOPIC_MAKE, "name=%s\nwhy=%s", full, why);
	kafka_topic_settings(name, (unsigned)n, k->conf->keep_days, topic_setting, t);
	o = options(k, RD_KAFKA_ADMIN_OP_CREATETOPICS);
	q = rd_kafka_queue_new(k->asker);
	rd_kafka_CreateTopics(k->asker, &t, 1, o, q);
	event = kafka_answer(k, q, "CreateTopics", e);
	if (event) {
		results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &cnt);
		failed = 0;
		if (cnt == 1 && rd_kafka_topic_result_error(results[0]) &&
			rd_kafka_topic_result_error(results[0]) != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			failed = not_made(k, full, rd_kafka_topic_result_error(results[0]),
				rd_kafka_topic_result_error_string(results[0]), e);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_queue_destroy(q);
	rd_kafka_AdminOptions_destroy(o);
	rd_kafka_NewTopic_destroy(t);
	return failed ? -1 : wait_leaders(k, full, partitions, e);
}

static size_t max_of(rd_kafka_event_t *event)
{
	const rd_kafka_ConfigResource_t **resources;
	const rd_kafka_ConfigEntry_t **entries;
	size_t n, nentries;

	resources = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
	if (n != 1 || rd_kafka_ConfigResource_error(resources[0]))
		return 0;
	entries = rd_kafka_ConfigResource_configs(resources[0], &nentries);
	for (size_t i = 0; i < nentries; i++)
		if (strcmp(rd_kafka_ConfigEntry_name(entries[i]), "max.message.bytes") == 0)
			return strtoul(rd_kafka_ConfigEntry_value(entries[i]), NULL, 10);
	return 0;
}

size_t kafka_topic_max(struct kafka *k, const char *name)
{
	rd_kafka_AdminOptions_t *o = options(k, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_queue_t *q = rd_kafka_queue_new(k->asker);
	char full[KAFKA_NAME_MAX];
	rd_kafka_ConfigResource_t *r = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, kafka_full(k, name, full));
	rd_kafka_event_t *event;
	struct err ignored;
	size_t max = 0;

	rd_kafka_DescribeConfigs(k->asker, &r, 1, o, q);
	event = kafka_answer(k, q, "DescribeConfigs", &ignored);
	if (event) {
		max = max_of(event);
		rd_kafka_event_destroy(event);
	}
	rd_kafka_ConfigResource_destroy(r);
	rd_kafka_queue_destroy(q);
	rd_kafka_AdminOptions_destroy(o);
	return (max > RECORD_OVERHEAD ? max : MESSAGE_MAX) - RECORD_OVERHEAD;
}

/* One request a broker for all of them. */
static rd_kafka_resp_err_t ask_offsets(struct kafka *k, rd_kafka_t *rk, const struct kafka_topic *t, int64_t what, int64_t *ret)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)t->partitions);
	char full[KAFKA_NAME_MAX];
	rd_kafka_resp_err_t code;

	kafka_full(k, t->name, full);
	for (unsigned i = 0; i < t->partitions; i++)
		rd_kafka_topic_partition_list_add(list, full, (int32_t)i)->offset = what;
	code = rd_kafka_offsets_for_times(rk, list, KAFKA_CALL_MS);
	for (int i = 0; !code && i < list->cnt; i++) {
		code = list->elems[i].err;
		ret[list->elems[i].partition] = list->elems[i].offset;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

/* Which leaders the library takes for the right ones: it does not ask for others by itself when one has gone. */
static void learn_leaders(struct kafka *k, rd_kafka_t *rk, const struct kafka_topic *t)
{
	const struct rd_kafka_metadata *m;
	char full[KAFKA_NAME_MAX];
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, kafka_full(k, t->name, full), NULL);

	if (!rd_kafka_metadata(rk, 0, topic, &m, ASK_LEADERS_MS))
		rd_kafka_metadata_destroy(m);
	rd_kafka_topic_destroy(topic);
}

/* A leader that has just been chosen, or has gone, is asked again. */
static int offsets_at(struct kafka *k, rd_kafka_t *rk, const struct kafka_topic *t, int64_t what, int64_t *ret, struct err *e)
{
	int64_t until = clock_steady_ms() + LEADER_WAIT_MS;
	char full[KAFKA_NAME_MAX];
	rd_kafka_resp_err_t code;

	while ((code = ask_offsets(k, rk, t, what, ret)) &&
		(kafka_is_away(code) || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
			code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) &&
		clock_steady_ms() < until) {
		learn_leaders(k, rk, t);
		rd_kafka_poll(k->asker, 20);
	}
	return code ? kafka_fail_right(k, e, "Describe", kafka_full(k, t->name, full), code, NULL) : 0;
}

int kafka_ends_of(struct kafka *k, const struct kafka_client *c, const struct kafka_topic *t, struct kafka_ends *ret,
	struct err *e)
{
	int64_t *at = mem_new(t->partitions * sizeof *at);
	int failed = offsets_at(k, c->rk, t, RD_KAFKA_OFFSET_END, at, e);

	for (unsigned i = 0; !failed && i < t->partitions; i++)
		ret[i].high = at[i] > 0 ? (uint64_t)at[i] : 0;
	failed = failed || offsets_at(k, c->rk, t, RD_KAFKA_OFFSET_BEGINNING, at, e);
	for (unsigned i = 0; !failed && i < t->partitions; i++)
		ret[i].low = at[i] > 0 ? (uint64_t)at[i] : 0;
	free(at);
	return failed ? -1 : 0;
}

int kafka_ends(struct kafka *k, const struct kafka_topic *t, struct kafka_ends *ret, struct err *e)
{
	return kafka_ends_of(k, &k->ask, t, ret, e);
}

int kafka_gone_at(struct err *e, const struct kafka_topic *t, unsigned partition, uint64_t want, uint64_t low)
{
	return err_set(e, E_BUS_GONE, "topic=%s\npartition=%u\nwant=%" PRIu64 "\nhave=%" PRIu64 "\ncount=%" PRIu64,
		t->name, partition, want, low, low - want);
}

int kafka_gone(struct kafka *k, const struct kafka_topic *t, unsigned partition, uint64_t want, struct err *e)
{
	struct kafka_ends *ends = mem_new(t->partitions * sizeof *ends);
	int failed = kafka_ends(k, t, ends, e);

	if (!failed && ends[partition].low > want)
		failed = kafka_gone_at(e, t, partition, want, ends[partition].low);
	else if (!failed && ends[partition].high < want)
		failed = err_set(e, E_BUS_SHORTER, "topic=%s\npartition=%u\nwant=%" PRIu64 "\nhave=%" PRIu64, t->name,
			partition, want, ends[partition].high);
	free(ends);
	return failed;
}
