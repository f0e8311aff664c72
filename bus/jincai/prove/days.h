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
 * The balance by day and by batch: what the journal has of each batch (journal.h), looked up, so that a day takes as
 * long as it is large, whatever was before it and came since.
 *
 * A batch belongs to the day (clock_day(): Asia/Shanghai) on which it ended in its adapter; one that has not ended
 * belongs to none yet. What comes of a batch later, a parcel handed over the next morning, counts on the batch's own
 * day, as long as that is not closed. What comes to a closed day is *late*: it stands in the next day that is closed,
 * with its own date. One that began before there was a journal belongs to none: it adds up only with all that was
 * counted before.
 *
 * The position "site/closed" says how far: {"day","upto","open":[batches]}. upto: what stands before it on the
 * journal, and is of a batch of that day or an earlier one, was closed.
 */
#define DAYS_NONE INT64_MIN          /* no day yet */

struct days {
	int64_t closed;              /* the last day that was closed, or DAYS_NONE */
	uint64_t upto, end;          /* places on the journal: of that closing; end: what came later than this was loaded is not seen */
	json_t *state;               /* of the position; NULL: nothing was closed */
};

int days_load(struct bus *b, struct days *ret, struct err *e);
void days_done(struct days *d);

struct days_batch {
	struct buf id;
	bool begun;                  /* on the journal; else it has no day, and does not add up by itself */
	int64_t day;                 /* or DAYS_NONE */
	bool was_closed;             /* its day was closed, and it was among what that closing counted */
	struct totals *before;       /* what was closed of it */
	struct totals *more, *less;  /* what came since, and what left: of one that is not closed, all */
	struct posting posting;
};

void days_batch_init(struct days_batch *x);
void days_batch_done(struct days_batch *x);
/* What that flow posted of it; NULL: what all did. d NULL: as if no day had been closed. 1; 0: nothing was ever; -1. */
int days_batch_load(struct bus *b, const struct days *d, const char *flow, struct span id, struct days_batch *x, struct err *e);
/* more without less, of a batch that is not closed: totals.negative when the journal is damaged. */
int days_net(const struct site *s, const struct days_batch *x, struct totals *into, struct err *e);
/* The same of all batches of that day together, as if it had not been closed. */
int days_sum(const struct site *s, struct bus *b, int64_t day, const char *flow, struct totals *into, struct err *e);
/* What of a batch is open: into those of its terms that wait for something (held, pending, on the way, ...). Looks for letters and
 * for its claim, so only what may be open is asked for. 1 something is, 0 nothing, -1. */
int days_open(struct bus *b, const struct days_batch *x, struct totals *into, struct err *e);

/* The batches of which the closing of that day speaks, by day, then id, those without a day last: those of the day; of days that
 * were closed, those to which something came since and those that stood open; all that have not ended. */
struct days_list {
	struct days_listed {
		char *id;
		int64_t day;
		struct days_listed *next;    /* of the same hash */
	} **all, **table;
	size_t n;
};

int days_list_load(struct bus *b, const struct days *d, int64_t day, struct days_list *ret, struct err *e);
void days_list_done(struct days_list *l);

#endif
