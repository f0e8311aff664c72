/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <inttypes.h>
#include <jansson.h>

#include "jscan.h"

void batch_closing_write(struct buf *b, const struct batch_closing *c, const struct event *attributes)
{
	struct buf id = BUF_INIT;
	struct event v = {.source = attributes->source, .time = attributes->time, .type = SPAN(EVENT_BATCH_CLOSED),
		.batchid = c->batchid};

	buf_printf(&id, "closed:%.*s:%u", SPAN_F(c->batchid), c->partition);
	v.id = buf_as_span(&id);
	event_begin(b, &v);
	buf_str(b, "{\"adapter\":");
	json_quote(b, c->adapter);
	buf_str(b, ",\"types\":[");
	for (unsigned i = 0; i < c->ntypes; i++) {
		buf_str(b, i ? "," : "");
		json_quote(b, c->types[i]);
	}
	buf_printf(b, "],\"whole\":%s,\"partition\":%u,\"published\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"routed\":%" PRIu64,
		c->whole ? "true" : "false", c->partition, c->published, c->failed, c->routed);
	if (c->last) {
		buf_printf(b, ",\"all\":%" PRIu64 ",\"partitions\":[", c->all);
		for (unsigned i = 0; i < c->npartitions; i++)
			buf_printf(b, "%s%u", i ? "," : "", c->partitions[i]);
		buf_c(b, ']');
	}
	buf_c(b, '}');
	buf_done(&id);
}

static struct span text_of(const json_t *o, const char *name, struct arena *scratch)
{
	const char *t = json_string_value(json_object_get(o, name));

	return t ? arena_span(scratch, span_of(t)) : SPAN_NONE;
}

/* One type alone stands under `type` in what was written before a batch could have several. */
static void read_types(const json_t *o, struct arena *scratch, struct batch_closing *c)
{
	const json_t *types = json_object_get(o, "types"), *t;
	struct span one = text_of(o, "type", scratch);
	size_t i;

	if (one.p)
		c->types[c->ntypes++] = one;
	json_array_foreach(types, i, t)
		if (c->ntypes < BATCH_TYPES_MAX && json_is_string(t))
			c->types[c->ntypes++] = arena_span(scratch, span_of(json_string_value(t)));
}

static uint64_t number_of(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

int batch_closing_read(const struct event *v, struct arena *scratch, struct batch_closing *ret, struct err *e)
{
	json_t *o = json_loadb(v->data.p, v->data.n, 0, NULL);
	const json_t *partitions = json_object_get(o, "partitions"), *p;
	struct batch_closing c = {.batchid = v->batchid};
	size_t i;

	c.adapter = text_of(o, "adapter", scratch);
	read_types(o, scratch, &c);
	c.whole = json_is_true(json_object_get(o, "whole"));
	c.partition = (unsigned)number_of(o, "partition");
	c.published = number_of(o, "published");
	c.failed = number_of(o, "failed");
	c.routed = number_of(o, "routed");
	c.last = partitions != NULL;
	c.all = number_of(o, "all");
	json_array_foreach(partitions, i, p)
		if (i < sizeof c.partitions / sizeof *c.partitions)
			c.partitions[c.npartitions++] = (unsigned)json_integer_value(p);
	json_decref(o);
	if (!o || !c.adapter.p || !c.ntypes || !c.batchid.n)
		return err_set(e, E_BATCH_CLOSING, "id=%.*s", SPAN_F(v->id));
	*ret = c;
	return 0;
}
