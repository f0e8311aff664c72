/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "jscan.h"
#include "say.h"
#include "show.h"
#include "verbs.h"
#include "waiting.h"

#define REASONS_SHOWN 3u              /* in a list; all of them in held show */

/* What a state means for money: said in full each time, since who reads it is under pressure. */
static const struct meaning {
	const char *state, *name_zh, *name_en, *not_zh, *not_en, *ask_zh, *ask_en;
} meanings[] = {
	{"held", "挂起", "held", "整批暂停，一笔未发", "the whole batch is held, not one was sent",
		"请来源系统核对并重出正确的文件；同一主键的新文件到达后，自动取代本批",
		"ask the source for a right file; a new one with the same keys takes this batch's place by itself"},
	{"conflict", "冲突", "conflict", "本文件一笔未发；此前以同一主键发布的内容不变",
		"not one of this file was sent; what was published before under the same keys stands",
		"请来源系统确认以哪一份为准；若以本文件为准，请换新的批次号重报",
		"ask the source which of the two is right; when it is this one, have it sent again under a new batch number"},
	{"unreadable", "读不懂", "unreadable", "一笔也没有读入，一笔未发", "no record was read, not one was sent",
		"请来源系统重出正确的文件；若厂商改了版式，请修改报文格式",
		"ask the source for a right file; when the vendor changed the layout, change the form"},
	{"duplicate", "重复", "duplicate", "没有重复办理，本文件一笔未发", "nothing was done twice, not one of this file was sent",
		"请告知来源系统重复报送；无须补发", "tell the source that it came twice; nothing has to be sent again"},
};

/* Published as their form says, and yet somebody has to look. */
static const struct meaning suspected = {"published", "疑似重复付款", "suspected double",
	"各笔均已照常发布，没有拦下，也没有冲销", "all of it was passed on as usual; nothing was stopped, nothing taken back",
	"请与来源系统核对是否确应付两笔；确属重复的，由来源系统撤销，或请收款方退回",
	"ask the source whether both are meant; a double is voided by the source, or asked back from its payee"};

static const struct meaning *meaning_of(struct span state)
{
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (span_is(state, meanings[i].state))
			return &meanings[i];
	return NULL;
}

bool waiting_state(struct span state)
{
	return meaning_of(state) != NULL;
}

bool waiting_claim(const struct claim *c)
{
	return waiting_state(c->state) || (span_is(c->state, "published") && claim_is_suspected(c));
}

static bool is_seen(const struct claim *c)
{
	return span_is(c->state, "duplicate") || span_is(c->state, "published");
}

void waiting_reasons(const struct claim *c, struct buf *b)
{
	struct buf words = BUF_INIT;

	for (unsigned i = 0; i < c->nreasons; i++) {
		buf_clear(&words);
		verb_reason(&words, c->reasons[i].code, c->reasons[i].args, c->reasons[i].where);
		buf_printf(b, say("原因 %u: ", "reason %u: "), i + 1);
		show_text(b, buf_as_span(&words));
		buf_c(b, '\n');
	}
	buf_done(&words);
}

static void sum_of(struct waiting_words *t, const char *currency, const struct money_sum *sum)
{
	struct err ignored;

	(void)totals_move(t->sums, TOTAL_READ, "", span_of(currency), sum, 1, &ignored);
}

static void texts_claim(struct waiting_words *t, const struct claim *c)
{
	const struct meaning *m = span_is(c->state, "published") ? &suspected : meaning_of(c->state);

	t->kind = "claim";
	t->state = m ? m->state : "";
	t->name = m ? say(m->name_zh, m->name_en) : "";
	t->sums = c->totals;
	buf_str(&t->not_happened, m ? say(m->not_zh, m->not_en) : "");
	for (unsigned i = 0; i < c->nreasons && i < REASONS_SHOWN; i++) {
		buf_str(&t->what, i ? say("；", "; ") : "");
		verb_reason(&t->what, c->reasons[i].code, c->reasons[i].args, c->reasons[i].where);
	}
	if (c->nreasons > REASONS_SHOWN)
		buf_printf(&t->what, say("；另有 %u 条，见 jincai held show", "; and %u more, see jincai held show"),
			c->nreasons - REASONS_SHOWN);
	if (c->nreasons)
		verb_remedy(&t->next, c->reasons[0].code, c->reasons[0].args);
	buf_str(&t->ask, m ? say(m->ask_zh, m->ask_en) : "");
	buf_printf(&t->act, "jincai held %s '%.*s' --reason %s", is_seen(c) ? "seen" : "return",
		SPAN_F(c->batchid), say("原因", "TEXT"));
}

static void texts_gathering(struct waiting_words *t, const struct gathering *g, const char *destination)
{
	t->kind = "batch";
	t->state = "held";
	t->name = say("在去向处挂起", "held at its destination");
	t->sums = totals_new();              /* it may hold nothing: all of it is for others, or died before */
	t->own = true;
	for (unsigned i = 0; i < g->nsums; i++)
		sum_of(t, g->sums[i].currency, &g->sums[i].sum);
	verb_reason(&t->what, span_of(g->why), span_of(g->why_args), SPAN_NONE);
	buf_printf(&t->not_happened, say("整批暂停，一笔未发往 %s", "the whole batch is held, not one was sent to %s"),
		destination);
	verb_remedy(&t->next, span_of(g->why), span_of(g->why_args));
	buf_printf(&t->ask, say("查看死信：jincai dead list；有疑问请向去向 %s 的接收方核对已收到什么",
		"see jincai dead list; in doubt ask the receiver behind %s what it has"), destination);
}

static void texts_parcel(struct waiting_words *t, const struct parcel *p, const char *destination)
{
	struct err why;
	char words[768];

	err_set(&why, E_PARCEL_UNKNOWN, "no=%" PRIu64 "\nname=%s\ndestination=%s", p->no, p->name, destination);
	t->kind = "parcel";
	t->state = parcel_states[p->state];
	t->name = say("不知是否送达", "nobody knows whether it arrived");
	t->sums = totals_new();
	t->own = true;
	sum_of(t, p->currency, &p->sum);
	verb_reason(&t->what, span_of(err_code(why.id)->name), span_of(why.args), SPAN_NONE);
	buf_str(&t->not_happened,
		say("没有重发：不会自动重发，也没有记为已送达",
			"it was not sent again and never is by itself; it does not count as handed over"));
	err_remedy(&why, say_lang(), words, sizeof words);
	buf_str(&t->next, words);
	buf_printf(&t->ask,
		say("问 %s 的接收方：有没有收到 %s，笔数、金额是否与下列相同",
			"ask the receiver behind %s: does it have %s, with count and sum as below?"),
		destination, p->name);
}

void waiting_words(struct waiting_words *t, const struct waiting *w)
{
	if (w->claim)
		texts_claim(t, w->claim);
	else if (w->gathering)
		texts_gathering(t, w->gathering, w->destination);
	else
		texts_parcel(t, w->parcel, w->destination);
}

void waiting_words_done(struct waiting_words *t)
{
	buf_done(&t->what);
	buf_done(&t->not_happened);
	buf_done(&t->next);
	buf_done(&t->ask);
	buf_done(&t->act);
	if (t->own)
		totals_free(t->sums);
}

static void line(struct buf *b, const char *name, struct span text)
{
	if (!text.n)
		return;
	buf_printf(b, "  %s: ", name);
	show_text(b, text);
	buf_c(b, '\n');
}

void waiting_text(const struct waiting *w, struct buf *b)
{
	struct waiting_words t = {0};
	struct buf sums = BUF_INIT;

	waiting_words(&t, w);
	if (w->number)
		buf_printf(b, "%s  ", w->number);
	show_text(b, w->batchid);
	if (w->destination)
		buf_printf(b, " → %s", w->destination);
	buf_printf(b, "  %s\n", t.name);
	if (w->claim) {
		line(b, say("接入", "adapter"), w->claim->adapter);
		line(b, say("文件", "file"), w->claim->name);
	}
	line(b, say("发生了什么", "what happened"), buf_as_span(&t.what));
	line(b, say("没有发生的事", "what has not happened"), buf_as_span(&t.not_happened));
	show_sums(&sums, t.sums, TOTAL_READ);
	line(b, say("金额", "money"), buf_as_span(&sums));
	line(b, say("怎么办", "what next"), buf_as_span(&t.next));
	line(b, say("问谁", "whom to ask"), buf_as_span(&t.ask));
	line(b, w->claim && is_seen(w->claim) ? say("了结", "to put it aside") : say("退回", "to give it back"),
		buf_as_span(&t.act));
	buf_done(&sums);
	waiting_words_done(&t);
}

static void json_reasons(const struct claim *c, struct buf *b)
{
	struct buf words = BUF_INIT;

	buf_str(b, ",\"reasons\":[");
	for (unsigned i = 0; i < c->nreasons; i++) {
		buf_clear(&words);
		verb_reason(&words, c->reasons[i].code, c->reasons[i].args, SPAN_NONE);
		buf_str(b, i ? ",{\"code\":" : "{\"code\":");
		json_quote(b, c->reasons[i].code);
		json_member(b, "where", c->reasons[i].where);
		json_member(b, "words", buf_as_span(&words));
		buf_c(b, '}');
	}
	buf_c(b, ']');
	buf_done(&words);
}

void waiting_json(const struct waiting *w, struct buf *b)
{
	struct waiting_words t = {0};

	waiting_words(&t, w);
	buf_printf(b, "{\"what\":\"%s\"", t.kind);
	json_member(b, "state", span_of(t.state));
	json_member(b, "todo", span_of(w->number ? w->number : ""));
	json_member(b, "batch", w->batchid);
	if (w->claim) {
		json_member(b, "adapter", w->claim->adapter);
		json_member(b, "file", w->claim->name);
	} else {
		json_member(b, "destination", span_of(w->destination));
	}
	if (w->parcel) {
		buf_printf(b, ",\"parcel\":%" PRIu64, w->parcel->no);
		json_member(b, "file", span_of(w->parcel->name));
	}
	show_sums_json(b, t.sums, TOTAL_READ);
	if (w->claim)
		json_reasons(w->claim, b);
	json_member(b, "happened", buf_as_span(&t.what));
	json_member(b, "not_happened", buf_as_span(&t.not_happened));
	json_member(b, "next", buf_as_span(&t.next));
	json_member(b, "ask", buf_as_span(&t.ask));
	if (t.act.n)
		json_member(b, "act", buf_as_span(&t.act));
	buf_str(b, "}\n");
	waiting_words_done(&t);
}
