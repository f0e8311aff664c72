/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ACTS_H
#define JC_ACTS_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "act.h"
#include "site.h"

/*
 * What a verb does with a person's decision: it writes the order, hands it in to the flow that owns the thing, and waits for
 * what came of it. What was asked and what came of it stand on jincai.acts for good.
 */
struct acts_order {
	const char *flow;            /* who executes it */
	const char *what;            /* "return", "seen", ... */
	struct span subject, digest; /* of that as the person saw it: another one now, and nothing is done */
	const char *reason;          /* NULL: the act needs none */
	const json_t *shows;         /* an object of texts for those who approve; NULL: none */
	const json_t *more;          /* an object: members of this act; NULL: none */
};

enum acts_end {
	ACTS_REFUSED,                /* why is *ret_why */
	ACTS_DONE,
	ACTS_PROPOSED                /* it takes two people, and waits for them under *ret_id */
};

/* An enum acts_end; -1: act.waits (nobody has executed it yet, but it is handed in), act.reason, and what the bus says. Waits
 * at most wait_ms. ret_id may be NULL. */
int acts_execute(struct bus *b, const struct site *s, const struct acts_order *o, int wait_ms, char ret_id[ACT_ID_MAX],
	enum err_id *ret_why, struct err *e);
/* The same with five seconds, and says on stderr what to do when it is proposed or could not be done; the exit code, and
 * *ret_done when it is done: then the verb says so. */
int acts_ask(struct bus *b, const struct site *s, const struct acts_order *o, bool *ret_done);

/* Calls each with every record on jincai.acts of that type (EVENT_ACT_...), in the order in which they came; data is {"act",
 * "flow","outcome","words","order":{...}}. The first failure of each ends it. */
int acts_each(struct bus *b, const char *type, int (*each)(void *arg, struct span time, const json_t *data, struct err *e),
	void *arg, struct err *e);
/* The router as a flow that acts are handed in to, for what lies on that partition: itself, or the share that reads it now. */
int acts_router(struct bus *b, unsigned partition, char ret[SHARES_NAME], struct err *e);
/* The partition in the place of a letter, "jincai.payroll/3@17"; 0 when there is none. */
unsigned acts_partition(struct span place);
/* Who types: SUDO_USER, or the name of the real user. */
void acts_person(struct buf *b);

#endif
