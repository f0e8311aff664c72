/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_batches_parts.h"

#include "ledger.h"
#include "parcels.h"

/*
 * A store that was restored does not know what went out since the backup; the ledgers beside the folders of its banks do (guard.h).
 * They name batches, not lines: a batch of which a ledger has a parcel that the store does not know goes to no other bank.
 */
struct ledger_look {
	struct replay_batches *batches;
	struct parcels parcels;
};

static int look_at_entry(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct ledger_look *l = arg;
	const struct parcel *p = parcels_numbered(&l->parcels, x->no);
	struct replay_batch *b = *replay_batches_slot(l->batches, span_of(x->batchid));

	(void)e;
	if (b && !(p && !p->shadow && strcmp(p->digest, x->digest) == 0))
		b->ledger = true;
	return 0;
}

static int look_at_one(struct replay_batches *x, const struct site_destination *to, struct err *e)
{
	struct ledger_look l = {.batches = x};
	int ret = replay_pays(x->bus, to, e);

	if (ret != 1 || !to->folder)
		return ret < 0 ? -1 : 0;
	ret = parcels_load(x->bus, to->name, &l.parcels, e);
	if (ret == 0)
		ret = ledger_each(to->folder, look_at_entry, &l, e);
	parcels_done(&l.parcels);
	return ret;
}

int replay_batches_ledgers(struct replay_batches *x, struct err *e)
{
	int ret = 0;

	for (unsigned d = 0; x->handed && d < x->site->ndestinations && ret == 0; d++)
		if (d != x->d)
			ret = look_at_one(x, &x->site->destinations[d], e);
	return ret;
}
