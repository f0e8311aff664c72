/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_flow_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "json_text.h"
#include "log.h"

/*
 * Whole batches for a destination that never had them: the lines that the router would have written, and behind the last one the
 * closings, in the same commit. It counts for the destination what the router had not: each event of such a batch as routed or not.
 */
#define TOTALS "totals"              /* {"totals":[rows],"journal":true}; for good */

int replay_give_open(struct replaying *r, struct err *e)
{
	json_t *o;
	int ret = 0;

	r->totals = totals_new();
	r->journal = journal_new(r->totals, 0);
	buf_clear(&r->text);
	if (flow_position_get(&r->flow, TOTALS, &r->text, e) < 0)
		return -1;
	o = json_loadb(r->text.p ? r->text.p : "", r->text.n, 0, NULL);
	if (o)
		ret = totals_read(r->totals, json_object_get(o, "totals"), e) != 0 || journal_found(r->journal, &r->flow, SITE_REPLAY "/" TOTALS, o, e) != 0 ? -1 : 0;
	json_decref(o);
	return ret;
}

void replay_give_close(struct replaying *r)
{
	journal_free(r->journal);
	totals_free(r->totals);
	r->journal = NULL;
	r->totals = NULL;
}

int replay_give_save(struct replaying *r, struct err *e)
{
	struct buf b = BUF_INIT;
	int ret;

	if (!r->batches)
		return 0;
	if (replay_begun_save(r, e) != 0)
		return -1;
	ret = journal_post(r->journal, &r->flow, r->journal_topic, e);
	if (ret == 0) {
		buf_str(&b, "{\"totals\":");
		totals_write(r->totals, &b);
		buf_str(&b, JOURNAL_MARK "}");
		ret = flow_position_put(&r->flow, TOTALS, buf_as_span(&b), e);
	}
	buf_done(&b);
	return ret;
}

static unsigned destination_of(const struct replaying *r)
{
	const char *name = json_text(json_object_get(r->plan, "to"), "destination");
	unsigned d = 0;

	while (d < r->site->ndestinations && strcmp(r->site->destinations[d].name, name) != 0)
		d++;
	return d;
}

int replay_give_begin(struct replaying *r, struct err *e)
{
	const unsigned d = destination_of(r);
	json_t *goes = NULL;
	json_t *list;

	r->lost = d == r->site->ndestinations;
	if (r->lines[0] && replay_goes_load(r, &goes, e) != 0)
		return -1;
	r->batches = replay_batches_new(r->site, r->flow.bus, d, r->id, json_object_get(goes, "ends"), e);
	list = json_object_get(goes, "batches");
	/* From its end, so that neither is there as a whole beside the other. */
	for (size_t n = json_array_size(list); r->batches && n > 0; n--) {
		replay_batches_of(r->batches, span_of(json_string_value(json_array_get(list, n - 1))))->goes = true;
		json_array_remove(list, n - 1);
	}
	json_decref(goes);
	return !r->batches ? -1 : r->lines[0] ? replay_begun_recall(r, e) : 0;
}

void replay_give_end(struct replaying *r)
{
	replay_batches_free(r->batches);
	r->batches = NULL;
	free(r->begun);
	r->begun = NULL;
	r->nbegun = 0;
	r->begun_kept = false;
	r->lines[0] = 0;
	r->cancelled = r->lost = false;
}

int replay_give_may(struct replaying *r, struct err *e)
{
	const bool pays = replay_batches_others(r->batches) != NULL;

	if (pays != replay_is_money(r->plan))
		return err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id);
	return !pays || !(r->site->money_stopped || r->site->closed);
}

int replay_give_look(struct replaying *r, const struct selected *v, struct err *e)
{
	return replay_batches_add(r->batches, v, e);
}

/* Is what goes, and what others were given, what the plan says? 1, 0, -1. */
static int is_as_planned(struct replaying *r, struct err *e)
{
	json_t *goes = NULL, *handed = NULL;
	int ret;

	ret = replay_batches_goes(r->batches, &goes, e) != 0 || replay_batches_handed(r->batches, &handed, e) != 0
		? -1
		: json_equal(goes, json_object_get(r->plan, "goes")) &&
			(handed ? json_equal(handed, json_object_get(r->plan, "handed"))
				: !json_object_get(r->plan, "handed"));
	json_decref(goes);
	json_decref(handed);
	return ret;
}

/* As text, piece by piece: a list of objects would be three times as large. */
static int save_goes(struct replaying *r, struct err *e)
{
	const struct replay_handed *others = replay_batches_others(r->batches);
	struct buf b = BUF_INIT;
	const char *by = "";
	int ret;

	buf_str(&b, "{\"plan\":");
	json_quote(&b, span_of(r->id));
	buf_str(&b, ",\"batches\":[");
	for (unsigned i = 0; i < replay_batches_count(r->batches); i++) {
		const struct replay_batch *x = replay_batches_at(r->batches, i);

		if (x->verdict != REPLAY_GOES)
			continue;
		buf_str(&b, by);
		json_quote(&b, span_of(x->id));
		by = ",";
	}
	buf_c(&b, ']');
	if (others) {
		json_t *ends = replay_handed_ends(others);
		char *text = json_dumps(ends, JSON_COMPACT);

		buf_printf(&b, ",\"ends\":%s", text);
		free(text);
		json_decref(ends);
	}
	buf_c(&b, '}');
	ret = replay_goes_save(r, buf_as_span(&b), e);
	buf_done(&b);
	return ret;
}

void replay_give_looked(struct replaying *r)
{
	replay_batches_digest(r->batches, r->found);
}

int replay_give_decide(struct replaying *r, struct err *e)
{
	int got = replay_batches_decide(r->batches, REPLAY_TURN_MS, e);

	if (got != 0)
		return got;
	got = is_as_planned(r, e);
	if (got != 1)
		return got < 0 ? -1 : err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id);
	/* Whatever the router had written when it was found to have come so far is seen from here on. */
	if (save_goes(r, e) != 0 || bus_settle(r->flow.bus, e) != 0)
		return -1;
	snprintf(r->lines, sizeof r->lines, "%s", r->found);
	for (unsigned i = 0; i < replay_batches_count(r->batches); i++) {
		struct replay_batch *b = replay_batches_of(r->batches, span_of(replay_batches_at(r->batches, i)->id));

		b->goes = b->verdict == REPLAY_GOES;
	}
	return 0;
}

int replay_give_checked_again(struct replaying *r, struct err *e)
{
	char lines[65];

	replay_batches_digest(r->batches, lines);
	return strcmp(lines, r->lines) == 0 ? 0 : err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id);
}

/* ---- lines and closings ---- */

int replay_give_closings(struct replaying *r, const struct replay_batch *b, struct arena *a, struct batch_closing **ret,
	unsigned *ret_n, struct err *e)
{
	struct batch_closing last, *list;
	unsigned n = 0;
	int got = replay_batches_last(r->batches, b, a, &last, e);

	if (got != 1)
		return got;
	list = arena_new(a, last.npartitions * sizeof *list);
	for (unsigned i = 0; i < last.npartitions && got == 1; i++)
		if (last.partitions[i] != last.partition)
			got = replay_batches_closing(r->batches, b, last.partitions[i], a, &list[n++], e);
	if (got != 1)
		return got;
	list[n++] = last;
	*ret = list;
	*ret_n = n;
	return 1;
}

int replay_give_tell(struct replaying *r, const struct replay_batch *b, struct batch_closing *list, unsigned n,
	bool returned, struct err *e)
{
	struct buf source = BUF_INIT, time = BUF_INIT;
	int failed = 0;

	buf_printf(&source, "/%s/%s", r->site->name, r->flow.name);
	clock_write(&time, clock_now_ms());
	for (unsigned i = 0; i < n && !failed; i++) {
		struct batch_closing *c = &list[i];

		c->failed = c->here = c->before = 0;
		c->routed = b->here[c->partition];
		c->again = c->goes_on = false;
		c->returned = returned;
		buf_clear(&r->event);
		batch_closing_write(&r->event, c, &(struct event){.source = buf_as_span(&source), .time = buf_as_span(&time)});
		failed = flow_append(&r->flow, r->topic, c->partition, span_of(b->id), &r->event, e);
	}
	buf_done(&source);
	buf_done(&time);
	return failed ? -1 : 0;
}

/* One that was given back meanwhile ends there as returned: nothing of it goes. */
static int end_batch(struct replaying *r, const struct replay_batch *b, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct batch_closing *list;
	unsigned n;
	int got = replay_give_closings(r, b, &a, &list, &n, e), returned = got == 1 ? replay_batches_returned(r->batches, b, e) : 0;

	if (returned < 0)
		got = -1;
	if (got == 1 && replay_batches_reaches(r->batches, &list[n - 1]) &&
		replay_give_tell(r, b, list, n, returned == 1, e) != 0)
		got = -1;
	arena_done(&a);
	return got == 0 ? err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id) : got < 0 ? -1 : 0;
}

static int begin_batch(struct replaying *r, struct replay_batch *b, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct batch_closing last;
	int got = replay_batches_last(r->batches, b, &a, &last, e);

	if (got == 1) {
		b->all = last.all;
		replay_begun_add(r, b);
	}
	arena_done(&a);
	return got == 0 ? err_set(e, E_REPLAY_CHANGED, "plan=%s", r->id) : got < 0 ? -1 : 0;
}

static int give_line(struct replaying *r, struct replay_batch *b, const struct selected *v, struct err *e)
{
	const char *name = r->site->destinations[destination_of(r)].name;
	struct span line, currency;
	struct totals *counts;
	bool readable;
	int64_t fen;
	int got = replay_batches_line(r->batches, v, &line, &currency, &fen, &readable, e);

	if (got < 0)
		return -1;
	if (got == 1) {
		buf_clear(&r->event);
		buf_span(&r->event, line);
		if (flow_append(&r->flow, r->topic, v->partition, v->key, &r->event, e) != 0)
			return -1;
		b->here[v->partition]++;
	}
	counts = journal_of(r->journal, v->event.batchid);
	return totals_add(counts, TOTAL_REPLAYED, name, currency, fen, readable, e) != 0 ||
		totals_add(counts, got == 1 ? TOTAL_ROUTED : TOTAL_NOT_ROUTED, name, currency, fen, readable, e) != 0 ? -1 : 0;
}

int replay_give_one(struct replaying *r, const struct selected *v, struct err *e)
{
	struct replay_batch *b = replay_batches_of(r->batches, v->event.batchid);

	if (!b->goes || v->partition >= REPLAY_PARTITIONS)
		return 0;
	if (!b->begun && r->cancelled && r->passed >= r->cancel_at)
		return 0;
	if (!b->begun && begin_batch(r, b, e) != 0)
		return -1;
	if (give_line(r, b, v, e) != 0)
		return -1;
	if (++b->passed < b->all)
		return 0;
	if (end_batch(r, b, e) != 0)
		return -1;
	replay_begun_ended(r, b);
	return 0;
}

bool replay_give_is_over(const struct replaying *r)
{
	return r->cancelled && r->phase == REPLAY_WRITING && r->nbegun == 0;
}
