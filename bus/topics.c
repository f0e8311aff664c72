/* SPDX-License-Identifier: Apache-2.0 */
#include "topics.h"

const char *const topics_events[] = {"jincai.payment", "jincai.nontax", "jincai.payroll", "jincai.asset",
	"jincai.subsidy", "jincai.master", "jincai.receipt", NULL};

/* First word of a type, where it is not the topic's own last word. */
static const struct {
	const char *word, *topic;
} others[] = {
	{"recon", "jincai.payment"},      /* statements are of payments */
	{"person", "jincai.payroll"},     /* changes in the payroll register */
	{NULL, NULL},
};

const char *topics_of_type(struct span type)
{
	size_t n = 0;

	while (n < type.n && type.p[n] != '.')
		n++;
	for (unsigned i = 0; topics_events[i]; i++)
		if (span_eq((struct span){type.p, n}, span_of(topics_events[i] + sizeof "jincai." - 1)))
			return topics_events[i];
	for (unsigned i = 0; others[i].word; i++)
		if (span_eq((struct span){type.p, n}, span_of(others[i].word)))
			return others[i].topic;
	return NULL;
}

bool topics_is_destination(const char *name)
{
	return span_starts(span_of(name), SPAN(TOPIC_TO));
}

bool topics_carries_events(const char *name)
{
	for (unsigned i = 0; topics_events[i]; i++)
		if (strcmp(topics_events[i], name) == 0)
			return true;
	return topics_is_destination(name);
}

bool topics_is_out(const char *name)
{
	return span_starts(span_of(name), SPAN(TOPIC_OUT));
}

bool topics_is_replay(const char *name)
{
	return span_starts(span_of(name), SPAN(TOPIC_REPLAY));
}

bool topics_is_parted(const char *name)
{
	return topics_carries_events(name) || topics_is_out(name) || topics_is_replay(name);
}
