/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "say.h"
#include "show.h"
#include "todo.h"
#include "verbs.h"

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
		buf_str(ret, word);
		return 0;
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

/* ---- the list ---- */

static void show(const struct todo *t, const struct todo_item *only, const struct args *a)
{
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < t->n; i++) {
		if (only && t->items[i] != only)
			continue;
		if (a->json)
			todo_json(t->items[i], a->site, &b);
		else
			todo_text(t->items[i], a->site, &b);
		show_flush(&b, stdout);
	}
	buf_done(&b);
}

static void say_count(const struct todo *t)
{
	unsigned overdue = todo_overdue(t);

	if (!t->n) {
		fprintf(stderr, "%s\n", say("没有待办事项", "nothing waits for a person"));
		return;
	}
	fprintf(stderr, say("共 %u 项待办", "%u wait for a person"), t->n);
	if (overdue)
		fprintf(stderr, say("，其中 %u 项已过期限", ", %u of them past their deadline"), overdue);
	fputc('\n', stderr);
}

int verb_todo(const struct args *a)
{
	const struct todo_item *only = NULL;
	struct bus *b = NULL;
	struct todo t = {0};
	struct site *s;
	struct err e;
	int code = 0;

	if (a->nwords > 1) {
		err_set(&e, E_USAGE, "what=jincai todo [NUMBER]");
		return verb_failed(&e);
	}
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		if (todo_load(s, b, clock_now_ms(), &t, &e) != 0 ||
			(a->nwords && todo_find(&t, a->words[0], &only, &e) != 0)) {
			code = verb_failed(&e);
		} else {
			show(&t, only, a);
			if (!only)
				say_count(&t);
			code = t.n ? 1 : 0;
		}
		todo_done(&t);
		bus_close(b);
	}
	site_free(s);
	return code;
}
