/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump_topic FOLDER TOPIC...: the records of these topics of the embedded bus in FOLDER, as kafka/consume.py prints
 * those of a cluster: topic, partition, offset, key and value, parted by tabs, values as they are. It only looks. FOLDER:N is a
 * bus of N partitions, at most 9.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"

static _Noreturn void die(const struct err *e)
{
	err_print(e, ERR_EN, stderr);
	exit(1);
}

static void dump(struct bus *b, const char *name, unsigned topic, unsigned partition)
{
	struct bus_message m;
	struct bus_reader *r;
	struct err e;
	int got;

	if (bus_read(b, topic, partition, &r, &e) != 0)
		die(&e);
	while ((got = bus_next(r, &m, &e)) == 1)
		printf("%s\t%u\t%llu\t%.*s\t%.*s\n", name, partition, (unsigned long long)m.offset, SPAN_F(m.key), SPAN_F(m.value));
	if (got < 0)
		die(&e);
	bus_unread(r);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strlen(argv[1]) : 0;
	unsigned topic, partitions = n > 2 && argv[1][n - 2] == ':' ? (unsigned)(argv[1][n - 1] - '0') : 0;
	char url[600];
	struct bus *b;
	struct err e;

	if (argc < 3) {
		fprintf(stderr, "usage: dump_topic FOLDER TOPIC...\n");
		return 2;
	}
	snprintf(url, sizeof url, "embedded:%.*s", (int)(partitions ? n - 2 : n), argv[1]);
	if (bus_open(&(struct bus_conf){.url = url, .partitions = partitions ? partitions : 1}, BUS_LOOK, &b, &e) != 0)
		die(&e);
	for (int i = 2; i < argc; i++) {
		if (bus_topic(b, argv[i], &topic, &e) != 0)
			die(&e);
		for (unsigned p = 0; p < bus_partitions(b, topic); p++)
			dump(b, argv[i], topic, p);
	}
	bus_close(b);
	return 0;
}
