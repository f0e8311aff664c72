/* SPDX-License-Identifier: Apache-2.0 */
#include "jscan.h"
#include "map_rules.h"

/* What stands before a text: copied in whole steps, since a call for a dozen bytes costs more than the bytes. Both sides
 * have room for the last one. */
static inline char *put_opening(char *to, const struct member *x, unsigned level)
{
	const char *p = x->opening.p + x->level[level];
	size_t n = x->opening.n - x->level[level];

	for (size_t i = 0; i < n; i += MEMBER_STEP)
		memcpy(to + i, p + i, MEMBER_STEP);
	return to + n;
}

/* The comma before the first member becomes the bracket that opens the object. */
static void write_object(const struct map *m, const struct slots *s, struct buf *b)
{
	unsigned open = 0, common = 0;
	size_t start = b->n;
	char *to;

	for (unsigned i = 0; i < m->n; i++) {
		const struct member *x = &m->members[i];
		struct span text = s->v[x->slot].text;

		common = x->shared < common ? x->shared : common;
		if (!text.p)
			continue;
		buf_reserve(b, m->frame);
		to = b->p + b->n;
		for (; open > common; open--)
			*to++ = '}';
		*to++ = ',';
		to = put_opening(to, x, common);
		b->n = (size_t)(to - b->p);
		if (x->list) {
			buf_span(b, text);
		} else {
			json_escape(b, text);
			buf_c(b, '"');
		}
		open = common = x->parents;
	}
	buf_reserve(b, m->frame);
	if (b->n == start)
		b->n++;
	b->p[start] = '{';
	for (; open; open--)
		b->p[b->n++] = '}';
	b->p[b->n++] = '}';
}

void map_write(const struct map *m, const struct slots *s, struct buf *b)
{
	if (m->setup.shape == MAP_OBJECT) {
		write_object(m, s, b);
		return;
	}
	buf_c(b, '[');
	for (unsigned i = 0; i < m->n; i++) {
		if (i)
			buf_c(b, ',');
		json_quote(b, s->v[m->rules[i].out].text);
	}
	buf_c(b, ']');
}

unsigned map_write_cuts(const struct map *m, const struct slots *s, struct buf *b)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n && m->cuts; i++) {
		if (!s->v[m->rules[i].out].cut)
			continue;
		buf_c(b, n++ ? ',' : '[');
		json_quote(b, m->rules[i].name);
	}
	if (n)
		buf_c(b, ']');
	return n;
}
