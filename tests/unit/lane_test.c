/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "../contract/hostile.h"
#include "lane.h"

/* ---- the reading side: one row a story ---- */

/* A step is "LANE NUMBER" or "LANE opens [PREDECESSOR LAST]"; want is "next", "repeat" or the error's name. */
struct step {
	const char *event, *want;
};

struct story {
	const char *name;
	struct step steps[8];
};

static const struct story stories[] = {
	{"a lane is read from its opening on, number by number",
		{{"a.1 opens", "next"}, {"a.1 2", "next"}, {"a.1 3", "next"}, {"a.1 4", "next"}}},
	{"a missing number is a gap",
		{{"a.1 opens", "next"}, {"a.1 2", "next"}, {"a.1 4", "lane.gap"}}},
	{"a number that was seen is a repeat and moves nothing",
		{{"a.1 opens", "next"}, {"a.1 2", "next"}, {"a.1 2", "repeat"}, {"a.1 opens", "repeat"}, {"a.1 3", "next"}}},
	{"a lane that never opened here is a fork",
		{{"a.1 opens", "next"}, {"b.1 2", "lane.fork"}}},
	{"a lane that does not begin with its opening is a fork",
		{{"a.1 1", "lane.fork"}}},
	{"a new lane without a predecessor needs none when its flow is new",
		{{"a.7 opens", "next"}, {"b.2 opens", "next"}, {"a.7 2", "next"}, {"b.2 2", "next"}}},
	{"a successor names the last number of the one before",
		{{"a.1 opens", "next"}, {"a.1 2", "next"}, {"a.4 opens a.1 2", "next"}, {"a.4 2", "next"}}},
	{"a successor that knows more than was seen shows a gap",
		{{"a.1 opens", "next"}, {"a.1 2", "next"}, {"a.2 opens a.1 3", "lane.gap"}}},
	{"a successor that knows less than was seen shows a fork",
		{{"a.1 opens", "next"}, {"a.1 2", "next"}, {"a.1 3", "next"}, {"a.2 opens a.1 2", "lane.fork"}}},
	{"a lane that goes on after its successor opened is a fork",
		{{"a.1 opens", "next"}, {"a.2 opens a.1 1", "next"}, {"a.1 2", "lane.fork"}}},
	{"a lane that ended cannot open again",
		{{"a.1 opens", "next"}, {"a.2 opens a.1 1", "next"}, {"a.1 opens", "lane.fork"}}},
	{"two successors of one lane are a fork",
		{{"a.1 opens", "next"}, {"a.2 opens a.1 1", "next"}, {"a.3 opens a.1 1", "lane.fork"}}},
	{"a flow that forgot its predecessor is a fork",
		{{"a.1 opens", "next"}, {"a.2 opens", "lane.fork"}}},
	{"a successor of a lane that was never seen is a fork",
		{{"a.2 opens a.1 5", "lane.fork"}}},
	{"flows with alike names do not mix",
		{{"pay.1 opens", "next"}, {"pay.a.1 opens", "next"}, {"pa.1 opens", "next"}, {"pay.a.1 2", "next"},
			{"pay.1 2", "next"}, {"pa.1 3", "lane.gap"}}},
	{"an event without a lane is a fork",
		{{"a.1 opens", "next"}, {" 2", "lane.fork"}}},
	{"a lane without a generation is a fork",
		{{"a opens", "lane.fork"}, {"a.x opens", "lane.fork"}, {"a. opens", "lane.fork"}, {".1 opens", "lane.fork"},
			{"a.01 opens", "lane.fork"}}},
	{"number nought is a fork",
		{{"a.1 opens", "next"}, {"a.1 0", "lane.fork"}}},
};

static struct event event_of(const char *step, char data[128])
{
	struct event v = {.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.line.v1"), .data = SPAN("{}")};
	const char *word = strchr(step, ' ') + 1, *more;

	v.lane = (struct span){step, (size_t)(word - 1 - step)};
	if (strncmp(word, "opens", 5) != 0) {
		v.laneseq = strtoull(word, NULL, 10);
		return v;
	}
	v.type = SPAN(EVENT_LANE_OPENED);
	v.laneseq = 1;
	more = strchr(word, ' ');
	if (more) {
		const char *last = strchr(more + 1, ' ');

		snprintf(data, 128, "{\"predecessor\":\"%.*s\",\"last\":\"%s\"}", (int)(last - more - 1), more + 1, last + 1);
		v.data = span_of(data);
	}
	return v;
}

static void heads_through_text(struct lane_heads **h)
{
	struct lane_heads *copy = lane_heads_new();
	struct buf text = BUF_INIT, again = BUF_INIT;
	struct err e = ERR_INIT;
	json_t *object;

	lane_heads_write(*h, &text);
	object = json_loadb(text.p, text.n, 0, NULL);
	OK(e, lane_heads_read(copy, object, &e));
	lane_heads_write(copy, &again);
	assert_int_equal(text.n, again.n);
	assert_memory_equal(text.p, again.p, text.n);
	json_decref(object);
	lane_heads_free(*h);
	*h = copy;
	buf_done(&text);
	buf_done(&again);
}

/* Told twice: with heads kept in memory, and with heads that go through their text before each event. */
static void tell(const struct story *s, bool through_text)
{
	struct lane_heads *h = lane_heads_new();

	for (const struct step *step = s->steps; step < s->steps + 8 && step->event; step++) {
		enum lane_verdict verdict = 99;
		struct err e = ERR_INIT;
		char data[128];
		struct event v = event_of(step->event, data);
		int r;

		if (through_text)
			heads_through_text(&h);
		r = lane_heads_check(h, &v, &verdict, &e);
		if (strcmp(r < 0 ? err_code(e.id)->name : verdict == LANE_REPEAT ? "repeat" : "next", step->want) != 0)
			fail_msg("%s: at “%s”", s->name, step->event);
		if (r < 0)
			assert_int_equal(err_kind(&e), ERR_HALT);
	}
	lane_heads_free(h);
}

static void every_story_of_a_reader(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
		tell(&stories[i], false);
		tell(&stories[i], true);
	}
}

static void a_gap_says_what_is_missing(void **state)
{
	struct lane_heads *h = lane_heads_new();
	enum lane_verdict verdict;
	struct err e = ERR_INIT;
	char data[128];
	struct event v = event_of("a.1 opens", data);

	(void)state;
	OK(e, lane_heads_check(h, &v, &verdict, &e));
	v = event_of("a.1 5", data);
	FAILS(e, "lane.gap", lane_heads_check(h, &v, &verdict, &e));
	assert_string_equal(err_arg(&e, "lane"), "a.1");
	assert_string_equal(err_arg(&e, "want"), "2");
	assert_string_equal(err_arg(&e, "got"), "5");
	lane_heads_free(h);
}

static void heads_that_are_none_are_refused(void **state)
{
	static const char *const texts[] = {"[]", "{\"a.1\":0}", "{\"a.1\":\"1\"}", "{\"a\":1}",
		"{\"a.1\":1,\"a.2\":1}", "{\"a.1\":-3}"};
	struct lane_heads *h = lane_heads_new();
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *object = json_loads(texts[i], 0, NULL);

		FAILS(e, "lane.state", lane_heads_read(h, object, &e));
		json_decref(object);
	}
	FAILS(e, "lane.state", lane_heads_read(h, NULL, &e));
	lane_heads_free(h);
}

/* ---- the writing side ---- */

struct site {
	struct bus *b;
	unsigned payroll, asset;
	struct err e;
};

static void site_open(struct site *s)
{
	*s = (struct site){0};
	OK(s->e, bus_open_with(&bus_hostile, &(struct bus_conf){.url = "hostile:5", .partitions = 2}, BUS_OWN, &s->b,
		&s->e));
	OK(s->e, bus_topic(s->b, "jincai.payroll", &s->payroll, &s->e));
	OK(s->e, bus_topic(s->b, "jincai.asset", &s->asset, &s->e));
}

static void site_close(struct site *s)
{
	bus_close(s->b);
	hostile_forget();
}

/* One life of the flow: opens lanes on the topics, appends n events to each partition of them, commits. */
static void live(struct site *s, const unsigned *topics, unsigned ntopics, unsigned n)
{
	struct bus_owner *o;
	struct buf before = BUF_INIT, b = BUF_INIT;
	struct lanes *l;

	OK(s->e, bus_own(s->b, "flow", &o, &s->e));
	assert_true(bus_position_get(s->b, "flow/lane", &before, &s->e) >= 0);
	OK(s->e, lanes_open(s->b, o, topics, ntopics, buf_as_span(&before), 1000, &l, &s->e));
	for (unsigned i = 0; i < ntopics * 2 * n; i++) {
		buf_clear(&b);
		event_begin(&b, &(struct event){.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.x")});
		buf_str(&b, "{}");
		OK(s->e, lanes_append(l, topics[i / 2 % ntopics], i % 2, SPAN("k"), &b, &s->e));
	}
	OK(s->e, lanes_save(l, &s->e));
	OK(s->e, bus_commit(o, &s->e));
	lanes_close(l);
	bus_disown(o);
	buf_done(&before);
	buf_done(&b);
}

/* Reads a partition to its end as a reader would, and gives the number of events that are not the bus's own. */
static unsigned read_all(struct site *s, unsigned topic, unsigned partition)
{
	struct lane_heads *h = lane_heads_new();
	enum lane_verdict verdict;
	struct bus_reader *r;
	struct bus_message m;
	struct event v;
	unsigned n = 0;

	OK(s->e, bus_read(s->b, topic, partition, &r, &s->e));
	while (bus_next(r, &m, &s->e) == 1) {
		OK(s->e, event_read(m.value, &v, &s->e));
		OK(s->e, lane_heads_check(h, &v, &verdict, &s->e));
		assert_int_equal(verdict, LANE_NEXT);
		n += !event_is_ours(&v);
	}
	bus_unread(r);
	lane_heads_free(h);
	return n;
}

static void generations_follow_each_other_without_a_gap(void **state)
{
	struct site s;

	(void)state;
	site_open(&s);
	for (unsigned n = 1; n <= 4; n++)
		live(&s, (unsigned[]){s.payroll, s.asset}, 2, n);
	for (unsigned p = 0; p < 2; p++) {
		assert_int_equal(read_all(&s, s.payroll, p), 10);
		assert_int_equal(read_all(&s, s.asset, p), 10);
	}
	site_close(&s);
}

static void a_life_that_writes_nothing_opens_nothing(void **state)
{
	struct site s;
	uint64_t end;

	(void)state;
	site_open(&s);
	live(&s, (unsigned[]){s.payroll}, 1, 0);
	OK(s.e, bus_end(s.b, s.payroll, 0, &end, &s.e));
	assert_int_equal(end, 0);
	live(&s, (unsigned[]){s.payroll}, 1, 2);
	live(&s, (unsigned[]){s.payroll}, 1, 0);
	live(&s, (unsigned[]){s.payroll}, 1, 2);
	assert_int_equal(read_all(&s, s.payroll, 0), 4);
	site_close(&s);
}

static void a_topic_that_comes_late_or_goes_and_comes_back_keeps_its_chain(void **state)
{
	struct site s;

	(void)state;
	site_open(&s);
	live(&s, (unsigned[]){s.payroll}, 1, 1);
	live(&s, (unsigned[]){s.payroll, s.asset}, 2, 1);
	live(&s, (unsigned[]){s.payroll}, 1, 1);
	live(&s, (unsigned[]){s.asset}, 1, 1);
	live(&s, (unsigned[]){s.asset, s.payroll}, 2, 1);
	assert_int_equal(read_all(&s, s.payroll, 1), 4);
	assert_int_equal(read_all(&s, s.asset, 1), 3);
	site_close(&s);
}

static void one_more(struct site *s, struct lanes *l, unsigned topic)
{
	struct buf b = BUF_INIT;

	event_begin(&b, &(struct event){.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.x")});
	buf_str(&b, "{}");
	OK(s->e, lanes_append(l, topic, 1, SPAN("k"), &b, &s->e));
	buf_done(&b);
}

static void a_topic_that_is_added_amid_a_life_opens_there(void **state)
{
	struct bus_owner *o;
	struct lanes *l;
	struct site s;

	(void)state;
	site_open(&s);
	OK(s.e, bus_own(s.b, "flow", &o, &s.e));
	OK(s.e, lanes_open(s.b, o, &s.payroll, 1, SPAN_NONE, 1000, &l, &s.e));
	one_more(&s, l, s.payroll);
	lanes_add(l, s.asset);
	lanes_add(l, s.asset);
	one_more(&s, l, s.payroll);
	one_more(&s, l, s.asset);
	OK(s.e, lanes_save(l, &s.e));
	OK(s.e, bus_commit(o, &s.e));
	lanes_close(l);
	bus_disown(o);
	live(&s, (unsigned[]){s.payroll, s.asset}, 2, 1);
	assert_int_equal(read_all(&s, s.payroll, 1), 3);
	assert_int_equal(read_all(&s, s.asset, 1), 2);
	assert_int_equal(read_all(&s, s.asset, 0), 1);
	site_close(&s);
}

static void a_position_that_is_none_is_refused(void **state)
{
	static const char *const texts[] = {"x", "[]", "{\"t\":1}", "{\"t\":{\"lane\":\"a.1\"}}",
		"{\"t\":{\"lane\":1,\"last\":[1]}}", "{\"t\":{\"lane\":\"a.1\",\"last\":[0]}}",
		"{\"t\":{\"lane\":\"a.1\",\"last\":[\"1\"]}}"};
	struct bus_owner *o;
	struct lanes *l;
	struct site s;

	(void)state;
	site_open(&s);
	OK(s.e, bus_own(s.b, "flow", &o, &s.e));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		FAILS(s.e, "lane.state", lanes_open(s.b, o, &s.payroll, 1, span_of(texts[i]), 0, &l, &s.e));
	bus_disown(o);
	site_close(&s);
}

static void a_position_with_too_few_partitions_is_refused(void **state)
{
	struct buf b = BUF_INIT;
	struct bus_owner *o;
	struct lanes *l;
	struct site s;

	(void)state;
	site_open(&s);
	OK(s.e, bus_own(s.b, "flow", &o, &s.e));
	OK(s.e, lanes_open(s.b, o, &s.payroll, 1, SPAN("{\"jincai.payroll\":{\"lane\":\"flow.1\",\"last\":[4]}}"), 0,
		&l, &s.e));
	event_begin(&b, &(struct event){.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.x")});
	buf_str(&b, "{}");
	FAILS(s.e, "lane.state", lanes_append(l, s.payroll, 0, SPAN("k"), &b, &s.e));
	lanes_close(l);
	bus_disown(o);
	buf_done(&b);
	site_close(&s);
}

static int append_one(struct site *s, struct lanes *l, unsigned partition)
{
	struct buf b = BUF_INIT;
	int ret;

	event_begin(&b, &(struct event){.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.x")});
	buf_str(&b, "{}");
	ret = lanes_append(l, s->payroll, partition, SPAN("k"), &b, &s->e);
	buf_done(&b);
	return ret;
}

static uint64_t end_of(struct site *s, unsigned partition)
{
	uint64_t end;

	OK(s->e, bus_end(s->b, s->payroll, partition, &end, &s->e));
	return end;
}

/* Who reads one partition outside looks for a single row of lanes there. */
static void a_flow_of_one_partition_opens_its_lane_on_that_one_alone(void **state)
{
	struct buf before = BUF_INIT;
	struct bus_owner *o;
	struct lanes *l;
	struct site s;

	(void)state;
	site_open(&s);
	for (unsigned life = 0; life < 2; life++) {
		OK(s.e, bus_own(s.b, "flow", &o, &s.e));
		OK(s.e, lanes_open(s.b, o, &s.payroll, 1, buf_as_span(&before), 0, &l, &s.e));
		lanes_only(l, 1);
		OK(s.e, append_one(&s, l, 1));
		OK(s.e, lanes_save(l, &s.e));
		OK(s.e, bus_commit(o, &s.e));
		lanes_close(l);
		bus_disown(o);
		buf_clear(&before);
		assert_int_equal(bus_position_get(s.b, "flow/lane", &before, &s.e), 1);
	}
	assert_non_null(strstr(buf_text(&before), "\"last\":[0,2"));
	assert_int_equal(end_of(&s, 0), 0);
	assert_true(end_of(&s, 1) >= 4);
	/* One that writes all of them would have no beginning on the others. */
	OK(s.e, bus_own(s.b, "flow", &o, &s.e));
	OK(s.e, lanes_open(s.b, o, &s.payroll, 1, buf_as_span(&before), 0, &l, &s.e));
	s.e = ERR_INIT;
	assert_int_equal(append_one(&s, l, 0), -1);
	assert_string_equal(err_code(s.e.id)->name, "lane.state");
	lanes_close(l);
	bus_disown(o);
	buf_done(&before);
	site_close(&s);
}

struct walk {
	unsigned seen, stop_at;
};

static int count_one(void *arg, const struct event *v, struct err *e)
{
	struct walk *w = arg;

	assert_true(v->id.n > 0);
	if (++w->seen != w->stop_at)
		return 0;
	return w->stop_at > 2 ? 7 : err_set(e, E_LANE_STATE, "flow=x");
}

static void each_event_of_a_type_is_given_until_one_ends_it(void **state)
{
	static const struct {
		const char *topic, *type;
		unsigned stop_at, seen;
		int want;
	} rows[] = {
		{"jincai.payroll", NULL, 0, 6, 0},       /* on each of two partitions an opening and two */
		{"jincai.payroll", EVENT_LANE_OPENED, 0, 2, 0},
		{"jincai.payroll", "payroll.none.v1", 0, 0, 0},
		{"jincai.payroll", NULL, 5, 5, 7},
		{"jincai.payroll", NULL, 2, 2, -1},
	};
	struct site s;

	(void)state;
	site_open(&s);
	live(&s, &s.payroll, 1, 2);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct walk w = {0, rows[i].stop_at};

		assert_int_equal(lane_each(s.b, rows[i].topic, rows[i].type, 0, count_one, &w, &s.e), rows[i].want);
		assert_int_equal(w.seen, rows[i].seen);
	}
	site_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_of_a_type_is_given_until_one_ends_it),
		cmocka_unit_test(every_story_of_a_reader),
		cmocka_unit_test(a_gap_says_what_is_missing),
		cmocka_unit_test(heads_that_are_none_are_refused),
		cmocka_unit_test(generations_follow_each_other_without_a_gap),
		cmocka_unit_test(a_life_that_writes_nothing_opens_nothing),
		cmocka_unit_test(a_topic_that_comes_late_or_goes_and_comes_back_keeps_its_chain),
		cmocka_unit_test(a_topic_that_is_added_amid_a_life_opens_there),
		cmocka_unit_test(a_position_that_is_none_is_refused),
		cmocka_unit_test(a_position_with_too_few_partitions_is_refused),
		cmocka_unit_test(a_flow_of_one_partition_opens_its_lane_on_that_one_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
