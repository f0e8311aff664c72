/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

#include "contract_schema.h"

#define FIELD(more) "{\"type\":\"string\",\"x-sensitivity\":\"none\"" more "}"
#define PERSONAL "{\"type\":\"string\",\"x-sensitivity\":\"name\"}"
#define ITEMS(bounds, props, required) \
	"{\"type\":\"array\"," bounds ",\"items\":{\"type\":\"object\",\"additionalProperties\":false," required \
	"\"properties\":{" props "}}}"

/* The property x of the schema as it was and as it is; NULL: there was none. required: it is. */
static const struct row {
	const char *sentence;
	const char *old;
	bool old_required;
	const char *now;
	bool now_required;
	const char *want;            /* "what subject was is whom;" of each */
} rows[] = {
	{"nothing", FIELD(""), true, FIELD(""), true, ""},
	{"a field that comes and may be absent", NULL, false, FIELD(""), false, ""},
	{"a field that goes", FIELD(""), false, NULL, false, "FIELD x   c;"},
	{"a field that may be absent now", FIELD(""), true, FIELD(""), false, "REQUIRED x   c;"},
	{"a field that must be there now", FIELD(""), false, FIELD(""), true, "WANTED x   cp;"},
	{"a new field that must be there", NULL, false, FIELD(""), true, "WANTED x   cp;"},
	{"another format", FIELD(",\"format\":\"date\""), true, FIELD(",\"format\":\"month\""), true,
		"FORMAT x date month cp;"},
	{"a format that is dropped", FIELD(",\"format\":\"date\""), true, FIELD(""), true, "FORMAT x date text cp;"},
	{"a format that is narrowed", FIELD(""), true, FIELD(",\"format\":\"date\""), true, "FORMAT x text date cp;"},
	{"another kind of money", FIELD(",\"format\":\"money\",\"x-control\":\"cash\""), true,
		FIELD(",\"format\":\"money\",\"x-control\":\"order\""), true, "MONEY x cash order c;"},
	{"a value more", FIELD(",\"enum\":[\"a\",\"b\"]"), true, FIELD(",\"enum\":[\"a\",\"b\",\"c\",\"d\"]"), true,
		"VALUES x  c, d c;"},
	{"a value less", FIELD(",\"enum\":[\"a\",\"b\"]"), true, FIELD(",\"enum\":[\"b\"]"), true,
		"FEWER_VALUES x a  cp;"},
	{"one value for another", FIELD(",\"enum\":[\"a\"]"), true, FIELD(",\"enum\":[\"b\"]"), true,
		"VALUES x  b c;FEWER_VALUES x a  cp;"},
	{"values that are free now", FIELD(",\"const\":\"a\""), true, FIELD(""), true, "VALUES x   c;"},
	{"values that were free", FIELD(""), true, FIELD(",\"enum\":[\"a\"]"), true, "FEWER_VALUES x   cp;"},
	{"values in another order", FIELD(",\"enum\":[\"a\",\"b\"]"), true, FIELD(",\"enum\":[\"b\",\"a\"]"), true, ""},
	{"another pattern", FIELD(",\"pattern\":\"^[0-9]+$\""), true, FIELD(",\"pattern\":\"^[0-9]{2}$\""), true,
		"PATTERN x ^[0-9]+$ ^[0-9]{2}$ cp;"},
	{"a pattern that is dropped", FIELD(",\"pattern\":\"^[0-9]+$\""), true, FIELD(""), true,
		"PATTERN x ^[0-9]+$  cp;"},
	{"a pattern where there was none", FIELD(""), true, FIELD(",\"pattern\":\"^[0-9]+$\""), true,
		"PATTERN x  ^[0-9]+$ cp;"},
	{"more characters", FIELD(",\"maxLength\":21"), true, FIELD(",\"maxLength\":30"), true, "LONGER x 21 30 c;"},
	{"any number of characters", FIELD(",\"maxLength\":21"), true, FIELD(""), true, "LONGER x 21  c;"},
	{"fewer characters", FIELD(",\"maxLength\":21"), true, FIELD(",\"maxLength\":20"), true, "SHORTER x 21 20 cp;"},
	{"a bound where there was none", FIELD(""), true, FIELD(",\"maxLength\":20"), true, "SHORTER x  20 cp;"},
	{"fewer characters at least", FIELD(",\"minLength\":2"), true, FIELD(",\"minLength\":1"), true,
		"LONGER x 2 1 c;"},
	{"more characters at least", FIELD(",\"minLength\":1"), true, FIELD(",\"minLength\":2"), true,
		"SHORTER x 1 2 cp;"},
	{"more bytes", FIELD(",\"x-max-bytes\":{\"gb18030\":60}"), true, FIELD(",\"x-max-bytes\":{\"gb18030\":80}"),
		true, "MORE_BYTES x 60 80 c;"},
	{"any number of bytes", FIELD(",\"x-max-bytes\":{\"gb18030\":60}"), true, FIELD(""), true,
		"MORE_BYTES x 60  c;"},
	{"fewer bytes", FIELD(",\"x-max-bytes\":{\"gb18030\":60}"), true, FIELD(",\"x-max-bytes\":{\"gb18030\":40}"),
		true, "FEWER_BYTES x 60 40 cp;"},
	{"a bound of bytes where there was none", FIELD(""), true, FIELD(",\"x-max-bytes\":{\"gb18030\":40}"), true,
		"FEWER_BYTES x  40 cp;"},
	{"personal data", FIELD(""), true, PERSONAL, true, "OPENED x   c;"},
	{"no personal data any more", PERSONAL, true, FIELD(""), true, "MASKED x   c;"},
	{"a list that comes and may be absent", NULL, false, ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), false,
		""},
	{"a list that goes", ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), false, NULL, false, "LIST x   c;"},
	{"a list that may be absent now", ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), false, "LIST_REQUIRED x   c;"},
	{"a list that must be there now", ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), false,
		ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true, "LIST_WANTED x   cp;"},
	{"a new list that must be there", NULL, false, ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		"LIST_WANTED x   cp;"},
	{"more items", ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		ITEMS("\"maxItems\":10", "\"y\":" FIELD(""), ""), true, "MORE_ITEMS x 9 10 c;"},
	{"fewer items", ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		ITEMS("\"maxItems\":8", "\"y\":" FIELD(""), ""), true, "FEWER_ITEMS x 9 8 cp;"},
	{"fewer items at least", ITEMS("\"minItems\":2,\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		ITEMS("\"minItems\":1,\"maxItems\":9", "\"y\":" FIELD(""), ""), true, "MORE_ITEMS x 2 1 c;"},
	{"more items at least", ITEMS("\"minItems\":1,\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		ITEMS("\"minItems\":2,\"maxItems\":9", "\"y\":" FIELD(""), ""), true, "FEWER_ITEMS x 1 2 cp;"},
	{"a field of items that goes", ITEMS("\"maxItems\":9", "\"y\":" FIELD("") ",\"z\":" FIELD(""), ""), true,
		ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true, "FIELD x[].z   c;"},
	{"a field of items that must be there", ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		ITEMS("\"maxItems\":9", "\"y\":" FIELD("") ",\"z\":" FIELD(""), "\"required\":[\"z\"],"), true,
		"WANTED x[].z   cp;"},
	{"values of items", ITEMS("\"maxItems\":9", "\"y\":" FIELD(",\"maxLength\":5"), ""), true,
		ITEMS("\"maxItems\":9", "\"y\":" FIELD(",\"maxLength\":6"), ""), true, "LONGER x[].y 5 6 c;"},
	{"personal data in items", ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), true,
		ITEMS("\"maxItems\":9", "\"y\":" PERSONAL, ""), true, "OPENED x[].y   c;"},
	{"a text that is a list now", FIELD(""), true, ITEMS("\"maxItems\":9", "\"y\":" FIELD(""), ""), false,
		"FIELD x   c;"},
};

static const char *const names[BREAKS] = {
	[BREAK_FIELD] = "FIELD", [BREAK_REQUIRED] = "REQUIRED", [BREAK_WANTED] = "WANTED", [BREAK_FORMAT] = "FORMAT",
	[BREAK_MONEY] = "MONEY", [BREAK_VALUES] = "VALUES", [BREAK_FEWER_VALUES] = "FEWER_VALUES",
		[BREAK_PATTERN] = "PATTERN",
	[BREAK_LONGER] = "LONGER", [BREAK_SHORTER] = "SHORTER", [BREAK_MORE_BYTES] = "MORE_BYTES",
	[BREAK_FEWER_BYTES] = "FEWER_BYTES", [BREAK_MASKED] = "MASKED", [BREAK_OPENED] = "OPENED",
		[BREAK_LIST] = "LIST",
	[BREAK_LIST_REQUIRED] = "LIST_REQUIRED", [BREAK_LIST_WANTED] = "LIST_WANTED", [BREAK_MORE_ITEMS] = "MORE_ITEMS",
	[BREAK_FEWER_ITEMS] = "FEWER_ITEMS",
};

static struct schema *load(const char *property, bool required)
{
	char folder[] = "/tmp/contract_test.XXXXXX", path[64];
	struct findings f;
	struct schema *s;
	FILE *file;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/t.v1.json", folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "{\"$id\":\"t.v1.json\",\"type\":\"object\",\"additionalProperties\":false,%s"
		"\"properties\":{\"other\":" FIELD("") "%s%s}}", required ? "\"required\":[\"x\"]," : "",
		property ? ",\"x\":" : "", property ? property : "");
	fclose(file);
	findings_init(&f);
	s = schema_load(path, &f);
	if (!s)
		findings_print(&f, ERR_EN, 0, stderr);
	findings_done(&f);
	unlink(path);
	rmdir(folder);
	assert_non_null(s);
	return s;
}

static void add(void *arg, enum contract_break what, struct span subject, const char *was, const char *is)
{
	const unsigned whom = contract_whom(what);

	assert_non_null(names[what]);
	buf_printf(arg, "%s %.*s %s %s %s%s;", names[what], SPAN_F(subject), was, is, whom & BREAKS_CONSUMER ? "c" : "",
		whom & BREAKS_PRODUCER ? "p" : "");
}

static void each_change_is_named_with_what_it_was_and_for_whom_it_breaks(void **state)
{
	bool seen[BREAKS] = {false};
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct schema *old = load(r->old, r->old_required), *now = load(r->now, r->now_required);
		struct buf got = BUF_INIT;

		(void)contract_schemas(old, now, add, &got);
		if (strcmp(buf_text(&got), r->want) != 0) {
			fprintf(stderr, "%s: want %s\n    got  %s\n", r->sentence, r->want, buf_text(&got));
			wrong++;
		}
		for (unsigned k = 0; k < BREAKS; k++)
			if (names[k] && strstr(r->want, names[k]))
				seen[k] = true;
		buf_done(&got);
		schema_free(old);
		schema_free(now);
	}
	assert_int_equal(wrong, 0);
	for (unsigned k = BREAK_FIELD; k < BREAKS; k++)
		if (!names[k] || !seen[k])
			fail_msg("no row has rule %u", k);
}

int main(void)
{
	const struct CMUnitTest tests[] =
		{cmocka_unit_test(each_change_is_named_with_what_it_was_and_for_whom_it_breaks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
