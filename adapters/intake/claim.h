/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CLAIM_H
#define JC_CLAIM_H

#include <jansson.h>

#include "bus.h"
#include "event.h"
#include "overlay.h"
#include "reader.h"

/*
 * Claim records, on jincai.claims: what an adapter took into our keeping, and what became of it. A later record of the
 * same batch replaces the earlier. States:
 *
 *	publishing   proved; its records are being published          published    all of them are, the batch is closed
 *	held         does not prove: nothing goes out                 returned     was held; a new file took its place, or a
 *	                                                                           person gave it back to its source. Or was
 *	                                                                           published (`was`), and nothing of it had
 *	                                                                           been handed over
 *	duplicate    the same bytes under the same keys as before     conflict     other bytes under keys that were published
 *	known        older than the adapter's start: never sent       unreadable   no record could be read
 *	settled      was duplicate, conflict or unreadable (`was`), and a person has dealt with it
 *	reread       waited (`was`), and is read again from its original: as if it had not been claimed yet
 */
struct claim {
	struct span batchid, state, adapter;
	struct span was;             /* the state before `settled` or `reread`; empty otherwise */
	struct span taken;           /* name in .taken and in the spool */
	struct span name;            /* as the vendor called it */
	struct span keys;            /* from the name; "sha256:<digest>" when the form takes none from it */
	struct span digest;          /* SHA-256 of the bytes, hex */
	struct span form, form_digest;
	struct span tables;          /* that the form looked up: "units=DIGEST,banks=DIGEST"; empty: none */
	uint64_t size;
	int64_t time_ms;             /* the claim's time: of all its events */
	struct span digests;         /* of each block in order: the first CLAIM_DIGEST bytes of its SHA-256, hex */
	uint64_t records, events, dead, skipped;
	struct span verdict;         /* ok, held, no_control */
	bool has_count, has_sum;
	uint64_t count;
	int64_t sum;
	struct totals *totals;       /* term read: all records by currency; owned by who made the claim */
	struct {
		struct span code, args, where;
	} reasons[READER_PROBLEMS + 3];      /* why it is held, first the main one; of what was returned, who did it */
	unsigned nreasons;
	struct overlays overlays;    /* lines of a report that a person changed; the original stays as it came */
	/* Suspected doubles (pays.h). What is released whole is held for them; of what is released record by record they were
	 * published, and wait to be seen. */
	uint64_t suspected;          /* how many */
	struct span suspects;        /* digest over all of them, hex; empty: there are none */
	struct span confirmed;       /* the digest of those that people let stand */
	struct span suspect_list;    /* JSON array of the first: {"line","amount","id","day": of the other} with "other","batch" of one
	                              * that was published, or "adapter","twin": whose line, of one that came at the same time */
};

/* Only the claim vouches for what lies in the spool: a sum that anybody can make again, as a CRC, would not do. */
#define CLAIM_DIGEST 16u
#define CLAIM_BLOCK (1u << 20)
#define CLAIM_BLOCKS 16384u  /* their digests take 512 KiB, well below BUS_VALUE_MAX */
/* Bytes of a block: CLAIM_BLOCK up to 16 GiB, above that as often doubled as keeps it at CLAIM_BLOCKS. */
uint64_t claim_block(uint64_t size);

/* Appends an unstamped event. source: of the adapter. */
void claim_write(struct buf *b, const struct claim *c, struct span source);
/* Reads one; texts are put into arena, totals are made (free with totals_free). claim.record (ERR_HALT) when it is none. */
int claim_read(const struct event *v, struct arena *a, struct claim *ret, struct err *e);
/* It has suspected doubles that nobody let stand. */
static inline bool claim_is_suspected(const struct claim *c)
{
	return c->suspects.n && !span_eq(c->suspects, c->confirmed);
}
/* Adds a reason in the words of an error; claim_main_reason puts it first. */
void claim_reason(struct claim *c, struct arena *a, const struct err *why);
void claim_main_reason(struct claim *c, struct arena *a, const struct err *why);

/* The newest record of a batch, by the index; 1 found, 0 none. buf holds the record that ret points into. */
int claim_find(struct bus *b, struct bus_owner *o, struct span batchid, struct buf *record, struct arena *a,
	struct claim *ret, struct err *e);

/* What those see who are asked to let a batch with suspected doubles go (act.h): the same in each language, since the adapter holds
 * it against what it finds itself. To be freed. */
json_t *claim_shows(const struct claim *c);

#endif
