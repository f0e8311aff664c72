/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_LETTER_H
#define JC_LETTER_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "bus.h"
#include "dead.h"

/* Dead letters as the verbs show them. */
struct letter {
	uint64_t number;             /* its offset on the topic */
	int64_t time_ms;
	struct event event;
	struct dead_letter d;
	uint64_t raw_size;
	struct buf words;            /* what happened, masked: its arguments come from the record itself */
};

/* A reader of the topic: 1, 0 when the bus never had a letter, -1. */
int letter_open(struct bus *b, struct bus_reader **ret, struct err *e);
/* Reads a message: 1 a letter (texts in a and in the message), 0 another record of the topic, -1. words is reused. */
int letter_read(const struct bus_message *m, struct arena *a, struct letter *ret, struct err *e);
/* The letter of that number: 1, 0 there is none, -1. *r is the reader that l points into. */
int letter_find(struct bus *b, uint64_t number, struct bus_reader **r, struct arena *a, struct letter *l, struct err *e);
/* What it is now: "open", or how it ended: "retried", "returned". */
int letter_state(struct bus *b, const struct letter *l, char ret[16], struct err *e);
/* That, in words for people. */
const char *letter_state_words(const char *state);

static inline bool letter_is_conflict(const struct letter *l)
{
	return span_is(l->d.kind, "conflict");
}

#endif
