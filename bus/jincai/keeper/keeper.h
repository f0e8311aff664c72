/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KEEPER_H
#define JC_KEEPER_H

#include "adopted.h"
#include "flow.h"

/*
 * The keeper: the flow "site", which has no input and no output but people's decisions. Acts: adopt {"items":[{"item","was","is"}],
 * "from"}, live, of a destination, and close, of a day (closing.h); all take two people. What is in force its position
 * says (adopted.h).
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

#endif
