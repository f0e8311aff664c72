/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_COMPARE_H
#define JC_COMPARE_H

#include "library.h"
#include "outfile.h"

/*
 * Two files for the same receiver, ours and one that was made by hand: which lines and fields of them differ. Lines that are
 * alike are partners wherever they stand; of the others those of the same account, number of a person, name, or first column.
 */

/* Appends what differs, accounts, names and numbers masked; returns how many differences there are. Byte for byte the same, or
 * alike but for order, ends of line and the like: that is said, and no difference. */
uint64_t compare_files(struct library *l, const struct form *f, const struct outfile *ours, const struct outfile *theirs,
	struct buf *ret);

#endif
