/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_INDEX_H
#define JC_INDEX_H

#include <stdint.h>

#include "event.h"

/*
 * Indexes: what is looked up is a fold over topics and nothing else, so an index can be deleted and folded again, and
 * cannot say what the topics do not. Each row says from which topics, and what a record adds. The embedded driver
 * applies the entries in the commit that appends the record; another driver after it.
 *
 * A key is at most 480 bytes (index_key). INDEX_FIRST: the first record for a key stays; INDEX_LAST: the last one does.
 */
enum index_keep { INDEX_FIRST, INDEX_LAST };

enum {
	INDEX_IDS,                   /* event id -> fingerprint (16 bytes); events that carry one */
	INDEX_TO,                    /* "<destination>\0<id>" -> batch id: what a destination was given, first place */
	INDEX_CLAIMS,                /* "b<batchid>", "k<adapter>\0<keys>", "t<adapter>\0<taken>": see claim.h; last */
	INDEX_ACTS,                  /* act id -> "" : acts whose outcome is written */
	INDEX_DEAD,                  /* id of a dead letter -> what became of it; last */
	INDEX_AGAIN,                 /* what INDEX_IDS and INDEX_TO would say of events that come again; last */
	INDEX_CLOSED,                /* topic, batch and partition -> newest closing of that batch there; last */
	INDEX_FOREIGN,               /* records that no flow of ours wrote -> "": see index_foreign_key; on a bus that others can write to */
	INDEX_PAYS,                  /* payments by day and paykey -> "": see index_pay_key; events that carry one */
	INDEX_FIND,                  /* by what people ask: see index_find_number and those behind it; last */
	INDEX_DAYS,                  /* postings of the journal by batch, batches by the day on which they ended (journal.h) */
	INDEX_COUNT
};

struct index_sink {
	int (*put)(struct index_sink *s, unsigned index, struct span key, struct span extra, struct err *e);
};

struct index_row {
	const char *name;            /* of its table in the store */
	enum index_keep keep;
	bool (*takes)(const char *topic);
	/* Puts what this record adds. value is the event as it lies on the topic. A record that is not ours to read adds
	 * nothing; -1 only for what would make the index wrong. */
	int (*fold)(const char *topic, struct span value, struct index_sink *s, struct err *e);
};

extern const struct index_row index_table[INDEX_COUNT];

/*
 * Makes a key as the rows do, into ret: [prefix] first [NUL second]. prefix 0 is none, second.p NULL is none. A key of
 * more than INDEX_KEY_MAX bytes becomes its first 440 bytes and 32 hex digits of the SHA-256 of the whole.
 *
 *	INDEX_IDS     index_key(k, 0, id, SPAN_NONE)               extra: the 16 bytes of the fingerprint
 *	INDEX_TO      index_key(k, 0, destination, id)             extra: batch id
 *	INDEX_CLAIMS  index_key(k, INDEX_BATCH, batchid, SPAN_NONE)  extra: state
 *	              index_key(k, INDEX_KEYS, adapter, keys)      extra: batch id NUL state NUL digest; only claims that
 *	                                                           are publishing, published, held or returned
 *	              index_key(k, INDEX_TAKEN, adapter, taken)    extra: batch id
 *	              index_key(k, INDEX_SUSPECTS, batchid, SPAN_NONE)  extra: "open" or "settled"; claims with suspects
 *	INDEX_ACTS    index_key(k, 0, act, SPAN_NONE)              extra: ""
 *	INDEX_DEAD    index_key(k, 0, letter, SPAN_NONE)           extra: dead, conflict: the place is the letter's own;
 *	                                                           retried, returned: the place says who ended it
 *	INDEX_AGAIN   index_key(k, INDEX_ID, id, SPAN_NONE)         extra: the 16 bytes of the fingerprint
 *	              index_key(k, INDEX_GIVEN, destination, id)   extra: batch id. Only events with the attribute again are
 *	              here: their batch took the place of one that was published and returned. Look here when the first place
 *	              of an id, in INDEX_IDS or INDEX_TO, is not the one that is meant
 *	INDEX_CLOSED  index_key(k, 0, topic, "<batchid>\0<partition>")  extra: ""
 *	INDEX_FOREIGN index_foreign_key                             extra: ""
 *	INDEX_PAYS    index_pay_key                                extra: ""
 *	INDEX_DAYS    index_key(k, INDEX_BEGUN, batchid, SPAN_NONE)  extra: the batch id
 *	              index_key(k, INDEX_ENDED, batchid, SPAN_NONE)  extra: the day as clock_date writes it; "" when it is not said
 *	              index_days_end                               extra: the batch id
 *	              index_days_posting                           extra: data of the posting; "" when it is large
 */
#define INDEX_KEY_MAX 480u
#define INDEX_BATCH 'b'
#define INDEX_KEYS 'k'
#define INDEX_TAKEN 't'
#define INDEX_SUSPECTS 's'
#define INDEX_ID 'i'
#define INDEX_GIVEN 'g'
#define INDEX_BEGUN 'b'
#define INDEX_ENDED 'e'
struct span index_key(char ret[INDEX_KEY_MAX], char prefix, struct span first, struct span second);
/* "<topic>/<partition>@<offset>", so that those of a topic stand together and in order. */
struct span index_foreign_key(char ret[INDEX_KEY_MAX], const char *topic, unsigned partition, uint64_t offset);

/*
 * A payment stands in the index under {number of its span of 32 days: u16; the 16 bytes of its paykey; the day within: u8;
 * 8 bytes of a hash of its id}. Those of a span lie together, so that a batch changes few pages; who looks for payments around
 * a day asks for a prefix in each span that he touches. Days are those of clock.h, 1900 to 2199: of the business date, of the
 * claim's time when there is none.
 */
#define INDEX_PAYKEY 16u             /* bytes; the attribute has their hex digits */
#define INDEX_PAY_DAYS 32
#define INDEX_PAY_KEY_MAX 27u
int64_t index_pay_span(int64_t day);
/* The first 18 bytes: all payments of the paykey within the span of that day. */
struct span index_pay_prefix(char ret[INDEX_PAY_KEY_MAX], int64_t day, const uint8_t paykey[INDEX_PAYKEY]);
struct span index_pay_key(char ret[INDEX_PAY_KEY_MAX], int64_t day, const uint8_t paykey[INDEX_PAYKEY], struct span id);
int64_t index_pay_day(struct span key);                /* the day in such a key */
/* The day under which a payment stands; -1 when the event has none. */
int index_pay_day_of(const struct event *v, int64_t *ret);

/*
 * The journal: what batches came to is looked up, since all that was ever posted is too much to read for one day. Prefixes, into
 * ret. A posting stands under its batch; those without one do not stand here. A batch stands under each day that a posting which
 * ended it said; the first one, which INDEX_ENDED has, counts.
 */
#define INDEX_POSTING_MAX 1500u      /* bytes of data that are kept in the index */
struct span index_days_postings(char ret[INDEX_KEY_MAX], struct span batchid);
struct span index_days_posting(char ret[INDEX_KEY_MAX], struct span batchid, struct span id);    /* a whole key */
struct span index_days_day(char ret[INDEX_KEY_MAX], struct span date);           /* date: as clock_date writes it; empty: not said */
struct span index_days_end(char ret[INDEX_KEY_MAX], struct span date, struct span batchid);      /* a whole key */

/*
 * What people ask by. Events of the systems stand under each of their numbers. Those with a fingerprint stand under unit, day
 * and amount as well when they have all three; those without one, which say again what was paid elsewhere and are not in
 * INDEX_IDS, under their id. Dead letters stand under the id of what died; all records of a parcel under destination and batch;
 * those of an act under what it is about: a batch, an id, a letter, and of an approval the act. Several things may stand under one: the functions make
 * the prefix that they share, into ret. extra is empty; of a parcel's record it is the state. A number that is too long for
 * a key is not to be found.
 *
 * What comes together lies together: numbers are as they are and not hashed, amounts stand below their day and unit. So a
 * batch changes few pages.
 */
struct span index_find_number(char ret[INDEX_KEY_MAX], struct span number);      /* as event_id_part writes it */
struct span index_find_amount(char ret[INDEX_KEY_MAX], int64_t day, struct span unit, int64_t fen);
struct span index_find_id(char ret[INDEX_KEY_MAX], struct span id);              /* a whole key */
struct span index_find_dead(char ret[INDEX_KEY_MAX], struct span id);
struct span index_find_act(char ret[INDEX_KEY_MAX], struct span subject);
struct span index_find_parcels(char ret[INDEX_KEY_MAX], struct span destination, struct span batchid);

/* All rows over one record. Errors: index.record {index}{name} (ERR_HALT): a record of ours lacks what the index is
 * made of; and what the sink says. */
int index_fold(const char *topic, struct span value, struct index_sink *s, struct err *e);
/* A number that changes when the meaning of any row does: a store folded under another one is folded anew. */
#define INDEX_EDITION 8u

#endif
