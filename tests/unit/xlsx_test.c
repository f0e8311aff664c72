/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <unistd.h>

#include "codec.h"
#include "codec_rows.h"
#include "xlsx_make.h"

/* ---- reading ---- */

struct reading {
	struct buf shown;
	struct place places[64];
	size_t n;
	struct err e;                /* that ended it */
	struct err bad;              /* of the last row */
};

/* "2:[a][][codec.xlsx_digits C2] 3:blank 4:codec.too_long " */
static void show_row(struct buf *b, const struct codec_reader *r, const struct row *row)
{
	buf_printf(b, "%llu:", (unsigned long long)row->line);
	if (row->bad.id != E_NONE) {
		assert_int_equal(err_kind(&row->bad), ERR_DATA);
		assert_true(row->ncells == 0 && !row->blank);
		buf_str(b, err_code(row->bad.id)->name);
	} else if (row->blank) {
		assert_true(row->ncells == 1 && row->cells[0].n == 0);
		buf_str(b, "blank");
	}
	for (unsigned i = 0; i < row->ncells && !row->blank; i++) {
		struct err e;

		assert_true(row->cells[i].p >= row->raw.p && row->cells[i].p + row->cells[i].n <= row->raw.p + row->raw.n);
		if (codec_xlsx.cell(r, i, &e) != 0)
			buf_printf(b, "[%s %s]", err_code(e.id)->name, err_arg(&e, "cell"));
		else
			buf_printf(b, "[%.*s]", SPAN_F(row->cells[i]));
	}
	buf_c(b, ' ');
}

static struct reading read_from(const struct codec_format *f, struct span file, struct place at, size_t step, size_t fail_at)
{
	struct text_input in = text_input_failing(file, step, fail_at);
	struct reading ret = {.shown = BUF_INIT};
	struct codec_reader *r;
	struct row row;
	int got;

	OK(ret.e, f->codec->open(f, &in.in, at.end, at.line, &r, &ret.e));
	while ((got = f->codec->next(r, &row, &ret.e)) != 0) {
		if (got < 0 && ret.e.id == E_DISK_FULL)
			continue;
		if (got < 0) {
			assert_int_equal(err_kind(&ret.e), ERR_DATA);
			buf_str(&ret.shown, err_code(ret.e.id)->name);
			break;
		}
		assert_true(row.offset >= at.end && row.end >= row.offset && row.line >= at.line && row.next_line > row.line);
		assert_true(ret.n < COUNT(ret.places));
		show_row(&ret.shown, r, &row);
		ret.bad = row.bad;
		at = (struct place){row.end, row.next_line, ret.shown.n};
		ret.places[ret.n++] = at;
	}
	f->codec->close(r);
	return ret;
}

/* Read at once, in pieces, with an input that fails, and gone on with behind each row: always the same. */
static void reads_as(const char *settings, struct span file, const char *want)
{
	struct codec_format *f = rows_format("xlsx", settings, CHARSET_UTF8);
	struct reading all = read_from(f, file, (struct place){0, 1, 0}, SIZE_MAX, 0), again;

	if (strcmp(buf_text(&all.shown), want) != 0)
		fail_msg("got  %s\nwant %s", buf_text(&all.shown), want);
	again = read_from(f, file, (struct place){0, 1, 0}, 100, 300);
	assert_string_equal(buf_text(&again.shown), want);
	buf_done(&again.shown);
	for (size_t i = 0; i < all.n; i++) {
		again = read_from(f, file, all.places[i], SIZE_MAX, 0);
		if (strcmp(buf_text(&again.shown), want + all.places[i].shown) != 0)
			fail_msg("behind row %zu: %s\nof %s", i, buf_text(&again.shown), want);
		if (again.n && all.bad.id != E_NONE)
			assert_string_equal(again.bad.args, all.bad.args);
		buf_done(&again.shown);
	}
	buf_done(&all.shown);
	f->codec->format_free(f);
}

static void parts_read_as(const char *settings, const struct part *parts, size_t n, const char *want)
{
	struct buf b = BUF_INIT;

	make_book(&b, parts, n, NULL);
	reads_as(settings, buf_as_span(&b), want);
	buf_done(&b);
}

#define READ_AS(settings, want, ...)                                                                                   \
	do {                                                                                                           \
		const struct part parts_[] = {__VA_ARGS__};                                                            \
		parts_read_as(settings, parts_, COUNT(parts_), want);                                                  \
	} while (0)

/* One sheet of these rows, and these shared texts. */
static void sheet_reads_as(const char *settings, const char *rows, const char *texts, const char *want)
{
	struct buf sheet = BUF_INIT, shared = BUF_INIT;

	buf_printf(&sheet, "%s%s%s", SHEET_BEGIN, rows, SHEET_END);
	buf_printf(&shared, "%s<sst" NS ">%s</sst>", XML_BEGIN, texts);
	READ_AS(settings, want, PACKAGE_RELS, ONE_SHEET, BOOK_RELS, {"xl/worksheets/sheet1.xml", buf_text(&sheet), 0},
		{"xl/sharedStrings.xml", buf_text(&shared), 0});
	buf_done(&sheet);
	buf_done(&shared);
}

/* ---- cells ---- */

static void a_number_is_the_decimal_that_was_typed(void **state)
{
	static const struct {
		const char *written, *want;
	} cases[] = {
		{"0", "0"}, {"1", "1"}, {"-0", "0"}, {"-1.5", "-1.5"}, {"010", "10"},
		{"602001.0", "602001"},
		{"46361", "46361"},
		{"46361.999988425923", "46361.9999884259"},
		{"4234.5699999999997", "4234.57"},
		{"1.1000000000000001", "1.1"},
		{"0.28999999999999998", "0.29"},
		{"-0.28999999999999998", "-0.29"},
		{"9.9999999999999996", "10"},
		{"0.99999999999999989", "1"},
		{"14204796.489999998", "14204796.49"},
		{"0.333333333333333315", "0.333333333333333"},
		{"1.0000000000000001E-5", "0.00001"},
		{"1.23456789E7", "12345678.9"},
		{"1E3", "1000"}, {"1e+3", "1000"}, {"0E0", "0"},
		{"9999999999999.99", "9999999999999.99"},
		{"150782800101001", "150782800101001"},          /* an identity number of 15 digits is still whole */
		{"999999999999999", "999999999999999"},
		{"1000000000000000", "codec.xlsx_digits A1"},    /* 16 digits: the last one may have been another */
		{"999999999999999.9", "codec.xlsx_digits A1"},
		{"1.50622E+17", "codec.xlsx_digits A1"},
		{"6222020600000000000", "codec.xlsx_digits A1"},
		{"6.2220206E18", "codec.xlsx_digits A1"},
		{"-1.4551915228366852E-32", "codec.xlsx_number A1"},
		{"-1.4551915228366852E-11", "-0.0000000000145519152283669"},
		{"1E", "codec.xlsx_number A1"}, {"1.", "codec.xlsx_number A1"}, {".5", "codec.xlsx_number A1"},
		{"-", "codec.xlsx_number A1"}, {"NaN", "codec.xlsx_number A1"}, {"1,000", "codec.xlsx_number A1"},
		{"0x10", "codec.xlsx_number A1"}, {"1E99999999999", "codec.xlsx_number A1"}, {"1 2", "codec.xlsx_number A1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char rows[200], want[200];

		snprintf(rows, sizeof rows, "<row r=\"1\"><c r=\"A1\"><v>%s</v></c></row>", cases[i].written);
		snprintf(want, sizeof want, "1:[%s] ", cases[i].want);
		sheet_reads_as("{}", rows, "", want);
	}
}

static void cells_of_all_types_are_text(void **state)
{
	static const struct {
		const char *cell, *want;
	} cases[] = {
		{"<c r=\"A1\" t=\"s\"><v>0</v></c>", "[王珅]"},
		{"<c r=\"A1\" t=\"s\"><v>1</v></c>", "[乌云其其格]"},               /* in two fonts, with a reading aid */
		{"<c r=\"A1\" t=\"s\"><v>2</v></c>", "[ 602001 ]"},
		{"<c r=\"A1\" t=\"s\"><v>3</v></c>", "blank"},
		{"<c r=\"A1\" t=\"s\"><v>4</v></c>", "[codec.xlsx_cell A1]"},
		{"<c r=\"A1\" t=\"s\"><v>-1</v></c>", "[codec.xlsx_cell A1]"},
		{"<c r=\"A1\" t=\"s\"><v>99999999999999999999</v></c>", "[codec.xlsx_cell A1]"},
		{"<c r=\"A1\" t=\"s\"/>", "blank"},
		{"<c r=\"A1\" t=\"inlineStr\"><is><t>王</t><rPh sb=\"0\" eb=\"1\"><t>wang</t></rPh><r><rPr/><t>珅</t></r></is></c>", "[王珅]"},
		{"<c r=\"A1\" t=\"str\"><f>A2&amp;A3</f><v>a&lt;b</v></c>", "[a<b]"},
		{"<c r=\"A1\" t=\"str\"><f>A2</f><v></v></c>", "blank"},
		{"<c r=\"A1\" t=\"str\"><v>a_x000D__x4E2D__x005F_x000D__xZZZZ_</v></c>", "[a\r中_x000D__xZZZZ_]"},
		{"<c r=\"A1\" t=\"b\"><v>1</v></c>", "[TRUE]"},
		{"<c r=\"A1\" t=\"b\"><v>0</v></c>", "[FALSE]"},
		{"<c r=\"A1\" t=\"b\"><v>2</v></c>", "[codec.xlsx_cell A1]"},
		{"<c r=\"A1\" t=\"e\"><v>#REF!</v></c>", "[codec.xlsx_error A1]"},
		{"<c r=\"A1\" t=\"d\"><v>2026-12-05</v></c>", "[2026-12-05]"},
		{"<c r=\"A1\" t=\"n\" s=\"4\"><v>1.5</v></c>", "[1.5]"},
		{"<c r=\"A1\" t=\"zz\"><v>1.5</v></c>", "[codec.xlsx_cell A1]"},
		{"<c r=\"A1\"><f>SUM(B1:B9)</f><v>3.3000000000000003</v></c>", "[3.3]"},
		{"<c r=\"A1\"><f>SUM(B1:B9)</f><v></v></c>", "[codec.xlsx_formula A1]"},
		{"<c r=\"A1\"><f>SUM(B1:B9)</f></c>", "[codec.xlsx_formula A1]"},
		{"<c r=\"A1\" s=\"3\"/>", "blank"},
		{"<c r=\"A1\"><v/></c>", "blank"},
		{"<c r=\"A1\"><v><![CDATA[12]]></v><extLst><ext><v>9</v></ext></extLst></c>", "[12]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char rows[300], want[200];

		snprintf(rows, sizeof rows, "<row r=\"1\">%s</row>", cases[i].cell);
		snprintf(want, sizeof want, "1:%s ", cases[i].want);
		sheet_reads_as("{}", rows, "<si><t>王珅</t></si><si><r><t>乌云</t></r><r><rPr><b/></rPr><t>其其格</t></r>"
			"<rPh sb=\"0\" eb=\"2\"><t>wu yun</t></rPh><phoneticPr fontId=\"1\"/></si><si><t xml:space=\"preserve\"> 602001 "
			"</t></si><si/>", want);
	}
}

static void cells_stand_where_their_names_say(void **state)
{
	(void)state;
	sheet_reads_as("{}", "<row r=\"2\" spans=\"1:5\"><c r=\"B2\"><v>1</v></c><c r=\"D2\"><v>2</v></c><c r=\"E2\" s=\"1\"/></row>"
		"<row r=\"3\"/><row r=\"7\" hidden=\"1\"><c r=\"A7\"><v>3</v></c></row><row><c><v>4</v></c><c><v>5</v></c></row>"
		"<row r=\"1048576\"><c r=\"ZZ1048576\" s=\"9\"/><c r=\"XFD1048576\" s=\"9\"/></row>", "",
		"2:[][1][][2] 3:blank 7:[3] 8:[4][5] 1048576:blank ");
	sheet_reads_as("{trim: blanks}", "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t> \t王 珅 </t></is></c><c r=\"B1\" t=\"inlineStr\">"
		"<is><t>  </t></is></c></row>", "", "1:[王 珅] ");
	sheet_reads_as("{}", "", "", "");
}

static void rows_and_cells_out_of_order_end_the_sheet(void **state)
{
	static const char *const rows[] = {
		"<row r=\"1\"><c r=\"A1\"><v>2</v></c></row>",
		"<row r=\"0\"/>", "<row r=\"x\"/>", "<row r=\"1048577\"/>",
		"<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"A2\"><v>2</v></c></row>",
		"<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"B2\"><v>2</v></c></row>",
		"<row r=\"2\"><c r=\"B3\"><v>1</v></c></row>",
		"<row r=\"2\"><c r=\"2\"><v>1</v></c></row>", "<row r=\"2\"><c r=\"B02\"><v>1</v></c></row>",
		"<row r=\"2\"><c r=\"b2\"><v>1</v></c></row>", "<row r=\"2\"><c r=\"AAAA2\"><v>1</v></c></row>",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char all[300];

		snprintf(all, sizeof all, "<row r=\"1\"><c r=\"A1\"><v>1</v></c></row>%s<row r=\"9\"/>", rows[i]);
		sheet_reads_as("{}", all, "", "1:[1] 2:codec.xlsx_order ");
	}
}

static void put_times(struct buf *b, const char *text, unsigned n)
{
	while (n--)
		buf_str(b, text);
}

static void rows_over_a_limit_are_bad(void **state)
{
	struct buf rows = BUF_INIT, want = BUF_INIT;

	(void)state;
	/* SR is the 512th column. Behind it only what holds something counts. */
	buf_str(&want, "1:");
	put_times(&want, "[]", 511);
	buf_str(&want, "[1] 2:codec.too_many_cells 3:blank 4:[1] ");
	sheet_reads_as("{}", "<row r=\"1\"><c r=\"SR1\"><v>1</v></c></row><row r=\"2\"><c r=\"SS2\"><v>1</v></c><c r=\"ST2\"><v>1</v></c>"
		"</row><row r=\"3\"><c r=\"SR3\" s=\"1\"/><c r=\"SS3\" s=\"1\"/></row><row r=\"4\"><c r=\"A4\"><v>1</v></c></row>",
		"", buf_text(&want));
	/* Ten cells of 32000 letters are more than a record may have; so is one of 300000, here from the shared texts. */
	buf_str(&rows, "<row r=\"1\">");
	put_times(&rows, "<c t=\"s\"><v>0</v></c>", 10);
	buf_str(&rows, "</row><row r=\"2\"><c t=\"s\"><v>1</v></c></row><row r=\"3\"><c t=\"str\"><v>");
	put_times(&rows, "0123456789", 30000);
	buf_str(&rows, "</v></c><c><v>1</v></c></row><row r=\"4\"><c><v>1</v></c></row>");
	buf_clear(&want);
	buf_str(&want, "<si><t>");
	put_times(&want, "12345678", 4000);
	buf_str(&want, "</t></si><si><t>");
	put_times(&want, "12345678", 40000);
	buf_str(&want, "</t></si>");
	sheet_reads_as("{}", buf_text(&rows), buf_text(&want), "1:codec.too_long 2:codec.too_long 3:codec.too_long 4:[1] ");
	buf_done(&rows);
	buf_done(&want);
}

/* ---- sheets ---- */

#define SHEETS                                                                                                         \
	BOOK("<sheet name=\"说明\" sheetId=\"7\" state=\"veryHidden\" r:id=\"rId4\"/><sheet name=\"花名册\" sheetId=\"1\" " \
		"r:id=\"rId1\"/><sheet name=\"2026\" sheetId=\"3\" state=\"visible\" r:id=\"rId2\"/><sheet name=\"图\" "     \
		"sheetId=\"4\" r:id=\"rId4\"/><sheet name=\"汇总\" sheetId=\"5\" state=\"hidden\" r:id=\"rId2\"/>")
#define SECOND {"xl/worksheets/sheet2.xml", SHEET_BEGIN "<row r=\"1\"><c><v>2</v></c></row>" SHEET_END, 0}

static void the_sheet_is_found_by_name_or_number(void **state)
{
	static const struct {
		const char *settings, *want;
	} cases[] = {
		{"{}", "1:[1] "},
		{"{sheet: 1}", "1:[1] "},
		{"{sheet: 2}", "1:[2] "},
		{"{sheet: 3}", "codec.xlsx_sheet"},              /* a chart has no rows */
		{"{sheet: 4}", "codec.xlsx_sheet"},
		{"{sheet: 花名册}", "1:[1] "},
		{"{sheet: 花名}", "codec.xlsx_sheet"},
		{"{sheet: {name: '2026'}}", "1:[2] "},
		{"{sheet: 汇总}", "1:[2] "},                     /* hidden, but the form says it */
		{"{sheet: 说明}", "codec.xlsx_sheet"},
		{"{sheet: '图'}", "codec.xlsx_sheet"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		READ_AS(cases[i].settings, cases[i].want, PACKAGE_RELS, SHEETS, BOOK_RELS, SHEET("<row r=\"1\"><c><v>1</v></c></row>"),
			SECOND, TEXTS(""));
}

static void who_renamed_a_sheet_is_told_the_names(void **state)
{
	static const struct part parts[] = {PACKAGE_RELS, SHEETS, BOOK_RELS, SECOND};
	struct codec_format *f = rows_format("xlsx", "{sheet: 花名册表}", CHARSET_UTF8);
	struct buf b = BUF_INIT;
	struct reading got;

	(void)state;
	make_book(&b, parts, COUNT(parts), NULL);
	got = read_from(f, buf_as_span(&b), (struct place){0, 1, 0}, SIZE_MAX, 0);
	assert_string_equal(err_code(got.e.id)->name, "codec.xlsx_sheet");
	assert_string_equal(err_arg(&got.e, "name"), "花名册表");
	assert_string_equal(err_arg(&got.e, "near"), "花名册");
	assert_string_equal(err_arg(&got.e, "sheets"), "说明, 花名册, 2026, 图, 汇总");
	buf_done(&got.shown);
	buf_done(&b);
	f->codec->format_free(f);
}

static void makers_write_workbooks_in_many_ways(void **state)
{
	static const char utf16[] = "\xff\xfe<\0w\0o\0r\0k\0s\0h\0e\0e\0t\0>\0<\0s\0h\0e\0e\0t\0D\0a\0t\0a\0>\0<\0r\0o\0w\0>\0<\0c\0>\0<\0v\0>\0"
		"7\0<\0/\0v\0>\0<\0/\0c\0>\0<\0/\0r\0o\0w\0>\0<\0r\0o\0w\0/\0>\0<\0/\0s\0h\0e\0e\0t\0D\0a\0t\0a\0>\0<\0/\0"
		"w\0o\0r\0k\0s\0h\0e\0e\0t\0>";

	(void)state;
	/* Prefixes, other folders and capitals, backslashes, no shared texts, a declared encoding in small letters. */
	READ_AS("{}", "1:[王] 2:[3] ",
		{"_rels/.rels", "<Relationships><Relationship Id=\"a\" Type=\"http://purl.oclc.org/ooxml/officeDocument/relationships/"
			"officeDocument\" Target=\"/Book/B.xml\"/></Relationships>", 0},
		{"book\\b.XML", "<?xml version='1.0' encoding='utf-8'?><x:workbook xmlns:x=\"x\" xmlns:q=\"q\"><x:sheets><x:sheet "
			"q:id=\"i\" name=\"a\"/></x:sheets></x:workbook>", 0},
		{"Book/_rels/B.xml.rels", "<Relationships><Relationship Id=\"i\" Type=\"http://x/worksheet\" Target=\"./x/../../s/1.xml\"/>"
			"<Relationship Id=\"i\" Type=\"http://x/hyperlink\" TargetMode=\"External\" Target=\"http://x\"/></Relationships>", 0},
		{"s/1.xml", "<x:worksheet xmlns:x=\"x\"><x:sheetViews><x:row/></x:sheetViews><x:sheetData><x:row><x:c t='inlineStr'><x:is>"
			"<x:t>王</x:t></x:is></x:c></x:row><x:row r='2'><x:c><x:v>3</x:v></x:c></x:row></x:sheetData></x:worksheet>", 0});
	READ_AS("{}", "1:[7] 2:blank ", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""),
		{"xl/worksheets/sheet1.xml", utf16, sizeof utf16});
}

/* ---- what is no workbook ---- */

static void files_that_are_no_workbooks_say_so(void **state)
{
	static const struct {
		struct span file;
		const char *want;
	} cases[] = {
		{{"", 0}, "codec.xlsx_zip"},
		{{"PK", 2}, "codec.xlsx_zip"},
		{{"<html><table><tr><td>1</td></tr></table></html>", 47}, "codec.xlsx_zip"},
		{{"PK\3\4" "0123456789012345678901234567890", 35}, "codec.xlsx_zip"},
		{{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" "W\0o\0r\0k\0b\0o\0o\0k", 24}, "codec.xlsx_old"},
		{{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e", 40}, "codec.xlsx_locked"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		reads_as("{}", cases[i].file, cases[i].want);
}

#define ROW_1 "<row r=\"1\"><c><v>1</v></c></row>"
#define DATED BOOK("</sheets><workbookPr date1904=\"1\"/><sheets><sheet name=\"a\" r:id=\"rId1\"/>")

static void workbooks_that_cannot_be_read_say_so(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	READ_AS("{}", "codec.xlsx_part", {"mimetype", "application/vnd.oasis.opendocument.spreadsheet", 0});
	READ_AS("{}", "codec.xlsx_part", PACKAGE_RELS, BOOK_RELS, SHEET(ROW_1), TEXTS(""));
	READ_AS("{}", "codec.xlsx_part", PACKAGE_RELS, ONE_SHEET, SHEET(ROW_1), TEXTS(""));
	READ_AS("{}", "codec.xlsx_part", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""));
	READ_AS("{}", "codec.xlsx_part", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, SHEET(ROW_1));
	READ_AS("{}", "codec.xlsx_part", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""), SHEET(ROW_1), SHEET(""));
	READ_AS("{}", "codec.xlsx_1904", PACKAGE_RELS, DATED, BOOK_RELS, TEXTS(""), SHEET(ROW_1));
	READ_AS("{}", "codec.xlsx_sheet", PACKAGE_RELS, BOOK(""), BOOK_RELS, TEXTS(""), SHEET(ROW_1));
	/* Entities that grow, an encoding that is none of a workbook's, half a document. */
	READ_AS("{}", "codec.xlsx_xml", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, SHEET(ROW_1),
		{"xl/sharedStrings.xml", "<!DOCTYPE sst [<!ENTITY a \"aaaa\">]><sst><si><t>&a;</t></si></sst>", 0});
	READ_AS("{}", "codec.xlsx_xml", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, SHEET(ROW_1),
		{"xl/sharedStrings.xml", "<?xml version=\"1.0\" encoding=\"GBK\"?><sst/>", 0});
	READ_AS("{}", "codec.xlsx_xml", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, SHEET(ROW_1),
		{"xl/sharedStrings.xml", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><sst/>", 0});
	READ_AS("{}", "codec.xlsx_xml", PACKAGE_RELS, BOOK("<sheet"), BOOK_RELS, TEXTS(""), SHEET(ROW_1));
	READ_AS("{}", "codec.xlsx_xml", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""),
		{"xl/worksheets/sheet1.xml", "<chartsheet/>", 0});
	READ_AS("{}", "codec.xlsx_xml", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""), {"xl/worksheets/sheet1.xml", "<a", 0});
	make_book(&b, (struct part[]){PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""), SHEET(ROW_1)}, 5, "secret");
	reads_as("{}", buf_as_span(&b), "codec.xlsx_locked");
	buf_done(&b);
}

static void a_sheet_that_breaks_is_bad_from_there_on(void **state)
{
	static const char *const rests[] = {
		"<row r=\"2\"><c><v>\x01</v></c></row>", "<row r=\"2\"><c><v>\xd5\xe4</v></c></row>", "<row r=\"2\"><c></row>", "&x;",
		"<group><row r=\"2\"/></group>", "<row r=\"2\" r=\"3\"/>",
	};
	struct buf big = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rests); i++) {
		char rows[700];

		snprintf(rows, sizeof rows, ROW_1 "%s<row r=\"7\"/>", rests[i]);
		sheet_reads_as("{}", rows, "", "1:[1] 2:codec.xlsx_xml ");
	}
	READ_AS("{}", "1:[1] 2:codec.xlsx_xml ", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""),
		{"xl/worksheets/sheet1.xml", SHEET_BEGIN ROW_1, 0});
	READ_AS("{}", "1:[1] 2:codec.xlsx_xml ", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""),
		{"xl/worksheets/sheet1.xml", SHEET_BEGIN ROW_1 "</sheetData></worksheet><worksheet/>", 0});
	buf_str(&big, ROW_1 "<row r=\"2\">");
	put_times(&big, "<a>", 70);
	sheet_reads_as("{}", buf_text(&big), "", "1:[1] 2:codec.xlsx_xml ");
	buf_clear(&big);
	/* A tag without an end must not be kept for ever. */
	buf_str(&big, ROW_1 "<row r=\"2\" x=\"");
	put_times(&big, "0123456789abcdef", 1 << 17);
	buf_str(&big, "\"/>");
	sheet_reads_as("{}", buf_text(&big), "", "1:[1] 2:codec.xlsx_xml ");
	buf_done(&big);
}

/* Every byte of an archive changed or cut off: it says something, and never gives rows that are not in it. */
static void damaged_archives_are_found(void **state)
{
	static const struct part parts[] = {PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS("<si><t>王珅</t></si>"),
		SHEET("<row r=\"1\"><c t=\"s\"><v>0</v></c><c><v>1234.5</v></c></row>")};
	struct codec_format *f = rows_format("xlsx", "{}", CHARSET_UTF8);
	struct buf b = BUF_INIT;
	size_t told = 0;

	(void)state;
	make_book(&b, parts, COUNT(parts), NULL);
	for (size_t i = 0; i < b.n; i++) {
		struct reading got;

		b.p[i] ^= 0x20;
		got = read_from(f, buf_as_span(&b), (struct place){0, 1, 0}, SIZE_MAX, 0);
		if (strcmp(buf_text(&got.shown), "1:[王珅][1234.5] ") != 0)
			told += strncmp(got.shown.p, "codec.xlsx_", 11) == 0 ? 1 : 1000000;
		buf_done(&got.shown);
		b.p[i] ^= 0x20;
		got = read_from(f, (struct span){b.p, i}, (struct place){0, 1, 0}, SIZE_MAX, 0);
		if (strncmp(buf_text(&got.shown), "codec.xlsx_", 11) != 0)
			fail_msg("cut at %zu: %s", i, buf_text(&got.shown));
		buf_done(&got.shown);
	}
	assert_in_range(told, b.n / 2, b.n);
	f->codec->format_free(f);
	buf_done(&b);
}

static void what_unpacks_to_too_much_is_refused(void **state)
{
	struct buf texts = BUF_INIT;

	(void)state;
	buf_str(&texts, "<sst><si><t>");
	buf_reserve(&texts, 40 << 20);
	memset(texts.p + texts.n, ' ', 40 << 20);
	texts.n += 40 << 20;
	READ_AS("{}", "codec.xlsx_large", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, SHEET(ROW_1),
		{"xl/sharedStrings.xml", texts.p, texts.n});
	READ_AS("{}", "codec.xlsx_large", PACKAGE_RELS, {"xl/workbook.xml", texts.p, 5 << 20}, BOOK_RELS, SHEET(ROW_1), TEXTS(""));
	buf_clear(&texts);
	put_times(&texts, "<a>", 65);
	READ_AS("{}", "codec.xlsx_xml", PACKAGE_RELS, ONE_SHEET, BOOK_RELS, SHEET(ROW_1),
		{"xl/sharedStrings.xml", texts.p, texts.n});
	buf_done(&texts);
}

/* 65 MiB that begin as an archive does. */
static int fill_without_end(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct text_input *t = (struct text_input *)in;

	(void)e;
	memset(p, 0, cap);
	if (t->at == 0)
		memcpy(p, "PK\3\4", 4);
	t->at += cap;
	*ret_n = t->at < 65u << 20 ? cap : 0;
	return 0;
}

static void a_file_over_the_limit_is_not_read_to_its_end(void **state)
{
	struct codec_format *f = rows_format("xlsx", "{}", CHARSET_UTF8);
	struct text_input in = {.in = {fill_without_end}};
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	FAILS(e, "codec.xlsx_large", f->codec->next(r, &row, &e));
	f->codec->close(r);
	f->codec->format_free(f);
}

/* ---- files, settings ---- */

static unsigned open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void its_temporary_files_are_gone_with_it(void **state)
{
	const unsigned before = open_files();

	(void)state;
	files_that_are_no_workbooks_say_so(NULL);
	the_sheet_is_found_by_name_or_number(NULL);
	workbooks_that_cannot_be_read_say_so(NULL);
	assert_int_equal(open_files(), before);
}

static void a_folder_for_temporary_files_that_is_not_there_is_told(void **state)
{
	struct codec_format *f = rows_format("xlsx", "{}", CHARSET_UTF8);
	struct text_input in = text_input(SPAN("PK\3\4"), 0);
	struct codec_reader *r;
	struct row row;
	struct err e = ERR_INIT;

	(void)state;
	setenv("TMPDIR", "/nowhere", 1);
	OK(e, f->codec->open(f, &in.in, 0, 1, &r, &e));
	FAILS(e, "file.missing", f->codec->next(r, &row, &e));
	unsetenv("TMPDIR");
	FAILS(e, "codec.xlsx_zip", f->codec->next(r, &row, &e));
	f->codec->close(r);
	f->codec->format_free(f);
}

static void settings_that_cannot_be_are_findings(void **state)
{
	static const struct {
		const char *settings;
		enum charset charset;
		const char *want;
	} cases[] = {
		{"{}", CHARSET_GB18030, "codec.xlsx_charset"},
		{"{sheet: 0}", CHARSET_UTF8, "conf.number"},
		{"{sheet: }", CHARSET_UTF8, "conf.number"},
		{"{sheet: 9999}", CHARSET_UTF8, "conf.number"},
		{"{sheet: [a]}", CHARSET_UTF8, "conf.type"},
		{"{sheet: {nam: a}}", CHARSET_UTF8, "conf.missing"},
		{"{shet: a}", CHARSET_UTF8, "conf.unknown_key"},
		{"{blank_rows: no}", CHARSET_UTF8, "conf.choice"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct findings f;
		struct err e = ERR_INIT;

		findings_init(&f);
		assert_null(rows_compile("xlsx", cases[i].settings, cases[i].charset, &f));
		findings_first(&f, &e);
		assert_string_equal(err_code(e.id)->name, cases[i].want);
		findings_done(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_the_decimal_that_was_typed),
		cmocka_unit_test(cells_of_all_types_are_text),
		cmocka_unit_test(cells_stand_where_their_names_say),
		cmocka_unit_test(rows_and_cells_out_of_order_end_the_sheet),
		cmocka_unit_test(rows_over_a_limit_are_bad),
		cmocka_unit_test(the_sheet_is_found_by_name_or_number),
		cmocka_unit_test(who_renamed_a_sheet_is_told_the_names),
		cmocka_unit_test(makers_write_workbooks_in_many_ways),
		cmocka_unit_test(files_that_are_no_workbooks_say_so),
		cmocka_unit_test(workbooks_that_cannot_be_read_say_so),
		cmocka_unit_test(a_sheet_that_breaks_is_bad_from_there_on),
		cmocka_unit_test(damaged_archives_are_found),
		cmocka_unit_test(what_unpacks_to_too_much_is_refused),
		cmocka_unit_test(a_file_over_the_limit_is_not_read_to_its_end),
		cmocka_unit_test(its_temporary_files_are_gone_with_it),
		cmocka_unit_test(a_folder_for_temporary_files_that_is_not_there_is_told),
		cmocka_unit_test(settings_that_cannot_be_are_findings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
