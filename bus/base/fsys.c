/* SPDX-License-Identifier: Apache-2.0 */
#include "fsys.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct err *e, const char *path, int errnum)
{
	enum err_id id = E_FILE_FAILED;

	switch (errnum) {
	case ENOSPC:
	case EDQUOT:
		id = E_DISK_FULL;
		break;
	case EIO:
		id = E_DISK_FAILED;
		break;
	case ENOENT:
		id = E_FILE_MISSING;
		break;
	case EACCES:
	case EPERM:
	case EROFS:
		id = E_FILE_DENIED;
		break;
	case EEXIST:
		id = E_FILE_EXISTS;
		break;
	case EXDEV:
		id = E_FILE_OTHER_DEVICE;
		break;
	case ELOOP:
		id = E_FILE_LINK;
		break;
	default:
		break;
	}
	return err_sys(e, id, path, errnum);
}

static bool is_link(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

int fsys_open_dir(int dirfd, const char *path, int *ret_fd, struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int why = errno;

	if (fd < 0) {
		/* With O_DIRECTORY the kernel calls a link "not a directory" before it calls it a link. */
		return fail(e, path, why == ENOTDIR && is_link(dirfd, path) ? ELOOP : why);
	}
	*ret_fd = fd;
	return 0;
}

/* The folder that holds path's last name; room for path + 1 byte in ret. */
static void parent_of(const char *path, char *ret)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	while (n && path[n - 1] != '/')
		n--;
	while (n > 1 && path[n - 1] == '/')
		n--;
	memcpy(ret, path, n);
	if (!n)
		ret[n++] = '.';
	ret[n] = 0;
}

static int sync_parent(int dirfd, const char *path, bool made, struct err *e)
{
	char *parent = mem_new(strlen(path) + 2);
	int fd, ret;

	parent_of(path, parent);
	fd = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		ret = fsys_sync_dir(fd, parent, e);
	else
		/* /home may be passed through but not opened: no matter for a folder that others made. */
		ret = !made && errno == EACCES ? 0 : fail(e, parent, errno);
	if (fd >= 0)
		close(fd);
	free(parent);
	return ret;
}

/* A folder that stands already may have been made just before the program was killed: its parent is synced too. */
static int make_one(int dirfd, const char *path, struct err *e)
{
	bool made = mkdirat(dirfd, path, 0700) == 0;

	if (!made && errno != EEXIST)
		return fail(e, path, errno);
	return sync_parent(dirfd, path, made, e);
}

int fsys_make_dir(int dirfd, const char *path, int *ret_fd, struct err *e)
{
	if (make_one(dirfd, path, e))
		return -1;
	return fsys_open_dir(dirfd, path, ret_fd, e);
}

int fsys_make_path(const char *path, struct err *e)
{
	char *part = mem_text(span_of(path));
	int ret = 0, fd;

	for (char *at = part + 1; part[0] && *at && !ret; at++)
		if (*at == '/' && at[-1] != '/') {
			*at = 0;
			ret = make_one(AT_FDCWD, part, e);
			*at = '/';
		}
	free(part);
	if (ret || fsys_make_dir(AT_FDCWD, path, &fd, e))
		return -1;
	close(fd);
	return 0;
}

static int sync_fd(int fd)
{
	int r;

	do
		r = fsync(fd);
	while (r && errno == EINTR);
	return r;
}

int fsys_sync(int fd, const char *path, struct err *e)
{
	if (sync_fd(fd) == 0)
		return 0;
	if (errno == EINVAL || errno == EROFS)
		return fail(e, path, errno);
	return err_sys(e, E_DISK_FAILED, path, errno);
}

int fsys_sync_dir(int dirfd, const char *path, struct err *e)
{
	return fsys_sync(dirfd, path, e);
}

int fsys_write(int fd, const void *p, size_t n, const char *path, struct err *e)
{
	const char *at = p;

	while (n) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return fail(e, path, done ? errno : EIO);
		at += done;
		n -= (size_t)done;
	}
	return 0;
}

/* For file systems without RENAME_NOREPLACE. The old name goes last: a crash between leaves both, never none. */
static int link_then_unlink(int from_dir, const char *from, int to_dir, const char *to)
{
	int why;

	if (linkat(from_dir, from, to_dir, to, 0))
		return -1;
	if (unlinkat(from_dir, from, 0) == 0)
		return 0;
	why = errno;
	unlinkat(to_dir, to, 0);
	errno = why;
	return -1;
}

int fsys_rename_new(int from_dir, const char *from, int to_dir, const char *to, const char *shown, struct err *e)
{
	int r = renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE);

	if (r && (errno == EINVAL || errno == ENOSYS))
		r = link_then_unlink(from_dir, from, to_dir, to);
	return r ? fail(e, shown, errno) : 0;
}

bool fsys_exists(int dirfd, const char *path)
{
	struct stat st;

	return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A new file of our own; one of that name can only be left from a process that had our number and died. */
static int create(int dirfd, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags, 0600);

	if (fd < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0)
		fd = openat(dirfd, name, flags, 0600);
	return fd;
}

static int fill(int dirfd, const char *temp, const char *name, struct span bytes, struct err *e)
{
	int fd = create(dirfd, temp), ret;

	if (fd < 0)
		return fail(e, name, errno);
	ret = fsys_write(fd, bytes.p, bytes.n, name, e);
	/* A full disk at this sync may be met by trying again, unlike in fsys_sync: all is written anew then. */
	if (!ret && sync_fd(fd))
		ret = fail(e, name, errno);
	close(fd);
	return ret;
}

int fsys_put(int dirfd, const char *name, struct span bytes, struct err *e)
{
	char temp[NAME_MAX + 1];

	assert(!strchr(name, '/'));
	if (snprintf(temp, sizeof temp, ".%s.%ld.tmp", name, (long)getpid()) >= (int)sizeof temp)
		return fail(e, name, ENAMETOOLONG);
	if (fill(dirfd, temp, name, bytes, e))
		goto drop;
	if (renameat(dirfd, temp, dirfd, name)) {
		fail(e, name, errno);
		goto drop;
	}
	return fsys_sync_dir(dirfd, name, e);
drop:
	unlinkat(dirfd, temp, 0);
	return -1;
}

/* Reads on to the end, at most max + 1 bytes, so that one too many shows. */
static int read_all(int fd, size_t max, struct buf *b)
{
	size_t from = b->n;
	ssize_t got;

	do {
		size_t left = max - (b->n - from), room = left < 65536 ? left + 1 : 65536;

		buf_reserve(b, room);
		got = read(fd, b->p + b->n, room);
		if (got > 0)
			b->n += (size_t)got;
	} while ((got > 0 && b->n - from <= max) || (got < 0 && errno == EINTR));
	return got < 0 ? -1 : 0;
}

int fsys_get(int dirfd, const char *name, size_t max, struct buf *ret, struct err *e)
{
	/* O_NONBLOCK: to open a pipe without a writer would wait for one. */
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), failed = -1;
	size_t from = ret->n;
	struct stat st;

	if (fd < 0)
		return fail(e, name, errno);
	if (fstat(fd, &st))
		fail(e, name, errno);
	else if (!S_ISREG(st.st_mode))
		err_set(e, E_FILE_NOT_REGULAR, "file=%s", name);
	else if (read_all(fd, max, ret))
		fail(e, name, errno);
	else if (ret->n - from > max)
		err_set(e, E_FILE_TOO_LARGE, "file=%s\nmax=%zu", name, max);
	else
		failed = 0;
	if (failed)
		ret->n = from;
	close(fd);
	return failed;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names but . and .., and why no more could be read: 0 = there are no more. */
static char **read_names(DIR *d, size_t *ret_n, int *ret_why)
{
	char **names = mem_new(64 * sizeof *names);
	size_t n = 0, cap = 64;
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (cap - n < 2) {
			cap *= 2;
			names = mem_grow(names, cap, sizeof *names);
		}
		names[n++] = mem_text(span_of(entry->d_name));
	}
	*ret_why = errno;
	names[n] = NULL;
	*ret_n = n;
	return names;
}

int fsys_temporary(int *ret_fd, struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char path[PATH_MAX];
	int fd;

	dir = dir && *dir ? dir : "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		/* A file system, or a kernel, that knows no files without a name. */
		if (snprintf(path, sizeof path, "%s/jincai-XXXXXX", dir) >= (int)sizeof path)
			return fail(e, dir, ENAMETOOLONG);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		return fail(e, dir, errno);
	*ret_fd = fd;
	return 0;
}

long fsys_lease_pid(int fd)
{
	char text[32] = "";

	return pread(fd, text, sizeof text - 1, 0) > 0 ? strtol(text, NULL, 10) : 0;
}

int fsys_lease(int dirfd, const char *name, int *ret_fd, long *ret_pid, struct err *e)
{
	/* A lock of the open file, not of the process: it ends with the descriptor, and is no second time to be had. */
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid()), ret = 1;
	int fd = openat(dirfd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return fail(e, name, errno);
	if (fcntl(fd, F_OFD_SETLK, &lock))
		ret = errno == EAGAIN || errno == EACCES ? 0 : fail(e, name, errno);
	else if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)n, 0) != n)
		ret = fail(e, name, errno);
	if (ret == 0)
		*ret_pid = fsys_lease_pid(fd);
	if (ret == 1)
		*ret_fd = fd;
	else
		close(fd);
	return ret;
}

int fsys_list(int dirfd, const char *path, char ***ret, struct err *e)
{
	char **names;
	size_t n;
	int fd, why;
	DIR *d;

	if (fsys_open_dir(dirfd, path, &fd, e))
		return -1;
	d = fdopendir(fd);
	if (!d) {
		why = errno;
		close(fd);
		return fail(e, path, why);
	}
	names = read_names(d, &n, &why);
	closedir(d);
	if (why) {
		fsys_list_free(names);
		return fail(e, path, why);
	}
	qsort(names, n, sizeof *names, by_bytes);
	*ret = names;
	return 0;
}

void fsys_list_free(char **names)
{
	for (char **at = names; at && *at; at++)
		free(*at);
	free(names);
}
