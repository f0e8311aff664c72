/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bus_driver.h"
#include "event.h"
#include "index.h"
#include "scratch.h"
#include "store.h"
#include "topics.h"

/* What only this driver has: a store on a disk that fills, breaks and ends at any time. What all drivers promise is in
 * contract/bus_contract_test.c. */
struct fix {
	char folder[64], url[96];
	struct bus_conf conf;
	struct bus *b;
	unsigned payroll, to, claims;
	struct err e;
};

/* The wall clock can be set: the C library's call is taken here first. */
static atomic_long clock_ahead_s;

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = (int)syscall(SYS_clock_gettime, id, ret);

	if (id == CLOCK_REALTIME)
		ret->tv_sec += clock_ahead_s;
	return r;
}

static int fix_try(struct fix *f)
{
	if (bus_open(&f->conf, BUS_OWN, &f->b, &f->e))
		return -1;
	if (bus_topic(f->b, "jincai.payroll", &f->payroll, &f->e) || bus_topic(f->b, TOPIC_TO "abc", &f->to, &f->e))
		return -1;
	return bus_topic(f->b, TOPIC_CLAIMS, &f->claims, &f->e);
}

static void fix_open(struct fix *f)
{
	OK(f->e, fix_try(f));
}

static void fix_close(struct fix *f)
{
	bus_close(f->b);
	f->b = NULL;
}

static int setup(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	strcpy(f->folder, "/tmp/embedded-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->url, sizeof f->url, "embedded:%s", f->folder);
	f->conf = (struct bus_conf){.url = f->url, .partitions = 3, .max_bytes = 256 << 20};
	fix_open(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	bus_close(f->b);
	scratch_remove(f->folder);
	free(f);
	return 0;
}

/* ---- small words ---- */

static struct bus_owner *own(struct fix *f, const char *flow)
{
	struct bus_owner *o;

	OK(f->e, bus_own(f->b, flow, &o, &f->e));
	return o;
}

static void append_event(struct fix *f, struct bus_owner *o, unsigned topic, unsigned partition, const char *id,
	char digit)
{
	struct buf b = BUF_INIT;
	char fingerprint[32];

	memset(fingerprint, digit, sizeof fingerprint);
	event_begin(&b, &(struct event){.id = span_of(id), .source = SPAN("test"), .type = SPAN("payroll.line.v1"),
		.batchid = SPAN("b1"), .fingerprint = {fingerprint, sizeof fingerprint}});
	buf_str(&b, "{}");
	event_stamp(&b, SPAN("t.1"), 1);
	OK(f->e, bus_append(o, topic, partition, SPAN("k"), buf_as_span(&b), &f->e));
	buf_done(&b);
}

static void append_claim(struct fix *f, struct bus_owner *o, const char *batch, const char *state)
{
	struct buf b = BUF_INIT;

	event_begin(&b, &(struct event){.id = SPAN("c"), .source = SPAN("test"), .type = SPAN(EVENT_CLAIM),
		.batchid = span_of(batch)});
	buf_printf(&b, "{\"adapter\":\"a\",\"taken\":\"%s.txt\",\"keys\":\"\",\"digest\":\"d\",\"state\":\"%s\"}", batch,
		state);
	event_stamp(&b, SPAN("t.1"), 1);
	OK(f->e, bus_append(o, f->claims, 0, SPAN("k"), buf_as_span(&b), &f->e));
	buf_done(&b);
}

/* Commits in which each index has something, ids come again in other partitions, and claims change their state. */
static void fill(struct fix *f)
{
	struct bus_owner *o = own(f, "flow");
	char id[32];

	for (unsigned i = 0; i < 60; i++) {
		snprintf(id, sizeof id, "id:%u", i * 7919 % 40);
		append_event(f, o, f->payroll, 2 - i % 3, id, (char)('0' + i % 10));
		append_event(f, o, f->to, i % 2, id, '1');
		append_claim(f, o, i % 2 ? "b1" : "b2", i < 50 ? "publishing" : "published");
		OK(f->e, bus_position_put(o, "flow/in", span_of(id), &f->e));
		if (i % 4 == 3) {
			OK(f->e, bus_commit(o, &f->e));
			usleep(1100);            /* another millisecond */
		}
	}
	bus_disown(o);
}

struct dump {
	struct buf text;
	unsigned index, n;
};

static int dump_entry(void *arg, struct span key, const struct bus_entry *x)
{
	struct dump *d = arg;

	buf_printf(&d->text, "%u ", d->index);
	buf_span(&d->text, key);
	buf_printf(&d->text, " %u/%u@%" PRIu64 " ", x->topic, x->partition, x->offset);
	buf_span(&d->text, x->extra);
	buf_c(&d->text, '\n');
	d->n++;
	return 0;
}

/* All indexes as text. */
static struct buf indexes(struct fix *f)
{
	struct dump d = {BUF_INIT, 0, 0};

	for (d.index = 0; d.index < INDEX_COUNT; d.index++)
		OK(f->e, bus_entries(f->b, d.index, SPAN_NONE, dump_entry, &d, &f->e));
	assert_true(d.n >= 80);
	return d.text;
}

static void expect_indexes(struct fix *f, struct buf *want)
{
	struct buf have = indexes(f);

	assert_int_equal(have.n, want->n);
	assert_memory_equal(have.p, want->p, want->n);
	buf_done(&have);
}

/* Spoils the store from below, as the bus is closed. */
static void spoil(struct fix *f, void (*with)(struct store_txn *t, struct err *e), bool clean)
{
	struct store_conf conf = {.folder = f->folder, .max_bytes = 256 << 20, .write = true};
	struct store_txn *t;
	struct store *s;

	OK(f->e, store_open(&conf, &s, &f->e));
	OK(f->e, store_write(s, &t, &f->e));
	with(t, &f->e);
	OK(f->e, store_commit(t, &f->e));
	store_close(s, clean);
}

static void put(struct store_txn *t, const char *table, struct span key, struct span value, struct err *e)
{
	unsigned in;
	void *p;

	assert_int_equal(store_table(t, table, &in, e), 1);
	assert_int_equal(store_put(t, in, key, value.n, STORE_LAST, &p, e), 1);
	memcpy(p, value.p, value.n);
}

static void spoil_indexes(struct store_txn *t, struct err *e)
{
	unsigned in;

	assert_int_equal(store_table(t, "index.ids", &in, e), 1);
	OK(*e, store_empty(t, in, e));
	put(t, "index.to", SPAN("junk"), SPAN("junk"), e);
}

static void spoil_and_say_folding(struct store_txn *t, struct err *e)
{
	spoil_indexes(t, e);
	put(t, "meta", SPAN("folding"), SPAN("1"), e);
}

static void spoil_and_say_other_edition(struct store_txn *t, struct err *e)
{
	spoil_indexes(t, e);
	put(t, "meta", SPAN("edition"), SPAN("\0\0\0\xff"), e);
}

static void leave_a_hole(struct store_txn *t, struct err *e)
{
	char key[8];
	unsigned in;

	store_key64(3, key);
	assert_int_equal(store_table(t, "log.0.1", &in, e), 1);
	assert_int_equal(store_delete(t, in, (struct span){key, sizeof key}, e), 1);
}

/* Changes one byte in the middle of each place where text stands in data.mdb. */
static void flip(struct fix *f, const char *text)
{
	char path[128];
	struct stat st;
	size_t n = strlen(text);
	unsigned found = 0;
	char *p, *at;
	int fd;

	snprintf(path, sizeof path, "%s/data.mdb", f->folder);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(p != MAP_FAILED);
	for (at = p; (at = memmem(at, (size_t)(p + st.st_size - at), text, n)); at += n, found++)
		at[n / 2] ^= 1;
	assert_true(found > 0);
	munmap(p, (size_t)st.st_size);
	close(fd);
}

static uint64_t count(struct fix *f, unsigned topic, unsigned partition)
{
	struct bus_reader *r;
	struct bus_message m;
	uint64_t n = 0;
	int got;

	OK(f->e, bus_read(f->b, topic, partition, &r, &f->e));
	while ((got = bus_next(r, &m, &f->e)) == 1)
		assert_int_equal(m.offset, n++);
	assert_int_equal(got, 0);
	bus_unread(r);
	return n;
}

/* Runs part in a child that ends without any care; returns its exit code. */
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

/* ---- ends without a close ---- */

static void after_an_unclean_end_the_indexes_are_folded_as_they_were(void **state)
{
	struct fix *f = *state;
	struct buf want;

	fill(f);
	want = indexes(f);
	fix_close(f);
	spoil(f, spoil_indexes, false);
	fix_open(f);
	expect_indexes(f, &want);
	assert_int_equal(count(f, f->payroll, 0) + count(f, f->payroll, 1) + count(f, f->payroll, 2), 60);
	buf_done(&want);
}

static void a_fold_that_was_cut_short_is_begun_again(void **state)
{
	struct fix *f = *state;
	struct bus *look;
	struct buf want;

	fill(f);
	want = indexes(f);
	fix_close(f);
	spoil(f, spoil_and_say_folding, true);
	FAILS(f->e, "store.folding", bus_open(&f->conf, BUS_LOOK, &look, &f->e));
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
	fix_open(f);
	expect_indexes(f, &want);
	fix_close(f);
	OK(f->e, bus_open(&f->conf, BUS_LOOK, &look, &f->e));
	bus_close(look);
	buf_done(&want);
}

static int no_entry(void *arg, struct span key, const struct bus_entry *entry)
{
	(void)arg, (void)key, (void)entry;
	return 0;
}

/* Of a process that had opened the store before: 0 when it is answered as it should be. in, out: pipes. */
static int looks_on(struct fix *f, int in, int out)
{
	struct bus_entry entry;
	struct bus *look;
	char c = 'x';

	if (bus_open(&f->conf, BUS_LOOK, &look, &f->e) || bus_entries(look, INDEX_IDS, SPAN_NONE, no_entry, NULL, &f->e) ||
		bus_look(look, NULL, INDEX_IDS, SPAN("none"), &entry, &f->e) || write(out, &c, 1) != 1 || read(in, &c, 1) != 1)
		return 1;
	if (bus_look(look, NULL, INDEX_IDS, SPAN("none"), &entry, &f->e) != -1 || f->e.id != E_STORE_FOLDING)
		return 2;
	f->e = ERR_INIT;
	return bus_entries(look, INDEX_IDS, SPAN_NONE, no_entry, NULL, &f->e) == -1 && f->e.id == E_STORE_FOLDING ? 0 : 3;
}

static void who_looked_before_the_store_is_folded_anew_is_not_told_that_nothing_is_there(void **state)
{
	struct fix *f = *state;
	int there[2], back[2], status;
	pid_t pid;
	char c;

	fill(f);
	fix_close(f);
	assert_true(pipe(there) == 0 && pipe(back) == 0);
	pid = fork();
	if (pid == 0)
		_exit(looks_on(f, there[0], back[1]));
	assert_int_equal(read(back[0], &c, 1), 1);
	spoil(f, spoil_and_say_folding, true);
	assert_int_equal(write(there[1], "x", 1), 1);
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_int_equal(WEXITSTATUS(status), 0);
	for (unsigned i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
	fix_open(f);
}

static void indexes_of_another_edition_are_folded_anew(void **state)
{
	struct fix *f = *state;
	struct buf want;

	fill(f);
	want = indexes(f);
	fix_close(f);
	spoil(f, spoil_and_say_other_edition, true);
	fix_open(f);
	expect_indexes(f, &want);
	buf_done(&want);
}

static int commit_and_end(struct fix *f)
{
	struct bus_owner *o;

	if (fix_try(f) || bus_own(f->b, "flow", &o, &f->e))
		return 1;
	for (int i = 0; i < 20; i++)
		if (bus_append(o, f->payroll, 0, SPAN("k"), SPAN("v"), &f->e) ||
			bus_position_put(o, "p", SPAN("1"), &f->e) || (i % 5 == 4 && bus_commit(o, &f->e)))
			return 2;
	/* Staged, not committed: nobody sees it. */
	return bus_append(o, f->payroll, 0, SPAN("k"), SPAN("v"), &f->e) ? 3 : 0;
}

static void an_end_at_once_keeps_all_commits(void **state)
{
	struct fix *f = *state;

	fix_close(f);
	assert_int_equal(in_child(f, commit_and_end), 0);
	fix_open(f);
	assert_int_equal(count(f, f->payroll, 0), 20);
	fix_close(f);
	assert_int_equal(in_child(f, commit_and_end), 0);
	fix_open(f);
	assert_int_equal(count(f, f->payroll, 0), 40);
}

static void a_clock_that_goes_back_does_not_take_the_times_with_it(void **state)
{
	struct fix *f = *state;
	struct bus_reader *r;
	struct bus_message m;
	int64_t last = 0;

	for (unsigned i = 0; i < 3; i++) {
		struct bus_owner *o = own(f, "flow");

		/* Back while it runs, then while it does not. */
		clock_ahead_s = i == 0 ? 3600 : 0;
		OK(f->e, bus_append(o, f->payroll, i % 2, SPAN("k"), SPAN("v"), &f->e));
		OK(f->e, bus_append(o, f->payroll, 2, SPAN("k"), SPAN("v"), &f->e));
		OK(f->e, bus_commit(o, &f->e));
		bus_disown(o);
		if (i == 1) {
			fix_close(f);
			fix_open(f);
		}
	}
	OK(f->e, bus_read(f->b, f->payroll, 2, &r, &f->e));
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(bus_next(r, &m, &f->e), 1);
		assert_true(m.time_ms >= last);
		last = m.time_ms;
	}
	bus_unread(r);
}

/* ---- damage ---- */

static void expect_place(struct fix *f, const char *topic, const char *partition, const char *offset)
{
	assert_string_equal(err_arg(&f->e, "topic"), topic);
	assert_string_equal(err_arg(&f->e, "partition"), partition);
	assert_string_equal(err_arg(&f->e, "offset"), offset);
}

static void a_flipped_byte_is_found_by_the_reader_and_by_the_next_open(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct bus_reader *r;
	struct bus_message m;

	for (unsigned i = 0; i < 3; i++)
		OK(f->e, bus_append(o, f->payroll, 1, SPAN("k"), span_of((const char *[]){"first one", "second one",
			"third one"}[i]), &f->e));
	OK(f->e, bus_commit(o, &f->e));
	flip(f, "second one");
	OK(f->e, bus_read(f->b, f->payroll, 1, &r, &f->e));
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	FAILS(f->e, "store.damaged", bus_next(r, &m, &f->e));
	expect_place(f, "jincai.payroll", "1", "1");
	FAILS(f->e, "store.damaged", bus_next(r, &m, &f->e));
	bus_seek(r, 2);
	assert_int_equal(bus_next(r, &m, &f->e), 1);
	bus_unread(r);
	bus_disown(o);
	/* After a clean end it is met where it is read; after another one at once. */
	fix_close(f);
	fix_open(f);
	fix_close(f);
	spoil(f, spoil_indexes, false);
	for (int i = 0; i < 2; i++) {
		FAILS(f->e, "store.damaged", fix_try(f));
		expect_place(f, "jincai.payroll", "1", "1");
	}
}

static void a_hole_in_the_offsets_is_found(void **state)
{
	struct fix *f = *state;

	fill(f);
	fix_close(f);
	spoil(f, leave_a_hole, false);
	FAILS(f->e, "store.damaged", fix_try(f));
	expect_place(f, "jincai.payroll", "1", "3");
}

static void a_flipped_byte_in_a_position_is_found(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct buf value = BUF_INIT;

	OK(f->e, bus_position_put(o, "flow/in", SPAN("where it stands"), &f->e));
	OK(f->e, bus_commit(o, &f->e));
	bus_disown(o);
	flip(f, "where it stands");
	FAILS(f->e, "store.damaged", bus_position_get(f->b, "flow/in", &value, &f->e));
	fix_close(f);
	spoil(f, spoil_indexes, false);
	FAILS(f->e, "store.damaged", fix_try(f));
	expect_place(f, "positions", "0", "0");
}

static void a_flipped_byte_in_an_index_is_found(void **state)
{
	struct fix *f = *state;
	struct bus_entry x;
	struct bus_owner *o = own(f, "flow");

	append_event(f, o, f->to, 0, "the-only-id", '1');
	OK(f->e, bus_commit(o, &f->e));
	bus_disown(o);
	flip(f, "abc");              /* in the key: what is found under it is another's */
	FAILS(f->e, "store.damaged", bus_look(f->b, NULL, INDEX_TO, SPAN("acc\0the-only-id"), &x, &f->e));
}

/* ---- disks ---- */

static int append_much(struct fix *f, struct bus_owner *o, unsigned n)
{
	static char value[50000];

	for (unsigned i = 0; i < n; i++)
		if (bus_append(o, f->payroll, i % 3, SPAN("k"), (struct span){value, sizeof value}, &f->e))
			return -1;
	return bus_commit(o, &f->e);
}

static void a_full_disk_puts_off_and_nothing_is_half_there(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct rlimit old, low;

	OK(f->e, append_much(f, o, 3));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 3 << 20;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	FAILS(f->e, "disk.full", append_much(f, o, 90));
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
	bus_disown(o);
	assert_int_equal(count(f, f->payroll, 0), 1);
	/* A smaller step may still go; afterwards all of it. */
	o = own(f, "flow");
	OK(f->e, append_much(f, o, 3));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	OK(f->e, append_much(f, o, 90));
	bus_disown(o);
	assert_int_equal(count(f, f->payroll, 0), 32);
}

static void a_full_store_still_takes_positions_and_owners(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	unsigned taken = 0;

	fix_close(f);
	f->conf.max_bytes = 8 << 20;
	fix_open(f);
	o = own(f, "flow");
	f->e = ERR_INIT;
	while (append_much(f, o, 3) == 0)
		taken++;
	assert_string_equal(err_code(f->e.id)->name, "store.full");
	assert_int_equal(err_kind(&f->e), ERR_RETRY);
	assert_true(strtoull(err_arg(&f->e, "used"), NULL, 10) < 8 << 20);
	bus_disown(o);
	o = own(f, "flow");
	OK(f->e, bus_position_put(o, "flow/in", SPAN("1"), &f->e));
	OK(f->e, bus_commit(o, &f->e));
	FAILS(f->e, "store.full", append_much(f, o, 3));
	bus_disown(o);
	fix_close(f);
	f->conf.max_bytes = 64 << 20;
	fix_open(f);
	o = own(f, "flow");
	OK(f->e, append_much(f, o, 300));
	bus_disown(o);
	assert_int_equal(count(f, f->payroll, 0), taken + 100);
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

static void after_a_commit_that_failed_the_bus_refuses_everything(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow"), *other = own(f, "other");
	struct bus_owner *third;
	struct buf value = BUF_INIT;

	OK(f->e, bus_append(o, f->payroll, 0, SPAN("k"), SPAN("kept"), &f->e));
	OK(f->e, bus_commit(o, &f->e));
	break_disk(f);
	OK(f->e, bus_append(o, f->payroll, 0, SPAN("k"), SPAN("lost"), &f->e));
	FAILS(f->e, "bus.commit_failed", bus_commit(o, &f->e));
	assert_int_equal(err_kind(&f->e), ERR_HALT);
	OK(f->e, bus_append(other, f->payroll, 0, SPAN("k"), SPAN("lost"), &f->e));
	FAILS(f->e, "bus.commit_failed", bus_commit(other, &f->e));
	FAILS(f->e, "bus.commit_failed", bus_own(f->b, "third", &third, &f->e));
	FAILS(f->e, "bus.commit_failed", bus_position_get(f->b, "flow/in", &value, &f->e));
	bus_disown(o);
	bus_disown(other);
	fix_close(f);
	fix_open(f);
	assert_int_equal(count(f, f->payroll, 0), 1);
}

/* ---- many at once ---- */

#define WRITERS 6
#define COMMITS 60

struct writer {
	struct fix *f;
	char flow[16];
	atomic_int rc;
	struct err e;
	unsigned done;
};

static void *write_many(void *arg)
{
	struct writer *w = arg;
	struct bus_owner *o;
	char text[16];

	w->rc = bus_own(w->f->b, w->flow, &o, &w->e);
	if (w->rc)
		return NULL;
	for (; !w->rc && w->done < COMMITS; w->done++) {
		struct span s = {text, (size_t)snprintf(text, sizeof text, "%u", w->done)};

		w->rc = bus_append(o, w->f->payroll, w->done % 3, SPAN("k"), s, &w->e) ||
			bus_position_put(o, w->flow, s, &w->e) || bus_commit(o, &w->e) ? -1 : 0;
	}
	bus_disown(o);
	return NULL;
}

static void in_a_group_the_loser_alone_is_fenced(void **state)
{
	struct fix *f = *state;
	struct writer w[WRITERS];
	pthread_t threads[WRITERS];
	struct bus_owner *thief = NULL;

	for (unsigned i = 0; i < WRITERS; i++) {
		w[i] = (struct writer){.f = f};
		snprintf(w[i].flow, sizeof w[i].flow, "w%u", i);
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, &w[i]), 0);
	}
	/* Takes over the first until it has noticed. */
	while (!w[0].rc) {
		bus_disown(thief);
		thief = own(f, "w0");
		usleep(2000);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	bus_disown(thief);
	assert_string_equal(err_code(w[0].e.id)->name, "bus.fenced");
	for (unsigned i = 1; i < WRITERS; i++) {
		struct buf value = BUF_INIT;

		assert_int_equal(w[i].rc, 0);
		assert_int_equal(bus_position_get(f->b, w[i].flow, &value, &f->e), 1);
		assert_span(buf_as_span(&value), "59");
		buf_done(&value);
	}
	assert_int_equal(count(f, f->payroll, 0) + count(f, f->payroll, 1) + count(f, f->payroll, 2),
		(WRITERS - 1) * COMMITS + w[0].done - 1);
}

/* Reads in a process of its own until it has seen so many. */
static int read_on(struct fix *f)
{
	struct bus_reader *r;
	struct bus_message m;
	unsigned topic, n = 0;
	struct bus *b;

	f->conf.max_bytes = 0;
	if (bus_open(&f->conf, BUS_LOOK, &b, &f->e) || bus_topic(b, "jincai.payroll", &topic, &f->e) ||
		bus_read(b, topic, 0, &r, &f->e))
		return 1;
	while (n < 3000) {
		char want[16];
		int got = bus_next(r, &m, &f->e);

		snprintf(want, sizeof want, "%u", n);
		if (got < 0 || (got && (m.offset != n++ || !span_is(m.value, want))))
			return 2;
		if (!got)
			usleep(500);
	}
	bus_unread(r);
	bus_close(b);
	return 0;
}

static void another_process_reads_while_this_one_writes(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o;
	int status;
	pid_t pid;

	pid = fork();
	if (pid == 0)
		_exit(read_on(f));
	o = own(f, "flow");
	for (unsigned i = 0; i < 3000; i++) {
		char text[16];
		struct span s = {text, (size_t)snprintf(text, sizeof text, "%u", i)};

		OK(f->e, bus_append(o, f->payroll, 0, SPAN("k"), s, &f->e));
		if (i % 10 == 9)
			OK(f->e, bus_commit(o, &f->e));
	}
	bus_disown(o);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void who_looks_sees_topics_that_came_later(void **state)
{
	struct fix *f = *state;
	struct bus *look;
	struct bus_entry x;
	struct bus_owner *o;
	unsigned later, seen;

	OK(f->e, bus_open(&f->conf, BUS_LOOK, &look, &f->e));
	FAILS(f->e, "bus.no_topic", bus_topic(look, TOPIC_TO "later", &seen, &f->e));
	OK(f->e, bus_topic(f->b, TOPIC_TO "later", &later, &f->e));
	o = own(f, "flow");
	append_event(f, o, later, 1, "id", '1');
	OK(f->e, bus_commit(o, &f->e));
	bus_disown(o);
	/* The entry's topic has not been asked for by name. */
	assert_int_equal(bus_look(look, NULL, INDEX_TO, SPAN("later\0id"), &x, &f->e), 1);
	assert_string_equal(bus_topic_name(look, x.topic), TOPIC_TO "later");
	assert_int_equal(x.partition, 1);
	bus_close(look);
	assert_int_equal(count(f, later, 1), 1);
}

static void there_is_room_for_so_many_topics_and_no_more(void **state)
{
	struct fix *f = *state;
	unsigned topic = 0;
	char name[32];

	for (unsigned i = 3; i < BUS_TOPICS_MAX; i++) {
		snprintf(name, sizeof name, "other.%u", i);
		OK(f->e, bus_topic(f->b, name, &topic, &f->e));
	}
	FAILS(f->e, "bus.topics", bus_topic(f->b, "other.more", &topic, &f->e));
	fix_close(f);
	fix_open(f);
	/* These are new to this opening, and the store has had its share. */
	FAILS(f->e, "bus.topics", bus_topic(f->b, "other.more", &topic, &f->e));
	OK(f->e, bus_topic(f->b, "other.511", &topic, &f->e));
	assert_int_equal(count(f, topic, 0), 0);
}

/* ---- acts ---- */

static void write_act(struct fix *f, const char *name, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof path, "%s/acts/%s", f->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void expect_act(struct fix *f, struct bus_owner *o, const char *want)
{
	struct buf id = BUF_INIT, act = BUF_INIT;

	assert_int_equal(bus_act_take(o, &id, &act, &f->e), want != NULL);
	if (want)
		assert_span(buf_as_span(&id), want);
	buf_done(&id);
	buf_done(&act);
}

static void a_file_left_by_an_act_that_is_done_is_not_given_again(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	char path[160];

	OK(f->e, bus_act_submit(f->b, "flow", "a1", SPAN("{}"), &f->e));
	expect_act(f, o, "a1");
	bus_act_done(o, "a1");
	OK(f->e, bus_commit(o, &f->e));
	bus_disown(o);
	snprintf(path, sizeof path, "%s/acts/a1.flow", f->folder);
	assert_int_equal(access(path, F_OK), -1);
	write_act(f, "a1.flow", "{}");
	o = own(f, "flow");
	expect_act(f, o, NULL);
	assert_int_equal(access(path, F_OK), -1);
	OK(f->e, bus_act_submit(f->b, "flow", "a1", SPAN("{}"), &f->e));
	expect_act(f, o, NULL);
	bus_disown(o);
}

static void acts_come_in_their_order_and_other_files_are_no_acts(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow"), *dotted = own(f, "dot.ted");

	write_act(f, ".a0.flow.1.tmp", "{}");
	write_act(f, "README", "{}");
	OK(f->e, bus_act_submit(f->b, "flow", "b", SPAN("{}"), &f->e));
	usleep(20000);
	OK(f->e, bus_act_submit(f->b, "flow", "a", SPAN("{}"), &f->e));
	OK(f->e, bus_act_submit(f->b, "dot.ted", "c", SPAN("{}"), &f->e));
	expect_act(f, o, "b");
	expect_act(f, o, "a");
	expect_act(f, o, NULL);
	expect_act(f, dotted, "c");
	expect_act(f, dotted, NULL);
	usleep(250000);              /* the folder is at rest: it is not listed again */
	expect_act(f, o, NULL);
	OK(f->e, bus_act_submit(f->b, "flow", "d", SPAN("{}"), &f->e));
	expect_act(f, o, "d");
	bus_disown(o);
	bus_disown(dotted);
}

static int note_left(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act)
{
	(void)flow, (void)came_ms, (void)act;
	buf_str(arg, id);
	return 0;
}

static void write_large_act(struct fix *f, const char *name)
{
	char *text = mem_new(70001);

	memset(text, 'x', 70000);
	write_act(f, name, text);
	free(text);
}

static void a_file_that_is_too_large_for_an_act_is_put_aside_and_the_others_are_given(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	struct buf left = BUF_INIT;
	char path[200];
	struct stat st;

	for (unsigned i = 0; i < 2; i++) {
		write_large_act(f, "big.flow");
		usleep(20000);
		OK(f->e, bus_act_submit(f->b, "flow", i ? "b" : "a", SPAN("{}"), &f->e));
		buf_clear(&left);
		OK(f->e, bus_acts_left(f->b, note_left, &left, &f->e));
		assert_span(buf_as_span(&left), i ? "ab" : "a");
		expect_act(f, o, i ? "b" : "a");
		snprintf(path, sizeof path, "%s/acts/big.flow", f->folder);
		assert_int_equal(access(path, F_OK), -1);
	}
	snprintf(path, sizeof path, "%s/acts/.refused", f->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(path, sizeof path, "%s/acts/.refused/big.flow", f->folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 70000);
	bus_disown(o);
	buf_done(&left);
}

static void a_file_whose_name_is_no_act_is_put_aside_by_the_owner_that_it_names(void **state)
{
	static const char *const names[] = {"Upper.flow", "under_score.flow", "\xe4\xbb\x98.flow",
		"a123456789-123456789-123456789-123456789-123456789-123456789-1234.flow"};
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	char path[300];

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		write_act(f, names[i], "{}");
	write_act(f, "Other.flow-2", "{}");
	usleep(20000);
	OK(f->e, bus_act_submit(f->b, "flow", "a", SPAN("{}"), &f->e));
	expect_act(f, o, "a");
	expect_act(f, o, NULL);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/acts/.refused/%s", f->folder, names[i]);
		assert_int_equal(access(path, F_OK), 0);
	}
	snprintf(path, sizeof path, "%s/acts/Other.flow-2", f->folder);
	assert_int_equal(access(path, F_OK), 0);
	bus_disown(o);
}

static void what_cannot_be_put_aside_is_passed_by(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");

	write_act(f, ".refused", "no folder");
	write_large_act(f, "big.flow");
	usleep(20000);
	OK(f->e, bus_act_submit(f->b, "flow", "a", SPAN("{}"), &f->e));
	expect_act(f, o, "a");
	expect_act(f, o, NULL);
	bus_disown(o);
}

/* Records of one step, with ids of so many bytes, in order or not; committed. */
static unsigned one_step(struct fix *f, struct bus_owner *o, unsigned *next, int bytes, bool order)
{
	char id[512];
	unsigned n = 0;

	for (; !bus_step_full(o); n++, ++*next) {
		snprintf(id, sizeof id, "%08x%0*u", order ? *next : *next * 2654435761u, bytes, *next);
		append_event(f, o, f->payroll, 0, id, 'a');
	}
	OK(f->e, bus_commit(o, &f->e));
	return n;
}

static void a_step_takes_so_much_that_the_pages_of_its_commit_have_room_in_memory(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	unsigned next = 0;
	size_t many;

	/* Of an owner of whom nothing is known an entry is taken for two pages. */
	assert_in_range(one_step(f, o, &next, 8, true), 3000, 3500);
	assert_int_equal(one_step(f, o, &next, 8, true), BUS_STEP_RECORDS);
	assert_int_equal(one_step(f, o, &next, 8, true), BUS_STEP_RECORDS);
	many = o->step_entries;
	assert_true(many > 20000);
	for (unsigned i = 0; i < 5; i++)
		one_step(f, o, &next, 440, false);
	assert_in_range(o->step_entries, 3000, 9000);
	bus_disown(o);
}

static void small_commits_tell_nothing_of_the_pages_of_an_entry(void **state)
{
	struct fix *f = *state;
	struct bus_owner *o = own(f, "flow");
	const size_t before = o->step_entries;

	append_event(f, o, f->payroll, 0, "a", 'a');
	OK(f->e, bus_commit(o, &f->e));
	assert_int_equal(o->step_entries, before);
	bus_disown(o);
}

int main(void)
{
#define CASE(name) {#name, name, setup, teardown, NULL}
	const struct CMUnitTest tests[] = {
		CASE(after_an_unclean_end_the_indexes_are_folded_as_they_were),
		CASE(a_fold_that_was_cut_short_is_begun_again),
		CASE(who_looked_before_the_store_is_folded_anew_is_not_told_that_nothing_is_there),
		CASE(indexes_of_another_edition_are_folded_anew),
		CASE(an_end_at_once_keeps_all_commits),
		CASE(a_clock_that_goes_back_does_not_take_the_times_with_it),
		CASE(a_flipped_byte_is_found_by_the_reader_and_by_the_next_open),
		CASE(a_hole_in_the_offsets_is_found),
		CASE(a_flipped_byte_in_a_position_is_found),
		CASE(a_flipped_byte_in_an_index_is_found),
		CASE(a_step_takes_so_much_that_the_pages_of_its_commit_have_room_in_memory),
		CASE(small_commits_tell_nothing_of_the_pages_of_an_entry),
		CASE(a_full_disk_puts_off_and_nothing_is_half_there),
		CASE(a_full_store_still_takes_positions_and_owners),
		CASE(after_a_commit_that_failed_the_bus_refuses_everything),
		CASE(in_a_group_the_loser_alone_is_fenced),
		CASE(another_process_reads_while_this_one_writes),
		CASE(who_looks_sees_topics_that_came_later),
		CASE(there_is_room_for_so_many_topics_and_no_more),
		CASE(a_file_left_by_an_act_that_is_done_is_not_given_again),
		CASE(acts_come_in_their_order_and_other_files_are_no_acts),
		CASE(a_file_that_is_too_large_for_an_act_is_put_aside_and_the_others_are_given),
		CASE(a_file_whose_name_is_no_act_is_put_aside_by_the_owner_that_it_names),
		CASE(what_cannot_be_put_aside_is_passed_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
