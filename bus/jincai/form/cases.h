/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CASES_H
#define JC_CASES_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "reader.h"

/*
 * Cases lie beside a form: <dialect>/cases/<form>/<case>/. Inward: the document under a name that matches the form's
 * pattern, and expected.jsonl: one line a record, an event as try shows it (without specversion) or
 * {"line":N,"error":CODE}, then what try --summary shows, or {"error":CODE} when the document cannot be read. Outward:
 * events.jsonl, and expected.file with the exact bytes of the body (parcel number 1, date of the first event) or
 * expected.error with a code.
 */
struct cases_cover;
struct cases_files;

struct cases_run {
	struct library *library;
	const struct form *form;
	struct cases_cover *cover;
	struct cases_files *files;   /* where what would be expected is kept; NULL: nobody wants it */
};

/* 1 as expected, 0 not (what differs is printed to stdout), -1: the case cannot be run (case.input, case.expected, file.*).
 * With files a case that does not say what it expects differs, too. */
int cases_run_in(const struct cases_run *run, const char *dir, const char *shown, struct err *e);
int cases_run_out(const struct cases_run *run, const char *dir, const char *shown, struct err *e);

/* A file of a case, at most 4 MiB; 1, 0 when it is not there, -1. */
int cases_get(const char *dir, const char *name, struct buf *ret, struct err *e);
/* Takes the next line off text, without its end; false when text is empty. */
bool cases_line(struct span *text, struct span *ret);

/* ---- cases_diff.c: what differs ---- */

/* Lines of two texts, those that are equal side by side; a line that has none opposite is absent there. Lines of JSON are equal
 * when they say the same: the order of members, blanks, and "specversion":"1.0" do not matter. */
struct cases_pair {
	struct span want, got;
	unsigned line;               /* of want, where there is one, else of got; from 1 */
	bool equal;
};

/* *ret_n of them, to be freed by free; the spans point into the texts. */
struct cases_pair *cases_diff(struct span want, struct span got, bool json, unsigned *ret_n);
/* Prints the pairs that differ, one below the other: of JSON the members, of text the first character. charset: of the lines.
 * How many there were. */
unsigned cases_diff_show(const char *shown, const struct cases_pair *pairs, unsigned n, bool json, enum charset charset);
/* A single line of each. */
void cases_differ(const char *shown, unsigned line, struct span want, struct span got);

/* ---- cases_cover.c: what no case of a form touches ---- */

struct cases_cover *cases_cover_new(const struct form *f);
void cases_cover_free(struct cases_cover *c);
/* Inward: a reading of a document, its end too. Outward: an event as one of the form's shapes has made its line. */
void cases_cover_reading(struct cases_cover *c, struct reader *r, const struct reading *g);
void cases_cover_line(struct cases_cover *c, const struct form_shape *shape, const struct slots *s);
/* Appends, on one line without its end, how many columns that a rule uses some case fills and how many rules make something of
 * it, and names the others. */
void cases_cover_show(const struct cases_cover *c, struct buf *b);

/* ---- cases_update.c: expectations written anew ---- */

struct cases_files *cases_files_new(void);
void cases_files_free(struct cases_files *f);
unsigned cases_files_count(const struct cases_files *f);
/* name: "expected.jsonl" or the like, never an input; other: its counterpart that must go, or NULL. Takes the bytes. */
void cases_files_add(struct cases_files *f, const char *dir, const char *name, const char *other, struct buf *bytes);
/* Each file whole or not at all; stops at the first that cannot be written. *ret_n of them were. */
int cases_files_write(const struct cases_files *f, unsigned *ret_n, struct err *e);

#endif
