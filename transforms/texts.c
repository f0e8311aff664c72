/* SPDX-License-Identifier: Apache-2.0 */
#include "texts.h"

static const struct span wide = {"\xe3\x80\x80", 3};     /* U+3000 */

struct span texts_trim(struct span s)
{
	for (;;) {
		struct span t = span_trim(s);

		if (span_starts(t, wide))
			t.p += 3, t.n -= 3;
		if (span_ends(t, wide))
			t.n -= 3;
		if (t.n == s.n)
			return t;
		s = t;
	}
}

/* Bytes of the blank at the beginning of t, or 0. */
static size_t blank_at(struct span t)
{
	if (t.p[0] == ' ' || t.p[0] == '\t')
		return 1;
	return span_starts(t, wide) ? wide.n : 0;
}

static size_t first_blank(struct span t)
{
	size_t i = 0;

	while (i < t.n && !blank_at((struct span){t.p + i, t.n - i}))
		i++;
	return i;
}

struct span texts_first(struct span t)
{
	t = texts_trim(t);
	return (struct span){t.p, first_blank(t)};
}

struct span texts_rest(struct span t)
{
	size_t n;

	t = texts_trim(t);
	n = first_blank(t);
	return n < t.n ? texts_trim((struct span){t.p + n, t.n - n}) : SPAN_NONE;
}

struct span texts_strip(struct span t, struct arena *a)
{
	size_t n = first_blank(t);
	char *p;

	if (n == t.n)
		return t;
	p = arena_new(a, t.n);
	memcpy(p, t.p, n);
	for (size_t i = n; i < t.n;) {
		size_t blank = blank_at((struct span){t.p + i, t.n - i});

		if (!blank)
			p[n++] = t.p[i];
		i += blank ? blank : 1;
	}
	return (struct span){p, n};
}

struct span texts_upper(struct span t, struct arena *a)
{
	size_t i = 0;
	char *p;

	while (i < t.n && !(t.p[i] >= 'a' && t.p[i] <= 'z'))
		i++;
	if (i == t.n)
		return t;
	p = arena_new(a, t.n);
	memcpy(p, t.p, t.n);
	for (; i < t.n; i++)
		if (p[i] >= 'a' && p[i] <= 'z')
			p[i] = (char)(p[i] - 'a' + 'A');
	return (struct span){p, t.n};
}

/* Two digits at the beginning of t, at most max; takes them. */
static bool take_pair(struct span *t, int max)
{
	const char *p = t->p;

	if (t->n < 2 || p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9' || (p[0] - '0') * 10 + (p[1] - '0') > max)
		return false;
	*t = (struct span){p + 2, t->n - 2};
	return true;
}

bool texts_time_follows(struct span t, size_t n)
{
	struct span rest;

	if (t.n <= n)
		return t.n == n;
	rest = (struct span){t.p + n, t.n - n};
	if (rest.p[0] == 'T' || rest.p[0] == ' ')
		rest.p++, rest.n--;
	if (rest.n < t.n - n && rest.n > 1 && rest.p[0] >= '0' && rest.p[0] <= '9' && rest.p[1] == ':')
		rest.p++, rest.n--;
	else if (!take_pair(&rest, 23))
		return false;
	if (rest.n && rest.p[0] == ':')
		rest.p++, rest.n--;
	if (!take_pair(&rest, 59))
		return false;
	for (size_t i = 0; i < rest.n; i++)
		if (!strchr("0123456789:.+-Z", rest.p[i]) || !rest.p[i])
			return false;
	return true;
}

bool texts_fraction_follows(struct span t, size_t n)
{
	if (t.n <= n)
		return t.n == n;
	for (size_t i = n + 1; i < t.n; i++)
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
	return t.p[n] == '.' && t.n > n + 1;
}

struct span texts_figure(struct span t)
{
	static const char *const before[] = {"合计", "总计", "共", "：", ":", "￥", "¥", NULL};
	static const char *const behind[] = {"元", "笔", "条", "人", "户", "张", "件", NULL};
	size_t n;

	do {
		t = texts_trim(t);
		n = t.n;
		for (unsigned i = 0; before[i]; i++)
			if (span_starts(t, span_of(before[i])))
				t = (struct span){t.p + strlen(before[i]), t.n - strlen(before[i])};
		for (unsigned i = 0; behind[i]; i++)
			if (span_ends(t, span_of(behind[i])))
				t.n -= strlen(behind[i]);
	} while (t.n != n);
	return t;
}
