/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CODES_H
#define JC_CODES_H

#include "conf.h"

/*
 * Code tables: a CSV (UTF-8, header row) codes/<table>.<edition>.csv with a descriptor codes/<table>.yaml:
 *
 *	table: banks
 *	key: code                    # column that is looked up
 *	value: number                # column that is the standard code
 *	editions: {"2026": {from: 2026, to: 2099}}     # file name part -> fiscal years
 *
 * Other columns (name, comment) are for people, or for who asks for them: the table "asset_class.edition" gives the column
 * edition of asset_class instead of its value. Blanks around cells are no part of them.
 *
 * A look-up gives the standard code of a source code in the edition that is valid for a year. Unknown is an answer, not
 * a default. A site's tables stand before those that come with the program.
 */
struct codes;                          /* the tables of one site */

struct codes *codes_new(void);
void codes_free(struct codes *c);
/* Adds a folder to look in; the first one added that has a table wins. Nothing is read yet. */
void codes_add_folder(struct codes *c, const char *path);

struct code_table;
/* Reads the table (all its editions) once; NULL with findings: codes.unknown_table {table}{near}, codes.columns,
 * codes.quote, codes.empty, codes.duplicate_key, codes.overlap, codes.broken (named again after its own findings were
 * made), conf.*, file.*, text.*. Owned by c. node is where the form names it. */
const struct code_table *codes_table(struct codes *c, struct span name, const struct conf *node, struct findings *f);
/* 1 found (ret points into the table), 0 unknown code or no edition for that year. year 0: the newest edition. No
 * allocation; a hash look-up. */
int code_lookup(const struct code_table *t, int year, struct span code, struct span *ret);
/* Where the look-up finds it: the edition's file and the row in it, from 1, the header row counted. False: it finds nothing. */
bool code_row(const struct code_table *t, int year, struct span code, struct span *ret_file, unsigned *ret_row);
const char *code_table_name(const struct code_table *t);
/* SHA-256 over descriptor and editions: what the claim record names, and what is adopted. */
const uint8_t *code_table_digest(const struct code_table *t);
/* The name without a column: "asset_class" of "asset_class.name". Both have the same files and digest. */
struct span code_table_base(const struct code_table *t);
/* File i that the table was read from, from 0: its name in the folder of tables ("banks.yaml", "banks.2026.csv") and its
 * bytes as they were read. False: there is none. */
bool code_table_file(const struct code_table *t, unsigned i, struct span *ret_name, struct span *ret_bytes);

/* The tables that codes_table() gave since the last codes_use_begin(), each once: what one form uses. */
void codes_use_begin(struct codes *c);
const struct code_table *const *codes_used(const struct codes *c, unsigned *ret_n);

#endif
