/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "jscan.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static int scan_whole(struct span text, struct jscan_value *ret, struct err *e)
{
	struct jscan s;

	jscan_init(&s, text);
	if (jscan_value(&s, ret, e))
		return -1;
	return jscan_finish(&s, e);
}

static int check_whole(struct span text, struct err *e)
{
	struct jscan_value v;

	return scan_whole(text, &v, e);
}

/* A copy of just these bytes, so that a read beyond the end is seen. */
static char *exact(struct span s)
{
	char *p = malloc(s.n ? s.n : 1);

	assert_non_null(p);
	memcpy(p, s.p, s.n);
	return p;
}

static void each_error_has_its_code_and_place(void **state)
{
	static const struct {
		const char *name, *text, *code, *at;
	} rows[] = {
		{"nothing is no value", "", "json.syntax", "0"},
		{"blanks are no value", " \t\r\n", "json.syntax", "4"},
		{"a second value is refused", "1 2", "json.syntax", "2"},
		{"a comma before the bracket is refused", "[1,]", "json.syntax", "3"},
		{"a comma before the brace is refused", "{\"a\":1,}", "json.syntax", "7"},
		{"a comma at the front is refused", "[,1]", "json.syntax", "1"},
		{"two commas are refused", "[1,,2]", "json.syntax", "3"},
		{"a missing comma is refused", "[1 2]", "json.syntax", "3"},
		{"a missing colon is refused", "{\"a\" 1}", "json.syntax", "5"},
		{"a key without quotes is refused", "{a:1}", "json.syntax", "1"},
		{"a missing value is refused", "{\"a\":}", "json.syntax", "5"},
		{"the other bracket does not close", "[1}", "json.syntax", "2"},
		{"the other brace does not close", "{\"a\":1]", "json.syntax", "6"},
		{"an open array is refused", "[1", "json.syntax", "2"},
		{"an open string is refused", "\"abc", "json.syntax", "4"},
		{"a backslash at the end is refused", "\"abc\\", "json.syntax", "4"},
		{"an unknown escape is refused", "\"\\x\"", "json.syntax", "1"},
		{"a short unicode escape is refused", "\"\\u12\"", "json.syntax", "1"},
		{"a unicode escape with a g is refused", "\"\\u00g0\"", "json.syntax", "1"},
		{"a unicode escape cut off is refused", "\"\\u12", "json.syntax", "1"},
		{"a line feed in a string is refused", "\"a\nb\"", "json.syntax", "2"},
		{"a leading zero is refused", "01", "json.syntax", "1"},
		{"a minus alone is refused", "-", "json.syntax", "1"},
		{"a plus is refused", "+1", "json.syntax", "0"},
		{"a point without digits is refused", "1.", "json.syntax", "2"},
		{"an exponent without digits is refused", "1e+", "json.syntax", "3"},
		{"a word in capitals is refused", "True", "json.syntax", "0"},
		{"half a word is refused", "[tru]", "json.syntax", "1"},
		{"a mark of byte order is refused", "\xef\xbb\xbf{}", "json.syntax", "0"},
		{"GBK in a string is not UTF-8", "\"\xb2\xc6\xd5\xfe\"", "json.utf8", "1"},
		{"GBK after Chinese is found", "\"\xe8\xb4\xa2\xb2\xc6\"", "json.utf8", "4"},
		{"an overlong form is not UTF-8", "\"\xe0\x80\xaf\"", "json.utf8", "1"},
		{"an overlong form of four is not UTF-8", "\"\xf0\x8f\xbf\xbf\"", "json.utf8", "1"},
		{"an overlong form of two is not UTF-8", "\"\xc1\xbf\"", "json.utf8", "1"},
		{"a surrogate is not UTF-8", "\"\xed\xa0\x80\"", "json.utf8", "1"},
		{"beyond U+10FFFF is not UTF-8", "\"\xf4\x90\x80\x80\"", "json.utf8", "1"},
		{"a lead beyond the last is not UTF-8", "\"\xf5\x80\x80\x80\"", "json.utf8", "1"},
		{"a third byte that does not trail is not UTF-8", "\"\xe8\xb4\x22\"", "json.utf8", "1"},
		{"a fourth byte that does not trail is not UTF-8", "\"\xf0\x9f\x98\x22\"", "json.utf8", "1"},
		{"a character cut off at the end is not UTF-8", "\"\xe8\xb4", "json.utf8", "1"},
		{"a bad key is refused too", "{\"\xff\":1}", "json.utf8", "2"},
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char *text = exact(span_of(rows[i].text));

		e = ERR_INIT;
		if (check_whole((struct span){text, strlen(rows[i].text)}, &e) != -1 ||
			strcmp(err_code(e.id)->name, rows[i].code) != 0 ||
			strcmp(err_arg(&e, "at"), rows[i].at) != 0)
			fail_msg("%s: %s at %s", rows[i].name, err_code(e.id)->name, e.args);
		assert_int_equal(err_kind(&e), ERR_DATA);
		free(text);
	}
}

static void depth_ends_at_32(void **state)
{
	char text[80] = "";
	struct err e = ERR_INIT;

	(void)state;
	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	OK(e, check_whole((struct span){text, 64}, &e));
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	FAILS(e, "json.depth", check_whole((struct span){text, 66}, &e));
	assert_string_equal(err_arg(&e, "at"), "32");
}

static void depth_counts_what_was_entered(void **state)
{
	char text[33];
	struct jscan s;
	struct err e = ERR_INIT;

	(void)state;
	memset(text, '[', sizeof text);
	jscan_init(&s, (struct span){text, sizeof text});
	for (int i = 0; i < 31; i++) {
		OK(e, jscan_enter_array(&s, &e));
		assert_int_equal(jscan_next_item(&s, &e), 1);
	}
	FAILS(e, "json.depth", jscan_skip(&s, &e));
}

static void siblings_do_not_add_depth(void **state)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	buf_str(&b, "[[]");
	for (int i = 0; i < 100; i++)
		buf_str(&b, ",{\"a\":[]}");
	buf_c(&b, ']');
	OK(e, check_whole(buf_as_span(&b), &e));
	buf_done(&b);
}

static void an_object_is_read_key_by_key(void **state)
{
	static const char text[] = " { \"id\" : \"a\\nb\" , \"n\":-1.5e+3,\"t\":true,\"f\":false,\"z\":null,"
				   "\"o\":{\"k\":[1,{}]},\"l\":[ \"x\" , 2 ],\"\":\"\"} ";
	struct jscan s;
	struct jscan_value v;
	struct span key;
	struct err e = ERR_INIT;

	(void)state;
	jscan_init(&s, span_of(text));
	assert_int_equal(jscan_peek(&s), JSCAN_OBJECT);
	OK(e, jscan_enter_object(&s, &e));
#define NEXT(name, kind, bytes, esc)                                                                                   \
	do {                                                                                                           \
		assert_int_equal(jscan_next_key(&s, &key, &e), 1);                                                     \
		assert_span(key, name);                                                                                \
		assert_int_equal(jscan_peek(&s), kind);                                                                \
		OK(e, jscan_value(&s, &v, &e));                                                                        \
		assert_int_equal(v.type, kind);                                                                        \
		assert_span(v.raw, bytes);                                                                             \
		assert_int_equal(v.escaped, esc);                                                                      \
	} while (0)
	NEXT("id", JSCAN_STRING, "a\\nb", true);
	NEXT("n", JSCAN_NUMBER, "-1.5e+3", false);
	NEXT("t", JSCAN_TRUE, "true", false);
	NEXT("f", JSCAN_FALSE, "false", false);
	NEXT("z", JSCAN_NULL, "null", false);
	NEXT("o", JSCAN_OBJECT, "{\"k\":[1,{}]}", false);
	assert_int_equal(jscan_next_key(&s, &key, &e), 1);
	assert_span(key, "l");
	OK(e, jscan_enter_array(&s, &e));
	assert_int_equal(jscan_next_item(&s, &e), 1);
	assert_int_equal(jscan_peek(&s), JSCAN_STRING);
	OK(e, jscan_skip(&s, &e));
	assert_int_equal(jscan_next_item(&s, &e), 1);
	OK(e, jscan_value(&s, &v, &e));
	assert_span(v.raw, "2");
	assert_int_equal(jscan_next_item(&s, &e), 0);
	NEXT("", JSCAN_STRING, "", false);
	assert_non_null(v.raw.p);
#undef NEXT
	assert_int_equal(jscan_next_key(&s, &key, &e), 0);
	assert_int_equal(jscan_peek(&s), JSCAN_END);
	OK(e, jscan_finish(&s, &e));
}

static void entering_something_else_is_refused(void **state)
{
	struct jscan s;
	struct err e;

	(void)state;
	jscan_init(&s, SPAN("[]"));
	FAILS(e, "json.syntax", jscan_enter_object(&s, &e));
	jscan_init(&s, SPAN("{}"));
	FAILS(e, "json.syntax", jscan_enter_array(&s, &e));
	jscan_init(&s, SPAN_NONE);
	FAILS(e, "json.syntax", jscan_enter_array(&s, &e));
	assert_int_equal(jscan_peek(&s), JSCAN_END);
}

static void a_failure_leaves_the_output(void **state)
{
	struct jscan s;
	struct jscan_value v = {.type = JSCAN_NULL};
	struct span key = SPAN("kept");
	struct err e = ERR_INIT;

	(void)state;
	FAILS(e, "json.syntax", scan_whole(SPAN("\"abc"), &v, &e));
	assert_int_equal(v.type, JSCAN_NULL);
	jscan_init(&s, SPAN("{\"a\" 1}"));
	OK(e, jscan_enter_object(&s, &e));
	FAILS(e, "json.syntax", jscan_next_key(&s, &key, &e));
	assert_span(key, "kept");
}

/* Every length up to three steps of the fast loops, every place, every kind of byte that stops them. */
static void a_stop_is_found_at_every_place(void **state)
{
	static const char *const stops[] = {"\"", "\\n", "\x1f", "\x7f", "\xc3\xa9", "\xe8\xb4\xa2",
		"\xf0\x9f\x98\x80", "\x80"};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t n = 0; n < 48; n++)
		for (size_t at = 0; at <= n; at++)
			for (size_t k = 0; k < COUNT(stops); k++) {
				struct buf b = BUF_INIT;
				struct jscan_value v = {0};
				char *text;
				int r;

				buf_c(&b, '"');
				for (size_t i = 0; i < n; i++)
					buf_str(&b, i == at ? stops[k] : "a");
				if (at == n)
					buf_str(&b, stops[k]);
				buf_c(&b, '"');
				text = exact(buf_as_span(&b));
				e = ERR_INIT;
				r = scan_whole((struct span){text, b.n}, &v, &e);
				if (k == 0 || k == 2 || k == 7) {
					assert_int_equal(r, -1);
					assert_string_equal(err_code(e.id)->name, k == 7 ? "json.utf8" : "json.syntax");
					if (k != 0)
						assert_int_equal(atoi(err_arg(&e, "at")), 1 + at);
				} else {
					assert_int_equal(r, 0);
					assert_int_equal(v.raw.n, b.n - 2);
					assert_int_equal(v.escaped, k == 1);
				}
				free(text);
				buf_done(&b);
			}
}

static void escapes_become_characters(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"\"plain\"", "plain"},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
		{"\"\\u0041\\u00e9\\u8d22\\u653F.\"", "A\xc3\xa9\xe8\xb4\xa2\xe6\x94\xbf."},
		{"\"a\\uD83D\\uDE00b\"", "a\xf0\x9f\x98\x80"
					"b"},
		{"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf"},
		{"\"\\ud800\\udc00\"", "\xf0\x90\x80\x80"},
		{"\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
		{"\"\xe8\xb4\xa2\\\\\"", "\xe8\xb4\xa2\\"},
	};
	struct buf b = BUF_INIT;
	struct jscan_value v;
	struct span s;
	struct err e = ERR_INIT;

	(void)state;
	buf_str(&b, "before");
	for (size_t i = 0; i < COUNT(rows); i++) {
		OK(e, scan_whole(span_of(rows[i].text), &v, &e));
		OK(e, jscan_unescape(&v, &b, &s, &e));
		assert_span(s, rows[i].want);
	}
	assert_memory_equal(b.p, "before", 6);
	buf_done(&b);
}

static void what_is_no_character_is_refused(void **state)
{
	static const struct {
		const char *text, *at;
	} rows[] = {
		{"\"ab\\u0000\"", "2"},
		{"\"\\ud800\"", "0"},
		{"\"\\udc00\"", "0"},
		{"\"\\n\\ud800\\ud800\"", "2"},
		{"\"\\ud800\\n12345\"", "0"},
		{"\"\\ud800x12345\"", "0"},
		{"\"\\ude00\\ud83d\"", "0"},
		{"\"\\ud83d\\u0041\"", "0"},
	};
	struct buf b = BUF_INIT;
	struct jscan_value v;
	struct span s = SPAN("kept");
	struct err e = ERR_INIT;

	(void)state;
	buf_str(&b, "before");
	for (size_t i = 0; i < COUNT(rows); i++) {
		OK(e, scan_whole(span_of(rows[i].text), &v, &e));
		FAILS(e, "json.string", jscan_unescape(&v, &b, &s, &e));
		assert_string_equal(err_arg(&e, "at"), rows[i].at);
		assert_span(s, "kept");
		assert_span(buf_as_span(&b), "before");
	}
	buf_done(&b);
}

static void only_what_must_be_escaped_is(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	json_quote(&b, SPAN("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xe8\xb4\xa2"));
	assert_span(buf_as_span(&b), "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xe8\xb4\xa2\"");
	buf_clear(&b);
	json_escape(&b, SPAN_NONE);
	json_escape(&b, SPAN("\n"));
	assert_span(buf_as_span(&b), "\\n");
	buf_clear(&b);
	json_quote(&b, SPAN_NONE);
	assert_span(buf_as_span(&b), "\"\"");
	buf_done(&b);
}

/* Written by us, read by us and by another library: every byte of ASCII at every place of a step. */
static void what_is_escaped_reads_back(void **state)
{
	struct buf b = BUF_INIT, back = BUF_INIT;
	struct jscan_value v;
	struct span got;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t n = 1; n < 40; n += 3)
		for (size_t at = 0; at < n; at++)
			for (char c = 1; c > 0 && c < 0x7f; c++) {
				char *text = malloc(n);
				json_t *root;

				assert_non_null(text);
				memset(text, 'x', n);
				text[at] = c;
				buf_clear(&b);
				buf_clear(&back);
				json_quote(&b, (struct span){text, n});
				OK(e, scan_whole(buf_as_span(&b), &v, &e));
				OK(e, jscan_unescape(&v, &back, &got, &e));
				assert_true(span_eq(got, (struct span){text, n}));
				root = json_loadb(b.p, b.n, JSON_DECODE_ANY, NULL);
				assert_non_null(root);
				assert_int_equal(json_string_length(root), n);
				assert_memory_equal(json_string_value(root), text, n);
				json_decref(root);
				free(text);
			}
	buf_done(&b);
	buf_done(&back);
}

static int unescape_all(struct jscan *s, struct buf *scratch, struct err *e)
{
	struct jscan_value v;
	struct span text;
	int more;

	switch (jscan_peek(s)) {
	case JSCAN_OBJECT:
		if (jscan_enter_object(s, e))
			return -1;
		while ((more = jscan_next_key(s, &v.raw, e)) == 1) {
			v.type = JSCAN_STRING;
			v.escaped = memchr(v.raw.p, '\\', v.raw.n) != NULL;
			if (jscan_unescape(&v, scratch, &text, e) || unescape_all(s, scratch, e))
				return -1;
		}
		return more;
	case JSCAN_ARRAY:
		if (jscan_enter_array(s, e))
			return -1;
		while ((more = jscan_next_item(s, e)) == 1)
			if (unescape_all(s, scratch, e))
				return -1;
		return more;
	default:
		return jscan_value(s, &v, e) || jscan_unescape(&v, scratch, &text, e) ? -1 : 0;
	}
}

/* Bytes of a good text are changed at random (the same each time); two scanners have to agree on each. */
static void another_library_judges_alike(void **state)
{
	static const char seed[] =
		"{\"id\":\"a-1\",\"data\":{\"name\":\"\xe8\xb4\xa2\xe6\x94\xbf\xe5\xb1\x80\",\"n\":[0,-1,1.5e3,true,false,"
		"null],\"esc\":\"\\u8d22\\n\\ud83d\\ude00\\\"\"},\"o\":{}, \"l\":[ ] ,\"e\":\"\xf0\x9f\x98\x80\xc3\xa9\"}";
	static const char odd[] = "\"\\{}[],:0159-+.eEutfn /\n\x01\x80\xe8\xb4\xed\xf0\xc0\xff";
	uint32_t rnd = 2463534242u;
	struct buf scratch = BUF_INIT;
	unsigned good = 0, bad = 0;

	(void)state;
	for (int round = 0; round < 40000; round++) {
		char text[sizeof seed];
		size_t n = sizeof seed - 1;
		struct err e = ERR_INIT;
		struct jscan s;
		json_error_t why;
		json_t *root;
		bool ours;

		memcpy(text, seed, sizeof seed);
		for (int k = 0; k <= round % 3; k++) {
			rnd ^= rnd << 13, rnd ^= rnd >> 17, rnd ^= rnd << 5;
			text[rnd % n] = odd[(rnd >> 12) % (sizeof odd - 1)];
		}
		buf_clear(&scratch);
		jscan_init(&s, (struct span){text, n});
		ours = unescape_all(&s, &scratch, &e) == 0 && jscan_finish(&s, &e) == 0;
		root = json_loadb(text, n, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, &why);
		if (ours != (root != NULL) && json_error_code(&why) != json_error_numeric_overflow)
			fail_msg("%s: ours %s %s, theirs %s", text, err_code(e.id)->name, e.args, root ? "ok" : why.text);
		good += ours;
		bad += !ours;
		json_decref(root);
	}
	assert_true(good > 1000 && bad > 1000);
	buf_done(&scratch);
}

static struct span read_file(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	size_t cap = 1 << 20;
	char *p = malloc(cap);
	ssize_t n;

	assert_true(fd >= 0 && p);
	n = read(fd, p, cap);
	assert_true(n >= 0 && (size_t)n < cap);
	close(fd);
	return (struct span){p, (size_t)n};
}

static void the_public_suite_is_judged_as_its_names_say(void **state)
{
	static const char path[] = SHARED_DIR "/suites/json-parsing";
	DIR *d = opendir(path);
	const struct dirent *entry;
	unsigned y = 0, n = 0, i = 0, i_taken = 0, wrong = 0;

	(void)state;
	if (!d) {
		print_message("no suite at %s: skipped\n", path);
		skip();
	}
	while ((entry = readdir(d))) {
		const char *name = entry->d_name;
		struct span file;
		struct err e = ERR_INIT;
		char *text;
		bool taken;

		if (!span_ends(span_of(name), SPAN(".json")))
			continue;
		file = read_file(dirfd(d), name);
		text = exact(file);
		taken = check_whole((struct span){text, file.n}, &e) == 0;
		if ((name[0] == 'y' && !taken) || (name[0] == 'n' && taken)) {
			print_message("%s: %s\n", name, err_code(e.id)->name);
			wrong++;
		}
		if (strcmp(name, "n_structure_100000_opening_arrays.json") == 0)
			assert_string_equal(err_code(e.id)->name, "json.depth");
		y += name[0] == 'y';
		n += name[0] == 'n';
		i += name[0] == 'i';
		i_taken += name[0] == 'i' && taken;
		free(text);
		free((char *)(uintptr_t)file.p);
	}
	closedir(d);
	print_message("y_ %u accepted, n_ %u refused, i_ %u of which %u accepted; wrong: %u\n", y, n, i, i_taken, wrong);
	assert_int_equal(wrong, 0);
	assert_true(y > 90 && n > 180);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_error_has_its_code_and_place),
		cmocka_unit_test(depth_ends_at_32),
		cmocka_unit_test(depth_counts_what_was_entered),
		cmocka_unit_test(siblings_do_not_add_depth),
		cmocka_unit_test(an_object_is_read_key_by_key),
		cmocka_unit_test(entering_something_else_is_refused),
		cmocka_unit_test(a_failure_leaves_the_output),
		cmocka_unit_test(a_stop_is_found_at_every_place),
		cmocka_unit_test(escapes_become_characters),
		cmocka_unit_test(what_is_no_character_is_refused),
		cmocka_unit_test(only_what_must_be_escaped_is),
		cmocka_unit_test(what_is_escaped_reads_back),
		cmocka_unit_test(another_library_judges_alike),
		cmocka_unit_test(the_public_suite_is_judged_as_its_names_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
