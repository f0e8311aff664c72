/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PARCELS_H
#define JC_PARCELS_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "bus.h"
#include "parcel.h"

/* The parcels of one destination that the store knows, each as it was last, by number. */
struct parcels {
	struct parcel **list;
	size_t n;
};

int parcels_load(struct bus *b, const char *destination, struct parcels *ret, struct err *e);
void parcels_done(struct parcels *p);
/* NULL: none has that number. */
const struct parcel *parcels_numbered(const struct parcels *p, uint64_t no);

#endif
