/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_XLSX_MAKE_H
#define JC_XLSX_MAKE_H

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include "buf.h"

/* Makes workbooks in memory: an archive of the parts that are given. */
struct part {
	const char *name, *text;
	size_t n;                    /* of text; 0: it is terminated */
};

#define XML_BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define NS " xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define NS_R " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\""
#define RELS_BEGIN XML_BEGIN "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"
#define REL(id, type, target)                                                                                          \
	"<Relationship Id=\"" id "\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/" type \
	"\" Target=\"" target "\"/>"

#define PACKAGE_RELS {"_rels/.rels", RELS_BEGIN REL("rId1", "officeDocument", "xl/workbook.xml") "</Relationships>", 0}
#define BOOK_RELS                                                                                                      \
	{"xl/_rels/workbook.xml.rels",                                                                                 \
		RELS_BEGIN REL("rId1", "worksheet", "worksheets/sheet1.xml") REL("rId2", "worksheet",                  \
			"/xl/worksheets/sheet2.xml") REL("rId3", "sharedStrings", "sharedStrings.xml")                 \
			REL("rId4", "chartsheet", "chartsheets/sheet1.xml") "</Relationships>", 0}
#define BOOK(sheets) {"xl/workbook.xml", XML_BEGIN "<workbook" NS NS_R "><sheets>" sheets "</sheets></workbook>", 0}
#define ONE_SHEET BOOK("<sheet name=\"花名册\" sheetId=\"1\" r:id=\"rId1\"/>")
#define TEXTS(items) {"xl/sharedStrings.xml", XML_BEGIN "<sst" NS ">" items "</sst>", 0}
#define SHEET_BEGIN XML_BEGIN "<worksheet" NS "><dimension ref=\"A1:F9\"/><sheetData>"
#define SHEET_END "</sheetData><mergeCells count=\"1\"><mergeCell ref=\"A1:C1\"/></mergeCells></worksheet>"
#define SHEET(rows) {"xl/worksheets/sheet1.xml", SHEET_BEGIN rows SHEET_END, 0}

/* password: NULL, or parts are encrypted with it. */
static inline void make_book(struct buf *b, const struct part *parts, size_t n, const char *password)
{
	static char room[4 << 20];
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	archive_write_set_format_zip(a);
	if (password) {
		archive_write_set_options(a, "zip:encryption=traditional");
		archive_write_set_passphrase(a, password);
	}
	archive_write_open_memory(a, room, sizeof room, &used);
	for (size_t i = 0; i < n; i++) {
		const size_t bytes = parts[i].n ? parts[i].n : strlen(parts[i].text);

		archive_entry_clear(entry);
		archive_entry_set_pathname(entry, parts[i].name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (la_int64_t)bytes);
		if (archive_write_header(a, entry) != ARCHIVE_OK ||
			archive_write_data(a, parts[i].text, bytes) != (la_ssize_t)bytes)
			abort();
	}
	if (archive_write_close(a) != ARCHIVE_OK)
		abort();
	archive_entry_free(entry);
	archive_write_free(a);
	buf_add(b, room, used);
}

#endif
