/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <sys/stat.h>

#include "adapters_help.h"
#include "claim.h"
#include "connectors/drop.h"
#include "connectors/outbox.h"

/* Both ends of the file connector on real folders. */
struct fix {
	struct help h;
	struct form *form;
	struct drop *d;
	char in[512], spool[512], out[512];
	struct buf refused;          /* codes, one a line */
	struct err e;
};

static void begin(struct fix *x, const char *const (*edits)[2])
{
	*x = (struct fix){0};
	help_begin(&x->h);
	x->form = help_good(&x->h, "payroll/pipe/batch", edits);
	assert_int_equal(mkdir(help_path(&x->h, "in", x->in), 0700), 0);
	assert_int_equal(mkdir(help_path(&x->h, "out", x->out), 0700), 0);
	help_path(&x->h, "spool", x->spool);
	OK(x->e, drop_open(x->in, x->spool, x->form, &x->d, &x->e));
}

static void end(struct fix *x)
{
	drop_close(x->d);
	form_free(x->form);
	buf_done(&x->refused);
	help_end(&x->h);
}

static void note(void *arg, const struct err *why)
{
	struct fix *x = arg;

	buf_printf(&x->refused, "%s\n", err_code(why->id)->name);
}

static const char *find(struct fix *x)
{
	const char *name = NULL;
	int got = drop_find(x->d, &name, note, x, &x->e);

	assert_true(got >= 0);
	return got ? name : NULL;
}

static unsigned count(const struct fix *x, const char *below)
{
	char path[512], **names;
	unsigned n = 0;
	struct err e;

	OK(e, fsys_list(AT_FDCWD, help_path(&x->h, below, path), &names, &e));
	while (names[n])
		n++;
	fsys_list_free(names);
	return n;
}

static void a_file_is_complete_with_its_marker_and_taken_with_it(void **state)
{
	char taken[256], **names;
	struct fix x;

	(void)state;
	begin(&x, NULL);
	help_write(&x.h, "in/gz_202612_001.txt", SPAN("abc"));
	assert_null(find(&x));
	help_write(&x.h, "in/gz_202612_001.txt.ok", SPAN(""));
	assert_string_equal(find(&x), "gz_202612_001.txt");
	OK(x.e, drop_take(x.d, "gz_202612_001.txt", 3, 7, taken, &x.e));
	assert_string_equal(taken, "3-7-gz_202612_001.txt");
	assert_string_equal(drop_name(taken), "gz_202612_001.txt");
	assert_string_equal(drop_name("plain.txt"), "plain.txt");
	assert_int_equal(count(&x, "in/.taken"), 2);
	assert_int_equal(count(&x, "in"), 1);
	/* What was taken without its marker: an earlier life died between both. It goes along, and hides no new file. */
	assert_int_equal(drop_take(x.d, "gz_202612_001.txt", 3, 8, taken, &x.e), 1);
	help_write(&x.h, "in/.taken/2-0-gz_202612_002.txt", SPAN("x"));
	help_write(&x.h, "in/gz_202612_002.txt.ok", SPAN(""));
	OK(x.e, drop_taken(x.d, &names, &x.e));
	assert_string_equal(names[0], "2-0-gz_202612_002.txt");
	assert_string_equal(names[1], "3-7-gz_202612_001.txt");
	assert_null(names[2]);
	fsys_list_free(names);
	assert_int_equal(count(&x, "in"), 1);
	end(&x);
}

static void what_cannot_be_claimed_stays_and_is_said_once(void **state)
{
	static const char *const edits[][2] = {{"gz_{month:yyyyMM}_{batch:3}.txt\", complete: marker, marker: \"{name}.ok\"",
		"{batch}.txt\", complete: rename"}, {"identity: {document: [site.division, head.unit, file.month, ",
		"identity: {document: [site.division, head.unit, "}, {"month: file.month", "month: {value: \"2026-12\"}"},
		{"fiscal_year: file.month", "fiscal_year: file.batch"}, {NULL, NULL}};
	char path[512], name[240];
	struct fix x;

	(void)state;
	begin(&x, edits);
	help_write(&x.h, "in/\xb9\xa4\xd7\xca.txt", SPAN("GBK"));
	help_write(&x.h, "in/a\"b.txt", SPAN("quote"));
	memset(name, 'n', sizeof name);
	memcpy(name, "in/", 3);
	strcpy(name + 220, ".txt");
	help_write(&x.h, name, SPAN("long"));
	assert_int_equal(mkdir(help_path(&x.h, "in/folder.txt", path), 0700), 0);
	assert_int_equal(mkfifo(help_path(&x.h, "in/pipe.txt", path), 0600), 0);
	assert_null(find(&x));
	assert_null(find(&x));
	assert_string_equal(buf_text(&x.refused), "drop.name\ndrop.not_regular\ndrop.long_name\ndrop.not_regular\ndrop.name\n");
	help_write(&x.h, "in/good.txt", SPAN("x"));
	assert_string_equal(find(&x), "good.txt");
	/* And in .taken, where somebody may put anything. */
	assert_int_equal(mkdir(help_path(&x.h, "in/.taken/1-0-f.txt", path), 0700), 0);
	help_write(&x.h, "in/.taken/1-1-\xb9.txt", SPAN("GBK"));
	help_write(&x.h, "in/.taken/plain.txt", SPAN("by hand"));
	{
		char **names;

		OK(x.e, drop_taken(x.d, &names, &x.e));
		assert_string_equal(names[0], "plain.txt");
		assert_null(names[1]);
		fsys_list_free(names);
	}
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = 0;
	FAILS(x.e, "drop.long_name", drop_take(x.d, name, 1, 2, (char[256]){0}, &x.e));
	end(&x);
}

/* Copies all of a taken file; the code of what stopped it, or "". */
static const char *copy(struct fix *x, const char *taken, struct drop_copy **ret)
{
	int more = drop_copy_open(x->d, taken, ret, &x->e);

	if (more != 0)
		return err_code(x->e.id)->name;
	while ((more = drop_copy_rest(*ret, 1u << 20, &x->e)) == 1)
		;
	if (more < 0 || drop_copy_finish(*ret, &x->e) != 0)
		return err_code(x->e.id)->name;
	return "";
}

static void fill_big(struct fix *x, const char *below, size_t n)
{
	char *bytes = mem_new(n);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + i / 1021);
	help_write(&x->h, below, (struct span){bytes, n});
	free(bytes);
}

static void the_spool_gives_back_what_was_copied_or_says_what_is_wrong(void **state)
{
	const size_t size = (2u << 20) + 12345;
	static const uint64_t offsets[] = {0, 1, (1u << 20) - 1, 1u << 20, (2u << 20) + 12344, (2u << 20) + 12345};
	struct drop_copy *c = NULL;
	struct drop_spool *s = NULL;
	struct fix x;
	char path[512];
	FILE *f;

	(void)state;
	begin(&x, NULL);
	fill_big(&x, "in/.taken/1-0-big.txt", size);
	help_write(&x.h, "spool/1-0-big.txt", SPAN("what an earlier life left"));
	assert_string_equal(copy(&x, "1-0-big.txt", &c), "");
	assert_int_equal(drop_copy_size(c), size);
	for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
		uint64_t at = offsets[i];
		char piece[5000];
		size_t n;

		OK(x.e, drop_spool_open(x.d, "1-0-big.txt", buf_as_span(drop_copy_digests(c)), size, at, &s, &x.e));
		for (;;) {
			OK(x.e, drop_spool_input(s)->fill(drop_spool_input(s), piece, sizeof piece, &n, &x.e));
			if (!n)
				break;
			for (size_t k = 0; k < n; k++, at++)
				assert_int_equal(piece[k], (char)(at * 7 + at / 1021));
		}
		assert_int_equal(at, size);
		drop_spool_close(s);
	}
	assert_int_equal(drop_copy_digests(c)->n, 3 * 2 * CLAIM_DIGEST);
	f = fopen(help_path(&x.h, "spool/1-0-big.txt", path), "r+");
	fseek(f, (1 << 20) + 77, SEEK_SET);
	fputc('?', f);
	fclose(f);
	OK(x.e, drop_spool_open(x.d, "1-0-big.txt", buf_as_span(drop_copy_digests(c)), size, 1u << 20, &s, &x.e));
	FAILS(x.e, "drop.spool_damaged", drop_spool_input(s)->fill(drop_spool_input(s), path, 10, &(size_t){0}, &x.e));
	assert_string_equal(err_arg(&x.e, "block"), "1");
	drop_spool_close(s);
	assert_int_equal(truncate(help_path(&x.h, "spool/1-0-big.txt", path), 100), 0);
	OK(x.e, drop_spool_open(x.d, "1-0-big.txt", buf_as_span(drop_copy_digests(c)), size, 0, &s, &x.e));
	FAILS(x.e, "drop.spool_damaged", drop_spool_input(s)->fill(drop_spool_input(s), path, 10, &(size_t){0}, &x.e));
	drop_spool_close(s);
	OK(x.e, drop_spool_delete(x.d, "1-0-big.txt", &x.e));
	OK(x.e, drop_spool_delete(x.d, "1-0-big.txt", &x.e));
	FAILS(x.e, "drop.spool_missing", drop_spool_open(x.d, "1-0-big.txt", SPAN(""), 1, 0, &s, &x.e));
	drop_copy_close(c);
	end(&x);
}

static void the_digests_of_the_largest_file_fit_a_claim(void **state)
{
	static const struct {
		uint64_t size, block;
	} table[] = {{0, 1u << 20}, {1, 1u << 20}, {10000000000, 1u << 20}, {1ull << 34, 1u << 20}, {(1ull << 34) + 1, 2u << 20},
		{1ull << 35, 2u << 20}, {(1ull << 35) + 1, 4u << 20}, {1ull << 40, 64u << 20}, {INT64_MAX, 1ull << 49}};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const uint64_t block = claim_block(table[i].size), blocks = table[i].size / block + (table[i].size % block != 0);

		assert_int_equal(block, table[i].block);
		assert_true(blocks * 2 * CLAIM_DIGEST <= BUS_VALUE_MAX - 300000);
	}
}

static void a_file_that_changes_while_it_is_copied_is_growing(void **state)
{
	struct drop_copy *c = NULL;
	struct fix x;
	char path[512];
	FILE *f;

	(void)state;
	begin(&x, NULL);
	fill_big(&x, "in/.taken/1-0-big.txt", 300000);
	OK(x.e, drop_copy_open(x.d, "1-0-big.txt", &c, &x.e));
	assert_int_equal(drop_copy_rest(c, 1000, &x.e), 1);
	f = fopen(help_path(&x.h, "in/.taken/1-0-big.txt", path), "a");
	fputc('!', f);
	fclose(f);
	while (drop_copy_rest(c, 1u << 20, &x.e) == 1)
		;
	FAILS(x.e, "drop.growing", drop_copy_finish(c, &x.e));
	drop_copy_close(c);
	end(&x);
}

/* ---- outward ---- */

static void stage(struct fix *x, struct outbox *o, const char *staged, const char *bytes)
{
	OK(x->e, outbox_stage(o, staged, &x->e));
	OK(x->e, outbox_append(o, staged, span_of(bytes), &x->e));
	OK(x->e, outbox_sync(o, staged, &x->e));
	OK(x->e, outbox_sync_staging(o, &x->e));
}

static void a_staged_file_that_is_gone_is_written_anew_by_who_opens_again(void **state)
{
	struct outbox *o = NULL;
	struct fix x;

	(void)state;
	begin(&x, NULL);
	OK(x.e, outbox_open(x.out, x.out, false, &o, &x.e));
	stage(&x, o, "1-1.body", "abc");
	OK(x.e, outbox_discard(o, NULL, 0, 2, &x.e));           /* by who owns it by now */
	FAILS(x.e, "outbox.staged", outbox_append(o, "1-1.body", SPAN("d"), &x.e));
	FAILS(x.e, "outbox.staged", outbox_sync(o, "1-1.body", &x.e));
	stage(&x, o, "1-1.body", "abc");
	outbox_close(o);
	end(&x);
}

static void a_staged_file_is_renamed_once(void **state)
{
	struct outbox *o = NULL;
	struct buf b = BUF_INIT;
	struct fix x;
	char path[512];

	(void)state;
	begin(&x, NULL);
	OK(x.e, outbox_open(x.out, x.out, false, &o, &x.e));
	stage(&x, o, "1-1.body", "what an earlier try wrote");
	stage(&x, o, "1-1.body", "abc");
	for (unsigned i = 0; i < 2; i++) {
		OK(x.e, outbox_hand(o, "1-1.body", "602001/x.csv", &x.e));
		OK(x.e, outbox_settle(o, &x.e));
	}
	assert_true(fsys_exists(AT_FDCWD, help_path(&x.h, "out/602001/x.csv", path)));
	OK(x.e, fsys_get(AT_FDCWD, help_path(&x.h, "out/602001/x.csv", path), 100, &b, &x.e));
	assert_string_equal(buf_text(&b), "abc");
	/* The receiver took file and folder: done is done. */
	assert_int_equal(remove(path), 0);
	assert_int_equal(rmdir(help_path(&x.h, "out/602001", path)), 0);
	OK(x.e, outbox_hand(o, "1-1.body", "602001/x.csv", &x.e));
	OK(x.e, outbox_settle(o, &x.e));
	assert_false(fsys_exists(AT_FDCWD, help_path(&x.h, "out/602001/x.csv", path)));
	/* A name that is taken is never replaced. */
	help_write(&x.h, "out/y.txt", SPAN("somebody's"));
	stage(&x, o, "1-2.body", "ours");
	FAILS(x.e, "file.exists", outbox_hand(o, "1-2.body", "y.txt", &x.e));
	outbox_close(o);
	buf_done(&b);
	end(&x);
}

static void only_what_older_lives_staged_and_no_plan_names_is_discarded(void **state)
{
	static const char *const keep[] = {"1-1.body", "2-9.marker"};
	struct outbox *o = NULL;
	struct fix x;

	(void)state;
	begin(&x, NULL);
	OK(x.e, outbox_open(x.out, x.out, false, &o, &x.e));
	for (const char *const *p = (const char *const[]){"1-1.body", "1-2.body", "2-9.marker", "3-1.body", "4-1.body", "odd", NULL}; *p;
		p++)
		stage(&x, o, *p, "x");
	OK(x.e, outbox_discard(o, keep, 2, 3, &x.e));
	assert_int_equal(count(&x, "out/.staging"), 4);
	OK(x.e, outbox_unstage(o, "3-1.body", &x.e));
	OK(x.e, outbox_unstage(o, "3-1.body", &x.e));
	OK(x.e, outbox_discard(o, NULL, 0, 5, &x.e));
	assert_int_equal(count(&x, "out/.staging"), 0);
	outbox_close(o);
	end(&x);
}

static void folders_that_are_none_are_refused(void **state)
{
	struct outbox *o = NULL;
	struct drop *d = NULL;
	struct fix x;
	char path[512];

	(void)state;
	begin(&x, NULL);
	help_path(&x.h, "nowhere", path);
	FAILS(x.e, "file.missing", outbox_open(path, path, false, &o, &x.e));
	FAILS(x.e, "file.missing", drop_open(path, x.spool, x.form, &d, &x.e));
	assert_int_equal(symlink(x.in, path), 0);
	FAILS(x.e, "file.link", outbox_open(path, path, false, &o, &x.e));
	FAILS(x.e, "file.link", drop_open(path, x.spool, x.form, &d, &x.e));
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_complete_with_its_marker_and_taken_with_it),
		cmocka_unit_test(what_cannot_be_claimed_stays_and_is_said_once),
		cmocka_unit_test(the_spool_gives_back_what_was_copied_or_says_what_is_wrong),
		cmocka_unit_test(the_digests_of_the_largest_file_fit_a_claim),
		cmocka_unit_test(a_file_that_changes_while_it_is_copied_is_growing),
		cmocka_unit_test(a_staged_file_that_is_gone_is_written_anew_by_who_opens_again),
		cmocka_unit_test(a_staged_file_is_renamed_once),
		cmocka_unit_test(only_what_older_lives_staged_and_no_plan_names_is_discarded),
		cmocka_unit_test(folders_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
