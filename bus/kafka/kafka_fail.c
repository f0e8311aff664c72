/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "fsys.h"
#include "kafka_admin.h"
#include "pem.h"

/*
 * Most of what goes wrong on the way to a broker comes back from a call as "the connection failed". The reason is told to
 * callbacks of its own, before or afterwards; it is kept here until the cluster has answered.
 */

bool kafka_is_away(rd_kafka_resp_err_t code)
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

bool kafka_is_fenced(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
		code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* ---- rights ---- */

/* As kafka-acls.sh has it; NULL: it is not about a right. */
static const char *resource_of(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
		return "topic";
	case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
		return "group";
	case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
		return "cluster";
	case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
		return "transactional-id";
	default:
		return NULL;
	}
}

/* Of the first certificate of our file; false: there is none. */
static bool own_certificate(const struct kafka *k, struct pem_about *ret)
{
	struct buf text = BUF_INIT;
	struct err ignored;
	bool ok = k->conf->certificate && fsys_get(AT_FDCWD, k->conf->certificate, PEM_MAX, &text, &ignored) == 0 &&
		pem_about(buf_as_span(&text), ret, &ignored) == 0;

	buf_done(&text);
	return ok;
}

/* Whom the brokers take us for, unless they were told to map names. */
static void write_principal(const struct kafka *k, char *ret, size_t cap)
{
	struct pem_about about;

	if (k->conf->mechanism)
		snprintf(ret, cap, "User:%s", k->conf->user ? k->conf->user : "");
	else if (own_certificate(k, &about))
		snprintf(ret, cap, "User:%s", about.subject);
	else
		snprintf(ret, cap, "User:ANONYMOUS");
}

int kafka_fail_right(struct kafka *k, struct err *e, const char *right, const char *name, rd_kafka_resp_err_t code,
	const char *text)
{
	const char *kind = resource_of(code);
	char who[160];

	if (!kind)
		return kafka_fail(k, e, name, code, text);
	write_principal(k, who, sizeof who);
	if (code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED)
		name = "-";
	return err_set(e, E_BUS_RIGHT, "right=%s\nkind=%s\nname=%s\nwho=%s\nverb=%s\naddress=%s", right, kind, name,
		who, strcmp(right, "Create") == 0 ? "jincai topics --create" : "-", k->brokers);
}

/* ---- who they are ---- */

/* "ssl://host:9093/bootstrap": what is between. */
static struct span host_of(const char *broker)
{
	const char *begin = strstr(broker, "://"), *end;

	begin = begin ? begin + 3 : broker;
	end = strchr(begin, '/');
	return (struct span){begin, end ? (size_t)(end - begin) : strlen(begin)};
}

int kafka_verify(rd_kafka_t *client, const char *broker, int32_t id, int *error, int depth, const char *der, size_t n,
	char *text, size_t cap, void *opaque)
{
	struct kafka *k = ((struct kafka_client *)opaque)->kafka;
	struct pem_about about = {.subject = "-", .issuer = "-", .names = "-", .from = "-", .until = "-"};
	struct span host = host_of(broker);
	struct buf now = BUF_INIT;
	const char *why;

	(void)client, (void)id, (void)depth;
	if (*error == 0)
		return 1;
	(void)pem_about_der((struct span){der, n}, &about);
	pthread_mutex_lock(&k->why_lock);
	switch (pem_fault(*error, &why)) {
	case PEM_FAULT_TIME:
		clock_write(&now, clock_now_ms());
		err_set(&k->refusal, E_BUS_CERTIFICATE_TIME, "broker=%.*s\nfrom=%s\nuntil=%s\nnow=%.*s", SPAN_F(host),
			about.from, about.until, SPAN_F(buf_as_span(&now)));
		break;
	case PEM_FAULT_HOST:
		err_set(&k->refusal, E_BUS_CERTIFICATE_HOST, "broker=%.*s\nnames=%s", SPAN_F(host), about.names);
		break;
	case PEM_FAULT_TRUST:
		err_set(&k->refusal, E_BUS_CERTIFICATE_TRUST, "broker=%.*s\nissuer=%s\nwhy=%s\nca=%s", SPAN_F(host),
			about.issuer, why, k->conf->ca ? k->conf->ca : "-");
		break;
	}
	pthread_mutex_unlock(&k->why_lock);
	snprintf(text, cap, "%s", why);
	buf_done(&now);
	return 0;
}

/* ---- who we are ---- */

/* A connection that broke while it was made, as when a broker is stopped: nobody has refused anything. */
static bool is_broken(const char *text)
{
	static const char *const words[] = {
		"unexpected eof", "isconnected", "ransport failure", "reset by peer", "imed out", "roken pipe"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

/* What they have against us comes as an alert of TLS, and the library calls that a broken connection. */
static int refused_certificate(const struct kafka *k, const char *why, struct err *e)
{
	struct pem_about about;

	if (!own_certificate(k, &about))
		return err_set(e, E_BUS_CERTIFICATE_NONE, "address=%s\nwhy=%s", k->brokers, why);
	return err_set(e, E_BUS_CERTIFICATE_OWN, "file=%s\nfrom=%s\nuntil=%s\nwhy=%s\naddress=%s", k->conf->certificate,
		about.from, about.until, why, k->brokers);
}

static int refused_mechanism(const struct kafka *k, const char *text, struct err *e)
{
	static const char list[] = "supported mechanisms: ";
	const char *have = strstr(text, list), *end;

	have = have ? have + sizeof list - 1 : "-";
	end = strstr(have, " (after");
	return err_set(e, E_BUS_MECHANISM, "mechanism=%s\nhave=%.*s\naddress=%s",
		k->conf->mechanism ? k->conf->mechanism : "-", end ? (int)(end - have) : (int)strlen(have), have,
		k->brokers);
}

static int refused_login(const struct kafka *k, const char *why, struct err *e)
{
	const char *mechanism = k->conf->mechanism ? k->conf->mechanism : "-";

	if (k->is_kafka_4 && !kafka_scram_works() && strncmp(mechanism, "SCRAM", 5) == 0)
		return err_set(e, E_BUS_SCRAM, "mechanism=%s\nhave=%s", mechanism, rd_kafka_version_str());
	return err_set(e, E_BUS_LOGIN, "user=%s\nfile=%s\nwhy=%s\naddress=%s", k->conf->user ? k->conf->user : "-",
		k->conf->password ? k->conf->password : "-", why, k->brokers);
}

/* What is left of a text without what all begin and end with: "ssl://host:9093/bootstrap: SSL ... (after 3ms in state ...". */
static void write_reason(const char *text, char *ret, size_t cap)
{
	static const char *const heads[] = {"SSL routines::", "authentication error: ", "/bootstrap: "};
	const char *begin = text, *end;

	for (size_t i = 0; begin == text && i < sizeof heads / sizeof *heads; i++) {
		const char *at = strstr(text, heads[i]);

		begin = at ? at + strlen(heads[i]) : text;
	}
	end = strstr(begin, " (after");
	snprintf(ret, cap, "%.*s", end ? (int)(end - begin) : (int)strlen(begin), begin);
}

/* Sets e when they do not let us in: -1; 0: it was something else. */
static int refused(const struct kafka *k, rd_kafka_resp_err_t code, const char *text, struct err *e)
{
	char why[100];

	write_reason(text, why, sizeof why);
	if (strstr(text, "SSL alert number"))
		return refused_certificate(k, why, e);
	switch (code) {
	case RD_KAFKA_RESP_ERR__AUTHENTICATION:
	case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
	case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
		if (strstr(text, "nsupported SASL mechanism"))
			return refused_mechanism(k, text, e);
		return is_broken(text) ? 0 : refused_login(k, why, e);
	case RD_KAFKA_RESP_ERR__SSL:
	case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
	case RD_KAFKA_RESP_ERR_DELEGATION_TOKEN_AUTHORIZATION_FAILED:
		return is_broken(text) ? 0 : err_set(e, E_BUS_DENIED, "what=connect\naddress=%s\nwhy=%s", k->brokers, why);
	default:
		return 0;
	}
}

void kafka_note(struct kafka *k, rd_kafka_resp_err_t code, const char *text)
{
	pthread_mutex_lock(&k->why_lock);
	/* The first says most: what was found in their certificate is followed by "handshake failed" and "all brokers are down". */
	if (!k->refusal.id && refused(k, code, text, &k->refusal) == 0 &&
		(code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !k->why[0]))
		snprintf(k->why, sizeof k->why, "%.200s", text);
	pthread_mutex_unlock(&k->why_lock);
}

bool kafka_refused(struct kafka *k)
{
	bool ret;

	pthread_mutex_lock(&k->why_lock);
	ret = k->refusal.id != E_NONE;
	pthread_mutex_unlock(&k->why_lock);
	return ret;
}

void kafka_answered(struct kafka *k)
{
	pthread_mutex_lock(&k->why_lock);
	k->why[0] = 0;
	k->refusal = ERR_INIT;
	pthread_mutex_unlock(&k->why_lock);
}

/* ---- what a call has failed with ---- */

int kafka_fail(struct kafka *k, struct err *e, const char *what, rd_kafka_resp_err_t code, const char *text)
{
	struct err refusal = ERR_INIT;
	char why[256];

	if (k->asker)
		rd_kafka_poll(k->asker, 0);      /* what it has to say about the reason */
	if (!text)
		text = rd_kafka_err2str(code);
	pthread_mutex_lock(&k->why_lock);
	snprintf(why, sizeof why, "%s", k->why[0] ? k->why : text);
	refusal = k->refusal;
	pthread_mutex_unlock(&k->why_lock);
	if (kafka_is_fenced(code))
		return err_set(e, E_BUS_FENCED, "flow=%s", what);
	if (resource_of(code))
		return err_set(e, E_BUS_DENIED, "what=%s\naddress=%s\nwhy=%s", what, k->brokers, text);
	if (refused(k, code, text, e))
		return -1;
	if (code == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE || code == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION)
		return err_set(e, E_KAFKA_OLD, "why=%s", text);
	if (kafka_is_away(code) && refusal.id) {
		*e = refusal;
		return -1;
	}
	if (kafka_is_away(code))
		return err_set(e, E_BUS_AWAY, "what=%s\naddress=%s\nwhy=%s", what, k->brokers, why);
	return err_set(e, E_BUS_FAILED, "what=%s\nwhy=%s", what, text);
}
