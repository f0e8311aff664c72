/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <assert.h>
#include <stdlib.h>

#include "utf8.h"

enum { FEED = 64 << 10, DECLARATION_MAX = 1024 };

/* ---- what goes wrong ---- */

static void broke(struct codec_reader *r, const struct err *why)
{
	r->why = *why;
	r->phase = XML_BROKEN;
	r->any |= r->in_group;
	r->in_group = false;
	xml_forget(r);
}

static int stop_with(struct codec_reader *r, enum err_id id, uint64_t byte, const char *why, struct err *e)
{
	const char *inside = r->src == &r->inner ? r->inside_path->text.p : "-";

	return err_set(e, id, "byte=%llu\nmax=%d\nwhy=%s\ninside=%s", (unsigned long long)byte,
		id == E_XML_DEPTH ? XML_DEPTH_MAX : XML_TOKEN_MAX, why, inside);
}

static uint64_t byte_of_event(struct codec_reader *r)
{
	return xml_locate(&r->src->map, xml_event(r->src)) - (r->src == &r->inner ? r->inside_from : 0);
}

void xml_stop(struct codec_reader *r, enum err_id id)
{
	if (!r->said)
		stop_with(r, id, byte_of_event(r), "-", &r->why);
	r->said = true;
	XML_StopParser(r->src->parser, XML_FALSE);
}

void xml_no_root(struct codec_reader *r, const char *name)
{
	err_set(&r->why, E_XML_ROOT, "want=%.*s\ngot=%.*s", SPAN_F(r->f->paths[0].steps[0].name),
		SPAN_F(utf8_cut(span_of(name), 80)));
	r->said = true;
	XML_StopParser(r->src->parser, XML_FALSE);
}

void xml_reason(struct codec_reader *r, struct err *e)
{
	const enum XML_Error code = XML_GetErrorCode(r->src->parser);

	if (r->said) {
		*e = r->why;
		r->said = false;
		return;
	}
	assert(code != XML_ERROR_NO_MEMORY);
	switch (code) {
	case XML_ERROR_NO_ELEMENTS:
	case XML_ERROR_UNCLOSED_TOKEN:
	case XML_ERROR_UNCLOSED_CDATA_SECTION:
	case XML_ERROR_PARTIAL_CHAR:
		stop_with(r, E_XML_TRUNCATED, byte_of_event(r), "-", e);
		break;
	case XML_ERROR_UNDEFINED_ENTITY:
		stop_with(r, E_XML_ENTITY, byte_of_event(r), "-", e);
		break;
	default:
		stop_with(r, E_XML_SYNTAX, byte_of_event(r), XML_ErrorString(code), e);
	}
}

/* ---- groups ---- */

void xml_begin_group(struct codec_reader *r, uint64_t offset)
{
	xml_set_mark(r, offset);
	r->in_group = true;
	r->over = false;
	r->group_depth = r->depth;
	r->group_begin = offset;
}

/* The group is too long: it is one bad row, of which the first bytes are kept. */
static void make_over(struct codec_reader *r)
{
	struct err why;

	err_set(&why, E_XML_ROW_TOO_LONG, "max=%d", XML_GROUP_MAX);
	xml_forget(r);
	r->group_line = xml_line_of(r, r->group_begin);
	r->nopen = 0;
	r->top = r->group_top;
	for (unsigned i = 0; i < XML_DEPTH_MAX; i++)
		r->frames[i].row = r->frames[i].wants = false;
	xml_bad_row(r, xml_new_row(r, r->group_begin, 0, -1), &why);
	r->rows[0].inside = true;
	r->rows[0].raw_n = XML_KEPT_MAX;
	buf_span(&r->inside, xml_bytes(r, r->group_begin, r->group_begin + XML_KEPT_MAX));
	r->over = true;
}

void xml_end_group(struct codec_reader *r)
{
	r->group_end = xml_locate(&r->outer.map, xml_event_end(&r->outer));
	if (!r->over && r->group_end - r->group_begin > XML_GROUP_MAX)
		make_over(r);
	r->in_group = false;
	if (r->nrows)
		XML_StopParser(r->outer.parser, XML_TRUE);
}

void xml_end_document(struct codec_reader *r)
{
	if (!r->f->many)
		return;
	r->ended = true;
	r->doc_end = xml_event_end(&r->outer);
	XML_StopParser(r->outer.parser, XML_TRUE);
}

/* ---- feeding the parser ---- */

/* Where the bytes can be cut: behind one that is never a part of a longer character. Otherwise where they end. */
static size_t cut_at(const unsigned char *p, size_t n)
{
	for (size_t i = n; i > 0 && n - i < 1024; i--)
		if (p[i - 1] < 0x30 || (p[i - 1] > 0x39 && p[i - 1] < 0x40))
			return i;
	return n;
}

/* Decodes what comes next, up to FEED bytes: as much as is whole characters. What is none is told when the parser has all
 * before it. */
static size_t decode(struct codec_reader *r, struct span *ret)
{
	const unsigned char *p = window_bytes(&r->w) + r->fed;
	const size_t there = window_there(&r->w) - r->fed;
	struct span text = {(const char *)p, cut_at(p, there < FEED ? there : FEED)};
	struct err e;

	buf_clear(&r->scratch);
	if (charset_decode(r->f->charset, text, &r->scratch, ret, &e) == 0)
		return text.n;
	text.n = strtoul(err_arg(&e, "byte"), NULL, 10);
	if (e.id != E_TEXT_HALF || r->w.eof) {
		const uint64_t byte = r->w.offset + r->fed + text.n;
		char hex[32];
		const char *bytes = err_arg(&e, "hex");

		snprintf(hex, sizeof hex, "%s", bytes ? bytes : "00");
		err_set(&r->fail, e.id, "byte=%llu\nhex=%s\ncharset=%s", (unsigned long long)byte, hex,
			charset_name(r->f->charset));
		r->failing = true;
	}
	buf_clear(&r->scratch);
	charset_decode(r->f->charset, text, &r->scratch, ret, &e);
	return text.n;
}

static void remember_utf8(struct codec_reader *r, struct span text)
{
	r->utf8_end += text.n;
	if (r->f->charset != CHARSET_UTF8) {
		memmove(r->utf8.p, r->utf8.p + r->utf8_gone, r->utf8.n - r->utf8_gone);
		r->utf8.n -= r->utf8_gone;
		r->utf8_gone = 0;
		buf_span(&r->utf8, text);
	}
	xml_set_map(r);
}

/* What the parser did with what it got. */
static void judge(struct codec_reader *r, enum XML_Status status)
{
	const XML_Index at = XML_GetCurrentByteIndex(r->outer.parser);
	struct err why;

	r->any |= r->nrows > 0;
	if (status == XML_STATUS_ERROR) {
		xml_reason(r, &why);
		broke(r, &why);
		return;
	}
	r->suspended = status == XML_STATUS_SUSPENDED;
	if (r->suspended || at < 0)
		return;
	if (r->utf8_end - xml_event(&r->outer) > XML_TOKEN_MAX) {
		stop_with(r, E_XML_TOO_LONG, byte_of_event(r), "-", &why);
		broke(r, &why);
		return;
	}
	if (r->in_group && !r->over && r->w.offset + r->fed - r->group_begin > XML_GROUP_MAX)
		make_over(r);
	if (!r->in_group || r->over)
		xml_release(r, xml_event(&r->outer));
}

/* 0, or -1: the input failed. */
static int feed(struct codec_reader *r, struct err *e)
{
	struct span text = SPAN_NONE;
	size_t n;

	if (r->failing) {
		broke(r, &r->fail);
		return 0;
	}
	if (r->fed == window_there(&r->w) && !r->w.eof && window_more(&r->w, e))
		return -1;
	n = decode(r, &text);
	if (n == 0 && !r->failing && !r->w.eof)
		return window_more(&r->w, e);
	r->fed += n;
	remember_utf8(r, text);
	if (n || r->failing) {
		judge(r, XML_Parse(r->outer.parser, text.p, (int)text.n, XML_FALSE));
		return 0;
	}
	judge(r, XML_Parse(r->outer.parser, "", 0, XML_TRUE));
	if (r->phase == XML_BODY)
		r->phase = XML_DONE;
	return 0;
}

/* ---- documents ---- */

static int skip_blanks(struct codec_reader *r, struct err *e)
{
	for (;;) {
		const unsigned char *p = window_bytes(&r->w);
		const size_t there = window_there(&r->w);
		size_t n = 0;

		while (n < there && (p[n] == ' ' || p[n] == '\t' || p[n] == '\r' || p[n] == '\n'))
			n++;
		xml_pass_unseen(r, n);
		if (n < there || r->w.eof)
			return 0;
		if (window_more(&r->w, e))
			return -1;
	}
}

static int begin_document(struct codec_reader *r, struct err *e)
{
	struct span begin;
	struct err why;

	if (r->outer.parser && skip_blanks(r, e))
		return -1;
	if (window_need(&r->w, DECLARATION_MAX, e))
		return -1;
	if (r->outer.parser && window_there(&r->w) == 0) {
		r->phase = XML_DONE;
		return 0;
	}
	begin = (struct span){(const char *)window_bytes(&r->w), window_there(&r->w)};
	begin.n = begin.n < DECLARATION_MAX ? begin.n : DECLARATION_MAX;
	if (xml_declared(r->f, begin, false, &r->outer.map.charset, &why)) {
		broke(r, &why);
		return 0;
	}
	if (r->f->charset == CHARSET_UTF8 && span_starts(begin, SPAN("\xef\xbb\xbf")))
		xml_pass_unseen(r, 3);
	xml_set_map(r);
	if (!r->outer.parser)
		r->outer.parser = XML_ParserCreate("UTF-8");
	else
		XML_ParserReset(r->outer.parser, "UTF-8");
	assert(r->outer.parser);
	xml_handle(r, r->outer.parser);
	r->outer.begun = r->utf8_end;
	r->depth = r->top = 0;
	r->phase = XML_BODY;
	return 0;
}

/* Behind a document that another may follow: what the parser got of that one is given to the next. */
static void end_document(struct codec_reader *r)
{
	xml_release(r, r->doc_end);
	r->fed = 0;
	r->utf8.n = r->utf8_gone;
	r->utf8_end = r->doc_end;
	r->suspended = r->ended = r->failing = false;
	r->phase = XML_BEGIN;
}

/* ---- rows ---- */

/* The rows of a group are given: the next ones may be made. */
static int advance(struct codec_reader *r, struct err *e)
{
	if (r->nrows && !r->in_group) {
		xml_forget(r);
		xml_release(r, xml_event_end(&r->outer));
	}
	if (r->ended)
		end_document(r);
	if (r->phase == XML_BEGIN)
		return begin_document(r, e);
	if (!r->suspended)
		return feed(r, e);
	r->suspended = false;
	judge(r, XML_ResumeParser(r->outer.parser));
	return 0;
}

static void give(struct codec_reader *r, struct row *ret)
{
	const struct xml_row *x = &r->rows[r->given++];
	const uint64_t end = r->given < r->nrows ? x[1].offset : r->group_end;

	ret->offset = x->offset;
	ret->line = x->offset < r->line_at ? r->group_line : xml_line_of(r, x->offset);
	ret->end = end;
	ret->next_line = xml_line_of(r, end);
	ret->raw = x->inside ? (struct span){r->inside.p + x->raw, x->raw_n} :
		xml_bytes(r, r->group_begin + x->raw, r->group_begin + x->raw + x->raw_n);
	ret->cells = r->cells;
	ret->ncells = 0;
	ret->blank = ret->deleted = false;
	ret->bad.id = E_NONE;
	ret->bad.where[0] = ret->bad.args[0] = 0;
	if (x->none)
		err_set(&ret->bad, x->bad, "%.*s", (int)x->args_n, r->texts.p + x->args);
}

/* Where it broke: one bad row to the end of the file. Its next_line is beyond all others, for where it has no bytes the
 * offset alone does not tell that it was given. */
static int give_rest(struct codec_reader *r, struct row *ret, struct err *e)
{
	if (!r->any) {
		*e = r->why;
		return -1;
	}
	do {
		if (!r->w.eof && window_there(&r->w) == 0 && window_more(&r->w, e))
			return -1;
		xml_pass(r, window_there(&r->w));
	} while (!r->w.eof);
	r->phase = XML_DONE;
	if (r->from > r->mark || (r->from == r->mark && r->from_line > r->mark_line))
		return 0;
	*ret = (struct row){.line = r->mark_line, .offset = r->mark, .end = r->w.offset, .next_line = r->line + 1,
		.raw = buf_as_span(&r->kept), .cells = r->cells, .bad = r->why};
	return 1;
}

int xml_next(struct codec_reader *r, struct row *ret, struct err *e)
{
	for (;;) {
		while (!r->in_group && r->given < r->nrows) {
			give(r, ret);
			if (ret->offset >= r->from)
				return 1;
		}
		if (r->phase == XML_BROKEN)
			return give_rest(r, ret, e);
		if (r->phase == XML_DONE)
			return 0;
		if (advance(r, e))
			return -1;
	}
}

bool xml_fits(const struct codec_reader *r, unsigned kind)
{
	return r->given && !r->rows[r->given - 1].none && r->rows[r->given - 1].kind == (int)kind;
}

int xml_cut(struct codec_reader *r, unsigned kind, struct row *row, struct err *e)
{
	const struct xml_row *x = &r->rows[r->given - 1];
	const struct xml_kind *k = &r->f->kinds[kind];

	row->cells = r->cells;
	row->ncells = 0;
	if (!xml_fits(r, kind))
		return err_set(e, E_CODEC_XML_ROW, "element=%.*s", SPAN_F(k->name));
	if (x->bad != E_NONE)
		return err_set(e, x->bad, "%.*s", (int)x->args_n, r->texts.p + x->args);
	memset(r->cells, 0, k->ncolumns * sizeof *r->cells);
	for (unsigned i = x->cells; i; i = r->cells_made[i - 1].next) {
		const struct xml_cell *c = &r->cells_made[i - 1];

		r->cells[c->column] = (struct span){r->texts.p + c->at, c->n};
	}
	row->ncells = k->ncolumns;
	return 0;
}

int xml_open(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e)
{
	struct codec_reader *r = mem_new(sizeof *r);

	(void)e;
	r->f = (const struct xml *)f;
	r->from = offset;
	r->from_line = line;
	r->line = r->mark_line = 1;
	r->src = &r->outer;
	buf_reserve(&r->utf8, 1);
	for (unsigned i = 0; i <= XML_OPEN_MAX; i++)
		r->open[i].seen = mem_new((r->f->nnodes + 1) * sizeof *r->open[i].seen);
	window_init(&r->w, in, XML_GROUP_MAX + 2 * XML_TOKEN_MAX, 0);
	*ret = r;
	return 0;
}

void xml_close(struct codec_reader *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i <= XML_OPEN_MAX; i++) {
		free(r->open[i].seen);
		for (unsigned k = 0; k < XML_LISTS_MAX; k++)
			buf_done(&r->open[i].lists[k]);
	}
	for (struct buf *const *b = (struct buf *const[]){&r->utf8, &r->scratch, &r->kept, &r->text, &r->texts, &r->inside,
		&r->inside_utf8, NULL}; *b; b++)
		buf_done(*b);
	if (r->outer.parser)
		XML_ParserFree(r->outer.parser);
	if (r->inner.parser)
		XML_ParserFree(r->inner.parser);
	window_done(&r->w);
	free(r->rows);
	free(r->cells_made);
	free(r);
}
