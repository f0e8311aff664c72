/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SAMPLE_PARTS_H
#define JC_SAMPLE_PARTS_H

#include "sample.h"

/* Between the files of sample: cuts what was looked at into rows and cells, by a delimiter that is only supposed. */
struct cutter {
	const struct sample *s;
	struct span by;              /* none: a row is one cell */
	bool quotes;
	size_t at;
	struct span row, cells[SAMPLE_COLUMNS];
	unsigned n;
	uint64_t quoted, bad_quotes;
};

struct cutter sample_cutter(const struct sample *s, const char *by, bool quotes);
/* An empty row has one empty cell. n may be more than SAMPLE_COLUMNS: cells behind those are counted alone. */
bool sample_next_row(struct cutter *c);
/* Cells of the row that hold more than blanks. */
unsigned sample_filled(const struct cutter *c);

/* What bytes look like that are no rows of text with cells: "dBASE", "gzip", "JSON" and the like; NULL: they may be. */
const char *sample_not_text(struct span bytes);

#endif
