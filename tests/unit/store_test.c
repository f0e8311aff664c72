/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "store.h"

#define MIB (1 << 20)

struct fix {
	char folder[64];
	struct store_conf conf;
	struct store *s;
	struct err e;
};

static void fix_open(struct fix *f)
{
	OK(f->e, store_open(&f->conf, &f->s, &f->e));
}

static void fix_close(struct fix *f, bool clean)
{
	store_close(f->s, clean);
	f->s = NULL;
}

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	strcpy(f->folder, "/tmp/store-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->conf = (struct store_conf){.folder = f->folder, .max_bytes = 64 * MIB, .write = true};
	fix_open(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	store_close(f->s, true);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* ---- small words ---- */

static struct store_txn *begin(struct fix *f)
{
	struct store_txn *t;

	OK(f->e, store_write(f->s, &t, &f->e));
	return t;
}

static struct store_txn *look(struct fix *f)
{
	struct store_txn *t;

	OK(f->e, store_read(f->s, &t, &f->e));
	return t;
}

static unsigned table(struct fix *f, struct store_txn *t, const char *name)
{
	unsigned table;

	assert_int_equal(store_table(t, name, &table, &f->e), 1);
	return table;
}

static int put(struct fix *f, struct store_txn *t, unsigned in, struct span key, struct span value)
{
	void *p;
	int put = store_put(t, in, key, value.n, STORE_LAST, &p, &f->e);

	if (put == 1 && value.n)
		memcpy(p, value.p, value.n);
	return put;
}

static void put_one(struct fix *f, const char *key, const char *value)
{
	struct store_txn *t = begin(f);

	assert_int_equal(put(f, t, table(f, t, "t"), span_of(key), span_of(value)), 1);
	OK(f->e, store_commit(t, &f->e));
}

/* value NULL: it is not there. */
static void expect(struct fix *f, const char *key, const char *value)
{
	struct store_txn *t = look(f);
	struct span got;

	assert_int_equal(store_get(t, table(f, t, "t"), span_of(key), &got, &f->e), value != NULL);
	if (value)
		assert_span(got, value);
	store_abort(t);
}

static struct stat stat_of(struct fix *f, const char *name)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	assert_int_equal(stat(path, &st), 0);
	return st;
}

static bool there(struct fix *f, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	return access(path, F_OK) == 0;
}

static void write_file(struct fix *f, const char *name, struct span bytes)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, file), bytes.n);
	assert_int_equal(fclose(file), 0);
}

/* Runs part in a child that then ends without any care; returns its exit code. */
static int in_child(struct fix *f, int (*part)(struct fix *))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(part(f));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- transactions ---- */

static void what_was_committed_is_there_after_opening_again(void **state)
{
	struct fix *f = *state;

	put_one(f, "a", "1");
	put_one(f, "a", "2");
	fix_close(f, true);
	fix_open(f);
	expect(f, "a", "2");
}

static void what_was_aborted_is_not(void **state)
{
	struct fix *f = *state;
	struct store_txn *t;

	put_one(f, "a", "1");
	t = begin(f);
	assert_int_equal(put(f, t, table(f, t, "t"), SPAN("a"), SPAN("2")), 1);
	assert_int_equal(put(f, t, table(f, t, "t"), SPAN("b"), SPAN("2")), 1);
	store_abort(t);
	expect(f, "a", "1");
	expect(f, "b", NULL);
}

static void a_reader_sees_the_moment_at_which_it_began(void **state)
{
	struct fix *f = *state;
	struct store *other;
	struct store_txn *t;
	struct span got;

	put_one(f, "a", "1");
	f->conf.write = false;
	OK(f->e, store_open(&f->conf, &other, &f->e));
	OK(f->e, store_read(other, &t, &f->e));
	assert_int_equal(store_get(t, table(f, t, "t"), SPAN("a"), &got, &f->e), 1);
	store_abort(t);
	OK(f->e, store_read(other, &t, &f->e));
	put_one(f, "b", "1");
	expect(f, "b", "1");
	assert_int_equal(store_get(t, table(f, t, "t"), SPAN("b"), &got, &f->e), 0);
	store_abort(t);
	store_close(other, false);
	expect(f, "b", "1");
}

static void the_first_stays_the_last_replaces_and_appends_go_behind(void **state)
{
	struct fix *f = *state;
	struct store_txn *t;
	unsigned in;
	void *p;

	put_one(f, "b", "1");
	t = begin(f);
	in = table(f, t, "t");
	assert_int_equal(store_put(t, in, SPAN("b"), 1, STORE_FIRST, &p, &f->e), 0);
	assert_int_equal(store_put(t, in, SPAN("c"), 1, STORE_APPEND, &p, &f->e), 1);
	memcpy(p, "2", 1);
	assert_int_equal(store_delete(t, in, SPAN("x"), &f->e), 0);
	OK(f->e, store_commit(t, &f->e));
	expect(f, "b", "1");
	expect(f, "c", "2");
	t = begin(f);
	FAILS(f->e, "store.failed", store_put(t, in, SPAN("a"), 1, STORE_APPEND, &p, &f->e));
	store_abort(t);
	t = begin(f);
	assert_int_equal(store_delete(t, in, SPAN("b"), &f->e), 1);
	OK(f->e, store_commit(t, &f->e));
	expect(f, "b", NULL);
}

struct seen {
	unsigned n, stop;
};

static int count(void *arg, struct span key, struct span value)
{
	struct seen *seen = arg;
	char want[16];

	snprintf(want, sizeof want, "p%06u", seen->n);
	assert_span(key, want);
	assert_int_equal(value.n, 1000);
	return ++seen->n == seen->stop;
}

static void a_scan_gives_all_of_a_prefix_in_order_over_many_transactions(void **state)
{
	struct fix *f = *state;
	struct store_txn *t = begin(f);
	unsigned in = table(f, t, "t");
	char key[16], value[1000] = {0};
	struct seen seen = {0, 0};

	for (unsigned i = 0; i < 5000; i++) {
		snprintf(key, sizeof key, "p%06u", i);
		assert_int_equal(put(f, t, in, span_of(key), (struct span){value, sizeof value}), 1);
	}
	put(f, t, in, SPAN("o"), SPAN("before"));
	put(f, t, in, SPAN("q"), SPAN("behind"));
	OK(f->e, store_commit(t, &f->e));
	OK(f->e, store_scan(f->s, in, SPAN("p"), count, &seen, &f->e));
	assert_int_equal(seen.n, 5000);
	seen = (struct seen){0, 3000};
	OK(f->e, store_scan(f->s, in, SPAN("p"), count, &seen, &f->e));
	assert_int_equal(seen.n, 3000);
}

/* ---- who may open ---- */

static int open_to_write(struct fix *f)
{
	struct store *s;

	f->e = ERR_INIT;
	if (store_open(&f->conf, &s, &f->e) == 0)
		return 1;
	if (strcmp(err_code(f->e.id)->name, "store.leased") != 0)
		return 2;
	return atol(err_arg(&f->e, "pid")) == (long)getppid() ? 0 : 3;
}

static void a_second_writer_is_told_the_pid(void **state)
{
	struct fix *f = *state;
	struct store *s;

	assert_int_equal(in_child(f, open_to_write), 0);
	FAILS(f->e, "store.leased", store_open(&f->conf, &s, &f->e));
	assert_int_equal(atol(err_arg(&f->e, "pid")), (long)getpid());
}

static void beside_ones_own_look_a_writer_is_refused(void **state)
{
	struct fix *f = *state;
	struct store *s, *writer;

	put_one(f, "a", "1");
	fix_close(f, true);
	f->conf.write = false;
	OK(f->e, store_open(&f->conf, &s, &f->e));
	f->conf.write = true;
	FAILS(f->e, "store.leased", store_open(&f->conf, &writer, &f->e));
	store_close(s, false);
	fix_open(f);
	expect(f, "a", "1");
}

static int read_there(struct fix *f)
{
	struct store_conf conf = {.folder = f->folder, .max_bytes = 64 * MIB};
	struct store_txn *t;
	struct span got;
	struct store *s;
	unsigned in;

	if (store_open(&conf, &s, &f->e) || store_read(s, &t, &f->e))
		return 1;
	if (store_table(t, "t", &in, &f->e) != 1 || store_get(t, in, SPAN("a"), &got, &f->e) != 1 || !span_is(got, "1"))
		return 2;
	store_abort(t);
	store_close(s, true);
	return 0;
}

static void another_process_reads_what_is_committed(void **state)
{
	struct fix *f = *state;

	put_one(f, "a", "1");
	assert_int_equal(in_child(f, read_there), 0);
	assert_true(there(f, "unclean"));
	put_one(f, "a", "2");
	expect(f, "a", "2");
}

static void there_is_nothing_to_look_at(void **state)
{
	struct fix *f = *state;
	char empty[80];
	struct store_conf conf = {.folder = empty};
	struct store *s;

	snprintf(empty, sizeof empty, "%s/none", f->folder);
	FAILS(f->e, "store.missing", store_open(&conf, &s, &f->e));
	assert_int_equal(mkdir(empty, 0700), 0);
	FAILS(f->e, "store.missing", store_open(&conf, &s, &f->e));
	assert_false(there(f, "none/lock.mdb"));
}

static void folder_and_files_are_for_the_owner_alone(void **state)
{
	struct fix *f = *state;
	char path[80];
	struct store_conf conf = {.folder = path, .write = true};
	struct store *s;

	snprintf(path, sizeof path, "%s/deep/er", f->folder);
	OK(f->e, store_open(&conf, &s, &f->e));
	store_close(s, true);
	assert_int_equal(stat_of(f, "deep/er").st_mode & 0777, 0700);
	assert_int_equal(stat_of(f, "deep/er/data.mdb").st_mode & 0777, 0600);
	assert_int_equal(stat_of(f, "deep/er/lock.mdb").st_mode & 0777, 0600);
	assert_int_equal(stat_of(f, "deep/er/lease").st_mode & 0777, 0600);
}

/* ---- formats, ends ---- */

static void another_format_is_refused(void **state)
{
	struct fix *f = *state;
	struct store_txn *t = begin(f);
	struct store *s;

	assert_int_equal(put(f, t, table(f, t, "meta"), SPAN("format"), SPAN("0")), 1);
	OK(f->e, store_commit(t, &f->e));
	fix_close(f, true);
	FAILS(f->e, "store.version", store_open(&f->conf, &s, &f->e));
	assert_string_equal(err_arg(&f->e, "have"), "0");
}

static void put_meta(struct fix *f, const char *format, const char *program)
{
	struct store_txn *t = begin(f);

	assert_int_equal(put(f, t, table(f, t, "meta"), SPAN("format"), span_of(format)), 1);
	assert_int_equal(put(f, t, table(f, t, "meta"), SPAN("program"), span_of(program)), 1);
	OK(f->e, store_commit(t, &f->e));
	fix_close(f, true);
}

static void what_a_newer_program_wrote_is_refused_by_its_name(void **state)
{
	struct fix *f = *state;
	struct store *s;

	put_meta(f, "3", "jincai 9.9.9");
	for (unsigned i = 0; i < 2; i++) {
		f->conf.write = i == 0;
		FAILS(f->e, "store.newer", store_open(&f->conf, &s, &f->e));
		assert_string_equal(err_arg(&f->e, "program"), "jincai 9.9.9");
		assert_string_equal(err_arg(&f->e, "have"), "3");
	}
}

static void meta_is(struct fix *f, struct store *s, const char *format, const char *program)
{
	struct span have;
	struct store_txn *t;
	unsigned meta;

	OK(f->e, store_read(s, &t, &f->e));
	assert_int_equal(store_table(t, "meta", &meta, &f->e), 1);
	assert_int_equal(store_get(t, meta, SPAN("format"), &have, &f->e), 1);
	assert_true(span_is(have, format));
	assert_int_equal(store_get(t, meta, SPAN("program"), &have, &f->e), 1);
	assert_true(span_is(have, program));
	store_abort(t);
}

static void an_older_format_is_raised_by_who_writes_and_left_by_who_looks(void **state)
{
	struct fix *f = *state;
	struct store *s;

	put_meta(f, "1", "old");
	f->conf.write = false;
	OK(f->e, store_open(&f->conf, &s, &f->e));
	meta_is(f, s, "1", "old");
	store_close(s, true);
	f->conf.write = true;
	OK(f->e, store_open(&f->conf, &s, &f->e));
	meta_is(f, s, "2", STORE_PROGRAM);
	store_close(s, true);
}

static void what_is_no_store_is_refused_and_left_as_it_is(void **state)
{
	struct fix *f = *state;
	static char junk[20000];
	struct store *s;

	fix_close(f, true);
	memset(junk, 'j', sizeof junk);
	write_file(f, "data.mdb", (struct span){junk, sizeof junk});
	FAILS(f->e, "store.failed", store_open(&f->conf, &s, &f->e));
	memset(junk, 0, sizeof junk);
	write_file(f, "data.mdb", (struct span){junk, sizeof junk});
	FAILS(f->e, "store.failed", store_open(&f->conf, &s, &f->e));
	assert_int_equal(stat_of(f, "data.mdb").st_size, sizeof junk);
}

static void one_that_never_came_to_life_is_begun_again(void **state)
{
	struct fix *f = *state;
	static const char zeros[8192];

	fix_close(f, true);
	write_file(f, "data.mdb", (struct span){zeros, sizeof zeros});
	fix_open(f);
	put_one(f, "a", "1");
	expect(f, "a", "1");
}

static int write_and_end(struct fix *f)
{
	struct store_txn *t;
	unsigned in;
	void *p;

	if (store_open(&f->conf, &f->s, &f->e))
		return 1;
	if (store_unclean(f->s))
		return 2;
	if (store_write(f->s, &t, &f->e) || store_table(t, "t", &in, &f->e) != 1 ||
		store_put(t, in, SPAN("a"), 1, STORE_LAST, &p, &f->e) != 1)
		return 3;
	memcpy(p, "1", 1);
	return store_commit(t, &f->e) ? 4 : 0;
}

static void an_end_without_a_close_shows_until_all_was_checked(void **state)
{
	struct fix *f = *state;

	fix_close(f, true);
	assert_false(there(f, "unclean"));
	assert_int_equal(in_child(f, write_and_end), 0);
	fix_open(f);
	assert_true(store_unclean(f->s));
	expect(f, "a", "1");
	fix_close(f, false);
	fix_open(f);
	assert_true(store_unclean(f->s));
	fix_close(f, true);
	fix_open(f);
	assert_false(store_unclean(f->s));
}

/* ---- space ---- */

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

static void random_change(struct fix *f, struct store_txn *t, const unsigned in[2], unsigned *seed)
{
	static char value[120000];
	char key[40];
	static const size_t sizes[] = {0, 10, 300, 1500, 2500, 9000, 120000};
	size_t n = sizes[next_random(seed) % 100 < 95 ? next_random(seed) % 4 : next_random(seed) % 7];
	unsigned which = next_random(seed) % 2;

	snprintf(key, sizeof key, "%08x-%0*u", next_random(seed) % 20000 * 7919u, which ? 20 : 5, 0);
	if (next_random(seed) % 5 == 0)
		assert_true(store_delete(t, in[which], span_of(key), &f->e) >= 0);
	else
		assert_int_equal(put(f, t, in[which], span_of(key), (struct span){value, n}), 1);
}

static void the_file_is_written_ahead_and_never_sparse(void **state)
{
	struct fix *f = *state;
	unsigned in[2], seed = 7;
	struct store_txn *t = begin(f);
	struct stat st;

	in[0] = table(f, t, "t");
	in[1] = table(f, t, "u");
	OK(f->e, store_commit(t, &f->e));
	st = stat_of(f, "data.mdb");
	assert_int_equal(st.st_size, MIB);
	for (unsigned round = 0; round < 150; round++) {
		t = begin(f);
		for (unsigned i = round % 7 ? next_random(&seed) % 20 : 600; i > 0; i--)
			random_change(f, t, in, &seed);
		if (round % 50 == 49)
			OK(f->e, store_empty(t, in[round / 50 % 2], &f->e));
		OK(f->e, store_commit(t, &f->e));
		/* LMDB itself would leave a size that is no whole step, or holes. */
		st = stat_of(f, "data.mdb");
		assert_int_equal(st.st_size % MIB, 0);
		assert_true((int64_t)st.st_blocks * 512 >= st.st_size);
	}
	assert_true(st.st_size > 4 * MIB);
}

static int put_much(struct fix *f, unsigned first, unsigned n)
{
	struct store_txn *t = begin(f);
	unsigned in = table(f, t, "much");
	static char value[4000];
	char key[16];

	for (unsigned i = first; i < first + n; i++) {
		snprintf(key, sizeof key, "%06u", i);
		if (put(f, t, in, span_of(key), (struct span){value, sizeof value}) < 0) {
			store_abort(t);
			return -1;
		}
	}
	return store_commit(t, &f->e);
}

static void a_full_disk_fails_before_the_commit_and_work_goes_on_with_room(void **state)
{
	struct fix *f = *state;
	struct rlimit old, low;

	put_one(f, "a", "1");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 3 * MIB / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	FAILS(f->e, "disk.full", put_much(f, 0, 500));
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
	assert_int_equal(stat_of(f, "data.mdb").st_size, MIB);
	put_one(f, "b", "1");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	OK(f->e, put_much(f, 0, 500));
	expect(f, "a", "1");
	expect(f, "b", "1");
}

static void a_full_store_has_no_room_and_larger_it_has(void **state)
{
	struct fix *f = *state;
	struct store_txn *t;
	unsigned n = 0;

	fix_close(f, true);
	f->conf.max_bytes = 8 * MIB;
	fix_open(f);
	for (bool room = true; room; n += 20) {
		OK(f->e, put_much(f, n, 20));
		t = begin(f);
		room = store_room(t, &f->e) == 0;
		store_abort(t);
	}
	assert_string_equal(err_code(f->e.id)->name, "store.full");
	assert_true(n * 4096 > 6 * MIB && n * 4096 < 8 * MIB);
	/* The last tenths are for what makes room. */
	put_one(f, "a", "1");
	FAILS(f->e, "store.full", put_much(f, n, 1000));
	expect(f, "a", "1");
	t = begin(f);
	OK(f->e, store_empty(t, table(f, t, "much"), &f->e));
	OK(f->e, store_commit(t, &f->e));
	put_one(f, "a", "2");
	t = begin(f);
	OK(f->e, store_room(t, &f->e));
	store_abort(t);
	fix_close(f, true);
	f->conf.max_bytes = 32 * MIB;
	fix_open(f);
	OK(f->e, put_much(f, 0, n + 1000));
}

/* Every descriptor of data.mdb becomes one on a disk that takes nothing. */
static void break_disk(struct fix *f)
{
	int full = open("/dev/full", O_RDWR | O_CLOEXEC);
	struct dirent *entry;
	DIR *d = opendir("/proc/self/fd");
	char path[300], target[128];

	assert_true(full >= 0 && d);
	while ((entry = readdir(d))) {
		ssize_t n;

		snprintf(path, sizeof path, "/proc/self/fd/%s", entry->d_name);
		n = readlink(path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = 0;
		if (strstr(target, f->folder) && strstr(target, "data.mdb"))
			assert_true(dup2(full, atoi(entry->d_name)) >= 0);
	}
	closedir(d);
	close(full);
}

static void after_a_failed_commit_a_store_takes_no_more(void **state)
{
	struct fix *f = *state;
	struct store_txn *t;
	unsigned in;

	put_one(f, "a", "1");
	t = begin(f);
	in = table(f, t, "t");
	assert_int_equal(put(f, t, in, SPAN("a"), SPAN("2")), 1);
	break_disk(f);
	FAILS(f->e, "bus.commit_failed", store_commit(t, &f->e));
	FAILS(f->e, "bus.commit_failed", store_write(f->s, &t, &f->e));
	FAILS(f->e, "bus.commit_failed", store_read(f->s, &t, &f->e));
	fix_close(f, true);
	assert_true(there(f, "unclean"));
	fix_open(f);
	assert_true(store_unclean(f->s));
	expect(f, "a", "1");
}

static void put_many(struct fix *f, unsigned step)
{
	static char value[200];
	struct store_txn *t = begin(f);
	unsigned in = table(f, t, "t");
	char key[16];

	for (unsigned i = 0; i < 2000; i += step) {
		snprintf(key, sizeof key, "%06u", i);
		assert_int_equal(put(f, t, in, span_of(key), (struct span){value, sizeof value}), 1);
	}
	OK(f->e, store_commit(t, &f->e));
}

static void the_pages_that_a_commit_wrote_are_counted(void **state)
{
	struct fix *f = *state;
	struct store_txn *t;

	put_many(f, 1);                  /* 18 in a page */
	assert_in_range(store_pages(f->s), 111, 125);
	put_many(f, 20);                 /* one or none in each */
	assert_in_range(store_pages(f->s), 95, 120);
	put_one(f, "000001", "x");
	assert_in_range(store_pages(f->s), 2, 5);
	t = begin(f);
	store_abort(t);
	assert_in_range(store_pages(f->s), 2, 5);
}

int main(void)
{
#define CASE(name) {#name, name, setup, teardown, NULL}
	const struct CMUnitTest tests[] = {
		CASE(what_was_committed_is_there_after_opening_again),
		CASE(what_was_aborted_is_not),
		CASE(a_reader_sees_the_moment_at_which_it_began),
		CASE(the_first_stays_the_last_replaces_and_appends_go_behind),
		CASE(a_scan_gives_all_of_a_prefix_in_order_over_many_transactions),
		CASE(a_second_writer_is_told_the_pid),
		CASE(beside_ones_own_look_a_writer_is_refused),
		CASE(another_process_reads_what_is_committed),
		CASE(there_is_nothing_to_look_at),
		CASE(folder_and_files_are_for_the_owner_alone),
		CASE(another_format_is_refused),
		CASE(what_a_newer_program_wrote_is_refused_by_its_name),
		CASE(an_older_format_is_raised_by_who_writes_and_left_by_who_looks),
		CASE(what_is_no_store_is_refused_and_left_as_it_is),
		CASE(one_that_never_came_to_life_is_begun_again),
		CASE(an_end_without_a_close_shows_until_all_was_checked),
		CASE(the_file_is_written_ahead_and_never_sparse),
		CASE(a_full_disk_fails_before_the_commit_and_work_goes_on_with_room),
		CASE(a_full_store_has_no_room_and_larger_it_has),
		CASE(the_pages_that_a_commit_wrote_are_counted),
		CASE(after_a_failed_commit_a_store_takes_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
