/* SPDX-License-Identifier: Apache-2.0 */
#include "deep_parts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "dead.h"
#include "fsys.h"
#include "index.h"
#include "jscan.h"
#include "lane.h"
#include "parcel.h"
#include "say.h"
#include "topics.h"
#include "verbs.h"

void deep_progress(struct recount *c)
{
	if (++c->deep->rows % 8192 == 0)
		verb_progress(say("清点", "counting"), (int64_t)c->deep->rows, 0);
}

/* Calls each for every event on all partitions of a topic; a topic that is not there has none. */
static int each_event(struct recount *c, const char *topic,
	int (*each)(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v))
{
	struct err ignored;
	unsigned handle;
	int ret = 0;

	if (bus_topic(c->bus, topic, &handle, &ignored) != 0)
		return 0;
	for (unsigned p = 0; p < bus_partitions(c->bus, handle) && ret == 0; p++) {
		struct bus_reader *r = NULL;
		struct bus_message m;
		struct event v;
		int got;

		if (bus_read(c->bus, handle, p, &r, c->e) != 0)
			return -1;
		while (ret == 0 && (got = lane_next(c->bus, r, &m, c->e)) == 1) {
			deep_progress(c);
			ret = event_read(m.value, &v, c->e) != 0 || each(c, topic, p, m.offset, &v) != 0 ? -1 : 0;
		}
		if (ret == 0 && got < 0)
			ret = -1;
		bus_unread(r);
	}
	return ret;
}

/* ---- topics ---- */

/* What a lane's flow, or one that is named, has on topics. A lane is "<flow>.<generation>". */
static struct totals *topics_of(struct recount *c, struct span name)
{
	return deep_flow_of(c->deep, name)->topics;
}

static struct span flow_of_lane(struct span lane)
{
	while (lane.n && lane.p[lane.n - 1] != '.')
		lane.n--;
	return (struct span){lane.p, lane.n ? lane.n - 1 : 0};
}

static int type_number(struct recount *c, struct span type)
{
	const struct schema *s;
	struct findings quiet;
	unsigned i = 0;

	for (; i < c->ntypes; i++)
		if (span_is(type, c->types[i].type))
			return (int)i;
	findings_init(&quiet);
	s = library_schema(c->site->library, type, conf_root(c->site->conf), &quiet);
	findings_done(&quiet);
	if (!s)
		return -1;
	c->types = mem_grow(c->types, c->ntypes + 1u, sizeof *c->types);
	c->types[i].type = mem_text(type);
	c->types[i].names = names_new();
	c->types[i].extract = extract_new(s, c->types[i].names);
	slots_init(&c->types[i].slots, names_count(c->types[i].names));
	return (int)c->ntypes++;
}

static int count_event(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	int n, amount, currency;
	const struct value *values;
	char name[TOTALS_CURRENCY_MAX];
	struct span money;

	(void)topic;
	(void)partition;
	(void)offset;
	if (event_is_ours(v) || (n = type_number(c, v->type)) < 0)
		return 0;
	if (extract_run(c->types[n].extract, v, &c->types[n].slots, c->e) != 0)
		return -1;
	values = c->types[n].slots.v;
	amount = extract_amount_slot(c->types[n].extract);
	currency = extract_currency_slot(c->types[n].extract);
	money = totals_currency(currency >= 0 ? values[currency].text : SPAN(""), extract_kind_of_money(c->types[n].extract), name);
	return totals_add(topics_of(c, flow_of_lane(v->lane)), TOTAL_PUBLISHED, "", money,
		amount >= 0 ? values[amount].fen : 0, amount >= 0 && values[amount].is_money, c->e);
}

static int count_line(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	json_t *o;
	const char *amount, *currency;
	struct money_form form = MONEY_YUAN;
	int64_t fen = 0;
	bool readable;
	int ret;

	(void)partition;
	(void)offset;
	if (event_is_ours(v))
		return 0;
	o = json_loadb(v->data.p, v->data.n, 0, NULL);
	amount = json_string_value(json_object_get(o, "amount"));
	currency = json_string_value(json_object_get(o, "currency"));
	readable = amount && money_read(span_of(amount), &form, &fen, c->e) == 0;
	ret = totals_add(topics_of(c, flow_of_lane(v->lane)), TOTAL_ROUTED, topic + sizeof TOPIC_TO - 1,
		span_of(currency ? currency : ""), fen, readable, c->e);
	json_decref(o);
	return ret;
}

static int count_dead(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	struct arena a = ARENA_INIT;
	struct dead_letter d;
	uint64_t size, newest;
	char state[16] = "";
	int ret = 0;

	(void)topic;
	(void)partition;
	(void)offset;
	if (!span_is(v->type, EVENT_DEAD))
		return 0;
	/* One that was retried has become a line, or an event, that is counted as such. */
	if (dead_state(c->bus, NULL, v->id, state, &newest, c->e) < 0)
		return -1;
	if (strcmp(state, "retried") == 0)
		return 0;
	if (dead_read(v, &a, &d, &size, c->e) != 0) {
		arena_done(&a);
		return -1;
	}
	/* A letter about a whole file has no record; its records are counted from the file. */
	if (d.destination.n)
		ret = totals_add(topics_of(c, d.flow), TOTAL_UNSHAPED, arena_text(&a, d.destination), d.currency,
			d.amount_fen, d.has_amount, c->e);
	else if (d.record)
		ret = totals_add(topics_of(c, d.flow), strcmp(state, "returned") == 0 ? TOTAL_RETURNED
			: span_is(d.kind, "conflict") ? TOTAL_CONFLICT : TOTAL_DEAD, "", d.currency,
			d.amount_fen, d.has_amount, c->e);
	arena_done(&a);
	return ret;
}

static void file_of(struct buf *path, const struct recount *c, const struct site_destination *d, const struct parcel *p)
{
	if (p->shadow)
		site_shadow_folder(path, c->bus, d->name);
	else
		buf_str(path, d->folder);
	buf_printf(path, "/%s", p->name);
}

/* A parcel that still stands in the folder must be the one that was planned. */
static void check_file(struct recount *c, const struct parcel *p, const char *destination)
{
	struct buf path = BUF_INIT, bytes = BUF_INIT, hex = BUF_INIT;
	uint8_t digest[HASH_SHA256];
	struct err ignored;

	for (unsigned i = 0; i < c->site->ndestinations; i++)
		if (c->site->destinations[i].folder && strcmp(c->site->destinations[i].name, destination) == 0)
			file_of(&path, c, &c->site->destinations[i], p);
	if (path.n && fsys_get(AT_FDCWD, buf_text(&path), (size_t)1 << 32, &bytes, &ignored) == 0) {
		hash_sha256(bytes.p, bytes.n, digest);
		hash_hex(&hex, digest, sizeof digest);
		if (!span_is(buf_as_span(&hex), p->digest))
			deep_find(c->deep, DEEP_FILE_ALTERED, destination, buf_text(&path), 0, 0);
	}
	buf_done(&path);
	buf_done(&bytes);
	buf_done(&hex);
}

static int count_parcel(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	json_t *o;
	struct parcel *p;
	const char *destination;
	int ret = 0;

	(void)topic;
	(void)partition;
	(void)offset;
	if (!span_is(v->type, EVENT_PARCEL))
		return 0;
	o = json_loadb(v->data.p, v->data.n, 0, NULL);
	destination = json_string_value(json_object_get(o, "destination"));
	p = parcel_read(o, c->e);
	if (!p || !destination) {
		ret = -1;
	} else if (p->state == PARCEL_DONE) {
		const struct money_sum cut = {.count = p->cut};

		struct totals *t = topics_of(c, span_of(destination));

		ret = totals_move(t, p->shadow ? TOTAL_SHADOW : TOTAL_HANDED, destination, span_of(p->currency),
			&p->sum, 1, c->e);
		if (ret == 0 && p->cut && !p->shadow)
			ret = totals_move(t, TOTAL_CUT, destination, span_of(p->currency), &cut, 1, c->e);
		check_file(c, p, destination);
	}
	parcel_free(p);
	json_decref(o);
	return ret;
}

static int count_out(struct recount *c, const char *topic, unsigned partition, uint64_t offset, const struct event *v)
{
	(void)topic;
	(void)partition;
	(void)offset;
	c->out += !event_is_ours(v);
	return 0;
}

static void add_handed(void *arg, const struct total_line *line)
{
	uint64_t *handed = arg;

	if (line->term == TOTAL_HANDED)
		*handed += line->sum.count;
}

/* Is a part of a batch on the topic, and the rest of it still to come? Then the batch is not counted as handed over. */
static bool is_publishing(const struct recount *c, const char *flow)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	struct err ignored;
	const json_t *g;
	bool any = false;
	json_t *o;
	size_t i;

	buf_printf(&key, "%s/out", flow);
	o = bus_position_get(c->bus, buf_text(&key), &text, &ignored) == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	json_array_foreach(json_object_get(o, "open"), i, g)
		any |= json_object_get(g, "out") != NULL;
	json_decref(o);
	buf_done(&key);
	buf_done(&text);
	return any;
}

/* What consumers outside can read is what was handed over, all of it and once. An event there need not have an amount. */
static int compare_out(struct recount *c, const struct site_destination *d)
{
	char flow[SHARES_NAME];
	uint64_t handed = 0;
	bool publishing = false;

	c->out = 0;
	if (each_event(c, d->topic, count_out) != 0)
		return -1;
	totals_each(topics_of(c, span_of(d->name)), add_handed, &handed);
	for (unsigned p = 0; p < site_nflows(c->site, d) && !publishing; p++) {
		site_flow_name(d, p, flow);
		publishing = is_publishing(c, flow);
	}
	if (c->out != handed && !(c->out > handed && publishing))
		deep_find(c->deep, DEEP_OUT_DIFFERS, d->name, d->topic, handed, c->out);
	return 0;
}

int deep_count_topics(struct recount *c)
{
	if (each_event(c, TOPIC_CLAIMS, deep_count_claim) != 0 || each_event(c, TOPIC_DEAD, count_dead) != 0 ||
		each_event(c, TOPIC_PARCELS, count_parcel) != 0)
		return -1;
	for (unsigned i = 0; topics_events[i]; i++)
		if (each_event(c, topics_events[i], count_event) != 0)
			return -1;
	for (unsigned i = 0; i < c->site->ndestinations; i++) {
		char topic[128];

		snprintf(topic, sizeof topic, TOPIC_TO "%s", c->site->destinations[i].name);
		if (each_event(c, topic, count_line) != 0 ||
			(c->site->destinations[i].topic && compare_out(c, &c->site->destinations[i]) != 0))
			return -1;
	}
	return 0;
}

void deep_count_done(struct recount *c)
{
	for (unsigned i = 0; i < c->ntypes; i++) {
		free(c->types[i].type);
		slots_done(&c->types[i].slots);
		extract_free(c->types[i].extract);
		names_free(c->types[i].names);
	}
	free(c->types);
	deep_forget_older(&c->older);
}
