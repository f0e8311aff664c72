/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "expr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct world {
	struct names *names;
	struct value v[8];
	struct findings f;
	struct conf_file *file;
	struct buf yaml;
};

static void world_init(struct world *w)
{
	*w = (struct world){.names = names_new()};
	names_add(w->names, SPAN("a"));
	names_add(w->names, SPAN("line.payee"));
	names_add(w->names, SPAN("line.空"));
	names_add(w->names, SPAN("gone"));
	names_add(w->names, SPAN("not.x"));
	names_add(w->names, SPAN("in"));
	names_add(w->names, SPAN("line.V.@VtCode"));
	names_add(w->names, SPAN("head.#text"));
	w->v[0].text = SPAN("1");
	w->v[1].text = SPAN("Grand Total");
	w->v[2].text = SPAN("");
	w->v[4].text = SPAN("\"\\");
	w->v[5].text = SPAN("中文");
	w->v[6].text = SPAN("5201");
	w->v[7].text = SPAN("3");
	findings_init(&w->f);
}

static void world_done(struct world *w)
{
	conf_close(w->file);
	buf_done(&w->yaml);
	findings_done(&w->f);
	names_free(w->names);
}

/* The condition as a YAML scalar in a block, so that no quote of it means anything to YAML. */
static struct expr *compile(struct world *w, const char *text)
{
	conf_close(w->file);
	buf_clear(&w->yaml);
	buf_printf(&w->yaml, "when: |-\n  %s\n", text);
	w->file = conf_parse("f", buf_as_span(&w->yaml), &w->f);
	assert_non_null(w->file);
	return expr_compile(conf_root(w->file)->first, w->names, &w->f);
}

static void conditions_are_true_or_false(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} row[] = {
		{"a = \"1\"", true}, {"a = \"2\"", false}, {"a=\"1\"", true}, {"a != \"1\"", false}, {"a != \"\"", true},
		{"line.V.@VtCode = \"5201\"", true}, {"head.#text in [\"3\"]", true},
		{"a = \"11\"", false}, {"line.payee = \"Grand Total\"", true}, {"line.payee = \"grand total\"", false},
		{"line.payee starts \"Grand\"", true}, {"line.payee starts \"Total\"", false}, {"line.payee ends \"Total\"", true},
		{"line.payee ends \"Grand\"", false}, {"line.payee contains \"nd T\"", true}, {"line.payee contains \"x\"", false},
		{"a starts \"12\"", false}, {"a ends \"01\"", false}, {"a contains \"\"", true}, {"a starts \"\"", true},
		{"a in [\"0\", \"1\", \"2\"]", true}, {"a in [\"1\"]", true}, {"a in [\"0\",\"2\"]", false},
		{"not a in [\"0\"]", true}, {"a is empty", false}, {"a is not empty", true},
		{"gone is empty", true}, {"gone is not empty", false}, {"line.空 is empty", true}, {"gone = \"\"", true},
		{"gone = \"x\"", false}, {"gone != \"x\"", true}, {"gone starts \"\"", true}, {"gone starts \"x\"", false},
		{"gone ends \"x\"", false}, {"gone contains \"x\"", false}, {"gone contains \"\"", true}, {"gone in [\"\"]", true},
		{"in contains \"文\"", true}, {"in starts \"中\"", true}, {"in in [\"中文\"]", true},
		{"not.x = \"\\\"\\\\\"", true}, {"not.x ends \"\\\\\"", true}, {"not not.x is empty", true},
		{"not a = \"1\"", false}, {"not not a = \"1\"", true}, {"(a = \"1\")", true}, {"((not (a = \"1\")))", false},
		{"a = \"1\" and a = \"1\"", true}, {"a = \"1\" and a = \"2\"", false}, {"a = \"2\" and a = \"1\"", false},
		{"a = \"2\" or a = \"1\"", true}, {"a = \"1\" or a = \"2\"", true}, {"a = \"2\" or a = \"3\"", false},
		{"a = \"1\" or a = \"1\" and a = \"2\"", true}, {"(a = \"1\" or a = \"1\") and a = \"2\"", false},
		{"a = \"2\" and a = \"1\" or a = \"1\"", true}, {"not a = \"2\" and a = \"1\"", true},
		{"not (a = \"2\" and a = \"1\")", true}, {"a = \"1\" and not a = \"2\" and a is not empty", true},
		{"a = \"2\" or a = \"3\" or a in [\"4\", \"1\"]", true}, {"  a   =   \"1\"  ", true}, {"a =\n    \"1\"", true},
		{"a = \"1\"and a = \"1\"", true}, {"not(a = \"2\")", true},
	};
	struct world w;

	(void)state;
	world_init(&w);
	for (size_t i = 0; i < COUNT(row); i++) {
		struct expr *x = compile(&w, row[i].text);

		if (!x) {
			findings_print(&w.f, ERR_EN, 0, stderr);
			fail_msg("does not compile: %s", row[i].text);
		}
		if (expr_true(x, w.v) != row[i].want)
			fail_msg("is not %d: %s", row[i].want, row[i].text);
		expr_free(x);
	}
	expr_free(NULL);
	world_done(&w);
}

static void what_is_no_condition_is_a_finding(void **state)
{
	static const struct {
		const char *text, *code, *arg, *value;
	} row[] = {
		{"a", "expr.syntax", "at", "2"}, {"a =", "expr.syntax", "at", "4"}, {"a = 1", "expr.syntax", "rest", "1"},
		{"= \"1\"", "expr.syntax", "want", "name"}, {"a == \"1\"", "expr.syntax", "at", "4"},
		{"a = \"1", "expr.syntax", "want", "\""}, {"a = \"1\\", "expr.syntax", "want", "\""},
		{"a = \"\\n\"", "expr.syntax", "rest", "n\""}, {"a = '1'", "expr.syntax", "at", "5"},
		{"a = \"1\" a = \"1\"", "expr.syntax", "want", "and, or"}, {"a = \"1\" and", "expr.syntax", "want", "name"},
		{"and a = \"1\"", "expr.name", "name", "and"}, {"(a = \"1\"", "expr.syntax", "want", ")"},
		{"a = \"1\")", "expr.syntax", "rest", ")"}, {"()", "expr.syntax", "want", "name"},
		{"a in \"1\"", "expr.syntax", "want", "["}, {"a in []", "expr.syntax", "rest", "]"},
		{"a in [\"1\" \"2\"]", "expr.syntax", "want", "]"}, {"a in [\"1\",]", "expr.syntax", "rest", "]"},
		{"a is \"1\"", "expr.syntax", "want", "empty"}, {"a is not", "expr.syntax", "want", "empty"},
		{"a is emptyx", "expr.syntax", "want", "empty"}, {"a startsx \"1\"", "expr.syntax", "rest", "startsx \"1\""},
		{"a matches \"1\"", "expr.syntax", "want", "= != starts ends contains in is"}, {"not", "expr.syntax", "want", "name"},
		{"a AND a", "expr.syntax", "rest", "AND a"}, {"line.空 = 中", "expr.syntax", "at", "10"},
		{"line.paye = \"1\"", "expr.name", "near", "line.payee"}, {"zzz = \"1\"", "expr.name", "near", "-"},
		{"line-payee = \"1\"", "expr.name", "name", "line"}, {"b = \"1\" and c = \"1\"", "expr.name", "name", "b"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct world w;
		const struct err *e;

		world_init(&w);
		if (compile(&w, row[i].text) || w.f.count != 1)
			fail_msg("%u findings: %s", w.f.count, row[i].text);
		e = &w.f.first->err;
		if (strcmp(err_code(e->id)->name, row[i].code) != 0 || strcmp(err_arg(e, row[i].arg), row[i].value) != 0)
			fail_msg("%s gives %s, %s", row[i].text, err_code(e->id)->name, e->args);
		world_done(&w);
	}
}

static void only_a_text_is_a_condition(void **state)
{
	static const char *const bad[] = {"when: [a]", "when: {a: b}", "when: ''", "when:"};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct world w;

		world_init(&w);
		w.file = conf_parse("f", span_of(bad[i]), &w.f);
		assert_null(expr_compile(conf_root(w.file)->first, w.names, &w.f));
		assert_int_equal(w.f.count, 1);
		assert_string_equal(err_code(w.f.first->err.id)->name, "expr.syntax");
		world_done(&w);
	}
}

static void a_name_in_a_condition_is_used(void **state)
{
	struct world w;
	struct expr *x;

	(void)state;
	world_init(&w);
	x = compile(&w, "a = \"1\" or gone is empty");
	assert_true(names_used(w.names, 0));
	assert_true(names_used(w.names, 3));
	assert_false(names_used(w.names, 1));
	expr_free(x);
	world_done(&w);
}

/* `open`, n times, then the innermost test, then `close` n times. */
static struct expr *nested(struct world *w, const char *open, unsigned n, const char *inner, const char *close)
{
	struct buf b = BUF_INIT;
	struct expr *x;

	for (unsigned i = 0; i < n; i++)
		buf_str(&b, open);
	buf_str(&b, inner);
	for (unsigned i = 0; i < n; i++)
		buf_str(&b, close);
	x = compile(w, buf_text(&b));
	buf_done(&b);
	return x;
}

/* Truth values that wait are one bit each of a word: one too many would silently push out the first. */
static void depth_is_bounded_and_right_up_to_the_bound(void **state)
{
	static const struct {
		const char *open, *inner, *close;
		unsigned fits;
		bool want;
	} row[] = {
		{"(", "a = \"1\"", ")", 59, true}, {"not ", "a = \"1\"", "", 59, false},
		{"a = \"1\" and (", "a = \"1\"", ")", 59, true},
		{"a = \"2\" or a = \"1\" and (", "a = \"1\"", ")", 31, true},
		{"a = \"1\" or a = \"2\" and (", "a = \"2\"", ")", 31, true},
		{"a = \"2\" or a in [\"2\", \"1\"] and (", "a in [\"2\", \"1\"]", ")", 31, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct world w;
		struct expr *x;

		world_init(&w);
		x = nested(&w, row[i].open, row[i].fits, row[i].inner, row[i].close);
		if (!x || expr_true(x, w.v) != row[i].want)
			fail_msg("%u times %s", row[i].fits, row[i].open);
		expr_free(x);
		assert_null(nested(&w, row[i].open, row[i].fits + 1, row[i].inner, row[i].close));
		assert_int_equal(w.f.count, 1);
		assert_string_equal(err_code(w.f.first->err.id)->name, "expr.syntax");
		assert_null(nested(&w, row[i].open, 5000, row[i].inner, row[i].close));
		world_done(&w);
	}
}

/* Who explains a condition shows each test as it is written, and whether it holds without what stands around it. */
static void a_condition_is_explained_test_by_test(void **state)
{
	static const struct {
		const char *text;
		unsigned slot;
		bool holds;
	} want[] = {{"a in [\"2\", \"1\"]", 0, true}, {"line.payee  starts \"Total\"", 1, false}, {"gone is not empty", 3, false},
		{"line.空 is empty", 2, true}, {"a != \"1\"", 0, false}};
	struct world w;
	struct expr *x;

	(void)state;
	world_init(&w);
	x = compile(&w, "not a in [\"2\", \"1\"] and ( line.payee  starts \"Total\" or gone is not empty ) or not line.空 is empty "
			"and a != \"1\"");
	assert_non_null(x);
	assert_int_equal(expr_ntests(x), COUNT(want));
	for (unsigned i = 0; i < COUNT(want); i++) {
		struct expr_test got = expr_look(x, i, w.v);

		if (!span_is(got.text, want[i].text) || got.slot != want[i].slot || got.holds != want[i].holds)
			fail_msg("%u: %.*s, slot %u, %d", i, SPAN_F(got.text), got.slot, got.holds);
	}
	expr_free(x);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_true_or_false), cmocka_unit_test(what_is_no_condition_is_a_finding),
		cmocka_unit_test(only_a_text_is_a_condition), cmocka_unit_test(a_name_in_a_condition_is_used),
		cmocka_unit_test(depth_is_bounded_and_right_up_to_the_bound),
		cmocka_unit_test(a_condition_is_explained_test_by_test),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
