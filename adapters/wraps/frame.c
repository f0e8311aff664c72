/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "hash.h"
#include "wrap.h"

enum {
	LENGTH = 8,                  /* characters of the length in front */
	HEX = 2 * HASH_SHA256,
	FIELDS = 16,
	FIELD_MAX = 64,
	HEAD_MAX = 256,              /* all fields of a head */
	FRAME_MAX = 16 << 20
};

struct field {
	char *name;
	unsigned width;
	char *expect;                /* NULL: anything */
};

struct frame_format {
	struct wrap_format base;     /* first */
	enum charset charset;
	bool characters;             /* the length counts them, not bytes */
	bool mac;
	struct buf secret;
	struct field fields[FIELDS];
	unsigned nfields, head;      /* bytes of all fields */
};

/* What of a frame comes next. An input that fails is asked again, and goes on there. */
enum part { PART_LENGTH, PART_HEAD, PART_BODY, PART_MAC, PART_PROVED };

struct frame_reader {
	struct wrap_reader base;     /* first */
	const struct frame_format *format;
	enum part part;
	unsigned field;              /* of the head, the next one */
	uint64_t left;               /* of the body, as the length counts */
	struct buf body;             /* of one frame */
	size_t at;                   /* given up to here, once it is proved */
	uint64_t begin;              /* of the frame, in the input */
	uint64_t frames;             /* proved */
};

/* ---- settings ---- */

static void frame_format_free(struct wrap_format *f)
{
	struct frame_format *x = (struct frame_format *)f;

	for (unsigned i = 0; i < x->nfields; i++) {
		free(x->fields[i].name);
		free(x->fields[i].expect);
	}
	if (x->secret.n)
		explicit_bzero(x->secret.p, x->secret.n);
	buf_done(&x->secret);
	free(x);
}

static void read_head(struct frame_format *x, struct conf *head, struct findings *f)
{
	for (struct conf *c = head ? head->first : NULL; c; c = c->next) {
		char *name = mem_text(c->key);
		const long long width = conf_int(head, name, 1, FIELD_MAX, 1, f);

		if (x->nfields == FIELDS || x->head + (unsigned)width > HEAD_MAX) {
			conf_report(f, c, E_WRAP_FRAME_FIELDS, "max=%d\nbytes=%d", FIELDS, HEAD_MAX);
			free(name);
			return;
		}
		x->fields[x->nfields++] = (struct field){name, (unsigned)width, NULL};
		x->head += (unsigned)width;
	}
}

/* What a head must say; only fields of it can be named. */
static void read_expect(struct frame_format *x, struct conf *expect, struct findings *f)
{
	for (unsigned i = 0; expect && i < x->nfields; i++) {
		struct conf *c = conf_want(expect, x->fields[i].name, CONF_SCALAR, f);

		if (c && (c->text.n > x->fields[i].width || !charset_ascii(c->text)))
			conf_report(f, c, E_WRAP_FRAME_EXPECT, "name=%s\nwidth=%u", x->fields[i].name, x->fields[i].width);
		else if (c)
			x->fields[i].expect = mem_text(c->text);
	}
	if (expect)
		conf_unknown(expect, f);
}

static struct wrap_format *frame_compile(struct conf *node, struct conf *settings, const struct wrap_setup *s,
	struct findings *f)
{
	const unsigned before = f->count;
	struct frame_format *x;
	struct conf *token;

	if (!settings) {
		conf_report(f, node, E_CONF_MISSING, "key=%s", "frame: length");
		return NULL;
	}
	x = mem_new(sizeof *x);
	x->base.wrap = &wrap_frame;
	x->charset = s->charset;
	if (conf_need(settings, "length", CONF_SCALAR, f))
		x->characters = conf_choice(settings, "length", "bytes|characters", 0, f) == 1;
	read_head(x, conf_want(settings, "head", CONF_MAP, f), f);
	read_expect(x, conf_want(settings, "expect", CONF_MAP, f), f);
	if (conf_need(settings, "mac", CONF_SCALAR, f))
		x->mac = conf_choice(settings, "mac", "none|sha256", 0, f) == 1;
	token = x->mac ? conf_need(settings, "token", CONF_SCALAR, f) : NULL;
	if (token)
		wrap_secret(token, s, &x->secret, f);
	if (f->count == before)
		return &x->base;
	frame_format_free(&x->base);
	return NULL;
}

/* ---- reading ---- */

static struct wrap_reader *frame_open(const struct wrap_format *f)
{
	struct frame_reader *r = mem_new(sizeof *r);

	r->format = (const struct frame_format *)f;
	return &r->base;
}

static void frame_close(struct wrap_reader *r)
{
	struct frame_reader *x = (struct frame_reader *)r;

	buf_done(&x->body);
	free(x);
}

static struct span front(const struct frame_reader *r, size_t n)
{
	return (struct span){(const char *)window_bytes(&r->base.in), n};
}

static int too_large(const struct frame_reader *r, struct err *e)
{
	return err_set(e, E_WRAP_FRAME_LARGE, "wrap=frame\nbyte=%" PRIu64 "\nmax=%d", r->begin, FRAME_MAX);
}

static int wrong(const struct frame_reader *r, enum err_id id, uint64_t byte, struct err *e)
{
	return err_set(e, id, "wrap=frame\nbyte=%" PRIu64 "\nframe=%" PRIu64, byte, r->frames + 1);
}

/* The length in front, left-justified and padded with blanks. */
static int take_length(struct frame_reader *r, struct err *e)
{
	const struct frame_format *f = r->format;
	const unsigned around = LENGTH + f->head + (f->mac ? HEX : 0);
	struct span text;
	uint64_t n = 0;
	size_t i = 0;

	r->begin = r->base.in.offset;
	if (wrap_need(&r->base, 1, e))
		return -1;
	if (*window_bytes(&r->base.in) < '1' || *window_bytes(&r->base.in) > '9')
		return wrap_error(&r->base, r->frames ? E_WRAP_BEHIND : E_WRAP_NOT, e);
	if (wrap_need(&r->base, LENGTH, e))
		return -1;
	text = front(r, LENGTH);
	for (; i < LENGTH && text.p[i] >= '0' && text.p[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	while (i < LENGTH && text.p[i] == ' ')
		i++;
	if (i < LENGTH || n < around)
		return wrong(r, E_WRAP_FRAME_LENGTH, r->begin, e);
	if (n > FRAME_MAX)
		return too_large(r, e);
	window_take(&r->base.in, LENGTH);
	buf_clear(&r->body);
	r->at = 0;
	r->field = 0;
	r->left = n - around;
	return 0;
}

/* Names the field and the place; what stands there is shown as far as it is plain. */
static int field_wrong(const struct frame_reader *r, const struct field *x, struct span got, struct err *e)
{
	char shown[FIELD_MAX + 1];

	for (size_t i = 0; i < got.n; i++)
		shown[i] = got.p[i] >= ' ' && got.p[i] < 0x7f ? got.p[i] : '?';
	shown[got.n] = 0;
	return err_set(e, E_WRAP_FRAME_FIELD,
		"wrap=frame\nbyte=%" PRIu64 "\nframe=%" PRIu64 "\nname=%s\nwant=%s\ngot=%s", r->base.in.offset,
		r->frames + 1, x->name, x->expect, shown);
}

static int take_head(struct frame_reader *r, struct err *e)
{
	for (; r->field < r->format->nfields; r->field++) {
		const struct field *x = &r->format->fields[r->field];
		struct span got;

		if (wrap_need(&r->base, x->width, e))
			return -1;
		got = front(r, x->width);
		if (x->expect && !span_is(span_trim(got), x->expect))
			return field_wrong(r, x, got, e);
		window_take(&r->base.in, x->width);
	}
	return 0;
}

static int take_bytes(struct frame_reader *r, struct err *e)
{
	while (r->left) {
		size_t n;

		if (wrap_need(&r->base, 1, e))
			return -1;
		n = window_there(&r->base.in);
		n = n < r->left ? n : (size_t)r->left;
		buf_add(&r->body, window_bytes(&r->base.in), n);
		window_take(&r->base.in, n);
		r->left -= n;
	}
	return 0;
}

/* As a program counts that keeps text as UTF-16: a character beyond its first plane is two. These are the four-byte ones of
 * UTF-8, and of GB18030 those that begin with 90 or more. */
static unsigned counted(enum charset c, unsigned char first, int bytes)
{
	return bytes == 4 && (c == CHARSET_UTF8 || first >= 0x90) ? 2 : 1;
}

static int take_characters(struct frame_reader *r, struct err *e)
{
	const enum charset c = r->format->charset;

	while (r->left) {
		const unsigned char *p;
		unsigned units;
		int n;

		if (wrap_need(&r->base, 1, e) || window_need(&r->base.in, 4, e))
			return -1;
		p = window_bytes(&r->base.in);
		n = charset_step(c, p, window_there(&r->base.in));
		if (n < 0)       /* half of it, and no more there */
			return wrap_need(&r->base, 4, e);
		units = n ? counted(c, *p, n) : 0;
		if (!n || units > r->left)
			return wrap_error(&r->base, E_WRAP_CORRUPT, e);
		if (r->body.n + (size_t)n > FRAME_MAX)
			return too_large(r, e);
		buf_add(&r->body, p, (size_t)n);
		window_take(&r->base.in, (size_t)n);
		r->left -= units;
	}
	return 0;
}

static int take_mac(struct frame_reader *r, struct err *e)
{
	uint8_t want[HASH_SHA256], got[HASH_SHA256];
	struct hash_sha256 *h;
	unsigned differs = 0;

	if (wrap_need(&r->base, HEX, e))
		return -1;
	if (hash_unhex(front(r, HEX), got, sizeof got) != 0)
		return wrong(r, E_WRAP_FRAME_MAC, r->base.in.offset, e);
	h = hash_sha256_new();
	hash_sha256_add(h, r->format->secret.p, r->format->secret.n);
	hash_sha256_add(h, r->body.p, r->body.n);
	hash_sha256_get(h, want);
	hash_sha256_free(h);
	for (size_t i = 0; i < sizeof want; i++)     /* all of it, however early it differs */
		differs |= want[i] ^ got[i];
	if (differs)
		return wrong(r, E_WRAP_FRAME_MAC, r->base.in.offset, e);
	window_take(&r->base.in, HEX);
	return 0;
}

static int take_part(struct frame_reader *r, struct err *e)
{
	switch (r->part) {
	case PART_LENGTH:
		return take_length(r, e);
	case PART_HEAD:
		return take_head(r, e);
	case PART_BODY:
		return r->format->characters ? take_characters(r, e) : take_bytes(r, e);
	default:
		return r->format->mac ? take_mac(r, e) : 0;
	}
}

/* 1 a frame is proved, 0 the end, -1. */
static int next_frame(struct frame_reader *r, struct err *e)
{
	int end = r->part == PART_LENGTH && r->frames ? wrap_at_end(&r->base, e) : 0;

	if (end)
		return end < 0 ? -1 : 0;
	for (; r->part != PART_PROVED; r->part++)
		if (take_part(r, e) != 0)
			return -1;
	r->frames++;
	return wrap_made(&r->base, r->body.n, e) != 0 ? -1 : 1;
}

static int frame_give(struct wrap_reader *base, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct frame_reader *r = (struct frame_reader *)base;
	size_t n;

	while (r->part != PART_PROVED || r->at == r->body.n) {
		int got;

		if (r->part == PART_PROVED)
			r->part = PART_LENGTH;
		got = next_frame(r, e);
		if (got <= 0)
			return got;
	}
	n = r->body.n - r->at < cap ? r->body.n - r->at : cap;
	memcpy(p, r->body.p + r->at, n);
	r->at += n;
	*ret_n = n;
	return 0;
}

const struct wrap wrap_frame = {
	.name = "frame",
	.most = HEAD_MAX,
	.compile = frame_compile,
	.format_free = frame_format_free,
	.open = frame_open,
	.give = frame_give,
	.close = frame_close,
};
