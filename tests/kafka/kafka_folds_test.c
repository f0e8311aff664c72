/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "here.h"
#include "kafka.h"
#include "scratch.h"

/*
 * Two processes of a host: one of them reads on for both. The other one does so while the first sleeps, and only then.
 */
#define SOON_MS 5000
#define ALONE_MS 20000               /* twice STALE_MS of kafka_fold.c, on a busy machine */

struct fix {
	char folder[64], url[320], prefix[64], full[160];
	struct bus_kafka_conf kafka;
	struct bus_conf conf;
	struct bus *b;
	struct err e;
	pid_t first;                 /* 0: it has been ended */
};

/* Opens the bus, says so, and sleeps. */
static void start_first(struct fix *f)
{
	int ready[2];
	char c;

	assert_int_equal(pipe(ready), 0);
	f->first = fork();
	if (f->first == 0) {
		if (bus_open(&f->conf, BUS_OWN, &f->b, &f->e) || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
}

static void end_first(struct fix *f)
{
	if (f->first) {
		kill(f->first, SIGKILL);
		waitpid(f->first, NULL, 0);
	}
	f->first = 0;
}

static void hand_in(struct fix *f, const char *id)
{
	rd_kafka_conf_t *c = rd_kafka_conf_new();
	rd_kafka_topic_t *topic;
	rd_kafka_t *rk;
	char why[256];

	assert_int_equal(rd_kafka_conf_set(c, "bootstrap.servers", kafka_address(), why, sizeof why), RD_KAFKA_CONF_OK);
	rk = rd_kafka_new(RD_KAFKA_PRODUCER, c, why, sizeof why);
	snprintf(f->full, sizeof f->full, "%s%s", f->prefix, KAFKA_ORDERS);
	topic = rd_kafka_topic_new(rk, f->full, NULL);
	assert_int_equal(rd_kafka_produce(topic, 0, RD_KAFKA_MSG_F_COPY, (char[]){"flow\n{}"}, 7, id, strlen(id), NULL), 0);
	rd_kafka_topic_destroy(topic);
	assert_int_equal(rd_kafka_flush(rk, 20000), 0);
	rd_kafka_destroy(rk);
}

static int count(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act)
{
	(void)flow, (void)id, (void)came_ms, (void)act;
	++*(unsigned *)arg;
	return 0;
}

static bool has(struct fix *f, unsigned acts, int ms)
{
	int64_t until = clock_steady_ms() + ms;
	unsigned n;

	do {
		usleep(20000);
		n = 0;
		OK(f->e, bus_acts_left(f->b, count, &n, &f->e));
	} while (n < acts && clock_steady_ms() < until);
	return n == acts;
}

static bool folds(struct fix *f, bool want, int ms)
{
	int64_t until = clock_steady_ms() + ms;

	while (kafka_folds_here((struct kafka *)f->b) != want && clock_steady_ms() < until)
		usleep(20000);
	return kafka_folds_here((struct kafka *)f->b) == want;
}

static void who_folds_and_sleeps_is_replaced_until_it_wakes(void **state)
{
	struct fix *f = *state;

	start_first(f);
	OK(f->e, bus_open(&f->conf, BUS_OWN, &f->b, &f->e));
	hand_in(f, "act-1");
	assert_true(has(f, 1, SOON_MS));
	assert_false(kafka_folds_here((struct kafka *)f->b));
	kill(f->first, SIGSTOP);
	hand_in(f, "act-2");
	assert_true(has(f, 2, ALONE_MS));
	assert_true(kafka_folds_here((struct kafka *)f->b));
	kill(f->first, SIGCONT);
	assert_true(folds(f, false, SOON_MS));
	hand_in(f, "act-3");
	assert_true(has(f, 3, SOON_MS));
	assert_false(kafka_folds_here((struct kafka *)f->b));
	end_first(f);
	assert_true(folds(f, true, SOON_MS));
	hand_in(f, "act-4");
	assert_true(has(f, 4, SOON_MS));
}

/* What it touched last lies an hour ahead from then on. */
static void who_sleeps_while_the_clock_is_set_back_is_replaced_as_well(void **state)
{
	struct fix *f = *state;
	struct timespec times[2];
	char path[600];

	start_first(f);
	OK(f->e, bus_open(&f->conf, BUS_OWN, &f->b, &f->e));
	kill(f->first, SIGSTOP);
	times[0].tv_sec = times[1].tv_sec = clock_now_ms() / 1000 + 3600;
	times[0].tv_nsec = times[1].tv_nsec = 0;
	snprintf(path, sizeof path, "%s/fold.lock", f->b->folder);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	hand_in(f, "act-1");
	assert_true(has(f, 1, ALONE_MS));
	assert_true(kafka_folds_here((struct kafka *)f->b));
	kill(f->first, SIGCONT);
	assert_true(folds(f, false, SOON_MS));
}

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	strcpy(f->folder, "/tmp/kafka-folds-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof f->url, "kafka:%s", kafka_address());
	snprintf(f->prefix, sizeof f->prefix, "%s.", f->folder + sizeof "/tmp/kafka-folds-" - 1);
	f->kafka = (struct bus_kafka_conf){.folder = f->folder, .site = "folds", .prefix = f->prefix};
	f->conf = (struct bus_conf){.url = f->url, .partitions = 1, .kafka = &f->kafka};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	end_first(f);
	bus_close(f->b);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test_setup_teardown(who_folds_and_sleeps_is_replaced_until_it_wakes, setup, teardown),
		cmocka_unit_test_setup_teardown(who_sleeps_while_the_clock_is_set_back_is_replaced_as_well, setup, teardown),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
