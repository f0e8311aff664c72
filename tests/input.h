/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_INPUT_H
#define JC_TESTS_INPUT_H

#include "codec.h"

/* Bytes in memory as an input, for tests and fuzz targets. It can fail as a disk does, once or again and again; asked
 * again, it goes on with the same byte. */
struct text_input {
	struct codec_input in;       /* first: text_fill casts back */
	struct span text;
	size_t at;
	size_t step;                 /* most bytes at a time; 0: as many as are asked for */
	size_t fail_at;              /* fails once before this byte, from 1 (one behind the last: the end); 0: never */
	bool flaky;                  /* every other call fails, the first one too */
	unsigned calls;
};

static inline int text_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct text_input *t = (struct text_input *)in;
	size_t n = t->text.n - t->at;

	if ((t->flaky && t->calls++ % 2 == 0) || (t->fail_at && t->at + 1 >= t->fail_at)) {
		t->fail_at = 0;
		return err_sys(e, E_DISK_FULL, "input", 28);
	}
	n = n < cap ? n : cap;
	n = t->step && n > t->step ? t->step : n;
	if (t->fail_at && n > t->fail_at - 1 - t->at)
		n = t->fail_at - 1 - t->at;
	if (n)
		memcpy(p, t->text.p + t->at, n);
	t->at += n;
	*ret_n = n;
	return 0;
}

static inline struct text_input text_input(struct span text, size_t step)
{
	return (struct text_input){.in = {text_fill}, .text = text, .step = step};
}

static inline struct text_input text_input_failing(struct span text, size_t step, size_t fail_at)
{
	return (struct text_input){.in = {text_fill}, .text = text, .step = step, .fail_at = fail_at};
}

#endif
