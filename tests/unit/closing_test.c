/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "../contract/hostile.h"
#include "clock.h"
#include "closing.h"
#include "journal.h"
#include "topics.h"

/* Postings without a site around them: what a closing makes of a journal that is wrong, or too long. */
struct writing {
	struct flow flow;
	struct totals *totals;
	struct journal *journal;
	unsigned topic, batches;
	bool ended, wrong;
};

static int write_open(struct flow *f, struct err *e)
{
	struct writing *w = (struct writing *)f;

	(void)e;
	w->totals = totals_new();
	w->journal = journal_new(w->totals, 0);
	return 0;
}

static int write_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct writing *w = (struct writing *)f;

	*ret = FLOW_IDLE;
	for (unsigned i = 0; i < 500 && w->batches; i++, w->batches--) {
		char id[128];
		struct totals *t;

		snprintf(id, sizeof id, "payroll-of-a-long-name-so-that-many-of-them-do-not-fit-into-one-record:2026-12:%05u", w->batches);
		t = journal_of(w->journal, span_of(id));
		if (totals_add(t, TOTAL_READ, "", SPAN("CNY"), 100, true, e) != 0 ||
			(!w->wrong && totals_add(t, TOTAL_HELD, "", SPAN("CNY"), 100, true, e) != 0))
			return -1;
		journal_begun(w->journal, span_of(id));
		if (w->ended)
			journal_ended(w->journal, span_of(id));
		*ret = FLOW_COMMIT;
	}
	return journal_post(w->journal, f, w->topic, e);
}

static void write_close(struct flow *f)
{
	struct writing *w = (struct writing *)f;

	journal_free(w->journal);
	totals_free(w->totals);
}

static void write_free(struct flow *f)
{
	(void)f;
}

static const struct flow_kind writing = {"adapter", 0, write_open, write_step, NULL, NULL, NULL, NULL, write_close, write_free};

static struct bus *bus_with(unsigned batches, bool ended, bool wrong)
{
	struct bus_conf c = {.url = "hostile:0", .partitions = 1, .max_bytes = 64u << 20};
	struct writing w = {.flow = {.kind = &writing}, .batches = batches, .ended = ended, .wrong = wrong};
	enum flow_turn turn;
	struct err e;

	OK(e, bus_open_with(&bus_hostile, &c, BUS_OWN, &w.flow.bus, &e));
	OK(e, bus_topic(w.flow.bus, TOPIC_JOURNAL, &w.topic, &e));
	snprintf(w.flow.name, sizeof w.flow.name, "payroll");
	w.flow.outputs[w.flow.noutputs++] = w.topic;
	while (w.batches)
		OK(e, flow_turn(&w.flow, &turn, &e));
	flow_shut(&w.flow);
	return w.flow.bus;
}

static void close_today(unsigned batches, bool ended, bool wrong, int64_t ahead, int want, const char *code)
{
	struct bus *b = bus_with(batches, ended, wrong);
	static char bank[] = "bank";
	struct site_destination to = {.name = bank};
	const struct site s = {.destinations = &to, .ndestinations = 1};
	struct closing c;
	char day[11];
	struct err e = ERR_INIT;

	clock_date(clock_day(clock_now_ms()) + ahead, day);
	assert_int_equal(closing_make(&s, b, span_of(day), &c, &e), want);
	assert_string_equal(e.id ? err_code(e.id)->name : "", code);
	closing_done(&c);
	bus_close(b);
	hostile_forget();
}

static void a_day_that_comes_out_can_be_closed(void **state)
{
	(void)state;
	close_today(3, true, false, 0, 1, "");
	close_today(3, false, false, 0, 1, "");
	close_today(0, false, false, 0, 1, "");
}

static void a_day_that_does_not_come_out_is_refused(void **state)
{
	(void)state;
	close_today(1, true, true, 0, 0, "close.wrong");
}

static void more_open_batches_than_a_record_holds_are_refused(void **state)
{
	(void)state;
	close_today(6000, false, false, 0, 0, "close.large");
}

static void a_day_to_come_is_refused(void **state)
{
	(void)state;
	close_today(1, true, false, 1, 0, "close.future");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_that_comes_out_can_be_closed),
		cmocka_unit_test(a_day_that_does_not_come_out_is_refused),
		cmocka_unit_test(more_open_batches_than_a_record_holds_are_refused),
		cmocka_unit_test(a_day_to_come_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
