/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_READER_H
#define JC_READER_H

#include <jansson.h>

#include "event.h"
#include "form.h"
#include "overlay.h"
#include "totals.h"

/*
 * Reads one document by an inward form: rows become records, each mapped, identified, checked. The same code serves the
 * claim (does the batch prove?), publishing, try and test, so that what is tried is what runs. One reading is one row, and so
 * a record with all its events: who goes on from a saved place never stands within one.
 *
 * Memory is flat. It can stop behind any row and go on later from what reader_save wrote.
 */
#define READER_AMOUNT_MAX INT64_C(1000000000000000)     /* fen of one record, 10 trillion yuan: record.amount */
#define READER_BATCH_MAX INT64_C(10000000000000000)     /* fen of one document, without signs: batch.amount */

enum reading_kind { READ_END, READ_SKIPPED, READ_RECORD };

/* One event that a record makes. */
struct reading_event {
	const struct form_event *of;
	bool readable;               /* its amount is known, also when the record is dead */
	int64_t fen;
	struct span currency;        /* with its kind of money, as totals name it */
	struct span id;              /* empty when it could not be made */
	struct span fingerprint;     /* 32 hex digits; empty for reports that are known by record number */
	struct span key;             /* partition key; empty: the adapter's name */
};

/* A record is whole: either all events are there, each mapped and checked, or it is dead. A dead one has one event, the
 * first that it would have made: what it is counted as. */
struct reading {
	enum reading_kind kind;
	uint64_t number;             /* of the record, from 1 */
	uint64_t line, offset;       /* of its first byte */
	struct span raw;
	struct err bad;              /* not E_NONE: the record is dead, and why; where names file:line:column */
	const struct reading_event *events;
	unsigned nevents;            /* at least 1 of a record, else 0 */
};

struct reader;

struct reader_setup {
	const struct form *form;
	const struct library *library;
	struct codec_input *input;   /* stands at the saved offset; at the start of a form_whole(), and under overlays */
	const char *shown;           /* name of the file in places */
	struct span name;            /* file name, for the pattern; must match */
	struct span digest;          /* hex of the file's digest: part of ids by record number; may be empty (try) */
	const struct overlays *overlays;     /* of its lines, borrowed; NULL: none. Not of a codec that is `whole` */
	const json_t *saved;         /* what reader_save wrote; NULL: from the start */
};

/* Errors: form.name (the name does not match), form.state, codec errors. */
int reader_open(const struct reader_setup *s, struct reader **ret, struct err *e);
void reader_close(struct reader *r);
/* The next row that matters. 0 with ret (spans valid until the next call), -1: the input failed, or the document cannot
 * be read at all (form.no_header, wrap.*; kind ERR_DATA). READ_END comes when what is wrapped has proved to its end. */
int reader_next(struct reader *r, struct reading *ret, struct err *e);
/* For an event of the record that reader_next gave, when it is not dead: appends the JSON of its data, and fills the
 * attributes that come from it (type, id, partitionkey, unit, bank, businessdate, fingerprint, changed). */
void reader_data(struct reader *r, const struct reading_event *x, struct buf *b);
void reader_attributes(struct reader *r, const struct reading_event *x, struct event *ret);
/* The paykey of such an event: a keyed hash over type, payee account, amount, currency, unit and purpose, 32 hex digits; with
 * no key of the site a plain one. Voids and reversals have none, nor has what pays into no account, or not more than nothing. */
struct span reader_paykey(struct reader *r, const struct reading_event *x);
/* The attributes by which such an event is found again (event.h): amount, numbers, line. */
void reader_marks(struct reader *r, const struct reading *g, const struct reading_event *x, struct event *ret);
/* Where it stands, at most 4 KiB of JSON. */
void reader_save(const struct reader *r, struct buf *b);
uint64_t reader_offset(const struct reader *r);
/* How many overlays have not met their line so far. */
unsigned reader_overlays_left(const struct reader *r);

/* For who explains the record that reader_next gave: its row, the values that rules read and write, the kind that the row
 * is of (NULL: columns stand in a header row). The header row's text in a column; SPAN_NONE when there is none, or the
 * reader went on from a saved place. */
const struct row *reader_row(const struct reader *r);
struct slots *reader_slots(struct reader *r);
const struct form_kind *reader_kind(const struct reader *r);
struct span reader_title(const struct reader *r, unsigned column, int *ret_slot);

/* ---- what a whole document amounts to ---- */

#define READER_PROBLEMS 20u

struct reader_proof {
	uint64_t records, dead, skipped;
	uint64_t events;             /* that go out, or would: of all records that are not dead */
	struct totals *totals;       /* terms read and dead, in events: a dead record is one */
	bool has_count, has_sum;     /* declared by a head or a trailer */
	uint64_t count;
	int64_t sum;
	int64_t found;               /* sum of those readable amounts that are declared (of one currency) */
	char currency[TOTALS_CURRENCY_MAX];
	bool trailer_missing;
	/* ok; held (does not prove, or is released whole and has a dead record); no_control (nothing declared) */
	enum { PROOF_OK, PROOF_HELD, PROOF_NO_CONTROL } verdict;
	struct err why;              /* when held: batch.mostly_dead, batch.count, batch.sum, batch.no_trailer, batch.dead_record */
	struct err problems[READER_PROBLEMS];    /* the first dead records, and the row that may have lost its separator */
	unsigned nproblems;
	struct err suspect;          /* batch.lost_separator {line}{text}{difference}: may be; E_NONE otherwise */
};

/* Takes one reading into account; at the end (READ_END) gives the verdict. batch.amount (ERR_DATA): its sums leave the range,
 * nothing of the document can be used. */
struct reader_prover;
struct reader_prover *reader_prover_new(const struct form *f, const char *shown);
int reader_prove(struct reader_prover *p, const struct reader *r, const struct reading *g, struct err *e);
const struct reader_proof *reader_proof(const struct reader_prover *p);
void reader_prover_free(struct reader_prover *p);

#endif
