/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <jansson.h>

#include "dead.h"

static const struct dead_letter full = {
	.flow = {"payroll-a", 9}, .batchid = {"b1", 2}, .id = {"150782:1", 8}, .kind = {"dead", 4},
	.code = {"money.syntax", 12}, .args = {"text=1\"2\nat=1", 13}, .place = {"gz.txt:7:3", 10}, .file = {"gz.txt", 6},
	.line = 7, .record = 6, .offset = INT64_MAX, .raw = {"a|\0\xb9\xa4|\n", 7}, .destination = {"bank", 4},
	.has_amount = true, .amount_fen = -123450, .currency = {"CNY", 3}, .personal = {"2-4", 3},
};

static void write_stamped(struct buf *b, const struct dead_letter *d, struct event *ret)
{
	struct err e = ERR_INIT;

	buf_clear(b);
	dead_write(b, d, 1796112000123);
	event_stamp(b, SPAN("f.1"), 1);
	OK(e, event_read(buf_as_span(b), ret, &e));
}

static void what_was_written_is_read_back(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct dead_letter d;
	struct event v;
	uint64_t size;
	struct err e = ERR_INIT;

	(void)state;
	write_stamped(&b, &full, &v);
	assert_span(v.id, "payroll-a:b1:gz.txt%3A7%3A3:bank");
	assert_span(v.type, "jincai.dead");
	assert_span(v.source, "payroll-a");
	assert_span(v.time, "2026-12-01T08:00:00.123Z");
	OK(e, dead_read(&v, &a, &d, &size, &e));
	assert_true(span_eq(d.flow, full.flow) && span_eq(d.batchid, full.batchid) && span_eq(d.id, full.id));
	assert_true(span_eq(d.kind, full.kind) && span_eq(d.code, full.code) && span_eq(d.args, full.args));
	assert_true(span_eq(d.place, full.place) && span_eq(d.file, full.file) && span_eq(d.raw, full.raw));
	assert_true(span_eq(d.destination, full.destination) && span_eq(d.currency, full.currency));
	assert_true(span_eq(d.personal, full.personal));
	assert_true(d.line == 7 && d.record == 6 && d.offset == full.offset && d.has_amount && d.amount_fen == -123450);
	assert_true(size == full.raw.n);
	arena_done(&a);
	buf_done(&b);
}

static void what_is_absent_stays_absent(void **state)
{
	struct dead_letter least = {.flow = SPAN("router"), .kind = SPAN("conflict"), .code = SPAN("route.none"),
		.place = SPAN("jincai.payroll/0@7")}, d;
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct event v;
	uint64_t size = 1;
	struct err e = ERR_INIT;

	(void)state;
	write_stamped(&b, &least, &v);
	assert_span(v.id, "router::jincai.payroll%2F0%407");
	OK(e, dead_read(&v, &a, &d, &size, &e));
	assert_span(d.id, "");
	assert_span(d.batchid, "");
	assert_span(d.file, "");
	assert_span(d.destination, "");
	assert_span(d.currency, "");
	assert_span(d.raw, "");
	assert_false(d.has_amount);
	assert_true(size == 0);
	arena_done(&a);
	buf_done(&b);
}

static void texts_that_are_not_utf8_leave_good_json(void **state)
{
	static const struct {
		struct span text;
		const char *want;
	} cases[] = {
		{{"text=\xb9\xa4", 7}, "text=\xef\xbf\xbd\xef\xbf\xbd"}, {{"\xe5\xb7", 2}, "\xef\xbf\xbd\xef\xbf\xbd"},
		{{"工资", 6}, "工资"}, {{"a\0b", 3}, "a\xef\xbf\xbd" "b"},
		{{"\xed\xa0\x80", 3}, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{{"\x01\"\\\x7f", 4}, "\x01\"\\\x7f"},
	};
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct dead_letter in = full, d;
	struct event v;
	uint64_t size;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *json;

		in.args = in.place = in.file = in.id = in.batchid = cases[i].text;
		write_stamped(&b, &in, &v);
		json = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(json);
		json_decref(json);
		OK(e, dead_read(&v, &a, &d, &size, &e));
		assert_span(d.args, cases[i].want);
		assert_span(d.place, cases[i].want);
		assert_span(d.file, cases[i].want);
	}
	arena_done(&a);
	buf_done(&b);
}

static void of_much_raw_the_beginning_is_kept_and_the_length_of_all(void **state)
{
	static const size_t lengths[] = {1, 2, 3, DEAD_RAW_MAX - 1, DEAD_RAW_MAX, DEAD_RAW_MAX + 1, 200000};
	static char raw[200000];
	struct arena a = ARENA_INIT;
	struct buf b = BUF_INIT;
	struct dead_letter in = full, d;
	struct event v;
	uint64_t size;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof raw; i++)
		raw[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		in.raw = (struct span){raw, lengths[i]};
		write_stamped(&b, &in, &v);
		OK(e, dead_read(&v, &a, &d, &size, &e));
		assert_true(size == lengths[i]);
		assert_int_equal(d.raw.n, lengths[i] < DEAD_RAW_MAX ? lengths[i] : DEAD_RAW_MAX);
		assert_memory_equal(d.raw.p, raw, d.raw.n);
	}
	arena_done(&a);
	buf_done(&b);
}

static void the_digest_speaks_of_all_raw_bytes(void **state)
{
	static char raw[100000];
	struct dead_letter in = full;
	struct buf b = BUF_INIT;
	struct event v;

	(void)state;
	in.raw = SPAN("abc");
	write_stamped(&b, &in, &v);
	assert_non_null(strstr(buf_text(&b),
		"\"raw_sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""));
	/* The digest of 100,000 zero bytes, not of the first 64 KiB of them. */
	in.raw = (struct span){raw, sizeof raw};
	write_stamped(&b, &in, &v);
	assert_non_null(strstr(buf_text(&b), "9192c25b734fcbadbe32dadc28089c60db0e39f90cc20ce2e5733f57261acc0c"));
	buf_done(&b);
}

static void what_is_no_dead_letter_is_refused(void **state)
{
#define TAIL "\"raw\":\"YWJj\",\"raw_size\":3"
	static const struct {
		const char *name, *data;
	} cases[] = {
		{"data", "[]"}, {"data", "{"}, {"data", "{} x"}, {"data", "{\"a\":x}"},
		{"kind", "{\"code\":\"c\"," TAIL "}"}, {"kind", "{\"kind\":\"held\",\"code\":\"c\"," TAIL "}"},
		{"kind", "{\"kind\":1,\"code\":\"c\"," TAIL "}"}, {"code", "{\"kind\":\"dead\"," TAIL "}"},
		{"raw", "{\"kind\":\"dead\",\"code\":\"c\",\"raw_size\":0}"},
		{"raw", "{\"kind\":\"dead\",\"code\":\"c\",\"raw\":\"YWJ\",\"raw_size\":2}"},
		{"raw", "{\"kind\":\"dead\",\"code\":\"c\",\"raw\":\"Y!Jj\",\"raw_size\":3}"},
		{"raw", "{\"kind\":\"dead\",\"code\":\"c\",\"raw\":3,\"raw_size\":3}"},
		{"raw_size", "{\"kind\":\"dead\",\"code\":\"c\",\"raw\":\"YWJj\"}"},
		{"raw_size", "{\"kind\":\"dead\",\"code\":\"c\",\"raw\":\"\"}"},
		{"raw_size", "{\"kind\":\"dead\",\"code\":\"c\",\"raw\":\"YWJj\",\"raw_size\":4}"},
		{"raw_size", "{\"kind\":\"dead\",\"code\":\"c\",\"raw\":\"YWJj\",\"raw_size\":\"3\"}"},
		{"line", "{\"kind\":\"dead\",\"code\":\"c\",\"line\":-1," TAIL "}"},
		{"line", "{\"kind\":\"dead\",\"code\":\"c\",\"line\":18446744073709551616," TAIL "}"},
		{"amount", "{\"kind\":\"dead\",\"code\":\"c\",\"amount\":\"1.5\"," TAIL "}"},
		{"amount", "{\"kind\":\"dead\",\"code\":\"c\",\"amount\":1.50," TAIL "}"},
		{"args", "{\"kind\":\"dead\",\"code\":\"c\",\"args\":\"\\u0000\"," TAIL "}"},
	};
	struct arena a = ARENA_INIT;
	struct dead_letter d = {.line = 42};
	struct event v = {.type = SPAN("jincai.dead")};
	uint64_t size = 42;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		v.data = span_of(cases[i].data);
		FAILS(e, "dead.data", dead_read(&v, &a, &d, &size, &e));
		assert_string_equal(err_arg(&e, "name"), cases[i].name);
		assert_true(d.line == 42 && size == 42);
	}
	v.data = SPAN("{\"kind\":\"dead\",\"code\":\"c\",\"later\":[1]," TAIL "}");
	OK(e, dead_read(&v, &a, &d, &size, &e));
	v.type = SPAN("jincai.claim");
	FAILS(e, "dead.data", dead_read(&v, &a, &d, &size, &e));
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(what_is_absent_stays_absent),
		cmocka_unit_test(texts_that_are_not_utf8_leave_good_json),
		cmocka_unit_test(of_much_raw_the_beginning_is_kept_and_the_length_of_all),
		cmocka_unit_test(the_digest_speaks_of_all_raw_bytes),
		cmocka_unit_test(what_is_no_dead_letter_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
