/* SPDX-License-Identifier: Apache-2.0 */
#include "keeper.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "act.h"
#include "adopt_page.h"
#include "clock.h"
#include "closing.h"
#include "foreign.h"
#include "guard.h"
#include "fsys.h"
#include "log.h"
#include "resume_page.h"

#define POLL_MS 1000                 /* how often it is looked whether a day has come */

struct keeper {
	struct flow flow;
	struct keeper_setup setup;
	struct adopted now;
	bool others;                 /* other flows run */
};

/* ---- changes that nobody decides ---- */

static int save(struct keeper *k, json_t *root, struct err *e)
{
	char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
	int ret = flow_position_put(&k->flow, "adopted", span_of(text), e);

	free(text);
	return ret;
}

/* An order of our own, as if somebody had handed it in. list: what changes. */
static int record(struct keeper *k, const char *why, json_t *list, struct err *e)
{
	struct buf id = BUF_INIT, time = BUF_INIT;
	json_t *order = json_object();
	char *text;
	int ret;

	buf_printf(&id, "adopt-by-itself-%" PRIu64 "-%" PRId64, bus_generation(k->flow.owner), clock_now_ms());
	clock_write(&time, clock_now_ms());
	json_object_set_new(order, "id", json_string(buf_text(&id)));
	json_object_set_new(order, "flow", json_string(SITE_KEEPER));
	json_object_set_new(order, "act", json_string("adopt"));
	json_object_set_new(order, "subject", json_string(SITE_KEEPER));
	json_object_set_new(order, "by", json_string("jincai"));
	json_object_set_new(order, "at", json_string(buf_text(&time)));
	json_object_set_new(order, "reason", json_string(why));
	json_object_set(order, "items", list);
	text = json_dumps(order, JSON_COMPACT);
	ret = flow_act_outcome(&k->flow, &(struct act){.id = buf_as_span(&id), .text = span_of(text)}, "done", "", e);
	free(text);
	json_decref(order);
	buf_done(&id);
	buf_done(&time);
	return ret;
}

static json_t *live_of(const struct site *s)
{
	json_t *ret = json_array();

	for (unsigned i = 0; i < s->ndestinations; i++)
		if (s->destinations[i].said == SITE_LIVE && items_pays(&s->destinations[i]))
			json_array_append_new(ret, json_string(s->destinations[i].name));
	return ret;
}

static int keep_all(const struct keeper *k, struct err *e)
{
	char *root = adopted_root(k->flow.bus);
	int ret = 0;

	for (unsigned i = 0; i < k->setup.items->n && ret == 0; i++)
		ret = items_keep(k->setup.items, &k->setup.items->list[i], root, e);
	free(root);
	return ret;
}

/* 1: staged; 0: nothing is otherwise than the files say. */
static int take_all(struct keeper *k, struct err *e)
{
	const bool first = !k->now.root;
	const struct items *i = k->setup.items;
	json_t *list = adopted_differences(&k->now, i), *live = k->setup.alone ? live_of(k->setup.site) : json_array(), *root, *items;
	int ret = 0;

	if (first || json_array_size(list) ||
		(k->setup.alone && !json_equal(live, json_object_get(k->now.root, "live")))) {
		items = json_object();
		for (unsigned n = 0; n < i->n; n++)
			json_object_set_new(items, i->list[n].name, json_string(i->list[n].digest));
		root = json_pack("{s:o,s:[],s:O}", "items", items, "next", "live", live);
		ret = keep_all(k, e) != 0 || save(k, root, e) != 0 ||
			record(k, first ? "first start" : "the files of a test site decide", list, e) != 0 ? -1 : 1;
		adopted_done(&k->now);
		k->now.root = root;
	}
	json_decref(live);
	json_decref(list);
	return ret;
}

static void note_ever(json_t *root, const char *name)
{
	json_t *ever = json_object_get(root, "ever");

	if (!ever)
		json_object_set_new(root, "ever", ever = json_array());
	if (!adopted_has(ever, name))
		json_array_append_new(ever, json_string(name));
}

/* A destination that its file no longer calls live needs two people again. 1: staged. */
static int drop_live(struct keeper *k, struct err *e)
{
	const struct site *s = k->setup.site;
	json_t *live = json_object_get(k->now.root, "live"), *gone = json_array();
	int ret = 0;

	for (size_t i = json_array_size(live); i-- > 0;) {
		const char *name = json_string_value(json_array_get(live, i));
		bool is = false;

		for (unsigned d = 0; d < s->ndestinations; d++)
			is |= strcmp(s->destinations[d].name, name) == 0 && s->destinations[d].said == SITE_LIVE;
		if (!is) {
			json_array_append_new(gone, json_pack("{s:s,s:s,s:s}", "item", name, "was", "live", "is", ""));
			note_ever(k->now.root, name);
			json_array_remove(live, i);
		}
	}
	if (json_array_size(gone))
		ret = save(k, k->now.root, e) != 0 || record(k, "no longer mode: live", gone, e) != 0 ? -1 : 1;
	json_decref(gone);
	return ret;
}

/* What was approved for today or earlier is in force from here on. 1: staged. */
static int change(struct keeper *k, struct err *e)
{
	json_t *next = json_object_get(k->now.root, "next"), *items = json_object_get(k->now.root, "items"), *list = json_array();
	char today[11];
	int ret = 0;

	clock_date(clock_day(clock_now_ms()), today);
	for (size_t i = 0; i < json_array_size(next);) {
		const json_t *one = json_array_get(next, i);
		const char *item = json_string_value(json_object_get(one, "item"));
		const char *digest = json_string_value(json_object_get(one, "digest"));
		const char *was = adopted_digest(&k->now, item);

		if (strcmp(json_string_value(json_object_get(one, "from")), today) > 0) {
			i++;
			continue;
		}
		json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "item", item, "was", was ? was : "", "is", digest));
		log_line(LOG_WARN, "adopt.in_force", "item=%s digest=%.12s", item, digest[0] ? digest : "none");
		if (digest[0])
			json_object_set_new(items, item, json_string(digest));
		else
			json_object_del(items, item);
		json_array_remove(next, i);
	}
	if (json_array_size(list))
		ret = save(k, k->now.root, e) != 0 || record(k, "in force from here on", list, e) != 0 ? -1 : 1;
	json_decref(list);
	return ret;
}

static void ask_again(const struct keeper *k)
{
	int none = 0;

	if (k->setup.again)
		atomic_compare_exchange_strong(k->setup.again, &none, KEEPER_AGAIN);
}

/* ---- what people decide ---- */

static int refuse(struct keeper *k, const struct act *a, enum err_id why, struct err *e)
{
	return flow_act_outcome(&k->flow, a, "refused", err_code(why)->name, e);
}

/* What is in force is what they saw, and what they want lies there. */
static bool as_seen(const struct keeper *k, const json_t *one)
{
	const char *item = json_string_value(json_object_get(one, "item")), *was = json_string_value(json_object_get(one, "was"));
	const char *is = json_string_value(json_object_get(one, "is")), *now = item ? adopted_digest(&k->now, item) : NULL;
	char *root, *folder;
	bool there;

	if (!item || !was || !is || strcmp(now ? now : "", was) != 0 || (is[0] && strlen(is) != KEPT_DIGEST - 1) ||
		strchr(is, '/'))
		return false;
	root = adopted_root(k->flow.bus);
	folder = kept_folder(root, is);
	there = !is[0] || fsys_exists(AT_FDCWD, folder);
	free(folder);
	free(root);
	return there;
}

static void set_next(struct keeper *k, const json_t *one, const char *from)
{
	json_t *next = json_object_get(k->now.root, "next");
	const char *item = json_string_value(json_object_get(one, "item"));

	for (size_t i = json_array_size(next); i-- > 0;)
		if (strcmp(json_string_value(json_object_get(json_array_get(next, i), "item")), item) == 0)
			json_array_remove(next, i);
	json_array_append_new(next, json_pack("{s:s,s:O,s:s}", "item", item, "digest", json_object_get(one, "is"), "from", from));
}

static enum err_id adopt_objection(const struct keeper *k, const struct act *a)
{
	const json_t *items = json_object_get(a->root, "items"), *one;
	size_t i;

	if (!k->now.root || !json_array_size(items))
		return E_ACT_CHANGED;
	json_array_foreach(items, i, one)
		if (!as_seen(k, one))
			return E_ACT_CHANGED;
	return E_NONE;
}

static enum err_id live_objection(const struct keeper *k, const struct act *a)
{
	const struct site *s = k->setup.site;
	const char *site = adopted_digest(&k->now, ITEM_SITE);
	unsigned i = 0;

	while (i < s->ndestinations && !span_is(a->subject, s->destinations[i].name))
		i++;
	if (i == s->ndestinations || !items_pays(&s->destinations[i]) || s->destinations[i].said != SITE_LIVE)
		return E_LIVE_NONE;
	if (adopted_live(&k->now, s->destinations[i].name))
		return E_LIVE_ALREADY;
	return site && span_is(a->digest, site) ? E_NONE : E_ACT_CHANGED;
}

static int adopt(struct keeper *k, const struct act *a, struct err *e)
{
	const json_t *items = json_object_get(a->root, "items"), *one;
	const enum err_id why = adopt_objection(k, a);
	char today[11], from[11];
	size_t i;

	clock_date(clock_day(clock_now_ms()), today);
	snprintf(from, sizeof from, "%.*s", SPAN_F(act_text(a, "from")));
	if (why)
		return refuse(k, a, why, e);
	json_array_foreach(items, i, one)
		set_next(k, one, strcmp(from, today) > 0 ? from : today);
	if (adopted_due(&k->now))
		ask_again(k);
	return save(k, k->now.root, e) != 0 || flow_act_outcome(&k->flow, a, "done", "", e) != 0 ? -1 : 0;
}

static int live(struct keeper *k, const struct act *a, struct err *e)
{
	const enum err_id why = live_objection(k, a);

	if (why)
		return refuse(k, a, why, e);
	json_array_append_new(json_object_get(k->now.root, "live"), json_stringn(a->subject.p, a->subject.n));
	log_line(LOG_WARN, "adopt.live", "destination=%.*s by=%.*s", SPAN_F(a->subject), SPAN_F(a->by));
	ask_again(k);
	return save(k, k->now.root, e) != 0 || flow_act_outcome(&k->flow, a, "done", "", e) != 0 ? -1 : 0;
}

/* ---- the flow ---- */

static int keeper_open(struct flow *f, struct err *e)
{
	struct keeper *k = (struct keeper *)f;

	return adopted_read(f->bus, &k->now, e);
}

static int keeper_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct keeper *k = (struct keeper *)f;
	int got = 0;

	if (!k->now.root || k->setup.alone)
		got = take_all(k, e);
	else if (!k->others && adopted_due(&k->now))
		got = change(k, e);
	else
		got = drop_live(k, e);
	if (got == 0 && k->others && adopted_due(&k->now))
		ask_again(k);
	*ret = got > 0 ? FLOW_COMMIT : FLOW_IDLE;
	return got < 0 ? -1 : 0;
}

static bool is_resume(const struct act *a)
{
	return span_is(a->what, "resume") && span_is(a->subject, GUARD_MONEY);
}

static unsigned keeper_act_people(struct flow *f, const struct act *a)
{
	(void)f;
	return is_resume(a) || span_is(a->what, "adopt") || span_is(a->what, "live") || span_is(a->what, "close")
		? 2
		: foreign_is(a);
}

static int keeper_act_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e)
{
	struct keeper *k = (struct keeper *)f;

	*ret = E_NONE;
	if (span_is(a->what, "close"))
		return closing_true(k->setup.site, f->bus, a, ret, e);
	if (is_resume(a))
		return resume_true(k->setup.site, f->bus, a, ret, e);
	if (span_is(a->what, "adopt") && (*ret = adopt_objection(k, a)) == E_NONE)
		*ret = adopt_true(k->setup.site, f->bus, a);
	else if (span_is(a->what, "live") && (*ret = live_objection(k, a)) == E_NONE)
		*ret = adopt_live_true(a);
	return 0;
}

static int keeper_act(struct flow *f, const struct act *a, struct err *e)
{
	struct keeper *k = (struct keeper *)f;
	int got;

	if (span_is(a->what, "adopt"))
		return adopt(k, a, e);
	if (span_is(a->what, "live"))
		return live(k, a, e);
	if (foreign_is(a))
		return foreign_seen(f, a, e);
	if (span_is(a->what, "close"))
		return closing_act(f, k->setup.site, a, e);
	got = guard_act(f, k->setup.site, a, e);
	if (got == 1)
		ask_again(k);
	return got < 0 ? -1 : 0;
}

static void keeper_close(struct flow *f)
{
	adopted_done(&((struct keeper *)f)->now);
}

static void keeper_free(struct flow *f)
{
	free(f);
}

static const struct flow_kind keeper_kind = {
	.name = "keeper",
	.poll_ms = POLL_MS,
	.open = keeper_open,
	.step = keeper_step,
	.act = keeper_act,
	.act_people = keeper_act_people,
	.act_true = keeper_act_true,
	.close = keeper_close,
	.free = keeper_free,
};

void keeper_others_run(struct flow *keeper)
{
	((struct keeper *)keeper)->others = true;
}

struct flow *keeper_new(const struct keeper_setup *s)
{
	struct keeper *k = mem_new(sizeof *k);

	k->flow.kind = &keeper_kind;
	k->flow.bus = s->bus;
	snprintf(k->flow.name, sizeof k->flow.name, "%s", SITE_KEEPER);
	k->setup = *s;
	return &k->flow;
}
