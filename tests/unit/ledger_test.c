/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsys.h"
#include "ledger.h"
#include "scratch.h"

struct fix {
	char folder[64], file[128];
	struct err e;
};

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);
	char staging[96];

	strcpy(f->folder, "/tmp/ledger-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(staging, sizeof staging, "%s/.staging", f->folder);
	assert_int_equal(mkdir(staging, 0700), 0);
	snprintf(f->file, sizeof f->file, "%s/ledger", staging);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* Entries first to last, each with the name of its number. */
static void add(struct fix *f, unsigned first, unsigned last)
{
	struct ledger *l;
	char name[24];

	OK(f->e, ledger_open(f->folder, &l, &f->e));
	for (unsigned i = first; i <= last; i++) {
		struct ledger_entry x = {.site = "s", .store = "t", .no = i, .batchid = "b:1", .split = "", .currency = "CNY",
			.sum = {.count = 1, .plus = 100}, .digest = "0", .name = name};

		snprintf(name, sizeof name, "%u.txt", i);
		ledger_add(l, &x);
		if (i == last || i % 1000 == 0)
			OK(f->e, ledger_sync(l, &f->e));
	}
	ledger_close(l);
}

struct count {
	unsigned n, gaps;
	uint64_t sum;
};

static int count(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct count *c = arg;

	(void)e;
	c->n++;
	c->gaps += x->gap != 0;
	c->sum += x->no;
	return 0;
}

static void is_counted(struct fix *f, unsigned n, unsigned gaps)
{
	struct count c = {0};

	OK(f->e, ledger_each(f->folder, count, &c, &f->e));
	assert_int_equal(c.n, n);
	assert_int_equal(c.sum, (uint64_t)n * (n + 1) / 2);
	assert_int_equal(c.gaps, gaps);
}

static off_t size_of(const struct fix *f)
{
	struct stat st;

	assert_int_equal(stat(f->file, &st), 0);
	return st.st_size;
}

static void append(const struct fix *f, const char *text, size_t n)
{
	int fd = open(f->file, O_WRONLY | O_APPEND);

	assert_int_equal(write(fd, text, n), n);
	close(fd);
}

static void a_folder_without_a_ledger_has_none(void **state)
{
	is_counted(*state, 0, 0);
}

static void lines_follow_each_other_over_openings(void **state)
{
	struct fix *f = *state;

	add(f, 1, 3);
	add(f, 4, 4);
	add(f, 5, 3000);
	is_counted(f, 3000, 0);
}

static void a_torn_end_of_any_length_is_taken_off_and_passed_over_before(void **state)
{
	struct fix *f = *state;
	struct buf line = BUF_INIT;
	off_t whole, all;

	add(f, 1, 2);
	whole = size_of(f);
	add(f, 3, 3);
	all = size_of(f);
	OK(f->e, fsys_get(AT_FDCWD, f->file, 1u << 20, &line, &f->e));
	for (off_t n = 1; n < all - whole; n += 7) {
		assert_int_equal(truncate(f->file, whole), 0);
		append(f, line.p + whole, (size_t)n);
		is_counted(f, 2, 0);
		add(f, 3, 3);
		is_counted(f, 3, 0);
		assert_int_equal(size_of(f), all);
	}
	buf_done(&line);
}

static void a_wrong_line_before_a_right_one_is_no_tear(void **state)
{
	struct fix *f = *state;
	struct buf all = BUF_INIT;
	struct count c = {0};
	struct ledger *l;
	int fd;

	add(f, 1, 3);
	OK(f->e, fsys_get(AT_FDCWD, f->file, 1u << 20, &all, &f->e));
	*strstr(buf_text(&all), "\"no\":2") = '!';
	fd = open(f->file, O_WRONLY | O_TRUNC);
	assert_int_equal(write(fd, all.p, all.n), all.n);
	close(fd);
	FAILS(f->e, "ledger.damaged", ledger_each(f->folder, count, &c, &f->e));
	assert_non_null(strstr(f->e.args, "line=2"));
	FAILS(f->e, "ledger.damaged", ledger_open(f->folder, &l, &f->e));
	buf_done(&all);
}

static void what_is_no_line_is_passed_over_however_long(void **state)
{
	struct fix *f = *state;
	char *junk = mem_new(3u << 20);

	add(f, 1, 2);
	memset(junk, 'x', 3u << 20);
	append(f, junk, 3u << 20);
	free(junk);
	is_counted(f, 2, 0);
	add(f, 3, 3);
	is_counted(f, 3, 0);
	assert_true(size_of(f) < 4096);
}

#define MANY 100000u

static void of_a_long_one_no_more_is_held_in_memory(void **state)
{
	struct fix *f = *state;
	struct rusage before, after;

	add(f, 1, MANY);
	assert_true(size_of(f) > 20 << 20);
	getrusage(RUSAGE_SELF, &before);
	is_counted(f, MANY, 0);
	add(f, MANY + 1, MANY + 1);
	getrusage(RUSAGE_SELF, &after);
#ifndef __SANITIZE_ADDRESS__
	assert_true(after.ru_maxrss - before.ru_maxrss < 8 << 10);
#endif
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_folder_without_a_ledger_has_none),
		CASE(lines_follow_each_other_over_openings),
		CASE(a_torn_end_of_any_length_is_taken_off_and_passed_over_before),
		CASE(a_wrong_line_before_a_right_one_is_no_tear),
		CASE(what_is_no_line_is_passed_over_however_long),
		CASE(of_a_long_one_no_more_is_held_in_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
