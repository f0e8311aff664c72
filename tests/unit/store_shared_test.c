/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scratch.h"
#include "store.h"

#define MIB (1 << 20)
#define WHAT "a fold of tests"

struct fix {
	char folder[64];
	struct store_conf conf;
	struct store *s;
	struct err e;
};

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	strcpy(f->folder, "/tmp/store-shared-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->conf = (struct store_conf){.folder = f->folder, .max_bytes = 64 * MIB, .write = true, .shared = WHAT};
	*state = f;
	return 0;
}

static void fix_close(struct fix *f)
{
	store_close(f->s, true);
	f->s = NULL;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	fix_close(f);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* ---- small words; those that a child uses return 0 or a number that says where it failed ---- */

static int put_in(struct store_txn *t, const char *table, const char *key, const char *value)
{
	struct err e;
	unsigned in;
	void *p;

	if (store_table(t, table, &in, &e) != 1 || store_put(t, in, span_of(key), strlen(value), STORE_LAST, &p, &e) != 1)
		return 1;
	memcpy(p, value, strlen(value));
	return 0;
}

static int put_one(struct store *s, const char *table, const char *key, const char *value)
{
	struct err e = ERR_INIT;
	struct store_txn *t;

	if (store_write(s, &t, &e))
		return 2;
	if (put_in(t, table, key, value)) {
		store_abort(t);
		return 3;
	}
	return store_commit(t, &e) ? 4 : 0;
}

/* The number under key; 0 when there is none. */
static long number(struct store *s, const char *table, const char *key)
{
	struct err e = ERR_INIT;
	struct store_txn *t;
	struct span got;
	char text[32] = "";
	unsigned in;

	if (store_read(s, &t, &e))
		return -1;
	if (store_table(t, table, &in, &e) == 1 && store_get(t, in, span_of(key), &got, &e) == 1 && got.n < sizeof text)
		memcpy(text, got.p, got.n);
	store_abort(t);
	return strtol(text, NULL, 10);
}

static int add_one(struct store *s, const char *key)
{
	struct err e = ERR_INIT;
	struct store_txn *t;
	char text[32] = "";
	struct span got;
	unsigned in;
	int failed;

	if (store_write(s, &t, &e))
		return 1;
	if (store_table(t, "t", &in, &e) == 1 && store_get(t, in, span_of(key), &got, &e) == 1)
		memcpy(text, got.p, got.n);
	snprintf(text, sizeof text, "%ld", strtol(text, NULL, 10) + 1);
	failed = put_in(t, "t", key, text);
	if (failed) {
		store_abort(t);
		return 2;
	}
	return store_commit(t, &e) ? 3 : 0;
}

static pid_t start(struct fix *f, int (*part)(struct fix *, unsigned), unsigned n)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(part(f, n));
	return pid;
}

static int end_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void nap_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static void open_it(struct fix *f, bool anew)
{
	f->e = ERR_INIT;
	OK(f->e, store_open(&f->conf, &f->s, &f->e));
	assert_int_equal(store_anew(f->s), anew);
}

static void write_file(struct fix *f, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* ---- several processes ---- */

#define WRITERS 4u
#define TURNS 150

static int add_often(struct fix *f, unsigned n)
{
	char own[16];

	if (store_open(&f->conf, &f->s, &f->e))
		return 1;
	snprintf(own, sizeof own, "own%u", n);
	for (unsigned i = 0; i < TURNS; i++)
		if (add_one(f->s, "all") || add_one(f->s, own))
			return 2;
	if (n % 2)
		store_close(f->s, true);
	return 0;                        /* the others end without a close */
}

static void several_processes_open_a_new_one_at_once_and_no_commit_is_lost(void **state)
{
	struct fix *f = *state;
	pid_t pids[WRITERS];
	char own[16];

	for (unsigned i = 0; i < WRITERS; i++)
		pids[i] = start(f, add_often, i);
	for (unsigned i = 0; i < WRITERS; i++)
		assert_int_equal(end_of(pids[i]), 0);
	open_it(f, false);
	assert_int_equal(number(f->s, "t", "all"), WRITERS * TURNS);
	for (unsigned i = 0; i < WRITERS; i++) {
		snprintf(own, sizeof own, "own%u", i);
		assert_int_equal(number(f->s, "t", own), TURNS);
	}
}

static int put_in_a_new_table(struct fix *f, unsigned n)
{
	if (store_open(&f->conf, &f->s, &f->e))
		return 1;
	return n ? add_one(f->s, "a") : put_one(f->s, "young", "a", "7");
}

static void a_table_that_another_process_makes_is_found_and_its_commits_are_seen(void **state)
{
	struct fix *f = *state;
	pid_t pid;
	uint64_t changes;

	/* The child must not open what it has from its parent. */
	pid = start(f, put_in_a_new_table, 1);
	assert_int_equal(end_of(pid), 0);
	open_it(f, false);
	assert_int_equal(number(f->s, "t", "a"), 1);
	assert_int_equal(number(f->s, "young", "a"), 0);
	changes = store_changes(f->s);
	assert_int_equal(end_of(start(f, put_in_a_new_table, 0)), 0);
	assert_true(store_changes(f->s) > changes);
	changes = store_changes(f->s);
	assert_int_equal(number(f->s, "young", "a"), 7);
	assert_int_equal(store_changes(f->s), changes);
	assert_int_equal(put_one(f->s, "young", "a", "8"), 0);
	assert_int_equal(number(f->s, "young", "a"), 8);
}

/* ---- ends ---- */

static int stand_in_a_transaction(struct fix *f, unsigned out)
{
	struct store_txn *t;
	char key[16];

	if (store_open(&f->conf, &f->s, &f->e) || store_write(f->s, &t, &f->e))
		return 1;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "%u", i);
		if (put_in(t, "t", key, "never"))
			return 2;
	}
	if (write((int)out, "x", 1) != 1)
		return 3;
	for (;;)
		pause();
}

static pid_t start_to_stand(struct fix *f)
{
	int ends[2];
	pid_t pid;
	char x;

	assert_int_equal(pipe(ends), 0);
	pid = start(f, stand_in_a_transaction, (unsigned)ends[1]);
	close(ends[1]);
	assert_int_equal(read(ends[0], &x, 1), 1);
	close(ends[0]);
	return pid;
}

static void a_process_killed_within_a_transaction_blocks_nobody(void **state)
{
	struct fix *f = *state;
	pid_t pid = start_to_stand(f);

	open_it(f, false);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(end_of(pid), -SIGKILL);
	assert_int_equal(add_one(f->s, "1"), 0);
	assert_int_equal(number(f->s, "t", "1"), 1);
	assert_int_equal(number(f->s, "t", "2"), 0);
	/* And while others wait for it. */
	pid = start_to_stand(f);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(add_one(f->s, "1"), 0);
	assert_int_equal(end_of(pid), -SIGKILL);
	assert_int_equal(number(f->s, "t", "1"), 2);
}

static void a_process_stopped_within_a_transaction_is_named_to_the_others(void **state)
{
	struct fix *f = *state;
	pid_t pid = start_to_stand(f);
	struct store_txn *t;

	assert_int_equal(kill(pid, SIGSTOP), 0);
	open_it(f, false);
	FAILS(f->e, "store.busy", store_write(f->s, &t, &f->e));
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
	assert_int_equal(atol(err_arg(&f->e, "pid")), (long)pid);
	assert_int_equal(number(f->s, "t", "1"), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(end_of(pid), -SIGKILL);
	assert_int_equal(add_one(f->s, "1"), 0);
}

/* Both tables are changed in one transaction, or none. */
static int write_for_ever(struct fix *f, unsigned n)
{
	struct store_txn *t;
	char key[32], value[600];

	memset(value, 'v', sizeof value);
	for (unsigned i = 0;; i++) {
		if (store_open(&f->conf, &f->s, &f->e))
			return 1;
		for (unsigned j = 0; j < 20; j++, i++) {
			if (store_write(f->s, &t, &f->e))
				return 2;
			snprintf(value, sizeof value, "%u.%u", n, i);
			snprintf(key, sizeof key, "%u", i * 7919u % 5000);
			if (put_in(t, "t", key, value) || put_in(t, "u", key, value))
				return 3;
			if (store_commit(t, &f->e))
				return 4;
		}
		store_close(f->s, true);
	}
}

static int same_in_u(void *arg, struct span key, struct span value)
{
	struct fix *f = arg;
	struct store_txn *t;
	struct span other;
	unsigned in;

	OK(f->e, store_read(f->s, &t, &f->e));
	assert_int_equal(store_table(t, "u", &in, &f->e), 1);
	assert_int_equal(store_get(t, in, key, &other, &f->e), 1);
	assert_true(span_eq(value, other));
	store_abort(t);
	return 0;
}

static void kills_at_any_moment_leave_whole_transactions(void **state)
{
	struct fix *f = *state;
	struct store_txn *t;
	pid_t pids[3];
	uint64_t n[2];
	unsigned in;

	for (unsigned i = 0; i < 3; i++)
		pids[i] = start(f, write_for_ever, i);
	for (unsigned round = 0; round < 40; round++) {
		unsigned i = round % 3;

		nap_ms(round * 7 % 23);
		assert_int_equal(kill(pids[i], SIGKILL), 0);
		assert_int_equal(end_of(pids[i]), -SIGKILL);
		pids[i] = start(f, write_for_ever, i);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(kill(pids[i], SIGKILL), 0);
		assert_int_equal(end_of(pids[i]), -SIGKILL);
	}
	open_it(f, false);
	OK(f->e, store_read(f->s, &t, &f->e));
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(store_table(t, i ? "u" : "t", &in, &f->e), 1);
		n[i] = store_count(t, in);
	}
	assert_int_equal(store_table(t, "t", &in, &f->e), 1);
	store_abort(t);
	assert_true(n[0] > 20);
	assert_int_equal(n[0], n[1]);
	OK(f->e, store_scan(f->s, in, SPAN_NONE, same_in_u, f, &f->e));
}

/* ---- what is thrown away ---- */

static void it_is_kept_until_the_machine_is_started_or_something_else_is_wanted(void **state)
{
	static const struct {
		const char *origin, *what;
		bool spoil, anew;
	} rows[] = {
		{NULL, WHAT, false, false},
		{"another-start\n" WHAT "\n", WHAT, false, true},
		{"", WHAT, false, true},
		{"no line", WHAT, false, true},
		{NULL, "something else", false, true},
		{NULL, WHAT, true, true},
	};
	struct fix *f = *state;

	open_it(f, true);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(put_one(f->s, "t", "a", "1"), 0);
		if (rows[i].spoil)
			store_spoil(f->s);
		assert_int_equal(number(f->s, "t", "a"), 1);
		fix_close(f);
		if (rows[i].origin)
			write_file(f, "origin", rows[i].origin);
		f->conf.shared = rows[i].what;
		open_it(f, rows[i].anew);
		assert_int_equal(number(f->s, "t", "a"), rows[i].anew ? 0 : 1);
		fix_close(f);
		f->conf.shared = WHAT;
		open_it(f, strcmp(rows[i].what, WHAT) != 0);
	}
}

static void what_lmdb_cannot_open_is_thrown_away(void **state)
{
	struct fix *f = *state;
	char path[128];

	open_it(f, true);
	assert_int_equal(put_one(f->s, "t", "a", "1"), 0);
	fix_close(f);
	write_file(f, "data.mdb", "no store, and no store of that length either");
	open_it(f, true);
	assert_int_equal(put_one(f->s, "t", "a", "2"), 0);
	fix_close(f);
	snprintf(path, sizeof path, "%s/data.mdb", f->folder);
	assert_int_equal(unlink(path), 0);
	open_it(f, false);
	assert_int_equal(number(f->s, "t", "a"), 0);
}

static void nothing_is_thrown_away_under_others(void **state)
{
	struct fix *f = *state;
	struct store *s;

	open_it(f, true);
	assert_int_equal(put_one(f->s, "t", "a", "1"), 0);
	store_spoil(f->s);
	OK(f->e, store_open(&f->conf, &s, &f->e));
	assert_false(store_anew(s));
	assert_int_equal(number(s, "t", "a"), 1);
	store_close(s, true);
	f->conf.shared = "something else";
	FAILS(f->e, "store.version", store_open(&f->conf, &s, &f->e));
	assert_string_equal(err_arg(&f->e, "have"), WHAT);
	assert_int_equal(number(f->s, "t", "a"), 1);
}

static void one_that_shares_and_one_that_does_not_refuse_each_other(void **state)
{
	struct fix *f = *state;
	struct store *s;

	open_it(f, true);
	f->conf.shared = NULL;
	FAILS(f->e, "store.leased", store_open(&f->conf, &s, &f->e));
	fix_close(f);
	OK(f->e, store_open(&f->conf, &f->s, &f->e));
	f->conf.shared = WHAT;
	FAILS(f->e, "store.leased", store_open(&f->conf, &s, &f->e));
	assert_int_equal(atol(err_arg(&f->e, "pid")), (long)getpid());
}

/* ---- space ---- */

static int put_much(struct fix *f, struct store *s, unsigned first, unsigned n)
{
	static char value[4000];
	struct store_txn *t;
	char key[16];
	unsigned in;
	void *p;

	OK(f->e, store_write(s, &t, &f->e));
	assert_int_equal(store_table(t, "much", &in, &f->e), 1);
	for (unsigned i = first; i < first + n; i++) {
		snprintf(key, sizeof key, "%06u", i);
		if (store_put(t, in, span_of(key), sizeof value, STORE_LAST, &p, &f->e) != 1) {
			store_abort(t);
			return -1;
		}
		memcpy(p, value, sizeof value);
	}
	return store_commit(t, &f->e);
}

static void a_full_disk_fails_a_commit_and_work_goes_on_with_room(void **state)
{
	struct fix *f = *state;
	struct rlimit old, low;

	open_it(f, true);
	assert_int_equal(put_one(f->s, "t", "a", "1"), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 9 * MIB / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	FAILS(f->e, "disk.full", put_much(f, f->s, 0, 2000));
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
	assert_int_equal(add_one(f->s, "a"), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	OK(f->e, put_much(f, f->s, 0, 2000));
	assert_int_equal(number(f->s, "t", "a"), 2);
}

static void on_a_full_disk_what_others_have_written_stays(void **state)
{
	struct fix *f = *state;
	struct rlimit old, low;
	struct store_txn *t;
	struct store *other;
	struct span got;
	char key[16];
	unsigned in;

	open_it(f, true);
	OK(f->e, put_much(f, f->s, 0, 1));
	OK(f->e, store_open(&f->conf, &other, &f->e));
	OK(f->e, put_much(f, other, 1, 1000));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 9 * MIB;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	FAILS(f->e, "disk.full", put_much(f, f->s, 1001, 2000));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	OK(f->e, store_read(other, &t, &f->e));
	assert_int_equal(store_table(t, "much", &in, &f->e), 1);
	assert_int_equal(store_count(t, in), 1001);
	for (unsigned i = 0; i < 1001; i++) {
		snprintf(key, sizeof key, "%06u", i);
		assert_int_equal(store_get(t, in, span_of(key), &got, &f->e), 1);
		assert_int_equal(got.p[got.n - 1], 0);
	}
	store_abort(t);
	store_close(other, true);
}

/* LMDB's descriptors of data.mdb, the lowest two, become those of a disk that takes nothing; or again what they were. */
static void swap_disk(struct fix *f, int kept[2])
{
	bool back = kept[0] >= 0;
	int n = 0, full = open("/dev/full", O_RDWR | O_CLOEXEC);
	char path[64], target[128];

	assert_true(full >= 0);
	for (int fd = 63; fd > 2 && n < 2; fd--) {
		ssize_t len;

		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		len = readlink(path, target, sizeof target - 1);
		target[len > 0 ? len : 0] = 0;
		if (fd == full || !(back ? strcmp(target, "/dev/full") == 0 : strstr(target, f->folder) && strstr(target, "data.mdb")))
			continue;
		if (!back)
			kept[n] = fcntl(fd, F_DUPFD_CLOEXEC, 64);
		assert_true(dup2(back ? kept[n] : full, fd) >= 0);
		n++;
	}
	assert_int_equal(n, 2);
	close(full);
}

static void a_commit_that_lmdb_cannot_write_has_not_happened_and_work_goes_on(void **state)
{
	struct fix *f = *state;
	int kept[2] = {-1, -1};
	struct rlimit old, low;
	struct store_txn *t;

	/* No file may become as long as the map: pages are written, not changed where they lie. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 64 * MIB;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	open_it(f, true);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(add_one(f->s, "a"), 0);
	OK(f->e, store_write(f->s, &t, &f->e));
	assert_int_equal(put_in(t, "t", "a", "9"), 0);
	swap_disk(f, kept);
	FAILS(f->e, "disk.full", store_commit(t, &f->e));
	swap_disk(f, kept);
	assert_int_equal(number(f->s, "t", "a"), 1);
	assert_int_equal(add_one(f->s, "a"), 0);
	fix_close(f);
	open_it(f, false);
	assert_int_equal(number(f->s, "t", "a"), 2);
}

int main(void)
{
#define CASE(name) {#name, name, setup, teardown, NULL}
	const struct CMUnitTest tests[] = {
		CASE(several_processes_open_a_new_one_at_once_and_no_commit_is_lost),
		CASE(a_table_that_another_process_makes_is_found_and_its_commits_are_seen),
		CASE(a_process_killed_within_a_transaction_blocks_nobody),
		CASE(a_process_stopped_within_a_transaction_is_named_to_the_others),
		CASE(kills_at_any_moment_leave_whole_transactions),
		CASE(it_is_kept_until_the_machine_is_started_or_something_else_is_wanted),
		CASE(what_lmdb_cannot_open_is_thrown_away),
		CASE(nothing_is_thrown_away_under_others),
		CASE(one_that_shares_and_one_that_does_not_refuse_each_other),
		CASE(a_full_disk_fails_a_commit_and_work_goes_on_with_room),
		CASE(on_a_full_disk_what_others_have_written_stays),
		CASE(a_commit_that_lmdb_cannot_write_has_not_happened_and_work_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
