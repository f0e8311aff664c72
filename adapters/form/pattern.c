/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern.h"

#include <stdlib.h>

#include "charset.h"
#include "datefmt.h"

enum { PARTS_MAX = 32, WIDTH_MAX = 18, COMPONENT_MAX = 255, NAME_SLOT = -1 };

enum part_kind { PART_LITERAL, PART_TEXT, PART_NUMBER, PART_DATE };

struct part {
	enum part_kind kind;
	struct span text;            /* a literal's bytes, else what stands in the braces */
	size_t width;                /* bytes of it in a name; 0 of a text: open */
	int slot;                    /* NAME_SLOT: the name of the body */
	struct datefmt date;
};

struct pattern {
	struct arena arena;
	struct part parts[PARTS_MAX];
	unsigned n;
};

/* One run over the text of a pattern. */
struct parse {
	struct pattern *p;
	struct names *names;
	bool outward;
	const struct conf *node;
	size_t at;
	struct findings *f;
};

static int syntax(const struct parse *x, size_t at)
{
	const struct span before = {x->node->text.p, at};

	conf_report(x->f, x->node, E_PATTERN_SYNTAX, "at=%zu", charset_length(before) + 1);
	return -1;
}

static bool control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static bool name_char(char c, bool dots)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (c == '.' && dots);
}

static bool digits(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0;
}

static int unknown_name(const struct parse *x, struct span name)
{
	const char *near = x->outward ? names_nearest(x->names, name) : NULL;

	conf_report(x->f, x->node, E_PATTERN_NAME, "name=%.*s\nnear=%s", SPAN_F(name), near ? near : "-");
	return -1;
}

static int find_slot(struct parse *x, struct part *part, struct span name)
{
	struct buf full = BUF_INIT;

	if (x->outward) {
		if (span_is(name, "name") && part->kind == PART_TEXT) {
			part->slot = NAME_SLOT;
			return 0;
		}
		part->slot = names_use(x->names, name);
		return part->slot < 0 ? unknown_name(x, name) : 0;
	}
	buf_printf(&full, "file.%.*s", SPAN_F(name));
	part->slot = (int)names_add(x->names, buf_as_span(&full));
	buf_done(&full);
	for (unsigned i = 0; i < x->p->n; i++)
		if (x->p->parts[i].kind != PART_LITERAL && x->p->parts[i].slot == part->slot)
			return unknown_name(x, name);
	return 0;
}

static int read_format(struct part *part, struct span format)
{
	if (digits(format)) {
		if (format.n > 2)
			return -1;
		part->kind = PART_NUMBER;
		part->width = (size_t)atoi(format.p);
		return part->width >= 1 && part->width <= WIDTH_MAX ? 0 : -1;
	}
	part->kind = PART_DATE;
	for (size_t i = 0; i < format.n; i++)
		if (control(format.p[i]) || format.p[i] == '/' || format.p[i] == '{')
			return -1;
	if (datefmt_compile(format, &part->date))
		return -1;
	part->width = part->date.length;
	return 0;
}

/* {name} or {name:format} at x->at. */
static int read_part(struct parse *x, struct part *part)
{
	const struct span all = x->node->text;
	const size_t from = x->at + 1;
	const char *close = memchr(all.p + from, '}', all.n - from);
	struct span name = {all.p + from, 0}, format = SPAN_NONE;

	if (!close)
		return syntax(x, x->at);
	while (name_char(name.p[name.n], x->outward))
		name.n++;
	if (name.n == 0 || (name.p[name.n] != ':' && name.p[name.n] != '}'))
		return syntax(x, from + name.n);
	part->text = arena_span(&x->p->arena, name);
	part->kind = PART_TEXT;
	if (name.p[name.n] == ':') {
		format = (struct span){name.p + name.n + 1, (size_t)(close - name.p) - name.n - 1};
		if (read_format(part, format))
			return syntax(x, (size_t)(format.p - all.p));
	}
	x->at = (size_t)(close - all.p) + 1;
	return find_slot(x, part, name);
}

static int read_literal(struct parse *x, struct part *part)
{
	const struct span all = x->node->text;
	const size_t from = x->at;

	while (x->at < all.n && all.p[x->at] != '{') {
		if (all.p[x->at] == '}' || control(all.p[x->at]))
			return syntax(x, x->at);
		x->at++;
	}
	part->kind = PART_LITERAL;
	part->text = arena_span(&x->p->arena, (struct span){all.p + from, x->at - from});
	part->width = part->text.n;
	return 0;
}

/* A folder that is empty, "." or ".." would lead out of the place that files are made in. */
static int check_components(const struct parse *x)
{
	const struct span all = x->node->text;
	size_t from = 0;

	for (size_t i = 0; i <= all.n; i++)
		if (i == all.n || all.p[i] == '/') {
			const struct span s = {all.p + from, i - from};

			if (s.n == 0 || span_is(s, ".") || span_is(s, ".."))
				return syntax(x, from);
			from = i + 1;
		}
	return 0;
}

struct pattern *pattern_compile(const struct conf *node, struct names *names, bool outward, struct findings *f)
{
	struct pattern *p = mem_new(sizeof *p);
	struct parse x = {p, names, outward, node, 0, f};

	p->arena = ARENA_INIT;
	if (node->kind != CONF_SCALAR) {
		syntax(&x, 0);
		goto fail;
	}
	while (x.at < node->text.n) {
		struct part *part = &p->parts[p->n];

		if (p->n == PARTS_MAX) {
			syntax(&x, x.at);
			goto fail;
		}
		if (node->text.p[x.at] == '{' ? read_part(&x, part) : read_literal(&x, part))
			goto fail;
		p->n++;
	}
	if (check_components(&x))
		goto fail;
	return p;
fail:
	pattern_free(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	arena_done(&p->arena);
	free(p);
}

static bool part_fits(const struct part *part, struct span s)
{
	char iso[11];

	switch (part->kind) {
	case PART_LITERAL:
		return span_eq(part->text, s);
	case PART_NUMBER:
		return digits(s);
	case PART_DATE:
		return datefmt_read(&part->date, s, iso) == 0;
	case PART_TEXT:
		break;
	}
	return false;
}

/* Do the parts of fixed width from i up to the next text fit at `at`? Then found holds them, *ret_at what follows. */
static bool run_fits(const struct pattern *p, unsigned i, struct span name, size_t at, struct span *found,
	size_t *ret_at)
{
	for (; i < p->n && p->parts[i].kind != PART_TEXT; i++) {
		const size_t n = p->parts[i].width;

		if (name.n - at < n)
			return false;
		found[i] = (struct span){name.p + at, n};
		if (!part_fits(&p->parts[i], found[i]))
			return false;
		at += n;
	}
	*ret_at = at;
	return true;
}

/* Each text takes as few bytes as let the run behind it fit. The earliest place is as good as any, since whether a run
 * fits depends on its place alone; only the last run must end where the name ends. */
static bool split(const struct pattern *p, struct span name, struct span found[PARTS_MAX])
{
	unsigned i = 0;
	size_t at;

	if (!run_fits(p, 0, name, 0, found, &at))
		return false;
	while (i < p->n && p->parts[i].kind != PART_TEXT)
		i++;
	while (i < p->n) {
		const size_t from = at;
		const unsigned text = i;
		size_t last = 0, to;

		for (i++; i < p->n && p->parts[i].kind != PART_TEXT; i++)
			last += p->parts[i].width;
		to = from + 1;
		if (i == p->n && name.n > last && name.n - last > to)
			to = name.n - last;
		while (to <= name.n && !run_fits(p, text + 1, name, to, found, &at))
			to++;
		if (to > name.n || memchr(name.p + from, '/', to - from))
			return false;
		found[text] = (struct span){name.p + from, to - from};
	}
	return at == name.n;
}

int pattern_match(const struct pattern *p, struct span name, struct arena *keep, struct slots *s)
{
	struct span found[PARTS_MAX];
	char iso[11];

	if (name.n == 0 || !split(p, name, found))
		return 0;
	for (unsigned i = 0; i < p->n; i++) {
		const struct part *part = &p->parts[i];

		if (part->kind == PART_LITERAL)
			continue;
		if (part->kind == PART_DATE && datefmt_read(&part->date, found[i], iso) == 0)
			found[i] = arena_span(keep, span_of(iso));
		s->v[part->slot] = (struct value){.text = found[i]};
	}
	return 1;
}

void pattern_keys(const struct pattern *p, const struct slots *s, struct buf *ret)
{
	bool first = true;

	for (unsigned i = 0; i < p->n; i++) {
		if (p->parts[i].kind == PART_LITERAL)
			continue;
		if (!first)
			buf_c(ret, ':');
		buf_span(ret, s->v[p->parts[i].slot].text);
		first = false;
	}
}

static bool text_ok(struct span s, bool slashes)
{
	for (size_t i = 0; i < s.n; i++)
		if (control(s.p[i]) || (s.p[i] == '/' && !slashes))
			return false;
	return s.n > 0 && !span_is(s, ".") && !span_is(s, "..");
}

/* Appends one part; false when its value cannot stand in a name. */
static bool put_part(const struct part *part, const struct slots *s, struct span name, struct buf *ret)
{
	const bool body = part->kind == PART_TEXT && part->slot == NAME_SLOT;
	struct span v;

	if (part->kind == PART_LITERAL) {
		buf_span(ret, part->text);
		return true;
	}
	v = body ? name : s->v[part->slot].text;
	if (v.p == NULL)
		return false;
	if (part->kind == PART_DATE)
		return datefmt_write(&part->date, v, ret) == 0;
	/* The body's name was made by a pattern and may lie in a folder. */
	if (part->kind == PART_NUMBER ? !digits(v) || v.n > part->width : !text_ok(v, body))
		return false;
	for (size_t i = v.n; i < part->width; i++)
		buf_c(ret, '0');
	buf_span(ret, v);
	return true;
}

static bool components_fit(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		n = s.p[i] == '/' ? 0 : n + 1;
		if (n > COMPONENT_MAX)
			return false;
	}
	return true;
}

int pattern_make(const struct pattern *p, const struct slots *s, struct span name, struct buf *ret, struct err *e)
{
	const size_t start = ret->n;

	for (unsigned i = 0; i < p->n; i++)
		if (!put_part(&p->parts[i], s, name, ret)) {
			ret->n = start;
			return err_set(e, E_PATTERN_VALUE, "part=%.*s", SPAN_F(p->parts[i].text));
		}
	if (components_fit((struct span){ret->p + start, ret->n - start}))
		return 0;
	ret->n = start;
	return err_set(e, E_PATTERN_TOO_LONG, "max=%d", COMPONENT_MAX);
}
