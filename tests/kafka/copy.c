/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka's own test of transactions (TransactionalMessageCopier) with flows: for copy_test.py.
 *
 *	copy ADDRESS FOLDER PREFIX PARTITIONS fill N            writes N events round the partitions of a topic, and ends
 *	copy ADDRESS FOLDER PREFIX PARTITIONS copy PART EACH MS copies one partition to the same of another topic, EACH events a
 *	                                                        transaction, with a pause of MS before each; prints how many this
 *	                                                        process has copied after each commit; ends by SIGTERM
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow.h"

#define TYPE SPAN("copy.line.v1")

struct copy {
	struct flow flow;            /* first */
	unsigned from, to, part, partitions;
	uint64_t each, count;        /* events a transaction; of fill: in all */
	useconds_t pause_us;
	uint64_t next;               /* the position: of fill the next number, of copy the next offset */
	uint64_t staged, done;       /* of this process */
	struct bus_reader *reader;
};

static atomic_int stop;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&stop, 1);
}

static int append(struct copy *c, unsigned topic, unsigned part, struct span id, struct span data, struct err *e)
{
	struct buf b = BUF_INIT;
	int failed;

	event_begin(&b, &(struct event){.id = id, .source = SPAN("/copy"), .type = TYPE});
	buf_span(&b, data);
	failed = flow_append(&c->flow, topic, part, id, &b, e);
	buf_done(&b);
	return failed;
}

static int put_next(struct copy *c, struct err *e)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)c->next);
	return flow_position_put(&c->flow, "next", span_of(text), e);
}

static int get_next(struct copy *c, struct err *e)
{
	struct buf b = BUF_INIT;
	int got = flow_position_get(&c->flow, "next", &b, e);

	c->next = got == 1 ? strtoull(buf_text(&b), NULL, 10) : 0;
	buf_done(&b);
	return got < 0 ? -1 : 0;
}

static int fill_open(struct flow *f, struct err *e)
{
	return get_next((struct copy *)f, e);
}

static int fill_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct copy *c = (struct copy *)f;
	char id[32], data[64];

	*ret = c->next < c->count ? FLOW_COMMIT : FLOW_IDLE;
	for (; c->next < c->count && !flow_step_full(f); c->next++) {
		snprintf(id, sizeof id, "%llu", (unsigned long long)c->next);
		snprintf(data, sizeof data, "{\"number\":\"%s\"}", id);
		if (append(c, c->from, (unsigned)(c->next % c->partitions), span_of(id), span_of(data), e))
			return -1;
	}
	return *ret == FLOW_COMMIT ? put_next(c, e) : 0;
}

static int copy_open(struct flow *f, struct err *e)
{
	struct copy *c = (struct copy *)f;

	if (get_next(c, e) || bus_read(f->bus, c->from, c->part, &c->reader, e))
		return -1;
	bus_seek(c->reader, c->next);
	c->staged = 0;
	return 0;
}

static int copy_step(struct flow *f, enum flow_turn *ret, struct err *e)
{
	struct copy *c = (struct copy *)f;
	struct bus_message m;
	struct event v;
	int got = 1;

	usleep(c->pause_us);
	c->staged = 0;
	while (c->staged < c->each && (got = bus_next(c->reader, &m, e)) == 1) {
		if (event_read(m.value, &v, e))
			return -1;
		c->next = m.offset + 1;
		if (event_is_ours(&v))
			continue;
		if (append(c, c->to, c->part, v.id, v.data, e))
			return -1;
		c->staged++;
	}
	*ret = c->staged ? FLOW_COMMIT : FLOW_IDLE;
	return got < 0 || (c->staged && put_next(c, e)) ? -1 : 0;
}

/* Behind the commit. */
static int copy_effect(struct flow *f, struct err *e)
{
	struct copy *c = (struct copy *)f;

	(void)e;
	c->done += c->staged;
	printf("%llu\n", (unsigned long long)c->done);
	fflush(stdout);
	return 0;
}

static void copy_close(struct flow *f)
{
	struct copy *c = (struct copy *)f;

	bus_unread(c->reader);
	c->reader = NULL;
}

static void nothing(struct flow *f)
{
	(void)f;
}

static const struct flow_kind fill_kind = {.name = "fill", .open = fill_open, .step = fill_step, .close = nothing, .free = nothing};
static const struct flow_kind copy_kind = {.name = "copy", .poll_ms = 100, .open = copy_open, .step = copy_step,
	.effect = copy_effect, .close = copy_close, .free = nothing};

static int work(struct copy *c, const struct bus_conf *conf, bool fill, struct err *e)
{
	struct flow *flows[] = {&c->flow};
	const struct flow_run how = {.threads = 1, .until_idle = fill, .stop = &stop};
	struct bus *b = NULL;
	int failed = bus_open(conf, BUS_OWN, &b, e) || bus_topic(b, "jincai.payroll", &c->from, e) ||
		bus_topic(b, "jincai.to.copy", &c->to, e);

	if (!failed) {
		c->flow.bus = b;
		c->flow.kind = fill ? &fill_kind : &copy_kind;
		c->flow.inputs[0] = c->from;
		c->flow.ninputs = fill ? 0 : 1;
		c->flow.outputs[0] = fill ? c->from : c->to;
		c->flow.noutputs = 1;
		failed = flow_run(flows, 1, &how, e);
		if (!failed && c->flow.state == FLOW_STOPPED) {
			*e = c->flow.last;
			failed = -1;
		}
	}
	bus_close(b);
	return failed;
}

int main(int argc, char **argv)
{
	char url[512];
	struct copy c = {0};
	struct err e = ERR_INIT;
	bool fill = argc == 7 && strcmp(argv[5], "fill") == 0;

	if (!fill && !(argc == 9 && strcmp(argv[5], "copy") == 0)) {
		fprintf(stderr, "usage: copy ADDRESS FOLDER PREFIX PARTITIONS fill N | copy PART EACH MS\n");
		return 2;
	}
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	c.partitions = (unsigned)atoi(argv[4]);
	if (fill) {
		c.count = strtoull(argv[6], NULL, 10);
		strcpy(c.flow.name, "fill");
	} else {
		c.part = (unsigned)atoi(argv[6]);
		c.each = strtoull(argv[7], NULL, 10);
		c.pause_us = (useconds_t)atoi(argv[8]) * 1000;
		snprintf(c.flow.name, sizeof c.flow.name, "copy-%u", c.part);
	}
	snprintf(url, sizeof url, "kafka:%s", argv[1]);
	if (work(&c, &(struct bus_conf){.url = url, .partitions = c.partitions, .kafka = &(struct bus_kafka_conf){.folder = argv[2],
		.site = "copy", .prefix = argv[3]}}, fill, &e)) {
		err_print(&e, ERR_EN, stderr);
		return err_code(e.id)->exit;
	}
	return 0;
}
