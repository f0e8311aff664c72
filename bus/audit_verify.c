/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_parts.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "event.h"
#include "fsys.h"
#include "hash.h"
#include "topics.h"

/* What is known of one flow: the check values that its records say, one behind the other. */
struct writer {
	char *name;
	char (*chains)[AUDIT_CHAIN];
	uint64_t n;
	uint64_t anchored;           /* highest number in the anchor */
	uint64_t lane, seq;          /* where its last event on the topic stood in its lane */
	bool position;
};

struct verify {
	void (*found)(void *arg, const struct err *what);
	void *arg;
	struct audit_report *report;
	struct writer *writers;
	unsigned nwriters;
	uint64_t offset;             /* one past the last */
	bool dense;                  /* an offset that is not there was deleted; else numbers alone tell what is missing */
};

static void tell(struct verify *v, const struct err *what)
{
	v->report->findings++;
	v->found(v->arg, what);
}

static struct writer *writer_of(struct verify *v, struct span name)
{
	for (unsigned i = 0; i < v->nwriters; i++)
		if (span_is(name, v->writers[i].name))
			return &v->writers[i];
	v->writers = mem_grow(v->writers, v->nwriters + 1u, sizeof *v->writers);
	v->writers[v->nwriters] = (struct writer){.name = mem_text(name)};
	return &v->writers[v->nwriters++];
}

/* ---- records ---- */

/* What a record says of itself. */
struct said {
	uint64_t after, n;
	enum audit_hash hash;
	char chain[AUDIT_CHAIN];
};

static int read_said(const json_t *data, struct said *ret)
{
	const json_t *after = json_object_get(data, "after"), *n = json_object_get(data, "n");
	const char *hash = json_string_value(json_object_get(data, "hash"));
	const char *chain = json_string_value(json_object_get(data, "chain"));

	if (!json_is_integer(after) || !json_is_integer(n) || !hash || !chain || strlen(chain) != AUDIT_CHAIN - 1 ||
		audit_hash_by_name(span_of(hash), &ret->hash) != 0)
		return -1;
	ret->after = (uint64_t)json_integer_value(after);
	ret->n = (uint64_t)json_integer_value(n);
	memcpy(ret->chain, chain, AUDIT_CHAIN);
	return 0;
}

/* The bytes that its check value is over. The body goes to the lane's comma; it ends in the chain and the data's brace. */
static bool chain_is_right(const struct event *v, const struct said *s, const char *before)
{
	struct span text = v->body;
	char right[AUDIT_CHAIN];

	if (text.n <= AUDIT_TAIL || memcmp(text.p + text.n - AUDIT_TAIL, ",\"chain\":\"", 10) != 0)
		return false;
	text.n -= AUDIT_TAIL;
	audit_digest(s->hash, before, text, right);
	return strcmp(right, s->chain) == 0;
}

/* "payroll.3": its generation, and that it is the writer's own. Numbers go on without gaps, generations only up. */
static bool lane_goes_on(const struct writer *w, const struct event *v, uint64_t *ret_lane)
{
	const size_t n = strlen(w->name);

	if (v->lane.n <= n + 1 || memcmp(v->lane.p, w->name, n) != 0 || v->lane.p[n] != '.')
		return false;
	*ret_lane = strtoull(v->lane.p + n + 1, NULL, 10);
	return *ret_lane == w->lane ? v->laneseq == w->seq + 1 : *ret_lane > w->lane && v->laneseq == 1;
}

static void add_chain(struct writer *w, const struct said *s)
{
	w->chains = mem_grow(w->chains, (size_t)s->n, sizeof *w->chains);
	while (w->n + 1 < s->n)
		w->chains[w->n++][0] = 0;
	memcpy(w->chains[w->n++], s->chain, AUDIT_CHAIN);
}

static void wrong(struct verify *v, enum err_id id, const struct writer *w, uint64_t n, uint64_t at)
{
	struct err why;

	err_set(&why, id, "writer=%s\nn=%" PRIu64 "\nat=%" PRIu64, w->name, n, at);
	tell(v, &why);
}

#define LEAP_MAX 1000000u            /* numbers that may be missing in a row: more is a number that was made up */

/* One finding for one record: the next is held against what this one says. */
static void check_record(struct verify *v, struct writer *w, const struct bus_message *m, const struct event *event,
	const json_t *data)
{
	const char *before = w->n ? w->chains[w->n - 1] : AUDIT_LINK_INIT.chain;
	uint64_t lane = w->lane;
	const bool on = lane_goes_on(w, event, &lane);
	const char *act = json_string_value(json_object_get(data, "act"));
	struct said s;

	v->report->records++;
	if (read_said(data, &s) != 0 || (s.n > w->n && s.n - w->n > LEAP_MAX)) {
		wrong(v, E_AUDIT_EDITED, w, w->n + 1, m->offset);
		return;
	}
	if (s.n <= w->n) {
		wrong(v, E_AUDIT_ORDER, w, s.n, m->offset);
		return;
	}
	if (s.n > w->n + 1) {
		struct err why;

		err_set(&why, E_AUDIT_MISSING, "writer=%s\nfirst=%" PRIu64 "\nlast=%" PRIu64 "\nat=%" PRIu64, w->name,
			w->n + 1, s.n - 1, m->offset);
		tell(v, &why);
	} else if (!chain_is_right(event, &s, before) || !act || !span_is(m->key, act)) {
		wrong(v, E_AUDIT_EDITED, w, s.n, m->offset);
	} else if (!on || s.after > m->offset) {
		wrong(v, E_AUDIT_ORDER, w, s.n, m->offset);
	}
	add_chain(w, &s);
	w->lane = lane;
	w->seq = event->laneseq;
}

static void check_message(struct verify *v, const struct bus_message *m)
{
	struct event event;
	struct err why;
	json_t *data;

	if (v->dense && m->offset != v->offset) {
		err_set(&why, E_AUDIT_HOLE, "first=%" PRIu64 "\nlast=%" PRIu64, v->offset, m->offset - 1);
		tell(v, &why);
	}
	v->offset = m->offset + 1;
	if (event_read(m->value, &event, &why) != 0) {
		err_set(&why, E_AUDIT_UNREADABLE, "at=%" PRIu64, m->offset);
		tell(v, &why);
		return;
	}
	if (span_is(event.type, EVENT_LANE_OPENED)) {
		struct writer *w = writer_of(v, event.source);
		uint64_t lane = w->lane;

		if (lane_goes_on(w, &event, &lane)) {
			w->lane = lane;
			w->seq = event.laneseq;
		}
		return;
	}
	data = json_loadb(event.data.p, event.data.n, JSON_REJECT_DUPLICATES, NULL);
	check_record(v, writer_of(v, event.source), m, &event, data);
	json_decref(data);
}

static int check_records(struct verify *v, struct bus *b, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	unsigned topic;
	int got;

	if (bus_topic(b, TOPIC_ACTS, &topic, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	if (bus_read(b, topic, 0, &r, e) != 0)
		return -1;
	while ((got = bus_next(r, &m, e)) == 1)
		check_message(v, &m);
	bus_unread(r);
	return got;
}

/* ---- positions ---- */

static int check_position(void *arg, struct span key, struct span value)
{
	struct verify *v = arg;
	const struct span tail = SPAN("/acts");
	const char *chain;
	struct writer *w;
	struct err why;
	uint64_t n;
	json_t *o;

	if (key.n <= tail.n || !span_ends(key, tail))
		return 0;
	o = json_loadb(value.p, value.n, 0, NULL);
	n = (uint64_t)json_integer_value(json_object_get(o, "n"));
	chain = json_string_value(json_object_get(o, "chain"));
	w = writer_of(v, (struct span){key.p, key.n - tail.n});
	w->position = true;
	if (n != w->n || (n && (!chain || strcmp(chain, w->chains[n - 1]) != 0))) {
		err_set(&why, E_AUDIT_POSITION, "writer=%s\nn=%" PRIu64 "\nlast=%" PRIu64, w->name, n, w->n);
		tell(v, &why);
	}
	json_decref(o);
	return 0;
}

static void check_positions_there(struct verify *v)
{
	for (unsigned i = 0; i < v->nwriters; i++) {
		struct writer *w = &v->writers[i];
		struct err why;

		if (!w->n || w->position)
			continue;
		err_set(&why, E_AUDIT_POSITION, "writer=%s\nn=0\nlast=%" PRIu64, w->name, w->n);
		tell(v, &why);
	}
}

/* ---- the anchor ---- */

static int check_line(void *arg, uint64_t line, struct span name, const struct audit_link *l)
{
	struct verify *v = arg;
	struct writer *w;
	struct err why;

	v->report->anchored++;
	if (!name.n || !l->n) {
		err_set(&why, E_AUDIT_ANCHOR_LINE, "line=%" PRIu64, line);
		tell(v, &why);
		return 0;
	}
	if (memchr(name.p, '/', name.n))
		return 0;
	w = writer_of(v, name);
	if (l->n > w->n || strcmp(l->chain, w->chains[l->n - 1]) != 0) {
		err_set(&why, l->n > w->n || !w->chains[l->n - 1][0] ? E_AUDIT_GONE : E_AUDIT_ANCHOR,
			"writer=%s\nn=%" PRIu64 "\nline=%" PRIu64, w->name, l->n, line);
		tell(v, &why);
	}
	if (l->n > w->anchored)
		w->anchored = l->n;
	return 0;
}

static int check_anchor(struct verify *v, const char *path, struct err *e)
{
	struct err why;

	if (audit_anchor_each(path, check_line, v, e) < 0)
		return -1;
	if (!v->report->anchored && v->report->records) {
		err_set(&why, E_AUDIT_NO_ANCHOR, "file=%s", path);
		tell(v, &why);
		return 0;
	}
	for (unsigned i = 0; i < v->nwriters; i++) {
		struct writer *w = &v->writers[i];

		if (w->n <= w->anchored)
			continue;
		err_set(&why, E_AUDIT_NOT_ANCHORED, "writer=%s\ncount=%" PRIu64, w->name, w->n - w->anchored);
		tell(v, &why);
	}
	return 0;
}

int audit_verify(struct bus *b, const char *anchor, void (*found)(void *arg, const struct err *what), void *arg,
	struct audit_report *ret, struct err *e)
{
	struct verify v = {.found = found, .arg = arg, .report = ret, .dense = bus_is_dense(b)};
	int failed;

	*ret = (struct audit_report){0};
	failed = check_records(&v, b, e) != 0 || bus_positions(b, "", check_position, &v, e) < 0;
	if (!failed) {
		check_positions_there(&v);
		failed = anchor && check_anchor(&v, anchor, e) != 0;
	}
	for (unsigned i = 0; i < v.nwriters; i++) {
		ret->writers += v.writers[i].n > 0;
		free(v.writers[i].name);
		free(v.writers[i].chains);
	}
	free(v.writers);
	return failed ? -1 : 0;
}
