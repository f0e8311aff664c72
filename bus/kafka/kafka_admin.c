/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kafka.h"

#define SCRAM_SINCE 0x02060100       /* librdkafka 2.6.1: before, its nonce is one that Kafka 4 refuses */

struct kafka_admin {
	struct kafka k;              /* only what clients need of it */
};

const char *const kafka_own_topics[] = {KAFKA_POSITIONS, KAFKA_ORDERS, NULL};

bool kafka_is_compacted(const char *topic)
{
	return strcmp(topic, KAFKA_POSITIONS) == 0;
}

int kafka_transaction_ms(void)
{
	return KAFKA_TRANSACTION_MS;
}

bool kafka_scram_works(void)
{
	return rd_kafka_version() >= SCRAM_SINCE;
}

const char *kafka_library_version(void)
{
	return rd_kafka_version_str();
}

/* ---- opening ---- */

int kafka_admin_open(const struct bus_conf *c, struct kafka_admin **ret, struct err *e)
{
	struct span url = span_of(c->url);
	struct kafka_admin *a;

	if (!span_starts(url, SPAN("kafka:")) || !c->kafka)
		return err_set(e, E_BUS_URL, "url=%s", c->url);
	a = mem_new(sizeof *a);
	a->k.conf = c->kafka;
	a->k.brokers = mem_text((struct span){url.p + 6, url.n - 6});
	a->k.prefix = mem_text(span_of(c->kafka->prefix ? c->kafka->prefix : ""));
	pthread_mutex_init(&a->k.why_lock, NULL);
	if (kafka_client_new(&a->k, KAFKA_ASK, NULL, &a->k.ask, e) != 0) {
		kafka_admin_close(a);
		return -1;
	}
	a->k.asker = a->k.ask.rk;
	*ret = a;
	return 0;
}

void kafka_admin_close(struct kafka_admin *a)
{
	if (!a)
		return;
	kafka_client_done(&a->k.ask);
	pthread_mutex_destroy(&a->k.why_lock);
	free(a->k.brokers);
	free(a->k.prefix);
	free(a);
}

char *kafka_admin_full(const struct kafka_admin *a, const char *topic)
{
	char full[KAFKA_NAME_MAX];

	return mem_text(span_of(kafka_full(&a->k, topic, full)));
}

/* ---- settings ---- */

const char *kafka_setting(const struct kafka_settings *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->list[i].name, name) == 0)
			return s->list[i].value;
	return NULL;
}

static void settings_free(struct kafka_settings *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		free(s->list[i].name);
		free(s->list[i].value);
	}
	free(s->list);
}

static void settings_read(struct kafka_settings *s, const rd_kafka_ConfigResource_t *r)
{
	const rd_kafka_ConfigEntry_t **entries;
	size_t n;

	s->denied = rd_kafka_ConfigResource_error(r) != 0;
	entries = rd_kafka_ConfigResource_configs(r, &n);
	for (size_t i = 0; i < n && !s->denied; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);

		if (!value)
			continue;        /* a secret of the broker's */
		s->list = mem_grow(s->list, s->n + 1u, sizeof *s->list);
		s->list[s->n++] = (struct kafka_setting){
			mem_text(span_of(rd_kafka_ConfigEntry_name(entries[i]))), mem_text(span_of(value))};
	}
}

/* Describes the resources and hands the result, of as many, to each. */
static int describe(struct kafka_admin *a, rd_kafka_ConfigResource_t **resources, size_t n, struct kafka_settings **to,
	struct err *e)
{
	rd_kafka_AdminOptions_t *o = rd_kafka_AdminOptions_new(a->k.asker, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_queue_t *q = rd_kafka_queue_new(a->k.asker);
	const rd_kafka_ConfigResource_t **got;
	rd_kafka_event_t *event;
	size_t ngot = 0;

	rd_kafka_DescribeConfigs(a->k.asker, resources, n, o, q);
	event = kafka_answer(&a->k, q, "DescribeConfigs", e);
	if (event) {
		got = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &ngot);
		/* Not in our order. */
		for (size_t i = 0; i < ngot; i++)
			for (size_t k = 0; k < n; k++)
				if (strcmp(rd_kafka_ConfigResource_name(got[i]), rd_kafka_ConfigResource_name(resources[k])) == 0)
					settings_read(to[k], got[i]);
		rd_kafka_event_destroy(event);
	}
	for (size_t i = 0; i < n; i++)
		rd_kafka_ConfigResource_destroy(resources[i]);
	rd_kafka_queue_destroy(q);
	rd_kafka_AdminOptions_destroy(o);
	return event ? 0 : -1;
}

static int describe_topics(struct kafka_admin *a, struct kafka_report *r, struct err *e)
{
	rd_kafka_ConfigResource_t **resources = mem_new((r->ntopics + 1u) * sizeof *resources);
	struct kafka_settings **to = mem_new((r->ntopics + 1u) * sizeof *to);
	char full[KAFKA_NAME_MAX];
	size_t n = 0;
	int ret;

	for (unsigned i = 0; i < r->ntopics; i++) {
		if (!r->topics[i].there)
			continue;
		resources[n] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, kafka_full(&a->k, r->topics[i].name, full));
		to[n++] = &r->topics[i].settings;
	}
	ret = n ? describe(a, resources, n, to, e) : 0;
	free(resources);
	free(to);
	return ret;
}

static int describe_broker(struct kafka_admin *a, struct kafka_report *r, int broker, struct err *e)
{
	struct kafka_settings *to = &r->settings;
	rd_kafka_ConfigResource_t *resource;
	char id[16];

	snprintf(id, sizeof id, "%d", broker);
	resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, id);
	return describe(a, &resource, 1, &to, e);
}

/* ---- looking ---- */

static void read_partitions(struct kafka_report_topic *t, const struct rd_kafka_metadata_topic *m)
{
	t->there = true;
	t->partitions = (unsigned)m->partition_cnt;
	t->leaderless = 0;
	for (int i = 0; i < m->partition_cnt; i++) {
		unsigned replicas = (unsigned)m->partitions[i].replica_cnt,
			 in_sync = (unsigned)m->partitions[i].isr_cnt;

		t->leaderless += m->partitions[i].leader < 0;
		if (i == 0 || replicas < t->replicas)
			t->replicas = replicas;
		if (i == 0 || in_sync < t->in_sync)
			t->in_sync = in_sync;
	}
}

/* Asked by its name, a topic that we may not see says so; in the list of all it would be left out. */
static int look_at_topic(struct kafka_admin *a, struct kafka_report_topic *t, struct err *e)
{
	char full[KAFKA_NAME_MAX];
	rd_kafka_topic_t *handle = rd_kafka_topic_new(a->k.asker, kafka_full(&a->k, t->name, full), NULL);
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code = rd_kafka_metadata(a->k.asker, 0, handle, &m, KAFKA_CALL_MS);

	rd_kafka_topic_destroy(handle);
	if (code)
		return kafka_fail(&a->k, e, "metadata", code, NULL);
	code = m->topic_cnt == 1 ? m->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	t->denied = code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
	t->there = false;
	if (!code || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE)
		read_partitions(t, &m->topics[0]);
	rd_kafka_metadata_destroy(m);
	if (code && !t->denied && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
		code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE && code != RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
		return kafka_fail(&a->k, e, t->name, code, NULL);
	return 0;
}

static int look_at_brokers(struct kafka_admin *a, struct kafka_report *r, int *ret_first, struct err *e)
{
	struct buf cluster = BUF_INIT;
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code;

	if (kafka_cluster(&a->k, &cluster, e) != 0) {
		buf_done(&cluster);
		return -1;
	}
	snprintf(r->cluster, sizeof r->cluster, "%.*s", SPAN_F(buf_as_span(&cluster)));
	buf_done(&cluster);
	code = rd_kafka_metadata(a->k.asker, 0, NULL, &m, KAFKA_CALL_MS);
	if (code)
		return kafka_fail(&a->k, e, "metadata", code, NULL);
	r->brokers = (unsigned)m->broker_cnt;
	*ret_first = m->broker_cnt ? m->brokers[0].id : -1;
	rd_kafka_metadata_destroy(m);
	return 0;
}

int kafka_admin_look(struct kafka_admin *a, const struct kafka_need *needs, unsigned n, struct kafka_report **ret, struct err *e)
{
	struct kafka_report *r = mem_new(sizeof *r);
	int first = -1, failed;

	r->topics = mem_new((n + 1u) * sizeof *r->topics);
	r->ntopics = n;
	for (unsigned i = 0; i < n; i++)
		r->topics[i].name = needs[i].name;
	failed = look_at_brokers(a, r, &first, e);
	for (unsigned i = 0; i < n && !failed; i++)
		failed = look_at_topic(a, &r->topics[i], e);
	failed = failed || describe_topics(a, r, e) || (first >= 0 && describe_broker(a, r, first, e));
	if (failed) {
		kafka_report_free(r);
		return -1;
	}
	*ret = r;
	return 0;
}

void kafka_report_free(struct kafka_report *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->ntopics; i++)
		settings_free(&r->topics[i].settings);
	settings_free(&r->settings);
	free(r->topics);
	free(r);
}

/* ---- making ---- */

unsigned kafka_replicas(unsigned brokers)
{
	return brokers >= 3 ? 3 : 1;
}

unsigned kafka_min_in_sync(unsigned brokers)
{
	return brokers >= 3 ? 2 : 1;
}

void kafka_topic_settings(const char *topic, unsigned brokers, unsigned keep_days,
	void (*each)(void *arg, const char *name, const char *value), void *arg)
{
	char keep[24];

	snprintf(keep, sizeof keep, "%llu", (keep_days ? keep_days : BUS_KEEP_DAYS) * 86400000ull);
	each(arg, "message.timestamp.type", "LogAppendTime");
	each(arg, "unclean.leader.election.enable", "false");
	each(arg, "max.message.bytes", "1048588");
	each(arg, "min.insync.replicas", kafka_min_in_sync(brokers) == 2 ? "2" : "1");
	if (kafka_is_compacted(topic)) {
		/* Small segments are cleaned soon, so that an open reads little. */
		each(arg, "cleanup.policy", "compact");
		each(arg, "segment.bytes", "16777216");
		each(arg, "segment.ms", "3600000");
		each(arg, "min.cleanable.dirty.ratio", "0.1");
		/* A host that was off for longer than this would not hear of what was taken away meanwhile. */
		each(arg, "delete.retention.ms", keep);
	} else {
		each(arg, "cleanup.policy", "delete");
		each(arg, "retention.ms", keep);
		each(arg, "retention.bytes", "-1");
	}
}

int kafka_admin_make(struct kafka_admin *a, const struct kafka_report *r, const struct kafka_need *needs, struct err *e)
{
	for (unsigned i = 0; i < r->ntopics; i++)
		if (!r->topics[i].there && kafka_topic_make(&a->k, needs[i].name, needs[i].partitions, e) != 0)
			return -1;
	return 0;
}
