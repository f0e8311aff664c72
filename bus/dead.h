/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DEAD_H
#define JC_DEAD_H

#include "event.h"

/*
 * Dead letters: a record or event that cannot go on, kept on jincai.dead with its bytes, its place and the reason. A
 * conflict (the same key with other content) is kept in the same way and counted apart. Never a business failure.
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

#endif
