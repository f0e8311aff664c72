/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_KAFKA_INDEX_PARTS_H
#define JC_KAFKA_INDEX_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "kafka_index.h"
#include "sealed.h"

/*
 * Shared by kafka_index.c, which opens and looks, and kafka_put.c.
 *
 * Tables:
 *	meta           format (store.c), era u64: how often it was emptied while it was open
 *	topics         name -> number u32
 *	heads          {number u16, partition u16} -> {next u64, time i64}
 *	positions      key -> {offset u64, value}; without a value it was taken away
 *	epochs         flow -> {offset u64, time i64, value}
 *	waiting        act id -> {offset u64, time i64, length of flow u32, flow, text}
 *	done           act id -> "": acts that are done, and nothing brings back
 *	index.NAME     key -> {place, time i64, extra}
 * Every value outside meta is sealed (sealed.h).
 */
#define KAFKA_INDEX_LAYOUT 2u        /* changes when the tables do */
#define STAMP_BYTES 16u              /* offset, time */
#define ENTRY_BYTES (PLACE_BYTES + 8u)       /* place, time */

struct kafka_index {
	struct store *store;
	unsigned meta;
	struct sealed topics, heads, positions, epochs, waiting, done, index[INDEX_COUNT];
	_Atomic(char *) names[BUS_TOPICS_MAX];
	_Atomic uint64_t era;        /* that this process goes by; in the store is a higher one: it was emptied */
	_Atomic uint64_t checked;    /* the moment (store.h) as of which the store had our era */
	_Atomic uint64_t acts;       /* twice the moment at which acts were counted, 1 more: none waits */
	atomic_flag spoiled;
	pthread_mutex_t lock;        /* of kept */
	struct kafka_put *kept;      /* that nobody uses, with their memory */
};

/* A transaction that reads; store.emptied when another has emptied it. */
int kafka_index_read(struct kafka_index *x, struct store_txn **ret, struct err *e);
/* The same for one that writes. */
int kafka_index_era_check(struct kafka_index *x, struct store_txn *t, struct err *e);
/* Takes all names that t sees. */
int kafka_index_names(struct kafka_index *x, struct store_txn *t, struct err *e);
/* What a call ends with, outside of a transaction: got as it is; after damage -1 with store.emptied, and it is. */
int kafka_index_told(struct kafka_index *x, int got, struct err *e);
void kafka_put_free(struct kafka_put *p);              /* and those behind it; NULL is fine */

/* Place and time, as they begin the value of an entry. */
static inline void kafka_entry_put(char p[ENTRY_BYTES], const struct kafka_place *place)
{
	sealed_place_put(p, &(struct place){place->number, place->partition, place->offset});
	store_key64((uint64_t)place->time_ms, p + PLACE_BYTES);
}

static inline void kafka_entry_get(const char p[ENTRY_BYTES], struct kafka_place *ret)
{
	struct place place;

	sealed_place_get(p, &place);
	*ret = (struct kafka_place){place.number, place.partition, place.offset, (int64_t)store_of64(p + PLACE_BYTES)};
}

static inline struct span kafka_head_key(unsigned number, unsigned partition, char room[4])
{
	sealed_put32(room, number << 16 | partition);
	return (struct span){room, 4};
}

#endif
