/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus_driver.h"
#include "event.h"
#include "hostile.h"
#include "index.h"
#include "kafka/here.h"
#include "lane.h"
#include "scratch.h"
#include "topics.h"

/*
 * What every driver promises (bus.h), once for all of them. A driver is a row of `drivers`; what only some can do is
 * a column, and its case is skipped for the others.
 */
struct driver_row {
	const struct bus_driver *driver;
	const char *rates;           /* behind the url */
	bool processes;              /* other processes may look and hand in acts */
	bool lease;                  /* one opens to own, the others are refused */
	bool bounded;                /* max_bytes counts */
	bool unknown;                /* can be made to answer bus.unknown */
	bool cluster;                /* topics are on a broker, under a prefix that each case has for itself */
};

static const struct driver_row drivers[] = {
	{.driver = &bus_hostile, .unknown = true},
	{.driver = &bus_embedded, .processes = true, .lease = true, .bounded = true},
	{.driver = &bus_kafka, .processes = true, .cluster = true},
};

struct fix {
	const struct driver_row *row;
	char folder[64], url[320], prefix[64];
	struct bus_kafka_conf kafka;
	struct bus_conf conf;
	struct bus *b;
	unsigned payroll, claims;    /* topics; payroll has four partitions, claims one */
	struct err e;
};

static void fix_open(struct fix *f)
{
	OK(f->e, bus_open_with(f->row->driver, &f->conf, BUS_OWN, &f->b, &f->e));
	OK(f->e, bus_topic(f->b, "jincai.payroll", &f->payroll, &f->e));
	OK(f->e, bus_topic(f->b, TOPIC_CLAIMS, &f->claims, &f->e));
}

static void fix_reopen(struct fix *f)
{
	bus_close(f->b);
	f->b = NULL;
	fix_open(f);
}

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	f->row = *state;
	strcpy(f->folder, "/tmp/bus-contract-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof f->url, "%s:%s", f->row->driver->scheme,
		f->row->driver == &bus_hostile ? "1" : f->row->cluster ? kafka_address() : f->folder);
	snprintf(f->prefix, sizeof f->prefix, "%s.", f->folder + sizeof "/tmp/bus-contract-" - 1);
	f->kafka = (struct bus_kafka_conf){.folder = f->folder, .site = "contract", .prefix = f->prefix};
	f->conf = (struct bus_conf){.url = f->url, .partitions = 4, .kafka = &f->kafka};
	fix_open(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	bus_close(f->b);
	hostile_forget();
	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* ---- small words for the cases below ---- */

static struct bus_owner *own(struct fix *f, const char *flow)
{
	struct bus_owner *o;

	OK(f->e, bus_own(f->b, flow, &o, &f->e));
	return o;
}

static void append(struct fix *f, struct bus_owner *o, unsigned topic, unsigned partition, const char *value)
{
	OK(f->e, bus_append(o, topic, partition, SPAN("key"), span_of(value), &f->e));
}

static void commit(struct fix *f, struct bus_owner *o)
{
	OK(f->e, bus_commit(o, &f->e));
}

static struct bus_reader *reader(struct fix *f, unsigned topic, unsigned partition)
{
	struct bus_reader *r;

	OK(f->e, bus_read(f->b, topic, partition, &r, &f->e));
	return r;
}

/* The next message's value is text; NULL: there is none. Returns its offset. */
static uint64_t expect(struct fix *f, struct bus_reader *r, const char *text)
{
	struct bus_message m = {0};
	int got = bus_next(r, &m, &f->e);

	assert_int_equal(got, text != NULL);
	if (text)
		assert_span(m.value, text);
	return m.offset;
}

static void expect_position(struct fix *f, const char *key, const char *want)
{
	struct buf value = BUF_INIT;

	assert_int_equal(bus_position_get(f->b, key, &value, &f->e), want != NULL);
	if (want)
		assert_span(buf_as_span(&value), want);
	buf_done(&value);
}

/* An event that carries an id and a fingerprint, made of one digit. */
static void append_event_at(struct fix *f, struct bus_owner *o, unsigned partition, const char *id, char digit)
{
	struct buf b = BUF_INIT;
	char fingerprint[32];

	memset(fingerprint, digit, sizeof fingerprint);
	event_begin(&b, &(struct event){.id = span_of(id), .source = SPAN("test"), .type = SPAN("payroll.line.v1"),
		.fingerprint = {fingerprint, sizeof fingerprint}, .again = SPAN("1")});
	buf_str(&b, "{}");
	event_stamp(&b, SPAN("t.1"), 1);
	OK(f->e, bus_append(o, f->payroll, partition, SPAN("k"), buf_as_span(&b), &f->e));
	buf_done(&b);
}

static void append_event(struct fix *f, struct bus_owner *o, const char *id, char digit)
{
	append_event_at(f, o, 1, id, digit);
}

static void append_claim(struct fix *f, struct bus_owner *o, const char *batch, const char *state)
{
	struct buf b = BUF_INIT;

	event_begin(&b, &(struct event){.id = SPAN("c"), .source = SPAN("test"), .type = SPAN(EVENT_CLAIM),
		.batchid = span_of(batch)});
	buf_printf(&b, "{\"adapter\":\"a\",\"taken\":\"%s.txt\",\"keys\":\"\",\"digest\":\"d\",\"state\":\"%s\"}",
		batch, state);
	event_stamp(&b, SPAN("t.1"), 1);
	OK(f->e, bus_append(o, f->claims, 0, SPAN("k"), buf_as_span(&b), &f->e));
	buf_done(&b);
}

enum look { NONE, PENDING, COMMITTED };

static void expect_entry(struct fix *f, struct bus_owner *o, unsigned index, struct span key, enum look want,
	struct span extra)
{
	struct bus_entry x = {0};

	assert_int_equal(bus_look(f->b, o, index, key, &x, &f->e), want != NONE);
	if (want == NONE)
		return;
	assert_int_equal(x.pending, want == PENDING);
	assert_int_equal(x.extra.n, extra.n);
	assert_memory_equal(x.extra.p, extra.p, extra.n);
}

static struct span digits(char digit)
{
	static _Thread_local char bytes[16];

	memset(bytes, (digit - '0') * 0x11, sizeof bytes);
	return (struct span){bytes, sizeof bytes};
}

static void expect_id(struct fix *f, struct bus_owner *o, const char *id, enum look want, char digit)
{
	expect_entry(f, o, INDEX_IDS, span_of(id), want, digits(digit));
}

static void expect_claim(struct fix *f, struct bus_owner *o, const char *batch, enum look want, const char *state)
{
	char key[INDEX_KEY_MAX];

	expect_entry(f, o, INDEX_CLAIMS, index_key(key, INDEX_BATCH, span_of(batch), SPAN_NONE), want, span_of(state));
}

/* ---- commits ---- */

static void a_commit_is_seen_whole_and_not_before(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *payroll = reader(f, f->payroll, 2), *claims = reader(f, f->claims, 0);

	append(f, o, f->payroll, 2, "one");
	append(f, o, f->claims, 0, "two");
	OK(f->e, bus_position_put(o, "flow/in", SPAN("at 7"), &f->e));
	assert_int_equal(bus_staged_records(o), 2);
	assert_true(bus_staged_bytes(o) >= 6);
	expect(f, payroll, NULL);
	expect(f, claims, NULL);
	expect_position(f, "flow/in", NULL);
	commit(f, o);
	assert_int_equal(bus_staged_records(o), 0);
	assert_int_equal(bus_staged_bytes(o), 0);
	expect(f, payroll, "one");
	expect(f, payroll, NULL);
	expect(f, claims, "two");
	expect_position(f, "flow/in", "at 7");
	bus_unread(payroll);
	bus_unread(claims);
	bus_disown(o);
}

static void what_an_owner_leaves_uncommitted_is_gone(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r = reader(f, f->payroll, 0);

	append(f, o, f->payroll, 0, "lost");
	bus_disown(o);
	o = own(f, "flow");
	append(f, o, f->payroll, 0, "kept");
	commit(f, o);
	commit(f, o);
	expect(f, r, "kept");
	expect(f, r, NULL);
	bus_unread(r);
	bus_disown(o);
}

static void all_is_there_after_closing_and_opening(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r;

	for (int i = 0; i < 3; i++) {
		append(f, o, f->payroll, 3, (const char *[]){"a", "b", "c"}[i]);
		OK(f->e, bus_position_put(o, "flow/in", span_of((const char *[]){"1", "2", "3"}[i]), &f->e));
		commit(f, o);
	}
	bus_disown(o);
	fix_reopen(f);
	r = reader(f, f->payroll, 3);
	expect(f, r, "a");
	expect(f, r, "b");
	expect(f, r, "c");
	expect(f, r, NULL);
	expect_position(f, "flow/in", "3");
	bus_unread(r);
}

static void a_large_commit_keeps_its_order(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r = reader(f, f->payroll, 1);
	char text[400];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3000; i++) {
			snprintf(text, sizeof text, "%0*d", 20 + i % 300, i);
			append(f, o, f->payroll, 1, text);
		}
		commit(f, o);
	}
	for (int i = 0; i < 6000; i++) {
		snprintf(text, sizeof text, "%0*d", 20 + i % 3000 % 300, i % 3000);
		expect(f, r, text);
	}
	expect(f, r, NULL);
	bus_unread(r);
	bus_disown(o);
}

static void an_empty_key_and_value_come_back_empty(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r = reader(f, f->payroll, 0);
	struct bus_message m;

	OK(f->e, bus_append(o, f->payroll, 0, SPAN(""), SPAN(""), &f->e));
	commit(f, o);
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	assert_int_equal(m.key.n + m.value.n, 0);
	bus_unread(r);
	bus_disown(o);
}

static int count_position(void *arg, struct span key, struct span value)
{
	(void)key;
	(void)value;
	++*(unsigned *)arg;
	return 0;
}

static void a_position_that_becomes_empty_is_there_no_longer(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	unsigned n = 0;

	OK(f->e, bus_position_put(o, "flow/held/a", SPAN("1"), &f->e));
	OK(f->e, bus_position_put(o, "flow/held/b", SPAN("2"), &f->e));
	commit(f, o);
	OK(f->e, bus_position_put(o, "flow/held/a", SPAN(""), &f->e));
	OK(f->e, bus_position_put(o, "flow/never", SPAN(""), &f->e));
	commit(f, o);
	expect_position(f, "flow/held/a", NULL);
	expect_position(f, "flow/held/b", "2");
	expect_position(f, "flow/never", NULL);
	OK(f->e, bus_positions(f->b, "flow/held/", count_position, &n, &f->e));
	assert_int_equal(n, 1);
	OK(f->e, bus_position_put(o, "flow/held/a", SPAN(""), &f->e));
	OK(f->e, bus_position_put(o, "flow/held/a", SPAN("3"), &f->e));
	commit(f, o);
	expect_position(f, "flow/held/a", "3");
	bus_disown(o);
}

/* ---- owners ---- */

static void generations_grow_over_owners_and_openings(void **state)
{
	struct fix *f = *state;
	uint64_t last = 0;

	for (int i = 0; i < 6; i++) {
		struct bus_owner *o = own(f, "flow"), *other = own(f, i % 2 ? "other" : "third");

		assert_true(bus_generation(o) > last);
		last = bus_generation(o);
		bus_disown(other);
		bus_disown(o);
		if (i == 2)
			fix_reopen(f);
	}
	assert_true(last >= 6);
}

static void a_second_owner_fences_the_first(void **state)
{
	struct fix *f = *state;
	struct bus_owner *old = own(f, "flow"), *bystander = own(f, "other"), *new;
	struct bus_reader *r = reader(f, f->payroll, 0);

	append(f, old, f->payroll, 0, "early");
	commit(f, old);
	append(f, old, f->payroll, 0, "late");
	OK(f->e, bus_position_put(old, "flow/in", SPAN("late"), &f->e));
	new = own(f, "flow");
	FAILS(f->e, "bus.fenced", bus_commit(old, &f->e));
	append(f, new, f->payroll, 0, "new");
	commit(f, new);
	append(f, bystander, f->payroll, 0, "other");
	commit(f, bystander);
	expect(f, r, "early");
	expect(f, r, "new");
	expect(f, r, "other");
	expect(f, r, NULL);
	expect_position(f, "flow/in", NULL);
	bus_unread(r);
	bus_disown(old);
	bus_disown(bystander);
	bus_disown(new);
}

static void after_a_failed_commit_an_owner_is_spent(void **state)
{
	struct fix *f = *state;
	struct bus_owner *old = own(f, "flow"), *new = own(f, "flow");
	struct bus_entry x;
	struct buf b = BUF_INIT;

	append(f, old, f->payroll, 0, "late");
	FAILS(f->e, "bus.fenced", bus_commit(old, &f->e));
	FAILS(f->e, "bus.fenced", bus_append(old, f->payroll, 0, SPAN("k"), SPAN("v"), &f->e));
	FAILS(f->e, "bus.fenced", bus_position_put(old, "flow/in", SPAN("v"), &f->e));
	FAILS(f->e, "bus.fenced", bus_look(f->b, old, INDEX_IDS, SPAN("k"), &x, &f->e));
	FAILS(f->e, "bus.fenced", bus_act_take(old, &b, &b, &f->e));
	FAILS(f->e, "bus.fenced", bus_commit(old, &f->e));
	bus_disown(old);
	append(f, new, f->payroll, 0, "new");
	commit(f, new);
	bus_disown(new);
	buf_done(&b);
}

/* Whatever such a commit comes to, the next owner can tell by its position, and nobody sees half of it. */
static void an_unknown_commit_is_done_or_not_as_the_position_says(void **state)
{
	struct fix *f = *state;
	unsigned done = 0, undone = 0;
	struct bus_reader *a, *b;
	struct bus_message m;

	if (!f->row->unknown)
		skip();
	bus_close(f->b);
	f->conf.url = "hostile:1:1000";
	fix_open(f);
	a = reader(f, f->payroll, 0);
	b = reader(f, f->payroll, 1);
	for (int i = 0; i < 200; i++) {
		struct bus_owner *o = own(f, "flow");
		struct buf position = BUF_INIT;
		char text[16];
		bool was;

		snprintf(text, sizeof text, "%d", i);
		append(f, o, f->payroll, 0, text);
		append(f, o, f->payroll, 1, text);
		OK(f->e, bus_position_put(o, "flow/in", span_of(text), &f->e));
		FAILS(f->e, "bus.unknown", bus_commit(o, &f->e));
		bus_disown(o);
		bus_disown(own(f, "flow"));
		was = bus_position_get(f->b, "flow/in", &position, &f->e) == 1 && span_is(buf_as_span(&position), text);
		assert_int_equal(bus_next(a, &m, &f->e), was);
		assert_int_equal(bus_next(b, &m, &f->e), was);
		done += was;
		undone += !was;
		buf_done(&position);
	}
	assert_true(done > 20 && undone > 20);
	bus_unread(a);
	bus_unread(b);
}

/* ---- positions ---- */

struct listing {
	char text[256];
	unsigned left;               /* stop after so many */
};

static int list_position(void *arg, struct span key, struct span value)
{
	struct listing *l = arg;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof l->text - n, "%.*s=%.*s;", SPAN_F(key), SPAN_F(value));
	return --l->left == 0;
}

static void positions_are_listed_by_prefix_in_order(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct listing all = {"", 99}, two = {"", 2}, none = {"", 99};

	OK(f->e, bus_position_put(o, "b/2", SPAN("old"), &f->e));
	OK(f->e, bus_position_put(o, "c", SPAN("5"), &f->e));
	OK(f->e, bus_position_put(o, "b/10", SPAN("1"), &f->e));
	OK(f->e, bus_position_put(o, "b/2", SPAN("2"), &f->e));
	OK(f->e, bus_position_put(o, "b/3", SPAN("3"), &f->e));
	OK(f->e, bus_position_put(o, "a", SPAN("0"), &f->e));
	commit(f, o);
	OK(f->e, bus_positions(f->b, "b/", list_position, &all, &f->e));
	assert_string_equal(all.text, "b/10=1;b/2=2;b/3=3;");
	OK(f->e, bus_positions(f->b, "", list_position, &two, &f->e));
	assert_string_equal(two.text, "a=0;b/10=1;");
	OK(f->e, bus_positions(f->b, "b/9", list_position, &none, &f->e));
	assert_string_equal(none.text, "");
	OK(f->e, bus_position_put(o, "b/2", SPAN("4"), &f->e));
	commit(f, o);
	expect_position(f, "b/2", "4");
	bus_disown(o);
}

/* ---- reading ---- */

static void readers_go_by_offsets_that_grow_and_may_have_holes(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r = reader(f, f->payroll, 0), *again = reader(f, f->payroll, 0);
	uint64_t at[20], end = 1;
	char text[8];

	OK(f->e, bus_end(f->b, f->payroll, 0, &end, &f->e));
	assert_int_equal(end, 0);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "%d", i);
		append(f, o, f->payroll, 0, text);
		if (i % 3 == 0)
			commit(f, o);
	}
	commit(f, o);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "%d", i);
		at[i] = expect(f, r, text);
		assert_true(i == 0 || at[i] > at[i - 1]);
		assert_true(!bus_is_dense(f->b) || at[i] == (uint64_t)i);
	}
	OK(f->e, bus_end(f->b, f->payroll, 0, &end, &f->e));
	assert_true(end > at[19]);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "%d", i);
		bus_seek(again, at[i]);
		assert_int_equal(expect(f, again, text), at[i]);
		bus_seek(again, i ? at[i - 1] + 1 : 0);
		assert_int_equal(expect(f, again, text), at[i]);
	}
	bus_seek(again, end);
	expect(f, again, NULL);
	append(f, o, f->payroll, 0, "behind the end");
	commit(f, o);
	assert_true(expect(f, again, "behind the end") >= end);
	expect(f, r, "behind the end");
	bus_unread(r);
	bus_unread(again);
	bus_disown(o);
}

static void times_never_decrease_and_can_be_sought(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r = reader(f, f->payroll, 0);
	struct bus_message m;
	int64_t times[6];
	char text[8];

	for (int i = 0; i < 6; i++) {
		snprintf(text, sizeof text, "%d", i);
		append(f, o, f->payroll, 0, text);
		commit(f, o);
		usleep(3000);
	}
	for (int i = 0; i < 6; i++) {
		assert_int_equal(bus_next(r, &m, &f->e), 1);
		times[i] = m.time_ms;
		assert_true(i == 0 || times[i] > times[i - 1]);
	}
	for (int i = 0; i < 6; i++) {
		snprintf(text, sizeof text, "%d", i);
		OK(f->e, bus_seek_time(r, times[i], &f->e));
		expect(f, r, text);
		OK(f->e, bus_seek_time(r, i ? times[i - 1] + 1 : 0, &f->e));
		expect(f, r, text);
	}
	OK(f->e, bus_seek_time(r, times[5] + 1, &f->e));
	expect(f, r, NULL);
	append(f, o, f->payroll, 0, "later");
	commit(f, o);
	expect(f, r, "later");
	bus_unread(r);
	bus_disown(o);
}

static void partitions_do_not_mix(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	unsigned other;

	OK(f->e, bus_topic(f->b, "jincai.to.bank-102", &other, &f->e));
	assert_int_equal(bus_partitions(f->b, f->payroll), 4);
	assert_int_equal(bus_partitions(f->b, other), 4);
	assert_int_equal(bus_partitions(f->b, f->claims), 1);
	assert_string_equal(bus_topic_name(f->b, other), "jincai.to.bank-102");
	for (unsigned p = 0; p < 4; p++) {
		append(f, o, f->payroll, p, (const char *[]){"p0", "p1", "p2", "p3"}[p]);
		append(f, o, other, p, (const char *[]){"t0", "t1", "t2", "t3"}[p]);
	}
	commit(f, o);
	for (unsigned p = 0; p < 4; p++) {
		struct bus_reader *r = reader(f, f->payroll, p), *t = reader(f, other, p);

		expect(f, r, (const char *[]){"p0", "p1", "p2", "p3"}[p]);
		expect(f, r, NULL);
		expect(f, t, (const char *[]){"t0", "t1", "t2", "t3"}[p]);
		expect(f, t, NULL);
		bus_unread(r);
		bus_unread(t);
	}
	bus_disown(o);
}

/* ---- look-ups ---- */

static void a_look_up_sees_what_its_owner_has_staged_and_nobody_else_does(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow"), *other = own(f, "other");

	append_event(f, o, "id-1", '1');
	expect_id(f, o, "id-1", PENDING, '1');
	expect_id(f, other, "id-1", NONE, 0);
	expect_id(f, NULL, "id-1", NONE, 0);
	expect_id(f, o, "id-2", NONE, 0);
	commit(f, o);
	expect_id(f, o, "id-1", COMMITTED, '1');
	expect_id(f, other, "id-1", COMMITTED, '1');
	expect_id(f, NULL, "id-1", COMMITTED, '1');
	append_event(f, o, "id-2", '2');
	bus_disown(o);
	o = own(f, "flow");
	expect_id(f, o, "id-2", NONE, 0);
	bus_disown(o);
	bus_disown(other);
}

static void the_first_record_for_an_id_stays(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow"), *other = own(f, "other");

	append_event(f, o, "same", '1');
	append_event(f, o, "same", '2');
	expect_id(f, o, "same", PENDING, '1');
	commit(f, o);
	append_event(f, o, "same", '3');
	expect_id(f, o, "same", COMMITTED, '1');
	commit(f, o);
	expect_id(f, NULL, "same", COMMITTED, '1');
	/* Two owners at once: the first commit wins. */
	append_event(f, o, "race", '5');
	append_event(f, other, "race", '6');
	commit(f, other);
	commit(f, o);
	expect_id(f, o, "race", COMMITTED, '6');
	bus_disown(o);
	bus_disown(other);
}

static void the_last_record_for_a_claim_wins(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");

	append_claim(f, o, "b1", "claimed");
	append_claim(f, o, "b1", "publishing");
	expect_claim(f, o, "b1", PENDING, "publishing");
	commit(f, o);
	expect_claim(f, NULL, "b1", COMMITTED, "publishing");
	append_claim(f, o, "b1", "published");
	expect_claim(f, NULL, "b1", COMMITTED, "publishing");
	expect_claim(f, o, "b1", PENDING, "published");
	commit(f, o);
	expect_claim(f, o, "b1", COMMITTED, "published");
	bus_disown(o);
}

/* By partition the first of them is neither the lowest nor the highest, and so is the last. */
static void the_order_of_commits_counts_not_that_of_partitions(void **state)
{
	static const unsigned partitions[] = {2, 0, 3, 1};
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	char key[INDEX_KEY_MAX];

	for (unsigned i = 0; i < 4; i++) {
		append_event_at(f, o, partitions[i], "same", (char)('1' + i));
		commit(f, o);
		usleep(3000);
		expect_id(f, o, "same", COMMITTED, '1');
		expect_entry(f, o, INDEX_AGAIN, index_key(key, INDEX_ID, SPAN("same"), SPAN_NONE), COMMITTED, digits((char)('1' + i)));
	}
	bus_disown(o);
	fix_reopen(f);
	expect_id(f, NULL, "same", COMMITTED, '1');
	expect_entry(f, NULL, INDEX_AGAIN, index_key(key, INDEX_ID, SPAN("same"), SPAN_NONE), COMMITTED, digits('4'));
}

static void many_staged_entries_are_all_found(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	char id[32];

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2000; i++) {
			snprintf(id, sizeof id, "round-%d-id-%d", round, i);
			expect_id(f, o, id, NONE, 0);
			append_event(f, o, id, (char)('0' + i % 10));
		}
		for (int i = 0; i < 2000; i++) {
			snprintf(id, sizeof id, "round-%d-id-%d", round, i);
			expect_id(f, o, id, PENDING, (char)('0' + i % 10));
		}
		commit(f, o);
	}
	for (int i = 0; i < 2000; i++) {
		snprintf(id, sizeof id, "round-1-id-%d", i);
		expect_id(f, o, id, COMMITTED, (char)('0' + i % 10));
	}
	bus_disown(o);
}

static void an_entry_names_the_place_of_its_record(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r = reader(f, f->payroll, 1);
	struct bus_entry x;
	struct bus_message m;
	struct event v;

	for (int i = 0; i < 30; i++) {
		append_event(f, o, (const char *[]){"a", "b", "c"}[i / 10], '1');
		append(f, o, f->payroll, 1, "no event");
		if (i % 4 == 0)
			commit(f, o);
	}
	commit(f, o);
	assert_int_equal(bus_look(f->b, NULL, INDEX_IDS, SPAN("b"), &x, &f->e), 1);
	assert_int_equal(x.topic, f->payroll);
	assert_int_equal(x.partition, 1);
	bus_seek(r, x.offset);
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	assert_int_equal(m.offset, x.offset);
	OK(f->e, event_read(m.value, &v, &f->e));
	assert_span(v.id, "b");
	bus_unread(r);
	bus_disown(o);
}

static int list_entry(void *arg, struct span key, const struct bus_entry *x)
{
	struct listing *l = arg;
	size_t n = strlen(l->text);

	snprintf(l->text + n, sizeof l->text - n, "%.*s=%.*s;", SPAN_F(key), SPAN_F(x->extra));
	return --l->left == 0;
}

static void entries_are_listed_by_prefix_in_order(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct listing all = {"", 99}, two = {"", 2};

	append_claim(f, o, "2", "two");
	append_claim(f, o, "10", "ten");
	append_claim(f, o, "3", "three");
	commit(f, o);
	append_claim(f, o, "4", "staged");
	OK(f->e, bus_entries(f->b, INDEX_CLAIMS, SPAN("b"), list_entry, &all, &f->e));
	assert_string_equal(all.text, "b10=ten;b2=two;b3=three;");
	OK(f->e, bus_entries(f->b, INDEX_CLAIMS, SPAN("b"), list_entry, &two, &f->e));
	assert_string_equal(two.text, "b10=ten;b2=two;");
	bus_disown(o);
}

static void the_indexes_are_there_after_closing_and_opening(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");

	append_event(f, o, "id", '7');
	append_claim(f, o, "b", "published");
	commit(f, o);
	bus_disown(o);
	/* Opened anew without a word about topics: an entry still names its own. */
	bus_close(f->b);
	OK(f->e, bus_open_with(f->row->driver, &f->conf, BUS_OWN, &f->b, &f->e));
	expect_id(f, NULL, "id", COMMITTED, '7');
	expect_claim(f, NULL, "b", COMMITTED, "published");
}

/* ---- acts ---- */

static void expect_act(struct fix *f, struct bus_owner *o, const char *id, const char *text)
{
	struct buf got_id = BUF_INIT, got = BUF_INIT;

	int taken = bus_act_take(o, &got_id, &got, &f->e);

	/* What another process handed in comes to light a little later on a cluster. */
	for (int i = 0; f->row->cluster && id && taken == 0 && i < 500; i++) {
		usleep(10000);
		taken = bus_act_take(o, &got_id, &got, &f->e);
	}
	assert_int_equal(taken, id != NULL);
	if (id) {
		assert_span(buf_as_span(&got_id), id);
		assert_span(buf_as_span(&got), text);
	}
	buf_done(&got_id);
	buf_done(&got);
}

static void an_act_is_given_once_to_each_owner_until_it_is_done(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow"), *other = own(f, "other");

	expect_act(f, o, NULL, NULL);
	OK(f->e, bus_act_submit(f->b, "flow", "act-1", SPAN("{\"do\":1}"), &f->e));
	OK(f->e, bus_act_submit(f->b, "flow", "act-1", SPAN("{\"do\":1}"), &f->e));
	expect_act(f, other, NULL, NULL);
	expect_act(f, o, "act-1", "{\"do\":1}");
	expect_act(f, o, NULL, NULL);
	bus_disown(o);
	bus_disown(other);
	fix_reopen(f);
	o = own(f, "flow");
	expect_act(f, o, "act-1", "{\"do\":1}");
	bus_act_done(o, "act-1");
	bus_disown(o);
	o = own(f, "flow");
	expect_act(f, o, "act-1", "{\"do\":1}");
	bus_act_done(o, "act-1");
	commit(f, o);
	OK(f->e, bus_act_submit(f->b, "flow", "act-2", SPAN("{\"do\":2}"), &f->e));
	expect_act(f, o, "act-2", "{\"do\":2}");
	bus_disown(o);
	fix_reopen(f);
	o = own(f, "flow");
	expect_act(f, o, "act-2", "{\"do\":2}");
	expect_act(f, o, NULL, NULL);
	bus_disown(o);
}

static int add_left(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act)
{
	(void)came_ms;
	buf_printf(arg, "%s %s %.*s;", flow, id, SPAN_F(act));
	return 0;
}

static void expect_left(struct fix *f, const char *want)
{
	struct buf got = BUF_INIT;

	OK(f->e, bus_acts_left(f->b, add_left, &got, &f->e));
	assert_string_equal(buf_text(&got), want);
	buf_done(&got);
}

static void acts_that_nobody_has_done_can_be_listed(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");

	expect_left(f, "");
	OK(f->e, bus_act_submit(f->b, "flow", "act-1", SPAN("{\"do\":1}"), &f->e));
	OK(f->e, bus_act_submit(f->b, "other", "act-2", SPAN("{}"), &f->e));
	expect_left(f, "flow act-1 {\"do\":1};other act-2 {};");
	expect_act(f, o, "act-1", "{\"do\":1}");
	expect_left(f, "flow act-1 {\"do\":1};other act-2 {};");
	bus_act_done(o, "act-1");
	commit(f, o);
	expect_left(f, "other act-2 {};");
	bus_disown(o);
}

static void a_store_on_this_host_says_how_full_it_is(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	uint64_t used = 0, max = 0;
	int got = bus_room(f->b, &used, &max, &f->e);

	if (got == 1)
		assert_true(used > 0 && used < max);
	else
		assert_int_equal(got, 0);
	bus_disown(o);
}

static void another_process_sees_what_is_committed_and_hands_in_an_act(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	int go[2], status;
	pid_t pid;

	if (!f->row->processes)
		skip();
	bus_close(f->b);
	f->b = NULL;
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		struct bus *b;
		struct bus_reader *r;
		struct bus_message m;
		struct err e = ERR_INIT;
		unsigned topic;
		char c;
		int r1 = read(go[0], &c, 1) != 1 || bus_open_with(f->row->driver, &f->conf, BUS_LOOK, &b, &e) < 0 ||
			bus_topic(b, "jincai.payroll", &topic, &e) < 0 || bus_read(b, topic, 0, &r, &e) < 0 ||
			bus_next(r, &m, &e) != 1 || !span_is(m.value, "seen") ||
			bus_act_submit(b, "flow", "from-afar", SPAN("{}"), &e) < 0;

		if (r1)
			err_print(&e, ERR_EN, stderr);
		_exit(r1);
	}
	fix_open(f);
	o = own(f, "flow");
	append(f, o, f->payroll, 0, "seen");
	commit(f, o);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect_act(f, o, "from-afar", "{}");
	bus_disown(o);
	close(go[0]);
	close(go[1]);
}

/* ---- opening ---- */

static void a_second_process_that_would_own_is_refused(void **state)
{
	struct fix *f = *state;
	int go[2], status;
	pid_t pid;

	if (!f->row->lease)
		skip();
	bus_close(f->b);
	f->b = NULL;
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		struct bus *b;
		struct err e = ERR_INIT;
		char c;
		bool refused = read(go[0], &c, 1) == 1 &&
			bus_open_with(f->row->driver, &f->conf, BUS_OWN, &b, &e) < 0 &&
			strcmp(err_code(e.id)->name, "store.leased") == 0;

		_exit(refused ? 0 : 1);
	}
	fix_open(f);
	assert_int_equal(write(go[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(go[0]);
	close(go[1]);
}

static void the_number_of_partitions_is_fixed_for_life(void **state)
{
	struct fix *f = *state;

	bus_close(f->b);
	f->b = NULL;
	f->conf.partitions = 5;
	FAILS(f->e, "bus.partitions", bus_open_with(f->row->driver, &f->conf, BUS_OWN, &f->b, &f->e));
	f->conf.partitions = 4;
	fix_open(f);
}

static void who_only_looks_makes_nothing(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r;
	unsigned topic;

	append(f, o, f->payroll, 0, "seen");
	commit(f, o);
	bus_disown(o);
	bus_close(f->b);
	OK(f->e, bus_open_with(f->row->driver, &f->conf, BUS_LOOK, &f->b, &f->e));
	FAILS(f->e, "bus.look_only", bus_own(f->b, "flow", &o, &f->e));
	FAILS(f->e, "bus.no_topic", bus_topic(f->b, "jincai.never", &topic, &f->e));
	OK(f->e, bus_topic(f->b, "jincai.payroll", &f->payroll, &f->e));
	r = reader(f, f->payroll, 0);
	expect(f, r, "seen");
	bus_unread(r);
	OK(f->e, bus_act_submit(f->b, "flow", "a", SPAN("{}"), &f->e));
}

static int note_topic(void *arg, const char *name)
{
	unsigned *seen = arg;

	*seen |= strcmp(name, "jincai.payroll") == 0 ? 1 : strcmp(name, "jincai.to.gone") == 0 ? 2 : 0;
	return *seen == 7;
}

static void topics_that_nobody_has_asked_for_are_listed(void **state)
{
	struct fix *f = *state;
	unsigned topic, seen = 0;

	OK(f->e, bus_topic(f->b, "jincai.to.gone", &topic, &f->e));
	fix_reopen(f);
	OK(f->e, bus_topics(f->b, note_topic, &seen, &f->e));
	assert_int_equal(seen, 3);
	bus_close(f->b);
	OK(f->e, bus_open_with(f->row->driver, &f->conf, BUS_LOOK, &f->b, &f->e));
	seen = 0;
	OK(f->e, bus_topics(f->b, note_topic, &seen, &f->e));
	assert_int_equal(seen, 3);
	seen = 4;
	assert_int_equal(bus_topics(f->b, note_topic, &seen, &f->e), 1);
}

static void a_bus_that_has_settled_sees_what_was_committed(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	uint64_t end;

	append(f, o, f->payroll, 2, "there");
	commit(f, o);
	OK(f->e, bus_settle(f->b, &f->e));
	OK(f->e, bus_end(f->b, f->payroll, 2, &end, &f->e));
	assert_true(end > 0);
	bus_disown(o);
}

static void a_wrong_url_is_refused(void **state)
{
	struct fix *f = *state;
	struct bus_conf c = {.url = "kafka"};
	struct bus *b;

	FAILS(f->e, "bus.url", bus_open_with(f->row->driver, &c, BUS_OWN, &b, &f->e));
	c.url = "nobus:x";
	FAILS(f->e, "bus.url", bus_open(&c, BUS_OWN, &b, &f->e));
	FAILS(f->e, "bus.url", bus_open_with(f->row->driver, &c, BUS_OWN, &b, &f->e));
}

/* ---- limits ---- */

static void limits_are_refused_one_byte_above(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	char *big = mem_new(BUS_VALUE_MAX + 1);
	struct span key = {big, BUS_KEY_MAX}, value = {big, BUS_VALUE_MAX};

	memset(big, 'x', BUS_VALUE_MAX + 1);
	OK(f->e, bus_append(o, f->payroll, 0, key, value, &f->e));
	OK(f->e, bus_position_put(o, "p", value, &f->e));
	OK(f->e, bus_act_submit(f->b, "flow", "a", (struct span){big, 65536}, &f->e));
	key.n++;
	value.n++;
	FAILS(f->e, "bus.too_large", bus_append(o, f->payroll, 0, key, SPAN("v"), &f->e));
	FAILS(f->e, "bus.too_large", bus_append(o, f->payroll, 0, SPAN("k"), value, &f->e));
	FAILS(f->e, "bus.too_large", bus_position_put(o, "p", value, &f->e));
	FAILS(f->e, "bus.too_large", bus_act_submit(f->b, "flow", "b", (struct span){big, 65537}, &f->e));
	FAILS(f->e, "bus.name", bus_act_submit(f->b, "flow", "Act", SPAN("{}"), &f->e));
	FAILS(f->e, "bus.name", bus_topic(f->b, "Payroll", &f->claims, &f->e));
	commit(f, o);
	bus_disown(o);
	free(big);
}

static void a_commit_takes_sixteen_mebibytes_and_refuses_more_without_harm(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r = reader(f, f->payroll, 0);
	struct bus_message m;
	char *big = mem_new(BUS_VALUE_MAX);
	unsigned n = 0, seen = 0;

	memset(big, 'x', BUS_VALUE_MAX);
	while (bus_append(o, f->payroll, 0, SPAN("k"), (struct span){big, BUS_VALUE_MAX}, &f->e) == 0)
		n++;
	assert_string_equal(err_code(f->e.id)->name, "bus.too_large");
	assert_int_equal(n, BUS_COMMIT_MAX / (BUS_VALUE_MAX + 1));
	commit(f, o);
	while (bus_next(r, &m, &f->e) == 1) {
		assert_int_equal(m.value.n, BUS_VALUE_MAX);
		seen++;
	}
	assert_int_equal(seen, n);
	bus_unread(r);
	bus_disown(o);
	free(big);
}

/* A full store puts off, loses nothing, and goes on as soon as it may be larger. */
static void a_full_store_puts_off_and_goes_on_when_there_is_room(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	struct bus_reader *r;
	struct bus_message m;
	char *big = mem_new(BUS_VALUE_MAX);
	unsigned n = 0, seen = 0;

	memset(big, 'x', BUS_VALUE_MAX);
	if (!f->row->bounded) {
		free(big);
		skip();
	}
	bus_close(f->b);
	f->conf.max_bytes = 24u << 20;
	fix_open(f);
	o = own(f, "flow");
	for (;; n++) {
		OK(f->e, bus_append(o, f->payroll, 0, SPAN("k"), (struct span){big, BUS_VALUE_MAX}, &f->e));
		if (bus_commit(o, &f->e) < 0)
			break;
		assert_true(n < 40);
	}
	assert_string_equal(err_code(f->e.id)->name, "store.full");
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
	assert_true(n > 5);
	bus_disown(o);
	bus_close(f->b);
	f->conf.max_bytes = 64u << 20;
	fix_open(f);
	o = own(f, "flow");
	append(f, o, f->payroll, 0, "room again");
	commit(f, o);
	r = reader(f, f->payroll, 0);
	while (bus_next(r, &m, &f->e) == 1 && m.value.n == BUS_VALUE_MAX)
		seen++;
	assert_int_equal(seen, n);
	assert_span(m.value, "room again");
	bus_unread(r);
	bus_disown(o);
	free(big);
}

/* ---- threads ---- */

#define EACH 300

struct writer {
	struct fix *f;
	const char *flow;
	struct err e;
	atomic_int failed;
};

static void *write_many(void *arg)
{
	struct writer *w = arg;
	struct bus_owner *o;
	char text[32];

	w->failed = bus_own(w->f->b, w->flow, &o, &w->e);
	for (int i = 0; i < EACH && !w->failed; i++) {
		struct span s = {text, (size_t)snprintf(text, sizeof text, "%s %d", w->flow, i)};

		w->failed = bus_append(o, w->f->payroll, 0, SPAN("k"), s, &w->e) < 0 ||
			bus_append(o, w->f->payroll, 1, SPAN("k"), s, &w->e) < 0 ||
			bus_position_put(o, w->flow, s, &w->e) < 0 || (i % 5 == 4 && bus_commit(o, &w->e) < 0);
	}
	if (!w->failed)
		bus_disown(o);
	return NULL;
}

static void two_owners_commit_from_two_threads(void **state)
{
	struct fix *f = *state;
	struct writer w[2] = {{f, "one", ERR_INIT, 0}, {f, "two", ERR_INIT, 0}};
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, &w[i]), 0);
	/* Meanwhile somebody reads. */
	for (unsigned p = 0; p < 2; p++) {
		struct bus_reader *r = reader(f, f->payroll, p);
		struct bus_message m;
		int next[2] = {0, 0};
		int64_t last_ms = 0;

		while (next[0] < EACH || next[1] < EACH) {
			char want[32];
			int got = bus_next(r, &m, &f->e), which;

			assert_true(got >= 0);
			if (!got) {
				if (w[0].failed || w[1].failed)
					break;
				usleep(100);
				continue;
			}
			which = span_starts(m.value, SPAN("two"));
			snprintf(want, sizeof want, "%s %d", w[which].flow, next[which]++);
			assert_span(m.value, want);
			assert_true(m.time_ms >= last_ms);
			last_ms = m.time_ms;
		}
		bus_unread(r);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		if (w[i].failed)
			err_print(&w[i].e, ERR_EN, stderr);
		assert_int_equal(w[i].failed, 0);
	}
	expect_position(f, "one", "one 299");
	expect_position(f, "two", "two 299");
}

/* ---- lanes ---- */

/* Three generations of one flow beside another flow, with a fenced commit between: numbers without a gap. */
static void lanes_have_no_gaps(void **state)
{
	struct fix *f = *state;
	struct lane_heads *heads = lane_heads_new();
	struct bus_reader *r = reader(f, f->payroll, 2);
	struct bus_message m;
	unsigned events = 0;

	for (int i = 0; i < 6; i++) {
		const char *flow = i % 3 == 2 ? "other" : "flow", *key = i % 3 == 2 ? "other/lane" : "flow/lane";
		struct bus_owner *o = own(f, flow);
		struct buf before = BUF_INIT, b = BUF_INIT;
		struct lanes *l;

		assert_true(bus_position_get(f->b, key, &before, &f->e) >= 0);
		OK(f->e, lanes_open(f->b, o, (unsigned[]){f->claims, f->payroll}, 2, buf_as_span(&before), 1000, &l,
			&f->e));
		for (int k = 0; k < 10; k++) {
			buf_clear(&b);
			event_begin(&b,
				&(struct event){.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.x")});
			buf_str(&b, "{}");
			OK(f->e, lanes_append(l, f->payroll, (unsigned)k % 4, SPAN("k"), &b, &f->e));
			OK(f->e, lanes_save(l, &f->e));
			if (k == 7 && i == 3)
				bus_disown(own(f, flow));
			if (k % 4 == 3 && bus_commit(o, &f->e) < 0) {
				assert_int_equal(i, 3);
				break;
			}
		}
		if (i != 3)
			commit(f, o);
		lanes_close(l);
		bus_disown(o);
		buf_done(&before);
		buf_done(&b);
	}
	while (bus_next(r, &m, &f->e) == 1) {
		enum lane_verdict verdict;
		struct event v;

		OK(f->e, event_read(m.value, &v, &f->e));
		OK(f->e, lane_heads_check(heads, &v, &verdict, &f->e));
		assert_int_equal(verdict, LANE_NEXT);
		events += !event_is_ours(&v);
	}
	/* k = 2 and 6 of each, but for the one that was fenced before its second commit. */
	assert_int_equal(events, 11);
	lane_heads_free(heads);
	bus_unread(r);
}

#define CASE(f) {#f, f, setup, teardown, NULL}
static const struct CMUnitTest cases[] = {
	CASE(a_commit_is_seen_whole_and_not_before),
	CASE(what_an_owner_leaves_uncommitted_is_gone),
	CASE(all_is_there_after_closing_and_opening),
	CASE(a_large_commit_keeps_its_order),
	CASE(an_empty_key_and_value_come_back_empty),
	CASE(a_position_that_becomes_empty_is_there_no_longer),
	CASE(generations_grow_over_owners_and_openings),
	CASE(a_second_owner_fences_the_first),
	CASE(after_a_failed_commit_an_owner_is_spent),
	CASE(an_unknown_commit_is_done_or_not_as_the_position_says),
	CASE(positions_are_listed_by_prefix_in_order),
	CASE(readers_go_by_offsets_that_grow_and_may_have_holes),
	CASE(times_never_decrease_and_can_be_sought),
	CASE(partitions_do_not_mix),
	CASE(a_look_up_sees_what_its_owner_has_staged_and_nobody_else_does),
	CASE(the_first_record_for_an_id_stays),
	CASE(the_last_record_for_a_claim_wins),
	CASE(the_order_of_commits_counts_not_that_of_partitions),
	CASE(many_staged_entries_are_all_found),
	CASE(an_entry_names_the_place_of_its_record),
	CASE(entries_are_listed_by_prefix_in_order),
	CASE(the_indexes_are_there_after_closing_and_opening),
	CASE(an_act_is_given_once_to_each_owner_until_it_is_done),
	CASE(acts_that_nobody_has_done_can_be_listed),
	CASE(a_store_on_this_host_says_how_full_it_is),
	CASE(another_process_sees_what_is_committed_and_hands_in_an_act),
	CASE(a_second_process_that_would_own_is_refused),
	CASE(the_number_of_partitions_is_fixed_for_life),
	CASE(who_only_looks_makes_nothing),
	CASE(topics_that_nobody_has_asked_for_are_listed),
	CASE(a_bus_that_has_settled_sees_what_was_committed),
	CASE(a_wrong_url_is_refused),
	CASE(limits_are_refused_one_byte_above),
	CASE(a_commit_takes_sixteen_mebibytes_and_refuses_more_without_harm),
	CASE(a_full_store_puts_off_and_goes_on_when_there_is_room),
	CASE(two_owners_commit_from_two_threads),
	CASE(lanes_have_no_gaps),
};

#define NCASES (sizeof cases / sizeof *cases)
#define NDRIVERS (sizeof drivers / sizeof *drivers)

/* bus_contract_test [DRIVER]: over all drivers that need no cluster, or one. */
int main(int argc, char **argv)
{
	static char names[NDRIVERS * NCASES][160];
	static struct CMUnitTest all[NDRIVERS * NCASES];
	size_t n = 0;

	for (size_t d = 0; d < NDRIVERS; d++)
		for (size_t c = 0; c < NCASES; c++) {
			if (argc > 1 ? strcmp(argv[1], drivers[d].driver->scheme) != 0 : drivers[d].cluster)
				continue;
			snprintf(names[n], sizeof names[n], "%s: %s", drivers[d].driver->scheme, cases[c].name);
			all[n] = cases[c];
			all[n].name = names[n];
			all[n++].initial_state = (void *)(uintptr_t)&drivers[d];
		}
	/* The macro counts an array's elements; ours may be filled in part. */
	return _cmocka_run_group_tests("bus contract", all, n, NULL, NULL);
}
