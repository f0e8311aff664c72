/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "hash.h"
#include "json_text.h"
#include "store.h"

/* ---- the life of the store ---- */

int guard_new_store(struct guard_life *l, struct err *e)
{
	uint8_t random[16];
	struct buf hex = BUF_INIT;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_set(e, E_FILE_FAILED, "file=getrandom\nwhy=no random numbers");
	hash_hex(&hex, random, sizeof random);
	snprintf(l->store, sizeof l->store, "%s", buf_text(&hex));
	buf_done(&hex);
	return 0;
}

static void text_of(const json_t *o, const char *name, char *ret, size_t cap)
{
	const char *t = json_string_value(json_object_get(o, name));

	snprintf(ret, cap, "%s", t ? t : "");
}

uint64_t guard_number(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

/* 1, 0 none, -1. */
int guard_life_read(struct bus *b, struct guard_life *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	int got = bus_position_get(b, GUARD_LIFE, &text, e);
	json_t *o = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;

	*ret = (struct guard_life){.openings = guard_number(o, "openings"),
		.place = {.device = guard_number(o, "device"), .inode = guard_number(o, "inode"), .born = guard_number(o, "born")}, .clock_ms = json_integer_value(json_object_get(o, "clock")),
		.behind_ms = json_integer_value(json_object_get(o, "behind")),
		.accepted = json_incref(json_object_get(o, "accepted")), .ledgers = json_incref(json_object_get(o, "ledgers")),
		.missing = json_incref(json_object_get(o, "missing")), .gaps = json_incref(json_object_get(o, "gaps")), .anchored = guard_number(o, "anchored")};
	text_of(o, "store", ret->store, sizeof ret->store);
	text_of(o, "machine", ret->place.where, sizeof ret->place.where);
	if (got == 1 && !ret->store[0])
		got = err_set(e, E_FLOW_POSITION, "name=" GUARD_LIFE);
	if (got == 1 && guard_number(o, "format") > STORE_FORMAT)
		got = err_set(e, E_STORE_NEWER, "program=%s\nhave=%" PRIu64 "\nwant=%u", json_text(o, "program"), guard_number(o, "format"),
			STORE_FORMAT);
	json_decref(o);
	buf_done(&text);
	return got;
}

static void write_object(const char *name, const json_t *o, struct buf *b)
{
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	if (text)
		buf_printf(b, ",\"%s\":%s", name, text);
	free(text);
}

void guard_life_write(const struct guard_life *l, struct buf *b)
{
	buf_printf(b,
		"{\"store\":\"%s\",\"openings\":%" PRIu64 ",\"machine\":\"%s\",\"device\":%" PRIu64
		",\"inode\":%" PRIu64 ",\"born\":%" PRIu64 ",\"clock\":%" PRId64 ",\"behind\":%" PRId64 ",\"anchored\":%" PRIu64
		",\"format\":%u,\"program\":\"" STORE_PROGRAM "\"",
		l->store, l->openings, l->place.where, l->place.device, l->place.inode, l->place.born, l->clock_ms, l->behind_ms,
		l->anchored, STORE_FORMAT);
	write_object("accepted", l->accepted, b);
	write_object("ledgers", l->ledgers, b);
	write_object("missing", l->missing, b);
	write_object("gaps", l->gaps, b);
	buf_c(b, '}');
}

void guard_life_done(struct guard_life *l)
{
	json_decref(l->accepted);
	json_decref(l->ledgers);
	json_decref(l->missing);
	json_decref(l->gaps);
}

int64_t guard_last_ms(struct bus *b, const struct guard_life *l)
{
	return bus_last_ms(b) > l->clock_ms ? bus_last_ms(b) : l->clock_ms;
}
