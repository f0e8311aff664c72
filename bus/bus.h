/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_BUS_H
#define JC_BUS_H

#include "buf.h"
#include "err.h"

/*
 * The face of the bus: topics with partitions, owners that write in commits, readers, positions, look-ups, acts.
 * What lies behind it is a driver (bus_driver.h): embedded (one host, LMDB), kafka (a cluster), hostile (tests).
 *
 * What a caller may rely on, on every driver:
 * - A commit is all or nothing: records, positions, index entries and acts done in it become durable together.
 * - Within one partition offsets grow; they may have holes. Records are seen by readers only after their commit.
 * - A commit that failed with kind ERR_RETRY did not happen. One that failed with ERR_HALT may or may not have
 *   happened (bus.unknown) or will never be accepted again (bus.fenced). After any failure the owner is spent: close
 *   it, own again, read the position and go on from what it says.
 * - There is one owner for a name; owning fences the one before, whose commits then fail with bus.fenced.
 * - Look-ups see what the same owner has appended and not yet committed.
 *
 * Threads: a bus may be used by many; an owner or a reader by one at a time.
 * Limits: key 512 bytes, event 900,000 bytes, commit 16 MiB in all, position value 900,000 bytes.
 */
struct bus;
struct bus_owner;
struct bus_reader;

#define BUS_TOPICS_MAX 512u
#define BUS_KEY_MAX 512u
#define BUS_VALUE_MAX 900000u
#define BUS_COMMIT_MAX (16u << 20)
/* What one step should stay below, so that commits are large enough to be cheap and small enough for memory. */
#define BUS_STEP_BYTES (4u << 20)
#define BUS_STEP_RECORDS 5000u

#define BUS_KEEP_DAYS 400u           /* a fiscal year, and what it takes to close it */

/* What a bus on Kafka needs beside its brokers. Texts that are NULL are not used; files are opened as they are named. */
struct bus_kafka_conf {
	const char *folder;          /* of this host: indexes, spool; relative to base */
	const char *site;            /* transactional ids begin with it: two sites on one cluster never fence each other */
	const char *prefix;          /* before the names of topics */
	const char *ca;              /* PEM file: whom we believe; with it, or with a certificate, the connection is TLS */
	const char *certificate, *key;   /* PEM files: who we are, when the brokers ask (mutual TLS) */
	const char *mechanism;       /* PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 */
	const char *user, *password; /* password: file that holds it; a line end at its end does not count */
	bool take_over;              /* do not wait for owners on other hosts that went silent */
	unsigned keep_days;          /* so long topics that are made keep their records; 0: BUS_KEEP_DAYS */
};

struct bus_conf {
	const char *url;             /* "embedded:DIR", "kafka:HOST:PORT,..." or, in tests, "hostile:SEED"; DIR relative to base */
	const char *base;            /* folder that relative paths start from; NULL: the working folder */
	unsigned partitions;         /* of event and destination topics; fixed for the life of a bus */
	uint64_t max_bytes;          /* of the store on this host: it refuses appends at nine tenths of this; 0: 64 GiB */
	const struct bus_kafka_conf *kafka;      /* kafka: only; copied */
};

enum bus_mode {
	BUS_LOOK,                    /* read only: verbs beside a running process */
	BUS_OWN                      /* may own flows; on embedded takes the lease: a second one is refused */
};

/* Opens; makes what is missing in mode BUS_OWN. Embedded after an unclean end: walks the store, folds the indexes anew
 * (blocks for about a second a GiB). Errors: bus.url, store.leased {pid}, store.version, store.damaged, bus.partitions
 * {have}{want}, file.*. BUS_LOOK on a bus that does not exist: store.missing. */
int bus_open(const struct bus_conf *c, enum bus_mode mode, struct bus **ret, struct err *e);
void bus_close(struct bus *b);

/* The handle of a topic (topics.h has the names). Makes it in mode BUS_OWN. In mode BUS_LOOK an unknown topic is
 * bus.no_topic. A name is at most 100 bytes of a-z 0-9 . - _ */
int bus_topic(struct bus *b, const char *name, unsigned *ret_topic, struct err *e);
unsigned bus_partitions(const struct bus *b, unsigned topic);
const char *bus_topic_name(const struct bus *b, unsigned topic);
/* Calls each for every topic that lies on the bus, whoever made it, until it returns nonzero. Of a cluster: those that this process
 * may look at. each asks nothing of the bus. */
int bus_topics(struct bus *b, int (*each)(void *arg, const char *name), void *arg, struct err *e);
/* The folder for what belongs to this bus on this host: spool and the like. */
const char *bus_folder(const struct bus *b);
/* Bytes in use, and those at which appends are refused: 1, 0 when the driver keeps no store of its own on this host, -1. */
int bus_room(struct bus *b, uint64_t *ret_used, uint64_t *ret_max, struct err *e);

/* Flows of it may run in several processes, on several hosts: it lies on a cluster. */
bool bus_shared(const struct bus *b);
/* The id that the cluster gives itself: 1 (appended), 0 the bus lies on this host alone, -1. */
int bus_cluster(struct bus *b, struct buf *ret, struct err *e);

/* What one step should stay below on this bus: BUS_STEP_BYTES and BUS_STEP_RECORDS, more where a commit costs more. */
size_t bus_step_bytes(const struct bus *b);
size_t bus_step_records(const struct bus *b);
/* As much is staged as one step should carry: so many bytes or records, or as many entries of indexes as, by what this owner's last
 * commits took, memory should be held for at once. */
bool bus_step_full(const struct bus_owner *o);
/* Offsets of this bus have holes only where something was deleted; on others, for reasons of their own as well. */
bool bus_is_dense(const struct bus *b);

/* Has grew called, from any thread, when a topic may have grown otherwise than by an owner of this process. NULL: no
 * longer; it is not being called when this returns. A bus that one process alone writes never calls it. */
void bus_watch(struct bus *b, void (*grew)(void *arg, unsigned topic), void *arg);

/* The time of the newest record when the bus was opened in mode BUS_OWN; 0: there is none, or it cannot be known. */
int64_t bus_last_ms(const struct bus *b);

#define BUS_CLOCK_MS 120000          /* so much the clock of a host may differ from the brokers' */
/* Calls each for every process that runs flows, here or elsewhere, and said with its last sign of life that its clock differs by more
 * from the brokers': ahead of it (behind: less than 0). The same host may come more than once. On one host alone: nothing. */
int bus_clocks(struct bus *b, int (*each)(void *arg, const char *host, int64_t ahead_ms), void *arg, struct err *e);

/* ---- writing ---- */

/* Becomes the owner of a flow name under a new generation (1, 2, ...), durably, fencing the one before. */
int bus_own(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e);
void bus_disown(struct bus_owner *o);                  /* what is uncommitted is gone; NULL is fine */
uint64_t bus_generation(const struct bus_owner *o);
/* The same, but it fences and is fenced by those who own under that fencing name, whatever the flow: for shares.h. A driver of one
 * process knows no such thing: bus.no_shares. */
int bus_own_as(struct bus *b, const char *flow, const char *fence, struct bus_owner **ret, struct err *e);
/* Fences whoever owns under that name, and owns nothing: what that one has under way has ended when this returns. */
int bus_fence(struct bus *b, const char *fence, struct err *e);
const char *bus_owner_flow(const struct bus_owner *o);

/* Stages one record for the next commit; copies key and value; folds it into the indexes' overlay. Fails only on
 * limits: bus.too_large (ERR_DATA). */
int bus_append(struct bus_owner *o, unsigned topic, unsigned partition, struct span key, struct span value,
	struct err *e);
/* Would a record of so many bytes be too large for that topic? bus.too_large. */
int bus_fits(struct bus *b, unsigned topic, size_t key, size_t value, struct err *e);
/* Stages the value of a position; the last one for a key in a commit wins. An empty value takes the position away. */
int bus_position_put(struct bus_owner *o, const char *key, struct span value, struct err *e);
size_t bus_staged_bytes(const struct bus_owner *o);
size_t bus_staged_records(const struct bus_owner *o);
/* Makes all that is staged durable, in one step. Blocks for a sync of the disk. Nothing staged: does nothing. */
int bus_commit(struct bus_owner *o, struct err *e);

/* ---- positions: 1 found (value appended to ret), 0 none, -1 ---- */
int bus_position_get(struct bus *b, const char *key, struct buf *ret, struct err *e);
/* Calls each for every position whose key begins with prefix, in key order, until it returns nonzero. */
int bus_positions(struct bus *b, const char *prefix, int (*each)(void *arg, struct span key, struct span value),
	void *arg, struct err *e);

/* ---- reading ---- */
struct bus_message {
	uint64_t offset;
	int64_t time_ms;             /* when it was committed; never decreases within a partition */
	struct span key, value;      /* valid until the next call on this reader */
};

/* A reader stands at offset 0 when opened. */
int bus_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e);
void bus_unread(struct bus_reader *r);
void bus_seek(struct bus_reader *r, uint64_t offset);  /* next message: the first one at or behind offset */
int bus_seek_time(struct bus_reader *r, int64_t time_ms, struct err *e);
/* 1 message, 0 nothing more now, -1. A record whose check fails: store.damaged (ERR_HALT), with its place. */
int bus_next(struct bus_reader *r, struct bus_message *ret, struct err *e);
/* One past the last offset that is in use (0 when empty). */
int bus_end(struct bus *b, unsigned topic, unsigned partition, uint64_t *ret, struct err *e);

/* ---- look-ups (index.h has the indexes) ---- */
struct bus_entry {
	bool pending;                /* staged by this owner, not committed: the place is not known yet */
	unsigned topic, partition;
	uint64_t offset;             /* place of the record from which the entry was folded */
	struct span extra;           /* what the fold added; valid until the next look-up by this owner or thread */
};

/* 1 found, 0 not, -1. owner may be NULL (then only what is committed). index is a row number of index_table. */
int bus_look(struct bus *b, struct bus_owner *o, unsigned index, struct span key, struct bus_entry *ret,
	struct err *e);
/* Waits until look-ups, positions and ends see all that was committed before this call, wherever that was. */
int bus_settle(struct bus *b, struct err *e);
/* Entries whose key begins with prefix, in key order, committed only. */
int bus_entries(struct bus *b, unsigned index, struct span prefix,
	int (*each)(void *arg, struct span key, const struct bus_entry *entry), void *arg, struct err *e);

/* ---- acts: what people decide, executed by the owner of the flow ---- */

/* Hands in an act (JSON, at most 64 KiB); durable on return. id: 1 to 64 bytes of a-z 0-9 -. May be called in mode
 * BUS_LOOK, from another process. The same id again is fine and does nothing more. */
int bus_act_submit(struct bus *b, const char *flow, const char *id, struct span act, struct err *e);
/* The next act for this owner's flow that was handed in and is not done: 1 (id and act appended), 0 none, -1.
 * Gives each act once in the life of an owner. */
int bus_act_take(struct bus_owner *o, struct buf *ret_id, struct buf *ret_act, struct err *e);
/* Calls each for the acts that were handed in and are not done, in the order in which they came, until it returns nonzero.
 * came_ms: when. */
int bus_acts_left(struct bus *b, int (*each)(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act),
	void *arg, struct err *e);
/* Owners of this bus run, here or elsewhere, as far as can be known: what is handed in is soon taken. */
bool bus_in_use(struct bus *b);
/* Stages "this act is done"; with the commit it is given to nobody again. */
void bus_act_done(struct bus_owner *o, const char *id);

#endif
