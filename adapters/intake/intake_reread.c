/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <stdlib.h>

/*
 * Reading again. A person orders it (commit: claim `reread`, money taken out of where it stood, batch noted in the position);
 * in a later turn the original is claimed once more, with the form in force, under the name that the batch has. What that
 * claim becomes is decided as for any file.
 */
void intake_reread_free(struct reread *r)
{
	if (!r)
		return;
	totals_free(r->claim.totals);
	arena_done(&r->arena);
	buf_done(&r->record);
	free(r);
}

void intake_reread_add(struct intake *in, struct span batchid)
{
	in->rereads = mem_grow(in->rereads, in->nrereads + 1u, sizeof *in->rereads);
	in->rereads[in->nrereads++] = mem_text(batchid);
}

void intake_reread_done(struct intake *in, struct span batchid)
{
	for (unsigned i = 0; i < in->nrereads; i++)
		if (span_is(batchid, in->rereads[i])) {
			free(in->rereads[i]);
			memmove(&in->rereads[i], &in->rereads[i + 1], (--in->nrereads - i) * sizeof *in->rereads);
			return;
		}
}

void intake_forget_rereads(struct intake *in)
{
	while (in->nrereads)
		free(in->rereads[--in->nrereads]);
	free(in->rereads);
	in->rereads = NULL;
}

bool intake_has_original(const struct intake *in, const struct claim *c)
{
	struct arena a = ARENA_INIT;
	bool there = drop_taken_time(in->drop, arena_text(&a, c->taken)) != 0;

	arena_done(&a);
	return there;
}

int intake_reread_order(struct intake *in, struct claim *c, struct err *e)
{
	if (intake_count_claim(in, c, c->state, -1, e) != 0)
		return -1;
	in->held -= span_is(c->state, "held") && in->held > 0;
	intake_attend(in, false, false);
	c->was = c->state;
	c->state = SPAN("reread");
	intake_reread_add(in, c->batchid);
	intake_note_state(in, c);
	return intake_append_claim(in, c, e);
}

int intake_reread_back(struct intake *in, struct reread *r, const struct err *why, struct err *e)
{
	struct claim *c = &r->claim;

	c->state = c->was;
	c->was = SPAN("");
	claim_main_reason(c, &r->arena, why);
	intake_reread_done(in, c->batchid);
	intake_attend(in, span_is(c->state, "held"), !span_is(c->state, "held"));
	intake_note_state(in, c);
	if (intake_count_claim(in, c, c->state, 1, e) != 0 || intake_append_claim(in, c, e) != 0)
		return -1;
	return intake_save_position(in, e);
}

/* 1: it is still to be read again; 0: something else became of it meanwhile. */
static int find(struct intake *in, const char *batchid, struct reread *r, struct err *e)
{
	int got = claim_find(in->flow.bus, in->flow.owner, span_of(batchid), &r->record, &r->arena, &r->claim, e);

	return got == 1 && !span_is(r->claim.state, "reread") ? 0 : got;
}

static int begin(struct intake *in, struct reread *r, struct err *e)
{
	/* The form may be another one by now. */
	enum err_id objection = r->claim.overlays.n ? intake_repair_objection(in) : E_NONE;
	struct err why;
	int ret;

	if (!objection && intake_has_original(in, &r->claim))
		return intake_claim_begin(in, arena_text(&r->arena, r->claim.taken), r, e) == 0 ? 1 : -1;
	err_set(&why, objection ? objection : E_BATCH_NO_ORIGINAL, "subject=%.*s", SPAN_F(r->claim.batchid));
	ret = intake_reread_back(in, r, &why, e) == 0 ? 2 : -1;
	intake_reread_free(r);
	return ret;
}

int intake_reread_next(struct intake *in, struct err *e)
{
	while (in->nrereads) {
		struct reread *r = mem_new(sizeof *r);
		int got = find(in, in->rereads[0], r, e);

		if (got == 1)
			return begin(in, r, e);
		intake_reread_free(r);
		if (got < 0)
			return -1;
		intake_reread_done(in, span_of(in->rereads[0]));
	}
	return 0;
}
