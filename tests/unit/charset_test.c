/* SPDX-License-Identifier: Apache-2.0 */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#include "charset.h"
#include "check.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	enum charset c;
	const char *name;
} glibc[] = {{CHARSET_GBK, "GBK"}, {CHARSET_GB18030, "GB18030"}};

static struct span bytes(const void *p, size_t n)
{
	return (struct span){p, n};
}

/* The C library's own answer: length of the output, 0 when it has none. */
static size_t by_iconv(iconv_t cd, const void *p, size_t n, char *ret, size_t cap)
{
	char in[16], *pin = in, *pout = ret;
	size_t left = cap;

	memcpy(in, p, n);
	iconv(cd, NULL, NULL, NULL, NULL);
	if (iconv(cd, &pin, &n, &pout, &left) != 0 || n != 0)
		return 0;
	return cap - left;
}

static iconv_t open_iconv(const char *to, const char *from)
{
	iconv_t cd = iconv_open(to, from);

	assert_true(cd != (iconv_t)-1);
	return cd;
}

/* One character of c, decoded by both. */
static void same_decode(enum charset c, iconv_t cd, struct buf *scratch, const unsigned char *p, size_t n)
{
	char want[32];
	const size_t want_n = by_iconv(cd, p, n, want, sizeof want);
	struct span got = SPAN_NONE;
	struct err e = ERR_INIT;

	buf_clear(scratch);
	if (charset_decode(c, bytes(p, n), scratch, &got, &e) != 0)
		got.n = 0;
	if (got.n != want_n || memcmp(got.p ? got.p : "", want, want_n) != 0)
		fail_msg("%s: %02X %02X (%zu bytes): %zu bytes, iconv has %zu", charset_name(c), p[0], p[n - 1], n,
			got.n, want_n);
}

static void every_two_byte_code_decodes_as_iconv_has_it(void **state)
{
	struct buf scratch = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(glibc); i++) {
		const enum charset c = glibc[i].c;
		iconv_t cd = open_iconv("UTF-8", glibc[i].name);

		for (unsigned lead = 0x80; lead <= 0xff; lead++)
			for (unsigned trail = 1; trail <= 0xff; trail++) {
				const unsigned char p[2] = {(unsigned char)lead, (unsigned char)trail};

				/* The one difference: glibc reads 80 in GBK as the euro sign. */
				if (c == CHARSET_GBK && (lead == 0x80 || trail == 0x80) && charset_step(c, p, 2) != 2)
					continue;
				same_decode(c, cd, &scratch, p, 2);
			}
		iconv_close(cd);
	}
	buf_done(&scratch);
}

static void every_four_byte_code_decodes_as_iconv_has_it(void **state)
{
	iconv_t cd = open_iconv("UTF-8", "GB18030");
	struct buf scratch = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 126 * 10 * 126 * 10; i++) {
		const unsigned char p[4] = {(unsigned char)(0x81 + i / 12600), (unsigned char)(0x30 + i / 1260 % 10),
			(unsigned char)(0x81 + i / 10 % 126), (unsigned char)(0x30 + i % 10)};

		/* All up to the first supplementary characters, and around each end; a sample of the plain rest. */
		if (i < 41000 || (i > 188000 && i < 192000) || i % 7 == 0)
			same_decode(CHARSET_GB18030, cd, &scratch, p, 4);
	}
	iconv_close(cd);
	buf_done(&scratch);
}

static size_t utf8(uint32_t u, char ret[4])
{
	static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
	const size_t n = u < 0x80 ? 1 : u < 0x800 ? 2 : u < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; u >>= 6)
		ret[i] = (char)(0x80 | (u & 0x3f));
	ret[0] = (char)(first[n == 1 ? 0 : n] | u);
	return n;
}

static void same_encode(enum charset c, iconv_t cd, struct buf *out, uint32_t ucs)
{
	char want[16], u[4];
	const struct span text = bytes(u, utf8(ucs, u));
	size_t want_n = by_iconv(cd, u, text.n, want, sizeof want);
	struct err e = ERR_INIT;
	struct span back;

	if (c == CHARSET_GBK && ucs == 0x20ac)
		want_n = 0;
	buf_clear(out);
	if (want_n == 0) {
		if (charset_encode(c, text, out, &e) != -1 || e.id != E_TEXT_NO_SUCH_CHARACTER || out->n != 0)
			fail_msg("%s: U+%04X is encoded, iconv has no code", charset_name(c), ucs);
		assert_true(charset_bytes(c, text) == SIZE_MAX);
		return;
	}
	OK(e, charset_encode(c, text, out, &e));
	if (out->n != want_n || memcmp(out->p, want, want_n) != 0)
		fail_msg("%s: U+%04X is encoded otherwise than by iconv", charset_name(c), ucs);
	assert_int_equal(charset_bytes(c, text), want_n);
	assert_int_equal(charset_step(c, (const unsigned char *)want, want_n), (int)want_n);
	OK(e, charset_decode(c, bytes(want, want_n), out, &back, &e));
	assert_true(span_eq(back, text));
}

static void every_character_of_the_bmp_is_encoded_as_by_iconv_and_comes_back(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(glibc); i++) {
		iconv_t cd = open_iconv(glibc[i].name, "UTF-8");

		for (uint32_t u = 1; u < 0x110000; u += u < 0x10000 || (u >= 0x20000 && u < 0x25000) ? 1 : 41)
			if (u < 0xd800 || u > 0xdfff)
				same_encode(glibc[i].c, cd, &out, u);
		iconv_close(cd);
	}
	buf_done(&out);
}

/* Facts about single characters that hold whatever iconv this machine has. */
static void known_characters_have_their_known_codes(void **state)
{
	static const struct {
		enum charset c;
		const char *code, *text;
	} row[] = {
		{CHARSET_GB18030, "\xfe\x9f", "䶮"},
		{CHARSET_GB18030, "\x82\x30\xb7\x31", "㛃"},
		{CHARSET_GB18030, "\x99\x33\xc3\x36", "𬱖"},
		{CHARSET_GB18030, "\xa2\xe3", "€"},
		{CHARSET_GB18030, "\xa1\xa4", "·"},
		{CHARSET_GBK, "\xa1\xa4", "·"},
		{CHARSET_GBK, "\xab\x7c", "珅"},
		{CHARSET_GBK, "\xb2\xc6\xd5\xfe", "财政"},
		{CHARSET_GBK, "a\xab\x7c|\x81\x5c\\", "a珅|乗\\"},
	};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	struct span got;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		buf_clear(&b);
		OK(e, charset_decode(row[i].c, span_of(row[i].code), &b, &got, &e));
		assert_span(got, row[i].text);
		buf_clear(&b);
		OK(e, charset_encode(row[i].c, span_of(row[i].text), &b, &e));
		assert_span(buf_as_span(&b), row[i].code);
	}
	buf_done(&b);
}

static void bytes_that_are_no_text_are_refused_with_their_place(void **state)
{
	const struct {
		const char *proves;
		enum charset c;
		struct span in;
		const char *code, *byte, *hex;
	} row[] = {
		{"80 alone is no GBK", CHARSET_GBK, SPAN("ab\x80"), "text.invalid", "2", "80"},
		{"80 is no GB18030", CHARSET_GB18030, SPAN("\x80g"), "text.invalid", "0", "8067"},
		{"FF leads nothing", CHARSET_GBK, SPAN("\xff\xb2"), "text.invalid", "0", "FFB2"},
		{"7F is no trail", CHARSET_GB18030, SPAN("\xb2\xc6\xb2\x7f"), "text.invalid", "2", "B27F"},
		{"FF is no trail", CHARSET_GBK, SPAN("\xb2\xff"), "text.invalid", "0", "B2FF"},
		{"a comma is no trail", CHARSET_GBK, SPAN("1234567890\xb2,"), "text.invalid", "10", "B22C"},
		{"GBK has no four bytes", CHARSET_GBK, SPAN("\x82\x30\xb7\x31"), "text.invalid", "0", "8230"},
		{"the third byte leads", CHARSET_GB18030, SPAN("\x82\x30\x41\x31"), "text.invalid", "0", "8230"},
		{"the fourth is a digit", CHARSET_GB18030, SPAN("\x82\x30\xb7\x41"), "text.invalid", "0", "8230"},
		{"half of two bytes", CHARSET_GBK, SPAN("\xb2\xc6\xd5"), "text.half", "2", "D5"},
		{"a quarter of four", CHARSET_GB18030, SPAN("x\x82"), "text.half", "1", "82"},
		{"half of four", CHARSET_GB18030, SPAN("x\x82\x30"), "text.half", "1", "8230"},
		{"three of four", CHARSET_GB18030, SPAN("x\x82\x30\xb7"), "text.half", "1", "8230B7"},
		{"䶮 is not in GBK", CHARSET_GBK, SPAN("\xb2\xc6\xfe\x9f"), "text.unassigned", "2", "FE9F"},
		{"a free code", CHARSET_GB18030, SPAN("\x84\x31\xa5\x30"), "text.unassigned", "0", "8431A530"},
		{"beyond the last code", CHARSET_GB18030, SPAN("\xe3\x32\x9a\x36"), "text.unassigned", "0", "E3329A36"},
		{"NUL in ASCII", CHARSET_GBK, SPAN("ab\0c"), "text.nul", "2", NULL},
		{"NUL behind Han", CHARSET_GB18030, SPAN("\xb2\xc6\0"), "text.nul", "2", NULL},
		{"NUL in UTF-8", CHARSET_UTF8, SPAN("财\0"), "text.nul", "3", NULL},
		{"NUL as trail", CHARSET_GBK, SPAN("\xb2\0"), "text.invalid", "0", "B200"},
		{"a lone trail", CHARSET_UTF8, SPAN("a\x80"), "text.invalid", "1", "80"},
		{"overlong slash", CHARSET_UTF8, SPAN("\xc0\xaf"), "text.invalid", "0", "C0AF"},
		{"overlong in three", CHARSET_UTF8, SPAN("\xe0\x9f\xbf"), "text.invalid", "0", "E09F"},
		{"overlong in four", CHARSET_UTF8, SPAN("\xf0\x8f\xbf\xbf"), "text.invalid", "0", "F08F"},
		{"a surrogate", CHARSET_UTF8, SPAN("\xed\xa0\x80"), "text.invalid", "0", "EDA0"},
		{"beyond 10FFFF", CHARSET_UTF8, SPAN("\xf4\x90\x80\x80"), "text.invalid", "0", "F490"},
		{"F5 leads nothing", CHARSET_UTF8, SPAN("\xf5\x80\x80\x80"), "text.invalid", "0", "F580"},
		{"a third byte of ASCII", CHARSET_UTF8, SPAN("\xe8\xb4" "a"), "text.invalid", "0", "E8B4"},
		{"a third byte that leads", CHARSET_UTF8, SPAN("\xe8\xb4\xe8"), "text.invalid", "0", "E8B4"},
		{"half in UTF-8", CHARSET_UTF8, SPAN("财\xe8\xb4"), "text.half", "3", "E8B4"},
		{"GBK is no UTF-8", CHARSET_UTF8, SPAN("12345678\xb2\xc6"), "text.invalid", "8", "B2C6"},
	};
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	buf_str(&b, "kept");
	for (size_t i = 0; i < COUNT(row); i++) {
		struct span got = SPAN("untouched");

		print_message("  %s\n", row[i].proves);
		FAILS(e, row[i].code, charset_decode(row[i].c, row[i].in, &b, &got, &e));
		assert_string_equal(err_arg(&e, "byte"), row[i].byte);
		if (row[i].hex)
			assert_string_equal(err_arg(&e, "hex"), row[i].hex);
		assert_int_equal(err_kind(&e), ERR_DATA);
		assert_span(got, "untouched");
		assert_span(buf_as_span(&b), "kept");
	}
	buf_done(&b);
}

static void what_cannot_be_encoded_is_refused_and_nothing_is_written(void **state)
{
	const struct {
		const char *proves;
		enum charset c;
		struct span in;
		const char *code, *arg, *value;
	} row[] = {
		{"䶮 in GBK", CHARSET_GBK, SPAN("财䶮政"), "text.no_such_character", "char", "䶮 U+4DAE"},
		{"the charset is named", CHARSET_GBK, SPAN("䶮"), "text.no_such_character", "charset", "gbk"},
		{"€ in GBK", CHARSET_GBK, SPAN("€"), "text.no_such_character", "char", "€ U+20AC"},
		{"a C1 control is not shown", CHARSET_GBK, SPAN("\xc2\x9b"), "text.no_such_character", "char", "U+009B"},
		{"a tag", CHARSET_GBK, SPAN("\xf3\xa0\x80\x81"), "text.no_such_character", "charset", "gbk"},
		{"broken UTF-8", CHARSET_GB18030, SPAN("ab\xff"), "text.invalid", "byte", "2"},
		{"half", CHARSET_GBK, SPAN("财\xe8"), "text.half", "byte", "3"},
		{"half to UTF-8", CHARSET_UTF8, SPAN("财\xe8"), "text.half", "byte", "3"},
		{"NUL", CHARSET_GBK, SPAN("财\0"), "text.nul", "byte", "3"},
	};
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	buf_str(&b, "kept");
	for (size_t i = 0; i < COUNT(row); i++) {
		print_message("  %s\n", row[i].proves);
		FAILS(e, row[i].code, charset_encode(row[i].c, row[i].in, &b, &e));
		assert_string_equal(err_arg(&e, row[i].arg), row[i].value);
		assert_true(charset_bytes(row[i].c, row[i].in) == SIZE_MAX);
		assert_span(buf_as_span(&b), "kept");
	}
	buf_done(&b);
}

static void ascii_of_any_length_comes_back_as_the_same_span(void **state)
{
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t n = 0; n <= 70; n++)
		for (int c = 0; c < CHARSET_COUNT; c++) {
			/* Exactly n bytes on the heap: a read beyond them is seen. */
			char *text = malloc(n ? n : 1);
			struct span got;

			memset(text, n % 2 ? 0x7f : 1, n);
			OK(e, charset_decode((enum charset)c, bytes(text, n), &b, &got, &e));
			assert_ptr_equal(got.p, text);
			assert_int_equal(got.n, n);
			assert_int_equal(b.n, 0);
			assert_true(charset_ascii(bytes(text, n)));
			for (size_t at = 0; at < n; at++) {
				char byte[24];

				text[at] = 0;
				assert_true(charset_ascii(bytes(text, n)));
				FAILS(e, "text.nul", charset_decode((enum charset)c, bytes(text, n), &b, &got, &e));
				snprintf(byte, sizeof byte, "%zu", at);
				assert_string_equal(err_arg(&e, "byte"), byte);
				text[at] = (char)0x80;
				assert_false(charset_ascii(bytes(text, n)));
				FAILS(e, "text.invalid", charset_decode((enum charset)c, bytes(text, n), &b, &got, &e));
				assert_string_equal(err_arg(&e, "byte"), byte);
				text[at] = 'x';
			}
			free(text);
		}
	buf_done(&b);
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* A text of ASCII runs, two-byte and four-byte characters. */
static void random_text(uint32_t *seed, struct buf *ret)
{
	static const char *const piece[] = {"a", "0000123.45", "财", "政局", "㛃", "𬱖", "·", "|\\", "乗", "é", "1"};

	buf_clear(ret);
	for (unsigned k = next(seed) % 20; k > 0; k--)
		buf_str(ret, piece[next(seed) % COUNT(piece)]);
}

static void mixed_texts_go_there_and_back_and_are_cut_only_between_characters(void **state)
{
	struct buf text = BUF_INIT, code = BUF_INIT, scratch = BUF_INIT;
	struct err e = ERR_INIT;
	uint32_t seed = 7;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		size_t at = 0;
		struct span got;
		char *exact;

		random_text(&seed, &text);
		buf_clear(&code);
		OK(e, charset_encode(CHARSET_GB18030, buf_as_span(&text), &code, &e));
		assert_int_equal(charset_bytes(CHARSET_GB18030, buf_as_span(&text)), code.n);
		exact = malloc(code.n ? code.n : 1);
		memcpy(exact, buf_as_span(&code).p, code.n);
		buf_clear(&scratch);
		OK(e, charset_decode(CHARSET_GB18030, bytes(exact, code.n), &scratch, &got, &e));
		assert_true(span_eq(got, buf_as_span(&text)));
		for (size_t n = 0; n <= code.n; n++) {
			const struct span cut = charset_cut(CHARSET_GB18030, buf_as_span(&text), n);
			const bool whole = n == at;

			if (whole && n < code.n)
				at += (size_t)charset_step(CHARSET_GB18030, (unsigned char *)exact + at, code.n - at);
			/* The bytes up to n are a text exactly when n lies between two characters. */
			assert_int_equal(charset_decode(CHARSET_GB18030, bytes(exact, n), &scratch, &got, &e), whole ? 0 : -1);
			if (whole)
				assert_true(span_eq(got, cut));
			else
				assert_string_equal(err_code(e.id)->name, "text.half");
			assert_true(charset_bytes(CHARSET_GB18030, cut) <= n);
		}
		free(exact);
	}
	buf_done(&text);
	buf_done(&code);
	buf_done(&scratch);
}

/* In both directions a character may need twice its bytes. */
static void a_long_text_that_doubles_has_room(void **state)
{
	struct buf text = BUF_INIT, code = BUF_INIT, scratch = BUF_INIT;
	struct err e = ERR_INIT;
	struct span got;

	(void)state;
	for (int i = 0; i < 1024; i++)
		buf_str(&text, "\xc3\xbf");
	OK(e, charset_encode(CHARSET_GB18030, buf_as_span(&text), &code, &e));
	assert_int_equal(code.n, 4096);
	OK(e, charset_decode(CHARSET_GB18030, buf_as_span(&code), &scratch, &got, &e));
	assert_true(span_eq(got, buf_as_span(&text)));
	buf_clear(&code);
	for (int i = 0; i < 1024; i++)
		buf_str(&code, "\xfe\x51");
	buf_done(&scratch);
	OK(e, charset_decode(CHARSET_GB18030, buf_as_span(&code), &scratch, &got, &e));
	assert_int_equal(got.n, 4096);
	assert_int_equal(charset_length(got), 1024);
	buf_done(&text);
	buf_done(&code);
	buf_done(&scratch);
}

static void a_cut_keeps_the_longest_beginning_that_fits(void **state)
{
	static const struct {
		enum charset c;
		const char *text;
		size_t max;
		const char *want;
	} row[] = {
		{CHARSET_GBK, "财政局", 6, "财政局"},
		{CHARSET_GBK, "财政局", 5, "财政"},
		{CHARSET_UTF8, "财政局", 8, "财政"},
		{CHARSET_UTF8, "财政局", 9, "财政局"},
		{CHARSET_GBK, "a财b", 2, "a"},
		{CHARSET_GBK, "财", 0, ""},
		{CHARSET_GB18030, "㛃a", 3, ""},
		{CHARSET_GB18030, "㛃a", 4, "㛃"},
		{CHARSET_GB18030, "ÿ", 2, ""},
		{CHARSET_GBK, "䶮a", 2, "䶮"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_span(charset_cut(row[i].c, span_of(row[i].text), row[i].max), row[i].want);
	assert_int_equal(charset_length(SPAN("a财𬱖")), 3);
	assert_int_equal(charset_length(SPAN("")), 0);
	assert_int_equal(charset_length(SPAN_NONE), 0);
}

static void names_are_found_in_any_case_and_others_not(void **state)
{
	enum charset c = CHARSET_COUNT;

	(void)state;
	assert_int_equal(charset_by_name(SPAN("gb2312"), &c), -1);
	assert_int_equal(charset_by_name(SPAN("gb"), &c), -1);
	assert_int_equal(charset_by_name(SPAN_NONE, &c), -1);
	assert_int_equal(c, CHARSET_COUNT);
	assert_int_equal(charset_by_name(SPAN("GB18030"), &c), 0);
	assert_int_equal(c, CHARSET_GB18030);
	for (int i = 0; i < CHARSET_COUNT; i++) {
		assert_int_equal(charset_by_name(span_of(charset_name((enum charset)i)), &c), 0);
		assert_int_equal(c, i);
	}
}

static void a_step_says_how_long_a_character_is_before_it_is_looked_up(void **state)
{
	const struct {
		enum charset c;
		struct span in;
		int want;
	} row[] = {
		{CHARSET_GBK, SPAN("a\xb2"), 1}, {CHARSET_GBK, SPAN("\xb2|"), 2}, {CHARSET_GBK, SPAN("\xb2"), -1},
		{CHARSET_GBK, SPAN("\x80|"), 0}, {CHARSET_GBK, SPAN("\xfe\x9f"), 2}, {CHARSET_GBK, SPAN("\xff\x9f"), 0},
		{CHARSET_GB18030, SPAN("\x82\x30\xb7\x31"), 4}, {CHARSET_GB18030, SPAN("\x82\x30\xb7"), -1},
		{CHARSET_UTF8, SPAN("\xe8\xb4\xa2"), 3}, {CHARSET_UTF8, SPAN("\xe8\xb4"), -1},
		{CHARSET_UTF8, SPAN("\xf0\xac\xb1\x96"), 4}, {CHARSET_UTF8, SPAN("\xc1\x80"), 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(charset_step(row[i].c, (const unsigned char *)row[i].in.p, row[i].in.n), row[i].want);
}

static void a_trail_byte_that_looks_like_a_separator_stays_in_its_character(void **state)
{
	FILE *f = fopen(SHARED_DIR "/data/encoding/gbk_trail_hazard.csv", "r");
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	char line[128];
	int rows = 0;

	(void)state;
	if (!f) {
		print_message("no list of trail bytes here, skipped\n");
		skip();
	}
	assert_non_null(fgets(line, sizeof line, f));
	while (fgets(line, sizeof line, f)) {
		const struct span want = {line, strcspn(line, ",")};
		const unsigned long code = strtoul(line + want.n + 1, NULL, 16);
		const unsigned char p[2] = {(unsigned char)(code >> 8), (unsigned char)code};
		struct span got;

		assert_true(p[1] == '|' || p[1] == '\\');
		buf_clear(&b);
		OK(e, charset_decode(CHARSET_GBK, bytes(p, 2), &b, &got, &e));
		assert_true(span_eq(got, want));
		assert_int_equal(charset_step(CHARSET_GB18030, p, 2), 2);
		rows++;
	}
	assert_true(rows >= 236);
	fclose(f);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_two_byte_code_decodes_as_iconv_has_it),
		cmocka_unit_test(every_four_byte_code_decodes_as_iconv_has_it),
		cmocka_unit_test(every_character_of_the_bmp_is_encoded_as_by_iconv_and_comes_back),
		cmocka_unit_test(known_characters_have_their_known_codes),
		cmocka_unit_test(bytes_that_are_no_text_are_refused_with_their_place),
		cmocka_unit_test(what_cannot_be_encoded_is_refused_and_nothing_is_written),
		cmocka_unit_test(ascii_of_any_length_comes_back_as_the_same_span),
		cmocka_unit_test(mixed_texts_go_there_and_back_and_are_cut_only_between_characters),
		cmocka_unit_test(a_long_text_that_doubles_has_room),
		cmocka_unit_test(a_cut_keeps_the_longest_beginning_that_fits),
		cmocka_unit_test(names_are_found_in_any_case_and_others_not),
		cmocka_unit_test(a_step_says_how_long_a_character_is_before_it_is_looked_up),
		cmocka_unit_test(a_trail_byte_that_looks_like_a_separator_stays_in_its_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
