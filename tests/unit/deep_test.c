/* SPDX-License-Identifier: Apache-2.0 */
/* The reports of several hosts, as they write them, added up. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "deep.h"

#define CLUSTER "x5bzkDKLR"

/* A host that has the files of payroll-a, or of lambeth and of bank-abc; both have read 3 and 2 records and handed over 5. */
struct report {
	const char *site, *cluster, *host, *folder, *boot, *moment;
	bool payroll, lambeth, bank;
	const char *more;            /* records of lambeth that were counted more on the topics, or "" */
};

static const struct report usual[2] = {
	{"yakeshi", CLUSTER, "h1", "/srv/bus", "b1", "2026-12-01T08:00:00.000Z", true, false, false, "2"},
	{"yakeshi", CLUSTER, "h2", "/srv/bus", "b2", "2026-12-01T08:05:00.000Z", false, true, true, "2"},
};

static void flow(struct buf *b, const char *name, const char *kind, bool here, const struct report *r, const char *rows)
{
	buf_printf(b, "%s{\"flow\":\"%s\",\"kind\":\"%s\",\"hosts\":%d,\"by\":\"%s%s%s\",%s}", b->p[b->n - 1] == '[' ? "" : ",", name, kind, here,
		here ? r->host : "", here ? ":" : "", here ? r->folder : "", rows);
}

static void adapter(struct buf *b, const char *name, const char *n, const char *topics, bool here, const struct report *r)
{
	struct buf rows = BUF_INIT;

	buf_printf(&rows, "\"kept\":[[\"read\",\"\",\"CNY\",%s,\"%s.00\",\"0.00\",0],[\"published\",\"\",\"CNY\",%s,\"%s.00\",\"0.00\",0]],\"files\":[", n,
		n, n, n);
	if (here)
		buf_printf(&rows, "[\"read\",\"\",\"CNY\",%s,\"%s.00\",\"0.00\",0]", n, n);
	buf_printf(&rows, "],\"topics\":[[\"published\",\"\",\"CNY\",%s,\"%s.00\",\"0.00\",0]]", topics, topics);
	flow(b, name, "adapter", here, r, buf_text(&rows));
	buf_done(&rows);
}

static struct deep read_one(const struct report *r)
{
	struct buf b = BUF_INIT;
	struct deep d;
	struct err e;
	json_t *o;

	buf_printf(&b, "{\"site\":\"%s\",\"cluster\":\"%s\",\"merged\":false,\"hosts\":[{\"host\":\"%s\",\"folder\":\"%s\",\"boot\":\"%s\",\"moment\":\"%s\"}],"
		"\"rows\":5,\"flows\":[", r->site, r->cluster, r->host, r->folder, r->boot, r->moment);
	adapter(&b, "payroll-a", "3", "3", r->payroll, r);
	adapter(&b, "lambeth", "2", r->more, r->lambeth, r);
	flow(&b, "bank-abc", "destination", r->bank, r,
		"\"kept\":[[\"handed_over\",\"bank-abc\",\"CNY\",5,\"5.00\",\"0.00\",0]],\"files\":[],"
		"\"topics\":[[\"handed_over\",\"bank-abc\",\"CNY\",5,\"5.00\",\"0.00\",0]]");
	buf_str(&b, "],\"findings\":[]}");
	o = json_loadb(b.p, b.n, 0, NULL);
	assert_non_null(o);
	assert_int_equal(deep_read(o, "r.json", &d, &e), 0);
	json_decref(o);
	buf_done(&b);
	return d;
}

/* What is said about the two. NULL: they are not added up, *code says why. */
static char *said(const struct report *one, const struct report *two, unsigned *ret_wrong, const char **ret_code)
{
	struct deep all[2] = {read_one(one), read_one(two)}, d;
	char *text = NULL;
	size_t n;
	struct err e = ERR_INIT;

	*ret_code = "";
	if (deep_merge(all, 2, &d, &e) == 0) {
		FILE *to = open_memstream(&text, &n);

		*ret_wrong = deep_print(&d, to);
		fclose(to);
		deep_done(&d);
	} else {
		*ret_code = err_code(e.id)->name;
	}
	deep_done(&all[0]);
	deep_done(&all[1]);
	return text;
}

static void refused(const struct report *two, const char *want)
{
	const char *code;
	unsigned wrong;
	char *text = said(&usual[0], two, &wrong, &code);

	assert_null(text);
	assert_string_equal(code, want);
}

static void says(const struct report *one, const struct report *two, unsigned want, const char *words)
{
	const char *code;
	unsigned wrong;
	char *text = said(one, two, &wrong, &code);

	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("not said: %s in: %s", words, text);
	assert_int_equal(wrong, want);
	free(text);
}

static void test_two_hosts_that_have_counted_all_between_them_add_up(void **state)
{
	(void)state;
	says(&usual[0], &usual[1], 0, "counted 10 rows again, 0 terms differ");
}

static void test_what_only_others_can_count_is_a_note_until_it_is_added_up(void **state)
{
	struct deep d = read_one(&usual[0]);
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);

	(void)state;
	assert_int_equal(deep_print(&d, to), 0);
	fclose(to);
	assert_non_null(strstr(text, "lambeth: its files are not on this host"));
	assert_non_null(strstr(text, "bank-abc: its files are not on this host"));
	assert_null(strstr(text, "payroll-a"));
	free(text);
	deep_done(&d);
}

static void test_a_flow_that_nobody_counted_is_named(void **state)
{
	struct report two = usual[1];

	(void)state;
	two.lambeth = false;
	says(&usual[0], &two, 1, "lambeth was counted by nobody");
	two.bank = false;
	says(&usual[0], &two, 2, "bank-abc was counted by nobody");
}

static void test_originals_that_lie_on_two_hosts_are_not_added_up_and_both_are_named(void **state)
{
	struct report two = usual[1];

	(void)state;
	two.payroll = true;
	says(&usual[0], &two, 1, "payroll-a was counted 2 times: h1:/srv/bus, h2:/srv/bus");
}

static void test_a_folder_of_a_destination_that_two_hosts_see_is_no_fault(void **state)
{
	struct report one = usual[0];

	(void)state;
	one.bank = true;
	says(&one, &usual[1], 0, "0 terms differ");
}

static void test_what_lies_on_topics_and_was_not_kept_differs(void **state)
{
	struct report one = usual[0], two = usual[1];

	(void)state;
	one.more = two.more = "7";
	says(&one, &two, 1, "lambeth published CNY: kept 2 records 2.00, counted 7 records 7.00");
}

static void test_reports_that_do_not_belong_together_are_refused(void **state)
{
	static const struct {
		struct report two;
		const char *code;
	} rows[] = {
		{{"other", CLUSTER, "h2", "/srv/bus", "b2", "2026-12-01T08:05:00.000Z", false, true, true, "2"}, "balance.other_site"},
		{{"yakeshi", "another", "h2", "/srv/bus", "b2", "2026-12-01T08:05:00.000Z", false, true, true, "2"}, "balance.other_cluster"},
		{{"yakeshi", "", "h2", "/srv/bus", "b2", "2026-12-01T08:05:00.000Z", false, true, true, "2"}, "balance.alone"},
		{{"yakeshi", CLUSTER, "h1", "/srv/bus", "b9", "2026-12-01T08:05:00.000Z", false, true, true, "2"}, "balance.same_host"},
		{{"yakeshi", CLUSTER, "renamed", "/srv/bus", "b1", "2026-12-01T08:05:00.000Z", false, true, true, "2"}, "balance.same_host"},
		{{"yakeshi", CLUSTER, "h2", "/srv/bus", "b2", "2026-12-01T09:00:00.001Z", false, true, true, "2"}, "balance.apart"},
		{{"yakeshi", CLUSTER, "h2", "/srv/bus", "b2", "2026-12-01T06:59:59.000Z", false, true, true, "2"}, "balance.apart"},
		{{"yakeshi", CLUSTER, "h2", "/srv/bus", "b2", "2026-12-01T08:05:00.000Z", false, true, true, "3"}, "balance.moved"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		refused(&rows[i].two, rows[i].code);
}

static void test_what_is_merged_is_a_report_that_can_be_merged_with_more(void **state)
{
	struct report three = usual[1], two = usual[1];
	struct deep all[2], last[2], again;
	struct buf b = BUF_INIT;
	struct err e;
	json_t *o;

	(void)state;
	two.bank = false;
	three.host = "h3";
	three.boot = "b3";
	three.lambeth = false;
	all[0] = read_one(&usual[0]);
	all[1] = read_one(&two);
	assert_int_equal(deep_merge(all, 2, &last[0], &e), 0);
	deep_write(&last[0], &b);
	o = json_loadb(b.p, b.n, 0, NULL);
	assert_int_equal(deep_read(o, "m.json", &again, &e), 0);
	json_decref(o);
	deep_done(&last[0]);
	last[0] = again;
	assert_int_equal(deep_print(&last[0], NULL), 1);
	last[1] = read_one(&three);
	assert_int_equal(deep_merge(last, 2, &again, &e), 0);
	assert_int_equal(again.nhosts, 3);
	assert_int_equal(deep_print(&again, NULL), 0);
	deep_done(&again);
	for (unsigned i = 0; i < 2; i++) {
		deep_done(&all[i]);
		deep_done(&last[i]);
	}
	buf_done(&b);
}

static void test_what_is_no_report_is_refused(void **state)
{
	static const char *const texts[] = {"{}", "[]", "{\"site\":\"s\",\"hosts\":[]}", "{\"site\":\"s\",\"hosts\":[{\"host\":\"h\"}],\"flows\":[]}",
		"{\"site\":\"s\",\"hosts\":[{\"host\":\"h\",\"folder\":\"f\",\"moment\":\"2026-12-01T08:00:00Z\"}],\"flows\":[{\"flow\":\"a\",\"kind\":\"x\"}],\"findings\":[]}"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *o = json_loads(texts[i], 0, NULL);
		struct deep d;
		struct err e;

		assert_int_equal(deep_read(o, "r.json", &d, &e), -1);
		assert_string_equal(err_code(e.id)->name, "balance.report");
		json_decref(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_hosts_that_have_counted_all_between_them_add_up),
		cmocka_unit_test(test_what_only_others_can_count_is_a_note_until_it_is_added_up),
		cmocka_unit_test(test_a_flow_that_nobody_counted_is_named),
		cmocka_unit_test(test_originals_that_lie_on_two_hosts_are_not_added_up_and_both_are_named),
		cmocka_unit_test(test_a_folder_of_a_destination_that_two_hosts_see_is_no_fault),
		cmocka_unit_test(test_what_lies_on_topics_and_was_not_kept_differs),
		cmocka_unit_test(test_reports_that_do_not_belong_together_are_refused),
		cmocka_unit_test(test_what_is_merged_is_a_report_that_can_be_merged_with_more),
		cmocka_unit_test(test_what_is_no_report_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
