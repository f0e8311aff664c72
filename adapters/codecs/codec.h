/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_CODEC_H
#define JC_CODEC_H

#include "charset.h"
#include "conf.h"

/*
 * Codecs: bytes to rows of cells and back. A codec knows layout and charset; which row is a head, a line or a trailer,
 * and what a column means, is the form's (form.h). One .c file and one row of codec_table each.
 *
 * Reading is streaming: memory is bounded by the record limit. A row that cannot be cut is still a row, with its bytes
 * and the reason, so that nothing is dropped. No allocation per row in steady state.
 */
#define CODEC_RECORD_MAX (256u << 10)          /* bytes of one record */
#define CODEC_CELLS_MAX 512u

/* Where bytes come from. fill gives at most cap bytes; *ret_n = 0 is the end. */
struct codec_input {
	int (*fill)(struct codec_input *in, char *p, size_t cap, size_t *ret_n, struct err *e);
};

struct row {
	uint64_t line;               /* physical line of its first byte, from 1 */
	uint64_t offset;             /* of its first byte in the file */
	uint64_t end;                /* offset behind its terminator: where reading can go on */
	uint64_t next_line;          /* line number there */
	struct span raw;             /* its bytes without the terminator; at most 64 KiB of one over the limit */
	struct span *cells;          /* in the file's charset, quotes taken off, trimmed as the form says */
	unsigned ncells;
	bool blank;                  /* no byte, or all cells empty */
	struct err bad;              /* not E_NONE: could not be cut; cells are empty */
};

struct codec_format;                 /* compiled settings of one form; a codec's own struct begins with it */
struct codec_reader;

struct codec {
	const char *name;            /* key below `codec:` */
	/* Compiles settings (the value of that key). NULL with findings. */
	struct codec_format *(*compile)(struct conf *settings, enum charset charset, struct findings *f);
	void (*format_free)(struct codec_format *f);

	/* Reads from in (borrowed until close). offset, line: where in begins, 0 and 1 for the start of a file. */
	int (*open)(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
		struct codec_reader **ret, struct err *e);
	/* 1 a row (valid until the next call), 0 the end, -1 the input failed (its error; nothing was consumed). */
	int (*next)(struct codec_reader *r, struct row *ret, struct err *e);
	void (*close)(struct codec_reader *r);

	/* Writing: appends what begins a file (a BOM), one row, what ends it. Cells are UTF-8; they must be encodable
	 * (the router has checked). Errors (ERR_DATA): text.no_such_character, codec.delimiter_inside {cell}{text} (a
	 * delimiter or end of line in a cell of a format without quotes). On error b is as it was. */
	void (*begin)(const struct codec_format *f, struct buf *b);
	int (*write)(const struct codec_format *f, const struct span *cells, unsigned n, struct buf *b, struct err *e);
	void (*end)(const struct codec_format *f, struct buf *b);
};

struct codec_format {
	const struct codec *codec;
	enum charset charset;
};

/* Rows by name; NULL-terminated list of pointers. */
extern const struct codec *const codec_table[];
const struct codec *codec_by_name(struct span name);
extern const struct codec codec_delimited;

/*
 * delimited: {by: "|", quote: '"', end: any|lf|crlf|cr, trim: none|blanks, blank_rows: keep|skip, few_columns: dead|keep,
 *             more_columns: dead|keep, bom: no|yes}
 *
 * by is one or several bytes of ASCII. A row is cut with knowledge of the charset: a delimiter byte inside a character
 * of GBK or GB18030 is none. With quote: a cell that begins with it ends at its partner, a doubled one stands for itself,
 * a newline inside is data, text behind the closing quote is codec.after_quote, a file that ends inside is
 * codec.open_quote. trim: blanks takes blanks and tabs off both ends of unquoted cells. A UTF-8 BOM at offset 0 is
 * skipped. end: any takes CR, LF and CRLF; a fixed one makes the others data (and CR before LF is then trimmed by nobody).
 * NUL bytes: codec.nul. Over the limit: codec.too_long, and reading goes on at the next line. More than 512 cells:
 * codec.too_many_cells. Invalid and half characters: text.invalid, text.half with {byte} from the row's begin.
 */

#endif
