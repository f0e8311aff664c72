/* SPDX-License-Identifier: Apache-2.0 */
#include "selection_parts.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "say.h"
#include "topics.h"

#define OWN_TOPICS 4u
static const char *const own_topics[OWN_TOPICS] = {TOPIC_CLAIMS, TOPIC_DEAD, TOPIC_PARCELS, TOPIC_ACTS};

/* ---- topics ---- */

static const struct site_destination *destination_of(const struct site *site, struct span name)
{
	for (unsigned i = 0; i < site->ndestinations; i++)
		if (span_is(name, site->destinations[i].name))
			return &site->destinations[i];
	return NULL;
}

/* The names of topics that a site may have, without "jincai."; freed by the caller, each and all. */
static char **known_topics(const struct site *site, unsigned *ret_n)
{
	char **list = mem_new((BUS_TOPICS_MAX + 2u * site->ndestinations + OWN_TOPICS + 1u) * sizeof *list);
	unsigned n = 0;

	for (; topics_events[n]; n++)
		list[n] = mem_text(span_of(topics_events[n] + sizeof "jincai." - 1));
	for (unsigned i = 0; i < OWN_TOPICS; i++)
		list[n++] = mem_text(span_of(own_topics[i] + sizeof "jincai." - 1));
	for (unsigned i = 0; i < site->ndestinations; i++) {
		struct buf b = BUF_INIT;

		buf_printf(&b, "to.%s", site->destinations[i].name);
		list[n++] = mem_text(buf_as_span(&b));
		buf_done(&b);
		if (site->destinations[i].topic)
			list[n++] = mem_text(span_of(site->destinations[i].topic + sizeof "jincai." - 1));
	}
	*ret_n = n;
	return list;
}

static void add_topic(struct selection_sense *n, struct span name)
{
	struct buf full = BUF_INIT;

	buf_printf(&full, "jincai.%.*s", SPAN_F(name));
	n->topics = mem_grow(n->topics, n->ntopics + 1u, sizeof *n->topics);
	n->topics[n->ntopics++] = mem_text(buf_as_span(&full));
	buf_done(&full);
}

/* Which of those there are no file says. */
static bool is_of_replay(const struct selection *s, struct span name)
{
	struct buf full = BUF_INIT;
	struct err ignored;
	unsigned handle;
	bool ret;

	buf_printf(&full, "jincai.%.*s", SPAN_F(name));
	ret = topics_is_replay(buf_text(&full)) && bus_topic(s->bus, buf_text(&full), &handle, &ignored) == 0;
	buf_done(&full);
	return ret;
}

static int one_topic(struct selection *s, struct span name, struct err *e)
{
	unsigned n;
	char **known;
	int ret = 0;

	if (span_starts(name, SPAN("jincai.")))
		name = (struct span){name.p + 7, name.n - 7};
	if (is_of_replay(s, name)) {
		add_topic(&s->sense, name);
		return 0;
	}
	known = known_topics(s->site, &n);
	for (unsigned i = 0; i <= n; i++) {
		if (i == n) {
			const char *near = conf_nearest(name, (const char *const *)known);

			ret = err_set(e, E_SELECTION_TOPIC, "text=%.*s\nnear=%s", SPAN_F(name), near ? near : "-");
		} else if (span_is(name, known[i])) {
			add_topic(&s->sense, name);
			break;
		}
	}
	for (unsigned i = 0; i < n; i++)
		free(known[i]);
	free(known);
	return ret;
}

static int understand_topics(struct selection *s, const char *words, struct err *e)
{
	struct span rest = span_of(words);

	s->sense.topic_is_set = words != NULL;
	for (unsigned i = 0; !words && topics_events[i]; i++)
		add_topic(&s->sense, span_of(topics_events[i] + sizeof "jincai." - 1));
	while (rest.n) {
		const char *comma = memchr(rest.p, ',', rest.n);
		size_t n = comma ? (size_t)(comma - rest.p) : rest.n;

		if (one_topic(s, span_trim((struct span){rest.p, n}), e) != 0)
			return -1;
		rest = comma ? (struct span){comma + 1, rest.n - n - 1} : SPAN_NONE;
	}
	return s->sense.ntopics ? 0 : err_set(e, E_SELECTION_TOPIC, "text=\nnear=-");
}

/* ---- from, to, day ---- */

static int not_understood(struct err *e, const char *option, const char *text, unsigned at)
{
	return err_set(e, E_SELECTION_WHEN, "option=%s\ntext=%s\nat=%u", option, text, at);
}

int selection_no_destination(const struct site *site, const char *text, struct err *e)
{
	const char **names = mem_new((site->ndestinations + 1u) * sizeof *names), *near;

	for (unsigned i = 0; i < site->ndestinations; i++)
		names[i] = site->destinations[i].name;
	near = conf_nearest(span_of(text), names);
	err_set(e, E_SELECTION_TO, "text=%s\nnear=%s", text, near ? near : "-");
	free(names);
	return -1;
}

static int understand_to(struct selection *s, const char *text, int64_t now_ms, struct err *e)
{
	struct selection_sense *n = &s->sense;
	const struct site_destination *d = destination_of(s->site, span_of(text));
	struct when when;
	unsigned at;

	if (when_read(span_of(text), true, now_ms, &when, &at) == 0) {
		if (d)
			return err_set(e, E_SELECTION_TO_BOTH, "text=%s", text);
		if (n->to_is_set)
			return err_set(e, E_SELECTION_TO_TWICE, "text=%s", text);
		n->to = when;
		n->to_is_set = true;
		return 0;
	}
	if (d && n->destination)
		return err_set(e, E_SELECTION_TO_TWICE, "text=%s", text);
	if (d) {
		n->destination = mem_text(span_of(text));
		return 0;
	}
	/* What begins as a time was meant as one. */
	if (at > 1)
		return not_understood(e, "--to", text, at);
	return selection_no_destination(s->site, text, e);
}

static int understand_times(struct selection *s, const struct selection_words *w, int64_t now_ms, struct err *e)
{
	struct selection_sense *n = &s->sense;
	unsigned at;

	if (w->from && when_read(span_of(w->from), false, now_ms, &n->from, &at) != 0)
		return not_understood(e, "--from", w->from, at);
	n->from_is_set = w->from != NULL;
	for (unsigned i = 0; i < 2; i++)
		if (w->to[i] && understand_to(s, w->to[i], now_ms, e) != 0)
			return -1;
	if (n->from_is_set && n->to_is_set && n->from.kind == n->to.kind && n->from.partition == n->to.partition &&
		(n->from.kind == WHEN_TIME ? n->from.ms >= n->to.ms : n->from.offset >= n->to.offset))
		return err_set(e, E_SELECTION_RANGE, "from=%s\nto=%s", w->from,
			w->to[0] && (!n->destination || strcmp(w->to[0], n->destination) != 0) ? w->to[0] : w->to[1]);
	if (w->day && when_days(span_of(w->day), now_ms, &n->first_day, &n->last_day, &at) != 0)
		return not_understood(e, "--day", w->day, at);
	n->days_are_set = w->day != NULL;
	return 0;
}

static char *copy(const char *text)
{
	return text ? mem_text(span_of(text)) : NULL;
}

int selection_understand(struct selection *s, const struct selection_words *w, int64_t now_ms, struct err *e)
{
	struct selection_sense *n = &s->sense;

	if (understand_topics(s, w->topic, e) != 0 || understand_times(s, w, now_ms, e) != 0)
		return -1;
	n->key = copy(w->key);
	n->unit = copy(w->unit);
	n->where = copy(w->where);
	if (n->from_is_set && n->from.kind == WHEN_OFFSET && n->ntopics != 1)
		return err_set(e, E_SELECTION_OFFSET, "option=--from\ntext=%s", w->from);
	if (n->to_is_set && n->to.kind == WHEN_OFFSET && n->ntopics != 1)
		return err_set(e, E_SELECTION_OFFSET, "option=--to\ntext=@%" PRIu64, n->to.offset - 1);
	return 0;
}

void selection_sense_done(struct selection_sense *n)
{
	for (unsigned i = 0; i < n->ntopics; i++)
		free(n->topics[i]);
	free(n->topics);
	free(n->destination);
	free(n->key);
	free(n->unit);
	free(n->where);
}

/* ---- kept ---- */

static void keep_when(json_t *o, const char *name, const struct when *w)
{
	if (w->kind == WHEN_TIME)
		json_object_set_new(o, name, json_pack("{s:I}", "ms", (json_int_t)w->ms));
	else
		json_object_set_new(o, name, json_pack("{s:i,s:I}", "partition", w->partition, "offset",
			(json_int_t)w->offset));
}

static void keep_text(json_t *o, const char *name, const char *text)
{
	if (text)
		json_object_set_new(o, name, json_string(text));
}

void selection_write(const struct selection *s, struct buf *b)
{
	const struct selection_sense *n = &s->sense;
	json_t *o = json_object(), *topics = json_array(), *parts = json_array();
	char *text;

	for (unsigned i = 0; i < n->ntopics; i++)
		json_array_append_new(topics, json_string(n->topics[i]));
	json_object_set_new(o, "topics", topics);
	if (n->from_is_set)
		keep_when(o, "from", &n->from);
	if (n->to_is_set)
		keep_when(o, "until", &n->to);
	keep_text(o, "destination", n->destination);
	if (n->days_are_set)
		json_object_set_new(o, "days", json_pack("[I,I]", (json_int_t)n->first_day, (json_int_t)n->last_day));
	keep_text(o, "key", n->key);
	keep_text(o, "unit", n->unit);
	keep_text(o, "where", n->where);
	for (unsigned i = 0; i < s->nparts; i++)
		json_array_append_new(parts, json_pack("{s:s,s:i,s:I,s:I}", "topic", s->parts[i].topic, "partition",
			(int)s->parts[i].partition, "begin", (json_int_t)s->parts[i].begin, "end",
			(json_int_t)s->parts[i].end));
	json_object_set_new(o, "places", parts);
	text = json_dumps(o, JSON_COMPACT);
	buf_str(b, text);
	free(text);
	json_decref(o);
}

static bool recall_when(const json_t *o, const char *name, struct when *ret)
{
	const json_t *w = json_object_get(o, name);

	if (!w)
		return false;
	*ret = (struct when){.kind = json_object_get(w, "ms") ? WHEN_TIME : WHEN_OFFSET,
		.ms = json_integer_value(json_object_get(w, "ms")),
		.partition = (int)json_integer_value(json_object_get(w, "partition")),
		.offset = (uint64_t)json_integer_value(json_object_get(w, "offset"))};
	return true;
}

static char *recall_text(const json_t *o, const char *name)
{
	return copy(json_string_value(json_object_get(o, name)));
}

static int lost(struct err *e, const char *name)
{
	return err_set(e, E_SELECTION_KEPT, "name=%s", name);
}

static int recall_parts(struct selection *s, const json_t *o, struct err *e)
{
	const json_t *parts = json_object_get(o, "places"), *x;
	size_t i;

	s->parts = mem_new((json_array_size(parts) + 1) * sizeof *s->parts);
	json_array_foreach (parts, i, x) {
		struct selection_part *p = &s->parts[s->nparts];
		const char *topic = json_string_value(json_object_get(x, "topic"));

		for (unsigned k = 0; topic && k < s->sense.ntopics; k++)
			if (strcmp(s->sense.topics[k], topic) == 0)
				p->topic = s->sense.topics[k];
		p->partition = (unsigned)json_integer_value(json_object_get(x, "partition"));
		p->begin = (uint64_t)json_integer_value(json_object_get(x, "begin"));
		p->end = (uint64_t)json_integer_value(json_object_get(x, "end"));
		if (!p->topic || bus_topic(s->bus, p->topic, &p->handle, e) != 0 ||
			p->partition >= bus_partitions(s->bus, p->handle))
			return lost(e, topic ? topic : "topic");
		p->data = selection_has_data(p->topic);
		s->nparts++;
	}
	return 0;
}

int selection_recall(struct selection *s, struct span json, struct err *e)
{
	json_t *o = json_loadb(json.p, json.n, 0, NULL);
	const json_t *days = json_object_get(o, "days"), *topics = json_object_get(o, "topics"), *x;
	struct selection_sense *n = &s->sense;
	size_t i;
	int ret;

	json_array_foreach (topics, i, x)
		if (json_string_value(x) && one_topic(s, span_of(json_string_value(x)), e) != 0)
			break;
	n->from_is_set = recall_when(o, "from", &n->from);
	n->to_is_set = recall_when(o, "until", &n->to);
	n->days_are_set = days != NULL;
	n->first_day = json_integer_value(json_array_get(days, 0));
	n->last_day = json_integer_value(json_array_get(days, 1));
	n->destination = recall_text(o, "destination");
	n->key = recall_text(o, "key");
	n->unit = recall_text(o, "unit");
	n->where = recall_text(o, "where");
	if (!n->ntopics || i < json_array_size(topics))
		ret = lost(e, "topics");
	else if (n->destination && !destination_of(s->site, span_of(n->destination)))
		ret = lost(e, n->destination);
	else
		ret = recall_parts(s, o, e);
	json_decref(o);
	return ret;
}
