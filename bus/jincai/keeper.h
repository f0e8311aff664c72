/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KEEPER_H
#define JC_KEEPER_H

#include <jansson.h>

#include "flow.h"
#include "items.h"

/*
 * The keeper: the flow "site", which has no input and no output but people's decisions. Acts: adopt {"items":[{"item","was","is"}],
 * "from"} and live, of a destination; both take two people. Its position "site/adopted" says what is in force:
 *
 *	{"items":{"form:payroll/pipe/batch":DIGEST, ...},
 *	 "next":[{"item":NAME,"digest":DIGEST,"from":"2026-12-01"}],    approved, and not in force before that day
 *	 "live":[NAME, ...],                                            money destinations that two people let go live
 *	 "ever":[NAME, ...]}                                            those that once were and no longer are; left out: none
 *
 * What the digests stand for lies in <bus>/adopted/DIGEST/ (kept.h) before anything names it. The first start of a bus adopts
 * all that the files say, since there is nothing that it could differ from; no money destination of a production site is live
 * then. On a test site that names no people the files go on to decide. Each change is one commit with its record on
 * jincai.acts.
 *
 * What was approved takes effect at a boundary of batches: all flows are stopped, those that begin nothing new end what was begun with
 * what was in force then, and before anything else moves the keeper changes what is in force (keeper_change). After a kill the
 * next start does the same.
 */
struct keeper_setup {
	struct bus *bus;
	struct site *site;                   /* as its files say it; borrowed */
	const struct items *items;           /* of that site; borrowed */
	bool alone;                          /* what the files say takes effect by itself */
	/* Set to KEEPER_AGAIN, when it is 0, once another thing is to be in force than when the process loaded the site: all flows are to be
	 * closed and the site loaded again. */
	atomic_int *again;
};
#define KEEPER_AGAIN 2

struct flow *keeper_new(const struct keeper_setup *s);
/* From here on its steps change nothing that is due, and only say so (again): other flows run. Before that they do. */
void keeper_others_run(struct flow *keeper);

/* ---- what is in force ---- */

struct adopted {
	json_t *root;                        /* as in the position; NULL: nothing was adopted yet */
};

int adopted_read(struct bus *b, struct adopted *ret, struct err *e);
void adopted_done(struct adopted *a);
/* NULL: not adopted. */
const char *adopted_digest(const struct adopted *a, const char *item);
bool adopted_live(const struct adopted *a, const char *destination);
/* Why a money destination of a production site is off though its file says otherwise: nothing of it is consumed. */
enum adopted_off {
	ADOPTED_AS_SAID,             /* it is not: mode is what the file says */
	ADOPTED_NOT_LET,             /* live, and two people have not let it */
	ADOPTED_WAS_LIVE             /* shadow, and it was live: what comes would be consumed and never sent */
};
enum adopted_off adopted_off(const struct adopted *a, const struct site_destination *d);
/* Something was approved whose day has come. */
bool adopted_due(const struct adopted *a);
/* What the items say otherwise: [{"item","was","is"}], "" for what is not there; to be released. */
json_t *adopted_differences(const struct adopted *a, const struct items *i);
/* <bus>/adopted; to be freed. */
char *adopted_root(const struct bus *b);

#endif
