/* SPDX-License-Identifier: Apache-2.0 */

/*
 * charset_gen: writes the tables of charset.c (a C header) to standard output. Run by the build, never installed.
 *
 * The mapping is that of the C library's iconv on the building machine, so there is no table to keep by hand. What
 * charset.c takes for granted about its shape is checked here for every code point and every code; the build stops
 * when it does not hold.
 */
#include <iconv.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LEADS = 126, TRAILS = 191,              /* 81..FE, 40..FE with a hole at 7F */
	CODES = LEADS * TRAILS,
	FOUR = LEADS * 10 * LEADS * 10,
	POINTS = 0x110000,
	RANGES_MAX = 1024, WIDE_MAX = 64
};

struct range {
	uint32_t linear, ucs, count;
};

struct table {
	const char *name;
	iconv_t decode, encode;
	uint16_t ucs[CODES];                    /* 0: not assigned; D800 + i: wide[i] */
	uint16_t code[0x10000];                 /* of the BMP, 0: none */
	uint32_t wide[WIDE_MAX], wide_code[WIDE_MAX];
	unsigned nwide;
	struct range range[RANGES_MAX];
	unsigned nrange;
};

static void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("charset_gen: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static iconv_t open_or_die(const char *to, const char *from)
{
	iconv_t cd = iconv_open(to, from);

	if (cd == (iconv_t)-1)
		die("iconv here cannot turn %s into %s; install the C library's converters (gconv modules)", from, to);
	return cd;
}

/* The bytes that one character becomes, 0 when there is none. iconv drops some characters without a word (the tags at
 * U+E0000): no output is no character. */
static size_t convert(iconv_t cd, const void *from, size_t n, void *to, size_t cap)
{
	char in[4], *pin = in, *pout = to;
	size_t left = cap;

	memcpy(in, from, n);
	iconv(cd, NULL, NULL, NULL, NULL);
	if (iconv(cd, &pin, &n, &pout, &left) != 0 || n != 0)
		return 0;
	return cap - left;
}

static uint32_t decode(const struct table *t, const uint8_t *p, size_t n)
{
	uint8_t u[16];

	if (convert(t->decode, p, n, u, sizeof u) != 4)
		return 0;
	return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16;
}

static size_t encode(const struct table *t, uint32_t ucs, uint8_t ret[8])
{
	const uint8_t u[4] = {(uint8_t)ucs, (uint8_t)(ucs >> 8), (uint8_t)(ucs >> 16), 0};

	return convert(t->encode, u, sizeof u, ret, 8);
}

static void four_bytes(uint32_t linear, uint8_t ret[4])
{
	ret[0] = (uint8_t)(0x81 + linear / 12600);
	ret[1] = (uint8_t)(0x30 + linear / 1260 % 10);
	ret[2] = (uint8_t)(0x81 + linear / 10 % 126);
	ret[3] = (uint8_t)(0x30 + linear % 10);
}

static void read_two(struct table *t)
{
	for (unsigned i = 0; i < CODES; i++) {
		const uint8_t p[2] = {(uint8_t)(0x81 + i / TRAILS), (uint8_t)(0x40 + i % TRAILS)};
		const uint32_t ucs = p[1] == 0x7f ? 0 : decode(t, p, 2);
		const uint16_t code = (uint16_t)(p[0] << 8 | p[1]);

		if (ucs > 0xffff) {
			if (t->nwide == WIDE_MAX)
				die("%s: too many two-byte codes beyond the BMP", t->name);
			t->wide_code[t->nwide] = code;
			t->wide[t->nwide] = ucs;
			t->ucs[i] = (uint16_t)(0xd800 + t->nwide++);
		} else if (ucs) {
			if (ucs < 0x80 || t->code[ucs])
				die("%s: U+%04X has two codes", t->name, (unsigned)ucs);
			t->ucs[i] = (uint16_t)ucs;
			t->code[ucs] = code;
		}
	}
}

static void read_four(struct table *t)
{
	struct range *r = NULL;

	for (uint32_t i = 0; i < FOUR; i++) {
		uint8_t p[4];
		uint32_t ucs;

		four_bytes(i, p);
		ucs = decode(t, p, 4);
		if (ucs == 0)
			continue;
		if (r && i == r->linear + r->count && ucs == r->ucs + r->count) {
			r->count++;
			continue;
		}
		if (t->nrange == RANGES_MAX)
			die("%s: too many ranges of four-byte codes", t->name);
		r = &t->range[t->nrange++];
		*r = (struct range){i, ucs, 1};
	}
}

static uint32_t code_by_tables(const struct table *t, uint32_t ucs, size_t *ret_n)
{
	*ret_n = 2;
	if (ucs < 0x10000 && t->code[ucs])
		return t->code[ucs];
	for (unsigned i = 0; i < t->nwide; i++)
		if (t->wide[i] == ucs)
			return t->wide_code[i];
	*ret_n = 4;
	for (unsigned i = 0; i < t->nrange; i++)
		if (ucs - t->range[i].ucs < t->range[i].count)
			return t->range[i].linear + ucs - t->range[i].ucs;
	*ret_n = 0;
	return 0;
}

/* The way back must follow from the way there: the two-byte code where there is one, else the four-byte code. */
static void check_encode(const struct table *t)
{
	for (uint32_t ucs = 0x80; ucs < POINTS; ucs++) {
		uint8_t want[8], got[4] = {0};
		size_t n, got_n;
		uint32_t code;

		if (ucs >= 0xd800 && ucs < 0xe000)
			continue;
		n = encode(t, ucs, want);
		if (n == 1)
			n = 0;                  /* glibc's GBK has 80 for the euro sign: we do not, see charset.h */
		code = code_by_tables(t, ucs, &got_n);
		if (got_n == 2)
			got[0] = (uint8_t)(code >> 8), got[1] = (uint8_t)code;
		else if (got_n == 4)
			four_bytes(code, got);
		if (n != got_n || memcmp(want, got, n) != 0)
			die("%s: U+%04X is encoded otherwise than it is decoded", t->name, (unsigned)ucs);
	}
}

static void put_u16(const char *name, const char *of, const uint16_t *v, size_t n)
{
	printf("static const uint16_t %s_%s[%zu] = {", of, name, n);
	for (size_t i = 0; i < n; i++)
		printf("%s%u,", i % 16 ? "" : "\n", v[i]);
	puts("\n};");
}

/* code[] in pages of 256 characters; page 0 is the empty one. */
static void put_pages(const struct table *t)
{
	static uint16_t pages[257 * 256];
	uint16_t page_of[256];
	uint16_t n = 1;

	memset(pages, 0, sizeof pages);
	for (unsigned i = 0; i < 256; i++) {
		const uint16_t *page = t->code + 256 * i;

		page_of[i] = 0;
		for (unsigned k = 0; k < 256 && page_of[i] == 0; k++)
			page_of[i] = page[k] ? n : 0;
		if (page_of[i])
			memcpy(pages + 256 * n++, page, 256 * sizeof *pages);
	}
	put_u16("page", t->name, page_of, 256);
	put_u16("code", t->name, pages, (size_t)n * 256);
}

static int by_ucs(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->ucs > y->ucs) - (x->ucs < y->ucs);
}

static void put_ranges(const char *name, const struct table *t)
{
	printf("static const struct charset_range %s_%s[%u] = {\n", t->name, name, t->nrange);
	for (unsigned i = 0; i < t->nrange; i++)
		printf("{%u,%u,%u},\n", (unsigned)t->range[i].linear, (unsigned)t->range[i].ucs,
			(unsigned)t->range[i].count);
	puts("};");
}

static void put_table(struct table *t)
{
	put_u16("ucs", t->name, t->ucs, CODES);
	put_pages(t);
	if (t->nrange == 0)
		return;
	printf("static const struct { uint32_t ucs; uint16_t code; } %s_wide[%u] = {\n", t->name, t->nwide);
	for (unsigned i = 0; i < t->nwide; i++)
		printf("{%u,%u},\n", (unsigned)t->wide[i], (unsigned)t->wide_code[i]);
	puts("};");
	put_ranges("by_linear", t);
	qsort(t->range, t->nrange, sizeof t->range[0], by_ucs);
	put_ranges("by_ucs", t);
}

static void make(struct table *t, const char *name, const char *charset, bool four)
{
	memset(t, 0, sizeof *t);
	t->name = name;
	t->decode = open_or_die("UTF-32LE", charset);
	t->encode = open_or_die(charset, "UTF-32LE");
	read_two(t);
	if (four)
		read_four(t);
	if (four ? t->nwide == 0 || t->nrange == 0 : t->nwide != 0)
		die("%s: not the shape that charset.c expects", charset);
	check_encode(t);
	put_table(t);
	iconv_close(t->decode);
	iconv_close(t->encode);
}

int main(void)
{
	static struct table t;

	puts("/* Written by charset_gen.c during the build. */\n"
		"struct charset_range { uint32_t linear, ucs, count; };");
	make(&t, "gbk", "GBK", false);
	make(&t, "gb18030", "GB18030", true);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
