/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include <jansson.h>
#include <stdlib.h>

#include "say.h"
#include "show.h"
#include "utf8.h"

/* Beyond so many pairs to compare lines are taken as they come: such texts have nothing to do with each other. */
#define TABLE_MAX (4u << 20)
#define SHOWN_MAX 20u

struct line {
	struct span text;
	char *plain;                 /* of JSON: members sorted, no blanks; NULL: none */
	char *name;                  /* of JSON: what it tells of: id of an event, line of a dead record, or the whole */
};

struct lines {
	struct line *v;
	unsigned n;
};

/* ---- lines ---- */

enum sort { SORT_EVENT, SORT_DEAD, SORT_WHOLE };

static enum sort sort_of(const json_t *j)
{
	return json_object_get(j, "id") ? SORT_EVENT : json_object_get(j, "line") ? SORT_DEAD : SORT_WHOLE;
}

static char *name_of(const json_t *j)
{
	struct buf b = BUF_INIT;
	enum sort s = sort_of(j);
	const char *id = json_string_value(json_object_get(j, "id"));

	buf_printf(&b, "%d:", (int)s);
	if (s == SORT_EVENT)
		buf_str(&b, id ? id : "");
	else if (s == SORT_DEAD)
		buf_printf(&b, "%lld", (long long)json_integer_value(json_object_get(j, "line")));
	return (char *)(uintptr_t)buf_text(&b);
}

/* What is no JSON has neither and is equal to nothing. */
static struct line json_line(struct span text)
{
	struct line ret = {.text = text};
	json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	const char *version = json_string_value(json_object_get(j, "specversion"));

	if (version && strcmp(version, "1.0") == 0)
		json_object_del(j, "specversion");
	ret.plain = j ? json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	ret.name = j ? name_of(j) : NULL;
	json_decref(j);
	return ret;
}

static struct lines lines_of(struct span text, bool json)
{
	struct lines l = {NULL, 0};
	struct span one;

	while (cases_line(&text, &one)) {
		l.v = mem_grow(l.v, l.n + 1u, sizeof *l.v);
		l.v[l.n++] = json ? json_line(one) : (struct line){.text = one};
	}
	return l;
}

static void lines_done(struct lines *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		free(l->v[i].plain);
		free(l->v[i].name);
	}
	free(l->v);
}

static bool same(const struct line *a, const struct line *b, bool json)
{
	return json ? a->plain && b->plain && strcmp(a->plain, b->plain) == 0 : span_eq(a->text, b->text);
}

static bool same_name(const struct line *a, const struct line *b)
{
	return a->name && b->name && strcmp(a->name, b->name) == 0;
}

/* ---- alignment ---- */

struct aligning {
	struct lines want, got;
	bool json;
	struct cases_pair *pairs;
	unsigned n;
};

static void pair(struct aligning *a, unsigned w, bool has_w, unsigned g, bool has_g, bool equal)
{
	a->pairs = mem_grow(a->pairs, a->n + 1u, sizeof *a->pairs);
	a->pairs[a->n++] = (struct cases_pair){has_w ? a->want.v[w].text : SPAN_NONE,
		has_g ? a->got.v[g].text : SPAN_NONE, (has_w ? w : g) + 1u, equal};
}

/* Lines that have no equal stand opposite each other as they come. */
static void pair_others(struct aligning *a, unsigned w, unsigned w_end, unsigned g, unsigned g_end)
{
	for (; w < w_end || g < g_end; w += w < w_end, g += g < g_end)
		pair(a, w, w < w_end, g, g < g_end, false);
}

/* Lines of want and of got, from .. to. */
struct block {
	unsigned w, w_end, g, g_end;
};

static bool alike(const struct aligning *a, unsigned w, unsigned g, bool by_name)
{
	const struct line *want = &a->want.v[w], *got = &a->got.v[g];

	return by_name ? same_name(want, got) : same(want, got, a->json);
}

/* Longest common subsequence: [i][j] is the length of that of what stands from i and j on. */
static unsigned *lengths(const struct aligning *a, const struct block *k, bool by_name)
{
	const unsigned rows = k->w_end - k->w + 1u, columns = k->g_end - k->g + 1u;
	unsigned *v = mem_new((size_t)rows * columns * sizeof *v);

	for (unsigned i = rows - 1; i-- > 0;)
		for (unsigned j = columns - 1; j-- > 0;) {
			unsigned down = v[(i + 1) * columns + j], right = v[i * columns + j + 1];

			v[i * columns + j] = alike(a, k->w + i, k->g + j, by_name) ? v[(i + 1) * columns + j + 1] + 1
				: down > right ? down : right;
		}
	return v;
}

/* Equal lines first; between them, of JSON, lines that tell of the same; between those what is left. */
static void pair_block(struct aligning *a, struct block k, bool by_name)
{
	const unsigned columns = k.g_end - k.g + 1u;
	struct block before = {k.w, k.w, k.g, k.g};
	unsigned *length;

	if ((uint64_t)(k.w_end - k.w + 1u) * columns > TABLE_MAX) {
		pair_others(a, k.w, k.w_end, k.g, k.g_end);
		return;
	}
	length = lengths(a, &k, by_name);
	for (unsigned w = k.w, g = k.g; w <= k.w_end && g <= k.g_end;) {
		bool end = w == k.w_end || g == k.g_end, hit = !end && alike(a, w, g, by_name);

		if (end)
			before.w_end = k.w_end, before.g_end = k.g_end;
		else
			before.w_end = w, before.g_end = g;
		if ((end || hit) && a->json && !by_name)
			pair_block(a, before, true);
		else if (end || hit)
			pair_others(a, before.w, before.w_end, before.g, before.g_end);
		if (end)
			break;
		if (hit) {
			pair(a, w, true, g, true, !by_name);
			before.w = ++w;
			before.g = ++g;
		} else if (length[(w - k.w + 1) * columns + g - k.g] >= length[(w - k.w) * columns + g - k.g + 1]) {
			w++;
		} else {
			g++;
		}
	}
	free(length);
}

struct cases_pair *cases_diff(struct span want, struct span got, bool json, unsigned *ret_n)
{
	struct aligning a = {.want = lines_of(want, json), .got = lines_of(got, json), .json = json};
	unsigned first = 0, w_end = a.want.n, g_end = a.got.n;

	while (first < w_end && first < g_end && same(&a.want.v[first], &a.got.v[first], json)) {
		pair(&a, first, true, first, true, true);
		first++;
	}
	while (w_end > first && g_end > first && same(&a.want.v[w_end - 1], &a.got.v[g_end - 1], json))
		w_end--, g_end--;
	pair_block(&a, (struct block){first, w_end, first, g_end}, false);
	for (; w_end < a.want.n; w_end++, g_end++)
		pair(&a, w_end, true, g_end, true, true);
	lines_done(&a.want);
	lines_done(&a.got);
	*ret_n = a.n;
	return a.pairs;
}

/* ---- shown ---- */

static void put_or_nothing(struct buf *b, struct span text)
{
	show_text(b, text.p ? text : span_of(say("（没有）", "(nothing)")));
	buf_c(b, '\n');
}

static void put_pair(struct buf *b, const char *shown, unsigned line, struct span want, struct span got)
{
	buf_printf(b, say("%s：第 %u 行不同\n  预期 ", "%s: line %u differs\n  want "), shown, line);
	put_or_nothing(b, want);
	buf_str(b, say("  实际 ", "  got  "));
	put_or_nothing(b, got);
}

static void put_value(struct buf *b, const json_t *v)
{
	char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;

	put_or_nothing(b, span_of(text));
	free(text);
}

static void put_member(struct buf *b, const char *path, const json_t *want, const json_t *got)
{
	int width = (int)strlen(path);

	buf_printf(b, say("    %s  预期 ", "    %s  want "), path);
	put_value(b, want);
	buf_printf(b, say("    %*s  实际 ", "    %*s  got  "), width, "");
	put_value(b, got);
}

/* Members of want, then those that got alone has. */
static void put_members(struct buf *b, struct span path, json_t *want, json_t *got)
{
	struct buf below = BUF_INIT;
	const char *key;
	json_t *v;

	for (unsigned pass = 0; pass < 2; pass++)
		json_object_foreach(pass ? got : want, key, v) {
			json_t *other = json_object_get(pass ? want : got, key);

			if ((pass && other) || (other && json_equal(v, other)))
				continue;
			buf_clear(&below);
			buf_printf(&below, "%.*s%s%s", SPAN_F(path), path.n ? "." : "", key);
			if (json_is_object(v) && json_is_object(other))
				put_members(b, buf_as_span(&below), v, other);
			else
				put_member(b, buf_text(&below), pass ? NULL : v, pass ? v : other);
		}
	buf_done(&below);
}

static void put_json_difference(struct buf *b, struct span want, struct span got)
{
	json_t *w = json_loadb(want.p, want.n, 0, NULL), *g = json_loadb(got.p, got.n, 0, NULL);

	if (!json_object_get(w, "specversion"))
		json_object_del(g, "specversion");
	/* Of an event and of why it is none no member can be compared. */
	if (json_is_object(w) && json_is_object(g) && sort_of(w) == sort_of(g))
		put_members(b, SPAN(""), w, g);
	json_decref(w);
	json_decref(g);
}

static void put_text_difference(struct buf *b, struct span want, struct span got)
{
	unsigned at = 1;
	uint32_t c;

	for (size_t i = 0; i < want.n && i < got.n; at++) {
		size_t n = utf8_step(want.p + i, want.n - i, &c);

		n = n ? n : 1;
		if (i + n > got.n || memcmp(want.p + i, got.p + i, n) != 0)
			break;
		i += n;
	}
	buf_printf(b, say("    从第 %u 个字符起不同\n", "    from character %u on\n"), at);
}

/* Lines for people: in UTF-8, as far as the bytes are characters of the form's charset. */
static struct span decoded(enum charset charset, struct span text, struct buf *b)
{
	struct span ret = text;
	struct err ignored;

	if (text.p)
		(void)charset_decode(charset, text, b, &ret, &ignored);
	return ret;
}

unsigned cases_diff_show(const char *shown, const struct cases_pair *pairs, unsigned n, bool json, enum charset charset)
{
	struct buf b = BUF_INIT, w = BUF_INIT, g = BUF_INIT;
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		struct span want, got;

		if (pairs[i].equal || count++ >= SHOWN_MAX)
			continue;
		buf_clear(&w);
		buf_clear(&g);
		want = decoded(charset, pairs[i].want, &w);
		got = decoded(charset, pairs[i].got, &g);
		put_pair(&b, shown, pairs[i].line, want, got);
		if (want.p && got.p && json)
			put_json_difference(&b, want, got);
		else if (want.p && got.p)
			put_text_difference(&b, want, got);
	}
	if (count > SHOWN_MAX)
		buf_printf(&b, say("%s：另有 %u 行不同\n", "%s: %u more lines differ\n"), shown, count - SHOWN_MAX);
	show_flush(&b, stdout);
	buf_done(&b);
	buf_done(&w);
	buf_done(&g);
	return count;
}

void cases_differ(const char *shown, unsigned line, struct span want, struct span got)
{
	struct buf b = BUF_INIT;

	put_pair(&b, shown, line, want, got);
	show_flush(&b, stdout);
	buf_done(&b);
}
