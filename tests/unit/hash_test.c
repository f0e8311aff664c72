/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
/* With its source: both ways to a CRC must agree on a machine that would only use one. */
#include "hash.c"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *hex_of(const uint8_t *p)
{
	static struct buf b;

	buf_clear(&b);
	hash_hex(&b, p, HASH_SHA256);
	return buf_text(&b);
}

/* FIPS 180-4 examples. */
static const struct {
	const char *text, *want;
} fips[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	{"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		"cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
};

static void sha256_gives_the_published_digests(void **state)
{
	uint8_t d[HASH_SHA256];

	(void)state;
	for (size_t i = 0; i < COUNT(fips); i++) {
		hash_sha256(fips[i].text, strlen(fips[i].text), d);
		assert_string_equal(hex_of(d), fips[i].want);
	}
}

static void a_running_digest_may_be_asked_and_go_on(void **state)
{
	struct hash_sha256 *h = hash_sha256_new();
	uint8_t d[HASH_SHA256];

	(void)state;
	hash_sha256_get(h, d);
	assert_string_equal(hex_of(d), fips[0].want);
	hash_sha256_add(h, "ab", 2);
	hash_sha256_get(h, d);
	hash_sha256_add(h, NULL, 0);
	hash_sha256_add(h, "c", 1);
	hash_sha256_get(h, d);
	assert_string_equal(hex_of(d), fips[1].want);
	hash_sha256_get(h, d);
	assert_string_equal(hex_of(d), fips[1].want);
	hash_sha256_free(h);
	h = hash_sha256_new();
	for (int i = 0; i < 1000000; i++)
		hash_sha256_add(h, "a", 1);
	hash_sha256_get(h, d);
	assert_string_equal(hex_of(d), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	hash_sha256_free(h);
	hash_sha256_free(NULL);
}

static void keyed_hashes_give_the_published_values(void **state)
{
	/* RFC 4231, cases 1 to 4, 6, 7. A key or text that is one byte repeated is given by its length. */
	const struct {
		struct span key;
		unsigned char fill;
		size_t nkey;
		struct span text;
		unsigned char text_fill;
		size_t ntext;
		const char *want;
	} row[] = {
		{SPAN_NONE, 0x0b, 20, SPAN("Hi There"), 0, 0,
			"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{SPAN("Jefe"), 0, 0, SPAN("what do ya want for nothing?"), 0, 0,
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{SPAN_NONE, 0xaa, 20, SPAN_NONE, 0xdd, 50,
			"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{SPAN("\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\21\22\23\24\25\26\27\30\31"), 0, 0, SPAN_NONE, 0xcd, 50,
			"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
		{SPAN_NONE, 0xaa, 131, SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), 0, 0,
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
		{SPAN_NONE, 0xaa, 131, SPAN("This is a test using a larger than block-size key and a larger than block-size "
			"data. The key needs to be hashed before being used by the HMAC algorithm."), 0, 0,
			"9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char key[131], text[160];
		struct span k = row[i].key, t = row[i].text;
		uint8_t d[HASH_SHA256];
		struct hash_key *hk;

		if (!k.p)
			k = (struct span){memset(key, row[i].fill, row[i].nkey), row[i].nkey};
		if (!t.p)
			t = (struct span){memset(text, row[i].text_fill, row[i].ntext), row[i].ntext};
		hk = hash_key_new(k.p, k.n);
		/* Twice: a key is not used up. */
		for (int n = 0; n < 2; n++) {
			hash_keyed(hk, t.p, t.n, d);
			assert_string_equal(hex_of(d), row[i].want);
		}
		hash_key_free(hk);
	}
	hash_key_free(NULL);
}

static void crc32c_gives_the_published_values(void **state)
{
	/* RFC 3720 appendix B.4; the CRC there is printed in the order of the wire. */
	uint8_t p[48];
	static const uint8_t read_command[48] = {0x01, 0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18,
		[32] = 0x28, [40] = 0x02};

	(void)state;
	assert_int_equal(hash_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(hash_crc32c(0, memset(p, 0, 32), 32), 0x8a9136aa);
	assert_int_equal(hash_crc32c(0, memset(p, 0xff, 32), 32), 0x62a8ab43);
	for (size_t i = 0; i < 32; i++)
		p[i] = (uint8_t)i;
	assert_int_equal(hash_crc32c(0, p, 32), 0x46dd794e);
	for (size_t i = 0; i < 32; i++)
		p[i] = (uint8_t)(31 - i);
	assert_int_equal(hash_crc32c(0, p, 32), 0x113fdb5c);
	assert_int_equal(hash_crc32c(0, read_command, 48), 0xd9963a56);
	assert_int_equal(hash_crc32c(0, NULL, 0), 0);
}

static uint32_t crc_by_bits(uint32_t crc, const uint8_t *p, size_t n)
{
	for (; n > 0; n--) {
		crc ^= *p++;
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return crc;
}

static void the_table_and_the_processor_give_the_same_crc_in_any_pieces(void **state)
{
	uint8_t p[300];

	(void)state;
	for (size_t i = 0; i < sizeof p; i++)
		p[i] = (uint8_t)(i * 167 + (i >> 3));
	for (size_t n = 0; n <= 280; n++)
		for (size_t from = 0; from < 9; from++) {
			const uint32_t want = crc_by_bits(~0u, p + from, n);

			assert_int_equal(crc32c_table(~0u, p + from, n), want);
			assert_int_equal(hash_crc32c(0, p + from, n), ~want);
			assert_int_equal(hash_crc32c(hash_crc32c(0, p + from, n / 3), p + from + n / 3, n - n / 3), ~want);
		}
}

static void murmur2_is_what_the_java_client_computes(void **state)
{
	static const struct {
		const char *text;
		int32_t want;
	} row[] = {
		{"21", -973932308}, {"foobar", -790332482}, {"a-little-bit-long-string", -985981536},
		{"a-little-bit-longer-string", -1486304829},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971}, {"abc", 479470107},
		{"", 275646681},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal((int32_t)hash_murmur2(row[i].text, strlen(row[i].text)), row[i].want);
	/* -973932308 without its sign is 1173551340. */
	assert_int_equal(hash_partition(SPAN("21"), 6), 1173551340u % 6);
	assert_int_equal(hash_partition(SPAN("21"), 7), 1173551340u % 7);
	assert_int_equal(hash_partition(SPAN("21"), 1), 0);
	assert_int_equal(hash_partition(SPAN("21"), 0), 0);
}

/* One line of tests/kafka/murmur2.tsv; false at the end. */
static bool vector_next(FILE *file, uint8_t *key, size_t *n, int32_t *murmur2, unsigned partition[3])
{
	char line[512];

	do {
		if (!fgets(line, sizeof line, file))
			return false;
	} while (line[0] == '#');
	size_t digits = strcspn(line, "\t");

	*n = digits / 2;
	assert_true(*n <= 64);
	assert_true(*n == 0 || hash_unhex((struct span){line, digits}, key, *n) == 0);
	assert_int_equal(sscanf(line + digits, "%" SCNd32 "%u%u%u", murmur2, &partition[0], &partition[1], &partition[2]), 4);
	return true;
}

static void a_thousand_keys_go_where_the_java_client_puts_them(void **state)
{
	static const unsigned partitions[] = {1, 3, 12};
	FILE *file = fopen(SOURCE_DIR "/tests/kafka/murmur2.tsv", "r");
	uint8_t key[64];
	size_t n, seen = 0;
	int32_t want;
	unsigned place[3];

	(void)state;
	assert_non_null(file);
	while (vector_next(file, key, &n, &want, place)) {
		assert_int_equal((int32_t)hash_murmur2(key, n), want);
		for (size_t i = 0; i < COUNT(partitions); i++)
			assert_int_equal(hash_partition((struct span){(const char *)key, n}, partitions[i]), place[i]);
		seen++;
	}
	fclose(file);
	assert_int_equal(seen, 1000);
}

static void hex_is_read_whole_or_not_at_all(void **state)
{
	static const char *const bad[] = {"", "0", "00ff1", "00ff1g", "00ff1 ", "0x00ff", "00ff102", "00 f10",
		"00ff\xb1\xb0"};
	uint8_t got[3] = {9, 9, 9};
	struct buf b = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(hash_unhex(span_of(bad[i]), got, 3), -1);
		assert_memory_equal(got, "\11\11\11", 3);
	}
	assert_int_equal(hash_unhex(SPAN("00fFAb"), got, 3), 0);
	assert_memory_equal(got, "\0\xff\xab", 3);
	buf_str(&b, "=");
	hash_hex(&b, got, 3);
	assert_span(buf_as_span(&b), "=00ffab");
	for (int c = 0; c < 256; c++) {
		const char digit[2] = {'0', (char)c};
		const bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');

		assert_int_equal(hash_unhex((struct span){digit, 2}, got, 1), ok ? 0 : -1);
	}
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_published_digests),
		cmocka_unit_test(a_running_digest_may_be_asked_and_go_on),
		cmocka_unit_test(keyed_hashes_give_the_published_values),
		cmocka_unit_test(crc32c_gives_the_published_values),
		cmocka_unit_test(the_table_and_the_processor_give_the_same_crc_in_any_pieces),
		cmocka_unit_test(murmur2_is_what_the_java_client_computes),
		cmocka_unit_test(a_thousand_keys_go_where_the_java_client_puts_them),
		cmocka_unit_test(hex_is_read_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
