/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fsys.h"
#include "hash.h"

#define FOLDER "groups"
#define POSITION "position"
#define POSITION_MAX (4u << 20)
#define EDITION 1

struct stand {
	char *topic;                 /* by name: handles are of one opening */
	unsigned handle, partition;
	bool has, has_check;         /* has_check: of the record before next */
	uint64_t next, check;
};

struct group {
	struct bus *bus;
	char name[GROUP_NAME_MAX + 1];
	int dir, lease;
	bool is_new;
	struct stand *stands;
	unsigned nstands;
};

uint64_t group_check(struct span value)
{
	return (uint64_t)hash_crc32c(0, value.p, value.n) << 32 | hash_murmur2(value.p, value.n);
}

/* ---- what lies in the file ---- */

static struct stand *stand_of(struct group *g, const char *topic, unsigned partition)
{
	struct stand *s;

	for (unsigned i = 0; i < g->nstands; i++)
		if (g->stands[i].partition == partition && strcmp(g->stands[i].topic, topic) == 0)
			return &g->stands[i];
	g->stands = mem_grow(g->stands, g->nstands + 1u, sizeof *g->stands);
	s = &g->stands[g->nstands++];
	*s = (struct stand){.topic = mem_text(span_of(topic)), .partition = partition};
	return s;
}

static int read_stand(struct stand *s, const json_t *o)
{
	const char *check = json_string_value(json_object_get(o, "check"));
	const json_t *next = json_object_get(o, "next");
	char *end;

	if (!json_is_integer(next) || json_integer_value(next) < 0)
		return -1;
	s->has = true;
	s->next = (uint64_t)json_integer_value(next);
	s->has_check = check != NULL;
	if (check) {
		s->check = strtoull(check, &end, 16);
		return *end || end == check ? -1 : 0;
	}
	return 0;
}

/* -1 when it is not what write_position wrote. */
static int read_position(struct group *g, struct span text)
{
	json_t *o = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL), *topics = json_object_get(o, "topics"), *parts;
	int failed = json_integer_value(json_object_get(o, "edition")) != EDITION || !json_is_object(topics);
	const char *topic;

	json_object_foreach (topics, topic, parts) {
		const json_t *x;
		size_t i;

		json_array_foreach (parts, i, x)
			if (!json_is_null(x) && !failed)
				failed = read_stand(stand_of(g, topic, (unsigned)i), x);
		failed |= !json_is_array(parts);
	}
	json_decref(o);
	return failed ? -1 : 0;
}

static json_t *stand_json(const struct stand *s)
{
	json_t *o = json_pack("{s:I}", "next", (json_int_t)s->next);
	char check[17];

	if (s->has_check) {
		snprintf(check, sizeof check, "%016" PRIx64, s->check);
		json_object_set_new(o, "check", json_string(check));
	}
	return o;
}

static char *write_position(const struct group *g)
{
	json_t *topics = json_object(), *o = json_pack("{s:i,s:o}", "edition", EDITION, "topics", topics);
	char *text;

	for (unsigned i = 0; i < g->nstands; i++) {
		const struct stand *s = &g->stands[i];
		json_t *parts = json_object_get(topics, s->topic);

		if (!s->has)
			continue;
		if (!parts)
			json_object_set_new(topics, s->topic, parts = json_array());
		while (json_array_size(parts) <= s->partition)
			json_array_append_new(parts, json_null());
		json_array_set_new(parts, s->partition, stand_json(s));
	}
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text;
}

/* 1 read, 0 there is none, -1. */
static int load(struct group *g, struct err *e)
{
	struct buf text = BUF_INIT;
	int ret = 1;

	if (!fsys_exists(g->dir, POSITION))
		return 0;
	if (fsys_get(g->dir, POSITION, POSITION_MAX, &text, e))
		ret = -1;
	else if (read_position(g, buf_as_span(&text)))
		ret = err_set(e, E_GROUP_DAMAGED, "group=%s", g->name);
	buf_done(&text);
	return ret;
}

/* ---- open, close ---- */

static bool name_ok(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_");

	return n > 0 && n <= GROUP_NAME_MAX && !name[n] && name[0] != '.';
}

static int take_lease(struct group *g, struct err *e)
{
	long pid;
	const int got = fsys_lease(g->dir, "lease", &g->lease, &pid, e);

	return got == 0 ? err_set(e, E_GROUP_BUSY, "group=%s\npid=%ld", g->name, pid) : got < 0 ? -1 : 0;
}

/* What one that was killed while it wrote has left. */
static int clear_away(struct group *g, struct err *e)
{
	char **names;

	if (fsys_list(g->dir, ".", &names, e))
		return -1;
	for (unsigned i = 0; names[i]; i++)
		if (strncmp(names[i], "." POSITION ".", sizeof POSITION + 1) == 0)
			(void)unlinkat(g->dir, names[i], 0);
	fsys_list_free(names);
	return 0;
}

static int make_folder(struct group *g, struct err *e)
{
	int bus = -1, all = -1, ret = -1;

	if (fsys_open_dir(AT_FDCWD, bus_folder(g->bus), &bus, e) == 0 && fsys_make_dir(bus, FOLDER, &all, e) == 0)
		ret = fsys_make_dir(all, g->name, &g->dir, e);
	if (bus >= 0)
		close(bus);
	if (all >= 0)
		close(all);
	return ret;
}

int group_open(struct bus *b, const char *name, struct group **ret, struct err *e)
{
	struct group *g;
	int got = -1;

	if (!name_ok(name))
		return err_set(e, E_GROUP_NAME, "name=%s", name);
	g = mem_new(sizeof *g);
	g->bus = b;
	g->dir = g->lease = -1;
	snprintf(g->name, sizeof g->name, "%s", name);
	if (make_folder(g, e) == 0 && take_lease(g, e) == 0 && clear_away(g, e) == 0)
		got = load(g, e);
	if (got < 0) {
		group_close(g);
		return -1;
	}
	g->is_new = got == 0;
	*ret = g;
	return 0;
}

static void stands_done(struct group *g)
{
	for (unsigned i = 0; i < g->nstands; i++)
		free(g->stands[i].topic);
	free(g->stands);
}

void group_close(struct group *g)
{
	if (!g)
		return;
	if (g->lease >= 0)
		close(g->lease);
	if (g->dir >= 0)
		close(g->dir);
	stands_done(g);
	free(g);
}

bool group_is_new(const struct group *g)
{
	return g->is_new;
}

/* ---- where it stands ---- */

unsigned group_part(struct group *g, unsigned topic, unsigned partition)
{
	struct stand *s = stand_of(g, bus_topic_name(g->bus, topic), partition);

	s->handle = topic;
	return (unsigned)(s - g->stands);
}

static int other(const struct group *g, const struct stand *s, struct err *e)
{
	return err_set(e, E_GROUP_OTHER, "group=%s\ntopic=%s\npartition=%u\noffset=%" PRIu64, g->name, s->topic,
		s->partition, s->next - 1);
}

static int beyond(const struct group *g, const struct stand *s, uint64_t end, struct err *e)
{
	return err_set(e, E_GROUP_BEYOND, "group=%s\ntopic=%s\npartition=%u\nhave=%" PRIu64 "\nend=%" PRIu64, g->name,
		s->topic, s->partition, s->next, end);
}

int group_without(const struct group *g, const char *topic, struct err *e)
{
	for (unsigned i = 0; i < g->nstands; i++)
		if (g->stands[i].has && g->stands[i].next && strcmp(g->stands[i].topic, topic) == 0)
			return beyond(g, &g->stands[i], 0, e);
	return 0;
}

/* The first record at or behind the one before the position tells whether it is the log that the group has read. */
static int look_before(const struct group *g, const struct stand *s, struct bus_reader *r, struct err *e)
{
	struct bus_message m;
	int got;

	bus_seek(r, s->next - 1);
	got = bus_next(r, &m, e);
	/* A cluster says by itself that what comes next is gone; what was done may be. */
	if (got < 0)
		return e->id == E_BUS_GONE ? 0 : -1;
	if (got && m.offset == s->next - 1)
		return group_check(m.value) == s->check ? 0 : other(g, s, e);
	if (got && bus_is_dense(g->bus) && m.offset > s->next)
		return err_set(e, E_GROUP_GONE, "group=%s\ntopic=%s\npartition=%u\nwant=%" PRIu64 "\nhave=%" PRIu64,
			g->name, s->topic, s->partition, s->next, m.offset);
	return 0;
}

int group_stand(struct group *g, unsigned part, uint64_t *ret, struct err *e)
{
	const struct stand *s = &g->stands[part];
	struct bus_reader *r = NULL;
	uint64_t end;
	int failed;

	if (!s->has)
		return 0;
	if (bus_end(g->bus, s->handle, s->partition, &end, e))
		return -1;
	if (s->next > end)
		return beyond(g, s, end, e);
	if (s->has_check) {
		if (bus_read(g->bus, s->handle, s->partition, &r, e))
			return -1;
		failed = look_before(g, s, r, e);
		bus_unread(r);
		if (failed)
			return -1;
	}
	*ret = s->next;
	return 1;
}

void group_begin(struct group *g, unsigned part, uint64_t next)
{
	g->stands[part].has = true;
	g->stands[part].has_check = false;
	g->stands[part].next = next;
}

void group_done(struct group *g, unsigned part, uint64_t offset, uint64_t check)
{
	struct stand *s = &g->stands[part];

	s->has = s->has_check = true;
	s->next = offset + 1;
	s->check = check;
}

int group_commit(struct group *g, struct err *e)
{
	char *text = write_position(g);
	int ret = fsys_put(g->dir, POSITION, span_of(text), e);

	free(text);
	return ret;
}

/* ---- all groups ---- */

static int each_stand(struct group *g, int (*each)(void *, const char *, const char *, unsigned, uint64_t), void *arg)
{
	int ret = 0;

	for (unsigned i = 0; i < g->nstands && !ret; i++)
		if (g->stands[i].has)
			ret = each(arg, g->name, g->stands[i].topic, g->stands[i].partition, g->stands[i].next);
	return ret;
}

int groups_each(struct bus *b,
	int (*each)(void *arg, const char *group, const char *topic, unsigned partition, uint64_t next), void *arg,
	struct err *e)
{
	int bus = -1, all = -1, ret = 0;
	struct err ignored;
	char **names;

	if (fsys_open_dir(AT_FDCWD, bus_folder(b), &bus, e))
		return -1;
	if (!fsys_exists(bus, FOLDER)) {
		close(bus);
		return 0;
	}
	if (fsys_open_dir(bus, FOLDER, &all, e) || fsys_list(all, ".", &names, e)) {
		ret = -1;
		goto out;
	}
	for (unsigned i = 0; names[i] && !ret; i++) {
		struct group g = {.bus = b, .dir = -1};

		if (!name_ok(names[i]) || fsys_open_dir(all, names[i], &g.dir, &ignored))
			continue;
		snprintf(g.name, sizeof g.name, "%s", names[i]);
		if (load(&g, &ignored) == 1)
			ret = each_stand(&g, each, arg) ? 1 : 0;
		stands_done(&g);
		close(g.dir);
	}
	fsys_list_free(names);
out:
	if (all >= 0)
		close(all);
	close(bus);
	return ret < 0 ? -1 : 0;
}
