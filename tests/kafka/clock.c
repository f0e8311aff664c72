/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before a program (LD_PRELOAD): its wall clock is off by as many seconds as the file $CLOCK_FILE says, which may change
 * while it runs. The steady clock goes on, as on a host whose clock somebody sets; and who waits until a time of day waits until
 * that clock shows it. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NS 50000000L
#define SECOND_NS 1000000000L
#define TEXT_MAX 32              /* what follows the end of a file in its page is zero */

typedef int gettime_call(clockid_t id, struct timespec *ret);
typedef int wait_call(pthread_cond_t *cond, pthread_mutex_t *lock, const struct timespec *until);
typedef int futimens_call(int fd, const struct timespec times[2]);

static time_t off(void)
{
	static const char *_Atomic text;
	const char *path = getenv("CLOCK_FILE");
	int fd = text || !path ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		text = mmap(NULL, TEXT_MAX, PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	return text ? strtol(text, NULL, 10) : 0;
}

static int real_time(clockid_t id, struct timespec *ret)
{
	static gettime_call *_Atomic call;

	if (!call)
		call = (gettime_call *)(uintptr_t)dlsym(RTLD_NEXT, "clock_gettime");
	return call(id, ret);
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int failed = real_time(id, ret);

	if (!failed && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ret->tv_sec += off();
	return failed;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int timespec_get(struct timespec *ret, int base)
{
	return clock_gettime(CLOCK_REALTIME, ret) ? 0 : base;
}

static int64_t left_ns(const struct timespec *until)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)until->tv_sec - now.tv_sec) * SECOND_NS + until->tv_nsec - now.tv_nsec;
}

/* As C11 has it; those of POSIX are of the steady clock here. In slices: the clock may be set while somebody waits. */
int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict lock, const struct timespec *restrict until)
{
	wait_call *wait = (wait_call *)(uintptr_t)dlsym(RTLD_NEXT, "pthread_cond_timedwait");

	while (left_ns(until) > 0) {
		int64_t slice = left_ns(until) < SLICE_NS ? left_ns(until) : SLICE_NS;
		struct timespec now;
		int got;

		real_time(CLOCK_REALTIME, &now);
		now.tv_nsec += slice;
		now.tv_sec += now.tv_nsec / SECOND_NS;
		now.tv_nsec %= SECOND_NS;
		got = wait((pthread_cond_t *)cond, (pthread_mutex_t *)lock, &now);
		if (got != ETIMEDOUT)
			return got ? thrd_error : thrd_success;
	}
	return thrd_timedout;
}

/* A file that is written now bears the time of the same clock. */
int futimens(int fd, const struct timespec times[2])
{
	futimens_call *call = (futimens_call *)(uintptr_t)dlsym(RTLD_NEXT, "futimens");
	struct timespec now[2];

	if (times)
		return call(fd, times);
	clock_gettime(CLOCK_REALTIME, &now[0]);
	now[1] = now[0];
	return call(fd, now);
}
