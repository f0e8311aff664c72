/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PARCEL_H
#define JC_PARCEL_H

#include <jansson.h>

#include "event.h"
#include "money.h"
#include "totals.h"

/*
 * A parcel: what a destination hands over as one. It is planned before it is sent and its bytes are never built twice:
 *
 *	planned   bytes are staged and synced, the plan is committed with the input positions
 *	handing   committed before the rename that the receiver can see; carries the id of this start of the machine
 *	unknown   was in handing when the machine itself stopped: the receiver may or may not have it; a person settles it
 *	done      handed over: from here on it is only history on jincai.parcels
 */
enum parcel_state { PARCEL_PLANNED, PARCEL_HANDING, PARCEL_UNKNOWN, PARCEL_DONE };

extern const char *const parcel_states[];

/* Consecutive records of one batch on one partition, both ends included. */
struct parcel_range {
	unsigned partition;
	uint64_t first, last;
};

struct parcel {
	uint64_t no;                 /* of the destination, from 1, never used twice */
	uint64_t generation;         /* of the lanes of who built it: part of the staged names */
	enum parcel_state state;
	bool shadow;                 /* made while the destination ran in shadow: it never goes to the receiver */
	char *batchid, *split;       /* split: "" when the destination does not split */
	char *name, *marker;         /* final names; marker "" without one */
	char *staged, *staged_marker;
	char *date;                  /* 2026-12-01 or "" */
	struct money_sum sum;
	uint64_t cut;                /* lines with a text that was shortened for the receiver */
	char currency[TOTALS_CURRENCY_MAX];
	uint64_t ids;                /* of its lines, added up: ledger.h */
	bool in_ledger;              /* in memory: the ledger has it */
	char digest[65];             /* SHA-256 of the body, hex */
	char boot[40];               /* in handing */
	struct parcel *next;
};

void parcel_free(struct parcel *p);
/* As a JSON object, for positions and for jincai.parcels. */
void parcel_write(const struct parcel *p, struct buf *b);
struct parcel *parcel_read(const json_t *o, struct err *e);       /* parcel.record (ERR_HALT) */
/* Appends an unstamped event of type jincai.parcel; ranges of the batch's lines go into a plan, n = 0 otherwise. */
void parcel_event(struct buf *b, const struct parcel *p, const char *destination, const struct parcel_range *ranges,
	unsigned n, struct span source, int64_t time_ms);

#endif
