/* SPDX-License-Identifier: Apache-2.0 */
#include "store_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fsys.h"

#define NAP_FIRST_NS 50000
#define NAP_LAST_NS 2000000
#define SPOILED "spoiled"

/* ---- locks ---- */

static bool is_held(int error)
{
	return error == EAGAIN || error == EACCES;
}

/* 0 taken, 1 not within SHARED_WAIT_MS, -1 errno. */
static int lock_wait(int fd, int command, int64_t ms)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct timespec nap = {0, NAP_FIRST_NS};
	int64_t until = 0;

	while (fcntl(fd, command, &lock)) {
		if (!is_held(errno) && errno != EINTR)
			return -1;
		if (!until)
			until = clock_steady_ms() + ms;
		if (clock_steady_ms() >= until)
			return 1;
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < NAP_LAST_NS)
			nap.tv_nsec *= 2;
	}
	return 0;
}

static int busy(struct err *e, long pid)
{
	return err_set(e, E_STORE_BUSY, "pid=%ld\nseconds=%d", pid, SHARED_WAIT_MS / 1000);
}

static int open_lock(int dir, const char *name, int *ret, struct err *e)
{
	*ret = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *ret < 0 ? err_sys(e, E_FILE_DENIED, name, errno) : 0;
}

/* The pid is for a message alone: on a full disk it is missing. */
static int take_opening(struct shared *h, struct err *e)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid()), got;

	if (open_lock(h->dir, "opening", &h->opening, e))
		return -1;
	got = lock_wait(h->opening, F_OFD_SETLK, SHARED_WAIT_MS);
	if (got)
		return got < 0 ? err_sys(e, E_FILE_FAILED, "opening", errno) : busy(e, fsys_lease_pid(h->opening));
	if (ftruncate(h->opening, 0) == 0)
		(void)!pwrite(h->opening, text, (size_t)n, 0);
	return 0;
}

static int set_lease(struct shared *h, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(h->lease, F_OFD_SETLK, &lock);
}

static int take_lease(struct shared *h, struct err *e)
{
	if (open_lock(h->dir, "lease", &h->lease, e))
		return -1;
	h->alone = set_lease(h, F_WRLCK) == 0;
	if (h->alone || set_lease(h, F_RDLCK) == 0)
		return 0;
	return is_held(errno) ? err_set(e, E_STORE_LEASED, "pid=%ld", fsys_lease_pid(h->lease)) :
		err_sys(e, E_FILE_FAILED, "lease", errno);
}

/* ---- origin ---- */

static int write_origin(struct shared *h, const char *start, struct err *e)
{
	char text[sizeof h->what + 64];

	snprintf(text, sizeof text, "%s\n%s\n", start, h->what);
	return fsys_put(h->dir, "origin", span_of(text), e);
}

/* The two lines of origin; empty when it cannot be read. */
static void read_origin(struct shared *h, struct buf *room, struct span *ret_start, struct span *ret_what)
{
	struct err ignored = ERR_INIT;
	const char *end;

	*ret_start = *ret_what = SPAN("");
	if (fsys_get(h->dir, "origin", sizeof h->what + 64, room, &ignored))
		return;
	end = room->n ? memchr(room->p, '\n', room->n) : NULL;
	if (!end || room->p[room->n - 1] != '\n')
		return;
	*ret_start = (struct span){room->p, (size_t)(end - room->p)};
	if (end + 1 < room->p + room->n)
		*ret_what = (struct span){end + 1, (size_t)(room->p + room->n - 1 - (end + 1))};
}

static int unlink_one(struct shared *h, const char *name, struct err *e)
{
	return unlinkat(h->dir, name, 0) == 0 || errno == ENOENT ? 0 : err_sys(e, E_FILE_FAILED, name, errno);
}

int shared_throw_away(struct shared *h, struct err *e)
{
	char boot[40];

	h->anew = true;
	/* Origin last: an end before it throws away again. */
	return unlink_one(h, "data.mdb", e) || unlink_one(h, "lock.mdb", e) || write_origin(h, clock_boot_id(boot), e) ?
		-1 : 0;
}

/* Nobody that runs was started before the machine was, so others that have it open have seen to its start. Where starts
 * cannot be told from each other it is thrown away whenever all have closed it. */
static int look_at_origin(struct shared *h, struct err *e)
{
	struct buf room = BUF_INIT;
	struct span start, what;
	int failed = 0;
	char boot[40];

	read_origin(h, &room, &start, &what);
	clock_boot_id(boot);
	if (h->alone) {
		if (!boot[0] || !span_is(start, boot) || !span_is(what, h->what))
			failed = shared_throw_away(h, e);
	} else if (!span_is(what, h->what))
		failed = err_set(e, E_STORE_VERSION, "have=%.*s\nwant=%s", (int)what.n, what.p, h->what);
	buf_done(&room);
	return failed;
}

void shared_spoil(struct shared *h)
{
	struct err ignored = ERR_INIT;

	(void)write_origin(h, SPOILED, &ignored);
}

/* ---- entering and leaving ---- */

int shared_enter(struct shared *h, int dir, const char *what, struct err *e)
{
	h->dir = dir;
	if (snprintf(h->what, sizeof h->what, "%s", what) >= (int)sizeof h->what)
		return err_sys(e, E_FILE_FAILED, "origin", ENAMETOOLONG);
	return take_opening(h, e) || take_lease(h, e) || look_at_origin(h, e) ? -1 : 0;
}

void shared_entered(struct shared *h)
{
	if (h->alone)
		(void)set_lease(h, F_RDLCK);
	h->alone = false;
	close(h->opening);
	h->opening = -1;
}

void shared_leave(struct shared *h)
{
	if (h->lease >= 0)
		close(h->lease);
	if (h->opening >= 0)
		close(h->opening);
	h->lease = h->opening = -1;
}

/* ---- writing ---- */

int shared_writing_open(int dir, int *ret_fd, struct err *e)
{
	return open_lock(dir, "writing", ret_fd, e);
}

/* A lock of the process, not of the open file: the kernel then knows whose it is. */
int shared_writing_lock(int fd, struct err *e)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int got = lock_wait(fd, F_SETLK, SHARED_WAIT_MS);

	if (got == 0)
		return 0;
	if (got < 0)
		return err_sys(e, E_FILE_FAILED, "writing", errno);
	if (fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK)
		lock.l_pid = 0;
	return busy(e, (long)lock.l_pid);
}

bool shared_writing_try(int fd, int64_t ms)
{
	return lock_wait(fd, F_SETLK, ms) == 0;
}

void shared_writing_unlock(int fd)
{
	struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_SETLK, &lock);
}
