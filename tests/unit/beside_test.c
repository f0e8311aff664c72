/* SPDX-License-Identifier: Apache-2.0 */
/* What processes beside each other have to know, on a bus that says that it lies on a cluster. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "beside.h"
#include "bus_driver.h"
#include "clock.h"
#include "guard_place.h"

/* Of the program that is not linked here. */
bool site_wants(const char *const *names, const char *name)
{
	if (!names || !*names)
		return true;
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

bool items_pays(const struct site_destination *d)
{
	return d->form != NULL;
}

bool site_on_kafka(const struct site *s)
{
	return s->bus_url != NULL;
}

const struct item *items_find(const struct items *i, struct span name)
{
	(void)i, (void)name;
	return NULL;
}

static const char *cluster_id;

static int cluster(struct bus *b, struct buf *ret, struct err *e)
{
	(void)b, (void)e;
	buf_str(ret, cluster_id);
	return 0;
}

static int own_as(struct bus *b, const char *flow, const char *fence, struct bus_owner **ret, struct err *e)
{
	(void)fence;
	return bus_embedded.own(b, flow, ret, e);
}

static int fence_none(struct bus *b, const char *fence, struct err *e)
{
	(void)b, (void)fence, (void)e;
	return 0;
}

struct bench {
	char folder[32];
	struct bus_driver driver;
	struct bus *bus;
	atomic_int stop;
};

static void open_bus(struct bench *t, bool shared)
{
	struct bus_conf c = {.url = "embedded:bus", .base = t->folder, .partitions = 1, .max_bytes = 64u << 20};
	struct err e;

	t->driver = bus_embedded;
	t->driver.cluster = shared ? cluster : NULL;
	t->driver.own_as = own_as;
	t->driver.fence = fence_none;
	OK(e, bus_open_with(&t->driver, &c, BUS_OWN, &t->bus, &e));
}

static int setup(void **state)
{
	struct bench *t = calloc(1, sizeof *t);

	strcpy(t->folder, "/tmp/jc_besideXXXXXX");
	assert_non_null(mkdtemp(t->folder));
	cluster_id = "first";
	open_bus(t, true);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct bench *t = *state;
	char command[64];

	bus_close(t->bus);
	snprintf(command, sizeof command, "rm -rf %s", t->folder);
	assert_int_equal(system(command), 0);
	free(t);
	return 0;
}

static void put(struct bus *b, const char *flow, const char *key, const char *value)
{
	struct bus_owner *o;
	struct err e;

	OK(e, bus_own(b, flow, &o, &e));
	OK(e, bus_position_put(o, key, span_of(value), &e));
	OK(e, bus_commit(o, &e));
	bus_disown(o);
}

static void adopt(struct bench *t, const char *value)
{
	put(t->bus, "site", "site/adopted", value);
}

#define NOTHING_NEXT "{\"items\":{\"site\":\"a\"},\"live\":[],\"next\":[]}"
#define DUE "{\"items\":{\"site\":\"a\"},\"live\":[],\"next\":[{\"item\":\"site\",\"digest\":\"b\",\"from\":\"2020-01-01\"}]}"
#define LATER "{\"items\":{\"site\":\"a\"},\"live\":[],\"next\":[{\"item\":\"site\",\"digest\":\"b\",\"from\":\"9999-01-01\"}]}"
#define CHANGED "{\"items\":{\"site\":\"b\"},\"live\":[],\"next\":[]}"
#define LIVE "{\"items\":{\"site\":\"a\"},\"live\":[\"bank\"],\"next\":[]}"

static void what_changes_nothing_yet_is_no_other_state(void **state)
{
	static const struct {
		const char *value;
		bool other;
	} rows[] = {{NOTHING_NEXT, false}, {LATER, false}, {DUE, true}, {CHANGED, true}, {LIVE, true}};
	struct bench *t = *state;
	char before[BESIDE_STATE], now[BESIDE_STATE];
	struct err e;

	assert_int_equal(beside_state(t->bus, before, &e), 0);
	adopt(t, NOTHING_NEXT);
	assert_int_equal(beside_state(t->bus, before, &e), 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		adopt(t, rows[i].value);
		assert_int_equal(beside_state(t->bus, now, &e), 1);
		assert_int_equal(strcmp(before, now) != 0, rows[i].other);
	}
}

static void nothing_runs_before_something_is_in_force(void **state)
{
	struct bench *t = *state;
	struct beside w = {.bus = t->bus, .stop = &t->stop, .patience_ms = 1};
	struct err e;

	FAILS(e, "run.not_in_force", beside_begin(&w, &e));
	w.patience_ms = 0;
	t->stop = 1;
	assert_int_equal(beside_begin(&w, &e), 0);
	t->stop = 0;
	adopt(t, NOTHING_NEXT);
	assert_int_equal(beside_begin(&w, &e), 1);
}

static void a_change_is_noticed_once_and_a_stop_stays_a_stop(void **state)
{
	struct bench *t = *state;
	struct beside w = {.bus = t->bus, .stop = &t->stop};
	struct err e;

	adopt(t, NOTHING_NEXT);
	assert_int_equal(beside_begin(&w, &e), 1);
	beside_look(&w);
	assert_int_equal(t->stop, 0);
	adopt(t, DUE);
	beside_look(&w);
	assert_int_equal(t->stop, KEEPER_AGAIN);
	t->stop = 1;
	beside_look(&w);
	assert_int_equal(t->stop, 1);
}

/* Two adapters, two destinations; one of these is off. */
static struct site_adapter adapters[] = {{.name = (char *)(uintptr_t)"a"}, {.name = (char *)(uintptr_t)"b"}};
static struct site_destination destinations[] = {{.name = (char *)(uintptr_t)"d", .mode = SITE_SHADOW},
	{.name = (char *)(uintptr_t)"off", .mode = SITE_OFF}};
static const struct site site = {.adapters = adapters, .nadapters = 2, .destinations = destinations, .ndestinations = 2};

static const char *const of_a[] = {"a", NULL}, *const of_b[] = {"b", "router", NULL}, *const of_d[] = {"d", "site", NULL};

/* 1 it goes on; 0 it still waits. */
static int goes_on(struct bench *t, const char *const *names, enum beside_step step)
{
	struct beside w = {.bus = t->bus, .names = names, .stop = &t->stop, .patience_ms = 1};
	struct err e;
	int got;

	assert_int_equal(beside_begin(&w, &e), 1);
	got = beside_await(&w, &site, step, &e);
	if (got == 1)
		return 1;
	assert_int_equal(got, -1);
	assert_string_equal(err_code(e.id)->name, "adopt.waits");
	return 0;
}

static void ends(struct bench *t, const char *const *names, enum beside_step step)
{
	struct beside w = {.bus = t->bus, .names = names, .stop = &t->stop};
	struct err e;

	assert_int_equal(beside_begin(&w, &e), 1);
	OK(e, beside_ended(&w, &site, step, &e));
}

static void each_step_waits_for_all_flows_of_the_steps_before(void **state)
{
	struct bench *t = *state;

	adopt(t, DUE);
	assert_int_equal(goes_on(t, of_a, BESIDE_ADAPTERS), 1);
	ends(t, of_a, BESIDE_ADAPTERS);
	assert_int_equal(goes_on(t, of_b, BESIDE_ROUTER), 0);
	ends(t, of_b, BESIDE_ADAPTERS);
	assert_int_equal(goes_on(t, of_b, BESIDE_ROUTER), 1);
	assert_int_equal(goes_on(t, of_d, BESIDE_DESTINATIONS), 0);
	ends(t, of_b, BESIDE_ROUTER);
	assert_int_equal(goes_on(t, of_d, BESIDE_DESTINATIONS), 1);
	assert_int_equal(goes_on(t, of_d, BESIDE_ALL), 0);
	ends(t, of_d, BESIDE_DESTINATIONS);
	assert_int_equal(goes_on(t, of_d, BESIDE_ALL), 1);
}

static void what_was_said_of_an_earlier_change_does_not_count(void **state)
{
	struct bench *t = *state;

	adopt(t, DUE);
	ends(t, of_a, BESIDE_ADAPTERS);
	ends(t, of_b, BESIDE_ADAPTERS);
	adopt(t, "{\"items\":{\"site\":\"b\"},\"live\":[],\"next\":[{\"item\":\"site\",\"digest\":\"c\",\"from\":\"2020-01-01\"}]}");
	assert_int_equal(goes_on(t, of_b, BESIDE_ROUTER), 0);
}

static void each_process_has_the_steps_of_its_flows(void **state)
{
	static const char *const off[] = {"off", NULL};
	struct bench *t = *state;
	struct beside w = {.bus = t->bus, .names = of_b};

	assert_true(beside_has(&w, &site, BESIDE_ADAPTERS));
	assert_true(beside_has(&w, &site, BESIDE_ROUTER));
	assert_false(beside_has(&w, &site, BESIDE_DESTINATIONS));
	w.names = off;
	assert_false(beside_has(&w, &site, BESIDE_DESTINATIONS));
	w.names = NULL;
	assert_true(beside_has(&w, &site, BESIDE_DESTINATIONS));
}

static void others_go_on_when_it_has_changed(void **state)
{
	struct bench *t = *state;
	struct beside w = {.bus = t->bus, .names = of_a, .stop = &t->stop, .patience_ms = 1};
	struct err e;

	adopt(t, DUE);
	assert_int_equal(beside_begin(&w, &e), 1);
	FAILS(e, "adopt.waits", beside_await_change(&w, &e));
	adopt(t, CHANGED);
	assert_int_equal(beside_await_change(&w, &e), 1);
	/* Who still waits for others when it has changed waits no longer, and does not take it for done. */
	assert_int_equal(beside_await(&w, &site, BESIDE_ROUTER, &e), 0);
}

static void a_cluster_is_known_by_its_id_and_a_host_by_its_file(void **state)
{
	struct bench *t = *state;
	struct guard_place was, now;
	struct err e = ERR_INIT;

	OK(e, guard_place_now(t->bus, &was, &e));
	assert_int_equal(was.device, 0);
	assert_int_equal(was.inode, 0);
	OK(e, guard_place_now(t->bus, &now, &e));
	assert_int_equal(guard_place_other(t->bus, &was, &now, &e), 0);
	cluster_id = "second";
	OK(e, guard_place_now(t->bus, &now, &e));
	assert_int_equal(guard_place_other(t->bus, &was, &now, &e), 1);
	assert_string_equal(err_code(e.id)->name, "guard.cluster");
	bus_close(t->bus);
	open_bus(t, false);
	assert_false(bus_shared(t->bus));
	OK(e, guard_place_now(t->bus, &was, &e));
	assert_int_not_equal(was.inode, 0);
	now = was;
	now.inode++;
	assert_int_equal(guard_place_other(t->bus, &was, &now, &e), 1);
	assert_string_equal(err_code(e.id)->name, "guard.copied");
	/* A file that takes the place of another one often gets its inode. */
	now = was;
	now.born++;
	assert_int_equal(guard_place_other(t->bus, &was, &now, &e), was.born != 0);
	now.born = 0;
	assert_int_equal(guard_place_other(t->bus, &was, &now, &e), 0);
	now.where[0] ^= 1;
	assert_int_equal(guard_place_other(t->bus, &was, &now, &e), 1);
	assert_string_equal(err_code(e.id)->name, "guard.moved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_changes_nothing_yet_is_no_other_state, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_runs_before_something_is_in_force, setup, teardown),
		cmocka_unit_test_setup_teardown(a_change_is_noticed_once_and_a_stop_stays_a_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(each_step_waits_for_all_flows_of_the_steps_before, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_said_of_an_earlier_change_does_not_count, setup, teardown),
		cmocka_unit_test_setup_teardown(each_process_has_the_steps_of_its_flows, setup, teardown),
		cmocka_unit_test_setup_teardown(others_go_on_when_it_has_changed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_cluster_is_known_by_its_id_and_a_host_by_its_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
