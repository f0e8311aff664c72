/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "map.h"
#include "texts.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define LEAF "\"type\":\"string\",\"x-sensitivity\":\"none\""
#define OBJECT "\"type\":\"object\",\"additionalProperties\":false,\"properties\""

/* One required text, an amount, and objects two levels deep of which nothing is required. */
static const char schema_text[] =
	"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"test.v1.json\","
	OBJECT ":{"
	"\"id\":{" LEAF ",\"maxLength\":40},\"amount\":{" LEAF ",\"format\":\"money\",\"x-control\":\"cash\"},"
	"\"tax\":{" LEAF ",\"format\":\"money\",\"minLength\":5},"
	"\"toll\":{" LEAF ",\"format\":\"money\",\"maxLength\":8},"
	"\"fee\":{" LEAF ",\"format\":\"money\"},\"currency\":{" LEAF ",\"enum\":[\"CNY\",\"GBP\"]},"
	"\"date\":{" LEAF ",\"format\":\"date\"},\"month\":{" LEAF ",\"format\":\"month\"},"
	"\"code\":{" LEAF ",\"pattern\":\"^[0-9]+$\"},\"name\":{" LEAF ",\"x-max-bytes\":{\"gbk\":6}},"
	"\"payee\":{" OBJECT ":{\"name\":{" LEAF "},\"bank\":{" OBJECT ":{\"no\":{" LEAF "},\"city\":{" LEAF "}}},"
	"\"account\":{" LEAF "}}},"
	"\"payer\":{" OBJECT ":{\"name\":{" LEAF "},\"bank\":{" OBJECT ":{\"no\":{" LEAF "}}}}},"
	"\"items\":{\"type\":\"array\",\"maxItems\":4,\"minItems\":1,\"items\":{" OBJECT ":{\"code\":{" LEAF ",\"maxLength\":4},"
	"\"name\":{" LEAF "},\"amt\":{" LEAF ",\"format\":\"money\"}},\"required\":[\"code\"]}},"
	"\"z\":{" LEAF "}},\"required\":[\"id\"]}";

/* Without an amount and with nothing required. */
static const char plain_text[] =
	"{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"plain.v1.json\","
	OBJECT ":{\"id\":{" LEAF "},\"z\":{" LEAF "}}}";

static struct {
	char folder[32];
	struct schema *schema, *plain;
	struct codes *codes;
	struct hash_key *key;
} world;

static void put_file(const char *name, const char *text)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", world.folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *const files[] = {"test.v1.json", "plain.v1.json", "units.yaml", "units.old.csv", "units.new.csv"};

static struct schema *load(const char *name, struct findings *f)
{
	char path[96];

	snprintf(path, sizeof path, "%s/%s", world.folder, name);
	return schema_load(path, f);
}

static int set_up(void **state)
{
	struct findings f;

	(void)state;
	strcpy(world.folder, "/tmp/map_test.XXXXXX");
	assert_non_null(mkdtemp(world.folder));
	put_file("test.v1.json", schema_text);
	put_file("plain.v1.json", plain_text);
	put_file("units.yaml", "table: units\nkey: code\nvalue: standard\n"
		"editions: {old: {from: 2020, to: 2025}, new: {from: 2026, to: 2030}}\n");
	put_file("units.old.csv", "code,standard\n1,100\n2,200\n");
	put_file("units.new.csv", "code,standard\n1,111\n3,=333\n");
	findings_init(&f);
	world.schema = load("test.v1.json", &f);
	world.plain = load("plain.v1.json", &f);
	findings_print(&f, ERR_EN, 0, stderr);
	findings_done(&f);
	assert_non_null(world.schema);
	assert_non_null(world.plain);
	world.codes = codes_new();
	codes_add_folder(world.codes, world.folder);
	world.key = hash_key_new("0123456789abcdef0123456789abcdef", 32);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	schema_free(world.schema);
	schema_free(world.plain);
	codes_free(world.codes);
	hash_key_free(world.key);
	for (size_t i = 0; i < COUNT(files); i++) {
		char path[96];

		snprintf(path, sizeof path, "%s/%s", world.folder, files[i]);
		unlink(path);
	}
	return rmdir(world.folder);
}

enum way { IN, LIST /* inward: identity */, UTF8, GBK, GB18030 /* outward */, PEOPLE };

static const char *const known[] = {"a", "b", "c", "d", "line.name", "line.net", "head.year", "event.no"};

/* A map with its names, values and findings. */
struct bench {
	struct names *names;
	struct map *map;
	struct slots slots;
	struct findings f;
	struct conf_file *file;
};

static void bench_compile(struct bench *b, struct map_setup s, const char *rules)
{
	struct buf yaml = BUF_INIT;

	b->names = names_new();
	findings_init(&b->f);
	for (size_t i = 0; i < COUNT(known); i++)
		names_add(b->names, span_of(known[i]));
	s.names = b->names;
	buf_printf(&yaml, "rules:\n%s\n", rules);
	b->file = conf_parse("f", buf_as_span(&yaml), &b->f);
	buf_done(&yaml);
	assert_non_null(b->file);
	b->map = map_compile(&s, conf_root(b->file)->first, &b->f);
	slots_init(&b->slots, names_count(b->names));
}

static struct map_setup setup_of(enum way way)
{
	return (struct map_setup){.shape = way == IN ? MAP_OBJECT : MAP_LIST, .outward = way >= UTF8,
		.schema = way == IN ? world.schema : NULL,
		.charset = way == GBK ? CHARSET_GBK : way == GB18030 ? CHARSET_GB18030 : CHARSET_UTF8,
		.people = way == PEOPLE, .codes = world.codes, .key = world.key, .year_slot = 6};
}

static void bench_init(struct bench *b, enum way way, const char *rules)
{
	bench_compile(b, setup_of(way), rules);
}

static void bench_done(struct bench *b)
{
	map_free(b->map);
	slots_done(&b->slots);
	findings_done(&b->f);
	conf_close(b->file);
	names_free(b->names);
}

/* "a=1|line.name=x": one record's values; all others are absent. */
static void fill(struct bench *b, const char *input)
{
	slots_begin(&b->slots, strlen(input));
	for (size_t i = 0; i < COUNT(known); i++)
		b->slots.v[i] = (struct value){0};
	while (*input) {
		size_t name = strcspn(input, "="), end = strcspn(input, "|");
		int slot = names_use(b->names, (struct span){input, name});

		assert_true(slot >= 0 && name < end);
		b->slots.v[slot].text = (struct span){input + name + 1, end - name - 1};
		input += end + (input[end] == '|');
	}
}

/* A list in a cell, and as JSON. */
#define CELL "items: {each: b, rows: '#', by: '~', columns: [c, n, a], most: 3"
#define JSON "items: {each: b, columns: [c, who.name, a], most: 3"

static const struct {
	const char *proves;
	enum way way;
	const char *rules, *input, *want;    /* JSON, or the code of an error and its field */
} cases[] = {
	/* from, value */
	{"a path is a text", IN, "{id: a}", "a=x", "{\"id\":\"x\"}"},
	{"from is the same", IN, "{id: {from: line.name}}", "line.name=王珅", "{\"id\":\"王珅\"}"},
	{"a value is itself", IN, "{id: {value: 010}}", "", "{\"id\":\"010\"}"},
	{"an empty value is absent", IN, "{id: a, z: {value: ''}}", "a=x", "{\"id\":\"x\"}"},
	{"paths and values go out", UTF8, "[a, {from: b}, {value: F}, event.no]", "a=1|b=2|event.no=9",
		"[\"1\",\"2\",\"F\",\"9\"]"},
	{"a text is escaped", UTF8, "[a]", "a=q\"\\\n", "[\"q\\\"\\\\\\n\"]"},
	{"an absent cell is empty", UTF8, "[a, b]", "b=2", "[\"\",\"2\"]"},
	{"an empty list is an empty row", UTF8, "[]", "", "[]"},
	{"a rule may use the result of one above it", IN,
		"{payee.name: a, id: {from: data.payee.name}, amount: {from: b, as: yuan}, "
		"z: {from: data.amount, when: 'data.payee.name = \"x\"'}}", "a=x|b=1.50",
		"{\"payee\":{\"name\":\"x\"},\"id\":\"x\",\"amount\":\"1.50\",\"z\":\"1.50\"}"},
	{"which stays above it where objects are gathered", IN,
		"{payee.name: a, id: b, payee.account: {from: data.id}}", "a=x|b=new",
		"{\"payee\":{\"name\":\"x\",\"account\":\"new\"},\"id\":\"new\"}"},

	/* nested objects */
	{"objects open and close", IN, "{id: a, payee.name: b, payee.bank.no: c, z: d}", "a=1|b=2|c=3|d=4",
		"{\"id\":\"1\",\"payee\":{\"name\":\"2\",\"bank\":{\"no\":\"3\"}},\"z\":\"4\"}"},
	{"fields of an object are gathered where the first stands", IN,
		"{payee.bank.no: a, id: b, payee.name: c, payer.name: d, payee.bank.city: line.name}", "a=1|b=2|c=3|d=4|line.name=5",
		"{\"payee\":{\"bank\":{\"no\":\"1\",\"city\":\"5\"},\"name\":\"3\"},\"id\":\"2\",\"payer\":{\"name\":\"4\"}}"},
	{"two deep objects of two parents are two", IN, "{id: a, payee.bank.no: b, payer.bank.no: c}", "a=1|b=2|c=3",
		"{\"id\":\"1\",\"payee\":{\"bank\":{\"no\":\"2\"}},\"payer\":{\"bank\":{\"no\":\"3\"}}}"},
	{"an absent member leaves no comma", IN, "{id: a, payee.name: b, payee.account: c}", "a=1|c=3",
		"{\"id\":\"1\",\"payee\":{\"account\":\"3\"}}"},
	{"an absent object leaves nothing", IN, "{id: a, payee.name: b, payee.bank.no: c, z: d}", "a=1|d=4",
		"{\"id\":\"1\",\"z\":\"4\"}"},
	{"an absent inner object leaves the outer one", IN, "{id: a, payee.name: b, payee.bank.no: c}", "a=1|b=2",
		"{\"id\":\"1\",\"payee\":{\"name\":\"2\"}}"},
	{"an inner object alone", IN, "{payee.name: b, payee.bank.no: c, payee.bank.city: d, id: a}", "a=1|d=4",
		"{\"payee\":{\"bank\":{\"city\":\"4\"}},\"id\":\"1\"}"},
	{"an absent object between two of the same depth", IN,
		"{payee.bank.no: a, payee.name: b, payer.bank.no: c, id: d}", "a=1|c=3|d=4",
		"{\"payee\":{\"bank\":{\"no\":\"1\"}},\"payer\":{\"bank\":{\"no\":\"3\"}},\"id\":\"4\"}"},
	{"an object at the end is closed", IN, "{id: a, payer.bank.no: b}", "a=1|b=2",
		"{\"id\":\"1\",\"payer\":{\"bank\":{\"no\":\"2\"}}}"},
	{"what is required must be there", IN, "{id: a}", "", "map.missing id"},
	{"an empty text is absent", IN, "{id: a}", "a=", "map.missing id"},

	/* trim, null */
	{"blanks of both widths are trimmed", IN, "{id: {from: a, trim: blanks}}", "a=\t 　x 　y　 　", "{\"id\":\"x 　y\"}"},
	{"without trim they stay", IN, "{id: a}", "a= x ", "{\"id\":\" x \"}"},
	{"half an ideographic space is another character", IN, "{id: {from: a, trim: blanks}}", "a=、x\xe3\x80\x81",
		"{\"id\":\"、x、\"}"},
	{"blanks alone are absent when trimmed", IN, "{id: {from: a, trim: blanks}}", "a= 　 ", "map.missing id"},
	{"blanks go out trimmed", UTF8, "[{from: a, trim: blanks}]", "a= 　x　", "[\"x\"]"},
	{"null forms are absent", IN, "{id: {value: x}, z: {from: a, null: ['-', 'NULL']}}", "a=NULL", "{\"id\":\"x\"}"},
	{"others are not", IN, "{id: {value: x}, z: {from: a, null: ['-', 'NULL']}}", "a=NULL ",
		"{\"id\":\"x\",\"z\":\"NULL \"}"},
	{"they are compared after trim", IN, "{id: {value: x}, z: {from: a, trim: blanks, null: [NULL]}}", "a= NULL",
		"{\"id\":\"x\"}"},
	{"a required one is missing", IN, "{id: {from: a, null: ['0']}}", "a=0", "map.missing id"},
	{"before an amount is read", IN, "{id: {value: x}, amount: {from: a, as: yuan, null: ['-']}}", "a=-",
		"{\"id\":\"x\"}"},
	{"a null form goes out empty", UTF8, "[{from: a, null: [None]}, b]", "a=None|b=2", "[\"\",\"2\"]"},

	/* lookup */
	{"a code of this year", IN, "{id: {from: a, lookup: units}}", "a=1|head.year=2026", "{\"id\":\"111\"}"},
	{"a code of an older year", IN, "{id: {from: a, lookup: units}}", "a=1|head.year=20251201", "{\"id\":\"100\"}"},
	{"a code that this year no longer has", IN, "{id: {from: a, lookup: units}}", "a=2|head.year=2026",
		"map.unknown_code id"},
	{"a year without an edition", IN, "{id: {from: a, lookup: units}}", "a=1|head.year=2031", "map.unknown_code id"},
	{"a year that is none", IN, "{id: {from: a, lookup: units}}", "a=1|head.year=01/12/2026", "map.date fiscal_year"},
	{"no year", IN, "{id: {from: a, lookup: units}}", "a=1", "map.date fiscal_year"},
	{"half a year", IN, "{id: {from: a, lookup: units}}", "a=1|head.year=202", "map.date fiscal_year"},
	{"an unknown code", UTF8, "[{from: a, lookup: units, name: Unit}]", "a=7|head.year=2026", "map.unknown_code Unit"},
	{"a code goes out", UTF8, "[{from: a, lookup: units}]", "a=3|head.year=2026", "[\"=333\"]"},
	{"an absent code needs no table", UTF8, "[{from: a, lookup: units}]", "", "[\"\"]"},

	/* as: money */
	{"yuan", IN, "{id: {value: x}, amount: {from: a, as: yuan}}", "a=-01234.50", "{\"id\":\"x\",\"amount\":\"-1234.50\"}"},
	{"two decimals unless said otherwise", IN, "{id: {value: x}, amount: {from: a, as: yuan}}", "a=1.5",
		"money.decimals amount"},
	{"no decimals", IN, "{id: {value: x}, amount: {from: a, as: yuan, decimals: 0}}", "a=12",
		"{\"id\":\"x\",\"amount\":\"12.00\"}"},
	{"none and no more", IN, "{id: {value: x}, amount: {from: a, as: yuan, decimals: 0}}", "a=12.0",
		"money.decimals amount"},
	{"one decimal", IN, "{id: {value: x}, amount: {from: a, as: yuan, decimals: 1}}", "a=1.5",
		"{\"id\":\"x\",\"amount\":\"1.50\"}"},
	{"up to two", IN,
		"{id: {from: b}, amount: {from: a, as: yuan, decimals: 0..2}, fee: {from: c, as: yuan, decimals: 0..2}}",
		"b=x|a=7|c=7.5", "{\"id\":\"x\",\"amount\":\"7.00\",\"fee\":\"7.50\"}"},
	{"not three", IN, "{id: {value: x}, amount: {from: a, as: yuan, decimals: 0..2}}", "a=1.005", "money.decimals amount"},
	{"thousands", IN, "{id: {value: x}, amount: {from: a, as: yuan, thousands: yes}}", "a=1,234,567.89",
		"{\"id\":\"x\",\"amount\":\"1234567.89\"}"},
	{"only when said", IN, "{id: {value: x}, amount: {from: a, as: yuan}}", "a=1,234.56", "money.syntax amount"},
	{"fen", IN, "{id: {value: x}, amount: {from: a, as: fen}}", "a=123450", "{\"id\":\"x\",\"amount\":\"1234.50\"}"},
	{"fen have no point", IN, "{id: {value: x}, amount: {from: a, as: fen}}", "a=1.00", "money.syntax amount"},
	{"too much", IN, "{id: {value: x}, amount: {from: a, as: yuan}}", "a=92233720368547758.08", "money.range amount"},
	{"an amount is no word", IN, "{id: {value: x}, fee: {from: a, as: yuan}}", "a=abc", "money.syntax fee"},
	{"yuan go out", UTF8, "[{from: a, as: yuan}]", "a=-1234.50", "[\"-1234.50\"]"},
	{"fen go out", UTF8, "[{from: a, as: fen}]", "a=1234.05", "[\"123405\"]"},
	{"the largest amount goes out", UTF8, "[{from: a, as: fen}, {from: a, as: yuan}]", "a=-92233720368547758.07",
		"[\"-9223372036854775807\",\"-92233720368547758.07\"]"},
	{"what goes out as money is money", UTF8, "[{from: a, as: fen}]", "a=12", "money.decimals a"},

	/* as: dates */
	{"a date", IN, "{id: {value: x}, date: {from: a, as: yyyyMMdd}}", "a=20261201",
		"{\"id\":\"x\",\"date\":\"2026-12-01\"}"},
	{"a Chinese date", IN, "{id: {value: x}, date: {from: a, as: yyyy年MM月dd日}}", "a=2026年12月01日",
		"{\"id\":\"x\",\"date\":\"2026-12-01\"}"},
	{"a British date", IN, "{id: {value: x}, date: {from: a, as: dd/MM/yyyy}}", "a=01/12/2026",
		"{\"id\":\"x\",\"date\":\"2026-12-01\"}"},
	{"a month", IN, "{id: {value: x}, month: {from: a, as: yyyyMM}}", "a=202612", "{\"id\":\"x\",\"month\":\"2026-12\"}"},
	{"no date", IN, "{id: {value: x}, date: {from: a, as: yyyyMMdd}}", "a=20260230", "map.date date"},
	{"a date that is written otherwise", IN, "{id: {value: x}, date: {from: a, as: yyyyMMdd}}", "a=2026-12-01",
		"map.date date"},
	{"the month of a date", IN, "{id: {value: x}, month: {from: a, as: dd/MM/yyyy}}", "a=05/12/2026",
		"{\"id\":\"x\",\"month\":\"2026-12\"}"},
	{"the month of a day that is none", IN, "{id: {value: x}, month: {from: a, as: dd/MM/yyyy}}", "a=31/11/2026",
		"map.date month"},
	{"dates go out", GBK,
		"[{from: a, as: yyyyMMdd}, {from: a, as: yyyy年MM月dd日}, {from: a, as: dd/MM/yyyy}, {from: a, as: yyyyMM}]",
		"a=2026-12-01", "[\"20261201\",\"2026年12月01日\",\"01/12/2026\",\"202612\"]"},
	{"months go out", UTF8, "[{from: a, as: yyyy年MM月}]", "a=2026-12", "[\"2026年12月\"]"},
	{"a month has no day", UTF8, "[{from: a, as: yyyyMMdd}]", "a=2026-12", "map.date a"},

	{"of several forms of dates the one that fits", IN, "{id: a, date: {from: b, as: [yyyyMMdd, yyyy-MM-dd, d/M/yyyy]}}",
		"a=x|b=5/12/2026", "{\"id\":\"x\",\"date\":\"2026-12-05\"}"},
	{"and none that does not", IN, "{id: a, date: {from: b, as: [yyyyMMdd, yyyy-MM-dd]}}", "a=x|b=05/12/2026",
		"map.date date"},
	{"a month from either", IN, "{id: a, month: {from: b, as: [yyyyMM, yyyyMMdd]}}", "a=x|b=20261205",
		"{\"id\":\"x\",\"month\":\"2026-12\"}"},
	{"one digit for months and days", IN, "{id: a, date: {from: b, as: yyyy/M/d}}", "a=x|b=2026/1/5",
		"{\"id\":\"x\",\"date\":\"2026-01-05\"}"},
	{"a time behind it", IN, "{id: a, date: {from: b, as: yyyy/M/d*}}", "a=x|b=2026/1/15 0:00",
		"{\"id\":\"x\",\"date\":\"2026-01-15\"}"},
	{"only where it is said", IN, "{id: a, date: {from: b, as: yyyy/M/d}}", "a=x|b=2026/1/15 0:00", "map.date date"},
	{"the number of days of a spreadsheet", IN, "{id: a, date: {from: b, as: serial}}", "a=x|b=46361",
		"{\"id\":\"x\",\"date\":\"2026-12-05\"}"},
	{"or a text in its place", IN, "{id: a, date: {from: b, as: [serial, yyyy-MM-dd]}}", "a=x|b=2026-12-05",
		"{\"id\":\"x\",\"date\":\"2026-12-05\"}"},
	{"a fraction is the time of day", IN, "{id: a, date: {from: b, as: serial*}}", "a=x|b=46361.75",
		"{\"id\":\"x\",\"date\":\"2026-12-05\"}"},
	{"a fraction that nobody announced", IN, "{id: a, date: {from: b, as: serial}}", "a=x|b=46361.75", "map.date date"},
	{"an account that a spreadsheet rounded is no day", IN, "{id: a, date: {from: b, as: serial*}}", "a=x|b=1.50622E+17",
		"map.date date"},

	/* year */
	{"the year of a date", IN, "{id: {from: a, as: dd/MM/yyyy, year: this}}", "a=05/12/2026", "{\"id\":\"2026\"}"},
	{"the year before, when the condition holds", IN, "{id: {from: a, year: {before: 'b = \"1\"'}}}", "a=2027-01-05|b=1",
		"{\"id\":\"2026\"}"},
	{"and not, when it does not", IN, "{id: {from: a, year: {before: 'b = \"1\"'}}}", "a=2027-01-05|b=0",
		"{\"id\":\"2027\"}"},
	{"a year goes out", UTF8, "[{from: a, year: this}]", "a=2026-12", "[\"2026\"]"},
	{"no year at the begin", IN, "{id: {from: a, year: this}}", "a=05/12/2026", "map.date id"},
	{"a year that no date has", IN, "{id: {from: a, year: this}}", "a=1507", "map.date id"},

	/* same */
	{"two that are the same", IN, "{id: {from: a, same: b}}", "a=7|b=7", "{\"id\":\"7\"}"},
	{"two that differ", IN, "{id: {from: a, same: b}}", "a=7|b=07", "map.same id"},
	{"are put right before", IN, "{id: {from: a, trim: blanks, upper: yes, same: b}}", "a=x7|b= X7 ",
		"{\"id\":\"X7\"}"},
	{"one alone differs", IN, "{id: {from: a, same: b}}", "a=7", "map.same id"},
	{"the other alone too", IN, "{id: c, z: {from: a, same: b}}", "b=7|c=x", "map.same z"},
	{"none and none are the same", IN, "{id: c, z: {from: a, same: b, null: ['-']}}", "b=-|c=x", "{\"id\":\"x\"}"},
	{"the same as a result above", IN, "{id: a, z: {from: b, same: data.id}}", "a=7|b=8", "map.same z"},
	{"is not asked when the condition does not hold", IN, "{id: a, z: {from: b, same: c, when: 'b = \"\"'}}", "a=7|b=8",
		"{\"id\":\"7\"}"},

	/* bytes, required */
	{"one of two lengths", IN, "{id: {from: a, check: digits, bytes: [3, 5]}}", "a=12345", "{\"id\":\"12345\"}"},
	{"and no other", IN, "{id: {from: a, check: digits, bytes: [3, 5]}}", "a=1234", "map.bytes id"},
	{"bytes of the file's charset", GBK, "[{from: a, bytes: 4}]", "a=王珅", "[\"王珅\"]"},
	{"not of ours", GBK, "[{from: a, bytes: 6}]", "a=王珅", "map.bytes a"},
	{"an absent one has no length", IN, "{id: a, z: {from: b, bytes: 3}}", "a=x", "{\"id\":\"x\"}"},
	{"the form may require what the schema does not", IN, "{id: a, z: {from: b, required: yes}}", "a=x", "map.missing z"},
	{"also of null forms", IN, "{id: a, z: {from: b, null: ['-'], required: yes}}", "a=x|b=-", "map.missing z"},
	{"a required cell", UTF8, "[{from: a, required: yes}]", "", "map.missing a"},

	/* each */
	{"a cell is a list", IN, "{id: a, " CELL ", map: {code: item.c, name: item.n, amt: {from: item.a, as: yuan}}}}",
		"a=x|b=1~王珅~1.50#2~~-0.50", "{\"id\":\"x\",\"items\":[{\"code\":\"1\",\"name\":\"王珅\",\"amt\":\"1.50\"},"
		"{\"code\":\"2\",\"amt\":\"-0.50\"}]}"},
	{"a separator behind the last item is none between two", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x|b=1~2~3#",
		"{\"id\":\"x\",\"items\":[{\"code\":\"1\"}]}"},
	{"two of them are an empty item", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x|b=1~2~3##", "map.item items[2]"},
	{"a list stands where its rule does", IN, "{" CELL ", map: {code: item.c}}, id: a, payee.name: a}", "a=x|b=1~2~3",
		"{\"items\":[{\"code\":\"1\"}],\"id\":\"x\",\"payee\":{\"name\":\"x\"}}"},
	{"a column too few", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x|b=1~2~3#1~2", "map.item items[2]"},
	{"a column too many", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x|b=1~2~3~4", "map.item items[1]"},
	{"items too many", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x|b=1~2~3#1~2~3#1~2~3#1~2~3", "map.items items"},
	{"no list at all", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x", "{\"id\":\"x\"}"},
	{"a null form of a list", IN, "{id: a, " CELL ", null: [N], map: {code: item.c}}}", "a=x|b=N", "{\"id\":\"x\"}"},
	{"a list that the form requires", IN, "{id: a, " CELL ", required: yes, map: {code: item.c}}}", "a=x", "map.missing items"},
	{"only when", IN, "{id: a, " CELL ", when: 'a = \"y\"', map: {code: item.c}}}", "a=x|b=1", "{\"id\":\"x\"}"},
	{"what is required of an item", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x|b=1~2~3#~2~3", "map.missing items[2].code"},
	{"what the schema says of an item", IN, "{id: a, " CELL ", map: {code: item.c}}}", "a=x|b=12345~2~3",
		"schema.length items[1].code"},
	{"an amount of an item", IN, "{id: a, " CELL ", map: {code: item.c, amt: {from: item.a, as: yuan}}}}", "a=x|b=1~2~3",
		"money.decimals items[1].amt"},
	{"an item sees the record and its own results", IN,
		"{id: a, " CELL ", map: {code: {from: c, when: 'item.n = \"y\"'}, name: {from: 'data.items[].code'}}}}",
		"a=x|b=1~y~3|c=k", "{\"id\":\"x\",\"items\":[{\"code\":\"k\",\"name\":\"k\"}]}"},
	{"an item looks codes up in the record's year", IN, "{id: a, " CELL ", map: {code: {from: item.c, lookup: units}}}}",
		"a=x|b=1~~|head.year=2025", "{\"id\":\"x\",\"items\":[{\"code\":\"100\"}]}"},
	{"the sum of the items is the record's", IN, "{id: a, amount: {from: c, as: yuan}, " CELL
		", sum: amt, map: {code: item.c, amt: {from: item.a, as: yuan}}}}", "a=x|b=1~~1.50#2~~-0.50|c=1.00",
		"{\"id\":\"x\",\"amount\":\"1.00\",\"items\":[{\"code\":\"1\",\"amt\":\"1.50\"},{\"code\":\"2\",\"amt\":\"-0.50\"}]}"},
	{"or the record is dead", IN, "{id: a, " CELL
		", sum: amt, map: {code: item.c, amt: {from: item.a, as: yuan}}}, amount: {from: c, as: yuan}}",
		"a=x|b=1~~1.50#2~~-0.50|c=1.01", "map.sum items"},
	{"without a list there is nothing to add up", IN, "{id: a, amount: {from: c, as: yuan}, " CELL
		", sum: amt, map: {code: item.c, amt: {from: item.a, as: yuan}}}}", "a=x|c=1.00",
		"{\"id\":\"x\",\"amount\":\"1.00\"}"},
	{"a JSON array is a list", IN, "{id: a, " JSON ", map: {code: item.c, name: item.who.name}}}",
		"a=x|b=[{\"c\":1,\"who\":{\"name\":\"q\\\"王\",\"x\":[]},\"w\":{}},{\"who\":null,\"c\":\"2\"} ]",
		"{\"id\":\"x\",\"items\":[{\"code\":\"1\",\"name\":\"q\\\"王\"},{\"code\":\"2\"}]}"},
	{"an empty array is none", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b=[]", "{\"id\":\"x\"}"},
	{"an array that is too long", IN, "{id: a, " JSON ", map: {code: item.c}}}",
		"a=x|b=[{\"c\":1},{\"c\":1},{\"c\":1},{\"c\":1}]", "map.items items"},
	{"no array", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b={\"c\":1}", "json.kind items"},
	{"an item that is no object", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b=[1]", "json.kind items[1]"},
	{"an array where a text is wanted", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b=[{\"c\":[1]}]", "json.kind items[1]"},
	{"a text where an object is wanted", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b=[{\"c\":1,\"who\":2}]",
		"json.kind items[1]"},
	{"a name that stands twice", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b=[{\"c\":1,\"\\u0063\":2}]",
		"json.duplicate items[1]"},
	{"an array that breaks", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b=[{\"c\":1}", "json.syntax items"},
	{"something behind the array", IN, "{id: a, " JSON ", map: {code: item.c}}}", "a=x|b=[{\"c\":1}]x", "json.syntax items"},
	{"a name of the item before is not left", IN, "{id: a, " JSON ", map: {code: item.c, name: item.a}}}",
		"a=x|b=[{\"c\":1,\"a\":\"y\"},{\"c\":2}]", "{\"id\":\"x\",\"items\":[{\"code\":\"1\",\"name\":\"y\"},{\"code\":\"2\"}]}"},

	/* as: integer, check */
	{"an integer", IN, "{id: {from: a, as: integer}}", "a=007", "{\"id\":\"007\"}"},
	{"an integer has digits", IN, "{id: {from: a, as: integer}}", "a=7.0", "map.check id"},
	{"at most 18", IN, "{id: {from: a, as: integer}}", "a=1234567890123456789", "map.check id"},
	{"an integer goes out", UTF8, "[{from: a, as: integer}, b]", "a=123456789012345678", "[\"123456789012345678\",\"\"]"},
	{"no integer goes out", UTF8, "[{from: a, as: integer}]", "a=-1", "map.check a"},
	{"positive", IN, "{id: {value: x}, amount: {from: a, as: yuan, check: positive}}", "a=0.01",
		"{\"id\":\"x\",\"amount\":\"0.01\"}"},
	{"zero is not positive", IN, "{id: {value: x}, amount: {from: a, as: yuan, check: positive}}", "a=0.00",
		"map.check amount"},
	{"nor is less", UTF8, "[{from: a, as: fen, check: positive}]", "a=-0.01", "map.check a"},
	{"zero is not negative", IN, "{id: {value: x}, amount: {from: a, as: fen, check: not_negative}}", "a=0",
		"{\"id\":\"x\",\"amount\":\"0.00\"}"},
	{"less is", IN, "{id: {value: x}, amount: {from: a, as: fen, check: not_negative}}", "a=-1", "map.check amount"},
	{"an account", IN, "{id: {from: a, check: account}}", "a=6222-020A", "{\"id\":\"6222-020A\"}"},
	{"an account of four", IN, "{id: {from: a, check: account}}", "a=1234", "map.check id"},
	{"an account of 32", UTF8, "[{from: a, check: account}]", "a=12345678901234567890123456789012",
		"[\"12345678901234567890123456789012\"]"},
	{"an account of 33", UTF8, "[{from: a, check: account}]", "a=123456789012345678901234567890123", "map.check a"},
	{"an account in small letters", IN, "{id: {from: a, check: account}}", "a=abcde", "map.check id"},
	{"an account with a blank", IN, "{id: {from: a, check: account}}", "a=6222 0200", "map.check id"},
	{"digits", IN, "{id: {from: a, check: digits}}", "a=0123456789", "{\"id\":\"0123456789\"}"},
	{"no digits", UTF8, "[{from: a, check: digits}]", "a=12e3", "map.check a"},
	{"full-width digits are none", IN, "{id: {from: a, check: digits}}", "a=１２", "map.check id"},
	{"an absent text is not checked", UTF8, "[{from: a, check: account}]", "", "[\"\"]"},

	/* cut */
	{"cut in bytes of UTF-8", UTF8, "[{from: a, cut: 7 bytes}]", "a=乌云其其格", "[\"乌云\"]"},
	{"cut in bytes of GBK", GBK, "[{from: a, cut: 7 bytes}]", "a=乌云其其格", "[\"乌云其\"]"},
	{"cut in bytes of GB18030, four to a rare character", GB18030,
		"[{from: a, cut: 7 bytes}, {from: a, cut: 8 bytes}]", "a=王㐂㐂㐂",
		"[\"王㐂\",\"王㐂\"]"},
	{"a cut to the byte", GB18030, "[{from: a, cut: 10 bytes}]", "a=王㐂㐂㐂", "[\"王㐂㐂\"]"},
	{"what fits is not cut", GB18030, "[{from: a, cut: 60 bytes}]", "a=王珅", "[\"王珅\"]"},
	{"ASCII is cut", GBK, "[{from: a, cut: 3 bytes}]", "a=abcdef", "[\"abc\"]"},
	{"cut before the first character", GBK, "[{from: a, cut: 1 bytes}, b]", "a=王|b=x", "[\"\",\"x\"]"},
	{"cut away what is required", GBK, "[{from: a, cut: 1 bytes, required: yes}]", "a=王", "map.missing a"},

	/* when */
	{"when it holds", IN, "{id: a, z: {from: b, when: 'a = \"x\"'}}", "a=x|b=y", "{\"id\":\"x\",\"z\":\"y\"}"},
	{"when it does not", IN, "{id: a, z: {from: b, when: 'a = \"x\"'}}", "a=w|b=y", "{\"id\":\"w\"}"},
	{"before what would fail", IN, "{id: a, fee: {from: b, as: yuan, when: 'a = \"x\"'}}", "a=w|b=none", "{\"id\":\"w\"}"},
	{"not for what is required", IN, "{id: {from: a, when: 'b is empty'}}", "a=w|b=y", "map.missing id"},
	{"a cell", UTF8, "[{value: D, when: 'a starts \"-\"'}, {value: C, when: 'not a starts \"-\"'}]", "a=-1",
		"[\"D\",\"\"]"},

	/* name; charset of the receiver; people */
	{"a name is no text", UTF8, "[{from: a, name: 姓名}]", "a=x", "[\"x\"]"},
	{"a character that GBK lacks", GBK, "[a, {from: line.name, trim: blanks}]", "a=x|line.name=䶮",
		"text.no_such_character name"},
	{"GB18030 has it", GB18030, "[a]", "a=䶮", "[\"䶮\"]"},
	{"so has UTF-8", UTF8, "[a]", "a=䶮", "[\"䶮\"]"},
	{"it is found behind a cut", GBK, "[{from: a, cut: 4 bytes}]", "a=王䶮䶮", "text.no_such_character a"},
	{"it is cut off", GBK, "[{from: a, cut: 2 bytes}]", "a=王䶮", "[\"王\"]"},
	{"not asked for on the way in", LIST, "[a]", "a=䶮", "[\"䶮\"]"},
	{"a formula is text for people", PEOPLE, "[a, b, c, d]", "a==1+1|b=+1|c=-1|d=@SUM(A1)",
		"[\"'=1+1\",\"'+1\",\"'-1\",\"'@SUM(A1)\"]"},
	{"so is what begins with a control", PEOPLE, "[a, b, c, d]", "a=\t=1|b=\r=1|c=\n=1|d=\x7f",
		"[\"'\\t=1\",\"'\\r=1\",\"'\\n=1\",\"'\x7f\"]"},
	{"and a full-width sign", PEOPLE, "[a, b, c, d]", "a=＝1|b=＋1|c=－1|d=＠1", "[\"'＝1\",\"'＋1\",\"'－1\",\"'＠1\"]"},
	{"a fixed text and a code too", PEOPLE, "[{value: '=1'}, {from: a, lookup: units}]", "a=3|head.year=2026",
		"[\"'=1\",\"'=333\"]"},
	{"an amount is none", PEOPLE, "[{from: a, as: yuan}, {from: b, as: fen}]", "a=-12.00|b=-0.01", "[\"-12.00\",\"-1\"]"},
	{"nor is what ends in a sign", PEOPLE, "[a, b, c]", "a=1-2=3|b=王=|c=''", "[\"1-2=3\",\"王=\",\"''\"]"},
	{"a bank's file is not touched", GBK, "[a]", "a==1+1", "[\"=1+1\"]"},

	/* schema */
	{"a shape of the schema", IN, "{id: a, code: b}", "a=x|b=1a", "schema.shape code"},
	{"a choice of the schema", IN, "{id: a, currency: b}", "a=x|b=USD", "schema.choice currency"},
	{"bytes of the schema", IN, "{id: a, name: b}", "a=x|b=乌云其其格", "schema.bytes name"},
	{"a length of the schema", IN, "{id: a}", "a=12345678901234567890123456789012345678901", "schema.length id"},
	{"a date of the schema", IN, "{id: a, date: b}", "a=x|b=20261201", "schema.date date"},
	{"a length of an amount", IN, "{id: a, tax: {from: b, as: yuan}}", "a=x|b=1.00", "schema.length tax"},
	{"a length of a large one", IN, "{id: a, toll: {from: b, as: yuan}}", "a=x|b=123456.00", "schema.length toll"},
	{"amounts of that length", IN, "{id: a, tax: {from: b, as: yuan}, toll: {from: c, as: yuan}}", "a=x|b=10.00|c=12345.00",
		"{\"id\":\"x\",\"tax\":\"10.00\",\"toll\":\"12345.00\"}"},
	{"the first failure counts", IN, "{id: a, code: b, currency: c}", "a=x|b=x|c=x", "schema.shape code"},

	/* amounts as some vendors write them */
	{"li: three decimals implied", IN, "{id: {value: x}, amount: {from: a, as: li}}", "a=00000000001234500",
		"{\"id\":\"x\",\"amount\":\"1234.50\"}"},
	{"a negative amount of li", IN, "{id: {value: x}, amount: {from: a, as: li}}", "a=-10",
		"{\"id\":\"x\",\"amount\":\"-0.01\"}"},
	{"no li is nothing", IN, "{id: {value: x}, amount: {from: a, as: li}}", "a=0",
		"{\"id\":\"x\",\"amount\":\"0.00\"}"},
	{"li that are no whole fen are not rounded", IN, "{id: {value: x}, amount: {from: a, as: li}}", "a=1234501",
		"map.li amount"},
	{"li have no point", IN, "{id: {value: x}, amount: {from: a, as: li}}", "a=1.000",
		"money.syntax amount"},
	{"the largest amount of li", IN, "{id: {value: x}, amount: {from: a, as: li}}", "a=9223372036854775800",
		"{\"id\":\"x\",\"amount\":\"9223372036854775.80\"}"},
	{"more than that", IN, "{id: {value: x}, amount: {from: a, as: li}}", "a=9223372036854775810",
		"money.range amount"},
	{"li go out", UTF8, "[{from: a, as: li}]", "a=-1234.50", "[\"-1234500\"]"},
	{"nothing goes out as 0 li", UTF8, "[{from: a, as: li}]", "a=0.00", "[\"0\"]"},
	{"an amount too large for li", UTF8, "[{from: a, as: li}]", "a=9223372036854775.81", "money.range a"},
	{"li with the sign of COBOL", IN, "{id: {value: x}, amount: {from: a, as: li, sign: trailing}}", "a=0001230-",
		"{\"id\":\"x\",\"amount\":\"-1.23\"}"},
	{"a minus behind", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}", "a=123.45-",
		"{\"id\":\"x\",\"amount\":\"-123.45\"}"},
	{"no minus behind is none", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}", "a=123.45",
		"{\"id\":\"x\",\"amount\":\"123.45\"}"},
	{"a minus in front is one still", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}", "a=-123.45",
		"{\"id\":\"x\",\"amount\":\"-123.45\"}"},
	{"two are too many", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}", "a=-123.45-",
		"money.syntax amount"},
	{"a minus alone is no amount", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}", "a=-",
		"money.syntax amount"},
	{"a minus behind only when said", IN, "{id: {value: x}, amount: {from: a, as: yuan}}", "a=123.45-",
		"money.syntax amount"},
	{"brackets", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, sign: brackets, thousands: yes}}", "a=(1,234.56)",
		"{\"id\":\"x\",\"amount\":\"-1234.56\"}"},
	{"one bracket", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: brackets}}", "a=(123.45",
		"money.syntax amount"},
	{"brackets around nothing", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: brackets}}", "a=()",
		"money.syntax amount"},
	{"brackets around a minus", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: brackets}}", "a=(-1.00)",
		"money.syntax amount"},
	{"brackets only when said", IN, "{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}", "a=(123.45)",
		"money.syntax amount"},
	{"less than nothing, but nothing", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, sign: brackets}}", "a=(0.00)",
		"money.syntax amount"},
	{"a symbol in front", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥, thousands: yes}}", "a=¥1,234.56",
		"{\"id\":\"x\",\"amount\":\"1234.56\"}"},
	{"a symbol and a blank", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥}}", "a=¥ 12.00",
		"{\"id\":\"x\",\"amount\":\"12.00\"}"},
	{"a symbol behind", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: 元, decimals: 0..2}}", "a=12元",
		"{\"id\":\"x\",\"amount\":\"12.00\"}"},
	{"a blank before a symbol behind", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: 元}}", "a=12.00 元",
		"{\"id\":\"x\",\"amount\":\"12.00\"}"},
	{"a minus before the symbol", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥}}", "a=-¥12.00",
		"{\"id\":\"x\",\"amount\":\"-12.00\"}"},
	{"a minus behind the symbol", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥}}", "a=¥-12.00",
		"{\"id\":\"x\",\"amount\":\"-12.00\"}"},
	{"brackets around a symbol", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥, sign: brackets}}", "a=(¥12.00)",
		"{\"id\":\"x\",\"amount\":\"-12.00\"}"},
	{"no symbol where one may stand", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥}}", "a=12.00",
		"{\"id\":\"x\",\"amount\":\"12.00\"}"},
	{"another symbol", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥}}", "a=￥12.00",
		"money.syntax amount"},
	{"a symbol alone", IN, "{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥}}", "a=¥",
		"money.empty amount"},
	{"full-width digits are no digits", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, symbol: ¥}}", "a=¥１２.00",
		"money.syntax amount"},
	{"many zeros in front", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}",
		"a=00000000000000000000000000000000000000000000000000000000000000000000001.00",
		"{\"id\":\"x\",\"amount\":\"1.00\"}"},
	{"so many that the sign is not looked for", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, sign: trailing}}",
		"a=00000000000000000000000000000000000000000000000000000000000000000000001.00-",
		"money.syntax amount"},
	{"a sign by the record's kind", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, minus: 'b = \"13\"'}}", "a=12.00|b=13",
		"{\"id\":\"x\",\"amount\":\"-12.00\"}"},
	{"none by another kind", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, minus: 'b = \"13\"'}}", "a=12.00|b=17",
		"{\"id\":\"x\",\"amount\":\"12.00\"}"},
	{"nothing has no sign", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, minus: 'b = \"13\"'}}", "a=0.00|b=13",
		"{\"id\":\"x\",\"amount\":\"0.00\"}"},
	{"a kind and a minus", IN,
		"{id: {value: x}, amount: {from: a, as: yuan, minus: 'b = \"13\"'}}", "a=-12.00|b=13",
		"map.sign amount"},
	{"fen with a sign by kind", IN,
		"{id: {value: x}, amount: {from: a, as: fen, minus: 'b = \"13\"'}}", "a=1200|b=13",
		"{\"id\":\"x\",\"amount\":\"-12.00\"}"},

	/* split, strip, upper */
	{"a code before its name", LIST,
		"[{from: a, split: first}, {from: a, split: rest}]", "a=602001 某单位 一", "[\"602001\",\"某单位 一\"]"},
	{"with blanks of both widths", LIST,
		"[{from: a, split: first}, {from: a, split: rest}]", "a= 602001　 某单位 ", "[\"602001\",\"某单位\"]"},
	{"a code without a name", LIST,
		"[{from: a, split: first}, {from: a, split: rest}]", "a=602001", "[\"602001\",\"\"]"},
	{"blanks alone are neither", LIST,
		"[{from: a, split: first}, {from: a, split: rest}]", "a= 　", "[\"\",\"\"]"},
	{"half of a blank is none", LIST, "[{from: a, split: first}]", "a=、x", "[\"、x\"]"},
	{"a code before its name goes out", UTF8, "[{from: a, split: first}]", "a=1 x", "[\"1\"]"},
	{"blanks are taken out", LIST, "[{from: a, strip: blanks}]", "a= 6222 0206　0000\t1 ", "[\"6222020600001\"]"},
	{"without blanks nothing is copied", LIST, "[{from: a, strip: blanks}]", "a=6222", "[\"6222\"]"},
	{"blanks alone leave nothing", LIST, "[{from: a, strip: blanks}]", "a= 　 ", "[\"\"]"},
	{"capitals", LIST, "[{from: a, upper: yes}]", "a=11010519491231002x", "[\"11010519491231002X\"]"},
	{"the last letter too", LIST, "[{from: a, upper: yes}]", "a=1z", "[\"1Z\"]"},
	{"of ASCII only", LIST, "[{from: a, upper: yes}]", "a=aZé王{", "[\"AZé王{\"]"},
	{"all of them before null forms", LIST,
		"[{from: a, split: first, strip: blanks, upper: yes, null: [NULL]}]", "a=null x", "[\"\"]"},
	{"and before the hash", LIST,
		"[{keyed: a, strip: blanks, upper: yes, when: b is empty}]", "a=x|b=1", "[\"\"]"},

	/* words */
	{"one of 1 and 2", LIST, "[{from: a, words: {'1': yes, '2': no}}]", "a=2", "[\"no\"]"},
	{"Chinese words", LIST, "[{from: a, words: {是: yes, 否: no}}]", "a=是", "[\"yes\"]"},
	{"a word that is none", LIST, "[{from: a, words: {'1': yes, '2': no}}]", "a=0", "map.word a"},
	{"capitals matter", LIST, "[{from: a, words: {Y: yes}}]", "a=y", "map.word a"},
	{"a word for nothing", LIST, "[{from: a, words: {N: '', Y: yes}}]", "a=N", "[\"\"]"},
	{"words go out", UTF8, "[{from: a, words: {direct: '11', authorised: '12'}}]", "a=authorised", "[\"12\"]"},
	{"absent is not looked for", LIST, "[{from: a, words: {Y: yes}}]", "", "[\"\"]"},
	{"a word that is required and means nothing", IN, "{id: {from: a, words: {N: ''}}}", "a=N", "map.missing id"},

	/* dates with a time */
	{"seventeen digits", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=20261205093015123", "[\"2026-12-05\"]"},
	{"a date alone", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=20261205", "[\"2026-12-05\"]"},
	{"a time behind a blank", LIST,
		"[{from: a, as: 'yyyy-MM-dd*'}]", "a=2026-12-05 09:30:15", "[\"2026-12-05\"]"},
	{"a time with its zone", LIST,
		"[{from: a, as: 'yyyy-MM-dd*'}]", "a=2026-12-05T09:30:15.123+08:00", "[\"2026-12-05\"]"},
	{"a month of seventeen digits is a date too", LIST,
		"[{from: a, as: 'yyyyMM*'}]", "a=202612", "[\"2026-12\"]"},
	{"no time behind unless said", LIST, "[{from: a, as: 'yyyyMMdd'}]", "a=20261205093015123", "map.date a"},
	{"hour 24", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=202612052400", "map.date a"},
	{"minute 60", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=202612050960", "map.date a"},
	{"one digit more is no time", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=202612050", "map.date a"},
	{"words are no time", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=20261205 0930x", "map.date a"},
	{"a wrong date with a time", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=20261305093015123", "map.date a"},
	{"a number of a spreadsheet is no date", LIST, "[{from: a, as: 'yyyy-MM-dd'}]", "a=46361", "map.date a"},
	{"not with a time either", LIST, "[{from: a, as: 'yyyyMMdd*'}]", "a=46361.5", "map.date a"},
	{"a date of zeros", LIST, "[{from: a, as: 'yyyy-MM-dd'}]", "a=0000-00-00", "map.date a"},
	{"full-width digits are no date", LIST, "[{from: a, as: 'yyyyMMdd'}]", "a=２０２６", "map.date a"},
	{"zeros may be named as nothing", LIST,
		"[{from: a, as: yyyy-MM-dd, null: ['0000-00-00']}]", "a=0000-00-00", "[\"\"]"},

	/* check characters: each kind once, checkchar_test has the rest */
	{"cnaps holds", LIST, "[{from: a, check: cnaps}]", "a=103196000015", "[\"103196000015\"]"},
	{"cnaps does not hold", LIST, "[{from: a, check: cnaps}]", "a=103196000016", "map.check a"},
	{"id18 holds", LIST, "[{from: a, check: id18}]", "a=11010519491231002X", "[\"11010519491231002X\"]"},
	{"id18 does not hold", LIST, "[{from: a, check: id18}]", "a=11010519491231002x", "map.check a"},
	{"id15or18 holds", LIST, "[{from: a, check: id15or18}]", "a=150702800101001", "[\"150702800101001\"]"},
	{"id15or18 does not hold", LIST, "[{from: a, check: id15or18}]", "a=150702801301001", "map.check a"},
	{"uscc holds", LIST, "[{from: a, check: uscc}]", "a=11150700MB15072178", "[\"11150700MB15072178\"]"},
	{"uscc does not hold", LIST, "[{from: a, check: uscc}]", "a=11150700MB15072179", "map.check a"},
	{"card holds", LIST, "[{from: a, check: card}]", "a=6222020600000000015", "[\"6222020600000000015\"]"},
	{"card does not hold", LIST, "[{from: a, check: card}]", "a=6222020600000000016", "map.check a"},
	{"division holds", LIST, "[{from: a, check: division}]", "a=150782", "[\"150782\"]"},
	{"division does not hold", LIST, "[{from: a, check: division}]", "a=990000", "map.check a"},
	{"a small x put right before it is looked at", LIST,
		"[{from: a, strip: blanks, upper: yes, check: id18}]",
		"a=110105 19491231 002x", "[\"11010519491231002X\"]"},
	{"a check before it goes out", UTF8, "[{from: a, check: cnaps}]", "a=103", "map.check a"},
	{"another column of a table", LIST, "[{from: a, lookup: units.standard}]", "a=1|head.year=2026", "[\"111\"]"},
};

/* "code field", as the cases say it. */
static const char *told(const struct err *e, char ret[96])
{
	const char *field = err_arg(e, "field");

	snprintf(ret, 96, "%s %.60s", err_code(e->id)->name, field ? field : "-");
	return ret;
}

static void rules_turn_records_into_data(void **state)
{
	struct buf out = BUF_INIT;
	char text[96];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct bench b;
		struct err e = ERR_INIT;
		const char *got;

		bench_init(&b, cases[i].way, cases[i].rules);
		if (!b.map) {
			findings_print(&b.f, ERR_EN, 0, stderr);
			fail_msg("%s: does not compile", cases[i].proves);
		}
		fill(&b, cases[i].input);
		buf_clear(&out);
		if (map_run(b.map, &b.slots, &e) == 0) {
			map_write(b.map, &b.slots, &out);
			got = buf_text(&out);
		} else {
			assert_int_equal(err_kind(&e), ERR_DATA);
			got = told(&e, text);
		}
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: gives\n%s instead of\n%s", cases[i].proves, got, cases[i].want);
		bench_done(&b);
	}
	buf_done(&out);
}

static const struct {
	const char *proves;
	enum way way;
	const char *rules, *want;    /* "line:column code"; line 1 is "rules:" */
} refused[] = {
	{"a mapping is wanted", IN, "  [a]", "2:3 conf.type"},
	{"a list is wanted", UTF8, "  {id: a}", "2:3 conf.type"},
	{"a list is wanted, not a text", LIST, "  a", "2:3 conf.type"},
	{"a path that is none", UTF8, "  [x.y]", "2:4 map.path"},
	{"from a path that is none", UTF8, "  [{from: line.nam}]", "2:11 map.path"},
	{"a result below is none yet", IN, "  {id: {from: data.z}, z: a}", "2:15 map.path"},
	{"a field that is none", IN, "  {id: a, payee.nmae: b}", "2:11 map.field"},
	{"an object is no field", IN, "  {id: a, payee: b}", "2:11 map.field"},
	{"a required field", IN, "  z: a", "1:1 map.required"},
	{"a key that is none", UTF8, "  [{from: a, tirm: blanks}]", "2:14 conf.unknown_key"},
	{"two sources", UTF8, "  [{from: a, value: b}]", "2:21 map.rule"},
	{"two sources the other way round", UTF8, "  [{value: b, from: a}]", "2:21 map.rule"},
	{"a text and a hash", LIST, "  [{from: a, keyed: b}]", "2:21 map.rule"},
	{"no source", UTF8, "  [{trim: blanks}]", "2:4 map.rule"},
	{"no source beside findings elsewhere", UTF8, "  [x.y, {trim: blanks}]", "2:4 map.path; 2:9 map.rule"},
	{"a list for a rule", UTF8, "  [[a]]", "2:4 map.rule"},
	{"a list for a path", UTF8, "  [{from: [a]}]", "2:11 map.rule"},
	{"a mapping for a value", UTF8, "  [{value: {a: b}}]", "2:12 map.rule"},
	{"trim of something", UTF8, "  [{from: a, trim: zeros}]", "2:20 map.rule"},
	{"a null that is no list", UTF8, "  [{from: a, null: x}]", "2:20 map.rule"},
	{"a null of lists", UTF8, "  [{from: a, null: [[x]]}]", "2:21 map.rule"},
	{"a table that is none", UTF8, "  [{from: a, lookup: unit}]", "2:22 codes.unknown_table"},
	{"a table that is a list", UTF8, "  [{from: a, lookup: [units]}]", "2:22 map.rule"},
	{"as something", UTF8, "  [{from: a, as: dollars}]", "2:18 map.rule"},
	{"as a list", UTF8, "  [{from: a, as: [yuan]}]", "2:19 map.rule"},
	{"a month is no date", IN, "  {id: a, date: {from: a, as: yyyyMM}}", "2:17 map.rule"},
	{"as a year", UTF8, "  [{from: a, as: yyyy}]", "2:18 map.rule"},
	{"three decimals", LIST, "  [{from: a, as: yuan, decimals: 3}]", "2:34 map.rule"},
	{"decimals backwards", LIST, "  [{from: a, as: yuan, decimals: 2..0}]", "2:34 map.rule"},
	{"decimals with one point", LIST, "  [{from: a, as: yuan, decimals: 0.2}]", "2:34 map.rule"},
	{"decimals of many", LIST, "  [{from: a, as: yuan, decimals: [0]}]", "2:34 map.rule"},
	{"decimals of a text", LIST, "  [{from: a, decimals: 0}]", "2:4 map.rule"},
	{"decimals of fen", LIST, "  [{from: a, as: fen, decimals: 0}]", "2:4 map.rule"},
	{"decimals on the way out", UTF8, "  [{from: a, as: yuan, decimals: 0}]", "2:4 map.rule"},
	{"thousands: no", LIST, "  [{from: a, as: yuan, thousands: no}]", "2:35 map.rule"},
	{"thousands of a text", LIST, "  [{from: a, thousands: yes}]", "2:4 map.rule"},
	{"thousands of fen", LIST, "  [{from: a, thousands: yes, as: fen}]", "2:4 map.rule"},
	{"thousands on the way out", UTF8, "  [{from: a, as: yuan, thousands: yes}]", "2:4 map.rule"},
	{"a check that is none", UTF8, "  [{from: a, check: iban}]", "2:21 map.rule"},
	{"an empty check", UTF8, "  [{from: a, check: ''}]", "2:21 map.rule"},
	{"positive text", UTF8, "  [{from: a, check: positive}]", "2:4 map.rule"},
	{"not negative date", UTF8, "  [{from: a, as: yyyyMM, check: not_negative}]", "2:4 map.rule"},
	{"a cut on the way in", IN, "  {id: {from: a, cut: 60 bytes}}", "2:8 map.rule"},
	{"a cut without bytes", UTF8, "  [{from: a, cut: 60}]", "2:19 map.rule"},
	{"a cut to nothing", UTF8, "  [{from: a, cut: 0 bytes}]", "2:19 map.rule"},
	{"a cut below nothing", UTF8, "  [{from: a, cut: -1 bytes}]", "2:19 map.rule"},
	{"a large cut", UTF8, "  [{from: a, cut: 4097 bytes}]", "2:19 map.rule"},
	{"a cut of characters", UTF8, "  [{from: a, cut: 60 characters}]", "2:19 map.rule"},
	{"a cut amount", UTF8, "  [{from: a, as: yuan, cut: 5 bytes}]", "2:4 map.rule"},
	{"a cut date", UTF8, "  [{from: a, as: yyyyMM, cut: 4 bytes}]", "2:4 map.rule"},
	{"a cut hash", LIST, "  [{keyed: a, cut: 4 bytes}]", "2:4 map.rule; 2:4 map.rule"},
	{"the hash of an amount", LIST, "  [{keyed: a, as: yuan}]", "2:4 map.rule"},
	{"a condition that is none", UTF8, "  [{from: a, when: a}]", "2:20 expr.syntax"},
	{"a condition on what does not exist", UTF8, "  [{from: a, when: 'x.y = \"\"'}]", "2:20 expr.name"},
	{"a name on the way in", IN, "  {id: {from: a, name: x}}", "2:24 map.rule"},
	{"a name that is a list", UTF8, "  [{from: a, name: [x]}]", "2:20 map.rule"},
	{"money without its form", IN, "  {id: a, amount: b}", "2:19 map.rule"},
	{"money as a date", IN, "  {id: a, fee: {from: b, as: yyyyMM}}", "2:16 map.rule"},
	{"a value that the schema does not take", IN, "  {id: a, currency: {value: USD}}", "2:21 schema.choice"},
	{"a value for money", IN, "  {id: a, fee: {value: '1.00'}}", "2:16 map.rule"},
	{"a sign that is none", LIST, "  [{from: a, as: yuan, sign: leading}]", "2:30 map.rule"},
	{"a sign of a text", LIST, "  [{from: a, sign: trailing}]", "2:4 map.rule"},
	{"a sign on the way out", UTF8, "  [{from: a, as: yuan, sign: brackets}]", "2:4 map.rule"},
	{"a symbol that is empty", LIST, "  [{from: a, as: yuan, symbol: ''}]", "2:32 map.rule"},
	{"a symbol that is a list", LIST, "  [{from: a, as: yuan, symbol: [x]}]", "2:32 map.rule"},
	{"a symbol on the way out", UTF8, "  [{from: a, as: fen, symbol: x}]", "2:4 map.rule"},
	{"a minus of a date", LIST, "  [{from: a, as: yyyyMM, minus: 'a = \"1\"'}]", "2:4 map.rule"},
	{"a minus on the way out", UTF8, "  [{from: a, as: li, minus: 'a = \"1\"'}]", "2:4 map.rule"},
	{"a minus that is no condition", LIST, "  [{from: a, as: yuan, minus: a}]", "2:31 expr.syntax"},
	{"decimals of li", LIST, "  [{from: a, as: li, decimals: 2}]", "2:4 map.rule"},
	{"split in the middle", LIST, "  [{from: a, split: last}]", "2:21 map.rule"},
	{"strip of zeros", LIST, "  [{from: a, strip: zeros}]", "2:21 map.rule"},
	{"upper: no", LIST, "  [{from: a, upper: no}]", "2:21 map.rule"},
	{"words that are a text", LIST, "  [{from: a, words: x}]", "2:21 map.rule"},
	{"no words", LIST, "  [{from: a, words: {}}]", "2:21 map.rule"},
	{"a word for a list", LIST, "  [{from: a, words: {x: [y]}}]", "2:25 map.rule"},
	{"words and a table", LIST, "  [{from: a, words: {x: y}, lookup: units}]", "2:4 map.rule"},
	{"words for an amount", LIST, "  [{from: a, words: {x: y}, as: yuan}]", "2:4 map.rule"},
	{"a word that the schema does not take", IN, "  {id: a, currency: {from: b, words: {R: RMB, C: CNY}}}", "2:21 schema.choice"},
	{"a date with a time on the way out", UTF8, "  [{from: a, as: 'yyyyMMdd*'}]", "2:18 map.rule"},
	{"two stars", LIST, "  [{from: a, as: 'yyyyMMddx*'}]", "2:18 map.rule"},
	{"the check character of an amount", LIST, "  [{from: a, as: yuan, check: cnaps}]", "2:4 map.rule"},
	{"a column of a table that is none", LIST, "  [{from: a, lookup: units.nmae}]", "1:1 codes.columns; 1:1 codes.columns"},
	{"a date beside an amount", LIST, "  [{from: a, as: [yyyyMMdd, fen]}]", "2:29 map.rule"},
	{"no dates at all", LIST, "  [{from: a, as: []}]", "2:18 map.rule"},
	{"two dates on the way out", UTF8, "  [{from: a, as: [yyyyMMdd, yyyyMM]}]", "2:19 map.rule; 2:29 map.rule"},
	{"one digit on the way out", UTF8, "  [{from: a, as: d/M/yyyy}]", "2:18 map.rule"},
	{"days on the way out", UTF8, "  [{from: a, as: serial}]", "2:18 map.rule"},
	{"a month among dates", IN, "  {id: a, date: {from: b, as: [yyyyMMdd, yyyyMM]}}", "2:17 map.rule"},
	{"a year that is none", LIST, "  [{from: a, year: next}]", "2:20 map.rule"},
	{"a year of an amount", LIST, "  [{from: a, as: yuan, year: this}]", "2:4 map.rule"},
	{"a year that is cut", UTF8, "  [{from: a, year: this, cut: 2 bytes}]", "2:4 map.rule"},
	{"a year for a date", IN, "  {id: a, date: {from: b, year: this}}", "2:17 map.rule"},
	{"a year by another word", LIST, "  [{from: a, year: {after: 'a = \"\"'}}]", "2:20 map.rule; 2:21 conf.unknown_key"},
	{"the same as what does not exist", LIST, "  [{from: a, same: x.y}]", "2:20 map.path"},
	{"the same as a list", LIST, "  [{from: a, same: [b]}]", "2:20 map.rule"},
	{"no bytes", LIST, "  [{from: a, bytes: 0}]", "2:21 map.rule"},
	{"bytes of a word", LIST, "  [{from: a, bytes: [20, 30x]}]", "2:26 map.rule"},
	{"bytes of nothing", LIST, "  [{from: a, bytes: []}]", "2:21 map.rule"},
	{"bytes of an amount", LIST, "  [{from: a, as: yuan, bytes: 5}]", "2:4 map.rule"},
	{"required: no", LIST, "  [{from: a, required: no}]", "2:24 map.rule"},
	{"a list of a field that is none", IN, "  {id: a, list: {each: b, columns: [x], most: 1, map: {code: item.x}}}", "2:11 map.field"},
	{"a list without a list", IN, "  {id: a, items: b}", "2:18 map.rule"},
	{"a text as a list", IN, "  {id: a, z: {each: b, columns: [x], most: 1, map: {code: item.x}}}", "2:11 map.field"},
	{"a list of cells", LIST, "  [{each: b, columns: [x], most: 1, map: {code: item.x}}]", "2:4 map.rule"},
	{"a list on the way out", UTF8, "  [{each: b, columns: [x], most: 1, map: {code: item.x}}]", "2:4 map.rule"},
	{"a list in a list", IN, "  {id: a, items: {each: b, columns: [x], most: 1, map: {code: {each: a, columns: [y], most: 1, map: {}}}}}",
		"2:51 map.required; 2:57 map.field; 2:63 map.rule"},
	{"a list without a bound", IN, "  {id: a, items: {each: b, columns: [x], map: {code: item.x}}}", "2:11 conf.missing"},
	{"a bound beyond the schema's", IN, "  {id: a, items: {each: b, columns: [x], most: 5, map: {code: item.x}}}", "2:48 conf.number"},
	{"a list without columns", IN, "  {id: a, items: {each: b, most: 1, map: {code: a}}}", "2:11 conf.missing"},
	{"a column twice", IN, "  {id: a, items: {each: b, columns: [x, x], most: 1, map: {code: item.x}}}", "2:41 map.rule"},
	{"a list without a map", IN, "  {id: a, items: {each: b, columns: [x], most: 1}}", "2:11 conf.missing"},
	{"a field of an item that is none", IN, "  {id: a, items: {each: b, columns: [x], most: 1, map: {code: item.x, cdoe: item.x}}}",
		"2:71 map.field"},
	{"what an item requires", IN, "  {id: a, items: {each: b, columns: [x], most: 1, map: {name: item.x}}}", "2:51 map.required"},
	{"items are known in their list alone", IN, "  {items: {each: b, columns: [x], most: 1, map: {code: item.x}}, id: item.x}",
		"2:70 map.path"},
	{"and their results", IN, "  {items: {each: b, columns: [x], most: 1, map: {code: item.x}}, id: 'data.items[].code'}", "2:70 map.path"},
	{"by without rows", IN, "  {id: a, items: {each: b, by: x, columns: [x], most: 1, map: {code: item.x}}}", "2:32 map.rule"},
	{"rows without by", IN, "  {id: a, items: {each: b, rows: x, columns: [x, y], most: 1, map: {code: item.x}}}", "2:34 map.rule"},
	{"by that holds rows", IN, "  {id: a, items: {each: b, rows: x, by: xx, columns: [x, y], most: 1, map: {code: item.x}}}", "2:41 map.rule"},
	{"a sum of what is no amount", IN, "  {id: a, items: {each: b, columns: [x], most: 1, sum: code, map: {code: item.x}}}", "2:56 map.rule"},
	{"a list as an amount", IN, "  {id: a, items: {each: b, as: yuan, columns: [x], most: 1, map: {code: item.x}}}", "2:18 map.rule"},
	{"a list and a path", IN, "  {id: a, items: {from: b, each: b, columns: [x], most: 1, map: {code: item.x}}}", "2:34 map.rule"},
	{"rows of what is no list", IN, "  {id: {from: a, rows: x}}", "2:18 conf.unknown_key"},
	{"all that is wrong is told", IN, "  {x: a, z: {from: q, trim: no}}",
		"1:1 map.required; 2:4 map.field; 2:20 map.path; 2:29 map.rule"},
};

static int by_place(const void *a, const void *b)
{
	const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;

	if (x->line != y->line)
		return x->line > y->line ? 1 : -1;
	return (x->column > y->column) - (x->column < y->column);
}

static const char *listed(const struct findings *f, struct buf *b)
{
	const struct finding *all[16];
	unsigned n = 0;

	buf_clear(b);
	for (const struct finding *x = f->first; x && n < COUNT(all); x = x->next)
		all[n++] = x;
	qsort(all, n, sizeof *all, by_place);
	for (unsigned i = 0; i < n; i++)
		buf_printf(b, "%s%u:%u %s", i ? "; " : "", all[i]->line, all[i]->column, err_code(all[i]->err.id)->name);
	return buf_text(b);
}

static void wrong_rules_are_found_before_any_record(void **state)
{
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct bench b;

		bench_init(&b, refused[i].way, refused[i].rules);
		assert_null(b.map);
		if (strcmp(listed(&b.f, &got), refused[i].want) != 0)
			fail_msg("%s: gives\n%s instead of\n%s", refused[i].proves, buf_text(&got), refused[i].want);
		bench_done(&b);
	}
	buf_done(&got);
}

static void every_error_of_mappings_is_raised_above(void **state)
{
	static const char *const data[] = {"map.bytes", "map.check", "map.date", "map.item", "map.items", "map.li",
		"map.missing", "map.same", "map.sign", "map.sum",
		"map.unknown_code", "map.word"},
		*const rules[] = {"map.field", "map.path", "map.required", "map.rule", "expr.name", "expr.syntax"};

	(void)state;
	for (size_t i = 0; i < COUNT(data); i++) {
		bool found = false;

		for (size_t k = 0; k < COUNT(cases); k++)
			found = found || strncmp(cases[k].want, data[i], strlen(data[i])) == 0;
		assert_true(found && err_code(err_by_name(data[i]))->kind == ERR_DATA);
	}
	for (size_t i = 0; i < COUNT(rules); i++) {
		bool found = false;

		for (size_t k = 0; k < COUNT(refused); k++)
			found = found || strstr(refused[k].want, rules[i]) != NULL;
		assert_true(found && err_code(err_by_name(rules[i]))->kind == ERR_CONF);
	}
}

static void figures_are_read_as_people_write_them(void **state)
{
	static const char *const row[][2] = {
		{"4", "4"}, {"4笔", "4"}, {" 共　4 笔 ", "4"}, {"合计：4人", "4"}, {"￥1,234.50元", "1,234.50"}, {"¥ 1.00", "1.00"},
		{"-4", "-4"}, {"约4笔", "约4"}, {"4笔5", "4笔5"}, {"4笔笔", "4"}, {"笔", ""}, {"", ""}, {"1.4 笔", "1.4"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		if (!span_is(texts_figure(span_of(row[i][0])), row[i][1]))
			fail_msg("%s", row[i][0]);
	assert_int_equal(texts_figure(SPAN_NONE).n, 0);
}

static void what_was_shortened_is_told_by_its_columns(void **state)
{
	static const struct {
		const char *rules, *want;
		unsigned n;
	} row[] = {
		{"[{from: a, cut: 4 bytes}, {from: line.name, cut: 2 bytes, name: Payee}, b]", "[\"a\",\"Payee\"]", 2},
		{"[{from: a, cut: 6 bytes}, {from: line.name, cut: 2 bytes}]", "[\"name\"]", 1},
		{"[{from: a, cut: 1 bytes}]", "[\"a\"]", 1},       /* nothing of it is left */
		{"[{from: a, cut: 6 bytes}, b]", "", 0}, {"[a, b]", "", 0},
	};
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct bench b;
		struct err e = ERR_INIT;

		bench_init(&b, GBK, row[i].rules);
		for (unsigned again = 0; again < 2; again++) {
			fill(&b, "a=乌云其|b=x|line.name=王珅");
			OK(e, map_run(b.map, &b.slots, &e));
			buf_clear(&got);
			assert_int_equal(map_write_cuts(b.map, &b.slots, &got), row[i].n);
			assert_string_equal(buf_text(&got), row[i].want);
		}
		assert_int_equal(map_may_cut(b.map, 0), strstr(row[i].rules, "cut") != NULL);
		bench_done(&b);
	}
	buf_done(&got);
}

static void the_error_names_what_was_wrong(void **state)
{
	static const struct {
		enum way way;
		const char *rules, *input, *arg, *want;
	} row[] = {
		{LIST, "[{from: a, as: yyyyMMdd}]", "a=2026-12-01", "text", "2026-12-01"},
		{LIST, "[{from: a, as: yyyyMMdd}]", "a=2026-12-01", "want", "yyyyMMdd"},
		{LIST, "[{from: a, as: yyyyMMdd}]", "a=x\nfield=y", "text", "x?field=y"},
		{LIST, "[{from: a, as: yyyyMMdd}]", "a=一二三四五六七八九十一二三四五六七八九十", "text", "一二三四五六七八九十一二三"},
		{LIST, "[{from: a, lookup: units}]", "a=q\n|head.year=2026", "code", "q?"},
		{LIST, "[{from: a, lookup: units}]", "a=q|head.year=2026", "table", "units"},
		{LIST, "[{from: a, check: digits}]", "a=q", "check", "digits"},
		{LIST, "[{from: a, as: integer}]", "a=q", "check", "integer"},
		{LIST, "[{from: a, as: yuan}]", "a=1", "want", "2"},
		{LIST, "[{from: a, as: li}]", "a=0001", "text", "0001"},
		{LIST, "[{from: a, words: {是: yes, 否: no}}]", "a=q\n", "text", "q?"},
		{LIST, "[{from: a, words: {是: yes, 否: no}}]", "a=q", "want", "是, 否"},
		{LIST, "[{from: a, as: yuan, minus: 'b = \"1\"'}]", "a=-1.00|b=1", "text", "-1.00"},
		{LIST, "[{from: a, as: [yyyyMMdd, serial*, d/M/yyyy]}]", "a=x", "want", "yyyyMMdd, serial*, d/M/yyyy"},
		{LIST, "[{from: a, same: head.year}]", "a=x", "other", "head.year"},
		{LIST, "[{from: a, bytes: [20, 30]}]", "a=x", "want", "20, 30"},
		{LIST, "[{from: a, bytes: [20, 30]}]", "a=x", "got", "1"},
		{GBK, "[a]", "a=王䶮王", "char", "䶮 U+4DAE"},
		{GBK, "[a]", "a=王䶮王", "charset", "gbk"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct bench b;
		struct err e = ERR_INIT;

		bench_init(&b, row[i].way, row[i].rules);
		fill(&b, row[i].input);
		assert_int_equal(map_run(b.map, &b.slots, &e), -1);
		if (!err_arg(&e, row[i].arg) || strcmp(err_arg(&e, row[i].arg), row[i].want) != 0)
			fail_msg("%s on %s: %s", row[i].rules, row[i].input, e.args);
		bench_done(&b);
	}
}

static void a_keyed_hash_is_equal_for_equal_texts_only(void **state)
{
	static const char *const rules = "[{keyed: a}, {keyed: b, trim: blanks}, {keyed: c, null: ['0']}, "
		"{keyed: d, check: digits}]";
	struct bench b;
	struct err e = ERR_INIT;
	struct buf first = BUF_INIT, second = BUF_INIT;
	uint8_t digest[HASH_SHA256];

	(void)state;
	bench_init(&b, LIST, rules);
	fill(&b, "a=150702198001010017|b= 150702198001010017 |c=0|d=150702198001010018");
	OK(e, map_run(b.map, &b.slots, &e));
	hash_keyed(world.key, "150702198001010017", 18, digest);
	hash_hex(&first, digest, 16);
	assert_span(map_cell(b.map, &b.slots, 0)->text, buf_text(&first));
	assert_int_equal(first.n, 32);
	assert_span(map_cell(b.map, &b.slots, 1)->text, buf_text(&first));
	assert_null(map_cell(b.map, &b.slots, 2)->text.p);
	assert_memory_not_equal(map_cell(b.map, &b.slots, 3)->text.p, first.p, 32);
	map_write(b.map, &b.slots, &second);
	assert_null(memmem(second.p, second.n, "1980", 4));
	fill(&b, "d=15070219800101001X");
	FAILS(e, "map.check", map_run(b.map, &b.slots, &e));
	buf_done(&first);
	buf_done(&second);
	bench_done(&b);
}

static void a_keyed_hash_needs_a_key(void **state)
{
	struct map_setup s = setup_of(LIST);
	struct bench b;

	(void)state;
	s.key = NULL;
	bench_compile(&b, s, "[a, {keyed: line.name}]");
	assert_null(b.map);
	assert_int_equal(b.f.count, 1);
	assert_string_equal(err_code(b.f.first->err.id)->name, "map.no_key");
	assert_string_equal(err_arg(&b.f.first->err, "path"), "line.name");
	bench_done(&b);
}

static void without_a_year_the_newest_edition_counts(void **state)
{
	struct map_setup s = setup_of(LIST);
	struct bench b;
	struct err e = ERR_INIT;

	(void)state;
	s.year_slot = -1;
	bench_compile(&b, s, "[{from: a, lookup: units}]");
	fill(&b, "a=1|head.year=2020");
	OK(e, map_run(b.map, &b.slots, &e));
	assert_span(map_cell(b.map, &b.slots, 0)->text, "111");
	bench_done(&b);
}

/* The year by its path, as a form gives it. */
static void the_year_may_be_a_result(void **state)
{
	static const struct {
		const char *year, *rules, *want;
	} row[] = {
		{"data.z", "  {z: {from: head.year, year: {before: 'b = \"1\"'}}, id: {from: a, lookup: units}}", "100"},
		{"data.z", "  {z: {from: head.year, year: this}, id: {from: a, lookup: units}}", "111"},
		{"head.year", "  {id: {from: a, lookup: units}}", "111"},
		{"data.z", "  {id: {from: a, lookup: units}, z: {from: head.year, year: this}}", "1:8 map.rule"},
		{"data.x", "  {id: {from: a, lookup: units}}", "1:8 map.rule"},
		{"head.yaer", "  {id: {from: a, lookup: units}}", "1:8 map.path"},
		{"head.yaer", "  {id: a}", "1:8 map.path"},
	};
	struct buf got = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct map_setup s = setup_of(IN);
		struct buf yaml = BUF_INIT;
		struct findings f;
		struct conf_file *file;
		struct bench b;
		struct err e = ERR_INIT;

		findings_init(&f);
		buf_printf(&yaml, "year: [%s]\n", row[i].year);
		file = conf_parse("f", buf_as_span(&yaml), &f);
		s.year_slot = -1;
		s.year = conf_root(file)->first->first;
		bench_compile(&b, s, row[i].rules);
		if (b.map) {
			fill(&b, "a=1|b=1|head.year=20260105");
			OK(e, map_run(b.map, &b.slots, &e));
			buf_clear(&got);
			buf_span(&got, b.slots.v[names_use(b.names, SPAN("data.id"))].text);
		} else {
			listed(&b.f, &got);
		}
		assert_string_equal(buf_text(&got), row[i].want);
		bench_done(&b);
		conf_close(file);
		findings_done(&f);
		buf_done(&yaml);
	}
	buf_done(&got);
}

static void columns_have_names(void **state)
{
	static const char *const want[] = {"name", "net", "", "姓名", "name", "a", ""};
	struct bench b;

	(void)state;
	bench_init(&b, LIST,
		"[line.name, {from: line.net}, {value: x}, {from: a, name: 姓名}, {keyed: line.name}, a, {value: x, name: ''}]");
	assert_int_equal(map_count(b.map), COUNT(want));
	for (unsigned i = 0; i < COUNT(want); i++)
		assert_span(map_column(b.map, i), want[i]);
	assert_int_equal(map_control_slot(b.map), -1);
	bench_done(&b);
}

static void results_have_slots_of_their_own(void **state)
{
	struct bench b;
	struct err e = ERR_INIT;
	int amount;

	(void)state;
	bench_init(&b, IN, "{id: a, amount: {from: b, as: fen}, payee.name: c}");
	amount = names_use(b.names, SPAN("data.amount"));
	assert_int_equal(map_control_slot(b.map), amount);
	fill(&b, "a=x|b=150|c=y");
	OK(e, map_run(b.map, &b.slots, &e));
	assert_true(b.slots.v[amount].is_money);
	assert_int_equal(b.slots.v[amount].fen, 150);
	assert_span(b.slots.v[amount].text, "1.50");
	assert_span(b.slots.v[names_use(b.names, SPAN("data.payee.name"))].text, "y");
	assert_false(b.slots.v[names_use(b.names, SPAN("data.payee.name"))].is_money);
	/* What failed leaves nothing of the record before. */
	fill(&b, "a=x|b=none|c=y");
	FAILS(e, "money.syntax", map_run(b.map, &b.slots, &e));
	assert_null(b.slots.v[amount].text.p);
	assert_false(b.slots.v[amount].is_money);
	bench_done(&b);
}

static void a_map_without_an_amount_has_no_control_slot(void **state)
{
	struct map_setup s = setup_of(IN);
	struct bench b;
	struct err e = ERR_INIT;
	int64_t fen;
	struct span currency;

	(void)state;
	s.schema = world.plain;
	bench_compile(&b, s, "{id: a}");
	assert_int_equal(map_control_slot(b.map), -1);
	fill(&b, "a=x");
	FAILS(e, "map.missing", map_run_amount(b.map, &b.slots, &fen, &currency, &e));
	bench_done(&b);
}

static void a_dead_record_still_says_its_amount(void **state)
{
	static const char *const rules =
		"{id: a, code: b, z: d, amount: {from: c, as: yuan, when: 'data.z != \"no\"'}, currency: {value: CNY}}";
	static const struct {
		const char *input, *code;    /* NULL: its amount is 12.50 */
	} row[] = {
		{"a=x|b=1|c=12.50", NULL}, {"b=1|c=12.50", NULL}, {"a=x|b=wrong|c=12.50", NULL}, {"c=12.50", NULL},
		{"a=x|b=1", "map.missing"}, {"c=12.5", "money.decimals"}, {"c=12.50|d=no", "map.missing"},
	};
	struct bench b;

	(void)state;
	bench_init(&b, IN, rules);
	for (size_t i = 0; i < COUNT(row); i++) {
		int64_t fen = 0;
		struct span currency = SPAN_NONE;
		struct err e = ERR_INIT;

		fill(&b, row[i].input);
		if (row[i].code) {
			FAILS(e, row[i].code, map_run_amount(b.map, &b.slots, &fen, &currency, &e));
			continue;
		}
		OK(e, map_run_amount(b.map, &b.slots, &fen, &currency, &e));
		assert_int_equal(fen, 1250);
		assert_span(currency, "CNY");
	}
	bench_done(&b);
}

static void an_amount_of_an_unknown_currency_is_none(void **state)
{
	struct bench b;
	int64_t fen;
	struct span currency;
	struct err e;

	(void)state;
	bench_init(&b, IN, "{id: a, amount: {from: b, as: yuan}, currency: c}");
	fill(&b, "a=x|b=1.00|c=USD");
	FAILS(e, "schema.choice", map_run_amount(b.map, &b.slots, &fen, &currency, &e));
	bench_done(&b);
}

/* An event brings its amount as money; a rule that only passes it on keeps that, one that makes a text of it does
 * not. */
static void an_amount_passed_on_is_still_one(void **state)
{
	static const char *const rules = "[a, {from: a, cut: 2 bytes}, {from: a, as: yuan}, {from: b, lookup: units}]";
	struct bench b;
	struct err e = ERR_INIT;

	(void)state;
	bench_init(&b, PEOPLE, rules);
	fill(&b, "a=-12.00|b=3|head.year=2026");
	b.slots.v[0].is_money = b.slots.v[1].is_money = true;
	OK(e, map_run(b.map, &b.slots, &e));
	assert_span(map_cell(b.map, &b.slots, 0)->text, "-12.00");
	assert_true(map_cell(b.map, &b.slots, 0)->is_money);
	assert_span(map_cell(b.map, &b.slots, 1)->text, "'-1");
	assert_span(map_cell(b.map, &b.slots, 2)->text, "-12.00");
	assert_span(map_cell(b.map, &b.slots, 3)->text, "'=333");
	bench_done(&b);
}

/* Results point into the slots' memory: it must not move, however long the texts that a rule makes. */
static void texts_stay_in_place_while_a_record_is_mapped(void **state)
{
	struct buf rules = BUF_INIT;
	static char text[70000];
	struct bench b;
	struct err e = ERR_INIT;

	(void)state;
	buf_c(&rules, '[');
	for (unsigned i = 0; i < 40; i++)
		buf_printf(&rules, "%sa, {from: b, as: yuan}, {from: c, as: '---------------------------------------yyyyMMdd'}",
			i ? ", " : "");
	buf_c(&rules, ']');
	memset(text, '=', sizeof text);
	bench_init(&b, PEOPLE, buf_text(&rules));
	for (size_t n = 1; n < sizeof text; n *= 7) {
		fill(&b, "b=-92233720368547758.07|c=2026-12-01");
		slots_begin(&b.slots, n);
		b.slots.v[0].text = (struct span){text, n};
		OK(e, map_run(b.map, &b.slots, &e));
		for (unsigned i = 0; i < 120; i += 3) {
			struct span got = map_cell(b.map, &b.slots, i)->text;

			assert_int_equal(got.n, n + 1);
			assert_int_equal(got.p[0], '\'');
			assert_memory_equal(got.p + 1, text, n);
			assert_span(map_cell(b.map, &b.slots, i + 1)->text, "-92233720368547758.07");
			assert_span(map_cell(b.map, &b.slots, i + 2)->text, "'---------------------------------------20261201");
		}
	}
	buf_done(&rules);
	bench_done(&b);
}

static void runs_of_one_record_do_not_disturb_each_other(void **state)
{
	struct map_setup s = setup_of(IN);
	struct bench b;
	struct map *list;
	struct conf_file *file;
	struct err e = ERR_INIT;
	struct buf first = BUF_INIT, second = BUF_INIT;
	int64_t fen;
	struct span currency;

	(void)state;
	bench_compile(&b, s, "{id: a, amount: {from: b, as: yuan}, date: {from: c, as: yyyyMMdd}}");
	file = conf_parse("g", SPAN("[{keyed: a}, {from: b, as: yuan}, data.amount]"), &b.f);
	s = setup_of(LIST);
	s.names = b.names;
	list = map_compile(&s, conf_root(file), &b.f);
	assert_non_null(list);
	slots_done(&b.slots);
	slots_init(&b.slots, names_count(b.names));
	fill(&b, "a=x|b=1.50|c=20261201");
	OK(e, map_run(b.map, &b.slots, &e));
	map_write(b.map, &b.slots, &first);
	OK(e, map_run(list, &b.slots, &e));
	OK(e, map_run_amount(b.map, &b.slots, &fen, &currency, &e));
	OK(e, map_run(list, &b.slots, &e));
	map_write(b.map, &b.slots, &second);
	assert_string_equal(buf_text(&first), buf_text(&second));
	assert_span(map_cell(list, &b.slots, 2)->text, "1.50");
	buf_done(&first);
	buf_done(&second);
	map_free(list);
	map_free(NULL);
	conf_close(file);
	bench_done(&b);
}

static void a_layout_is_what_cells_mean_and_nothing_else(void **state)
{
	static const char base[] = "- a\n- {from: b, as: yuan, name: net}\n- {from: c, cut: 6 bytes}";
	static const struct {
		const char *proves, *rules;
		enum way way;
		bool same;
	} rows[] = {
		{"the same rules", base, UTF8, true},
		{"the same for another charset", base, GB18030, true},
		{"comments and blanks do not count", "- a   # first\n- {from: b,   as: yuan, name: net}\n\n- from: c\n  cut: 6 bytes", UTF8, true},
		{"two columns in each other's place", "- {from: c, cut: 6 bytes}\n- {from: b, as: yuan, name: net}\n- a", UTF8, false},
		{"another path", "- d\n- {from: b, as: yuan, name: net}\n- {from: c, cut: 6 bytes}", UTF8, false},
		{"another conversion", "- a\n- {from: b, as: fen, name: net}\n- {from: c, cut: 6 bytes}", UTF8, false},
		{"another cut", "- a\n- {from: b, as: yuan, name: net}\n- {from: c, cut: 7 bytes}", UTF8, false},
		{"another name of a column", "- a\n- {from: b, as: yuan, name: sum}\n- {from: c, cut: 6 bytes}", UTF8, false},
		{"one column more", "- a\n- {from: b, as: yuan, name: net}\n- {from: c, cut: 6 bytes}\n- {value: \"\"}", UTF8, false},
		{"one column less", "- a\n- {from: b, as: yuan, name: net}", UTF8, false},
		{"texts are written otherwise for a spreadsheet", base, PEOPLE, false},
	};
	struct bench b, x;

	(void)state;
	bench_init(&b, UTF8, base);
	for (size_t i = 0; i < COUNT(rows); i++) {
		bench_init(&x, rows[i].way, rows[i].rules);
		if (!x.map || strlen(map_layout(x.map)) != MAP_LAYOUT - 1 || (strcmp(map_layout(x.map), map_layout(b.map)) == 0) != rows[i].same)
			fail_msg("%s", rows[i].proves);
		bench_done(&x);
	}
	bench_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_layout_is_what_cells_mean_and_nothing_else),
		cmocka_unit_test(rules_turn_records_into_data), cmocka_unit_test(wrong_rules_are_found_before_any_record),
		cmocka_unit_test(every_error_of_mappings_is_raised_above),
		cmocka_unit_test(figures_are_read_as_people_write_them),
		cmocka_unit_test(what_was_shortened_is_told_by_its_columns),
		cmocka_unit_test(the_error_names_what_was_wrong), cmocka_unit_test(a_keyed_hash_is_equal_for_equal_texts_only),
		cmocka_unit_test(a_keyed_hash_needs_a_key), cmocka_unit_test(without_a_year_the_newest_edition_counts),
		cmocka_unit_test(the_year_may_be_a_result), cmocka_unit_test(columns_have_names), cmocka_unit_test(results_have_slots_of_their_own),
		cmocka_unit_test(a_map_without_an_amount_has_no_control_slot),
		cmocka_unit_test(a_dead_record_still_says_its_amount), cmocka_unit_test(an_amount_of_an_unknown_currency_is_none),
		cmocka_unit_test(an_amount_passed_on_is_still_one), cmocka_unit_test(texts_stay_in_place_while_a_record_is_mapped),
		cmocka_unit_test(runs_of_one_record_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
