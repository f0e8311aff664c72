/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TOTALS_H
#define JC_TOTALS_H

#include <jansson.h>

#include "money.h"

/*
 * Totals: what the equations of the balance are made of. Each flow keeps its own, cumulative since the site began, as
 * part of its position, so a total can never be ahead of or behind the commit it belongs to. balance adds them up.
 *
 *	in     read = published + duplicate + conflict + dead + held + returned + known
 *	route  published + replayed = routed + not_routed + unshaped   for each destination; what was published before it came
 *	                                                               to the site, or while it had been taken out of it, is
 *	                                                               not_routed, and replayed when it is given later
 *	out    routed = pending + handed_over + shadow + already + dead + stopped
 *
 * What is counted are events, or what would have been one: a record that makes two counts as two, one that is dead as one.
 * Sums are kept for each currency and kind of money, which are never added together: "CNY" is cash, "CNY order" the amounts
 * of vouchers and heads whose lines may be counted as well, "CNY book" what cards say. Below, such a name is a currency.
 */
#define TOTALS_CURRENCY_MAX 12u


enum total_term {
	TOTAL_READ, TOTAL_PUBLISHED, TOTAL_DUPLICATE, TOTAL_CONFLICT, TOTAL_DEAD, TOTAL_HELD, TOTAL_RETURNED, TOTAL_KNOWN,
	TOTAL_SEEN,                  /* route: published, as the router read it */
	TOTAL_ROUTED, TOTAL_NOT_ROUTED, TOTAL_UNSHAPED,
	TOTAL_TAKEN,                 /* out: routed, as the destination read it */
	TOTAL_PENDING, TOTAL_HANDED, TOTAL_SHADOW, TOTAL_ALREADY, TOTAL_OUT_DEAD, TOTAL_STOPPED,
	TOTAL_CUT,                   /* out: of those handed over, lines with a text that was shortened; in no equation */
	TOTAL_REPLAYED,              /* route: published while the destination was not there, and counted for it by a replay */
	TOTAL_SKIPPED,               /* titles, blank rows, trailers, deleted rows: no records, in no equation */
	TOTAL_COUNT
};

extern const char *const total_names[TOTAL_COUNT];       /* "read", "published", ... in data */
extern const char *const total_names_zh[TOTAL_COUNT];    /* for people */

struct total_equation {
	const char *name, *zh;       /* "in", "route", "out" */
	enum total_term left;
	enum total_term right[8];
	unsigned nright;
};

extern const struct total_equation total_equations[];
extern const unsigned total_nequations;

/* The name of a currency (may be empty) and a kind of money ("", "order", "book", "back"), made in ret when it is not the currency
 * itself. */
struct span totals_currency(struct span currency, const char *kind, char ret[TOTALS_CURRENCY_MAX]);
/* The kind of money in such a name: "" for cash. */
const char *totals_kind(const char *currency);

/* The totals of one flow: by term, destination ("" for an adapter) and currency ("" when a record has none). */
struct totals;

struct totals *totals_new(void);
void totals_free(struct totals *t);
/* Nothing is counted any more; what it has of memory stays. */
void totals_clear(struct totals *t);
bool totals_is_empty(const struct totals *t);
/* Adds a record. readable = false: counted as one whose amount could not be read. destination: at most 64 bytes,
 * currency: 3 and a kind, else totals.name {name} (ERR_CONF). money.range when the sum does not fit. */
int totals_add(struct totals *t, enum total_term term, const char *destination, struct span currency, int64_t fen,
	bool readable, struct err *e);
/* Adds (sign = 1) or takes away (sign = -1) a whole sum: a held batch that is returned moves from one term to another.
 * Taking away more than there is: totals.negative {term}{destination}{currency} (ERR_HALT). */
int totals_move(struct totals *t, enum total_term term, const char *destination, struct span currency,
	const struct money_sum *sum, int sign, struct err *e);
/* JSON array, sorted: equal totals give equal bytes. A row is [term, destination, currency, count, plus, minus,
 * unreadable], the amounts as texts: ["routed","bank-abc","CNY",3,"12.50","-1.00",0]. Sums of nothing are left out. */
void totals_write(const struct totals *t, struct buf *b);
/* Puts what was written in the place of what t held; totals.state {row} (ERR_HALT) when it is not that: t is then as
 * before. */
int totals_read(struct totals *t, const json_t *array, struct err *e);
/* The same without a DOM, for who reads many: takes the array at which the scanner stands. t keeps its memory, and holds some of the
 * rows when it fails. */
struct jscan;
int totals_scan(struct totals *t, struct jscan *s, struct err *e);
/* money.range: then into is as before. */
int totals_merge(struct totals *into, const struct totals *from, struct err *e);
/* Calls each in order of term, destination, currency; sums of nothing are left out. */
struct total_line {
	enum total_term term;
	char destination[65];
	char currency[TOTALS_CURRENCY_MAX];
	struct money_sum sum;
};
void totals_each(const struct totals *t, void (*each)(void *arg, const struct total_line *line), void *arg);
/* The sum for one triple; zero when there is none. */
struct money_sum totals_get(const struct totals *t, enum total_term term, const char *destination,
	const char *currency);

#endif
