/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SPAN_H
#define JC_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Borrowed bytes: never owned, never terminated. {NULL, 0} is "absent", {"", 0} is "empty". */
struct span {
	const char *p;
	size_t n;
};

#define SPAN(lit) ((struct span){(lit), sizeof(lit) - 1})
#define SPAN_NONE ((struct span){NULL, 0})
/* For printf: "%.*s", SPAN_F(s) */
#define SPAN_F(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct span span_of(const char *text)
{
	return (struct span){text, text ? strlen(text) : 0};
}

static inline bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
	return span_eq(a, span_of(text));
}

static inline bool span_starts(struct span a, struct span with)
{
	return a.n >= with.n && (with.n == 0 || memcmp(a.p, with.p, with.n) == 0);
}

static inline bool span_ends(struct span a, struct span with)
{
	return a.n >= with.n && (with.n == 0 || memcmp(a.p + a.n - with.n, with.p, with.n) == 0);
}

/* Without blanks and tabs at both ends. */
static inline struct span span_trim(struct span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s.p++, s.n--;
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Order by bytes, a prefix first. */
int span_cmp(struct span a, struct span b);

#endif
