/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DELIVER_H
#define JC_DELIVER_H

#include "flow.h"
#include "form.h"

/*
 * The destination: gathers the lines of a batch until the batch is closed on all its partitions, builds its parcels in
 * staging, commits the plan, hands over, commits done. A batch that is released whole goes out only when nothing of it
 * failed for any destination; else it is held here and not one line of it goes out.
 *
 * Its position: for each partition offset and lane heads; "out" {next parcel number, open batches with the exact places of
 * their lines and their closings, parcels under way, totals}; and "held/<batch>" for each batch that waits for a person,
 * however many they are. The lines themselves stay on the topic.
 *
 * A ledger beside the staged files knows what was handed over even when the store has become an older one: a batch that is in
 * there as it is now is counted as already there, and one that is there with other lines is held (gather.ledger).
 *
 * In shadow a parcel is planned, staged and finished as when it is live, byte for byte, below the shadow folder. It is a
 * shadow for ever: when the destination goes live, what was planned before is not sent. Parcels that were planned live
 * wait while the destination is in shadow.
 *
 * One whose receivers are consumers outside has a topic instead of a folder, and no parcels: deliver_topic.c.
 *
 * A destination that gathers by partition (`gather: partition`) is one flow for each partition, "units.p3": a destination of its own in
 * all but topic, folder and name. It reads its partition alone, and what came of a batch on it goes as soon as its closing there is
 * in. Its numbers are those that leave its own remainder, so that none is used twice; it stages, and keeps its ledger, in a
 * folder of its own below .staging. So another process can run each of them at any time (shares.h), and what one planned the next
 * one hands over. It takes no batch that is released whole (gather.whole): nobody sees the whole of it.
 */
struct deliver_setup {
	const char *name;            /* of the destination */
	struct bus *bus;
	struct library *library;
	const struct form *form;     /* outward; borrowed */
	const char *folder;          /* NULL: it goes to a topic */
	const char *topic;           /* that consumers outside read (deliver_topic.c); NULL: it goes to a folder */
	const char *site, *store;    /* name of the site, id of the store, for the ledger (ledger.h); NULL: none is kept */
	const char *shadow_folder;   /* where parcels go that are made in shadow, made when missing; NULL: there are none */
	bool shadow;                 /* all is done as ever, but in that folder: nothing is handed over */
	bool group;                  /* the receiver is another user, in the folder's group */
	bool split;                  /* one parcel for each value of "split" of a batch */
	unsigned partition, partitions;      /* partitions not 0: it is one of so many flows of the destination, see above */
};

/* What people stopped at destinations, as their positions say: a batch, or an event and the batch that it came in (batch is
 * the subject itself while it has not come); order is that of the act. The first nonzero of each ends the walk; -1 is a failure. */
typedef int deliver_each_stop(void *arg, struct span destination, const char *subject, const char *batch, const json_t *order,
	struct err *e);
int deliver_stops(struct bus *b, deliver_each_stop *each, void *arg, struct err *e);

struct flow *deliver_new(const struct deliver_setup *s, struct err *e);

#endif
