/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_BATCHES_H
#define JC_REPLAY_BATCHES_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "batch.h"
#include "replay_handed.h"
#include "selection.h"
#include "totals.h"

/*
 * What of a selection a destination can still be given: whole batches that it never was offered, which is what a destination that
 * came to the site later lacks. A batch goes when
 *
 *	- it is published, its end is known, and the router has forwarded it everywhere; nothing of it failed, for any destination,
 *	  and it was not returned;
 *	- all of it is in the selection;
 *	- the destination was given none of its ids, had no closing of it, and the router never decided for it there (the journal);
 *	- each line that the routes of now lead there can be shaped by the form of now.
 *
 * The router's own pieces decide and shape, so a line is what it would have been had the destination been there. Ids stay.
 *
 * To a destination that moves money a batch goes without the lines that any other such destination was given (replay_handed.h): for
 * this one they are as if no route led them there. One of which no line is left does not go.
 *
 *	struct replay_batches *x = replay_batches_new(site, bus, d, NULL, NULL);
 *	for each event: replay_batches_add(x, &event, e);
 *	while ((got = replay_batches_decide(x, 1000, e)) == 1)
 *		...
 */
enum replay_verdict {
	REPLAY_GOES,
	REPLAY_PART,                 /* not all of it is selected */
	REPLAY_HAS,                  /* the destination was offered it before */
	REPLAY_FAILED,               /* something of it could not go on, for somebody */
	REPLAY_RETURNED,             /* it was given back, or is no published batch */
	REPLAY_OPEN_YET,             /* it has not ended, or the router has not come so far */
	REPLAY_UNSHAPED,             /* a line of it cannot be shaped */
	REPLAY_PAID,                 /* others that move money were given each of its lines */
	REPLAY_LEDGER,               /* the ledger of another that moves money has something of it that the store does not know */
	REPLAY_OWN_LEDGER,           /* that of the destination itself has */
	REPLAY_VERDICTS
};
extern const char *const replay_verdicts[REPLAY_VERDICTS], *const replay_verdicts_zh[REPLAY_VERDICTS];

#define REPLAY_PARTITIONS 64u        /* batch_closing */

/* Of a batch, in one currency: of lines that go, or of those that others were given. Tens of thousands have one. */
struct replay_sum {
	struct replay_sum *next;
	struct money_sum sum;
	char currency[TOTALS_CURRENCY_MAX];
	bool goes;
};

struct replay_batch {
	const char *topic;           /* on which it was published; the bus has the name */
	uint64_t seen, has, lines, unshaped;
	uint64_t handed;             /* lines that others that move money were given */
	uint64_t on;                 /* partitions that have records of it, a bit each */
	uint64_t published;          /* on all of them, by their closings */
	struct replay_sum *sums;     /* where money moves */
	bool counted;                /* the router decided for the destination */
	bool ledger, own_ledger;     /* see REPLAY_LEDGER, REPLAY_OWN_LEDGER */
	enum replay_verdict verdict;
	/* For who gives it, in a second pass. */
	bool goes, begun;
	uint64_t all, passed;
	uint64_t *here;              /* lines on each of REPLAY_PARTITIONS, while it is begun */
	struct replay_batch *next;   /* of the same hash */
	char id[];
};

/* So many bytes of ids go into the position of the flow, in one commit: some 140,000 batches, which take some 55 MB while it runs. */
#define REPLAY_GOES_MAX (6u << 20)

struct replay_batches;

/* d: number of the destination in the site; behind its last one: it has none, and nobody asks. plan: whose it is, to be told when it is void (replay.changed); NULL: while it is made.
 * ends: as replay_handed_ends gave them; NULL: as they are now. */
struct replay_batches *replay_batches_new(struct site *s, struct bus *b, unsigned d, const char *plan, const json_t *ends, struct err *e);
void replay_batches_free(struct replay_batches *x);   /* NULL is fine */
/* Its batch. */
struct replay_batch *replay_batches_of(struct replay_batches *x, struct span id);
int replay_batches_add(struct replay_batches *x, const struct selected *v, struct err *e);
/* Of the others that move money; NULL: the destination moves none. */
struct replay_handed *replay_batches_others(const struct replay_batches *x);
/* When all were added, for so long, or a little longer: 1 there is more to do, 0 it is decided, -1. */
int replay_batches_decide(struct replay_batches *x, int64_t ms, struct err *e);
/* In the order in which they came. */
unsigned replay_batches_count(const struct replay_batches *x);
const struct replay_batch *replay_batches_at(const struct replay_batches *x, unsigned i);
/* SHA-256, hex, over each verdict and each line as it would be: another one as soon as the form, its tables, a route, or what the
 * destination has is another. */
void replay_batches_digest(const struct replay_batches *x, char ret[65]);
/* Once it is decided, for the plan, to be released. What goes: {"batches","lines","digest"}, and where money moves {"money":[rows],
 * "mode"}, how the destination is (replay_mode). What others were given of it: {"lines","money":[rows],"sha256"}, NULL where no money
 * moves. */
int replay_batches_goes(const struct replay_batches *x, json_t **ret, struct err *e);
int replay_batches_handed(const struct replay_batches *x, json_t **ret, struct err *e);

/* The line of one event: 1 (until the next call), 0 it gets none, -1. *ret_money, fen and readable: as totals count it. replay.changed:
 * another that moves money was given it since. */
int replay_batches_line(struct replay_batches *x, const struct selected *v, struct span *ret, struct span *ret_currency, int64_t *ret_fen,
	bool *ret_readable, struct err *e);
/* The closing of a batch on a partition of its event topic: 1 (texts in a), 0, -1. */
int replay_batches_closing(struct replay_batches *x, const struct replay_batch *b, unsigned partition, struct arena *a,
	struct batch_closing *ret, struct err *e);
/* On its own partition, which says where the others are. */
int replay_batches_last(struct replay_batches *x, const struct replay_batch *b, struct arena *a, struct batch_closing *ret, struct err *e);
/* Can something of it come to the destination at all? Then its closings are told there. */
bool replay_batches_reaches(const struct replay_batches *x, const struct batch_closing *c);
/* Was it given back by now? 1, 0, -1. */
int replay_batches_returned(struct replay_batches *x, const struct replay_batch *b, struct err *e);

#endif
