/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_parts.h"

#include "hash.h"

/*
 * A line of a report in the place of another. The original stays as it came; the claim keeps what lies over it, the file is read
 * again, and each event of that line says by which act it was changed. Of an instruction no line is ever changed.
 */
enum err_id intake_repair_objection(const struct intake *in)
{
	return form_instructs(in->setup.form)	? E_REPAIR_INSTRUCTION
	       : in->setup.form->codec->whole ? E_REPAIR_NO_LINES
					      : E_NONE;
}

/* One line, without its end: nothing else can take a line's place. */
static bool read_line(struct span hex, struct arena *a, struct span *ret)
{
	uint8_t *bytes = arena_new(a, hex.n / 2 + 1);

	*ret = (struct span){(const char *)bytes, hex.n / 2};
	return hex.n && hex.n % 2 == 0 && ret->n <= OVERLAY_BYTES && hash_unhex(hex, bytes, ret->n) == 0 &&
		!memchr(bytes, '\n', ret->n) && !memchr(bytes, '\r', ret->n);
}

enum err_id intake_repair(const struct intake *in, struct claim *c, struct arena *a, const struct act *act)
{
	struct overlay x = {
		.line = act_number(act, "line"), .act = arena_span(a, act->id), .by = arena_span(a, act->by)};
	enum err_id why = intake_repair_objection(in);

	if (why)
		return why;
	if (!x.line || !read_line(act_text(act, "bytes"), a, &x.bytes))
		return E_REPAIR_LINE;
	return overlays_put(&c->overlays, &x) ? E_NONE : E_REPAIR_MANY;
}
