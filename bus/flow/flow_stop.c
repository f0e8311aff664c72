/* SPDX-License-Identifier: Apache-2.0 */
#include "flow_acts_parts.h"

#include <inttypes.h>

#include "clock.h"
#include "jscan.h"
#include "log.h"

bool flow_is_stopped(const struct flow *f)
{
	return f->acts && json_object_get(f->acts->root, "stop");
}

uint64_t flow_resumed(const struct flow *f)
{
	return (uint64_t)json_integer_value(json_object_get(f->acts->root, "resumed"));
}

int flow_stop_act(struct flow *f, const struct act *a, struct err *e)
{
	static const char *const names[] = {"id", "by", "at", "reason", "code", "args", NULL};

	if (flow_is_stopped(f))
		return flow_act_refuse(f, a, E_ACT_STOPPED_BEFORE, e);
	json_object_set_new(f->acts->root, "stop", act_kept(a, names));
	log_line(LOG_WARN, "flow.stopped", "flow=%s by=%.*s", f->name, SPAN_F(a->by));
	return flow_acts_save(f, e) != 0 || flow_act_outcome(f, a, "done", "", e) != 0 ? -1 : 0;
}

int flow_stop_resume(struct flow *f, const struct act *a, struct err *e)
{
	char digest[ACT_DIGEST];

	if (!flow_is_stopped(f))
		return flow_act_refuse(f, a, E_ACT_NOT_STOPPED, e);
	act_stop_digest(json_object_get(f->acts->root, "stop"), digest);
	if (!span_is(a->digest, digest))
		return flow_act_refuse(f, a, E_ACT_CHANGED, e);
	json_object_del(f->acts->root, "stop");
	json_object_set_new(f->acts->root, "resumed", json_integer((json_int_t)flow_resumed(f) + 1));
	log_line(LOG_WARN, "flow.resumed", "flow=%s by=%.*s", f->name, SPAN_F(a->by));
	return flow_acts_save(f, e) != 0 || flow_act_outcome(f, a, "done", "", e) != 0 ? -1 : 0;
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
	ret = flow_is_stopped(f) ? 0 : flow_stop_act(f, &a, e);
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
