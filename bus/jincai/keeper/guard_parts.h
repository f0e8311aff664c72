/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_GUARD_PARTS_H
#define JC_GUARD_PARTS_H

#include "guard.h"
#include "guard_place.h"

/* What guard.c (judging, letting go), guard_life.c (the life of the store) and guard_beside.c (what lies beside it) share. Nobody
 * else includes this. */

#define GUARD_LIFE SITE_KEEPER "/life"

struct guard_life {
	char store[GUARD_STORE];
	struct guard_place place;
	uint64_t openings;
	int64_t clock_ms;            /* at the last opening */
	int64_t behind_ms;           /* a clock that is behind this one was accepted */
	json_t *accepted;            /* other stores whose witness was accepted: id -> openings; NULL: none */
	json_t *ledgers;             /* up to which number a ledger was accepted: destination -> number; NULL: none */
	json_t *missing;             /* up to which number a ledger that lacks it was accepted; the same */
	json_t *gaps;                /* a sum of the gaps of a ledger that were accepted; the same */
	uint64_t anchored;           /* so many lines of the anchor were accepted */
};

/* 1, 0 none, -1. store.newer: a newer program has been at work here. */
int guard_life_read(struct bus *b, struct guard_life *ret, struct err *e);
void guard_life_write(const struct guard_life *l, struct buf *b);
void guard_life_done(struct guard_life *l);
/* A life that begins: an id of its own. */
int guard_new_store(struct guard_life *l, struct err *e);
/* The last thing that was written, or opened. */
int64_t guard_last_ms(struct bus *b, const struct guard_life *l);
uint64_t guard_number(const json_t *o, const char *name);

struct guard_looking {
	const struct site *site;
	struct bus *bus;
	const struct guard_life *life;
	bool known;                  /* the store has a life */
	json_t *others;              /* when resuming: id -> openings of all witnesses; 0: of a ledger's line */
	json_t *reached;             /* when resuming: destination -> highest number of ledgers that are ahead */
	json_t *missing;             /* when resuming: destination -> number up to which its ledger should go and does not */
	json_t *gaps;                /* when resuming: destination -> sum of the gaps in its ledger */
	uint64_t lines;              /* of the anchor */
	uint64_t ahead;              /* the most openings that a witness of our own store says */
	struct err *why;
	struct err another;          /* not E_NONE: the first that names another store */
};

bool guard_is_money(const struct site_destination *d);
/* Witnesses, ledgers, the anchor: what they say otherwise than the store is in l. */
int guard_look_beside(struct guard_looking *l, struct err *e);
/* What the next start finds beside the store: witnesses, and a line of the anchor. */
int guard_put_witnesses(const struct site *s, struct guard_life *l, struct err *e);

#endif
