/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <stdlib.h>

#include "utf8.h"

/* ---- paths of rows and documents inside ---- */

static bool name_end(char c)
{
	return (unsigned char)c <= ' ' || strchr("/[]@=#<>&'\"", c) != NULL;
}

static struct span take_name(const char **p, const char *end)
{
	const char *from = *p;

	while (*p < end && !name_end(**p))
		++*p;
	return (struct span){from, (size_t)(*p - from)};
}

static bool is_name(struct span s)
{
	const char *p = s.p;

	return s.n && take_name(&p, s.p + s.n).n == s.n;
}

/* [@NAME=VALUE], the value with or without quotes. */
static bool take_test(const char **p, const char *end, struct xml_test *ret)
{
	const char *close;

	if (end - *p < 2 || (*p)[1] != '@')
		return false;
	*p += 2;
	ret->name = take_name(p, end);
	if (!ret->name.n || *p == end || **p != '=')
		return false;
	close = memchr(*p, ']', (size_t)(end - *p));
	if (!close)
		return false;
	ret->value = (struct span){*p + 1, (size_t)(close - *p - 1)};
	if (ret->value.n >= 2 && strchr("'\"", ret->value.p[0]) && ret->value.p[ret->value.n - 1] == ret->value.p[0])
		ret->value = (struct span){ret->value.p + 1, ret->value.n - 2};
	*p = close + 1;
	return true;
}

static bool take_step(const char **p, const char *end, struct xml_step *ret)
{
	struct xml_test test;

	*ret = (struct xml_step){.name = take_name(p, end)};
	while (*p < end && **p == '[') {
		if (!take_test(p, end, &test))
			return false;
		ret->tests = mem_grow(ret->tests, ret->ntests + 1u, sizeof *ret->tests);
		ret->tests[ret->ntests++] = test;
	}
	return ret->name.n > 0;
}

static bool compile_path(struct xml_path *path)
{
	const char *p = path->text.p, *end = p + path->text.n;

	for (;;) {
		if (path->nsteps == XML_DEPTH_MAX)
			return false;
		path->steps = mem_grow(path->steps, path->nsteps + 1u, sizeof *path->steps);
		if (!take_step(&p, end, &path->steps[path->nsteps++]))
			return false;
		if (p == end)
			return true;
		if (*p++ != '/')
			return false;
	}
}

static void add_path(struct xml *x, struct conf *node, int kind, struct findings *f)
{
	struct xml_path *path = &x->paths[x->npaths];

	if (!conf_is(node, CONF_SCALAR, f))
		return;
	if (x->npaths == XML_PATHS_MAX) {
		conf_report(f, node, E_CODEC_XML_PATH, "path=%.*s", SPAN_F(utf8_cut(node->text, 60)));
		return;
	}
	*path = (struct xml_path){.text = arena_span(&x->arena, node->text), .kind = kind};
	x->npaths++;
	if (!compile_path(path))
		conf_report(f, node, E_CODEC_XML_PATH, "path=%.*s", SPAN_F(utf8_cut(node->text, 60)));
}

static bool same_name(const struct xml_step *a, const struct xml_step *b)
{
	return span_eq(a->name, b->name);
}

/* Do the names of one path begin with those of the other? */
static bool begins(const struct xml_path *a, const struct xml_path *with)
{
	for (unsigned i = 0; i < with->nsteps; i++)
		if (i >= a->nsteps || !same_name(&a->steps[i], &with->steps[i]))
			return false;
	return true;
}

/* So many rows can be open at the same time, and a document inside one that is inside is none. */
static void check_depth(const struct xml *x, struct conf *rows, struct findings *f)
{
	for (unsigned i = 0; i < x->npaths; i++) {
		const struct xml_path *p = &x->paths[i];
		uint32_t lengths = 0;
		unsigned documents = 0, outer = 0;

		for (unsigned k = 0; k < x->npaths; k++)
			if (begins(p, &x->paths[k])) {
				documents += x->paths[k].kind == XML_INSIDE && p->kind == XML_INSIDE && k != i;
				lengths |= x->paths[k].kind == XML_INSIDE ? 0 : 1u << (x->paths[k].nsteps - 1u);
			}
		for (; lengths; lengths &= lengths - 1)
			outer++;
		if (outer > XML_OPEN_MAX || documents)
			conf_report(f, rows, E_CODEC_XML_PATH, "path=%.*s", SPAN_F(utf8_cut(p->text, 60)));
	}
}

/* ---- settings ---- */

static void read_rows(struct xml *x, struct conf *settings, struct findings *f)
{
	struct conf *rows = conf_need(settings, "rows", CONF_MAP, f);

	for (struct conf *c = rows ? rows->first : NULL; c; c = c->next) {
		x->kinds = mem_grow(x->kinds, x->nkinds + 1u, sizeof *x->kinds);
		x->kinds[x->nkinds] = (struct xml_kind){.name = arena_span(&x->arena, c->key)};
		if (c->kind != CONF_LIST)
			add_path(x, c, (int)x->nkinds, f);
		for (struct conf *p = c->kind == CONF_LIST ? c->first : NULL; p; p = p->next)
			add_path(x, p, (int)x->nkinds, f);
		x->nkinds++;
	}
}

static void read_inside(struct xml *x, struct conf *settings, struct findings *f)
{
	struct conf *inside = conf_want(settings, "inside", CONF_MAP, f);

	for (struct conf *c = inside ? inside->first : NULL; c; c = c->next) {
		struct conf path = *c;

		path.kind = CONF_SCALAR;
		path.text = c->key;
		path.line = c->key_line;
		path.column = c->key_column;
		add_path(x, &path, XML_INSIDE, f);
		if (conf_is(c, CONF_SCALAR, f) && !span_is(c->text, "base64"))
			conf_report(f, c, E_CONF_CHOICE, "key=inside\ngot=%.*s\nwords=base64\nnear=-",
				SPAN_F(utf8_cut(c->text, 60)));
	}
}

static void xml_free(struct codec_format *format)
{
	struct xml *x = (struct xml *)format;

	for (unsigned i = 0; i < x->npaths; i++) {
		for (unsigned k = 0; k < x->paths[i].nsteps; k++)
			free(x->paths[i].steps[k].tests);
		free(x->paths[i].steps);
	}
	arena_done(&x->arena);
	free(x->kinds);
	free(x);
}

static struct codec_format *xml_compile(struct conf *settings, enum charset charset, struct findings *f)
{
	const unsigned before = f->count;
	struct xml *x = mem_new(sizeof *x);

	x->base.codec = &codec_xml;
	x->base.charset = CHARSET_UTF8;
	x->charset = charset;
	x->arena = ARENA_INIT;
	read_rows(x, settings, f);
	read_inside(x, settings, f);
	x->many = conf_choice(settings, "documents", "one|many", 0, f) == 1;
	conf_unknown(settings, f);
	if (f->count == before)
		check_depth(x, settings, f);
	if (f->count == before)
		return &x->base;
	xml_free(&x->base);
	return NULL;
}

/* ---- columns ---- */

static struct xml_node *node_of(struct xml *x, struct xml_node **list, struct span name, struct span path)
{
	struct xml_node **at = list;

	for (; *at; at = &(*at)->next)
		if (span_eq((*at)->name, name))
			return *at;
	*at = arena_new(&x->arena, sizeof **at);
	**at = (struct xml_node){.name = arena_span(&x->arena, name), .path = arena_span(&x->arena, path), .cell = -1,
		.list = -1, .number = x->nnodes++};
	return *at;
}

/* X[]: the elements X as a list; nothing else can be asked of them. */
static bool make_list(struct xml_kind *k, struct xml_node *n, int column)
{
	if (n->cell >= 0 || n->list >= 0 || n->children || n->attributes || k->nlists == XML_LISTS_MAX)
		return false;
	n->list = column;
	n->slot = k->nlists;
	k->lists[k->nlists++] = column;
	return true;
}

static bool make_cell(struct xml_node *n, int column)
{
	if (n->cell >= 0 || n->list >= 0)
		return false;
	n->cell = column;
	return true;
}

/* Voucher.Voucher.PayAmt, @VtCode, Voucher.@Id, Voucher.DetailList.Detail[], #text, #number */
static bool add_column(struct xml *x, struct xml_kind *k, struct span path, int column)
{
	struct xml_node *n = k->root;
	unsigned depth = 0;

	for (size_t from = 0, to;; from = to + 1) {
		struct span name, so_far;

		for (to = from; to < path.n && path.p[to] != '.';)
			to++;
		name = (struct span){path.p + from, to - from};
		so_far = (struct span){path.p, to};
		if (n->list >= 0 || ++depth > XML_DEPTH_MAX)
			return false;
		if (to == path.n && span_is(name, "#text"))
			return make_cell(n, column);
		if (span_is(path, "#number") && k->number < 0) {
			k->number = column;
			return true;
		}
		if (to == path.n && name.n && name.p[0] == '@') {
			name = (struct span){name.p + 1, name.n - 1};
			return is_name(name) && make_cell(node_of(x, &n->attributes, name, so_far), column);
		}
		if (to == path.n && span_ends(name, SPAN("[]"))) {
			name.n -= 2;
			return is_name(name) && make_list(k, node_of(x, &n->children, name, so_far), column);
		}
		if (!is_name(name))
			return false;
		n = node_of(x, &n->children, name, so_far);
		if (to == path.n)
			return make_cell(n, column);
	}
}

static int find_kind(struct xml *x, const char *kind, const struct conf *node, struct findings *f)
{
	const char **names = mem_grow(NULL, x->nkinds + 1u, sizeof *names), *near;
	int found = -1;

	for (unsigned i = 0; i < x->nkinds; i++) {
		names[i] = x->kinds[i].name.p;
		if (span_is(x->kinds[i].name, kind))
			found = (int)i;
	}
	names[x->nkinds] = NULL;
	near = conf_nearest(span_of(kind), names);
	if (found < 0)
		conf_report(f, node, E_CODEC_XML_NO_ROWS, "kind=%s\nnear=%s", kind, near ? near : "-");
	free(names);
	return found;
}

static int xml_columns(struct codec_format *format, const char *kind, const struct span *names, unsigned n,
	const struct conf *node, struct findings *fd)
{
	struct xml *x = (struct xml *)format;
	const unsigned before = fd->count;
	const int found = find_kind(x, kind, node, fd);
	struct xml_node *root = NULL;
	struct xml_kind *k;

	if (found < 0)
		return -1;
	k = &x->kinds[found];
	k->root = node_of(x, &root, SPAN("."), SPAN("#text"));
	k->ncolumns = n;
	k->number = -1;
	for (unsigned i = 0; i < n; i++)
		if (!add_column(x, k, names[i], (int)i))
			conf_report(fd, node, E_CODEC_XML_COLUMN, "column=%.*s", SPAN_F(utf8_cut(names[i], 60)));
	return fd->count == before ? found : -1;
}

const struct codec codec_xml = {
	.name = "xml",
	.whole = true,
	.compile = xml_compile,
	.format_free = xml_free,
	.columns = xml_columns,
	.open = xml_open,
	.next = xml_next,
	.fits = xml_fits,
	.close = xml_close,
	.cut = xml_cut,
};
