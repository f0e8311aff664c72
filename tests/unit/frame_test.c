/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>

#include "wrap_help.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HEAD "head: {app: 8, version: 3, message: 4}, expect: {version: '1.0', message: '5996'}, "
#define YAML(length) "[{frame: {length: " length ", " HEAD "mac: sha256, token: a.token}}]"

static void settings_that_are_wrong_are_findings(void **state)
{
	static const struct {
		const char *yaml, *code;
	} cases[] = {
		{"[frame]", "conf.missing"},
		{"[{frame: {}}]", "conf.missing"},
		{"[{frame: {length: bytes}}]", "conf.missing"},
		{"[{frame: {length: bytes, mac: sha256}}]", "conf.missing"},
		{"[{frame: {length: words, mac: none}}]", "conf.choice"},
		{"[{frame: {length: bytes, mac: md5}}]", "conf.choice"},
		{"[{frame: {length: bytes, mac: none, token: a}}]", "conf.unknown_key"},
		{"[{frame: {length: bytes, mac: none, head: {a: 0}}}]", "conf.number"},
		{"[{frame: {length: bytes, mac: none, head: {a: 65}}}]", "conf.number"},
		{"[{frame: {length: bytes, mac: none, head: {a: 64, b: 64, c: 64, d: 64, e: 1}}}]", "wrap.frame_fields"},
		{"[{frame: {length: bytes, mac: none, head: {a: 4}, expect: {b: '1'}}}]", "conf.unknown_key"},
		{"[{frame: {length: bytes, mac: none, head: {a: 4}, expect: {a: '12345'}}}]", "wrap.frame_expect"},
		{"[{frame: {length: bytes, mac: none, head: {a: 4}, expect: {a: é}}}]", "wrap.frame_expect"},
		{"[{frame: {length: bytes, mac: sha256, token: a/b}}]", "wrap.secret_name"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct findings f;
		struct err e;

		findings_init(&f);
		assert_null(help_list(cases[i].yaml, NULL, &f));
		findings_first(&f, &e);
		if (strcmp(err_code(e.id)->name, cases[i].code) != 0)
			fail_msg("%s: %s", cases[i].yaml, err_code(e.id)->name);
		findings_done(&f);
	}
}

static void a_site_without_the_token_is_a_finding(void **state)
{
	struct findings f;
	struct err e;

	(void)state;
	findings_init(&f);
	assert_null(help_list(YAML("bytes"), "", &f));
	findings_first(&f, &e);
	assert_string_equal(err_code(e.id)->name, "wrap.no_keys");
	findings_done(&f);
	findings_init(&f);
	assert_null(help_list(YAML("bytes"), "/nowhere", &f));
	findings_first(&f, &e);
	assert_string_equal(err_code(e.id)->name, "file.missing");
	assert_string_equal(err_arg(&e, "file"), "/nowhere/a.token");
	findings_done(&f);
}

/* Frames of a file, made one behind the other. */
struct frame_case {
	const char *what, *yaml;
	struct {
		const char *length, *head, *body, *secret;
	} frames[3];
	const char *want, *code, *arg, *value;
};

#define H HELP_FRAME_HEAD
#define T "a.token"

static void frames(void **state)
{
	static const struct frame_case cases[] = {
		{"one frame", YAML("bytes"), {{"90", H, "abc", T}}, "abc", NULL, NULL, NULL},
		{"one behind the other", YAML("bytes"), {{"90", H, "abc", T}, {"87", H, "", T}, {"89", H, "de", T}}, "abcde", NULL,
			NULL, NULL},
		{"Chinese text by bytes", YAML("bytes"), {{"91", H, "\xcd\xf5\xab\x7c", T}}, "\xcd\xf5\xab\x7c", NULL, NULL, NULL},
		{"Chinese text by characters", YAML("characters"), {{"89", H, "\xcd\xf5\xab\x7c", T}, {"88", H, "a", T}},
			"\xcd\xf5\xab\x7c" "a", NULL, NULL, NULL},
		{"bytes where the form says characters", YAML("characters"), {{"91", H, "\xcd\xf5\xab\x7c", T}}, NULL,
			"wrap.truncated", "byte", "91"},
		{"characters where the form says bytes", YAML("bytes"), {{"89", H, "\xcd\xf5\xab\x7c", T}}, NULL,
			"wrap.frame_mac", "frame", "1"},
		{"characters, and more frames", YAML("bytes"), {{"90", H, "abc", T}, {"89", H, "\xcd\xf5\xab\x7c", T}}, NULL,
			"wrap.frame_mac", "frame", "2"},
		{"a half character by characters", YAML("characters"), {{"88", H, "\xcd\xff", T}}, NULL, "wrap.corrupt", "byte", "23"},
		{"no head, no MAC", "[{frame: {length: bytes, mac: none}}]", {{"72", "", "", T}}, NULL, NULL, NULL, NULL},
		{"another token", YAML("bytes"), {{"90", H, "abc", "b.token"}}, NULL, "wrap.frame_mac", "byte", "26"},
		{"another message", YAML("bytes"), {{"90", "CNNONTAX1.05001", "abc", T}}, NULL, "wrap.frame_field", "got", "5001"},
		{"another version", YAML("bytes"), {{"90", "CNNONTAX1.15996", "abc", T}}, NULL, "wrap.frame_field", "name", "version"},
		{"another message behind", YAML("bytes"), {{"90", H, "abc", T}, {"87", "CNNONTAX1.05001", "", T}}, NULL,
			"wrap.frame_field", "frame", "2"},
		{"any application", YAML("bytes"), {{"90", "whatever1.05996", "abc", T}}, "abc", NULL, NULL, NULL},
		{"shorter than what it counts", YAML("bytes"), {{"86", H, "", T}}, NULL, "wrap.frame_length", "byte", "0"},
		{"a length on the right", YAML("bytes"), {{"      90", H, "abc", T}}, NULL, "wrap.not", "byte", "0"},
		{"zeros before a length", YAML("bytes"), {{"00000090", H, "abc", T}}, NULL, "wrap.not", "byte", "0"},
		{"letters in a length", YAML("bytes"), {{"90a", H, "abc", T}}, NULL, "wrap.frame_length", "byte", "0"},
		{"digits behind blanks", YAML("bytes"), {{"90 1", H, "abc", T}}, NULL, "wrap.frame_length", "byte", "0"},
		{"a length too short", YAML("bytes"), {{"89", H, "abc", T}}, NULL, "wrap.frame_mac", "byte", "25"},
		{"too large", YAML("bytes"), {{"99999999", H, "abc", T}}, NULL, "wrap.frame_large", "max", "16777216"},
		{"an end of line between", YAML("bytes"), {{"90", H, "abc", T}, {"\n90", H, "abc", T}}, NULL, "wrap.behind", "byte",
			"90"},
	};
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct frame_case *x = &cases[i];
		struct wrap_list *l = help_good_list(x->yaml);

		buf_clear(&file);
		for (size_t k = 0; k < COUNT(x->frames) && x->frames[k].length; k++)
			help_frame_as(x->frames[k].length, x->frames[k].head, span_of(x->frames[k].body), x->frames[k].secret,
				&file);
		for (size_t step = 1; step < 1000; step += 998) {
			struct text_input in = text_input(buf_as_span(&file), step);
			const int failed = help_unwrap(l, &in, 0, 100, &got, &e);

			if (failed != (x->code ? -1 : 0))
				fail_msg("%s: %s", x->what, failed ? err_code(e.id)->name : "it is read");
			if (x->want)
				assert_span(buf_as_span(&got), x->want);
			if (x->code)
				assert_string_equal(err_code(e.id)->name, x->code);
			if (x->code && strcmp(err_arg(&e, x->arg), x->value) != 0)
				fail_msg("%s: %s is %s", x->what, x->arg, err_arg(&e, x->arg));
		}
		wrap_list_free(l);
	}
	buf_done(&file);
	buf_done(&got);
}

/* As text of UTF-16 is counted: 㛃 (82 30 B7 31) is one, 𬱖 (99 33 C3 36) is two. */
static void a_character_beyond_the_first_plane_counts_as_two(void **state)
{
	struct wrap_setup setup = {.charset = CHARSET_GB18030};
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct findings f;
	struct conf_file *c;
	struct wrap_list *l;
	struct text_input in;
	struct err e = ERR_INIT;

	(void)state;
	findings_init(&f);
	c = conf_parse("form", span_of(YAML("characters")), &f);
	l = wrap_list_compile(conf_root(c), &setup, &f);
	assert_non_null(l);
	help_frame_as("90", H, SPAN("\x82\x30\xb7\x31\x99\x33\xc3\x36"), T, &file);
	in = text_input(buf_as_span(&file), 3);
	OK(e, help_unwrap(l, &in, 0, 100, &got, &e));
	assert_span(buf_as_span(&got), "\x82\x30\xb7\x31\x99\x33\xc3\x36");
	buf_clear(&file);
	help_frame_as("88", H, SPAN("\x99\x33\xc3\x36"), T, &file);
	in = text_input(buf_as_span(&file), 100);
	FAILS(e, "wrap.corrupt", help_unwrap(l, &in, 0, 100, &got, &e));
	conf_close(c);
	wrap_list_free(l);
	findings_done(&f);
	buf_done(&file);
	buf_done(&got);
}

/* What is read of a frame whose MAC is wrong is nothing, and of those before it what was read is theirs. */
static void nothing_of_a_frame_is_given_before_it_is_proved(void **state)
{
	struct wrap_list *l = help_good_list(YAML("bytes"));
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct text_input in;
	struct err e = ERR_INIT;

	(void)state;
	help_frame_as("90", H, SPAN("abc"), T, &file);
	help_frame_as("90", H, SPAN("def"), "", &file);
	in = text_input(buf_as_span(&file), 7);
	FAILS(e, "wrap.frame_mac", help_unwrap(l, &in, 0, 100, &got, &e));
	assert_span(buf_as_span(&got), "abc");
	wrap_list_free(l);
	buf_done(&file);
	buf_done(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_that_are_wrong_are_findings),
		cmocka_unit_test(a_site_without_the_token_is_a_finding),
		cmocka_unit_test(frames),
		cmocka_unit_test(a_character_beyond_the_first_plane_counts_as_two),
		cmocka_unit_test(nothing_of_a_frame_is_given_before_it_is_proved),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
