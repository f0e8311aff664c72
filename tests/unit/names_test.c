/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "charset.h"
#include "names.h"

static void a_name_has_one_slot(void **state)
{
	struct names *n = names_new();

	(void)state;
	assert_int_equal(names_count(n), 0);
	assert_int_equal(names_add(n, SPAN("line.name")), 0);
	assert_int_equal(names_add(n, SPAN("line.net")), 1);
	assert_int_equal(names_add(n, SPAN("line.name")), 0);
	assert_int_equal(names_count(n), 2);
	assert_string_equal(names_text(n, 1), "line.net");
	assert_int_equal(names_use(n, SPAN("line.na")), -1);
	assert_int_equal(names_use(n, SPAN("line.namee")), -1);
	assert_int_equal(names_use(n, SPAN_NONE), -1);
	for (unsigned i = 0; i < 300; i++) {
		char text[16];

		snprintf(text, sizeof text, "x.%u", i);
		assert_int_equal(names_add(n, span_of(text)), 2 + i);
	}
	assert_int_equal(names_use(n, SPAN("x.299")), 301);
	names_free(n);
	names_free(NULL);
}

static void only_what_a_rule_names_is_used(void **state)
{
	struct names *n = names_new();

	(void)state;
	names_add(n, SPAN("line.name"));
	names_add(n, SPAN("line.net"));
	assert_int_equal(names_use(n, SPAN("line.net")), 1);
	assert_false(names_used(n, 0));
	assert_true(names_used(n, 1));
	names_add(n, SPAN("line.net"));
	assert_true(names_used(n, 1));
	names_free(n);
}

static void a_misspelt_name_finds_its_neighbour(void **state)
{
	struct names *n = names_new();

	(void)state;
	assert_null(names_nearest(n, SPAN("line.name")));
	names_add(n, SPAN("line.name"));
	names_add(n, SPAN("head.date"));
	assert_string_equal(names_nearest(n, SPAN("line.nmae")), "line.name");
	assert_null(names_nearest(n, SPAN("parcel")));
	assert_string_equal(names_nearest(n, SPAN("date")), "head.date");   /* its kind was left out */
	names_free(n);
}

/* All that one record may decode goes in twice without moving. */
static void texts_do_not_move_while_a_record_is_worked_on(void **state)
{
	static char raw[6000];
	struct slots s;
	struct err e = ERR_INIT;
	const char *place;

	(void)state;
	slots_init(&s, 3);
	assert_null(s.v[2].text.p);
	for (size_t i = 0; i < sizeof raw; i += 2) {
		raw[i] = (char)0xb0;
		raw[i + 1] = (char)0xa1;
	}
	for (size_t n = 2; n < sizeof raw; n += 154) {
		slots_begin(&s, n);
		assert_int_equal(s.text.n, 0);
		place = s.text.p;
		for (unsigned pass = 0; pass < 2; pass++)
			for (size_t at = 0; at < n; at += 2)
				OK(e, charset_decode(CHARSET_GB18030, (struct span){raw + at, 2}, &s.text, &s.v[0].text, &e));
		assert_ptr_equal(s.text.p, place);
		slots_begin(&s, n);
		OK(e, charset_decode(CHARSET_GB18030, (struct span){raw, n}, &s.text, &s.v[0].text, &e));
		OK(e, charset_decode(CHARSET_GB18030, (struct span){raw, n}, &s.text, &s.v[1].text, &e));
		assert_ptr_equal(s.text.p, place);
		assert_int_equal(s.v[1].text.n, n / 2 * 3);
	}
	slots_done(&s);
	assert_null(s.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_one_slot), cmocka_unit_test(only_what_a_rule_names_is_used),
		cmocka_unit_test(a_misspelt_name_finds_its_neighbour),
		cmocka_unit_test(texts_do_not_move_while_a_record_is_worked_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
