/* SPDX-License-Identifier: Apache-2.0 */
#include "letter.h"

#include <inttypes.h>

#include "clock.h"
#include "lane.h"
#include "say.h"
#include "topics.h"
#include "verbs.h"

int letter_open(struct bus *b, struct bus_reader **ret, struct err *e)
{
	unsigned topic;

	if (bus_topic(b, TOPIC_DEAD, &topic, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	return bus_read(b, topic, 0, ret, e) != 0 ? -1 : 1;
}

static void make_words(struct letter *l)
{
	buf_clear(&l->words);
	verb_reason(&l->words, l->d.code, l->d.args, SPAN_NONE);
}

int letter_read(const struct bus_message *m, struct arena *a, struct letter *l, struct err *e)
{
	if (event_read(m->value, &l->event, e) != 0)
		return err_at(e, TOPIC_DEAD "/0@%" PRIu64, m->offset);
	if (!span_is(l->event.type, EVENT_DEAD))
		return 0;
	if (dead_read(&l->event, a, &l->d, &l->raw_size, e) != 0)
		return err_at(e, TOPIC_DEAD "/0@%" PRIu64, m->offset);
	l->number = m->offset;
	if (clock_read(l->event.time, &l->time_ms) != 0)
		l->time_ms = m->time_ms;
	make_words(l);
	return 1;
}

const char *letter_state_words(const char *state)
{
	return strcmp(state, "open") == 0 ? say("未了结", "open") : strcmp(state, "retried") == 0 ? say("已重试", "retried") :
		say("已退回", "returned");
}

int letter_state(struct bus *b, const struct letter *l, char ret[16], struct err *e)
{
	uint64_t newest;
	int got = dead_state(b, NULL, l->event.id, ret, &newest, e);

	if (got == 0 || dead_is_open(ret))
		snprintf(ret, 16, "open");
	return got < 0 ? -1 : 0;
}

int letter_find(struct bus *b, uint64_t number, struct bus_reader **r, struct arena *a, struct letter *l, struct err *e)
{
	struct bus_message m;
	int got = letter_open(b, r, e);

	if (got != 1)
		return got;
	bus_seek(*r, number);
	got = lane_next(b, *r, &m, e);
	return got == 1 ? (m.offset == number ? letter_read(&m, a, l, e) : 0) : got;
}
