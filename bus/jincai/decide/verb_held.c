/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "clock.h"
#include "say.h"
#include "show.h"
#include "trace.h"
#include "suspects.h"
#include "verbs.h"
#include "waiting.h"

struct listing {
	struct buf out;
	const char *batch;           /* what belongs to it, and no claims */
};

static int list_one(void *arg, const struct waiting *w, struct err *e)
{
	struct listing *l = arg;

	(void)e;
	if (w->claim || !span_is(w->batchid, l->batch))
		return 0;
	waiting_text(w, &l->out);
	show_flush(&l->out, stdout);
	return 0;
}

static void row(struct buf *b, const char *name, struct span value)
{
	buf_printf(b, "%s: ", name);
	show_text(b, value);
	buf_c(b, '\n');
}

static void number_row(struct buf *b, const char *name, uint64_t value)
{
	buf_printf(b, "%s: %" PRIu64 "\n", name, value);
}

struct found {
	unsigned currencies;
	int64_t sum;
};

static void add_found(void *arg, const struct total_line *line)
{
	struct found *f = arg;

	if (line->term != TOTAL_READ || line->sum.count == line->sum.unreadable)
		return;
	f->currencies++;
	if (__builtin_add_overflow(line->sum.plus, line->sum.minus, &f->sum))
		f->currencies = UINT32_MAX / 2;
}

/* Declared beside found, and by how much they differ; a sum is compared only within one currency. */
static void compare(struct buf *b, const struct claim *c)
{
	struct found f = {0};
	char want[24], got[24], differ[24];
	int64_t difference = 0;

	totals_each(c->totals, add_found, &f);
	buf_printf(b, "%s: ", say("笔数", "count"));
	if (c->has_count)
		buf_printf(b, say("声明 %" PRIu64 "，实际 %" PRIu64 "，相差 %" PRId64 "\n",
			"declared %" PRIu64 ", found %" PRIu64 ", difference %" PRId64 "\n"), c->count, c->records,
			(int64_t)(c->count - c->records));
	else
		buf_printf(b, say("未声明，实际 %" PRIu64 "\n", "not declared, found %" PRIu64 "\n"), c->records);
	buf_printf(b, "%s: ", say("金额", "sum"));
	if (!c->has_sum)
		buf_str(b, say("未声明，实际 ", "not declared, found "));
	else if (f.currencies > 1 || __builtin_sub_overflow(c->sum, f.sum, &difference))
		buf_printf(b, say("声明 %s，实际 ", "declared %s, found "), money_text(c->sum, want));
	else
		buf_printf(b, say("声明 %s，实际 %s，相差 %s；明细 ", "declared %s, found %s, difference %s; records "),
			money_text(c->sum, want), money_text(f.sum, got), money_text(difference, differ));
	show_sums(b, c->totals, TOTAL_READ);
	buf_c(b, '\n');
}

/* Lines that a person changed; what stands there now is data, and not shown. */
static void overlays(struct buf *b, const struct claim *c)
{
	for (unsigned i = 0; i < c->overlays.n; i++) {
		const struct overlay *x = &c->overlays.list[i];

		buf_printf(b, say("已更正: 第 %" PRIu64 " 行，", "changed: line %" PRIu64 ", "), x->line);
		show_text(b, x->by);
		buf_printf(b, " (%.*s)\n", SPAN_F(x->act));
	}
}

static void show_claim(struct buf *b, const struct claim *c)
{
	struct waiting w = {.claim = c, .batchid = c->batchid};
	struct buf time = BUF_INIT;

	clock_write(&time, c->time_ms);
	row(b, say("批次", "batch"), c->batchid);
	row(b, say("状态", "state"), span_of(trace_claim_words(c->state)));
	row(b, say("接入", "adapter"), c->adapter);
	row(b, say("文件", "file"), c->name);
	row(b, say("存为", "kept as"), c->taken);
	row(b, say("收到时间", "time"), buf_as_span(&time));
	row(b, say("主键", "keys"), c->keys);
	row(b, "SHA-256", c->digest);
	number_row(b, say("字节数", "bytes"), c->size);
	row(b, say("报文格式", "form"), c->form);
	row(b, say("格式摘要", "form's digest"), c->form_digest);
	row(b, say("核对", "verdict"), c->verdict);
	number_row(b, say("可发布", "events"), c->events);
	number_row(b, say("过不去", "dead"), c->dead);
	number_row(b, say("跳过的行", "rows skipped"), c->skipped);
	compare(b, c);
	overlays(b, c);
	waiting_reasons(c, b);
	suspects_text(c, b);
	if (waiting_claim(c))
		waiting_text(&w, b);
	buf_done(&time);
}

int verb_held_show(const struct args *a)
{
	struct listing l = {0};
	struct buf record = BUF_INIT, batch = BUF_INIT;
	struct arena arena = ARENA_INIT;
	struct bus *b = NULL;
	struct claim c;
	struct site *s;
	struct err e;
	int code = 0, got;

	if (a->nwords != 1)
		return verb_misused(a);
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		got = verb_subject(s, b, VERB_BATCH, a->words[0], &batch, &e);
		l.batch = buf_text(&batch);
		if (got == 0)
			got = claim_find(b, NULL, buf_as_span(&batch), &record, &arena, &c, &e);
		if (got == 1) {
			show_claim(&l.out, &c);
			show_flush(&l.out, stdout);
			totals_free(c.totals);
			got = waiting_walk(b, list_one, &l, &e);
		} else if (got == 0) {
			got = err_set(&e, E_HELD_NONE, "batch=%s", l.batch);
		}
		code = got < 0 ? verb_failed(&e) : 0;
		bus_close(b);
	}
	arena_done(&arena);
	buf_done(&record);
	buf_done(&batch);
	buf_done(&l.out);
	site_free(s);
	return code;
}
