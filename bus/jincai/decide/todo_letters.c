/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "index.h"
#include "letter.h"
#include "say.h"
#include "todo.h"

/* Dead letters are one item for each batch and cause: of a file with a hundred bad lines of one kind a person sees one thing
 * to do. */
struct grouping {
	struct todo *todo;
	unsigned first, last;        /* items of letters: from first on; the one that got the letter before */
	struct buf subject;
};

static void subject_of(struct buf *b, const struct letter *l)
{
	buf_clear(b);
	buf_printf(b, "dead:%.*s/%.*s/%.*s/%.*s/%.*s", SPAN_F(l->d.kind), SPAN_F(l->d.flow), SPAN_F(l->d.batchid),
		SPAN_F(l->d.code), SPAN_F(l->d.destination));
}

static struct todo_item *group_of(struct grouping *g)
{
	struct todo *t = g->todo;
	struct span subject = buf_as_span(&g->subject);

	if (g->last < t->n && span_is(subject, t->items[g->last]->subject))
		return t->items[g->last];
	for (unsigned i = g->first; i < t->n; i++)
		if (span_is(subject, t->items[i]->subject)) {
			g->last = i;
			return t->items[i];
		}
	return NULL;
}

static int new_group(struct grouping *g, const struct letter *l, struct todo_item **ret, struct err *e)
{
	struct todo_item *i = todo_add(g->todo, letter_is_conflict(l) ? "dead-conflict" : "dead", buf_as_span(&g->subject));

	g->last = g->todo->n - 1;
	todo_set(&i->batch, l->d.batchid);
	todo_set(&i->flow, l->d.flow);
	todo_set(&i->destinations, l->d.destination);
	buf_span(&i->happened, buf_as_span(&l->words));
	if (todo_of_batch(g->todo, i, false, e) != 0)
		return -1;
	i->since_ms = l->time_ms;
	*ret = i;
	return 0;
}

static int add(struct grouping *g, const struct letter *l, struct err *e)
{
	struct span currency = l->d.currency.n < TOTALS_CURRENCY_MAX ? l->d.currency : SPAN("");
	struct todo_item *i;

	subject_of(&g->subject, l);
	i = group_of(g);
	if (!i)
		i = todo_batch(g->todo, l->d.batchid);
	if (!i && new_group(g, l, &i, e) != 0)
		return -1;
	i->letters = mem_grow(i->letters, i->nletters + 1u, sizeof *i->letters);
	i->letters[i->nletters++] = l->number;
	if (i->kind->whole)          /* their money is part of the batch's */
		return 0;
	return totals_add(i->money, TOTAL_READ, "", currency, l->d.amount_fen, l->d.has_amount, e);
}

/* How many they are stands before the words of the first. */
static void say_counts(struct todo *t, unsigned first)
{
	for (unsigned i = first; i < t->n; i++) {
		struct todo_item *x = t->items[i];
		struct buf words = x->happened;
		bool one = x->nletters == 1;

		x->happened = BUF_INIT;
		buf_printf(&x->happened, one ? say("有 %u 笔过不去：", "%u record could not go on: ")
			: say("有 %u 笔因同一原因过不去，第一笔：", "%u records could not go on for the same cause, the first: "), x->nletters);
		buf_span(&x->happened, buf_as_span(&words));
		buf_done(&words);
		buf_str(&x->not_happened, one ? say("这一笔", "it was not sent") : say("这几笔", "none of them was sent"));
		if (x->destinations[0])
			buf_printf(&x->not_happened, say("没有发往 %s", " to %s"), x->destinations);
		else
			buf_str(&x->not_happened, say("哪里都没有发", " anywhere"));
		if (span_starts(span_of(x->subject), SPAN("dead:conflict/")))
			buf_str(&x->not_happened,
				say("；先前以同一编号发布的内容不变",
					"; what was published before under the same id stands"));
		else
			buf_str(&x->not_happened, say("，也不会自动重试", ", and nothing is tried again by itself"));
	}
}

struct open_letters {
	uint64_t *places;
	size_t n;
};

static int add_place(void *arg, struct span key, const struct bus_entry *entry)
{
	struct open_letters *o = arg;

	(void)key;
	if (!span_is(entry->extra, "dead") && !span_is(entry->extra, "conflict"))
		return 0;
	if ((o->n & (o->n - 1)) == 0)
		o->places = mem_grow(o->places, o->n ? 2 * o->n : 1, sizeof *o->places);
	o->places[o->n++] = entry->offset;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int add_at(struct grouping *g, struct bus_reader *r, uint64_t place, struct arena *a, struct letter *l, struct err *e)
{
	struct bus_message m;
	int got;

	arena_clear(a);
	bus_seek(r, place);
	got = bus_next(r, &m, e);
	if (got == 1 && m.offset == place)
		got = letter_read(&m, a, l, e);
	return got == 1 ? add(g, l, e) : got;
}

int todo_letters(struct todo *t, struct err *e)
{
	struct grouping g = {.todo = t, .first = t->n, .last = t->n};
	struct open_letters o = {0};
	struct letter l = {.words = BUF_INIT};
	struct arena a = ARENA_INIT;
	struct bus_reader *r = NULL;
	int failed = bus_entries(t->bus, INDEX_DEAD, SPAN(""), add_place, &o, e);

	if (!failed && o.n) {
		qsort(o.places, o.n, sizeof *o.places, by_place);
		failed = letter_open(t->bus, &r, e) < 0 ? -1 : 0;
	}
	for (size_t i = 0; i < o.n && r && !failed; i++)
		failed = add_at(&g, r, o.places[i], &a, &l, e);
	if (r)
		bus_unread(r);
	free(o.places);
	arena_done(&a);
	buf_done(&l.words);
	buf_done(&g.subject);
	say_counts(t, g.first);
	return failed;
}
