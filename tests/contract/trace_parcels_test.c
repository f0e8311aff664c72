/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/* Which parcel has a line, on a bus with holes in its offsets to which others can write, as a destination would have left it. */
#include <inttypes.h>

#include "../contract/hostile.h"
#include "lane.h"
#include "parcel.h"
#include "say.h"
#include "topics.h"
#include "trace.h"

/* Why it waits is told from the site and its flows (trace_waits.c); here is a bus alone. */
int trace_waits(struct trace *t, const struct site_destination *d, struct err *e)
{
	(void)t;
	(void)d;
	(void)e;
	return 0;
}

struct fix {
	struct bus *b;
	struct bus_owner *o;
	struct lanes *lanes;
	unsigned to, parcels;
	uint64_t places[8];          /* of the lines */
	char *records[8];
	unsigned n;
	struct err e;
};

static int is_a_cluster(struct bus *b, struct buf *ret, struct err *e)
{
	(void)b;
	(void)e;
	buf_str(ret, "a cluster");
	return 0;
}

static void append(struct fix *x, unsigned topic, struct buf *event)
{
	OK(x->e, lanes_append(x->lanes, topic, 0, SPAN("k"), event, &x->e));
	OK(x->e, bus_commit(x->o, &x->e));
	buf_done(event);
}

static void add_line(struct fix *x, const char *split, const char *currency)
{
	struct event v = {.source = SPAN("/test"), .type = SPAN("payroll.line.v1"), .batchid = SPAN("b:1")};
	struct bus_reader *r;
	struct bus_message m;
	struct buf b = BUF_INIT;
	char id[20];

	snprintf(id, sizeof id, "line:%u", x->n);
	v.id = span_of(id);
	event_begin(&b, &v);
	buf_printf(&b, "{\"line\":[\"1\"],\"currency\":\"%s\",\"split\":\"%s\"}", currency, split);
	append(x, x->to, &b);
	OK(x->e, bus_read(x->b, x->to, 0, &r, &x->e));
	while (bus_next(r, &m, &x->e) == 1) {
		x->places[x->n] = m.offset;
		free(x->records[x->n]);
		x->records[x->n] = mem_text(m.value);
	}
	bus_unread(r);
	x->n++;
}

static void add_note(struct fix *x)
{
	struct buf b = BUF_INIT;

	event_begin(&b, &(struct event){.id = SPAN("x"), .source = SPAN("/x"), .type = SPAN("payroll.line.v1"), .batchid = SPAN("b:1")});
	buf_str(&b, "{\"split\":\"u1\",\"currency\":\"CNY\"}}");
	OK(x->e, bus_append(x->o, x->to, 0, SPAN("k"), buf_as_span(&b), &x->e));
	OK(x->e, bus_commit(x->o, &x->e));
	buf_done(&b);
}

/* lines: the first and the last that are planned with it; NULL: those of the plan before. */
static void add_step(struct fix *x, enum parcel_state state, uint64_t no, const char *split, const char *currency, const unsigned *lines)
{
	char split_text[8], batch[] = "b:1", name[] = "name", nothing[] = "", date[] = "2026-12-15";
	struct parcel p = {.no = no, .state = state, .batchid = batch, .split = split_text, .name = name, .marker = nothing, .staged = nothing,
		.staged_marker = nothing, .date = date};
	struct parcel_range range;
	struct buf b = BUF_INIT;

	snprintf(split_text, sizeof split_text, "%s", split);
	snprintf(p.currency, sizeof p.currency, "%s", currency);
	if (lines)
		range = (struct parcel_range){0, x->places[lines[0]], x->places[lines[1]]};
	parcel_event(&b, &p, "out", lines ? &range : NULL, lines ? 1 : 0, SPAN("/test"), 1000);
	append(x, x->parcels, &b);
}

static int begin(void **state)
{
	static struct bus_driver shared;
	struct fix *x = mem_new(sizeof *x);
	unsigned topics[2];

	say_set_lang(ERR_EN);
	shared = bus_hostile;
	shared.cluster = is_a_cluster;
	OK(x->e, bus_open_with(&shared, &(struct bus_conf){.url = "hostile:7", .partitions = 1}, BUS_OWN, &x->b, &x->e));
	OK(x->e, bus_topic(x->b, TOPIC_TO "out", &x->to, &x->e));
	OK(x->e, bus_topic(x->b, TOPIC_PARCELS, &x->parcels, &x->e));
	topics[0] = x->to;
	topics[1] = x->parcels;
	OK(x->e, bus_own(x->b, "feeder", &x->o, &x->e));
	OK(x->e, lanes_open(x->b, x->o, topics, 2, SPAN(""), 1000, &x->lanes, &x->e));
	*state = x;
	return 0;
}

static int end(void **state)
{
	struct fix *x = *state;

	lanes_close(x->lanes);
	bus_disown(x->o);
	bus_close(x->b);
	hostile_forget();
	for (unsigned i = 0; i < 8; i++)
		free(x->records[i]);
	free(x);
	return 0;
}

/* What trace says of a line: "planned 2#1, done 2#1; " and what is missing. */
static void is_told(struct fix *x, unsigned line, bool there, const char *want)
{
	static char out[] = "out";
	const struct site_destination d = {.name = out, .mode = SITE_LIVE};
	struct trace t = {.bus = x->b, .event = {.batchid = SPAN("b:1")}};
	struct bus_entry at = {.topic = x->to, .partition = 0, .offset = x->places[line]};
	struct buf told = BUF_INIT;

	OK(x->e, trace_parcels(&t, &d, &at, there ? span_of(x->records[line]) : SPAN_NONE, &x->e));
	for (unsigned i = 0; i < t.nhops; i++)
		buf_printf(&told, "%s%s %" PRIu64 "#%" PRIu64, i ? ", " : "", t.hops[i].kind, t.hops[i].parcel, t.hops[i].line);
	buf_str(&told, "; ");
	for (unsigned i = 0; i < t.nmissing; i++)
		buf_span(&told, t.missing[i]);
	assert_string_equal(buf_text(&told), want);
	buf_done(&told);
	free(t.hops);
	free(t.missing);
	arena_done(&t.arena);
}

/* Lines 0 to 5 in one plan of three parcels; line 6 comes later and is not planned. */
static void feed(struct fix *x)
{
	static const unsigned all[] = {0, 5};

	add_line(x, "u1", "CNY");
	add_line(x, "u2", "CNY");
	add_note(x);
	add_line(x, "u1", "GBP");
	add_line(x, "u1", "CNY");
	add_line(x, "u2", "CNY");
	add_line(x, "u3", "CNY");
	add_line(x, "u1", "CNY");
	add_step(x, PARCEL_PLANNED, 1, "u1", "CNY", all);
	add_step(x, PARCEL_PLANNED, 2, "u2", "CNY", NULL);
	add_step(x, PARCEL_PLANNED, 3, "u1", "GBP", NULL);
	add_step(x, PARCEL_HANDING, 1, "u1", "CNY", NULL);
	add_step(x, PARCEL_DONE, 1, "u1", "CNY", NULL);
}

static void a_line_is_in_the_parcel_of_its_split_and_currency_and_counted(void **state)
{
	struct fix *x = *state;

	feed(x);
	is_told(x, 0, true, "planned 1#1, handing 1#1, done 1#1; ");
	is_told(x, 3, true, "planned 1#2, handing 1#2, done 1#2; ");
	is_told(x, 1, true, "planned 2#1; parcel out/2 is not handed over yet");
	is_told(x, 4, true, "planned 2#2; parcel out/2 is not handed over yet");
	is_told(x, 2, true, "planned 3#1; parcel out/3 is not handed over yet");
}

static void a_line_that_no_plan_covers_waits(void **state)
{
	feed(*state);
	is_told(*state, 6, true, "; out waits until the batch is whole, then plans a parcel");
}

static void a_line_planned_later_is_in_the_later_plan(void **state)
{
	static const unsigned last[] = {6, 6};

	feed(*state);
	add_step(*state, PARCEL_PLANNED, 4, "u1", "CNY", last);
	is_told(*state, 6, true, "planned 4#1; parcel out/4 is not handed over yet");
	is_told(*state, 0, true, "planned 1#1, handing 1#1, done 1#1; ");
}

static void what_is_published_is_done_without_a_plan(void **state)
{
	static const unsigned all[] = {0, 1};
	struct fix *x = *state;

	add_line(x, "", "CNY");
	add_line(x, "", "GBP");
	add_line(x, "", "CNY");
	add_step(x, PARCEL_DONE, 1, "", "CNY", all);
	add_step(x, PARCEL_DONE, 2, "", "GBP", NULL);
	is_told(x, 0, true, "done 1#1; ");
	is_told(x, 1, true, "done 2#1; ");
	is_told(x, 2, true, "; out waits until the batch is whole, then plans a parcel");
}

static void where_nobody_can_tell_no_parcel_is_said_to_have_it(void **state)
{
	feed(*state);
	is_told(*state, 1, false, "; out: its record is no longer on the topic, so nobody can tell for certain which parcel has it; it is one of "
		"1 (handed over), 2 (planned), 3 (planned)");
	is_told(*state, 5, true, "; out planned no parcel for it: by the ledger just this was handed over before the store was restored");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_in_the_parcel_of_its_split_and_currency_and_counted, begin, end),
		cmocka_unit_test_setup_teardown(a_line_that_no_plan_covers_waits, begin, end),
		cmocka_unit_test_setup_teardown(a_line_planned_later_is_in_the_later_plan, begin, end),
		cmocka_unit_test_setup_teardown(what_is_published_is_done_without_a_plan, begin, end),
		cmocka_unit_test_setup_teardown(where_nobody_can_tell_no_parcel_is_said_to_have_it, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
