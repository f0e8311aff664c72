/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_EMBEDDED_H
#define JC_EMBEDDED_H

#include <pthread.h>
#include <stdatomic.h>

#include "bus_driver.h"
#include "index.h"
#include "sealed.h"

/*
 * Inside the embedded driver: one host, a store (store.h), one process that writes. Files: embedded.c opens, keeps
 * topics, answers look-ups; embedded_commit.c writes; embedded_read.c reads; embedded_fold.c looks a store through and
 * folds its indexes; embedded_acts.c has the acts.
 *
 * Tables:
 *	meta           format (store.c), partitions, edition of the indexes, folding while they are incomplete
 *	topics         name -> {number u32, partitions u32}
 *	epochs         flow -> generation u64
 *	positions      key -> value
 *	acts           id -> time u64: done
 *	index.NAME     key -> {topic number u16, partition u16, offset u64, extra}
 *	log.NUMBER.P   offset u64 -> record, from 0 without holes
 * All whole numbers are big-endian. Every value outside meta is sealed: it begins with a CRC32C over table, key and the
 * rest. A record is {CRC32C over topic number, partition, offset and the rest; length of the key u32; time i64; key;
 * value}.
 * A topic's number is for the life of a store; its handle (bus.c) for the life of a struct bus.
 */
#define RECORD_HEAD 16u

struct log {
	unsigned table;
	/* Of the transaction that writes: */
	uint64_t stamp, next;        /* next is right when stamp is that of the bus */
};

struct topic {
	char name[104];
	unsigned number, partitions;
	atomic_uint handle;          /* UINT_MAX: bus.c has not asked for it */
	struct log logs[];
};

struct request;

struct embedded {
	struct bus bus;
	struct store *store;
	unsigned meta;
	struct sealed topics, epochs, positions, acts, index[INDEX_COUNT];
	_Atomic(struct topic *) numbered[BUS_TOPICS_MAX];
	struct topic *handled[BUS_TOPICS_MAX];

	pthread_mutex_t lock;        /* of the queue */
	pthread_cond_t changed;
	struct request *first, *last;
	bool leading;                /* somebody is committing */

	/* Of the one who is committing: */
	uint64_t stamp;
	int64_t now_ms;              /* never less than in any record */
	uint64_t *offsets;           /* of the records of a commit */
	const struct commit_entry **sorted;
	size_t cap_offsets, cap_sorted;

	pthread_mutex_t acts_lock;
	int acts_dir;
	struct act_file *act_files;  /* as last seen, in the order in which they came */
	size_t nacts;
	struct timespec acts_seen;   /* when the folder had last changed */
	int64_t acts_looked_ms;
};

struct owner {
	struct bus_owner owner;
	size_t pages;                /* that PAGES_OF entries took in its last commits (embedded_commit.c) */
	char (*given)[72];           /* acts */
	size_t ngiven, cap_given;
};

struct reader {
	struct bus_reader reader;
	struct embedded *bus;
	const struct topic *topic;
	unsigned partition;
	uint64_t next;
	struct buf chunk;            /* {offset u64, length u64, record} */
	size_t chunk_bytes;          /* that was asked for last; 0: none since the seek */
	size_t at;
};

struct record {
	int64_t time_ms;
	struct span key, value;
};

/* ---- embedded_commit.c ---- */
int embedded_own(struct bus *b, const char *flow, struct bus_owner **ret, struct err *e);
int embedded_commit(struct bus_owner *o, const struct bus_commit *c, struct err *e);

/* ---- embedded_read.c ---- */
/* Writes a record's bytes at p, RECORD_HEAD + key.n + value.n of them. */
void embedded_pack(char *p, const struct topic *t, unsigned partition, uint64_t offset, int64_t time_ms,
	struct span key, struct span value);
int embedded_unpack(const struct topic *t, unsigned partition, uint64_t offset, struct span raw, struct record *ret,
	struct err *e);
int embedded_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e);
void embedded_unread(struct bus_reader *r);
void embedded_seek(struct bus_reader *r, uint64_t offset);
int embedded_seek_time(struct bus_reader *r, int64_t time_ms, struct err *e);
int embedded_next(struct bus_reader *r, struct bus_message *ret, struct err *e);
int embedded_end(struct bus *b, unsigned topic, unsigned partition, uint64_t *ret, struct err *e);
/* The last record's offset and time. 1, 0 when there is none, -1. */
int embedded_last(struct store_txn *t, const struct topic *topic, unsigned partition, uint64_t *ret_offset,
	int64_t *ret_time, struct err *e);

/* ---- embedded_fold.c ---- */
/* Looks every record, position and epoch through and folds the indexes anew, in bounded transactions. Errors:
 * store.damaged, and what transactions fail with. After any the next open begins again. */
int embedded_fold(struct embedded *b, struct err *e);
/* 1 the indexes are whole and of our edition, 0 not, -1. */
int embedded_folded(struct embedded *b, struct err *e);

/* ---- embedded_acts.c ---- */
int embedded_acts_open(struct embedded *b, struct err *e);
void embedded_acts_close(struct embedded *b);
int embedded_act_submit(struct bus *b, const char *flow, const char *id, struct span act, struct err *e);
bool embedded_in_use(struct bus *b);
int embedded_acts_left(struct bus *b, int (*each)(void *, const char *, const char *, int64_t, struct span), void *arg,
	struct err *e);
int embedded_act_take(struct bus_owner *o, struct buf *ret_id, struct buf *ret_act, struct err *e);
/* After the commit that says so. */
void embedded_acts_drop(struct embedded *b, const char *flow, const char *const *ids, size_t n);

#endif
