/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec.h"
#include "fsys.h"
#include "codec_rows.h"

/* "2:[a][b] 3:blank[] 4:codec.nul/7 " */
static void show_row(struct buf *b, const struct row *row)
{
	const char *byte;

	buf_printf(b, "%llu:%s", (unsigned long long)row->line, row->blank ? "blank" : "");
	if (row->bad.id != E_NONE) {
		assert_int_equal(row->ncells, 0);
		assert_false(row->blank);
		assert_int_equal(err_kind(&row->bad), ERR_DATA);
		byte = err_arg(&row->bad, "byte");
		buf_printf(b, "%s%s%s", err_code(row->bad.id)->name, byte ? "/" : "", byte ? byte : "");
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
		show_row(&ret.shown, &row);
		at = rows_behind(&ret, &row);
	}
	assert_int_equal(got, 0);
	assert_int_equal(at.end, file.n);
	assert_int_equal(f->codec->next(r, &row, &e), 0);
	f->codec->close(r);
	return ret;
}

/* Reads it behind rows of such a length that the edge of the first fill lies at each of its bytes. */
static void check_edges(const struct codec_format *f, struct span file, const char *want, const char *name)
{
	static char letters[1021];
	const size_t edge = 128 << 10;
	const size_t from = file.n < 64 ? edge - file.n - 1 : edge - 1;
	struct err e = ERR_INIT;
	const struct span line = {letters, sizeof letters};

	memset(letters, 'f', sizeof letters);
	for (size_t before = from; before <= edge; before++) {
		struct buf b = BUF_INIT;
		struct place at = begin;
		struct rows all, rest;

		while (before - b.n > 2100) {
			OK(e, f->codec->write(f, 0, &line, 1, &b, &e));
			at.line++;
		}
		while (before - b.n > 4) {
			const struct span part = {letters, before - b.n > 1000 ? 1000 : before - b.n - 3};
			const size_t was = b.n;

			OK(e, f->codec->write(f, 0, &part, 1, &b, &e));
			at.line++;
			assert_true(b.n > was);
		}
		at.end = b.n;
		buf_span(&b, file);
		all = read_from(f, buf_as_span(&b), begin, SIZE_MAX);
		rest = read_from(f, buf_as_span(&b), at, SIZE_MAX);
		assert_true(rest.shown.n <= all.shown.n);
		rows_are(&rest, buf_text(&all.shown) + all.shown.n - rest.shown.n, name, before);
		rows_done(&rest);
		at.line = 1;
		rest = read_from(f, buf_as_span(&b), at, SIZE_MAX);
		rows_are(&rest, want, name, before);
		rows_done(&rest);
		rows_done(&all);
		buf_done(&b);
	}
}

#define PIPE "{by: '|', end: lf}"
#define CSV "{by: ',', quote: '\"'}"
#define U CHARSET_UTF8
#define G CHARSET_GBK
#define B CHARSET_GB18030

static const struct {
	const char *name, *settings;
	enum charset charset;
	const char *text;
	size_t n;
	const char *want;
} cases[] = {
	{"an empty file has no rows", PIPE, U, TEXT(""), ""},
	{"a header alone is a row", CSV, U, TEXT("name,amount\n"), "1:[name][amount] "},
	{"the last line needs no newline", PIPE, U, TEXT("a|b\nc|d"), "1:[a][b] 2:[c][d] "},
	{"a newline at the end begins no row", PIPE, U, TEXT("a\n"), "1:[a] "},
	{"a delimiter at the end of the file is followed by an empty cell", PIPE, U, TEXT("a|"), "1:[a][] "},
	{"empty cells are cells", PIPE, U, TEXT("|a||\n"), "1:[][a][][] "},
	{"a row without bytes is blank", PIPE, U, TEXT("a\n\nb\n"), "1:[a] 2:blank[] 3:[b] "},
	{"a row of empty cells is blank", PIPE, U, TEXT("a|b\n|\nb\n"), "1:[a][b] 2:blank[][] 3:[b] "},
	{"a row of blanks is not blank", PIPE, U, TEXT(" \n"), "1:[ ] "},
	{"a row of blanks is blank when blanks are trimmed", "{by: '|', trim: blanks}", U, TEXT(" | \t\nb\n"),
		"1:blank[][] 2:[b] "},
	{"a row of empty quotes is blank", CSV, U, TEXT("\"\",\"\"\n"), "1:blank[][] "},
	{"blanks and tabs are trimmed at both ends", "{by: ',', trim: blanks}", U, TEXT("\t a b \t, ,c\n"),
		"1:[a b][][c] "},
	{"blanks inside quotes are data", "{by: ',', quote: '\"', trim: blanks}", U, TEXT("\" a \", b \n"),
		"1:[ a ][b] "},
	{"blanks before a quote make it data", "{by: ',', quote: '\"', trim: blanks}", U, TEXT("a, \"b\"\n"),
		"1:[a][\"b\"] "},
	{"blanks are data unless trimmed", PIPE, U, TEXT(" a |b \n"), "1:[ a ][b ] "},

	{"any end takes LF, CRLF and CR", "{by: '|'}", U, TEXT("a\nb\r\nc\rd\r\r\ne\n\re"),
		"1:[a] 2:[b] 3:[c] 4:[d] 5:blank[] 6:[e] 7:blank[] 8:[e] "},
	{"a CR at the file's end ends its row", "{by: '|'}", U, TEXT("a|b\r"), "1:[a][b] "},
	{"with end lf a CR is data", PIPE, U, TEXT("a\r\nb\rc\n"), "1:[a<0D>] 2:[b<0D>c] "},
	{"with end crlf a lone CR or LF is data", "{by: '|', end: crlf}", U, TEXT("a\nb|\rc\r\r\nd\r"),
		"1:[a<0A>b][<0D>c<0D>] 2:[d<0D>] "},
	{"with end cr an LF is data", "{by: '|', end: cr}", U, TEXT("a\rb\n\rc"), "1:[a] 2:[b<0A>] 3:[c] "},

	{"quotes are taken off", CSV, U, TEXT("\"a\",b,\"\"\n"), "1:[a][b][] "},
	{"a delimiter in quotes is data", CSV, U, TEXT("\"a,b\",c\n"), "1:[a,b][c] "},
	{"ends of line in quotes are data and are counted", CSV, U, TEXT("\"a\nb\r\nc\rd\",e\nf\n"),
		"1:[a<0A>b<0D><0A>c<0D>d][e] 5:[f] "},
	{"with end crlf only CRLF counts as a line", "{by: ',', quote: '\"', end: crlf}", U, TEXT("\"a\nb\r\n\"\r\nf\r\n"),
		"1:[a<0A>b<0D><0A>] 3:[f] "},
	{"a doubled quote stands for itself", CSV, U, TEXT("\"\"\"a\"\"b\"\"\",\"\"\"\"\n"), "1:[\"a\"b\"][\"] "},
	{"a quote further on in a cell is data", CSV, U, TEXT("a\"b\",c\n"), "1:[a\"b\"][c] "},
	{"without a quote setting quotes are data", "{by: ','}", U, TEXT("\"a,b\"\n"), "1:[\"a][b\"] "},
	{"another quote can be declared", "{by: ',', quote: \"'\"}", U, TEXT("'a,''b',\"c\"\n"), "1:[a,'b][\"c\"] "},
	{"a quoted cell may end the file", CSV, U, TEXT("a,\"b\""), "1:[a][b] "},
	{"text behind a closing quote makes the row bad and no other", CSV, U, TEXT("a,\"b\"c,\"d\ne\"\nf,g\n"),
		"1:codec.after_quote/5 3:[f][g] "},
	{"a blank behind a closing quote is text", CSV, U, TEXT("\"b\" ,c\nd\n"), "1:codec.after_quote/3 2:[d] "},
	{"a CR behind a closing quote is text with end lf", "{by: ',', quote: '\"', end: lf}", U, TEXT("\"b\"\r\nd\n"),
		"1:codec.after_quote/3 2:[d] "},
	{"a file that ends in quotes ends in a bad row", CSV, U, TEXT("a,b\nc,\"d\ne,f\n"), "1:[a][b] 2:codec.open_quote/2 "},
	{"a file that ends behind a doubled quote ends in quotes", CSV, U, TEXT("\"a\"\""), "1:codec.open_quote/0 "},
	{"a quote alone is an open quote", CSV, U, TEXT("a,\""), "1:codec.open_quote/2 "},
	{"a quoted cell across a block of 64 bytes is whole", CSV, U,
		TEXT("0123456789012345678901234567890123456789012345678901234567890,\"x,y\",z\n"),
		"1:[0123456789012345678901234567890123456789012345678901234567890][x,y][z] "},

	{"a delimiter of two bytes cuts once", "{by: '||', end: lf}", U, TEXT("a||b|c||||d\n"), "1:[a][b|c][][d] "},
	{"the first match of a delimiter cuts", "{by: '||', end: lf}", U, TEXT("a|||b\n"), "1:[a][|b] "},
	{"half a delimiter at the file's end is data", "{by: '|+|'}", U, TEXT("a|+|b|+"), "1:[a][b|+] "},
	{"half a delimiter at a row's end is data", "{by: '|+|'}", U, TEXT("a|+\n|b\n"), "1:[a|+] 2:[|b] "},
	{"a quoted cell before a delimiter of two bytes", "{by: '||', quote: '\"'}", U, TEXT("\"a\"||\"b\"\n\"a\"|b\n"),
		"1:[a][b] 2:codec.after_quote/3 "},
	{"a delimiter of two bytes across a block of 64 bytes", "{by: '||', end: lf}", U,
		TEXT("012345678901234567890123456789012345678901234567890123456789012||a\n"),
		"1:[012345678901234567890123456789012345678901234567890123456789012][a] "},
	{"a tab can be the delimiter", "{by: \"\\t\", end: lf}", U, TEXT("a\t\tb\n"), "1:[a][][b] "},

	{"a BOM at the begin is skipped", PIPE, U, TEXT("\xef\xbb\xbf" "a|b\n"), "1:[a][b] "},
	{"a BOM alone is an empty file", PIPE, U, TEXT("\xef\xbb\xbf"), ""},
	{"a BOM further on is data", PIPE, U, TEXT("a\n\xef\xbb\xbf" "b\n"), "1:[a] 2:[<EF><BB><BF>b] "},
	{"half a BOM is half a character", PIPE, U, TEXT("\xef\xbb"), "1:text.half/0 "},
	{"a quoted cell may follow a BOM", CSV, U, TEXT("\xef\xbb\xbf\"a\"\n"), "1:[a] "},
	{"a BOM before GBK is two characters of GBK", PIPE, G, TEXT("\xef\xbb\xbf\xa1\n"), "1:[<EF><BB><BF><A1>] "},

	{"a NUL makes the row bad and no other", PIPE, U, TEXT("a|b\0c|d\ne\n"), "1:codec.nul/3 2:[e] "},
	{"a NUL in quotes makes the row bad", CSV, U, TEXT("a,\"b\0\nc\"\ne\n"), "1:codec.nul/4 3:[e] "},
	{"UTF-16 is bad rows of NUL bytes", PIPE, U, TEXT("a\0|\0\n\0"), "1:codec.nul/1 2:codec.nul/0 "},
	{"other control characters are data", PIPE, U, TEXT("a\x01\x7f\x1b|\x0b\n"), "1:[a<01><7F><1B>][<0B>] "},

	{"UTF-8 is cut", PIPE, U, TEXT("\xe5\xbc\xa0|\xc2\xa9|\xf0\xa0\x80\x80\n"),
		"1:[<E5><BC><A0>][<C2><A9>][<F0><A0><80><80>] "},
	{"bytes that are not UTF-8 make the row bad and no other", PIPE, U, TEXT("ab|\xd5\xc5|c\nd\n"),
		"1:text.invalid/3 2:[d] "},
	{"an overlong form is invalid", PIPE, U, TEXT("\xe0\x80\x80\n"), "1:text.invalid/0 "},
	{"a surrogate is invalid", PIPE, U, TEXT("a\xed\xa0\x80\n"), "1:text.invalid/1 "},
	{"half a character before the newline is half", PIPE, U, TEXT("a|\xe5\xbc\nb\n"), "1:text.half/2 2:[b] "},
	{"half a character before a delimiter is half", PIPE, U, TEXT("\xe5\xbc|b\n"), "1:text.half/0 "},
	{"half a character at the file's end is half", PIPE, U, TEXT("a\n|\xf0\xa0\x80"), "1:[a] 2:text.half/1 "},
	{"half a character before a closing quote is half", CSV, U, TEXT("\"\xe5\xbc\",b\nc\n"), "1:text.half/1 2:[c] "},
	{"the first reason counts", PIPE, U, TEXT("a\0\xff\n"), "1:codec.nul/1 "},

	{"a delimiter byte inside a character of GBK is none", PIPE, G, TEXT("\xab\x7c|\xc0\xee\xab\x7c|\n"),
		"1:[<AB>|][<C0><EE><AB>|][] "},
	{"a backslash inside a character of GBK is none", "{by: \"\\\\\", end: lf}", G, TEXT("\x81\x5c\\b\n"),
		"1:[<81>\\][b] "},
	{"digits inside a four-byte character of GB18030 are no delimiter", "{by: '0', end: lf}", B,
		TEXT("a\x81\x30\x81\x30" "0b\n"), "1:[a<81>0<81>0][b] "},
	{"GBK has no four-byte characters", PIPE, G, TEXT("\x81\x30\x81\x30\n"), "1:text.invalid/0 "},
	{"80 and FF are not GB18030", PIPE, B, TEXT("a\x80\n\xff\n"), "1:text.invalid/1 2:text.invalid/0 "},
	{"7F and FF are no second byte", PIPE, B, TEXT("\xd5\x7f\nab\xd5\xff\n"), "1:text.invalid/0 2:text.invalid/2 "},
	{"a lead byte before the newline is half", PIPE, G, TEXT("ab\xd5\nc\n"), "1:text.half/2 2:[c] "},
	{"a lead byte at the file's end is half", PIPE, B, TEXT("ab|\xd5"), "1:text.half/3 "},
	{"three bytes of four before a delimiter are half", PIPE, B, TEXT("\x81\x30\x81|a\n"), "1:text.half/0 "},
	{"three bytes of four before the newline are half", PIPE, B, TEXT("\x81\x30\x81\n"), "1:text.half/0 "},
	{"a lead byte before a comma is half", CSV, G, TEXT("\xd5,b\n"), "1:text.half/0 "},
	{"a lead byte takes the delimiter behind it when they make a character", PIPE, G, TEXT("\xd5|b\n"), "1:[<D5>|b] "},
	{"a quote right behind a character of GBK closes", CSV, G, TEXT("\"\xab\x7c\",\xab\x5c\n"), "1:[<AB>|][<AB>\\] "},
	{"characters across a block of 64 bytes are whole", PIPE, B,
		TEXT("0123456789012345678901234567890123456789012345678901234567890\xab\x7c\xab\x7c|\x81\x30\x81\x30\n"),
		"1:[0123456789012345678901234567890123456789012345678901234567890<AB>|<AB>|][<81>0<81>0] "},
	{"a long run of characters is one cell", PIPE, B,
		TEXT("\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c"
		     "\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c"
		     "\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c\xab\x7c|x\n"),
		"1:[<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|"
		"<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|<AB>|][x] "},
};

static void every_case_reads_the_same_in_pieces_and_from_each_row_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct codec_format *f = rows_format("delimited", cases[i].settings, cases[i].charset);
		const struct span file = {cases[i].text, cases[i].n};

		rows_read_as(f, read_from, file, cases[i].want, cases[i].name);
		f->codec->format_free(f);
	}
}

static void every_case_reads_the_same_at_the_edge_of_the_buffer(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct codec_format *f = rows_format("delimited", cases[i].settings, cases[i].charset);
		const struct span file = {cases[i].text, cases[i].n};

		if (!span_starts(file, SPAN("\xef\xbb")))
			check_edges(f, file, cases[i].want, cases[i].name);
		f->codec->format_free(f);
	}
}

static void add_many(struct buf *b, size_t n, char c)
{
	buf_reserve(b, n);
	memset(b->p + b->n, c, n);
	b->n += n;
}

static void a_record_over_the_limit_is_one_bad_row_and_reading_goes_on(void **state)
{
	static const struct {
		const char *name, *settings, *before;
		size_t n;
		const char *after, *want;
	} long_ones[] = {
		{"at the limit with LF", PIPE, "", CODEC_RECORD_MAX, "\na\n", NULL},
		{"at the limit with CRLF", CSV, "", CODEC_RECORD_MAX, "\r\na\n", NULL},
		{"at the limit at the end of the file", CSV, "", CODEC_RECORD_MAX, "", NULL},
		{"one more", PIPE, "x\n", CODEC_RECORD_MAX + 1, "\na\n", "1:[x] 2:codec.too_long 3:[a] "},
		{"one more with CRLF", CSV, "x\n", CODEC_RECORD_MAX + 1, "\r\na\n", "1:[x] 2:codec.too_long 3:[a] "},
		{"one more with CR", CSV, "", CODEC_RECORD_MAX + 1, "\ra\n", "1:codec.too_long 2:[a] "},
		{"two more with CRLF only", "{by: '|', end: crlf}", "", CODEC_RECORD_MAX + 1, "\n\r\na\r\n",
			"1:codec.too_long 2:[a] "},
		{"one more at the end of the file", CSV, "", CODEC_RECORD_MAX + 1, "", "1:codec.too_long "},
		{"many times the limit", CSV, "x\n", 1500000, "\na,b\n", "1:[x] 2:codec.too_long 3:[a][b] "},
		{"many times the limit at the end of the file", CSV, "", 1500000, "\r", "1:codec.too_long "},
		{"an open quote over the limit ends at the next line", CSV, "a\n\"b\n", CODEC_RECORD_MAX, "\nc\n",
			"1:[a] 2:codec.too_long 4:[c] "},
		{"an open quote with CRLF on the limit", CSV, "\"", CODEC_RECORD_MAX - 2, "\r\nabc\nd\n",
			"1:codec.too_long 3:[d] "},
		{"an open quote with CRLF around the limit", CSV, "\"", CODEC_RECORD_MAX - 1, "\r\nabc\n",
			"1:codec.too_long 2:[abc] "},
		{"an open quote with only CRLF across the limit", "{by: ',', quote: '\"', end: crlf}", "\"",
			CODEC_RECORD_MAX - 2, "\r\nabc\r\nd\r\n", "1:codec.too_long 3:[d] "},
		{"quotes inside that is too long", CSV, "\"\"\"", 600000, "\"\"\"\nd\n", "1:codec.too_long 2:[d] "},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(long_ones); i++) {
		struct codec_format *f = rows_format("delimited", long_ones[i].settings, U);
		struct buf b = BUF_INIT;

		buf_str(&b, long_ones[i].before);
		add_many(&b, long_ones[i].n, 'x');
		buf_str(&b, long_ones[i].after);
		if (long_ones[i].want) {
			rows_read_as(f, read_from, buf_as_span(&b), long_ones[i].want, long_ones[i].name);
		} else {
			struct rows r = read_from(f, buf_as_span(&b), begin, SIZE_MAX);

			assert_int_equal(r.shown.p[2], '[');
			rows_done(&r);
		}
		buf_done(&b);
		f->codec->format_free(f);
	}
}

static void a_record_over_the_limit_keeps_its_first_64_kib(void **state)
{
	struct codec_format *f = rows_format("delimited", PIPE, U);
	struct buf b = BUF_INIT;
	struct text_input in = text_input(SPAN_NONE, 0);
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&b, "%07u|", i);
	in.text = buf_as_span(&b);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	assert_string_equal(err_code(row.bad.id)->name, "codec.too_long");
	assert_int_equal(row.raw.n, 64 << 10);
	assert_memory_equal(row.raw.p, b.p, row.raw.n);
	assert_int_equal(row.end, b.n);
	f->codec->close(r);
	f->codec->format_free(f);
	buf_done(&b);
}

static void more_than_512_cells_make_the_row_bad(void **state)
{
	struct codec_format *f = rows_format("delimited", PIPE, U);
	struct buf b = BUF_INIT;
	struct rows r;

	(void)state;
	add_many(&b, 511, '|');
	buf_c(&b, '\n');
	r = read_from(f, buf_as_span(&b), begin, SIZE_MAX);
	assert_int_equal(r.shown.n, 2 + 5 + 512 * 2 + 1);
	rows_done(&r);
	buf_clear(&b);
	add_many(&b, 512, '|');
	buf_str(&b, "\na\n");
	rows_read_as(f, read_from, buf_as_span(&b), "1:codec.too_many_cells 2:[a] ", "513 cells");
	f->codec->format_free(f);
	buf_done(&b);
}

static void an_input_that_fails_can_be_asked_again(void **state)
{
	struct codec_format *f = rows_format("delimited", CSV, U);

	(void)state;
	for (size_t at = 1; at <= 13; at++) {
		struct text_input in = text_input_failing(SPAN("a,\"b\nc\"\r\nd,e\n"), 1, at);
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
				show_row(&shown, &row);
			}
		}
		assert_int_equal(failures, 1);
		assert_string_equal(buf_text(&shown), "1:[a][b<0A>c] 3:[d][e] ");
		buf_done(&shown);
		f->codec->close(r);
	}
	f->codec->format_free(f);
}

static void reasons_name_bytes_and_charset(void **state)
{
	struct codec_format *f = rows_format("delimited", PIPE, B);
	struct text_input in = text_input(SPAN("ok\nab|\xd5\nab\x81\x30\xff\n"), 0);
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	assert_string_equal(err_code(row.bad.id)->name, "text.half");
	assert_string_equal(err_arg(&row.bad, "hex"), "D5");
	assert_string_equal(err_arg(&row.bad, "charset"), "gb18030");
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	assert_string_equal(err_code(row.bad.id)->name, "text.invalid");
	assert_string_equal(err_arg(&row.bad, "hex"), "8130");
	assert_int_equal(f->codec->next(r, &row, &e), 0);
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
	{"cells are joined", PIPE, U, CELLS("a", "", "b"), "a||b\n"},
	{"any ends rows with LF", "{by: '|'}", U, CELLS("a"), "a\n"},
	{"crlf ends rows with CRLF", "{by: '|', end: crlf}", U, CELLS("a"), "a\r\n"},
	{"cr ends rows with CR", "{by: '|', end: cr}", U, CELLS("a"), "a\r"},
	{"quotes only where needed", CSV, U, CELLS("a b", "a,b", "a\"b", " c"), "a b,\"a,b\",\"a\"\"b\", c\n"},
	{"ends of line are quoted", CSV, U, CELLS("a\nb", "a\rb"), "\"a\nb\",\"a\rb\"\n"},
	{"blanks at an end are quoted when a reader would trim them", "{by: ',', quote: '\"', trim: blanks}", U,
		CELLS(" a", "a\t", "a b"), "\" a\",\"a\t\",a b\n"},
	{"a cell that begins like a BOM is quoted", CSV, U, CELLS("\xef\xbb\xbf" "a"), "\"\xef\xbb\xbf" "a\"\n"},
	{"text is written in the charset", PIPE, G, CELLS("李珅", "a"), "\xc0\xee\xab\x7c|a\n"},
	{"quoted text is written in the charset", CSV, B, CELLS("李,\"珅\""), "\"\xc0\xee,\"\"\xab\x7c\"\"\"\n"},
	{"GB18030 has all characters", PIPE, B, CELLS("䶮"), "\xfe\x9f\n"},
	{"GBK lacks some", PIPE, G, CELLS("a", "䶮"), "text.no_such_character"},
	{"a delimiter without quotes is refused", PIPE, U, CELLS("a", "b|c"), "codec.delimiter_inside"},
	{"a newline without quotes is refused", PIPE, U, CELLS("b\nc"), "codec.delimiter_inside"},
	{"a CR without quotes is refused", PIPE, U, CELLS("b\r"), "codec.delimiter_inside"},
	{"half a delimiter is no delimiter", "{by: '||'}", U, CELLS("b|c", "|d", "e|"), "b|c|||d||e|\n"},
	{"half a delimiter before a delimiter is refused", "{by: '||'}", U, CELLS("b|", "c"), "codec.delimiter_inside"},
	{"half a delimiter before a delimiter is quoted", "{by: '||', quote: '\"'}", U, CELLS("b|", "c|"), "\"b|\"||c|\n"},
	{"a long delimiter inside is refused", "{by: '|+|'}", U, CELLS("b|+|c"), "codec.delimiter_inside"},
	{"a quote is data where there are none", PIPE, U, CELLS("\"a"), "\"a\n"},
	{"a byte order mark does not begin a row without quotes", PIPE, U, CELLS("\xef\xbb\xbf" "a", "b"), "codec.bom_inside"},
	{"but it may stand in one", PIPE, U, CELLS("a", "\xef\xbb\xbf" "b"), "a|\xef\xbb\xbf" "b\n"},
	{"bytes that are no text are refused", PIPE, U, CELLS("\xd5\xc5"), "text.invalid"},
};

static void cells_of(const char *const *texts, unsigned n, struct span *ret)
{
	for (unsigned i = 0; i < n; i++)
		ret[i] = span_of(texts[i]);
}

static void what_is_written_reads_back(const struct codec_format *f, const struct span *cells, unsigned n, struct span file)
{
	struct text_input in = text_input(file, 0);
	struct buf scratch = BUF_INIT;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	assert_int_equal(row.ncells, n);
	for (unsigned i = 0; i < n; i++) {
		struct span text;

		OK(e, charset_decode(f->charset, row.cells[i], &scratch, &text, &e));
		assert_true(span_eq(text, cells[i]));
	}
	assert_int_equal(f->codec->next(r, &row, &e), 0);
	f->codec->close(r);
	buf_done(&scratch);
}

static void every_row_is_written_as_declared_or_refused_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(writes); i++) {
		struct codec_format *f = rows_format("delimited", writes[i].settings, writes[i].charset);
		struct buf b = BUF_INIT;
		struct span cells[4];
		struct err e = ERR_INIT;

		cells_of(writes[i].cells, writes[i].n, cells);
		buf_str(&b, "before");
		if (f->codec->write(f, 0, cells, writes[i].n, &b, &e)) {
			if (strcmp(err_code(e.id)->name, writes[i].want) != 0)
				fail_msg("%s: %s", writes[i].name, err_code(e.id)->name);
			assert_span(buf_as_span(&b), "before");
		} else {
			const struct span got = {b.p + 6, b.n - 6};

			if (!span_is(got, writes[i].want))
				fail_msg("%s: %.*s", writes[i].name, SPAN_F(got));
			what_is_written_reads_back(f, cells, writes[i].n, got);
		}
		buf_done(&b);
		f->codec->format_free(f);
	}
}

static void delimiter_inside_names_the_cell(void **state)
{
	struct codec_format *f = rows_format("delimited", PIPE, U);
	const struct span cells[] = {SPAN("a"), SPAN_NONE, SPAN("b|c")};
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	FAILS(e, "codec.delimiter_inside", f->codec->write(f, 0, cells, 3, &b, &e));
	assert_string_equal(err_arg(&e, "cell"), "3");
	f->codec->format_free(f);
	buf_done(&b);
}

static void a_bom_is_written_when_asked_for(void **state)
{
	struct codec_format *f = rows_format("delimited", "{by: ',', bom: yes}", U);
	struct buf b = BUF_INIT;

	(void)state;
	f->codec->begin(f, &b);
	f->codec->end(f, &b);
	assert_span(buf_as_span(&b), "\xef\xbb\xbf");
	f->codec->format_free(f);
	f = rows_format("delimited", CSV, U);
	buf_clear(&b);
	f->codec->begin(f, &b);
	assert_int_equal(b.n, 0);
	f->codec->format_free(f);
	buf_done(&b);
}

static void settings_that_cannot_be_are_findings(void **state)
{
	static const struct {
		const char *settings;
		enum charset charset;
		const char *want;
	} wrong[] = {
		{"{end: lf}", U, "conf.missing"},
		{"{by: ''}", U, "codec.delimiter"},
		{"{by: '123456789'}", U, "codec.delimiter"},
		{"{by: '、'}", U, "codec.delimiter"},
		{"{by: \"\\n\"}", U, "codec.delimiter"},
		{"{by: \"a\\r\"}", U, "codec.delimiter"},
		{"{by: '\"', quote: '\"'}", U, "codec.delimiter"},
		{"{by: ',', quote: '\"\"'}", U, "codec.quote"},
		{"{by: ',', quote: '|'}", U, "codec.quote"},
		{"{by: ',', quote: '“'}", U, "codec.quote"},
		{"{by: ',', bom: yes}", G, "codec.bom"},
		{"{by: ',', end: nl}", U, "conf.choice"},
		{"{by: ',', trim: all}", U, "conf.choice"},
		{"{by: ',', kwote: x}", U, "conf.unknown_key"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct findings f;
		struct err e = ERR_INIT;

		findings_init(&f);
		assert_null(rows_compile("delimited", wrong[i].settings, wrong[i].charset, &f));
		assert_int_equal(f.count, 1);
		findings_first(&f, &e);
		if (strcmp(err_code(e.id)->name, wrong[i].want) != 0)
			fail_msg("%s: %s", wrong[i].settings, err_code(e.id)->name);
		findings_done(&f);
	}
}

static void settings_for_the_reader_of_rows_are_carried(void **state)
{
	struct codec_format *f = rows_format("delimited", "{by: ',', blank_rows: skip, few_columns: keep, more_columns: keep}", U);

	(void)state;
	assert_true(f->skip_blank && f->few_ok && f->more_ok);
	f->codec->format_free(f);
	f = rows_format("delimited", CSV, U);
	assert_false(f->skip_blank || f->few_ok || f->more_ok);
	f->codec->format_free(f);
	assert_null(codec_by_name(SPAN("delimite")));
}

/* The bytes of an outside file; false with one line when it is not there. */
static bool outside(const char *path, struct buf *ret)
{
	FILE *file = fopen(path, "rb");
	char part[65536];
	size_t n;

	if (!file) {
		printf("skipped: no %s\n", path);
		return false;
	}
	while ((n = fread(part, 1, sizeof part, file)) > 0)
		buf_add(ret, part, n);
	fclose(file);
	return true;
}

static struct codec_reader *reader_of(const struct codec_format *f, struct text_input *in, struct span text)
{
	struct codec_reader *r;
	struct err e = ERR_INIT;

	*in = text_input(text, 0);
	OK(e, f->codec->open(f, &in->in, 0, 1, &r, &e));
	return r;
}

static void check_spectrum_row(json_t *want, json_t *keys, const struct row *row)
{
	assert_int_equal(row->bad.id, E_NONE);
	assert_int_equal(row->ncells, json_array_size(keys));
	for (unsigned i = 0; i < row->ncells; i++) {
		const char *key = json_string_value(json_array_get(keys, i));
		const char *value = json_string_value(json_object_get(want, key));

		/* The suite's own pair differs here. */
		if (strcmp(key, "Contact Phone Number") == 0)
			continue;
		assert_non_null(value);
		assert_span(row->cells[i], value);
	}
}

static void check_spectrum(const struct codec_format *f, const char *name, size_t *pairs)
{
	char path[512];
	struct buf csv = BUF_INIT, text = BUF_INIT;
	struct text_input in;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	json_t *want, *keys = json_array();
	size_t n = 0;

	snprintf(path, sizeof path, "%s/suites/csv-spectrum/csvs/%s.csv", SHARED_DIR, name);
	if (!outside(path, &csv))
		goto done;
	snprintf(path, sizeof path, "%s/suites/csv-spectrum/json/%s.json", SHARED_DIR, name);
	if (!outside(path, &text))
		goto done;
	want = json_loadb(text.p, text.n, 0, NULL);
	assert_non_null(want);
	r = reader_of(f, &in, buf_as_span(&csv));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	for (unsigned i = 0; i < row.ncells; i++)
		json_array_append_new(keys, json_stringn(row.cells[i].p, row.cells[i].n));
	while (f->codec->next(r, &row, &e) == 1)
		check_spectrum_row(json_is_array(want) ? json_array_get(want, n++) : want, keys, &row);
	if (json_is_array(want))
		assert_int_equal(n, json_array_size(want));
	(*pairs)++;
	f->codec->close(r);
	json_decref(want);
done:
	json_decref(keys);
	buf_done(&csv);
	buf_done(&text);
}

static void the_csv_spectrum_reads_as_its_pairs_say(void **state)
{
	static const char *const names[] = {"comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json",
		"location_coordinates", "newlines", "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8"};
	struct codec_format *f = rows_format("delimited", CSV, U);
	size_t pairs = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		check_spectrum(f, names[i], &pairs);
	printf("csv-spectrum: %zu pairs\n", pairs);
	f->codec->format_free(f);
}

static void check_hazard(const char *settings, enum charset charset, struct span character, const char *by)
{
	struct codec_format *f = rows_format("delimited", settings, charset);
	struct buf file = BUF_INIT, want = BUF_INIT;

	for (int i = 0; i < 3; i++) {
		buf_printf(&file, "%.*s%s%s%.*sx%s\n", SPAN_F(character), by, i == 1 ? "a" : "", SPAN_F(character), by);
		buf_printf(&want, "%d:[", i + 1);
		rows_cell(&want, character);
		buf_printf(&want, "][%s", i == 1 ? "a" : "");
		rows_cell(&want, character);
		buf_str(&want, "x][] ");
	}
	rows_read_as(f, read_from, buf_as_span(&file), buf_text(&want), "hazard");
	buf_done(&file);
	buf_done(&want);
	f->codec->format_free(f);
}

static void no_gbk_character_is_cut_at_its_second_byte(void **state)
{
	struct codec_format *f = rows_format("delimited", "{by: ',', end: lf}", U);
	struct buf file = BUF_INIT, text = BUF_INIT;
	struct text_input in;
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	size_t n = 0;

	(void)state;
	if (!outside(SHARED_DIR "/data/encoding/gbk_trail_hazard.csv", &file))
		goto done;
	r = reader_of(f, &in, buf_as_span(&file));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	for (; f->codec->next(r, &row, &e) == 1; n++) {
		buf_clear(&text);
		OK(e, charset_encode(G, row.cells[0], &text, &e));
		for (enum charset c = G; c <= B; c++) {
			check_hazard(PIPE, c, buf_as_span(&text), "|");
			check_hazard("{by: \"\\\\\", end: lf}", c, buf_as_span(&text), "\\");
		}
	}
	assert_int_equal(n, 236);
	f->codec->close(r);
done:
	buf_done(&file);
	buf_done(&text);
	f->codec->format_free(f);
}

static void ten_real_files_read_without_a_bad_row(void **state)
{
	static const char *const months[] = {"2011-01", "2011-02", "2011-03", "2011-04", "2011-05", "2011-06", "2011-08",
		"2011-10", "2011-12", "2012-03"};
	struct codec_format *f = rows_format("delimited", "{by: ',', quote: '\"', trim: blanks}", U);

	(void)state;
	for (size_t i = 0; i < COUNT(months); i++) {
		char path[512];
		struct buf file = BUF_INIT;
		struct rows r;
		size_t lines = 0;

		snprintf(path, sizeof path, "%s/data/payments_lambeth/%s-payments.csv", SHARED_DIR, months[i]);
		if (!outside(path, &file))
			continue;
		r = read_from(f, buf_as_span(&file), begin, SIZE_MAX);
		for (size_t k = 0; k < file.n; k++)
			lines += file.p[k] == '\n' || (k + 1 == file.n);
		assert_null(strstr(buf_text(&r.shown), "codec."));
		assert_null(strstr(buf_text(&r.shown), "text."));
		assert_int_equal(r.n, lines);
		printf("%s: %zu rows\n", months[i], r.n);
		rows_done(&r);
		buf_done(&file);
	}
	f->codec->format_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_reads_the_same_in_pieces_and_from_each_row_on),
		cmocka_unit_test(every_case_reads_the_same_at_the_edge_of_the_buffer),
		cmocka_unit_test(a_record_over_the_limit_is_one_bad_row_and_reading_goes_on),
		cmocka_unit_test(a_record_over_the_limit_keeps_its_first_64_kib),
		cmocka_unit_test(more_than_512_cells_make_the_row_bad),
		cmocka_unit_test(an_input_that_fails_can_be_asked_again),
		cmocka_unit_test(reasons_name_bytes_and_charset),
		cmocka_unit_test(every_row_is_written_as_declared_or_refused_whole),
		cmocka_unit_test(delimiter_inside_names_the_cell),
		cmocka_unit_test(a_bom_is_written_when_asked_for),
		cmocka_unit_test(settings_that_cannot_be_are_findings),
		cmocka_unit_test(settings_for_the_reader_of_rows_are_carried),
		cmocka_unit_test(the_csv_spectrum_reads_as_its_pairs_say),
		cmocka_unit_test(no_gbk_character_is_cut_at_its_second_byte),
		cmocka_unit_test(ten_real_files_read_without_a_bad_row),
	};

	return cmocka_run_group_tests_name("delimited", tests, NULL, NULL);
}
