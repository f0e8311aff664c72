/* SPDX-License-Identifier: Apache-2.0 */
#include "reader_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#include "utf8.h"

/* The position in this row of the cell that has one of the column's names; -1. */
static int find_name(struct reader *r, unsigned column)
{
	for (unsigned i = 0; i < r->row.ncells; i++) {
		struct span text;
		struct err ignored;

		if (charset_decode(r->form->format->charset, r->row.cells[i], &r->slots.text, &text, &ignored) != 0)
			continue;
		text = span_trim(text);
		for (unsigned k = 0; k < r->form->header.columns[column].nnames; k++)
			if (span_eq(text, r->form->header.columns[column].names[k]))
				return (int)i;
	}
	return -1;
}

/* Of the rows that are no header row, the one that lacks least is told: mostly the vendor changed one name in it. */
static void keep_nearest(struct reader *r, unsigned lacks, struct buf *names)
{
	struct buf before = r->nearest.names;

	if (lacks == r->form->header.ncolumns || (r->nearest.line && lacks >= r->nearest.lacks))
		return;
	r->nearest.lacks = lacks;
	r->nearest.line = r->row.line;
	r->nearest.names = *names;
	*names = before;
}

static void keep_titles(struct reader *r)
{
	r->header_titles = mem_grow(r->header_titles, r->row.ncells, sizeof *r->header_titles);
	for (unsigned i = 0; i < r->row.ncells; i++) {
		struct span text;
		struct err ignored;

		r->header_titles[i] = SPAN_NONE;
		if (charset_decode(r->form->format->charset, r->row.cells[i], &r->slots.text, &text, &ignored) == 0)
			r->header_titles[i] = arena_span(&r->heads, span_trim(text));
	}
}

/* Is this the header row: every wanted column has a cell of its own? */
bool reader_try_header(struct reader *r)
{
	const struct form_header *h = &r->form->header;
	int *columns = mem_grow(NULL, r->row.ncells, sizeof *columns);
	struct buf names = BUF_INIT;
	unsigned lacks = 0;

	for (unsigned i = 0; i < r->row.ncells; i++)
		columns[i] = -1;
	for (unsigned c = 0; c < h->ncolumns; c++) {
		int at = find_name(r, c);

		if (at >= 0 && columns[at] < 0) {
			columns[at] = h->columns[c].slot;
			continue;
		}
		buf_printf(&names, "%s%.*s", lacks++ ? ", " : "", SPAN_F(h->columns[c].names[0]));
	}
	if (lacks) {
		keep_nearest(r, lacks, &names);
		buf_done(&names);
		free(columns);
		return false;
	}
	free(r->columns);
	r->columns = columns;
	r->header_cells = r->row.ncells;
	keep_titles(r);
	return r->header_found = true;
}

int reader_no_header(const struct reader *r, struct err *e)
{
	const struct form_header *h = &r->form->header;
	struct buf names = BUF_INIT;

	if (r->nearest.line) {
		err_set(e, E_FORM_NO_HEADER, "within=%u\nline=%" PRIu64 "\nwant=%.*s", h->within, r->nearest.line,
			SPAN_F(utf8_cut(buf_as_span(&r->nearest.names), 200)));
	} else {
		for (unsigned c = 0; c < h->ncolumns; c++)
			buf_printf(&names, "%s%.*s", c ? ", " : "", SPAN_F(h->columns[c].names[0]));
		err_set(e, E_FORM_NO_HEADER, "within=%u\nwant=%.*s", h->within,
			SPAN_F(utf8_cut(buf_as_span(&names), 200)));
	}
	buf_done(&names);
	return err_at(e, "%s", r->setup.shown);
}
