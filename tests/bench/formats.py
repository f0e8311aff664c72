# SPDX-License-Identifier: Apache-2.0
"""The same payroll lines in the format of each codec, for measuring: forms/adapters/bench/codec/<name>.yaml reads what
write(name, ...) writes. All is made up and the same each time; names of Chinese and Mongolian people, some of four bytes."""
import json
import os
import re
import zipfile

FORMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "forms")
COLUMNS = "no name net account unit idtype idno occ day bank".split()
WIDTHS = (7, 40, 14, 30, 8, 2, 18, 2, 8, 12)
NAMES = ["王珅", "李小明", "巴特尔", "包额尔德木图", "陈䶮", "张伟"]
EXTENSIONS = {"delimited": "txt", "fixed": "txt", "lines": "jsonl", "array": "json", "dbf": "dbf", "xml": "xml",
              "xlsx": "xlsx"}


def rows(n):
    for i in range(n):
        fen = 100000 + i * 7919 % 900000
        yield ("%07d" % i, NAMES[i % 6], "%d.%02d" % (fen // 100, fen % 100), "6222020600%09d" % i, "602001", "01",
               "1507021980%08d" % i, "1", "20261203", "103")


def padded(row):
    """Bytes of GB18030, amounts to the right."""
    cells = zip((text.encode("gb18030") for text in row), WIDTHS)
    return b"".join(cell.rjust(width) if width == 14 else cell.ljust(width) for cell, width in cells)


def delimited(f, n):
    for row in rows(n):
        f.write(("|".join(row) + "\n").encode("gb18030"))


def fixed(f, n):
    for row in rows(n):
        f.write(padded(row) + b"\n")


def as_json(row):
    return json.dumps(dict(zip(COLUMNS, row)), ensure_ascii=False, separators=(",", ":")).encode()


def lines(f, n):
    for row in rows(n):
        f.write(as_json(row) + b"\n")


def array(f, n):
    f.write(b'{"rows":[')
    for i, row in enumerate(rows(n)):
        f.write((b",\n" if i else b"\n") + as_json(row))
    f.write(b"]}\n")


def dbf(f, n):
    head = 32 + 32 * len(COLUMNS) + 1
    f.write(b"\x03\x7e\x0c\x03" + n.to_bytes(4, "little") + head.to_bytes(2, "little") +
            (1 + sum(WIDTHS)).to_bytes(2, "little") + bytes(20))
    for name, width in zip(COLUMNS, WIDTHS):
        kind, decimals = (b"N", 2) if name == "net" else (b"C", 0)
        f.write(name.encode().ljust(11, b"\0") + kind + bytes(4) + bytes((width, decimals)) + bytes(14))
    f.write(b"\r")
    for row in rows(n):
        f.write(b" " + padded(row))
    f.write(b"\x1a")


def xml(f, n):
    f.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<rows>\n')
    for row in rows(n):
        cells = "".join("<%s>%s</%s>" % (name, text, name) for name, text in zip(COLUMNS, row))
        f.write(("<row>" + cells + "</row>\n").encode())
    f.write(b"</rows>\n")


def xlsx(f, n):
    """As spreadsheets write: amounts are numbers, texts are shared."""
    shared = {}
    with zipfile.ZipFile(f, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", CONTENT_TYPES)
        z.writestr("_rels/.rels", RELATIONS % ("officeDocument", "xl/workbook.xml", "", ""))
        z.writestr("xl/workbook.xml", WORKBOOK)
        z.writestr("xl/_rels/workbook.xml.rels", RELATIONS % ("worksheet", "worksheets/sheet1.xml", *SHARED))
        with z.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(b'<worksheet xmlns="%s"><sheetData>' % MAIN)
            for i, row in enumerate(rows(n), 1):
                cells = "".join('<c r="%s%d"><v>%s</v></c>' % (at, i, text) if name == "net" else
                                '<c r="%s%d" t="s"><v>%d</v></c>' % (at, i, shared.setdefault(text, len(shared)))
                                for at, name, text in zip("ABCDEFGHIJ", COLUMNS, row))
                sheet.write(('<row r="%d">%s</row>' % (i, cells)).encode())
            sheet.write(b"</sheetData></worksheet>")
        with z.open("xl/sharedStrings.xml", "w") as strings:
            strings.write(b'<sst xmlns="%s">' % MAIN)
            for text in shared:
                strings.write(("<si><t>%s</t></si>" % text).encode())
            strings.write(b"</sst>")


MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHARED = ('<Relationship Id="r2" Type="%s/sharedStrings" Target="sharedStrings.xml"/>' % OFFICE, "")
RELATIONS = ('<Relationships xmlns="' + PACKAGE + '/relationships"><Relationship Id="r1" Type="' + OFFICE +
             '/%s" Target="%s"/>%s%s</Relationships>')
WORKBOOK = ('<workbook xmlns="' + MAIN.decode() + '" xmlns:r="' + OFFICE + '"><sheets>'
            '<sheet name="rows" sheetId="1" r:id="r1"/></sheets></workbook>')
CONTENT_TYPES = ('<Types xmlns="' + PACKAGE + '/content-types"><Default Extension="xml" ContentType="application/xml"/>'
                 '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                 '</Types>')
WRITERS = {"delimited": delimited, "fixed": fixed, "lines": lines, "array": array, "dbf": dbf, "xml": xml, "xlsx": xlsx}


# Those of which no row may cost an allocation.
FLAT = ("delimited", "fixed", "lines", "array", "dbf")


def file_name(name):
    return "%s_202612_001.%s" % (name, EXTENSIONS[name])


def write(name, path, n):
    with open(path, "wb") as f:
        WRITERS[name](f, n)


def codec_of(name):
    """codec, charset, settings and columns (cut by commas) as the form has them."""
    with open(os.path.join(FORMS, "adapters/bench/codec", name + ".yaml"), encoding="utf-8") as f:
        text = f.read()
    codec, settings = re.search(r"^codec: \{(\w+): (.*)\}$", text, re.M).groups()
    columns = re.search(r"columns: \[(.*)\]", text).group(1).replace(" ", "")
    return codec, re.search(r"^charset: (.*)$", text, re.M).group(1), settings, columns
