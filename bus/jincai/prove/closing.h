/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CLOSING_H
#define JC_CLOSING_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "act.h"
#include "days.h"
#include "flow.h"
#include "site.h"

/*
 * Closing the accounts of a day (关账): what that day came to is recorded, what is open is carried forward by name, age
 * and money. It is an act of the keeper, signed by a handler and a checker over the digest of just that; when
 * anything it speaks of has changed since, it is void. Days are closed in their order; days on which no batch ended
 * may be passed over. The record stands in the position "site/day/2026-12-01", in the commit that moves "site/closed"
 * (days.h):
 *
 *	{"day","terms":[rows],"late":[{"day","more":[rows],"less":[rows]}],"open":[{"batch","day","since","terms":[rows]}],
 *	 "digest","act","at"}
 *
 *	terms   of the batches of that day, as totals_write writes them
 *	late    what came to days that were closed before, each with its own date
 *	open    batches of that day or earlier ones of which something waits. since: from when its age counts, the day on which it
 *	        ended, or, of one that has not (day ""), on which its file was taken
 *
 * The digest is of the first four members. Nothing of what flows do is changed by it: money that is open goes on.
 */
#define CLOSING_BYTES 800000u        /* of a record; below BUS_VALUE_MAX */

struct closing {
	json_t *root;                /* the first four members */
	char digest[65];
	uint64_t upto;
	json_t *carried;             /* batches that stand in open and have a day */
	struct totals *terms;
};

/* What closing that day now would record: 1; 0: it cannot be closed, *e says why (close.*, balance.day); -1. */
int closing_make(const struct site *s, struct bus *b, struct span day, struct closing *ret, struct err *e);
void closing_done(struct closing *c);

/* For flow_kind.act_true and flow_kind.act of the keeper. */
int closing_true(const struct site *s, struct bus *b, const struct act *a, enum err_id *ret, struct err *e);
int closing_act(struct flow *f, const struct site *s, const struct act *a, struct err *e);

/* The record of a day that was closed: 1 (to be released), 0 it was not, -1. */
int closing_find(struct bus *b, int64_t day, json_t **ret, struct err *e);

/* ---- for people (closing_page.c) ---- */

/* What is late and what is open, a line each, in a language; at most max of them, and how many are left out. */
void closing_lines(const json_t *root, enum err_lang lang, unsigned max, struct buf *b);
/* {"what":[lines],"sums":[...]} of the order; to be released. */
json_t *closing_shows(const struct closing *c, enum err_lang lang);

#endif
