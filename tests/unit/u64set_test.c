/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "u64set.h"

/* Numbers that look as if they came at random, each but once (splitmix64). */
static uint64_t number(uint64_t i)
{
	i *= UINT64_C(0x9e3779b97f4a7c15);
	i = (i ^ i >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	i = (i ^ i >> 27) * UINT64_C(0x94d049bb133111eb);
	i ^= i >> 31;
	return i ? i : 1;
}

/* What the header promises of the table. */
static void check_order(const struct u64set *s)
{
	uint64_t last = 0;
	size_t n = 0;

	for (size_t i = 0; i < s->all; i++) {
		if (!s->at[i])
			continue;
		assert_true(s->at[i] > last);
		last = s->at[i];
		n++;
	}
	assert_int_equal(n, s->n);
}

static void each_is_added_once_and_is_there(void **state)
{
	struct u64set s = U64SET_INIT;

	(void)state;
	for (uint64_t i = 1; i <= 300000; i++) {
		if (!u64set_add(&s, number(i)) || u64set_add(&s, number(i)))
			fail_msg("%d", (int)i);
		if (i == 1000 || i == 60000)
			check_order(&s);
	}
	check_order(&s);
	for (uint64_t i = 1; i <= 300000; i++)
		if (u64set_add(&s, number(i)))
			fail_msg("%d is gone", (int)i);
	assert_int_equal(s.n, 300000);
	assert_true(s.all * sizeof *s.at <= s.n * 12);
	u64set_done(&s);
}

static void those_of_one_half_stand_together_in_order(void **state)
{
	struct u64set s = U64SET_INIT;

	(void)state;
	assert_int_equal(*u64set_find(&s, 7), 0);
	for (uint64_t i = 100000; i-- > 0;)
		assert_true(u64set_add(&s, (number(i / 5 + 1) & UINT64_C(0xffffffff00000000)) | (i % 5 + 1)));
	for (uint64_t i = 0; i < 20000; i++) {
		const uint32_t top = (uint32_t)(number(i + 1) >> 32);
		const uint64_t *at = u64set_find(&s, top);

		for (unsigned k = 1; k <= 5; k++)
			assert_int_equal(*at++, (uint64_t)top << 32 | k);
		assert_true(*at >> 32 != top);
	}
	u64set_done(&s);
}

/* Not as they should be, and at the end of the table, where there is the least room. */
static void numbers_that_are_not_spread_are_kept_too(void **state)
{
	static const uint64_t bases[] = {1, UINT64_C(0x7fffffff00000001), UINT64_MAX - 5000};
	struct u64set s = U64SET_INIT;

	(void)state;
	for (size_t b = 0; b < sizeof bases / sizeof *bases; b++)
		for (uint64_t i = 0; i < 5000; i++)
			assert_true(u64set_add(&s, bases[b] + (b % 2 ? 4999 - i : i)));
	check_order(&s);
	for (size_t b = 0; b < sizeof bases / sizeof *bases; b++)
		for (uint64_t i = 0; i < 5000; i++)
			assert_false(u64set_add(&s, bases[b] + i));
	assert_int_equal(*u64set_find(&s, UINT32_MAX), UINT64_MAX - 5000);
	u64set_done(&s);
	assert_int_equal(s.n, 0);
	assert_true(u64set_add(&s, 5));
	u64set_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_added_once_and_is_there),
		cmocka_unit_test(those_of_one_half_stand_together_in_order),
		cmocka_unit_test(numbers_that_are_not_spread_are_kept_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
