/* SPDX-License-Identifier: Apache-2.0 */
#include "router_parts.h"

#include <jansson.h>
#include <stdlib.h>

#include "clock.h"
#include "index.h"
#include "jscan.h"
#include "json_text.h"
#include "topics.h"

/*
 * A batch of which nothing failed may have gone out already, wherever something of it was routed to. So a return asks there
 * first: each destination puts the batch aside, or says that it has planned something of it (act `aside`). When all have put it
 * aside it is given back; when one has not, the others are told to go on. Until then the order stands in the position "asked":
 * [{"batch","id","order","to":["bank-abc"]}], and has no outcome.
 */
#define ASKED_MAX 50u
#define ASKED_BYTES (500u << 10)     /* as written: it stays below BUS_VALUE_MAX */

static int save(struct router *r, struct err *e)
{
	char *text = json_dumps(r->asked, JSON_COMPACT);
	int ret = flow_position_put(&r->flow, "asked", json_array_size(r->asked) ? span_of(text) : SPAN(""), e);

	free(text);
	return ret;
}

int router_asked_open(struct router *r, struct err *e)
{
	int got;

	buf_clear(&r->position);
	got = flow_position_get(&r->flow, "asked", &r->position, e);
	if (got < 0)
		return -1;
	r->asked = got ? json_loadb(r->position.p, r->position.n, 0, NULL) : json_array();
	if (!json_is_array(r->asked))
		return err_set(e, E_FLOW_POSITION, "name=%s/asked", r->flow.name);
	r->asked_anew = json_array_size(r->asked) > 0;
	return router_asked_hand_in(r, e);
}

void router_asked_close(struct router *r)
{
	json_decref(r->asked);
	r->asked = NULL;
	r->asked_anew = false;
}

/* Of the act that asks one destination: the same however often it is handed in. */
static void ask_id(const json_t *asked, const char *destination, struct buf *ret)
{
	uint8_t digest[HASH_SHA256];
	struct buf b = BUF_INIT;

	buf_span(&b, json_text_span(asked, "id"));
	buf_c(&b, 0);
	buf_str(&b, destination);
	hash_sha256(b.p, b.n, digest);
	buf_clear(ret);
	buf_str(ret, "aside-");
	hash_hex(ret, digest, 16);
	buf_done(&b);
}

static int ask_one(struct router *r, const json_t *asked, const char *destination, struct err *e)
{
	struct buf id = BUF_INIT, b = BUF_INIT;
	struct span order = json_text_span(asked, "order");
	struct act a;
	int ret;

	ask_id(asked, destination, &id);
	act_read(json_text_span(asked, "id"), order, &a);
	buf_str(&b, "{\"id\":");
	json_quote(&b, buf_as_span(&id));
	json_member(&b, "site", a.site);
	json_member(&b, "flow", span_of(destination));
	json_member(&b, "act", SPAN("aside"));
	json_member(&b, "subject", json_text_span(asked, "batch"));
	json_member(&b, "for", a.id);
	json_member(&b, "from", span_of(r->flow.name));
	json_member(&b, "by", a.by);
	json_member(&b, "at", a.at);
	json_member(&b, "reason", a.reason);
	buf_c(&b, '}');
	ret = bus_act_submit(r->flow.bus, destination, buf_text(&id), buf_as_span(&b), e);
	act_done(&a);
	buf_done(&id);
	buf_done(&b);
	return ret;
}

int router_asked_hand_in(struct router *r, struct err *e)
{
	const json_t *asked, *to;
	size_t i, k;

	if (!r->asked_anew)
		return 0;
	json_array_foreach(r->asked, i, asked)
		json_array_foreach(json_object_get(asked, "to"), k, to)
			if (ask_one(r, asked, json_string_value(to), e) != 0)
				return -1;
	r->asked_anew = false;
	return 0;
}

/* ---- asking ---- */

struct other {
	const struct router *r;
	struct span batchid;
	bool any;
};

/* A key is "topic NUL batch NUL partition". */
static int is_other(void *arg, struct span key, const struct bus_entry *entry)
{
	struct other *o = arg;
	const char *nul = memchr(key.p, 0, key.n);
	struct span topic = {key.p, nul ? (size_t)(nul - key.p) : key.n}, rest = {nul + 1, nul ? key.n - topic.n - 1 : 0};

	(void)entry;
	if (!nul || !span_starts(rest, o->batchid) || rest.n <= o->batchid.n || rest.p[o->batchid.n])
		return 0;
	for (unsigned d = 0; d < o->r->ndestinations; d++)
		if (span_is(topic, bus_topic_name(o->r->flow.bus, o->r->destinations[d].topic)))
			return 0;
	o->any = true;
	return 1;
}

/* Was a destination told of the batch that the site no longer has? It cannot be asked: 1, 0, -1. */
static int had_others(struct router *r, struct span batchid, struct err *e)
{
	struct other o = {.r = r, .batchid = batchid};
	int got = bus_entries(r->flow.bus, INDEX_CLOSED, SPAN(TOPIC_TO), is_other, &o, e);

	return o.any ? 1 : got < 0 ? -1 : 0;
}

static const json_t *asked_of(const struct router *r, struct span batchid)
{
	const json_t *asked;
	size_t i;

	json_array_foreach(r->asked, i, asked)
		if (span_eq(json_text_span(asked, "batch"), batchid))
			return asked;
	return NULL;
}

int router_ask(struct acting *a, struct span batchid, const bool routed[DESTINATIONS_MAX], struct err *e)
{
	struct router *r = a->r;
	const json_t *before = asked_of(r, batchid);
	json_t *asked, *to;
	int others;

	if (before)                  /* a second copy of the same order changes nothing */
		return span_eq(json_text_span(before, "id"), a->act->id) ? 0 : router_refuse(a, E_ACT_UNDER_WAY, e);
	others = had_others(r, batchid, e);
	if (others)
		return others < 0 ? -1 : router_refuse(a, E_ACT_MAY_BE_SENT, e);
	to = json_array();
	for (unsigned d = 0; d < r->ndestinations; d++)
		if (routed[d])
			json_array_append_new(to, json_string(r->destinations[d].name));
	asked = json_pack("{s:s%,s:s%,s:s%,s:o}", "batch", batchid.p, batchid.n, "id", a->act->id.p, a->act->id.n,
		"order", a->act->text.p, a->act->text.n, "to", to);
	if (json_array_size(r->asked) >= ASKED_MAX || act_bytes_kept(r->asked) + act_bytes_kept(asked) > ASKED_BYTES) {
		json_decref(asked);
		return router_refuse(a, E_ACT_TOO_MANY, e);
	}
	json_array_append_new(r->asked, asked);
	r->asked_anew = true;
	return save(r, e);
}

/* ---- what they say ---- */

/* Its own outcome of just that act, on jincai.acts, where only flows write: 1 (*ret_aside), 0 it has not said anything yet, -1. */
static int answer_of(struct router *r, const json_t *asked, const char *destination, bool *ret_aside, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct buf id = BUF_INIT;
	struct bus_entry at;
	struct bus_reader *reader = NULL;
	struct bus_message m;
	struct event v;
	json_t *o = NULL;
	int got;

	ask_id(asked, destination, &id);
	got = bus_look(r->flow.bus, r->flow.owner, INDEX_ACTS, index_key(key, 0, buf_as_span(&id), SPAN_NONE), &at, e);
	buf_done(&id);
	if (got <= 0)
		return got;
	if (bus_read(r->flow.bus, at.topic, at.partition, &reader, e) != 0)
		return -1;
	bus_seek(reader, at.offset);
	got = bus_next(reader, &m, e);
	if (got == 1 && event_read(m.value, &v, e) != 0)
		got = -1;
	if (got == 1) {
		const json_t *order;

		o = json_loadb(v.data.p, v.data.n, 0, NULL);
		order = json_object_get(o, "order");
		*ret_aside = span_is(json_text_span(o, "outcome"), "done") &&
			span_is(json_text_span(o, "flow"), destination) &&
			span_is(json_text_span(order, "act"), "aside") &&
			span_eq(json_text_span(order, "subject"), json_text_span(asked, "batch"));
	}
	json_decref(o);
	bus_unread(reader);
	return got;
}

struct answers {
	unsigned waiting, aside, gone;
	bool put_aside[DESTINATIONS_MAX];
};

static int count_answers(struct router *r, const json_t *asked, struct answers *ret, struct err *e)
{
	const json_t *to;
	size_t i;

	json_array_foreach(json_object_get(asked, "to"), i, to) {
		const char *name = json_string_value(to);
		bool aside = false;
		int got = answer_of(r, asked, name, &aside, e);

		if (got < 0)
			return -1;
		ret->waiting += got == 0;
		ret->gone += got == 1 && !aside;
		ret->aside += aside;
		for (unsigned d = 0; d < r->ndestinations; d++)
			if (aside && strcmp(name, r->destinations[d].name) == 0)
				ret->put_aside[d] = true;
	}
	return 0;
}

static int decide(struct router *r, const json_t *asked, const struct answers *x, struct err *e)
{
	struct act act;
	struct acting a = {.r = r, .act = &act, .now_ms = clock_now_ms()};
	int ret;

	arena_clear(&r->scratch);
	act_read(json_text_span(asked, "id"), json_text_span(asked, "order"), &act);
	ret = x->gone ? router_go_on(&a, x->put_aside, e) : router_give_back(&a, x->put_aside, e);
	act_done(&act);
	return ret;
}

int router_asked_look(struct router *r, bool *ret_any, struct err *e)
{
	for (size_t i = 0; i < json_array_size(r->asked); i++) {
		json_t *asked = json_array_get(r->asked, i);
		struct answers x = {.waiting = 0};
		int ret;

		if (count_answers(r, asked, &x, e) != 0)
			return -1;
		if (x.waiting)
			continue;
		*ret_any = true;
		json_incref(asked);
		json_array_remove(r->asked, i);
		ret = save(r, e) != 0 || decide(r, asked, &x, e) != 0 ? -1 : 0;
		json_decref(asked);
		return ret;
	}
	return 0;
}
