/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "utf8.h"

/* Every row of the table, four texts each. */
struct text {
	const char *row, *which, *words;
	bool chinese;
};

typedef const char *rule(const struct text *t);    /* what is wrong with it, or NULL */

static void each_text(rule *wrong)
{
	int bad = 0;

	for (int id = 1; id < E_COUNT; id++) {
		const struct err_code *c = err_code((enum err_id)id);
		struct text texts[] = {{c->name, "en", c->en, false}, {c->name, "zh", c->zh, true},
			{c->name, "do_en", c->do_en, false}, {c->name, "do_zh", c->do_zh, true}};

		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
			const char *why = wrong(&texts[i]);

			if (why) {
				print_error("%s, %s: %s\n", texts[i].row, texts[i].which, why);
				bad++;
			}
		}
	}
	assert_int_equal(bad, 0);
}

static const char *is_empty(const struct text *t)
{
	return t->words && t->words[strspn(t->words, " \t")] ? NULL : "is empty";
}

static void every_row_has_all_four_texts(void **state)
{
	(void)state;
	each_text(is_empty);
}

/* {n,m} and {name:3} are words of ours that texts quote, so any word in braces will do. */
static const char *has_odd_braces(const struct text *t)
{
	for (const char *p = t->words; (p = strpbrk(p, "{}")); p++) {
		size_t n = strcspn(p + 1, "{}");

		if (*p == '}' || p[n + 1] != '}' || p[1] < 'a' || p[1] > 'z')
			return "has an odd brace";
		p += n + 1;
	}
	return NULL;
}

static void braces_come_in_pairs_around_a_word(void **state)
{
	(void)state;
	each_text(has_odd_braces);
}

static const char *has_odd_part(const struct text *t)
{
	for (const char *p = t->words; (p = strpbrk(p, "<>")); p++) {
		size_t n = strcspn(p + 1, "<>");

		if (*p == '>' || p[n + 1] != '>')
			return "has an odd < or >";
		p += n + 1;
	}
	return NULL;
}

static void parts_that_may_be_left_out_are_not_nested(void **state)
{
	(void)state;
	each_text(has_odd_part);
}

static const char *has_bad_bytes(const struct text *t)
{
	size_t n = strlen(t->words), step;
	uint32_t c;

	for (size_t at = 0; at < n; at += step) {
		step = utf8_step(t->words + at, n - at, &c);
		if (!step)
			return "is not UTF-8";
		if (c < ' ' || c == 0x7f)
			return "holds a control character";
	}
	return NULL;
}

static void texts_are_one_line_of_utf8(void **state)
{
	(void)state;
	each_text(has_bad_bytes);
}

static bool is_han(uint32_t c)
{
	return c >= 0x3400 && c < 0xa000;
}

/* Placeholders alone need no language. */
static bool has_own_words(const char *p)
{
	for (; *p; p++)
		if (*p == '{')
			p += strcspn(p, "}");
		else if ((*p >= 'a' && *p <= 'z') || (unsigned char)*p >= 0x80)
			return true;
	return false;
}

static const char *is_in_other_language(const struct text *t)
{
	size_t n = strlen(t->words);
	bool han = false;
	uint32_t c = 0;

	for (size_t at = 0; at < n; at += utf8_step(t->words + at, n - at, &c))
		han = han || is_han(c);
	han = han || is_han(c);
	if (han && !t->chinese)
		return "holds Chinese";
	return t->chinese && !han && has_own_words(t->words) ? "holds no Chinese" : NULL;
}

static void chinese_is_chinese_and_english_is_not(void **state)
{
	(void)state;
	each_text(is_in_other_language);
}

/* A colon before Chinese may be that of a setting: embedded:文件夹. */
static const char *has_narrow_punctuation(const struct text *t)
{
	size_t n = strlen(t->words), step;
	uint32_t c = 0, before = 0;

	for (size_t at = 0; t->chinese && at < n; at += step, before = c) {
		step = utf8_step(t->words + at, n - at, &c);
		if ((is_han(before) && c < 0x80 && c && strchr(",;:?!()", (int)c)) ||
			(is_han(c) && before < 0x80 && before && strchr(",;?!()", (int)before)))
			return "has half-width punctuation beside Chinese";
	}
	return NULL;
}

static void chinese_has_full_width_punctuation(void **state)
{
	(void)state;
	each_text(has_narrow_punctuation);
}

/* True when each {placeholder} of a stands in b. */
static bool placeholders_within(const char *a, const char *b)
{
	char name[64];

	for (; (a = strchr(a, '{')); a++) {
		size_t n = strcspn(a, "}") + 1;

		assert_true(n < sizeof name);
		memcpy(name, a, n);
		name[n] = 0;
		if (!strstr(b, name))
			return false;
	}
	return true;
}

static void both_languages_use_the_same_placeholders(void **state)
{
	(void)state;
	for (int id = 1; id < E_COUNT; id++) {
		const struct err_code *c = err_code((enum err_id)id);

		if (!placeholders_within(c->en, c->zh) || !placeholders_within(c->zh, c->en))
			fail_msg("%s: what happened", c->name);
		if (!placeholders_within(c->do_en, c->do_zh) || !placeholders_within(c->do_zh, c->do_en))
			fail_msg("%s: what to do", c->name);
	}
}

static void names_are_unique_lower_case_and_found(void **state)
{
	(void)state;
	for (int id = 1; id < E_COUNT; id++) {
		const char *name = err_code((enum err_id)id)->name;

		if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.")])
			fail_msg("%s: has other characters than a-z 0-9 _ .", name);
		if ((int)err_by_name(name) != id)
			fail_msg("%s: stands twice", name);
	}
	assert_int_equal(err_by_name("no.such.name"), E_NONE);
}

static void every_row_has_a_kind_and_an_exit_code(void **state)
{
	(void)state;
	for (int id = 1; id < E_COUNT; id++) {
		const struct err_code *c = err_code((enum err_id)id);

		if (c->kind < ERR_RETRY || c->kind > ERR_NOTE || c->exit > 7 || (c->exit < 1) != (c->kind == ERR_NOTE))
			fail_msg("%s: kind %d, exit %d", c->name, (int)c->kind, c->exit);
	}
}

static void an_id_out_of_range_is_ok_row(void **state)
{
	(void)state;
	assert_string_equal(err_code(E_COUNT)->name, "ok");
}

static void arguments_fill_the_words(void **state)
{
	struct err e;
	char words[64];

	(void)state;
	assert_int_equal(err_set(&e, E_USAGE, "other=x\nwhat=%s", "no verb {what}"), -1);
	assert_int_equal(err_words(&e, ERR_EN, words, sizeof words), strlen("no verb {what}"));
	assert_string_equal(words, "no verb {what}");
	assert_string_equal(err_arg(&e, "other"), "x");
	assert_null(err_arg(&e, "ther"));
	assert_null(err_arg(&e, "wha"));
}

static void a_missing_argument_leaves_its_placeholder(void **state)
{
	struct err e;
	char words[64];

	(void)state;
	err_set(&e, E_USAGE, "%s", "");
	err_words(&e, ERR_ZH, words, sizeof words);
	assert_string_equal(words, "{what}");
}

static void a_part_that_lacks_its_argument_is_left_out(void **state)
{
	struct err e;
	char with[256], without[256], absent[256];

	(void)state;
	err_set(&e, E_MAP_PATH, "path=net\nnear=line.net");
	err_remedy(&e, ERR_EN, with, sizeof with);
	err_set(&e, E_MAP_PATH, "path=net\nnear=-");
	err_remedy(&e, ERR_EN, without, sizeof without);
	err_set(&e, E_MAP_PATH, "path=net");
	err_remedy(&e, ERR_EN, absent, sizeof absent);
	assert_non_null(strstr(with, "line.net"));
	assert_null(strpbrk(with, "<>"));
	assert_string_equal(with + strlen(with) - strlen(without), without);
	assert_string_equal(without, absent);
	err_set(&e, E_FORM_NO_SCHEMA, "type=x");
	err_remedy(&e, ERR_EN, with, sizeof with);
	assert_non_null(strstr(with, "<system>"));   /* without an argument it is just words */
}

static void short_room_cuts_and_tells_the_length(void **state)
{
	struct err e;
	char words[4];

	(void)state;
	err_set(&e, E_USAGE, "what=abcdefg");
	assert_int_equal(err_words(&e, ERR_EN, words, sizeof words), 7);
	assert_string_equal(words, "abc");
	assert_int_equal(err_words(&e, ERR_EN, NULL, 0), 7);
}

/* What a record holds reaches people and logs by these words. */
static void words_about_data_show_no_long_number(void **state)
{
	struct err e;
	char words[200];

	(void)state;
	err_set(&e, E_MAP_WORD, "field=kind\ntext=6222020600000000015\nwant=a");
	err_words(&e, ERR_EN, words, sizeof words);
	assert_string_equal(words, "kind is \"***************0015\", which is none of: a");
	err_set(&e, E_MONEY_RANGE, "text=6222020600000000.15");
	err_words(&e, ERR_EN, words, sizeof words);
	assert_non_null(strstr(words, "************0000.15"));
	err_set(&e, E_BATCH_AMOUNT, "max=100000000000000.00");
	err_words(&e, ERR_EN, words, sizeof words);
	assert_non_null(strstr(words, "100000000000000.00"));
	err_set(&e, E_RECORD_CONFLICT, "id=payment:2026120500003:1");
	err_words(&e, ERR_EN, words, sizeof words);
	assert_non_null(strstr(words, "payment:2026120500003:1"));
	err_set(&e, E_FILE_MISSING, "file=gz_20261205000001.txt");
	err_words(&e, ERR_EN, words, sizeof words);
	assert_non_null(strstr(words, "gz_20261205000001.txt"));
}

static void the_first_place_wins(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, E_USAGE, "what=x");
	assert_int_equal(err_at(&e, "%s:%d", "a", 1), -1);
	err_at(&e, "b");
	assert_string_equal(e.where, "a:1");
	err_set(&e, E_USAGE, "what=x");
	assert_string_equal(e.where, "");
}

static void print_shows_place_words_code_and_remedy(void **state)
{
	struct err e;
	char *text;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	(void)state;
	err_set(&e, E_USAGE, "what=no such verb");
	err_at(&e, "a.yaml:3");
	err_print(&e, ERR_EN, to);
	fclose(to);
	assert_string_equal(text, "jincai: a.yaml:3: no such verb [usage]\n  → see: jincai help\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_all_four_texts),
		cmocka_unit_test(braces_come_in_pairs_around_a_word),
		cmocka_unit_test(parts_that_may_be_left_out_are_not_nested),
		cmocka_unit_test(texts_are_one_line_of_utf8),
		cmocka_unit_test(chinese_is_chinese_and_english_is_not),
		cmocka_unit_test(chinese_has_full_width_punctuation),
		cmocka_unit_test(both_languages_use_the_same_placeholders),
		cmocka_unit_test(names_are_unique_lower_case_and_found),
		cmocka_unit_test(every_row_has_a_kind_and_an_exit_code),
		cmocka_unit_test(an_id_out_of_range_is_ok_row),
		cmocka_unit_test(arguments_fill_the_words),
		cmocka_unit_test(a_missing_argument_leaves_its_placeholder),
		cmocka_unit_test(a_part_that_lacks_its_argument_is_left_out),
		cmocka_unit_test(short_room_cuts_and_tells_the_length),
		cmocka_unit_test(words_about_data_show_no_long_number),
		cmocka_unit_test(the_first_place_wins),
		cmocka_unit_test(print_shows_place_words_code_and_remedy),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
