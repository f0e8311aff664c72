/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#include "kafka.h"

/* What the library says, word for word, and what becomes of it. Real brokers: e2e/kafka_security_test.py. */

#define AT "sasl_ssl://kafka-1:9093/bootstrap: "

static int version;                  /* 0: as it is */

/* In front of the library's own. */
int rd_kafka_version(void)
{
	return version ? version : RD_KAFKA_VERSION;
}

static const struct bus_kafka_conf conf = {.mechanism = "SCRAM-SHA-512", .user = "jincai", .password = "/etc/jincai/password"};

static void begin(struct kafka *k)
{
	*k = (struct kafka){.conf = &conf, .brokers = (char *)(uintptr_t)"kafka-1:9093"};
	pthread_mutex_init(&k->why_lock, NULL);
}

static void what_a_client_says_becomes_the_reason_of_the_call_that_failed(void **state)
{
	static const struct {
		const char *name;
		rd_kafka_resp_err_t code;
		const char *said, *want, *why;
	} row[] = {
		{"a password", RD_KAFKA_RESP_ERR__AUTHENTICATION,
			AT "SASL authentication error: Authentication failed: Invalid username or password (after 312ms in state AUTH_REQ)",
			"bus.login", "Authentication failed: Invalid username or password"},
		{"a mechanism", RD_KAFKA_RESP_ERR__AUTHENTICATION,
			AT "SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: "
			"PLAIN,GSSAPI (after 301ms in state AUTH_HANDSHAKE, 1 id", "bus.mechanism", NULL},
		{"an alert of the brokers, which the library takes for a broken line", RD_KAFKA_RESP_ERR__TRANSPORT,
			"ssl://kafka-1:9093/bootstrap: Disconnected: error:0A000412:SSL routines::sslv3 alert bad certificate: SSL alert number 42 "
			"(after 0ms in state APIVERSION_QUERY)", "bus.certificate_none", "sslv3 alert bad certificate: SSL alert number 42"},
		{"another fault of TLS", RD_KAFKA_RESP_ERR__SSL,
			"ssl://kafka-1:9093/bootstrap: SSL handshake failed: error:0A0000BF:SSL routines::no protocols available (after 1ms in state "
			"SSL_HANDSHAKE)", "bus.denied", "no protocols available"},
		{"a broker that was stopped in the handshake", RD_KAFKA_RESP_ERR__SSL,
			"ssl://kafka-1:9093/bootstrap: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while reading (after 1ms)",
			"bus.away", NULL},
		{"a broker that was stopped in the handshake, as the library says it", RD_KAFKA_RESP_ERR__SSL,
			"ssl://kafka-1:9093/bootstrap: SSL handshake failed: Disconnected: connecting to a PLAINTEXT broker listener?", "bus.away",
			NULL},
		{"a broker that was stopped in the login", RD_KAFKA_RESP_ERR__AUTHENTICATION,
			AT "SASL authentication error: Local: Broker transport failure (after 3ms in state AUTH_REQ)", "bus.away", NULL},
		{"the network", RD_KAFKA_RESP_ERR__TRANSPORT, "kafka-1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused",
			"bus.away", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct kafka k;
		struct err e = ERR_INIT;

		begin(&k);
		kafka_note(&k, row[i].code, row[i].said);
		kafka_note(&k, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down");
		FAILS(e, row[i].want, kafka_fail(&k, &e, "connect", RD_KAFKA_RESP_ERR__TRANSPORT, NULL));
		if (row[i].why)
			assert_string_equal(err_arg(&e, "why"), row[i].why);
		assert_int_equal(kafka_refused(&k), strcmp(row[i].want, "bus.away") != 0);
		kafka_answered(&k);
		FAILS(e, "bus.away", kafka_fail(&k, &e, "connect", RD_KAFKA_RESP_ERR__TRANSPORT, NULL));
	}
}

static void mechanisms_that_they_take_are_named(void **state)
{
	struct kafka k;
	struct err e = ERR_INIT;

	(void)state;
	begin(&k);
	FAILS(e, "bus.mechanism", kafka_fail(&k, &e, "connect", RD_KAFKA_RESP_ERR__AUTHENTICATION,
		AT "SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Unsupported SASL mechanism: broker's supported mechanisms: PLAIN,GSSAPI "
		"(after 301ms in state AUTH_HANDSHAKE, 1 id"));
	assert_string_equal(err_arg(&e, "have"), "PLAIN,GSSAPI");
}

static void a_login_by_scram_at_kafka_4_says_what_the_library_lacks(void **state)
{
	struct kafka k;
	struct err e = ERR_INIT;

	(void)state;
	begin(&k);
	k.is_kafka_4 = true;
	FAILS(e, rd_kafka_version() < 0x02060100 ? "bus.scram" : "bus.login", kafka_fail(&k, &e, "connect",
		RD_KAFKA_RESP_ERR__AUTHENTICATION, AT "SASL authentication error: Authentication failed during authentication due to invalid "
		"credentials with SASL mechanism SCRAM-SHA-512 (after 319ms in state AUTH_REQ)"));
}

static void a_right_is_named_with_its_resource_and_who_lacks_it(void **state)
{
	static const struct {
		rd_kafka_resp_err_t code;
		const char *right, *kind, *name;
	} row[] = {
		{RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "Read", "topic", "a.b"},
		{RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, "Write", "transactional-id", "a.b"},
		{RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, "Read", "group", "a.b"},
		{RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "IdempotentWrite", "cluster", "-"},
	};
	static const struct bus_kafka_conf nobody;
	char words[400];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct kafka k;
		struct err e = ERR_INIT;

		begin(&k);
		FAILS(e, "bus.right", kafka_fail_right(&k, &e, row[i].right, "a.b", row[i].code, NULL));
		assert_string_equal(err_arg(&e, "right"), row[i].right);
		assert_string_equal(err_arg(&e, "kind"), row[i].kind);
		assert_string_equal(err_arg(&e, "name"), row[i].name);
		assert_string_equal(err_arg(&e, "who"), "User:jincai");
		k.conf = &nobody;
		FAILS(e, "bus.right", kafka_fail_right(&k, &e, row[i].right, "a.b", row[i].code, NULL));
		assert_string_equal(err_arg(&e, "who"), "User:ANONYMOUS");
		FAILS(e, "bus.away", kafka_fail_right(&k, &e, row[i].right, "a.b", RD_KAFKA_RESP_ERR__TRANSPORT, NULL));
		FAILS(e, "bus.denied", kafka_fail(&k, &e, "call", row[i].code, NULL));
	}
	{
		struct kafka k;
		struct err e = ERR_INIT;

		begin(&k);
		kafka_fail_right(&k, &e, "IdempotentWrite", "x", RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, NULL);
		err_remedy(&e, ERR_EN, words, sizeof words);
		assert_non_null(strstr(words, "--operation IdempotentWrite --cluster; all rights"));
	}
}

static void a_library_or_brokers_that_are_too_old_are_named(void **state)
{
	struct kafka_client c = {0};
	struct kafka k;
	struct err e;

	(void)state;
	begin(&k);
	version = 0x010600ff;
	FAILS(e, "kafka.library", kafka_client_new(&k, KAFKA_WRITE, "a.b", &c, &e));
	version = 0;
	FAILS(e, "kafka.old", kafka_fail(&k, &e, "router", RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, "Transactions not supported"));
	assert_string_equal(err_arg(&e, "why"), "Transactions not supported");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_client_says_becomes_the_reason_of_the_call_that_failed),
		cmocka_unit_test(mechanisms_that_they_take_are_named),
		cmocka_unit_test(a_login_by_scram_at_kafka_4_says_what_the_library_lacks),
		cmocka_unit_test(a_right_is_named_with_its_resource_and_who_lacks_it),
		cmocka_unit_test(a_library_or_brokers_that_are_too_old_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
