/* SPDX-License-Identifier: Apache-2.0 */
#include "shares.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "act.h"
#include "clock.h"
#include "log.h"

#define LOOK_MS 3000
#define LEFT_TO_FIRST 6u             /* times: with the waits of flow_run some six seconds */
#define ENDED_BY_OTHERS 6u           /* times: beyond that it is something else */

void shares_name(const char *whole, unsigned part, unsigned of, char ret[SHARES_NAME])
{
	if (of > 1)
		snprintf(ret, SHARES_NAME, "%s.p%u", whole, part);
	else
		snprintf(ret, SHARES_NAME, "%s", whole);
}

void shares_flow(const struct share *s, char ret[SHARES_NAME])
{
	if (s->flows)
		snprintf(ret, SHARES_NAME, "%s.p%u", s->whole, s->part);
	else
		shares_name(s->whole, s->part, s->of, ret);
}

static bool number_of(struct span text, unsigned *ret)
{
	*ret = 0;
	if (!text.n || text.n > 2 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*ret = *ret * 10 + (unsigned)(text.p[i] - '0');
	}
	return true;
}

bool shares_names(const char *whole, struct span flow, unsigned *ret_part)
{
	const size_t n = strlen(whole);

	*ret_part = 0;
	if (span_is(flow, whole))
		return true;
	return flow.n > n + 2 && memcmp(flow.p, whole, n) == 0 && memcmp(flow.p + n, ".p", 2) == 0 &&
		number_of((struct span){flow.p + n + 2, flow.n - n - 2}, ret_part);
}

int shares_part(const char *text, unsigned *ret_part, unsigned *ret_of)
{
	const char *slash = strchr(text, '/');

	if (!slash || !number_of((struct span){text, (size_t)(slash - text)}, ret_part) ||
		!number_of(span_of(slash + 1), ret_of))
		return -1;
	return *ret_of >= 1 && *ret_of <= SHARES_MAX && *ret_part < *ret_of ? 0 : -1;
}

unsigned shares_part_of(unsigned partition, unsigned of)
{
	return of > 1 ? partition % of : 0;
}

bool shares_has(const struct share *s, unsigned partition)
{
	return shares_part_of(partition, s->of) == s->part;
}

/* ---- the record ---- */

static const char *generation_name(const char *whole, char ret[SHARES_NAME])
{
	snprintf(ret, SHARES_NAME, "%s.generation", whole);
	return ret;
}

static bool is_generation(const json_t *o)
{
	const json_t *number = json_object_get(o, "number"), *of = json_object_get(o, "shares");

	return json_is_integer(number) && json_integer_value(number) >= 0 && json_is_integer(of) &&
		json_integer_value(of) >= 1 && json_integer_value(of) <= (json_int_t)SHARES_MAX;
}

static bool is_record(const json_t *o)
{
	const json_t *older = json_object_get(o, "older"), *one;
	size_t i;

	if (!is_generation(o) || !json_is_array(older))
		return false;
	json_array_foreach(older, i, one)
		if (!is_generation(one))
			return false;
	return true;
}

/* To be released; NULL with an error. */
static json_t *read_record(struct bus *b, const char *whole, struct shares_now *ret, struct err *e)
{
	struct buf text = BUF_INIT, key = BUF_INIT;
	char name[SHARES_NAME];
	json_t *o;
	int got;

	buf_printf(&key, "%s/shares", generation_name(whole, name));
	got = bus_position_get(b, buf_text(&key), &text, e);
	o = got == 1 ? json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL)
		: got == 0 ? json_pack("{s:i,s:i,s:[]}", "number", 0, "shares", 1, "older") : NULL;
	if (got >= 0 && !is_record(o)) {
		json_decref(o);
		o = NULL;
		err_set(e, E_FLOW_POSITION, "name=%s", buf_text(&key));
	}
	if (o)
		*ret = (struct shares_now){(uint64_t)json_integer_value(json_object_get(o, "number")),
			(unsigned)json_integer_value(json_object_get(o, "shares"))};
	buf_done(&text);
	buf_done(&key);
	return o;
}

int shares_read(struct bus *b, const char *whole, struct shares_now *ret, struct err *e)
{
	json_t *o = read_record(b, whole, ret, e);

	json_decref(o);
	return o ? 0 : -1;
}

static int put_record(struct bus_owner *o, const json_t *record, struct err *e)
{
	char *text = json_dumps(record, JSON_COMPACT), key[SHARES_NAME + 8];
	int failed;

	snprintf(key, sizeof key, "%s/shares", bus_owner_flow(o));
	failed = bus_position_put(o, key, span_of(text), e) < 0 || bus_commit(o, e) < 0 ? -1 : 0;
	free(text);
	return failed;
}

/* ---- a new generation ---- */

struct waiting {
	const struct share *s;
	unsigned of;                 /* parts of the newest generation */
	char flow[SHARES_NAME];      /* the first that waits */
};

static void note(struct waiting *w, struct span flow)
{
	unsigned part;

	if (shares_names(w->s->whole, flow, &part) && part < w->of && (w->of > 1) == !span_is(flow, w->s->whole))
		snprintf(w->flow, sizeof w->flow, "%.*s", SPAN_F(flow));
}

static int is_stopped(void *arg, struct span flow, const json_t *order, struct err *e)
{
	(void)order, (void)e;
	note(arg, flow);
	return 0;
}

static int is_pending(void *arg, const struct act *a, const json_t *approvals, struct err *e)
{
	(void)approvals, (void)e;
	note(arg, a->flow);
	return 0;
}

/* "<flow>/asked": an act that the flow itself has not ended yet. */
static int is_asked(void *arg, struct span key, struct span value)
{
	const struct span tail = SPAN("/asked");

	if (span_ends(key, tail) && value.n)
		note(arg, (struct span){key.p, key.n - tail.n});
	return 0;
}

/* A part that is stopped keeps that under its own name, and so do acts that wait; its partitions would run on under another. A
 * flow that is there for ever keeps its name. */
static int nothing_waits(const struct share *s, struct bus *b, unsigned of, struct err *e)
{
	struct waiting w = {s, of, ""};

	if (s->flows)
		return 0;
	if (acts_stopped(b, is_stopped, &w, e) < 0 || acts_pending(b, is_pending, &w, e) < 0 ||
		bus_positions(b, s->whole, is_asked, &w, e) < 0)
		return -1;
	return w.flow[0] ? err_set(e, E_SHARES_WAITING, "flow=%s", w.flow) : 0;
}

/* What was before it is no longer the newest, and nobody knows yet that all of it is fenced. */
static void follow(json_t *record, unsigned of)
{
	json_t *older = json_object_get(record, "older");
	const json_int_t number = json_integer_value(json_object_get(record, "number"));

	json_array_append_new(older, json_pack("{s:I,s:O}", "number", number, "shares", json_object_get(record, "shares")));
	json_object_set_new(record, "number", json_integer(number + 1));
	json_object_set_new(record, "shares", json_integer((json_int_t)of));
}

/* The owner of the name sees what every writer before it wrote, and fences those who have not yet. */
static int write_next(const struct share *s, struct bus *b, struct err *e)
{
	char name[SHARES_NAME];
	struct bus_owner *o = NULL;
	struct shares_now now;
	json_t *record = NULL;
	int failed = bus_own(b, generation_name(s->whole, name), &o, e);

	if (!failed)
		record = read_record(b, s->whole, &now, e);
	failed = record ? 0 : -1;
	if (!failed && now.of != s->of) {
		failed = nothing_waits(s, b, now.of, e);
		if (!failed) {
			follow(record, s->of);
			failed = put_record(o, record, e);
			if (!failed)
				log_line(LOG_WARN, "shares.new", "flow=%s shares=%u was=%u generation=%" PRIu64,
					s->whole, s->of, now.of, now.number + 1);
		}
	}
	json_decref(record);
	bus_disown(o);
	return failed;
}

/* Who is fenced meanwhile looks again: most likely it was written. Who is fenced by one that has not written yet is told no more than
 * that its transaction was ended. */
static int begin(struct share *s, struct bus *b, struct err *e)
{
	if (s->part > 0 && s->waited < LEFT_TO_FIRST) {
		s->waited++;
		return err_set(e, E_SHARES_BUSY, "flow=%s", s->whole);
	}
	if (write_next(s, b, e) == 0)
		return 0;
	if (e->id == E_BUS_FENCED || ((e->id == E_BUS_FAILED || e->id == E_BUS_STUCK) && s->ended++ < ENDED_BY_OTHERS))
		return err_set(e, E_SHARES_BUSY, "flow=%s", s->whole);
	return -1;
}

/* ---- those before ---- */

static const char *fence_name(const struct share *s, uint64_t number, unsigned part, char ret[SHARES_NAME])
{
	if (number)
		snprintf(ret, SHARES_NAME, "%s.%" PRIu64 ".p%u", s->whole, number, part);
	else if (s->flows)
		snprintf(ret, SHARES_NAME, "%s.p%u", s->whole, part);
	else
		snprintf(ret, SHARES_NAME, "%s", s->whole);
	return ret;
}

static int fence_older(const struct share *s, struct bus *b, const json_t *record, struct err *e)
{
	const unsigned first = s->flows ? s->part : 0, only = s->flows ? (s->part ? s->part + 1 : s->flows) : 0;
	const json_t *one;
	char name[SHARES_NAME];
	size_t i;

	json_array_foreach(json_object_get(record, "older"), i, one) {
		const uint64_t number = (uint64_t)json_integer_value(json_object_get(one, "number"));
		const unsigned parts = only ? only : (unsigned)json_integer_value(json_object_get(one, "shares"));

		for (unsigned p = first; p < parts; p++)
			if (bus_fence(b, fence_name(s, number, p, name), e) < 0)
				return -1;
	}
	return 0;
}

/* So that the next to start need not fence them again. Not done is fine. */
static void note_fenced(const struct share *s, struct bus *b)
{
	char name[SHARES_NAME];
	struct bus_owner *o = NULL;
	struct shares_now now;
	struct err ignored = ERR_INIT;
	json_t *record = NULL;

	if (bus_own(b, generation_name(s->whole, name), &o, &ignored) == 0)
		record = read_record(b, s->whole, &now, &ignored);
	if (record && now.number == s->number) {
		json_array_clear(json_object_get(record, "older"));
		(void)put_record(o, record, &ignored);
	}
	json_decref(record);
	bus_disown(o);
}

/* ---- owning ---- */

static int newer(const char *flow, struct err *e)
{
	return err_set(e, E_SHARES_NEWER, "flow=%s", flow);
}

/* The newest record, to be released; NULL with an error. */
static json_t *settle(struct share *s, struct bus *b, const char *flow, struct err *e)
{
	struct shares_now now;
	json_t *record = read_record(b, s->whole, &now, e);

	if (record && s->begun && now.number != s->number) {
		newer(flow, e);
	} else if (record && now.of != s->of && !s->chosen) {
		err_set(e, E_SHARES_OTHER, "flow=%s\nhave=%u\nwant=%u", s->whole, now.of, s->of);
	} else if (record && now.of != s->of) {
		json_decref(record);
		record = begin(s, b, e) < 0 ? NULL : read_record(b, s->whole, &now, e);
		if (!record || now.of == s->of)
			goto out;
		newer(flow, e);
	} else {
		goto out;
	}
	json_decref(record);
	return NULL;
out:
	if (record) {
		s->number = now.number;
		s->begun = true;
	}
	return record;
}

int shares_look(struct share *s, struct bus *b, struct err *e)
{
	const int64_t at = clock_steady_ms();
	char flow[SHARES_NAME];
	struct shares_now now;

	if (at - s->looked < LOOK_MS)
		return 0;
	s->looked = at;
	shares_flow(s, flow);
	if (shares_read(b, s->whole, &now, e) < 0)
		return -1;
	return now.number == s->number ? 0 : newer(flow, e);
}

int shares_own(struct share *s, struct bus *b, struct bus_owner **ret, struct err *e)
{
	char flow[SHARES_NAME], fence[SHARES_NAME];
	struct bus_owner *o = NULL;
	struct shares_now now;
	json_t *record;
	int failed;

	shares_flow(s, flow);
	record = settle(s, b, flow, e);
	if (!record)
		return -1;
	failed = fence_older(s, b, record, e);
	if (!failed)
		failed = bus_own_as(b, flow, fence_name(s, s->number, s->part, fence), &o, e);
	if (!failed)
		failed = shares_read(b, s->whole, &now, e);
	if (!failed && now.number != s->number)
		failed = newer(flow, e);
	if (failed) {
		bus_disown(o);
	} else {
		if (s->part == 0 && json_array_size(json_object_get(record, "older")))
			note_fenced(s, b);
		*ret = o;
	}
	json_decref(record);
	return failed ? -1 : 0;
}
