/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SCHEMA_PATTERN_H
#define JC_SCHEMA_PATTERN_H

#include "buf.h"

/*
 * The patterns of schemas: a small part of ECMA-262 regular expressions (unicode mode), always anchored.
 *
 *	^ ... $       both must stand there
 *	a 省 \. \-    a character; a backslash before one of ^ $ \ . * + ? ( ) [ ] { } | / -
 *	\d .          an ASCII digit; any character but a line end (LF, CR, U+2028, U+2029)
 *	[0-9A-Z_\d]   a class, not negated; a - at its end stands for itself
 *	x? x* x+ x{3} x{2,6}      counts, at most 255
 *
 * No choices, groups or look-around: what needs them is a check in a form. At most 64 parts and 256 steps. Matching
 * walks the text once with the set of steps that are reached, so no text makes it slow; nothing is allocated.
 */
struct schema_pattern;

/* NULL when it is not such a pattern; *ret_at is then the character (from 1) where it fails. Lives in a. */
const struct schema_pattern *schema_pattern_new(struct arena *a, struct span text, unsigned *ret_at);
/* False also when the text is not UTF-8. */
bool schema_pattern_match(const struct schema_pattern *p, struct span utf8);
struct span schema_pattern_text(const struct schema_pattern *p);

#endif
