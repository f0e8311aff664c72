/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded.h"

#include <stdlib.h>

#include "clock.h"
#include "hash.h"

#define CHUNK_BYTES (1u << 20)
#define CHUNK_FIRST (8u << 10)       /* of the first one behind a seek: many seek for one record alone */
#define CHUNK_MS 50
#define CHUNK_HEAD 16u

/* ---- records ---- */

static uint32_t record_crc(const struct topic *t, unsigned partition, uint64_t offset, const char *p, size_t n)
{
	char place[16];

	sealed_put32(place, t->number);
	sealed_put32(place + 4, partition);
	store_key64(offset, place + 8);
	return hash_crc32c(hash_crc32c(0, place, sizeof place), p + 4, n - 4);
}

void embedded_pack(char *p, const struct topic *t, unsigned partition, uint64_t offset, int64_t time_ms,
	struct span key, struct span value)
{
	sealed_put32(p + 4, (uint32_t)key.n);
	store_key64((uint64_t)time_ms, p + 8);
	if (key.n)
		memcpy(p + RECORD_HEAD, key.p, key.n);
	if (value.n)
		memcpy(p + RECORD_HEAD + key.n, value.p, value.n);
	sealed_put32(p, record_crc(t, partition, offset, p, RECORD_HEAD + key.n + value.n));
}

int embedded_unpack(const struct topic *t, unsigned partition, uint64_t offset, struct span raw, struct record *ret,
	struct err *e)
{
	size_t nkey;

	if (raw.n < RECORD_HEAD || sealed_get32(raw.p) != record_crc(t, partition, offset, raw.p, raw.n))
		return sealed_damaged(e, t->name, partition, offset);
	nkey = sealed_get32(raw.p + 4);
	if (nkey > raw.n - RECORD_HEAD)
		return sealed_damaged(e, t->name, partition, offset);
	*ret = (struct record){(int64_t)store_of64(raw.p + 8), {raw.p + RECORD_HEAD, nkey},
		{raw.p + RECORD_HEAD + nkey, raw.n - RECORD_HEAD - nkey}};
	return 0;
}

/* ---- readers ---- */

int embedded_read(struct bus *b, unsigned topic, unsigned partition, struct bus_reader **ret, struct err *e)
{
	struct reader *r = mem_new(sizeof *r);

	(void)e;
	r->bus = (struct embedded *)b;
	r->topic = r->bus->handled[topic];
	r->partition = partition;
	*ret = &r->reader;
	return 0;
}

void embedded_unread(struct bus_reader *reader)
{
	struct reader *r = (struct reader *)reader;

	buf_done(&r->chunk);
	free(r);
}

void embedded_seek(struct bus_reader *reader, uint64_t offset)
{
	struct reader *r = (struct reader *)reader;

	r->next = offset;
	r->at = 0;
	r->chunk_bytes = 0;
	buf_clear(&r->chunk);
}

static void chunk_add(struct buf *chunk, uint64_t offset, struct span raw)
{
	uint64_t head[2] = {offset, raw.n};

	buf_add(chunk, head, sizeof head);
	buf_span(chunk, raw);
}

/* Copies what follows, up to a chunk or until the transaction has lasted long enough. */
static int fill(struct reader *r, struct err *e)
{
	int64_t until = clock_steady_ms() + CHUNK_MS;
	struct store_cursor *c = NULL;
	struct span key, raw;
	struct store_txn *t;
	char from[8];
	int got;

	r->at = 0;
	buf_clear(&r->chunk);
	r->chunk_bytes = !r->chunk_bytes ? CHUNK_FIRST : 4 * r->chunk_bytes < CHUNK_BYTES ? 4 * r->chunk_bytes : CHUNK_BYTES;
	if (store_read(r->bus->store, &t, e))
		return -1;
	store_key64(r->next, from);
	got = store_walk(t, r->topic->logs[r->partition].table, &c, e) ? -1 :
		store_seek(c, (struct span){from, sizeof from}, &key, &raw, e);
	for (unsigned n = 1; got == 1; n++) {
		if (key.n != 8) {
			got = sealed_damaged(e, r->topic->name, r->partition, r->next);
			break;
		}
		chunk_add(&r->chunk, store_of64(key.p), raw);
		if (r->chunk.n >= r->chunk_bytes || (n % 64 == 0 && clock_steady_ms() > until))
			break;
		got = store_next(c, &key, &raw, e);
	}
	store_walked(c);
	store_abort(t);
	return got < 0 ? -1 : 0;
}

int embedded_next(struct bus_reader *reader, struct bus_message *ret, struct err *e)
{
	struct reader *r = (struct reader *)reader;
	struct record record;
	uint64_t head[2];
	struct span raw;

	if (r->at == r->chunk.n) {
		if (fill(r, e))
			return -1;
		if (r->chunk.n == 0) {
			buf_done(&r->chunk);     /* a thousand that wait hold nothing */
			return 0;
		}
	}
	memcpy(head, r->chunk.p + r->at, sizeof head);
	raw = (struct span){r->chunk.p + r->at + CHUNK_HEAD, head[1]};
	if (embedded_unpack(r->topic, r->partition, head[0], raw, &record, e))
		return -1;
	r->at += CHUNK_HEAD + raw.n;
	r->next = head[0] + 1;
	*ret = (struct bus_message){head[0], record.time_ms, record.key, record.value};
	return 1;
}

/* ---- places ---- */

int embedded_last(struct store_txn *t, const struct topic *topic, unsigned partition, uint64_t *ret_offset,
	int64_t *ret_time, struct err *e)
{
	struct store_cursor *c = NULL;
	struct record record;
	struct span key, raw;
	int got = store_walk(t, topic->logs[partition].table, &c, e) ? -1 : store_last(c, &key, &raw, e);

	if (got == 1) {
		*ret_offset = key.n == 8 ? store_of64(key.p) : 0;
		if (ret_time) {
			got = embedded_unpack(topic, partition, *ret_offset, raw, &record, e) ? -1 : 1;
			*ret_time = got == 1 ? record.time_ms : 0;
		}
	}
	store_walked(c);
	return got;
}

int embedded_end(struct bus *bus, unsigned topic, unsigned partition, uint64_t *ret, struct err *e)
{
	struct embedded *b = (struct embedded *)bus;
	struct store_txn *t;
	uint64_t last;
	int got;

	if (store_read(b->store, &t, e))
		return -1;
	got = embedded_last(t, b->handled[topic], partition, &last, NULL, e);
	store_abort(t);
	if (got < 0)
		return -1;
	*ret = got ? last + 1 : 0;
	return 0;
}

static int time_at(struct store_txn *t, const struct reader *r, uint64_t offset, int64_t *ret, struct err *e)
{
	struct record record;
	struct span raw;
	char key[8];
	int got;

	store_key64(offset, key);
	got = store_get(t, r->topic->logs[r->partition].table, (struct span){key, sizeof key}, &raw, e);
	if (got < 0)
		return -1;
	if (got == 0)
		return sealed_damaged(e, r->topic->name, r->partition, offset);
	if (embedded_unpack(r->topic, r->partition, offset, raw, &record, e))
		return -1;
	*ret = record.time_ms;
	return 0;
}

int embedded_seek_time(struct bus_reader *reader, int64_t time_ms, struct err *e)
{
	struct reader *r = (struct reader *)reader;
	uint64_t low = 0, high = 0, last;
	struct store_txn *t;
	int got, failed;

	if (store_read(r->bus->store, &t, e))
		return -1;
	got = embedded_last(t, r->topic, r->partition, &last, NULL, e);
	failed = got < 0;
	if (got == 1)
		high = last + 1;
	while (!failed && low < high) {
		uint64_t mid = low + (high - low) / 2;
		int64_t ms = 0;

		failed = time_at(t, r, mid, &ms, e);
		if (!failed && ms < time_ms)
			low = mid + 1;
		else
			high = mid;
	}
	store_abort(t);
	if (failed)
		return -1;
	embedded_seek(reader, low);
	return 0;
}
