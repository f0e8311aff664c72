/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "act.h"
#include "batch.h"
#include "claim.h"
#include "dead.h"
#include "gather.h"
#include "journal.h"
#include "jscan.h"
#include "lane.h"
#include "parcel.h"

/*
 * Whatever lies on a topic or in a position and is no event of a system: the first byte says what it is taken for. What
 * could be read is used as a flow would, written again, and read again it is the same.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                                     \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

/* ---- positions: JSON ---- */

static void same(const struct buf *a, const struct buf *b)
{
	MUST(span_eq(buf_as_span(a), buf_as_span(b)));
}

static void try_gathering(const json_t *o)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err e = ERR_INIT;
	struct gathering *g = gathering_read(o, &e), *again;
	json_t *written;

	if (!g)
		return;
	gathering_write(g, &first);
	written = json_loadb(first.p, first.n, 0, NULL);
	again = written ? gathering_read(written, &e) : gathering_new(SPAN("b"));     /* a number below 0: none that we wrote */
	MUST(again);
	gathering_write(again, &second);
	if (written)
		same(&first, &second);
	for (unsigned i = 0; i < GATHER_PARTITIONS_MAX; i++)
		(void)gathering_waits_for(again, i, 0);
	(void)gathering_judge(g);
	(void)gathering_judge_part(again, 0);
	gathering_free(g);
	gathering_free(again);
	json_decref(written);
	buf_done(&first);
	buf_done(&second);
}

static void try_parcel(const json_t *o)
{
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err e = ERR_INIT;
	struct parcel *p = parcel_read(o, &e), *again;
	json_t *written;

	if (!p)
		return;
	parcel_write(p, &first);
	written = json_loadb(first.p, first.n, 0, NULL);
	if (written) {
		again = parcel_read(written, &e);
		MUST(again);
		parcel_write(again, &second);
		same(&first, &second);
		parcel_free(again);
	}
	parcel_free(p);
	json_decref(written);
	buf_done(&first);
	buf_done(&second);
}

static void try_heads(const json_t *o)
{
	struct lane_heads *h = lane_heads_new(), *again = lane_heads_new();
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err e = ERR_INIT;
	json_t *written;

	if (lane_heads_read(h, o, &e) == 0) {
		lane_heads_write(h, &first);
		written = json_loadb(first.p, first.n, 0, NULL);
		MUST(written && lane_heads_read(again, written, &e) == 0);
		lane_heads_write(again, &second);
		same(&first, &second);
		json_decref(written);
	}
	lane_heads_free(h);
	lane_heads_free(again);
	buf_done(&first);
	buf_done(&second);
}

static void try_totals(const json_t *o)
{
	struct totals *t = totals_new(), *again = totals_new();
	struct buf first = BUF_INIT, second = BUF_INIT;
	struct err e = ERR_INIT;
	struct jscan s;

	if (totals_read(t, o, &e) == 0) {
		totals_write(t, &first);
		jscan_init(&s, buf_as_span(&first));
		MUST(totals_scan(again, &s, &e) == 0);
		totals_write(again, &second);
		same(&first, &second);
		(void)totals_merge(again, t, &e);
	}
	totals_free(t);
	totals_free(again);
	buf_done(&first);
	buf_done(&second);
}

/* ---- records ---- */

/* As a destination gathers it: a line of the batch, then the closing of its first partition. */
static void try_closing(const struct event *v)
{
	struct arena a = ARENA_INIT;
	struct batch_closing c;
	struct err e = ERR_INIT;
	struct gathering *g;

	if (batch_closing_read(v, 0, &a, &c, &e) == 0) {
		g = gathering_new(c.batchid);
		MUST(gathering_add(g, SPAN("CNY"), 100, true, &e) == 0);
		gathering_place(g, 0, 1, false);
		g->parts[0].lines = 1;
		if (gathering_close(g, &c, &e) == 0) {
			(void)gathering_waits_for(g, 0, 0);
			(void)gathering_judge(g);
			(void)gathering_judge_part(g, 0);
		}
		gathering_free(g);
	}
	arena_done(&a);
}

static void try_posting(struct span record)
{
	struct posting p = {.more = totals_new(), .less = totals_new()};
	struct err e = ERR_INIT;

	(void)journal_read(record, &p, &e);
	totals_free(p.more);
	totals_free(p.less);
}

static void try_claim(const struct event *v)
{
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	struct err e = ERR_INIT;
	struct buf b = BUF_INIT;

	if (claim_read(v, &a, &c, &e) == 0) {
		claim_write(&b, &c, SPAN("/test/fuzz"));
		totals_free(c.totals);
	}
	buf_done(&b);
	arena_done(&a);
}

static void try_letter(const struct event *v)
{
	struct arena a = ARENA_INIT;
	struct dead_letter d;
	struct err e = ERR_INIT;
	uint64_t size;

	if (dead_read(v, &a, &d, &size, &e) == 0)
		MUST(d.raw.n <= DEAD_RAW_MAX);
	arena_done(&a);
}

static void try_act(struct span text)
{
	static const char *const names[] = {"id", "by", "at", "reason", "args", NULL};
	struct act a;
	char digest[ACT_DIGEST];
	json_t *kept;

	act_read(SPAN("a1"), text, &a);
	kept = act_kept(&a, names);
	act_stop_digest(kept, digest);
	json_decref(kept);
	act_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = {size ? (const char *)data + 1 : "", size ? size - 1 : 0};
	struct event v;
	struct err e = ERR_INIT;
	json_t *o;

	if (!size || !data[0])
		return 0;
	if (data[0] == 'a')
		try_act(text);
	if (data[0] == 'j')
		try_posting(text);
	if (strchr("cld", data[0]) && event_read(text, &v, &e) == 0) {
		if (data[0] == 'c')
			try_closing(&v);
		else if (data[0] == 'l')
			try_claim(&v);
		else
			try_letter(&v);
	}
	if (!strchr("gpht", data[0]) || !(o = json_loadb(text.p, text.n, 0, NULL)))
		return 0;
	if (data[0] == 'g')
		try_gathering(o);
	else if (data[0] == 'p')
		try_parcel(o);
	else if (data[0] == 'h')
		try_heads(o);
	else
		try_totals(o);
	json_decref(o);
	return 0;
}
