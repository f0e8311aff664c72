/* SPDX-License-Identifier: Apache-2.0 */
#include "finding.h"

#include <assert.h>
#include <stdlib.h>

#include "utf8.h"

enum { SOURCE_MAX = 160, CARET_MAX = 120, BEFORE_CARET = 80, SOURCES_MAX = 1000 };

void findings_init(struct findings *f)
{
	*f = (struct findings){.arena = ARENA_INIT, .tail = &f->first};
}

void findings_done(struct findings *f)
{
	arena_done(&f->arena);
	findings_init(f);
}

/* Line number `line` of text, without its end; lines end as YAML's do: LF, CRLF, CR. */
static struct span find_line(struct span text, unsigned line)
{
	const char *p = text.p, *end = text.p + text.n;
	const char *stop;

	if (text.n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3;
	for (unsigned at = 1;; at++) {
		for (stop = p; stop < end && *stop != '\n' && *stop != '\r'; stop++)
			;
		if (at == line)
			return (struct span){p, (size_t)(stop - p)};
		if (stop == end)
			return SPAN_NONE;
		p = stop + 1 + (*stop == '\r' && stop + 1 < end && stop[1] == '\n');
	}
}

/* Two cells: East Asian Width W and F (Unicode Standard Annex 11), in whole blocks. Ambiguous counts as narrow. */
static unsigned cells(uint32_t c)
{
	static const struct {
		uint32_t first, last;
		unsigned cells;
	} ranges[] = {
		{0x0300, 0x036f, 0}, {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0}, {0x2e80, 0x303e, 2}, {0x3041, 0xa4cf, 2},
		{0xa960, 0xa97f, 2}, {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0}, {0xfe10, 0xfe19, 2},
		{0xfe30, 0xfe6f, 2}, {0xfeff, 0xfeff, 0}, {0xff01, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1f64f, 2},
		{0x1f900, 0x1f9ff, 2}, {0x20000, 0x3fffd, 2},
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].cells;
	return 1;
}

/* One character as it may be shown: a terminal must not obey what a file holds. Returns the bytes that were taken. */
static size_t take_shown(struct span s, struct span *ret, unsigned *ret_cells)
{
	uint32_t c;
	size_t n = utf8_step(s.p, s.n, &c);

	*ret = (struct span){s.p, n};
	*ret_cells = n ? cells(c) : 1;
	if (!n)
		*ret = SPAN("\xef\xbf\xbd");
	else if (c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)) {
		*ret = SPAN(" ");
		*ret_cells = 1;
	}
	return n ? n : 1;
}

static size_t offset_of(struct span line, unsigned column)
{
	size_t at = 0;
	struct span shown;
	unsigned width;

	for (unsigned i = 1; i < column && at < line.n; i++)
		at += take_shown((struct span){line.p + at, line.n - at}, &shown, &width);
	return at;
}

/* Keeps what fits of the line. When the place lies far to the right (JSON on one line), its surroundings. */
static void keep_source(struct findings *f, struct finding *x, struct span line)
{
	size_t place = offset_of(line, x->column), at = 0;
	struct buf b = BUF_INIT;
	struct span shown;
	unsigned width;

	if (place > CARET_MAX && line.n > SOURCE_MAX) {
		at = utf8_cut(line, place - BEFORE_CARET).n;
		buf_str(&b, "…");
		x->cells = 1;
	}
	while (at < line.n) {
		size_t n = take_shown((struct span){line.p + at, line.n - at}, &shown, &width);

		if (b.n + shown.n > SOURCE_MAX)
			break;
		buf_span(&b, shown);
		if (at < place)
			x->cells += width;
		at += n;
	}
	x->source = arena_text(&f->arena, buf_as_span(&b));
	buf_done(&b);
}

/* The end of a long path says more than its beginning, and the numbers behind it must not be lost. */
static void set_where(struct finding *x)
{
	char place[32] = "";
	size_t n = strlen(x->file), room;
	const char *from = x->file;

	if (x->line && x->column)
		snprintf(place, sizeof place, ":%u:%u", x->line, x->column);
	else if (x->line)
		snprintf(place, sizeof place, ":%u", x->line);
	room = sizeof x->err.where - 1 - strlen(place) - strlen("…");
	if (n > room)
		for (from += n - room; ((unsigned char)*from & 0xc0) == 0x80; from++)
			;
	snprintf(x->err.where, sizeof x->err.where, "%s%s%s", from == x->file ? "" : "…", from, place);
}

void findings_add(struct findings *f, const struct err *e, const char *file, unsigned line, unsigned column,
	struct span text)
{
	struct finding *x = arena_new(&f->arena, sizeof *x);
	struct span source = SPAN_NONE;

	x->err = *e;
	x->file = arena_text(&f->arena, span_of(file ? file : ""));
	x->line = line;
	x->column = column;
	if (x->file[0])
		set_where(x);
	/* Nobody reads so many, and to look each line up costs a walk through the file. */
	if (line && text.n && f->count + f->notes < SOURCES_MAX)
		source = find_line(text, line);
	if (source.p)
		keep_source(f, x, source);
	*f->tail = x;
	f->tail = &x->next;
	if (err_kind(e) == ERR_NOTE)
		f->notes++;
	else
		f->count++;
}

static int in_order(const struct finding *a, const struct finding *b)
{
	int c = strcmp(a->file, b->file);

	if (!c)
		c = (a->line > b->line) - (a->line < b->line);
	return c ? c : (a->column > b->column) - (a->column < b->column);
}

/* Merge sort of a list: findings of one place stay in the order in which they were made. */
static struct finding *sort(struct finding *list, unsigned count)
{
	struct finding *right = list, *sorted = NULL, **tail = &sorted;
	struct finding *left, **end = &list;

	if (count < 2)
		return list;
	for (unsigned i = 0; i < count / 2; i++)
		end = &(*end)->next;
	right = *end;
	*end = NULL;
	left = sort(list, count / 2);
	right = sort(right, count - count / 2);
	while (left && right) {
		struct finding **from = in_order(left, right) <= 0 ? &left : &right;

		*tail = *from;
		*from = (*from)->next;
		tail = &(*tail)->next;
	}
	*tail = left ? left : right;
	return sorted;
}

static void print_source(const struct finding *x, FILE *to)
{
	int width = snprintf(NULL, 0, "%u", x->line);

	fprintf(to, "    %u | %s\n", x->line, x->source);
	if (x->column)
		fprintf(to, "    %*s | %*s^\n", width, "", (int)x->cells, "");
}

static const char *severity(const struct err *e, enum err_lang lang)
{
	static const char *const words[][2] = {{"error: ", "错误："}, {"refused: ", "拒绝："}, {"note: ", "提醒："}};

	return words[err_kind(e) == ERR_NOTE ? 2 : err_code(e->id)->exit == 5][lang == ERR_ZH];
}

static void print_one(const struct finding *x, enum err_lang lang, FILE *to)
{
	char words[1024];

	err_words(&x->err, lang, words, sizeof words);
	fprintf(to, "jincai: %s%s%s%s [%s]\n", x->err.where, x->err.where[0] ? ": " : "", severity(&x->err, lang),
		words, err_code(x->err.id)->name);
	if (x->source)
		print_source(x, to);
	err_remedy(&x->err, lang, words, sizeof words);
	if (words[0])
		fprintf(to, "    → %s\n", words);
}

static bool same(const struct finding *a, const struct finding *b)
{
	return a->err.id == b->err.id && in_order(a, b) == 0 && strcmp(a->err.args, b->err.args) == 0 &&
		strcmp(a->err.where, b->err.where) == 0;
}

/* A form that two adapters use is read twice and says all of it twice. */
static void drop_repeats(struct findings *f)
{
	for (struct finding *x = f->first; x; x = x->next)
		while (x->next && same(x, x->next)) {
			if (err_kind(&x->err) == ERR_NOTE)
				f->notes--;
			else
				f->count--;
			x->next = x->next->next;
		}
}

void findings_print(struct findings *f, enum err_lang lang, unsigned max, FILE *to)
{
	unsigned shown = 0;
	struct finding *x;

	f->first = sort(f->first, f->count + f->notes);
	drop_repeats(f);
	for (x = f->first; x && (!max || shown < max); x = x->next, shown++)
		print_one(x, lang, to);
	if (shown < f->count + f->notes)
		fprintf(to, lang == ERR_ZH ? "另有 %u 个问题\n" : "and %u more\n", f->count + f->notes - shown);
	for (f->tail = &f->first; *f->tail; f->tail = &(*f->tail)->next)
		;
}

int findings_first(const struct findings *f, struct err *e)
{
	const struct finding *least = NULL;

	for (const struct finding *x = f->first; x; x = x->next)
		if (err_kind(&x->err) != ERR_NOTE && (!least || in_order(x, least) < 0))
			least = x;
	assert(least);
	*e = least->err;
	return -1;
}
