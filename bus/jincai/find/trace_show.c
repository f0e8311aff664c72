/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <inttypes.h>

#include "clock.h"
#include "jscan.h"
#include "say.h"
#include "show.h"

static void put(struct buf *b, const char *before, struct span text)
{
	if (!text.n)
		return;
	buf_str(b, before);
	show_text(b, text);
}

/* ---- for people ---- */

static void print_head(const struct trace *t, struct buf *b)
{
	show_text(b, t->id);
	buf_c(b, '\n');
	if (!t->record.n) {
		buf_printf(b, "  %s\n", say("没有成为事件：只有死信", "it never became an event: there is a dead letter only"));
		return;
	}
	put(b, "  ", t->event.type);
	put(b, say("  预算单位 ", "  unit "), t->event.unit);
	put(b, say("  业务日期 ", "  day of business "), t->event.businessdate);
	put(b, say("  金额 ", "  amount "), t->event.amount);
	put(b, say("  号码 ", "  numbers "), t->event.numbers);
	buf_c(b, '\n');
}

static void print_place(const struct trace_hop *h, struct buf *b)
{
	buf_printf(b, "  [%s/%u@%" PRIu64, h->topic, h->partition, h->offset);
	put(b, say("，文件 ", ", file "), h->file);
	if (h->line)
		buf_printf(b, h->parcel ? say(" 第 %" PRIu64 " 笔", ", record %" PRIu64) :
			say(" 第 %" PRIu64 " 行", ", line %" PRIu64), h->line);
	buf_str(b, "]\n");
}

static void print_hops(const struct trace *t, struct buf *b)
{
	for (unsigned i = 0; i < t->nhops; i++) {
		const struct trace_hop *h = &t->hops[i];
		char after[32] = "";

		if (i)
			snprintf(after, sizeof after, "+%" PRId64 " ms", h->time_ms - t->hops[i - 1].time_ms);
		buf_str(b, "  ");
		clock_business_ms(b, h->time_ms);
		buf_printf(b, " %11s  ", after);
		show_text(b, h->words);
		print_place(h, b);
	}
}

static void print_others(const struct trace *t, struct buf *b)
{
	if (t->nothers)
		buf_printf(b, "  %s\n", say("相关事件：", "related events:"));
	for (unsigned i = 0; i < t->nothers; i++) {
		const struct trace_other *o = &t->others[i];

		buf_str(b, "    ");
		clock_business(b, o->time_ms);
		put(b, "  ", o->type);
		put(b, "  ", o->id);
		put(b, say("  金额 ", "  amount "), o->amount);
		put(b, "  ", o->field);
		put(b, o->field.n ? " " : "  ", o->number);
		buf_printf(b, "  [%s/%u@%" PRIu64 "]%s\n", o->topic, o->partition, o->offset,
			o->before ? say("（同一标识，批次已退回）", " (the same id, in a batch that was returned)") : "");
	}
}

void trace_print(const struct trace *t, struct buf *b)
{
	print_head(t, b);
	print_hops(t, b);
	for (unsigned i = 0; i < t->nmissing; i++) {
		buf_str(b, i ? "            " : say("  还缺：", "  missing:  "));
		if (i && say_lang() == ERR_ZH)
			b->n -= 4;
		show_text(b, t->missing[i]);
		buf_c(b, '\n');
	}
	if (!t->nmissing)
		buf_printf(b, "  %s\n", say("没有缺少的环节", "nothing is missing"));
	print_others(t, b);
}

/* ---- for programs ---- */

static void time_json(struct buf *b, const char *before, int64_t ms)
{
	struct buf time = BUF_INIT;

	clock_write(&time, ms);
	buf_str(b, before);
	json_quote(b, buf_as_span(&time));
	buf_done(&time);
}

static void member(struct buf *b, const char *name, struct span text)
{
	if (text.n)
		json_member(b, name, text);
}

static void place_json(struct buf *b, const char *topic, unsigned partition, uint64_t offset)
{
	buf_printf(b, ",\"topic\":\"%s\",\"partition\":%u,\"offset\":%" PRIu64, topic, partition, offset);
}

static void hop_json(const struct trace *t, unsigned i, struct buf *b)
{
	const struct trace_hop *h = &t->hops[i];

	time_json(b, i ? ",{\"time\":" : "{\"time\":", h->time_ms);
	buf_printf(b, ",\"after_ms\":%" PRId64, i ? h->time_ms - t->hops[i - 1].time_ms : 0);
	json_member(b, "kind", span_of(h->kind));
	place_json(b, h->topic, h->partition, h->offset);
	member(b, trace_is_act(h) ? "flow" : "destination", h->destination);
	member(b, "by", h->by);
	member(b, "file", h->file);
	if (h->parcel)
		buf_printf(b, ",\"parcel\":%" PRIu64, h->parcel);
	if (h->line)
		buf_printf(b, ",\"%s\":%" PRIu64, h->parcel ? "record" : "line", h->line);
	json_member(b, "words", h->words);
	buf_c(b, '}');
}

void trace_json(const struct trace *t, struct buf *b)
{
	buf_str(b, "{\"id\":");
	json_quote(b, t->id);
	member(b, "type", t->event.type);
	member(b, "batch", t->event.batchid);
	member(b, "unit", t->event.unit);
	member(b, "businessdate", t->event.businessdate);
	member(b, "amount", t->event.amount);
	member(b, "numbers", t->event.numbers);
	buf_str(b, ",\"hops\":[");
	for (unsigned i = 0; i < t->nhops; i++)
		hop_json(t, i, b);
	buf_str(b, "],\"missing\":[");
	for (unsigned i = 0; i < t->nmissing; i++) {
		buf_str(b, i ? "," : "");
		json_quote(b, t->missing[i]);
	}
	buf_str(b, "],\"related\":[");
	for (unsigned i = 0; i < t->nothers; i++) {
		const struct trace_other *o = &t->others[i];

		buf_str(b, i ? ",{\"id\":" : "{\"id\":");
		json_quote(b, o->id);
		member(b, "type", o->type);
		member(b, "amount", o->amount);
		member(b, "number", o->number);
		member(b, "field", o->field);
		time_json(b, ",\"time\":", o->time_ms);
		place_json(b, o->topic, o->partition, o->offset);
		buf_printf(b, ",\"before\":%s}", o->before ? "true" : "false");
	}
	buf_str(b, "]}\n");
}
