/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SHARES_H
#define JC_SHARES_H

#include "bus.h"

/*
 * Shares: a flow (the whole, "router") runs as n processes, part i of n reads the partitions p with p % n == i of each of its input
 * topics. Each part is a flow of its own ("router.p0", ...): lanes, acts, owner. What says how far an input partition was read stands
 * under the name of the whole, one record whoever reads it: another number of parts finds it.
 *
 * One choice of n is a share generation. The newest one stands in the position "<whole>.generation/shares", written by whoever owns
 * the name "<whole>.generation":
 *
 *	{"number":2,"shares":3,"older":[{"number":1,"shares":4}, ...]}     older: those of which some part may not be fenced yet
 *
 * No record: generation 0, the flow runs whole, and is fenced by its own name. A part of generation g is fenced by
 * "<whole>.<g>.p<i>", so no part of an older one can take it back; and each part does, whenever it opens, in this order:
 *
 *	the generation, a new one written when the site says so < all parts of all older ones fenced < itself owned < the generation
 *	read again, it is still the newest < positions read.
 *
 * When all parts are started at once the first one writes the generation; the others wait a few seconds for it, then do it themselves.
 *
 * Without the second look a process that slept between the first and its owning would wake and own under an old generation.
 *
 * What has effects outside, and state that must go on where it was, is divided otherwise: the whole is one flow for each partition for
 * ever ("units.p0", ...), with all that a flow has, and a share is a process that runs some of them. Another number of shares is
 * another process for a flow, and no more. Each flow fences itself in older generations, the first one all of them.
 */
#define SHARES_MAX 64u
#define SHARES_NAME 104u

struct share {
	char whole[80];              /* "": it can only run whole, and none of this concerns it */
	unsigned part, of;
	unsigned flows;              /* not 0: so many flows, of which part i of n runs those with number % n == i; `part` is the number */
	bool chosen;                 /* the site says that number: when another one is the newest, a new generation begins */
	unsigned waited;             /* times it left it to the first part to write the new generation */
	unsigned ended;              /* times it was ended while it wrote it, most likely by another part that was about to */
	bool begun;                  /* it ran under generation `number`: another one now, and it is superseded */
	uint64_t number;
	int64_t looked;              /* steady: for a newer generation */
};

struct shares_now {
	uint64_t number;             /* 0: never in shares */
	unsigned of;
};

/* What the newest record says, as far as this process has read. Errors: flow.position. */
int shares_read(struct bus *b, const char *whole, struct shares_now *ret, struct err *e);
/* The name of a part as a flow; of a whole one its own. */
void shares_name(const char *whole, unsigned part, unsigned of, char ret[SHARES_NAME]);
/* Is that a flow of the whole, now or in any generation? *ret_part: its part; of the whole itself 0. */
bool shares_names(const char *whole, struct span flow, unsigned *ret_part);
/* "1/3": part 1 of 3. 0, -1. */
int shares_part(const char *text, unsigned *ret_part, unsigned *ret_of);
/* The name of its flow: "<whole>.p2". */
void shares_flow(const struct share *s, char ret[SHARES_NAME]);
/* Which part reads that partition; does this one? */
unsigned shares_part_of(unsigned partition, unsigned of);
bool shares_has(const struct share *s, unsigned partition);

/* Owns a part, in the order above. Errors beside those of bus_own: shares.other {flow,have,want} (another number runs, and the site
 * does not say this one), shares.waiting {flow} (a new generation would forget that it is stopped, or what waits for approval there),
 * shares.busy (ERR_RETRY), shares.newer {flow} (ERR_HALT: superseded), bus.no_shares. */
int shares_own(struct share *s, struct bus *b, struct bus_owner **ret, struct err *e);
/* Of who owns a part: shares.newer when a newer generation is known here. Who writes nothing would not notice for a long time; asks
 * the bus every few seconds alone. */
int shares_look(struct share *s, struct bus *b, struct err *e);

#endif
