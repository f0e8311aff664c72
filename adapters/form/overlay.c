/* SPDX-License-Identifier: Apache-2.0 */
#include "overlay.h"

#include <stdlib.h>

#define ROOM (64u << 10)

struct overlay_input {
	struct codec_input input;    /* first: fill casts back */
	const struct overlays *overlays;
	struct codec_input *in;
	char *bytes;                 /* what came in and was not looked at yet: [at, n) */
	size_t at, n;
	uint64_t line, skip;
	bool begins, ended;          /* at the begin of a line; the document has ended */
	const struct overlay *over;  /* lies over the line that is being passed over; NULL: the line is given */
	bool cr;                     /* the last byte passed over was a carriage return */
	struct buf made;             /* to be given before anything else, from given on */
	size_t given;
	unsigned met;
};

const struct overlay *overlays_within(const struct overlays *o, uint64_t from, uint64_t to)
{
	for (unsigned i = 0; o && i < o->n; i++)
		if (o->list[i].line >= from && (o->list[i].line < to || o->list[i].line == from))
			return &o->list[i];
	return NULL;
}

bool overlays_put(struct overlays *o, const struct overlay *x)
{
	unsigned i = 0;

	while (i < o->n && o->list[i].line != x->line)
		i++;
	if (i == OVERLAYS_MAX)
		return false;
	o->list[i] = *x;
	o->n += i == o->n;
	return true;
}

static int refill(struct overlay_input *x, struct err *e)
{
	if (x->at < x->n || x->ended)
		return 0;
	x->at = 0;
	if (x->in->fill(x->in, x->bytes, ROOM, &x->n, e) != 0) {
		x->n = 0;
		return -1;
	}
	x->ended = x->n == 0;
	return 0;
}

/* Up to the end of the line, or what there is of it. */
static struct span rest_of_line(const struct overlay_input *x, bool *ret_ends)
{
	const char *from = x->bytes + x->at, *lf = memchr(from, '\n', x->n - x->at);

	*ret_ends = lf != NULL;
	return (struct span){from, lf ? (size_t)(lf - from) : x->n - x->at};
}

static void next_line(struct overlay_input *x)
{
	x->line++;
	x->begins = true;
	x->over = NULL;
	x->cr = false;
}

/* Passes over the line's own bytes; its end is given as it was. */
static void pass_over(struct overlay_input *x)
{
	bool ends;
	struct span rest = rest_of_line(x, &ends);

	if (rest.n)
		x->cr = rest.p[rest.n - 1] == '\r';
	x->at += rest.n + ends;
	if (!ends)
		return;
	buf_str(&x->made, x->cr ? "\r\n" : "\n");
	next_line(x);
}

static void begin_line(struct overlay_input *x)
{
	x->begins = false;
	x->over = overlays_within(x->overlays, x->line, x->line + 1);
	if (!x->over)
		return;
	buf_span(&x->made, x->over->bytes);
	x->met++;
}

/* Gives at most cap of these bytes, those that are to be skipped left out; how many were used. */
static size_t give(struct overlay_input *x, struct span from, char **to, size_t *cap)
{
	size_t skipped = x->skip < from.n ? (size_t)x->skip : from.n, n = from.n - skipped;

	x->skip -= skipped;
	n = n < *cap ? n : *cap;
	memcpy(*to, from.p + skipped, n);
	*to += n;
	*cap -= n;
	return skipped + n;
}

static void give_made(struct overlay_input *x, char **to, size_t *cap)
{
	x->given += give(x, (struct span){x->made.p + x->given, x->made.n - x->given}, to, cap);
	if (x->given == x->made.n) {
		buf_clear(&x->made);
		x->given = 0;
	}
}

/* A line that nothing lies over goes through as it is. */
static void give_line(struct overlay_input *x, char **to, size_t *cap)
{
	bool ends;
	struct span rest = rest_of_line(x, &ends);
	size_t used = give(x, (struct span){rest.p, rest.n + ends}, to, cap);

	x->at += used;
	if (ends && used == rest.n + 1)
		next_line(x);
}

static int overlay_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct overlay_input *x = (struct overlay_input *)in;
	size_t left = cap;

	while (left) {
		if (x->made.n) {
			give_made(x, &p, &left);
			continue;
		}
		if (refill(x, e) != 0)
			return -1;
		if (x->ended)
			break;
		if (x->begins)
			begin_line(x);
		else if (x->over)
			pass_over(x);
		else
			give_line(x, &p, &left);
	}
	*ret_n = cap - left;
	return 0;
}

struct overlay_input *overlay_open(const struct overlays *o, struct codec_input *in, uint64_t skip)
{
	struct overlay_input *x = mem_new(sizeof *x);

	*x = (struct overlay_input){.input = {overlay_fill}, .overlays = o, .in = in, .bytes = mem_grow(NULL, ROOM, 1), .line = 1,
		.skip = skip, .begins = true, .made = BUF_INIT};
	return x;
}

struct codec_input *overlay_codec_input(struct overlay_input *x)
{
	return &x->input;
}

unsigned overlay_met(const struct overlay_input *x)
{
	return x->met;
}

void overlay_close(struct overlay_input *x)
{
	if (!x)
		return;
	free(x->bytes);
	buf_done(&x->made);
	free(x);
}
