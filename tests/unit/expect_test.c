/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "clock.h"
#include "expect.h"

static int64_t day(const char *date)
{
	int64_t ret;

	assert_int_equal(clock_date_read(span_of(date), &ret), 0);
	return ret;
}

static bool weekday(const void *arg, int64_t d)
{
	(void)arg;
	return clock_weekday(d) < 5;
}

/* As a bureau has it around the National Day of 2026: a week of rest, a Saturday to make up for it. */
static bool works(const void *arg, int64_t d)
{
	if (d >= day("2026-10-01") && d <= day("2026-10-08"))
		return false;
	if (d == day("2026-10-10"))
		return true;
	return weekday(arg, d);
}

static const struct {
	const char *sentence, *expect, *today, *first, *deadline;
} passed[] = {
	{"on the day itself the month before counts", "monthly by 6", "2026-11-06", "2026-10-01", "2026-10-09"},
	{"a day later this month does", "monthly by 6", "2026-11-07", "2026-11-01", "2026-11-06"},
	{"a Sunday is put off to Monday", "monthly by 6", "2026-09-07", "2026-08-01", "2026-08-06"},
	{"and has passed on Tuesday", "monthly by 6", "2026-09-08", "2026-09-01", "2026-09-07"},
	{"holidays put it off to the first day of work", "monthly by 6", "2026-10-09", "2026-09-01", "2026-09-07"},
	{"which passes as any other", "monthly by 6", "2026-10-10", "2026-10-01", "2026-10-09"},
	{"a Saturday that is worked is a working day", "monthly by 10", "2026-10-11", "2026-10-01", "2026-10-10"},
	{"31 is the last day of a shorter month", "monthly by 31", "2026-12-01", "2026-11-01", "2026-11-30"},
	{"29 in February", "monthly by 29", "2027-03-02", "2027-02-01", "2027-03-01"},
	{"a month may pass in the next", "monthly by 31", "2026-11-02", "2026-09-01", "2026-09-30"},
	{"and then is the latest", "monthly by 31", "2026-11-03", "2026-10-01", "2026-11-02"},
	{"a year turns", "monthly by 6", "2027-01-03", "2026-12-01", "2026-12-07"},
	{"on Friday the week before counts", "weekly by friday", "2026-11-27", "2026-11-16", "2026-11-20"},
	{"on Saturday this week does", "weekly by friday", "2026-11-28", "2026-11-23", "2026-11-27"},
	{"a week of rest is put off beyond its end", "weekly by friday", "2026-10-09", "2026-09-21", "2026-09-25"},
	{"and passes then", "weekly by friday", "2026-10-10", "2026-10-05", "2026-10-09"},
	{"yesterday, each day", "daily", "2026-11-26", "2026-11-25", "2026-11-25"},
	{"on Monday it is Friday", "daily", "2026-11-23", "2026-11-20", "2026-11-20"},
	{"after the holidays it is the day before them", "daily", "2026-10-09", "2026-09-30", "2026-09-30"},
	{"on a Sunday it may be a Saturday", "daily", "2026-10-11", "2026-10-10", "2026-10-10"},
};

static void the_latest_deadline_that_has_passed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++) {
		struct expect x;
		struct expect_period p;
		char first[11], deadline[11];

		assert_int_equal(expect_read(span_of(passed[i].expect), &x), 0);
		p = expect_passed(&x, day(passed[i].today), works, NULL);
		clock_date(p.first, first);
		clock_date(p.deadline, deadline);
		if (strcmp(first, passed[i].first) != 0 || strcmp(deadline, passed[i].deadline) != 0)
			fail_msg("%s: %s, %s", passed[i].sentence, first, deadline);
	}
}

static void what_came_in_a_period_has_its_deadline(void **state)
{
	struct expect x = {EXPECT_MONTHLY, 6};
	struct expect_period p = expect_period_of(&x, day("2026-11-23"), weekday, NULL);

	(void)state;
	assert_true(p.first == day("2026-11-01") && p.deadline == day("2026-11-06"));
	x = (struct expect){EXPECT_WEEKLY, 6};
	p = expect_period_of(&x, day("2026-11-25"), weekday, NULL);
	assert_true(p.first == day("2026-11-23") && p.deadline == day("2026-11-30"));
	x = (struct expect){EXPECT_DAILY, 0};
	p = expect_period_of(&x, day("2026-11-28"), weekday, NULL);
	assert_true(p.deadline == day("2026-11-30"));
}

static bool never(const void *arg, int64_t d)
{
	(void)arg;
	(void)d;
	return false;
}

static void a_calendar_without_work_puts_nothing_off(void **state)
{
	struct expect x = {EXPECT_MONTHLY, 6};

	(void)state;
	assert_true(expect_passed(&x, day("2026-11-26"), never, NULL).deadline == day("2026-11-06"));
}

static void other_words_are_refused(void **state)
{
	static const char *const bad[] = {"", "monthly", "monthly by", "monthly by ", "monthly by 0", "monthly by 32", "monthly by 06",
		"monthly by 6th", "monthly by 100", "weekly", "weekly by 5", "weekly by Friday", "weekly by freitag", "Daily", "daily by 6",
		" daily", "yearly by 1"};
	struct expect x = {EXPECT_DAILY, 77};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (expect_read(span_of(bad[i]), &x) != -1)
			fail_msg("%s was read", bad[i]);
	assert_int_equal(x.by, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_latest_deadline_that_has_passed),
		cmocka_unit_test(what_came_in_a_period_has_its_deadline),
		cmocka_unit_test(a_calendar_without_work_puts_nothing_off),
		cmocka_unit_test(other_words_are_refused),
	};

	return cmocka_run_group_tests_name("expect", tests, NULL, NULL);
}
