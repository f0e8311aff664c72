/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>

#include "conf.h"

struct names {
	char **text;
	bool *used, *hidden;
	unsigned n;
};

struct names *names_new(void)
{
	return mem_new(sizeof(struct names));
}

void names_free(struct names *n)
{
	if (!n)
		return;
	for (unsigned i = 0; i < n->n; i++)
		free(n->text[i]);
	free(n->text);
	free(n->used);
	free(n->hidden);
	free(n);
}

static int find(const struct names *n, struct span name)
{
	for (unsigned i = 0; i < n->n; i++)
		if (!n->hidden[i] && span_is(name, n->text[i]))
			return (int)i;
	return -1;
}

unsigned names_add(struct names *n, struct span name)
{
	int at = find(n, name);

	if (at >= 0)
		return (unsigned)at;
	n->text = mem_grow(n->text, n->n + 1u, sizeof *n->text);
	n->used = mem_grow(n->used, n->n + 1u, sizeof *n->used);
	n->hidden = mem_grow(n->hidden, n->n + 1u, sizeof *n->hidden);
	n->text[n->n] = mem_text(name);
	n->used[n->n] = n->hidden[n->n] = false;
	return n->n++;
}

int names_use(struct names *n, struct span name)
{
	int at = find(n, name);

	if (at >= 0)
		n->used[at] = true;
	return at;
}

bool names_used(const struct names *n, unsigned slot)
{
	return n->used[slot];
}

int names_slot(const struct names *n, struct span name)
{
	return find(n, name);
}

void names_hide(struct names *n, struct span prefix, bool hidden)
{
	for (unsigned i = 0; i < n->n; i++)
		if (span_starts(span_of(n->text[i]), prefix))
			n->hidden[i] = hidden;
}

unsigned names_count(const struct names *n)
{
	return n->n;
}

const char *names_text(const struct names *n, unsigned slot)
{
	return n->text[slot];
}

const char *names_nearest(const struct names *n, struct span name)
{
	const char **shown = mem_new((n->n + 1u) * sizeof *shown), *near = NULL;
	unsigned count = 0;

	for (unsigned i = 0; i < n->n; i++)
		if (!n->hidden[i])
			shown[count++] = n->text[i];
	/* A name without its kind is the mistake of every beginner. */
	for (unsigned i = 0; i < count && !near; i++) {
		const char *dot = strchr(shown[i], '.');

		if (dot && span_is(name, dot + 1))
			near = shown[i];
	}
	near = near ? near : conf_nearest(name, shown);
	free(shown);
	return near;
}

void slots_init(struct slots *s, unsigned n)
{
	s->v = mem_new(n * sizeof *s->v);
	s->n = n;
	s->text = s->list = BUF_INIT;
	s->made = ARENA_INIT;
}

void slots_done(struct slots *s)
{
	free(s->v);
	buf_done(&s->text);
	buf_done(&s->list);
	arena_done(&s->made);
	*s = (struct slots){0};
}

void slots_begin(struct slots *s, size_t raw)
{
	buf_clear(&s->text);
	arena_clear(&s->made);
	/* No character of any charset grows to more than twice its bytes. */
	buf_reserve(&s->text, raw * 4 + 256);
}
