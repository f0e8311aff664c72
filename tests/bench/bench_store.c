/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_store FOLDER [EVENTS]: appends through bus_commit against bare LMDB doing the same puts on the same disk, with
 * the same sync. Records of 300 bytes; with or without an index entry of a 40-byte key for each. Prints events a second
 * and the ratio. The folder must be empty or missing; what is made in it stays.
 */
#include <inttypes.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus.h"
#include "clock.h"
#include "event.h"
#include "store.h"

#define RECORD_BYTES 300
#define KEY_BYTES 40
#define ENTRY_BYTES 32               /* seal, place, fingerprint */

struct job {
	const char *folder;
	unsigned events, batch;
	bool index;
};

static void die(const struct err *e)
{
	err_print(e, ERR_EN, stderr);
	exit(1);
}

static void check(int rc)
{
	if (rc) {
		fprintf(stderr, "lmdb: %s\n", mdb_strerror(rc));
		exit(1);
	}
}

/* Ids as a site has them: in runs, but each run somewhere else. */
static void id_of(unsigned i, char ret[KEY_BYTES + 1])
{
	snprintf(ret, KEY_BYTES + 1, "payroll:150782:2026:%08x:%011u", i / 200 * 2654435761u, i);
}

static void event_of(unsigned i, bool index, struct buf *ret)
{
	char id[KEY_BYTES + 1], fingerprint[33];

	buf_clear(ret);
	id_of(i, id);
	snprintf(fingerprint, sizeof fingerprint, "%032x", i);
	event_begin(ret, &(struct event){.id = span_of(id), .source = SPAN("payroll-a"),
		.type = SPAN("payroll.line.v1"), .fingerprint = index ? span_of(fingerprint) : SPAN_NONE});
	buf_str(ret, "{\"unit\":\"602001\"");
	while (ret->n < RECORD_BYTES - 40)
		buf_str(ret, ",\"net\":\"1234.50\"");
	buf_c(ret, '}');
	event_stamp(ret, SPAN("payroll-a.1"), i + 1);
}

static double by_bus(const struct job *j)
{
	struct err e = ERR_INIT;
	struct buf event = BUF_INIT;
	char url[600];
	struct bus *b;
	struct bus_owner *o;
	unsigned topic;
	int64_t began;

	snprintf(url, sizeof url, "embedded:%s/bus-%u-%d", j->folder, j->batch, j->index);
	if (bus_open(&(struct bus_conf){.url = url, .partitions = 1}, BUS_OWN, &b, &e) ||
		bus_topic(b, "jincai.payroll", &topic, &e) || bus_own(b, "bench", &o, &e))
		die(&e);
	began = clock_steady_ms();
	for (unsigned i = 0; i < j->events; i++) {
		event_of(i, j->index, &event);
		if (bus_append(o, topic, 0, SPAN("602001"), buf_as_span(&event), &e))
			die(&e);
		if (i % j->batch < j->batch - 1)
			continue;
		if (bus_position_put(o, "bench/in", SPAN("1"), &e) || bus_commit(o, &e))
			die(&e);
	}
	began = clock_steady_ms() - began;
	bus_disown(o);
	bus_close(b);
	buf_done(&event);
	return j->events * 1000.0 / (double)(began ? began : 1);
}

static void bare_put(MDB_txn *txn, MDB_dbi in, const void *key, size_t nkey, const void *value, size_t n,
	unsigned flags)
{
	MDB_val k = {nkey, (void *)(uintptr_t)key}, v = {n, (void *)(uintptr_t)value};

	check(mdb_put(txn, in, &k, &v, flags));
}

/* The same bytes by LMDB alone: nothing checked, staged, sealed or written ahead. */
static double by_bare(const struct job *j)
{
	char path[600], key[8], id[KEY_BYTES + 1], entry[ENTRY_BYTES] = {0};
	struct buf event = BUF_INIT;
	MDB_dbi log, index, positions;
	MDB_env *env;
	MDB_txn *txn;
	int64_t began;

	snprintf(path, sizeof path, "%s/bare-%u-%d", j->folder, j->batch, j->index);
	mkdir(path, 0700);
	check(mdb_env_create(&env));
	check(mdb_env_set_mapsize(env, 64ull << 30));
	check(mdb_env_set_maxdbs(env, 8));
	check(mdb_env_open(env, path, MDB_NOTLS, 0600));
	check(mdb_txn_begin(env, NULL, 0, &txn));
	check(mdb_dbi_open(txn, "log", MDB_CREATE, &log));
	check(mdb_dbi_open(txn, "index", MDB_CREATE, &index));
	check(mdb_dbi_open(txn, "positions", MDB_CREATE, &positions));
	check(mdb_txn_commit(txn));
	began = clock_steady_ms();
	for (unsigned i = 0; i < j->events; i++) {
		if (i % j->batch == 0)
			check(mdb_txn_begin(env, NULL, 0, &txn));
		event_of(i, j->index, &event);
		store_key64(i, key);
		bare_put(txn, log, key, sizeof key, event.p, event.n, MDB_APPEND);
		id_of(i, id);
		if (j->index)
			bare_put(txn, index, id, strlen(id), entry, sizeof entry, MDB_NOOVERWRITE);
		if (i % j->batch == j->batch - 1) {
			bare_put(txn, positions, "bench/in", 8, "1", 1, 0);
			check(mdb_txn_commit(txn));
		}
	}
	began = clock_steady_ms() - began;
	mdb_env_close(env);
	buf_done(&event);
	return j->events * 1000.0 / (double)(began ? began : 1);
}

/* How much of this process's memory is its own, and not pages of the store. */
static void print_memory(void)
{
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "RssAnon", 7) == 0)
			printf("%s", line);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	static const unsigned batches[] = {100, 5000};
	unsigned events = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 500000;

	if (argc < 2 || (mkdir(argv[1], 0700) && access(argv[1], W_OK))) {
		fprintf(stderr, "usage: bench_store FOLDER [EVENTS]\n");
		return 2;
	}
	printf("batch index  bus events/s  bare events/s  bus/bare\n");
	for (unsigned i = 0; i < 4; i++) {
		struct job j = {argv[1], events / 5000 * 5000, batches[i / 2], i % 2};
		double bus = by_bus(&j), bare = by_bare(&j);

		printf("%5u %5s %13.0f %14.0f %9.2f\n", j.batch, j.index ? "yes" : "no", bus, bare, bus / bare);
		fflush(stdout);
	}
	print_memory();
	return 0;
}
