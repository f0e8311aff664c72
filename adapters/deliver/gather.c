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
	free(g->sums);
	free(g);
}

static void write_parts(const struct gathering *g, struct buf *b)
{
	bool comma = false;

	buf_str(b, ",\"parts\":[");
	for (unsigned i = 0; i < GATHER_PARTITIONS_MAX; i++) {
		const struct gather_part *p = &g->parts[i];

		if (!p->closed && !p->lines)
			continue;
		buf_printf(b, "%s[%u,%d,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%d]",
			comma ? "," : "", i, p->closed, p->published, p->failed, p->routed, p->lines, p->before,
			p->returned);
		comma = true;
	}
	buf_c(b, ']');
}

static void write_sums(const struct gathering *g, struct buf *b)
{
	char plus[24], minus[24];

	buf_str(b, ",\"sums\":[");
	for (unsigned i = 0; i < g->nsums; i++) {
		const struct gather_sum *s = &g->sums[i];

		buf_str(b, i ? ",[" : "[");
		json_quote(b, span_of(s->currency));
		buf_printf(b, ",%" PRIu64 ",\"%s\",\"%s\",%" PRIu64 "]", s->sum.count, money_text(s->sum.plus, plus),
			money_text(s->sum.minus, minus), s->sum.unreadable);
	}
	buf_c(b, ']');
}

void gathering_write(const struct gathering *g, struct buf *b)
{
	buf_str(b, "{\"batch\":");
	json_quote(b, span_of(g->batchid));
	buf_printf(b, ",\"whole\":%s,\"held\":%s,\"last\":%s,\"all\":%" PRIu64 ",\"already\":%" PRIu64,
		g->whole ? "true" : "false", g->held ? "true" : "false", g->has_last ? "true" : "false", g->all,
		g->already);
	if (g->again)
		buf_str(b, ",\"again\":true");
	if (g->returned)
		buf_str(b, ",\"returned\":true");
	if (g->aside)
		buf_str(b, ",\"aside\":true");
	write_sums(g, b);
	json_member(b, "date", span_of(g->date));
	json_member(b, "why", span_of(g->why));
	json_member(b, "args", span_of(g->why_args));
	buf_str(b, ",\"partitions\":[");
	for (unsigned i = 0; i < g->npartitions; i++)
		buf_printf(b, "%s%u", i ? "," : "", g->partitions[i]);
	buf_str(b, "],\"ranges\":[");
	for (unsigned i = 0; i < g->nranges; i++)
		buf_printf(b, "%s[%u,%" PRIu64 ",%" PRIu64 "]", i ? "," : "", g->ranges[i].partition,
			g->ranges[i].first, g->ranges[i].last);
	buf_c(b, ']');
	write_parts(g, b);
	if (g->out.digest[0])
		buf_printf(b, ",\"out\":[\"%s\",%" PRIu64 ",%u,%" PRIu64 ",%" PRIu64 ",\"%s\"]", g->out.digest,
			g->out.cut, g->out.range, g->out.offset, g->out.count, g->out.topic);
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

static int read_lists(const json_t *o, struct gathering *g)
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
			g->parts[item(v, 0)] = (struct gather_part){.closed = item(v, 1) != 0, .published = item(v, 2),
				.failed = item(v, 3), .routed = item(v, 4), .lines = item(v, 5), .before = item(v, 6),
				.returned = item(v, 7) != 0};
	list = json_object_get(o, "partitions");
	json_array_foreach(list, i, v) {
		const json_int_t p = json_integer_value(v);

		if (p < 0 || p >= (json_int_t)GATHER_PARTITIONS_MAX || g->npartitions == GATHER_PARTITIONS_MAX)
			return -1;
		g->partitions[g->npartitions++] = (unsigned)p;
	}
	return 0;
}

static void read_out(const json_t *v, struct gather_out *ret)
{
	const char *digest = json_string_value(json_array_get(v, 0)), *topic = json_string_value(json_array_get(v, 5));

	snprintf(ret->digest, sizeof ret->digest, "%s", digest ? digest : "");
	snprintf(ret->topic, sizeof ret->topic, "%s", topic ? topic : "");
	ret->cut = item(v, 1);
	ret->range = (unsigned)item(v, 2);
	ret->offset = item(v, 3);
	ret->count = item(v, 4);
}

static struct gather_sum *sum_of(struct gathering *g, struct span currency)
{
	for (unsigned i = 0; i < g->nsums; i++)
		if (span_is(currency, g->sums[i].currency))
			return &g->sums[i];
	g->sums = mem_grow(g->sums, g->nsums + 1u, sizeof *g->sums);
	g->sums[g->nsums] = (struct gather_sum){0};
	snprintf(g->sums[g->nsums].currency, sizeof g->sums->currency, "%.*s", SPAN_F(currency));
	return &g->sums[g->nsums++];
}

int gathering_add(struct gathering *g, struct span currency, int64_t fen, bool readable, struct err *e)
{
	struct gather_sum *s = sum_of(g, currency);

	if (!readable)
		money_sum_unreadable(&s->sum);
	else if (money_sum_add(&s->sum, fen, e) != 0)
		return -1;
	g->count++;
	g->changed = true;
	return 0;
}

static int read_sums(const json_t *o, struct gathering *g)
{
	struct money_form form = MONEY_YUAN;
	const json_t *v;
	struct err ignored;
	size_t i;

	json_array_foreach(json_object_get(o, "sums"), i, v) {
		const char *currency = json_string_value(json_array_get(v, 0)), *plus = json_string_value(json_array_get(v, 2)),
			   *minus = json_string_value(json_array_get(v, 3));
		struct gather_sum *s;

		if (!currency || !plus || !minus)
			return -1;
		s = sum_of(g, span_of(currency));
		s->sum.count = item(v, 1);
		s->sum.unreadable = item(v, 4);
		if (money_read(span_of(plus), &form, &s->sum.plus, &ignored) != 0 ||
			money_read(span_of(minus), &form, &s->sum.minus, &ignored) != 0)
			return -1;
		g->count += s->sum.count;
	}
	return 0;
}

struct gathering *gathering_read(const json_t *o, struct err *e)
{
	const char *batch = json_string_value(json_object_get(o, "batch"));
	struct gathering *g = gathering_new(span_of(batch ? batch : ""));

	if (!batch || !json_is_array(json_object_get(o, "sums")) || read_sums(o, g) != 0 || read_lists(o, g) != 0) {
		err_set(e, E_GATHER_STATE, "batch=%s", batch ? batch : "-");
		gathering_free(g);
		return NULL;
	}
	g->whole = json_is_true(json_object_get(o, "whole"));
	g->held = json_is_true(json_object_get(o, "held"));
	g->again = json_is_true(json_object_get(o, "again"));
	g->returned = json_is_true(json_object_get(o, "returned"));
	g->aside = json_is_true(json_object_get(o, "aside"));
	g->has_last = json_is_true(json_object_get(o, "last"));
	g->all = number(o, "all");
	g->already = number(o, "already");
	read_text(o, "date", &g->date);
	read_text(o, "why", &g->why);
	read_text(o, "args", &g->why_args);
	read_out(json_object_get(o, "out"), &g->out);
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
	if (!p->closed)
		p->before = c->before;
	if (p->lines + p->before != c->routed)
		return err_set(e, E_GATHER_LINES, "batch=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, g->batchid, c->routed,
			p->lines + p->before);
	g->again |= c->again && !p->closed;
	g->returned |= c->returned;
	g->aside = g->aside && !c->goes_on;
	g->held = false;
	g->changed = true;
	p->closed = true;
	p->returned = c->returned;
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
	g->held = g->changed = true;
	free(g->why);
	free(g->why_args);
	g->why = mem_text(span_of(err_code(why->id)->name));
	g->why_args = mem_text(span_of(why->args));
}

/* What goes by record, gathered once more: whether the closing is in behind every new line. */
static bool new_is_closed(const struct gathering *g)
{
	for (unsigned i = 0; i < GATHER_PARTITIONS_MAX; i++)
		if (g->parts[i].lines && !g->parts[i].closed)
			return false;
	return true;
}

bool gathering_waits_for(const struct gathering *g, unsigned partition, unsigned own)
{
	if (!g->has_last)
		return partition == own;
	for (unsigned i = 0; i < g->npartitions; i++)
		if (g->partitions[i] == partition)
			return g->returned ? !g->parts[partition].returned : !g->parts[partition].closed;
	return false;
}

static bool all_returned(const struct gathering *g)
{
	for (unsigned i = 0; i < g->npartitions; i++)
		if (!g->parts[g->partitions[i]].returned)
			return false;
	return g->has_last;
}

static enum gather_verdict judge_whole(struct gathering *g)
{
	uint64_t published = 0, failed = 0;
	struct err why;

	for (unsigned i = 0; i < g->npartitions; i++) {
		published += g->parts[g->partitions[i]].published;
		failed += g->parts[g->partitions[i]].failed;
	}
	if (failed || published != g->all)
		err_set(&why, E_GATHER_FAILED, "failed=%" PRIu64 "\nall=%" PRIu64, failed, g->all);
	else if (g->count && g->already)
		err_set(&why, E_GATHER_ALREADY, "already=%" PRIu64 "\nnew=%" PRIu64, g->already, g->count);
	else
		return g->count ? GATHER_READY : GATHER_NOTHING;
	gathering_hold(g, &why);
	return GATHER_HOLD;
}

enum gather_verdict gathering_judge(struct gathering *g)
{
	if (g->returned)
		return all_returned(g) ? GATHER_RETURNED : GATHER_OPEN;
	if (g->held || g->aside)
		return GATHER_OPEN;
	if (g->again && !g->whole)
		return !new_is_closed(g) ? GATHER_OPEN : g->count ? GATHER_READY : GATHER_NOTHING;
	if (!g->has_last)
		return GATHER_OPEN;
	for (unsigned i = 0; i < g->npartitions; i++)
		if (!g->parts[g->partitions[i]].closed)
			return GATHER_OPEN;
	if (g->whole)
		return judge_whole(g);
	return g->count ? GATHER_READY : GATHER_NOTHING;
}

enum gather_verdict gathering_judge_part(struct gathering *g, unsigned partition)
{
	const struct gather_part *p = &g->parts[partition];
	struct err why;

	if (g->held || g->aside || !p->closed || (!g->returned && p->lines + p->before != p->routed))
		return GATHER_OPEN;
	if (!g->count || g->returned)
		return g->count ? GATHER_RETURNED : GATHER_NOTHING;
	if (!g->whole)
		return GATHER_READY;
	err_set(&why, E_GATHER_WHOLE, "lines=%" PRIu64, g->count);
	gathering_hold(g, &why);
	return GATHER_HOLD;
}
