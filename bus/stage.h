/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_STAGE_H
#define JC_STAGE_H

#include <pthread.h>

#include "bus_driver.h"

/*
 * What an owner has staged for its next commit: records with the index entries that follow from them, positions, acts. It is seen
 * by the owner's own look-ups, and handed to the driver as one piece (struct bus_commit). Bytes are copied in.
 *
 * An owner holds one from its first append to its commit, out of the pool of its bus, so that a thousand idle owners hold none and
 * nothing is allocated while flows run at their pace. One thread at a time; the pool is for all.
 */
struct stage;

struct stage_pool {
	pthread_mutex_t lock;
	struct stage *spare;
};
void stage_pool_init(struct stage_pool *p);
void stage_pool_done(struct stage_pool *p);    /* all must be back */
/* An empty one. */
struct stage *stage_take(struct stage_pool *p);
void stage_give(struct stage_pool *p, struct stage *s);

/* A record and what the indexes make of it. bus.too_large, index.record: then nothing of it is staged. */
int stage_record(struct stage *s, const char *topic_name, unsigned topic, unsigned partition, struct span key, struct span value,
	struct err *e);
/* In the place of an earlier one of that key. bus.too_large. */
int stage_position(struct stage *s, struct span key, struct span value, struct err *e);
void stage_act(struct stage *s, const char *id);
/* The entry that a look-up finds here: 1, with what it says in room, or 0. s may be NULL. */
int stage_look(const struct stage *s, unsigned index, struct span key, struct buf *room, struct bus_entry *ret);
size_t stage_bytes(const struct stage *s);     /* s may be NULL: 0 */
size_t stage_records(const struct stage *s);
size_t stage_entries(const struct stage *s);
/* All of it for the driver, until something else is staged. */
struct bus_commit stage_show(struct stage *s);

int stage_too_large(struct err *e, const char *what, size_t size, size_t max);

#endif
