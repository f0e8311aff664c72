/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody does who writes into the store of an embedded bus himself, with all checks of the store right:
 *
 *	tamper FOLDER list                      each record of jincai.acts: place, type, id
 *	tamper FOLDER edit AT FROM TO           a text within a record
 *	tamper FOLDER delete AT                 leaves a hole
 *	tamper FOLDER close AT                  deletes, and moves all behind it up
 *	tamper FOLDER insert AT COPY            a copy of the record COPY stands at AT, what was there and behind moves down
 *	tamper FOLDER swap AT OTHER
 *	tamper FOLDER truncate AT               all from there on is gone
 *	tamper FOLDER position KEY FROM TO      a text within a position
 *	tamper FOLDER forget TOPIC              all records of that topic; the indexes are folded anew
 *	tamper FOLDER unindex BATCH             the index no longer has postings of that batch
 *	tamper FOLDER rechain [AT]              computes n and chain of all records, and of positions, anew; of one record alone
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "audit.h"
#include "embedded.h"
#include "event.h"
#include "sealed.h"
#include "topics.h"

#define RECORDS_MAX 4096u

struct rec {
	int64_t time_ms;
	char *key, *value;
	size_t nkey, nvalue;
	bool gone;
};

struct tampering {
	struct embedded *e;
	struct topic *topic;
	struct rec v[RECORDS_MAX];
	size_t n;
	struct err err;
};

static void die(const struct err *e)
{
	err_print(e, ERR_EN, stderr);
	exit(1);
}

#define MUST(call) do { if ((call) < 0) die(&t->err); } while (0)

static void load(struct tampering *t, const char *folder, const char *name)
{
	struct buf url = BUF_INIT;
	struct bus_conf c = {.partitions = 1};
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct bus *b = NULL;
	unsigned topic;

	buf_printf(&url, "embedded:%s", folder);
	c.url = buf_text(&url);
	MUST(bus_open(&c, BUS_OWN, &b, &t->err));
	MUST(bus_topic(b, name, &topic, &t->err));
	t->e = (struct embedded *)b;
	t->topic = t->e->handled[topic];
	MUST(bus_read(b, topic, 0, &r, &t->err));
	while (bus_next(r, &m, &t->err) == 1) {
		while (t->n < m.offset)
			t->v[t->n++].gone = true;
		t->v[t->n++] = (struct rec){m.time_ms, mem_text(m.key), mem_text(m.value), m.key.n, m.value.n, false};
	}
	bus_unread(r);
	buf_done(&url);
}

static void store(struct tampering *t, size_t had)
{
	struct store_txn *txn;
	char key[8];

	MUST(store_write(t->e->store, &txn, &t->err));
	for (size_t i = 0; i < had || i < t->n; i++) {
		const struct rec *r = &t->v[i];
		struct span k = {key, sizeof key};
		void *p;

		store_key64(i, key);
		if (i >= t->n || r->gone) {
			MUST(store_delete(txn, t->topic->logs[0].table, k, &t->err));
			continue;
		}
		MUST(store_put(txn, t->topic->logs[0].table, k, RECORD_HEAD + r->nkey + r->nvalue, STORE_LAST, &p, &t->err));
		embedded_pack(p, t->topic, 0, i, r->time_ms, (struct span){r->key, r->nkey}, (struct span){r->value, r->nvalue});
	}
	if (!t->n)
		MUST(store_delete(txn, t->e->meta, SPAN("edition"), &t->err));
	MUST(store_commit(txn, &t->err));
}

static char *replaced(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	struct buf b = BUF_INIT;

	if (!at) {
		fprintf(stderr, "no %s in %s\n", from, text);
		exit(1);
	}
	buf_add(&b, text, (size_t)(at - text));
	buf_str(&b, to);
	buf_str(&b, at + strlen(from));
	return (char *)(uintptr_t)buf_text(&b);
}

static void put_value(struct rec *r, char *value)
{
	r->value = value;
	r->nvalue = strlen(value);
}

static void put_position(struct tampering *t, struct span key, struct span value)
{
	struct store_txn *txn;

	MUST(store_write(t->e->store, &txn, &t->err));
	MUST(sealed_put(txn, &t->e->positions, key, value, &t->err));
	MUST(store_commit(txn, &t->err));
}

static void position(struct tampering *t, const char *key, const char *from, const char *to)
{
	struct buf value = BUF_INIT;
	char *text;

	MUST(bus_position_get(&t->e->bus, key, &value, &t->err));
	text = replaced(buf_text(&value), from, to);
	put_position(t, span_of(key), span_of(text));
	free(text);
	buf_done(&value);
}

struct unindexing {
	char keys[64][INDEX_KEY_MAX];
	size_t lengths[64];
	unsigned n;
};

static int note_key(void *arg, struct span key, const struct bus_entry *at)
{
	struct unindexing *u = arg;

	(void)at;
	memcpy(u->keys[u->n], key.p, key.n);
	u->lengths[u->n++] = key.n;
	return u->n == 64;
}

static void unindex(struct tampering *t, const char *batch)
{
	struct unindexing *u = mem_new(sizeof *u);
	char key[INDEX_KEY_MAX];
	struct store_txn *txn;

	MUST(bus_entries(&t->e->bus, INDEX_DAYS, index_days_postings(key, span_of(batch)), note_key, u, &t->err));
	MUST(store_write(t->e->store, &txn, &t->err));
	for (unsigned i = 0; i < u->n; i++)
		MUST(store_delete(txn, t->e->index[INDEX_DAYS].handle, (struct span){u->keys[i], u->lengths[i]}, &t->err));
	MUST(store_commit(txn, &t->err));
	free(u);
}

/* ---- rechain ---- */

struct writers {
	char name[64][104];
	struct audit_link link[64];
	unsigned n;
};

static struct audit_link *link_of(struct writers *w, struct span name)
{
	for (unsigned i = 0; i < w->n; i++)
		if (span_is(name, w->name[i]))
			return &w->link[i];
	snprintf(w->name[w->n], sizeof w->name[0], "%.*s", SPAN_F(name));
	w->link[w->n] = AUDIT_LINK_INIT;
	return &w->link[w->n++];
}

static void rechain_record(struct tampering *t, struct writers *w, size_t at)
{
	struct rec *r = &t->v[at];
	struct buf b = BUF_INIT;
	const char *tail;
	struct event v;
	uint64_t after;

	MUST(event_read((struct span){r->value, r->nvalue}, &v, &t->err));
	tail = strstr(r->value, ",\"after\":");
	if (!tail)
		return;
	after = strtoull(tail + 9, NULL, 10);
	buf_add(&b, r->value, (size_t)(tail - r->value));
	audit_add(link_of(w, v.source), AUDIT_SHA256, after < at ? after : at, &b);
	buf_c(&b, '}');
	buf_str(&b, v.body.p + v.body.n);    /* ,"lane":... */
	put_value(r, (char *)(uintptr_t)buf_text(&b));
}

static void rechain_one(struct tampering *t, size_t at)
{
	struct writers *w = mem_new(sizeof *w);
	struct rec was[RECORDS_MAX];

	memcpy(was, t->v, sizeof was);
	for (size_t i = 0; i <= at; i++)
		rechain_record(t, w, i);
	was[at] = t->v[at];
	memcpy(t->v, was, sizeof was);
	free(w);
}

static void rechain(struct tampering *t)
{
	struct writers *w = mem_new(sizeof *w);

	for (size_t i = 0; i < t->n; i++)
		rechain_record(t, w, i);
	for (unsigned i = 0; i < w->n; i++) {
		struct buf key = BUF_INIT, value = BUF_INIT;
		json_t *o;
		char *text;

		buf_printf(&key, "%s/acts", w->name[i]);
		MUST(bus_position_get(&t->e->bus, buf_text(&key), &value, &t->err));
		o = json_loadb(value.p, value.n, 0, NULL);
		json_object_set_new(o, "n", json_integer((json_int_t)w->link[i].n));
		json_object_set_new(o, "chain", json_string(w->link[i].chain));
		text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
		put_position(t, buf_as_span(&key), span_of(text));
		free(text);
		json_decref(o);
		buf_done(&key);
		buf_done(&value);
	}
	free(w);
}

/* ---- the verbs ---- */

static void list(const struct tampering *t)
{
	for (size_t i = 0; i < t->n; i++) {
		struct event v;
		struct err e;

		if (!t->v[i].gone && event_read((struct span){t->v[i].value, t->v[i].nvalue}, &v, &e) == 0)
			printf("%zu %.*s %.*s\n", i, SPAN_F(v.type), SPAN_F(v.source));
	}
}

static void move_up(struct tampering *t, size_t at)
{
	memmove(&t->v[at], &t->v[at + 1], (t->n - at - 1) * sizeof *t->v);
	t->n--;
}

static void insert(struct tampering *t, size_t at, size_t copy)
{
	struct rec r = t->v[copy];

	memmove(&t->v[at + 1], &t->v[at], (t->n - at) * sizeof *t->v);
	t->v[at] = r;
	t->n++;
}

static void swap(struct tampering *t, size_t at, size_t other)
{
	struct rec r = t->v[at];

	t->v[at] = t->v[other];
	t->v[other] = r;
}

int main(int argc, char **argv)
{
	struct tampering *t = mem_new(sizeof *t);
	const char *what = argc > 2 ? argv[2] : "";
	size_t at = argc > 3 ? strtoul(argv[3], NULL, 10) : 0, had;

	if (argc < 3)
		return 2;
	load(t, argv[1], strcmp(what, "forget") == 0 && argc == 4 ? argv[3] : TOPIC_ACTS);
	had = t->n;
	if (strcmp(what, "list") == 0)
		list(t);
	else if (strcmp(what, "edit") == 0 && argc == 6)
		put_value(&t->v[at], replaced(t->v[at].value, argv[4], argv[5]));
	else if (strcmp(what, "delete") == 0 && argc == 4)
		t->v[at].gone = true;
	else if (strcmp(what, "close") == 0 && argc == 4)
		move_up(t, at);
	else if (strcmp(what, "insert") == 0 && argc == 5)
		insert(t, at, strtoul(argv[4], NULL, 10));
	else if (strcmp(what, "swap") == 0 && argc == 5)
		swap(t, at, strtoul(argv[4], NULL, 10));
	else if (strcmp(what, "truncate") == 0 && argc == 4)
		t->n = at;
	else if (strcmp(what, "forget") == 0 && argc == 4)
		t->n = 0;
	else if (strcmp(what, "position") == 0 && argc == 6)
		position(t, argv[3], argv[4], argv[5]);
	else if (strcmp(what, "unindex") == 0 && argc == 4)
		unindex(t, argv[3]);
	else if (strcmp(what, "rechain") == 0 && argc == 4)
		rechain_one(t, at);
	else if (strcmp(what, "rechain") == 0)
		rechain(t);
	else
		return 2;
	if (strcmp(what, "list") != 0 && strcmp(what, "position") != 0 && strcmp(what, "unindex") != 0)
		store(t, had);
	bus_close(&t->e->bus);
	return 0;
}
