"""A lab as a person meets it: up until Ctrl-C, never half alive, never left behind.

    lab_test.py BUILD_FOLDER LAB_FOLDER
"""

import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import unittest
from pathlib import Path
from typing import Callable

_LAB = Path(__file__).with_name("lab.py")
_BUILD, _TOP = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))


def _wait(what: str, ready: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(address.partition(":")[2])), timeout=5).close()
        return True
    except OSError:
        return False


class Lab:
    """A running ./dev demo without its door."""

    def __init__(self, build: Path = _BUILD) -> None:
        _TOP.parent.mkdir(parents=True, exist_ok=True)
        self.output = _TOP.with_name(_TOP.name + ".out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [str(_LAB), "--build", str(build), "--dir", str(_TOP), "demo", "--port-base", "0"], stdout=output,
                stderr=output, start_new_session=True)

    def text(self) -> str:
        return self.output.read_text()

    def wait_until_up(self) -> None:
        _wait("the lab is up", lambda: "Ctrl-C ends it" in self.text() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise AssertionError("the lab ended: " + self.text())

    @staticmethod
    def env() -> dict[str, str]:
        return dict(line.split("=", 1) for line in (_TOP / "lab.env").read_text().splitlines())

    @staticmethod
    def addresses() -> list[str]:
        return [value for name, value in Lab.env().items() if name.endswith(("_SMTP", "_CONSOLE"))]


class LabTest(unittest.TestCase):
    def setUp(self) -> None:
        self.lab: Lab | None = None

    def tearDown(self) -> None:
        if self.lab is not None and self.lab.process.poll() is None:
            self.lab.process.kill()
            self.lab.process.wait()

    def _up(self) -> Lab:
        self.lab = Lab()
        self.lab.wait_until_up()
        return self.lab

    def _assert_nothing_is_left(self, addresses: list[str]) -> None:
        self.assertEqual(len(addresses), 6)
        _wait("all listeners are gone", lambda: not any(map(_answers, addresses)), 10)

    def test_ctrl_c_ends_it_well(self) -> None:
        lab = self._up()
        addresses = lab.addresses()
        self.assertTrue(all(map(_answers, addresses)))
        os.kill(lab.process.pid, signal.SIGINT)
        self.assertEqual(lab.process.wait(30), 0)
        self._assert_nothing_is_left(addresses)

    def test_a_killed_lab_leaves_no_process(self) -> None:
        lab = self._up()
        addresses = lab.addresses()
        lab.process.kill()
        lab.process.wait()
        self._assert_nothing_is_left(addresses)

    def test_without_keyd_mail_is_put_off_and_keyd_comes_back(self) -> None:
        lab = self._up()
        before = lab.env()
        os.kill(int(before["LAB_KEYD_PID"]), signal.SIGKILL)
        with smtplib.SMTP(before["LAB_LAN_SMTP"], timeout=30) as client:
            client.ehlo()
            self.assertEqual(client.docmd("STARTTLS")[0] // 100, 4)
        _wait("keyd is back", lambda: lab.env()["LAB_KEYD_PID"] != before["LAB_KEYD_PID"])
        with smtplib.SMTP(before["LAB_LAN_SMTP"], timeout=30) as client:
            client.ehlo()
            self.assertEqual(client.docmd("STARTTLS")[0], 220)
        self.assertEqual(lab.env()["LAB_GATEWAY_PID"], before["LAB_GATEWAY_PID"])

    def test_without_console_and_renewd_mail_flows_on(self) -> None:
        lab = self._up()
        before = lab.env()
        os.kill(int(before["LAB_ADMIND_PID"]), signal.SIGKILL)
        os.kill(int(before["LAB_RENEWD_PID"]), signal.SIGKILL)
        tls = ssl.create_default_context(cafile=before["LAB_LAN_CA_PEM"])
        with smtplib.SMTP(before["LAB_LAN_SMTP"], timeout=30) as client:
            client._host = "gateway.lawfirm.example"
            client.starttls(context=tls)
            self.assertEqual(client.sendmail("alice@lawfirm.example", ["bob@police.example.cjsm.net"], "Subject: x\n\nx\n"), {})
        _wait("both are back", lambda: before["LAB_ADMIND_PID"] != lab.env()["LAB_ADMIND_PID"]
              and before["LAB_RENEWD_PID"] != lab.env()["LAB_RENEWD_PID"])
        self.assertEqual(lab.env()["LAB_GATEWAY_PID"], before["LAB_GATEWAY_PID"])

    def test_a_second_lab_in_the_same_folder_is_refused(self) -> None:
        first = self._up()
        addresses = first.addresses()
        second = subprocess.run([str(_LAB), "--build", str(_BUILD), "--dir", str(_TOP), "demo", "--once"],
                                capture_output=True, text=True)
        self.assertEqual(second.returncode, 1)
        self.assertIn("another lab runs in", second.stderr)
        self.assertTrue(all(map(_answers, addresses)))

    def test_a_build_without_programs_is_one_clear_sentence(self) -> None:
        empty = _TOP.with_name(_TOP.name + "-no-programs")
        empty.mkdir(exist_ok=True)
        self.lab = Lab(empty)
        self.assertEqual(self.lab.process.wait(30), 1)
        self.assertEqual(self.lab.text().splitlines()[-1].partition(":")[0], "practice mode")
        self.assertNotIn("Traceback", self.lab.text())


if __name__ == "__main__":
    unittest.main()
