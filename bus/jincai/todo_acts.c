/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>

#include "clock.h"
#include "say.h"
#include "todo.h"

/* A running flow looks for acts each second: one that is older waits for something. */
#define SOON_MS 60000

static struct span text_of(const json_t *o, const char *name)
{
	const char *t = json_string_value(json_object_get(o, name));

	return t ? span_of(t) : SPAN("");
}

static int add(void *arg, const char *flow, const char *id, int64_t came_ms, struct span act)
{
	struct todo *t = arg;
	struct buf subject = BUF_INIT;
	struct todo_item *i;
	json_t *o;

	if (bus_in_use(t->bus) && t->now_ms < came_ms + SOON_MS)
		return 0;
	o = json_loadb(act.p, act.n, 0, NULL);
	buf_printf(&subject, "act:%s", id);
	i = todo_add(t, "act", buf_as_span(&subject));
	i->since_ms = came_ms;
	todo_set(&i->act, span_of(id));
	todo_set(&i->flow, span_of(flow));
	todo_contact(t, SPAN(""), &i->contact);
	buf_printf(&i->happened, say("%.*s 提交了操作 %.*s（%.*s），%s", "%.*s handed in the act %.*s (%.*s); %s"),
		SPAN_F(text_of(o, "by")), SPAN_F(text_of(o, "act")), SPAN_F(text_of(o, text_of(o, "subject").n ? "subject" : "batch")),
		bus_in_use(t->bus) ? say("负责的流一分钟内没有接手", "its flow did not take it up within a minute")
			: say("站点没有在运行，无人接手", "the site does not run, nobody takes it up"));
	json_decref(o);
	buf_done(&subject);
	return 0;
}

int todo_acts(struct todo *t, struct err *e)
{
	return bus_acts_left(t->bus, add, t, e);
}
