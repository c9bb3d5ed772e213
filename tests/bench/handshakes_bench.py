"""TLS handshakes of one loop whose keys take 5 ms: waiting without blocking, blocking, key in memory; keyd and C_Sign"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True

from report import Report  # noqa: E402


@dataclass(frozen=True)
class Case:
    """One program's run of a second or so; it prints a JSON object of its metrics."""

    program: str  # in tests/bench
    arguments: tuple[str, ...]
    metrics: tuple[tuple[str, str], ...]  # name, unit


@dataclass(frozen=True)
class Ratio:
    """Two cases compared by one metric."""

    name: str
    metric: str
    case: str
    against: str
    goal: float | None = None  # at least


_HANDSHAKE = (("rate", "handshakes/s"), ("loop_cpu_us", "us"), ("process_cpu_us", "us"))
_SIGNATURE = (("rate", "signatures/s"), ("cpu_us", "us"))


def _handshakes(mode: str, delay_ms: int, count: int) -> Case:
    return Case("handshakes", (mode, str(delay_ms), str(count), "64"), _HANDSHAKE)


def _signatures(mode: str, count: int, depth: int, sign_ms: int) -> Case:
    return Case("keyd_signatures", (mode, str(count), str(depth), str(sign_ms)), _SIGNATURE)


# A further row: its cases here, its ratio below.
_CASES = {
    "async 5 ms": _handshakes("async", 5, 2000),
    "blocking 5 ms": _handshakes("blocking", 5, 200),
    "software": _handshakes("software", 0, 2000),
    "keyd, 16 open": _signatures("keyd", 5000, 16, 0),
    "C_Sign": _signatures("direct", 5000, 1, 0),
    "C_Sign, 4 threads": _signatures("direct", 5000, 4, 0),
    "keyd, 16 open, 5 ms": _signatures("keyd", 1000, 16, 5),
    "C_Sign, 4 threads, 5 ms": _signatures("direct", 1000, 4, 5),
}
_RATIOS = (
    Ratio("async_vs_blocking_5ms", "rate", "async 5 ms", "blocking 5 ms", goal=12),
    Ratio("async_vs_software_5ms", "rate", "async 5 ms", "software", goal=0.90),
    Ratio("async_vs_software_loop_cpu_5ms", "loop_cpu_us", "async 5 ms", "software"),
    Ratio("keyd_pipelined_vs_direct", "rate", "keyd, 16 open", "C_Sign", goal=0.85),
    Ratio("keyd_pipelined_vs_direct_4_threads", "rate", "keyd, 16 open", "C_Sign, 4 threads"),
    Ratio("keyd_pipelined_vs_direct_5ms", "rate", "keyd, 16 open, 5 ms", "C_Sign, 4 threads, 5 ms", goal=0.85),
)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="of each case, interleaved (default 5)")
    parser.add_argument("--only", metavar="RATIO", choices=[ratio.name for ratio in _RATIOS])
    return parser.parse_args()


def _run(build: Path, case: Case) -> dict[str, float]:
    command = [str(build / "tests" / "bench" / case.program), *case.arguments]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"bench handshakes: {' '.join(command)} failed:\n{run.stdout}{run.stderr}")
    return json.loads(run.stdout)


def _measure(build: Path, names: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Medians. Interleaved, every other round backwards, so that drift of the machine meets all cases alike."""
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names if number % 2 == 0 else reversed(names):
            measured[name].append(_run(build, _CASES[name]))
            print(f"round {number + 1}/{rounds}  {name:<23} {measured[name][-1]['rate']:8.1f}/s", flush=True)
    return {name: {metric: statistics.median(one[metric] for one in results) for metric, _ in _CASES[name].metrics}
            for name, results in measured.items()}


def main() -> int:
    arguments = _read_arguments()
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"note: other work runs on this machine (load {load:.1f} on {cores} cores); the rates suffer, and not alike.",
              flush=True)
    ratios = [ratio for ratio in _RATIOS if arguments.only in (None, ratio.name)]
    names = [name for name in _CASES if any(name in (ratio.case, ratio.against) for ratio in ratios)]
    medians = _measure(arguments.build, names, arguments.rounds)
    report = Report()
    for name in names:
        for metric, unit in _CASES[name].metrics:
            report.add(name, metric, medians[name][metric], unit)
    for ratio in ratios:
        report.ratios[ratio.name] = medians[ratio.case][ratio.metric] / medians[ratio.against][ratio.metric]
    print()
    report.print()
    for ratio in ratios:
        if ratio.goal is not None:
            print(f"goal  {ratio.name} >= {ratio.goal:g}: {'met' if report.ratios[ratio.name] >= ratio.goal else 'missed'}")
    print("\nHandshakes: one loop thread serves 64 clients, which run on a thread of their own; the keys are in a keyd that\n"
          "answers 5 ms after it is asked, or in memory. Signatures: a SoftHSM token, also as if it were 5 ms away; keyd has four\n"
          "sessions of it, checks what it signs and verifies each signature, which is more work than to make one.")
    if arguments.json:
        report.write(arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
