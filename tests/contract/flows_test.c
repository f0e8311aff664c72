/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

/*
 * A whole site in one process, on a bus that does whatever a broker may do and on the embedded one: files are dropped into
 * real folders, the flows are turned in any order, commits answer unknown, owners are fenced, everything is dropped and built
 * anew at any turn. At the end the judge reads what was handed over and what the flows say about it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../contract/hostile.h"
#include "clock.h"
#include "connectors/outbox.h"
#include "deliver.h"
#include "fsys.h"
#include "index.h"
#include "intake.h"
#include "log.h"
#include "router.h"
#include "scratch.h"
#include "topics.h"
#include "totals.h"

#define TYPE "payroll.line.v1"
#define BATCHES_MAX 40u
#define LINES_MAX 16000u
#define FLOWS 6u
#define NUMBERS 16u              /* of batches */
#define PERSONS 8192u            /* of a batch */

enum { PAYROLL_A, PAYROLL_B, ROUTER, BANK_ABC, BANK_ICBC, UNITS };

static const char *const flow_names[FLOWS] = {"payroll-a", "payroll-b", "router", "bank-abc", "bank-icbc", "units"};

/* What must become of a batch. ONCE: every line of it in exactly one bank file and one unit file. SOME: another adapter has
 * some of its lines at the same moment. It goes whole or not at all, and what both have goes at most once: when both were
 * published before either saw the other, each may be held for the sake of the other. */
enum fate { ONCE, NEVER, SOME };

struct batch {
	unsigned adapter;
	char name[40];
	struct buf bytes;
	enum fate fate;
	unsigned first, n;           /* lines in site.lines */
};

/* One line that may be paid. */
struct line {
	unsigned batch, group;
	char account[24], bank[4], unit[8];
	int64_t fen;
	unsigned in_bank, in_units;  /* how often it was found there */
};

struct site {
	char dir[64];
	struct library *library;
	struct form *forms[2], *bank, *units;
	struct conf_file *routes;
	const struct bus_driver *driver;
	char url[128];
	unsigned partitions;
	struct bus *bus;
	struct flow *flows[FLOWS];
	uint64_t random;
	struct batch batches[BATCHES_MAX];
	unsigned nbatches;
	struct line *lines;
	unsigned nlines;
	unsigned (*places)[PERSONS]; /* by batch number and person: number of the first line + 1 */
	unsigned dropped;            /* files */
	unsigned kills, unknown, fenced;
	struct err e;
};

static unsigned roll(struct site *s, unsigned sides)
{
	s->random = s->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(s->random >> 33) % sides;
}

/* What the faults came to: a story without any proves nothing. */
struct seen {
	unsigned kills, unknown, fenced;
};

/* ---- files ---- */

static const char *path(const struct site *s, const char *below, char ret[256])
{
	snprintf(ret, 256, "%s/%s", s->dir, below);
	return ret;
}

static void make_folder(const struct site *s, const char *below)
{
	char p[256];

	assert_int_equal(mkdir(path(s, below, p), 0700), 0);
}

static void write_file(const struct site *s, const char *below, struct span bytes)
{
	char p[256];
	FILE *f = fopen(path(s, below, p), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	assert_int_equal(fclose(f), 0);
}

static void read_file(const struct site *s, const char *below, struct buf *ret)
{
	char p[256];
	struct err e;

	buf_clear(ret);
	OK(e, fsys_get(AT_FDCWD, path(s, below, p), 64u << 20, ret, &e));
}

static char **list(const struct site *s, const char *below, unsigned *ret_n)
{
	char p[256], **names;
	struct err e;

	OK(e, fsys_list(AT_FDCWD, path(s, below, p), &names, &e));
	for (*ret_n = 0; names[*ret_n];)
		++*ret_n;
	return names;
}

/* ---- the site ---- */

/* The payroll form of the house, but each line has its own unit and bank, and lies where its number says. */
static struct form *spread_form(struct site *s, struct findings *f)
{
	static const char *const edits[][2] = {
		{"key: data.unit", "key: data.agent_no"},
		{"unit: {from: head.unit, lookup", "unit: {from: line.unit, lookup"},
		{"payee.bank: {from: head.bank, lookup", "payee.bank: {from: line.id_type, lookup"},
	};
	struct buf from = BUF_INIT, to = BUF_INIT;
	char p[256];

	OK(s->e, fsys_get(AT_FDCWD, SOURCE_DIR "/adapters/payroll/pipe/batch.yaml", 1u << 20, &from, &s->e));
	for (unsigned i = 0; i < 3; i++) {
		const char *text = buf_text(&from), *at = strstr(text, edits[i][0]);

		assert_non_null(at);
		buf_clear(&to);
		buf_printf(&to, "%.*s%s%s", (int)(at - text), text, edits[i][1], at + strlen(edits[i][0]));
		buf_clear(&from);
		buf_span(&from, buf_as_span(&to));
	}
	write_file(s, "spread.yaml", buf_as_span(&from));
	buf_done(&from);
	buf_done(&to);
	return form_load(s->library, path(s, "spread.yaml", p), f);
}

static void open_bus(struct site *s)
{
	struct bus_conf c = {.url = s->url, .partitions = s->partitions, .max_bytes = 256u << 20};

	OK(s->e, bus_open_with(s->driver, &c, BUS_OWN, &s->bus, &s->e));
}

static void site_begin(struct site *s, uint64_t seed, unsigned partitions, const struct bus_driver *driver)
{
	struct findings f;

	*s = (struct site){.random = seed, .partitions = partitions, .driver = driver};
	snprintf(s->dir, sizeof s->dir, "%s/jincai-flows.XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(s->dir));
	for (const char *const *p = (const char *const[]){"a", "b", "abc", "icbc", "units", "bus", NULL}; *p; p++)
		make_folder(s, *p);
	findings_init(&f);
	s->library = library_new();
	library_add(s->library, SOURCE_DIR);
	free(s->library->site_division);
	s->library->site_division = mem_text(SPAN("150782"));
	s->library->key = hash_key_new("0123456789abcdef", 16);
	s->forms[0] = form_load(s->library, SOURCE_DIR "/adapters/payroll/pipe/batch.yaml", &f);
	s->forms[1] = spread_form(s, &f);
	s->bank = form_load(s->library, SOURCE_DIR "/adapters/bank/pipe/batch.yaml", &f);
	s->units = form_load(s->library, SOURCE_DIR "/adapters/unit/csv/lines.yaml", &f);
	write_file(s, "routes.yaml", SPAN("abc: 'data.payee.bank starts \"103\"'\nicbc: 'data.payee.bank starts \"102\"'\n"
		"units: 'not data.payee.bank starts \"105\"'\n"));
	{
		char p[256];

		s->routes = conf_open(path(s, "routes.yaml", p), &f);
	}
	if (f.count)
		findings_print(&f, ERR_EN, 0, stderr);
	assert_int_equal(f.count, 0);
	findings_done(&f);
	if (driver == &bus_hostile)
		snprintf(s->url, sizeof s->url, "hostile:%" PRIu64 ":%u:%u", seed, roll(s, 3) * roll(s, 40), roll(s, 2) * roll(s, 8));
	else
		snprintf(s->url, sizeof s->url, "embedded:%s/bus", s->dir);
	s->lines = mem_grow(NULL, LINES_MAX, sizeof *s->lines);
	s->places = mem_new(NUMBERS * sizeof *s->places);
	open_bus(s);
}

static struct flow *new_router(struct site *s)
{
	static const char *const names[] = {"bank-abc", "bank-icbc", "units"};
	static const char *const conditions[] = {"abc", "icbc", "units"};
	const struct form *forms[] = {s->bank, s->bank, s->units};
	struct router *r = router_new(s->bus, "router", "test");
	struct flow *f = router_flow(r);
	struct findings findings;
	unsigned topic, type;

	findings_init(&findings);
	OK(s->e, bus_topic(s->bus, topics_of_type(SPAN(TYPE)), &topic, &s->e));
	type = router_type(r, TYPE, topic, s->forms[0]->events[0].schema, true);
	for (unsigned i = 0; i < 3; i++) {
		const struct form_shape *shape = form_shape(forms[i], SPAN(TYPE));
		struct slots fixed;
		char name[64];
		unsigned d;

		snprintf(name, sizeof name, TOPIC_TO "%s", names[i]);
		OK(s->e, bus_topic(s->bus, name, &topic, &s->e));
		d = router_destination(r, names[i], topic);
		slots_init(&fixed, names_count(shape->names));
		form_site_values(s->library, shape->names, &fixed);
		router_shape(r, type, d, shape->line, shape->names, &fixed,
			i == 2 ? names_use(router_names(r, type), SPAN("data.unit")) : -1);
		slots_done(&fixed);
		router_route(r, type, d, expr_compile(conf_get(conf_root(s->routes), conditions[i]), router_names(r, type), &findings));
	}
	assert_int_equal(findings.count, 0);
	findings_done(&findings);
	OK(s->e, bus_topic(s->bus, TOPIC_DEAD, &topic, &s->e));
	f->outputs[f->noutputs++] = topic;
	return f;
}

static void new_flows(struct site *s)
{
	static const char *const folders[FLOWS] = {"a", "b", "", "abc", "icbc", "units"};
	char folder[256], spool[256], forms[256];

	for (unsigned i = 0; i < FLOWS; i++) {
		struct flow **f = &s->flows[i];

		path(s, folders[i], folder);
		if (i <= PAYROLL_B) {
			struct intake_setup setup = {.name = flow_names[i], .bus = s->bus, .library = s->library,
				.form = s->forms[i], .folder = folder, .spool = spool, .forms = forms, .kept = forms,
				.start = SPAN("2026-01-01")};

			path(s, i ? "spool/payroll-b" : "spool/payroll-a", spool);
			path(s, "forms", forms);
			*f = intake_new(&setup, &s->e);
		} else if (i == ROUTER) {
			*f = new_router(s);
		} else {
			*f = deliver_new(&(struct deliver_setup){.name = flow_names[i], .bus = s->bus, .library = s->library,
				.form = i == UNITS ? s->units : s->bank, .folder = folder, .split = i == UNITS}, &s->e);
		}
		assert_non_null(*f);
	}
}

static void free_flows(struct site *s)
{
	for (unsigned i = 0; i < FLOWS; i++) {
		flow_shut(s->flows[i]);
		s->flows[i]->kind->free(s->flows[i]);
	}
}

static void site_end(struct site *s)
{
	free_flows(s);
	bus_close(s->bus);
	for (unsigned i = 0; i < s->nbatches; i++)
		buf_done(&s->batches[i].bytes);
	free(s->lines);
	free(s->places);
	form_free(s->forms[0]);
	form_free(s->forms[1]);
	form_free(s->bank);
	form_free(s->units);
	conf_close(s->routes);
	library_free(s->library);
	assert_int_equal(scratch_remove(s->dir), 0);
}

/* ---- batches ---- */

static struct batch *new_batch(struct site *s, unsigned adapter, unsigned number, enum fate fate)
{
	struct batch *b = &s->batches[s->nbatches++];

	assert_true(s->nbatches <= BATCHES_MAX);
	*b = (struct batch){.adapter = adapter, .fate = fate, .first = s->nlines};
	snprintf(b->name, sizeof b->name, "gz_202612_%03u.txt", number);
	return b;
}

/* A line of the batch; person is who, within the batch number: equal ones have equal keys. */
static struct line *add_line(struct site *s, struct batch *b, unsigned number, unsigned person, const char *bank)
{
	struct line *l = &s->lines[s->nlines++];

	assert_true(s->nlines <= LINES_MAX);
	*l = (struct line){.batch = (unsigned)(b - s->batches), .group = number, .fen = 1 + (int64_t)number * 1000003 + person};
	snprintf(l->account, sizeof l->account, "6217%03u%06u", number, person);
	if (!s->places[number][person])
		s->places[number][person] = s->nlines;
	snprintf(l->bank, sizeof l->bank, "%s", bank);
	snprintf(l->unit, sizeof l->unit, "60200%u", b->adapter ? 1 + person % 4 : 1);
	b->n++;
	return l;
}

/* As many lines as wanted, from person on. In b lines go to both banks. */
static void add_lines(struct site *s, struct batch *b, unsigned number, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++)
		add_line(s, b, number, i, (b->adapter ? i : number) % 2 ? "103" : "102");
}

static void write_batch(struct site *s, struct batch *b, unsigned number, int64_t declare_more, const char *bad_amount)
{
	int64_t sum = declare_more;
	char amount[24];

	for (unsigned i = 0; i < b->n; i++)
		sum += s->lines[b->first + i].fen;
	buf_printf(&b->bytes, "F|%06u|20261215|602001|%s|61|%u|%s\n", number, b->n ? s->lines[b->first].bank : "103", b->n,
		money_text(sum, amount));
	for (unsigned i = 0; i < b->n; i++) {
		const struct line *l = &s->lines[b->first + i];

		/* The second character of the name ends in the byte of '|'. */
		buf_printf(&b->bytes, "%06u|\xcd\xf5\xab\x7c|%s|%s|%s|%s|15070219800101%s|1\n", i,
			bad_amount && i == b->n / 2 ? bad_amount : money_text(l->fen, amount), l->account, l->unit,
			b->adapter ? l->bank : "01", l->account + 9);
	}
}

static void drop(struct site *s, const struct batch *b)
{
	char name[80];

	snprintf(name, sizeof name, "%s/%s", b->adapter ? "b" : "a", b->name);
	write_file(s, name, buf_as_span(&b->bytes));
	strcat(name, ".ok");
	write_file(s, name, SPAN(""));
	s->dropped++;
}

static struct batch *drop_batch(struct site *s, unsigned adapter, unsigned number, unsigned n, enum fate fate)
{
	struct batch *b = new_batch(s, adapter, number, fate);

	add_lines(s, b, number, 0, n);
	write_batch(s, b, number, 0, NULL);
	drop(s, b);
	return b;
}

/* ---- running ---- */

static void kill_all(struct site *s)
{
	s->kills++;
	free_flows(s);
	if (s->driver == &bus_hostile || roll(s, 4) == 0) {
		bus_close(s->bus);
		open_bus(s);
	}
	new_flows(s);
}

/* True when the flow did nothing. Errors that a broker may make are all that is allowed. */
static bool turn(struct site *s, unsigned i)
{
	enum flow_turn t = FLOW_IDLE;

	if (flow_turn(s->flows[i], &t, &s->e) == 0)
		return t == FLOW_IDLE;
	if (s->e.id != E_BUS_UNKNOWN && s->e.id != E_BUS_FENCED && err_kind(&s->e) != ERR_RETRY) {
		err_print(&s->e, ERR_EN, stderr);
		fail_msg("%s stopped (%s)", flow_names[i], s->url);
	}
	s->unknown += s->e.id == E_BUS_UNKNOWN;
	s->fenced += s->e.id == E_BUS_FENCED;
	return false;
}

static void run(struct site *s, unsigned kill_one_in)
{
	unsigned idle = 0;

	for (unsigned n = 0; idle < 2 * FLOWS; n++) {
		assert_true(n < 100000);
		/* Mostly in turn, at times one that is out of turn. */
		if (turn(s, roll(s, 4) ? n % FLOWS : roll(s, FLOWS)))
			idle++;
		else
			idle = 0;
		if (kill_one_in && roll(s, kill_one_in) == 0)
			kill_all(s);
	}
	for (unsigned i = 0; i < FLOWS; i++)
		if (!turn(s, i)) {
			run(s, 0);
			return;
		}
}

/* ---- the judge ---- */

/* The first line with that account. */
static struct line *line_of(struct site *s, struct span account)
{
	unsigned number = 0, person = 0, place = 0;
	char text[16];

	snprintf(text, sizeof text, "%.*s", SPAN_F(account));
	if (account.n == 13 && sscanf(text, "6217%3u%6u", &number, &person) == 2 && number < NUMBERS && person < PERSONS)
		place = s->places[number][person];
	if (!place)
		fail_msg("%.*s was in no file", SPAN_F(account));
	return &s->lines[place - 1];
}

/* Cells of one row, cut at every `by`. */
static unsigned cut(struct span row, char by, struct span *cells, unsigned max)
{
	unsigned n = 0;

	while (n < max) {
		const char *end = memchr(row.p, by, row.n);
		size_t len = end ? (size_t)(end - row.p) : row.n;

		cells[n++] = (struct span){row.p, len};
		if (!end)
			break;
		row = (struct span){end + 1, row.n - len - 1};
	}
	return n;
}

static struct span next_row(struct span *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct span row = {rest->p, n};

	*rest = (struct span){rest->p + n + (end != NULL), rest->n - n - (end != NULL)};
	if (row.n && row.p[row.n - 1] == '\r')
		row.n--;
	return row;
}

/* One file for a bank: its head says what is in it, its lines are all of one batch number and as they came in. */
static void read_bank(struct site *s, const char *name, const char *bank)
{
	struct buf bytes = BUF_INIT;
	struct span rest, head[8], cells[8];
	char amount[24], count[16];
	int64_t sum = 0;
	unsigned n = 0, group = 0;

	read_file(s, name, &bytes);
	rest = buf_as_span(&bytes);
	assert_int_equal(cut(next_row(&rest), '|', head, 8), 6);
	while (rest.n) {
		struct span row = next_row(&rest);
		struct line *l;

		/* The name holds a '|' in its second byte: the amount is the last but one. */
		assert_int_equal(cut(row, '|', cells, 8), 5);
		l = line_of(s, cells[4]);
		l->in_bank++;
		sum += l->fen;
		assert_span(cells[3], money_text(l->fen, amount));
		assert_string_equal(l->bank, bank);
		assert_true(!n || l->group == group);
		group = l->group;
		n++;
	}
	snprintf(count, sizeof count, "%u", n);
	assert_span(head[4], count);
	assert_span(head[5], money_text(sum, amount));
	buf_done(&bytes);
}

static void read_banks(struct site *s, const char *folder, const char *bank)
{
	unsigned n, bodies = 0, markers = 0;
	char **names = list(s, folder, &n), name[80];

	for (unsigned i = 0; i < n; i++) {
		if (names[i][0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", folder, names[i]);
		if (span_ends(span_of(names[i]), SPAN(".ok"))) {
			markers++;
			continue;
		}
		bodies++;
		read_bank(s, name, bank);
	}
	assert_int_equal(bodies, markers);
	fsys_list_free(names);
}

static void read_units(struct site *s)
{
	unsigned n, m;
	char **units = list(s, "units", &n), name[80];
	struct buf bytes = BUF_INIT;

	for (unsigned i = 0; i < n; i++) {
		char **names;

		if (units[i][0] == '.')
			continue;
		snprintf(name, sizeof name, "units/%s", units[i]);
		names = list(s, name, &m);
		for (unsigned k = 0; k < m; k++) {
			struct span rest, cells[8];
			char amount[24];

			snprintf(name, sizeof name, "units/%s/%s", units[i], names[k]);
			read_file(s, name, &bytes);
			rest = buf_as_span(&bytes);
			next_row(&rest);
			while (rest.n) {
				struct line *l;

				assert_int_equal(cut(next_row(&rest), ',', cells, 8), 7);
				l = line_of(s, cells[3]);
				l->in_units++;
				assert_span(cells[0], units[i]);
				assert_string_equal(l->unit, units[i]);
				assert_span(cells[4], money_text(l->fen, amount));
			}
		}
		fsys_list_free(names);
	}
	buf_done(&bytes);
	fsys_list_free(units);
}

/* The other batch of a group that has this line too, when its own copy was not found. */
static const struct line *found(struct site *s, const struct line *l)
{
	return line_of(s, span_of(l->account));
}

static void judge_lines(struct site *s)
{
	for (unsigned i = 0; i < s->nbatches; i++) {
		const struct batch *b = &s->batches[i];

		for (unsigned k = 0; k < b->n; k++) {
			const struct line *l = found(s, &s->lines[b->first + k]);
			bool once = l->in_bank == 1 && l->in_units == 1, never = l->in_bank == 0 && l->in_units == 0;

			if (b->fate == ONCE ? !once : b->fate == NEVER ? !never && l->batch == i : !once && !never) {
				fail_msg("%s: line %u of %s (%s) stands %u times in bank files, %u in unit files", s->url, k, b->name,
					flow_names[b->adapter], l->in_bank, l->in_units);
			}
		}
	}
}

/* A batch of a group goes whole or not at all. */
static void judge_groups(struct site *s)
{
	for (unsigned i = 0; i < s->nbatches; i++) {
		const struct batch *b = &s->batches[i];
		unsigned own = 0, gone = 0;

		if (b->fate != SOME)
			continue;
		for (unsigned k = 0; k < b->n; k++) {
			const struct line *l = &s->lines[b->first + k];
			unsigned copies = 0;

			for (unsigned j = 0; j < s->nlines; j++)
				copies += strcmp(s->lines[j].account, l->account) == 0;
			own += copies == 1;
			gone += copies == 1 && l->in_bank;
		}
		assert_true(gone == 0 || gone == own);
	}
}

static void add_totals(struct site *s, struct totals *to, const char *key)
{
	struct buf b = BUF_INIT;
	struct totals *t = totals_new();
	json_t *o;

	if (bus_position_get(s->bus, key, &b, &s->e) == 1) {
		o = json_loadb(b.p, b.n, 0, NULL);
		OK(s->e, totals_read(t, json_object_get(o, "totals"), &s->e));
		OK(s->e, totals_merge(to, t, &s->e));
		json_decref(o);
	}
	totals_free(t);
	buf_done(&b);
}

static struct totals *all_totals(struct site *s)
{
	struct totals *t = totals_new();
	char key[120];

	for (unsigned i = 0; i < FLOWS; i++) {
		snprintf(key, sizeof key, "%s/%s", flow_names[i], i <= PAYROLL_B ? "in" : "out");
		if (i != ROUTER)
			add_totals(s, t, key);
	}
	for (unsigned p = 0; p < s->partitions; p++) {
		snprintf(key, sizeof key, "router/%s/%u", topics_of_type(SPAN(TYPE)), p);
		add_totals(s, t, key);
	}
	return t;
}

static void same_sum(struct site *s, const char *what, struct money_sum a, struct money_sum b)
{
	if (!money_sum_eq(&a, &b))
		fail_msg("%s: %s: %" PRIu64 " records, %" PRId64 ", on the other side %" PRIu64 ", %" PRId64, s->url, what, a.count,
			a.plus, b.count, b.plus);
}

static void judge_totals(struct site *s)
{
	static const char *const currencies[] = {"CNY", ""};
	struct totals *t = all_totals(s);
	uint64_t handed = 0, lines = 0;

	for (unsigned c = 0; c < 2; c++)
		for (unsigned q = 0; q < total_nequations; q++)
			for (unsigned d = q ? BANK_ABC : ROUTER; d < (q ? FLOWS : BANK_ABC); d++) {
				const struct total_equation *x = &total_equations[q];
				const char *to = q ? flow_names[d] : "";
				struct money_sum right = {0};

				for (unsigned i = 0; i < x->nright; i++) {
					struct money_sum one = totals_get(t, x->right[i], to, currencies[c]);

					OK(s->e, money_sum_merge(&right, &one, &s->e));
				}
				same_sum(s, x->name, totals_get(t, x->left, x->left == TOTAL_SEEN ? "" : to, currencies[c]), right);
			}
	same_sum(s, "published and seen", totals_get(t, TOTAL_PUBLISHED, "", "CNY"), totals_get(t, TOTAL_SEEN, "", "CNY"));
	assert_int_equal(totals_get(t, TOTAL_READ, "", "").count, 0);
	for (unsigned d = BANK_ABC; d < FLOWS; d++) {
		same_sum(s, "routed and taken", totals_get(t, TOTAL_ROUTED, flow_names[d], "CNY"),
			totals_get(t, TOTAL_TAKEN, flow_names[d], "CNY"));
		assert_int_equal(totals_get(t, TOTAL_PENDING, flow_names[d], "CNY").count, 0);
		handed += totals_get(t, TOTAL_HANDED, flow_names[d], "CNY").count;
	}
	for (unsigned i = 0; i < s->nlines; i++)
		lines += s->lines[i].in_bank + s->lines[i].in_units;
	assert_int_equal(handed, lines);
	totals_free(t);
}

static int count_held(void *arg, struct span key, const struct bus_entry *entry)
{
	(void)key;
	*(unsigned *)arg += span_is(entry->extra, "held");
	return 0;
}

/* Every file that was dropped is in .taken, whole; nothing waits in the spool but what is held. */
static void judge_folders(struct site *s)
{
	static const char *const staging[] = {"abc/.staging", "icbc/.staging", "units/.staging", NULL};
	unsigned n, taken = 0, spool = 0, held = 0;
	struct buf bytes = BUF_INIT;

	for (unsigned a = 0; a < 2; a++) {
		char **names = list(s, a ? "b/.taken" : "a/.taken", &n);

		for (unsigned i = 0; i < n; i++) {
			char name[80];
			bool known = false;

			if (span_ends(span_of(names[i]), SPAN(".marker")))
				continue;
			taken++;
			snprintf(name, sizeof name, "%s/.taken/%s", a ? "b" : "a", names[i]);
			read_file(s, name, &bytes);
			for (unsigned k = 0; k < s->nbatches; k++)
				known |= s->batches[k].adapter == a && span_eq(buf_as_span(&bytes), buf_as_span(&s->batches[k].bytes));
			assert_true(known);
		}
		fsys_list_free(names);
		fsys_list_free(list(s, a ? "b" : "a", &n));
		assert_int_equal(n, 1);
		fsys_list_free(list(s, a ? "spool/payroll-b" : "spool/payroll-a", &n));
		spool += n;
	}
	assert_int_equal(taken, s->dropped);
	OK(s->e, bus_entries(s->bus, INDEX_CLAIMS, SPAN("b"), count_held, &held, &s->e));
	if (spool != held)
		fail_msg("%s: %u files in the spool, %u batches held", s->url, spool, held);
	for (unsigned i = 0; staging[i]; i++) {
		fsys_list_free(list(s, staging[i], &n));
		assert_int_equal(n, 0);
	}
	buf_done(&bytes);
}

static void judge(struct site *s)
{
	for (unsigned i = 0; i < s->nlines; i++)
		s->lines[i].in_bank = s->lines[i].in_units = 0;
	read_banks(s, "abc", "103");
	read_banks(s, "icbc", "102");
	read_units(s);
	judge_lines(s);
	judge_groups(s);
	judge_totals(s);
	judge_folders(s);
}

/* ---- the story ---- */

/* Batches that go, batches that must not, and two that both adapters have at once. */
static void first_day(struct site *s)
{
	struct batch *b;

	drop_batch(s, 0, 1, 1 + roll(s, 20), ONCE);
	drop_batch(s, 0, 2, 1 + roll(s, 20), ONCE);
	drop_batch(s, 1, 3, 1 + roll(s, 20), ONCE);
	drop_batch(s, 1, 4, 8 + roll(s, 20), ONCE);
	b = new_batch(s, 0, 5, NEVER);               /* one line that cannot be read: held */
	add_lines(s, b, 5, 0, 6);
	write_batch(s, b, 5, 0, "1.2.3");
	drop(s, b);
	b = new_batch(s, 0, 6, NEVER);               /* declares one fen more than it holds: held */
	add_lines(s, b, 6, 0, 5);
	write_batch(s, b, 6, 1, NULL);
	drop(s, b);
	b = new_batch(s, 1, 7, NEVER);               /* the same person twice: held */
	add_lines(s, b, 7, 0, 5);
	add_line(s, b, 7, 4, "103");
	write_batch(s, b, 7, 0, NULL);
	drop(s, b);
	b = new_batch(s, 1, 8, NEVER);               /* no route takes one of its lines: it waits at every destination */
	add_lines(s, b, 8, 0, 9);
	add_line(s, b, 8, 9, "105");
	write_batch(s, b, 8, 0, NULL);
	drop(s, b);
	b = new_batch(s, 1, 9, NEVER);               /* nothing but a head without a line */
	buf_str(&b->bytes, "\n");
	drop(s, b);
	drop_batch(s, 0, 10, 6, SOME);               /* both adapters get the same lines */
	b = new_batch(s, 1, 10, SOME);
	for (unsigned i = 0; i < 6; i++)
		snprintf(add_line(s, b, 10, i, "102")->unit, sizeof s->lines->unit, "602001");
	write_batch(s, b, 10, 0, NULL);
	drop(s, b);
	drop_batch(s, 0, 12, 5, SOME);               /* and here one line of each other's */
	b = new_batch(s, 1, 12, SOME);
	for (unsigned i = 4; i < 9; i++)
		snprintf(add_line(s, b, 12, i, "102")->unit, sizeof s->lines->unit, "602001");
	write_batch(s, b, 12, 0, NULL);
	drop(s, b);
}

/* What came before comes again: equal, changed, corrected, and by the other way. */
static void second_day(struct site *s)
{
	struct batch *b;

	drop(s, &s->batches[0]);                     /* the same file: a duplicate */
	b = new_batch(s, 0, 2, NEVER);               /* other bytes under the same keys: a conflict */
	add_lines(s, b, 2, 100, 3);
	write_batch(s, b, 2, 0, NULL);
	drop(s, b);
	b = new_batch(s, 0, 6, ONCE);                /* what was held comes right: it takes the other's place */
	s->batches[5].fate = ONCE;                   /* its lines, not its bytes */
	add_lines(s, b, 6, 0, 5);
	write_batch(s, b, 6, 0, NULL);
	drop(s, b);
	b = new_batch(s, 1, 1, ONCE);                /* by the other adapter: every line is a duplicate */
	for (unsigned i = 0; i < s->batches[0].n; i++)
		snprintf(add_line(s, b, 1, i, "103")->unit, sizeof s->lines->unit, "602001");
	write_batch(s, b, 1, 0, NULL);
	drop(s, b);
	b = new_batch(s, 1, 2, NEVER);               /* one line went before: the others are held */
	snprintf(add_line(s, b, 2, 0, "102")->unit, sizeof s->lines->unit, "602001");
	add_lines(s, b, 2, 200, 4);
	write_batch(s, b, 2, 0, NULL);
	drop(s, b);
}

static void story(uint64_t seed, unsigned partitions, const struct bus_driver *driver, unsigned kill_one_in, struct seen *seen)
{
	struct site s;

	site_begin(&s, seed, partitions, driver);
	new_flows(&s);
	first_day(&s);
	run(&s, kill_one_in);
	second_day(&s);
	run(&s, kill_one_in);
	judge(&s);
	seen->kills += s.kills;
	seen->unknown += s.unknown;
	seen->fenced += s.fenced;
	site_end(&s);
	hostile_forget();
}

static void each_line_goes_once_whatever_the_broker_does(void **state)
{
	struct seen seen = {0};

	(void)state;
	for (uint64_t seed = 1; seed <= 80; seed++)
		story(seed, seed % 2 ? 3 : 1, &bus_hostile, 0, &seen);
	assert_true(seen.unknown > 60 && seen.fenced > 10);
}

static void each_line_goes_once_whenever_everything_is_dropped(void **state)
{
	struct seen seen = {0};

	(void)state;
	for (uint64_t seed = 1001; seed <= 1080; seed++)
		story(seed, seed % 2 ? 3 : 1, &bus_hostile, 5 + (unsigned)(seed % 30), &seen);
	assert_true(seen.kills > 150 && seen.unknown > 60 && seen.fenced > 10);
}

static void each_line_goes_once_on_the_embedded_bus(void **state)
{
	struct seen seen = {0};

	(void)state;
	for (uint64_t seed = 2001; seed <= 2006; seed++)
		story(seed, seed % 2 ? 3 : 1, &bus_embedded, 20, &seen);
	assert_true(seen.kills > 10);
}

/* Thousands of lines from both adapters, in several commits each: they lie between each other on every partition, and the
 * places of a batch are many. */
static void batches_that_lie_between_each_other_go_whole(void **state)
{
	(void)state;
	for (uint64_t seed = 3001; seed <= 3006; seed++) {
		struct site s;

		site_begin(&s, seed, 3, &bus_hostile);
		new_flows(&s);
		drop_batch(&s, 1, 2, 5500, ONCE);
		drop_batch(&s, 1, 4, 10, ONCE);
		drop_batch(&s, 0, 3, 5100, ONCE);
		run(&s, 5);
		judge(&s);
		site_end(&s);
		hostile_forget();
	}
}

/* The pool turns them on several threads at once, as the program does. */
static void the_pool_runs_them_on_several_threads(void **state)
{
	(void)state;
	for (uint64_t seed = 4001; seed <= 4004; seed++) {
		const struct flow_run how = {.threads = 4, .until_idle = true};
		struct site s;

		site_begin(&s, seed, seed % 2 ? 3 : 1, seed % 4 < 2 ? &bus_embedded : &bus_hostile);
		if (s.driver == &bus_hostile)
			bus_close(s.bus), snprintf(s.url, sizeof s.url, "hostile:%" PRIu64 ":20:0", seed), open_bus(&s);
		new_flows(&s);
		first_day(&s);
		OK(s.e, flow_run(s.flows, FLOWS, &how, &s.e));
		second_day(&s);
		OK(s.e, flow_run(s.flows, FLOWS, &how, &s.e));
		judge(&s);
		site_end(&s);
		hostile_forget();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_goes_once_whatever_the_broker_does),
		cmocka_unit_test(each_line_goes_once_whenever_everything_is_dropped),
		cmocka_unit_test(each_line_goes_once_on_the_embedded_bus),
		cmocka_unit_test(the_pool_runs_them_on_several_threads),
		cmocka_unit_test(batches_that_lie_between_each_other_go_whole),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
