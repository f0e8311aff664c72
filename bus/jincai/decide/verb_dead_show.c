/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "acts.h"
#include "clock.h"
#include "letter.h"
#include "mask.h"
#include "personal.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

/* Raw bytes came in the charset of the adapter's form; an event that died on its way is UTF-8. */
static enum charset charset_of(const struct site *s, struct span flow)
{
	for (unsigned i = 0; i < s->nadapters; i++)
		if (span_is(flow, s->adapters[i].name))
			return s->adapters[i].form->charset;
	return CHARSET_UTF8;
}

static void row(struct buf *b, const char *name, struct span value)
{
	if (!value.n)
		return;
	buf_printf(b, "%s: ", name);
	show_text(b, value);
	buf_c(b, '\n');
}

static void number_row(struct buf *b, const char *name, uint64_t value)
{
	buf_printf(b, "%s: %" PRIu64 "\n", name, value);
}

/* As long as raw. An event died without its closing brace, before which lane and number were. */
static bool mask_event(const struct site *s, struct span raw, struct buf *masked)
{
	const struct schema *schema = NULL;
	struct buf whole = BUF_INIT;
	struct findings quiet;
	struct event v;
	struct err e;

	buf_span(&whole, raw);
	buf_c(&whole, '}');
	if (event_read(buf_as_span(&whole), &v, &e) == 0) {
		findings_init(&quiet);
		schema = library_schema(s->library, v.type, conf_root(s->conf), &quiet);
		findings_done(&quiet);
	}
	if (schema) {
		personal_event(schema, buf_as_span(&whole), masked);
		masked->n = raw.n;
	}
	buf_done(&whole);
	return schema;
}

/* The adapter said what is personal in its record. An event says its type, and the type's schema which fields are. */
static void mask_raw(const struct site *s, const struct letter *l, struct buf *masked)
{
	mask_digits(masked, l->d.raw);
	mask_packed(masked);
	if (l->d.personal.n && personal_hide(l->d.personal, masked) == 0)
		return;
	buf_clear(masked);
	if (!mask_event(s, l->d.raw, masked))
		personal_looks(charset_of(s, l->d.flow), l->d.raw, masked);
}

static void show_bytes(const struct site *s, const struct letter *l, bool reveal, struct buf *b)
{
	struct buf masked = BUF_INIT;

	if (reveal)
		buf_span(&masked, l->d.raw);
	else
		mask_raw(s, l, &masked);
	buf_printf(b, reveal ? say("原文 %" PRIu64 " 字节，存 %zu 字节（未遮蔽，本次查看已记录）：\n",
		"raw bytes: %" PRIu64 ", kept %zu (not masked; that you look is recorded):\n") :
		say("原文 %" PRIu64 " 字节，存 %zu 字节（个人信息已遮蔽）：\n",
		"raw bytes: %" PRIu64 ", kept %zu (what is personal is masked):\n"), l->raw_size, l->d.raw.n);
	show_raw(b, charset_of(s, l->d.flow), l->d.raw, buf_as_span(&masked));
	buf_done(&masked);
}

static void show_letter(const struct site *s, struct letter *l, const char *state, bool reveal, struct buf *b)
{
	struct buf args = BUF_INIT, remedy = BUF_INIT, when = BUF_INIT;
	char amount[24], currency[TOTALS_CURRENCY_MAX], name[64];

	snprintf(currency, sizeof currency, "%.*s", SPAN_F(l->d.currency));
	mask_digits(&args, l->d.args);
	verb_remedy(&remedy, l->d.code, buf_as_span(&args));
	for (size_t i = 0; i < args.n; i++)
		if (args.p[i] == '\n')
			args.p[i] = ' ';
	number_row(b, say("编号", "number"), l->number);
	clock_business(&when, l->time_ms);
	row(b, say("时间", "time"), buf_as_span(&when));
	row(b, say("种类", "kind"), span_of(letter_is_conflict(l) ? say("冲突", "conflict") : say("死信", "dead")));
	row(b, say("状态", "state"), span_of(letter_state_words(state)));
	row(b, say("流", "flow"), l->d.flow);
	row(b, say("去向", "destination"), l->d.destination);
	row(b, say("批次", "batch"), l->d.batchid);
	row(b, say("业务主键", "id"), l->d.id);
	row(b, say("文件", "file"), l->d.file);
	row(b, say("位置", "place"), l->d.place);
	number_row(b, say("行", "line"), l->d.line);
	number_row(b, say("第几笔", "record"), l->d.record);
	number_row(b, say("字节偏移", "offset"), l->d.offset);
	row(b, say("金额", "amount"),
		span_of(l->d.has_amount ? money_text(l->d.amount_fen, amount) : say("读不出", "unreadable")));
	row(b, say("币种", "currency"), l->d.currency.n ? span_of(show_currency(currency, name)) : SPAN(""));
	row(b, say("原因", "what happened"), buf_as_span(&l->words));
	row(b, say("参数", "arguments"), buf_as_span(&args));
	row(b, say("怎么办", "what next"), buf_as_span(&remedy));
	show_bytes(s, l, reveal, b);
	buf_done(&args);
	buf_done(&remedy);
	buf_done(&when);
}

/* The one who looks is written down by the flow that made the letter, before anything is shown. */
static int record_reveal(struct bus *b, const struct site *s, const struct letter *l, const char *reason,
	bool *ret_done)
{
	json_t *more = json_object();
	char flow[104];
	struct acts_order o = {.flow = flow, .what = "reveal", .subject = l->event.id, .reason = reason, .more = more};
	int code;

	snprintf(flow, sizeof flow, "%.*s", SPAN_F(l->d.flow));
	json_object_set_new(more, "offset", json_integer((json_int_t)l->number));
	code = acts_ask(b, s, &o, ret_done);
	json_decref(more);
	return code;
}

int verb_dead_show(const struct args *a)
{
	struct letter l = {.words = BUF_INIT};
	struct arena arena = ARENA_INIT;
	struct bus_reader *r = NULL;
	struct buf out = BUF_INIT;
	struct bus *b = NULL;
	struct site *s;
	struct err e;
	uint64_t *numbers = NULL;
	unsigned n = 0;
	bool revealed = false;
	char state[16];
	int code = 0, got;

	if (a->nwords != 1)
		return verb_misused(a);
	if (a->reveal && !a->reason) {
		err_set(&e, E_ACT_REASON, "%s", "");
		return verb_failed(&e);
	}
	s = verb_site(a, &code);
	if (!s || !(b = verb_look(s, &code)))
		goto out;
	got = verb_letters(s, b, a->words[0], &numbers, &n, &e);
	if (got == 0)
		got = letter_find(b, numbers[0], &r, &arena, &l, &e);
	if (got == 0)
		got = err_set(&e, E_DEAD_NONE, "number=%" PRIu64, numbers[0]);
	if (got < 0 || letter_state(b, &l, state, &e) != 0) {
		code = verb_failed(&e);
		goto out;
	}
	if (a->reveal) {
		code = record_reveal(b, s, &l, a->reason, &revealed);
		if (!revealed)
			goto out;
	}
	show_letter(s, &l, state, revealed, &out);
	show_flush(&out, stdout);
	if (n > 1)
		fprintf(stderr, say("同一批次、同一原因的共 %u 封：jincai dead list %s\n",
			"%u letters of this batch have this cause: jincai dead list %s\n"), n, a->words[0]);
out:
	bus_unread(r);
	if (b)
		bus_close(b);
	site_free(s);
	arena_done(&arena);
	buf_done(&out);
	buf_done(&l.words);
	free(numbers);
	return code;
}
