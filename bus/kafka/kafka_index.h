/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KAFKA_INDEX_H
#define JC_KAFKA_INDEX_H

#include "bus_driver.h"
#include "index.h"

/*
 * What this host knows of a Kafka bus: positions, generations, acts that wait, the indexes (index.h), and for each
 * partition how far it has been folded. It holds nothing that is not on the topics: it may be deleted at any time and
 * is folded again. All processes of a host share one (store.h, shared).
 *
 * Puts come from two sides: an owner after its commit, and the fold that reads the topics. They may come twice and in
 * any order, and the outcome is the same: where the first record counts, the earliest stays; where the last counts, the
 * latest does. Within a partition that is by offset; else by when the brokers took them, and at one time by name of topic,
 * partition, offset. So who was first, or came again last, is not a matter of the partition. What came within BUS_CLOCK_MS of
 * the first record, in another partition, never takes its place once that is there: whoever goes by an entry finds it again.
 *
 * Whoever opens it when nobody else has it open begins it anew, and says so, when it is of another cluster, or of another
 * edition, when the machine was started anew since it was last used (it is written without waiting for the disk), or when
 * somebody found it damaged. While others have it open another cluster or edition is refused: store.version.
 *
 * Whoever meets a seal that does not hold empties it. From then on every call in every process that had it open fails
 * with store.emptied (ERR_HALT): what is looked up would be missing without being new. To open it again, and to fold it to
 * the ends before anything is looked up, is the recovery.
 *
 * Other errors: those of store_read, store_write, store_commit; store.full, store.busy.
 *
 * Threads: may be used by many; a put belongs to one thread. It gathers in memory: others wait only while it is committed.
 */
struct kafka_index;
struct kafka_put;

/* folder is made when missing. cluster: the id that the cluster gives itself, and the prefix of its topics, in one line.
 * ret_anew: it is new or was begun anew. Errors: those of store_open. */
int kafka_index_open(const char *folder, const char *cluster, uint64_t max_bytes, struct kafka_index **ret,
	bool *ret_anew, struct err *e);
void kafka_index_close(struct kafka_index *x);         /* NULL is fine */
/* Topics keep their numbers. This process goes on with what is empty: not while it has owners open. */
int kafka_index_empty(struct kafka_index *x, struct err *e);
/* Bytes in use, and those at which puts are refused. */
void kafka_index_room(struct kafka_index *x, uint64_t *ret_used, uint64_t *ret_max);

/* The number that stands for a topic in here, below BUS_TOPICS_MAX; made when missing. And back: NULL when unknown. The
 * name stays as long as x. */
int kafka_index_topic(struct kafka_index *x, const char *name, unsigned *ret_number, struct err *e);
const char *kafka_index_name(struct kafka_index *x, unsigned number);

/* ---- puts. All or nothing, but for entries: of more than 5,000 the first ones may be there when the others, and what else
 * is in the put, is not yet, or after a failure is not. They are true all the same. They are written in the order of their
 * keys: who folds much gathers 100,000, which takes 10 MB. A key that no record of ours has (empty, or of more than 511
 * bytes) adds nothing ---- */
struct kafka_place {
	unsigned number, partition;  /* of kafka_index_topic */
	uint64_t offset;
	int64_t time_ms;             /* when the broker took it */
};

int kafka_put_begin(struct kafka_index *x, struct kafka_put **ret, struct err *e);
int kafka_put_commit(struct kafka_put *p, struct err *e);      /* ends it, also when it fails */
void kafka_put_abort(struct kafka_put *p);             /* NULL is fine */
int kafka_put_entry(struct kafka_put *p, unsigned index, struct span key, const struct kafka_place *place,
	struct span extra, struct err *e);
/* An empty value takes it away; what is older than that stays away. */
int kafka_put_position(struct kafka_put *p, struct span key, uint64_t offset, struct span value, struct err *e);
/* The newest generation record of a flow, as it lies on the topic; time: when the broker took it. */
int kafka_put_epoch(struct kafka_put *p, struct span flow, uint64_t offset, int64_t time_ms, struct span value,
	struct err *e);
/* An act that was handed in, the first time counts; an empty text: it is done, and stays done. */
int kafka_put_act(struct kafka_put *p, struct span id, uint64_t offset, int64_t time_ms, struct span flow, struct span text,
	struct err *e);
/* All records of the partition below `next` have been put. Never goes back, nor does the time. time_ms: of the newest
 * record, 0: as before. */
int kafka_put_head(struct kafka_put *p, unsigned number, unsigned partition, uint64_t next, int64_t time_ms,
	struct err *e);

/* ---- what is there: 1 found, 0 not, -1 ---- */
int kafka_index_head(struct kafka_index *x, unsigned number, unsigned partition, uint64_t *ret_next, int64_t *ret_time_ms,
	struct err *e);
int kafka_index_look(struct kafka_index *x, unsigned index, struct span key, struct buf *scratch, struct kafka_place *ret,
	struct span *ret_extra, struct err *e);          /* ret_extra lies in scratch */
int kafka_index_entries(struct kafka_index *x, unsigned index, struct span prefix,
	int (*each)(void *arg, struct span key, const struct kafka_place *place, struct span extra), void *arg, struct err *e);
int kafka_index_position(struct kafka_index *x, struct span key, struct buf *ret, struct err *e);
int kafka_index_positions(struct kafka_index *x, struct span prefix, int (*each)(void *arg, struct span key,
	struct span value), void *arg, struct err *e);
int kafka_index_epoch(struct kafka_index *x, struct span flow, struct buf *ret, int64_t *ret_time_ms, struct err *e);
/* Calls each for every flow that has a generation record, until it returns nonzero. */
int kafka_index_epochs(struct kafka_index *x, int (*each)(void *arg, struct span flow, int64_t time_ms, struct span value),
	void *arg, struct err *e);
/* 1 done, 0 not, -1. */
int kafka_index_act_done(struct kafka_index *x, struct span id, struct err *e);
/* Acts that are not done, in the order of their coming. flow: of one flow alone; SPAN_NONE: of all. */
int kafka_index_acts(struct kafka_index *x, struct span flow, int (*each)(void *arg, struct span flow, struct span id,
	int64_t time_ms, struct span text), void *arg, struct err *e);
/* Nothing waits for anybody: without a look at the disk when nothing was committed since. False when it cannot be known. */
bool kafka_index_no_acts(struct kafka_index *x);

#endif
