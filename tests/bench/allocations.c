/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts calls of malloc, calloc and realloc by who calls (LD_PRELOAD), for allocations.py. ALLOCATIONS_LOG=FILE gets a
 * line for each library or program that called, at exit: calls, bytes, name, cut by blanks. Those of the C library's own
 * inner calls are counted for it; what a caller that is not known asks for goes to "?".
 *
 * Only the pages of a caller are looked at, in a table without a lock that is filled by whoever comes first.
 */
#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);

enum { CALLERS = 4096 };             /* places in the code that allocate */

static struct {
	_Atomic(uintptr_t) from;
	atomic_ulong calls, bytes;
} callers[CALLERS];

static void count(const void *from, size_t n)
{
	uintptr_t key = (uintptr_t)from;

	for (size_t i = key * 0x9e3779b97f4a7c15 >> 52;; i = (i + 1) % CALLERS) {
		uintptr_t have = atomic_load(&callers[i].from);

		if (!have && !atomic_compare_exchange_strong(&callers[i].from, &have, key))
			have = atomic_load(&callers[i].from);
		if (have && have != key)
			continue;
		atomic_fetch_add(&callers[i].calls, 1);
		atomic_fetch_add(&callers[i].bytes, n);
		return;
	}
}

void *malloc(size_t n)
{
	count(__builtin_return_address(0), n);
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	count(__builtin_return_address(0), n * size);
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	count(__builtin_return_address(0), n);
	return __libc_realloc(p, n);
}

__attribute__((destructor)) static void report(void)
{
	const char *path = getenv("ALLOCATIONS_LOG");
	FILE *f = path ? fopen(path, "a") : NULL;

	for (size_t i = 0; f && i < CALLERS; i++) {
		void *from = (void *)atomic_load(&callers[i].from);
		const char *name;
		Dl_info info;

		if (!from)
			continue;
		name = dladdr(from, &info) && info.dli_fname ? info.dli_fname : "?";
		fprintf(f, "%lu %lu %s %#lx\n", atomic_load(&callers[i].calls), atomic_load(&callers[i].bytes), name,
			(unsigned long)((uintptr_t)from - (name[0] == '?' ? 0 : (uintptr_t)info.dli_fbase)));
	}
	if (f)
		fclose(f);
}
