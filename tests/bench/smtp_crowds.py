"""What many mail servers at once cost the gateway: 200 that send, 10,000 that are idle, 2,000 that send very slowly."""

import select
import statistics
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "provisioning" / "practice"))

from children import LabError  # noqa: E402
from report import Report  # noqa: E402
from smtp_load import RECIPIENT, SENDER, Load, Rival, Sent  # noqa: E402
from usage import memory_mib  # noqa: E402

BUSY, IDLE, SLOW = 200, 10_000, 2_000
# Under four fifths of its places the gateway is in no hurry (firmware/gateway/pace.h).
PLACES = 15_000
_OPEN_SECONDS = 900
_GOOD_MESSAGES = 1000
_SLOW_ROUNDS = 5


class Crowd:
    """Connections to a rival, there from `with` to its end; see smtp_crowd.cc. `kind`: idle or slow."""

    def __init__(self, program: Path, kind: str, rival: Rival, lan_ca: Path, server_name: str, connections: int) -> None:
        self._what = f"{connections} {kind} connections"
        self._command = [str(program), kind, str(rival.port), str(lan_ca), server_name, str(connections), SENDER, RECIPIENT]

    def __enter__(self) -> None:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        came = select.select([self._process.stdout], [], [], _OPEN_SECONDS)[0]
        if not came or self._process.stdout.readline() != "open\n":
            self._process.kill()
            raise LabError(f"{self._what} could not be opened: {self._process.communicate()[1].strip()}")

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        _, errors = self._process.communicate(timeout=_OPEN_SECONDS)  # ends its standard input
        if self._process.returncode != 0 and kind is None:
            raise LabError(f"{self._what} were not all held: {errors.strip()}")


class Peak(threading.Thread):
    """The most memory that a rival had between `with` and its end."""

    def __init__(self, rival: Rival) -> None:
        super().__init__(daemon=True)
        self._groups = list(rival.daemons.values())
        self._over = threading.Event()
        self.mib = 0.0

    def run(self) -> None:
        while not self._over.wait(0.1):
            self.mib = max(self.mib, memory_mib(self._groups))

    def __enter__(self) -> "Peak":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def measure_crowds(report: Report, rival: Rival, crowd: Callable[[str, int], Crowd], send: Callable[[Load], Sent]) -> None:
    """Adds rows and one ratio to the report. The biggest crowd comes last: what it took is not all given back to the kernel."""
    with Peak(rival) as peak:
        send(Load(10 * BUSY, 4 << 10, connections=BUSY))
    report.add(f"{rival.name}, {BUSY} senders", "memory", peak.mib, "MiB (PSS)")
    good = Load(_GOOD_MESSAGES, 4 << 10, connections=1)
    # A p99 of 1,000 mails is the tenth worst of them: one alone says more of the machine than of the crowd.
    alone, beside = [send(good).p99_ms], []
    for _ in range(_SLOW_ROUNDS):
        with crowd("slow", SLOW):
            beside.append(send(good).p99_ms)
        alone.append(send(good).p99_ms)
    report.add(f"{rival.name}, one sender", "p99", statistics.median(alone), "ms")
    report.add(f"{rival.name}, one sender beside {SLOW:,} slow ones", "p99", statistics.median(beside), "ms")
    report.ratios["p99_beside_slow"] = statistics.median(beside) / statistics.median(alone)
    with crowd("idle", IDLE):
        report.add(f"{rival.name}, {IDLE:,} idle senders", "memory", memory_mib(list(rival.daemons.values())), "MiB (PSS)")
