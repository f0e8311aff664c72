/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "todo_number.h"

static void a_number_is_the_day_and_digits_of_the_subject(void **state)
{
	char one[TODO_NUMBER_MAX], again[TODO_NUMBER_MAX], other[TODO_NUMBER_MAX], next[TODO_NUMBER_MAX];
	int64_t day = clock_day_of(2026, 11, 23);

	(void)state;
	todo_number_whole(day, SPAN("payroll:2026-12:001"), one);
	todo_number_whole(day, SPAN("payroll:2026-12:001"), again);
	todo_number_whole(day, SPAN("payroll:2026-12:002"), other);
	todo_number_whole(day + 1, SPAN("payroll:2026-12:001"), next);
	assert_string_equal(one, again);
	assert_memory_equal(one, "1123-", 5);
	assert_memory_equal(next, "1124-", 5);
	assert_string_not_equal(one, other);
	assert_string_equal(one + 5, next + 5);
	assert_true(todo_number_is(span_of(one)));
}

static const struct {
	const char *sentence, *wholes[5], *cut[5];
} cuts[] = {
	{"one alone has two digits", {"1123-0712"}, {"1123-07"}},
	{"of different days they do not disturb each other", {"1123-0712", "1124-0712"}, {"1123-07", "1124-07"}},
	{"two alike get as many as tell them apart", {"1123-0712", "1123-0734"}, {"1123-071", "1123-073"}},
	{"the others keep two", {"1123-0712", "1123-0734", "1123-5555"}, {"1123-071", "1123-073", "1123-55"}},
	{"the nearer of two neighbours counts", {"1123-0712", "1123-0713", "1123-0799"}, {"1123-0712", "1123-0713", "1123-079"}},
	{"any order", {"1123-5555", "1123-0734", "1123-0712"}, {"1123-071", "1123-073", "1123-55"}},
	{"the same thing twice keeps all of them", {"1123-0712", "1123-0712"}, {"1123-0712", "1123-0712"}},
};

static void as_few_digits_as_tell_them_apart(void **state)
{
	(void)state;
	todo_numbers_cut(NULL, 0);
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		char texts[5][TODO_NUMBER_MAX], *list[5];
		unsigned n = 0;

		for (; n < 5 && cuts[i].wholes[n]; n++)
			list[n] = strcpy(texts[n], cuts[i].wholes[n]);
		todo_numbers_cut(list, n);
		for (unsigned k = 0; k < n; k++)
			if (strcmp(list[k], cuts[i].cut[k]) != 0)
				fail_msg("%s: %s", cuts[i].sentence, list[k]);
	}
}

static void a_thousand_of_one_day_are_told_apart(void **state)
{
	static char texts[1000][TODO_NUMBER_MAX];
	char *list[1000], subject[32];
	size_t longest = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(subject, sizeof subject, "batch %u", i);
		todo_number_whole(20000, span_of(subject), texts[i]);
		list[i] = texts[i];
	}
	todo_numbers_cut(list, 1000);
	for (unsigned i = 0; i + 1 < 1000; i++) {
		assert_true(strncmp(list[i], list[i + 1], strlen(list[i])) < 0);
		longest = strlen(list[i]) > longest ? strlen(list[i]) : longest;
	}
	assert_in_range(longest, 5 + 3, 5 + 9);
}

static void other_words_are_no_short_numbers(void **state)
{
	static const char *const bad[] = {"", "17", "1123", "1123-", "1123-7", "11-23-07", "1123_07", "1123-0a", "payroll:2026-12:001",
		"return-1123-07", "2026-12-01", "1123-0123456789012345678901234567890123"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (todo_number_is(span_of(bad[i])))
			fail_msg("%s is taken for one", bad[i]);
	assert_true(todo_number_is(SPAN("1123-07")) && todo_number_is(SPAN("1123-0712")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_the_day_and_digits_of_the_subject),
		cmocka_unit_test(as_few_digits_as_tell_them_apart),
		cmocka_unit_test(a_thousand_of_one_day_are_told_apart),
		cmocka_unit_test(other_words_are_no_short_numbers),
	};

	return cmocka_run_group_tests_name("todo_number", tests, NULL, NULL);
}
