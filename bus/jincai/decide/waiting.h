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
	const char *number;          /* its short number, for who shows it; NULL */
};

typedef int waiting_each(void *arg, const struct waiting *w, struct err *e);

/* Calls each with every one, claims first, then by destination; destinations that the site no longer has are among
 * them. The first failure ends it. */
int waiting_walk(struct bus *b, waiting_each *each, void *arg, struct err *e);

/* Everything that a list says of one, as texts. */
struct waiting_words {
	const char *kind, *state;    /* claim, batch, parcel; held, ..., unknown */
	const char *name;            /* of the state, for people */
	struct buf what, not_happened, next, ask, act;
	struct totals *sums;         /* term read */
	bool own;                    /* sums are ours to free */
};
/* *t is zeroed. */
void waiting_words(struct waiting_words *t, const struct waiting *w);
void waiting_words_done(struct waiting_words *t);

/* A block for people, or one object on one line. */
void waiting_text(const struct waiting *w, struct buf *b);
void waiting_json(const struct waiting *w, struct buf *b);
/* Every reason of a claim, one a line. */
void waiting_reasons(const struct claim *c, struct buf *b);
/* What tells it from all else that waits; the same as long as it does. */
void waiting_subject(const struct waiting *w, struct buf *b);
/* It waits for a person: by its state, or it was published with suspected doubles. */
bool waiting_claim(const struct claim *c);
bool waiting_state(struct span state);

#endif
