/* SPDX-License-Identifier: Apache-2.0 */
#include "codes_csv.h"

void codes_csv_init(struct codes_csv *c, struct span utf8, struct arena *a)
{
	bool bom = span_starts(utf8, SPAN("\xef\xbb\xbf"));

	*c = (struct codes_csv){{utf8.p + (bom ? 3 : 0), utf8.n - (bom ? 3 : 0)}, a, 0, 1};
}

static void skip(struct codes_csv *c, size_t n)
{
	c->left.p += n;
	c->left.n -= n;
}

/* LF or CRLF; how many bytes, 0 when there is none. */
static size_t line_end(struct span s)
{
	if (s.n && s.p[0] == '\n')
		return 1;
	return s.n > 1 && s.p[0] == '\r' && s.p[1] == '\n' ? 2 : 0;
}

static struct span plain_cell(struct codes_csv *c)
{
	struct span cell = {c->left.p, 0};

	while (cell.n < c->left.n && cell.p[cell.n] != ',' &&
		!line_end((struct span){cell.p + cell.n, c->left.n - cell.n}))
		cell.n++;
	skip(c, cell.n);
	return cell;
}

/* The text between the quotes, with "" made one. */
static struct span without_doubles(struct arena *a, struct span s)
{
	char *to = arena_new(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		to[n++] = s.p[i];
		i += s.p[i] == '"';
	}
	return (struct span){to, n};
}

static int quoted_cell(struct codes_csv *c, struct span *ret)
{
	const char *from = c->left.p + 1;
	size_t at = 1;
	bool doubles = false;

	for (; at < c->left.n; at++) {
		c->next += c->left.p[at] == '\n';
		if (c->left.p[at] != '"')
			continue;
		if (at + 1 == c->left.n || c->left.p[at + 1] != '"')
			break;
		doubles = true;
		at++;
	}
	if (at == c->left.n)
		return -1;
	*ret = (struct span){from, at - 1};
	if (doubles)
		*ret = without_doubles(c->arena, *ret);
	skip(c, at + 1);
	return 0;
}

static void skip_empty_lines(struct codes_csv *c)
{
	for (size_t n; (n = line_end(c->left)) > 0; c->next++)
		skip(c, n);
}

int codes_csv_row(struct codes_csv *c, struct span cells[CODES_CSV_COLUMNS])
{
	size_t end;

	skip_empty_lines(c);
	c->line = c->next;
	if (!c->left.n)
		return 0;
	for (int n = 0; n < CODES_CSV_COLUMNS; skip(c, 1)) {
		if (c->left.n && c->left.p[0] == '"') {
			if (quoted_cell(c, &cells[n]) != 0)
				return -1;
		} else {
			cells[n] = plain_cell(c);
		}
		n++;
		end = line_end(c->left);
		if (end || !c->left.n) {
			skip(c, end);
			c->next += end > 0;
			return n;
		}
		if (c->left.p[0] != ',')
			return -1;
	}
	return -1;
}
