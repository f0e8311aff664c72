/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <stdlib.h>

static int put(struct deliver *d, const char *batchid, struct span value, struct err *e)
{
	struct buf name = BUF_INIT;
	int ret;

	buf_printf(&name, "held/%s", batchid);
	ret = flow_position_put(&d->flow, buf_text(&name), value, e);
	buf_done(&name);
	return ret;
}

static int save_one(struct deliver *d, struct gathering *g, struct err *e)
{
	if (g->kept && !g->held) {
		g->kept = false;
		return put(d, g->batchid, SPAN(""), e);
	}
	if (!g->held || !g->changed)
		return 0;
	g->kept = true;
	g->changed = false;
	buf_clear(&d->position);
	gathering_write(g, &d->position);
	return put(d, g->batchid, buf_as_span(&d->position), e);
}

int deliver_save_held(struct deliver *d, struct err *e)
{
	for (unsigned i = 0; i < d->nforget; i++)
		if (put(d, d->forget[i], SPAN(""), e) != 0)
			return -1;
	deliver_forget_held(d);
	for (struct gathering *g = d->open; g; g = g->next)
		if (save_one(d, g, e) != 0)
			return -1;
	return 0;
}

void deliver_forget_held(struct deliver *d)
{
	for (unsigned i = 0; i < d->nforget; i++)
		free(d->forget[i]);
	free(d->forget);
	d->forget = NULL;
	d->nforget = 0;
}

struct restoring {
	struct gathering **tail;
	struct err *e;
	int failed;
};

static int restore_one(void *arg, struct span key, struct span value)
{
	struct restoring *r = arg;
	json_t *o = json_loadb(value.p, value.n, 0, NULL);
	struct gathering *g = o ? gathering_read(o, r->e) : NULL;

	if (!o)
		err_set(r->e, E_FLOW_POSITION, "name=%.*s", SPAN_F(key));
	json_decref(o);
	r->failed = g ? 0 : -1;
	if (g) {
		g->kept = true;
		*r->tail = g;
		r->tail = &g->next;
	}
	return r->failed;
}

int deliver_restore_held(struct deliver *d, struct err *e)
{
	struct restoring r = {.tail = &d->open, .e = e};
	struct buf prefix = BUF_INIT;
	struct gathering **held;
	int ret;

	while (*r.tail)
		r.tail = &(*r.tail)->next;
	held = r.tail;
	buf_printf(&prefix, "%s/held/", d->flow.name);
	ret = bus_positions(d->flow.bus, buf_text(&prefix), restore_one, &r, e);
	d->flow.attention |= r.tail != held;
	buf_done(&prefix);
	return ret != 0 || r.failed ? -1 : 0;
}
