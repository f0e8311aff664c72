/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TRIAL_H
#define JC_TRIAL_H

#ifndef JINCAI_PROGRAM
#error "the program lies on top of all layers: nothing below may include it"
#endif

#include "reader.h"

/*
 * A document read as a run would read it, touching nothing: what try shows and test compares. Ids by record number
 * are made with the digest "0", and the source is "/try".
 */

/* Called for every record, good or dead, and for the end. */
typedef void trial_each(void *arg, struct reader *r, const struct reading *g);

/* Reads the file at path; p takes all into account. Errors: file.missing, file.failed, and those of reader_next. */
int trial_read(struct library *l, const struct form *form, const char *path, struct reader_prover *p, trial_each *each,
	void *arg, struct err *e);
/* Appends the events of a record that is not dead, each with an end of line. */
void trial_events(struct reader *r, const struct reading *g, struct buf *b);
/* Appends what the whole amounts to, as one JSON object, without an end of line. */
void trial_summary(const struct reader_proof *p, struct buf *b);

#endif
