/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "clock.h"
#include "index.h"
#include "pays.h"
#include "scratch.h"
#include "topics.h"

#define KEY "00112233445566778899aabbccddeeff"
#define OTHER "ff112233445566778899aabbccddeeff"

struct fix {
	char folder[64], url[96];
	struct bus *b;
	unsigned payroll, claims;
	struct bus_owner *o;
	struct pays *pays;
	struct pays_set *set;
	struct err e;
};

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);
	struct bus_conf conf = {.partitions = 1, .max_bytes = 64 << 20};

	strcpy(f->folder, "/tmp/pays-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof f->url, "embedded:%s", f->folder);
	conf.url = f->url;
	OK(f->e, bus_open(&conf, BUS_OWN, &f->b, &f->e));
	OK(f->e, bus_topic(f->b, "jincai.payroll", &f->payroll, &f->e));
	OK(f->e, bus_topic(f->b, TOPIC_CLAIMS, &f->claims, &f->e));
	OK(f->e, bus_own(f->b, "payroll", &f->o, &f->e));
	f->pays = pays_new(7);
	f->set = pays_join(f->pays, "payroll");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	pays_leave(f->set);
	pays_free(f->pays);
	bus_disown(f->o);
	bus_close(f->b);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static int64_t day_of(const char *date)
{
	int64_t day = 0;

	assert_int_equal(clock_date_read(span_of(date), &day), 0);
	return day;
}

static void publish(struct fix *f, const char *paykey, const char *id, const char *batchid, const char *date)
{
	struct buf b = BUF_INIT;

	event_begin(&b, &(struct event){.id = span_of(id), .source = SPAN("s"), .type = SPAN("payroll.line.v1"),
		.time = SPAN("2026-12-31T00:00:00Z"), .batchid = span_of(batchid), .businessdate = span_of(date),
		.fingerprint = SPAN(KEY), .paykey = span_of(paykey)});
	buf_str(&b, "{}");
	event_stamp(&b, SPAN("payroll.1"), 1);
	OK(f->e, bus_append(f->o, f->payroll, 0, SPAN("k"), buf_as_span(&b), &f->e));
	OK(f->e, bus_commit(f->o, &f->e));
	buf_done(&b);
}

/* "twin's id", "adapter:line", or "" for none. */
static const char *look(struct fix *f, struct pays_set *s, const char *paykey, const char *id, const char *date, uint64_t line)
{
	static char text[200];
	struct pay p = {.paykey = span_of(paykey), .id = span_of(id), .day = day_of(date), .line = line};
	struct pay_twin twin = {0};
	int got = pays_look(s, f->b, f->o, &p, &twin, &f->e);

	assert_true(got >= 0);
	if (got == 0)
		return "";
	if (twin.adapter)
		snprintf(text, sizeof text, "%s:%d", twin.adapter, (int)twin.line);
	else
		snprintf(text, sizeof text, "%.*s", SPAN_F(twin.id));
	return text;
}

static void what_was_published_within_the_days_is_found(void **state)
{
	static const struct {
		const char *date, *want;
	} cases[] = {
		{"2026-12-01", "a"}, {"2026-12-08", "a"}, {"2026-12-09", ""}, {"2026-11-24", "a"}, {"2026-11-23", ""},
		{"2027-12-01", ""}, {"2025-12-01", ""},
	};
	struct fix *f = *state;

	publish(f, KEY, "a", "b1", "2026-12-01");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pays_clear(f->set);
		if (strcmp(look(f, f->set, KEY, "z", cases[i].date, 1), cases[i].want) != 0)
			fail_msg("%s: not %s", cases[i].date, cases[i].want);
	}
	pays_clear(f->set);
	assert_string_equal(look(f, f->set, OTHER, "z", "2026-12-01", 1), "");
}

/* Spans of the index are 32 days long: each day has them at another place. */
static void it_is_found_from_every_day_around(void **state)
{
	struct fix *f = *state;
	int64_t first = day_of("2026-12-01");
	char date[11], id[16];

	for (int i = 0; i < 70; i++) {
		clock_date(first + 30 * i, date);
		snprintf(id, sizeof id, "p%d", i);
		publish(f, KEY, id, "b1", date);
	}
	for (int i = 0; i < 70 * 30; i++) {
		int from = (i + 15) / 30, apart = abs(i - from * 30);

		if (from > 69)
			break;
		clock_date(first + i, date);
		snprintf(id, sizeof id, "p%d", from);
		pays_clear(f->set);
		if (strcmp(look(f, f->set, KEY, "z", date, 1), apart <= 7 ? id : "") != 0)
			fail_msg("%s: not %s", date, id);
	}
}

static void the_nearest_day_is_named(void **state)
{
	struct fix *f = *state;

	publish(f, KEY, "far", "b1", "2026-12-01");
	publish(f, KEY, "near", "b1", "2026-12-06");
	assert_string_equal(look(f, f->set, KEY, "z", "2026-12-05", 1), "near");
}

static void the_same_id_is_no_twin(void **state)
{
	struct fix *f = *state;

	publish(f, KEY, "a", "b1", "2026-12-01");
	assert_string_equal(look(f, f->set, KEY, "a", "2026-12-01", 1), "");
	assert_string_equal(look(f, f->set, KEY, "a", "2026-12-01", 2), "");
	publish(f, KEY, "b", "b2", "2026-12-02");
	assert_string_equal(look(f, f->set, KEY, "a", "2026-12-01", 3), "b");
}

static void give_back(struct fix *f)
{
	struct buf b = BUF_INIT;

	event_begin(&b, &(struct event){.id = SPAN("claim:b1:returned"), .source = SPAN("s"), .type = SPAN(EVENT_CLAIM),
		.time = SPAN("2026-12-31T00:00:00Z"), .batchid = SPAN("b1")});
	buf_str(&b, "{\"adapter\":\"payroll\",\"taken\":\"t\",\"keys\":\"k\",\"digest\":\"d\",\"state\":\"returned\"}");
	event_stamp(&b, SPAN("payroll.1"), 1);
	OK(f->e, bus_append(f->o, f->claims, 0, SPAN("k"), buf_as_span(&b), &f->e));
	OK(f->e, bus_commit(f->o, &f->e));
	buf_done(&b);
}

static void a_payment_of_a_batch_that_was_returned_is_none(void **state)
{
	struct fix *f = *state;

	publish(f, KEY, "a", "b1", "2026-12-01");
	give_back(f);
	assert_string_equal(look(f, f->set, KEY, "z", "2026-12-01", 1), "");
}

static void behind_however_many_that_are_none_the_one_that_is_is_found(void **state)
{
	struct fix *f = *state;
	char id[16];

	for (unsigned i = 0; i < 150; i++) {
		snprintf(id, sizeof id, "r%u", i);
		publish(f, KEY, id, "b1", "2026-12-01");
		if (i == 120)
			publish(f, KEY, "real", "b2", "2026-12-08");
	}
	give_back(f);
	assert_string_equal(look(f, f->set, KEY, "z", "2026-12-01", 1), "real");
	pays_clear(f->set);
	assert_string_equal(look(f, f->set, KEY, "z", "2026-12-02", 1), "real");
}

static void what_is_on_its_way_is_found_until_it_is_cleared(void **state)
{
	struct fix *f = *state;
	struct pays_set *other = pays_join(f->pays, "subsidy");

	assert_string_equal(look(f, f->set, KEY, "a", "2026-12-01", 5), "");
	assert_string_equal(look(f, f->set, KEY, "b", "2026-12-01", 6), "payroll:5");
	assert_string_equal(look(f, f->set, OTHER, "c", "2026-12-01", 7), "");
	assert_string_equal(look(f, other, KEY, "d", "2026-12-08", 1), "payroll:5");
	assert_string_equal(look(f, other, KEY, "a", "2026-12-01", 2), "subsidy:1");
	assert_string_equal(look(f, other, KEY, "e", "2026-12-16", 3), "");
	pays_clear(f->set);
	pays_clear(other);
	assert_string_equal(look(f, other, KEY, "f", "2026-12-01", 1), "");
	pays_leave(other);
	assert_string_equal(look(f, f->set, KEY, "g", "2026-12-01", 1), "");
}

static void many_are_kept_apart(void **state)
{
	struct fix *f = *state;
	char key[33], id[16];

	for (unsigned i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "%08x%08x0000000000000000", i * 2654435761u, i);
		snprintf(id, sizeof id, "i%u", i);
		assert_string_equal(look(f, f->set, key, id, "2026-12-01", i + 1), "");
	}
	for (unsigned i = 0; i < 5000; i += 7) {
		char want[32];

		snprintf(key, sizeof key, "%08x%08x0000000000000000", i * 2654435761u, i);
		snprintf(want, sizeof want, "payroll:%u", i + 1);
		assert_string_equal(look(f, f->set, key, "z", "2026-12-03", 9), want);
	}
}

/* What finds them in memory is half of it: the whole key decides. */
static void keys_that_begin_alike_are_kept_apart(void **state)
{
	struct fix *f = *state;
	char key[33], id[16], want[32];

	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < 3000; i++) {
			snprintf(key, sizeof key, "%08x0000000000000000%08x", i % 10 * 0x11111111u, i);
			snprintf(id, sizeof id, "i%u.%u", i, round);
			snprintf(want, sizeof want, "payroll:%u", i + 1);
			assert_string_equal(look(f, f->set, key, id, "2026-12-01", i + 1 + round), round ? want : "");
		}
}

static void where_no_file_can_be_made_it_says_so_and_goes_on_when_one_can(void **state)
{
	struct fix *f = *state;
	char key[33], id[16], *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
	int got = 0;
	unsigned i;

	setenv("TMPDIR", "/nowhere/at/all", 1);
	for (i = 0; i < 5000 && got == 0; i++) {
		struct pay p = {.paykey = {key, 32}, .id = {id, 0}, .day = 20000, .line = i + 1};
		struct pay_twin twin;

		snprintf(key, sizeof key, "%08x%08x0000000000000000", i * 2654435761u, i);
		p.id.n = (size_t)snprintf(id, sizeof id, "i%u", i);
		got = pays_look(f->set, f->b, f->o, &p, &twin, &f->e);
	}
	assert_int_equal(got, -1);
	assert_string_equal(err_code(f->e.id)->name, "file.missing");
	f->e = ERR_INIT;
	if (before)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
	free(before);
	clock_date(20000, id);
	/* What was entered is found still, the one at which it failed was not. */
	assert_string_equal(look(f, f->set, "00000000000000000000000000000000", "z", id, 9), "payroll:1");
	assert_string_equal(look(f, f->set, key, "z", id, 7), "");
	assert_string_equal(look(f, f->set, key, "y", id, 8), "payroll:7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_published_within_the_days_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_found_from_every_day_around, setup, teardown),
		cmocka_unit_test_setup_teardown(the_nearest_day_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_id_is_no_twin, setup, teardown),
		cmocka_unit_test_setup_teardown(a_payment_of_a_batch_that_was_returned_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(behind_however_many_that_are_none_the_one_that_is_is_found, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_on_its_way_is_found_until_it_is_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(many_are_kept_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_that_begin_alike_are_kept_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(where_no_file_can_be_made_it_says_so_and_goes_on_when_one_can, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
