/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "approve.h"
#include "clock.h"
#include "mask.h"
#include "say.h"
#include "show.h"

#define SHANGHAI_MS (8 * 3600000)
#define LABEL_CELLS 42

/* In the order in which they are read. in_shows: of the order's "shows"; plain: an id, not masked by its looks. */
static const struct row {
	const char *name, *zh, *en;
	bool in_shows, plain;
} rows[] = {
	{"site", "站点", "Site", false, true},
	{"act", "操作", "Act", false, true},
	{"what", "内容", "What", true, false},
	{"subject", "对象", "Subject", false, true},
	{"destination", "去向", "Destination", true, true},
	{"count", "笔数", "Count", true, true},
	{"sums", "金额", "Sum", true, true},
	{"left_out", "不再交付（已交给其他付款去向）", "Left out: given to others", true, true},
	{"reason", "原因", "Reason", false, false},
	{"by", "提出人", "Asked for by", false, true},
	{"at", "提出时间", "At", false, true},
	{"until", "有效至（当天结束）", "Valid to the end of", false, true},
	{"flow", "执行者", "Executed by", false, true},
	{"id", "操作单号", "Number of the act", false, true},
	{"items", "项目及其内容摘要", "Items and their digests", false, true},
	{"digest", "所见内容摘要", "Digest of what was seen", false, true},
	{"rate", "每秒条数", "Events a second", false, true},
	{"plan", "计划全文", "The plan as it is", false, true},
};

static const struct act_words {
	const char *name, *zh, *en;
} acts[] = {
	{"resume", "恢复运行", "let it go on"},
	{"confirm", "确认不是重复付款", "confirm: it is no double"},
	{"adopt", "采用改动", "put changes in force"},
	{"live", "转为正式付款", "pay for real from now on"},
	{"came", "对方已收到", "the receiver has it"},
	{"never", "对方没有收到，重新送出", "it never came: hand it over again"},
	{"retry", "重新处理", "try again"},
	{"return", "退回来源", "give back to the source"},
	{"stop", "停止", "stop"},
	{"close", "关账", "close the accounts of a day"},
	{"replay", "按重放计划补付", "pay what a plan of a replay gives"},
};

/* The first sixteen digits of the SHA-256 of an order, "a1b2 c3d4 e5f6 0718": what two people compare by phone. */
static void digest_groups(struct span order, char ret[20])
{
	char hex[ACT_DIGEST];

	act_digest(order, hex);
	snprintf(ret, 20, "%.4s %.4s %.4s %.4s", hex, hex + 4, hex + 8, hex + 12);
}

/* ---- values ---- */

static void text_value(struct buf *b, struct span text, bool plain)
{
	struct buf masked = BUF_INIT;

	if (!plain)
		mask_digits(&masked, text);
	show_text(b, plain ? text : buf_as_span(&masked));
	buf_done(&masked);
}

/* {"currency":"CNY","amount":"12.50"} */
static bool money_value(struct buf *b, const json_t *v)
{
	const char *currency = json_string_value(json_object_get(v, "currency"));
	const char *amount = json_string_value(json_object_get(v, "amount"));

	if (!currency || !amount || json_object_size(v) != 2)
		return false;
	text_value(b, span_of(currency), true);
	buf_c(b, ' ');
	text_value(b, span_of(amount), true);
	return true;
}

static void value(struct buf *b, const json_t *v, bool plain, unsigned depth)
{
	const json_t *item;
	size_t i;
	char *text;

	if (json_is_string(v)) {
		text_value(b, (struct span){json_string_value(v), json_string_length(v)}, plain);
	} else if (json_is_array(v) && depth < 2) {
		json_array_foreach(v, i, item) {
			if (json_array_size(v) > 1)
				buf_str(b, "\n    ");
			value(b, item, plain, depth + 1);
		}
	} else if (!money_value(b, v)) {
		text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
		text_value(b, span_of(text), plain);
		free(text);
	}
}

/* Instants are UTC in the order; people read the clock on their wall. */
static void time_value(struct buf *b, const json_t *v)
{
	const char *text = json_string_value(v);
	struct buf local = BUF_INIT;
	int64_t ms;

	if (!text || clock_read(span_of(text), &ms) != 0) {
		value(b, v, true, 0);
		return;
	}
	clock_write(&local, ms + SHANGHAI_MS);
	buf_printf(b, "%.10s %.8s (UTC+8)", buf_text(&local), buf_text(&local) + 11);
	buf_done(&local);
}

static bool is_empty(const json_t *v)
{
	return !v || (json_is_string(v) && !json_string_length(v)) || (json_is_array(v) && !json_array_size(v));
}

static void label(struct buf *b, const char *zh, const char *en)
{
	struct buf l = BUF_INIT;

	buf_printf(&l, "%s%s%s:", zh, zh[0] ? " / " : "", en);
	buf_printf(b, "%s%*s", buf_text(&l), show_padding(buf_text(&l), LABEL_CELLS), "");
	buf_done(&l);
}

static const struct act_words *words_of(const json_t *act)
{
	const char *name = json_string_value(act);

	for (size_t i = 0; name && i < sizeof acts / sizeof *acts; i++)
		if (strcmp(name, acts[i].name) == 0)
			return &acts[i];
	return NULL;
}

/* ---- the page ---- */

static void act_value(struct buf *b, const json_t *v)
{
	const struct act_words *w = words_of(v);

	if (w)
		buf_printf(b, "%s / %s (", w->zh, w->en);
	value(b, v, true, 0);
	if (w)
		buf_c(b, ')');
}

static void page_row(struct buf *b, const struct row *r, const json_t *v)
{
	struct buf text = BUF_INIT;

	if (is_empty(v))
		return;
	if (strcmp(r->name, "act") == 0)
		act_value(&text, v);
	else if (strcmp(r->name, "at") == 0)
		time_value(&text, v);
	else
		value(&text, v, r->plain, 0);
	label(b, r->zh, r->en);
	buf_span(b, buf_as_span(&text));
	buf_c(b, '\n');
	buf_done(&text);
}

static const struct row *row_of(const char *name, bool in_shows)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].in_shows == in_shows && strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* What no row knows is signed as well. */
static void other_rows(struct buf *b, json_t *map, bool in_shows)
{
	const char *name;
	json_t *v;

	json_object_foreach(map, name, v) {
		struct buf shown = BUF_INIT;

		if (row_of(name, in_shows) || is_empty(v) ||
			(!in_shows && strcmp(name, "shows") == 0 && json_is_object(v)))
			continue;
		show_text(&shown, span_of(name));
		page_row(b, &(struct row){.name = "", .zh = "", .en = buf_text(&shown)}, v);
		buf_done(&shown);
	}
}

static json_t *load(struct span order)
{
	json_t *root = json_loadb(order.p ? order.p : "", order.n, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(root))
		return root;
	json_decref(root);
	return NULL;
}

int approve_page(struct span order, struct buf *b, struct err *e)
{
	json_t *root = load(order), *shows = json_object_get(root, "shows");
	char groups[20];

	if (!root)
		return err_set(e, E_APPROVE_ORDER, "%s", "");
	buf_str(b, "签批单 / Act to be approved\n\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		page_row(b, &rows[i], json_object_get(rows[i].in_shows ? shows : root, rows[i].name));
	if (json_is_object(shows))
		other_rows(b, shows, true);
	other_rows(b, root, false);
	digest_groups(order, groups);
	label(b, "摘要", "Digest");
	buf_printf(b, "%s\n\n", groups);
	buf_str(b,
		"没有发生的事：在经办、复核两人签批之前，什么也没有改动，一笔未发。两人先在电话里核对摘要的四组数字，再各自签名。\n"
		"What has not happened: until a handler and a checker have both signed, nothing is changed and nothing is sent. The "
		"two compare\nthe four groups of the digest by phone, then each signs.\n\n"
		"经办 / Handler: ____________________   复核 / Checker: ____________________   日期 / Date: ______________\n");
	json_decref(root);
	return 0;
}

/* ---- the list ---- */

static void add(struct buf *b, const char *words, const json_t *v, bool plain)
{
	if (is_empty(v))
		return;
	if (b->n)
		buf_str(b, say("，", ", "));
	buf_str(b, words);
	value(b, v, plain, 1);
}

static void what_row(const json_t *order, struct buf *b)
{
	const json_t *act = json_object_get(order, "act");
	const struct act_words *w = words_of(act);

	if (w)
		buf_str(b, say(w->zh, w->en));
	else
		value(b, act, true, 0);
	buf_str(b, say("：", ": "));
	value(b, json_object_get(order, "subject"), true, 0);
}

void approve_summary(const json_t *order, struct span text, struct buf *b)
{
	const json_t *shows = json_object_get(order, "shows");
	struct buf line = BUF_INIT;
	char groups[20];

	buf_str(b, "  ");
	what_row(order, b);
	add(&line, "", json_object_get(shows, "what"), false);
	add(&line, say("笔数 ", "count "), json_object_get(shows, "count"), true);
	add(&line, say("金额 ", "sum "), json_object_get(shows, "sums"), true);
	add(&line, say("去向 ", "to "), json_object_get(shows, "destination"), true);
	if (line.n)
		buf_printf(b, "\n  %s", buf_text(&line));
	buf_clear(&line);
	add(&line, say("提出人 ", "asked for by "), json_object_get(order, "by"), true);
	buf_c(&line, ' ');
	time_value(&line, json_object_get(order, "at"));
	add(&line, say("原因：", "because: "), json_object_get(order, "reason"), false);
	add(&line, say("有效至 ", "valid to the end of "), json_object_get(order, "until"), true);
	digest_groups(text, groups);
	buf_printf(b, "\n  %s\n  %s %s\n", buf_text(&line), say("摘要", "digest"), groups);
	buf_done(&line);
}
