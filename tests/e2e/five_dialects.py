#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One row in five dialects: the same payments as commas, as '|', in fixed widths, as JSON and with implied decimals.

    five_dialects.py PROGRAM

What the dialects share must come out equal, to the byte. Dialects whose codec the program does not have are named and left
out. All persons, accounts and units are synthetic; check digits are valid.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

UNIT, UNIT_NAME, DAY, BANK, TREASURY = "602001", "呼伦贝尔市某单位一", "20261205", "103196000015", "1507000001"
FUNC, ECON = "2130101", "50201"

# Name, account, fen. 珅 ends in the byte of '|'; 䶮 is in GB18030 alone; 㛃 and 𬱖 hold digits as bytes; 匼 ends in '\'.
PAYMENTS = [
    ("王珅", "6222020600000000015", 123450),
    ("张䶮", "6222020600000000023", 1),
    ("李㛃", "6222020600000000031", 9999999999),
    ("赵𬱖", "6222020600000000049", 300000),
    ("匼某", "6222020600000000056", 10),
    ("斯琴·图雅", "6222020600000000064", 100),
]
SHARED = ("name", "account", "amount", "currency", "unit", "businessdate", "bank")
ORDERS = ("exp_func", "exp_eco_gov", "mode", "voucher_no", "fiscal_year")      # of the two that are orders

# Fixed widths have no form of their own for these layouts; these are the test's.
FIXED = """
form: in
event: payroll.line.v1
nature: instruction
release: record
charset: gb18030
file: {{name: "{stem}_{{unit:6}}_{{date:yyyyMMdd}}.txt"}}
codec: {{fixed: {{widths: {{line: {widths}}}, end: any}}}}
kinds:
  line: {{columns: [name, account, amount, postscript]}}
fiscal_year: file.date
identity: {{document: [site.division, file.unit, file.date, {{keyed: line.account}}]}}
content: [data.payee.name, data.net]
key: data.unit
map:
  month: {{from: file.date, as: yyyy-MM-dd}}
  businessdate: file.date
  unit: {{from: file.unit, lookup: units}}
  payee.name: line.name
  payee.account: {{from: line.account, check: account}}
  payee.bank: {{value: "103196000015"}}
  net: {{from: line.amount, as: {reading}, check: positive}}
  currency: {{value: CNY}}
"""


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


def comma(folder):
    rows = [f"{TREASURY},150700101,,{UNIT},{UNIT_NAME},{account},1,{FUNC},{ECON},,1,{yuan(fen)},{i:08},{name},{BANK},办公费"
            for i, (name, account, fen) in enumerate(PAYMENTS, 1)]
    return "payment/front/orders", put(folder, f"{DAY}01170.txt", rows, "gb18030")


def id_no(i):
    first = f"150702198001010{i:02}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return first + "10X98765432"[sum(int(d) * w for d, w in zip(first, weights)) % 11]


def pipe(folder):
    rows = [f"H|0001|{DAY}|{UNIT}|103|1|{len(PAYMENTS)}|{yuan(sum(p[2] for p in PAYMENTS))}"]
    rows += [f"{i:04}|{name}|{yuan(fen)}|{account}|{UNIT}|01|{id_no(i)}|1"
             for i, (name, account, fen) in enumerate(PAYMENTS, 1)]
    return "payroll/pipe", put(folder, f"gz_{DAY[:6]}_001.txt", rows, "gb18030")


def padded(text, width):
    data = text.encode("gb18030")
    return data + b" " * (width - len(data))


def own_form(folder, name, **how):
    path = folder / "adapters" / "test" / name / "rows.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(FIXED.format(stem=name, **how), encoding="utf-8")
    return f"test/{name}"


def fixed(folder):
    form = own_form(folder, "wide", widths="[60, 30, 18 right, 30]", reading="yuan")
    path = folder / f"wide_{UNIT}_{DAY}.txt"
    path.write_bytes(b"".join(padded(name, 60) + padded(account, 30) + yuan(fen).rjust(18).encode() + b" " * 30 + b"\n"
                              for name, account, fen in PAYMENTS))
    return form, path


def implied(folder):
    form = own_form(folder, "cobol", widths="[60, 32, 17 right, 20]", reading="li")
    path = folder / f"cobol_{UNIT}_{DAY}.txt"
    path.write_bytes(b"".join(padded(name, 60) + padded(account, 32) + b"%017d" % (fen * 10) + b" " * 20 + b"\n"
                              for name, account, fen in PAYMENTS))
    return form, path


def rows_of_json(folder):
    rows = [json.dumps({"mof_div_code": "150700000", "fiscal_year": DAY[:4], "pay_cert_no": f"{i:08}", "vou_date": DAY,
                        "update_time": DAY + "093015123", "pay_type_code": "11", "agency_code": UNIT,
                        "agency_name": UNIT_NAME, "pay_acct_no": "1507820000000000019", "payee_acct_no": account,
                        "payee_acct_name": name, "payee_acct_bank_no": BANK, "exp_func_code": FUNC,
                        "gov_bgt_eco_code": ECON, "fund_type_code": "111", "amt": yuan(fen), "is_deleted": 2},
                       ensure_ascii=i % 2 == 0) for i, (name, account, fen) in enumerate(PAYMENTS, 1)]
    return "payment/yth", put(folder, f"yth_{DAY}_001.jsonl", rows, "utf-8")


def put(folder, name, rows, charset):
    path = folder / name
    path.write_bytes("".join(row + "\n" for row in rows).encode(charset))
    return path


def events(program, folder, form, path):
    """The events that the program shows; None when it does not have the codec."""
    env = {k: v for k, v in os.environ.items() if k != "JINCAI_SITE"}
    got = subprocess.run([program, "try", path, "--form", form, "--library", folder, "--lang", "en"], cwd=folder, env=env,
                         capture_output=True, check=False)
    if b"[form.codec]" in got.stderr:
        return None
    assert got.returncode == 0, f"{form}: exit {got.returncode}\n{got.stderr.decode()}{got.stdout.decode()}"
    return [json.loads(line) for line in got.stdout.decode().splitlines()]


def shared_fields(event):
    data = event["data"]
    ret = {"name": data["payee"]["name"], "account": data["payee"]["account"], "bank": data["payee"].get("bank"),
           "amount": data.get("amount", data.get("net"))}
    ret.update((k, data.get(k)) for k in ("currency", "unit", "businessdate", *ORDERS))
    for envelope in ("unit", "businessdate", "bank"):
        assert event[envelope] == ret[envelope], f"{envelope} of the envelope: {event}"
    return ret


def wanted(i):
    name, account, fen = PAYMENTS[i]
    return {"name": name, "account": account, "amount": yuan(fen), "currency": "CNY", "unit": UNIT,
            "businessdate": "2026-12-05", "bank": BANK, "exp_func": FUNC, "exp_eco_gov": ECON, "mode": "direct",
            "voucher_no": f"{i + 1:08}", "fiscal_year": "2026"}


def check(label, got):
    assert len(got) == len(PAYMENTS), f"{label}: {len(got)} events of {len(PAYMENTS)} payments"
    for i, event in enumerate(got):
        fields, want = shared_fields(event), wanted(i)
        for key in SHARED + (ORDERS if event["type"].startswith("payment.order.") else ()):
            assert fields[key] == want[key], f"{label}, payment {i + 1}, {key}: want {want[key]!r}, got {fields[key]!r}"
    ids = {event["id"] for event in got}
    assert len(ids) == len(PAYMENTS), f"{label}: {len(ids)} ids of {len(PAYMENTS)} payments"


def main(program):
    program = pathlib.Path(program).resolve()
    dialects = (("commas", comma), ("bars", pipe), ("fixed widths", fixed), ("JSON", rows_of_json),
                ("implied decimals", implied))
    failed = compared = 0
    with tempfile.TemporaryDirectory() as name:
        for label, make in dialects:
            folder = pathlib.Path(name) / make.__name__
            folder.mkdir()
            form, path = make(folder)
            try:
                got = events(program, folder, form, path)
                if got is None:
                    print(f"left out  {label}: the program has no such codec")
                    continue
                check(label, got)
                compared += 1
                print(f"ok        {label}: {len(got)} payments by {form}")
            except (AssertionError, KeyError, ValueError) as e:
                failed += 1
                print(f"FAILED    {label}: {e!r}" if not isinstance(e, AssertionError) else f"FAILED    {e}")
    if compared + failed < 2:
        print("FAILED    fewer than two dialects were compared")
        failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
