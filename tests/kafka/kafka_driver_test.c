/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bus_driver.h"
#include "clock.h"
#include "here.h"
#include "kafka.h"
#include "lane.h"
#include "scratch.h"
#include "topics.h"

/* How far the time of day of this process is behind that of the broker: in front of the C library's own. */
static atomic_int behind_s;

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int bad = (int)syscall(SYS_clock_gettime, id, ret);

	if (!bad && id == CLOCK_REALTIME)
		ret->tv_sec -= behind_s;
	return bad;
}

/*
 * What a bus on Kafka meets and another one does not: a cluster that others use as well, owners on other hosts, records that
 * are no longer kept. What all drivers promise is in contract/bus_contract_test.c.
 */
struct fix {
	char folder[64], url[320], prefix[64], full[160];
	struct bus_kafka_conf kafka;
	struct bus_conf conf;
	struct bus *b;
	struct err e;
};

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	strcpy(f->folder, "/tmp/kafka-driver-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof f->url, "kafka:%s", kafka_address());
	snprintf(f->prefix, sizeof f->prefix, "%s.", f->folder + sizeof "/tmp/kafka-driver-" - 1);
	f->kafka = (struct bus_kafka_conf){.folder = f->folder, .site = "driver", .prefix = f->prefix};
	f->conf = (struct bus_conf){.url = f->url, .partitions = 1, .kafka = &f->kafka};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	behind_s = 0;
	bus_close(f->b);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void open_bus(struct fix *f)
{
	OK(f->e, bus_open(&f->conf, BUS_OWN, &f->b, &f->e));
}

static unsigned topic(struct fix *f, const char *name)
{
	unsigned ret;

	OK(f->e, bus_topic(f->b, name, &ret, &f->e));
	return ret;
}

/* ---- another client of the same cluster ---- */

static rd_kafka_t *stranger(bool transactional)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	char why[256], id[32];

	snprintf(id, sizeof id, "stranger-%ld", (long)getpid());
	assert_int_equal(rd_kafka_conf_set(c, "bootstrap.servers", kafka_address(), why, sizeof why), RD_KAFKA_CONF_OK);
	if (transactional)
		assert_int_equal(rd_kafka_conf_set(c, "transactional.id", id, why, sizeof why), RD_KAFKA_CONF_OK);
	return rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof why);
}

static void write_raw(struct fix *f, rd_kafka_t *rk, const char *name, const char *key, const char *value)
{
	rd_kafka_topic_t *topic;

	snprintf(f->full, sizeof f->full, "%s%s", f->prefix, name);
	topic = rd_kafka_topic_new(rk, f->full, NULL);
	assert_int_equal(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)value, strlen(value), key, strlen(key),
		NULL), 0);
	rd_kafka_topic_destroy(topic);
	assert_int_equal(rd_kafka_flush(rk, 20000), 0);
}

/* ---- cases ---- */

static void a_broker_that_is_not_there_is_said_in_time(void **state)
{
	struct fix *f = *state;
	int64_t began = clock_steady_ms();

	f->conf.url = "kafka:127.0.0.1:1";
	FAILS(f->e, "bus.away", bus_open(&f->conf, BUS_LOOK, &f->b, &f->e));
	f->b = NULL;
	assert_true(clock_steady_ms() - began < 15000);
}

static void a_setting_that_is_none_is_named(void **state)
{
	struct fix *f = *state;

	f->kafka.mechanism = "NONSENSE";
	FAILS(f->e, "bus.setting", bus_open(&f->conf, BUS_OWN, &f->b, &f->e));
	f->kafka.mechanism = NULL;
	f->kafka.ca = "/nowhere/ca.pem";
	FAILS(f->e, "bus.setting", bus_open(&f->conf, BUS_OWN, &f->b, &f->e));
	f->b = NULL;
}

static void a_topic_that_cannot_be_made_is_named(void **state)
{
	struct fix *f = *state;

	f->kafka.prefix = "a b.";
	FAILS(f->e, "bus.topic_make", bus_open(&f->conf, BUS_OWN, &f->b, &f->e));
	f->b = NULL;
}

static void an_owner_on_another_host_is_left_alone_while_it_lives(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = NULL;
	rd_kafka_t *other = stranger(false);

	open_bus(f);
	write_raw(f, other, "jincai.positions", "flow",
		"{\"generation\":7,\"host\":\"elsewhere\",\"pid\":1,\"left\":false}");
	rd_kafka_destroy(other);
	bus_close(f->b);
	open_bus(f);
	FAILS(f->e, "bus.owned", bus_own(f->b, "flow", &o, &f->e));
	bus_close(f->b);
	f->kafka.take_over = true;
	open_bus(f);
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	assert_int_equal(bus_generation(o), 8);
	bus_disown(o);
}

static void an_owner_that_has_left_is_followed_at_once(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = NULL;
	rd_kafka_t *other = stranger(false);

	open_bus(f);
	write_raw(f, other, "jincai.positions", "flow",
		"{\"generation\":7,\"host\":\"elsewhere\",\"pid\":1,\"left\":true}");
	rd_kafka_destroy(other);
	bus_close(f->b);
	open_bus(f);
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	assert_int_equal(bus_generation(o), 8);
	bus_disown(o);
}

static void hosts_of_the_same_name_are_told_apart(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = NULL;
	rd_kafka_t *other = stranger(false);
	char host[72] = "", text[256];

	gethostname(host, sizeof host - 1);
	/* No process of that number is here: there one may be. */
	snprintf(text, sizeof text, "{\"generation\":7,\"host\":\"%s\",\"on\":\"another.1\",\"pid\":4194300,\"left\":false}", host);
	open_bus(f);
	write_raw(f, other, "jincai.positions", "flow", text);
	rd_kafka_destroy(other);
	bus_close(f->b);
	open_bus(f);
	FAILS(f->e, "bus.owned", bus_own(f->b, "flow", &o, &f->e));
}

/* Owns "flow" in a process of its own, until that is killed. */
static pid_t owner_apart(struct fix *f)
{
	int ready[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		struct bus_owner *o;
		bool owned = bus_open(&f->conf, BUS_OWN, &f->b, &f->e) == 0 && bus_own(f->b, "flow", &o, &f->e) == 0;

		if (owned && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void a_second_process_of_the_same_host_waits_for_the_first_and_follows_it_when_it_is_gone(void **state)
{
	struct fix *f = *state;
	pid_t first = owner_apart(f);
	struct bus_owner *o = NULL;

	open_bus(f);
	FAILS(f->e, "bus.owned", bus_own(f->b, "flow", &o, &f->e));
	assert_int_equal(kill(first, SIGKILL), 0);
	/* Nobody has asked how it ended: it is gone all the same. */
	for (int i = 0; i < 100 && bus_own(f->b, "flow", &o, &f->e); i++)
		usleep(50000);
	assert_non_null(o);
	assert_int_equal(bus_generation(o), 2);
	assert_int_equal(waitpid(first, NULL, 0), first);
	bus_disown(o);
}

/* ---- one that is fenced again and again, by somebody who writes nothing ---- */

struct fencing {
	struct fix *f;
	char id[128];
	atomic_bool stop;
};

static void *fence_again_and_again(void *arg)
{
	struct fencing *x = arg;

	while (!x->stop) {
		rd_kafka_conf_t *c = rd_kafka_conf_new();
		char why[256];
		rd_kafka_t *rk;

		rd_kafka_conf_set(c, "bootstrap.servers", kafka_address(), why, sizeof why);
		rd_kafka_conf_set(c, "transactional.id", x->id, why, sizeof why);
		rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof why);
		rd_kafka_error_destroy(rd_kafka_init_transactions(rk, 10000));
		rd_kafka_destroy(rk);
	}
	return NULL;
}

static void who_is_fenced_while_it_opens_and_followed_by_nobody_opens_again(void **state)
{
	struct fix *f = *state;
	struct fencing x = {.f = f};
	struct bus_owner *o = NULL;
	pthread_t thread;
	int64_t until;

	open_bus(f);
	snprintf(x.id, sizeof x.id, "%sdriver.flow", f->prefix);
	assert_int_equal(pthread_create(&thread, NULL, fence_again_and_again, &x), 0);
	until = clock_steady_ms() + 20000;
	/* Once in a while the brokers do not say what became of it: who is told so begins anew as a process. */
	while (clock_steady_ms() < until && (bus_own(f->b, "flow", &o, &f->e) == 0 || f->e.id == E_BUS_UNKNOWN)) {
		bus_disown(o);
		o = NULL;
		f->e = ERR_INIT;
	}
	x.stop = true;
	pthread_join(thread, NULL);
	assert_null(o);
	assert_string_equal(err_code(f->e.id)->name, "bus.failed");
	f->e = ERR_INIT;
}

static void append(struct fix *f, struct bus_owner *o, unsigned t, const char *value)
{
	OK(f->e, bus_append(o, t, 0, SPAN("k"), span_of(value), &f->e));
	OK(f->e, bus_commit(o, &f->e));
}

static int count_entry(void *arg, struct span key, const struct bus_entry *entry)
{
	(void)key, (void)entry;
	++*(unsigned *)arg;
	return 0;
}

static unsigned entries_of(struct fix *f, unsigned index)
{
	unsigned n = 0;

	OK(f->e, bus_entries(f->b, index, SPAN(""), count_entry, &n, &f->e));
	return n;
}

#define OURS(id, rest) "{\"specversion\":\"1.0\",\"id\":\"" id "\",\"source\":\"/x\",\"type\":\"payroll.line.v1\"," rest "}"
#define LANE ",\"lane\":\"t.1\",\"laneseq\":\"1\""
#define PRINT "\"fingerprint\":\"00112233445566778899aabbccddeeff\","

static void what_no_flow_wrote_is_passed_over_noted_for_a_person_and_changes_no_look_up(void **state)
{
	static const char *const foreign[] = {"what is this", "", OURS("a", "\"fingerprint\":\"short\",\"data\":{}"),
		OURS("b", PRINT "\"data\":{}"), OURS("c", "\"fingerprint\":\"short\",\"data\":{}" LANE)};
	struct fix *f = *state;
	rd_kafka_t *other = stranger(false);
	struct bus_owner *o;
	struct bus_reader *r;
	struct bus_message m;
	unsigned t;

	open_bus(f);
	t = topic(f, "jincai.payroll");
	for (unsigned i = 0; i < 5; i++)
		write_raw(f, other, "jincai.payroll", "k", foreign[i]);
	rd_kafka_destroy(other);
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	append(f, o, t, OURS("d", PRINT "\"data\":{}" LANE));
	OK(f->e, bus_read(f->b, t, 0, &r, &f->e));
	/* One that says to be of a lane is for who knows that lane to judge. */
	assert_int_equal(lane_next(f->b, r, &m, &f->e), 1);
	assert_span(m.value, foreign[4]);
	assert_int_equal(lane_next(f->b, r, &m, &f->e), 1);
	assert_int_equal(lane_next(f->b, r, &m, &f->e), 0);
	bus_unread(r);
	bus_disown(o);
	assert_int_equal(entries_of(f, INDEX_IDS), 1);
	assert_int_equal(entries_of(f, INDEX_FOREIGN), 5);
	err_set(&f->e, E_INDEX_FOREIGN, "topic=jincai.payroll");
	assert_string_equal(err_code(f->e.id)->name, "index.foreign");
}

static void delete_before(struct fix *f, rd_kafka_t *rk, const char *name, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	rd_kafka_DeleteRecords_t *del;
	rd_kafka_event_t *event;

	snprintf(f->full, sizeof f->full, "%s%s", f->prefix, name);
	rd_kafka_topic_partition_list_add(list, f->full, 0)->offset = offset;
	del = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(rk, &del, 1, NULL, q);
	event = rd_kafka_queue_poll(q, 20000);
	assert_non_null(event);
	assert_int_equal(rd_kafka_event_error(event), 0);
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteRecords_destroy(del);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_queue_destroy(q);
}

static void what_is_no_longer_kept_is_told_and_not_skipped(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	struct bus_reader *r;
	struct bus_message m;
	rd_kafka_t *other = stranger(false);
	unsigned t;

	open_bus(f);
	t = topic(f, "jincai.payroll");
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	append(f, o, t, "a");
	append(f, o, t, "b");
	append(f, o, t, "c");
	OK(f->e, bus_read(f->b, t, 0, &r, &f->e));
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	bus_unread(r);
	delete_before(f, other, "jincai.payroll", 2);
	OK(f->e, bus_read(f->b, t, 0, &r, &f->e));
	FAILS(f->e, "bus.gone", bus_next(r, &m, &f->e));
	bus_seek(r, 2);
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	assert_span(m.value, "b");
	bus_unread(r);
	bus_disown(o);
	rd_kafka_destroy(other);
}

static void delete_topic(struct fix *f, rd_kafka_t *rk, const char *name)
{
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	rd_kafka_DeleteTopic_t *t;
	rd_kafka_event_t *event;

	snprintf(f->full, sizeof f->full, "%s%s", f->prefix, name);
	t = rd_kafka_DeleteTopic_new(f->full);
	rd_kafka_DeleteTopics(rk, &t, 1, NULL, q);
	event = rd_kafka_queue_poll(q, 20000);
	assert_non_null(event);
	assert_int_equal(rd_kafka_event_error(event), 0);
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteTopic_destroy(t);
	rd_kafka_queue_destroy(q);
	sleep(1);
}

/* max_bytes: NULL for the default. */
static void make_topic_named(struct fix *f, rd_kafka_t *rk, const char *name, const char *max_bytes)
{
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	char why[256];
	rd_kafka_NewTopic_t *t;
	rd_kafka_event_t *event;

	snprintf(f->full, sizeof f->full, "%s%s", f->prefix, name);
	t = rd_kafka_NewTopic_new(f->full, 1, 1, why, sizeof why);
	if (max_bytes)
		assert_int_equal(rd_kafka_NewTopic_set_config(t, "max.message.bytes", max_bytes), 0);
	rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
	event = rd_kafka_queue_poll(q, 20000);
	assert_non_null(event);
	assert_int_equal(rd_kafka_event_error(event), 0);
	rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(t);
	rd_kafka_queue_destroy(q);
}

static void make_topic(struct fix *f, rd_kafka_t *rk, const char *max_bytes)
{
	make_topic_named(f, rk, "jincai.payroll", max_bytes);
}

static void sign_at(struct fix *f, rd_kafka_t *rk, const char *flow, int64_t ms)
{
	static const char text[] = "{\"generation\":7,\"host\":\"elsewhere\",\"pid\":1,\"left\":false}";

	const rd_kafka_vu_t parts[] = {
		{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = f->full},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = 0},
		{.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = ms},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)flow, strlen(flow)}},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)text, sizeof text - 1}},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
	};

	snprintf(f->full, sizeof f->full, "%sjincai.positions", f->prefix);
	assert_null(rd_kafka_produceva(rk, parts, sizeof parts / sizeof *parts));
	assert_int_equal(rd_kafka_flush(rk, 20000), 0);
}

static void behind_a_transaction_that_stays_open_nobody_is_called_silent(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = NULL;
	rd_kafka_t *plain = stranger(false), *open = stranger(true);
	int64_t now = clock_now_ms();

	make_topic_named(f, plain, "jincai.positions", NULL);
	sign_at(f, plain, "flow", now - 60000);
	sign_at(f, plain, "other", now);
	assert_null(rd_kafka_init_transactions(open, 20000));
	assert_null(rd_kafka_begin_transaction(open));
	sign_at(f, open, "third", now);
	sign_at(f, plain, "flow", now);
	open_bus(f);
	assert_int_equal(bus_own(f->b, "flow", &o, &f->e), -1);
	assert_string_equal(err_code(f->e.id)->name, "bus.behind");
	assert_non_null(strstr(f->e.args, "open=2"));
	f->e = ERR_INIT;
	assert_null(rd_kafka_abort_transaction(open, 20000));
	for (int i = 0; i < 100 && bus_own(f->b, "flow", &o, &f->e) && f->e.id == E_BUS_BEHIND; i++)
		usleep(100000);
	assert_string_equal(err_code(f->e.id)->name, "bus.owned");
	f->e = ERR_INIT;
	rd_kafka_destroy(open);
	rd_kafka_destroy(plain);
}

static void who_is_behind_because_this_host_does_not_read_blames_no_transaction(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = NULL;
	rd_kafka_t *plain = stranger(false);
	int64_t now = clock_now_ms();
	pid_t first;

	make_topic_named(f, plain, "jincai.positions", NULL);
	sign_at(f, plain, "other", now - 60000);
	sign_at(f, plain, "third", now);
	first = owner_apart(f);      /* it folds for the host */
	open_bus(f);
	assert_int_equal(kill(first, SIGSTOP), 0);
	sign_at(f, plain, "flow", now);
	/* On a machine that is slow enough this one has begun to fold meanwhile. */
	if (bus_own(f->b, "other", &o, &f->e)) {
		assert_string_equal(err_code(f->e.id)->name, "bus.behind");
		assert_null(strstr(f->e.args, "open="));
		f->e = ERR_INIT;
	}
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(waitpid(first, NULL, 0), first);
	bus_disown(o);
	rd_kafka_destroy(plain);
}

static void of_a_topic_that_was_made_anew_while_it_was_read_nobody_waits_for_the_old_places(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	struct bus_reader *r;
	struct bus_message m;
	rd_kafka_t *other = stranger(false);
	int64_t until;
	struct buf id = BUF_INIT, act = BUF_INIT;
	unsigned t;
	int got = 0;

	open_bus(f);
	t = topic(f, "jincai.payroll");
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	append(f, o, t, "a");
	append(f, o, t, "b");
	append(f, o, t, "c");
	OK(f->e, bus_read(f->b, t, 0, &r, &f->e));
	delete_topic(f, other, "jincai.payroll");
	make_topic(f, other, NULL);
	bus_seek(r, 2);
	FAILS(f->e, "bus.shorter", bus_next(r, &m, &f->e));
	/* Who has nothing to read hears of it as well. */
	f->e = ERR_INIT;
	until = clock_steady_ms() + 20000;
	while (got == 0 && clock_steady_ms() < until) {
		got = bus_act_take(o, &id, &act, &f->e);
		usleep(100000);
	}
	assert_int_equal(got, -1);
	assert_string_equal(err_code(f->e.id)->name, "bus.shorter");
	bus_unread(r);
	bus_disown(o);
	rd_kafka_destroy(other);
}

/* Of the generation records of the flow. */
static unsigned signs_of(struct fix *f, const char *flow)
{
	unsigned n = 0, t = topic(f, "jincai.positions");
	struct bus_reader *r;
	struct bus_message m;

	OK(f->e, bus_read(f->b, t, 0, &r, &f->e));
	while (bus_next(r, &m, &f->e) == 1)
		n += span_is(m.key, flow);
	bus_unread(r);
	return n;
}

static void who_commits_all_the_time_is_heard_of_all_the_same(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	int64_t until;
	unsigned t;

	open_bus(f);
	t = topic(f, "jincai.payroll");
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	until = clock_steady_ms() + 11000;
	while (clock_steady_ms() < until)
		append(f, o, t, "a");
	assert_true(signs_of(f, "flow") >= 2);
	bus_disown(o);
}

static int64_t time_of_sign(struct fix *f, const char *flow)
{
	struct buf text = BUF_INIT;
	int64_t ms;

	assert_int_equal(kafka_index_epoch(((struct kafka *)f->b)->index, span_of(flow), &text, &ms, &f->e), 1);
	buf_done(&text);
	return ms;
}

/* By the clock of the broker, which is this machine's. */
static bool is_of_now(int64_t ms)
{
	struct timespec now;
	int64_t age;

	assert_int_equal(syscall(SYS_clock_gettime, CLOCK_REALTIME, &now), 0);
	age = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - ms;
	return age > -1000 && age < KAFKA_SILENT_MS / 2;
}

/* Others of this host read its signs in the index that it has filled: there they must not look older than they are. */
static void who_has_a_clock_that_is_slow_is_not_taken_for_dead_by_others_of_its_host(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	int64_t until, first;
	unsigned t;

	behind_s = 3600;
	open_bus(f);
	t = topic(f, "jincai.payroll");
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	first = time_of_sign(f, "flow");
	assert_true(is_of_now(first));
	/* Those that go with a commit, too. */
	until = clock_steady_ms() + 3 * KAFKA_HEARTBEAT_MS;
	while (time_of_sign(f, "flow") == first && clock_steady_ms() < until)
		append(f, o, t, "a");
	assert_int_not_equal(time_of_sign(f, "flow"), first);
	assert_true(is_of_now(time_of_sign(f, "flow")));
	bus_disown(o);
}

static void who_looks_with_a_clock_that_is_fast_sees_who_runs_on_the_same_host(void **state)
{
	struct fix *f = *state;
	pid_t first;
	bool seen;

	behind_s = -3600;
	first = owner_apart(f);
	OK(f->e, bus_open(&f->conf, BUS_LOOK, &f->b, &f->e));
	seen = bus_in_use(f->b);
	assert_int_equal(kill(first, SIGKILL), 0);
	assert_int_equal(waitpid(first, NULL, 0), first);
	assert_true(seen);
	assert_false(bus_in_use(f->b));
}

/* ---- a full disk ---- */

static int count_act(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act)
{
	(void)flow, (void)id, (void)came_ms, (void)act;
	++*(unsigned *)arg;
	return 0;
}

static unsigned acts_left(struct fix *f)
{
	unsigned n = 0;

	OK(f->e, bus_acts_left(f->b, count_act, &n, &f->e));
	return n;
}

static void write_large_acts(struct fix *f, unsigned n)
{
	rd_kafka_t *other = stranger(false);
	static char text[500000];
	char id[16];

	memset(text, ' ', sizeof text - 1);
	memcpy(text, "flow\n{}", 7);
	for (unsigned i = 0; i < n; i++) {
		snprintf(id, sizeof id, "act-%u", i);
		write_raw(f, other, "jincai.orders", id, text);
	}
	rd_kafka_destroy(other);
}

static void what_was_read_while_the_disk_was_full_is_read_again(void **state)
{
	struct fix *f = *state;
	struct rlimit old, low;
	struct stat st;
	rd_kafka_t *other = stranger(false);
	char path[700];

	open_bus(f);
	snprintf(path, sizeof path, "%s/index/data.mdb", f->b->folder);
	assert_int_equal(stat(path, &st), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)st.st_size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	write_large_acts(f, 12);
	sleep(2);
	assert_true(acts_left(f) < 12);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	write_raw(f, other, "jincai.orders", "last", "flow\n{}");
	rd_kafka_destroy(other);
	for (int i = 0; i < 200 && acts_left(f) < 13; i++)
		usleep(50000);
	assert_int_equal(acts_left(f), 13);
}

static void behind_a_transaction_that_stays_open_nothing_is_called_the_end(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	struct bus_reader *r;
	struct bus_message m;
	rd_kafka_t *other = stranger(true);
	rd_kafka_error_t *error;
	unsigned t;

	open_bus(f);
	t = topic(f, "jincai.payroll");
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	assert_null(rd_kafka_init_transactions(other, 20000));
	assert_null(rd_kafka_begin_transaction(other));
	write_raw(f, other, "jincai.payroll", "k", "not yet");
	append(f, o, t, "a");
	OK(f->e, bus_read(f->b, t, 0, &r, &f->e));
	FAILS(f->e, "bus.behind", bus_next(r, &m, &f->e));
	error = rd_kafka_abort_transaction(other, 20000);
	assert_null(error);
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	assert_span(m.value, "a");
	assert_int_equal(bus_next(r, &m, &f->e), 0);
	bus_unread(r);
	bus_disown(o);
	rd_kafka_destroy(other);
}

static void a_record_larger_than_the_brokers_take_is_refused_before_it_is_written(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	rd_kafka_t *other = stranger(false);
	static char large[5000];
	unsigned t;

	make_topic(f, other, "4000");
	rd_kafka_destroy(other);
	open_bus(f);
	t = topic(f, "jincai.payroll");
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	memset(large, 'x', sizeof large);
	FAILS(f->e, "bus.too_large", bus_append(o, t, 0, SPAN("k"), (struct span){large, sizeof large}, &f->e));
	append(f, o, t, "the next one goes");
	bus_disown(o);
}

static void more_readers_of_a_partition_than_there_are_clients_are_refused(void **state)
{
	struct fix *f = *state;
	struct bus_reader *readers[9] = {NULL};
	struct bus_owner *o;
	struct bus_message m;
	unsigned t;

	open_bus(f);
	t = topic(f, "jincai.payroll");
	OK(f->e, bus_own(f->b, "flow", &o, &f->e));
	append(f, o, t, "a");
	for (unsigned i = 0; i < 9; i++)
		OK(f->e, bus_read(f->b, t, 0, &readers[i], &f->e));
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(bus_next(readers[i], &m, &f->e), 1);
	FAILS(f->e, "bus.failed", bus_next(readers[8], &m, &f->e));
	bus_unread(readers[3]);
	assert_int_equal(bus_next(readers[8], &m, &f->e), 1);
	for (unsigned i = 0; i < 9; i++)
		if (i != 3)
			bus_unread(readers[i]);
	bus_disown(o);
}

static void another_number_of_partitions_is_refused(void **state)
{
	struct fix *f = *state;

	open_bus(f);
	topic(f, "jincai.payroll");
	bus_close(f->b);
	f->conf.partitions = 3;
	FAILS(f->e, "bus.partitions", bus_open(&f->conf, BUS_OWN, &f->b, &f->e));
	f->b = NULL;
}

static void who_only_looks_makes_no_topics(void **state)
{
	struct fix *f = *state;
	unsigned t;

	FAILS(f->e, "bus.no_topic", bus_open(&f->conf, BUS_LOOK, &f->b, &f->e));
	open_bus(f);
	bus_close(f->b);
	OK(f->e, bus_open(&f->conf, BUS_LOOK, &f->b, &f->e));
	FAILS(f->e, "bus.no_topic", bus_topic(f->b, "jincai.payroll", &t, &f->e));
}

static void what_a_flow_may_get_over_and_what_ends_a_process_differ(void **state)
{
	struct fix *f = *state;

	err_set(&f->e, E_BUS_STUCK, "flow=router\nwhat=router\nwhy=no");
	assert_string_equal(err_code(f->e.id)->name, "bus.stuck");
	assert_int_equal(err_kind(&f->e), ERR_HALT);
	assert_int_equal(err_code(f->e.id)->exit, 6);
	err_set(&f->e, E_BUS_RESET, "flow=router\nsent=2");
	assert_string_equal(err_code(f->e.id)->name, "bus.reset");
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* One that does little but wait for what takes seconds, in a process of its own beside the others. */
static pid_t apart(const struct CMUnitTest *one)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	exit(_cmocka_run_group_tests(one->name, one, 1, NULL, NULL) ? 1 : 0);
}

static bool went_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
	const struct CMUnitTest waiting[] = {
		CASE(who_commits_all_the_time_is_heard_of_all_the_same),
		CASE(behind_a_transaction_that_stays_open_nothing_is_called_the_end),
		CASE(who_has_a_clock_that_is_slow_is_not_taken_for_dead_by_others_of_its_host),
		CASE(a_broker_that_is_not_there_is_said_in_time),
		CASE(behind_a_transaction_that_stays_open_nobody_is_called_silent),
		CASE(who_is_behind_because_this_host_does_not_read_blames_no_transaction),
	};
	const struct CMUnitTest cases[] = {
		CASE(a_setting_that_is_none_is_named),
		CASE(a_topic_that_cannot_be_made_is_named),
		CASE(an_owner_on_another_host_is_left_alone_while_it_lives),
		CASE(an_owner_that_has_left_is_followed_at_once),
		CASE(hosts_of_the_same_name_are_told_apart),
		CASE(a_second_process_of_the_same_host_waits_for_the_first_and_follows_it_when_it_is_gone),
		CASE(who_is_fenced_while_it_opens_and_followed_by_nobody_opens_again),
		CASE(what_is_no_longer_kept_is_told_and_not_skipped),
		CASE(what_no_flow_wrote_is_passed_over_noted_for_a_person_and_changes_no_look_up),
		CASE(of_a_topic_that_was_made_anew_while_it_was_read_nobody_waits_for_the_old_places),
		CASE(who_looks_with_a_clock_that_is_fast_sees_who_runs_on_the_same_host),
		CASE(what_was_read_while_the_disk_was_full_is_read_again),
		CASE(a_record_larger_than_the_brokers_take_is_refused_before_it_is_written),
		CASE(more_readers_of_a_partition_than_there_are_clients_are_refused),
		CASE(another_number_of_partitions_is_refused),
		CASE(who_only_looks_makes_no_topics),
		CASE(what_a_flow_may_get_over_and_what_ends_a_process_differ),
	};

	pid_t beside[sizeof waiting / sizeof *waiting];
	int failed;

	(void)kafka_address();
	for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
		beside[i] = apart(&waiting[i]);
	failed = cmocka_run_group_tests(cases, NULL, NULL);
	for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
		failed += !went_well(beside[i]);
	return failed;
}
