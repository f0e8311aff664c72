/* SPDX-License-Identifier: Apache-2.0 */
#include "store_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"

#define READERS_KEPT 64u             /* transactions to read that are kept for the next one */
#define READER_CHECK_MS 10000
#define SCAN_BYTES MIB
#define A_NAME 16u                   /* pages that making or emptying a table may touch */
#define DEEPER 4u                    /* levels by which a table may grow in one transaction */

/* ---- errors ---- */

int store_fail(struct err *e, const char *what, int rc)
{
	if (rc == ENOSPC || rc == EDQUOT || rc == EFBIG)
		return err_sys(e, E_DISK_FULL, what, rc);
	if (rc == MDB_VERSION_MISMATCH)
		return err_set(e, E_STORE_VERSION, "have=another LMDB\nwant=%u", STORE_FORMAT);
	return err_set(e, E_STORE_FAILED, "what=%s\nwhy=%s", what, mdb_strerror(rc));
}

static int fail_txn(struct store_txn *t, struct err *e, const char *what, int rc)
{
	t->failed = true;
	if (rc == MDB_MAP_FULL || rc == MDB_TXN_FULL)
		return err_set(e, E_STORE_FULL, "used=%llu\nmax=%llu", (unsigned long long)store_used(t),
			(unsigned long long)t->store->max_bytes);
	return store_fail(e, what, rc);
}

static int broken(struct err *e, int rc)
{
	return err_set(e, E_BUS_COMMIT_FAILED, "why=%s", rc ? mdb_strerror(rc) : "a commit before this one failed");
}

/* ---- transactions ---- */

void store_free_read(struct store_txn *t)
{
	if (t->walk.cursor)
		mdb_cursor_close(t->walk.cursor);
	mdb_txn_abort(t->txn);
	free(t);
}

static struct store_txn *kept_take(struct env *v)
{
	struct store_txn *t;

	pthread_mutex_lock(&v->kept_lock);
	t = v->kept;
	if (t) {
		v->kept = t->next;
		v->nkept--;
	}
	pthread_mutex_unlock(&v->kept_lock);
	return t;
}

static bool kept_give(struct env *v, struct store_txn *t)
{
	bool room;

	pthread_mutex_lock(&v->kept_lock);
	room = v->nkept < READERS_KEPT;
	if (room) {
		t->next = v->kept;
		v->kept = t;
		v->nkept++;
	}
	pthread_mutex_unlock(&v->kept_lock);
	return room;
}

int store_read(struct store *s, struct store_txn **ret, struct err *e)
{
	struct store_txn *t;
	int rc, dead;

	if (s->env->broken)
		return broken(e, 0);
	t = kept_take(s->env);
	if (t) {
		rc = mdb_txn_renew(t->txn);
		if (rc) {
			store_free_read(t);
			return store_fail(e, "read", rc);
		}
	} else {
		/* Only one to write needs what stands behind. */
		t = mem_new(offsetof(struct store_txn, list));
		rc = mdb_txn_begin(s->env->mdb, NULL, MDB_RDONLY, &t->txn);
		if (rc == MDB_READERS_FULL && mdb_reader_check(s->env->mdb, &dead) == 0 && dead)
			rc = mdb_txn_begin(s->env->mdb, NULL, MDB_RDONLY, &t->txn);
	}
	if (rc) {
		free(t);
		return store_fail(e, "read", rc);
	}
	t->store = s;
	*ret = t;
	return 0;
}

/* Durable before the first change: from here on an end without a close shows. */
static int mark(struct store *s, struct err *e)
{
	char text[80], boot[40];

	if (s->marked)
		return 0;
	snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), clock_boot_id(boot));
	if (fsys_put(s->dir, "unclean", span_of(text), e))
		return -1;
	s->marked = true;
	return 0;
}

/* What is to be done before the transaction begins. */
static int before_write(struct store *s, struct err *e)
{
	if (s->env->broken)
		return broken(e, 0);
	return s->is_shared ? shared_writing_lock(s->env->writing, e) : mark(s, e);
}

int store_write(struct store *s, struct store_txn **ret, struct err *e)
{
	struct store_txn *t = s->writing;
	int rc;

	assert(s->write);
	pthread_mutex_lock(&s->env->writer);
	if (before_write(s, e) == 0) {
		rc = mdb_txn_begin(s->env->mdb, NULL, 0, &t->txn);
		if (rc == 0) {
			t->store = s;
			t->write = true;
			t->failed = t->opened = false;
			t->nlist = t->emptied = 0;
			t->spare = 0;
			*ret = t;
			return 0;
		}
		store_fail(e, "write", rc);
		if (s->is_shared)
			shared_writing_unlock(s->env->writing);
	}
	pthread_mutex_unlock(&s->env->writer);
	return -1;
}

static void end_write(struct store_txn *t)
{
	struct env *v = t->store->env;

	for (size_t i = 0; i < t->nlist; i++)
		t->touched[t->list[i]].on = false;
	if (t->opened)
		pthread_mutex_unlock(&v->tables);
	if (t->store->is_shared)
		shared_writing_unlock(v->writing);
	pthread_mutex_unlock(&v->writer);
}

static void end_read(struct store_txn *t)
{
	struct env *v = t->store->env;

	if (t->opened) {
		mdb_txn_commit(t->txn);  /* an abort would close the tables again */
		pthread_mutex_unlock(&v->tables);
		if (t->walk.cursor)
			mdb_cursor_close(t->walk.cursor);
		free(t);
		return;
	}
	mdb_txn_reset(t->txn);
	if (!kept_give(v, t))
		store_free_read(t);
}

void store_abort(struct store_txn *t)
{
	if (!t)
		return;
	if (!t->write) {
		end_read(t);
		return;
	}
	mdb_txn_abort(t->txn);
	end_write(t);
}

/* Places of readers that died are given free, so that the pages they held are. */
static void check_readers(struct env *v)
{
	int64_t now = clock_steady_ms();
	int dead;

	if (now - v->checked_ms < READER_CHECK_MS)
		return;
	v->checked_ms = now;
	mdb_reader_check(v->mdb, &dead);
}

int store_commit(struct store_txn *t, struct err *e)
{
	struct env *v = t->store->env;
	uint64_t grown;
	int rc;

	assert(!t->failed);
	if (!t->write) {
		end_read(t);
		return 0;
	}
	if (store_space_commit(t, e)) {
		store_abort(t);
		return -1;
	}
	grown = t->store->is_shared ? 0 : store_space_grown(t);
	rc = mdb_txn_commit(t->txn);
	/* Without a sync pages fail before the commit is written, and LMDB has gone back to the one before. */
	if (rc && t->store->is_shared && (rc == ENOSPC || rc == EDQUOT || rc == EFBIG))
		store_fail(e, "data.mdb", rc);
	else if (rc) {
		v->broken = true;
		broken(e, rc);
	}
	if (!rc && !t->store->is_shared)
		t->store->pages = grown + store_space_freed(t->store);
	check_readers(v);
	end_write(t);
	return rc ? -1 : 0;
}

uint64_t store_pages(const struct store *s)
{
	return s->pages;
}

/* ---- tables ---- */

int store_table(struct store_txn *t, const char *name, unsigned *ret_table, struct err *e)
{
	MDB_dbi dbi;
	int rc;

	if (!t->opened)
		pthread_mutex_lock(&t->store->env->tables);
	t->opened = true;
	if (t->write && store_space_for(t, A_NAME, e))
		return -1;
	rc = mdb_dbi_open(t->txn, name, t->write ? MDB_CREATE : 0, &dbi);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		return fail_txn(t, e, name, rc);
	*ret_table = dbi;
	return 1;
}

static struct touched *touch(struct store_txn *t, unsigned table)
{
	struct touched *d = &t->touched[table];

	assert(t->write && table < SLOTS);
	if (!d->on) {
		*d = (struct touched){.on = true};
		mdb_stat(t->txn, table, &d->before);
		t->list[t->nlist++] = table;
	}
	return d;
}

int store_empty(struct store_txn *t, unsigned table, struct err *e)
{
	struct touched *d = touch(t, table);
	MDB_stat st;
	int rc;

	if (store_space_for(t, A_NAME, e))
		return -1;
	if (d->cursor)
		mdb_cursor_close(d->cursor);
	d->cursor = NULL;
	mdb_stat(t->txn, table, &st);
	t->emptied += st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
	rc = mdb_drop(t->txn, table, 0);
	if (rc)
		return fail_txn(t, e, "empty", rc);
	d->before = (MDB_stat){0};
	return 0;
}

uint64_t store_count(struct store_txn *t, unsigned table)
{
	MDB_stat st;

	return mdb_stat(t->txn, table, &st) ? 0 : st.ms_entries;
}

uint64_t store_changes(const struct store *s)
{
	MDB_envinfo info;

	mdb_env_info(s->env->mdb, &info);
	return info.me_last_txnid;
}

uint64_t store_moment(const struct store_txn *t)
{
	return mdb_txn_id(t->txn);
}

int store_get(struct store_txn *t, unsigned table, struct span key, struct span *ret, struct err *e)
{
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v;
	int rc = mdb_get(t->txn, table, &k, &v);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		return fail_txn(t, e, "get", rc);
	*ret = (struct span){v.mv_data, v.mv_size};
	return 1;
}

int store_put(struct store_txn *t, unsigned table, struct span key, size_t n, enum store_put how, void **ret,
	struct err *e)
{
	static const unsigned flags[] = {
		[STORE_LAST] = MDB_RESERVE,
		[STORE_FIRST] = MDB_RESERVE | MDB_NOOVERWRITE,
		[STORE_APPEND] = MDB_RESERVE | MDB_APPEND,
	};
	struct touched *d = touch(t, table);
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v = {n, NULL};
	/* A value that fills half a page gets pages of its own. */
	const uint64_t page = t->store->env->page, own = key.n + n > page / 3 ? (n + 16 + page - 1) / page : 0;
	int rc;

	if (store_space_for(t, 2 * (d->before.ms_depth + DEEPER) + own, e))
		return -1;
	rc = d->cursor ? 0 : mdb_cursor_open(t->txn, table, &d->cursor);
	if (rc == 0)
		rc = mdb_cursor_put(d->cursor, &k, &v, flags[how]);
	if (rc == MDB_KEYEXIST && how == STORE_FIRST)
		return 0;
	if (rc)
		return fail_txn(t, e, "put", rc);
	if (how == STORE_APPEND)
		d->appends++;
	else
		d->puts++;
	d->overflow += own;
	*ret = v.mv_data;
	return 1;
}

int store_delete(struct store_txn *t, unsigned table, struct span key, struct err *e)
{
	MDB_val k = {key.n, (void *)(uintptr_t)key.p};
	struct touched *d = touch(t, table);
	int rc;

	if (store_space_for(t, 3 * (d->before.ms_depth + DEEPER), e))
		return -1;
	rc = mdb_del(t->txn, table, &k, NULL);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		return fail_txn(t, e, "delete", rc);
	d->deletes++;
	return 1;
}

/* ---- walking ---- */

/* With the transaction's own cursor, made ready once for a table. */
static int walk_again(struct store_txn *t, unsigned table, struct store_cursor **ret, struct err *e)
{
	int rc;

	if (t->walk.cursor && t->walk_table != table) {
		mdb_cursor_close(t->walk.cursor);
		t->walk.cursor = NULL;
	}
	rc = t->walk.cursor ? mdb_cursor_renew(t->txn, t->walk.cursor) : mdb_cursor_open(t->txn, table, &t->walk.cursor);
	if (rc)
		return fail_txn(t, e, "walk", rc);
	t->walk.of = t;
	t->walk_table = table;
	t->walking = true;
	*ret = &t->walk;
	return 0;
}

int store_walk(struct store_txn *t, unsigned table, struct store_cursor **ret, struct err *e)
{
	struct store_cursor *c;
	int rc;

	if (!t->write && !t->opened && !t->walking)
		return walk_again(t, table, ret, e);
	c = mem_new(sizeof *c);
	rc = mdb_cursor_open(t->txn, table, &c->cursor);

	if (rc) {
		free(c);
		return fail_txn(t, e, "walk", rc);
	}
	*ret = c;
	return 0;
}

void store_walked(struct store_cursor *c)
{
	if (!c)
		return;
	if (c->of) {
		c->of->walking = false;
		return;
	}
	mdb_cursor_close(c->cursor);
	free(c);
}

static int move(struct store_cursor *c, MDB_cursor_op op, struct span key, struct span *ret_key,
	struct span *ret_value, struct err *e)
{
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v;
	int rc = mdb_cursor_get(c->cursor, &k, &v, op);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc)
		return store_fail(e, "walk", rc);
	*ret_key = (struct span){k.mv_data, k.mv_size};
	*ret_value = (struct span){v.mv_data, v.mv_size};
	return 1;
}

int store_seek(struct store_cursor *c, struct span key, struct span *ret_key, struct span *ret_value, struct err *e)
{
	return move(c, key.n ? MDB_SET_RANGE : MDB_FIRST, key, ret_key, ret_value, e);
}

int store_next(struct store_cursor *c, struct span *ret_key, struct span *ret_value, struct err *e)
{
	return move(c, MDB_NEXT, SPAN_NONE, ret_key, ret_value, e);
}

int store_last(struct store_cursor *c, struct span *ret_key, struct span *ret_value, struct err *e)
{
	return move(c, MDB_LAST, SPAN_NONE, ret_key, ret_value, e);
}

/* Copies pairs as {size_t key, size_t value, bytes of both}, beginning behind the key `last` (empty: at the prefix). */
static int copy_some(struct store *s, unsigned table, struct span prefix, struct span last, struct buf *ret,
	struct err *e)
{
	struct store_cursor *c = NULL;
	struct span key, value;
	struct store_txn *t;
	int got;

	if (store_read(s, &t, e))
		return -1;
	got = store_walk(t, table, &c, e) ? -1 : store_seek(c, last.n ? last : prefix, &key, &value, e);
	if (got == 1 && last.n && span_eq(key, last))
		got = store_next(c, &key, &value, e);
	while (got == 1 && (!prefix.n || span_starts(key, prefix)) && ret->n < SCAN_BYTES) {
		buf_add(ret, &key.n, sizeof key.n);
		buf_add(ret, &value.n, sizeof value.n);
		buf_span(ret, key);
		buf_span(ret, value);
		got = store_next(c, &key, &value, e);
	}
	store_walked(c);
	store_abort(t);
	return got < 0 ? -1 : 0;
}

int store_scan(struct store *s, unsigned table, struct span prefix, int (*each)(void *arg, struct span key,
	struct span value), void *arg, struct err *e)
{
	char last[STORE_KEY_MAX];
	struct span key = SPAN_NONE, before = SPAN_NONE, value;
	struct buf some = BUF_INIT;
	int failed;

	do {
		buf_clear(&some);
		failed = copy_some(s, table, prefix, before, &some, e);
		for (const char *p = some.p; !failed && p < some.p + some.n; p = value.p + value.n) {
			memcpy(&key.n, p, sizeof key.n);
			memcpy(&value.n, p + sizeof key.n, sizeof value.n);
			key.p = p + sizeof key.n + sizeof value.n;
			value.p = key.p + key.n;
			/* Pages of a damaged file can lead in a circle, and say whatever length of a key. */
			if (key.n > sizeof last || (before.n && span_cmp(key, before) <= 0)) {
				failed = err_set(e, E_STORE_FAILED, "what=walk\nwhy=keys are not in their order");
				break;
			}
			before = key;
			if (each(arg, key, value))
				goto out;
		}
		if (some.n && !failed) {
			memcpy(last, before.p, before.n);
			before.p = last;
		}
	} while (!failed && some.n);
out:
	buf_done(&some);
	return failed;
}

const char *store_library_version(void)
{
	return mdb_version(NULL, NULL, NULL);
}
