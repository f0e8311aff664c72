/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "personal.h"

/* Records by their forms are proved by tests/e2e/masking_test.py and explain_test.py. */

#define EVENT(name, account) "{\"specversion\":\"1.0\",\"id\":\"x:1\",\"data\":{\"month\":\"2026-12\",\"payee\":{\"name\":\"" name "\"," \
	"\"account\":\"" account "\",\"bank\":\"103196000010\"},\"id_no\":\"150702198001010017\",\"net\":\"12.50\"}}"

static void an_event_is_masked_by_its_schema(void **state)
{
	static const struct {
		const char *name, *json, *want;
	} rows[] = {
		{"a name, a short account, a number", EVENT("欧阳霆", "620100"), "{\"specversion\":\"1.0\",\"id\":\"x:1\",\"data\":{\"month\":\"2026-12\","
			"\"payee\":{\"name\":\"欧******\",\"account\":\"**0100\",\"bank\":\"********0010\"},\"id_no\":\"**************0017\","
			"\"net\":\"12.50\"}}"},
		{"a name with an escape in it", EVENT("a\\\\b", "620100"), "{\"specversion\":\"1.0\",\"id\":\"x:1\",\"data\":{\"month\":\"2026-12\","
			"\"payee\":{\"name\":\"a***\",\"account\":\"**0100\",\"bank\":\"********0010\"},\"id_no\":\"**************0017\","
			"\"net\":\"12.50\"}}"},
		{"escaped otherwise than we do: all values", EVENT("\\u738b\\u73c5", "620100"), "{\"***********\":\"*.*\",\"**\":\"*:*\",\"****\":"
			"{\"*****\":\"****-**\",\"*****\":{\"****\":\"\\*****\\*****\",\"*******\":\"******\",\"****\":\"************\"},"
			"\"**_**\":\"******************\",\"***\":\"**.**\"}}"},
	};
	struct findings f;
	struct schema *s;

	(void)state;
	findings_init(&f);
	s = schema_load(SOURCE_DIR "/schemas/payroll/payroll.line.v1.json", &f);
	assert_non_null(s);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;

		personal_event(s, span_of(rows[i].json), &b);
		assert_int_equal(b.n, strlen(rows[i].json));
		if (strcmp(buf_text(&b), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, buf_text(&b));
		buf_done(&b);
	}
	schema_free(s);
	findings_done(&f);
}

static void bytes_of_which_nobody_knows_more_are_masked_by_their_looks(void **state)
{
	static const struct {
		const char *name, *text, *want;
		enum charset charset;
	} rows[] = {
		{"numbers and words", "1|王珅|6222020600000000015|1.00", "1|王***|***************0015|1.00", CHARSET_UTF8},
		{"words of GBK", "1|\xcd\xf5\xab\x77|2", "1|\xcd\xf5**|2", CHARSET_GB18030},
		{"what is no character", "a\xff|b\xff\xff", "a*|b**", CHARSET_UTF8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;

		personal_looks(rows[i].charset, span_of(rows[i].text), &b);
		if (strcmp(buf_text(&b), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, buf_text(&b));
		buf_done(&b);
	}
}

static void places_that_were_hidden_are_hidden_again(void **state)
{
	struct buf places = BUF_INIT, again = BUF_INIT;
	const struct span raw = SPAN("ab*cdefg"), masked = SPAN("**** efg");

	(void)state;
	personal_places(raw, masked, 100, &places);
	assert_string_equal(buf_text(&places), "0-2,3-4");
	buf_span(&again, raw);
	assert_int_equal(personal_hide(buf_as_span(&places), &again), 0);
	assert_string_equal(buf_text(&again), "****defg");
	buf_clear(&places);
	personal_places(raw, masked, 1, &places);
	assert_string_equal(buf_text(&places), "0-1");
	buf_clear(&places);
	personal_places(raw, raw, 100, &places);
	assert_string_equal(buf_text(&places), "-");
	assert_int_equal(personal_hide(SPAN("-"), &again), 0);
	for (const char *const *bad = (const char *const[]){"1", "1-", "a", "2-1", "1-9", "1-2x", "1-2,", "99999999999-2", NULL}; *bad; bad++)
		assert_int_equal(personal_hide(span_of(*bad), &again), strcmp(*bad, "1-2,") == 0 ? 0 : -1);
	buf_done(&places);
	buf_done(&again);
}

static void very_many_places_end_in_one(void **state)
{
	struct buf raw = BUF_INIT, masked = BUF_INIT, places = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		buf_str(&raw, "ab");
		buf_str(&masked, "a*");
	}
	personal_places(buf_as_span(&raw), buf_as_span(&masked), 30000, &places);
	assert_true(places.n < 30000 && span_ends(buf_as_span(&places), SPAN(",3999-30000")));
	buf_done(&raw);
	buf_done(&masked);
	buf_done(&places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_masked_by_its_schema),
		cmocka_unit_test(bytes_of_which_nobody_knows_more_are_masked_by_their_looks),
		cmocka_unit_test(places_that_were_hidden_are_hidden_again),
		cmocka_unit_test(very_many_places_end_in_one),
	};

	return cmocka_run_group_tests_name("personal", tests, NULL, NULL);
}
