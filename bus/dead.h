/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DEAD_H
#define JC_DEAD_H

#include "bus.h"
#include "event.h"

/*
 * Dead letters: a record or event that cannot go on, kept on jincai.dead with its bytes, its place and the reason. A
 * conflict (the same key with other content) is kept in the same way and counted apart. Never a business failure.
 *
 * A letter is open until the flow that wrote it says on the same topic what became of it (jincai.dead.ended): retried, it went
 * on; returned, it was given back to its source and never will. What is so of a letter, INDEX_DEAD knows. A letter of the same
 * id that comes later is open again.
 */
#define DEAD_RAW_MAX 65536u      /* of the raw bytes are kept; digest and length speak of all */

struct dead_letter {
	struct span flow;            /* who gave up */
	struct span batchid, id;     /* id may be empty: the record could not be read that far */
	struct span kind;            /* "dead" or "conflict" */
	struct span code;            /* name of the error code */
	struct span args;            /* its arguments, as in struct err */
	struct span place;           /* file:line:column, or topic/partition@offset */
	struct span file;            /* name of the claimed file, or empty */
	uint64_t line, record, offset;
	struct span raw;             /* bytes as they came */
	struct span personal;        /* which of them a person is not shown, as adapters/form/personal.h writes it; empty: nobody said */
	struct span destination;     /* for which shaping failed, or empty */
	bool has_amount;
	int64_t amount_fen;
	struct span currency;
};

/* Appends an unstamped event of type jincai.dead, without its closing brace (event_stamp adds it). Its id is made of
 * flow, batch, place and destination, subject is the id of what died. Bytes of a text that are not UTF-8, and NUL,
 * become U+FFFD. */
void dead_write(struct buf *b, const struct dead_letter *d, int64_t time_ms);
/* Back from an event. Texts are put into arena (empty when absent); raw holds what was kept, raw_size the whole length.
 * Errors (ERR_DATA): dead.data {name}: a member is missing or not as dead_write writes it; ret is then untouched. */
int dead_read(const struct event *v, struct arena *a, struct dead_letter *ret, uint64_t *ret_raw_size, struct err *e);

/* What a person who decides on a letter has seen of it: SHA-256 of its body, in hex. The order of an act on it has the
 * letter's id as subject, this as digest, and as "offset" where it lies on jincai.dead. */
void dead_digest(const struct event *letter, char ret[65]);
/* Appends an unstamped event: the letter has ended. state is "retried" or "returned", act the id of who decided so. */
void dead_ended_write(struct buf *b, const struct event *letter, const char *state, struct span act, struct span source,
	int64_t time_ms);
/* What the letter of that id is now: "dead" or "conflict" while it is open, else how it ended. 1 found, *ret_offset of the
 * letter while it is open, of its end later; 0 there is none; -1. */
int dead_state(struct bus *b, struct bus_owner *o, struct span letter, char ret[16], uint64_t *ret_offset, struct err *e);
static inline bool dead_is_open(const char *state)
{
	return strcmp(state, "dead") == 0 || strcmp(state, "conflict") == 0;
}

#endif
