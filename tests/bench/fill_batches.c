/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill_batches FOLDER BATCHES: published payroll batches of one line each on the embedded bus in FOLDER, as their adapter leaves them
 * (event, closing, claim), and a router that has come so far. No flow has written them: the adapter and the router are not run behind
 * it. What a plan of very many batches takes: `jincai replay --topic payroll --to-destination NAME`, `jincai run site replay`.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "batch.h"
#include "topics.h"

#define COMMIT 5000u
#define DIGEST "387563423575cd1e0b6f9a7d2c3b4a59687706f5e4d3c2b1a09f8e7d6c5b4a39"

static void check(int failed, const struct err *e)
{
	if (failed) {
		err_print(e, ERR_EN, stderr);
		exit(1);
	}
}

static void event_of(unsigned i, struct span batch, struct buf *b)
{
	char id[120], print[33];

	snprintf(id, sizeof id, "payroll.line:150782:602001:2026-12:%u:%08x:1", i, i * 2654435761u);
	snprintf(print, sizeof print, "%016x%016x", i * 2246822519u, i);
	event_begin(b, &(struct event){.id = span_of(id), .source = SPAN("/yakeshi/payroll-a"), .type = SPAN("payroll.line.v1"),
		.time = SPAN("2026-12-01T08:00:00.000Z"), .partitionkey = SPAN("602001"), .batchid = batch, .unit = SPAN("602001"),
		.bank = SPAN("103196000015"), .businessdate = SPAN("2026-12-15"), .fingerprint = span_of(print), .amount = SPAN("3.04"), .line = SPAN("2")});
	buf_printf(b, "{\"month\":\"2026-12\",\"businessdate\":\"2026-12-15\",\"agent_no\":\"1000000003\",\"unit\":\"602001\",\"payee\":{"
		"\"name\":\"A\",\"account\":\"622848%013u\",\"bank\":\"103196000015\"},\"id_type\":\"05\",\"id_no\":\"H00000303\",\"occurrence\":\"1\","
		"\"net\":\"3.04\",\"currency\":\"CNY\",\"origin\":{\"unit\":\"602001\",\"bank\":\"103\"}}", i);
}

static void claim_of(unsigned i, struct span batch, struct buf *b)
{
	char id[120];

	snprintf(id, sizeof id, "claim:%.*s:published", SPAN_F(batch));
	event_begin(b, &(struct event){.id = span_of(id), .source = SPAN("/yakeshi/payroll-a"), .type = SPAN(EVENT_CLAIM), .batchid = batch});
	buf_printf(b, "{\"adapter\":\"payroll-a\",\"taken\":\"1-%u-gz.txt\",\"name\":\"gz.txt\",\"keys\":\"2026-12:%u\",\"digest\":\"" DIGEST
		"\",\"state\":\"published\",\"form\":\"payroll/pipe\",\"form_digest\":\"" DIGEST "\",\"size\":100}", i, i);
}

static void append(struct bus_owner *o, unsigned topic, uint64_t seq, struct span key, struct buf *b)
{
	struct err e;

	event_stamp(b, SPAN("fill.1"), seq);
	check(bus_append(o, topic, 0, key, buf_as_span(b), &e), &e);
	buf_clear(b);
}

int main(int argc, char **argv)
{
	const unsigned batches = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	struct buf event = BUF_INIT;
	unsigned payroll, claims;
	struct bus_owner *o;
	char url[600], id[64];
	struct bus *b;
	struct err e;

	if (!batches) {
		fprintf(stderr, "usage: fill_batches FOLDER BATCHES\n");
		return 2;
	}
	snprintf(url, sizeof url, "embedded:%s", argv[1]);
	check(bus_open(&(struct bus_conf){.url = url, .partitions = 1}, BUS_OWN, &b, &e), &e);
	check(bus_topic(b, "jincai.payroll", &payroll, &e) || bus_topic(b, TOPIC_CLAIMS, &claims, &e) || bus_own(b, "fill", &o, &e), &e);
	for (unsigned i = 0; i < batches; i++) {
		const struct span batch = {id, (size_t)snprintf(id, sizeof id, "payroll-a:2026-12:%07u:387563423575", i)};
		const struct batch_closing c = {.batchid = batch, .adapter = SPAN("payroll-a"), .types = {SPAN("payroll.line.v1")}, .ntypes = 1,
			.whole = true, .published = 1, .last = true, .npartitions = 1, .all = 1};

		event_of(i, batch, &event);
		append(o, payroll, 2 * i + 1, SPAN("602001"), &event);
		batch_closing_write(&event, &c, &(struct event){.source = SPAN("/yakeshi/payroll-a"), .time = SPAN("2026-12-01T08:00:00.000Z")});
		append(o, payroll, 2 * i + 2, batch, &event);
		claim_of(i, batch, &event);
		append(o, claims, i + 1, batch, &event);
		if (i % COMMIT == COMMIT - 1)
			check(bus_commit(o, &e), &e);
	}
	check(bus_position_put(o, "router/jincai.payroll/0", SPAN("{\"offset\":1000000000}"), &e), &e);
	check(bus_commit(o, &e), &e);
	bus_disown(o);
	bus_close(b);
	buf_done(&event);
	return 0;
}
