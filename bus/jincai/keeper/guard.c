/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_parts.h"

#include <inttypes.h>

#include "act.h"
#include "clock.h"
#include "hash.h"
#include "jscan.h"
#include "ledger.h"
#include "log.h"

#define GUARD SITE_KEEPER "/guard"
#define BEHIND_MAX_MS 120000         /* so much a clock may be set back */

/* ---- judging ---- */

static int judge(struct guard_looking *l, struct err *e)
{
	struct guard_place now;
	int64_t behind;

	if (guard_look_beside(l, e) != 0)
		return -1;
	if (!l->known || l->why->id)
		return 0;
	if (guard_place_now(l->bus, &now, e) != 0)
		return -1;
	behind = guard_last_ms(l->bus, l->life) - clock_now_ms();
	if (guard_place_other(l->bus, &l->life->place, &now, l->why))
		return 0;
	if (behind > BEHIND_MAX_MS && guard_last_ms(l->bus, l->life) > l->life->behind_ms)
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
static int put(struct bus *b, const struct guard_life *l, const struct buf *guard, struct err *e)
{
	struct buf life = BUF_INIT;
	struct bus_owner *o = NULL;
	int ret;

	guard_life_write(l, &life);
	ret = bus_own(b, SITE_KEEPER, &o, e) != 0 || bus_position_put(o, GUARD_LIFE, buf_as_span(&life), e) != 0 ||
		(guard && bus_position_put(o, GUARD, guard->n ? buf_as_span(guard) : SPAN(""), e) != 0) ||
		bus_commit(o, e) != 0 ? -1 : 0;
	bus_disown(o);
	buf_done(&life);
	return ret;
}

/* Where it is now is where it belongs; whoever said otherwise is heard no more. */
static int renew(struct guard_looking *l, struct guard_life *life, struct err *e)
{
	struct err ignored = ERR_INIT;

	l->why = &ignored;
	l->others = life->accepted ? json_incref(life->accepted) : json_object();
	l->reached = life->ledgers ? json_incref(life->ledgers) : json_object();
	l->missing = life->missing ? json_incref(life->missing) : json_object();
	l->gaps = json_object();
	if (guard_look_beside(l, e) != 0 || guard_place_now(l->bus, &life->place, e) != 0) {
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
	life->behind_ms = guard_last_ms(l->bus, life);
	return 0;
}

/* Nobody could let it go: it is said, and goes on. */
static int go_on(struct guard_looking *l, struct guard_life *life, struct err *why, struct err *e)
{
	log_line(LOG_WARN, "guard.alone", "err=%s do=a_test_site_without_people_goes_on_by_itself",
		err_code(why->id)->name);
	*why = ERR_INIT;
	return renew(l, life, e);
}

static int judge_and_put(struct guard_looking *l, struct guard_life *life, bool alone, struct err *why, struct err *e)
{
	struct err before;
	struct buf guard = BUF_INIT;
	int ret;

	if (guard_look(l->bus, &before, NULL, e) != 0 || judge(l, e) != 0 ||
		(!l->known && (guard_new_store(life, e) != 0 || guard_place_now(l->bus, &life->place, e) != 0)))
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
	return guard_put_witnesses(l->site, life, e);
}

int guard_begin(const struct site *s, struct bus *b, bool alone, struct guard *ret, struct err *e)
{
	struct guard_life life;
	struct guard_looking l = {.site = s, .bus = b, .life = &life};
	int got = guard_life_read(b, &life, e);

	*ret = (struct guard){.why = ERR_INIT};
	l.why = &ret->why;
	l.known = got == 1;
	if (got >= 0)
		got = judge_and_put(&l, &life, alone, &ret->why, e);
	memcpy(ret->store, life.store, sizeof ret->store);
	guard_life_done(&life);
	return got < 0 ? -1 : 0;
}

int guard_store(struct bus *b, char ret[GUARD_STORE], struct err *e)
{
	struct guard_life life;
	int got = guard_life_read(b, &life, e);

	memcpy(ret, life.store, GUARD_STORE);
	guard_life_done(&life);
	return got;
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
		if (guard_is_money(&s->destinations[i]))
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
	struct guard_life life;
	struct guard_looking l = {.site = s, .bus = f->bus, .life = &life, .known = true};
	struct buf text = BUF_INIT;
	int got = guard_life_read(f->bus, &life, e);

	if (got == 1)
		got = renew(&l, &life, e);
	if (got == 0) {
		guard_life_write(&life, &text);
		got = flow_position_put(f, "life", buf_as_span(&text), e) != 0 || flow_position_put(f, "guard", SPAN(""), e) != 0 ||
			flow_act_outcome(f, a, "done", "", e) != 0 ? -1 : 1;
	}
	if (got == 1)
		log_line(LOG_WARN, "guard.resumed", "by=%.*s openings=%" PRIu64, SPAN_F(a->by), life.openings);
	guard_life_done(&life);
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
