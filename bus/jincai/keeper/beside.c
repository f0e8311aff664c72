/* SPDX-License-Identifier: Apache-2.0 */
#include "beside.h"

#include <stdlib.h>
#include <time.h>

#include "clock.h"
#include "hash.h"
#include "log.h"
#include "say.h"

#define ASK_MS 500
#define SAY_MS 60000                 /* how often it is said what is waited for */

/* ---- the state ---- */

static void add(struct hash_sha256 *h, const json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;

	hash_sha256_add(h, text ? text : "-", text ? strlen(text) + 1 : 2);
	free(text);
}

/* Of those approved only what is due: more of them change nothing yet. */
static json_t *due_of(const struct adopted *a)
{
	json_t *ret = json_array(), *one;
	char today[11];
	size_t i;

	clock_date(clock_day(clock_now_ms()), today);
	json_array_foreach(json_object_get(a->root, "next"), i, one)
		if (strcmp(json_string_value(json_object_get(one, "from")), today) <= 0)
			json_array_append(ret, one);
	return ret;
}

int beside_state(struct bus *b, char ret[BESIDE_STATE], struct err *e)
{
	struct adopted a = {0};
	struct hash_sha256 *h;
	uint8_t digest[HASH_SHA256];
	struct buf hex = BUF_INIT;
	json_t *due;
	int got = adopted_read(b, &a, e) != 0 ? -1 : a.root != NULL;

	if (got == 1) {
		h = hash_sha256_new();
		due = due_of(&a);
		add(h, json_object_get(a.root, "items"));
		add(h, json_object_get(a.root, "live"));
		add(h, json_object_get(a.root, "ever"));
		add(h, due);
		hash_sha256_get(h, digest);
		hash_sha256_free(h);
		json_decref(due);
		hash_hex(&hex, digest, sizeof digest);
		snprintf(ret, BESIDE_STATE, "%s", buf_text(&hex));
		buf_done(&hex);
	}
	adopted_done(&a);
	return got;
}

/* ---- waiting ---- */

/* One wait: false when it was asked to stop. */
static bool rest(const struct beside *w)
{
	const struct timespec t = {.tv_nsec = ASK_MS % 1000 * 1000000L, .tv_sec = ASK_MS / 1000};

	if (!atomic_load(w->stop))
		nanosleep(&t, NULL);
	return !atomic_load(w->stop);
}

/* Asks until it answers 1 or -1, says once in a while what it waits for. why: set by ask when it answers 0. */
static int await(const struct beside *w, int (*ask)(void *arg, struct err *why, struct err *e), void *arg, struct err *e)
{
	int64_t since = clock_steady_ms(), said = 0;
	struct err why = ERR_INIT;
	int got;

	while ((got = ask(arg, &why, e)) == 0) {
		int64_t now = clock_steady_ms();

		if (w->patience_ms && now - since > w->patience_ms) {
			*e = why;
			return -1;
		}
		if (!said || now - said > SAY_MS) {
			log_err(LOG_WARN, "run.waits", &why, "do=wait");
			said = now;
		}
		if (!rest(w))
			return 0;
	}
	return got;
}

static int ask_in_force(void *arg, struct err *why, struct err *e)
{
	struct beside *w = arg;

	err_set(why, E_RUN_NOT_IN_FORCE, "%s", "");
	return beside_state(w->bus, w->state, e);
}

int beside_begin(struct beside *w, struct err *e)
{
	return await(w, ask_in_force, w, e);
}

void beside_look(void *arg)
{
	struct beside *w = arg;
	char now[BESIDE_STATE];
	int none = 0;
	struct err e;

	if (beside_state(w->bus, now, &e) == 1 && strcmp(now, w->state) != 0)
		atomic_compare_exchange_strong(w->stop, &none, KEEPER_AGAIN);
}

static bool is_other(const struct beside *w)
{
	char now[BESIDE_STATE];
	struct err e;

	return beside_state(w->bus, now, &e) == 1 && strcmp(now, w->state) != 0;
}

/* ---- ending what was begun ---- */

/* The flows of a site of one step: the n-th name, NULL behind the last. One that is off has begun nothing. */
static const char *flow_of(const struct site *s, enum beside_step step, unsigned n)
{
	if (step == BESIDE_ROUTER)
		return n == 0 ? SITE_ROUTER : NULL;
	if (step == BESIDE_ADAPTERS)
		return n < s->nadapters ? s->adapters[n].name : NULL;
	for (unsigned i = 0; i < s->ndestinations; i++)
		if (s->destinations[i].mode != SITE_OFF && n-- == 0)
			return s->destinations[i].name;
	return NULL;
}

bool beside_has(const struct beside *w, const struct site *s, enum beside_step step)
{
	const char *name;

	for (unsigned i = 0; (name = flow_of(s, step, i)); i++)
		if (site_wants(w->names, name))
			return true;
	return false;
}

static void key_of(struct buf *b, const char *flow)
{
	buf_clear(b);
	buf_printf(b, "%s/ended", flow);
}

/* Has that flow said it? 1, 0, -1. */
static int has_ended(struct bus *b, const char *flow, const char *state, struct err *e)
{
	struct buf key = BUF_INIT, said = BUF_INIT;
	int got;

	key_of(&key, flow);
	got = bus_position_get(b, buf_text(&key), &said, e);
	if (got == 1 && !span_is(buf_as_span(&said), state))
		got = 0;
	buf_done(&key);
	buf_done(&said);
	return got;
}

/* Into how many flows the n-th one of a step is divided, and the name of each. shares: of the router. */
static unsigned parts_of(const struct site *s, enum beside_step step, const char *name, unsigned shares)
{
	const struct site_destination *d = step == BESIDE_DESTINATIONS ? site_destination_of(s, span_of(name)) : NULL;

	return step == BESIDE_ROUTER ? shares : d ? site_nflows(s, d) : 1;
}

static void part_name(const struct site *s, enum beside_step step, const char *name, unsigned part, unsigned parts,
	char ret[SHARES_NAME])
{
	if (step == BESIDE_DESTINATIONS)
		site_flow_name(site_destination_of(s, span_of(name)), part, ret);
	else
		shares_name(name, part, parts, ret);
}

/* Of the steps before `step`: the first nonzero of each, 0, -1. */
static int walk_missing(struct bus *b, const struct site *s, const char *state, enum beside_step step,
	int (*each)(void *arg, const char *flow), void *arg, struct err *e)
{
	char flow[SHARES_NAME];
	struct shares_now now;
	const char *name;
	int ret = 0;

	if (shares_read(b, SITE_ROUTER, &now, e) != 0)
		return -1;
	for (unsigned n = 0; n < (unsigned)step && ret == 0; n++)
		for (unsigned i = 0; ret == 0 && (name = flow_of(s, (enum beside_step)n, i)); i++) {
			const unsigned parts = parts_of(s, (enum beside_step)n, name, now.of);

			for (unsigned part = 0; part < parts && ret == 0; part++) {
				int got;

				part_name(s, (enum beside_step)n, name, part, parts, flow);
				got = has_ended(b, flow, state, e);
				ret = got == 1 ? 0 : got == 0 ? each(arg, flow) : -1;
			}
		}
	return ret;
}

int beside_missing(struct bus *b, const struct site *s, int (*each)(void *arg, const char *flow), void *arg, struct err *e)
{
	char state[BESIDE_STATE];
	int got = beside_state(b, state, e);

	return got == 1 ? walk_missing(b, s, state, BESIDE_ALL, each, arg, e) : got;
}

struct asking {
	const struct beside *w;
	const struct site *site;
	enum beside_step step;
	struct err *why;
};

static int say_missing(void *arg, const char *flow)
{
	struct asking *x = arg;

	err_set(x->why, E_ADOPT_WAITS, "flow=%s", flow);
	return 1;
}

/* 1: all of the steps before have said it. */
static int ask_ended(void *arg, struct err *why, struct err *e)
{
	struct asking *x = arg;
	int got;

	x->why = why;
	got = walk_missing(x->w->bus, x->site, x->w->state, x->step, say_missing, x, e);
	if (got < 0)
		return -1;
	return got == 0 ? 1 : is_other(x->w) ? 2 : 0;
}

int beside_await(const struct beside *w, const struct site *s, enum beside_step step, struct err *e)
{
	struct asking x = {.w = w, .site = s, .step = step};
	int got = await(w, ask_ended, &x, e);

	return got == 2 ? 0 : got;
}

static int say_ended(const struct beside *w, const char *name, const struct share *share, struct err *e)
{
	struct share s = *share;
	struct bus_owner *o = NULL;
	struct buf key = BUF_INIT;
	int ret = s.whole[0] ? shares_own(&s, w->bus, &o, e) : bus_own(w->bus, name, &o, e);

	key_of(&key, o ? bus_owner_flow(o) : name);
	ret = ret != 0 || bus_position_put(o, buf_text(&key), span_of(w->state), e) != 0 ||
		bus_commit(o, e) != 0 ? -1 : 0;
	bus_disown(o);
	buf_done(&key);
	return ret;
}

static int say_destination(const struct beside *w, const struct site *s, const struct site_destination *d, struct err *e)
{
	char name[SHARES_NAME];

	for (unsigned p = 0; p < site_nflows(s, d); p++) {
		struct share share = site_share(s, d, p);

		site_flow_name(d, p, name);
		share.of = w->parts ? w->parts : 1;
		if ((!d->parted || p % share.of == w->part) && say_ended(w, name, &share, e) != 0)
			return -1;
	}
	return 0;
}

int beside_ended(const struct beside *w, const struct site *s, enum beside_step step, struct err *e)
{
	const struct share router = {.whole = SITE_ROUTER, .part = w->part, .of = w->parts ? w->parts : 1}, none = {.whole = ""};
	const char *name;

	for (unsigned i = 0; (name = flow_of(s, step, i)); i++) {
		if (!site_wants(w->names, name))
			continue;
		if (step == BESIDE_DESTINATIONS ? say_destination(w, s, site_destination_of(s, span_of(name)), e) != 0
						: say_ended(w, name, step == BESIDE_ROUTER ? &router : &none, e) != 0)
			return -1;
	}
	return 0;
}

static int ask_change(void *arg, struct err *why, struct err *e)
{
	const struct beside *w = arg;

	(void)e;
	err_set(why, E_ADOPT_WAITS, "flow=%s", SITE_KEEPER);
	return is_other(w);
}

int beside_await_change(const struct beside *w, struct err *e)
{
	return await(w, ask_change, (void *)(uintptr_t)w, e);
}
