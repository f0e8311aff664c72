/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

#include "wrap.h"

struct gz_reader {
	struct wrap_reader base;     /* first */
	z_stream z;
	bool inside;                 /* a member */
	bool any;                    /* there was one */
};

static struct wrap_format *gz_compile(struct conf *node, struct conf *settings, const struct wrap_setup *s,
	struct findings *f)
{
	struct wrap_format *g = mem_new(sizeof *g);

	(void)node, (void)settings, (void)s, (void)f;
	g->wrap = &wrap_gz;
	return g;
}

static void gz_format_free(struct wrap_format *f)
{
	free(f);
}

static struct wrap_reader *gz_open(const struct wrap_format *f)
{
	struct gz_reader *g = mem_new(sizeof *g);

	(void)f;
	if (inflateInit2(&g->z, 15 + 16) != Z_OK)    /* 16: a gzip header and trailer, both checked by zlib */
		abort();
	return &g->base;
}

static void gz_close(struct wrap_reader *r)
{
	struct gz_reader *g = (struct gz_reader *)r;

	inflateEnd(&g->z);
	free(g);
}

/* 1 at the begin of a member, 0 at the end of the file, -1. */
static int begin_member(struct gz_reader *g, struct err *e)
{
	const unsigned char *p;
	int end = wrap_at_end(&g->base, e);

	if (end < 0 || (end && g->any))
		return end < 0 ? -1 : 0;
	if (window_need(&g->base.in, 2, e))
		return -1;
	p = window_bytes(&g->base.in);
	if (window_there(&g->base.in) && (p[0] != 0x1f || (window_there(&g->base.in) > 1 && p[1] != 0x8b)))
		return wrap_error(&g->base, g->any ? E_WRAP_BEHIND : E_WRAP_NOT, e);
	if (wrap_need(&g->base, 2, e))
		return -1;
	inflateReset(&g->z);
	g->inside = g->any = true;
	return 1;
}

/* zlib tells the two apart by its words alone. */
static bool is_checksum(const char *words)
{
	return words && (strcmp(words, "incorrect data check") == 0 || strcmp(words, "incorrect length check") == 0);
}

/* Inflates what is there into p; *ret_n may be 0. */
static int inflate_some(struct gz_reader *g, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	const size_t there = window_there(&g->base.in);
	const uInt room = cap < 1u << 30 ? (uInt)cap : 1u << 30;
	int got;

	g->z.next_in = (Bytef *)(uintptr_t)window_bytes(&g->base.in);
	g->z.avail_in = (uInt)there;
	g->z.next_out = (Bytef *)p;
	g->z.avail_out = room;
	got = inflate(&g->z, Z_NO_FLUSH);
	window_take(&g->base.in, there - g->z.avail_in);
	*ret_n = room - g->z.avail_out;
	if (got == Z_MEM_ERROR)
		abort();
	if (got == Z_STREAM_END)
		g->inside = false;
	else if (got != Z_OK && got != Z_BUF_ERROR)
		return wrap_error(&g->base, is_checksum(g->z.msg) ? E_WRAP_CHECKSUM : E_WRAP_CORRUPT, e);
	return wrap_made(&g->base, *ret_n, e);
}

static int gz_give(struct wrap_reader *r, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct gz_reader *g = (struct gz_reader *)r;
	int got;

	for (*ret_n = 0; *ret_n == 0;) {
		if (!g->inside) {
			got = begin_member(g, e);
			if (got <= 0)
				return got;
		}
		if (wrap_need(r, 1, e) || inflate_some(g, p, cap, ret_n, e) != 0)
			return -1;
	}
	return 0;
}

const struct wrap wrap_gz = {
	.name = "gz",
	.most = 2,
	.compile = gz_compile,
	.format_free = gz_format_free,
	.open = gz_open,
	.give = gz_give,
	.close = gz_close,
};
