/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_U64SET_H
#define JC_U64SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of whole numbers that are spread evenly over their 64 bits, as those that begin with a hash are. It is one table in the order of the
 * numbers, with gaps, and grows where it lies: behind the first 50,000 a number takes 9 to 12 bytes, and no second copy
 * besides. 0 is no member. Ends the process when memory runs out, as buf.h does.
 */
struct u64set {
	uint64_t *at;                /* cap places and some more behind them, the last one empty */
	size_t n, cap, all;
};

#define U64SET_INIT ((struct u64set){NULL, 0, 0, 0})

void u64set_done(struct u64set *s);                    /* frees; s is empty again and may be used */
bool u64set_add(struct u64set *s, uint64_t x);         /* false: it was there */
/* The members with these 32 bits at their top, the least first, stand one behind the other from here to one that has others, or
 * 0. Valid until the next change. */
const uint64_t *u64set_find(const struct u64set *s, uint32_t top);

#endif
