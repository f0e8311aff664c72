/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "dbf_make.h"
#include "codec_rows.h"

/* ---- reading ---- */

/* list: "[a, b]" */
static int columns(struct codec_format *format, const char *kind, const char *list, struct findings *f)
{
	struct conf_file *c = conf_parse("test", span_of(list), f);
	struct span names[8];
	unsigned n = 0;
	int ret;

	for (struct conf *item = conf_root(c)->first; item; item = item->next)
		names[n++] = item->text;
	ret = format->codec->columns(format, kind, names, n, conf_root(c), f);
	conf_close(c);
	return ret;
}

static struct codec_format *format_with(const char *list, enum charset charset)
{
	struct codec_format *f = rows_format("dbf", "{}", charset);
	struct findings fd;

	findings_init(&fd);
	assert_int_equal(columns(f, "line", list, &fd), 0);
	assert_int_equal(fd.count, 0);
	findings_done(&fd);
	return f;
}

/* "1:[a][b] 2:deleted 3:blank 4:codec.dbf_mark " */
static void show_row(struct buf *b, struct codec_reader *r, struct row *row)
{
	struct err e = ERR_INIT;

	assert_int_equal(row->ncells, 0);
	buf_printf(b, "%llu:%s%s", (unsigned long long)row->line, row->deleted ? "deleted" : "", row->blank ? "blank" : "");
	if (row->bad.id != E_NONE) {
		assert_false(row->blank || row->deleted);
		assert_int_equal(err_kind(&row->bad), ERR_DATA);
		buf_str(b, err_code(row->bad.id)->name);
	} else if (!row->deleted && !row->blank) {
		OK(e, codec_dbf.cut(r, 0, row, &e));
	}
	rows_cells(b, row);
}

/* Records stand one behind the other from the head's end on. */
static struct rows read_from(const struct codec_format *f, struct span file, struct place at, size_t step)
{
	struct text_input in = text_input(file, step);
	struct rows ret = {.shown = BUF_INIT};
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	int got;

	OK(e, f->codec->open(f, &in.in, at.end, at.line, &r, &e));
	while ((got = f->codec->next(r, &row, &e)) == 1) {
		assert_true((at.end == 0 || row.offset == at.end) && row.end >= row.offset && row.end <= file.n);
		assert_true(row.line == at.line && row.next_line > row.line && row.raw.n <= row.end - row.offset);
		assert_true(row.raw.n == 0 || memcmp(row.raw.p, file.p + row.offset, row.raw.n) == 0);
		show_row(&ret.shown, r, &row);
		at = rows_behind(&ret, &row);
	}
	if (got < 0)
		buf_printf(&ret.shown, "%s", err_code(e.id)->name);
	assert_int_equal(f->codec->next(r, &row, &e), got);
	f->codec->close(r);
	buf_text(&ret.shown);
	return ret;
}

#define G CHARSET_GBK
#define AB {{"A", 'C', 3}, {"B", 'N', 5}}
#define NAME "\xd0\xd5\xc3\xfb"            /* 姓名 */
#define SUM "\xbd\xf0\xb6\xee"             /* 金额 */

static const struct {
	const char *name;
	struct dbf_table table;
	const char *columns, *want;
} cases[] = {
	{"a record is cut at its fields", {3, AB, 2, " a  12.50 b c    7", "\x1a"}, "[A, B]", "1:[a][12.50] 2:[b c][7] "},
	{"columns may stand in another order, and fields be left out", {3, AB, 1, " a  12.50", "\x1a"}, "[B]", "1:[12.50] "},
	{"a column may be wanted twice", {3, AB, 1, " a  12.50", "\x1a"}, "[B, A, B]", "1:[12.50][a][12.50] "},
	{"the byte that ends a file may be missing", {3, AB, 1, " a  12.50", ""}, "[A, B]", "1:[a][12.50] "},
	{"what lies behind it is nothing", {3, AB, 1, " a  12.50", "\x1a more"}, "[A, B]", "1:[a][12.50] "},
	{"a table without records", {3, AB, 0, "", "\x1a"}, "[A, B]", ""},
	{"names of fields are in the charset of the form",
		{3, {{NAME, 'C', 6}, {SUM, 'N', 5}}, 1, " \xcd\xf5\xab\x7c   1.50", "\x1a"},
		"[姓名, 金额]", "1:[<CD><F5><AB>|][1.50] "},
	{"a name may have eleven bytes", {3, {{"ABCDEFGHIJK", 'C', 1}}, 1, " x", "\x1a"}, "[ABCDEFGHIJK]", "1:[x] "},
	{"Visual FoxPro", {0x30, AB, 1, " a  12.50", "\x1a"}, "[A, B]", "1:[a][12.50] "},
	{"Visual FoxPro with counted fields", {0x31, AB, 1, " a  12.50", "\x1a"}, "[A, B]", "1:[a][12.50] "},
	{"FoxPro with a memo file", {0xf5, {{"A", 'C', 3}, {"M", 'M', 10}}, 1, " a           ", "\x1a"}, "[A]", "1:[a] "},
	{"dBASE III with a memo file", {0x83, AB, 1, " a  12.50", "\x1a"}, "[A]", "1:[a] "},
	{"dates, truths and floats are texts", {3, {{"D", 'D', 8}, {"L", 'L', 1}, {"F", 'F', 6}}, 3,
		" 20261205T -1.50         ?       20261206      2", "\x1a"}, "[D, L, F]",
		"1:[20261205][T][-1.50] 2:[][][] 3:[20261206][][2] "},
	{"blank numbers and texts are empty", {3, AB, 2, " a               7", ""}, "[A, B]", "1:[a][] 2:[][7] "},
	{"NULs behind a text are padding", {3, {{"A", 'C', 3}}, 1, " ab\t", ""}, "[A]", "1:[ab<09>] "},
	{"a deleted record is a row that is deleted", {3, AB, 3, " a  12.50*b      2 c      3", "\x1a"}, "[A, B]",
		"1:[a][12.50] 2:deleted 3:[c][3] "},
	{"a blank record is blank", {3, AB, 2, "          c      3", "\x1a"}, "[A, B]", "1:blank 2:[c][3] "},
	{"a text of more than 255 bytes", {3, {{"A", 'C', 258}, {"B", 'C', 1}}, 1,
		" 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567Z", "\x1a"}, "[B]", "1:[Z] "},
	{"a record that is neither valid nor deleted is bad, and no other", {3, AB, 3, " a  12.50xb      2 c      3", "\x1a"},
		"[A, B]", "1:[a][12.50] 2:codec.dbf_mark 3:[c][3] "},
	{"fewer records than declared are a bad row at the end", {3, AB, 5, " a  12.50 b      2", "\x1a"}, "[A, B]",
		"1:[a][12.50] 2:[b][2] 3:codec.dbf_count "},
	{"also where the file ends without a byte for it", {3, AB, 5, " a  12.50 b      2", ""}, "[A, B]",
		"1:[a][12.50] 2:[b][2] 3:codec.dbf_count "},
	{"what lies behind a file's end that comes too early is part of that row",
		{3, AB, 5, " a  12.50 b      2", "\x1a 0123456789abcdef"}, "[A, B]", "1:[a][12.50] 2:[b][2] 3:codec.dbf_count "},
	{"one fewer", {3, AB, 2, " a  12.50", ""}, "[A, B]", "1:[a][12.50] 2:codec.dbf_count "},
	{"none of those declared", {3, AB, 2, "", ""}, "[A, B]", "1:codec.dbf_count "},
	{"a part of a record is part of that row", {3, AB, 2, " a  12.50 b     ", ""}, "[A, B]",
		"1:[a][12.50] 2:codec.dbf_count "},
	{"what lies behind the declared records is one bad row", {3, AB, 1, " a  12.50 b      2 c      3", "\x1a"}, "[A, B]",
		"1:[a][12.50] 2:codec.dbf_count "},
	{"a single byte, too", {3, AB, 1, " a  12.50", "\n"}, "[A, B]", "1:[a][12.50] 2:codec.dbf_count "},

	{"a field that is not there makes the table unreadable", {3, AB, 1, " a  12.50", "\x1a"}, "[A, C]", "codec.dbf_field"},
	{"capitals matter in names", {3, AB, 1, " a  12.50", "\x1a"}, "[a]", "codec.dbf_field"},
	{"a field that stands twice", {3, {{"A", 'C', 3}, {"A", 'N', 5}}, 1, " a  12.50", "\x1a"}, "[A]", "codec.dbf_field"},
	{"unless nobody wants it", {3, {{"A", 'C', 3}, {"A", 'N', 4}, {"B", 'C', 1}}, 1, " a  12.50", "\x1a"}, "[B]", "1:[0] "},
	{"a memo cannot be read", {0xf5, {{"A", 'C', 3}, {"M", 'M', 10}}, 1, " a           ", "\x1a"}, "[A, M]",
		"codec.dbf_type"},
	{"another version is no table", {0x04, AB, 1, " a  12.50", "\x1a"}, "[A]", "codec.dbf_header"},
	{"a field without width is none", {3, {{"A", 'C', 3}, {"B", 'N', 0}}, 1, " a  ", "\x1a"}, "[A]", "codec.dbf_header"},
	{"a table without fields is none", {3, {{NULL, 0, 0}}, 1, " ", "\x1a"}, "[A]", "codec.dbf_header"},
};

static void every_case_reads_the_same_in_pieces_and_from_each_row_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct codec_format *f = format_with(cases[i].columns, G);
		struct buf file = BUF_INIT;

		make_dbf(&file, &cases[i].table);
		rows_read_as(f, read_from, buf_as_span(&file), cases[i].want, cases[i].name);
		buf_done(&file);
		f->codec->format_free(f);
	}
}

static const struct dbf_table plain = {3, AB, 2, " a  12.50 b      2", "\x1a"};

/* Reads the table with one byte changed. */
static void check_changed(size_t at, unsigned char byte, const char *want, const char *arg)
{
	struct codec_format *f = format_with("[A, B]", G);
	struct text_input in = text_input(SPAN_NONE, 0);
	struct buf file = BUF_INIT;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	make_dbf(&file, &plain);
	file.p[at] = (char)byte;
	in.text = buf_as_span(&file);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	FAILS(e, want, f->codec->next(r, &row, &e));
	assert_int_equal(err_kind(&e), ERR_DATA);
	assert_string_equal(err_arg(&e, "byte"), arg);
	f->codec->close(r);
	buf_done(&file);
	f->codec->format_free(f);
}

static void a_head_that_is_wrong_names_its_byte(void **state)
{
	(void)state;
	check_changed(0, 0x02, "codec.dbf_header", "0");
	check_changed(8, 32, "codec.dbf_header", "8");         /* no room for a field */
	check_changed(9, 0x70, "codec.dbf_header", "8");       /* longer than the file */
	check_changed(10, 8, "codec.dbf_header", "80");        /* the second field ends behind the record */
	check_changed(10, 10, "codec.dbf_header", "10");
	check_changed(15, 1, "codec.dbf_header", "15");        /* encrypted */
	check_changed(48, 0, "codec.dbf_header", "48");
	check_changed(96, 'x', "codec.dbf_header", "96");      /* no end of the fields */
}

static void a_file_that_ends_in_its_head_is_no_table(void **state)
{
	struct codec_format *f = format_with("[A, B]", G);
	struct buf file = BUF_INIT;

	(void)state;
	make_dbf(&file, &plain);
	for (size_t n = 0; n < 97; n++)
		rows_read_as(f, read_from, (struct span){file.p, n}, "codec.dbf_header", "cut");
	rows_read_as(f, read_from, (struct span){file.p, 97}, "1:codec.dbf_count ", "cut");
	buf_done(&file);
	f->codec->format_free(f);
}

static void a_text_padded_with_nuls_ends_before_them(void **state)
{
	struct codec_format *f = format_with("[A, B]", G);
	struct buf file = BUF_INIT;

	(void)state;
	make_dbf(&file, &plain);
	file.p[97 + 2] = file.p[97 + 3] = 0;
	file.p[97 + 9 + 4] = 0;                /* of a number they are data, which nobody takes for a digit */
	rows_read_as(f, read_from, buf_as_span(&file), "1:[a][12.50] 2:[b][<00>   2] ", "NULs");
	buf_done(&file);
	f->codec->format_free(f);
}

static void reasons_name_what_is_wrong(void **state)
{
	static const struct {
		const char *columns;
		unsigned declared;
		const char *rows, *code, *args;
	} wrong[] = {
		{"[A, AB]", 2, "", "codec.dbf_field", "name=AB\nnear=A"},
		{"[金额]", 2, "", "codec.dbf_field", "name=金额\nnear=-"},
		{"[A]", 5, " a  12.50 b      2", "codec.dbf_count", "want=5\ngot=2\nrest=0"},
		{"[A]", 1, " a  12.50 b      2 c   ", "codec.dbf_count", "want=1\ngot=2\nrest=5"},
		{"[A]", 2, " a  12.50 b", "codec.dbf_count", "want=2\ngot=1\nrest=2"},
		{"[A]", 1, "?a  12.50", "codec.dbf_mark", "hex=3F"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct codec_format *f = format_with(wrong[i].columns, G);
		struct dbf_table t = {3, AB, wrong[i].declared, wrong[i].rows, ""};
		struct text_input in = text_input(SPAN_NONE, 0);
		struct buf file = BUF_INIT;
		struct codec_reader *r;
		struct row row = {.bad = ERR_INIT};
		struct err e = ERR_INIT;
		int got;

		make_dbf(&file, &t);
		in.text = buf_as_span(&file);
		OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
		while ((got = f->codec->next(r, &row, &e)) == 1)
			if (row.bad.id != E_NONE)
				e = row.bad;
		assert_string_equal(err_code(e.id)->name, wrong[i].code);
		assert_true(span_starts(span_of(e.args), span_of(wrong[i].args)));
		assert_int_equal(got, row.bad.id != E_NONE ? 0 : -1);
		f->codec->close(r);
		buf_done(&file);
		f->codec->format_free(f);
	}
}

static void what_lies_behind_the_declared_records_keeps_its_first_64_kib(void **state)
{
	struct codec_format *f = format_with("[A, B]", G);
	struct text_input in = text_input(SPAN_NONE, 70000);
	struct buf file = BUF_INIT;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	make_dbf(&file, &(struct dbf_table){3, AB, 1, " a  12.50", ""});
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&file, " b%7u", i);
	in.text = buf_as_span(&file);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	assert_string_equal(err_code(row.bad.id)->name, "codec.dbf_count");
	assert_string_equal(err_arg(&row.bad, "got"), "100001");
	assert_int_equal(row.raw.n, 64 << 10);
	assert_memory_equal(row.raw.p, file.p + row.offset, row.raw.n);
	assert_int_equal(row.end, file.n);
	assert_int_equal(f->codec->next(r, &row, &e), 0);
	f->codec->close(r);
	buf_done(&file);
	f->codec->format_free(f);
}

static void many_records_read_in_order_and_go_on_anywhere(void **state)
{
	struct codec_format *f = format_with("[B]", G);
	struct text_input in = text_input(SPAN_NONE, 0);
	struct buf file = BUF_INIT, want = BUF_INIT;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	unsigned n = 0;

	(void)state;
	make_dbf(&file, &(struct dbf_table){3, AB, 100000, "", ""});
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&file, " b  %5u", i);
	in.text = buf_as_span(&file);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	for (; f->codec->next(r, &row, &e) == 1; n++) {
		OK(e, f->codec->cut(r, 0, &row, &e));
		buf_clear(&want);
		buf_printf(&want, "%u", n);
		assert_true(row.line == n + 1 && span_is(row.cells[0], buf_text(&want)));
	}
	assert_int_equal(n, 100000);
	f->codec->close(r);
	in.at = 0;
	OK(e, f->codec->open(f, &in.in, 97 + 77777 * 9, 77778, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	OK(e, f->codec->cut(r, 0, &row, &e));
	assert_span(row.cells[0], "77777");
	assert_int_equal(row.line, 77778);
	f->codec->close(r);
	buf_done(&want);
	buf_done(&file);
	f->codec->format_free(f);
}

static void an_input_that_fails_can_be_asked_again(void **state)
{
	struct codec_format *f = format_with("[A, B]", G);
	struct buf file = BUF_INIT;

	(void)state;
	make_dbf(&file, &plain);
	file.p[4] = 3;
	for (size_t at = 1; at <= file.n; at++)
		for (size_t from = 0; from < 2; from++) {
			struct text_input in = text_input_failing(buf_as_span(&file), 1, at);
			struct buf shown = BUF_INIT;
			struct codec_reader *r;
			struct row row;
			struct err e = ERR_INIT;
			int got, failures = 0;

			OK(e, f->codec->open(f, &in.in, from ? 97 + 9 : 0, from ? 2 : 1, &r, &e));
			while ((got = f->codec->next(r, &row, &e)) != 0) {
				if (got < 0) {
					assert_string_equal(err_code(e.id)->name, "disk.full");
					failures++;
				} else {
					show_row(&shown, r, &row);
				}
			}
			assert_int_equal(failures, 1);
			assert_string_equal(buf_text(&shown), from ? "2:[b][2] 3:codec.dbf_count "
				: "1:[a][12.50] 2:[b][2] 3:codec.dbf_count ");
			buf_done(&shown);
			f->codec->close(r);
		}
	buf_done(&file);
	f->codec->format_free(f);
}

static void each_kind_has_its_own_columns(void **state)
{
	struct codec_format *f = format_with("[A, B]", G);
	struct text_input in = text_input(SPAN_NONE, 0);
	struct buf file = BUF_INIT;
	struct findings fd;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	findings_init(&fd);
	assert_int_equal(columns(f, "head", "[B]", &fd), 1);
	findings_done(&fd);
	make_dbf(&file, &plain);
	in.text = buf_as_span(&file);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	OK(e, f->codec->cut(r, 1, &row, &e));
	assert_int_equal(row.ncells, 1);
	assert_span(row.cells[0], "12.50");
	OK(e, f->codec->cut(r, 0, &row, &e));
	assert_int_equal(row.ncells, 2);
	f->codec->close(r);
	buf_done(&file);
	f->codec->format_free(f);
}

static void names_that_no_table_has_are_findings(void **state)
{
	static const struct {
		const char *list;
		unsigned column;
	} wrong[] = {{"[A, '']", 5}, {"[ABCDEFGHIJKL]", 2}, {"[一二三四五六]", 2}, {"[A, 䶮]", 5}};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct codec_format *f = rows_format("dbf", "{blank_rows: skip}", G);
		struct findings fd;
		struct err e = ERR_INIT;

		assert_true(f->skip_blank);
		findings_init(&fd);
		assert_int_equal(columns(f, "line", wrong[i].list, &fd), -1);
		assert_int_equal(fd.count, 1);
		findings_first(&fd, &e);
		assert_string_equal(err_code(e.id)->name, "codec.dbf_name");
		findings_done(&fd);
		f->codec->format_free(f);
	}
	assert_null(codec_dbf.write);
}

static void other_settings_are_findings(void **state)
{
	struct findings fd;
	struct conf_file *c;
	struct err e = ERR_INIT;

	(void)state;
	findings_init(&fd);
	c = conf_parse("test", SPAN("{charset: gbk}"), &fd);
	assert_null(codec_dbf.compile(conf_root(c), G, &fd));
	findings_first(&fd, &e);
	assert_string_equal(err_code(e.id)->name, "conf.unknown_key");
	conf_close(c);
	findings_done(&fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_reads_the_same_in_pieces_and_from_each_row_on),
		cmocka_unit_test(a_head_that_is_wrong_names_its_byte),
		cmocka_unit_test(a_file_that_ends_in_its_head_is_no_table),
		cmocka_unit_test(a_text_padded_with_nuls_ends_before_them),
		cmocka_unit_test(reasons_name_what_is_wrong),
		cmocka_unit_test(what_lies_behind_the_declared_records_keeps_its_first_64_kib),
		cmocka_unit_test(many_records_read_in_order_and_go_on_anywhere),
		cmocka_unit_test(an_input_that_fails_can_be_asked_again),
		cmocka_unit_test(each_kind_has_its_own_columns),
		cmocka_unit_test(names_that_no_table_has_are_findings),
		cmocka_unit_test(other_settings_are_findings),
	};

	return cmocka_run_group_tests_name("dbf", tests, NULL, NULL);
}
