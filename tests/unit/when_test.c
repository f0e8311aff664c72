/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "clock.h"
#include "when.h"

/* It is Thursday, 2026-11-26, 17:30:05 in Beijing. */
static int64_t now(void)
{
	int64_t ms = 0;

	assert_int_equal(clock_read(SPAN("2026-11-26T09:30:05Z"), &ms), 0);
	return ms;
}

static const struct {
	const char *text, *from, *to;        /* in UTC */
} times[] = {
	{"2026-12-05", "2026-12-04T16:00:00.000Z", "2026-12-05T16:00:00.000Z"},
	{"20261205", "2026-12-04T16:00:00.000Z", "2026-12-05T16:00:00.000Z"},
	{"2026年12月5日", "2026-12-04T16:00:00.000Z", "2026-12-05T16:00:00.000Z"},
	{"2026-12", "2026-11-30T16:00:00.000Z", "2026-12-31T16:00:00.000Z"},
	{"2026年2月", "2026-01-31T16:00:00.000Z", "2026-02-28T16:00:00.000Z"},
	{"12-05", "2025-12-04T16:00:00.000Z", "2025-12-05T16:00:00.000Z"},
	{"11月25日", "2026-11-24T16:00:00.000Z", "2026-11-25T16:00:00.000Z"},
	{"02-29", "2024-02-28T16:00:00.000Z", "2024-02-29T16:00:00.000Z"},
	{"today", "2026-11-25T16:00:00.000Z", "2026-11-26T16:00:00.000Z"},
	{"昨天", "2026-11-24T16:00:00.000Z", "2026-11-25T16:00:00.000Z"},
	{"前天", "2026-11-23T16:00:00.000Z", "2026-11-24T16:00:00.000Z"},
	{"Thursday", "2026-11-25T16:00:00.000Z", "2026-11-26T16:00:00.000Z"},
	{"周五", "2026-11-19T16:00:00.000Z", "2026-11-20T16:00:00.000Z"},
	{"星期天", "2026-11-21T16:00:00.000Z", "2026-11-22T16:00:00.000Z"},
	{"now", "2026-11-26T09:30:05.000Z", "2026-11-26T09:30:05.000Z"},
	{"14:30", "2026-11-26T06:30:00.000Z", "2026-11-26T06:30:00.000Z"},
	{"14：30：09", "2026-11-26T06:30:09.000Z", "2026-11-26T06:30:09.000Z"},
	{"昨天8:05", "2026-11-25T00:05:00.000Z", "2026-11-25T00:05:00.000Z"},
	{"yesterday 24:00", "2026-11-25T16:00:00.000Z", "2026-11-25T16:00:00.000Z"},
	{"2026-12-05T14:30:05", "2026-12-05T06:30:05.000Z", "2026-12-05T06:30:05.000Z"},
	{"2026-12-05T06:30:05.250Z", "2026-12-05T06:30:05.250Z", "2026-12-05T06:30:05.250Z"},
	{"90s", "2026-11-26T09:28:35.000Z", "2026-11-26T09:28:35.000Z"},
	{"2小时前", "2026-11-26T07:30:05.000Z", "2026-11-26T07:30:05.000Z"},
	{"30 分钟", NULL, NULL},
	{"3d ago", "2026-11-23T09:30:05.000Z", "2026-11-23T09:30:05.000Z"},
};

static void a_time_is_read_as_a_person_writes_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		for (int to = 0; to < 2; to++) {
			const char *want = to ? times[i].to : times[i].from;
			struct buf b = BUF_INIT;
			struct when w;
			unsigned at;

			if (when_read(span_of(times[i].text), to, now(), &w, &at) == 0) {
				assert_int_equal(w.kind, WHEN_TIME);
				clock_write(&b, w.ms);
			}
			if (!want ? b.n != 0 : strcmp(buf_text(&b), want) != 0)
				fail_msg("%s%s: %s", to ? "to " : "", times[i].text, buf_text(&b));
			buf_done(&b);
		}
}

static void an_offset_is_marked_and_counts_in(void **state)
{
	struct when w;
	unsigned at;

	(void)state;
	assert_int_equal(when_read(SPAN("@20261205"), false, now(), &w, &at), 0);
	assert_int_equal(w.kind, WHEN_OFFSET);
	assert_int_equal(w.partition, -1);
	assert_int_equal(w.offset, 20261205);
	assert_int_equal(when_read(SPAN("@3:1200"), true, now(), &w, &at), 0);
	assert_int_equal(w.partition, 3);
	assert_int_equal(w.offset, 1201);
}

static const struct {
	const char *text;
	unsigned at;
} wrong[] = {
	{"", 1}, {"bank-abc", 1}, {"2026-13-01", 1}, {"2026-11-31", 1}, {"2026-12-05 25:00", 14}, {"昨天晚上", 3}, {"14:3", 5},
	{"2026-12-05x", 11}, {"5 weeks", 2}, {"@", 2}, {"@a", 2}, {"@3:", 4}, {"2026-12 14:30", 8}, {"123456", 7},
};

static void what_is_no_time_is_refused_at_its_character(void **state)
{
	struct when w;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		unsigned at = 0;

		if (when_read(span_of(wrong[i].text), false, now(), &w, &at) == 0)
			fail_msg("%s was read", wrong[i].text);
		if (at != wrong[i].at)
			fail_msg("%s: %u", wrong[i].text, at);
	}
}

static const struct {
	const char *text, *first, *last;
} days[] = {
	{"昨天", "2026-11-25", "2026-11-25"}, {"2026-12", "2026-12-01", "2026-12-31"}, {"2026-12-01..2026-12-05", "2026-12-01", "2026-12-05"},
	{"周一..周三", "2026-11-23", "2026-11-25"}, {"2026-10..2026-11", "2026-10-01", "2026-11-30"}, {"周三..周一", NULL, NULL}, {"14:30", NULL, NULL},
	{"2026-12-01..", NULL, NULL}, {"", NULL, NULL},
};

static void days_are_one_or_a_month_or_from_one_to_another(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		int64_t first, last;
		char date[11];
		unsigned at;

		if (when_days(span_of(days[i].text), now(), &first, &last, &at) != 0) {
			if (days[i].first)
				fail_msg("%s: %u", days[i].text, at);
			continue;
		}
		assert_non_null(days[i].first);
		clock_date(first, date);
		assert_string_equal(date, days[i].first);
		clock_date(last, date);
		assert_string_equal(date, days[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_time_is_read_as_a_person_writes_it),
		cmocka_unit_test(an_offset_is_marked_and_counts_in),
		cmocka_unit_test(what_is_no_time_is_refused_at_its_character),
		cmocka_unit_test(days_are_one_or_a_month_or_from_one_to_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
