/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>

#include "codec_rows.h"

static int columns(struct codec_format *format, const char *kind, unsigned n, struct findings *f)
{
	static const struct span names[CODEC_CELLS_MAX];
	struct conf_file *c = conf_parse("test", SPAN("[a]"), f);
	int ret = format->codec->columns(format, kind, names, n, conf_root(c), f);

	conf_close(c);
	return ret;
}

/* "2:[a][b] 3:blank 4:text.half/7 ", each cut as kind `kind`. */
static void show_row(struct buf *b, struct codec_reader *r, unsigned kind, struct row *row)
{
	struct err e = row->bad;
	const char *byte;

	assert_false(row->deleted);
	assert_int_equal(row->ncells, 0);
	buf_printf(b, "%llu:", (unsigned long long)row->line);
	if (row->blank) {
		assert_int_equal(e.id, E_NONE);
		buf_str(b, "blank ");
		return;
	}
	if (e.id != E_NONE || codec_fixed.cut(r, kind, row, &e)) {
		assert_int_equal(row->ncells, 0);
		assert_int_equal(err_kind(&e), ERR_DATA);
		byte = err_arg(&e, "byte");
		buf_printf(b, "%s%s%s", err_code(e.id)->name, byte ? "/" : "", byte ? byte : "");
	}
	rows_cells(b, row);
}

static struct rows read_from(const struct codec_format *f, struct span file, struct place at, size_t step)
{
	struct text_input in = text_input((struct span){file.p + at.end, file.n - at.end}, step);
	struct rows ret = {.shown = BUF_INIT};
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	int got;

	OK(e, f->codec->open(f, &in.in, at.end, at.line, &r, &e));
	if (at.end == 0 && f->charset == CHARSET_UTF8 && span_starts(file, SPAN("\xef\xbb\xbf")))
		at.end = 3;
	while ((got = f->codec->next(r, &row, &e)) == 1) {
		rows_cover(&row, &at, file);
		show_row(&ret.shown, r, 0, &row);
		at = rows_behind(&ret, &row);
	}
	assert_int_equal(got, 0);
	assert_int_equal(at.end, file.n);
	assert_int_equal(f->codec->next(r, &row, &e), 0);
	f->codec->close(r);
	return ret;
}

#define U CHARSET_UTF8
#define G CHARSET_GBK
#define B CHARSET_GB18030
#define W34 "widths: {line: [3, 4 right]}"

static const struct {
	const char *name, *settings;
	enum charset charset;
	const char *text;
	size_t n;
	const char *want;
} cases[] = {
	{"an empty file has no rows", "{" W34 "}", U, TEXT(""), ""},
	{"a row is cut at its widths", "{" W34 "}", U, TEXT("abc1234\n"), "1:[abc][1234] "},
	{"padding is taken off behind, and before what stands right", "{" W34 "}", U, TEXT("a   1.5\n b    2\n"),
		"1:[a][1.5] 2:[ b][2] "},
	{"padding behind what should stand right is padding", "{" W34 "}", U, TEXT("a  1.5 \n"), "1:[a][1.5] "},
	{"blanks inside are text", "{widths: {line: [6]}}", U, TEXT("a b c \n"), "1:[a b c] "},
	{"a tab is text", "{widths: {line: [2, 2 right]}}", U, TEXT("a\t\ta\n"), "1:[a<09>][<09>a] "},
	{"an empty column is an empty cell", "{" W34 "}", U, TEXT("   1234\nabc    \n"), "1:[][1234] 2:[abc][] "},
	{"the last row needs no end", "{" W34 "}", U, TEXT("abc1234\nabc1235"), "1:[abc][1234] 2:[abc][1235] "},
	{"a row without bytes is blank", "{" W34 "}", U, TEXT("abc1234\n\nabc1234\n"), "1:[abc][1234] 2:blank 3:[abc][1234] "},
	{"a row of padding is blank", "{" W34 "}", U, TEXT("       \n  \n"), "1:blank 2:blank "},
	{"a row of ideographic blanks is not", "{widths: {line: [2]}}", G, TEXT("\xa1\xa1\n"), "1:[<A1><A1>] "},

	{"any end takes LF and CRLF", "{" W34 "}", U, TEXT("abc1234\r\nabc1235\nabc1236\r\n"),
		"1:[abc][1234] 2:[abc][1235] 3:[abc][1236] "},
	{"a CR without LF is text", "{widths: {line: [3]}}", U, TEXT("a\rb\nab\r"), "1:[a<0D>b] 2:[ab<0D>] "},
	{"with end lf a CR is text", "{widths: {line: [3]}, end: lf}", U, TEXT("ab\r\nab\r\r\n"), "1:[ab<0D>] 2:codec.width "},
	{"with end crlf a lone LF or CR is text", "{widths: {line: [4]}, end: crlf}", U, TEXT("a\nb\r\r\n\nabc\r\n\r\n"),
		"1:[a<0A>b<0D>] 2:[<0A>abc] 3:blank "},
	{"with end none rows stand one behind the other", "{" W34 ", end: none}", U, TEXT("abc1234a\n    5"),
		"1:[abc][1234] 2:[a<0A>][5] "},
	{"with end none a rest is a bad row", "{" W34 ", end: none}", U, TEXT("abc1234abc12\n"),
		"1:[abc][1234] 2:codec.width "},
	{"with end none a line end behind the last row is a bad row", "{" W34 ", end: none}", U, TEXT("abc1234\n"),
		"1:[abc][1234] 2:codec.width "},

	{"a row that is too short is bad, and no other", "{" W34 "}", U, TEXT("abc123\nabc1234\n"),
		"1:codec.width 2:[abc][1234] "},
	{"a row that is too long is bad, and no other", "{" W34 "}", U, TEXT("abc12345\nabc1234\n"),
		"1:codec.width 2:[abc][1234] "},
	{"blanks behind a row make it too long", "{" W34 "}", U, TEXT("abc1234 \n"), "1:codec.width "},
	{"widths are bytes and not characters", "{widths: {line: [4, 1]}}", U, TEXT("\xe7\x8e\x8b" " x\n\xe7\x8e\x8b   x\n"),
		"1:[<E7><8E><8B>][x] 2:codec.width "},
	{"short rows can be taken: what is behind their end is empty", "{" W34 ", short_rows: keep}", U,
		TEXT("abc12\nab\nabc12345\n"), "1:[abc][12] 2:[ab][] 3:codec.width "},

	{"characters of GBK are cut whole", "{widths: {line: [4, 4]}}", G, TEXT("\xcd\xf5\xab\x7c\xc0\xee  \n"),
		"1:[<CD><F5><AB>|][<C0><EE>] "},
	{"four bytes of GB18030 are one character", "{widths: {line: [4, 2]}}", B, TEXT("\x82\x30\xb7\x31" "01\n"),
		"1:[<82>0<B7>1][01] "},
	{"half a character at a cell's end is half", "{widths: {line: [3, 2]}}", G, TEXT("\xcd\xf5\xab" "ab\n12345\n"),
		"1:text.half/2 2:[123][45] "},
	{"half a character before padding is half", "{widths: {line: [5, 2]}}", G, TEXT("\xcd\xf5\xab  ab\n"), "1:text.half/2 "},
	{"half a character that the next column would make whole is half", "{widths: {line: [1, 3]}}", G,
		TEXT("\xcd\xf5\x31\x32\n"), "1:text.half/0 "},
	{"half a character in GB18030 may have three bytes", "{widths: {line: [2, 5]}}", B, TEXT("ab" "ab\x82\x30\xb7\n"),
		"1:text.half/4 "},
	{"half a character in UTF-8", "{widths: {line: [2, 2]}}", U, TEXT("\xe7\x8e" "ab\n"), "1:text.half/0 "},
	{"half a character is padding where the source is known to cut so", "{widths: {line: [4, 2]}, cut_half: blank}", G,
		TEXT("\xcd\xf5 \xab" "ab\n\xcd\xf5\xab\x7c" "ab\n\xab   ab\n"), "1:[<CD><F5>][ab] 2:[<CD><F5><AB>|][ab] 3:[][ab] "},
	{"bytes that are no character make a row bad, and no other", "{" W34 "}", U, TEXT("abc1\xff" "34\nabc1234\n"),
		"1:text.invalid/4 2:[abc][1234] "},
	{"half a character inside a cell is no character", "{widths: {line: [4]}, cut_half: blank}", G, TEXT("a\xcd b\n"),
		"1:text.invalid/1 "},
	{"a NUL makes a row bad, and no other", "{" W34 "}", U, TEXT("ab\0" "1234\nabc1234\n"), "1:codec.nul/2 2:[abc][1234] "},
	{"a BOM at the begin is skipped", "{" W34 "}", U, TEXT("\xef\xbb\xbf" "abc1234\n"), "1:[abc][1234] "},
	{"a BOM alone is an empty file", "{" W34 "}", U, TEXT("\xef\xbb\xbf"), ""},
	{"a BOM further on is text", "{" W34 "}", U, TEXT("\n\xef\xbb\xbf" "1234\n"), "1:blank 2:[<EF><BB><BF>][1234] "},
	{"before GBK there is no BOM", "{widths: {line: [4]}}", G, TEXT("\xef\xbb\xbf\xa1\n"), "1:[<EF><BB><BF><A1>] "},
};

static void every_case_reads_the_same_in_pieces_and_from_each_row_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct codec_format *f = rows_format("fixed", cases[i].settings, cases[i].charset);
		const struct span file = {cases[i].text, cases[i].n};

		rows_read_as(f, read_from, file, cases[i].want, cases[i].name);
		f->codec->format_free(f);
	}
}

static void many_fills_give_the_same_rows(void **state)
{
	struct codec_format *f = rows_format("fixed", "{widths: {line: [7 right, 4]}}", G);
	struct text_input in = text_input(SPAN_NONE, 65537);
	struct buf file = BUF_INIT, want = BUF_INIT;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&file, "%7u\xcd\xf5\xab\x7c\n", i);
	in.text = buf_as_span(&file);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	for (; f->codec->next(r, &row, &e) == 1; n++) {
		OK(e, f->codec->cut(r, 0, &row, &e));
		buf_clear(&want);
		buf_printf(&want, "%u", n);
		assert_true(row.line == n + 1 && row.offset == n * UINT64_C(12) && span_is(row.cells[0], buf_text(&want)));
		assert_span(row.cells[1], "\xcd\xf5\xab\x7c");
	}
	assert_int_equal(n, 100000);
	f->codec->close(r);
	f->codec->format_free(f);
	buf_done(&file);
	buf_done(&want);
}

static void each_kind_has_its_own_widths(void **state)
{
	struct codec_format *f = rows_format("fixed", "{widths: {head: [2, 6 right], line: [3, 4]}}", U);
	struct text_input in = text_input(SPAN("02 12.50\nabc1234\n"), 0);
	struct findings fd;
	struct buf shown = BUF_INIT;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	int head, line;

	(void)state;
	findings_init(&fd);
	head = columns(f, "head", 2, &fd);
	line = columns(f, "line", 2, &fd);
	assert_int_equal(fd.count, 0);
	assert_int_equal(line, 0);             /* by which titles are written */
	assert_true(head > 0);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	FAILS(e, "codec.width", f->codec->cut(r, (unsigned)line, &row, &e));
	assert_string_equal(err_arg(&e, "want"), "7");
	assert_string_equal(err_arg(&e, "got"), "8");
	show_row(&shown, r, (unsigned)head, &row);
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	FAILS(e, "codec.width", f->codec->cut(r, (unsigned)head, &row, &e));
	show_row(&shown, r, (unsigned)line, &row);
	assert_string_equal(buf_text(&shown), "1:[02][12.50] 2:[abc][1234] ");
	buf_done(&shown);
	f->codec->close(r);
	f->codec->format_free(f);
	findings_done(&fd);
}

static void a_record_over_the_limit_is_one_bad_row_and_reading_goes_on(void **state)
{
	static const struct {
		const char *name, *settings;
		size_t n;
		const char *after, *want;
	} long_ones[] = {
		{"at the limit", "{widths: {line: [3]}}", CODEC_RECORD_MAX, "\nabc\n", "1:codec.width 2:[abc] "},
		{"at the limit with CRLF", "{widths: {line: [3]}}", CODEC_RECORD_MAX, "\r\nabc\n", "1:codec.width 2:[abc] "},
		{"one more", "{widths: {line: [3]}}", CODEC_RECORD_MAX + 1, "\nabc\n", "1:codec.too_long 2:[abc] "},
		{"one more with CRLF", "{widths: {line: [3]}}", CODEC_RECORD_MAX + 1, "\r\nabc\n", "1:codec.too_long 2:[abc] "},
		{"with CRLF only", "{widths: {line: [3]}, end: crlf}", CODEC_RECORD_MAX + 1, "\nx\r\nabc\r\n",
			"1:codec.too_long 2:[abc] "},
		{"many times the limit", "{widths: {line: [3]}}", 1500000, "\r\nabc", "1:codec.too_long 2:[abc] "},
		{"many times the limit at the end of the file", "{widths: {line: [3]}}", 1500000, "", "1:codec.too_long "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(long_ones); i++) {
		struct codec_format *f = rows_format("fixed", long_ones[i].settings, U);
		struct buf b = BUF_INIT;

		for (size_t k = 0; k < long_ones[i].n; k++)
			buf_c(&b, 'x');
		buf_str(&b, long_ones[i].after);
		rows_read_as(f, read_from, buf_as_span(&b), long_ones[i].want, long_ones[i].name);
		buf_done(&b);
		f->codec->format_free(f);
	}
}

static void an_input_that_fails_can_be_asked_again(void **state)
{
	struct codec_format *f = rows_format("fixed", "{" W34 "}", U);

	(void)state;
	for (size_t at = 1; at <= 17; at++) {
		struct text_input in = text_input_failing(SPAN("abc1234\r\nabc1235\n"), 1, at);
		struct buf shown = BUF_INIT;
		struct codec_reader *r;
		struct row row;
		struct err e = ERR_INIT;
		int got, failures = 0;

		OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
		while ((got = f->codec->next(r, &row, &e)) != 0) {
			if (got < 0) {
				assert_string_equal(err_code(e.id)->name, "disk.full");
				failures++;
			} else {
				show_row(&shown, r, 0, &row);
			}
		}
		assert_int_equal(failures, 1);
		assert_string_equal(buf_text(&shown), "1:[abc][1234] 2:[abc][1235] ");
		buf_done(&shown);
		f->codec->close(r);
	}
	f->codec->format_free(f);
}

static void reasons_name_bytes_charset_and_cell(void **state)
{
	struct codec_format *f = rows_format("fixed", "{widths: {line: [3, 4]}}", B);
	struct text_input in = text_input(SPAN("abca\x82\x30\xb7\nab\xd5" "abcd\n"), 0);
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	FAILS(e, "text.half", f->codec->cut(r, 0, &row, &e));
	assert_string_equal(err_arg(&e, "hex"), "8230B7");
	assert_string_equal(err_arg(&e, "byte"), "4");
	assert_string_equal(err_arg(&e, "charset"), "gb18030");
	assert_string_equal(err_arg(&e, "cell"), "2");
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	FAILS(e, "text.half", f->codec->cut(r, 0, &row, &e));
	assert_string_equal(err_arg(&e, "cell"), "1");
	f->codec->close(r);
	f->codec->format_free(f);
}

#define CELLS(...) {__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

static const struct {
	const char *name, *settings;
	enum charset charset;
	const char *cells[4];
	unsigned n;
	const char *want;            /* bytes, or the code of the error */
} writes[] = {
	{"cells are padded behind, or before", "{" W34 "}", U, CELLS("a", "1.5"), "a   1.5\n"},
	{"full cells are not padded", "{" W34 "}", U, CELLS("abc", "1234"), "abc1234\n"},
	{"absent cells are blanks", "{" W34 "}", U, CELLS(NULL, ""), "       \n"},
	{"any writes LF", "{" W34 ", end: any}", U, CELLS("a", "1"), "a     1\n"},
	{"end crlf", "{" W34 ", end: crlf}", U, CELLS("a", "1"), "a     1\r\n"},
	{"end none", "{" W34 ", end: none}", U, CELLS("a", "1"), "a     1"},
	{"widths are bytes of the charset", "{widths: {line: [5, 5 right]}}", G, CELLS("王珅", "李珅"),
		"\xcd\xf5\xab\x7c  \xc0\xee\xab\x7c\n"},
	{"four-byte characters take four", "{widths: {line: [5]}}", B, CELLS("㛃"), "\x82\x30\xb7\x31 \n"},
	{"a cell that does not fit is refused, never cut", "{" W34 "}", U, CELLS("abcd", "1"), "codec.too_wide"},
	{"a byte order mark does not begin a row", "{" W34 "}", U, CELLS("\xef\xbb\xbf", "1"), "codec.bom_inside"},
	{"but it may stand in one", "{" W34 "}", U, CELLS("a", "\xef\xbb\xbf"), "a   \xef\xbb\xbf\n"},
	{"in bytes of the charset, too", "{widths: {line: [3]}}", G, CELLS("王珅"), "codec.too_wide"},
	{"an end of line in a cell is refused", "{widths: {line: [5]}}", U, CELLS("a\nb"), "codec.delimiter_inside"},
	{"a CR too", "{widths: {line: [5]}}", U, CELLS("a\rb"), "codec.delimiter_inside"},
	{"without ends of line they are text", "{widths: {line: [3]}, end: none}", U, CELLS("a\nb"), "a\nb"},
	{"a character that the charset lacks is refused", "{widths: {line: [9]}}", G, CELLS("䶮"), "text.no_such_character"},
	{"another number of cells is refused", "{widths: {line: [9, 9]}}", U, CELLS("a"), "codec.cells"},
};

static void every_row_is_written_as_declared_or_refused_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(writes); i++) {
		struct codec_format *f = rows_format("fixed", writes[i].settings, writes[i].charset);
		struct buf b = BUF_INIT;
		struct span cells[4];
		struct err e = ERR_INIT;

		for (unsigned k = 0; k < writes[i].n; k++)
			cells[k] = span_of(writes[i].cells[k]);
		buf_str(&b, "before");
		f->codec->begin(f, &b);
		if (f->codec->write(f, 0, cells, writes[i].n, &b, &e)) {
			if (strcmp(err_code(e.id)->name, writes[i].want) != 0)
				fail_msg("%s: %s", writes[i].name, err_code(e.id)->name);
			assert_span(buf_as_span(&b), "before");
		} else if (!span_is((struct span){b.p + 6, b.n - 6}, writes[i].want)) {
			fail_msg("%s: %.*s", writes[i].name, (int)b.n - 6, b.p + 6);
		}
		f->codec->end(f, &b);
		buf_done(&b);
		f->codec->format_free(f);
	}
}

static void too_wide_names_cell_and_bytes(void **state)
{
	struct codec_format *f = rows_format("fixed", "{widths: {line: [3, 5]}}", G);
	const struct span cells[] = {SPAN("a"), SPAN("王珅王")};
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	FAILS(e, "codec.too_wide", f->codec->write(f, 0, cells, 2, &b, &e));
	assert_string_equal(err_arg(&e, "cell"), "2");
	assert_string_equal(err_arg(&e, "want"), "5");
	assert_string_equal(err_arg(&e, "got"), "6");
	f->codec->format_free(f);
	buf_done(&b);
}

static void only_finding(struct findings *f, const char *want, const char *of)
{
	struct err e = ERR_INIT;

	assert_int_equal(f->count, 1);
	findings_first(f, &e);
	if (strcmp(err_code(e.id)->name, want) != 0)
		fail_msg("%s: %s", of, err_code(e.id)->name);
}

static void settings_that_cannot_be_are_findings(void **state)
{
	static const struct {
		const char *settings, *want;
	} wrong[] = {
		{"{end: lf}", "conf.missing"},
		{"{widths: [1, 2]}", "conf.type"},
		{"{widths: {line: 3}}", "conf.type"},
		{"{widths: {line: []}}", "codec.cell_width"},
		{"{widths: {line: [0]}}", "codec.cell_width"},
		{"{widths: {line: [3, x]}}", "codec.cell_width"},
		{"{widths: {line: [3, -1]}}", "codec.cell_width"},
		{"{widths: {line: [3, '3 left']}}", "codec.cell_width"},
		{"{widths: {line: [3, '3right']}}", "codec.cell_width"},
		{"{widths: {line: [262145]}}", "codec.cell_width"},
		{"{widths: {line: [262144, 1]}}", "codec.cell_width"},
		{"{widths: {line: [99999999999999999999]}}", "codec.cell_width"},
		{"{widths: {head: [3], line: [4]}, end: none}", "codec.row_widths"},
		{"{widths: {line: [3]}, end: cr}", "conf.choice"},
		{"{widths: {line: [3]}, short_rows: yes}", "conf.choice"},
		{"{widths: {line: [3]}, cut_half: yes}", "conf.choice"},
		{"{widths: {line: [3]}, pad: x}", "conf.unknown_key"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct findings f;

		findings_init(&f);
		assert_null(rows_compile("fixed", wrong[i].settings, U, &f));
		only_finding(&f, wrong[i].want, wrong[i].settings);
		findings_done(&f);
	}
}

static void columns_without_a_width_each_are_findings(void **state)
{
	static const struct {
		const char *kind;
		unsigned n;
		const char *want;
	} wrong[] = {
		{"line", 3, "codec.widths"},
		{"line", 1, "codec.widths"},
		{"heads", 2, "codec.no_widths"},
	};
	struct codec_format *f = rows_format("fixed", "{widths: {head: [2, 6], line: [3, 4]}, blank_rows: skip}", U);

	(void)state;
	assert_true(f->skip_blank);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct findings fd;

		findings_init(&fd);
		assert_int_equal(columns(f, wrong[i].kind, wrong[i].n, &fd), -1);
		only_finding(&fd, wrong[i].want, wrong[i].kind);
		findings_done(&fd);
	}
	f->codec->format_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_reads_the_same_in_pieces_and_from_each_row_on),
		cmocka_unit_test(many_fills_give_the_same_rows),
		cmocka_unit_test(each_kind_has_its_own_widths),
		cmocka_unit_test(a_record_over_the_limit_is_one_bad_row_and_reading_goes_on),
		cmocka_unit_test(an_input_that_fails_can_be_asked_again),
		cmocka_unit_test(reasons_name_bytes_charset_and_cell),
		cmocka_unit_test(every_row_is_written_as_declared_or_refused_whole),
		cmocka_unit_test(too_wide_names_cell_and_bytes),
		cmocka_unit_test(settings_that_cannot_be_are_findings),
		cmocka_unit_test(columns_without_a_width_each_are_findings),
	};

	return cmocka_run_group_tests_name("fixed", tests, NULL, NULL);
}
