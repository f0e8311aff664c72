/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_flow_parts.h"

#include <stdlib.h>

#include "hash.h"
#include "json_text.h"

/*
 * Batches amid their lines. The commit that has the lines has their counts, too: whoever ends them later, by a form or a selection
 * that is another one by then, says of each partition what lies on it.
 */
#define BEGUN "begun"                /* {"plan","batches":[{"batch","topic","all","passed","here":[[partition,lines]]}]} */

void replay_begun_add(struct replaying *r, struct replay_batch *b)
{
	b->begun = true;
	b->here = mem_new(REPLAY_PARTITIONS * sizeof *b->here);
	r->begun = mem_grow(r->begun, r->nbegun + 1u, sizeof(struct replay_batch *));
	r->begun[r->nbegun++] = b;
}

void replay_begun_ended(struct replaying *r, struct replay_batch *b)
{
	unsigned i = 0;

	while (r->begun[i] != b)
		i++;
	r->begun[i] = r->begun[--r->nbegun];
	free(b->here);
	b->here = NULL;
}

static json_t *one_of(const struct replay_batch *b)
{
	json_t *here = json_array();

	for (unsigned p = 0; p < REPLAY_PARTITIONS; p++)
		if (b->here[p])
			json_array_append_new(here, json_pack("[i,I]", (int)p, (json_int_t)b->here[p]));
	return json_pack("{s:s,s:s,s:I,s:I,s:o}", "batch", b->id, "topic", b->topic, "all", (json_int_t)b->all,
		"passed", (json_int_t)b->passed, "here", here);
}

int replay_begun_save(struct replaying *r, struct err *e)
{
	json_t *list, *o;
	char *text;
	int ret;

	if (!r->nbegun && !r->begun_kept)
		return 0;
	r->begun_kept = r->nbegun > 0;
	if (!r->nbegun)
		return flow_position_put(&r->flow, BEGUN, SPAN(""), e);
	list = json_array();
	for (unsigned i = 0; i < r->nbegun; i++)
		json_array_append_new(list, one_of(r->begun[i]));
	o = json_pack("{s:s,s:o}", "plan", r->id, "batches", list);
	text = json_dumps(o, JSON_COMPACT);
	ret = flow_position_put(&r->flow, BEGUN, span_of(text), e);
	free(text);
	json_decref(o);
	return ret;
}

static int recall_one(struct replaying *r, const json_t *o, struct err *e)
{
	struct replay_batch *b = replay_batches_of(r->batches, json_text_span(o, "batch"));
	const json_t *at;
	unsigned topic;
	size_t i;

	if (bus_topic(r->flow.bus, json_text(o, "topic"), &topic, e) != 0)
		return -1;
	b->topic = bus_topic_name(r->flow.bus, topic);
	b->all = (uint64_t)json_integer_value(json_object_get(o, "all"));
	b->passed = (uint64_t)json_integer_value(json_object_get(o, "passed"));
	replay_begun_add(r, b);
	json_array_foreach(json_object_get(o, "here"), i, at) {
		const json_int_t p = json_integer_value(json_array_get(at, 0));

		if (p >= 0 && p < (json_int_t)REPLAY_PARTITIONS)
			b->here[p] = (uint64_t)json_integer_value(json_array_get(at, 1));
	}
	return 0;
}

int replay_begun_recall(struct replaying *r, struct err *e)
{
	const json_t *one;
	json_t *o;
	size_t i;
	int ret = 0;

	buf_clear(&r->text);
	if (flow_position_get(&r->flow, BEGUN, &r->text, e) < 0)
		return -1;
	o = json_loadb(r->text.p ? r->text.p : "", r->text.n, 0, NULL);
	r->begun_kept = o != NULL;
	if (r->text.n && strcmp(json_text(o, "plan"), r->id) != 0)
		ret = err_set(e, E_FLOW_POSITION, "name=%s/" BEGUN, r->flow.name);
	json_array_foreach(json_object_get(o, "batches"), i, one)
		ret = ret == 0 ? recall_one(r, one, e) : ret;
	json_decref(o);
	return ret;
}

/* ---- given up ---- */

/* The event topic does not hold its closings any more: then what the destination needs to hear. */
static void make_up(const struct replaying *r, const struct replay_batch *b, struct arena *a,
	struct batch_closing **ret, unsigned *ret_n)
{
	const unsigned n = bus_partitions(r->flow.bus, r->topic), own = hash_partition(span_of(b->id), n);
	struct batch_closing c = {.batchid = span_of(b->id), .adapter = SPAN(SITE_REPLAY), .types = {span_of(b->topic)}, .ntypes = 1, .whole = true};

	*ret = arena_new(a, n * sizeof **ret);
	*ret_n = 0;
	for (unsigned p = 0; p < n && p < REPLAY_PARTITIONS; p++) {
		if (!b->here[p] && p != own)
			continue;
		c.partition = p;
		if (p != own)
			(*ret)[(*ret_n)++] = c;
		c.partitions[c.npartitions++] = p;
	}
	c.partition = own;
	c.last = true;
	c.all = b->all;
	(*ret)[(*ret_n)++] = c;
}

/* One of which no line was given is not known there. */
static bool has_lines(const struct replay_batch *b)
{
	for (unsigned p = 0; p < REPLAY_PARTITIONS; p++)
		if (b->here[p])
			return true;
	return false;
}

static int give_up(struct replaying *r, const struct replay_batch *b, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct batch_closing *list;
	unsigned n;
	int got = replay_give_closings(r, b, &a, &list, &n, e);

	if (got == 0)
		make_up(r, b, &a, &list, &n);
	for (unsigned i = 0; got >= 0 && i < n; i++)
		list[i].given_up = true;
	if (got >= 0)
		got = replay_give_tell(r, b, list, n, true, e);
	arena_done(&a);
	return got < 0 ? -1 : 0;
}

int replay_begun_give_up(struct replaying *r, struct err *e)
{
	while (r->nbegun && !flow_step_full(&r->flow)) {
		if (has_lines(r->begun[r->nbegun - 1]) && give_up(r, r->begun[r->nbegun - 1], e) != 0)
			return -1;
		r->nbegun--;
	}
	return r->nbegun > 0;
}
