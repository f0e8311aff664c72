/* SPDX-License-Identifier: Apache-2.0 */
#include "buf.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void out_of_memory(void)
{
	static const char text[] =
		"jincai: out of memory; what was not committed will be done again at the next start\n";

	fwrite(text, 1, sizeof text - 1, stderr);
	_Exit(6);
}

void *mem_new(size_t n)
{
	void *p = calloc(1, n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *mem_grow(void *p, size_t count, size_t size)
{
	void *q = reallocarray(p, count ? count : 1, size ? size : 1);

	if (!q)
		out_of_memory();
	return q;
}

void *mem_room(void *p, size_t *cap, size_t n, size_t size)
{
	if (n <= *cap)
		return p;
	*cap = n + n / 2 + 16;
	return mem_grow(p, *cap, size);
}

char *mem_text(struct span s)
{
	char *t = mem_new(s.n + 1);

	if (s.n)
		memcpy(t, s.p, s.n);
	return t;
}

int span_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

void buf_done(struct buf *b)
{
	free(b->p);
	*b = BUF_INIT;
}

void buf_grow(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;

	while (cap - b->n < more)
		cap += cap;
	b->p = mem_grow(b->p, cap, 1);
	b->cap = cap;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		buf_reserve(b, (size_t)n + 1);
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

void buf_u64(struct buf *b, uint64_t v)
{
	char t[20];
	size_t n = sizeof t;

	do
		t[--n] = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(b, t + n, sizeof t - n);
}

const char *buf_text(struct buf *b)
{
	buf_reserve(b, 1);
	b->p[b->n] = 0;
	return b->p;
}

struct arena_block {
	struct arena_block *next;
	size_t n, cap;
	alignas(max_align_t) char bytes[];
};

static struct arena_block *arena_room(struct arena *a, size_t n)
{
	struct arena_block *b = a->last, *fresh;
	size_t cap = n > 8192 ? n : 8192;

	for (; b; b = b->next) {
		if (b->cap - b->n >= n)
			return a->last = b;
		if (!b->next)
			break;
	}
	fresh = mem_new(sizeof *fresh + cap);
	fresh->cap = cap;
	if (b)
		b->next = fresh;
	else
		a->first = fresh;
	return a->last = fresh;
}

void *arena_new(struct arena *a, size_t n)
{
	size_t whole = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct arena_block *b = arena_room(a, whole);
	void *p = b->bytes + b->n;

	b->n += whole;
	a->used += whole;
	return memset(p, 0, whole);
}

char *arena_text(struct arena *a, struct span s)
{
	char *t = arena_new(a, s.n + 1);

	if (s.n)
		memcpy(t, s.p, s.n);
	return t;
}

struct span arena_span(struct arena *a, struct span s)
{
	return (struct span){s.p ? arena_text(a, s) : NULL, s.n};
}

void arena_clear(struct arena *a)
{
	for (struct arena_block *b = a->first; b; b = b->next)
		b->n = 0;
	a->last = a->first;
	a->used = 0;
}

void arena_done(struct arena *a)
{
	for (struct arena_block *b = a->first, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	*a = ARENA_INIT;
}
