#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the workbooks of the cases of asset/xlsx and subsidy/xlsx, always the same bytes.

    make_workbooks.py [--check]

--check writes nothing and says which are not as they would be made. Persons, accounts and units are synthetic.
"""
import io
import pathlib
import sys
import xml.sax.saxutils
import zipfile

ADAPTERS = pathlib.Path(__file__).resolve().parents[2] / "adapters"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CONTENT = "application/vnd.openxmlformats-officedocument.spreadsheetml."

# Style 1 is a date, style 2 an amount with commas and two decimals: what people see of a number.
STYLES = f"""{XML}<styleSheet xmlns="{MAIN}"><fonts count="1"><font><sz val="11"/></font></fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/></border></borders>\
<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="14" applyNumberFormat="1"/>\
<xf numFmtId="4" applyNumberFormat="1"/></cellXfs></styleSheet>"""


class Cell:
    """Something else than a text or nothing: a number as it is written in the file, a formula, an error."""
    def __init__(self, value=None, style=0, formula=None, kind=None):
        self.value, self.style, self.formula, self.kind = value, style, formula, kind


def number(text):
    return Cell(text)


def amount(text, formula=None):
    return Cell(text, style=2, formula=formula)


def date(text):
    return Cell(text, style=1)


def error(text):
    return Cell(text, kind="e", formula="1/0")


def column_name(i):
    return chr(ord("A") + i)


class Book:
    """Sheets of rows; a row is a list of cells, None for one that was never touched."""
    def __init__(self):
        self.texts, self.sheets = [], []

    def text(self, text):
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)

    def cell(self, place, cell):
        if cell is None:
            return ""
        if isinstance(cell, str):
            return f'<c r="{place}" t="s"><v>{self.text(cell)}</v></c>'
        style = f' s="{cell.style}"' if cell.style else ""
        kind = f' t="{cell.kind}"' if cell.kind else ""
        formula = f"<f>{xml.sax.saxutils.escape(cell.formula)}</f>" if cell.formula else ""
        value = "" if cell.value is None else f"<v>{cell.value}</v>"
        return f'<c r="{place}"{style}{kind}>{formula}{value}</c>'

    def sheet(self, name, rows, hidden=(), merged=(), state="visible"):
        """rows: {number: cells}. hidden: numbers of rows that a filter hides."""
        body = ""
        for line, cells in sorted(rows.items()):
            inside = "".join(self.cell(f"{column_name(i)}{line}", cell) for i, cell in enumerate(cells))
            body += f'<row r="{line}"{" hidden=" + chr(34) + "1" + chr(34) if line in hidden else ""}>{inside}</row>'
        merges = "".join(f'<mergeCell ref="{ref}"/>' for ref in merged)
        merges = f'<mergeCells count="{len(merged)}">{merges}</mergeCells>' if merged else ""
        self.sheets.append((name, state, f'{XML}<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{merges}</worksheet>'))
        return self

    def parts(self):
        numbers = range(1, len(self.sheets) + 1)
        yield "[Content_Types].xml", (
            f'{XML}<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
            'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{CONTENT}sheet.main+xml"/>'
            + "".join(f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{CONTENT}worksheet+xml"/>' for n in numbers)
            + f'<Override PartName="/xl/styles.xml" ContentType="{CONTENT}styles+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{CONTENT}sharedStrings+xml"/></Types>')
        yield "_rels/.rels", relations([("officeDocument", "xl/workbook.xml")])
        yield "xl/workbook.xml", (
            f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
            + "".join(f'<sheet name="{name}" sheetId="{n}" state="{state}" r:id="rId{n}"/>'
                      for n, (name, state, _) in zip(numbers, self.sheets)) + "</sheets></workbook>")
        yield "xl/_rels/workbook.xml.rels", relations(
            [("worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
            + [("styles", "styles.xml"), ("sharedStrings", "sharedStrings.xml")])
        for n, (_, _, text) in zip(numbers, self.sheets):
            yield f"xl/worksheets/sheet{n}.xml", text
        yield "xl/styles.xml", STYLES
        yield "xl/sharedStrings.xml", (
            f'{XML}<sst xmlns="{MAIN}">' + "".join(f'<si><t xml:space="preserve">{xml.sax.saxutils.escape(text)}</t></si>'
                                                   for text in self.texts) + "</sst>")

    def bytes(self):
        """Parts are stored, not deflated: what deflating makes is another thing in each version of the library."""
        to = io.BytesIO()
        with zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as archive:
            for name, text in self.parts():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode())
        return to.getvalue()


def relations(targets):
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">' + "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)) + "</Relationships>"


# ---- asset/xlsx ----

CARD = ["资产编号", "资产代码", "类别代码", "资产名称", "取得方式", "规格型号", "计量单位", "取得日期", "入账日期", "价值类型", "账面数量", "账面原值",
        "累计折旧", "账面净值", "使用状况", "存放地点", "使用部门", "使用人", "权属性质", "入账形式", "单位"]


def card(**other):
    row = {"资产编号": "602001-2026-000017", "资产代码": "000017", "类别代码": "A02010104", "资产名称": "机架式服务器", "取得方式": "购置",
           "规格型号": "2U 双路", "计量单位": "台", "取得日期": date("46357"), "入账日期": date("46361"), "价值类型": "原值", "账面数量": number("1"),
           "账面原值": amount("48600"), "累计折旧": amount("0"), "账面净值": amount("48600", "L4-M4"), "使用状况": "在用", "存放地点": "三楼机房",
           "使用部门": "信息中心", "使用人": "王珅", "权属性质": "国有", "入账形式": "财务账", "单位": "602001 呼伦贝尔市某单位一"}
    return {**row, **other}


SCHOOL = dict(资产编号="603002-2020-000003", 资产代码="000003", 资产名称="台式计算机", 规格型号="-", 取得日期=date("43983"), 入账日期=date("44012"),
              账面原值=amount("4599"), 累计折旧=amount("4599"), 账面净值=amount("0"), 使用状况="超期使用", 存放地点="教务处", 使用部门="教务处",
              使用人="乌云其其格", 单位="603002　牙克石市某学校二")


def cards(rows, total, columns=tuple(CARD), more=None, name="资产卡片", original="账面原值", **how):
    """Titles in rows 1 and 2, the header row in 3, the cards, the total."""
    columns = list(columns)
    sheet = {1: ["固定资产卡片明细表"], 2: ["编制单位：呼伦贝尔市财政局"] + [None] * (len(columns) - 2) + ["单位：元"], 3: columns + list(more or [])[:1]}
    for line, row in enumerate(rows, 4):
        sheet[line] = [row[column] for column in columns] + list(more or [])[1:]
    line = 4 + len(rows)
    if total is not None:
        sheet[line] = [None] * len(columns)
        sheet[line][columns.index("资产编号")] = "合计"
        sheet[line][columns.index(original)] = total
    last = column_name(len(columns) - 1)
    return Book().sheet(name, sheet, merged=[f"A1:{last}1", f"A2:{column_name(len(columns) - 2)}2"], **how)


def asset_cases():
    two = [card(), card(**SCHOOL)]
    yield "cards_under_merged_titles", cards(two, amount("53199", "SUM(L4:L5)"))
    yield "dates_as_serials_and_as_texts", cards([
        card(资产编号="1"), card(资产编号="2", 入账日期="2026-12-05"), card(资产编号="3", 入账日期=" 2026/12/5", 取得日期="-"),
        card(资产编号="4", 入账日期="2026年12月5日"), card(资产编号="5", 入账日期=number("46361.5")), card(资产编号="6", 入账日期=date("60")),
        card(资产编号="7", 入账日期=number("20261205")), card(资产编号="8", 入账日期=None)], amount("388800"))
    yield "code_clash_of_two_editions", cards([card(资产编号="1", 入账日期=date("44926")), card(资产编号="2", 入账日期=date("44927"))],
                                              amount("97200"))
    yield "amounts_as_spreadsheets_keep_them", cards([
        card(资产编号="1", 账面原值=amount("4234.5699999999997")), card(资产编号="2", 账面原值=amount("1.23456789E7")),
        card(资产编号="3", 账面原值=amount("14204796.489999998")), card(资产编号="4", 账面原值="￥1,234.50", 账面净值="(0.50)")], amount("26555944.460000001"))
    yield "codes_as_numbers", cards([
        card(资产编号=number("17"), 资产代码=number("17.0"), 使用状况=number("1"), 单位=number("602001.0"), 账面数量=number("1.0")),
        card(资产编号=number("6020012026000017000"), 使用状况=number("1"))], amount("97200"))
    yield "errors_matter_where_they_are_read", cards([card(资产编号="1")], amount("48600"), more=["折旧率", error("#DIV/0!")])
    yield "an_error_in_an_amount", cards([card(资产编号="1"), card(资产编号="2", 账面原值=error("#REF!")), card(资产编号="3", 账面净值=error("#N/A"))],
                                         amount("97200"))
    yield "a_total_that_nobody_has_computed", cards([card()], Cell(style=2, formula="SUM(L4:L4)"))
    yield "total_missing", cards(two, None)
    yield "total_says_another_sum", cards(two, amount("53198.989999999998"))
    yield "filtered_rows_are_cards", cards(two, amount("53199"), hidden=[5])
    yield "header_drift_other_order_and_names", cards(
        [{("资产分类代码" if k == "类别代码" else "原值" if k == "账面原值" else k): v for k, v in row.items()} for row in two], amount("53199"),
        ["单位"] + [{"类别代码": "资产分类代码", "账面原值": "原值"}.get(name, name) for name in CARD[:-1]],
        original="原值")
    yield "sheet_renamed", cards(two, amount("53199"), name="资产卡片 (2)")
    yield "cut_off_in_transfer", cards(two, amount("53199")).bytes()[:-100]
    yield "an_old_workbook_by_another_name", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(24) + "Workbook".encode("utf-16-le")).ljust(512, b"\0")
    yield "locked_with_a_password", (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(24)
                                     + "EncryptedPackage".encode("utf-16-le")).ljust(512, b"\0")


# ---- subsidy/xlsx ----

PERSON = ["序号", "发放单位", "区划代码", "村组", "组别", "户编号", "户主姓名", "身份证号", "与户主关系", "联系电话", "补贴面积", "计量单位", "补贴标准", "补贴金额",
          "一卡通账号", "开户行", "次数", "备注"]


def person(no, **other):
    row = {"序号": number(no), "发放单位": "605001 牙克石市某苏木一", "区划代码": number("150782100"), "村组": "某嘎查", "组别": "1组", "户编号": "15078210000017",
           "户主姓名": "乌云其其格", "身份证号": "150782198001010019", "与户主关系": "户主", "联系电话": number("13900000000"), "补贴面积": number("12.5"),
           "计量单位": "亩", "补贴标准": number("103.58"), "补贴金额": amount("1294.75"), "一卡通账号": "6228480600000000023", "开户行": "103",
           "次数": number("1"), "备注": None}
    return {**row, **other}


SECOND = dict(户编号="-", 户主姓名="王珅", 身份证号="150782800101001", 与户主关系="-", 联系电话=None, 补贴面积=number("3"), 补贴标准=number("100"),
              补贴金额=amount("300"), 一卡通账号="6222 0206 0000 0000 015", 开户行="102196400016")


def roster_rows(people, total, columns=tuple(PERSON)):
    sheet = {1: ["耕地地力保护补贴发放花名册"], 2: ["牙克石市某苏木", None, None, date("46361")], 4: list(columns)}
    for line, row in enumerate(people, 5):
        sheet[line] = [row[column] for column in PERSON]
    if total is not None:
        sheet[5 + len(people)] = ["合计"] + [None] * 12 + [total]
    return sheet


def roster(people, total, **how):
    return Book().sheet("Sheet1", roster_rows(people, total), merged=["A1:R1", "A2:C2", f"A{5 + len(people)}:C{5 + len(people)}"], **how)


def subsidy_cases():
    two = [person("1"), person("2", **SECOND)]
    yield "a_roster_under_merged_titles", roster([person("1", 备注="2026年度"), person("2", **SECOND)], amount("1594.75", "SUM(N5:N6)"))
    yield "identity_15_digits_as_a_number_is_whole", roster([person("1"), person("2", **{**SECOND, "身份证号": number("150782800101001")})],
                                                            amount("1594.75"))
    yield "identity_as_a_number_has_lost_its_end", roster([person("1", 身份证号=number("1.50782198001010016E+17")), person("2", **SECOND)],
                                                          amount("1594.75"))
    yield "account_as_a_number_has_lost_its_end", roster([person("1", 一卡通账号=number("6228480600000000000")), person("2", **SECOND)],
                                                         amount("1594.75"))
    yield "account_in_exponent_notation_as_text", roster([person("1", 一卡通账号="6.22848E+18"), person("2", 身份证号="1.50782E+17")],
                                                         amount("2589.5"))
    yield "identity_with_a_small_x_is_the_same_person", roster(
        [person("1", 身份证号="15078219750315005X"), person("2", 身份证号=" 15078219750315005x", 次数=number("2"))], amount("2589.5"))
    yield "amounts_computed_by_formulas", roster(
        [person("1", 补贴金额=amount("1294.7499999999998", "K5*M5")), person("2", **{**SECOND, "补贴金额": amount("300.0", "K6*M6")})],
        amount("1594.7499999999998", "SUM(N5:N6)"))
    yield "an_amount_that_is_shown_rounded", roster([person("1", 补贴金额=amount("344.9214", "3.33*M5")), person("2", **SECOND)], amount("644.92"))
    yield "a_formula_that_nobody_has_computed", roster([person("1", 补贴金额=amount(None, "K5*M5")), person("2", **SECOND)], amount("1594.75"))
    yield "total_missing", roster(two, None)
    yield "total_says_another_sum", roster(two, amount("1594.74"))
    yield "total_followed_by_signatures", Book().sheet("Sheet1", {**roster_rows(two, amount("1594.75")), 9: ["经办人：", None, None, "复核："]})
    yield "a_note_beside_the_table", Book().sheet("Sheet1", {**roster_rows([person("1")], amount("1294.75")),
                                                             5: [person("1")[c] for c in PERSON] + ["已核"]})
    yield "sheet_renamed_behind_a_hidden_one", Book().sheet("参数", {1: ["1"]}, state="hidden").sheet(
        "花名册(终版)", roster_rows(two, amount("1594.75")))
    yield "empty_rows_between_and_filtered_ones", Book().sheet(
        "Sheet1", {**roster_rows([person("1")], None), 7: [""], 9: [person("2", **SECOND)[c] for c in PERSON], 12: ["合计"] + [None] * 12
                   + [amount("1594.75")]}, hidden=[9])
    yield "no_workbook_but_a_page", "<html><table><tr><td>序号</td></tr></table></html>".encode()


def books():
    for folder, name, cases in (("asset/xlsx/cases/cards", "zckp_20261231.xlsx", asset_cases()),
                                ("subsidy/xlsx/cases/roster", "bt_BT001_20261205_001.xlsx", subsidy_cases())):
        for case, book in cases:
            yield ADAPTERS / folder / case / name, book if isinstance(book, bytes) else book.bytes()


def main(check):
    wrong = []
    for path, made in books():
        if check:
            if not path.exists() or path.read_bytes() != made:
                wrong.append(path.relative_to(ADAPTERS).as_posix())
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made)
    print("\n".join(wrong) or "workbooks of the cases are as they are made")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:] == ["--check"]))
