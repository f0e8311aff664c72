/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_acts_parts.h"

#include "clock.h"
#include "json_text.h"
#include "people.h"
#include "topics.h"

#define PROPOSALS_MAX 200u
#define PROPOSALS_BYTES (500u << 10) /* as written, with their approvals: no more is proposed */
#define APPROVED_BYTES (700u << 10)  /* no more is approved: it stays below BUS_VALUE_MAX */
#define APPROVALS_MAX PEOPLE_MAX     /* of one act: each person's is there once */
#define EXPIRE_MS 30000              /* how often it is looked whether a day is over */

/* The clock, or the newest record when that is later: a clock set back opens nothing. */
static int64_t now_ms(const struct flow *f)
{
	int64_t now = clock_now_ms(), last = bus_last_ms(f->bus);

	return now > last ? now : last;
}

int flow_proposals_add(struct flow *f, const struct act *a, struct err *e)
{
	enum err_id untrue;
	struct err why;
	json_t *one;

	if (!f->people)
		return flow_act_refuse(f, a, E_ACT_NO_PEOPLE, e);
	if (!span_is(a->flow, f->name) || (f->site && !span_is(a->site, f->site)))
		return flow_act_refuse(f, a, E_APPROVE_ELSEWHERE, e);
	if (people_order_check(f->people, a->text, now_ms(f), &why) != 0)
		return flow_act_refuse(f, a, why.id, e);
	if (flow_acts_true(f, a, &untrue, e) != 0)
		return -1;
	if (untrue)
		return flow_act_refuse(f, a, untrue, e);
	one = json_object();
	json_object_set_new(one, "id", json_stringn(a->id.p, a->id.n));
	json_object_set_new(one, "order", json_stringn(a->text.p, a->text.n));
	json_object_set_new(one, "approvals", json_array());
	if (json_array_size(flow_acts_proposals(f)) >= PROPOSALS_MAX ||
		act_bytes_kept(flow_acts_proposals(f)) + act_bytes_kept(one) > PROPOSALS_BYTES) {
		json_decref(one);
		return flow_act_refuse(f, a, E_ACT_TOO_MANY, e);
	}
	json_array_append_new(flow_acts_proposals(f), one);
	if (flow_acts_save(f, e) != 0)
		return -1;
	return flow_acts_record(f, EVENT_ACT_PROPOSED, a->id, a->text, NULL, NULL, false, e);
}

static size_t proposal_of(const struct flow *f, struct span id)
{
	size_t i = 0;

	while (i < json_array_size(flow_acts_proposals(f)) &&
		!span_is(id, json_string_value(json_object_get(json_array_get(flow_acts_proposals(f), i), "id"))))
		i++;
	return i;
}

bool flow_proposals_has(const struct flow *f, struct span id)
{
	return proposal_of(f, id) < json_array_size(flow_acts_proposals(f));
}

/* The order of an approve act as an approval. */
static struct approval approval_of(const json_t *order)
{
	return (struct approval){.name = json_text_span(order, "name"), .user = json_text_span(order, "by"),
		.digest = json_text_span(order, "digest"), .signature = json_text_span(order, "signature")};
}

/* Have a handler and a checker approved it? Each is looked at anew: whom the site names, and the day, may have changed. */
static bool enough(const struct flow *f, struct act *a, const json_t *approvals)
{
	struct approval list[APPROVALS_MAX];
	struct err ignored;
	const json_t *v;
	unsigned n = 0;
	size_t i;

	a->weak = false;
	json_array_foreach(approvals, i, v) {
		bool weak;

		if (n == APPROVALS_MAX)
			break;
		list[n] = approval_of(v);
		if (people_approve_check(f->people, a->text, &list[n], now_ms(f), &weak, &ignored) != 0)
			continue;
		a->weak |= weak;
		n++;
	}
	return people_enough(f->people, list, n);
}

/* Both have approved: it is executed in this same commit. */
static int let_go(struct flow *f, size_t at, struct err *e)
{
	json_t *one = json_incref(json_array_get(flow_acts_proposals(f), at));
	const char *order = json_string_value(json_object_get(one, "order"));
	enum err_id untrue = E_NONE;
	struct act a;
	int ret = 0;

	act_read(span_of(json_string_value(json_object_get(one, "id"))), span_of(order), &a);
	if (enough(f, &a, json_object_get(one, "approvals"))) {
		a.approved = true;
		json_array_remove(flow_acts_proposals(f), at);
		if (flow_acts_save(f, e) != 0 || flow_acts_true(f, &a, &untrue, e) != 0)
			ret = -1;
		else
			ret = untrue ? flow_act_refuse(f, &a, untrue, e) : flow_acts_execute(f, &a, e);
	}
	act_done(&a);
	json_decref(one);
	return ret;
}

/* Of an approve act what is looked at again; whatever else somebody put into it is on jincai.acts alone. */
static json_t *what_counts(const struct act *a)
{
	static const char *const names[] = {"id", "act", "subject", "digest", "by", "at", "name", "signature"};
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *v = json_object_get(a->root, names[i]);

		if (json_is_string(v))
			json_object_set(o, names[i], v);
	}
	return o;
}

/* A person's approval is there once: the same one handed in again and again takes nobody's place. */
static void drop_earlier(const struct people *p, json_t *approvals, const struct people_member *who)
{
	for (size_t i = json_array_size(approvals); i-- > 0;) {
		const struct approval x = approval_of(json_array_get(approvals, i));

		if (people_who(p, &x) == who)
			json_array_remove(approvals, i);
	}
}

int flow_proposals_approve(struct flow *f, struct act *a, struct err *e)
{
	size_t at = proposal_of(f, a->subject);
	json_t *one = json_array_get(flow_acts_proposals(f), at), *approvals = json_object_get(one, "approvals");
	const struct approval x = approval_of(a->root);
	struct err why;

	if (!one)
		return flow_act_refuse(f, a, E_ACT_NOT_PROPOSED, e);
	if (!f->people)
		return flow_act_refuse(f, a, E_ACT_NO_PEOPLE, e);
	if (people_approve_check(f->people, json_text_span(one, "order"), &x, now_ms(f), &a->weak, &why) != 0)
		return flow_act_refuse(f, a, why.id, e);
	if (a->text.n > ACT_APPROVE_MAX)
		return flow_act_refuse(f, a, E_ACT_UNKNOWN, e);
	if (act_bytes_kept(flow_acts_proposals(f)) + act_bytes_kept(a->root) > APPROVED_BYTES)
		return flow_act_refuse(f, a, E_ACT_TOO_MANY, e);
	drop_earlier(f->people, approvals, people_who(f->people, &x));
	json_array_append_new(approvals, what_counts(a));
	if (flow_acts_save(f, e) != 0 ||
		flow_acts_record(f, EVENT_ACT_APPROVED, a->id, a->text, "done", "", a->weak, e) != 0 ||
		let_go(f, at, e) != 0)
		return -1;
	return flow_act_outcome(f, a, "done", "", e);
}

int flow_proposals_expire(struct flow *f, struct err *e)
{
	int64_t now = clock_steady_ms();
	char today[11];
	int any = 0;

	if (!json_array_size(flow_acts_proposals(f)) || (f->acts->looked && now - f->acts->looked < EXPIRE_MS))
		return 0;
	f->acts->looked = now;
	clock_date(clock_day(now_ms(f)), today);
	for (size_t i = json_array_size(flow_acts_proposals(f)); i-- > 0;) {
		json_t *one = json_incref(json_array_get(flow_acts_proposals(f), i));
		struct act a;
		int ret = 0;

		act_read(span_of(json_string_value(json_object_get(one, "id"))),
			span_of(json_string_value(json_object_get(one, "order"))), &a);
		if (span_cmp(a.until, span_of(today)) < 0) {
			any = 1;
			json_array_remove(flow_acts_proposals(f), i);
			ret = flow_act_outcome(f, &a, "expired", err_code(E_ACT_EXPIRED)->name, e);
		}
		act_done(&a);
		json_decref(one);
		if (ret != 0)
			return -1;
	}
	return any && flow_acts_save(f, e) != 0 ? -1 : any;
}
