/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_HANDED_H
#define JC_REPLAY_HANDED_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>

#include "site.h"

/*
 * What one bank was given no other bank is given: of a replay towards a destination that moves money (replay_batches.h), the lines
 * whose ids stand at any other one. Handed over, in shadow, or waiting there: it counts the same, for it may be paid from there. A
 * destination that the site no longer names, and of which the bus still has the topic, is taken to have moved money; so is one that
 * two people once let go live, whatever its form says now.
 *
 * Each such line stands in a file beside the plan, ID.handed.jsonl, in the order of the selection, and behind the last one the batches
 * of which nothing would have gone anyway:
 *
 *	{"id":...,"batch":...,"currency":"CNY","amount":"12.50","to":"bank-abc","at":"jincai.to.bank-abc/0@17"}
 *	{"batch":...,"why":"was offered before"}
 *
 * The plan has the SHA-256 of its bytes. The flow makes them once more without writing them, and so finds the same or something else.
 *
 * Between its look at all and the line that it writes somebody may be given something. What they have when it begins to look is told by
 * the ends of their topics, kept with the plan: what stands behind them was given since, and the plan is void.
 */
struct replay_handed;

/* Moves money now, or did: its form says so, or two people let it go live once. 1, 0, -1. */
int replay_pays(struct bus *b, const struct site_destination *d, struct err *e);
/* How it is: "off", "shadow", "live", or "not let go live yet". NULL: *e. It changes, and the plan is void. */
const char *replay_mode(struct bus *b, const struct site_destination *d, struct err *e);

/* d: where it goes. ends: as replay_handed_ends gave them; NULL: as they are now. */
struct replay_handed *replay_handed_new(struct site *s, struct bus *b, unsigned d, const json_t *ends, struct err *e);
void replay_handed_free(struct replay_handed *x);     /* NULL is fine */
/* {"jincai.to.bank-abc":[17], ...}, to be released. */
json_t *replay_handed_ends(const struct replay_handed *x);

unsigned replay_handed_count(const struct replay_handed *x);
/* The destination. */
const char *replay_handed_name(const struct replay_handed *x, unsigned i);

/* The first one, by name, that was given it. */
struct handed_at {
	const char *to, *topic;
	unsigned partition;
	uint64_t offset;
};
/* 1, 0 nobody was, 2 somebody was behind the ends, -1. */
int replay_handed_look(struct replay_handed *x, struct span id, struct handed_at *ret, struct err *e);

/* ---- the file ---- */

/* From here on what is noted is written there, too. The descriptor is the caller's. */
void replay_handed_into(struct replay_handed *x, int fd, const char *path);
int replay_handed_note(struct replay_handed *x, struct span id, struct span batch, struct span currency, int64_t fen, bool readable,
	const struct handed_at *at, struct err *e);
int replay_handed_not(struct replay_handed *x, const char *batch, const char *why, struct err *e);
/* All was noted: its SHA-256; durable when it is written. */
int replay_handed_end(struct replay_handed *x, char ret[65], struct err *e);

/* Calls each for every line of a file that its plan leaves out, in their order, until it returns nonzero. replay.changed {plan}: its
 * bytes are not those of the plan. */
int replay_handed_each(const char *path, const char *plan, const char *sha256, int (*each)(void *arg, const json_t *line), void *arg,
	struct err *e);

#endif
