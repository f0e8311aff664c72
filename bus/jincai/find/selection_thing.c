/* SPDX-License-Identifier: Apache-2.0 */
#include "selection_parts.h"

static bool is_of_topics(const struct selection_sense *n, const char *topic)
{
	for (unsigned i = 0; i < n->ntopics; i++)
		if (topic && strcmp(n->topics[i], topic) == 0)
			return true;
	return false;
}

/* Before the bound, as far as it is one. */
static bool is_before(const struct when *w, const struct selection_thing *x)
{
	if (w->kind == WHEN_TIME)
		return x->time_ms < w->ms;
	return x->offset < w->offset;
}

static bool is_of_partition(const struct when *w, const struct selection_thing *x)
{
	return w->kind == WHEN_TIME || w->partition < 0 || (unsigned)w->partition == x->partition;
}

static bool is_there(const struct selection_sense *n, const struct selection_thing *x)
{
	if (n->topic_is_set && !is_of_topics(n, x->topic))
		return false;
	if (n->from_is_set && (!is_of_partition(&n->from, x) || is_before(&n->from, x)))
		return false;
	return !n->to_is_set || (is_of_partition(&n->to, x) && is_before(&n->to, x));
}

static bool takes(struct selection *s, const struct selection_thing *x, enum selection_skip *ret)
{
	const struct schema *schema;

	*ret = SELECTION_ELSEWHERE;
	if (!is_there(&s->sense, x))
		return false;
	*ret = SELECTION_NOT_TO;
	if (s->sense.destination && !span_is(x->destination, s->sense.destination))
		return false;
	return selection_judge(s, &x->event, x->key, x->has_data, &schema, ret);
}

bool selection_takes(struct selection *s, const struct selection_thing *x)
{
	enum selection_skip why;
	bool taken = takes(s, x, &why);

	s->counts.read++;
	if (taken)
		s->counts.given++;
	else
		s->counts.skipped[why]++;
	return taken;
}
