/* SPDX-License-Identifier: Apache-2.0 */
#include "datefmt.h"

#include "clock.h"

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A part of n letters at i, read into its place; false when there is no such part, or it stands twice. */
static bool place_part(struct datefmt *f, size_t i, size_t n)
{
	signed char *place = f->pattern[i] == 'y' ? &f->year : f->pattern[i] == 'M' ? &f->month : &f->day;
	const char after = f->pattern[i + n];

	if (*place >= 0 || !strchr("yMd", f->pattern[i]) || (place == &f->year ? n != 4 : n > 2))
		return false;
	*place = (signed char)i;
	if (n > 1)
		return true;
	f->loose = true;
	f->length++;
	return !letter(after) && !(after >= '0' && after <= '9');
}

int datefmt_compile_in(struct span pattern, struct datefmt *ret)
{
	struct datefmt f = {.length = (unsigned)pattern.n, .year = -1, .month = -1, .day = -1};

	if (pattern.n < 6 || pattern.n >= sizeof f.pattern)
		return -1;
	memcpy(f.pattern, pattern.p, pattern.n);
	f.serial = span_is(pattern, "serial");
	for (size_t i = 0, n; i < pattern.n && !f.serial; i += n) {
		for (n = 1; letter(f.pattern[i]) && f.pattern[i + n] == f.pattern[i]; n++)
			;
		if (letter(f.pattern[i]) && !place_part(&f, i, n))
			return -1;
	}
	if (f.serial)
		f.day = 0;           /* it knows the day */
	else if (f.year < 0 || f.month < 0)
		return -1;
	*ret = f;
	return 0;
}

int datefmt_compile(struct span pattern, struct datefmt *ret)
{
	struct datefmt f;

	if (datefmt_compile_in(pattern, &f) != 0 || f.loose || f.serial)
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

static void write_number(char *to, int v, unsigned n)
{
	while (n--) {
		to[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

/* A month where the pattern has no day. */
static size_t write_iso(int year, int month, int day, size_t took, char ret[11])
{
	if (!clock_date_ok(year, month, day > 0 ? day : 1))
		return 0;
	write_number(ret, year, 4);
	ret[4] = '-';
	write_number(ret + 5, month, 2);
	ret[7] = day > 0 ? '-' : 0;
	if (day > 0) {
		write_number(ret + 8, day, 2);
		ret[10] = 0;
	}
	return took;
}

static unsigned digits_at(struct span text, size_t at, unsigned most)
{
	unsigned n = 0;

	while (n < most && at + n < text.n && text.p[at + n] >= '0' && text.p[at + n] <= '9')
		n++;
	return n;
}

/* Parts of one digit or two: what stands where is only known from what stands before it. */
static size_t take_loose(const struct datefmt *f, struct span text, char ret[11])
{
	int value[3] = {0, 0, -1};
	size_t at = 0, i = 0;

	while (f->pattern[i]) {
		const char c = f->pattern[i];
		const unsigned want = c == 'y' ? 4 : f->pattern[i + 1] == c ? 2 : 1;
		unsigned n;

		if (!letter(c)) {
			if (at >= text.n || text.p[at++] != f->pattern[i++])
				return 0;
			continue;
		}
		n = digits_at(text, at, want > 1 ? want : 2);
		if (n < want)
			return 0;
		value[c == 'y' ? 0 : c == 'M' ? 1 : 2] = number(text.p + at, n);
		at += n;
		i += want;
	}
	return value[2] == 0 ? 0 : write_iso(value[0], value[1], value[2], at, ret);
}

static size_t take_serial(struct span text, char ret[11])
{
	const unsigned n = digits_at(text, 0, 6);
	int days = number(text.p, n), year = 1900, month = 1;

	if (n == 0 || digits_at(text, n, 1) || text.p[0] == '0' || days == 60)
		return 0;
	days -= days > 60;
	while (days > (clock_date_ok(year, 2, 29) ? 366 : 365) && year < 2200)
		days -= clock_date_ok(year++, 2, 29) ? 366 : 365;
	while (month < 12 && !clock_date_ok(year, month, days)) {
		int last = 31;

		while (last > 28 && !clock_date_ok(year, month, last))
			last--;
		days -= last;
		month++;
	}
	return write_iso(year, month, days, n, ret);
}

size_t datefmt_take(const struct datefmt *f, struct span text, char ret[11])
{
	int year, month, day = 1;

	if (f->loose || f->serial)
		return f->loose ? take_loose(f, text, ret) : take_serial(text, ret);
	if (!f->length || text.n < f->length || !same_around(f, text.p))
		return 0;
	year = number(text.p + f->year, 4);
	month = number(text.p + f->month, 2);
	if (f->day >= 0)
		day = number(text.p + f->day, 2);
	if (!clock_date_ok(year, month, day))
		return 0;
	memcpy(ret, text.p + f->year, 4);
	ret[4] = '-';
	memcpy(ret + 5, text.p + f->month, 2);
	ret[7] = 0;
	if (f->day >= 0) {
		ret[7] = '-';
		memcpy(ret + 8, text.p + f->day, 2);
		ret[10] = 0;
	}
	return f->length;
}

int datefmt_read(const struct datefmt *f, struct span text, char ret[11])
{
	char iso[11] = "";

	if (!text.n || datefmt_take(f, text, iso) != text.n)
		return -1;
	memcpy(ret, iso, sizeof iso);
	return 0;
}

int datefmt_write(const struct datefmt *f, struct span iso, struct buf *b)
{
	static const struct datefmt date = {"yyyy-MM-dd", 10, 0, 5, 8, false, false},
		month = {"yyyy-MM", 7, 0, 5, -1, false, false};
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
