/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "wrap.h"

struct base64_reader {
	struct wrap_reader base;     /* first */
	uint32_t bits;               /* of a group of four that is begun */
	unsigned have, filled;       /* characters of it, and how many of them are `=` */
	bool closed;                 /* there was a group with `=`: no other may follow */
	unsigned char group[3];      /* decoded and not given */
	unsigned at, n;
};

static struct wrap_format *base64_compile(struct conf *node, struct conf *settings, const struct wrap_setup *s,
	struct findings *f)
{
	struct wrap_format *b = mem_new(sizeof *b);

	(void)node, (void)settings, (void)s, (void)f;
	b->wrap = &wrap_base64;
	return b;
}

static void base64_format_free(struct wrap_format *f)
{
	free(f);
}

static struct wrap_reader *base64_open(const struct wrap_format *f)
{
	struct base64_reader *b = mem_new(sizeof *b);

	(void)f;
	return &b->base;
}

static void base64_close(struct wrap_reader *r)
{
	free(r);
}

/* Value of a character; -1: it is none. */
static int value_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_blank(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A group of four is whole. Bits that belong to no byte must be 0, else two texts would mean the same bytes. */
static int end_group(struct base64_reader *b, struct err *e)
{
	b->n = 3 - b->filled;
	b->at = 0;
	for (unsigned i = 0; i < 3; i++)
		b->group[i] = (unsigned char)(b->bits >> (16 - 8 * i));
	if (b->filled && (b->bits & (b->filled == 1 ? 0xffu : 0xffffu)))
		return wrap_error(&b->base, E_WRAP_BASE64, e);
	b->closed = b->filled > 0;
	b->bits = 0;
	b->have = b->filled = 0;
	return 0;
}

/* The character at the window's begin. */
static int take_character(struct base64_reader *b, unsigned char c, struct err *e)
{
	const int v = value_of(c);

	if (b->closed)
		return wrap_error(&b->base, E_WRAP_BEHIND, e);
	if (c == '=' ? b->have < 2 : v < 0 || b->filled)
		return wrap_error(&b->base, E_WRAP_BASE64, e);
	b->filled += c == '=';
	b->bits = b->bits << 6 | (c == '=' ? 0u : (uint32_t)v);
	if (++b->have == 4 && end_group(b, e) != 0)
		return -1;
	return 0;
}

static int base64_give(struct wrap_reader *r, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct base64_reader *b = (struct base64_reader *)r;
	size_t n = 0;

	for (;;) {
		while (b->at < b->n && n < cap)
			p[n++] = (char)b->group[b->at++];
		/* What is there is given before the input is asked, for an input that fails is asked again. */
		if (n == cap || (n && !window_there(&r->in)))
			break;
		if (window_need(&r->in, 1, e))
			return -1;
		if (!window_there(&r->in)) {
			if (b->have)
				return wrap_error(r, E_WRAP_TRUNCATED, e);
			break;
		}
		if (!is_blank(*window_bytes(&r->in)) && take_character(b, *window_bytes(&r->in), e) != 0)
			return -1;
		window_take(&r->in, 1);
	}
	*ret_n = n;
	return wrap_made(r, n, e);
}

const struct wrap wrap_base64 = {
	.name = "base64",
	.most = 1,
	.compile = base64_compile,
	.format_free = base64_format_free,
	.open = base64_open,
	.give = base64_give,
	.close = base64_close,
};
