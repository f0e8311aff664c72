/* SPDX-License-Identifier: Apache-2.0 */
#include "index_parts.h"

#include "hash.h"
#include "money.h"

#define FIND_NUMBER 'n'
#define FIND_AMOUNT 'a'
#define FIND_ID 'i'
#define FIND_DEAD 'd'
#define FIND_PARCEL 'p'
#define FIND_ACT 'o'
#define FIND_LAST 8u                 /* bytes behind a prefix: of a hash of the id */
#define FIND_PREFIX_MAX (INDEX_KEY_MAX - FIND_LAST)

static void put_big(char *p, uint64_t v, unsigned bytes)
{
	while (bytes--) {
		p[bytes] = (char)(v & 0xff);
		v >>= 8;
	}
}

/* Empty when it is too long. */
static struct span find_text(char *ret, char kind, struct span text)
{
	struct span none = {ret, 0};

	return text.n + 2 > FIND_PREFIX_MAX ? none : index_key(ret, kind, text, SPAN(""));
}

struct span index_find_number(char ret[INDEX_KEY_MAX], struct span number)
{
	return find_text(ret, FIND_NUMBER, number);
}

struct span index_find_dead(char ret[INDEX_KEY_MAX], struct span id)
{
	return find_text(ret, FIND_DEAD, id);
}

struct span index_find_act(char ret[INDEX_KEY_MAX], struct span subject)
{
	return find_text(ret, FIND_ACT, subject);
}

struct span index_find_id(char ret[INDEX_KEY_MAX], struct span id)
{
	return index_key(ret, FIND_ID, id, SPAN_NONE);
}

struct span index_find_amount(char ret[INDEX_KEY_MAX], int64_t day, struct span unit, int64_t fen)
{
	size_t n = 4;

	ret[0] = FIND_AMOUNT;
	put_big(ret + 1, (uint64_t)(day + INDEX_DAY_ZERO), 3);
	if (unit.n > FIND_PREFIX_MAX - 16)
		return (struct span){ret, 0};
	memcpy(ret + n, unit.p, unit.n);
	n += unit.n;
	ret[n++] = 0;
	put_big(ret + n, (uint64_t)fen, 8);
	return (struct span){ret, n + 8};
}

struct span index_find_parcels(char ret[INDEX_KEY_MAX], struct span destination, struct span batchid)
{
	if (destination.n + batchid.n + 20 > FIND_PREFIX_MAX)
		return (struct span){ret, 0};
	index_key(ret, FIND_PARCEL, destination, batchid);
	ret[destination.n + batchid.n + 2] = 0;
	return (struct span){ret, destination.n + batchid.n + 3};
}

/* A prefix, and the hash of what stands under it. */
static int put_found(struct index_sink *s, struct span prefix, char *key, struct span id, struct span extra, struct err *e)
{
	uint64_t hash = (uint64_t)hash_murmur2(id.p, id.n) << 32 | hash_crc32c(0, id.p, id.n);

	if (!prefix.n)
		return 0;
	put_big(key + prefix.n, hash, FIND_LAST);
	return s->put(s, INDEX_FIND, (struct span){key, prefix.n + FIND_LAST}, extra, e);
}

static int put_numbers(const struct event *v, struct index_sink *s, struct err *e)
{
	struct span rest = v->numbers;
	char key[INDEX_KEY_MAX];

	while (rest.n) {
		const char *blank = memchr(rest.p, ' ', rest.n);
		size_t n = blank ? (size_t)(blank - rest.p) : rest.n;

		if (n && put_found(s, index_find_number(key, (struct span){rest.p, n}), key, v->id, SPAN(""), e))
			return -1;
		rest = blank ? (struct span){blank + 1, rest.n - n - 1} : SPAN_NONE;
	}
	return 0;
}

static int put_amount(const struct event *v, struct index_sink *s, struct err *e)
{
	struct money_form form = MONEY_YUAN;
	char key[INDEX_KEY_MAX];
	struct err ignored;
	int64_t day, fen;

	if (!v->amount.n || !v->unit.n || index_pay_day_of(v, &day) || money_read(v->amount, &form, &fen, &ignored))
		return 0;
	return put_found(s, index_find_amount(key, day, v->unit, fen), key, v->id, SPAN(""), e);
}

int index_put_find(const struct event *v, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX];

	if (put_numbers(v, s, e))
		return -1;
	return v->fingerprint.p ? put_amount(v, s, e) : s->put(s, INDEX_FIND, index_find_id(key, v->id), SPAN(""), e);
}

int index_put_dead(struct span died, struct span letter, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX];

	return put_found(s, index_find_dead(key, died), key, letter, SPAN(""), e);
}

int index_put_act(struct span subject, struct span record, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX];

	return subject.n ? put_found(s, index_find_act(key, subject), key, record, SPAN(""), e) : 0;
}

int index_put_parcel(const struct event *v, struct span destination, struct span state, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct buf step = BUF_INIT;
	int ret;

	/* A parcel that never came is handed over once more: it is twice in one state. */
	buf_span(&step, v->id);
	buf_c(&step, 0);
	buf_span(&step, v->time);
	ret = put_found(s, index_find_parcels(key, destination, v->batchid), key, buf_as_span(&step), state, e);
	buf_done(&step);
	return ret;
}
