/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_file.h"

#include <errno.h>
#include <stdlib.h>

#include "utf8.h"

enum { SHOWN_MAX = 60, WORD_MAX = 48, KNOWN_MAX = 100 };

/* How each kind is written: understood in any language. */
static const char *const forms[] = {[CONF_SCALAR] = "value", [CONF_LIST] = "[value, value]",
	[CONF_MAP] = "{name: value}"};

const char *conf_shown(struct span text, char ret[72])
{
	struct span cut = utf8_cut(text, SHOWN_MAX);

	if (cut.n)
		memcpy(ret, cut.p, cut.n);
	strcpy(ret + cut.n, cut.n < text.n ? "…" : "");
	for (size_t i = 0; i < cut.n; i++)
		if ((unsigned char)ret[i] < ' ' || ret[i] == 0x7f)
			ret[i] = ' ';
	return ret;
}

static void report(struct findings *f, const struct conf *node, bool at_key, enum err_id id, const char *fmt,
	va_list ap)
{
	struct err e;
	char args[sizeof e.args];

	vsnprintf(args, sizeof args, fmt, ap);
	err_set(&e, id, "%s", args);
	findings_add(f, &e, node->file->path, at_key ? node->key_line : node->line,
		at_key ? node->key_column : node->column, node->file->source);
}

void conf_report(struct findings *f, const struct conf *node, enum err_id id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(f, node, false, id, fmt, ap);
	va_end(ap);
}

void conf_report_key(struct findings *f, const struct conf *node, enum err_id id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(f, node, node->key.p != NULL, id, fmt, ap);
	va_end(ap);
}

static void remember(struct conf *map, const char *name)
{
	struct arena *a = &((struct conf_file *)map->file)->arena;
	struct conf_asked **at = &map->names;

	for (; *at; at = &(*at)->next)
		if (strcmp((*at)->name, name) == 0)
			return;
	*at = arena_new(a, sizeof **at);
	(*at)->name = arena_text(a, span_of(name));
}

struct conf *conf_get(struct conf *map, const char *name)
{
	struct span key = span_of(name);

	if (!map || map->kind != CONF_MAP)
		return NULL;
	for (struct conf *x = map->first; x; x = x->next)
		if (span_eq(x->key, key)) {
			x->asked = true;
			return x;
		}
	remember(map, name);
	return NULL;
}

static void report_kind(struct findings *f, struct conf *node, enum conf_kind want)
{
	char key[72];

	if (node->told)
		return;
	node->told = true;
	conf_report(f, node, E_CONF_TYPE, "key=%s\nwant=%s\ngot=%s", node->key.p ? conf_shown(node->key, key) : "-",
		forms[want], forms[node->kind]);
}

bool conf_is(struct conf *node, enum conf_kind kind, struct findings *f)
{
	if (node->kind != kind)
		report_kind(f, node, kind);
	return node->kind == kind;
}

/* Entries can be asked of a mapping only; what stands in its place is reported once. */
static bool is_map(struct conf *map, struct findings *f)
{
	if (map && map->kind != CONF_MAP)
		report_kind(f, map, CONF_MAP);
	return map && map->kind == CONF_MAP;
}

struct conf *conf_want(struct conf *map, const char *name, enum conf_kind kind, struct findings *f)
{
	struct conf *x = is_map(map, f) ? conf_get(map, name) : NULL;

	if (!x || x->kind == kind)
		return x;
	report_kind(f, x, kind);
	return NULL;
}

struct conf *conf_need(struct conf *map, const char *name, enum conf_kind kind, struct findings *f)
{
	char key[72];

	if (!is_map(map, f))
		return NULL;
	if (!conf_get(map, name)) {
		conf_report_key(f, map, E_CONF_MISSING, "key=%s", conf_shown(span_of(name), key));
		return NULL;
	}
	return conf_want(map, name, kind, f);
}

struct span conf_text(struct conf *map, const char *name, const char *fallback, struct findings *f)
{
	struct conf *x = conf_want(map, name, CONF_SCALAR, f);

	return x ? x->text : span_of(fallback);
}

/* The letters of a word, capitals made small: ID for id is the commonest slip. */
static size_t letters(struct span word, uint32_t ret[WORD_MAX])
{
	size_t n = 0;

	for (size_t at = 0, step; at < word.n && n < WORD_MAX; at += step, n++) {
		step = utf8_step(word.p + at, word.n - at, &ret[n]);
		if (!step) {
			step = 1;
			ret[n] = 0xfffd;
		}
		if (ret[n] >= 'A' && ret[n] <= 'Z')
			ret[n] += 'a' - 'A';
	}
	return n;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to add, drop, change, or swap with their neighbour, to make one word of the other. Three rows of the usual
 * table are kept, for a swap looks two rows back. */
static unsigned distance(const uint32_t *a, size_t an, const uint32_t *b, size_t bn)
{
	unsigned rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= bn; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= an; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= bn; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], second[j - 2] + 1);
		}
	}
	return rows[an % 3][bn];
}

struct nearest {
	struct span word, name;
	unsigned best;
};

static void consider(struct nearest *x, struct span name)
{
	uint32_t a[WORD_MAX], b[WORD_MAX];
	size_t an = letters(x->word, a), bn = letters(name, b);
	unsigned d = distance(a, an, b, bn);

	/* A third of the longer of the two, to the nearest whole number. */
	if (d <= ((an > bn ? an : bn) + 1) / 3 && (!x->name.p || d < x->best)) {
		x->name = name;
		x->best = d;
	}
}

const char *conf_nearest(struct span word, const char *const *names)
{
	struct nearest x = {.word = word};

	for (; *names; names++)
		consider(&x, span_of(*names));
	return x.name.p;
}

/* Next of the words of "a|b|c"; false behind the last. */
static bool next_word(const char **at, struct span *ret)
{
	if (!*at)
		return false;
	*ret = (struct span){*at, strcspn(*at, "|")};
	*at = (*at)[ret->n] ? *at + ret->n + 1 : NULL;
	return true;
}

static int find_word(const char *words, struct span text)
{
	struct span word;

	for (int i = 0; next_word(&words, &word); i++)
		if (span_eq(word, text))
			return i;
	return -1;
}

int conf_choice(struct conf *map, const char *name, const char *words, int fallback, struct findings *f)
{
	struct conf *x = conf_want(map, name, CONF_SCALAR, f);
	struct nearest near = {0};
	struct span word;
	char got[72];
	int i = x ? find_word(words, x->text) : -1;

	if (!x || i >= 0)
		return x ? i : fallback;
	near.word = x->text;
	for (const char *at = words; next_word(&at, &word);)
		consider(&near, word);
	if (!near.name.p)
		near.name = SPAN("-");
	conf_report(f, x, E_CONF_CHOICE, "key=%s\ngot=%s\nnear=%.*s\nwords=%s", name, conf_shown(x->text, got),
		SPAN_F(near.name), words);
	return fallback;
}

long long conf_int(struct conf *map, const char *name, long long min, long long max, long long fallback,
	struct findings *f)
{
	struct conf *x = conf_want(map, name, CONF_SCALAR, f);
	const char *t;
	char got[72];
	long long v;

	if (!x)
		return fallback;
	t = x->text.p;
	errno = 0;
	v = strtoll(t, NULL, 10);
	t += *t == '-';
	if (*t && t[strspn(t, "0123456789")] == 0 && x->text.n == strlen(x->text.p) && !errno && v >= min && v <= max)
		return v;
	conf_report(f, x, E_CONF_NUMBER, "key=%s\ngot=%s\nmin=%lld\nmax=%lld", name, conf_shown(x->text, got), min, max);
	return fallback;
}

bool conf_bool(struct conf *map, const char *name, bool fallback, struct findings *f)
{
	int i = conf_choice(map, name, "yes|no|true|false", -1, f);

	return i < 0 ? fallback : i % 2 == 0;
}

static void add_known(struct buf *known, struct span name)
{
	char text[72];

	if (known->n < KNOWN_MAX) {
		buf_str(known, known->n ? ", " : "");
		buf_str(known, conf_shown(name, text));
	} else if (!span_ends(buf_as_span(known), SPAN("…"))) {
		buf_str(known, ", …");
	}
}

static void report_unknown(struct conf *map, const struct conf *entry, struct findings *f)
{
	struct nearest near = {.word = entry->key};
	struct buf known = BUF_INIT;
	char key[72], name[72];

	for (struct conf_asked *n = map->names; n; n = n->next) {
		consider(&near, span_of(n->name));
		add_known(&known, span_of(n->name));
	}
	for (struct conf *x = map->first; x; x = x->next)
		if (x->asked) {
			consider(&near, x->key);
			add_known(&known, x->key);
		}
	conf_report_key(f, entry, E_CONF_UNKNOWN_KEY, "key=%s\nnear=%s\nknown=%s", conf_shown(entry->key, key),
		near.name.p ? conf_shown(near.name, name) : "-", known.n ? buf_text(&known) : "-");
	buf_done(&known);
}

void conf_unknown(struct conf *map, struct findings *f)
{
	if (!is_map(map, f))
		return;
	for (struct conf *x = map->first; x; x = x->next)
		if (!x->asked)
			report_unknown(map, x, f);
}
