/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_NEW_FORM_H
#define JC_NEW_FORM_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "sample.h"

/*
 * A form that is begun from a sample. What the bytes suggest is marked "# guessed:" with its count, what no byte tells
 * "# fill in:"; the form is refused by check and try until that is done. name is that of the sample, without folders.
 */
void new_form(const struct sample *s, const char *name, struct buf *b);
/* What was counted in a column, in one line with its end. */
void new_form_counts(const struct sample_column *c, struct buf *b);

#endif
