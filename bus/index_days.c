/* SPDX-License-Identifier: Apache-2.0 */
#include "index_parts.h"

#include "clock.h"
#include "hash.h"

#define DAYS_DAY 'd'
#define DAYS_POSTING 'p'
#define BATCH_MAX 300u               /* of a longer one its digest stands in a key, so that an id fits behind it */

static struct span prefix_of(char *ret, char kind, struct span first)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	struct span key;

	if (first.n <= BATCH_MAX)
		return index_key(ret, kind, first, SPAN(""));
	hash_sha256(first.p, first.n, digest);
	hash_hex(&hex, digest, sizeof digest);
	key = index_key(ret, kind, buf_as_span(&hex), SPAN(""));
	buf_done(&hex);
	return key;
}

struct span index_days_postings(char ret[INDEX_KEY_MAX], struct span batchid)
{
	return prefix_of(ret, DAYS_POSTING, batchid);
}

struct span index_days_day(char ret[INDEX_KEY_MAX], struct span date)
{
	return prefix_of(ret, DAYS_DAY, date);
}

/* first NUL second, in bytes that hold the first part already. */
static struct span behind(char key[INDEX_KEY_MAX], struct span prefix, struct span second)
{
	struct span first = {key + 1, prefix.n - 2};
	char copy[BATCH_MAX];

	memcpy(copy, first.p, first.n);
	return index_key(key, key[0], (struct span){copy, first.n}, second);
}

struct span index_days_posting(char ret[INDEX_KEY_MAX], struct span batchid, struct span id)
{
	return behind(ret, index_days_postings(ret, batchid), id);
}

struct span index_days_end(char ret[INDEX_KEY_MAX], struct span date, struct span batchid)
{
	return behind(ret, index_days_day(ret, date), batchid);
}

static int lacks(const char *name, struct err *e)
{
	return err_set(e, E_INDEX_RECORD, "index=%s\nname=%s", index_table[INDEX_DAYS].name, name);
}

static int put_ended(const struct event *v, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX], date[11] = "";
	int64_t ms;

	if (v->time.n && clock_read(v->time, &ms) == 0)
		clock_date(clock_day(ms), date);
	if (s->put(s, INDEX_DAYS, index_key(key, INDEX_ENDED, v->batchid, SPAN_NONE), span_of(date), e) != 0)
		return -1;
	return s->put(s, INDEX_DAYS, index_days_end(key, span_of(date), v->batchid), v->batchid, e);
}

/* Told by how journal_post writes its data; most postings begin and end nothing. */
int index_put_posting(const struct event *v, struct index_sink *s, struct err *e)
{
	const bool begun = span_starts(v->data, SPAN("{\"begun\":true,"));
	const bool ended = span_starts(v->data, begun ? SPAN("{\"begun\":true,\"ended\":true,") : SPAN("{\"ended\":true,"));
	const struct span kept = v->data.n <= INDEX_POSTING_MAX ? v->data : SPAN("");
	char key[INDEX_KEY_MAX];

	if (!v->batchid.n)
		return begun || ended ? lacks("batchid", e) : 0;
	if (begun && s->put(s, INDEX_DAYS, index_key(key, INDEX_BEGUN, v->batchid, SPAN_NONE), v->batchid, e) != 0)
		return -1;
	if (ended && put_ended(v, s, e) != 0)
		return -1;
	return s->put(s, INDEX_DAYS, index_days_posting(key, v->batchid, v->id), kept, e);
}
