/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TOPICS_COUNT_H
#define JC_TOPICS_COUNT_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "bus.h"

/*
 * What lies on a topic, by reading it: offsets of a cluster have holes and say nothing. What others wrote there is not counted as
 * an event, nor is what the bus writes itself.
 */
struct topics_flow {
	char *flow;
	bool group;                  /* a group of consumers (group.h); else a flow */
	uint64_t events;             /* that it has not read yet */
	int64_t waits_ms;            /* time of the first of them; 0: there is none */
};

struct topics_count {
	const char *name;
	unsigned partitions;
	uint64_t events, others;     /* others: lanes that open, closings, what is not ours */
	uint64_t bytes;              /* of keys and values */
	int64_t first_ms, last_ms;   /* of all records; 0: there is none */
	struct topics_flow *flows;   /* that have a position on it */
	unsigned nflows;
};

/* Reads all partitions to where they end now. A topic that is not there has nothing: partitions 0. With a progress line on a
 * terminal. */
int topics_count(struct bus *b, const char *topic, struct topics_count *ret, struct err *e);
void topics_count_done(struct topics_count *c);

#endif
