/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "balance.h"
#include "clock.h"
#include "lane.h"
#include "say.h"
#include "show.h"
#include "todo.h"
#include "topics.h"
#include "verbs.h"
#include "waiting.h"

/*
 * The program alone on a terminal: the state of today, and the usual acts by number, each shown as the command that it is, so
 * that who uses it learns the commands.
 */
#define ITEMS_SHOWN 3u

/* ---- the state of today ---- */

struct today {
	int64_t begin_ms;
	struct arena scratch;
	uint64_t files, batches, parcels;
	struct totals *published, *handed;   /* term read */
};

static int add_claim(void *arg, const struct event *v, struct err *e)
{
	struct today *d = arg;
	struct claim c;
	int failed = 0;

	arena_clear(&d->scratch);
	if (claim_read(v, &d->scratch, &c, e) != 0)
		return -1;
	d->files += c.time_ms >= d->begin_ms && !span_is(c.state, "publishing") && !span_is(c.state, "settled") &&
		!span_is(c.state, "returned");
	if (span_is(c.state, "published")) {
		d->batches++;
		failed = totals_merge(d->published, c.totals, e);
	}
	totals_free(c.totals);
	return failed ? -1 : 0;
}

static int add_parcel(void *arg, const struct event *v, struct err *e)
{
	struct today *d = arg;
	json_t *o = json_loadb(v->data.p, v->data.n, 0, NULL);
	struct parcel *p = parcel_read(o, e);
	int failed = !p;

	if (p && p->state == PARCEL_DONE) {
		d->parcels++;
		failed = totals_move(d->handed, TOTAL_READ, "", span_of(p->currency), &p->sum, 1, e);
	}
	parcel_free(p);
	json_decref(o);
	return failed ? -1 : 0;
}

static void say_sums(struct buf *b, const struct totals *t)
{
	buf_str(b, say("；", "; "));
	show_sums(b, t, TOTAL_READ);
	buf_c(b, '\n');
}

static void say_flows(struct buf *b, const struct site *s)
{
	unsigned live = 0, shadow = 0;

	for (unsigned i = 0; i < s->ndestinations; i++) {
		live += s->destinations[i].mode == SITE_LIVE;
		shadow += s->destinations[i].mode == SITE_SHADOW;
	}
	buf_printf(b,
		say("接入 %u 个，去向 %u 个：实发 %u 个，影子 %u 个，停用 %u 个\n",
			"adapters: %u; destinations: %u: %u live, %u shadow, %u off\n"),
		s->nadapters, s->ndestinations, live, shadow, s->ndestinations - live - shadow);
}

static int say_today(struct buf *b, struct bus *bus, int64_t now_ms, struct err *e)
{
	struct today d = {.begin_ms = clock_day_begin(clock_day(now_ms)), .scratch = ARENA_INIT, .published = totals_new(),
		.handed = totals_new()};
	int failed = lane_each(bus, TOPIC_CLAIMS, EVENT_CLAIM, d.begin_ms, add_claim, &d, e) != 0 ||
		lane_each(bus, TOPIC_PARCELS, EVENT_PARCEL, d.begin_ms, add_parcel, &d, e) != 0;

	if (!failed) {
		buf_printf(b,
			say("今日收到 %" PRIu64 " 个文件，发布 %" PRIu64 " 批",
				"today's files: %" PRIu64 "; batches published: %" PRIu64),
			d.files, d.batches);
		say_sums(b, d.published);
		buf_printf(b, say("今日送出 %" PRIu64 " 个发送批", "parcels handed over today: %" PRIu64), d.parcels);
		say_sums(b, d.handed);
	}
	arena_done(&d.scratch);
	totals_free(d.published);
	totals_free(d.handed);
	return failed ? -1 : 0;
}

static int say_balance(struct buf *b, const struct site *s, struct bus *bus, struct err *e)
{
	struct balance all;
	unsigned wrong;

	if (balance_load(bus, &all, e) != 0)
		return -1;
	wrong = balance_wrong(&all, s);
	buf_printf(b, wrong ? say("平账：有 %u 项不平，查清之前不要手工付款\n", "balance: %u equations do not come out; pay nothing by hand before it is understood\n")
		: say("平账：各项相等，差额 0.00\n", "balance: everything adds up, difference 0.00\n"), wrong);
	balance_done(&all);
	return 0;
}

static void say_todo(struct buf *b, const struct todo *t)
{
	unsigned overdue = todo_overdue(t);

	buf_printf(b, say("待办 %u 项", "to do: %u"), t->n);
	if (overdue)
		buf_printf(b, say("，其中 %u 项已过期限", ", %u of them past their deadline"), overdue);
	buf_c(b, '\n');
	for (unsigned i = 0; i < t->n && i < ITEMS_SHOWN; i++) {
		buf_str(b, "  ");
		todo_line(t->items[i], b);
	}
}

static int say_state(struct buf *b, struct site *s, struct bus *bus, struct err *e)
{
	int64_t now_ms = clock_now_ms();
	struct todo t = {0};
	char date[11];
	int failed;

	clock_date(clock_day(now_ms), date);
	buf_printf(b, say("站点 %s%s  %s  %s\n", "site %s%s  %s  %s\n"), s->name,
		s->test ? say("（测试）", " (test)") : "", date,
		bus_in_use(bus) ? say("正在运行", "running") : say("没有在运行", "not running"));
	say_flows(b, s);
	failed = say_today(b, bus, now_ms, e) != 0 || say_balance(b, s, bus, e) != 0 ||
		todo_load(s, bus, now_ms, &t, e) != 0;
	if (!failed)
		say_todo(b, &t);
	todo_done(&t);
	return failed ? -1 : 0;
}

/* ---- the menu ---- */

static const struct choice {
	const char *zh, *en;
	const char *words[4];
} choices[] = {
	{"全部待办", "all that waits", {"todo"}},
	{"挂起的批次", "batches that are held", {"held", "list"}},
	{"死信", "dead letters", {"dead", "list"}},
	{"平账", "the balance", {"balance"}},
	{"操作记录", "what people decided", {"audit", "list"}},
	{"检查站点文件", "check the site file", {"check"}},
	{"把现有文件处理完", "work until nothing is left to do", {"run", "--until-idle"}},
	{"全部命令", "all commands", {"help"}},
};
#define NCHOICES (sizeof choices / sizeof *choices)

static void call(const char *const *words)
{
	int n = 0;

	printf("\n$ jincai");
	for (; words[n]; n++)
		printf(" %s", words[n]);
	printf("\n");
	fflush(stdout);
	verb_call(n, words);
	fflush(stdout);
}

static void show_menu(void)
{
	printf("\n");
	for (unsigned i = 0; i < NCHOICES; i++) {
		const char *text = say(choices[i].zh, choices[i].en);

		printf("  %u  %s%*s  jincai", i + 1, text, show_padding(text, 34), "");
		for (const char *const *word = choices[i].words; *word; word++)
			printf(" %s", *word);
		printf("\n");
	}
	printf("  0  %s\n", say("结束", "end"));
}

/* Does what was typed; false: it is the end. */
static bool choose(struct span line)
{
	struct buf word = BUF_INIT;
	const char *text;
	char *end;
	unsigned long number;

	buf_span(&word, span_trim(line));
	text = buf_text(&word);
	number = strtoul(text, &end, 10);
	if (todo_number_is(buf_as_span(&word)))
		call((const char *const[]){"todo", text, NULL});
	else if (text[0] >= '1' && text[0] <= '9' && !*end && number <= NCHOICES)
		call(choices[number - 1].words);
	else if (text[0] && strcmp(text, "0") != 0)
		printf("%s\n", say("请输入所列的编号", "type one of the numbers"));
	number = strcmp(text, "0") != 0 && strcmp(text, "q") != 0;
	buf_done(&word);
	return number;
}

static int state(void)
{
	struct args a = {0};
	struct buf b = BUF_INIT;
	struct bus *bus = NULL;
	struct err e;
	int code = 0;
	struct site *s = verb_site(&a, &code);

	if (s && (bus = verb_look(s, &code))) {
		if (say_state(&b, s, bus, &e) != 0)
			code = verb_failed(&e);
		show_flush(&b, stdout);
		bus_close(bus);
	}
	buf_done(&b);
	site_free(s);
	return code;
}

int verb_menu(void)
{
	char *path = site_find(NULL), *line = NULL;
	bool there = access(path, R_OK) == 0, more = true;
	size_t cap = 0;
	ssize_t n;

	free(path);
	if (!there)          /* a person without a site looks for the way to begin */
		return verb_help(&(struct args){0});
	state();
	while (more) {
		show_menu();
		printf("%s", say("输入编号，或待办编号（如 1123-07）：", "a number, or that of something to do (such as 1123-07): "));
		fflush(stdout);
		n = getline(&line, &cap, stdin);
		if (n <= 0)
			break;
		while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			n--;
		more = choose((struct span){line, (size_t)n});
	}
	free(line);
	return 0;
}
