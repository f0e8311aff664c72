/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare_read FOLDER TOPIC: writes the records of a topic's first partition, a line each, read from the store in FOLDER by LMDB itself
 * and not by the bus. Nothing is checked or understood: it is the least that reading can cost. For tail_group.py, which sets
 * `jincai tail --group` beside it.
 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_HEAD 16u              /* check, bytes of the key, time */

static void check(int rc)
{
	if (rc) {
		fprintf(stderr, "bare_read: lmdb: %s\n", mdb_strerror(rc));
		exit(1);
	}
}

static unsigned get32(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* The table in which the first partition lies: the row of the topic has a seal, and its number. */
static MDB_dbi log_of(MDB_txn *txn, char *topic)
{
	MDB_val key = {strlen(topic), topic}, row;
	MDB_dbi topics, log;
	char name[32];

	check(mdb_dbi_open(txn, "topics", 0, &topics));
	check(mdb_get(txn, topics, &key, &row));
	snprintf(name, sizeof name, "log.%u.0", get32((const char *)row.mv_data + 4));
	check(mdb_dbi_open(txn, name, 0, &log));
	return log;
}

int main(int argc, char **argv)
{
	MDB_val key, record;
	MDB_cursor *c;
	MDB_env *env;
	MDB_txn *txn;
	int got;

	if (argc < 3) {
		fprintf(stderr, "usage: bare_read FOLDER TOPIC\n");
		return 2;
	}
	check(mdb_env_create(&env));
	check(mdb_env_set_maxdbs(env, 4096));
	check(mdb_env_open(env, argv[1], MDB_RDONLY, 0));
	check(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn));
	check(mdb_cursor_open(txn, log_of(txn, argv[2]), &c));
	while ((got = mdb_cursor_get(c, &key, &record, MDB_NEXT)) == 0) {
		const char *p = record.mv_data;
		size_t head = RECORD_HEAD + get32(p + 4);

		fwrite(p + head, 1, record.mv_size - head, stdout);
		putchar('\n');
	}
	if (got != MDB_NOTFOUND)
		check(got);
	mdb_cursor_close(c);
	mdb_txn_abort(txn);
	mdb_env_close(env);
	return fflush(stdout) ? 1 : 0;
}
