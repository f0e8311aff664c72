/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdlib.h>

#include "utf8.h"

enum { NAMES_MAX = 30 };             /* of one path: the scanner goes 32 deep */

/* ---- paths as a tree ---- */

/* "details[]" is a list under the name of details. */
static struct json_node *node_of(struct json *j, struct json_node **list, struct span path, size_t from, size_t to)
{
	const bool is_list = to == path.n && to - from > 2 && span_ends(path, SPAN("[]"));
	const struct span key = {path.p + from, to - from - (is_list ? 2 : 0)};
	struct json_node **at = list;
	struct buf b = BUF_INIT;

	for (; *at; at = &(*at)->next)
		if (span_eq((*at)->key, key))
			return *at;
	*at = arena_new(&j->arena, sizeof **at);
	json_quote(&b, key);
	buf_c(&b, ':');
	**at = (struct json_node){.key = arena_span(&j->arena, key), .opening = arena_span(&j->arena, buf_as_span(&b)),
		.path = arena_span(&j->arena, (struct span){path.p, to}), .cell = -1, .number = j->nnodes++,
		.list = is_list};
	buf_done(&b);
	return *at;
}

/* The node of a path, with those above it; NULL when it cannot be: a name in it is empty, it is too deep, or another
 * path ends on it, before it or behind it. */
static struct json_node *add_path(struct json *j, struct json_node **root, struct span path, bool way)
{
	struct json_node **level = root, *n;
	unsigned depth = 0;

	for (size_t from = 0;; from++) {
		size_t to = from;

		while (to < path.n && path.p[to] != '.')
			to++;
		if (to == from || ++depth > NAMES_MAX)
			return NULL;
		n = node_of(j, level, path, from, to);
		if (n->cell >= 0 || n->records)
			return NULL;
		n->way |= way;
		level = &n->children;
		if (to == path.n)
			return n->children ? NULL : n;
		from = to;
	}
}

static bool add_way(struct json *j, struct json_node **root)
{
	struct json_node *n = j->at.n ? add_path(j, root, j->at, true) : NULL;

	if (n)
		n->records = true;
	return n || !j->at.n;
}

static int json_columns(struct codec_format *format, const char *kind, const struct span *names, unsigned n,
	const struct conf *node, struct findings *fd)
{
	struct json *j = (struct json *)format;
	const unsigned before = fd->count;
	const bool outside = j->array && strcmp(kind, "line") != 0;
	struct json_kind *k;

	j->kinds = mem_grow(j->kinds, j->nkinds + 1u, sizeof *j->kinds);
	k = &j->kinds[j->nkinds];
	*k = (struct json_kind){.ncolumns = n, .outside = outside};
	if (outside && !j->at.n)
		conf_report(fd, node, E_CODEC_JSON_OUTSIDE, "kind=%s", kind);
	if (outside)
		add_way(j, &k->root);
	for (unsigned i = 0; i < n; i++) {
		struct json_node *x = add_path(j, &k->root, names[i], false);

		if (x)
			x->cell = (int)i;
		else
			conf_report(fd, node, E_CODEC_JSON_PATH, "path=%.*s", SPAN_F(utf8_cut(names[i], 60)));
	}
	return fd->count == before ? (int)j->nkinds++ : -1;
}

/* ---- settings ---- */

static void read_array(struct json *j, struct conf *settings, struct findings *f)
{
	struct conf *at = conf_want(settings, "at", CONF_SCALAR, f);

	j->base.read_only = "json, records: array";
	if (!at)
		return;
	j->at = arena_span(&j->arena, at->text);
	if (!at->text.n || !add_way(j, &j->way)) {
		conf_report(f, at, E_CODEC_JSON_PATH, "path=%.*s", SPAN_F(utf8_cut(at->text, 60)));
		return;
	}
	j->depth = 1;
	for (size_t i = 0; i < j->at.n; i++)
		j->depth += j->at.p[i] == '.';
}

static void json_free(struct codec_format *format)
{
	struct json *j = (struct json *)format;

	arena_done(&j->arena);
	free(j->kinds);
	free(j);
}

static struct codec_format *json_compile(struct conf *settings, enum charset charset, struct findings *f)
{
	const unsigned before = f->count;
	struct json *j = mem_new(sizeof *j);

	j->base.codec = &codec_json;
	j->base.charset = charset;
	j->arena = ARENA_INIT;
	if (charset != CHARSET_UTF8)
		conf_report_key(f, settings, E_CODEC_JSON_CHARSET, "charset=%s", charset_name(charset));
	j->array = conf_choice(settings, "records", "lines|array", 0, f) == 1;
	if (j->array)
		read_array(j, settings, f);
	else
		j->base.skip_blank = conf_choice(settings, "blank_rows", "keep|skip", 0, f) == 1;
	j->base.omits = conf_choice(settings, "absent", "blank|omit", 0, f) == 1;
	conf_unknown(settings, f);
	if (f->count == before)
		return &j->base;
	json_free(&j->base);
	return NULL;
}

/* ---- writing ---- */

static void json_begin(const struct codec_format *f, struct buf *b)
{
	(void)f;
	(void)b;
}

static void write_object(const struct json_node *n, const struct span *cells, struct buf *b)
{
	char before = '{';

	for (; n; n = n->next) {
		buf_c(b, before);
		buf_span(b, n->opening);
		if (n->children)
			write_object(n->children, cells, b);
		else
			json_quote(b, cells[n->cell]);
		before = ',';
	}
	buf_c(b, '}');
}

/* False: nothing of it is there, and nothing was written. */
static bool write_present(const struct json_node *n, const struct span *cells, struct buf *b)
{
	const size_t start = b->n;

	for (; n; n = n->next) {
		const size_t before = b->n;

		buf_c(b, before == start ? '{' : ',');
		buf_span(b, n->opening);
		if (n->children && write_present(n->children, cells, b))
			continue;
		if (!n->children && cells[n->cell].n)
			json_quote(b, cells[n->cell]);
		else
			b->n = before;
	}
	if (b->n == start)
		return false;
	buf_c(b, '}');
	return true;
}

static int json_write(const struct codec_format *format, unsigned kind, const struct span *cells, unsigned n,
	struct buf *b, struct err *e)
{
	const struct json *j = (const struct json *)format;
	const unsigned want = kind < j->nkinds ? j->kinds[kind].ncolumns : 0;
	struct buf none = BUF_INIT;
	struct span same;

	if (n != want || n == 0)
		return err_set(e, E_CODEC_CELLS, "want=%u\ngot=%u", want, n);
	for (unsigned i = 0; i < n; i++)
		if (cells[i].n && charset_decode(CHARSET_UTF8, cells[i], &none, &same, e))
			return -1;
	if (!format->omits)
		write_object(j->kinds[kind].root, cells, b);
	else if (!write_present(j->kinds[kind].root, cells, b))
		buf_str(b, "{}");
	buf_c(b, '\n');
	return 0;
}

const struct codec codec_json = {
	.name = "json",
	.compile = json_compile,
	.format_free = json_free,
	.columns = json_columns,
	.open = json_open,
	.next = json_next,
	.close = json_close,
	.cut = json_cut,
	.begin = json_begin,
	.write = json_write,
	.end = json_begin,
};
