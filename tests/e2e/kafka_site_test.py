#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The site file of a site on Kafka: what `jincai check` says of `bus: kafka:` and of the section `kafka:`. No broker is needed.

    kafka_site_test.py JINCAI
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from small_site import SITE_FILE as TEST, Site  # noqa: E402

PROGRAM = pathlib.Path("build/release/bin/jincai")
PRODUCTION = TEST.replace(" kind: test,", "")
SECRET = "a-secret-that-nobody-may-see"


def openssl(folder, *args):
    subprocess.run(["openssl", *args], cwd=folder, check=True, capture_output=True, stdin=subprocess.DEVNULL)


class KafkaSiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.made.cleanup)
        for name in ("one", "two"):
            openssl(cls.made.name, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                    "-keyout", f"{name}.key", "-out", f"{name}.pem")
        openssl(cls.made.name, "rsa", "-aes256", "-passout", "pass:x", "-in", "one.key", "-out", "locked.key")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.site = Site(folder.name, PROGRAM, PRODUCTION)
        for path in pathlib.Path(self.made.name).iterdir():
            self.put(path.name, path.read_bytes())
        self.put("password", f"{SECRET}\n".encode())

    def put(self, name, content, mode=0o600):
        path = self.site.root / name
        path.write_bytes(content)
        os.chmod(path, mode)

    def check(self, section=None, bus="kafka:broker-1:9092,broker-2:9092", text=PRODUCTION):
        text = text.replace("embedded:./bus", bus)
        self.site.write(text + (f"kafka: {section}\n" if section is not None else ""))
        got = self.site.call("check", "--lang", "en")
        self.assertNotIn(SECRET, got.out + got.err)
        return got

    def codes(self, *args, **more):
        got = self.check(*args, **more)
        return got.code, re.findall(r" \[([a-z_.]+)\]$", got.err, re.MULTILINE)

    def test_only_the_line_of_the_bus_differs(self):
        self.assertEqual(self.codes(bus="embedded:./bus"), (0, []))
        self.assertEqual(self.codes("{ca: one.pem}"), (0, []))
        self.assertEqual(self.codes("{folder: ./here, prefix: nm., ca: one.pem, certificate: one.pem, key: one.key, keep_days: 800}"),
                         (0, []))
        self.assertEqual(self.codes("{ca: one.pem, mechanism: PLAIN, user: jincai, password: password}"), (0, []))

    def test_brokers_are_hosts_with_ports(self):
        for bus in ("kafka:a.b-c_d:1", "kafka:10.0.0.1:9092,10.0.0.2:65535", "'kafka:[::1]:9092'"):
            with self.subTest(bus):
                self.assertEqual(self.codes("{ca: one.pem}", bus=bus), (0, []))
        for bus in ("'kafka:'", "kafka:broker", "'kafka:broker:'", "kafka:broker:0", "kafka:broker:65536", "'kafka:a:1,'",
                    "'kafka:,a:1'", "'kafka:a:1,,b:2'", "kafka:a b:1", "kafka:a:1x", "kafka://a:1", "'embedded:'", "file:./bus"):
            with self.subTest(bus):
                code, codes = self.codes("{ca: one.pem}", bus=bus)
                self.assertEqual((code, [c for c in codes if c == "bus.url"]), (3, ["bus.url"]))

    def test_an_address_that_is_none_names_both_kinds(self):
        got = self.check(bus="kafka:broker")
        self.assertIn("embedded:FOLDER or kafka:HOST:PORT", got.err)

    def test_the_section_belongs_to_kafka_alone(self):
        self.assertEqual(self.codes("{ca: one.pem}", bus="embedded:./bus"), (3, ["site.kafka_none"]))
        self.assertEqual(self.codes("{ca: one.pem, retention: 3}"), (3, ["conf.unknown_key"]))
        self.assertEqual(self.codes("3"), (3, ["site.kafka_open", "conf.type"]))

    def test_files_are_there_and_are_what_they_should_be(self):
        for section, want in (
                ("{ca: none.pem}", ["file.missing"]),
                ("{ca: one.key}", ["pem.certificate"]),
                ("{ca: password}", ["pem.certificate"]),
                ("{ca: one.pem, certificate: one.key, key: one.key}", ["pem.certificate"]),
                ("{certificate: one.pem, key: none.key}", ["file.missing"]),
                ("{certificate: one.pem, key: one.pem}", ["pem.key"]),
                ("{certificate: one.pem, key: locked.key}", ["pem.key"]),
                ("{certificate: one.pem, key: two.key}", ["pem.pair"]),
                ("{ca: one.pem, mechanism: PLAIN, user: jincai, password: none}", ["file.missing"])):
            with self.subTest(section):
                self.assertEqual(self.codes(section), (3, want))
        self.put("torn.pem", (self.site.root / "one.pem").read_bytes() + b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        got = self.check("{ca: torn.pem}")
        self.assertIn("certificate 2 in", got.err)

    def test_the_one_is_of_no_use_without_the_other(self):
        for section in ("{certificate: one.pem}", "{ca: one.pem, key: one.key}",
                        "{ca: one.pem, mechanism: PLAIN, user: jincai}", "{ca: one.pem, user: jincai, password: password}"):
            with self.subTest(section):
                self.assertEqual(self.codes(section), (3, ["site.kafka_half"]))
        got = self.check("{ca: one.pem, user: jincai, mechanism: PLAIN}")
        self.assertIn("has user and lacks password", got.err)

    def test_what_everybody_can_read_is_no_secret(self):
        login = "{ca: one.pem, mechanism: PLAIN, user: jincai, password: password}"
        for mode, want in ((0o640, (0, [])), (0o400, (0, [])), (0o604, (5, ["site.kafka_secret"])), (0o602, (5, ["site.kafka_secret"]))):
            with self.subTest(oct(mode)):
                os.chmod(self.site.root / "password", mode)
                self.assertEqual(self.codes(login), want)
        os.chmod(self.site.root / "one.key", 0o644)
        self.assertEqual(self.codes("{certificate: one.pem, key: one.key}"), (5, ["site.kafka_secret"]))

    def test_a_file_without_a_password_is_found_before_the_brokers_refuse(self):
        for content in (b"", b"\n", b"  \r\n"):
            self.put("password", content)
            self.assertEqual(self.codes("{ca: one.pem, mechanism: PLAIN, user: jincai, password: password}"), (3, ["site.kafka_empty"]))

    def test_mechanisms_are_three_and_scram_is_remarked_on(self):
        login = "{ca: one.pem, mechanism: NAME, user: jincai, password: password}"
        for name in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            self.assertEqual(self.codes(login.replace("NAME", name)), (0, ["site.kafka_scram"]))
        self.assertEqual(self.codes(login.replace("NAME", "GSSAPI"))[0], 3)

    def test_an_open_line_is_remarked_on_and_carries_no_password_but_in_tests(self):
        self.assertEqual(self.codes(), (0, ["site.kafka_open"]))
        self.assertEqual(self.codes("{mechanism: PLAIN, user: jincai, password: password}"), (5, ["site.kafka_clear"]))
        for folder in ("keys", "in/payroll", "in/lambeth", "out/abc", "out/units"):
            (self.site.root / folder / ".jincai-test").touch()
        self.assertEqual(self.codes("{mechanism: PLAIN, user: jincai, password: password}", text=TEST), (0, []))
        self.assertEqual(self.codes(text=TEST), (0, []))

    def test_a_prefix_becomes_part_of_names(self):
        for prefix in ("Nm.", "'a/b'", "'a b'", "x" * 41, "市"):
            with self.subTest(prefix):
                self.assertEqual(self.codes(f"{{ca: one.pem, prefix: {prefix}}}"), (3, ["site.kafka_prefix"]))

    def test_a_folder_of_another_host_is_remarked_on(self):
        (self.site.root / "in/lambeth").rmdir()
        self.assertEqual(self.codes("{ca: one.pem}"), (0, ["site.elsewhere"]))
        self.assertEqual(self.codes(bus="embedded:./bus"), (3, ["file.missing"]))

    def test_who_hands_over_money_runs_with_who_lets_it_go(self):
        self.check("{ca: one.pem}")
        for names in (("bank-abc",), ("payroll-a", "units", "bank-abc")):
            got = self.site.call("run", *names)
            self.assertEqual((got.code, got.codes), (2, {"run.money_apart"}), got)

    def test_only_from_another_host_something_can_be_taken_over(self):
        self.check(bus="embedded:./bus")
        got = self.site.call("run", "--take-over", "--until-idle")
        self.assertEqual((got.code, got.codes), (2, {"run.no_take_over"}), got)
        self.assertFalse((self.site.root / "bus").exists())

    def test_the_anchor_lies_outside_of_the_folder_of_this_bus(self):
        for section, anchor, want in (("{ca: one.pem}", "./bus/anchor", (5, ["site.anchor"])),
                                      ("{ca: one.pem, folder: ./here}", "./bus/anchor", (0, [])),
                                      ("{ca: one.pem, folder: here}", "./here/anchor", (5, ["site.anchor"]))):
            with self.subTest(anchor):
                self.assertEqual(self.codes(section, text=PRODUCTION + f"audit: {{anchor: {anchor}}}\n"), want)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAM = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
