/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <jansson.h>
#include <stdlib.h>

#include "index.h"
#include "json_text.h"
#include "mask.h"
#include "say.h"
#include "topics.h"

static const char *act_words(struct span what)
{
	static const struct {
		const char *what, *en, *zh;
	} all[] = {
		{"return", "return to its source", "退回来源"},
		{"retry", "another try", "重试"},
		{"seen", "put aside as seen", "确认知悉"},
		{"confirm", "payment of suspected doubles", "疑似重复确应支付"},
		{"repair", "a changed line", "更正一行"},
		{"stop", "stop", "停下"},
		{"resume", "resume", "恢复"},
		{"came", "the receiver has it", "对方已收到"},
		{"never", "the receiver never got it", "对方没有收到"},
		{"slip", "slip to its source", "开退回单"},
		{"reveal", "a look at the unmasked bytes", "查看未遮蔽的原文"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (span_is(what, all[i].what))
			return say(all[i].zh, all[i].en);
	return "";
}

struct span trace_reason(struct trace *t, const json_t *order)
{
	struct buf masked = BUF_INIT;
	struct span ret;

	mask_digits(&masked, json_text_span(order, "reason"));
	ret = arena_span(&t->arena, buf_as_span(&masked));
	buf_done(&masked);
	return ret;
}

/* What it is and who does it: "bank-abc: stop". */
static struct span what_of(struct trace *t, const json_t *data)
{
	const struct span flow = json_text_span(data, "flow"), what = json_text_span(json_object_get(data, "order"),
		"act");
	const char *words = act_words(what);

	return trace_words(t, "%.*s%s%.*s", SPAN_F(flow), flow.n ? say("：", ": ") : "",
		*words ? (int)strlen(words) : (int)what.n, *words ? words : what.p);
}

static struct span words_of(struct trace *t, struct span type, const json_t *data)
{
	const json_t *order = json_object_get(data, "order");
	struct span by = json_text_span(order, "by"), reason = trace_reason(t, order), what = what_of(t, data);

	if (span_is(type, EVENT_ACT_APPROVED)) {
		struct span name = json_text_span(order, "name");

		return trace_words(t, say("%.*s 签批", "approved by %.*s"), SPAN_F(name.n ? name : by));
	}
	if (span_is(type, EVENT_ACT_PROPOSED))
		return trace_words(t, say("%.*s，%.*s 提请，须两人签批：%.*s", "%.*s, asked for by %.*s; takes two people: %.*s"),
			SPAN_F(what), SPAN_F(by), SPAN_F(reason));
	if (span_is(json_text_span(data, "outcome"), "done"))
		return trace_words(t, say("%.*s，操作人 %.*s：%.*s", "%.*s, by %.*s: %.*s"), SPAN_F(what), SPAN_F(by),
			SPAN_F(reason));
	return trace_words(t, say("%.*s 未办（%.*s），操作人 %.*s：%.*s", "%.*s: refused (%.*s), by %.*s: %.*s"), SPAN_F(what),
		SPAN_F(json_text_span(data, "words")), SPAN_F(by), SPAN_F(reason));
}

static bool is_there(const struct trace *t, const struct bus_entry *at)
{
	for (unsigned i = 0; i < t->nhops; i++)
		if (trace_is_act(&t->hops[i]) && t->hops[i].offset == at->offset &&
			t->hops[i].partition == at->partition)
			return true;
	return false;
}

/* The record, when it is of that flow, and of what was proposed the approvals: they are about the act. */
static int add_act(struct trace *t, const struct bus_entry *at, struct span flow, struct err *e)
{
	struct trace_hop hop = {.kind = "act", .topic = TOPIC_ACTS, .partition = at->partition, .offset = at->offset};
	struct span value, act;
	json_t *data = NULL;
	struct event v;
	int got = is_there(t, at) ? 0 : trace_read(t->bus, &t->arena, at->topic, at->partition, at->offset, &value,
		&hop.time_ms, e);

	if (got != 1 || event_read(value, &v, e) != 0)
		return got == 1 ? -1 : got;
	data = json_loadb(v.data.p, v.data.n, 0, NULL);
	if (flow.n && !span_eq(json_text_span(data, "flow"), flow)) {
		json_decref(data);
		return 0;
	}
	hop.by = arena_span(&t->arena, json_text_span(json_object_get(data, "order"), "by"));
	hop.destination = arena_span(&t->arena, json_text_span(data, "flow"));
	hop.words = words_of(t, v.type, data);
	trace_add_hop(t, &hop);
	act = arena_span(&t->arena, json_text_span(data, "act"));
	json_decref(data);
	return span_is(v.type, EVENT_ACT_PROPOSED) ? trace_acts(t, act, SPAN_NONE, e) : 0;
}

int trace_acts(struct trace *t, struct span subject, struct span flow, struct err *e)
{
	struct trace_places at;
	char key[INDEX_KEY_MAX];
	int ret = trace_places(t->bus, subject.n ? index_find_act(key, subject) : SPAN_NONE, &at, e);

	for (unsigned i = 0; i < at.n && ret >= 0; i++)
		ret = add_act(t, &at.list[i], flow, e);
	free(at.list);
	return ret < 0 ? -1 : 0;
}
