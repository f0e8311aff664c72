/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "../contract/hostile.h"
#include "clock.h"
#include "journal.h"
#include "topics.h"

/* A flow that counts what the test tells it, one commit a turn. */
struct counting {
	struct flow flow;
	struct totals *totals;
	struct journal *journal;
	unsigned topic;
	void (*count)(struct counting *c);
};

static int count_open(struct flow *f, struct err *e)
{
	struct counting *c = (struct counting *)f;

	(void)e;
	c->totals = totals_new();
	c->journal = journal_new(c->totals, 0);
	return 0;
}

static int count_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct counting *c = (struct counting *)f;

	*ret = FLOW_IDLE;
	if (!c->count)
		return 0;
	c->count(c);
	c->count = NULL;
	*ret = FLOW_COMMIT;
	return journal_post(c->journal, f, c->topic, e);
}

static void count_close(struct flow *f)
{
	struct counting *c = (struct counting *)f;

	journal_free(c->journal);
	totals_free(c->totals);
}

static void count_free(struct flow *f)
{
	(void)f;
}

static const struct flow_kind counting = {"adapter", 0, count_open, count_step, NULL, NULL, NULL, NULL, count_close, count_free};

struct world {
	struct bus *bus;
	struct counting c;
};

static void open_world(struct world *w)
{
	struct bus_conf c = {.url = "hostile:0", .partitions = 2, .max_bytes = 64u << 20};
	struct err e;

	*w = (struct world){.c = {.flow = {.kind = &counting}}};
	OK(e, bus_open_with(&bus_hostile, &c, BUS_OWN, &w->bus, &e));
	OK(e, bus_topic(w->bus, TOPIC_JOURNAL, &w->c.topic, &e));
	w->c.flow.bus = w->bus;
	snprintf(w->c.flow.name, sizeof w->c.flow.name, "payroll");
	w->c.flow.outputs[w->c.flow.noutputs++] = w->c.topic;
}

static void commit(struct world *w, void (*count)(struct counting *c))
{
	enum flow_turn turn;
	struct err e;

	w->c.count = count;
	OK(e, flow_turn(&w->c.flow, &turn, &e));
	assert_null(w->c.count);
}

static void put_position(struct world *w, const char *key, const char *value)
{
	struct bus_owner *o;
	struct err e;

	OK(e, bus_own(w->bus, "somebody", &o, &e));
	OK(e, bus_position_put(o, key, span_of(value), &e));
	OK(e, bus_commit(o, &e));
	bus_disown(o);
}

static void close_world(struct world *w)
{
	flow_shut(&w->c.flow);
	bus_close(w->bus);
	hostile_forget();
}

/* All postings of a batch, added up; how many there are. */
static unsigned add_up(struct world *w, const char *batch, struct totals *more, struct totals *less, unsigned *ret_ended)
{
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct bus_reader *r;
	struct bus_message m;
	unsigned n = 0;
	struct err e;
	int got;

	*ret_ended = 0;
	OK(e, bus_read(w->bus, w->c.topic, 0, &r, &e));
	while ((got = bus_next(r, &m, &e)) == 1) {
		int is = journal_read(m.value, &p, &e);

		assert_true(is >= 0);
		if (is == 0 || !span_is(p.batchid, batch))
			continue;
		assert_span(p.flow, "payroll");
		OK(e, totals_merge(more, p.more, &e));
		OK(e, totals_merge(less, p.less, &e));
		*ret_ended += p.ended;
		n++;
	}
	assert_int_equal(got, 0);
	bus_unread(r);
	totals_free(p.more);
	totals_free(p.less);
	return n;
}

static void two_batches(struct counting *c)
{
	struct err e;

	for (unsigned i = 0; i < 3; i++) {
		OK(e, totals_add(journal_of(c->journal, SPAN("a")), TOTAL_READ, "", SPAN("CNY"), 100, true, &e));
		OK(e, totals_add(journal_of(c->journal, SPAN("b")), TOTAL_READ, "", SPAN("CNY"), -7, true, &e));
		OK(e, totals_add(journal_of(c->journal, SPAN("a")), TOTAL_DEAD, "", SPAN("CNY"), 100, true, &e));
	}
	journal_ended(c->journal, SPAN("b"));
}

static void one_is_returned(struct counting *c)
{
	const struct money_sum one = {.count = 1, .plus = 100};
	struct err e;

	OK(e, totals_add(journal_of(c->journal, SPAN("a")), TOTAL_DEAD, "", SPAN("CNY"), 100, true, &e));
	OK(e, journal_move(c->journal, SPAN("a"), TOTAL_DEAD, "", SPAN("CNY"), &one, -1, &e));
	OK(e, journal_move(c->journal, SPAN("a"), TOTAL_RETURNED, "", SPAN("CNY"), &one, 1, &e));
	journal_ended(c->journal, SPAN("b"));
}

static void a_commit_is_one_posting_a_batch_with_what_it_changed(void **state)
{
	struct totals *more = totals_new(), *less = totals_new();
	struct world w;
	unsigned ended;

	(void)state;
	open_world(&w);
	commit(&w, two_batches);
	assert_int_equal(add_up(&w, "a", more, less, &ended), 1);
	assert_int_equal(ended, 0);
	assert_int_equal(totals_get(more, TOTAL_READ, "", "CNY").plus, 300);
	assert_int_equal(totals_get(more, TOTAL_DEAD, "", "CNY").count, 3);
	assert_true(totals_is_empty(less));
	totals_clear(more);
	assert_int_equal(add_up(&w, "b", more, less, &ended), 1);
	assert_int_equal(ended, 1);
	assert_int_equal(totals_get(more, TOTAL_READ, "", "CNY").minus, -21);
	totals_free(more);
	totals_free(less);
	close_world(&w);
}

static void what_moves_from_term_to_term_is_more_and_less(void **state)
{
	struct totals *more = totals_new(), *less = totals_new();
	struct world w;
	unsigned ended;

	(void)state;
	open_world(&w);
	commit(&w, two_batches);
	commit(&w, one_is_returned);
	assert_int_equal(add_up(&w, "a", more, less, &ended), 2);
	assert_int_equal(totals_get(more, TOTAL_DEAD, "", "CNY").count, 4);
	assert_int_equal(totals_get(less, TOTAL_DEAD, "", "CNY").count, 1);
	assert_int_equal(totals_get(more, TOTAL_RETURNED, "", "CNY").plus, 100);
	assert_int_equal(totals_get(w.c.totals, TOTAL_DEAD, "", "CNY").count, 3);
	assert_int_equal(totals_get(w.c.totals, TOTAL_READ, "", "CNY").count, 6);
	totals_free(more);
	totals_free(less);
	close_world(&w);
}

static void b_begins(struct counting *c)
{
	journal_begun(c->journal, SPAN("b"));
}

static void a_batch_began_and_ended_when_the_first_posting_says_so(void **state)
{
	struct journal_batch at, again;
	struct world w;
	struct err e;

	(void)state;
	open_world(&w);
	commit(&w, b_begins);
	commit(&w, two_batches);
	OK(e, journal_look(w.bus, SPAN("a"), &at, &e));
	assert_true(!at.begun && !at.ended);
	OK(e, journal_look(w.bus, SPAN("b"), &at, &e));
	assert_true(at.begun && at.ended && at.day == clock_day(clock_now_ms()));
	commit(&w, one_is_returned);
	OK(e, journal_look(w.bus, SPAN("b"), &again, &e));
	assert_true(again.begun && again.day == at.day && again.ended_at == at.ended_at);
	close_world(&w);
}

struct seen {
	char text[1200];
	unsigned stop;               /* after so many; 0: never */
	unsigned n;
};

static int see(void *arg, struct span batchid)
{
	struct seen *s = arg;

	snprintf(s->text + strlen(s->text), sizeof s->text - strlen(s->text), "%.*s ", SPAN_F(batchid));
	return ++s->n == s->stop;
}

static int see_posting(void *arg, const struct posting *p, uint64_t at)
{
	struct seen *s = arg;

	assert_true(at > 0);
	snprintf(s->text + strlen(s->text), sizeof s->text - strlen(s->text), "%.*s %.*s %s%s+%d-%d ", SPAN_F(p->batchid), SPAN_F(p->flow),
		p->begun ? "b" : "", p->ended ? "e" : "", (int)totals_get(p->more, TOTAL_DEAD, "", "CNY").count,
		(int)totals_get(p->less, TOTAL_DEAD, "", "CNY").count);
	return ++s->n == s->stop;
}

static void a_batch_and_a_day_are_looked_up(void **state)
{
	const int64_t today = clock_day(clock_now_ms());
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct seen s = {0};
	struct world w;
	int64_t day = 7;
	struct err e;

	(void)state;
	open_world(&w);
	assert_int_equal(journal_first_day(w.bus, &day, &e), 0);
	assert_int_equal(day, 7);
	commit(&w, b_begins);
	OK(e, journal_not_ended(w.bus, see, &s, &e));
	assert_string_equal(s.text, "b ");
	commit(&w, two_batches);
	commit(&w, one_is_returned);
	s = (struct seen){0};
	OK(e, journal_postings(w.bus, SPAN("a"), &p, see_posting, &s, &e));
	assert_string_equal(s.text, "a payroll +3-0 a payroll +1-1 ");
	s = (struct seen){.stop = 2};
	assert_int_equal(journal_postings(w.bus, SPAN("b"), &p, see_posting, &s, &e), 1);
	assert_string_equal(s.text, "b payroll b+0-0 b payroll e+0-0 ");
	s = (struct seen){0};
	OK(e, journal_day(w.bus, today, see, &s, &e));
	OK(e, journal_day(w.bus, today + 1, see, &s, &e));
	assert_string_equal(s.text, "b ");
	assert_int_equal(journal_first_day(w.bus, &day, &e), 1);
	assert_int_equal(day, today);
	s = (struct seen){0};
	OK(e, journal_not_ended(w.bus, see, &s, &e));
	assert_string_equal(s.text, "");
	totals_free(p.more);
	totals_free(p.less);
	close_world(&w);
}

static struct span long_id(char ret[600])
{
	memset(ret, 'x', 600);
	return (struct span){ret, 500};
}

static void many_rows(struct counting *c)
{
	char id[600], destination[40];
	struct err e;

	for (unsigned i = 0; i < 60; i++) {
		snprintf(destination, sizeof destination, "destination-%02u", i);
		OK(e, totals_add(journal_of(c->journal, long_id(id)), TOTAL_ROUTED, destination, SPAN("CNY"), 100, true, &e));
	}
	OK(e, totals_add(journal_of(c->journal, long_id(id)), TOTAL_DEAD, "", SPAN("CNY"), 100, true, &e));
	journal_begun(c->journal, long_id(id));
	journal_ended(c->journal, long_id(id));
}

static void one_that_is_too_large_for_the_index_is_read_where_it_lies(void **state)
{
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct seen s = {0};
	struct world w;
	char id[600];
	struct err e;

	(void)state;
	open_world(&w);
	commit(&w, many_rows);
	commit(&w, two_batches);
	OK(e, journal_postings(w.bus, long_id(id), &p, see_posting, &s, &e));
	assert_int_equal(s.n, 1);
	assert_string_equal(s.text + strlen(s.text) - 8, " be+1-0 ");
	assert_int_equal(totals_get(p.more, TOTAL_ROUTED, "destination-59", "CNY").plus, 100);
	s = (struct seen){0};
	OK(e, journal_day(w.bus, clock_day(clock_now_ms()), see, &s, &e));
	assert_int_equal(s.n, 2);
	assert_int_equal(strlen(s.text), 500 + 1 + 2);
	totals_free(p.more);
	totals_free(p.less);
	close_world(&w);
}

static void found_alone(struct counting *c)
{
	struct err e;

	OK(e, totals_add(c->totals, TOTAL_DEAD, "", SPAN("CNY"), 100, true, &e));
}

static void found(struct counting *c, const char *position)
{
	json_t *o = json_loads(position, 0, NULL);
	struct err e;

	found_alone(c);
	OK(e, journal_found(c->journal, &c->flow, "payroll/in", o, &e));
	json_decref(o);
}

static void totals_of_before(struct counting *c)
{
	found(c, "{\"totals\":[]}");
	one_is_returned(c);
}

static void totals_that_stand_here(struct counting *c)
{
	found(c, "{\"totals\":[]" JOURNAL_MARK "}");
	one_is_returned(c);
}

/* More and less of a batch, as many as this of those that are dead. */
static void opens_with(void (*count)(struct counting *c), unsigned want)
{
	struct totals *more = totals_new(), *less = totals_new();
	struct world w;
	unsigned ended;

	open_world(&w);
	commit(&w, count);
	assert_int_equal(add_up(&w, "", more, less, &ended), want);
	assert_int_equal(totals_get(more, TOTAL_DEAD, "", "CNY").count, want);
	assert_int_equal(totals_get(more, TOTAL_RETURNED, "", "CNY").count, 0);
	totals_clear(more);
	assert_int_equal(add_up(&w, "a", more, less, &ended), 1);
	assert_int_equal(totals_get(more, TOTAL_DEAD, "", "CNY").count, 1);
	assert_int_equal(totals_get(w.c.totals, TOTAL_DEAD, "", "CNY").count, 1);
	totals_clear(more);
	commit(&w, two_batches);
	assert_int_equal(add_up(&w, "", more, less, &ended), want);
	totals_free(more);
	totals_free(less);
	close_world(&w);
}

static void the_first_commit_opens_the_journal_with_what_was_counted_before(void **state)
{
	(void)state;
	opens_with(totals_of_before, 1);
	opens_with(totals_that_stand_here, 0);
}

/* Three are dead by the journal, then five by a position of a program that keeps none. */
static void three_die(struct counting *c)
{
	struct err e;

	for (unsigned i = 0; i < 3; i++)
		OK(e, totals_add(journal_of(c->journal, SPAN("a")), TOTAL_DEAD, "", SPAN("CNY"), 100, true, &e));
}

static void five_are_found(struct counting *c)
{
	for (unsigned i = 0; i < 4; i++)
		found_alone(c);
	found(c, "{\"totals\":[]}");
}

static void what_an_older_program_counted_in_between_stands_there_once(void **state)
{
	struct totals *more = totals_new(), *less = totals_new();
	const char *position = "{\"totals\":[[\"dead\",\"\",\"CNY\",5,\"5.00\",\"0.00\",0]]}";
	struct world w;
	unsigned ended;

	(void)state;
	open_world(&w);
	commit(&w, three_die);
	put_position(&w, "payroll/in", position);
	flow_shut(&w.c.flow);
	commit(&w, five_are_found);
	add_up(&w, "", more, less, &ended);
	assert_int_equal(totals_get(more, TOTAL_DEAD, "", "CNY").count - totals_get(less, TOTAL_DEAD, "", "CNY").count, 2);
	totals_free(more);
	totals_free(less);
	close_world(&w);
}

static void a_record_of_somebody_else_is_told(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"jincai.posting\",\"data\":{}}", "journal.record"},
		{"{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"jincai.posting\",\"batchid\":\"b\",\"data\":{\"flow\":\"f\",\"more\":[[\"read\"]],"
		 "\"less\":[]}}", "journal.record"},
	};
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		FAILS(e, rows[i].want, journal_read(span_of(rows[i].text), &p, &e));
	assert_int_equal(journal_read(SPAN("{\"specversion\":\"1.0\",\"id\":\"i\",\"source\":\"s\",\"type\":\"jincai.lane.opened\",\"data\":{}}"), &p, &e), 0);
	totals_free(p.more);
	totals_free(p.less);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_commit_is_one_posting_a_batch_with_what_it_changed),
		cmocka_unit_test(what_moves_from_term_to_term_is_more_and_less),
		cmocka_unit_test(a_batch_began_and_ended_when_the_first_posting_says_so),
		cmocka_unit_test(a_batch_and_a_day_are_looked_up),
		cmocka_unit_test(one_that_is_too_large_for_the_index_is_read_where_it_lies),
		cmocka_unit_test(the_first_commit_opens_the_journal_with_what_was_counted_before),
		cmocka_unit_test(what_an_older_program_counted_in_between_stands_there_once),
		cmocka_unit_test(a_record_of_somebody_else_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
