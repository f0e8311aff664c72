/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_SCRATCH_H
#define JC_TESTS_SCRATCH_H

/* Takes away the folder of a test, with all that is in it. */
#include <ftw.h>
#include <stdio.h>

static inline int scratch_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static inline int scratch_remove(const char *folder)
{
	return nftw(folder, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
