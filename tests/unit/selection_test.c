/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "clock.h"
#include "hash.h"
#include "scratch.h"
#include "selection.h"
#include "topics.h"

/* Two partitions of two topics, events in turn: each is a commit of its own, so that there is an order. */
struct fix {
	char folder[64], url[96];
	struct bus *b;
	struct bus_owner *o;
	unsigned payroll, payment, to_bank;
	struct site site;
	struct selection *s;
	struct buf ids;
	uint64_t seq;
	struct err e;
};

#define PAYROLL "payroll.line.v1"
#define ORDER "payment.order.issued.v1"

static void put(struct fix *f, unsigned topic, unsigned partition, const char *type, const char *id, const char *unit, const char *day,
	const char *data)
{
	struct buf b = BUF_INIT;
	int64_t committed;

	event_begin(&b, &(struct event){.id = span_of(id), .source = SPAN("s"), .type = span_of(type), .time = SPAN("2026-12-31T00:00:00Z"),
		.batchid = SPAN("batch-1"), .unit = span_of(unit), .businessdate = span_of(day)});
	buf_str(&b, data);
	event_stamp(&b, SPAN("payroll.1"), ++f->seq);
	OK(f->e, bus_append(f->o, topic, partition, SPAN("key"), buf_as_span(&b), &f->e));
	OK(f->e, bus_commit(f->o, &f->e));
	buf_done(&b);
	committed = clock_now_ms();
	while (clock_now_ms() == committed)
		;
}

static void make_site(struct fix *f)
{
	static char line[] = PAYROLL, order[] = ORDER, bank[] = "bank-abc", units[] = "units", today[] = "today";
	static char *types[] = {line, order};
	static struct site_route routes[] = {{.types = types, .ntypes = 2}};
	static struct site_destination destinations[] = {{.name = bank}, {.name = units}, {.name = today}};
	struct findings quiet;

	findings_init(&quiet);
	f->site = (struct site){.conf = conf_parse("site", SPAN("{a: b}"), &quiet), .library = library_new(), .routes = routes, .nroutes = 1,
		.destinations = destinations, .ndestinations = 3};
	library_add(f->site.library, SOURCE_DIR);
	findings_done(&quiet);
}

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);
	struct bus_conf conf = {.partitions = 2, .max_bytes = 64 << 20};

	strcpy(f->folder, "/tmp/selection-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof f->url, "embedded:%s", f->folder);
	conf.url = f->url;
	OK(f->e, bus_open(&conf, BUS_OWN, &f->b, &f->e));
	OK(f->e, bus_topic(f->b, "jincai.payroll", &f->payroll, &f->e));
	OK(f->e, bus_topic(f->b, "jincai.payment", &f->payment, &f->e));
	OK(f->e, bus_topic(f->b, TOPIC_TO "bank-abc", &f->to_bank, &f->e));
	OK(f->e, bus_own(f->b, "payroll", &f->o, &f->e));
	make_site(f);
	put(f, f->payroll, 0, PAYROLL, "a", "602001", "2026-12-05", "{\"unit\":\"602001\",\"net\":\"12.50\",\"currency\":\"CNY\"}");
	put(f, f->payment, 1, ORDER, "b", "602002", "2026-12-06",
		"{\"voucher_no\":\"20261205000017\",\"unit\":\"602002\",\"amount\":\"99.00\",\"currency\":\"CNY\"}");
	put(f, f->payroll, 1, PAYROLL, "c", "603001", "2026-12-05", "{\"unit\":\"603001\",\"net\":\"99.00\",\"currency\":\"CNY\"}");
	put(f, f->payroll, 0, EVENT_BATCH_CLOSED, "closed:1:0", "", "", "{}");
	put(f, f->to_bank, 0, PAYROLL, "a", "602001", "2026-12-05", "{\"line\":[\"1\"],\"amount\":\"12.50\"}");
	put(f, f->payroll, 0, PAYROLL, "d", "602001", "", "{\"unit\":\"602001\",\"net\":\"7.00\",\"currency\":\"CNY\"}");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	selection_close(f->s);
	bus_disown(f->o);
	bus_close(f->b);
	conf_close(f->site.conf);
	library_free(f->site.library);
	scratch_remove(f->folder);
	buf_done(&f->ids);
	free(f);
	return 0;
}

static void read_on(struct fix *f)
{
	struct selected x;
	int got;

	while ((got = selection_next(f->s, &x, &f->e)) == 1) {
		buf_span(&f->ids, x.event.id);
		buf_str(&f->ids, x.schema ? "" : "?");
	}
	assert_int_equal(got, 0);
}

/* The ids that are selected, in their order. */
static const char *ids(struct fix *f, struct selection_words w)
{
	selection_close(f->s);
	f->s = NULL;
	buf_clear(&f->ids);
	OK(f->e, selection_open(&f->site, f->b, &w, clock_now_ms(), &f->s, &f->e));
	read_on(f);
	return buf_text(&f->ids);
}

static void all_that_is_said_has_to_hold(void **state)
{
	static const struct {
		struct selection_words w;
		const char *want;
	} cases[] = {
		{{0}, "abcd"},
		{{.topic = "payroll"}, "acd"},
		{{.topic = "payment, jincai.payroll"}, "abcd"},
		{{.topic = "to.bank-abc"}, "a?"},
		{{.day = "2026-12-05"}, "ac"},
		{{.day = "2026-12"}, "abcd"},
		{{.day = "2026-12-31"}, "d"},
		{{.unit = "602001"}, "ad"},
		{{.unit = "602*"}, "abd"},
		{{.key = "c"}, "c"},
		{{.key = "20261205000017"}, "b"},
		{{.key = "2026120500001"}, ""},
		{{.key = "batch-1"}, "abcd"},
		{{.to = {"bank-abc"}}, "a"},
		{{.to = {"units"}}, ""},
		{{.to = {"bank-abc", "now"}}, "a"},
		{{.where = "data.net = \"99.00\""}, "c"},
		{{.where = "data.net = \"99.00\" or data.amount = \"99.00\""}, "bc"},
		{{.where = "data.voucher_no is empty"}, "acd"},
		{{.where = "event.type starts \"payment.\""}, "b"},
		{{.from = "1h"}, "abcd"},
		{{.from = "now"}, ""},
		{{.to = {"1h"}}, ""},
		{{.topic = "payroll", .from = "@1:0"}, "c"},
		{{.topic = "payroll", .from = "@0:1"}, "d"},
		{{.topic = "payroll", .to = {"@0"}}, "ac"},
		{{.day = "2026-12-05", .unit = "602*", .to = {"bank-abc"}, .where = "data.net = \"12.50\""}, "a"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strcmp(ids(f, cases[i].w), cases[i].want) != 0)
			fail_msg("case %zu: %s instead of %s", i, buf_text(&f->ids), cases[i].want);
}

static void what_cannot_be_meant_is_refused(void **state)
{
	static const struct {
		struct selection_words w;
		const char *code;
	} cases[] = {
		{{.topic = "pay"}, "selection.topic"},
		{{.topic = ""}, "selection.topic"},
		{{.from = "26-1"}, "selection.when"},
		{{.day = "14:30"}, "selection.when"},
		{{.to = {"2026-13-01"}}, "selection.to"},
		{{.to = {"14:3"}}, "selection.when"},
		{{.to = {"bank-ab"}}, "selection.to"},
		{{.to = {"today"}}, "selection.to_both"},
		{{.to = {"bank-abc", "units"}}, "selection.to_twice"},
		{{.to = {"14:30", "@3"}}, "selection.to_twice"},
		{{.from = "@3"}, "selection.offset"},
		{{.to = {"@3"}}, "selection.offset"},
		{{.topic = "payroll", .from = "@2:3"}, "selection.offset"},
		{{.from = "now", .to = {"yesterday"}}, "selection.range"},
		{{.from = "2026-01-01 14:30", .to = {"2026-01-01 14:30"}}, "selection.range"},
		{{.topic = "payroll", .from = "@3", .to = {"@2"}}, "selection.range"},
		{{.where = "data.nett = \"1\""}, "expr.name"},
		{{.topic = "payroll", .where = "data.voucher_no = \"1\""}, "expr.name"},
		{{.where = "data.net = 1"}, "expr.syntax"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct selection *s = NULL;

		FAILS(f->e, cases[i].code, selection_open(&f->site, f->b, &cases[i].w, clock_now_ms(), &s, &f->e));
		assert_null(s);
	}
}

static void what_is_skipped_is_counted_by_its_reason(void **state)
{
	struct fix *f = *state;
	const struct selection_counts *c;
	struct buf b = BUF_INIT;

	ids(f, (struct selection_words){.unit = "602*", .where = "data.net = \"12.50\""});
	c = selection_counts(f->s);
	assert_int_equal(c->all, 5);
	assert_int_equal(c->read, 5);
	assert_int_equal(c->given, 1);
	assert_int_equal(c->skipped[SELECTION_OURS], 1);
	assert_int_equal(c->skipped[SELECTION_NOT_UNIT], 1);
	assert_int_equal(c->skipped[SELECTION_NOT_WHERE], 2);
	selection_skipped(f->s, &b);
	assert_string_equal(buf_text(&b), " (of the bus itself 1, of another unit 1, condition not met 2)");
	buf_done(&b);
}

static void only_the_newest_are_looked_at_when_that_is_wanted(void **state)
{
	struct fix *f = *state;
	struct selection_words w = {.topic = "payroll"};

	OK(f->e, selection_open(&f->site, f->b, &w, clock_now_ms(), &f->s, &f->e));
	OK(f->e, selection_newest(f->s, 2, &f->e));
	read_on(f);
	assert_string_equal(buf_text(&f->ids), "cd");
	assert_int_equal(selection_counts(f->s)->left_out, 2);
}

static void what_comes_later_is_given_when_it_is_asked_for(void **state)
{
	struct fix *f = *state;

	ids(f, (struct selection_words){.topic = "payroll", .unit = "602001"});
	put(f, f->payroll, 1, PAYROLL, "e", "602001", "2026-12-05", "{}");
	read_on(f);
	assert_string_equal(buf_text(&f->ids), "ad");
	assert_int_equal(selection_more(f->s, &f->e), 1);
	read_on(f);
	assert_string_equal(buf_text(&f->ids), "ade");
	assert_int_equal(selection_more(f->s, &f->e), 0);
}

/* Whatever comes: what is behind its end is no part of it. */
static void behind_its_end(struct fix *f, struct selection_words w, const char *want)
{
	assert_string_equal(ids(f, w), want);
	put(f, f->payroll, 0, PAYROLL, "e", "602001", "2026-12-05", "{}");
	assert_true(selection_more(f->s, &f->e) >= 0);
	read_on(f);
	assert_string_equal(buf_text(&f->ids), want);
}

static void behind_an_offset_nothing_is_given_to_who_follows(void **state)
{
	behind_its_end(*state, (struct selection_words){.topic = "payroll", .to = {"@2"}}, "acd");
}

static void behind_a_time_nothing_is_given_to_who_follows(void **state)
{
	behind_its_end(*state, (struct selection_words){.topic = "payroll", .to = {"now"}}, "acd");
}

static void each_thing_that_is_said_is_kept(void **state)
{
	static const struct selection_words said[] = {{.key = "c"}, {.unit = "602*"}, {.where = "data.net = \"12.50\""}, {.day = "2026-12-05"},
		{.to = {"bank-abc"}}, {.topic = "payment"}, {.topic = "payroll", .from = "@0:1"}, {.topic = "payroll", .to = {"@0"}}, {.from = "1h"}, {.to = {"1h"}}};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		struct buf kept = BUF_INIT, first = BUF_INIT;

		buf_str(&first, ids(f, said[i]));
		selection_write(f->s, &kept);
		selection_close(f->s);
		f->s = NULL;
		OK(f->e, selection_again(&f->site, f->b, buf_as_span(&kept), &f->s, &f->e));
		buf_clear(&f->ids);
		read_on(f);
		if (strcmp(buf_text(&f->ids), buf_text(&first)) != 0)
			fail_msg("case %zu: %s instead of %s", i, buf_text(&f->ids), buf_text(&first));
		buf_done(&kept);
		buf_done(&first);
	}
}

static void the_digest_is_of_places_ids_and_bodies(void **state)
{
	struct fix *f = *state;
	struct hash_sha256 *h = hash_sha256_new();
	uint8_t raw[HASH_SHA256];
	struct buf text = BUF_INIT, hex = BUF_INIT;
	struct selected x;
	char digest[65];

	OK(f->e, selection_open(&f->site, f->b, &(struct selection_words){.unit = "602*"}, clock_now_ms(), &f->s, &f->e));
	while (selection_next(f->s, &x, &f->e) == 1)
		buf_printf(&text, "%s\n%u\n%d\n%.*s\n%.*s\n", x.topic, x.partition, (int)x.offset, SPAN_F(x.event.id), SPAN_F(x.event.body));
	hash_sha256_add(h, text.p, text.n);
	hash_sha256_get(h, raw);
	hash_hex(&hex, raw, sizeof raw);
	selection_digest(f->s, digest);
	assert_string_equal(digest, buf_text(&hex));
	hash_sha256_free(h);
	buf_done(&text);
	buf_done(&hex);
}

static void who_must_not_be_away_for_long_is_told_to_come_back(void **state)
{
	struct fix *f = *state;
	struct selection_words w = {.topic = "payroll", .unit = "602001"};
	struct selected x;
	unsigned times = 0, events = 0;
	int got;

	OK(f->e, selection_open(&f->site, f->b, &w, clock_now_ms(), &f->s, &f->e));
	selection_slice(f->s, 1);
	while ((got = selection_next(f->s, &x, &f->e)) > 0) {
		times += got == 2;
		events += got == 1;
	}
	OK(f->e, got);
	assert_int_equal(events, 2);
	assert_true(times > 0);
	assert_int_equal(selection_counts(f->s)->read, selection_counts(f->s)->all);
}

static void a_kept_selection_gives_the_same_events_again(void **state)
{
	struct fix *f = *state;
	struct buf kept = BUF_INIT, first = BUF_INIT, words = BUF_INIT;
	char digest[65], again[65];

	buf_str(&first, ids(f, (struct selection_words){.from = "yesterday", .to = {"today 24:00"}, .unit = "602*", .where = "data.net != \"7.00\""}));
	assert_string_equal(buf_text(&first), "ab");
	selection_digest(f->s, digest);
	selection_write(f->s, &kept);
	put(f, f->payroll, 0, PAYROLL, "e", "602001", "2026-12-05", "{}");
	selection_close(f->s);
	f->s = NULL;
	OK(f->e, selection_again(&f->site, f->b, buf_as_span(&kept), &f->s, &f->e));
	buf_clear(&f->ids);
	read_on(f);
	assert_string_equal(buf_text(&f->ids), "ab");
	selection_digest(f->s, again);
	assert_string_equal(digest, again);
	selection_write(f->s, &words);
	assert_true(span_eq(buf_as_span(&words), buf_as_span(&kept)));
	buf_done(&kept);
	buf_done(&first);
	buf_done(&words);
}

static void what_was_kept_of_another_site_is_refused(void **state)
{
	static const char *const kept[] = {"{}", "", "{\"topics\":[\"jincai.gone\"],\"places\":[]}",
		"{\"topics\":[\"jincai.payroll\"],\"destination\":\"gone\",\"places\":[]}",
		"{\"topics\":[\"jincai.payroll\"],\"places\":[{\"topic\":\"jincai.payroll\",\"partition\":7,\"begin\":0,\"end\":1}]}"};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		FAILS(f->e, "selection.kept", selection_again(&f->site, f->b, span_of(kept[i]), &f->s, &f->e));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(all_that_is_said_has_to_hold),
		TEST(what_cannot_be_meant_is_refused),
		TEST(what_is_skipped_is_counted_by_its_reason),
		TEST(only_the_newest_are_looked_at_when_that_is_wanted),
		TEST(what_comes_later_is_given_when_it_is_asked_for),
		TEST(behind_an_offset_nothing_is_given_to_who_follows),
		TEST(behind_a_time_nothing_is_given_to_who_follows),
		TEST(each_thing_that_is_said_is_kept),
		TEST(the_digest_is_of_places_ids_and_bodies),
		TEST(who_must_not_be_away_for_long_is_told_to_come_back),
		TEST(a_kept_selection_gives_the_same_events_again),
		TEST(what_was_kept_of_another_site_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
