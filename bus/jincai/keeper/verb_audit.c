/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "acts.h"
#include "clock.h"
#include "event.h"
#include "jscan.h"
#include "json_text.h"
#include "mask.h"
#include "say.h"
#include "show.h"
#include "verbs.h"

struct audit {
	struct buf out;
	bool json;
	uint64_t count;
};

/* What a person typed may hold a number, too. */
static void reason(struct buf *b, const json_t *order)
{
	struct buf masked = BUF_INIT;

	mask_digits(&masked, json_text_span(order, "reason"));
	show_text(b, buf_as_span(&masked));
	buf_done(&masked);
}

static void as_text(struct audit *l, struct span time, const json_t *data)
{
	const json_t *order = json_object_get(data, "order");
	bool done = span_is(json_text_span(data, "outcome"), "done");
	struct buf *b = &l->out;
	int64_t ms;

	if (clock_read(time, &ms) == 0)
		clock_for_people(b, ms);
	buf_printf(b, "  %s  ", done ? say("已办", "done") : say("未办", "refused"));
	show_text(b, json_text_span(order, "by"));
	buf_str(b, "  ");
	show_text(b, json_text_span(order, "act"));
	buf_str(b, "  ");
	show_text(b, json_text_span(order, "subject"));
	if (json_is_true(json_object_get(data, "weak")))
		buf_printf(b, "  %s", say("弱：未经两人签名", "weak: not signed by two people"));
	buf_printf(b, "\n  %s: ", say("原因", "reason"));
	reason(b, order);
	buf_c(b, '\n');
	if (!done) {
		buf_printf(b, "  %s: ", say("未办的原因", "why not"));
		verb_reason(b, json_text_span(data, "words"), SPAN(""), SPAN_NONE);
		buf_c(b, '\n');
	}
}

static void as_json(struct audit *l, struct span time, const json_t *data)
{
	const json_t *order = json_object_get(data, "order");
	struct buf masked = BUF_INIT;

	buf_printf(&l->out, "{\"time\":\"%.*s\"", SPAN_F(time));
	for (const char *const *n = (const char *const[]){"act", "flow", "outcome", "words", NULL}; *n; n++)
		json_member(&l->out, strcmp(*n, "act") == 0 ? "id" : *n, json_text_span(data, *n));
	for (const char *const *n = (const char *const[]){"act", "subject", "digest", "by", "at", NULL}; *n; n++)
		json_member(&l->out, *n, json_text_span(order, *n));
	mask_digits(&masked, json_text_span(order, "reason"));
	json_member(&l->out, "reason", buf_as_span(&masked));
	if (json_object_get(order, "name"))
		json_member(&l->out, "name", json_text_span(order, "name"));
	if (json_is_true(json_object_get(data, "weak")))
		buf_str(&l->out, ",\"weak\":true");
	buf_str(&l->out, "}\n");
	buf_done(&masked);
}

static int list_one(void *arg, struct span time, const json_t *data, struct err *e)
{
	struct audit *l = arg;

	(void)e;
	l->count++;
	if (l->json)
		as_json(l, time, data);
	else
		as_text(l, time, data);
	show_flush(&l->out, stdout);
	return 0;
}

int verb_audit_list(const struct args *a)
{
	struct audit l = {.json = a->json};
	struct bus *b = NULL;
	struct err e;
	int code = 0;
	struct site *s = verb_site(a, &code);

	if (s && (b = verb_look(s, &code))) {
		code = acts_each(b, EVENT_ACT_OUTCOME, list_one, &l, &e) != 0 ? verb_failed(&e) : 0;
		if (!code)
			fprintf(stderr, say("共 %" PRIu64 " 项操作\n", "%" PRIu64 " acts\n"), l.count);
		bus_close(b);
	}
	buf_done(&l.out);
	site_free(s);
	return code;
}
