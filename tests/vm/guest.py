"""A machine that a test watches: it waits for what the console and the journal say, with deadlines."""

import re
import socket
import time
from pathlib import Path

from machine import Machine

# Emulated, on shared cores: a boot takes a minute, and several when others work here too.
BOOT_SECONDS = 420
_ESCAPES = re.compile(r"\x1b(\[[0-9;?=!]*[A-Za-z]|\][^\x07]*\x07)")

_CLAIM_CODE = re.compile(r"it has no officer yet: open (https://\S+)/claim\s+with the claim code ([0-9A-Z-]{24})\s")
_OWN_CA = re.compile(r"own CA +SHA-256((?:\s+[0-9A-F]{4}){16})\s")


class GuestError(Exception):
    """One sentence for a person; the logs lie beside the machine."""


class Guest:
    """Switches its machine off at the end of a `with`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def __enter__(self) -> "Guest":
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.switch_off()

    def boot(self) -> None:
        """One second try, only for a kernel that panics before init under emulation."""
        self.machine.switch_on()
        self._until(lambda: self._has_init() or not self.machine.is_on() or self._has_panicked())
        if not self._has_init():
            self.machine.switch_off()
            self.machine.switch_on()

    def console(self) -> str:
        return _ESCAPES.sub("", _text(self.machine.console_log)).replace("\r", "")

    def journal(self) -> str:
        return _text(self.machine.journal_log)

    def wait_for_console(self, text: str, seconds: float = BOOT_SECONDS) -> None:
        self._until(lambda: text in self.console() or not self.machine.is_on(), seconds)
        if text not in self.console():
            raise GuestError(f"the console did not show {text!r} (see {self.machine.console_log})")

    def wait_for_journal(self, text: str, seconds: float = BOOT_SECONDS) -> None:
        self._until(lambda: text in self.journal() or not self.machine.is_on(), seconds)
        if text not in self.journal():
            raise GuestError(f"the journal did not show {text!r} (see {self.machine.journal_log})")

    def own_ca(self) -> str:
        """The fingerprint of its own CA, as its screen shows it."""
        self._until(lambda: _OWN_CA.search(self.console()) or not self.machine.is_on())
        found = _OWN_CA.findall(self.console())
        if not found:
            raise GuestError(f"the screen shows no fingerprint of an own CA (see {self.machine.console_log})")
        return found[-1]

    def claim_code(self) -> tuple[str, str]:
        """The console's address and the first officer's claim code, as its screen shows them; nowhere else may it stand."""
        self._until(lambda: _CLAIM_CODE.search(self.console()) or not self.machine.is_on())
        found = _CLAIM_CODE.findall(self.console())
        if not found:
            raise GuestError(f"the screen shows no claim code (see {self.machine.console_log})")
        if found[-1][1] in self.journal():
            raise GuestError(f"the claim code stands in {self.machine.journal_log}")
        return found[-1]

    def must_not_say(self, text: str) -> None:
        if text in self.journal() + self.console():
            raise GuestError(f"{text!r} must not be in {self.machine.journal_log}")

    def wait_until_off(self, seconds: float = BOOT_SECONDS) -> bool:
        self._until(lambda: not self.machine.is_on(), seconds)
        return not self.machine.is_on()

    def _has_init(self) -> bool:
        return "systemd[1]" in self.journal()

    def _has_panicked(self) -> bool:
        return "Kernel panic" in self.console()

    @staticmethod
    def _until(done, seconds: float = BOOT_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            time.sleep(0.3)


def greets(port: int) -> bool:
    """Does an SMTP server behind this loopback port greet? QEMU itself accepts every connection."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""
