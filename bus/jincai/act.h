/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ACT_H
#define JC_ACT_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>

#include "bus.h"

/*
 * Acts: what a person decides is handed to the flow that owns the thing, and executed there in its next commit, once. What
 * was asked and what came of it stand on jincai.acts for good.
 */
struct act_order {
	const char *flow;            /* who executes it */
	const char *what;            /* "return", "seen" */
	struct span batch, digest;   /* of the file, as the person saw it: another one now, and nothing is done */
	const char *reason;
};

/* Hands in and waits at most wait_ms for what came of it. 1 done; 0 refused, why is *ret_why; -1: act.waits (nobody has
 * executed it yet), act.reason, and what the bus says. */
int act_execute(struct bus *b, const struct act_order *o, int wait_ms, enum err_id *ret_why, struct err *e);

/* Calls each with every outcome on jincai.acts, in the order in which they came; data is {"act","flow","outcome","words",
 * "order":{...}}. The first failure of each ends it. */
int act_each(struct bus *b, int (*each)(void *arg, struct span time, const json_t *data, struct err *e), void *arg,
	struct err *e);

#endif
