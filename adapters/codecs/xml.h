/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_XML_H
#define JC_XML_H

#include <expat.h>

#include "window.h"

/*
 * What the parts of the codec share: xml.c compiles settings and columns; xml_read.c reads the file, decodes it, feeds the
 * parser and gives rows; xml_place.c knows offsets and lines; xml_tree.c makes rows and cells of elements, xml_list.c lists;
 * xml_inside.c reads documents inside.
 *
 * A *group* is the outermost element that is a row or has a document inside. All its rows are made before the first of
 * them is given, for the fields of an outer row may stand behind the rows inside it; so its bytes are all kept, and it
 * has a limit. The parser stops behind it.
 */
enum {
	XML_DEPTH_MAX = 32,                    /* elements in one another, those of a document inside too */
	XML_GROUP_MAX = 4 << 20,               /* bytes of a row with all the rows inside it */
	XML_TOKEN_MAX = (int)CODEC_RECORD_MAX, /* bytes of one tag, comment or instruction */
	XML_KEPT_MAX = 64 << 10,               /* bytes kept of what cannot be read */
	XML_PATHS_MAX = 32,
	XML_OPEN_MAX = 4,                      /* rows in one another; one more may be bad */
	XML_LISTS_MAX = 8,                     /* columns of one kind that are lists */
};

/* A path of settings: MOF/VoucherBody[@VtCode=5201] */
struct xml_test {
	struct span name, value;
};

struct xml_step {
	struct span name;
	struct xml_test *tests;
	unsigned ntests;
};

enum { XML_INSIDE = -1 };

struct xml_path {
	struct xml_step *steps;
	unsigned nsteps;
	struct span text;
	int kind;                    /* the row it leads to; XML_INSIDE */
};

/* One name of a column's path at one level of a row. */
struct xml_node {
	struct span name;            /* of an element; of an attribute without its @ */
	struct span path;            /* from the row on: what errors show */
	int cell;                    /* the column whose text stands here; -1 */
	int list;                    /* the column that is a list of these elements; -1 */
	unsigned slot;               /* of that list among those of the kind */
	unsigned number;             /* among all of the format */
	struct xml_node *attributes, *children, *next;
};

struct xml_kind {
	struct span name;
	struct xml_node *root;       /* NULL: the form has no such kind */
	unsigned ncolumns, nlists;
	int lists[XML_LISTS_MAX];    /* their columns */
	int number;                  /* the column that is the row's number; -1 */
};

struct xml {
	struct codec_format base;    /* its charset is that of the cells */
	enum charset charset;        /* of the file */
	bool many;                   /* documents, one behind the other */
	struct xml_path paths[XML_PATHS_MAX];
	unsigned npaths;
	struct xml_kind *kinds;
	unsigned nkinds, nnodes;
	struct arena arena;
};

/* ---- reading ---- */

/* Bytes and the UTF-8 that the parser gets of them: where one is, that is where in the other. Asked mostly forwards. */
struct xml_map {
	enum charset charset;
	const unsigned char *raw, *utf8;       /* from the base on */
	uint64_t base_raw, base_utf8, at_raw, at_utf8;
};

/* What is parsed now: the file, or a document inside. */
struct xml_source {
	XML_Parser parser;
	struct xml_map map;
	uint64_t begun;              /* UTF-8 bytes before this document */
};

struct xml_cell {
	unsigned column;
	unsigned next;               /* of the same row, from 1; 0 the last */
	size_t at, n;                /* in texts */
};

struct xml_row {
	uint64_t offset;             /* in the file */
	size_t raw, raw_n;           /* its bytes in the group, or in the documents inside */
	unsigned cells;              /* the last of its cells, from 1 */
	int kind;
	bool inside;                 /* of a document inside */
	bool none;                   /* bad as a whole, of no kind */
	enum err_id bad;
	size_t args, args_n;         /* of that error, in texts */
};

/* A row whose element has not ended. */
struct xml_open {
	size_t row;
	const struct xml_kind *kind;
	uint64_t look, *seen;        /* of each node the look in which it was seen last */
	size_t bytes;                /* of its cells */
	const struct xml_node *list; /* in an item of this list; NULL */
	unsigned list_depth;
	struct buf lists[XML_LISTS_MAX];
	unsigned inner;              /* rows in it so far */
	bool dead;                   /* a document inside it broke: nothing in it is looked at */
};

/* An element that has not ended. */
struct xml_frame {
	uint32_t alive;              /* paths that lead here, or through here */
	bool row, inside, has_child, mixed, wants;
	unsigned object;             /* in the list of that open row it is an object by now: a bit each */
	uint64_t content;            /* UTF-8 place behind its first tag */
	uint64_t begin;              /* offset in the file, of one that has a document inside */
	const struct xml_node *at[XML_OPEN_MAX + 1];   /* of each open row, the columns here; NULL: none */
};

enum xml_phase { XML_BEGIN, XML_BODY, XML_BROKEN, XML_DONE };

struct codec_reader {
	const struct xml *f;
	uint64_t from, from_line;    /* rows before it are not given */
	enum xml_phase phase;
	bool any;                    /* a row was made */

	/* what is parsed */
	struct window w;
	size_t fed;                  /* bytes of the window that the parser has */
	struct buf utf8, scratch;    /* what it got of them, unless the file is UTF-8 */
	size_t utf8_gone;            /* at its begin */
	uint64_t utf8_end;           /* UTF-8 bytes that the parser got in all */
	struct xml_source outer, inner, *src;
	bool suspended, ended;       /* behind a group; behind a document, where another may follow */
	uint64_t doc_end;            /* in UTF-8 */
	bool said;                   /* why what is parsed was stopped */
	bool failing;                /* it breaks where the parser's bytes end, because of fail */
	struct err why, fail;

	/* places */
	uint64_t line, line_at;      /* of the byte at that offset */
	uint64_t mark, mark_line;    /* when it breaks, what is bad begins here */
	struct buf kept;             /* bytes from there on that the window has given away */

	/* elements */
	struct xml_frame frames[XML_DEPTH_MAX];
	unsigned depth;
	struct xml_open open[XML_OPEN_MAX + 1];
	unsigned nopen;
	uint64_t look;
	struct buf text;             /* of the element on top, since its last tag */

	/* a group and its rows */
	bool in_group, over;         /* over: it is too long */
	unsigned group_depth;
	uint64_t group_begin, group_end, group_line;
	unsigned top, group_top;     /* rows of the document that stand in no row: so far, when the group had begun */
	struct xml_row *rows;
	size_t nrows, rows_cap, given;
	struct xml_cell *cells_made;
	size_t ncells, cells_cap;
	struct buf texts, inside;    /* of cells and errors; bytes of documents inside */

	/* the document inside that is read */
	struct span b64;             /* its text */
	uint64_t b64_from;           /* where that stands in the file */
	size_t b64_at;               /* in it, of its character b64_chars */
	uint64_t b64_chars;
	size_t inside_from;          /* in `inside` */
	struct buf inside_utf8;
	const struct xml_path *inside_path;
	struct span cells[CODEC_CELLS_MAX];
};

int xml_open(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
	struct codec_reader **ret, struct err *e);
int xml_next(struct codec_reader *r, struct row *ret, struct err *e);
bool xml_fits(const struct codec_reader *r, unsigned kind);
int xml_cut(struct codec_reader *r, unsigned kind, struct row *row, struct err *e);
void xml_close(struct codec_reader *r);

/* Where a UTF-8 place of what is parsed lies in its bytes. */
uint64_t xml_locate(struct xml_map *m, uint64_t utf8);
/* Places of the parser's event, in UTF-8. */
uint64_t xml_event(const struct xml_source *s);
uint64_t xml_event_end(const struct xml_source *s);
/* Offset in the file of a place in the bytes of what is parsed. */
uint64_t xml_offset(struct codec_reader *r, uint64_t raw);
/* When it breaks, what is bad begins at this offset. */
void xml_set_mark(struct codec_reader *r, uint64_t offset);
/* The line of an offset, which must not be before the last one asked for. */
uint64_t xml_line_of(struct codec_reader *r, uint64_t offset);
/* The window, or what the parser got of it, was moved. */
void xml_set_map(struct codec_reader *r);
/* The window gives n bytes away; of those behind the mark, what is shown of a bad row is kept. */
void xml_pass(struct codec_reader *r, size_t n);
/* What stands before that place in UTF-8 is not needed any more. */
void xml_release(struct codec_reader *r, uint64_t utf8);
/* Bytes that no parser sees: all of them ASCII, or a byte order mark of UTF-8. */
void xml_pass_unseen(struct codec_reader *r, size_t n);
/* The file's bytes of a range that is in the window. */
struct span xml_bytes(const struct codec_reader *r, uint64_t from, uint64_t to);
/* Stops for good what is parsed: id with the byte of the event. */
void xml_stop(struct codec_reader *r, enum err_id id);
/* The error of a parser that failed, or what xml_stop said. */
void xml_reason(struct codec_reader *r, struct err *e);

/* What elements mean for the file: a group begins; it has ended, and so its rows can be given; the document has; the first
 * one is none that a path begins with. */
void xml_begin_group(struct codec_reader *r, uint64_t offset);
void xml_end_group(struct codec_reader *r);
void xml_end_document(struct codec_reader *r);
void xml_no_root(struct codec_reader *r, const char *name);

/* Sets the handlers that make rows. */
void xml_handle(struct codec_reader *r, XML_Parser p);
/* Forgets the group's rows. */
void xml_forget(struct codec_reader *r);
/* The row is bad as a whole, and nothing inside it is a row. */
void xml_bad_row(struct codec_reader *r, size_t row, const struct err *why);
void xml_spoil_column(struct codec_reader *r, struct xml_open *o, enum err_id id, struct span column);
/* All texts of a row together are not longer than a record may be: the row is bad when so many more are too many. */
bool xml_has_room(struct codec_reader *r, struct xml_open *o, size_t more);
size_t xml_new_row(struct codec_reader *r, uint64_t offset, size_t raw, int kind);

/* Elements as JSON, in the list of an open row (by its level): the item itself, always an object; an element within, a
 * member of what it stands in; its end. */
void xml_json_item(struct codec_reader *r, unsigned level, struct xml_frame *f, const struct xml_node *n,
	const XML_Char **atts);
void xml_json_start(struct codec_reader *r, unsigned level, struct xml_frame *up, struct xml_frame *f,
	const XML_Char *name, const XML_Char **atts);
void xml_json_end(struct codec_reader *r, unsigned level, const struct xml_frame *f);
bool xml_blank(const struct buf *b);

/* The declaration at the begin of a document, when there is one: which charset its bytes have. Of the file it must be
 * the form's. Errors: xml.charset {want}{got}. */
int xml_declared(const struct xml *f, struct span begin, bool inside, enum charset *ret, struct err *e);
/* Reads the document in the text of the element on top (Base64), which begins at that offset: its elements are handled as
 * if they stood in that one. */
int xml_read_inside(struct codec_reader *r, struct span text, uint64_t offset, struct err *e);

#endif
