/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_H
#define JC_REPLAY_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>

#include "selection.h"

/*
 * A replay (重放): events that lie on the bus are given out once more, as they are, under the ids that they have. Nobody's
 * position is moved, no destination is given anything: it goes into a file that was not there before.
 *
 * First there is a plan, and nothing has moved. It lies in <bus>/replay/ID.json and is never changed; ID.at beside it says how
 * far it is. Both are written whole or not at all.
 *
 *	ID.json  {"id","selection":{...},"digest","events","money":[rows],"already":[{"destination","events"}],"samples":[ids],
 *	          "to":{"file":PATH},"reason","by","at","seconds"}
 *	ID.at    {"state","events","bytes","sha256"}
 *
 *	digest   selection_digest() over all of it: when what is found is not that any more, nothing is handed on
 *	events, bytes   that stand in PATH.part, synced. What is behind them there is cut off when it goes on
 *	sha256   of the whole file, once all is in it: from then on it only gets its name
 */
enum replay_state { REPLAY_PLANNED, REPLAY_RUNNING, REPLAY_NAMING, REPLAY_DONE, REPLAY_CANCELLED };
extern const char *const replay_states[], *const replay_states_zh[];
#define REPLAY_ID 40u

struct replay {
	char id[REPLAY_ID];
	json_t *plan;                /* as in ID.json */
	enum replay_state state;
	uint64_t events, bytes;
	char sha256[65];
	int lock;                    /* of ID.json; -1: only looked at */
};

/* Reads the selection to its end and stores the plan. file: not there yet (replay.taken). *ret is to be freed by replay_done.
 * Errors: replay.empty, replay.taken, those of selection_open. */
int replay_make(struct site *s, struct bus *b, const struct selection_words *w, const char *file, const char *reason,
	struct replay *ret, struct err *e);
/* lock: nobody else may run or cancel it meanwhile (replay.runs). replay.none {plan}. */
int replay_open(struct bus *b, const char *id, bool lock, struct replay *ret, struct err *e);
void replay_done(struct replay *r);
/* Durable: how far it is. */
int replay_save(struct bus *b, const struct replay *r, struct err *e);
/* Calls each with every plan of this host, oldest first. The first failure ends it. */
int replay_each(struct bus *b, int (*each)(void *arg, const struct replay *r, struct err *e), void *arg, struct err *e);

/* ---- running it (replay_file.c) ---- */
struct replay_run {
	uint64_t rate;               /* events a second; 0: as fast as it goes */
	/* Asked now and then: true, and what was done so far is kept for the next time. */
	bool (*paused)(void *arg);
	void *arg;
};

/* 1 all of it is in its place, 0 paused, -1. replay.changed {plan}, replay.ended {plan}{state}, replay.taken {to}, file.*, disk.*. */
int replay_to_file(struct site *s, struct bus *b, struct replay *r, const struct replay_run *how, struct err *e);
/* It never goes on; what was begun is taken away. */
int replay_cancel(struct bus *b, struct replay *r, struct err *e);

#endif
