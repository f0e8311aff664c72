/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill_journal FOLDER FIRST BATCHES: postings on jincai.journal of the embedded bus in FOLDER as payroll batches of 50 rows leave them:
 * begun and published in the adapter, routed to two destinations, waiting there and handed over; a hundred batches under way at a
 * time. Batches are numbered from FIRST. No flow has written them: nobody runs the site behind it. For balance_time.py.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus.h"
#include "clock.h"
#include "event.h"

#define COMMIT 700u
#define STEPS 7u
#define BESIDE 100u
#define ROWS "CNY\",50,\"440747.64\",\"0.00\",0]"

static const struct {
	const char *flow, *data;
} steps[STEPS] = {
	{"payroll-a", "{\"begun\":true,\"flow\":\"payroll-a\",\"more\":[[\"skipped\",\"\",\"\",1,\"0.00\",\"0.00\",0]],\"less\":[]}"},
	{"payroll-a", "{\"ended\":true,\"flow\":\"payroll-a\",\"more\":[[\"read\",\"\",\"" ROWS ",[\"published\",\"\",\"" ROWS "],\"less\":[]}"},
	{"router", "{\"flow\":\"router\",\"more\":[[\"seen\",\"\",\"" ROWS ",[\"routed\",\"bank-abc\",\"" ROWS ",[\"routed\",\"units\",\"" ROWS "],\"less\":[]}"},
	{"bank-abc", "{\"flow\":\"bank-abc\",\"more\":[[\"taken\",\"bank-abc\",\"" ROWS ",[\"pending\",\"bank-abc\",\"" ROWS "],\"less\":[]}"},
	{"units", "{\"flow\":\"units\",\"more\":[[\"taken\",\"units\",\"" ROWS ",[\"pending\",\"units\",\"" ROWS "],\"less\":[]}"},
	{"bank-abc", "{\"flow\":\"bank-abc\",\"more\":[[\"handed_over\",\"bank-abc\",\"" ROWS "],\"less\":[[\"pending\",\"bank-abc\",\"" ROWS "]}"},
	{"units", "{\"flow\":\"units\",\"more\":[[\"handed_over\",\"units\",\"" ROWS "],\"less\":[[\"pending\",\"units\",\"" ROWS "]}"},
};

static void check(int failed, const struct err *e)
{
	if (failed) {
		err_print(e, ERR_EN, stderr);
		exit(1);
	}
}

static void posting(unsigned batch, unsigned step, uint64_t seq, struct buf *b)
{
	struct buf time = BUF_INIT;
	char id[80], batchid[64];

	snprintf(id, sizeof id, "posting:fill.1:0.%" PRIu64, seq);
	snprintf(batchid, sizeof batchid, "payroll-a:2026-12:%07u:387563423575", batch);
	clock_write(&time, clock_now_ms());
	buf_clear(b);
	event_begin(b, &(struct event){.id = span_of(id), .source = span_of(steps[step].flow), .type = SPAN(EVENT_POSTING), .batchid = span_of(batchid),
		.time = step == 1 ? buf_as_span(&time) : SPAN_NONE});
	buf_str(b, steps[step].data);
	event_stamp(b, SPAN("fill.1"), seq);
	buf_done(&time);
}

int main(int argc, char **argv)
{
	const unsigned first = argc > 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0, batches = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0;
	struct buf event = BUF_INIT;
	struct bus_owner *o;
	unsigned journal;
	struct bus *b;
	struct err e;
	uint64_t seq;
	char url[600];

	if (!batches || batches % BESIDE) {
		fprintf(stderr, "usage: fill_journal FOLDER FIRST BATCHES (a multiple of %u)\n", BESIDE);
		return 2;
	}
	snprintf(url, sizeof url, "embedded:%s", argv[1]);
	check(bus_open(&(struct bus_conf){.url = url, .partitions = 1}, BUS_OWN, &b, &e), &e);
	check(bus_topic(b, "jincai.journal", &journal, &e) || bus_own(b, "fill", &o, &e), &e);
	seq = (uint64_t)first * STEPS;
	for (unsigned i = 0; i < batches; i += BESIDE)
		for (unsigned n = 0; n < STEPS * BESIDE; n++) {
			posting(first + i + n % BESIDE, n / BESIDE, ++seq, &event);
			check(bus_append(o, journal, 0, SPAN("fill"), buf_as_span(&event), &e), &e);
			if (n % COMMIT == COMMIT - 1)
				check(bus_commit(o, &e), &e);
		}
	check(bus_commit(o, &e), &e);
	bus_disown(o);
	bus_close(b);
	buf_done(&event);
	return 0;
}
