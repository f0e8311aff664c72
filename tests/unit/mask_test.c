/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "mask.h"

static const struct {
	const char *name, *text, *want;
} cases[] = {
	{"an account keeps its last four digits", "|6222020600000000015|", "|***************0015|"},
	{"eleven digits stay", "13800000000", "13800000000"},
	{"twelve digits do not", "103196000015", "********0015"},
	{"an amount stays", "92233720368.07", "92233720368.07"},
	{"the X of an identity number is its last digit", "15070219800101001X,", "**************001X,"},
	{"an x behind other digits is none", "6222020600000000015x", "***************0015x"},
	{"digits in groups are one number", "6222 0206 0000 0000 015", "******************0 015"},
	{"hyphens part groups too", "6222-0206-0000-0015", "***************0015"},
	{"a date and a time stay", "2026-12-01 08:00:00", "2026-12-01 08:00:00"},
	{"two dates are no number", "2026-12-01 2026-12-02 2026-12-03", "2026-12-01 2026-12-02 2026-12-03"},
	{"two blanks end a number", "123456  789012", "123456  789012"},
	{"full-width digits of UTF-8 are digits, byte for byte", "６２２２０２０６００００００００",
		"************************************００００"},
	{"full-width digits of GB18030 are digits",
		"\xa3\xb1\xa3\xb2\xa3\xb3\xa3\xb4\xa3\xb5\xa3\xb6\xa3\xb7\xa3\xb8\xa3\xb9\xa3\xb0\xa3\xb1\xa3\xb2",
		"****************\xa3\xb9\xa3\xb0\xa3\xb1\xa3\xb2"},
	{"digits of four-byte characters are not in a row", "\x81\x30\x84\x30\x81\x30\x84\x30\x81\x30\x84\x30\x81\x30",
		"\x81\x30\x84\x30\x81\x30\x84\x30\x81\x30\x84\x30\x81\x30"},
	{"two numbers are masked apart", "6222020600000000015|150702198001010017", "***************0015|**************0017"},
	{"nothing stays nothing", "", ""},
};

static void test_mask(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf b = BUF_INIT;

		mask_digits(&b, span_of(cases[i].text));
		if (strcmp(buf_text(&b), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, buf_text(&b));
		assert_int_equal(b.n, strlen(cases[i].text));
		buf_done(&b);
	}
}

#define EIGHT "PFZvdWNo"
#define LINE EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT EIGHT
#define STARS "********************************************************"

static void test_packed(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} rows[] = {
		{"what looks like Base64 becomes stars", "<V>" LINE EIGHT "</V>", "<V>" STARS "********" "</V>"},
		{"so it does in lines", "<V>" LINE "\r\n" EIGHT "==\n</V>", "<V>" STARS "\r\n**********\n</V>"},
		{"masked digits do not part it", LINE "****0015", STARS "********"},
		{"shorter words stay", "<V>" LINE "</V>", "<V>" LINE "</V>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;

		buf_str(&b, rows[i].text);
		mask_packed(&b);
		if (strcmp(buf_text(&b), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, buf_text(&b));
		buf_done(&b);
	}
}

static void test_known(void **state)
{
	static const struct {
		const char *name, *text, *want;
		void (*mask)(struct buf *b, struct span text);
	} rows[] = {
		{"of a name the first character stays", "欧阳震霆", "欧***", mask_name},
		{"one character is no secret", "王", "王", mask_name},
		{"bytes that are no characters count one each", "王\xff\xfe", "王**", mask_name},
		{"of an account the last four stay", "6222020600000000015", "***************0015", mask_number},
		{"four digits say nothing", "0015", "****", mask_number},
		{"nothing stays nothing", "", "", mask_number},
		{"so it does as a name", "", "", mask_name},
		{"stars end somewhere", LINE LINE "1234", STARS "********" "1234", mask_number},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;

		rows[i].mask(&b, span_of(rows[i].text));
		if (strcmp(buf_text(&b), rows[i].want) != 0)
			fail_msg("%s: %s", rows[i].name, buf_text(&b));
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_mask), cmocka_unit_test(test_packed),
		cmocka_unit_test(test_known)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
