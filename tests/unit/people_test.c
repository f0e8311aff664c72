/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "check.h"
#include "clock.h"
#include "people.h"
#include "sign_keys.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Thursday, nine o'clock in Shanghai. */
#define NOW "2026-11-26T01:00:00Z"
#define ORDER(by, at, until) \
	"{\"act\":\"resume\",\"subject\":\"bank-abc\",\"by\":\"" by "\",\"at\":\"" at "\",\"reason\":\"x\",\"until\":\"" until "\"}"
#define GOOD ORDER("wang", NOW, "2026-11-26")

static int64_t at(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(clock_read(span_of(text), &ms), 0);
	return ms;
}

/* wang may not approve; li handles by Ed25519; zhang checks by SM2; chen checks and has a user only. */
static struct people *site(bool local)
{
	struct people *p = people_new(local);
	struct err e = ERR_INIT;

	OK(e, people_add(p, SPAN("zhang"), PEOPLE_CHECKER, SPAN("zhangwei"), SPAN(SM2_PUBLIC), &e));
	OK(e, people_add(p, SPAN("li"), PEOPLE_HANDLER, SPAN("li"), SPAN(ED_PUBLIC), &e));
	OK(e, people_add(p, SPAN("wang"), PEOPLE_ADMINISTRATOR, SPAN("root"), SPAN_NONE, &e));
	if (local)
		OK(e, people_add(p, SPAN("chen"), PEOPLE_CHECKER, SPAN("chen"), SPAN_NONE, &e));
	return p;
}

/* An approval with room for its texts. */
struct made {
	struct buf digest, signature;
	struct approval x;
};

static void made_done(struct made *m)
{
	buf_done(&m->digest);
	buf_done(&m->signature);
}

static void make(struct made *m, const char *name, const char *key, const char *order)
{
	struct sign_secret *s = NULL;
	uint8_t digest[HASH_SHA256];
	struct err e = ERR_INIT;

	*m = (struct made){0};
	hash_sha256(order, strlen(order), digest);
	hash_hex(&m->digest, digest, sizeof digest);
	if (key) {
		OK(e, sign_secret_read(span_of(key), NULL, NULL, &s, &e));
		OK(e, sign_make(s, span_of(order), &m->signature, &e));
		sign_secret_free(s);
	}
	m->x = (struct approval){.name = span_of(name), .user = SPAN("wang"), .digest = buf_as_span(&m->digest),
		.signature = key ? buf_as_span(&m->signature) : SPAN("")};
}

static void two_people_with_their_keys_are_enough_and_one_is_not(void **state)
{
	struct people *p = site(false);
	struct err e = ERR_INIT;
	struct made li, zhang;
	struct approval both[2];
	bool weak = true;

	(void)state;
	make(&li, "li", ED_PRIVATE, GOOD);
	make(&zhang, "zhang", SM2_PRIVATE, GOOD);
	OK(e, people_approve_check(p, SPAN(GOOD), &li.x, at(NOW), &weak, &e));
	assert_false(weak);
	OK(e, people_approve_check(p, SPAN(GOOD), &zhang.x, at(NOW), &weak, &e));
	assert_false(weak);
	both[0] = li.x;
	both[1] = li.x;
	assert_false(people_enough(p, both, 0));
	assert_false(people_enough(p, both, 1));
	assert_false(people_enough(p, both, 2));
	both[1] = zhang.x;
	assert_true(people_enough(p, both, 2));
	assert_false(people_enough(p, both + 1, 1));
	made_done(&li);
	made_done(&zhang);
	people_free(p);
}

static void what_is_no_approval_is_refused(void **state)
{
	static const struct {
		const char *name, *key, *signed_order, *order, *now, *want;
	} row[] = {
		/* who */
		{"nobody", ED_PRIVATE, GOOD, GOOD, NOW, "approve.nobody"},
		{"wang", ED_PRIVATE, GOOD, GOOD, NOW, "approve.role"},
		/* one's own act: by name, by account; the handler may ask */
		{"zhang", SM2_PRIVATE, ORDER("zhang", NOW, "2026-11-26"), ORDER("zhang", NOW, "2026-11-26"), NOW, "approve.own"},
		{"zhang", SM2_PRIVATE, ORDER("zhangwei", NOW, "2026-11-26"), ORDER("zhangwei", NOW, "2026-11-26"), NOW, "approve.own"},
		{"li", ED_PRIVATE, ORDER("li", NOW, "2026-11-26"), ORDER("li", NOW, "2026-11-26"), NOW, NULL},
		/* another act, and one of which one letter was changed */
		{"li", ED_PRIVATE, ORDER("wang", NOW, "2026-11-25"), GOOD, NOW, "approve.digest"},
		/* no signature, one of another's key, one of another act with the digest of this one */
		{"li", NULL, GOOD, GOOD, NOW, "approve.unsigned"},
		{"li", SM2_PRIVATE, GOOD, GOOD, NOW, "sign.wrong"},
		{"zhang", ED_PRIVATE, GOOD, GOOD, NOW, "sign.wrong"},
		/* time */
		{"li", ED_PRIVATE, GOOD, GOOD, "2026-11-26T15:59:59Z", NULL},
		{"li", ED_PRIVATE, GOOD, GOOD, "2026-11-26T16:00:00Z", "approve.late"},
		{"li", ED_PRIVATE, GOOD, GOOD, "2027-11-26T01:00:00Z", "approve.late"},
		{"li", ED_PRIVATE, GOOD, GOOD, "2026-11-26T00:58:30Z", NULL},
		{"li", ED_PRIVATE, GOOD, GOOD, "2026-11-26T00:50:00Z", "approve.clock"},
		{"li", ED_PRIVATE, ORDER("wang", NOW, "2026-11-27"), ORDER("wang", NOW, "2026-11-27"), NOW, "approve.until"},
		{"li", ED_PRIVATE, ORDER("wang", NOW, "2999-12-31"), ORDER("wang", NOW, "2999-12-31"), NOW, "approve.until"},
		/* orders that do not say it, or say it twice */
		{"li", ED_PRIVATE, "", "", NOW, "approve.order"},
		{"li", ED_PRIVATE, "{}", "{}", NOW, "approve.order"},
		{"li", ED_PRIVATE, ORDER("wang", "yesterday", "2026-11-26"), ORDER("wang", "yesterday", "2026-11-26"), NOW, "approve.order"},
		{"li", ED_PRIVATE, ORDER("wang", NOW, "2026-11-26 "), ORDER("wang", NOW, "2026-11-26 "), NOW, "approve.order"},
		{"li", ED_PRIVATE, ORDER("wang\",\"by\":\"li", NOW, "2026-11-26"), ORDER("wang\",\"by\":\"li", NOW, "2026-11-26"), NOW,
			"approve.order"},
	};
	struct people *p = site(false);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		bool weak = true;
		struct made m;
		int got;

		make(&m, row[i].name, row[i].key, row[i].signed_order);
		got = people_approve_check(p, span_of(row[i].order), &m.x, at(row[i].now), &weak, &e);
		if (!row[i].want && got != 0)
			fail_msg("row %zu: %s", i, err_code(e.id)->name);
		if (row[i].want && (got == 0 || strcmp(err_code(e.id)->name, row[i].want) != 0))
			fail_msg("row %zu: want %s, got %s", i, row[i].want, got ? err_code(e.id)->name : "approved");
		made_done(&m);
	}
	people_free(p);
}

static void a_signature_of_another_act_does_not_hold_under_this_ones_digest(void **state)
{
	struct people *p = site(false);
	struct err e = ERR_INIT;
	struct made other, this;
	bool weak;

	(void)state;
	make(&other, "li", ED_PRIVATE, ORDER("wang", NOW, "2026-11-25"));
	make(&this, "li", ED_PRIVATE, GOOD);
	other.x.digest = this.x.digest;
	FAILS(e, "sign.wrong", people_approve_check(p, SPAN(GOOD), &other.x, at(NOW), &weak, &e));
	this.x.signature = SPAN("not Base64!");
	FAILS(e, "sign.form", people_approve_check(p, SPAN(GOOD), &this.x, at(NOW), &weak, &e));
	made_done(&other);
	made_done(&this);
	people_free(p);
}

static void accounts_count_only_where_the_site_says_so_and_are_weak(void **state)
{
	struct people *keys = site(false), *local = site(true);
	struct err e = ERR_INIT;
	struct approval list[2];
	struct made m, signed_by_key;
	bool weak = false;

	(void)state;
	make(&m, "", NULL, GOOD);
	m.x.user = SPAN("chen");
	FAILS(e, "approve.nobody", people_approve_check(keys, SPAN(GOOD), &m.x, at(NOW), &weak, &e));
	OK(e, people_approve_check(local, SPAN(GOOD), &m.x, at(NOW), &weak, &e));
	assert_true(weak);
	list[0] = m.x;
	m.x.user = SPAN("li");
	FAILS(e, "approve.unsigned", people_approve_check(keys, SPAN(GOOD), &m.x, at(NOW), &weak, &e));
	OK(e, people_approve_check(local, SPAN(GOOD), &m.x, at(NOW), &weak, &e));
	list[1] = m.x;
	assert_true(people_enough(local, list, 2));
	/* A name that is not the account's. */
	m.x.name = SPAN("chen");
	FAILS(e, "approve.unsigned", people_approve_check(local, SPAN(GOOD), &m.x, at(NOW), &weak, &e));
	/* Nobody is known by an empty account. */
	m.x.name = m.x.user = SPAN("");
	FAILS(e, "approve.nobody", people_approve_check(local, SPAN(GOOD), &m.x, at(NOW), &weak, &e));
	/* A key still proves more. */
	make(&signed_by_key, "li", ED_PRIVATE, GOOD);
	OK(e, people_approve_check(local, SPAN(GOOD), &signed_by_key.x, at(NOW), &weak, &e));
	assert_false(weak);
	made_done(&m);
	made_done(&signed_by_key);
	people_free(keys);
	people_free(local);
}

static void nobody_is_two(void **state)
{
	static const struct {
		const char *name, *user, *pem, *want;
		bool local;
	} row[] = {
		{"li", "li2", ED2_PUBLIC, "people.twice", false},
		{"li2", "li", ED2_PUBLIC, "people.twice", false},
		{"li2", "li2", "for another person\n" ED_PUBLIC, "people.twice", false},
		{"zhang2", NULL, SM2_PUBLIC_SHORT, "people.twice", false},
		{"li2", "li2", ED2_PUBLIC, NULL, false},
		{"li2", "li2", NULL, "people.key", false},
		{"li2", "li2", NULL, NULL, true},
		{"li2", NULL, NULL, "people.user", true},
		{"li2", NULL, ED2_PUBLIC, NULL, true},
		{"li2", NULL, ED_PRIVATE, "sign.private", true},
		{"Li 2", NULL, ED2_PUBLIC, "people.name", false},
		{"", NULL, ED2_PUBLIC, "people.name", false},
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct people *p = site(row[i].local);
		unsigned before = people_count(p);

		if (row[i].want)
			FAILS(e, row[i].want, people_add(p, span_of(row[i].name), PEOPLE_CHECKER, span_of(row[i].user),
				span_of(row[i].pem), &e));
		else
			OK(e, people_add(p, span_of(row[i].name), PEOPLE_CHECKER, span_of(row[i].user), span_of(row[i].pem), &e));
		assert_int_equal(people_count(p), before + !row[i].want);
		people_free(p);
	}
}

static void there_is_an_end_to_members_and_days(void **state)
{
	struct people *p = people_new(false);
	struct err e = ERR_INIT;
	char text[16];

	(void)state;
	assert_false(people_can_approve(p));
	for (unsigned i = 0; i < PEOPLE_MAX; i++) {
		snprintf(text, sizeof text, "a%u", i);
		OK(e, people_add(p, span_of(text), PEOPLE_AUDITOR, SPAN_NONE, SPAN_NONE, &e));
	}
	FAILS(e, "people.many", people_add(p, SPAN("b"), PEOPLE_AUDITOR, SPAN_NONE, SPAN_NONE, &e));
	for (int64_t day = 0; day < PEOPLE_DAYS_MAX; day++) {
		clock_date(day, text);
		OK(e, people_add_day(p, span_of(text), false, &e));
	}
	FAILS(e, "people.many", people_add_day(p, SPAN("2026-10-01"), false, &e));
	people_free(p);
}

static void an_act_holds_to_the_end_of_the_working_day(void **state)
{
	static const struct {
		const char *now, *until;
	} row[] = {
		{"2026-11-26T01:00:00Z", "2026-11-26"},  /* Thursday */
		{"2026-11-26T15:59:59Z", "2026-11-26"},  /* midnight less a second */
		{"2026-11-26T16:00:00Z", "2026-11-27"},
		{"2026-11-28T01:00:00Z", "2026-11-30"},  /* Saturday */
		{"2026-10-01T01:00:00Z", "2026-10-08"},  /* rest until the 7th */
		{"2026-10-09T16:00:00Z", "2026-10-10"},  /* a Saturday that is worked */
		{"2026-10-11T01:00:00Z", "2026-10-12"},
	};
	struct people *p = people_new(false);
	struct err e = ERR_INIT;
	char until[11];

	(void)state;
	for (int day = 7; day >= 1; day--) {
		char date[16];

		snprintf(date, sizeof date, "2026-10-%02d", day);
		OK(e, people_add_day(p, span_of(date), false, &e));
	}
	OK(e, people_add_day(p, SPAN("2026-10-10"), true, &e));
	FAILS(e, "people.day", people_add_day(p, SPAN("2026-10-10"), false, &e));
	FAILS(e, "people.day", people_add_day(p, SPAN("2026-02-29"), false, &e));
	FAILS(e, "people.day", people_add_day(p, SPAN("1.10.2026"), false, &e));
	for (size_t i = 0; i < COUNT(row); i++) {
		people_until(p, at(row[i].now), until);
		assert_string_equal(until, row[i].until);
	}
	people_until(NULL, at("2026-10-10T01:00:00Z"), until);
	assert_string_equal(until, "2026-10-12");
	people_free(p);
}

static void people_are_kept_whole_and_written_in_one_way(void **state)
{
	struct people *p = site(true), *q = people_new(true), *back = NULL;
	struct buf a = BUF_INIT, b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	/* The same people in another order, a key in another way of writing. */
	OK(e, people_add(q, SPAN("chen"), PEOPLE_CHECKER, SPAN("chen"), SPAN_NONE, &e));
	OK(e, people_add(q, SPAN("li"), PEOPLE_HANDLER, SPAN("li"), SPAN("note\n" ED_PUBLIC), &e));
	OK(e, people_add(q, SPAN("wang"), PEOPLE_ADMINISTRATOR, SPAN("root"), SPAN_NONE, &e));
	OK(e, people_add(q, SPAN("zhang"), PEOPLE_CHECKER, SPAN("zhangwei"), SPAN(SM2_PUBLIC_SHORT), &e));
	OK(e, people_add_day(p, SPAN("2026-10-01"), false, &e));
	OK(e, people_add_day(p, SPAN("2026-10-10"), true, &e));
	OK(e, people_add_day(q, SPAN("2026-10-10"), true, &e));
	OK(e, people_add_day(q, SPAN("2026-10-01"), false, &e));
	people_write(p, &a);
	people_write(q, &b);
	assert_string_equal(buf_text(&a), buf_text(&b));
	OK(e, people_read(buf_as_span(&a), &back, &e));
	assert_true(people_local(back) && people_can_approve(back));
	assert_int_equal(people_count(back), 4);
	assert_string_equal(people_at(back, 3)->name, "zhang");
	assert_null(people_at(back, 4));
	assert_string_equal(people_of_user(back, SPAN("zhangwei"))->name, "zhang");
	assert_string_equal(people_of_key(back, people_named(p, SPAN("zhang"))->key)->name, "zhang");
	assert_string_equal(people_role_name(people_named(back, SPAN("wang"))->role), "administrator");
	people_free(back);
	people_free(p);
	people_free(q);
	buf_done(&a);
	buf_done(&b);
}

static void kept_people_that_were_altered_are_refused(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"approval\":\"none\",\"members\":[],\"days\":[]}",
		"{\"approval\":\"keys\",\"members\":[],\"days\":[],\"more\":1}", "{\"approval\":\"keys\",\"members\":[],\"days\":[]} ",
		"{\"approval\":\"keys\",\"approval\":\"local\",\"members\":[],\"days\":[]}",
		"{\"approval\":\"keys\",\"members\":[{\"name\":\"li\",\"role\":\"handler\"}],\"days\":[]}",
		"{\"approval\":\"keys\",\"members\":[{\"name\":\"li\",\"role\":\"chief\"}],\"days\":[]}",
		"{\"approval\":\"keys\",\"members\":[],\"days\":[[\"2026-10-01\",\"feast\"]]}"};
	struct people *p = NULL;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		FAILS(e, "people.record", people_read(span_of(bad[i]), &p, &e));
	OK(e, people_read(SPAN("{\"approval\":\"keys\",\"members\":[],\"days\":[]}"), &p, &e));
	people_free(p);
	people_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_people_with_their_keys_are_enough_and_one_is_not),
		cmocka_unit_test(what_is_no_approval_is_refused),
		cmocka_unit_test(a_signature_of_another_act_does_not_hold_under_this_ones_digest),
		cmocka_unit_test(accounts_count_only_where_the_site_says_so_and_are_weak),
		cmocka_unit_test(nobody_is_two),
		cmocka_unit_test(there_is_an_end_to_members_and_days),
		cmocka_unit_test(an_act_holds_to_the_end_of_the_working_day),
		cmocka_unit_test(people_are_kept_whole_and_written_in_one_way),
		cmocka_unit_test(kept_people_that_were_altered_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
