/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare_append BUS TOPIC FOLDER [ids]: reads the records of a topic's first partition from a bus, and appends the same
 * bytes to a bare LMDB in FOLDER (missing or empty), in commits of the same records, with the same sync. With ids each
 * event's id is put as well, as the bus does it to know it again. Prints one line: records, bytes of events, commits,
 * wall and processor nanoseconds of the appending alone. For file_to_bus.py, which sets the product beside it.
 *
 * Nothing is checked, staged, sealed, or written ahead: it is the least that appending can cost on this disk.
 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "bus.h"
#include "event.h"

#define ENTRY_BYTES 32               /* seal, place, fingerprint */

/* A record as it stood in the bus; at: of its key, the value behind it, in the bytes of all. */
struct record {
	size_t at, nkey, n, id, nid;
	int64_t time_ms;
};

struct records {
	struct buf bytes;
	struct record *all;
	size_t n, cap;
};

static _Noreturn void die(const struct err *e)
{
	err_print(e, ERR_EN, stderr);
	exit(1);
}

static void check(int rc)
{
	if (rc && rc != MDB_KEYEXIST) {
		fprintf(stderr, "bare_append: lmdb: %s\n", mdb_strerror(rc));
		exit(1);
	}
}

static void add(struct records *rs, const struct bus_message *m)
{
	struct err ignored;
	struct record *r;
	struct event v;

	if (rs->n == rs->cap) {
		rs->cap = rs->cap ? 2 * rs->cap : 1024;
		rs->all = mem_grow(rs->all, rs->cap, sizeof *rs->all);
	}
	r = &rs->all[rs->n++];
	*r = (struct record){.at = rs->bytes.n, .nkey = m->key.n, .n = m->value.n, .time_ms = m->time_ms};
	if (event_read(m->value, &v, &ignored) == 0 && v.fingerprint.n) {
		r->id = rs->bytes.n + m->key.n + (size_t)(v.id.p - m->value.p);
		r->nid = v.id.n;
	}
	buf_span(&rs->bytes, m->key);
	buf_span(&rs->bytes, m->value);
}

static void load(const char *folder, const char *topic_name, struct records *ret)
{
	struct err e = ERR_INIT;
	char url[600];
	struct bus_message m;
	struct bus_reader *r;
	struct bus *b;
	unsigned topic;
	int got;

	snprintf(url, sizeof url, "embedded:%s", folder);
	if (bus_open(&(struct bus_conf){.url = url, .partitions = 1}, BUS_LOOK, &b, &e) ||
		bus_topic(b, topic_name, &topic, &e) || bus_read(b, topic, 0, &r, &e))
		die(&e);
	while ((got = bus_next(r, &m, &e)) == 1)
		add(ret, &m);
	if (got < 0)
		die(&e);
	bus_unread(r);
	bus_close(b);
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void put(MDB_txn *txn, MDB_dbi in, const void *key, size_t nkey, const void *value, size_t n, unsigned flags)
{
	MDB_val k = {nkey, (void *)(uintptr_t)key}, v = {n, (void *)(uintptr_t)value};

	check(mdb_put(txn, in, &k, &v, flags));
}

static size_t append(MDB_env *env, MDB_dbi log, MDB_dbi ids, const struct records *rs, bool with_ids)
{
	const char entry[ENTRY_BYTES] = "";
	size_t commits = 0;
	MDB_txn *txn = NULL;

	for (size_t i = 0; i < rs->n; i++) {
		const struct record *r = &rs->all[i];
		char key[8];

		if (!txn)
			check(mdb_txn_begin(env, NULL, 0, &txn));
		for (int k = 0; k < 8; k++)
			key[k] = (char)((uint64_t)i >> (56 - 8 * k) & 0xff);
		put(txn, log, key, sizeof key, rs->bytes.p + r->at, r->nkey + r->n, MDB_APPEND);
		if (with_ids && r->nid)
			put(txn, ids, rs->bytes.p + r->id, r->nid, entry, sizeof entry, MDB_NOOVERWRITE);
		/* One commit of the bus is one moment. */
		if (i + 1 < rs->n && rs->all[i + 1].time_ms == r->time_ms)
			continue;
		check(mdb_txn_commit(txn));
		txn = NULL;
		commits++;
	}
	return commits;
}

int main(int argc, char **argv)
{
	struct records rs = {0};
	int64_t wall, cpu;
	size_t commits, bytes = 0;
	MDB_dbi log, ids;
	MDB_env *env;
	MDB_txn *txn;

	if (argc < 4) {
		fprintf(stderr, "usage: bare_append BUS TOPIC FOLDER [ids]\n");
		return 2;
	}
	load(argv[1], argv[2], &rs);
	for (size_t i = 0; i < rs.n; i++)
		bytes += rs.all[i].n;
	mkdir(argv[3], 0700);
	check(mdb_env_create(&env));
	check(mdb_env_set_mapsize(env, 64ull << 30));
	check(mdb_env_set_maxdbs(env, 8));
	check(mdb_env_open(env, argv[3], MDB_NOTLS, 0600));
	check(mdb_txn_begin(env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, "log", MDB_CREATE, &log));
	check(mdb_dbi_open(txn, "ids", MDB_CREATE, &ids));
	check(mdb_txn_commit(txn));
	wall = now_ns(CLOCK_MONOTONIC);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	commits = append(env, log, ids, &rs, argc > 4);
	wall = now_ns(CLOCK_MONOTONIC) - wall;
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%zu %zu %zu %lld %lld\n", rs.n, bytes, commits, (long long)wall, (long long)cpu);
	mdb_env_close(env);
	free(rs.all);
	buf_done(&rs.bytes);
	return 0;
}
