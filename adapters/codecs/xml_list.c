/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include "jscan.h"

static struct buf *list_of(struct xml_open *o)
{
	return &o->lists[o->list->slot];
}

static void member(struct buf *b, const char *mark, const char *name)
{
	if (b->p[b->n - 1] != '{')
		buf_c(b, ',');
	buf_c(b, '"');
	buf_str(b, mark);
	json_escape(b, span_of(name));
	buf_str(b, "\":");
}

static void make_object(struct buf *b, struct xml_frame *f, unsigned level)
{
	if (!(f->object & 1u << level))
		buf_c(b, '{');
	f->object |= 1u << level;
}

static void json_attributes(struct buf *b, struct xml_frame *f, unsigned level, const XML_Char **atts)
{
	for (; *atts; atts += 2) {
		make_object(b, f, level);
		member(b, "@", atts[0]);
		json_quote(b, span_of(atts[1]));
	}
}

void xml_json_start(struct codec_reader *r, unsigned level, struct xml_frame *up, struct xml_frame *f,
	const XML_Char *name, const XML_Char **atts)
{
	struct xml_open *o = &r->open[level];
	struct buf *b = list_of(o);

	if (o->bytes + b->n > CODEC_RECORD_MAX) {
		xml_has_room(r, o, b->n);
		return;
	}
	make_object(b, up, level);
	member(b, "", name);
	json_attributes(b, f, level, atts);
}

void xml_json_item(struct codec_reader *r, unsigned level, struct xml_frame *f, const struct xml_node *n,
	const XML_Char **atts)
{
	struct xml_open *o = &r->open[level];
	struct buf *b;

	o->list = n;
	o->list_depth = r->depth;
	b = list_of(o);
	buf_c(b, b->n ? ',' : '[');
	make_object(b, f, level);
	json_attributes(b, f, level, atts);
}

bool xml_blank(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strchr(" \t\r\n", b->p[i]) || !b->p[i])
			return false;
	return true;
}

void xml_json_end(struct codec_reader *r, unsigned level, const struct xml_frame *f)
{
	struct xml_open *o = &r->open[level];
	struct buf *b = list_of(o);
	const bool object = f->object & 1u << level, text = !xml_blank(&r->text);

	if (f->mixed || (f->has_child && text))
		xml_spoil_column(r, o, E_XML_KIND, o->list->path);
	if (r->rows[o->row].bad == E_NONE && xml_has_room(r, o, 0) && b->n + r->text.n <= 2 * CODEC_RECORD_MAX) {
		if (object && text && !f->has_child)
			member(b, "", "#text");
		if (!object || (text && !f->has_child))
			json_quote(b, buf_as_span(&r->text));
		if (object)
			buf_c(b, '}');
	}
	if (o->list_depth == r->depth)
		o->list = NULL;
}
