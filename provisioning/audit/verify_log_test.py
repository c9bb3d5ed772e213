#!/usr/bin/env python3
"""The independent verifier, over the log and the tamperings that the C++ campaign left behind.

    verify_log_test.py FOLDER    (firmware/base/audit/tamper_campaign_test.cc)
"""
import functools
import json
import sqlite3
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import verify_log  # noqa: E402

FOLDER = Path(sys.argv.pop(1) if len(sys.argv) > 1 else ".")
KEY = str(FOLDER / "audit.pem")
NOTE = (FOLDER / "checkpoint").read_bytes()
ENTRIES = "SELECT CAST(entry AS BLOB) FROM audit_entry ORDER BY seq"


class Campaign(unittest.TestCase):
    """1,000 tamperings, each done in a transaction that is rolled back."""

    def test_every_tampering_is_found(self) -> None:
        # Two runs of openssl for a note that most tamperings leave alone: once is enough.
        verify_log.signed_text = functools.cache(verify_log.signed_text)
        database = sqlite3.connect(":memory:", isolation_level=None)
        sqlite3.connect(FOLDER / "log.db").backup(database)
        with open(FOLDER / "tamperings.jsonl", encoding="ascii") as lines:
            tamperings = [json.loads(line) for line in lines]
        self.assertEqual(len(tamperings), 1000)
        missed = []
        for tampering in tamperings:
            database.execute("BEGIN IMMEDIATE")
            for statement in tampering["sql"].split(";"):
                database.execute(statement)
            entries = [row[0] for row in database.execute(ENTRIES)]
            database.execute("ROLLBACK")
            try:
                verify_log.verify(entries, bytes.fromhex(tampering["note"]), KEY)
                missed.append(tampering)
            except ValueError:
                pass
        self.assertEqual(missed, [])


class Program(unittest.TestCase):
    """The program as an auditor runs it."""

    def run_it(self, entries: Path, note: Path = FOLDER / "checkpoint", key: Path = FOLDER / "audit.pem"):
        program = [sys.executable, verify_log.__file__, str(entries), str(note), str(key)]
        return subprocess.run(program, capture_output=True, text=True, check=False)

    def lines(self, name: str, entries: list[bytes]) -> Path:
        file = FOLDER / name
        file.write_bytes(b"".join(entry + b"\n" for entry in entries))
        return file

    def test_a_sound_log_is_ok_as_database_and_as_lines(self) -> None:
        entries = verify_log.read_entries(str(FOLDER / "log.db"))
        for file in (FOLDER / "log.db", self.lines("sound.jsonl", entries)):
            ended = self.run_it(file)
            self.assertEqual((ended.returncode, ended.stdout), (0, "ok 10000\n"), ended.stderr)

    def test_entries_behind_the_checkpoint_are_not_vouched_for_but_in_order(self) -> None:
        entries = verify_log.read_entries(str(FOLDER / "log.db"))
        more = self.lines("more.jsonl", entries + [b'{"v":1,"seq":10000,"later":1}'])
        self.assertEqual(self.run_it(more).stdout, "ok 10000\n")
        gap = self.lines("gap.jsonl", entries + [b'{"v":1,"seq":10001,"later":1}'])
        self.assertIn("entry 10000 is missing", self.run_it(gap).stderr)

    def test_what_is_wrong_is_said(self) -> None:
        entries = verify_log.read_entries(str(FOLDER / "log.db"))
        cut = self.run_it(self.lines("cut.jsonl", entries[:9000]))
        self.assertEqual(cut.returncode, 1)
        self.assertIn("entry 9000 is missing: the checkpoint covers 10000", cut.stderr)
        swapped = self.run_it(self.lines("swapped.jsonl", [entries[1], entries[0], *entries[2:]]))
        self.assertIn("entry 0 is missing, or another stands in its place", swapped.stderr)
        self.assertIn("not ok", self.run_it(self.lines("empty.jsonl", [])).stderr)

    def test_another_key_vouches_for_nothing(self) -> None:
        other = FOLDER / "other.pem"
        private = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
                                 capture_output=True, check=True).stdout
        other.write_bytes(subprocess.run(["openssl", "pkey", "-pubout"], input=private, capture_output=True,
                                         check=True).stdout)
        ended = self.run_it(FOLDER / "log.db", key=other)
        self.assertEqual(ended.returncode, 1)
        self.assertIn("not signed by the audit key", ended.stderr)

    def test_garbage_is_refused(self) -> None:
        for content in (b"", b"\n\n", b"a\n\nb c d", NOTE[:-5], NOTE + NOTE, b"\xff" * 100, b" "):
            note = FOLDER / "garbage"
            note.write_bytes(content)
            ended = self.run_it(FOLDER / "log.db", note=note)
            self.assertEqual(ended.returncode, 1, content)
            self.assertNotIn("Traceback", ended.stderr)


class Tree(unittest.TestCase):
    """Roots of the reference tree of RFC 6962's implementations, as in merkle_test.cc."""

    def test_roots(self) -> None:
        leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
        self.assertEqual(verify_log.root_of(leaves[:1]).hex(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")
        self.assertEqual(verify_log.root_of(leaves[:5]).hex(), "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4")
        self.assertEqual(verify_log.root_of(leaves).hex(), "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c")


if __name__ == "__main__":
    unittest.main()
