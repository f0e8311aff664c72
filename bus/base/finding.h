/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_FINDING_H
#define JC_FINDING_H

#include <stdio.h>

#include "buf.h"
#include "err.h"

/*
 * Findings: what is wrong in the data that we were given (configuration, forms, schemas, tables), all in one run.
 * A finding is an error with a source line for the caret. Kept in an arena; sorted by file, line, column when shown. Its
 * severity is its code's: refused (exit code 5: a rule forbids it), error, note (ERR_NOTE: nothing is refused).
 */
struct finding {
	struct err err;              /* where = file:line:column */
	char *file;
	unsigned line, column;
	char *source;                /* the line it stands in, cut to 160 bytes about the column, or NULL */
	unsigned cells;              /* cells of source before the column: where the caret stands */
	struct finding *next;
};

struct findings {
	struct arena arena;
	struct finding *first, **tail;
	unsigned count;              /* without notes: nothing is refused for a note */
	unsigned notes;
};

void findings_init(struct findings *f);
void findings_done(struct findings *f);
/* Copies err, file and the source line out of `text` (the whole file, may be empty). line, column from 1, in
 * characters; 0 = none. An empty or NULL file leaves the place that err names. */
void findings_add(struct findings *f, const struct err *e, const char *file, unsigned line, unsigned column,
	struct span text);
/* Prints all, sorted, each once: place, severity, words [code], the source line, a caret under the column (wide characters count as two
 * cells), the remedy. At most `max` (0 = all), then "and N more". */
void findings_print(struct findings *f, enum err_lang lang, unsigned max, FILE *to);
/* The first one by place as an error, for a caller that returns only one; there must be one. -1. */
int findings_first(const struct findings *f, struct err *e);

#endif
