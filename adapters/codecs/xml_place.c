/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

static bool is_ascii8(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return !(v & UINT64_C(0x8080808080808080));
}

static size_t utf8_length(unsigned char lead)
{
	return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

uint64_t xml_locate(struct xml_map *m, uint64_t utf8)
{
	if (m->charset == CHARSET_UTF8)
		return m->base_raw + (utf8 - m->base_utf8);
	if (utf8 < m->at_utf8) {
		m->at_raw = m->base_raw;
		m->at_utf8 = m->base_utf8;
	}
	while (m->at_utf8 < utf8) {
		const unsigned char *u = m->utf8 + (m->at_utf8 - m->base_utf8), *p = m->raw + (m->at_raw - m->base_raw);

		if (utf8 - m->at_utf8 >= 8 && is_ascii8(u)) {
			m->at_raw += 8;
			m->at_utf8 += 8;
			continue;
		}
		m->at_raw += *p < 0x80 ? 1 : (uint64_t)charset_step(m->charset, p, 4);
		m->at_utf8 += utf8_length(*u);
	}
	return m->at_raw;
}

uint64_t xml_event(const struct xml_source *s)
{
	const XML_Index at = XML_GetCurrentByteIndex(s->parser);

	return s->begun + (uint64_t)(at < 0 ? 0 : at);
}

uint64_t xml_event_end(const struct xml_source *s)
{
	return xml_event(s) + (uint64_t)XML_GetCurrentByteCount(s->parser);
}

struct span xml_bytes(const struct codec_reader *r, uint64_t from, uint64_t to)
{
	return (struct span){(const char *)window_bytes(&r->w) + (from - r->w.offset), (size_t)(to - from)};
}

void xml_set_map(struct codec_reader *r)
{
	struct xml_map *m = &r->outer.map;

	m->raw = window_bytes(&r->w);
	m->utf8 = (const unsigned char *)r->utf8.p + r->utf8_gone;
	m->base_raw = r->w.offset;
}

static void count_lines(struct codec_reader *r, uint64_t to)
{
	const struct span s = xml_bytes(r, r->line_at, to);

	for (const char *p = s.p, *end = s.p + s.n; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		r->line++;
	r->line_at = to;
}

uint64_t xml_line_of(struct codec_reader *r, uint64_t offset)
{
	if (r->line_at < r->mark && r->mark <= offset) {
		count_lines(r, r->mark);
		r->mark_line = r->line;
	}
	count_lines(r, offset);
	return r->line;
}

void xml_set_mark(struct codec_reader *r, uint64_t offset)
{
	r->mark = offset;
	if (offset == r->line_at)
		r->mark_line = r->line;
	buf_clear(&r->kept);
}

void xml_pass(struct codec_reader *r, size_t n)
{
	const uint64_t to = r->w.offset + n, from = r->mark > r->w.offset ? r->mark : r->w.offset;
	size_t more = from < to ? (size_t)(to - from) : 0;

	xml_line_of(r, to);
	if (more > XML_KEPT_MAX - r->kept.n)
		more = XML_KEPT_MAX - r->kept.n;
	if (more)
		buf_span(&r->kept, xml_bytes(r, from, from + more));
	window_take(&r->w, n);
}

void xml_release(struct codec_reader *r, uint64_t utf8)
{
	struct xml_map *m = &r->outer.map;
	const uint64_t raw = xml_locate(m, utf8);
	const size_t n = (size_t)(raw - r->w.offset);

	r->utf8_gone += (size_t)(utf8 - m->base_utf8);
	xml_pass(r, n);
	r->fed -= n;
	m->base_utf8 = m->at_utf8 = utf8;
	m->at_raw = raw;
	xml_set_map(r);
}

void xml_pass_unseen(struct codec_reader *r, size_t n)
{
	struct xml_map *m = &r->outer.map;

	xml_pass(r, n);
	xml_set_mark(r, r->w.offset);
	m->base_utf8 += n;
	r->utf8_end = m->at_utf8 = m->base_utf8;
	m->at_raw = r->w.offset;
	xml_set_map(r);
}
