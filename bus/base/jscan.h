/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_JSCAN_H
#define JC_JSCAN_H

#include "buf.h"
#include "err.h"

/*
 * JSON (RFC 8259) without a DOM: a strict pull scanner for what we and others wrote, and escaping for what we write.
 * Depth is at most 32. Numbers stay text. Nothing is allocated. Keys that come twice are the caller's to notice.
 * Errors (ERR_DATA; {at} is the offset in bytes from the start of the text): json.syntax {at}, json.depth {at},
 * json.utf8 {at}. After an error the scanner is of no more use.
 */
enum jscan_type { JSCAN_END, JSCAN_STRING, JSCAN_NUMBER, JSCAN_TRUE, JSCAN_FALSE, JSCAN_NULL, JSCAN_OBJECT, JSCAN_ARRAY };

struct jscan {
	const char *p, *end, *start;
	unsigned depth;
};

/* A value as it stands: for a string the bytes between the quotes, still escaped; for others all its bytes. */
struct jscan_value {
	enum jscan_type type;
	struct span raw;
	bool escaped;                /* string holds a backslash: use jscan_unescape */
};

void jscan_init(struct jscan *s, struct span text);

/* Objects: after jscan_enter_object call jscan_next_key until it returns 0; after each key the value must be taken by
 * jscan_value, jscan_skip or an enter. Arrays likewise with jscan_next_item. 1 = there is one, 0 = closed, -1 error.
 * A key is given as it is written: one that holds a backslash is escaped, and "\u0069d" means "id" too. */
int jscan_enter_object(struct jscan *s, struct err *e);
int jscan_next_key(struct jscan *s, struct span *ret_raw_key, struct err *e);
int jscan_enter_array(struct jscan *s, struct err *e);
int jscan_next_item(struct jscan *s, struct err *e);

/* Type of the value that comes next, judged by its first byte; nothing is taken. JSCAN_END: no value begins here. */
enum jscan_type jscan_peek(struct jscan *s);
/* Takes one whole value (objects and arrays too: raw spans them, checked for syntax). */
int jscan_value(struct jscan *s, struct jscan_value *ret, struct err *e);
int jscan_skip(struct jscan *s, struct err *e);
/* Only blanks may follow. */
int jscan_finish(struct jscan *s, struct err *e);

/* Unescaped text of a string value: the same span when nothing is escaped, else appended to scratch and *ret points
 * into it (it moves when scratch grows later). Lone surrogates and \u0000 are refused (json.string {at}, offset in
 * the string), scratch is then as before. */
int jscan_unescape(const struct jscan_value *v, struct buf *scratch, struct span *ret, struct err *e);

/* Appends "text" with quotes, escaped: \" \\ and control characters (\b \f \n \r \t, others \u00xx); all else as it is
 * (valid UTF-8 expected). Not called json_string: jansson, linked too, exports that name. */
void json_quote(struct buf *b, struct span utf8);
/* Appends ,"name":"text": a member that is not the first; name needs no escapes. */
void json_member(struct buf *b, const char *name, struct span utf8);
/* The same without the quotes. */
void json_escape(struct buf *b, struct span utf8);

#endif
