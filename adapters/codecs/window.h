/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_WINDOW_H
#define JC_WINDOW_H

#include "codec.h"

/*
 * What codecs share that look at a record in one piece: the bytes of an input that are read and not yet given. Bytes
 * stay where they are until the next window_more or window_need.
 */
struct window {
	struct codec_input *in;
	unsigned char *buf;
	size_t cap, pos, n;          /* bytes at pos..n are there */
	uint64_t offset;             /* in the input, of the byte at pos */
	bool eof;                    /* none come behind them */
};

/* `most` is how many bytes are asked for at most in one piece. The input is borrowed. */
void window_init(struct window *w, struct codec_input *in, size_t most, uint64_t offset);
void window_done(struct window *w);

static inline const unsigned char *window_bytes(const struct window *w)
{
	return w->buf + w->pos;
}

static inline size_t window_there(const struct window *w)
{
	return w->n - w->pos;
}

/* The first n of those that are there are given. */
static inline void window_take(struct window *w, size_t n)
{
	w->pos += n;
	w->offset += n;
}

/* Asks the input once, fewer than `most` being there. -1: it failed, and can be asked again. */
int window_more(struct window *w, struct err *e);
/* Asks until n bytes are there (at most `most`) or the input ends. */
int window_need(struct window *w, size_t n, struct err *e);
/* Gives bytes away up to that offset, or up to the end. What was given away stays so when the input fails. */
int window_skip_to(struct window *w, uint64_t offset, struct err *e);

#endif
