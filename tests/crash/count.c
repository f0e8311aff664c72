/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts the durable steps of a program from outside (LD_PRELOAD), and ends it, fails it or lies to it at one of them.
 * A step is a call after which something may be on disk that was not, or under another name: the syncs, renames, links,
 * removals, changes of length, new folders, and writes to a descriptor that is opened with O_DSYNC or O_SYNC. Writes
 * without a sync are no steps: a killed process loses none of them, and a power cut is another test (power.py).
 *
 *	COUNT_LOG=FILE            appends a line a step, before it: number, call, path, cut by tabs
 *	COUNT_KILL=N              SIGKILL right before step N; with COUNT_AFTER=1 right after it
 *	COUNT_STOP=N              SIGSTOP in the place of SIGKILL: somebody may wake it later
 *	COUNT_AT=CALL:PART        COUNT_KILL and COUNT_STOP count only those steps; PART as of COUNT_SKIP
 *	COUNT_FAIL=N:ERRNO        step N fails (EIO, ENOSPC, EDQUOT, EROFS, or a number)
 *	COUNT_FAIL_WRITE=N:ERRNO  a full disk: from the Nth plain write to a regular file on, all of them fail
 *	COUNT_FAIL_GROW=1         ... but only those that make a file longer, as on a real one
 *	COUNT_FAIL_TIMES=M        ... until M have failed
 *	COUNT_FAIL_UNTIL=FILE     ... until this file exists
 *	COUNT_SKIP=CALL:PART,...  that call does nothing and says 0 where its path contains PART (ends in it: "PART$");
 *	                          a rename's path is "FROM -> TO"
 *	COUNT_CLOCK=SECONDS       the wall clock is so much ahead
 *	COUNT_BOOT_ID=FILE        is read in the place of /proc/sys/kernel/random/boot_id
 *
 * Requests to Kafka that change something there are steps as well: count_kafka.c.
 *
 * Threads may call at once; each step has a number of its own. Without any of these variables all calls pass.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "count.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

enum { PATH_ROOM = 2 * PATH_MAX + 8, SKIPS = 16 };

/* What the environment asks for; written once, before the first step. */
static struct {
	atomic_int ready;
	bool on;
	int log;                     /* -1: none */
	unsigned long kill, stop, fail, fail_write, fail_times;
	int fail_errno, fail_write_errno;
	bool after, grow;
	const char *until, *boot_id;
	long clock;
	struct place {
		char call[32];
		const char *part;
		size_t n;
		bool at_end;
	} skips[SKIPS], at;          /* at: without a call, all steps */
	unsigned nskips;
} asked;

static atomic_ulong steps, writes, failed, passed, chosen;   /* of asked.at: how many, and the number of the one that was meant */

struct step {
	unsigned long n;             /* 0: not counted */
	bool refused;                /* answer ret, with err in errno when it is -1 */
	int ret, err;
};

void *count_next(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (!p) {
		static const char text[] = "count: a call has no next one\n";
		syscall(SYS_write, 2, text, sizeof text - 1);
		_exit(99);
	}
	return p;
}

static unsigned long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : 0;
}

static int errno_of(const char *text)
{
	static const struct { const char *name; int value; } known[] = {
		{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EROFS", EROFS}, {"EACCES", EACCES},
		{"EINTR", EINTR}, {"EEXIST", EEXIST}, {"EXDEV", EXDEV},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(text, known[i].name) == 0)
			return known[i].value;
	return (int)strtol(text, NULL, 10);
}

/* "N:ERRNO" */
static unsigned long number_errno(const char *name, int *ret_errno)
{
	const char *text = getenv(name), *colon = text ? strchr(text, ':') : NULL;

	*ret_errno = colon ? errno_of(colon + 1) : EIO;
	return number(name);
}

/* CALL:PART, of n bytes; the calls of count_kafka.c are kafka:CALL. */
static bool read_place(const char *text, size_t n, struct place *ret)
{
	const size_t kafka = strncmp(text, "kafka:", 6) == 0 ? 6 : 0;
	size_t call = kafka + strcspn(text + kafka, ":");

	if (call >= n || call >= sizeof ret->call)
		return false;
	memcpy(ret->call, text, call);
	ret->part = text + call + 1;
	ret->n = n - call - 1;
	ret->at_end = text[n - 1] == '$';
	ret->n -= ret->at_end;
	return true;
}

static void read_skips(const char *text)
{
	while (text && *text && asked.nskips < SKIPS) {
		size_t n = strcspn(text, ",");

		asked.nskips += read_place(text, n, &asked.skips[asked.nskips]);
		text += n + (text[n] == ',');
	}
}

/* Called by every wrapper: libraries may open files before our constructor ran. */
static void ask(void)
{
	static atomic_int asking;
	const char *log;

	if (atomic_load(&asked.ready))
		return;
	if (atomic_exchange(&asking, 1)) {
		while (!atomic_load(&asked.ready))
			;
		return;
	}
	log = getenv("COUNT_LOG");
	asked.log = -1;
	if (log) {
		long fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		/* High up, so that the program's own descriptors keep their usual numbers. */
		asked.log = fd < 0 ? -1 : (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 500);
		if (asked.log >= 0)
			syscall(SYS_close, fd);
	}
	asked.kill = number("COUNT_KILL");
	asked.stop = number("COUNT_STOP");
	asked.after = number("COUNT_AFTER") != 0;
	asked.fail = number_errno("COUNT_FAIL", &asked.fail_errno);
	asked.fail_write = number_errno("COUNT_FAIL_WRITE", &asked.fail_write_errno);
	asked.fail_times = number("COUNT_FAIL_TIMES");
	asked.grow = number("COUNT_FAIL_GROW") != 0;
	asked.until = getenv("COUNT_FAIL_UNTIL");
	asked.boot_id = getenv("COUNT_BOOT_ID");
	asked.clock = (long)number("COUNT_CLOCK");
	read_skips(getenv("COUNT_SKIP"));
	if (getenv("COUNT_AT"))
		read_place(getenv("COUNT_AT"), strlen(getenv("COUNT_AT")), &asked.at);
	asked.on = log || asked.kill || asked.stop || asked.fail || asked.fail_write || asked.nskips || asked.boot_id;
	atomic_store(&asked.ready, 1);
}

__attribute__((constructor)) static void start(void)
{
	ask();
}

static void die(void)
{
	syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
	for (;;)
		pause();
}

static bool meant(unsigned long n, unsigned long wanted)
{
	return wanted && n == (asked.at.call[0] ? atomic_load(&chosen) : wanted);
}

/* What was asked for at step n, before it or after it. */
static void harm(unsigned long n, bool after)
{
	if (after != asked.after || !n)
		return;
	if (meant(n, asked.kill))
		die();
	if (meant(n, asked.stop))        /* to this thread: it goes not one step further */
		syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), SIGSTOP);
}

/* ---- paths ---- */

static void path_of_fd(int fd, char *ret, size_t room)
{
	char link[64];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	long n = syscall(SYS_readlinkat, AT_FDCWD, link, ret, room - 1);
	ret[n < 0 ? 0 : n] = '\0';
}

static void path_at(int dirfd, const char *path, char *ret, size_t room)
{
	size_t n = 0;

	if (path[0] != '/') {
		if (dirfd != AT_FDCWD)
			path_of_fd(dirfd, ret, room);
		else if (syscall(SYS_getcwd, ret, room) < 0)
			ret[0] = '\0';
		n = strlen(ret);
		if (n + 2 < room)
			ret[n++] = '/';
	}
	snprintf(ret + n, room - n, "%s", path);
}

static void path_two(int from_dir, const char *from, int to_dir, const char *to, char *ret, size_t room)
{
	path_at(from_dir, from, ret, room / 2 - 4);
	size_t n = strlen(ret);
	memcpy(ret + n, " -> ", 5);
	path_at(to_dir, to, ret + n + 4, room - n - 4);
}

/* ---- steps ---- */

static bool lies_at(const struct place *p, const char *call, const char *path)
{
	size_t n = strlen(path);

	if (strcmp(call, p->call))
		return false;
	return p->at_end ? n >= p->n && memcmp(path + n - p->n, p->part, p->n) == 0 : memmem(path, n, p->part, p->n) != NULL;
}

static bool skipped(const char *call, const char *path)
{
	for (unsigned i = 0; i < asked.nskips; i++)
		if (lies_at(&asked.skips[i], call, path))
			return true;
	return false;
}

static void choose(unsigned long n, const char *call, const char *path)
{
	if (asked.at.call[0] && lies_at(&asked.at, call, path) &&
		atomic_fetch_add(&passed, 1) + 1 == (asked.kill ? asked.kill : asked.stop))
		atomic_store(&chosen, n);
}

static struct step step_begin(const char *call, const char *path)
{
	struct step s = {.n = atomic_fetch_add(&steps, 1) + 1};
	int saved = errno;

	if (asked.log >= 0) {
		char line[PATH_ROOM + 64];
		int n = snprintf(line, sizeof line, "%lu\t%s\t%s\n", s.n, call, path);

		syscall(SYS_write, asked.log, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
	}
	choose(s.n, call, path);
	harm(s.n, false);
	if (s.n == asked.fail) {
		s.refused = true;
		s.ret = -1;
		s.err = asked.fail_errno;
	} else if (skipped(call, path)) {
		s.refused = true;
	}
	errno = saved;
	return s;
}

static void step_end(const struct step *s)
{
	harm(s->n, true);
}

unsigned long count_before(const char *call, const char *what)
{
	ask();
	return asked.on ? step_begin(call, what).n : 0;
}

void count_after(unsigned long step)
{
	step_end(&(struct step){.n = step});
}

static int refusal(const struct step *s)
{
	step_end(s);
	if (s->ret)
		errno = s->err;
	return s->ret;
}

static struct step step_fd(const char *call, int fd)
{
	char path[PATH_ROOM];
	int saved = errno;

	ask();
	if (!asked.on)
		return (struct step){0};
	path_of_fd(fd, path, sizeof path);
	errno = saved;
	return step_begin(call, path);
}

static struct step step_at(const char *call, int dirfd, const char *given)
{
	char path[PATH_ROOM];

	ask();
	if (!asked.on)
		return (struct step){0};
	path_at(dirfd, given, path, sizeof path);
	return step_begin(call, path);
}

static struct step step_two(const char *call, int from_dir, const char *from, int to_dir, const char *to)
{
	char path[PATH_ROOM];

	ask();
	if (!asked.on)
		return (struct step){0};
	path_two(from_dir, from, to_dir, to, path, sizeof path);
	return step_begin(call, path);
}

/* ---- writes ---- */

/* A full disk. end: where the write ends, -1: at the descriptor's place plus n. */
static bool disk_full(int fd, size_t n, off_t end)
{
	struct stat st;

	if (!asked.fail_write || fd <= 2 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	if (asked.grow) {
		if (end < 0) {
			off_t at = fcntl(fd, F_GETFL) & O_APPEND ? st.st_size : lseek(fd, 0, SEEK_CUR);
			end = at + (off_t)n;
		}
		if (end <= st.st_size)
			return false;
	}
	if (atomic_fetch_add(&writes, 1) + 1 < asked.fail_write)
		return false;
	if (asked.until && syscall(SYS_faccessat, AT_FDCWD, asked.until, F_OK) == 0)
		return false;
	return !asked.fail_times || atomic_fetch_add(&failed, 1) < asked.fail_times;
}

/* A write on a descriptor that syncs is a step; any other may meet a full disk. */
static struct step step_write(const char *call, int fd, size_t n, off_t end)
{
	struct step s = {0};
	int saved = errno, flags;

	ask();
	if (!asked.on || fd == asked.log)
		return s;
	flags = fcntl(fd, F_GETFL);
	if (flags >= 0 && flags & (O_DSYNC | O_SYNC)) {
		errno = saved;
		return step_fd(call, fd);
	}
	if (disk_full(fd, n, end)) {
		s.refused = true;
		s.ret = -1;
		s.err = asked.fail_write_errno;
	}
	errno = saved;
	return s;
}

static size_t iov_bytes(const struct iovec *iov, int n)
{
	size_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += iov[i].iov_len;
	return sum;
}

/* A write that was left out says that all was written. */
static ssize_t refused_write(const struct step *s, size_t n)
{
	return refusal(s) ? -1 : (ssize_t)n;
}

ssize_t write(int fd, const void *p, size_t n)
{
	static ssize_t (*real)(int, const void *, size_t);
	struct step s = step_write("write", fd, n, -1);

	if (s.refused)
		return refused_write(&s, n);
	if (!real)
		*(void **)&real = count_next("write");
	ssize_t r = real(fd, p, n);
	step_end(&s);
	return r;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);
	struct step s = step_write("pwrite", fd, n, at + (off_t)n);

	if (s.refused)
		return refused_write(&s, n);
	if (!real)
		*(void **)&real = count_next("pwrite64");
	ssize_t r = real(fd, p, n, at);
	step_end(&s);
	return r;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return pwrite64(fd, p, n, at);
}

ssize_t writev(int fd, const struct iovec *iov, int count)
{
	static ssize_t (*real)(int, const struct iovec *, int);
	struct step s = step_write("writev", fd, iov_bytes(iov, count), -1);

	if (s.refused)
		return refused_write(&s, iov_bytes(iov, count));
	if (!real)
		*(void **)&real = count_next("writev");
	ssize_t r = real(fd, iov, count);
	step_end(&s);
	return r;
}

ssize_t pwritev64(int fd, const struct iovec *iov, int count, off64_t at)
{
	static ssize_t (*real)(int, const struct iovec *, int, off64_t);
	size_t n = iov_bytes(iov, count);
	struct step s = step_write("pwritev", fd, n, at + (off_t)n);

	if (s.refused)
		return refused_write(&s, n);
	if (!real)
		*(void **)&real = count_next("pwritev64");
	ssize_t r = real(fd, iov, count, at);
	step_end(&s);
	return r;
}

ssize_t pwritev(int fd, const struct iovec *iov, int count, off_t at)
{
	return pwritev64(fd, iov, count, at);
}

ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
{
	static ssize_t (*real)(int, const struct iovec *, int, off64_t, int);
	size_t n = iov_bytes(iov, count);
	bool syncs = flags & (RWF_DSYNC | RWF_SYNC);
	struct step s = syncs ? step_fd("pwritev2", fd) : step_write("pwritev2", fd, n, at < 0 ? -1 : at + (off_t)n);

	if (s.refused)
		return refused_write(&s, n);
	if (!real)
		*(void **)&real = count_next("pwritev64v2");
	ssize_t r = real(fd, iov, count, at, flags);
	step_end(&s);
	return r;
}

ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	return pwritev64v2(fd, iov, count, at, flags);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t n, unsigned flags)
{
	static ssize_t (*real)(int, off64_t *, int, off64_t *, size_t, unsigned);
	struct step s = step_write("copy_file_range", to, n, to_at ? *to_at + (off_t)n : -1);

	if (s.refused)
		return refused_write(&s, n);
	if (!real)
		*(void **)&real = count_next("copy_file_range");
	ssize_t r = real(from, from_at, to, to_at, n, flags);
	step_end(&s);
	return r;
}

/* ---- syncs ---- */

int fsync(int fd)
{
	static int (*real)(int);
	struct step s = step_fd("fsync", fd);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("fsync");
	int r = real(fd);
	step_end(&s);
	return r;
}

int fdatasync(int fd)
{
	static int (*real)(int);
	struct step s = step_fd("fdatasync", fd);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("fdatasync");
	int r = real(fd);
	step_end(&s);
	return r;
}

int syncfs(int fd)
{
	static int (*real)(int);
	struct step s = step_fd("syncfs", fd);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("syncfs");
	int r = real(fd);
	step_end(&s);
	return r;
}

int sync_file_range(int fd, off64_t at, off64_t n, unsigned flags)
{
	static int (*real)(int, off64_t, off64_t, unsigned);
	struct step s = step_fd("sync_file_range", fd);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("sync_file_range");
	int r = real(fd, at, n, flags);
	step_end(&s);
	return r;
}

int msync(void *p, size_t n, int flags)
{
	static int (*real)(void *, size_t, int);
	struct step s = {0};

	ask();
	if (asked.on)
		s = step_begin("msync", "");
	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("msync");
	int r = real(p, n, flags);
	step_end(&s);
	return r;
}

/* ---- names ---- */

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	static int (*real)(int, const char *, int, const char *, unsigned);
	struct step s = step_two("renameat2", from_dir, from, to_dir, to);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("renameat2");
	int r = real(from_dir, from, to_dir, to, flags);
	step_end(&s);
	return r;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	static int (*real)(int, const char *, int, const char *);
	struct step s = step_two("renameat", from_dir, from, to_dir, to);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("renameat");
	int r = real(from_dir, from, to_dir, to);
	step_end(&s);
	return r;
}

int rename(const char *from, const char *to)
{
	static int (*real)(const char *, const char *);
	struct step s = step_two("rename", AT_FDCWD, from, AT_FDCWD, to);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("rename");
	int r = real(from, to);
	step_end(&s);
	return r;
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
	static int (*real)(int, const char *, int, const char *, int);
	struct step s = step_two("linkat", from_dir, from, to_dir, to);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("linkat");
	int r = real(from_dir, from, to_dir, to, flags);
	step_end(&s);
	return r;
}

int link(const char *from, const char *to)
{
	static int (*real)(const char *, const char *);
	struct step s = step_two("link", AT_FDCWD, from, AT_FDCWD, to);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("link");
	int r = real(from, to);
	step_end(&s);
	return r;
}

int unlinkat(int dirfd, const char *path, int flags)
{
	static int (*real)(int, const char *, int);
	struct step s = step_at("unlinkat", dirfd, path);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("unlinkat");
	int r = real(dirfd, path, flags);
	step_end(&s);
	return r;
}

int unlink(const char *path)
{
	static int (*real)(const char *);
	struct step s = step_at("unlink", AT_FDCWD, path);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("unlink");
	int r = real(path);
	step_end(&s);
	return r;
}

/* A folder that stands already is no step. */
static struct step step_folder(const char *call, int dirfd, const char *path)
{
	ask();
	if (!asked.on || syscall(SYS_faccessat, dirfd, path, F_OK) == 0)
		return (struct step){0};
	return step_at(call, dirfd, path);
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
	static int (*real)(int, const char *, mode_t);
	struct step s = step_folder("mkdirat", dirfd, path);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("mkdirat");
	int r = real(dirfd, path, mode);
	step_end(&s);
	return r;
}

int mkdir(const char *path, mode_t mode)
{
	static int (*real)(const char *, mode_t);
	struct step s = step_folder("mkdir", AT_FDCWD, path);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("mkdir");
	int r = real(path, mode);
	step_end(&s);
	return r;
}

/* ---- lengths ---- */

int ftruncate64(int fd, off64_t n)
{
	static int (*real)(int, off64_t);
	struct step s = step_fd("ftruncate", fd);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("ftruncate64");
	int r = real(fd, n);
	step_end(&s);
	return r;
}

int ftruncate(int fd, off_t n)
{
	return ftruncate64(fd, n);
}

int truncate64(const char *path, off64_t n)
{
	static int (*real)(const char *, off64_t);
	struct step s = step_at("truncate", AT_FDCWD, path);

	if (s.refused)
		return refusal(&s);
	if (!real)
		*(void **)&real = count_next("truncate64");
	int r = real(path, n);
	step_end(&s);
	return r;
}

int truncate(const char *path, off_t n)
{
	return truncate64(path, n);
}

int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
	static int (*real)(int, int, off64_t, off64_t);
	struct step s = step_fd("fallocate", fd);

	if (s.refused)
		return refusal(&s);
	if (asked.on && disk_full(fd, (size_t)n, at + n)) {
		errno = asked.fail_write_errno;
		return -1;
	}
	if (!real)
		*(void **)&real = count_next("fallocate64");
	int r = real(fd, mode, at, n);
	step_end(&s);
	return r;
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
	return fallocate64(fd, mode, at, n);
}

/* The one here that answers with the error itself. */
int posix_fallocate64(int fd, off64_t at, off64_t n)
{
	static int (*real)(int, off64_t, off64_t);
	struct step s = step_fd("posix_fallocate", fd);

	if (s.refused)
		return refusal(&s) ? s.err : 0;
	if (asked.on && disk_full(fd, (size_t)n, at + n))
		return asked.fail_write_errno;
	if (!real)
		*(void **)&real = count_next("posix_fallocate64");
	int r = real(fd, at, n);
	step_end(&s);
	return r;
}

int posix_fallocate(int fd, off_t at, off_t n)
{
	return posix_fallocate64(fd, at, n);
}

/* ---- the boot id ---- */

static const char *opened(const char *path)
{
	ask();
	return asked.boot_id && path && strcmp(path, BOOT_ID) == 0 ? asked.boot_id : path;
}

/* O_TRUNC of a file that holds something loses it at once, but all such files are made new: no step. */
static int open_by(int dirfd, const char *path, int flags, mode_t mode)
{
	static int (*real)(int, const char *, int, ...);

	if (!real)
		*(void **)&real = count_next("openat64");
	return real(dirfd, opened(path), flags, mode);
}

static bool has_mode(int flags)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

int openat64(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (has_mode(flags)) {
		va_list ap;
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return open_by(dirfd, path, flags, mode);
}

int openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (has_mode(flags)) {
		va_list ap;
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return open_by(dirfd, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (has_mode(flags)) {
		va_list ap;
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return open_by(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	if (has_mode(flags)) {
		va_list ap;
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return open_by(AT_FDCWD, path, flags, mode);
}

/* What a fortified caller calls in their place. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags);
int __openat64_2(int dirfd, const char *path, int flags);

int __open_2(const char *path, int flags)
{
	return open_by(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags)
{
	return open_by(AT_FDCWD, path, flags, 0);
}

int __openat_2(int dirfd, const char *path, int flags)
{
	return open_by(dirfd, path, flags, 0);
}

int __openat64_2(int dirfd, const char *path, int flags)
{
	return open_by(dirfd, path, flags, 0);
}

FILE *fopen64(const char *path, const char *mode)
{
	static FILE *(*real)(const char *, const char *);

	if (!real)
		*(void **)&real = count_next("fopen64");
	return real(opened(path), mode);
}

FILE *fopen(const char *path, const char *mode)
{
	return fopen64(path, mode);
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int bad = (int)syscall(SYS_clock_gettime, id, ret);

	if (!bad && id == CLOCK_REALTIME)
		ret->tv_sec += asked.clock;
	return bad;
}
