/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "gather.h"

/* One batch as a destination sees it: lines and closings in any order, and what is to become of it. */
enum what { LINE, ALREADY, CLOSE, LAST, AGAIN, RETURNED, GOES_ON, ASIDE, JUDGE, END };

struct step {
	enum what what;
	unsigned partition;
	uint64_t published, failed, routed, before;  /* of a closing */
};

static const struct story {
	const char *name;
	bool whole;
	struct step steps[8];
	enum gather_verdict verdict;
	const char *why;
} stories[] = {
	{"one partition, closed: it goes", true, {{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"no closing: it waits", true, {{LINE, 0, 0, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_OPEN, ""},
	{"one of two partitions closed: it waits", true, {{LINE, 0, 0, 0, 0, 0}, {LAST, 1, 0, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_OPEN, ""},
	{"the last closing came first: it goes when the other is in", true,
		{{LAST, 1, 0, 0, 0, 0}, {LINE, 0, 0, 0, 0, 0}, {CLOSE, 0, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"a line failed for another destination: held", true, {{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 1, 1, 0}, {END, 0, 0, 0, 0, 0}},
		GATHER_HOLD, "gather.failed"},
	{"a line failed on the other partition: held", true,
		{{LINE, 0, 0, 0, 0, 0}, {CLOSE, 0, 1, 0, 1, 0}, {LAST, 1, 0, 1, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_HOLD, "gather.failed"},
	{"a line failed in what goes by record: the others go", false, {{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 1, 1, 0}, {END, 0, 0, 0, 0, 0}},
		GATHER_READY, ""},
	{"no line for this destination: nothing", true, {{LAST, 0, 1, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_NOTHING, ""},
	{"every line was given before: nothing", true, {{ALREADY, 0, 0, 0, 0, 0}, {LAST, 0, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_NOTHING, ""},
	{"some lines were given before: held", true, {{ALREADY, 0, 0, 0, 0, 0}, {LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 0, 2, 0}, {END, 0, 0, 0, 0, 0}},
		GATHER_HOLD, "gather.already"},
	{"some lines of what goes by record were given before: the others go", false,
		{{ALREADY, 0, 0, 0, 0, 0}, {LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 0, 2, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"held; then its line comes and a closing without a failure: it goes", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 1, 1, 0}, {JUDGE, 0, 0, 0, 0, 0}, {LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 0, 2, 1},
			{END, 0, 0, 0, 0, 0}}, GATHER_READY, "gather.failed"},
	{"held; one of two failures is made good: held", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 3, 2, 1, 0}, {JUDGE, 0, 0, 0, 0, 0}, {LINE, 0, 0, 0, 0, 0}, {LAST, 0, 3, 1, 2, 1},
			{END, 0, 0, 0, 0, 0}}, GATHER_HOLD, "gather.failed"},
	{"held; its line comes and the closing not yet: it waits", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 1, 1, 0}, {JUDGE, 0, 0, 0, 0, 0}, {LINE, 0, 0, 0, 0, 0}, {END, 0, 0, 0, 0, 0}},
		GATHER_OPEN, "gather.failed"},
	{"by record, gone before: the new line goes and no other partition is waited for", false,
		{{LINE, 1, 0, 0, 0, 0}, {AGAIN, 1, 3, 0, 3, 2}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"by record, gone before, nothing had been for this one: the new line goes", false,
		{{LINE, 1, 0, 0, 0, 0}, {AGAIN, 1, 3, 0, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"by record, gone before: a new line on another partition waits for its closing", false,
		{{LINE, 1, 0, 0, 0, 0}, {AGAIN, 1, 3, 0, 3, 2}, {LINE, 0, 0, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_OPEN, ""},
	{"by record, gone before: a closing that comes again brings nothing", false, {{AGAIN, 1, 3, 1, 2, 2}, {END, 0, 0, 0, 0, 0}},
		GATHER_NOTHING, ""},
	{"held and returned: it ends", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 1, 1, 0}, {JUDGE, 0, 0, 0, 0, 0}, {RETURNED, 0, 2, 1, 1, 1}, {END, 0, 0, 0, 0, 0}},
		GATHER_RETURNED, "gather.failed"},
	{"returned before it was ever judged: it ends", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 0, 1, 0}, {RETURNED, 0, 2, 0, 1, 1}, {END, 0, 0, 0, 0, 0}}, GATHER_RETURNED, ""},
	{"returned on one of two partitions: it goes nowhere, and waits for the other", true,
		{{LINE, 0, 0, 0, 0, 0}, {CLOSE, 0, 1, 0, 1, 0}, {LAST, 1, 0, 0, 0, 0}, {RETURNED, 0, 1, 0, 1, 1}, {END, 0, 0, 0, 0, 0}},
		GATHER_OPEN, ""},
	{"put aside: nothing of it goes, whatever comes", true,
		{{LINE, 0, 0, 0, 0, 0}, {ASIDE, 0, 0, 0, 0, 0}, {LAST, 0, 1, 0, 1, 0}, {LAST, 0, 1, 0, 1, 1}, {END, 0, 0, 0, 0, 0}}, GATHER_OPEN, ""},
	{"put aside before its first line came: nothing of it goes", true,
		{{ASIDE, 0, 0, 0, 0, 0}, {LINE, 0, 0, 0, 0, 0}, {LAST, 0, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_OPEN, ""},
	{"put aside, and told to go on: it goes", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 1, 0, 1, 0}, {ASIDE, 0, 0, 0, 0, 0}, {GOES_ON, 0, 1, 0, 1, 1}, {END, 0, 0, 0, 0, 0}},
		GATHER_READY, ""},
	{"put aside and returned: it ends", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 1, 0, 1, 0}, {ASIDE, 0, 0, 0, 0, 0}, {RETURNED, 0, 1, 0, 1, 1}, {END, 0, 0, 0, 0, 0}},
		GATHER_RETURNED, ""},
	{"a later closing takes the place of the earlier", true,
		{{LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 1, 1, 0}, {LINE, 0, 0, 0, 0, 0}, {LAST, 0, 2, 0, 2, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
};

/* The same of a destination that gathers partition 1 alone. */
static const struct story parted[] = {
	{"its partition is closed: it goes, no other is waited for", false, {{LINE, 1, 0, 0, 0, 0}, {CLOSE, 1, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}},
		GATHER_READY, ""},
	{"no closing: it waits", false, {{LINE, 1, 0, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_OPEN, ""},
	{"no line for this destination: nothing", false, {{CLOSE, 1, 3, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_NOTHING, ""},
	{"every line was given before: nothing", false, {{ALREADY, 1, 0, 0, 0, 0}, {CLOSE, 1, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_NOTHING, ""},
	{"one failed: the others go", false, {{LINE, 1, 0, 0, 0, 0}, {CLOSE, 1, 2, 1, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"gone before: the new line goes", false, {{LINE, 1, 0, 0, 0, 0}, {AGAIN, 1, 3, 0, 3, 2}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"closed, and a line more has come: it waits for the closing behind it", false,
		{{LINE, 1, 0, 0, 0, 0}, {CLOSE, 1, 2, 1, 1, 0}, {LINE, 1, 0, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_OPEN, ""},
	{"and goes with it", false,
		{{LINE, 1, 0, 0, 0, 0}, {CLOSE, 1, 2, 1, 1, 0}, {LINE, 1, 0, 0, 0, 0}, {AGAIN, 1, 2, 0, 2, 1}, {END, 0, 0, 0, 0, 0}}, GATHER_READY, ""},
	{"released whole: held", true, {{LINE, 1, 0, 0, 0, 0}, {CLOSE, 1, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_HOLD, "gather.whole"},
	{"released whole, and nothing of it for this destination: nothing", true, {{CLOSE, 1, 1, 0, 0, 0}, {END, 0, 0, 0, 0, 0}}, GATHER_NOTHING, ""},
	{"put aside: nothing of it goes", false, {{LINE, 1, 0, 0, 0, 0}, {ASIDE, 1, 0, 0, 0, 0}, {CLOSE, 1, 1, 0, 1, 0}, {END, 0, 0, 0, 0, 0}},
		GATHER_OPEN, ""},
	{"returned: it ends", false, {{LINE, 1, 0, 0, 0, 0}, {CLOSE, 1, 1, 0, 1, 0}, {RETURNED, 1, 1, 0, 1, 1}, {END, 0, 0, 0, 0, 0}},
		GATHER_RETURNED, ""},
};

/* Written and read back. */
static struct gathering *again(struct gathering *g)
{
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct gathering *h;
	json_t *o;
	struct err e;

	gathering_write(g, &a);
	o = json_loadb(a.p, a.n, 0, NULL);
	assert_non_null(o);
	h = gathering_read(o, &e);
	assert_non_null(h);
	gathering_write(h, &b);
	assert_string_equal(buf_text(&a), buf_text(&b));
	json_decref(o);
	buf_done(&a);
	buf_done(&b);
	gathering_free(g);
	return h;
}

static void take(struct gathering *g, const struct step *s, uint64_t all, bool whole)
{
	struct batch_closing c = {.batchid = SPAN("b"), .whole = whole, .partition = s->partition, .published = s->published,
		.failed = s->failed, .routed = s->routed, .before = s->before, .again = s->what >= AGAIN,
		.returned = s->what == RETURNED, .goes_on = s->what == GOES_ON, .last = s->what == LAST, .all = all, .npartitions = 1};
	struct err e;

	if (s->what == LINE || s->what == ALREADY)
		g->parts[s->partition].lines++;
	if (s->what == ALREADY)
		g->already++;
	if (s->what == LINE)
		OK(e, gathering_add(g, SPAN("CNY"), 150, true, &e));
	if (s->what == JUDGE)
		gathering_judge(g);
	if (s->what == ASIDE)
		g->aside = true;
	if (s->what == LINE || s->what == ALREADY || s->what == JUDGE || s->what == ASIDE)
		return;
	c.partitions[0] = s->partition;
	if (s->partition == 1)
		c.partitions[c.npartitions++] = 0;
	OK(e, gathering_close(g, &c, &e));
}

static enum gather_verdict judge(struct gathering *g, bool part)
{
	return part ? gathering_judge_part(g, 1) : gathering_judge(g);
}

static void tell(const struct story *list, size_t n, bool part)
{
	for (size_t i = 0; i < n; i++)
		/* Once at a stretch, once with a new start behind every record. */
		for (unsigned starts = 0; starts < 2; starts++) {
			const struct story *x = &list[i];
			struct gathering *g = gathering_new(SPAN("b"));
			uint64_t all = 0;
			enum gather_verdict got;

			for (const struct step *s = x->steps; s->what != END; s++)
				if (s->what == CLOSE || s->what == LAST)
					all = s->published > all ? s->published : all;
			for (const struct step *s = x->steps; s->what != END; s++) {
				take(g, s, all, x->whole);
				g = starts ? again(g) : g;
			}
			got = judge(g, part);
			if (got != x->verdict || strcmp(g->why, x->why) != 0)
				fail_msg("%s: verdict %d (%s)", x->name, got, g->why);
			/* What is held stays held, and says so after a start. */
			if (got == GATHER_HOLD) {
				g = again(g);
				assert_int_equal(judge(g, part), GATHER_OPEN);
				assert_true(g->held);
			}
			gathering_free(g);
		}
}

static void each_story_ends_as_told(void **state)
{
	(void)state;
	tell(stories, sizeof stories / sizeof *stories, false);
}

static void each_story_of_a_partition_ends_as_told(void **state)
{
	(void)state;
	tell(parted, sizeof parted / sizeof *parted, true);
}

static void ranges_are_the_exact_places(void **state)
{
	static const struct parcel_range want[] = {{0, 4, 5}, {1, 9, 9}, {0, 7, 7}};
	struct gathering *g = gathering_new(SPAN("b"));

	(void)state;
	gathering_place(g, 0, 4, false);
	gathering_place(g, 0, 5, true);
	gathering_place(g, 1, 9, false);
	gathering_place(g, 0, 7, true);              /* it follows, but the last range is of another partition */
	g = again(g);
	assert_int_equal(g->nranges, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(g->ranges[i].partition, want[i].partition);
		assert_int_equal(g->ranges[i].first, want[i].first);
		assert_int_equal(g->ranges[i].last, want[i].last);
	}
	gathering_free(g);
}

static void sums_are_kept_by_currency(void **state)
{
	struct gathering *g = gathering_new(SPAN("b"));
	struct err e;

	(void)state;
	OK(e, gathering_add(g, SPAN("CNY"), 150, true, &e));
	OK(e, gathering_add(g, SPAN("GBP"), -20, true, &e));
	OK(e, gathering_add(g, SPAN("CNY"), 0, false, &e));
	g = again(g);
	assert_int_equal(g->count, 3);
	assert_int_equal(g->nsums, 2);
	assert_string_equal(g->sums[0].currency, "CNY");
	assert_int_equal(g->sums[0].sum.count, 2);
	assert_int_equal(g->sums[0].sum.plus, 150);
	assert_int_equal(g->sums[0].sum.unreadable, 1);
	assert_int_equal(g->sums[1].sum.minus, -20);
	FAILS(e, "money.range", gathering_add(g, SPAN("CNY"), INT64_MAX, true, &e));
	gathering_free(g);
}

static void lines_that_the_router_did_not_write_stop_it(void **state)
{
	struct gathering *g = gathering_new(SPAN("b"));
	struct batch_closing c = {.batchid = SPAN("b"), .routed = 2, .published = 2};
	struct err e;

	(void)state;
	g->parts[0].lines = 1;
	FAILS(e, "gather.lines", gathering_close(g, &c, &e));
	c.partition = GATHER_PARTITIONS_MAX;
	FAILS(e, "gather.state", gathering_close(g, &c, &e));
	gathering_free(g);
}

static void a_state_that_is_none_is_refused(void **state)
{
	static const char *const texts[] = {"{}", "{\"batch\":\"b\"}", "{\"batch\":\"b\",\"sums\":[[\"CNY\",1,\"x\",\"0.00\",0]]}",
		"{\"batch\":\"b\",\"sums\":[[1]]}", NULL};

	(void)state;
	for (unsigned i = 0; texts[i]; i++) {
		json_t *o = json_loads(texts[i], 0, NULL);
		struct err e;

		assert_null(gathering_read(o, &e));
		assert_string_equal(err_code(e.id)->name, "gather.state");
		json_decref(o);
	}
}

/* ---- closings, parcels ---- */

static void a_closing_comes_back_as_written(void **state)
{
	struct batch_closing c = {.batchid = SPAN("b:1"), .adapter = SPAN("a"), .whole = true,
		.types = {SPAN("payroll.line.v1"), SPAN("payroll.batch.withdrawn.v1")}, .ntypes = 2, .partition = 3, .published = 7, .failed = 1, .routed = 5, .last = true, .npartitions = 2, .partitions = {0, 3}, .all = 9};
	struct event attributes = {.source = SPAN("/s"), .time = SPAN("2026-12-01T00:00:00Z")}, v;
	struct batch_closing got;
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	batch_closing_write(&b, &c, &attributes);
	event_stamp(&b, SPAN("a.1"), 1);
	OK(e, event_read(buf_as_span(&b), &v, &e));
	FAILS(e, "batch.closing", batch_closing_read(&v, 0, &a, &got, &e));
	OK(e, batch_closing_read(&v, 3, &a, &got, &e));
	assert_span(got.batchid, "b:1");
	assert_int_equal(got.ntypes, 2);
	assert_span(got.types[0], "payroll.line.v1");
	assert_span(got.types[1], "payroll.batch.withdrawn.v1");
	assert_true(got.whole && got.last);
	assert_int_equal(got.partition, 3);
	assert_int_equal(got.published, 7);
	assert_int_equal(got.failed, 1);
	assert_int_equal(got.routed, 5);
	assert_int_equal(got.all, 9);
	assert_int_equal(got.npartitions, 2);
	assert_int_equal(got.partitions[1], 3);
	v.data = SPAN("{\"adapter\":\"a\",\"type\":\"payroll.line.v1\"}");  /* as it was written once */
	OK(e, batch_closing_read(&v, 0, &a, &got, &e));
	assert_int_equal(got.ntypes, 1);
	assert_span(got.types[0], "payroll.line.v1");
	v.data = SPAN("{\"adapter\":\"a\"}");
	FAILS(e, "batch.closing", batch_closing_read(&v, 0, &a, &got, &e));
	v.data = SPAN("[");
	FAILS(e, "batch.closing", batch_closing_read(&v, 0, &a, &got, &e));
	arena_done(&a);
	buf_done(&b);
}

static void a_parcel_comes_back_as_written(void **state)
{
	static const char *const bad[] = {"{}", "{\"no\":1,\"name\":\"x\",\"state\":\"lost\"}", "{\"no\":0,\"name\":\"x\",\"state\":\"done\"}",
		"{\"no\":1,\"state\":\"done\"}", NULL};
	struct parcel p = {.no = 7, .generation = 2, .state = PARCEL_HANDING, .batchid = (char[]){"b"}, .split = (char[]){"602001"},
		.name = (char[]){"x.txt"}, .marker = (char[]){"x.ok"}, .staged = (char[]){"2-7.body"}, .staged_marker = (char[]){"2-7.marker"},
		.date = (char[]){"2026-12-15"}, .sum = {3, 1234, -5, 1}, .currency = "CNY", .digest = "ab", .boot = "boot"}, *q;
	struct buf a = BUF_INIT, b = BUF_INIT;
	json_t *o;
	struct err e;

	(void)state;
	parcel_write(&p, &a);
	o = json_loadb(a.p, a.n, 0, NULL);
	q = parcel_read(o, &e);
	assert_non_null(q);
	parcel_write(q, &b);
	assert_string_equal(buf_text(&a), buf_text(&b));
	assert_true(money_sum_eq(&p.sum, &q->sum));
	parcel_free(q);
	json_decref(o);
	for (unsigned i = 0; bad[i]; i++) {
		o = json_loads(bad[i], 0, NULL);
		assert_null(parcel_read(o, &e));
		assert_string_equal(err_code(e.id)->name, "parcel.record");
		json_decref(o);
	}
	buf_done(&a);
	buf_done(&b);
}

static void the_plan_names_its_ranges(void **state)
{
	static const struct parcel_range ranges[] = {{0, 4, 5}, {2, 9, 9}};
	struct parcel p = {.no = 7, .batchid = (char[]){"b"}, .split = (char[]){""}, .name = (char[]){"x"}, .marker = (char[]){""},
		.staged = (char[]){"1-7.body"}, .staged_marker = (char[]){""}, .date = (char[]){""}};
	struct buf b = BUF_INIT;
	struct event v;
	struct err e;

	(void)state;
	parcel_event(&b, &p, "bank", ranges, 2, SPAN("/s"), 0);
	event_stamp(&b, SPAN("bank.1"), 1);
	OK(e, event_read(buf_as_span(&b), &v, &e));
	assert_span(v.id, "parcel:bank:7:planned");
	assert_span(v.type, EVENT_PARCEL);
	assert_non_null(strstr(buf_text(&b), "\"ranges\":[[0,4,5],[2,9,9]]"));
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_story_ends_as_told),
		cmocka_unit_test(each_story_of_a_partition_ends_as_told),
		cmocka_unit_test(ranges_are_the_exact_places),
		cmocka_unit_test(sums_are_kept_by_currency),
		cmocka_unit_test(lines_that_the_router_did_not_write_stop_it),
		cmocka_unit_test(a_state_that_is_none_is_refused),
		cmocka_unit_test(a_closing_comes_back_as_written),
		cmocka_unit_test(a_parcel_comes_back_as_written),
		cmocka_unit_test(the_plan_names_its_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
