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
 *	from: PATH | value: TEXT | keyed: PATH      where the text comes from; one of them
 *	when: CONDITION                             else there is nothing
 *	trim: blanks                                blanks, tabs and U+3000 at both ends
 *	split: first | rest                         "code name" in one cell: before the first blank, behind it
 *	strip: blanks                               all blanks, within the text too
 *	upper: yes                                  a..z become A..Z
 *	null: [TEXT, ...]                           these texts mean "absent"; an empty one always does
 *	same: PATH                                  the text there, put right by the functions above too, is equal; asked
 *	                                            also when one of them is absent
 *	words: {TEXT: TEXT, ...}                    what stands there: what it is called; another text is an error
 *	lookup: TABLE | TABLE.COLUMN                the standard code in the document's fiscal year; unknown is an error
 *	as: yuan | fen | li | integer | DATE        reads (inward) or writes (outward); DATE: datefmt.h. Inside, money is
 *	                                            1234.50, a date 2026-12-01, a month 2026-12. integer: 1 to 18 digits;
 *	                                            li: thousandths, whole fen only; DATE*: inward, a time may follow;
 *	                                            [DATE, ...]: inward, the first that fits
 *	decimals: N | N..M, thousands: yes          of yuan, inward; two decimals and no commas when absent
 *	sign: trailing | brackets                   123.45-, (123.45); symbol: TEXT taken off; minus: CONDITION; of money, inward
 *	year: this | {before: CONDITION}            four digits, from a date or a text that begins with them
 *	check: positive | not_negative (of money) | account (5..32 of 0-9 A-Z -) | digits | cnaps .. (checkchar.h)
 *	bytes: N | [N, ...]                         of the form's charset; one of them
 *	cut: N bytes                                in the form's charset, between characters; not with as, keyed
 *	(keyed)                                     32 hex digits of the keyed hash of what came out; not with as, cut
 *	required: yes                               it must not be absent
 *	reveal: yes                                 of what is published: a personal field goes out as it is, not masked
 *	name: TEXT                                  in a list: the column's name
 *
 * In MAP_OBJECT a list of the schema is filled by
 *
 *	each: PATH                                  a cell that holds items, beside when, trim, null, required
 *	rows: TEXT, by: TEXT                        what stands between items and between their columns; without rows the
 *	                                            cell is a JSON array of objects
 *	columns: [NAME, ...]                        of an item, known as item.NAME in map; JSON: paths from the item on
 *	most: N                                     items, at most 1000
 *	sum: FIELD                                  the items' amounts must add up to the record's control amount
 *	map: {FIELD: rule}                          of one item; item.*, and all that rules see
 *
 * They run in this order, however a rule lists them. What an absent text meets is no error; a required field without one
 * is. Inward the rules stand in a mapping and make an object: the key is the path below data, its schema's checks run on
 * the result, and a rule may use the results of those above it as data.PATH. Outward they stand in a list and make a list
 * of cells; each must be writable in the receiver's charset. Lists also serve as identity and content (joined by the
 * caller).
 *
 * The functions stand in one table (map_functions) from which parser, help and reference are printed.
 */
enum map_shape { MAP_OBJECT, MAP_LIST };

struct map_setup {
	enum map_shape shape;
	bool outward;
	struct names *names;               /* inputs are in it; MAP_OBJECT adds its results as data.* */
	const struct schema *schema;       /* MAP_OBJECT: of the event; required */
	const struct schema *published;    /* MAP_LIST, outward: whose fields the columns are; NULL: columns are the form's own */
	const struct schema_list *list;    /* MAP_OBJECT of one item of that list; NULL: of the event */
	enum charset charset;              /* outward: of the receiver */
	bool people;                       /* outward: read by people in a spreadsheet: a text cell that begins with one of
	                                    * = + - @, narrow or full-width, or a control is written behind an apostrophe
	                                    * (formula injection); what is money is not */
	struct codes *codes;
	const struct hash_key *key;        /* for keyed; NULL: keyed is a finding map.no_key */
	int year_slot;                     /* slot of the text whose first four digits are the fiscal year, else lookup
	                                    * fails; -1: none, the newest edition counts */
	struct conf *year;                 /* or its path, which may be data.X of a rule above the first lookup; then
	                                    * year_slot is -1. NULL: year_slot says it */
};

struct map;

/* Compiles rules (conf mapping or list); NULL with findings: map.path {path}{near}, map.field {field}{near} (not in the
 * schema), map.required {field} (in the schema, not mapped), map.rule {rule}{want} (no such value, or functions that
 * exclude each other), map.no_key, conf.unknown_key, expr.*, codes.*, schema.* (a fixed value that the field does not
 * take). */
struct map *map_compile(const struct map_setup *s, struct conf *rules, struct findings *f);
void map_free(struct map *m);

/* Runs all rules: results go into their slots (MAP_OBJECT) or into the map's own list slots; texts into s->made. No
 * allocation in steady state. After a failure the results are not to be used. Errors (ERR_DATA), each with {field}:
 * money.*, map.unknown_code {code}{table}, map.date {text}{want} (field fiscal_year: that of a lookup), map.check {check},
 * map.word {text}{want}, map.li {text}, map.sign {text}, map.same {other}, map.bytes {want}{got}, map.items {want}{got},
 * map.item {want}{got}, map.sum {want}{got}, json.* (of a list), map.missing (required and absent), text.no_such_character,
 * codec.too_wide {cell}{want}{got} (map_limit), schema.*. */
int map_run(const struct map *m, struct slots *s, struct err *e);
/* MAP_OBJECT: how much a record is worth that is dead for another reason: its control amount and its currency, whatever
 * else fails. 0 and both values; -1 when the amount cannot be read or there is none. */
int map_run_amount(const struct map *m, struct slots *s, int64_t *ret_fen, struct span *ret_currency, struct err *e);
/* Appends the JSON of the last run: {"payee":{"name":..}} without absent fields, or ["..",".."]; absent cells are "". */
void map_write(const struct map *m, const struct slots *s, struct buf *b);

/* What its rules are, as MAP_LAYOUT - 1 hex digits: the same as long as each cell that they make means the same and stands at the
 * same place. It says nothing of charset and codec, nor of the rows in a table that they look up. Of what is published it says as
 * well, once map_masked was called, of which type that is and how each cell is masked: what was made for another use does not go. */
#define MAP_LAYOUT 17
const char *map_layout(const struct map *m);

/* How many rules there are; what each made in the last run: the cells of a MAP_LIST, the fields of a MAP_OBJECT. */
unsigned map_count(const struct map *m);
const struct value *map_cell(const struct map *m, const struct slots *s, unsigned i);
/* MAP_LIST: name of a column: `name:`, else the last word of its path. MAP_OBJECT: the field's path. */
struct span map_column(const struct map *m, unsigned i);
/* MAP_LIST, outward: whether a cell may be shortened. Appends the columns of those that were in the last run, as a JSON array
 * of their names; how many. Nothing is appended when there are none. */
bool map_may_cut(const struct map *m, unsigned i);
unsigned map_write_cuts(const struct map *m, const struct slots *s, struct buf *b);
/* MAP_LIST, outward: the receiver's column has room for so many bytes of its charset. */
void map_limit(struct map *m, unsigned i, size_t bytes);
/* MAP_LIST of what is published: what rule i takes is personal. It goes out masked (mask.h), whatever else is done with it; as it
 * is only where the rule says reveal: yes, and as a keyed hash. */
void map_mask(struct map *m, unsigned i, enum schema_sensitivity personal);
/* All that is masked is known. */
void map_masked(struct map *m);
bool map_masks(const struct map *m, unsigned i);
bool map_reveals(const struct map *m, unsigned i);
/* MAP_OBJECT: slot of the control amount (schema), or -1. */
int map_control_slot(const struct map *m);
/* For who explains a record: one rule alone, by its place in the form, when those above it have run: 0 (its result is in
 * its slot, see map_cell) or -1 with the errors of map_run. The slot that its text comes from, -1 for a fixed value.
 * MAP_OBJECT: the schema's field that it fills; NULL: it fills a list. */
int map_run_rule(const struct map *m, unsigned i, struct slots *s, struct err *e);
int map_from(const struct map *m, unsigned i);
/* The table of a rule that looks up, NULL of any other, and the row that gives what it gives of these values (code_row); row 0 where
 * that cannot be told, since other functions come before the look-up. */
const struct code_table *map_table(const struct map *m, unsigned i, const struct slots *s, unsigned *ret_row);
const struct schema_field *map_field(const struct map *m, unsigned i);
const struct schema_list *map_list(const struct map *m, unsigned i);
/* Whether what the rule makes is personal; a list is when one field of its items is. */
enum schema_sensitivity map_sensitivity(const struct map *m, unsigned i);
/* MAP_OBJECT: the currency that the form itself names (currency: {value: CNY}): what even a record is counted under of which
 * nothing can be read. Absent when records say it. */
struct span map_fixed_currency(const struct map *m);

struct map_rule_reader;

struct map_function {
	const char *name, *values, *en, *zh;       /* "trim", "blanks", what it does */
	void (*read)(struct map_rule_reader *r, struct conf *value);       /* the compiler's part */
};
extern const struct map_function map_functions[];
extern const unsigned map_nfunctions;

#endif
