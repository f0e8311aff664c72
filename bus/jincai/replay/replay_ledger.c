/* SPDX-License-Identifier: Apache-2.0 */
#include "replay_batches_parts.h"

#include "guard.h"
#include "json_text.h"
#include "ledger.h"
#include "parcels.h"

/*
 * A store that was restored does not know what went out since the backup; the ledgers beside the folders of its banks do (guard.h).
 * They name batches, not lines: a batch of which a ledger has a parcel that the store does not know goes to no other bank, and not
 * once more to that one. A ledger that is gone or was cut short would say nothing of it: then nothing goes at all.
 */
struct ledger_look {
	struct replay_batches *batches;
	struct parcels parcels;
	bool own;                    /* of the destination that it goes to */
};

static int look_at_entry(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct ledger_look *l = arg;
	const struct parcel *p = parcels_numbered(&l->parcels, x->no);
	struct replay_batch *b = *replay_batches_slot(l->batches, span_of(x->batchid));

	(void)e;
	if (b && !(p && !p->shadow && strcmp(p->digest, x->digest) == 0))
		*(l->own ? &b->own_ledger : &b->ledger) = true;
	return 0;
}

static int look_at_folder(struct ledger_look *l, const char *name, const char *folder, bool last, struct err *e)
{
	const int tells = guard_ledger_tells(l->batches->bus, name, folder, last, e);

	if (tells != 1)
		return tells < 0 ? -1 : err_set(e, E_REPLAY_LEDGER, "file=%s/.staging/ledger\nto=%s", folder, name);
	return ledger_each(folder, look_at_entry, l, e);
}

/* Where its ledger was when something was last handed over: the site may name another folder by now, or no such bank. */
static int last_folder(struct bus *b, const char *name, struct buf *ret, struct err *e)
{
	struct buf key = BUF_INIT, text = BUF_INIT;
	json_t *o = NULL;
	int got;

	buf_printf(&key, "%s/out", name);
	got = bus_position_get(b, buf_text(&key), &text, e);
	if (got == 1)
		o = json_loadb(text.p, text.n, 0, NULL);
	buf_str(ret, json_text(o, "folder"));
	json_decref(o);
	buf_done(&key);
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

/* Relative ones are so to where the program was begun: of a destination that the site names that is the same folder, spelled another
 * way; of another it lies beside the site. */
static int look_at_last(struct ledger_look *l, const char *name, const char *last, struct err *e)
{
	struct buf path = BUF_INIT;
	int ret;

	buf_printf(&path, "%s%s%s", last[0] == '/' ? "" : l->batches->site->base, last[0] == '/' ? "" : "/", last);
	ret = look_at_folder(l, name, buf_text(&path), true, e);
	buf_done(&path);
	return ret;
}

/* folder: as the site names it; NULL: it does not. */
static int look_at_one(struct replay_batches *x, const char *name, const char *folder, bool own, struct err *e)
{
	struct ledger_look l = {.batches = x, .own = own};
	struct buf last = BUF_INIT;
	int ret = last_folder(x->bus, name, &last, e);
	const char *was = buf_text(&last);
	const bool other = folder && was[0] == '/' && strcmp(was, folder) != 0;

	if (ret == 0)
		ret = parcels_load(x->bus, name, &l.parcels, e);
	if (ret == 0 && folder)
		ret = look_at_folder(&l, name, folder, was[0] && !other, e);
	if (ret == 0 && was[0] && (other || !folder))
		ret = look_at_last(&l, name, was, e);
	parcels_done(&l.parcels);
	buf_done(&last);
	return ret;
}

static bool is_named(const struct site *s, const char *name)
{
	for (unsigned d = 0; d < s->ndestinations; d++)
		if (strcmp(s->destinations[d].name, name) == 0)
			return true;
	return false;
}

int replay_batches_ledgers(struct replay_batches *x, struct err *e)
{
	const unsigned others = x->handed ? replay_handed_count(x->handed) : 0;
	int ret = 0;

	for (unsigned d = 0; x->handed && d < x->site->ndestinations && ret == 0; d++) {
		const struct site_destination *to = &x->site->destinations[d];

		ret = replay_pays(x->bus, to, e);
		if (ret == 1)
			ret = look_at_one(x, to->name, to->folder, d == x->d, e);
	}
	for (unsigned i = 0; i < others && ret == 0; i++)
		if (!is_named(x->site, replay_handed_name(x->handed, i)))
			ret = look_at_one(x, replay_handed_name(x->handed, i), NULL, false, e);
	return ret;
}
