/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"


#include "event.h"
#include "hash.h"
#include "clock.h"
#include "index.h"

/* Shows what a fold put, a line an entry: "index key = extra", with NUL shown as | */
struct shown {
	struct index_sink sink;
	struct buf text;
	bool full;
};

static void show(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_c(b, s.p[i] ? s.p[i] : '|');
}

static int put(struct index_sink *s, unsigned index, struct span key, struct span extra, struct err *e)
{
	struct shown *w = (struct shown *)(void *)s;

	if (w->full)
		return err_set(e, E_DISK_FULL, "file=%s", "store");
	assert_true(key.n <= INDEX_KEY_MAX);
	buf_printf(&w->text, "%s ", index_table[index].name);
	show(&w->text, key);
	buf_str(&w->text, " = ");
	if (index == INDEX_IDS || (index == INDEX_AGAIN && key.p[0] == INDEX_ID))
		hash_hex(&w->text, (const uint8_t *)extra.p, extra.n);
	else
		show(&w->text, extra);
	buf_c(&w->text, '\n');
	return 0;
}

static void make(struct buf *b, const char *type, const char *id, const char *batchid, const char *fingerprint,
	const char *data)
{
	struct event a = {.id = span_of(id), .source = SPAN("s"), .type = span_of(type), .batchid = span_of(batchid),
		.fingerprint = span_of(fingerprint)};

	buf_clear(b);
	event_begin(b, &a);
	buf_str(b, data);
	event_stamp(b, SPAN("f.1"), 1);
}

#define PRINT "00112233445566778899aabbccddeeff"
#define CLAIM(state)                                                                                                   \
	"{\"adapter\":\"pay\",\"taken\":\"a.1\",\"keys\":\"k\\\"1\",\"digest\":\"d\",\"n\":[1],\"state\":\"" state "\"}"

static void a_record_adds_what_its_row_says_and_nothing_else(void **state)
{
	static const struct {
		const char *why, *topic, *type, *batchid, *fingerprint, *data, *want;
	} cases[] = {
		{"an event", "jincai.payroll", "payroll.line.v1", "b1", PRINT, "{}", "ids i = " PRINT "\n"},
		{"an event without a fingerprint", "jincai.payroll", "payroll.line.v1", "b1", NULL, "{}", "find ii = \n"},
		{"a lane opened among events", "jincai.payroll", EVENT_LANE_OPENED, NULL, NULL, "{}", ""},
		{"a parcel elsewhere", "jincai.claims", EVENT_PARCEL, "b1", NULL, "{\"destination\":\"bank\",\"state\":\"done\"}", ""},
		{"a closed batch", "jincai.payroll", EVENT_BATCH_CLOSED, "b1", NULL, "{}", "closed jincai.payroll|b1|12 = \n"},
		{"an event for a destination", "jincai.to.bank", "payroll.line.v1", "b1", PRINT, "{}", "to bank|i = b1\n"},
		{"one without a batch", "jincai.to.bank", "payroll.line.v1", NULL, NULL, "{}", "to bank|i = \n"},
		{"a closed batch for a destination", "jincai.to.bank", EVENT_BATCH_CLOSED, "b1", NULL, "{}",
			"closed jincai.to.bank|b1|12 = \n"},
		{"a closed batch elsewhere", "jincai.claims", EVENT_BATCH_CLOSED, "b1", NULL, "{}", ""},
		{"a dead letter", "jincai.dead", EVENT_DEAD, "b1", PRINT, "{\"kind\":\"dead\",\"n\":1}", "dead i = dead\n"},
		{"a conflict", "jincai.dead", EVENT_DEAD, "b1", NULL, "{\"kind\":\"conflict\"}", "dead i = conflict\n"},
		{"the end of a letter", "jincai.dead", EVENT_DEAD_ENDED, "b1", NULL, "{\"letter\":\"l:1\",\"state\":\"retried\"}",
			"dead l:1 = retried\n"},
		{"a dead letter elsewhere", "jincai.acts", EVENT_DEAD, "b1", NULL, "{\"kind\":\"dead\"}", ""},
		{"a claim", "jincai.claims", EVENT_CLAIM, "b1", NULL, CLAIM("claimed"),
			"claims bb1 = claimed\nclaims tpay|a.1 = b1\n"},
		{"a duplicate", "jincai.claims", EVENT_CLAIM, "b1", NULL, CLAIM("duplicate"),
			"claims bb1 = duplicate\nclaims tpay|a.1 = b1\n"},
		{"publishing", "jincai.claims", EVENT_CLAIM, "b1", NULL, CLAIM("publishing"),
			"claims bb1 = publishing\nclaims tpay|a.1 = b1\nclaims kpay|k\"1 = b1|publishing|d\n"},
		{"published", "jincai.claims", EVENT_CLAIM, "b1", NULL, CLAIM("published"),
			"claims bb1 = published\nclaims tpay|a.1 = b1\nclaims kpay|k\"1 = b1|published|d\n"},
		{"held", "jincai.claims", EVENT_CLAIM, "b1", NULL, CLAIM("held"),
			"claims bb1 = held\nclaims tpay|a.1 = b1\nclaims kpay|k\"1 = b1|held|d\n"},
		{"returned", "jincai.claims", EVENT_CLAIM, "b1", NULL, CLAIM("returned"),
			"claims bb1 = returned\nclaims tpay|a.1 = b1\nclaims kpay|k\"1 = b1|returned|d\n"},
		{"a claim of no file", "jincai.claims", EVENT_CLAIM, "b1", NULL,
			"{\"adapter\":\"pay\",\"keys\":\"\",\"digest\":\"\",\"state\":\"held\"}",
			"claims bb1 = held\nclaims kpay| = b1|held|\n"},
		{"a lane opened among claims", "jincai.claims", EVENT_LANE_OPENED, NULL, NULL, "{}", ""},
		{"a claim elsewhere", "jincai.acts", EVENT_CLAIM, "b1", NULL, CLAIM("held"), ""},
		{"an outcome", "jincai.acts", EVENT_ACT_OUTCOME, NULL, NULL, "{\"act\":\"act-7\",\"words\":\"\"}", "acts act-7 = \n"},
		{"an act", "jincai.acts", EVENT_ACT_PROPOSED, NULL, NULL, "{\"act\":\"act-7\"}", ""},
		{"an outcome elsewhere", "jincai.claims", EVENT_ACT_OUTCOME, NULL, NULL, "{\"act\":\"act-7\"}", ""},
		{"a posting", "jincai.journal", EVENT_POSTING, "b1", NULL, "{\"flow\":\"f\"}", "days pb1|i = {\"flow\":\"f\"}\n"},
		{"one with which a batch begins", "jincai.journal", EVENT_POSTING, "b1", NULL, "{\"begun\":true,\"flow\":\"f\"}",
			"days bb1 = b1\ndays pb1|i = {\"begun\":true,\"flow\":\"f\"}\n"},
		{"one with which it ends", "jincai.journal", EVENT_POSTING, "b1", NULL, "{\"ended\":true,\"flow\":\"f\"}",
			"days eb1 = \ndays d|b1 = b1\ndays pb1|i = {\"ended\":true,\"flow\":\"f\"}\n"},
		{"one with both", "jincai.journal", EVENT_POSTING, "b1", NULL, "{\"begun\":true,\"ended\":true,\"flow\":\"f\"}",
			"days bb1 = b1\ndays eb1 = \ndays d|b1 = b1\ndays pb1|i = {\"begun\":true,\"ended\":true,\"flow\":\"f\"}\n"},
		{"what was counted before", "jincai.journal", EVENT_POSTING, NULL, NULL, "{\"flow\":\"f\"}", ""},
		{"a posting elsewhere", "jincai.claims", EVENT_POSTING, "b1", NULL, "{\"ended\":true,\"flow\":\"f\"}", ""},
		{"a topic that is no one's", "other", "payroll.line.v1", "b1", PRINT, "{}", ""},
	};
	struct shown w = {.sink = {put}};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make(&b, cases[i].type, strcmp(cases[i].type, EVENT_BATCH_CLOSED) ? "i" : "closed:b1:12", cases[i].batchid,
			cases[i].fingerprint, cases[i].data);
		buf_clear(&w.text);
		OK(e, index_fold(cases[i].topic, buf_as_span(&b), &w.sink, &e));
		if (strcmp(buf_text(&w.text), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].why, buf_text(&w.text));
	}
	buf_done(&w.text);
	buf_done(&b);
}

static void what_is_no_event_adds_nothing(void **state)
{
	static const char *const topics[] = {"jincai.payroll", "jincai.to.bank", "jincai.claims", "jincai.acts"};
	struct shown w = {.sink = {put}};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
		OK(e, index_fold(topics[i], SPAN("junk"), &w.sink, &e));
		OK(e, index_fold(topics[i], SPAN_NONE, &w.sink, &e));
	}
	assert_int_equal(w.text.n, 0);
}

static void a_record_of_ours_that_would_make_an_index_wrong_is_refused(void **state)
{
	static const struct {
		const char *name, *topic, *type, *batchid, *fingerprint, *data;
	} cases[] = {
		{"fingerprint", "jincai.payroll", "payroll.line.v1", "b1", "0011", "{}"},
		{"fingerprint", "jincai.payroll", "payroll.line.v1", "b1", "x0112233445566778899aabbccddeeff", "{}"},
		{"batchid", "jincai.claims", EVENT_CLAIM, NULL, NULL, CLAIM("held")},
		{"adapter", "jincai.claims", EVENT_CLAIM, "b1", NULL, "{\"keys\":\"k\",\"digest\":\"d\",\"state\":\"held\"}"},
		{"keys", "jincai.claims", EVENT_CLAIM, "b1", NULL,
			"{\"adapter\":\"a\",\"keys\":1,\"digest\":\"d\",\"state\":\"held\"}"},
		{"digest", "jincai.claims", EVENT_CLAIM, "b1", NULL, "{\"adapter\":\"a\",\"keys\":\"k\",\"state\":\"held\"}"},
		{"state", "jincai.claims", EVENT_CLAIM, "b1", NULL, "{\"adapter\":\"a\",\"keys\":\"k\",\"digest\":\"d\"}"},
		{"state", "jincai.claims", EVENT_CLAIM, "b1", NULL, "{\"adapter\":\"a\",\"state\":\"held\",\"state\":\"x\"}"},
		{"data", "jincai.claims", EVENT_CLAIM, "b1", NULL, "[]"},
		{"data", "jincai.claims", EVENT_CLAIM, "b1", NULL, "{x}"},
		{"act", "jincai.acts", EVENT_ACT_OUTCOME, NULL, NULL, "{}"},
		{"kind", "jincai.dead", EVENT_DEAD, "b1", NULL, "{}"},
		{"state", "jincai.dead", EVENT_DEAD_ENDED, "b1", NULL, "{\"letter\":\"l\"}"},
		{"letter", "jincai.dead", EVENT_DEAD_ENDED, "b1", NULL, "{\"state\":\"retried\"}"},
		{"batchid", "jincai.payroll", EVENT_BATCH_CLOSED, NULL, NULL, "{}"},
		{"partition", "jincai.payroll", EVENT_BATCH_CLOSED, "b1", NULL, "{}"},
		{"batchid", "jincai.journal", EVENT_POSTING, NULL, NULL, "{\"begun\":true,\"flow\":\"f\"}"},
		{"batchid", "jincai.journal", EVENT_POSTING, NULL, NULL, "{\"ended\":true,\"flow\":\"f\"}"},
	};
	struct shown w = {.sink = {put}};
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make(&b, cases[i].type, strcmp(cases[i].type, EVENT_BATCH_CLOSED) ? "i" : "closed:b1:", cases[i].batchid,
			cases[i].fingerprint, cases[i].data);
		FAILS(e, "index.record", index_fold(cases[i].topic, buf_as_span(&b), &w.sink, &e));
		assert_string_equal(err_arg(&e, "name"), cases[i].name);
	}
	buf_done(&w.text);
	buf_done(&b);
}

static void what_the_sink_refuses_is_handed_on(void **state)
{
	static const struct {
		const char *topic, *type, *data;
	} cases[] = {
		{"jincai.payroll", "payroll.line.v1", "{}"}, {"jincai.to.bank", "payroll.line.v1", "{}"},
		{"jincai.claims", EVENT_CLAIM, CLAIM("held")}, {"jincai.acts", EVENT_ACT_OUTCOME, "{\"act\":\"a\"}"},
	};
	struct shown w = {.sink = {put}, .full = true};
	struct buf b = BUF_INIT;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		make(&b, cases[i].type, "i", "b1", PRINT, cases[i].data);
		FAILS(e, "disk.full", index_fold(cases[i].topic, buf_as_span(&b), &w.sink, &e));
	}
	buf_done(&b);
}

static void long_keys_keep_their_beginning_and_stay_distinct(void **state)
{
	char text[1000], key[INDEX_KEY_MAX], other[INDEX_KEY_MAX], whole[1000];
	struct span k, o;
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	(void)state;
	memset(text, 'x', sizeof text);
	k = index_key(key, 0, (struct span){text, INDEX_KEY_MAX}, SPAN_NONE);
	assert_int_equal(k.n, INDEX_KEY_MAX);
	assert_memory_equal(k.p, text, INDEX_KEY_MAX);
	k = index_key(key, 'k', SPAN("pay"), (struct span){text, 500});
	assert_int_equal(k.n, 472);
	memcpy(whole, "kpay", 5);
	memcpy(whole + 5, text, 500);
	assert_memory_equal(k.p, whole, 440);
	hash_sha256(whole, 505, digest);
	hash_hex(&hex, digest, 16);
	assert_memory_equal(k.p + 440, hex.p, 32);
	o = index_key(other, 'k', SPAN("pay"), (struct span){text, 501});
	assert_int_equal(o.n, 472);
	assert_memory_not_equal(o.p, k.p, 472);
	/* 480 bytes are not too long, 481 are. */
	assert_int_equal(index_key(key, 'k', SPAN("pay"), (struct span){text, 475}).n, 480);
	assert_int_equal(index_key(key, 'k', SPAN("pay"), (struct span){text, 476}).n, 472);
	buf_done(&hex);
}

static void an_empty_second_part_is_not_an_absent_one(void **state)
{
	char key[INDEX_KEY_MAX];
	struct span k = index_key(key, 'k', SPAN("a"), SPAN(""));

	(void)state;
	assert_int_equal(k.n, 3);
	assert_memory_equal(k.p, "ka", 3);
	assert_span(index_key(key, 0, SPAN("a"), SPAN_NONE), "a");
}

static void an_event_that_comes_again_is_found_by_its_newest_place(void **state)
{
	static const struct {
		const char *topic, *want;
	} cases[] = {
		{"jincai.payroll", "again ii = " PRINT "\nids i = " PRINT "\n"}, {"jincai.to.bank", "again gbank|i = b2\nto bank|i = b2\n"},
	};
	struct event a = {.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.line.v1"), .batchid = SPAN("b2"),
		.fingerprint = SPAN(PRINT), .again = SPAN("1")};
	struct shown w = {.sink = {put}};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	event_begin(&b, &a);
	buf_str(&b, "{}");
	event_stamp(&b, SPAN("f.1"), 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&w.text);
		OK(e, index_fold(cases[i].topic, buf_as_span(&b), &w.sink, &e));
		if (strcmp(buf_text(&w.text), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].topic, buf_text(&w.text));
	}
	assert_int_equal(index_table[INDEX_AGAIN].keep, INDEX_LAST);
	buf_done(&w.text);
	buf_done(&b);
}

static void the_first_id_stays_and_the_last_claim_counts(void **state)
{
	(void)state;
	assert_int_equal(index_table[INDEX_IDS].keep, INDEX_FIRST);
	assert_int_equal(index_table[INDEX_TO].keep, INDEX_FIRST);
	assert_int_equal(index_table[INDEX_CLAIMS].keep, INDEX_LAST);
	assert_int_equal(index_table[INDEX_ACTS].keep, INDEX_FIRST);
	assert_int_equal(index_table[INDEX_DEAD].keep, INDEX_LAST);
	assert_int_equal(index_table[INDEX_CLOSED].keep, INDEX_LAST);
	assert_int_equal(index_table[INDEX_PAYS].keep, INDEX_FIRST);
}

/* Keys of one index that begin with a prefix are counted. */
struct counted {
	struct index_sink sink;
	struct span prefix;
	unsigned all, under;
	char extra[16];
};

static int count(struct index_sink *s, unsigned index, struct span key, struct span extra, struct err *e)
{
	struct counted *c = (struct counted *)(void *)s;

	(void)e;
	if (index != INDEX_FIND)
		return 0;
	c->all++;
	c->under += span_starts(key, c->prefix) && (key.n == c->prefix.n + 8 || key.n == c->prefix.n);
	snprintf(c->extra, sizeof c->extra, "%.*s", SPAN_F(extra));
	return 0;
}

/* Of an event with these attributes: how many entries there are, and how many of them under the prefix. */
static void finds(const char *topic, const struct event *a, const char *data, struct span prefix, unsigned all, unsigned under)
{
	struct counted c = {.sink = {count}, .prefix = prefix};
	struct buf b = BUF_INIT;
	struct err e;

	event_begin(&b, a);
	buf_str(&b, data);
	event_stamp(&b, SPAN("f.1"), 1);
	OK(e, index_fold(topic, buf_as_span(&b), &c.sink, &e));
	assert_int_equal(c.all, all);
	assert_int_equal(c.under, under);
	buf_done(&b);
}

static void an_event_stands_under_each_number_and_under_unit_day_and_amount(void **state)
{
	struct event a = {.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payment.order.issued.v1"), .fingerprint = SPAN(PRINT),
		.time = SPAN("2026-12-31T01:02:03Z"), .businessdate = SPAN("2026-12-05"), .unit = SPAN("602001"), .amount = SPAN("1234.50"),
		.numbers = SPAN("20261205000017 A%20b")};
	char key[INDEX_KEY_MAX], digits[INDEX_KEY_MAX + 1];
	int64_t day = 0;

	(void)state;
	assert_int_equal(index_pay_day_of(&a, &day), 0);
	finds("jincai.payment", &a, "{}", index_find_number(key, SPAN("20261205000017")), 3, 1);
	finds("jincai.payment", &a, "{}", index_find_number(key, SPAN("A%20b")), 3, 1);
	finds("jincai.payment", &a, "{}", index_find_number(key, SPAN("2026120500001")), 3, 0);
	finds("jincai.payment", &a, "{}", index_find_amount(key, day, SPAN("602001"), 123450), 3, 1);
	finds("jincai.payment", &a, "{}", index_find_amount(key, day, SPAN("602001"), 12345), 3, 0);
	finds("jincai.payment", &a, "{}", index_find_amount(key, day + 1, SPAN("602001"), 123450), 3, 0);
	finds("jincai.payment", &a, "{}", index_find_amount(key, day, SPAN("60200"), 123450), 3, 0);
	/* What lacks one of the three is found by its numbers alone; what is shaped for a destination by none. */
	a.unit = SPAN_NONE;
	finds("jincai.payment", &a, "{}", index_find_number(key, SPAN("20261205000017")), 2, 1);
	finds("jincai.to.bank", &a, "{}", index_find_number(key, SPAN("20261205000017")), 0, 0);
	/* One without a fingerprint says again what was paid elsewhere: it stands under its id, and under no amount. */
	a.unit = SPAN("602001");
	a.fingerprint = SPAN_NONE;
	finds("jincai.payment", &a, "{}", index_find_id(key, SPAN("i")), 3, 1);
	finds("jincai.payment", &a, "{}", index_find_amount(key, day, SPAN("602001"), 123450), 3, 0);
	a.fingerprint = SPAN(PRINT);
	a.unit = SPAN_NONE;
	/* One that is too long for a key is left out. */
	memset(digits, '1', sizeof digits);
	a.numbers = (struct span){digits, sizeof digits};
	assert_int_equal(index_find_number(key, a.numbers).n, 0);
	finds("jincai.payment", &a, "{}", SPAN("n"), 0, 0);
}

static void each_record_of_an_act_stands_under_what_it_is_about(void **state)
{
	static const char data[] = "{\"act\":\"return-1\",\"order\":{\"act\":\"return\",\"subject\":\"batch-1\"}}";
	struct event act = {.id = SPAN("act:return-1"), .source = SPAN("s")};
	char key[INDEX_KEY_MAX];

	(void)state;
	for (const char *const *type = (const char *const[]){EVENT_ACT_PROPOSED, EVENT_ACT_APPROVED, EVENT_ACT_OUTCOME, NULL}; *type; type++) {
		act.type = span_of(*type);
		finds("jincai.acts", &act, data, index_find_act(key, SPAN("batch-1")), 1, 1);
		finds("jincai.acts", &act, data, index_find_act(key, SPAN("batch")), 1, 0);
	}
	finds("jincai.acts", &act, "{\"act\":\"return-1\"}", SPAN("o"), 0, 0);
	finds("jincai.acts", &act, "{\"act\":\"return-1\",\"order\":{\"subject\":7}}", SPAN("o"), 0, 0);
}

static void what_died_and_parcels_stand_under_what_they_are_of(void **state)
{
	struct event letter = {.id = SPAN("l"), .source = SPAN("s"), .type = SPAN(EVENT_DEAD), .subject = SPAN("payment:1")};
	struct event parcel = {.id = SPAN("p"), .source = SPAN("s"), .type = SPAN(EVENT_PARCEL), .batchid = SPAN("b1")};
	char key[INDEX_KEY_MAX];

	(void)state;
	finds("jincai.dead", &letter, "{\"kind\":\"dead\"}", index_find_dead(key, SPAN("payment:1")), 1, 1);
	letter.subject = SPAN_NONE;
	finds("jincai.dead", &letter, "{\"kind\":\"dead\"}", SPAN("d"), 0, 0);
	finds("jincai.parcels", &parcel, "{\"destination\":\"bank\",\"state\":\"done\"}", index_find_parcels(key, SPAN("bank"), SPAN("b1")), 1, 1);
	finds("jincai.parcels", &parcel, "{\"destination\":\"bank\",\"state\":\"done\"}", index_find_parcels(key, SPAN("bank"), SPAN("b")), 1, 0);
}

static void a_payment_stands_under_its_day_and_paykey(void **state)
{
	struct event a = {.id = SPAN("i"), .source = SPAN("s"), .type = SPAN("payroll.line.v1"), .fingerprint = SPAN(PRINT),
		.time = SPAN("2026-12-31T01:02:03Z"), .businessdate = SPAN("2026-12-01"), .paykey = SPAN(PRINT)};
	char key[INDEX_PAY_KEY_MAX], prefix[INDEX_PAY_KEY_MAX];
	uint8_t paykey[INDEX_PAYKEY];
	struct shown w = {.sink = {put}};
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;
	int64_t day = 0;
	struct span k;

	(void)state;
	hash_unhex(a.paykey, paykey, sizeof paykey);
	assert_int_equal(index_pay_day_of(&a, &day), 0);
	k = index_pay_key(key, day, paykey, a.id);
	assert_int_equal(k.n, INDEX_PAY_KEY_MAX);
	assert_int_equal(index_pay_day(k), day);
	assert_true(span_starts(k, index_pay_prefix(prefix, day, paykey)));
	event_begin(&b, &a);
	buf_str(&b, "{}");
	event_stamp(&b, SPAN("f.1"), 1);
	OK(e, index_fold("jincai.payroll", buf_as_span(&b), &w.sink, &e));
	assert_true(strstr(buf_text(&w.text), "\npays ") != NULL);
	/* Without a day of business, or with one that is none, the claim's counts; a paykey that is none is refused. */
	a.businessdate = SPAN("20261201");
	assert_int_equal(index_pay_day_of(&a, &day), 0);
	a.time = SPAN("2026-12-30T17:30:00Z");       /* half past one of the next day, where the bureaus are */
	assert_int_equal(index_pay_day_of(&a, &day), 0);
	assert_int_equal(day, clock_day_of(2026, 12, 31));
	assert_int_equal(index_pay_day(index_pay_key(key, day, paykey, a.id)), day);
	a.paykey = SPAN("0011");
	buf_clear(&b);
	event_begin(&b, &a);
	buf_str(&b, "{}");
	event_stamp(&b, SPAN("f.1"), 1);
	FAILS(e, "index.record", index_fold("jincai.payroll", buf_as_span(&b), &w.sink, &e));
	buf_done(&b);
	buf_done(&w.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_adds_what_its_row_says_and_nothing_else),
		cmocka_unit_test(what_is_no_event_adds_nothing),
		cmocka_unit_test(a_record_of_ours_that_would_make_an_index_wrong_is_refused),
		cmocka_unit_test(what_the_sink_refuses_is_handed_on),
		cmocka_unit_test(long_keys_keep_their_beginning_and_stay_distinct),
		cmocka_unit_test(an_empty_second_part_is_not_an_absent_one),
		cmocka_unit_test(an_event_that_comes_again_is_found_by_its_newest_place),
		cmocka_unit_test(the_first_id_stays_and_the_last_claim_counts),
		cmocka_unit_test(a_payment_stands_under_its_day_and_paykey),
		cmocka_unit_test(an_event_stands_under_each_number_and_under_unit_day_and_amount),
		cmocka_unit_test(each_record_of_an_act_stands_under_what_it_is_about),
		cmocka_unit_test(what_died_and_parcels_stand_under_what_they_are_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
