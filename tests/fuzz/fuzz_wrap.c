/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "input.h"
#include "wraps/wrap.h"

/*
 * The first byte chooses the wraps, the second the bytes of one fill; the rest is the file. What is inside, and whether it is
 * believed, must not depend on how the file is filled or asked for; what goes on further in must be the rest of it; and what
 * failed must fail again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

enum { FILE_MAX = 64 << 10, OUT_MAX = 4 << 20 };

static struct wrap_list *compile(unsigned mode)
{
	static const char *const lists[] = {"[zip]", "[{zip: {name: '*/*.txt', besides: ['*.pdf', '*/*.pdf']}}]", "[gz]", "[base64]",
		"[{frame: {length: bytes, head: {app: 8, version: 3, message: 4}, expect: {version: '1.0'}, mac: sha256, token: t}}]",
		"[{frame: {length: characters, mac: none}}]", "[base64, gz]", "[zip, base64]"};
	struct wrap_setup setup = {.charset = CHARSET_GB18030};
	struct findings f;
	struct conf_file *c;
	struct wrap_list *l;

	findings_init(&f);
	c = conf_parse("fuzz", span_of(lists[mode]), &f);
	MUST(c);
	l = wrap_list_compile(conf_root(c), &setup, &f);
	MUST(l);
	conf_close(c);
	findings_done(&f);
	return l;
}

struct result {
	struct buf out;
	enum err_id id;              /* E_NONE: believed */
	bool all;                    /* not broken off here, because it is long */
};

static void unwrap(const struct wrap_list *l, struct span file, size_t step, size_t cap, uint64_t offset, struct result *ret)
{
	struct text_input in = text_input(file, step);
	struct wrap_chain *c = wrap_chain_open(l, &in.in, offset);
	struct codec_input *from = wrap_chain_input(c);
	struct err e = ERR_INIT, again;
	size_t n = 1;
	int got = 0;

	buf_clear(&ret->out);
	while (n && ret->out.n < OUT_MAX) {
		buf_reserve(&ret->out, cap);
		got = from->fill(from, ret->out.p + ret->out.n, cap, &n, &e);
		if (got != 0)
			break;
		MUST(n <= cap);
		ret->out.n += n;
	}
	if (got != 0) {
		char byte;

		MUST(err_kind(&e) == ERR_DATA && from->fill(from, &byte, 1, &n, &again) == -1 && again.id == e.id);
		MUST(wrap_chain_finish(c, &again) == -1);
	}
	ret->id = got != 0 ? e.id : E_NONE;
	ret->all = got != 0 || n == 0;
	wrap_chain_close(c);
}

/* The ratio is that of what was taken in, which depends on how much is given at once. */
static bool comparable(const struct result *a, const struct result *b)
{
	return a->all && b->all && a->id != E_WRAP_RATIO && b->id != E_WRAP_RATIO;
}

static void same(const struct result *a, const struct result *b, size_t from)
{
	const size_t rest = a->out.n > from ? a->out.n - from : 0, n = rest < b->out.n ? rest : b->out.n;

	MUST(!n || memcmp(a->out.p + from, b->out.p, n) == 0);
	if (!comparable(a, b))
		return;
	MUST((a->id == E_NONE) == (b->id == E_NONE));
	MUST(a->id != E_NONE || rest == b->out.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result all = {0}, again = {0};
	struct wrap_list *l;
	struct span file;
	size_t step, from;

	if (size < 2 || size > FILE_MAX)
		return 0;
	l = compile(data[0] % 8);
	step = data[1] % 16 + 1u;
	/* A copy of exactly that length. */
	file = (struct span){mem_text((struct span){(const char *)data + 2, size - 2}), size - 2};
	unwrap(l, file, SIZE_MAX, 1 << 16, 0, &all);
	unwrap(l, file, step, 1 << 16, 0, &again);
	same(&all, &again, 0);
	unwrap(l, file, SIZE_MAX, step, 0, &again);
	same(&all, &again, 0);
	from = all.out.n / 2;
	unwrap(l, file, SIZE_MAX, 1 << 16, from, &again);
	same(&all, &again, from);
	free((char *)(uintptr_t)file.p);
	wrap_list_free(l);
	buf_done(&all.out);
	buf_done(&again.out);
	return 0;
}
