/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "pattern.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A pattern with the file that it stands in and the names it knows. */
struct made {
	struct findings f;
	struct conf_file *conf;
	struct names *names;
	struct pattern *p;
};

static struct made make(const char *pattern, bool outward)
{
	static const char *const known[] = {"parcel.no", "parcel.date", "parcel.split", "site.unit"};
	struct made m;
	struct buf text = BUF_INIT;

	findings_init(&m.f);
	m.names = names_new();
	for (size_t i = 0; outward && i < COUNT(known); i++)
		names_add(m.names, span_of(known[i]));
	buf_printf(&text, "name: \"%s\"\n", pattern);
	m.conf = conf_parse("test", buf_as_span(&text), &m.f);
	assert_non_null(m.conf);
	m.p = pattern_compile(conf_get(conf_root(m.conf), "name"), m.names, outward, &m.f);
	buf_done(&text);
	return m;
}

static void unmake(struct made *m)
{
	pattern_free(m->p);
	names_free(m->names);
	conf_close(m->conf);
	findings_done(&m->f);
}

static const struct {
	const char *name, *pattern, *file;
	const char *want;            /* the keys, NULL when it does not match */
} matches[] = {
	{"a name without parts is itself", "a.txt", "a.txt", ""},
	{"a name without parts is nothing else", "a.txt", "a.txt1", NULL},
	{"upper case is another name", "a.txt", "A.txt", NULL},
	{"an empty name matches nothing", "{a}", "", NULL},
	{"a month and a number", "gz_{month:yyyyMM}_{batch:3}.txt", "gz_202612_007.txt", "2026-12:007"},
	{"a month with a separator", "{month:yyyy-MM}-payments.csv", "2011-01-payments.csv", "2011-01"},
	{"a month that is none", "gz_{month:yyyyMM}.txt", "gz_202613.txt", NULL},
	{"a date becomes the inner form", "{day:yyyyMMdd}", "20261201", "2026-12-01"},
	{"a day that is none", "{day:yyyyMMdd}", "20260229", NULL},
	{"a leap day", "{day:ddMMyyyy}", "29022028", "2028-02-29"},
	{"fewer digits than asked for", "{n:3}.txt", "07.txt", NULL},
	{"more digits than asked for", "{n:3}.txt", "0007.txt", NULL},
	{"letters are no digits", "{n:3}.txt", "00a.txt", NULL},
	{"a text takes at least one byte", "{a}.txt", ".txt", NULL},
	{"a text at the end takes the rest", "a_{b}", "a_b_c", "b_c"},
	{"a text takes as few bytes as fit", "{a}_{b}.txt", "x_y_z.txt", "x:y_z"},
	{"the last literal must end the name", "{a}.txt", "a.txt.txt", "a.txt"},
	{"a text gives way to digits", "{a}{n:2}.txt", "abc1234.txt", "abc12:34"},
	{"digits in the middle are taken where they first fit", "{a}{n:2}{b}", "abc1234", "abc:12:34"},
	{"two texts side by side", "{a}{b}", "abc", "a:bc"},
	{"a literal that begins again", "{a}aab{b}", "aaaabx", "aa:x"},
	{"a text takes no folder", "{a}.txt", "x/y.txt", NULL},
	{"a folder in the pattern is one in the name", "in/{a}.txt", "in/y.txt", "y"},
	{"Chinese names", "工资_{unit}_{month:yyyy年MM月}.txt", "工资_一中_2026年12月.txt", "一中:2026-12"},
	{"the tail may not overlap the text", "{a}.txt.txt", "a.txt", NULL},
};

static void every_name_matches_or_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(matches); i++) {
		struct made m = make(matches[i].pattern, false);
		struct arena keep = ARENA_INIT;
		struct slots s;
		struct buf keys = BUF_INIT;
		int got;

		assert_int_equal(m.f.count, 0);
		slots_init(&s, names_count(m.names));
		got = pattern_match(m.p, span_of(matches[i].file), &keep, &s);
		if (got != (matches[i].want != NULL))
			fail_msg("%s: %d", matches[i].name, got);
		pattern_keys(m.p, &s, &keys);
		if (matches[i].want && strcmp(buf_text(&keys), matches[i].want) != 0)
			fail_msg("%s: %s", matches[i].name, buf_text(&keys));
		for (unsigned k = 0; !matches[i].want && k < s.n; k++)
			assert_null(s.v[k].text.p);
		buf_done(&keys);
		slots_done(&s);
		arena_done(&keep);
		unmake(&m);
	}
}

static void parts_are_names_of_the_file(void **state)
{
	struct made m = make("gz_{month:yyyyMM}_{batch:3}.txt", false);

	(void)state;
	assert_int_equal(names_count(m.names), 2);
	assert_string_equal(names_text(m.names, 0), "file.month");
	assert_string_equal(names_text(m.names, 1), "file.batch");
	unmake(&m);
}

static const struct {
	const char *name, *pattern;
	const char *no, *date, *part;        /* values of parcel.no, parcel.date, parcel.split; NULL: absent */
	const char *want;                    /* the name, or the code of the error */
} makes[] = {
	{"a bank's file", "df_{parcel.date:yyyyMMdd}_{parcel.no:4}.txt", "17", "2026-12-01", NULL, "df_20261201_0017.txt"},
	{"a number as it is", "{parcel.no}.txt", "17", NULL, NULL, "17.txt"},
	{"a month out of a date", "{parcel.date:yyyyMM}", NULL, "2026-12-01", NULL, "202612"},
	{"a day out of a month", "{parcel.date:yyyyMMdd}", NULL, "2026-12", NULL, "pattern.value"},
	{"the body's name", "{name}.ok", NULL, NULL, NULL, "sub/body.txt.ok"},
	{"a folder", "{parcel.split}/{parcel.no:2}.txt", "1", NULL, "602001", "602001/01.txt"},
	{"an absent value", "{parcel.split}.txt", NULL, NULL, NULL, "pattern.value"},
	{"an empty value", "{parcel.split}.txt", NULL, NULL, "", "pattern.value"},
	{"a value with a slash", "{parcel.split}.txt", NULL, NULL, "a/b", "pattern.value"},
	{"a value with a control character", "{parcel.split}.txt", NULL, NULL, "a\nb", "pattern.value"},
	{"a value that is the folder above", "x/{parcel.split}/y", NULL, NULL, "..", "pattern.value"},
	{"a value that is the folder itself", "{parcel.split}", NULL, NULL, ".", "pattern.value"},
	{"more digits than fit", "{parcel.no:2}", "100", NULL, NULL, "pattern.value"},
	{"letters where digits must be", "{parcel.no:2}", "a", NULL, NULL, "pattern.value"},
	{"a Chinese value", "{parcel.split}.csv", NULL, NULL, "一中", "一中.csv"},
};

static void set(struct slots *s, struct names *names, const char *name, const char *value)
{
	s->v[names_use(names, span_of(name))].text = span_of(value);
}

static void every_name_is_made_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(makes); i++) {
		struct made m = make(makes[i].pattern, true);
		struct slots s;
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;
		const char *got;

		assert_int_equal(m.f.count, 0);
		slots_init(&s, names_count(m.names));
		set(&s, m.names, "parcel.no", makes[i].no);
		set(&s, m.names, "parcel.date", makes[i].date);
		set(&s, m.names, "parcel.split", makes[i].part);
		buf_str(&b, ">");
		if (pattern_make(m.p, &s, SPAN("sub/body.txt"), &b, &e)) {
			assert_string_equal(buf_text(&b), ">");
			assert_int_equal(err_kind(&e), ERR_DATA);
			got = err_code(e.id)->name;
		} else {
			got = buf_text(&b) + 1;
		}
		if (strcmp(got, makes[i].want) != 0)
			fail_msg("%s: %s", makes[i].name, got);
		buf_done(&b);
		slots_done(&s);
		unmake(&m);
	}
}

static void a_component_has_at_most_255_bytes(void **state)
{
	struct made m = make("{parcel.split}/{parcel.split}", true);
	char text[257];
	struct slots s;
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	memset(text, 'a', 256);
	text[255] = text[256] = 0;
	slots_init(&s, names_count(m.names));
	set(&s, m.names, "parcel.split", text);
	OK(e, pattern_make(m.p, &s, SPAN_NONE, &b, &e));
	assert_int_equal(b.n, 511);
	buf_clear(&b);
	text[255] = 'a';
	set(&s, m.names, "parcel.split", text);
	FAILS(e, "pattern.too_long", pattern_make(m.p, &s, SPAN_NONE, &b, &e));
	assert_int_equal(b.n, 0);
	FAILS(e, "pattern.value", (set(&s, m.names, "parcel.split", NULL), pattern_make(m.p, &s, SPAN_NONE, &b, &e)));
	assert_string_equal(err_arg(&e, "part"), "parcel.split");
	buf_done(&b);
	slots_done(&s);
	unmake(&m);
}

static void patterns_that_cannot_be_are_findings(void **state)
{
	static const struct {
		const char *pattern;
		bool outward;
		const char *want, *at;
	} wrong[] = {
		{"", false, "pattern.syntax", "1"},
		{"a{b", false, "pattern.syntax", "2"},
		{"a}b", false, "pattern.syntax", "2"},
		{"工资}b", false, "pattern.syntax", "3"},
		{"{}", false, "pattern.syntax", "2"},
		{"{A}", false, "pattern.syntax", "2"},
		{"{a.b}", false, "pattern.syntax", "3"},
		{"{a{b}}", false, "pattern.syntax", "3"},
		{"{a:}", false, "pattern.syntax", "4"},
		{"{a:0}", false, "pattern.syntax", "4"},
		{"{a:19}", false, "pattern.syntax", "4"},
		{"{a:ddMM}", false, "pattern.syntax", "4"},
		{"{a:yyyy/MM}", false, "pattern.syntax", "4"},
		{"a\\tb", false, "pattern.syntax", "2"},
		{"../{a}", false, "pattern.syntax", "1"},
		{"x/./{name}", true, "pattern.syntax", "3"},
		{"/x", true, "pattern.syntax", "1"},
		{"x/", true, "pattern.syntax", "3"},
		{"{a}{b}{a}", false, "pattern.name", NULL},
		{"{parcel.not}", true, "pattern.name", NULL},
		{"{name:3}", true, "pattern.name", NULL},
		{"{a}{b}{c}{d}{e}{f}{g}{h}{i}{j}{k}{l}{m}{n}{o}{p}{q}{r}{s}{t}{u}{v}{w}{x}{y}{z}{a1}{a2}{a3}{a4}{a5}{a6}{a7}",
			false, "pattern.syntax", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct made m = make(wrong[i].pattern, wrong[i].outward);
		struct err e = ERR_INIT;

		if (m.p || m.f.count != 1)
			fail_msg("%s: %u findings", wrong[i].pattern, m.f.count);
		findings_first(&m.f, &e);
		if (strcmp(err_code(e.id)->name, wrong[i].want) != 0 ||
			(wrong[i].at && strcmp(err_arg(&e, "at"), wrong[i].at) != 0))
			fail_msg("%s: %s at %s", wrong[i].pattern, err_code(e.id)->name, err_arg(&e, "at"));
		unmake(&m);
	}
}

static void an_unknown_name_is_told_the_nearest(void **state)
{
	struct made m = make("{parcel.not}", true);
	struct err e = ERR_INIT;

	(void)state;
	findings_first(&m.f, &e);
	assert_string_equal(err_arg(&e, "near"), "parcel.no");
	unmake(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_matches_or_not),
		cmocka_unit_test(parts_are_names_of_the_file),
		cmocka_unit_test(every_name_is_made_or_refused),
		cmocka_unit_test(a_component_has_at_most_255_bytes),
		cmocka_unit_test(patterns_that_cannot_be_are_findings),
		cmocka_unit_test(an_unknown_name_is_told_the_nearest),
	};

	return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
