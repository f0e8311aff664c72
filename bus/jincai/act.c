/* SPDX-License-Identifier: Apache-2.0 */
#include "act.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "event.h"
#include "hash.h"
#include "index.h"
#include "jscan.h"
#include "topics.h"

#define REASON_MAX 200u
#define LOOK_MS 100

/* Sorted by time in a folder; never twice. */
static int make_id(const char *what, char ret[64], struct err *e)
{
	uint8_t random[6];
	struct buf hex = BUF_INIT;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_set(e, E_FILE_FAILED, "file=getrandom\nwhy=no random numbers");
	hash_hex(&hex, random, sizeof random);
	snprintf(ret, 64, "%s-%" PRId64 "-%s", what, clock_now_ms(), buf_text(&hex));
	buf_done(&hex);
	return 0;
}

static void person(struct buf *b)
{
	const struct passwd *p = getpwuid(getuid());

	if (p)
		buf_str(b, p->pw_name);
	else
		buf_printf(b, "uid %lu", (unsigned long)getuid());
}

static void member(struct buf *b, const char *name, struct span value)
{
	buf_printf(b, "%c\"%s\":", b->n ? ',' : '{', name);
	json_quote(b, value);
}

static void write_order(struct buf *b, const struct act_order *o)
{
	struct buf by = BUF_INIT, time = BUF_INIT;

	person(&by);
	clock_write(&time, clock_now_ms());
	member(b, "act", span_of(o->what));
	member(b, "batch", o->batch);
	member(b, "digest", o->digest);
	member(b, "by", buf_as_span(&by));
	member(b, "at", buf_as_span(&time));
	member(b, "reason", span_of(o->reason));
	buf_c(b, '}');
	buf_done(&by);
	buf_done(&time);
}

static bool is_reason(const char *reason)
{
	size_t n = reason ? strlen(reason) : 0;

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)reason[i] < ' ')
			return false;
	return n > 0 && n <= REASON_MAX;
}

/* The outcome of an act: 1 done, 0 refused, -1, 2 none yet. */
static int read_outcome(struct bus *b, const char *id, enum err_id *ret_why, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	json_t *data = NULL;
	const char *outcome, *why;
	int got = bus_look(b, NULL, INDEX_ACTS, index_key(key, 0, span_of(id), SPAN_NONE), &at, e);

	if (got <= 0)
		return got < 0 ? -1 : 2;
	if (bus_read(b, at.topic, at.partition, &r, e) != 0)
		return -1;
	bus_seek(r, at.offset);
	got = bus_next(r, &m, e);
	if (got == 1 && event_read(m.value, &v, e) == 0)
		data = json_loadb(v.data.p, v.data.n, 0, NULL);
	outcome = json_string_value(json_object_get(data, "outcome"));
	why = json_string_value(json_object_get(data, "words"));
	*ret_why = why ? err_by_name(why) : E_NONE;
	got = !outcome ? -1 : strcmp(outcome, "done") == 0;
	if (!outcome)
		err_set(e, E_INDEX_RECORD, "index=acts\nname=outcome");
	json_decref(data);
	bus_unread(r);
	return got;
}

int act_execute(struct bus *b, const struct act_order *o, int wait_ms, enum err_id *ret_why, struct err *e)
{
	int64_t until = clock_steady_ms() + wait_ms;
	struct buf order = BUF_INIT;
	char id[64];
	int got;

	if (!is_reason(o->reason))
		return err_set(e, E_ACT_REASON, "%s", "");
	write_order(&order, o);
	got = make_id(o->what, id, e) != 0 || bus_act_submit(b, o->flow, id, buf_as_span(&order), e) != 0 ? -1 : 2;
	while (got == 2) {
		got = read_outcome(b, id, ret_why, e);
		if (got == 2 && (clock_steady_ms() >= until || !bus_in_use(b)))
			got = err_set(e, E_ACT_WAITS, "act=%s\nflow=%s", id, o->flow);
		else if (got == 2)
			nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	}
	buf_done(&order);
	return got;
}

int act_each(struct bus *b, int (*each)(void *arg, struct span time, const json_t *data, struct err *e), void *arg,
	struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	unsigned topic;
	int got;

	if (bus_topic(b, TOPIC_ACTS, &topic, e) != 0)
		return e->id == E_BUS_NO_TOPIC ? 0 : -1;
	if (bus_read(b, topic, 0, &r, e) != 0)
		return -1;
	while ((got = bus_next(r, &m, e)) == 1) {
		json_t *data;

		if (event_read(m.value, &v, e) != 0) {
			got = err_at(e, TOPIC_ACTS "/0@%" PRIu64, m.offset);
			break;
		}
		if (!span_is(v.type, EVENT_ACT_OUTCOME))
			continue;
		data = json_loadb(v.data.p, v.data.n, 0, NULL);
		got = each(arg, v.time, data, e);
		json_decref(data);
		if (got != 0)
			break;
	}
	bus_unread(r);
	return got < 0 ? -1 : 0;
}
