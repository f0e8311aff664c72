/* SPDX-License-Identifier: Apache-2.0 */
#include "topics_count.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "event.h"
#include "group.h"
#include "lane.h"
#include "say.h"
#include "topics.h"
#include "verbs.h"

/* Where a flow stands on a partition. */
struct stand {
	unsigned flow, partition;
	uint64_t offset;
};

struct counting {
	struct topics_count *count;
	struct stand *stands;
	unsigned nstands;
	struct span topic;
	uint64_t rows;
};

static unsigned flow_number(struct topics_count *c, struct span name, bool group)
{
	for (unsigned i = 0; i < c->nflows; i++)
		if (c->flows[i].group == group && span_is(name, c->flows[i].flow))
			return i;
	c->flows = mem_grow(c->flows, c->nflows + 1u, sizeof *c->flows);
	c->flows[c->nflows] = (struct topics_flow){.flow = mem_text(name), .group = group};
	return c->nflows++;
}

static void add_place(struct counting *g, struct span flow, bool group, unsigned partition, uint64_t offset)
{
	g->stands = mem_grow(g->stands, g->nstands + 1u, sizeof *g->stands);
	g->stands[g->nstands++] = (struct stand){flow_number(g->count, flow, group), partition, offset};
}

/* Where it has never stood it begins with the first. */
static int add_group(void *arg, const char *group, const char *topic, unsigned partition, uint64_t next)
{
	struct counting *g = arg;
	unsigned before = g->count->nflows, n;

	if (!span_is(g->topic, topic))
		return 0;
	n = flow_number(g->count, span_of(group), true);
	if (n == before)
		for (unsigned p = 0; p < g->count->partitions; p++)
			add_place(g, span_of(group), true, p, 0);
	for (unsigned i = 0; i < g->nstands; i++)
		if (g->stands[i].flow == n && g->stands[i].partition == partition)
			g->stands[i].offset = next;
	return 0;
}

/* "router/jincai.payroll/0": {"offset":17, ..}. Others are positions of another kind. */
static int add_stand(void *arg, struct span key, struct span value)
{
	struct counting *g = arg;
	const char *slash = memchr(key.p, '/', key.n), *last = memrchr(key.p, '/', key.n);
	json_t *o;

	if (!slash || slash == last || !span_eq((struct span){slash + 1, (size_t)(last - slash) - 1}, g->topic))
		return 0;
	o = json_loadb(value.p, value.n, 0, NULL);
	if (json_object_get(o, "offset")) {
		struct span flow = {key.p, (size_t)(slash - key.p)};
		char partition[16];

		snprintf(partition, sizeof partition, "%.*s", (int)(key.p + key.n - last - 1), last + 1);
		add_place(g, flow, false, (unsigned)strtoul(partition, NULL, 10),
			(uint64_t)json_integer_value(json_object_get(o, "offset")));
	}
	json_decref(o);
	return 0;
}

static void count_event(struct counting *g, unsigned partition, const struct bus_message *m)
{
	g->count->events++;
	for (unsigned i = 0; i < g->nstands; i++) {
		struct topics_flow *f = &g->count->flows[g->stands[i].flow];

		if (g->stands[i].partition != partition || m->offset < g->stands[i].offset)
			continue;
		if (!f->events++ || m->time_ms < f->waits_ms)
			f->waits_ms = m->time_ms;
	}
}

static void count_record(struct counting *g, const struct bus *b, unsigned partition, const struct bus_message *m)
{
	struct topics_count *c = g->count;
	struct err ignored;
	struct event v;

	c->bytes += m->key.n + m->value.n;
	if (!c->first_ms || m->time_ms < c->first_ms)
		c->first_ms = m->time_ms;
	if (m->time_ms > c->last_ms)
		c->last_ms = m->time_ms;
	if ((bus_shared(b) && !lane_is_stamped(m->value)) || event_read(m->value, &v, &ignored) != 0 ||
		span_is(v.type, EVENT_LANE_OPENED) || (topics_carries_events(c->name) && event_is_ours(&v)))
		c->others++;
	else
		count_event(g, partition, m);
	if (++g->rows % 8192 == 0)
		verb_progress(c->name, (int64_t)g->rows, 0);
}

static int count_partition(struct counting *g, struct bus *b, unsigned topic, unsigned partition, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	uint64_t end;
	int got = 1;

	if (bus_end(b, topic, partition, &end, e) != 0 || bus_read(b, topic, partition, &r, e) != 0)
		return -1;
	while (end && got == 1 && (got = bus_next(r, &m, e)) == 1 && m.offset < end) {
		count_record(g, b, partition, &m);
		got = m.offset + 1 < end;
	}
	bus_unread(r);
	return got < 0 ? -1 : 0;
}

int topics_count(struct bus *b, const char *topic, struct topics_count *ret, struct err *e)
{
	struct counting g = {.count = ret, .topic = span_of(topic)};
	unsigned handle;
	int failed = 0;

	*ret = (struct topics_count){.name = topic};
	if (bus_topic(b, topic, &handle, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	ret->partitions = bus_partitions(b, handle);
	failed = bus_positions(b, "", add_stand, &g, e) < 0 ||
		((topics_is_out(topic) || topics_is_replay(topic)) && groups_each(b, add_group, &g, e) < 0);
	for (unsigned p = 0; p < ret->partitions && !failed; p++)
		failed = count_partition(&g, b, handle, p, e) != 0;
	verb_progress("", -1, 0);
	free(g.stands);
	if (failed)
		topics_count_done(ret);
	return failed ? -1 : 0;
}

void topics_count_done(struct topics_count *c)
{
	for (unsigned i = 0; i < c->nflows; i++)
		free(c->flows[i].flow);
	free(c->flows);
	*c = (struct topics_count){.name = NULL};
}
