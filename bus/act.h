/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_ACT_H
#define JC_ACT_H

#include <jansson.h>

#include "bus.h"

/*
 * An act: what a person decides about one thing. A verb writes an *order*, one JSON object, and hands it in
 * (bus_act_submit); the flow that owns the thing executes it in its next commit, once, and what came of it stands on
 * jincai.acts in that same commit.
 *
 *	{"id","site","flow","act","subject","digest","by","at","reason","until","shows":{...}, members of that act}
 *
 *	flow      who executes it: an adapter, the router, a destination, the keeper "site"
 *	act       "return", "retry", "seen", "confirm", "repair", "stop", "resume", "adopt", "live", "approve", ...
 *	subject   what it is about: a batch, a flow, a dead letter, a destination, an act
 *	digest    of that as the person saw it; it changed since: nothing is done (act.changed)
 *	by        who typed it, as the machine knows the person
 *	until     the last day (2026-12-01) on which it can be approved; "" when nobody else has to
 *	shows     what is printed for those who approve: count, sums, destination; the flow refuses what it does not find itself
 *
 * The bytes of the order are what people sign, so nothing of it can be changed afterwards. An act that needs two people
 * waits in the position "<flow>/acts" of its flow until both have approved it or its day is over (flow_acts.c). On
 * jincai.acts stand, in this order: act.proposed, act.approved for each approval, act.outcome; one without two people
 * has its outcome alone.
 */
#define ACT_ORDER_MAX 65536u
#define ACT_ID_MAX 64u
#define ACT_REASON_MAX 200u          /* bytes */
#define ACT_APPROVE_MAX 4096u        /* bytes of the order of an approve act */

struct act {
	struct span text;            /* the order: the bytes that are signed */
	struct span id, site, flow, what, subject, digest, by, at, reason, until;    /* "" when absent; in root */
	json_t *root;                /* NULL: it could not be read */
	bool approved;               /* two people let it go, or none but who handed it in is needed */
	bool weak;                   /* two were needed, and it was less than two signatures: shown wherever it is shown */
};

/* Never fails: an order that cannot be read, or says another id, has no member at all. text must outlive ret; to be freed by
 * act_done. */
void act_read(struct span id, struct span text, struct act *ret);
void act_done(struct act *a);
/* True when those who sign are shown this and nothing else: "shows" is that object (NULL: there is none), and the order has no
 * member but the above and those that more names (NULL-terminated; may be NULL). The page of an order prints every member, so
 * whoever writes one could put words there that nobody has found. */
bool act_shows(const struct act *a, const json_t *shows, const char *const *more);
/* A member of the order; "" and 0 when absent. */
struct span act_text(const struct act *a, const char *name);
uint64_t act_number(const struct act *a, const char *name);
/* Those of the named members that are there, as a new object, for a position that keeps them: each cut to ACT_REASON_MAX bytes,
 * "args" of an error to what an error holds. Whatever else somebody put into the order is on jincai.acts alone. names ends in
 * NULL. */
json_t *act_kept(const struct act *a, const char *const *names);
/* Bytes that it takes in a position. */
size_t act_bytes_kept(const json_t *o);
/* SHA-256 of the order, hex: what those who approve compare. */
#define ACT_DIGEST 65
void act_digest(struct span text, char ret[ACT_DIGEST]);

/* Of a stop as it is kept, its members id, by, at, reason, code, args sorted: what an act that lets it go on speaks of. */
void act_stop_digest(const json_t *stop, char ret[ACT_DIGEST]);

/* What waits for approval. Spans and approvals are valid during the call. approvals: an array of the orders of the approve
 * acts that were taken. The first nonzero of each ends the walk; -1 is a failure. */
typedef int acts_each_pending(void *arg, const struct act *a, const json_t *approvals, struct err *e);
int acts_pending(struct bus *b, acts_each_pending *each, void *arg, struct err *e);
/* The flows that a person stopped, or that stopped themselves ("by" is "jincai" then): order is that of the act stop; of one
 * that stopped itself it has the members "code" and "args" of the error. */
typedef int acts_each_stopped(void *arg, struct span flow, const json_t *order, struct err *e);
int acts_stopped(struct bus *b, acts_each_stopped *each, void *arg, struct err *e);

#endif
