/* SPDX-License-Identifier: Apache-2.0 */
#include "xlsx.h"

#include <stdlib.h>

#include "utf8.h"

static int feed(void *arg, const char *p, size_t n, struct err *e)
{
	return xlsx_xml_feed(arg, p, n, false, e);
}

/* Parses a part whose handlers are set. */
static int parse(struct xlsx_zip *z, struct xlsx_xml *x, uint64_t max, struct err *e)
{
	if (xlsx_zip_read(z, x->part, max, feed, x, e) != 0)
		return -1;
	return xlsx_xml_feed(x, "", 0, true, e);
}

static bool too_many(struct xlsx_xml *x, unsigned n, unsigned max)
{
	if (n < max)
		return false;
	err_set(&x->bad, E_CODEC_XLSX_LARGE, "part=%s\nmax=%u", x->part, max);
	xlsx_xml_stop(x);
	return true;
}

/* ---- relationships: which part is what to another ---- */

struct relation {
	char *id, *type, *target;
};

struct relations {
	struct xlsx_xml xml;
	struct arena arena;
	struct relation *v;
	unsigned n;
};

static char *copy(struct arena *a, const char *text)
{
	return arena_text(a, span_of(text ? text : ""));
}

static void relation_starts(struct xlsx_xml *x, const char *name, const char **attributes)
{
	struct relations *r = (struct relations *)x;
	const char *mode = xlsx_xml_value(attributes, "TargetMode", false);
	const char *type = xlsx_xml_value(attributes, "Type", false);

	if (strcmp(name, "Relationship") != 0 || (mode && strcmp(mode, "External") == 0))
		return;
	if (too_many(&r->xml, r->n, 4 * XLSX_SHEETS_MAX))
		return;
	type = type && strrchr(type, '/') ? strrchr(type, '/') + 1 : type;
	r->v = mem_grow(r->v, r->n + 1u, sizeof *r->v);
	r->v[r->n++] = (struct relation){
		.id = copy(&r->arena, xlsx_xml_value(attributes, "Id", false)),
		.type = copy(&r->arena, type),
		.target = copy(&r->arena, xlsx_xml_value(attributes, "Target", false)),
	};
}

static void relations_done(struct relations *r)
{
	arena_done(&r->arena);
	free(r->v);
}

/* Those of a part; "" is the package itself. Names are relative to the part's folder. */
static int relations_read(struct xlsx_zip *z, const char *part, struct relations *ret, struct err *e)
{
	const char *file = strrchr(part, '/') ? strrchr(part, '/') + 1 : part;
	struct buf name = BUF_INIT;
	int got;

	buf_printf(&name, "%.*s_rels/%s.rels", (int)(file - part), part, file);
	*ret = (struct relations){.arena = ARENA_INIT};
	xlsx_xml_init(&ret->xml, buf_text(&name), relation_starts, NULL);
	got = parse(z, &ret->xml, XLSX_BOOK_MAX, e);
	xlsx_xml_done(&ret->xml);
	buf_done(&name);
	return got;
}

/* The name of a part that a relation of `part` leads to, without "." and "..". */
static char *resolve(const char *part, const char *target)
{
	const char *slash = strrchr(part, '/');
	struct buf b = BUF_INIT;
	char *ret;

	if (*target != '/' && slash)
		buf_add(&b, part, (size_t)(slash - part) + 1);
	while (*target) {
		const size_t n = strcspn(target, "/\\");
		const struct span word = {target, n};

		target += n + (target[n] != 0);
		if (span_is(word, "..")) {
			if (b.n)
				b.n--;
			while (b.n && b.p[b.n - 1] != '/')
				b.n--;
		} else if (n && !span_is(word, ".")) {
			buf_span(&b, word);
			if (*target)
				buf_c(&b, '/');
		}
	}
	ret = mem_text(buf_as_span(&b));
	buf_done(&b);
	return ret;
}

static const struct relation *by_type(const struct relations *r, const char *type)
{
	for (unsigned i = 0; i < r->n; i++)
		if (strcmp(r->v[i].type, type) == 0)
			return &r->v[i];
	return NULL;
}

/* ---- sheets ---- */

struct sheet {
	const char *name, *id;
	bool hidden;
};

struct book {
	struct xlsx_xml xml;
	struct arena arena;
	struct sheet *sheets;
	unsigned n;
};

static void book_starts(struct xlsx_xml *x, const char *name, const char **attributes)
{
	struct book *b = (struct book *)x;
	const char *state = xlsx_xml_value(attributes, "state", false);

	if (strcmp(name, "workbookPr") == 0) {
		const char *epoch = xlsx_xml_value(attributes, "date1904", false);

		if (epoch && (strcmp(epoch, "1") == 0 || strcmp(epoch, "true") == 0)) {
			err_set(&b->xml.bad, E_CODEC_XLSX_1904, "%s", "");
			xlsx_xml_stop(&b->xml);
		}
	}
	if (strcmp(name, "sheet") != 0 || too_many(&b->xml, b->n, XLSX_SHEETS_MAX))
		return;
	b->sheets = mem_grow(b->sheets, b->n + 1u, sizeof *b->sheets);
	b->sheets[b->n++] = (struct sheet){
		.name = copy(&b->arena, xlsx_xml_value(attributes, "name", false)),
		.id = copy(&b->arena, xlsx_xml_value(attributes, "id", true)),
		.hidden = state && strcmp(state, "visible") != 0,
	};
}

static int no_sheet(const struct book *b, const struct xlsx_choice *want, struct err *e)
{
	const char **names = mem_grow(NULL, b->n + 1u, sizeof *names), *near;
	struct buf list = BUF_INIT;
	char number[16];

	for (unsigned i = 0; i < b->n; i++) {
		names[i] = b->sheets[i].name;
		buf_printf(&list, "%s%s", i ? ", " : "", names[i]);
	}
	names[b->n] = NULL;
	snprintf(number, sizeof number, "%u", want->number);
	near = want->name ? conf_nearest(span_of(want->name), names) : NULL;
	err_set(e, E_CODEC_XLSX_SHEET, "name=%s\nnear=%s\nsheets=%.*s", want->name ? want->name : number,
		near ? near : "-", SPAN_F(utf8_cut(buf_as_span(&list), 120)));
	buf_done(&list);
	free(names);
	return -1;
}

static const struct sheet *choose(const struct book *b, const struct xlsx_choice *want)
{
	unsigned number = 0;

	for (unsigned i = 0; i < b->n; i++) {
		number += !b->sheets[i].hidden;
		if (want->name ? strcmp(b->sheets[i].name, want->name) == 0 : number == want->number)
			return &b->sheets[i];
	}
	return NULL;
}

/* The part of the sheet that is wanted; one without rows (a chart) is none. */
static int find_sheet(const struct book *b, const struct relations *r, const struct xlsx_choice *want, const char *part,
	char **ret, struct err *e)
{
	const struct sheet *s = choose(b, want);

	for (unsigned i = 0; s && i < r->n; i++)
		if (strcmp(r->v[i].id, s->id) == 0 && strcmp(r->v[i].type, "worksheet") == 0) {
			*ret = resolve(part, r->v[i].target);
			return 0;
		}
	return no_sheet(b, want, e);
}

static int read_book(struct xlsx_zip *z, const char *part, const struct xlsx_choice *want, char **ret, char **ret_texts,
	struct err *e)
{
	struct book b = {.arena = ARENA_INIT};
	struct relations r = {.arena = ARENA_INIT};
	const struct relation *texts;
	int got;

	xlsx_xml_init(&b.xml, part, book_starts, NULL);
	got = parse(z, &b.xml, XLSX_BOOK_MAX, e);
	if (got == 0)
		got = relations_read(z, part, &r, e);
	if (got == 0)
		got = find_sheet(&b, &r, want, part, ret, e);
	texts = got == 0 ? by_type(&r, "sharedStrings") : NULL;
	*ret_texts = texts ? resolve(part, texts->target) : NULL;
	xlsx_xml_done(&b.xml);
	relations_done(&r);
	arena_done(&b.arena);
	free(b.sheets);
	return got;
}

int xlsx_book_find(struct xlsx_zip *z, const struct xlsx_choice *want, char **ret, char **ret_texts, struct err *e)
{
	struct relations r;
	const struct relation *book;
	char *part;
	int got = relations_read(z, "", &r, e);

	if (got == 0) {
		book = by_type(&r, "officeDocument");
		part = resolve("", book ? book->target : "xl/workbook.xml");
		got = read_book(z, part, want, ret, ret_texts, e);
		free(part);
	}
	relations_done(&r);
	return got;
}

/* ---- shared texts ---- */

struct reading {
	struct xlsx_xml xml;
	struct xlsx_texts *to;
	unsigned aside;              /* depth within a reading aid (rPh) */
	bool in_text;
	size_t from;                 /* of the text that is read */
};

static void text_starts(struct xlsx_xml *x, const char *name, const char **attributes)
{
	struct reading *r = (struct reading *)x;

	(void)attributes;
	if (r->aside || strcmp(name, "rPh") == 0)
		r->aside++;
	else if (strcmp(name, "si") == 0)
		r->from = r->to->bytes.n;
	else
		r->in_text = strcmp(name, "t") == 0;
}

/* The memory that it takes is limited, also when all texts are empty. */
static bool too_long(struct reading *r, size_t more)
{
	const struct xlsx_texts *t = r->to;

	if (t->bytes.n + more + t->n * sizeof *t->ends <= XLSX_TEXTS_MAX)
		return false;
	err_set(&r->xml.bad, E_CODEC_XLSX_LARGE, "part=%s\nmax=%u", r->xml.part, XLSX_TEXTS_MAX);
	xlsx_xml_stop(&r->xml);
	return true;
}

static void text_ends(struct xlsx_xml *x, const char *name)
{
	struct reading *r = (struct reading *)x;
	struct xlsx_texts *t = r->to;

	r->in_text = false;
	if (r->aside) {
		r->aside--;
		return;
	}
	if (strcmp(name, "si") != 0 || too_long(r, 0))
		return;
	xlsx_cell_unescape(&t->bytes, r->from);
	if (t->n == t->cap) {
		t->cap = t->cap ? 2 * t->cap : 1024;
		t->ends = mem_grow(t->ends, t->cap, sizeof *t->ends);
	}
	t->ends[t->n++] = (uint32_t)t->bytes.n;
}

static void text_bytes(void *arg, const XML_Char *p, int n)
{
	struct reading *r = arg;
	struct xlsx_texts *t = r->to;

	if (!r->in_text || r->xml.bad.id != E_NONE || too_long(r, (size_t)n))
		return;
	buf_add(&t->bytes, p, (size_t)n);
}

int xlsx_texts_read(struct xlsx_zip *z, const char *part, struct xlsx_texts *ret, struct err *e)
{
	struct reading r = {.to = ret};
	int got;

	xlsx_xml_init(&r.xml, part, text_starts, text_ends);
	XML_SetCharacterDataHandler(r.xml.parser, text_bytes);
	got = parse(z, &r.xml, 8 * (uint64_t)XLSX_TEXTS_MAX, e);
	xlsx_xml_done(&r.xml);
	return got;
}

void xlsx_texts_done(struct xlsx_texts *t)
{
	buf_done(&t->bytes);
	free(t->ends);
	*t = (struct xlsx_texts){.bytes = BUF_INIT};
}

bool xlsx_texts_get(const struct xlsx_texts *t, size_t i, struct span *ret)
{
	size_t from;

	if (i >= t->n)
		return false;
	from = i ? t->ends[i - 1] : 0;
	*ret = (struct span){t->bytes.p + from, t->ends[i] - from};
	return true;
}
