/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"

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
#include "lane.h"
#include "people.h"
#include "say.h"
#include "topics.h"
#include "verbs.h"

#define WAIT_MS 5000                 /* a flow of a running site looks for acts each second */
#define LOOK_MS 100
#define NONE_YET 9

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

void acts_person(struct buf *b)
{
	/* Only sudo makes a process of root that was somebody else's; any other user may set what he likes. */
	const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
	const struct passwd *p = getpwuid(getuid());

	if (sudo && sudo[0])
		buf_str(b, sudo);
	else if (p)
		buf_str(b, p->pw_name);
	else
		buf_printf(b, "uid %lu", (unsigned long)getuid());
}

int acts_router(struct bus *b, unsigned partition, char ret[SHARES_NAME], struct err *e)
{
	struct shares_now now;

	if (shares_read(b, SITE_ROUTER, &now, e) != 0)
		return -1;
	shares_name(SITE_ROUTER, shares_part_of(partition, now.of), now.of, ret);
	return 0;
}

unsigned acts_partition(struct span place)
{
	const char *slash = memchr(place.p, '/', place.n);
	unsigned ret = 0;

	for (const char *c = slash ? slash + 1 : NULL;
		c && c < place.p + place.n && *c >= '0' && *c <= '9' && ret < 1000; c++)
		ret = ret * 10 + (unsigned)(*c - '0');
	return ret;
}

static void set(json_t *o, const char *name, struct span text)
{
	if (text.n)
		json_object_set_new(o, name, json_stringn(text.p, text.n));
}

/* The last day on which it can be approved; "" where nobody is named. */
static void until(const struct site *s, char ret[11])
{
	ret[0] = 0;
	if (s->people)
		people_until(s->people, clock_now_ms(), ret);
}

/* To be freed; what stands in front is what people look for. */
static char *write_order(const struct site *s, const struct acts_order *o, const char *id)
{
	json_t *order = json_object();
	struct buf by = BUF_INIT, time = BUF_INIT;
	char day[11], *text;

	acts_person(&by);
	clock_write(&time, clock_now_ms());
	until(s, day);
	set(order, "id", span_of(id));
	set(order, "site", span_of(s->name));
	set(order, "flow", span_of(o->flow));
	set(order, "act", span_of(o->what));
	set(order, "subject", o->subject);
	set(order, "digest", o->digest);
	set(order, "by", buf_as_span(&by));
	set(order, "at", buf_as_span(&time));
	set(order, "reason", span_of(o->reason));
	set(order, "until", span_of(day));
	if (o->shows)
		json_object_set_new(order, "shows", json_deep_copy(o->shows));
	if (o->more)
		json_object_update_missing(order, (json_t *)(uintptr_t)o->more);
	text = json_dumps(order, JSON_COMPACT);
	json_decref(order);
	buf_done(&by);
	buf_done(&time);
	return text;
}

static bool is_reason(const char *reason)
{
	size_t n = reason ? strlen(reason) : 0;

	if (!reason)
		return true;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)reason[i] < ' ')
			return false;
	return n > 0 && n <= ACT_REASON_MAX;
}

/* ACTS_DONE, ACTS_REFUSED, NONE_YET, -1. */
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
		return got < 0 ? -1 : NONE_YET;
	if (bus_read(b, at.topic, at.partition, &r, e) != 0)
		return -1;
	bus_seek(r, at.offset);
	got = bus_next(r, &m, e);
	if (got == 1 && event_read(m.value, &v, e) == 0)
		data = json_loadb(v.data.p, v.data.n, 0, NULL);
	outcome = json_string_value(json_object_get(data, "outcome"));
	why = json_string_value(json_object_get(data, "words"));
	*ret_why = why ? err_by_name(why) : E_NONE;
	got = !outcome ? -1 : strcmp(outcome, "done") == 0 ? ACTS_DONE : ACTS_REFUSED;
	if (!outcome)
		err_set(e, E_INDEX_RECORD, "index=acts\nname=outcome");
	json_decref(data);
	bus_unread(r);
	return got;
}

static int is_it(void *arg, const struct act *a, const json_t *approvals, struct err *e)
{
	(void)approvals, (void)e;
	return span_is(a->id, arg);
}

static int look(struct bus *b, char *id, enum err_id *ret_why, struct err *e)
{
	struct err ignored = ERR_INIT;
	int got = read_outcome(b, id, ret_why, e);

	if (got != NONE_YET)
		return got;
	got = acts_pending(b, is_it, id, &ignored);
	return got == 1 ? ACTS_PROPOSED : NONE_YET;
}

int acts_execute(struct bus *b, const struct site *s, const struct acts_order *o, int wait_ms, char ret_id[ACT_ID_MAX],
	enum err_id *ret_why, struct err *e)
{
	int64_t end = clock_steady_ms() + wait_ms;
	char id[ACT_ID_MAX], *order = NULL;
	int got;

	if (!is_reason(o->reason))
		return err_set(e, E_ACT_REASON, "%s", "");
	if (make_id(o->what, id, e) != 0)
		return -1;
	order = write_order(s, o, id);
	got = bus_act_submit(b, o->flow, id, span_of(order), e) != 0 ? -1 : NONE_YET;
	while (got == NONE_YET) {
		got = look(b, id, ret_why, e);
		if (got == NONE_YET && (clock_steady_ms() >= end || !bus_in_use(b)))
			got = err_set(e, E_ACT_WAITS, "act=%s\nflow=%s", id, o->flow);
		else if (got == NONE_YET)
			nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	}
	if (ret_id)
		memcpy(ret_id, id, sizeof id);
	free(order);
	return got;
}

int acts_ask(struct bus *b, const struct site *s, const struct acts_order *o, bool *ret_done)
{
	enum err_id why = E_NONE;
	char id[ACT_ID_MAX];
	struct err e;
	int got = acts_execute(b, s, o, WAIT_MS, id, &why, &e);

	*ret_done = got == ACTS_DONE;
	if (got == ACTS_REFUSED)
		err_set(&e, why, "subject=%.*s\nflow=%s", SPAN_F(o->subject), o->flow);
	if (got == ACTS_REFUSED || got < 0)
		return verb_failed(&e);
	if (got == ACTS_PROPOSED)
		fprintf(stderr, say("操作单 %s 已提交，须经办、复核两人签批；没有发生的事：在此之前什么也没有改动，一笔未发。\n签批：jincai approve %s\n",
			"act %s was handed in, and takes a handler and a checker. What has not happened: until both have approved it nothing is "
			"changed and nothing is sent.\nto approve it: jincai approve %s\n"), id, id);
	return got == ACTS_PROPOSED;
}
struct giving {
	int (*each)(void *arg, struct span time, const json_t *data, struct err *e);
	void *arg;
};

static int give(void *arg, const struct event *v, struct err *e)
{
	const struct giving *g = arg;
	json_t *data = json_loadb(v->data.p, v->data.n, 0, NULL);
	const int ret = g->each(g->arg, v->time, data, e);

	json_decref(data);
	return ret;
}

int acts_each(struct bus *b, const char *type,
	int (*each)(void *arg, struct span time, const json_t *data, struct err *e), void *arg, struct err *e)
{
	struct giving g = {each, arg};

	return lane_each(b, TOPIC_ACTS, type, 0, give, &g, e) < 0 ? -1 : 0;
}
