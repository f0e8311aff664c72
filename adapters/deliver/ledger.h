/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LEDGER_H
#define JC_LEDGER_H

#include "money.h"
#include "totals.h"

/*
 * The ledger of a destination: what was handed over into its folder, a line a parcel, in .staging/ledger of that folder. It does
 * not belong to the store: when the store is an older one again, or another one, the ledger still knows.
 *
 * A line is a JSON object, a blank, and the CRC32C of the object in 8 hex digits. It is durable before the receiver can see the
 * parcel, so the ledger may know a parcel that was never handed over, and never the other way round. Lines at its end that a
 * power cut tore were never followed by a parcel: they are taken off. A wrong line before a right one is no such tear:
 * ledger.damaged {file}{line} (ERR_CONF).
 *
 * In its member "before" a line has the SHA-256 of the whole line before it, "" on the first one: a line that was taken out or put
 * in between, or changed with a right check value, leaves one that does not follow. Lines written before there was that member
 * have none; behind one that has it they do not follow.
 */
struct ledger_entry {
	const char *site, *store;    /* who handed it over: name, id of the store */
	uint64_t no;
	const char *batchid, *split;
	char currency[TOTALS_CURRENCY_MAX];
	struct money_sum sum;
	uint64_t ids;                /* of its lines, all together (ledger_id) */
	const char *digest;          /* SHA-256 of the body, hex */
	const char *name;
	uint64_t gap;                /* reading: 0: it was written behind the line before it; else a number made of the two */
};

struct ledger;

/* Calls each with every line; the first failure ends it. A folder without a ledger has none. Changes nothing. */
int ledger_each(const char *folder, int (*each)(void *arg, const struct ledger_entry *x, struct err *e), void *arg,
	struct err *e);

/* To write: makes what is missing, takes a torn end off. The folder has its .staging. */
int ledger_open(const char *folder, struct ledger **ret, struct err *e);
void ledger_close(struct ledger *l);                   /* NULL is fine */
void ledger_add(struct ledger *l, const struct ledger_entry *x);
/* What was added is durable. After a failure open anew. */
int ledger_sync(struct ledger *l, struct err *e);

/* A number for an id; numbers are added up, so that their order does not matter. */
uint64_t ledger_id(struct span id);

#endif
