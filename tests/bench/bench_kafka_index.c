/* SPDX-License-Identifier: Apache-2.0 */
/* bench_kafka_index FOLDER [IDS [A PUT]]: how fast the index of a Kafka bus is folded anew, and opened again. Ids in the
 * order of a file, each with its payment, on eight partitions; what the events cost to read is not in it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "hash.h"
#include "kafka_index.h"

struct job {
	struct kafka_index *x;
	unsigned number, ids, at_once;
	bool pays;
	struct err e;
};

static int put_event(struct job *j, struct kafka_put *p, unsigned i)
{
	struct kafka_place place = {j->number, i % 8, i / 8, i};
	char id[40], key[INDEX_PAY_KEY_MAX], extra[16];
	uint64_t mixed[2] = {i * 0x9e3779b97f4a7c15ull, i * 0xc2b2ae3d27d4eb4full};
	int n = snprintf(id, sizeof id, "gz:202612:%04u:%09u", i / 20000, i);

	memcpy(extra, mixed, sizeof extra);
	if (kafka_put_entry(p, INDEX_IDS, (struct span){id, (size_t)n}, &place, (struct span){extra, sizeof extra}, &j->e))
		return -1;
	if (!j->pays)
		return 0;
	return kafka_put_entry(p, INDEX_PAYS, index_pay_key(key, 20800, (const uint8_t *)extra, (struct span){id, (size_t)n}),
		&place, SPAN(""), &j->e);
}

static int put_some(struct job *j, unsigned first)
{
	struct kafka_put *p;

	if (kafka_put_begin(j->x, &p, &j->e))
		return -1;
	for (unsigned i = first; i < first + j->at_once && i < j->ids; i++)
		if (put_event(j, p, i)) {
			kafka_put_abort(p);
			return -1;
		}
	for (unsigned i = 0; i < 8; i++)
		if (kafka_put_head(p, j->number, i, (first + j->at_once) / 8, 1, &j->e)) {
			kafka_put_abort(p);
			return -1;
		}
	return kafka_put_commit(p, &j->e);
}

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

static int open_it(struct job *j, const char *folder, const char *what)
{
	int64_t began = clock_steady_ms();
	bool anew;

	if (kafka_index_open(folder, what, 0, &j->x, &anew, &j->e))
		return -1;
	printf("open%s: %" PRId64 " ms\n", anew ? " anew" : "", clock_steady_ms() - began);
	return 0;
}

static int run(struct job *j, const char *folder)
{
	uint64_t used, max;
	int64_t began;
	clock_t cpu;

	if (open_it(j, folder, "bench") || kafka_index_empty(j->x, &j->e) ||
		kafka_index_topic(j->x, "jincai.payroll", &j->number, &j->e))
		return -1;
	began = clock_steady_ms();
	cpu = clock();
	for (unsigned i = 0; i < j->ids; i += j->at_once)
		if (put_some(j, i))
			return -1;
	began = clock_steady_ms() - began;
	cpu = clock() - cpu;
	kafka_index_room(j->x, &used, &max);
	printf("%s: %.0f events/s (%.0f of a CPU second), %" PRIu64 " bytes an event\n", j->pays ? "ids and payments" : "ids",
		j->ids * 1000.0 / (double)(began ? began : 1), j->ids * (double)CLOCKS_PER_SEC / (double)(cpu ? cpu : 1),
		used / j->ids);
	print_memory();
	kafka_index_close(j->x);
	j->x = NULL;
	return open_it(j, folder, "bench");
}

int main(int argc, char **argv)
{
	struct job j = {.e = ERR_INIT};
	int failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: bench_kafka_index FOLDER [IDS [A PUT]]\n");
		return 2;
	}
	j.ids = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000000;
	j.at_once = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 20000;
	for (int i = 0; i < 2 && !failed; i++) {
		j.pays = i == 1;
		failed = run(&j, argv[1]);
		kafka_index_close(j.x);
		j.x = NULL;
	}
	if (failed)
		err_print(&j.e, ERR_EN, stderr);
	return failed ? 1 : 0;
}
