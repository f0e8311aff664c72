/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act.h"
#include "clock.h"
#include "fsys.h"
#include "guard_anchor.h"
#include "hash.h"
#include "items.h"
#include "jscan.h"
#include "ledger.h"
#include "log.h"

#define LIFE SITE_KEEPER "/life"
#define GUARD SITE_KEEPER "/guard"
#define WITNESS ".jincai-witness"
#define BEHIND_MAX_MS 120000         /* so much a clock may be set back */

struct life {
	char store[GUARD_STORE], machine[GUARD_STORE];
	uint64_t openings, device, inode;
	int64_t clock_ms;            /* at the last opening */
	int64_t behind_ms;           /* a clock that is behind this one was accepted */
	json_t *accepted;            /* other stores whose witness was accepted: id -> openings; NULL: none */
	json_t *ledgers;             /* up to which number a ledger was accepted: destination -> number; NULL: none */
	json_t *missing;             /* up to which number a ledger that lacks it was accepted; the same */
	json_t *gaps;                /* a sum of the gaps of a ledger that were accepted; the same */
	uint64_t anchored;           /* so many lines of the anchor were accepted */
};

/* ---- what is ---- */

static void short_digest(struct span text, char ret[GUARD_STORE])
{
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;

	hash_sha256(text.p, text.n, digest);
	hash_hex(&hex, digest, 16);
	snprintf(ret, GUARD_STORE, "%s", buf_text(&hex));
	buf_done(&hex);
}

/* The id itself is nobody's business: machine-id(5). A machine without one is like all that have none. */
static void machine_now(char ret[GUARD_STORE])
{
	struct buf id = BUF_INIT;
	struct err ignored;

	buf_str(&id, "jincai ");
	if (fsys_get(AT_FDCWD, "/etc/machine-id", 4096, &id, &ignored) != 0)
		buf_str(&id, "-");
	short_digest(buf_as_span(&id), ret);
	buf_done(&id);
}

static int place_now(struct bus *b, struct life *l, struct err *e)
{
	struct buf path = BUF_INIT;
	struct stat st;
	int ret = 0;

	buf_printf(&path, "%s/data.mdb", bus_folder(b));
	if (stat(buf_text(&path), &st) != 0)
		ret = err_sys(e, E_FILE_FAILED, buf_text(&path), errno);
	buf_done(&path);
	machine_now(l->machine);
	l->device = (uint64_t)st.st_dev;
	l->inode = (uint64_t)st.st_ino;
	return ret;
}

static int new_store(struct life *l, struct err *e)
{
	uint8_t random[16];
	struct buf hex = BUF_INIT;

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return err_set(e, E_FILE_FAILED, "file=getrandom\nwhy=no random numbers");
	hash_hex(&hex, random, sizeof random);
	snprintf(l->store, sizeof l->store, "%s", buf_text(&hex));
	buf_done(&hex);
	return 0;
}

/* ---- the life of the store ---- */

static void text_of(const json_t *o, const char *name, char *ret, size_t cap)
{
	const char *t = json_string_value(json_object_get(o, name));

	snprintf(ret, cap, "%s", t ? t : "");
}

static uint64_t number_of(const json_t *o, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(o, name));
}

/* 1, 0 none, -1. */
static int life_read(struct bus *b, struct life *ret, struct err *e)
{
	struct buf text = BUF_INIT;
	int got = bus_position_get(b, LIFE, &text, e);
	json_t *o = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;

	*ret = (struct life){.openings = number_of(o, "openings"), .device = number_of(o, "device"),
		.inode = number_of(o, "inode"), .clock_ms = json_integer_value(json_object_get(o, "clock")),
		.behind_ms = json_integer_value(json_object_get(o, "behind")),
		.accepted = json_incref(json_object_get(o, "accepted")), .ledgers = json_incref(json_object_get(o, "ledgers")),
		.missing = json_incref(json_object_get(o, "missing")), .gaps = json_incref(json_object_get(o, "gaps")), .anchored = number_of(o, "anchored")};
	text_of(o, "store", ret->store, sizeof ret->store);
	text_of(o, "machine", ret->machine, sizeof ret->machine);
	if (got == 1 && !ret->store[0])
		got = err_set(e, E_FLOW_POSITION, "name=" LIFE);
	json_decref(o);
	buf_done(&text);
	return got;
}

static void write_object(const char *name, const json_t *o, struct buf *b)
{
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

	if (text)
		buf_printf(b, ",\"%s\":%s", name, text);
	free(text);
}

static void life_write(const struct life *l, struct buf *b)
{
	buf_printf(b, "{\"store\":\"%s\",\"openings\":%" PRIu64 ",\"machine\":\"%s\",\"device\":%" PRIu64 ",\"inode\":%" PRIu64
		",\"clock\":%" PRId64 ",\"behind\":%" PRId64 ",\"anchored\":%" PRIu64, l->store, l->openings, l->machine, l->device,
		l->inode, l->clock_ms, l->behind_ms, l->anchored);
	write_object("accepted", l->accepted, b);
	write_object("ledgers", l->ledgers, b);
	write_object("missing", l->missing, b);
	write_object("gaps", l->gaps, b);
	buf_c(b, '}');
}

static void life_done(struct life *l)
{
	json_decref(l->accepted);
	json_decref(l->ledgers);
	json_decref(l->missing);
	json_decref(l->gaps);
}

static int64_t last_ms(struct bus *b, const struct life *l)
{
	return bus_last_ms(b) > l->clock_ms ? bus_last_ms(b) : l->clock_ms;
}

/* ---- witnesses ---- */

static bool is_money(const struct site_destination *d)
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
		if (is_money(&s->destinations[i])) {
			buf_clear(&path);
			buf_printf(&path, "%s/.staging/witness", s->destinations[i].folder);
			ret = each(arg, buf_text(&path), &s->destinations[i], e);
		}
	buf_done(&path);
	return ret;
}

struct looking {
	const struct site *site;
	struct bus *bus;
	const struct life *life;
	bool known;                  /* the store has a life */
	json_t *others;              /* when resuming: id -> openings of all witnesses; 0: of a ledger's line */
	json_t *reached;             /* when resuming: destination -> highest number of ledgers that are ahead */
	json_t *missing;             /* when resuming: destination -> number up to which its ledger should go and does not */
	json_t *gaps;                /* when resuming: destination -> sum of the gaps in its ledger */
	uint64_t lines;              /* of the anchor */
	uint64_t ahead;              /* the most openings that a witness of our own store says */
	struct err *why;
	struct err another;          /* not E_NONE: the first that names another store */
};

static void names_another(struct looking *l, const char *path)
{
	if (!l->another.id)
		err_set(&l->another, E_GUARD_REPLACED, "file=%s", path);
	if (!l->why->id)
		*l->why = l->another;
}

/* A file that is no witness says nothing; one of an older format neither. */
static int look_at_witness(void *arg, const char *path, const struct site_destination *d, struct err *e)
{
	struct looking *l = arg;
	struct buf text = BUF_INIT;
	json_t *o = fsys_get(AT_FDCWD, path, 4096, &text, e) == 0 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	const char *store = json_string_value(json_object_get(o, "store"));
	const uint64_t openings = number_of(o, "openings");
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
	const struct life *l = arg;
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
	struct looking *l;
	const char *path;
	uint64_t next, no;           /* no: the highest that the store has not given */
	uint64_t last;               /* the highest of our own store */
	uint64_t gaps;               /* their sum */
	unsigned lines, gap;         /* gap: the last line that does not follow */
};

static int look_at_entry(void *arg, const struct ledger_entry *x, struct err *e)
{
	struct ahead *a = arg;
	struct looking *l = a->l;

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

static void judge_ledger(struct looking *l, const struct site_destination *d, const struct ahead *a, uint64_t handed)
{
	if (a->no && l->reached)
		json_object_set_new(l->reached, d->name, json_integer((json_int_t)a->no));
	if (handed > a->last && l->missing)
		json_object_set_new(l->missing, d->name, json_integer((json_int_t)handed));
	if (a->gap && l->gaps)
		json_object_set_new(l->gaps, d->name, json_integer((json_int_t)a->gaps));
	if (l->why->id)
		return;
	if (a->no > number_of(l->life->ledgers, d->name))
		err_set(l->why, E_GUARD_RESTORED, "file=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, a->path, a->no, a->next - 1);
	else if (handed > a->last && handed > number_of(l->life->missing, d->name))
		err_set(l->why, E_GUARD_LEDGER, "file=%s\nwant=%" PRIu64 "\ngot=%" PRIu64, a->path, handed, a->last);
	else if (a->gap && a->gaps != number_of(l->life->gaps, d->name))
		err_set(l->why, E_GUARD_GAP, "file=%s\nline=%u", a->path, a->gap);
}

/*
 * What was handed over stands in the ledger before, and in the store before that: a number that the store has not given. What is
 * done is there; of another folder nothing is known.
 */
static int look_at_ledger(struct looking *l, const struct site_destination *d, struct err *e)
{
	struct ahead a = {.l = l};
	struct buf key = BUF_INIT, text = BUF_INIT, path = BUF_INIT;
	const char *folder;
	json_t *o;
	int got;

	buf_printf(&key, "%s/out", d->name);
	got = bus_position_get(l->bus, buf_text(&key), &text, e);
	o = got == 1 ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	a.next = o ? number_of(o, "next") : 1;
	folder = json_string_value(json_object_get(o, "folder"));
	buf_printf(&path, "%s/.staging/ledger", d->folder);
	a.path = buf_text(&path);
	if (got >= 0)
		got = ledger_each(d->folder, look_at_entry, &a, e);
	if (got == 0)
		judge_ledger(l, d, &a, folder && strcmp(folder, d->folder) == 0 ? number_of(o, "handed") : 0);
	json_decref(o);
	buf_done(&path);
	buf_done(&key);
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

/* ---- judging ---- */

static int look_at_anchor(struct looking *l, struct err *e)
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

static int look_beside(struct looking *l, struct err *e)
{
	if (each_witness(l->site, look_at_witness, l, e) != 0)
		return -1;
	for (unsigned i = 0; i < l->site->ndestinations; i++)
		if (is_money(&l->site->destinations[i]) && look_at_ledger(l, &l->site->destinations[i], e) != 0)
			return -1;
	return look_at_anchor(l, e);
}

static int judge(struct looking *l, struct err *e)
{
	struct life now = {.openings = 0};
	int64_t behind;

	if (look_beside(l, e) != 0)
		return -1;
	if (!l->known || l->why->id)
		return 0;
	if (place_now(l->bus, &now, e) != 0)
		return -1;
	behind = last_ms(l->bus, l->life) - clock_now_ms();
	if (strcmp(now.machine, l->life->machine) != 0)
		err_set(l->why, E_GUARD_MOVED, "folder=%s", bus_folder(l->bus));
	else if (now.device != l->life->device || now.inode != l->life->inode)
		err_set(l->why, E_GUARD_COPIED, "folder=%s", bus_folder(l->bus));
	else if (behind > BEHIND_MAX_MS && last_ms(l->bus, l->life) > l->life->behind_ms)
		err_set(l->why, E_GUARD_CLOCK, "minutes=%" PRId64, behind / 60000);
	return 0;
}

int guard_look(struct bus *b, struct err *ret_why, int64_t *ret_since_ms, struct err *e)
{
	struct buf text = BUF_INIT;
	int got = bus_position_get(b, GUARD, &text, e);
	json_t *o = got == 1 && text.n ? json_loadb(text.p, text.n, 0, NULL) : NULL;
	const char *why = json_string_value(json_object_get(o, "why")), *args = json_string_value(json_object_get(o, "args"));

	*ret_why = ERR_INIT;
	if (ret_since_ms && clock_read(span_of(json_string_value(json_object_get(o, "at"))), ret_since_ms) != 0)
		*ret_since_ms = 0;
	if (o && why && args)
		err_restore(ret_why, why, strlen(why), args, strlen(args));
	if (got == 1 && text.n && !ret_why->id)
		got = err_set(e, E_FLOW_POSITION, "name=" GUARD);
	json_decref(o);
	buf_done(&text);
	return got < 0 ? -1 : 0;
}

static void write_why(const struct err *why, struct buf *b)
{
	struct buf time = BUF_INIT;

	clock_write(&time, clock_now_ms());
	buf_printf(b, "{\"at\":\"%s\"", buf_text(&time));
	json_member(b, "why", span_of(err_code(why->id)->name));
	json_member(b, "args", span_of(why->args));
	buf_c(b, '}');
	buf_done(&time);
}

/* One commit, under the keeper's name: it is not running yet. guard: NULL leaves that as it is. */
static int put(struct bus *b, const struct life *l, const struct buf *guard, struct err *e)
{
	struct buf life = BUF_INIT;
	struct bus_owner *o = NULL;
	int ret;

	life_write(l, &life);
	ret = bus_own(b, SITE_KEEPER, &o, e) != 0 || bus_position_put(o, LIFE, buf_as_span(&life), e) != 0 ||
		(guard && bus_position_put(o, GUARD, guard->n ? buf_as_span(guard) : SPAN(""), e) != 0) ||
		bus_commit(o, e) != 0 ? -1 : 0;
	bus_disown(o);
	buf_done(&life);
	return ret;
}

/* Where it is now is where it belongs; whoever said otherwise is heard no more. */
static int renew(struct looking *l, struct life *life, struct err *e)
{
	struct err ignored = ERR_INIT;

	l->why = &ignored;
	l->others = life->accepted ? json_incref(life->accepted) : json_object();
	l->reached = life->ledgers ? json_incref(life->ledgers) : json_object();
	l->missing = life->missing ? json_incref(life->missing) : json_object();
	l->gaps = json_object();
	if (look_beside(l, e) != 0 || place_now(l->bus, life, e) != 0) {
		json_decref(l->others);
		json_decref(l->reached);
		json_decref(l->missing);
		json_decref(l->gaps);
		return -1;
	}
	json_object_del(l->others, life->store);
	json_decref(life->accepted);
	life->accepted = l->others;
	json_decref(life->ledgers);
	life->ledgers = l->reached;
	json_decref(life->missing);
	life->missing = l->missing;
	json_decref(life->gaps);
	life->gaps = l->gaps;
	life->anchored = l->lines;
	life->openings = (l->ahead > life->openings ? l->ahead : life->openings) + 1;
	life->behind_ms = last_ms(l->bus, life);
	return 0;
}

/* Nobody could let it go: it is said, and goes on. */
static int go_on(struct looking *l, struct life *life, struct err *why, struct err *e)
{
	log_line(LOG_WARN, "guard.alone", "err=%s do=a_test_site_without_people_goes_on_by_itself", err_code(why->id)->name);
	*why = ERR_INIT;
	return renew(l, life, e);
}

static int judge_and_put(struct looking *l, struct life *life, bool alone, struct err *why, struct err *e)
{
	struct err before;
	struct buf guard = BUF_INIT;
	int ret;

	if (guard_look(l->bus, &before, NULL, e) != 0 || judge(l, e) != 0 ||
		(!l->known && (new_store(life, e) != 0 || place_now(l->bus, life, e) != 0)))
		return -1;
	if (alone && l->another.id)
		*why = l->another;
	else if (before.id)
		*why = before;
	if (alone && why->id && !l->another.id && go_on(l, life, why, e) != 0)
		return -1;
	life->openings++;
	if (clock_now_ms() > life->clock_ms)
		life->clock_ms = clock_now_ms();
	if (why->id && !before.id)
		write_why(why, &guard);
	ret = put(l->bus, life, guard.n || (before.id && !why->id) ? &guard : NULL, e);
	buf_done(&guard);
	/* Witnesses that know more than the store are left as they are. */
	if (ret != 0 || why->id)
		return ret;
	if (each_witness(l->site, put_witness, life, e) != 0)
		return -1;
	return l->site->audit.anchor ? guard_anchor_put(l->site->audit.anchor, life->store, life->openings, e) : 0;
}

int guard_begin(const struct site *s, struct bus *b, bool alone, struct guard *ret, struct err *e)
{
	struct life life;
	struct looking l = {.site = s, .bus = b, .life = &life};
	int got = life_read(b, &life, e);

	*ret = (struct guard){.why = ERR_INIT};
	l.why = &ret->why;
	l.known = got == 1;
	if (got >= 0)
		got = judge_and_put(&l, &life, alone, &ret->why, e);
	memcpy(ret->store, life.store, sizeof ret->store);
	life_done(&life);
	return got < 0 ? -1 : 0;
}

bool guard_stops(const struct guard *g, const struct site_destination *d)
{
	return g->why.id && items_pays(d);
}

/* ---- letting go ---- */

static int digest_entry(void *arg, const struct ledger_entry *x, struct err *e)
{
	(void)e;
	hash_sha256_add(arg, x->digest, strlen(x->digest));
	hash_sha256_add(arg, &x->no, sizeof x->no);
	return 0;
}

int guard_digest(const struct site *s, struct bus *b, char ret[65], struct err *e)
{
	struct hash_sha256 *h = hash_sha256_new();
	uint8_t digest[HASH_SHA256];
	struct buf text = BUF_INIT;
	int got = bus_position_get(b, GUARD, &text, e);

	hash_sha256_add(h, text.p ? text.p : "", text.n);
	for (unsigned i = 0; got >= 0 && i < s->ndestinations; i++)
		if (is_money(&s->destinations[i]))
			got = ledger_each(s->destinations[i].folder, digest_entry, h, e);
	hash_sha256_get(h, digest);
	buf_clear(&text);
	hash_hex(&text, digest, sizeof digest);
	snprintf(ret, 65, "%s", buf_text(&text));
	buf_done(&text);
	hash_sha256_free(h);
	return got < 0 ? -1 : 0;
}

static int let_go(struct flow *f, const struct site *s, const struct act *a, struct err *e)
{
	struct life life;
	struct looking l = {.site = s, .bus = f->bus, .life = &life, .known = true};
	struct buf text = BUF_INIT;
	int got = life_read(f->bus, &life, e);

	if (got == 1)
		got = renew(&l, &life, e);
	if (got == 0) {
		life_write(&life, &text);
		got = flow_position_put(f, "life", buf_as_span(&text), e) != 0 || flow_position_put(f, "guard", SPAN(""), e) != 0 ||
			flow_act_outcome(f, a, "done", "", e) != 0 ? -1 : 1;
	}
	if (got == 1)
		log_line(LOG_WARN, "guard.resumed", "by=%.*s openings=%" PRIu64, SPAN_F(a->by), life.openings);
	life_done(&life);
	buf_done(&text);
	return got;
}

int guard_act(struct flow *f, const struct site *s, const struct act *a, struct err *e)
{
	struct err why;
	char digest[65];

	if (guard_look(f->bus, &why, NULL, e) != 0 || guard_digest(s, f->bus, digest, e) != 0)
		return -1;
	if (why.id && span_is(a->digest, digest))
		return let_go(f, s, a, e);
	return flow_act_outcome(f, a, "refused", err_code(why.id ? E_ACT_CHANGED : E_GUARD_NONE)->name, e);
}
