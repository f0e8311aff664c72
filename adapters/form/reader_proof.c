/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "texts.h"

/* ---- what heads and trailers declare ---- */

/* A head and a trailer that declare different figures: one of them is wrong, and nobody here knows which. */
static void two_totals(struct reader *r, const char *what, struct span first, struct span second)
{
	err_set(&r->two_totals, E_BATCH_TWO_TOTALS, "what=%s\nfirst=%.*s\nsecond=%.*s", what, SPAN_F(first),
		SPAN_F(second));
}

static void declare_count(struct reader *r, uint64_t count)
{
	char first[24], second[24];

	if (r->has_count && r->count != count) {
		snprintf(first, sizeof first, "%" PRIu64, r->count);
		snprintf(second, sizeof second, "%" PRIu64, count);
		two_totals(r, "count", span_of(first), span_of(second));
	}
	r->count = count;
	r->has_count = true;
}

static void declare_sum(struct reader *r, int64_t sum)
{
	char first[24], second[24];

	if (r->has_sum && r->sum != sum)
		two_totals(r, "sum", span_of(money_text(r->sum, first)), span_of(money_text(sum, second)));
	r->sum = sum;
	r->has_sum = true;
}

/* Declared figures stand in heads and trailers as text, some as people write them. Read wrongly they hold a file, they never
 * let one go. */
int reader_declared(struct reader *r, int count_slot, int sum_slot, const struct amount_form *form, struct err *e)
{
	struct span count = count_slot >= 0 ? texts_figure(r->slots.v[count_slot].text) : SPAN_NONE;
	struct span sum = sum_slot >= 0 ? texts_figure(r->slots.v[sum_slot].text) : SPAN_NONE;
	uint64_t n = 0;
	int64_t fen;

	if (count.n) {
		for (size_t i = 0; i < count.n; i++) {
			if (count.p[i] < '0' || count.p[i] > '9' || count.n > 15)
				return err_set(e, E_BATCH_DECLARED, "what=count\ntext=%.*s", SPAN_F(count));
			n = n * 10 + (uint64_t)(count.p[i] - '0');
		}
		declare_count(r, n);
	}
	if (sum.n) {
		if (amount_read(sum, form, &fen, e) != 0)
			return err_set(e, E_BATCH_DECLARED, "what=sum\ntext=%.*s", SPAN_F(sum));
		declare_sum(r, fen);
	}
	return 0;
}

/* ---- what was found ---- */


#define SUSPECTS 64u
#define TAIL 40u

#define MOSTLY_MIN 20u               /* dead records, when they are more than half */
#define MOSTLY_RUN 100u              /* or so many of them in a row */

struct reader_prover {
	const struct form *form;
	char *shown;
	struct reader_proof proof;
	struct {
		uint64_t line;
		char tail[TAIL];     /* the last bytes of a row with too few columns */
		size_t n;
	} suspects[SUSPECTS];
	unsigned nsuspects;
	int64_t gross;               /* of readable records, without their signs */
	uint64_t unread;             /* whose amount is not in the sum */
	uint64_t dead_run, longest_run;      /* dead records in a row */
	struct {                     /* declares: each. What the last head declared, and what came below it */
		uint64_t number, line, count, counted;
		int64_t sum, found;
		bool has_count, has_sum;
		struct err why;      /* of the first that does not prove */
	} each;
	uint64_t counted;            /* what a declared count is compared with */
};

struct reader_prover *reader_prover_new(const struct form *f, const char *shown)
{
	struct reader_prover *p = mem_new(sizeof *p);

	p->form = f;
	p->shown = mem_text(span_of(shown));
	p->proof.totals = totals_new();
	return p;
}

void reader_prover_free(struct reader_prover *p)
{
	if (!p)
		return;
	totals_free(p->proof.totals);
	free(p->shown);
	free(p);
}

const struct reader_proof *reader_proof(const struct reader_prover *p)
{
	return &p->proof;
}

static void suspect(struct reader_prover *p, const struct reading *g)
{
	size_t n = g->raw.n < TAIL ? g->raw.n : TAIL;

	if (g->bad.id != E_RECORD_FEW_COLUMNS || p->nsuspects == SUSPECTS)
		return;
	p->suspects[p->nsuspects].line = g->line;
	p->suspects[p->nsuspects].n = n;
	memcpy(p->suspects[p->nsuspects++].tail, g->raw.p + g->raw.n - n, n);
}

/* A row with too few columns whose last digits are exactly what is missing may have lost its separator there. */
static void find_lost_separator(struct reader_prover *p, int64_t missing)
{
	static const struct money_form any = {0, 2, false, false};
	char amount[24];

	for (unsigned i = 0; i < p->nsuspects; i++)
		for (size_t from = 0; from < p->suspects[i].n; from++) {
			struct span t = {p->suspects[i].tail + from, p->suspects[i].n - from};
			int64_t fen;
			struct err ignored;

			if (t.p[0] == '0' || money_read(t, &any, &fen, &ignored) != 0 || fen != missing)
				continue;
			err_set(&p->proof.suspect, E_BATCH_LOST_SEPARATOR, "line=%" PRIu64 "\ndifference=%s",
				p->suspects[i].line, money_text(missing, amount));
			err_at(&p->proof.suspect, "%s:%" PRIu64, p->shown, p->suspects[i].line);
			return;
		}
}

static void hold(struct reader_proof *f, const struct err *why)
{
	f->verdict = PROOF_HELD;
	f->why = *why;
}

/* What the form says that a document declares must be there: a batch that lost its head has proved nothing. */
static const char *undeclared(const struct form *form, const struct reader *r)
{
	if (form->declared_each)
		return NULL;                 /* each head is looked at by itself */
	if (!r->has_count && (form->declared_count_slot >= 0 || (r->trailer_seen && form->trailer_count_slot >= 0)))
		return "count";
	if (!r->has_sum && (form->declared_sum_slot >= 0 || (r->trailer_seen && form->trailer_sum_slot >= 0)))
		return "sum";
	if (form_instructs(form) && form->release == RELEASE_BATCH && !r->has_count && !r->has_sum)
		return "count, sum";         /* its line of totals is optional and not there */
	return NULL;
}

/* What goes out record by record leaves its dead ones behind; when they are most of it, the fault is not theirs. One reason and
 * its first cause take the place of a letter for each. */
static void hold_mostly_dead(struct reader_prover *p)
{
	struct reader_proof *f = &p->proof;

	if (p->longest_run < MOSTLY_RUN && (f->dead < MOSTLY_MIN || f->dead * 2 <= f->records))
		return;
	f->verdict = PROOF_HELD;
	err_set(&f->why, E_BATCH_MOSTLY_DEAD, "dead=%" PRIu64 "\nrecords=%" PRIu64 "\ncause=%s", f->dead, f->records,
		f->nproblems ? err_code(f->problems[0].id)->name : "-");
	f->nproblems = f->nproblems > 1 ? 1 : f->nproblems;
}

static void compare(struct reader_prover *p, const struct reader *r)
{
	struct reader_proof *f = &p->proof;
	char want[24], got[24], difference[24], unread[24] = "-";
	const char *lost = undeclared(p->form, r);
	struct err why;
	int64_t missing;

	f->verdict = f->has_count || f->has_sum ? PROOF_OK : PROOF_NO_CONTROL;
	if (f->dead && p->form->release == RELEASE_BATCH) {
		f->verdict = PROOF_HELD;
		err_set(&f->why, E_BATCH_DEAD_RECORD, "count=%" PRIu64, f->dead);
	}
	if (f->trailer_missing) {
		f->verdict = PROOF_HELD;
		err_set(&f->why, E_BATCH_NO_TRAILER, "%s", "");
	} else if (lost) {
		err_set(&why, E_BATCH_UNDECLARED, "what=%s", lost);
		hold(f, &why);
	}
	if (f->has_count && f->count != p->counted) {
		f->verdict = PROOF_HELD;
		err_set(&f->why, E_BATCH_COUNT, "want=%" PRIu64 "\ngot=%" PRIu64, f->count, p->counted);
	}
	if (f->has_sum && f->sum != f->found) {
		f->verdict = PROOF_HELD;
		if (__builtin_sub_overflow(f->sum, f->found, &missing))
			missing = 0;
		if (p->unread)
			snprintf(unread, sizeof unread, "%" PRIu64, p->unread);
		err_set(&f->why, E_BATCH_SUM, "want=%s\ngot=%s\ndifference=%s\nunread=%s", money_text(f->sum, want),
			money_text(f->found, got), money_text(missing, difference), unread);
		find_lost_separator(p, missing);
	}
	if (r->two_totals.id)
		hold(f, &r->two_totals);
	if (p->each.why.id)
		hold(f, &p->each.why);
	if (p->form->release == RELEASE_RECORD)
		hold_mostly_dead(p);
	if (f->why.id)
		err_at(&f->why, "%s", p->shown);
}

/* The totals of many batches must fit as well, so that no file can stop an adapter by its sums. */
static int add_amount(struct reader_prover *p, int64_t fen, struct err *e)
{
	char max[24];

	p->gross += fen < 0 ? -fen : fen;
	if (p->gross > READER_BATCH_MAX) {
		err_set(e, E_BATCH_AMOUNT, "max=%s", money_text(READER_BATCH_MAX, max));
		return err_at(e, "%s", p->shown);
	}
	return 0;
}

/* The records of one head are all there: do they prove? */
static void close_head(struct reader_prover *p)
{
	const struct form *f = p->form;
	char want[24], got[24], difference[24];
	int64_t missing;
	struct err why = ERR_INIT;

	if (p->each.has_sum && p->each.sum != p->each.found) {
		if (__builtin_sub_overflow(p->each.sum, p->each.found, &missing))
			missing = 0;
		err_set(&why, E_BATCH_SUM, "want=%s\ngot=%s\ndifference=%s\nunread=-", money_text(p->each.sum, want),
			money_text(p->each.found, got), money_text(missing, difference));
	} else if (p->each.has_count && p->each.count != p->each.counted) {
		err_set(&why, E_BATCH_COUNT, "want=%" PRIu64 "\ngot=%" PRIu64, p->each.count, p->each.counted);
	} else if (p->each.number ? (f->declared_count_slot >= 0 && !p->each.has_count) ||
				(f->declared_sum_slot >= 0 && !p->each.has_sum)
				  : p->each.counted != 0) {
		err_set(&why, E_BATCH_UNDECLARED, "what=%s",
			f->declared_count_slot >= 0 && !p->each.has_count ? "count" : "sum");
	}
	if (!why.id || p->each.why.id)
		return;
	err_at(&why, "%s:%" PRIu64, p->shown, p->each.line);
	p->each.why = why;
}

/* A head begins: what the document declares is what its heads declare together. */
static int next_head(struct reader_prover *p, const struct reader *r, struct err *e)
{
	struct reader_proof *f = &p->proof;

	close_head(p);
	p->each.number = r->heads_declared;
	p->each.line = r->declared_line;
	p->each.has_count = r->has_count;
	p->each.has_sum = r->has_sum;
	p->each.count = r->count;
	p->each.sum = r->sum;
	p->each.counted = 0;
	p->each.found = 0;
	f->has_count |= r->has_count;
	f->has_sum |= r->has_sum;
	f->count += r->has_count ? r->count : 0;
	return r->has_sum ? money_add(&f->sum, r->sum, e) : 0;
}

static int prove_event(struct reader_prover *p, const struct reading_event *x, bool is_dead, struct err *e)
{
	struct reader_proof *f = &p->proof;
	bool declared = !p->form->declared_of || p->form->declared_of == x->of;

	p->counted += p->form->declared_of && declared;
	if (p->form->declared_each && declared) {
		p->each.counted++;
		if (x->readable && money_add(&p->each.found, x->fen, e) != 0)
			return -1;
	}
	p->unread += declared && !x->readable;
	if (declared && x->readable && !f->currency[0] && x->currency.n < sizeof f->currency)
		memcpy(f->currency, x->currency.p ? x->currency.p : "", x->currency.n);
	if (x->readable && (add_amount(p, x->fen, e) != 0 || (declared && money_add(&f->found, x->fen, e) != 0)))
		return -1;
	if (totals_add(f->totals, TOTAL_READ, "", x->currency, x->fen, x->readable, e) != 0)
		return -1;
	return is_dead ? totals_add(f->totals, TOTAL_DEAD, "", x->currency, x->fen, x->readable, e) : 0;
}

static int prove_record(struct reader_prover *p, const struct reading *g, struct err *e)
{
	struct reader_proof *f = &p->proof;
	bool is_dead = g->bad.id != E_NONE;

	f->records++;
	p->counted += !p->form->declared_of;
	f->dead += is_dead;
	p->dead_run = is_dead ? p->dead_run + 1 : 0;
	p->longest_run = p->dead_run > p->longest_run ? p->dead_run : p->longest_run;
	f->events += is_dead ? 0 : g->nevents;
	if (is_dead) {
		suspect(p, g);
		if (f->nproblems < READER_PROBLEMS)
			f->problems[f->nproblems++] = g->bad;
	}
	for (unsigned i = 0; i < g->nevents; i++)
		if (prove_event(p, &g->events[i], is_dead, e) != 0)
			return -1;
	return 0;
}

int reader_prove(struct reader_prover *p, const struct reader *r, const struct reading *g, struct err *e)
{
	struct reader_proof *f = &p->proof;

	if (r->heads_declared != p->each.number && next_head(p, r, e) != 0)
		return -1;
	switch (g->kind) {
	case READ_SKIPPED:
		f->skipped++;
		return 0;
	case READ_RECORD:
		return prove_record(p, g, e);
	default:
		if (p->form->declared_each) {
			close_head(p);
		} else {
			f->has_count = r->has_count;
			f->has_sum = r->has_sum;
			f->count = r->count;
			f->sum = r->sum;
		}
		f->trailer_missing = p->form->trailer && !p->form->trailer_optional && !r->trailer_seen;
		compare(p, r);
		return 0;
	}
}
