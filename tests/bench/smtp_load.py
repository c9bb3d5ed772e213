"""One round of the SMTP bench: so many messages from the source, through a rival, into the sink."""

import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "provisioning" / "practice"))

from children import LabError  # noqa: E402
from pki import Identity  # noqa: E402
from usage import cpu_seconds, memory_mib  # noqa: E402

SENDER = "alice@lawfirm.example"
RECIPIENT = "bob@police.example.cjsm.net"
_ROUND_SECONDS = 120


@dataclass(frozen=True)
class Rival:
    """A mail relay under test: where it listens, and its daemons' process groups by name."""

    name: str
    port: int
    daemons: dict[str, int]


@dataclass(frozen=True)
class Load:
    messages: int
    size_bytes: int
    connections: int = 16
    in_clear: bool = False  # towards the rival; out it is always TLS


@dataclass(frozen=True)
class Sent:
    """What the source tells: when it began, in nanoseconds of the monotonic clock; from a message's MAIL to its last reply."""

    began_ns: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Round:
    messages_per_second: float
    daemon_cpu_seconds_per_1000: dict[str, float]
    memory_mib: float
    sent: Sent

    @property
    def cpu_seconds_per_1000(self) -> float:
        return sum(self.daemon_cpu_seconds_per_1000.values())


class Sink:
    """The far end; see smtp_sink.cc."""

    def __init__(self, program: Path, identity: Identity, client_ca: Path, log: Path) -> None:
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                [str(program), str(identity.certificate), str(identity.key), str(client_ca)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        self._log = log
        self.port = int(self._answer("port")[0])

    def _answer(self, word: str, seconds: float = 10) -> list[str]:
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise LabError(f"the sink did not say '{word}' within {seconds:.0f} s; its log is {self._log}")
        words = self._process.stdout.readline().split()
        if words[:1] != [word]:
            raise LabError(f"the sink stopped or answered '{' '.join(words)}'; its log is {self._log}")
        return words[1:]

    def expect(self, messages: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"expect {messages}\n")
        self._process.stdin.flush()
        self._answer("ready")

    def wait(self, messages: int) -> int:
        """When the last message came, in nanoseconds of the monotonic clock."""
        when, handshakes, resumed = (int(word) for word in self._answer("done", _ROUND_SECONDS))
        if handshakes < messages or resumed:
            raise LabError(f"unfair: {messages} messages came in {handshakes} handshakes, {resumed} of them resumed")
        return when

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def _settled_cpu(rival: Rival) -> dict[str, float]:
    """The CPU that each daemon used, once the rival has nothing left to do: no more of it during half a second."""
    before = {name: cpu_seconds([group]) for name, group in rival.daemons.items()}
    while True:
        time.sleep(0.5)
        now = {name: cpu_seconds([group]) for name, group in rival.daemons.items()}
        if sum(now.values()) - sum(before.values()) < 0.02:
            return now
        before = now


def send(source: Path, server_name: str, lan_ca: Path, rival: Rival, load: Load) -> Sent:
    trust = ["", ""] if load.in_clear else [str(lan_ca), server_name]
    done = subprocess.run(
        [str(source), str(rival.port), *trust, str(load.connections), str(load.messages),
         str(load.size_bytes), SENDER, RECIPIENT],
        capture_output=True, text=True, timeout=_ROUND_SECONDS)
    if done.returncode != 0:
        raise LabError(f"{rival.name} did not take all mail: {done.stderr.strip()}")
    _, began, _, p50_us, p99_us = done.stdout.split()
    return Sent(int(began), int(p50_us) / 1000, int(p99_us) / 1000)


def run_round(source: Path, server_name: str, lan_ca: Path, rival: Rival, sink: Sink, load: Load) -> Round:
    """Rate from the first MAIL at the source to the last message at the sink; CPU until all is quiet again."""
    cpu_before = _settled_cpu(rival)
    sink.expect(load.messages)
    sent = send(source, server_name, lan_ca, rival, load)
    seconds = (sink.wait(load.messages) - sent.began_ns) / 1e9
    memory = memory_mib(list(rival.daemons.values()))
    cpu = {name: (used - cpu_before[name]) * 1000 / load.messages for name, used in _settled_cpu(rival).items()}
    return Round(load.messages / seconds, cpu, memory, sent)
