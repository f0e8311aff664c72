/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"
#include "guard.h"
#include "resume_page.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

static int ask(const struct args *a, struct site *s, struct bus *b, struct err *e)
{
	struct acts_order o = {
		.flow = SITE_KEEPER, .what = "resume", .subject = SPAN(GUARD_MONEY), .reason = a->reason};
	json_t *shows = resume_shows(s, b, say_lang(), e);
	char digest[65];
	bool done = false;
	int code;

	if (!shows)
		return verb_failed(e);
	if (guard_digest(s, b, digest, e) != 0) {
		json_decref(shows);
		return verb_failed(e);
	}
	o.digest = span_of(digest);
	o.shows = shows;
	code = acts_ask(b, s, &o, &done);
	if (done)
		printf("%s", say("付款已恢复。没有发生的事：各去向台账上已有的不再发一次。\n",
			"the money goes on; what has not happened: what a ledger says was handed over is not sent again\n"));
	json_decref(shows);
	return code;
}

static int resume(const struct args *a, struct site *s, struct bus *b)
{
	struct buf out = BUF_INIT;
	struct err why, e;
	int code = 0;

	if (guard_look(b, &why, NULL, &e) != 0 || resume_look(s, b, &out, &e) != 0) {
		code = verb_failed(&e);
	} else if (!why.id && !a->reason) {
		fprintf(stderr, "%s", say("付款没有停\n", "the money is not stopped\n"));
	} else if (!why.id) {
		err_set(&e, E_GUARD_NONE, "%s", "");
		code = verb_failed(&e);
	} else {
		struct buf shown = BUF_INIT;

		err_print(&why, say_lang(), stderr);
		buf_span(&shown, buf_as_span(&out));
		show_flush(&shown, stdout);
		buf_done(&shown);
		code = a->reason ? ask(a, s, b, &e) : 1;
		if (!a->reason)
			fprintf(stderr, "%s", say("请与接收方核对以上内容；核对之后：jincai resume --reason 理由\n",
				"compare this with what the receivers have; then: jincai resume --reason TEXT\n"));
	}
	buf_done(&out);
	return code;
}

int verb_resume_money(const struct args *a)
{
	int code = 0;
	struct site *s = verb_site(a, &code);
	struct bus *b;

	if (s && (b = verb_look(s, &code))) {
		code = resume(a, s, b);
		bus_close(b);
	}
	site_free(s);
	return code;
}
