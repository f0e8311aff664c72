/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_PATTERN_H
#define JC_PATTERN_H

#include "conf.h"
#include "names.h"

/*
 * File name patterns, both ways: "gz_{month:yyyyMM}_{batch:3}.txt". A part in braces is {name} (one or more bytes, as
 * few as fit, no '/'), {name:N} (inward: exactly N digits; outward: number padded to N), {name:DATE} (yyyy, MM, dd and other
 * characters; a real date). Everything else is itself. Names inward mean file.NAME; outward they are full names
 * (parcel.no, parcel.date, parcel.split, site.unit) or "name" (the body's name, in a marker).
 */
struct pattern;

/* names: inward the parts are added as file.NAME; outward they are looked up. Findings: pattern.syntax, pattern.name. */
struct pattern *pattern_compile(const struct conf *node, struct names *names, bool outward, struct findings *f);
void pattern_free(struct pattern *p);

/* Inward: 1 and the values set in slots (dates as 2026-12-01 or 2026-12; texts point into name), 0 when the name does
 * not match. */
int pattern_match(const struct pattern *p, struct span name, struct slots *s);
/* Inward: the values joined by ':' in the order of the pattern, after a match; "" when it has no parts. */
void pattern_keys(const struct pattern *p, const struct slots *s, struct buf *ret);
/* Outward: makes the name; name.p for {name}. Errors (ERR_DATA): pattern.value {part} (absent, or holds '/', a control,
 * or is "." or "..") ; pattern.too_long (255 bytes a component). */
int pattern_make(const struct pattern *p, const struct slots *s, struct span name, struct buf *ret, struct err *e);

#endif
