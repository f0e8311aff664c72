/* SPDX-License-Identifier: Apache-2.0 */
#include "gather.h"

#include <inttypes.h>
#include <stdlib.h>

#include "jscan.h"

struct gathering *gathering_new(struct span batchid)
{
	struct gathering *g = mem_new(sizeof *g);

	g->batchid = mem_text(batchid);
	g->why = mem_text(SPAN(""));
	g->why_args = mem_text(SPAN(""));
	g->date = mem_text(SPAN(""));
	return g;
}

void gathering_free(struct gathering *g)
{
	if (!g)
		return;
	free(g->batchid);
	free(g->why);
	free(g->why_args);
	free(g->date);
	free(g->ranges);
	free(g);
}

static void text(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	json_quote(b, span_of(value));
}

static void write_parts(const struct gathering *g, struct buf *b)
{
	bool comma = false;

	buf_str(b, ",\"parts\":[");
	for (unsigned i = 0; i < GATHER_PARTITIONS_MAX; i++) {
		const struct gather_part *p = &g->parts[i];

		if (!p->closed && !p->lines)
			continue;
		buf_printf(b, "%s[%u,%d,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", comma ? "," : "", i, p->closed,
			p->published, p->failed, p->routed, p->lines);
		comma = true;
	}
	buf_c(b, ']');
}

void gathering_write(const struct gathering *g, struct buf *b)
{
	char amount[24];

	buf_str(b, "{\"batch\":");
	json_quote(b, span_of(g->batchid));
	buf_printf(b, ",\"whole\":%s,\"held\":%s,\"mixed\":%s,\"last\":%s,\"all\":%" PRIu64 ",\"already\":%" PRIu64
		",\"count\":%" PRIu64 ",\"unreadable\":%" PRIu64, g->whole ? "true" : "false", g->held ? "true" : "false",
		g->mixed ? "true" : "false", g->has_last ? "true" : "false", g->all, g->already, g->sum.count,
		g->sum.unreadable);
	text(b, "plus", money_text(g->sum.plus, amount));
	text(b, "minus", money_text(g->sum.minus, amount));
	text(b, "currency", g->currency);
	text(b, "date", g->date);
	text(b, "why", g->why);
	text(b, "args", g->why_args);
	buf_str(b, ",\"partitions\":[");
	for (unsigned i = 0; i < g->npartitions; i++)
		buf_printf(b, "%s%u", i ? "," : "", g->partitions[i]);
	buf_str(b, "],\"ranges\":[");
	for (unsigned i = 0; i < g->nranges; i++)
		buf_printf(b, "%s[%u,%" PRIu64 ",%" PRIu64 "]", i ? "," : "", g->ranges[i].partition, g->ranges[i].first,
			g->ranges[i].last);
	buf_c(b, ']');
	write_parts(g, b);
	buf_c(b, '}');
}

static uint64_t item(const json_t *array, size_t i)
{
	return (uint64_t)json_integer_value(json_array_get(array, i));
}

static uint64_t number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static void read_text(const json_t *o, const char *name, char **ret)
{
	const char *t = json_string_value(json_object_get(o, name));

	free(*ret);
	*ret = mem_text(span_of(t ? t : ""));
}

static void read_lists(const json_t *o, struct gathering *g)
{
	const json_t *v, *list = json_object_get(o, "ranges");
	size_t i;

	g->nranges = (unsigned)json_array_size(list);
	g->ranges = mem_grow(NULL, g->nranges, sizeof *g->ranges);
	json_array_foreach(list, i, v)
		g->ranges[i] = (struct parcel_range){(unsigned)item(v, 0), item(v, 1), item(v, 2)};
	list = json_object_get(o, "parts");
	json_array_foreach(list, i, v)
		if (item(v, 0) < GATHER_PARTITIONS_MAX)
			g->parts[item(v, 0)] = (struct gather_part){item(v, 1) != 0, item(v, 2), item(v, 3), item(v, 4),
				item(v, 5)};
	list = json_object_get(o, "partitions");
	json_array_foreach(list, i, v)
		if (g->npartitions < GATHER_PARTITIONS_MAX)
			g->partitions[g->npartitions++] = (unsigned)json_integer_value(v);
}

struct gathering *gathering_read(const json_t *o, struct err *e)
{
	const char *batch = json_string_value(json_object_get(o, "batch"));
	const char *plus = json_string_value(json_object_get(o, "plus"));
	const char *minus = json_string_value(json_object_get(o, "minus"));
	const char *currency = json_string_value(json_object_get(o, "currency"));
	struct money_form form = MONEY_YUAN;
	struct gathering *g;
	struct err ignored;

	if (!batch || !plus || !minus || !currency) {
		err_set(e, E_GATHER_STATE, "batch=%s", batch ? batch : "-");
		return NULL;
	}
	g = gathering_new(span_of(batch));
	g->whole = json_is_true(json_object_get(o, "whole"));
	g->held = json_is_true(json_object_get(o, "held"));
	g->mixed = json_is_true(json_object_get(o, "mixed"));
	g->has_last = json_is_true(json_object_get(o, "last"));
	g->all = number(o, "all");
	g->already = number(o, "already");
	g->sum.count = number(o, "count");
	g->sum.unreadable = number(o, "unreadable");
	money_read(span_of(plus), &form, &g->sum.plus, &ignored);
	money_read(span_of(minus), &form, &g->sum.minus, &ignored);
	snprintf(g->currency, sizeof g->currency, "%s", currency);
	read_text(o, "date", &g->date);
	read_text(o, "why", &g->why);
	read_text(o, "args", &g->why_args);
	read_lists(o, g);
	return g;
}

void gathering_place(struct gathering *g, unsigned partition, uint64_t offset, bool follows)
{
	struct parcel_range *last = g->nranges ? &g->ranges[g->nranges - 1] : NULL;

	if (follows && last && last->partition == partition) {
		last->last = offset;
		return;
	}
	g->ranges = mem_grow(g->ranges, g->nranges + 1u, sizeof *g->ranges);
	g->ranges[g->nranges++] = (struct parcel_range){partition, offset, offset};
}

int gathering_close(struct gathering *g, const struct batch_closing *c, struct err *e)
{
	struct gather_part *p;

	if (c->partition >= GATHER_PARTITIONS_MAX)
		return err_set(e, E_GATHER_STATE, "batch=%s", g->batchid);
	p = &g->parts[c->partition];
	if (p->lines != c->routed)
		return err_set(e, E_GATHER_LINES, "batch=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, g->batchid, c->routed, p->lines);
	p->closed = true;
	p->published = c->published;
	p->failed = c->failed;
	p->routed = c->routed;
	g->whole = c->whole;
	if (c->last) {
		g->has_last = true;
		g->all = c->all;
		g->npartitions = c->npartitions;
		memcpy(g->partitions, c->partitions, c->npartitions * sizeof *c->partitions);
	}
	return 0;
}

void gathering_hold(struct gathering *g, const struct err *why)
{
	g->held = true;
	free(g->why);
	free(g->why_args);
	g->why = mem_text(span_of(err_code(why->id)->name));
	g->why_args = mem_text(span_of(why->args));
}

enum gather_verdict gathering_judge(struct gathering *g)
{
	uint64_t published = 0, failed = 0;
	struct err why;

	if (g->held || !g->has_last)
		return GATHER_OPEN;
	for (unsigned i = 0; i < g->npartitions; i++) {
		const struct gather_part *p = &g->parts[g->partitions[i]];

		if (!p->closed)
			return GATHER_OPEN;
		published += p->published;
		failed += p->failed;
	}
	if (g->whole && (failed || published != g->all)) {
		err_set(&why, E_GATHER_FAILED, "failed=%" PRIu64 "\nall=%" PRIu64, failed, g->all);
		gathering_hold(g, &why);
		return GATHER_HOLD;
	}
	if (!g->sum.count)
		return GATHER_NOTHING;
	if (g->whole && g->already) {
		err_set(&why, E_GATHER_ALREADY, "already=%" PRIu64 "\nnew=%" PRIu64, g->already, g->sum.count);
		gathering_hold(g, &why);
		return GATHER_HOLD;
	}
	return GATHER_READY;
}
