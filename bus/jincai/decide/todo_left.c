/* SPDX-License-Identifier: Apache-2.0 */
#include "balance.h"
#include "say.h"
#include "todo.h"

/*
 * What had begun when its adapter or destination was taken out of the site file, or was given another name. No flow goes on with
 * it until the file has that name again.
 */

static bool destination_there(const struct site *s, const char *name)
{
	for (unsigned i = 0; i < s->ndestinations; i++)
		if (strcmp(s->destinations[i].name, name) == 0)
			return true;
	return false;
}

static struct todo_item *left(struct todo *t, struct span flow)
{
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	buf_printf(&subject, "left:%.*s", SPAN_F(flow));
	i = todo_of_subject(t, buf_text(&subject));
	if (!i) {
		i = todo_add(t, "left", buf_as_span(&subject));
		todo_set(&i->word, flow);
		todo_contact(t, SPAN(""), &i->contact);
	}
	buf_done(&subject);
	return i;
}

/* ---- destinations ---- */

struct lines {
	struct todo *t;
	const struct balance *b;
	struct err *e;
	int failed;
};

/* Routed, and neither handed over nor given up. */
static void add_lines(void *arg, const struct total_line *line)
{
	struct lines *l = arg;
	const struct money_sum *r = &line->sum, taken = totals_get(l->b->all, TOTAL_TAKEN, line->destination, line->currency);
	const struct money_sum pending = totals_get(l->b->all, TOTAL_PENDING, line->destination, line->currency);
	const struct money_sum sum = {r->count - taken.count + pending.count, r->plus - taken.plus + pending.plus,
		r->minus - taken.minus + pending.minus, r->unreadable - taken.unreadable + pending.unreadable};
	struct todo_item *i;

	if (l->failed || line->term != TOTAL_ROUTED || !sum.count || destination_there(l->t->site, line->destination))
		return;
	i = left(l->t, span_of(line->destination));
	if (!i->happened.n) {
		buf_printf(&i->happened, say("站点文件里已没有去向 %s，而路由给它的还有没交出的", "the site file no longer has the destination %s, and what was "
			"routed to it is not all handed over"), line->destination);
		buf_printf(&i->not_happened, say("等待中的各行一笔未发，也没有丢失；没有别的去向替 %s 发送", "not one of the lines that wait was sent, none is lost; "
			"no other destination sends them for %s"), line->destination);
	}
	l->failed = totals_move(i->money, TOTAL_READ, "", span_of(line->currency), &sum, 1, l->e);
}

static int left_lines(struct todo *t, struct err *e)
{
	struct balance b;
	struct lines l = {.t = t, .b = &b, .e = e};

	if (balance_load(t->bus, &b, e) != 0)
		return -1;
	totals_each(b.all, add_lines, &l);
	balance_done(&b);
	return l.failed;
}

/* ---- adapters ---- */

/* Of "<adapter>/in": what it was publishing. */
static int add_batch(void *arg, struct span key, struct span value)
{
	static const char in[] = "/in";
	struct todo *t = arg;
	const struct span flow = {key.p, key.n - (sizeof in - 1)};
	json_t *o;
	const char *batch;

	if (key.n < sizeof in || memcmp(key.p + flow.n, in, sizeof in - 1) != 0 || site_adapter(t->site, flow))
		return 0;
	o = json_loadb(value.p, value.n, 0, NULL);
	batch = json_string_value(json_object_get(o, "batch"));
	if (batch) {
		struct todo_item *i = left(t, flow);

		todo_set(&i->batch, span_of(batch));
		buf_printf(&i->happened, say("站点文件里已没有接入 %.*s，而它的批次 %s 只发布了一部分", "the site file no longer has the adapter %.*s, and of its "
			"batch %s only a part was published"), SPAN_F(flow), batch);
		buf_printf(&i->not_happened, say("批次 %s 的其余各行没有发布；等整批的去向一笔未发", "the rest of batch %s was not published; a destination that "
			"waits for the whole batch has sent none of it"), batch);
	}
	json_decref(o);
	return 0;
}

int todo_left(struct todo *t, struct err *e)
{
	if (left_lines(t, e) != 0 || bus_positions(t->bus, "", add_batch, t, e) != 0)
		return -1;
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->items[i]->kind->name, "left") == 0 && todo_of_batch(t, t->items[i], true, e) != 0)
			return -1;
	return 0;
}
