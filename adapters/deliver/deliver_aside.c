/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"
#include "json_text.h"

#include <stdlib.h>

/*
 * A return asks every destination that was routed something of the batch to put it aside: from that commit on nothing of it
 * is planned here, until a closing says that it was returned, or goes on. No person lets it go on here: the router may have
 * read already that it is put aside.
 */

/* Does that flow really ask, with its position? 1, 0, -1. */
static int is_asked(struct deliver *d, const struct act *a, struct err *e)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	json_t *list = NULL;
	const json_t *one;
	size_t i;
	int got;

	buf_printf(&key, "%.*s/asked", SPAN_F(act_text(a, "from")));
	got = bus_position_get(d->flow.bus, buf_text(&key), &value, e);
	if (got == 1) {
		got = 0;
		list = json_loadb(value.p, value.n, 0, NULL);
		json_array_foreach(list, i, one)
			if (span_eq(json_text_span(one, "batch"), a->subject) && span_eq(json_text_span(one, "id"), act_text(a, "for")))
				got = 1;
	}
	json_decref(list);
	buf_done(&key);
	buf_done(&value);
	return got;
}

static struct gathering *gathered(const struct deliver *d, struct span batchid)
{
	struct gathering *g = d->open;

	while (g && !span_is(batchid, g->batchid))
		g = g->next;
	return g;
}

static bool is_planned(const struct deliver *d, struct span batchid)
{
	for (const struct parcel *p = d->parcels; p; p = p->next)
		if (span_is(batchid, p->batchid))
			return true;
	for (unsigned i = 0; i < d->nforeign; i++)
		if (span_is(batchid, d->foreign[i].batchid))
			return true;
	return false;
}

/* Was anything of it ever planned, here or in a life of the store that is lost? A closing that was read and is not with what is
 * gathered was settled with what was gathered before: 1, 0, -1. */
static int may_be_sent(struct deliver *d, struct span batchid, struct err *e)
{
	const struct gathering *g = gathered(d, batchid);

	if (is_planned(d, batchid) || (g && (g->again || g->out.digest[0])))
		return 1;
	for (unsigned i = 0; i < d->ninputs; i++) {
		const struct input *in = &d->inputs[i];
		struct batch_closing c;
		uint64_t offset;
		int got;

		arena_clear(&d->scratch);
		got = batch_closing_find(d->flow.bus, d->flow.owner, d->topic, batchid, in->partition, &d->scratch, &c, &offset, e);
		if (got < 0)
			return -1;
		if (got == 1 && (!c.whole || (offset < in->offset && !(g && g->parts[in->partition].closed))))
			return 1;
	}
	return 0;
}

int deliver_put_aside(struct deliver *d, const struct act *a, enum err_id *ret_why, struct err *e)
{
	int got = is_asked(d, a, e);

	*ret_why = E_ACT_NOT_PROVED;
	if (got != 1)
		return got;
	*ret_why = E_ACT_MAY_BE_SENT;
	got = may_be_sent(d, a->subject, e);
	if (got == 0) {
		struct gathering *g = deliver_gathering_of(d, a->subject);

		g->aside = g->changed = true;
		return deliver_save(d, e) != 0 ? -1 : 1;
	}
	return got < 0 ? -1 : 0;
}
