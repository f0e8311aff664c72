/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>

#include "fsys.h"
#include "map.h"

/* One program, one reference: the tables of docs/language.md are printed from the table that the parser reads by. One
 * that differs is printed, to be put in its place. What its examples say comes out when they run. */

static void in_table(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_c(b, '\\');
		buf_c(b, *text);
	}
}

static void functions(struct buf *b, bool zh)
{
	buf_str(b, zh ? "| 函数 | 取值 | 作用 |\n|---|---|---|\n" : "| function | values | what it does |\n|---|---|---|\n");
	for (unsigned i = 0; i < map_nfunctions; i++) {
		buf_printf(b, "| `%s` | `", map_functions[i].name);
		in_table(b, map_functions[i].values);
		buf_str(b, "` | ");
		in_table(b, zh ? map_functions[i].zh : map_functions[i].en);
		buf_str(b, " |\n");
	}
}

static struct span between(const char *text, const char *name)
{
	char mark[64];
	const char *from, *to;

	snprintf(mark, sizeof mark, "<!-- %s: begin -->\n", name);
	from = strstr(text, mark);
	assert_non_null(from);
	from += strlen(mark);
	snprintf(mark, sizeof mark, "<!-- %s: end -->", name);
	to = strstr(from, mark);
	assert_non_null(to);
	return (struct span){from, (size_t)(to - from)};
}

static void the_reference_lists_the_functions_as_they_are(void **state)
{
	struct buf file = BUF_INIT, want = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, fsys_get(AT_FDCWD, SOURCE_DIR "/docs/language.md", 1 << 20, &file, &e));
	for (int zh = 0; zh < 2; zh++) {
		struct span got = between(buf_text(&file), zh ? "functions zh" : "functions en");

		buf_clear(&want);
		functions(&want, zh);
		if (!span_eq(got, buf_as_span(&want))) {
			fprintf(stderr, "docs/language.md should say:\n%s", buf_text(&want));
			fail();
		}
	}
	buf_done(&file);
	buf_done(&want);
}

static void every_function_is_explained_in_both_languages(void **state)
{
	(void)state;
	for (unsigned i = 0; i < map_nfunctions; i++) {
		bool ascii = true;

		for (const char *p = map_functions[i].zh; *p; p++)
			ascii = ascii && !(*p & 0x80);
		assert_true(strlen(map_functions[i].en) > 5 && !ascii);
		assert_true(strlen(map_functions[i].values) > 0 && map_functions[i].read);
	}
}

/* A row of the examples: `rule` and its direction, `text`, `result` or what is said instead of one. */
struct example {
	struct span rule, direction, text, result;
	bool said;                   /* result is words, no text */
};

/* What stands in the next pair of backticks before end; absent: none. *ret_after: behind them. */
static struct span ticked(const char *p, const char *end, const char **ret_after)
{
	const char *from = memchr(p, '`', (size_t)(end - p));
	const char *to = from ? memchr(from + 1, '`', (size_t)(end - from - 1)) : NULL;

	if (!to)
		return SPAN_NONE;
	*ret_after = to + 1;
	return (struct span){from + 1, (size_t)(to - from - 1)};
}

static struct example read_example(const char *line, const char *end)
{
	const char *one = line, *two, *three, *after;
	struct example x = {.rule = ticked(line, end, &one)};

	two = memmem(one, (size_t)(end - one), " | ", 3);
	assert_non_null(two);
	x.direction = (struct span){one, (size_t)(two - one)};
	three = memmem(two + 2, (size_t)(end - two - 2), "| ", 2);
	assert_non_null(three);
	x.text = ticked(two + 2, three, &after);
	x.result = ticked(three, end, &after);
	x.said = three[2] != '`';
	if (x.said)
		x.result = (struct span){three + 2, (size_t)(end - three - 2)};
	return x;
}

/* The first column or field that the rule names. */
static struct span path_of(struct span rule)
{
	static const char *const kinds[] = {"line.", "head.", "data."};
	struct span path = SPAN("line.none");
	const char *first = NULL;

	for (unsigned i = 0; i < 3; i++) {
		const char *at = memmem(rule.p, rule.n, kinds[i], 5);

		if (at && (!first || at < first))
			first = at;
	}
	if (first)
		path = (struct span){first, strspn(first, "abcdefghijklmnopqrstuvwxyz_.")};
	return path;
}

static bool as_said(struct span said, struct span text, const struct value *got, bool ran)
{
	if (span_starts(said, SPAN("the record is dead")))
		return !ran;
	if (span_starts(said, SPAN("nothing")))
		return ran && !got->text.p;
	if (span_starts(said, SPAN("the same")))
		return ran && span_eq(got->text, text);
	return span_starts(said, SPAN("32 hex digits")) && ran && got->text.n == 32;
}

#define REST_OF_NOTICE "[{value: payroll, name: kind}, {value: 2026-12-05, name: businessdate}, {value: '1', name: unit}, " \
	"{value: A*, name: payee.name}, {value: '1.00', name: amount}, {value: CNY, name: currency}, "

static void run_example(const struct example *x, struct codes *codes, const struct hash_key *key)
{
	struct map_setup s = {.shape = MAP_LIST, .charset = CHARSET_UTF8, .codes = codes, .key = key, .year_slot = -1};
	struct buf yaml = BUF_INIT;
	struct conf_file *file;
	struct findings f;
	struct schema *published = NULL;
	struct slots slots;
	struct err e = ERR_INIT;
	struct map *m;
	unsigned in;
	bool ran;

	s.names = names_new();
	in = names_add(s.names, path_of(x->rule));
	if (memmem(x->direction.p, x->direction.n, "GBK", 3))
		s.charset = CHARSET_GBK;
	s.outward = s.charset == CHARSET_GBK || memmem(x->direction.p, x->direction.n, "outward", 7);
	findings_init(&f);
	/* All that the schema requires: its account is what the example is about. */
	if (memmem(x->direction.p, x->direction.n, "consumers", 9)) {
		s.published = published = schema_load(SOURCE_DIR "/schemas/notice/notice.paid.v1.json", &f);
		s.outward = true;
		buf_str(&yaml, REST_OF_NOTICE);
	}
	buf_printf(&yaml, "%s%.*s]", published ? "" : "[", SPAN_F(x->rule));
	file = conf_parse("example", buf_as_span(&yaml), &f);
	m = file ? map_compile(&s, conf_root(file), &f) : NULL;
	findings_print(&f, ERR_EN, 0, stderr);
	if (!m)
		fail_msg("%.*s does not compile", SPAN_F(x->rule));
	if (published)
		map_mask(m, map_count(m) - 1, SENSITIVITY_ACCOUNT);
	slots_init(&slots, names_count(s.names));
	slots_begin(&slots, x->text.n);
	slots.v[in].text = x->text;
	ran = map_run(m, &slots, &e) == 0;
	if (x->said ? !as_said(x->result, x->text, map_cell(m, &slots, map_count(m) - 1), ran)
		: !ran || !span_eq(map_cell(m, &slots, map_count(m) - 1)->text, x->result))
		fail_msg("%.*s does not give %.*s", SPAN_F(x->rule), SPAN_F(x->result));
	slots_done(&slots);
	map_free(m);
	conf_close(file);
	schema_free(published);
	findings_done(&f);
	buf_done(&yaml);
	names_free(s.names);
}

static void every_example_gives_what_it_says(void **state)
{
	static const char title[] = "| example | text | result |\n|---|---|---|\n";
	struct hash_key *key = hash_key_new("0123456789abcdef0123456789abcdef", 32);
	struct codes *codes = codes_new();
	struct buf file = BUF_INIT, rules = BUF_INIT;
	struct err e = ERR_INIT;
	const char *line, *end;
	unsigned n = 0;

	(void)state;
	codes_add_folder(codes, SOURCE_DIR "/schemas/codes");
	OK(e, fsys_get(AT_FDCWD, SOURCE_DIR "/docs/language.md", 1 << 20, &file, &e));
	line = strstr(buf_text(&file), title);
	assert_non_null(line);
	for (line += strlen(title); *line == '|'; line = end + 1) {
		struct example x;

		end = strchr(line, '\n');
		x = read_example(line, end);
		run_example(&x, codes, key);
		buf_span(&rules, x.rule);
		n++;
	}
	print_message("%u examples\n", n);
	/* A list needs an event with one: the_list_of_the_reference_compiles. */
	for (unsigned i = 0; i < map_nfunctions; i++)
		if (strcmp(map_functions[i].name, "name") != 0 && strcmp(map_functions[i].name, "each") != 0 && !strstr(buf_text(&rules), map_functions[i].name))
			fail_msg("%s has no example", map_functions[i].name);
	buf_done(&rules);
	buf_done(&file);
	codes_free(codes);
	hash_key_free(key);
}

/* The list that the reference shows, as it stands there. */
static void the_list_of_the_reference_compiles(void **state)
{
	struct map_setup s = {.shape = MAP_OBJECT, .charset = CHARSET_GB18030, .year_slot = -1};
	struct buf file = BUF_INIT;
	struct conf_file *yaml;
	struct findings f;
	struct schema *schema;
	struct err e = ERR_INIT;
	struct map *m;
	const char *from, *to;

	(void)state;
	findings_init(&f);
	s.schema = schema = schema_load(SOURCE_DIR "/schemas/nontax/nontax.bill.issued.v1.json", &f);
	assert_non_null(schema);
	OK(e, fsys_get(AT_FDCWD, SOURCE_DIR "/docs/language.md", 1 << 20, &file, &e));
	from = strstr(buf_text(&file), "```yaml\nitems:\n");
	assert_non_null(from);
	from += strlen("```yaml\n");
	to = strstr(from, "```");
	s.names = names_new();
	names_add(s.names, SPAN("line.info"));
	yaml = conf_parse("reference", (struct span){from, (size_t)(to - from)}, &f);
	m = yaml ? map_compile(&s, conf_root(yaml), &f) : NULL;
	assert_null(m);                      /* the event's other fields are not there */
	for (const struct finding *x = f.first; x; x = x->next)
		if (strcmp(err_code(x->err.id)->name, "map.required") != 0)
			fail_msg("%u: %s", x->line, err_code(x->err.id)->name);
	conf_close(yaml);
	findings_done(&f);
	names_free(s.names);
	schema_free(schema);
	buf_done(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reference_lists_the_functions_as_they_are),
		cmocka_unit_test(every_function_is_explained_in_both_languages),
		cmocka_unit_test(every_example_gives_what_it_says), cmocka_unit_test(the_list_of_the_reference_compiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
