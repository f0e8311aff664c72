/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DAYS_H
#define JC_DAYS_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>

#include "bus.h"
#include "site.h"
#include "journal.h"
#include "totals.h"

/*
 * The balance by day and by batch: the journal (journal.h), read from where the last day that was closed left off.
 *
 * A batch belongs to the day (clock_day(): Asia/Shanghai) on which it ended in its adapter; one that has not ended belongs to
 * none yet. What comes of a batch later, a parcel handed over the next morning, counts on the batch's own day, as long as
 * that is not closed. What comes to a closed day is *late*: it stands in the next day that is closed, with its own date. One
 * that began before there was a journal belongs to none: it adds up only with all that was counted before.
 *
 * The position "site/closed" says how far: {"day","upto","from","open":[batches]}. upto: what stands before it on the journal,
 * and is of a batch of that day or an earlier one, was closed; from: nothing before it is needed any more.
 */
#define DAYS_NONE INT64_MIN          /* no day yet */

struct days_batch {
	char *id;
	bool begun;                  /* on the journal; else it has no day, and does not add up by itself */
	int64_t day;                 /* or DAYS_NONE */
	bool was_closed;             /* its day was closed, and it was among what that closing counted */
	bool was_open;               /* and stood there as open */
	struct totals *before;       /* what was closed of it; only of one that was open */
	struct totals *more, *less;  /* what came since, and what left: of one that is not closed, all */
	struct totals *early_more, *early_less;  /* while reading: what stands before upto; NULL: nothing */
	struct journal_batch at;
	uint64_t first;              /* place on the journal of its first posting that was read */
	struct days_batch *next;     /* of the same hash */
};

struct days {
	struct days_batch **list;    /* by day, then id; those without a day last */
	size_t n;
	struct days_batch **table;
	size_t ntable;
	int64_t closed;              /* the last day that was closed, or DAYS_NONE */
	uint64_t upto, from, end;    /* of the journal: of that closing; end: up to where this was read */
	uint64_t postings;
	json_t *state;               /* of the position; NULL: nothing was closed */
};

/* What is wanted. Of one batch, and with all, everything counts as if no day had been closed. */
struct days_want {
	const char *flow, *batch;    /* of that alone; NULL: of all */
	bool all;
};

int days_load(struct bus *b, const struct days_want *want, struct days *ret, struct err *e);
void days_done(struct days *d);
/* more without less, of a batch that is not closed: totals.negative when the journal is damaged. */
int days_net(const struct site *s, const struct days_batch *x, struct totals *into, struct err *e);
/* The same of all batches of that day together; NULL: of whatever stands there. ret_n: how many those are. */
int days_sum(const struct site *s, const struct days *d, const int64_t *day, struct totals *into, size_t *ret_n, struct err *e);
/* What of a batch is open: into those of its terms that wait for something (held, pending, on the way, ...). Looks for letters and
 * for its claim, so only what may be open is asked for. 1 something is, 0 nothing, -1. */
int days_open(struct bus *b, const struct days_batch *x, struct totals *into, struct err *e);

#endif
