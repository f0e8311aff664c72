# SPDX-License-Identifier: Apache-2.0
"""A workbook of one sheet, as a spreadsheet program saves it, and the cells of one."""
import io
import re
import xml.etree.ElementTree as xml
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
RELATIONS = "application/vnd.openxmlformats-package.relationships+xml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def letters(column):
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def write(sheet, rows, numbers):
    """rows of texts; those of the columns in numbers are number cells where they are plain numbers."""
    shared, out = {}, []
    for r, cells in enumerate(rows, 1):
        parts = []
        for c, text in enumerate(cells):
            at = f"{letters(c)}{r}"
            if c in numbers and re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", text):
                parts.append(f'<c r="{at}"><v>{text}</v></c>')
            elif text and (r + c) % 3:
                parts.append(f'<c r="{at}" t="s"><v>{shared.setdefault(text, len(shared))}</v></c>')
            elif text:
                parts.append(f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>')
        out.append(f'<row r="{r}">{"".join(parts)}</row>')
    texts = "".join(f'<si><t xml:space="preserve">{escaped(text)}</t></si>' for text in shared)
    files = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType='
        f'"{RELATIONS}"/><Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{OFFICE}/'
        'officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="{sheet}" sheetId="1" '
        'r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type='
        f'"{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{OFFICE}/sharedStrings" '
        'Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(out)}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="{len(shared)}" uniqueCount="{len(shared)}">{texts}</sst>',
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in files.items():
            z.writestr(zipfile.ZipInfo(name), (HEAD + text).encode(), zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def read(content):
    """Rows of texts; what is left out in a row is empty."""
    with zipfile.ZipFile(io.BytesIO(content)) as z:
        shared = ["".join(si.itertext()) for si in xml.fromstring(z.read("xl/sharedStrings.xml"))]
        rows = xml.fromstring(z.read("xl/worksheets/sheet1.xml"))[0]
    for row in rows:
        cells = {}
        for c in row:
            text = "".join(c.itertext())
            cells[re.match("[A-Z]+", c.get("r"))[0]] = shared[int(text)] if c.get("t") == "s" else text
        last = max((sum(26 ** i * (ord(x) - 64) for i, x in enumerate(reversed(at))) for at in cells), default=0)
        yield [cells.get(letters(i), "") for i in range(last)]
