/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CODEC_SUBJECTS_H
#define JC_CODEC_SUBJECTS_H

#include "codec.h"

/*
 * What every codec is tried with: the same rows as a file of each. There are two kinds of record: a head, whose first
 * cell is HEAD, with an amount and a mark, and lines of name, amount and note. A new codec is a row of codec_subjects.
 */
struct sample {
	bool head, blank;
	const char *cells[3];        /* UTF-8 */
};

struct subject {
	const char *name;
	const char *codec, *settings;        /* what stands in the braces */
	enum charset charset;
	const char *columns[2][3];           /* of head and line, where names count */
	void (*render)(const struct subject *s, const struct sample *rows, unsigned n, struct buf *b);
	const char *by;              /* between cells, of codecs that have it */
	unsigned widths[2][3];       /* of cells in bytes, of codecs that have them */
	bool blanks;                 /* has blank rows */
	bool writes;
	bool pads;                   /* blanks at a text's end are its padding; NULs too, where that is the format's way */
	bool unpacked;               /* raw bytes, and offsets maybe, are not the file's */
	bool ends;                   /* the file says where it ends: one cut off is noticed */
	bool longs;                  /* a record can be longer than is allowed */
	bool exact;                  /* its length is that of its raw bytes */
	bool recovers;               /* what follows one too long can be read */
	bool padded_nul;             /* NULs behind a text are none of it */
	unsigned stride;             /* every so many bytes is tried, of files that take long to open */
	const char *endless[4];      /* begins of records without an end */
	enum { NOWHERE_ABSENT, NOWHERE_REFUSED, NOWHERE_FINDING, NOWHERE_SHORT } nowhere;  /* a column not in the file */
};

extern const struct subject codec_subjects[];
extern const unsigned codec_nsubjects;

#endif
