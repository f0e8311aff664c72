/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "claim.h"
#include "clock.h"
#include "lane.h"
#include "say.h"
#include "show.h"
#include "todo.h"
#include "topics.h"
#include "trace.h"
#include "verbs.h"

/* ---- a file, as its source called it ---- */

struct naming {
	const char *file;
	struct buf batches;          /* each with its NUL */
	unsigned n;
};

static void note_batch(struct naming *f, struct span batchid)
{
	for (size_t at = 0; at < f->batches.n; at += strlen(f->batches.p + at) + 1)
		if (span_is(batchid, f->batches.p + at))
			return;
	buf_span(&f->batches, batchid);
	buf_c(&f->batches, 0);
	f->n++;
}

static int note_claim(void *arg, const struct event *v, struct err *e)
{
	struct naming *f = arg;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int ret = claim_read(v, &a, &c, e);

	if (ret == 0 && span_is(c.name, f->file))
		note_batch(f, c.batchid);
	totals_free(c.totals);
	arena_done(&a);
	return ret;
}

static int load_claim(struct bus *b, struct span batchid, struct buf *line, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int got = claim_find(b, NULL, batchid, &record, &a, &c, e);

	if (got == 1) {
		buf_str(line, "  ");
		show_text(line, batchid);
		buf_printf(line, say("  %s\n", "  %s\n"), trace_claim_words(c.state));
	}
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	return got < 0 ? -1 : 0;
}

/* Which batches those are, and what became of each, is told. */
static int tell_batches(struct bus *b, const struct naming *f, struct err *e)
{
	struct buf out = BUF_INIT;
	int ret = 0;

	show_text(&out, span_of(f->file));
	buf_str(&out, say("：\n", ":\n"));
	for (size_t at = 0; at < f->batches.n && ret == 0; at += strlen(f->batches.p + at) + 1)
		ret = load_claim(b, span_of(f->batches.p + at), &out, e);
	show_flush(&out, stderr);
	buf_done(&out);
	return ret;
}

/* Reads all claims, so only what may be the name of a file is looked for. 1 *ret is its batch, 0 no file has that name, -1. */
static int batch_of_file(struct bus *b, const char *word, struct buf *ret, struct err *e)
{
	struct naming f = {.file = word};
	int got;

	if (!strchr(word, '.') || strchr(word, ':'))
		return 0;
	got = lane_each(b, TOPIC_CLAIMS, EVENT_CLAIM, 0, note_claim, &f, e);
	if (got == 0 && f.n)
		got = tell_batches(b, &f, e);
	if (got == 0 && f.n == 1) {
		buf_str(ret, f.batches.p);
		got = 1;
	} else if (got == 0 && f.n) {
		got = err_set(e, E_BATCH_WHICH, "file=%s\ncount=%u", word, f.n);
	}
	buf_done(&f.batches);
	return got;
}

/* ---- what a word stands for ---- */

static const struct {
	const char *zh, *en;
} wanted[] = {
	[VERB_BATCH] = {"批次", "a batch"}, [VERB_ACT] = {"操作", "an act"}, [VERB_FLOW] = {"流", "a flow"}, [VERB_WORD] = {"流、批次、记录或发送批",
		"a flow, a batch, an event or a parcel"}, [VERB_LETTER] = {"死信", "a dead letter"},
};

static int other_kind(const char *number, const struct todo_item *i, enum verb_subject want, struct err *e)
{
	return err_set(e, E_TODO_KIND, "number=%s\nis=%s\nwant=%s", number, say(i->kind->zh, i->kind->en),
		say(wanted[want].zh, wanted[want].en));
}

int verb_subject(struct site *s, struct bus *b, enum verb_subject want, const char *word, struct buf *ret, struct err *e)
{
	const struct todo_item *i = NULL;
	const char *text = "";
	struct todo t;
	int failed;

	if (!todo_number_is(span_of(word))) {
		failed = want == VERB_BATCH || want == VERB_WORD ? batch_of_file(b, word, ret, e) : 0;
		if (failed == 0)
			buf_str(ret, word);
		return failed < 0 ? -1 : 0;
	}
	if (todo_load(s, b, clock_now_ms(), &t, e) != 0)
		return -1;
	failed = todo_find(&t, word, &i, e);
	if (!failed) {
		text = want == VERB_BATCH ? i->batch : want == VERB_ACT ? i->act : want == VERB_FLOW ? i->flow
			: i->word[0] ? i->word : i->batch;
		if (want == VERB_LETTER || !text[0])
			failed = other_kind(word, i, want, e);
		else
			buf_str(ret, text);
	}
	todo_done(&t);
	return failed;
}

int verb_letters(struct site *s, struct bus *b, const char *word, uint64_t **ret, unsigned *ret_n, struct err *e)
{
	const struct todo_item *i = NULL;
	struct todo t;
	char *end = NULL;
	int failed;

	if (!todo_number_is(span_of(word))) {
		uint64_t number = strtoull(word, &end, 10);

		if (word[0] < '0' || word[0] > '9' || *end)
			return err_set(e, E_USAGE, "what=%s %s", say("不是死信的编号：", "no number of a dead letter:"), word);
		*ret = mem_new(sizeof **ret);
		**ret = number;
		*ret_n = 1;
		return 0;
	}
	if (todo_load(s, b, clock_now_ms(), &t, e) != 0)
		return -1;
	failed = todo_find(&t, word, &i, e);
	if (!failed && !i->nletters)
		failed = other_kind(word, i, VERB_LETTER, e);
	if (!failed) {
		*ret = mem_new(i->nletters * sizeof **ret);
		memcpy(*ret, i->letters, i->nletters * sizeof **ret);
		*ret_n = i->nletters;
	}
	todo_done(&t);
	return failed;
}
