/* SPDX-License-Identifier: Apache-2.0 */
#include "schema.h"

#include <stdlib.h>

#include "clock.h"
#include "jscan.h"
#include "money.h"
#include "schema_pattern.h"
#include "schema_tree.h"

/* Errors name the field and the rule, never the value: it may be an account or an ID number. */

static int check_length(const struct schema_field *field, struct span value, bool ascii, struct err *e)
{
	size_t n;
	char want[48];

	if (!field->min_length && !field->max_length)
		return 0;
	n = ascii ? value.n : charset_length(value);
	if (n >= field->min_length && (!field->max_length || n <= field->max_length))
		return 0;
	if (field->max_length)
		snprintf(want, sizeof want, "%u..%u", field->min_length, field->max_length);
	else
		snprintf(want, sizeof want, ">= %u", field->min_length);
	return err_set(e, E_SCHEMA_LENGTH, "field=%s\nwant=%s\ngot=%zu", field->path.p, want, n);
}

/* No character takes more bytes in another charset than twice those of UTF-8 (two become four in GB18030), so most
 * texts pass without being looked at. A character that the charset lacks is found by whoever encodes. */
static int check_bytes(const struct schema_field *field, struct span value, bool ascii, struct err *e)
{
	for (int i = 0; i < CHARSET_COUNT; i++) {
		size_t max = field->max_bytes[i];

		if (!max || (ascii ? value.n <= max : 2 * value.n <= max))
			continue;
		if (charset_cut((enum charset)i, value, max).n < value.n)
			return err_set(e, E_SCHEMA_BYTES, "field=%s\nwant=%zu\ncharset=%s", field->path.p, max,
				charset_name((enum charset)i));
	}
	return 0;
}

static int check_choice(const struct schema_field *field, struct span value, struct err *e)
{
	char want[160];
	size_t at = 0;

	for (unsigned i = 0; i < field->nchoices; i++)
		if (span_eq(field->choices[i], value))
			return 0;
	want[0] = 0;
	for (unsigned i = 0; i < field->nchoices && at < sizeof want; i++)
		at += (size_t)snprintf(want + at, sizeof want - at, "%s%.*s", i ? ", " : "", SPAN_F(field->choices[i]));
	return err_set(e, E_SCHEMA_CHOICE, "field=%s\nwant=%s", field->path.p, want);
}

static int digits(const char *p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

static bool date_ok(struct span s, bool month_only)
{
	if (s.n != (month_only ? 7u : 10u) || s.p[4] != '-' || (!month_only && s.p[7] != '-'))
		return false;
	return clock_date_ok(digits(s.p, 4), digits(s.p + 5, 2), month_only ? 1 : digits(s.p + 8, 2));
}

/* As money_write writes it: one amount has one text. */
static bool money_ok(struct span s)
{
	size_t sign = s.n && s.p[0] == '-';
	int64_t fen;
	struct err e;

	if (s.n > sign + 4 && s.p[sign] == '0')
		return false;
	return money_read(s, &MONEY_YUAN, &fen, &e) == 0;
}

static int check_format(const struct schema_field *field, struct span value, struct err *e)
{
	switch (field->format) {
	case SCHEMA_DATE:
		if (!date_ok(value, false))
			return err_set(e, E_SCHEMA_DATE, "field=%s\nwant=2026-12-01", field->path.p);
		break;
	case SCHEMA_MONTH:
		if (!date_ok(value, true))
			return err_set(e, E_SCHEMA_DATE, "field=%s\nwant=2026-12", field->path.p);
		break;
	case SCHEMA_MONEY:
		if (!money_ok(value))
			return err_set(e, E_SCHEMA_MONEY, "field=%s", field->path.p);
		break;
	case SCHEMA_TEXT:
		break;
	}
	return 0;
}

int schema_check(const struct schema_field *field, struct span value, struct err *e)
{
	bool ascii = charset_ascii(value);

	if (check_length(field, value, ascii, e) != 0 || check_bytes(field, value, ascii, e) != 0)
		return -1;
	if (field->pattern && !schema_pattern_match(field->pattern, value))
		return err_set(e, E_SCHEMA_SHAPE, "field=%s\nwant=%.*s", field->path.p,
			SPAN_F(schema_pattern_text(field->pattern)));
	if (field->choices && check_choice(field, value, e) != 0)
		return -1;
	return field->format == SCHEMA_TEXT ? 0 : check_format(field, value, e);
}

struct walk {
	const struct schema *s;
	struct jscan j;
	struct buf scratch;
};

static int wrong_kind(const struct schema_node *node, const char *want, struct err *e)
{
	return err_set(e, E_SCHEMA_KIND, "field=%s\nwant=%s", node->path.n ? node->path.p : "data", want);
}

static int check_text(struct walk *w, const struct schema_node *node, struct err *e)
{
	struct jscan_value v;
	struct span text;

	if (jscan_peek(&w->j) != JSCAN_STRING)
		return jscan_value(&w->j, &v, e) != 0 ? -1 : wrong_kind(node, "\"text\"", e);
	buf_clear(&w->scratch);
	if (jscan_value(&w->j, &v, e) != 0 || jscan_unescape(&v, &w->scratch, &text, e) != 0)
		return -1;
	return schema_check(&(node->list ? node->list->fields : w->s->fields)[node->field], text, e);
}

static int unknown(struct walk *w, const struct schema_node *object, struct span key, struct err *e)
{
	struct buf path = BUF_INIT;
	const char *near;

	buf_span(&path, object->path);
	buf_str(&path, object->path.n ? "." : "");
	buf_add(&path, key.p, key.n < 60 ? key.n : 60);
	near = schema_nearest(w->s, buf_as_span(&path));
	err_set(e, E_SCHEMA_UNKNOWN, "field=%s\nnear=%s", buf_text(&path), near ? near : "-");
	buf_done(&path);
	return -1;
}

static const struct schema_node *child_of(const struct schema_node *object, struct span key)
{
	const struct schema_node *x = object->first;

	while (x && !span_eq(x->key, key))
		x = x->next;
	return x;
}

/* The key as a reader of JSON knows it: "\u006det" is "net" too. */
static int read_key(struct walk *w, struct span raw, struct span *ret, struct err *e)
{
	struct jscan_value v = {JSCAN_STRING, raw, memchr(raw.n ? raw.p : "", '\\', raw.n) != NULL};

	buf_clear(&w->scratch);
	return jscan_unescape(&v, &w->scratch, ret, e);
}

static int check_object(struct walk *w, const struct schema_node *object, struct err *e);

static int check_list(struct walk *w, const struct schema_node *node, struct err *e)
{
	const struct schema_list *l = node->list;
	struct jscan_value v;
	unsigned n = 0;
	int more;

	if (jscan_peek(&w->j) != JSCAN_ARRAY)
		return jscan_value(&w->j, &v, e) != 0 ? -1 : wrong_kind(node, "[ ]", e);
	if (jscan_enter_array(&w->j, e) != 0)
		return -1;
	for (; (more = jscan_next_item(&w->j, e)) == 1; n++)
		if (check_object(w, node->first, e) != 0)
			return -1;
	if (more == 0 && (n < l->min_items || n > l->max_items))
		return err_set(e, E_SCHEMA_ITEMS, "field=%s\nwant=%u..%u\ngot=%u", l->path.p, l->min_items, l->max_items, n);
	return more;
}

static int check_entry(struct walk *w, const struct schema_node *object, struct span raw, bool *seen, struct err *e)
{
	const struct schema_node *child;
	struct span key;

	if (read_key(w, raw, &key, e) != 0)
		return -1;
	child = child_of(object, key);
	if (!child)
		return unknown(w, object, key, e);
	if (seen[child->index])
		return err_set(e, E_SCHEMA_TWICE, "field=%s", child->path.p);
	seen[child->index] = true;
	if (child->field >= 0)
		return check_text(w, child, e);
	return child->list ? check_list(w, child, e) : check_object(w, child, e);
}

static int check_missing(const struct schema_node *object, const bool *seen, struct err *e)
{
	for (const struct schema_node *x = object->first; x; x = x->next)
		if (x->needed && !seen[x->index])
			return err_set(e, E_SCHEMA_MISSING, "field=%s", x->path.p);
	return 0;
}

static int check_object(struct walk *w, const struct schema_node *object, struct err *e)
{
	struct jscan_value v;
	struct span raw;
	bool *seen;
	int rc;

	if (jscan_peek(&w->j) != JSCAN_OBJECT)
		return jscan_value(&w->j, &v, e) != 0 ? -1 : wrong_kind(object, "{ }", e);
	if (jscan_enter_object(&w->j, e) != 0)
		return -1;
	seen = mem_new(object->count + 1);
	while ((rc = jscan_next_key(&w->j, &raw, e)) == 1)
		if (check_entry(w, object, raw, seen, e) != 0) {
			rc = -1;
			break;
		}
	if (rc == 0)
		rc = check_missing(object, seen, e);
	free(seen);
	return rc;
}

int schema_check_data(const struct schema *s, struct span json, struct err *e)
{
	struct walk w = {.s = s, .scratch = BUF_INIT};
	int rc;

	jscan_init(&w.j, json);
	rc = check_object(&w, s->root, e);
	if (rc == 0)
		rc = jscan_finish(&w.j, e);
	buf_done(&w.scratch);
	return rc;
}
