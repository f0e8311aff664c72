/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_OVERLAY_H
#define JC_OVERLAY_H

#include "codec.h"

/*
 * What a person put in the place of a line of a report. The file itself is never touched: the words are laid over it while it
 * is read, and stand in its claim. Lines are numbered as in the file; one line takes the place of one, so what is laid over one
 * does not move the others.
 */
#define OVERLAYS_MAX 32u
#define OVERLAY_BYTES 4096u          /* of one line */

struct overlay {
	uint64_t line;               /* from 1 */
	struct span bytes;           /* in the file's charset, without an end of line; not empty */
	struct span act, by;         /* who did it */
};

struct overlays {
	struct overlay list[OVERLAYS_MAX];
	unsigned n;
};

/* The overlay of a line from `from` up to but not including `to` (at least that of `from`); NULL: there is none. */
const struct overlay *overlays_within(const struct overlays *o, uint64_t from, uint64_t to);
/* Puts x in the place of what lay over its line, or adds it; false: there are OVERLAYS_MAX already. Borrows its texts. */
bool overlays_put(struct overlays *o, const struct overlay *x);

/* A document with its lines changed, as bytes. in stands at its begin; the first skip bytes of what comes out are not given. o and
 * in are borrowed until close. Ends of lines stay as they are. */
struct overlay_input;
struct overlay_input *overlay_open(const struct overlays *o, struct codec_input *in, uint64_t skip);
struct codec_input *overlay_codec_input(struct overlay_input *x);
/* How many of them have had their line so far. */
unsigned overlay_met(const struct overlay_input *x);
void overlay_close(struct overlay_input *x);

#endif
