/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "adapters_help.h"

static const char inward[] =
	"form: in\n"
	"event: payroll.line.v1\n"
	"nature: instruction\n"
	"release: batch\n"
	"charset: utf-8\n"
	"file: {name: \"p_{month:yyyyMM}.txt\", complete: rename}\n"
	"codec: {delimited: {by: \"|\"}}\n"
	"kinds:\n"
	"  head: {when: first, columns: [count, sum]}\n"
	"  line: {columns: [no, name, account, net]}\n"
	"declares: {count: head.count, sum: head.sum}\n"
	"identity: {document: [line.no]}\n"
	"content: [line.net]\n"
	"map:\n"
	"  month: file.month\n"
	"  businessdate: {value: \"2026-12-15\"}\n"
	"  unit: site.unit\n"
	"  payee.name: line.name\n"
	"  payee.account: line.account\n"
	"  payee.bank: {value: \"103196000015\"}\n"
	"  net: {from: line.net, as: yuan}\n"
	"  currency: {value: CNY}\n";

static const char outward[] =
	"form: out\n"
	"events: [payroll.line.v1]\n"
	"charset: utf-8\n"
	"file: {name: \"x_{parcel.no:4}.csv\"}\n"
	"codec: {delimited: {by: \",\"}}\n"
	"titles: [a, b]\n"
	"line: [data.unit, data.month]\n";

static const struct form_case {
	const char *name;
	const char *text;
	const char *edits[4][2];
	const char *code;            /* NULL: it loads */
} rows[] = {
	{"an inward form loads", inward, {{0}}, NULL},
	{"an outward form loads", outward, {{0}}, NULL},
	{"a codec that does not exist is refused", inward, {{"delimited:", "cobol:"}}, "form.codec"},
	{"two codecs are refused", inward, {{"{delimited: {by: \"|\"}}", "{delimited: {by: \"|\"}, fixed: {}}"}}, "form.codec"},
	{"an identity that says nothing is refused", inward, {{"{document: [line.no]}", "{record: name}"},
		{"nature: instruction", "nature: report"}, {"content: [line.net]\n", ""}}, "form.identity"},
	{"an instruction known by its row number is refused", inward, {{"{document: [line.no]}", "{record: number}"},
		{"content: [line.net]\n", ""}}, "form.no_key"},
	{"a kind in front of the last one without a condition is refused", inward, {{"when: first, ", ""}}, "form.kinds"},
	{"a last kind that is not named line is refused", inward, {{"  line: {columns: [no, name, account, net]}\n",
		"  line: {when: 'line.net = \"0\"', columns: [no, name, account, net]}\n  rest: {columns: [x]}\n"}}, "form.kinds"},
	{"a last kind with a condition is refused: rows could be of no kind", inward, {{"line: {columns: [no, name, account, net]}",
		"line: {when: 'line.net = \"0\"', columns: [no, name, account, net]}"}}, "form.kinds"},
	{"a form without columns is refused", inward, {{"kinds:\n  head: {when: first, columns: [count, sum]}\n"
		"  line: {columns: [no, name, account, net]}\n", ""}, {"declares: {count: head.count, sum: head.sum}\n", ""}},
		"form.no_columns"},
	{"columns by kinds and by a header row are refused", inward, {{"declares:", "header: {find: {name: [Name]}}\ndeclares:"}},
		"form.two_columns"},
	{"an event type without a schema is refused", inward, {{"payroll.line.v1", "payroll.wish.v9"}}, "form.no_schema"},
	{"a batch of instructions that declares nothing is refused", inward, {{"declares: {count: head.count, sum: head.sum}\n", ""}},
		"form.no_totals"},
	{"rows to be skipped need a condition", inward, {{"declares:", "skip: {}\ndeclares:"}}, "conf.missing"},
	{"and nothing else", inward, {{"declares:", "skip: {when: 'line.no = \"x\"', count: line.no}\ndeclares:"}}, "conf.unknown_key"},
	{"a name may be shortened for who moves the money", outward, {{"titles: [a, b]\n", "money: yes\n"},
		{"data.month", "{from: data.payee.name, cut: 60 bytes}"}}, NULL},
	{"an account may not", outward, {{"titles: [a, b]\n", "money: yes\n"},
		{"data.month", "{from: data.payee.account, cut: 30 bytes}"}}, "form.cut"},
	{"nor an amount", outward, {{"titles: [a, b]\n", "money: yes\n"}, {"data.month", "{from: data.net, cut: 9 bytes}"}},
		"form.cut"},
	{"by whatever name", outward, {{"titles: [a, b]\n", "money: yes\n"}, {"data.month", "{from: event.amount, cut: 9 bytes}"}},
		"form.cut"},
	{"titles that are not as many as cells are refused", outward, {{"titles: [a, b]", "titles: [a, b, c]"}}, "form.titles"},
	{"a name in the clear in an id is refused", inward, {{"[line.no]}", "[line.no, line.name]}"}}, "form.personal"},
	{"a partition key in the clear that is personal is refused", inward, {{"map:\n", "key: line.account\nmap:\n"}}, "form.personal_key"},
	{"what is personal behind a rule that reads another is found", inward, {{"[line.no]", "[line.no, data.origin.unit]"},
		{"  net:", "  origin.unit: {from: data.payee.name}\n  net:"}}, "form.personal"},
	{"a result that is not personal may stand in an id", inward, {{"[line.no]", "[line.no, data.unit]"}}, NULL},
	{"an instruction that does not say how it is released is refused", inward, {{"release: batch\n", ""}}, "form.no_release"},
	{"a declared count that does not exist is refused", inward, {{"count: head.count", "count: head.kount"}}, "map.path"},
};

static bool has(const struct findings *f, const char *code)
{
	for (const struct finding *x = f->first; x; x = x->next)
		if (strcmp(err_code(x->err.id)->name, code) == 0)
			return true;
	return false;
}

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = help_edit(rows[i].text, rows[i].edits);
		struct findings f;
		struct form *form;
		struct help h;

		help_begin(&h);
		findings_init(&f);
		form = help_form(&h, text, &f);
		if ((form == NULL) != (rows[i].code != NULL) || (rows[i].code && !has(&f, rows[i].code))) {
			findings_print(&f, ERR_EN, 0, stderr);
			fail_msg("%s", rows[i].name);
		}
		form_free(form);
		findings_done(&f);
		free(text);
		help_end(&h);
	}
}

static void make_form(struct help *h, const char *path, const char *text)
{
	char p[256];
	struct err e;

	snprintf(p, sizeof p, "%s/adapters/payroll/x", h->dir);
	OK(e, fsys_make_path(p, &e));
	snprintf(p, sizeof p, "adapters/payroll/x/%s", path);
	help_write(h, p, span_of(text));
}

static void a_folder_names_a_form_when_it_has_one_of_that_direction(void **state)
{
	struct findings f;
	struct help h;
	char *path;

	(void)state;
	help_begin(&h);
	findings_init(&f);
	library_add(h.library, h.dir);
	make_form(&h, "batch.yaml", inward);
	make_form(&h, "out.yaml", outward);
	path = library_form(h.library, SPAN("payroll/x"), "in", NULL, &f);
	assert_non_null(path);
	assert_true(span_ends(span_of(path), SPAN("payroll/x/batch.yaml")));
	free(path);
	assert_int_equal(f.count, 0);
	make_form(&h, "other.yaml", inward);
	assert_null(library_form(h.library, SPAN("payroll/x"), "in", NULL, &f));
	assert_true(has(&f, "form.several"));
	assert_null(library_form(h.library, SPAN("payroll/y"), "in", NULL, &f));
	assert_true(has(&f, "form.unknown"));
	findings_done(&f);
	help_end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(a_folder_names_a_form_when_it_has_one_of_that_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
