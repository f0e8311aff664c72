/* SPDX-License-Identifier: Apache-2.0 */
#include "claim.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "hash.h"
#include "index.h"
#include "jscan.h"
#include "topics.h"

static void write_overlays(struct buf *b, const struct overlays *o)
{
	struct buf hex = BUF_INIT;

	for (unsigned i = 0; i < o->n; i++) {
		buf_printf(b, "%s{\"line\":%" PRIu64, i ? "," : ",\"overlays\":[", o->list[i].line);
		buf_clear(&hex);
		hash_hex(&hex, (const uint8_t *)o->list[i].bytes.p, o->list[i].bytes.n);
		json_member(b, "bytes", buf_as_span(&hex));
		json_member(b, "act", o->list[i].act);
		json_member(b, "by", o->list[i].by);
		buf_c(b, '}');
	}
	if (o->n)
		buf_c(b, ']');
	buf_done(&hex);
}

uint64_t claim_block(uint64_t size)
{
	uint64_t block = CLAIM_BLOCK;

	while (size > block * CLAIM_BLOCKS)
		block *= 2;
	return block;
}

void claim_write(struct buf *b, const struct claim *c, struct span source)
{
	struct buf id = BUF_INIT, time = BUF_INIT;
	struct event v = {.source = source, .type = SPAN(EVENT_CLAIM), .batchid = c->batchid};

	buf_printf(&id, "claim:%.*s:%.*s", SPAN_F(c->batchid), SPAN_F(c->state));
	clock_write(&time, c->time_ms);
	v.id = buf_as_span(&id);
	v.time = buf_as_span(&time);
	event_begin(b, &v);
	buf_str(b, "{\"adapter\":");
	json_quote(b, c->adapter);
	json_member(b, "taken", c->taken);
	json_member(b, "name", c->name);
	json_member(b, "keys", c->keys);
	json_member(b, "digest", c->digest);
	json_member(b, "state", c->state);
	if (c->was.n)
		json_member(b, "was", c->was);
	json_member(b, "form", c->form);
	json_member(b, "form_digest", c->form_digest);
	if (c->tables.n)
		json_member(b, "tables", c->tables);
	json_member(b, "verdict", c->verdict);
	json_member(b, "digests", c->digests);
	buf_printf(b, ",\"size\":%" PRIu64 ",\"records\":%" PRIu64 ",\"events\":%" PRIu64 ",\"dead\":%" PRIu64
		",\"skipped\":%" PRIu64, c->size, c->records, c->events, c->dead, c->skipped);
	if (c->has_count)
		buf_printf(b, ",\"declared_count\":%" PRIu64, c->count);
	if (c->has_sum) {
		char amount[24];

		buf_printf(b, ",\"declared_sum\":\"%s\"", money_text(c->sum, amount));
	}
	if (c->suspects.n) {
		buf_printf(b, ",\"suspected\":%" PRIu64, c->suspected);
		json_member(b, "suspects", c->suspects);
		buf_str(b, ",\"suspect_list\":");
		buf_span(b, c->suspect_list);
	}
	if (c->confirmed.n)
		json_member(b, "confirmed", c->confirmed);
	buf_str(b, ",\"reasons\":[");
	for (unsigned i = 0; i < c->nreasons; i++) {
		buf_str(b, i ? ",{\"code\":" : "{\"code\":");
		json_quote(b, c->reasons[i].code);
		json_member(b, "args", c->reasons[i].args);
		json_member(b, "where", c->reasons[i].where);
		buf_c(b, '}');
	}
	buf_c(b, ']');
	write_overlays(b, &c->overlays);
	buf_str(b, ",\"totals\":");
	totals_write(c->totals, b);
	buf_c(b, '}');
	buf_done(&id);
	buf_done(&time);
}

void claim_reason(struct claim *c, struct arena *a, const struct err *why)
{
	if (c->nreasons == sizeof c->reasons / sizeof *c->reasons)
		return;
	c->reasons[c->nreasons].code = span_of(err_code(why->id)->name);
	c->reasons[c->nreasons].args = arena_span(a, span_of(why->args));
	c->reasons[c->nreasons++].where = arena_span(a, span_of(why->where));
}

void claim_main_reason(struct claim *c, struct arena *a, const struct err *why)
{
	struct claim first = {0};

	claim_reason(&first, a, why);
	if (c->nreasons == sizeof c->reasons / sizeof *c->reasons)
		c->nreasons--;
	memmove(&c->reasons[1], &c->reasons[0], c->nreasons * sizeof *c->reasons);
	c->reasons[0] = first.reasons[0];
	c->nreasons++;
}

static struct span member(const json_t *o, const char *name, struct arena *a)
{
	const char *t = json_string_value(json_object_get(o, name));

	return arena_span(a, span_of(t ? t : ""));
}

static uint64_t number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static void read_declared(const json_t *o, struct claim *c)
{
	const char *sum = json_string_value(json_object_get(o, "declared_sum"));
	struct money_form form = MONEY_YUAN;
	struct err ignored;

	c->has_count = json_object_get(o, "declared_count") != NULL;
	c->count = number(o, "declared_count");
	c->has_sum = sum && money_read(span_of(sum), &form, &c->sum, &ignored) == 0;
}

/* -1: what lies over a line cannot be told. */
static int read_overlays(const json_t *list, struct arena *a, struct overlays *ret)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		struct span hex = member(o, "bytes", a);
		struct overlay x = {.line = number(o, "line"),
			.bytes = {arena_new(a, hex.n / 2 + 1), hex.n / 2},
			.act = member(o, "act", a),
			.by = member(o, "by", a)};

		if (!x.line || !x.bytes.n || hash_unhex(hex, (uint8_t *)(uintptr_t)x.bytes.p, x.bytes.n) != 0 ||
			!overlays_put(ret, &x))
			return -1;
	}
	return 0;
}

static void read_suspects(const json_t *o, struct claim *c, struct arena *a)
{
	const json_t *list = json_object_get(o, "suspect_list");
	char *text = list ? json_dumps(list, JSON_COMPACT) : NULL;

	c->suspect_list = arena_span(a, span_of(text ? text : ""));
	free(text);
}

int claim_read(const struct event *v, struct arena *a, struct claim *ret, struct err *e)
{
	json_t *o = json_loadb(v->data.p, v->data.n, 0, NULL);
	const json_t *reasons = json_object_get(o, "reasons"), *r;
	struct claim c = {.batchid = arena_span(a, v->batchid), .totals = totals_new()};
	size_t i;

	c.adapter = member(o, "adapter", a);
	c.taken = member(o, "taken", a);
	c.name = member(o, "name", a);
	c.keys = member(o, "keys", a);
	c.digest = member(o, "digest", a);
	c.state = member(o, "state", a);
	c.was = member(o, "was", a);
	c.form = member(o, "form", a);
	c.form_digest = member(o, "form_digest", a);
	c.tables = member(o, "tables", a);
	c.verdict = member(o, "verdict", a);
	c.digests = member(o, "digests", a);
	c.size = number(o, "size");
	c.records = number(o, "records");
	c.events = number(o, "events");
	c.dead = number(o, "dead");
	c.skipped = number(o, "skipped");
	c.suspected = number(o, "suspected");
	c.suspects = member(o, "suspects", a);
	c.confirmed = member(o, "confirmed", a);
	read_suspects(o, &c, a);
	read_declared(o, &c);
	json_array_foreach(reasons, i, r)
		if (i < sizeof c.reasons / sizeof *c.reasons) {
			c.reasons[i].code = member(r, "code", a);
			c.reasons[i].args = member(r, "args", a);
			c.reasons[i].where = member(r, "where", a);
			c.nreasons++;
		}
	if (!c.state.n || !c.adapter.n || read_overlays(json_object_get(o, "overlays"), a, &c.overlays) != 0 || clock_read(v->time, &c.time_ms) != 0 ||
		totals_read(c.totals, json_object_get(o, "totals"), e) != 0) {
		totals_free(c.totals);
		json_decref(o);
		return err_set(e, E_CLAIM_RECORD, "id=%.*s", SPAN_F(v->id));
	}
	json_decref(o);
	*ret = c;
	return 0;
}

int claim_find(struct bus *b, struct bus_owner *o, struct span batchid, struct buf *record, struct arena *a,
	struct claim *ret, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	int got = bus_look(b, o, INDEX_CLAIMS, index_key(key, INDEX_BATCH, batchid, SPAN_NONE), &at, e);

	if (got <= 0)
		return got;
	if (bus_read(b, at.topic, at.partition, &r, e) != 0)
		return -1;
	bus_seek(r, at.offset);
	got = bus_next(r, &m, e);
	if (got == 1) {
		buf_clear(record);
		buf_span(record, m.value);
		got = event_read(buf_as_span(record), &v, e) == 0 && claim_read(&v, a, ret, e) == 0 ? 1 : -1;
	}
	bus_unread(r);
	return got;
}
