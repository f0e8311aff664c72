/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include "map.h"
#include "say.h"

struct comparing {
	struct site *old, *now;
	const struct site_destination *to, *its;     /* of the old site, of the new one */
	void (*each)(void *arg, const struct contract_change *c);
	void *arg;
	unsigned n;
};

static void breaks_from(struct comparing *c, enum contract_break what, struct span subject, const char *was,
	const char *is)
{
	const struct contract_change one = {what, c->to, subject, was, is};

	c->n++;
	c->each(c->arg, &one);
}

static void breaks(struct comparing *c, enum contract_break what, struct span subject)
{
	breaks_from(c, what, subject, "", "");
}

/* ---- what events are like ---- */

static void add_schema_break(void *arg, enum contract_break what, struct span subject, const char *was, const char *is)
{
	breaks_from(arg, what, subject, was, is);
}

/* The rule that makes that column; -1: there is none. */
static int rule_of(const struct map *m, struct span column)
{
	for (unsigned i = 0; i < map_count(m); i++)
		if (span_eq(map_column(m, i), column))
			return (int)i;
	return -1;
}

/* A source's schema calls personal what it did not, or no longer does: the same column goes out masked, or open. */
static void compare_masks(struct comparing *c, const struct map *was, const struct map *is)
{
	for (unsigned i = 0; i < map_count(was); i++) {
		const struct span column = map_column(was, i);
		const int k = rule_of(is, column);

		if (k >= 0 && map_masks(was, i) != map_masks(is, (unsigned)k))
			breaks(c, map_masks(was, i) ? BREAK_OPENED_NOW : BREAK_MASKED_NOW, column);
	}
}

/* ---- where they come from ---- */

static bool leads_to(const struct site *s, const struct site_route *r, const struct site_destination *d)
{
	for (unsigned i = 0; i < r->nto; i++)
		if (&s->destinations[r->to[i]] == d)
			return true;
	return false;
}

static const struct form_event *made_by(const struct site *s, const char *adapter, const char *type)
{
	const struct site_adapter *a = site_adapter(s, span_of(adapter));

	for (unsigned i = 0; a && i < a->form->nevents; i++)
		if (strcmp(a->form->events[i].type, type) == 0)
			return &a->form->events[i];
	return NULL;
}

static const char *key_of(const struct site *s, const char *adapter, const struct form_event *x)
{
	return x->key_slot < 0 ? "" : names_text(site_adapter(s, span_of(adapter))->form->names, (unsigned)x->key_slot);
}

static bool same_ids(const struct form_event *a, const struct form_event *b)
{
	if (a->identity != b->identity || !a->identity_parts != !b->identity_parts)
		return false;
	return !a->identity_parts || strcmp(map_layout(a->identity_parts), map_layout(b->identity_parts)) == 0;
}

/* The adapters that both sites have, as far as they make a type that comes to the topic. */
static void compare_type(struct comparing *c, const char *type)
{
	bool key = false, ids = false;

	for (unsigned i = 0; i < c->old->nadapters; i++) {
		const char *name = c->old->adapters[i].name;
		const struct form_event *was = made_by(c->old, name, type), *is = made_by(c->now, name, type);

		if (!was || !is)
			continue;
		key |= strcmp(key_of(c->old, name, was), key_of(c->now, name, is)) != 0;
		ids |= !same_ids(was, is);
	}
	if (key)
		breaks(c, BREAK_KEY, span_of(type));
	if (ids)
		breaks(c, BREAK_ID, span_of(type));
}

static bool still_comes(const struct site *s, const struct site_destination *d, const char *type)
{
	for (unsigned i = 0; i < s->nroutes; i++)
		for (unsigned k = 0; k < s->routes[i].ntypes; k++)
			if (strcmp(s->routes[i].types[k], type) == 0 && leads_to(s, &s->routes[i], d))
				return true;
	return false;
}

static void compare_topic(struct comparing *c)
{
	for (unsigned i = 0; i < c->now->ndestinations; i++)
		if (c->now->destinations[i].topic && strcmp(c->now->destinations[i].topic, c->to->topic) == 0)
			c->its = &c->now->destinations[i];
	if (!c->its) {
		breaks(c, BREAK_TOPIC, SPAN_NONE);
		return;
	}
	if (c->old->partitions != c->now->partitions)
		breaks(c, BREAK_PARTITIONS, SPAN_NONE);
	if (strcmp(schema_type(c->to->form->published), schema_type(c->its->form->published)) != 0)
		breaks(c, BREAK_TYPE, span_of(schema_type(c->its->form->published)));
	(void)contract_schemas(c->to->form->published, c->its->form->published, add_schema_break, c);
	for (unsigned i = 0; i < c->to->form->nshapes; i++) {
		const struct form_shape *was = &c->to->form->shapes[i], *is = form_shape(c->its->form,
			span_of(was->type));
		const char *type = was->type;

		if (is && was->line && is->line)
			compare_masks(c, was->line, is->line);
		if (still_comes(c->old, c->to, type) && still_comes(c->now, c->its, type))
			compare_type(c, type);
		else if (still_comes(c->old, c->to, type))
			breaks(c, BREAK_SOURCE, span_of(type));
	}
}

unsigned contract_compare(struct site *old, struct site *now, void (*each)(void *arg, const struct contract_change *c),
	void *arg)
{
	struct comparing c = {.old = old, .now = now, .each = each, .arg = arg};

	for (unsigned i = 0; i < old->ndestinations; i++) {
		c.to = &old->destinations[i];
		c.its = NULL;
		if (c.to->topic)
			compare_topic(&c);
	}
	return c.n;
}

/* ---- words ---- */

static const struct {
	const char *en, *zh;
} words[BREAKS] = {
	[BREAK_TOPIC] = {"the topic is gone: who reads it gets nothing more", "主题没有了：再也收不到"},
	[BREAK_PARTITIONS] =
		{"the number of partitions is another: events of one key move to another partition, out of order",
		"分区数变了：同一键的事件换到别的分区，次序不保"},
	[BREAK_TYPE] = {"it carries another type", "主题上的类型变了"},
	[BREAK_SOURCE] = {"nothing more comes of the type", "不再有来自此类型的事件"},
	[BREAK_KEY] = {"another key, the order of its events is another, of the type", "键变了，次序也随之改变，类型"},
	[BREAK_ID] = {"ids are made otherwise, who knows events by id takes old ones for new, of the type",
		"标识的构成变了，按标识去重的会把旧的当新的，类型"},
	[BREAK_MASKED_NOW] = {"a field that went out open is masked, since its source calls it personal now",
		"来源模式新标为个人信息，原来照原样送出的字段现在遮蔽"},
	[BREAK_OPENED_NOW] =
		{"a field that went out masked is open, since its source does not call it personal any more",
		"来源模式不再标为个人信息，原来遮蔽的字段现在照原样送出"},
	[BREAK_FIELD] = {"a field is gone", "字段没有了"},
	[BREAK_REQUIRED] = {"a field that was always there may be absent", "原来必有的字段现在可以没有"},
	[BREAK_WANTED] = {"a field must be there now: an event without it dies, and what lies on the topic may lack it",
		"字段现在必有：没有它的成为死信，主题上已有的也可能没有它"},
	[BREAK_FORMAT] = {"a field is written otherwise", "字段的写法变了"},
	[BREAK_MONEY] = {"an amount is another kind of money", "金额的种类变了"},
	[BREAK_VALUES] = {"a field may hold a value that it never held", "字段会出现从未有过的取值"},
	[BREAK_FEWER_VALUES] =
		{"a value is not allowed any more: an event with it dies, and what lies on the topic may hold it",
		"字段的取值减少了：含该值的成为死信，主题上已有的也可能含有"},
	[BREAK_PATTERN] = {"a field has another pattern: what it never held may come, and what fitted may die",
		"字段的格式要求变了：会出现从未有过的内容，原来符合的也可能成为死信"},
	[BREAK_LONGER] = {"a field may be of a length that it never had", "字段会出现从未有过的长度"},
	[BREAK_SHORTER] = {"the length of a field is narrowed: what was long or short enough dies, and what lies on "
		"the topic may not fit", "字段的长度收窄了：原来合格的成为死信，主题上已有的也可能不符"},
	[BREAK_MORE_BYTES] = {"a field may take more bytes than ever", "字段的字节数会超过以往上限"},
	[BREAK_FEWER_BYTES] = {"a field may take fewer bytes: what fitted dies, and what lies on the topic may not fit",
		"字段的字节数上限降低了：原来合格的成为死信，主题上已有的也可能不符"},
	[BREAK_MASKED] = {"a field that was open is masked", "原来照原样送出的字段现在遮蔽"},
	[BREAK_OPENED] = {"a field that was masked, or not personal, goes out open with personal data",
		"原来遮蔽或不含个人信息的字段，现在照原样送出个人信息"},
	[BREAK_LIST] = {"a list is gone", "列表没有了"},
	[BREAK_LIST_REQUIRED] = {"a list that was always there may be absent", "原来必有的列表现在可以没有"},
	[BREAK_LIST_WANTED] =
		{"a list must be there now: an event without it dies, and what lies on the topic may lack it",
		"列表现在必有：没有它的成为死信，主题上已有的也可能没有它"},
	[BREAK_MORE_ITEMS] = {"a list may have a number of items that it never had", "列表会出现从未有过的项数"},
	[BREAK_FEWER_ITEMS] =
		{"the number of items of a list is narrowed: what fitted dies, and what lies on the topic may not fit",
		"列表的项数收窄了：原来合格的成为死信，主题上已有的也可能不符"},
};

static const char *whom(enum contract_break what)
{
	switch (contract_whom(what)) {
	case BREAKS_CONSUMER:
		return say("影响使用者", "breaks consumers");
	case BREAKS_PRODUCER:
		return say("影响来源", "breaks producers");
	default:
		return say("影响来源和使用者", "breaks producers and consumers");
	}
}

void contract_words(const struct contract_change *c, struct buf *b)
{
	buf_printf(b, say("%s：%s：%s", "%s: %s: %s"), c->to->topic, whom(c->what),
		say(words[c->what].zh, words[c->what].en));
	if (c->subject.n)
		buf_printf(b, say("：%.*s", ": %.*s"), SPAN_F(c->subject));
	if (*c->was)
		buf_printf(b, say("，原为 %s", ", it was %s"), c->was);
	if (*c->is)
		buf_printf(b, say("，现为 %s", ", it is %s"), c->is);
	buf_printf(b, say("（去向 %s", " (destination %s"), c->to->name);
	if (c->to->contact)
		buf_printf(b, say("，联系人：%s", ", contact: %s"), c->to->contact);
	buf_str(b, say("）\n", ")\n"));
}
