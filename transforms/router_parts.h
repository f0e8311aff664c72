/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ROUTER_PARTS_H
#define JC_ROUTER_PARTS_H

#include "batch.h"
#include "dead.h"
#include "journal.h"
#include "router.h"
#include "totals.h"

/* What router.c (the flow), router_build.c (what it is built from) and router_look.c (who asks it) share. Nobody else includes this. */
#define DESTINATIONS_MAX 64u

struct shape {
	const struct map *line;      /* NULL: the destination takes no event of this type */
	struct slots slots;
	int *from;                   /* for each slot: slot of the type's names, or -1 */
	int split;
};

struct route {
	unsigned destination;
	struct expr *when;
};

struct type {
	char *name;
	unsigned topic;
	bool instruction;
	struct names *names;
	struct extract *extract;
	struct slots slots;
	char currency[TOTALS_CURRENCY_MAX];  /* of the event in work, where its kind of money is not cash */
	struct route *routes;
	unsigned nroutes;
	struct shape shapes[DESTINATIONS_MAX];
};

/* What is under way on one input partition. */
struct open_batch {
	char *batchid;
	uint64_t seen, failed;
	uint64_t routed[DESTINATIONS_MAX];
	struct open_batch *next;
};

struct input {
	unsigned topic, partition;
	struct bus_reader *reader;
	struct lane_heads *heads;
	struct totals *totals;
	struct journal *journal;
	struct open_batch *open;
	uint64_t offset;             /* of the next message to read */
	bool moved;
};

struct router {
	struct flow flow;
	char *source;                /* "/site/router" */
	struct {
		char name[65];
		unsigned topic;
	} destinations[DESTINATIONS_MAX];
	unsigned ndestinations;
	struct type *types;
	unsigned ntypes;
	struct input *inputs;
	unsigned ninputs, turn;
	unsigned first;              /* of flow.inputs that is read; what stands before it only wakes the flow */
	unsigned dead_topic, journal_topic;
	json_t *owed;                /* [{"flow","id","order"}]: slips to be asked for; NULL: none */
	bool owed_moved;             /* they were handed in, and the position does not know it */
	json_t *asked;               /* returns of which destinations were asked: router_ask.c */
	bool asked_anew;             /* they are still to be handed in */
	struct buf event, position;
	struct arena scratch;
	unsigned failing;            /* events in a row, of all inputs, that could not be shaped or had no route */
	struct err first_why;        /* of the first of them */
	uint64_t resumed;            /* times it had been let go on when an event last went well: position "limit" */
};

/* ---- router_close.c: what destinations are told of a batch's end ---- */
/* The newest closing of the batch that a destination was sent on a partition: 1 (texts in r->scratch), 0, -1. */
int router_closing_sent(struct router *r, unsigned d, struct span batchid, unsigned partition, struct batch_closing *ret,
	struct err *e);
int router_append_closing(struct router *r, unsigned d, const struct batch_closing *c, struct span time, struct err *e);
/* Tells all destinations that a type of the batch reaches. events: the closing on the event topic; added: to what each was
 * routed before; here: all that failed at the router on this partition. */
int router_close_batch(struct router *r, const struct batch_closing *events, const uint64_t added[DESTINATIONS_MAX],
	uint64_t here, struct span time, struct err *e);
/* What failed here, as the closings say that were sent: 1, 0 none was sent, -1. */
int router_failed_here(struct router *r, struct span batchid, unsigned partition, uint64_t *ret, struct err *e);
/* Appends the ids of all letters of a batch that the router wrote, ended ones too, each with its NUL; place: of the events whose
 * place begins so, SPAN_NONE: of all. Committed ones only. How many, or -1. */
int router_letters(struct router *r, struct span batchid, struct span place, struct buf *ret, struct err *e);

/* router.c: what runs; one event shaped for a destination, into r->event. router_build.c: frees what was built. */
extern const struct flow_kind router_kind;
int router_shape_event(struct router *r, struct type *t, const struct event *v, unsigned d, struct err *e);
void router_free(struct flow *f);
struct type *router_type_of(struct router *r, struct span type);
/* Of the event that was extracted last: does a route lead it to that destination; its currency as totals name it; its amount. */
bool router_matches(const struct type *t, unsigned d);
struct span router_currency(struct type *t);
bool router_amount(const struct type *t, int64_t *ret_fen);
int router_save_input(struct router *r, struct input *in, struct err *e);
/* As its position says, committed ones alone; heads and totals are there, the rest of it is empty. */
int router_restore_input(struct router *r, struct input *in, struct err *e);
void router_input_done(struct input *in);

/* ---- router_act.c: what people decide; retry ---- */
#define ROUTER_LETTERS_MAX 5000u     /* ended by one act: they are one commit */

/* What an act brings to one input partition, for one batch. */
struct added {
	struct input *in;
	uint64_t routed[DESTINATIONS_MAX];
	uint64_t mended;             /* events of which nothing is dead any more */
};

struct acting {
	struct router *r;
	const struct act *act;
	int64_t now_ms;
	bool single;                 /* one letter, by the digest of what the person saw */
	struct span batchid;         /* of the letters */
	struct added *added;         /* of each input that something came to */
	unsigned nadded;
	enum err_id why;             /* why a letter could not be retried */
};

/* A letter with the event that it is about. */
struct letter {
	struct buf record, event_record;
	struct arena arena;
	struct event is, event;      /* the letter; what died */
	struct dead_letter d;
	struct input *in;
	uint64_t offset;
};

int router_act(struct flow *f, const struct act *act, struct err *e);
int router_refuse(struct acting *a, enum err_id why, struct err *e);
/* 1 read, open, and the event as it was when the letter was written; 0: a->why; -1. */
int router_read_letter(struct acting *a, struct span id, struct letter *l, struct err *e);
void router_letter_done(struct letter *l);
int router_end_letter(struct acting *a, const struct event *letter, const char *state, struct err *e);
/* The closing on the event topic, when it has been forwarded: 1; 0 the batch is still on its way; -1. */
int router_forwarded(struct router *r, const struct input *in, struct span batchid, struct batch_closing *ret, struct err *e);
struct input *router_input_at(struct router *r, unsigned topic, unsigned partition);
/* Of one that another part of the router reads, as that part has committed it: 1, 0 the batch is still on its way there; -1. */
int router_forwarded_there(struct router *r, unsigned topic, unsigned partition, struct span batchid, struct batch_closing *ret,
	struct err *e);

/* ---- router_return.c: return ---- */
int router_return_letter(struct acting *a, struct err *e);
int router_return_batch(struct acting *a, struct err *e);
/* A batch that every destination has put aside is given back; one that some have is to go on there. With the act's outcome. */
int router_give_back(struct acting *a, const bool put_aside[DESTINATIONS_MAX], struct err *e);
int router_go_on(struct acting *a, const bool put_aside[DESTINATIONS_MAX], struct err *e);
/* Slips that the adapters still have to be asked for: in the position "owed", handed in after the commit. */
int router_owed_open(struct router *r, struct err *e);
int router_owed_hand_in(struct router *r, struct err *e);
/* Stages the position without those that were handed in; *ret_any when it did. */
int router_owed_save(struct router *r, bool *ret_any, struct err *e);
void router_owed_close(struct router *r);

/* ---- router_ask.c: before a return of what may have been sent ---- */
/* Asks those that were routed something of it; the act has its outcome when they have answered. */
int router_ask(struct acting *a, struct span batchid, const bool routed[DESTINATIONS_MAX], struct err *e);
int router_asked_open(struct router *r, struct err *e);
int router_asked_hand_in(struct router *r, struct err *e);
/* Decides on the first batch of which all have answered; *ret_any when there was one. */
int router_asked_look(struct router *r, bool *ret_any, struct err *e);
void router_asked_close(struct router *r);

#endif
