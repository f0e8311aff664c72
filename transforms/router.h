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

/* b is NULL for who only looks (below). */
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

/*
 * For who looks at single events: no bus is needed (router_new(NULL, ...), any numbers for topics), nothing is written.
 * router_look takes one event in, as the flow would; the others answer about that event.
 */
/* Number of a type, -1 when it was never named. */
int router_find(const struct router *r, struct span type);
/* 0, or -1 with json.*, money.*: the flow stops at such an event. */
int router_look(struct router *r, unsigned type, const struct event *v, struct err *e);
/* Values by router_names. */
const struct value *router_values(const struct router *r, unsigned type);
/* The condition of the type's route n, in the order of router_route; NULL: none. */
const struct expr *router_when(const struct router *r, unsigned type, unsigned n);
/* After router_look: the record for a destination's topic as the flow would write it, without lane: 1 (in *ret until the next call), 0 no
 * route leads the event there, -1: why it would be dead for it. */
int router_record(struct router *r, unsigned type, unsigned destination, const struct event *v, struct span *ret, struct err *e);
/* After router_look: how totals count the event: its currency as they name it ("" for none), valid until the next one. */
struct span router_money(struct router *r, unsigned type, int64_t *ret_fen, bool *ret_readable);
/* Can an event of that type come to the destination? */
bool router_reaches(const struct router *r, unsigned type, unsigned destination);
/* The line of a destination that takes the type; -1: why the event would be dead for it. *ret_cells by *ret_line. */
int router_line(struct router *r, unsigned type, unsigned destination, const struct event *v, const struct map **ret_line,
	const struct slots **ret_cells, struct err *e);

#endif
