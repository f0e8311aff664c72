/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "unit/wrap_help.h"

/* Each wrap of the table, held to its contract: a new one needs a row here, and nothing else. */
struct subject {
	const char *name, *yaml;
	void (*make)(struct span text, struct buf *out);
	bool sure;                   /* it knows its end, and notices every other byte in what it wraps */
};

static const struct subject subjects[] = {
	{"zip", "[{zip: {name: '*/??.txt', besides: ['*.pdf']}}]", help_zip, true},
	{"gz", "[gz]", help_gz, true},
	{"base64", "[base64]", help_base64, false},
	{"frame", HELP_FRAME_YAML, help_frame, true},
};

enum { NSUBJECTS = sizeof subjects / sizeof *subjects };

static const struct span small = {"0001|\xab\x7c|1234.50\r\n0002|\xce\xda\xd4\xc6|3000.00\r\n0002|\xce\xda\xd4\xc6|3000.00\r\n", 55};

/* Bytes that no wrap makes much smaller; from a seed. */
static void noise(struct buf *b, size_t n)
{
	uint32_t x = 1;

	buf_reserve(b, n);
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		b->p[b->n++] = (char)(x >> 24 & 0x7f);
	}
}

static void is(const struct buf *got, struct span want)
{
	assert_int_equal(got->n, want.n);
	if (want.n)
		assert_memory_equal(got->p, want.p, want.n);
}

static void every_wrap_of_the_table_is_tried(void **state)
{
	(void)state;
	for (unsigned i = 0; wrap_table[i]; i++) {
		assert_true(i < NSUBJECTS);
		assert_string_equal(wrap_table[i]->name, subjects[i].name);
		assert_true(wrap_table[i + 1] || i + 1 == NSUBJECTS);
	}
}

static void each(void (*run)(const struct subject *s, const struct wrap_list *l))
{
	for (size_t i = 0; i < NSUBJECTS; i++) {
		struct wrap_list *l = help_good_list(subjects[i].yaml);

		run(&subjects[i], l);
		wrap_list_free(l);
	}
}

static void all_sizes(const struct subject *s, const struct wrap_list *l)
{
	static const size_t steps[] = {1, 2, 3, 7, 4096, SIZE_MAX}, sizes[] = {0, 1, 2, 3, 55, 5000, 400000};
	struct buf text = BUF_INIT, file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	noise(&text, 400000);
	for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
		buf_clear(&file);
		s->make((struct span){text.p, sizes[n]}, &file);
		for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
			for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
				struct text_input in = text_input(buf_as_span(&file), steps[i]);

				if (sizes[n] > 5000 && (steps[i] < 4096 || steps[k] < 4096))
					continue;        /* says nothing more, and takes its time */
				OK(e, help_unwrap(l, &in, 0, steps[k] < 1u << 17 ? steps[k] : 1u << 17, &got, &e));
				is(&got, (struct span){text.p, sizes[n]});
			}
	}
	buf_done(&text);
	buf_done(&file);
	buf_done(&got);
}

static void it_gives_the_document_whatever_the_steps(void **state)
{
	(void)state;
	each(all_sizes);
}

static void each_split(const struct subject *s, const struct wrap_list *l)
{
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	s->make(small, &file);
	for (size_t i = 0; i <= file.n; i++) {
		struct text_input in = text_input(buf_as_span(&file), i);

		OK(e, help_unwrap(l, &in, 0, 4096, &got, &e));
		is(&got, small);
	}
	buf_done(&file);
	buf_done(&got);
}

static void an_input_split_at_any_byte_changes_nothing(void **state)
{
	(void)state;
	each(each_split);
}

static void each_failure(const struct subject *s, const struct wrap_list *l)
{
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	s->make(small, &file);
	for (size_t step = 1; step < file.n; step += 3) {
		struct text_input in = text_input(buf_as_span(&file), step);

		in.flaky = true;
		OK(e, help_unwrap(l, &in, 0, 5, &got, &e));
		is(&got, small);
	}
	buf_done(&file);
	buf_done(&got);
}

static void an_input_that_fails_can_be_asked_again(void **state)
{
	(void)state;
	each(each_failure);
}

static void each_offset(const struct subject *s, const struct wrap_list *l)
{
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	s->make(small, &file);
	for (size_t i = 0; i <= small.n; i++) {
		struct text_input in = text_input(buf_as_span(&file), 11);

		OK(e, help_unwrap(l, &in, i, 16, &got, &e));
		is(&got, (struct span){small.p + i, small.n - i});
	}
	buf_done(&file);
	buf_done(&got);
}

static void reading_goes_on_at_any_byte_of_the_document(void **state)
{
	(void)state;
	each(each_offset);
}

/* What was given before the error must be the document's begin. */
static bool begins(const struct buf *got, struct span text)
{
	return got->n <= text.n && memcmp(got->p, text.p, got->n) == 0;
}

static void each_end(const struct subject *s, const struct wrap_list *l)
{
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	s->make(small, &file);
	for (size_t i = 0; i < file.n; i++) {
		struct text_input in = text_input((struct span){file.p, i}, 0);
		int failed = help_unwrap(l, &in, 0, 4096, &got, &e);

		assert_true(begins(&got, small));
		if (failed || s->sure)
			assert_string_equal(err_code(e.id)->name, "wrap.truncated");
		assert_true(failed || !s->sure);
		if (failed)
			assert_int_equal(strtoull(err_arg(&e, "byte"), NULL, 10), i);
	}
	buf_done(&file);
	buf_done(&got);
}

static void a_file_that_is_cut_off_is_noticed(void **state)
{
	(void)state;
	each(each_end);
}

/* Some bytes mean nothing for the document (times, names): then it is the same. Never another one without an error. */
static void each_bit(const struct subject *s, const struct wrap_list *l)
{
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;
	unsigned errors = 0;

	s->make(small, &file);
	for (size_t i = 0; i < file.n * 8; i++) {
		struct text_input in = text_input(buf_as_span(&file), 0);

		file.p[i / 8] = (char)(file.p[i / 8] ^ 1 << i % 8);
		if (help_unwrap(l, &in, 0, 4096, &got, &e) != 0)
			errors++;
		else if (s->sure)
			is(&got, small);
		file.p[i / 8] = (char)(file.p[i / 8] ^ 1 << i % 8);
	}
	assert_true(errors > file.n);
	buf_done(&file);
	buf_done(&got);
}

static void a_damaged_file_is_noticed_or_says_the_same(void **state)
{
	(void)state;
	each(each_bit);
}

static void one_more(const struct subject *s, const struct wrap_list *l)
{
	static const struct span more[] = {{"A", 1}, {"\0", 1}, {"\n0001|x|1.00\n", 13}};
	struct buf file = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		struct text_input in;

		buf_clear(&file);
		s->make((struct span){small.p, small.n - 2}, &file);     /* of Base64: with `=` at its end */
		buf_span(&file, more[i]);
		in = text_input(buf_as_span(&file), 0);
		FAILS(e, "wrap.behind", help_unwrap(l, &in, 0, 4096, &got, &e));
		assert_true(begins(&got, small));
	}
	buf_done(&file);
	buf_done(&got);
}

static void nothing_may_stand_behind_its_end(void **state)
{
	(void)state;
	each(one_more);
}

static void plain(const struct subject *s, const struct wrap_list *l)
{
	struct text_input in = text_input(SPAN("\xcd\xf5|1.00\n"), 0);
	struct buf got = BUF_INIT;
	struct err e = ERR_INIT;

	FAILS(e, s->sure ? "wrap.not" : "wrap.base64", help_unwrap(l, &in, 0, 4096, &got, &e));
	assert_int_equal(got.n, 0);
	assert_string_equal(err_arg(&e, "byte"), "0");
	buf_done(&got);
}

static void a_file_without_the_wrap_is_not_taken_for_one(void **state)
{
	(void)state;
	each(plain);
}

static void wraps_stand_one_around_the_other(void **state)
{
	struct buf yaml = BUF_INIT, inner = BUF_INIT, outer = BUF_INIT, got = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < NSUBJECTS; i++)
		for (size_t k = 0; k < NSUBJECTS; k++) {
			const char *a = subjects[i].yaml, *b = subjects[k].yaml;
			struct text_input in;
			struct wrap_list *l;

			buf_clear(&yaml);
			buf_printf(&yaml, "[%.*s, %.*s]", (int)strlen(a) - 2, a + 1, (int)strlen(b) - 2, b + 1);
			l = help_good_list(buf_text(&yaml));
			buf_clear(&inner);
			subjects[k].make(small, &inner);
			buf_clear(&outer);
			subjects[i].make(buf_as_span(&inner), &outer);
			in = text_input(buf_as_span(&outer), 5);
			OK(e, help_unwrap(l, &in, 7, 3, &got, &e));
			is(&got, (struct span){small.p + 7, small.n - 7});
			wrap_list_free(l);
		}
	buf_done(&yaml);
	buf_done(&inner);
	buf_done(&outer);
	buf_done(&got);
}

static void what_is_made_of_little_has_a_limit(void **state)
{
	struct wrap_reader r = {.wrap = wrap_table[0]};
	struct err e = ERR_INIT;

	(void)state;
	OK(e, wrap_made(&r, WRAP_RATIO_FROM + WRAP_RATIO_MAX - 1, &e));
	FAILS(e, "wrap.ratio", wrap_made(&r, 1, &e));
	assert_string_equal(err_arg(&e, "max"), "200");
	r.made--;
	r.in.offset = 1;
	OK(e, wrap_made(&r, 1, &e));
	r.in.offset = UINT64_C(1) << 40;
	OK(e, wrap_made(&r, (size_t)(WRAP_OUT_MAX - r.made), &e));
	FAILS(e, "wrap.too_large", wrap_made(&r, 1, &e));
	assert_string_equal(err_arg(&e, "max"), "4294967296");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrap_of_the_table_is_tried),
		cmocka_unit_test(it_gives_the_document_whatever_the_steps),
		cmocka_unit_test(an_input_split_at_any_byte_changes_nothing),
		cmocka_unit_test(an_input_that_fails_can_be_asked_again),
		cmocka_unit_test(reading_goes_on_at_any_byte_of_the_document),
		cmocka_unit_test(a_file_that_is_cut_off_is_noticed),
		cmocka_unit_test(a_damaged_file_is_noticed_or_says_the_same),
		cmocka_unit_test(nothing_may_stand_behind_its_end),
		cmocka_unit_test(a_file_without_the_wrap_is_not_taken_for_one),
		cmocka_unit_test(wraps_stand_one_around_the_other),
		cmocka_unit_test(what_is_made_of_little_has_a_limit),
	};

	return cmocka_run_group_tests_name("wraps", tests, NULL, NULL);
}
