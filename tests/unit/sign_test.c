/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "check.h"
#include "sign.h"
#include "sign_keys.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct sign_key *public_key(const char *pem)
{
	struct sign_key *k = NULL;
	struct err e = ERR_INIT;

	OK(e, sign_key_read(span_of(pem), &k, &e));
	return k;
}

static struct sign_secret *secret(const char *pem)
{
	struct sign_secret *s = NULL;
	struct err e = ERR_INIT;

	OK(e, sign_secret_read(span_of(pem), NULL, NULL, &s, &e));
	return s;
}

static const struct {
	const char *kind, *open, *closed, *text, *signature;
} published[] = {
	{"Ed25519", ED_PUBLIC, ED_PRIVATE, "\x72", ED_SIGNATURE},
	{"SM2", SM2_PUBLIC, SM2_PRIVATE, "message digest", SM2_SIGNATURE},
};

static void the_published_signatures_hold_and_no_other_text_does(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(published); i++) {
		struct sign_key *k = public_key(published[i].open);

		assert_string_equal(sign_key_kind(k), published[i].kind);
		OK(e, sign_check(k, span_of(published[i].text), span_of(published[i].signature), &e));
		FAILS(e, "sign.wrong", sign_check(k, SPAN("another text"), span_of(published[i].signature), &e));
		FAILS(e, "sign.wrong", sign_check(k, SPAN(""), span_of(published[i].signature), &e));
		FAILS(e, "sign.wrong", sign_check(k, span_of(published[i].text), span_of(published[1 - i].signature), &e));
		sign_key_free(k);
	}
}

static void what_is_signed_here_is_checked_here_by_that_key_alone(void **state)
{
	struct sign_key *other = public_key(ED2_PUBLIC);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(published); i++) {
		struct sign_secret *s = secret(published[i].closed);
		struct sign_key *k = sign_secret_key(s), *same = public_key(published[i].open);
		uint8_t a[HASH_SHA256], b[HASH_SHA256];
		struct buf sig = BUF_INIT;

		sign_key_digest(k, a);
		sign_key_digest(same, b);
		assert_memory_equal(a, b, sizeof a);
		OK(e, sign_make(s, SPAN("an order"), &sig, &e));
		OK(e, sign_check(k, SPAN("an order"), buf_as_span(&sig), &e));
		FAILS(e, "sign.wrong", sign_check(k, SPAN("an ordeR"), buf_as_span(&sig), &e));
		FAILS(e, "sign.wrong", sign_check(other, SPAN("an order"), buf_as_span(&sig), &e));
		/* Ed25519 signs the same text the same way, also by this program. */
		if (i == 0) {
			buf_clear(&sig);
			OK(e, sign_make(s, span_of(published[i].text), &sig, &e));
			assert_span(buf_as_span(&sig), published[i].signature);
		}
		buf_done(&sig);
		sign_key_free(k);
		sign_key_free(same);
		sign_secret_free(s);
	}
	sign_key_free(other);
}

static void a_signature_is_written_in_one_way_or_it_is_none(void **state)
{
	static const char *const bad[] = {"", "A", "AAA", "AAA*", "====", "A===", "kqAJ qfD", "kqAJ\nqfD",
		/* bits behind the last byte; more blanks; twice */
		"kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAB==", ED_SIGNATURE "\n",
		" " ED_SIGNATURE, ED_SIGNATURE ED_SIGNATURE};
	char giant[20001];
	struct sign_key *k = public_key(ED_PUBLIC);
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		FAILS(e, "sign.form", sign_check(k, SPAN("\x72"), span_of(bad[i]), &e));
	memset(giant, 'A', sizeof giant - 1);
	giant[sizeof giant - 1] = 0;
	FAILS(e, "sign.form", sign_check(k, SPAN("\x72"), span_of(giant), &e));
	FAILS(e, "sign.wrong", sign_check(k, SPAN("\x72"), SPAN("AAAA"), &e));
	sign_key_free(k);
}

static void keys_that_are_none_or_not_one_are_refused(void **state)
{
	static const struct {
		const char *pem, *want;
	} row[] = {
		{"", "sign.key"}, {"a key", "sign.key"}, {P256_PUBLIC, "sign.key"}, {ED_PUBLIC SM2_PUBLIC, "sign.key"},
		{PEM("PUBLIC KEY", "MCowBQYDK2VwAyEA\n"), "sign.key"},
		{PEM("CERTIFICATE", "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"), "sign.key"},
		{ED_PRIVATE, "sign.private"}, {ED_LOCKED, "sign.private"}, {ED_PUBLIC ED_PRIVATE, "sign.private"},
		{ED_ORDER_1, "sign.weak"}, {ED_ORDER_4, "sign.weak"}, {ED_ORDER_8, "sign.weak"},
	};
	struct sign_key *k = NULL;
	struct err e = ERR_INIT;
	char *giant = mem_new(SIGN_PEM_MAX + 2);

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		FAILS(e, row[i].want, sign_key_read(span_of(row[i].pem), &k, &e));
		assert_null(k);
	}
	memset(giant, '\n', SIGN_PEM_MAX + 1);
	memcpy(giant, ED_PUBLIC, strlen(ED_PUBLIC));
	FAILS(e, "sign.key", sign_key_read(span_of(giant), &k, &e));
	free(giant);
}

static void one_key_has_one_digest_however_it_is_written(void **state)
{
	static const char *const same[][2] = {{SM2_PUBLIC, SM2_PUBLIC_SHORT}, {ED_PUBLIC, "for li, made 2026-11\n" ED_PUBLIC "\n\n"}};
	struct buf a = BUF_INIT, b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		struct sign_key *k = public_key(same[i][0]), *l = public_key(same[i][1]);
		uint8_t dk[HASH_SHA256], dl[HASH_SHA256];

		sign_key_digest(k, dk);
		sign_key_digest(l, dl);
		assert_memory_equal(dk, dl, sizeof dk);
		buf_clear(&a);
		buf_clear(&b);
		sign_key_pem(k, &a);
		sign_key_pem(l, &b);
		assert_string_equal(buf_text(&a), same[i][0]);
		assert_string_equal(buf_text(&b), same[i][0]);
		sign_key_free(k);
		sign_key_free(l);
	}
	buf_done(&a);
	buf_done(&b);
}

static int answer(void *arg, char *ret, int cap)
{
	const char *word = arg;

	if (!word || (int)strlen(word) >= cap)
		return -1;
	memcpy(ret, word, strlen(word));
	return (int)strlen(word);
}

static void a_locked_key_asks_and_opens_with_the_right_word_only(void **state)
{
	static char right[] = "open-sesame", wrong[] = "open";
	struct sign_secret *s = NULL;
	struct err e = ERR_INIT;

	(void)state;
	FAILS(e, "sign.passphrase", sign_secret_read(SPAN(ED_LOCKED), NULL, NULL, &s, &e));
	FAILS(e, "sign.passphrase", sign_secret_read(SPAN(ED_LOCKED), answer, NULL, &s, &e));
	FAILS(e, "sign.passphrase", sign_secret_read(SPAN(ED_LOCKED), answer, wrong, &s, &e));
	OK(e, sign_secret_read(SPAN(ED_LOCKED), answer, right, &s, &e));
	sign_secret_free(s);
	FAILS(e, "sign.secret", sign_secret_read(SPAN(ED_PUBLIC), NULL, NULL, &s, &e));
	FAILS(e, "sign.secret", sign_secret_read(SPAN(""), NULL, NULL, &s, &e));
	FAILS(e, "sign.secret", sign_secret_read(SPAN(PEM("PRIVATE KEY", "AAAA\n")), NULL, NULL, &s, &e));
	sign_secret_free(NULL);
	sign_key_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_signatures_hold_and_no_other_text_does),
		cmocka_unit_test(what_is_signed_here_is_checked_here_by_that_key_alone),
		cmocka_unit_test(a_signature_is_written_in_one_way_or_it_is_none),
		cmocka_unit_test(keys_that_are_none_or_not_one_are_refused),
		cmocka_unit_test(one_key_has_one_digest_however_it_is_written),
		cmocka_unit_test(a_locked_key_asks_and_opens_with_the_right_word_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
