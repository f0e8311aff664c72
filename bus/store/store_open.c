/* SPDX-License-Identifier: Apache-2.0 */
#include "store_parts.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"

#define READERS_MAX 2048u

static pthread_mutex_t envs_lock = PTHREAD_MUTEX_INITIALIZER;
static struct env *envs;

/* ---- the environment ---- */

static void env_free(struct env *v)
{
	while (v->kept) {
		struct store_txn *t = v->kept;

		v->kept = t->next;
		store_free_read(t);
	}
	mdb_env_close(v->mdb);
	if (v->writing >= 0)
		close(v->writing);
	pthread_mutex_destroy(&v->writer);
	pthread_mutex_destroy(&v->tables);
	pthread_mutex_destroy(&v->kept_lock);
	free(v);
}

static int env_new(const struct store *s, struct env **ret, struct err *e)
{
	struct env *v = mem_new(sizeof *v);
	unsigned flags = MDB_NOTLS | (s->write ? 0 : MDB_RDONLY) | (s->is_shared ? MDB_NOSYNC : 0);
	MDB_stat stat;
	int rc, dead;

	v->read_only = !s->write;
	v->writing = -1;
	pthread_mutex_init(&v->writer, NULL);
	pthread_mutex_init(&v->tables, NULL);
	pthread_mutex_init(&v->kept_lock, NULL);
	v->map_bytes = (s->max_bytes + s->max_bytes / 10 + MIB) / MIB * MIB;
	rc = mdb_env_create(&v->mdb);
	assert(!rc);
	rc = mdb_env_set_mapsize(v->mdb, v->map_bytes);
	rc = rc ? rc : mdb_env_set_maxreaders(v->mdb, READERS_MAX);
	rc = rc ? rc : mdb_env_set_maxdbs(v->mdb, STORE_TABLES_MAX);
	if (rc == 0 && s->is_shared && shared_writing_open(s->dir, &v->writing, e))
		goto failed;
	if (rc == 0)
		store_space_open(s, v, flags, &rc);
	rc = rc ? rc : mdb_reader_check(v->mdb, &dead);
	rc = rc ? rc : mdb_env_stat(v->mdb, &stat);
	if (rc) {
		if (rc == ENOENT)
			err_set(e, E_STORE_MISSING, "folder=%s", s->folder);
		else
			store_fail(e, s->folder, rc);
		goto failed;
	}
	v->page = stat.ms_psize;
	v->checked_ms = clock_steady_ms();
	*ret = v;
	return 0;
failed:
	env_free(v);
	return -1;
}

static int leased(struct err *e, long pid)
{
	return err_set(e, E_STORE_LEASED, "pid=%ld", pid);
}

/* The environment of the folder: the one that this process has, or a new one. */
static int env_take(struct store *s, struct err *e)
{
	struct stat st;
	struct env *v;
	int failed = -1;

	if (fstat(s->dir, &st))
		return err_sys(e, E_FILE_FAILED, s->folder, errno);
	pthread_mutex_lock(&envs_lock);
	v = envs;
	while (v && (v->dev != st.st_dev || v->ino != st.st_ino || v->pid != getpid()))
		v = v->next;
	if (v && s->write && v->read_only) {
		leased(e, (long)getpid());
		goto out;
	}
	if (!v) {
		if (env_new(s, &v, e))
			goto out;
		v->dev = st.st_dev;
		v->ino = st.st_ino;
		v->pid = getpid();
		v->next = envs;
		envs = v;
	}
	v->users++;
	s->env = v;
	failed = 0;
out:
	pthread_mutex_unlock(&envs_lock);
	return failed;
}

static void env_leave(struct env *v)
{
	struct env **at = &envs;

	pthread_mutex_lock(&envs_lock);
	if (--v->users == 0) {
		while (*at != v)
			at = &(*at)->next;
		*at = v->next;
		env_free(v);
	}
	pthread_mutex_unlock(&envs_lock);
}

/* ---- open, close ---- */

static int take_lease(struct store *s, struct err *e)
{
	long pid;
	const int got = fsys_lease(s->dir, "lease", &s->lease, &pid, e);

	return got == 0 ? leased(e, pid) : got < 0 ? -1 : 0;
}

bool store_in_use(const struct store *s)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = s->lease >= 0 ? -1 : openat(s->dir, "lease", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool held = s->lease >= 0 || (fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK);

	if (fd >= 0)
		close(fd);
	return held;
}

/* A power cut in the first moment of a store can leave its first two pages as zeros, which LMDB takes for a file that
 * is not its own. Longer than that it has been used, and is nobody's to cut. */
static int drop_stillborn(struct store *s, struct err *e)
{
	char page[8192];
	int fd = openat(s->dir, "data.mdb", O_RDWR | O_CLOEXEC | O_NOFOLLOW), failed = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, E_FILE_DENIED, "data.mdb", errno);
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= (off_t)sizeof page) {
		n = pread(fd, page, sizeof page, 0);
		while (n > 0 && page[n - 1] == 0)
			n--;
		if (n == 0 && ftruncate(fd, 0))
			failed = err_sys(e, E_FILE_FAILED, "data.mdb", errno);
	}
	close(fd);
	return failed;
}

/* Where nobody else has it open, what LMDB does not know is thrown away. */
static int env_take_shared(struct store *s, struct err *e)
{
	if (env_take(s, e) == 0)
		return 0;
	if (!s->shared.alone || (e->id != E_STORE_FAILED && e->id != E_STORE_VERSION))
		return -1;
	*e = ERR_INIT;
	return shared_throw_away(&s->shared, e) || env_take(s, e) ? -1 : 0;
}

static int open_data(struct store *s, struct err *e)
{
	struct stat st;

	s->data = openat(s->dir, "data.mdb", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (s->data < 0 || fstat(s->data, &st))
		return err_sys(e, E_FILE_FAILED, "data.mdb", errno);
	s->ahead = (uint64_t)st.st_size;
	if (s->is_shared)
		return 0;
	return fsys_sync(s->data, "data.mdb", e) ? -1 : fsys_sync_dir(s->dir, s->folder, e);
}

/* 0 for what is no number. */
static unsigned format_of(struct span text)
{
	unsigned n = 0;

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] < '0' || text.p[i] > '9' || (n = 10 * n + (unsigned)(text.p[i] - '0')) > 1000000)
			return 0;
	return n;
}

static int newer(struct store_txn *t, unsigned meta, unsigned have, struct err *e)
{
	struct span program;
	int got = store_get(t, meta, SPAN("program"), &program, e);

	if (got == 0)
		program = SPAN("?");
	return got < 0 ? -1 : err_set(e, E_STORE_NEWER, "program=%.*s\nhave=%u\nwant=%u", program.n < 64 ? (int)program.n : 64,
		program.p, have, STORE_FORMAT);
}

/* 2 our format, 1 an older one, 0 none yet, -1. */
static int check_format(struct store *s, struct err *e)
{
	struct store_txn *t;
	struct span have;
	unsigned meta, n;
	int got;

	if (store_read(s, &t, e))
		return -1;
	got = store_table(t, "meta", &meta, e);
	if (got == 1)
		got = store_get(t, meta, SPAN("format"), &have, e);
	n = got == 1 ? format_of(have) : 0;
	if (got == 1 && n == STORE_FORMAT)
		got = 2;
	else if (got == 1 && !n)
		got = err_set(e, E_STORE_VERSION, "have=%.*s\nwant=%u", have.n < 32 ? (int)have.n : 32, have.p, STORE_FORMAT);
	else if (got == 1 && n > STORE_FORMAT)
		got = newer(t, meta, n, e);
	store_abort(t);
	return got;
}

static int put_text(struct store_txn *t, unsigned meta, const char *key, const char *text, struct err *e)
{
	void *p;

	if (store_put(t, meta, span_of(key), strlen(text), STORE_LAST, &p, e) < 0)
		return -1;
	memcpy(p, text, strlen(text));
	return 0;
}

static int write_format(struct store *s, struct err *e)
{
	struct store_txn *t;
	char format[12];
	unsigned meta;

	snprintf(format, sizeof format, "%u", STORE_FORMAT);
	if (store_write(s, &t, e))
		return -1;
	if (store_table(t, "meta", &meta, e) < 0 || put_text(t, meta, "format", format, e) != 0 ||
		put_text(t, meta, "program", STORE_PROGRAM, e) != 0) {
		store_abort(t);
		return -1;
	}
	return store_commit(t, e);
}

static int open_inside(struct store *s, const struct store_conf *c, struct err *e)
{
	int got;

	if (s->write && (fsys_make_path(c->folder, e) || fsys_open_dir(AT_FDCWD, c->folder, &s->dir, e)))
		return -1;
	if (!s->write && (s->dir = open(c->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return errno == ENOENT ? err_set(e, E_STORE_MISSING, "folder=%s", c->folder) :
			err_sys(e, E_FILE_DENIED, c->folder, errno);
	if (s->is_shared ? shared_enter(&s->shared, s->dir, c->shared, e) : s->write && take_lease(s, e))
		return -1;
	if (s->write && (!s->is_shared || s->shared.alone) && drop_stillborn(s, e))
		return -1;
	if (!s->write && !fsys_exists(s->dir, "data.mdb"))
		return err_set(e, E_STORE_MISSING, "folder=%s", c->folder);
	if (s->is_shared ? env_take_shared(s, e) : env_take(s, e))
		return -1;
	s->unclean = s->marked = !s->is_shared && fsys_exists(s->dir, "unclean");
	if (s->write && open_data(s, e))
		return -1;
	got = check_format(s, e);
	if (got < 0)
		return -1;
	if (got < 2 && s->write)
		return write_format(s, e);
	return got == 0 ? err_set(e, E_STORE_MISSING, "folder=%s", c->folder) : 0;
}

int store_open(const struct store_conf *c, struct store **ret, struct err *e)
{
	struct store *s = mem_new(sizeof *s);

	s->write = c->write;
	s->is_shared = c->shared != NULL;
	assert(s->write || !s->is_shared);
	s->shared = SHARED_INIT;
	s->dir = s->lease = s->data = -1;
	s->max_bytes = c->max_bytes ? c->max_bytes : 64ull << 30;
	if (c->write)
		s->writing = mem_new(sizeof *s->writing);
	if (snprintf(s->folder, sizeof s->folder, "%s", c->folder) >= (int)sizeof s->folder)
		err_sys(e, E_FILE_FAILED, c->folder, ENAMETOOLONG);
	else if (open_inside(s, c, e) == 0) {
		if (s->is_shared)
			shared_entered(&s->shared);
		*ret = s;
		return 0;
	}
	store_close(s, false);
	return -1;
}

void store_close(struct store *s, bool clean)
{
	struct err e;

	if (!s)
		return;
	/* Should the mark stay for want of a disk, the next open looks through a store that is whole: no harm. */
	if (s->write && s->marked && clean && !s->env->broken && unlinkat(s->dir, "unclean", 0) == 0)
		(void)fsys_sync_dir(s->dir, s->folder, &e);
	if (s->env)
		env_leave(s->env);
	if (s->data >= 0)
		close(s->data);
	if (s->lease >= 0)
		close(s->lease);
	shared_leave(&s->shared);
	if (s->dir >= 0)
		close(s->dir);
	free(s->writing);
	free(s);
}

bool store_unclean(const struct store *s)
{
	return s->unclean;
}

bool store_anew(const struct store *s)
{
	return s->shared.anew;
}

void store_spoil(struct store *s)
{
	if (s->is_shared)
		shared_spoil(&s->shared);
}
