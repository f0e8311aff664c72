/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fsys.h"
#include "kafka_admin.h"
#include "log.h"

#define PASSWORD_MAX 4096u
/* What a record takes on a topic beside key and value, at most: lengths, attributes, the head of a batch of one. */
#define RECORD_OVERHEAD 512u
#define MESSAGE_MAX 1048588u         /* Kafka's default */
#define LEADER_WAIT_MS 10000
#define BATCH_BYTES 1000000u
#define CONNECT_MS 10000             /* a person waits for the message */

/* ---- settings ---- */

struct setting {
	const char *name, *value;
};

/* Each with its reason; measured against a real broker unless it says otherwise. */
static const struct setting all_roles[] = {
	{"client.id", "jincai"},
	/* The default of 10 s makes stalls of 34 to 56 s after a broker was restarted. */
	{"reconnect.backoff.ms", "20"},
	{"reconnect.backoff.max.ms", "500"},
	{"socket.keepalive.enable", "true"},
	{"socket.timeout.ms", "30000"},
	{"topic.metadata.refresh.interval.ms", "60000"},
	{NULL, NULL},
};

static const struct setting readers[] = {
	{"isolation.level", "read_committed"},
	{"enable.auto.commit", "false"},
	{"enable.auto.offset.store", "false"},
	{"auto.offset.reset", "error"},
	{"enable.partition.eof", "true"},
	{"allow.auto.create.topics", "false"},
	{"check.crcs", "true"},
	/* A partition that is added waits for the answer that is under way. */
	{"fetch.wait.max.ms", "50"},
	{"fetch.error.backoff.ms", "50"},
	/* What lies in memory of one partition. A full queue is looked at again only after up to a second (2.0.2): with 2 MiB a file of
	 * 100,000 lines took 18 s from folder to folder, with 16 MiB 8 s and 80 MB more. */
	{"queued.min.messages", "100000"},
	{"queued.max.messages.kbytes", "8192"},
	{NULL, NULL},
};

static const struct setting writers[] = {
	/* The default of 100 ms is waited for at each change of partitions in a transaction. */
	{"retry.backoff.ms", "5"},
	{"compression.codec", "lz4"},
	{"linger.ms", "1"},
	{"batch.num.messages", "10000"},
	{"queue.buffering.max.messages", "200000"},
	{"queue.buffering.max.kbytes", "65536"},
	{NULL, NULL},
};

static int set(rd_kafka_conf_t *c, const char *name, const char *value, struct err *e)
{
	char why[256];

	if (rd_kafka_conf_set(c, name, value, why, sizeof why) == RD_KAFKA_CONF_OK)
		return 0;
	/* The value may be a secret: the name is enough. */
	return err_set(e, E_BUS_SETTING, "name=%s\nwhy=%s", name, strcmp(name, "sasl.password") == 0 ? "-" : why);
}

static int set_all(rd_kafka_conf_t *c, const struct setting *s, struct err *e)
{
	for (; s->name; s++)
		if (set(c, s->name, s->value, e))
			return -1;
	return 0;
}

static int set_password(rd_kafka_conf_t *c, const char *file, struct err *e)
{
	struct buf text = BUF_INIT;
	int failed = fsys_get(AT_FDCWD, file, PASSWORD_MAX, &text, e);

	if (!failed) {
		while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
			text.n--;
		buf_c(&text, '\0');
		failed = set(c, "sasl.password", text.p, e);
	}
	if (text.p)
		explicit_bzero(text.p, text.n);
	buf_done(&text);
	return failed;
}

static int set_security(const struct kafka *k, rd_kafka_conf_t *c, struct err *e)
{
	const struct bus_kafka_conf *s = k->conf;
	bool tls = s->ca || s->certificate, sasl = s->mechanism != NULL;
	const char *protocol = tls ? sasl ? "SASL_SSL" : "SSL" : sasl ? "SASL_PLAINTEXT" : "PLAINTEXT";

	if (set(c, "security.protocol", protocol, e) || (s->ca && set(c, "ssl.ca.location", s->ca, e)) ||
		(s->certificate && set(c, "ssl.certificate.location", s->certificate, e)) ||
		(s->key && set(c, "ssl.key.location", s->key, e)))
		return -1;
	if (!sasl)
		return 0;
	return set(c, "sasl.mechanism", s->mechanism, e) || (s->user && set(c, "sasl.username", s->user, e)) ||
		(s->password && set_password(c, s->password, e)) ? -1 : 0;
}

/* ---- what clients say ---- */

static bool is_refusal(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR__SSL:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
	case RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_AUTHORIZATION_FAILED:
		return true;
	default:
		return false;
	}
}

static bool is_away(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
	case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
	case RD_KAFKA_RESP_ERR__WAIT_COORD:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
	case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
	case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
	case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS:
	case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
	case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
	case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
		return true;
	default:
		return false;
	}
}

static void keep_why(struct kafka *k, rd_kafka_resp_err_t code, const char *text)
{
	/* What the other side has against our certificate comes as an alert, and the library calls it a broken connection. */
	bool refusal = is_refusal(code) || strstr(text, "SSL alert number");

	pthread_mutex_lock(&k->why_lock);
	/* A refusal says more than "all brokers are down", which follows it. */
	if (refusal || !k->refused) {
		k->refused = refusal;
		snprintf(k->why, sizeof k->why, "%.200s", text);
	}
	pthread_mutex_unlock(&k->why_lock);
}

static void on_error(rd_kafka_t *client, int code, const char *text, void *opaque)
{
	struct kafka_client *c = opaque;

	(void)client;
	keep_why(c->kafka, (rd_kafka_resp_err_t)code, text);
}

/* The library's own lines: for who looks for a fault. */
static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
	char quoted[400];

	(void)client, (void)level;
	log_line(LOG_DEBUG, "kafka.client", "about=%s text=%s", facility,
		log_quoted(text, quoted, sizeof quoted));
}

int kafka_fail(struct kafka *k, struct err *e, const char *what, rd_kafka_resp_err_t code, const char *text)
{
	char why[256];
	bool refused;

	if (k->asker)
		rd_kafka_poll(k->asker, 0);      /* what it has to say about the reason */
	pthread_mutex_lock(&k->why_lock);
	snprintf(why, sizeof why, "%s", k->why[0] ? k->why : text ? text : rd_kafka_err2str(code));
	refused = k->refused;
	pthread_mutex_unlock(&k->why_lock);
	if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
		code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
		return err_set(e, E_BUS_FENCED, "flow=%s", what);
	if (is_refusal(code))
		return err_set(e, E_BUS_DENIED, "what=%s\naddress=%s\nwhy=%s", what, k->brokers, text ? text : rd_kafka_err2str(code));
	if (is_away(code) && refused)
		return err_set(e, E_BUS_DENIED, "what=%s\naddress=%s\nwhy=%s", what, k->brokers, why);
	if (is_away(code))
		return err_set(e, E_BUS_AWAY, "what=%s\naddress=%s\nwhy=%s", what, k->brokers, why);
	return err_set(e, E_BUS_FAILED, "what=%s\nwhy=%s", what, text ? text : rd_kafka_err2str(code));
}

static void answered(struct kafka *k)
{
	pthread_mutex_lock(&k->why_lock);
	k->why[0] = 0;
	k->refused = false;
	pthread_mutex_unlock(&k->why_lock);
}

/* ---- clients ---- */

/* Records of a partition go out together, and the broker measures them together. */
static size_t batch_size(struct kafka *k)
{
	size_t ret = BATCH_BYTES;

	pthread_mutex_lock(&k->lock);
	for (unsigned i = 0; i < k->ntopics; i++)
		if (k->topics[i]->value_max && k->topics[i]->value_max < ret)
			ret = k->topics[i]->value_max;
	pthread_mutex_unlock(&k->lock);
	return ret;
}

static int settings(struct kafka *k, enum kafka_role role, const char *transactional, rd_kafka_conf_t *c, struct err *e)
{
	char timeout[16], batch[24];

	if (set(c, "bootstrap.servers", k->brokers, e) || set_all(c, all_roles, e) || set_security(k, c, e))
		return -1;
	if (role != KAFKA_WRITE) {
		if (set_all(c, readers, e))
			return -1;
		return role == KAFKA_ASK ? set(c, "isolation.level", "read_uncommitted", e) : 0;
	}
	snprintf(timeout, sizeof timeout, "%d", KAFKA_TRANSACTION_MS);
	snprintf(batch, sizeof batch, "%zu", batch_size(k));
	if (set_all(c, writers, e) || set(c, "batch.size", batch, e) || set(c, "enable.idempotence", "true", e))
		return -1;
	return transactional && (set(c, "transactional.id", transactional, e) ||
		set(c, "transaction.timeout.ms", timeout, e)) ? -1 : 0;
}

static rd_kafka_resp_err_t on_sent(rd_kafka_t *client, int socket, const char *broker, int32_t id, int16_t key,
	int16_t version, int32_t correlation, size_t size, void *opaque)
{
	struct kafka_client *c = opaque;

	(void)client, (void)socket, (void)broker, (void)id, (void)version, (void)correlation, (void)size;
	if (key == KAFKA_END_TXN)
		atomic_fetch_add(&c->end_txn_sent, 1);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *client, const rd_kafka_conf_t *conf, void *opaque, char *text, size_t n)
{
	(void)conf, (void)text, (void)n;
	return rd_kafka_interceptor_add_on_request_sent(client, "jincai", on_sent, opaque);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *m, void *opaque)
{
	struct kafka_client *c = opaque;

	(void)client;
	if (c->delivered)
		c->delivered(c->arg, m);
}

int kafka_client_new(struct kafka *k, enum kafka_role role, const char *transactional, struct kafka_client *c, struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[256];

	c->kafka = k;
	atomic_store(&c->end_txn_sent, 0);
	rd_kafka_conf_set_opaque(conf, c);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (settings(k, role, transactional, conf, e)) {
		rd_kafka_conf_destroy(conf);
		return -1;
	}
	if (role == KAFKA_WRITE) {
		rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
		if (rd_kafka_conf_interceptor_add_on_new(conf, "jincai", on_new, c)) {
			rd_kafka_conf_destroy(conf);
			return err_set(e, E_BUS_SETTING, "name=interceptor\nwhy=-");
		}
	}
	c->rk = rd_kafka_new(role == KAFKA_WRITE ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, why, sizeof why);
	if (c->rk)
		return 0;
	rd_kafka_conf_destroy(conf);
	/* Files of keys are read here. */
	return err_set(e, E_BUS_SETTING, "name=%s\nwhy=%s", k->conf->ca || k->conf->certificate ? "tls" : "client", why);
}

void kafka_client_done(struct kafka_client *c)
{
	if (c->rk)
		rd_kafka_destroy_flags(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	c->rk = NULL;
}

/* ---- asking the cluster ---- */

const char *kafka_full(const struct kafka *k, const char *name, char ret[KAFKA_NAME_MAX])
{
	snprintf(ret, KAFKA_NAME_MAX, "%s%s", k->prefix, name);
	return ret;
}

int kafka_cluster(struct kafka *k, struct buf *ret, struct err *e)
{
	int64_t until = clock_steady_ms() + CONNECT_MS;
	char *id = NULL;

	while (!id && clock_steady_ms() < until) {
		rd_kafka_poll(k->asker, 0);
		pthread_mutex_lock(&k->why_lock);
		if (k->refused)
			until = 0;
		pthread_mutex_unlock(&k->why_lock);
		id = rd_kafka_clusterid(k->asker, 500);
	}
	if (!id)
		return kafka_fail(k, e, "connect", RD_KAFKA_RESP_ERR__TRANSPORT, NULL);
	answered(k);
	buf_str(ret, id);
	rd_kafka_mem_free(k->asker, id);
	return 0;
}

int kafka_topics(struct kafka *k, int (*each)(void *arg, const char *name, unsigned partitions), void *arg, struct err *e)
{
	const struct rd_kafka_metadata *m;
	rd_kafka_resp_err_t code = rd_kafka_metadata(k->asker, 1, NULL, &m, KAFKA_CALL_MS);
	struct span prefix = span_of(k->prefix);
	int failed = 0;

	if (code)
		return kafka_fail(k, e, "metadata", code, NULL);
	answered(k);
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

/* The answer to an admin request; NULL with the error. */
static rd_kafka_event_t *answer(struct kafka *k, rd_kafka_queue_t *q, const char *what, struct err *e)
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

int kafka_not_made(struct kafka *k, const char *full, rd_kafka_resp_err_t code, const char *why, struct err *e)
{
	if (code == RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR)
		return kafka_fail(k, e, "CreateTopics", code, why);
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
	event = answer(k, q, "CreateTopics", e);
	if (event) {
		results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &cnt);
		failed = 0;
		if (cnt == 1 && rd_kafka_topic_result_error(results[0]) &&
			rd_kafka_topic_result_error(results[0]) != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
			failed = kafka_not_made(k, full, rd_kafka_topic_result_error(results[0]),
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
	event = answer(k, q, "DescribeConfigs", &ignored);
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

/* A leader that has just been chosen, or has gone, is asked again: the library finds the right one meanwhile. */
static int offsets_at(struct kafka *k, rd_kafka_t *rk, const struct kafka_topic *t, int64_t what, int64_t *ret, struct err *e)
{
	int64_t until = clock_steady_ms() + LEADER_WAIT_MS;
	rd_kafka_resp_err_t code;

	while ((code = ask_offsets(k, rk, t, what, ret)) && (is_away(code) || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
		code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) && clock_steady_ms() < until)
		rd_kafka_poll(k->asker, 20);
	return code ? kafka_fail(k, e, t->name, code, NULL) : 0;
}

int kafka_ends_of(struct kafka *k, const struct kafka_client *c, const struct kafka_topic *t, struct kafka_ends *ret, struct err *e)
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
	return err_set(e, E_BUS_GONE, "topic=%s\npartition=%u\nwant=%" PRIu64 "\nhave=%" PRIu64 "\ncount=%" PRIu64, t->name, partition,
		want, low, low - want);
}

int kafka_gone(struct kafka *k, const struct kafka_topic *t, unsigned partition, uint64_t want, struct err *e)
{
	struct kafka_ends *ends = mem_new(t->partitions * sizeof *ends);
	int failed = kafka_ends(k, t, ends, e);

	if (!failed && ends[partition].low > want)
		failed = kafka_gone_at(e, t, partition, want, ends[partition].low);
	else if (!failed && ends[partition].high < want)
		failed = err_set(e, E_BUS_SHORTER, "topic=%s\npartition=%u\nwant=%" PRIu64 "\nhave=%" PRIu64, t->name, partition, want,
			ends[partition].high);
	free(ends);
	return failed;
}
