/* SPDX-License-Identifier: Apache-2.0 */
/* Loaded before a program (LD_PRELOAD): what it asks about room is answered as on a host that is nearly full. FULL_DISK=1: no file
 * system has a free block. FULL_STORE=N: of a store N MiB are in use. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/statvfs.h>

typedef int statvfs_call(const char *path, struct statvfs *ret);

int statvfs(const char *path, struct statvfs *ret)
{
	statvfs_call *real = (statvfs_call *)dlsym(RTLD_NEXT, "statvfs");
	int failed = real(path, ret);

	if (!failed && getenv("FULL_DISK"))
		ret->f_bfree = ret->f_bavail = 0;
	return failed;
}

typedef int statvfs64_call(const char *path, struct statvfs64 *ret);

int statvfs64(const char *path, struct statvfs64 *ret)
{
	statvfs64_call *real = (statvfs64_call *)dlsym(RTLD_NEXT, "statvfs64");
	int failed = real(path, ret);

	if (!failed && getenv("FULL_DISK"))
		ret->f_bfree = ret->f_bavail = 0;
	return failed;
}

/* As LMDB has it; the page is 4 KiB. */
struct envinfo {
	void *mapaddr;
	size_t mapsize, last_pgno, last_txnid;
	unsigned maxreaders, numreaders;
};

int mdb_env_info(void *env, struct envinfo *ret);

int mdb_env_info(void *env, struct envinfo *ret)
{
	int (*real)(void *, struct envinfo *) = (int (*)(void *, struct envinfo *))dlsym(RTLD_NEXT, "mdb_env_info");
	int failed = real(env, ret);
	const char *full = getenv("FULL_STORE");

	if (!failed && full)
		ret->last_pgno = (size_t)strtoul(full, NULL, 10) * 256;
	return failed;
}
