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

int router_line(struct router *r, unsigned type, unsigned destination, const struct event *v, const struct map **ret_line,
	const struct slots **ret_cells, struct err *e)
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
