/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "say.h"
#include "show.h"
#include "todo.h"
#include "topics.h"
#include "verbs.h"
#include "waiting.h"

/* What is known of the batch of each thing that waits, asked for before the list: while things are walked nothing else
 * is asked of the bus. */
struct batch {
	struct span id, name, keys, adapter;
	int64_t time_ms;
};

struct listing {
	struct site *site;
	struct bus *bus;
	struct selection *selection; /* NULL: nothing was said */
	struct arena arena;
	struct batch *batches;
	unsigned nbatches;
	struct todo todo;
	struct buf out;
	bool json;
	uint64_t count;
};

/* ---- what is selected ---- */

static int refuse(const char *option, struct err *e)
{
	return err_set(e, E_SELECTION_NOT_HERE, "option=%s\nverb=held list", option);
}

/* A batch has lines of many units, and its lines have places, it has none. */
static int words_fit(const struct selection_words *w, struct err *e)
{
	if (w->unit || w->where)
		return refuse(w->unit ? "--unit" : "--where", e);
	if (w->from && *w->from == '@')
		return refuse("--from @", e);
	for (unsigned i = 0; i < 2; i++)
		if (w->to[i] && *w->to[i] == '@')
			return refuse("--to @", e);
	return 0;
}

static int add_batch(void *arg, const struct waiting *w, struct err *e)
{
	struct listing *l = arg;

	(void)e;
	for (unsigned i = 0; i < l->nbatches; i++)
		if (span_eq(l->batches[i].id, w->batchid))
			return 0;
	l->batches = mem_grow(l->batches, l->nbatches + 1u, sizeof *l->batches);
	l->batches[l->nbatches++] = (struct batch){.id = arena_span(&l->arena, w->batchid)};
	return 0;
}

static int load_batch(struct listing *l, struct batch *x, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c;
	int got = claim_find(l->bus, NULL, x->id, &record, &a, &c, e);

	if (got == 1) {
		x->name = arena_span(&l->arena, c.name);
		x->keys = arena_span(&l->arena, c.keys);
		x->adapter = arena_span(&l->arena, c.adapter);
		x->time_ms = c.time_ms;
		totals_free(c.totals);
	}
	arena_done(&a);
	buf_done(&record);
	return got < 0 ? -1 : 0;
}

static int open_selection(struct listing *l, const struct selection_words *w, struct err *e)
{
	if (selection_is_empty(w))
		return 0;
	if (words_fit(w, e) != 0 || selection_open(l->site, l->bus, w, clock_now_ms(), &l->selection, e) != 0 ||
		waiting_walk(l->bus, add_batch, l, e) != 0)
		return -1;
	for (unsigned i = 0; i < l->nbatches; i++)
		if (load_batch(l, &l->batches[i], e) != 0)
			return -1;
	return 0;
}

/* Where the lines of the batch lie, or would: all types of a form are of one system. */
static const char *topic_of(const struct site *s, struct span adapter)
{
	const struct site_adapter *a = site_adapter(s, adapter);

	return a && a->form->nevents ? topics_of_type(span_of(a->form->events[0].type)) : NULL;
}

/* Its time is when the file came; its day of business that of its first line, or, while it has none, the day of that
 * time. */
static bool is_selected(struct listing *l, const struct waiting *w)
{
	struct selection_thing x = {.destination = span_of(w->destination ? w->destination : "")};
	const char *date = w->gathering ? w->gathering->date : w->parcel ? w->parcel->date : "";
	char day[11];

	if (!l->selection)
		return true;
	x.event = (struct event){.id = w->batchid, .batchid = w->batchid, .type = SPAN("")};
	for (unsigned i = 0; i < l->nbatches; i++)
		if (span_eq(l->batches[i].id, w->batchid)) {
			x.time_ms = l->batches[i].time_ms;
			x.topic = topic_of(l->site, l->batches[i].adapter);
			x.event.subject = l->batches[i].name;
			x.key = l->batches[i].keys;
		}
	clock_date(clock_day(x.time_ms), day);
	x.event.businessdate = span_of(*date ? date : day);
	return selection_takes(l->selection, &x);
}

/* ---- the list ---- */

static int list_one(void *arg, const struct waiting *w, struct err *e)
{
	struct listing *l = arg;
	struct waiting numbered = *w;
	struct buf subject = BUF_INIT;
	const struct todo_item *item;

	(void)e;
	if (!is_selected(l, w))
		return 0;
	l->count++;
	waiting_subject(w, &subject);
	item = todo_of_subject(&l->todo, buf_text(&subject));
	numbered.number = item ? item->number : NULL;
	buf_done(&subject);
	if (l->json)
		waiting_json(&numbered, &l->out);
	else
		waiting_text(&numbered, &l->out);
	show_flush(&l->out, stdout);
	return 0;
}

static void say_count(const struct listing *l)
{
	if (l->selection)
		selection_say_picked(l->selection, say("项", "things"));
	if (l->count)
		fprintf(stderr, say("共 %" PRIu64 " 项等人处理\n", "%" PRIu64 " wait for a person\n"), l->count);
	else
		fprintf(stderr, "%s\n", say("没有等人处理的批次或发送批", "no batch and no parcel waits for a person"));
}

int verb_held_list(const struct args *a)
{
	struct listing l = {.json = a->json};
	struct err e;
	int code = 0;

	l.site = verb_site(a, &code);
	l.bus = l.site ? verb_look(l.site, &code) : NULL;
	if (l.bus) {
		if (open_selection(&l, &a->select, &e) != 0 ||
			todo_load(l.site, l.bus, clock_now_ms(), &l.todo, &e) != 0 ||
			waiting_walk(l.bus, list_one, &l, &e) != 0) {
			code = verb_failed(&e);
		} else {
			say_count(&l);
			code = l.count ? 1 : 0;
		}
		selection_close(l.selection);
		todo_done(&l.todo);
		bus_close(l.bus);
	}
	free(l.batches);
	arena_done(&l.arena);
	buf_done(&l.out);
	site_free(l.site);
	return code;
}
