/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TAIL_H
#define JC_TAIL_H

#include <signal.h>

#include "verbs.h"

/* What the files of tail share; nobody else includes this. */

struct tail_place {
	const char *topic;
	unsigned partition;
	uint64_t offset;
	int64_t time_ms;
	struct span key;
};

/* Appends {"topic":..,"partition":..,"offset":..,"time":..,"key":.. : the beginning of a line. */
void tail_begin_json(struct buf *b, const struct tail_place *p);
/* Appends time, place, type and id for people. */
void tail_begin_people(struct buf *b, const struct tail_place *p, const struct event *v);

/*
 * tail_group.c: tail --group NAME. Gives a consumer each event of its topics as it was published, from where its group
 * stands (group.h), and moves the position by what it acknowledges: it writes the place of a line that it has done
 * ("jincai.out.notices.v1/0@17", as the line has it) on a line to stdin; of each partition in the order in which it was
 * given them. With --commit-every N nothing is read from stdin: a line that was written out counts as done, and the
 * position moves behind N lines, when there is nothing more to give, and at the end. What was not acknowledged comes
 * again, nothing else does.
 *
 * Lines are written in pieces that a pipe has room for, so that a consumer that does not read never keeps its
 * acknowledgements from being read, nor a signal from ending it. Ends with 0 by a signal, when the consumer no longer
 * reads, when it closes its end of stdin, and without --follow when all is acknowledged. ends: signals that are blocked
 * since before the bus was opened. Exit code.
 */
int tail_group(struct site *s, struct bus *b, const struct args *a, const sigset_t *ends);

#endif
