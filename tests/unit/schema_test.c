/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "schema.h"
#include "schema_pattern.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define OBJECT(props) \
	"{\"$id\":\"t.json\",\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" props "}}"
#define TEXT(more) "{\"type\":\"string\",\"x-sensitivity\":\"none\"" more "}"

#define ITEM(text) "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"x\":" text "}}"
#define LIST(most, items) "{\"type\":\"array\",\"maxItems\":" most ",\"items\":" items "}"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/schema_test.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
	DIR *d = opendir(folder);
	struct dirent *x;
	char path[400];

	(void)state;
	while (d && (x = readdir(d))) {
		snprintf(path, sizeof path, "%s/%s", folder, x->d_name);
		unlink(path);
	}
	if (d)
		closedir(d);
	return rmdir(folder);
}

static void put_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct schema *load(const char *text, struct findings *f)
{
	char path[128];

	put_file("t.json", text);
	snprintf(path, sizeof path, "%s/t.json", folder);
	return schema_load(path, f);
}

static struct schema *load_good(const char *text)
{
	struct findings f;
	struct schema *s;

	findings_init(&f);
	s = load(text, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	assert_non_null(s);
	assert_int_equal(f.count, 0);
	findings_done(&f);
	return s;
}

static void each_fault_of_a_schema_is_found_at_its_place(void **state)
{
	static const struct {
		const char *name, *text, *code;
		unsigned line;
	} rows[] = {
		{"a keyword outside the profile", OBJECT("\n\"a\":" TEXT(",\"minimum\":\"1\"")), "schema.keyword", 2},
		{"a keyword of text on an object", OBJECT("\n\"a\":{\"maxLength\":1,\"type\":\"object\","
			"\"additionalProperties\":false,\"properties\":{}}"), "schema.keyword", 2},
		{"a rule beside a reference",
			OBJECT("\"a\":{\"$ref\":\"#/$defs/x\",\"x-sensitivity\":\"none\",\n\"pattern\":\"^a$\"}},"
			"\"$defs\":{\"x\":{\"type\":\"string\"}"), "schema.keyword", 2},
		{"enum and const together", OBJECT("\"a\":" TEXT(",\"enum\":[\"a\"],\n\"const\":\"a\"")),
			"schema.keyword", 2},
		{"a number", OBJECT("\n\"a\":{\"type\":\"integer\"}"), "schema.type", 2},
		{"a list without a bound", OBJECT("\n\"a\":{\"type\":\"array\",\"items\":" ITEM(TEXT("")) "}"), "conf.missing", 2},
		{"a list of nothing", OBJECT("\n\"a\":{\"type\":\"array\",\"maxItems\":2}"), "conf.missing", 2},
		{"a list of more than a thousand", OBJECT("\n\"a\":" LIST("1001", ITEM(TEXT("")))), "conf.number", 2},
		{"a list of texts", OBJECT("\n\"a\":" LIST("2", TEXT(""))), "schema.type", 2},
		{"a list of lists", OBJECT("\n\"a\":" LIST("2", LIST("2", ITEM(TEXT(""))))), "schema.type", 2},
		{"an object in an item", OBJECT("\"a\":" LIST("2", ITEM("\n" ITEM(TEXT(""))))), "schema.type", 2},
		{"a list in an item", OBJECT("\"a\":" LIST("2", ITEM("\n" LIST("2", ITEM(TEXT("")))))), "schema.type", 2},
		{"a keyword of text on a list",
			OBJECT("\"a\":{\"type\":\"array\",\"maxItems\":2,\n\"minLength\":1,\"items\":" ITEM(TEXT("")) "}"),
			"schema.keyword", 2},
		{"a control in an item",
			OBJECT("\"a\":" LIST("2", ITEM("\n" TEXT(",\"format\":\"money\",\"x-control\":\"cash\"")))),
			"schema.control", 2},
		{"an example of an item that is none",
			OBJECT("\"a\":" LIST("2", ITEM(TEXT(",\"maxLength\":1,\n\"examples\":[\"ab\"]")))), "schema.example", 2},
		{"an event that is text", "{\"$id\":\"t.json\",\n\"type\":\"string\",\"x-sensitivity\":\"none\"}",
			"schema.type", 2},
		{"an enum of numbers", OBJECT("\"a\":" TEXT(",\n\"enum\":[1]")), "schema.type", 2},
		{"an example that is a number", OBJECT("\"a\":" TEXT(",\n\"examples\":[1]")), "schema.type", 2},
		{"no type", OBJECT("\n\"a\":{\"x-sensitivity\":\"none\"}"), "conf.missing", 2},
		{"no sensitivity", OBJECT("\n\"a\":{\"type\":\"string\"}"), "conf.missing", 2},
		{"a sensitivity that is not known",
			OBJECT("\n\"a\":{\"type\":\"string\",\"x-sensitivity\":\"secret\"}"),
			"conf.choice", 2},
		{"an open object", "{\"$id\":\"t.json\",\"type\":\"object\",\"properties\":{}}", "conf.missing", 1},
		{"an object that says it is open",
			"{\"$id\":\"t.json\",\"type\":\"object\",\n\"additionalProperties\":true,"
			"\"properties\":{}}", "conf.choice", 2},
		{"a format that is not known", OBJECT("\n\"a\":" TEXT(",\"format\":\"email\"")), "conf.choice", 2},
		{"a length that is no number", OBJECT("\n\"a\":" TEXT(",\"maxLength\":\"x\"")), "conf.number", 2},
		{"a charset that is not known", OBJECT("\n\"a\":" TEXT(",\"x-max-bytes\":{\"big5\":1}")),
			"conf.unknown_key", 2},
		{"a kind of money that there is not", OBJECT("\n\"a\":" TEXT(",\"format\":\"money\",\"x-control\":\"gold\"")),
			"conf.choice", 2},
		{"another dialect of JSON Schema",
			OBJECT("},\n\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"$defs\":{"),
			"conf.choice", 2},
		{"a reference to nothing", OBJECT("\n\"a\":{\"$ref\":\"#/$defs/x\"}"), "schema.ref", 2},
		{"a reference into properties", OBJECT("\"b\":" TEXT("") ",\n\"a\":{\"$ref\":\"#/properties/b\"}"),
			"schema.ref", 2},
		{"a reference into another folder", OBJECT("\n\"a\":{\"$ref\":\"../x.json#/$defs/y\"}"), "schema.ref",
			2},
		{"a reference below the common folder", OBJECT("\n\"a\":{\"$ref\":\"../common/a/x.json#/$defs/y\"}"),
			"schema.ref", 2},
		{"a reference to the common folder itself", OBJECT("\n\"a\":{\"$ref\":\"../common/#/$defs/y\"}"),
			"schema.ref", 2},
		{"a reference to itself",
			OBJECT("\"a\":{\"$ref\":\"#/$defs/x\"}},\"$defs\":{\"x\":{\n\"$ref\":\"#/$defs/x\"}"),
			"schema.ref", 2},
		{"an object within itself",
			OBJECT("\"a\":{\"$ref\":\"#/$defs/x\"}},\"$defs\":{\"x\":{\"type\":\"object\","
			"\"additionalProperties\":false,\"properties\":{\n\"b\":{\"$ref\":\"#/$defs/x\"}}}"),
				"schema.ref", 2},
		{"a required field that is not there", OBJECT("\"a\":" TEXT("") "},\n\"required\":[\"b\"],\"$defs\":{"),
			"schema.ref", 2},
		{"a name with a point", OBJECT("\n\"a.b\":" TEXT("")), "schema.name", 2},
		{"a name that begins with a digit", OBJECT("\n\"1a\":" TEXT("")), "schema.name", 2},
		{"a pattern without anchors", OBJECT("\"a\":" TEXT(",\n\"pattern\":\"a+\"")), "schema.pattern", 2},
		{"a number of a document that is personal", OBJECT("\"a\":"
			"{\"type\":\"string\",\"x-sensitivity\":\"account\",\n\"x-number\":true}"), "schema.number", 2},
		{"an amount that is a number of a document",
			OBJECT("\"a\":" TEXT(",\"format\":\"money\",\"x-control\":\"cash\",\n\"x-number\":true")), "schema.number", 2},
		{"an amount without control", OBJECT("\n\"a\":" TEXT(",\"format\":\"money\"")), "schema.control", 1},
		{"control on a text", OBJECT("\n\"a\":" TEXT(",\"x-control\":\"cash\"")), "schema.control", 2},
		{"control on a text beside an amount", OBJECT("\"b\":" TEXT(",\"format\":\"money\"") ",\n\"a\":"
			TEXT(",\"x-control\":\"cash\"")), "schema.control", 2},
		{"two amounts with control", OBJECT("\"a\":" TEXT(",\"format\":\"money\",\"x-control\":\"cash\"")
			",\n\"b\":"
			TEXT(",\"format\":\"money\",\"x-control\":\"cash\"")), "schema.control", 2},
		{"a name of another file",
			"{\n\"$id\":\"u.json\",\"type\":\"object\",\"additionalProperties\":false,\"properties\":{}}",
			"schema.id", 2},
		{"an example of a field that breaks it", OBJECT("\"a\":"
			TEXT(",\"maxLength\":1,\n\"examples\":[\"ab\"]")),
			"schema.example", 2},
		{"an example of the event that breaks it", OBJECT("\"a\":" TEXT("")
			"},\n\"examples\":[{\"b\":\"\"}],\"$defs\":{"),
			"schema.example", 2},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct findings f;

		findings_init(&f);
		if (load(rows[i].text, &f))
			fail_msg("%s: not found", rows[i].name);
		if (f.count != 1 || strcmp(err_code(f.first->err.id)->name, rows[i].code)
			|| f.first->line != rows[i].line) {
			findings_print(&f, ERR_EN, 0, stderr);
			fail_msg("%s: want %s once in line %u", rows[i].name, rows[i].code, rows[i].line);
		}
		findings_done(&f);
	}
}

static void all_faults_are_found_in_one_run_and_a_definition_tells_them_once(void **state)
{
	struct findings f;

	(void)state;
	findings_init(&f);
	assert_null(load(OBJECT("\"a\":{\"$ref\":\"#/$defs/x\"},\"b\":{\"$ref\":\"#/$defs/x\"},"
		"\"c\":{\"type\":\"integer\"}},"
		"\"$defs\":{\"x\":{\"type\":\"string\",\"x-sensitivity\":\"none\",\"maxItems\":1}"), &f));
	assert_int_equal(f.count, 2);
	findings_done(&f);
}

static void a_definition_is_used_here_and_from_the_file_beside(void **state)
{
	const struct schema_field *x;
	struct schema *s;
	unsigned n;

	(void)state;
	put_file("common.json", "{\"$defs\":{\"no\":{\"type\":\"string\",\"title\":\"Number\",\"maxLength\":3,"
		"\"x-sensitivity\":\"account\"},\"more\":{\"$ref\":\"#/$defs/no\"}}}");
	s = load_good(OBJECT("\"a\":{\"$ref\":\"common.json#/$defs/more\",\"title\":\"Ours\"},"
		"\"b\":{\"$ref\":\"#/$defs/y\","
		"\"x-sensitivity\":\"name\",\"x-max-bytes\":{\"gbk\":4}}},\"$defs\":{\"y\":{\"type\":\"string\","
			"\"x-title-zh\":\"名\","
		"\"x-sensitivity\":\"none\",\"x-max-bytes\":{\"gb18030\":6}}"));
	x = schema_fields(s, &n);
	assert_int_equal(n, 2);
	assert_span(x[0].title, "Ours");
	assert_int_equal(x[0].max_length, 3);
	assert_int_equal(x[0].sensitivity, SENSITIVITY_ACCOUNT);
	assert_span(x[1].title_zh, "名");
	assert_int_equal(x[1].sensitivity, SENSITIVITY_NAME);
	assert_int_equal(x[1].max_bytes[CHARSET_GBK], 4);
	assert_int_equal(x[1].max_bytes[CHARSET_GB18030], 0);
	schema_free(s);
}

#define CLOSED(props) "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" props "}"
#define EVENT \
	"{\"$id\":\"t.json\",\"required\":[\"net\",\"payee\"]," CLOSED( \
		"\"net\":" TEXT(",\"format\":\"money\",\"x-control\":\"cash\"") \
		",\"payee\":{\"required\":[\"name\"]," CLOSED("\"name\":" TEXT("") ",\"no\":" TEXT("")) \
		"},\"origin\":{\"required\":[\"unit\"]," CLOSED("\"unit\":" TEXT("")) "}") \
	",\"examples\":[{\"net\":\"1.00\",\"payee\":{\"name\":\"a\\\"省\"}}]}"

static void fields_are_known_by_their_paths(void **state)
{
	struct schema *s = load_good(EVENT);
	const struct schema_field *x;
	unsigned n;

	(void)state;
	x = schema_fields(s, &n);
	assert_int_equal(n, 4);
	assert_string_equal(x[0].path.p, "net");
	assert_string_equal(x[1].path.p, "payee.name");
	assert_string_equal(x[2].path.p, "payee.no");
	assert_true(x[1].required);
	assert_false(x[2].required);
	assert_false(x[3].required);
	assert_string_equal(schema_type(s), "t");
	assert_ptr_equal(schema_control(s), x);
	assert_string_equal(schema_kind_of_money(s), "");
	assert_ptr_equal(schema_field(s, SPAN("payee.no")), x + 2);
	assert_null(schema_field(s, SPAN("payee")));
	assert_string_equal(schema_nearest(s, SPAN("payee.nam")), "payee.name");
	assert_null(schema_nearest(s, SPAN("zzzzzz")));
	assert_int_equal(schema_nexamples(s), 1);
	assert_span(schema_example(s, 0), "{\"net\":\"1.00\",\"payee\":{\"name\":\"a\\\"省\"}}");
	schema_free(s);
}

static void a_whole_event_is_checked(void **state)
{
	static const struct {
		const char *name, *json, *code;
	} rows[] = {
		{"the least that is needed", "{\"net\":\"1.00\",\"payee\":{\"name\":\"a\"}}", "ok"},
		{"an escaped key is the key", "{\"\\u006eet\":\"1.00\",\"payee\":{\"name\":\"a\"}}", "ok"},
		{"an escaped value is unescaped first", "{\"net\":\"1\\u002e00\",\"payee\":{\"name\":\"a\"}}", "ok"},
		{"an unknown field", "{\"net\":\"1.00\",\"payee\":{\"name\":\"a\",\"nam\":\"b\"}}", "schema.unknown"},
		{"a missing field", "{\"payee\":{\"name\":\"a\"}}", "schema.missing"},
		{"a missing field of an object that may be absent",
			"{\"net\":\"1.00\",\"payee\":{\"name\":\"a\"},\"origin\":{}}",
			"schema.missing"},
		{"a field that stands twice", "{\"net\":\"1.00\",\"n\\u0065t\":\"1.00\",\"payee\":{\"name\":\"a\"}}",
			"schema.twice"},
		{"a number for an amount", "{\"net\":1.00,\"payee\":{\"name\":\"a\"}}", "schema.kind"},
		{"a text for an object", "{\"net\":\"1.00\",\"payee\":\"a\"}", "schema.kind"},
		{"a list for the event", "[]", "schema.kind"},
		{"a value that breaks its rule", "{\"net\":\"1.0\",\"payee\":{\"name\":\"a\"}}", "schema.money"},
		{"no JSON", "{\"net\":\"1.00\",\"payee\":{\"name\":\"a\"}", "json.syntax"},
		{"more behind it", "{\"net\":\"1.00\",\"payee\":{\"name\":\"a\"}} x", "json.syntax"},
	};
	struct schema *s = load_good(EVENT);
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		e = ERR_INIT;
		if ((schema_check_data(s, span_of(rows[i].json), &e) != 0) != (strcmp(rows[i].code, "ok") != 0) ||
			strcmp(err_code(e.id)->name, rows[i].code))
			fail_msg("%s: %s", rows[i].name, err_code(e.id)->name);
		assert_int_equal(strcmp(rows[i].code, "ok") ? err_kind(&e) : ERR_DATA, ERR_DATA);
	}
	schema_free(s);
}

static void each_value_is_checked(void **state)
{
	static const struct {
		const char *name, *rule, *value, *code;
	} rows[] = {
		{"no rule, no fault", "", "", "ok"},
		{"characters are counted, not bytes", ",\"maxLength\":3", "呼伦贝", "ok"},
		{"one character too many", ",\"maxLength\":3", "呼伦贝尔", "schema.length"},
		{"one byte of ASCII too many", ",\"maxLength\":3", "abcd", "schema.length"},
		{"a character too few", ",\"minLength\":2", "呼", "schema.length"},
		{"exactly enough", ",\"minLength\":2", "呼伦", "ok"},
		{"two bytes of GBK a character", ",\"x-max-bytes\":{\"gbk\":6}", "王小珅", "ok"},
		{"one character over the bytes", ",\"x-max-bytes\":{\"gbk\":6}", "王小珅a", "schema.bytes"},
		{"four bytes of GB18030", ",\"x-max-bytes\":{\"gb18030\":3}", "㛃", "schema.bytes"},
		{"four bytes of GB18030 fit", ",\"x-max-bytes\":{\"gb18030\":4}", "㛃", "ok"},
		{"two bytes of UTF-8 may be four of GB18030", ",\"x-max-bytes\":{\"gb18030\":3}", "ç", "schema.bytes"},
		{"a character that GBK lacks is left to the encoder", ",\"x-max-bytes\":{\"gbk\":2}", "䶮", "ok"},
		{"ASCII over the bytes", ",\"x-max-bytes\":{\"gbk\":2}", "abc", "schema.bytes"},
		{"UTF-8 over the bytes", ",\"x-max-bytes\":{\"utf-8\":5}", "呼伦", "schema.bytes"},
		{"the strictest charset counts", ",\"x-max-bytes\":{\"gbk\":60,\"utf-8\":5}", "呼伦", "schema.bytes"},
		{"of the form", ",\"pattern\":\"^[0-9]{12}$\"", "103196000015", "ok"},
		{"not of the form", ",\"pattern\":\"^[0-9]{12}$\"", "10319600001", "schema.shape"},
		{"full-width digits are not of the form", ",\"pattern\":\"^[0-9]{2}$\"", "１２", "schema.shape"},
		{"one of the choices", ",\"enum\":[\"S\",\"E\"]", "E", "ok"},
		{"none of the choices", ",\"enum\":[\"S\",\"E\"]", "P", "schema.choice"},
		{"the constant", ",\"const\":\"CNY\"", "CNY", "ok"},
		{"not the constant", ",\"const\":\"CNY\"", "cny", "schema.choice"},
		{"a leap day", ",\"format\":\"date\"", "2028-02-29", "ok"},
		{"no leap day", ",\"format\":\"date\"", "2026-02-29", "schema.date"},
		{"a date of zeros", ",\"format\":\"date\"", "0000-00-00", "schema.date"},
		{"a date without lines", ",\"format\":\"date\"", "20261201", "schema.date"},
		{"a date with other lines", ",\"format\":\"date\"", "2026/12-01", "schema.date"},
		{"a date with another line", ",\"format\":\"date\"", "2026-12/01", "schema.date"},
		{"a date with more", ",\"format\":\"date\"", "2026-12-01 ", "schema.date"},
		{"a sign is no digit of a date", ",\"format\":\"date\"", "2026-+1-01", "schema.date"},
		{"a month", ",\"format\":\"month\"", "2026-12", "ok"},
		{"no month", ",\"format\":\"month\"", "2026-13", "schema.date"},
		{"a date for a month", ",\"format\":\"month\"", "2026-12-01", "schema.date"},
		{"an amount", ",\"format\":\"money\",\"x-control\":\"cash\"", "1234.50", "ok"},
		{"a refund", ",\"format\":\"money\",\"x-control\":\"cash\"", "-0.01", "ok"},
		{"nothing", ",\"format\":\"money\",\"x-control\":\"cash\"", "0.00", "ok"},
		{"one decimal", ",\"format\":\"money\",\"x-control\":\"cash\"", "1234.5", "schema.money"},
		{"a zero in front", ",\"format\":\"money\",\"x-control\":\"cash\"", "01.00", "schema.money"},
		{"a zero behind the sign", ",\"format\":\"money\",\"x-control\":\"cash\"", "-01.00", "schema.money"},
		{"less than nothing, but nothing", ",\"format\":\"money\",\"x-control\":\"cash\"", "-0.00", "schema.money"},
		{"too much", ",\"format\":\"money\",\"x-control\":\"cash\"", "92233720368547758.08", "schema.money"},
		{"an empty amount", ",\"format\":\"money\",\"x-control\":\"cash\"", "", "schema.money"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[512];
		struct schema *s;
		struct err e = ERR_INIT;
		int rc;

		snprintf(text, sizeof text, OBJECT("\"a\":{\"type\":\"string\",\"x-sensitivity\":\"id\"%s}"),
			rows[i].rule);
		s = load_good(text);
		rc = schema_check(schema_field(s, SPAN("a")), span_of(rows[i].value), &e);
		if (strcmp(err_code(e.id)->name, rows[i].code) || rc != (e.id ? -1 : 0))
			fail_msg("%s: %s", rows[i].name, err_code(e.id)->name);
		if (rc != 0) {
			assert_string_equal(err_arg(&e, "field"), "a");
			assert_true(strlen(rows[i].value) < 5 || !strstr(e.args, rows[i].value));
		}
		schema_free(s);
	}
}

static void a_list_holds_objects_of_texts(void **state)
{
	static const struct {
		const char *json, *code, *field;
	} rows[] = {
		{"{\"z\":[{\"x\":\"ab\",\"y\":\"1.00\"}]}", "", ""}, {"{\"z\":[{\"x\":\"a\"},{\"x\":\"b\"}]}", "", ""},
		{"{}", "schema.missing", "z"}, {"{\"z\":[]}", "schema.items", "z"},
		{"{\"z\":[{\"x\":\"a\"},{\"x\":\"b\"},{\"x\":\"c\"}]}", "schema.items", "z"},
		{"{\"z\":\"a\"}", "schema.kind", "z"}, {"{\"z\":{\"x\":\"a\"}}", "schema.kind", "z"},
		{"{\"z\":[\"a\"]}", "schema.kind", "z[]"}, {"{\"z\":[{\"x\":[]}]}", "schema.kind", "z[].x"},
		{"{\"z\":[{\"y\":\"1.00\"}]}", "schema.missing", "z[].x"}, {"{\"z\":[{\"x\":\"abc\"}]}", "schema.length", "z[].x"},
		{"{\"z\":[{\"x\":\"a\",\"y\":\"1\"}]}", "schema.money", "z[].y"},
		{"{\"z\":[{\"x\":\"a\",\"w\":\"1\"}]}", "schema.unknown", "z[].w"},
		{"{\"z\":[{\"x\":\"a\",\"x\":\"b\"}]}", "schema.twice", "z[].x"}, {"{\"z\":[{\"x\":\"a\"}", "json.syntax", ""},
	};
	struct schema *s = load_good("{\"$id\":\"t.json\",\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"z\"],"
		"\"properties\":{\"z\":{\"type\":\"array\",\"title\":\"Lines\",\"minItems\":1,\"maxItems\":2,\"items\":{"
		"\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"x\"],\"properties\":{\"x\":"
		TEXT(",\"maxLength\":2") ",\"y\":" TEXT(",\"format\":\"money\"") "}}}}}");
	const struct schema_list *l = schema_list(s, SPAN("z"));
	unsigned n;

	(void)state;
	schema_fields(s, &n);
	assert_int_equal(n, 0);
	assert_ptr_equal(l, schema_lists(s));
	assert_true(l && l->required && l->min_items == 1 && l->max_items == 2 && l->nfields == 2 && !l->next);
	assert_span(l->title, "Lines");
	assert_ptr_equal(schema_item_field(l, SPAN("y")), &l->fields[1]);
	assert_span(l->fields[1].path, "z[].y");
	assert_true(l->fields[0].required && !l->fields[1].required);
	assert_null(schema_item_field(l, SPAN("z")));
	assert_null(schema_list(s, SPAN("x")));
	assert_null(schema_control(s));
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct err e = ERR_INIT;
		const int rc = schema_check_data(s, span_of(rows[i].json), &e);
		const char *field = err_arg(&e, "field");

		if (rc != (rows[i].code[0] ? -1 : 0) || (rc && strcmp(err_code(e.id)->name, rows[i].code) != 0) ||
			strcmp(field ? field : "", rows[i].field) != 0)
			fail_msg("%s: %d %s %s", rows[i].json, rc, rc ? err_code(e.id)->name : "", e.args);
	}
	schema_free(s);
}

static void patterns_match_the_whole_text(void **state)
{
	static const struct {
		const char *pattern, *yes[4], *no[4];
	} rows[] = {
		{"^$", {""}, {"a", "省"}},
		{"^abc$", {"abc"}, {"ab", "abcd", "abc\n", ""}},
		{"^a?b*c+$", {"c", "abbc", "acc"}, {"", "aac", "ab", "ca"}},
		{"^[0-9A-Z]{2}[0-9]{4,6}x?$", {"A01234", "00000000x", "Z9123456"}, {"A0123", "a01234", "A01234567x",
			"A01234xx"}},
		{"^[^a]$", {NULL}, {NULL}},
		{"^\\d{2}$", {"12"}, {"1", "１２", "1a"}},
		{"^.$", {"省", "a", "\xf0\x9f\x98\x80"}, {"", "ab", "\n", "\xe2\x80\xa8"}},
		{"^.{2}$", {"呼伦"}, {"呼", "呼伦贝", "呼\xe4"}},
		{"^[一-龥·]{2,4}$", {"呼伦", "呼·尔"}, {"呼", "呼a", "呼伦贝尔市"}},
		{"^[a-]+$", {"a-a"}, {"b", ""}},
		{"^[-a]+$", {"-a"}, {"b"}},
		{"^[\\]\\^\\-\\\\\\d]+$", {"]^-\\7"}, {"[", "a"}},
		{"^\\.\\*\\(\\)\\/-$", {".*()/-"}, {".*()/"}},
		{"^a*a*a*a{3}$", {"aaa", "aaaaaaaa"}, {"aa", "aaab"}},
		{"^a{0,2}b{0,2}$", {"", "aabb", "b", "a"}, {"aaa", "ba"}},
		{"^a?b?a$", {"a", "ba", "aa", "aba"}, {"b", "ab", "", "aab"}},
		{"^[0-9]*5$", {"5", "55", "125"}, {"", "51"}},
		{"^[ab]{1,3}b$", {"ab", "bb", "abab"}, {"b", "a", "aaaab"}},
		{"^省?[0-9]*$", {"省1", "1", "", "省"}, {"1省", "省省"}},
		{"^.*x.*y$", {"xy", "aaxbbxyy"}, {"xyz", "yx"}},
		{"^[0-9]{1,200}$", {"0"}, {"", "a"}},
	};
	struct arena a = ARENA_INIT;
	unsigned at;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct schema_pattern *p = schema_pattern_new(&a, span_of(rows[i].pattern), &at);

		if (!p != !rows[i].no[0])
			fail_msg("%s", rows[i].pattern);
		for (size_t k = 0; p && k < 4 && rows[i].yes[k]; k++)
			if (!schema_pattern_match(p, span_of(rows[i].yes[k])))
				fail_msg("%s must match %s", rows[i].pattern, rows[i].yes[k]);
		for (size_t k = 0; p && k < 4 && rows[i].no[k]; k++)
			if (schema_pattern_match(p, span_of(rows[i].no[k])))
				fail_msg("%s must not match %s", rows[i].pattern, rows[i].no[k]);
	}
	arena_done(&a);
}

static void other_patterns_are_refused_with_their_place(void **state)
{
	static const struct {
		const char *pattern;
		unsigned at;
	} rows[] = {
		{"", 1}, {"a", 1}, {"^a", 3}, {"a$", 1}, {"^a|b$", 3}, {"^(a)$", 2}, {"^a??$", 4}, {"^a**$", 4},
			{"^*$", 2},
		{"^a{2$", 5}, {"^a{$", 4}, {"^a{2,$", 6}, {"^a{2,}$", 6}, {"^a{3,2}$", 7}, {"^a{0}$", 5}, {"^a{256}$",
			6},
		{"^[]$", 3}, {"^[^a]$", 3}, {"^[b-a]$", 6}, {"^[a$", 5}, {"^\\w$", 3}, {"^\\D$", 3}, {"^\\p{L}$", 3},
			{"^\\$", 4},
		{"^a$b$", 3}, {"^^$", 2}, {"^省)$", 3}, {"^.{200}.{200}$", 14},
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned at = 0;

		if (schema_pattern_new(&a, span_of(rows[i].pattern), &at) || at != rows[i].at)
			fail_msg("%s: at %u, want %u", rows[i].pattern, at, rows[i].at);
	}
	arena_done(&a);
}

static void check_titles(const char *file, const struct schema_field *x, unsigned n)
{
	for (unsigned k = 0; k < n; k++)
		if (!x[k].title.n || !x[k].title_zh.n || charset_ascii(x[k].title_zh))
			fail_msg("%s: %s has no title in both languages", file, x[k].path.p);
}

/* One schema of the project: it loads with all its examples, and people can read it in both languages. */
static void check_ours(const char *system, const char *file, unsigned *ret_amounts)
{
	const struct schema_field *x;
	struct findings f;
	struct schema *s;
	char path[400];
	unsigned n;

	findings_init(&f);
	snprintf(path, sizeof path, SOURCE_DIR "/schemas/%s/%s", system, file);
	s = schema_load(path, &f);
	findings_print(&f, ERR_EN, 0, stderr);
	if (!s)
		fail_msg("%s does not load", file);
	findings_done(&f);
	if (strncmp(schema_type(s), system, strlen(system)) != 0 || schema_type(s)[strlen(system)] != '.')
		fail_msg("%s lies in the folder of %s", file, system);
	if (schema_nexamples(s) < 2)
		fail_msg("%s has no two examples", file);
	x = schema_fields(s, &n);
	check_titles(file, x, n);
	for (const struct schema_list *l = schema_lists(s); l; l = l->next) {
		if (!l->title.n || !l->title_zh.n || charset_ascii(l->title_zh))
			fail_msg("%s: %s has no title in both languages", file, l->path.p);
		check_titles(file, l->fields, l->nfields);
	}
	*ret_amounts += schema_control(s) != NULL;
	schema_free(s);
}

static unsigned check_system(const char *system, unsigned *ret_amounts)
{
	char path[300];
	struct dirent *x;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, SOURCE_DIR "/schemas/%s", system);
	d = opendir(path);
	while (d && (x = readdir(d)))
		if (span_ends(span_of(x->d_name), SPAN(".json"))) {
			check_ours(system, x->d_name, ret_amounts);
			n++;
		}
	if (d)
		closedir(d);
	return n;
}

static void the_schemas_of_the_project_load(void **state)
{
	static const char *const systems[] = {"asset", "master", "nontax", "payment", "payroll", "subsidy"};
	unsigned n = 0, amounts = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(systems); i++) {
		unsigned of_system = check_system(systems[i], &amounts);

		if (!of_system)
			fail_msg("%s has no schema", systems[i]);
		n += of_system;
	}
	print_message("%u schemas of ours, %u of them with an amount\n", n, amounts);
	assert_true(n >= 11 && amounts >= 10);
}

/* What may be another's: names, accounts, ID numbers and phones are marked wherever they stand. */
static void fields_of_people_are_marked(void **state)
{
	static const struct {
		const char *type, *field;
		enum schema_sensitivity want;
	} rows[] = {
		{"payment/payment.order.issued.v1", "payee.name", SENSITIVITY_NAME},
		{"payment/payment.order.issued.v1", "payer.account", SENSITIVITY_ACCOUNT},
		{"payment/payment.order.issued.v1", "payer.bank_name", SENSITIVITY_NONE},
		{"payment/payment.batch.line.v1", "payee.account", SENSITIVITY_ACCOUNT},
		{"payment/payment.published.v1", "payee.name", SENSITIVITY_NAME},
		{"payroll/payroll.line.v1", "id_no", SENSITIVITY_ID},
		{"nontax/nontax.payment.confirmed.v1", "payer.name", SENSITIVITY_NAME},
		{"nontax/nontax.payment.confirmed.v1", "virtual_account", SENSITIVITY_ACCOUNT},
		{"asset/asset.card.created.v1", "user", SENSITIVITY_NAME},
		{"subsidy/subsidy.line.v1", "id_no", SENSITIVITY_ID},
		{"subsidy/subsidy.line.v1", "phone", SENSITIVITY_PHONE},
		{"subsidy/subsidy.line.v1", "payee.account", SENSITIVITY_ACCOUNT},
		{"master/master.unit.changed.v1", "account", SENSITIVITY_ACCOUNT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct schema_field *x;
		struct findings f;
		struct schema *s;
		char path[300];

		findings_init(&f);
		snprintf(path, sizeof path, SOURCE_DIR "/schemas/%s.json", rows[i].type);
		s = schema_load(path, &f);
		assert_non_null(s);
		x = schema_field(s, span_of(rows[i].field));
		if (!x || x->sensitivity != rows[i].want)
			fail_msg("%s: %s", rows[i].type, rows[i].field);
		schema_free(s);
		findings_done(&f);
	}
}

/*
 * The suite of JSON Schema 2020-12. Its schemas say less than ours must, so what the profile wants said is added where
 * it changes no answer: the type that the keywords speak of, closed objects, a sensitivity. An instance whose answer
 * rests on what was added (another type, one more property) is not in the profile and is not run.
 */
static bool only(const json_t *o, const char *const *words)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		size_t i = 0;

		while (words[i] && strcmp(words[i], key))
			i++;
		if (!words[i])
			return false;
	}
	return true;
}

static bool adapt(json_t *o, const json_t *defs, int depth);

static bool adapt_object(json_t *o, const json_t *defs, int depth)
{
	static const char *const words[] = {"$schema", "$id", "$defs", "$comment", "type", "title", "description",
		"properties",
		"required", "additionalProperties", NULL};
	json_t *more = json_object_get(o, "additionalProperties"), *properties, *v;
	const char *key;
	size_t i;

	if (!only(o, words) || (more && !json_is_false(more)))
		return false;
	if (!json_object_get(o, "properties"))
		json_object_set_new(o, "properties", json_object());
	properties = json_object_get(o, "properties");
	json_array_foreach(json_object_get(o, "required"), i, v)
		if (!json_object_get(properties, json_string_value(v)))
			json_object_set_new(properties, json_string_value(v), json_object());
	json_object_foreach(properties, key, v)
		if (!adapt(v, defs, depth + 1))
			return false;
	json_object_set_new(o, "type", json_string("object"));
	json_object_set_new(o, "additionalProperties", json_false());
	return true;
}

static bool adapt_text(json_t *o)
{
	static const char *const words[] = {"$schema", "$comment", "type", "title", "description", "minLength",
		"maxLength",
		"pattern", "enum", "const", "format", NULL};
	json_t *fixed = json_object_get(o, "const"), *min = json_object_get(o, "minLength"), *v;
	json_t *max = json_object_get(o, "maxLength"), *format = json_object_get(o, "format");
	size_t i;

	if (!only(o, words) || (fixed && !json_is_string(fixed)) || (min && !json_is_integer(min)) ||
		(max && !json_is_integer(max)) || (format && strcmp(json_string_value(format), "date")))
		return false;
	json_array_foreach(json_object_get(o, "enum"), i, v)
		if (!json_is_string(v))
			return false;
	json_object_set_new(o, "type", json_string("string"));
	json_object_set_new(o, "x-sensitivity", json_string("none"));
	return true;
}

static bool adapt(json_t *o, const json_t *defs, int depth)
{
	const json_t *type = json_object_get(o, "type"), *ref = json_object_get(o, "$ref");

	if (!json_is_object(o) || depth > 8 || (type && !json_is_string(type)))
		return false;
	if (json_is_string(ref))
		return json_object_size(o) == 1 && strncmp(json_string_value(ref), "#/$defs/", 8) == 0 &&
			adapt(json_object_get(defs, json_string_value(ref) + 8), defs, depth + 1) &&
			json_object_set_new(o, "x-sensitivity", json_string("none")) == 0;
	if (type ? !strcmp(json_string_value(type), "object") : json_object_get(o, "properties") || json_object_get(o,
		"required"))
		return adapt_object(o, defs, depth);
	return (!type || !strcmp(json_string_value(type), "string")) && adapt_text(o);
}

/* A date of bookkeeping lies between 1900 and 2199; the standard knows more years. */
static bool other_year(const char *date)
{
	int year;

	return strlen(date) == 10 && sscanf(date, "%4d-", &year) == 1 && (year < 1900 || year > 2199);
}

/* The same type all over and no property that the schema does not name: what was added decides nothing. Text with a NUL
 * is refused by whoever reads JSON here. */
static bool fits(const json_t *schema, const json_t *original, const json_t *instance)
{
	const json_t *said = json_object_get(original, "type"), *properties = json_object_get(schema, "properties");
	const char *key;
	json_t *v;

	if (json_string_length(instance) && strlen(json_string_value(instance)) != json_string_length(instance))
		return false;
	if (json_object_get(schema, "format") && json_is_string(instance) && other_year(json_string_value(instance)))
		return false;
	if (!properties)
		return said || json_is_string(instance);
	if (!json_is_object(instance))
		return said != NULL;
	json_object_foreach((json_t *)instance, key, v) {
		const json_t *child = json_object_get(properties, key);

		if (!child ? !json_object_get(original, "additionalProperties") : !json_object_get(child, "$ref") &&
			!fits(child, json_object_get(json_object_get(original, "properties"), key), v))
			return false;
	}
	return true;
}

struct counts {
	unsigned groups, in_profile, ran, left;
};

/* A schema of text stands in a field of an event; one with names that cannot be fields is not in the profile. */
static struct schema *load_group(json_t *schema, bool text)
{
	json_t *root = text ? json_pack("{s:{s:O}, s:[s]}", "properties", "v", schema, "required", "v")
		: json_incref(schema);
	struct schema *s;
	struct findings f;
	char *dump;

	json_object_set_new(root, "$id", json_string("t.json"));
	json_object_set_new(root, "type", json_string("object"));
	json_object_set_new(root, "additionalProperties", json_false());
	if (text)
		json_object_del(schema, "$schema");
	dump = json_dumps(root, 0);
	findings_init(&f);
	s = load(dump, &f);
	for (struct finding *x = f.first; x; x = x->next)
		if (x->err.id != E_SCHEMA_NAME && x->err.id != E_SCHEMA_PATTERN && x->err.id != E_CONF_CONTROL)
			fail_msg("%s in %s", err_code(x->err.id)->name, dump);
	findings_done(&f);
	free(dump);
	json_decref(root);
	return s;
}

static void run_group(const json_t *group, struct counts *n)
{
	const json_t *original = json_object_get(group, "schema");
	json_t *schema = json_deep_copy(original), *test;
	bool in = adapt(schema, json_object_get(schema, "$defs"), 0);
	bool text = in && !json_object_get(schema, "properties");
	struct schema *s = in ? load_group(schema, text) : NULL;
	unsigned ran = n->ran;
	size_t i;

	n->groups++;
	json_array_foreach(s ? json_object_get(group, "tests") : NULL, i, test) {
		json_t *instance = json_object_get(test, "data");
		json_t *data = text ? json_pack("{s:O}", "v", instance) : json_incref(instance);
		char *dump = json_dumps(data, JSON_ENCODE_ANY);
		bool want = json_is_true(json_object_get(test, "valid"));
		struct err e;

		if (!fits(schema, original, instance)) {
			n->left++;
		} else {
			n->ran++;
			if ((schema_check_data(s, span_of(dump), &e) == 0) != want)
				fail_msg("%s / %s", json_string_value(json_object_get(group, "description")),
					json_string_value(json_object_get(test, "description")));
		}
		free(dump);
		json_decref(data);
	}
	n->in_profile += n->ran > ran;
	schema_free(s);
	json_decref(schema);
}

static int run_folder(const char *path, struct counts *n)
{
	DIR *d = opendir(path);
	struct dirent *x;

	while (d && (x = readdir(d))) {
		char file[600];
		json_t *groups, *group;
		size_t i;

		/* In format.json a format is a remark; with us it is a rule, as in optional/format. */
		if (!span_ends(span_of(x->d_name), SPAN(".json")) || !strcmp(x->d_name, "format.json"))
			continue;
		snprintf(file, sizeof file, "%s/%s", path, x->d_name);
		groups = json_load_file(file, JSON_ALLOW_NUL, NULL);
		json_array_foreach(groups, i, group)
			run_group(group, n);
		json_decref(groups);
	}
	if (d)
		closedir(d);
	return d ? 0 : -1;
}

static void the_suite_of_json_schema_gives_no_wrong_answer(void **state)
{
	struct counts n = {0};

	(void)state;
	if (run_folder(SHARED_DIR "/suites/json-schema-2020-12", &n) != 0) {
		print_message("no suite of JSON Schema: skipped\n");
		skip();
	}
	run_folder(SHARED_DIR "/suites/json-schema-2020-12/optional", &n);
	run_folder(SHARED_DIR "/suites/json-schema-2020-12/optional/format", &n);
	print_message("JSON Schema: %u of %u groups in the profile, %u of their cases ran, %u are not in the profile\n",
		n.in_profile, n.groups, n.ran, n.left);
	assert_true(n.in_profile >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_of_a_schema_is_found_at_its_place),
		cmocka_unit_test(all_faults_are_found_in_one_run_and_a_definition_tells_them_once),
		cmocka_unit_test(a_definition_is_used_here_and_from_the_file_beside),
		cmocka_unit_test(fields_are_known_by_their_paths),
		cmocka_unit_test(a_whole_event_is_checked),
		cmocka_unit_test(each_value_is_checked),
		cmocka_unit_test(a_list_holds_objects_of_texts),
		cmocka_unit_test(patterns_match_the_whole_text),
		cmocka_unit_test(other_patterns_are_refused_with_their_place),
		cmocka_unit_test(the_schemas_of_the_project_load),
		cmocka_unit_test(fields_of_people_are_marked),
		cmocka_unit_test(the_suite_of_json_schema_gives_no_wrong_answer),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
