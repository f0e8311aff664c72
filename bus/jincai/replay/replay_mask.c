/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_mask.h"

#include <jansson.h>
#include <stdlib.h>

#include "mask.h"
#include "topics.h"

enum replay_kind replay_kind_of(const char *topic)
{
	if (topics_is_out(topic))
		return REPLAY_PUBLISHED;
	return topics_carries_events(topic) && !topics_is_destination(topic) ? REPLAY_EVENTS : REPLAY_NO_EVENTS;
}

/* The object that holds the last name of "payee.account", and that name. */
static json_t *holder(json_t *o, struct span path, char name[128])
{
	for (;;) {
		const char *dot = memchr(path.p, '.', path.n);
		const size_t n = dot ? (size_t)(dot - path.p) : path.n;

		snprintf(name, 128, "%.*s", (int)n, path.p);
		if (!dot || !o)
			return o;
		o = json_object_get(o, name);
		path = (struct span){dot + 1, path.n - n - 1};
	}
}

static void mask_field(json_t *o, struct span path, enum schema_sensitivity s)
{
	struct buf b = BUF_INIT;
	char name[128];
	json_t *in = holder(o, path, name), *v = json_object_get(in, name);
	struct span text;

	if (s == SENSITIVITY_NONE || !json_is_string(v))
		return;
	text = (struct span){json_string_value(v), json_string_length(v)};
	if (s == SENSITIVITY_NAME)
		mask_name(&b, text);
	else
		mask_number(&b, text);
	/* In its place: order of members is that of the event. */
	json_object_set_new(in, name, json_stringn(b.p ? b.p : "", b.n));
	buf_done(&b);
}

static void mask_list(json_t *items, const struct schema_list *l)
{
	json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
		for (unsigned k = 0; k < l->nfields; k++) {
			const struct schema_field *f = &l->fields[k];

			mask_field(item, (struct span){f->path.p + l->path.n + 3, f->path.n - l->path.n - 3},
				f->sensitivity);
		}
}

static bool is_personal(const struct schema *s)
{
	unsigned n = 0;
	const struct schema_field *fields = schema_fields(s, &n);

	for (unsigned i = 0; i < n; i++)
		if (fields[i].sensitivity != SENSITIVITY_NONE)
			return true;
	for (const struct schema_list *l = schema_lists(s); l; l = l->next)
		for (unsigned k = 0; k < l->nfields; k++)
			if (l->fields[k].sensitivity != SENSITIVITY_NONE)
				return true;
	return false;
}

static int mask_data(const struct schema *s, struct span data, struct buf *to, struct err *e)
{
	unsigned n = 0;
	const struct schema_field *fields = schema_fields(s, &n);
	json_t *o;
	char *text;

	if (!is_personal(s)) {
		buf_span(to, data);
		return 0;
	}
	o = json_loadb(data.p, data.n, 0, NULL);
	if (!json_is_object(o)) {
		json_decref(o);
		return err_set(e, E_EVENT_SYNTAX, "at=0");
	}
	for (unsigned i = 0; i < n; i++)
		mask_field(o, fields[i].path, fields[i].sensitivity);
	for (const struct schema_list *l = schema_lists(s); l; l = l->next)
		mask_list(json_object_get(o, l->path.p), l);
	text = json_dumps(o, JSON_COMPACT);
	buf_str(to, text);
	free(text);
	json_decref(o);
	return 0;
}

int replay_mask(const struct selected *x, struct buf *to, struct err *e)
{
	const enum replay_kind kind = replay_kind_of(x->topic);
	struct event out = x->event;

	if (kind == REPLAY_PUBLISHED) {
		buf_span(to, x->event.body);
		return 0;
	}
	if (kind == REPLAY_NO_EVENTS || !x->schema)
		return err_set(e, E_REPLAY_OPEN, "topic=%s\ntype=%.*s", x->topic, SPAN_F(x->event.type));
	out.fingerprint = out.paykey = out.amount = out.numbers = out.line = out.again = out.bank = SPAN_NONE;
	event_begin(to, &out);
	return mask_data(x->schema, x->event.data, to, e);
}

static void add_name(struct buf *to, struct span path)
{
	buf_printf(to, "%s%.*s", to->n ? " " : "", SPAN_F(path));
}

void replay_masked(const struct schema *s, struct buf *to)
{
	unsigned n = 0;
	const struct schema_field *fields = schema_fields(s, &n);

	for (unsigned i = 0; i < n; i++)
		if (fields[i].sensitivity != SENSITIVITY_NONE)
			add_name(to, fields[i].path);
	for (const struct schema_list *l = schema_lists(s); l; l = l->next)
		for (unsigned k = 0; k < l->nfields; k++)
			if (l->fields[k].sensitivity != SENSITIVITY_NONE)
				add_name(to, l->fields[k].path);
}
