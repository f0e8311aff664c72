/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_JSON_TEXT_H
#define JC_JSON_TEXT_H

#include <jansson.h>

#include "span.h"

/* The text of an object's member, as long as the object is; "" when there is none, or it is no text. For cold paths: rows and events
 * are read by jscan.h. */
static inline const char *json_text(const json_t *o, const char *name)
{
	const char *text = json_string_value(json_object_get(o, name));

	return text ? text : "";
}

static inline struct span json_text_span(const json_t *o, const char *name)
{
	return span_of(json_text(o, name));
}

/* What stands at "payee.account" below o; NULL: nothing. */
static inline const json_t *json_at(const json_t *o, struct span path)
{
	while (o && path.n) {
		const char *dot = memchr(path.p, '.', path.n);
		const size_t n = dot ? (size_t)(dot - path.p) : path.n;

		o = json_object_getn(o, path.p, n);
		path.p += n + (dot != NULL);
		path.n -= n + (dot != NULL);
	}
	return o;
}

#endif
