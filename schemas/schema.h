/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SCHEMA_H
#define JC_SCHEMA_H

#include "charset.h"
#include "conf.h"

/*
 * The canonical events as JSON Schema 2020-12, one file a type: schemas/<system>/<type>.json. A small profile, compiled
 * to flat checks on single fields; a keyword outside it is a finding in the schema.
 *
 * Profile: $schema $id $defs $ref ("#/$defs/x", "x.json#/$defs/y" beside the file, "../common/x.json#/$defs/y" for
 * what systems share), title, description, examples, $comment, type (object, string, array; always said), properties,
 * items, minItems, maxItems (of an array of objects whose properties are texts; maxItems is at most 1000 and always
 * said), required, additionalProperties (false, always said: an object of the standard is open without it), minLength,
 * maxLength (characters), pattern (schema_pattern.h), enum or const, format (date: 2026-12-01; month: 2026-12, years
 * 1900 to 2199; money: decimal text with two places as money_write writes it), and our own: x-title-zh, x-sensitivity
 * (none, account, id, name, phone; always said on a leaf), x-control (cash, order, book or back on the one amount that totals
 * count: enum schema_money), x-max-bytes ({"gb18030": 60, ...}: bytes in the charset of the strictest peer; a character that the charset lacks
 * counts two and is left to whoever encodes), x-number (true on a text by which people ask for an event: of the voucher, the payment, the
 * bank; nothing personal).
 *
 * A list is carried, never counted: none of its amounts is x-control.
 *
 * Beside $ref: titles, examples, x-sensitivity, x-control, x-number, x-max-bytes; what stands there goes before the definition's.
 * Names of properties: letters, digits, _; a letter first. $id is the name of the file.
 */
enum schema_format { SCHEMA_TEXT, SCHEMA_DATE, SCHEMA_MONTH, SCHEMA_MONEY };
enum schema_sensitivity { SENSITIVITY_NONE, SENSITIVITY_ACCOUNT, SENSITIVITY_ID, SENSITIVITY_NAME, SENSITIVITY_PHONE };

/* Kinds of money that are never added together: what moves; the amount of a voucher or a head, whose lines may be counted as
 * well; what a card says that something is worth; what is voided, reversed or withdrawn. */
enum schema_money { SCHEMA_CASH, SCHEMA_ORDER, SCHEMA_BOOK, SCHEMA_BACK };

struct schema_pattern;                 /* anchored sequence of classes with counts: ^[0-9A-Z]{2}[0-9]{4,6}x?$ */

struct schema_field {
	struct span path;              /* "payee.account" below data; terminated */
	struct span title, title_zh;
	bool required;                 /* and so are all objects around it */
	enum schema_format format;
	enum schema_sensitivity sensitivity;
	bool control;
	enum schema_money money;       /* when control */
	bool number;                   /* people ask for events by it */
	uint32_t min_length, max_length;           /* characters; max 0: no bound */
	uint32_t max_bytes[CHARSET_COUNT];         /* 0: no bound */
	const struct schema_pattern *pattern;      /* or NULL */
	const struct span *choices;                /* enum and const, or NULL */
	unsigned nchoices;
};

/* A list: an array of objects of texts. */
struct schema_list {
	struct span path;              /* "items" below data; terminated */
	struct span title, title_zh;
	bool required;
	uint32_t min_items, max_items;
	const struct schema_field *fields;         /* of an item; their path is "items[].amount" */
	unsigned nfields;
	const struct schema_list *next;
};

#define SCHEMA_ITEMS_MAX 1000u

struct schema;

/* Loads and compiles one file. NULL with findings: schema.keyword, schema.type, schema.ref, schema.pattern,
 * schema.name, schema.id, schema.number, schema.control (two, none beside an amount, or one that is no money), schema.example (one
 * that breaks the schema), conf.*. */
struct schema *schema_load(const char *path, struct findings *f);
/* SHA-256 over all files that it was read from. */
const uint8_t *schema_digest(const struct schema *s);
/* File i of them, from 0: its name in the folder of schemas ("payroll/payroll.line.v1.json", "common/parts.json") and its
 * bytes as they were read. False: there is none. */
bool schema_file(const struct schema *s, unsigned i, struct span *ret_name, struct span *ret_bytes);
void schema_free(struct schema *s);
const char *schema_type(const struct schema *s);                 /* "payroll.line.v1", from $id */
/* Leaf fields in the order of the file. */
const struct schema_field *schema_fields(const struct schema *s, unsigned *ret_n);
const struct schema_field *schema_field(const struct schema *s, struct span path);   /* NULL when unknown */
const char *schema_nearest(const struct schema *s, struct span path);                /* NULL when nothing is near */
const struct schema_field *schema_control(const struct schema *s);                   /* NULL when it has no amount */
/* The first list; their fields are not among those above. */
const struct schema_list *schema_lists(const struct schema *s);
const struct schema_list *schema_list(const struct schema *s, struct span path);     /* NULL when unknown */
const struct schema_field *schema_item_field(const struct schema_list *l, struct span name);
const char *schema_item_nearest(const struct schema_list *l, struct span name);
/* Of the control amount, as totals name it (totals.h): "" for cash, or when there is none. */
const char *schema_kind_of_money(const struct schema *s);
/* Examples of the file as JSON text, for fixtures. */
unsigned schema_nexamples(const struct schema *s);
struct span schema_example(const struct schema *s, unsigned i);

/* Checks one value (valid UTF-8, without JSON escapes). Errors (ERR_DATA): schema.length {field}{want}{got},
 * schema.bytes {field}{want}{charset}, schema.shape {field}{want} (the pattern), schema.choice {field}{want},
 * schema.date {field}{want}, schema.money {field}. The value is in none of them. No allocation. */
int schema_check(const struct schema_field *field, struct span value, struct err *e);
/* Checks a whole data object: unknown fields (schema.unknown {field}{near}), missing ones (schema.missing {field}),
 * those that stand twice (schema.twice) or are no text, object or array (schema.kind), lists of another length
 * (schema.items {field}{want}{got}), each value; json.*. Cold path. */
int schema_check_data(const struct schema *s, struct span json, struct err *e);

#endif
