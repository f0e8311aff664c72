/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_STORE_PARTS_H
#define JC_STORE_PARTS_H

#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store.h"
#include "store_shared.h"

/* Inside the store: shared by store.c (transactions, tables), store_open.c, and store_space.c, which sees to it that a full disk is
 * met where nothing has happened. */
#define MIB (1ull << 20)
#define SLOTS (STORE_TABLES_MAX + 2) /* LMDB's handles begin at 2 */

/* What a write transaction has done to one table: from this follows how many pages it can need at most. */
struct touched {
	MDB_cursor *cursor;          /* freed by LMDB at the end of the transaction */
	MDB_stat before;
	size_t puts, appends, deletes, overflow;
	bool on;
};

struct store_cursor {
	MDB_cursor *cursor;
	struct store_txn *of;        /* whose it is, to be used again; NULL: nobody's */
};

struct store_txn {
	struct store_txn *next;      /* of those kept */
	struct store *store;
	MDB_txn *txn;
	bool write, opened, failed;  /* opened: a table, so the lock on tables is held */
	/* read only: a look along a table asks for no memory when the one before was along the same */
	struct store_cursor walk;
	unsigned walk_table;
	bool walking;
	/* write only */
	MDB_dbi list[SLOTS];
	size_t nlist, emptied;       /* pages */
	uint64_t spare;              /* mapped: pages that it may still touch without asking for space */
	struct touched touched[SLOTS];
};

/* What all stores of one folder in this process share. */
struct env {
	struct env *next;
	unsigned users;
	dev_t dev;
	ino_t ino;
	pid_t pid;                   /* of who opened it: a child's list holds its parent's too */
	MDB_env *mdb;
	bool read_only;
	int writing;                 /* shared: locked around a write transaction; else -1 */
	bool mapped;                 /* pages are changed where they lie, in the mapped file (store_space.c) */
	uint64_t map_bytes;
	unsigned page;
	pthread_mutex_t writer;      /* before LMDB's own, which lies in a file */
	pthread_mutex_t tables;      /* LMDB opens tables in one transaction at a time */
	pthread_mutex_t kept_lock;
	struct store_txn *kept;      /* read transactions that are reset */
	unsigned nkept;
	atomic_bool broken;          /* a commit failed */
	int64_t checked_ms;          /* of the readers; under writer */
};

struct store {
	struct env *env;
	bool write, unclean, marked, is_shared;
	struct shared shared;
	int dir, lease, data;        /* data: our own descriptor, to write ahead */
	uint64_t max_bytes;
	uint64_t ahead;              /* bytes of data.mdb that are written */
	struct store_txn *writing;   /* the one to write, used again and again */
	uint64_t pages;              /* of the last commit */
	char folder[512];
};

/* disk.full, store.version or store.failed for what LMDB said. */
int store_fail(struct err *e, const char *what, int rc);
/* A transaction to read, that is kept or not. */
void store_free_read(struct store_txn *t);

/* Opens LMDB's files. Of a shared store pages are changed where they lie, in the mapped file, when the file system is one that
 * allocates ahead for certain: no copy of each page in memory, none on its way to the file. */
void store_space_open(const struct store *s, struct env *v, unsigned flags, int *ret_rc);
/* Before a change that may touch so many pages more. Mapped: they are there, or disk.full and nothing was touched. */
int store_space_for(struct store_txn *t, uint64_t pages, struct err *e);
/* Pages by which the tables that this transaction has changed have grown; before it is committed. */
uint64_t store_space_grown(const struct store_txn *t);
/* Pages that were free for others after the last commit and not before: what it has changed lies in others. */
uint64_t store_space_freed(struct store *s);
/* Before a commit: what it may need is there. */
int store_space_commit(struct store_txn *t, struct err *e);

#endif
