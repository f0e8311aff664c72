/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/*
 * What flows refuse, hold or give up: one flow at a time on a bus that is kind, fed by hand. Each reason is raised where it
 * arises, and what must not happen has not happened.
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "../contract/hostile.h"
#include "../unit/adapters_help.h"
#include "batch.h"
#include "claim.h"
#include "clock.h"
#include "dead.h"
#include "deliver.h"
#include "intake.h"
#include "jscan.h"
#include "log.h"
#include "router.h"
#include "topics.h"

#define TYPE "payroll.line.v1"

struct fix {
	struct help h;
	struct bus *b;
	struct form *form;
	struct flow *f;
	struct bus_owner *feeder;
	struct lanes *lanes;
	unsigned events, to;         /* topics that the feeder writes */
	char in[512], out[512], spool[512], forms[512];
	struct err e;
};

static void begin_on(struct fix *x, const struct bus_driver *driver)
{
	unsigned topics[2];

	*x = (struct fix){0};
	help_begin(&x->h);
	OK(x->e, bus_open_with(driver, &(struct bus_conf){.url = "hostile:7", .partitions = 1}, BUS_OWN, &x->b, &x->e));
	assert_int_equal(mkdir(help_path(&x->h, "in", x->in), 0700), 0);
	assert_int_equal(mkdir(help_path(&x->h, "out", x->out), 0700), 0);
	help_path(&x->h, "spool", x->spool);
	help_path(&x->h, "forms", x->forms);
	OK(x->e, bus_topic(x->b, topics_of_type(SPAN(TYPE)), &x->events, &x->e));
	OK(x->e, bus_topic(x->b, TOPIC_TO "out", &x->to, &x->e));
	topics[0] = x->events;
	topics[1] = x->to;
	OK(x->e, bus_own(x->b, "feeder", &x->feeder, &x->e));
	OK(x->e, lanes_open(x->b, x->feeder, topics, 2, SPAN(""), clock_now_ms(), &x->lanes, &x->e));
}

static void begin(struct fix *x)
{
	begin_on(x, &bus_hostile);
}

static void end(struct fix *x)
{
	lanes_close(x->lanes);
	bus_disown(x->feeder);
	if (x->f) {
		flow_shut(x->f);
		x->f->kind->free(x->f);
	}
	form_free(x->form);
	bus_close(x->b);
	help_end(&x->h);
	hostile_forget();
}

/* ---- feeding ---- */

static void feed(struct fix *x, unsigned topic, struct event v, const char *data)
{
	struct buf b = BUF_INIT;

	v.source = SPAN("/test/feeder");
	event_begin(&b, &v);
	buf_str(&b, data);
	OK(x->e, lanes_append(x->lanes, topic, 0, SPAN("k"), &b, &x->e));
	OK(x->e, lanes_save(x->lanes, &x->e));
	OK(x->e, bus_commit(x->feeder, &x->e));
	buf_done(&b);
}

static void feed_closing_of(struct fix *x, unsigned topic, uint64_t published, uint64_t routed, unsigned partition)
{
	struct batch_closing c = {.batchid = SPAN("b:1"), .adapter = SPAN("a"), .types = {SPAN(TYPE)}, .ntypes = 1, .whole = true,
		.partition = partition, .published = published, .routed = routed, .last = true, .npartitions = 1, .partitions = {partition},
		.all = published};
	struct event attributes = {.source = SPAN("/test/feeder"), .time = SPAN("2026-12-15T00:00:00Z")};
	struct buf b = BUF_INIT;

	batch_closing_write(&b, &c, &attributes);
	OK(x->e, lanes_append(x->lanes, topic, 0, SPAN("k"), &b, &x->e));
	OK(x->e, lanes_save(x->lanes, &x->e));
	OK(x->e, bus_commit(x->feeder, &x->e));
	buf_done(&b);
}

static void feed_closing(struct fix *x, unsigned topic, uint64_t published, uint64_t routed)
{
	feed_closing_of(x, topic, published, routed, 0);
}

static void put_position(struct fix *x, const char *flow, const char *name, const char *value)
{
	struct bus_owner *o;
	char key[100];

	flow_shut(x->f);
	snprintf(key, sizeof key, "%s/%s", flow, name);
	OK(x->e, bus_own(x->b, flow, &o, &x->e));
	OK(x->e, bus_position_put(o, key, span_of(value), &x->e));
	OK(x->e, bus_commit(o, &x->e));
	bus_disown(o);
}

static char *get_position(struct fix *x, const char *key)
{
	struct buf b = BUF_INIT;

	assert_int_equal(bus_position_get(x->b, key, &b, &x->e), 1);
	buf_text(&b);
	return b.p;
}

/* Why its one batch is held. */
static void is_held_for(struct fix *x, const char *code)
{
	struct buf want = BUF_INIT;
	char *held = get_position(x, "out/held/b:1");

	buf_printf(&want, "\"why\":\"%s\"", code);
	assert_non_null(strstr(held, buf_text(&want)));
	buf_done(&want);
	free(held);
}

/* Turns until idle; the code of what ended it, or "". */
static const char *run(struct fix *x)
{
	enum flow_turn t = FLOW_COMMIT;

	for (unsigned n = 0; t != FLOW_IDLE; n++) {
		assert_true(n < 1000);
		if (flow_turn(x->f, &t, &x->e) != 0)
			return err_code(x->e.id)->name;
	}
	return "";
}

/* Is the text in a record of the topic? */
static bool on_topic(struct fix *x, const char *topic, const char *text)
{
	struct bus_reader *r;
	struct bus_message m;
	unsigned number;
	bool found = false;

	OK(x->e, bus_topic(x->b, topic, &number, &x->e));
	OK(x->e, bus_read(x->b, number, 0, &r, &x->e));
	while (bus_next(r, &m, &x->e) == 1)
		found |= memmem(m.value.p, m.value.n, text, strlen(text)) != NULL;
	bus_unread(r);
	return found;
}

static bool is_reason(struct fix *x, const char *code)
{
	char text[80];

	snprintf(text, sizeof text, "{\"code\":\"%s\"", code);
	return on_topic(x, TOPIC_CLAIMS, text);
}

static bool is_dead(struct fix *x, const char *code)
{
	char text[80];

	snprintf(text, sizeof text, "\"code\":\"%s\"", code);
	return on_topic(x, TOPIC_DEAD, text);
}

/* ---- the adapter ---- */

static void new_adapter(struct fix *x, const char *const (*edits)[2])
{
	struct intake_setup s = {.name = "payroll-a", .bus = x->b, .library = x->h.library, .folder = x->in, .spool = x->spool,
		.forms = x->forms, .kept = x->forms, .start = SPAN("2026-12-10")};

	x->form = help_good(&x->h, "payroll/pipe/batch", edits);
	s.form = x->form;
	x->f = intake_new(&s, &x->e);
	assert_non_null(x->f);
}

static void drop(struct fix *x, const char *name, const char *text)
{
	char below[100];

	snprintf(below, sizeof below, "in/%s", name);
	help_write(&x->h, below, span_of(text));
	strcat(below, ".ok");
	help_write(&x->h, below, SPAN(""));
}

#define HEAD(n, sum) "F|000001|20261215|602001|103|61|" n "|" sum "\n"
#define LINE(agent, person, net) agent "|Li|" net "|622202060000000001" person "|602001|01|15070219800101001" person "|1\n"

static void what_a_batch_waits_for_stands_in_its_claim(void **state)
{
	struct fix x;

	(void)state;
	begin(&x);
	new_adapter(&x, NULL);
	drop(&x, "gz_202612_001.txt", HEAD("2", "3.00") LINE("1", "1", "1.00") LINE("2", "2", "2.00"));
	assert_string_equal(run(&x), "");
	assert_true(on_topic(&x, TOPIC_CLAIMS, "\"state\":\"published\""));
	drop(&x, "gz_202612_002.txt", "\n\n");
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.empty"));
	assert_true(is_dead(&x, "batch.empty"));
	drop(&x, "gz_202612_001.txt", HEAD("1", "9.00") LINE("1", "9", "9.00"));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.conflict"));
	drop(&x, "gz_202612_001.txt", HEAD("2", "3.00") LINE("1", "1", "1.00") LINE("2", "2", "2.00"));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.duplicate"));
	drop(&x, "gz_202612_003.txt", HEAD("1", "2.00") LINE("1", "1", "1.00"));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.sum"));
	drop(&x, "gz_202612_003.txt", HEAD("1", "1.00") LINE("1", "1", "1.00"));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.superseded"));
	assert_true(x.f->attention);
	end(&x);
}

/* Batches of which a part was published under another number of batch; dates by line. */
static void a_part_that_is_older_or_known_or_changed_holds_the_whole(void **state)
{
	static const char *const edits[][2] = {{"head.unit, file.month, file.batch, ", "head.unit, file.month, "},
		{"{from: head.date, as: yyyyMMdd}", "{from: line.agent_no, as: yyyyMMdd}"}, {NULL, NULL}};
	struct fix x;

	(void)state;
	begin(&x);
	new_adapter(&x, edits);
	drop(&x, "gz_202612_001.txt", HEAD("2", "3.00") LINE("20261215", "1", "1.00") LINE("20261215", "2", "2.00"));
	assert_string_equal(run(&x), "");
	drop(&x, "gz_202612_002.txt", HEAD("2", "4.00") LINE("20261215", "3", "3.00") LINE("20261215", "1", "1.00"));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.duplicate_line"));
	drop(&x, "gz_202612_003.txt", HEAD("2", "4.01") LINE("20261215", "3", "3.00") LINE("20261215", "1", "1.01"));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.conflict_line"));
	drop(&x, "gz_202612_004.txt", HEAD("2", "9.00") LINE("20261215", "4", "4.00") LINE("20261209", "5", "5.00"));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.mixed_start"));
	assert_false(on_topic(&x, "jincai.payroll", "\"net\":\"3.00\"") || on_topic(&x, "jincai.payroll", "\"net\":\"4.00\""));
	drop(&x, "gz_202612_005.txt", HEAD("1", "6.00") LINE("20261209", "6", "6.00"));
	assert_string_equal(run(&x), "");
	assert_true(on_topic(&x, TOPIC_CLAIMS, "\"state\":\"known\""));
	assert_false(on_topic(&x, "jincai.payroll", "\"net\":\"6.00\""));
	end(&x);
}

static void a_record_published_with_other_content_is_a_conflict(void **state)
{
	static const char *const edits[][2] = {{"release: batch", "release: record"},
		{"head.unit, file.month, file.batch, ", "head.unit, file.month, "}, {NULL, NULL}};
	struct fix x;

	(void)state;
	begin(&x);
	new_adapter(&x, edits);
	drop(&x, "gz_202612_001.txt", HEAD("1", "1.00") LINE("1", "1", "1.00"));
	assert_string_equal(run(&x), "");
	drop(&x, "gz_202612_002.txt", HEAD("2", "3.01") LINE("1", "1", "1.01") LINE("2", "2", "2.00"));
	assert_string_equal(run(&x), "");
	assert_true(is_dead(&x, "record.conflict"));
	assert_true(on_topic(&x, "jincai.payroll", "\"net\":\"2.00\""));
	assert_false(on_topic(&x, "jincai.payroll", "\"net\":\"1.01\""));
	end(&x);
}

/* Ids are kept while a batch is judged: so many and no more. */
static void a_batch_of_too_many_records_is_held(void **state)
{
	struct buf text = BUF_INIT;
	struct fix x;

	(void)state;
	begin(&x);
	new_adapter(&x, NULL);
	buf_str(&text, HEAD("1000001", "10000.01"));
	for (unsigned i = 0; i < 1000001; i++)
		buf_printf(&text, "1|L|0.01|62220|602001|01|%u|1\n", i);
	drop(&x, "gz_202612_001.txt", buf_text(&text));
	assert_string_equal(run(&x), "");
	assert_true(is_reason(&x, "batch.too_many"));
	assert_false(on_topic(&x, "jincai.payroll", "\"net\""));
	buf_done(&text);
	end(&x);
}

/* Takes turns until the batch is being published. */
static void run_to_publishing(struct fix *x)
{
	enum flow_turn t;

	for (unsigned n = 0; !on_topic(x, TOPIC_CLAIMS, "\"state\":\"publishing\""); n++) {
		assert_true(n < 10);
		OK(x->e, flow_turn(x->f, &t, &x->e));
	}
}

/* Published in several commits, with a new start behind each of them: what the closing says is of all. */
static void what_failed_before_a_new_start_stands_in_the_closing(void **state)
{
	static const char *const edits[][2] = {{"release: batch", "release: record"}, {NULL, NULL}};
	struct buf text = BUF_INIT;
	enum flow_turn t;
	struct fix x;

	(void)state;
	begin(&x);
	new_adapter(&x, edits);
	buf_str(&text, HEAD("12000", "119.99") "1|L|x|62220|602001|01|0|1\n");
	for (unsigned i = 1; i < 12000; i++)
		buf_printf(&text, "1|L|0.01|62220|602001|01|%u|1\n", i);
	drop(&x, "gz_202612_001.txt", buf_text(&text));
	run_to_publishing(&x);
	do {
		OK(x.e, flow_turn(x.f, &t, &x.e));
		flow_shut(x.f);
	} while (t != FLOW_IDLE);
	assert_true(on_topic(&x, "jincai.payroll", "\"published\":11999,\"failed\":1,"));
	buf_done(&text);
	end(&x);
}

static void an_adapter_whose_copy_or_place_is_gone_stops(void **state)
{
	struct fix x;
	char path[512], **names;

	(void)state;
	begin(&x);
	new_adapter(&x, NULL);
	drop(&x, "gz_202612_001.txt", HEAD("1", "1.00") LINE("1", "1", "1.00"));
	run_to_publishing(&x);
	OK(x.e, fsys_list(AT_FDCWD, x.spool, &names, &x.e));
	assert_int_equal(truncate(help_path(&x.h, "spool/1-0-gz_202612_001.txt", path), 3), 0);
	assert_string_equal(run(&x), "drop.spool_damaged");
	assert_int_equal(unlink(path), 0);
	/* The original could stand for it, if it were still what was claimed. */
	assert_int_equal(truncate(help_path(&x.h, "in/.taken/1-0-gz_202612_001.txt", path), 5), 0);
	assert_string_equal(run(&x), "drop.spool_missing");
	assert_int_equal(unlink(path), 0);
	assert_string_equal(run(&x), "drop.spool_missing");
	assert_false(on_topic(&x, "jincai.payroll", "\"net\""));
	fsys_list_free(names);
	put_position(&x, "payroll-a", "in", "{\"totals\":[],\"batch\":\"payroll-a:nothing\"}");
	assert_string_equal(run(&x), "claim.record");
	put_position(&x, "payroll-a", "in", "{");
	assert_string_equal(run(&x), "flow.position");
	end(&x);
}

/* As on another host, to which somebody has brought the original alone. */
static void a_copy_that_is_gone_is_made_again_from_the_original(void **state)
{
	struct fix x;
	char path[512];

	(void)state;
	begin(&x);
	new_adapter(&x, NULL);
	drop(&x, "gz_202612_001.txt", HEAD("1", "1.00") LINE("1", "1", "1.00"));
	run_to_publishing(&x);
	assert_int_equal(unlink(help_path(&x.h, "spool/1-0-gz_202612_001.txt", path)), 0);
	assert_string_equal(run(&x), "");
	assert_true(on_topic(&x, "jincai.payroll", "\"net\""));
	assert_int_equal(access(path, F_OK), -1);
	end(&x);
}

/* A person may put a file back into .taken by hand, under any name. */
static void a_file_in_taken_without_a_number_is_claimed(void **state)
{
	struct fix x;
	char path[512];

	(void)state;
	begin(&x);
	new_adapter(&x, NULL);
	assert_int_equal(mkdir(help_path(&x.h, "in/.taken", path), 0700), 0);
	help_write(&x.h, "in/.taken/gz_202612_001.txt", SPAN("\n"));
	help_write(&x.h, "in/.taken/1-gz_202612_002.txt", SPAN("\n"));
	assert_string_equal(run(&x), "");
	assert_true(on_topic(&x, TOPIC_CLAIMS, "~gz_202612_001.txt\""));
	assert_true(on_topic(&x, TOPIC_CLAIMS, "~1-gz_202612_002.txt\""));
	end(&x);
}

static void a_claim_comes_back_as_written(void **state)
{
	struct claim c = {.batchid = SPAN("a:1"), .state = SPAN("held"), .adapter = SPAN("a"), .taken = SPAN("1-0-x"), .name = SPAN("x"),
		.keys = SPAN("2026-12:001"), .digest = SPAN("ab"), .form = SPAN("f"), .form_digest = SPAN("cd"), .size = 9, .time_ms = 1000,
		.digests = SPAN("00000001"), .records = 3, .events = 2, .dead = 1, .skipped = 4, .verdict = SPAN("held"), .has_count = true,
		.count = 3, .has_sum = true, .sum = -150}, got;
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT, again = BUF_INIT;
	struct event v;
	struct err e, why;

	(void)state;
	c.totals = totals_new();
	err_set(&why, E_BATCH_COUNT, "want=4\ngot=3");
	err_at(&why, "x:7");
	claim_reason(&c, &a, &why);
	claim_write(&b, &c, SPAN("/test/a"));
	event_stamp(&b, SPAN("a.1"), 1);
	OK(e, event_read(buf_as_span(&b), &v, &e));
	OK(e, claim_read(&v, &a, &got, &e));
	claim_write(&again, &got, SPAN("/test/a"));
	event_stamp(&again, SPAN("a.1"), 1);
	assert_string_equal(buf_text(&b), buf_text(&again));
	totals_free(got.totals);
	v.data = SPAN("{\"adapter\":\"a\"}");
	FAILS(e, "claim.record", claim_read(&v, &a, &got, &e));
	v.data = SPAN("{");
	FAILS(e, "claim.record", claim_read(&v, &a, &got, &e));
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&b);
	buf_done(&again);
}

/* ---- the router ---- */

static void new_router(struct fix *x, const char *split, const char *const (*edits)[2])
{
	struct router *r = router_new(x->b, "router", "test");
	const struct form_shape *shape;
	struct slots fixed;
	unsigned type, dead;
	struct findings f;

	findings_init(&f);
	x->form = help_good(&x->h, "unit/csv/lines", edits);
	shape = form_shape(x->form, SPAN(TYPE));
	x->f = router_flow(r);
	type = router_type(r, TYPE, x->events, library_schema(x->h.library, SPAN(TYPE), conf_root(x->form->conf), &f), true);
	findings_done(&f);
	router_destination(r, "out", x->to);
	slots_init(&fixed, names_count(shape->names));
	router_shape(r, type, 0, shape->line, shape->names, &fixed, split ? names_use(router_names(r, type), span_of(split)) : -1);
	slots_done(&fixed);
	router_route(r, type, 0, NULL);
	OK(x->e, bus_topic(x->b, TOPIC_DEAD, &dead, &x->e));
	x->f->outputs[x->f->noutputs++] = dead;
}

#define DATA(net) "{\"month\":\"2026-12\",\"businessdate\":\"2026-12-15\",\"unit\":\"602001\",\"payee\":{\"name\":\"Li\"," \
	"\"account\":\"12345\",\"bank\":\"103196000015\"},\"net\":" net ",\"currency\":\"CNY\"}"

static const struct event one = {.id = {"payroll.line:1", 14}, .type = {TYPE, sizeof TYPE - 1}, .batchid = {"b:1", 3}};

static void a_router_that_reads_other_than_was_published_stops(void **state)
{
	static const struct {
		const char *data;
		uint64_t published;
		unsigned partition;
		const char *code;
	} rows[] = {
		{DATA("\"1.00\""), 1, 0, ""},
		{DATA("\"1.00\""), 2, 0, "route.batch"},
		{DATA("\"1.0x\""), 1, 0, "route.event"},
		{"[1]", 1, 0, "route.event"},
		{DATA("\"1.00\""), 1, 1, "batch.closing"},  /* as if it were on a partition that the topics do not have */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fix x;

		begin(&x);
		new_router(&x, NULL, NULL);
		feed(&x, x.events, one, rows[i].data);
		feed_closing_of(&x, x.events, rows[i].published, 0, rows[i].partition);
		assert_string_equal(run(&x), rows[i].code);
		end(&x);
	}
}

static void what_the_router_cannot_place_is_dead_and_fails_its_batch(void **state)
{
	static const struct {
		const char *type, *split, *code;
	} rows[] = {
		{TYPE, "data.person_no", "route.no_split"},
		{"payroll.person.v1", NULL, "route.none"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct event v = one;
		struct fix x;

		begin(&x);
		new_router(&x, rows[i].split, NULL);
		v.type = span_of(rows[i].type);
		feed(&x, x.events, v, DATA("\"1.00\""));
		feed_closing(&x, x.events, 1, 0);
		assert_string_equal(run(&x), "");
		assert_true(is_dead(&x, rows[i].code));
		assert_true(on_topic(&x, TOPIC_TO "out", "\"published\":1,\"failed\":1,\"routed\":0"));
		assert_true(x.f->attention);
		end(&x);
	}
}

/* The month stands in the shape more than once, so it fits on the way in and not on the way out. */
static void a_shape_that_is_too_large_is_dead_and_the_next_one_goes(void **state)
{
	static const char *const edits[][2] = {{"    - data.unit\n", "    - data.month\n"}, {NULL, NULL}};
	struct buf data = BUF_INIT;
	struct event v = one;
	struct fix x;

	(void)state;
	begin(&x);
	new_router(&x, NULL, edits);
	buf_str(&data, "{\"net\":\"1.00\",\"currency\":\"CNY\",\"month\":\"");
	for (unsigned i = 0; i < 500000; i++)
		buf_c(&data, 'x');
	buf_str(&data, "\"}");
	v.batchid = SPAN("b:1");
	feed(&x, x.events, v, buf_text(&data));
	v.id = SPAN("payroll.line:2");
	feed(&x, x.events, v, DATA("\"2.00\""));
	assert_string_equal(run(&x), "");
	assert_true(is_dead(&x, "bus.too_large"));
	assert_true(on_topic(&x, TOPIC_TO "out", "\"amount\":\"2.00\""));
	buf_done(&data);
	end(&x);
}

static void a_broken_position_stops_the_router(void **state)
{
	struct fix x;

	(void)state;
	begin(&x);
	new_router(&x, NULL, NULL);
	put_position(&x, "router", "jincai.payroll/0", "{");
	assert_string_equal(run(&x), "flow.position");
	end(&x);
}

/* ---- the destination ---- */

static void new_destination(struct fix *x, const char *form, bool split)
{
	struct deliver_setup s = {.name = "out", .bus = x->b, .library = x->h.library, .folder = x->out, .split = split};

	x->form = help_good(&x->h, form, NULL);
	s.form = x->form;
	x->f = deliver_new(&s, &x->e);
	assert_non_null(x->f);
}

/* A line as the router writes it: cells are the text of the array, more is what stands behind it. */
static void feed_cells(struct fix *x, struct event v, const char *cells, const char *layout, const char *more)
{
	struct buf data = BUF_INIT;

	buf_printf(&data, "{\"line\":[%s],\"layout\":\"%s\",%s}", cells, layout, more);
	v.businessdate = SPAN("2026-12-15");
	feed(x, x->to, v, buf_text(&data));
	buf_done(&data);
}

static const char *layout_of(const struct fix *x)
{
	return map_layout(form_shape(x->form, SPAN(TYPE))->line);
}

static void feed_line(struct fix *x, unsigned n, const char *split, const char *currency, const char *amount)
{
	char id[40], cells[100], more[100];
	struct event v = one;

	snprintf(id, sizeof id, "payroll.line:%u", n);
	snprintf(cells, sizeof cells, "\"%u\",\"Li\",\"%s\",\"12345\"", n, amount);
	snprintf(more, sizeof more, "\"amount\":\"%s\",\"currency\":\"%s\",\"split\":\"%s\"", amount, currency, split);
	v.id = span_of(id);
	feed_cells(x, v, cells, layout_of(x), more);
}

static unsigned files(const struct fix *x, const char *below)
{
	char path[512], **names;
	unsigned n = 0, kept = 0;
	struct err e;

	OK(e, fsys_list(AT_FDCWD, help_path(&x->h, below, path), &names, &e));
	for (; names[n]; n++)
		kept += names[n][0] != '.';
	fsys_list_free(names);
	return kept;
}

static void a_line_that_is_none_stops_the_destination(void **state)
{
	static const char *const data[] = {"{\"line\":1}", "{\"line\":[\"a\"],\"amount\":\"x\"}", "[]", NULL};

	(void)state;
	for (unsigned i = 0; data[i]; i++) {
		struct fix x;

		begin(&x);
		new_destination(&x, "bank/pipe/batch", false);
		feed(&x, x.to, one, data[i]);
		assert_string_equal(run(&x), "gather.line");
		end(&x);
	}
}

static void a_closing_of_another_partition_stops_the_destination(void **state)
{
	struct fix x;

	(void)state;
	begin(&x);
	new_destination(&x, "bank/pipe/batch", false);
	feed_line(&x, 1, "", "CNY", "1.00");
	feed_closing_of(&x, x.to, 1, 1, 1);
	assert_string_equal(run(&x), "batch.closing");
	end(&x);
}

static int is_a_cluster(struct bus *b, struct buf *ret, struct err *e)
{
	(void)b;
	(void)e;
	buf_str(ret, "a cluster");
	return 0;
}

/* As somebody else who may write to the topic would: no lane. */
static void feed_foreign(struct fix *x)
{
	struct buf b = BUF_INIT;

	event_begin(&b, &(struct event){.id = SPAN("x"), .source = SPAN("/x"), .type = SPAN(TYPE), .batchid = SPAN("b:1")});
	buf_str(&b, "{}}");
	OK(x->e, bus_append(x->feeder, x->to, 0, SPAN("k"), buf_as_span(&b), &x->e));
	OK(x->e, bus_commit(x->feeder, &x->e));
	buf_done(&b);
}

static void what_others_write_amid_a_batch_is_not_of_it(void **state)
{
	struct bus_driver shared = bus_hostile;
	struct fix x;
	char *out;

	(void)state;
	shared.cluster = is_a_cluster;
	begin_on(&x, &shared);
	new_destination(&x, "bank/pipe/batch", false);
	feed_line(&x, 1, "", "CNY", "1.00");
	feed_foreign(&x);
	feed_line(&x, 2, "", "CNY", "2.00");
	feed_closing(&x, x.to, 2, 2);
	assert_string_equal(run(&x), "");
	out = get_position(&x, "out/out");
	assert_non_null(strstr(out, "[\"handed_over\",\"out\",\"CNY\",2,\"3.00\",\"0.00\",0]"));
	free(out);
	assert_int_equal(files(&x, "out"), 2);
	end(&x);
}

static void two_currencies_under_one_declared_sum_are_held(void **state)
{
	struct fix x;
	char *out;

	(void)state;
	begin(&x);
	new_destination(&x, "bank/pipe/batch", false);
	feed_line(&x, 1, "", "CNY", "1.00");
	feed_line(&x, 2, "", "GBP", "2.00");
	feed_closing(&x, x.to, 2, 2);
	assert_string_equal(run(&x), "");
	out = get_position(&x, "out/out");
	is_held_for(&x, "parcel.currencies");
	assert_non_null(strstr(out, "[\"stopped\",\"out\",\"CNY\",1,\"1.00\",\"0.00\",0],[\"stopped\",\"out\",\"GBP\",1,\"2.00\",\"0.00\",0]"));
	assert_null(strstr(out, "[\"pending\""));
	free(out);
	assert_int_equal(files(&x, "out"), 0);
	assert_int_equal(files(&x, "out/.staging"), 0);
	end(&x);
}

static void two_currencies_without_a_declared_sum_are_two_files(void **state)
{
	struct fix x;
	char *out;

	(void)state;
	begin(&x);
	new_destination(&x, "unit/csv/lines", true);
	feed_line(&x, 1, "602001", "CNY", "1.00");
	feed_line(&x, 2, "602001", "GBP", "2.00");
	feed_line(&x, 3, "602001", "CNY", "3.00");
	feed_closing(&x, x.to, 3, 3);
	assert_string_equal(run(&x), "");
	out = get_position(&x, "out/out");
	assert_non_null(strstr(out, "[\"handed_over\",\"out\",\"CNY\",2,\"4.00\",\"0.00\",0],[\"handed_over\",\"out\",\"GBP\",1,"));
	assert_null(strstr(out, "[\"pending\""));
	free(out);
	assert_int_equal(files(&x, "out/602001"), 2);
	end(&x);
}

static void a_batch_of_too_many_files_is_held(void **state)
{
	struct fix x;
	char *out;

	(void)state;
	begin(&x);
	new_destination(&x, "unit/csv/lines", true);
	for (unsigned i = 0; i < 1001; i++) {
		char split[16];

		snprintf(split, sizeof split, "u%u", i);
		feed_line(&x, i, split, "CNY", "1.00");
	}
	feed_closing(&x, x.to, 1001, 1001);
	assert_string_equal(run(&x), "");
	out = get_position(&x, "out/out");
	is_held_for(&x, "parcel.too_many");
	free(out);
	assert_int_equal(files(&x, "out"), 0);
	end(&x);
}

/* What the second line holds cannot be written: the first file that was staged for the batch leaves again. */
static void a_line_that_cannot_be_written_holds_the_batch_and_leaves_nothing(void **state)
{
	struct fix x;
	struct event v = one;
	char *out;

	(void)state;
	begin(&x);
	new_destination(&x, "bank/pipe/batch", false);
	feed_line(&x, 1, "", "CNY", "1.00");
	v.id = SPAN("payroll.line:2");
	feed_cells(&x, v, "\"2\",\"a|b\",\"1.00\",\"1\"", layout_of(&x), "\"amount\":\"1.00\",\"currency\":\"CNY\"");
	feed_closing(&x, x.to, 2, 2);
	assert_string_equal(run(&x), "");
	out = get_position(&x, "out/out");
	is_held_for(&x, "codec.delimiter_inside");
	free(out);
	assert_int_equal(files(&x, "out"), 0);
	assert_int_equal(files(&x, "out/.staging"), 0);
	end(&x);
}

static void a_line_of_another_layout_holds_all_of_its_batch(void **state)
{
	static const struct {
		const char *type, *layout;
	} rows[] = {{TYPE, "0123456789abcdef"}, {TYPE, ""}, {"payment.published.v1", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct event v = one;
		struct fix x;
		char *out;

		begin(&x);
		new_destination(&x, "bank/pipe/batch", false);
		feed_line(&x, 1, "", "CNY", "1.00");
		v.id = SPAN("payroll.line:2");
		v.type = span_of(rows[i].type);
		feed_cells(&x, v, "\"2\",\"Li\",\"1.00\",\"1\"", rows[i].layout ? rows[i].layout : layout_of(&x),
			"\"amount\":\"1.00\",\"currency\":\"CNY\"");
		feed_closing(&x, x.to, 2, 2);
		assert_string_equal(run(&x), "");
		is_held_for(&x, "gather.form");
		out = get_position(&x, "out/out");
		assert_non_null(strstr(out, "[\"stopped\",\"out\",\"CNY\",2,\"2.00\""));
		free(out);
		assert_int_equal(files(&x, "out"), 0);
		assert_int_equal(files(&x, "out/.staging"), 0);
		end(&x);
	}
}

/* The kept position with one text in the place of another. */
static void edit_out(struct fix *x, const char *from, const char *to)
{
	char *out = get_position(x, "out/out"), *edited = help_edit(out, (const char *const[][2]){{from, to}, {NULL, NULL}});

	put_position(x, "out", "out", edited);
	free(out);
	free(edited);
}

static void lines_other_than_gathered_are_not_sent(void **state)
{
	struct fix x;

	(void)state;
	begin(&x);
	new_destination(&x, "bank/pipe/batch", false);
	feed_line(&x, 1, "", "CNY", "1.00");
	feed_line(&x, 2, "", "CNY", "2.00");
	assert_string_equal(run(&x), "");
	edit_out(&x, "[\"CNY\",2,\"3.00\"", "[\"CNY\",3,\"4.00\"");
	feed_closing(&x, x.to, 2, 2);
	assert_string_equal(run(&x), "parcel.sum");
	edit_out(&x, "\"sums\":", "\"smus\":");
	assert_string_equal(run(&x), "gather.state");
	put_position(&x, "out", "out", "{\"parcels\":[{}]}");
	assert_string_equal(run(&x), "parcel.record");
	put_position(&x, "out", "out", "{");
	assert_string_equal(run(&x), "flow.position");
	assert_int_equal(files(&x, "out"), 0);
	end(&x);
}

static void a_parcel_in_handing_when_the_machine_stopped_is_never_sent_again(void **state)
{
	enum flow_turn t;
	struct fix x;
	char *out, boot[40], was[60];

	(void)state;
	begin(&x);
	new_destination(&x, "bank/pipe/batch", false);
	feed_line(&x, 1, "", "CNY", "1.00");
	feed_closing(&x, x.to, 1, 1);
	do
		OK(x.e, flow_turn(x.f, &t, &x.e));
	while (!on_topic(&x, TOPIC_PARCELS, "\"state\":\"handing\""));
	clock_boot_id(boot);
	snprintf(was, sizeof was, "\"boot\":\"%s\"", boot);
	edit_out(&x, was, "\"boot\":\"another\"");
	assert_string_equal(run(&x), "");
	assert_true(x.f->attention);
	out = get_position(&x, "out/out");
	assert_non_null(strstr(out, "\"state\":\"unknown\""));
	assert_non_null(strstr(out, "[\"pending\",\"out\",\"CNY\",1,\"1.00\""));
	free(out);
	assert_true(on_topic(&x, TOPIC_PARCELS, "\"state\":\"unknown\""));
	assert_int_equal(files(&x, "out"), 1);       /* the body, whose marker the receiver waits for */
	/* Another batch goes all the same. */
	feed_cells(&x, (struct event){.id = SPAN("payroll.line:9"), .type = SPAN(TYPE), .batchid = SPAN("b:2")},
		"\"9\",\"Li\",\"9.00\",\"1\"", layout_of(&x), "\"amount\":\"9.00\",\"currency\":\"CNY\"");
	{
		struct batch_closing c = {.batchid = SPAN("b:2"), .adapter = SPAN("a"), .types = {SPAN(TYPE)}, .ntypes = 1, .whole = true, .published = 1,
			.routed = 1, .last = true, .npartitions = 1, .all = 1};
		struct event attributes = {.source = SPAN("/test/feeder"), .time = SPAN("2026-12-15T00:00:00Z")};
		struct buf b = BUF_INIT;

		batch_closing_write(&b, &c, &attributes);
		OK(x.e, lanes_append(x.lanes, x.to, 0, SPAN("k"), &b, &x.e));
		OK(x.e, lanes_save(x.lanes, &x.e));
		OK(x.e, bus_commit(x.feeder, &x.e));
		buf_done(&b);
	}
	assert_string_equal(run(&x), "");
	assert_int_equal(files(&x, "out"), 3);
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_batch_waits_for_stands_in_its_claim),
		cmocka_unit_test(a_part_that_is_older_or_known_or_changed_holds_the_whole),
		cmocka_unit_test(a_record_published_with_other_content_is_a_conflict),
		cmocka_unit_test(a_batch_of_too_many_records_is_held),
		cmocka_unit_test(what_failed_before_a_new_start_stands_in_the_closing),
		cmocka_unit_test(an_adapter_whose_copy_or_place_is_gone_stops),
		cmocka_unit_test(a_copy_that_is_gone_is_made_again_from_the_original),
		cmocka_unit_test(a_file_in_taken_without_a_number_is_claimed),
		cmocka_unit_test(a_claim_comes_back_as_written),
		cmocka_unit_test(a_router_that_reads_other_than_was_published_stops),
		cmocka_unit_test(what_the_router_cannot_place_is_dead_and_fails_its_batch),
		cmocka_unit_test(a_shape_that_is_too_large_is_dead_and_the_next_one_goes),
		cmocka_unit_test(a_broken_position_stops_the_router),
		cmocka_unit_test(a_line_that_is_none_stops_the_destination),
		cmocka_unit_test(a_closing_of_another_partition_stops_the_destination),
		cmocka_unit_test(what_others_write_amid_a_batch_is_not_of_it),
		cmocka_unit_test(two_currencies_under_one_declared_sum_are_held),
		cmocka_unit_test(two_currencies_without_a_declared_sum_are_two_files),
		cmocka_unit_test(a_batch_of_too_many_files_is_held),
		cmocka_unit_test(a_line_that_cannot_be_written_holds_the_batch_and_leaves_nothing),
		cmocka_unit_test(a_line_of_another_layout_holds_all_of_its_batch),
		cmocka_unit_test(lines_other_than_gathered_are_not_sent),
		cmocka_unit_test(a_parcel_in_handing_when_the_machine_stopped_is_never_sent_again),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
