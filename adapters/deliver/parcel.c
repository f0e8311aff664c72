/* SPDX-License-Identifier: Apache-2.0 */
#include "parcel.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"

const char *const parcel_states[] = {"planned", "handing", "unknown", "done"};

void parcel_free(struct parcel *p)
{
	if (!p)
		return;
	free(p->batchid);
	free(p->split);
	free(p->name);
	free(p->marker);
	free(p->staged);
	free(p->staged_marker);
	free(p->date);
	free(p);
}

static void write_members(const struct parcel *p, struct buf *b)
{
	char amount[24];

	buf_printf(b, "\"no\":%" PRIu64 ",\"generation\":%" PRIu64, p->no, p->generation);
	json_member(b, "state", span_of(parcel_states[p->state]));
	if (p->shadow)
		buf_str(b, ",\"shadow\":true");
	json_member(b, "batch", span_of(p->batchid));
	json_member(b, "split", span_of(p->split));
	json_member(b, "name", span_of(p->name));
	json_member(b, "marker", span_of(p->marker));
	json_member(b, "staged", span_of(p->staged));
	json_member(b, "staged_marker", span_of(p->staged_marker));
	json_member(b, "date", span_of(p->date));
	json_member(b, "currency", span_of(p->currency));
	json_member(b, "digest", span_of(p->digest));
	json_member(b, "boot", span_of(p->boot));
	buf_printf(b, ",\"ids\":\"%016" PRIx64 "\"", p->ids);
	buf_printf(b, ",\"count\":%" PRIu64 ",\"unreadable\":%" PRIu64 ",\"cut\":%" PRIu64, p->sum.count,
		p->sum.unreadable, p->cut);
	json_member(b, "plus", span_of(money_text(p->sum.plus, amount)));
	json_member(b, "minus", span_of(money_text(p->sum.minus, amount)));
}

void parcel_write(const struct parcel *p, struct buf *b)
{
	buf_c(b, '{');
	write_members(p, b);
	buf_c(b, '}');
}

static char *member(const json_t *o, const char *name)
{
	const char *t = json_string_value(json_object_get(o, name));

	return mem_text(span_of(t ? t : ""));
}

static int64_t amount(const json_t *o, const char *name)
{
	const char *t = json_string_value(json_object_get(o, name));
	struct money_form form = MONEY_YUAN;
	struct err ignored;
	int64_t fen = 0;

	if (t)
		money_read(span_of(t), &form, &fen, &ignored);
	return fen;
}

static void copy(const json_t *o, const char *name, char *ret, size_t cap)
{
	const char *t = json_string_value(json_object_get(o, name));

	snprintf(ret, cap, "%s", t ? t : "");
}

struct parcel *parcel_read(const json_t *o, struct err *e)
{
	struct parcel *p = mem_new(sizeof *p);
	const char *state = json_string_value(json_object_get(o, "state"));
	unsigned s = 0;

	while (s <= PARCEL_DONE && !(state && strcmp(state, parcel_states[s]) == 0))
		s++;
	p->state = (enum parcel_state)s;
	p->no = (uint64_t)json_integer_value(json_object_get(o, "no"));
	p->generation = (uint64_t)json_integer_value(json_object_get(o, "generation"));
	p->shadow = json_is_true(json_object_get(o, "shadow"));
	p->batchid = member(o, "batch");
	p->split = member(o, "split");
	p->name = member(o, "name");
	p->marker = member(o, "marker");
	p->staged = member(o, "staged");
	p->staged_marker = member(o, "staged_marker");
	p->date = member(o, "date");
	if (json_string_value(json_object_get(o, "ids")))
		p->ids = strtoull(json_string_value(json_object_get(o, "ids")), NULL, 16);
	copy(o, "currency", p->currency, sizeof p->currency);
	copy(o, "digest", p->digest, sizeof p->digest);
	copy(o, "boot", p->boot, sizeof p->boot);
	p->sum.count = (uint64_t)json_integer_value(json_object_get(o, "count"));
	p->sum.unreadable = (uint64_t)json_integer_value(json_object_get(o, "unreadable"));
	p->cut = (uint64_t)json_integer_value(json_object_get(o, "cut"));
	p->sum.plus = amount(o, "plus");
	p->sum.minus = amount(o, "minus");
	if (s > PARCEL_DONE || !p->no || !p->name[0]) {
		parcel_free(p);
		err_set(e, E_PARCEL_RECORD, "state=%s", state ? state : "-");
		return NULL;
	}
	return p;
}

void parcel_event(struct buf *b, const struct parcel *p, const char *destination, const struct parcel_range *ranges,
	unsigned n, struct span source, int64_t time_ms)
{
	struct buf id = BUF_INIT, time = BUF_INIT;
	struct event v = {.source = source, .type = SPAN(EVENT_PARCEL), .batchid = span_of(p->batchid)};

	buf_printf(&id, "parcel:%s:%" PRIu64 ":%s", destination, p->no, parcel_states[p->state]);
	clock_write(&time, time_ms);
	v.id = buf_as_span(&id);
	v.time = buf_as_span(&time);
	event_begin(b, &v);
	buf_str(b, "{\"destination\":");
	json_quote(b, span_of(destination));
	buf_c(b, ',');
	write_members(p, b);
	if (n) {
		buf_str(b, ",\"ranges\":[");
		for (unsigned i = 0; i < n; i++)
			buf_printf(b, "%s[%u,%" PRIu64 ",%" PRIu64 "]", i ? "," : "", ranges[i].partition,
				ranges[i].first, ranges[i].last);
		buf_c(b, ']');
	}
	buf_c(b, '}');
	buf_done(&id);
	buf_done(&time);
}
