/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "datefmt.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct datefmt compiled(const char *pattern)
{
	struct datefmt f;

	if (datefmt_compile(span_of(pattern), &f) != 0)
		fail_msg("%s does not compile", pattern);
	return f;
}

static void dates_are_read_by_their_pattern(void **state)
{
	static const struct {
		const char *pattern, *text, *want;       /* want NULL: refused */
	} row[] = {
		{"yyyyMMdd", "20261201", "2026-12-01"}, {"yyyy-MM-dd", "2026-12-01", "2026-12-01"},
		{"dd/MM/yyyy", "01/12/2026", "2026-12-01"}, {"MM.dd.yyyy", "12.01.2026", "2026-12-01"},
		{"yyyy年MM月dd日", "2026年12月01日", "2026-12-01"}, {"yyyyMM", "202612", "2026-12"},
		{"MM/yyyy", "12/2026", "2026-12"}, {"yyyy年MM月", "2026年12月", "2026-12"},
		{"1yyyyMMdd2", "1202612012", "2026-12-01"},
		{"yyyyMMdd", "20240229", "2024-02-29"}, {"yyyyMMdd", "20000229", "2000-02-29"},
		{"yyyyMMdd", "20260229", NULL}, {"yyyyMMdd", "19000229", NULL}, {"yyyyMMdd", "20261301", NULL},
		{"yyyyMMdd", "20260001", NULL}, {"yyyyMMdd", "20261200", NULL}, {"yyyyMMdd", "20261232", NULL},
		{"yyyyMM", "202613", NULL}, {"yyyyMM", "202600", NULL}, {"yyyyMMdd", "18991231", NULL},
		{"yyyyMMdd", "22000101", NULL}, {"yyyyMMdd", "", NULL}, {"yyyyMMdd", "2026121", NULL},
		{"yyyyMMdd", "202612010", NULL}, {"yyyyMMdd", "2026120 ", NULL}, {"yyyyMMdd", "2026-201", NULL},
		{"yyyyMMdd", "202612O1", NULL}, {"dd/MM/yyyy", "01-12-2026", NULL}, {"dd/MM/yyyy", "12/31/2026", NULL},
		{"yyyy年MM月dd日", "2026年12月01号", NULL}, {"yyyy年MM月dd日", "2026/12/01日xxxx", NULL},
		{"1yyyyMMdd2", "3202612012", NULL}, {"yyyyMMdd", "２０２６", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct datefmt f = compiled(row[i].pattern);
		char got[11] = "untouched";
		int rc = datefmt_read(&f, span_of(row[i].text), got);

		if (rc != (row[i].want ? 0 : -1) || strcmp(got, row[i].want ? row[i].want : "untouched") != 0)
			fail_msg("%s by %s gives %d %s", row[i].text, row[i].pattern, rc, got);
	}
	assert_int_equal(datefmt_read(&(struct datefmt){.length = 0, .year = -1, .month = -1, .day = -1}, SPAN("x"),
	(char[11]){0}), -1);
}

static void dates_are_written_by_their_pattern(void **state)
{
	static const struct {
		const char *pattern, *iso, *want;
	} row[] = {
		{"yyyyMMdd", "2026-12-01", "20261201"}, {"dd/MM/yyyy", "2026-12-01", "01/12/2026"},
		{"yyyy年MM月dd日", "2026-12-01", "2026年12月01日"}, {"yyyyMM", "2026-12", "202612"},
		{"yyyyMM", "2026-12-01", "202612"}, {"MM/yyyy", "2026-12-31", "12/2026"},
		{"yyyyMMdd", "2026-12", NULL}, {"yyyyMMdd", "20261201", NULL}, {"yyyyMMdd", "2026-02-30", NULL},
		{"yyyyMM", "2026-13", NULL}, {"yyyyMM", "", NULL}, {"yyyyMM", "2026/12", NULL}, {"yyyyMMdd", "2026-12-01x", NULL},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct datefmt f = compiled(row[i].pattern);
		int rc;

		buf_clear(&b);
		buf_str(&b, "before ");
		rc = datefmt_write(&f, span_of(row[i].iso), &b);
		if (rc != (row[i].want ? 0 : -1) || strcmp(buf_text(&b) + 7, row[i].want ? row[i].want : "") != 0)
			fail_msg("%s by %s gives %d %s", row[i].iso, row[i].pattern, rc, buf_text(&b));
	}
	buf_done(&b);
}

static void what_is_no_pattern_is_refused(void **state)
{
	static const char *const bad[] = {"", "yyyy", "MM", "yyyydd", "MMdd", "yyyyMMddHH", "yyyyMMdddd", "yyyyMMMM",
		"yyyyMMyyyy",
		"YYYYMMDD", "yyyyMmdd", "yyMMdd", "yyyyMd", "date yyyyMMdd", "yuan", "dyyyyMMd",
		"yyyyMMdd----------------------------------------"};
	static const char *const good[] = {"yyyyMM", "MMyyyy", "ddMMyyyy", "yyyy MM dd",
		"--------------------------------------dd/MM/yyyy", "---------------------------------------yyyyMMdd"};
	struct datefmt f = {.length = 42};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (datefmt_compile(span_of(bad[i]), &f) != -1 || f.length != 42)
			fail_msg("%s compiles", bad[i]);
	assert_int_equal(datefmt_compile(SPAN_NONE, &f), -1);
	assert_int_equal(datefmt_compile(span_of(good[4]), &f), -1);        /* 48 bytes: one too many */
	for (size_t i = 0; i < COUNT(good); i++)
		if (i != 4)
			assert_int_equal(compiled(good[i]).length, strlen(good[i]));
}

/* Forms that are only read; took: bytes of the text that are the date. */
static void dates_of_varying_length_are_read(void **state)
{
	static const struct {
		const char *pattern, *text, *want;
		size_t took;
	} row[] = {
		{"d/M/yyyy", "5/1/2026", "2026-01-05", 8}, {"d/M/yyyy", "05/12/2026", "2026-12-05", 10},
		{"d/M/yyyy", "31/12/2026 0:00", "2026-12-31", 10}, {"yyyy/M/d", "2026/1/5", "2026-01-05", 8},
		{"yyyy年M月d日", "2026年1月15日", "2026-01-15", 16}, {"yyyy年M月", "2026年1月", "2026-01", 11},
		{"d/MM/yyyy", "5/01/2026", "2026-01-05", 9}, {"d/MM/yyyy", "5/1/2026", NULL, 0},
		{"d/M/yyyy", "0/1/2026", NULL, 0}, {"d/M/yyyy", "30/2/2026", NULL, 0}, {"d/M/yyyy", "5/13/2026", NULL, 0},
		{"d/M/yyyy", "005/1/2026", NULL, 0}, {"d/M/yyyy", "5/1/226", NULL, 0}, {"d/M/yyyy", "", NULL, 0},
		{"d/M/yyyy", "5/1", NULL, 0}, {"d/M/yyyy", "/1/2026", NULL, 0}, {"yyyy/M/d", "2026/1/555", "2026-01-55", 0},
		{"serial", "1", "1900-01-01", 1}, {"serial", "59", "1900-02-28", 2}, {"serial", "60", NULL, 0},
		{"serial", "61", "1900-03-01", 2}, {"serial", "366", "1900-12-31", 3}, {"serial", "367", "1901-01-01", 3},
		{"serial", "36525", "1999-12-31", 5}, {"serial", "36585", "2000-02-29", 5}, {"serial", "46361", "2026-12-05", 5},
		{"serial", "109574", "2199-12-31", 6}, {"serial", "109575", NULL, 0}, {"serial", "2026", "1905-07-18", 4},
		{"serial", "46361.5", "2026-12-05", 5}, {"serial", "0", NULL, 0}, {"serial", "-1", NULL, 0},
		{"serial", "046361", NULL, 0}, {"serial", "1046361", NULL, 0}, {"serial", "999999", NULL, 0},
		{"serial", "", NULL, 0}, {"serial", "x", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct datefmt f;
		char got[11] = "";
		size_t took;

		assert_int_equal(datefmt_compile_in(span_of(row[i].pattern), &f), 0);
		assert_int_equal(datefmt_compile(span_of(row[i].pattern), &f), -1);
		took = datefmt_take(&f, span_of(row[i].text), got);
		if (took != row[i].took || (took && strcmp(got, row[i].want) != 0))
			fail_msg("%s by %s gives %zu %s", row[i].text, row[i].pattern, took, got);
	}
}

static void a_part_of_varying_length_needs_an_end(void **state)
{
	static const char *const bad[] = {"yyyyMd", "yyyyM0d", "dMyyyy", "yyyy-M1", "M/yyyydd/d", "yyyy/MMM/d", "serials", "Serial"};
	struct datefmt f;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (datefmt_compile_in(span_of(bad[i]), &f) != -1)
			fail_msg("%s compiles", bad[i]);
}

static void the_longest_pattern_keeps_its_places(void **state)
{
	struct datefmt f = compiled("---------------------------------------yyyyMMdd");
	char got[11];

	(void)state;
	assert_int_equal(f.length, 47);
	assert_int_equal(f.day, 45);
	assert_int_equal(datefmt_read(&f, SPAN("---------------------------------------20261201"), got), 0);
	assert_string_equal(got, "2026-12-01");
}

static void every_day_is_written_and_read_back(void **state)
{
	struct datefmt f = compiled("dd.MM.yyyy");
	struct buf b = BUF_INIT;
	unsigned days = 0;

	(void)state;
	for (int y = 1900; y < 2200; y++)
		for (int m = 1; m <= 12; m++)
			for (int d = 1; d <= 31; d++) {
				char iso[48], back[11];

				snprintf(iso, sizeof iso, "%04d-%02d-%02d", y, m, d);
				buf_clear(&b);
				if (datefmt_write(&f, span_of(iso), &b) != 0)
					continue;
				days++;
				assert_int_equal(datefmt_read(&f, buf_as_span(&b), back), 0);
				assert_string_equal(back, iso);
			}
	assert_int_equal(days, 300 * 365 + 73);      /* 1900 and 2100 are no leap years */
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read_by_their_pattern), cmocka_unit_test(dates_are_written_by_their_pattern),
		cmocka_unit_test(what_is_no_pattern_is_refused), cmocka_unit_test(the_longest_pattern_keeps_its_places),
		cmocka_unit_test(every_day_is_written_and_read_back),
		cmocka_unit_test(dates_of_varying_length_are_read), cmocka_unit_test(a_part_of_varying_length_needs_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
