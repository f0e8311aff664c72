/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codes.h"
#include "fsys.h"
#include "hash.h"

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])
#define YAML "table: t\nkey: code\nvalue: std\neditions: {\"2026\": {from: 2026, to: 2099}}\n"

/* Two folders, as a site's own and the program's, and a form that names tables. */
struct place {
	char top[64], site[80], program[80];
	struct findings f;
	struct conf_file *form;
	struct conf *node;
	struct codes *codes;
};

static void put_file(const char *folder, const char *name, const char *text, size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fwrite(text, 1, n, f);
	fclose(f);
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	strcpy(p->top, "/tmp/codes_test.XXXXXX");
	if (!p || !mkdtemp(p->top))
		return -1;
	snprintf(p->site, sizeof p->site, "%s/site", p->top);
	snprintf(p->program, sizeof p->program, "%s/program", p->top);
	mkdir(p->site, 0700);
	mkdir(p->program, 0700);
	findings_init(&p->f);
	p->form = conf_parse("form.yaml", SPAN("map:\n  unit: {lookup: t}\n"), &p->f);
	p->node = conf_get(conf_get(conf_get(conf_root(p->form), "map"), "unit"), "lookup");
	p->codes = codes_new();
	codes_add_folder(p->codes, p->site);
	codes_add_folder(p->codes, p->program);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	codes_free(p->codes);
	conf_close(p->form);
	findings_done(&p->f);
	snprintf(command, sizeof command, "rm -r '%s'", p->top);
	free(p);
	return system(command);
}

static void put_text(const char *folder, const char *name, const char *text)
{
	put_file(folder, name, text, strlen(text));
}

static const struct code_table *open_table(struct place *p, const char *name)
{
	const struct code_table *t = codes_table(p->codes, span_of(name), p->node, &p->f);

	if (p->f.count)
		findings_print(&p->f, ERR_EN, 0, stderr);
	assert_non_null(t);
	return t;
}

static void found(const struct code_table *t, int year, const char *code, const char *want)
{
	struct span got = SPAN_NONE;

	if (code_lookup(t, year, span_of(code), &got) != 1)
		fail_msg("%s is not found", code);
	assert_span(got, want);
}

static void unknown(const struct code_table *t, int year, const char *code)
{
	struct span got = SPAN("untouched");

	assert_int_equal(code_lookup(t, year, span_of(code), &got), 0);
	assert_span(got, "untouched");
}

static void cells_are_cut_as_csv_says(void **state)
{
	struct place *p = *state;
	const struct code_table *t;

	put_text(p->site, "t.yaml", YAML);
	put_text(p->site, "t.2026.csv", "\xef\xbb\xbfname, code ,std\r\n\r\n\"a, b\",1,x\r\n"
		"\"two\r\nlines\", 2 ,\" y \"\r\n\"\",\"3\"\"\",\"say \"\"z\"\"\"\n甲,牙克石,乙\r\n,5,cr\rwithin");
	t = open_table(p, "t");
	found(t, 2026, "1", "x");
	found(t, 2026, "2", "y");
	found(t, 2026, "3\"", "say \"z\"");
	found(t, 2026, "牙克石", "乙");
	found(t, 2026, "5", "cr\rwithin");
	unknown(t, 2026, " 2 ");
	unknown(t, 2026, "code");
	unknown(t, 2026, "");
	unknown(t, 2026, "6");
	assert_int_equal(code_lookup(t, 2026, SPAN_NONE, &(struct span){0}), 0);
}

static void the_year_chooses_the_edition(void **state)
{
	struct place *p = *state;
	const struct code_table *t;

	put_text(p->site, "asset.yaml", "table: asset\nkey: code\nvalue: name\n"
		"editions: {new: {from: 2022, to: 2099}, old: {from: 2010, to: 2020}}\n");
	put_text(p->site, "asset.old.csv", "code,name\nA02010104,台式计算机\n");
	put_text(p->site, "asset.new.csv", "code,name\nA02010104,服务器\n");
	t = open_table(p, "asset");
	found(t, 2010, "A02010104", "台式计算机");
	found(t, 2020, "A02010104", "台式计算机");
	found(t, 2022, "A02010104", "服务器");
	found(t, 2099, "A02010104", "服务器");
	found(t, 0, "A02010104", "服务器");
	unknown(t, 2021, "A02010104");
	unknown(t, 2009, "A02010104");
	assert_string_equal(code_table_name(t), "asset");
}

static void the_sites_table_goes_before_the_programs(void **state)
{
	struct place *p = *state;

	put_text(p->program, "t.yaml", YAML);
	put_text(p->program, "t.2026.csv", "code,std\n1,program\n");
	put_text(p->site, "t.yaml", YAML);
	put_text(p->site, "t.2026.csv", "code,std\n1,site\n");
	put_text(p->program, "u.yaml", "table: u\nkey: code\nvalue: std\neditions: {a: {from: 2026, to: 2026}}\n");
	put_text(p->program, "u.a.csv", "code,std\n1,only here\n");
	found(open_table(p, "t"), 2026, "1", "site");
	found(open_table(p, "u"), 2026, "1", "only here");
}

static void another_column_is_asked_for_by_its_name(void **state)
{
	static const char *const wrong[] = {"t.", ".std", "t.std.std", "t./std"};
	struct place *p = *state;

	put_text(p->site, "t.yaml", YAML);
	put_text(p->site, "t.2026.csv", "code,std,name\n1,x,one\n2,y,two\n");
	found(open_table(p, "t"), 2026, "1", "x");
	found(open_table(p, "t.name"), 2026, "1", "one");
	found(open_table(p, "t.code"), 2026, "2", "2");
	unknown(open_table(p, "t.name"), 2026, "x");
	assert_string_equal(code_table_name(open_table(p, "t.name")), "t.name");
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_null(codes_table(p->codes, span_of(wrong[i]), p->node, &p->f));
		assert_int_equal(p->f.count, 1);
		assert_string_equal(err_code(p->f.first->err.id)->name, "codes.unknown_table");
		findings_done(&p->f);
	}
	assert_null(codes_table(p->codes, SPAN("t.nmae"), p->node, &p->f));
	assert_int_equal(p->f.count, 1);
	assert_string_equal(err_code(p->f.first->err.id)->name, "codes.columns");
}

static void a_table_is_read_once(void **state)
{
	struct place *p = *state;
	const struct code_table *t;

	put_text(p->site, "t.yaml", YAML);
	put_text(p->site, "t.2026.csv", "code,std\n1,x\n");
	t = open_table(p, "t");
	put_text(p->site, "t.2026.csv", "code,std\n1,y\n");
	assert_ptr_equal(open_table(p, "t"), t);
	found(t, 2026, "1", "x");
}

static void digest_of(struct place *p, const char *csv, const char *yaml, uint8_t ret[HASH_SHA256])
{
	struct codes *c = codes_new();

	put_text(p->site, "t.yaml", yaml);
	put_text(p->site, "t.2026.csv", csv);
	codes_add_folder(c, p->site);
	memcpy(ret, code_table_digest(codes_table(c, SPAN("t"), p->node, &p->f)), HASH_SHA256);
	codes_free(c);
}

static void the_digest_covers_descriptor_and_editions(void **state)
{
	struct place *p = *state;
	uint8_t a[HASH_SHA256], b[HASH_SHA256];

	digest_of(p, "code,std\n1,x\n", YAML, a);
	digest_of(p, "code,std\n1,x\n", YAML, b);
	assert_memory_equal(a, b, HASH_SHA256);
	digest_of(p, "code,std\n1,y\n", YAML, b);
	assert_memory_not_equal(a, b, HASH_SHA256);
	digest_of(p, "code,std\n1,x\n", YAML "# a remark\n", b);
	assert_memory_not_equal(a, b, HASH_SHA256);
}

static void each_fault_of_a_table_is_found_at_its_place(void **state)
{
	static const struct {
		const char *name, *yaml, *csv, *code, *where;
	} rows[] = {
		{"no such column for the key", YAML, "Code,std\n1,x\n", "codes.columns", "t.2026.csv:1"},
		{"no such column for the value", YAML, "code,standard\n1,x\n", "codes.columns", "t.2026.csv:1"},
		{"an empty file", YAML, "", "codes.columns", "t.2026.csv:1"},
		{"a cell too many", YAML, "code,std\n1,x\n2,y,z\n", "codes.columns", "t.2026.csv:3"},
		{"a cell too few", YAML, "code,std\n1,x\n2\n", "codes.columns", "t.2026.csv:3"},
		{"a code twice", YAML, "code,std\n1,x\n2,y\n1,x\n", "codes.duplicate_key", "t.2026.csv:4"},
		{"a code twice but for blanks", YAML, "code,std\n1,x\n1 ,y\n", "codes.duplicate_key", "t.2026.csv:3"},
		{"no code", YAML, "code,std\n ,x\n", "codes.empty", "t.2026.csv:2"},
		{"no standard code", YAML, "code,std\n1,\n", "codes.empty", "t.2026.csv:2"},
		{"a line within quotes is counted", YAML, "code,std\n\"1\n\",x\n2,\n", "codes.empty", "t.2026.csv:4"},
		{"a quote that does not end", YAML, "code,std\n1,x\n\"2,y\n", "codes.quote", "t.2026.csv:3"},
		{"text behind a quote", YAML, "code,std\n\"1\"2,x\n", "codes.quote", "t.2026.csv:2"},
		{"a quote that does not end in the header", YAML, "code,\"std\n1,x\n", "codes.quote", "t.2026.csv:1"},
		{"GBK", YAML, "code,std\n1,\xcd\xf5\n", "text.invalid", "t.2026.csv:2"},
		{"a NUL byte", YAML, NULL, "text.nul", "t.2026.csv:2"},
		{"a file that is not there", "table: t\nkey: code\nvalue: std\neditions: {a: {from: 2026, to: 2026}}\n",
			"code,std\n", "file.missing", "t.a.csv"},
		{"two editions for one year", "table: t\nkey: code\nvalue: std\neditions:\n"
			"  \"2026\": {from: 2026, to: 2030}\n  b: {from: 2030, to: 2031}\n", "code,std\n1,x\n",
			"codes.overlap", "t.yaml:6:3"},
		{"an edition that ends before it begins", "table: t\nkey: code\nvalue: std\n"
			"editions: {\"2026\": {from: 2026, to: 2025}}\n", "code,std\n", "conf.number", "t.yaml:4:37"},
		{"an edition without an end", "table: t\nkey: code\nvalue: std\neditions: {\"2026\": {from: 2026}}\n",
			"code,std\n", "conf.missing", "t.yaml:4:12"},
		{"an edition in another folder", "table: t\nkey: code\nvalue: std\n"
			"editions: {../x: {from: 2026, to: 2026}}\n", "code,std\n",
			"codes.unknown_table", "t.yaml:4:12"},
		{"no value column named", "table: t\nkey: code\neditions: {\"2026\": {from: 2026, to: 2026}}\n",
			"code,std\n", "conf.missing", "t.yaml:1:1"},
		{"a key that is not known", YAML "charset: gbk\n", "code,std\n", "conf.unknown_key", "t.yaml:5:1"},
		{"the name of another table", "table: u\nkey: code\nvalue: std\n"
			"editions: {\"2026\": {from: 2026, to: 2026}}\n", "code,std\n",
			"codes.unknown_table", "t.yaml:1:8"},
	};
	struct place *p = *state;

	put_text(p->site, "t.b.csv", "code,std\n");
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct codes *c = codes_new();
		const char *where;

		put_text(p->site, "t.yaml", rows[i].yaml);
		if (rows[i].csv)
			put_text(p->site, "t.2026.csv", rows[i].csv);
		else
			put_file(p->site, "t.2026.csv", "code,std\n1,\0\n", 13);
		codes_add_folder(c, p->site);
		if (codes_table(c, SPAN("t"), p->node, &p->f))
			fail_msg("%s: not found", rows[i].name);
		where = p->f.first->err.where;
		if (p->f.count != 1 || strcmp(err_code(p->f.first->err.id)->name, rows[i].code) ||
			strncmp(where + strlen(p->site) + 1, rows[i].where, strlen(rows[i].where)) != 0) {
			findings_print(&p->f, ERR_EN, 0, stderr);
			fail_msg("%s: want %s once at %s", rows[i].name, rows[i].code, rows[i].where);
		}
		findings_done(&p->f);
		codes_free(c);
	}
}

static void a_table_with_faults_is_named_wherever_it_is_used(void **state)
{
	struct place *p = *state;

	put_text(p->site, "t.yaml", YAML);
	put_text(p->site, "t.2026.csv", "code,std\n1,\n");
	assert_null(codes_table(p->codes, SPAN("t"), p->node, &p->f));
	assert_int_equal(p->f.count, 1);
	assert_null(codes_table(p->codes, SPAN("t"), p->node, &p->f));
	assert_int_equal(p->f.count, 2);
	assert_string_equal(err_code(p->f.first->next->err.id)->name, "codes.broken");
	assert_string_equal(p->f.first->next->err.where, "form.yaml:2:18");
}

static void an_unknown_table_is_named_with_the_nearest(void **state)
{
	static const struct {
		const char *table, *near;
	} rows[] = {{"unit", "units"}, {"zzzzzzzz", "-"}, {"../program/units", "-"}, {"", "-"}};
	struct place *p = *state;

	put_text(p->program, "units.yaml", "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_null(codes_table(p->codes, span_of(rows[i].table), p->node, &p->f));
		assert_int_equal(p->f.count, 1);
		assert_string_equal(err_code(p->f.first->err.id)->name, "codes.unknown_table");
		assert_string_equal(err_arg(&p->f.first->err, "near"), rows[i].near);
		assert_string_equal(p->f.first->err.where, "form.yaml:2:18");
		findings_done(&p->f);
	}
}

/* 504103 and 780519 have the same murmur2. */
static void codes_of_one_hash_are_not_taken_for_each_other(void **state)
{
	struct place *p = *state;
	const struct code_table *t;

	assert_int_equal(hash_murmur2("504103", 6), hash_murmur2("780519", 6));
	put_text(p->site, "t.yaml", YAML);
	put_text(p->site, "t.2026.csv", "code,std\n504103,x\n");
	t = open_table(p, "t");
	found(t, 2026, "504103", "x");
	unknown(t, 2026, "780519");
}

static void many_codes_are_all_found(void **state)
{
	struct place *p = *state;
	const struct code_table *t;
	struct buf b = BUF_INIT;
	char code[16];

	buf_str(&b, "code,std\n");
	for (unsigned i = 0; i < 20000; i++)
		buf_printf(&b, "%u,s%u\n", i * 7, i);
	put_text(p->site, "t.yaml", YAML);
	put_file(p->site, "t.2026.csv", b.p, b.n);
	buf_done(&b);
	t = open_table(p, "t");
	for (unsigned i = 0; i < 140000; i++) {
		struct span got;

		snprintf(code, sizeof code, "%u", i);
		assert_int_equal(code_lookup(t, 2030, span_of(code), &got), i % 7 == 0);
	}
	found(t, 2030, "139993", "s19999");
}

/* ISO 7064 MOD 11,10 over the eleven digits before the check digit. */
static bool number_ok(struct span s)
{
	int p = 10;

	if (s.n != 12)
		return false;
	for (int i = 0; i < 11; i++) {
		p = (p + s.p[i] - '0') % 10;
		p = 2 * (p ? p : 10) % 11;
	}
	return (11 - p) % 10 == s.p[11] - '0';
}

static void the_tables_of_the_project_load(void **state)
{
	static const char *const banks[] = {"102", "103", "104", "105", "403", "103196400010", "320196601004",
		"320197105004"};
	struct place *p = *state;
	const struct code_table *t;
	struct span got;

	codes_add_folder(p->codes, SOURCE_DIR "/schemas/codes");
	t = open_table(p, "banks");
	for (size_t i = 0; i < COUNT(banks); i++) {
		if (code_lookup(t, 2026, span_of(banks[i]), &got) != 1 || !number_ok(got))
			fail_msg("%s", banks[i]);
		assert_true(span_starts(got, (struct span){banks[i], 3}));
	}
	found(t, 2026, "103", "103196000015");
	unknown(t, 2025, "103");
	unknown(t, 2026, "314653617115");
	found(open_table(p, "units"), 2026, "602001", "602001");
}

/* One code, two things: the year of the document says which. */
static void the_asset_editions_of_the_project_differ(void **state)
{
	struct place *p = *state;
	const struct code_table *name, *edition;

	codes_add_folder(p->codes, SOURCE_DIR "/schemas/codes");
	name = open_table(p, "asset_class.name");
	edition = open_table(p, "asset_class.edition");
	found(open_table(p, "asset_class"), 2026, "A02010104", "A02010104");
	found(name, 2022, "A02010104", "台式计算机");
	found(name, 2023, "A02010104", "服务器");
	found(name, 2022, "A02010103", "服务器");
	unknown(name, 2023, "A02010103");
	unknown(name, 2009, "A02010104");
	found(edition, 2020, "A02010104", "2010");
	found(edition, 2026, "A02010104", "2022");
}

/* Every descriptor of the folder, and of each table one code that a vendor writes. */
static void every_table_of_the_project_is_known_here(void **state)
{
	static const struct {
		const char *table, *code, *want;
	} rows[] = {
		{"account_type", "61", "61"}, {"asset_class", "A02010104", "A02010104"}, {"asset_state", "在用", "1"},
		{"banks", "103", "103196000015"}, {"currency", "人民币", "CNY"}, {"econ_class_dep", "30101", "30101"},
		{"econ_class_gov", "50201", "50201"}, {"func_class", "2130101", "2130101"}, {"fund_type", "1", "11"},
		{"mof_div", "150782", "150782000"}, {"mof_div", "150700000", "150700000"},
		{"pay_type", "11", "direct"}, {"pay_type", "授权支付", "authorised"}, {"units", "602001", "602001"},
	};
	struct place *p = *state;
	struct err e = ERR_INIT;
	char **list;

	codes_add_folder(p->codes, SOURCE_DIR "/schemas/codes");
	for (size_t i = 0; i < COUNT(rows); i++)
		found(open_table(p, rows[i].table), 2026, rows[i].code, rows[i].want);
	OK(e, fsys_list(AT_FDCWD, SOURCE_DIR "/schemas/codes", &list, &e));
	for (char **x = list; *x; x++) {
		bool seen = !span_ends(span_of(*x), SPAN(".yaml"));

		for (size_t i = 0; i < COUNT(rows) && !seen; i++)
			seen = span_eq((struct span){*x, strlen(*x) - strlen(".yaml")}, span_of(rows[i].table));
		if (!seen)
			fail_msg("%s is tried by no row", *x);
	}
	fsys_list_free(list);
}

/* A shared file under the name of a table, with a descriptor for it. */
static bool put_shared(struct place *p, const char *file, const char *key, const char *value)
{
	const char *name = strchr(file, '/') + 1;
	char from[256], to[256], yaml[256];

	snprintf(from, sizeof from, "%s/data/%s.csv", SHARED_DIR, file);
	if (access(from, R_OK) != 0)
		return false;
	snprintf(to, sizeof to, "%s/%s.x.csv", p->site, name);
	assert_int_equal(symlink(from, to), 0);
	snprintf(to, sizeof to, "%s.yaml", name);
	snprintf(yaml, sizeof yaml, "table: %s\nkey: %s\nvalue: %s\neditions: {x: {from: 2026, to: 2026}}\n", name, key,
		value);
	put_text(p->site, to, yaml);
	return true;
}

static void the_shared_tables_load(void **state)
{
	static const struct {
		const char *file, *key, *value, *code, *want;
	} rows[] = {
		{"classification/voucher_types", "vt_code", "name_zh", "2203", "财政直接支付退款通知书"},
		{"classification/econ_class_department", "code", "name_zh", "30101", "基本工资"},
		{"classification/econ_class_government", "code", "name_zh", "50101", "工资奖金津补贴"},
		{"classification/func_class_sample", "code", "name_zh", "201", "一般公共服务支出"},
		{"classification/currency", "alpha", "numeric", "CNY", "156"},
		{"divisions/provinces", "code", "name", "11", "北京市"},
		{"divisions/cities", "code", "name", "1507", "呼伦贝尔市"},
		{"divisions/areas", "code", "name", "150782", "牙克石市"},
		{"divisions/streets_15", "code", "name", "150102001", "海拉尔东路街道"},
		{"banks/cnaps_area_neimenggu", "name", "area4", "牙克石市", "1964"},
		{"banks/bank_numbers_sample", "bank_no", "bank_class3", "402433000223", "402"},
		{"banks/payroll_account_types", "code", "name_zh", "61", "工资统发账户"},
	};
	struct place *p = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!put_shared(p, rows[i].file, rows[i].key, rows[i].value)) {
			print_message("no shared tables: skipped\n");
			skip();
		}
		found(open_table(p, strchr(rows[i].file, '/') + 1), 2026, rows[i].code, rows[i].want);
	}
}

static void the_faults_of_shared_tables_are_found(void **state)
{
	static const struct {
		const char *file, *key, *value, *code;
		unsigned count;
	} rows[] = {
		{"classification/asset_class_sample", "code", "name_zh", "codes.duplicate_key", 2},
		{"banks/cnaps_area_neimenggu", "area4", "name", "codes.duplicate_key", 5},
		{"banks/bank_numbers_sample", "bank_no", "bank_name", "codes.empty", 1},
	};
	struct place *p = *state;

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!put_shared(p, rows[i].file, rows[i].key, rows[i].value)) {
			print_message("no shared tables: skipped\n");
			skip();
		}
		assert_null(codes_table(p->codes, span_of(strchr(rows[i].file, '/') + 1), p->node, &p->f));
		assert_int_equal(p->f.count, rows[i].count);
		for (const struct finding *x = p->f.first; x; x = x->next)
			assert_string_equal(err_code(x->err.id)->name, rows[i].code);
		findings_done(&p->f);
	}
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(cells_are_cut_as_csv_says),
		CASE(the_year_chooses_the_edition),
		CASE(the_sites_table_goes_before_the_programs),
		CASE(another_column_is_asked_for_by_its_name),
		CASE(a_table_is_read_once),
		CASE(the_digest_covers_descriptor_and_editions),
		CASE(each_fault_of_a_table_is_found_at_its_place),
		CASE(a_table_with_faults_is_named_wherever_it_is_used),
		CASE(an_unknown_table_is_named_with_the_nearest),
		CASE(codes_of_one_hash_are_not_taken_for_each_other),
		CASE(many_codes_are_all_found),
		CASE(the_tables_of_the_project_load),
		CASE(the_asset_editions_of_the_project_differ),
		CASE(every_table_of_the_project_is_known_here),
		CASE(the_shared_tables_load),
		CASE(the_faults_of_shared_tables_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
