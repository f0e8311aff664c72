/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed.h"

#include <assert.h>
#include <inttypes.h>

#include "hash.h"

void sealed_name(struct sealed *table, const char *prefix, const char *name)
{
	int n = snprintf(table->name, sizeof table->name, "%s%s", prefix, name);

	assert(n > 0 && n < (int)sizeof table->name);
	table->seed = hash_crc32c(0, table->name, (size_t)n);
}

int sealed_damaged(struct err *e, const char *table, unsigned partition, uint64_t offset)
{
	return err_set(e, E_STORE_DAMAGED, "topic=%s\npartition=%u\noffset=%" PRIu64, table, partition, offset);
}

static uint32_t seal_of(const struct sealed *table, struct span key, const char *p, size_t n)
{
	return hash_crc32c(hash_crc32c(table->seed, key.p, key.n), p, n);
}

int sealed_reserve(struct store_txn *t, const struct sealed *table, struct span key, size_t n, enum store_put how,
	char **ret, struct err *e)
{
	void *p;
	int put = store_put(t, table->handle, key, SEAL_BYTES + n, how, &p, e);

	if (put == 1)
		*ret = (char *)p + SEAL_BYTES;
	return put;
}

void sealed_seal(const struct sealed *table, struct span key, char *p, size_t n)
{
	sealed_put32(p - SEAL_BYTES, seal_of(table, key, p, n));
}

int sealed_put(struct store_txn *t, const struct sealed *table, struct span key, struct span value, struct err *e)
{
	char *p;

	if (sealed_reserve(t, table, key, value.n, STORE_LAST, &p, e) < 0)
		return -1;
	if (value.n)
		memcpy(p, value.p, value.n);
	sealed_seal(table, key, p, value.n);
	return 0;
}

int sealed_unseal(const struct sealed *table, struct span key, struct span sealed, struct span *ret, struct err *e)
{
	struct span inside = {sealed.p + SEAL_BYTES, sealed.n - SEAL_BYTES};

	if (sealed.n < SEAL_BYTES || sealed_get32(sealed.p) != seal_of(table, key, inside.p, inside.n))
		return sealed_damaged(e, table->name, 0, 0);
	*ret = inside;
	return 0;
}

int sealed_get(struct store_txn *t, const struct sealed *table, struct span key, struct span *ret, struct err *e)
{
	struct span sealed;
	int got = key.n && key.n <= STORE_KEY_MAX ? store_get(t, table->handle, key, &sealed, e) : 0;

	if (got == 1 && sealed_unseal(table, key, sealed, ret, e))
		return -1;
	return got;
}

void sealed_place_put(char p[PLACE_BYTES], const struct place *place)
{
	sealed_put32(p, place->number << 16 | place->partition);
	store_key64(place->offset, p + 4);
}

void sealed_place_get(const char p[PLACE_BYTES], struct place *ret)
{
	uint32_t both = sealed_get32(p);

	*ret = (struct place){both >> 16, both & 0xffff, store_of64(p + 4)};
}
