/* SPDX-License-Identifier: Apache-2.0 */
#include "mask.h"

#include "utf8.h"

#define GROUP_MIN 3u                 /* digits between two separators of one number; those of a date are two */
#define ID_DIGITS 17u                /* before the check character of an identity number (GB 11643) */

/* Bytes of the digit that begins at p; 0: none does. */
static size_t digit(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (n && u[0] >= '0' && u[0] <= '9')
		return 1;
	if (n >= 2 && u[0] == 0xa3 && u[1] >= 0xb0 && u[1] <= 0xb9)
		return 2;
	if (n >= 3 && u[0] == 0xef && u[1] == 0xbc && u[2] >= 0x90 && u[2] <= 0x99)
		return 3;
	return 0;
}

struct run {
	size_t bytes;
	size_t digits;
	size_t shown;                /* bytes at the end that stay */
};

static size_t group(struct span s, size_t at, struct run *r, size_t last[MASK_SHOWN])
{
	size_t count = 0, n;

	for (; (n = digit(s.p + at, s.n - at)); at += n, count++)
		last[r->digits++ % MASK_SHOWN] = at;
	r->bytes = at;
	return count;
}

/* The run that begins at s; last holds where its last digits begin. */
static struct run find_run(struct span s)
{
	struct run r = {0};
	size_t last[MASK_SHOWN] = {0};
	size_t count = group(s, 0, &r, last);

	if (count == ID_DIGITS && r.bytes < s.n && (s.p[r.bytes] | 0x20) == 'x')
		last[r.digits++ % MASK_SHOWN] = r.bytes++;
	while (count >= GROUP_MIN && r.bytes < s.n && (s.p[r.bytes] == ' ' || s.p[r.bytes] == '-') &&
		digit(s.p + r.bytes + 1, s.n - r.bytes - 1))
		count = group(s, r.bytes + 1, &r, last);
	if (r.digits >= MASK_RUN)
		r.shown = r.bytes - last[r.digits % MASK_SHOWN];
	return r;
}

void mask_digits(struct buf *b, struct span s)
{
	buf_reserve(b, s.n);
	while (s.n) {
		struct run r = find_run(s);
		size_t n = r.bytes ? r.bytes : 1;

		if (r.digits >= MASK_RUN) {
			for (size_t i = r.shown; i < n; i++)
				buf_c(b, '*');
			buf_add(b, s.p + n - r.shown, r.shown);
		} else {
			buf_add(b, s.p, n);
		}
		s.p += n;
		s.n -= n;
	}
}

static bool packed(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
		c == '=' || c == '*';
}

void mask_packed(struct buf *b)
{
	for (size_t from = 0, to; from < b->n; from = to + 1) {
		size_t count = 0;

		for (to = from; to < b->n && (packed(b->p[to]) || (count && (b->p[to] == '\r' || b->p[to] == '\n')));
			to++)
			count += packed(b->p[to]);
		for (size_t i = from; count >= MASK_PACKED && i < to; i++)
			b->p[i] = packed(b->p[i]) ? '*' : b->p[i];
	}
}

static void put_stars(struct buf *b, size_t n)
{
	n = n < MASK_STARS ? n : MASK_STARS;
	while (n--)
		buf_c(b, '*');
}

void mask_name(struct buf *b, struct span text)
{
	size_t at = 0, characters = 0;

	while (at < text.n) {
		uint32_t c;
		size_t n = utf8_step(text.p + at, text.n - at, &c);

		n = n ? n : 1;
		if (!characters++)
			buf_add(b, text.p, n);
		at += n;
	}
	put_stars(b, characters ? characters - 1 : 0);
}

void mask_number(struct buf *b, struct span text)
{
	size_t shown = text.n > MASK_SHOWN ? MASK_SHOWN : 0;

	put_stars(b, text.n - shown);
	buf_add(b, text.p + text.n - shown, shown);
}
