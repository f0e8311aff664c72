/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>

#include "conf.h"

struct names {
	char **text;                 /* NULL-terminated, for conf_nearest */
	bool *used;
	unsigned n;
};

struct names *names_new(void)
{
	struct names *n = mem_new(sizeof *n);

	n->text = mem_new(sizeof *n->text);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	for (unsigned i = 0; i < n->n; i++)
		free(n->text[i]);
	free(n->text);
	free(n->used);
	free(n);
}

static int find(const struct names *n, struct span name)
{
	for (unsigned i = 0; i < n->n; i++)
		if (span_is(name, n->text[i]))
			return (int)i;
	return -1;
}

unsigned names_add(struct names *n, struct span name)
{
	int at = find(n, name);

	if (at >= 0)
		return (unsigned)at;
	n->text = mem_grow(n->text, n->n + 2u, sizeof *n->text);
	n->used = mem_grow(n->used, n->n + 1u, sizeof *n->used);
	n->text[n->n] = mem_text(name);
	n->text[n->n + 1] = NULL;
	n->used[n->n] = false;
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
	/* A name without its kind is the mistake of every beginner. */
	for (unsigned i = 0; i < n->n; i++) {
		const char *dot = strchr(n->text[i], '.');

		if (dot && span_is(name, dot + 1))
			return n->text[i];
	}
	return conf_nearest(name, (const char *const *)n->text);
}

void slots_init(struct slots *s, unsigned n)
{
	s->v = mem_new(n * sizeof *s->v);
	s->n = n;
	s->text = BUF_INIT;
	s->made = ARENA_INIT;
}

void slots_done(struct slots *s)
{
	free(s->v);
	buf_done(&s->text);
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
