/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include "map.h"
#include "say.h"
#include "schema_pattern.h"

struct comparing {
	struct site *old, *now;
	const struct site_destination *to, *its;     /* of the old site, of the new one */
	void (*each)(void *arg, const struct contract_change *c);
	void *arg;
	unsigned n;
};

static void breaks(struct comparing *c, enum contract_break what, struct span subject)
{
	const struct contract_change one = {what, c->to, subject};

	c->n++;
	c->each(c->arg, &one);
}

/* ---- what events are like ---- */

static bool has_choice(const struct schema_field *x, struct span text)
{
	for (unsigned i = 0; i < x->nchoices; i++)
		if (span_eq(x->choices[i], text))
			return true;
	return !x->choices;
}

static bool same_pattern(const struct schema_pattern *old, const struct schema_pattern *now)
{
	return now && span_eq(schema_pattern_text(old), schema_pattern_text(now));
}

/* Can the field have a text now that it could not have before? Who reads it has only seen those. A pattern that was changed is
 * taken for one that lets in more. */
static bool wider(const struct schema_field *old, const struct schema_field *now)
{
	if (old->format != now->format)
		return true;
	if (old->choices && !now->choices)
		return true;
	for (unsigned i = 0; old->choices && i < now->nchoices; i++)
		if (!has_choice(old, now->choices[i]))
			return true;
	if (old->pattern && !same_pattern(old->pattern, now->pattern))
		return true;
	if (old->max_length && (!now->max_length || now->max_length > old->max_length))
		return true;
	return now->min_length < old->min_length;
}

static void compare_fields(struct comparing *c)
{
	const struct schema *now = c->its->form->published;
	unsigned n;
	const struct schema_field *fields = schema_fields(c->to->form->published, &n);

	for (unsigned i = 0; i < n; i++) {
		const struct schema_field *x = schema_field(now, fields[i].path);

		if (!x)
			breaks(c, BREAK_FIELD, fields[i].path);
		else if (fields[i].required && !x->required)
			breaks(c, BREAK_REQUIRED, fields[i].path);
		else if (wider(&fields[i], x))
			breaks(c, BREAK_VALUES, fields[i].path);
		/* Whoever was not to see it sees it now: said whatever else breaks of the field. */
		if (x && (fields[i].sensitivity == SENSITIVITY_NONE) != (x->sensitivity == SENSITIVITY_NONE))
			breaks(c, x->sensitivity == SENSITIVITY_NONE ? BREAK_MASKED : BREAK_OPENED, fields[i].path);
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
	compare_fields(c);
	for (unsigned i = 0; i < c->to->form->nshapes; i++) {
		const char *type = c->to->form->shapes[i].type;

		if (still_comes(c->old, c->to, type) && still_comes(c->now, c->its, type))
			compare_type(c, type);
		else if (still_comes(c->old, c->to, type))
			breaks(c, BREAK_SOURCE, span_of(type));
	}
}

unsigned contract_compare(struct site *old, struct site *now, void (*each)(void *arg, const struct contract_change *c), void *arg)
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

void contract_words(const struct contract_change *c, struct buf *b)
{
	static const struct {
		const char *en, *zh;
	} words[] = {
		[BREAK_TOPIC] = {"the topic is gone: who reads it gets nothing more", "主题没有了：使用者再也收不到"},
		[BREAK_PARTITIONS] = {"the number of partitions is another: events of one key move to another partition, out of order",
			"分区数变了：同一键的事件换到别的分区，次序不保"},
		[BREAK_TYPE] = {"it carries another type: ", "主题上的类型变了："},
		[BREAK_SOURCE] = {"nothing more comes of ", "不再有来自以下类型的事件："},
		[BREAK_KEY] = {"another key: the order of its events is another, of ", "键变了，次序也随之改变："},
		[BREAK_ID] = {"ids are made otherwise: who knows events by id takes old ones for new, of ", "标识的构成变了，按标识去重的会把旧的当新的："},
		[BREAK_FIELD] = {"a field is gone: ", "字段没有了："},
		[BREAK_REQUIRED] = {"a field that was always there may be absent: ", "原来必有的字段现在可以没有："},
		[BREAK_VALUES] = {"a field may hold what it never held: ", "字段会出现从未有过的值："},
		[BREAK_MASKED] = {"a field that was open is masked: ", "原来照原样送出的字段现在遮蔽："},
		[BREAK_OPENED] = {"a field that was masked, or not personal, goes out open with personal data: ",
			"原来遮蔽或不含个人信息的字段，现在照原样送出个人信息："},
	};

	buf_printf(b, "%s: %s", c->to->topic, say(words[c->what].zh, words[c->what].en));
	buf_span(b, c->subject);
	buf_printf(b, say("（去向 %s", " (destination %s"), c->to->name);
	if (c->to->contact)
		buf_printf(b, say("，联系人：%s", ", contact: %s"), c->to->contact);
	buf_str(b, say("）\n", ")\n"));
}
