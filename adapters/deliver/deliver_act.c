/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "index.h"
#include "log.h"

/*
 * What people decide at a destination: `stop` a batch, or the one that an event is in, before anything of it is handed over;
 * `resume` it; `retry` one that is held here; put it `aside` for a return; and, of a parcel of which nobody knew whether it arrived, that it `came` or
 * `never` did. The stops stand in the position "<destination>/stops":
 * [{"subject","batch","order":{"id","by","at","reason"}}], where batch is the subject itself until a line
 * of that id comes.
 */
#define STOPS_MAX 200u
#define STOPS_BYTES (500u << 10)     /* as written, so that the position has room for the batches of lines that come later */

static int refuse(struct deliver *d, const struct act *a, enum err_id why, struct err *e)
{
	return flow_act_outcome(&d->flow, a, "refused", err_code(why)->name, e);
}

static int done(struct deliver *d, const struct act *a, struct err *e)
{
	log_line(LOG_WARN, "deliver.act", "flow=%s act=%.*s subject=%.*s by=%.*s", d->name, SPAN_F(a->what),
		SPAN_F(a->subject), SPAN_F(a->by));
	return flow_act_outcome(&d->flow, a, "done", "", e);
}

/* ---- stops ---- */

static bool says(const json_t *stop, const char *member, struct span text)
{
	const char *t = json_string_value(json_object_get(stop, member));

	return t && text.n && span_is(text, t);
}

static size_t stop_of(const struct deliver *d, struct span subject)
{
	size_t i = 0;

	while (i < json_array_size(d->stops) && !says(json_array_get(d->stops, i), "subject", subject))
		i++;
	return i;
}

static int save_stops(struct deliver *d, struct err *e)
{
	char *text = json_dumps(d->stops, JSON_COMPACT | JSON_SORT_KEYS);
	int ret = flow_position_put(&d->flow, "stops", span_of(text), e);

	free(text);
	return ret;
}

int deliver_restore_stops(struct deliver *d, struct err *e)
{
	json_t *o = deliver_load_position(d, "stops", e);

	if (!o)
		return -1;
	d->stops = json_is_array(o) ? o : json_array();
	if (d->stops != o)
		json_decref(o);
	d->flow.attention |= json_array_size(d->stops) > 0;
	return 0;
}

bool deliver_is_stopped(const struct deliver *d, const char *batchid)
{
	for (size_t i = 0; i < json_array_size(d->stops); i++)
		if (says(json_array_get(d->stops, i), "batch", span_of(batchid)))
			return true;
	return false;
}

int deliver_note_id(struct deliver *d, struct span id, struct span batchid, struct err *e)
{
	json_t *stop = json_array_get(d->stops, stop_of(d, id));

	if (!stop || says(stop, "batch", batchid))
		return 0;
	json_object_set_new(stop, "batch", json_stringn(batchid.p, batchid.n));
	return save_stops(d, e);
}

/* The batch that an event of that id came here in; the subject itself when none has: it is a batch, or has not come. To be freed. */
static int batch_of(struct deliver *d, struct span subject, char **ret, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	int got = bus_look(d->flow.bus, d->flow.owner, INDEX_TO, index_key(key, 0, span_of(d->name), subject), &at, e);

	if (got < 0)
		return -1;
	*ret = mem_text(got == 1 ? at.extra : subject);
	return 0;
}

static const struct gathering *gathered(const struct deliver *d, const char *batchid)
{
	const struct gathering *g = d->open;

	while (g && strcmp(g->batchid, batchid) != 0)
		g = g->next;
	return g;
}

static bool has_parcel(const struct deliver *d, const char *batchid, bool planned)
{
	for (const struct parcel *p = d->parcels; p; p = p->next)
		if (strcmp(p->batchid, batchid) == 0 && (p->state == PARCEL_PLANNED) == planned)
			return true;
	return false;
}

/* Its closing was read here and nothing of it is left: it went. So does one that is being published. 1, 0, -1. */
static int is_over(struct deliver *d, const char *batchid, struct err *e)
{
	const struct gathering *g = gathered(d, batchid);
	struct batch_closing c;
	uint64_t offset;

	if (g)
		return g->out.digest[0] != 0;
	if (has_parcel(d, batchid, true))
		return 0;
	if (has_parcel(d, batchid, false))
		return 1;
	for (unsigned i = 0; i < d->ninputs; i++) {
		int got;

		arena_clear(&d->scratch);
		got = batch_closing_find(d->flow.bus, d->flow.owner, d->topic, span_of(batchid), d->inputs[i].partition,
			&d->scratch, &c, &offset, e);
		if (got < 0 || (got == 1 && offset < d->inputs[i].offset))
			return got;
	}
	return 0;
}

static json_t *stop_new(const struct act *a, const char *batchid)
{
	static const char *const names[] = {"id", "by", "at", "reason", NULL};
	json_t *one = json_object();

	json_object_set_new(one, "subject", json_stringn(a->subject.p, a->subject.n));
	json_object_set_new(one, "batch", json_string(batchid));
	json_object_set_new(one, "order", act_kept(a, names));
	return one;
}

static int add_stop(struct deliver *d, const struct act *a, const char *batchid, struct err *e)
{
	json_t *one = stop_new(a, batchid);

	if (json_array_size(d->stops) >= STOPS_MAX || act_bytes_kept(d->stops) + act_bytes_kept(one) > STOPS_BYTES) {
		json_decref(one);
		return refuse(d, a, E_ACT_TOO_MANY, e);
	}
	json_array_append_new(d->stops, one);
	d->flow.attention = true;
	return save_stops(d, e) != 0 || done(d, a, e) != 0 ? -1 : 0;
}

static int stop(struct deliver *d, const struct act *a, struct err *e)
{
	char *batchid = NULL;
	int over, ret = -1;

	if (stop_of(d, a->subject) < json_array_size(d->stops))
		return refuse(d, a, E_ACT_STOPPED_BEFORE, e);
	if (batch_of(d, a->subject, &batchid, e) != 0)
		return -1;
	over = is_over(d, batchid, e);
	if (over == 1) {
		ret = refuse(d, a, E_ACT_WENT_OUT, e);
	} else if (over == 0) {
		ret = add_stop(d, a, batchid, e);
	}
	free(batchid);
	return ret;
}

static int resume(struct deliver *d, const struct act *a, struct err *e)
{
	size_t at = stop_of(d, a->subject);
	char digest[ACT_DIGEST];

	if (at == json_array_size(d->stops))
		return refuse(d, a, E_ACT_NOT_STOPPED, e);
	act_stop_digest(json_object_get(json_array_get(d->stops, at), "order"), digest);
	if (!span_is(a->digest, digest))
		return refuse(d, a, E_ACT_CHANGED, e);
	json_array_remove(d->stops, at);
	return save_stops(d, e) != 0 || done(d, a, e) != 0 ? -1 : 0;
}

/* One of an id stays: the id may come again. */
int deliver_drop_stop(struct deliver *d, const char *batchid, struct err *e)
{
	size_t at = stop_of(d, span_of(batchid));

	if (at == json_array_size(d->stops))
		return 0;
	json_array_remove(d->stops, at);
	return save_stops(d, e);
}

/* ---- a held batch is judged anew ---- */

/* By the same rules, with the form in force: one that still cannot go is held again. */
static int retry(struct deliver *d, const struct act *a, struct err *e)
{
	struct gathering *g = d->open;

	while (g && !span_is(a->subject, g->batchid))
		g = g->next;
	if (!g || !g->held)
		return refuse(d, a, E_ACT_GONE, e);
	g->held = false;
	g->changed = true;
	return deliver_move_batch(d, g, TOTAL_STOPPED, TOTAL_PENDING, e) != 0 || deliver_save(d, e) != 0 ||
			       done(d, a, e) != 0
		       ? -1
		       : 0;
}

static int put_aside(struct deliver *d, const struct act *a, struct err *e)
{
	enum err_id why;
	int got = deliver_put_aside(d, a, &why, e);

	return got < 0 ? -1 : got ? done(d, a, e) : refuse(d, a, why, e);
}

/* ---- parcels of which nobody knows ---- */

static struct parcel *unknown_parcel(struct deliver *d, struct span no)
{
	char text[24];

	for (struct parcel *p = d->parcels; p; p = p->next) {
		snprintf(text, sizeof text, "%" PRIu64, p->no);
		if (p->state == PARCEL_UNKNOWN && span_is(no, text))
			return p;
	}
	return NULL;
}

/* The receiver has it: done. It has not: all renames again, from the first whose staged name is there. */
static int settle(struct deliver *d, const struct act *a, struct err *e)
{
	struct parcel *p = unknown_parcel(d, a->subject);
	bool never = span_is(a->what, "never");

	if (!p)
		return refuse(d, a, E_ACT_GONE, e);
	if (!span_is(a->digest, p->digest))
		return refuse(d, a, E_ACT_CHANGED, e);
	if (never && !deliver_can_hand(d, p))
		return refuse(d, a, E_PARCEL_GONE, e);
	p->state = PARCEL_PLANNED;
	if (!never && deliver_end_parcel(d, p, e) != 0)
		return -1;
	return deliver_save(d, e) != 0 || done(d, a, e) != 0 ? -1 : 0;
}

/* ---- */

static bool lets_go(const struct act *a)
{
	return span_is(a->what, "resume") || span_is(a->what, "never");
}

unsigned deliver_act_people(struct flow *f, const struct act *a)
{
	if (!lets_go(a) && !span_is(a->what, "stop") && !span_is(a->what, "came") && !span_is(a->what, "retry") &&
		!span_is(a->what, "aside"))
		return 0;
	return lets_go(a) && f->money ? 2 : 1;
}

int deliver_act(struct flow *f, const struct act *a, struct err *e)
{
	struct deliver *d = (struct deliver *)f;

	if (!a->subject.n || !a->by.n || !a->reason.n)
		return refuse(d, a, E_ACT_UNKNOWN, e);
	if (span_is(a->what, "stop"))
		return stop(d, a, e);
	if (span_is(a->what, "resume"))
		return resume(d, a, e);
	if (span_is(a->what, "retry"))
		return retry(d, a, e);
	if (span_is(a->what, "aside"))
		return put_aside(d, a, e);
	return settle(d, a, e);
}

/* ---- who looks from outside ---- */

struct walk {
	deliver_each_stop *each;
	void *arg;
	struct err *e;
	int ret;
};

static int walk_position(void *arg, struct span key, struct span value)
{
	const struct span tail = SPAN("/stops");
	struct walk *w = arg;
	const json_t *stop;
	json_t *list;
	size_t i;

	if (!span_ends(key, tail))
		return 0;
	list = json_loadb(value.p, value.n, 0, NULL);
	json_array_foreach(list, i, stop) {
		const char *subject = json_string_value(json_object_get(stop, "subject"));
		const char *batch = json_string_value(json_object_get(stop, "batch"));

		if (!subject || !batch)
			w->ret = err_set(w->e, E_FLOW_POSITION, "name=%.*s", SPAN_F(key));
		else
			w->ret = w->each(w->arg, (struct span){key.p, key.n - tail.n}, subject, batch,
				json_object_get(stop, "order"), w->e);
		if (w->ret)
			break;
	}
	json_decref(list);
	return w->ret;
}

int deliver_stops(struct bus *b, deliver_each_stop *each, void *arg, struct err *e)
{
	struct walk w = {each, arg, e, 0};

	return bus_positions(b, "", walk_position, &w, e) < 0 || w.ret < 0 ? -1 : 0;
}
