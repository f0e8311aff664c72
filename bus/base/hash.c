/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The low-level SHA-256 calls are deprecated in OpenSSL 3, but their state can be copied like any struct: that makes a
 * keyed hash two copies and no allocation. One short digest costs several times as much by EVP.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "hash.h"

#include <endian.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>

#ifdef __x86_64__
#include <nmmintrin.h>
#endif

struct hash_sha256 {
	SHA256_CTX state;
};

struct hash_sha256 *hash_sha256_new(void)
{
	struct hash_sha256 *h = mem_new(sizeof *h);

	SHA256_Init(&h->state);
	return h;
}

void hash_sha256_add(struct hash_sha256 *h, const void *p, size_t n)
{
	SHA256_Update(&h->state, p, n);
}

void hash_sha256_get(const struct hash_sha256 *h, uint8_t ret[HASH_SHA256])
{
	SHA256_CTX copy = h->state;

	SHA256_Final(ret, &copy);
}

void hash_sha256_free(struct hash_sha256 *h)
{
	free(h);
}

void hash_sha256(const void *p, size_t n, uint8_t ret[HASH_SHA256])
{
	SHA256_CTX state;

	SHA256_Init(&state);
	SHA256_Update(&state, p, n);
	SHA256_Final(ret, &state);
}

struct hash_key {
	SHA256_CTX inner, outer;
};

struct hash_key *hash_key_new(const void *key, size_t n)
{
	struct hash_key *k = mem_new(sizeof *k);
	uint8_t block[SHA256_CBLOCK] = {0};

	if (n > sizeof block)
		hash_sha256(key, n, block);
	else if (n)
		memcpy(block, key, n);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] ^= 0x36;
	SHA256_Init(&k->inner);
	SHA256_Update(&k->inner, block, sizeof block);
	for (size_t i = 0; i < sizeof block; i++)
		block[i] ^= 0x36 ^ 0x5c;
	SHA256_Init(&k->outer);
	SHA256_Update(&k->outer, block, sizeof block);
	OPENSSL_cleanse(block, sizeof block);
	return k;
}

void hash_key_free(struct hash_key *k)
{
	if (!k)
		return;
	OPENSSL_cleanse(k, sizeof *k);
	free(k);
}

void hash_keyed(const struct hash_key *k, const void *p, size_t n, uint8_t ret[HASH_SHA256])
{
	SHA256_CTX state = k->inner;

	SHA256_Update(&state, p, n);
	SHA256_Final(ret, &state);
	state = k->outer;
	SHA256_Update(&state, ret, HASH_SHA256);
	SHA256_Final(ret, &state);
}

/* The CRC of a byte is the xor of the CRCs of its bits. */
#define BIT1(v) (v), (v) ^ 0xf26b8303u
#define BIT2(v) BIT1(v), BIT1((v) ^ 0xe13b70f7u)
#define BIT3(v) BIT2(v), BIT2((v) ^ 0xc79a971fu)
#define BIT4(v) BIT3(v), BIT3((v) ^ 0x8ad958cfu)
#define BIT5(v) BIT4(v), BIT4((v) ^ 0x105ec76fu)
#define BIT6(v) BIT5(v), BIT5((v) ^ 0x20bd8edeu)
#define BIT7(v) BIT6(v), BIT6((v) ^ 0x417b1dbcu)
#define BIT8(v) BIT7(v), BIT7((v) ^ 0x82f63b78u)

static const uint32_t crc_of[256] = {BIT8(0u)};

static uint32_t crc32c_table(uint32_t crc, const uint8_t *p, size_t n)
{
	while (n--)
		crc = crc_of[(crc ^ *p++) & 0xff] ^ crc >> 8;
	return crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t c = crc, w;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&w, p, 8);
		c = _mm_crc32_u64(c, w);
	}
	crc = (uint32_t)c;
	while (n--)
		crc = _mm_crc32_u8(crc, *p++);
	return crc;
}
#endif

uint32_t hash_crc32c(uint32_t crc, const void *p, size_t n)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc32c_sse42(~crc, p, n);
#endif
	return ~crc32c_table(~crc, p, n);
}

uint32_t hash_murmur2(const void *p, size_t n)
{
	const uint32_t m = 0x5bd1e995;
	const uint8_t *b = p;
	uint32_t h = 0x9747b28cu ^ (uint32_t)n;

	for (; n >= 4; n -= 4, b += 4) {
		uint32_t k;

		memcpy(&k, b, 4);
		k = le32toh(k) * m;
		h = h * m ^ (k ^ k >> 24) * m;
	}
	for (size_t i = n; i-- > 0;)
		h ^= (uint32_t)b[i] << 8 * i;
	if (n)
		h *= m;
	h = (h ^ h >> 13) * m;
	return h ^ h >> 15;
}

void hash_hex(struct buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	char *to;

	buf_reserve(b, 2 * n);
	to = b->p + b->n;            /* b itself may not be looked at again for each digit */
	b->n += 2 * n;
	for (size_t i = 0; i < n; i++) {
		*to++ = digits[p[i] >> 4];
		*to++ = digits[p[i] & 15];
	}
}

/* Of a hex digit its value and one; 0: it is none. No branches: which digits come is not to be foreseen. */
static const uint8_t digit_of[256] = {
	['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
	['A'] = 11, 12, 13, 14, 15, 16,
	['a'] = 11, 12, 13, 14, 15, 16,
};

int hash_unhex(struct span hex, uint8_t *ret, size_t n)
{
	bool ok = hex.n == 2 * n;

	for (size_t i = 0; ok && i < hex.n; i++)
		ok = digit_of[(uint8_t)hex.p[i]] != 0;
	if (!ok)
		return -1;
	for (size_t i = 0; i < n; i++)
		ret[i] = (uint8_t)((digit_of[(uint8_t)hex.p[2 * i]] - 1) << 4 |
			(digit_of[(uint8_t)hex.p[2 * i + 1]] - 1));
	return 0;
}
