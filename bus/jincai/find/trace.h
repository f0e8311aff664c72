/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TRACE_H
#define JC_TRACE_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>
#include <stdio.h>

#include "claim.h"
#include "site.h"

/*
 * Where an event is and has been, by look-ups alone (INDEX_FIND, INDEX_IDS, INDEX_TO, INDEX_DEAD, INDEX_CLAIMS,
 * positions of flows): nothing is scanned, however many events there are; but of its own batch the lines before it are
 * counted. All texts of a trace lie in its arena.
 */
struct trace_hop {
	const char *kind;            /* for programs: "claimed", "published", "routed", "planned", "handing", "unknown",
	                              * "done", "died", "act": what a person decided */
	int64_t time_ms;
	const char *topic;           /* where it is written: topic, partition, offset */
	unsigned partition;
	uint64_t offset;
	struct span destination;     /* "": of none; of an act the flow that did it */
	struct span by;              /* of an act: who */
	struct span file;            /* of the source; of the parcel */
	uint64_t line;               /* in that file of the source; among the records of that parcel, counted by
	                              * reading; 0: not known */
	uint64_t parcel;             /* number; 0: of none */
	struct span record;          /* of what was routed: as it lies there; absent when it does no longer */
	struct span words;           /* what happened, for people, in the language of say.h */
};

/* Another event that has to do with it. */
struct trace_other {
	struct span id, type, amount, businessdate;
	struct span number, field;   /* the number that both have, and what the other's schema calls it */
	int64_t time_ms;
	const char *topic;
	unsigned partition;
	uint64_t offset;
	bool before;                 /* the same id, published before in a batch that was returned */
};

#define TRACE_OTHERS_MAX 100u

struct trace {
	struct arena arena;
	struct site *site;
	struct bus *bus;
	struct span record;          /* the event as it lies on the bus; "": it never came there, only a dead letter
	                              * tells */
	struct event event;
	struct span id;
	const char *topic;
	unsigned partition;
	uint64_t offset;
	int64_t time_ms;
	bool has_claim;
	struct claim claim;
	struct buf claim_record;
	struct trace_hop *hops;      /* by time */
	unsigned nhops;
	struct span *missing;        /* what is expected and has not happened, in words */
	unsigned nmissing;
	struct trace_other *others;
	unsigned nothers;
};

/* What is looked for: one of them. */
struct trace_key {
	struct span key;             /* an id, a number, or a place as lists show it: "jincai.payroll/0@17" */
	struct span unit;            /* with days and amount */
	int64_t first_day, last_day, fen;
};

/* One of those that are meant, and what a list says of it; of what never became an event there is the id alone. */
struct trace_found {
	struct span id, type, unit, amount, businessdate;
	int64_t time_ms;
	const char *topic;           /* NULL: it was named by its id, or died */
	unsigned partition;
	uint64_t offset;
};

/* The events that are meant, oldest first; at most max of them in ret, texts in the arena; *ret_all: how many there
 * are, as far as they were counted (max + 1: more). */
int trace_find(struct bus *b, const struct trace_key *k, struct arena *a, struct trace_found *ret, unsigned max,
	unsigned *ret_all, struct err *e);
/* All about one of them. router: as site_router(s, NULL) makes it. */
int trace_load(struct site *s, struct bus *b, struct router *router, struct span id, struct trace *ret, struct err *e);
void trace_done(struct trace *t);

/* What became of a claim, by its state, for people; "" of another text. */
const char *trace_claim_words(struct span state);

/* trace_show.c */
void trace_print(const struct trace *t, struct buf *b);
void trace_json(const struct trace *t, struct buf *b);
/* trace_full.c: the event, what each destination was given of it and would be given now, the bytes that it came from
 * and how they were read. Goes to stdout. */
int trace_full(const struct trace *t, struct router *router, struct err *e);

/* ---- for the files of trace ---- */

/* Where those lie that stand in INDEX_FIND under that prefix (none when it is empty), the first TRACE_OTHERS_MAX: for who asks the bus
 * for each of them. list is to be freed, also on failure. */
struct trace_places {
	struct bus_entry *list;
	unsigned n;
};
int trace_places(struct bus *b, struct span prefix, struct trace_places *ret, struct err *e);
/* The record at a place, copied into the arena; 1, 0 it is not there, -1. */
int trace_read(struct bus *b, struct arena *a, unsigned topic, unsigned partition, uint64_t offset,
	struct span *ret_value, int64_t *ret_ms, struct err *e);
/* trace_parcels.c: what was planned and handed over of a line, by its place on the destination's topic and its record
 * there (absent: it is there no longer). Which parcel has it follows from the plan that covers the place and from its
 * split and currency; where these do not tell, the parcels of the plan stand among what is missing, and none of them is
 * said to have it. */
int trace_parcels(struct trace *t, const struct site_destination *d, const struct bus_entry *line, struct span record,
	struct err *e);
/* trace_acts.c: what people decided about that subject (a batch, an id, a letter, a number of a parcel), each step of
 * it with its approvals. flow: that does it; "": any. */
int trace_acts(struct trace *t, struct span subject, struct span flow, struct err *e);
/* trace_shapes.c: appends what each destination was given of it, or would be given now, side by side. */
void trace_shapes(const struct trace *t, struct router *router, struct buf *b);
/* trace_others.c: what has one of its numbers, and the same id before. */
int trace_others(struct trace *t, struct err *e);
/* trace_waits.c: why it does not go on, put among what is missing: 1 there is a reason, 0 none is known, -1. Of a flow:
 * it was stopped, or stopped itself. Of a destination also: its batch or a line of it was stopped or is held there, all
 * money is stopped. */
int trace_stopped(struct trace *t, const char *flow, struct err *e);
int trace_waits(struct trace *t, const struct site_destination *d, struct err *e);

/* What a person typed as the reason of that order: it may hold a number, too, and is masked. */
struct span trace_reason(struct trace *t, const json_t *order);
struct span trace_words(struct trace *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void trace_add_hop(struct trace *t, const struct trace_hop *h);
void trace_add_missing(struct trace *t, struct span what);

static inline bool trace_is_act(const struct trace_hop *h)
{
	return strcmp(h->kind, "act") == 0;
}

#endif
