/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_GUARD_PLACE_H
#define JC_GUARD_PLACE_H

#include "site.h"

/*
 * Where a store is. On this host: the machine, device and inode of its file, and when that was made, since a file that is put in the
 * place of another one often gets its inode, too: another one was copied, put back or moved. On a
 * cluster: the cluster; which host runs the site, and which file holds what that host knows of it, is nothing to be kept.
 */
struct guard_place {
	char where[33];              /* digest of the machine's id, or of the cluster's */
	uint64_t device, inode;      /* 0 on a cluster */
	uint64_t born;               /* nanoseconds; 0: not known, or on a cluster */
};

int guard_place_now(struct bus *b, struct guard_place *ret, struct err *e);
/* Why the place is another than it was: 1 (*ret: guard.moved, guard.copied, guard.cluster), 0 it is the same. */
int guard_place_other(struct bus *b, const struct guard_place *was, const struct guard_place *now, struct err *ret);

#endif
