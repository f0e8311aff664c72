/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"

static struct conf_file *parse(const char *text, struct findings *f)
{
	findings_init(f);
	return conf_parse("f", span_of(text), f);
}

/* Every finding as "line:column code", joined by "; ". */
static const char *listed(const struct findings *f, struct buf *b)
{
	buf_clear(b);
	for (const struct finding *x = f->first; x; x = x->next)
		buf_printf(b, "%s%u:%u %s", b->n ? "; " : "", x->line, x->column, err_code(x->err.id)->name);
	return buf_text(b);
}

/* The tree as text: scalars bare or in quotes, with their places. */
static void draw(const struct conf *c, bool places, struct buf *b)
{
	if (c->key.p) {
		buf_printf(b, "%.*s", SPAN_F(c->key));
		if (places)
			buf_printf(b, "@%u:%u", c->key_line, c->key_column);
		buf_str(b, "=");
	}
	if (c->kind == CONF_SCALAR) {
		assert_int_equal(c->text.p[c->text.n], 0);
		buf_printf(b, c->quoted ? "'%.*s'" : "%.*s", SPAN_F(c->text));
	} else {
		buf_c(b, c->kind == CONF_LIST ? '[' : '{');
		for (const struct conf *x = c->first; x; x = x->next) {
			draw(x, places, b);
			buf_str(b, x->next ? " " : "");
		}
		buf_c(b, c->kind == CONF_LIST ? ']' : '}');
	}
	if (places)
		buf_printf(b, "@%u:%u", c->line, c->column);
}

static const struct {
	const char *name, *text, *want;
} trees[] = {
	{"block style", "a: 1\nb:\n  - x\n  - y: z\n", "{a=1 b=[x {y=z}]}"},
	{"flow style", "a: {b: c, d: [1, {e: f}, [g]]}\n", "{a={b=c d=[1 {e=f} [g]]}}"},
	{"a pair in a list is a mapping", "[a: b, c]", "[{a=b} c]"},
	{"quoted scalars are known", "a: 'x'\nb: \"1\"\nc: 1\nd: |\n  x\n", "{a='x' b='1' c=1 d='x\n'}"},
	{"block scalars", "a: |-\n  x\n  y\nb: >-\n  p\n  q\n", "{a='x\ny' b='p q'}"},
	{"words of other versions are text", "a: yes\nb: no\nc: on\nd: null\ne: ~\nf: 010\ng: 1.50\n",
		"{a=yes b=no c=on d=null e=~ f=010 g=1.50}"},
	{"a value left out is empty text", "a:\nb: {c: , d}\ne:\n  -\n  - x\n", "{a= b={c= d=} e=[ x]}"},
	{"an empty quoted text is quoted", "a: ''\n", "{a=''}"},
	{"empty list and mapping", "a: []\nb: {}\n", "{a=[] b={}}"},
	{"JSON keeps strings and numbers apart",
		"{\"a\": \"1\", \"b\": 1, \"c\": -1.5e3, \"d\": true, \"e\": null, \"f\": \"true\", \"g\":{\"h\":[]}}",
		"{a='1' b=1 c=-1.5e3 d=true e=null f='true' g={h=[]}}"},
	{"JSON escapes", "{\"\\u4e2d\": \"\\u4e2d\\n\\\"\\\\\\/\\ud83d\\ude00\\t\"}", "{中='中\n\"\\/😀\t'}"},
	{"DEL is a character of JSON", "[\"\x7f\"]", "['\x7f']"},
	{"JSON indented by tabs", "{\n\t\"a\": [\n\t\t1\n\t]\n}\n", "{a=[1]}"},
	{"a URL and a date are text", "a: http://x/y?z=1\nb: 2026-12-01\nc: 12:30\n",
		"{a=http://x/y?z=1 b=2026-12-01 c=12:30}"},
	{"a comment is none", "# x\na: 1 # y\nb: x#y\n", "{a=1 b=x#y}"},
	{"CRLF", "a: 1\r\nb: |\r\n  x\r\n  y\r\nc:\r\n  - 2\r\n", "{a=1 b='x\ny\n' c=[2]}"},
	{"a byte order mark", "\xef\xbb\xbf" "a: 1\n", "{a=1}"},
	{"a byte order mark before JSON", "\xef\xbb\xbf{\"a\":1}", "{a=1}"},
	{"a document with its marks", "---\na: 1\n...\n", "{a=1}"},
	{"no end of line at the end", "a: 中", "{a=中}"},
	{"a root that is a scalar", "abc", "abc"},
	{"a quoted << is a name", "'<<': 1\n", "{<<=1}"},
	{"signs within text are text", "a: x&y\nb: 2*3\nc: a!b\n", "{a=x&y b=2*3 c=a!b}"},
};

static void trees_are_read_as_written(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof trees / sizeof *trees; i++) {
		struct findings f;
		struct conf_file *c = parse(trees[i].text, &f);

		if (!c || f.count)
			fail_msg("%s: %s", trees[i].name, listed(&f, &b));
		buf_clear(&b);
		draw(conf_root(c), false, &b);
		if (strcmp(buf_text(&b), trees[i].want) != 0)
			fail_msg("%s: %s", trees[i].name, buf_text(&b));
		assert_span(conf_source(c), trees[i].text);
		assert_string_equal(conf_path(c), "f");
		conf_close(c);
		findings_done(&f);
	}
	buf_done(&b);
}

static const struct {
	const char *name, *text, *want;
} places[] = {
	{"block", "a: 1\nbb:\n  - x\n  - 'q'\n", "{a@1:1=1@1:4 bb@2:1=[x@3:5 'q'@4:5]@3:3}@1:1"},
	{"flow, quotes and brackets", "{\"a\": [\"b\", c], 'd': {e: f}}",
		"{a@1:2=['b'@1:8 c@1:13]@1:7 d@1:17={e@1:23=f@1:26}@1:22}@1:1"},
	{"characters, not bytes", "税: {甲: x,\t乙: y}\n", "{税@1:1={甲@1:5=x@1:8 乙@1:11=y@1:14}@1:4}@1:1"},
	{"a value left out stands at its key", "a:\nb: 1\n", "{a@1:1=@1:1 b@2:1=1@2:4}@1:1"},
	{"CRLF and mark", "\xef\xbb\xbf" "a: 1\r\nb: 2\r\n", "{a@1:1=1@1:4 b@2:1=2@2:4}@1:1"},
};

static void every_node_knows_its_place(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct findings f;
		struct conf_file *c = parse(places[i].text, &f);

		assert_non_null(c);
		buf_clear(&b);
		draw(conf_root(c), true, &b);
		if (strcmp(buf_text(&b), places[i].want) != 0)
			fail_msg("%s: %s", places[i].name, buf_text(&b));
		conf_close(c);
		findings_done(&f);
	}
	buf_done(&b);
}

static const struct {
	const char *name, *text, *want;
	bool tree;
} refused[] = {
	{"duplicate keys, each with its place", "a: 1\nb: 2\na: 3\nc: {d: 1, 'd': 2}\na: 4\n",
		"4:11 conf.duplicate_key; 3:1 conf.duplicate_key; 5:1 conf.duplicate_key", true},
	{"anchor and alias", "a: &x 1\nb: *x\n", "1:4 conf.reference; 2:4 conf.reference", true},
	{"anchors of lists and mappings", "a: &x [1]\nb: &y {c: 1}\n", "1:4 conf.reference; 2:4 conf.reference", true},
	{"tags", "a: !!str 1\nb: !x [1]\nc: !y {}\n", "1:4 conf.reference; 2:4 conf.reference; 3:4 conf.reference", true},
	{"merge key", "a:\n  <<: {b: c}\n", "2:3 conf.reference", true},
	{"anchored and tagged keys", "&x a: 1\n!!str b: 1\n", "1:1 conf.reference; 2:1 conf.reference", true},
	{"a list as key", "? [a]\n: b\n", "1:3 conf.key", false},
	{"an alias as key", "a: 1\n*x : b\n", "2:1 conf.key", false},
	{"two documents", "a: 1\n---\nb: 2\n", "2:1 conf.documents", false},
	{"an empty file", "", "0:0 conf.empty", false},
	{"a file of comments", "# a\n\n# b\n", "0:0 conf.empty", false},
	{"a byte order mark alone", "\xef\xbb\xbf", "0:0 conf.empty", false},
	{"a tab as indentation", "a:\n\tb: 1\n", "2:1 conf.syntax", false},
	{"a colon too many", "a: b: c\n", "1:5 conf.syntax", false},
	{"an open bracket", "a: [1, 2\n", "2:1 conf.syntax", false},
	{"an open quote", "a: 1\nb: \"x\n", "2:5 conf.syntax", false},
	{"a sign that begins no text", "a: 1\nb: @x\n", "2:4 conf.syntax", false},
	{"half a surrogate pair", "{\"a\": \"\\ud83d\"}", "1:8 conf.syntax", false},
	{"what follows the root", "{\"a\": 1} x", "1:10 conf.syntax", false},
	{"GBK", "a: 1\n税: \xd6\xd0\n", "2:4 conf.not_utf8", false},
	{"GBK within quotes", "a: \"\xd6\xd0\"\n", "1:5 conf.not_utf8", false},
	{"half a character at the end", "a: \xe4\xb8", "1:4 conf.not_utf8", false},
	{"UTF-16", "\xff\xfe" "a", "1:1 conf.not_utf8", false},
	{"a surrogate in UTF-8", "a: \xed\xa0\x80\n", "1:4 conf.not_utf8", false},
	{"a control character", "a: 1\nb: x\x1by\n", "2:5 conf.control", false},
};

/* Whatever libfyaml says goes into the finding. */
static int stderr_to_pipe(int *ret_saved)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	*ret_saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return ends[0];
}

static void what_is_wrong_is_a_finding_with_its_place(void **state)
{
	struct buf b = BUF_INIT, bad = BUF_INIT;
	int saved, from = stderr_to_pipe(&saved);
	char byte;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct findings f;
		struct conf_file *c = parse(refused[i].text, &f);

		if ((c != NULL) != refused[i].tree || strcmp(listed(&f, &b), refused[i].want) != 0)
			buf_printf(&bad, "%s: %s\n", refused[i].name, buf_text(&b));
		conf_close(c);
		findings_done(&f);
	}
	dup2(saved, STDERR_FILENO);
	close(saved);
	if (bad.n)
		fail_msg("%s", buf_text(&bad));
	assert_int_equal(read(from, &byte, 1), 0);
	close(from);
	buf_done(&b);
	buf_done(&bad);
}

static void a_nul_byte_does_not_end_the_file(void **state)
{
	struct findings f;
	struct buf b = BUF_INIT;

	(void)state;
	findings_init(&f);
	assert_null(conf_parse("f", SPAN("a: x\0\nb: 1\n"), &f));
	assert_string_equal(listed(&f, &b), "1:5 conf.control");
	findings_done(&f);
	buf_done(&b);
}

static void a_syntax_finding_says_why_and_a_duplicate_where_the_first_stands(void **state)
{
	struct findings f;

	(void)state;
	assert_null(parse("a: @x\n", &f));
	assert_non_null(strstr(err_arg(&f.first->err, "why"), "'@'"));
	assert_string_equal(f.first->source, "a: @x");
	findings_done(&f);
	conf_close(parse("x: 1\na: 1\na: 2\n", &f));
	assert_string_equal(err_arg(&f.first->err, "key"), "a");
	assert_string_equal(err_arg(&f.first->err, "first"), "2");
	findings_done(&f);
	conf_close(parse("a: &name 1\nb: !!str x\n", &f));
	assert_string_equal(err_arg(&f.first->err, "what"), "&name");
	assert_string_equal(err_arg(&f.first->next->err, "what"), "!!str");
	findings_done(&f);
	conf_close(parse("[*name, <<: 1]\n", &f));
	assert_string_equal(err_arg(&f.first->err, "what"), "*name");
	assert_string_equal(err_arg(&f.first->next->err, "what"), "<<");
	findings_done(&f);
}

static void a_duplicate_is_not_reported_as_unknown_too(void **state)
{
	struct findings f;
	struct conf_file *c = parse("a: 1\na: 2\n", &f);

	(void)state;
	conf_get(conf_root(c), "a");
	conf_unknown(conf_root(c), &f);
	assert_int_equal(f.count, 1);
	conf_close(c);
	findings_done(&f);
}

static void depth_is_limited(void **state)
{
	struct findings f;
	struct buf text = BUF_INIT, b = BUF_INIT;
	struct conf_file *c;

	(void)state;
	for (int i = 0; i < 64; i++)
		buf_c(&text, '[');
	for (int i = 0; i < 64; i++)
		buf_c(&text, ']');
	c = parse(buf_text(&text), &f);
	assert_non_null(c);
	conf_close(c);
	findings_done(&f);
	buf_clear(&text);
	for (int i = 0; i < 1000000; i++)
		buf_c(&text, '[');
	assert_null(parse(buf_text(&text), &f));
	assert_string_equal(listed(&f, &b), "1:65 conf.too_deep");
	findings_done(&f);
	buf_done(&text);
	buf_done(&b);
}

static void files_are_opened_and_limits_hold(void **state)
{
	char dir[] = "/tmp/conf_test.XXXXXX", path[64];
	struct findings f;
	struct buf b = BUF_INIT;
	struct conf_file *c;
	FILE *to;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/a.yaml", dir);
	findings_init(&f);
	assert_null(conf_open(path, &f));
	assert_null(conf_open(dir, &f));
	assert_string_equal(listed(&f, &b), "0:0 conf.unreadable; 0:0 conf.unreadable");
	assert_string_equal(f.first->err.where, path);
	findings_done(&f);

	to = fopen(path, "w");
	fputs("a: 1\n", to);
	fclose(to);
	c = conf_open(path, &f);
	assert_non_null(c);
	assert_string_equal(conf_path(c), path);
	assert_span(conf_text(conf_root(c), "a", "", &f), "1");
	conf_close(c);

	assert_int_equal(truncate(path, (4 << 20) + 1), 0);
	assert_null(conf_open(path, &f));
	assert_string_equal(listed(&f, &b), "0:0 conf.too_large");
	findings_done(&f);
	unlink(path);
	rmdir(dir);
	buf_done(&b);
}

static void getters_take_what_is_right_and_fall_back(void **state)
{
	struct findings f;
	struct conf_file *c = parse("t: x\ne:\ni: -12\nb: no\nb2: true\nw: two\nl: [1]\nm: {a: b}\n", &f);
	struct conf *r = conf_root(c);

	(void)state;
	assert_span(conf_text(r, "t", "y", &f), "x");
	assert_span(conf_text(r, "e", "y", &f), "");
	assert_span(conf_text(r, "none", "y", &f), "y");
	assert_null(conf_text(r, "none", NULL, &f).p);
	assert_int_equal(conf_int(r, "i", -12, 5, 3, &f), -12);
	assert_int_equal(conf_int(r, "none", 1, 5, 3, &f), 3);
	assert_false(conf_bool(r, "b", true, &f));
	assert_true(conf_bool(r, "b2", false, &f));
	assert_true(conf_bool(r, "none", true, &f));
	assert_int_equal(conf_choice(r, "w", "one|two|three", 0, &f), 1);
	assert_int_equal(conf_choice(r, "none", "one|two|three", 2, &f), 2);
	assert_non_null(conf_need(r, "l", CONF_LIST, &f));
	assert_span(conf_text(conf_want(r, "m", CONF_MAP, &f), "a", "", &f), "b");
	assert_null(conf_get(r, "none"));
	assert_null(conf_want(r, "none", CONF_MAP, &f));
	conf_unknown(r, &f);
	assert_int_equal(f.count, 0);
	conf_close(c);
}

static void all_that_is_wrong_is_found_in_one_walk(void **state)
{
	struct findings f;
	struct buf b = BUF_INIT;
	struct conf_file *c = parse("t: [x]\ni: 1O\nb: nein\nw: tow\nl: x\nm:\n  a: b\nbig: 6\nmost: 99999999999999999999\n"
		"unit: 5 s\nplus: +5\nempty:\n", &f);
	struct conf *r = conf_root(c), *m;

	(void)state;
	assert_span(conf_text(r, "t", "y", &f), "y");
	assert_int_equal(conf_int(r, "i", 0, 5, 3, &f), 3);
	assert_true(conf_bool(r, "b", true, &f));
	assert_int_equal(conf_choice(r, "w", "one|two|three", 0, &f), 0);
	assert_null(conf_need(r, "l", CONF_LIST, &f));
	m = conf_need(r, "m", CONF_MAP, &f);
	assert_null(conf_need(m, "c", CONF_SCALAR, &f));
	assert_int_equal(conf_int(r, "big", 0, 5, 3, &f), 3);
	assert_int_equal(conf_int(r, "most", 0, LLONG_MAX, 3, &f), 3);
	assert_int_equal(conf_int(r, "unit", 0, 5, 3, &f), 3);
	assert_int_equal(conf_int(r, "plus", 0, 5, 3, &f), 3);
	assert_int_equal(conf_int(r, "empty", 0, 5, 3, &f), 3);
	assert_string_equal(listed(&f, &b), "1:4 conf.type; 2:4 conf.number; 3:4 conf.choice; 4:4 conf.choice; "
		"5:4 conf.type; 6:1 conf.missing; 8:6 conf.number; 9:7 conf.number; 10:7 conf.number; 11:7 conf.number; "
		"12:1 conf.number");
	conf_close(c);
	findings_done(&f);
	buf_done(&b);
}

static void what_stands_in_the_place_of_a_mapping_is_reported_once(void **state)
{
	struct findings f;
	struct buf b = BUF_INIT;
	struct conf_file *c = parse("- a\n", &f);
	struct conf *r = conf_root(c);

	(void)state;
	assert_null(conf_need(r, "x", CONF_SCALAR, &f));
	assert_span(conf_text(r, "y", "z", &f), "z");
	conf_unknown(r, &f);
	assert_string_equal(listed(&f, &b), "1:1 conf.type");
	assert_null(conf_need(NULL, "x", CONF_SCALAR, &f));
	assert_span(conf_text(NULL, "y", "z", &f), "z");
	conf_unknown(NULL, &f);
	assert_int_equal(f.count, 1);
	conf_close(c);
	findings_done(&f);
	buf_done(&b);
}

static void an_unknown_key_is_named_with_the_nearest_that_was_asked_for(void **state)
{
	static const struct {
		const char *key, *near;
	} rows[] = {
		{"max_byte", "max_bytes"}, {"max_bytess", "max_bytes"}, {"max_bytse", "max_bytes"}, {"max-bytes", "max_bytes"},
		{"MAX_BYTES", "max_bytes"}, {"wiat", "wait"}, {"colour", "-"}, {"税总", "税种"}, {"x", "-"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct findings f;
		struct buf b = BUF_INIT;
		struct conf_file *c;

		buf_printf(&b, "here: 1\n%s: 2\n", rows[i].key);
		c = parse(buf_text(&b), &f);
		conf_get(conf_root(c), "here");
		conf_get(conf_root(c), "max_bytes");
		conf_get(conf_root(c), "wait");
		conf_get(conf_root(c), "税种");
		conf_get(conf_root(c), "wait");
		conf_unknown(conf_root(c), &f);
		assert_string_equal(listed(&f, &b), "2:1 conf.unknown_key");
		assert_string_equal(err_arg(&f.first->err, "key"), rows[i].key);
		assert_string_equal(err_arg(&f.first->err, "near"), rows[i].near);
		assert_string_equal(err_arg(&f.first->err, "known"), "max_bytes, wait, 税种, here");
		conf_close(c);
		findings_done(&f);
		buf_done(&b);
	}
}

static void unknown_keys_do_not_reach_into_what_lies_below(void **state)
{
	struct findings f;
	struct conf_file *c = parse("a: {x: 1}\n", &f);

	(void)state;
	conf_get(conf_root(c), "a");
	conf_unknown(conf_root(c), &f);
	assert_int_equal(f.count, 0);
	conf_unknown(conf_get(conf_root(c), "a"), &f);
	assert_int_equal(f.count, 1);
	conf_close(c);
	findings_done(&f);
}

static void a_wrong_choice_is_named_with_the_nearest_word(void **state)
{
	struct findings f;
	struct conf_file *c = parse("bus: kakfa\nx: zzz\n", &f);

	(void)state;
	conf_choice(conf_root(c), "bus", "embedded|kafka", 0, &f);
	assert_string_equal(err_arg(&f.first->err, "near"), "kafka");
	assert_string_equal(err_arg(&f.first->err, "words"), "embedded|kafka");
	conf_choice(conf_root(c), "x", "embedded|kafka", 0, &f);
	assert_string_equal(err_arg(&f.first->next->err, "near"), "-");
	conf_close(c);
	findings_done(&f);
}

static void nearest_is_within_a_third(void **state)
{
	static const char *const names[] = {"key", "name", "title", "filename", NULL};
	static const struct {
		const char *word, *want;
	} rows[] = {
		{"key", "key"}, {"ky", "key"}, {"kye", "key"}, {"keyy", "key"}, {"abc", NULL}, {"naem", "name"},
		{"filname", "filename"}, {"fielnaem", "filename"}, {"tilte", "title"}, {"", NULL}, {"zzzzzzzzzz", NULL},
		{"Name", "name"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *got = conf_nearest(span_of(rows[i].word), names);

		if (!got || !rows[i].want ? got != rows[i].want : strcmp(got, rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].word, got ? got : "none");
	}
	assert_null(conf_nearest(SPAN("x"), names + 4));
}

static void reports_stand_at_value_or_key_and_keep_to_one_line(void **state)
{
	struct findings f;
	struct buf b = BUF_INIT;
	struct conf_file *c = parse("a: \"x\\nwords=y\"\n", &f);
	struct conf *a = conf_get(conf_root(c), "a");

	(void)state;
	conf_report(&f, a, E_USAGE, "what=%s", "1");
	conf_report_key(&f, a, E_USAGE, "what=%s", "2");
	conf_report_key(&f, conf_root(c), E_USAGE, "what=%s", "3");
	conf_choice(conf_root(c), "a", "z", 0, &f);
	assert_string_equal(listed(&f, &b), "1:4 usage; 1:1 usage; 1:1 usage; 1:4 conf.choice");
	assert_string_equal(err_arg(&f.first->next->next->next->err, "got"), "x words=y");
	assert_string_equal(err_arg(&f.first->next->next->next->err, "words"), "z");
	conf_close(c);
	findings_done(&f);
	buf_done(&b);
}

/* Shapes that invite work which grows with the square; the limit is far above what a slow machine needs. */
static void four_mebibytes_are_read_in_seconds(void **state)
{
	static const struct {
		const char *name, *head, *item, *tail;
	} shapes[] = {
		{"a block list", "", "- {code: \"%07d\", name: 中文}\n", ""},
		{"a block mapping", "", "k%07d: value\n", ""},
		{"JSON in one line", "[", "{\"code\":\"%07d\",\"n\":1},", "0]"},
		{"pairs in one line", "[", "a: %07d,", "0]"},
		{"a JSON object in one line", "{", "\"k%07d\":{\"type\":\"string\"},", "\"z\":0}"},
		{"one long text", "a: \"", "%07d 中文", "\"\n"},
		{"comments", "a: 1\n", "# %07d comment\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct buf text = BUF_INIT;
		struct findings f;
		struct conf_file *c;
		int64_t from;

		buf_str(&text, shapes[i].head);
		for (int n = 0; text.n < (4 << 20) - 100; n++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			buf_printf(&text, shapes[i].item, n);
#pragma GCC diagnostic pop
		}
		buf_str(&text, shapes[i].tail);
		from = clock_steady_ms();
		c = parse(buf_text(&text), &f);
		from = clock_steady_ms() - from;
		assert_non_null(c);
		assert_int_equal(f.count, 0);
		print_message("%s: %d ms\n", shapes[i].name, (int)from);
		assert_true(from < 20000);
		conf_close(c);
		findings_done(&f);
		buf_done(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_are_read_as_written),
		cmocka_unit_test(every_node_knows_its_place),
		cmocka_unit_test(what_is_wrong_is_a_finding_with_its_place),
		cmocka_unit_test(a_nul_byte_does_not_end_the_file),
		cmocka_unit_test(a_syntax_finding_says_why_and_a_duplicate_where_the_first_stands),
		cmocka_unit_test(a_duplicate_is_not_reported_as_unknown_too),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(files_are_opened_and_limits_hold),
		cmocka_unit_test(getters_take_what_is_right_and_fall_back),
		cmocka_unit_test(all_that_is_wrong_is_found_in_one_walk),
		cmocka_unit_test(what_stands_in_the_place_of_a_mapping_is_reported_once),
		cmocka_unit_test(an_unknown_key_is_named_with_the_nearest_that_was_asked_for),
		cmocka_unit_test(unknown_keys_do_not_reach_into_what_lies_below),
		cmocka_unit_test(a_wrong_choice_is_named_with_the_nearest_word),
		cmocka_unit_test(nearest_is_within_a_third),
		cmocka_unit_test(reports_stand_at_value_or_key_and_keep_to_one_line),
		cmocka_unit_test(four_mebibytes_are_read_in_seconds),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
