/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "../contract/hostile.h"
#include "json_text.h"
#include "replay_flow_parts.h"

/* What a step of the flow does, by turns. */
enum doing { SAVE, LOAD, DROP };

struct going {
	struct replaying r;
	enum doing doing;
	json_t *goes;
	int got;
};

static int step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct going *g = (struct going *)f;
	struct err ignored;

	*ret = FLOW_COMMIT;
	if (g->doing == LOAD) {
		g->got = replay_goes_load(&g->r, &g->goes, &ignored);
		return 0;
	}
	if (g->doing == SAVE) {
		char *text = json_dumps(g->goes, JSON_COMPACT);
		const int failed = replay_goes_save(&g->r, span_of(text), e);

		free(text);
		return failed;
	}
	return replay_goes_drop(&g->r, e);
}

static int open_it(struct flow *f, struct err *e)
{
	(void)f;
	(void)e;
	return 0;
}

static void nothing(struct flow *f)
{
	(void)f;
}

static const struct flow_kind going = {"replay", 0, open_it, step, NULL, NULL, NULL, NULL, nothing, nothing};

static void turn(struct going *g, enum doing doing)
{
	enum flow_turn ret;
	struct err e;

	g->doing = doing;
	OK(e, flow_turn(&g->r.flow, &ret, &e));
}

static struct bus *open_bus(struct going *g)
{
	struct bus_conf c = {.url = "hostile:0", .partitions = 2, .max_bytes = 64u << 20};
	struct bus *b;
	struct err e;

	OK(e, bus_open_with(&bus_hostile, &c, BUS_OWN, &b, &e));
	g->r.flow.kind = &going;
	g->r.flow.bus = b;
	snprintf(g->r.flow.name, sizeof g->r.flow.name, "%s", SITE_REPLAY);
	snprintf(g->r.id, sizeof g->r.id, "r-1");
	return b;
}

static int count(void *arg, struct span key, struct span value)
{
	(void)key;
	(void)value;
	++*(unsigned *)arg;
	return 0;
}

static unsigned positions(struct bus *b)
{
	unsigned n = 0;
	struct err e;

	OK(e, bus_positions(b, SITE_REPLAY "/goes", count, &n, &e));
	return n;
}

static json_t *batches(unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		char id[64];

		snprintf(id, sizeof id, "payroll-a:2026-12:%05u:0123456789ab", i);
		json_array_append_new(list, json_string(id));
	}
	return json_pack("{s:s,s:o}", "plan", "r-1", "batches", list);
}

static void more_batches_than_one_position_holds_are_kept_and_taken_away(void **state)
{
	static const unsigned sizes[] = {0, 1, 30000, 200000};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct going g = {.got = 0};
		struct bus *b = open_bus(&g);
		json_t *want = batches(sizes[i]);

		g.goes = want;
		turn(&g, SAVE);
		assert_true(positions(b) > (sizes[i] > 20000 ? 2u : 1u));
		turn(&g, LOAD);
		assert_int_equal(g.got, 0);
		assert_true(json_equal(g.goes, want));
		json_decref(g.goes);
		turn(&g, DROP);
		assert_int_equal(positions(b), 0);
		turn(&g, LOAD);
		assert_int_equal(g.got, -1);
		json_decref(want);
		flow_shut(&g.r.flow);
		buf_done(&g.r.text);
		bus_close(b);
	}
}

static void those_of_another_plan_do_not_count(void **state)
{
	struct going g = {.got = 0};
	struct bus *b = open_bus(&g);

	(void)state;
	g.goes = batches(3);
	turn(&g, SAVE);
	json_decref(g.goes);
	snprintf(g.r.id, sizeof g.r.id, "r-2");
	turn(&g, LOAD);
	assert_int_equal(g.got, -1);
	flow_shut(&g.r.flow);
	buf_done(&g.r.text);
	bus_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_batches_than_one_position_holds_are_kept_and_taken_away),
		cmocka_unit_test(those_of_another_plan_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
