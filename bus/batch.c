/* SPDX-License-Identifier: Apache-2.0 */
#include "batch.h"

#include <inttypes.h>
#include <jansson.h>

#include "index.h"
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
	buf_printf(b,
		"],\"whole\":%s,\"partition\":%u,\"published\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"routed\":%" PRIu64,
		c->whole ? "true" : "false", c->partition, c->published, c->failed, c->routed);
	if (c->before)
		buf_printf(b, ",\"before\":%" PRIu64, c->before);
	if (c->here)
		buf_printf(b, ",\"here\":%" PRIu64, c->here);
	if (c->again)
		buf_str(b, ",\"again\":true");
	if (c->returned)
		buf_str(b, ",\"returned\":true");
	if (c->goes_on)
		buf_str(b, ",\"goes_on\":true");
	if (c->given_up)
		buf_str(b, ",\"given_up\":true");
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

static bool add_partition(struct batch_closing *c, json_int_t p)
{
	if (p < 0 || p >= (json_int_t)BATCH_PARTITIONS_MAX || c->npartitions == BATCH_PARTITIONS_MAX)
		return false;
	c->partitions[c->npartitions++] = (unsigned)p;
	return true;
}

int batch_closing_read(const struct event *v, unsigned partition, struct arena *scratch, struct batch_closing *ret, struct err *e)
{
	json_t *o = json_loadb(v->data.p, v->data.n, 0, NULL);
	const json_t *partitions = json_object_get(o, "partitions"), *p;
	struct batch_closing c = {.batchid = v->batchid};
	bool bad = number_of(o, "partition") != partition;
	size_t i;

	c.adapter = text_of(o, "adapter", scratch);
	read_types(o, scratch, &c);
	c.whole = json_is_true(json_object_get(o, "whole"));
	c.partition = (unsigned)number_of(o, "partition");
	c.published = number_of(o, "published");
	c.failed = number_of(o, "failed");
	c.routed = number_of(o, "routed");
	c.before = number_of(o, "before");
	c.here = number_of(o, "here");
	c.again = json_is_true(json_object_get(o, "again"));
	c.returned = json_is_true(json_object_get(o, "returned"));
	c.goes_on = json_is_true(json_object_get(o, "goes_on"));
	c.given_up = json_is_true(json_object_get(o, "given_up"));
	c.last = partitions != NULL;
	c.all = number_of(o, "all");
	json_array_foreach(partitions, i, p)
		bad |= !add_partition(&c, json_integer_value(p));
	json_decref(o);
	if (!o || bad || !c.adapter.p || !c.ntypes || !c.batchid.n)
		return err_set(e, E_BATCH_CLOSING, "id=%.*s", SPAN_F(v->id));
	*ret = c;
	return 0;
}

/* Where the newest closing lies: 1, 0, -1. */
static int look_closing(struct bus *b, struct bus_owner *o, unsigned topic, struct span batchid, unsigned partition, struct bus_entry *ret,
	struct err *e)
{
	struct buf second = BUF_INIT;
	char key[INDEX_KEY_MAX];
	int got;

	buf_span(&second, batchid);
	buf_c(&second, 0);
	buf_printf(&second, "%u", partition);
	got = bus_look(b, o, INDEX_CLOSED, index_key(key, 0, span_of(bus_topic_name(b, topic)), buf_as_span(&second)), ret, e);
	buf_done(&second);
	return got == 1 && ret->pending ? 0 : got;
}

static int read_closing(const struct bus_message *m, unsigned partition, struct arena *a, struct batch_closing *ret, struct err *e)
{
	struct event v;

	if (event_read(m->value, &v, e) != 0 || batch_closing_read(&v, partition, a, ret, e) != 0)
		return -1;
	ret->batchid = arena_span(a, ret->batchid);
	return 1;
}

int batch_closing_find(struct bus *b, struct bus_owner *o, unsigned topic, struct span batchid, unsigned partition,
	struct arena *a, struct batch_closing *ret, uint64_t *ret_offset, struct err *e)
{
	struct bus_entry at;
	struct bus_reader *r = NULL;
	struct bus_message m;
	int got = look_closing(b, o, topic, batchid, partition, &at, e);

	if (got <= 0)
		return got;
	if (bus_read(b, at.topic, at.partition, &r, e) != 0)
		return -1;
	bus_seek(r, at.offset);
	got = bus_next(r, &m, e);
	if (got == 1)
		got = read_closing(&m, at.partition, a, ret, e);
	if (got == 1)
		*ret_offset = m.offset;
	bus_unread(r);
	return got;
}

int batch_closing_pick(struct bus *b, struct picker *p, unsigned topic, struct span batchid, unsigned partition,
	struct arena *a, struct batch_closing *ret, uint64_t *ret_offset, struct err *e)
{
	struct bus_entry at;
	struct bus_message m;
	int got = look_closing(b, NULL, topic, batchid, partition, &at, e);

	if (got == 1)
		got = picker_get(p, &at, &m, e);
	if (got == 1)
		got = read_closing(&m, at.partition, a, ret, e);
	if (got == 1)
		*ret_offset = at.offset;
	return got;
}
