/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SCHEMA_H
#define JC_SCHEMA_H

#include "charset.h"
#include "conf.h"

/*
 * The canonical events as JSON Schema 2020-12, one file a type: schemas/<system>/<type>.json. A small profile, compiled
 * to flat checks on single fields; a keyword outside it is a finding in the schema.
 *
 * Profile: $schema $id $defs $ref ("#/$defs/x" and "x.json#/$defs/y" beside the file), title, description, examples,
 * type (object, string), properties, required, additionalProperties (false), minLength, maxLength (characters), pattern
 * (see schema_pattern), enum, const, format (date: 2026-12-01; month: 2026-12; money: decimal text with two places),
 * and our own: x-title-zh, x-sensitivity (none, account, id, name, phone), x-control (true on the one amount that totals count),
 * x-max-bytes ({"gb18030": 60, ...}: bytes in the charset of the strictest peer).
 */
enum schema_format { SCHEMA_TEXT, SCHEMA_DATE, SCHEMA_MONTH, SCHEMA_MONEY };
enum schema_sensitivity { SENSITIVITY_NONE, SENSITIVITY_ACCOUNT, SENSITIVITY_ID, SENSITIVITY_NAME, SENSITIVITY_PHONE };

struct schema_pattern;                 /* anchored sequence of classes with counts: ^[0-9A-Z]{2}[0-9]{4,6}x?$ */

struct schema_field {
	struct span path;              /* "payee.account" below data; terminated */
	struct span title, title_zh;
	bool required;                 /* and so are all objects around it */
	enum schema_format format;
	enum schema_sensitivity sensitivity;
	bool control;
	uint32_t min_length, max_length;           /* characters; max 0: no bound */
	uint32_t max_bytes[CHARSET_COUNT];         /* 0: no bound */
	const struct schema_pattern *pattern;      /* or NULL */
	const struct span *choices;                /* enum and const, or NULL */
	unsigned nchoices;
};

struct schema;

/* Loads and compiles one file. NULL with findings: schema.keyword, schema.type, schema.ref, schema.pattern,
 * schema.control (two or none where an amount is expected), conf.*. */
struct schema *schema_load(const char *path, struct findings *f);
void schema_free(struct schema *s);
const char *schema_type(const struct schema *s);                 /* "payroll.line.v1", from $id */
/* Leaf fields in the order of the file. */
const struct schema_field *schema_fields(const struct schema *s, unsigned *ret_n);
const struct schema_field *schema_field(const struct schema *s, struct span path);   /* NULL when unknown */
const char *schema_nearest(const struct schema *s, struct span path);                /* NULL when nothing is near */
const struct schema_field *schema_control(const struct schema *s);                   /* NULL when it has no amount */
/* Examples of the file as JSON text, for fixtures. */
unsigned schema_nexamples(const struct schema *s);
struct span schema_example(const struct schema *s, unsigned i);

/* Checks one value (UTF-8, without JSON escapes). Errors (ERR_DATA): schema.length {field}{want}{got}, schema.bytes,
 * schema.pattern, schema.choice, schema.date, schema.money. No allocation. */
int schema_check(const struct schema_field *field, struct span value, struct err *e);
/* Checks a whole data object: unknown fields (schema.unknown), missing ones (schema.missing), each value. Cold path. */
int schema_check_data(const struct schema *s, struct span json, struct err *e);

#endif
