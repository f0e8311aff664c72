/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "json_text.h"
#include "replay.h"
#include "replay_batches.h"
#include "say.h"
#include "show.h"
#include "totals.h"

#define LINES_ROOM 65536u

/* ---- as it is printed ---- */

static void add_row(void *arg, const struct total_line *line)
{
	struct buf *b = arg;
	char plus[24], minus[24], name[64];

	buf_printf(b, say("  %" PRIu64 " 笔  %s  %s", "  %" PRIu64 " events  %s  %s"), line->sum.count,
		show_currency(line->currency, name), money_text(line->sum.plus, plus));
	if (line->sum.minus)
		buf_printf(b, "  %s", money_text(line->sum.minus, minus));
	if (line->sum.unreadable)
		buf_printf(b, say("  其中 %" PRIu64 " 笔没有金额", "  %" PRIu64 " without an amount"), line->sum.unreadable);
	buf_c(b, '\n');
}

static void put_money(const json_t *rows, struct buf *b)
{
	struct totals *t = totals_new();
	struct err ignored;

	if (totals_read(t, rows, &ignored) == 0)
		totals_each(t, add_row, b);
	totals_free(t);
}

/* What consumers do not see of it. */
static void put_masked(const struct replay *r, struct buf *b)
{
	const json_t *list = json_object_get(r->plan, "masked"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		buf_printf(b, say("  遮蔽个人信息：%s\n", "  masked as personal: %s\n"), json_string_value(one));
}

#define NOT_SHOWN 20u

static const char *verdict_words(const char *name)
{
	for (unsigned i = 0; i < REPLAY_VERDICTS; i++)
		if (strcmp(name, replay_verdicts[i]) == 0)
			return say(replay_verdicts_zh[i], replay_verdicts[i]);
	return name;
}

/* How the destination is that it goes to. */
static const char *mode_words(const json_t *goes, enum err_lang lang)
{
	static const struct {
		const char *name, *en, *zh;
	} modes[] = {
		{"live", "live: the bank is told to pay", "正式付款：银行将收到这些付款"},
		{"shadow", "in shadow: files are made, nothing is paid", "试运行：只生成文件，不付款"},
		{"off", "off: the lines wait on its topic", "未启用：内容等在其主题上"},
		{"not let go live yet", "not let go live yet: the lines wait on its topic", "尚未获准正式付款：内容等在其主题上"},
	};
	const char *mode = json_text(goes, "mode");

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(mode, modes[i].name) == 0)
			return lang == ERR_ZH ? modes[i].zh : modes[i].en;
	return mode;
}

/* Which batches go, and of the others why not. */
static void put_batches(const struct replay *r, struct buf *b)
{
	const json_t *goes = json_object_get(r->plan, "goes"), *not = json_object_get(r->plan, "not"), *one;
	const json_t *handed = json_object_get(r->plan, "handed");
	const long long all = (long long)json_integer_value(json_object_get(r->plan, "batches"));
	const long long some = (long long)json_integer_value(json_object_get(goes, "batches"));
	size_t i;

	if (!goes)
		return;
	buf_printf(b,
		say("  交付 %lld 个批次，共 %lld 行；不交付 %lld 个\n",
			"  %lld batches go, with %lld lines; %lld do not\n"),
		some, (long long)json_integer_value(json_object_get(goes, "lines")), all - some);
	json_array_foreach(not, i, one) {
		if (i == NOT_SHOWN)
			break;
		buf_str(b, say("  不交付 ", "  not "));
		show_text(b, json_text_span(one, "batch"));
		buf_printf(b, say("：%s\n", ": %s\n"), verdict_words(json_text(one, "why")));
	}
	if (!handed)
		return;
	buf_printf(b, say("  去向 %s\n  要付出的金额：\n", "  the destination is %s\n  what is to be paid:\n"),
		mode_words(goes, say_lang()));
	put_money(json_object_get(goes, "money"), b);
	buf_printf(b,
		say("  不交付、因已交给其他付款去向的 %lld 行：\n",
			"  left out, for others that move money were given them, %lld lines:\n"),
		(long long)json_integer_value(json_object_get(handed, "lines")));
	put_money(json_object_get(handed, "money"), b);
}

static void put_plan(const struct replay *r, struct buf *b)
{
	buf_printf(b, say("重放计划 %s\n事件 %lld 条，写入", "plan %s\n%lld events, into "), r->id,
		(long long)json_integer_value(json_object_get(r->plan, "events")));
	buf_str(b, replay_is_file(r->plan) ? say("文件 ", "") : replay_is_given(r->plan) ? say("去向 ", "destination ") : say("主题 ", "topic "));
	show_text(b, span_of(replay_where(r->plan)));
	buf_c(b, '\n');
	put_masked(r, b);
	put_batches(r, b);
}

static void put_rest(const struct replay *r, struct buf *b)
{
	const json_t *list, *one;
	size_t i;

	buf_str(b, say("金额：\n", "money:\n"));
	put_money(json_object_get(r->plan, "money"), b);
	list = json_object_get(r->plan, "already");
	json_array_foreach(list, i, one)
		buf_printf(b, say("  %s 已有其中 %lld 条\n", "  %s has %lld of them already\n"),
			json_text(one, "destination"), (long long)json_integer_value(json_object_get(one, "events")));
	list = json_object_get(r->plan, "samples");
	json_array_foreach(list, i, one) {
		buf_str(b, say("  例 ", "  such as "));
		show_text(b, span_of(json_string_value(one)));
		buf_c(b, '\n');
	}
	buf_printf(b, say("内容摘要 %s\n预计约 %lld 秒\n", "digest %s\nabout %lld s\n"), json_text(r->plan, "digest"),
		(long long)json_integer_value(json_object_get(r->plan, "seconds")));
}

/* ---- what others were given, a line each ---- */

struct lines {
	struct buf b;
	FILE *to;
	uint64_t n, max;
};

static int put_line(void *arg, const json_t *line)
{
	struct lines *l = arg;

	if (l->n++ >= l->max)
		return 1;
	buf_str(&l->b, "    ");
	show_text(&l->b, json_text_span(line, "id"));
	buf_str(&l->b, "  ");
	show_text(&l->b, json_text_span(line, "batch"));
	buf_printf(&l->b, "  %s %s  ", json_text(line, "currency"), json_text(line, "amount"));
	show_text(&l->b, json_text_span(line, "at"));
	buf_c(&l->b, '\n');
	if (l->b.n > LINES_ROOM)
		show_flush(&l->b, l->to);
	return 0;
}

static int put_lines(struct bus *b, const struct replay *r, struct lines *l, struct err *e)
{
	const json_t *handed = json_object_get(r->plan, "handed");
	struct buf path = BUF_INIT;
	int ret;

	if (!handed)
		return 0;
	replay_path(b, r->id, REPLAY_HANDED, &path);
	ret = replay_handed_each(buf_text(&path), r->id, json_text(handed, "sha256"), put_line, l, e);
	if (ret == 0 && l->n > l->max)
		buf_printf(&l->b,
			say("    另有其余各行：jincai replay show %s\n", "    and others: jincai replay show %s\n"),
			r->id);
	buf_done(&path);
	return ret;
}

int replay_page(struct bus *b, const struct replay *r, uint64_t max, FILE *to, struct err *e)
{
	struct lines l = {.to = to, .max = max};
	int ret;

	put_plan(r, &l.b);
	ret = put_lines(b, r, &l, e);
	if (ret == 0)
		put_rest(r, &l.b);
	show_flush(&l.b, to);
	buf_done(&l.b);
	return ret;
}

/* ---- for those who sign ---- */

static const char *words(enum err_lang lang, const char *zh, const char *en)
{
	return lang == ERR_ZH ? zh : en;
}

/* ["routed","","CNY",3,"12.50","0.00",0] as "3 records CNY 12.50". */
static json_t *sums_of(const json_t *rows, enum err_lang lang)
{
	json_t *ret = json_array();
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *currency = json_string_value(json_array_get(row, 2)), *plus = json_string_value(json_array_get(row, 4));
		const char *minus = json_string_value(json_array_get(row, 5));
		const json_int_t unreadable = json_integer_value(json_array_get(row, 6));
		struct buf b = BUF_INIT;

		buf_printf(&b,
			words(lang, "%" JSON_INTEGER_FORMAT " 笔 %s %s", "%" JSON_INTEGER_FORMAT " records %s %s"),
			json_integer_value(json_array_get(row, 3)), currency ? currency : "", plus ? plus : "");
		if (minus && strcmp(minus, "0.00") != 0)
			buf_printf(&b, " %s", minus);
		if (unreadable)
			buf_printf(&b, words(lang, "（其中 %" JSON_INTEGER_FORMAT " 笔金额读不出）", " (%" JSON_INTEGER_FORMAT
				" of them without a readable amount)"), unreadable);
		json_array_append_new(ret, json_string(buf_text(&b)));
		buf_done(&b);
	}
	return ret;
}

json_t *replay_shows(const json_t *plan, enum err_lang lang)
{
	const json_t *goes = json_object_get(plan, "goes"), *handed = json_object_get(plan, "handed");
	const json_int_t left = json_integer_value(json_object_get(handed, "lines"));
	json_t *what = json_array();
	struct buf b = BUF_INIT;

	buf_printf(&b,
		words(lang, "补给 %" JSON_INTEGER_FORMAT " 个批次，按原有标识",
			"%" JSON_INTEGER_FORMAT " batches of before, under the ids that they have"),
		json_integer_value(json_object_get(goes, "batches")));
	json_array_append_new(what, json_string(buf_text(&b)));
	json_array_append_new(what, json_string(mode_words(goes, lang)));
	buf_clear(&b);
	if (left)
		buf_printf(&b, words(lang, "另有 %" JSON_INTEGER_FORMAT " 笔已交给其他付款去向，不再交付，逐笔见 jincai replay show",
			"%" JSON_INTEGER_FORMAT " others were given to other banks and are left out, one by one: jincai replay show"), left);
	else
		buf_str(&b, words(lang, "没有一笔曾交给其他付款去向", "none of them was ever given to another bank"));
	json_array_append_new(what, json_string(buf_text(&b)));
	buf_done(&b);
	return json_pack("{s:o,s:s,s:O,s:o,s:o}", "what", what, "destination", replay_where(plan), "count",
		json_object_get(goes, "lines"), "sums", sums_of(json_object_get(goes, "money"), lang), "left_out",
		sums_of(json_object_get(handed, "money"), lang));
}
