/* SPDX-License-Identifier: Apache-2.0 */
#include "adopt.h"
#include "balance.h"
#include "beside.h"
#include "in_force.h"
#include "people.h"
#include "say.h"
#include "todo.h"

/* What was approved and begins later needs nobody any more. */
static int add(void *arg, const struct adopt_waiting *w, struct err *e)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	(void)e;
	if (w->next[0] && strcmp(w->next, w->is) == 0)
		return 0;
	buf_printf(&subject, "adopt:%s", w->item);
	i = todo_add(t, "adopt", buf_as_span(&subject));
	todo_set(&i->word, span_of(w->item));
	todo_contact(t, SPAN(""), &i->contact);
	buf_printf(&i->happened,
		say("文件里的 %s 与生效的不同：少 %u 行，多 %u 行",
			"the files say %s otherwise than it is in force: %u lines less, %u more"),
		w->item, w->gone, w->come);
	buf_done(&subject);
	return 0;
}

/* ---- when the money stands because of it ---- */

/* Would a start refuse all that carries money, and why? Found as a start finds it. */
static bool stands(struct todo *t, const struct adopted *a, struct err *why)
{
	struct findings f;
	struct in_force x;
	struct site *again;
	bool ret = false;

	findings_init(&f);
	again = in_force_again(t->site, &f);
	if (again && in_force_load(again, t->bus, a, &x, &f, why) != 0) {
		ret = true;
	} else if (again) {
		ret = x.closed;
		*why = x.why;
		in_force_done(&x);
	}
	findings_done(&f);
	site_free(again);
	return ret;
}

static void add_altered(struct todo *t, const struct err *why)
{
	struct todo_item *i = todo_add(t, "altered", SPAN("altered"));
	char words[768];

	todo_contact(t, SPAN(""), &i->contact);
	err_words(why, say_lang(), words, sizeof words);
	buf_str(&i->happened, words);
}

/* Nothing goes on as it was when a start refuses. */
static void add_standing(struct todo *t, const struct adopted *a)
{
	struct people *people = NULL;
	struct err why;
	bool any = false, alone = false;

	for (unsigned i = 0; i < t->n; i++)
		any |= strcmp(t->items[i]->kind->name, "adopt") == 0;
	if (in_force_people(t->site, t->bus, a, &people, &alone, &why) != 0)
		add_altered(t, &why);
	else if (!any || !stands(t, a, &why))
		goto out;
	else if (why.id != E_ADOPT_SITE)
		add_altered(t, &why);
	for (unsigned i = 0; i < t->n; i++)
		if (strcmp(t->items[i]->kind->name, "adopt") == 0)
			buf_str(&t->items[i]->not_happened, say("自下次启动起，涉及付款的一律不启动：不接收文件，一笔不付；新内容没有用于任何付款",
				"from the next start on nothing that carries money is started: nothing is taken in, nothing is paid; the new content was not "
				"used for any payment"));
out:
	people_free(people);
}

/* ---- what holds up a change that is due ---- */

static int add_waits(void *arg, const char *flow)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;
	char words[768];
	struct err why;

	buf_printf(&subject, "waits:%s", flow);
	i = todo_add(t, "waits", buf_as_span(&subject));
	buf_done(&subject);
	todo_set(&i->word, span_of(flow));
	todo_set(&i->flow, span_of(flow));
	err_set(&why, E_ADOPT_WAITS, "flow=%s", flow);
	err_words(&why, say_lang(), words, sizeof words);
	buf_str(&i->happened, words);
	return 0;
}

/* On a cluster each process ends what it began; one that does not run never says so. What of the site is in force names the flows. */
static int add_all_waits(struct todo *t, const struct adopted *a, struct err *e)
{
	struct findings f;
	struct in_force x;
	struct site *again;
	struct err ignored;
	int ret = 0;

	findings_init(&f);
	again = in_force_again(t->site, &f);
	if (again && in_force_load(again, t->bus, a, &x, &f, &ignored) == 0) {
		ret = beside_missing(t->bus, x.site, add_waits, t, e);
		in_force_done(&x);
	}
	findings_done(&f);
	site_free(again);
	return ret;
}

/* ---- money destinations that are off ---- */

struct on_topic {
	const struct balance *b;
	const char *destination;
	struct totals *money;
	struct err *e;
	int failed;
};

/* Routed, and not read there yet. */
static void add_waiting(void *arg, const struct total_line *line)
{
	struct on_topic *w = arg;
	const struct money_sum *r = &line->sum, t = totals_get(w->b->all, TOTAL_TAKEN, w->destination, line->currency);
	const struct money_sum sum = {
		r->count - t.count, r->plus - t.plus, r->minus - t.minus, r->unreadable - t.unreadable};

	if (w->failed || line->term != TOTAL_ROUTED || strcmp(line->destination, w->destination) != 0 ||
		r->count <= t.count)
		return;
	w->failed = totals_move(w->money, TOTAL_READ, "", span_of(line->currency), &sum, 1, w->e);
}

static int add_off(struct todo *t, const struct balance *b, const struct site_destination *d, enum adopted_off off,
	struct err *e)
{
	struct on_topic w = {.b = b, .destination = d->name, .e = e};
	struct buf subject = BUF_INIT;
	struct todo_item *i;

	buf_printf(&subject, "off:%s", d->name);
	i = todo_add(t, off == ADOPTED_NOT_LET ? "not-live" : "not-shadow", buf_as_span(&subject));
	buf_done(&subject);
	todo_set(&i->word, span_of(d->name));
	todo_set(&i->flow, span_of(d->name));
	todo_set(&i->destinations, span_of(d->name));
	buf_printf(&i->happened, off == ADOPTED_NOT_LET
		? say("去向 %s 的站点文件写着 mode: live，而两人尚未放行；它不启动",
			"the file says mode: live of %s, and two people have not let it go live; it is not started")
		: say("去向 %s 曾正式运行，而站点文件写着 mode: shadow；它不启动",
			"the file says mode: shadow of %s, which was live; nothing is sent, nothing is made"), d->name);
	w.money = i->money;
	totals_each(b->all, add_waiting, &w);
	return w.failed;
}

static int add_all_off(struct todo *t, const struct adopted *a, struct err *e)
{
	struct balance b;
	int ret = 0;

	if (balance_load(t->bus, &b, e) != 0)
		return -1;
	for (unsigned i = 0; i < t->site->ndestinations && ret == 0; i++) {
		const enum adopted_off off = adopted_off(a, &t->site->destinations[i]);

		if (off != ADOPTED_AS_SAID)
			ret = add_off(t, &b, &t->site->destinations[i], off, e);
	}
	balance_done(&b);
	return ret;
}

int todo_adopt(struct todo *t, struct err *e)
{
	struct adopted a = {0};
	int ret = adopt_waiting(t->site, t->bus, add, t, e) < 0 || adopted_read(t->bus, &a, e) != 0 ? -1 : 0;

	if (ret == 0 && a.root)
		add_standing(t, &a);
	if (ret == 0 && site_on_kafka(t->site) && adopted_due(&a))
		ret = add_all_waits(t, &a, e);
	/* Before the first start nothing is off: nothing has run. */
	if (ret == 0 && !t->site->test && a.root)
		ret = add_all_off(t, &a, e);
	adopted_done(&a);
	return ret;
}
