/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_HASH_H
#define JC_HASH_H

#include <stdint.h>

#include "buf.h"

/*
 * Digests and checks. SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104) by OpenSSL, CRC32C (Castagnoli, RFC 3720
 * appendix B.4, reflected, start and end inverted), murmur2 as the Kafka Java client hashes keys.
 */
#define HASH_SHA256 32

struct hash_sha256;                                    /* a running digest */
struct hash_sha256 *hash_sha256_new(void);
void hash_sha256_add(struct hash_sha256 *h, const void *p, size_t n);
/* The digest so far; the running one may go on. */
void hash_sha256_get(const struct hash_sha256 *h, uint8_t ret[HASH_SHA256]);
void hash_sha256_free(struct hash_sha256 *h);

void hash_sha256(const void *p, size_t n, uint8_t ret[HASH_SHA256]);

/* A key made ready once (inner and outer state), used per record without allocation. */
struct hash_key;
struct hash_key *hash_key_new(const void *key, size_t n);
void hash_key_free(struct hash_key *k);
void hash_keyed(const struct hash_key *k, const void *p, size_t n, uint8_t ret[HASH_SHA256]);

/* CRC32C of more bytes; start with 0. SSE4.2 where the processor has it, a table elsewhere; equal results. */
uint32_t hash_crc32c(uint32_t crc, const void *p, size_t n);

/* murmur2 with Kafka's seed; the partition of a key is (murmur2 & 0x7fffffff) % partitions. */
uint32_t hash_murmur2(const void *p, size_t n);
static inline unsigned hash_partition(struct span key, unsigned partitions)
{
	return partitions <= 1 ? 0 : (hash_murmur2(key.p, key.n) & 0x7fffffffu) % partitions;
}

void hash_hex(struct buf *b, const uint8_t *p, size_t n);          /* lower case */
/* Exactly 2n hex digits to n bytes; -1 when the text is not that. */
int hash_unhex(struct span hex, uint8_t *ret, size_t n);

#endif
