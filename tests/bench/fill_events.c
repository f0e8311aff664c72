/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill_events FOLDER EVENTS: appends events as a site has them (an id, a fingerprint, unit, day, amount, a number of a voucher) to
 * jincai.payroll of the embedded bus in FOLDER, so that look-ups have as much to look through as after years. No flow has written
 * them: nobody runs the site behind it. For trace_time.py.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus.h"
#include "event.h"

#define COMMIT 5000u

static void check(int failed, const struct err *e)
{
	if (failed) {
		err_print(e, ERR_EN, stderr);
		exit(1);
	}
}

static void event_of(unsigned i, struct buf *b)
{
	char id[80], print[33], unit[8], number[16], amount[24], day[11], batch[40];

	snprintf(id, sizeof id, "payroll.line:150782:%06u:2026-12:%03u:%08x%08x%08x%08x:1", 602000 + i / 5000 % 900, i / 5000, i * 2654435761u,
		i ^ 0x5bd1e995u, i * 40503u, i);
	snprintf(print, sizeof print, "%016x%016x", i * 2246822519u, i);
	snprintf(unit, sizeof unit, "%06u", 602000 + i / 5000 % 900);
	snprintf(number, sizeof number, "2024%08u", i);
	snprintf(amount, sizeof amount, "%u.%02u", i % 99991, i % 100);
	snprintf(day, sizeof day, "2025-%02u-%02u", i / 5000 % 12 + 1, i / 60000 % 28 + 1);
	snprintf(batch, sizeof batch, "fill:%u", i / 5000);
	buf_clear(b);
	event_begin(b, &(struct event){.id = span_of(id), .source = SPAN("/yakeshi/fill"), .type = SPAN("payroll.line.v1"), .time = SPAN("2025-12-01T08:00:00.000Z"),
		.partitionkey = span_of(unit), .batchid = span_of(batch), .unit = span_of(unit), .businessdate = span_of(day),
		.fingerprint = span_of(print), .amount = span_of(amount), .numbers = span_of(number)});
	buf_printf(b, "{\"unit\":\"%s\",\"net\":\"%s\",\"currency\":\"CNY\"}", unit, amount);
	event_stamp(b, SPAN("fill.1"), i + 1);
}

int main(int argc, char **argv)
{
	unsigned events = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, payroll;
	struct buf event = BUF_INIT;
	struct bus_owner *o;
	struct bus *b;
	struct err e;
	char url[600];

	if (!events) {
		fprintf(stderr, "usage: fill_events FOLDER EVENTS\n");
		return 2;
	}
	snprintf(url, sizeof url, "embedded:%s", argv[1]);
	check(bus_open(&(struct bus_conf){.url = url, .partitions = 1}, BUS_OWN, &b, &e), &e);
	check(bus_topic(b, "jincai.payroll", &payroll, &e) || bus_own(b, "fill", &o, &e), &e);
	for (unsigned i = 0; i < events; i++) {
		event_of(i, &event);
		check(bus_append(o, payroll, 0, SPAN("602001"), buf_as_span(&event), &e), &e);
		if (i % COMMIT == COMMIT - 1)
			check(bus_commit(o, &e), &e);
	}
	check(bus_commit(o, &e), &e);
	bus_disown(o);
	bus_close(b);
	buf_done(&event);
	return 0;
}
