"""Each call by which gatewayd changes or opens a file, or writes to a peer, fails once during one mail, one after the other.

    strace_campaign.py BUILD_FOLDER LAB_FOLDER [CALL...]

EIO, ENOSPC, and death at that call (strace injects it). Every mail is tried until it is taken; nothing may be lost or come
twice but by a try without an answer, and every refusal must be 4xx. A gateway that does not take mail again by itself is
started anew, as systemd would, and that is counted.
"""

import collections
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from peers_lab import PeersLab, wait  # first: it opens the way to practice mode's modules

from traffic_both_ways import Attempted, TwoSides

_CALLS = ("fsync", "fdatasync", "pwrite64", "write", "writev", "ftruncate", "openat", "rename", "unlink")
_FAULTS = {"EIO": "error=EIO", "ENOSPC": "error=ENOSPC", "SIGKILL": "signal=KILL"}
_RECOVERS_SECONDS = 8.0


class Strace:
    """`with Strace(pid, call, inject, log)`: on every thread of the process, from before the body of the `with` to its end."""

    def __init__(self, pid: int, call: str, inject: str, log: Path) -> None:
        self._pid, self._log = pid, log
        spec = ["-e", f"inject={call}:{inject}"] if inject else []
        self._command = ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={call}", "-e", "signal=none", *spec, "-p", str(pid)]

    def __enter__(self) -> "Strace":
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE)
        wait("strace is attached", self._is_attached)
        return self

    def _is_attached(self) -> bool:
        tasks = list(Path(f"/proc/{self._pid}/task").iterdir())
        return all("TracerPid:\t0\n" not in (task / "status").read_text() for task in tasks)

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(20)

    def calls(self) -> int:
        """Of the thread that made most of them: strace counts each thread for itself."""
        counted = collections.Counter(line.split()[0] for line in self._log.read_text().splitlines() if "(" in line)
        return max(counted.values(), default=0)

    def has_struck(self) -> bool:
        return "(INJECTED)" in self._log.read_text() or self._is_dead()

    def _is_dead(self) -> bool:
        try:
            return "State:\tZ" in Path(f"/proc/{self._pid}/status").read_text()
        except OSError:
            return True


@dataclass
class Account:
    struck: collections.Counter = field(default_factory=collections.Counter)
    not_struck: int = 0
    restarts: list[str] = field(default_factory=list)
    replies: collections.Counter = field(default_factory=collections.Counter)


class Campaign:
    def __init__(self, lab: PeersLab, sides: TwoSides) -> None:
        self._lab, self._sides = lab, sides
        self._log = lab.places.top / "strace.log"
        self.mails: list[Attempted] = []
        self.account = Account()

    def over(self, call: str, is_out: bool) -> None:
        most = self._count(call, is_out)
        for n in range(1, most + 1):
            for fault in _FAULTS:
                self._one(call, n, fault, is_out)

    def _new(self, name: str, is_out: bool) -> Attempted:
        self.mails.append(self._sides.new(name, is_out))
        return self.mails[-1]

    def _count(self, call: str, is_out: bool) -> int:
        with Strace(self._lab.practice.pid("gatewayd"), call, "", self._log) as trace:
            assert self._sides.try_once(self._new(f"count-{call}-{is_out}", is_out))
            time.sleep(0.2)
        return trace.calls()

    def _one(self, call: str, n: int, fault: str, is_out: bool) -> None:
        where = f"{call}-{n}-{fault}-{'out' if is_out else 'in'}"
        mail = self._new(where, is_out)
        with Strace(self._lab.practice.pid("gatewayd"), call, f"{_FAULTS[fault]}:when={n}", self._log) as trace:
            self._sides.try_once(mail, timeout=10)
        if trace.has_struck():
            self.account.struck[f"{call} {fault}"] += 1
        else:
            self.account.not_struck += 1
        if fault == "SIGKILL":
            self._lab.practice.start_again("gatewayd")
        if not self._is_taken_soon(mail):
            self.account.restarts.append(where)
            self._lab.practice.start_again("gatewayd")
            assert self._is_taken_soon(mail), f"{where}: not taken even by a gateway started anew"
        self.account.replies.update(mail.replies)

    def _is_taken_soon(self, mail: Attempted) -> bool:
        deadline = time.monotonic() + _RECOVERS_SECONDS
        while not mail.is_taken and time.monotonic() < deadline:
            if not self._sides.try_once(mail, timeout=10):
                time.sleep(0.1)
        return mail.is_taken


def main() -> int:
    calls = sys.argv[3:] or _CALLS
    assert not set(calls) - set(_CALLS), calls
    with PeersLab(Path(sys.argv[1]), Path(sys.argv[2])) as lab, TwoSides(lab) as sides:
        campaign = Campaign(lab, sides)
        for call in calls:
            for is_out in (True, False):
                campaign.over(call, is_out)
        time.sleep(1)
        wrong = sides.faults_of(campaign.mails)
        account = campaign.account
        for what, count in account.struck.items():
            print(f"{what:20} {count}")
        print(f"in all               {account.struck.total()}, and {account.not_struck} that met no such call\n"
              f"answers that were no 250   {dict(account.replies)}\n"
              f"tries without an answer    {sum(mail.broken for mail in campaign.mails)}\n"
              f"copies too many      {sum(max(0, len(sides.copies(mail)) - 1) for mail in campaign.mails)}\n"
              f"lost                 {sum(not sides.copies(mail) for mail in campaign.mails)}\n"
              f"started anew after   {account.restarts}\nfaults: {len(wrong)}", *wrong[:40], sep="\n")
        return 1 if wrong or not account.struck else 0


if __name__ == "__main__":
    sys.exit(main())
