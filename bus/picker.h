/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PICKER_H
#define JC_PICKER_H

#include "bus.h"

/*
 * Single records by their places, for who looks up very many of them, more or less in the order in which they lie: closings of
 * tens of thousands of batches. On a cluster a reader that is begun anew for each of them costs a request and its wait, one that
 * stays and goes on to the next place next to nothing. Not for one record now and then: bus_read, bus_seek, bus_next.
 *
 *	struct picker *p = picker_new(bus);
 *	picker_get(p, &entry, &message, e);
 *
 * It keeps few readers, those that were asked last, and some small records: of one thread at a time.
 */
struct picker;

struct picker *picker_new(struct bus *b);
void picker_free(struct picker *p);   /* NULL is fine */
/* The record at that place: 1 (until the next call), 0 nothing lies there or behind it, -1 as bus_next. */
int picker_get(struct picker *p, const struct bus_entry *at, struct bus_message *ret, struct err *e);

#endif
