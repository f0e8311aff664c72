/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FOREIGN_H
#define JC_FOREIGN_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include <jansson.h>

#include "flow.h"
#include "site.h"

/*
 * Records on our topics that no flow of ours wrote. Whoever may write to a topic of a cluster can put one there, by mistake or not.
 * Every reader passes them over (lane.h), the fold notes them (INDEX_FOREIGN), and a person is told, until one says that they were
 * seen: the keeper notes in the position "site/foreign" up to where, by topic and partition.
 */
#define FOREIGN "foreign:"           /* subject of the act and of the item of todo, before the name of the topic */

struct foreign {
	char topic[104];
	uint64_t count;              /* of those that nobody has seen */
	char first[140], last[140];  /* "jincai.payroll/0@17" */
	json_t *upto;                /* partition -> offset behind the last one */
	char digest[65];             /* of their places */
};

/* Calls each for every topic that has such ones; its first nonzero ends it and is returned. */
int foreign_each(struct bus *b, int (*each)(void *arg, const struct foreign *f, struct err *e), void *arg, struct err *e);
/* Hands in that those of a subject were seen, and says what came of it; the exit code. */
int foreign_ask(const struct site *s, struct bus *b, const char *subject, const char *reason);
/* Is it that act? Executes it, for the keeper, with its outcome. */
bool foreign_is(const struct act *a);
int foreign_seen(struct flow *keeper, const struct act *a, struct err *e);

#endif
