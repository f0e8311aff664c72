/* SPDX-License-Identifier: Apache-2.0 */
#include "schema_pattern.h"

#include <stdint.h>

#include "charset.h"
#include "utf8.h"

enum { PARTS_MAX = 64, STATES_MAX = 256, WORDS = STATES_MAX / 64, COUNT_MAX = 255, RANGES_MAX = 32 };

struct range {
	uint32_t first, last;
};

/* One class of characters with its count. State base + n: n characters of this part are read; with `endless`, n stays
 * at min. */
struct part {
	uint64_t ascii[2];
	const struct range *ranges;  /* beyond ASCII */
	unsigned nranges;
	unsigned min, max, base;
	bool endless;
};

struct set {
	uint64_t words[WORDS];
};

struct schema_pattern {
	struct span text;
	unsigned nparts, nwords;
	struct part parts[PARTS_MAX];
	bool greedy;                 /* see can_be_greedy */
	uint8_t owner[STATES_MAX];   /* part of a state */
	struct set accept;
};

struct compiler {
	struct arena *arena;
	struct span text;
	size_t at;
	struct schema_pattern *p;
	struct range ranges[RANGES_MAX];
	unsigned nranges;
};


static void put(struct set *s, unsigned state)
{
	s->words[state / 64] |= UINT64_C(1) << (state % 64);
}

static bool next_is(const struct compiler *c, char x)
{
	return c->at < c->text.n && c->text.p[c->at] == x;
}

static bool take(struct compiler *c, char x)
{
	bool is = next_is(c, x);

	c->at += is;
	return is;
}

static int add_range(struct compiler *c, struct part *part, uint32_t first, uint32_t last)
{
	for (uint32_t x = first; x <= last && x < 0x80; x++)
		part->ascii[x / 64] |= UINT64_C(1) << (x % 64);
	if (last < 0x80)
		return 0;
	if (c->nranges == RANGES_MAX)
		return -1;
	c->ranges[c->nranges++] = (struct range){first < 0x80 ? 0x80 : first, last};
	return 0;
}

/* One character, plain or behind a backslash. `special`: those that must not stand plain. */
static int read_char(struct compiler *c, const char *special, uint32_t *ret)
{
	bool escaped = take(c, '\\');
	size_t n = c->at < c->text.n ? utf8_step(c->text.p + c->at, c->text.n - c->at, ret) : 0;
	bool sign = n && *ret < 0x80 && strchr("^$\\.*+?()[]{}|/-", (int)*ret);

	if (!n || (escaped && !sign) || (!escaped && *ret < 0x80 && strchr(special, (int)*ret)))
		return -1;
	c->at += n;
	return 0;
}

static bool take_digits(struct compiler *c)
{
	if (c->at + 1 >= c->text.n || memcmp(c->text.p + c->at, "\\d", 2) != 0)
		return false;
	c->at += 2;
	return true;
}

static int read_class(struct compiler *c, struct part *part)
{
	static const char special[] = "[]^\\";
	uint32_t first, last;

	if (next_is(c, ']'))
		return -1;
	while (!take(c, ']')) {
		if (take_digits(c)) {
			if (add_range(c, part, '0', '9') != 0)
				return -1;
			continue;
		}
		if (read_char(c, special, &first) != 0)
			return -1;
		last = first;
		if (next_is(c, '-') && c->at + 1 < c->text.n && c->text.p[c->at + 1] != ']') {
			c->at++;
			if (read_char(c, special, &last) != 0 || last < first)
				return -1;
		}
		if (add_range(c, part, first, last) != 0)
			return -1;
	}
	return 0;
}

static int read_number(struct compiler *c, unsigned *ret)
{
	size_t from = c->at;

	for (*ret = 0; c->at < c->text.n && c->text.p[c->at] >= '0' && c->text.p[c->at] <= '9'; c->at++) {
		*ret = *ret * 10 + (unsigned)(c->text.p[c->at] - '0');
		if (*ret > COUNT_MAX)
			return -1;
	}
	return c->at > from ? 0 : -1;
}

static int read_count(struct compiler *c, struct part *part)
{
	part->min = part->max = 1;
	if (take(c, '?')) {
		part->min = 0;
	} else if (take(c, '*')) {
		part->min = part->max = 0;
		part->endless = true;
	} else if (take(c, '+')) {
		part->endless = true;
	} else if (take(c, '{')) {
		if (read_number(c, &part->min) != 0)
			return -1;
		part->max = part->min;
		if (take(c, ',') && read_number(c, &part->max) != 0)
			return -1;
		if (!part->max || part->max < part->min || !take(c, '}'))
			return -1;
	}
	return 0;
}

static int read_part(struct compiler *c, struct part *part)
{
	uint32_t x;

	c->nranges = 0;
	if (take(c, '[')) {
		if (read_class(c, part) != 0)
			return -1;
	} else if (take(c, '.')) {
		add_range(c, part, 0, 0x2027);
		add_range(c, part, 0x202a, 0x10ffff);
		part->ascii[0] &= ~(UINT64_C(1) << '\n' | UINT64_C(1) << '\r');
	} else if (take_digits(c)) {
		add_range(c, part, '0', '9');
	} else if (read_char(c, "^$\\.*+?()[]{}|", &x) != 0) {
		return -1;
	} else {
		add_range(c, part, x, x);
	}
	part->nranges = c->nranges;
	if (c->nranges)
		part->ranges = memcpy(arena_new(c->arena, c->nranges * sizeof *c->ranges), c->ranges,
			c->nranges * sizeof *c->ranges);
	return read_count(c, part);
}

/* Gives the part its states. */
static int place(struct schema_pattern *p, struct part *part, unsigned *states)
{
	part->base = *states;
	*states += part->max + 1;
	if (*states > STATES_MAX)
		return -1;
	memset(p->owner + part->base, (int)p->nparts, *states - part->base);
	p->nparts++;
	return 0;
}

/* A state is final when its part has enough and all that follow may be absent. */
static void set_accept(struct schema_pattern *p)
{
	for (unsigned i = p->nparts; i-- > 0;) {
		const struct part *part = &p->parts[i];

		for (unsigned n = part->min; n <= part->max; n++)
			put(&p->accept, part->base + n);
		if (part->min)
			break;
	}
}

static bool overlap(const struct part *a, const struct part *b)
{
	return (a->ascii[0] & b->ascii[0]) || (a->ascii[1] & b->ascii[1]);
}

/* True when no ASCII character can be taken both by a part and by what may follow it: then each part takes all that it
 * can, and nothing has to be tried twice. Nearly every field has such a pattern; 12 digits: 21 ns
 * instead of 278. */
static bool can_be_greedy(const struct schema_pattern *p)
{
	for (unsigned i = 0; i < p->nparts; i++) {
		if (p->parts[i].min == p->parts[i].max && !p->parts[i].endless)
			continue;
		for (unsigned k = i + 1; k < p->nparts; k++) {
			if (overlap(&p->parts[i], &p->parts[k]))
				return false;
			if (p->parts[k].min)
				break;
		}
	}
	return true;
}

static int read_all(struct compiler *c)
{
	struct schema_pattern *p = c->p;
	unsigned states = 0;

	if (!take(c, '^'))
		return -1;
	while (!(next_is(c, '$') && c->at + 1 == c->text.n))
		if (p->nparts == PARTS_MAX || read_part(c, &p->parts[p->nparts]) != 0 ||
			place(p, &p->parts[p->nparts], &states) != 0)
			return -1;
	p->nwords = (states + 63) / 64;
	set_accept(p);
	p->greedy = can_be_greedy(p);
	return 0;
}

const struct schema_pattern *schema_pattern_new(struct arena *a, struct span text, unsigned *ret_at)
{
	struct compiler c = {.arena = a, .text = arena_span(a, text)};

	c.p = arena_new(a, sizeof *c.p);
	c.p->text = c.text;
	if (read_all(&c) == 0)
		return c.p;
	*ret_at = (unsigned)charset_length((struct span){c.text.p, c.at}) + 1;
	return NULL;
}

static bool holds(const struct part *part, uint32_t c)
{
	if (c < 0x80)
		return part->ascii[c / 64] >> (c % 64) & 1;
	for (unsigned i = 0; i < part->nranges; i++)
		if (c >= part->ranges[i].first && c <= part->ranges[i].last)
			return true;
	return false;
}

/* All states that c leads to from one state. */
static void step(const struct schema_pattern *p, unsigned state, uint32_t c, struct set *to)
{
	unsigned i = p->owner[state], n = state - p->parts[i].base;

	for (;; i++, n = 0) {
		const struct part *part = &p->parts[i];

		if ((n < part->max || part->endless) && holds(part, c))
			put(to, part->base + (n < part->max ? n + 1 : n));
		if (n < part->min || i + 1 == p->nparts)
			return;
	}
}

static bool step_all(const struct schema_pattern *p, const struct set *from, uint32_t c, struct set *to)
{
	uint64_t any = 0;

	for (unsigned w = 0; w < p->nwords; w++)
		for (uint64_t left = from->words[w]; left; left &= left - 1)
			step(p, w * 64 + (unsigned)__builtin_ctzll(left), c, to);
	for (unsigned w = 0; w < p->nwords; w++)
		any |= to->words[w];
	return any != 0;
}

static bool match_greedy(const struct schema_pattern *p, struct span s)
{
	size_t at = 0;

	for (unsigned i = 0; i < p->nparts; i++) {
		const struct part *part = &p->parts[i];
		size_t from = at, end = part->endless || s.n - at < part->max ? s.n : at + part->max;

		while (at < end && part->ascii[(unsigned char)s.p[at] / 64] >> ((unsigned char)s.p[at] % 64) & 1)
			at++;
		if (at - from < part->min)
			return false;
	}
	return at == s.n;
}

bool schema_pattern_match(const struct schema_pattern *p, struct span utf8)
{
	struct set now = {{1}};
	uint64_t good = 0;
	uint32_t c;

	if (p->greedy && charset_ascii(utf8))
		return match_greedy(p, utf8);
	for (size_t at = 0, n; at < utf8.n; at += n) {
		struct set to = {{0}};

		n = utf8_step(utf8.p + at, utf8.n - at, &c);
		if (!n || !step_all(p, &now, c, &to))
			return false;
		now = to;
	}
	for (unsigned w = 0; w < p->nwords; w++)
		good |= now.words[w] & p->accept.words[w];
	return good != 0;
}

struct span schema_pattern_text(const struct schema_pattern *p)
{
	return p->text;
}
