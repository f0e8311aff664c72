/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sample.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char path[] = "/tmp/sample_test_XXXXXX";

static void put(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static struct sample *look(const char *bytes, size_t n)
{
	struct sample *s = NULL;
	struct err e;

	put(bytes, n);
	OK(e, sample_read(path, &s, &e));
	return s;
}

/* What must be said of a small file. */
static const struct {
	const char *name, *bytes;
	const char *by;              /* NULL: none */
	unsigned columns;
	enum charset charset;
	unsigned titles, heads;
	bool quotes, header, head, trailer;
	const char *word;            /* of the trailer */
	uint64_t records;
} cases[] = {
	{"a | within 珅 in GBK cuts nothing", "1|\xab\x7c|2.00\n2|\xab\x7c|3.00\n3|\xab\x7c|4.00\n",
		"|", 3, CHARSET_GB18030, 0, 0, false, false, false, false, NULL, 3},
	{"UTF-8 is told from GBK", "1|王珅|2.00\n2|王五|3.00\n", "|", 3, CHARSET_UTF8, 0, 0, false, false, false, false, NULL, 2},
	{"a caret cuts", "1^a^2.00\r\n2^b^3.00\r\n", "^", 3, CHARSET_UTF8, 0, 0, false, false, false, false, NULL, 2},
	{"the longer delimiter is the one", "1@|$a@|$2.00\n2@|$b@|$3.00\n", "@|$", 3, CHARSET_UTF8, 0, 0, false, false, false,
		false, NULL, 2},
	{"commas in quotes are text, and so are ends of line", "n,t,m\n1,\"a,b\",\"1,234.50\"\n2,\"c\nd\",\"2,000.00\"\n3,\"e\",\"3,000.00\"\n",
		",", 3, CHARSET_UTF8, 0, 0, true, true, false, false, NULL, 3},
	{"a quote that has no partner is a character", "1,\"a,1.00\n2,b,2.00\n3,c,3.00\n", ",", 3, CHARSET_UTF8, 0, 0, false,
		false, false, false, NULL, 3},
	{"titles stand above the header, padded or not", "工资表\n2026年12月,,\n\n序号,姓名,金额\n1,王珅,1.00\n2,王五,2.00\n",
		",", 3, CHARSET_UTF8, 2, 0, false, true, false, false, NULL, 2},
	{"a last row with a word of totals is a trailer", "1,a,1.00\n2,b,2.00\n3,c,3.00\n合计,,6.00\n", ",", 3, CHARSET_UTF8, 0, 0,
		false, false, false, true, "合计", 3},
	{"so is one in GBK", "1,a,1.00\n2,b,2.00\n3,c,3.00\n\xd7\xdc\xbc\xc6,,6.00\n", ",", 3, CHARSET_GB18030, 0, 0, false, false,
		false, true, "总计", 3},
	{"a last row of another length is one without a word", "1,a,1.00\n2,b,2.00\n3,c,3.00\n4,10.00\n", ",", 3, CHARSET_UTF8, 0, 0,
		false, false, false, true, NULL, 3},
	{"a first row of another length is a head", "H|20261205\n1|a|1.00\n2|b|2.00\n3|c|3.00\n", "|", 3, CHARSET_UTF8, 0, 1, false,
		false, false, false, NULL, 3},
	{"a first row of the same length is a head by its letters", "H|20261205|6.00\n1|a|1.00\n2|b|2.00\n3|c|3.00\n", "|", 3,
		CHARSET_UTF8, 0, 0, false, false, true, false, NULL, 3},
	{"rows of text alone have no header that could be told", "a|b\nc|d\ne|f\n", "|", 2, CHARSET_UTF8, 0, 0, false, false, false,
		false, NULL, 3},
	{"a header with one row below", "序号,姓名\n1,王珅\n", ",", 2, CHARSET_UTF8, 0, 0, false, true, false, false, NULL, 1},
	{"rows of one width have no delimiter", "0001AB20261205\n0002CD20261206\n", NULL, 1, CHARSET_UTF8, 0, 0, false, false, false,
		false, NULL, 2},
};

static void small_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sample *s = look(cases[i].bytes, strlen(cases[i].bytes));

		if ((s->by == NULL) != (cases[i].by == NULL) || (s->by && strcmp(s->by->by, cases[i].by) != 0) ||
			s->ncolumns != cases[i].columns || s->charset != cases[i].charset || s->titles != cases[i].titles ||
			s->heads != cases[i].heads || s->quotes != cases[i].quotes || s->header != cases[i].header ||
			s->head != cases[i].head || s->trailer != cases[i].trailer || s->records != cases[i].records)
			fail_msg("%s: by %s columns %u charset %s titles %u heads %u quotes %d header %d head %d trailer %d records %u",
				cases[i].name, s->by ? s->by->by : "-", s->ncolumns, charset_name(s->charset), s->titles, s->heads,
				s->quotes, s->header, s->head, s->trailer, (unsigned)s->records);
		if ((s->trailer_word == NULL) != (cases[i].word == NULL) ||
			(s->trailer_word && strcmp(s->trailer_word, cases[i].word) != 0))
			fail_msg("%s: %s", cases[i].name, s->trailer_word ? s->trailer_word : "-");
		sample_free(s);
	}
}

static void charsets_are_counted_with_the_first_place(void **state)
{
	struct sample *s = look("a\n\xcd\xf5\xab\x7c\n", 7);

	(void)state;
	assert_int_equal(s->charsets[CHARSET_GBK].chars, 2);
	assert_int_equal(s->charsets[CHARSET_GBK].bad, 0);
	assert_int_equal(s->charsets[CHARSET_GBK].first_bad, -1);
	assert_true(s->charsets[CHARSET_UTF8].bad > 0);
	assert_int_equal(s->charsets[CHARSET_UTF8].first_bad, 2);
	sample_free(s);
	s = look("\x82\x30\xfe\x36|1\n", 7);     /* 䶮 as four bytes: GB18030 alone */
	assert_int_equal(s->charsets[CHARSET_GB18030].bad, 0);
	assert_true(s->charsets[CHARSET_GBK].bad > 0);
	assert_int_equal(s->charset, CHARSET_GB18030);
	sample_free(s);
}

static void a_mark_and_ends_of_line_are_told(void **state)
{
	struct sample *s = look("\xef\xbb\xbf""a,1\r\nb,2\nc,3\rd,4", 19);

	(void)state;
	assert_true(s->bom && s->ascii);
	assert_int_equal(s->crlf, 1);
	assert_int_equal(s->lf, 1);
	assert_int_equal(s->cr, 1);
	assert_int_equal(s->rows, 4);
	sample_free(s);
}

static void columns_are_counted(void **state)
{
	static const char text[] =
		"0001|20261205|1234.50|123450|6222020600000000015|150702198001010017|a\n"
		"0002|20261305|1,234.50|3000|6222020600000000016|150702198001010018|a\n"
		"0003|20261206|12.5|x||150702198001010017|\n";
	struct sample *s = look(text, sizeof text - 1);
	const struct sample_column *c = s->columns;

	(void)state;
	assert_int_equal(s->ncolumns, 7);
	assert_int_equal(c[0].digits, 3);
	assert_int_equal(c[0].zeros, 3);
	assert_int_equal(c[0].longest, 4);
	assert_int_equal(c[1].dates[0], 2);
	assert_int_equal(c[2].money, 1);
	assert_int_equal(c[2].thousands, 1);
	assert_int_equal(c[3].digits, 2);
	assert_int_equal(c[3].zeros, 0);
	assert_int_equal(c[3].fen, 2);
	assert_int_equal(c[0].fen, 0);
	assert_int_equal(c[4].fen, 0);
	assert_int_equal(c[4].filled, 2);
	assert_int_equal(c[4].luhn, 1);
	assert_int_equal(c[5].distinct, 2);
	assert_int_equal(c[5].id18, 2);
	assert_int_equal(c[6].filled, 2);
	assert_int_equal(c[6].distinct, 1);
	sample_free(s);
}

static void a_long_file_is_looked_at_in_two_windows(void **state)
{
	struct buf b = BUF_INIT;
	struct sample *s;

	(void)state;
	for (unsigned i = 0; b.n < 6u << 20; i++)
		buf_printf(&b, "%07u|name|%u.00\n", i, i % 1000u);
	buf_str(&b, "Total||5.00\n");
	s = look(b.p, b.n);
	assert_int_equal(s->size, b.n);
	assert_true(s->looked < (4u << 20) + (64u << 10) && s->looked > 4u << 20);
	assert_int_equal(s->by->same, s->by->rows);
	assert_true(s->trailer);
	assert_string_equal(s->trailer_word, "Total");
	assert_int_equal(s->trailer_sum, 3);
	assert_int_equal(s->columns[0].distinct, 4096);
	sample_free(s);
	b.p[b.n - 3] = (char)0xff;
	s = look(b.p, b.n);
	assert_int_equal(s->charsets[CHARSET_UTF8].first_bad, (int64_t)b.n - 3);
	sample_free(s);
	buf_done(&b);
}

static void the_first_rows_are_whole(void **state)
{
	static const char text[] = "a,\"x\ny\",1\nb,\"z\",2\nc,\"w\",3\n";
	struct sample *s = look(text, sizeof text - 1);

	(void)state;
	assert_span(sample_first(s, 2), "a,\"x\ny\",1\nb,\"z\",2\n");
	assert_int_equal(sample_first(s, 20).n, sizeof text - 1);
	sample_free(s);
}

static void what_is_no_sample_is_refused(void **state)
{
	static const struct { const char *bytes; size_t n; const char *code; } bad[] = {
		{"", 0, "new.empty"},
		{"\n\n", 2, "new.empty"},
		{"\xef\xbb\xbf", 3, "new.empty"},
		{"PK\3\4xyz", 7, "new.not_text"},
		{"a\0b\0\n\0", 6, "new.not_text"},
		{"\x1f\x8b\x08xyz", 6, "new.not_text"},
		{"\xef\xbb\xbf{ \"a\": 1}\n", 13, "new.not_text"},
		{"[\n {\"a\": 1}]", 13, "new.not_text"},
		{" <?xml version='1.0'?>\n<a/>\n", 29, "new.not_text"},
	};
	struct sample *s;
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		put(bad[i].bytes, bad[i].n);
		FAILS(e, bad[i].code, sample_read(path, &s, &e));
	}
	FAILS(e, "file.missing", sample_read("/nowhere/at/all", &s, &e));
	FAILS(e, "file.not_regular", sample_read("/tmp", &s, &e));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_files),
		cmocka_unit_test(charsets_are_counted_with_the_first_place),
		cmocka_unit_test(a_mark_and_ends_of_line_are_told),
		cmocka_unit_test(columns_are_counted),
		cmocka_unit_test(a_long_file_is_looked_at_in_two_windows),
		cmocka_unit_test(the_first_rows_are_whole),
		cmocka_unit_test(what_is_no_sample_is_refused),
	};
	int fd = mkstemp(path), ret;

	if (fd < 0)
		return 1;
	close(fd);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return ret;
}
