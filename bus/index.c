/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "hash.h"
#include "index_parts.h"
#include "jscan.h"
#include "topics.h"

#define FINGERPRINT_BYTES 16u
/* Of a key that is too long: what stays as it is; the digest is 32 digits behind it. */
#define KEY_KEPT 440u
#define KEY_DIGEST_BYTES 16u

static size_t add_cut(char *ret, size_t n, size_t max, const char *p, size_t len)
{
	if (len > max - n)
		len = max - n;
	if (len)
		memcpy(ret + n, p, len);
	return n + len;
}

static size_t join(char *ret, size_t max, char prefix, struct span first, struct span second)
{
	size_t n = 0;

	if (prefix)
		n = add_cut(ret, n, max, &prefix, 1);
	n = add_cut(ret, n, max, first.p, first.n);
	if (!second.p)
		return n;
	n = add_cut(ret, n, max, "", 1);
	return add_cut(ret, n, max, second.p, second.n);
}

struct span index_key(char ret[INDEX_KEY_MAX], char prefix, struct span first, struct span second)
{
	size_t n = (prefix != 0) + first.n + (second.p ? 1 + second.n : 0);
	uint8_t digest[HASH_SHA256];
	struct buf whole = BUF_INIT, hex = BUF_INIT;

	if (n <= INDEX_KEY_MAX)
		return (struct span){ret, join(ret, INDEX_KEY_MAX, prefix, first, second)};
	buf_reserve(&whole, n);
	whole.n = join(whole.p, n, prefix, first, second);
	hash_sha256(whole.p, whole.n, digest);
	hash_hex(&hex, digest, KEY_DIGEST_BYTES);
	memcpy(ret, whole.p, KEY_KEPT);
	memcpy(ret + KEY_KEPT, hex.p, hex.n);
	n = KEY_KEPT + hex.n;
	buf_done(&whole);
	buf_done(&hex);
	return (struct span){ret, n};
}

struct span index_foreign_key(char ret[INDEX_KEY_MAX], const char *topic, unsigned partition, uint64_t offset)
{
	int n = snprintf(ret, INDEX_KEY_MAX, "%s/%05u@%020" PRIu64, topic, partition, offset);

	return (struct span){ret, (size_t)n};
}

/* ---- payments ---- */

#define PAY_PREFIX (2u + INDEX_PAYKEY)

int64_t index_pay_span(int64_t day)
{
	return (day + INDEX_DAY_ZERO) / INDEX_PAY_DAYS;
}

struct span index_pay_prefix(char ret[INDEX_PAY_KEY_MAX], int64_t day, const uint8_t paykey[INDEX_PAYKEY])
{
	int64_t span = index_pay_span(day);

	ret[0] = (char)(span >> 8);
	ret[1] = (char)(span & 0xff);
	memcpy(ret + 2, paykey, INDEX_PAYKEY);
	return (struct span){ret, PAY_PREFIX};
}

struct span index_pay_key(char ret[INDEX_PAY_KEY_MAX], int64_t day, const uint8_t paykey[INDEX_PAYKEY], struct span id)
{
	uint32_t hash[2] = {hash_murmur2(id.p, id.n), hash_crc32c(0, id.p, id.n)};
	char *p = ret + index_pay_prefix(ret, day, paykey).n;

	*p++ = (char)((day + INDEX_DAY_ZERO) % INDEX_PAY_DAYS);
	for (int i = 0; i < 8; i++)
		p[i] = (char)(hash[i / 4] >> (8 * (i % 4)));
	return (struct span){ret, INDEX_PAY_KEY_MAX};
}

int64_t index_pay_day(struct span key)
{
	const unsigned char *p = (const unsigned char *)key.p;

	return ((int64_t)p[0] << 8 | p[1]) * INDEX_PAY_DAYS + p[PAY_PREFIX] - INDEX_DAY_ZERO;
}

int index_pay_day_of(const struct event *v, int64_t *ret)
{
	int64_t ms;

	if (v->businessdate.n >= 10 && clock_date_read((struct span){v->businessdate.p, 10}, ret) == 0)
		return 0;
	if (clock_read(v->time, &ms) != 0)
		return -1;
	*ret = clock_day(ms);
	return 0;
}

/* ---- what records add ---- */

static bool is_events(const char *topic)
{
	return topics_carries_events(topic) && !topics_is_destination(topic);
}

static bool is_claims(const char *topic)
{
	return strcmp(topic, TOPIC_CLAIMS) == 0;
}

static bool is_parcels(const char *topic)
{
	return strcmp(topic, TOPIC_PARCELS) == 0;
}

/* What another row folds along. */
static bool is_none(const char *topic)
{
	(void)topic;
	return false;
}

static bool is_acts(const char *topic)
{
	return strcmp(topic, TOPIC_ACTS) == 0;
}

static bool is_journal(const char *topic)
{
	return strcmp(topic, TOPIC_JOURNAL) == 0;
}

static bool is_dead(const char *topic)
{
	return strcmp(topic, TOPIC_DEAD) == 0;
}

/* What cannot be read is not ours; a reader of the topic says so, and stops. */
static bool is_event(struct span value, struct event *ret)
{
	struct err ignored;

	return event_read(value, ret, &ignored) == 0;
}

static int lacks(unsigned index, const char *name, struct err *e)
{
	return err_set(e, E_INDEX_RECORD, "index=%s\nname=%s", index_table[index].name, name);
}

static int put_pay(const struct event *v, struct index_sink *s, struct err *e)
{
	uint8_t paykey[INDEX_PAYKEY];
	char key[INDEX_PAY_KEY_MAX];
	int64_t day;

	if (hash_unhex(v->paykey, paykey, sizeof paykey) || index_pay_day_of(v, &day))
		return lacks(INDEX_PAYS, "paykey", e);
	return s->put(s, INDEX_PAYS, index_pay_key(key, day, paykey, v->id), SPAN(""), e);
}

/* An event is read once for all indexes that are made of events of the systems. */
static int fold_id(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	uint8_t fingerprint[FINGERPRINT_BYTES];
	char key[INDEX_KEY_MAX];
	struct span print;
	struct event v;

	(void)topic;
	if (!is_event(value, &v) || event_is_ours(&v))
		return 0;
	if (index_put_find(&v, s, e))
		return -1;
	if (!v.fingerprint.p)
		return 0;
	if (hash_unhex(v.fingerprint, fingerprint, sizeof fingerprint))
		return lacks(INDEX_IDS, "fingerprint", e);
	print = (struct span){(const char *)fingerprint, sizeof fingerprint};
	if ((v.again.p && s->put(s, INDEX_AGAIN, index_key(key, INDEX_ID, v.id, SPAN_NONE), print, e)) ||
		s->put(s, INDEX_IDS, index_key(key, 0, v.id, SPAN_NONE), print, e))
		return -1;
	return v.paykey.p ? put_pay(&v, s, e) : 0;
}

static int fold_to(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct event v;

	struct span destination = span_of(topic + sizeof TOPIC_TO - 1);

	if (!is_event(value, &v) || event_is_ours(&v))
		return 0;
	if (v.again.p && s->put(s, INDEX_AGAIN, index_key(key, INDEX_GIVEN, destination, v.id), v.batchid, e))
		return -1;
	return s->put(s, INDEX_TO, index_key(key, 0, destination, v.id), v.batchid, e);
}

/* The texts of an object's members by name; names is NULL-terminated. A member that is no text, or comes twice, is as
 * if it were missing. Texts live in a. -1 when data is no object. */
static int read_texts(struct span data, const char *const *names, struct span *ret, struct arena *a)
{
	struct buf scratch = BUF_INIT;
	struct jscan s;
	struct jscan_value v;
	struct span name, text;
	struct err ignored;
	int more;

	jscan_init(&s, data);
	if (jscan_enter_object(&s, &ignored))
		return -1;
	while ((more = jscan_next_key(&s, &name, &ignored)) == 1) {
		if (jscan_value(&s, &v, &ignored)) {
			more = -1;
			break;
		}
		for (size_t i = 0; names[i]; i++) {
			if (!span_is(name, names[i]))
				continue;
			buf_clear(&scratch);
			if (v.type == JSCAN_STRING && !ret[i].p && !jscan_unescape(&v, &scratch, &text, &ignored))
				ret[i] = arena_span(a, text);
			else
				ret[i] = SPAN_NONE;
		}
	}
	buf_done(&scratch);
	return more;
}

/* The states in which a batch stands for its keys: another one under them is a duplicate or a conflict. */
static bool holds_keys(struct span state)
{
	return span_is(state, "publishing") || span_is(state, "published") || span_is(state, "held") ||
		span_is(state, "returned");
}

/* A suspected double stands open while its batch waits or has been published. */
static bool ended(struct span state)
{
	return !span_is(state, "held") && !span_is(state, "publishing") && !span_is(state, "published");
}

struct claim {
	struct span adapter, taken, keys, digest, state, suspects, confirmed;
};

static int put_keys(const struct event *v, const struct claim *c, struct index_sink *s, struct err *e)
{
	struct buf extra = BUF_INIT;
	char key[INDEX_KEY_MAX];
	int ret;

	if (!c->keys.p || !c->digest.p)
		return lacks(INDEX_CLAIMS, c->keys.p ? "digest" : "keys", e);
	buf_span(&extra, v->batchid);
	buf_c(&extra, '\0');
	buf_span(&extra, c->state);
	buf_c(&extra, '\0');
	buf_span(&extra, c->digest);
	ret = s->put(s, INDEX_CLAIMS, index_key(key, INDEX_KEYS, c->adapter, c->keys), buf_as_span(&extra), e);
	buf_done(&extra);
	return ret;
}

static int put_claim(const struct event *v, const struct claim *c, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX];

	if (!v->batchid.p || !c->adapter.n || !c->state.n)
		return lacks(INDEX_CLAIMS, !v->batchid.p ? "batchid" : !c->adapter.n ? "adapter" : "state", e);
	if (s->put(s, INDEX_CLAIMS, index_key(key, INDEX_BATCH, v->batchid, SPAN_NONE), c->state, e))
		return -1;
	/* What came otherwise than as a file has no name in .taken. */
	if (c->taken.n &&
		s->put(s, INDEX_CLAIMS, index_key(key, INDEX_TAKEN, c->adapter, c->taken), v->batchid, e))
		return -1;
	if (c->suspects.n && s->put(s, INDEX_CLAIMS, index_key(key, INDEX_SUSPECTS, v->batchid, SPAN_NONE),
		span_eq(c->suspects, c->confirmed) || ended(c->state) ? SPAN("settled") : SPAN("open"), e))
		return -1;
	return holds_keys(c->state) ? put_keys(v, c, s, e) : 0;
}

static int fold_claim(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	static const char *const names[] = {"adapter", "taken", "keys", "digest", "state", "suspects", "confirmed",
		NULL};
	struct span texts[7] = {SPAN_NONE};
	struct arena a = ARENA_INIT;
	struct event v;
	int ret;

	(void)topic;
	if (!is_event(value, &v) || !span_is(v.type, EVENT_CLAIM))
		return 0;
	if (read_texts(v.data, names, texts, &a))
		ret = lacks(INDEX_CLAIMS, "data", e);
	else
		ret = put_claim(&v,
			&(struct claim){texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6]}, s, e);
	arena_done(&a);
	return ret;
}

/* The subject of the order that stands in a record, into a. */
static struct span act_subject(struct span data, struct arena *a)
{
	static const char *const names[] = {"subject", NULL};
	struct span name, subject = SPAN_NONE;
	struct jscan_value v;
	struct err ignored;
	struct jscan s;

	jscan_init(&s, data);
	if (jscan_enter_object(&s, &ignored))
		return SPAN_NONE;
	while (jscan_next_key(&s, &name, &ignored) == 1 && jscan_value(&s, &v, &ignored) == 0)
		if (span_is(name, "order") && v.type == JSCAN_OBJECT && read_texts(v.raw, names, &subject, a) == 0)
			return subject;
	return SPAN_NONE;
}

static int fold_act(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	static const char *const names[] = {"act", NULL};
	struct span act = SPAN_NONE;
	char key[INDEX_KEY_MAX];
	struct arena a = ARENA_INIT;
	struct event v;
	int ret;

	(void)topic;
	if (!is_event(value, &v) || !span_starts(v.type, SPAN("jincai.act.")))
		return 0;
	ret = index_put_act(act_subject(v.data, &a), v.id, s, e);
	if (ret == 0 && span_is(v.type, EVENT_ACT_OUTCOME)) {
		if (read_texts(v.data, names, &act, &a) || !act.n)
			ret = lacks(INDEX_ACTS, "act", e);
		else
			ret = s->put(s, INDEX_ACTS, index_key(key, 0, act, SPAN_NONE), SPAN(""), e);
	}
	arena_done(&a);
	return ret;
}

/* A letter, or what became of one. Its id is the event's, of an end it stands in the data. */
static int fold_dead(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	static const char *const names[] = {"kind", "letter", "state", NULL};
	struct span texts[3] = {SPAN_NONE}, letter, state;
	char key[INDEX_KEY_MAX];
	struct arena a = ARENA_INIT;
	struct event v;
	bool ended;
	int ret;

	(void)topic;
	if (!is_event(value, &v))
		return 0;
	ended = span_is(v.type, EVENT_DEAD_ENDED);
	if (!ended && !span_is(v.type, EVENT_DEAD))
		return 0;
	ret = read_texts(v.data, names, texts, &a);
	letter = ended ? texts[1] : v.id;
	state = ended ? texts[2] : texts[0];
	if (ret || !letter.n || !state.n)
		ret = lacks(INDEX_DEAD, !letter.n ? "letter" : !state.n ? ended ? "state" : "kind" : "data", e);
	else
		ret = s->put(s, INDEX_DEAD, index_key(key, 0, letter, SPAN_NONE), state, e);
	if (ret == 0 && v.subject.n)
		ret = index_put_dead(v.subject, letter, s, e);
	arena_done(&a);
	return ret;
}

static int fold_parcel(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	static const char *const names[] = {"destination", "state", NULL};
	struct span texts[2] = {SPAN_NONE};
	struct arena a = ARENA_INIT;
	struct event v;
	int ret;

	(void)topic;
	if (!is_event(value, &v) || !span_is(v.type, EVENT_PARCEL))
		return 0;
	if (read_texts(v.data, names, texts, &a) || !texts[0].n || !texts[1].n)
		ret = lacks(INDEX_FIND, texts[0].n ? "state" : "destination", e);
	else
		ret = index_put_parcel(&v, texts[0], texts[1], s, e);
	arena_done(&a);
	return ret;
}

/* Events of a batch are many, its closings few: they are told apart by how batch_closing_write begins their ids. */
static int fold_closed(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct buf second = BUF_INIT;
	struct event v;
	size_t at;
	int ret;

	if (!span_starts(value, SPAN("{\"specversion\":\"1.0\",\"id\":\"closed:")) || !is_event(value, &v) ||
		!span_is(v.type, EVENT_BATCH_CLOSED))
		return 0;
	at = v.id.n;
	while (at && v.id.p[at - 1] >= '0' && v.id.p[at - 1] <= '9')
		at--;
	if (!v.batchid.n || at == v.id.n)
		return lacks(INDEX_CLOSED, v.batchid.n ? "partition" : "batchid", e);
	buf_span(&second, v.batchid);
	buf_c(&second, 0);
	buf_add(&second, v.id.p + at, v.id.n - at);
	ret = s->put(s, INDEX_CLOSED, index_key(key, 0, span_of(topic), buf_as_span(&second)), SPAN(""), e);
	buf_done(&second);
	return ret;
}

static int fold_posting(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	struct event v;

	(void)topic;
	return is_event(value, &v) && span_is(v.type, EVENT_POSTING) ? index_put_posting(&v, s, e) : 0;
}

const struct index_row index_table[INDEX_COUNT] = {
	[INDEX_IDS] = {"ids", INDEX_FIRST, is_events, fold_id},
	[INDEX_TO] = {"to", INDEX_FIRST, topics_is_destination, fold_to},
	[INDEX_CLAIMS] = {"claims", INDEX_LAST, is_claims, fold_claim},
	[INDEX_ACTS] = {"acts", INDEX_FIRST, is_acts, fold_act},
	[INDEX_DEAD] = {"dead", INDEX_LAST, is_dead, fold_dead},
	[INDEX_AGAIN] = {"again", INDEX_LAST, is_none, NULL},
	[INDEX_CLOSED] = {"closed", INDEX_LAST, topics_carries_events, fold_closed},
	[INDEX_FOREIGN] = {"foreign", INDEX_FIRST, is_none, NULL},
	[INDEX_PAYS] = {"pays", INDEX_FIRST, is_none, NULL},
	[INDEX_FIND] = {"find", INDEX_LAST, is_parcels, fold_parcel},
	[INDEX_DAYS] = {"days", INDEX_FIRST, is_journal, fold_posting},
};

int index_fold(const char *topic, struct span value, struct index_sink *s, struct err *e)
{
	for (unsigned i = 0; i < INDEX_COUNT; i++)
		if (index_table[i].takes(topic) && index_table[i].fold(topic, value, s, e))
			return -1;
	return 0;
}
