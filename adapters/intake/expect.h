/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_EXPECT_H
#define JC_EXPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

/*
 * When a source is expected to hand something in, and when its silence is a thing to look into.
 *
 *	monthly by 6        in each month, by the 6th (31 in a shorter month: its last day)
 *	weekly by friday    in each week, Monday to Sunday
 *	daily               on each working day
 *
 * A deadline that is no working day is the next one that is, also when that lies in the next period. Days are those of
 * clock_day(). It has passed when its day is over.
 */
struct expect {
	enum expect_every { EXPECT_NEVER, EXPECT_MONTHLY, EXPECT_WEEKLY, EXPECT_DAILY } every;
	unsigned by;                 /* day of the month from 1; weekday, 0 Monday to 6 Sunday */
};

/* Is that day one on which people work? arg is the caller's. */
typedef bool expect_works(const void *arg, int64_t day);

/* -1 when the text is none of the three. */
int expect_read(struct span text, struct expect *ret);

struct expect_period {
	int64_t first;               /* its first day: what comes from then on counts */
	int64_t deadline;
};

/* The period that the day lies in. daily: of a day without work the next one with. */
struct expect_period expect_period_of(const struct expect *x, int64_t day, expect_works *works, const void *arg);
/* The latest period whose deadline has passed when it is that day. */
struct expect_period expect_passed(const struct expect *x, int64_t day, expect_works *works, const void *arg);

#endif
