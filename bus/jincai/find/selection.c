/* SPDX-License-Identifier: Apache-2.0 */
#include "selection_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "index.h"
#include "lane.h"
#include "topics.h"

bool selection_is_empty(const struct selection_words *w)
{
	return !w->topic && !w->from && !w->day && !w->key && !w->unit && !w->where && !w->to[0] && !w->to[1];
}

/* ---- partitions ---- */

bool selection_has_data(const char *topic)
{
	return (topics_carries_events(topic) && !topics_is_destination(topic)) || topics_is_out(topic) ||
		topics_is_replay(topic);
}

/* All partitions of the topics; one that the bus does not have yet holds nothing. */
static int add_parts(struct selection *s, struct err *e)
{
	size_t room = 0;

	for (unsigned i = 0; i < s->sense.ntopics; i++) {
		const char *topic = s->sense.topics[i];
		unsigned handle, n;

		if (bus_topic(s->bus, topic, &handle, e) != 0) {
			if (e->id != E_BUS_NO_TOPIC)
				return -1;
			continue;
		}
		n = bus_partitions(s->bus, handle);
		s->parts = mem_room(s->parts, &room, s->nparts + n, sizeof *s->parts);
		for (unsigned p = 0; p < n; p++)
			s->parts[s->nparts++] = (struct selection_part){.topic = topic, .handle = handle,
				.partition = p, .data = selection_has_data(topic)};
	}
	return 0;
}

/* The first offset of the partition that came at that time or later; its end when there is none. */
static int offset_at(struct selection_part *p, int64_t ms, uint64_t *ret, struct err *e)
{
	struct bus_message m;
	int got;

	if (bus_seek_time(p->reader, ms, e) != 0 || (got = bus_next(p->reader, &m, e)) < 0)
		return -1;
	*ret = got && m.offset < p->end ? m.offset : p->end;
	return 0;
}

static int bound(struct selection_part *p, const struct when *w, uint64_t *ret, struct err *e)
{
	if (w->kind == WHEN_TIME)
		return offset_at(p, w->ms, ret, e);
	if (w->partition < 0 || (unsigned)w->partition == p->partition)
		*ret = w->offset < p->end ? w->offset : p->end;
	else
		*ret = p->end;
	return 0;
}

/* An offset of one partition leaves the others out. */
static bool left_out(const struct selection_part *p, bool is_set, const struct when *w)
{
	return is_set && w->kind == WHEN_OFFSET && w->partition >= 0 && (unsigned)w->partition != p->partition;
}

static int set_bounds(const struct selection *s, struct selection_part *p, struct err *e)
{
	const struct selection_sense *n = &s->sense;

	if (bus_end(s->bus, p->handle, p->partition, &p->end, e) != 0)
		return -1;
	p->begin = 0;
	if (left_out(p, n->from_is_set, &n->from) || left_out(p, n->to_is_set, &n->to)) {
		p->begin = p->end;
		p->ended = true;
		return 0;
	}
	if (n->to_is_set && bound(p, &n->to, &p->end, e) != 0)
		return -1;
	if (n->from_is_set && bound(p, &n->from, &p->begin, e) != 0)
		return -1;
	return 0;
}

static int has_partition(const struct selection *s, const char *option, bool is_set, const struct when *w,
	struct err *e)
{
	if (!is_set || w->kind != WHEN_OFFSET || w->partition < 0 || !s->nparts)
		return 0;
	for (unsigned i = 0; i < s->nparts; i++)
		if (s->parts[i].partition == (unsigned)w->partition)
			return 0;
	return err_set(e, E_SELECTION_OFFSET, "option=%s\ntext=@%d:%" PRIu64, option, w->partition, w->offset);
}

static int open_parts(struct selection *s, bool bounds, struct err *e)
{
	for (unsigned i = 0; i < s->nparts; i++) {
		struct selection_part *p = &s->parts[i];

		if (bus_read(s->bus, p->handle, p->partition, &p->reader, e) != 0 ||
			(bounds && set_bounds(s, p, e) != 0))
			return -1;
		bus_seek(p->reader, p->begin);
		s->counts.all += p->end > p->begin ? p->end - p->begin : 0;
	}
	return 0;
}

static struct selection *selection_new(struct site *site, struct bus *b)
{
	struct selection *s = mem_new(sizeof *s);

	s->site = site;
	s->bus = b;
	s->hash = hash_sha256_new();
	return s;
}

int selection_open(struct site *site, struct bus *b, const struct selection_words *w, int64_t now_ms,
	struct selection **ret, struct err *e)
{
	struct selection *s = selection_new(site, b);

	if (selection_understand(s, w, now_ms, e) != 0 || add_parts(s, e) != 0 ||
		has_partition(s, "--from", s->sense.from_is_set, &s->sense.from, e) != 0 ||
		has_partition(s, "--to", s->sense.to_is_set, &s->sense.to, e) != 0 || selection_types(s, e) != 0 ||
		open_parts(s, true, e) != 0) {
		selection_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

int selection_again(struct site *site, struct bus *b, struct span json, struct selection **ret, struct err *e)
{
	struct selection *s = selection_new(site, b);

	if (selection_recall(s, json, e) != 0 || selection_types(s, e) != 0 || open_parts(s, false, e) != 0) {
		selection_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void selection_close(struct selection *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->nparts; i++)
		bus_unread(s->parts[i].reader);
	free(s->parts);
	selection_types_done(s);
	selection_sense_done(&s->sense);
	hash_sha256_free(s->hash);
	free(s);
}

int selection_newest(struct selection *s, uint64_t n, struct err *e)
{
	(void)e;
	if (s->counts.all <= n)
		return 0;
	for (unsigned i = 0; i < s->nparts; i++) {
		struct selection_part *p = &s->parts[i];
		uint64_t has = p->end > p->begin ? p->end - p->begin : 0;
		uint64_t keeps = (uint64_t)((double)has * (double)n / (double)s->counts.all);

		if (has && !keeps)
			keeps = 1;       /* the last one of each partition is always looked at */
		s->counts.left_out += has - keeps;
		p->begin = p->end - keeps;
		bus_seek(p->reader, p->begin);
	}
	return 0;
}

int selection_more(struct selection *s, struct err *e)
{
	int more = 0;

	for (unsigned i = 0; i < s->nparts; i++) {
		struct selection_part *p = &s->parts[i];
		uint64_t end = p->end;

		if (p->ended)
			continue;
		if (bus_end(s->bus, p->handle, p->partition, &end, e) != 0)
			return -1;
		if (s->sense.to_is_set && s->sense.to.kind == WHEN_OFFSET && end > s->sense.to.offset)
			end = s->sense.to.offset;
		if (end <= p->end)
			continue;
		s->counts.all += end - p->end;
		p->end = end;
		more = 1;
	}
	return more;
}

/* ---- reading ---- */

/* Has the partition's next record stand in next, when it has one before its end. 1, 0, -1. */
static int fetch(struct selection *s, struct selection_part *p, struct err *e)
{
	int got;

	if (p->ended || p->begin >= p->end)
		return 0;
	if (!p->has) {
		got = bus_next(p->reader, &p->next, e);
		if (got <= 0)
			return got;
		p->has = true;
	}
	if (s->sense.to_is_set && s->sense.to.kind == WHEN_TIME && p->next.time_ms >= s->sense.to.ms) {
		p->ended = true;
		return 0;
	}
	return p->next.offset < p->end;
}

/* The partition whose record came first. 1, 0, -1. */
static int earliest(struct selection *s, struct selection_part **ret, struct err *e)
{
	struct selection_part *least = NULL;

	for (unsigned i = 0; i < s->nparts; i++) {
		int got = fetch(s, &s->parts[i], e);

		if (got < 0)
			return -1;
		if (got && (!least || s->parts[i].next.time_ms < least->next.time_ms))
			least = &s->parts[i];
	}
	*ret = least;
	return least != NULL;
}

static bool is_of_days(const struct selection *s, const struct event *v)
{
	int64_t day;

	return !s->sense.days_are_set ||
		(index_pay_day_of(v, &day) == 0 && day >= s->sense.first_day && day <= s->sense.last_day);
}

static bool is_of_unit(const struct selection *s, const struct event *v)
{
	struct span unit = span_of(s->sense.unit);

	if (!unit.p)
		return true;
	if (span_ends(unit, SPAN("*")))
		return span_starts(v->unit, (struct span){unit.p, unit.n - 1});
	return span_eq(v->unit, unit);
}

static bool has_key(const struct selection *s, const struct selection_type *t, struct span key, const struct event *v)
{
	const struct span of_event[] = {v->id, v->batchid, v->subject, v->partitionkey, key};

	if (!s->sense.key)
		return true;
	for (unsigned i = 0; i < sizeof of_event / sizeof *of_event; i++)
		if (span_is(of_event[i], s->sense.key))
			return true;
	for (unsigned i = 0; i < t->nnumbers; i++)
		if (span_is(t->slots.v[t->numbers[i]].text, s->sense.key))
			return true;
	return false;
}

/* 1 the destination was given it, 0 not, -1. */
static int was_given(struct selection *s, const struct event *v, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry entry;

	if (!s->sense.destination)
		return 1;
	return bus_look(s->bus, NULL, INDEX_TO, index_key(key, 0, span_of(s->sense.destination), v->id), &entry, e);
}

bool selection_judge(struct selection *s, const struct event *v, struct span key, bool data,
	const struct schema **ret_schema, enum selection_skip *ret)
{
	struct selection_type *t;

	*ret = SELECTION_NOT_DAY;
	if (!is_of_days(s, v))
		return false;
	*ret = SELECTION_NOT_UNIT;
	if (!is_of_unit(s, v))
		return false;
	*ret = SELECTION_UNREADABLE;
	t = selection_type_of(s, v, data);
	if (!t)
		return false;
	*ret_schema = t->schema;
	*ret = SELECTION_NOT_KEY;
	if (!has_key(s, t, key, v))
		return false;
	*ret = SELECTION_NOT_WHERE;
	return !t->where || expr_true(t->where, t->slots.v);
}

/* 1 it is selected, 0 not and *ret says why, -1. Takes the event in. */
static int judge(struct selection *s, struct selection_part *p, struct selected *x, enum selection_skip *ret,
	struct err *e)
{
	struct err ignored;

	*ret = SELECTION_UNREADABLE;
	if (bus_shared(s->bus) && !lane_is_stamped(p->next.value))
		return 0;
	if (event_read(p->next.value, &x->event, &ignored) != 0)
		return 0;
	*ret = SELECTION_OURS;
	if (event_is_ours(&x->event) && (topics_carries_events(p->topic) || span_is(x->event.type, EVENT_LANE_OPENED)))
		return 0;
	if (!selection_judge(s, &x->event, p->next.key, p->data, &x->schema, ret))
		return 0;
	*ret = SELECTION_NOT_TO;
	return was_given(s, &x->event, e);
}

static void add_to_digest(struct selection *s, const struct selected *x)
{
	char place[BUS_KEY_MAX];
	int n = snprintf(place, sizeof place, "%s\n%u\n%" PRIu64 "\n", x->topic, x->partition, x->offset);

	hash_sha256_add(s->hash, place, (size_t)n);
	hash_sha256_add(s->hash, x->event.id.p, x->event.id.n);
	hash_sha256_add(s->hash, "\n", 1);
	hash_sha256_add(s->hash, x->event.body.p, x->event.body.n);
	hash_sha256_add(s->hash, "\n", 1);
}

void selection_slice(struct selection *s, uint64_t records)
{
	s->slice = records;
}

int selection_next(struct selection *s, struct selected *ret, struct err *e)
{
	struct selection_part *p;
	enum selection_skip why;
	uint64_t looked = 0;
	int got;

	if (s->given)
		s->given->has = false;
	s->given = NULL;
	while ((got = earliest(s, &p, e)) == 1) {
		struct selected x = {.topic = p->topic, .partition = p->partition, .offset = p->next.offset,
			.time_ms = p->next.time_ms, .key = p->next.key, .value = p->next.value};

		if (s->slice && looked++ == s->slice)
			return 2;
		got = judge(s, p, &x, &why, e);
		if (got < 0)
			return -1;
		s->counts.read++;
		if (got) {
			s->counts.given++;
			s->given = p;
			add_to_digest(s, &x);
			*ret = x;
			return 1;
		}
		s->counts.skipped[why]++;
		p->has = false;
	}
	return got;
}

const struct selection_counts *selection_counts(const struct selection *s)
{
	return &s->counts;
}

void selection_digest(const struct selection *s, char ret[65])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256_get(s->hash, digest);
	hash_hex(&hex, digest, sizeof digest);
	memcpy(ret, hex.p, hex.n);
	ret[hex.n] = 0;
	buf_done(&hex);
}
