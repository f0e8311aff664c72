/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_WRAP_HELP_H
#define JC_TESTS_WRAP_HELP_H

#include <stdlib.h>
#include <zlib.h>

#include "wraps/wrap.h"

/* Inputs in steps, documents wrapped and unwrapped: what tests of wraps share. */

struct help_input {
	struct codec_input in;       /* first: fill casts back */
	struct span text;
	size_t at, step;
	size_t stop;                 /* no step goes across it; SIZE_MAX: none */
	bool fails;                  /* each second call is an error of the input */
	unsigned calls;
};

static inline int help_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct help_input *h = (struct help_input *)in;
	size_t n = h->text.n - h->at;

	if (h->fails && h->calls++ % 2 == 0)
		return err_set(e, E_DISK_FULL, "file=x");
	n = n < cap ? n : cap;
	n = n < h->step ? n : h->step;
	if (h->at < h->stop && n > h->stop - h->at)
		n = h->stop - h->at;
	if (n)
		memcpy(p, h->text.p + h->at, n);
	h->at += n;
	*ret_n = n;
	return 0;
}

static inline struct help_input help_bytes(struct span text, size_t step)
{
	return (struct help_input){{help_fill}, text, 0, step, SIZE_MAX, false, 0};
}

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
static inline int help_unwrap(const struct wrap_list *l, struct help_input *in, uint64_t offset, size_t cap, struct buf *ret,
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

#endif
