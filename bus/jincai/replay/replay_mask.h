/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_REPLAY_MASK_H
#define JC_REPLAY_MASK_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "selection.h"

/*
 * What an event of the bus is for those who read a topic of a replay: consumers, from whom the event topics with their salaries are
 * kept.
 *
 * Of an event topic: id, key, source, type, subject, time, batch, unit and business date as they are, its data with each field that
 * its schema calls personal (x-sensitivity) masked as the topic of a destination has it (mask.h); what the bus uses for itself
 * (fingerprint, keys of payments, numbers) is left out. Of a topic for consumers: as it lies there. Of any other topic: nothing.
 */

/* Whether such events can stand together on one topic: the line that a destination made for consumers has the id of the event that it
 * was made of. An id has one content on a topic. */
enum replay_kind { REPLAY_NO_EVENTS, REPLAY_EVENTS, REPLAY_PUBLISHED };
enum replay_kind replay_kind_of(const char *topic);

/* Appends it, unstamped. replay.open {topic}{type}: it is of another topic, or of a type without a schema, so nobody knows what is
 * personal in it. */
int replay_mask(const struct selected *x, struct buf *to, struct err *e);
/* Appends "payee.name payee.account": the fields that are masked in events of that schema; nothing when there are none. */
void replay_masked(const struct schema *s, struct buf *to);

#endif
