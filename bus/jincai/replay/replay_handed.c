/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_handed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "adopted.h"
#include "fsys.h"
#include "hash.h"
#include "index.h"
#include "jscan.h"
#include "json_text.h"
#include "topics.h"

#define BLOCK 65536u

/* ---- who moves money ---- */

int replay_pays(struct bus *b, const struct site_destination *d, struct err *e)
{
	struct adopted a = {0};
	int ret = 1;

	if (items_pays(d))
		return 1;
	if (adopted_read(b, &a, e) != 0)
		return -1;
	ret = adopted_live(&a, d->name) || adopted_has(json_object_get(a.root, "ever"), d->name);
	adopted_done(&a);
	return ret;
}

const char *replay_mode(struct bus *b, const struct site_destination *d, struct err *e)
{
	static const char *const said[] = {[SITE_OFF] = "off", [SITE_SHADOW] = "shadow", [SITE_LIVE] = "live"};
	struct adopted a = {0};
	enum adopted_off off;

	if (adopted_read(b, &a, e) != 0)
		return NULL;
	off = adopted_off(&a, d);
	adopted_done(&a);
	return off == ADOPTED_NOT_LET ? "not let go live yet" : off == ADOPTED_WAS_LIVE ? "off" : said[d->said];
}

/* ---- the others ---- */

struct other {
	char *name;                  /* of the destination */
	unsigned topic, npartitions;
	uint64_t *ends;
};

struct replay_handed {
	struct bus *bus;
	struct other *others;        /* by name */
	unsigned n;
	struct hash_sha256 *hash;
	struct buf lines;
	int fd;                      /* -1: nothing is written */
	const char *path;
};

struct names {
	char **list;
	unsigned n;
};

static int note_name(void *arg, const char *topic)
{
	struct names *x = arg;

	if (!topics_is_destination(topic))
		return 0;
	x->list = mem_grow(x->list, x->n + 1u, sizeof *x->list);
	x->list[x->n++] = mem_text(span_of(topic + sizeof TOPIC_TO - 1));
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static const struct site_destination *named(const struct site *s, const char *name)
{
	for (unsigned d = 0; d < s->ndestinations; d++)
		if (strcmp(s->destinations[d].name, name) == 0)
			return &s->destinations[d];
	return NULL;
}

/* As they were when it began to look: a topic that came since had nothing then. */
static void recall_ends(struct other *o, const json_t *ends, const char *topic)
{
	const json_t *list = json_object_get(ends, topic);

	for (unsigned p = 0; p < o->npartitions; p++)
		o->ends[p] = (uint64_t)json_integer_value(json_array_get(list, p));
}

static int add_other(struct replay_handed *x, const char *name, const json_t *ends, struct err *e)
{
	struct buf topic = BUF_INIT;
	struct other o = {.name = mem_text(span_of(name))};
	int ret;

	buf_printf(&topic, TOPIC_TO "%s", name);
	ret = bus_topic(x->bus, buf_text(&topic), &o.topic, e);
	if (ret == 0) {
		o.npartitions = bus_partitions(x->bus, o.topic);
		o.ends = mem_new(o.npartitions * sizeof *o.ends);
		if (ends)
			recall_ends(&o, ends, buf_text(&topic));
		for (unsigned p = 0; !ends && p < o.npartitions && ret == 0; p++)
			ret = bus_end(x->bus, o.topic, p, &o.ends[p], e);
	}
	x->others = mem_grow(x->others, x->n + 1u, sizeof *x->others);
	x->others[x->n++] = o;
	buf_done(&topic);
	return ret;
}

static int add_others(struct replay_handed *x, struct site *s, const char *to, const json_t *ends, struct err *e)
{
	struct names names = {NULL, 0};
	int ret = bus_topics(x->bus, note_name, &names, e);

	if (names.n)
		qsort(names.list, names.n, sizeof *names.list, by_name);
	for (unsigned i = 0; i < names.n; i++) {
		const struct site_destination *d = named(s, names.list[i]);
		int pays = 1;

		if (ret == 0 && strcmp(names.list[i], to) != 0)
			ret = d && (pays = replay_pays(x->bus, d, e)) < 0 ? -1
				: pays                                    ? add_other(x, names.list[i], ends, e)
									  : 0;
		free(names.list[i]);
	}
	free(names.list);
	return ret;
}

struct replay_handed *replay_handed_new(struct site *s, struct bus *b, unsigned d, const json_t *ends, struct err *e)
{
	struct replay_handed *x = mem_new(sizeof *x);

	x->bus = b;
	x->fd = -1;
	x->hash = hash_sha256_new();
	if (add_others(x, s, s->destinations[d].name, ends, e) == 0)
		return x;
	replay_handed_free(x);
	return NULL;
}

void replay_handed_free(struct replay_handed *x)
{
	if (!x)
		return;
	for (unsigned i = 0; i < x->n; i++) {
		free(x->others[i].name);
		free(x->others[i].ends);
	}
	free(x->others);
	hash_sha256_free(x->hash);
	buf_done(&x->lines);
	free(x);
}

json_t *replay_handed_ends(const struct replay_handed *x)
{
	json_t *ret = json_object();

	for (unsigned i = 0; i < x->n; i++) {
		json_t *list = json_array();

		for (unsigned p = 0; p < x->others[i].npartitions; p++)
			json_array_append_new(list, json_integer((json_int_t)x->others[i].ends[p]));
		json_object_set_new(ret, bus_topic_name(x->bus, x->others[i].topic), list);
	}
	return ret;
}

unsigned replay_handed_count(const struct replay_handed *x)
{
	return x->n;
}

const char *replay_handed_name(const struct replay_handed *x, unsigned i)
{
	return x->others[i].name;
}

int replay_handed_look(struct replay_handed *x, struct span id, struct handed_at *ret, struct err *e)
{
	int ret_got = 0;

	for (unsigned i = 0; i < x->n && ret_got != 1; i++) {
		const struct other *o = &x->others[i];
		char key[INDEX_KEY_MAX];
		struct bus_entry at;
		int got = bus_look(x->bus, NULL, INDEX_TO, index_key(key, 0, span_of(o->name), id), &at, e);

		if (got < 0)
			return -1;
		if (got == 1)
			got = at.partition < o->npartitions && at.offset < o->ends[at.partition] ? 1 : 2;
		if (got == 1 || (got == 2 && !ret_got)) {
			*ret = (struct handed_at){o->name, bus_topic_name(x->bus, at.topic), at.partition, at.offset};
			ret_got = got;
		}
	}
	return ret_got;
}

/* ---- the file ---- */

void replay_handed_into(struct replay_handed *x, int fd, const char *path)
{
	x->fd = fd;
	x->path = path;
}

static int flush(struct replay_handed *x, size_t from, struct err *e)
{
	if (x->lines.n < from)
		return 0;
	hash_sha256_add(x->hash, x->lines.p ? x->lines.p : "", x->lines.n);
	if (x->fd >= 0 && x->lines.n && fsys_write(x->fd, x->lines.p, x->lines.n, x->path, e) != 0)
		return -1;
	buf_clear(&x->lines);
	return 0;
}

int replay_handed_note(struct replay_handed *x, struct span id, struct span batch, struct span currency, int64_t fen,
	bool readable, const struct handed_at *at, struct err *e)
{
	struct buf *b = &x->lines;
	char amount[24];

	buf_str(b, "{\"id\":");
	json_quote(b, id);
	json_member(b, "batch", batch);
	json_member(b, "currency", currency);
	json_member(b, "amount", readable ? span_of(money_text(fen, amount)) : SPAN(""));
	json_member(b, "to", span_of(at->to));
	buf_printf(b, ",\"at\":\"%s/%u@%" PRIu64 "\"}\n", at->topic, at->partition, at->offset);
	return flush(x, BLOCK, e);
}

int replay_handed_not(struct replay_handed *x, const char *batch, const char *why, struct err *e)
{
	buf_str(&x->lines, "{\"batch\":");
	json_quote(&x->lines, span_of(batch));
	json_member(&x->lines, "why", span_of(why));
	buf_str(&x->lines, "}\n");
	return flush(x, BLOCK, e);
}

int replay_handed_end(struct replay_handed *x, char ret[65], struct err *e)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	if (flush(x, 0, e) != 0 || (x->fd >= 0 && fsys_sync(x->fd, x->path, e) != 0))
		return -1;
	hash_sha256_get(x->hash, digest);
	hash_hex(&hex, digest, sizeof digest);
	snprintf(ret, 65, "%s", buf_text(&hex));
	buf_done(&hex);
	return 0;
}

/* ---- reading it ---- */

struct reading {
	FILE *f;
	json_t *not;                 /* batches of which nothing would have gone */
	char *line;
	size_t room;
};

/* All of it once: the digest, and those batches. */
static int read_first(struct reading *r, char ret[65], struct err *e)
{
	struct replay_handed x = {.hash = hash_sha256_new(), .fd = -1};
	ssize_t n;
	int got;

	while ((n = getline(&r->line, &r->room, r->f)) > 0) {
		json_t *o = json_loadb(r->line, (size_t)n, 0, NULL);

		hash_sha256_add(x.hash, r->line, (size_t)n);
		if (json_object_get(o, "why"))
			json_object_set_new(r->not, json_text(o, "batch"), json_true());
		json_decref(o);
	}
	got = replay_handed_end(&x, ret, e);
	hash_sha256_free(x.hash);
	return got;
}

int replay_handed_each(const char *path, const char *plan, const char *sha256,
	int (*each)(void *arg, const json_t *line), void *arg, struct err *e)
{
	struct reading r = {.f = fopen(path, "re"), .not = json_object()};
	char digest[65] = "";
	ssize_t n;
	int ret = r.f ? read_first(&r, digest, e) : 0, end = 0;

	if (ret == 0 && strcmp(digest, sha256) != 0)
		ret = err_set(e, E_REPLAY_CHANGED, "plan=%s", plan);
	if (ret == 0)
		rewind(r.f);
	while (ret == 0 && !end && (n = getline(&r.line, &r.room, r.f)) > 0) {
		json_t *o = json_loadb(r.line, (size_t)n, 0, NULL);

		if (json_object_get(o, "id") && !json_object_get(r.not, json_text(o, "batch")))
			end = each(arg, o);
		json_decref(o);
	}
	if (r.f)
		fclose(r.f);
	free(r.line);
	json_decref(r.not);
	return ret;
}
