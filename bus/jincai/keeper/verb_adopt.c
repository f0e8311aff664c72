/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "acts.h"
#include "adopt.h"
#include "adopt_page.h"
#include "clock.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

/* ---- what differs ---- */

struct adopting {
	const struct args *args;
	struct bus *bus;
	struct items items;
	struct buf out;
	json_t *list;                /* of the order */
	unsigned count;
};

static bool is_wanted(const struct args *a, const char *item)
{
	for (unsigned i = 0; i < a->nwords; i++)
		if (strcmp(a->words[i], item) == 0)
			return true;
	return !a->nwords;
}

static void show_one(struct buf *b, const struct adopt_waiting *w)
{
	show_text(b, span_of(w->item));
	if (!w->was[0])
		buf_str(b, say("  新增", "  new"));
	else if (!w->is[0])
		buf_str(b, say("  不再使用", "  no longer used"));
	else
		buf_printf(b, "  %.12s -> %.12s", w->was, w->is);
	buf_printf(b, say("；去掉 %u 行，新增 %u 行\n", "; %u lines gone, %u lines new\n"), w->gone, w->come);
	if (w->next[0] && strcmp(w->next, w->is) == 0)
		buf_printf(b, say("  已签批，%s 起生效\n", "  approved, in force from %s on\n"), w->from);
	buf_span(b, w->text);
}

static int add_one(void *arg, const struct adopt_waiting *w, struct err *e)
{
	struct adopting *x = arg;

	(void)e;
	x->count++;
	if (!x->args->reason)
		show_one(&x->out, w);
	if (!is_wanted(x->args, w->item))
		return 0;
	json_array_append_new(x->list, json_pack("{s:s,s:s,s:s}", "item", w->item, "was", w->was, "is", w->is));
	return 0;
}

/* ---- adopting it ---- */

/* Before anything names a digest its content lies there. */
static int keep(struct adopting *x, struct err *e)
{
	char *root = adopted_root(x->bus);
	const json_t *one;
	size_t i;
	int ret = 0;

	json_array_foreach(x->list, i, one) {
		const struct item *item = items_find(&x->items, span_of(json_string_value(json_object_get(one, "item"))));

		if (item && ret == 0)
			ret = items_keep(&x->items, item, root, e);
	}
	free(root);
	return ret;
}

static int ask(struct adopting *x, struct site *s, const char *from)
{
	struct buf names = BUF_INIT, digest = BUF_INIT;
	struct err e;
	json_t *shows = adopt_shows(s, x->bus, x->list, from, &e), *more;
	struct acts_order o = {.flow = SITE_KEEPER, .what = "adopt", .reason = x->args->reason, .shows = shows};
	bool done = false;
	int code;

	if (!shows)
		return verb_failed(&e);
	adopt_subject(x->list, &names);
	adopt_digest(x->list, &digest);
	o.subject = buf_as_span(&names);
	o.digest = buf_as_span(&digest);
	o.more = more = json_pack("{s:O,s:s}", "items", x->list, "from", from);
	code = acts_ask(x->bus, s, &o, &done);
	if (done)
		printf(say("%s 已采用，%s起在批次之间生效；已开始的批次仍按原来的办完\n",
			"%s is adopted, and in force between batches from %s on; what was begun ends as it began\n"), buf_text(&names), from);
	buf_done(&names);
	buf_done(&digest);
	json_decref(shows);
	json_decref(more);
	return code;
}

static int date_of(const struct args *a, char ret[11], struct err *e)
{
	char today[11];
	int64_t day;

	clock_date(clock_day(clock_now_ms()), today);
	snprintf(ret, 11, "%s", a->from ? a->from : today);
	if (a->from && (clock_date_read(span_of(a->from), &day) != 0 || strcmp(a->from, today) < 0))
		return err_set(e, E_ADOPT_DATE, "text=%s", a->from);
	return 0;
}

static int check_words(const struct adopting *x, struct err *e)
{
	for (unsigned i = 0; i < x->args->nwords; i++) {
		const json_t *one;
		bool there = false;
		size_t k;

		json_array_foreach(x->list, k, one)
			there |= strcmp(json_string_value(json_object_get(one, "item")), x->args->words[i]) == 0;
		if (!there)
			return err_set(e, E_ADOPT_NONE, "item=%s", x->args->words[i]);
	}
	return 0;
}

static int adopt(struct adopting *x, struct site *s)
{
	struct err e;
	char from[11];

	if (adopt_waiting(s, x->bus, add_one, x, &e) != 0 || check_words(x, &e) != 0 || date_of(x->args, from, &e) != 0)
		return verb_failed(&e);
	if (!x->count) {
		fprintf(stderr, "%s\n",
			say("没有等待采用的内容：文件与现行的一致",
				"nothing waits to be adopted: the files say what is in force"));
		return 0;
	}
	if (x->args->reason) {
		items_of(s, &x->items);
		return keep(x, &e) != 0 ? verb_failed(&e) : ask(x, s, from);
	}
	show_flush(&x->out, stdout);
	fprintf(stderr, say("共 %u 项等待采用；在此之前仍按原来的办理。生效须两人签批：jincai adopt --reason 原因\n",
		"%u wait to be adopted; until then what was in force goes on. Two people let it take effect: jincai adopt --reason TEXT\n"),
		x->count);
	return 1;
}

int verb_adopt(const struct args *a)
{
	struct adopting x = {.args = a, .list = json_array()};
	int code = 0;
	struct site *s = verb_site(a, &code);

	if (s && (x.bus = verb_look(s, &code))) {
		code = adopt(&x, s);
		bus_close(x.bus);
	}
	items_done(&x.items);
	buf_done(&x.out);
	json_decref(x.list);
	site_free(s);
	return code;
}

/* ---- live ---- */

static int go_live(const struct args *a, struct site *s, struct bus *b)
{
	struct acts_order o = {
		.flow = SITE_KEEPER, .what = "live", .subject = span_of(a->words[0]), .reason = a->reason};
	const struct site_destination *d = NULL;
	struct adopted adopted = {0};
	bool done = false;
	struct err e;
	int code;

	for (unsigned i = 0; i < s->ndestinations; i++)
		if (strcmp(s->destinations[i].name, a->words[0]) == 0)
			d = &s->destinations[i];
	if (!d || !items_pays(d) || d->said != SITE_LIVE) {
		err_set(&e, E_LIVE_NONE, "subject=%s", a->words[0]);
		return verb_failed(&e);
	}
	if (adopted_read(b, &adopted, &e) != 0)
		return verb_failed(&e);
	if (adopted_live(&adopted, d->name)) {
		err_set(&e, E_LIVE_ALREADY, "subject=%s", d->name);
		code = verb_failed(&e);
	} else {
		json_t *shows = adopt_live_shows(d->name);
		const char *site = adopted_digest(&adopted, ITEM_SITE);

		o.digest = span_of(site ? site : "");
		o.shows = shows;
		code = acts_ask(b, s, &o, &done);
		json_decref(shows);
	}
	if (done)
		printf(say("去向 %s 转为正式运行：等待中的各行随即发出；此前试运行所做的发送批不会发出\n",
			"destination %s is live: what waits for it goes out; what it made in shadow is not sent\n"), d->name);
	adopted_done(&adopted);
	return code;
}

int verb_live(const struct args *a)
{
	struct bus *b = NULL;
	struct site *s;
	int code = 0;

	if (a->nwords != 1)
		return verb_misused(a);
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		code = go_live(a, s, b);
		bus_close(b);
	}
	site_free(s);
	return code;
}
