/* SPDX-License-Identifier: Apache-2.0 */
#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "original.h"
#include "show.h"

static int read_all(struct reader *r, struct reader_prover *p, trial_each *each, void *arg, struct err *e)
{
	struct reading g;

	do {
		if (reader_next(r, &g, e) != 0 || reader_prove(p, r, &g, e) != 0)
			return -1;
		if (g.kind != READ_SKIPPED)
			each(arg, r, &g);
	} while (g.kind != READ_END);
	return 0;
}

int trial_read(struct library *l, const struct form *form, const char *path, struct reader_prover *p, trial_each *each,
	void *arg, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct original file = original_open(path, 0);
	struct reader_setup setup = {.form = form, .library = l, .input = &file.input, .shown = path,
		.name = span_of(slash ? slash + 1 : path), .digest = SPAN("0")};
	struct reader *r = NULL;
	int ret;

	if (file.fd < 0)
		return err_sys(e, errno == ENOENT ? E_FILE_MISSING : E_FILE_FAILED, path, errno);
	ret = reader_open(&setup, &r, e) != 0 ? -1 : read_all(r, p, each, arg, e);
	reader_close(r);
	close(file.fd);
	return ret;
}

void trial_events(struct reader *r, const struct reading *g, struct buf *b)
{
	for (unsigned i = 0; i < g->nevents; i++) {
		struct event v = {.source = SPAN("/try")};

		reader_attributes(r, &g->events[i], &v);
		event_begin(b, &v);
		reader_data(r, &g->events[i], b);
		buf_str(b, "}\n");
	}
}

struct moneys {
	struct buf *to;
	unsigned n;
};

static void one_money(void *arg, const struct total_line *line)
{
	struct moneys *m = arg;
	char plus[24], minus[24];

	if (line->term != TOTAL_READ)
		return;
	buf_str(m->to, m->n++ ? ",{" : "{");
	show_currency_json(m->to, line->currency);
	buf_printf(m->to, ",\"count\":%" PRIu64 ",\"plus\":\"%s\",\"minus\":\"%s\",\"unreadable\":%" PRIu64 "}",
		line->sum.count, money_text(line->sum.plus, plus), money_text(line->sum.minus, minus),
		line->sum.unreadable);
}

static void count_money(void *arg, const struct total_line *line)
{
	*(unsigned *)arg += line->term == TOTAL_READ;
}

static bool is_mixed(const struct reader_proof *p)
{
	unsigned n = 0;

	totals_each(p->totals, count_money, &n);
	return n > 1;
}

/* What is never added together, each for itself; one kind alone is the sum already. */
static void moneys(const struct reader_proof *p, struct buf *b)
{
	struct moneys m = {b, 0};

	buf_str(b, ",\"sums\":[");
	totals_each(p->totals, one_money, &m);
	buf_c(b, ']');
}

void trial_summary(const struct reader_proof *p, struct buf *b)
{
	static const char *const verdicts[] = {"ok", "held", "no_control"};
	bool mixed = is_mixed(p);
	char amount[24];

	buf_printf(b, "{\"records\":%" PRIu64 ",\"events\":%" PRIu64 ",\"dead\":%" PRIu64 ",\"skipped\":%" PRIu64,
		p->records, p->events, p->dead, p->skipped);
	/* Of several kinds only what is declared has one sum. */
	if (mixed && !p->has_sum)
		buf_str(b, ",\"sum\":null");
	else
		buf_printf(b, ",\"sum\":\"%s\"", money_text(p->found, amount));
	if (p->currency[0] && totals_kind(p->currency) != p->currency)
		buf_printf(b, ",\"currency\":\"%.3s\"", p->currency);
	else
		buf_str(b, ",\"currency\":null");
	if (mixed)
		moneys(p, b);
	if (p->has_count)
		buf_printf(b, ",\"declared\":{\"count\":%" PRIu64, p->count);
	else
		buf_str(b, ",\"declared\":{\"count\":null");
	if (p->has_sum)
		buf_printf(b, ",\"sum\":\"%s\"}", money_text(p->sum, amount));
	else
		buf_str(b, ",\"sum\":null}");
	buf_printf(b, ",\"verdict\":\"%s\"}", verdicts[p->verdict]);
}
