/* SPDX-License-Identifier: Apache-2.0 */
#include "planted.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsys.h"
#include "say.h"
#include "topics.h"
#include "verbs.h"

#define FILE_MAX (1u << 20)          /* of a file of the demo */
#define REASONS_SHOWN 3u             /* of a file that waits */

int planted_load(struct planted *p, int dir, struct err *e)
{
	struct buf text = BUF_INIT;
	int ret = fsys_get(dir, "planted.json", FILE_MAX, &text, e);

	*p = (struct planted){.dir = dir, .arena = ARENA_INIT};
	if (ret == 0) {
		p->root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_array(json_object_get(p->root, "files")) ||
			!json_is_array(json_object_get(p->root, "out")))
			ret = err_set(e, E_DEMO_PLANTED, "file=planted.json");
	}
	buf_done(&text);
	return ret;
}

void planted_done(struct planted *p)
{
	for (unsigned i = 0; i < p->nclaims; i++)
		totals_free(p->claims[i].claim.totals);
	free(p->claims);
	arena_done(&p->arena);
	json_decref(p->root);
}

/* ---- what became of the files ---- */

/* The newest record of a batch counts. */
static void keep_claim(struct planted *p, const struct claim *c)
{
	unsigned i = 0;

	while (i < p->nclaims && !span_eq(p->claims[i].claim.batchid, c->batchid))
		i++;
	if (i == p->nclaims) {
		p->claims = mem_grow(p->claims, p->nclaims + 1u, sizeof *p->claims);
		p->nclaims++;
	} else {
		totals_free(p->claims[i].claim.totals);
	}
	p->claims[i] = (struct planted_claim){.claim = *c};
}

static int load_claims(struct planted *p, struct bus *b, struct err *e)
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
		if (claim_read(&v, &p->arena, &c, e) != 0) {
			got = -1;
			break;
		}
		keep_claim(p, &c);
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

static struct claim *match(struct planted *p, const json_t *file)
{
	for (unsigned i = 0; i < p->nclaims; i++)
		if (!p->claims[i].matched && is_planted(&p->claims[i].claim, file)) {
			p->claims[i].matched = true;
			return &p->claims[i].claim;
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
static void report_claims(struct planted *p, const json_t *files, struct claim *const *found)
{
	const json_t *file;
	char sum[24];
	size_t i;

	json_array_foreach(files, i, file)
		if (!found[i]) {
			p->wrong++;
			fprintf(stderr, say("与预埋不符：第 %" PRIu64 " 步的 %s 应为 %s %s\n",
				"not as planted: step %" PRIu64 ": %s should have become %s %s\n"),
				number_of(file, "step"), text_of(file, "file"), text_of(file, "state"),
				text_of(file, "code"));
		}
	for (i = 0; i < p->nclaims; i++) {
		const struct claim *c = &p->claims[i].claim;

		if (p->claims[i].matched)
			continue;
		p->wrong++;
		fprintf(stderr, say("与预埋不符：%.*s 成了 %.*s %.*s，%" PRIu64 " 笔，%s\n",
			"not as planted: %.*s became %.*s %.*s, %" PRIu64 " records, %s\n"), SPAN_F(c->name),
			SPAN_F(c->state), SPAN_F(code_of(c)), c->records, money_text(sum_of(c), sum));
	}
}

int planted_claims(struct planted *p, struct bus *b, struct err *e)
{
	const json_t *files = json_object_get(p->root, "files"), *file;
	struct claim **found;
	size_t i;

	if (load_claims(p, b, e) != 0)
		return -1;
	found = mem_new((json_array_size(files) + 1) * sizeof *found);
	json_array_foreach(files, i, file)
		found[i] = match(p, file);
	show_handed_in(files, found);
	show_all_waiting(files, found);
	report_claims(p, files, found);
	free(found);
	return 0;
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

static bool is_folder(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
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

static int show_receiver(struct planted *p, const json_t *out, struct err *e)
{
	struct received r = {.marker = text_of(out, "marker"), .by = text_of(out, "by")[0]};
	char sum[24];
	int dir, ret;

	if (fsys_open_dir(p->dir, text_of(out, "folder"), &dir, e) != 0)
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
	p->wrong++;
	fflush(stdout);
	fprintf(stderr, say("与预埋不符：%s 应有文件 %" PRIu64 "、行 %" PRIu64 "、金额 %s；读不出或缺完成标志 %" PRIu64 "\n",
		"not as planted: %s should hold files %" PRIu64 ", lines %" PRIu64 ", %s; unreadable or without a "
		"marker: %" PRIu64 "\n"), text_of(out, "folder"), number_of(out, "files"), number_of(out, "lines"),
		money_text(fen_of(out, "sum"), sum), r.bad);
	return 0;
}

int planted_receivers(struct planted *p, struct err *e)
{
	const json_t *out;
	size_t i;

	printf("\n%s\n", say("各去向收到的（从发出的文件读回）", "handed over, read back from the files"));
	json_array_foreach(json_object_get(p->root, "out"), i, out)
		if (show_receiver(p, out, e) != 0)
			return -1;
	return 0;
}
