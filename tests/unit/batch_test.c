/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "batch.h"
#include "dead.h"
#include "../contract/hostile.h"
#include "lane.h"
#include "topics.h"

/* Closings that come again, and letters that end: the newest is what counts. */
struct world {
	struct bus *bus;
	struct bus_owner *owner;
	struct lanes *lanes;
	unsigned topics[3];
};

enum { EVENTS, LINES, DEAD };

static void open_world(struct world *w, const char *url, unsigned partitions)
{
	static const char *const names[] = {"jincai.payroll", "jincai.to.bank", TOPIC_DEAD};
	struct bus_conf c = {.url = url, .partitions = partitions, .max_bytes = 256u << 20};
	struct err e;

	OK(e, bus_open_with(&bus_hostile, &c, BUS_OWN, &w->bus, &e));
	for (unsigned i = 0; i < 3; i++)
		OK(e, bus_topic(w->bus, names[i], &w->topics[i], &e));
	OK(e, bus_own(w->bus, "f", &w->owner, &e));
	OK(e, lanes_open(w->bus, w->owner, w->topics, 3, SPAN(""), 0, &w->lanes, &e));
}

static void close_world(struct world *w)
{
	lanes_close(w->lanes);
	bus_disown(w->owner);
	bus_close(w->bus);
}

static void append(struct world *w, unsigned topic, unsigned partition, struct buf *event)
{
	struct err e;

	OK(e, lanes_append(w->lanes, w->topics[topic], partition, SPAN("k"), event, &e));
	OK(e, lanes_save(w->lanes, &e));
	OK(e, bus_commit(w->owner, &e));
	buf_clear(event);
}

static void put_closing(struct world *w, unsigned topic, const struct batch_closing *c)
{
	struct buf b = BUF_INIT;

	batch_closing_write(&b, c, &(struct event){.source = SPAN("s")});
	append(w, topic, c->partition, &b);
	buf_done(&b);
}

static void the_newest_closing_of_a_batch_on_a_partition_is_found(void **state)
{
	struct batch_closing c = {.batchid = SPAN("pay:1:ab"), .adapter = SPAN("pay"), .types = {SPAN("t.v1")}, .ntypes = 1,
		.partition = 1, .published = 4, .failed = 2, .routed = 2}, got;
	struct arena a = ARENA_INIT;
	uint64_t first = 0, at = 0, picked = 0;
	struct picker *p;
	struct world w;
	struct err e;

	(void)state;
	open_world(&w, "hostile:71", 2);
	assert_int_equal(batch_closing_find(w.bus, w.owner, w.topics[LINES], c.batchid, 1, &a, &got, &at, &e), 0);
	put_closing(&w, LINES, &c);
	assert_int_equal(batch_closing_find(w.bus, w.owner, w.topics[LINES], c.batchid, 1, &a, &got, &first, &e), 1);
	p = picker_new(w.bus);
	assert_int_equal(batch_closing_pick(w.bus, p, w.topics[LINES], c.batchid, 1, &a, &got, &picked, &e), 1);
	assert_true(got.failed == 2 && picked == first);
	assert_true(got.published == 4 && got.failed == 2 && got.routed == 2 && got.before == 0 && !got.returned && !got.goes_on);
	c.failed = 1;
	c.routed = 3;
	c.before = 2;
	c.returned = c.goes_on = true;
	put_closing(&w, LINES, &c);
	assert_int_equal(batch_closing_find(w.bus, w.owner, w.topics[LINES], c.batchid, 1, &a, &got, &at, &e), 1);
	assert_true(got.failed == 1 && got.routed == 3 && got.before == 2 && got.returned && got.goes_on && at > first);
	assert_span(got.batchid, "pay:1:ab");
	assert_span(got.types[0], "t.v1");
	assert_int_equal(batch_closing_pick(w.bus, p, w.topics[LINES], c.batchid, 1, &a, &got, &picked, &e), 1);
	assert_true(got.failed == 1 && got.routed == 3 && picked == at);
	assert_span(got.batchid, "pay:1:ab");
	assert_int_equal(batch_closing_pick(w.bus, p, w.topics[EVENTS], c.batchid, 1, &a, &got, &picked, &e), 0);
	picker_free(p);
	assert_int_equal(batch_closing_find(w.bus, w.owner, w.topics[LINES], c.batchid, 0, &a, &got, &at, &e), 0);
	assert_int_equal(batch_closing_find(w.bus, w.owner, w.topics[EVENTS], c.batchid, 1, &a, &got, &at, &e), 0);
	assert_int_equal(batch_closing_find(w.bus, w.owner, w.topics[LINES], SPAN("pay:1"), 1, &a, &got, &at, &e), 0);
	arena_done(&a);
	close_world(&w);
}

/* More partitions than readers are kept, records too large to be kept, an order that goes back: each is the one that was asked for. */
static void records_are_picked_in_any_order(void **state)
{
	enum { PARTITIONS = 12, EACH = 12 };
	uint64_t offsets[2][PARTITIONS][EACH];
	struct buf text = BUF_INIT, want = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct batch_closing got;
	struct bus_message m;
	struct picker *p;
	struct world w;
	struct err e;

	(void)state;
	open_world(&w, "hostile:73", PARTITIONS);
	for (unsigned i = 0; i < EACH; i++)
		for (unsigned t = 0; t < 2; t++)
			for (unsigned n = 0; n < PARTITIONS; n++) {
				const struct batch_closing c = {.batchid = SPAN("b"), .adapter = SPAN("a"), .types = {SPAN("t.v1")}, .ntypes = 1,
					.partition = n, .published = i, .failed = t};

				put_closing(&w, t, &c);
				assert_int_equal(batch_closing_find(w.bus, w.owner, w.topics[t], c.batchid, n, &a, &got, &offsets[t][n][i], &e), 1);
			}
	p = picker_new(w.bus);
	for (unsigned i = 0; i < 3000; i++) {
		const unsigned x = i * 2654435761u >> 8, t = x % 2, n = x / 2 % PARTITIONS, k = x / 64 % EACH;
		const struct bus_entry at = {.topic = w.topics[t], .partition = n, .offset = offsets[t][n][k]};

		assert_int_equal(picker_get(p, &at, &m, &e), 1);
		assert_int_equal(m.offset, at.offset);
		buf_clear(&text);
		buf_span(&text, m.value);
		buf_clear(&want);
		buf_printf(&want, "\"partition\":%u", n);
		assert_non_null(strstr(buf_text(&text), buf_text(&want)));
		buf_clear(&want);
		buf_printf(&want, "\"published\":%u", k);
		assert_non_null(strstr(buf_text(&text), buf_text(&want)));
	}
	assert_int_equal(picker_get(p, &(struct bus_entry){.topic = w.topics[0], .offset = offsets[0][0][EACH - 1] + 5}, &m, &e), 0);
	picker_free(p);
	buf_done(&text);
	buf_done(&want);
	arena_done(&a);
	close_world(&w);
}

static unsigned begun;               /* readers */

static int count_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e)
{
	begun++;
	return bus_hostile.read(b, topic, partition, ret, e);
}

/* On a cluster a reader that begins is a request with its wait. */
static void who_picks_in_order_begins_one_reader_a_partition(void **state)
{
	enum { PARTITIONS = 4, EACH = 30 };
	struct bus_driver counting = bus_hostile;
	struct bus_conf conf = {.url = "hostile:74", .partitions = PARTITIONS, .max_bytes = 64u << 20};
	struct arena a = ARENA_INIT;
	struct batch_closing got;
	struct world w;
	struct picker *p;
	uint64_t offset;
	struct err e;
	char id[16];

	(void)state;
	counting.read = count_read;
	OK(e, bus_open_with(&counting, &conf, BUS_OWN, &w.bus, &e));
	OK(e, bus_topic(w.bus, "jincai.payroll", &w.topics[EVENTS], &e));
	OK(e, bus_own(w.bus, "f", &w.owner, &e));
	OK(e, lanes_open(w.bus, w.owner, w.topics, 1, SPAN(""), 0, &w.lanes, &e));
	for (unsigned i = 0; i < EACH * PARTITIONS; i++) {
		const struct batch_closing c = {.batchid = {id, (size_t)snprintf(id, sizeof id, "b%u", i)}, .adapter = SPAN("a"),
			.types = {SPAN("t.v1")}, .ntypes = 1, .partition = i % PARTITIONS};

		put_closing(&w, EVENTS, &c);
	}
	p = picker_new(w.bus);
	begun = 0;
	for (unsigned i = 0; i < EACH * PARTITIONS; i++)
		for (unsigned again = 0; again < 2; again++) {
			const struct span batch = {id, (size_t)snprintf(id, sizeof id, "b%u", i)};

			assert_int_equal(batch_closing_pick(w.bus, p, w.topics[EVENTS], batch, i % PARTITIONS, &a, &got, &offset, &e), 1);
			assert_span(got.batchid, id);
		}
	assert_int_equal(begun, PARTITIONS);
	picker_free(p);
	arena_done(&a);
	close_world(&w);
}

static void a_letter_is_open_until_its_flow_says_what_became_of_it(void **state)
{
	static const struct dead_letter d = {.flow = {"router", 6}, .batchid = {"b", 1}, .kind = {"dead", 4}, .code = {"c", 1},
		.place = {"jincai.payroll/0@7", 18}, .raw = {"{}", 2}};
	struct buf b = BUF_INIT, copy = BUF_INIT;
	char is[16] = "", digest[65];
	struct event letter;
	struct world w;
	uint64_t at = 0, ended;
	struct err e;

	(void)state;
	open_world(&w, "hostile:72", 2);
	assert_int_equal(dead_state(w.bus, w.owner, SPAN("router:b:jincai.payroll%2F0%407"), is, &at, &e), 0);
	dead_write(&copy, &d, 1796112000123);
	buf_span(&b, buf_as_span(&copy));
	event_stamp(&copy, SPAN("f.1"), 1);
	OK(e, event_read(buf_as_span(&copy), &letter, &e));
	append(&w, DEAD, 0, &b);
	assert_int_equal(dead_state(w.bus, w.owner, letter.id, is, &at, &e), 1);
	assert_string_equal(is, "dead");
	assert_true(dead_is_open(is));
	dead_digest(&letter, digest);
	assert_int_equal(strlen(digest), 64);
	dead_ended_write(&b, &letter, "retried", SPAN("retry-1"), SPAN("s"), 1796112000124);
	append(&w, DEAD, 0, &b);
	assert_int_equal(dead_state(w.bus, w.owner, letter.id, is, &ended, &e), 1);
	assert_string_equal(is, "retried");
	assert_true(!dead_is_open(is) && ended > at);
	buf_done(&b);
	buf_done(&copy);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_closing_of_a_batch_on_a_partition_is_found),
		cmocka_unit_test(records_are_picked_in_any_order),
		cmocka_unit_test(who_picks_in_order_begins_one_reader_a_partition),
		cmocka_unit_test(a_letter_is_open_until_its_flow_says_what_became_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
