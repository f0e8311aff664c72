/* SPDX-License-Identifier: Apache-2.0 */
#include "charset.h"

#include <endian.h>
#include <strings.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "charset_table.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ONES 0x0101010101010101u
#define HIGHS 0x8080808080808080u
/* The loops are compiled once for each charset, with its tables as constants. */
#define INLINE static inline __attribute__((always_inline))

struct gb {
	const uint16_t *ucs, *page, *code;
	bool four;
};

static const struct gb gbk = {gbk_ucs, gbk_page, gbk_code, false};
static const struct gb gb18030 = {gb18030_ucs, gb18030_page, gb18030_code, true};

static const char *const names[CHARSET_COUNT] = {"utf-8", "gbk", "gb18030"};

int charset_by_name(struct span name, enum charset *ret)
{
	for (int c = 0; c < CHARSET_COUNT; c++)
		if (name.n == strlen(names[c]) && strncasecmp(name.p, names[c], name.n) == 0) {
			*ret = (enum charset)c;
			return 0;
		}
	return -1;
}

const char *charset_name(enum charset c)
{
	return names[c];
}

INLINE uint64_t load64(const void *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof w);
	return le64toh(w);
}

INLINE uint32_t load32(const void *p)
{
	uint32_t w;

	memcpy(&w, p, sizeof w);
	return w;
}

/* Not zero when one of the bytes is NUL or beyond ASCII; the lowest mark is exact, a borrow only runs upwards. */
INLINE uint64_t marks(uint64_t w)
{
	return (w | (w - ONES)) & HIGHS;
}

/* True when all bytes are 01..7F. The last step overlaps the one before it, so that there is no loop over a rest. */
INLINE bool plain(const char *p, size_t n)
{
	size_t i = 0;

	if (n < 8) {
		if (n >= 4)
			return marks((uint64_t)load32(p) << 32 | load32(p + n - 4)) == 0;
		while (i < n && p[i] > 0 && (p[i] & 0x80) == 0)
			i++;
		return i == n;
	}
#ifdef __SSE2__
	for (; i + 16 <= n; i += 16) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));

		if (_mm_movemask_epi8(_mm_cmpgt_epi8(v, _mm_setzero_si128())) != 0xffff)
			return false;
	}
#endif
	for (; i + 8 <= n; i += 8)
		if (marks(load64(p + i)))
			return false;
	return marks(load64(p + n - 8)) == 0;
}

bool charset_ascii(struct span s)
{
	uint64_t high = 0;
	size_t i = 0;

	if (s.n >= 8) {
		for (; i + 8 <= s.n; i += 8)
			high |= load64(s.p + i);
		high |= load64(s.p + s.n - 8);
	} else if (s.n >= 4) {
		high = (uint64_t)load32(s.p) << 32 | load32(s.p + s.n - 4);
	} else {
		while (i < s.n)
			high |= (unsigned char)s.p[i++];
	}
	return (high & HIGHS) == 0;
}

INLINE bool within(unsigned c, unsigned from, unsigned to)
{
	return c - from <= to - from;
}

/* RFC 3629 section 4. Only the second byte has ranges that depend on the first. */
INLINE int utf8_char(const unsigned char *p, size_t n, uint32_t *ret)
{
	const unsigned c = p[0];
	const int len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	uint32_t ucs;

	if (len == 1) {
		*ret = c;
		return 1;
	}
	if (!within(c, 0xc2, 0xf4))
		return 0;
	if (n < 2)
		return -1;
	if (!within(p[1], c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80, c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf))
		return 0;
	ucs = (c & (0x7fu >> len)) << 6 | (p[1] & 0x3fu);
	for (int i = 2; i < len; i++) {
		if ((size_t)i >= n)
			return -1;
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		ucs = ucs << 6 | (p[i] & 0x3fu);
	}
	*ret = ucs;
	return len;
}

static int gb_step(const struct gb *t, const unsigned char *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	if (!within(p[0], 0x81, 0xfe))
		return 0;
	if (n < 2)
		return -1;
	if (within(p[1], 0x40, 0xfe) && p[1] != 0x7f)
		return 2;
	if (!t->four || !within(p[1], '0', '9'))
		return 0;
	if (n < 3)
		return -1;
	if (!within(p[2], 0x81, 0xfe))
		return 0;
	if (n < 4)
		return -1;
	return within(p[3], '0', '9') ? 4 : 0;
}

int charset_step(enum charset c, const unsigned char *p, size_t n)
{
	uint32_t ucs;

	if (c == CHARSET_UTF8)
		return utf8_char(p, n, &ucs);
	return gb_step(c == CHARSET_GBK ? &gbk : &gb18030, p, n);
}

INLINE unsigned char *put_utf8(unsigned char *out, uint32_t ucs)
{
	if (ucs < 0x800) {
		*out++ = (unsigned char)(0xc0 | ucs >> 6);
	} else {
		if (ucs < 0x10000) {
			*out++ = (unsigned char)(0xe0 | ucs >> 12);
		} else {
			*out++ = (unsigned char)(0xf0 | ucs >> 18);
			*out++ = (unsigned char)(0x80 | (ucs >> 12 & 0x3f));
		}
		*out++ = (unsigned char)(0x80 | (ucs >> 6 & 0x3f));
	}
	*out++ = (unsigned char)(0x80 | (ucs & 0x3f));
	return out;
}

/* The character of a four-byte code, 0 when it has none. */
INLINE uint32_t four_ucs(const unsigned char *p, size_t n)
{
	size_t low = 0, high = COUNT(gb18030_by_linear);
	uint32_t linear;

	if (n < 4 || !within(p[1], '0', '9') || !within(p[2], 0x81, 0xfe) || !within(p[3], '0', '9'))
		return 0;
	linear = ((p[0] - 0x81u) * 10 + (p[1] - 0x30u)) * 1260 + (p[2] - 0x81u) * 10 + (p[3] - 0x30u);
	while (high - low > 1) {
		const size_t mid = (low + high) / 2;

		if (gb18030_by_linear[mid].linear <= linear)
			low = mid;
		else
			high = mid;
	}
	linear -= gb18030_by_linear[low].linear;
	return linear < gb18030_by_linear[low].count ? gb18030_by_linear[low].ucs + linear : 0;
}

/* One character that begins with a byte of 80 or more: its length, 0 when it is none, for whatever reason. */
INLINE size_t gb_char(const struct gb *t, const unsigned char *p, size_t n, uint32_t *ret)
{
	const unsigned lead = p[0] - 0x81u, trail = n > 1 ? p[1] - 0x40u : 0xff;
	uint32_t ucs;

	if (lead > 125)
		return 0;
	if (trail > 190) {
		*ret = t->four ? four_ucs(p, n) : 0;
		return *ret ? 4 : 0;
	}
	ucs = t->ucs[lead * 191 + trail];
	/* A surrogate stands for one of the few two-byte codes of characters beyond the BMP. */
	if (t->four && within(ucs, 0xd800, 0xdfff))
		ucs = gb18030_wide[ucs - 0xd800].ucs;
	*ret = ucs;
	return ucs ? 2 : 0;
}

/* Decodes until the end or the first character that cannot be; returns the bytes read. out has room for twice the
 * text: no character grows more than that, and so there is room to write eight bytes while eight are left. */
INLINE size_t gb_decode(const struct gb *t, struct span text, unsigned char **out)
{
	const unsigned char *const from = (const unsigned char *)text.p, *const end = from + text.n, *p = from;
	unsigned char *o = *out;

	while (p < end) {
		uint32_t ucs;
		size_t n;

		if (*p & 0x80) {
			n = gb_char(t, p, (size_t)(end - p), &ucs);
			if (n == 0)
				break;
			p += n;
			o = put_utf8(o, ucs);
		} else if (end - p >= 8) {
			const uint64_t m = marks(load64(p));

			memcpy(o, p, 8);
			n = m ? (size_t)__builtin_ctzll(m) / 8 : 8;
			p += n;
			o += n;
			if (n == 0)
				break;
		} else if (*p) {
			*o++ = *p++;
		} else {
			break;
		}
	}
	*out = o;
	return (size_t)(p - from);
}

/* The length of the valid beginning. */
static size_t utf8_valid(struct span s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0;
	uint32_t ucs;

	while (i < s.n) {
		int len;

		if (s.n - i >= 8 && marks(load64(p + i)) == 0) {
			i += 8;
			continue;
		}
		len = utf8_char(p + i, s.n - i, &ucs);
		if (len <= 0 || ucs == 0)
			break;
		i += (size_t)len;
	}
	return i;
}

/* Says why the character at `at` was refused. */
static __attribute__((noinline)) int refuse(enum charset c, struct span text, size_t at, struct err *e)
{
	const unsigned char *p = (const unsigned char *)text.p + at;
	const size_t left = text.n - at;
	const int step = charset_step(c, p, left);
	/* Of bytes that are no character, no more than two are shown: what follows may be an account. */
	const size_t shown = step > 0 ? (size_t)step : step < 0 ? left : left < 2 ? left : 2;
	char hex[9] = "";

	if (*p == 0)
		return err_set(e, E_TEXT_NUL, "byte=%zu", at);
	for (size_t i = 0; i < shown; i++)
		snprintf(hex + 2 * i, 3, "%02X", p[i]);
	return err_set(e, step < 0 ? E_TEXT_HALF : step == 0 ? E_TEXT_INVALID : E_TEXT_UNASSIGNED,
		"byte=%zu\nhex=%s\ncharset=%s", at, hex, charset_name(c));
}

int charset_decode(enum charset c, struct span text, struct buf *scratch, struct span *ret, struct err *e)
{
	const size_t start = scratch->n;
	unsigned char *out;
	size_t done;

	if (plain(text.p, text.n)) {
		*ret = text;
		return 0;
	}
	if (c == CHARSET_UTF8) {
		done = utf8_valid(text);
		if (done < text.n)
			return refuse(c, text, done, e);
		*ret = text;
		return 0;
	}
	buf_reserve(scratch, 2 * text.n);
	out = (unsigned char *)scratch->p + start;
	done = c == CHARSET_GBK ? gb_decode(&gbk, text, &out) : gb_decode(&gb18030, text, &out);
	if (done < text.n)
		return refuse(c, text, done, e);
	scratch->n = (size_t)((char *)out - scratch->p);
	*ret = (struct span){scratch->p + start, scratch->n - start};
	return 0;
}

/* The code of a character beyond ASCII: its length (2, 4) or 0. With a code of four bytes, *ret is its number in
 * their order. */
INLINE size_t gb_code(const struct gb *t, uint32_t ucs, uint32_t *ret)
{
	size_t low = 0, high = COUNT(gb18030_by_ucs);

	if (ucs < 0x10000) {
		*ret = t->code[t->page[ucs >> 8] * 256u + (ucs & 0xff)];
		if (*ret)
			return 2;
	}
	if (!t->four)
		return 0;
	for (size_t i = 0; ucs >= 0x10000 && i < COUNT(gb18030_wide); i++)
		if (gb18030_wide[i].ucs == ucs) {
			*ret = gb18030_wide[i].code;
			return 2;
		}
	while (high - low > 1) {
		const size_t mid = (low + high) / 2;

		if (gb18030_by_ucs[mid].ucs <= ucs)
			low = mid;
		else
			high = mid;
	}
	ucs -= gb18030_by_ucs[low].ucs;
	*ret = gb18030_by_ucs[low].linear + ucs;
	return ucs < gb18030_by_ucs[low].count ? 4 : 0;
}

INLINE unsigned char *put_code(unsigned char *out, uint32_t code, size_t n)
{
	if (n == 2) {
		*out++ = (unsigned char)(code >> 8);
		*out++ = (unsigned char)code;
		return out;
	}
	*out++ = (unsigned char)(0x81 + code / 12600);
	*out++ = (unsigned char)(0x30 + code / 1260 % 10);
	*out++ = (unsigned char)(0x81 + code / 10 % 126);
	*out++ = (unsigned char)(0x30 + code % 10);
	return out;
}

/* Encodes until the end or the first character that cannot be; returns the bytes read. Room as for gb_decode. */
INLINE size_t gb_encode(const struct gb *t, struct span utf8, unsigned char **out)
{
	const unsigned char *const from = (const unsigned char *)utf8.p, *const end = from + utf8.n, *p = from;
	unsigned char *o = *out;

	while (p < end) {
		uint32_t ucs, code;
		size_t n;
		int len;

		if (*p < 0x80) {
			if (*p == 0)
				break;
			*o++ = *p++;
			continue;
		}
		len = utf8_char(p, (size_t)(end - p), &ucs);
		if (len <= 0)
			break;
		n = gb_code(t, ucs, &code);
		if (n == 0)
			break;
		o = put_code(o, code, n);
		p += len;
	}
	*out = o;
	return (size_t)(p - from);
}

static __attribute__((noinline)) int refuse_encode(enum charset c, struct span utf8, size_t at, struct err *e)
{
	const unsigned char *p = (const unsigned char *)utf8.p + at;
	uint32_t ucs = 0;
	const int len = utf8_char(p, utf8.n - at, &ucs);

	if (len <= 0 || ucs == 0)
		return refuse(CHARSET_UTF8, utf8, at, e);
	/* A control character would act on the terminal that shows the error. */
	if (ucs < 0xa0)
		return err_set(e, E_TEXT_NO_SUCH_CHARACTER, "char=U+%04X\ncharset=%s", (unsigned)ucs, charset_name(c));
	return err_set(e, E_TEXT_NO_SUCH_CHARACTER, "char=%.*s U+%04X\ncharset=%s", len, (const char *)p,
		(unsigned)ucs, charset_name(c));
}

int charset_encode(enum charset c, struct span utf8, struct buf *out, struct err *e)
{
	unsigned char *o;
	size_t done;

	if (plain(utf8.p, utf8.n)) {
		buf_span(out, utf8);
		return 0;
	}
	if (c == CHARSET_UTF8) {
		done = utf8_valid(utf8);
		if (done < utf8.n)
			return refuse_encode(c, utf8, done, e);
		buf_span(out, utf8);
		return 0;
	}
	buf_reserve(out, 2 * utf8.n);
	o = (unsigned char *)out->p + out->n;
	done = c == CHARSET_GBK ? gb_encode(&gbk, utf8, &o) : gb_encode(&gb18030, utf8, &o);
	if (done < utf8.n)
		return refuse_encode(c, utf8, done, e);
	out->n = (size_t)((char *)o - out->p);
	return 0;
}

/* Bytes of one character in c, 0 when c lacks it; *ret_len is its length in UTF-8, 0 when it is none. */
INLINE size_t char_bytes(enum charset c, const unsigned char *p, size_t n, size_t *ret_len)
{
	uint32_t ucs, code;
	const int len = utf8_char(p, n, &ucs);

	*ret_len = len > 0 ? (size_t)len : 0;
	if (len <= 0 || ucs == 0)
		return 0;
	if (c == CHARSET_UTF8 || ucs < 0x80)
		return (size_t)len;
	return c == CHARSET_GBK ? gb_code(&gbk, ucs, &code) : gb_code(&gb18030, ucs, &code);
}

size_t charset_bytes(enum charset c, struct span utf8)
{
	const unsigned char *p = (const unsigned char *)utf8.p;
	size_t sum = 0, len;

	if (plain(utf8.p, utf8.n))
		return utf8.n;
	for (size_t i = 0; i < utf8.n; i += len) {
		const size_t n = char_bytes(c, p + i, utf8.n - i, &len);

		if (n == 0)
			return SIZE_MAX;
		sum += n;
	}
	return sum;
}

struct span charset_cut(enum charset c, struct span utf8, size_t max_bytes)
{
	const unsigned char *p = (const unsigned char *)utf8.p;
	size_t sum = 0, i = 0, len;

	/* Only GB18030 may need more bytes than UTF-8. */
	if (utf8.n <= max_bytes && c != CHARSET_GB18030)
		return utf8;
	for (; i < utf8.n; i += len ? len : 1) {
		const size_t n = char_bytes(c, p + i, utf8.n - i, &len);

		sum += n ? n : len > 1 ? 2 : 1;
		if (sum > max_bytes)
			break;
	}
	return (struct span){utf8.p, i};
}

size_t charset_length(struct span utf8)
{
	size_t n = 0;

	for (size_t i = 0; i < utf8.n; i++)
		n += (utf8.p[i] & 0xc0) != 0x80;
	return n;
}
