/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../contract/hostile.h"
#include "flow.h"
#include "topics.h"

/* ---- names and partitions ---- */

static void each_partition_is_read_by_exactly_one_part(void **state)
{
	(void)state;
	for (unsigned of = 1; of <= 12; of++)
		for (unsigned p = 0; p < 12; p++) {
			unsigned n = 0;

			for (unsigned part = 0; part < of; part++)
				n += shares_has(&(struct share){.part = part, .of = of}, p);
			assert_int_equal(n, 1);
			assert_true(shares_has(&(struct share){.part = p % of, .of = of}, p));
		}
	assert_true(shares_has(&(struct share){.of = 0}, 7));   /* a flow that knows no shares */
}

static void a_part_is_written_as_a_number_and_how_many_there_are(void **state)
{
	static const char *const bad[] = {"", "0", "/", "0/", "/3", "3/3", "4/3", "0/0", "0/65", "-1/3", "+1/3", "00/3", "0/03", "1/3x", "1 /3",
		"0/3/3", "100/101"};
	unsigned part = 9, of = 9;

	(void)state;
	assert_true(shares_part("0/1", &part, &of) == 0 && part == 0 && of == 1);
	assert_true(shares_part("2/3", &part, &of) == 0 && part == 2 && of == 3);
	assert_true(shares_part("63/64", &part, &of) == 0 && part == 63 && of == 64);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (shares_part(bad[i], &part, &of) == 0)
			fail_msg("\"%s\" was taken for a share", bad[i]);
}

static void parts_are_told_by_their_names_from_all_other_flows(void **state)
{
	static const char *const others[] = {"", "route", "routers", "router.", "router.p", "router.px", "router.p01", "router.p1x",
		"router.p100", "router.generation", "xrouter.p0", "router-p0"};
	char name[SHARES_NAME];
	unsigned part;

	(void)state;
	shares_name("router", 0, 1, name);
	assert_string_equal(name, "router");
	shares_name("router", 11, 12, name);
	assert_string_equal(name, "router.p11");
	assert_true(shares_names("router", span_of(name), &part) && part == 11);
	assert_true(shares_names("router", SPAN("router"), &part) && part == 0);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (shares_names("router", span_of(others[i]), &part))
			fail_msg("\"%s\" was taken for a share", others[i]);
}

/* ---- who owns ---- */

struct world {
	struct bus *bus;
	struct err e;
};

static struct bus_driver watched;    /* the hostile one; what it is asked for can be looked at */
static char fenced[2048];
static struct share *sleeper_wakes_to;
static unsigned generation_ends;     /* so often, what the others do meanwhile ends who owns the generation */

static int watched_fence(struct bus *b, const char *name, struct err *e)
{
	strcat(strcat(fenced, name), " ");
	return bus_hostile.fence(b, name, e);
}

/* While one sleeps between its first look and its owning, another choice is made. */
static int watched_own_as(struct bus *b, const char *flow, const char *fence, struct bus_owner **ret, struct err *e)
{
	struct share *other = sleeper_wakes_to;
	struct bus_owner *o;
	struct err own;

	sleeper_wakes_to = NULL;
	if (other) {
		OK(own, shares_own(other, b, &o, &own));
		bus_disown(o);
	}
	return bus_hostile.own_as(b, flow, fence, ret, e);
}

static int watched_own(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e)
{
	if (strcmp(flow, "router.generation") || !generation_ends)
		return bus_hostile.own(b, flow, ret, e);
	return generation_ends-- % 2 ? err_set(e, E_BUS_STUCK, "flow=%s\nwhat=commit\nwhy=ended", flow)
		: err_set(e, E_BUS_FAILED, "what=commit\nwhy=ended");
}

static void world_open(struct world *w, const char *url)
{
	watched = bus_hostile;
	watched.fence = watched_fence;
	watched.own_as = watched_own_as;
	watched.own = watched_own;
	fenced[0] = 0;
	OK(w->e, bus_open_with(&watched, &(struct bus_conf){.url = url, .partitions = 4}, BUS_OWN, &w->bus, &w->e));
}

static struct share share(unsigned part, unsigned of)
{
	return (struct share){.whole = "router", .part = part, .of = of, .chosen = true};
}

static int commit(struct bus_owner *o, struct err *e)
{
	*e = ERR_INIT;
	return bus_position_put(o, "router/a", SPAN("{}"), e) != 0 || bus_commit(o, e) != 0 ? -1 : 0;
}

static void a_new_number_fences_all_parts_of_all_older_ones(void **state)
{
	struct share whole = share(0, 1), three[3] = {share(0, 3), share(1, 3), share(2, 3)}, two = share(0, 2), again = share(1, 2);
	struct bus_owner *old, *o[3], *next, *last;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:301");
	OK(e, shares_own(&whole, w.bus, &old, &e));
	assert_string_equal(bus_owner_flow(old), "router");
	OK(e, commit(old, &e));
	assert_string_equal(fenced, "");
	for (unsigned i = 0; i < 3; i++)
		OK(e, shares_own(&three[i], w.bus, &o[i], &e));
	assert_string_equal(bus_owner_flow(o[2]), "router.p2");
	/* Once part 0 has said that all older ones are fenced, nobody does it again. */
	assert_string_equal(fenced, "router ");
	FAILS(e, "bus.fenced", commit(old, &e));
	for (unsigned i = 0; i < 3; i++)
		OK(e, commit(o[i], &e));
	fenced[0] = 0;
	OK(e, shares_own(&two, w.bus, &next, &e));
	assert_string_equal(fenced, "router.1.p0 router.1.p1 router.1.p2 ");
	for (unsigned i = 0; i < 3; i++)
		FAILS(e, "bus.fenced", commit(o[i], &e));
	OK(e, shares_own(&again, w.bus, &last, &e));
	/* Parts of one number do not fence each other. */
	OK(e, commit(next, &e));
	OK(e, commit(last, &e));
	bus_disown(old);
	for (unsigned i = 0; i < 3; i++)
		bus_disown(o[i]);
	bus_disown(next);
	bus_disown(last);
	bus_close(w.bus);
}

static void what_nobody_has_noted_as_fenced_is_fenced_again(void **state)
{
	struct share first = share(1, 3), other = share(2, 3), next = share(1, 2);
	struct bus_owner *a, *b, *c;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:302");
	/* Part 0 is not started: after a while another one writes the generation. */
	for (int i = 0; i < 6; i++)
		FAILS(e, "shares.busy", shares_own(&first, w.bus, &a, &e));
	OK(e, shares_own(&first, w.bus, &a, &e));
	OK(e, shares_own(&other, w.bus, &b, &e));
	assert_string_equal(fenced, "router router ");
	/* The next one knows of all of them. */
	fenced[0] = 0;
	for (int i = 0; i < 6; i++)
		FAILS(e, "shares.busy", shares_own(&next, w.bus, &c, &e));
	OK(e, shares_own(&next, w.bus, &c, &e));
	assert_string_equal(fenced, "router router.1.p0 router.1.p1 router.1.p2 ");
	FAILS(e, "bus.fenced", commit(a, &e));
	bus_disown(a);
	bus_disown(b);
	bus_disown(c);
	bus_close(w.bus);
}

static void another_number_than_the_newest_is_refused_unless_it_was_chosen(void **state)
{
	struct share chosen = share(0, 3), other = share(0, 2), whole = share(0, 1);
	struct bus_owner *o, *none;
	struct world w;
	struct err e;

	(void)state;
	other.chosen = whole.chosen = false;
	world_open(&w, "hostile:303");
	FAILS(e, "shares.other", shares_own(&other, w.bus, &none, &e));
	OK(e, shares_own(&whole, w.bus, &o, &e));
	bus_disown(o);
	OK(e, shares_own(&chosen, w.bus, &o, &e));
	whole.begun = false;
	FAILS(e, "shares.other", shares_own(&whole, w.bus, &none, &e));
	FAILS(e, "shares.other", shares_own(&other, w.bus, &none, &e));
	OK(e, commit(o, &e));
	bus_disown(o);
	bus_close(w.bus);
}

static void who_ran_under_an_older_generation_does_not_come_back_by_itself(void **state)
{
	struct share old = share(0, 3), new = share(0, 2);
	struct bus_owner *a, *b, *none;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:304");
	OK(e, shares_own(&old, w.bus, &a, &e));
	OK(e, shares_look(&old, w.bus, &e));
	OK(e, shares_own(&new, w.bus, &b, &e));
	/* Though its own site file still says three. */
	FAILS(e, "shares.newer", shares_own(&old, w.bus, &none, &e));
	old.looked = 0;
	FAILS(e, "shares.newer", shares_look(&old, w.bus, &e));
	assert_int_equal(err_code(e.id)->exit, 7);
	OK(e, commit(b, &e));
	bus_disown(a);
	bus_disown(b);
	bus_close(w.bus);
}

static void who_slept_before_it_owned_looks_again(void **state)
{
	struct share slow = share(0, 3), quick = share(0, 2);
	struct bus_owner *none;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:305");
	sleeper_wakes_to = &quick;
	FAILS(e, "shares.newer", shares_own(&slow, w.bus, &none, &e));
	bus_close(w.bus);
}

static void who_is_fenced_while_it_chooses_tries_again(void **state)
{
	struct share s = share(0, 2);
	struct bus_owner *none;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:306:0:1000");
	FAILS(e, "shares.busy", shares_own(&s, w.bus, &none, &e));
	bus_close(w.bus);
}

static void who_is_ended_by_those_that_choose_beside_it_tries_again_and_says_why_at_last(void **state)
{
	struct share s = share(0, 2), other = share(0, 2);
	struct bus_owner *o;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:308");
	for (generation_ends = 2; generation_ends;)
		FAILS(e, "shares.busy", shares_own(&s, w.bus, &o, &e));
	OK(e, shares_own(&s, w.bus, &o, &e));
	bus_disown(o);
	bus_close(w.bus);
	world_open(&w, "hostile:309");
	generation_ends = 7;
	while (generation_ends > 1)
		FAILS(e, "shares.busy", shares_own(&other, w.bus, &o, &e));
	FAILS(e, "bus.stuck", shares_own(&other, w.bus, &o, &e));
	bus_close(w.bus);
}

static void a_record_that_cannot_be_read_stops_it(void **state)
{
	static const char *const bad[] = {"", "[]", "{\"number\":1}", "{\"number\":1,\"shares\":0,\"older\":[]}",
		"{\"number\":1,\"shares\":65,\"older\":[]}", "{\"number\":1,\"shares\":2}", "{\"number\":1,\"shares\":2,\"older\":[3]}",
		"{\"number\":-1,\"shares\":2,\"older\":[]}"};
	struct share s = share(0, 2);
	struct bus_owner *o, *none;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:307");
	for (size_t i = 1; i < sizeof bad / sizeof *bad; i++) {
		OK(e, bus_own(w.bus, "x", &o, &e));
		OK(e, bus_position_put(o, "router.generation/shares", span_of(bad[i]), &e));
		OK(e, bus_commit(o, &e));
		bus_disown(o);
		FAILS(e, "flow.position", shares_own(&s, w.bus, &none, &e));
	}
	bus_close(w.bus);
}

static void one_process_knows_no_shares(void **state)
{
	char folder[] = "/tmp/jincai-shares-XXXXXX", url[64], command[96];
	struct share s = share(0, 2);
	struct bus_owner *none;
	struct bus *b;
	struct err e;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(url, sizeof url, "embedded:%s", folder);
	OK(e, bus_open(&(struct bus_conf){.url = url, .partitions = 4}, BUS_OWN, &b, &e));
	FAILS(e, "bus.no_shares", shares_own(&s, b, &none, &e));
	FAILS(e, "bus.no_shares", bus_fence(b, "router", &e));
	bus_close(b);
	snprintf(command, sizeof command, "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

/* ---- as the loop runs them ---- */

static int nothing_to_do(struct flow *f, struct err *e)
{
	(void)f, (void)e;
	return 0;
}

static int idle(struct flow *f, enum flow_turn *ret, struct err *e)
{
	(void)f, (void)e;
	*ret = FLOW_IDLE;
	return 0;
}

static void nothing(struct flow *f)
{
	(void)f;
}

static const struct flow_kind kind = {.name = "router", .open = nothing_to_do, .step = idle, .close = nothing, .free = nothing};

static void part_open(struct flow *f, struct world *w, unsigned part, unsigned of)
{
	struct share s = share(part, of);

	*f = (struct flow){.kind = &kind, .bus = w->bus};
	flow_share(f, &s);
}

static void turn_until_idle(struct flow *f)
{
	enum flow_turn turn = FLOW_COMMIT;
	struct err e;

	while (turn != FLOW_IDLE)
		OK(e, flow_turn(f, &turn, &e));
}

static void submit(struct world *w, const char *flow, const char *what, const char *id)
{
	struct buf order = BUF_INIT;

	buf_printf(&order, "{\"id\":\"%s\",\"flow\":\"%s\",\"act\":\"%s\",\"subject\":\"%s\",\"by\":\"li\",\"reason\":\"a test\"}", id, flow, what,
		flow);
	OK(w->e, bus_act_submit(w->bus, flow, id, buf_as_span(&order), &w->e));
	buf_done(&order);
}

/* The outcome of an act and its words, "refused act.share". */
static const char *outcome(struct world *w, const char *id, char ret[128])
{
	struct bus_reader *r;
	struct bus_message m;
	struct event v;
	unsigned topic;

	strcpy(ret, "none");
	OK(w->e, bus_topic(w->bus, TOPIC_ACTS, &topic, &w->e));
	OK(w->e, bus_read(w->bus, topic, 0, &r, &w->e));
	while (bus_next(r, &m, &w->e) == 1) {
		json_t *o;

		OK(w->e, event_read(m.value, &v, &w->e));
		o = json_loadb(v.data.p, v.data.n, 0, NULL);
		if (json_object_get(o, "act") && strcmp(json_string_value(json_object_get(o, "act")), id) == 0)
			snprintf(ret, 128, "%s %s", json_string_value(json_object_get(o, "outcome")), json_string_value(json_object_get(o, "words")));
		json_decref(o);
	}
	bus_unread(r);
	return ret;
}

static void what_is_stopped_keeps_its_number_of_shares(void **state)
{
	struct share other = share(0, 3);
	struct bus_owner *none;
	struct flow f[2];
	struct world w;
	char text[128];
	struct err e;

	(void)state;
	world_open(&w, "hostile:308");
	for (unsigned i = 0; i < 2; i++) {
		part_open(&f[i], &w, i, 2);
		if (i == 0)
			turn_until_idle(&f[i]);
	}
	turn_until_idle(&f[1]);
	submit(&w, "router.p1", "stop", "stop-1");
	turn_until_idle(&f[1]);
	assert_string_equal(outcome(&w, "stop-1", text), "done ");
	assert_true(flow_is_stopped(&f[1]) && !flow_is_stopped(&f[0]));
	FAILS(e, "shares.waiting", shares_own(&other, w.bus, &none, &e));
	assert_non_null(strstr(e.args, "router.p1"));
	for (unsigned i = 0; i < 2; i++)
		flow_shut(&f[i]);
	bus_close(w.bus);
}

static void an_act_for_a_part_that_no_longer_runs_is_refused_by_the_first(void **state)
{
	struct flow first, second;
	struct world w;
	char text[128];

	(void)state;
	world_open(&w, "hostile:309");
	submit(&w, "router", "stop", "whole-1");
	submit(&w, "router.p2", "stop", "third-1");
	submit(&w, "router.p1", "stop", "second-1");
	part_open(&first, &w, 0, 2);
	part_open(&second, &w, 1, 2);
	turn_until_idle(&first);
	assert_string_equal(outcome(&w, "whole-1", text), "refused act.share");
	assert_string_equal(outcome(&w, "third-1", text), "refused act.share");
	assert_string_equal(outcome(&w, "second-1", text), "none");
	turn_until_idle(&second);
	assert_string_equal(outcome(&w, "second-1", text), "done ");
	assert_false(flow_is_stopped(&first));
	flow_shut(&first);
	flow_shut(&second);
	bus_close(w.bus);
}

static void a_part_that_writes_nothing_notices_that_it_is_superseded(void **state)
{
	struct share newer = share(0, 3);
	enum flow_turn turn;
	struct bus_owner *o;
	struct flow f;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:310");
	part_open(&f, &w, 0, 2);
	turn_until_idle(&f);
	OK(e, shares_own(&newer, w.bus, &o, &e));
	f.share.looked = 0;
	FAILS(e, "shares.newer", flow_turn(&f, &turn, &e));
	assert_int_equal(f.state, FLOW_CLOSED);      /* the process ends */
	bus_disown(o);
	bus_close(w.bus);
}

/* ---- a flow for each partition, whoever runs it ---- */

static struct share flow_share_of(unsigned flow, unsigned of)
{
	return (struct share){.whole = "units", .part = flow, .of = of, .flows = 4, .chosen = true};
}

static void a_flow_that_is_there_for_ever_keeps_its_name_and_fences_itself_alone(void **state)
{
	struct share one[2] = {flow_share_of(0, 1), flow_share_of(2, 1)}, two[3] = {flow_share_of(2, 2), flow_share_of(0, 2), flow_share_of(3, 2)};
	struct bus_owner *o[2], *next, *first, *last;
	struct world w;
	struct err e;

	(void)state;
	world_open(&w, "hostile:311");
	for (unsigned i = 0; i < 2; i++)
		OK(e, shares_own(&one[i], w.bus, &o[i], &e));
	assert_string_equal(bus_owner_flow(o[0]), "units.p0");
	assert_string_equal(bus_owner_flow(o[1]), "units.p2");
	assert_string_equal(fenced, "");
	/* The flow of partition 2 is wanted by another process: it takes that one alone. */
	for (int i = 0; i < 6; i++)
		FAILS(e, "shares.busy", shares_own(&two[0], w.bus, &next, &e));
	OK(e, shares_own(&two[0], w.bus, &next, &e));
	assert_string_equal(bus_owner_flow(next), "units.p2");
	assert_string_equal(fenced, "units.p2 ");
	FAILS(e, "bus.fenced", commit(o[1], &e));
	OK(e, commit(o[0], &e));
	/* The first one fences all, and says so: nobody has to do it again. */
	fenced[0] = 0;
	OK(e, shares_own(&two[1], w.bus, &first, &e));
	assert_string_equal(fenced, "units.p0 units.p1 units.p2 units.p3 ");
	fenced[0] = 0;
	OK(e, shares_own(&two[2], w.bus, &last, &e));
	assert_string_equal(fenced, "");
	OK(e, commit(next, &e));
	for (unsigned i = 0; i < 2; i++)
		bus_disown(o[i]);
	bus_disown(next);
	bus_disown(first);
	bus_disown(last);
	bus_close(w.bus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_partition_is_read_by_exactly_one_part),
		cmocka_unit_test(a_part_is_written_as_a_number_and_how_many_there_are),
		cmocka_unit_test(parts_are_told_by_their_names_from_all_other_flows),
		cmocka_unit_test(a_new_number_fences_all_parts_of_all_older_ones),
		cmocka_unit_test(what_nobody_has_noted_as_fenced_is_fenced_again),
		cmocka_unit_test(another_number_than_the_newest_is_refused_unless_it_was_chosen),
		cmocka_unit_test(who_ran_under_an_older_generation_does_not_come_back_by_itself),
		cmocka_unit_test(who_slept_before_it_owned_looks_again),
		cmocka_unit_test(who_is_fenced_while_it_chooses_tries_again),
		cmocka_unit_test(who_is_ended_by_those_that_choose_beside_it_tries_again_and_says_why_at_last),
		cmocka_unit_test(a_record_that_cannot_be_read_stops_it),
		cmocka_unit_test(one_process_knows_no_shares),
		cmocka_unit_test(what_is_stopped_keeps_its_number_of_shares),
		cmocka_unit_test(an_act_for_a_part_that_no_longer_runs_is_refused_by_the_first),
		cmocka_unit_test(a_part_that_writes_nothing_notices_that_it_is_superseded),
		cmocka_unit_test(a_flow_that_is_there_for_ever_keeps_its_name_and_fences_itself_alone),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	hostile_forget();
	return failed;
}
