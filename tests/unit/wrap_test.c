/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "adapters_help.h"
#include "reader.h"
#include "wrap_help.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* ---- what a form says ---- */

static void settings_that_are_wrong_are_findings(void **state)
{
	static const struct {
		const char *yaml, *code, *arg, *value;
	} cases[] = {
		{"[base46]", "form.wrap", "near", "base64"},
		{"[zstd]", "form.wrap", "got", "zstd"},
		{"[{gz: {}, base64: {}}]", "form.wrap", "got", "gz"},
		{"[[gz]]", "form.wrap", "got", ""},
		{"[{}]", "form.wrap", "got", ""},
		{"[gz, gz, gz, gz, gz]", "form.wraps_many", "max", "4"},
		{"[{gz: {level: 9}}]", "conf.unknown_key", "key", "level"},
		{"[{gz: 9}]", "conf.type", NULL, NULL},
		{"gz", "conf.type", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct findings f;
		struct err e;

		findings_init(&f);
		assert_null(help_list(cases[i].yaml, NULL, &f));
		assert_int_equal(findings_first(&f, &e), -1);
		assert_string_equal(err_code(e.id)->name, cases[i].code);
		if (cases[i].arg)
			assert_string_equal(err_arg(&e, cases[i].arg), cases[i].value);
		findings_done(&f);
	}
}

static const char *secret(const char *name, const char *keys, struct buf *ret)
{
	struct wrap_setup setup = {.keys = keys};
	struct conf_file *c;
	struct findings f;
	struct err e = ERR_INIT;

	buf_clear(ret);
	findings_init(&f);
	c = conf_parse("form", span_of(name), &f);
	assert_non_null(c);
	wrap_secret(conf_root(c), &setup, ret, &f);
	if (f.count)
		findings_first(&f, &e);
	conf_close(c);
	findings_done(&f);
	return err_code(e.id)->name;
}

static void a_secret_is_a_file_of_the_site_or_without_one_its_name(void **state)
{
	struct buf got = BUF_INIT;
	struct help h;

	(void)state;
	help_begin(&h);
	help_write(&h, "one.key", SPAN("s3cret\n"));
	help_write(&h, "two.key", SPAN(" a b\r\n"));
	help_write(&h, "none.key", SPAN("\n"));
	assert_string_equal(secret("one.key", h.dir, &got), "ok");
	assert_span(buf_as_span(&got), "s3cret");
	assert_string_equal(secret("two.key", h.dir, &got), "ok");
	assert_span(buf_as_span(&got), " a b");
	assert_string_equal(secret("one.key", NULL, &got), "ok");
	assert_span(buf_as_span(&got), "one.key");
	assert_string_equal(secret("none.key", h.dir, &got), "wrap.secret_empty");
	assert_string_equal(secret("away.key", h.dir, &got), "file.missing");
	assert_string_equal(secret("one.key", "", &got), "wrap.no_keys");
	assert_string_equal(secret("../one.key", h.dir, &got), "wrap.secret_name");
	assert_string_equal(secret(".one.key", NULL, &got), "wrap.secret_name");
	assert_string_equal(secret("'one key'", NULL, &got), "wrap.secret_name");
	assert_string_equal(secret("''", NULL, &got), "wrap.secret_name");
	buf_done(&got);
	help_end(&h);
}

/* ---- gz and base64 ---- */

struct bytes_case {
	const char *what;
	struct span file;
	const char *want, *code, *byte;      /* the document, or the code and the byte */
};

static void run_cases(const char *yaml, const struct bytes_case *cases, size_t n)
{
	struct wrap_list *l = help_good_list(yaml);
	struct buf got = BUF_INIT;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < n; i++)
		for (size_t step = 1; step < 64; step += 62) {
			struct text_input in = text_input(cases[i].file, step);

			if (cases[i].code) {
				FAILS(e, cases[i].code, help_unwrap(l, &in, 0, 4096, &got, &e));
				if (strcmp(err_arg(&e, "byte"), cases[i].byte) != 0)
					fail_msg("%s: byte %s", cases[i].what, err_arg(&e, "byte"));
			} else {
				OK(e, help_unwrap(l, &in, 0, 4096, &got, &e));
				assert_span(buf_as_span(&got), cases[i].want);
			}
		}
	buf_done(&got);
	wrap_list_free(l);
}

#define B(text) {text, sizeof(text) - 1}
#define GZ_HEAD "\x1f\x8b\x08\0\0\0\0\0\0\x03"
#define GZ_ABC "KLJ\x06\0\xc2\x41\x24\x35\x03\0\0\0"

static void gz_files(void **state)
{
	static const struct bytes_case cases[] = {
		{"one member", B(GZ_HEAD GZ_ABC), "abc", NULL, NULL},
		{"members one behind the other are one document", B(GZ_HEAD GZ_ABC GZ_HEAD GZ_ABC), "abcabc", NULL, NULL},
		{"a member with a name", B("\x1f\x8b\x08\x08\0\0\0\0\0\x03" "a.txt\0" GZ_ABC), "abc", NULL, NULL},
		{"nothing", B(""), NULL, "wrap.truncated", "0"},
		{"one byte of it", B("\x1f"), NULL, "wrap.truncated", "1"},
		{"no gz", B("PK\3\4"), NULL, "wrap.not", "0"},
		{"compress of old", B("\x1f\x9d\x90"), NULL, "wrap.not", "0"},
		{"another method", B("\x1f\x8b\x07\0\0\0\0\0\0\x03"), NULL, "wrap.corrupt", "4"},
		{"a block that is none", B(GZ_HEAD "\xff\xff\xff"), NULL, "wrap.corrupt", "11"},
		{"another checksum", B(GZ_HEAD "KLJ\x06\0\xc2\x41\x24\x36\x03\0\0\0"), NULL, "wrap.checksum", "19"},
		{"another length", B(GZ_HEAD "KLJ\x06\0\xc2\x41\x24\x35\x04\0\0\0"), NULL, "wrap.checksum", "23"},
		{"padding behind", B(GZ_HEAD GZ_ABC "\0\0"), NULL, "wrap.behind", "23"},
		{"half a member behind", B(GZ_HEAD GZ_ABC GZ_HEAD "KL"), NULL, "wrap.truncated", "35"},
	};

	(void)state;
	run_cases("[gz]", cases, COUNT(cases));
}

static void base64_files(void **state)
{
	static const struct bytes_case cases[] = {
		{"whole groups", B("YWJjZGVm"), "abcdef", NULL, NULL},
		{"one filled up", B("YWJjZA=="), "abcd", NULL, NULL},
		{"ends of line and blanks", B(" YW\r\nJj\n\tZGU\n=\r\n"), "abcde", NULL, NULL},
		{"nothing", B(""), "", NULL, NULL},
		{"blanks alone", B("\r\n \n"), "", NULL, NULL},
		{"a group that is cut off", B("YWJjZA"), NULL, "wrap.truncated", "6"},
		{"half of what fills up", B("YWJjZA="), NULL, "wrap.truncated", "7"},
		{"the other alphabet", B("YWJj-_8="), NULL, "wrap.base64", "4"},
		{"a character between", B("YWJj!WJj"), NULL, "wrap.base64", "4"},
		{"it begins with what fills up", B("=WJj"), NULL, "wrap.base64", "0"},
		{"one character and what fills up", B("Y==="), NULL, "wrap.base64", "1"},
		{"a character behind what fills up", B("YW=j"), NULL, "wrap.base64", "3"},
		{"bits that are no byte's", B("YWJjZB=="), NULL, "wrap.base64", "7"},
		{"a group behind the end", B("YWJjZA==YWJj"), NULL, "wrap.behind", "8"},
		{"NUL", B("YWJj\0"), NULL, "wrap.base64", "4"},
	};

	(void)state;
	run_cases("[base64]", cases, COUNT(cases));
}

static void a_bomb_is_broken_off(void **state)
{
	struct wrap_list *l = help_good_list("[gz]");
	char *zeros = mem_new(64u << 20);
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct text_input in;
	struct err e = ERR_INIT;

	(void)state;
	help_gz((struct span){zeros, 64u << 20}, &file);
	assert_true(file.n < 70000);
	in = text_input(buf_as_span(&file), 4096);
	FAILS(e, "wrap.ratio", help_unwrap(l, &in, 0, 1 << 16, &got, &e));
	assert_true(got.n < 32u << 20);
	free(zeros);
	buf_done(&file);
	buf_done(&got);
	wrap_list_free(l);
}

/* ---- with a reader ---- */

/* Records of the house's form, the file being wrapped; each row stops and goes on anew, as after a kill. */
static void a_reader_goes_on_behind_any_row(void **state)
{
	static const char *const edits[][2] = {{"codec:", "wraps: [base64, gz]\ncodec:"}, {NULL, NULL}};
	struct span text = SPAN("H|0001|20261205|602001|103|1|2|4234.50\n"
		"0001|a|1234.50|6222020600000000015|602001|01|150702198001010017|1\n"
		"0002|b|3000.00|6228480600000000023|602001|01|150702198502020021|1\n");
	struct buf packed = BUF_INIT, file = BUF_INIT, saved = BUF_INIT, shown = BUF_INIT;
	struct reading g = {.kind = READ_SKIPPED};
	struct err e = ERR_INIT;
	struct help h;
	struct form *form;

	(void)state;
	help_begin(&h);
	form = help_good(&h, "payroll/pipe/batch", edits);
	assert_true(form_whole(form));
	help_gz(text, &packed);
	help_base64(buf_as_span(&packed), &file);
	while (g.kind != READ_END) {
		struct text_input in = text_input(buf_as_span(&file), 100);
		struct reader_setup setup = {.form = form, .library = h.library, .input = &in.in, .shown = "x",
			.name = SPAN("gz_202612_001.txt"), .digest = SPAN("0"),
			.saved = saved.n ? json_loadb(saved.p, saved.n, 0, NULL) : NULL};
		struct reader *r;

		OK(e, reader_open(&setup, &r, &e));
		OK(e, reader_next(r, &g, &e));
		buf_printf(&shown, "%d:%d:%d ", (int)g.kind, (int)g.line, (int)g.offset);
		assert_false(g.kind == READ_RECORD && g.bad.id);
		buf_clear(&saved);
		reader_save(r, &saved);
		reader_close(r);
		json_decref((json_t *)(uintptr_t)setup.saved);
	}
	assert_string_equal(buf_text(&shown), "1:1:0 2:2:39 2:3:105 0:0:0 ");
	form_free(form);
	buf_done(&packed);
	buf_done(&file);
	buf_done(&saved);
	buf_done(&shown);
	help_end(&h);
}

/* The codec has seen its end; what is wrong with the wrap is told all the same. */
static void an_end_is_told_when_the_wrap_has_proved(void **state)
{
	static const char *const edits[][2] = {{"codec:", "wraps: [gz]\ncodec:"}, {NULL, NULL}};
	struct buf file = BUF_INIT;
	struct reading g = {.kind = READ_SKIPPED};
	struct err e = ERR_INIT;
	struct reader *r;
	struct form *form;
	struct help h;
	int got = 0;

	(void)state;
	help_begin(&h);
	form = help_good(&h, "payroll/pipe/batch", edits);
	help_gz(SPAN("H|0001|20261205|602001|103|1|2|4234.50\n"), &file);
	file.p[file.n - 1] = 1;
	for (unsigned rows = 0; got == 0; rows++) {
		struct text_input in = text_input(buf_as_span(&file), 0);
		struct reader_setup setup = {.form = form, .library = h.library, .input = &in.in, .shown = "in/x.gz",
			.name = SPAN("gz_202612_001.txt"), .digest = SPAN("0")};

		OK(e, reader_open(&setup, &r, &e));
		for (unsigned i = 0; i <= rows && got == 0; i++)
			got = reader_next(r, &g, &e);
		assert_int_not_equal(g.kind, READ_END);
		reader_close(r);
	}
	assert_string_equal(err_code(e.id)->name, "wrap.checksum");
	assert_string_equal(e.where, "in/x.gz");
	form_free(form);
	buf_done(&file);
	help_end(&h);
}

/* A table ends at its byte 1A, and nobody asks for what lies behind: but the wrap is unwrapped to its end. */
static void what_lies_behind_a_document_s_end_is_proved_as_well(void **state)
{
	static const char *const edits[][2] = {{"codec:", "wraps: [gz]\ncodec:"}, {NULL, NULL}};
	const size_t behind = 600u << 10;
	struct buf text = BUF_INIT, file = BUF_INIT;
	struct reading g;
	struct err e = ERR_INIT;
	struct reader *r;
	struct form *form;
	struct help h;

	(void)state;
	help_begin(&h);
	form = help_good(&h, "payroll/dbf/batch", edits);
	OK(e, fsys_get(AT_FDCWD, SOURCE_DIR "/adapters/payroll/dbf/cases/batch/names_in_gb18030/gz202612_20261205_103_001.dbf",
		1u << 20, &text, &e));
	buf_reserve(&text, behind);
	memset(text.p + text.n, 'x', behind);
	text.n += behind;
	help_gz(buf_as_span(&text), &file);
	for (unsigned broken = 0; broken < 2; broken++) {
		struct text_input in = text_input(buf_as_span(&file), 64);
		struct reader_setup setup = {.form = form, .library = h.library, .input = &in.in, .shown = "x.dbf",
			.name = SPAN("gz202612_20261205_103_001.dbf"), .digest = SPAN("0")};
		int got = 0;

		OK(e, reader_open(&setup, &r, &e));
		do
			got = reader_next(r, &g, &e);
		while (got == 0 && g.kind != READ_END);
		assert_int_equal(got, broken ? -1 : 0);
		assert_int_equal(in.at, file.n);
		reader_close(r);
		file.p[file.n - 8] ^= 1;
	}
	assert_string_equal(err_code(e.id)->name, "wrap.checksum");
	form_free(form);
	buf_done(&text);
	buf_done(&file);
	help_end(&h);
}

static void a_form_that_goes_out_has_no_wraps(void **state)
{
	static const char *const edits[][2] = {{"codec:", "wraps: [gz]\ncodec:"}, {NULL, NULL}};
	struct buf b = BUF_INIT;
	struct findings f;
	struct err e;
	struct help h;
	char *text;

	(void)state;
	help_begin(&h);
	OK(e, fsys_get(AT_FDCWD, SOURCE_DIR "/adapters/bank/pipe/batch.yaml", 1u << 20, &b, &e));
	text = help_edit(buf_text(&b), edits);
	findings_init(&f);
	assert_null(help_form(&h, text, &f));
	findings_first(&f, &e);
	assert_string_equal(err_code(e.id)->name, "form.reads_only");
	findings_done(&f);
	free(text);
	buf_done(&b);
	help_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_that_are_wrong_are_findings),
		cmocka_unit_test(a_secret_is_a_file_of_the_site_or_without_one_its_name),
		cmocka_unit_test(gz_files),
		cmocka_unit_test(base64_files),
		cmocka_unit_test(a_bomb_is_broken_off),
		cmocka_unit_test(a_reader_goes_on_behind_any_row),
		cmocka_unit_test(an_end_is_told_when_the_wrap_has_proved),
		cmocka_unit_test(what_lies_behind_a_document_s_end_is_proved_as_well),
		cmocka_unit_test(a_form_that_goes_out_has_no_wraps),
	};

	return cmocka_run_group_tests_name("wrap", tests, NULL, NULL);
}
