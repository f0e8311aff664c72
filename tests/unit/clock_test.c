/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

static const struct {
	int64_t ms;
	const char *text;
} instants[] = {
	{0, "1970-01-01T00:00:00.000Z"},
	{951782399999, "2000-02-28T23:59:59.999Z"},
	{951782400000, "2000-02-29T00:00:00.000Z"},
	{951868800000, "2000-03-01T00:00:00.000Z"},
	{1704067199001, "2023-12-31T23:59:59.001Z"},
	{1796112000123, "2026-12-01T08:00:00.123Z"},
	{7258118399999, "2199-12-31T23:59:59.999Z"},
};

static void instants_are_written_and_read_again(void **state)
{
	struct buf b = BUF_INIT;
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof instants / sizeof *instants; i++) {
		buf_clear(&b);
		clock_write(&b, instants[i].ms);
		assert_string_equal(buf_text(&b), instants[i].text);
		assert_int_equal(clock_read(buf_as_span(&b), &ms), 0);
		assert_true(ms == instants[i].ms);
	}
	buf_done(&b);
}

/* The C library counts days on its own. */
static void every_day_agrees_with_the_c_library(void **state)
{
	struct buf b = BUF_INIT;
	char want[40];

	(void)state;
	for (time_t t = 0; t < 7258118400; t += 86400) {
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
		buf_clear(&b);
		clock_write(&b, (int64_t)t * 1000);
		assert_string_equal(buf_text(&b), want);
	}
	buf_done(&b);
}

static void a_clock_out_of_range_still_writes_a_time(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	clock_write(&b, -1);
	buf_c(&b, ' ');
	clock_write(&b, INT64_MAX);
	assert_string_equal(buf_text(&b), "1970-01-01T00:00:00.000Z 9999-12-31T23:59:59.999Z");
	buf_done(&b);
}

static void milliseconds_may_be_left_out(void **state)
{
	int64_t ms;

	(void)state;
	assert_int_equal(clock_read(SPAN("2026-12-01T08:00:00Z"), &ms), 0);
	assert_true(ms == 1796112000000);
	assert_int_equal(clock_read(SPAN("1969-12-31T23:59:59.999Z"), &ms), 0);
	assert_true(ms == -1);
}

static void other_spellings_are_refused(void **state)
{
	static const char *const bad[] = {"", "2026-12-01", "2026-12-01T08:00:00", "2026-12-01 08:00:00Z",
		"2026-12-01T08:00:00.1Z", "2026-12-01T08:00:00.1234Z", "2026-12-01T08:00:00+08:00", "2026-02-30T08:00:00Z",
		"2026-12-01T24:00:00Z", "2026-12-01T08:60:00Z", "2026-12-01T08:00:60Z", "1899-12-31T08:00:00Z",
		"2200-01-01T00:00:00Z", "2026-1a-01T08:00:00Z", "2026-12-01t08:00:00z", "2026-12-01T08:00:00Z "};
	int64_t ms = 77;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (clock_read(span_of(bad[i]), &ms) != -1)
			fail_msg("%s was read", bad[i]);
	assert_true(ms == 77);
}

static void dates_are_those_of_the_calendar(void **state)
{
	static const struct {
		int year, month, day;
		bool ok;
	} dates[] = {
		{2024, 2, 29, true}, {2023, 2, 29, false}, {1900, 2, 29, false}, {2000, 2, 29, true}, {2100, 2, 29, false},
		{2026, 4, 30, true}, {2026, 4, 31, false}, {2026, 12, 31, true}, {2026, 13, 1, false}, {2026, 0, 1, false},
		{2026, 1, 0, false}, {1899, 12, 31, false}, {2199, 12, 31, true}, {2200, 1, 1, false}, {2026, -1, -1, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
		if (clock_date_ok(dates[i].year, dates[i].month, dates[i].day) != dates[i].ok)
			fail_msg("%d-%d-%d", dates[i].year, dates[i].month, dates[i].day);
}

static void a_day_of_business_begins_at_midnight_in_shanghai(void **state)
{
	static const struct {
		const char *instant, *date;
		unsigned weekday;
	} days[] = {
		{"2026-11-25T15:59:59.999Z", "2026-11-25", 2}, {"2026-11-25T16:00:00.000Z", "2026-11-26", 3},
		{"2024-02-28T16:00:00.000Z", "2024-02-29", 3}, {"2026-12-31T15:59:59.999Z", "2026-12-31", 3},
		{"2026-12-31T16:00:00.000Z", "2027-01-01", 4}, {"1970-01-04T00:00:00.000Z", "1970-01-04", 6},
	};
	int64_t ms, day;
	char date[11];

	(void)state;
	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		assert_int_equal(clock_read(span_of(days[i].instant), &ms), 0);
		clock_date(clock_day(ms), date);
		assert_string_equal(date, days[i].date);
		assert_int_equal(clock_date_read(span_of(date), &day), 0);
		assert_true(day == clock_day(ms));
		assert_true(clock_day(clock_day_begin(day)) == day && clock_day(clock_day_begin(day) - 1) == day - 1);
		assert_int_equal(clock_weekday(day), days[i].weekday);
	}
	assert_true(clock_day(-1000000000000) < 0);
	assert_int_equal(clock_date_read(SPAN("2026-02-29"), &day), -1);
	assert_int_equal(clock_date_read(SPAN("2026-2-9"), &day), -1);
}

static void people_read_the_zone_of_business_whatever_the_machine_has(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	clock_for_people(&b, 1796112000123);
	assert_string_equal(buf_text(&b), "12-01 16:00:00");
	buf_done(&b);
}

static void the_clocks_run(void **state)
{
	int64_t wall = clock_now_ms(), steady = clock_steady_ms();

	(void)state;
	usleep(3000);
	assert_true(clock_steady_ms() - steady >= 2);
	assert_true(clock_steady_ms() - steady < 60000);
	assert_true(llabs((long long)(wall / 1000 - time(NULL))) < 60);
}

static void the_boot_id_is_the_same_all_day_and_has_no_end_of_line(void **state)
{
	char a[40], b[40];

	(void)state;
	assert_string_equal(clock_boot_id(a), clock_boot_id(b));
	assert_ptr_equal(clock_boot_id(a), a);
	if (access("/proc/sys/kernel/random/boot_id", R_OK) == 0)
		assert_int_equal(strlen(a), 36);
	assert_null(strchr(a, '\n'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instants_are_written_and_read_again),
		cmocka_unit_test(every_day_agrees_with_the_c_library),
		cmocka_unit_test(a_clock_out_of_range_still_writes_a_time),
		cmocka_unit_test(milliseconds_may_be_left_out),
		cmocka_unit_test(other_spellings_are_refused),
		cmocka_unit_test(dates_are_those_of_the_calendar),
		cmocka_unit_test(a_day_of_business_begins_at_midnight_in_shanghai),
		cmocka_unit_test(people_read_the_zone_of_business_whatever_the_machine_has),
		cmocka_unit_test(the_clocks_run),
		cmocka_unit_test(the_boot_id_is_the_same_all_day_and_has_no_end_of_line),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
