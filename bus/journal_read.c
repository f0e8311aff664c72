/* SPDX-License-Identifier: Apache-2.0 */
#include "journal.h"

#include "event.h"
#include "index.h"
#include "json_text.h"

static int read_rows(const json_t *o, const char *name, struct totals *ret)
{
	const json_t *rows = json_object_get(o, name);
	struct err ignored;

	return rows ? totals_read(ret, rows, &ignored) : -1;
}

int journal_read(struct span record, struct posting *p, struct err *e)
{
	struct event v;
	json_t *o;
	const char *flow;
	int ret = -1;

	if (event_read(record, &v, e) != 0)
		return -1;
	if (!span_is(v.type, EVENT_POSTING))
		return 0;
	o = json_loadb(v.data.p, v.data.n, 0, NULL);
	flow = json_text(o, "flow");
	if (*flow && read_rows(o, "more", p->more) == 0 && read_rows(o, "less", p->less) == 0) {
		const char *at = memmem(v.data.p, v.data.n, flow, strlen(flow));

		p->flow = at ? (struct span){at, strlen(flow)} : v.source;
		p->batchid = v.batchid;
		p->begun = json_is_true(json_object_get(o, "begun"));
		p->ended = json_is_true(json_object_get(o, "ended"));
		ret = 1;
	}
	json_decref(o);
	return ret == 1 ? 1 : err_set(e, E_JOURNAL_RECORD, "id=%.*s", SPAN_F(v.id));
}

int journal_look(struct bus *b, struct span batchid, struct journal_batch *ret, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct bus_entry at;
	int got = bus_look(b, NULL, INDEX_DAYS, index_key(key, INDEX_BEGUN, batchid, SPAN_NONE), &at, e);

	*ret = (struct journal_batch){.begun = got == 1};
	if (got >= 0)
		got = bus_look(b, NULL, INDEX_DAYS, index_key(key, INDEX_ENDED, batchid, SPAN_NONE), &at, e);
	if (got <= 0)
		return got;
	if (bus_read(b, at.topic, at.partition, &r, e) != 0)
		return -1;
	bus_seek(r, at.offset);
	got = bus_next(r, &m, e);
	if (got == 1) {
		ret->ended = true;
		ret->ended_ms = m.time_ms;
		ret->ended_at = m.offset;
	}
	bus_unread(r);
	return got < 0 ? -1 : 0;
}
