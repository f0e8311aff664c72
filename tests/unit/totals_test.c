/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "jscan.h"
#include "totals.h"

static void write_all(const struct totals *t, struct buf *b)
{
	buf_clear(b);
	totals_write(t, b);
}

#define ADD(t, term, destination, currency, fen)                                                                       \
	OK(e, totals_add(t, term, destination, SPAN(currency), fen, true, &e))

static void every_term_stands_in_exactly_one_place(void **state)
{
	unsigned seen[TOTAL_COUNT] = {0};

	(void)state;
	assert_int_equal(total_nequations, 3);
	for (unsigned i = 0; i < total_nequations; i++) {
		assert_true(total_equations[i].nright <= 8);
		seen[total_equations[i].left]++;
		for (unsigned k = 0; k < total_equations[i].nright; k++)
			seen[total_equations[i].right[k]]++;
	}
	for (unsigned i = 0; i < TOTAL_COUNT; i++)
		assert_int_equal(seen[i], i == TOTAL_SKIPPED || i == TOTAL_CUT || i == TOTAL_REPLAYED ? 0 : 1);
}

static void every_term_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TOTAL_COUNT; i++) {
		assert_non_null(total_names[i]);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(total_names[i], total_names[k]);
	}
}

static void each_kind_of_record_is_summed_apart(void **state)
{
	struct totals *t = totals_new();
	struct money_sum s;
	struct err e = ERR_INIT;

	(void)state;
	ADD(t, TOTAL_READ, "", "CNY", 100);
	ADD(t, TOTAL_READ, "", "CNY", -30);
	ADD(t, TOTAL_READ, "", "GBP", 7);
	ADD(t, TOTAL_READ, "bank", "CNY", 8);
	ADD(t, TOTAL_DEAD, "", "CNY", 9);
	ADD(t, TOTAL_READ, "", "CNY", 1);
	OK(e, totals_add(t, TOTAL_READ, "", SPAN_NONE, 55, false, &e));
	s = totals_get(t, TOTAL_READ, "", "CNY");
	assert_true(s.count == 3 && s.plus == 101 && s.minus == -30 && s.unreadable == 0);
	s = totals_get(t, TOTAL_READ, "", "GBP");
	assert_true(s.count == 1 && s.plus == 7 && s.minus == 0);
	s = totals_get(t, TOTAL_READ, "bank", "CNY");
	assert_true(s.count == 1 && s.plus == 8);
	s = totals_get(t, TOTAL_READ, "", "");
	assert_true(s.count == 1 && s.plus == 0 && s.minus == 0 && s.unreadable == 1);
	s = totals_get(t, TOTAL_KNOWN, "", "CNY");
	assert_true(s.count == 0 && s.plus == 0);
	totals_free(t);
}

static void kinds_of_money_are_never_added_together(void **state)
{
	static const struct {
		const char *currency, *kind, *name;
	} rows[] = {{"CNY", "", "CNY"}, {"CNY", "order", "CNY order"}, {"CNY", "book", "CNY book"}, {"CNY", "back", "CNY back"}, {"", "", ""}, {"", "order", "order"},
		{"", "book", "book"}};
	struct totals *t = totals_new(), *u = totals_new();
	struct buf b = BUF_INIT;
	json_t *read;
	struct err e;

	(void)state;
	for (int64_t i = 0; i < 6; i++) {
		char made[TOTALS_CURRENCY_MAX], name[TOTALS_CURRENCY_MAX];
		struct span got = totals_currency(span_of(rows[i].currency), rows[i].kind, made);

		assert_span(got, rows[i].name);
		snprintf(name, sizeof name, "%.*s", SPAN_F(got));
		assert_string_equal(totals_kind(name), rows[i].kind);
		OK(e, totals_add(t, TOTAL_READ, "", got, i + 1, true, &e));
	}
	write_all(t, &b);
	read = json_loadb(b.p, b.n, 0, NULL);
	OK(e, totals_read(u, read, &e));
	for (int64_t i = 0; i < 6; i++) {
		assert_int_equal(totals_get(u, TOTAL_READ, "", rows[i].name).count, 1);
		assert_int_equal(totals_get(u, TOTAL_READ, "", rows[i].name).plus, i + 1);
	}
	json_decref(read);
	buf_done(&b);
	totals_free(t);
	totals_free(u);
}

static void equal_totals_are_written_in_equal_bytes(void **state)
{
	struct totals *a = totals_new(), *b = totals_new();
	struct money_sum gone = {.count = 1, .plus = 5};
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	write_all(a, &x);
	assert_string_equal(buf_text(&x), "[]");
	ADD(a, TOTAL_ROUTED, "units", "CNY", 1250);
	ADD(a, TOTAL_ROUTED, "bank", "CNY", -100);
	ADD(a, TOTAL_READ, "", "CNY", 3);
	ADD(a, TOTAL_ROUTED, "bank", "", 1);
	ADD(b, TOTAL_ROUTED, "bank", "", 1);
	ADD(b, TOTAL_SKIPPED, "", "", 5);
	ADD(b, TOTAL_READ, "", "CNY", 3);
	ADD(b, TOTAL_ROUTED, "bank", "CNY", -100);
	ADD(b, TOTAL_ROUTED, "units", "CNY", 1250);
	OK(e, totals_move(b, TOTAL_SKIPPED, "", SPAN(""), &gone, -1, &e));
	write_all(a, &x);
	write_all(b, &y);
	assert_string_equal(buf_text(&x), "[[\"read\",\"\",\"CNY\",1,\"0.03\",\"0.00\",0],"
		"[\"routed\",\"bank\",\"\",1,\"0.01\",\"0.00\",0],[\"routed\",\"bank\",\"CNY\",1,\"0.00\",\"-1.00\",0],"
		"[\"routed\",\"units\",\"CNY\",1,\"12.50\",\"0.00\",0]]");
	assert_string_equal(buf_text(&x), buf_text(&y));
	buf_done(&x);
	buf_done(&y);
	totals_free(a);
	totals_free(b);
}

static void what_was_written_is_read_back(void **state)
{
	struct totals *a = totals_new(), *b = totals_new();
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct err e = ERR_INIT;
	struct jscan scan;
	json_t *array;

	(void)state;
	ADD(a, TOTAL_READ, "", "CNY", INT64_MAX);
	ADD(a, TOTAL_READ, "", "CNY", -INT64_MAX);
	ADD(a, TOTAL_PENDING, "去\"向", "GBP", 1);
	OK(e, totals_add(a, TOTAL_DEAD, "", SPAN(""), 0, false, &e));
	ADD(b, TOTAL_HELD, "", "CNY", 1);
	write_all(a, &x);
	array = json_loadb(x.p, x.n, 0, NULL);
	OK(e, totals_read(b, array, &e));
	write_all(b, &y);
	assert_string_equal(buf_text(&x), buf_text(&y));
	assert_true(totals_get(b, TOTAL_HELD, "", "CNY").count == 0);
	ADD(b, TOTAL_HELD, "", "CNY", 1);
	assert_true(totals_get(b, TOTAL_HELD, "", "CNY").count == 1);
	jscan_init(&scan, buf_as_span(&x));
	OK(e, totals_scan(b, &scan, &e));
	buf_clear(&y);
	write_all(b, &y);
	assert_string_equal(buf_text(&x), buf_text(&y));
	json_decref(array);
	buf_done(&x);
	buf_done(&y);
	totals_free(a);
	totals_free(b);
}

#define GOOD "[\"read\",\"\",\"CNY\",2,\"1.00\",\"-1.00\",1]"

static void what_is_no_totals_is_refused_and_changes_nothing(void **state)
{
	static const char *const cases[] = {
		"{}", "[" GOOD ",1]", "[" GOOD "," GOOD "]", "[" GOOD ",[]]", "[[\"reed\",\"\",\"CNY\",2,\"1.00\",\"-1.00\",1]]",
		"[[1,\"\",\"CNY\",2,\"1.00\",\"-1.00\",1]]", "[[\"read\",1,\"CNY\",2,\"1.00\",\"-1.00\",1]]",
		"[[\"read\",\"\",1,2,\"1.00\",\"-1.00\",1]]", "[[\"read\",\"\",\"CNYX\",2,\"1.00\",\"-1.00\",1]]",
		"[[\"read\",\"\",\"CNY\",-2,\"1.00\",\"-1.00\",1]]", "[[\"read\",\"\",\"CNY\",2.0,\"1.00\",\"-1.00\",1]]",
		"[[\"read\",\"\",\"CNY\",2,\"-1.00\",\"-1.00\",1]]", "[[\"read\",\"\",\"CNY\",2,\"1.00\",\"1.00\",1]]",
		"[[\"read\",\"\",\"CNY\",2,\"1.0\",\"-1.00\",1]]", "[[\"read\",\"\",\"CNY\",2,1,\"-1.00\",1]]",
		"[[\"read\",\"\",\"CNY\",2,\"1.00\",\"-1.00\",3]]", "[[\"read\",\"\",\"CNY\",2,\"1.00\",\"-1.00\"]]",
		"[[\"read\",\"\",\"CNY\",2,\"1.00\",\"-1.00\",1,1]]", "[[\"read\",\"\",\"CNY\",0,\"0.00\",\"0.00\",0]]",
	};
	struct totals *t = totals_new(), *fresh = totals_new();
	struct err e = ERR_INIT;
	struct jscan scan;

	(void)state;
	ADD(t, TOTAL_HELD, "", "CNY", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *array = json_loads(cases[i], 0, NULL);

		assert_non_null(array);
		if (totals_read(t, array, &e) != -1)
			fail_msg("read: %s", cases[i]);
		assert_string_equal(err_code(e.id)->name, "totals.state");
		assert_true(totals_get(t, TOTAL_HELD, "", "CNY").count == 1);
		assert_true(totals_get(t, TOTAL_READ, "", "CNY").count == 0);
		json_decref(array);
		jscan_init(&scan, span_of(cases[i]));
		e = ERR_INIT;
		if (totals_scan(fresh, &scan, &e) != -1)
			fail_msg("scanned: %s", cases[i]);
		assert_string_equal(err_code(e.id)->name, "totals.state");
		e = ERR_INIT;
	}
	FAILS(e, "totals.state", totals_read(t, NULL, &e));
	totals_free(fresh);
	totals_free(t);
}

static void a_held_batch_moves_whole(void **state)
{
	struct totals *t = totals_new();
	struct money_sum batch = {.count = 3, .plus = 70, .minus = -20, .unreadable = 1}, s;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, totals_move(t, TOTAL_HELD, "", SPAN("CNY"), &batch, 1, &e));
	OK(e, totals_move(t, TOTAL_HELD, "", SPAN("CNY"), &batch, -1, &e));
	OK(e, totals_move(t, TOTAL_RETURNED, "", SPAN("CNY"), &batch, 1, &e));
	s = totals_get(t, TOTAL_HELD, "", "CNY");
	assert_true(s.count == 0 && s.plus == 0 && s.minus == 0 && s.unreadable == 0);
	s = totals_get(t, TOTAL_RETURNED, "", "CNY");
	assert_true(money_sum_eq(&s, &batch));
	totals_free(t);
}

static void more_than_there_is_cannot_be_taken_away(void **state)
{
	static const struct money_sum more[] = {{4, 70, -20, 1}, {3, 71, -20, 1}, {3, 70, -21, 1}, {3, 70, -20, 2}};
	struct totals *t = totals_new();
	struct money_sum batch = {.count = 3, .plus = 70, .minus = -20, .unreadable = 1}, s;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, totals_move(t, TOTAL_HELD, "", SPAN("CNY"), &batch, 1, &e));
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		FAILS(e, "totals.negative", totals_move(t, TOTAL_HELD, "", SPAN("CNY"), &more[i], -1, &e));
		s = totals_get(t, TOTAL_HELD, "", "CNY");
		assert_true(money_sum_eq(&s, &batch));
	}
	FAILS(e, "totals.negative", totals_move(t, TOTAL_HELD, "", SPAN("GBP"), &batch, -1, &e));
	totals_free(t);
}

static void a_sum_that_does_not_fit_is_refused(void **state)
{
	struct totals *a = totals_new(), *b = totals_new();
	struct buf x = BUF_INIT, y = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	ADD(a, TOTAL_KNOWN, "", "CNY", INT64_MAX);
	FAILS(e, "money.range", totals_add(a, TOTAL_KNOWN, "", SPAN("CNY"), 1, true, &e));
	assert_true(totals_get(a, TOTAL_KNOWN, "", "CNY").count == 1);
	write_all(a, &x);
	ADD(b, TOTAL_DEAD, "", "CNY", 1);
	ADD(b, TOTAL_KNOWN, "", "CNY", 1);
	FAILS(e, "money.range", totals_merge(a, b, &e));
	write_all(a, &y);
	assert_string_equal(buf_text(&x), buf_text(&y));
	buf_done(&x);
	buf_done(&y);
	totals_free(a);
	totals_free(b);
}

static void flows_are_added_up(void **state)
{
	struct totals *a = totals_new(), *b = totals_new();
	struct money_sum s;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, totals_merge(a, b, &e));
	ADD(b, TOTAL_READ, "", "CNY", 5);
	ADD(b, TOTAL_DEAD, "", "CNY", -6);
	OK(e, totals_merge(a, b, &e));
	OK(e, totals_merge(a, b, &e));
	OK(e, totals_merge(a, a, &e));
	s = totals_get(a, TOTAL_READ, "", "CNY");
	assert_true(s.count == 4 && s.plus == 20);
	s = totals_get(a, TOTAL_DEAD, "", "CNY");
	assert_true(s.count == 4 && s.minus == -24);
	assert_true(totals_get(b, TOTAL_READ, "", "CNY").count == 1);
	totals_free(a);
	totals_free(b);
	totals_free(NULL);
}

static void names_that_are_too_long_are_refused(void **state)
{
	char name[66];
	struct totals *t = totals_new();
	struct err e = ERR_INIT;

	(void)state;
	memset(name, 'x', sizeof name);
	name[64] = '\0';
	ADD(t, TOTAL_ROUTED, name, "CNY", 1);
	name[64] = 'x';
	name[65] = '\0';
	FAILS(e, "totals.name", totals_add(t, TOTAL_ROUTED, name, SPAN("CNY"), 1, true, &e));
	FAILS(e, "totals.name", totals_add(t, TOTAL_ROUTED, "", SPAN("CNYX"), 1, true, &e));
	FAILS(e, "totals.name", totals_add(t, TOTAL_ROUTED, "", SPAN("CNYX order"), 1, true, &e));
	FAILS(e, "totals.name", totals_add(t, TOTAL_ROUTED, "", SPAN("CNY borrowed"), 1, true, &e));
	FAILS(e, "totals.name", totals_add(t, TOTAL_ROUTED, "", SPAN("C\0Y"), 1, true, &e));
	totals_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_term_stands_in_exactly_one_place),
		cmocka_unit_test(every_term_has_a_name_of_its_own),
		cmocka_unit_test(each_kind_of_record_is_summed_apart),
		cmocka_unit_test(kinds_of_money_are_never_added_together),
		cmocka_unit_test(equal_totals_are_written_in_equal_bytes),
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(what_is_no_totals_is_refused_and_changes_nothing),
		cmocka_unit_test(a_held_batch_moves_whole),
		cmocka_unit_test(more_than_there_is_cannot_be_taken_away),
		cmocka_unit_test(a_sum_that_does_not_fit_is_refused),
		cmocka_unit_test(flows_are_added_up),
		cmocka_unit_test(names_that_are_too_long_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
