/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/*
 * A destination that publishes to consumers, fed by hand on a bus that is kind: what it holds before anything goes, and what
 * happens to a batch of which a part is on the topic while something else changes.
 */
#include <sys/stat.h>

#include "../contract/hostile.h"
#include "../unit/adapters_help.h"
#include "batch.h"
#include "clock.h"
#include "deliver.h"
#include "hash.h"
#include "log.h"
#include "topics.h"

#define TYPE "payroll.line.v1"
#define OUT "jincai.out.notices.v1"
#define FORM "notice/paid/events"
#define LINES 20u                    /* of LONG bytes: more than one commit carries */
#define LONG 400000u

struct fix {
	struct help h;
	struct bus *b;
	struct form *form;
	struct flow *f;
	struct bus_owner *feeder;
	struct lanes *lanes;
	unsigned to;
	char out[512];
	struct err e;
};

static unsigned reads;

static int count_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e)
{
	reads++;
	return bus_hostile.read(b, topic, partition, ret, e);
}

static void begin_parted(struct fix *x, unsigned partitions)
{
	static struct bus_driver driver;

	driver = bus_hostile;
	driver.read = count_read;
	*x = (struct fix){0};
	help_begin(&x->h);
	OK(x->e, bus_open_with(&driver, &(struct bus_conf){.url = "hostile:7", .partitions = partitions}, BUS_OWN, &x->b, &x->e));
	assert_int_equal(mkdir(help_path(&x->h, "out", x->out), 0700), 0);
	OK(x->e, bus_topic(x->b, TOPIC_TO "out", &x->to, &x->e));
	OK(x->e, bus_own(x->b, "feeder", &x->feeder, &x->e));
	OK(x->e, lanes_open(x->b, x->feeder, &x->to, 1, SPAN(""), clock_now_ms(), &x->lanes, &x->e));
}

static void begin(struct fix *x)
{
	begin_parted(x, 1);
}

static void shut(struct fix *x)
{
	if (x->f) {
		flow_shut(x->f);
		x->f->kind->free(x->f);
	}
	form_free(x->form);
	x->f = NULL;
	x->form = NULL;
}

static void end(struct fix *x)
{
	lanes_close(x->lanes);
	bus_disown(x->feeder);
	shut(x);
	bus_close(x->b);
	help_end(&x->h);
	hostile_forget();
}

/* The destination is begun anew; topic NULL: it goes to a folder. */
static void goes_to(struct fix *x, const char *topic, const char *const (*edits)[2])
{
	struct deliver_setup s = {.name = "out", .bus = x->b, .library = x->h.library, .folder = topic ? NULL : x->out, .topic = topic};

	shut(x);
	s.form = x->form = help_good(&x->h, FORM, edits);
	x->f = deliver_new(&s, &x->e);
	assert_non_null(x->f);
}

static const char *layout_of(const struct form *form)
{
	return map_layout(form_shape(form, SPAN(TYPE))->line);
}

static void append(struct fix *x, struct buf *b)
{
	OK(x->e, lanes_append(x->lanes, x->to, 0, SPAN("k"), b, &x->e));
	OK(x->e, lanes_save(x->lanes, &x->e));
	OK(x->e, bus_commit(x->feeder, &x->e));
}

/* A line with a name of so many bytes. */
static void feed_line_of(struct fix *x, const char *batch, unsigned n, unsigned bytes, const char *layout)
{
	char id[40];
	struct event v = {.type = SPAN(TYPE), .batchid = span_of(batch), .source = SPAN("/test/feeder"), .businessdate = SPAN("2026-12-15")};
	struct buf b = BUF_INIT;

	snprintf(id, sizeof id, "payroll.line:%u", n);
	v.id = span_of(id);
	event_begin(&b, &v);
	buf_str(&b, "{\"line\":[\"payroll\",\"2026-12-15\",\"602001\",\"");
	for (unsigned i = 0; i < bytes; i++)
		buf_c(&b, 'x');
	buf_printf(&b, "\",\"L*\",\"*2345\",\"1.00\",\"CNY\"],\"layout\":\"%s\",\"amount\":\"1.00\",\"currency\":\"CNY\"}", layout);
	append(x, &b);
	buf_done(&b);
}

static void feed_line(struct fix *x, unsigned n, unsigned bytes, const char *layout)
{
	feed_line_of(x, "b:1", n, bytes, layout);
}

static void feed_closing(struct fix *x, unsigned lines)
{
	struct batch_closing c = {.batchid = SPAN("b:1"), .adapter = SPAN("a"), .types = {SPAN(TYPE)}, .ntypes = 1, .whole = true,
		.published = lines, .routed = lines, .last = true, .npartitions = 1, .all = lines};
	struct event attributes = {.source = SPAN("/test/feeder"), .time = SPAN("2026-12-15T00:00:00Z")};
	struct buf b = BUF_INIT;

	batch_closing_write(&b, &c, &attributes);
	append(x, &b);
	buf_done(&b);
}

static void feed_batch(struct fix *x)
{
	for (unsigned i = 0; i < LINES; i++)
		feed_line(x, i, LONG, layout_of(x->form));
	feed_closing(x, LINES);
}

static char *get_position(struct fix *x, const char *key)
{
	struct buf b = BUF_INIT;

	assert_int_equal(bus_position_get(x->b, key, &b, &x->e), 1);
	buf_text(&b);
	return b.p;
}

static void edit_out(struct fix *x, const char *from, const char *to)
{
	char *out = get_position(x, "out/out"), *edited = help_edit(out, (const char *const[][2]){{from, to}, {NULL, NULL}});
	struct bus_owner *o;

	flow_shut(x->f);
	OK(x->e, bus_own(x->b, "out", &o, &x->e));
	OK(x->e, bus_position_put(o, "out/out", span_of(edited), &x->e));
	OK(x->e, bus_commit(o, &x->e));
	bus_disown(o);
	free(out);
	free(edited);
}

static void is_held_for(struct fix *x, const char *code)
{
	char *held = get_position(x, "out/held/b:1"), want[80];

	snprintf(want, sizeof want, "\"why\":\"%s\"", code);
	assert_non_null(strstr(held, want));
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

/* Records of the topic in which the text is. */
static unsigned on_topic(struct fix *x, const char *topic, const char *text)
{
	struct bus_reader *r;
	struct bus_message m;
	unsigned number, n = 0;

	OK(x->e, bus_topic(x->b, topic, &number, &x->e));
	for (unsigned p = 0; p < bus_partitions(x->b, number); p++) {
		OK(x->e, bus_read(x->b, number, p, &r, &x->e));
		while (bus_next(r, &m, &x->e) == 1)
			n += memmem(m.value.p, m.value.n, text, strlen(text)) != NULL;
		bus_unread(r);
	}
	return n;
}

static unsigned published(struct fix *x)
{
	return on_topic(x, OUT, "\"type\":\"notice.paid.v1\"");
}

/* A first part of the batch is on the topic; how many lines. */
static unsigned begin_batch(struct fix *x)
{
	enum flow_turn t;
	unsigned n;

	goes_to(x, OUT, NULL);
	feed_batch(x);
	do
		OK(x->e, flow_turn(x->f, &t, &x->e));
	while (!(n = published(x)));
	assert_true(n < LINES);
	return n;
}

static unsigned files(const struct fix *x)
{
	char **names;
	unsigned n = 0, kept = 0;
	struct err e;

	OK(e, fsys_list(AT_FDCWD, x->out, &names, &e));
	for (; names[n]; n++)
		kept += names[n][0] != '.';
	fsys_list_free(names);
	return kept;
}

/* ---- */

static void what_was_shaped_before_it_had_to_be_masked_is_held(void **state)
{
	struct form *file;
	struct fix x;

	(void)state;
	begin(&x);
	goes_to(&x, OUT, NULL);
	file = help_good(&x.h, FORM, (const char *const[][2]){{"event: notice.paid.v1\n", ""}, {NULL, NULL}});
	feed_line(&x, 1, 9, layout_of(x.form));
	feed_line(&x, 2, 9, layout_of(file));
	feed_closing(&x, 2);
	assert_string_equal(run(&x), "");
	is_held_for(&x, "gather.form");
	assert_int_equal(published(&x), 0);
	form_free(file);
	end(&x);
}

static void a_line_too_large_for_the_topic_holds_all_before_any_goes(void **state)
{
	struct fix x;

	(void)state;
	begin(&x);
	goes_to(&x, OUT, NULL);
	for (unsigned i = 0; i < LINES; i++)
		feed_line(&x, i, i + 1 < LINES ? LONG : BUS_VALUE_MAX - 1000, layout_of(x.form));
	feed_closing(&x, LINES);
	assert_string_equal(run(&x), "");
	is_held_for(&x, "bus.too_large");
	assert_int_equal(published(&x), 0);
	end(&x);
}

static void what_is_being_published_cannot_be_stopped(void **state)
{
	struct act a;
	struct fix x;

	(void)state;
	begin(&x);
	begin_batch(&x);
	act_read(SPAN("a1"), SPAN("{\"id\":\"a1\",\"flow\":\"out\",\"act\":\"stop\",\"subject\":\"b:1\",\"by\":\"li\",\"at\":\"2026-12-15T00:00:00Z\","
		"\"reason\":\"wrong month\"}"), &a);
	OK(x.e, x.f->kind->act(x.f, &a, &x.e));
	act_done(&a);
	assert_string_equal(run(&x), "");
	assert_int_equal(on_topic(&x, TOPIC_ACTS, "act.went_out"), 1);
	assert_int_equal(published(&x), LINES);
	end(&x);
}

static void what_is_under_way_ends_where_it_began(void **state)
{
	static const char *const other[] = {NULL, "jincai.out.others.v1"};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct fix x;
		unsigned n;

		begin(&x);
		n = begin_batch(&x);
		goes_to(&x, other[i], NULL);
		assert_string_equal(run(&x), "gather.moved");
		assert_int_equal(published(&x), n);
		assert_int_equal(files(&x), 0);
		goes_to(&x, OUT, NULL);
		assert_string_equal(run(&x), "");
		assert_int_equal(published(&x), LINES);
		goes_to(&x, other[i], NULL);
		assert_string_equal(run(&x), "");
		end(&x);
	}
}

static void a_file_that_is_planned_goes_before_the_destination_is_a_topic(void **state)
{
	enum flow_turn t;
	struct fix x;

	(void)state;
	begin(&x);
	goes_to(&x, NULL, NULL);
	feed_line(&x, 1, 9, layout_of(x.form));
	feed_closing(&x, 1);
	do
		OK(x.e, flow_turn(x.f, &t, &x.e));
	while (!on_topic(&x, TOPIC_PARCELS, "\"state\":\"planned\""));
	goes_to(&x, OUT, NULL);
	assert_string_equal(run(&x), "gather.moved");
	goes_to(&x, NULL, NULL);
	assert_string_equal(run(&x), "");
	assert_int_equal(files(&x), 2);
	goes_to(&x, OUT, NULL);
	assert_string_equal(run(&x), "");
	assert_int_equal(published(&x), 0);
	end(&x);
}

static void another_form_in_the_middle_stops_it_and_the_former_one_ends_it(void **state)
{
	static const char *const edits[][2] = {{"data.unit_name", "{from: data.unit_name, trim: blanks}"}, {NULL, NULL}};
	struct fix x;
	char want[80];
	unsigned n;

	(void)state;
	begin(&x);
	n = begin_batch(&x);
	goes_to(&x, OUT, edits);
	assert_string_equal(run(&x), "gather.partly");
	snprintf(want, sizeof want, "out=%u\nall=%u\ncode=gather.form\n", n, LINES);
	assert_non_null(strstr(x.e.args, want));
	assert_int_equal(published(&x), n);
	goes_to(&x, OUT, NULL);
	assert_string_equal(run(&x), "");
	assert_int_equal(published(&x), LINES);
	end(&x);
}

static void what_was_published_is_counted(void **state)
{
	struct fix x;

	(void)state;
	begin(&x);
	begin_batch(&x);
	edit_out(&x, ",\"" OUT "\"]", "0,\"" OUT "\"]");
	assert_string_equal(run(&x), "gather.count");
	end(&x);
}

static void lines_that_are_no_longer_there_are_missed(void **state)
{
	static const char *const ways[] = {NULL, OUT};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct fix x;

		begin(&x);
		goes_to(&x, ways[i], NULL);
		feed_line(&x, 1, 9, layout_of(x.form));
		feed_line(&x, 2, 9, layout_of(x.form));
		assert_string_equal(run(&x), "");
		edit_out(&x, "\"ranges\":[", "\"ranges\":[[0,900,901],");
		feed_closing(&x, 2);
		assert_string_equal(run(&x), "gather.line");
		assert_int_equal(published(&x) + files(&x), 0);
		end(&x);
	}
}

/* A month of small batches, each with a line in two partitions, that waited until the destination was there. */
#define BACKLOG 2000u
#define PARTED 2u

static void stage(struct fix *x, unsigned partition, struct buf *b)
{
	OK(x->e, lanes_append(x->lanes, x->to, partition, SPAN("k"), b, &x->e));
	if (bus_step_full(x->feeder)) {
		OK(x->e, lanes_save(x->lanes, &x->e));
		OK(x->e, bus_commit(x->feeder, &x->e));
	}
}

static void stage_batch(struct fix *x, unsigned n)
{
	char batch[320], id[40];
	struct buf b = BUF_INIT;

	snprintf(batch, sizeof batch, "a:%0250u", n);
	for (unsigned p = 0; p < PARTED; p++) {
		snprintf(id, sizeof id, "payroll.line:%u.%u", n, p);
		buf_clear(&b);
		event_begin(&b, &(struct event){.id = span_of(id), .type = SPAN(TYPE), .batchid = span_of(batch),
			.source = SPAN("/test/feeder"), .businessdate = SPAN("2026-12-15")});
		buf_printf(&b, "{\"line\":[\"payroll\",\"2026-12-15\",\"602001\",\"x\",\"L*\",\"*2345\",\"1.00\",\"CNY\"],"
			"\"layout\":\"%s\",\"amount\":\"1.00\",\"currency\":\"CNY\"}", layout_of(x->form));
		stage(x, p, &b);
	}
	for (unsigned k = 1; k <= PARTED; k++) {
		const unsigned own = hash_partition(span_of(batch), PARTED), p = (own + k) % PARTED;
		struct batch_closing c = {.batchid = span_of(batch), .adapter = SPAN("a"), .types = {SPAN(TYPE)}, .ntypes = 1, .whole = true,
			.partition = p, .published = 1, .routed = 1, .last = p == own, .npartitions = PARTED, .partitions = {0, 1},
			.all = PARTED};

		buf_clear(&b);
		batch_closing_write(&b, &c, &(struct event){.source = SPAN("/test/feeder"), .time = SPAN("2026-12-15T00:00:00Z")});
		stage(x, p, &b);
	}
	buf_done(&b);
}

static void a_backlog_in_many_partitions_fits_into_the_position(void **state)
{
	enum flow_turn t;
	struct fix x;
	size_t most = 0;

	(void)state;
	begin_parted(&x, PARTED);
	goes_to(&x, OUT, NULL);
	for (unsigned i = 0; i < BACKLOG; i++)
		stage_batch(&x, i);
	OK(x.e, lanes_save(x.lanes, &x.e));
	OK(x.e, bus_commit(x.feeder, &x.e));
	for (unsigned i = 0; i < 60; i++) {
		char *out;

		OK(x.e, flow_turn(x.f, &t, &x.e));
		out = get_position(&x, "out/out");
		most = strlen(out) > most ? strlen(out) : most;
		free(out);
	}
	assert_true(most > BUS_VALUE_MAX / 4 && most < BUS_VALUE_MAX * 3 / 4);
	assert_true(published(&x) > 40);
	end(&x);
}

/* To begin to read costs a cluster some 50 ms. */
static void a_batch_that_lies_between_others_is_read_in_one_go(void **state)
{
	struct fix x;
	unsigned before;

	(void)state;
	begin(&x);
	goes_to(&x, OUT, NULL);
	for (unsigned i = 0; i < 100; i++)
		feed_line_of(&x, i % 2 ? "b:2" : "b:1", i, 9, layout_of(x.form));
	feed_closing(&x, 50);
	before = reads;
	assert_string_equal(run(&x), "");
	assert_int_equal(published(&x), 50);
	assert_true(reads - before < 10);
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_shaped_before_it_had_to_be_masked_is_held),
		cmocka_unit_test(a_line_too_large_for_the_topic_holds_all_before_any_goes),
		cmocka_unit_test(what_is_being_published_cannot_be_stopped),
		cmocka_unit_test(what_is_under_way_ends_where_it_began),
		cmocka_unit_test(a_file_that_is_planned_goes_before_the_destination_is_a_topic),
		cmocka_unit_test(another_form_in_the_middle_stops_it_and_the_former_one_ends_it),
		cmocka_unit_test(what_was_published_is_counted),
		cmocka_unit_test(lines_that_are_no_longer_there_are_missed),
		cmocka_unit_test(a_batch_that_lies_between_others_is_read_in_one_go),
		cmocka_unit_test(a_backlog_in_many_partitions_fits_into_the_position),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
