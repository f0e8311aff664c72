/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_WAITING_H
#define JC_WAITING_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "bus.h"
#include "claim.h"
#include "gather.h"
#include "parcel.h"

/*
 * What waits for a person: claims that do not go on by themselves, batches that a destination holds, parcels of which
 * nobody knows whether they arrived.
 */
struct waiting {
	/* One of three. */
	const struct claim *claim;
	const struct gathering *gathering;
	const struct parcel *parcel;
	struct span batchid;
	const char *destination;     /* of a gathering or a parcel */
};

typedef int waiting_each(void *arg, const struct waiting *w, struct err *e);

/* Calls each with every one, claims first, then by destination; destinations that the site no longer has are among
 * them. The first failure ends it. */
int waiting_walk(struct bus *b, waiting_each *each, void *arg, struct err *e);

/* A block for people, or one object on one line. */
void waiting_text(const struct waiting *w, struct buf *b);
void waiting_json(const struct waiting *w, struct buf *b);
/* Every reason of a claim, one a line. */
void waiting_reasons(const struct claim *c, struct buf *b);
/* A claim in this state waits for a person. */
bool waiting_claim(struct span state);

#endif
