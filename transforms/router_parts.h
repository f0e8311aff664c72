/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ROUTER_PARTS_H
#define JC_ROUTER_PARTS_H

#include "router.h"
#include "totals.h"

/* What router.c (the flow), router_build.c (what it is built from) and router_look.c (who asks it) share. Nobody else includes this. */
#define DESTINATIONS_MAX 64u

struct shape {
	const struct map *line;      /* NULL: the destination takes no event of this type */
	struct slots slots;
	int *from;                   /* for each slot: slot of the type's names, or -1 */
	int split;
};

struct route {
	unsigned destination;
	struct expr *when;
};

struct type {
	char *name;
	unsigned topic;
	bool instruction;
	struct names *names;
	struct extract *extract;
	struct slots slots;
	char currency[TOTALS_CURRENCY_MAX];  /* of the event in work, where its kind of money is not cash */
	struct route *routes;
	unsigned nroutes;
	struct shape shapes[DESTINATIONS_MAX];
};

/* What is under way on one input partition. */
struct open_batch {
	char *batchid;
	uint64_t seen, failed;
	uint64_t routed[DESTINATIONS_MAX];
	struct open_batch *next;
};

struct input {
	unsigned topic, partition;
	struct bus_reader *reader;
	struct lane_heads *heads;
	struct totals *totals;
	struct open_batch *open;
	uint64_t offset;             /* of the next message to read */
	bool moved;
};

struct router {
	struct flow flow;
	char *source;                /* "/site/router" */
	struct {
		char name[65];
		unsigned topic;
	} destinations[DESTINATIONS_MAX];
	unsigned ndestinations;
	struct type *types;
	unsigned ntypes;
	struct input *inputs;
	unsigned ninputs, turn;
	unsigned dead_topic;
	struct buf event, position;
	struct arena scratch;
};

/* router.c: what runs; one event shaped for a destination, into r->event. router_build.c: frees what was built. */
extern const struct flow_kind router_kind;
int router_shape_event(struct router *r, struct type *t, const struct event *v, unsigned d, struct err *e);
void router_free(struct flow *f);

#endif
