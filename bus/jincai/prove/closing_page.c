/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "closing.h"
#include "json_text.h"
#include "show.h"

#define LINES_MAX 100u               /* on the page that people sign; the digest is of all */

static const char *words(enum err_lang lang, const char *zh, const char *en)
{
	return lang == ERR_ZH ? zh : en;
}

/* ["pending","bank-abc","CNY",3,"12.50","0.00",0] as "pending bank-abc 3 CNY 12.50". */
static void row_words(struct buf *b, const json_t *row, enum err_lang lang)
{
	const char *term = json_string_value(json_array_get(row, 0)), *to = json_string_value(json_array_get(row, 1));
	const char *plus = json_string_value(json_array_get(row, 4)), *minus = json_string_value(json_array_get(row, 5));
	const char *currency = json_string_value(json_array_get(row, 2));
	const json_int_t unreadable = json_integer_value(json_array_get(row, 6));
	char name[64];
	unsigned n = 0;

	while (n < TOTAL_COUNT && strcmp(total_names[n], term) != 0)
		n++;
	/* Of what one flow wrote and the next has not read, days_open gives the term of who wrote it. */
	buf_printf(b, "%s%s%s", n < TOTAL_COUNT ? words(lang, total_names_zh[n], total_names[n]) : term,
		to[0] ? " " : "", to);
	buf_printf(b, words(lang, " %" JSON_INTEGER_FORMAT " 笔 %s %s", " %" JSON_INTEGER_FORMAT " records %s %s"),
		json_integer_value(json_array_get(row, 3)), show_currency_in(lang, currency, name), plus);
	if (strcmp(minus, "0.00") != 0)
		buf_printf(b, " %s", minus);
	if (unreadable)
		buf_printf(b, words(lang, "（其中 %" JSON_INTEGER_FORMAT " 笔金额读不出）",
			" (%" JSON_INTEGER_FORMAT " of them without a readable amount)"),
			unreadable);
}

static void rows_words(struct buf *b, const json_t *rows, const char *sign, enum err_lang lang)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		buf_str(b, i || sign[0] == '-' ? words(lang, "；", "; ") : "");
		buf_str(b, sign);
		row_words(b, row, lang);
	}
}

static void open_words(struct buf *b, const json_t *one, int64_t day, enum err_lang lang)
{
	int64_t since;
	char from[11];

	buf_str(b, words(lang, "未了结 ", "open "));
	show_text(b, json_text_span(one, "batch"));
	/* A record of before has no since. */
	if (clock_date_read(json_text_span(one, "since"), &since) == 0 || clock_date_read(json_text_span(one, "day"), &since) == 0) {
		clock_date(since, from);
		buf_printf(b, words(lang, "  %s 起 %" PRId64 " 天", "  since %s, %" PRId64 " days"), from, day - since);
	}
	buf_str(b, json_text(one, "day")[0] ? "  " : words(lang, "  尚未办结  ", "  not ended yet  "));
	rows_words(b, json_object_get(one, "terms"), "", lang);
	buf_c(b, '\n');
}

void closing_lines(const json_t *root, enum err_lang lang, unsigned max, struct buf *b)
{
	const json_t *late = json_object_get(root, "late"), *open = json_object_get(root, "open"), *one;
	const size_t all = json_array_size(late) + json_array_size(open);
	int64_t day = 0;
	unsigned n = 0;
	size_t i;

	clock_date_read(json_text_span(root, "day"), &day);
	json_array_foreach(late, i, one) {
		if (n++ >= max)
			break;
		buf_printf(b, words(lang, "补记 %s：", "late for %s: "), json_text(one, "day"));
		rows_words(b, json_object_get(one, "more"), "+", lang);
		rows_words(b, json_object_get(one, "less"), "-", lang);
		buf_c(b, '\n');
	}
	json_array_foreach(open, i, one) {
		if (n++ >= max)
			break;
		open_words(b, one, day, lang);
	}
	if (all > max)
		buf_printf(b, words(lang, "!! 另有 %zu 行没有列出\n", "!! %zu more lines are not shown\n"), all - max);
}

static void add_sum(void *arg, const struct total_line *line)
{
	char plus[24], minus[24];
	struct buf b = BUF_INIT;

	if (line->term == TOTAL_SKIPPED)
		return;
	buf_printf(&b, "%s%s%s  %" PRIu64 "  %s %s %s", total_names[line->term], line->destination[0] ? " " : "",
		line->destination, line->sum.count, line->currency, money_text(line->sum.plus, plus),
		money_text(line->sum.minus, minus));
	json_array_append_new(arg, json_string(buf_text(&b)));
	buf_done(&b);
}

json_t *closing_shows(const struct closing *c, enum err_lang lang)
{
	json_t *what = json_array(), *sums = json_array();
	struct buf b = BUF_INIT;
	size_t from = 0;

	closing_lines(c->root, lang, LINES_MAX, &b);
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] == '\n') {
			json_array_append_new(what, json_stringn(b.p + from, i - from));
			from = i + 1;
		}
	buf_done(&b);
	totals_each(c->terms, add_sum, sums);
	return json_pack("{s:o,s:o}", "what", what, "sums", sums);
}
