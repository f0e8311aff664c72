/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mapping and writing of payroll lines: ns a record (the best of 60 rounds) and allocations behind the first round
 * (there must be none).
 *
 *	bench_map [records in a round]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "map.h"

/* Allocations are counted by standing before the C library's. */
static unsigned long allocations;
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n)
{
	allocations++;
	return __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	allocations++;
	return __libc_calloc(count, n);
}

void *realloc(void *p, size_t n)
{
	allocations++;
	return __libc_realloc(p, n);
}

static const char inward[] =
	"month: file.month\n"
	"businessdate: {from: head.date, as: yyyyMMdd}\n"
	"agent_no: line.agent_no\n"
	"unit: {from: head.unit, lookup: units}\n"
	"payee.name: {from: line.name, trim: blanks}\n"
	"payee.account: {from: line.account, check: account}\n"
	"payee.bank: {from: head.bank, lookup: banks}\n"
	"id_type: line.id_type\n"
	"id_no: line.id_no\n"
	"occurrence: line.occurrence\n"
	"net: {from: line.net, as: yuan, check: positive}\n"
	"currency: {value: CNY}\n";

static const char outward[] =
	"- line.agent_no\n"
	"- {from: line.name, cut: 60 bytes}\n"
	"- {from: line.net, as: yuan}\n"
	"- line.account\n";

static const char keyed[] = "[head.unit, file.month, {keyed: line.id_no}, line.occurrence]\n";

enum { ROUNDS = 60 };
enum { MONTH, DATE, UNIT, BANK, AGENT_NO, NAME, ACCOUNT, ID_TYPE, ID_NO, OCCURRENCE, NET, NAMES };

static const char *const names_of[NAMES] = {"file.month", "head.date", "head.unit", "head.bank",
	"line.agent_no", "line.name",
	"line.account", "line.id_type", "line.id_no", "line.occurrence", "line.net"};

/* Values differ from record to record as in a real file; 64 of them go round. */
struct texts {
	char agent_no[8], name[40], account[24], id_no[24], net[16];
	struct value v[5];
};

static struct texts lines[64];

static void make_lines(void)
{
	static const char *const given[] = {"王珅", "乌云其其格", "李明", "阿拉坦其木格", "张伟", "孛儿只斤·巴特尔", "刘洋", "赵一"};

	for (unsigned i = 0; i < 64; i++) {
		snprintf(lines[i].agent_no, sizeof lines[i].agent_no, "%04u", i * 37 % 10000);
		snprintf(lines[i].name, sizeof lines[i].name, "%s", given[i * 5 % 8]);
		snprintf(lines[i].account, sizeof lines[i].account, "62220206000%08u", i * 7919 % 100000000);
		snprintf(lines[i].id_no, sizeof lines[i].id_no, "1507021980%02u%02u%04u", i % 12 + 1, i % 28 + 1, i * 131 % 10000);
		snprintf(lines[i].net, sizeof lines[i].net, "%u.%02u", 3000 + i * 97, i * 13 % 100);
		lines[i].v[0].text = span_of(lines[i].agent_no);
		lines[i].v[1].text = span_of(lines[i].name);
		lines[i].v[2].text = span_of(lines[i].account);
		lines[i].v[3].text = span_of(lines[i].id_no);
		lines[i].v[4].text = span_of(lines[i].net);
	}
}

static void set_line(struct slots *s, unsigned i)
{
	const struct texts *t = &lines[i % 64];

	slots_begin(s, 200);
	s->v[AGENT_NO] = t->v[0];
	s->v[NAME] = t->v[1];
	s->v[ACCOUNT] = t->v[2];
	s->v[ID_NO] = t->v[3];
	s->v[NET] = t->v[4];
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static struct map *compile(const struct map_setup *s, const char *rules, struct findings *f)
{
	struct conf_file *c = conf_parse("bench", span_of(rules), f);
	struct map *m = map_compile(s, conf_root(c), f);

	conf_close(c);
	if (!m) {
		findings_print(f, ERR_EN, 0, stderr);
		exit(1);
	}
	return m;
}

static void run(const char *what, const struct map *m, struct slots *s, unsigned records)
{
	struct buf b = BUF_INIT;
	struct err e;
	double best = 1e18;
	unsigned long before = 0;
	size_t bytes = 0;

	for (unsigned round = 0; round < ROUNDS; round++) {
		double start = now_ns(), took;

		if (round == 1)
			before = allocations;
		for (unsigned i = 0; i < records; i++) {
			set_line(s, i);
			buf_clear(&b);
			if (map_run(m, s, &e) != 0) {
				err_print(&e, ERR_EN, stderr);
				exit(1);
			}
			map_write(m, s, &b);
			bytes = b.n;
		}
		took = (now_ns() - start) / records;
		best = took < best ? took : best;
	}
	printf("%-28s %6.1f ns/record  %3zu bytes  %lu allocations\n", what, best, bytes, allocations - before);
	buf_done(&b);
}

int main(int argc, char **argv)
{
	unsigned records = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20000;
	struct findings f;
	struct names *names = names_new();
	struct codes *codes = codes_new();
	struct hash_key *key = hash_key_new("0123456789abcdef0123456789abcdef", 32);
	struct map_setup s = {.shape = MAP_OBJECT, .names = names, .codes = codes, .key = key, .year_slot = MONTH};
	struct schema *schema;
	struct slots slots;
	struct map *in, *out, *id;

	findings_init(&f);
	for (unsigned i = 0; i < NAMES; i++)
		names_add(names, span_of(names_of[i]));
	codes_add_folder(codes, SOURCE_DIR "/schemas/codes");
	s.schema = schema = schema_load(SOURCE_DIR "/schemas/payroll/payroll.line.v1.json", &f);
	if (!schema) {
		findings_print(&f, ERR_EN, 0, stderr);
		return 1;
	}
	in = compile(&s, inward, &f);
	s.shape = MAP_LIST;
	id = compile(&s, keyed, &f);
	s.outward = true;
	s.charset = CHARSET_GB18030;
	out = compile(&s, outward, &f);
	make_lines();
	slots_init(&slots, names_count(names));
	slots.v[MONTH].text = SPAN("2026-12");
	slots.v[DATE].text = SPAN("20261205");
	slots.v[UNIT].text = SPAN("602001");
	slots.v[BANK].text = SPAN("103");
	slots.v[ID_TYPE].text = SPAN("01");
	slots.v[OCCURRENCE].text = SPAN("1");
	run("inward, 12 fields", in, &slots, records);
	run("identity with keyed hash", id, &slots, records);
	run("outward, 4 cells, gb18030", out, &slots, records);
	slots_done(&slots);
	map_free(in);
	map_free(id);
	map_free(out);
	schema_free(schema);
	codes_free(codes);
	hash_key_free(key);
	names_free(names);
	findings_done(&f);
	return 0;
}
