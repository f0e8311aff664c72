/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_BESIDE_H
#define JC_BESIDE_H

#include <stdatomic.h>

#include "keeper.h"

/*
 * A site on a cluster may run in several processes, on several hosts, each with some of its flows. One of them runs the keeper
 * (keeper.h) and all money destinations; the others learn from the bus what is in force, and that it has changed.
 *
 * What was approved takes effect when nothing is under way that was begun before. So when its day has come each process ends what
 * was begun: adapters first, the router when all adapters have, destinations when the router has. Each flow then says so in
 * its position "<flow>/ended": the state at that time. The keeper changes what is in force when all have said it, and the others go
 * on when it has changed.
 */
#define BESIDE_STATE 65u
#define BESIDE_LOOK_MS 2000u         /* how often the others look whether it has changed */

/* A digest of what is in force, who is live, and what is due by now: 1; 0 nothing was adopted yet; -1. */
int beside_state(struct bus *b, char ret[BESIDE_STATE], struct err *e);

struct beside {
	struct bus *bus;
	const char *const *names;    /* of the flows of this process; as of site_wants */
	unsigned part, parts;        /* the share of the router that it runs; as in site.h */
	unsigned patience_ms;        /* so long it waits for others at most; 0: as long as it takes */
	atomic_int *stop;            /* nonzero: wait no longer */
	char state[BESIDE_STATE];    /* as this process knows it */
};

/* Waits until something is in force, and takes note of it: 1, 0 stopped, -1 run.not_in_force and what the bus says. */
int beside_begin(struct beside *w, struct err *e);
/* For flow_run.look: sets stop to KEEPER_AGAIN when the state is another than noted. */
void beside_look(void *w);

/* Steps of ending what was begun. */
enum beside_step { BESIDE_ADAPTERS, BESIDE_ROUTER, BESIDE_DESTINATIONS, BESIDE_ALL };
/* Does this process run flows of that step? s: as it is in force. */
bool beside_has(const struct beside *w, const struct site *s, enum beside_step step);
/* Waits until all flows of the steps before that one have ended: 1, 0 stopped, or the state is another than noted, -1 adopt.waits
 * {flow}, and what the bus says. */
int beside_await(const struct beside *w, const struct site *s, enum beside_step step, struct err *e);
/* Calls each for every flow of the site that has not said yet that it has ended what it began; its first nonzero ends it. When nothing
 * is due that says nothing. */
int beside_missing(struct bus *b, const struct site *s, int (*each)(void *arg, const char *flow), void *arg, struct err *e);
/* The flows of this process of that step have ended: they are closed, and this says so. */
int beside_ended(const struct beside *w, const struct site *s, enum beside_step step, struct err *e);
/* Waits until the state is another than noted: 1, 0 stopped, -1 adopt.waits. */
int beside_await_change(const struct beside *w, struct err *e);

#endif
