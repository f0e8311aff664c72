/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "balance.h"
#include "claim.h"
#include "fsys.h"
#include "log.h"
#include "say.h"
#include "topics.h"
#include "verbs.h"

/*
 * The demo: a small site that comes with the program, run step by step in a folder of its own. What each file must
 * become and what the receivers must have got stands in planted.json beside it; all of it is compared, the files that
 * went out by reading them back.
 */
#define FILE_MAX (1u << 20)          /* of a file of the demo */
#define MARKER ".ok"
#define REASONS_SHOWN 3u             /* of a file that waits */

struct demo {
	const struct args *args;
	char *dir;
	json_t *planted;
	struct arena arena;          /* texts of the claims */
	struct demo_claim {
		struct claim claim;
		bool matched;
	} *claims;
	unsigned nclaims;
	unsigned wrong;              /* points in which it ended otherwise than planted */
};

/* ---- the folder ---- */

static char *join(const char *a, const char *b)
{
	struct buf t = BUF_INIT;

	buf_printf(&t, "%s/%s", a, b);
	return (char *)(uintptr_t)buf_text(&t);
}

/* The demo that comes with the program, or with a folder of --library; links are resolved. */
static char *find_source(const struct args *a, struct err *e)
{
	struct library *l = library_new();
	char *found = NULL;

	for (const char *const *dir = a->libraries; *dir; dir++)
		library_add(l, *dir);
	library_add_own(l);
	for (unsigned i = 0; i < l->nfolders && !found; i++) {
		char *path = join(l->folders[i], "demo");

		found = realpath(path, NULL);
		free(path);
	}
	library_free(l);
	if (!found)
		err_set(e, E_DEMO_MISSING, "folder=share/jincai/demo");
	return found;
}

static int copy_file(int from, int to, const char *name, struct err *e)
{
	struct buf bytes = BUF_INIT;
	int ret = fsys_get(from, name, FILE_MAX, &bytes, e);

	if (ret == 0)
		ret = fsys_put(to, name, buf_as_span(&bytes), e);
	buf_done(&bytes);
	return ret;
}

static bool is_folder(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int copy_tree(int from, int to, unsigned depth, struct err *e);

static int copy_folder(int from, int to, const char *name, unsigned depth, struct err *e)
{
	int inner = -1, made = -1, ret = -1;

	if (fsys_open_dir(from, name, &inner, e) == 0 && fsys_make_dir(to, name, &made, e) == 0)
		ret = copy_tree(inner, made, depth, e);
	if (inner >= 0)
		close(inner);
	if (made >= 0)
		close(made);
	return ret;
}

static int copy_tree(int from, int to, unsigned depth, struct err *e)
{
	char **names;
	int ret = 0;

	if (fsys_list(from, ".", &names, e) != 0)
		return -1;
	/* Data before markers: a system that hands files in does so too. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; names[i] && ret == 0; i++) {
			if (span_ends(span_of(names[i]), SPAN(MARKER)) != (pass == 1))
				continue;
			if (!is_folder(from, names[i]))
				ret = copy_file(from, to, names[i], e);
			else if (depth > 0)
				ret = copy_folder(from, to, names[i], depth - 1, e);
		}
	fsys_list_free(names);
	return ret;
}

/* A folder that is empty: the one named, else a fresh one. *ret is its path from the root. */
static int make_folder(const char *wanted, char **ret, struct err *e)
{
	const char *tmp = getenv("TMPDIR");
	char *path = wanted ? mem_text(span_of(wanted)) : join(tmp && tmp[0] ? tmp : "/tmp", "jincai-demo-XXXXXX");
	char **names = NULL;
	int dir = -1, failed = -1;

	if (!wanted && !mkdtemp(path)) {
		err_sys(e, E_FILE_FAILED, path, errno);
		goto out;
	}
	if (fsys_make_path(path, e) != 0 || fsys_open_dir(AT_FDCWD, path, &dir, e) != 0 ||
		fsys_list(dir, ".", &names, e) != 0)
		goto out;
	if (names[0]) {
		err_set(e, E_DEMO_NOT_EMPTY, "folder=%s", path);
		goto out;
	}
	*ret = realpath(path, NULL);
	failed = *ret ? 0 : err_sys(e, E_FILE_FAILED, path, errno);
out:
	if (names)
		fsys_list_free(names);
	if (dir >= 0)
		close(dir);
	free(path);
	return failed;
}

/* The key of the site is made here: one that came with the program would be everybody's. */
static int make_key(int dir, struct err *e)
{
	char key[32];
	int keys, ret;

	if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
		return err_sys(e, E_FILE_FAILED, "keys/identity.key", errno);
	if (fsys_make_dir(dir, "keys", &keys, e) != 0)
		return -1;
	ret = fsys_put(keys, "identity.key", (struct span){key, sizeof key}, e);
	explicit_bzero(key, sizeof key);
	close(keys);
	return ret;
}

static int load_planted(struct demo *d, struct err *e)
{
	char *path = join(d->dir, "planted.json");

	d->planted = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_array(json_object_get(d->planted, "files")) || !json_is_array(json_object_get(d->planted, "out")))
		err_set(e, E_DEMO_PLANTED, "file=%s", path);
	else
		*e = ERR_INIT;
	free(path);
	return e->id ? -1 : 0;
}

static int make_folders(const struct demo *d, struct err *e)
{
	const json_t *folder;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(d->planted, "folders"), i, folder) {
		const char *name = json_string_value(folder);
		char *path = join(d->dir, name ? name : "");

		ret = ret == 0 ? fsys_make_path(path, e) : -1;
		free(path);
	}
	return ret;
}

static int prepare(struct demo *d, struct err *e)
{
	char *source = find_source(d->args, e);
	int from = -1, to = -1, ret = -1;

	if (source && make_folder(d->args->dir, &d->dir, e) == 0 && fsys_open_dir(AT_FDCWD, source, &from, e) == 0 &&
		fsys_open_dir(AT_FDCWD, d->dir, &to, e) == 0 && copy_tree(from, to, 4, e) == 0 &&
		make_key(to, e) == 0 && load_planted(d, e) == 0)
		ret = make_folders(d, e);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	free(source);
	return ret;
}

/* ---- the steps ---- */

/* steps/<step>/ lies over in/. */
static int hand_in(const struct demo *d, const char *step, struct err *e)
{
	char *steps = join(d->dir, "steps"), *from_path = join(steps, step), *to_path = join(d->dir, "in");
	int from = -1, to = -1, ret = -1;

	if (fsys_open_dir(AT_FDCWD, from_path, &from, e) == 0 && fsys_open_dir(AT_FDCWD, to_path, &to, e) == 0)
		ret = copy_tree(from, to, 1, e);
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	free(steps);
	free(from_path);
	free(to_path);
	return ret;
}

/* Hands in and runs one step after the other. 0, or an exit code. */
static int run_steps(const struct demo *d, struct site *s)
{
	char *path = join(d->dir, "steps"), **steps = NULL;
	struct err e;
	int dir = -1, code = 0;

	if (fsys_open_dir(AT_FDCWD, path, &dir, &e) != 0 || fsys_list(dir, ".", &steps, &e) != 0)
		code = verb_failed(&e);
	for (unsigned i = 0; steps && steps[i] && code <= 1; i++) {
		if (hand_in(d, steps[i], &e) != 0) {
			code = verb_failed(&e);
			break;
		}
		log_set_level(LOG_ERROR);    /* what waits is shown below, once */
		code = verb_run_site(s, NULL, true);
		log_set_level(LOG_INFO);
	}
	if (steps)
		fsys_list_free(steps);
	if (dir >= 0)
		close(dir);
	free(path);
	return code <= 1 ? 0 : code;
}

/* ---- what became of the files ---- */

static void claims_done(struct demo *d)
{
	for (unsigned i = 0; i < d->nclaims; i++)
		totals_free(d->claims[i].claim.totals);
	free(d->claims);
	arena_done(&d->arena);
}

/* The newest record of a batch counts. */
static void keep_claim(struct demo *d, const struct claim *c)
{
	unsigned i = 0;

	while (i < d->nclaims && !span_eq(d->claims[i].claim.batchid, c->batchid))
		i++;
	if (i == d->nclaims) {
		d->claims = mem_grow(d->claims, d->nclaims + 1u, sizeof *d->claims);
		d->nclaims++;
	} else {
		totals_free(d->claims[i].claim.totals);
	}
	d->claims[i] = (struct demo_claim){.claim = *c};
}

static int load_claims(struct demo *d, struct bus *b, struct err *e)
{
	struct bus_reader *r = NULL;
	struct bus_message m;
	struct event v;
	struct claim c;
	unsigned topic;
	int got;

	if (bus_topic(b, TOPIC_CLAIMS, &topic, e) != 0 || bus_read(b, topic, 0, &r, e) != 0)
		return -1;
	while ((got = bus_next(r, &m, e)) == 1) {
		if (event_read(m.value, &v, e) != 0) {
			got = -1;
			break;
		}
		if (!span_is(v.type, EVENT_CLAIM))
			continue;
		if (claim_read(&v, &d->arena, &c, e) != 0) {
			got = -1;
			break;
		}
		keep_claim(d, &c);
	}
	bus_unread(r);
	return got;
}

static const char *text_of(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static uint64_t number_of(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

static int64_t fen_of(const json_t *o, const char *name)
{
	struct err ignored;
	int64_t fen = 0;

	money_read(span_of(text_of(o, name)), &MONEY_YUAN, &fen, &ignored);
	return fen;
}

static struct span code_of(const struct claim *c)
{
	return c->nreasons ? c->reasons[0].code : SPAN("");
}

static int64_t sum_of(const struct claim *c)
{
	struct money_sum s = totals_get(c->totals, TOTAL_READ, "", "CNY");

	return s.plus + s.minus;
}

static bool is_planted(const struct claim *c, const json_t *file)
{
	return span_is(c->name, text_of(file, "file")) && span_is(c->state, text_of(file, "state")) &&
	       span_is(code_of(c), text_of(file, "code")) && c->records == number_of(file, "records") &&
	       sum_of(c) == fen_of(file, "sum");
}

static struct claim *match(struct demo *d, const json_t *file)
{
	for (unsigned i = 0; i < d->nclaims; i++)
		if (!d->claims[i].matched && is_planted(&d->claims[i].claim, file)) {
			d->claims[i].matched = true;
			return &d->claims[i].claim;
		}
	return NULL;
}

/* A state as people call it; padded, because a Chinese character takes two cells. */
static const char *state_words(const char *state)
{
	static const struct {
		const char *state, *zh;
	} words[] = {{"published", "已发布"}, {"held", "挂起  "}, {"duplicate", "重复  "}, {"conflict", "冲突  "}};

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].state, state) == 0)
			return say(words[i].zh, state);
	return state;
}

/* What has not happened, first of all. */
static void show_unpaid(const struct claim *c)
{
	if (span_is(c->state, "held"))
		printf(say("    挂起，%" PRIu64 " 笔一笔也没有付\n", "    held: not one was paid, of %" PRIu64 "\n"), c->records);
	else if (span_is(c->state, "duplicate"))
		printf(say("    重复，%" PRIu64 " 笔没有一笔再付一次\n",
			"    duplicate: not one was paid again, of %" PRIu64 "\n"), c->records);
	else
		printf(say("    冲突，%" PRIu64 " 笔一笔也没有付，先前的那批不变\n",
			"    conflict: not one was paid, of %" PRIu64 "; the batch before it stands\n"), c->records);
}

static void show_waiting(const struct claim *c, const json_t *file)
{
	struct buf words = BUF_INIT;

	printf("  %s  %s\n", text_of(file, "file"), text_of(file, say("zh", "en")));
	show_unpaid(c);
	for (unsigned i = 0; i < c->nreasons && i < REASONS_SHOWN; i++) {
		buf_clear(&words);
		verb_reason(&words, c->reasons[i].code, c->reasons[i].args, c->reasons[i].where);
		printf("    %s\n", buf_text(&words));
	}
	buf_done(&words);
}

static void show_handed_in(const json_t *files, struct claim *const *found)
{
	const json_t *file;
	char sum[24];
	size_t i;

	printf("\n%s\n", say("报送的文件", "handed in"));
	json_array_foreach(files, i, file)
		printf("  %" PRIu64 "  %-20s %6" PRIu64 " %16s  %-10s %s\n", number_of(file, "step"),
			text_of(file, "file"), number_of(file, "records"), money_text(fen_of(file, "sum"), sum),
			found[i] ? state_words(text_of(file, "state")) : "?", text_of(file, say("zh", "en")));
}

static void show_all_waiting(const json_t *files, struct claim *const *found)
{
	const json_t *file;
	size_t i;

	printf("\n%s\n", say("什么在等人，为什么", "what waits, and why"));
	json_array_foreach(files, i, file)
		if (found[i] && !span_is(found[i]->state, "published"))
			show_waiting(found[i], file);
	fflush(stdout);
}

/* What was planted and did not come, and what came and was not planted. */
static void report_claims(struct demo *d, const json_t *files, struct claim *const *found)
{
	const json_t *file;
	char sum[24];
	size_t i;

	json_array_foreach(files, i, file)
		if (!found[i]) {
			d->wrong++;
			fprintf(stderr, say("与预埋不符：第 %" PRIu64 " 步的 %s 应为 %s %s\n",
				"not as planted: step %" PRIu64 ": %s should have become %s %s\n"),
				number_of(file, "step"), text_of(file, "file"), text_of(file, "state"),
				text_of(file, "code"));
		}
	for (i = 0; i < d->nclaims; i++) {
		const struct claim *c = &d->claims[i].claim;

		if (d->claims[i].matched)
			continue;
		d->wrong++;
		fprintf(stderr, say("与预埋不符：%.*s 成了 %.*s %.*s，%" PRIu64 " 笔，%s\n",
			"not as planted: %.*s became %.*s %.*s, %" PRIu64 " records, %s\n"), SPAN_F(c->name),
			SPAN_F(c->state), SPAN_F(code_of(c)), c->records, money_text(sum_of(c), sum));
	}
}

static void show_claims(struct demo *d)
{
	const json_t *files = json_object_get(d->planted, "files"), *file;
	struct claim **found = mem_new((json_array_size(files) + 1) * sizeof *found);
	size_t i;

	json_array_foreach(files, i, file)
		found[i] = match(d, file);
	show_handed_in(files, found);
	show_all_waiting(files, found);
	report_claims(d, files, found);
	free(found);
}

/* ---- what the receivers got, read back ---- */

struct received {
	const char *marker;
	char by;
	uint64_t files, lines, bad;
	int64_t sum;
};

/* The amount is the cell before the last one. Cells are counted from the right: what may hold the delimiter inside a
 * character, a name in GB18030, stands further left. */
static bool read_amount(struct received *r, struct span line)
{
	const char *last = memrchr(line.p, r->by, line.n);
	const char *before = last ? memrchr(line.p, r->by, (size_t)(last - line.p)) : NULL;
	struct err ignored;
	int64_t fen;

	if (!before)
		return false;
	return money_read((struct span){before + 1, (size_t)(last - before - 1)}, &MONEY_YUAN, &fen, &ignored) == 0 &&
	       money_add(&r->sum, fen, &ignored) == 0;
}

/* The first line is head or titles. */
static void read_lines(struct received *r, struct span text)
{
	bool first = true;

	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		if (!first) {
			r->lines++;
			r->bad += !read_amount(r, (struct span){text.p, n});
		}
		first = false;
		n += end ? 1 : 0;
		text.p += n;
		text.n -= n;
	}
}

static int read_received(struct received *r, int dir, unsigned depth, struct err *e);

static int read_inner(struct received *r, int dir, const char *name, struct err *e)
{
	int inner, ret;

	if (fsys_open_dir(dir, name, &inner, e) != 0)
		return -1;
	ret = read_received(r, inner, 0, e);
	close(inner);
	return ret;
}

static int read_one(struct received *r, int dir, const char *name, struct err *e)
{
	struct buf bytes = BUF_INIT, marker = BUF_INIT;
	int ret = fsys_get(dir, name, FILE_MAX, &bytes, e);

	buf_printf(&marker, "%s%s", name, r->marker);
	if (ret == 0) {
		r->files++;
		read_lines(r, buf_as_span(&bytes));
		r->bad += !fsys_exists(dir, buf_text(&marker));
	}
	buf_done(&bytes);
	buf_done(&marker);
	return ret;
}

static int read_received(struct received *r, int dir, unsigned depth, struct err *e)
{
	char **names;
	int ret = 0;

	if (fsys_list(dir, ".", &names, e) != 0)
		return -1;
	for (unsigned i = 0; names[i] && ret == 0; i++) {
		if (names[i][0] == '.')              /* .staging is ours */
			continue;
		if (is_folder(dir, names[i]))
			ret = depth ? read_inner(r, dir, names[i], e) : 0;
		else if (!r->marker[0] || !span_ends(span_of(names[i]), span_of(r->marker)))
			ret = read_one(r, dir, names[i], e);
	}
	fsys_list_free(names);
	return ret;
}

static int show_receiver(struct demo *d, const json_t *out, struct err *e)
{
	struct received r = {.marker = text_of(out, "marker"), .by = text_of(out, "by")[0]};
	char *path = join(d->dir, text_of(out, "folder")), sum[24];
	int dir, ret;

	ret = fsys_open_dir(AT_FDCWD, path, &dir, e);
	free(path);
	if (ret != 0)
		return -1;
	ret = read_received(&r, dir, 1, e);
	close(dir);
	if (ret != 0)
		return -1;
	printf(say("  %-10s 文件 %" PRIu64 "，行 %" PRIu64 "，金额 %s CNY\n",
		"  %-10s files %" PRIu64 ", lines %" PRIu64 ", %s CNY\n"), text_of(out, "folder"), r.files, r.lines,
		money_text(r.sum, sum));
	if (r.bad == 0 && r.files == number_of(out, "files") && r.lines == number_of(out, "lines") &&
		r.sum == fen_of(out, "sum"))
		return 0;
	d->wrong++;
	fflush(stdout);
	fprintf(stderr, say("与预埋不符：%s 应有文件 %" PRIu64 "、行 %" PRIu64 "、金额 %s；读不出或缺完成标志 %" PRIu64 "\n",
		"not as planted: %s should hold files %" PRIu64 ", lines %" PRIu64 ", %s; unreadable or without a "
		"marker: %" PRIu64 "\n"), text_of(out, "folder"), number_of(out, "files"), number_of(out, "lines"),
		money_text(fen_of(out, "sum"), sum), r.bad);
	return 0;
}

static int show_receivers(struct demo *d, struct err *e)
{
	const json_t *out;
	size_t i;

	printf("\n%s\n", say("各去向收到的（从发出的文件读回）", "handed over, read back from the files"));
	json_array_foreach(json_object_get(d->planted, "out"), i, out)
		if (show_receiver(d, out, e) != 0)
			return -1;
	return 0;
}

/* ---- */

static void show_next(const struct demo *d)
{
	static const char *const verbs_to_try[] = {"balance", "held list", "dead list"};

	printf("\n%s\n", say("接下来可以试", "to try next"));
	for (unsigned i = 0; i < sizeof verbs_to_try / sizeof *verbs_to_try; i++)
		printf("  jincai %s -c %s/jincai.yaml\n", verbs_to_try[i], d->dir);
}

static int show(struct demo *d, const struct site *s, struct bus *bus, struct err *e)
{
	struct balance b;

	if (load_claims(d, bus, e) != 0)
		return -1;
	show_claims(d);
	if (show_receivers(d, e) != 0 || balance_load(bus, &b, e) != 0)
		return -1;
	printf("\n%s\n", say("平账", "balance"));
	d->wrong += balance_print(&b, s, stdout);
	balance_done(&b);
	show_next(d);
	fflush(stdout);
	return 0;
}

static int demo(struct demo *d)
{
	struct args here = *d->args;
	struct site *s;
	struct bus *bus = NULL;
	struct err e;
	char *path;
	int code = 0;

	if (prepare(d, &e) != 0)
		return verb_failed(&e);
	printf(say("演示站点：%s（保留；全部为合成数据）\n", "demo site: %s (kept; all data is synthetic)\n"), d->dir);
	fflush(stdout);
	path = join(d->dir, "jincai.yaml");
	here.site = path;
	s = verb_site(&here, &code);
	if (s)
		code = run_steps(d, s);
	if (s && code == 0)
		bus = verb_look(s, &code);
	if (bus && show(d, s, bus, &e) != 0)
		code = verb_failed(&e);
	bus_close(bus);
	site_free(s);
	free(path);
	if (code == 0 && d->wrong) {
		err_set(&e, E_DEMO_DIFFERS, "count=%u", d->wrong);
		code = verb_failed(&e);
	}
	return code;
}

int verb_demo(const struct args *a)
{
	struct demo d = {.args = a, .arena = ARENA_INIT};
	int code = demo(&d);

	claims_done(&d);
	json_decref(d.planted);
	free(d.dir);
	return code;
}
