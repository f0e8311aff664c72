/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"

#define FLOW_MAX 104u
#define LANE_MAX 128u

/* ---- the writing side ---- */

struct lane_topic {
	unsigned topic, partitions;
	uint64_t *last;              /* number of the last record on each partition; 0: the lane is not opened there */
};

struct lanes {
	struct bus *bus;
	struct bus_owner *owner;
	char name[LANE_MAX];
	int64_t now_ms;
	bool opened, only;
	unsigned partition;          /* of `only` */
	struct lane_topic **topics;
	unsigned ntopics;
	struct lane_topic **by_handle;   /* NULL: not ours */
	unsigned nhandles;
	json_t *before;              /* by topic: the lane that wrote it last */
	struct buf scratch;
};

static int bad_state(const char *flow, struct err *e)
{
	return err_set(e, E_LANE_STATE, "flow=%s", flow);
}

/* One topic of a position: {"lane":"payroll-a.2","last":[3,1]}; 0 of partitions that it does not write, when there is one that it does. */
static bool topic_state_ok(const json_t *row)
{
	const json_t *last = json_object_get(row, "last"), *number;
	bool any = false;
	size_t i;

	if (!json_is_string(json_object_get(row, "lane")) || !json_is_array(last))
		return false;
	json_array_foreach(last, i, number) {
		if (!json_is_integer(number) || json_integer_value(number) < 0)
			return false;
		any |= json_integer_value(number) > 0;
	}
	return any || !json_array_size(last);
}

static json_t *state_read(struct span before)
{
	json_t *state = before.n ? json_loadb(before.p, before.n, JSON_REJECT_DUPLICATES, NULL) : json_object();
	const char *name;
	json_t *row;

	if (!json_is_object(state))
		goto bad;
	json_object_foreach(state, name, row)
		if (!topic_state_ok(row))
			goto bad;
	return state;
bad:
	json_decref(state);
	return NULL;
}

static void take_topic(struct lanes *l, unsigned topic)
{
	struct lane_topic *t;

	if (topic < l->nhandles && l->by_handle[topic])
		return;
	l->topics = mem_grow(l->topics, l->ntopics + 1u, sizeof(struct lane_topic *));
	t = l->topics[l->ntopics++] = mem_new(sizeof *t);
	t->topic = topic;
	t->partitions = bus_partitions(l->bus, topic);
	t->last = mem_new(t->partitions * sizeof *t->last);
	if (topic >= l->nhandles) {
		l->by_handle = mem_grow(l->by_handle, topic + 1, sizeof(struct lane_topic *));
		while (l->nhandles <= topic)
			l->by_handle[l->nhandles++] = NULL;
	}
	l->by_handle[topic] = t;
}

void lanes_add(struct lanes *l, unsigned topic)
{
	const unsigned before = l->ntopics;

	take_topic(l, topic);
	l->opened = l->opened && l->ntopics == before;
}

int lanes_open(struct bus *b, struct bus_owner *o, const unsigned *topics, unsigned ntopics, struct span before,
	int64_t now_ms, struct lanes **ret, struct err *e)
{
	json_t *state = state_read(before);
	struct lanes *l;

	if (!state)
		return bad_state(bus_owner_flow(o), e);
	l = mem_new(sizeof *l);
	l->bus = b;
	l->owner = o;
	l->now_ms = now_ms;
	l->before = state;
	snprintf(l->name, sizeof l->name, "%s.%" PRIu64, bus_owner_flow(o), bus_generation(o));
	for (unsigned i = 0; i < ntopics; i++)
		take_topic(l, topics[i]);
	*ret = l;
	return 0;
}

void lanes_close(struct lanes *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->ntopics; i++) {
		free(l->topics[i]->last);
		free(l->topics[i]);
	}
	free(l->topics);
	free(l->by_handle);
	json_decref(l->before);
	buf_done(&l->scratch);
	free(l);
}

void lanes_only(struct lanes *l, unsigned partition)
{
	l->only = true;
	l->partition = partition;
}

static bool writes(const struct lanes *l, const struct lane_topic *t, unsigned partition)
{
	return !l->only || t->partitions == 1 || partition == l->partition;
}

static int stage_opened(struct lanes *l, struct lane_topic *t, unsigned partition, struct err *e)
{
	const char *name = bus_topic_name(l->bus, t->topic);
	const json_t *row = json_object_get(l->before, name);
	const json_t *last = json_array_get(json_object_get(row, "last"), partition);
	struct buf id = BUF_INIT, time = BUF_INIT, *b = &l->scratch;
	int r;

	/* The number of partitions is fixed for life: a row with fewer is not ours, and none was left out that is written now. */
	if (row && (!last || !json_integer_value(last)))
		return bad_state(bus_owner_flow(l->owner), e);
	buf_printf(&id, "%s:%s:%u", l->name, name, partition);
	clock_write(&time, l->now_ms);
	buf_clear(b);
	event_begin(b, &(struct event){.id = buf_as_span(&id), .source = span_of(bus_owner_flow(l->owner)),
		.type = SPAN(EVENT_LANE_OPENED), .time = buf_as_span(&time)});
	if (row)
		buf_printf(b, "{\"predecessor\":\"%s\",\"last\":\"%" JSON_INTEGER_FORMAT "\"}",
			json_string_value(json_object_get(row, "lane")), json_integer_value(last));
	else
		buf_str(b, "{}");
	event_stamp(b, span_of(l->name), 1);
	r = bus_append(l->owner, t->topic, partition, span_of(l->name), buf_as_span(b), e);
	if (r == 0)
		t->last[partition] = 1;
	buf_done(&id);
	buf_done(&time);
	return r;
}

static int open_all(struct lanes *l, struct err *e)
{
	for (unsigned i = 0; i < l->ntopics; i++)
		for (unsigned p = 0; p < l->topics[i]->partitions; p++)
			if (!l->topics[i]->last[p] && writes(l, l->topics[i], p) &&
				stage_opened(l, l->topics[i], p, e) < 0)
				return -1;
	l->opened = true;
	return 0;
}

int lanes_append(struct lanes *l, unsigned topic, unsigned partition, struct span key, struct buf *event,
	struct err *e)
{
	struct lane_topic *t = topic < l->nhandles ? l->by_handle[topic] : NULL;

	assert(t && partition < t->partitions && writes(l, t, partition));
	if (!l->opened && open_all(l, e) < 0)
		return -1;
	event_stamp(event, span_of(l->name), t->last[partition] + 1);
	if (bus_append(l->owner, topic, partition, key, buf_as_span(event), e) < 0)
		return -1;
	t->last[partition]++;
	return 0;
}

static void write_topic(struct lanes *l, const struct lane_topic *t)
{
	struct buf *b = &l->scratch;

	buf_c(b, b->n ? ',' : '{');
	json_quote(b, span_of(bus_topic_name(l->bus, t->topic)));
	buf_str(b, ":{\"lane\":");
	json_quote(b, span_of(l->name));
	buf_str(b, ",\"last\":");
	for (unsigned p = 0; p < t->partitions; p++) {
		buf_c(b, p ? ',' : '[');
		buf_u64(b, t->last[p]);
	}
	buf_str(b, "]}");
}

static bool is_ours(const struct lanes *l, const char *name)
{
	for (unsigned i = 0; i < l->ntopics; i++)
		if (strcmp(bus_topic_name(l->bus, l->topics[i]->topic), name) == 0)
			return true;
	return false;
}

int lanes_save(struct lanes *l, struct err *e)
{
	struct buf *b = &l->scratch;
	char key[FLOW_MAX + 8];
	const char *name;
	json_t *row;

	if (!l->opened)
		return 0;
	buf_clear(b);
	for (unsigned i = 0; i < l->ntopics; i++)
		write_topic(l, l->topics[i]);
	json_object_foreach(l->before, name, row) {
		char *text;

		if (is_ours(l, name))
			continue;
		text = json_dumps(row, JSON_COMPACT);
		buf_c(b, b->n ? ',' : '{');
		json_quote(b, span_of(name));
		buf_printf(b, ":%s", text);
		free(text);
	}
	buf_c(b, '}');
	snprintf(key, sizeof key, "%s/lane", bus_owner_flow(l->owner));
	return bus_position_put(l->owner, key, buf_as_span(b), e);
}

/* ---- what others have written ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool lane_is_stamped(struct span record)
{
	const struct span mark = SPAN("\",\"laneseq\":\"");
	size_t n = record.n;

	if (!span_ends(record, SPAN("\"}")))
		return false;
	for (n -= 2; n > 0 && is_digit(record.p[n - 1]);)
		n--;
	return n + 2 < record.n && span_ends((struct span){record.p, n}, mark);
}

int lane_next(struct bus *b, struct bus_reader *r, struct bus_message *ret, struct err *e)
{
	int got;

	do
		got = bus_next(r, ret, e);
	while (got == 1 && bus_shared(b) && !lane_is_stamped(ret->value));
	return got;
}

static int each_of(struct bus *b, struct bus_reader *r, const char *topic, unsigned partition, const char *type, lane_each_event *each,
	void *arg, struct err *e)
{
	struct bus_message m;
	struct event v;
	int got, ret = 0;

	while (ret == 0 && (got = lane_next(b, r, &m, e)) != 0) {
		if (got < 0)
			return -1;
		if (event_read(m.value, &v, e) != 0)
			return err_at(e, "%s/%u@%" PRIu64, topic, partition, m.offset);
		if (!type || span_is(v.type, type))
			ret = each(arg, &v, e);
	}
	return ret;
}

int lane_each(struct bus *b, const char *topic, const char *type, int64_t since_ms, lane_each_event *each, void *arg, struct err *e)
{
	unsigned number;
	int ret = 0;

	if (bus_topic(b, topic, &number, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	for (unsigned p = 0; p < bus_partitions(b, number) && ret == 0; p++) {
		struct bus_reader *r = NULL;

		ret = bus_read(b, number, p, &r, e) != 0 || (since_ms && bus_seek_time(r, since_ms, e) != 0) ? -1
			: each_of(b, r, topic, p, type, each, arg, e);
		bus_unread(r);
	}
	return ret;
}

/* ---- the reading side ---- */

struct head {
	char flow[FLOW_MAX];
	uint64_t generation, last;
	char lane[LANE_MAX];
	size_t nlane;
};

struct lane_heads {
	struct head *heads;          /* sorted by flow */
	size_t n, cap;
	size_t hit;                  /* the one that was asked last */
};

struct lane_heads *lane_heads_new(void)
{
	return mem_new(sizeof(struct lane_heads));
}

void lane_heads_free(struct lane_heads *h)
{
	if (h)
		free(h->heads);
	free(h);
}

/* "payroll-a.3" to flow and generation; false when it is no lane. */
static bool lane_split(struct span lane, struct span *ret_flow, uint64_t *ret_generation)
{
	size_t dot = lane.n;
	uint64_t g = 0;

	while (dot > 0 && lane.p[dot - 1] != '.')
		dot--;
	if (dot < 2 || dot == lane.n || lane.n - dot > 18 || dot > FLOW_MAX || lane.p[dot] == '0')
		return false;
	for (size_t i = dot; i < lane.n; i++) {
		if (lane.p[i] < '0' || lane.p[i] > '9')
			return false;
		g = g * 10 + (uint64_t)(lane.p[i] - '0');
	}
	*ret_flow = (struct span){lane.p, dot - 1};
	*ret_generation = g;
	return true;
}

static size_t head_at(const struct lane_heads *h, struct span flow)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (span_cmp(span_of(h->heads[mid].flow), flow) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct head *head_find(struct lane_heads *h, struct span flow)
{
	size_t at = head_at(h, flow);

	return at < h->n && span_is(flow, h->heads[at].flow) ? &h->heads[at] : NULL;
}

/* Sets the head of the lane's flow. */
static void head_put(struct lane_heads *h, struct span lane, uint64_t last)
{
	struct head fresh = {.last = last, .nlane = lane.n}, *x;
	struct span flow;
	size_t at;

	if (!lane_split(lane, &flow, &fresh.generation))
		abort();
	memcpy(fresh.flow, flow.p, flow.n);
	memcpy(fresh.lane, lane.p, lane.n);
	x = head_find(h, flow);
	at = head_at(h, flow);
	if (!x) {
		if (h->n == h->cap)
			h->heads = mem_grow(h->heads, h->cap = h->cap * 2 + 4, sizeof *h->heads);
		memmove(h->heads + at + 1, h->heads + at, (h->n++ - at) * sizeof *h->heads);
	}
	h->heads[at] = fresh;
	h->hit = at;
}

static int fork_of(struct span lane, struct err *e)
{
	return err_set(e, E_LANE_FORK, "lane=%.*s", SPAN_F(lane));
}

static int gap_of(struct span lane, uint64_t want, uint64_t got, struct err *e)
{
	return err_set(e, E_LANE_GAP, "lane=%.*s\nwant=%" PRIu64 "\ngot=%" PRIu64, SPAN_F(lane), want, got);
}

static int to_number(struct span text, uint64_t *ret)
{
	uint64_t n = 0;

	if (text.n == 0 || text.n > 18)
		return -1;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*ret = n;
	return 0;
}

/* What lane.opened says of the one before: predecessor is empty when there was none. */
static int read_opened(const struct event *v, struct span *ret_predecessor, uint64_t *ret_last)
{
	struct err ignored = ERR_INIT;
	struct jscan s;
	struct span key, last = SPAN_NONE;
	struct jscan_value value;
	int more;

	*ret_predecessor = SPAN_NONE;
	jscan_init(&s, v->data);
	if (jscan_enter_object(&s, &ignored) < 0)
		return -1;
	while ((more = jscan_next_key(&s, &key, &ignored)) == 1) {
		if (jscan_value(&s, &value, &ignored) < 0)
			return -1;
		if (span_is(key, "predecessor"))
			*ret_predecessor = value.raw;
		else if (span_is(key, "last"))
			last = value.raw;
	}
	return more < 0 || (ret_predecessor->n && to_number(last, ret_last) < 0) ? -1 : 0;
}

/* A lane that has no head yet: it must be opening, and name the one before as we have seen it. */
static int check_opening(struct lane_heads *h, const struct event *v, const struct head *before, struct err *e)
{
	struct span predecessor;
	uint64_t last = 0;

	if (!span_is(v->type, EVENT_LANE_OPENED) || v->laneseq != 1 || read_opened(v, &predecessor, &last) < 0)
		return fork_of(v->lane, e);
	if (!span_eq(predecessor, before ? (struct span){before->lane, before->nlane} : SPAN_NONE))
		return fork_of(v->lane, e);
	if (before && last > before->last)
		return gap_of(predecessor, before->last + 1, last, e);
	/* The one before wrote more than its own position says. */
	if (before && last < before->last)
		return fork_of(predecessor, e);
	head_put(h, v->lane, 1);
	return 0;
}

int lane_heads_check(struct lane_heads *h, const struct event *v, enum lane_verdict *ret, struct err *e)
{
	struct head *head = h->hit < h->n ? &h->heads[h->hit] : NULL;
	struct span flow;
	uint64_t generation;

	/* Events of one lane come in runs: most of the time it is the same as before. */
	if (!head || !span_eq(v->lane, (struct span){head->lane, head->nlane})) {
		if (!lane_split(v->lane, &flow, &generation))
			return fork_of(v->lane, e);
		head = head_find(h, flow);
		if (!head || generation > head->generation) {
			if (check_opening(h, v, head, e) < 0)
				return -1;
			*ret = LANE_NEXT;
			return 0;
		}
		if (generation < head->generation)
			return fork_of(v->lane, e);
		h->hit = (size_t)(head - h->heads);
	}
	if (v->laneseq == 0)
		return fork_of(v->lane, e);
	if (v->laneseq > head->last + 1)
		return gap_of(v->lane, head->last + 1, v->laneseq, e);
	*ret = v->laneseq <= head->last ? LANE_REPEAT : LANE_NEXT;
	if (*ret == LANE_NEXT)
		head->last++;
	return 0;
}

void lane_heads_write(const struct lane_heads *h, struct buf *b)
{
	buf_c(b, '{');
	for (size_t i = 0; i < h->n; i++) {
		if (i)
			buf_c(b, ',');
		json_quote(b, (struct span){h->heads[i].lane, h->heads[i].nlane});
		buf_c(b, ':');
		buf_u64(b, h->heads[i].last);
	}
	buf_c(b, '}');
}

int lane_heads_read(struct lane_heads *h, const json_t *object, struct err *e)
{
	const char *lane;
	json_t *last, *root = (json_t *)(uintptr_t)object;
	struct span flow;
	uint64_t generation;

	h->n = 0;
	if (!json_is_object(object))
		return bad_state("", e);
	json_object_foreach(root, lane, last) {
		if (!json_is_integer(last) || json_integer_value(last) < 1 ||
			!lane_split(span_of(lane), &flow, &generation) || head_find(h, flow)) {
			h->n = 0;
			return bad_state(lane, e);
		}
		head_put(h, span_of(lane), (uint64_t)json_integer_value(last));
	}
	return 0;
}
