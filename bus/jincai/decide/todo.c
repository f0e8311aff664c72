/* SPDX-License-Identifier: Apache-2.0 */
#include "todo.h"

#include <assert.h>
#include <stdlib.h>

#include "claim.h"
#include "clock.h"
#include "mask.h"
#include "people.h"
#include "say.h"
#include "waiting.h"

/* ---- adding ---- */

void todo_set(char **text, struct span value)
{
	free(*text);
	*text = mem_text(value);
}

struct todo_item *todo_add(struct todo *t, const char *kind, struct span subject)
{
	struct todo_item *i = mem_new(sizeof *i);

	for (unsigned k = 0; k < todo_nkinds; k++)
		if (strcmp(todo_kinds[k].name, kind) == 0)
			i->kind = &todo_kinds[k];
	assert(i->kind);
	i->subject = mem_text(subject);
	i->flow = mem_text(SPAN(""));
	i->batch = mem_text(SPAN(""));
	i->act = mem_text(SPAN(""));
	i->word = mem_text(SPAN(""));
	i->destinations = mem_text(SPAN(""));
	i->since_ms = t->now_ms;
	i->money = totals_new();
	t->items = mem_grow(t->items, t->n + 1u, sizeof *t->items);
	t->items[t->n++] = i;
	return i;
}

static void item_free(struct todo_item *i)
{
	free(i->subject);
	free(i->flow);
	free(i->batch);
	free(i->act);
	free(i->word);
	free(i->destinations);
	free(i->letters);
	totals_free(i->money);
	buf_done(&i->happened);
	buf_done(&i->not_happened);
	buf_done(&i->advice);
	buf_done(&i->contact);
	buf_done(&i->next);
	free(i);
}

struct todo_item *todo_batch(const struct todo *t, struct span batchid)
{
	for (unsigned i = 0; batchid.n && i < t->n; i++)
		if (t->items[i]->kind->whole && span_is(batchid, t->items[i]->batch))
			return t->items[i];
	return NULL;
}

int64_t todo_today(const struct todo *t)
{
	return clock_day(t->now_ms);
}

bool todo_works(const void *todo, int64_t day)
{
	return people_works(((const struct todo *)todo)->site->people, day);
}

static void add_administrators(const struct people *p, struct buf *b)
{
	unsigned n = 0;

	buf_str(b, say("系统管理员", "the administrator"));
	for (unsigned i = 0; p && i < people_count(p); i++)
		if (people_at(p, i)->role == PEOPLE_ADMINISTRATOR)
			buf_printf(b, "%s%s", n++ ? say("、", ", ") : " ", people_at(p, i)->name);
}

void todo_contact(const struct todo *t, struct span flow, struct buf *b)
{
	const struct site *s = t->site;
	const struct site_adapter *a = site_adapter(s, flow);
	const struct site_destination *d = site_destination_of(s, flow);
	const char *contact = a ? a->contact : d ? d->contact : NULL;

	if (contact)
		buf_str(b, contact);
	else if (flow.n)
		buf_printf(b,
			say("%.*s 的联系人（jincai.yaml 中没有写 contact:）",
				"who answers for %.*s (no contact: in jincai.yaml)"),
			SPAN_F(flow));
	else
		add_administrators(s->people, b);
}

static void set_deadline(const struct todo *t, struct todo_item *i, const struct site_adapter *a)
{
	if (a && a->expect.every != EXPECT_NEVER)
		clock_date(expect_period_of(&a->expect, clock_day(i->since_ms), todo_works, t).deadline, i->deadline);
}

int todo_of_batch(struct todo *t, struct todo_item *i, bool money, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c;
	int got = claim_find(t->bus, NULL, span_of(i->batch), &record, &a, &c, e);

	if (got == 1) {
		i->since_ms = c.time_ms;
		if (!i->contact.n)
			todo_contact(t, c.adapter, &i->contact);
		set_deadline(t, i, site_adapter(t->site, c.adapter));
		if (money && totals_merge(i->money, c.totals, e) != 0)
			got = -1;
		totals_free(c.totals);
	}
	arena_done(&a);
	buf_done(&record);
	return got < 0 ? -1 : 0;
}

/* ---- order ---- */

static void add_up(void *arg, const struct total_line *line)
{
	int64_t *sum = arg, all;

	/* Of several currencies: only to put the large before the small. */
	if (totals_kind(line->currency)[0] || __builtin_sub_overflow(line->sum.plus, line->sum.minus, &all) ||
		__builtin_add_overflow(*sum, all, sum))
		return;
}

static int64_t money_of(const struct todo_item *i)
{
	int64_t sum = 0;

	totals_each(i->money, add_up, &sum);
	return sum;
}

/* Items without a deadline come behind all that have one. */
static int by_urgency(const void *a, const void *b)
{
	const struct todo_item *x = *(struct todo_item *const *)a, *y = *(struct todo_item *const *)b;
	int order = strcmp(x->deadline[0] ? x->deadline : "~", y->deadline[0] ? y->deadline : "~");
	int64_t mx = money_of(x), my = money_of(y);

	if (order)
		return order;
	if (mx != my)
		return mx > my ? -1 : 1;
	if (x->since_ms != y->since_ms)
		return x->since_ms < y->since_ms ? -1 : 1;
	return strcmp(x->subject, y->subject);
}

static void number_all(struct todo *t)
{
	char **list = mem_new((t->n + 1u) * sizeof *list);

	for (unsigned i = 0; i < t->n; i++) {
		struct todo_item *x = t->items[i];

		todo_number_whole(clock_day(x->since_ms), span_of(x->subject), x->whole);
		list[i] = strcpy(x->number, x->whole);
	}
	todo_numbers_cut(list, t->n);
	free(list);
}

/* ---- words that a kind has for all of its items ---- */

/* Appends the text with its {placeholders} filled in. */
static void fill(struct buf *b, const char *text, const struct todo_item *i)
{
	const struct {
		const char *name, *value;
	} holes[] = {{"{number}", i->number}, {"{flow}", i->flow}, {"{batch}", i->batch}, {"{subject}", i->subject},
		{"{act}", i->act}, {"{word}", i->word}, {"{destinations}", i->destinations},
		{"{reason}", say("原因", "TEXT")}, {"{file}", say("文件", "FILE")}};

	while (*text) {
		size_t k = 0, n = sizeof holes / sizeof *holes;

		while (k < n && !span_starts(span_of(text), span_of(holes[k].name)))
			k++;
		if (k == n) {
			buf_c(b, *text++);
			continue;
		}
		buf_str(b, holes[k].value);
		text += strlen(holes[k].name);
	}
}

/* What people typed as a reason, and arguments of errors, may hold an account. */
static void mask(struct buf *b)
{
	struct buf plain = *b;

	*b = BUF_INIT;
	mask_digits(b, buf_as_span(&plain));
	buf_done(&plain);
}

static void fill_next(struct todo_item *i)
{
	struct buf own = i->next;

	i->next = BUF_INIT;
	fill(&i->next, own.n ? buf_text(&own) : i->kind->next, i);
	buf_done(&own);
}

static void complete(struct todo *t, struct todo_item *i)
{
	const struct todo_kind *k = i->kind;

	mask(&i->happened);
	if (k->at_once && !i->deadline[0])
		clock_date(clock_day(i->since_ms), i->deadline);
	if (k->not_zh && !i->not_happened.n)
		fill(&i->not_happened, say(k->not_zh, k->not_en), i);
	if (k->do_zh && !i->advice.n)
		fill(&i->advice, say(k->do_zh, k->do_en), i);
	if (!i->contact.n)
		todo_contact(t, span_of(i->flow), &i->contact);
	fill_next(i);
}

int todo_load(struct site *s, struct bus *b, int64_t now_ms, struct todo *ret, struct err *e)
{
	static int (*const sources[])(struct todo *, struct err *) = {todo_batches, todo_letters, todo_acts,
		todo_foreign, todo_clocks, todo_guard, todo_adopt, todo_left, todo_replays, todo_sources, todo_disks};

	*ret = (struct todo){.site = s, .bus = b, .now_ms = now_ms};
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
		if (sources[i](ret, e) != 0) {
			todo_done(ret);
			return -1;
		}
	number_all(ret);
	for (unsigned i = 0; i < ret->n; i++)
		complete(ret, ret->items[i]);
	if (ret->n)
		qsort(ret->items, ret->n, sizeof *ret->items, by_urgency);
	return 0;
}

void todo_done(struct todo *t)
{
	for (unsigned i = 0; i < t->n; i++)
		item_free(t->items[i]);
	free(t->items);
	*t = (struct todo){0};
}

/* ---- finding ---- */

int todo_find(const struct todo *t, const char *number, const struct todo_item **ret, struct err *e)
{
	const struct todo_item *found = NULL;
	struct buf list = BUF_INIT;
	unsigned n = 0;

	for (unsigned i = 0; i < t->n; i++)
		if (span_starts(span_of(t->items[i]->whole), span_of(number))) {
			found = t->items[i];
			buf_printf(&list, "%s%s", n++ ? say("、", ", ") : "", found->number);
		}
	if (n == 0)
		err_set(e, E_TODO_NONE, "number=%s", number);
	else if (n > 1)
		err_set(e, E_TODO_AMBIGUOUS, "number=%s\nlist=%.200s", number, buf_text(&list));
	else
		*ret = found;
	buf_done(&list);
	return n == 1 ? 0 : -1;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

const struct todo_item *todo_of_letter(const struct todo *t, uint64_t letter)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->items[i]->nletters &&
			bsearch(&letter, t->items[i]->letters, t->items[i]->nletters, sizeof letter, by_number))
			return t->items[i];
	return NULL;
}

struct todo_item *todo_of_subject(const struct todo *t, const char *subject)
{
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->items[i]->subject, subject) == 0)
			return t->items[i];
	return NULL;
}

unsigned todo_overdue(const struct todo *t)
{
	char today[11];
	unsigned n = 0;

	clock_date(todo_today(t), today);
	for (unsigned i = 0; i < t->n; i++)
		n += t->items[i]->deadline[0] && strcmp(t->items[i]->deadline, today) < 0;
	return n;
}
