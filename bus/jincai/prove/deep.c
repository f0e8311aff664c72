/* SPDX-License-Identifier: Apache-2.0 */
#include "deep.h"

#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "say.h"
#include "show.h"

/* ---- flows, findings ---- */

struct deep_flow *deep_flow_add(struct deep *d, struct span name, enum deep_kind kind)
{
	d->flows = mem_grow(d->flows, d->nflows + 1u, sizeof *d->flows);
	d->flows[d->nflows] = (struct deep_flow){.name = mem_text(name), .kind = kind, .by = mem_text(SPAN("")),
		.kept = totals_new(), .files = totals_new(), .topics = totals_new()};
	return &d->flows[d->nflows++];
}

struct deep_flow *deep_flow_of(struct deep *d, struct span name)
{
	unsigned part;

	for (unsigned i = 0; i < d->nflows; i++)
		if (span_is(name, d->flows[i].name))
			return &d->flows[i];
	for (unsigned i = 0; i < d->nflows; i++)
		if (d->flows[i].kind != DEEP_ADAPTER && shares_names(d->flows[i].name, name, &part))
			return &d->flows[i];
	return deep_flow_add(d, name, DEEP_ADAPTER);
}

void deep_find(struct deep *d, enum deep_what what, const char *flow, const char *subject, uint64_t want, uint64_t got)
{
	d->findings = mem_grow(d->findings, d->nfindings + 1u, sizeof *d->findings);
	d->findings[d->nfindings++] = (struct deep_finding){
		what, mem_text(span_of(flow)), mem_text(span_of(subject)), want, got};
	if (what == DEEP_ORIGINAL_GONE || what == DEEP_FORM_GONE)
		deep_flow_of(d, span_of(flow))->gone = true;
}

void deep_done(struct deep *d)
{
	for (unsigned i = 0; i < d->nflows; i++) {
		free(d->flows[i].name);
		free(d->flows[i].by);
		totals_free(d->flows[i].kept);
		totals_free(d->flows[i].files);
		totals_free(d->flows[i].topics);
	}
	for (unsigned i = 0; i < d->nfindings; i++) {
		free(d->findings[i].flow);
		free(d->findings[i].subject);
	}
	for (unsigned i = 0; i < d->nhosts; i++) {
		free(d->hosts[i].name);
		free(d->hosts[i].folder);
		free(d->hosts[i].boot);
	}
	free(d->flows);
	free(d->findings);
	free(d->hosts);
	free(d->site);
	free(d->cluster);
	*d = (struct deep){0};
}

/* ---- comparing ---- */

static const enum total_term recounted[] = {TOTAL_READ, TOTAL_PUBLISHED, TOTAL_DEAD, TOTAL_CONFLICT, TOTAL_HELD,
	TOTAL_RETURNED, TOTAL_ROUTED, TOTAL_UNSHAPED, TOTAL_HANDED, TOTAL_SHADOW, TOTAL_CUT};

struct compare {
	FILE *to;                    /* NULL: only judged */
	const struct deep_flow *flow;
	const struct totals *other;
	bool kept;                   /* the lines are those that the flow keeps; else those that were counted */
	unsigned differs;
};

static bool is_compared(const struct deep_flow *f, enum total_term term)
{
	for (unsigned i = 0; i < sizeof recounted / sizeof *recounted; i++)
		if (recounted[i] == term)
			return f->kind != DEEP_ADAPTER || f->hosts == 1 || term == TOTAL_PUBLISHED;
	return false;
}

static void compare_line(void *arg, const struct total_line *line)
{
	struct compare *m = arg;
	struct money_sum other = totals_get(m->other, line->term, line->destination, line->currency);
	const struct money_sum *kept = m->kept ? &line->sum : &other, *counted = m->kept ? &other : &line->sum;
	char a[24], b[24], name[64];

	/* A term that both sides have is judged once. */
	if (!is_compared(m->flow, line->term) || money_sum_eq(kept, counted) || (!m->kept && other.count))
		return;
	m->differs++;
	if (m->to)
		fprintf(m->to,
			say("%s %s %s%s%s：账上 %" PRIu64 " 笔 %s，清点 %" PRIu64 " 笔 %s\n",
				"%s %s %s%s%s: kept %" PRIu64 " records %s, counted %" PRIu64 " records %s\n"),
			m->flow->name, say(total_names_zh[line->term], total_names[line->term]), line->destination,
			line->destination[0] ? " " : "", show_currency(line->currency, name), kept->count,
			money_text(kept->plus + kept->minus, a), counted->count,
			money_text(counted->plus + counted->minus, b));
}

static unsigned compare_flow(const struct deep_flow *f, FILE *to)
{
	struct totals *counted = totals_new();
	struct compare m = {.to = to, .flow = f, .other = counted, .kept = true};
	struct err e = ERR_INIT;

	if (f->gone)
		m.differs = 0;
	else if (totals_merge(counted, f->files, &e) != 0 || totals_merge(counted, f->topics, &e) != 0)
		m.differs = 1;
	else {
		totals_each(f->kept, compare_line, &m);
		m.other = f->kept;
		m.kept = false;
		totals_each(counted, compare_line, &m);
	}
	totals_free(counted);
	return m.differs;
}

static void note_files(void *arg, const struct total_line *line)
{
	*(bool *)arg |= line->term == TOTAL_READ || line->term == TOTAL_HANDED || line->term == TOTAL_SHADOW;
}

/* A flow whose files nobody has counted, or two. */
static unsigned judge_hosts(const struct deep *d, const struct deep_flow *f, FILE *to)
{
	bool files = false;

	totals_each(f->kept, note_files, &files);
	if (!files || f->hosts == 1 || (f->hosts && f->kind != DEEP_ADAPTER))
		return 0;
	if (to && f->hosts)
		fprintf(to, say("%s 被清点了 %u 次：%s；只能有一处存放其原件，请查明哪一处是多余的\n",
			"%s was counted %u times: %s; its originals belong on one host, find out which copy is left over\n"), f->name, f->hosts,
			f->by);
	else if (to && d->merged)
		fprintf(to, say("%s 没有被清点：缺少存放其文件的主机的报告\n", "%s was counted by nobody: the report of the host that has its files is missing\n"), f->name);
	else if (to)
		fprintf(to, say("%s 的文件不在本机，没有清点；请在其主机上清点，再汇总：jincai balance --merge 文件...\n",
			"%s: its files are not on this host and were not counted; count them there, and add up: jincai balance --merge FILE...\n"), f->name);
	return d->merged;
}

static void print_finding(const struct deep_finding *f, FILE *to)
{
	switch (f->what) {
	case DEEP_ORIGINAL_GONE:
		fprintf(to, say("原件已不在，未能重新清点：%s\n", "original is gone, not recounted: %s\n"), f->subject);
		break;
	case DEEP_FORM_GONE:
		fprintf(to, say("当时所用的报文格式已不在，未能重新清点：%s\n", "the form that it was read with is gone, not recounted: %s\n"), f->subject);
		break;
	case DEEP_ORIGINAL_ALTERED:
		fprintf(to, say("原件 %s 已不是认领时的内容\n", "original %s is no longer what was claimed\n"), f->subject);
		break;
	case DEEP_FILE_ALTERED:
		fprintf(to, say("文件与发送计划不符：%s\n", "file is not what was planned: %s\n"), f->subject);
		break;
	case DEEP_OUT_DIFFERS:
		fprintf(to,
			say("主题 %s 上有 %" PRIu64 " 笔，交付记录为 %" PRIu64 " 笔\n",
				"%s has %" PRIu64 " events, and %" PRIu64 " were handed over\n"),
			f->subject, f->got, f->want);
		break;
	case DEEP_JOURNAL_DIFFERS:
		fprintf(to,
			say("%s %s：账上 %" PRIu64 " 笔，日记账上 %" PRIu64 " 笔，或金额不同\n",
				"%s %s: kept %" PRIu64 " records, the journal has %" PRIu64 ", or another amount\n"),
			f->flow, f->subject, f->want, f->got);
		break;
	case DEEP_INDEX_DIFFERS:
		fprintf(to,
			say("%s：日记账上 %" PRIu64 " 笔分录中，索引只有 %" PRIu64 " 笔；按日、按批次的汇总不可信\n",
				"%s: of %" PRIu64 " postings on the journal the index has %" PRIu64
				": what days and batches came to is not to be believed\n"),
			f->flow, f->want, f->got);
		break;
	case DEEP_WHATS:
		break;
	}
}

unsigned deep_print(const struct deep *d, FILE *to)
{
	unsigned differs = 0, hosts = 0;

	for (unsigned i = 0; i < d->nfindings && to; i++)
		print_finding(&d->findings[i], to);
	for (unsigned i = 0; i < d->nflows; i++) {
		hosts += judge_hosts(d, &d->flows[i], to);
		differs += compare_flow(&d->flows[i], to);
	}
	for (unsigned i = 0; i < d->nhosts && to && d->merged; i++) {
		struct buf at = BUF_INIT;

		clock_business(&at, d->hosts[i].moment);
		fprintf(to, say("%s:%s 清点于 %s\n", "%s:%s counted at %s\n"), d->hosts[i].name, d->hosts[i].folder,
			buf_text(&at));
		buf_done(&at);
	}
	if (to)
		fprintf(to, say("重新清点 %" PRIu64 " 行，%u 项不符\n", "counted %" PRIu64 " rows again, %u terms differ\n"), d->rows, differs);
	return differs + hosts + d->nfindings;
}

int deep_balance(const struct deep *d, struct balance *ret, struct err *e)
{
	*ret = (struct balance){.all = totals_new()};
	for (unsigned i = 0; i < d->nflows; i++)
		if (totals_merge(ret->all, d->flows[i].kept, e) != 0) {
			balance_done(ret);
			return -1;
		}
	return 0;
}
