/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>

#include "index.h"
#include "json_text.h"
#include "lane.h"
#include "parcel.h"
#include "say.h"
#include "topics.h"

#define COUNT_MAX 200000u            /* lines that are read to count which one it is */
#define NAMED_MAX 20u                /* parcels that are named when one of them has it */

struct span trace_words(struct trace *t, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return arena_span(&t->arena, span_of(text));
}

void trace_add_hop(struct trace *t, const struct trace_hop *h)
{
	t->hops = mem_grow(t->hops, t->nhops + 1u, sizeof *t->hops);
	t->hops[t->nhops++] = *h;
}

void trace_add_missing(struct trace *t, struct span what)
{
	t->missing = mem_grow(t->missing, t->nmissing + 1u, sizeof *t->missing);
	t->missing[t->nmissing++] = what;
}

/* ---- what became of the parcels of a batch, in the order in which it was written ---- */

struct step {
	struct bus_entry at;
	json_t *data;
	int64_t time_ms;
};

struct steps {
	struct step *list;
	unsigned n;
	const char *first;           /* the state in which a parcel of the batch begins: what goes to a topic of
	                              * consumers is done at once */
};

static int add_step(void *arg, struct span key, const struct bus_entry *entry)
{
	struct steps *s = arg;

	(void)key;
	if ((s->n & (s->n - 1)) == 0)
		s->list = mem_grow(s->list, s->n ? 2 * s->n : 1, sizeof *s->list);
	s->list[s->n++] = (struct step){.at = *entry};
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->at.offset < y->at.offset ? -1 : x->at.offset > y->at.offset;
}

static json_t *data_of(struct span record)
{
	struct err ignored;
	struct event v;

	return record.n && event_read(record, &v, &ignored) == 0 ? json_loadb(v.data.p, v.data.n, 0, NULL) : NULL;
}

static int load_steps(struct trace *t, const struct site_destination *d, struct steps *s, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	char key[INDEX_KEY_MAX];
	struct span prefix = index_find_parcels(key, span_of(d->name), t->event.batchid);
	int got = 0;

	if (prefix.n && bus_entries(t->bus, INDEX_FIND, prefix, add_step, s, e) < 0)
		return -1;
	if (!s->n)
		return 0;
	qsort(s->list, s->n, sizeof *s->list, by_place);
	if (bus_read(t->bus, s->list[0].at.topic, 0, &r, e) != 0)
		return -1;
	for (unsigned i = 0; i < s->n && got >= 0; i++) {
		bus_seek(r, s->list[i].at.offset);
		got = bus_next(r, &m, e);
		if (got != 1 || m.offset != s->list[i].at.offset)
			continue;
		s->list[i].data = data_of(m.value);
		s->list[i].time_ms = m.time_ms;
		if (strcmp(json_text(s->list[i].data, "state"), "planned") == 0)
			s->first = "planned";
	}
	bus_unread(r);
	return got < 0 ? -1 : 0;
}

static void free_steps(struct steps *s)
{
	for (unsigned i = 0; i < s->n; i++)
		json_decref(s->list[i].data);
	free(s->list);
}

static bool is_plan(const struct steps *s, const struct step *x)
{
	return strcmp(json_text(x->data, "state"), s->first) == 0;
}

static uint64_t number_of(const struct step *x)
{
	return (uint64_t)json_integer_value(json_object_get(x->data, "no"));
}

static struct parcel_range range_of(const json_t *r)
{
	return (struct parcel_range){(unsigned)json_integer_value(json_array_get(r, 0)),
		(uint64_t)json_integer_value(json_array_get(r, 1)), (uint64_t)json_integer_value(json_array_get(r, 2))};
}

static bool covers(const struct step *plan, const struct bus_entry *line)
{
	const json_t *r;
	size_t i;

	json_array_foreach (json_object_get(plan->data, "ranges"), i, r) {
		const struct parcel_range x = range_of(r);

		if (x.partition == line->partition && line->offset >= x.first && line->offset <= x.last)
			return true;
	}
	return false;
}

/* What was planned at once: the first plan says where its lines are, those behind it have no places of their own. */
struct planned {
	unsigned first, end;         /* of the steps; the same: nothing was */
};

static struct planned planned_with(const struct steps *s, const struct bus_entry *line)
{
	struct planned p = {0, 0};

	while (p.first < s->n && !(is_plan(s, &s->list[p.first]) && covers(&s->list[p.first], line)))
		p.first++;
	p.end = p.first < s->n ? p.first + 1 : p.first;
	while (p.end < s->n && p.end > p.first && !(is_plan(s, &s->list[p.end]) &&
		json_object_get(s->list[p.end].data, "ranges")))
		p.end++;
	return p;
}

/* ---- which one has the line ---- */

/* Of one split and one currency, as a parcel is (deliver_build.c). */
static bool is_of(const json_t *line, const json_t *plan)
{
	return strcmp(json_text(line, "split"), json_text(plan, "split")) == 0 &&
		strcmp(json_text(line, "currency"), json_text(plan, "currency")) == 0;
}

/* NULL: none. */
static const struct step *plan_of(const struct steps *s, struct planned p, const json_t *line)
{
	for (unsigned i = p.first; i < p.end; i++)
		if (is_plan(s, &s->list[i]) && is_of(line, s->list[i].data))
			return &s->list[i];
	return NULL;
}

struct counting {
	const struct bus_entry *line;
	const json_t *plan;          /* of its parcel */
	unsigned read;
	uint64_t n;
	bool found;
};

static int count_range(struct trace *t, struct counting *c, const struct parcel_range *range, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	int got = 0;

	if (bus_read(t->bus, c->line->topic, range->partition, &r, e) != 0)
		return -1;
	bus_seek(r, range->first);
	while (!c->found && c->read < COUNT_MAX && (got = lane_next(t->bus, r, &m, e)) == 1 &&
		m.offset <= range->last) {
		json_t *line = data_of(m.value);

		c->read++;
		c->n += is_of(line, c->plan);
		c->found = range->partition == c->line->partition && m.offset == c->line->offset;
		json_decref(line);
	}
	bus_unread(r);
	return got < 0 ? -1 : 0;
}

/* Which record of its parcel the line is, from 1; 0: there are too many before it. Offsets do not tell: those of other
 * parcels lie between, and of some buses they have holes. */
static int count_records(struct trace *t, const json_t *ranges, const json_t *plan, const struct bus_entry *line,
	uint64_t *ret, struct err *e)
{
	struct counting c = {.line = line, .plan = plan};
	const json_t *r;
	size_t i;

	json_array_foreach (ranges, i, r) {
		const struct parcel_range range = range_of(r);

		if (!c.found && count_range(t, &c, &range, e) != 0)
			return -1;
	}
	*ret = c.found ? c.n : 0;
	return 0;
}

/* ---- words ---- */

static const struct {
	const char *state, *en, *zh, *short_en, *short_zh;
} parcel_words[] = {
	{"planned", "planned for parcel", "排入发送批", "planned", "已排入"},
	{"handing", "is being handed over: parcel", "正在交付：发送批", "being handed over", "正在交付"},
	{"unknown", "nobody knows whether it arrived: parcel", "不知是否送达：发送批", "nobody knows whether it arrived",
		"不知是否送达"},
	{"done", "handed over: parcel", "已交付：发送批", "handed over", "已交付"},
};

static const char *words_of(const json_t *step, bool brief)
{
	const char *state = json_text(step, "state");

	if (json_is_true(json_object_get(step, "shadow")) && strcmp(state, "done") == 0)
		return brief ? say("试运行，未送出", "made in shadow, not handed over") :
			say("试运行，未送出：发送批", "made in shadow, not handed over: parcel");
	for (size_t i = 0; i < sizeof parcel_words / sizeof *parcel_words; i++)
		if (strcmp(state, parcel_words[i].state) == 0)
			return brief ? say(parcel_words[i].short_zh, parcel_words[i].short_en) :
				say(parcel_words[i].zh, parcel_words[i].en);
	return state;
}

static bool add_step_hop(struct trace *t, const struct step *x, const char *destination, uint64_t no, uint64_t record)
{
	const char *state = json_text(x->data, "state");

	trace_add_hop(t, &(struct trace_hop){.kind = trace_words(t, "%s", state).p, .time_ms = x->time_ms,
		.topic = TOPIC_PARCELS,
		.partition = x->at.partition, .offset = x->at.offset, .destination = trace_words(t, "%s", destination),
		.parcel = no, .line = record, .file = arena_span(&t->arena, json_text_span(x->data, "name")),
		.words = trace_words(t, "%s%s%s %" PRIu64, destination, say("：", ": "), words_of(x->data, false), no)});
	return strcmp(state, "done") == 0;
}

/* All that happened to the parcel that has the line; its last state is that of the hop which comes last. */
static int add_parcel(struct trace *t, const struct steps *s, const struct site_destination *d, uint64_t no,
	uint64_t record, struct err *e)
{
	bool done = false, unknown = false;

	for (unsigned i = 0; i < s->n; i++)
		if (number_of(&s->list[i]) == no) {
			done |= add_step_hop(t, &s->list[i], d->name, no, record);
			unknown = strcmp(json_text(s->list[i].data, "state"), "unknown") == 0;
		}
	if (done)
		return 0;
	trace_add_missing(t, trace_words(t, unknown ?
		say("%s/%" PRIu64 " 不知是否送达：jincai held list", "whether %s/%" PRIu64 " arrived: jincai held list") :
		say("%s 的发送批 %" PRIu64 " 尚未交付", "parcel %s/%" PRIu64 " is not handed over yet"), d->name, no));
	return unknown || trace_waits(t, d, e) >= 0 ? 0 : -1;
}

/* The last that was written of a parcel. */
static const json_t *newest(const struct steps *s, uint64_t no)
{
	const json_t *ret = NULL;

	for (unsigned i = 0; i < s->n; i++)
		if (number_of(&s->list[i]) == no)
			ret = s->list[i].data;
	return ret;
}

static void add_one_of(struct trace *t, const struct steps *s, struct planned p, const char *destination)
{
	struct buf b = BUF_INIT;
	unsigned n = 0;

	buf_printf(&b, say("%s：它的记录已不在主题上，无法确定在哪个发送批，只能是其中之一：", "%s: its record is no longer on the topic, so nobody "
		"can tell for certain which parcel has it; it is one of "), destination);
	for (unsigned i = p.first; i < p.end; i++) {
		if (!is_plan(s, &s->list[i]) || n++ >= NAMED_MAX)
			continue;
		buf_printf(&b, say("%s%" PRIu64 "（%s）", "%s%" PRIu64 " (%s)"), n > 1 ? say("、", ", ") : "",
			number_of(&s->list[i]), words_of(newest(s, number_of(&s->list[i])), true));
	}
	if (n > NAMED_MAX)
		buf_printf(&b, say("等 %u 个", " and %u more"), say_lang() == ERR_ZH ? n : n - NAMED_MAX);
	trace_add_missing(t, arena_span(&t->arena, buf_as_span(&b)));
	buf_done(&b);
}

static int add_line(struct trace *t, const struct site_destination *d, const struct steps *s,
	const struct bus_entry *line, const json_t *data, struct err *e)
{
	struct planned p = planned_with(s, line);
	const struct step *plan = data ? plan_of(s, p, data) : NULL;
	uint64_t record;

	if (p.first == p.end) {
		const int waits = trace_waits(t, d, e);

		if (waits != 0)
			return waits < 0 ? -1 : 0;
		trace_add_missing(t, trace_words(t, d->mode == SITE_OFF ?
			say("%s 未启用（mode: off），留在主题上", "%s is off: it waits on the topic") : d->topic ?
			say("%s 等待整批到齐后发布", "%s waits until the batch is whole, then publishes it") :
			say("%s 等待整批到齐后排入发送批", "%s waits until the batch is whole, then plans a parcel"), d->name));
	} else if (plan) {
		if (count_records(t, json_object_get(s->list[p.first].data, "ranges"), plan->data, line, &record,
			e) != 0)
			return -1;
		return add_parcel(t, s, d, number_of(plan), record, e);
	} else if (data) {
		trace_add_missing(t, trace_words(t, say("%s 没有为它排发送批：按交接账，库恢复之前已交付同一分组的这些内容",
			"%s planned no parcel for it: by the ledger just this was handed over before the store was "
			"restored"), d->name));
	} else {
		add_one_of(t, s, p, d->name);
	}
	return 0;
}

int trace_parcels(struct trace *t, const struct site_destination *d, const struct bus_entry *line, struct span record,
	struct err *e)
{
	struct steps s = {.first = "done"};
	json_t *data = data_of(record);
	int ret = load_steps(t, d, &s, e);

	if (ret == 0)
		ret = add_line(t, d, &s, line, data, e);
	free_steps(&s);
	json_decref(data);
	return ret;
}
