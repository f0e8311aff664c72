/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_JOURNAL_H
#define JC_JOURNAL_H

#include "flow.h"
#include "totals.h"

/*
 * The journal: what each commit of a flow changed in its totals, batch by batch, on jincai.journal. All postings
 * together are the totals of all flows; those of one batch say what became of it, wherever it is. A posting is an
 * event:
 *
 *	{"type":"jincai.posting","batchid":B,"data":{"begun":true,"ended":true,"flow":F,"more":[rows],"less":[rows]}}
 *
 *	begun    with this commit the adapter knew the batch for the first time: all that is counted of it stands here. Left out
 *	         otherwise
 *	ended    with this commit the batch ended in the adapter: all of it is published, or it never will be. Such a posting has
 *	         a time. The first one counts: the day of its time (clock_day) is the day of the batch. Left out otherwise
 *	flow     whose totals they are; of the router as a whole, whichever share of it wrote
 *	more     rows as totals_write writes them: what came to each term; less: what left it
 *
 * It is written in the commit that changes the totals, so neither is ever ahead of the other. A record costs what it
 * did: it is added to the sums of its batch, which are added to those of the flow once a commit.
 *
 * What was counted before there was a journal: a position says with JOURNAL_MARK that its totals stand here. When the
 * one that a flow finds has totals without it, the first commit opens the journal: a posting without a batch has all
 * that they hold. What comes of batches that nobody began here adds up only together with that, so those have no day.
 *
 * A program that kept no journal may have run in between: its positions have no mark either, but much of what they hold stands here
 * already. Then that posting takes back what no position with a mark accounts for, so that nothing stands here twice; what the older
 * program did has no day, and a batch that it ended is not known to have ended. Newer ones refuse to (store.h, STORE_FORMAT).
 */
#define JOURNAL_MARK ",\"journal\":true"

struct journal;

/* For those totals, which outlive it. number: of this one among those of its flow. */
struct journal *journal_new(struct totals *t, unsigned number);
void journal_free(struct journal *j);
/* The totals are as the flow finds them. position: where they come from, and its key; NULL: there is none yet. Without a mark it reads
 * the whole journal. */
int journal_found(struct journal *j, struct flow *f, const char *key, const json_t *position, struct err *e);
/* Sums of a batch since the last posting: records are added there (totals_add), to any term. Valid until the next call. */
struct totals *journal_of(struct journal *j, struct span batchid);
/* totals_move() of the totals, at once, noted for the batch. */
int journal_move(struct journal *j, struct span batchid, enum total_term term, const char *destination,
	struct span currency, const struct money_sum *sum, int sign, struct err *e);
void journal_begun(struct journal *j, struct span batchid);
void journal_ended(struct journal *j, struct span batchid);
/* Adds what came to the totals and stages the postings: before the totals are written into a position, in each commit that
 * changed them. topic: of the journal; the flow has it among its outputs. */
int journal_post(struct journal *j, struct flow *f, unsigned topic, struct err *e);

/* ---- reading (journal_read.c) ---- */
struct posting {
	struct span flow, batchid;   /* point into the record; no batch: what was counted before */
	bool begun, ended;
	struct totals *more, *less;  /* filled anew; the caller's */
};

/* 1 read; 0 the record is something else (a lane that opens); -1: journal.record {id} (ERR_HALT). */
int journal_read(struct span record, struct posting *p, struct err *e);

/* Did the batch begin here, did it end, and then: where, and on which day? One whose end says no time (there are old ones) ended
 * on the day on which that was committed. */
struct journal_batch {
	bool begun, ended;
	int64_t day;
	uint64_t ended_at;
};
int journal_look(struct bus *b, struct span batchid, struct journal_batch *ret, struct err *e);

/*
 * What follows is looked up (INDEX_DAYS) and takes as long as what is asked for, however long the journal is. Each is
 * called until it returns nonzero, which is returned; else 0, or -1.
 */
/* All postings of a batch, in no order; into p, which is the caller's. at: place on the journal. */
int journal_postings(struct bus *b, struct span batchid, struct posting *p,
	int (*each)(void *arg, const struct posting *p, uint64_t at), void *arg, struct err *e);
/* The batches that ended on that day. */
int journal_day(struct bus *b, int64_t day, int (*each)(void *arg, struct span batchid), void *arg, struct err *e);
/* The first day on which one ended: 1, 0 none has, -1. */
int journal_first_day(struct bus *b, int64_t *ret, struct err *e);
/* Those that began and have not ended. This one takes as long as there are batches. */
int journal_not_ended(struct bus *b, int (*each)(void *arg, struct span batchid), void *arg, struct err *e);

#endif
