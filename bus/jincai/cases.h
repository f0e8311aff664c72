/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CASES_H
#define JC_CASES_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "form.h"

/*
 * Cases lie beside a form: <dialect>/cases/<form>/<case>/. Inward: the document under a name that matches the form's
 * pattern, and expected.jsonl: one line a record, an event as try shows it (without specversion) or
 * {"line":N,"error":CODE}, then what try --summary shows, or {"error":CODE} when the document cannot be read. Outward:
 * events.jsonl, and expected.file with the exact bytes of the body (parcel number 1, date of the first event) or
 * expected.error with a code.
 *
 * 1 as expected, 0 not (what differs is printed to stdout), -1: the case cannot be run (case.input, case.expected, file.*).
 */
int cases_run_in(struct library *l, const struct form *form, const char *dir, const char *shown, struct err *e);
int cases_run_out(struct library *l, const struct form *form, const char *dir, const char *shown, struct err *e);

/* Says that a line differs, want and got one below the other; an empty one is shown as such. */
void cases_differ(const char *shown, unsigned line, struct span want, struct span got);
/* A file of a case, at most 4 MiB; 1, 0 when it is not there, -1. */
int cases_get(const char *dir, const char *name, struct buf *ret, struct err *e);
/* Takes the next line off text, without its end; false when text is empty. */
bool cases_line(struct span *text, struct span *ret);

#endif
