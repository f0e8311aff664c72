/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "input.h"
#include "overlay.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* All that comes out, asked for cap bytes at a time. */
static void read_all(struct overlay_input *x, size_t cap, struct buf *ret)
{
	struct codec_input *in = overlay_codec_input(x);
	struct err e;
	size_t n;

	do {
		buf_reserve(ret, cap);
		OK(e, in->fill(in, ret->p + ret->n, cap, &n, &e));
		assert_true(n <= cap);
		ret->n += n;
	} while (n);
}

static void a_line_is_another_and_its_end_stays(void **state)
{
	static const struct {
		const char *file, *second, *fourth, *want;   /* fourth NULL: only the second line is changed */
		unsigned met;
	} cases[] = {
		{"a\nb\nc\n", "B", NULL, "a\nB\nc\n", 1},
		{"a\r\nb\r\nc\r\n", "much longer", NULL, "a\r\nmuch longer\r\nc\r\n", 1},
		{"a\r\nb\nc\r\n", "B", NULL, "a\r\nB\nc\r\n", 1},
		{"a\nb", "B", NULL, "a\nB", 1},
		{"a\n\nc", "B", NULL, "a\nB\nc", 1},
		{"a\nb\nc\nd\ne\n", "BB", "D", "a\nBB\nc\nD\ne\n", 2},
		{"a\nb\nc\n", "B", "D", "a\nB\nc\n", 1},
		{"a\n", "B", NULL, "a\n", 0},
		{"", "B", NULL, "", 0},
		{"a\nb\rb\r\n", "B", NULL, "a\nB\r\n", 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t piece = 0; piece < 4; piece++)
			for (size_t skip = 0; skip <= strlen(cases[i].want); skip++) {
				struct text_input m = text_input(span_of(cases[i].file), piece);
				struct overlays o = {.n = 0};
				struct overlay second = {.line = 2, .bytes = span_of(cases[i].second)};
				struct overlay fourth = {.line = 4, .bytes = span_of(cases[i].fourth ? cases[i].fourth : "")};
				struct overlay_input *x;
				struct buf b = BUF_INIT;

				assert_true(overlays_put(&o, &second));
				if (cases[i].fourth)
					assert_true(overlays_put(&o, &fourth));
				x = overlay_open(&o, &m.in, skip);
				read_all(x, piece + 1, &b);
				assert_string_equal(buf_text(&b), cases[i].want + skip);
				assert_int_equal(overlay_met(x), cases[i].met);
				overlay_close(x);
				buf_done(&b);
			}
}

static void a_line_changed_again_has_the_later_words_and_there_is_an_end(void **state)
{
	struct overlays o = {.n = 0};

	(void)state;
	for (unsigned i = 1; i <= OVERLAYS_MAX; i++)
		assert_true(overlays_put(&o, &(struct overlay){.line = i, .bytes = SPAN("x")}));
	assert_true(overlays_put(&o, &(struct overlay){.line = 3, .bytes = SPAN("y")}));
	assert_int_equal(o.n, OVERLAYS_MAX);
	assert_false(overlays_put(&o, &(struct overlay){.line = OVERLAYS_MAX + 1, .bytes = SPAN("x")}));
	assert_true(span_is(overlays_within(&o, 3, 4)->bytes, "y"));
	assert_true(overlays_within(&o, 30, 40)->line == 30);
	assert_null(overlays_within(&o, OVERLAYS_MAX + 1, OVERLAYS_MAX + 9));
	assert_null(overlays_within(NULL, 1, 2));
	assert_int_equal(overlays_within(&o, 5, 5)->line, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_another_and_its_end_stays),
		cmocka_unit_test(a_line_changed_again_has_the_later_words_and_there_is_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
