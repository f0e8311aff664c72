/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "money.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct money_form yuan = {2, 2, false, false}, loose = {0, 2, false, false}, one = {1, 1, false, false},
	fen = {0, 0, true, false}, whole = {0, 0, false, false}, comma = {2, 2, false, true}, fen_comma = {0, 0, true, true};

static void amounts_are_read_as_their_form_says(void **state)
{
	static const struct {
		const struct money_form *form;
		const char *text;
		int64_t want;
	} row[] = {
		{&yuan, "1234.50", 123450}, {&yuan, "-1234.50", -123450}, {&yuan, "0.00", 0}, {&yuan, "-0.01", -1},
		{&yuan, "0000000001234.50", 123450}, {&yuan, "00000000000000000000000000000000000001.00", 100},
		{&yuan, "92233720368547758.07", INT64_MAX}, {&yuan, "-92233720368547758.07", -INT64_MAX},
		{&loose, "7", 700}, {&loose, "7.5", 750}, {&loose, "7.05", 705}, {&loose, "-92233720368547758", -9223372036854775800},
		{&one, "7.5", 750}, {&whole, "12", 1200}, {&whole, "0", 0},
		{&fen, "123450", 123450}, {&fen, "-1", -1}, {&fen, "0", 0}, {&fen, "9223372036854775807", INT64_MAX},
		{&comma, "1,234.56", 123456}, {&comma, "1234.56", 123456}, {&comma, "-1,234,567.00", -123456700},
		{&comma, "123.00", 12300}, {&comma, "999,999.99", 99999999}, {&fen_comma, "12,345", 12345},
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		int64_t got = 42;

		OK(e, money_read(span_of(row[i].text), row[i].form, &got, &e));
		if (got != row[i].want)
			fail_msg("%s is read as %lld", row[i].text, (long long)got);
	}
}

static void what_is_not_an_amount_is_refused(void **state)
{
	static const struct {
		const char *proves;
		const struct money_form *form;
		const char *text, *code, *arg, *value;
	} row[] = {
		{"empty", &yuan, "", "money.empty", NULL, NULL},
		{"a plus sign", &yuan, "+1.00", "money.syntax", "at", "1"},
		{"a sign alone", &yuan, "-", "money.syntax", "at", "2"},
		{"two signs", &yuan, "--1.00", "money.syntax", "at", "2"},
		{"a sign behind", &yuan, "1.00-", "money.syntax", "at", "5"},
		{"brackets", &yuan, "(1.00)", "money.syntax", "at", "1"},
		{"a currency sign", &yuan, "¥1.00", "money.syntax", "text", "??1.00"},
		{"an exponent", &yuan, "1.00e3", "money.syntax", "at", "5"},
		{"a blank before", &yuan, " 1.00", "money.syntax", "at", "1"},
		{"a blank behind", &yuan, "1.00 ", "money.syntax", "at", "5"},
		{"full-width digits", &yuan, "１.00", "money.syntax", "at", "1"},
		{"a full-width digit within", &yuan, "1２.00", "money.syntax", "at", "2"},
		{"a point alone", &yuan, ".", "money.syntax", "at", "1"},
		{"no integer part", &yuan, ".50", "money.syntax", "at", "1"},
		{"no integer part behind the sign", &yuan, "-.50", "money.syntax", "at", "2"},
		{"nothing behind the point", &yuan, "1.", "money.syntax", "at", "3"},
		{"nothing behind the point, none wanted", &loose, "1.", "money.syntax", "at", "3"},
		{"two points", &yuan, "1.00.00", "money.syntax", "at", "5"},
		{"minus zero", &yuan, "-0.00", "money.syntax", "at", "1"},
		{"minus zero in fen", &fen, "-0", "money.syntax", "at", "1"},
		{"a point in fen", &fen, "1.00", "money.syntax", "at", "2"},
		{"a comma that is not declared", &yuan, "1,234.56", "money.syntax", "at", "2"},
		{"a comma before", &comma, ",123.00", "money.syntax", "at", "1"},
		{"a comma behind", &comma, "123,.00", "money.syntax", "at", "5"},
		{"a comma at the end", &fen_comma, "123,", "money.syntax", "at", "5"},
		{"a group of two", &comma, "1,23.00", "money.syntax", "at", "5"},
		{"a group of four", &comma, "1,2345.00", "money.syntax", "at", "7"},
		{"a first group of four", &comma, "1234,567.00", "money.syntax", "at", "5"},
		{"a later group of two", &comma, "1,234,56.00", "money.syntax", "at", "9"},
		{"two commas", &comma, "1,,234.00", "money.syntax", "at", "3"},
		{"a comma in the decimals", &comma, "1.123,456", "money.syntax", "at", "6"},
		{"a word", &yuan, "None", "money.syntax", "text", "None"},
		{"a line break does not leak into the error", &yuan, "1\nat=9", "money.syntax", "at", "2"},
		{"nor does a control character", &yuan, "1\x7f", "money.syntax", "text", "1?"},
		{"a long text is shown in part", &fen, "x123456789x123456789x123456789x123456789x123456789", "money.syntax",
			"text", "x123456789x123456789x123456789x123456789"},
		{"no decimals", &yuan, "1", "money.decimals", "want", "2"},
		{"one decimal", &yuan, "1.0", "money.decimals", "want", "2"},
		{"three decimals", &yuan, "1.000", "money.decimals", "text", "1.000"},
		{"three decimals, loosely", &loose, "1.000", "money.decimals", "want", "0..2"},
		{"decimals where none are wanted", &whole, "1.00", "money.decimals", "want", "0"},
		{"two decimals instead of one", &one, "1.00", "money.decimals", "want", "1"},
		{"one fen too many", &yuan, "92233720368547758.08", "money.range", "text", "92233720368547758.08"},
		{"one fen too many below", &yuan, "-92233720368547758.08", "money.range", NULL, NULL},
		{"one fen too many in fen", &fen, "9223372036854775808", "money.range", NULL, NULL},
		{"one fen too many below in fen", &fen, "-9223372036854775808", "money.range", NULL, NULL},
		{"too large by the decimals that are not written", &loose, "92233720368547759", "money.range", NULL, NULL},
		{"2 to the 64th, that wraps to zero", &fen, "18446744073709551616", "money.range", NULL, NULL},
		{"minus 2 to the 64th is too large, not minus zero", &fen, "-18446744073709551616", "money.range", NULL, NULL},
		{"ten times that and one, that wraps to one", &fen, "184467440737095516161", "money.range", NULL, NULL},
		{"very large", &yuan, "99999999999999999999999999999999999.99", "money.range", NULL, NULL},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		int64_t got = 42;

		print_message("  %s\n", row[i].proves);
		FAILS(e, row[i].code, money_read(span_of(row[i].text), row[i].form, &got, &e));
		assert_int_equal(err_kind(&e), ERR_DATA);
		assert_true(got == 42);
		if (row[i].arg)
			assert_string_equal(err_arg(&e, row[i].arg), row[i].value);
	}
	FAILS(e, "money.empty", money_read(SPAN_NONE, &yuan, &(int64_t){0}, &e));
}

static void amounts_are_written_and_read_back(void **state)
{
	static const struct {
		int64_t value;
		const char *yuan, *fen;
	} row[] = {
		{0, "0.00", "0"}, {1, "0.01", "1"}, {-1, "-0.01", "-1"}, {10, "0.10", "10"}, {-99, "-0.99", "-99"},
		{100, "1.00", "100"}, {-123450, "-1234.50", "-123450"},
		{INT64_MAX, "92233720368547758.07", "9223372036854775807"},
		{-INT64_MAX, "-92233720368547758.07", "-9223372036854775807"},
	};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	char text[24];
	int64_t got;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		buf_clear(&b);
		money_write(&b, row[i].value, false);
		assert_span(buf_as_span(&b), row[i].yuan);
		OK(e, money_read(buf_as_span(&b), &MONEY_YUAN, &got, &e));
		assert_true(got == row[i].value);
		buf_clear(&b);
		money_write(&b, row[i].value, true);
		assert_span(buf_as_span(&b), row[i].fen);
		OK(e, money_read(buf_as_span(&b), &fen, &got, &e));
		assert_true(got == row[i].value);
		assert_ptr_equal(money_text(row[i].value, text), text);
		assert_string_equal(text, row[i].yuan);
	}
	/* No amount that was read, but what is written must be right all the same. */
	assert_string_equal(money_text(INT64_MIN, text), "-92233720368547758.08");
	buf_done(&b);
}

static void a_sum_that_does_not_fit_is_refused_and_left_alone(void **state)
{
	static const struct {
		int64_t sum, more;
	} row[] = {
		{INT64_MAX, 1}, {1, INT64_MAX}, {-INT64_MAX, -1}, {-INT64_MAX, -2}, {-1, -INT64_MAX}, {INT64_MAX, INT64_MAX},
	};
	struct err e = ERR_INIT;
	int64_t sum = 5;

	(void)state;
	OK(e, money_add(&sum, -7, &e));
	assert_true(sum == -2);
	for (size_t i = 0; i < COUNT(row); i++) {
		sum = row[i].sum;
		FAILS(e, "money.range", money_add(&sum, row[i].more, &e));
		assert_true(sum == row[i].sum);
	}
	sum = INT64_MAX;
	OK(e, money_add(&sum, -INT64_MAX, &e));
	assert_true(sum == 0);
}

static void debits_and_credits_are_summed_apart(void **state)
{
	struct money_sum a = {0}, b = {0}, c;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, money_sum_add(&a, 500, &e));
	OK(e, money_sum_add(&a, -500, &e));
	OK(e, money_sum_add(&a, 0, &e));
	money_sum_unreadable(&a);
	assert_true(a.count == 4 && a.plus == 500 && a.minus == -500 && a.unreadable == 1);
	assert_false(money_sum_eq(&a, &b));
	c = a;
	assert_true(money_sum_eq(&a, &c));
	c.minus--;
	assert_false(money_sum_eq(&a, &c));
	c = a;
	c.plus++;
	assert_false(money_sum_eq(&a, &c));
	c = a;
	c.count++;
	assert_false(money_sum_eq(&a, &c));
	c = a;
	c.unreadable++;
	assert_false(money_sum_eq(&a, &c));
	b = (struct money_sum){1, 7, -9, 2};
	OK(e, money_sum_merge(&b, &a, &e));
	assert_true(money_sum_eq(&b, &(struct money_sum){5, 507, -509, 3}));
}

static void a_sum_out_of_range_changes_no_part(void **state)
{
	const struct money_sum full = {3, INT64_MAX, -INT64_MAX, 1}, plus = {1, 1, 0, 1}, minus = {1, 0, -1, 1};
	struct money_sum s = full;
	struct err e;

	(void)state;
	FAILS(e, "money.range", money_sum_add(&s, 1, &e));
	assert_true(money_sum_eq(&s, &full));
	FAILS(e, "money.range", money_sum_add(&s, -1, &e));
	assert_true(money_sum_eq(&s, &full));
	FAILS(e, "money.range", money_sum_merge(&s, &plus, &e));
	assert_true(money_sum_eq(&s, &full));
	s.plus = 0;
	FAILS(e, "money.range", money_sum_merge(&s, &minus, &e));
	assert_true(money_sum_eq(&s, &(struct money_sum){3, 0, -INT64_MAX, 1}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amounts_are_read_as_their_form_says),
		cmocka_unit_test(what_is_not_an_amount_is_refused),
		cmocka_unit_test(amounts_are_written_and_read_back),
		cmocka_unit_test(a_sum_that_does_not_fit_is_refused_and_left_alone),
		cmocka_unit_test(debits_and_credits_are_summed_apart),
		cmocka_unit_test(a_sum_out_of_range_changes_no_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
