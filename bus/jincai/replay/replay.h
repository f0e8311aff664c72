/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_H
#define JC_REPLAY_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>
#include <stdio.h>

#include "act.h"
#include "selection.h"

/*
 * A replay (重放): events that lie on the bus are given out once more, under the ids that they have: into a file, as they are,
 * onto a topic of its own, as consumers may see them (replay_mask.h), or to a destination that never was offered them
 * (replay_batches.h). Nobody's position is moved, and it never goes where something is.
 *
 * First there is a plan, and nothing has moved. It lies in <bus>/replay/ID.json and is never changed. How far it is says, into a
 * file, ID.at beside it; onto a topic, the position of the flow that does it (replay_flow.h).
 *
 *	ID.json  {"id","selection":{...},"digest","events","money":[rows],"already":[{"destination","events"}],"samples":[ids],
 *	          "to":{"file":PATH}, {"topic":NAME} or {"destination":NAME},"masked":["payroll.line.v1 payee.name payee.account"],
 *	          "batches","goes":{"batches","lines","digest","money":[rows],"mode"},"handed":{"lines","money":[rows],"sha256"},
 *	          "not":[{"batch","why"}],"reason","by","at","seconds"}
 *	ID.at    {"state","events","bytes","sha256"}
 *
 *	digest   selection_digest() over all of it: when what is found is not that any more, nothing is handed on
 *	masked   onto a topic: of each type with personal data, which fields
 *	goes     to a destination: what of the batches goes, and the digest of replay_batches_digest(); not: the first of the others;
 *	         money, mode, handed: to one that moves money (replay_batches.h), of whose lines ID.handed.jsonl has those that others
 *	         were given (replay_handed.h)
 *	events, bytes   that stand in PATH.part, synced. What is behind them there is cut off when it goes on
 *	sha256   of the whole file, once all is in it: from then on it only gets its name
 *
 * Into a file the verb itself writes, onto a topic the flow "replay" of the running site does: the verb asks it by an act and looks on.
 */
enum replay_state {
	REPLAY_PLANNED, REPLAY_RUNNING,
	REPLAY_NAMING,               /* of a file */
	REPLAY_DONE, REPLAY_CANCELLED,
	REPLAY_PAUSED, REPLAY_VOID   /* by the flow; void: what it speaks of is no longer as it was */
};
#define REPLAY_STATES 7u
extern const char *const replay_states[REPLAY_STATES], *const replay_states_zh[REPLAY_STATES];
/* REPLAY_PLANNED for a text that is none. */
enum replay_state replay_state_of(const char *text);
/* It never goes on. */
bool replay_has_ended(enum replay_state s);
#define REPLAY_ID 40u

/* Where to: one of them, the others NULL. */
struct replay_to {
	const char *file;            /* a path */
	const char *topic;           /* NAME of jincai.replay.NAME */
	const char *destination;     /* of the site */
};

struct replay {
	char id[REPLAY_ID];
	json_t *plan;                /* as in ID.json */
	enum replay_state state;
	uint64_t events, bytes;
	char sha256[65];
	struct err why;              /* of a void one; else E_NONE */
	int lock;                    /* of ID.json; -1: only looked at */
};

/* Reads the selection to its end and stores the plan. *ret is to be freed by replay_done. Errors: replay.empty, replay.taken {to} (where
 * it goes something is), replay.topic {text}, replay.open, replay.mixed, replay.large, those of selection_open. */
int replay_make(struct site *s, struct bus *b, const struct selection_words *w, const struct replay_to *to, const char *reason,
	struct replay *ret, struct err *e);
/* lock: nobody else may run or cancel it meanwhile (replay.runs). replay.none {plan}. */
int replay_open(struct bus *b, const char *id, bool lock, struct replay *ret, struct err *e);
/* Reads again how far it is. */
int replay_look(struct bus *b, struct replay *r, struct err *e);
void replay_done(struct replay *r);
/* The path of what lies in the folder of plans: of ID and that end; of the folder itself when id is NULL. In the place of what ret held. */
#define REPLAY_HANDED ".handed.jsonl"
void replay_path(struct bus *b, const char *id, const char *end, struct buf *ret);
/* Durable: the plan itself, once. */
int replay_store(struct bus *b, const struct replay *r, struct err *e);
/* Durable: how far it is, into a file. */
int replay_save(struct bus *b, const struct replay *r, struct err *e);
/* Calls each with every plan of this host, oldest first. The first failure ends it. */
int replay_each(struct bus *b, int (*each)(void *arg, const struct replay *r, struct err *e), void *arg, struct err *e);
/* The file, the whole name of the topic, or the destination. */
const char *replay_where(const json_t *plan);
bool replay_is_file(const json_t *plan);
/* It goes to a destination. */
bool replay_is_given(const json_t *plan);

/* ---- onto a topic (replay_to.c) ---- */

/* The whole name of the topic that NAME means, which may be written whole. replay.topic {text}: the site has it for something else, or
 * it is no name. */
int replay_topic(struct span name, struct buf *ret, struct err *e);
/* Does anything lie on it? 1 or 0, also when it is not there, -1. */
int replay_topic_used(struct bus *b, const char *topic, struct err *e);
/* May all of that selection stand on one topic? replay.mixed, replay.open {topic}. */
int replay_topic_takes(const json_t *selection, struct err *e);
/* Do its topics hold batches: are they event topics alone? replay.topics {topic}. */
int replay_batches_taken(const json_t *selection, struct err *e);
/* What of a plan an order carries, and its SHA-256 in hex: what a decision about it speaks of. */
json_t *replay_core(const json_t *plan);
void replay_core_digest(const json_t *core, char ret[65]);

/* ---- running it into a file (replay_file.c) ---- */
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

/* ---- for people (replay_page.c) ---- */

/* The plan as it is printed, with at most max of the lines that others that move money were given. replay.changed {plan}: the file that
 * has them is not that of the plan. */
int replay_page(struct bus *b, const struct replay *r, uint64_t max, FILE *to, struct err *e);
/* {"what":[lines],"destination","count","sums","left_out"} of the order for a plan to a destination that moves money, in a language; to be
 * released. */
json_t *replay_shows(const json_t *plan, enum err_lang lang);
/* It moves money: two people let it begin. */
bool replay_is_money(const json_t *plan);

/* ---- asking the flow, and looking on (replay_watch.c) ---- */

/* Waits the plan for two people? 1 and the act, 0, -1. */
int replay_waits(struct bus *b, const struct replay *r, char ret_act[ACT_ID_MAX], struct err *e);

/* Exit codes. Both say on stdout and stderr what came of it. */
int replay_watch(struct site *s, struct bus *b, struct replay *r, const struct replay_run *how);
/* what: "pause" or "cancel". */
int replay_ask(struct site *s, struct bus *b, struct replay *r, const char *what, const char *reason);

#endif
