/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <unistd.h>

#include "event.h"

static const struct event full = {
	.id = {"a:b:2026:1", 10}, .source = {"payroll-a", 9}, .type = {"payroll.line.v1", 15}, .subject = {"工资", 6},
	.time = {"2026-12-01T08:00:00.123Z", 24}, .partitionkey = {"602001", 6}, .batchid = {"b1", 2},
	.unit = {"602001", 6}, .bank = {"103", 3}, .businessdate = {"2026-11-23", 10},
	.fingerprint = {"00112233445566778899aabbccddeeff", 32},
	.paykey = {"ffeeddccbbaa99887766554433221100", 32},
};

static void put(struct buf *b, const struct event *attributes, const char *data, const char *lane, uint64_t seq)
{
	buf_clear(b);
	event_begin(b, attributes);
	buf_str(b, data);
	event_stamp(b, span_of(lane), seq);
}

static void what_was_written_is_read_back(void **state)
{
	static const char *const datas[] = {"{}", "{\"a\":1}", "[1,2]", "\"text\"", "null", "-1.5", "true",
		/* what looks like a lane within data is not one */
		"{\"a\":\"x\",\"lane\":\"z.9\",\"laneseq\":\"7\"}", "\",\\\"lane\\\":\\\"z.9\\\",\\\"laneseq\\\":\\\"7\\\"}\""};
	struct buf b = BUF_INIT;
	struct event v;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof datas / sizeof *datas; i++) {
		put(&b, &full, datas[i], "payroll-a.3", UINT64_MAX);
		OK(e, event_read(buf_as_span(&b), &v, &e));
		assert_true(span_eq(v.id, full.id) && span_eq(v.source, full.source) && span_eq(v.type, full.type));
		assert_true(span_eq(v.subject, full.subject) && span_eq(v.time, full.time));
		assert_true(span_eq(v.partitionkey, full.partitionkey) && span_eq(v.batchid, full.batchid));
		assert_true(span_eq(v.unit, full.unit) && span_eq(v.bank, full.bank));
		assert_true(span_eq(v.businessdate, full.businessdate) && span_eq(v.fingerprint, full.fingerprint));
		assert_true(span_eq(v.paykey, full.paykey));
		assert_span(v.data, datas[i]);
		assert_span(v.lane, "payroll-a.3");
		assert_true(v.laneseq == UINT64_MAX);
		assert_true(v.body.p == b.p && v.body.n == b.n - strlen(",\"lane\":\"payroll-a.3\",\"laneseq\":\"\"}") - 20);
	}
	buf_done(&b);
}

static void the_written_form_is_fixed(void **state)
{
	struct event a = {.id = SPAN("1"), .source = SPAN("s"), .type = SPAN("t"), .unit = SPAN("u"), .subject = SPAN("")};
	struct buf b = BUF_INIT;

	(void)state;
	put(&b, &a, "{}", "f.1", 17);
	assert_string_equal(buf_text(&b), "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\","
		"\"unit\":\"u\",\"data\":{},\"lane\":\"f.1\",\"laneseq\":\"17\"}");
	buf_done(&b);
}

static void the_body_does_not_depend_on_lane_or_stamp(void **state)
{
	struct buf b = BUF_INIT, c = BUF_INIT;
	struct event v, w;
	struct err e = ERR_INIT;

	(void)state;
	put(&b, &full, "{\"a\":1}", "f.1", 1);
	put(&c, &full, "{\"a\":1}", "g.22", 333);
	OK(e, event_read(buf_as_span(&b), &v, &e));
	OK(e, event_read(buf_as_span(&c), &w, &e));
	assert_true(span_eq(v.body, w.body));
	buf_clear(&c);
	event_begin(&c, &full);
	buf_str(&c, "{\"a\":1}}\n");
	OK(e, event_read(buf_as_span(&c), &w, &e));
	assert_true(span_eq(v.body, w.body));
	assert_span(w.lane, "");
	assert_non_null(w.lane.p);
	assert_true(w.laneseq == 0);
	buf_done(&b);
	buf_done(&c);
}

static void an_attribute_that_would_need_escapes_is_still_read_back(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"a\"b\\c\n工", "a%22b%5Cc%0A工"}, {"01234567\"", "01234567%22"}, {"\t 0123456789", "%09 0123456789"},
		{"0123456789工资", "0123456789工资"}, {"\x7f", "\x7f"},
	};
	struct event a = {.id = SPAN("1"), .source = SPAN("s"), .type = SPAN("t")}, v;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		a.unit = span_of(cases[i].text);
		put(&b, &a, "{}", "f.1", 1);
		OK(e, event_read(buf_as_span(&b), &v, &e));
		assert_span(v.unit, cases[i].want);
	}
	buf_done(&b);
}

static void data_of_a_stamped_event_is_not_looked_into(void **state)
{
	struct buf b = BUF_INIT;
	struct event v;
	struct err e = ERR_INIT;

	(void)state;
	put(&b, &full, "{not json}", "f.1", 1);
	OK(e, event_read(buf_as_span(&b), &v, &e));
	assert_span(v.data, "{not json}");
	/* An attribute behind data: then it is looked into. */
	put(&b, &full, "{not json},\"other\":\"x\"", "f.1", 1);
	FAILS(e, "json.syntax", event_read(buf_as_span(&b), &v, &e));
	put(&b, &full, "{},\"other\":[\"x\"],\"more\":1", "f.1", 1);
	OK(e, event_read(buf_as_span(&b), &v, &e));
	assert_span(v.data, "{}");
	assert_span(v.lane, "f.1");
	buf_done(&b);
}

static void a_foreign_event_may_have_any_order_and_more_attributes(void **state)
{
	static const char text[] = " { \"data\" : {\"a\":[1,{}]} , \"datacontenttype\":\"application\\/json\","
		"\"x\":null,\"n\":1,"
		"\"type\":\"t\" , \"source\": \"s\", \"subject\":null, \"id\":\"工\", \"specversion\":\"1.0\"} ";
	struct event v;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, event_read(span_of(text), &v, &e));
	assert_span(v.id, "工");
	assert_span(v.source, "s");
	assert_span(v.type, "t");
	assert_null(v.subject.p);
	assert_null(v.time.p);
	assert_span(v.data, "{\"a\":[1,{}]}");
	assert_span(v.lane, "");
}

/* A whole event without data. */
#define HEAD "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\""

static void refused(void **state)
{
	static const struct {
		const char *why, *code, *name, *text;
	} cases[] = {
		{"nothing at all", "event.syntax", NULL, ""},
		{"an array", "event.syntax", NULL, "[]"},
		{"a text", "event.syntax", NULL, "\"x\""},
		{"an escaped name", "event.syntax", NULL, "{" HEAD ",\"\\u0069d\":\"2\"}"},
		{"an event that closed before its lane", "event.syntax", NULL,
			"{" HEAD "},\"lane\":\"f.1\",\"laneseq\":\"1\"}"},
		{"something behind the event", "json.syntax", NULL, "{" HEAD "}{}"},
		{"cut off", "json.syntax", NULL, "{" HEAD},
		{"cut off within an attribute", "json.syntax", NULL, "{\"specversion\":\"1."},
		{"data that is no JSON", "json.syntax", NULL, "{" HEAD ",\"data\":{x}}"},
		{"data without a value before the lane", "json.syntax", NULL,
			"{" HEAD ",\"data\":,\"lane\":\"f.1\",\"laneseq\":\"1\"}"},
		{"a comma too many before the lane", "json.syntax", NULL,
			"{" HEAD ",\"data\":{},,\"lane\":\"f.1\",\"laneseq\":\"1\"}"},
		{"an attribute that is not UTF-8", "json.utf8", NULL, "{" HEAD ",\"subject\":\"\xb9\xa4\"}"},
		{"a long attribute that is not UTF-8", "json.utf8", NULL, "{" HEAD ",\"subject\":\"\xb9\xa4 01234567\"}"},
		{"one that is not UTF-8 at its end", "json.utf8", NULL, "{" HEAD ",\"subject\":\"01234567\xb9\"}"},
		{"an empty attribute", "event.attribute", "subject", "{" HEAD ",\"subject\":\"\"}"},
		{"no specversion", "event.attribute", "specversion", "{\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"}"},
		{"another specversion", "event.attribute", "specversion",
			"{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"}"},
		{"specversion as a number", "event.attribute", "specversion",
			"{\"specversion\":1.0,\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"}"},
		{"specversion twice", "event.attribute", "specversion", "{" HEAD ",\"specversion\":\"1.0\"}"},
		{"no id", "event.attribute", "id", "{\"specversion\":\"1.0\",\"source\":\"s\",\"type\":\"t\"}"},
		{"an empty id", "event.attribute", "id",
			"{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\",\"type\":\"t\"}"},
		{"id null", "event.attribute", "id",
			"{\"specversion\":\"1.0\",\"id\":null,\"source\":\"s\",\"type\":\"t\"}"},
		{"id twice", "event.attribute", "id", "{" HEAD ",\"id\":\"2\"}"},
		{"id as a number", "event.attribute", "id",
			"{\"specversion\":\"1.0\",\"id\":1,\"source\":\"s\",\"type\":\"t\"}"},
		{"no source", "event.attribute", "source", "{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"t\"}"},
		{"no type", "event.attribute", "type", "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\"}"},
		{"an escape in a value", "event.attribute", "unit", "{" HEAD ",\"unit\":\"\\u0061\"}"},
		{"an object as a value", "event.attribute", "bank", "{" HEAD ",\"bank\":{}}"},
		{"data twice", "event.attribute", "data", "{" HEAD ",\"data\":1,\"data\":{}}"},
		{"a lane that is not at the end", "event.attribute", "lane",
			"{\"lane\":\"f.1\",\"laneseq\":\"1\"," HEAD "}"},
		{"a lane and one more", "event.attribute", "lane",
			"{" HEAD ",\"lane\":\"f.1\",\"lane\":\"f.1\",\"laneseq\":\"1\"}"},
		{"a lane number as a number", "event.attribute", "lane", "{" HEAD ",\"lane\":\"f.1\",\"laneseq\":1}"},
		{"a lane number beyond 64 bits", "event.attribute", "lane",
			"{" HEAD ",\"lane\":\"f.1\",\"laneseq\":\"18446744073709551616\"}"},
		{"a lane number with a zero before", "event.attribute", "lane",
			"{" HEAD ",\"lane\":\"f.1\",\"laneseq\":\"01\"}"},
		{"an empty lane", "event.attribute", "lane", "{" HEAD ",\"lane\":\"\",\"laneseq\":\"1\"}"},
		{"a number without a lane", "event.attribute", "laneseq", "{" HEAD ",\"laneseq\":\"1\"}"},
		{"a time without a zone", "event.attribute", "time", "{" HEAD ",\"time\":\"2026-12-01T08:00:00\"}"},
	};
	struct event v = {.id = SPAN("untouched")};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		e = ERR_INIT;
		if (event_read(span_of(cases[i].text), &v, &e) != -1)
			fail_msg("read: %s", cases[i].why);
		if (strcmp(err_code(e.id)->name, cases[i].code) != 0)
			fail_msg("%s: %s", cases[i].why, err_code(e.id)->name);
		if (cases[i].name && strcmp(err_arg(&e, "name"), cases[i].name) != 0)
			fail_msg("%s: names %s", cases[i].why, err_arg(&e, "name"));
		assert_span(v.id, "untouched");
	}
	FAILS(e, "event.syntax", event_read(SPAN_NONE, &v, &e));
}

static void times(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{"2026-12-01T08:00:00Z", true}, {"2026-12-01t08:00:00.1z", true}, {"2024-02-29T23:59:60.123456789+08:00", true},
		{"0000-01-01T00:00:00-23:59", true}, {"2026-02-29T08:00:00Z", false}, {"1900-02-29T08:00:00Z", false},
		{"2000-02-29T08:00:00Z", true}, {"2026-13-01T08:00:00Z", false}, {"2026-00-01T08:00:00Z", false},
		{"2026-12-00T08:00:00Z", false}, {"2026-12-01T24:00:00Z", false}, {"2026-12-01T08:60:00Z", false},
		{"2026-12-01T08:00:61Z", false}, {"2026-12-01 08:00:00Z", false}, {"2026-12-01T08:00:00.Z", false},
		{"2026-12-01T08:00:00.1", false}, {"2026-12-01T08:00:00+0800", false}, {"2026-12-01T08:00:00+24:00", false},
		{"2026-12-01T08:00:00+08:60", false}, {"2026-12-01T08:00:00ZZ", false}, {"2026-12-01", false},
		{"2026-12-01T08:00:00+08:00 ", false}, {"+026-12-01T08:00:00Z", false},
	};
	struct event a = {.id = SPAN("1"), .source = SPAN("s"), .type = SPAN("t")}, v;
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		e = ERR_INIT;
		a.time = span_of(cases[i].text);
		put(&b, &a, "{}", "f.1", 1);
		if ((event_read(buf_as_span(&b), &v, &e) == 0) != cases[i].good)
			fail_msg("%s", cases[i].text);
		if (!cases[i].good)
			assert_string_equal(err_code(e.id)->name, "event.attribute");
	}
	buf_done(&b);
}

static void parts_of_ids(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""}, {"aZ09-._~", "aZ09-._~"}, {"a:b%c", "a%3Ab%25c"}, {"\"\\\n\x7f /", "%22%5C%0A%7F%20%2F"},
		{"呼伦贝尔", "呼伦贝尔"}, {"\xb9\xa4", "%B9%A4"},
		{"\xc2\x85", "%C2%85"}, {"𠮷", "𠮷"}, {"\xe5\xb7", "%E5%B7"},
	};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&b);
		event_id_part(&b, span_of(cases[i].text));
		assert_string_equal(buf_text(&b), cases[i].want);
	}
	buf_done(&b);
}

static void ours_are_known_by_their_type(void **state)
{
	struct event v = {.type = SPAN("jincai.dead")}, w = {.type = SPAN("payroll.line.v1")}, x = {.type = SPAN("jincai")};

	(void)state;
	assert_true(event_is_ours(&v));
	assert_false(event_is_ours(&w));
	assert_false(event_is_ours(&x));
}

/* The attributes of the minimal events of the conformance suite, written here as JSON. */
static void minimal_conformance_events_are_read(void **state)
{
	static const struct {
		const char *id, *type, *data;
	} cases[] = {
		{"conformance-0001", "text/plain; charset=us-ascii", "\"Hello, World!\\n\""},
		{"conformance-0002", "text/plain; charset=utf-8", "\"Hello, 🌎!\\n\""},
		{"conformance-0003", "application/json; charset=utf-8", "\"Hello, 🌎!\""},
		{"conformance-0004", "application/json; charset=utf-8", "{\"msg\":\"Hello, 🌎!\"}"},
		{"conformance-0005", "application/json; charset=utf-8", "[\"Hello\",\"🌎!\"]"},
		{"conformance-0006", "application/xml; charset=utf-8", "\"<msg>Hello, 🌎!</msg>\\n\""},
	};
	struct buf b = BUF_INIT;
	struct event v;
	struct err e = ERR_INIT;

	(void)state;
	if (access(SHARED_DIR "/suites/cloudevents/yaml/v1.0/v1_minimum.yaml", R_OK) != 0) {
		print_message("the CloudEvents suite is not here: skipped\n");
		skip();
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&b);
		buf_printf(&b, "{\"specversion\":\"1.0\",\"type\":\"io.cloudevents.minimum\",\"id\":\"%s\","
			"\"source\":\"//github.com/cloudevents/cloudeventsconformance/yaml/v1.yaml\","
			"\"datacontenttype\":\"%s\",\"data\":%s}", cases[i].id, cases[i].type, cases[i].data);
		OK(e, event_read(buf_as_span(&b), &v, &e));
		assert_span(v.id, cases[i].id);
		assert_span(v.type, "io.cloudevents.minimum");
		assert_span(v.source, "//github.com/cloudevents/cloudeventsconformance/yaml/v1.yaml");
		assert_span(v.data, cases[i].data);
	}
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(the_written_form_is_fixed),
		cmocka_unit_test(the_body_does_not_depend_on_lane_or_stamp),
		cmocka_unit_test(an_attribute_that_would_need_escapes_is_still_read_back),
		cmocka_unit_test(data_of_a_stamped_event_is_not_looked_into),
		cmocka_unit_test(a_foreign_event_may_have_any_order_and_more_attributes),
		cmocka_unit_test(refused),
		cmocka_unit_test(times),
		cmocka_unit_test(parts_of_ids),
		cmocka_unit_test(ours_are_known_by_their_type),
		cmocka_unit_test(minimal_conformance_events_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
