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
#include "show.h"
#include "topics.h"
#include "verbs.h"

void deep_progress(struct recount *c)
{
	if (++c->rows % 8192 == 0)
		verb_progress(say("清点", "counting"), (int64_t)c->rows, 0);
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
	return totals_add(c->counted, TOTAL_PUBLISHED, "", money,
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
	ret = totals_add(c->counted, TOTAL_ROUTED, topic + sizeof TOPIC_TO - 1, span_of(currency ? currency : ""), fen, readable,
		c->e);
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
		ret = totals_add(c->counted, TOTAL_UNSHAPED, arena_text(&a, d.destination), d.currency, d.amount_fen,
			d.has_amount, c->e);
	else if (d.record)
		ret = totals_add(c->counted, strcmp(state, "returned") == 0 ? TOTAL_RETURNED
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
		if (!span_is(buf_as_span(&hex), p->digest)) {
			c->differs++;
			fprintf(c->to, say("文件与发送计划不符：%s\n", "file is not what was planned: %s\n"), buf_text(&path));
		}
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

		ret = totals_move(c->counted, p->shadow ? TOTAL_SHADOW : TOTAL_HANDED, destination, span_of(p->currency), &p->sum, 1,
			c->e);
		if (ret == 0 && p->cut && !p->shadow)
			ret = totals_move(c->counted, TOTAL_CUT, destination, span_of(p->currency), &cut, 1, c->e);
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
	struct recount *c = arg;

	if (line->term == TOTAL_HANDED && strcmp(line->destination, c->handing) == 0)
		c->handed += line->sum.count;
}

/* Is a part of a batch on the topic, and the rest of it still to come? Then the batch is not counted as handed over. */
static bool is_publishing(const struct recount *c, const char *destination)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	struct err ignored;
	const json_t *g;
	bool any = false;
	json_t *o;
	size_t i;

	buf_printf(&key, "%s/out", destination);
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
	c->out = c->handed = 0;
	c->handing = d->name;
	if (each_event(c, d->topic, count_out) != 0)
		return -1;
	totals_each(c->counted, add_handed, c);
	if (c->out == c->handed || (c->out > c->handed && is_publishing(c, d->name)))
		return 0;
	c->differs++;
	fprintf(c->to, say("主题 %s 上有 %" PRIu64 " 笔，交付记录为 %" PRIu64 " 笔\n", "%s has %" PRIu64 " events, and %" PRIu64 " were handed over\n"),
		d->topic, c->out, c->handed);
	return 0;
}

/* ---- comparing ---- */

static const enum total_term recounted[] = {TOTAL_READ, TOTAL_PUBLISHED, TOTAL_DEAD, TOTAL_CONFLICT, TOTAL_HELD, TOTAL_RETURNED,
	TOTAL_ROUTED, TOTAL_UNSHAPED, TOTAL_HANDED, TOTAL_SHADOW, TOTAL_CUT};

struct compare {
	struct recount *c;
	const struct totals *other;
	bool kept;                   /* the lines are those that the flows keep; else those that were counted */
};

static void compare_line(void *arg, const struct total_line *line)
{
	struct compare *m = arg;
	struct money_sum other = totals_get(m->other, line->term, line->destination, line->currency);
	const struct money_sum *kept = m->kept ? &line->sum : &other, *counted = m->kept ? &other : &line->sum;
	char a[24], b[24], name[64];
	bool known = false;

	for (unsigned i = 0; i < sizeof recounted / sizeof *recounted; i++)
		known |= recounted[i] == line->term;
	/* A term that both sides have is judged once. */
	if (!known || money_sum_eq(kept, counted) || (!m->kept && other.count))
		return;
	m->c->differs++;
	fprintf(m->c->to, say("%s %s %s：账上 %" PRIu64 " 笔 %s，清点 %" PRIu64 " 笔 %s\n",
		"%s %s %s: kept %" PRIu64 " records %s, counted %" PRIu64 " records %s\n"), say(total_names_zh[line->term], total_names[line->term]),
		line->destination, show_currency(line->currency, name), kept->count, money_text(kept->plus + kept->minus, a), counted->count,
		money_text(counted->plus + counted->minus, b));
}

static int count_all(struct recount *c)
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

int balance_deep(struct site *s, struct bus *bus, const struct balance *b, FILE *to, struct err *e)
{
	struct recount c = {.site = s, .bus = bus, .counted = totals_new(), .to = to, .e = e};
	struct compare kept = {&c, c.counted, true}, counted = {&c, b->all, false};
	int ret;

	*e = ERR_INIT;
	ret = count_all(&c);
	deep_forget_older(&c.older);
	verb_progress("", -1, 0);
	if (ret == 0 && !c.gone) {
		totals_each(b->all, compare_line, &kept);
		totals_each(c.counted, compare_line, &counted);
	}
	if (ret == 0)
		fprintf(to, say("重新清点 %" PRIu64 " 行，%u 项不符\n", "counted %" PRIu64 " rows again, %u terms differ\n"), c.rows,
			c.differs);
	for (unsigned i = 0; i < c.ntypes; i++) {
		free(c.types[i].type);
		slots_done(&c.types[i].slots);
		extract_free(c.types[i].extract);
		names_free(c.types[i].names);
	}
	free(c.types);
	totals_free(c.counted);
	return ret != 0 ? -1 : (int)(c.differs + c.gone);
}
