/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsys.h"

#define READ_ROOM (256u << 10)

struct outbox {
	char *folder;
	int dir, staging;
	bool group;                  /* may read and take what we hand over */
	char **touched;              /* folders below ours that a rename went into since the last settle; "" is ours */
	unsigned ntouched;
};

/* The folder is there, its home may have to be made. */
static int open_staging(struct outbox *o, const char *home, struct err *e)
{
	int dir = -1, ret;

	if (strcmp(home, o->folder) == 0)
		return fsys_make_dir(o->dir, ".staging", &o->staging, e);
	ret = fsys_make_path(home, e) != 0 || fsys_open_dir(AT_FDCWD, home, &dir, e) != 0 ||
		fsys_make_dir(dir, ".staging", &o->staging, e) != 0 ? -1 : 0;
	if (dir >= 0)
		close(dir);
	return ret;
}

int outbox_open(const char *folder, const char *home, bool group, struct outbox **ret, struct err *e)
{
	struct outbox *o = mem_new(sizeof *o);
	struct stat here, there;

	*o = (struct outbox){.folder = mem_text(span_of(folder)), .dir = -1, .staging = -1,
		.group = group};
	if (fsys_open_dir(AT_FDCWD, folder, &o->dir, e) != 0 || open_staging(o, home, e) != 0)
		goto fail;
	if (faccessat(o->dir, ".", W_OK, AT_EACCESS) != 0) {
		err_sys(e, E_FILE_DENIED, folder, errno);
		goto fail;
	}
	if (fstat(o->dir, &here) != 0 || fstat(o->staging, &there) != 0 || here.st_dev != there.st_dev) {
		err_set(e, E_OUTBOX_OTHER_DEVICE, "file=%s/.staging", folder);
		goto fail;
	}
	*ret = o;
	return 0;
fail:
	outbox_close(o);
	return -1;
}

static void forget_touched(struct outbox *o)
{
	for (unsigned i = 0; i < o->ntouched; i++)
		free(o->touched[i]);
	free(o->touched);
	o->touched = NULL;
	o->ntouched = 0;
}

void outbox_close(struct outbox *o)
{
	if (!o)
		return;
	if (o->dir >= 0)
		close(o->dir);
	if (o->staging >= 0)
		close(o->staging);
	forget_touched(o);
	free(o->folder);
	free(o);
}

static int stage_failed(const struct outbox *o, struct err *e)
{
	return err_sys(e, errno == ENOSPC || errno == EDQUOT ? E_DISK_FULL : E_FILE_FAILED, o->folder, errno);
}

int outbox_stage(struct outbox *o, const char *staged, struct err *e)
{
	int fd;

	if (unlinkat(o->staging, staged, 0) != 0 && errno != ENOENT)
		return stage_failed(o, e);
	fd = openat(o->staging, staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return stage_failed(o, e);
	if (o->group && fchmod(fd, 0640) != 0) {
		close(fd);
		return stage_failed(o, e);
	}
	close(fd);
	return 0;
}

static int open_staged(struct outbox *o, const char *staged, struct err *e)
{
	int fd = openat(o->staging, staged, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return err_set(e, E_OUTBOX_STAGED, "folder=%s", o->folder);
	return fd < 0 ? stage_failed(o, e) : fd;
}

int outbox_append(struct outbox *o, const char *staged, struct span bytes, struct err *e)
{
	int fd = open_staged(o, staged, e), ret;

	if (fd < 0)
		return -1;
	ret = fsys_write(fd, bytes.p, bytes.n, o->folder, e);
	close(fd);
	return ret;
}

int outbox_sync(struct outbox *o, const char *staged, struct err *e)
{
	int fd = open_staged(o, staged, e), ret;

	if (fd < 0)
		return -1;
	ret = fsys_sync(fd, o->folder, e);
	close(fd);
	return ret;
}

int outbox_sync_staging(struct outbox *o, struct err *e)
{
	return fsys_sync_dir(o->staging, o->folder, e);
}

bool outbox_is_staged(const struct outbox *o, const char *staged)
{
	return fsys_exists(o->staging, staged);
}

static int hash_file(const struct outbox *o, int fd, uint8_t ret[HASH_SHA256], struct err *e)
{
	struct hash_sha256 *h = hash_sha256_new();
	struct buf b = BUF_INIT;
	ssize_t n;

	buf_reserve(&b, READ_ROOM);
	while ((n = read(fd, b.p, READ_ROOM)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		hash_sha256_add(h, b.p, (size_t)n);
	}
	if (n == 0)
		hash_sha256_get(h, ret);
	else
		err_sys(e, E_FILE_FAILED, o->folder, errno);
	hash_sha256_free(h);
	buf_done(&b);
	return n == 0 ? 1 : -1;
}

int outbox_hash(struct outbox *o, const char *staged, const char *name, uint8_t ret[HASH_SHA256], struct err *e)
{
	int fd = openat(o->staging, staged, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), got;

	if (fd < 0 && errno == ENOENT && name)
		fd = openat(o->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, E_FILE_FAILED, o->folder, errno);
	got = hash_file(o, fd, ret, e);
	close(fd);
	return got;
}

static void touch(struct outbox *o, const char *below, size_t n)
{
	for (unsigned i = 0; i < o->ntouched; i++)
		if (strlen(o->touched[i]) == n && memcmp(o->touched[i], below, n) == 0)
			return;
	o->touched = mem_grow(o->touched, o->ntouched + 1u, sizeof *o->touched);
	o->touched[o->ntouched++] = mem_text((struct span){below, n});
}

/* Makes each folder in front of the name; durable when it returns. */
static int make_folders(struct outbox *o, const char *name, struct err *e)
{
	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *part = mem_text((struct span){name, (size_t)(slash - name)});
		int fd, failed = 0;

		if (!fsys_exists(o->dir, part)) {
			failed = fsys_make_dir(o->dir, part, &fd, e);
			if (!failed)
				close(fd);
		}
		/* Each time: an earlier life may have died between making it and opening it to the group. */
		if (!failed && o->group && fchmodat(o->dir, part, 02770, 0) != 0)
			failed = err_sys(e, E_FILE_FAILED, part, errno);
		free(part);
		if (failed)
			return -1;
	}
	return 0;
}

int outbox_hand(struct outbox *o, const char *staged, const char *name, struct err *e)
{
	const char *slash = strrchr(name, '/');
	struct buf shown = BUF_INIT;
	int ret = 0;

	touch(o, name, slash ? (size_t)(slash - name) : 0);
	if (make_folders(o, name, e) != 0)
		return -1;
	if (!fsys_exists(o->staging, staged))
		return 0;
	buf_printf(&shown, "%s/%s", o->folder, name);
	ret = fsys_rename_new(o->staging, staged, o->dir, name, buf_text(&shown), e);
	buf_done(&shown);
	return ret;
}

int outbox_settle(struct outbox *o, struct err *e)
{
	for (unsigned i = 0; i < o->ntouched; i++) {
		int fd, ret;

		if (!o->touched[i][0]) {
			ret = fsys_sync_dir(o->dir, o->folder, e);
		} else if (!fsys_exists(o->dir, o->touched[i])) {
			continue;    /* the receiver took the folder away with its file */
		} else {
			if (fsys_open_dir(o->dir, o->touched[i], &fd, e) != 0)
				return -1;
			ret = fsys_sync_dir(fd, o->touched[i], e);
			close(fd);
		}
		if (ret != 0)
			return -1;
	}
	forget_touched(o);
	return outbox_sync_staging(o, e);
}

static int by_text(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

int outbox_unstage(struct outbox *o, const char *staged, struct err *e)
{
	if (unlinkat(o->staging, staged, 0) != 0 && errno != ENOENT)
		return err_sys(e, E_FILE_FAILED, o->folder, errno);
	return 0;
}

/* What lies beside the staged files, and outlives them. */
static bool is_of_others(const char *name)
{
	return strcmp(name, "ledger") == 0 || strcmp(name, "witness") == 0;
}

int outbox_discard(struct outbox *o, const char *const *keep, unsigned n, uint64_t generation, struct err *e)
{
	char **names;
	int ret = 0;

	if (fsys_list(o->staging, ".", &names, e) != 0)
		return err_at(e, "%s/.staging", o->folder);
	for (unsigned i = 0; names[i] && ret == 0; i++)
		if (!is_of_others(names[i]) && strtoull(names[i], NULL, 10) < generation &&
			(!n || !bsearch(names[i], keep, n, sizeof *keep, by_text)))
			ret = outbox_unstage(o, names[i], e);
	fsys_list_free(names);
	return ret;
}
