/* SPDX-License-Identifier: Apache-2.0 */
#include "new_form.h"

#include "datefmt.h"
#include "say.h"

void new_form_counts(const struct sample_column *c, struct buf *b)
{
	const struct { const char *en, *zh; uint64_t n; } what[] = {
		{"repeated", "重复", c->distinct < SAMPLE_DISTINCT ? c->filled - c->distinct : 0},
		{"digits", "纯数字", c->digits}, {"zero in front", "前导零", c->zeros}, {"two decimals", "两位小数", c->money},
		{"thousands commas", "千分位", c->thousands}, {"could be fen", "可能是分", c->fen},
		{"id18 passes", "身份证校验通过", c->id18}, {"cnaps passes", "行号校验通过", c->cnaps},
		{"uscc passes", "信用代码校验通过", c->uscc}, {"Luhn passes", "Luhn 校验通过", c->luhn},
	};

	buf_printf(b, say("有值 %llu，不同 %llu%s，最长 %zu 字节", "filled %llu, distinct %llu%s, longest %zu bytes"),
		(unsigned long long)c->filled, (unsigned long long)c->distinct,
		c->distinct == SAMPLE_DISTINCT ? say(" 以上", " or more") : "", c->longest);
	for (size_t i = 0; i < sizeof what / sizeof *what; i++)
		if (what[i].n)
			buf_printf(b, "%s%s %llu", say("，", ", "), say(what[i].zh, what[i].en),
				(unsigned long long)what[i].n);
	for (unsigned i = 0; i < SAMPLE_DATES; i++)
		if (c->dates[i])
			buf_printf(b, "%s%s %llu", say("，", ", "), sample_dates[i], (unsigned long long)c->dates[i]);
	buf_c(b, '\n');
}

/* For YAML, in single quotes; a name with control characters in it in double ones, which have escapes. */
static void quoted(struct buf *b, const char *text)
{
	bool plain = true;

	for (const char *p = text; *p; p++)
		plain = plain && (unsigned char)*p >= ' ' && *p != 0x7f;
	buf_c(b, plain ? '\'' : '"');
	for (; *text; text++) {
		if (plain ? *text == '\'' : *text == '"' || *text == '\\')
			buf_c(b, plain ? '\'' : '\\');
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			buf_printf(b, "\\x%02x", (unsigned)(unsigned char)*text);
		else
			buf_c(b, *text);
	}
	buf_c(b, plain ? '\'' : '"');
}

/* Runs of digits in a file's name vary; six or eight that are a date are taken for one. */
static void write_name(struct buf *b, const char *name)
{
	bool month = false, day = false;
	unsigned no = 0;
	char iso[11];

	if (strpbrk(name, "'{}\n\r\t\033")) {
		buf_printf(b, "file: fill_in   # fill in: %s\n", say("文件名", "how files are named"));
		return;
	}
	buf_str(b, "file: {name: '");
	while (*name) {
		size_t n = strspn(name, "0123456789");
		struct datefmt f;

		if (!n) {
			buf_c(b, *name++);
			continue;
		}
		if (!day && n == 8 && datefmt_compile(SPAN("yyyyMMdd"), &f) == 0 &&
			datefmt_read(&f, (struct span){name, n}, iso) == 0) {
			day = true;
			buf_str(b, "{day:yyyyMMdd}");
		} else if (!month && n == 6 && datefmt_compile(SPAN("yyyyMM"), &f) == 0 &&
			datefmt_read(&f, (struct span){name, n}, iso) == 0) {
			month = true;
			buf_str(b, "{month:yyyyMM}");
		} else {
			n = n > 18 ? 18 : n;
			buf_printf(b, "{no%u:%zu}", ++no, n);
		}
		name += n;
	}
	buf_str(b, say("', complete: rename}   # guessed: 文件名中的数字都当作会变；有标志文件时改 complete: marker\n",
		"', complete: rename}   # guessed: all digits of one name vary; complete: marker when a second file comes\n"));
}

static void write_columns(struct buf *b, const char *prefix, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s%s%u", i ? ", " : "", prefix, i + 1);
}

/* Ends a line with what a person has to do about it. */
static void fill_in(struct buf *b, const char *zh, const char *en)
{
	buf_printf(b, "%s# fill in: %s\n", b->n && b->p[b->n - 1] != '\n' ? "   " : "", say(zh, en));
}

static void write_header(const struct sample *s, struct buf *b)
{
	buf_printf(b, "header:   # guessed: %u %s\n  within: %u\n  find:\n", s->header_names,
		say("格像列名", "cells like names"), s->first_row > 5 ? s->first_row : 5);
	for (unsigned i = 0; i < s->ncolumns; i++) {
		buf_printf(b, "    c%u: ", i + 1);
		quoted(b, s->columns[i].name);
		buf_c(b, '\n');
	}
}

static void write_kinds(const struct sample *s, struct buf *b)
{
	unsigned head = s->head ? s->ncolumns : s->first_row == 2 && s->heads == 1 ? s->head_cells : 0;

	buf_str(b, "kinds:\n");
	if (head) {
		buf_str(b, "  head: {when: first, columns: [");
		write_columns(b, "h", head);
		buf_printf(b, "]}   # guessed: %u %s\n", s->head ? s->odd : s->head_cells, s->head ?
			say("列与下面各行不同", "columns unlike those below") : say("列，与明细不同", "columns, other than lines"));
	}
	buf_str(b, "  line: {columns: [");
	write_columns(b, "c", s->ncolumns);
	buf_printf(b, "]}   # guessed: %llu/%llu %s\n", (unsigned long long)(s->by ? s->by->same : s->row_same),
		(unsigned long long)s->rows, say("行", "rows"));
	if (s->titles || (s->heads && !head))
		fill_in(b, "记录之上还有别的行，请各写一种 kinds", "other rows stand above the records and need kinds of their own");
}

static void write_trailer(const struct sample *s, struct buf *b)
{
	struct buf when = BUF_INIT;

	if (!s->trailer_word) {
		fill_in(b, "末行与记录不同：trailer: 或末尾的 kinds",
			"the last row is unlike the records: trailer:, or a kind at the end");
		return;
	}
	buf_printf(&when, "line.c%u %s \"%s\"", s->trailer_at,
		strcmp(s->trailer_cell, s->trailer_word) == 0 ? "=" : "contains", s->trailer_word);
	buf_str(b, "trailer: {when: ");
	quoted(b, buf_text(&when));
	if (s->trailer_sum)
		buf_printf(b, ", sum: line.c%u", s->trailer_sum);
	buf_printf(b, "}   # guessed: %s\n", say("末行一处", "one last row"));
	buf_done(&when);
}

static void write_layout(const struct sample *s, struct buf *b)
{
	buf_printf(b, "charset: %s   # guessed: utf-8 %llu, gbk %llu, gb18030 %llu %s%s\n", charset_name(s->charset),
		(unsigned long long)s->charsets[CHARSET_UTF8].bad, (unsigned long long)s->charsets[CHARSET_GBK].bad,
		(unsigned long long)s->charsets[CHARSET_GB18030].bad, say("处不成字符", "places are no character"),
		s->ascii ? say("；全是 ASCII", "; all is ASCII") : "");
	if (s->by)
		buf_printf(b,
			"codec: {delimited: {by: \"%s\"%s, end: any, blank_rows: skip}}   # guessed: %u %s %llu/%llu\n",
			s->by->by[0] == '\t' ? "\\t" : s->by->by, s->quotes ? ", quote: '\"'" : "", s->by->columns,
			say("列", "columns"), (unsigned long long)s->by->same, (unsigned long long)s->by->rows);
	else
		buf_printf(b, "codec: {fixed: {widths: {line: [%zu]}, end: any, blank_rows: skip}}   # fill in: %s %llu/%llu\n",
			s->row_bytes, say("每栏宽度；等长的行", "widths of columns; rows of one length"),
			(unsigned long long)s->row_same, (unsigned long long)s->rows);
}

void new_form(const struct sample *s, const char *name, struct buf *b)
{
	buf_str(b, say("# 由样本得出。guessed 是按字节猜的，请逐项核对；fill in 是字节里没有的，请填写。\n",
		"# From a sample. guessed: what the bytes suggest, check each; fill in: what no byte tells.\n"));
	buf_str(b, "form: in\nevent: fill_in");
	fill_in(b, "事件类型，见 schemas/，如 payroll.line.v1", "type of the events, see schemas/, such as payroll.line.v1");
	buf_str(b, "nature: fill_in");
	fill_in(b, "instruction 动账，report 报表，master 基础数据",
		"instruction moves money, report tells, master keeps a register");
	buf_str(b, "release: fill_in");
	fill_in(b, "batch 或 record；指令批次还要 declares: 或合计行",
		"batch or record; a batch of instructions has declares: or a trailer, too");
	write_name(b, name);
	write_layout(s, b);
	(s->header ? write_header : write_kinds)(s, b);
	if (s->trailer)
		write_trailer(s, b);
	buf_str(b, "identity: fill_in");
	fill_in(b, "{document: [...]}；个人信息用 {keyed: ...}；报表可用 {record: number}",
		"{document: [...]}, what is personal by {keyed: ...}; a report may have {record: number}");
	fill_in(b, "content: [...] 再次到来时必须相同的内容", "content: [...], what must be equal in a record that comes again");
	buf_str(b, "map:");
	fill_in(b, "事件的字段在左", "fields of the event on the left");
	for (unsigned i = 0; i < s->ncolumns; i++) {
		buf_printf(b, "  field_%u: line.c%u   # fill in: ", i + 1, i + 1);
		new_form_counts(&s->columns[i], b);
	}
}
