/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_acts_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "event.h"
#include "index.h"
#include "jscan.h"
#include "log.h"
#include "topics.h"

json_t *flow_acts_proposals(const struct flow *f)
{
	return json_object_get(f->acts->root, "proposals");
}

int flow_acts_save(struct flow *f, struct err *e)
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
		log_line(LOG_ERROR, "audit.differs",
			"flow=%s records=%" PRIu64 " anchored=%" PRIu64 " next=\"jincai audit verify\"", f->name, l->n,
			last.n);
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
	return flow_acts_save(f, e);
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
	if (!flow_acts_proposals(f))
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

int flow_acts_record(struct flow *f, const char *type, struct span id, struct span order, const char *outcome,
	const char *words, bool weak, struct err *e)
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
	return flow_acts_record(f, EVENT_ACT_OUTCOME, a->id, a->text, outcome, words, a->weak, e);
}

int flow_act_refuse(struct flow *f, const struct act *a, enum err_id why, struct err *e)
{
	return flow_act_outcome(f, a, "refused", err_code(why)->name, e);
}

/* ---- executing ---- */

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

int flow_acts_execute(struct flow *f, const struct act *a, struct err *e)
{
	if (is_resume(f, a))
		return flow_stop_resume(f, a, e);
	if (f->acts->instead)
		return flow_act_refuse(f, a, f->acts->instead->id, e);
	return f->kind->act(f, a, e) == 0 ? 0 : kind_failed(f, e);
}

int flow_acts_true(struct flow *f, const struct act *a, enum err_id *ret, struct err *e)
{
	if (f->kind->act_true && !is_resume(f, a)) {
		*ret = f->acts->instead ? f->acts->instead->id : E_NONE;
		return *ret || f->kind->act_true(f, a, ret, e) == 0 ? 0 : kind_failed(f, e);
	}
	*ret = act_shows(a, NULL, NULL) ? E_NONE : E_ACT_SHOWS;
	return 0;
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
		return flow_act_refuse(f, a, E_ACT_UNKNOWN, e);
	if (span_is(a->what, "approve"))
		return flow_proposals_approve(f, a, e);
	if (span_is(a->what, "stop") && span_is(a->subject, f->name))
		return flow_stop_act(f, a, e);
	if (span_is(a->what, "reveal"))
		return flow_act_outcome(f, a, "done", "", e);
	people = people_for(f, a);
	if (people == 0)
		return flow_act_refuse(f, a, f->kind->act ? E_ACT_UNKNOWN : E_FLOW_NO_ACTS, e);
	if (people > 1 && !f->alone)
		return flow_proposals_has(f, a->id) ? 0 : flow_proposals_add(f, a, e);
	a->approved = true;
	a->weak = people > 1;
	return flow_acts_execute(f, a, e);
}

/* ---- what was handed in to a part that no longer runs ---- */

#define STRAY_MS 5000                /* how often it is asked for it */

struct stray {
	const struct share *s;
	struct buf *id, *text;
	bool got;
};

static int is_stray(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act)
{
	struct stray *x = arg;
	unsigned part;

	(void)came_ms;
	if (!shares_names(x->s->whole, span_of(flow), &part))
		return 0;
	x->got = x->s->of > 1 ? strcmp(flow, x->s->whole) == 0 || part >= x->s->of : strcmp(flow, x->s->whole) != 0;
	if (x->got) {
		buf_str(x->id, id);
		buf_span(x->text, act);
	}
	return x->got;
}

/* The first part answers for them. 1, 0, -1. */
static int take_stray(struct flow *f, struct err *e)
{
	struct buf id = BUF_INIT, text = BUF_INIT;
	struct stray x = {&f->share, &id, &text, false};
	const int64_t now = clock_steady_ms();
	struct bus_entry entry;
	struct act a;
	int got;

	if (!f->share.whole[0] || f->share.flows || f->share.part != 0 ||
		(f->acts->asked && now - f->acts->asked < STRAY_MS))
		return 0;
	f->acts->asked = now;
	got = bus_acts_left(f->bus, is_stray, &x, e) < 0 ? -1 : x.got;
	if (got == 1) {
		int known = bus_look(f->bus, f->owner, INDEX_ACTS, buf_as_span(&id), &entry, e);

		f->acts->asked = 0;
		act_read(buf_as_span(&id), buf_as_span(&text), &a);
		if (known < 0 || (known == 0 && flow_act_refuse(f, &a, E_ACT_SHARE, e) != 0))
			got = -1;
		else
			bus_act_done(f->owner, buf_text(&id));
		act_done(&a);
	}
	buf_done(&id);
	buf_done(&text);
	return got;
}

int flow_acts_take(struct flow *f, struct err *e)
{
	struct buf id = BUF_INIT, text = BUF_INIT;
	struct bus_entry entry;
	struct act a;
	int got = flow_proposals_expire(f, e);

	if (got == 0)
		got = take_stray(f, e);
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
