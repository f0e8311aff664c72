/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "acts.h"
#include "conf.h"
#include "deliver.h"
#include "index.h"
#include "parcel.h"
#include "say.h"
#include "show.h"
#include "trace.h"
#include "verbs.h"
#include "waiting.h"

/* A word of the command line, looked up and handed in. */
struct asking {
	const struct args *a;
	struct site *s;
	struct bus *b;
	const char *what, *word;
	unsigned asked, done;
	int code;
	struct buf stopped;          /* flow and digest of its stop, each with its NUL */
};

static const char *flow_named(const struct site *s, const char *word)
{
	unsigned part;

	/* A share of the router is called "router.p0". */
	if (strcmp(word, SITE_ROUTER) == 0 || (site_on_kafka(s) && shares_names(SITE_ROUTER, span_of(word), &part)) ||
		strcmp(word, SITE_KEEPER) == 0 || strcmp(word, SITE_REPLAY) == 0)
		return word;
	for (unsigned i = 0; i < s->nadapters; i++)
		if (strcmp(word, s->adapters[i].name) == 0)
			return word;
	return site_destination_of(s, span_of(word)) ? word : NULL;
}

/* A destination that gathers by partition, all of its flows: "cards"; one of them is "cards.p2". */
static const struct site_destination *divided(const struct site *s, const char *word)
{
	const struct site_destination *d = site_destination_of(s, span_of(word));

	return d && d->parted && strcmp(d->name, word) == 0 ? d : NULL;
}

static void ask(struct asking *q, const char *flow, struct span subject, struct span digest)
{
	struct acts_order o = {
		.flow = flow, .what = q->what, .subject = subject, .digest = digest, .reason = q->a->reason};
	bool done;
	int code = acts_ask(q->b, q->s, &o, &done);

	q->asked++;
	q->done += done;
	q->code = code > q->code ? code : q->code;
}

/* ---- stop ---- */

static void stop_at_destinations(struct asking *q)
{
	for (unsigned i = 0; i < q->s->ndestinations; i++) {
		const struct site_destination *d = &q->s->destinations[i];
		unsigned before = q->done;
		char name[SHARES_NAME];

		for (unsigned p = 0; p < site_nflows(q->s, d) && d->mode != SITE_OFF; p++) {
			site_flow_name(d, p, name);
			ask(q, name, span_of(q->word), SPAN(""));
		}
		if (q->done > before)
			printf(say("%s：已对 %s 叫停。没有发生的事：从现在起，其中一笔也不会发往该去向。\n",
				"%s: %s is stopped there; what has not happened: from now on not one of it is sent to that destination\n"), d->name,
				q->word);
	}
}

/* The router is all of its shares, a destination that gathers by partition all of its flows. */
static void stop_flow(struct asking *q, const char *flow)
{
	const struct site_destination *d = divided(q->s, flow);
	struct shares_now now;
	char name[SHARES_NAME];
	struct err e;

	for (unsigned p = 0; d && p < site_nflows(q->s, d); p++) {
		site_flow_name(d, p, name);
		ask(q, name, span_of(name), SPAN(""));
	}
	if (strcmp(flow, SITE_ROUTER) != 0 && !d)
		ask(q, flow, span_of(flow), SPAN(""));
	if (strcmp(flow, SITE_ROUTER) != 0)
		return;
	if (shares_read(q->b, SITE_ROUTER, &now, &e) != 0) {
		q->code = verb_failed(&e);
		return;
	}
	for (unsigned i = 0; i < now.of; i++) {
		shares_name(SITE_ROUTER, i, now.of, name);
		ask(q, name, span_of(name), SPAN(""));
	}
}

/* The flow whose name may have been meant. */
static const char *flow_near(const struct site *s, const char *word)
{
	const char **names = mem_new((s->nadapters + s->ndestinations + 2u) * sizeof *names), *near;
	unsigned n = 0;

	for (unsigned i = 0; i < s->nadapters; i++)
		names[n++] = s->adapters[i].name;
	for (unsigned i = 0; i < s->ndestinations; i++)
		names[n++] = s->destinations[i].name;
	names[n++] = SITE_ROUTER;
	names[n] = NULL;
	near = conf_nearest(span_of(word), names);
	free(names);
	return near;
}

static int is_batch(struct bus *b, const char *word, struct err *e)
{
	char key[INDEX_KEY_MAX];
	struct bus_entry at;

	return bus_look(b, NULL, INDEX_CLAIMS, index_key(key, INDEX_BATCH, span_of(word), SPAN_NONE), &at, e);
}

/* Of an event its id, also when its number was typed: who believes that a payment is stopped, because no name that nothing has was
 * refused, does not look again. 0 it is known, or its id may yet come; -1. */
static int find_event(struct asking *q, struct arena *a, struct err *e)
{
	const struct trace_key key = {.key = span_of(q->word)};
	struct trace_found found[1];
	const char *near;
	unsigned all = 0;

	if (trace_find(q->b, &key, a, found, 1, &all, e) != 0)
		return -1;
	if (all == 1) {
		q->word = arena_text(a, found[0].id);
		return 0;
	}
	if (all)
		return err_set(e, E_STOP_WHICH, "subject=%s", q->word);
	if (strchr(q->word, ':')) {
		fprintf(stderr, say("没有标识或批次 %s；照此叫停，以后到达的同一标识也不会发出\n",
			"no event and no batch is called %s so far; it is stopped all the same, and holds for what comes under that id\n"), q->word);
		return 0;
	}
	near = flow_near(q->s, q->word);
	return err_set(e, E_STOP_UNKNOWN, "subject=%s\nnear=%s", q->word, near ? near : "");
}

static void stop(struct asking *q)
{
	const char *flow = flow_named(q->s, q->word);
	struct arena a = ARENA_INIT;
	struct err e;

	if (!flow) {
		const int batch = is_batch(q->b, q->word, &e);

		if (batch < 0 || (batch == 0 && find_event(q, &a, &e) != 0))
			q->code = verb_failed(&e);
		else
			stop_at_destinations(q);
		arena_done(&a);
		return;
	}
	stop_flow(q, flow);
	if (q->done && q->done == q->asked)
		printf(say("%s 已停下。没有发生的事：恢复之前，它不再读入，也不再发出；已交付的不受影响。\n",
			"%s is stopped; what has not happened: until it is let go on it takes nothing in and sends nothing out; what was handed "
			"over before stands\n"), flow);
}

/* ---- resume ---- */

static int resume_stop(void *arg, struct span destination, const char *subject, const char *batch, const json_t *order,
	struct err *e)
{
	struct asking *q = arg;
	char *name, digest[ACT_DIGEST];

	(void)e;
	if (strcmp(subject, q->word) != 0 && strcmp(batch, q->word) != 0)
		return 0;
	name = mem_text(destination);
	act_stop_digest(order, digest);
	ask(q, name, span_of(subject), span_of(digest));
	free(name);
	return 0;
}

static int resume_flow(void *arg, struct span flow, const json_t *order, struct err *e)
{
	struct asking *q = arg;
	char digest[ACT_DIGEST];
	unsigned part;

	(void)e;
	if (strcmp(q->word, SITE_ROUTER) == 0 || divided(q->s, q->word) ? !shares_names(q->word, flow, &part)
									: !span_is(flow, q->word))
		return 0;
	act_stop_digest(order, digest);
	buf_span(&q->stopped, flow);
	buf_c(&q->stopped, 0);
	buf_str(&q->stopped, digest);
	buf_c(&q->stopped, 0);
	return 0;
}

static int resume_flows(struct asking *q, struct err *e)
{
	struct shares_now now = {0};
	char name[SHARES_NAME];

	if (acts_stopped(q->b, resume_flow, q, e) < 0 || shares_read(q->b, SITE_ROUTER, &now, e) != 0)
		return -1;
	for (size_t at = 0; at < q->stopped.n;) {
		const char *flow = q->stopped.p + at, *digest = flow + strlen(flow) + 1;
		unsigned part;

		at += strlen(flow) + strlen(digest) + 2;
		/* A share that no longer runs takes nothing. */
		shares_name(SITE_ROUTER, shares_names(SITE_ROUTER, span_of(flow), &part) ? part : 0, now.of, name);
		if (!shares_names(SITE_ROUTER, span_of(flow), &part) || (part < now.of && strcmp(name, flow) == 0))
			ask(q, flow, span_of(flow), span_of(digest));
	}
	return 0;
}

static void resume(struct asking *q)
{
	struct err e;

	if (flow_named(q->s, q->word) ? resume_flows(q, &e) != 0 : deliver_stops(q->b, resume_stop, q, &e) != 0)
		q->code = verb_failed(&e);
	if (!q->asked && !q->code) {
		err_set(&e, E_ACT_NOT_STOPPED, "subject=%s\nflow=", q->word);
		q->code = verb_failed(&e);
	}
	if (q->done)
		printf(say("%s 已恢复\n", "%s goes on\n"), q->word);
}

/* ---- parcels of which nobody knew ---- */

static int settle_one(void *arg, const struct waiting *w, struct err *e)
{
	struct asking *q = arg;
	char name[200], no[24];

	(void)e;
	if (!w->parcel)
		return 0;
	snprintf(name, sizeof name, "%s/%" PRIu64, w->destination, w->parcel->no);
	if (strcmp(name, q->word) != 0)
		return 0;
	snprintf(no, sizeof no, "%" PRIu64, w->parcel->no);
	ask(q, w->destination, span_of(no), span_of(w->parcel->digest));
	return 0;
}

static void settle(struct asking *q)
{
	struct err e;

	if (waiting_walk(q->b, settle_one, q, &e) != 0)
		q->code = verb_failed(&e);
	if (!q->asked && !q->code) {
		err_set(&e, E_ACT_GONE, "subject=%s\nflow=", q->word);
		q->code = verb_failed(&e);
	}
	if (q->done && strcmp(q->what, "came") == 0)
		printf(say("发送批 %s 已记为对方收到。没有发生的事：没有重发。\n",
			"parcel %s counts as handed over; what has not happened: it was not sent again\n"), q->word);
	else if (q->done)
		printf(say("发送批 %s 将再交付一次，用原来的字节\n", "parcel %s is handed over once more, with the bytes it had\n"), q->word);
}

/* ---- */

static int asked(const struct args *a, const char *what, void (*how)(struct asking *q))
{
	struct asking q = {.a = a, .what = what, .word = a->words[0]};
	struct buf word = BUF_INIT;
	struct err e;

	if (a->nwords != 1)
		return verb_misused(a);
	if (!a->reason) {
		err_set(&e, E_ACT_REASON, "%s", "");
		return verb_failed(&e);
	}
	q.s = verb_site(a, &q.code);
	if (q.s && (q.b = verb_look(q.s, &q.code))) {
		if (verb_subject(q.s, q.b, VERB_WORD, q.word, &word, &e) != 0) {
			q.code = verb_failed(&e);
		} else {
			q.word = buf_text(&word);
			how(&q);
		}
		bus_close(q.b);
	}
	buf_done(&q.stopped);
	buf_done(&word);
	site_free(q.s);
	return q.code;
}

int verb_stop(const struct args *a)
{
	return asked(a, "stop", stop);
}

int verb_resume(const struct args *a)
{
	if (!a->nwords)
		return verb_resume_money(a);
	return asked(a, "resume", resume);
}

int verb_held_came(const struct args *a)
{
	return asked(a, "came", settle);
}

int verb_held_never(const struct args *a)
{
	return asked(a, "never", settle);
}
