/* SPDX-License-Identifier: Apache-2.0 */
#include "acts.h"
#include "approve.h"
#include "jscan.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

struct listing {
	const struct args *args;
	unsigned count;
};

/* Who has approved, "li, zhang". */
static void approved(const json_t *approvals, struct buf *b)
{
	const json_t *one;
	size_t i;

	json_array_foreach(approvals, i, one) {
		const char *name = json_string_value(json_object_get(one, "name"));

		if (b->n)
			buf_str(b, say("、", ", "));
		show_text(b, span_of(name ? name : "?"));
	}
}

static void list_text(const struct act *a, const json_t *approvals, struct buf *b)
{
	struct buf names = BUF_INIT;

	approved(approvals, &names);
	show_text(b, a->id);
	buf_c(b, '\n');
	approve_summary(a->root, a->text, b);
	buf_printf(b, say("  已签批：%s\n", "  approved by: %s\n"), names.n ? buf_text(&names) : say("无", "nobody"));
	buf_printf(b, say("  没有发生的事：两人签批之前，什么也没有改动，一笔未发\n  → jincai approve %.*s --key 密钥文件\n",
		"  what has not happened: nothing was changed and nothing was sent, until both have approved it\n"
		"  → jincai approve %.*s --key FILE\n"), SPAN_F(a->id));
	buf_done(&names);
}

static void list_json(const struct act *a, const json_t *approvals, struct buf *b)
{
	char digest[ACT_DIGEST];
	const json_t *one;
	bool first = true;
	size_t i;

	act_digest(a->text, digest);
	buf_str(b, "{\"act\":");
	json_quote(b, a->id);
	json_member(b, "what", a->what);
	json_member(b, "flow", a->flow);
	json_member(b, "subject", a->subject);
	json_member(b, "by", a->by);
	json_member(b, "at", a->at);
	json_member(b, "until", a->until);
	json_member(b, "digest", span_of(digest));
	buf_str(b, ",\"approved\":[");
	json_array_foreach(approvals, i, one) {
		const char *name = json_string_value(json_object_get(one, "name"));

		if (!first)
			buf_c(b, ',');
		first = false;
		json_quote(b, span_of(name ? name : ""));
	}
	buf_str(b, "]}\n");
}

static int list_one(void *arg, const struct act *a, const json_t *approvals, struct err *e)
{
	struct listing *l = arg;
	struct buf out = BUF_INIT;

	(void)e;
	l->count++;
	if (l->args->json)
		list_json(a, approvals, &out);
	else
		list_text(a, approvals, &out);
	show_flush(&out, stdout);
	buf_done(&out);
	return 0;
}

int verb_approve_list(const struct args *a)
{
	struct listing l = {.args = a};
	struct bus *b = NULL;
	struct err e;
	int code = 0;
	struct site *s = verb_site(a, &code);

	if (s && (b = verb_look(s, &code))) {
		code = acts_pending(b, list_one, &l, &e) != 0 ? verb_failed(&e) : l.count ? 1 : 0;
		if (code == 0)
			fprintf(stderr, "%s\n", say("没有等待签批的操作单", "no act waits for approval"));
		bus_close(b);
	}
	site_free(s);
	return code;
}
