/* SPDX-License-Identifier: Apache-2.0 */
#include "datefmt.h"

#include "clock.h"

static signed char place(struct span pattern, const char *word)
{
	const char *at = memmem(pattern.p, pattern.n, word, strlen(word));

	return at ? (signed char)(at - pattern.p) : -1;
}

int datefmt_compile(struct span pattern, struct datefmt *ret)
{
	struct datefmt f = {.length = (unsigned)pattern.n};
	unsigned letters = 0;

	if (pattern.n < 6 || pattern.n >= sizeof f.pattern)
		return -1;
	memcpy(f.pattern, pattern.p, pattern.n);
	f.year = place(pattern, "yyyy");
	f.month = place(pattern, "MM");
	f.day = place(pattern, "dd");
	for (size_t i = 0; i < pattern.n; i++)
		letters += (pattern.p[i] >= 'a' && pattern.p[i] <= 'z') || (pattern.p[i] >= 'A' && pattern.p[i] <= 'Z');
	if (f.year < 0 || f.month < 0 || letters != 6u + (f.day >= 0 ? 2u : 0u))
		return -1;
	*ret = f;
	return 0;
}

static int number(const char *p, unsigned n)
{
	int v = 0;

	for (unsigned i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

/* The bytes that are no part of the date must be the pattern's own. */
static bool same_around(const struct datefmt *f, const char *p)
{
	for (unsigned i = 0; i < f->length; i++) {
		int at = (int)i;
		bool digit = (at >= f->year && at < f->year + 4) || (at >= f->month && at < f->month + 2) ||
			(f->day >= 0 && at >= f->day && at < f->day + 2);

		if (!digit && p[i] != f->pattern[i])
			return false;
	}
	return true;
}

int datefmt_read(const struct datefmt *f, struct span text, char ret[11])
{
	int year, month, day = 1;

	if (text.n != f->length || !same_around(f, text.p))
		return -1;
	year = number(text.p + f->year, 4);
	month = number(text.p + f->month, 2);
	if (f->day >= 0)
		day = number(text.p + f->day, 2);
	if (!clock_date_ok(year, month, day))
		return -1;
	memcpy(ret, text.p + f->year, 4);
	ret[4] = '-';
	memcpy(ret + 5, text.p + f->month, 2);
	ret[7] = 0;
	if (f->day >= 0) {
		ret[7] = '-';
		memcpy(ret + 8, text.p + f->day, 2);
		ret[10] = 0;
	}
	return 0;
}

int datefmt_write(const struct datefmt *f, struct span iso, struct buf *b)
{
	static const struct datefmt date = {"yyyy-MM-dd", 10, 0, 5, 8}, month = {"yyyy-MM", 7, 0, 5, -1};
	char check[11], *at;

	if (datefmt_read(iso.n == 10 ? &date : &month, iso, check) != 0 || (f->day >= 0 && iso.n != 10))
		return -1;
	buf_reserve(b, f->length);
	at = b->p + b->n;
	memcpy(at, f->pattern, f->length);
	memcpy(at + f->year, iso.p, 4);
	memcpy(at + f->month, iso.p + 5, 2);
	if (f->day >= 0)
		memcpy(at + f->day, iso.p + 8, 2);
	b->n += f->length;
	return 0;
}
