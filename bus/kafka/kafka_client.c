/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsys.h"
#include "kafka_admin.h"
#include "log.h"

#define LIBRARY_LEAST 0x020002ff     /* each rule of transactions was found out with it */
#define PASSWORD_MAX 4096u
#define BATCH_BYTES 1000000u

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
	/* What lies in memory: KAFKA_QUEUE_BYTES of a queue, and one answer more, which is a batch of its writer at least. Packed
	 * they are a fifth to a tenth. fetch.max.bytes is raised to message.max.bytes when that is more. */
	{"queued.min.messages", "100000"},
	{"queued.max.messages.kbytes", "1000"},
	{"message.max.bytes", "262144"},
	{"fetch.max.bytes", "262144"},
	{"fetch.message.max.bytes", "131072"},
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
	/* What the library then says is how note_version learns of Kafka 4. */
	if (!kafka_scram_works() && strncmp(s->mechanism, "SCRAM", 5) == 0 && set(c, "debug", "feature", e))
		return -1;
	return set(c, "sasl.mechanism", s->mechanism, e) || (s->user && set(c, "sasl.username", s->user, e)) ||
		(s->password && set_password(c, s->password, e)) ? -1 : 0;
}

/* ---- what clients say ---- */

static void on_error(rd_kafka_t *client, int code, const char *text, void *opaque)
{
	struct kafka_client *c = opaque;

	(void)client;
	kafka_note(c->kafka, (rd_kafka_resp_err_t)code, text);
}

/* Brokers of Kafka 4 no longer take the first versions of a fetch. What a broker takes is told before anybody logs in. */
static void note_version(struct kafka *k, const char *text)
{
	static const char fetch[] = "ApiKey Fetch (1) Versions ";
	const char *at = strstr(text, fetch);

	if (at && strtol(at + sizeof fetch - 1, NULL, 10) >= 4)
		k->is_kafka_4 = true;
}

/* A transaction that may not write a topic fails as a whole; which topic it was, the library says here alone. */
static void note_closed(struct kafka_client *c, const char *text)
{
	static const char head[] = "Failed to add partition \"";
	const char *at = strstr(text, head), *end;

	at = at ? at + sizeof head - 1 : NULL;
	end = at ? strchr(at, '"') : NULL;
	if (!end || strstr(end, rd_kafka_err2str(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)) == NULL)
		return;
	pthread_mutex_lock(&c->kafka->why_lock);
	snprintf(c->closed, sizeof c->closed, "%.*s", (int)(end - at), at);
	pthread_mutex_unlock(&c->kafka->why_lock);
}

/* The library's own lines: for who looks for a fault. */
static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
	struct kafka_client *c = rd_kafka_opaque(client);
	char quoted[400];

	(void)level;
	if (strcmp(facility, "APIVERSION") == 0) {
		note_version(c->kafka, text);
		return;
	}
	note_closed(c, text);
	log_line(LOG_DEBUG, "kafka.client", "about=%s text=%s", facility,
		log_quoted(text, quoted, sizeof quoted));
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
	rd_kafka_conf_t *conf;
	char why[256];

	if (rd_kafka_version() < LIBRARY_LEAST)
		return err_set(e, E_KAFKA_LIBRARY, "have=%s\nwant=2.0.2", rd_kafka_version_str());
	conf = rd_kafka_conf_new();
	c->kafka = k;
	atomic_store(&c->end_txn_sent, 0);
	c->closed[0] = 0;
	rd_kafka_conf_set_opaque(conf, c);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_log_cb(conf, on_log);
	if (k->conf->ca || k->conf->certificate)
		rd_kafka_conf_set_ssl_cert_verify_cb(conf, kafka_verify);
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

const char *kafka_full(const struct kafka *k, const char *name, char ret[KAFKA_NAME_MAX])
{
	snprintf(ret, KAFKA_NAME_MAX, "%s%s", k->prefix, name);
	return ret;
}

int64_t kafka_time_of(const rd_kafka_message_t *m)
{
	rd_kafka_timestamp_type_t type;
	int64_t ms = rd_kafka_message_timestamp(m, &type);

	return type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? 0 : ms;
}
