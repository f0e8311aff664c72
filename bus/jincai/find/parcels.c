/* SPDX-License-Identifier: Apache-2.0 */
#include "parcels.h"

#include <stdlib.h>
#include <string.h>

#include "lane.h"
#include "topics.h"

/* Where it stands, or would: they are in the order of their numbers, in which most of them come. */
static size_t place_of(const struct parcels *p, uint64_t no)
{
	size_t from = 0, to = p->n;

	if (p->n && p->list[p->n - 1]->no < no)
		return p->n;
	while (from < to) {
		const size_t mid = from + (to - from) / 2;

		if (p->list[mid]->no < no)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

struct loading {
	struct parcels *parcels;
	const char *destination;
};

static int add_parcel(void *arg, const struct event *v, struct err *e)
{
	const struct loading *l = arg;
	struct parcels *c = l->parcels;
	json_t *o = json_loadb(v->data.p, v->data.n, 0, NULL);
	const char *to = json_string_value(json_object_get(o, "destination"));
	const bool mine = to && strcmp(to, l->destination) == 0;
	struct parcel *p = mine ? parcel_read(o, e) : NULL;
	size_t i;

	json_decref(o);
	if (!mine)
		return 0;
	if (!p)
		return -1;
	i = place_of(c, p->no);
	if (i < c->n && c->list[i]->no == p->no) {
		parcel_free(c->list[i]);
	} else {
		c->list = mem_grow(c->list, c->n + 1, sizeof *c->list);
		memmove(&c->list[i + 1], &c->list[i], (c->n++ - i) * sizeof *c->list);
	}
	c->list[i] = p;
	return 0;
}

int parcels_load(struct bus *b, const char *destination, struct parcels *ret, struct err *e)
{
	struct loading l = {ret, destination};

	*ret = (struct parcels){NULL, 0};
	if (lane_each(b, TOPIC_PARCELS, EVENT_PARCEL, 0, add_parcel, &l, e) == 0)
		return 0;
	parcels_done(ret);
	return -1;
}

void parcels_done(struct parcels *p)
{
	for (size_t i = 0; i < p->n; i++)
		parcel_free(p->list[i]);
	free(p->list);
	*p = (struct parcels){NULL, 0};
}

const struct parcel *parcels_numbered(const struct parcels *p, uint64_t no)
{
	const size_t i = place_of(p, no);

	return i < p->n && p->list[i]->no == no ? p->list[i] : NULL;
}
