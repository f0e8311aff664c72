/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_GATHER_H
#define JC_GATHER_H

#include "batch.h"
#include "parcel.h"
#include "totals.h"

/*
 * A batch that a destination gathers: where its lines lie, what its closings said, and whether it may go.
 *
 * Closings can come again, when something of the batch that could not go on was retried. A batch that is held is judged anew
 * then. One that has gone already, which only happens to what goes by record, is gathered once more, from the new lines
 * alone, and does not wait for partitions that have nothing new. Last may come closings that say it was returned: it ends here.
 * What is put aside waits for these, or for one that says it goes on.
 */
#define GATHER_PARTITIONS_MAX BATCH_PARTITIONS_MAX
#define GATHER_TOPIC_MAX 101u        /* bus_topic */

struct gather_part {
	bool closed, returned;
	uint64_t published, failed, routed;  /* as the closing says */
	uint64_t lines;                      /* seen here, those already known included */
	uint64_t before;                     /* of routed, what an earlier gathering of this batch has had */
};

struct gathering {
	char *batchid;
	bool whole, held;
	bool again;                  /* has gone once, or came to nothing; here are the lines that came since */
	bool returned;               /* given back to its source: nothing of it goes any more */
	bool aside;                  /* for a return: nothing of it is planned until a closing says how that ended */
	char *why;                   /* name of the error code, when held; "" otherwise */
	char *why_args;
	char *date;                  /* of the first line; "" */
	uint64_t count;              /* of the lines to go */
	struct gather_sum {
		char currency[TOTALS_CURRENCY_MAX];
		struct money_sum sum;
	} *sums;                     /* of the lines to go, in the order in which currencies came */
	unsigned nsums;
	uint64_t already;
	struct parcel_range *ranges;
	unsigned nranges;
	struct gather_part parts[GATHER_PARTITIONS_MAX];
	bool has_last;
	unsigned npartitions, partitions[GATHER_PARTITIONS_MAX];
	uint64_t all;
	struct gather_out {          /* to a topic: how far it is, once it has begun (deliver_topic.c); digest "": it has not */
		char digest[65];
		char topic[GATHER_TOPIC_MAX];
		uint64_t cut;
		unsigned range;          /* of ranges; and the offset of the next line in it */
		uint64_t offset;
		uint64_t count;          /* lines on the topic */
	} out;
	bool changed, kept;          /* in memory: since it was saved; it stands in a position of its own */
	struct gathering *next;
};

enum gather_verdict { GATHER_OPEN, GATHER_READY, GATHER_NOTHING, GATHER_HOLD, GATHER_RETURNED };

struct gathering *gathering_new(struct span batchid);
void gathering_free(struct gathering *g);
void gathering_write(const struct gathering *g, struct buf *b);
struct gathering *gathering_read(const json_t *o, struct err *e);  /* gather.state (ERR_HALT) */
/* Adds a line to the sums. money.range: its currency's sum leaves the range. */
int gathering_add(struct gathering *g, struct span currency, int64_t fen, bool readable, struct err *e);
/* Adds the place of a line; follows = the record before it on that partition was a line of this batch too. */
void gathering_place(struct gathering *g, unsigned partition, uint64_t offset, bool follows);
/* A held batch is to be judged anew by it. gather.lines (ERR_HALT): the lines seen are not those that the router says it
 * wrote. */
int gathering_close(struct gathering *g, const struct batch_closing *c, struct err *e);
/* Is something of it still to come on that partition, as far as its closings say? own: its own partition, where the last one is. */
bool gathering_waits_for(const struct gathering *g, unsigned partition, unsigned own);
/* May it go? GATHER_HOLD sets why. */
enum gather_verdict gathering_judge(struct gathering *g);
/* The same of one that gathers a partition alone. gather.whole: it was released whole. */
enum gather_verdict gathering_judge_part(struct gathering *g, unsigned partition);
void gathering_hold(struct gathering *g, const struct err *why);

#endif
