/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PEOPLE_H
#define JC_PEOPLE_H

#include "sign.h"

/*
 * The people of a site: who may let money go, how that is proved, and on which days. Two approvals let an act go that
 * needs two people: one of a handler (经办) and one of a checker (复核), two persons with two keys, and the checker is not
 * the one who asked for it. An approval holds for one order, byte by byte, and to the end of one working day.
 *
 * What is checked here is checked against the people that are *in force*: the caller gives those that were adopted,
 * not those that a file says now. people_write() and people_read() keep them, keys included, so that a key file that
 * was swapped changes nothing until two people have adopted it.
 *
 * Not for: who may look (files have modes), and who may stop a flow (everybody).
 */
enum people_role { PEOPLE_ADMINISTRATOR, PEOPLE_HANDLER, PEOPLE_CHECKER, PEOPLE_AUDITOR };
#define PEOPLE_ROLES "administrator|handler|checker|auditor"
const char *people_role_name(enum people_role r);     /* "handler" */

#define PEOPLE_MAX 64u               /* members */
#define PEOPLE_DAYS_MAX 4000u        /* days that are not what the week says: ten years */

struct people_member {
	char *name, *user;           /* user of the operating system; NULL: none */
	enum people_role role;
	struct sign_key *key;        /* NULL: none */
};

struct people;

/* local: by user of the operating system, where a signature is missing; all that was approved so is weak. */
struct people *people_new(bool local);
void people_free(struct people *p);
/* user and pem may be SPAN_NONE. Errors (ERR_CONF, nobody is added): people.name {name} (1 to 40 of a-z 0-9 hyphen),
 * people.twice {name}{other}{what}: a name, a user or a key that another member has; people.key {name}: one who may
 * approve and has no key where keys decide; people.user {name}: one who may approve, and nothing by which to know him;
 * people.many; sign.key, sign.private, sign.weak. */
int people_add(struct people *p, struct span name, enum people_role role, struct span user, struct span pem,
	struct err *e);
/* A day (2026-10-10) that is not what the week says: work or rest. people.day {text}: no date, or said twice;
 * people.many. */
int people_add_day(struct people *p, struct span date, bool work, struct err *e);
bool people_local(const struct people *p);
unsigned people_count(const struct people *p);
/* In the order of names, from 0. */
const struct people_member *people_at(const struct people *p, unsigned i);
/* NULL: nobody. */
const struct people_member *people_named(const struct people *p, struct span name);
const struct people_member *people_of_user(const struct people *p, struct span user);
const struct people_member *people_of_key(const struct people *p, const struct sign_key *k);
/* True when there are a handler and a checker: else nothing that needs two can ever go. */
bool people_can_approve(const struct people *p);

/* All of it, the same bytes for the same people whatever the file's order: for digests and for keeping. Appends
 * JSON. */
void people_write(const struct people *p, struct buf *b);
/* What people_write wrote; people.record (ERR_HALT) for anything else. */
int people_read(struct span json, struct people **ret, struct err *e);

/* ---- the working day (clock_day(): Asia/Shanghai) ---- */

/* What the table of days says, else Monday to Friday; p may be NULL. */
bool people_works(const struct people *p, int64_t day);
/* The last day on which what is asked for now may be approved: today when it is a working day, else the next one. */
void people_until(const struct people *p, int64_t now_ms, char ret[11]);

/* ---- approvals ---- */

/* As the act "approve" brings it; the spans are borrowed. */
struct approval {
	struct span name;            /* of the member; may be empty where the key or the user tells it (people_who) */
	struct span user;            /* who handed it in: "by" of the act "approve" */
	struct span digest;          /* SHA-256 of the order, hex, as the person saw it */
	struct span signature;       /* over the bytes of the order; empty: none */
};

/* The member whose approval it is, by name or, without one, by user; NULL: nobody. */
const struct people_member *people_who(const struct people *p, const struct approval *x);

/*
 * May this approval be counted? order: the exact bytes of the order, of which "by", "name" (of the maker, when known),
 * "at" and "until" are read here and nowhere else. now_ms: the clock, or the time of the newest commit when that is
 * later, so that a clock set back opens nothing. *ret_weak: it was not proved by a key. -1 (ERR_CONF, exit code 5;
 * nothing is approved):
 *
 *	approve.order                    the order cannot be read, or says a thing twice
 *	approve.nobody {name}            no member of that name (user)
 *	approve.role {name}{role}        neither handler nor checker
 *	approve.own {name}{by}           the checker asked for it himself
 *	approve.digest {name}            he saw another text than this one: another act, or one that was changed
 *	approve.unsigned {name}          a signature is needed
 *	sign.form, sign.wrong            not signed by this member's key over these bytes
 *	approve.late {until}             the day is over
 *	approve.clock {at}               the order is younger than the clock: the clock was set back
 *	approve.until {until}{want}      the order gives itself more time than the working day
 */
int people_approve_check(const struct people *p, struct span order, const struct approval *x, int64_t now_ms,
	bool *ret_weak, struct err *e);

/* May this order wait for approvals? approve.order, approve.clock, approve.until: what nobody could ever approve does not
 * take a place in the list. */
int people_order_check(const struct people *p, struct span order, int64_t now_ms, struct err *e);

/* Are they enough? Each has passed people_approve_check, with these people. A handler and a checker, two persons. */
bool people_enough(const struct people *p, const struct approval *list, unsigned n);

#endif
