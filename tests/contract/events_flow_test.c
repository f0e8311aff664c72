/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/*
 * Several events of one record on their way over a bus that does whatever a broker may do, with everything dropped and
 * built anew at any turn: each event comes once, those of one record in one commit, and each destination that one of the
 * types reaches is told the batch's end once.
 */
#include "../unit/adapters_help.h"
#include "../unit/events_form.h"
#include "batch.h"
#include "hostile.h"
#include "intake.h"
#include "lane.h"
#include "log.h"
#include "router.h"
#include "topics.h"
#include "totals.h"

#define RECORDS 3001u            /* that make two events each: a step of 5000 ends behind one that began below it */
#define PARTITIONS 2u

static const char both_form[] = "form: out\nevents: [payment.batch.line.v1, payment.published.v1]\ncharset: utf-8\n"
	"file: {name: \"b_{parcel.no:4}.csv\"}\ncodec: {delimited: {by: \",\"}}\nline: [data.unit, data.amount]\n";
static const char orders_form[] = "form: out\nevents: [payment.order.issued.v1]\ncharset: utf-8\n"
	"file: {name: \"o_{parcel.no:4}.csv\"}\ncodec: {delimited: {by: \",\"}}\nline: [data.unit, data.amount]\n";

struct site {
	struct help help;
	struct form *in, *out[2];
	char url[64];
	struct bus *bus;
	struct flow *flows[2];
	uint64_t random;
	unsigned kills, unknown;
	struct err e;
};

static const char *const destinations[] = {"both", "orders", "nobody"};

static unsigned roll(struct site *s, unsigned sides)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(s->random >> 33) % sides;
}

static void open_bus(struct site *s)
{
	struct bus_conf c = {.url = s->url, .partitions = PARTITIONS, .max_bytes = 256u << 20};

	OK(s->e, bus_open_with(&bus_hostile, &c, BUS_OWN, &s->bus, &s->e));
}

static void shape(struct site *s, struct router *r, unsigned type, const char *name, unsigned d, const struct form *form)
{
	const struct form_shape *x = form_shape(form, span_of(name));
	struct slots fixed;

	slots_init(&fixed, names_count(x->names));
	form_site_values(s->help.library, x->names, &fixed);
	router_shape(r, type, d, x->line, x->names, &fixed, -1);
	slots_done(&fixed);
	router_route(r, type, d, NULL);
}

static struct flow *new_router(struct site *s)
{
	struct router *r = router_new(s->bus, "router", "test");
	struct flow *f = router_flow(r);
	unsigned topic, numbers[3];

	for (unsigned d = 0; d < 3; d++) {
		char name[64];

		snprintf(name, sizeof name, TOPIC_TO "%s", destinations[d]);
		OK(s->e, bus_topic(s->bus, name, &topic, &s->e));
		numbers[d] = router_destination(r, destinations[d], topic);
	}
	OK(s->e, bus_topic(s->bus, topics_of_type(SPAN("payment.order.issued.v1")), &topic, &s->e));
	for (unsigned i = 0; i < s->in->nevents; i++) {
		const struct form_event *x = &s->in->events[i];
		unsigned type = router_type(r, x->type, topic, x->schema, false);

		for (unsigned d = 0; d < 2; d++)
			if (form_shape(s->out[d], span_of(x->type)))
				shape(s, r, type, x->type, numbers[d], s->out[d]);
	}
	OK(s->e, bus_topic(s->bus, TOPIC_DEAD, &topic, &s->e));
	f->outputs[f->noutputs++] = topic;
	return f;
}

static void new_flows(struct site *s)
{
	char folder[512], spool[512], forms[512];

	s->flows[0] = intake_new(&(struct intake_setup){.name = "payments", .bus = s->bus, .library = s->help.library, .form = s->in,
		.folder = help_path(&s->help, "in", folder), .spool = help_path(&s->help, "spool", spool),
		.forms = help_path(&s->help, "forms", forms), .kept = forms, .start = SPAN("2026-01-01")}, &s->e);
	assert_non_null(s->flows[0]);
	s->flows[1] = new_router(s);
}

static void free_flows(struct site *s)
{
	for (unsigned i = 0; i < 2; i++) {
		flow_shut(s->flows[i]);
		s->flows[i]->kind->free(s->flows[i]);
	}
}

static struct form *form_of(struct site *s, const char *text, const char *const (*edits)[2])
{
	char *edited = help_edit(text, edits);
	struct findings f;
	struct form *form;

	findings_init(&f);
	form = help_form(&s->help, edited, &f);
	if (!form)
		findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	findings_done(&f);
	free(edited);
	return form;
}

static void begin(struct site *s, uint64_t seed, bool whole)
{
	static const char *const edits[][2] = {{"release: batch", "release: record"},
		{"trailer: {when: 'line.kind = \"T\"', count: line.no, sum: line.amount}\ndeclares: {of: payment.batch.line.v1}\n", ""},
		{"    map:\n      original_vt", "    key: line.no\n    map:\n      original_vt"},
		{"    map:\n      month", "    key: line.no\n    map:\n      month"}, {NULL, NULL}};
	char in[512];

	*s = (struct site){.random = seed};
	snprintf(s->url, sizeof s->url, "hostile:%u:%u:%u", (unsigned)seed, 100 + roll(s, 300), roll(s, 60));
	help_begin(&s->help);
	assert_int_equal(mkdir(help_path(&s->help, "in", in), 0700), 0);
	s->in = form_of(s, events_form, whole ? edits + 2 : edits);
	s->out[0] = form_of(s, both_form, NULL);
	s->out[1] = form_of(s, orders_form, NULL);
	open_bus(s);
	new_flows(s);
}

static void end(struct site *s)
{
	free_flows(s);
	bus_close(s->bus);
	form_free(s->in);
	form_free(s->out[0]);
	form_free(s->out[1]);
	help_end(&s->help);
}

static void kill_all(struct site *s)
{
	s->kills++;
	free_flows(s);
	bus_close(s->bus);
	open_bus(s);
	new_flows(s);
}

static bool turn(struct site *s, unsigned i)
{
	enum flow_turn t = FLOW_IDLE;

	if (flow_turn(s->flows[i], &t, &s->e) == 0)
		return t == FLOW_IDLE;
	if (s->e.id != E_BUS_UNKNOWN && s->e.id != E_BUS_FENCED && err_kind(&s->e) != ERR_RETRY) {
		err_print(&s->e, ERR_EN, stderr);
		fail_msg("flow %u stopped (%s)", i, s->url);
	}
	s->unknown++;
	return false;
}

static void run(struct site *s)
{
	for (unsigned n = 0, idle = 0; idle < 6; n++) {
		assert_true(n < 100000);
		idle = turn(s, n % 2) ? idle + 1 : 0;
		if (s->kills < 12 && roll(s, 3) == 0) {
			kill_all(s);
			idle = 0;
		}
	}
}

/* ---- what lies on the bus ---- */

struct found {
	unsigned lines[RECORDS], published[RECORDS], issued, closings[3], routed;
};

static unsigned number_of(struct span id)
{
	const char *colon = memrchr(id.p, ':', id.n);
	unsigned n = 0;

	for (const char *p = colon + 1; p < id.p + id.n; p++)
		n = n * 10 + (unsigned)(*p - '0');
	return n;
}

static void take_event(struct found *f, const struct event *v)
{
	if (span_is(v->type, "payment.order.issued.v1"))
		f->issued++;
	if (span_is(v->type, "payment.batch.line.v1"))
		f->lines[number_of(v->id)]++;
	if (span_is(v->type, "payment.published.v1"))
		f->published[number_of(v->id) - 2]++;        /* the head is record 1 */
}

static void take_closing(struct site *s, struct found *f, unsigned d, unsigned partition, const struct event *v)
{
	struct arena a = ARENA_INIT;
	struct batch_closing c;

	OK(s->e, batch_closing_read(v, partition, &a, &c, &s->e));
	assert_int_equal(c.ntypes, 4);
	f->closings[d]++;
	f->routed += (unsigned)c.routed;
	arena_done(&a);
}

/* Reads a topic as a flow does: what is repeated is dropped, a gap is an error. d: of a destination, 3 of the events. */
static void read_topic(struct site *s, const char *name, unsigned d, struct found *f)
{
	unsigned topic;

	OK(s->e, bus_topic(s->bus, name, &topic, &s->e));
	for (unsigned p = 0; p < PARTITIONS; p++) {
		struct lane_heads *heads = lane_heads_new();
		struct bus_reader *r = NULL;
		struct bus_message m;
		enum lane_verdict verdict;
		struct event v;
		int got;

		OK(s->e, bus_read(s->bus, topic, p, &r, &s->e));
		while ((got = bus_next(r, &m, &s->e)) == 1) {
			OK(s->e, event_read(m.value, &v, &s->e));
			OK(s->e, lane_heads_check(heads, &v, &verdict, &s->e));
			if (verdict == LANE_REPEAT)
				continue;
			if (d == 3)
				take_event(f, &v);
			else if (span_is(v.type, EVENT_BATCH_CLOSED))
				take_closing(s, f, d, p, &v);
		}
		assert_int_equal(got, 0);
		bus_unread(r);
		lane_heads_free(heads);
	}
}

static void judge(struct site *s, unsigned both)
{
	struct found *f = mem_new(sizeof *f);

	read_topic(s, topics_of_type(SPAN("payment.order.issued.v1")), 3, f);
	for (unsigned d = 0; d < 3; d++) {
		char name[64];

		snprintf(name, sizeof name, TOPIC_TO "%s", destinations[d]);
		read_topic(s, name, d, f);
	}
	assert_int_equal(f->issued, 1);
	for (unsigned i = 0; i < both; i++)
		if (f->lines[i] != 1 || f->published[i] != 1)
			fail_msg("%s: record %u: %u and %u events", s->url, i, f->lines[i], f->published[i]);
	/* On the partitions that carry records, one copy each, also where nothing was routed to. */
	assert_int_equal(f->closings[0], PARTITIONS);
	assert_int_equal(f->closings[1], PARTITIONS);
	assert_int_equal(f->closings[2], 0);
	assert_int_equal(f->routed, 2 * both + 1);
	free(f);
}

/* The adapter's own position: reading stands behind a record when and only when all events of it are counted. */
static void judge_position(struct site *s, unsigned *ret_between)
{
	struct buf b = BUF_INIT;
	json_t *o;
	struct totals *t = totals_new();
	json_int_t number;
	struct money_sum read;

	if (bus_position_get(s->bus, "payments/in", &b, &s->e) == 1) {
		o = json_loadb(b.p, b.n, 0, NULL);
		number = json_integer_value(json_object_get(json_object_get(o, "reader"), "number"));
		OK(s->e, totals_read(t, json_object_get(o, "totals"), &s->e));
		read = totals_get(t, TOTAL_PUBLISHED, "", "CNY");
		if (number) {
			assert_int_equal(read.count, 2 * (number - 1));      /* the head makes one of another kind */
			assert_int_equal(totals_get(t, TOTAL_PUBLISHED, "", "CNY order").count, 1);
			*ret_between += 1;
		}
		json_decref(o);
	}
	totals_free(t);
	buf_done(&b);
}

static void drop_file(struct site *s, unsigned n, bool whole)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "O|1|00000001|%u.00|1\n", n);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&b, "B|%u|00000011|1.00|x\n", i);
	if (whole)
		buf_printf(&b, "T|%u||%u.00|\n", n, n);
	help_write(&s->help, "in/v_20261205.txt", buf_as_span(&b));
	buf_done(&b);
}

static void events_of_a_record_come_together_and_once(void **state)
{
	unsigned kills = 0, unknown = 0, between = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		bool whole = seed % 2;
		struct site *s = mem_new(sizeof *s);

		begin(s, seed, whole);
		drop_file(s, RECORDS, whole);
		for (unsigned n = 0; n < 4; n++) {
			turn(s, 0);
			judge_position(s, &between);
		}
		run(s);
		judge(s, RECORDS);
		kills += s->kills;
		unknown += s->unknown;
		end(s);
		free(s);
	}
	hostile_forget();
	print_message("%u kills, %u commits unknown or fenced, %u looks between two commits of a batch\n", kills, unknown, between);
	assert_true(kills > 50 && unknown > 10 && between > 3);
}

/* One of them was published before with other content: nothing of the record goes out again, and both are told. */
static void a_conflict_of_one_event_stops_the_record(void **state)
{
	struct site *s = mem_new(sizeof *s);
	struct totals *t = totals_new();
	struct buf b = BUF_INIT;
	json_t *o;

	(void)state;
	begin(s, 40, false);
	snprintf(s->url, sizeof s->url, "hostile:1000:0:0");
	kill_all(s);
	help_write(&s->help, "in/v_20261205.txt", SPAN("O|1|00000001|1.00|1\nB|0|00000011|1.00|x\n"));
	run(s);
	help_write(&s->help, "in/v_20261206.txt", SPAN("O|1|00000001|1.00|1\nB|0|00000011|2.00|x\nL|1|00000011|3.00|x\n"));
	run(s);
	OK(s->e, bus_position_get(s->bus, "payments/in", &b, &s->e) == 1 ? 0 : -1);
	o = json_loadb(b.p, b.n, 0, NULL);
	OK(s->e, totals_read(t, json_object_get(o, "totals"), &s->e));
	assert_int_equal(totals_get(t, TOTAL_READ, "", "CNY").count, 2 + 3);
	assert_int_equal(totals_get(t, TOTAL_PUBLISHED, "", "CNY").count, 2 + 1);
	assert_int_equal(totals_get(t, TOTAL_PUBLISHED, "", "CNY order").count, 1);
	assert_int_equal(totals_get(t, TOTAL_DUPLICATE, "", "CNY order").count, 1);
	assert_int_equal(totals_get(t, TOTAL_CONFLICT, "", "CNY").count, 2);
	json_decref(o);
	totals_free(t);
	buf_done(&b);
	end(s);
	free(s);
	hostile_forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_of_a_record_come_together_and_once),
		cmocka_unit_test(a_conflict_of_one_event_stops_the_record),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
