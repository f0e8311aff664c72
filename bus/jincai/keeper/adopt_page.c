/* SPDX-License-Identifier: Apache-2.0 */
#include "adopt_page.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "adopt.h"
#include "clock.h"
#include "difference.h"
#include "fsys.h"
#include "json_text.h"
#include "show.h"

#define PAGE_MAX 16384u              /* bytes of all that differs: with its quotes it stays below ACT_ORDER_MAX */
#define FILE_MAX (64u << 20)

void adopt_subject(const json_t *items, struct buf *ret)
{
	const json_t *one;
	size_t i;

	json_array_foreach(items, i, one)
		buf_printf(ret, "%s%s", ret->n ? "," : "", json_text(one, "item"));
}

void adopt_digest(const json_t *items, struct buf *ret)
{
	struct buf text = BUF_INIT;
	uint8_t raw[HASH_SHA256];
	const json_t *one;
	size_t i;

	json_array_foreach(items, i, one)
		buf_printf(&text, "%s %s %s\n", json_text(one, "item"), json_text(one, "was"), json_text(one, "is"));
	hash_sha256(text.p, text.n, raw);
	hash_hex(ret, raw, sizeof raw);
	buf_done(&text);
}

/* ---- what is kept is what its digest says ---- */

static bool is_digest(const uint8_t *raw, const char *digest)
{
	struct buf hex = BUF_INIT;
	bool is;

	hash_hex(&hex, raw, HASH_SHA256);
	is = span_is(buf_as_span(&hex), digest);
	buf_done(&hex);
	return is;
}

static bool is_file(const char *folder, const char *name, const char *digest)
{
	struct buf path = BUF_INIT, bytes = BUF_INIT;
	uint8_t raw[HASH_SHA256];
	struct err ignored;
	bool is = false;

	buf_printf(&path, "%s/%s", folder, name);
	if (fsys_get(AT_FDCWD, buf_text(&path), FILE_MAX, &bytes, &ignored) == 0) {
		hash_sha256(bytes.p, bytes.n, raw);
		is = is_digest(raw, digest);
	}
	buf_done(&path);
	buf_done(&bytes);
	return is;
}

static bool is_form(const char *folder, const char *name, const char *digest)
{
	struct buf path = BUF_INIT;
	bool is;

	if (kept_is_name(name))
		buf_printf(&path, "adapters/%s.yaml", name);
	else
		buf_str(&path, "form.yaml");
	is = is_file(folder, buf_text(&path), digest);
	buf_done(&path);
	return is;
}

/* Tables and schemas have digests of several files: they are read as whoever uses them reads them. */
static bool is_read(struct site *s, const char *folder, const char *item, const char *digest)
{
	struct library *l = library_new();
	const struct conf *node = conf_root(s->conf);
	const struct code_table *table;
	const struct schema *schema;
	struct findings quiet;
	bool is = false;

	findings_init(&quiet);
	library_add(l, folder);
	if (strncmp(item, "table:", 6) == 0)
		is = (table = codes_table(l->codes, span_of(item + 6), node, &quiet)) &&
			is_digest(code_table_digest(table), digest);
	else if (strncmp(item, "schema:", 7) == 0)
		is = (schema = library_schema(l, span_of(item + 7), node, &quiet)) &&
			is_digest(schema_digest(schema), digest);
	findings_done(&quiet);
	library_free(l);
	return is;
}

static bool is_kept(struct site *s, const char *root, const char *item, const char *digest)
{
	char *folder;
	bool is;

	if (strlen(digest) != KEPT_DIGEST - 1 || strchr(digest, '/'))
		return false;
	folder = kept_folder(root, digest);
	if (strcmp(item, ITEM_SITE) == 0)
		is = is_file(folder, ITEM_SITE_FILE, digest);
	else if (strncmp(item, "form:", 5) == 0)
		is = is_form(folder, item + 5, digest);
	else
		is = is_read(s, folder, item, digest);
	free(folder);
	return is;
}

/* ---- the lines ---- */

struct page {
	json_t *lines;
	size_t n;                    /* bytes */
};

static void add_line(struct page *p, struct span line)
{
	json_array_append_new(p->lines, json_stringn(line.p, line.n));
	p->n += line.n + 1;
}

static bool is_comment(struct span line)
{
	size_t i = 4;                /* behind its sign */

	while (i < line.n && line.p[i] == ' ')
		i++;
	return i < line.n && line.p[i] == '#';
}

/* The lines of one kind; false: not all of them fit. */
static bool add_lines(struct page *p, struct span text, bool comments)
{
	while (text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		const struct span line = {text.p, end ? (size_t)(end - text.p) : text.n};

		if (is_comment(line) == comments) {
			if (p->n + line.n >= PAGE_MAX)
				return false;
			add_line(p, line);
		}
		text = (struct span){line.p + line.n + (end != NULL), text.n - line.n - (end != NULL)};
	}
	return true;
}

/* In groups, which no mask takes for a number. */
static void add_digest(struct buf *b, const char *digest)
{
	if (!digest[0])
		buf_c(b, '-');
	for (size_t i = 0; i < KEPT_DIGEST - 1 && digest[i]; i += 8)
		buf_printf(b, "%s%.8s", i ? ":" : "", digest + i);
}

static void add_head(struct page *p, const json_t *one, const struct difference *d, bool readable)
{
	const char *was = json_text(one, "was"), *is = json_text(one, "is");
	struct buf b = BUF_INIT;

	show_text(&b, span_of(json_text(one, "item")));
	if (!was[0])
		buf_str(&b, "  新增 / new");
	else if (!is[0])
		buf_str(&b, "  不再使用 / no longer used");
	else
		buf_printf(&b, "  %.8s -> %.8s", was, is);
	buf_printf(&b, "；去掉 %u 行，新增 %u 行 / %u lines gone, %u lines new", d->gone, d->come, d->gone, d->come);
	if (!readable)
		buf_str(&b, "；现行内容已读不出，以下为全部新内容 / what is in force cannot be read: all of the new follows");
	add_line(p, buf_as_span(&b));
	buf_done(&b);
}

static void add_cut(struct page *p, const json_t *one, const struct difference *d)
{
	struct buf b = BUF_INIT;

	buf_printf(&b, "!! 放不下，以下只是 %u 行中的前几行：签批前须按摘要核对整个文件 / CUT: only the first of %u lines follow; before anybody "
		"signs, the files have to be compared by digest", d->gone + d->come, d->gone + d->come);
	add_line(p, buf_as_span(&b));
	buf_clear(&b);
	buf_str(&b, "!! 现行 / in force: ");
	add_digest(&b, json_text(one, "was"));
	add_line(p, buf_as_span(&b));
	buf_clear(&b);
	buf_str(&b, "!! 新 / new: ");
	add_digest(&b, json_text(one, "is"));
	add_line(p, buf_as_span(&b));
	buf_done(&b);
}

/* 1: it does not fit, and is cut. */
static int add_item(struct page *p, struct site *s, const char *root, const json_t *one, struct err *e)
{
	const char *item = json_text(one, "item"), *digest_was = json_text(one, "was"), *digest_is = json_text(one, "is");
	const bool readable = !digest_was[0] || is_kept(s, root, item, digest_was);
	struct buf was = BUF_INIT, is = BUF_INIT, text = BUF_INIT;
	struct difference d;
	bool cut = false;
	int ret = -1;

	if (digest_is[0] && !is_kept(s, root, item, digest_is))
		err_set(e, E_ADOPT_ALTERED, "item=%s\nfile=adopted/%s", item, digest_is);
	else if ((!readable || adopt_text(root, digest_was, &was, e) == 0) && adopt_text(root, digest_is, &is, e) == 0)
		ret = 0;
	if (ret == 0) {
		d = difference_lines(&text, buf_as_span(&was), buf_as_span(&is), UINT_MAX);
		add_head(p, one, &d, readable);
		cut = p->n + text.n >= PAGE_MAX;
		if (cut)
			add_cut(p, one, &d);
		if (add_lines(p, buf_as_span(&text), false))
			(void)add_lines(p, buf_as_span(&text), true);
	}
	buf_done(&was);
	buf_done(&is);
	buf_done(&text);
	return ret != 0 ? -1 : cut;
}

json_t *adopt_shows(struct site *s, struct bus *b, const json_t *items, const char *from, struct err *e)
{
	struct page p = {.lines = json_array()};
	char *root = adopted_root(b);
	const json_t *one;
	size_t i;
	int got = 0;

	json_array_foreach(items, i, one) {
		got = add_item(&p, s, root, one, e);
		if (got == 1 && json_array_size(items) > 1)
			got = err_set(e, E_ADOPT_LONG, "%s", "");
		if (got < 0)
			break;
	}
	free(root);
	if (got >= 0)
		return json_pack("{s:o,s:s}", "what", p.lines, "from", from);
	json_decref(p.lines);
	return NULL;
}

json_t *adopt_live_shows(const char *destination)
{
	return json_pack("{s:s,s:s}", "what", "off, its lines wait -> live: what waits goes out", "destination", destination);
}

/* ---- an order of somebody else ---- */

static bool is_twice(const json_t *items)
{
	const json_t *a, *b;
	size_t i, k;

	json_array_foreach(items, i, a)
		json_array_foreach(items, k, b)
			if (i < k && json_equal(json_object_get(a, "item"), json_object_get(b, "item")))
				return true;
	return false;
}

enum err_id adopt_true(struct site *s, struct bus *b, const struct act *a)
{
	static const char *const more[] = {"items", "from", NULL};
	const json_t *items = json_object_get(a->root, "items"), *one;
	const char *from = json_string_value(json_object_get(a->root, "from"));
	struct buf subject = BUF_INIT, digest = BUF_INIT;
	enum err_id ret = E_NONE;
	json_t *shows = NULL;
	struct err why;
	int64_t day;
	size_t i;

	if (!json_array_size(items) || is_twice(items) || !from || clock_date_read(span_of(from), &day) != 0)
		return E_ACT_SHOWS;
	json_array_foreach(items, i, one)
		if (json_object_size(one) != 3)
			return E_ACT_SHOWS;
	adopt_subject(items, &subject);
	adopt_digest(items, &digest);
	if (!span_eq(a->subject, buf_as_span(&subject)) || !span_eq(a->digest, buf_as_span(&digest)))
		ret = E_ACT_SHOWS;
	else if (!(shows = adopt_shows(s, b, items, from, &why)))
		ret = why.id;
	else if (!act_shows(a, shows, more))
		ret = E_ACT_SHOWS;
	json_decref(shows);
	buf_done(&subject);
	buf_done(&digest);
	return ret;
}

enum err_id adopt_live_true(const struct act *a)
{
	char *name = mem_text(a->subject);
	json_t *shows = adopt_live_shows(name);
	bool is = act_shows(a, shows, NULL);

	json_decref(shows);
	free(name);
	return is ? E_NONE : E_ACT_SHOWS;
}
