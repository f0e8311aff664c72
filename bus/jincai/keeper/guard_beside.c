/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_parts.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "fsys.h"
#include "guard_anchor.h"
#include "items.h"
#include "ledger.h"
#include "log.h"

#define WITNESS ".jincai-witness"

/* ---- witnesses ---- */

bool guard_is_money(const struct site_destination *d)
{
	return d->said != SITE_OFF && items_pays(d);
}

/* Calls each with the path of every witness file; d: whose folder it lies in, NULL for the one beside the site. */
static int each_witness(const struct site *s, int (*each)(void *arg, const char *path, const struct site_destination *d,
	struct err *e), void *arg, struct err *e)
{
	struct buf path = BUF_INIT;
	int ret;

	if (s->witness)
		buf_str(&path, s->witness);
	else
		buf_printf(&path, "%s/" WITNESS, s->base);
	ret = each(arg, buf_text(&path), NULL, e);
	for (unsigned i = 0; i < s->ndestinations && ret == 0; i++)
		if (guard_is_money(&s->destinations[i])) {
			buf_clear(&path);
			buf_printf(&path, "%s/.staging/witness", s->destinations[i].folder);
			ret = each(arg, buf_text(&path), &s->destinations[i], e);
		}
	buf_done(&path);
	return ret;
}

static void names_another(struct guard_looking *l, const char *path)
{
	if (!l->another.id)
		err_set(&l->another, E_GUARD_REPLACED, "file=%s", path);
	if (!l->why->id)
		*l->why = l->another;
}

/* A file that is no witness says nothing; one of an older format neither. */
static int look_at_witness(void *arg, const char *path, const struct site_destination *d, struct err *e)
{
	struct guard_looking *l = arg;
	struct buf text = BUF_INIT;
	json_t *o = fsys_get(AT_FDCWD, path, 4096, &text, e) == 0 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	const char *store = json_string_value(json_object_get(o, "store"));
	const uint64_t openings = guard_number(o, "openings");
	const json_t *accepted = store ? json_object_get(l->life->accepted, store) : NULL;

	(void)d;
	if (store && l->others)
		json_object_set(l->others, store, json_object_get(o, "openings"));
	if (!store)
		;
	else if (!l->known || strcmp(store, l->life->store) != 0) {
		if (!accepted || (uint64_t)json_integer_value(accepted) < openings)
			names_another(l, path);
	} else {
		l->ahead = openings > l->ahead ? openings : l->ahead;
		if (!l->why->id && openings > l->life->openings)
			err_set(l->why, E_GUARD_RESTORED, "file=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, path, openings,
				l->life->openings);
	}
	json_decref(o);
	buf_done(&text);
	return 0;
}

static int put_witness(void *arg, const char *path, const struct site_destination *d, struct err *e)
{
	const struct guard_life *l = arg;
	const char *slash = strrchr(path, '/');
	struct buf text = BUF_INIT, folder = BUF_INIT;
	int fd, ret;

	/* In shadow the receiver's folder stays as it is. */
	if (d && d->mode != SITE_LIVE)
		return 0;
	buf_printf(&text, "{\"store\":\"%s\",\"openings\":%" PRIu64 "}\n", l->store, l->openings);
	buf_printf(&folder, "%.*s", (int)(slash - path), path);
	ret = !d ? 0 : fsys_make_path(buf_text(&folder), e);
	if (ret == 0)
		ret = fsys_open_dir(AT_FDCWD, slash == path ? "/" : buf_text(&folder), &fd, e);
	if (ret == 0) {
		ret = fsys_put(fd, slash + 1, buf_as_span(&text), e);
		close(fd);
	}
	/* A destination's folder that cannot be written stops that destination, and says so itself. */
	if (ret != 0 && d) {
		log_line(LOG_WARN, "guard.no_witness", "err=%s", err_code(e->id)->name);
		ret = 0;
	} else if (ret != 0 && err_kind(e) == ERR_CONF) {
		ret = err_set(e, E_GUARD_WITNESS, "file=%s", path);
	}
	buf_done(&text);
	buf_done(&folder);
	return ret;
}

/* ---- ledgers ---- */

struct ahead {
	struct guard_looking *l;
	const char *path;
	uint64_t next, no;           /* no: the highest that the store has not given */
	uint64_t last;               /* the highest of our own store */
	uint64_t gaps;               /* their sum */
	unsigned lines, gap;         /* gap: the last line that does not follow */
};

static int look_at_entry(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct ahead *a = arg;
	struct guard_looking *l = a->l;

	(void)e;
	a->lines++;
	a->gaps += x->gap;
	if (x->gap)
		a->gap = a->lines;
	if (!l->known || strcmp(x->store, l->life->store) != 0) {
		if (!json_object_get(l->life->accepted, x->store))
			names_another(l, a->path);
		if (l->others && !json_object_get(l->others, x->store))
			json_object_set_new(l->others, x->store, json_integer(0));
		return 0;
	}
	a->last = x->no > a->last ? x->no : a->last;
	if (x->no >= a->next && x->no > a->no)
		a->no = x->no;
	return 0;
}

static bool is_short(const struct ahead *a, const char *name, uint64_t handed)
{
	return handed > a->last && handed > guard_number(a->l->life->missing, name);
}

static bool has_gap(const struct ahead *a, const char *name)
{
	return a->gap && a->gaps != guard_number(a->l->life->gaps, name);
}

static void judge_ledger(const struct ahead *a, const char *name, uint64_t handed)
{
	struct guard_looking *l = a->l;

	if (a->no && l->reached)
		json_object_set_new(l->reached, name, json_integer((json_int_t)a->no));
	if (handed > a->last && l->missing)
		json_object_set_new(l->missing, name, json_integer((json_int_t)handed));
	if (a->gap && l->gaps)
		json_object_set_new(l->gaps, name, json_integer((json_int_t)a->gaps));
	if (l->why->id)
		return;
	if (a->no > guard_number(l->life->ledgers, name))
		err_set(l->why, E_GUARD_RESTORED, "file=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, a->path, a->no,
			a->next - 1);
	else if (is_short(a, name, handed))
		err_set(l->why, E_GUARD_LEDGER, "file=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, a->path, handed, a->last);
	else if (has_gap(a, name))
		err_set(l->why, E_GUARD_GAP, "file=%s\nline=%u", a->path, a->gap);
}

/*
 * What was handed over stands in the ledger before, and in the store before that: a number that the store has not given. What is
 * done is there; of another folder nothing is known.
 */
static int look_at_ledger(struct guard_looking *l, const char *name, const char *in, bool last, bool *ret_whole, struct err *e)
{
	struct ahead a = {.l = l};
	struct buf key = BUF_INIT, text = BUF_INIT, path = BUF_INIT;
	const char *folder;
	uint64_t handed, had;
	bool same;
	json_t *o;
	int got;

	buf_printf(&key, "%s/out", name);
	got = bus_position_get(l->bus, buf_text(&key), &text, e);
	o = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	a.next = o ? guard_number(o, "next") : 1;
	folder = json_string_value(json_object_get(o, "folder"));
	same = last || (folder && strcmp(folder, in) == 0);
	handed = same ? guard_number(o, "handed") : 0;
	had = same || !folder ? guard_number(l->life->ledgers, name) : 0;
	buf_printf(&path, "%s/.staging/ledger", in);
	a.path = buf_text(&path);
	if (got >= 0)
		got = ledger_each(in, look_at_entry, &a, e);
	if (got == 0) {
		*ret_whole = !is_short(&a, name, handed > had ? handed : had) && !has_gap(&a, name);
		judge_ledger(&a, name, handed);
	}
	json_decref(o);
	buf_done(&path);
	buf_done(&key);
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

int guard_ledger_tells(struct bus *b, const char *name, const char *folder, bool last, struct err *e)
{
	struct guard_life life;
	struct err why = ERR_INIT;
	struct guard_looking l = {.bus = b, .life = &life, .known = true, .why = &why};
	bool whole = true;
	int got = guard_life_read(b, &life, e);

	if (got == 1 && life.accepted)
		got = look_at_ledger(&l, name, folder, last, &whole, e);
	guard_life_done(&life);
	return got < 0 ? -1 : whole;
}

/* ---- all of it ---- */

static int look_at_anchor(struct guard_looking *l, struct err *e)
{
	struct guard_anchor a = {.path = l->site->audit.anchor, .bus = l->bus, .store = l->known ? l->life->store : NULL,
		.openings = l->life->openings, .accepted = l->life->anchored};

	if (!a.path)
		return 0;
	if (guard_anchor_look(&a, e) != 0)
		return -1;
	l->lines = a.lines;
	l->ahead = a.ahead > l->ahead ? a.ahead : l->ahead;
	if (a.another)
		names_another(l, a.path);
	if (a.why.id && !l->why->id)
		*l->why = a.why;
	return 0;
}

int guard_look_beside(struct guard_looking *l, struct err *e)
{
	bool whole;

	if (each_witness(l->site, look_at_witness, l, e) != 0)
		return -1;
	for (unsigned i = 0; i < l->site->ndestinations; i++)
		if (guard_is_money(&l->site->destinations[i]) &&
			look_at_ledger(l, l->site->destinations[i].name, l->site->destinations[i].folder, false, &whole, e) != 0)
			return -1;
	return look_at_anchor(l, e);
}

int guard_put_witnesses(const struct site *s, struct guard_life *l, struct err *e)
{
	if (each_witness(s, put_witness, l, e) != 0)
		return -1;
	return s->audit.anchor ? guard_anchor_put(s->audit.anchor, l->store, l->openings, e) : 0;
}
