/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PATTERN_H
#define JC_PATTERN_H

#include "conf.h"
#include "names.h"

/*
 * File name patterns, both ways: "gz_{month:yyyyMM}_{batch:3}.txt". A part in braces is {name} (one or more bytes, as
 * few as fit, no '/'), {name:N} (inward: exactly N digits, 1 to 18; outward: digits padded with zeros to N),
 * {name:DATE} (datefmt.h; a real date). Everything else is itself; braces and control characters cannot stand there. A
 * '/' parts folders; none of them is empty, "." or "..". At most 32 parts. Names inward are letters a-z, digits, '_'
 * and mean file.NAME, each once; outward they are full names (parcel.no, parcel.date, parcel.split, site.unit) or
 * "name" (the body's name, in a marker).
 */
struct pattern;

/* names: inward the parts are added as file.NAME; outward they are looked up. NULL with findings: pattern.syntax {at},
 * pattern.name {name}{near}. */
struct pattern *pattern_compile(const struct conf *node, struct names *names, bool outward, struct findings *f);
void pattern_free(struct pattern *p);

/* Inward: 1 and the values set in slots, 0 when the name does not match (then slots are as before). Texts and numbers
 * point into name; dates (2026-12-01, or 2026-12 of a pattern without dd) lie in keep. Both must outlast the slots. */
int pattern_match(const struct pattern *p, struct span name, struct arena *keep, struct slots *s);
/* Inward: appends the values joined by ':' in the order of the pattern, after a match; "" when it has no parts. */
void pattern_keys(const struct pattern *p, const struct slots *s, struct buf *ret);
/* Outward: appends the name; `name` is the body's, for {name}. Errors (ERR_DATA), ret is then as before: pattern.value
 * {part} (absent or empty, no digits or too many of them, no date, holds '/' or a control character, is "." or "..";
 * the body's name may hold '/'); pattern.too_long {max} (255 bytes a component). */
int pattern_make(const struct pattern *p, const struct slots *s, struct span name, struct buf *ret, struct err *e);

#endif
