/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_SAMPLE_H
#define JC_SAMPLE_H

#include "charset.h"

/*
 * What the bytes of a file that nobody has described yet rule in and out. Counts, never a choice made in silence: a form
 * is written by a person, who reads these. Looked at are the first 4 MiB and the last 64 KiB, so memory is flat. Nothing
 * is printed here.
 */
#define SAMPLE_COLUMNS 256u
#define SAMPLE_DATES 8u
#define SAMPLE_BY 13u
#define SAMPLE_DISTINCT 4096u

struct sample_charset {
	uint64_t chars;              /* characters of more than one byte */
	uint64_t bad;                /* places that are no character */
	int64_t first_bad;           /* byte in the file, from 0; -1: none */
};

/* A delimiter that may be the file's. */
struct sample_by {
	const char *by;
	unsigned columns;            /* what most rows have; 1: it cuts nothing */
	uint64_t same;               /* rows that have as many */
	uint64_t rows;               /* rows that are not blank */
	uint64_t quoted;             /* cells in double quotes */
	uint64_t bad_quotes;         /* cells that begin with one and do not end at its partner */
};

/* Of one column, over the rows that are records. */
struct sample_column {
	char *name;                  /* in UTF-8, of the header row; NULL: there is none */
	uint64_t filled, distinct;   /* distinct stops at SAMPLE_DISTINCT */
	size_t longest;              /* bytes in the file's charset */
	uint64_t digits, zeros, fen; /* digits alone; of them those with a zero in front, and without one up to 15 long */
	uint64_t money, thousands;   /* two decimals without and with commas */
	uint64_t dates[SAMPLE_DATES];/* by sample_dates[] */
	uint64_t id18, cnaps, uscc, luhn;    /* whose check character is right; luhn: of 16, 17 or 19 digits only */
	uint64_t *seen;              /* hashes of the values; for distinct */
};

struct sample {
	uint64_t size, looked;       /* bytes of the file, and those that were looked at */
	bool bom, ascii;
	struct sample_charset charsets[CHARSET_COUNT];
	enum charset charset;        /* the one that fits best: utf-8 where it is valid, else gb18030, which reads gbk too */
	uint64_t lf, crlf, cr;
	struct sample_by bys[SAMPLE_BY];     /* best first */
	const struct sample_by *by;  /* NULL: none that most rows agree on */
	bool quotes;
	size_t row_bytes;            /* length of most rows in bytes, and how many have it: fixed widths */
	uint64_t row_same;
	uint64_t rows, blank;        /* rows that are not blank, and those that are */
	unsigned titles, heads;      /* rows above the first full one: of one filled cell, of several */
	unsigned first_row;          /* where that one stands, from 1, blank rows counted; 0: there is none */
	unsigned head_cells;         /* of the last of heads */
	bool header, head;           /* the first full row: names of columns; or of another kind than those below */
	unsigned header_names, odd;  /* its cells that are names; cells that are no number where all below are */
	bool trailer;
	unsigned trailer_cells, trailer_at, trailer_sum;     /* columns from 1; 0: none */
	const char *trailer_word;    /* 合计 or the like; NULL: no cell of the last row says so */
	char *trailer_cell;          /* all of that cell, in UTF-8 */
	uint64_t records;            /* rows that the columns were counted over */
	unsigned ncolumns;
	struct sample_column *columns;
	struct buf bytes;            /* what was looked at */
};

extern const char *const sample_dates[SAMPLE_DATES];     /* patterns as a form writes them */

/* Errors: file.missing and its like; new.empty; new.not_text {what} (a spreadsheet, a dBASE table, JSON, XML, gzip, NUL bytes). */
int sample_read(const char *path, struct sample **ret, struct err *e);
void sample_free(struct sample *s);
/* The bytes of the first rows, ends and byte order mark included. */
struct span sample_first(const struct sample *s, unsigned rows);

#endif
