/* SPDX-License-Identifier: Apache-2.0 */
#include "deliver_parts.h"

#include <inttypes.h>
#include <limits.h>

#include "hash.h"
#include "log.h"

#define HAND_AT_ONCE 64u             /* parcels handed over between two commits */

/* What the receiver waits for is no longer in staging: it has been handed over, and may be changed by now. */
static bool is_handed(const struct deliver *d, const struct parcel *p)
{
	return p->state == PARCEL_HANDING &&
		!outbox_is_staged(deliver_outbox(d, p), p->marker[0] ? p->staged_marker : p->staged);
}

/* A body with a marker may have its name already; one that is nowhere was taken away by somebody. */
static int check_bytes(struct deliver *d, const struct parcel *p, struct err *e)
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	bool same = false;
	int got;

	if (is_handed(d, p))
		return 0;
	got = outbox_hash(deliver_outbox(d, p), p->staged, p->marker[0] ? p->name : NULL, digest, e);
	if (got < 0)
		return -1;
	if (got) {
		hash_hex(&hex, digest, sizeof digest);
		same = span_is(buf_as_span(&hex), p->digest);
		buf_done(&hex);
	}
	return same ? 0 : err_set(e, E_PARCEL_ALTERED, "no=%" PRIu64 "\nname=%s\ndestination=%s\nstaged=%s", p->no, p->name,
		d->name, p->staged);
}

static int check_all(struct deliver *d, enum parcel_state state, unsigned n, struct err *e)
{
	for (const struct parcel *p = d->parcels; p && n; p = p->next)
		if (p->state == state && deliver_goes(d, p)) {
			n--;
			if (check_bytes(d, p, e) != 0)
				return -1;
		}
	return 0;
}

static int settle(struct deliver *d, struct err *e)
{
	return outbox_settle(d->outbox, e) != 0 || (d->shadowed && outbox_settle(d->shadowed, e) != 0) ? -1 : 0;
}

int deliver_announce(struct deliver *d, struct err *e)
{
	unsigned n = 0;

	if (check_all(d, PARCEL_PLANNED, HAND_AT_ONCE, e) != 0)
		return -1;
	for (struct parcel *p = d->parcels; p && n < HAND_AT_ONCE; p = p->next)
		if (p->state == PARCEL_PLANNED && deliver_goes(d, p)) {
			n++;
			if (p->marker[0] && outbox_hand(deliver_outbox(d, p), p->staged, p->name, e) != 0)
				return -1;
		}
	if (settle(d, e) != 0)
		return -1;
	for (struct parcel *p = d->parcels; p && n; p = p->next)
		if (p->state == PARCEL_PLANNED && deliver_goes(d, p)) {
			n--;
			p->state = PARCEL_HANDING;
			snprintf(p->boot, sizeof p->boot, "%s", d->boot);
			if (deliver_append_parcel(d, p, NULL, e) != 0)
				return -1;
		}
	return 0;
}

/* Those with a shortened text once more by themselves. */
int deliver_count_handed(struct deliver *d, const struct parcel *p, struct err *e)
{
	const struct money_sum cut = {.count = p->cut};
	const struct span currency = span_of(p->currency);

	if (journal_move(d->journal, span_of(p->batchid), TOTAL_PENDING, d->name, currency, &p->sum, -1, e) != 0 ||
		journal_move(d->journal, span_of(p->batchid), p->shadow ? TOTAL_SHADOW : TOTAL_HANDED, d->name,
			currency, &p->sum, 1, e) != 0)
		return -1;
	return p->cut && !p->shadow
		? journal_move(d->journal, span_of(p->batchid), TOTAL_CUT, d->name, currency, &cut, 1, e)
		: 0;
}

static void log_done(const struct deliver *d, const struct parcel *p)
{
	char quoted[300];

	log_line(LOG_INFO, p->shadow ? "deliver.shadow" : "deliver.handed",
		"flow=%s parcel=%" PRIu64 " batch=%s lines=%" PRIu64 " file=%s", d->name, p->no, p->batchid,
		p->sum.count, log_quoted(p->name, quoted, sizeof quoted));
	if (p->cut)
		log_line(LOG_WARN, "deliver.cut", "flow=%s parcel=%" PRIu64 " batch=%s lines=%" PRIu64
			" do=texts_of_these_lines_were_shortened_as_the_form_says", d->name, p->no, p->batchid, p->cut);
}

bool deliver_can_hand(struct deliver *d, const struct parcel *p)
{
	struct outbox *o = deliver_outbox(d, p);
	uint8_t digest[HASH_SHA256];
	struct err ignored;

	if (!o || (p->marker[0] && !outbox_is_staged(o, p->staged_marker)))
		return false;
	return outbox_hash(o, p->staged, p->marker[0] ? p->name : NULL, digest, &ignored) == 1;
}

int deliver_end_parcel(struct deliver *d, struct parcel *p, struct err *e)
{
	struct parcel **at = &d->parcels;

	while (*at != p)
		at = &(*at)->next;
	p->state = PARCEL_DONE;
	if (p->in_ledger && !p->shadow && p->no > d->handed)
		d->handed = p->no;
	log_done(d, p);
	if (deliver_append_parcel(d, p, NULL, e) != 0 || deliver_count_handed(d, p, e) != 0)
		return -1;
	*at = p->next;
	parcel_free(p);
	return 0;
}

int deliver_hand_over(struct deliver *d, struct err *e)
{
	if (check_all(d, PARCEL_HANDING, UINT_MAX, e) != 0 || deliver_note(d, e) != 0)
		return -1;
	for (struct parcel *p = d->parcels; p; p = p->next) {
		struct outbox *o = deliver_outbox(d, p);

		if (p->state != PARCEL_HANDING || !o)
			continue;
		if (p->marker[0] && outbox_hand(o, p->staged, p->name, e) != 0)
			return -1;
		if (outbox_hand(o, p->marker[0] ? p->staged_marker : p->staged, p->marker[0] ? p->marker : p->name, e) != 0)
			return -1;
	}
	if (settle(d, e) != 0)
		return -1;
	for (struct parcel *p = d->parcels, *next; p; p = next) {
		next = p->next;
		if (p->state == PARCEL_HANDING && deliver_outbox(d, p) && deliver_end_parcel(d, p, e) != 0)
			return -1;
	}
	return 0;
}
