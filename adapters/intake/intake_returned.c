/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include <jansson.h>

#include "index.h"
#include "json_text.h"

/*
 * A batch that was published can be given back as long as nothing of it was handed over; who knows that is further on, and
 * asks for the slip by an act. Then its file can come again under the same keys and with the same ids: its events say so.
 */
int intake_was_returned(struct intake *in, struct span batchid, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int got = claim_find(in->flow.bus, in->flow.owner, batchid, &record, &a, &c, e);

	if (got == 1)
		got = span_is(c.adapter, in->name) && span_is(c.state, "returned") && span_is(c.was, "published");
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	return got;
}

int intake_is_again(struct intake *in, const struct bus_entry *at, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	int got;

	/* Of this very batch, a moment ago. */
	if (at->pending)
		return 0;
	if (bus_read(in->flow.bus, at->topic, at->partition, &r, e) != 0)
		return -1;
	bus_seek(r, at->offset);
	got = bus_next(r, &m, e);
	if (got == 1)
		got = event_read(m.value, &v, e) != 0 ? -1 : v.batchid.n > 0;
	if (got == 1 && !span_eq(v.batchid, buf_as_span(&in->former))) {
		buf_clear(&in->former);
		buf_span(&in->former, v.batchid);
		got = intake_was_returned(in, buf_as_span(&in->former), e);
		in->former_returned = got == 1;
	}
	bus_unread(r);
	return got < 0 ? -1 : got && in->former_returned;
}

/* Did another flow really give this batch back? Its outcome stands on jincai.acts, where only flows write. */
static int is_proved(struct intake *in, const struct act *act, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	json_t *o = NULL;
	const json_t *order;
	int got = bus_look(in->flow.bus, in->flow.owner, INDEX_ACTS, index_key(key, 0, act_text(act, "for"), SPAN_NONE), &at, e);

	if (got <= 0)
		return got;
	if (bus_read(in->flow.bus, at.topic, at.partition, &r, e) != 0)
		return -1;
	bus_seek(r, at.offset);
	got = bus_next(r, &m, e);
	if (got == 1 && event_read(m.value, &v, e) != 0)
		got = -1;
	if (got == 1) {
		o = json_loadb(v.data.p, v.data.n, 0, NULL);
		order = json_object_get(o, "order");
		got = span_is(json_text_span(o, "outcome"), "done") && !span_is(json_text_span(o, "flow"), in->name) &&
			span_is(json_text_span(order, "act"), "return") &&
			span_eq(json_text_span(order, "subject"), act->subject);
	}
	json_decref(o);
	bus_unread(r);
	return got;
}

static int end_published(struct intake *in, struct claim *c, struct arena *a, const struct act *act, struct err *e)
{
	intake_returned_reason(c, a, act);
	c->was = c->state;
	c->state = SPAN("returned");
	buf_clear(&in->former);
	intake_owe_slip(in, c->batchid);
	intake_note_state(in, c);
	return intake_append_claim(in, c, e) != 0 || flow_act_outcome(&in->flow, act, "done", "", e) != 0 ||
		intake_save_position(in, e) != 0 ? -1 : 0;
}

int intake_slip(struct intake *in, const struct act *act, struct err *e)
{
	struct buf record = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	int got = act_text(act, "for").n ? is_proved(in, act, e) : 0;

	if (got == 1)
		got = claim_find(in->flow.bus, in->flow.owner, act->subject, &record, &a, &c, e);
	if (got == 1)
		got = span_is(c.adapter, in->name) && span_is(c.state, "published");
	if (got == 1)
		got = end_published(in, &c, &a, act, e) == 0 ? 1 : -1;
	if (got == 0)
		got = flow_act_outcome(&in->flow, act, "refused", err_code(E_ACT_NOT_PROVED)->name, e);
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	return got < 0 ? -1 : 0;
}
