/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "finding.h"

static struct err usage(const char *what)
{
	struct err e;

	err_set(&e, E_USAGE, "what=%s", what);
	return e;
}

static void add(struct findings *f, const char *what, const char *file, unsigned line, unsigned column, const char *text)
{
	struct err e = usage(what);

	findings_add(f, &e, file, line, column, span_of(text));
}

/* What is printed, to be freed. */
static char *printed(struct findings *f, enum err_lang lang, unsigned max)
{
	char *text;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	findings_print(f, lang, max, to);
	fclose(to);
	return text;
}

static void assert_printed(struct findings *f, enum err_lang lang, unsigned max, const char *want)
{
	char *got = printed(f, lang, max);

	assert_string_equal(got, want);
	free(got);
}

#define REMEDY "    → see: jincai help\n"

static const struct {
	const char *name, *text;
	unsigned line, column;
	const char *want;
} shown[] = {
	{"a caret stands under the column", "a: 1\nbus: kafak\n", 2, 6,
		"jincai: f:2:6: error: x [usage]\n    2 | bus: kafak\n      |      ^\n" REMEDY},
	{"the bar stands under the bar for long numbers", "\n\n\n\n\n\n\n\n\n\n\nx: y\n", 12, 4,
		"jincai: f:12:4: error: x [usage]\n    12 | x: y\n       |    ^\n" REMEDY},
	{"a wide character takes two cells", "税种: 个税\n", 1, 5,
		"jincai: f:1:5: error: x [usage]\n    1 | 税种: 个税\n      |       ^\n" REMEDY},
	{"full-width punctuation is wide, a combining accent takes none", "（e\xcc\x81）x\n", 1, 5,
		"jincai: f:1:5: error: x [usage]\n    1 | （e\xcc\x81）x\n      |      ^\n" REMEDY},
	{"a tab is shown as one blank", "\ta:\tb\n", 1, 5, "jincai: f:1:5: error: x [usage]\n    1 |  a: b\n      |     ^\n" REMEDY},
	{"a terminal's escapes and bad bytes are not passed on", "\x1b[1m\xd6z\n", 1, 6,
		"jincai: f:1:6: error: x [usage]\n    1 |  [1m\xef\xbf\xbdz\n      |      ^\n" REMEDY},
	{"CRLF and CR end lines", "a\r\nb\rc\n", 3, 1, "jincai: f:3:1: error: x [usage]\n    3 | c\n      | ^\n" REMEDY},
	{"a byte order mark is no column", "\xef\xbb\xbf" "ab\n", 1, 2,
		"jincai: f:1:2: error: x [usage]\n    1 | ab\n      |  ^\n" REMEDY},
	{"a column behind the end stands at the end", "ab\n", 1, 9, "jincai: f:1:9: error: x [usage]\n    1 | ab\n      |   ^\n" REMEDY},
	{"no column, no caret", "ab\n", 1, 0, "jincai: f:1: error: x [usage]\n    1 | ab\n" REMEDY},
	{"no line, no source", "ab\n", 0, 0, "jincai: f: error: x [usage]\n" REMEDY},
	{"a line behind the end has no source", "ab\n", 5, 1, "jincai: f:5:1: error: x [usage]\n" REMEDY},
	{"an empty text has no source", "", 1, 1, "jincai: f:1:1: error: x [usage]\n" REMEDY},
};

static void a_finding_is_shown_in_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		struct findings f;
		char *got;

		findings_init(&f);
		add(&f, "x", "f", shown[i].line, shown[i].column, shown[i].text);
		got = printed(&f, ERR_EN, 0);
		if (strcmp(got, shown[i].want) != 0)
			fail_msg("%s:\n%s", shown[i].name, got);
		free(got);
		findings_done(&f);
	}
}

static void findings_are_sorted_by_place_and_keep_their_order_within_one(void **state)
{
	struct findings f;
	struct err e;

	(void)state;
	findings_init(&f);
	add(&f, "5", "b", 1, 1, "");
	add(&f, "4", "a", 10, 1, "");
	add(&f, "2", "a", 9, 2, "");
	add(&f, "1", "a", 9, 1, "");
	add(&f, "3", "a", 9, 2, "");
	findings_first(&f, &e);
	assert_string_equal(err_arg(&e, "what"), "1");
	assert_printed(&f, ERR_EN, 0,
		"jincai: a:9:1: error: 1 [usage]\n" REMEDY "jincai: a:9:2: error: 2 [usage]\n" REMEDY
		"jincai: a:9:2: error: 3 [usage]\n" REMEDY "jincai: a:10:1: error: 4 [usage]\n" REMEDY
		"jincai: b:1:1: error: 5 [usage]\n" REMEDY);
	/* The list may grow again after it was printed. */
	add(&f, "0", "a", 1, 1, "");
	assert_int_equal(f.count, 6);
	assert_int_equal(findings_first(&f, &e), -1);
	assert_string_equal(err_arg(&e, "what"), "0");
	findings_done(&f);
	assert_int_equal(f.count, 0);
	assert_null(f.first);
}

static void beyond_max_only_the_number_is_said(void **state)
{
	struct findings f;

	(void)state;
	findings_init(&f);
	for (unsigned i = 1; i <= 3; i++)
		add(&f, "x", "f", i, 0, "");
	assert_printed(&f, ERR_EN, 1, "jincai: f:1: error: x [usage]\n" REMEDY "and 2 more\n");
	assert_printed(&f, ERR_ZH, 1, "jincai: f:1: 错误：x [usage]\n    → 请看：jincai help\n另有 2 个问题\n");
	findings_done(&f);
}

static void a_note_refuses_nothing_and_a_repeat_is_said_once(void **state)
{
	struct err note, policy, first;
	struct findings f;

	(void)state;
	findings_init(&f);
	err_set(&note, E_SITE_UNREACHED, "name=n");
	err_set(&policy, E_SITE_NO_MODE, "destination=d");
	findings_add(&f, &note, "f", 1, 1, SPAN(""));
	assert_int_equal(f.count, 0);
	assert_int_equal(f.notes, 1);
	findings_add(&f, &policy, "f", 2, 1, SPAN(""));
	add(&f, "x", "f", 3, 0, "");
	add(&f, "x", "f", 3, 0, "");
	add(&f, "y", "f", 3, 0, "");
	findings_add(&f, &note, "f", 1, 1, SPAN(""));
	findings_first(&f, &first);
	assert_int_equal(first.id, E_SITE_NO_MODE);
	assert_printed(&f, ERR_EN, 0,
		"jincai: f:1:1: note: no route leads to destination n: nothing will go there [site.unreached]\n"
		"    → add a route, or take the destination out\n"
		"jincai: f:2:1: refused: destination d does not say its mode: whether anything goes out stands nowhere "
		"[site.no_mode]\n    → write mode: off, or mode: shadow to make files beside those made by hand; when the receiver has agreed, mode: live\n"
		"jincai: f:3: error: x [usage]\n" REMEDY "jincai: f:3: error: y [usage]\n" REMEDY);
	assert_int_equal(f.count, 3);
	assert_int_equal(f.notes, 1);
	findings_done(&f);
}

static void a_long_line_is_cut_between_characters(void **state)
{
	struct findings f;
	struct buf line = BUF_INIT;

	(void)state;
	buf_str(&line, "x");
	for (int i = 0; i < 100; i++)
		buf_str(&line, "税");
	findings_init(&f);
	add(&f, "x", "f", 1, 11, buf_text(&line));
	assert_int_equal(strlen(f.first->source), 160);
	assert_int_equal(f.first->cells, 19);
	add(&f, "x", "f", 1, 1, "y");
	findings_done(&f);
	buf_clear(&line);
	for (int i = 0; i < 100; i++)
		buf_str(&line, "税");
	add(&f, "x", "f", 1, 1, buf_text(&line));
	assert_int_equal(strlen(f.first->source), 159);
	findings_done(&f);
	buf_done(&line);
}

static void a_place_far_to_the_right_is_shown_with_its_surroundings(void **state)
{
	struct findings f;
	struct buf line = BUF_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_str(&line, "税");
	buf_str(&line, "<here>");
	for (int i = 0; i < 1000; i++)
		buf_str(&line, "费");
	findings_init(&f);
	add(&f, "x", "f", 1, 1001, buf_text(&line));
	assert_true(strlen(f.first->source) <= 160);
	assert_true(strncmp(f.first->source, "…税", 6) == 0);
	/* the ellipsis, then the wide ones before the place */
	assert_int_equal(f.first->cells, 1 + 2 * (strstr(f.first->source, "<") - f.first->source - 3) / 3);
	findings_done(&f);
	buf_done(&line);
}

static void a_long_path_keeps_its_end_and_the_place(void **state)
{
	struct findings f;
	char path[600];
	size_t n = 0;

	(void)state;
	for (; n < 590; n += 3)
		memcpy(path + n, "县", 3);
	strcpy(path + n, "/f");
	findings_init(&f);
	add(&f, "x", path, 12, 34, "");
	assert_true(strncmp(f.first->err.where, "…县", 6) == 0);
	assert_string_equal(strstr(f.first->err.where, "/f"), "/f:12:34");
	assert_string_equal(f.first->file, path);
	findings_done(&f);
}

static void without_a_file_the_place_of_the_error_stays(void **state)
{
	struct findings f;
	struct err e = usage("x");

	(void)state;
	findings_init(&f);
	err_at(&e, "lane/3@17");
	findings_add(&f, &e, NULL, 0, 0, SPAN_NONE);
	assert_printed(&f, ERR_EN, 0, "jincai: lane/3@17: error: x [usage]\n" REMEDY);
	findings_done(&f);
}

static void many_findings_are_all_counted(void **state)
{
	struct findings f;
	struct finding *x;
	unsigned n = 0;
	FILE *to = fopen("/dev/null", "w");

	(void)state;
	findings_init(&f);
	for (unsigned i = 0; i < 5000; i++)
		add(&f, "x", "f", 1 + i * 7919 % 5000, 1, "a\n");
	findings_print(&f, ERR_EN, 0, to);
	for (x = f.first; x; x = x->next, n++)
		assert_int_equal(x->line, n + 1);
	assert_int_equal(n, 5000);
	findings_done(&f);
	fclose(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_finding_is_shown_in_its_line),
		cmocka_unit_test(findings_are_sorted_by_place_and_keep_their_order_within_one),
		cmocka_unit_test(beyond_max_only_the_number_is_said),
		cmocka_unit_test(a_long_line_is_cut_between_characters),
		cmocka_unit_test(a_note_refuses_nothing_and_a_repeat_is_said_once),
		cmocka_unit_test(a_place_far_to_the_right_is_shown_with_its_surroundings),
		cmocka_unit_test(a_long_path_keeps_its_end_and_the_place),
		cmocka_unit_test(without_a_file_the_place_of_the_error_stays),
		cmocka_unit_test(many_findings_are_all_counted),
	};

	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
