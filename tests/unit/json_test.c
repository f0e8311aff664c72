/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec.h"
#include "fsys.h"
#include "codec_rows.h"
#include "reader.h"

/* Kind 0 is `line`, kind 1 `head` when it has columns. */
static struct codec_format *format_of(const char *settings, const char *line, const char *head)
{
	struct findings f;
	struct codec_format *format;

	findings_init(&f);
	format = rows_compile("json", settings, CHARSET_UTF8, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(format);
	assert_ptr_equal(format->codec, &codec_json);
	assert_int_equal(rows_columns(format, "line", line, &f), 0);
	if (head)
		assert_int_equal(rows_columns(format, "head", head, &f), 1);
	findings_done(&f);
	return format;
}

static void show_err(struct buf *b, const struct err *e)
{
	buf_str(b, err_code(e->id)->name);
	for (const char *const *a = (const char *const[]){"at", "key", "column", "path", NULL}; *a; a++)
		if (err_arg(e, *a))
			buf_printf(b, "/%s", err_arg(e, *a));
}

/* "2:[a][-] 3:blank 4:json.syntax/7 "; the first row as `head`, when there is one. */
static void show_row(struct buf *b, struct codec_reader *r, unsigned kind, struct row *row)
{
	struct err e = row->bad;

	assert_false(row->deleted);
	assert_int_equal(row->ncells, 0);
	buf_printf(b, "%llu:", (unsigned long long)row->line);
	if (row->blank) {
		assert_int_equal(e.id, E_NONE);
		buf_str(b, "blank ");
		return;
	}
	if (e.id != E_NONE || codec_json.cut(r, kind, row, &e)) {
		assert_int_equal(row->ncells, 0);
		assert_int_equal(err_kind(&e), ERR_DATA);
		show_err(b, &e);
	}
	rows_cells(b, row);
}

/* The raw bytes of a row are the file's; lines are counted by LF. */
static void check_row(const struct row *row, const struct place *before, struct span file)
{
	uint64_t line = 1;

	assert_true(row->offset >= before->end && row->end > row->offset && row->end <= file.n);
	assert_true(row->raw.n <= row->end - row->offset && memcmp(row->raw.p, file.p + row->offset, row->raw.n) == 0);
	for (uint64_t i = 0; i < row->end; i++) {
		if (i == row->offset)
			assert_int_equal(row->line, line);
		line += file.p[i] == '\n';
	}
	assert_int_equal(row->next_line, line);
}

static struct rows read_from(const struct codec_format *f, bool head, struct span file, struct place at, size_t step,
	size_t fail_at)
{
	struct text_input in = text_input_failing((struct span){file.p + at.end, file.n - at.end}, step, fail_at);
	struct rows ret = {.shown = BUF_INIT};
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	int got;

	OK(e, f->codec->open(f, &in.in, at.end, at.line, &r, &e));
	head &= at.end == 0;
	while ((got = f->codec->next(r, &row, &e)) == 1 || (got < 0 && e.id == E_DISK_FULL)) {
		if (got < 0) {
			e = ERR_INIT;
			continue;
		}
		check_row(&row, &at, file);
		show_row(&ret.shown, r, head, &row);
		head = false;
		at = rows_behind(&ret, &row);
	}
	if (got < 0) {
		assert_int_equal(ret.n, 0);
		assert_int_equal(err_kind(&e), ERR_DATA);
		show_err(&ret.shown, &e);
	} else {
		assert_int_equal(f->codec->next(r, &row, &e), 0);
	}
	f->codec->close(r);
	return ret;
}

static void check_shown(struct rows *r, const char *want, const char *name, size_t step)
{
	if (strcmp(buf_text(&r->shown), want) != 0)
		fail_msg("%s (%zu bytes at a time):\n got  %s\n want %s", name, step, buf_text(&r->shown), want);
	rows_done(r);
}

/* Reads the file with every width of fill, with a failure at each byte, and again from each row's end on. */
static void check_file(const struct codec_format *f, bool head, struct span file, const char *want, const char *name)
{
	static const size_t steps[] = {SIZE_MAX, 1, 2, 3, 7};

	for (size_t s = 0; s < COUNT(steps); s++) {
		struct rows all = read_from(f, head, file, begin, steps[s], 0);

		for (size_t i = 0; i < all.n; i++) {
			struct rows rest = read_from(f, head, file, all.places[i], steps[s], 0);

			assert_true(all.places[i].shown <= strlen(want));
			check_shown(&rest, want + all.places[i].shown, name, steps[s]);
		}
		check_shown(&all, want, name, steps[s]);
	}
	for (size_t at = 1; at <= file.n; at++) {
		struct rows all = read_from(f, head, file, begin, 1, at);

		check_shown(&all, want, name, at);
	}
}

#define LINES "{records: lines}"
#define ARRAY "{records: array}"
#define DATA "{records: array, at: data}"
#define DEEP "{records: array, at: a.b}"
#define FIVE "{\"x\":{\"x\":{\"x\":{\"x\":{\"x\":"
#define FOUR "{\"x\":{\"x\":{\"x\":{\"x\":"
#define ENDS5 "}}}}}"
#define ENDS4 "}}}}"

static const struct {
	const char *name, *settings, *line, *head, *text;
	size_t n;
	const char *want;
} cases[] = {
	{"an empty file has no rows", LINES, "a", NULL, TEXT(""), ""},
	{"columns come in the form's order", LINES, "b|a", NULL, TEXT("{\"a\":\"1\",\"b\":\"2\"}\n"), "1:[2][1] "},
	{"the last line needs no end", LINES, "a", NULL, TEXT("{\"a\":\"1\"}\n{\"a\":\"2\"}"), "1:[1] 2:[2] "},
	{"CRLF ends a line", LINES, "a", NULL, TEXT("{\"a\":\"1\"}\r\n{\"a\":\"2\"}\r\n"), "1:[1] 2:[2] "},
	{"a lone CR is a blank", LINES, "a", NULL, TEXT("{\"a\":\r\"1\"}\r"), "1:[1] "},
	{"a BOM at the begin is skipped", LINES, "a", NULL, TEXT("\xef\xbb\xbf{\"a\":\"1\"}\n"), "1:[1] "},
	{"a BOM further on is none", LINES, "a", NULL,
		TEXT("{}\n\xef\xbb\xbf{\"a\":\"1\"}\n"), "1:[-] 2:json.syntax/0 "},
	{"lines of blanks are blank", LINES, "a", NULL,
		TEXT("\n{\"a\":\"1\"}\n \t\r\n\n"), "1:blank 2:[1] 3:blank 4:blank "},
	{"an object without names is not blank", LINES, "a", NULL, TEXT("{}\n"), "1:[-] "},
	{"a name that is not there, and null, are absent; an empty text is not", LINES, "a|b|c", NULL,
		TEXT("{\"b\":null,\"c\":\"\"}"), "1:[-][-][] "},
	{"numbers stay as they are written", LINES, "a|b|c|d", NULL,
		TEXT("{\"a\":1.50622E+17,\"b\":-0,\"c\":14204796.489999998,\"d\":2}"),
		"1:[1.50622E+17][-0][14204796.489999998][2] "},
	{"true and false are texts", LINES, "a|b", NULL, TEXT("{\"a\":true,\"b\":false}"), "1:[true][false] "},
	{"what no column names is not looked at", LINES, "a", NULL,
		TEXT("{\"x\":{\"a\":[1,{\"a\":2}]},\"a\":\"1\",\"y\":[\"\\ud800\"],\"x\":0}"), "1:[1] "},
	{"but must be JSON", LINES, "a", NULL, TEXT("{\"a\":\"1\",\"x\":01}"), "1:json.syntax/14 "},
	{"dots lead into objects", LINES, "payee.name|amt|payee.acct.no", NULL,
		TEXT("{\"amt\":\"1.00\",\"payee\":{\"acct\":{\"no\":\"62\"},\"name\":\"n\"}}"), "1:[n][1.00][62] "},
	{"an object that is null has nothing", LINES, "p.a|b", NULL, TEXT("{\"p\":null,\"b\":\"1\"}"), "1:[-][1] "},
	{"a name with a dot is no path", LINES, "p.a", NULL, TEXT("{\"p.a\":\"1\"}"), "1:[-] "},
	{"escapes become characters", LINES, "a|b", NULL, TEXT("{\"a\":\"\\u738b\\n\\\"\",\"b\":\"x\\/y\"}"),
		"1:[<E7><8E><8B><0A>\"][x/y] "},
	{"UTF-8 is taken as it is", LINES, "\xe5\x90\x8d", NULL, TEXT("{\"\xe5\x90\x8d\":\"\xe7\x8e\x8b\"}"),
		"1:[<E7><8E><8B>] "},
	{"a name may be written with escapes", LINES, "id", NULL, TEXT("{\"\\u0069d\":\"1\"}"), "1:[1] "},
	{"a name whose escapes are no text is nobody's", LINES, "id", NULL,
		TEXT("{\"\\u0000\":\"1\",\"id\":\"2\"}"), "1:[2] "},
	{"a NUL in a column is refused", LINES, "a", NULL, TEXT("{\"a\":\"x\\u0000\"}"), "1:json.string/1 "},
	{"half a pair in a column is refused", LINES, "a", NULL, TEXT("{\"a\":\"\\ud83d\"}"), "1:json.string/0 "},
	{"an object where a text is wanted is refused", LINES, "a|p.b", NULL,
		TEXT("{\"a\":{\"x\":1}}\n{\"p\":{\"b\":{}}}"),
		"1:json.kind/a 2:json.kind/p.b "},
	{"an array where a text is wanted is refused", LINES, "a", NULL, TEXT("{\"a\":[]}"), "1:json.kind/a "},
	{"a list is its array as it stands", LINES, "a[]|p.b[]", NULL,
		TEXT("{\"a\":[ {\"x\":1.50},2],\"p\":{\"b\":[]}}\n{\"a\":null}"), "1:[[ {\"x\":1.50},2]][[]] 2:[-][-] "},
	{"a text where a list is wanted is refused", LINES, "a[]", NULL, TEXT("{\"a\":\"x\"}"), "1:json.kind/a[] "},
	{"an object where a list is wanted is refused", LINES, "a[]", NULL, TEXT("{\"a\":{}}"), "1:json.kind/a[] "},
	{"a text where an object is wanted is refused", LINES, "p.b", NULL, TEXT("{\"p\":\"x\"}"), "1:json.kind/p "},
	{"a column that stands twice is refused", LINES, "a|b", NULL,
		TEXT("{\"a\":\"1\",\"b\":\"2\",\"a\":\"1\"}\n{\"a\":\"3\"}"),
		"1:json.duplicate/a 2:[3][-] "},
	{"so it is when one is null, or written with escapes", LINES, "a", NULL,
		TEXT("{\"a\":null,\"a\":\"1\"}\n{\"a\":\"1\",\"\\u0061\":\"2\"}"),
		"1:json.duplicate/a 2:json.duplicate/a "},
	{"an object that stands twice is refused", LINES, "p.a|p.b", NULL,
		TEXT("{\"p\":{\"a\":\"1\"},\"p\":{\"b\":\"2\"}}"),
		"1:json.duplicate/p "},
	{"a record is an object", LINES, "a", NULL, TEXT("[{\"a\":\"1\"}]\n\"a\"\n12\nnull\n"),
		"1:json.record 2:json.record 3:json.record 4:json.record "},
	{"what is no record and no JSON is no JSON", LINES, "a", NULL,
		TEXT("[1,]\nnul\n"), "1:json.syntax/3 2:json.syntax/0 "},
	{"two records on a line are none", LINES, "a", NULL, TEXT("{\"a\":\"1\"}{\"a\":\"2\"}\n"), "1:json.syntax/9 "},
	{"a record over two lines is two bad rows and no other", LINES, "a", NULL,
		TEXT("{\"a\":\n\"1\"}\n{\"a\":\"2\"}\n"),
		"1:json.syntax/5 2:json.syntax/3 3:[2] "},
	{"GBK is not UTF-8", LINES, "a", NULL, TEXT("{\"a\":\"\xcd\xf5\"}\n{\"a\":\"2\"}\n"), "1:json.utf8/6 2:[2] "},
	{"a NUL byte is no JSON", LINES, "a", NULL, TEXT("{\"a\":\"\0\"}\n"), "1:json.syntax/6 "},
	{"a record is 32 deep", LINES, "a", NULL,
		TEXT("{\"x\":" FIVE FIVE FIVE FIVE FIVE FIVE "{}" ENDS5 ENDS5 ENDS5 ENDS5 ENDS5 ENDS5 "}"), "1:[-] "},
	{"and no deeper", LINES, "a", NULL,
		TEXT("{\"x\":" FIVE FIVE FIVE FIVE FIVE FIVE "{\"x\":{}}" ENDS5 ENDS5 ENDS5 ENDS5 ENDS5 ENDS5 "}"),
		"1:json.depth/160 "},
	{"heads of lines have columns of their own", LINES, "a", "n.sum|count",
		TEXT("{\"count\":2,\"n\":{\"sum\":\"3.00\"}}\n{\"a\":\"1\"}\n"), "1:[3.00][2] 2:[1] "},

	{"a document may be an array", ARRAY, "a", NULL, TEXT("[{\"a\":\"1\"},{\"a\":\"2\"}]"), "1:[1] 1:[2] "},
	{"blanks may stand anywhere between", ARRAY, "a", NULL,
		TEXT("\xef\xbb\xbf \n[\n  {\n    \"a\": \"1\"\n  } ,\n\n  {\"a\":\"2\"}\n]\n\n"), "3:[1] 7:[2] "},
	{"an empty array has no rows", ARRAY, "a", NULL, TEXT(" [ ] \n"), ""},
	{"the array may stand in an object", DATA, "a", NULL,
		TEXT("{\"x\":{\"data\":[0]},\"data\":[{\"a\":\"1\"}],\"y\":[1]}"),
		"1:[1] "},
	{"the array may stand deep", DEEP, "a", NULL,
		TEXT("{\"x\":1,\"a\":{\"y\":2,\"b\":[{\"a\":\"1\"},{\"a\":\"2\"}],\"z\":{}},\"w\":null}"),
		"1:[1] 1:[2] "},
	{"an empty array in an object has no rows", DEEP, "a", NULL, TEXT("{\"a\":{\"b\":[]}}"), ""},
	{"items that are no objects are bad rows and no other", ARRAY, "a", NULL,
		TEXT("[1,\"x\",null,[{\"a\":\"1\"}],-1.5e3 ,{\"a\":\"2\"}]"),
		"1:json.record 1:json.record 1:json.record 1:json.record 1:json.record 1:[2] "},
	{"a record of the wrong kind is a bad row and no other", ARRAY, "a", NULL, TEXT("[{\"a\":{}},{\"a\":\"2\"}]"),
		"1:json.kind/a 1:[2] "},
	{"what breaks in a document is one bad row to its end", ARRAY, "a", NULL,
		TEXT("[{\"a\":\"1\"},\n{\"a\":01},{\"a\":\"3\"}]"), "1:[1] 2:json.syntax/6 "},
	{"bytes that are not UTF-8 end a document", ARRAY, "a", NULL, TEXT("[{\"a\":\"\xcd\xf5\"},{\"a\":\"3\"}]"),
		"1:json.utf8/6 "},
	{"a document that is cut off in a record ends in a bad row", ARRAY, "a", NULL,
		TEXT("[{\"a\":\"1\"},{\"a\":\"2"),
		"1:[1] 1:json.syntax/7 "},
	{"a document that is cut off behind a record does not have that record", ARRAY, "a", NULL,
		TEXT("[{\"a\":\"1\"},{\"a\":\"2\"}"), "1:[1] 1:json.syntax/9 "},
	{"a document that is cut off behind a comma ends in a bad row", ARRAY, "a", NULL, TEXT("[{\"a\":\"1\"},\n"),
		"1:[1] 1:json.syntax/0 "},
	{"a document that is cut off behind a bracket is a bad row", ARRAY, "a", NULL, TEXT("[ "), "1:json.syntax/0 "},
	{"a comma is missing", ARRAY, "a", NULL, TEXT("[{\"a\":\"1\"} {\"a\":\"2\"}]"), "1:json.syntax/10 "},
	{"a comma is too much", ARRAY, "a", NULL, TEXT("[{\"a\":\"1\"},]"), "1:[1] 1:json.syntax/0 "},
	{"a bracket where a comma is missing begins no records", ARRAY, "a", NULL,
		TEXT("[{\"a\":\"1\"}[{\"a\":\"2\"}]]"),
		"1:json.syntax/9 "},
	{"a document that is cut off behind its records ends in a bad row", DEEP, "a", NULL,
		TEXT("{\"a\":{\"b\":[{\"a\":\"1\"}]}"), "1:[1] 1:json.syntax/2 "},
	{"something behind a document is a bad row", ARRAY, "a", NULL,
		TEXT("[{\"a\":\"1\"}] []"), "1:[1] 1:json.syntax/2 "},
	{"an empty document is none", ARRAY, "a", NULL, TEXT(""), "json.syntax/0"},
	{"a document of blanks is none", DATA, "a", NULL, TEXT("  \n"), "json.syntax/3"},
	{"a document without the array is not read", DATA, "a", NULL,
		TEXT("{\"dota\":[{\"a\":\"1\"}]}"), "json.no_records/data"},
	{"nor is one in which it is another thing", DATA, "a", NULL,
		TEXT("{\"data\":{\"a\":\"1\"}}"), "json.kind/data"},
	{"nor one that is another thing", ARRAY, "a", NULL, TEXT("{\"a\":\"1\"}"), "json.no_records//"},
	{"nor one that is an array where a path is wanted", DATA, "a", NULL,
		TEXT("[{\"a\":\"1\"}]"), "json.no_records/data"},
	{"nor one that breaks before its records", DATA, "a", NULL,
		TEXT("{\"x\":nil,\"data\":[{\"a\":\"1\"}]}"), "json.syntax/5"},
	{"nor one whose path stands twice", DEEP, "a", NULL, TEXT("{\"a\":{},\"a\":{\"b\":[{\"a\":\"1\"}]}}"),
		"json.duplicate/a"},
	{"a second array of records is a bad row", DATA, "a", NULL,
		TEXT("{\"data\":[{\"a\":\"1\"}],\"data\":[{\"a\":\"2\"}]}"),
		"1:[1] 1:json.behind/data "},

	{"columns outside are those of the first row", DATA, "a", "sum|meta.count",
		TEXT("{\"x\":[],\"meta\":{\"count\":2,\"z\":0},\n\"sum\":\"3.00\",\"data\":\n"
			"[{\"a\":\"1\"},{\"a\":\"2\"}],\"y\":{}}"),
		"1:[3.00][2] 3:[1] 3:[2] "},
	{"columns may stand beside a deep array", DEEP, "a", "a.n|a.m",
		TEXT("{\"a\":{\"n\":\"5\",\"b\":[{\"a\":\"1\"}]}}"),
		"1:[5][-] 1:[1] "},
	{"an empty array still has what stands before it", DATA, "a", "n", TEXT("{\"n\":\"0\",\"data\":[]}"), "1:[0] "},
	{"a column behind the records is not believed", DATA, "a", "n",
		TEXT("{\"data\":[{\"a\":\"1\"}],\"x\":0,\"\\u006e\":\"1\"}"),
		"1:[-] 1:[1] 1:json.behind/n "},
	{"nor is one above an array that is deep", DEEP, "a", "n|a.n", TEXT("{\"a\":{\"b\":[],\"m\":1},\"n\":\"1\"}"),
		"1:[-][-] 1:json.behind/n "},
	{"nor one beside it", DEEP, "a", "n|a.n", TEXT("{\"a\":{\"b\":[],\"n\":1}}"), "1:[-][-] 1:json.behind/a.n "},
	{"a name of the other level is another name", DEEP, "a", "a.n", TEXT("{\"a\":{\"b\":[]},\"n\":1}"), "1:[-] "},
	{"a column outside that stands twice is refused", DATA, "a", "n",
		TEXT("{\"n\":1,\"n\":1,\"data\":[{\"a\":\"1\"}]}"),
		"1:json.duplicate/n 1:[1] "},
};

static void files_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct codec_format *f = format_of(cases[i].settings, cases[i].line, cases[i].head);

		check_file(f, cases[i].head != NULL, (struct span){cases[i].text, cases[i].n}, cases[i].want,
			cases[i].name);
		f->codec->format_free(f);
	}
}

static void a_record_is_not_a_head_and_a_head_is_no_record(void **state)
{
	struct codec_format *f = format_of(DATA, "n", "n|m");
	struct text_input in = text_input(SPAN("{\"n\":\"5\",\"data\":[{\"n\":\"1\"}]}"), 0);
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	FAILS(e, "json.record", f->codec->cut(r, 0, &row, &e));
	OK(e, f->codec->cut(r, 1, &row, &e));
	assert_span(row.cells[0], "5");
	assert_int_equal(f->codec->next(r, &row, &e), 1);
	OK(e, f->codec->cut(r, 1, &row, &e));
	assert_int_equal(row.ncells, 2);
	assert_null(row.cells[0].p);
	OK(e, f->codec->cut(r, 0, &row, &e));
	assert_int_equal(row.ncells, 1);
	assert_span(row.cells[0], "1");
	f->codec->close(r);
	f->codec->format_free(f);
}

/* {"a":"xxx"} of n bytes. */
static void add_record(struct buf *b, size_t n)
{
	const size_t from = b->n;

	buf_str(b, "{\"a\":\"");
	while (b->n - from < n - 2)
		buf_c(b, 'x');
	buf_str(b, "\"}");
}

/* Of a reading with long cells: "1:ok 2:codec.too_long ". */
static void check_long(const char *settings, const struct buf *file, const char *want)
{
	static const size_t steps[] = {SIZE_MAX, 100000, 4099};

	for (size_t s = 0; s < COUNT(steps); s++) {
		struct codec_format *f = format_of(settings, "a", NULL);
		struct text_input in = text_input_failing(buf_as_span(file), steps[s], file->n / 2);
		struct buf shown = BUF_INIT;
		struct codec_reader *r;
		struct row row;
		struct err e = ERR_INIT;
		uint64_t end = 0;
		int got;

		OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
		while ((got = f->codec->next(r, &row, &e)) == 1 || (got < 0 && e.id == E_DISK_FULL)) {
			if (got < 0) {
				e = ERR_INIT;
				continue;
			}
			e = row.bad;
			buf_printf(&shown, "%llu:%s ", (unsigned long long)row.line,
				e.id != E_NONE || f->codec->cut(r, 0, &row, &e) ? err_code(e.id)->name : "ok");
			assert_true(row.raw.n <= CODEC_RECORD_MAX);
			assert_memory_equal(row.raw.p, file->p + row.offset, row.raw.n);
			if (e.id != E_NONE)
				assert_true(row.raw.n <= 65536);
			end = row.end;
		}
		if (got < 0)
			buf_str(&shown, err_code(e.id)->name);
		else
			assert_true(end <= file->n);
		assert_string_equal(buf_text(&shown), want);
		buf_done(&shown);
		f->codec->close(r);
		f->codec->format_free(f);
	}
}

static void a_record_has_256_kib(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	add_record(&b, CODEC_RECORD_MAX);
	buf_str(&b, "\r\n");
	add_record(&b, CODEC_RECORD_MAX + 1);
	buf_str(&b, "\n{}\n");
	add_record(&b, 3 * CODEC_RECORD_MAX);
	buf_str(&b, "\n");
	add_record(&b, CODEC_RECORD_MAX);
	check_long(LINES, &b, "1:ok 2:codec.too_long 3:ok 4:codec.too_long 5:ok ");

	buf_clear(&b);
	buf_str(&b, "[");
	add_record(&b, CODEC_RECORD_MAX);
	buf_str(&b, ",\n");
	add_record(&b, 100);
	buf_str(&b, "]");
	check_long(ARRAY, &b, "1:ok 2:ok ");

	for (size_t n = CODEC_RECORD_MAX + 1; n < 4 * CODEC_RECORD_MAX; n *= 3) {
		buf_clear(&b);
		buf_str(&b, "[{},\n");
		add_record(&b, n);
		buf_str(&b, ",{}]");
		check_long(ARRAY, &b, "1:ok 2:json.too_long ");
	}
	buf_clear(&b);
	buf_str(&b, "[{},\n");
	add_record(&b, CODEC_RECORD_MAX + 1);
	check_long(ARRAY, &b, "1:ok 2:json.syntax ");
	buf_done(&b);
}

static void what_stands_about_the_records_has_256_kib(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_str(&b, "{\"x\":");
	add_record(&b, CODEC_RECORD_MAX - 100);
	buf_str(&b, ",\"data\":[{}],\"y\":");
	add_record(&b, CODEC_RECORD_MAX - 100);
	buf_str(&b, "}");
	check_long(DATA, &b, "1:ok ");
	buf_clear(&b);
	buf_str(&b, "{\"x\":");
	add_record(&b, 2 * CODEC_RECORD_MAX);
	buf_str(&b, ",\"data\":[{}]}");
	check_long(DATA, &b, "json.too_long");
	buf_clear(&b);
	buf_str(&b, "{\"data\":[{}],\"y\":");
	add_record(&b, 2 * CODEC_RECORD_MAX);
	buf_str(&b, "}");
	check_long(DATA, &b, "1:ok 1:json.too_long ");
	buf_done(&b);
}

/* Records about the edges of what is read at once. */
static void a_long_document_is_read_record_by_record(void **state)
{
	struct buf b = BUF_INIT, want = BUF_INIT;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		buf_str(&b, i ? ",\n" : "{\"data\":\n[");
		add_record(&b, 100 + i * 37 % 401);
		buf_printf(&want, "%u:ok ", i + 2);
	}
	buf_str(&b, "]}");
	check_long(DATA, &b, buf_text(&want));
	buf_done(&b);
	buf_done(&want);
}

static void write_row(const struct codec_format *f, unsigned kind, const char *list, struct buf *b)
{
	struct span cells[16];
	struct err e = ERR_INIT;
	unsigned n = 0;

	while (list) {
		const size_t len = strcspn(list, "|");

		cells[n++] = (struct span){list, len};
		list = list[len] ? list + len + 1 : NULL;
	}
	OK(e, f->codec->write(f, kind, cells, n, b, &e));
}

static void rows_are_written(void **state)
{
	static const struct {
		const char *name, *columns, *cells, *want;
	} rows[] = {
		{"keys are the columns in their order", "b|a", "1|2", "{\"b\":\"1\",\"a\":\"2\"}\n"},
		{"an absent cell is an empty text", "a|b", "|x", "{\"a\":\"\",\"b\":\"x\"}\n"},
		{"dots make objects, each once", "p.name|amt|p.acct.no|q", "n|1.00|62|z",
			"{\"p\":{\"name\":\"n\",\"acct\":{\"no\":\"62\"}},\"amt\":\"1.00\",\"q\":\"z\"}\n"},
		{"what must be escaped is", "a\"b", "\"\\\n", "{\"a\\\"b\":\"\\\"\\\\\\n\"}\n"},
		{"UTF-8 stays as it is", "\xe5\x90\x8d", "\xe7\x8e\x8b", "{\"\xe5\x90\x8d\":\"\xe7\x8e\x8b\"}\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct codec_format *f = format_of(LINES, rows[i].columns, NULL);
		struct buf b = BUF_INIT;

		f->codec->begin(f, &b);
		write_row(f, 0, rows[i].cells, &b);
		f->codec->end(f, &b);
		if (strcmp(buf_text(&b), rows[i].want) != 0)
			fail_msg("%s:\n got  %s want %s", rows[i].name, buf_text(&b), rows[i].want);
		buf_done(&b);
		f->codec->format_free(f);
	}
}

static void each_kind_is_written_with_its_own_names(void **state)
{
	struct codec_format *f = format_of(LINES, "a|b", "count");
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	write_row(f, 1, "2", &b);
	write_row(f, 0, "x|y", &b);
	FAILS(e, "codec.cells", f->codec->write(f, 1, (struct span[]){SPAN("a"), SPAN("b")}, 2, &b, &e));
	FAILS(e, "codec.cells", f->codec->write(f, 7, (struct span[]){SPAN("a")}, 1, &b, &e));
	FAILS(e, "text.invalid", f->codec->write(f, 0, (struct span[]){SPAN("a"), SPAN("b\xff")}, 2, &b, &e));
	FAILS(e, "text.nul", f->codec->write(f, 0, (struct span[]){SPAN("a\0b"), SPAN("b")}, 2, &b, &e));
	assert_string_equal(buf_text(&b), "{\"count\":\"2\"}\n{\"a\":\"x\",\"b\":\"y\"}\n");
	buf_done(&b);
	f->codec->format_free(f);
}

static void settings_are_checked(void **state)
{
	static const struct {
		const char *name, *settings;
		enum charset charset;
		const char *kind, *columns, *want;
	} rows[] = {
		{"lines is what counts when left out", "{}", CHARSET_UTF8, "line", "a|b.c|b.d", ""},
		{"JSON is UTF-8", "{records: lines}", CHARSET_GBK, NULL, NULL, "codec.json_charset"},
		{"another word is refused", "{records: rows}", CHARSET_UTF8, NULL, NULL, "conf.choice"},
		{"lines have no array", "{records: lines, at: data}", CHARSET_UTF8, NULL, NULL, "conf.unknown_key"},
		{"a document has no blank rows", "{records: array, blank_rows: skip}", CHARSET_UTF8, NULL, NULL,
			"conf.unknown_key"},
		{"a path has names", "{records: array, at: ''}", CHARSET_UTF8, NULL, NULL, "codec.json_path"},
		{"all of them", "{records: array, at: a..b}", CHARSET_UTF8, NULL, NULL, "codec.json_path"},
		{"a column has names too", "{}", CHARSET_UTF8, "line", "a.", "codec.json_path"},
		{"a column stands once", "{}", CHARSET_UTF8, "line", "a|b|a", "codec.json_path"},
		{"a list is no text", "{}", CHARSET_UTF8, "line", "a|a[]", "codec.json_path"},
		{"a list stands at the end of a path", "{}", CHARSET_UTF8, "line", "a[]|a[].b|a.b", "codec.json_path"},
		{"a column is not below another", "{}", CHARSET_UTF8, "line", "a|a.b", "codec.json_path"},
		{"a column is not above another", "{}", CHARSET_UTF8, "line", "a.b.c|a.b", "codec.json_path"},
		{"a path is 30 names long", "{}", CHARSET_UTF8, "line",
			"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", ""},
		{"and no longer", "{}", CHARSET_UTF8, "line",
		"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a",
			"codec.json_path"},
		{"a head may stand beside the array", DEEP, CHARSET_UTF8, "head", "n|a.n", ""},
		{"not in it", DEEP, CHARSET_UTF8, "head", "a.b.n", "codec.json_path"},
		{"nor above it", DEEP, CHARSET_UTF8, "head", "a", "codec.json_path"},
		{"a record may have names like the path's", DEEP, CHARSET_UTF8, "line", "a.b.n|b", ""},
		{"nothing stands outside a document that is an array", ARRAY, CHARSET_UTF8, "head", "n",
		"codec.json_outside"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct findings f;
		struct codec_format *format;

		findings_init(&f);
		format = rows_compile("json", rows[i].settings, rows[i].charset, &f);
		if (format && rows[i].kind)
			assert_int_equal(rows_columns(format, rows[i].kind, rows[i].columns, &f), rows[i].want[0] ? -1 : 0);
		if (f.count != (rows[i].want[0] ? 1u : 0u) ||
			(f.first && strcmp(err_code(f.first->err.id)->name, rows[i].want) != 0)) {
			findings_print(&f, ERR_EN, 0, stderr);
			fail_msg("%s: %u findings", rows[i].name, f.count);
		}
		assert_true(format || rows[i].want[0]);
		if (format)
			format->codec->format_free(format);
		findings_done(&f);
	}
}

/* How a text of the public suite fares as a document: an array is read whole, of all else it is found out that it is
 * none. */
static const char *judge(const struct codec_format *f, struct span text, unsigned *rows)
{
	struct text_input in = text_input(text, 5);
	const char *ret = "";
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;
	int got;

	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	for (*rows = 0; (got = f->codec->next(r, &row, &e)) == 1; ++*rows)
		if (row.bad.id != E_NONE)
			ret = err_code(row.bad.id)->name;
	if (got < 0)
		ret = err_code(e.id)->name;
	f->codec->close(r);
	return ret;
}

static bool is_refusal(const char *code)
{
	return strcmp(code, "json.syntax") == 0 || strcmp(code, "json.utf8") == 0 || strcmp(code, "json.depth") == 0;
}

static void the_public_suite_is_judged_as_its_names_say(void **state)
{
	static const char path[] = SHARED_DIR "/suites/json-parsing";
	struct codec_format *array = format_of(ARRAY, "a", NULL), *lines = format_of(LINES, "a", NULL);
	unsigned y = 0, n = 0, i = 0, i_taken = 0, objects = 0, wrong = 0, rows;
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	char **names = NULL;
	int fd;

	(void)state;
	if (access(path, R_OK) != 0) {
		print_message("no suite at %s: skipped\n", path);
		skip();
	}
	OK(e, fsys_open_dir(AT_FDCWD, path, &fd, &e));
	OK(e, fsys_list(AT_FDCWD, path, &names, &e));
	for (char **name = names; *name; name++) {
		const char kind = **name;
		const char *code, *of_line;

		if (!span_ends(span_of(*name), SPAN(".json")))
			continue;
		buf_clear(&text);
		OK(e, fsys_get(fd, *name, 1 << 20, &text, &e));
		code = judge(array, buf_as_span(&text), &rows);
		y += kind == 'y';
		n += kind == 'n';
		i += kind == 'i';
		i_taken += kind == 'i' && !is_refusal(code);
		if ((kind == 'y' && is_refusal(code)) || (kind == 'n' && !is_refusal(code))) {
			print_message("%s as a document: %s\n", *name, code);
			wrong++;
		}
		/* The same text on one line is one row: a record, where it is an object. */
		if (kind == 'i' || memchr(buf_as_span(&text).p, '\n', text.n) || text.n == 0 || strstr(*name,
		"single_space"))
			continue;
		{
			struct rows got = read_from(lines, false, buf_as_span(&text), begin, SIZE_MAX, 0);

			of_line = buf_text(&got.shown);
			objects += kind == 'y' && strncmp(of_line, "1:[", 3) == 0;
			if ((kind == 'y' && strstr(of_line, "1:json.s")) || (kind == 'n' && strncmp(of_line,
		"1:[", 3) == 0) ||
				(kind == 'n' && strstr(of_line, "json.record"))) {
				print_message("%s as a line: %s\n", *name, of_line);
				wrong++;
			}
			rows_done(&got);
		}
	}
	close(fd);
	fsys_list_free(names);
	buf_done(&text);
	array->codec->format_free(array);
	lines->codec->format_free(lines);
	print_message("y_ %u accepted, %u of them as a record on a line, n_ %u refused, i_ %u of which %u "
		"accepted; wrong: %u\n", y,
		objects, n, i, i_taken, wrong);
	assert_int_equal(wrong, 0);
	assert_true(y > 90 && n > 180);
}

/* ---- in forms ---- */

static struct form *load(struct library *l, const char *text, struct findings *f)
{
	char path[] = "/tmp/json_test.XXXXXX";
	struct form *form;
	int fd = mkstemp(path);

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	form = form_load(l, path, f);
	unlink(path);
	return form;
}

#define OUT "form: out\nevents: [payment.published.v1]\ncharset: utf-8\nfile: {name: \"a\"}\nline: [data.unit]\n"
#define IN "form: in\nevent: payment.published.v1\nnature: report\ncharset: utf-8\n"                                    \
	"file: {name: \"{month:yyyyMM}.json\"}\nidentity: {record: number}\n"                                       \
	"map: {month: file.month, unit: site.unit, payee.name: line.payee.name,\n"                                    \
	"  amount: {from: line.amt, as: yuan}, currency: {value: CNY}}\n"

static void forms_say_what_the_codec_cannot(void **state)
{
	static const struct {
		const char *form, *want;
	} rows[] = {
		{OUT "codec: {json: {records: lines}}\n", ""},
		{OUT "codec: {json: {records: array}}\n", "form.reads_only"},
		{IN "codec: {json: {}}\nkinds: {line: {columns: [payee.name, amt]}}\n", ""},
		{IN "codec: {json: {}}\nheader: {find: {payee.name: a, amt: b}}\n", "form.needs_kinds"},
	};
	struct library *l = library_new();

	(void)state;
	library_add(l, SOURCE_DIR);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct findings f;
		struct form *form;

		findings_init(&f);
		form = load(l, rows[i].form, &f);
		assert_int_equal(f.count, rows[i].want[0] ? 1 : 0);
		if (f.count)
			assert_string_equal(err_code(f.first->err.id)->name, rows[i].want);
		else
			assert_non_null(form);
		form_free(form);
		findings_done(&f);
	}
	library_free(l);
}

/* Shows the records from where `saved` says, and saves behind each of them. */
static unsigned read_on(struct library *l, const struct form *form, struct span file, const json_t *saved,
	struct buf *shown, struct buf *saves)
{
	const size_t from = (size_t)json_integer_value(json_object_get(saved, "offset"));
	struct text_input in = text_input((struct span){file.p + from, file.n - from}, 3);
	struct reader_setup setup = {.form = form, .library = l, .input = &in.in, .shown = "test",
		.name = SPAN("202612.json"), .digest = SPAN("0"), .saved = saved};
	struct reading g = {.kind = READ_SKIPPED};
	struct reader *r;
	struct err e = ERR_INIT;
	unsigned n = 0;

	OK(e, reader_open(&setup, &r, &e));
	while (g.kind != READ_END) {
		OK(e, reader_next(r, &g, &e));
		if (g.kind == READ_RECORD)
			buf_printf(shown, "%llu:%s:%lld ", (unsigned long long)g.number,
				g.bad.id ? err_code(g.bad.id)->name : "ok", (long long)g.events[0].fen);
		if (saves && g.kind != READ_END) {
			buf_clear(&saves[n]);
			reader_save(r, &saves[n]);
			n++;
		}
	}
	reader_close(r);
	return n;
}

static void a_document_goes_on_from_each_of_its_records(void **state)
{
	static const char form_text[] = IN "codec: {json: {records: array, at: d.rows}}\n"
		"release: batch\ndeclares: {count: head.d.n}\n"
		"kinds:\n  head: {when: first, columns: [d.n]}\n  line: {columns: [payee.name, amt]}\n";
	const struct span file = SPAN("{\"d\":{\"n\":3,\"rows\":[{\"amt\":\"1.00\",\"payee\":{\"name\":\"a\"}},\n "
		"{\"amt\":2.00,\"payee\":{\"name\":\"b\"}} , {\"amt\":\"3\"}],\"x\":0}}");
	struct library *l = library_new();
	struct buf saves[8] = {BUF_INIT}, all = BUF_INIT;
	struct findings f;
	struct form *form;
	unsigned n;

	(void)state;
	library_add(l, SOURCE_DIR);
	free(l->site_unit);
	l->site_unit = mem_text(SPAN("602001"));
	findings_init(&f);
	form = load(l, form_text, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	n = read_on(l, form, file, NULL, &all, saves);
	assert_int_equal(n, 4);
	assert_string_equal(buf_text(&all), "1:ok:100 2:ok:200 3:map.missing:0 ");
	for (unsigned i = 0; i < n; i++) {
		json_t *saved = json_loadb(saves[i].p, saves[i].n, 0, NULL);
		struct buf rest = BUF_INIT;

		assert_non_null(saved);
		read_on(l, form, file, saved, &rest, NULL);
		assert_string_equal(buf_text(&rest), buf_text(&all) + all.n - rest.n);
		assert_int_equal(rest.n, i == 0 ? all.n : i == 1 ? all.n - 9 : i == 2 ? all.n - 18 : 0);
		buf_done(&rest);
		json_decref(saved);
	}
	for (unsigned i = 0; i < n; i++)
		buf_done(&saves[i]);
	buf_done(&all);
	form_free(form);
	findings_done(&f);
	library_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(a_record_is_not_a_head_and_a_head_is_no_record),
		cmocka_unit_test(a_record_has_256_kib),
		cmocka_unit_test(what_stands_about_the_records_has_256_kib),
		cmocka_unit_test(a_long_document_is_read_record_by_record),
		cmocka_unit_test(rows_are_written),
		cmocka_unit_test(each_kind_is_written_with_its_own_names),
		cmocka_unit_test(settings_are_checked),
		cmocka_unit_test(forms_say_what_the_codec_cannot),
		cmocka_unit_test(a_document_goes_on_from_each_of_its_records),
		cmocka_unit_test(the_public_suite_is_judged_as_its_names_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
