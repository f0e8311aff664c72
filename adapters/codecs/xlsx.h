/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_XLSX_H
#define JC_XLSX_H

#include <expat.h>

#include "codec.h"

/*
 * What the files of the codec xlsx share (its contract stands in codec.h): the archive (xlsx_zip.c), XML (xlsx_xml.c),
 * which sheet and the shared texts (xlsx_book.c), the rows of a sheet (xlsx_sheet.c), what a cell's text is
 * (xlsx_cell.c).
 *
 * Limits, each guarding memory or disk; codec.xlsx_large says which part was too large.
 */
#define XLSX_FILE_MAX (64u << 20)              /* the archive */
#define XLSX_SHEET_MAX (UINT64_C(1) << 30)     /* the sheet, unpacked: a million rows of a thousand bytes */
#define XLSX_TEXTS_MAX (64u << 20)             /* shared texts in memory */
#define XLSX_BOOK_MAX (4u << 20)               /* other parts, unpacked */
#define XLSX_RATIO_MAX 200u                    /* a part is at most so many times the archive, beyond 16 MiB */
#define XLSX_PARTS_MAX 4096u
#define XLSX_ROWS_MAX (1u << 20)              /* a spreadsheet has no more */
#define XLSX_SHEETS_MAX 1024u

/* ---- the archive ---- */

struct xlsx_zip {
	int fd;                      /* of the unlinked file; -1: not made yet */
	uint64_t size;
	bool whole;                  /* all of the input lies in it */
};

/* Reads the input to its end and looks whether it is an archive. Asked again after the input failed, it goes on.
 * Errors: file.*, disk.full, codec.xlsx_zip, codec.xlsx_large, codec.xlsx_old, codec.xlsx_locked. */
int xlsx_zip_open(struct xlsx_zip *z, struct codec_input *in, struct err *e);
void xlsx_zip_close(struct xlsx_zip *z);
/* Gives the bytes of a part, at most max of them, piece by piece; a name is found whatever its capitals. What was given
 * is not to be believed before 0 is returned. Errors: of put, codec.xlsx_part, codec.xlsx_large, codec.xlsx_locked,
 * codec.xlsx_zip. */
int xlsx_zip_read(struct xlsx_zip *z, const char *part, uint64_t max,
	int (*put)(void *arg, const char *p, size_t n, struct err *e), void *arg, struct err *e);

/* ---- XML ---- */

/* First in the struct of who has handlers. They are not called any more when bad is set. */
struct xlsx_xml {
	XML_Parser parser;
	const char *part;            /* name of what is parsed; borrowed */
	/* An element begins, ends; its name is without its prefix: "x:row" is "row". */
	void (*starts)(struct xlsx_xml *x, const char *name, const char **attributes);
	void (*ends)(struct xlsx_xml *x, const char *name);                            /* or NULL */
	uint64_t fed;                /* bytes */
	uint64_t gap_at, gap;        /* behind that place so many bytes of the part were left out */
	unsigned depth;
	struct err bad;              /* set by a handler that called xlsx_xml_stop; E_NONE: none did */
};

/* A DOCTYPE and more than 64 levels are refused. */
void xlsx_xml_init(struct xlsx_xml *x, const char *part,
	void (*starts)(struct xlsx_xml *x, const char *name, const char **attributes),
	void (*ends)(struct xlsx_xml *x, const char *name));
void xlsx_xml_done(struct xlsx_xml *x);
/* After a handler has set bad. */
void xlsx_xml_stop(struct xlsx_xml *x);
/* The place in the part that a handler is called for. */
uint64_t xlsx_xml_byte(const struct xlsx_xml *x);
/* 0, 1: a handler has suspended it, call xlsx_xml_resume (n is then at most 64 KiB); -1: bad, or codec.xlsx_xml. */
int xlsx_xml_feed(struct xlsx_xml *x, const char *p, size_t n, bool last, struct err *e);
int xlsx_xml_resume(struct xlsx_xml *x, struct err *e);
/* Value of the attribute with that name, without a prefix or (prefixed) with any; NULL. */
const char *xlsx_xml_value(const char **attributes, const char *name, bool prefixed);

/* ---- the workbook ---- */

/* Which sheet the form wants. */
struct xlsx_choice {
	char *name;                  /* NULL: number */
	unsigned number;             /* among those that are not hidden, from 1 */
};

struct xlsx_texts {
	struct buf bytes;
	uint32_t *ends;              /* of each text in bytes */
	size_t n, cap;
};

/* Finds the sheet: *ret is the name of its part, to be freed; *ret_texts that of the shared texts, NULL when there are
 * none. Errors: as of codec.h, "nothing can be read". */
int xlsx_book_find(struct xlsx_zip *z, const struct xlsx_choice *want, char **ret, char **ret_texts, struct err *e);
int xlsx_texts_read(struct xlsx_zip *z, const char *part, struct xlsx_texts *ret, struct err *e);
void xlsx_texts_done(struct xlsx_texts *t);
/* False: there is none of that number. */
bool xlsx_texts_get(const struct xlsx_texts *t, size_t i, struct span *ret);

/* ---- cells ---- */

/* The number of a column and a row of "C5" (2 and 5; columns from 0); false when it is no such name. */
bool xlsx_cell_place(const char *name, unsigned *ret_column, uint64_t *ret_row);
/* Appends "C5". */
void xlsx_cell_name(struct buf *b, unsigned column, uint64_t row);
/* Appends the decimal of a number's 15 digits. codec.xlsx_digits with *ret_digits, codec.xlsx_number: nothing appended. */
enum err_id xlsx_cell_number(struct span text, struct buf *b, unsigned *ret_digits);
/* Resolves _xHHHH_ in what stands in b from that place on. */
void xlsx_cell_unescape(struct buf *b, size_t from);

/* ---- the sheet ---- */

struct xlsx_sheet;

/* Reads the unpacked sheet from fd (kept, and closed with it), from the row that begins at `from`, the line before which
 * is `line` - 1; 0 and 1 for all of it. */
struct xlsx_sheet *xlsx_sheet_new(int fd, const char *part, const struct xlsx_texts *texts, bool trim, uint64_t from,
	uint64_t line);
void xlsx_sheet_free(struct xlsx_sheet *s);
/* As next and cell of a codec. */
int xlsx_sheet_next(struct xlsx_sheet *s, struct row *ret, struct err *e);
int xlsx_sheet_cell(const struct xlsx_sheet *s, unsigned i, struct err *e);

#endif
