/* SPDX-License-Identifier: Apache-2.0 */
#include "dead.h"

#include <openssl/evp.h>
#include <stddef.h>

#include "clock.h"
#include "hash.h"
#include "index.h"
#include "jscan.h"
#include "money.h"
#include "utf8.h"

/* Texts of data, in the order in which they are written. */
static const struct text_row {
	const char *name;
	size_t at;                   /* offset of the field in struct dead_letter */
} texts[] = {
	{"flow", offsetof(struct dead_letter, flow)}, {"kind", offsetof(struct dead_letter, kind)},
	{"code", offsetof(struct dead_letter, code)}, {"args", offsetof(struct dead_letter, args)},
	{"place", offsetof(struct dead_letter, place)}, {"file", offsetof(struct dead_letter, file)},
	{"destination", offsetof(struct dead_letter, destination)}, {"currency", offsetof(struct dead_letter, currency)},
	{"personal", offsetof(struct dead_letter, personal)},
};

static const struct number_row {
	const char *name;
	size_t at;
} numbers[] = {
	{"line", offsetof(struct dead_letter, line)}, {"record", offsetof(struct dead_letter, record)},
	{"offset", offsetof(struct dead_letter, offset)},
};

#define NTEXTS (sizeof texts / sizeof *texts)
#define NNUMBERS (sizeof numbers / sizeof *numbers)

static struct span *text_at(struct dead_letter *d, size_t at)
{
	return (struct span *)(void *)((char *)d + at);
}

static uint64_t *number_at(struct dead_letter *d, size_t at)
{
	return (uint64_t *)(void *)((char *)d + at);
}

/* Arguments of an error are cut anywhere, names of files are in whatever charset they came in. */
static void add_clean(struct buf *b, struct span text)
{
	size_t i = 0;

	while (i < text.n) {
		uint32_t c = 0;
		size_t n = utf8_step(text.p + i, text.n - i, &c);

		if (n && c)
			buf_add(b, text.p + i, n);
		else
			buf_str(b, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
}

static void add_base64(struct buf *b, struct span raw)
{
	buf_reserve(b, (raw.n + 2) / 3 * 4 + 1);
	if (raw.n)
		b->n += (size_t)EVP_EncodeBlock((unsigned char *)b->p + b->n, (const unsigned char *)raw.p, (int)raw.n);
}

static void add_id(struct buf *b, const struct dead_letter *d)
{
	event_id_part(b, d->flow);
	buf_c(b, ':');
	event_id_part(b, d->batchid);
	buf_c(b, ':');
	event_id_part(b, d->place);
	/* One event can die for several destinations. */
	if (d->destination.n) {
		buf_c(b, ':');
		event_id_part(b, d->destination);
	}
}

static void add_head(struct buf *b, const struct dead_letter *d, int64_t time_ms)
{
	struct buf id = BUF_INIT, subject = BUF_INIT, batchid = BUF_INIT, time = BUF_INIT;

	add_id(&id, d);
	add_clean(&subject, d->id);
	add_clean(&batchid, d->batchid);
	clock_write(&time, time_ms);
	event_begin(b, &(struct event){.id = buf_as_span(&id), .source = d->flow, .type = SPAN(EVENT_DEAD),
		.subject = buf_as_span(&subject), .time = buf_as_span(&time), .batchid = buf_as_span(&batchid)});
	buf_done(&id);
	buf_done(&subject);
	buf_done(&batchid);
	buf_done(&time);
}

static void add_texts(struct buf *b, const struct dead_letter *d)
{
	struct dead_letter copy = *d;
	struct buf clean = BUF_INIT;

	for (size_t i = 0; i < NTEXTS; i++) {
		struct span text = *text_at(&copy, texts[i].at);

		if (!text.n)
			continue;
		buf_clear(&clean);
		add_clean(&clean, text);
		buf_printf(b, "\"%s\":", texts[i].name);
		json_quote(b, buf_as_span(&clean));
		buf_c(b, ',');
	}
	buf_done(&clean);
	for (size_t i = 0; i < NNUMBERS; i++) {
		buf_printf(b, "\"%s\":", numbers[i].name);
		buf_u64(b, *number_at(&copy, numbers[i].at));
		buf_c(b, ',');
	}
}

void dead_write(struct buf *b, const struct dead_letter *d, int64_t time_ms)
{
	struct span kept = {d->raw.p, d->raw.n < DEAD_RAW_MAX ? d->raw.n : DEAD_RAW_MAX};
	uint8_t digest[HASH_SHA256];

	add_head(b, d, time_ms);
	buf_c(b, '{');
	add_texts(b, d);
	if (d->has_amount) {
		buf_str(b, "\"amount\":\"");
		money_write(b, d->amount_fen, false);
		buf_str(b, "\",");
	}
	buf_str(b, "\"raw\":\"");
	add_base64(b, kept);
	buf_str(b, "\",\"raw_size\":");
	buf_u64(b, d->raw.n);
	hash_sha256(d->raw.n ? d->raw.p : "", d->raw.n, digest);
	buf_str(b, ",\"raw_sha256\":\"");
	hash_hex(b, digest, sizeof digest);
	buf_str(b, "\"}");
}

static int refuse(const char *name, struct err *e)
{
	return err_set(e, E_DEAD_DATA, "name=%s", name);
}

static int read_number(const struct jscan_value *v, uint64_t *ret)
{
	uint64_t n = 0;

	if (v->type != JSCAN_NUMBER)
		return -1;
	for (size_t i = 0; i < v->raw.n; i++) {
		if (v->raw.p[i] < '0' || v->raw.p[i] > '9')
			return -1;
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(v->raw.p[i] - '0'), &n))
			return -1;
	}
	*ret = n;
	return 0;
}

static int read_text(const struct jscan_value *v, struct arena *a, struct span *ret)
{
	struct buf scratch = BUF_INIT;
	struct span text;
	struct err ignored;
	int failed = v->type != JSCAN_STRING || jscan_unescape(v, &scratch, &text, &ignored);

	if (!failed)
		*ret = arena_span(a, text);
	buf_done(&scratch);
	return failed ? -1 : 0;
}

static int read_raw(const struct jscan_value *v, struct arena *a, struct span *ret)
{
	unsigned char *p;
	size_t padding = 0;
	int n;

	if (v->type != JSCAN_STRING || v->escaped || v->raw.n % 4 || v->raw.n > (DEAD_RAW_MAX + 2) / 3 * 4)
		return -1;
	*ret = SPAN("");
	if (!v->raw.n)
		return 0;
	while (padding < 2 && v->raw.p[v->raw.n - 1 - padding] == '=')
		padding++;
	p = arena_new(a, v->raw.n);
	n = EVP_DecodeBlock(p, (const unsigned char *)v->raw.p, (int)v->raw.n);
	if (n < 0 || (size_t)n != v->raw.n / 4 * 3)
		return -1;
	*ret = (struct span){(const char *)p, (size_t)n - padding};
	return 0;
}

struct reading {
	struct dead_letter d;
	bool has_size;
	uint64_t raw_size;
};

static int read_amount(const struct jscan_value *v, struct dead_letter *d)
{
	struct err ignored;

	d->has_amount = true;
	return v->type == JSCAN_STRING ? money_read(v->raw, &MONEY_YUAN, &d->amount_fen, &ignored) : -1;
}

/* Members that are not known are left alone: a later edition may write more. */
static int read_member(struct reading *r, struct span name, const struct jscan_value *v, struct arena *a)
{
	for (size_t i = 0; i < NTEXTS; i++)
		if (span_is(name, texts[i].name))
			return read_text(v, a, text_at(&r->d, texts[i].at));
	for (size_t i = 0; i < NNUMBERS; i++)
		if (span_is(name, numbers[i].name))
			return read_number(v, number_at(&r->d, numbers[i].at));
	if (span_is(name, "amount"))
		return read_amount(v, &r->d);
	if (span_is(name, "raw"))
		return read_raw(v, a, &r->d.raw);
	if (span_is(name, "raw_size")) {
		r->has_size = true;
		return read_number(v, &r->raw_size);
	}
	return 0;
}

static int read_members(struct reading *r, struct span data, struct arena *a, struct err *e)
{
	struct jscan s;
	struct jscan_value v;
	struct span name;
	struct err ignored;
	int more;

	jscan_init(&s, data);
	if (jscan_enter_object(&s, &ignored))
		return refuse("data", e);
	while ((more = jscan_next_key(&s, &name, &ignored)) == 1) {
		if (jscan_value(&s, &v, &ignored))
			return refuse("data", e);
		if (read_member(r, name, &v, a))
			return err_set(e, E_DEAD_DATA, "name=%.*s", SPAN_F(name));
	}
	return more || jscan_finish(&s, &ignored) ? refuse("data", e) : 0;
}

static int check(const struct reading *r, struct err *e)
{
	if (!span_is(r->d.kind, "dead") && !span_is(r->d.kind, "conflict"))
		return refuse("kind", e);
	if (!r->d.code.n)
		return refuse("code", e);
	if (!r->d.raw.p)
		return refuse("raw", e);
	if (!r->has_size || r->d.raw.n != (r->raw_size < DEAD_RAW_MAX ? r->raw_size : DEAD_RAW_MAX))
		return refuse("raw_size", e);
	return 0;
}

int dead_read(const struct event *v, struct arena *a, struct dead_letter *ret, uint64_t *ret_raw_size, struct err *e)
{
	struct reading r = {0};

	if (!span_is(v->type, EVENT_DEAD))
		return refuse("type", e);
	for (size_t i = 0; i < NTEXTS; i++)
		*text_at(&r.d, texts[i].at) = SPAN("");
	r.d.id = arena_span(a, v->subject);
	r.d.batchid = arena_span(a, v->batchid);
	if (read_members(&r, v->data, a, e) || check(&r, e))
		return -1;
	*ret = r.d;
	*ret_raw_size = r.raw_size;
	return 0;
}

/* ---- what becomes of a letter ---- */

void dead_digest(const struct event *letter, char ret[65])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(letter->body.p, letter->body.n, digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(ret, 65, "%s", buf_text(&hex));
	buf_done(&hex);
}

void dead_ended_write(struct buf *b, const struct event *letter, const char *state, struct span act, struct span source,
	int64_t time_ms)
{
	struct buf id = BUF_INIT, time = BUF_INIT;

	buf_str(&id, "ended:");
	event_id_part(&id, act);
	buf_c(&id, ':');
	buf_span(&id, letter->id);
	clock_write(&time, time_ms);
	event_begin(b, &(struct event){.id = buf_as_span(&id), .source = source, .type = SPAN(EVENT_DEAD_ENDED),
		.time = buf_as_span(&time), .batchid = letter->batchid});
	buf_str(b, "{\"letter\":");
	json_quote(b, letter->id);
	json_member(b, "state", span_of(state));
	json_member(b, "act", act);
	buf_c(b, '}');
	buf_done(&id);
	buf_done(&time);
}

int dead_state(struct bus *b, struct bus_owner *o, struct span letter, char ret[16], uint64_t *ret_offset, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	int got = bus_look(b, o, INDEX_DEAD, index_key(key, 0, letter, SPAN_NONE), &at, e);

	if (got == 1) {
		snprintf(ret, 16, "%.*s", SPAN_F(at.extra));
		*ret_offset = at.offset;
	}
	return got;
}
