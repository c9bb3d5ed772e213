#!/usr/bin/env python3
"""How much each daemon's unit exposes, as `systemd-analyze security` counts it, and what no unit may lack.

    units_test.py FOLDER_OF_UNITS
"""

import configparser
import json
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

_UNITS = Path(sys.argv.pop(1))
_MOST = {"keyd": 0.5, "renewd": 0.5, "admind": 0.5, "gatewayd": 1.2, "firewall": 1.1}


def _exposure(unit: Path) -> float:
    """From 0 (nothing is exposed) to 10."""
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", str(unit)],
                          capture_output=True, text=True, check=False)
    line = next((line for line in done.stdout.splitlines() if "Overall exposure level" in line), None)
    if line is None:
        raise AssertionError(f"systemd-analyze says nothing of {unit}: {done.stderr}")
    return float(line.partition(": ")[2].split()[0])


def _settings(unit: str) -> dict[str, str]:
    """The last value of each key; enough for keys that stand once."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # keys have capitals
    parser.read(_UNITS / unit)
    return {key: value for section in parser.sections() for key, value in parser[section].items()}


class UnitsTest(unittest.TestCase):
    def test_exposes_no_more_than_agreed(self) -> None:
        for daemon, most in _MOST.items():
            with self.subTest(daemon):
                self.assertLessEqual(_exposure(_UNITS / f"privyseal-{daemon}.service"), most)

    def test_gives_the_firewall_watch_one_capability(self) -> None:
        settings = _settings("privyseal-firewall.service")
        for kind in ("CapabilityBoundingSet", "AmbientCapabilities"):
            self.assertEqual(settings[kind], "CAP_NET_ADMIN")
        self.assertNotEqual(settings["User"], "root")

    def test_knows_what_the_rules_must_be_before_there_is_a_network(self) -> None:
        settings = (_UNITS / "privyseal-set-up.service").read_text()
        self.assertIn("\nBefore=systemd-networkd.service network-pre.target\n", settings)
        self.assertIn("\nAfter=privyseal-verify.service nftables.service\n", settings)
        self.assertIn("\nExecStart=/usr/lib/privyseal/privyseal-firewall load ", settings)

    def test_lets_the_verifier_read_the_kept_file_whatever_a_power_cut_left(self) -> None:
        verifier = _settings("privyseal-verify.service")
        self.assertIn("systemd-tmpfiles-setup.service", verifier["After"])
        with tempfile.TemporaryDirectory() as root:
            kept = Path(root) / "var/lib/privyseal-provision/bundle"
            kept.parent.mkdir(parents=True)
            kept.touch(0o600)
            etc = Path(root) / "etc"
            etc.mkdir()
            for file in ("passwd", "group"):
                shutil.copy(f"/etc/{file}", etc / file)
            subprocess.run(["systemd-tmpfiles", "--create", f"--root={root}", "--prefix=/var/lib/privyseal-provision",
                            str(_UNITS.parent / "tmpfiles.d/privyseal.conf")], check=True)
            self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o640)
            self.assertEqual((kept.owner(), kept.group()), ("root", verifier["SupplementaryGroups"]))

    def test_keeps_the_screen_and_its_claim_code_out_of_the_journal(self) -> None:
        settings = _settings("privyseal-screen.service")
        self.assertEqual((settings["StandardOutput"], settings["TTYPath"]), ("tty", "/dev/console"))
        self.assertEqual(settings["User"], "privyseal-admin", "admind's door knows this user")

    def test_would_notice_a_looser_unit(self) -> None:
        text = (_UNITS / "privyseal-keyd.service").read_text()
        with tempfile.TemporaryDirectory() as folder:
            looser = Path(folder) / "privyseal-keyd.service"
            looser.write_text(text.replace("PrivateNetwork=yes\n", "").replace("CapabilityBoundingSet=\n", ""))
            self.assertGreater(_exposure(looser), _MOST["keyd"])

    def test_has_a_user_for_each_daemon(self) -> None:
        users = {daemon: _settings(f"privyseal-{daemon}.service")["User"] for daemon in _MOST}
        self.assertEqual(len(set(users.values())), len(_MOST), json.dumps(users))

    def test_does_not_try_again_what_asks_for_a_human(self) -> None:
        for daemon in _MOST:
            self.assertEqual(_settings(f"privyseal-{daemon}.service")["RestartPreventExitStatus"], "78", daemon)

    def test_starts_nothing_on_a_box_that_is_not_set_up(self) -> None:
        for daemon in _MOST:
            self.assertIn("\nRequires=privyseal-set-up.service\n",
                          (_UNITS / f"privyseal-{daemon}.service").read_text(), daemon)


if __name__ == "__main__":
    unittest.main(verbosity=0)
