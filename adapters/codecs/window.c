/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <assert.h>
#include <stdlib.h>

enum { FILL = 128 << 10 };           /* asked for at once: stays in the second-level cache */

void window_init(struct window *w, struct codec_input *in, size_t most, uint64_t offset)
{
	*w = (struct window){.in = in, .cap = most + FILL, .offset = offset};
	w->buf = mem_new(w->cap);
}

void window_done(struct window *w)
{
	free(w->buf);
}

int window_more(struct window *w, struct err *e)
{
	size_t room, got = 0;

	if (w->eof)
		return 0;
	if (w->cap - w->n < FILL) {
		memmove(w->buf, w->buf + w->pos, w->n - w->pos);
		w->n -= w->pos;
		w->pos = 0;
	}
	room = w->cap - w->n;
	assert(room > 0);
	if (w->in->fill(w->in, (char *)w->buf + w->n, room < FILL ? room : FILL, &got, e))
		return -1;
	w->eof = got == 0;
	w->n += got;
	return 0;
}

int window_need(struct window *w, size_t n, struct err *e)
{
	while (window_there(w) < n && !w->eof)
		if (window_more(w, e))
			return -1;
	return 0;
}

int window_skip_to(struct window *w, uint64_t offset, struct err *e)
{
	while (w->offset < offset) {
		const uint64_t left = offset - w->offset;
		const size_t there = window_there(w);

		window_take(w, left < there ? (size_t)left : there);
		if (w->offset == offset || w->eof)
			break;
		if (window_more(w, e))
			return -1;
	}
	return 0;
}
