/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "clock.h"
#include "say.h"
#include "selection_parts.h"
#include "show.h"
#include "topics.h"

/* ---- what is selected ---- */

static void say_when(struct buf *b, const struct when *w)
{
	if (w->kind == WHEN_TIME)
		clock_business(b, w->ms);
	else if (w->partition >= 0)
		buf_printf(b, "@%d:%" PRIu64, w->partition, w->offset);
	else
		buf_printf(b, "@%" PRIu64, w->offset);
}

static void say_days(struct buf *b, const struct selection_sense *n)
{
	char first[11], last[11];

	clock_date(n->first_day, first);
	clock_date(n->last_day, last);
	buf_printf(b, "%s%s%s%s", say("；业务日期 ", "; day of business "), first, n->first_day == n->last_day ? "" : "..",
		n->first_day == n->last_day ? "" : last);
}

static void say_text(struct buf *b, const char *what, const char *text)
{
	if (!text)
		return;
	buf_str(b, what);
	show_text(b, span_of(text));
}

static bool all_events(const struct selection_sense *n)
{
	unsigned known = 0;

	while (topics_events[known])
		known++;
	for (unsigned i = 0; i < n->ntopics; i++)
		if (i >= known || strcmp(n->topics[i], topics_events[i]) != 0)
			return false;
	return n->ntopics == known;
}

void selection_say(const struct selection *s, struct buf *b)
{
	const struct selection_sense *n = &s->sense;

	if (all_events(n))
		buf_str(b, say("全部事件主题", "all event topics"));
	for (unsigned i = 0; i < n->ntopics && !all_events(n); i++)
		buf_printf(b, "%s%s", i ? say("、", ", ") : "", n->topics[i]);
	if (n->from_is_set) {
		buf_str(b, say("；到达自 ", "; came from "));
		say_when(b, &n->from);
	}
	if (n->to_is_set) {
		buf_str(b, say("；到达早于 ", "; came before "));
		say_when(b, &n->to);
	}
	if (n->days_are_set)
		say_days(b, n);
	say_text(b, say("；送交去向 ", "; given to "), n->destination);
	say_text(b, say("；预算单位 ", "; of unit "), n->unit);
	say_text(b, say("；号码 ", "; with the key "), n->key);
	say_text(b, say("；条件 ", "; where "), n->where);
}

void selection_say_picked(const struct selection *s, const char *what)
{
	const struct selection_counts *c = selection_counts(s);
	struct buf b = BUF_INIT;

	selection_say(s, &b);
	buf_printf(&b, say("；选中 %2$" PRIu64 " %1$s，略过 %3$" PRIu64 " %1$s", "; %s selected: %" PRIu64 ", skipped: %" PRIu64), what,
		c->given, c->read - c->given);
	selection_skipped(s, &b);
	buf_c(&b, '\n');
	show_flush(&b, stderr);
	buf_done(&b);
}

/* ---- what was skipped ---- */

static const struct {
	const char *en, *zh;
} skips[SELECTION_SKIPS] = {
	[SELECTION_UNREADABLE] = {"not readable", "读不懂"},
	[SELECTION_OURS] = {"of the bus itself", "总线自身的记录"},
	[SELECTION_NOT_DAY] = {"of another day", "业务日期不符"},
	[SELECTION_NOT_UNIT] = {"of another unit", "预算单位不符"},
	[SELECTION_NOT_KEY] = {"with another key", "号码不符"},
	[SELECTION_NOT_WHERE] = {"condition not met", "条件不符"},
	[SELECTION_NOT_TO] = {"not given to the destination", "未送交该去向"},
	[SELECTION_ELSEWHERE] = {"of another topic or time", "不属所选主题或时间"},
};

void selection_skipped(const struct selection *s, struct buf *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SELECTION_SKIPS; i++) {
		if (!s->counts.skipped[i])
			continue;
		buf_printf(b, "%s%s %" PRIu64, n++ ? say("，", ", ") : say("（", " ("), say(skips[i].zh, skips[i].en),
			s->counts.skipped[i]);
	}
	if (n)
		buf_str(b, say("）", ")"));
}

/* ---- help ---- */

static const struct {
	const char *option, *en, *zh;
} page[] = {
	{"--topic NAMES", "payroll,payment: event topics; any other in full: to.bank-abc, claims, dead. Else all "
		"event topics", "payroll,payment：事件主题；其他写全：to.bank-abc、claims、dead。不写为全部事件主题"},
	{"--from WHEN", "when it came onto the bus: from then on", "到达总线的时间：自此时起"},
	{"--to WHEN", "up to then; a day and an offset count in, an instant does not", "至此时止；日期和位移含当天、含该条，时刻不含"},
	{"--to NAME", "that was given to this destination; may stand beside --to WHEN", "送交过该去向的；可与 --to 时间同用"},
	{"--day DAYS", "day of business: a day, a month, or 2026-12-01..2026-12-05",
		"业务日期：一天、一个月，或 2026-12-01..2026-12-05"},
	{"--key KEY", "its id, batch, key, or the number of its voucher, payment or bank record, whole",
		"事件标识、批次、分区键，或其凭证号、缴款码、银行流水号（须完整）"},
	{"--unit UNIT", "budget unit; 602* for all that begin so", "预算单位；602* 为以此开头的全部单位"},
	{"--where COND", "a condition as in forms and routes: 'data.amount = \"12.50\" and event.unit starts \"602\"'",
		"条件，写法与报文格式、路由相同：'data.amount = \"12.50\" and event.unit starts \"602\"'"},
};

static const struct {
	const char *what_en, *what_zh, *write_en, *write_zh;
} whens[] = {
	{"a day", "日期", "2026-12-05, 20261205, 12-05, today, yesterday, monday, 昨天, 12月5日",
		"2026-12-05、20261205、12-05、12月5日、今天、昨天、前天、周一、yesterday"},
	{"a month", "月份", "2026-12", "2026-12、2026年12月"},
	{"a time", "时间", "14:30 (today), '12-05 14:30', 'yesterday 14:30:05', 2026-12-05T06:30:00Z (UTC), now",
		"14:30（今天）、'12-05 14:30'、昨天14:30、2026-12-05T06:30:00Z（UTC）、现在"},
	{"so long ago", "多久以前", "90s, 30m, 2h, 3d", "30分钟、2小时、3天、90s、30m、2h、3d"},
	{"an offset", "位移", "@1200, @3:1200 (of partition 3); needs one --topic", "@1200、@3:1200（分区 3）；须指明一个 --topic"},
};

static void help_row(struct buf *b, const char *left, const char *right)
{
	buf_printf(b, "  %s%*s  %s\n", left, show_padding(left, 13), "", right);
}

void selection_help(struct buf *b)
{
	buf_printf(b, "%s\n\n", say("选择：指明总线上的哪些事件。各命令写法相同；写出的各项须同时成立，不写的不作限制。",
		"A selection says which events of the bus are meant. It is written alike for all verbs; all that is "
		"said has to hold, what is not said does not narrow."));
	for (unsigned i = 0; i < sizeof page / sizeof *page; i++)
		help_row(b, page[i].option, say(page[i].zh, page[i].en));
	buf_printf(b, "\n%s\n", say("WHEN 的写法（北京时间）：", "WHEN is (in Beijing time):"));
	for (unsigned i = 0; i < sizeof whens / sizeof *whens; i++)
		help_row(b, say(whens[i].what_zh, whens[i].what_en), say(whens[i].write_zh, whens[i].write_en));
	buf_printf(b, "\n%s\n", say("没有写年份的日期是已过去的最近一个。--to 后面读得懂的就是时间，其余须是站点的去向；去向的名称恰好像时间的，不猜，请写 "
		"--topic to.名称。",
		"A day without its year is the last one that was. What reads as a WHEN behind --to is one, anything "
		"else has to be a destination of the site; one whose name reads as a time is not guessed: write "
		"--topic to.NAME."));
	buf_printf(b, "%s\n", say("事件按到达的先后给出；选择止于开始读取时的末尾。不移动任何流的位点，不加入任何消费组。",
		"Events are given as they came; a selection ends where the topics ended when reading began. No "
		"position of any flow is moved, no group is joined."));
	buf_printf(b, "%s\n", say("死信（dead list）：--from、--to 时间说的是成为死信的时间，--to 名称是没有收到的去向。批次和发送批（held list）：说的是"
		"文件到达的时间和扣住它的去向，--key 为批次、主键或文件名，不能用 --unit、--where 和位移。",
		"Of dead letters (dead list) --from and --to WHEN are about when they were written, --to NAME about "
		"the destination that did not get it. Of batches and parcels (held list) they are about when the file "
		"came and the destination that holds it, --key is the batch, its keys or its file; --unit, --where "
		"and offsets say nothing there."));
	buf_printf(b, "\n%s\n  jincai tail --topic payroll --from yesterday --unit '602*'\n  jincai tail --to "
		"bank-abc --where 'data.payee.bank starts \"103\"'\n", say("示例：", "Examples:"));
}
