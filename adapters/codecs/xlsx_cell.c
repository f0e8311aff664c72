/* SPDX-License-Identifier: Apache-2.0 */
#include "xlsx.h"

#include <stdlib.h>

enum {
	DIGITS = 15,                           /* what a spreadsheet keeps of a number */
	DIGITS_MAX = 400,                      /* more than any maker prints */
	SMALLEST = -30,                        /* exponents below are noise of a sum that should be 0 */
	COLUMN_MAX = 1 << 14,
};

/* ---- places ---- */

bool xlsx_cell_place(const char *name, unsigned *ret_column, uint64_t *ret_row)
{
	unsigned column = 0;
	uint64_t row = 0;
	const char *p = name;

	for (; *p >= 'A' && *p <= 'Z' && column <= COLUMN_MAX; p++)
		column = 26 * column + (unsigned)(*p - 'A') + 1;
	if (column == 0 || column > COLUMN_MAX || *p == '0')
		return false;
	for (; *p >= '0' && *p <= '9' && row <= XLSX_ROWS_MAX; p++)
		row = 10 * row + (uint64_t)(*p - '0');
	if (*p || row == 0 || row > XLSX_ROWS_MAX)
		return false;
	*ret_column = column - 1;
	*ret_row = row;
	return true;
}

void xlsx_cell_name(struct buf *b, unsigned column, uint64_t row)
{
	char letters[8];
	size_t n = sizeof letters;

	for (column++; column; column = (column - 1) / 26)
		letters[--n] = (char)('A' + (column - 1) % 26);
	buf_add(b, letters + n, sizeof letters - n);
	buf_u64(b, row);
}

/* ---- numbers ---- */

/* 0.d1d2d3... times 10^point */
struct decimal {
	bool minus;
	unsigned n;
	int point;
	char digits[DIGITS_MAX];
};

static bool take_digits(struct span *s, struct decimal *d, bool fraction)
{
	const char *from = s->p;

	for (; s->n && *s->p >= '0' && *s->p <= '9'; s->p++, s->n--) {
		d->point += !fraction && (d->n || *s->p != '0');
		d->point -= fraction && !d->n && *s->p == '0';
		if (d->n == DIGITS_MAX)
			return false;
		if (d->n || *s->p != '0')
			d->digits[d->n++] = *s->p;
	}
	return s->p > from;
}

static bool take_exponent(struct span *s, struct decimal *d)
{
	bool minus = s->n && *s->p == '-';
	const char *from;
	int exponent = 0;

	if (s->n && (*s->p == '-' || *s->p == '+'))
		s->p++, s->n--;
	from = s->p;
	for (; s->n && *s->p >= '0' && *s->p <= '9' && exponent < 1000; s->p++, s->n--)
		exponent = 10 * exponent + (*s->p - '0');
	d->point += minus ? -exponent : exponent;
	return s->p > from;
}

static bool parse(struct span s, struct decimal *d)
{
	*d = (struct decimal){.minus = s.n && *s.p == '-'};
	if (d->minus)
		s.p++, s.n--;
	if (!take_digits(&s, d, false))
		return false;
	if (s.n && *s.p == '.') {
		s.p++, s.n--;
		if (!take_digits(&s, d, true))
			return false;
	}
	if (s.n && (*s.p == 'e' || *s.p == 'E')) {
		s.p++, s.n--;
		if (!take_exponent(&s, d))
			return false;
	}
	return s.n == 0;
}

static void round_to_kept(struct decimal *d)
{
	if (d->n > DIGITS) {
		bool up = d->digits[DIGITS] >= '5';

		d->n = DIGITS;
		while (up && d->n && d->digits[d->n - 1] == '9')
			d->n--;
		if (up && d->n) {
			d->digits[d->n - 1]++;
		} else if (up) {
			d->digits[d->n++] = '1';
			d->point++;
		}
	}
	while (d->n && d->digits[d->n - 1] == '0')
		d->n--;
}

enum err_id xlsx_cell_number(struct span text, struct buf *b, unsigned *ret_digits)
{
	struct decimal d;

	if (!parse(text, &d))
		return E_CODEC_XLSX_NUMBER;
	round_to_kept(&d);
	if (d.n && d.point > DIGITS) {
		*ret_digits = (unsigned)d.point;
		return E_CODEC_XLSX_DIGITS;
	}
	if (d.n && d.point < SMALLEST)
		return E_CODEC_XLSX_NUMBER;
	if (d.minus && d.n)
		buf_c(b, '-');
	if (!d.n || d.point <= 0)
		buf_c(b, '0');
	for (int i = 0; d.n && i < d.point; i++)
		buf_c(b, (unsigned)i < d.n ? d.digits[i] : '0');
	if (d.n && (int)d.n > d.point) {
		buf_c(b, '.');
		for (int i = d.point; i < (int)d.n; i++)
			buf_c(b, i < 0 ? '0' : d.digits[i]);
	}
	return E_NONE;
}

/* ---- texts ---- */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The code of "_x000D_" at p; -1 where none stands, or half a character of two. */
static int escaped(const char *p, size_t n)
{
	int code = 0;

	if (n < 7 || p[0] != '_' || p[1] != 'x' || p[6] != '_')
		return -1;
	for (unsigned i = 2; i < 6; i++) {
		if (hex(p[i]) < 0)
			return -1;
		code = 16 * code + hex(p[i]);
	}
	return code >= 0xd800 && code < 0xe000 ? -1 : code;
}

static size_t put_character(char *to, int c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | c >> 12);
	to[1] = (char)(0x80 | (c >> 6 & 0x3f));
	to[2] = (char)(0x80 | (c & 0x3f));
	return 3;
}

void xlsx_cell_unescape(struct buf *b, size_t from)
{
	char *to;
	size_t at;

	if (b->n - from < 7 || !memmem(b->p + from, b->n - from, "_x", 2))
		return;
	to = b->p + from;
	for (at = from; at < b->n;) {
		const int code = escaped(b->p + at, b->n - at);

		if (code < 0) {
			*to++ = b->p[at++];
		} else {
			to += put_character(to, code);
			at += 7;
		}
	}
	b->n = (size_t)(to - b->p);
}
