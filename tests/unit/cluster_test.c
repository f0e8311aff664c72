/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a cluster that is not as it has to be: one thing wrong at a time. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "cluster.h"

#define SETTINGS_MAX 16u
#define DAY "86400000"

struct fixture {
	struct site site;
	struct kafka_need needs[2];
	struct kafka_report report;
	struct kafka_report_topic topics[2];
	struct kafka_setting of_topic[2][SETTINGS_MAX], of_broker[SETTINGS_MAX];
	char said[512];              /* the codes, each with a blank behind it */
	char args[512];              /* of the last */
};

static void found(void *arg, const struct err *e)
{
	struct fixture *f = arg;

	snprintf(f->said + strlen(f->said), sizeof f->said - strlen(f->said), "%s ", err_code(e->id)->name);
	snprintf(f->args, sizeof f->args, "%s", e->args);
}

static void set(struct kafka_settings *s, const char *name, const char *value)
{
	unsigned i = 0;

	while (i < s->n && strcmp(s->list[i].name, name) != 0)
		i++;
	assert_true(i < SETTINGS_MAX);
	s->list[i] = (struct kafka_setting){(char *)(uintptr_t)name, (char *)(uintptr_t)value};
	s->n = i == s->n ? i + 1 : s->n;
}

static void unset(struct kafka_settings *s, const char *name)
{
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->list[i].name, name) == 0)
			s->list[i] = s->list[--s->n];
}

static void good_topic(void *arg, const char *name, const char *value)
{
	static char kept[2 * SETTINGS_MAX][32];
	static unsigned at;
	char *copy = kept[at++ % (2 * SETTINGS_MAX)];

	snprintf(copy, 32, "%s", value);
	set(arg, name, copy);
}

/* As `topics --create` makes them, on three brokers that are set as they should be. */
static void as_it_should_be(struct fixture *f)
{
	*f = (struct fixture){.needs = {{"jincai.payroll", 4}, {"jincai.positions", 1}}};
	f->site.kafka.keep_days = 400;
	f->report = (struct kafka_report){.brokers = 3, .topics = f->topics, .ntopics = 2, .settings = {.list = f->of_broker}};
	for (unsigned i = 0; i < 2; i++) {
		f->topics[i] = (struct kafka_report_topic){.name = f->needs[i].name, .there = true, .partitions = f->needs[i].partitions,
			.replicas = 3, .in_sync = 3, .settings = {.list = f->of_topic[i]}};
		kafka_topic_settings(f->needs[i].name, 3, 400, good_topic, &f->topics[i].settings);
	}
	set(&f->report.settings, "transactional.id.expiration.ms", "1296000000");
	set(&f->report.settings, "offsets.retention.minutes", "21600");
	set(&f->report.settings, "transaction.max.timeout.ms", "900000");
	set(&f->report.settings, "transaction.state.log.replication.factor", "3");
	set(&f->report.settings, "transaction.state.log.min.isr", "2");
}

static const char *judged(struct fixture *f)
{
	struct cluster_needs n = {f->needs, 2};

	f->said[0] = f->args[0] = 0;
	cluster_judge(&f->site, &n, &f->report, found, f);
	return f->said;
}

static void a_cluster_as_the_verb_makes_it_is_fine(void **state)
{
	struct fixture f;

	(void)state;
	as_it_should_be(&f);
	assert_string_equal(judged(&f), "");
	/* What is kept for ever is kept long enough; what is said to be larger is as well. */
	set(&f.topics[0].settings, "retention.ms", "-1");
	set(&f.topics[0].settings, "max.message.bytes", "10485760");
	set(&f.report.settings, "transactional.id.expiration.ms", "99999999999");
	assert_string_equal(judged(&f), "");
}

static const struct {
	unsigned topic;
	const char *name, *value, *code;
} topics[] = {
	{0, "min.insync.replicas", "1", "kafka.min_in_sync"},
	{0, "retention.ms", "604800000", "kafka.retention"},
	{0, "retention.ms", "34559999999", "kafka.retention"},
	{0, "retention.bytes", "1073741824", "kafka.retention_bytes"},
	{0, "cleanup.policy", "compact", "kafka.policy"},
	{0, "cleanup.policy", "compact,delete", "kafka.policy"},
	{1, "cleanup.policy", "delete", "kafka.policy"},
	{1, "cleanup.policy", "compact,delete", "kafka.policy"},
	{1, "delete.retention.ms", "86400000", "kafka.tombstones"},
	{0, "unclean.leader.election.enable", "true", "kafka.unclean"},
	{1, "unclean.leader.election.enable", "true", "kafka.unclean"},
	{0, "message.timestamp.type", "CreateTime", "kafka.stamp"},
	{0, "max.message.bytes", "1000000", "kafka.message_bytes"},
};

static void each_setting_of_a_topic_that_would_lose_something_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
		struct fixture f;
		char want[64];

		as_it_should_be(&f);
		set(&f.topics[topics[i].topic].settings, topics[i].name, topics[i].value);
		snprintf(want, sizeof want, "%s ", topics[i].code);
		assert_string_equal(judged(&f), want);
		assert_non_null(strstr(f.args, f.needs[topics[i].topic].name));
	}
}

static const struct {
	const char *name, *value, *code;
} brokers[] = {
	{"transactional.id.expiration.ms", "604800000", "kafka.expiration "},
	{"offsets.retention.minutes", "10080", "kafka.expiration "},
	{"transaction.max.timeout.ms", "30000", "kafka.timeout "},
	{"transaction.state.log.replication.factor", "1", "kafka.state_log "},
	{"transaction.state.log.min.isr", "1", "kafka.state_log "},
	{"transactional.id.expiration.ms", NULL, "kafka.old "},
};

static void each_setting_of_the_brokers_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof brokers / sizeof *brokers; i++) {
		struct fixture f;

		as_it_should_be(&f);
		unset(&f.report.settings, brokers[i].name);
		if (brokers[i].value)
			set(&f.report.settings, brokers[i].name, brokers[i].value);
		assert_string_equal(judged(&f), brokers[i].code);
	}
}

static void topics_are_there_with_partitions_copies_and_leaders(void **state)
{
	struct fixture f;

	(void)state;
	as_it_should_be(&f);
	f.topics[0].there = false;
	assert_string_equal(judged(&f), "kafka.no_topic ");
	as_it_should_be(&f);
	f.topics[0].partitions = 5;
	assert_string_equal(judged(&f), "kafka.partitions ");
	as_it_should_be(&f);
	f.topics[0].replicas = f.topics[0].in_sync = 2;
	assert_string_equal(judged(&f), "kafka.replication ");
	as_it_should_be(&f);
	f.topics[0].in_sync = 1;
	assert_string_equal(judged(&f), "kafka.in_sync ");
	as_it_should_be(&f);
	f.topics[0].leaderless = 1;
	f.topics[0].in_sync = 0;
	assert_string_equal(judged(&f), "kafka.leader ");
}

static void one_broker_is_remarked_on_and_asked_for_no_copies(void **state)
{
	struct fixture f;

	(void)state;
	as_it_should_be(&f);
	f.report.brokers = 1;
	for (unsigned i = 0; i < 2; i++) {
		f.topics[i].replicas = f.topics[i].in_sync = 1;
		set(&f.topics[i].settings, "min.insync.replicas", "1");
	}
	set(&f.report.settings, "transaction.state.log.replication.factor", "1");
	set(&f.report.settings, "transaction.state.log.min.isr", "1");
	assert_string_equal(judged(&f), "kafka.few ");
}

static void what_may_not_be_looked_at_says_which_right_is_missing(void **state)
{
	struct fixture f;

	(void)state;
	as_it_should_be(&f);
	f.topics[1] = (struct kafka_report_topic){.name = "jincai.positions", .denied = true};
	assert_string_equal(judged(&f), "kafka.denied ");
	assert_non_null(strstr(f.args, "right=DESCRIBE"));
	as_it_should_be(&f);
	for (unsigned i = 0; i < 2; i++)
		f.topics[i].settings = (struct kafka_settings){.denied = true};
	assert_string_equal(judged(&f), "kafka.denied ");
	assert_non_null(strstr(f.args, "right=DESCRIBE_CONFIGS"));
	as_it_should_be(&f);
	f.report.settings = (struct kafka_settings){.denied = true};
	assert_string_equal(judged(&f), "kafka.denied ");
	assert_non_null(strstr(f.args, "what=brokers"));
}

static void scram_is_remarked_on_where_it_cannot_work(void **state)
{
	struct fixture f;

	(void)state;
	as_it_should_be(&f);
	f.site.kafka.mechanism = "SCRAM-SHA-256";
	assert_string_equal(judged(&f), kafka_scram_works() ? "" : "site.kafka_scram ");
	set(&f.report.settings, "inter.broker.protocol.version", "3.9-IV0");
	assert_string_equal(judged(&f), "");
	unset(&f.report.settings, "inter.broker.protocol.version");
	f.site.kafka.mechanism = "PLAIN";
	assert_string_equal(judged(&f), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_as_the_verb_makes_it_is_fine),
		cmocka_unit_test(each_setting_of_a_topic_that_would_lose_something_is_named),
		cmocka_unit_test(each_setting_of_the_brokers_is_named),
		cmocka_unit_test(topics_are_there_with_partitions_copies_and_leaders),
		cmocka_unit_test(one_broker_is_remarked_on_and_asked_for_no_copies),
		cmocka_unit_test(what_may_not_be_looked_at_says_which_right_is_missing),
		cmocka_unit_test(scram_is_remarked_on_where_it_cannot_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
