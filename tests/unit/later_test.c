/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <pthread.h>
#include <unistd.h>

#include "clock.h"
#include "later.h"

static struct err away(void)
{
	struct err e = ERR_INIT;

	err_set(&e, E_BUS_AWAY, "what=connect\naddress=a:1\nwhy=-");
	return e;
}

static void what_comes_later_is_tried_again_without_end(void **state)
{
	atomic_int stop = 0;
	struct later l = {.what = "run.later", .stop = &stop};
	struct err e = away();

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(later_again(&l, &e));
	assert_int_equal(l.failures, 4);
}

static void of_a_commit_nobody_knows_so_it_is_tried_again(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, E_BUS_UNKNOWN, "flow=site");
	assert_true(later_is(&e));
}

static void what_a_person_has_to_mend_is_not_tried_again(void **state)
{
	static const enum err_id ids[] = {E_BUS_DENIED, E_BUS_FENCED, E_BUS_STUCK, E_FLOW_POSITION};
	atomic_int stop = 0;

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct later l = {.what = "run.later", .stop = &stop};
		struct err e = ERR_INIT;

		err_set(&e, ids[i], "%s", "");
		assert_false(later_is(&e));
		assert_false(later_again(&l, &e));
	}
}

static void until_idle_the_third_failure_is_the_last(void **state)
{
	atomic_int stop = 0;
	struct later l = {.what = "run.later", .stop = &stop, .until_idle = true};
	struct err e = away();

	(void)state;
	assert_true(later_again(&l, &e));
	assert_true(later_again(&l, &e));
	assert_false(later_again(&l, &e));
}

static void *ask_to_stop(void *arg)
{
	usleep(300000);
	atomic_store((atomic_int *)arg, 1);
	return NULL;
}

static void who_is_asked_to_stop_waits_no_longer(void **state)
{
	atomic_int stop = 0;
	struct later l = {.what = "run.later", .stop = &stop, .failures = 9};
	struct err e = away();
	int64_t began = clock_steady_ms();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, ask_to_stop, &stop), 0);
	assert_false(later_again(&l, &e));
	assert_in_range(clock_steady_ms() - began, 200, 1500);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_later_is_tried_again_without_end),
		cmocka_unit_test(of_a_commit_nobody_knows_so_it_is_tried_again),
		cmocka_unit_test(what_a_person_has_to_mend_is_not_tried_again),
		cmocka_unit_test(until_idle_the_third_failure_is_the_last),
		cmocka_unit_test(who_is_asked_to_stop_waits_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
