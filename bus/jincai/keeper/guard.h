/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_GUARD_H
#define JC_GUARD_H

#include <jansson.h>

#include "site.h"

/*
 * The safeguard: a store that was restored from a backup, copied or moved does not know what was handed over meanwhile, and one
 * whose clock went back would write times that are not. Until two people have looked, no money destination starts; all else
 * goes on.
 *
 * The store keeps its life in the position "site/life": its id, how often it was opened to run, a digest of the machine's id,
 * device, inode and birth of its data file (of a bus on a cluster: a digest of the cluster's id), the clock at the last opening, the
 * program and its format (STORE_FORMAT; store.newer: an older one reads no further). Beside it, outside the store, witness files say
 * the id and the number of openings: .jincai-witness beside the site file (or where `witness:` says), .staging/witness of each money
 * destination. The ledgers there (ledger.h) know what was handed over since, have to hold what the store calls done, and
 * each of their lines has to follow the one before. The anchor of the audit, when there is one, is held against the store too
 * (guard_anchor.h).
 *
 * Why the money is stopped stands in the position "site/guard" until it is let go: {"why":CODE,"args":TEXT,"at":TIME}. On a test
 * site that names no people nobody could: there it is logged, and the new life begins at once; but never when a witness, a
 * ledger or the anchor names another store. Then that has to be put back, or these moved away by hand.
 *
 * On a cluster several processes run flows of the site. The one that runs the keeper is the one that runs the money destinations, and
 * the only one that looks and writes here: witnesses, ledgers and anchor are those of its host.
 */
#define GUARD_STORE 33u

/* Subject of the act resume, of the keeper, by which two people let it go. */
#define GUARD_MONEY "money"

struct guard {
	char store[GUARD_STORE];     /* id of this store, for ledgers */
	struct err why;              /* not E_NONE: the money is stopped */
};

/* At each start, on a bus in mode BUS_OWN, before any flow: takes note of the opening, and judges. alone: see above. Errors:
 * guard.witness {file}, flow.position, and what the bus says. */
int guard_begin(const struct site *s, struct bus *b, bool alone, struct guard *ret, struct err *e);
/* Why the money is stopped, and since when (may be NULL), for who looks; E_NONE: it is not. */
int guard_look(struct bus *b, struct err *ret_why, int64_t *ret_since_ms, struct err *e);
/* The id of the store that runs the site, for who does not run the keeper: 1, 0 it has none yet, -1. */
int guard_store(struct bus *b, char ret[GUARD_STORE], struct err *e);
/* Does the ledger in the folder of a destination tell what the store cannot know? A store that was never let go on as another one
 * than it was knows all itself, and asks no ledger: 1. Else 1 when it goes as far as the store knows and no line is missing, or when
 * that was accepted; 0; -1. last: something was last handed over there, however the position spells it. */
int guard_ledger_tells(struct bus *b, const char *name, const char *folder, bool last, struct err *e);

/* The act resume, of the keeper: the money goes on when what they saw is what is. 1 it does, with the commit (the
 * next opening writes the witnesses anew); 0 refused; -1. */
int guard_act(struct flow *f, const struct site *s, const struct act *a, struct err *e);
/* SHA-256, hex, of what a person looks at before it is let go: why, and the ledgers as they are. */
int guard_digest(const struct site *s, struct bus *b, char ret[65], struct err *e);

#endif
