/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_BATCHES_PARTS_H
#define JC_REPLAY_BATCHES_PARTS_H

#include "hash.h"
#include "replay_batches.h"
#include "totals.h"

/* What replay_batches.c (lines, sums, digests) and replay_judge.c (which batches go) share. Nobody else includes this. */
#define REPLAY_TABLE 16384u

/* Deciding goes through all batches once for each question, so that what is read lies one behind the other, and stops between two of them. */
enum replay_question { REPLAY_ASK_JOURNAL, REPLAY_ASK_LEDGERS, REPLAY_ASK_BATCHES, REPLAY_ASK_PARTITIONS, REPLAY_ASK_TOLD, REPLAY_ASK_REST };

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
	struct picker *picker;
	enum replay_question question;
	unsigned at;                 /* of the batches, for that question */
	struct bus_reader *journal;
};

/* Where the batch stands, or would. */
struct replay_batch **replay_batches_slot(struct replay_batches *x, struct span id);

/* ---- replay_judge.c ---- */
/* Of each batch that has counted before "until" (clock_steady_ms): 1 there is more, 0 each has its verdict, -1. */
int replay_batches_judge(struct replay_batches *x, int64_t until, struct err *e);

/* ---- replay_ledger.c ---- */
/* Which batches the ledgers have that the store knows nothing of. replay.ledger {file}{to}: one does not tell. */
int replay_batches_ledgers(struct replay_batches *x, struct err *e);

#endif
