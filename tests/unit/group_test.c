/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "group.h"
#include "scratch.h"
#include "store.h"

#define TOPIC "jincai.out.notices.v1"

/* Ten records on each of two partitions. */
struct fix {
	char folder[64], url[96];
	struct bus *b;
	unsigned topic;
	struct group *g;
	struct err e;
};

static void fill(struct fix *f, const char *words, unsigned n)
{
	struct bus_owner *o;
	char value[64];

	OK(f->e, bus_own(f->b, "notices", &o, &f->e));
	for (unsigned i = 0; i < 2 * n; i++) {
		snprintf(value, sizeof value, "%s %u", words, i / 2);
		OK(f->e, bus_append(o, f->topic, i % 2, SPAN("key"), span_of(value), &f->e));
	}
	OK(f->e, bus_commit(o, &f->e));
	bus_disown(o);
}

static void open_bus(struct fix *f)
{
	struct bus_conf conf = {.url = f->url, .partitions = 2, .max_bytes = 64 << 20};

	OK(f->e, bus_open(&conf, BUS_OWN, &f->b, &f->e));
	OK(f->e, bus_topic(f->b, TOPIC, &f->topic, &f->e));
}

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	strcpy(f->folder, "/tmp/group-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof f->url, "embedded:%s", f->folder);
	open_bus(f);
	fill(f, "notice", 10);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	group_close(f->g);
	bus_close(f->b);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

static void again(struct fix *f)
{
	group_close(f->g);
	f->g = NULL;
	OK(f->e, group_open(f->b, "warehouse", &f->g, &f->e));
}

/* Where the group stands; -1 it never stood there. */
static int64_t stand(struct fix *f, unsigned partition)
{
	uint64_t at = 0;
	int got = group_stand(f->g, group_part(f->g, f->topic, partition), &at, &f->e);

	if (got < 0)
		err_print(&f->e, ERR_EN, stderr);
	assert_true(got >= 0);
	return got ? (int64_t)at : -1;
}

static void done(struct fix *f, unsigned partition, uint64_t offset)
{
	struct bus_reader *r;
	struct bus_message m;

	OK(f->e, bus_read(f->b, f->topic, partition, &r, &f->e));
	bus_seek(r, offset);
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	group_done(f->g, group_part(f->g, f->topic, partition), m.offset, group_check(m.value));
	bus_unread(r);
}

static void what_was_committed_is_where_it_goes_on(void **state)
{
	struct fix *f = *state;

	again(f);
	assert_true(group_is_new(f->g));
	assert_int_equal(stand(f, 0), -1);
	group_begin(f->g, group_part(f->g, f->topic, 1), 4);
	done(f, 0, 6);
	OK(f->e, group_commit(f->g, &f->e));
	done(f, 0, 8);
	again(f);
	assert_false(group_is_new(f->g));
	assert_int_equal(stand(f, 0), 7);
	assert_int_equal(stand(f, 1), 4);
}

static void another_one_is_told_which_process_reads(void **state)
{
	struct fix *f = *state;
	struct group *second = NULL;
	char pid[32];

	again(f);
	FAILS(f->e, "group.busy", group_open(f->b, "warehouse", &second, &f->e));
	snprintf(pid, sizeof pid, "pid=%d", (int)getpid());
	assert_non_null(strstr(f->e.args, pid));
	OK(f->e, group_open(f->b, "archive", &second, &f->e));
	group_close(second);
}

static void names_that_could_leave_the_folder_are_refused(void **state)
{
	static const char *const bad[] = {"", ".", "..", "../x", "a/b", "A", "a b", ".hidden",
		"a23456789012345678901234567890123456789012345678901234567890123456"};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		FAILS(f->e, "group.name", group_open(f->b, bad[i], &f->g, &f->e));
	f->g = NULL;
}

static void set_position(struct fix *f, const char *text)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof path, "%s/groups/warehouse/position", f->folder);
	out = fopen(path, "w");
	fputs(text, out);
	fclose(out);
}

static void a_position_that_cannot_be_read_is_not_taken_for_a_new_group(void **state)
{
	static const char *const bad[] = {"", "{", "{}", "{\"edition\":2,\"topics\":{}}", "{\"edition\":1}",
		"{\"edition\":1,\"topics\":{\"" TOPIC "\":7}}", "{\"edition\":1,\"topics\":{\"" TOPIC "\":[{\"next\":-1}]}}",
		"{\"edition\":1,\"topics\":{\"" TOPIC "\":[{\"next\":\"7\"}]}}", "{\"edition\":1,\"topics\":{\"" TOPIC "\":[{\"next\":7,\"check\":\"x\"}]}}"};
	struct fix *f = *state;

	again(f);
	group_close(f->g);
	f->g = NULL;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		set_position(f, bad[i]);
		FAILS(f->e, "group.damaged", group_open(f->b, "warehouse", &f->g, &f->e));
	}
}

static void fails(struct fix *f, const char *code, unsigned partition)
{
	uint64_t at = 99;

	FAILS(f->e, code, group_stand(f->g, group_part(f->g, f->topic, partition), &at, &f->e));
	assert_int_equal(at, 99);
}

/* The folder of the group lies beside the store, and is left when the store is put back. */
static void a_store_that_was_put_back_is_seen_also_when_it_has_grown_since(void **state)
{
	struct fix *f = *state;
	char path[128];

	again(f);
	done(f, 0, 6);
	done(f, 1, 9);
	OK(f->e, group_commit(f->g, &f->e));
	group_close(f->g);
	f->g = NULL;
	bus_close(f->b);
	snprintf(path, sizeof path, "%s/data.mdb", f->folder);
	assert_int_equal(unlink(path), 0);
	open_bus(f);
	again(f);
	OK(f->e, group_without(f->g, "jincai.out.others.v1", &f->e));
	FAILS(f->e, "group.beyond", group_without(f->g, TOPIC, &f->e));
	fill(f, "another", 8);
	fails(f, "group.other", 0);
	fails(f, "group.beyond", 1);
	fill(f, "another", 20);
	fails(f, "group.other", 1);
}

/* Of the first partition, those before that offset. */
static void drop_records(struct fix *f, uint64_t first)
{
	struct store_conf conf = {.folder = f->folder, .max_bytes = 64 << 20, .write = true};
	struct store *s;
	struct store_txn *t;
	unsigned table;
	char key[8];

	group_close(f->g);
	f->g = NULL;
	bus_close(f->b);
	OK(f->e, store_open(&conf, &s, &f->e));
	OK(f->e, store_write(s, &t, &f->e));
	assert_int_equal(store_table(t, "log.0.0", &table, &f->e), 1);
	for (uint64_t i = 0; i < first; i++) {
		store_key64(i, key);
		assert_true(store_delete(t, table, (struct span){key, sizeof key}, &f->e) >= 0);
	}
	OK(f->e, store_commit(t, &f->e));
	store_close(s, true);
	open_bus(f);
	again(f);
}

/* What was done may go; what was not may not. */
static void records_that_are_gone_are_not_passed_over(void **state)
{
	struct fix *f = *state;

	again(f);
	done(f, 0, 6);
	OK(f->e, group_commit(f->g, &f->e));
	drop_records(f, 7);
	assert_int_equal(stand(f, 0), 7);
	drop_records(f, 8);
	fails(f, "group.gone", 0);
}

static int count_each(void *arg, const char *group, const char *topic, unsigned partition, uint64_t next)
{
	struct buf *b = arg;

	buf_printf(b, "%s %s/%u@%d;", group, topic, partition, (int)next);
	return 0;
}

static void all_groups_are_listed_with_where_they_stand(void **state)
{
	struct fix *f = *state;
	struct buf text = BUF_INIT;

	OK(f->e, groups_each(f->b, count_each, &text, &f->e));
	assert_int_equal(text.n, 0);
	again(f);
	done(f, 1, 2);
	OK(f->e, group_commit(f->g, &f->e));
	group_close(f->g);
	OK(f->e, group_open(f->b, "archive", &f->g, &f->e));
	group_begin(f->g, group_part(f->g, f->topic, 0), 5);
	OK(f->e, group_commit(f->g, &f->e));
	OK(f->e, groups_each(f->b, count_each, &text, &f->e));
	assert_string_equal(buf_text(&text), "archive " TOPIC "/0@5;warehouse " TOPIC "/1@3;");
	buf_done(&text);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_was_committed_is_where_it_goes_on),
		CASE(another_one_is_told_which_process_reads),
		CASE(names_that_could_leave_the_folder_are_refused),
		CASE(a_position_that_cannot_be_read_is_not_taken_for_a_new_group),
		CASE(a_store_that_was_put_back_is_seen_also_when_it_has_grown_since),
		CASE(records_that_are_gone_are_not_passed_over),
		CASE(all_groups_are_listed_with_where_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
