/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kafka ADDRESS FOLDER PREFIX MODE EVENTS [TOPIC]: writes the same events to a topic of its own on a real broker, in one of
 * several ways, and prints one line: mode, events, bytes, wall and processor nanoseconds an event. For kafka_ratios.py. With TOPIC
 * (its whole name) they are those of its first partition, which is read before the time is taken.
 *
 *	bare     rd_kafka_produce, idempotent, one call an event, copied
 *	header   the same with the header content-type
 *	batch    rd_kafka_produce_batch, calls of 5000, nothing copied
 *	batch_header   the same, the header set by an interceptor
 *	bus      bus_append and bus_commit: transactions, positions, the index of ids
 *	bus_plain      the same with events that no index takes
 *	bus_time       the same, a commit each 100 ms, or when a commit holds no more (16 MiB)
 *	read     a bare consumer reads what bare wrote (run bare first)
 *	fold     all topics of PREFIX are folded into a new index below FOLDER: EVENTS says how many records there are
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bus.h"
#include "event.h"

#define PER_CALL 5000
#define HEADER "application/cloudevents+json; charset=UTF-8"

struct events {
	struct buf bytes;
	size_t *at;                  /* n + 1 */
	size_t n;
};

static _Noreturn void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_kafka: %s: %s\n", what, why);
	exit(1);
}

static _Noreturn void die_err(const struct err *e)
{
	err_print(e, ERR_EN, stderr);
	exit(1);
}

static void make(struct events *ev, size_t n, bool plain)
{
	struct buf b = BUF_INIT, id = BUF_INIT;
	char print[33];

	ev->at = mem_new((n + 1) * sizeof *ev->at);
	ev->n = n;
	for (size_t i = 0; i < n; i++) {
		buf_clear(&b);
		buf_clear(&id);
		snprintf(print, sizeof print, "%016zx%016zx", i * 0x9e3779b97f4a7c15u, i);
		buf_printf(&id, "150782/602001/202612/900/%08zu", i);
		event_begin(&b, &(struct event){.id = buf_as_span(&id), .source = SPAN("/bench/payroll-a"), .type = SPAN("payroll.line.v1"),
			.subject = SPAN("602001"), .time = SPAN("2026-12-01T08:00:00.000Z"), .batchid = SPAN("b0123456789abcdef"),
			.partitionkey = SPAN("602001"), .fingerprint = plain ? SPAN_NONE : (struct span){print, 32}});
		buf_printf(&b, "{\"unit\":\"602001\",\"payee\":{\"name\":\"王珅\",\"account\":\"622848%013zu\",\"bank\":\"103\"},"
			"\"net\":\"%zu.%02zu\",\"currency\":\"CNY\"}", i, i % 9973 + 1, i % 100);
		event_stamp(&b, SPAN("bench.1"), i + 2);
		ev->at[i] = ev->bytes.n;
		buf_span(&ev->bytes, buf_as_span(&b));
	}
	ev->at[n] = ev->bytes.n;
	buf_done(&b);
	buf_done(&id);
}

static struct span event_at(const struct events *ev, size_t i)
{
	return (struct span){ev->bytes.p + ev->at[i], ev->at[i + 1] - ev->at[i]};
}

static void set(rd_kafka_conf_t *c, const char *name, const char *value)
{
	char why[256];

	if (rd_kafka_conf_set(c, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
		die(name, why);
}

static rd_kafka_t *consumer(const char *address, const char *topic, rd_kafka_topic_t **ret)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	char why[256];
	rd_kafka_t *rk;

	set(c, "bootstrap.servers", address);
	set(c, "isolation.level", "read_committed");
	set(c, "enable.partition.eof", "true");
	rk = rd_kafka_new(RD_KAFKA_CONSUMER, c, why, sizeof why);
	if (!rk)
		die("client", why);
	*ret = rd_kafka_topic_new(rk, topic, NULL);
	rd_kafka_consume_start(*ret, 0, 0);
	return rk;
}

static void stop(rd_kafka_t *rk, rd_kafka_topic_t *t)
{
	rd_kafka_consume_stop(t, 0);
	rd_kafka_topic_destroy(t);
	rd_kafka_destroy(rk);
}

static void load(struct events *ev, const char *address, const char *topic)
{
	rd_kafka_topic_t *t;
	rd_kafka_t *rk = consumer(address, topic, &t);
	bool end = false;
	size_t cap = 0;

	while (!end) {
		rd_kafka_message_t *m = rd_kafka_consume(t, 0, 1000);

		if (!m)
			continue;
		end = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
		if (!m->err) {
			ev->at = mem_room(ev->at, &cap, ev->n + 2, sizeof *ev->at);
			ev->at[ev->n++] = ev->bytes.n;
			buf_add(&ev->bytes, m->payload, m->len);
			ev->at[ev->n] = ev->bytes.n;
		}
		rd_kafka_message_destroy(m);
	}
	stop(rk, t);
}

/* ---- the library alone ---- */

static size_t delivered;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk, (void)opaque;
	if (m->err)
		die("delivery", rd_kafka_err2str(m->err));
	delivered++;
}

static rd_kafka_resp_err_t on_send(rd_kafka_t *rk, rd_kafka_message_t *m, void *opaque)
{
	rd_kafka_headers_t *h = rd_kafka_headers_new(1);

	(void)rk, (void)opaque;
	rd_kafka_header_add(h, "content-type", -1, HEADER, -1);
	rd_kafka_message_set_headers(m, h);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *text, size_t n)
{
	(void)conf, (void)opaque, (void)text, (void)n;
	return rd_kafka_interceptor_add_on_send(rk, "bench", on_send, NULL);
}

static rd_kafka_t *producer(const char *address, bool interceptor)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_t *rk;
	char why[256];

	set(c, "bootstrap.servers", address);
	set(c, "enable.idempotence", "true");
	set(c, "compression.codec", "lz4");
	set(c, "linger.ms", "5");
	set(c, "batch.size", "1000000");
	set(c, "queue.buffering.max.messages", "200000");
	rd_kafka_conf_set_dr_msg_cb(c, on_delivery);
	if (interceptor)
		rd_kafka_conf_interceptor_add_on_new(c, "bench", on_new, NULL);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof why);
	if (!rk)
		die("client", why);
	return rk;
}

static rd_kafka_resp_err_t with_header(rd_kafka_t *rk, rd_kafka_topic_t *t, struct span x)
{
	const rd_kafka_vu_t parts[] = {
		{.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = t},
		{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = 0},
		{.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)(uintptr_t)"602001", 6}},
		{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)(uintptr_t)x.p, x.n}},
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
		{.vtype = RD_KAFKA_VTYPE_HEADER, .u.header = {"content-type", HEADER, sizeof HEADER - 1}},
	};
	rd_kafka_error_t *error = rd_kafka_produceva(rk, parts, sizeof parts / sizeof *parts);
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);

	rd_kafka_error_destroy(error);
	return code;
}

static void one_by_one(rd_kafka_t *rk, rd_kafka_topic_t *t, const struct events *ev, bool header)
{
	for (size_t i = 0; i < ev->n; i++) {
		struct span x = event_at(ev, i);

		for (;;) {
			rd_kafka_resp_err_t code = header ? with_header(rk, t, x) :
				rd_kafka_produce(t, 0, RD_KAFKA_MSG_F_COPY, (void *)(uintptr_t)x.p, x.n, "602001", 6, NULL) ?
				rd_kafka_last_error() : RD_KAFKA_RESP_ERR_NO_ERROR;

			if (!code)
				break;
			if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
				die("produce", rd_kafka_err2str(code));
			rd_kafka_poll(rk, 10);
		}
		if (i % 1000 == 0)
			rd_kafka_poll(rk, 0);
	}
}

static void by_batch(rd_kafka_t *rk, rd_kafka_topic_t *t, const struct events *ev)
{
	rd_kafka_message_t *m = mem_new(PER_CALL * sizeof *m);

	for (size_t from = 0; from < ev->n; from += PER_CALL) {
		int n = (int)(ev->n - from < PER_CALL ? ev->n - from : PER_CALL);

		while (rd_kafka_outq_len(rk) > 150000)
			rd_kafka_poll(rk, 10);
		memset(m, 0, PER_CALL * sizeof *m);
		for (int i = 0; i < n; i++) {
			struct span x = event_at(ev, from + (size_t)i);

			m[i].payload = (void *)(uintptr_t)x.p;
			m[i].len = x.n;
			m[i].key = (void *)(uintptr_t)"602001";
			m[i].key_len = 6;
		}
		if (rd_kafka_produce_batch(t, 0, 0, m, n) != n)
			die("produce_batch", "not all taken");
		rd_kafka_poll(rk, 0);
	}
	free(m);
}

static void make_topic(rd_kafka_t *rk, const char *name)
{
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	char why[256];
	rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(name, 1, 1, why, sizeof why);
	rd_kafka_event_t *event;

	rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
	event = rd_kafka_queue_poll(q, 20000);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(t);
	rd_kafka_queue_destroy(q);
}

static void run_library(const char *address, const char *prefix, const char *mode, const struct events *ev)
{
	rd_kafka_t *rk = producer(address, strcmp(mode, "batch_header") == 0);
	char name[200];
	rd_kafka_topic_t *t;

	snprintf(name, sizeof name, "%sbench", prefix);
	make_topic(rk, name);
	t = rd_kafka_topic_new(rk, name, NULL);
	if (strncmp(mode, "batch", 5) == 0)
		by_batch(rk, t, ev);
	else
		one_by_one(rk, t, ev, strcmp(mode, "header") == 0);
	rd_kafka_flush(rk, 60000);
	if (delivered != ev->n)
		die("flush", "not all delivered");
	rd_kafka_topic_destroy(t);
	rd_kafka_destroy(rk);
}

/* ---- the bus ---- */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool is_full(const struct bus *b, const struct bus_owner *o, bool by_time, double began)
{
	if (by_time)
		return bus_staged_bytes(o) >= 15u << 20 || (bus_staged_records(o) % 100 == 0 && seconds() - began >= 0.1);
	return bus_staged_records(o) >= bus_step_records(b) || bus_staged_bytes(o) >= bus_step_bytes(b);
}

static void run_bus(const char *address, const char *folder, const char *prefix, const struct events *ev, bool by_time)
{
	struct bus_kafka_conf kafka = {.folder = folder, .site = "bench", .prefix = prefix};
	struct buf url = BUF_INIT;
	struct bus_conf conf = {.partitions = 1, .kafka = &kafka};
	struct bus_owner *o;
	struct bus *b;
	double began = seconds();
	struct err e;
	unsigned topic;

	buf_printf(&url, "kafka:%s", address);
	buf_c(&url, '\0');
	conf.url = url.p;
	if (bus_open(&conf, BUS_OWN, &b, &e) || bus_topic(b, "jincai.payroll", &topic, &e) || bus_own(b, "bench", &o, &e))
		die_err(&e);
	for (size_t i = 0; i < ev->n; i++) {
		if (bus_append(o, topic, 0, SPAN("602001"), event_at(ev, i), &e))
			die_err(&e);
		if (!is_full(b, o, by_time, began) && i + 1 < ev->n)
			continue;
		if (bus_position_put(o, "bench/in", SPAN("a position of some bytes"), &e) || bus_commit(o, &e))
			die_err(&e);
		began = seconds();
	}
	bus_disown(o);
	bus_close(b);
	buf_done(&url);
}

/* It is open when all has been folded. */
static void run_fold(const char *address, const char *folder, const char *prefix)
{
	struct bus_kafka_conf kafka = {.folder = folder, .site = "bench", .prefix = prefix};
	struct buf url = BUF_INIT;
	struct bus_conf conf = {.kafka = &kafka};
	struct bus *b;
	struct err e;

	buf_printf(&url, "kafka:%s", address);
	conf.url = buf_text(&url);
	if (bus_open(&conf, BUS_LOOK, &b, &e))
		die_err(&e);
	bus_close(b);
	buf_done(&url);
}

/* ---- reading ---- */

static void run_read(const char *address, const char *prefix, size_t n)
{
	char name[200];
	rd_kafka_topic_t *t;
	rd_kafka_t *rk;
	size_t got = 0;

	snprintf(name, sizeof name, "%sbench", prefix);
	rk = consumer(address, name, &t);
	while (got < n) {
		rd_kafka_message_t *m = rd_kafka_consume(t, 0, 1000);

		if (!m)
			continue;
		got += m->err == 0;
		rd_kafka_message_destroy(m);
	}
	stop(rk, t);
}

static double used(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
	struct events ev = {BUF_INIT, NULL, 0};
	double wall, cpu;
	size_t n;

	if (argc < 6 || argc > 7)
		die("usage", "ADDRESS FOLDER PREFIX MODE EVENTS [TOPIC]");
	n = strtoul(argv[5], NULL, 10);
	if (argc == 7) {
		load(&ev, argv[1], argv[6]);
		n = ev.n;
	} else if (strcmp(argv[4], "read") != 0 && strcmp(argv[4], "fold") != 0) {
		make(&ev, n, strcmp(argv[4], "bus_plain") == 0);
	}
	wall = seconds();
	cpu = used();
	if (strncmp(argv[4], "bus", 3) == 0)
		run_bus(argv[1], argv[2], argv[3], &ev, strcmp(argv[4], "bus_time") == 0);
	else if (strcmp(argv[4], "fold") == 0)
		run_fold(argv[1], argv[2], argv[3]);
	else if (strcmp(argv[4], "read") == 0)
		run_read(argv[1], argv[3], n);
	else
		run_library(argv[1], argv[3], argv[4], &ev);
	wall = seconds() - wall;
	cpu = used() - cpu;
	printf("%s %zu %zu %.0f %.0f\n", argv[4], n, ev.bytes.n, wall * 1e9 / (double)n, cpu * 1e9 / (double)n);
	buf_done(&ev.bytes);
	free(ev.at);
	return 0;
}
