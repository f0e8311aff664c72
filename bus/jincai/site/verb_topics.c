/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "cluster.h"
#include "jscan.h"
#include "say.h"
#include "show.h"
#include "topics.h"
#include "topics_count.h"
#include "verbs.h"

struct looked {
	struct cluster_needs needs;
	struct kafka_admin *admin;
	struct kafka_report *report;
};

static void looked_done(struct looked *l)
{
	kafka_report_free(l->report);
	kafka_admin_close(l->admin);
	cluster_needs_done(&l->needs);
}

/* Exit code. */
static int look(const struct site *s, struct looked *ret)
{
	struct bus_conf c = site_bus(s);
	struct err e;

	*ret = (struct looked){.admin = NULL};
	cluster_needs(s, &ret->needs);
	if (kafka_admin_open(&c, &ret->admin, &e) == 0 &&
		kafka_admin_look(ret->admin, ret->needs.list, ret->needs.n, &ret->report, &e) == 0)
		return 0;
	looked_done(ret);
	return verb_failed(&e);
}

/* ---- topics ---- */

static void show_topic(const char *name, const struct kafka_report_topic *t)
{
	if (t->denied)
		printf("%-44s %s\n", name, say("无权查看", "may not be looked at"));
	else if (!t->there)
		printf("%-44s %s\n", name, say("没有", "missing"));
	else
		printf("%-44s %10u %10u %10u\n", name, t->partitions, t->replicas, t->in_sync);
}

static int list_cluster(const struct site *s)
{
	struct looked l;
	int code = look(s, &l);
	unsigned missing = 0;

	if (code)
		return code;
	printf("%-44s %10s %10s %10s\n", "topic", "partitions", "replicas", "in sync");
	for (unsigned i = 0; i < l.report->ntopics; i++) {
		char *full = kafka_admin_full(l.admin, l.report->topics[i].name);

		show_topic(full, &l.report->topics[i]);
		missing += !l.report->topics[i].there;
		free(full);
	}
	fprintf(stderr,
		say("集群 %s，Kafka 服务器 %u 个，主题 %u 个，缺 %u 个\n",
			"cluster %s: %u brokers, %u topics, %u missing\n"),
		l.report->cluster, l.report->brokers, l.report->ntopics, missing);
	looked_done(&l);
	return missing ? 1 : 0;
}

static void put_count(struct buf *b, const struct topics_count *c)
{
	buf_printf(b, "%-28s ", c->name);
	if (!c->partitions) {
		buf_printf(b, "%s\n", say("尚无记录", "nothing yet"));
		return;
	}
	buf_printf(b,
		say("分区 %u，事件 %" PRIu64 "，其他记录 %" PRIu64 "，%" PRIu64 " 字节",
			"partitions %u, events %" PRIu64 ", other records %" PRIu64 ", %" PRIu64 " bytes"),
		c->partitions, c->events, c->others, c->bytes);
	if (c->first_ms) {
		buf_str(b, say("，自 ", ", from "));
		clock_business(b, c->first_ms);
		buf_str(b, say(" 至 ", " to "));
		clock_business(b, c->last_ms);
	}
	buf_c(b, '\n');
	for (unsigned i = 0; i < c->nflows; i++) {
		const struct topics_flow *f = &c->flows[i];

		buf_printf(b, "  %s%s", f->group ? say("消费组 ", "group ") : "", f->flow);
		if (!f->events)
			buf_str(b, say("：已读完\n", ": has read all\n"));
		else
			buf_printf(b,
				say("：还有 %" PRIu64 " 个未读，最早的已等 %" PRId64 " 秒\n",
					": %" PRIu64 " events not read, the first one waits for %" PRId64 " s\n"),
				f->events, (clock_now_ms() - f->waits_ms) / 1000);
	}
}

static void put_time(struct buf *b, const char *name, int64_t ms)
{
	struct buf time = BUF_INIT;

	if (!ms)
		return;
	clock_write(&time, ms);
	json_member(b, name, buf_as_span(&time));
	buf_done(&time);
}

static void put_readers(struct buf *b, const struct topics_count *c, bool groups)
{
	unsigned n = 0;

	buf_str(b, groups ? ",\"groups\":[" : ",\"flows\":[");
	for (unsigned i = 0; i < c->nflows; i++) {
		const struct topics_flow *f = &c->flows[i];

		if (f->group != groups)
			continue;
		buf_printf(b, "%s{\"%s\":", n++ ? "," : "", groups ? "group" : "flow");
		json_quote(b, span_of(f->flow));
		buf_printf(b, ",\"events\":%" PRIu64 ",\"seconds\":%" PRId64 "}", f->events,
			f->events ? (clock_now_ms() - f->waits_ms) / 1000 : 0);
	}
	buf_c(b, ']');
}

static void put_json(struct buf *b, const struct topics_count *c)
{
	buf_printf(b,
		"{\"topic\":\"%s\",\"partitions\":%u,\"events\":%" PRIu64 ",\"others\":%" PRIu64 ",\"bytes\":%" PRIu64,
		c->name, c->partitions, c->events, c->others, c->bytes);
	put_time(b, "first", c->first_ms);
	put_time(b, "last", c->last_ms);
	put_readers(b, c, false);
	put_readers(b, c, true);
	buf_str(b, "}\n");
}

static int count_one(const struct args *a, struct bus *b, const char *name)
{
	struct buf text = BUF_INIT;
	struct topics_count c;
	struct err e;

	if (topics_count(b, name, &c, &e) != 0)
		return verb_failed(&e);
	if (a->json)
		put_json(&text, &c);
	else
		put_count(&text, &c);
	show_flush(&text, stdout);
	topics_count_done(&c);
	buf_done(&text);
	return 0;
}

/* Names, each with its NUL. */
static int note_replay(void *arg, const char *name)
{
	if (topics_is_replay(name)) {
		buf_str(arg, name);
		buf_c(arg, 0);
	}
	return 0;
}

/* What the site's flows write: a topic is there once one of them has; and the replays for consumers that were made. */
static int count_on(const struct args *a, const struct site *s, struct bus *b)
{
	struct cluster_needs needs;
	struct buf replays = BUF_INIT;
	int code = 0;
	struct err e;

	cluster_needs(s, &needs);
	for (unsigned i = 0; i < needs.n && !code; i++) {
		const char *name = needs.list[i].name;

		if (strncmp(name, "jincai.positions", 16) != 0 && strncmp(name, "jincai.orders", 13) != 0)
			code = count_one(a, b, name);    /* those two: of a cluster alone, and no topics of events */
	}
	if (!code && bus_topics(b, note_replay, &replays, &e) < 0)
		code = verb_failed(&e);
	for (size_t at = 0; at < replays.n && !code; at += strlen(replays.p + at) + 1)
		code = count_one(a, b, replays.p + at);
	buf_done(&replays);
	cluster_needs_done(&needs);
	return code;
}

/* A host on which nothing of the site ever ran can list a cluster's topics, and not count what lies on them. */
static int count_all(const struct args *a, const struct site *s)
{
	struct bus_conf c = site_bus(s);
	struct bus *b = NULL;
	struct err e;
	int code;

	if (bus_open(&c, BUS_LOOK, &b, &e) != 0)
		return site_on_kafka(s) && e.id == E_STORE_MISSING ? 0 : verb_failed(&e);
	code = count_on(a, s, b);
	bus_close(b);
	return code;
}

static int list_all(const struct args *a, const struct site *s)
{
	int code = site_on_kafka(s) && !a->json ? list_cluster(s) : 0;
	int counted = code ? 0 : count_all(a, s);

	return counted > code ? counted : code;
}

/* What is there with another number of partitions is refused before anything is made. */
static int same_partitions(const struct looked *l, struct err *e)
{
	for (unsigned i = 0; i < l->needs.n; i++)
		if (l->report->topics[i].there && l->report->topics[i].partitions != l->needs.list[i].partitions)
			return err_set(e, E_KAFKA_PARTITIONS, "topic=%s\nhave=%u\nwant=%u", l->needs.list[i].name,
				l->report->topics[i].partitions, l->needs.list[i].partitions);
	return 0;
}

static int create(const struct site *s)
{
	struct looked l;
	int code = look(s, &l);
	unsigned made = 0;
	struct err e;

	if (code)
		return code;
	if (same_partitions(&l, &e) != 0 || kafka_admin_make(l.admin, l.report, l.needs.list, &e) != 0) {
		looked_done(&l);
		return verb_failed(&e);
	}
	for (unsigned i = 0; i < l.needs.n; i++) {
		char *full = kafka_admin_full(l.admin, l.needs.list[i].name);

		if (!l.report->topics[i].there)
			printf("%s\n", full);
		made += !l.report->topics[i].there;
		free(full);
	}
	fprintf(stderr, say("新建 %u 个主题，副本 %u 份，至少 %u 份写入才算数，保留 %u 天；原有的 %u 个未改动\n",
		"%u topics made: %u copies of each record, %u have to have it before it counts, kept for %u days; %u were there and stay as they are\n"),
		made, kafka_replicas(l.report->brokers), kafka_min_in_sync(l.report->brokers), s->kafka.keep_days, l.needs.n - made);
	if (l.report->brokers < 3) {
		err_set(&e, E_KAFKA_FEW, "n=%u", l.report->brokers);
		err_print(&e, say_lang(), stderr);
	}
	looked_done(&l);
	return 0;
}

static int rights(const struct site *s)
{
	struct buf b = BUF_INIT;

	cluster_rights(s, &b);
	fwrite(b.p, 1, b.n, stdout);
	buf_done(&b);
	return 0;
}

static int not_here(const struct site *s)
{
	struct err e;

	err_set(&e, E_KAFKA_NONE, "url=%s", s->bus_url);
	return verb_failed(&e);
}

int verb_topics(const struct args *a)
{
	int code = 0;
	struct site *s = verb_site(a, &code);

	if (!s)
		return code;
	if ((a->create || a->acls) && !site_on_kafka(s))
		code = not_here(s);
	else if (a->create)
		code = create(s);
	else if (a->acls)
		code = rights(s);
	else
		code = list_all(a, s);
	site_free(s);
	return code;
}

/* ---- check --live ---- */

struct told {
	unsigned n, notes;
	int code;
};

static void tell(void *arg, const struct err *e)
{
	struct told *t = arg;

	err_print(e, say_lang(), stderr);
	if (err_kind(e) == ERR_NOTE) {
		t->notes++;
		return;
	}
	t->n++;
	if (err_code(e->id)->exit > t->code)
		t->code = err_code(e->id)->exit;
}

int verb_check_live(const struct site *s)
{
	struct told t = {.n = 0};
	struct looked l;
	int code = site_on_kafka(s) ? look(s, &l) : not_here(s);

	if (code)
		return code;
	cluster_judge(s, &l.needs, l.report, tell, &t);
	fprintf(stderr,
		say("集群 %s：Kafka 服务器 %u 个，问题 %u 个，提醒 %u 条\n",
			"cluster %s: %u brokers, %u findings, %u notes\n"),
		l.report->cluster, l.report->brokers, t.n, t.notes);
	looked_done(&l);
	return t.code;
}
