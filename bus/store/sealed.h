/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SEALED_H
#define JC_SEALED_H

#include "store.h"

/*
 * Tables of a store (store.h) whose values are sealed: each begins with a CRC32C over the table's name, the key and the
 * rest, as LMDB has no checks of its own. And what values are made of: whole numbers, big-endian; places.
 */
#define SEAL_BYTES 4u
#define PLACE_BYTES 12u

struct sealed {
	char name[32];
	unsigned handle;             /* of store_table */
	uint32_t seed;               /* CRC of the name */
};

/* Where a record lies: the number that stands for its topic in a store, below 65,536, as its partition is. */
struct place {
	unsigned number, partition;
	uint64_t offset;
};

static inline void sealed_put32(char *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (char)(v & 0xff);
}

static inline uint32_t sealed_get32(const char *p)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* The name is prefix and name together; the handle is still to be had. */
void sealed_name(struct sealed *table, const char *prefix, const char *name);
/* store.damaged; returns -1. */
int sealed_damaged(struct err *e, const char *table, unsigned partition, uint64_t offset);
/* Room for n bytes under a seal, then the seal once they are filled in. 1 put, 0 was there (STORE_FIRST), -1. */
int sealed_reserve(struct store_txn *t, const struct sealed *table, struct span key, size_t n, enum store_put how,
	char **ret, struct err *e);
void sealed_seal(const struct sealed *table, struct span key, char *p, size_t n);
int sealed_put(struct store_txn *t, const struct sealed *table, struct span key, struct span value, struct err *e);
/* 1 found, 0 not, -1; the span is good within the transaction. A key that no table can have is not found. */
int sealed_get(struct store_txn *t, const struct sealed *table, struct span key, struct span *ret, struct err *e);
int sealed_unseal(const struct sealed *table, struct span key, struct span sealed, struct span *ret, struct err *e);

void sealed_place_put(char p[PLACE_BYTES], const struct place *place);
void sealed_place_get(const char p[PLACE_BYTES], struct place *ret);

#endif
