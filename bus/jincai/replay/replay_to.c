/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "hash.h"
#include "json_text.h"
#include "replay.h"
#include "replay_mask.h"
#include "topics.h"

#define NAME_MAX_BYTES 60u

/* A name that reads as one of the site's is a mistake, not a name. */
static bool is_of_site(struct span name)
{
	static const char *const first[] = {"jincai.", "to.", "out.", NULL};
	static const char *const own[] = {TOPIC_CLAIMS, TOPIC_DEAD, TOPIC_PARCELS, TOPIC_ACTS, TOPIC_JOURNAL,
		"jincai.positions", "jincai.orders", NULL};

	for (unsigned i = 0; first[i]; i++)
		if (span_starts(name, span_of(first[i])))
			return true;
	for (unsigned i = 0; topics_events[i]; i++)
		if (span_is(name, topics_events[i] + sizeof "jincai." - 1))
			return true;
	for (unsigned i = 0; own[i]; i++)
		if (span_is(name, own[i] + sizeof "jincai." - 1))
			return true;
	return false;
}

static bool is_name(struct span name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", name.p[i]))
			return false;
	return name.n && name.n <= NAME_MAX_BYTES && name.p[0] != '.';
}

int replay_topic(struct span name, struct buf *ret, struct err *e)
{
	struct span own = name;

	if (span_starts(own, SPAN(TOPIC_REPLAY)))
		own = (struct span){own.p + sizeof TOPIC_REPLAY - 1, own.n - (sizeof TOPIC_REPLAY - 1)};
	else if (span_starts(own, SPAN("replay.")))
		own = (struct span){own.p + 7, own.n - 7};
	if (!is_name(own) || is_of_site(own))
		return err_set(e, E_REPLAY_TOPIC, "text=%.*s", SPAN_F(name));
	buf_printf(ret, TOPIC_REPLAY "%.*s", SPAN_F(own));
	return 0;
}

int replay_topic_used(struct bus *b, const char *topic, struct err *e)
{
	struct err first = ERR_INIT;
	unsigned handle;

	if (bus_topic(b, topic, &handle, &first) != 0) {
		if (first.id == E_BUS_NO_TOPIC)
			return 0;
		*e = first;
		return -1;
	}
	for (unsigned p = 0; p < bus_partitions(b, handle); p++) {
		uint64_t end;

		if (bus_end(b, handle, p, &end, e) != 0)
			return -1;
		if (end)
			return 1;
	}
	return 0;
}

/* Of a plan that an order brought, which may be anything. */
static const char *name_of(const json_t *topic)
{
	const char *name = json_string_value(topic);

	return name ? name : "";
}

int replay_topic_takes(const json_t *selection, struct err *e)
{
	const json_t *topics = json_object_get(selection, "topics"), *one;
	unsigned published = 0, events = 0;
	size_t i;

	json_array_foreach(topics, i, one) {
		const enum replay_kind kind = replay_kind_of(name_of(one));

		if (kind == REPLAY_NO_EVENTS)
			return err_set(e, E_REPLAY_OPEN, "topic=%s\ntype=-", name_of(one));
		published += kind == REPLAY_PUBLISHED;
		events += kind == REPLAY_EVENTS;
	}
	return published + (events != 0) > 1 ? err_set(e, E_REPLAY_MIXED, "%s", "") : 0;
}

const char *replay_where(const json_t *plan)
{
	const json_t *to = json_object_get(plan, "to");

	return json_text(to, replay_is_file(plan) ? "file" : replay_is_given(plan) ? "destination" : "topic");
}

bool replay_is_given(const json_t *plan)
{
	return json_object_get(json_object_get(plan, "to"), "destination") != NULL;
}

bool replay_is_money(const json_t *plan)
{
	return json_object_get(plan, "handed") != NULL;
}

int replay_batches_taken(const json_t *selection, struct err *e)
{
	const json_t *topics = json_object_get(selection, "topics"), *one;
	size_t i;

	json_array_foreach(topics, i, one)
		if (replay_kind_of(name_of(one)) != REPLAY_EVENTS)
			return err_set(e, E_REPLAY_TOPICS, "topic=%s", name_of(one));
	return 0;
}

bool replay_is_file(const json_t *plan)
{
	return json_object_get(json_object_get(plan, "to"), "file") != NULL;
}

json_t *replay_core(const json_t *plan)
{
	static const char *const names[] = {"id", "selection", "digest", "events", "to", "goes", "handed"};
	json_t *ret = json_object();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		json_object_set(ret, names[i], json_object_get(plan, names[i]));
	return ret;
}

void replay_core_digest(const json_t *core, char ret[65])
{
	char *text = json_dumps(core, JSON_COMPACT | JSON_SORT_KEYS);
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(text ? text : "", text ? strlen(text) : 0, digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(ret, 65, "%s", buf_text(&hex));
	buf_done(&hex);
	free(text);
}
