/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TAIL_PARTS_H
#define JC_TAIL_PARTS_H

#include "group.h"
#include "tail.h"

/* What the files of tail --group share; nobody else includes this. */

#define TAIL_OUT_BYTES (32u << 10)   /* made ahead */
#define TAIL_GIVEN_MAX 10000u        /* lines that are not acknowledged yet */

/* A line that was given. */
struct tail_given {
	uint64_t offset, check;
};

struct tail_part {
	const char *topic;
	unsigned partition, place;   /* place: its number in the group */
	struct bus_reader *reader;
	struct bus_message next;
	bool has, dry;               /* dry: there was nothing more when it was last asked */
	struct tail_given *given;         /* a ring: from first, n of them */
	unsigned first, n, room;
};

struct tail_reading {
	const struct args *args;
	struct site *site;
	struct bus *bus;
	struct group *group;
	const char **topics;         /* of the site's destinations, and replays that were named */
	bool *opened;                /* that are on the bus */
	unsigned ntopics;
	struct tail_part *parts;
	unsigned nparts;
	struct buf out, acks;
	size_t written;              /* of out */
	uint64_t every, since;       /* --commit-every, 0: acknowledged; since: lines since the last commit */
	uint64_t lines, done;
	unsigned open;               /* given and not acknowledged */
	bool idle, ended;
	int signals;
};

/* tail_lines.c: all topics that the words name, else all that the site publishes. group.topic {topic}. */
int tail_topics(struct tail_reading *g, struct err *e);
/* Where a new group begins, durably; topics that are on the bus, each partition from where the group stands. */
int tail_begin(struct tail_reading *g, struct err *e);
/* Makes lines until there is something to write, or nothing more: then idle. */
int tail_make_lines(struct tail_reading *g, struct err *e);
bool tail_may_make_more(const struct tail_reading *g);

#endif
