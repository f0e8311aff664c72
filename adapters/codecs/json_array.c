/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdlib.h>

/* So near to the end of what was seen, an error of the scanner may be that the rest is missing: the longest thing that
 * it refuses by its begin is \uXXXX. */
enum { UNSURE = 12 };

static int too_long(struct err *e)
{
	return err_set(e, E_JSON_TOO_LONG, "max=%u", CODEC_RECORD_MAX);
}

/* An error of the scanner near the end of what it saw is none yet. */
static bool unsure(const struct err *e, size_t from, size_t n)
{
	const char *at = err_arg(e, "at");

	return at && from + strtoul(at, NULL, 10) + UNSURE >= n;
}

/* Gets more of a text that begins here; 0, there is none, or it is as long as one may be. */
static int view_more(struct codec_reader *r, struct err *e)
{
	const size_t there = window_there(&r->w), want = there + there / 4 + 1;

	if (r->w.eof || there >= JSON_VIEW_MAX)
		return 0;
	return window_need(&r->w, want < JSON_VIEW_MAX ? want : JSON_VIEW_MAX, e) ? -1 : 1;
}

static size_t view(const struct codec_reader *r)
{
	return window_there(&r->w) < JSON_VIEW_MAX ? window_there(&r->w) : JSON_VIEW_MAX;
}

/* 1, the array of records begins at *ret_at; 0, it is not there. */
static int find_records(struct codec_reader *r, struct span text, size_t *ret_at, struct err *e)
{
	struct jscan in;
	int got;

	jscan_init(&in, text);
	if (!r->f->way)
		got = jscan_peek(&in) == JSCAN_ARRAY ? 1 : jscan_skip(&in, e);
	else if (jscan_peek(&in) == JSCAN_OBJECT)
		got = json_look(r, r->f->way, text, &in, e);
	else
		got = jscan_skip(&in, e);
	*ret_at = json_blanks((const unsigned char *)text.p, (size_t)(in.p - text.p), text.n);
	return got == 0 && jscan_finish(&in, e) ? -1 : got;
}

static bool has_outside(const struct json *f)
{
	for (unsigned i = 0; i < f->nkinds; i++)
		if (f->kinds[i].outside)
			return true;
	return false;
}

/* What stands before the records: 1, a row for who wants columns of it; 0, the records may come. */
static int start(struct codec_reader *r, struct row *ret, struct err *e)
{
	size_t n, at = 0;
	int got;

	for (;;) {
		struct err why;
		int more;

		n = view(r);
		got = find_records(r, (struct span){(const char *)window_bytes(&r->w), n}, &at, &why);
		if (got > 0)
			break;
		more = got == 0 || unsure(&why, 0, n) ? view_more(r, e) : 0;
		if (more < 0)
			return -1;
		if (more)
			continue;
		if (n == JSON_VIEW_MAX && (got == 0 || unsure(&why, 0, n)))
			return too_long(e);
		if (got == 0)
			return err_set(e, E_JSON_NO_RECORDS, "path=%.*s", SPAN_F(r->f->at.n ? r->f->at : SPAN("/")));
		*e = why;
		return -1;
	}
	r->phase = JSON_RECORDS;
	r->head = has_outside(r->f);
	if (r->head)
		return json_row(r, ret, at, at);
	json_pass(r, at);
	return 0;
}

static bool known(const struct json_node *list, unsigned level, struct span key, struct err *e)
{
	for (; level > 1; level--) {
		while (!list->way)
			list = list->next;
		list = list->children;
	}
	for (; list; list = list->next)
		if (span_eq(key, list->key)) {
			err_set(e, E_JSON_BEHIND, "key=%.*s", SPAN_F(list->path));
			return true;
		}
	return false;
}

/* What stands behind the records must be nothing that is wanted: it would come too late. */
static int check_tail(struct codec_reader *r, struct span text, struct err *e)
{
	const struct json *f = r->f;
	struct jscan in;
	struct span key;
	int more;

	buf_clear(&r->scratch);
	jscan_init(&in, text);
	in.p++;
	in.depth = f->depth;
	for (unsigned level = f->depth; level; level--) {
		while ((more = jscan_next_key(&in, &key, e)) == 1) {
			key = json_key(r, key);
			if (known(f->way, level, key, e))
				return -1;
			for (unsigned i = 0; i < f->nkinds; i++)
				if (f->kinds[i].outside && known(f->kinds[i].root, level, key, e))
					return -1;
			if (jscan_skip(&in, e))
				return -1;
		}
		if (more < 0)
			return -1;
	}
	return jscan_finish(&in, e);
}

/* At the bracket that closes the records. */
static int tail(struct codec_reader *r, struct row *ret, struct err *e)
{
	struct err why = ERR_INIT;
	struct span text;

	if (window_need(&r->w, CODEC_RECORD_MAX + 1, e))
		return -1;
	text = (struct span){(const char *)window_bytes(&r->w), window_there(&r->w)};
	if (text.n > CODEC_RECORD_MAX)
		too_long(&why);
	else
		check_tail(r, text, &why);
	if (why.id != E_NONE) {
		return json_skip(r, &why, ret, e);
	}
	json_pass(r, text.n);
	r->phase = JSON_DONE;
	return 0;
}

/* The record behind the bracket or comma at p, and that another comma or the closing bracket follows: 1, it stands in
 * from..to; 2, there is none, the closing bracket stands at from; -1, it is none; 0, it is none unless more comes. */
static int measure(const unsigned char *p, size_t n, size_t *from, size_t *to, struct err *e)
{
	struct jscan in;
	size_t at;

	*from = at = json_blanks(p, 1, n);
	if (at < n && *p == '[' && p[at] == ']')
		return 2;
	jscan_init(&in, (struct span){(const char *)p + at, n - at});
	if (jscan_skip(&in, e))
		return unsure(e, at, n) ? 0 : -1;
	*to = at + (size_t)(in.p - in.start);
	at = json_blanks(p, *to, n);
	if (at < n && *to - *from > CODEC_RECORD_MAX)
		return too_long(e);
	if (at < n && (p[at] == ',' || p[at] == ']'))
		return 1;
	err_set(e, E_JSON_SYNTAX, "at=%zu", at - *from);
	return at < n ? -1 : 0;
}

static int next_record(struct codec_reader *r, struct row *ret, struct err *e)
{
	size_t n, from = 0, to = 0;
	int got, more = 0;
	struct err why;

	do {
		n = view(r);
		got = measure(window_bytes(&r->w), n, &from, &to, &why);
	} while (got == 0 && (more = view_more(r, e)) > 0);
	if (more < 0)
		return -1;
	json_pass(r, from < n ? from : 0);
	if (got == 2)
		return tail(r, ret, e);
	if (got == 1)
		return json_row(r, ret, to - from, to - from);
	if (got == 0 && n == JSON_VIEW_MAX)
		too_long(&why);
	return json_skip(r, &why, ret, e);
}

int json_next_of_array(struct codec_reader *r, struct row *ret, struct err *e)
{
	int got;

	r->head = false;
	if (r->phase == JSON_START && (got = start(r, ret, e)) != 0)
		return got;
	for (;;) {
		const size_t n = window_there(&r->w), at = json_blanks(window_bytes(&r->w), 0, n);

		if (r->phase == JSON_DONE || (at == n && r->w.eof))
			return 0;
		json_pass(r, at);
		if (at < n)
			return *window_bytes(&r->w) == ']' ? tail(r, ret, e) : next_record(r, ret, e);
		if (window_more(&r->w, e))
			return -1;
	}
}
