/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_GROUP_H
#define JC_GROUP_H

#include "bus.h"

/*
 * Groups of consumers that have no positions of their own: of each topic and partition the offset that comes next. For who
 * only looks at the bus (BUS_LOOK) beside the process that owns its store, so a group is no part of the store: it is a folder
 * groups/NAME in that of the bus, on this host.
 *
 *	position     JSON, written whole: temporary name, sync, rename, folder synced
 *	lease        locked by the one process that reads for the group; holds its pid
 *
 * A position names the record before it by a check of its bytes, so that a store that was put back, or another one, is seen
 * even when it has grown beyond the position since. Nothing here reads or gives events: bus/jincai/find/tail_group.c does.
 */
struct group;

#define GROUP_NAME_MAX 64u

/* Makes the group when there is none, and takes its lease. Errors: group.name {name}; group.busy {group}{pid}: another process
 * reads for it; group.damaged {group}; file.*, disk.full. b must outlive it. */
int group_open(struct bus *b, const char *name, struct group **ret, struct err *e);
void group_close(struct group *g);       /* what is not committed is forgotten; NULL is fine */
/* Nothing was ever committed. */
bool group_is_new(const struct group *g);

/* The number under which the group knows a partition, for the calls below. */
unsigned group_part(struct group *g, unsigned topic, unsigned partition);
/* Where the group stands there, held against what lies on the bus: 1 *ret, 0 it has never stood there, -1. Errors: group.beyond
 * {group}{topic}{partition}{have}{end}: behind the end; group.other {group}{topic}{partition}{offset}: the record before it is
 * another one; group.gone {group}{topic}{partition}{want}{have}: records were deleted that it has not had (on a cluster
 * bus.gone, when it is read). */
int group_stand(struct group *g, unsigned part, uint64_t *ret, struct err *e);
/* The topic is not on the bus: group.beyond when the group has stood behind its beginning. */
int group_without(const struct group *g, const char *topic, struct err *e);
/* It begins there. */
void group_begin(struct group *g, unsigned part, uint64_t next);
/* The record at offset is done, and all before it. check: group_check of its value. */
void group_done(struct group *g, unsigned part, uint64_t offset, uint64_t check);
uint64_t group_check(struct span value);
/* Durable: where the group stands. */
int group_commit(struct group *g, struct err *e);

/* Calls each for all partitions of all groups of this bus on this host, by name, until it returns nonzero; reads what is
 * committed and takes no lease. What cannot be read is passed over. */
int groups_each(struct bus *b, int (*each)(void *arg, const char *group, const char *topic, unsigned partition, uint64_t next),
	void *arg, struct err *e);

#endif
