/* SPDX-License-Identifier: Apache-2.0 */
#include "u64set.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

#define FIRST 1024u
#define DOUBLED 65536u               /* from here on it grows by a quarter */

/*
 * A number's place follows from its upper half. It stands there or behind, no gap between; what stands before it is less. So a
 * look ends at a gap or at the first number that is greater.
 */
static size_t place_of(const struct u64set *s, uint64_t x)
{
	return (size_t)((x >> 32) * s->cap >> 32);
}

void u64set_done(struct u64set *s)
{
	free(s->at);
	*s = U64SET_INIT;
}

/* Puts what stands in order at the end of the table, from `from` on, to its places: false when there are too few behind the last. */
static bool spread(struct u64set *s, size_t from)
{
	size_t to = 0;

	for (size_t i = from; i + 1 < s->all; i++) {
		uint64_t x = s->at[i];

		if (to < place_of(s, x))
			to = place_of(s, x);
		if (to > i)
			return false;
		s->at[i] = 0;
		s->at[to++] = x;
	}
	return true;
}

static void grow(struct u64set *s)
{
	size_t end, before;

	do {
		before = s->all;
		s->cap = !s->cap ? FIRST : s->cap < DOUBLED ? s->cap * 2 : s->cap + s->cap / 4;
		s->all = s->cap + s->cap / 32 + 32;
		s->at = mem_grow(s->at, s->all, sizeof *s->at);
		end = s->all - 1;
		s->at[end] = 0;
		for (size_t i = before; i-- > 0;)
			if (s->at[i])
				s->at[--end] = s->at[i];
		memset(s->at, 0, end * sizeof *s->at);
	} while (!spread(s, end));
}

static size_t first_not_less(const struct u64set *s, uint64_t x)
{
	size_t i = place_of(s, x);

	while (s->at[i] && s->at[i] < x)
		i++;
	return i;
}

bool u64set_add(struct u64set *s, uint64_t x)
{
	size_t at, gap;

	if (s->n >= s->cap / 10 * 9)
		grow(s);
	for (;;) {
		at = gap = first_not_less(s, x);
		if (s->at[at] == x)
			return false;
		while (s->at[gap])
			gap++;
		if (gap < s->all - 1)
			break;
		grow(s);
	}
	memmove(&s->at[at + 1], &s->at[at], (gap - at) * sizeof *s->at);
	s->at[at] = x;
	s->n++;
	return true;
}

const uint64_t *u64set_find(const struct u64set *s, uint32_t top)
{
	static const uint64_t none;

	return s->cap ? &s->at[first_not_less(s, (uint64_t)top << 32)] : &none;
}
