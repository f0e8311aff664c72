/* SPDX-License-Identifier: Apache-2.0 */
#include "codes.h"

#include <fcntl.h>
#include <stdlib.h>

#include "charset.h"
#include "codes_csv.h"
#include "fsys.h"
#include "hash.h"

enum { FILE_MAX = 64 << 20, YEAR_MIN = 1900, YEAR_MAX = 2199 };

struct slot {
	uint32_t hash, line;         /* line 0: free */
	struct span key, value;
};

struct edition {
	struct span name;
	struct span file, text;      /* as it was read */
	int from, to;                /* fiscal years, both valid */
	struct slot *slots;          /* at most half full */
	uint32_t mask;
};

struct code_table {
	char *name;                  /* as forms say it: "asset_class", "asset_class.name" */
	struct span base, column;    /* its two halves; column: none, then the descriptor's counts */
	struct span key;             /* name of the column that is looked up */
	struct span descriptor_file, descriptor;
	bool broken;
	struct edition *editions;    /* as in the descriptor */
	unsigned neditions;
	const struct edition *newest;
	uint8_t digest[HASH_SHA256];
	struct arena arena;
	struct code_table *next;
};

struct codes {
	struct arena arena;
	char **folders;
	unsigned nfolders;
	struct code_table *tables;
	const struct code_table **used;
	unsigned nused;
};

/* What is at hand while one table is read. */
struct reading {
	struct code_table *table;
	struct findings *f;
	const char *folder;
	struct hash_sha256 *digest;
	struct span key, value;      /* names of the columns */
};

/* One edition's file while it is read. */
struct sheet {
	struct reading *r;
	struct edition *edition;
	const char *path;
	struct span text;
	struct codes_csv csv;
	unsigned columns, key, value;
};

struct codes *codes_new(void)
{
	return mem_new(sizeof(struct codes));
}

void codes_free(struct codes *c)
{
	struct code_table *next;

	if (!c)
		return;
	for (struct code_table *t = c->tables; t; t = next) {
		next = t->next;
		arena_done(&t->arena);
		free(t);
	}
	arena_done(&c->arena);
	free(c->folders);
	free(c->used);
	free(c);
}

void codes_add_folder(struct codes *c, const char *path)
{
	c->folders = mem_grow(c->folders, c->nfolders + 1, sizeof *c->folders);
	c->folders[c->nfolders++] = arena_text(&c->arena, span_of(path));
}

/* With its length before it: no byte can pass from one file to the next unseen. */
static void digest_add(struct hash_sha256 *h, struct span s)
{
	char n[32];

	hash_sha256_add(h, n, (size_t)snprintf(n, sizeof n, "%zu:", s.n));
	hash_sha256_add(h, s.p, s.n);
}

static void report_line(struct sheet *s, unsigned line, enum err_id id, const char *name, struct span text,
	const char *more)
{
	struct err e;

	err_set(&e, id, "%s=%.*s\n%s", name, (int)(text.n < 80 ? text.n : 80), text.p ? text.p : "", more);
	findings_add(s->r->f, &e, s->path, line, 1, s->text);
}

static struct slot *find_slot(const struct edition *x, struct span key, uint32_t hash)
{
	struct slot *slot;

	for (uint32_t i = hash & x->mask;; i = (i + 1) & x->mask) {
		slot = &x->slots[i];
		if (!slot->line || (slot->hash == hash && span_eq(slot->key, key)))
			return slot;
	}
}

/* Header and rows may differ in width only by a mistake: a comma too much shifts the codes. */
static int read_header(struct sheet *s)
{
	struct span cells[CODES_CSV_COLUMNS];
	int n = codes_csv_row(&s->csv, cells);
	struct buf want = BUF_INIT, got = BUF_INIT;

	s->key = s->value = CODES_CSV_COLUMNS;
	for (int i = 0; i < n; i++) {
		cells[i] = span_trim(cells[i]);
		if (s->key == CODES_CSV_COLUMNS && span_eq(cells[i], s->r->key))
			s->key = (unsigned)i;
		if (s->value == CODES_CSV_COLUMNS && span_eq(cells[i], s->r->value))
			s->value = (unsigned)i;
		buf_printf(&got, "%s%.*s", i ? ", " : "", SPAN_F(cells[i]));
	}
	s->columns = n > 0 ? (unsigned)n : 0;
	if (n >= 0 && s->key < CODES_CSV_COLUMNS && s->value < CODES_CSV_COLUMNS) {
		buf_done(&got);
		return 0;
	}
	buf_printf(&want, "want=%.*s, %.*s", SPAN_F(s->r->key), SPAN_F(s->r->value));
	report_line(s, 1, n < 0 ? E_CODES_QUOTE : E_CODES_COLUMNS, "got",
		got.n ? buf_as_span(&got) : SPAN("-"), buf_text(&want));
	buf_done(&want);
	buf_done(&got);
	return -1;
}

static void add_row(struct sheet *s, const struct span *cells)
{
	struct span key = span_trim(cells[s->key]), value = span_trim(cells[s->value]);
	uint32_t hash = hash_murmur2(key.p, key.n);
	struct slot *slot;
	char first[32];

	if (!key.n || !value.n) {
		report_line(s, s->csv.line, E_CODES_EMPTY, "column", key.n ? s->r->value : s->r->key, "");
		return;
	}
	slot = find_slot(s->edition, key, hash);
	if (slot->line) {
		snprintf(first, sizeof first, "first=%u", slot->line);
		report_line(s, s->csv.line, E_CODES_DUPLICATE_KEY, "code", key, first);
		return;
	}
	*slot = (struct slot){hash, s->csv.line, key, value};
}

static void read_rows(struct sheet *s)
{
	struct span cells[CODES_CSV_COLUMNS];
	char want[32], got[32];
	int n;

	while ((n = codes_csv_row(&s->csv, cells)) > 0) {
		if ((unsigned)n == s->columns) {
			add_row(s, cells);
			continue;
		}
		snprintf(want, sizeof want, "%u", s->columns);
		snprintf(got, sizeof got, "got=%d", n);
		report_line(s, s->csv.line, E_CODES_COLUMNS, "want", span_of(want), got);
	}
	if (n < 0)
		report_line(s, s->csv.line, E_CODES_QUOTE, "table", span_of(s->r->table->name), "");
}

/* Room for twice the lines of the file, so that a look-up seldom takes a second step. */
static void make_slots(struct arena *a, struct edition *x, struct span text)
{
	size_t lines = 2, n = 8;

	for (const char *p = text.p, *end = p + text.n; p && p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		lines++;
	while (n < lines * 2)
		n *= 2;
	x->slots = arena_new(a, n * sizeof *x->slots);
	x->mask = (uint32_t)(n - 1);
}

static unsigned line_at(struct span text, const struct err *e)
{
	const char *byte = err_arg(e, "byte");
	unsigned long at = byte ? strtoul(byte, NULL, 10) : 0;
	unsigned line = 1;

	for (size_t i = 0; i < at && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static void read_sheet(struct reading *r, struct edition *x, const char *path)
{
	struct sheet s = {.r = r, .edition = x, .path = path};
	struct buf bytes = BUF_INIT;
	struct err e;

	if (fsys_get(AT_FDCWD, path, FILE_MAX, &bytes, &e) != 0) {
		findings_add(r->f, &e, path, 0, 0, SPAN_NONE);
		return;
	}
	s.text = x->text = arena_span(&r->table->arena, buf_as_span(&bytes));
	buf_done(&bytes);
	digest_add(r->digest, x->name);
	digest_add(r->digest, s.text);
	if (charset_decode(CHARSET_UTF8, s.text, &bytes, &(struct span){0}, &e) != 0) {
		findings_add(r->f, &e, path, line_at(s.text, &e), 0, SPAN_NONE);
		return;
	}
	make_slots(&r->table->arena, x, s.text);
	codes_csv_init(&s.csv, s.text, &r->table->arena);
	if (read_header(&s) == 0)
		read_rows(&s);
}

static void report_overlap(struct reading *r, const struct edition *x, const struct conf *node)
{
	for (const struct edition *other = r->table->editions; other < x; other++)
		if (x->from <= other->to && other->from <= x->to)
			conf_report_key(r->f, node, E_CODES_OVERLAP, "one=%.*s\nother=%.*s\nyear=%d",
				SPAN_F(other->name), SPAN_F(x->name), x->from > other->from ? x->from : other->from);
}

static bool plain_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", s.p[i]) || !s.p[i])
			return false;
	return s.n > 0;
}

static void read_edition(struct reading *r, struct conf *node)
{
	struct code_table *t = r->table;
	struct edition *x = &t->editions[t->neditions];
	struct buf path = BUF_INIT;

	if (!plain_name(node->key)) {
		conf_report_key(r->f, node, E_CODES_UNKNOWN_TABLE, "near=-\ntable=%.*s.%.*s", SPAN_F(t->base),
			SPAN_F(node->key));
		return;
	}
	conf_need(node, "from", CONF_SCALAR, r->f);
	conf_need(node, "to", CONF_SCALAR, r->f);
	x->name = arena_span(&t->arena, node->key);
	x->from = (int)conf_int(node, "from", YEAR_MIN, YEAR_MAX, YEAR_MIN, r->f);
	x->to = (int)conf_int(node, "to", x->from, YEAR_MAX, x->from, r->f);
	conf_unknown(node, r->f);
	report_overlap(r, x, node);
	t->neditions++;
	if (!t->newest || x->from > t->newest->from)
		t->newest = x;
	buf_printf(&path, "%s/%.*s.%.*s.csv", r->folder, SPAN_F(t->base), SPAN_F(x->name));
	x->file = arena_span(&t->arena, span_of(buf_text(&path) + strlen(r->folder) + 1));
	read_sheet(r, x, buf_text(&path));
	buf_done(&path);
}

static void read_descriptor(struct reading *r, struct conf *root)
{
	struct span name = conf_text(root, "table", "", r->f);
	struct conf *editions = conf_need(root, "editions", CONF_MAP, r->f);
	unsigned n = 0;

	if (conf_need(root, "table", CONF_SCALAR, r->f) && !span_eq(name, r->table->base))
		conf_report(r->f, conf_get(root, "table"), E_CODES_UNKNOWN_TABLE, "near=%.*s\ntable=%.*s",
			SPAN_F(r->table->base), (int)(name.n < 60 ? name.n : 60), name.p);
	if (conf_need(root, "key", CONF_SCALAR, r->f))
		r->key = conf_text(root, "key", "", r->f);
	if (conf_need(root, "value", CONF_SCALAR, r->f))
		r->value = r->table->column.n ? r->table->column : conf_text(root, "value", "", r->f);
	conf_unknown(root, r->f);
	for (const struct conf *x = editions ? editions->first : NULL; x; x = x->next)
		n++;
	r->table->editions = arena_new(&r->table->arena, (n + 1) * sizeof *r->table->editions);
	if (!r->key.p || !r->value.p)
		return;
	for (struct conf *x = editions ? editions->first : NULL; x; x = x->next)
		read_edition(r, x);
}

static void read_table(struct code_table *t, const char *folder, const char *path, struct findings *f)
{
	struct reading r = {.table = t, .f = f, .folder = folder};
	unsigned before = f->count;
	struct conf_file *file = conf_open(path, f);

	if (file) {
		r.digest = hash_sha256_new();
		digest_add(r.digest, conf_source(file));
		t->descriptor = arena_span(&t->arena, conf_source(file));
		t->descriptor_file = arena_span(&t->arena, span_of(strrchr(path, '/') + 1));
		read_descriptor(&r, conf_root(file));
		t->key = arena_span(&t->arena, r.key);
		hash_sha256_get(r.digest, t->digest);
		hash_sha256_free(r.digest);
		conf_close(file);
	}
	t->broken = f->count > before;
}

static void report_unknown(struct codes *c, struct span name, const struct conf *node, struct findings *f)
{
	struct arena a = ARENA_INIT;
	const char **names = NULL;
	size_t n = 0;
	struct err e;
	const char *near;

	for (unsigned i = 0; i < c->nfolders; i++) {
		char **list;

		if (fsys_list(AT_FDCWD, c->folders[i], &list, &e) != 0)
			continue;
		for (char **x = list; *x; x++) {
			struct span file = span_of(*x);

			if (!span_ends(file, SPAN(".yaml")))
				continue;
			names = mem_grow(names, n + 2, sizeof *names);
			names[n++] = arena_text(&a, (struct span){file.p, file.n - strlen(".yaml")});
		}
		fsys_list_free(list);
	}
	if (names)
		names[n] = NULL;
	near = names ? conf_nearest(name, names) : NULL;
	conf_report(f, node, E_CODES_UNKNOWN_TABLE, "near=%s\ntable=%.*s", near ? near : "-",
		(int)(name.n < 60 ? name.n : 60), name.p);
	free(names);
	arena_done(&a);
}

static struct code_table *open_table(struct codes *c, struct span name, struct findings *f)
{
	const char *dot = name.n ? memchr(name.p, '.', name.n) : NULL;
	struct span base = {name.p, dot ? (size_t)(dot - name.p) : name.n};
	struct span column = {dot ? dot + 1 : "", dot ? name.n - base.n - 1 : 0};
	bool named = plain_name(base) && (!dot || plain_name(column));
	struct code_table *t = NULL;
	struct buf path = BUF_INIT;

	for (unsigned i = 0; i < c->nfolders && !t && named; i++) {
		buf_clear(&path);
		buf_printf(&path, "%s/%.*s.yaml", c->folders[i], SPAN_F(base));
		if (!fsys_exists(AT_FDCWD, buf_text(&path)))
			continue;
		t = mem_new(sizeof *t);
		t->name = arena_text(&t->arena, name);
		t->base = arena_span(&t->arena, base);
		t->column = arena_span(&t->arena, column);
		t->next = c->tables;
		c->tables = t;
		read_table(t, c->folders[i], buf_text(&path), f);
	}
	buf_done(&path);
	return t;
}

static void note_use(struct codes *c, const struct code_table *t)
{
	for (unsigned i = 0; i < c->nused; i++)
		if (c->used[i] == t)
			return;
	c->used = mem_grow(c->used, c->nused + 1u, sizeof *c->used);
	c->used[c->nused++] = t;
}

const struct code_table *codes_table(struct codes *c, struct span name, const struct conf *node, struct findings *f)
{
	struct code_table *t = c->tables;

	while (t && !span_is(name, t->name))
		t = t->next;
	if (t && t->broken)
		conf_report(f, node, E_CODES_BROKEN, "table=%s", t->name);
	if (!t)
		t = open_table(c, name, f);
	if (!t)
		report_unknown(c, name, node, f);
	if (!t || t->broken)
		return NULL;
	note_use(c, t);
	return t;
}

void codes_use_begin(struct codes *c)
{
	c->nused = 0;
}

const struct code_table *const *codes_used(const struct codes *c, unsigned *ret_n)
{
	*ret_n = c->nused;
	return c->used;
}

static const struct edition *edition_of(const struct code_table *t, int year)
{
	if (!year)
		return t->newest;
	for (unsigned i = 0; i < t->neditions; i++)
		if (year >= t->editions[i].from && year <= t->editions[i].to)
			return &t->editions[i];
	return NULL;
}

bool code_row(const struct code_table *t, int year, struct span code, struct span *ret_file, unsigned *ret_row)
{
	const struct edition *x = edition_of(t, year);
	const struct slot *slot = x ? find_slot(x, code, hash_murmur2(code.p, code.n)) : NULL;

	if (!slot || !slot->line)
		return false;
	*ret_file = x->file;
	*ret_row = slot->line;
	return true;
}

int code_lookup(const struct code_table *t, int year, struct span code, struct span *ret)
{
	const struct edition *x = edition_of(t, year);
	const struct slot *slot;

	if (!x)
		return 0;
	slot = find_slot(x, code, hash_murmur2(code.p, code.n));
	if (!slot->line)
		return 0;
	*ret = slot->value;
	return 1;
}

const char *code_table_name(const struct code_table *t)
{
	return t->name;
}

const uint8_t *code_table_digest(const struct code_table *t)
{
	return t->digest;
}

struct span code_table_base(const struct code_table *t)
{
	return t->base;
}

bool code_table_file(const struct code_table *t, unsigned i, struct span *ret_name, struct span *ret_bytes)
{
	if (i > t->neditions)
		return false;
	*ret_name = i ? t->editions[i - 1].file : t->descriptor_file;
	*ret_bytes = i ? t->editions[i - 1].text : t->descriptor;
	return true;
}
