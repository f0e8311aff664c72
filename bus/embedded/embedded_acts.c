/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"
#include "log.h"

/*
 * An act is a file acts/ID.FLOW, whole from the moment it has that name. It is done when the table of acts says so; the
 * file goes after that. The folder is listed only when it has changed. What can never be read as an act is moved aside by
 * the owner it names: it would be in the way at every start.
 */
#define REFUSED ".refused"
#define ACT_BYTES_MAX 65536u
/* A change so soon after the last look may carry the same time as what was seen. */
#define SAME_TIME_MS 100

struct act_file {
	char id[72], flow[104];
	struct timespec came;
};

static void file_name(const char *flow, const char *id, char ret[192])
{
	snprintf(ret, 192, "%s.%s", id, flow);
}

int embedded_acts_open(struct embedded *b, struct err *e)
{
	int dir, failed;

	if (fsys_open_dir(AT_FDCWD, b->bus.folder, &dir, e))
		return -1;
	failed = fsys_make_dir(dir, "acts", &b->acts_dir, e);
	close(dir);
	return failed;
}

void embedded_acts_close(struct embedded *b)
{
	if (b->acts_dir >= 0)
		close(b->acts_dir);
	free(b->act_files);
}

/* 1 done, 0 not, -1. */
static int is_done(struct embedded *b, const char *id, struct err *e)
{
	struct store_txn *t;
	struct span value;
	int got;

	if (store_read(b->store, &t, e))
		return -1;
	got = sealed_get(t, &b->acts, span_of(id), &value, e);
	store_abort(t);
	return got;
}

int embedded_act_submit(struct bus *bus, const char *flow, const char *id, struct span act, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	int done = is_done(b, id, e), failed = 0;
	char name[192];

	if (done)
		return done < 0 ? -1 : 0;
	file_name(flow, id, name);
	pthread_mutex_lock(&b->acts_lock);
	if (fsys_exists(b->acts_dir, name))
		failed = fsys_sync_dir(b->acts_dir, "acts", e);  /* whoever put it there may not have yet */
	else
		failed = fsys_put(b->acts_dir, name, act, e);
	pthread_mutex_unlock(&b->acts_lock);
	return failed;
}

bool embedded_in_use(struct bus *bus)
{
	return store_in_use(((struct embedded *)bus)->store);
}

/* ---- the owner's side ---- */

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static int by_coming(const void *a, const void *b)
{
	const struct act_file *x = a, *y = b;

	if (x->came.tv_sec != y->came.tv_sec)
		return x->came.tv_sec < y->came.tv_sec ? -1 : 1;
	if (x->came.tv_nsec != y->came.tv_nsec)
		return x->came.tv_nsec < y->came.tv_nsec ? -1 : 1;
	return strcmp(x->id, y->id);
}

/* False for what is no act: files that are being written begin with a dot. */
static bool act_file_of(int dir, const char *name, struct act_file *ret)
{
	const char *dot = strchr(name, '.');
	size_t n = dot ? (size_t)(dot - name) : 0;
	struct stat st;

	if (n == 0 || n >= sizeof ret->id || strlen(dot + 1) >= sizeof ret->flow)
		return false;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return false;
	memcpy(ret->id, name, n);
	ret->id[n] = 0;
	strcpy(ret->flow, dot + 1);
	ret->came = st.st_mtim;
	return true;
}

static int list(struct embedded *b, struct err *e)
{
	char **names;
	size_t n = 0;

	if (fsys_list(b->acts_dir, ".", &names, e))
		return -1;
	while (names[n])
		n++;
	free(b->act_files);
	b->act_files = n ? mem_new(n * sizeof *b->act_files) : NULL;
	b->nacts = 0;
	for (size_t i = 0; i < n; i++)
		if (act_file_of(b->acts_dir, names[i], &b->act_files[b->nacts]))
			b->nacts++;
	fsys_list_free(names);
	if (b->nacts)
		qsort(b->act_files, b->nacts, sizeof *b->act_files, by_coming);
	return 0;
}

static int look_again(struct embedded *b, struct err *e)
{
	int64_t now = clock_now_ms(), changed;
	struct stat st;

	if (fstat(b->acts_dir, &st))
		return err_sys(e, E_FILE_FAILED, "acts", errno);
	changed = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (b->acts_looked_ms > changed + SAME_TIME_MS && same_time(&st.st_mtim, &b->acts_seen))
		return 0;
	b->acts_seen = st.st_mtim;
	b->acts_looked_ms = now;
	return list(b, e);
}

static bool was_given(const struct owner *o, const char *id)
{
	for (size_t i = 0; i < o->ngiven; i++)
		if (strcmp(o->given[i], id) == 0)
			return true;
	return false;
}

static void remember(struct owner *o, const char *id)
{
	o->given = mem_room(o->given, &o->cap_given, o->ngiven + 1, sizeof *o->given);
	strcpy(o->given[o->ngiven++], id);
}

static bool never_read(const struct err *e)
{
	return e->id == E_FILE_TOO_LARGE || e->id == E_FILE_NOT_REGULAR || e->id == E_FILE_DENIED ||
		e->id == E_FILE_LINK;
}

/* Where it cannot be moved to it stays, and this owner passes it by. */
static void put_aside(struct embedded *b, struct owner *o, const struct act_file *f, const char *name, const struct err *why)
{
	char to[224];
	struct err e;
	int dir;

	log_err(LOG_ERROR, "act.refused", why, "flow=%s act=%s", o->owner.flow, f->id);
	snprintf(to, sizeof to, "%s.%lld", name, (long long)clock_now_ms());
	if (fsys_make_dir(b->acts_dir, REFUSED, &dir, &e) == 0) {
		if (fsys_rename_new(b->acts_dir, name, dir, fsys_exists(dir, name) ? to : name, name, &e) == 0) {
			close(dir);
			return;
		}
		close(dir);
	}
	log_err(LOG_ERROR, "act.not_moved", &e, "flow=%s act=%s", o->owner.flow, f->id);
	remember(o, f->id);
}

/* 1 given, 0 it is none for this owner, -1. */
static int give(struct embedded *b, struct owner *o, const struct act_file *f, struct buf *ret_id, struct buf *ret_act,
	struct err *e)
{
	int done;
	char name[192];

	if (strcmp(f->flow, o->owner.flow) != 0 || was_given(o, f->id))
		return 0;
	file_name(f->flow, f->id, name);
	/* No verb writes such a name: somebody put it there by hand. */
	if (!bus_act_id_ok(f->id)) {
		err_set(e, E_BUS_NAME, "name=%s", f->id);
		put_aside(b, o, f, name, e);
		*e = ERR_INIT;
		return 0;
	}
	done = is_done(b, f->id, e);
	if (done < 0)
		return -1;
	if (done) {
		unlinkat(b->acts_dir, name, 0);    /* left by an end between the commit and this */
		return 0;
	}
	if (fsys_get(b->acts_dir, name, ACT_BYTES_MAX, ret_act, e)) {
		if (never_read(e))
			put_aside(b, o, f, name, e);
		else if (e->id != E_FILE_MISSING)
			return -1;
		*e = ERR_INIT;
		return 0;
	}
	buf_str(ret_id, f->id);
	remember(o, f->id);
	return 1;
}

int embedded_act_take(struct bus_owner *owner, struct buf *ret_id, struct buf *ret_act, struct err *e)
{
	struct embedded *b = (struct embedded *)owner->bus;
	struct owner *o = (struct owner *)owner;
	int got;

	pthread_mutex_lock(&b->acts_lock);
	got = look_again(b, e);
	for (size_t i = 0; got == 0 && i < b->nacts; i++)
		got = give(b, o, &b->act_files[i], ret_id, ret_act, e);
	pthread_mutex_unlock(&b->acts_lock);
	return got;
}

int embedded_acts_left(struct bus *bus, int (*each)(void *, const char *, const char *, int64_t, struct span),
	void *arg, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct buf act = BUF_INIT;
	struct act_file *files;
	size_t n;
	int failed, stop = 0;

	/* A copy, so that each may do as it likes. */
	pthread_mutex_lock(&b->acts_lock);
	failed = list(b, e);
	n = failed ? 0 : b->nacts;
	files = n ? mem_new(n * sizeof *files) : NULL;
	if (n)
		memcpy(files, b->act_files, n * sizeof *files);
	pthread_mutex_unlock(&b->acts_lock);
	for (size_t i = 0; i < n && !failed && !stop; i++) {
		char name[192];
		int done = is_done(b, files[i].id, e);

		failed = done < 0 ? -1 : 0;
		if (done)
			continue;
		file_name(files[i].flow, files[i].id, name);
		buf_clear(&act);
		if (fsys_get(b->acts_dir, name, ACT_BYTES_MAX, &act, e) == 0)
			stop = each(arg, files[i].flow, files[i].id,
				(int64_t)files[i].came.tv_sec * 1000 + files[i].came.tv_nsec / 1000000,
				buf_as_span(&act));
		else if (e->id != E_FILE_MISSING && !never_read(e))      /* missing: it was done just now */
			failed = -1;
	}
	buf_done(&act);
	free(files);
	return failed;
}

void embedded_acts_drop(struct embedded *b, const char *flow, const char *const *ids, size_t n)
{
	char name[192];

	/* A failure is harmless: the table knows. */
	for (size_t i = 0; i < n; i++) {
		file_name(flow, ids[i], name);
		unlinkat(b->acts_dir, name, 0);
	}
}
