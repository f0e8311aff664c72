/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "acts.h"
#include "letter.h"
#include "say.h"
#include "verbs.h"

/* The letter as the person sees it: subject is its id, the digest that of its body, its offset finds it at once. */
static int ask(struct bus *b, const struct site *s, const struct letter *l, const char *what, const char *reason,
	bool *ret_done)
{
	struct buf flow = BUF_INIT;
	char digest[65], router[SHARES_NAME];
	struct err e;
	json_t *more = json_object();
	struct acts_order o = {.what = what, .subject = l->event.id, .digest = {digest, 64}, .reason = reason,
		.more = more};
	int code;

	buf_span(&flow, l->d.flow);
	o.flow = buf_text(&flow);
	if (span_is(l->d.flow, SITE_ROUTER)) {
		if (acts_router(b, acts_partition(l->d.place), router, &e) != 0) {
			json_decref(more);
			buf_done(&flow);
			return verb_failed(&e);
		}
		o.flow = router;
	}
	dead_digest(&l->event, digest);
	json_object_set_new(more, "offset", json_integer((json_int_t)l->number));
	code = acts_ask(b, s, &o, ret_done);
	json_decref(more);
	buf_done(&flow);
	return code;
}

struct deed {
	const char *what, *zh, *en;
	const struct args *args;
};

static void say_done(const struct deed *d, const struct letter *l, uint64_t number)
{
	printf(say(d->zh, d->en), number);
	if (strcmp(d->what, "return") == 0 && span_is(l->d.flow, SITE_ROUTER))
		printf(say("没有写退回单：这一笔在路由时过不去，不知道它在原文件的哪一行。请用 jincai dead show %" PRIu64 " 看清是哪一笔，告知来源系统，"
			"请其更正后另行报送。\n", "no slip was written: it died behind its file, whose line is not known there; "
			"see with jincai dead show %" PRIu64
			" which record it is, tell the source, and have it handed in again in a file of its own\n"),
			number);
}

static int act_on_one(struct bus *b, const struct site *s, uint64_t number, const struct deed *d)
{
	struct letter l = {.words = BUF_INIT};
	struct arena arena = ARENA_INIT;
	struct bus_reader *r = NULL;
	bool done = false;
	struct err e;
	int code, got = letter_find(b, number, &r, &arena, &l, &e);

	if (got == 0)
		got = err_set(&e, E_DEAD_NONE, "number=%" PRIu64, number);
	code = got < 0 ? verb_failed(&e) : ask(b, s, &l, d->what, d->args->reason, &done);
	if (done)
		say_done(d, &l, number);
	bus_unread(r);
	arena_done(&arena);
	buf_done(&l.words);
	return code;
}

/* One letter, or all that a short number stands for; the worst code. */
static int act_on(const struct deed *d)
{
	const struct args *a = d->args;
	struct bus *b = NULL;
	struct site *s;
	struct err e;
	uint64_t *numbers = NULL;
	unsigned n = 0;
	int code = 0;

	if (a->nwords != 1)
		return verb_misused(a);
	if (!a->reason) {
		err_set(&e, E_ACT_REASON, "%s", "");
		return verb_failed(&e);
	}
	s = verb_site(a, &code);
	if (s && (b = verb_look(s, &code))) {
		if (verb_letters(s, b, a->words[0], &numbers, &n, &e) != 0)
			code = verb_failed(&e);
		for (unsigned i = 0; i < n; i++) {
			int one = act_on_one(b, s, numbers[i], d);

			code = one > code ? one : code;
		}
		bus_close(b);
	}
	site_free(s);
	free(numbers);
	return code;
}

int verb_dead_retry(const struct args *a)
{
	return act_on(&(struct deed){"retry", "死信 %" PRIu64 " 已重试：它已继续往下走。\n",
		"letter %" PRIu64 " was tried again: it has gone on\n", a});
}

int verb_dead_return(const struct args *a)
{
	return act_on(&(struct deed){"return", "死信 %" PRIu64 " 已退回来源系统。没有发生的事：这一笔没有发往任何去向。\n",
		"letter %" PRIu64 " was given back to its source; what has not happened: it was not sent to the "
		"destination it names, or anywhere when it names none\n", a});
}
