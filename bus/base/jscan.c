/* SPDX-License-Identifier: Apache-2.0 */
#include "jscan.h"

#include <assert.h>
#include <stdint.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define DEPTH_MAX 32

/* What ends a run of plain bytes: a quote, a backslash, a control character; the scanner also stops at all that is
 * not ASCII, since that has to be checked. */
enum stop { STOP_ESCAPES, STOP_CHECKS };

static inline bool stops(unsigned char c, enum stop at)
{
	return c == '"' || c == '\\' || c < 0x20 || (at == STOP_CHECKS && c >= 0x80);
}

#ifdef __SSE2__
static inline unsigned stops16(const char *p, enum stop at)
{
	__m128i c = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(c, _mm_set1_epi8('"')), _mm_cmpeq_epi8(c, _mm_set1_epi8('\\')));
	__m128i low;

	if (at == STOP_CHECKS)
		low = _mm_cmplt_epi8(c, _mm_set1_epi8(0x20));            /* signed: bytes from 0x80 are negative */
	else
		low = _mm_cmpeq_epi8(_mm_min_epu8(c, _mm_set1_epi8(0x1f)), c);
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(hit, low));
}
#endif

/* Says only that one of eight bytes stops: which one is looked for byte by byte, so the order of bytes in a word
 * does not matter, nor that a borrow may mark a byte beyond the first. */
static inline bool stops_word(uint64_t x, enum stop at)
{
	const uint64_t ones = UINT64_MAX / 255, highs = ones << 7;
	uint64_t quote = x ^ ones * '"', slash = x ^ ones * '\\', hit;

	hit = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((x - ones * 0x20) & ~x);
	return ((at == STOP_CHECKS ? hit | x : hit) & highs) != 0;
}

static inline bool stops8(const char *p, enum stop at)
{
	uint64_t x;

	memcpy(&x, p, sizeof x);
	return stops_word(x, at);
}

static inline const char *find_stop(const char *p, const char *end, enum stop at)
{
#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		unsigned hit = stops16(p, at);

		if (hit)
			return p + __builtin_ctz(hit);
	}
#endif
	while (end - p >= 8 && !stops8(p, at))
		p += 8;
	while (p < end && !stops((unsigned char)*p, at))
		p++;
	return p;
}

static inline bool trails(const char *p)
{
	return ((unsigned char)*p & 0xc0) == 0x80;
}

/* Bytes of the character at p that is not ASCII (RFC 3629: shortest form, no surrogates, up to U+10FFFF); 0 = none. */
static inline size_t utf8_step(const char *p, const char *end)
{
	unsigned char lead = (unsigned char)p[0], next;
	size_t n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (lead < 0xc2 || lead > 0xf4 || (size_t)(end - p) < n || !trails(p + 1))
		return 0;
	next = (unsigned char)p[1];
	if ((lead == 0xe0 && next < 0xa0) || (lead == 0xed && next > 0x9f) || (lead == 0xf0 && next < 0x90) ||
		(lead == 0xf4 && next > 0x8f))
		return 0;
	if ((n > 2 && !trails(p + 2)) || (n > 3 && !trails(p + 3)))
		return 0;
	return n;
}

static int fail(const struct jscan *s, enum err_id id, const char *at, struct err *e)
{
	return err_set(e, id, "at=%zu", (size_t)(at - s->start));
}

static inline const char *past_blanks(const char *p, const char *end)
{
	if (p < end && (unsigned char)*p > ' ')          /* what programs write has few blanks */
		return p;
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of \uXXXX whose digits begin at p, or -1. */
static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(p[i]);

		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* The byte that a short escape stands for; 0 when there is no such escape. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
	case '/':
		return c;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

static size_t escape_length(const char *p, const char *end)
{
	if (end - p >= 2 && p[1] == 'u')
		return hex4(p + 2, end) >= 0 ? 6 : 0;
	return end - p >= 2 && short_escape(p[1]) ? 2 : 0;
}

/* s->p stands on the opening quote; takes the string, *ret is what lies between the quotes. */
static inline int take_string(struct jscan *s, struct span *ret, bool *ret_escaped, struct err *e)
{
	const char *from = s->p + 1, *p = from;
	bool escaped = false;

	for (;;) {
		size_t n;

		p = find_stop(p, s->end, STOP_CHECKS);
		if (p == s->end)
			return fail(s, E_JSON_SYNTAX, p, e);
		if (*p == '"')
			break;
		if (*p == '\\') {
			escaped = true;
			if (!(n = escape_length(p, s->end)))
				return fail(s, E_JSON_SYNTAX, p, e);
			p += n;
			continue;
		}
		if ((unsigned char)*p < 0x20)
			return fail(s, E_JSON_SYNTAX, p, e);
		/* Chinese comes in runs. */
		do {
			if (!(n = utf8_step(p, s->end)))
				return fail(s, E_JSON_UTF8, p, e);
			p += n;
		} while (p < s->end && (unsigned char)*p >= 0x80);
	}
	*ret = (struct span){from, (size_t)(p - from)};
	*ret_escaped = escaped;
	s->p = p + 1;
	return 0;
}

static const char *past_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static int take_number(struct jscan *s, struct err *e)
{
	const char *p = s->p + (*s->p == '-'), *from = p;

	p = p < s->end && *p == '0' ? p + 1 : past_digits(p, s->end);
	if (p == from)
		return fail(s, E_JSON_SYNTAX, p, e);
	if (p < s->end && *p == '.') {
		from = p + 1;
		p = past_digits(from, s->end);
		if (p == from)
			return fail(s, E_JSON_SYNTAX, p, e);
	}
	if (p < s->end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < s->end && (*p == '+' || *p == '-');
		from = p;
		p = past_digits(from, s->end);
		if (p == from)
			return fail(s, E_JSON_SYNTAX, p, e);
	}
	s->p = p;
	return 0;
}

static int take_word(struct jscan *s, struct span word, struct err *e)
{
	if (!span_starts((struct span){s->p, (size_t)(s->end - s->p)}, word))
		return fail(s, E_JSON_SYNTAX, s->p, e);
	s->p += word.n;
	return 0;
}

void jscan_init(struct jscan *s, struct span text)
{
	const char *p = text.p ? text.p : "";

	*s = (struct jscan){.p = p, .end = p + text.n, .start = p};
}

static int enter(struct jscan *s, char bracket, struct err *e)
{
	const char *p = past_blanks(s->p, s->end);

	if (p == s->end || *p != bracket)
		return fail(s, E_JSON_SYNTAX, p, e);
	if (s->depth == DEPTH_MAX)
		return fail(s, E_JSON_DEPTH, p, e);
	s->depth++;
	s->p = p + 1;
	return 0;
}

/* Takes the comma before a member, or the closing bracket. No value ends in an opening bracket: it stands before
 * s->p only when nothing was taken since the enter. */
static inline int next(struct jscan *s, char open, char close, struct err *e)
{
	const char *p = past_blanks(s->p, s->end);
	bool first = s->p > s->start && s->p[-1] == open;

	assert(s->depth > 0);
	if (p == s->end)
		return fail(s, E_JSON_SYNTAX, p, e);
	if (*p == close) {
		s->depth--;
		s->p = p + 1;
		return 0;
	}
	if (first)
		return 1;
	if (*p != ',')
		return fail(s, E_JSON_SYNTAX, p, e);
	s->p = p + 1;
	return 1;
}

int jscan_enter_object(struct jscan *s, struct err *e)
{
	return enter(s, '{', e);
}

int jscan_enter_array(struct jscan *s, struct err *e)
{
	return enter(s, '[', e);
}

int jscan_next_key(struct jscan *s, struct span *ret_raw_key, struct err *e)
{
	struct span key;
	bool escaped;
	int more = next(s, '{', '}', e);

	if (more != 1)
		return more;
	s->p = past_blanks(s->p, s->end);
	if (s->p == s->end || *s->p != '"')
		return fail(s, E_JSON_SYNTAX, s->p, e);
	if (take_string(s, &key, &escaped, e))
		return -1;
	s->p = past_blanks(s->p, s->end);
	if (s->p == s->end || *s->p != ':')
		return fail(s, E_JSON_SYNTAX, s->p, e);
	s->p++;
	*ret_raw_key = key;
	return 1;
}

int jscan_next_item(struct jscan *s, struct err *e)
{
	return next(s, '[', ']', e);
}

enum jscan_type jscan_peek(struct jscan *s)
{
	const char *p = past_blanks(s->p, s->end);

	if (p == s->end)
		return JSCAN_END;
	switch (*p) {
	case '"':
		return JSCAN_STRING;
	case '{':
		return JSCAN_OBJECT;
	case '[':
		return JSCAN_ARRAY;
	case 't':
		return JSCAN_TRUE;
	case 'f':
		return JSCAN_FALSE;
	case 'n':
		return JSCAN_NULL;
	default:
		return *p == '-' || (*p >= '0' && *p <= '9') ? JSCAN_NUMBER : JSCAN_END;
	}
}

/* Calls itself for what lies within, at most DEPTH_MAX deep. */
static int take_object(struct jscan *s, struct err *e)
{
	struct span key;
	int more;

	if (jscan_enter_object(s, e))
		return -1;
	while ((more = jscan_next_key(s, &key, e)) == 1)
		if (jscan_skip(s, e))
			return -1;
	return more;
}

static int take_array(struct jscan *s, struct err *e)
{
	int more;

	if (jscan_enter_array(s, e))
		return -1;
	while ((more = jscan_next_item(s, e)) == 1)
		if (jscan_skip(s, e))
			return -1;
	return more;
}

int jscan_value(struct jscan *s, struct jscan_value *ret, struct err *e)
{
	struct jscan_value v = {.type = JSCAN_STRING};
	const char *from = s->p = past_blanks(s->p, s->end);
	int failed;

	if (from < s->end && *from == '"') {
		if (take_string(s, &v.raw, &v.escaped, e))
			return -1;
		*ret = v;
		return 0;
	}
	v.type = jscan_peek(s);
	switch (v.type) {
	case JSCAN_OBJECT:
		failed = take_object(s, e);
		break;
	case JSCAN_ARRAY:
		failed = take_array(s, e);
		break;
	case JSCAN_NUMBER:
		failed = take_number(s, e);
		break;
	case JSCAN_TRUE:
		failed = take_word(s, SPAN("true"), e);
		break;
	case JSCAN_FALSE:
		failed = take_word(s, SPAN("false"), e);
		break;
	case JSCAN_NULL:
		failed = take_word(s, SPAN("null"), e);
		break;
	case JSCAN_STRING:
	case JSCAN_END:
	default:
		return fail(s, E_JSON_SYNTAX, s->p, e);
	}
	if (failed)
		return -1;
	v.raw = (struct span){from, (size_t)(s->p - from)};
	*ret = v;
	return 0;
}

int jscan_skip(struct jscan *s, struct err *e)
{
	struct jscan_value ignored;

	return jscan_value(s, &ignored, e);
}

int jscan_finish(struct jscan *s, struct err *e)
{
	s->p = past_blanks(s->p, s->end);
	return s->p == s->end ? 0 : fail(s, E_JSON_SYNTAX, s->p, e);
}

static void add_utf8(struct buf *b, unsigned c)
{
	char t[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		t[i] = (char)(0x80 | (c & 0x3f));
	t[0] = (char)(lead[n] | c);
	buf_add(b, t, n);
}

/* The character of the \u escape (or of the pair of them) at p; 0 when it stands for none that we take. */
static unsigned unicode_escape(const char *p, const char *end, size_t *ret_n)
{
	int high = hex4(p + 2, end), low;

	*ret_n = 6;
	if (high < 0xd800 || high > 0xdfff)
		return high > 0 ? (unsigned)high : 0;
	if (high > 0xdbff || end - p < 12 || p[6] != '\\' || p[7] != 'u')
		return 0;
	low = hex4(p + 8, end);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	*ret_n = 12;
	return 0x10000u + (((unsigned)high - 0xd800u) << 10) + ((unsigned)low - 0xdc00u);
}

int jscan_unescape(const struct jscan_value *v, struct buf *scratch, struct span *ret, struct err *e)
{
	const char *p = v->raw.p, *end = p + v->raw.n, *slash;
	size_t from = scratch->n, n = 2;

	if (!v->escaped) {
		*ret = v->raw;
		return 0;
	}
	buf_reserve(scratch, v->raw.n);          /* never longer than what is escaped: it does not move below */
	while ((slash = memchr(p, '\\', (size_t)(end - p)))) {
		unsigned c;

		buf_add(scratch, p, (size_t)(slash - p));
		n = 2;
		c = slash[1] == 'u' ? unicode_escape(slash, end, &n) : (unsigned char)short_escape(slash[1]);
		if (!c) {
			scratch->n = from;
			return err_set(e, E_JSON_STRING, "at=%zu", (size_t)(slash - v->raw.p));
		}
		add_utf8(scratch, c);
		p = slash + n;
	}
	buf_add(scratch, p, (size_t)(end - p));
	*ret = (struct span){scratch->p + from, scratch->n - from};
	return 0;
}

/* Copies 4 to 15 bytes as two words that overlap; false when one of them is to be escaped. Most fields are so short. */
static inline bool copy_short(char *out, const char *p, size_t n)
{
	uint32_t c, d;
	uint64_t a, b;

	if (n < 8) {
		memcpy(&c, p, sizeof c);
		memcpy(&d, p + n - sizeof d, sizeof d);
		memcpy(out, &c, sizeof c);
		memcpy(out + n - sizeof d, &d, sizeof d);
		return !stops_word((uint64_t)c << 32 | d, STOP_ESCAPES);
	}
	memcpy(&a, p, sizeof a);
	memcpy(&b, p + n - sizeof b, sizeof b);
	memcpy(out, &a, sizeof a);
	memcpy(out + n - sizeof b, &b, sizeof b);
	return !stops_word(a, STOP_ESCAPES) && !stops_word(b, STOP_ESCAPES);
}

/* Copies the plain bytes at p, all that stand before the first to be escaped; returns how many. Whole steps are stored
 * before it is known whether all of their bytes are plain: out has room for as many bytes as there are up to end. */
static inline size_t copy_plain(char *out, const char *p, const char *end)
{
	const char *from = p;

#ifdef __SSE2__
	for (; end - p >= 16; p += 16, out += 16) {
		unsigned hit = stops16(p, STOP_ESCAPES);

		memcpy(out, p, 16);
		if (hit)
			return (size_t)(p - from) + (size_t)__builtin_ctz(hit);
	}
	if (p > from && p < end) {
		/* The rest is shorter than a step: the last step once more, up to the very end. */
		size_t again = 16 - (size_t)(end - p);
		unsigned hit = stops16(p - again, STOP_ESCAPES);

		memcpy(out - again, p - again, 16);
		return hit ? (size_t)(p - again - from) + (size_t)__builtin_ctz(hit) : (size_t)(end - from);
	}
#endif
	if (end - p >= 4 && end - p < 16 && copy_short(out, p, (size_t)(end - p)))
		return (size_t)(end - from);
	for (; end - p >= 8 && !stops8(p, STOP_ESCAPES); p += 8, out += 8)
		memcpy(out, p, 8);
	for (; p < end && !stops((unsigned char)*p, STOP_ESCAPES); p++)
		*out++ = *p;
	return (size_t)(p - from);
}

static __attribute__((noinline)) size_t write_escape(char *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letters[0x20] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	char letter = c < 0x20 ? letters[c] : (char)c;

	if (letter) {
		memcpy(out, (const char[]){'\\', letter}, 2);
		return 2;
	}
	memcpy(out, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
	return 6;
}

void json_escape(struct buf *b, struct span utf8)
{
	const char *p = utf8.p ? utf8.p : "", *end = p + utf8.n;

	for (;;) {
		size_t n;

		buf_reserve(b, (size_t)(end - p) + 6);
		n = copy_plain(b->p + b->n, p, end);
		b->n += n;
		p += n;
		if (p == end)
			return;
		b->n += write_escape(b->p + b->n, (unsigned char)*p++);
	}
}

void json_quote(struct buf *b, struct span utf8)
{
	buf_reserve(b, utf8.n + 8);
	b->p[b->n++] = '"';
	json_escape(b, utf8);
	buf_reserve(b, 1);
	b->p[b->n++] = '"';
}

void json_member(struct buf *b, const char *name, struct span utf8)
{
	buf_printf(b, ",\"%s\":", name);
	json_quote(b, utf8);
}
