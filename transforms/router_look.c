/* SPDX-License-Identifier: Apache-2.0 */
#include "router_parts.h"

int router_find(const struct router *r, struct span type)
{
	for (unsigned i = 0; i < r->ntypes; i++)
		if (span_is(type, r->types[i].name))
			return (int)i;
	return -1;
}

int router_look(struct router *r, unsigned type, const struct event *v, struct err *e)
{
	return extract_run(r->types[type].extract, v, &r->types[type].slots, e);
}

const struct value *router_values(const struct router *r, unsigned type)
{
	return r->types[type].slots.v;
}

const struct expr *router_when(const struct router *r, unsigned type, unsigned n)
{
	return r->types[type].routes[n].when;
}

int router_line(struct router *r, unsigned type, unsigned destination, const struct event *v,
	const struct map **ret_line, const struct slots **ret_cells, struct err *e)
{
	struct type *t = &r->types[type];

	if (router_shape_event(r, t, v, destination, e) != 0)
		return -1;
	if (r->event.n > BUS_VALUE_MAX)
		return err_set(e, E_BUS_TOO_LARGE, "what=event\nsize=%zu\nmax=%u", r->event.n, BUS_VALUE_MAX);
	*ret_line = t->shapes[destination].line;
	*ret_cells = &t->shapes[destination].slots;
	return 0;
}

int router_record(struct router *r, unsigned type, unsigned destination, const struct event *v, struct span *ret, struct err *e)
{
	struct type *t = &r->types[type];

	if (!t->shapes[destination].line || !router_matches(t, destination))
		return 0;
	if (router_shape_event(r, t, v, destination, e) != 0)
		return -1;
	*ret = buf_as_span(&r->event);
	return 1;
}

struct span router_money(struct router *r, unsigned type, int64_t *ret_fen, bool *ret_readable)
{
	struct span currency = router_currency(&r->types[type]);

	*ret_readable = router_amount(&r->types[type], ret_fen);
	return currency.p ? currency : SPAN("");
}

bool router_reaches(const struct router *r, unsigned type, unsigned destination)
{
	return r->types[type].shapes[destination].line != NULL;
}
