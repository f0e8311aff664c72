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
	struct span raw;             /* its bytes without the terminator; the first 64 KiB of one over the limit */
	const struct span *cells;    /* in the format's charset, quotes taken off, trimmed as the form says */
	unsigned ncells;             /* 1 of a row without bytes: an empty cell; 0 before cut, of codecs that have it */
	bool blank;                  /* no byte, or all cells empty */
	bool deleted;                /* the file itself says that it is none: counted as skipped, never looked at */
	struct err bad;              /* id not E_NONE: could not be cut; there are no cells and it is not blank */
};

struct codec_format;                 /* compiled settings of one form; a codec's own struct begins with it */
struct codec_reader;

struct codec {
	const char *name;            /* key below `codec:` */
	bool whole;                  /* its input always begins at 0, for the file's head is needed: open goes on with
				      * the row that begins at `offset` */
	/* Compiles settings (the value of that key). NULL with findings. */
	struct codec_format *(*compile)(struct conf *settings, enum charset charset, struct findings *f);
	void (*format_free)(struct codec_format *f);

	/* Tells the columns of one kind of record ("line", "head") in the order in which cells are wanted or will be
	 * written; returns the number by which cut and write know the kind, -1 with a finding. NULL: columns are positions
	 * alone, and every number means the same. node is where the form lists them. */
	int (*columns)(struct codec_format *f, const char *kind, const struct span *names, unsigned n,
		const struct conf *node, struct findings *fd);
	/* Bytes that a cell of that column and kind can have when it is written. NULL: any number. */
	size_t (*room)(const struct codec_format *f, unsigned kind, unsigned column);

	/* Reads from in (borrowed until close). offset, line: of the first row wanted, the end and next_line of the one
	 * before; 0 and 1 for the start of a file. in begins there, unless the codec is `whole`. */
	int (*open)(const struct codec_format *f, struct codec_input *in, uint64_t offset, uint64_t line,
		struct codec_reader **ret, struct err *e);
	/* 1 a row (valid until the next call), 0 the end, -1 the input failed (its error; nothing was consumed), or
	 * nothing of the file can be read (ERR_DATA). */
	int (*next)(struct codec_reader *r, struct row *ret, struct err *e);
	void (*close)(struct codec_reader *r);
	/* Makes the cells of the row that next gave as that kind of record has them, valid until the next call; for
	 * codecs that have columns. NULL: next has cut them. Errors (ERR_DATA) are those of a bad row. */
	int (*cut)(struct codec_reader *r, unsigned kind, struct row *row, struct err *e);
	/* Can the row that next gave be of that kind? Asked before a kind's condition; a kind may then stand without one. A
	 * row that fits none, and a bad one, is taken for the last kind. NULL: any row can be of any kind. */
	bool (*fits)(const struct codec_reader *r, unsigned kind);
	/* Why a cell of the row must not be believed: -1 with its error (ERR_DATA). Only cells that a rule reads are asked
	 * for, the others of the row count all the same. NULL: a row that can be cut has none. */
	int (*cell)(const struct codec_reader *r, unsigned i, struct err *e);

	/* Writing, NULL of a codec that only reads: appends what begins a file (a BOM), one row, what ends it. Titles are
	 * written as kind 0. Cells are UTF-8, absent ones are empty;
	 * they must be encodable (the router has checked). Errors (ERR_DATA): text.no_such_character and others of
	 * charset_encode, codec.delimiter_inside {cell} (from 1; a delimiter or end of line in a cell of a format
	 * without quotes). On error b is as it was. */
	void (*begin)(const struct codec_format *f, struct buf *b);
	int (*write)(const struct codec_format *f, unsigned kind, const struct span *cells, unsigned n, struct buf *b,
		struct err *e);
	void (*end)(const struct codec_format *f, struct buf *b);
};

struct codec_format {
	const struct codec *codec;
	enum charset charset;        /* of the cells: the file's, or that of codecs which decode themselves */
	/* For who reads the rows; a codec only carries them. */
	bool few_ok, more_ok;        /* rows with fewer or more cells than columns are taken */
	bool skip_blank;             /* blank rows are no records and no error */
	bool omits;                  /* what has no text is not written */
	const char *read_only;       /* what of its settings cannot be written; NULL: nothing */
};

/* Rows by name; NULL-terminated list of pointers. */
extern const struct codec *const codec_table[];
const struct codec *codec_by_name(struct span name);
extern const struct codec codec_delimited, codec_fixed, codec_dbf, codec_json, codec_xlsx, codec_xml;

/*
 * delimited: {by: "|", quote: '"', end: any|lf|crlf|cr, trim: none|blanks, blank_rows: keep|skip,
 *             few_columns: dead|keep, more_columns: dead|keep, bom: no|yes}
 *
 * by is one to eight bytes of ASCII, not CR, LF, NUL or the quote. A row is cut with knowledge of the charset: a
 * delimiter byte inside a character of GBK or GB18030 is none. quote is one of !"#$%&'()*+,-./ (bytes that no character
 * holds as its second one); without it there are no quotes. A cell that begins with it ends at its partner, a doubled
 * one stands for itself, an end of line inside is data, text behind the closing quote is codec.after_quote {byte}, a
 * file that ends inside is codec.open_quote {byte}: one bad row to the file's end. A quote further on in a cell is
 * data. trim: blanks takes blanks and tabs off both ends of unquoted cells (and so a blank before a quote makes it
 * data). A UTF-8 BOM at offset 0 is skipped: the first row begins at 3. end: any takes CR, LF and CRLF; a fixed one
 * makes the others data (and CR before LF is then trimmed by nobody). Lines are counted by the same rule. The last row
 * needs no end; an end with nothing behind it begins no row.
 *
 * Bad rows: NUL bytes codec.nul {byte}; over the limit codec.too_long {max}: the row ends at the first end of line
 * behind the limit, in quotes too; more than 512 cells codec.too_many_cells {max}; bytes that are no character
 * text.invalid, one that a delimiter, a quote or the row's end cuts off text.half, both {byte}{hex}{charset}. {byte}
 * counts from the row's begin, from 0. The first reason counts. Assigned or not is left to charset_decode.
 *
 * Writing ends rows as end says (any: LF) and quotes only cells that need it: delimiter, quote, CR, LF, blanks at an
 * end when blanks are trimmed, U+FEFF at the begin; without quotes a row that begins with it is codec.bom_inside {cell},
 * unless the file has a BOM. Findings of compile: codec.delimiter, codec.quote, codec.bom, conf.*.
 */

/*
 * fixed: {widths: {head: [8, 15 right], line: [60, 30, 18 right, 30]}, end: any|lf|crlf|none, short_rows: dead|keep,
 *         cut_half: error|blank, blank_rows: keep|skip}
 *
 * A row is cells of fixed widths in BYTES of the charset, one list of widths for each kind, as many as the kind has
 * columns; it is cut into cells before it is decoded. Padding is blanks (20): those behind a text are taken off, of a
 * column marked `right` those before it too. any takes LF and CRLF and writes LF; lf makes CR before it data; none has
 * rows one behind the other, all kinds being as long as each other, and counts them as lines. short_rows: keep takes
 * rows that end early: the cells behind their end are empty. cut_half: blank takes half a character at the end of a
 * cell for padding, where the source is known to cut so. A UTF-8 BOM at offset 0 is skipped.
 *
 * Bad rows: another length than the kind's codec.width {want}{got}; text.half, text.invalid {byte}{hex}{charset}{cell}
 * and codec.nul {byte} in any cell: where characters are not whole, columns may have moved; codec.too_long {max}.
 * Writing: a cell that needs more bytes than it has codec.too_wide {cell}{want}{got} (it is never cut here: `cut` of a
 * mapping does that), another number of cells codec.cells {want}{got}, an end of line in a cell codec.delimiter_inside
 * {cell}, a row that begins with U+FEFF codec.bom_inside {cell}. Findings: codec.cell_width {text}, codec.row_widths
 * {kind}{want}{got}, of columns: codec.no_widths {kind}{near}, codec.widths {kind}{want}{got}, conf.*.
 */

/*
 * dbf: {blank_rows: keep|skip}
 *
 * Tables of dBASE III, FoxPro and Visual FoxPro (first byte 03, 30, 31, 32, 83, 8B, F5), read only. Columns are the
 * names of fields; those that no kind names are not looked at. Of a text the blanks and NULs behind it are taken off, of
 * numbers (N, F), dates (D, as yyyyMMdd) and L the blanks at both ends, `?` of L is empty. Charset is what the form
 * says: the language byte is mostly 00 or wrong. A record marked deleted is a row that is deleted. A row's line is its
 * number in the file, from 1.
 *
 * Nothing can be read: codec.dbf_header {byte}, codec.dbf_field {name}{near} (a column that is not there, or twice),
 * codec.dbf_type {name}{type}. Bad rows: one that begins with neither blank nor `*` codec.dbf_mark {hex}; at the end,
 * when the head declares another number than there is, codec.dbf_count {want}{got}{rest}: what lies behind the declared
 * number is that one row (its first 64 KiB), and so is a part of a record; a row of no bytes when nothing is there. What
 * lies behind the byte 1A that ends a file is nothing; 1A may be missing. Findings: codec.dbf_name {name}, conf.*.
 */

/*
 * json: {records: lines, blank_rows: keep|skip} or {records: array, at: data.lines}
 *
 * Objects of JSON in UTF-8 (a BOM at offset 0 is skipped). Columns are paths from a record on, names with dots between
 * them ("payee.acct_no"); what no column names is not looked at, but must be JSON. A cell is a string's text without its
 * escapes, a number as it is written, `true` or `false`; null, or no such name, is absent. A column whose name ends in []
 * is a list ("details[]"): its cell is the array as it is written. Depth is 32 in a record.
 *
 * lines: a record a line, ended by LF or CRLF; written so, with the columns as keys in their order (objects of one name
 * together), all cells as strings. array: one document, whose records are the items of the array at that path, of the
 * document itself when there is none; only read. Kinds of other names than `line` have their columns outside the array:
 * when there is one, the first row is what stands before it. Before the records and behind them, as in each of them, 256
 * KiB are allowed.
 *
 * Bad rows: json.syntax, json.utf8, json.depth {at}, json.string {at} (in a column), json.record (no object), json.kind
 * {column} (an object or array where a text is wanted, or the other way round), json.duplicate {key} (of a column or an
 * object above one), codec.too_long {max}. Of a document, what breaks its grammar or is too long (json.too_long {max}) is
 * one bad row up to the end of the file, for nothing behind it can be trusted; so is a record that neither comma nor
 * closing bracket follows, and what stands behind the records when a name that is wanted is in it: json.behind {key}.
 * Nothing can be read: json.no_records {path}, and these codes for what stands before the records.
 * Writing: codec.cells {want}{got}, text.invalid and text.nul. Findings: codec.json_charset {charset}, codec.json_path
 * {path} (a name is empty, too deep, or a path ends on another or begins with it), codec.json_outside {kind} (nothing
 * is), form.reads_only, conf.*.
 */

/*
 * xml: {rows: {KIND: PATH or [PATH, ...]}, inside: {PATH: base64}, documents: one|many}
 *
 * Documents of XML 1.0, read by expat; only read. The file's bytes are decoded by charset.h, not by expat: the charset is
 * the form's, and a declaration must not say another (one that says GB2312 or GBK may be read as GB 18030). A path leads
 * from the root on: MOF/VoucherBody[@VtCode=5201]/Voucher; [@A=v] wants that attribute. An element to which a path of
 * `rows` leads is a row of that kind. Rows may stand in rows, up to 4: an outer one comes before those inside it, wherever
 * its fields stand, so that it may have 4 MiB with all of them. An element that a path would lead to or through, were it
 * not for a test, and no other does, is a bad row: codec.xml_row {element}{attribute}{got}.
 *
 * inside: the element's text is a document of its own, in Base64, with its own declaration (without one: of the form's
 * charset). Paths lead on into it by its root: MOF/VoucherBody/Voucher/Voucher/DetailList/Detail. A row in it has its
 * decoded bytes as raw, and the offset of the character in which its first bits stand.
 *
 * Columns are paths from the row's element on with dots between names: "PayAmt", "Voucher.Voucher.PayAmt"; "@VtCode" and
 * "Voucher.@Id" are attributes, "#text" is the row's own text, "#number" its number among the rows in the row that it stands in (or in the document), from
 * 1, "DetailList.Detail[]" all such elements as an array of JSON
 * objects: attributes as "@Id", elements within as members, a text beside attributes as "#text". An element with a document
 * inside can be a column, too: its text as it stands in the file. Cells are UTF-8. An element that is not there is
 * absent, <X/> is empty. A prefix is a part of a name.
 *
 * Bad rows: xml.duplicate {column}, xml.kind {column} (elements where a text is wanted, or a text beside elements),
 * codec.too_long {max} (texts of more than 256 KiB), xml.row_too_long {max} (of 4 MiB), codec.xml_row. A document inside
 * that cannot be read makes the row that it stands in (or its element) one bad row, and what else is in that none:
 * xml.base64 {byte} of the file, and the reasons below with {inside}, {byte} being of the document. Where the file's own
 * document breaks, all from the row or tag before on is one bad row: xml.syntax {byte}{why}, xml.truncated, xml.doctype,
 * xml.entity, xml.depth {max} (32), xml.too_long {max} (a tag or comment of 256 KiB) {byte}; text.invalid, text.unassigned,
 * text.half, text.nul {byte}{hex}{charset}; of a later one of many documents xml.charset, xml.root.
 * Nothing can be read: xml.charset {want}{got}, xml.root {want}{got}, and these when no row was begun before.
 * Findings: codec.xml_path {path}, codec.xml_column {column}, of columns: codec.xml_no_rows {kind}{near}, conf.*.
 */

/*
 * xlsx: {sheet: N | NAME | {name: NAME}, blank_rows: keep|skip, trim: none|blanks, more_columns: dead|keep}
 *
 * One sheet of a workbook (ECMA-376), read only; cells by position, as text in UTF-8. sheet is the number of a sheet that
 * is not hidden, from 1 (1 when left out), or a name. A row's line is its number in the sheet; rows that are not in the
 * file are none; hidden ones are rows. Its offset counts bytes of the sheet, unpacked; its raw bytes are its cells with
 * tabs between them. Empty cells at its end are none, so a row is never short. A merged cell stands where it begins.
 *
 * A number cell is a binary fraction that the spreadsheet shows with 15 digits, however its maker prints it: 4234.57 comes
 * as 4234.5699999999997, 602001 as 602001.0, 12345678.9 as 1.23456789E7. Its text is the decimal of these 15 digits, which
 * is what was typed, without exponent and without zeros behind the last digit. One of more than 15 digits before the
 * point has lost the others (an account, an identity number: 1.50622E+17). A date is such a number (serial), counted from
 * 1900. Booleans are TRUE and FALSE. A formula is its kept result. Texts have their _xHHHH_ escapes resolved.
 *
 * The archive lies in an unlinked temporary file (TMPDIR, else /tmp) while it is read, and so does the sheet, unpacked; both
 * are checked whole (CRC) before there is a row. Shared texts are kept in memory. Limits: XLSX_* in xlsx.h.
 *
 * Nothing can be read: codec.xlsx_zip {text}, codec.xlsx_old (BIFF), codec.xlsx_locked (a password), codec.xlsx_part
 * {part} (missing, or twice), codec.xlsx_xml {part}{byte}{text} (also DOCTYPE, and encodings but UTF-8 and UTF-16),
 * codec.xlsx_large {part}{max}, codec.xlsx_sheet {name}{sheets}{near}, codec.xlsx_1904.
 * Bad rows: codec.too_long {max}, codec.too_many_cells {max}; where the sheet breaks (codec.xlsx_xml) or its cells and rows
 * are out of order (codec.xlsx_order {text}{line}), all from there on is one row (its first 64 KiB of XML).
 * Cells: codec.xlsx_digits {cell}{digits}, codec.xlsx_number {cell}, codec.xlsx_error {cell}{text}, codec.xlsx_formula
 * {cell} (no result is kept), codec.xlsx_cell {cell}. {cell} is as people say it: C5.
 * Findings: codec.xlsx_charset {charset}, conf.*.
 */

#endif
