/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include <stdlib.h>

#include "topics.h"

#define NAME_MAX_BYTES 60u

static bool name_ok(struct span n)
{
	for (size_t i = 0; i < n.n; i++)
		if (!((n.p[i] >= 'a' && n.p[i] <= 'z') || (n.p[i] >= '0' && n.p[i] <= '9') || n.p[i] == '-'))
			return false;
	return n.n && n.n <= NAME_MAX_BYTES;
}

/* Nothing is compared in shadow where nobody has another one to compare with; the key parts what a split would. */
static void check_keys(struct conf *map, const struct site_destination *d, struct findings *f)
{
	struct conf *mode = conf_get(map, "mode"), *split = conf_get(map, "split");

	if (d->mode == SITE_SHADOW)
		conf_report(f, mode, E_SITE_TOPIC_MODE, "destination=%s", d->name);
	if (split)
		conf_report_key(f, split, E_SITE_TOPIC_SPLIT, "destination=%s", d->name);
}

bool site_topic(struct conf *map, struct site_destination *d, struct findings *f)
{
	struct conf *to = conf_get(map, "to"), *topic = to && to->kind == CONF_MAP ? conf_get(to, "topic") : NULL, *node;
	struct span name = span_of(d->name);
	struct buf b = BUF_INIT;

	if (!topic)
		return false;
	conf_unknown(to, f);
	if (!conf_is(topic, CONF_MAP, f))
		return true;
	node = conf_want(topic, "name", CONF_SCALAR, f);
	conf_unknown(topic, f);
	if (node && !name_ok(node->text))
		conf_report(f, node, E_SITE_TOPIC_NAME, "name=%.*s", SPAN_F(node->text));
	else if (node)
		name = node->text;
	check_keys(map, d, f);
	if (d->form && !d->form->published)
		conf_report(f, conf_get(map, "form"), E_SITE_TOPIC_FORM, "form=%s", d->form->name);
	buf_printf(&b, TOPIC_OUT "%.*s.v%u", SPAN_F(name), d->form ? form_version(d->form) : 0);
	d->topic = mem_text(buf_as_span(&b));
	buf_done(&b);
	return true;
}

void site_check_topics(const struct site *s, struct conf *root, struct findings *f)
{
	for (unsigned i = 0; i < s->ndestinations; i++)
		for (unsigned k = 0; k < i; k++) {
			const struct site_destination *a = &s->destinations[k], *b = &s->destinations[i];

			if (a->topic && b->topic && strcmp(a->topic, b->topic) == 0)
				conf_report_key(f, conf_get(conf_get(root, "destinations"), b->name),
					E_SITE_TOPIC_TWICE, "topic=%s\nname=%s", b->topic, a->name);
		}
}
