/* SPDX-License-Identifier: Apache-2.0 */
#include "wrap.h"

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

#include "fsys.h"

enum { SECRET_MAX = 4096, SKIP = 64 << 10 };

/* ---- for wraps ---- */

int wrap_error(const struct wrap_reader *r, enum err_id id, struct err *e)
{
	char hex[9] = "-";

	for (size_t i = 0; i < 4 && i < window_there(&r->in); i++)
		snprintf(hex + 2 * i, 3, "%02x", window_bytes(&r->in)[i]);
	return err_set(e, id, "wrap=%s\nbyte=%" PRIu64 "\nhex=%s", r->wrap->name, r->in.offset, hex);
}

int wrap_made(struct wrap_reader *r, size_t n, struct err *e)
{
	const uint64_t taken = r->in.offset + window_there(&r->in);

	r->made += n;
	if (r->made > WRAP_OUT_MAX)
		return err_set(e, E_WRAP_TOO_LARGE, "wrap=%s\nbyte=%" PRIu64 "\nmax=%" PRIu64, r->wrap->name,
			r->in.offset, WRAP_OUT_MAX);
	if (r->made > WRAP_RATIO_FROM && (r->made - WRAP_RATIO_FROM) / WRAP_RATIO_MAX > taken)
		return err_set(e, E_WRAP_RATIO, "wrap=%s\nbyte=%" PRIu64 "\nmax=%u", r->wrap->name, r->in.offset,
			WRAP_RATIO_MAX);
	return 0;
}

int wrap_need(struct wrap_reader *r, size_t n, struct err *e)
{
	if (window_need(&r->in, n, e))
		return -1;
	if (window_there(&r->in) >= n)
		return 0;
	return err_set(e, E_WRAP_TRUNCATED, "wrap=%s\nbyte=%" PRIu64, r->wrap->name, r->in.offset + window_there(&r->in));
}

int wrap_at_end(struct wrap_reader *r, struct err *e)
{
	return window_need(&r->in, 1, e) ? -1 : window_there(&r->in) == 0;
}

/* A file of that folder and nothing else. */
static bool secret_name_ok(struct span n)
{
	for (size_t i = 0; i < n.n; i++)
		if ((unsigned char)n.p[i] <= ' ' || n.p[i] == '/' || n.p[i] == 0x7f)
			return false;
	return n.n && n.n <= 100 && n.p[0] != '.';
}

static void read_secret(const struct conf *node, const char *folder, struct buf *ret, struct findings *f)
{
	struct buf path = BUF_INIT;
	struct err e;

	buf_printf(&path, "%s/%.*s", folder, SPAN_F(node->text));
	if (fsys_get(AT_FDCWD, buf_text(&path), SECRET_MAX, ret, &e) != 0) {
		conf_report(f, node, e.id, "%s", e.args);
	} else {
		while (ret->n && (ret->p[ret->n - 1] == '\n' || ret->p[ret->n - 1] == '\r'))
			ret->n--;
		if (!ret->n)
			conf_report(f, node, E_WRAP_SECRET_EMPTY, "file=%s", buf_text(&path));
	}
	buf_done(&path);
}

void wrap_secret(const struct conf *node, const struct wrap_setup *s, struct buf *ret, struct findings *f)
{
	if (!secret_name_ok(node->text))
		conf_report(f, node, E_WRAP_SECRET_NAME, "name=%.*s", SPAN_F(node->text));
	else if (!s->keys)
		buf_span(ret, node->text);
	else if (!*s->keys)
		conf_report(f, node, E_WRAP_NO_KEYS, "name=%.*s", SPAN_F(node->text));
	else
		read_secret(node, s->keys, ret, f);
}

/* ---- what a form says ---- */

struct wrap_list {
	struct wrap_format *formats[WRAPS_MAX];
	unsigned n;
};

static const struct wrap *by_name(struct span name)
{
	for (const struct wrap *const *w = wrap_table; *w; w++)
		if (span_is(name, (*w)->name))
			return *w;
	return NULL;
}

static const char *nearest(struct span name)
{
	const char *names[16] = {NULL}, *near;

	for (unsigned i = 0; wrap_table[i] && i < 15; i++)
		names[i] = wrap_table[i]->name;
	near = conf_nearest(name, names);
	return near ? near : "-";
}

static void compile_one(struct wrap_list *l, struct conf *node, const struct wrap_setup *s, struct findings *f)
{
	struct conf *settings = node->kind == CONF_MAP ? node->first : NULL;
	const struct span name = settings ? settings->key : node->kind == CONF_SCALAR ? node->text : SPAN("");
	const struct wrap *w = by_name(name);
	struct wrap_format *format;

	if (!w || (settings && settings->next)) {
		conf_report(f, node, E_FORM_WRAP, "got=%.*s\nnear=%s", SPAN_F(name), nearest(name));
		return;
	}
	if (settings && !conf_is(settings, CONF_MAP, f))
		return;
	format = w->compile(node, settings, s, f);
	if (settings)
		conf_unknown(settings, f);
	if (format)
		l->formats[l->n++] = format;
}

struct wrap_list *wrap_list_compile(struct conf *node, const struct wrap_setup *s, struct findings *f)
{
	const unsigned before = f->count;
	struct wrap_list *l;
	unsigned n = 0;

	if (!conf_is(node, CONF_LIST, f))
		return NULL;
	l = mem_new(sizeof *l);
	for (struct conf *c = node->first; c; c = c->next) {
		if (n++ == WRAPS_MAX) {
			conf_report(f, c, E_FORM_WRAPS_MANY, "max=%u", WRAPS_MAX);
			break;
		}
		compile_one(l, c, s, f);
	}
	if (f->count == before)
		return l;
	wrap_list_free(l);
	return NULL;
}

void wrap_list_free(struct wrap_list *l)
{
	if (!l)
		return;
	for (unsigned i = 0; i < l->n; i++)
		l->formats[i]->wrap->format_free(l->formats[i]);
	free(l);
}

/* ---- reading ---- */

struct layer {
	struct codec_input input;    /* first: fill casts back */
	struct wrap_reader *reader;
	bool ended;
	struct err why;              /* it is not asked again */
};

struct wrap_chain {
	struct codec_input input;    /* first: fill casts back; begins at the offset that is wanted */
	struct codec_input *inside;
	struct layer layers[WRAPS_MAX];
	unsigned n;
	uint64_t skip;
};

static int layer_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct layer *l = (struct layer *)in;

	*ret_n = 0;
	if (l->why.id) {
		*e = l->why;
		return -1;
	}
	if (l->ended || !cap)
		return 0;
	if (l->reader->wrap->give(l->reader, p, cap, ret_n, e) != 0) {
		if (err_kind(e) == ERR_DATA)
			l->why = *e;
		*ret_n = 0;
		return -1;
	}
	assert(*ret_n <= cap);
	l->ended = *ret_n == 0;
	return 0;
}

static int skip(struct wrap_chain *c, struct err *e)
{
	char aside[SKIP];
	size_t n;

	while (c->skip) {
		if (c->inside->fill(c->inside, aside, c->skip < sizeof aside ? (size_t)c->skip : sizeof aside, &n, e) !=
			0)
			return -1;
		c->skip = n ? c->skip - n : 0;
	}
	return 0;
}

static int chain_fill(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e)
{
	struct wrap_chain *c = (struct wrap_chain *)in;

	if (c->skip && skip(c, e) != 0)
		return -1;
	return c->inside->fill(c->inside, p, cap, ret_n, e);
}

struct wrap_chain *wrap_chain_open(const struct wrap_list *l, struct codec_input *in, uint64_t offset)
{
	struct wrap_chain *c = mem_new(sizeof *c);

	c->input.fill = chain_fill;
	c->inside = in;
	c->skip = offset;
	for (; c->n < l->n; c->n++) {
		struct layer *at = &c->layers[c->n];
		const struct wrap *w = l->formats[c->n]->wrap;

		at->input.fill = layer_fill;
		at->reader = w->open(l->formats[c->n]);
		at->reader->wrap = w;
		window_init(&at->reader->in, c->inside, w->most, 0);
		c->inside = &at->input;
	}
	return c;
}

struct codec_input *wrap_chain_input(struct wrap_chain *c)
{
	return &c->input;
}

int wrap_chain_finish(struct wrap_chain *c, struct err *e)
{
	char aside[SKIP];
	size_t n;

	do
		if (chain_fill(&c->input, aside, sizeof aside, &n, e) != 0)
			return -1;
	while (n);
	return 0;
}

void wrap_chain_close(struct wrap_chain *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < c->n; i++) {
		window_done(&c->layers[i].reader->in);
		c->layers[i].reader->wrap->close(c->layers[i].reader);
	}
	free(c);
}
