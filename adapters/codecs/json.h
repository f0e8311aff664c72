/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_JSON_H
#define JC_JSON_H

#include "jscan.h"
#include "window.h"

/* What the parts of the codec share: json.c compiles and writes, json_read.c reads records and lines, json_array.c
 * finds the records of a document. */
enum { JSON_VIEW_MAX = (int)CODEC_RECORD_MAX + 4096 };   /* a record, and blanks and a comma about it */

/* One name of a path at one level of a record. */
struct json_node {
	struct span key;
	struct span opening;         /* "key": as it is written */
	struct span path;            /* from the record on: what errors show */
	int cell;                    /* the column whose text stands here; -1: none */
	unsigned number;             /* among all of the format */
	bool way, records;           /* the array of records stands below, stands here */
	bool list;                   /* the cell is an array, as it is written */
	struct json_node *children, *next;
};

struct json_kind {
	struct json_node *root;
	unsigned ncolumns;
	bool outside;                /* of a document, beside its records */
};

struct json {
	struct codec_format base;
	bool array;                  /* one document; its records stand in an array */
	struct span at;              /* its path; empty: the document is the array */
	unsigned depth;              /* names in that path */
	struct json_node *way;       /* that path alone */
	struct json_kind *kinds;
	unsigned nkinds, nnodes;
	struct arena arena;
};

enum json_phase { JSON_START, JSON_RECORDS, JSON_DONE };

struct codec_reader {
	const struct json *f;
	struct window w;
	uint64_t line;               /* of the byte at the window's offset */
	enum json_phase phase;       /* of a document */
	bool at_bom;                 /* a byte order mark may come */
	bool head;                   /* the last row is what stands before the records */
	bool skipping;               /* in bytes that are one bad row, and why they are */
	struct err why;
	uint64_t skip_offset, skip_line;
	struct buf raw, scratch;
	uint64_t *seen, look;        /* of each node the look at a record in which it was seen last */
	struct span cells[CODEC_CELLS_MAX];
};

int json_open(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e);
int json_next(struct codec_reader *r, struct row *ret, struct err *e);
int json_cut(struct codec_reader *r, unsigned kind, struct row *row, struct err *e);
void json_close(struct codec_reader *r);

/* Walks over a text that begins with an object and fills the cells: 0, it is closed; 1, the scanner stands at the array
 * of records; -1. */
int json_look(struct codec_reader *r, const struct json_node *root, struct span text, struct jscan *in, struct err *e);
/* A key as it is meant; absent when its escapes stand for no text. */
struct span json_key(struct codec_reader *r, struct span raw);
size_t json_blanks(const unsigned char *p, size_t at, size_t n);       /* where they end */
void json_pass(struct codec_reader *r, size_t n);                      /* n bytes are gone */
/* The next `raw` bytes are a row, and `end` in all are gone then. 1. */
int json_row(struct codec_reader *r, struct row *ret, size_t raw, size_t end);
/* What comes is one bad row, to the end of its line, of a document to the end of the file. As next. */
int json_skip(struct codec_reader *r, const struct err *why, struct row *ret, struct err *e);
int json_next_of_array(struct codec_reader *r, struct row *ret, struct err *e);

#endif
