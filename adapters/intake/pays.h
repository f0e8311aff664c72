/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PAYS_H
#define JC_PAYS_H

#include "bus.h"

/*
 * Suspected doubles. Two payments are twins when they have one paykey (reader.h: payee account, amount, unit, purpose), their
 * days are not more than `days` apart, and their ids differ. Days are those of INDEX_PAYS: business dates. What was published
 * is found in that index, but for what belongs to a batch that was returned: that was no payment.
 *
 * What is on its way, judged and not yet published, is in no index: each adapter enters its payments in a set of its own, and
 * looks in the sets of all, its own included, which finds twins within one file. So of two files that are judged at the same
 * moment the one that is entered second finds the other.
 *
 * struct pays is shared by the adapters of a process (one process writes a bus) and may be used by many threads; a set by one
 * at a time. A set has at most PAYS_MAX payments: those of a file behind that are looked for in the index and in the sets, and
 * not entered. In memory it keeps 9 to 12 bytes of each, which say where the rest of it lies in a file without a name
 * (fsys_temporary; 40 bytes each, from some thousand on); what they find is compared with the whole of it.
 */
struct pays;
struct pays_set;

#define PAYS_MAX 1000000u
#define PAYS_DAYS_MAX 180u

struct pays *pays_new(unsigned days);                  /* at most PAYS_DAYS_MAX; 0: nothing is suspected */
void pays_free(struct pays *p);                        /* when all sets have left; NULL is fine */
unsigned pays_days(const struct pays *p);

struct pays_set *pays_join(struct pays *p, const char *adapter);
void pays_leave(struct pays_set *s);                   /* frees; NULL is fine */
/* All that was entered is published, or will not be. */
void pays_clear(struct pays_set *s);

struct pay {
	struct span paykey, id;      /* 32 hex digits */
	int64_t day;
	uint64_t line;               /* of its file */
};

struct pay_twin {
	int64_t day;
	struct span id, batchid;     /* of one that was published; valid until the next look of this set */
	const char *adapter;         /* of one that is on its way, NULL otherwise: whose, and the line of its file */
	uint64_t line;
};

/* Enters the payment and looks for a twin: 1 found, on its way the first that was entered, else the nearest by day; 0 none; -1,
 * disk.full among others. */
int pays_look(struct pays_set *s, struct bus *b, struct bus_owner *o, const struct pay *p, struct pay_twin *ret,
	struct err *e);

#endif
