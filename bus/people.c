/* SPDX-License-Identifier: Apache-2.0 */
#include "people.h"

#include <jansson.h>
#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "people_parts.h"

#define AHEAD_MS 120000              /* two clocks of one site may differ by so much */

static const char *const role_names[] = {"administrator", "handler", "checker", "auditor"};

const char *people_role_name(enum people_role r)
{
	return role_names[r];
}

/* ---- members ---- */

struct people *people_new(bool local)
{
	struct people *p = mem_new(sizeof *p);

	p->local = local;
	return p;
}

static void member_done(struct people_member *m)
{
	free(m->name);
	free(m->user);
	sign_key_free(m->key);
}

void people_free(struct people *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++)
		member_done(&p->members[i]);
	free(p->members);
	free(p->days);
	free(p);
}

static bool name_ok(struct span n)
{
	for (size_t i = 0; i < n.n; i++)
		if (!((n.p[i] >= 'a' && n.p[i] <= 'z') || (n.p[i] >= '0' && n.p[i] <= '9') || n.p[i] == '-'))
			return false;
	return n.n && n.n <= 40;
}

static bool approves(enum people_role r)
{
	return r == PEOPLE_HANDLER || r == PEOPLE_CHECKER;
}

/* One person under two names could be handler and checker. */
static int check_twice(const struct people *p, const struct people_member *m, struct err *e)
{
	const struct people_member *other = people_named(p, span_of(m->name));
	const char *what = "name";

	if (!other && m->user) {
		other = people_of_user(p, span_of(m->user));
		what = "user";
	}
	if (!other && m->key) {
		other = people_of_key(p, m->key);
		what = "key";
	}
	return other ? err_set(e, E_PEOPLE_TWICE, "name=%s\nother=%s\nwhat=%s", m->name, other->name, what) : 0;
}

static int check_known(const struct people *p, const struct people_member *m, struct err *e)
{
	if (!approves(m->role) || m->key)
		return 0;
	if (!p->local)
		return err_set(e, E_PEOPLE_KEY, "name=%s", m->name);
	return m->user ? 0 : err_set(e, E_PEOPLE_USER, "name=%s", m->name);
}

int people_add(struct people *p, struct span name, enum people_role role, struct span user, struct span pem,
	struct err *e)
{
	struct people_member m = {.role = role};
	unsigned at = 0;

	if (!name_ok(name))
		return err_set(e, E_PEOPLE_NAME, "name=%.*s", SPAN_F(name));
	if (p->n == PEOPLE_MAX)
		return err_set(e, E_PEOPLE_MANY, "max=%u", PEOPLE_MAX);
	if (pem.p && sign_key_read(pem, &m.key, e) != 0)
		return -1;
	m.name = mem_text(name);
	m.user = user.n ? mem_text(user) : NULL;
	if (check_twice(p, &m, e) != 0 || check_known(p, &m, e) != 0) {
		member_done(&m);
		return -1;
	}
	while (at < p->n && strcmp(p->members[at].name, m.name) < 0)
		at++;
	p->members = mem_grow(p->members, p->n + 1u, sizeof *p->members);
	memmove(&p->members[at + 1], &p->members[at], (p->n - at) * sizeof *p->members);
	p->members[at] = m;
	p->n++;
	return 0;
}

bool people_local(const struct people *p)
{
	return p->local;
}

unsigned people_count(const struct people *p)
{
	return p->n;
}

const struct people_member *people_at(const struct people *p, unsigned i)
{
	return i < p->n ? &p->members[i] : NULL;
}

const struct people_member *people_named(const struct people *p, struct span name)
{
	for (unsigned i = 0; i < p->n; i++)
		if (span_is(name, p->members[i].name))
			return &p->members[i];
	return NULL;
}

const struct people_member *people_of_user(const struct people *p, struct span user)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->members[i].user && span_is(user, p->members[i].user))
			return &p->members[i];
	return NULL;
}

static bool same_key(const struct sign_key *a, const struct sign_key *b)
{
	uint8_t da[HASH_SHA256], db[HASH_SHA256];

	sign_key_digest(a, da);
	sign_key_digest(b, db);
	return memcmp(da, db, sizeof da) == 0;
}

const struct people_member *people_of_key(const struct people *p, const struct sign_key *k)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->members[i].key && same_key(p->members[i].key, k))
			return &p->members[i];
	return NULL;
}

bool people_can_approve(const struct people *p)
{
	bool handler = false, checker = false;

	for (unsigned i = 0; i < p->n; i++) {
		handler |= p->members[i].role == PEOPLE_HANDLER;
		checker |= p->members[i].role == PEOPLE_CHECKER;
	}
	return handler && checker;
}

/* ---- approvals ---- */

const struct people_member *people_who(const struct people *p, const struct approval *x)
{
	return x->name.n ? people_named(p, x->name) : people_of_user(p, x->user);
}

struct order {
	json_t *root;
	const char *by, *at, *until;
	int64_t at_ms;
};

static int order_read(struct span text, struct order *ret, struct err *e)
{
	json_t *root = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);

	*ret = (struct order){.root = root, .by = json_string_value(json_object_get(root, "by")),
		.at = json_string_value(json_object_get(root, "at")),
		.until = json_string_value(json_object_get(root, "until"))};
	if (ret->by && ret->at && ret->until && strlen(ret->until) == 10 &&
		clock_read(span_of(ret->at), &ret->at_ms) == 0)
		return 0;
	json_decref(root);
	ret->root = NULL;
	return err_set(e, E_APPROVE_ORDER, "%s", "");
}

/* In time, by the calendar and not by what the order says of itself alone. */
static int check_time(const struct people *p, const struct order *o, int64_t now_ms, struct err *e)
{
	char want[11];

	people_until(p, o->at_ms, want);
	if (o->at_ms > now_ms + AHEAD_MS)
		return err_set(e, E_APPROVE_CLOCK, "at=%s", o->at);
	if (strcmp(o->until, want) > 0)
		return err_set(e, E_APPROVE_UNTIL, "until=%s\nwant=%s", o->until, want);
	return 0;
}

static int check_day(const struct order *o, int64_t now_ms, struct err *e)
{
	char today[11];

	clock_date(clock_day(now_ms), today);
	if (strcmp(today, o->until) > 0)
		return err_set(e, E_APPROVE_LATE, "until=%s\ntoday=%s", o->until, today);
	return 0;
}

static int check_person(const struct people_member *m, const struct order *o, struct err *e)
{
	if (!approves(m->role))
		return err_set(e, E_APPROVE_ROLE, "name=%s\nrole=%s", m->name, role_names[m->role]);
	if (m->role == PEOPLE_CHECKER && (strcmp(o->by, m->name) == 0 || (m->user && strcmp(o->by, m->user) == 0)))
		return err_set(e, E_APPROVE_OWN, "name=%s\nby=%s", m->name, o->by);
	return 0;
}

static int check_proof(const struct people *p, const struct people_member *m, struct span text,
	const struct approval *x, bool *ret_weak, struct err *e)
{
	uint8_t want[HASH_SHA256], got[HASH_SHA256];
	bool by_user = p->local && !x->signature.n && m->user && span_is(x->user, m->user);

	hash_sha256(text.p, text.n, want);
	if (hash_unhex(x->digest, got, sizeof got) != 0 || memcmp(want, got, sizeof got) != 0)
		return err_set(e, E_APPROVE_DIGEST, "name=%s", m->name);
	if (!by_user && (!x->signature.n || !m->key))
		return err_set(e, E_APPROVE_UNSIGNED, "name=%s", m->name);
	if (!by_user && sign_check(m->key, text, x->signature, e) != 0)
		return -1;
	*ret_weak = by_user;
	return 0;
}

int people_approve_check(const struct people *p, struct span order, const struct approval *x, int64_t now_ms,
	bool *ret_weak, struct err *e)
{
	const struct people_member *m = people_who(p, x);
	struct order o;
	int ret;

	if (!m)
		return err_set(e, E_APPROVE_NOBODY, "name=%.*s", SPAN_F(x->name.n ? x->name : x->user));
	if (order_read(order, &o, e) != 0)
		return -1;
	ret = check_person(m, &o, e);
	if (ret == 0)
		ret = check_time(p, &o, now_ms, e);
	if (ret == 0)
		ret = check_day(&o, now_ms, e);
	if (ret == 0)
		ret = check_proof(p, m, order, x, ret_weak, e);
	json_decref(o.root);
	return ret;
}

int people_order_check(const struct people *p, struct span order, int64_t now_ms, struct err *e)
{
	struct order o;
	int ret;

	if (order_read(order, &o, e) != 0)
		return -1;
	ret = check_time(p, &o, now_ms, e);
	json_decref(o.root);
	return ret;
}

bool people_enough(const struct people *p, const struct approval *list, unsigned n)
{
	bool handler = false, checker = false;

	/* Members have neither name nor user nor key in common (people_add), and one role: a handler and a checker are two. */
	for (unsigned i = 0; i < n; i++) {
		const struct people_member *m = people_who(p, &list[i]);

		handler |= m && m->role == PEOPLE_HANDLER;
		checker |= m && m->role == PEOPLE_CHECKER;
	}
	return handler && checker;
}
