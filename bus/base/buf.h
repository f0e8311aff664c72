/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_BUF_H
#define JC_BUF_H

#include <stdarg.h>
#include <stdint.h>

#include "span.h"

/*
 * A growing byte buffer, and an arena for what lives as long as one thing does. Both end the process when memory runs
 * out: size limits stand at the entrances, not here. A buf that is cleared keeps its memory, so a loop that clears
 * and fills allocates nothing in steady state.
 */
struct buf {
	char *p;
	size_t n, cap;
};

#define BUF_INIT ((struct buf){NULL, 0, 0})

void buf_done(struct buf *b);                          /* frees; b is empty again and may be used */
void buf_grow(struct buf *b, size_t more);             /* buf_reserve's slow half */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_u64(struct buf *b, uint64_t v);               /* decimal */
const char *buf_text(struct buf *b);                   /* terminated (the NUL is not counted); valid until changed */

/* Room for `more` bytes behind n. */
static inline void buf_reserve(struct buf *b, size_t more)
{
	if (b->cap - b->n < more || !b->p)
		buf_grow(b, more);
}

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	buf_reserve(b, n);
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}

static inline void buf_clear(struct buf *b)
{
	b->n = 0;
}

static inline void buf_span(struct buf *b, struct span s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

static inline void buf_c(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline struct span buf_as_span(const struct buf *b)
{
	return (struct span){b->p ? b->p : "", b->n};
}

/* malloc and friends that end the process instead of returning NULL. */
void *mem_new(size_t n);                               /* zeroed */
void *mem_grow(void *p, size_t count, size_t size);    /* reallocarray */
void *mem_room(void *p, size_t *cap, size_t n, size_t size);       /* for n of *cap elements or more */
char *mem_text(struct span s);                         /* a terminated copy, to be freed */

struct arena {
	struct arena_block *first, *last;
	size_t used;                                       /* bytes handed out since the last clear */
};

#define ARENA_INIT ((struct arena){NULL, NULL, 0})

void *arena_new(struct arena *a, size_t n);            /* zeroed, aligned for any type */
char *arena_text(struct arena *a, struct span s);      /* a terminated copy */
struct span arena_span(struct arena *a, struct span s);
void arena_clear(struct arena *a);                     /* all is gone, the memory is kept */
void arena_done(struct arena *a);

#endif
