/* SPDX-License-Identifier: Apache-2.0 */
#include "router_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "topics.h"

struct router *router_new(struct bus *b, const char *flow_name, const char *site_name)
{
	struct router *r = mem_new(sizeof *r);
	struct buf source = BUF_INIT;
	unsigned acts;
	struct err ignored;

	r->flow.kind = &router_kind;
	r->flow.bus = b;
	snprintf(r->flow.name, sizeof r->flow.name, "%s", flow_name);
	buf_printf(&source, "/%s/%s", site_name, flow_name);
	r->source = mem_text(buf_as_span(&source));
	r->scratch = ARENA_INIT;
	buf_done(&source);
	/* What destinations answer stands on the topic of acts. */
	if (b && bus_topic(b, TOPIC_ACTS, &acts, &ignored) == 0)
		r->flow.inputs[r->flow.ninputs++] = acts;
	if (b && bus_topic(b, TOPIC_JOURNAL, &r->journal_topic, &ignored) == 0)
		r->flow.outputs[r->flow.noutputs++] = r->journal_topic;
	r->first = r->flow.ninputs;
	return r;
}

unsigned router_destination(struct router *r, const char *name, unsigned topic)
{
	assert(r->ndestinations < DESTINATIONS_MAX);
	snprintf(r->destinations[r->ndestinations].name, sizeof r->destinations->name, "%s", name);
	r->destinations[r->ndestinations].topic = topic;
	r->flow.outputs[r->flow.noutputs++] = topic;
	return r->ndestinations++;
}

unsigned router_type(struct router *r, const char *name, unsigned topic, const struct schema *s, bool instruction)
{
	struct type *t;
	bool known = false;

	r->types = mem_grow(r->types, r->ntypes + 1u, sizeof *r->types);
	t = &r->types[r->ntypes];
	memset(t, 0, sizeof *t);
	t->name = mem_text(span_of(name));
	t->topic = topic;
	t->instruction = instruction;
	t->names = names_new();
	t->extract = extract_new(s, t->names);
	slots_init(&t->slots, names_count(t->names));
	for (unsigned i = 0; i < r->flow.ninputs; i++)
		known |= r->flow.inputs[i] == topic;
	if (!known)
		r->flow.inputs[r->flow.ninputs++] = topic;
	return r->ntypes++;
}

struct names *router_names(struct router *r, unsigned type)
{
	return r->types[type].names;
}

void router_shape(struct router *r, unsigned type, unsigned destination, const struct map *line,
	const struct names *names, const struct slots *fixed, int split_slot)
{
	struct type *t = &r->types[type];
	struct shape *s = &t->shapes[destination];

	s->line = line;
	s->split = split_slot;
	slots_init(&s->slots, names_count(names));
	s->from = mem_grow(NULL, names_count(names), sizeof *s->from);
	for (unsigned i = 0; i < names_count(names); i++) {
		s->from[i] = names_use(t->names, span_of(names_text(names, i)));
		s->slots.v[i] = fixed->v[i];
	}
}

void router_route(struct router *r, unsigned type, unsigned destination, struct expr *when)
{
	struct type *t = &r->types[type];

	t->routes = mem_grow(t->routes, t->nroutes + 1u, sizeof *t->routes);
	t->routes[t->nroutes++] = (struct route){destination, when};
}

struct flow *router_flow(struct router *r)
{
	return &r->flow;
}

void router_free(struct flow *f)
{
	struct router *r = (struct router *)f;

	for (unsigned i = 0; i < r->ntypes; i++) {
		struct type *t = &r->types[i];

		for (unsigned k = 0; k < t->nroutes; k++)
			expr_free(t->routes[k].when);
		for (unsigned k = 0; k < DESTINATIONS_MAX; k++) {
			slots_done(&t->shapes[k].slots);
			free(t->shapes[k].from);
		}
		free(t->routes);
		slots_done(&t->slots);
		extract_free(t->extract);
		names_free(t->names);
		free(t->name);
	}
	free(r->types);
	free(r->source);
	buf_done(&r->event);
	buf_done(&r->position);
	arena_done(&r->scratch);
	free(r);
}
