/* SPDX-License-Identifier: Apache-2.0 */
#include "xlsx.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 64 << 10, RAW_MAX = 64 << 10 };

/* Where in the sheet the parser is; what no state knows is skipped with all that stands in it. */
enum state { OUTSIDE, SHEET, ROWS, ROW, CELL, FORMULA, VALUE, INLINE, INLINE_TEXT, RUN, RUN_TEXT };

static const struct {
	enum state in;
	const char *name;
	enum state to;
} steps[] = {
	{OUTSIDE, "worksheet", SHEET},
	{SHEET, "sheetData", ROWS},
	{ROWS, "row", ROW},
	{ROW, "c", CELL},
	{CELL, "f", FORMULA},
	{CELL, "v", VALUE},
	{CELL, "is", INLINE},
	{INLINE, "t", INLINE_TEXT},
	{INLINE, "r", RUN},
	{RUN, "t", RUN_TEXT},
};

enum type { NUMBER, SHARED, INLINE_STRING, STRING, BOOLEAN, ERROR, DATE };

static const char *const types[] = {"n", "s", "inlineStr", "str", "b", "e", "d"};

/* Of a cell: where its text lies in the row's, and why it must not be believed. */
struct cell {
	size_t from, n;
	enum err_id bad;
	unsigned digits;
};

struct xlsx_sheet {
	struct xlsx_xml xml;         /* first: handlers get it */
	const struct xlsx_texts *texts;
	int fd;
	bool trim;
	enum state state;
	unsigned skipped;            /* depth within what no state knows */
	bool began, suspended, over;
	bool complete;               /* the row has ended and was not given yet */
	uint64_t from, given;        /* the first row that is wanted; line of the last one that was given */
	uint64_t data;               /* behind the begin of the rows; what lies between is not fed to the parser */
	uint64_t at;                 /* in the file, of what is fed next */
	/* the row */
	uint64_t line, offset, end;
	struct err bad;
	unsigned last;               /* column behind the last cell that began */
	unsigned n;                  /* columns up to the last one that holds something */
	struct buf text;             /* of its cells, a tab between them */
	struct cell cells[CODEC_CELLS_MAX];
	struct span spans[CODEC_CELLS_MAX];
	/* the cell */
	unsigned column;
	enum type type;
	bool typed, formula;
	struct buf value;
};

/* ---- rows ---- */

/* Nothing behind it can be trusted: a spreadsheet refuses such a file too. */
static void out_of_order(struct xlsx_sheet *s, const char *place)
{
	err_set(&s->xml.bad, E_CODEC_XLSX_ORDER, "text=%.24s\nline=%llu", place, (unsigned long long)s->given);
	xlsx_xml_stop(&s->xml);
}

static void begin_rows(struct xlsx_sheet *s)
{
	s->data = xlsx_xml_byte(&s->xml) + (uint64_t)XML_GetCurrentByteCount(s->xml.parser);
	if (s->from)
		XML_StopParser(s->xml.parser, XML_TRUE);     /* go_on wants to know no more */
}

static void begin_row(struct xlsx_sheet *s, const char **attributes)
{
	const char *r = xlsx_xml_value(attributes, "r", false);
	char place[32];
	unsigned column;
	uint64_t line = s->line + 1;

	s->offset = xlsx_xml_byte(&s->xml);
	s->bad.id = E_NONE;
	s->last = s->n = 0;
	buf_clear(&s->text);
	if (r) {
		snprintf(place, sizeof place, "A%.20s", r);
		if (!xlsx_cell_place(place, &column, &line) || line <= s->line) {
			out_of_order(s, r);
			return;
		}
	}
	s->line = line;
}

static void end_row(struct xlsx_sheet *s)
{
	s->end = xlsx_xml_byte(&s->xml) + (uint64_t)XML_GetCurrentByteCount(s->xml.parser);
	s->complete = true;
	XML_StopParser(s->xml.parser, XML_TRUE);
}

/* ---- cells ---- */

static void begin_cell(struct xlsx_sheet *s, const char **attributes)
{
	const char *r = xlsx_xml_value(attributes, "r", false), *t = xlsx_xml_value(attributes, "t", false);
	uint64_t line = s->line;

	s->column = s->last;
	if (r && (!xlsx_cell_place(r, &s->column, &line) || line != s->line || s->column < s->last)) {
		out_of_order(s, r);
		return;
	}
	s->last = s->column + 1;
	s->typed = !t;
	s->type = NUMBER;
	for (unsigned i = 0; t && i < sizeof types / sizeof types[0]; i++)
		if (strcmp(t, types[i]) == 0) {
			s->type = (enum type)i;
			s->typed = true;
		}
	s->formula = false;
	buf_clear(&s->value);
}

static bool all_digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n < 10;
}

static enum err_id shared_text(struct xlsx_sheet *s, struct span *value)
{
	size_t i = 0;

	if (!all_digits(*value))
		return value->n ? E_CODEC_XLSX_CELL : E_NONE;
	for (size_t k = 0; k < value->n; k++)
		i = 10 * i + (size_t)(value->p[k] - '0');
	return xlsx_texts_get(s->texts, i, value) ? E_NONE : E_CODEC_XLSX_CELL;
}

/* What the cell says, as text: in *value, which may be changed to another one. */
static enum err_id read_cell(struct xlsx_sheet *s, struct span *value, unsigned *ret_digits)
{
	const size_t n = s->value.n;
	enum err_id bad;

	if (!s->typed)
		return E_CODEC_XLSX_CELL;
	if (s->formula && n == 0 && s->type != STRING)
		return E_CODEC_XLSX_FORMULA;
	switch (s->type) {
	case SHARED:
		return shared_text(s, value);
	case ERROR:
		return E_CODEC_XLSX_ERROR;
	case BOOLEAN:
		if (n && !span_is(*value, "0") && !span_is(*value, "1"))
			return E_CODEC_XLSX_CELL;
		*value = n == 0 ? *value : *value->p == '1' ? SPAN("TRUE") : SPAN("FALSE");
		return E_NONE;
	case NUMBER:
		if (n == 0)
			return E_NONE;
		bad = xlsx_cell_number(span_trim(*value), &s->value, ret_digits);
		*value = bad ? (struct span){s->value.p, n} : (struct span){s->value.p + n, s->value.n - n};
		return bad;
	case INLINE_STRING:
	case STRING:
		xlsx_cell_unescape(&s->value, 0);
		*value = buf_as_span(&s->value);
		return E_NONE;
	case DATE:
		break;
	}
	return E_NONE;
}

static void bad_row(struct xlsx_sheet *s, enum err_id id, unsigned max)
{
	if (s->bad.id == E_NONE)
		err_set(&s->bad, id, "max=%u", max);
}

static void end_cell(struct xlsx_sheet *s)
{
	struct span value = buf_as_span(&s->value);
	struct cell *c;
	unsigned digits = 0;
	enum err_id bad = read_cell(s, &value, &digits);

	if (s->trim)
		value = span_trim(value);
	if ((value.n == 0 && bad == E_NONE) || s->bad.id != E_NONE)
		return;
	if (s->column >= CODEC_CELLS_MAX) {
		bad_row(s, E_CODEC_TOO_MANY_CELLS, CODEC_CELLS_MAX);
		return;
	}
	if (s->text.n + value.n + CODEC_CELLS_MAX > CODEC_RECORD_MAX) {
		bad_row(s, E_CODEC_TOO_LONG, CODEC_RECORD_MAX);
		return;
	}
	for (; s->n <= s->column; s->n++) {
		if (s->n)
			buf_c(&s->text, '\t');
		s->cells[s->n] = (struct cell){s->text.n, 0, E_NONE, 0};
	}
	c = &s->cells[s->column];
	*c = (struct cell){s->text.n, value.n, bad, digits};
	buf_span(&s->text, value);
}

int xlsx_sheet_cell(const struct xlsx_sheet *s, unsigned i, struct err *e)
{
	const struct cell *c = &s->cells[i];
	struct buf name = BUF_INIT;

	if (i >= s->n || c->bad == E_NONE)
		return 0;
	xlsx_cell_name(&name, i, s->line);
	if (c->bad == E_CODEC_XLSX_DIGITS)
		err_set(e, c->bad, "cell=%s\ndigits=%u", buf_text(&name), c->digits);
	else if (c->bad == E_CODEC_XLSX_ERROR)
		err_set(e, c->bad, "cell=%s\ntext=%.*s", buf_text(&name), c->n < 16 ? (int)c->n : 16,
			s->text.p + c->from);
	else
		err_set(e, c->bad, "cell=%s", buf_text(&name));
	buf_done(&name);
	return -1;
}

/* ---- handlers ---- */

static void starts(struct xlsx_xml *x, const char *name, const char **attributes)
{
	struct xlsx_sheet *s = (struct xlsx_sheet *)x;
	unsigned i = 0;

	while (i < sizeof steps / sizeof steps[0] && (steps[i].in != s->state || strcmp(steps[i].name, name) != 0))
		i++;
	if (s->skipped || i == sizeof steps / sizeof steps[0]) {
		/* A sheet of another kind, rows within something else: neither is to look like no rows. */
		if (s->state == OUTSIDE || s->state == ROWS) {
			err_set(&x->bad, E_CODEC_XLSX_XML, "part=%s\nbyte=%llu\ntext=<%.40s>", x->part,
				(unsigned long long)xlsx_xml_byte(x), name);
			xlsx_xml_stop(x);
		}
		s->skipped++;
		return;
	}
	s->state = steps[i].to;
	if (s->state == ROWS && !s->data)
		begin_rows(s);
	else if (s->state == ROW)
		begin_row(s, attributes);
	else if (s->state == CELL)
		begin_cell(s, attributes);
	else if (s->state == FORMULA)
		s->formula = true;
}

static void ends(struct xlsx_xml *x, const char *name)
{
	struct xlsx_sheet *s = (struct xlsx_sheet *)x;

	(void)name;
	if (s->skipped) {
		s->skipped--;
		return;
	}
	if (s->state == ROW)
		end_row(s);
	else if (s->state == CELL)
		end_cell(s);
	for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (steps[i].to == s->state) {
			s->state = steps[i].in;
			break;
		}
}

static void characters(void *arg, const XML_Char *p, int n)
{
	struct xlsx_sheet *s = arg;

	if (s->skipped || (s->state != VALUE && s->state != INLINE_TEXT && s->state != RUN_TEXT))
		return;
	if (s->value.n + (size_t)n > CODEC_RECORD_MAX)
		bad_row(s, E_CODEC_TOO_LONG, CODEC_RECORD_MAX);
	else
		buf_add(&s->value, p, (size_t)n);
}

/* ---- reading ---- */

static void set_up(struct xlsx_sheet *s)
{
	const char *part = s->xml.part;

	xlsx_xml_done(&s->xml);
	xlsx_xml_init(&s->xml, part, starts, ends);
	XML_SetCharacterDataHandler(s->xml.parser, characters);
	s->state = OUTSIDE;
	s->skipped = 0;
	s->at = 0;
}

struct xlsx_sheet *xlsx_sheet_new(int fd, const char *part, const struct xlsx_texts *texts, bool trim, uint64_t from,
	uint64_t line)
{
	struct xlsx_sheet *s = mem_new(sizeof *s);

	s->xml.part = part;
	s->fd = fd;
	s->texts = texts;
	s->trim = trim;
	s->from = from;
	s->line = s->given = line - 1;
	s->end = from;
	set_up(s);
	return s;
}

void xlsx_sheet_free(struct xlsx_sheet *s)
{
	if (!s)
		return;
	xlsx_xml_done(&s->xml);
	close(s->fd);
	buf_done(&s->text);
	buf_done(&s->value);
	free(s);
}

/* Feeds what lies at `at`, not beyond `until`. 1: a row; 0: there may be more; -1. */
static int feed(struct xlsx_sheet *s, uint64_t until, struct err *e)
{
	char piece[PIECE];
	const size_t cap = until - s->at < sizeof piece ? (size_t)(until - s->at) : sizeof piece;
	const ssize_t n = pread(s->fd, piece, cap, (off_t)s->at);

	if (n < 0)
		return err_sys(e, E_FILE_FAILED, "temporary file", errno);
	s->at += (uint64_t)n;
	s->over = n == 0;
	return xlsx_xml_feed(&s->xml, piece, (size_t)n, s->over, e);
}

static uint64_t size_of(const struct xlsx_sheet *s)
{
	const off_t size = lseek(s->fd, 0, SEEK_END);

	return size < 0 ? 0 : (uint64_t)size;
}

/* When reading goes on somewhere: what stands before the rows is parsed, the rows that were given are not. */
static int go_on(struct xlsx_sheet *s, struct err *e)
{
	int ret = 0;

	if (s->given > XLSX_ROWS_MAX) {
		s->over = true;
		return 0;
	}
	while (ret == 0 && !s->data && !s->over)
		ret = feed(s, UINT64_MAX, e);
	set_up(s);
	s->xml.gap_at = s->data;
	s->xml.gap = s->from - s->data;
	while (ret >= 0 && s->at < s->data)
		ret = feed(s, s->data, e);
	s->at = s->from;
	return ret < 0 ? -1 : 0;
}

/* What is wrong with the sheet is one row from where its last one ended up to its end. It may have no bytes: that it was
 * given is known by its next_line, which no other has. */
static int rest(struct xlsx_sheet *s, const struct err *why, struct row *ret)
{
	ssize_t n;

	s->over = true;
	buf_clear(&s->text);
	buf_reserve(&s->text, RAW_MAX);
	n = pread(s->fd, s->text.p, RAW_MAX, (off_t)s->end);
	*ret = (struct row){.line = s->given + 1, .offset = s->end, .end = size_of(s), .next_line = XLSX_ROWS_MAX + 2,
		.raw = {s->text.p, n > 0 ? (size_t)n : 0}, .bad = *why};
	s->n = 0;
	return 1;
}

static int give(struct xlsx_sheet *s, struct row *ret)
{
	s->complete = false;
	s->given = s->line;
	if (s->n == 0)
		s->cells[0] = (struct cell){0};
	for (unsigned i = 0; i < s->n || i == 0; i++)
		s->spans[i] = (struct span){s->text.p ? s->text.p + s->cells[i].from : "", s->cells[i].n};
	*ret = (struct row){.line = s->line, .offset = s->offset, .end = s->end, .next_line = s->line + 1,
		.raw = buf_as_span(&s->text), .bad = s->bad};
	if (s->bad.id != E_NONE) {
		ret->raw.n = ret->raw.n < RAW_MAX ? ret->raw.n : RAW_MAX;
		return 1;
	}
	ret->cells = s->spans;
	ret->ncells = s->n ? s->n : 1;
	ret->blank = s->n == 0;
	return 1;
}

int xlsx_sheet_next(struct xlsx_sheet *s, struct row *ret, struct err *e)
{
	int got = 0;

	if (!s->began && s->from && go_on(s, e) != 0)
		return -1;
	s->began = true;
	if (s->suspended)
		got = xlsx_xml_resume(&s->xml, e);
	while (got == 0 && !s->over)
		got = feed(s, UINT64_MAX, e);
	s->suspended = got == 1;
	if (got >= 0)
		return s->complete ? give(s, ret) : 0;
	return err_kind(e) == ERR_DATA && s->data ? rest(s, e, ret) : -1;
}
