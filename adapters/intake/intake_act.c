/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <stdlib.h>

#include "dead.h"
#include "slip.h"

/*
 * Acts on a file that waits: `return` gives it back to its source with a slip, `seen` puts a duplicate aside, `retry` has it
 * read again, `repair` too, with one line of a report changed. All are commits {claim, totals, outcome, position}; the slips that are still to be written stand in the
 * position, for they are written after it.
 */
static int refuse(struct intake *in, const struct act *a, enum err_id why, struct err *e)
{
	return flow_act_outcome(&in->flow, a, "refused", err_code(why)->name, e);
}

static bool reads_again(const struct act *a)
{
	return span_is(a->what, "retry") || span_is(a->what, "repair") || span_is(a->what, "confirm");
}

/* Released record by record, with doubles that nobody has seen yet. */
static bool is_suspected(const struct claim *c)
{
	return span_is(c->state, "published") && claim_is_suspected(c);
}

static bool waits(const struct claim *c, const struct act *act)
{
	const struct span state = c->state;

	return (is_suspected(c) && span_is(act->what, "seen")) || span_is(state, "held") ||
		span_is(state, "conflict") || span_is(state, "unreadable") || span_is(state, "duplicate");
}

/* Who and why stand first, in front of what was wrong with the file. */
void intake_returned_reason(struct claim *c, struct arena *a, const struct act *act)
{
	struct err why;

	err_set(&why, span_is(act->what, "seen") ? E_BATCH_SEEN : E_BATCH_RETURNED, "by=%.*s\nwhy=%.*s",
		SPAN_F(act->by), SPAN_F(act->reason));
	claim_main_reason(c, a, &why);
}

void intake_owe_slip(struct intake *in, struct span batchid)
{
	in->slips = mem_grow(in->slips, in->nslips + 1u, sizeof *in->slips);
	in->slips[in->nslips++] = mem_text(batchid);
}

/* The claim of a file that waits becomes one that has ended; its money moves with it. */
static int end_claim(struct intake *in, struct claim *c, struct arena *a, const struct act *act, struct err *e)
{
	bool held = span_is(c->state, "held");

	if (span_is(act->what, "confirm"))
		c->confirmed = c->suspects;
	if (reads_again(act))
		return intake_reread_order(in, c, e);
	intake_returned_reason(c, a, act);
	if (held) {
		if (intake_count_batch(in, c->batchid, c->totals, TOTAL_HELD, -1, e) != 0 ||
			intake_count_batch(in, c->batchid, c->totals, TOTAL_RETURNED, 1, e) != 0)
			return -1;
		c->state = SPAN("returned");
		in->held -= in->held > 0;
		intake_delete_after(in, c->taken);
	} else if (span_is(c->state, "published")) {
		c->confirmed = c->suspects;
	} else {
		if (intake_end_file_letter(in, c, c->state, "returned", act->id, e) != 0)
			return -1;
		c->was = c->state;
		c->state = SPAN("settled");
	}
	intake_attend(in, false, false);
	if (span_is(act->what, "return"))
		intake_owe_slip(in, c->batchid);
	intake_note_state(in, c);
	return intake_append_claim(in, c, e);
}

/* What speaks against it; E_NONE: nothing. */
static enum err_id objection(const struct intake *in, struct claim *c, struct arena *a, const struct act *act)
{
	if (!span_is(c->adapter, in->name))
		return E_ACT_GONE;
	if (span_is(act->what, "confirm") && !(span_is(c->state, "held") && claim_is_suspected(c)))
		return E_ACT_NOT_SUSPECTED;
	if (!waits(c, act) || !span_eq(span_is(act->what, "confirm") ? c->suspects : c->digest, act->digest))
		return E_ACT_CHANGED;
	if (span_is(act->what, "seen") && !span_is(c->state, "duplicate") && !is_suspected(c))
		return E_ACT_NOT_SEEN;
	if (reads_again(act) && !intake_has_original(in, c))
		return E_BATCH_NO_ORIGINAL;
	return span_is(act->what, "repair") ? intake_repair(in, c, a, act) : E_NONE;
}

static int execute(struct intake *in, const struct act *act, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int ret = claim_find(in->flow.bus, in->flow.owner, act->subject, &record, &a, &c, e);
	enum err_id why = ret == 1 ? objection(in, &c, &a, act) : E_ACT_GONE;

	if (ret >= 0 && why)
		ret = refuse(in, act, why, e);
	else if (ret == 1)
		ret = end_claim(in, &c, &a, act, e) != 0 || flow_act_outcome(&in->flow, act, "done", "", e) != 0 ||
				      intake_save_position(in, e) != 0
			      ? -1
			      : 0;
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	return ret;
}

int intake_act(struct flow *f, const struct act *a, struct err *e)
{
	struct intake *in = (struct intake *)f;
	char state[16];
	uint64_t offset;
	int letter = a->subject.n ? dead_state(f->bus, f->owner, a->subject, state, &offset, e) : 0;

	if (letter < 0)
		return -1;
	if (letter && a->by.n && a->reason.n)
		return intake_letter_act(in, a, e);
	if (span_is(a->what, "slip") && a->subject.n)
		return intake_slip(in, a, e);
	if (!(span_is(a->what, "return") || span_is(a->what, "seen") || reads_again(a)) || !a->subject.n || !a->by.n ||
		!a->reason.n)
		return refuse(in, a, E_ACT_UNKNOWN, e);
	return execute(in, a, e);
}

unsigned intake_act_people(struct flow *f, const struct act *a)
{
	(void)f;
	return span_is(a->what, "confirm") ? 2 : 1;
}

int intake_act_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e)
{
	struct intake *in = (struct intake *)f;
	struct buf record = BUF_INIT;
	struct arena arena = ARENA_INIT;
	struct claim c = {0};
	int got = claim_find(f->bus, f->owner, a->subject, &record, &arena, &c, e);
	json_t *shows;

	*ret = got == 1 ? objection(in, &c, &arena, a) : E_ACT_GONE;
	if (!*ret) {
		shows = claim_shows(&c);
		*ret = act_shows(a, shows, NULL) ? E_NONE : E_ACT_SHOWS;
		json_decref(shows);
	}
	totals_free(c.totals);
	arena_done(&arena);
	buf_done(&record);
	return got < 0 ? -1 : 0;
}

/* ---- slips ---- */

static int write_slip(struct intake *in, const char *batchid, struct err *e)
{
	struct buf record = BUF_INIT, name = BUF_INIT, slip = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int ret = claim_find(in->flow.bus, in->flow.owner, span_of(batchid), &record, &a, &c, e);

	if (ret == 1) {
		buf_printf(&name, "%.*s.txt", SPAN_F(c.taken));
		slip_text(&slip, &c);
		ret = drop_return(in->drop, in->setup.returns, buf_text(&name), buf_as_span(&slip), e);
	}
	if (ret == 0 && c.taken.n) {
		buf_clear(&name);
		buf_clear(&slip);
		buf_printf(&name, "%.*s.json", SPAN_F(c.taken));
		slip_json(&slip, &c);
		ret = drop_return(in->drop, in->setup.returns, buf_text(&name), buf_as_span(&slip), e);
	}
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	buf_done(&name);
	buf_done(&slip);
	return ret;
}

int intake_write_slips(struct intake *in, struct err *e)
{
	while (in->nslips) {
		if (write_slip(in, in->slips[in->nslips - 1], e) != 0)
			return -1;
		free(in->slips[--in->nslips]);
	}
	return 0;
}

void intake_forget_slips(struct intake *in)
{
	while (in->nslips)
		free(in->slips[--in->nslips]);
	free(in->slips);
	in->slips = NULL;
}
