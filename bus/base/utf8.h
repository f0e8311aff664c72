/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_UTF8_H
#define JC_UTF8_H

#include <stdint.h>

#include "span.h"

/* Code points of UTF-8 (RFC 3629), one at a time: what showing text to a person needs. Vendors' data goes through
 * charset.h. */

/* Length of the character at p (n > 0 bytes are there), its code point in *ret; 0 when the bytes are not a character:
 * overlong, a surrogate, beyond U+10FFFF or cut off. */
static inline size_t utf8_step(const char *p, size_t n, uint32_t *ret)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t len = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 0;
	uint32_t c;

	if (!len || len > n)
		return 0;
	c = len == 1 ? u[0] : u[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3f);
	}
	if ((len == 3 && c < 0x800) || (len == 4 && c < 0x10000) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		return 0;
	*ret = c;
	return len;
}

/* Longest beginning of s of at most max bytes that does not end within a character. */
static inline struct span utf8_cut(struct span s, size_t max)
{
	size_t n = max;

	if (s.n <= max)
		return s;
	while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return (struct span){s.p, n};
}

#endif
