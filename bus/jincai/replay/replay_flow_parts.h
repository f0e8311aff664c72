/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_FLOW_PARTS_H
#define JC_REPLAY_FLOW_PARTS_H

#include "journal.h"
#include "replay.h"
#include "replay_batches.h"
#include "replay_flow.h"

/* What replay_flow.c (the flow, and topics) and replay_give.c (destinations) share. Nobody else includes this. */
#define REPLAY_SLICE 20000u          /* records that one turn looks at */
#define REPLAY_TURN_MS 1000          /* and how long: on a cluster one record may take a request of its own */

enum replay_phase { REPLAY_CHECKING, REPLAY_DECIDING, REPLAY_SKIPPING, REPLAY_WRITING };

struct replaying {
	struct flow flow;
	struct site *site;
	char id[REPLAY_ID];
	json_t *plan;                /* as the order had it; NULL: none runs */
	uint64_t events, rate;       /* as in the position */
	struct selection *selection; /* NULL: not opened yet in this life, or in this phase */
	enum replay_phase phase;
	uint64_t passed;             /* events of the selection so far */
	uint64_t *here;              /* of them, on each partition */
	unsigned topic;              /* that is written */
	int64_t began;               /* of this life, and how many were written since: for the rate */
	uint64_t written;
	struct buf event, text;

	/* Towards a destination. */
	struct replay_batches *batches;      /* NULL: it goes onto a topic */
	bool lost;                   /* the site has no such destination any more */
	char found[65];              /* digest of all lines as this life has found them, until which go is decided */
	char lines[65];              /* digest of all lines, once it is known which go: the position "goes"; "": it is not */
	bool cancelled;              /* what was begun before cancel_at events is ended, and nothing else begun */
	uint64_t cancel_at;
	struct replay_batch **begun; /* batches that were begun and have not ended; their topics are names of the bus */
	unsigned nbegun;
	bool begun_kept;             /* the position has such */
	struct err why;              /* it becomes void, and ends these first; E_NONE */
	struct totals *totals;
	struct journal *journal;
	unsigned journal_topic;
};

/* ---- replay_flow.c ---- */
/* Stages where the plan that runs is, and what goes with it. */
int replay_flow_save(struct replaying *r, enum replay_state state, const struct err *why, struct err *e);
/* Stages a position of a plan; takes o. */
int replay_flow_put(struct replaying *r, const char *id, json_t *o, struct err *e);
/* It is the one that runs from here on. state: as in its position, or of one that begins. */
int replay_flow_take_up(struct replaying *r, const char *id, const json_t *state, uint64_t rate, struct err *e);
void replay_flow_let_go(struct replaying *r);
/* Its end, staged. */
int replay_flow_end(struct replaying *r, enum replay_state state, const struct err *why, struct err *e);

/* ---- replay_acts.c ---- */
unsigned replay_acts_people(struct flow *f, const struct act *a);
int replay_acts_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e);
int replay_acts(struct flow *f, const struct act *a, struct err *e);

/* ---- replay_give.c ---- */
/* With the flow: totals and their journal. */
int replay_give_open(struct replaying *r, struct err *e);
void replay_give_close(struct replaying *r);
/* A plan towards a destination is taken up: which batches go, when that is known. */
int replay_give_begin(struct replaying *r, struct err *e);
void replay_give_end(struct replaying *r);
/* May anything be done now? 1; 0: all money is stopped; -1: replay.changed, the destination moves money by now, or no longer. */
int replay_give_may(struct replaying *r, struct err *e);
/* One event while all is held against the plan. */
int replay_give_look(struct replaying *r, const struct selected *v, struct err *e);
/* All was looked at: what it comes to is decided next. */
void replay_give_looked(struct replaying *r);
/* A turn of that: 1 there is more, 0 which batches go is staged, -1. replay.changed: it is not what was planned. */
int replay_give_decide(struct replaying *r, struct err *e);
/* Another life: is each line what it was? replay.changed */
int replay_give_checked_again(struct replaying *r, struct err *e);
/* One event: its line, and behind the last one of a batch its closings. */
int replay_give_one(struct replaying *r, const struct selected *v, struct err *e);
/* The closings of a batch, that of its own partition last, for the destination: 1 (in a), 0 one is not there, -1. */
int replay_give_closings(struct replaying *r, const struct replay_batch *b, struct arena *a, struct batch_closing **ret, unsigned *ret_n,
	struct err *e);
int replay_give_tell(struct replaying *r, const struct replay_batch *b, struct batch_closing *list, unsigned n, bool returned,
	struct err *e);
/* Nothing is left to do of one that was cancelled. */
bool replay_give_is_over(const struct replaying *r);
/* Stages postings, totals, and what was begun. */
int replay_give_save(struct replaying *r, struct err *e);

/* ---- replay_goes.c ---- */
/* Stages it: {"plan","batches":[ids],"ends"}. */
int replay_goes_save(struct replaying *r, struct span text, struct err *e);
/* As it was saved, for this plan; to be released. flow.position: it is not there. */
int replay_goes_load(struct replaying *r, json_t **ret, struct err *e);
int replay_goes_drop(struct replaying *r, struct err *e);

/* ---- replay_begun.c ---- */
void replay_begun_add(struct replaying *r, struct replay_batch *b);
void replay_begun_ended(struct replaying *r, struct replay_batch *b);
int replay_begun_save(struct replaying *r, struct err *e);
int replay_begun_recall(struct replaying *r, struct err *e);
/* Ends what was begun as returned, as much as one commit carries: 1 there is more, 0 it is all, -1. */
int replay_begun_give_up(struct replaying *r, struct err *e);

#endif
