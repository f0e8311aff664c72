/* SPDX-License-Identifier: Apache-2.0 */
#include "difference.h"

#include <stdint.h>
#include <stdlib.h>

#include "mask.h"
#include "show.h"

#define CELLS_MAX (16u << 20)        /* of the table that finds what is common: 32 MiB; beyond, all lines between are shown */

struct lines {
	struct span *list;
	unsigned n;
};

static struct lines cut(struct span text)
{
	struct lines l = {0};

	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;

		if ((l.n & (l.n + 1u)) == 0)
			l.list = mem_grow(l.list, 2u * l.n + 2u, sizeof *l.list);
		l.list[l.n++] = (struct span){text.p, n};
		n += end != NULL;
		text = (struct span){text.p + n, text.n - n};
	}
	return l;
}

struct showing {
	struct buf *b;
	struct difference d;
	unsigned max;
};

static void show(struct showing *s, char sign, struct span line)
{
	struct buf masked = BUF_INIT;

	s->d.gone += sign == '-';
	s->d.come += sign == '+';
	if (s->d.gone + s->d.come > s->max)
		return;
	mask_digits(&masked, line);
	buf_printf(s->b, "  %c ", sign);
	show_text(s->b, buf_as_span(&masked));
	buf_c(s->b, '\n');
	buf_done(&masked);
}

/* common[i][k]: lines that a from i and b from k have in common, in order. */
static void walk(struct showing *s, const struct span *a, unsigned n, const struct span *b, unsigned m)
{
	const size_t row = m + 1u;
	uint16_t *common = NULL;
	unsigned i = 0, k = 0;

	if ((uint64_t)(n + 1u) * row <= CELLS_MAX && n < UINT16_MAX) {
		common = mem_new((n + 1u) * row * sizeof *common);
		for (unsigned x = n; x-- > 0;)
			for (unsigned y = m; y-- > 0;) {
				const uint16_t *below = &common[(x + 1) * row + y];

				common[x * row + y] = span_eq(a[x], b[y]) ? (uint16_t)(below[1] + 1)
					: below[0] > common[x * row + y + 1] ? below[0] : common[x * row + y + 1];
			}
	}
	while (i < n || k < m)
		if (common && i < n && k < m && span_eq(a[i], b[k]))
			i++, k++;
		else if (i < n && (k == m || !common || common[(i + 1) * row + k] >= common[i * row + k + 1]))
			show(s, '-', a[i++]);
		else
			show(s, '+', b[k++]);
	free(common);
}

struct difference difference_lines(struct buf *b, struct span was, struct span is, unsigned max)
{
	struct showing s = {.b = b, .max = max};
	struct lines old = cut(was), new = cut(is);
	unsigned begin = 0, end = 0;

	while (begin < old.n && begin < new.n && span_eq(old.list[begin], new.list[begin]))
		begin++;
	while (begin + end < old.n &&
		begin + end < new.n &&span_eq(old.list[old.n - 1 - end], new.list[new.n - 1 - end]))
		end++;
	walk(&s, old.list + begin, old.n - begin - end, new.list + begin, new.n - begin - end);
	free(old.list);
	free(new.list);
	return s.d;
}
