/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "acts.h"
#include "clock.h"
#include "event.h"
#include "foreign.h"
#include "index.h"
#include "fsys.h"
#include "hash.h"
#include "say.h"
#include "show.h"
#include "suspects.h"
#include "verbs.h"
#include "waiting.h"

#define WAIT_MS 5000                 /* for what became of a file that is read again */
#define LOOK_MS 100

/* What a person is told when it is done. */
struct deed {
	const char *what, *zh, *en;
	bool slip, again, confirm, published; /* published: also on a batch of which a destination holds what came to it */
};

static int refused(const struct claim *c, enum err_id why, const char *flow)
{
	struct err e;

	err_set(&e, why, "subject=%.*s\nflow=%s", SPAN_F(c->batchid), flow);
	return verb_failed(&e);
}

/* What became of a batch that is read again: waits a while for it. */
static int say_outcome(struct bus *b, struct span batchid)
{
	int64_t until = clock_steady_ms() + WAIT_MS;
	struct buf record = BUF_INIT, words = BUF_INIT;
	struct arena a = ARENA_INIT;
	struct claim c = {0};
	struct err e;
	int got, code = 0;

	do {
		totals_free(c.totals);
		c = (struct claim){0};
		arena_clear(&a);
		got = claim_find(b, NULL, batchid, &record, &a, &c, &e);
		if (got == 1 && span_is(c.state, "reread"))
			nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
	} while (got == 1 && span_is(c.state, "reread") && clock_steady_ms() < until && bus_in_use(b));
	if (got < 0) {
		code = verb_failed(&e);
	} else if (span_is(c.state, "reread")) {
		puts(say("还在重读，结果见 jincai held show", "it is still being read; see jincai held show"));
	} else if (waiting_claim(&c)) {
		waiting_text(&(struct waiting){.claim = &c, .batchid = c.batchid}, &words);
		show_flush(&words, stdout);
		code = 1;
	} else {
		puts(span_is(c.state, "publishing") || span_is(c.state, "published")
				? say("现已通过核对，正在发布", "it proves now, and goes out")
				: say("无须再办", "nothing more is to be done"));
	}
	totals_free(c.totals);
	arena_done(&a);
	buf_done(&record);
	buf_done(&words);
	return code;
}

/* Destinations that hold a batch: names, each with its NUL. */
struct holders {
	struct span batchid;
	struct buf names;
};

static int add_holder(void *arg, const struct waiting *w, struct err *e)
{
	struct holders *h = arg;

	(void)e;
	if (w->gathering && span_eq(w->batchid, h->batchid)) {
		buf_str(&h->names, w->destination);
		buf_c(&h->names, 0);
	}
	return 0;
}

struct lettered {
	size_t behind;               /* of an id: batch */
	uint64_t partitions;         /* bits */
};

/* The id of a letter ends with where its event lies, as a part of an id is written: "jincai.payroll%2F3%4017". */
static int note_open(void *arg, struct span key, const struct bus_entry *entry)
{
	static const char slash[] = "%2F";
	struct lettered *l = arg;
	const struct span rest = {key.p + l->behind, key.n - l->behind};
	const char *at = memmem(rest.p, rest.n, slash, sizeof slash - 1);
	struct buf place = BUF_INIT;

	if (!span_is(entry->extra, "dead"))
		return 0;
	buf_c(&place, '/');
	if (at)
		buf_span(&place, (struct span){at + 3, rest.n - (size_t)(at - rest.p) - 3});
	l->partitions |= UINT64_C(1) << acts_partition(buf_as_span(&place)) % 64;
	buf_done(&place);
	return 0;
}

/* The partitions on which the router has open dead letters of it, as bits. */
static uint64_t letters_of(struct bus *b, struct span batchid)
{
	struct buf prefix = BUF_INIT;
	struct err ignored;
	struct lettered l = {0};

	event_id_part(&prefix, SPAN(SITE_ROUTER));
	buf_c(&prefix, ':');
	event_id_part(&prefix, batchid);
	buf_c(&prefix, ':');
	l.behind = prefix.n;
	(void)bus_entries(b, INDEX_DEAD, buf_as_span(&prefix), note_open, &l, &ignored);
	buf_done(&prefix);
	return l.partitions;
}

/* What the router has no letter of is judged anew where it is held. */
static int retry_where_held(struct bus *b, const struct site *s, struct acts_order *o)
{
	struct holders h = {.batchid = o->subject};
	struct err e;
	int code = 0;

	if (waiting_walk(b, add_holder, &h, &e) != 0)
		code = verb_failed(&e);
	else if (!h.names.n)
		code = refused(&(struct claim){.batchid = o->subject}, E_ACT_NO_LETTERS, o->flow);
	for (size_t at = 0; at < h.names.n && code <= 1;) {
		bool done;
		int own;

		o->flow = h.names.p + at;
		o->digest = SPAN("");
		own = acts_ask(b, s, o, &done);
		code = own > code ? own : code;
		if (done)
			printf(say("%s：批次 %.*s 重新核对；仍有问题的会再次挂起\n",
				"%s: batch %.*s is judged anew; it is held again when it still cannot go\n"), o->flow, SPAN_F(o->subject));
		at += strlen(o->flow) + 1;
	}
	buf_done(&h.names);
	return code;
}

/* Each share of the router tries again what it has of it. */
static int ask_router(struct bus *b, const struct site *s, struct acts_order *o, uint64_t partitions, bool *ret_done)
{
	char name[SHARES_NAME];
	uint64_t asked = 0;
	struct shares_now now;
	struct err e;
	int code = 0;

	*ret_done = false;
	if (shares_read(b, SITE_ROUTER, &now, &e) != 0)
		return verb_failed(&e);
	for (unsigned p = 0; p < 64; p++) {
		const unsigned part = shares_part_of(p, now.of);
		bool done;
		int own;

		if (!(partitions >> p & 1) || asked >> part & 1)
			continue;
		asked |= UINT64_C(1) << part;
		shares_name(SITE_ROUTER, part, now.of, name);
		o->flow = name;
		own = acts_ask(b, s, o, &done);
		*ret_done |= done;
		code = own > code ? own : code;
	}
	o->flow = SITE_ROUTER;
	return code;
}

static int order(struct bus *b, const struct site *s, const struct claim *c, const struct deed *d, const char *reason,
	const json_t *more)
{
	const struct site_adapter *adapter = site_adapter(s, c->adapter);
	struct acts_order o = {.what = d->what, .subject = c->batchid, .digest = d->confirm ? c->suspects : c->digest,
		.reason = reason, .more = more};
	json_t *shows;
	bool done;
	int code;
	bool published = span_is(c->state, "published"), onward = published && d->published;
	uint64_t partitions = 0;

	if (!adapter)
		return refused(c, E_ACT_GONE, "");
	if (d->confirm && !(span_is(c->state, "held") && claim_is_suspected(c)))
		return refused(c, E_ACT_NOT_SUSPECTED, adapter->name);
	if ((!waiting_claim(c) && !onward) || (published && !onward && (d->slip || d->again)))
		return refused(c, published ? E_ACT_NOT_HERE : E_ACT_CHANGED, adapter->name);
	if (span_is(span_of(d->what), "repair") && form_instructs(adapter->form))
		return refused(c, E_REPAIR_INSTRUCTION, adapter->name);
	/* What was published is beyond its adapter: the router knows what became of it there. */
	o.flow = onward ? SITE_ROUTER : adapter->name;
	if (onward && d->again)
		partitions = letters_of(b, c->batchid);
	else if (onward)
		partitions = UINT64_C(1) << hash_partition(c->batchid, s->partitions);
	if (onward && !partitions)
		return retry_where_held(b, s, &o);
	o.shows = shows = d->confirm ? claim_shows(c) : NULL;
	code = onward ? ask_router(b, s, &o, partitions, &done) : acts_ask(b, s, &o, &done);
	json_decref(shows);
	if (!done)
		return code;
	if (published && d->again) {
		printf(say("批次 %.*s 的死信已重试；整批齐了就会送出。\n",
			"the dead letters of batch %.*s were tried again; it goes out when nothing of it is missing\n"), SPAN_F(c->batchid));
		return 0;
	}
	printf(say(d->zh, d->en), SPAN_F(c->batchid));
	if (d->slip)
		printf(say("退回单在 %s%s\n", "its slip lies in %s%s\n"),
			adapter->returns ? adapter->returns : adapter->folder, adapter->returns ? "" : "/.returned");
	return d->again ? say_outcome(b, c->batchid) : 0;
}

/* more: members of the act; NULL: none. */
static int act_on(const struct args *a, const struct deed *d, const json_t *more)
{
	struct buf record = BUF_INIT, batch = BUF_INIT;
	struct arena arena = ARENA_INIT;
	struct claim c = {0};
	struct bus *b = NULL;
	struct site *s;
	struct err e;
	int code = 0, got;

	if (a->nwords != 1)
		return verb_misused(a);
	if (!a->reason) {
		err_set(&e, E_ACT_REASON, "%s", "");
		return verb_failed(&e);
	}
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		got = verb_subject(s, b, VERB_BATCH, a->words[0], &batch, &e);
		if (got == 0 && strcmp(d->what, "seen") == 0 && span_starts(buf_as_span(&batch), SPAN(FOREIGN))) {
			code = foreign_ask(s, b, buf_text(&batch), a->reason);
			goto out;
		}
		if (got == 0)
			got = claim_find(b, NULL, buf_as_span(&batch), &record, &arena, &c, &e);
		if (got == 0)
			got = err_set(&e, E_HELD_NONE, "batch=%s", buf_text(&batch));
		code = got < 0 ? verb_failed(&e) : order(b, s, &c, d, a->reason, more);
		totals_free(c.totals);
	}
out:
	bus_close(b);
	arena_done(&arena);
	buf_done(&record);
	buf_done(&batch);
	site_free(s);
	return code;
}

int verb_held_return(const struct args *a)
{
	static const struct deed d = {"return", "批次 %.*s 已退回。没有发生的事：整批未办理，一笔未付。\n",
		"batch %.*s was given back; what has not happened: nothing of it was done, not one was paid\n",
		.slip = true, .published = true};

	return act_on(a, &d, NULL);
}

int verb_held_seen(const struct args *a)
{
	static const struct deed d = {"seen", "批次 %.*s 已看过，不再列出。没有因此办理或冲销任何一笔，也没有退回单。\n",
		"batch %.*s was seen and is no longer listed; nothing was done or taken back by that, there is no slip\n", .slip = false};

	return act_on(a, &d, NULL);
}

int verb_held_confirm(const struct args *a)
{
	static const struct deed d = {"confirm", "批次 %.*s 的疑似重复已确认，重新核对后整批放行。\n",
		"the suspected doubles of batch %.*s are confirmed; it is judged again and goes whole\n", .again = true,
		.confirm = true};

	return act_on(a, &d, NULL);
}

int verb_held_retry(const struct args *a)
{
	static const struct deed d = {"retry", "批次 %.*s 按现行报文格式重读。\n",
		"batch %.*s is read again, with the form in force\n", .again = true, .published = true};

	return act_on(a, &d, NULL);
}

/* The line that is to stand there, as the file has it: without its end. */
static int read_line(const struct args *a, struct buf *ret, uint64_t *ret_line, struct err *e)
{
	char *end = NULL;

	*ret_line = strtoull(a->line, &end, 10);
	if (*a->line < '0' || *a->line > '9' || *end || !*ret_line)
		return err_set(e, E_REPAIR_LINE, "%s", "");
	if (fsys_get(AT_FDCWD, a->from, OVERLAY_BYTES + 2, ret, e) != 0)
		return e->id == E_FILE_TOO_LARGE ? err_set(e, E_REPAIR_LINE, "%s", "") : -1;
	if (ret->n && ret->p[ret->n - 1] == '\n')
		ret->n--;
	if (ret->n && ret->p[ret->n - 1] == '\r')
		ret->n--;
	if (!ret->n || ret->n > OVERLAY_BYTES || memchr(ret->p, '\n', ret->n) || memchr(ret->p, '\r', ret->n))
		return err_set(e, E_REPAIR_LINE, "%s", "");
	return 0;
}

int verb_held_repair(const struct args *a)
{
	static const struct deed d = {"repair", "批次 %.*s 的该行已更正，重读整个文件；原件不动，每笔更正都会注明。\n",
		"that line of batch %.*s is changed, and the file is read again; the original stays as it came, what was changed says so\n",
		.again = true};
	struct buf line = BUF_INIT, hex = BUF_INIT;
	uint64_t number = 0;
	json_t *more = NULL;
	struct err e;
	int code;

	if (!a->line || !a->from || a->nwords != 1)
		return verb_misused(a);
	if (read_line(a, &line, &number, &e) != 0) {
		code = verb_failed(&e);
	} else {
		hash_hex(&hex, (const uint8_t *)line.p, line.n);
		more = json_pack("{sIss}", "line", (json_int_t)number, "bytes", buf_text(&hex));
		code = act_on(a, &d, more);
	}
	json_decref(more);
	buf_done(&line);
	buf_done(&hex);
	return code;
}
