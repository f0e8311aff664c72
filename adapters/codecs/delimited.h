/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_DELIMITED_H
#define JC_DELIMITED_H

#include "codec.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* What the two halves of the codec share: delimited.c compiles and writes, delimited_read.c reads. */
#define INLINE static inline __attribute__((always_inline))

enum {
	DELIMITED_BY_MAX = 8,
	BLOCK = 64,                            /* bytes looked at in one step; so many may be loaded behind the data */
};

enum row_end { END_ANY, END_LF, END_CRLF, END_CR };

struct delimited {
	struct codec_format base;
	unsigned char by[DELIMITED_BY_MAX];
	size_t nby;
	unsigned char quote;                   /* 0: none */
	enum row_end end;
	bool trim, bom;
	unsigned char seen[256];               /* what a byte means to who writes a cell: SEEN_* */
};

/* One bit for each of 64 bytes that can matter: the delimiter's first, NUL, CR, LF (with their neighbours below 0E) and
 * all beyond ASCII, which are negative. */
INLINE uint64_t marks(const unsigned char *p, unsigned char by)
{
	uint64_t m = 0;

#ifdef __SSE2__
	const __m128i is = _mm_set1_epi8((char)by), low = _mm_set1_epi8(0x0e);

	for (int i = 0; i < BLOCK; i += 16) {
		const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, is), _mm_cmplt_epi8(v, low));

		m |= (uint64_t)(unsigned)_mm_movemask_epi8(hit) << i;
	}
#else
	for (int i = 0; i < BLOCK; i++)
		m |= (uint64_t)(p[i] == by || p[i] < 0x0e || p[i] > 0x7f) << i;
#endif
	return m;
}

INLINE uint64_t marks_before(const unsigned char *p, size_t n, unsigned char by)
{
	const uint64_t m = marks(p, by);

	return n < BLOCK ? m & ((UINT64_C(1) << n) - 1) : m;
}

int delimited_open(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e);
int delimited_next(struct codec_reader *r, struct row *ret, struct err *e);
void delimited_close(struct codec_reader *r);

#endif
