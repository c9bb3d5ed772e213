"""TLS handshakes with keys in tokens near and far: ours, Debian's pkcs11-provider, a key in a file; keyd and C_Sign"""

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
from token_cases import THREADS, Run, Tokens  # noqa: E402


@dataclass(frozen=True)
class Case:
    """One program's run of a second or so; it prints a JSON object of its metrics."""

    program: str  # in tests/bench
    arguments: tuple[str, ...]
    metrics: tuple[tuple[str, str], ...]  # name, unit
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TokenCase:
    """A server with a key of a real token (token_cases.py)."""

    server: str
    token: str
    count: int
    metrics: tuple[tuple[str, str], ...] = (("rate", "handshakes/s"), ("server_cpu_us", "us"), ("failed", "handshakes"))


@dataclass(frozen=True)
class Ratio:
    """Two cases compared by one metric."""

    name: str
    metric: str
    case: str
    against: str
    at_least: float | None = None
    at_most: float | None = None

    def goal(self, value: float) -> str | None:
        """What the goal says of the value, in words; None without a goal."""
        if self.at_least is not None:
            return f"{self.name} >= {self.at_least:g}: {'met' if value >= self.at_least else 'missed'}"
        if self.at_most is not None:
            return f"{self.name} <= {self.at_most:g}: {'met' if value <= self.at_most else 'missed'}"
        return None


_HANDSHAKE = (("rate", "handshakes/s"), ("loop_cpu_us", "us"), ("process_cpu_us", "us"))
_SIGNATURE = (("rate", "signatures/s"), ("cpu_us", "us"))
# Bits 57 and 33 of OPENSSL_ia32cap(3)'s first word: AES-NI, PCLMULQDQ; of the second: SHA-NI, VAES, VPCLMULQDQ, AVX2, AVX-512.
_PLAIN_CPU = (("OPENSSL_ia32cap", "~0x200000200000000:~0x60020010020"),)


def _handshakes(mode: str, delay_ms: int, count: int, environment: tuple[tuple[str, str], ...] = ()) -> Case:
    return Case("handshakes", (mode, str(delay_ms), str(count), "64"), _HANDSHAKE, environment)


def _signatures(mode: str, count: int, depth: int, sign_ms: int) -> Case:
    return Case("keyd_signatures", (mode, str(count), str(depth), str(sign_ms)), _SIGNATURE)


# A further row: its cases here, its ratio below.
_CASES = {
    "async 5 ms": _handshakes("async", 5, 2000),
    "blocking 5 ms": _handshakes("blocking", 5, 200),
    "software": _handshakes("software", 0, 2000),
    "software, plain CPU": _handshakes("software", 0, 2000, _PLAIN_CPU),
    "keyd, 16 open": _signatures("keyd", 5000, 16, 0),
    "C_Sign": _signatures("direct", 5000, 1, 0),
    "C_Sign, 4 threads": _signatures("direct", 5000, 4, 0),
    "keyd, 16 open, 5 ms": _signatures("keyd", 1000, 16, 5),
    "C_Sign, 4 threads, 5 ms": _signatures("direct", 1000, 4, 5),
    "SoftHSM: key in a file": TokenCase("software", "SoftHSM", 3000),
    "SoftHSM: in process": TokenCase("in process", "SoftHSM", 3000),
    "SoftHSM: keyd": TokenCase("keyd", "SoftHSM", 3000),
    "SoftHSM: pkcs11-provider": TokenCase("rival stock", "SoftHSM", 3000),
    "SoftHSM: pkcs11-provider, isolated": TokenCase("rival isolated", "SoftHSM", 3000),
    "opencryptoki: key in a file": TokenCase("software", "opencryptoki", 3000),
    "opencryptoki: in process": TokenCase("in process", "opencryptoki", 3000),
    "opencryptoki: keyd": TokenCase("keyd", "opencryptoki", 3000),
    "opencryptoki: pkcs11-provider, isolated": TokenCase("rival isolated", "opencryptoki", 3000),
    "1 ms: in process": TokenCase("in process", "1 ms", 3000),
    "1 ms: keyd": TokenCase("keyd", "1 ms", 2000),
    "1 ms: pkcs11-provider": TokenCase("rival stock", "1 ms", 500),
    "1 ms: pkcs11-provider, isolated": TokenCase("rival isolated", "1 ms", 1000),
    "1 ms: pkcs11-provider, tuned": TokenCase("rival tuned", "1 ms", 2000),
    "5 ms: in process": TokenCase("in process", "5 ms", 2000),
    "5 ms: pkcs11-provider, tuned": TokenCase("rival tuned", "5 ms", 1000),
}
_RATIOS = (
    Ratio("async_vs_blocking_5ms", "rate", "async 5 ms", "blocking 5 ms", at_least=12),
    Ratio("async_vs_software_5ms", "rate", "async 5 ms", "software", at_least=0.90),
    Ratio("async_vs_software_loop_cpu_5ms", "loop_cpu_us", "async 5 ms", "software"),
    Ratio("keyd_pipelined_vs_direct", "rate", "keyd, 16 open", "C_Sign", at_least=0.85),
    Ratio("keyd_pipelined_vs_direct_4_threads", "rate", "keyd, 16 open", "C_Sign, 4 threads"),
    Ratio("keyd_pipelined_vs_direct_5ms", "rate", "keyd, 16 open, 5 ms", "C_Sign, 4 threads, 5 ms", at_least=0.85),
    Ratio("cpu_inprocess_vs_software_softhsm", "server_cpu_us", "SoftHSM: in process", "SoftHSM: key in a file", at_most=1.10),
    Ratio("cpu_pkcs11provider_vs_software_softhsm", "server_cpu_us", "SoftHSM: pkcs11-provider", "SoftHSM: key in a file"),
    Ratio("cpu_isolated_vs_software_softhsm", "server_cpu_us", "SoftHSM: pkcs11-provider, isolated", "SoftHSM: key in a file"),
    Ratio("cpu_inprocess_vs_software_opencryptoki", "server_cpu_us", "opencryptoki: in process", "opencryptoki: key in a file",
          at_most=1.07),
    Ratio("cpu_isolated_vs_software_opencryptoki", "server_cpu_us", "opencryptoki: pkcs11-provider, isolated",
          "opencryptoki: key in a file"),
    Ratio("rate_vs_pkcs11provider_default_1ms", "rate", "1 ms: in process", "1 ms: pkcs11-provider", at_least=5),
    Ratio("rate_vs_pkcs11provider_isolated_1ms", "rate", "1 ms: in process", "1 ms: pkcs11-provider, isolated"),
    Ratio("rate_vs_pkcs11provider_tuned_1ms", "rate", "1 ms: in process", "1 ms: pkcs11-provider, tuned", at_least=1.4),
    Ratio("keyd_rate_vs_pkcs11provider_default_1ms", "rate", "1 ms: keyd", "1 ms: pkcs11-provider"),
    Ratio("rate_vs_pkcs11provider_tuned_5ms", "rate", "5 ms: in process", "5 ms: pkcs11-provider, tuned"),
    Ratio("tls_keyd_vs_inprocess", "rate", "SoftHSM: keyd", "SoftHSM: in process", at_least=0.85),
    Ratio("tls_keyd_vs_inprocess_opencryptoki", "rate", "opencryptoki: keyd", "opencryptoki: in process"),
    Ratio("cpu_plain_vs_accelerated", "process_cpu_us", "software, plain CPU", "software"),
)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="of each case, interleaved (default 5)")
    parser.add_argument("--only", metavar="RATIO", action="append", choices=[ratio.name for ratio in _RATIOS])
    return parser.parse_args()


def _run(build: Path, tokens: Tokens, case: Case | TokenCase) -> dict[str, float]:
    if isinstance(case, TokenCase):
        run = tokens.run(case.server, case.token, case.count)
    else:
        run = Run([str(build / "tests" / "bench" / case.program), *case.arguments], os.environ | dict(case.environment))
    done = subprocess.run(run.command, check=False, capture_output=True, text=True, env=run.environment, user=run.user,
                          extra_groups=[], timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"bench handshakes: {' '.join(run.command)} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def _measure(build: Path, names: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Medians. Interleaved, every other round backwards, so that drift of the machine meets all cases alike."""
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with Tokens(build) as tokens:
        for number in range(rounds):
            for name in names if number % 2 == 0 else reversed(names):
                measured[name].append(_run(build, tokens, _CASES[name]))
                print(f"round {number + 1}/{rounds}  {name:<40} {measured[name][-1]['rate']:8.1f}/s", flush=True)
    return {name: {metric: statistics.median(one[metric] for one in results) for metric, _ in _CASES[name].metrics}
            for name, results in measured.items()}


def main() -> int:
    arguments = _read_arguments()
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"note: other work runs on this machine (load {load:.1f} on {cores} cores); the rates suffer, and not alike.",
              flush=True)
    ratios = [ratio for ratio in _RATIOS if not arguments.only or ratio.name in arguments.only]
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
        if goal := ratio.goal(report.ratios[ratio.name]):
            print(f"goal  {goal}")
    print("\nHandshakes: one loop thread serves 64 clients, which run on a thread of their own; the keys are in a keyd that\n"
          "answers 5 ms after it is asked, or in memory. Signatures: a SoftHSM token, also as if it were 5 ms away; keyd has four\n"
          "sessions of it, checks what it signs and verifies each signature.\n"
          f"TOKEN: SERVER: {THREADS} blocking threads serve {THREADS} clients of the same machine. 1 ms: a SoftHSM token with 1 ms for each\n"
          "call and 1 ms more for each signature; 5 ms: 5 ms for each signature. pkcs11-provider is Debian's: as its manual has\n"
          "it; in a library context of its own (isolated); that and 64 cached sessions (tuned). Plain CPU: without AES-NI and\n"
          "its like.")
    if arguments.json:
        report.write(arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
