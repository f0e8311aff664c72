/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "input.h"
#include "library.h"
#include "reader.h"
#include "xlsx_make.h"

/* Forms whose codec knows the columns: what is wrong with them is found when they are read, at its place; and a document
 * can be left behind any row and gone on with. */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct library *library(void)
{
	static const char key[32];
	struct library *l = library_new();

	library_add(l, SOURCE_DIR);
	l->key = hash_key_new(key, sizeof key);
	free(l->site_division);
	free(l->site_unit);
	l->site_division = mem_text(SPAN("150700"));
	l->site_unit = mem_text(SPAN("602001"));
	return l;
}

static struct form *load(struct library *l, const char *text, struct findings *f)
{
	char path[] = "/tmp/codec_form_XXXXXX";
	const int fd = mkstemp(path);
	struct form *form;

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	form = form_load(l, path, f);
	unlink(path);
	return form;
}

#define IN                                                                                                             \
	"form: in\nevent: payment.published.v1\nnature: report\ncharset: gbk\nfile: {name: 'x{month:yyyyMM}'}\n"       \
	"identity: {record: number}\nmap:\n  month: file.month\n  unit: site.unit\n  payee.name: line.payee\n"          \
	"  amount: {from: line.amount, as: yuan}\n  currency: {value: CNY}\n"
#define OUT                                                                                                            \
	"form: out\nevents: [payroll.line.v1]\ncharset: gbk\nfile: {name: 'x{parcel.no:4}'}\nline: [data.payee.name, "  \
	"{from: data.net, as: yuan}]\n"

static void forms_that_a_codec_cannot_serve_are_findings(void **state)
{
	static const struct {
		const char *form, *want;
		unsigned line;
	} wrong[] = {
		{IN "codec: {dbf: {}}\nheader: {find: {payee: A, amount: B}}\n", "form.needs_kinds", 14},
		{IN "codec: {fixed: {widths: {line: [3, 4]}}}\nheader: {find: {payee: A, amount: B}}\n", "form.needs_kinds", 14},
		{OUT "codec: {dbf: {}}\n", "form.reads_only", 6},
		{IN "codec: {fixed: {widths: {line: [3, 4, 5]}}}\nkinds:\n  line: {columns: [payee, amount]}\n", "codec.widths", 15},
		{IN "codec: {fixed: {widths: {lines: [3, 4]}}}\nkinds:\n  line: {columns: [payee, amount]}\n", "codec.no_widths", 15},
		{OUT "codec: {fixed: {widths: {line: [3]}}}\n", "codec.widths", 5},
		{OUT "codec: {fixed: {widths: {line: [3, 4]}}}\nhead: [parcel.no]\n", "codec.no_widths", 7},
		{OUT "codec: {xlsx: {}}\n", "form.reads_only", 6},
		{IN "codec: {dbf: {}}\nkinds:\n  line: {columns: [payee, amount, ABCDEFGHIJKL]}\n", "codec.dbf_name", 15},
	};
	struct library *l = library();

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct findings f;
		struct err e = ERR_INIT;
		char place[16];

		findings_init(&f);
		assert_null(load(l, wrong[i].form, &f));
		findings_first(&f, &e);
		if (f.count != 1 || strcmp(err_code(e.id)->name, wrong[i].want) != 0) {
			findings_print(&f, ERR_EN, 0, stderr);
			fail_msg("form %zu", i);
		}
		snprintf(place, sizeof place, ":%u:", wrong[i].line);
		if (!strstr(e.where, place))
			fail_msg("form %zu: %s", i, e.where);
		findings_done(&f);
	}
	library_free(l);
}

/* "1+ - 2+1234.50 3!text.half " for records, skipped rows and the dead; each row stops and goes on anew. */
static void read_in_steps(struct library *l, const struct form *form, const char *name, struct span file, struct buf *shown)
{
	struct buf saved = BUF_INIT;
	struct reading g = {.kind = READ_SKIPPED};
	struct err e = ERR_INIT;

	while (g.kind != READ_END) {
		json_t *state = saved.n ? json_loadb(saved.p, saved.n, 0, NULL) : NULL;
		const uint64_t offset = (uint64_t)json_integer_value(json_object_get(state, "offset"));
		const size_t from = form_whole(form) ? 0 : (size_t)offset;
		struct text_input in = text_input((struct span){file.p + from, file.n - from}, 0);
		struct reader_setup setup = {.form = form, .library = l, .input = &in.in, .shown = name,
			.name = span_of(name), .digest = SPAN("0"), .saved = state};
		struct reader *r;

		OK(e, reader_open(&setup, &r, &e));
		OK(e, reader_next(r, &g, &e));
		if (g.kind == READ_SKIPPED)
			buf_str(shown, "- ");
		else if (g.kind == READ_RECORD)
			buf_printf(shown, "%d%s%s ", (int)g.number, g.bad.id ? "!" : "+", g.bad.id ? err_code(g.bad.id)->name : "");
		buf_clear(&saved);
		reader_save(r, &saved);
		reader_close(r);
		json_decref(state);
	}
	buf_done(&saved);
}

static void a_table_can_be_left_behind_each_row(void **state)
{
	static const struct {
		const char *name, *want;
	} cases[] = {
		{"deleted_rows_are_no_records", "1+ - 2+ - "},
		{"the_head_declares_a_record_more", "1+ 2+ - 3!codec.dbf_count "},
		{"the_head_declares_a_record_fewer", "1+ 2+ 3!codec.dbf_count "},
		{"half_a_character_fills_a_name", "1+ 2!text.half - "},
	};
	struct library *l = library();
	struct findings f;
	struct form *form;
	struct err e = ERR_INIT;

	(void)state;
	findings_init(&f);
	form = form_load(l, SOURCE_DIR "/adapters/payroll/dbf/batch.yaml", &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf path = BUF_INIT, file = BUF_INIT, shown = BUF_INIT;

		buf_printf(&path, SOURCE_DIR "/adapters/payroll/dbf/cases/batch/%s/gz202612_20261205_103_001.dbf", cases[i].name);
		OK(e, fsys_get(AT_FDCWD, buf_text(&path), 1 << 20, &file, &e));
		read_in_steps(l, form, "gz202612_20261205_103_001.dbf", buf_as_span(&file), &shown);
		assert_string_equal(buf_text(&shown), cases[i].want);
		buf_done(&path);
		buf_done(&file);
		buf_done(&shown);
	}
	form_free(form);
	findings_done(&f);
	library_free(l);
}

static void fixed_widths_can_be_left_behind_each_row(void **state)
{
	struct library *l = library();
	struct findings f;
	struct form *form;
	struct buf shown = BUF_INIT;

	(void)state;
	findings_init(&f);
	form = load(l, IN "codec: {fixed: {widths: {head: [1, 4 right], line: [4, 8 right]}, blank_rows: skip}}\nkinds:\n"
		"  head: {when: 'head.kind = \"H\"', columns: [kind, count]}\n  line: {columns: [payee, amount]}\n"
		"declares: {count: head.count}\n", &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	read_in_steps(l, form, "x202612", SPAN("H   4\n\xcd\xf5\xab\x7c 1234.50\r\n            \nab \xcd    2.00\n"
		"abc \xcd   2.00\nabc 2.00\nH       2.00\n"), &shown);
	assert_string_equal(buf_text(&shown), "- 1+ - 2!text.half 3!text.invalid 4!codec.width 5+ ");
	buf_done(&shown);
	form_free(form);
	findings_done(&f);
	library_free(l);
}

/* Titles, a header row in other order, cells that must not be believed in columns that a rule reads, and in others. */
static void a_sheet_can_be_left_behind_each_row(void **state)
{
	static const struct part parts[] = {PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS("<si><t>金额</t></si><si><t>收款人</t></si>"),
		SHEET("<row r=\"1\"><c t=\"str\"><v>明细表</v></c></row><row r=\"4\"><c t=\"s\"><v>0</v></c><c t=\"str\"><v>备注</v></c>"
			"<c t=\"s\"><v>1</v></c></row><row r=\"5\"><c><v>1234.5</v></c><c t=\"e\"><v>#N/A</v></c><c t=\"str\"><v>王珅</v></c></row>"
			"<row r=\"6\"/><row r=\"7\"><c><v>1.5</v></c><c/><c><v>6222020600000000015</v></c></row><row r=\"8\"><c t=\"e\"><v>"
			"#REF!</v></c><c/><c t=\"str\"><v>a</v></c></row><row r=\"9\"><c><v>1.5</v></c></row><row r=\"10\"><c><v>1.5</v></c><c/>"
			"<c t=\"str\"><v>a</v></c><c><v>1</v></c></row><row r=\"11\"><c><v>344.9214</v></c><c/><c t=\"str\"><v>a</v></c></row>"
			"<row r=\"12\"><c><v>2</v></c><c/><c t=\"str\"><v>a</v></c></row><row>")};
	struct library *l = library();
	struct buf file = BUF_INIT, shown = BUF_INIT;
	struct findings f;
	struct form *form;

	(void)state;
	findings_init(&f);
	form = load(l, "form: in\nevent: payment.published.v1\nnature: report\ncharset: utf-8\nfile: {name: 'x{month:yyyyMM}'}\n"
		"identity: {record: number}\nmap:\n  month: file.month\n  unit: site.unit\n  payee.name: line.payee\n"
		"  amount: {from: line.amount, as: yuan, decimals: 0..2}\n  currency: {value: CNY}\n"
		"codec: {xlsx: {blank_rows: skip}}\nheader: {within: 3, find: {payee: 收款人, amount: 金额}}\n", &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	make_book(&file, parts, COUNT(parts), NULL);
	read_in_steps(l, form, "x202612", buf_as_span(&file), &shown);
	assert_string_equal(buf_text(&shown), "- - 1+ - 2!codec.xlsx_digits 3!codec.xlsx_error 4!map.missing "
		"5!record.more_columns 6!money.decimals 7+ 8!codec.xlsx_xml ");
	buf_done(&file);
	buf_done(&shown);
	form_free(form);
	findings_done(&f);
	library_free(l);
}

/* Rows of a document inside: they have places in the file that no line end marks. Batch vouchers carry their head on. */
static void vouchers_can_be_left_behind_each_row(void **state)
{
	static const struct {
		const char *form, *name, *file, *want;
	} cases[] = {
		{"orders", "some_of_n_bodies_fail", "zf_20261205_001.xml",
			"- 1+ 2!xml.base64 3!xml.truncated 4!text.invalid 5!xml.doctype 6!money.decimals 7+ "},
		{"orders", "cut_off", "zf_20261205_001.xml", "- 1+ 2!xml.truncated "},
		{"orders", "base64_in_lines_stays_as_it_is", "zf_20261205_001.xml", "- 1+ "},
		{"lines", "a_batch", "mx_20261205_001.xml", "- 1+ 2+ 3+ "},
		{"lines", "two_batches_in_one_file_each_prove", "mx_20261205_001.xml", "- 1+ 2+ 3+ - 4+ 5+ "},
		{"lines", "cut_off_behind_a_batch", "mx_20261205_001.xml", "- 1+ 2+ 3+ 4!xml.truncated "},
	};
	struct library *l = library();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf path = BUF_INIT, file = BUF_INIT, shown = BUF_INIT;
		struct findings f;
		struct form *form;
		struct err e = ERR_INIT;

		findings_init(&f);
		buf_printf(&path, SOURCE_DIR "/adapters/payment/mof/%s.yaml", cases[i].form);
		form = form_load(l, buf_text(&path), &f);
		findings_print(&f, ERR_EN, 0, stderr);
		assert_non_null(form);
		buf_clear(&path);
		buf_printf(&path, SOURCE_DIR "/adapters/payment/mof/cases/%s/%s/%s", cases[i].form, cases[i].name, cases[i].file);
		OK(e, fsys_get(AT_FDCWD, buf_text(&path), 1 << 20, &file, &e));
		read_in_steps(l, form, cases[i].file, buf_as_span(&file), &shown);
		assert_string_equal(buf_text(&shown), cases[i].want);
		buf_done(&path);
		buf_done(&file);
		buf_done(&shown);
		form_free(form);
		findings_done(&f);
	}
	library_free(l);
}

static int shape(const struct form_shape *s, const char *name, struct err *e)
{
	struct slots slots;
	int ret;

	slots_init(&slots, names_count(s->names));
	slots_begin(&slots, 256);
	for (unsigned i = 0; i < slots.n; i++)
		if (strcmp(names_text(s->names, i), "data.payee.name") == 0)
			slots.v[i].text = span_of(name);
	ret = map_run(s->line, &slots, e);
	slots_done(&slots);
	return ret;
}

/* Not when the parcel is written: there one cell would stop all others. */
static void a_cell_that_is_too_wide_fails_when_its_line_is_shaped(void **state)
{
	struct library *l = library();
	struct findings f;
	struct form *form;
	struct err e = ERR_INIT;

	(void)state;
	findings_init(&f);
	form = load(l, OUT "codec: {fixed: {widths: {line: [4, 8 right]}}}\n", &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(form);
	OK(e, shape(&form->shapes[0], "王珅", &e));
	FAILS(e, "codec.too_wide", shape(&form->shapes[0], "王珅1", &e));
	assert_string_equal(err_arg(&e, "cell"), "1");
	assert_string_equal(err_arg(&e, "want"), "4");
	assert_string_equal(err_arg(&e, "got"), "5");
	assert_string_equal(err_arg(&e, "field"), "name");
	form_free(form);
	findings_done(&f);
	library_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_that_a_codec_cannot_serve_are_findings),
		cmocka_unit_test(a_table_can_be_left_behind_each_row),
		cmocka_unit_test(fixed_widths_can_be_left_behind_each_row),
		cmocka_unit_test(a_sheet_can_be_left_behind_each_row),
		cmocka_unit_test(vouchers_can_be_left_behind_each_row),
		cmocka_unit_test(a_cell_that_is_too_wide_fails_when_its_line_is_shaped),
	};

	return cmocka_run_group_tests_name("codec_form", tests, NULL, NULL);
}
