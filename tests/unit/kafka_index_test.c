/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kafka_index.h"
#include "scratch.h"
#include "store.h"

#define MIB (1 << 20)
#define CLUSTER "c1"

struct fix {
	char folder[64];
	struct kafka_index *x;
	struct buf shown;
	struct err e;
};

static void open_it(struct fix *f, bool anew)
{
	bool got;

	f->e = ERR_INIT;
	OK(f->e, kafka_index_open(f->folder, CLUSTER, 256 * MIB, &f->x, &got, &f->e));
	assert_int_equal(got, anew);
}

static void close_it(struct fix *f)
{
	kafka_index_close(f->x);
	f->x = NULL;
}

static int setup_closed(void **state)
{
	struct fix *f = mem_new(sizeof *f);

	strcpy(f->folder, "/tmp/kafka-index-test-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->e = ERR_INIT;
	*state = f;
	return 0;
}

static int setup(void **state)
{
	setup_closed(state);
	open_it(*state, true);
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	close_it(f);
	scratch_remove(f->folder);
	buf_done(&f->shown);
	free(f);
	return 0;
}

/* ---- putting ---- */

static struct kafka_put *begin(struct fix *f)
{
	struct kafka_put *p;

	OK(f->e, kafka_put_begin(f->x, &p, &f->e));
	return p;
}

static void commit(struct fix *f, struct kafka_put *p)
{
	OK(f->e, kafka_put_commit(p, &f->e));
}

static unsigned topic(struct fix *f, const char *name)
{
	unsigned n;

	OK(f->e, kafka_index_topic(f->x, name, &n, &f->e));
	return n;
}

static void entry_at(struct fix *f, struct kafka_put *p, unsigned index, const char *key, unsigned number, unsigned partition,
	uint64_t offset, int64_t ms)
{
	struct kafka_place place = {number, partition, offset, ms};
	char extra[40];

	snprintf(extra, sizeof extra, "x%u.%llu", partition, (unsigned long long)offset);
	OK(f->e, kafka_put_entry(p, index, span_of(key), &place, span_of(extra), &f->e));
}

static void entry(struct fix *f, struct kafka_put *p, unsigned index, const char *key, unsigned number, unsigned partition,
	uint64_t offset)
{
	entry_at(f, p, index, key, number, partition, offset, 0);
}

static void position(struct fix *f, struct kafka_put *p, const char *key, uint64_t offset, const char *value)
{
	OK(f->e, kafka_put_position(p, span_of(key), offset, span_of(value), &f->e));
}

static void act(struct fix *f, struct kafka_put *p, const char *id, uint64_t offset, const char *flow, const char *text)
{
	OK(f->e, kafka_put_act(p, span_of(id), offset, (int64_t)offset * 10, span_of(flow), span_of(text), &f->e));
}

/* ---- what is there, as text ---- */

static void show_span(struct buf *b, struct span s)
{
	buf_c(b, ' ');
	buf_span(b, s);
}

static int show_entry(void *arg, struct span key, const struct kafka_place *place, struct span extra)
{
	struct fix *f = arg;
	const char *name = kafka_index_name(f->x, place->number);

	show_span(&f->shown, key);
	buf_printf(&f->shown, "=%s/%u@%llu", name ? name : "?", place->partition, (unsigned long long)place->offset);
	show_span(&f->shown, extra);
	buf_c(&f->shown, ';');
	return 0;
}

static int show_position(void *arg, struct span key, struct span value)
{
	struct fix *f = arg;

	show_span(&f->shown, key);
	show_span(&f->shown, value);
	buf_c(&f->shown, ';');
	return 0;
}

static int show_epoch(void *arg, struct span flow, int64_t time_ms, struct span value)
{
	struct fix *f = arg;

	show_position(f, flow, value);
	buf_printf(&f->shown, "%lld;", (long long)time_ms);
	return 0;
}

static int show_act(void *arg, struct span flow, struct span id, int64_t time_ms, struct span text)
{
	struct fix *f = arg;

	show_span(&f->shown, flow);
	show_position(f, id, text);
	buf_printf(&f->shown, "%lld;", (long long)time_ms);
	return 0;
}

static const char *shown_acts(struct fix *f, struct span flow)
{
	buf_clear(&f->shown);
	OK(f->e, kafka_index_acts(f->x, flow, show_act, f, &f->e));
	return buf_text(&f->shown);
}

static const char *shown_positions(struct fix *f, const char *prefix)
{
	buf_clear(&f->shown);
	OK(f->e, kafka_index_positions(f->x, span_of(prefix), show_position, f, &f->e));
	return buf_text(&f->shown);
}

/* All there is. */
static char *dump(struct fix *f)
{
	uint64_t next;
	int64_t ms;

	buf_clear(&f->shown);
	for (unsigned i = 0; i < INDEX_COUNT; i++) {
		buf_printf(&f->shown, "\n%s", index_table[i].name);
		OK(f->e, kafka_index_entries(f->x, i, SPAN_NONE, show_entry, f, &f->e));
	}
	buf_str(&f->shown, "\npositions");
	OK(f->e, kafka_index_positions(f->x, SPAN_NONE, show_position, f, &f->e));
	buf_str(&f->shown, "\nepochs");
	OK(f->e, kafka_index_epochs(f->x, show_epoch, f, &f->e));
	buf_str(&f->shown, "\nacts");
	OK(f->e, kafka_index_acts(f->x, SPAN_NONE, show_act, f, &f->e));
	for (char id[] = "0"; id[0] <= '9'; id[0]++)
		buf_printf(&f->shown, " %d", kafka_index_act_done(f->x, span_of(id), &f->e));
	buf_str(&f->shown, "\nheads");
	for (unsigned n = 0; n < 3; n++)
		for (unsigned i = 0; i < 3; i++)
			if (kafka_index_head(f->x, n, i, &next, &ms, &f->e) == 1)
				buf_printf(&f->shown, " %s/%u:%llu,%lld", kafka_index_name(f->x, n), i, (unsigned long long)next,
					(long long)ms);
	return mem_text(buf_as_span(&f->shown));
}

/* ---- one by one ---- */

static void at_one_time_what_is_there_is_the_first_and_the_highest_place_the_last(void **state)
{
	static const struct {
		const char *topic;
		unsigned partition;
		uint64_t offset;
		const char *first, *last;
	} puts[] = {
		{"m", 1, 50, "m/1@50", "m/1@50"},
		{"m", 1, 60, "m/1@50", "m/1@60"},
		{"m", 1, 60, "m/1@50", "m/1@60"},
		{"m", 1, 40, "m/1@40", "m/1@60"},
		{"m", 0, 90, "m/1@40", "m/1@60"},            /* in another partition: what is there stays the first */
		{"m", 2, 10, "m/1@40", "m/2@10"},
		{"a", 7, 99, "m/1@40", "m/2@10"},            /* by name: it was made after m */
		{"z", 0, 0, "m/1@40", "z/0@0"},
	};
	struct fix *f = *state;
	struct buf scratch = BUF_INIT, text = BUF_INIT;
	struct kafka_place place;
	struct span extra;

	for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
		struct kafka_put *p = begin(f);

		entry(f, p, INDEX_IDS, "id", topic(f, puts[i].topic), puts[i].partition, puts[i].offset);
		entry(f, p, INDEX_CLAIMS, "id", topic(f, puts[i].topic), puts[i].partition, puts[i].offset);
		commit(f, p);
		for (unsigned last = 0; last < 2; last++) {
			assert_int_equal(kafka_index_look(f->x, last ? INDEX_CLAIMS : INDEX_IDS, SPAN("id"), &scratch, &place, &extra,
				&f->e), 1);
			buf_clear(&text);
			buf_printf(&text, "%s/%u@%llu", kafka_index_name(f->x, place.number), place.partition,
				(unsigned long long)place.offset);
			assert_string_equal(buf_text(&text), last ? puts[i].last : puts[i].first);
			buf_clear(&text);
			buf_printf(&text, "x%u.%llu", place.partition, (unsigned long long)place.offset);
			assert_span(extra, buf_text(&text));
		}
	}
	assert_int_equal(kafka_index_look(f->x, INDEX_IDS, SPAN("ie"), &scratch, &place, &extra, &f->e), 0);
	assert_int_equal(kafka_index_look(f->x, INDEX_TO, SPAN("id"), &scratch, &place, &extra, &f->e), 0);
	buf_done(&scratch);
	buf_done(&text);
}

static void expect_at(struct fix *f, unsigned index, const char *want)
{
	struct buf scratch = BUF_INIT, text = BUF_INIT;
	struct kafka_place place;
	struct span extra;

	assert_int_equal(kafka_index_look(f->x, index, SPAN("id"), &scratch, &place, &extra, &f->e), 1);
	buf_printf(&text, "%s/%u@%llu", kafka_index_name(f->x, place.number), place.partition, (unsigned long long)place.offset);
	assert_string_equal(buf_text(&text), want);
	buf_done(&scratch);
	buf_done(&text);
}

/* Of one partition the offset counts, also where the clock of a leader was behind that of the one before. */
static void who_came_first_and_who_last_is_not_a_matter_of_the_partition(void **state)
{
	static const struct {
		const char *topic;
		unsigned partition;
		uint64_t offset;
		int64_t ms;
		const char *first, *last;
	} puts[] = {
		{"m", 5, 10, 501000, "m/5@10", "m/5@10"},
		{"m", 2, 900, 502000, "m/5@10", "m/2@900"},
		{"m", 7, 1, 501500, "m/5@10", "m/2@900"},
		{"a", 0, 3, 503000, "m/5@10", "a/0@3"},
		{"a", 0, 4, 502500, "m/5@10", "a/0@4"},
		{"m", 0, 7, 501000 - BUS_CLOCK_MS, "m/5@10", "a/0@4"},   /* the clock of that broker may be slow */
		{"z", 9, 99, 501000 - BUS_CLOCK_MS - 1, "z/9@99", "a/0@4"},
	};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof puts / sizeof *puts; i++) {
		struct kafka_put *p = begin(f);

		entry_at(f, p, INDEX_IDS, "id", topic(f, puts[i].topic), puts[i].partition, puts[i].offset, puts[i].ms);
		entry_at(f, p, INDEX_AGAIN, "id", topic(f, puts[i].topic), puts[i].partition, puts[i].offset, puts[i].ms);
		commit(f, p);
		expect_at(f, INDEX_IDS, puts[i].first);
		expect_at(f, INDEX_AGAIN, puts[i].last);
	}
}

static void a_position_that_was_taken_away_is_not_brought_back_by_an_older_one(void **state)
{
	struct fix *f = *state;
	struct buf value = BUF_INIT;
	struct kafka_put *p = begin(f);

	position(f, p, "f/a", 5, "five");
	position(f, p, "f/b", 6, "six");
	position(f, p, "g/a", 7, "seven");
	commit(f, p);
	assert_string_equal(shown_positions(f, "f/"), " f/a five; f/b six;");
	p = begin(f);
	position(f, p, "f/a", 9, "");
	position(f, p, "f/b", 4, "four");
	commit(f, p);
	assert_string_equal(shown_positions(f, ""), " f/b six; g/a seven;");
	assert_int_equal(kafka_index_position(f->x, SPAN("f/a"), &value, &f->e), 0);
	p = begin(f);
	position(f, p, "f/a", 8, "eight");
	position(f, p, "new", 3, "");
	position(f, p, "new", 2, "two");
	commit(f, p);
	assert_int_equal(kafka_index_position(f->x, SPAN("f/a"), &value, &f->e), 0);
	assert_int_equal(kafka_index_position(f->x, SPAN("new"), &value, &f->e), 0);
	p = begin(f);
	position(f, p, "f/a", 10, "ten");
	commit(f, p);
	assert_int_equal(kafka_index_position(f->x, SPAN("f/a"), &value, &f->e), 1);
	assert_span(buf_as_span(&value), "ten");
	assert_int_equal(kafka_index_position(f->x, SPAN(""), &value, &f->e), 0);
	buf_done(&value);
}

static void a_key_that_no_record_of_ours_has_adds_nothing(void **state)
{
	struct fix *f = *state;
	struct kafka_put *p = begin(f);
	char *before = dump(f), *after, key[600];

	memset(key, 'k', sizeof key);
	key[sizeof key - 1] = 0;
	for (unsigned i = 0; i < 2; i++) {
		const char *k = i ? key : "";

		entry(f, p, INDEX_IDS, k, topic(f, "t"), 0, 1);
		position(f, p, k, 1, "v");
		act(f, p, k, 1, "f", "text");
		act(f, p, k, 1, "f", "");
		OK(f->e, kafka_put_epoch(p, span_of(k), 1, 1, SPAN("v"), &f->e));
	}
	commit(f, p);
	after = dump(f);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void heads_and_their_times_never_go_back(void **state)
{
	static const struct {
		uint64_t put, next;
		int64_t put_ms, ms;
	} rows[] = {{10, 10, 100, 100}, {8, 10, 80, 100}, {12, 12, 0, 100}, {12, 12, 130, 130}, {11, 12, 140, 140}, {20, 20, 150, 150}};
	struct fix *f = *state;
	unsigned number = topic(f, "t");
	uint64_t next;
	int64_t ms;

	assert_int_equal(kafka_index_head(f->x, number, 3, &next, &ms, &f->e), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct kafka_put *p = begin(f);

		OK(f->e, kafka_put_head(p, number, 3, rows[i].put, rows[i].put_ms, &f->e));
		commit(f, p);
		assert_int_equal(kafka_index_head(f->x, number, 3, &next, &ms, &f->e), 1);
		assert_int_equal(next, rows[i].next);
		assert_int_equal(ms, rows[i].ms);
	}
	assert_int_equal(kafka_index_head(f->x, number, 2, &next, &ms, &f->e), 0);
	assert_int_equal(kafka_index_head(f->x, number + 1, 3, &next, &ms, &f->e), 0);
}

static void the_newest_generation_record_counts(void **state)
{
	struct fix *f = *state;
	struct buf value = BUF_INIT;
	struct kafka_put *p = begin(f);
	int64_t ms;

	assert_int_equal(kafka_index_epoch(f->x, SPAN("a"), &value, &ms, &f->e), 0);
	OK(f->e, kafka_put_epoch(p, SPAN("b"), 8, 80, SPAN("b1"), &f->e));
	OK(f->e, kafka_put_epoch(p, SPAN("a"), 7, 70, SPAN("a2"), &f->e));
	OK(f->e, kafka_put_epoch(p, SPAN("a"), 5, 50, SPAN("a1"), &f->e));
	commit(f, p);
	assert_int_equal(kafka_index_epoch(f->x, SPAN("a"), &value, &ms, &f->e), 1);
	assert_span(buf_as_span(&value), "a2");
	assert_int_equal(ms, 70);
	buf_clear(&f->shown);
	OK(f->e, kafka_index_epochs(f->x, show_epoch, f, &f->e));
	assert_string_equal(buf_text(&f->shown), " a a2;70; b b1;80;");
	buf_done(&value);
}

static void acts_come_in_the_order_in_which_they_were_handed_in_until_they_are_done(void **state)
{
	struct fix *f = *state;
	struct kafka_put *p;

	assert_true(kafka_index_no_acts(f->x));
	p = begin(f);
	act(f, p, "b", 12, "pay", "second");
	act(f, p, "c", 11, "pay", "first");
	act(f, p, "a", 13, "to", "third");
	commit(f, p);
	assert_false(kafka_index_no_acts(f->x));
	assert_string_equal(shown_acts(f, SPAN_NONE), " pay c first;110; pay b second;120; to a third;130;");
	assert_string_equal(shown_acts(f, SPAN("to")), " to a third;130;");
	assert_string_equal(shown_acts(f, SPAN("pa")), "");
	p = begin(f);
	act(f, p, "c", 14, "", "");
	act(f, p, "b", 10, "pay", "earlier");        /* the first one of an id counts */
	act(f, p, "a", 15, "to", "later");
	act(f, p, "d", 16, "", "");                  /* done, and handed in only then */
	act(f, p, "d", 9, "to", "too late");
	commit(f, p);
	assert_string_equal(shown_acts(f, SPAN_NONE), " pay b earlier;100; to a third;130;");
	assert_int_equal(kafka_index_act_done(f->x, SPAN("c"), &f->e), 1);
	assert_int_equal(kafka_index_act_done(f->x, SPAN("d"), &f->e), 1);
	assert_int_equal(kafka_index_act_done(f->x, SPAN("b"), &f->e), 0);
	p = begin(f);
	act(f, p, "c", 20, "pay", "again");
	act(f, p, "b", 21, "", "");
	act(f, p, "a", 22, "", "");
	commit(f, p);
	assert_string_equal(shown_acts(f, SPAN_NONE), "");
	assert_true(kafka_index_no_acts(f->x));
}

struct some {
	unsigned n, stop;
};

static int count_entry(void *arg, struct span key, const struct kafka_place *place, struct span extra)
{
	struct some *some = arg;
	char want[16];

	(void)extra;
	snprintf(want, sizeof want, "p%05u", some->n);
	assert_span(key, want);
	assert_int_equal(place->offset, some->n);
	return ++some->n == some->stop;
}

static void entries_of_a_prefix_come_in_order_of_their_keys(void **state)
{
	struct fix *f = *state;
	struct kafka_put *p = begin(f);
	unsigned number = topic(f, "t");
	struct some some = {0, 0};
	char key[16];

	for (unsigned i = 0; i < 30000; i++) {
		unsigned n = (i * 7919u) % 30000;

		snprintf(key, sizeof key, "p%05u", n);
		entry(f, p, INDEX_IDS, key, number, 0, n);
	}
	entry(f, p, INDEX_IDS, "o", number, 0, 1);
	entry(f, p, INDEX_IDS, "q", number, 0, 1);
	entry(f, p, INDEX_TO, "p00000", number, 0, 1);
	commit(f, p);
	OK(f->e, kafka_index_entries(f->x, INDEX_IDS, SPAN("p"), count_entry, &some, &f->e));
	assert_int_equal(some.n, 30000);
	some = (struct some){0, 100};
	OK(f->e, kafka_index_entries(f->x, INDEX_IDS, SPAN("p"), count_entry, &some, &f->e));
	assert_int_equal(some.n, 100);
}

static void what_was_not_committed_is_not_there(void **state)
{
	struct fix *f = *state;
	struct kafka_put *p = begin(f);
	char *before = dump(f), *after;

	entry(f, p, INDEX_IDS, "id", topic(f, "t"), 0, 1);
	position(f, p, "f/a", 1, "v");
	after = dump(f);
	assert_string_equal(before, after);
	free(after);
	kafka_put_abort(p);
	p = begin(f);
	commit(f, p);
	after = dump(f);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* ---- in any order, twice, from two sides ---- */

#define PUTS 120u

static unsigned random_below(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(*seed >> 33) % n;
}

static const char *topic_names[] = {"m", "a", "z"};

/* What the records of a small bus would put: number i is always the same. Offsets are those of its own topic. */
static void put_number(struct fix *f, struct kafka_put *p, unsigned i, uint64_t seed)
{
	char key[2] = "0", value[24];
	unsigned number, kind, partition;

	for (unsigned n = 0; n <= i % 7; n++)
		seed += i * 2654435761u;
	kind = random_below(&seed, 8);
	number = topic(f, topic_names[random_below(&seed, 3)]);
	partition = random_below(&seed, 3);
	key[0] = (char)('0' + random_below(&seed, 10));
	snprintf(value, sizeof value, "v%u", i);
	if (kind < 4)
		entry_at(f, p, (const unsigned[]){INDEX_IDS, INDEX_CLAIMS, INDEX_DEAD, INDEX_PAYS}[kind], key, number, partition, i,
			(int64_t)i * 2 * BUS_CLOCK_MS);
	else if (kind == 4)
		position(f, p, key, i, random_below(&seed, 3) ? value : "");
	else if (kind == 5)
		OK(f->e, kafka_put_epoch(p, span_of(key), i, i * 10, span_of(value), &f->e));
	else if (kind == 6)
		act(f, p, key, i, "flow", random_below(&seed, 3) ? value : "");
	else
		OK(f->e, kafka_put_head(p, number, partition, i, random_below(&seed, 2) ? i * 10 : 0, &f->e));
}

static void put_all(struct fix *f, uint64_t order, uint64_t seed)
{
	unsigned list[2 * PUTS], n = 0;
	struct kafka_put *p = NULL;

	for (unsigned i = 0; i < PUTS; i++)
		list[n++] = i;
	for (unsigned i = 0; i < PUTS && order; i++)      /* the other side has some of them, too */
		if (random_below(&order, 2))
			list[n++] = i;
	for (unsigned i = n; order && i > 1; i--) {
		unsigned j = random_below(&order, i), kept = list[i - 1];

		list[i - 1] = list[j];
		list[j] = kept;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!p)
			p = begin(f);
		put_number(f, p, list[i], seed);
		if (!order || random_below(&order, 8) == 0) {
			commit(f, p);
			p = NULL;
		}
	}
	if (p)
		commit(f, p);
}

static void the_outcome_is_the_same_in_any_order(void **state)
{
	struct fix *f = *state;

	for (uint64_t seed = 1; seed <= 6; seed++) {
		char *want;

		OK(f->e, kafka_index_empty(f->x, &f->e));
		put_all(f, 0, seed);
		want = dump(f);
		assert_true(strlen(want) > 500);
		for (uint64_t order = 1; order <= 12; order++) {
			char *got;

			OK(f->e, kafka_index_empty(f->x, &f->e));
			put_all(f, seed * 1000 + order, seed);
			got = dump(f);
			if (strcmp(want, got) != 0)
				fail_msg("seed %llu, order %llu:\n%s\n\nand not\n%s", (unsigned long long)seed, (unsigned long long)order,
					got, want);
			free(got);
		}
		free(want);
	}
}

/* ---- processes ---- */

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

static int put_in_child(struct fix *f, unsigned n)
{
	bool anew;

	if (kafka_index_open(f->folder, CLUSTER, 256 * MIB, &f->x, &anew, &f->e))
		return 1;
	put_all(f, 77 + n, 3);
	kafka_index_close(f->x);
	return 0;
}

static void two_processes_that_put_at_once_end_in_the_same(void **state)
{
	struct fix *f = *state;
	char *want, *got;
	pid_t a, b;

	a = start(f, put_in_child, 1);
	b = start(f, put_in_child, 2);
	assert_int_equal(end_of(a), 0);
	assert_int_equal(end_of(b), 0);
	open_it(f, false);
	got = dump(f);
	OK(f->e, kafka_index_empty(f->x, &f->e));
	put_all(f, 0, 3);
	want = dump(f);
	assert_string_equal(got, want);
	free(got);
	free(want);
}

/* Each put has 300 ids and a head that counts them. */
static int put_for_ever(struct fix *f, unsigned n)
{
	char key[32];
	bool anew;

	if (kafka_index_open(f->folder, CLUSTER, 256 * MIB, &f->x, &anew, &f->e))
		return 1;
	for (unsigned turn = 1;; turn++) {
		struct kafka_put *p = begin(f);

		for (unsigned i = 0; i < 300; i++) {
			snprintf(key, sizeof key, "%u:%05u:%u", i % 10, turn * 300 - i, n);
			entry(f, p, INDEX_IDS, key, topic(f, "t"), n, turn);
		}
		OK(f->e, kafka_put_head(p, topic(f, "t"), n, turn, turn, &f->e));
		commit(f, p);
	}
}

static int count_of(void *arg, struct span key, const struct kafka_place *place, struct span extra)
{
	(void)key, (void)extra;
	((uint64_t *)arg)[place->partition]++;
	return 0;
}

static void a_kill_within_a_put_leaves_all_of_it_or_nothing(void **state)
{
	struct fix *f = *state;

	for (unsigned round = 0; round < 20; round++) {
		uint64_t counted[2] = {0, 0}, next;
		pid_t pids[2];
		int64_t ms;

		for (unsigned i = 0; i < 2; i++)
			pids[i] = start(f, put_for_ever, i);
		nanosleep(&(struct timespec){0, 20000000 + round * 3700000}, NULL);
		assert_int_equal(kill(pids[round % 2], SIGKILL), 0);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
		assert_int_equal(kill(pids[1 - round % 2], SIGKILL), 0);
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(end_of(pids[i]), -SIGKILL);
		f->e = ERR_INIT;
		OK(f->e, kafka_index_open(f->folder, CLUSTER, 256 * MIB, &f->x, &(bool){false}, &f->e));
		OK(f->e, kafka_index_entries(f->x, INDEX_IDS, SPAN_NONE, count_of, counted, &f->e));
		for (unsigned i = 0; i < 2; i++)
			assert_int_equal(kafka_index_head(f->x, topic(f, "t"), i, &next, &ms, &f->e) == 1 ? next * 300 : 0, counted[i]);
		OK(f->e, kafka_index_empty(f->x, &f->e));
		close_it(f);
	}
}

static void another_process_knows_a_topic_by_the_same_number(void **state)
{
	struct fix *f = *state;
	unsigned a = topic(f, "a"), b;
	struct kafka_index *other;
	bool anew;

	OK(f->e, kafka_index_open(f->folder, CLUSTER, 256 * MIB, &other, &anew, &f->e));
	b = topic(f, "b");
	assert_int_not_equal(a, b);
	assert_string_equal(kafka_index_name(other, b), "b");
	assert_string_equal(kafka_index_name(other, a), "a");
	assert_null(kafka_index_name(other, b + 1));
	assert_null(kafka_index_name(other, BUS_TOPICS_MAX));
	OK(f->e, kafka_index_topic(other, "c", &a, &f->e));
	assert_int_equal(topic(f, "c"), a);
	kafka_index_close(other);
	for (unsigned i = 3; i < BUS_TOPICS_MAX; i++) {
		char name[16];

		snprintf(name, sizeof name, "t%u", i);
		assert_int_equal(topic(f, name), i);
	}
	FAILS(f->e, "bus.topics", kafka_index_topic(f->x, "one.more", &a, &f->e));
}

/* ---- when it is begun anew ---- */

static void it_is_begun_anew_for_another_cluster_and_after_a_start_of_the_machine(void **state)
{
	struct fix *f = *state;
	char path[128];
	FILE *file;
	bool anew;

	for (unsigned i = 0; i < 3; i++) {
		struct kafka_put *p = begin(f);

		position(f, p, "f/a", 1, "v");
		commit(f, p);
		assert_string_equal(shown_positions(f, ""), " f/a v;");
		if (i == 0) {
			struct kafka_index *other;

			FAILS(f->e, "store.version", kafka_index_open(f->folder, "c2", 0, &other, &anew, &f->e));
			assert_string_equal(shown_positions(f, ""), " f/a v;");
		}
		close_it(f);
		if (i == 1) {
			snprintf(path, sizeof path, "%s/origin", f->folder);
			file = fopen(path, "r+");
			assert_non_null(file);
			assert_true(fputs("0000", file) >= 0);
			assert_int_equal(fclose(file), 0);
			open_it(f, true);
		} else if (i == 0) {
			OK(f->e, kafka_index_open(f->folder, "c2", 256 * MIB, &f->x, &anew, &f->e));
			assert_true(anew);
			close_it(f);
			open_it(f, true);
		} else {
			open_it(f, false);
			assert_string_equal(shown_positions(f, ""), " f/a v;");
			return;
		}
		assert_string_equal(shown_positions(f, ""), "");
	}
}

/* Flips a byte of what stands under a key, in every place of the file where its bytes are. */
static void damage(struct fix *f, const char *value)
{
	char path[128];
	struct buf all = BUF_INIT;
	FILE *file;
	int ch;

	snprintf(path, sizeof path, "%s/data.mdb", f->folder);
	file = fopen(path, "r+");
	assert_non_null(file);
	while ((ch = fgetc(file)) != EOF)
		buf_c(&all, (char)ch);
	for (size_t i = 0; i + strlen(value) <= all.n; i++)
		if (memcmp(all.p + i, value, strlen(value)) == 0) {
			assert_int_equal(fseek(file, (long)i, SEEK_SET), 0);
			assert_int_equal(fputc('#', file), '#');
		}
	assert_int_equal(fclose(file), 0);
	buf_done(&all);
}

static void after_damage_nobody_who_had_it_open_looks_anything_up(void **state)
{
	struct fix *f = *state;
	struct buf value = BUF_INIT;
	struct kafka_index *other;
	struct kafka_put *p;
	uint64_t next;
	int64_t ms;
	bool anew;

	OK(f->e, kafka_index_open(f->folder, CLUSTER, 256 * MIB, &other, &anew, &f->e));
	p = begin(f);
	position(f, p, "f/a", 1, "easily-found-value");
	position(f, p, "f/b", 1, "good");
	commit(f, p);
	damage(f, "easily-found-value");
	assert_int_equal(kafka_index_position(f->x, SPAN("f/b"), &value, &f->e), 1);
	FAILS(f->e, "store.emptied", kafka_index_position(f->x, SPAN("f/a"), &value, &f->e));
	assert_int_equal(err_kind(&f->e), ERR_HALT);
	FAILS(f->e, "store.emptied", kafka_index_position(f->x, SPAN("f/b"), &value, &f->e));
	FAILS(f->e, "store.emptied", kafka_index_position(other, SPAN("f/b"), &value, &f->e));
	FAILS(f->e, "store.emptied", kafka_index_head(other, 0, 0, &next, &ms, &f->e));
	FAILS(f->e, "store.emptied", kafka_index_positions(other, SPAN(""), show_position, f, &f->e));
	OK(f->e, kafka_put_begin(other, &p, &f->e));
	OK(f->e, kafka_put_head(p, 0, 0, 9, 9, &f->e));
	FAILS(f->e, "store.emptied", kafka_put_commit(p, &f->e));
	assert_false(kafka_index_no_acts(other));
	/* Who opens it now, beside them, folds it again. */
	kafka_index_close(other);
	OK(f->e, kafka_index_open(f->folder, CLUSTER, 256 * MIB, &other, &anew, &f->e));
	assert_false(anew);
	assert_int_equal(kafka_index_position(other, SPAN("f/b"), &value, &f->e), 0);
	OK(f->e, kafka_put_begin(other, &p, &f->e));
	position(f, p, "f/b", 1, "good");
	OK(f->e, kafka_put_commit(p, &f->e));
	FAILS(f->e, "store.emptied", kafka_index_position(f->x, SPAN("f/b"), &value, &f->e));
	/* So does who has said that it goes on. */
	OK(f->e, kafka_index_empty(f->x, &f->e));
	assert_int_equal(kafka_index_position(f->x, SPAN("f/b"), &value, &f->e), 0);
	FAILS(f->e, "store.emptied", kafka_index_position(other, SPAN("f/b"), &value, &f->e));
	kafka_index_close(other);
	close_it(f);
	open_it(f, true);
	buf_done(&value);
}

/* ---- space ---- */

static int put_much(struct fix *f, unsigned first, unsigned n)
{
	struct kafka_put *p = begin(f);
	static char value[4000];
	char key[32];

	memset(value, 'v', sizeof value);
	for (unsigned i = first; i < first + n; i++) {
		snprintf(key, sizeof key, "much/%06u", i);
		OK(f->e, kafka_put_position(p, span_of(key), 1, (struct span){value, sizeof value}, &f->e));
	}
	OK(f->e, kafka_put_head(p, 0, 0, first + n, 1, &f->e));
	return kafka_put_commit(p, &f->e);
}

/* More than one transaction of them. */
static int put_entries(struct fix *f, unsigned n)
{
	struct kafka_put *p = begin(f);
	char key[32];

	for (unsigned i = 0; i < n; i++) {
		snprintf(key, sizeof key, "%08x", i * 2654435761u);
		entry(f, p, INDEX_IDS, key, topic(f, "t"), 0, i);
	}
	OK(f->e, kafka_put_head(p, 0, 0, n, 1, &f->e));
	return kafka_put_commit(p, &f->e);
}

static void on_a_full_disk_a_put_has_not_happened_and_with_room_it_does(void **state)
{
	struct fix *f = *state;
	uint64_t next, counted[2] = {0, 0};
	struct rlimit old, low;
	int64_t ms;

	OK(f->e, put_much(f, 0, 10));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low = old;
	low.rlim_cur = 9 * MIB / 2;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	FAILS(f->e, "disk.full", put_much(f, 10, 10000));
	FAILS(f->e, "disk.full", put_entries(f, 60000));
	f->e = ERR_INIT;
	assert_int_equal(kafka_index_head(f->x, 0, 0, &next, &ms, &f->e), 1);
	assert_int_equal(next, 10);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	OK(f->e, put_much(f, 10, 10000));
	assert_int_equal(kafka_index_head(f->x, 0, 0, &next, &ms, &f->e), 1);
	assert_int_equal(next, 10010);
	OK(f->e, put_entries(f, 60000));
	assert_int_equal(kafka_index_head(f->x, 0, 0, &next, &ms, &f->e), 1);
	assert_int_equal(next, 60000);
	OK(f->e, kafka_index_entries(f->x, INDEX_IDS, SPAN_NONE, count_of, counted, &f->e));
	assert_int_equal(counted[0], 60000);
}

static void a_full_index_takes_nothing_more_and_can_be_emptied(void **state)
{
	struct fix *f = *state;
	uint64_t used, max;
	bool anew;
	unsigned n = 0;

	OK(f->e, kafka_index_open(f->folder, CLUSTER, 8 * MIB, &f->x, &anew, &f->e));
	while (put_much(f, n, 50) == 0)
		n += 50;
	assert_string_equal(err_code(f->e.id)->name, "store.full");
	f->e = ERR_INIT;
	kafka_index_room(f->x, &used, &max);
	assert_true(max < 8 * MIB && used + 2 * MIB > max && used < 8 * MIB);
	OK(f->e, kafka_index_empty(f->x, &f->e));
	OK(f->e, put_much(f, 0, 50));
	kafka_index_room(f->x, &used, &max);
	assert_true(used < 2 * MIB);
}

int main(void)
{
#define CASE(name) {#name, name, setup, teardown, NULL}
#define CASE_CLOSED(name) {#name, name, setup_closed, teardown, NULL}
	const struct CMUnitTest tests[] = {
		CASE(at_one_time_what_is_there_is_the_first_and_the_highest_place_the_last),
		CASE(who_came_first_and_who_last_is_not_a_matter_of_the_partition),
		CASE(a_position_that_was_taken_away_is_not_brought_back_by_an_older_one),
		CASE(a_key_that_no_record_of_ours_has_adds_nothing),
		CASE(heads_and_their_times_never_go_back),
		CASE(the_newest_generation_record_counts),
		CASE(acts_come_in_the_order_in_which_they_were_handed_in_until_they_are_done),
		CASE(entries_of_a_prefix_come_in_order_of_their_keys),
		CASE(what_was_not_committed_is_not_there),
		CASE(the_outcome_is_the_same_in_any_order),
		CASE_CLOSED(two_processes_that_put_at_once_end_in_the_same),
		CASE_CLOSED(a_kill_within_a_put_leaves_all_of_it_or_nothing),
		CASE(another_process_knows_a_topic_by_the_same_number),
		CASE(it_is_begun_anew_for_another_cluster_and_after_a_start_of_the_machine),
		CASE(after_damage_nobody_who_had_it_open_looks_anything_up),
		CASE(on_a_full_disk_a_put_has_not_happened_and_with_room_it_does),
		CASE_CLOSED(a_full_index_takes_nothing_more_and_can_be_emptied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
