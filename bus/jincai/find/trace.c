/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "index.h"
#include "letter.h"
#include "say.h"
#include "totals.h"
#include "topics.h"
#include "verbs.h"

/* What is being loaded. */
struct loading {
	struct trace *t;
	struct router *router;
	struct err *e;
};

/* ---- the event ---- */

/* The newest place of the id. 1, 0, -1. */
static int look_id(struct loading *l, struct span id, struct bus_entry *ret)
{
	struct bus *b = l->t->bus;
	char key[INDEX_KEY_MAX];
	int got = bus_look(b, NULL, INDEX_AGAIN, index_key(key, INDEX_ID, id, SPAN_NONE), ret, l->e);

	if (got == 0)
		got = bus_look(b, NULL, INDEX_IDS, index_key(key, 0, id, SPAN_NONE), ret, l->e);
	if (got == 0)
		got = bus_look(b, NULL, INDEX_FIND, index_find_id(key, id), ret, l->e);
	return got;
}

static int load_event(struct loading *l)
{
	struct trace *t = l->t;
	struct bus_entry at;
	int got = look_id(l, t->id, &at);

	if (got == 1)
		got = trace_read(t->bus, &t->arena, at.topic, at.partition, at.offset, &t->record, &t->time_ms, l->e);
	if (got <= 0)
		return got;
	if (event_read(t->record, &t->event, l->e) != 0)
		return -1;
	t->topic = bus_topic_name(t->bus, at.topic);
	t->partition = at.partition;
	t->offset = at.offset;
	trace_add_hop(t, &(struct trace_hop){.kind = "published", .time_ms = t->time_ms, .topic = t->topic,
		.partition = at.partition, .offset = at.offset, .words = trace_words(t, "%s", t->event.again.p ?
			say("再次发布（此前的批次已退回）", "published again: the batch before was returned") :
			say("发布", "published"))});
	return 0;
}

const char *trace_claim_words(struct span state)
{
	static const struct {
		const char *state, *en, *zh;
	} all[] = {
		{"publishing", "is being published", "正在发布"},
		{"published", "published", "已发布"},
		{"held", "held: nothing of it goes out", "挂起，一笔也不发出"},
		{"returned", "returned to its source", "已退回来源"},
		{"duplicate", "a duplicate, nothing was sent twice", "重复报送，没有重发"},
		{"conflict", "a conflict with what was published before", "与此前发布的内容冲突"},
		{"known", "older than the start of the adapter", "早于接入起始日"},
		{"unreadable", "unreadable", "读不懂"},
		{"settled", "settled by a person", "已由人处理"},
		{"reread", "is to be read again", "等待重读"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (span_is(state, all[i].state))
			return say(all[i].zh, all[i].en);
	return "";
}

/* The batch's claim as it is now: where it came from. */
static int load_claim(struct loading *l, struct span batchid, uint64_t line)
{
	struct trace *t = l->t;
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	int got;

	if (!batchid.n)
		return 0;
	got = bus_look(t->bus, NULL, INDEX_CLAIMS, index_key(key, INDEX_BATCH, batchid, SPAN_NONE), &at, l->e);
	if (got == 1)
		got = claim_find(t->bus, NULL, batchid, &t->claim_record, &t->arena, &t->claim, l->e);
	if (got != 1)
		return got < 0 ? -1 : 0;
	t->has_claim = true;
	trace_add_hop(t, &(struct trace_hop){.kind = "claimed", .time_ms = t->claim.time_ms,
		.topic = bus_topic_name(t->bus, at.topic),
		.partition = at.partition, .offset = at.offset, .file = t->claim.name, .line = line,
		.words = trace_words(t, say("%.*s 接收，批次 %.*s（%s），报文格式 %.*s",
			"taken over by %.*s, batch %.*s (%s), form %.*s"), SPAN_F(t->claim.adapter), SPAN_F(batchid),
			trace_claim_words(t->claim.state), SPAN_F(t->claim.form))});
	return 0;
}

/* ---- what died ---- */

static struct span letter_words(struct trace *t, const struct letter *letter, const char *state)
{
	return trace_words(t, say("死信 %" PRIu64 "（%s）：%.*s", "dead letter %" PRIu64 " (%s): %.*s"), letter->number,
		letter_state_words(state), SPAN_F(buf_as_span(&letter->words)));
}

static int put_letter(struct loading *l, const struct letter *letter, int64_t time_ms)
{
	struct trace *t = l->t;
	char state[16] = "";

	if (letter_state(t->bus, letter, state, l->e) != 0)
		return -1;
	if (!t->record.n)
		t->event.batchid = letter->d.batchid;
	trace_add_hop(t, &(struct trace_hop){.kind = "died", .time_ms = time_ms, .topic = TOPIC_DEAD,
		.offset = letter->number,
		.destination = letter->d.destination, .file = letter->d.file, .line = letter->d.line,
		.words = letter_words(t, letter, state)});
	if (strcmp(state, "open") == 0)
		trace_add_missing(t, trace_words(t, say("死信 %" PRIu64 " 待处理：jincai dead show %" PRIu64,
			"dead letter %" PRIu64 " waits: jincai dead show %" PRIu64), letter->number, letter->number));
	return trace_acts(t, letter->event.id, SPAN_NONE, l->e);
}

static int add_letter(struct loading *l, const struct bus_entry *at)
{
	struct trace *t = l->t;
	struct letter letter = {.words = BUF_INIT};
	struct bus_message m = {.offset = at->offset};
	int got = trace_read(t->bus, &t->arena, at->topic, at->partition, at->offset, &m.value, &m.time_ms, l->e);

	if (got == 1)
		got = letter_read(&m, &t->arena, &letter, l->e);
	if (got == 1)
		got = put_letter(l, &letter, m.time_ms);
	buf_done(&letter.words);
	return got < 0 ? -1 : 0;
}

static int load_letters(struct loading *l)
{
	struct trace_places at;
	char key[INDEX_KEY_MAX];
	int ret = trace_places(l->t->bus, index_find_dead(key, l->t->id), &at, l->e);

	for (unsigned i = 0; i < at.n && ret == 0; i++)
		ret = add_letter(l, &at.list[i]);
	free(at.list);
	return ret;
}

/* Has it died for this destination, and is that open? */
static bool died_for(const struct trace *t, const char *destination)
{
	for (unsigned i = 0; i < t->nhops; i++)
		if (strcmp(t->hops[i].kind, "died") == 0 && span_is(t->hops[i].destination, destination))
			return true;
	return false;
}

/* ---- destinations ---- */

static bool names_type(const struct site_route *r, struct span type)
{
	for (unsigned i = 0; i < r->ntypes; i++)
		if (span_is(type, r->types[i]))
			return true;
	return false;
}

/* Which destinations the routes of the site give it to. */
static void expected(struct loading *l, bool *ret)
{
	const struct site *s = l->t->site;
	int type = router_find(l->router, l->t->event.type);
	unsigned n = 0;
	struct err ignored;

	if (type < 0 || router_look(l->router, (unsigned)type, &l->t->event, &ignored) != 0)
		return;
	for (unsigned i = 0; i < s->nroutes; i++) {
		const struct site_route *r = &s->routes[i];
		const struct expr *when;

		if (!names_type(r, l->t->event.type) || !r->nto)
			continue;
		when = router_when(l->router, (unsigned)type, n);
		for (unsigned d = 0; d < r->nto; d++)
			ret[r->to[d]] |= !when || expr_true(when, router_values(l->router, (unsigned)type));
		n += r->nto;
	}
}

/* The line that a destination was given of it, the newest one. 1, 0, -1. */
static int look_line(struct loading *l, const char *destination, struct bus_entry *ret)
{
	char key[INDEX_KEY_MAX];
	struct span to = span_of(destination);
	int got = bus_look(l->t->bus, NULL, INDEX_AGAIN, index_key(key, INDEX_GIVEN, to, l->t->id), ret, l->e);

	if (got == 0)
		got = bus_look(l->t->bus, NULL, INDEX_TO, index_key(key, 0, to, l->t->id), ret, l->e);
	return got;
}

static int load_destination(struct loading *l, const struct site_destination *d, bool is_expected, bool held)
{
	struct trace *t = l->t;
	struct bus_entry at;
	struct span value = SPAN_NONE;
	int64_t ms = 0;
	int got = look_line(l, d->name, &at);

	if (got < 0)
		return -1;
	if (got == 0) {
		if (!is_expected || held || died_for(t, d->name))
			return 0;
		trace_add_missing(t, trace_words(t, say("尚未送往 %s：路由器还没有读到，或路由后来才有",
			"not routed to %s: the router has not come so far, or the route came later"), d->name));
		return trace_stopped(t, "router", l->e) < 0 ? -1 : 0;
	}
	at.extra = SPAN_NONE;
	if (trace_read(t->bus, &t->arena, at.topic, at.partition, at.offset, &value, &ms, l->e) < 0)
		return -1;
	trace_add_hop(t, &(struct trace_hop){.kind = "routed", .time_ms = ms, .topic = bus_topic_name(t->bus, at.topic),
		.partition = at.partition, .offset = at.offset, .destination = trace_words(t, "%s", d->name),
		.record = value, .words = trace_words(t, say("送往 %s", "routed to %s"), d->name)});
	return trace_parcels(t, d, &at, value, l->e);
}

static int load_destinations(struct loading *l)
{
	const struct site *s = l->t->site;
	bool *takes = mem_new((s->ndestinations + 1u) * sizeof *takes);
	bool held = l->t->has_claim && span_is(l->t->claim.state, "held");
	int ret = 0;

	expected(l, takes);
	for (unsigned i = 0; i < s->ndestinations && ret == 0; i++)
		ret = load_destination(l, &s->destinations[i], takes[i], held);
	free(takes);
	return ret;
}

/* Whether a parcel of which nobody knew came is said by its number to its destination. */
static int load_parcel_acts(struct loading *l)
{
	struct trace *t = l->t;

	for (unsigned i = 0, n = t->nhops; i < n; i++) {
		struct trace_hop h = t->hops[i];

		if (strcmp(h.kind, "unknown") == 0 && h.parcel &&
			trace_acts(t, trace_words(t, "%" PRIu64, h.parcel), h.destination, l->e) != 0)
			return -1;
	}
	return 0;
}

/* ---- all of it ---- */

static uint64_t number_of(struct span text)
{
	char digits[24];

	snprintf(digits, sizeof digits, "%.*s", SPAN_F(text));
	return strtoull(digits, NULL, 10);
}

static int by_time(const void *a, const void *b)
{
	const struct trace_hop *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	return trace_is_act(y) - trace_is_act(x);
}

static void sort_hops(struct trace *t)
{
	/* Stable: of one instant they stand as they were found, but what a person decided stands before what it did. */
	for (unsigned i = 1; i < t->nhops; i++)
		for (unsigned k = i; k && by_time(&t->hops[k - 1], &t->hops[k]) > 0; k--) {
			struct trace_hop x = t->hops[k];

			t->hops[k] = t->hops[k - 1];
			t->hops[k - 1] = x;
		}
}

static int load(struct loading *l)
{
	struct trace *t = l->t;

	if (load_event(l) != 0)
		return -1;
	if (t->record.n && load_claim(l, t->event.batchid, number_of(t->event.line)) != 0)
		return -1;
	if (load_letters(l) != 0)
		return -1;
	if (!t->record.n && load_claim(l, t->event.batchid, t->nhops ? t->hops[0].line : 0) != 0)
		return -1;
	if (trace_acts(t, t->id, SPAN_NONE, l->e) != 0 || trace_acts(t, t->event.batchid, SPAN_NONE, l->e) != 0)
		return -1;
	if (!t->record.n)
		return 0;
	if (t->has_claim && span_is(t->claim.state, "returned"))
		trace_add_missing(t, trace_words(t, "%s", say("整批已退回，不再送出",
			"its batch was returned: nothing of it goes out any more")));
	return load_destinations(l) != 0 || load_parcel_acts(l) != 0 || trace_others(t, l->e) != 0 ? -1 : 0;
}

int trace_load(struct site *s, struct bus *b, struct router *router, struct span id, struct trace *ret, struct err *e)
{
	struct loading l = {ret, router, e};

	*ret = (struct trace){.site = s, .bus = b};
	ret->id = arena_span(&ret->arena, id);
	if (load(&l) != 0) {
		trace_done(ret);
		return -1;
	}
	sort_hops(ret);
	return 0;
}

void trace_done(struct trace *t)
{
	if (t->has_claim)
		totals_free(t->claim.totals);
	buf_done(&t->claim_record);
	free(t->hops);
	free(t->missing);
	free(t->others);
	arena_done(&t->arena);
}
