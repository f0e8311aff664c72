/* SPDX-License-Identifier: Apache-2.0 */
#include "expr.h"

#include <stdlib.h>

#include "charset.h"
#include "utf8.h"

/*
 * Recursive descent to a flat program in postfix order over a stack of truth values that is one word: at most 64 of
 * them wait at any time, and brackets and "not" are at most 60 deep (the parser's own stack). AND and OR do not skip:
 * tests are cheap, and a program without jumps is easy to trust.
 */
enum { DEPTH_MAX = 60, WAITING_MAX = 64 };

enum op { OP_EQ, OP_STARTS, OP_ENDS, OP_CONTAINS, OP_EMPTY, OP_NOT, OP_AND, OP_OR };

struct step {
	enum op op;
	unsigned slot;
	struct span text;            /* owned by the expr's arena */
};

/* Steps that belong to one test of the text. */
struct part {
	unsigned first, n, slot;
	struct span text;
};

struct expr {
	struct arena arena;
	struct step *steps;
	unsigned n;
	struct part *parts;
	unsigned nparts;
};

struct parser {
	const char *p, *start, *end;
	struct expr *x;
	struct names *names;
	const struct conf *node;
	struct findings *f;
	unsigned depth;
	unsigned waiting;            /* truth values on the stack, were the program run up to here */
	bool failed;
};

static void blanks(struct parser *p)
{
	while (p->p < p->end && (*p->p == ' ' || *p->p == '\t' || *p->p == '\n'))
		p->p++;
}

/* {at} counts characters. */
static void fail(struct parser *p, const char *want)
{
	struct span before = {p->start, (size_t)(p->p - p->start)}, rest = {p->p, (size_t)(p->end - p->p)};

	if (!p->failed)
		conf_report(p->f, p->node, E_EXPR_SYNTAX, "at=%zu\nwant=%s\nrest=%.*s", charset_length(before) + 1,
			want, SPAN_F(utf8_cut(rest, 40)));
	p->failed = true;
}

static void emit(struct parser *p, enum op op, unsigned slot, struct span text)
{
	struct expr *x = p->x;

	if (op == OP_AND || op == OP_OR)
		p->waiting--;
	else if (op != OP_NOT && ++p->waiting > WAITING_MAX)
		fail(p, "less in brackets");
	x->steps = mem_grow(x->steps, x->n + 1u, sizeof *x->steps);
	x->steps[x->n++] = (struct step){op, slot, text};
}

static bool word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
		c == '@' || c == '#' || (unsigned char)c >= 0x80;
}

static struct span word(struct parser *p)
{
	struct span w;

	blanks(p);
	w.p = p->p;
	while (p->p < p->end && word_char(*p->p))
		p->p++;
	w.n = (size_t)(p->p - w.p);
	return w;
}

/* Takes the word or sign when it comes next. */
static bool take(struct parser *p, const char *text)
{
	size_t n = strlen(text);

	blanks(p);
	if ((size_t)(p->end - p->p) < n || memcmp(p->p, text, n) != 0)
		return false;
	if (word_char(text[0]) && p->p + n < p->end && word_char(p->p[n]))
		return false;
	p->p += n;
	return true;
}

static struct span quoted(struct parser *p)
{
	struct buf b = BUF_INIT;
	struct span s;

	if (!take(p, "\"")) {
		fail(p, "\"text\"");
		return SPAN("");
	}
	while (p->p < p->end && *p->p != '"') {
		if (*p->p == '\\' && ++p->p < p->end && *p->p != '"' && *p->p != '\\')
			fail(p, "\\\" \\\\");
		if (p->p < p->end)
			buf_c(&b, *p->p++);
	}
	if (p->p == p->end)
		fail(p, "\"");
	else
		p->p++;
	s = arena_span(&p->x->arena, buf_as_span(&b));
	buf_done(&b);
	return s;
}

static void parse_or(struct parser *p);

static void parse_in(struct parser *p, unsigned slot)
{
	unsigned count = 0;

	if (!take(p, "["))
		fail(p, "[");
	do {
		emit(p, OP_EQ, slot, quoted(p));
		if (count++)
			emit(p, OP_OR, 0, SPAN_NONE);
	} while (!p->failed && take(p, ","));
	if (!take(p, "]"))
		fail(p, "]");
}

/* name sign text; the slot of the name, or -1. */
static int parse_sign(struct parser *p)
{
	static const struct {
		const char *sign;
		enum op op;
	} tests[] = {{"=", OP_EQ}, {"starts", OP_STARTS}, {"ends", OP_ENDS}, {"contains", OP_CONTAINS}};
	struct span name = word(p);
	int slot = name.n ? names_use(p->names, name) : -1;
	const char *near;

	if (!name.n) {
		fail(p, "name");
		return -1;
	}
	if (slot < 0 && !p->failed) {
		near = names_nearest(p->names, name);
		conf_report(p->f, p->node, E_EXPR_NAME, "name=%.*s\nnear=%s", SPAN_F(name), near ? near : "-");
		p->failed = true;
		return -1;
	}
	if (take(p, "!=")) {
		emit(p, OP_EQ, (unsigned)slot, quoted(p));
		emit(p, OP_NOT, 0, SPAN_NONE);
		return slot;
	}
	if (take(p, "in")) {
		parse_in(p, (unsigned)slot);
		return slot;
	}
	if (take(p, "is")) {
		bool no = take(p, "not");

		if (!take(p, "empty"))
			fail(p, "empty");
		emit(p, OP_EMPTY, (unsigned)slot, SPAN_NONE);
		if (no)
			emit(p, OP_NOT, 0, SPAN_NONE);
		return slot;
	}
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		if (take(p, tests[i].sign)) {
			emit(p, tests[i].op, (unsigned)slot, quoted(p));
			return slot;
		}
	fail(p, "= != starts ends contains in is");
	return -1;
}

static void parse_test(struct parser *p)
{
	struct expr *x = p->x;
	unsigned first = x->n;
	const char *from;
	int slot;

	blanks(p);
	from = p->p;
	slot = parse_sign(p);
	if (p->failed || slot < 0)
		return;
	x->parts = mem_grow(x->parts, x->nparts + 1u, sizeof *x->parts);
	x->parts[x->nparts++] = (struct part){first, x->n - first, (unsigned)slot,
		arena_span(&x->arena, (struct span){from, (size_t)(p->p - from)})};
}

static void parse_not(struct parser *p)
{
	if (++p->depth > DEPTH_MAX)
		fail(p, "less in brackets");
	if (p->failed)
		return;
	if (take(p, "not")) {
		parse_not(p);
		emit(p, OP_NOT, 0, SPAN_NONE);
	} else if (take(p, "(")) {
		parse_or(p);
		if (!take(p, ")"))
			fail(p, ")");
	} else {
		parse_test(p);
	}
	p->depth--;
}

static void parse_and(struct parser *p)
{
	parse_not(p);
	while (!p->failed && take(p, "and")) {
		parse_not(p);
		emit(p, OP_AND, 0, SPAN_NONE);
	}
}

static void parse_or(struct parser *p)
{
	parse_and(p);
	while (!p->failed && take(p, "or")) {
		parse_and(p);
		emit(p, OP_OR, 0, SPAN_NONE);
	}
}

struct expr *expr_compile(const struct conf *node, struct names *names, struct findings *f)
{
	struct expr *x = mem_new(sizeof *x);
	struct parser p = {.p = node->text.p, .start = node->text.p, .end = node->text.p + node->text.n, .x = x,
		.names = names, .node = node, .f = f};

	x->arena = ARENA_INIT;
	if (node->kind != CONF_SCALAR) {
		p.p = p.start = p.end = "";
		fail(&p, "condition");
	}
	parse_or(&p);
	blanks(&p);
	if (!p.failed && p.p < p.end)
		fail(&p, "and, or");
	if (p.failed) {
		expr_free(x);
		return NULL;
	}
	return x;
}

void expr_free(struct expr *x)
{
	if (!x)
		return;
	arena_done(&x->arena);
	free(x->steps);
	free(x->parts);
	free(x);
}

static bool test(const struct step *t, struct span v)
{
	switch (t->op) {
	case OP_EQ:
		return span_eq(v, t->text);
	case OP_STARTS:
		return span_starts(v, t->text);
	case OP_ENDS:
		return span_ends(v, t->text);
	case OP_CONTAINS:
		return t->text.n == 0 || memmem(v.p, v.n, t->text.p, t->text.n) != NULL;
	default:
		return v.n == 0;
	}
}

static bool run(const struct step *t, unsigned n, const struct value *values)
{
	uint64_t stack = 0;          /* lowest bit is the top */

	for (const struct step *end = t + n; t < end; t++) {
		struct span v;

		switch (t->op) {
		case OP_NOT:
			stack ^= 1;
			break;
		case OP_AND:
			stack = (stack >> 1) & ~(uint64_t)((stack & 1) ^ 1);
			break;
		case OP_OR:
			stack = (stack >> 1) | (stack & 1);
			break;
		default:
			v = values[t->slot].text;
			if (!v.p)
				v = SPAN("");
			stack = stack << 1 | test(t, v);
		}
	}
	return stack & 1;
}

bool expr_true(const struct expr *x, const struct value *values)
{
	return run(x->steps, x->n, values);
}

unsigned expr_ntests(const struct expr *x)
{
	return x->nparts;
}

struct expr_test expr_look(const struct expr *x, unsigned test, const struct value *values)
{
	const struct part *p = &x->parts[test];

	return (struct expr_test){p->text, p->slot, run(x->steps + p->first, p->n, values)};
}
