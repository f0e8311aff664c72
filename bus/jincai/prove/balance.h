/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_BALANCE_H
#define JC_BALANCE_H

#include <stdio.h>

#include "site.h"
#include "totals.h"

/*
 * The balance: the totals of all flows, as their positions hold them, and whether the equations (totals.h) come out.
 * What one flow has written and the next has not read yet is "on the way": the difference of two terms that are kept by
 * two flows, never negative.
 */
struct balance {
	struct totals *all;          /* of every flow together */
	struct balance_flow {
		char *name;
		struct totals *totals;
		struct totals *unposted;     /* what of them the journal has not yet (journal.h) */
	} *flows;
	unsigned nflows;
	const char *only;            /* this destination alone is told; NULL: all */
	bool part;                   /* of some flows or destinations alone: nothing is said of what lies between two flows */
};

int balance_load(struct bus *b, struct balance *ret, struct err *e);
void balance_done(struct balance *b);

/* How many equations of the whole site do not come out, without a word. */
unsigned balance_wrong(const struct balance *b, const struct site *s);
/* Prints the equations of the whole site as a table; returns the number of equations that do not come out. */
unsigned balance_print(const struct balance *b, const struct site *s, FILE *to);
/* The equations of one currency alone, without a word: how many do not come out, and the largest difference in fen. */
unsigned balance_of(const struct balance *b, const struct site *s, const char *currency, int64_t *ret_difference);
/* The same as JSON: {"terms":[...],"wrong":0,"difference":"0.00"}; deep: a JSON value, its member "deep", or "". */
unsigned balance_json(const struct balance *b, const struct site *s, struct span deep, FILE *to);

#endif
