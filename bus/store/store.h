/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_STORE_H
#define JC_STORE_H

#include "buf.h"
#include "err.h"
#include "version.h"

/*
 * The store: a folder with named tables of ordered keys, changed in transactions that are durable when they end. The
 * one place that knows LMDB (0.9.24). Not for: what lies in the tables, checks of their bytes (LMDB has none: whoever
 * writes adds a CRC), waiting for many writers (embedded.c gathers them).
 *
 *	data.mdb lock.mdb   LMDB's own. Default sync, never a flag that weakens it. data.mdb is written with zeros
 *	                    and synced ahead of its use, 1 MiB at first, then in doubling steps up to 32 MiB, and is
 *	                    never sparse: a full disk fails such a step (disk.full, nothing happened), not a commit
 *	lease               locked by the one process that may write; holds its pid
 *	unclean             there from before the first change until a clean close
 *
 * Threads: a store may be used by many. One write transaction at a time, others wait for it; a transaction stays in
 * its thread. A thread has at most one write and, not beside it, one read transaction.
 * Processes: one writes, many read. LMDB must be opened once in a process, so all stores of one folder in a process
 * share what is below, in a list that is global here. A store to write is refused (store.leased) beside one to read
 * that this same process opened first; the other order is fine. Do not carry a store over a fork.
 * The folder must be on a local file system.
 *
 * Shared (store_conf.shared): several processes of a host write. For what can be thrown away and made again, so that no
 * commit waits for the disk: after a power cut what lies there may be torn, and is not looked at. Whoever opens it when
 * nobody else has it open throws it away (store_anew) when the machine was started since, when it holds another thing
 * than is wanted, when somebody has called it spoiled, or when LMDB cannot open it. A kill at any moment does no harm:
 * LMDB's mutex is freed, and what was not committed has not happened. Space is allocated ahead, not written; a full disk
 * is disk.full, and the store goes on. On ext4, XFS and tmpfs pages are changed where they lie in the mapped file, without
 * a copy in memory: what may be touched is allocated before, so each put may fail with disk.full.
 *
 *	lease               each holds it for reading; for writing while it opens and is alone
 *	opening             locked by the one that is opening; holds its pid
 *	writing             locked within a write transaction
 *	origin              the start of the machine, and what the store holds
 */
struct store;
struct store_txn;
struct store_cursor;

#define STORE_KEY_MAX 511u
#define STORE_TABLES_MAX 4096u

/*
 * The format: a number that grows with whatever an older program would take for something else, in these tables or in what flows write
 * into positions and onto topics. Whoever opens a store to write raises it to its own before anything else, and leaves its name
 * (STORE_PROGRAM); an older program refuses the store from then on, to look as well. On a cluster the same number stands in the life
 * of the site (guard.h).
 *
 *	1       the first
 *	2       positions say that their totals stand on the journal (journal.h): a program without it would have them counted twice
 */
#define STORE_FORMAT 2u
#define STORE_PROGRAM "jincai " JINCAI_VERSION

struct store_conf {
	const char *folder;
	uint64_t max_bytes;          /* what it may come to on disk; 0: 64 GiB */
	bool write;                  /* else read only */
	const char *shared;          /* see above: one line, what the store holds; NULL: it is not shared. Is to write */
};

/* Opens; with write makes what is missing (folder 0700, files 0600) and takes the lease. Errors: store.missing (read
 * only), store.leased {pid}, store.newer {program}{have}{want}, store.version {have}{want}, store.failed, file.*, disk.full. Shared: store.leased when a
 * process has it that does not share; store.version when others have it open for another thing; store.busy {pid}{seconds}. */
int store_open(const struct store_conf *c, struct store **ret, struct err *e);
/* No transaction may be open. clean: all that is inside was checked, so the next to open need not; false leaves the
 * mark "unclean" as it is. After a commit that failed a close is never clean. NULL is fine. */
void store_close(struct store *s, bool clean);
/* The last one that wrote did not end in order: check what lies inside. */
bool store_unclean(const struct store *s);
/* Shared: there was none, or it was thrown away when this one opened it. */
bool store_anew(const struct store *s);
/* Shared: what it holds cannot be believed; the next that opens it alone throws it away. */
void store_spoil(struct store *s);
/* Bytes in use, and bytes at which store_has_room says no: nine tenths of max_bytes. Within a write transaction. */
uint64_t store_used(struct store_txn *t);
uint64_t store_limit(const struct store *s);
/* Bytes in use without the pages that are free to be used again. Begins a transaction of its own. */
uint64_t store_bytes(struct store *s);
/* 0, or -1 with store.full {used}{max}: for whoever is about to add something that can wait. */
int store_room(struct store_txn *t, struct err *e);

/* ---- transactions ---- */

/* To read: sees the moment at which it began. Must be short, 100 ms at most: while it lasts no freed page is used
 * again. */
int store_read(struct store *s, struct store_txn **ret, struct err *e);
/* To write: blocks for the one before. Errors: store.failed; bus.commit_failed after a commit has failed. Shared:
 * store.busy {pid}{seconds} when another process does not end its transaction: it was stopped within. */
int store_write(struct store *s, struct store_txn **ret, struct err *e);
/* Ends it, in every case. Blocks for a sync of the disk, unless shared. disk.full: nothing happened. bus.commit_failed
 * (ERR_HALT): nobody knows; this store takes no further transaction. */
int store_commit(struct store_txn *t, struct err *e);
/* Pages that the last commit to this store wrote; each lay in memory until then. Not of a shared one: 0. */
uint64_t store_pages(const struct store *s);
/* Ends it; what was written is gone. For read transactions too. NULL is fine. */
void store_abort(struct store_txn *t);

/* ---- tables ---- */

/* The handle of a table, good for the life of the store when this transaction is committed (a read transaction: when
 * it ends). A write transaction makes what is missing. 1 there or made, 0 missing, -1. A handle is for transactions
 * that began later, and this one. */
int store_table(struct store_txn *t, const char *name, unsigned *ret_table, struct err *e);
/* Empties a table; its handle stays good, in other processes too. */
int store_empty(struct store_txn *t, unsigned table, struct err *e);
/* Pairs in a table. */
uint64_t store_count(struct store_txn *t, unsigned table);
/* Grows with each commit, of whichever process. Cheap: without a transaction. */
uint64_t store_changes(const struct store *s);
/* What store_changes said when this transaction to read began. */
uint64_t store_moment(const struct store_txn *t);

/* Keys have 1 to STORE_KEY_MAX bytes. Spans are good until the transaction ends or writes. 1 found, 0 not, -1. */
int store_get(struct store_txn *t, unsigned table, struct span key, struct span *ret, struct err *e);

enum store_put {
	STORE_LAST,                  /* replaces */
	STORE_FIRST,                 /* what is there stays */
	STORE_APPEND                 /* the key is behind all that are there */
};

/* Room for n bytes of value under the key, to be filled before the next call on t. 1 put, 0 was there (STORE_FIRST),
 * -1: store.full when even the last reserve is used up, disk.full (shared): abort. Runs in key order are the fast ones. */
int store_put(struct store_txn *t, unsigned table, struct span key, size_t n, enum store_put how, void **ret,
	struct err *e);
/* 1 deleted, 0 was not there, -1. */
int store_delete(struct store_txn *t, unsigned table, struct span key, struct err *e);

/* ---- walking ---- */

/* Ended before its transaction is. One for a table in a write transaction. */
int store_walk(struct store_txn *t, unsigned table, struct store_cursor **ret, struct err *e);
void store_walked(struct store_cursor *c);
/* To the first pair at or behind key; an empty key: the first of all. 1, 0 none, -1. */
int store_seek(struct store_cursor *c, struct span key, struct span *ret_key, struct span *ret_value, struct err *e);
int store_next(struct store_cursor *c, struct span *ret_key, struct span *ret_value, struct err *e);
int store_last(struct store_cursor *c, struct span *ret_key, struct span *ret_value, struct err *e);

/* Calls each for the pairs whose key begins with prefix, in key order, until it returns nonzero. Copies them in short
 * transactions of at most 1 MiB and calls outside of them: what each does may take its time, and pairs far apart may
 * be of different moments. */
int store_scan(struct store *s, unsigned table, struct span prefix, int (*each)(void *arg, struct span key,
	struct span value), void *arg, struct err *e);

/* Whole numbers as keys, in the order of their values. */
static inline void store_key64(uint64_t v, char ret[8])
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		ret[i] = (char)(v & 0xff);
}

static inline uint64_t store_of64(const char *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* Somebody holds the lease: a process that writes runs. */
bool store_in_use(const struct store *s);
/* "LMDB 0.9.24: (July 24, 2019)", of the library that is linked. */
const char *store_library_version(void);

#endif
