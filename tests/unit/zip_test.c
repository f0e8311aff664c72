/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "wrap_help.h"
#include "wraps/zip.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define TEXT(t) {t, sizeof(t) - 1}

static int unwrap(const char *yaml, struct span file, struct buf *got, struct err *e)
{
	struct wrap_list *l = help_good_list(yaml);
	struct text_input in = text_input(file, 100);
	int ret = help_unwrap(l, &in, 0, 100, got, e);

	wrap_list_free(l);
	return ret;
}

static void archives(void **state)
{
	static const struct {
		const char *what, *yaml;
		struct help_entry entries[3];
		const char *comment, *want, *code, *entry;
	} cases[] = {
		{"the only entry", "[zip]", {{.name = "a", .text = TEXT("abc")}}, "", "abc", NULL, NULL},
		{"with a comment", "[zip]", {{.name = "a", .text = TEXT("abc")}}, "made by hand", "abc", NULL, NULL},
		{"stored", "[zip]", {{.name = "a", .text = TEXT("abc"), .stored = true}}, "", "abc", NULL, NULL},
		{"with a descriptor", "[zip]", {{.name = "a", .text = TEXT("abc"), .described = true}}, "", "abc", NULL, NULL},
		{"sizes of 64 bits", "[zip]", {{.name = "a", .text = TEXT("abc"), .big = true}}, "", "abc", NULL, NULL},
		{"both", "[zip]", {{.name = "a", .text = TEXT("abc"), .described = true, .big = true}}, "", "abc", NULL, NULL},
		{"an empty document", "[zip]", {{.name = "a", .text = TEXT(""), .stored = true}}, "", "", NULL, NULL},
		{"a folder is no document", "[zip]",
			{{.name = "a/", .text = TEXT(""), .stored = true}, {.name = "a/b", .text = TEXT("abc")}}, "", "abc", NULL, NULL},
		{"the one that is named", "[{zip: {name: '*.txt', besides: ['*.pdf']}}]",
			{{.name = "a.pdf", .text = TEXT("no")}, {.name = "b.txt", .text = TEXT("abc")}, {.name = "c.pdf", .text = TEXT("no")}},
			"", "abc", NULL, NULL},
		{"a name in UTF-8", "[{zip: {name: '工资.txt'}}]", {{.name = "工资.txt", .text = TEXT("abc"), .flags = 1 << 11}}, "",
			"abc", NULL, NULL},
		{"a name in GBK", "[{zip: {name: '工资.txt'}}]", {{.name = "\xb9\xa4\xd7\xca.txt", .text = TEXT("abc")}}, "", "abc",
			NULL, NULL},
		{"a name with 5C as second byte", "[zip]", {{.name = "\x81\x5c\x81\x5c", .text = TEXT("abc")}}, "", "abc", NULL, NULL},
		{"folders by backslash", "[{zip: {name: 'a/b.txt'}}]", {{.name = "a\\b.txt", .text = TEXT("abc")}}, "", "abc", NULL, NULL},
		{"no entry at all", "[zip]", {{0}}, "", NULL, "wrap.zip_none", NULL},
		{"none of that name", "[{zip: {name: '*.txt', besides: ['*']}}]", {{.name = "a.TXT", .text = TEXT("abc")}}, "", NULL,
			"wrap.zip_none", NULL},
		{"none of that name in that folder", "[{zip: {name: '*.txt'}}]", {{.name = "a/b.txt", .text = TEXT("abc")}}, "", NULL,
			"wrap.zip_other", "a/b.txt"},
		{"two where one must be", "[zip]", {{.name = "a", .text = TEXT("abc")}, {.name = "b", .text = TEXT("def")}}, "", NULL,
			"wrap.zip_several", "b"},
		{"the same twice", "[{zip: {name: a}}]", {{.name = "a", .text = TEXT("abc")}, {.name = "a", .text = TEXT("abc")}}, "",
			NULL, "wrap.zip_several", "a"},
		{"one that is not known", "[{zip: {name: a}}]", {{.name = "a", .text = TEXT("abc")}, {.name = "b", .text = TEXT("")}}, "",
			NULL, "wrap.zip_other", "b"},
		{"absolute", "[zip]", {{.name = "/etc/passwd", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name", "/etc/passwd"},
		{"with a drive", "[zip]", {{.name = "C:\\a.txt", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name", "C:/a.txt"},
		{"upwards", "[{zip: {name: '*'}}]", {{.name = "../a", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name", "../a"},
		{"upwards later, by backslash", "[zip]", {{.name = "b\\..\\..\\a", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name",
			"b/../../a"},
		{"upwards beside", "[{zip: {name: b, besides: ['*', '*/*', '*/*/*']}}]",
			{{.name = "a/..", .text = TEXT("abc")}, {.name = "b", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name", "a/.."},
		{"a folder without a name", "[zip]", {{.name = "a//b", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name", "a//b"},
		{"no name", "[zip]", {{.name = "", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name", ""},
		{"a control", "[zip]", {{.name = "a\tb", .text = TEXT("abc")}}, "", NULL, "wrap.zip_name", "a\tb"},
		{"encrypted", "[zip]", {{.name = "a", .text = TEXT("abc"), .flags = 1}}, "", NULL, "wrap.zip_encrypted", "a"},
		{"strongly encrypted", "[zip]", {{.name = "a", .text = TEXT("abc"), .flags = 65}}, "", NULL, "wrap.zip_encrypted", "a"},
		{"by another method", "[zip]", {{.name = "a", .text = TEXT("abc"), .method = 12}}, "", NULL, "wrap.zip_method", "a"},
		{"stored without a length", "[zip]", {{.name = "a", .text = TEXT("abc"), .stored = true, .described = true}}, "", NULL,
			"wrap.zip_method", "a"},
		{"a folder that holds something", "[zip]", {{.name = "a/", .text = TEXT("abc"), .stored = true}}, "", NULL,
			"wrap.corrupt", "a/"},
		{"a last record in the comment", "[zip]", {{.name = "a", .text = TEXT("abc")}}, "PK\5\6", NULL, "wrap.zip_directory", ""},
	};
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned n = 0;
		int failed;

		while (n < 3 && cases[i].entries[n].name)
			n++;
		buf_clear(&file);
		help_archive(cases[i].entries, n, cases[i].comment, &file);
		failed = unwrap(cases[i].yaml, buf_as_span(&file), &got, &e);
		if (failed != (cases[i].code ? -1 : 0) || (failed && strcmp(err_code(e.id)->name, cases[i].code) != 0))
			fail_msg("%s: %s", cases[i].what, failed ? err_code(e.id)->name : "it is read");
		if (cases[i].want)
			assert_span(buf_as_span(&got), cases[i].want);
		if (cases[i].entry && strcmp(err_arg(&e, "entry"), cases[i].entry) != 0)
			fail_msg("%s: entry %s", cases[i].what, err_arg(&e, "entry"));
	}
	buf_done(&file);
	buf_done(&got);
}

/* Each of these bytes is one that another program may go by. */
static void a_directory_that_says_otherwise_is_noticed(void **state)
{
	static const struct {
		const char *what, *behind;
		int at;
		const char *code;
	} cases[] = {
		{"the name", "PK\1\2", 46, "wrap.zip_directory"},
		{"the method", "PK\1\2", 10, "wrap.zip_directory"},
		{"the checksum", "PK\1\2", 16, "wrap.zip_directory"},
		{"the packed size", "PK\1\2", 20, "wrap.zip_directory"},
		{"the size", "PK\1\2", 24, "wrap.zip_directory"},
		{"the place", "PK\1\2", 42, "wrap.zip_directory"},
		{"encrypted", "PK\1\2", 8, "wrap.zip_directory"},
		{"the number of entries on this disk", "PK\5\6", 8, "wrap.zip_directory"},
		{"the number of entries", "PK\5\6", 10, "wrap.zip_directory"},
		{"the number of the disk", "PK\5\6", 4, "wrap.zip_directory"},
		{"the directory's size", "PK\5\6", 12, "wrap.zip_directory"},
		{"the directory's place", "PK\5\6", 16, "wrap.zip_directory"},
		{"the length of the comment", "PK\5\6", 20, "wrap.truncated"},
		{"the name in front", "PK\3\4", 30, "wrap.zip_directory"},
		{"the checksum in front", "PK\3\4", 14, "wrap.checksum"},
		{"the size in front", "PK\3\4", 22, "wrap.corrupt"},
		{"the packed size in front", "PK\3\4", 18, "wrap.corrupt"},
		{"a signature", "PK\1\2", 2, "wrap.corrupt"},
	};
	static const struct help_entry entry = {.name = "a.txt", .text = TEXT("abcabcabcabc")};
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *at;

		buf_clear(&file);
		help_archive(&entry, 1, "", &file);
		at = memmem(file.p, file.n, cases[i].behind, 4);
		assert_non_null(at);
		at[cases[i].at] ^= 1;
		if (unwrap("[zip]", buf_as_span(&file), &got, &e) == 0 || strcmp(err_code(e.id)->name, cases[i].code) != 0)
			fail_msg("%s: %s", cases[i].what, err_code(e.id)->name);
	}
	buf_done(&file);
	buf_done(&got);
}

/* An entry that the directory leaves out, and one that it lists alone: what some programs show and others do not. */
static void entries_and_directory_are_the_same_ones(void **state)
{
	static const struct help_entry both[] = {{.name = "a", .text = TEXT("abc")}, {.name = "b.pdf", .text = TEXT("def")}};
	static const char yaml[] = "[{zip: {name: a, besides: ['*.pdf']}}]";
	struct buf two = BUF_INIT, one = BUF_INIT, file = BUF_INIT, got = BUF_INIT;
	size_t directory, second;
	struct err e = ERR_INIT;

	(void)state;
	help_archive(both, 2, "", &two);
	help_archive(both, 1, "", &one);
	directory = (size_t)((char *)memmem(two.p, two.n, "PK\1\2", 4) - two.p);
	second = (size_t)((char *)memmem(one.p, one.n, "PK\1\2", 4) - one.p);
	buf_add(&file, two.p, directory);
	buf_add(&file, one.p + second, one.n - second);
	FAILS(e, "wrap.zip_directory", unwrap(yaml, buf_as_span(&file), &got, &e));
	buf_clear(&file);
	buf_add(&file, one.p, second);
	buf_add(&file, two.p + directory, two.n - directory);
	FAILS(e, "wrap.zip_directory", unwrap(yaml, buf_as_span(&file), &got, &e));
	/* The last record counts both, the directory lists one. */
	buf_clear(&file);
	buf_add(&file, two.p, directory + 46 + 1);
	buf_add(&file, two.p + two.n - 22, 22);
	file.p[file.n - 10] = 46 + 1;
	FAILS(e, "wrap.zip_directory", unwrap(yaml, buf_as_span(&file), &got, &e));
	buf_clear(&file);
	buf_str(&file, "MZ");
	buf_span(&file, buf_as_span(&one));
	FAILS(e, "wrap.not", unwrap(yaml, buf_as_span(&file), &got, &e));
	buf_clear(&file);
	buf_add(&file, one.p, second);
	buf_str(&file, "junk");
	buf_add(&file, one.p + second, one.n - second);
	FAILS(e, "wrap.corrupt", unwrap(yaml, buf_as_span(&file), &got, &e));
	buf_done(&two);
	buf_done(&one);
	buf_done(&file);
	buf_done(&got);
}

static void limits(void **state)
{
	struct help_entry many[ZIP_ENTRIES_MAX + 1], bomb[] = {{.name = "a.pdf"}, {.name = "b", .text = TEXT("abc")}};
	struct buf file = BUF_INIT, got = BUF_INIT;
	char *zeros = mem_new(64u << 20);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (struct help_entry){.name = "a/", .text = TEXT(""), .stored = true};
	many[0] = (struct help_entry){.name = "b", .text = TEXT("abc")};
	help_archive(many, ZIP_ENTRIES_MAX, "", &file);
	OK(e, unwrap("[zip]", buf_as_span(&file), &got, &e));
	buf_clear(&file);
	help_archive(many, ZIP_ENTRIES_MAX + 1, "", &file);
	FAILS(e, "wrap.zip_entries", unwrap("[zip]", buf_as_span(&file), &got, &e));
	assert_string_equal(err_arg(&e, "max"), "1000");
	/* What nobody wants counts as well. */
	bomb[0].text = (struct span){zeros, 64u << 20};
	buf_clear(&file);
	help_archive(bomb, 2, "", &file);
	FAILS(e, "wrap.ratio", unwrap("[{zip: {name: b, besides: ['*.pdf']}}]", buf_as_span(&file), &got, &e));
	assert_int_equal(got.n, 0);
	free(zeros);
	buf_done(&file);
	buf_done(&got);
}

static void names_and_patterns(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool fits;
	} cases[] = {
		{"*", "a.txt", true}, {"*", "", true}, {"*", "a/b", false}, {"*/*", "a/b", true}, {"*/*", "a/b/c", false},
		{"*.txt", "a.txt", true}, {"*.txt", "a.txt.exe", false}, {"*.txt", ".txt", true}, {"*.txt", "a.txt.txt", true},
		{"a?c", "a工c", true}, {"a?c", "ac", false}, {"a?c", "a/c", false}, {"??", "工资", true},
		{"a*b*c", "aXbXbXc", true}, {"a*b*c", "aXbX/c", false}, {"", "", true}, {"", "a", false}, {"a", "A", false},
		{"**a", "bba", true}, {"*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (zip_name_fits(cases[i].pattern, span_of(cases[i].name)) != cases[i].fits)
			fail_msg("%s %s", cases[i].pattern, cases[i].name);
}

static void settings_that_are_wrong_are_findings(void **state)
{
	static const char *const cases[][2] = {
		{"[{zip: {name: [a]}}]", "conf.type"},
		{"[{zip: {besides: '*.pdf'}}]", "conf.type"},
		{"[{zip: {names: a}}]", "conf.unknown_key"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct findings f;
		struct err e;

		findings_init(&f);
		assert_null(help_list(cases[i][0], NULL, &f));
		findings_first(&f, &e);
		assert_string_equal(err_code(e.id)->name, cases[i][1]);
		findings_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(archives),
		cmocka_unit_test(a_directory_that_says_otherwise_is_noticed),
		cmocka_unit_test(entries_and_directory_are_the_same_ones),
		cmocka_unit_test(limits),
		cmocka_unit_test(names_and_patterns),
		cmocka_unit_test(settings_that_are_wrong_are_findings),
	};

	return cmocka_run_group_tests_name("zip", tests, NULL, NULL);
}
