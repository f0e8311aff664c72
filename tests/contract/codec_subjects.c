/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_subjects.h"

#include <openssl/evp.h>

#include "../unit/dbf_make.h"
#include "../unit/xlsx_make.h"
#include "jscan.h"

static void encode(const struct subject *s, const char *utf8, struct buf *b)
{
	struct err e;

	if (charset_encode(s->charset, span_of(utf8), b, &e))
		abort();
}

/* Quoted only where the settings have quotes. */
static void render_delimited(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	for (; n--; rows++) {
		for (unsigned i = 0; i < 3 && !rows->blank; i++) {
			const char *c = rows->cells[i];
			const bool quoted = strstr(s->settings, "quote") && (strchr(c, '"') || strstr(c, s->by));

			buf_str(b, i ? s->by : "");
			buf_str(b, quoted ? "\"" : "");
			for (; *c && quoted && strchr(c, '"'); c = strchr(c, '"') + 1) {
				char part[64];

				snprintf(part, sizeof part, "%.*s\"\"", (int)(strchr(c, '"') - c), c);
				encode(s, part, b);
			}
			encode(s, c, b);
			buf_str(b, quoted ? "\"" : "");
		}
		buf_str(b, strstr(s->settings, "crlf") ? "\r\n" : "\n");
	}
}

/* In so many bytes; an amount stands at the right. */
static void pad(const struct subject *s, const char *utf8, unsigned width, bool right, struct buf *b)
{
	struct buf text = BUF_INIT;

	encode(s, utf8, &text);
	buf_printf(b, "%*s", right && text.n < width ? (int)(width - text.n) : 0, "");
	buf_span(b, buf_as_span(&text));
	buf_printf(b, "%*s", !right && text.n < width ? (int)(width - text.n) : 0, "");
	buf_done(&text);
}

static void render_fixed(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	for (; n--; rows++) {
		for (unsigned i = 0; i < 3; i++)
			pad(s, rows->blank ? "" : rows->cells[i], s->widths[!rows->head][i], i == 1, b);
		buf_str(b, strstr(s->settings, "none") ? "" : "\n");
	}
}

/* All records have all fields. One that is deleted stands behind the first. */
static void render_dbf(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	struct buf text = BUF_INIT;
	struct dbf_table t = {.version = 3, .count = n + 1, .end = "\x1a",
		.fields = {{"T", 'C', 4}, {"NAME", 'C', 12}, {"AMT", 'N', 16}, {"NOTE", 'C', 8}, {NULL, 0, 0}}};

	for (unsigned i = 0; i < n; i++) {
		const struct sample *x = &rows[i];

		buf_c(&text, ' ');
		pad(s, x->head ? x->cells[0] : "", 4, false, &text);
		pad(s, x->head || x->blank ? "" : x->cells[0], 12, false, &text);
		pad(s, x->blank ? "" : x->cells[1], 16, true, &text);
		pad(s, x->blank ? "" : x->cells[2], 8, false, &text);
		if (i == 0)
			buf_printf(&text, "*%4s%-12s%16s%8s", "", "Gone", "99.99", "");
	}
	t.rows = buf_text(&text);
	make_dbf(b, &t);
	buf_done(&text);
}

static void json_members(const struct sample *x, struct buf *b)
{
	static const char *const keys[2][3] = {{"t", "amount", "mark"}, {"name", "amount", "note"}};

	for (unsigned i = 0; i < 3; i++) {
		buf_printf(b, "%s\"%s\": ", i ? ", " : "", keys[!x->head][i]);
		json_quote(b, span_of(x->cells[i]));
	}
}

static void render_lines(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	(void)s;
	for (; n--; rows++) {
		if (!rows->blank) {
			buf_c(b, '{');
			json_members(rows, b);
			buf_c(b, '}');
		}
		buf_c(b, '\n');
	}
}

static void render_array(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	bool any = false;

	(void)s;
	buf_str(b, "{");
	for (unsigned i = 0; i < n; i++)
		if (rows[i].head) {
			json_members(&rows[i], b);
			buf_str(b, ", ");
		}
	buf_str(b, "\"data\": [\n");
	for (unsigned i = 0; i < n; i++)
		if (!rows[i].head && !rows[i].blank) {
			buf_str(b, any ? ",\n {" : " {");
			json_members(&rows[i], b);
			buf_c(b, '}');
			any = true;
		}
	buf_str(b, "\n]}\n");
}

static void xml_text(const char *name, const char *text, struct buf *b)
{
	buf_printf(b, "<%s>", name);
	for (; *text; text++)
		if (strchr("<>&\"", *text))
			buf_printf(b, "&#%d;", *text);
		else
			buf_c(b, *text);
	buf_printf(b, "</%s>", name);
}

static void xml_rows(const struct sample *rows, unsigned n, struct buf *b)
{
	static const char *const names[2][3] = {{"name", "amount", "note"}, {NULL, "amount", "mark"}};

	for (; n--; rows++) {
		if (rows->blank)
			continue;
		if (rows->head)
			buf_printf(b, " <H t=\"%s\">", rows->cells[0]);
		else
			buf_str(b, " <L>");
		for (unsigned i = rows->head; i < 3; i++)
			xml_text(names[rows->head][i], rows->cells[i], b);
		buf_str(b, rows->head ? "</H>\n" : "</L>\n");
	}
}

static void render_xml(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	struct buf text = BUF_INIT;

	buf_str(&text, "<?xml version=\"1.0\" encoding=\"GB18030\"?>\n<M>\n");
	xml_rows(rows, n, &text);
	buf_str(&text, "</M>\n");
	encode(s, buf_text(&text), b);
	buf_done(&text);
}

/* All rows in a document of their own, in Base64. */
static void render_packed(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT;

	buf_str(&text, "<D>\n");
	xml_rows(rows, n, &text);
	buf_str(&text, "</D>\n");
	encode(s, buf_text(&text), &bytes);
	buf_str(b, "<M>\n <B>");
	buf_reserve(b, bytes.n * 2 + 8);
	b->n += (size_t)EVP_EncodeBlock((unsigned char *)b->p + b->n, (const unsigned char *)bytes.p, (int)bytes.n);
	buf_str(b, "</B>\n</M>\n");
	buf_done(&text);
	buf_done(&bytes);
}

static void render_xlsx(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b)
{
	struct buf sheet = BUF_INIT;

	(void)s;
	buf_str(&sheet, SHEET_BEGIN);
	for (unsigned i = 0; i < n; i++) {
		buf_printf(&sheet, "<row r=\"%u\">", i + 1);
		for (unsigned k = 0; k < 3 && !rows[i].blank; k++) {
			buf_printf(&sheet, "<c r=\"%c%u\" t=\"inlineStr\"><is>", 'A' + (int)k, i + 1);
			xml_text("t", rows[i].cells[k], &sheet);
			buf_str(&sheet, "</is></c>");
		}
		buf_str(&sheet, "</row>");
	}
	buf_str(&sheet, SHEET_END);
	make_book(b, (const struct part[]){PACKAGE_RELS, ONE_SHEET, BOOK_RELS, TEXTS(""),
		{"xl/worksheets/sheet1.xml", sheet.p, sheet.n}}, 5, NULL);
	buf_done(&sheet);
}

#define GB CHARSET_GB18030
#define NAMES {{"t", "amount", "mark"}, {"name", "amount", "note"}}
#define XML_NAMES {{"@t", "amount", "mark"}, {"name", "amount", "note"}}
#define DBF_NAMES {{"T", "AMT", "NOTE"}, {"NAME", "AMT", "NOTE"}}

const struct subject codec_subjects[] = {
	{.name = "delimited, quotes", .codec = "delimited", .settings = "by: '|', quote: '\"'", .charset = GB, .columns = NAMES,
		.render = render_delimited, .by = "|", .blanks = true, .writes = true, .longs = true, .exact = true,
		.recovers = true, .endless = {"", "a|\"", "a|"}, .nowhere = NOWHERE_SHORT},
	{.name = "delimited, no quotes", .codec = "delimited", .settings = "by: '~|', end: crlf", .charset = CHARSET_UTF8,
		.columns = NAMES, .render = render_delimited, .by = "~|", .blanks = true, .writes = true, .longs = true,
		.exact = true, .recovers = true, .endless = {"a~|"}, .nowhere = NOWHERE_SHORT},
	{.name = "fixed", .codec = "fixed", .settings = "widths: {head: [4, 16 right, 1], line: [12, 16 right, 8]}", .charset = GB,
		.columns = NAMES, .render = render_fixed, .widths = {{4, 16, 1}, {12, 16, 8}}, .blanks = true, .writes = true,
		.pads = true, .longs = true, .recovers = true, .endless = {"a"}, .nowhere = NOWHERE_FINDING},
	{.name = "fixed, no ends", .codec = "fixed",
		.settings = "widths: {head: [4, 30 right, 8], line: [18, 16 right, 8]}, end: none",
		.charset = CHARSET_UTF8, .columns = NAMES, .render = render_fixed, .widths = {{4, 30, 8}, {18, 16, 8}},
		.blanks = true, .writes = true, .pads = true, .nowhere = NOWHERE_FINDING},
	{.name = "dbf", .codec = "dbf", .settings = "", .charset = GB, .columns = DBF_NAMES, .render = render_dbf, .blanks = true,
		.ends = true, .padded_nul = true, .nowhere = NOWHERE_REFUSED},
	{.name = "json lines", .codec = "json", .settings = "records: lines", .charset = CHARSET_UTF8, .columns = NAMES,
		.render = render_lines, .blanks = true, .writes = true, .longs = true, .exact = true, .recovers = true,
		.endless = {"{\"name\": \"", "{\"x\": {\"", "["}, .nowhere = NOWHERE_ABSENT},
	{.name = "json array", .codec = "json", .settings = "records: array, at: data", .charset = CHARSET_UTF8, .columns = NAMES,
		.render = render_array, .ends = true, .longs = true, .exact = true,
		.endless = {"{\"t\": \"", "{\"data\": [{\"name\": \"", "{\"data\": [], \"x\": \""}, .nowhere = NOWHERE_ABSENT},
	{.name = "xml", .codec = "xml", .settings = "rows: {head: M/H, line: M/L}", .charset = GB, .columns = XML_NAMES,
		.render = render_xml, .ends = true, .longs = true, .recovers = true,
		.endless = {"<M><L><name>", "<M><L x=\"", "<M><!--", "<M><L><"}, .nowhere = NOWHERE_ABSENT},
	{.name = "xml, a document inside", .codec = "xml",
		.settings = "rows: {head: M/B/D/H, line: M/B/D/L}, inside: {M/B: base64}", .charset = GB, .columns = XML_NAMES,
		.render = render_packed, .unpacked = true, .ends = true, .longs = true, .recovers = true,
		.endless = {"<M><B>"}, .nowhere = NOWHERE_ABSENT},
	{.name = "xlsx", .codec = "xlsx", .settings = "sheet: 1", .charset = CHARSET_UTF8, .columns = NAMES,
		.render = render_xlsx, .blanks = true, .unpacked = true, .ends = true, .longs = true, .recovers = true, .stride = 5,
		.endless = {"PK\3\4"}, .nowhere = NOWHERE_SHORT},
};

const unsigned codec_nsubjects = sizeof codec_subjects / sizeof *codec_subjects;
