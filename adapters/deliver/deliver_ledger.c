/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "audit.h"
#include "jscan.h"
#include "log.h"

/* ---- what another life of the store handed over ---- */

static bool in_ranges(const struct deliver *d, uint64_t no)
{
	for (unsigned i = 0; i < d->nlost; i++)
		if (no >= d->lost[i].first && no <= d->lost[i].last)
			return true;
	return false;
}

static struct parcel *under_way(const struct deliver *d, uint64_t no)
{
	struct parcel *p = d->parcels;

	while (p && (p->no != no || p->shadow))
		p = p->next;
	return p;
}

static void keep_foreign(struct deliver *d, const struct ledger_entry *x)
{
	struct foreign *f;

	d->foreign = mem_grow(d->foreign, d->nforeign + 1u, sizeof *d->foreign);
	f = &d->foreign[d->nforeign++];
	*f = (struct foreign){.no = x->no, .batchid = mem_text(span_of(x->batchid)), .split = mem_text(span_of(x->split)),
		.sum = x->sum, .ids = x->ids};
	memcpy(f->currency, x->currency, sizeof f->currency);
}

struct looking {
	struct deliver *d;
	uint64_t next, last, last_own;       /* numbers: of the position; the highest of all, of our own store */
};

/* A line of our own store with a number that the position has not reached: written in a life that was lost. */
static int look_at(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct looking *l = arg;
	struct deliver *d = l->d;
	const bool own = strcmp(x->store, d->store) == 0;
	struct parcel *p = own ? under_way(d, x->no) : NULL;

	(void)e;
	l->last = x->no > l->last ? x->no : l->last;
	if (p)
		p->in_ledger = true;
	else if (!own || x->no >= l->next || in_ranges(d, x->no))
		keep_foreign(d, x);
	if (own && !p && x->no > l->last_own)
		l->last_own = x->no;
	return 0;
}

int deliver_open_ledger(struct deliver *d, struct err *e)
{
	struct looking l = {.d = d, .next = d->next_no};

	if (ledger_open(d->home, &d->ledger, e) != 0 || ledger_each(d->home, look_at, &l, e) != 0)
		return -1;
	if (l.last_own >= d->next_no) {
		d->lost = mem_grow(d->lost, d->nlost + 1u, sizeof *d->lost);
		d->lost[d->nlost++] = (struct lost){d->next_no, l.last_own};
		d->unsaved = true;
		log_line(LOG_WARN, "deliver.restored",
			"flow=%s first=%" PRIu64 " last=%" PRIu64
			" do=the_store_does_not_know_these_parcels_and_they_are_not_sent_again",
			d->name, d->next_no, l.last_own);
	}
	/* A receiver drops a number that it has had. */
	if (l.last >= d->next_no)
		d->next_no = deliver_number_after(d, l.last);
	return 0;
}

void deliver_close_ledger(struct deliver *d)
{
	for (unsigned i = 0; i < d->nforeign; i++) {
		free(d->foreign[i].batchid);
		free(d->foreign[i].split);
	}
	free(d->foreign);
	free(d->lost);
	ledger_close(d->ledger);
	d->foreign = NULL;
	d->lost = NULL;
	d->ledger = NULL;
	d->nforeign = d->nlost = 0;
}

/* ---- position ---- */

void deliver_write_lost(const struct deliver *d, struct buf *b)
{
	if (!d->nlost)
		return;
	buf_str(b, ",\"lost\":[");
	for (unsigned i = 0; i < d->nlost; i++)
		buf_printf(b, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", d->lost[i].first, d->lost[i].last);
	buf_c(b, ']');
}

void deliver_read_lost(struct deliver *d, const json_t *out)
{
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(out, "lost"), i, v) {
		d->lost = mem_grow(d->lost, d->nlost + 1u, sizeof *d->lost);
		d->lost[d->nlost++] = (struct lost){(uint64_t)json_integer_value(json_array_get(v, 0)),
			(uint64_t)json_integer_value(json_array_get(v, 1))};
	}
}

/* Another folder has another ledger. */
void deliver_write_handed(const struct deliver *d, struct buf *b)
{
	if (!d->handed)
		return;
	buf_printf(b, ",\"handed\":%" PRIu64, d->handed);
	json_member(b, "folder", span_of(d->folder));
}

void deliver_read_handed(struct deliver *d, const json_t *out)
{
	const char *folder = json_string_value(json_object_get(out, "folder"));

	d->handed = folder && strcmp(folder, d->folder) == 0
		? (uint64_t)json_integer_value(json_object_get(out, "handed"))
		: 0;
}

/* ---- a batch that is about to be planned ---- */

static bool same(const struct money_sum *a, uint64_t a_ids, const struct money_sum *b, uint64_t b_ids)
{
	return money_sum_eq(a, b) && a_ids == b_ids;
}

int deliver_had(const struct deliver *d, const struct gathering *g, const struct parcel *p, bool *ret, struct err *e)
{
	struct money_sum all = {0};
	uint64_t ids = 0, no = 0;

	*ret = false;
	for (unsigned i = 0; i < d->nforeign && !*ret; i++) {
		const struct foreign *f = &d->foreign[i];

		if (strcmp(f->batchid, g->batchid) != 0 || strcmp(f->split, p->split) != 0 ||
			strcmp(f->currency, p->currency) != 0)
			continue;
		no = f->no;
		ids += f->ids;
		if (money_sum_merge(&all, &f->sum, e) != 0)
			return -1;
		*ret = same(&f->sum, f->ids, &p->sum, p->ids) || same(&all, ids, &p->sum, p->ids);
	}
	if (*ret)
		log_line(LOG_WARN, "deliver.already",
			"flow=%s batch=%s lines=%" PRIu64 " parcel=%" PRIu64
			" do=it_was_handed_over_before_the_store_was_restored_and_is_not_sent_again",
			d->name, g->batchid, p->sum.count, no);
	else if (no)
		return err_set(e, E_GATHER_LEDGER, "no=%" PRIu64 "\nhad=%" PRIu64 "\nnow=%" PRIu64, no, all.count,
			p->sum.count);
	return 0;
}

/* ---- before the rename ---- */

/* The ledger has it; what the anchor lacks the next line says too. */
static void anchor(const struct deliver *d, const struct parcel *p)
{
	const struct audit_conf *a = d->flow.audit;
	struct audit_link l = {.n = p->no};
	char writer[160];
	struct buf line = BUF_INIT;
	struct err e;

	if (!a || !a->anchor)
		return;
	snprintf(writer, sizeof writer, "%s/handed", d->flow.name);
	snprintf(l.chain, sizeof l.chain, "%s", p->digest);
	audit_line(&line, writer, &l, AUDIT_SHA256);
	if (audit_anchor(a->anchor, buf_as_span(&line), &e) != 0)
		log_err(LOG_ERROR, "audit.not_anchored", &e, "flow=%s parcel=%" PRIu64, d->name, p->no);
	buf_done(&line);
}

int deliver_note(struct deliver *d, struct err *e)
{
	const struct parcel *last = NULL;

	if (!d->ledger)
		return 0;
	for (struct parcel *p = d->parcels; p; p = p->next) {
		if (p->state != PARCEL_HANDING || p->shadow || p->in_ledger)
			continue;
		struct ledger_entry x = {.site = d->site, .store = d->store, .no = p->no, .batchid = p->batchid, .split = p->split,
			.sum = p->sum, .ids = p->ids, .digest = p->digest, .name = p->name};

		memcpy(x.currency, p->currency, sizeof x.currency);
		ledger_add(d->ledger, &x);
		p->in_ledger = true;
		last = last && last->no > p->no ? last : p;
	}
	if (ledger_sync(d->ledger, e) != 0)
		return -1;
	if (last)
		anchor(d, last);
	return 0;
}
