/* SPDX-License-Identifier: Apache-2.0 */
#include "days_parts.h"

#include <stdlib.h>

#include "clock.h"
#include "event.h"
#include "hash.h"
#include "json_text.h"
#include "lane.h"
#include "topics.h"

#define TABLE 65536u

struct gathering {
	struct bus *bus;
	const struct days *days;
	struct days_list *list;
	int64_t day;                 /* that is closed now */
	struct err *e;
};

static int add_batch(struct gathering *g, struct span id, bool any)
{
	struct days_listed **at = &g->list->table[hash_crc32c(0, id.p, id.n) % TABLE], *x;
	struct journal_batch is;

	while (*at && !span_is(id, (*at)->id))
		at = &(*at)->next;
	if (*at)
		return 0;
	if (journal_look(g->bus, id, &is, g->e) != 0)
		return -1;
	*at = x = mem_new(sizeof *x);
	x->id = mem_text(id);
	x->day = is.begun && is.ended && is.ended_at < g->days->end ? is.day : DAYS_NONE;
	/* Days between the last that was closed and this one have no batches. */
	if (any || x->day <= g->day) {
		g->list->all = mem_grow(g->list->all, g->list->n + 1, sizeof(struct days_listed *));
		g->list->all[g->list->n++] = x;
	}
	return 0;
}

static int add_one(void *arg, struct span id)
{
	return add_batch(arg, id, true);
}

/* ---- what came since the last closing, what stood open then ---- */

static int add_since(struct gathering *g)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	unsigned topic;
	int got;

	if (g->days->end <= g->days->upto)
		return 0;
	if (bus_topic(g->bus, TOPIC_JOURNAL, &topic, g->e) != 0 || bus_read(g->bus, topic, 0, &r, g->e) != 0)
		return -1;
	bus_seek(r, g->days->upto);
	while ((got = lane_next(g->bus, r, &m, g->e)) == 1 && m.offset < g->days->end) {
		got = event_read(m.value, &v, g->e);
		if (got == 0 && span_is(v.type, EVENT_POSTING) && v.batchid.n)
			got = add_batch(g, v.batchid, false);
		if (got != 0)
			break;
	}
	bus_unread(r);
	return got < 0 ? -1 : 0;
}

static int add_texts(struct gathering *g, const json_t *list, const char *member)
{
	const json_t *one;
	int ret = 0;
	size_t i;

	json_array_foreach(list, i, one) {
		const json_t *text = member ? json_object_get(one, member) : one;

		if (ret == 0 && json_string_length(text))
			ret = add_batch(g, span_of(json_string_value(text)), true);
	}
	return ret;
}

/* Its record has those that had not ended, too. */
static int add_open(struct gathering *g)
{
	struct buf name = BUF_INIT, text = BUF_INIT;
	json_t *record;
	char date[11];
	int got;

	clock_date(g->days->closed, date);
	buf_printf(&name, SITE_KEEPER "/day/%s", date);
	got = bus_position_get(g->bus, buf_text(&name), &text, g->e);
	record = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	if (got >= 0 && !record)
		got = err_set(g->e, E_FLOW_POSITION, "name=%s", buf_text(&name));
	if (got >= 0)
		got = add_texts(g, json_object_get(record, "open"), "batch");
	json_decref(record);
	buf_done(&name);
	buf_done(&text);
	return got < 0 ? -1 : add_texts(g, json_object_get(g->days->state, "open"), NULL);
}

static int by_day(const void *a, const void *b)
{
	const struct days_listed *x = *(struct days_listed *const *)a, *y = *(struct days_listed *const *)b;

	if (x->day != y->day)
		return x->day == DAYS_NONE || (y->day != DAYS_NONE && x->day > y->day) ? 1 : -1;
	return strcmp(x->id, y->id);
}

int days_list_load(struct bus *b, const struct days *d, int64_t day, struct days_list *ret, struct err *e)
{
	struct gathering g = {b, d, ret, day, e};
	int got;

	*ret = (struct days_list){.table = mem_new(TABLE * sizeof(struct days_listed *))};
	got = journal_day(b, day, add_one, &g, e);
	if (got == 0)
		got = d->closed == DAYS_NONE ? journal_not_ended(b, add_one, &g, e) : add_since(&g);
	if (got == 0 && d->closed != DAYS_NONE)
		got = add_open(&g);
	if (got == 0 && ret->n)
		qsort(ret->all, ret->n, sizeof(struct days_listed *), by_day);
	if (got != 0)
		days_list_done(ret);
	return got;
}

void days_list_done(struct days_list *l)
{
	for (size_t i = 0; l->table && i < TABLE; i++)
		while (l->table[i]) {
			struct days_listed *x = l->table[i];

			l->table[i] = x->next;
			free(x->id);
			free(x);
		}
	free(l->all);
	free(l->table);
	*l = (struct days_list){0};
}
