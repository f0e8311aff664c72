/* SPDX-License-Identifier: Apache-2.0 */
#include "flows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lane.h"
#include "parcel.h"
#include "say.h"
#include "show.h"
#include "topics.h"

#define COLUMN 11                    /* cells of a figure */
#define NAME 20                      /* cells of what a row is called */
#define CURRENCIES_MAX 32u

struct flows {
	const struct balance *b;
	const struct site *s;
	FILE *to;
	struct totals **handed;      /* one an adapter of the site: term handed over, by destination */
	int wrong;
	char currencies[CURRENCIES_MAX][TOTALS_CURRENCY_MAX];
	unsigned ncurrencies;
};

/* ---- what the parcels say ---- */

/* A batch is named after its adapter: "payroll:2026-12:001:...". */
static struct totals *handed_of(struct flows *f, struct span batchid)
{
	const char *colon = memchr(batchid.p, ':', batchid.n);

	for (unsigned i = 0; colon && i < f->s->nadapters; i++)
		if (span_is((struct span){batchid.p, (size_t)(colon - batchid.p)}, f->s->adapters[i].name))
			return f->handed[i];
	return NULL;
}

static int add_parcel(void *arg, const struct event *v, struct err *e)
{
	struct flows *f = arg;
	json_t *o = json_loadb(v->data.p, v->data.n, 0, NULL);
	const char *destination = json_string_value(json_object_get(o, "destination"));
	struct parcel *p = o ? parcel_read(o, e) : NULL;
	struct totals *t = p ? handed_of(f, span_of(p->batchid)) : NULL;
	int ret = 0;

	if (!p || !destination)
		ret = err_set(e, E_PARCEL_RECORD, "state=%.*s", SPAN_F(v->id));
	else if (t && p->state == PARCEL_DONE && !p->shadow)
		ret = totals_move(t, TOTAL_HANDED, destination, span_of(p->currency), &p->sum, 1, e);
	parcel_free(p);
	json_decref(o);
	return ret;
}

/* ---- the table ---- */

static void note_currency(void *arg, const struct total_line *line)
{
	struct flows *f = arg;

	for (unsigned i = 0; i < f->ncurrencies; i++)
		if (strcmp(f->currencies[i], line->currency) == 0)
			return;
	if (line->term == TOTAL_READ && f->ncurrencies < CURRENCIES_MAX)
		memcpy(f->currencies[f->ncurrencies++], line->currency, sizeof line->currency);
}

static struct money_sum read_of(const struct flows *f, const char *adapter, enum total_term term, const char *currency)
{
	for (unsigned i = 0; i < f->b->nflows; i++)
		if (strcmp(f->b->flows[i].name, adapter) == 0)
			return totals_get(f->b->flows[i].totals, term, "", currency);
	return (struct money_sum){0};
}

static void cell(const struct flows *f, const char *text)
{
	fprintf(f->to, " %*s%s", show_padding(text, COLUMN - 1), "", text);
}

static void counts(const struct flows *f, const char *name, const struct money_sum *sums, unsigned n)
{
	char text[24];

	fprintf(f->to, "  %s%*s", name, show_padding(name, NAME - 2), "");
	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof text, "%" PRIu64, sums[i].count);
		cell(f, sums[i].count ? text : ".");
	}
	fputc('\n', f->to);
}

static void amounts(const struct flows *f, const char *currency, const struct money_sum *sums, unsigned n)
{
	char text[24], name[64];

	currency = show_currency(currency, name);
	fprintf(f->to, "    %s%*s", currency, show_padding(currency, NAME - 4), "");
	for (unsigned i = 0; i < n; i++)
		cell(f, sums[i].count ? money_text(sums[i].plus + sums[i].minus, text) : ".");
	fputc('\n', f->to);
}

static void heads(const struct flows *f)
{
	const char *name = say("流向", "flows");

	fprintf(f->to, "%s%*s", name, show_padding(name, NAME), "");
	cell(f, say("读入", "read"));
	cell(f, say("发布", "published"));
	for (unsigned d = 0; d < f->s->ndestinations; d++)
		cell(f, f->s->destinations[d].name);
	fputc('\n', f->to);
}

/* A row of one adapter, added to that of all. */
static void adapter_row(const struct flows *f, unsigned adapter, const char *currency, struct money_sum *all)
{
	const unsigned n = 2 + f->s->ndestinations;
	struct money_sum *row = mem_new(n * sizeof *row);
	const char *name = f->s->adapters[adapter].name;
	struct err ignored;

	row[0] = read_of(f, name, TOTAL_READ, currency);
	row[1] = read_of(f, name, TOTAL_PUBLISHED, currency);
	for (unsigned d = 0; d < f->s->ndestinations; d++)
		row[2 + d] = totals_get(f->handed[adapter], TOTAL_HANDED, f->s->destinations[d].name, currency);
	for (unsigned i = 0; i < n; i++)
		money_sum_merge(&all[i], &row[i], &ignored);
	if (row[0].count) {
		counts(f, name, row, n);
		amounts(f, currency, row, n);
	}
	free(row);
}

static void one_currency(struct flows *f, const char *currency)
{
	const unsigned n = 2 + f->s->ndestinations;
	struct money_sum *all = mem_new(n * sizeof *all);

	for (unsigned i = 0; i < n; i++)
		all[i] = (struct money_sum){0};
	for (unsigned a = 0; a < f->s->nadapters; a++)
		adapter_row(f, a, currency, all);
	counts(f, say("合计", "all"), all, n);
	amounts(f, currency, all, n);
	for (unsigned d = 0; d < f->s->ndestinations; d++) {
		const struct money_sum want = totals_get(f->b->all, TOTAL_HANDED, f->s->destinations[d].name, currency);

		if (!money_sum_eq(&want, &all[2 + d])) {
			f->wrong++;
			fprintf(f->to, say("  %s：发送批的合计与位点不符\n", "  %s: the parcels do not add up to its position\n"),
				f->s->destinations[d].name);
		}
	}
	free(all);
}

static void differences(struct flows *f)
{
	int64_t fen;
	char text[24], name[64];

	for (unsigned i = 0; i < f->ncurrencies; i++) {
		f->wrong += (int)balance_of(f->b, f->s, f->currencies[i], &fen);
		fprintf(f->to, say("平账相差 %s  %s\n", "balance: difference %s  %s\n"), money_text(fen, text),
			show_currency(f->currencies[i], name));
	}
}

int flows_print(const struct balance *b, const struct site *s, struct bus *bus, FILE *to, struct err *e)
{
	struct flows f = {.b = b, .s = s, .to = to, .handed = mem_new((s->nadapters + 1) * sizeof *f.handed)};
	int ret;

	for (unsigned i = 0; i < s->nadapters; i++)
		f.handed[i] = totals_new();
	ret = lane_each(bus, TOPIC_PARCELS, EVENT_PARCEL, 0, add_parcel, &f, e);
	if (ret == 0) {
		totals_each(b->all, note_currency, &f);
		heads(&f);
		for (unsigned i = 0; i < f.ncurrencies; i++)
			one_currency(&f, f.currencies[i]);
		differences(&f);
		ret = f.wrong;
	}
	for (unsigned i = 0; i < s->nadapters; i++)
		totals_free(f.handed[i]);
	free(f.handed);
	return ret;
}
