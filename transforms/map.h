/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_MAP_H
#define JC_MAP_H

#include "charset.h"
#include "codes.h"
#include "expr.h"
#include "hash.h"
#include "schema.h"

/*
 * Mappings: rules between records and events, one engine both ways. A rule is a path ("line.name"), or a mapping:
 *
 *	from: PATH | value: TEXT | keyed: PATH      where the text comes from; keyed: 32 hex digits of the keyed hash
 *	trim: blanks                                blanks and U+3000 at both ends
 *	null: [TEXT, ...]                           these texts mean "absent"
 *	lookup: TABLE                               the standard code in the document's fiscal year; unknown is an error
 *	as: yuan | fen | integer | DATE             reads (inward) or writes (outward); DATE is a pattern of yyyy MM dd and
 *	                                            other characters; inside, a date is 2026-12-01, a month 2026-12
 *	decimals: N | N..M                          of yuan; 2 when absent
 *	thousands: yes                              "1,234.56" is allowed
 *	check: positive | not_negative | account | digits
 *	cut: N bytes                                in the charset of the receiver, between characters
 *	when: CONDITION                             else the field is absent
 *	name: TEXT                                  outward: the column's name in a header row
 *
 * They run in this order. Inward the rules stand in a mapping and make an object: the key is the path below data, its
 * schema's checks run on the result. Outward they stand in a list and make a list of cells; each must be writable in
 * the receiver's charset. Lists also serve as identity and content (joined by the caller).
 *
 * The functions stand in one table (map_functions) from which parser, help and reference are printed.
 */
enum map_shape { MAP_OBJECT, MAP_LIST };

struct map_setup {
	enum map_shape shape;
	bool outward;
	struct names *names;               /* inputs are in it; MAP_OBJECT adds its results as data.* */
	const struct schema *schema;       /* MAP_OBJECT: of the event; required */
	enum charset charset;              /* outward: of the receiver */
	bool people;                       /* outward: read by people in a spreadsheet: a text cell that begins with one of
	                                    * = + - @ or a control is written behind an apostrophe (formula injection) */
	struct codes *codes;
	const struct hash_key *key;        /* for keyed; NULL: keyed is a finding map.no_key */
	int year_slot;                     /* slot of the text whose first four digits are the fiscal year; -1: none */
};

struct map;

/* Compiles rules (conf mapping or list); NULL with findings: map.path {path}{near}, map.field {field}{near} (not in the
 * schema), map.required {field} (in the schema, not mapped), map.rule (unknown or contradicting), map.no_key, codes.*. */
struct map *map_compile(const struct map_setup *s, struct conf *rules, struct findings *f);
void map_free(struct map *m);

/* Runs all rules: results go into their slots (MAP_OBJECT) or into the map's own list slots; texts into s->text.
 * No allocation. Errors (ERR_DATA), with argument field: money.*, map.unknown_code {field}{code}{table}, map.date,
 * map.check {field}{check}, map.missing {field} (required and absent), text.no_such_character, schema.*. */
int map_run(const struct map *m, struct slots *s, struct err *e);
/* MAP_OBJECT: runs only what says how much a record is worth: its control amount and its currency, for a record that
 * is dead for another reason. 0 and both values; -1 when the amount cannot be read or there is none. */
int map_run_amount(const struct map *m, struct slots *s, int64_t *ret_fen, struct span *ret_currency, struct err *e);
/* Appends the JSON of the last run: {"payee":{"name":..}} without absent fields, or ["..",".."]; absent cells are "". */
void map_write(const struct map *m, const struct slots *s, struct buf *b);

/* MAP_LIST: its cells after a run. */
unsigned map_count(const struct map *m);
const struct value *map_cell(const struct map *m, const struct slots *s, unsigned i);
/* MAP_LIST: name of a column: `name:`, else the last word of its path. */
struct span map_column(const struct map *m, unsigned i);
/* MAP_OBJECT: slot of the control amount (schema), or -1. */
int map_control_slot(const struct map *m);

struct map_rule_reader;

struct map_function {
	const char *name, *values, *en, *zh;       /* "trim", "blanks", what it does */
	void (*read)(struct map_rule_reader *r, struct conf *value);       /* the compiler's part */
};
extern const struct map_function map_functions[];
extern const unsigned map_nfunctions;

#endif
