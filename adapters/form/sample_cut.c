/* SPDX-License-Identifier: Apache-2.0 */
#include "sample_parts.h"

/* A quote without a partner must not make every cell behind it look at all of the file. */
#define QUOTED_MAX (64u << 10)

static size_t step(const struct cutter *c, size_t at)
{
	const unsigned char *p = (const unsigned char *)c->s->bytes.p + at;
	int n = *p < 0x80 ? 1 : charset_step(c->s->charset, p, c->s->bytes.n - at);

	return n > 0 ? (size_t)n : 1;
}

static bool at_end(const struct cutter *c, size_t at)
{
	return at == c->s->bytes.n || c->s->bytes.p[at] == '\n' || c->s->bytes.p[at] == '\r';
}

static bool at_by(const struct cutter *c, size_t at)
{
	return c->by.n && c->s->bytes.n - at >= c->by.n && memcmp(c->s->bytes.p + at, c->by.p, c->by.n) == 0;
}

/* Where the cell in quotes that begins at `at` ends; 0 when its partner is missing or not at the cell's end. */
static size_t quoted_end(const struct cutter *c, size_t at)
{
	size_t end = c->s->bytes.n - at > QUOTED_MAX ? at + QUOTED_MAX : c->s->bytes.n;

	for (at++; at < end; at += step(c, at)) {
		if (c->s->bytes.p[at] != '"')
			continue;
		if (at + 1 < c->s->bytes.n && c->s->bytes.p[at + 1] == '"')
			at++;
		else
			return at_end(c, at + 1) || at_by(c, at + 1) ? at : 0;
	}
	return 0;
}

static void cut_cell(struct cutter *c)
{
	const char *p = c->s->bytes.p;
	size_t from = c->at, end;
	struct span cell;

	if (c->quotes && p[from] == '"' && (end = quoted_end(c, from)) != 0) {
		c->quoted++;
		cell = (struct span){p + from + 1, end - from - 1};
		c->at = end + 1;
	} else {
		c->bad_quotes += c->quotes && p[from] == '"';
		while (!at_end(c, c->at) && !at_by(c, c->at))
			c->at += step(c, c->at);
		cell = (struct span){p + from, c->at - from};
	}
	if (c->n < SAMPLE_COLUMNS)
		c->cells[c->n] = cell;
	c->n++;
}

bool sample_next_row(struct cutter *c)
{
	size_t from = c->at;

	c->n = 0;
	if (from >= c->s->bytes.n)
		return false;
	for (;;) {
		if (at_end(c, c->at)) {      /* an empty cell behind the last delimiter, or an empty row */
			if (c->n < SAMPLE_COLUMNS)
				c->cells[c->n] = SPAN("");
			c->n++;
		} else {
			cut_cell(c);
		}
		if (at_end(c, c->at))
			break;
		c->at += c->by.n;
	}
	c->row = (struct span){c->s->bytes.p + from, c->at - from};
	if (c->at < c->s->bytes.n)
		c->at += c->at + 1 < c->s->bytes.n && memcmp(c->s->bytes.p + c->at, "\r\n", 2) == 0 ? 2 : 1;
	return true;
}

struct cutter sample_cutter(const struct sample *s, const char *by, bool quotes)
{
	return (struct cutter){.s = s, .by = span_of(by), .quotes = quotes, .at = s->bom ? 3 : 0};
}

unsigned sample_filled(const struct cutter *c)
{
	unsigned ret = 0;

	for (unsigned i = 0; i < c->n && i < SAMPLE_COLUMNS; i++)
		ret += span_trim(c->cells[i]).n > 0;
	return ret;
}

static size_t skip_blanks(struct span t, size_t at)
{
	while (at < t.n && (t.p[at] == ' ' || (t.p[at] >= '\t' && t.p[at] <= '\r')))
		at++;
	return at;
}

/* How documents begin: with a declaration, with the first name of an object, with the first object of an array. */
static const char *document(struct span t)
{
	size_t at = skip_blanks(t, t.n >= 3 && memcmp(t.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0);
	char first = at < t.n ? t.p[at] : 0, second;

	if (first == '<')
		return at + 1 < t.n && (t.p[at + 1] == '?' || t.p[at + 1] == '!') ? "XML" : NULL;
	if (first != '{' && first != '[')
		return NULL;
	at = skip_blanks(t, at + 1);
	second = at < t.n ? t.p[at] : 0;
	return second == (first == '{' ? '"' : '{') ? "JSON" : NULL;
}

const char *sample_not_text(struct span t)
{
	if (t.n >= 4 && memcmp(t.p, "PK\3\4", 4) == 0)
		return "zip, xlsx";
	if (t.n >= 4 && memcmp(t.p, "\xd0\xcf\x11\xe0", 4) == 0)
		return "xls, doc";
	if (t.n >= 32 && (t.p[0] == 3 || t.p[0] == 0x30 || t.p[0] == 0x31) && memchr(t.p, 0, 32))
		return "dBASE";
	if (t.n >= 2 && memcmp(t.p, "\x1f\x8b", 2) == 0)
		return "gzip";
	return memchr(t.p, 0, t.n) ? "NUL" : document(t);
}
