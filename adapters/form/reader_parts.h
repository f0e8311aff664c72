/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_READER_PARTS_H
#define JC_READER_PARTS_H

#include "reader.h"

/*
 * What the files of the reader share: reader.c takes rows and stops behind any of them, reader_header.c finds the columns of
 * a header row, reader_record.c makes the events of a record, reader_proof.c says what a whole document amounts to. Nobody
 * else includes this.
 */
struct reader {
	struct reader_setup setup;
	const struct form *form;
	struct codec_reader *codec;
	struct wrap_chain *wraps;    /* NULL: there are none */
	struct overlay_input *overlay;       /* NULL: no line was changed */
	struct span head_changed;    /* the act that changed the head of the rows below; absent */
	int changed_kind;            /* whose head that is; -1: the row with the titles */
	struct slots slots;
	struct arena heads;          /* texts of file keys and of what was restored: they outlive a row */
	struct arena *carried;       /* for each kind: texts of its last row, for the rows below */
	uint64_t rows;               /* that are no titles */
	uint64_t titles;             /* rows looked at for the header */
	uint64_t number;             /* of the last record */
	uint64_t offset, line;       /* where reading can go on */
	bool header_found;
	unsigned header_cells;       /* of the header row: what a full row has */
	struct {
		unsigned lacks;      /* columns that the row lacks which has most of them */
		uint64_t line;
		struct buf names;    /* of those */
	} nearest;
	int *columns;                /* header: position -> slot */
	struct span *header_titles;  /* header: what stands there; NULL: it was read before reading went on */
	const struct form_kind *kind;        /* of the last row; NULL: there is a header row */
	struct reading_event events[FORM_EVENTS_MAX];        /* of the last record, and their texts: */
	struct {
		struct buf id, fingerprint, key, paykey, numbers;
		char amount[24], line[24];
		char currency[TOTALS_CURRENCY_MAX];
	} texts[FORM_EVENTS_MAX];
	bool has_count, has_sum, trailer_seen;
	uint64_t count;
	int64_t sum;
	uint64_t heads_declared;     /* rows so far that declare for the records up to the next (declares: each) */
	uint64_t declared_line;      /* of the last one */
	struct err two_totals;       /* what a head and a trailer declare differs */
	struct row row;
};

/* Is the row the header row: every wanted column has a cell of its own? Its columns are then known. */
bool reader_try_header(struct reader *r);
/* form.no_header, with the row that lacks least. */
int reader_no_header(const struct reader *r, struct err *e);
/* What lies over the last row, or a part of it; NULL. */
const struct overlay *reader_overlay(const struct reader *r);
/* All events that a record of that kind makes, or none: it is dead. */
void reader_make_events(struct reader *r, struct reading *g, unsigned kind);
/* The record is dead; what it is worth is read when it can be. */
void reader_dead(struct reader *r, struct reading *g, const struct err *e);
/* Takes declared figures, which stand in those slots as text (-1: none). batch.declared {what}{text}. */
int reader_declared(struct reader *r, int count_slot, int sum_slot, const struct amount_form *form, struct err *e);

#endif
