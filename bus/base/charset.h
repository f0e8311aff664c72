/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CHARSET_H
#define JC_CHARSET_H

#include "buf.h"
#include "err.h"

/*
 * Charsets of vendors' files. Declared, never guessed. Inside, all text is UTF-8.
 *
 * UTF-8: RFC 3629 (no surrogates, no overlong forms). GBK: the two-byte characters of GBK as glibc's "GBK" maps them,
 * 0x80 alone is refused, so GBK has no euro sign. GB18030: GB 18030-2005 as glibc maps it, with its four-byte
 * characters. The tables come from the C library of the building machine (charset_gen.c); there is no iconv at run
 * time. A NUL byte is refused everywhere. Decoding a cell that is pure ASCII copies nothing (the same span comes back).
 */
enum charset { CHARSET_UTF8, CHARSET_GBK, CHARSET_GB18030, CHARSET_COUNT };

/* "utf-8", "gbk", "gb18030" (any case); -1 when unknown. */
int charset_by_name(struct span name, enum charset *ret);
const char *charset_name(enum charset c);

/* Length in bytes of the character that begins at p (n > 0 bytes are there): 1, 2, 3, 4; 0 when the bytes are not a
 * character; -1 when it is cut off at the end. Looks at lead and trail ranges only, not at whether it is assigned. */
int charset_step(enum charset c, const unsigned char *p, size_t n);

/* True when all bytes are below 0x80. */
bool charset_ascii(struct span s);

/* Decodes to UTF-8. Pure ASCII, and all UTF-8: checked, and *ret = text. Otherwise the result is appended to scratch
 * and *ret points into it (it moves when scratch grows: reserve 2 * n for n bytes first, or take offsets); on
 * failure scratch is as before. Errors (ERR_DATA): text.invalid {byte} (offset within text, from 0) {hex}{charset},
 * text.half and text.unassigned with the same. NUL bytes: text.nul {byte}. */
int charset_decode(enum charset c, struct span text, struct buf *scratch, struct span *ret, struct err *e);

/* Encodes UTF-8 to c, appended to out. Errors: text.no_such_character {char}{charset} (䶮 in GBK), and those of
 * charset_decode with offsets in utf8; on failure out is as before. */
int charset_encode(enum charset c, struct span utf8, struct buf *out, struct err *e);

/* Bytes that utf8 needs in c; SIZE_MAX when it cannot be encoded. */
size_t charset_bytes(enum charset c, struct span utf8);

/* Longest beginning of utf8 that needs at most max_bytes in c, cut between characters. A character that c lacks counts
 * two and is kept, so that it is charset_encode that finds it, and no cut hides it. */
struct span charset_cut(enum charset c, struct span utf8, size_t max_bytes);

/* Number of characters (code points) of valid UTF-8. */
size_t charset_length(struct span utf8);

#endif
