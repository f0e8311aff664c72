/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "lines.h"

static void put(const char *path, struct span bytes)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
}

/* Each line in angle brackets, one without its end in square ones. */
static void shown(const char *path, struct buf *ret)
{
	struct span line;
	struct lines x;
	struct err e;
	bool ended;
	int got;

	buf_clear(ret);
	assert_int_equal(lines_open(&x, path, &e), 1);
	while ((got = lines_next(&x, &line, &ended, &e)) == 1) {
		buf_c(ret, ended ? '<' : '[');
		buf_span(ret, line);
		buf_c(ret, ended ? '>' : ']');
	}
	assert_int_equal(got, 0);
	lines_close(&x);
}

static void lines_are_given_one_by_one(void **state)
{
	static const struct {
		const char *file, *want;
	} rows[] = {
		{"", ""},
		{"\n", "<>"},
		{"a\n", "<a>"},
		{"a", "[a]"},
		{"a\n\nb\nc", "<a><>" "<b>[c]"},
		{"a\r\n", "<a\r>"},
	};
	char path[] = "/tmp/lines-test-XXXXXX";
	struct buf got = BUF_INIT;

	(void)state;
	close(mkstemp(path));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put(path, span_of(rows[i].file));
		shown(path, &got);
		assert_string_equal(buf_text(&got), rows[i].want);
	}
	buf_done(&got);
	unlink(path);
}

/* Lines of all lengths, over many pieces: what comes out is what went in. */
static void lines_that_lie_across_pieces_are_whole(void **state)
{
	char path[] = "/tmp/lines-test-XXXXXX";
	struct buf in = BUF_INIT, want = BUF_INIT, got = BUF_INIT;

	(void)state;
	close(mkstemp(path));
	for (unsigned i = 0; i < 3000; i++) {
		const size_t n = i * 977u % 1500u + (i % 500 == 0 ? 300000u : 0);

		buf_c(&want, '<');
		for (size_t k = 0; k < n; k++) {
			buf_c(&in, (char)('a' + (i + k) % 26));
			buf_c(&want, (char)('a' + (i + k) % 26));
		}
		buf_c(&in, '\n');
		buf_c(&want, '>');
	}
	put(path, buf_as_span(&in));
	shown(path, &got);
	assert_int_equal(got.n, want.n);
	assert_memory_equal(got.p, want.p, got.n);
	buf_done(&in);
	buf_done(&want);
	buf_done(&got);
	unlink(path);
}

/* Nobody writes one: it is gone over without taking its memory. */
static void a_line_without_end_comes_in_pieces(void **state)
{
	char path[] = "/tmp/lines-test-XXXXXX", part[4096];
	size_t total = 0;
	unsigned pieces = 0;
	struct span line;
	struct lines x;
	struct err e;
	bool ended;
	FILE *f;

	(void)state;
	close(mkstemp(path));
	memset(part, 'x', sizeof part);
	f = fopen(path, "w");
	assert_non_null(f);
	for (unsigned i = 0; i < 2000; i++)
		fwrite(part, 1, sizeof part, f);
	fputs("\nnext\n", f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(lines_open(&x, path, &e), 1);
	do {
		assert_int_equal(lines_next(&x, &line, &ended, &e), 1);
		assert_true(line.n <= LINES_LONGEST + (256u << 10));
		total += line.n;
		pieces++;
	} while (!ended);
	assert_int_equal(total, 2000 * sizeof part);
	assert_true(pieces > 5);
	assert_int_equal(lines_next(&x, &line, &ended, &e), 1);
	assert_span(line, "next");
	assert_int_equal(x.offset, 2000 * sizeof part + 6);
	assert_true(x.room.cap < 4 * LINES_LONGEST);
	lines_close(&x);
	unlink(path);
}

static void what_is_no_file_is_told(void **state)
{
	struct lines x;
	struct err e;

	(void)state;
	assert_int_equal(lines_open(&x, "/tmp/there-is-no-such-file-of-lines", &e), 0);
	FAILS(e, "file.not_regular", lines_open(&x, "/tmp", &e));
	FAILS(e, "file.not_regular", lines_open(&x, "/dev/null", &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_given_one_by_one),
		cmocka_unit_test(lines_that_lie_across_pieces_are_whole),
		cmocka_unit_test(a_line_without_end_comes_in_pieces),
		cmocka_unit_test(what_is_no_file_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
