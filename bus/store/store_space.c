/* SPDX-License-Identifier: Apache-2.0 */
#include "store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342   /* "XFSB" */
#endif
#define STEP_FIRST MIB
#define STEP_LAST (32 * MIB)
#define TRY_MS 200
#define CHANGES_AHEAD 64u            /* mapped: space is asked for so many changes at once */

/* ---- what is used ---- */

/* Pages on LMDB's list of free ones. They can be read by a transaction that reads, only. */
static uint64_t free_pages(struct env *v)
{
	MDB_val key, value;
	MDB_cursor *c;
	MDB_txn *txn;
	uint64_t sum = 0;

	if (mdb_txn_begin(v->mdb, NULL, MDB_RDONLY, &txn))
		return 0;
	if (mdb_cursor_open(txn, 0, &c) == 0) {
		/* A value is a list of page numbers behind their count. */
		while (mdb_cursor_get(c, &key, &value, MDB_NEXT) == 0) {
			size_t n;

			memcpy(&n, value.mv_data, sizeof n);
			sum += n;
		}
		mdb_cursor_close(c);
	}
	mdb_txn_abort(txn);
	return sum;
}

static uint64_t last_page(const struct env *v)
{
	MDB_envinfo info;

	mdb_env_info(v->mdb, &info);
	return info.me_last_pgno;
}

uint64_t store_limit(const struct store *s)
{
	return s->max_bytes / 10 * 9;
}

uint64_t store_used(struct store_txn *t)
{
	struct env *v = t->store->env;
	uint64_t used = (last_page(v) + 1) * v->page;

	return used < store_limit(t->store) ? used : used - free_pages(v) * v->page;
}

uint64_t store_bytes(struct store *s)
{
	struct env *v = s->env;
	uint64_t used = last_page(v) + 1, unused = free_pages(v);

	return (used > unused ? used - unused : 0) * v->page;
}

int store_room(struct store_txn *t, struct err *e)
{
	uint64_t used = store_used(t);

	if (used < store_limit(t->store))
		return 0;
	return err_set(e, E_STORE_FULL, "used=%llu\nmax=%llu", (unsigned long long)used,
		(unsigned long long)t->store->max_bytes);
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t more(size_t after, size_t before)
{
	return after > before ? after - before : 0;
}

/* The pages of one table that a transaction can have changed or made: a leaf and a path for each put, one of each for
 * all appends, and what the table has grown by. */
static uint64_t growth_of(const struct touched *d, const MDB_stat *now)
{
	uint64_t depth = now->ms_depth > d->before.ms_depth ? now->ms_depth : d->before.ms_depth, changes = d->puts + 1;

	/* Deletes can hide in the counts what came by splitting, and draw neighbours in. */
	if (d->deletes)
		return (d->puts + d->appends + d->deletes) * 3 * (depth + 1) + d->overflow;
	return at_most(changes, now->ms_leaf_pages) + more(now->ms_leaf_pages, d->before.ms_leaf_pages) +
		at_most(changes * depth, now->ms_branch_pages) + more(now->ms_branch_pages, d->before.ms_branch_pages) +
		d->overflow;
}

/* How many pages this transaction may add to the file, at most: every page that it can have changed is a new one, as
 * LMDB never overwrites; what was free may be used instead, or not. */
static uint64_t growth(struct store_txn *t)
{
	uint64_t sum = 16, lists;
	MDB_stat st;

	for (size_t i = 0; i < t->nlist; i++) {
		const struct touched *d = &t->touched[t->list[i]];

		mdb_stat(t->txn, t->list[i], &st);
		sum += growth_of(d, &st);
	}
	mdb_stat(t->txn, 1, &st);        /* the table of tables */
	sum += st.ms_leaf_pages + st.ms_branch_pages + t->nlist;
	/* The list of free pages is itself kept in pages, and may be written twice while it settles. */
	mdb_stat(t->txn, 0, &st);
	lists = st.ms_leaf_pages + st.ms_branch_pages + st.ms_overflow_pages +
		(sum + t->emptied) * 8 / t->store->env->page;
	return sum + 2 * lists + 16;
}

uint64_t store_space_grown(const struct store_txn *t)
{
	uint64_t sum = 0;
	MDB_stat st;

	for (size_t i = 0; i < t->nlist; i++) {
		const MDB_stat *before = &t->touched[t->list[i]].before;

		mdb_stat(t->txn, t->list[i], &st);
		sum += more(st.ms_leaf_pages + st.ms_branch_pages + st.ms_overflow_pages,
			before->ms_leaf_pages + before->ms_branch_pages + before->ms_overflow_pages);
	}
	return sum;
}

uint64_t store_space_freed(struct store *s)
{
	size_t last = (size_t)store_changes(s), n = 0;
	struct store_cursor *c = NULL;
	struct err ignored = ERR_INIT;
	struct span key, value;
	struct store_txn *t;

	if (store_read(s, &t, &ignored))
		return 0;
	/* LMDB's own table 0: a transaction, and as a list behind their count the pages that it had no more use for. */
	if (store_walk(t, 0, &c, &ignored) == 0 &&
		store_seek(c, (struct span){(const char *)&last, sizeof last}, &key, &value, &ignored) == 1 &&
		memcmp(key.p, &last, sizeof last) == 0)
		memcpy(&n, value.p, sizeof n);
	store_walked(c);
	store_abort(t);
	return n;
}

static int write_zeros(int fd, uint64_t from, uint64_t to)
{
	static const char zeros[1 << 16];

	while (from < to) {
		size_t n = to - from < sizeof zeros ? (size_t)(to - from) : sizeof zeros;
		ssize_t done = pwrite(fd, zeros, n, (off_t)from);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? errno : EIO;
		from += (uint64_t)done;
	}
	return fdatasync(fd) ? errno : 0;
}

/* Shared: of file systems that allocate nothing ahead LMDB itself asks, page by page. */
static int allocate(int fd, uint64_t from, uint64_t to)
{
	int rc;

	do
		rc = fallocate(fd, 0, (off_t)from, (off_t)(to - from)) ? errno : 0;
	while (rc == EINTR);
	return rc == EOPNOTSUPP || rc == ENOSYS ? 0 : rc;
}

/* Others may have made it grow. */
static void see_size(struct store *s)
{
	struct stat st;

	if (s->is_shared && fstat(s->data, &st) == 0)
		s->ahead = (uint64_t)st.st_size;
}

/* Sees to it that what this transaction may need is there, as written and synced bytes. */
static int go_ahead(struct store *s, uint64_t need, struct err *e)
{
	uint64_t to;
	int rc;

	see_size(s);
	to = s->ahead;
	if (need <= s->ahead)
		return 0;
	to = to < STEP_FIRST ? STEP_FIRST : to < STEP_LAST ? 2 * to : to + STEP_LAST;
	to = (to < need ? need + STEP_FIRST : to) / STEP_FIRST * STEP_FIRST;
	if (to > s->env->map_bytes)
		to = s->env->map_bytes;
	if (to <= s->ahead)
		return 0;                /* the whole map is written */
	rc = (s->is_shared ? allocate : write_zeros)(s->data, s->ahead, to);
	if (rc) {
		/* Gives back what it took of a full disk: others may do with less. */
		(void)!ftruncate(s->data, (off_t)s->ahead);
		return rc == EIO ? err_sys(e, E_DISK_FAILED, "data.mdb", rc) : store_fail(e, "data.mdb", rc);
	}
	s->ahead = to;
	return 0;
}

int store_space_commit(struct store_txn *t, struct err *e)
{
	struct env *v = t->store->env;

	return go_ahead(t->store, (last_page(v) + 1 + growth(t)) * v->page, e);
}

/* ---- mapped: a page that is not there when it is touched ends the process ---- */

int store_space_for(struct store_txn *t, uint64_t pages, struct err *e)
{
	struct env *v = t->store->env;
	struct err ignored = ERR_INIT;
	uint64_t used;

	if (!v->mapped)
		return 0;
	if (t->spare < pages) {
		used = last_page(v) + 1 + growth(t);
		/* When there is no room for more it may do with what it needs. */
		if (go_ahead(t->store, (used + pages * CHANGES_AHEAD) * v->page, &ignored) &&
			go_ahead(t->store, (used + pages) * v->page, e)) {
			t->failed = true;
			return -1;
		}
		/* LMDB itself says when its whole map is full. */
		t->spare = t->store->ahead >= v->map_bytes ? UINT64_MAX : t->store->ahead / v->page - used;
	}
	t->spare -= pages;
	return 0;
}

static bool may_map(const struct env *v, int fd)
{
	struct rlimit most;
	struct statfs fs;

	if (fstatfs(fd, &fs) || getrlimit(RLIMIT_FSIZE, &most))
		return false;
	if (most.rlim_cur != RLIM_INFINITY && most.rlim_cur < v->map_bytes)
		return false;
	return (fs.f_type == EXT4_SUPER_MAGIC || fs.f_type == XFS_SUPER_MAGIC || fs.f_type == TMPFS_MAGIC) &&
		fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, MIB) == 0;
}

/* LMDB makes the file as long as its map. Back to what there is: what was in use, and what had been allocated ahead of it. When
 * somebody was killed in between, nobody knows that any more. */
static int cut(const struct env *v, int fd, uint64_t before)
{
	MDB_stat stat;
	uint64_t to;

	mdb_env_stat(v->mdb, &stat);
	to = ((last_page(v) + 1) * stat.ms_psize + MIB - 1) / MIB * MIB;
	if (before > to && before < v->map_bytes)
		to = before;
	return ftruncate(fd, (off_t)to) ? errno : allocate(fd, 0, to);
}

/* Whoever stands in a transaction now may be allocating: who cannot wait for that writes page by page, beside the others. */
void store_space_open(const struct store *s, struct env *v, unsigned flags, int *ret_rc)
{
	struct stat st;
	int fd = -1;

	if (s->is_shared && shared_writing_try(v->writing, TRY_MS)) {
		fd = openat(s->dir, "data.mdb", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		v->mapped = fd >= 0 && fstat(fd, &st) == 0 && may_map(v, fd);
	}
	*ret_rc = mdb_env_open(v->mdb, s->folder, flags | (v->mapped ? MDB_WRITEMAP : 0), 0600);
	if (v->mapped && *ret_rc)
		(void)!ftruncate(fd, st.st_size);
	else if (v->mapped)
		*ret_rc = cut(v, fd, (uint64_t)st.st_size);
	if (fd >= 0)
		close(fd);
	if (s->is_shared)
		shared_writing_unlock(v->writing);
}
