/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster.h"

#include <stdlib.h>

#include "topics.h"

#define HOLIDAY_DAYS 15u             /* ten days of rest, and who comes back late */
#define DAY_MS 86400000ull

/* ---- needs ---- */

static void add(struct cluster_needs *n, const char *name, unsigned partitions)
{
	for (unsigned i = 0; i < n->n; i++)
		if (strcmp(n->list[i].name, name) == 0)
			return;
	n->list = mem_grow(n->list, n->n + 1u, sizeof *n->list);
	n->list[n->n++] = (struct kafka_need){.name = mem_text(span_of(name)), .partitions = partitions};
}

static void add_type(struct cluster_needs *n, const struct site *s, const char *type)
{
	const char *topic = topics_of_type(span_of(type));

	if (topic)
		add(n, topic, s->partitions);
}

void cluster_needs(const struct site *s, struct cluster_needs *ret)
{
	static const char *const single[] = {TOPIC_CLAIMS, TOPIC_DEAD, TOPIC_PARCELS, TOPIC_ACTS, TOPIC_JOURNAL, NULL};
	struct buf name = BUF_INIT;

	*ret = (struct cluster_needs){0};
	for (unsigned i = 0; i < s->nadapters; i++)
		for (unsigned k = 0; k < s->adapters[i].form->nevents; k++)
			add_type(ret, s, s->adapters[i].form->events[k].type);
	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned k = 0; k < s->routes[i].ntypes; k++)
			add_type(ret, s, s->routes[i].types[k]);
	for (unsigned i = 0; i < s->ndestinations; i++) {
		buf_clear(&name);
		buf_printf(&name, TOPIC_TO "%s", s->destinations[i].name);
		add(ret, buf_text(&name), s->partitions);
		if (s->destinations[i].topic)
			add(ret, s->destinations[i].topic, s->partitions);
	}
	for (unsigned i = 0; single[i]; i++)
		add(ret, single[i], 1);
	for (unsigned i = 0; kafka_own_topics[i]; i++)
		add(ret, kafka_own_topics[i], 1);
	buf_done(&name);
}

void cluster_needs_done(struct cluster_needs *n)
{
	for (unsigned i = 0; i < n->n; i++)
		free((void *)(uintptr_t)n->list[i].name);
	free(n->list);
}

/* ---- judging ---- */

struct judge {
	const struct site *site;
	const struct kafka_report *report;
	void (*found)(void *arg, const struct err *e);
	void *arg;
};

#define FOUND(j, ...)                                                                                                  \
	do {                                                                                                           \
		struct err e_;                                                                                         \
		err_set(&e_, __VA_ARGS__);                                                                             \
		(j)->found((j)->arg, &e_);                                                                             \
	} while (0)

/* A number of a setting; false: it is not known. */
static bool number(const struct kafka_settings *s, const char *name, long long *ret)
{
	const char *value = kafka_setting(s, name);

	if (value)
		*ret = strtoll(value, NULL, 10);
	return value != NULL;
}

static void judge_copies(const struct judge *j, const struct kafka_report_topic *t)
{
	const unsigned brokers = j->report->brokers, want = kafka_min_in_sync(brokers);
	long long have;

	if (t->replicas < kafka_replicas(brokers))
		FOUND(j, E_KAFKA_REPLICATION, "topic=%s\nhave=%u\nwant=%u", t->name, t->replicas,
			kafka_replicas(brokers));
	if (t->leaderless)
		FOUND(j, E_KAFKA_LEADER, "topic=%s\nn=%u", t->name, t->leaderless);
	if (!number(&t->settings, "min.insync.replicas", &have))
		return;
	if (have < want)
		FOUND(j, E_KAFKA_MIN_IN_SYNC, "topic=%s\nhave=%lld\nwant=%u", t->name, have, want);
	if (!t->leaderless && t->in_sync < (unsigned long long)have)
		FOUND(j, E_KAFKA_IN_SYNC, "topic=%s\nhave=%u\nwant=%lld", t->name, t->in_sync, have);
}

static void judge_keeping(const struct judge *j, const struct kafka_report_topic *t)
{
	const char *policy = kafka_setting(&t->settings, "cleanup.policy"), *want = kafka_is_compacted(t->name) ? "compact" : "delete";
	const unsigned days = j->site->kafka.keep_days;
	long long have;

	if (policy && strcmp(policy, want) != 0)
		FOUND(j, E_KAFKA_POLICY, "topic=%s\nhave=%s\nwant=%s", t->name, policy, want);
	if (kafka_is_compacted(t->name)) {
		if (number(&t->settings, "delete.retention.ms", &have) && have >= 0 &&
			(unsigned long long)have < days * DAY_MS)
			FOUND(j, E_KAFKA_TOMBSTONES, "topic=%s\nhave=%llu\nms=%llu", t->name,
				(unsigned long long)have / 3600000, days * DAY_MS);
		return;
	}
	if (number(&t->settings, "retention.ms", &have) && have >= 0 && (unsigned long long)have < days * DAY_MS)
		FOUND(j, E_KAFKA_RETENTION, "topic=%s\nhave=%llu\nwant=%u\nms=%llu", t->name,
			(unsigned long long)have / DAY_MS, days, days * DAY_MS);
	if (number(&t->settings, "retention.bytes", &have) && have >= 0)
		FOUND(j, E_KAFKA_RETENTION_BYTES, "topic=%s\nhave=%lld", t->name, have);
}

static void judge_records(const struct judge *j, const struct kafka_report_topic *t)
{
	const char *unclean = kafka_setting(&t->settings, "unclean.leader.election.enable");
	const char *stamp = kafka_setting(&t->settings, "message.timestamp.type");
	long long have;

	if (unclean && strcmp(unclean, "true") == 0)
		FOUND(j, E_KAFKA_UNCLEAN, "topic=%s", t->name);
	if (stamp && strcmp(stamp, "LogAppendTime") != 0)
		FOUND(j, E_KAFKA_STAMP, "topic=%s\nhave=%s", t->name, stamp);
	if (number(&t->settings, "max.message.bytes", &have) && have < 1 << 20)
		FOUND(j, E_KAFKA_MESSAGE_BYTES, "topic=%s\nhave=%lld\nwant=%d", t->name, have, 1 << 20);
}

static void judge_topic(const struct judge *j, const struct kafka_need *need, const struct kafka_report_topic *t)
{
	if (t->denied) {
		FOUND(j, E_KAFKA_DENIED, "what=%s\nright=DESCRIBE", t->name);
		return;
	}
	if (!t->there) {
		FOUND(j, E_KAFKA_NO_TOPIC, "topic=%s", t->name);
		return;
	}
	if (t->partitions != need->partitions)
		FOUND(j, E_KAFKA_PARTITIONS, "topic=%s\nhave=%u\nwant=%u", t->name, t->partitions, need->partitions);
	judge_copies(j, t);
	judge_keeping(j, t);
	judge_records(j, t);
}

static void judge_expiration(const struct judge *j, const char *setting, long long unit_ms)
{
	const unsigned long long want = HOLIDAY_DAYS * DAY_MS / (unsigned long long)unit_ms;
	long long have;

	if (number(&j->report->settings, setting, &have) && have >= 0 && (unsigned long long)have < want)
		FOUND(j, E_KAFKA_EXPIRATION, "setting=%s\nhave=%llu\nwant=%llu\ndays=%u", setting,
			(unsigned long long)have * (unsigned long long)unit_ms / DAY_MS, want, HOLIDAY_DAYS);
}

static void judge_transactions(const struct judge *j)
{
	const struct kafka_settings *s = &j->report->settings;
	const unsigned brokers = j->report->brokers;
	long long have;

	if (number(s, "transaction.max.timeout.ms", &have) && have < kafka_transaction_ms())
		FOUND(j, E_KAFKA_TIMEOUT, "have=%lld\nwant=%d", have, kafka_transaction_ms());
	if (number(s, "transaction.state.log.replication.factor", &have) && have < kafka_replicas(brokers))
		FOUND(j, E_KAFKA_STATE_LOG, "setting=transaction.state.log.replication.factor\nhave=%lld\nwant=%u",
			have, kafka_replicas(brokers));
	if (number(s, "transaction.state.log.min.isr", &have) && have < kafka_min_in_sync(brokers))
		FOUND(j, E_KAFKA_STATE_LOG, "setting=transaction.state.log.min.isr\nhave=%lld\nwant=%u", have,
			kafka_min_in_sync(brokers));
}

/* Brokers of Kafka 4 no longer have a version of the talk between them that could be set. */
static void judge_brokers(const struct judge *j)
{
	const struct kafka_settings *s = &j->report->settings;
	const char *mechanism = j->site->kafka.mechanism;

	if (j->report->brokers < 3)
		FOUND(j, E_KAFKA_FEW, "n=%u", j->report->brokers);
	if (s->denied) {
		FOUND(j, E_KAFKA_DENIED, "what=brokers\nright=DESCRIBE_CONFIGS");
		return;
	}
	if (s->n && !kafka_setting(s, "transactional.id.expiration.ms")) {
		FOUND(j, E_KAFKA_OLD, "%s", "");
		return;
	}
	if (mechanism && strncmp(mechanism, "SCRAM", 5) == 0 && !kafka_scram_works() &&
		!kafka_setting(s, "inter.broker.protocol.version"))
		FOUND(j, E_SITE_KAFKA_SCRAM, "mechanism=%s", mechanism);
	judge_expiration(j, "transactional.id.expiration.ms", 1);
	judge_expiration(j, "offsets.retention.minutes", 60000);
	judge_transactions(j);
}

void cluster_judge(const struct site *s, const struct cluster_needs *n, const struct kafka_report *r,
	void (*found)(void *arg, const struct err *e), void *arg)
{
	const struct judge j = {.site = s, .report = r, .found = found, .arg = arg};
	unsigned denied = 0;

	judge_brokers(&j);
	for (unsigned i = 0; i < n->n; i++) {
		judge_topic(&j, &n->list[i], &r->topics[i]);
		/* One right is missing, not one for each topic. */
		if (r->topics[i].settings.denied && !denied++)
			FOUND(&j, E_KAFKA_DENIED, "what=%s\nright=DESCRIBE_CONFIGS", r->topics[i].name);
	}
}
