/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "index.h"
#include "jscan.h"
#include "log.h"
#include "people.h"
#include "topics.h"

/*
 * What people decide, and the loop itself sees to: acts that take two people wait here until both have approved them; a
 * flow is stopped and let go on again. It is kept in the position "<flow>/acts":
 *
 *	{"n":5,"chain":"9f86...","resumed":2,"stop":{of its order what todo shows},"proposals":[{"id","order":"...","approvals":[orders of approve acts]}]}
 *
 * Every change of it is one commit with the record on jincai.acts that tells it, and with the effect of the act.
 */
#define PROPOSALS_MAX 200u
#define PROPOSALS_BYTES (500u << 10) /* as written, with their approvals: no more is proposed */
#define APPROVED_BYTES (700u << 10)  /* no more is approved: it stays below BUS_VALUE_MAX */
#define APPROVALS_MAX PEOPLE_MAX     /* of one act: each person's is there once */
#define EXPIRE_MS 30000              /* how often it is looked whether a day is over */

struct flow_acts {
	json_t *root;                /* as in the position */
	struct audit_link link;      /* of the last record that was staged */
	struct buf lines;            /* of the anchor: what the next commit makes durable, and what could not be written */
	int64_t looked;              /* for what is over; steady */
	bool wish;
	struct err why;
	struct flow_failed failed;   /* an act that the kind failed at, until the loop asks for it */
	const struct err *instead;   /* of executing: the kind failed at it before */
};

static json_t *proposals(const struct flow *f)
{
	return json_object_get(f->acts->root, "proposals");
}

static int save(struct flow *f, struct err *e)
{
	char *text = json_dumps(f->acts->root, JSON_COMPACT | JSON_SORT_KEYS);
	int ret = flow_position_put(f, "acts", span_of(text), e);

	free(text);
	return ret;
}

/* ---- the chain ---- */

static enum audit_hash hash_of(const struct flow *f)
{
	return f->audit ? f->audit->hash : AUDIT_SHA256;
}

static const char *anchor_of(const struct flow *f)
{
	return f->audit ? f->audit->anchor : NULL;
}

/* Where the position says the chain ends. A kill between commit and anchor left the anchor one commit behind. */
static int open_chain(struct flow *f, struct err *e)
{
	const char *chain = json_string_value(json_object_get(f->acts->root, "chain"));
	struct audit_link *l = &f->acts->link, last = AUDIT_LINK_INIT;

	*l = AUDIT_LINK_INIT;
	l->n = (uint64_t)json_integer_value(json_object_get(f->acts->root, "n"));
	if (l->n && (!chain || strlen(chain) != AUDIT_CHAIN - 1))
		return err_set(e, E_FLOW_POSITION, "name=%s/acts", f->name);
	if (l->n)
		memcpy(l->chain, chain, AUDIT_CHAIN);
	if (!anchor_of(f))
		return 0;
	if (audit_anchor_last(anchor_of(f), f->name, &last, e) < 0)
		return -1;
	if (last.n < l->n) {
		audit_line(&f->acts->lines, f->name, l, hash_of(f));
		flow_acts_committed(f);
	} else if (last.n > l->n || strcmp(last.chain, l->chain) != 0) {
		log_line(LOG_ERROR, "audit.differs", "flow=%s records=%" PRIu64 " anchored=%" PRIu64 " next=\"jincai audit verify\"", f->name,
			l->n, last.n);
	}
	return 0;
}

void flow_acts_committed(struct flow *f)
{
	struct err e;

	if (!f->acts->lines.n || !anchor_of(f))
		return;
	/* The record is durable; the line is tried again with the next one, and when the flow opens. */
	if (audit_anchor(anchor_of(f), buf_as_span(&f->acts->lines), &e) == 0)
		buf_clear(&f->acts->lines);
	else
		log_err(LOG_ERROR, "audit.not_anchored", &e, "flow=%s records=%" PRIu64, f->name, f->acts->link.n);
}

/* The members of the chain, behind those of a record; the position goes with it. */
static int chain(struct flow *f, unsigned topic, struct buf *event, struct err *e)
{
	struct audit_link *l = &f->acts->link;
	uint64_t after;

	if (bus_end(f->bus, topic, 0, &after, e) != 0)
		return -1;
	audit_add(l, hash_of(f), after, event);
	if (anchor_of(f))
		audit_line(&f->acts->lines, f->name, l, hash_of(f));
	json_object_set_new(f->acts->root, "n", json_integer((json_int_t)l->n));
	json_object_set_new(f->acts->root, "chain", json_string(l->chain));
	return save(f, e);
}

/* ---- the position ---- */

int flow_acts_open(struct flow *f, struct err *e)
{
	struct buf text = BUF_INIT;
	int got = flow_position_get(f, "acts", &text, e);

	f->acts = mem_new(sizeof *f->acts);
	if (got >= 0)
		f->acts->root = got ? json_loadb(text.p, text.n, 0, NULL) : json_object();
	buf_done(&text);
	if (got < 0)
		return -1;
	if (!json_is_object(f->acts->root))
		return err_set(e, E_FLOW_POSITION, "name=%s/acts", f->name);
	if (!proposals(f))
		json_object_set_new(f->acts->root, "proposals", json_array());
	return open_chain(f, e);
}

void flow_acts_close(struct flow *f)
{
	if (!f->acts)
		return;
	json_decref(f->acts->root);
	buf_done(&f->acts->lines);
	flow_failed_done(&f->acts->failed);
	free(f->acts);
	f->acts = NULL;
}

/* ---- records on jincai.acts ---- */

/* Every record there is written here. data: members of its data, without the braces; begins with {. */
static int write_record(struct flow *f, const char *type, struct span act, struct buf *data, struct err *e)
{
	struct buf b = BUF_INIT, id = BUF_INIT, time = BUF_INIT;
	unsigned topic;
	int ret = bus_topic(f->bus, TOPIC_ACTS, &topic, e);

	if (ret == 0) {
		buf_str(&id, "act:");
		event_id_part(&id, act);
		if (strcmp(type, EVENT_ACT_OUTCOME) != 0)
			buf_printf(&id, ":%s", type + sizeof "jincai.act" );
		clock_write(&time, clock_now_ms());
		event_begin(&b, &(struct event){.id = buf_as_span(&id), .source = span_of(f->name), .type = span_of(type),
			.time = buf_as_span(&time)});
		buf_span(&b, buf_as_span(data));
		ret = chain(f, topic, &b, e);
		buf_c(&b, '}');
		ret = ret != 0 ? ret : flow_append(f, topic, 0, act, &b, e);
	}
	buf_done(&b);
	buf_done(&id);
	buf_done(&time);
	return ret;
}

static bool is_json(struct span text)
{
	struct err ignored = ERR_INIT;
	struct jscan s;

	jscan_init(&s, text);
	return jscan_skip(&s, &ignored) == 0 && jscan_finish(&s, &ignored) == 0;
}

static int record(struct flow *f, const char *type, struct span id, struct span order, const char *outcome, const char *words,
	bool weak, struct err *e)
{
	struct buf data = BUF_INIT;
	int ret;

	buf_str(&data, "{\"act\":");
	json_quote(&data, id);
	json_member(&data, "flow", span_of(f->name));
	if (outcome)
		json_member(&data, "outcome", span_of(outcome));
	if (words)
		json_member(&data, "words", span_of(words));
	if (weak)
		buf_str(&data, ",\"weak\":true");
	if (is_json(order)) {
		buf_str(&data, ",\"order\":");
		buf_span(&data, order);
	}
	ret = write_record(f, type, id, &data, e);
	buf_done(&data);
	return ret;
}

int flow_act_outcome(struct flow *f, const struct act *a, const char *outcome, const char *words, struct err *e)
{
	return record(f, EVENT_ACT_OUTCOME, a->id, a->text, outcome, words, a->weak, e);
}

static int refuse(struct flow *f, const struct act *a, enum err_id why, struct err *e)
{
	return flow_act_outcome(f, a, "refused", err_code(why)->name, e);
}

/* ---- stopped and let go on ---- */

bool flow_is_stopped(const struct flow *f)
{
	return f->acts && json_object_get(f->acts->root, "stop");
}

uint64_t flow_resumed(const struct flow *f)
{
	return (uint64_t)json_integer_value(json_object_get(f->acts->root, "resumed"));
}

static int stop(struct flow *f, const struct act *a, struct err *e)
{
	static const char *const names[] = {"id", "by", "at", "reason", "code", "args", NULL};

	if (flow_is_stopped(f))
		return refuse(f, a, E_ACT_STOPPED_BEFORE, e);
	json_object_set_new(f->acts->root, "stop", act_kept(a, names));
	log_line(LOG_WARN, "flow.stopped", "flow=%s by=%.*s", f->name, SPAN_F(a->by));
	return save(f, e) != 0 || flow_act_outcome(f, a, "done", "", e) != 0 ? -1 : 0;
}

/* An order of before does not let go what was stopped since. */
static int resume(struct flow *f, const struct act *a, struct err *e)
{
	char digest[ACT_DIGEST];

	if (!flow_is_stopped(f))
		return refuse(f, a, E_ACT_NOT_STOPPED, e);
	act_stop_digest(json_object_get(f->acts->root, "stop"), digest);
	if (!span_is(a->digest, digest))
		return refuse(f, a, E_ACT_CHANGED, e);
	json_object_del(f->acts->root, "stop");
	json_object_set_new(f->acts->root, "resumed", json_integer((json_int_t)flow_resumed(f) + 1));
	log_line(LOG_WARN, "flow.resumed", "flow=%s by=%.*s", f->name, SPAN_F(a->by));
	return save(f, e) != 0 || flow_act_outcome(f, a, "done", "", e) != 0 ? -1 : 0;
}

/* An order of our own, as if somebody had handed it in. */
int flow_stop(struct flow *f, const struct err *why, struct err *e)
{
	struct buf order = BUF_INIT, id = BUF_INIT, time = BUF_INIT;
	struct act a;
	int ret;

	clock_write(&time, clock_now_ms());
	buf_printf(&id, "stop-%s-%" PRIu64 "-%" PRIu64, f->name, bus_generation(f->owner), flow_resumed(f));
	buf_str(&order, "{\"id\":");
	json_quote(&order, buf_as_span(&id));
	json_member(&order, "flow", span_of(f->name));
	json_member(&order, "act", SPAN("stop"));
	json_member(&order, "subject", span_of(f->name));
	json_member(&order, "by", SPAN("jincai"));
	json_member(&order, "at", buf_as_span(&time));
	json_member(&order, "code", span_of(err_code(why->id)->name));
	json_member(&order, "args", span_of(why->args));
	buf_c(&order, '}');
	act_read(buf_as_span(&id), buf_as_span(&order), &a);
	ret = flow_is_stopped(f) ? 0 : stop(f, &a, e);
	act_done(&a);
	buf_done(&order);
	buf_done(&id);
	buf_done(&time);
	return ret;
}

int flow_stop_instead(struct flow *f, const struct err *why, struct err *e)
{
	f->acts->wish = true;
	f->acts->why = *why;
	*e = *why;
	return -1;
}

const struct err *flow_acts_wish(const struct flow *f)
{
	return f->acts && f->acts->wish ? &f->acts->why : NULL;
}

/* ---- two people ---- */

/* The clock, or the newest record when that is later: a clock set back opens nothing. */
static int64_t now_ms(const struct flow *f)
{
	int64_t now = clock_now_ms(), last = bus_last_ms(f->bus);

	return now > last ? now : last;
}

static bool is_resume(const struct flow *f, const struct act *a)
{
	return span_is(a->what, "resume") && span_is(a->subject, f->name);
}

static int kind_failed(struct flow *f, const struct err *e)
{
	if (err_kind(e) == ERR_DATA || err_kind(e) == ERR_CONF)
		f->acts->failed.why = *e;
	return -1;
}

static int execute(struct flow *f, const struct act *a, struct err *e)
{
	if (is_resume(f, a))
		return resume(f, a, e);
	if (f->acts->instead)
		return refuse(f, a, f->acts->instead->id, e);
	return f->kind->act(f, a, e) == 0 ? 0 : kind_failed(f, e);
}

/* What those who sign read is what is so: E_NONE, or why not. */
static int is_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e)
{
	if (f->kind->act_true && !is_resume(f, a)) {
		*ret = f->acts->instead ? f->acts->instead->id : E_NONE;
		return *ret || f->kind->act_true(f, a, ret, e) == 0 ? 0 : kind_failed(f, e);
	}
	*ret = act_shows(a, NULL, NULL) ? E_NONE : E_ACT_SHOWS;
	return 0;
}

static int propose(struct flow *f, const struct act *a, struct err *e)
{
	enum err_id untrue;
	struct err why;
	json_t *one;

	if (!f->people)
		return refuse(f, a, E_ACT_NO_PEOPLE, e);
	if (!span_is(a->flow, f->name) || (f->site && !span_is(a->site, f->site)))
		return refuse(f, a, E_APPROVE_ELSEWHERE, e);
	if (people_order_check(f->people, a->text, now_ms(f), &why) != 0)
		return refuse(f, a, why.id, e);
	if (is_true(f, a, &untrue, e) != 0)
		return -1;
	if (untrue)
		return refuse(f, a, untrue, e);
	one = json_object();
	json_object_set_new(one, "id", json_stringn(a->id.p, a->id.n));
	json_object_set_new(one, "order", json_stringn(a->text.p, a->text.n));
	json_object_set_new(one, "approvals", json_array());
	if (json_array_size(proposals(f)) >= PROPOSALS_MAX ||
		act_bytes_kept(proposals(f)) + act_bytes_kept(one) > PROPOSALS_BYTES) {
		json_decref(one);
		return refuse(f, a, E_ACT_TOO_MANY, e);
	}
	json_array_append_new(proposals(f), one);
	if (save(f, e) != 0)
		return -1;
	return record(f, EVENT_ACT_PROPOSED, a->id, a->text, NULL, NULL, false, e);
}

static size_t proposal_of(const struct flow *f, struct span id)
{
	size_t i = 0;

	while (i < json_array_size(proposals(f)) &&
		!span_is(id, json_string_value(json_object_get(json_array_get(proposals(f), i), "id"))))
		i++;
	return i;
}

static struct span member(const json_t *o, const char *name)
{
	const char *t = json_string_value(json_object_get(o, name));

	return t ? span_of(t) : SPAN("");
}

/* The order of an approve act as an approval. */
static struct approval approval_of(const json_t *order)
{
	return (struct approval){.name = member(order, "name"), .user = member(order, "by"), .digest = member(order, "digest"),
		.signature = member(order, "signature")};
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
	json_t *one = json_incref(json_array_get(proposals(f), at));
	const char *order = json_string_value(json_object_get(one, "order"));
	enum err_id untrue = E_NONE;
	struct act a;
	int ret = 0;

	act_read(span_of(json_string_value(json_object_get(one, "id"))), span_of(order), &a);
	if (enough(f, &a, json_object_get(one, "approvals"))) {
		a.approved = true;
		json_array_remove(proposals(f), at);
		if (save(f, e) != 0 || is_true(f, &a, &untrue, e) != 0)
			ret = -1;
		else
			ret = untrue ? refuse(f, &a, untrue, e) : execute(f, &a, e);
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

static int approve(struct flow *f, struct act *a, struct err *e)
{
	size_t at = proposal_of(f, a->subject);
	json_t *one = json_array_get(proposals(f), at), *approvals = json_object_get(one, "approvals");
	const struct approval x = approval_of(a->root);
	struct err why;

	if (!one)
		return refuse(f, a, E_ACT_NOT_PROPOSED, e);
	if (!f->people)
		return refuse(f, a, E_ACT_NO_PEOPLE, e);
	if (people_approve_check(f->people, member(one, "order"), &x, now_ms(f), &a->weak, &why) != 0)
		return refuse(f, a, why.id, e);
	if (a->text.n > ACT_APPROVE_MAX)
		return refuse(f, a, E_ACT_UNKNOWN, e);
	if (act_bytes_kept(proposals(f)) + act_bytes_kept(a->root) > APPROVED_BYTES)
		return refuse(f, a, E_ACT_TOO_MANY, e);
	drop_earlier(f->people, approvals, people_who(f->people, &x));
	json_array_append_new(approvals, what_counts(a));
	if (save(f, e) != 0 || record(f, EVENT_ACT_APPROVED, a->id, a->text, "done", "", a->weak, e) != 0 || let_go(f, at, e) != 0)
		return -1;
	return flow_act_outcome(f, a, "done", "", e);
}

/* What nobody approved until its day was over. 1: something was staged. */
static int expire(struct flow *f, struct err *e)
{
	int64_t now = clock_steady_ms();
	char today[11];
	int any = 0;

	if (!json_array_size(proposals(f)) || (f->acts->looked && now - f->acts->looked < EXPIRE_MS))
		return 0;
	f->acts->looked = now;
	clock_date(clock_day(now_ms(f)), today);
	for (size_t i = json_array_size(proposals(f)); i-- > 0;) {
		json_t *one = json_incref(json_array_get(proposals(f), i));
		struct act a;
		int ret = 0;

		act_read(span_of(json_string_value(json_object_get(one, "id"))),
			span_of(json_string_value(json_object_get(one, "order"))), &a);
		if (span_cmp(a.until, span_of(today)) < 0) {
			any = 1;
			json_array_remove(proposals(f), i);
			ret = flow_act_outcome(f, &a, "expired", err_code(E_ACT_EXPIRED)->name, e);
		}
		act_done(&a);
		json_decref(one);
		if (ret != 0)
			return -1;
	}
	return any && save(f, e) != 0 ? -1 : any;
}

/* ---- an act that was handed in ---- */

static unsigned people_for(struct flow *f, const struct act *a)
{
	if (span_is(a->what, "resume") && span_is(a->subject, f->name))
		return f->money ? 2 : 1;
	if (!f->kind->act)
		return 0;
	return f->kind->act_people ? f->kind->act_people(f, a) : 1;
}

static int take(struct flow *f, struct act *a, struct err *e)
{
	unsigned people;

	if (!a->root)
		return refuse(f, a, E_ACT_UNKNOWN, e);
	if (span_is(a->what, "approve"))
		return approve(f, a, e);
	if (span_is(a->what, "stop") && span_is(a->subject, f->name))
		return stop(f, a, e);
	if (span_is(a->what, "reveal"))
		return flow_act_outcome(f, a, "done", "", e);
	people = people_for(f, a);
	if (people == 0)
		return refuse(f, a, f->kind->act ? E_ACT_UNKNOWN : E_FLOW_NO_ACTS, e);
	if (people > 1 && !f->alone)
		return proposal_of(f, a->id) < json_array_size(proposals(f)) ? 0 : propose(f, a, e);
	a->approved = true;
	a->weak = people > 1;
	return execute(f, a, e);
}

int flow_acts_take(struct flow *f, struct err *e)
{
	struct buf id = BUF_INIT, text = BUF_INIT;
	struct bus_entry entry;
	struct act a;
	int got = expire(f, e);

	if (got != 0)
		return got;
	got = bus_act_take(f->owner, &id, &text, e);
	if (got == 1) {
		/* A second copy of an act that has its outcome does nothing. */
		int known = bus_look(f->bus, f->owner, INDEX_ACTS, buf_as_span(&id), &entry, e);

		act_read(buf_as_span(&id), buf_as_span(&text), &a);
		if (known < 0 || (known == 0 && take(f, &a, e) != 0))
			got = -1;
		else
			bus_act_done(f->owner, buf_text(&id));
		act_done(&a);
	}
	if (f->acts->failed.why.id != E_NONE) {
		f->acts->failed.id = id;
		f->acts->failed.text = text;
		return got;
	}
	buf_done(&id);
	buf_done(&text);
	return got;
}

/* ---- an act that the kind failed at ---- */

bool flow_acts_failed(struct flow *f, struct flow_failed *ret)
{
	if (!f->acts || f->acts->failed.why.id == E_NONE)
		return false;
	*ret = f->acts->failed;
	f->acts->failed = (struct flow_failed){.why = ERR_INIT};
	return true;
}

void flow_failed_done(struct flow_failed *x)
{
	buf_done(&x->id);
	buf_done(&x->text);
}

/* Taken once more, from what the last commit left: an approve act is one, and what it lets go is refused. */
int flow_acts_refuse(struct flow *f, struct flow_failed *x, struct err *e)
{
	struct act a;
	int ret;

	log_err(LOG_WARN, "act.refused", &x->why, "flow=%s act=%s", f->name, buf_text(&x->id));
	f->acts->instead = &x->why;
	act_read(buf_as_span(&x->id), buf_as_span(&x->text), &a);
	ret = take(f, &a, e);
	act_done(&a);
	f->acts->instead = NULL;
	if (ret == 0)
		bus_act_done(f->owner, buf_text(&x->id));
	return ret;
}
