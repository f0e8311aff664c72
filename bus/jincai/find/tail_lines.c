/* SPDX-License-Identifier: Apache-2.0 */
#include "tail_parts.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "clock.h"
#include "lane.h"
#include "say.h"
#include "show.h"
#include "topics.h"

/* ---- what is read ---- */

/* A replay for consumers that lies on the bus: it is given to who names it. */
static const char *replay_named(struct bus *b, struct span name)
{
	struct buf full = BUF_INIT;
	struct err none = ERR_INIT;
	unsigned topic;
	bool there;

	buf_printf(&full, "%s%.*s", span_starts(name, SPAN("jincai.")) ? "" : "jincai.", SPAN_F(name));
	there = topics_is_replay(buf_text(&full)) && bus_topic(b, buf_text(&full), &topic, &none) == 0;
	buf_done(&full);
	return there ? bus_topic_name(b, topic) : NULL;
}

static const char *topic_named(const struct tail_reading *g, struct span name)
{
	const struct site *s = g->site;

	for (unsigned i = 0; i < s->ndestinations; i++) {
		const char *topic = s->destinations[i].topic;

		if (topic && (span_is(name, topic) || span_is(name, topic + sizeof "jincai." - 1)))
			return topic;
	}
	return replay_named(g->bus, name);
}

static void add_topic(struct tail_reading *g, const char *topic)
{
	for (unsigned i = 0; i < g->ntopics; i++)
		if (strcmp(g->topics[i], topic) == 0)
			return;
	g->topics = mem_grow(g->topics, g->ntopics + 1u, sizeof *g->topics);
	g->topics[g->ntopics++] = topic;
}

int tail_topics(struct tail_reading *g, struct err *e)
{
	const char *names = g->args->select.topic;

	for (unsigned i = 0; !names && i < g->site->ndestinations; i++)
		if (g->site->destinations[i].topic)
			add_topic(g, g->site->destinations[i].topic);
	for (const char *at = names; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		struct span name = {at, strcspn(at, ",")};
		const char *topic = topic_named(g, name);

		if (!topic)
			return err_set(e, E_GROUP_TOPIC, "topic=%.*s", SPAN_F(name));
		add_topic(g, topic);
	}
	if (!g->ntopics)
		return err_set(e, E_GROUP_TOPIC, "topic=%s", TOPIC_OUT "*");
	g->opened = mem_new(g->ntopics * sizeof *g->opened);
	return 0;
}

static int open_part(struct tail_reading *g, const char *topic, unsigned handle, unsigned partition, struct err *e)
{
	struct tail_part p = {.topic = topic, .partition = partition, .place = group_part(g->group, handle, partition)};
	uint64_t at = 0;

	if (group_stand(g->group, p.place, &at, e) < 0 || bus_read(g->bus, handle, partition, &p.reader, e) != 0)
		return -1;
	bus_seek(p.reader, at);
	g->parts = mem_grow(g->parts, g->nparts + 1u, sizeof *g->parts);
	g->parts[g->nparts++] = p;
	return 0;
}

/* A topic is there once its destination has written it. */
static int open_topics(struct tail_reading *g, struct err *e)
{
	for (unsigned i = 0; i < g->ntopics; i++) {
		unsigned handle;

		if (g->opened[i])
			continue;
		if (bus_topic(g->bus, g->topics[i], &handle, e) != 0) {
			if (e->id != E_BUS_NO_TOPIC || group_without(g->group, g->topics[i], e) != 0)
				return -1;
			continue;
		}
		for (unsigned p = 0; p < bus_partitions(g->bus, handle); p++)
			if (open_part(g, g->topics[i], handle, p, e) != 0)
				return -1;
		g->opened[i] = true;
	}
	return 0;
}

/* ---- where a new group begins ---- */

static int begin_at(struct tail_reading *g, const char *topic, unsigned partition, uint64_t at, struct err *e)
{
	unsigned handle;

	if (bus_topic(g->bus, topic, &handle, e) != 0)
		return -1;
	group_begin(g->group, group_part(g->group, handle, partition), at);
	return 0;
}

/* --from as all verbs understand it: a selection knows where it begins; behind all there is, where it ends. */
static int begin_from(struct tail_reading *g, struct err *e)
{
	const char *from = g->args->select.from;
	bool end = from && strcmp(from, "end") == 0;
	struct selection_words words = {.from = end ? NULL : from};
	struct buf topics = BUF_INIT, text = BUF_INIT;
	struct selection *s = NULL;
	const json_t *x;
	int ret = -1;
	json_t *o = NULL;
	size_t i;

	for (unsigned k = 0; k < g->ntopics; k++)
		buf_printf(&topics, "%s%s", k ? "," : "", g->topics[k] + sizeof "jincai." - 1);
	words.topic = buf_text(&topics);
	if (selection_open(g->site, g->bus, &words, clock_now_ms(), &s, e) != 0)
		goto out;
	selection_write(s, &text);
	o = json_loadb(text.p, text.n, 0, NULL);
	ret = 0;
	json_array_foreach (json_object_get(o, "places"), i, x)
		if (ret == 0)
			ret = begin_at(g, json_string_value(json_object_get(x, "topic")),
				(unsigned)json_integer_value(json_object_get(x, "partition")),
				(uint64_t)json_integer_value(json_object_get(x, end ? "end" : "begin")), e);
out:
	json_decref(o);
	selection_close(s);
	buf_done(&topics);
	buf_done(&text);
	return ret;
}

/* Where it begins is durable before anything is read: else a second start would begin elsewhere and pass over what came
 * between. */
static int begin(struct tail_reading *g, struct err *e)
{
	if (!group_is_new(g->group)) {
		if (g->args->select.from)
			fprintf(stderr, say("消费组 %s 从原来的位点继续；--from 只用于新的消费组\n",
				"group %s goes on where it stood; --from is for a group that is new\n"),
				g->args->group);
		return 0;
	}
	return begin_from(g, e) != 0 ? -1 : group_commit(g->group, e);
}

int tail_begin(struct tail_reading *g, struct err *e)
{
	return begin(g, e) != 0 ? -1 : open_topics(g, e);
}

/* ---- lines ---- */

static int fetch(struct tail_part *p, struct err *e)
{
	int got;

	if (p->has || p->dry)
		return p->has;
	got = bus_next(p->reader, &p->next, e);
	p->has = got == 1;
	p->dry = got == 0;
	return got;
}

/* The partition whose record came first. 1, 0 there is nothing more, -1. */
static int earliest(struct tail_reading *g, struct tail_part **ret, struct err *e)
{
	struct tail_part *least = NULL;

	for (unsigned i = 0; i < g->nparts; i++) {
		struct tail_part *p = &g->parts[i];

		if (fetch(p, e) < 0)
			return -1;
		if (p->has && (!least || p->next.time_ms < least->next.time_ms))
			least = p;
	}
	*ret = least;
	return least != NULL;
}

static void keep_given(struct tail_reading *g, struct tail_part *p)
{
	if (p->n == p->room) {
		unsigned room = p->room ? 2 * p->room : 64;
		struct tail_given *ring = mem_new(room * sizeof *ring);

		for (unsigned i = 0; i < p->n; i++)
			ring[i] = p->given[(p->first + i) % p->room];
		free(p->given);
		p->given = ring;
		p->first = 0;
		p->room = room;
	}
	p->given[(p->first + p->n++) % p->room] = (struct tail_given){p->next.offset, group_check(p->next.value)};
	g->open++;
	g->lines++;
}

static void put_line(struct tail_reading *g, const struct tail_part *p, const struct event *v)
{
	struct tail_place place = {p->topic, p->partition, p->next.offset, p->next.time_ms, p->next.key};
	struct buf *b = &g->out;

	if (!g->args->json) {
		tail_begin_people(b, &place, v);
		show_text(b, v->data);
		buf_c(b, '\n');
		return;
	}
	tail_begin_json(b, &place);
	buf_printf(b, ",\"place\":\"%s/%u@%" PRIu64 "\",\"event\":", p->topic, p->partition, p->next.offset);
	buf_span(b, p->next.value);
	buf_str(b, "}\n");
}

/* One record: given, or passed over since it is of the bus itself, or of nobody that we know. */
static int take(struct tail_reading *g, struct tail_part *p, struct err *e)
{
	struct event v;

	p->has = false;
	if (bus_shared(g->bus) && !lane_is_stamped(p->next.value))
		return 0;
	if (event_read(p->next.value, &v, e) != 0)
		return -1;
	if (event_is_ours(&v) && !span_starts(v.type, SPAN(TOPIC_REPLAY)))   /* the end of a replay is for who reads it */
		return 0;
	put_line(g, p, &v);
	keep_given(g, p);
	return 0;
}

bool tail_may_make_more(const struct tail_reading *g)
{
	return g->out.n < TAIL_OUT_BYTES && g->open < TAIL_GIVEN_MAX && (!g->every || g->since + g->open < g->every);
}

int tail_make_lines(struct tail_reading *g, struct err *e)
{
	struct tail_part *p;
	int got = 1;

	g->idle = false;
	for (unsigned i = 0; i < g->nparts; i++)
		g->parts[i].dry = false;
	while (tail_may_make_more(g) && (got = earliest(g, &p, e)) == 1)
		if (take(g, p, e) != 0)
			return -1;
	if (got == 0) {
		g->idle = true;
		return open_topics(g, e);
	}
	return got < 0 ? -1 : 0;
}
