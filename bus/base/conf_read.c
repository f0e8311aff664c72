/* SPDX-License-Identifier: Apache-2.0 */
#include "conf_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <unistd.h>

#include "utf8.h"

enum { MAX_BYTES = 4 << 20, MAX_DEPTH = 64 };

/*
 * The tree is built from libfyaml's events and not from its document: the events show tags, anchors and each key with
 * its place, whereas the document resolves or refuses them in words of its own.
 */
struct level {
	struct conf *node;
	struct conf **tail;          /* where the next entry goes */
	struct conf *key;            /* entry of a mapping that has its key and waits for its value */
};

struct reader {
	struct conf_file *file;
	struct findings *f;
	struct fy_parser *parser;
	struct fy_diag *diag;
	struct span text;            /* source without the byte order mark */
	struct level levels[MAX_DEPTH];
	unsigned depth;
	unsigned line, column;       /* of the last event that had a place */
	struct buf keys;             /* scratch: pointers to the entries of one mapping */
};

static void report(struct reader *r, unsigned line, unsigned column, enum err_id id, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

static void report(struct reader *r, unsigned line, unsigned column, enum err_id id, const char *fmt, ...)
{
	struct err e;
	char args[sizeof e.args];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(args, sizeof args, fmt, ap);
	va_end(ap);
	err_set(&e, id, "%s", args);
	findings_add(r->f, &e, r->file->path, line, column, r->file->source);
}

/* The parser would take the first bad byte or NUL of a plain scalar for the end of the file and say nothing. */
static int check_bytes(struct reader *r)
{
	unsigned line = 1, column = 1;
	struct span s = r->text;
	uint32_t c;

	for (size_t at = 0; at < s.n;) {
		size_t n = utf8_step(s.p + at, s.n - at, &c);

		if (!n) {
			report(r, line, column, E_CONF_NOT_UTF8, "hex=%02X", (unsigned)(unsigned char)s.p[at]);
			return -1;
		}
		if (c == '\n' || (c == '\r' && !(at + 1 < s.n && s.p[at + 1] == '\n'))) {
			line++;
			column = 0;
		} else if (c < ' ' && c != '\t' && c != '\r') {
			report(r, line, column, E_CONF_CONTROL, "hex=%02X", (unsigned)c);
			return -1;
		}
		column++;
		at += n;
	}
	return 0;
}

static int syntax(struct reader *r)
{
	void *prev = NULL;
	struct fy_diag_error *x = fy_diag_errors_iterate(r->diag, &prev);
	unsigned line = r->line, column = r->column;

	if (x && x->line > 0 && x->column > 0) {
		line = (unsigned)x->line;
		column = (unsigned)x->column;
	}
	report(r, line, column, E_CONF_SYNTAX, "why=%s", x && x->msg ? x->msg : "the text cannot be read further");
	return -1;
}

static void set_place(struct reader *r, struct fy_event *ev)
{
	const struct fy_mark *m = fy_event_start_mark(ev);
	enum fy_scalar_style style = FYSS_PLAIN;

	if (!m)
		return;
	if (ev->type == FYET_SCALAR && ev->scalar.value)
		style = fy_token_scalar_style(ev->scalar.value);
	r->line = (unsigned)m->line + 1;
	r->column = (unsigned)m->column + 1;
	/* The mark of a quoted scalar stands behind its quote, that of an alias behind its sign. */
	if ((style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED || ev->type == FYET_ALIAS) && r->column > 1)
		r->column--;
}

/* Names the anchor, alias or tag as it is written. */
static void refuse_reference(struct reader *r, struct fy_token *token, char sign)
{
	const struct fy_mark *m = token ? fy_token_start_mark(token) : NULL;
	/* The mark of an anchor and an alias stands behind its sign, that of a tag before it. */
	unsigned back = sign != '!';
	char what[72];
	size_t at, n;

	if (!token)
		return;
	assert(m && m->input_pos >= back);
	at = m->input_pos - back;
	n = strcspn(r->text.p + at, " \t\r\n,]}");
	report(r, (unsigned)m->line + 1, (unsigned)m->column + 1 - back, E_CONF_REFERENCE, "what=%s",
		conf_shown((struct span){r->text.p + at, n}, what));
}

static struct conf *new_node(struct reader *r)
{
	struct conf *node = arena_new(&r->file->arena, sizeof *node);

	node->file = r->file;
	node->line = r->line;
	node->column = r->column;
	node->text = node->key = SPAN_NONE;
	return node;
}

static struct span event_text(struct reader *r, struct fy_event *ev, bool *ret_quoted)
{
	struct fy_token *t = ev->scalar.value;
	size_t n = 0;
	const char *p = t ? fy_token_get_text(t, &n) : NULL;

	*ret_quoted = t && fy_token_scalar_style(t) != FYSS_PLAIN;
	return (struct span){arena_text(&r->file->arena, (struct span){p, p ? n : 0}), p ? n : 0};
}

/* The key of an entry: the node is made now, its value comes with the next event. */
static int take_key(struct reader *r, struct level *top, struct fy_event *ev)
{
	bool quoted;
	struct conf *node;

	if (ev->type != FYET_SCALAR) {
		report(r, r->line, r->column, E_CONF_KEY, "%s", "");
		return -1;
	}
	node = new_node(r);
	node->key = event_text(r, ev, &quoted);
	node->key_line = r->line;
	node->key_column = r->column;
	if (!quoted && span_is(node->key, "<<"))
		report(r, r->line, r->column, E_CONF_REFERENCE, "what=<<");
	refuse_reference(r, ev->scalar.anchor, '&');
	refuse_reference(r, ev->scalar.tag, '!');
	top->key = node;
	return 0;
}

/* The node that this event fills: the entry that waits, a new item of a list, or the root. */
static struct conf *place_node(struct reader *r)
{
	struct level *top = r->depth ? &r->levels[r->depth - 1] : NULL;
	struct conf *node = top && top->key ? top->key : new_node(r);

	node->line = r->line;
	node->column = r->column;
	if (!top) {
		r->file->root = node;
		return node;
	}
	*top->tail = node;
	top->tail = &node->next;
	top->key = NULL;
	return node;
}

static int open_level(struct reader *r, struct conf *node, enum conf_kind kind)
{
	node->kind = kind;
	if (r->depth == MAX_DEPTH) {
		report(r, r->line, r->column, E_CONF_DEPTH, "max=%d", MAX_DEPTH);
		return -1;
	}
	r->levels[r->depth++] = (struct level){node, &node->first, NULL};
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct conf *x = *(struct conf *const *)a, *y = *(struct conf *const *)b;
	int c = span_cmp(x->key, y->key);

	if (!c)
		c = (x->key_line > y->key_line) - (x->key_line < y->key_line);
	return c ? c : (x->key_column > y->key_column) - (x->key_column < y->key_column);
}

static void close_level(struct reader *r)
{
	struct conf *node = r->levels[--r->depth].node, *first, *x;
	struct conf **keys;
	size_t count = 0;
	char key[72];

	if (node->kind != CONF_MAP)
		return;
	buf_clear(&r->keys);
	for (x = node->first; x; x = x->next, count++)
		buf_add(&r->keys, &x, sizeof x);
	if (count < 2)
		return;
	keys = (struct conf **)(void *)r->keys.p;
	qsort(keys, count, sizeof *keys, by_key);
	first = keys[0];
	for (size_t i = 1; i < count; i++) {
		if (!span_eq(first->key, keys[i]->key)) {
			first = keys[i];
			continue;
		}
		keys[i]->asked = true;    /* said once is enough */
		report(r, keys[i]->key_line, keys[i]->key_column, E_CONF_DUPLICATE_KEY, "key=%s\nfirst=%u",
			conf_shown(keys[i]->key, key), first->key_line);
	}
}

static int take_value(struct reader *r, struct fy_event *ev)
{
	struct conf *node = place_node(r);

	switch (ev->type) {
	case FYET_ALIAS:
		refuse_reference(r, ev->alias.anchor, '*');
		node->text = SPAN("");
		return 0;
	case FYET_SCALAR:
		node->text = event_text(r, ev, &node->quoted);
		refuse_reference(r, ev->scalar.anchor, '&');
		refuse_reference(r, ev->scalar.tag, '!');
		return 0;
	case FYET_SEQUENCE_START:
		refuse_reference(r, ev->sequence_start.anchor, '&');
		refuse_reference(r, ev->sequence_start.tag, '!');
		return open_level(r, node, CONF_LIST);
	default:
		refuse_reference(r, ev->mapping_start.anchor, '&');
		refuse_reference(r, ev->mapping_start.tag, '!');
		return open_level(r, node, CONF_MAP);
	}
}

static int take_event(struct reader *r, struct fy_event *ev)
{
	struct level *top = r->depth ? &r->levels[r->depth - 1] : NULL;

	set_place(r, ev);
	switch (ev->type) {
	case FYET_DOCUMENT_START:
		if (!r->file->root)
			return 0;
		report(r, r->line, r->column, E_CONF_DOCUMENTS, "%s", "");
		return -1;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		close_level(r);
		return 0;
	case FYET_SCALAR:
	case FYET_ALIAS:
	case FYET_MAPPING_START:
	case FYET_SEQUENCE_START:
		if (top && top->node->kind == CONF_MAP && !top->key)
			return take_key(r, top, ev);
		return take_value(r, ev);
	default:
		return 0;
	}
}

static int read_events(struct reader *r)
{
	struct fy_event *ev;
	bool whole = false;
	int rc = 0;

	while (rc == 0 && (ev = fy_parser_parse(r->parser))) {
		/* The end of the stream counts only at the end of the text. */
		if (ev->type == FYET_STREAM_END) {
			const struct fy_mark *m = fy_event_start_mark(ev);

			whole = !m || m->input_pos >= r->text.n;
		}
		rc = take_event(r, ev);
		fy_parser_event_free(r->parser, ev);
	}
	if (rc != 0)
		return rc;
	if (!whole || fy_parser_get_stream_error(r->parser))
		return syntax(r);
	if (!r->file->root)
		report(r, 0, 0, E_CONF_EMPTY, "%s", "");
	return r->file->root ? 0 : -1;
}

static int read_text(struct reader *r)
{
	struct fy_diag_cfg diag;
	struct fy_parse_cfg parse = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE |
		FYPCF_DEFAULT_VERSION_1_2 | FYPCF_DISABLE_DEPTH_LIMIT};
	int rc, failed;

	if (check_bytes(r) != 0)
		return -1;
	fy_diag_cfg_default(&diag);
	diag.fp = NULL;
	diag.level = FYET_ERROR;
	r->diag = parse.diag = fy_diag_create(&diag);
	if (r->diag)
		fy_diag_set_collect_errors(r->diag, true);
	r->parser = r->diag ? fy_parser_create(&parse) : NULL;
	/* They fail for want of memory only. */
	failed = r->parser ? fy_parser_set_string(r->parser, r->text.p, r->text.n) : -1;
	assert(failed == 0);
	rc = read_events(r);
	fy_parser_destroy(r->parser);
	fy_diag_destroy(r->diag);
	return rc;
}

static struct conf_file *new_file(const char *name)
{
	struct conf_file *c = mem_new(sizeof *c);

	c->path = mem_text(span_of(name));
	return c;
}

static struct conf_file *read_file(struct conf_file *c, struct span source, struct findings *f)
{
	struct reader r = {.file = c, .f = f, .line = 1, .column = 1};
	bool bom;

	if (source.n > MAX_BYTES) {
		report(&r, 0, 0, E_CONF_TOO_LARGE, "max=%d MiB", MAX_BYTES >> 20);
		conf_close(c);
		return NULL;
	}
	c->source = (struct span){arena_text(&c->arena, source), source.n};
	bom = source.n >= 3 && memcmp(source.p, "\xef\xbb\xbf", 3) == 0;
	r.text = (struct span){c->source.p + (bom ? 3 : 0), c->source.n - (bom ? 3 : 0)};
	if (read_text(&r) != 0) {
		conf_close(c);
		c = NULL;
	}
	buf_done(&r.keys);
	return c;
}

struct conf_file *conf_parse(const char *name, struct span text, struct findings *f)
{
	return read_file(new_file(name), text, f);
}

/* One byte more than allowed is enough to know. */
static int get_bytes(const char *path, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	while (ret->n <= MAX_BYTES) {
		buf_reserve(ret, 65536);
		n = read(fd, ret->p + ret->n, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		ret->n += (size_t)n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	errno = n < 0 ? (int)-n : 0;
	return n < 0 ? -1 : 0;
}

struct conf_file *conf_open(const char *path, struct findings *f)
{
	struct conf_file *c = NULL;
	struct buf bytes = BUF_INIT;
	struct err e;

	if (get_bytes(path, &bytes) == 0) {
		c = conf_parse(path, buf_as_span(&bytes), f);
	} else {
		err_sys(&e, E_CONF_UNREADABLE, path, errno);
		findings_add(f, &e, path, 0, 0, SPAN_NONE);
	}
	buf_done(&bytes);
	return c;
}

void conf_close(struct conf_file *c)
{
	if (!c)
		return;
	arena_done(&c->arena);
	free(c->path);
	free(c);
}

struct conf *conf_root(struct conf_file *c)
{
	return c->root;
}

const char *conf_path(const struct conf_file *c)
{
	return c->path;
}

struct span conf_source(const struct conf_file *c)
{
	return c->source;
}
