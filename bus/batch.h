/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_BATCH_H
#define JC_BATCH_H

#include "bus.h"
#include "event.h"
#include "picker.h"

/*
 * The end of a batch: an event of type jincai.batch.closed, last of its batch on each partition that carries its
 * records, and on the batch's own partition after all others. The router writes one copy of its own for every destination
 * that any of the batch's event types can reach. Figures are totals over all types, never additions: a later closing of the
 * same batch and partition replaces the earlier. One that comes again says what the one that it replaces had, so that who has
 * settled that one already knows what is new: `before`.
 *
 * The last of all, on every partition, may say that the batch was returned to its source: then it goes nowhere any more.
 */
#define BATCH_TYPES_MAX 8u
#define BATCH_PARTITIONS_MAX 64u

struct batch_closing {
	struct span batchid, adapter;
	struct span types[BATCH_TYPES_MAX];  /* that its events can have, whether one came or not; at least one */
	unsigned ntypes;
	bool whole;                  /* released whole or not at all */
	unsigned partition;
	uint64_t published;          /* of this batch on this partition */
	uint64_t failed;             /* of this batch on this partition: dead, duplicate, conflict, unshaped, without a route;
	                              * for any destination. Not 0: what is released whole is held */
	uint64_t routed;             /* to the destination that reads this (router's copy) */
	uint64_t before;             /* of `published` on an event topic, of `routed` on a destination's: what the closing that
	                              * this one replaces had; 0 of the first */
	uint64_t here;               /* of `failed`, what failed at the router (its copy) */
	bool again;                  /* an earlier one came to this destination before (router's copy) */
	bool returned;               /* the whole batch was given back (router's copy) */
	bool goes_on;                /* a return of it came to nothing: what was put aside for that goes on (router's copy) */
	bool given_up;               /* returned, but here alone: a replay gave it up half way, elsewhere it stands */
	bool last;                   /* on the batch's own partition: what follows is there */
	unsigned npartitions;        /* that carry records of it, this one included */
	unsigned partitions[BATCH_PARTITIONS_MAX];
	uint64_t all;                /* published on all of them */
};

/* Appends an unstamped event. attributes: source and time are taken from it; id is made of batch and partition. */
void batch_closing_write(struct buf *b, const struct batch_closing *c, const struct event *attributes);
/* Reads an event of that type from that partition; spans point into scratch or the event. batch.closing (ERR_HALT): it is none, or speaks
 * of another partition. */
int batch_closing_read(const struct event *v, unsigned partition, struct arena *scratch, struct batch_closing *ret, struct err *e);

/* The newest closing of a batch on a partition of a topic, by the index: 1 found, texts in a and its offset in *ret_offset;
 * 0 none; -1. What the same owner has staged is not found: commit first. */
int batch_closing_find(struct bus *b, struct bus_owner *o, unsigned topic, struct span batchid, unsigned partition,
	struct arena *a, struct batch_closing *ret, uint64_t *ret_offset, struct err *e);
/* The same for nobody's owner, and for who asks for very many. */
int batch_closing_pick(struct bus *b, struct picker *p, unsigned topic, struct span batchid, unsigned partition,
	struct arena *a, struct batch_closing *ret, uint64_t *ret_offset, struct err *e);

#endif
