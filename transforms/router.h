/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ROUTER_H
#define JC_ROUTER_H

#include "extract.h"
#include "flow.h"
#include "map.h"

/*
 * The router: reads the event topics, decides by the routes, shapes each event for each destination that takes it and
 * writes it to the destination's topic, on the same partition. Every route that matches applies. An instruction that none
 * takes is dead; an event that cannot be shaped for a destination is dead for it; both hold a batch that is released
 * whole. Its position is one record an input topic and partition: offset, lane heads, open batches, totals.
 *
 * It is built once, from compiled parts that it borrows: names, maps and schemas must outlive it.
 */
struct router;

struct router *router_new(struct bus *b, const char *flow_name, const char *site_name);
/* A destination and its topic; returns its number. */
unsigned router_destination(struct router *r, const char *name, unsigned topic);
/* An event type of an input topic. instruction: one that finds no route is dead. Returns its number. */
unsigned router_type(struct router *r, const char *type, unsigned topic, const struct schema *s, bool instruction);
/* The table of names of a type, for conditions and split paths. */
struct names *router_names(struct router *r, unsigned type);
/* How events of a type are shaped for a destination: the out-form's line map and its names. fixed: values of the names
 * that no event fills (site.*). split_slot: in router_names; -1: the destination does not split. */
void router_shape(struct router *r, unsigned type, unsigned destination, const struct map *line,
	const struct names *names, const struct slots *fixed, int split_slot);
/* One route: when NULL always matches. Owned by the router. */
void router_route(struct router *r, unsigned type, unsigned destination, struct expr *when);
/* Ready to run; freed with flow->kind->free. */
struct flow *router_flow(struct router *r);

#endif
