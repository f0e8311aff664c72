/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_WRAP_HELP_H
#define JC_TESTS_WRAP_HELP_H

#include <stdlib.h>
#include <zlib.h>

#include "hash.h"
#include "input.h"
#include "wraps/wrap.h"

/* Documents wrapped and unwrapped: what tests of wraps share. */

/* "[gz]", "[{zip: {name: '*.txt'}}]"; NULL with findings. */
static inline struct wrap_list *help_list(const char *yaml, const char *keys, struct findings *f)
{
	struct wrap_setup setup = {.charset = CHARSET_GBK, .keys = keys};
	struct conf_file *c = conf_parse("form", span_of(yaml), f);
	struct wrap_list *l = c ? wrap_list_compile(conf_root(c), &setup, f) : NULL;

	conf_close(c);
	return l;
}

static inline struct wrap_list *help_good_list(const char *yaml)
{
	struct findings f;
	struct wrap_list *l;

	findings_init(&f);
	l = help_list(yaml, NULL, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	findings_done(&f);
	assert_non_null(l);
	return l;
}

/* Reads all of it, asking for cap bytes at a time, and again after each error of the input. 0, or -1 with the error; what was
 * given is in ret, on failure too. */
static inline int help_unwrap(const struct wrap_list *l, struct text_input *in, uint64_t offset, size_t cap, struct buf *ret,
	struct err *e)
{
	struct wrap_chain *c = wrap_chain_open(l, &in->in, offset);
	struct codec_input *from = wrap_chain_input(c);
	struct err again;
	size_t n;
	int got;

	buf_clear(ret);
	for (;;) {
		buf_reserve(ret, cap);
		got = from->fill(from, ret->p + ret->n, cap, &n, e);
		if (got != 0 && err_kind(e) == ERR_RETRY)
			continue;
		if (got != 0 || n == 0)
			break;
		assert_true(n <= cap);
		ret->n += n;
	}
	/* What failed fails again, and what has ended has ended. */
	if (got != 0) {
		assert_int_equal(err_kind(e), ERR_DATA);
		assert_int_equal(from->fill(from, ret->p, cap, &n, &again), -1);
		assert_string_equal(err_code(again.id)->name, err_code(e->id)->name);
		assert_int_equal(wrap_chain_finish(c, &again), -1);
	} else {
		OK(*e, from->fill(from, ret->p, cap, &n, e));
		assert_int_equal(n, 0);
		OK(*e, wrap_chain_finish(c, e));
	}
	wrap_chain_close(c);
	return got;
}

/* ---- makers ---- */

/* window: 31 for gz, -15 for what stands in an archive. */
static inline void help_deflate(struct span text, int window, struct buf *out)
{
	z_stream z = {0};
	const size_t room = text.n + text.n / 8 + 128;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
	buf_reserve(out, room);
	z.next_in = (Bytef *)(uintptr_t)(text.p ? text.p : "");
	z.avail_in = (uInt)text.n;
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += room - z.avail_out;
	deflateEnd(&z);
}

static inline void help_gz(struct span text, struct buf *out)
{
	help_deflate(text, 31, out);
}

static inline void help_base64(struct span text, struct buf *out)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < text.n; i += 3) {
		const unsigned left = text.n - i < 3 ? (unsigned)(text.n - i) : 3;
		uint32_t v = 0;

		for (unsigned k = 0; k < 3; k++)
			v = v << 8 | (k < left ? (unsigned char)text.p[i + k] : 0u);
		for (unsigned k = 0; k < 4; k++)
			buf_c(out, k <= left ? letters[v >> (18 - 6 * k) & 63] : '=');
		if (i / 3 % 19 == 18)
			buf_str(out, "\r\n");
	}
}

/* One frame that says it is so long and of that message. */
static inline void help_frame_as(const char *length, const char *head, struct span body, const char *secret, struct buf *out)
{
	struct buf signed_by = BUF_INIT;
	uint8_t mac[HASH_SHA256];

	buf_printf(out, "%-8s%s", length, head);
	buf_span(out, body);
	buf_str(&signed_by, secret);
	buf_span(&signed_by, body);
	hash_sha256(signed_by.p, signed_by.n, mac);
	hash_hex(out, mac, sizeof mac);
	buf_done(&signed_by);
}

#define HELP_FRAME_HEAD "CNNONTAX1.05996"
#define HELP_FRAME_YAML                                                                                                \
	"[{frame: {length: bytes, head: {app: 8, version: 3, message: 4}, "                                            \
	"expect: {version: '1.0', message: '5996'}, mac: sha256, token: a.token}}]"

static inline void help_frame(struct span text, struct buf *out)
{
	char length[24];

	snprintf(length, sizeof length, "%zu", 8 + 15 + text.n + 64);
	help_frame_as(length, HELP_FRAME_HEAD, text, "a.token", out);
}

/* ---- archives ---- */

struct help_entry {
	const char *name;
	struct span text;
	bool stored, described, big; /* big: sizes of 64 bits, in extra fields */
	unsigned flags, method;      /* beside those that follow from the above; method 0: by stored */
};

static inline void help_le(struct buf *out, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_c(out, (char)(v >> 8 * i & 0xff));
}

/* What head and directory have in common, from the flags to the lengths of name and extra field. */
static inline void help_entry_fields(const struct help_entry *x, uint32_t crc, uint64_t packed, bool listed, unsigned extra,
	struct buf *out)
{
	const bool later = x->described && !listed;

	help_le(out, x->flags | (x->described ? 8u : 0u), 2);
	help_le(out, x->method ? x->method : x->stored ? 0 : 8, 2);
	help_le(out, 0x5a856000, 4);
	help_le(out, later ? 0 : crc, 4);
	help_le(out, x->big ? UINT32_MAX : later ? 0 : packed, 4);
	help_le(out, x->big ? UINT32_MAX : later ? 0 : x->text.n, 4);
	help_le(out, strlen(x->name), 2);
	help_le(out, extra, 2);
}

static inline void help_archive(const struct help_entry *entries, unsigned n, const char *comment, struct buf *out)
{
	struct buf directory = BUF_INIT, packed = BUF_INIT;
	uint64_t at, end64;
	bool big = false;

	for (unsigned i = 0; i < n; i++) {
		const struct help_entry *x = &entries[i];
		const uint32_t crc = (uint32_t)crc32_z(0, (const unsigned char *)(x->text.p ? x->text.p : ""), x->text.n);

		big |= x->big;
		buf_clear(&packed);
		if (x->stored)
			buf_span(&packed, x->text);
		else
			help_deflate(x->text, -15, &packed);
		at = out->n;
		buf_add(out, "PK\3\4\24\0", 6);
		help_entry_fields(x, crc, packed.n, false, x->big ? 20 : 0, out);
		buf_str(out, x->name);
		if (x->big) {
			help_le(out, 1, 2);
			help_le(out, 16, 2);
			help_le(out, x->described ? 0 : x->text.n, 8);
			help_le(out, x->described ? 0 : packed.n, 8);
		}
		buf_span(out, buf_as_span(&packed));
		if (x->described) {
			buf_add(out, "PK\7\10", 4);
			help_le(out, crc, 4);
			help_le(out, packed.n, x->big ? 8 : 4);
			help_le(out, x->text.n, x->big ? 8 : 4);
		}
		buf_add(&directory, "PK\1\2\24\0\24\0", 8);
		help_entry_fields(x, crc, packed.n, true, x->big ? 28 : 0, &directory);
		help_le(&directory, 0, 2 + 2 + 2);
		help_le(&directory, 0, 4);
		help_le(&directory, x->big ? UINT32_MAX : at, 4);
		buf_str(&directory, x->name);
		if (x->big) {
			help_le(&directory, 1, 2);
			help_le(&directory, 24, 2);
			help_le(&directory, x->text.n, 8);
			help_le(&directory, packed.n, 8);
			help_le(&directory, at, 8);
		}
	}
	at = out->n;
	buf_span(out, buf_as_span(&directory));
	end64 = out->n;
	if (big) {
		buf_add(out, "PK\6\6", 4);
		help_le(out, 44, 8);
		help_le(out, 0x002d002d, 4);
		help_le(out, 0, 8);
		help_le(out, n, 8);
		help_le(out, n, 8);
		help_le(out, directory.n, 8);
		help_le(out, at, 8);
		buf_add(out, "PK\6\7\0\0\0\0", 8);
		help_le(out, end64, 8);
		help_le(out, 1, 4);
	}
	buf_add(out, "PK\5\6\0\0\0\0", 8);
	help_le(out, big ? UINT16_MAX : n, 2);
	help_le(out, big ? UINT16_MAX : n, 2);
	help_le(out, big ? UINT32_MAX : directory.n, 4);
	help_le(out, big ? UINT32_MAX : at, 4);
	help_le(out, strlen(comment), 2);
	buf_str(out, comment);
	buf_done(&directory);
	buf_done(&packed);
}

static inline void help_zip(struct span text, struct buf *out)
{
	const struct help_entry entries[] = {
		{"20261205/", {"", 0}, true, false, false, 0, 0},
		{"20261205/\xb9\xa4\xd7\xca.txt", text, false, true, false, 0, 0},
		{"readme.pdf", {"none", 4}, true, false, true, 0, 0},
	};

	help_archive(entries, 3, "", out);
}

#endif
