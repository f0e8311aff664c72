/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_BATCHES_PARTS_H
#define JC_REPLAY_BATCHES_PARTS_H

#include "hash.h"
#include "replay_batches.h"
#include "totals.h"

/* What replay_batches.c (lines, sums, digests) and replay_judge.c (which batches go) share. Nobody else includes this. */
#define REPLAY_TABLE 4096u

struct replay_batches {
	struct site *site;
	struct bus *bus;
	struct router *router;
	unsigned d;
	const char *plan, *mode;
	struct replay_handed *handed;        /* NULL: the destination moves no money */
	char handed_sha256[65];
	struct replay_batch **list, *table[REPLAY_TABLE];
	unsigned n;
	struct hash_sha256 *hash;
	struct buf record;
};

/* Where the batch stands, or would. */
struct replay_batch **replay_batches_slot(struct replay_batches *x, struct span id);

/* ---- replay_judge.c ---- */
/* Reads the journal: of which batches the router, or an earlier replay, has counted for the destination. */
int replay_batches_counted(struct replay_batches *x, struct err *e);
/* A verdict, -1. */
int replay_batches_judge(struct replay_batches *x, const struct replay_batch *b, struct err *e);

/* ---- replay_ledger.c ---- */
/* Which batches the ledgers of others have that the store knows nothing of. */
int replay_batches_ledgers(struct replay_batches *x, struct err *e);

#endif
