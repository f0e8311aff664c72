/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <assert.h>
#include <stdlib.h>

#include "utf8.h"

/* ---- declarations ---- */

static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What <?xml version="1.0" encoding="GBK"?> says; absent when it does not, or there is none. */
static struct span encoding(struct span begin)
{
	static const char name[] = "encoding";
	const char *end = begin.p + begin.n, *p = memmem(begin.p, begin.n, "?>", 2), *close;

	if (!span_starts(begin, SPAN("<?xml")) || begin.n < 6 || !white(begin.p[5]) || !p)
		return SPAN_NONE;
	end = p;
	p = memmem(begin.p, (size_t)(end - begin.p), name, sizeof name - 1);
	if (!p)
		return SPAN_NONE;
	for (p += sizeof name - 1; p < end && (white(*p) || *p == '=');)
		p++;
	if (p == end || (*p != '"' && *p != '\''))
		return SPAN_NONE;
	close = memchr(p + 1, *p, (size_t)(end - p - 1));
	return close ? (struct span){p + 1, (size_t)(close - p - 1)} : SPAN_NONE;
}

static bool is_name(struct span name, const char *text)
{
	if (name.n != strlen(text))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((name.p[i] | (name.p[i] >= 'A' && name.p[i] <= 'Z' ? 0x20 : 0)) != text[i])
			return false;
	return true;
}

/* GB 2312 is a part of GBK, and GBK of GB 18030: what is declared as a part may be read as the whole. */
static bool by_name(struct span name, enum charset wanted, enum charset *ret)
{
	const bool part = is_name(name, "gb2312") || is_name(name, "gbk");

	if (is_name(name, "utf8"))
		*ret = CHARSET_UTF8;
	else if (part)
		*ret = wanted == CHARSET_GB18030 ? CHARSET_GB18030 : CHARSET_GBK;
	else
		return charset_by_name(name, ret) == 0;
	return true;
}

int xml_declared(const struct xml *f, struct span begin, bool inside, enum charset *ret, struct err *e)
{
	struct span name = encoding(begin);
	enum charset charset = f->charset;

	if (begin.n >= 2 && (memchr(begin.p, 0, 2) || memcmp(begin.p, "\xff\xfe", 2) == 0 ||
		memcmp(begin.p, "\xfe\xff", 2) == 0))
		name = SPAN("utf-16");
	else if (span_starts(begin, SPAN("\xef\xbb\xbf")))
		name = SPAN("utf-8");
	if (name.p && (!by_name(name, f->charset, &charset) || (!inside && charset != f->charset)))
		return err_set(e, E_XML_CHARSET, "want=%s\ngot=%.*s\ninside=%s",
			inside ? "utf-8, gbk, gb18030" : charset_name(f->charset), SPAN_F(utf8_cut(name, 40)),
			inside ? "yes" : "-");
	*ret = charset;
	return 0;
}

/* ---- Base64 (RFC 4648, section 4), blanks and ends of line in it ---- */

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int not_base64(const struct codec_reader *r, size_t at, struct err *e)
{
	return err_set(e, E_XML_BASE64, "byte=%llu\ninside=%s", (unsigned long long)(r->b64_from + at),
		r->inside_path->text.p);
}

/* Padding is there, is all that there is at the end, and makes the number of characters a multiple of four. */
static int decode(struct codec_reader *r, struct err *e)
{
	struct buf *to = &r->inside;
	const struct span s = r->b64;
	uint32_t bits = 0;
	size_t n = 0, pads = 0;

	buf_reserve(to, s.n / 4 * 3 + 3);
	for (size_t i = 0; i < s.n; i++) {
		const int v = value_of(s.p[i]);

		if (white(s.p[i]))
			continue;
		if (s.p[i] == '=' ? n % 4 < 2 || pads == 2 : v < 0 || pads)
			return not_base64(r, i, e);
		pads += s.p[i] == '=';
		bits = bits << 6 | (uint32_t)(v < 0 ? 0 : v);
		if (++n % 4)
			continue;
		to->p[to->n++] = (char)(bits >> 16);
		if (pads < 2)
			to->p[to->n++] = (char)(bits >> 8);
		if (pads < 1)
			to->p[to->n++] = (char)bits;
	}
	return n % 4 ? not_base64(r, s.n, e) : 0;
}

uint64_t xml_offset(struct codec_reader *r, uint64_t raw)
{
	const uint64_t k = raw - r->inside_from, want = k / 3 * 4 + k % 3;

	if (r->src == &r->outer)
		return raw;
	if (want < r->b64_chars)
		r->b64_at = r->b64_chars = 0;
	for (;; r->b64_at++) {
		if (white(r->b64.p[r->b64_at]))
			continue;
		if (r->b64_chars == want)
			return r->b64_from + r->b64_at;
		r->b64_chars++;
	}
}

/* ---- the document ---- */

static void find_path(struct codec_reader *r)
{
	const struct xml_frame *f = &r->frames[r->depth - 1];

	for (unsigned i = 0; i < r->f->npaths; i++)
		if ((f->alive >> i & 1) && r->f->paths[i].kind == XML_INSIDE && r->f->paths[i].nsteps == r->depth)
			r->inside_path = &r->f->paths[i];
}

static int to_utf8(struct codec_reader *r, struct span raw, struct span *ret, struct err *e)
{
	struct xml_map *m = &r->inner.map;
	char hex[32];

	if (xml_declared(r->f, raw, true, &m->charset, e))
		return -1;
	buf_clear(&r->inside_utf8);
	if (charset_decode(m->charset, raw, &r->inside_utf8, ret, e)) {
		const unsigned long byte = strtoul(err_arg(e, "byte"), NULL, 10);
		const char *bytes = err_arg(e, "hex");

		snprintf(hex, sizeof hex, "%s", bytes ? bytes : "00");
		return err_set(e, e->id, "byte=%lu\nhex=%s\ncharset=%s\ninside=%s", byte, hex, charset_name(m->charset),
			r->inside_path->text.p);
	}
	m->raw = (const unsigned char *)raw.p;
	m->utf8 = (const unsigned char *)ret->p;
	m->base_raw = m->at_raw = r->inside_from;
	m->base_utf8 = m->at_utf8 = 0;
	return 0;
}

int xml_read_inside(struct codec_reader *r, struct span text, uint64_t offset, struct err *e)
{
	struct span raw, utf8;
	int ret = 0;

	find_path(r);
	r->b64 = text;
	r->b64_from = offset;
	r->b64_at = r->b64_chars = 0;
	r->inside_from = r->inside.n;
	if (decode(r, e))
		return -1;
	raw = (struct span){r->inside.p + r->inside_from, r->inside.n - r->inside_from};
	if (!raw.n)
		return 0;
	if (to_utf8(r, raw, &utf8, e))
		return -1;
	if (!r->inner.parser)
		r->inner.parser = XML_ParserCreate("UTF-8");
	else
		XML_ParserReset(r->inner.parser, "UTF-8");
	assert(r->inner.parser);
	xml_handle(r, r->inner.parser);
	r->src = &r->inner;
	if (XML_Parse(r->inner.parser, utf8.p, (int)utf8.n, XML_TRUE) == XML_STATUS_ERROR) {
		xml_reason(r, e);
		ret = -1;
	}
	r->src = &r->outer;
	return ret;
}
