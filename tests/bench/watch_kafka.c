/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch_kafka ADDRESS TOPIC: a consumer of committed records, with the library's usual settings, from the end of the topic as it is
 * now. Prints "ready", then of each record a line: nanoseconds of the wall clock when it was given, and the id of its event. Ends
 * when its input does. For kafka_latency.py.
 */
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ID "\"id\":\""

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "watch_kafka: %s: %s\n", what, why);
	exit(1);
}

static void set(rd_kafka_conf_t *c, const char *name, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(c, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
		die(name, why);
}

/* All partitions into one queue. */
static int start(rd_kafka_t *rk, rd_kafka_topic_t *t, rd_kafka_queue_t *q)
{
	const struct rd_kafka_metadata *all;
	int n;

	if (rd_kafka_metadata(rk, 0, t, &all, 30000) || all->topic_cnt != 1 || all->topics[0].err)
		die("metadata", "no such topic");
	n = all->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(all);
	for (int i = 0; i < n; i++)
		if (rd_kafka_consume_start_queue(t, i, RD_KAFKA_OFFSET_END, q))
			die("start", rd_kafka_err2str(rd_kafka_last_error()));
	return n;
}

static void print(const rd_kafka_message_t *m)
{
	const char *id = m->len ? memmem(m->payload, m->len, ID, sizeof ID - 1) : NULL, *end;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	id = id ? id + sizeof ID - 1 : NULL;
	end = id ? memchr(id, '"', m->len - (size_t)(id - (const char *)m->payload)) : NULL;
	if (end)
		printf("%lld %.*s\n", now.tv_sec * 1000000000LL + now.tv_nsec, (int)(end - id), id);
}

int main(int argc, char **argv)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	int partitions, at_end = 0;
	rd_kafka_topic_t *t;
	rd_kafka_queue_t *q;
	char why[256];
	rd_kafka_t *rk;

	if (argc != 3)
		die("usage", "ADDRESS TOPIC");
	set(c, "bootstrap.servers", argv[1]);
	set(c, "isolation.level", "read_committed");
	set(c, "enable.partition.eof", "true");
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, c, why, sizeof why);
	if (!rk)
		die("client", why);
	t = rd_kafka_topic_new(rk, argv[2], NULL);
	q = rd_kafka_queue_new(rk);
	partitions = start(rk, t, q);
	for (;;) {
		rd_kafka_message_t *m = rd_kafka_consume_queue(q, 20);

		if (m && !m->err)
			print(m);
		if (m && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF && at_end < partitions && ++at_end == partitions) {
			puts("ready");
		}
		if (m) {
			rd_kafka_message_destroy(m);
			continue;
		}
		fflush(stdout);
		if (poll(&input, 1, 0) > 0)
			break;
	}
	_exit(0);                /* what lies in queues is nobody's */
}
