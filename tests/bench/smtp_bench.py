"""Mails of 4 KiB, 64 KiB and 1 MiB through the gateway, Postfix, and the least that can be done; idle and slow senders"""

import argparse
import dataclasses
import os
import resource
import statistics
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "provisioning" / "practice"))

from appliance import Appliance  # noqa: E402
from children import Child, LabError, start, wait_until  # noqa: E402
from est_server import EstServer  # noqa: E402
from pki import Authority  # noqa: E402
from places import GATEWAY_NAME, RELAY_NAME, Places, Ports, free_ports  # noqa: E402
from postfix_rival import postfix_rival  # noqa: E402
from practice import OnlyOne  # noqa: E402
from report import Report  # noqa: E402
from smtp_crowds import PLACES, Crowd, measure_crowds  # noqa: E402
from smtp_load import Load, Rival, Round, Sent, Sink, run_round, send  # noqa: E402

_GATEWAY, _POSTFIX, _LIMIT = "gateway", "Postfix", "limit"


@dataclasses.dataclass(frozen=True)
class _Mails:
    short: str  # in the names of the ratios
    size_bytes: int
    fewer: int  # than of the smallest go in a round
    in_clear: bool = False


_MAILS = {
    "4 KiB": _Mails("4k", 4 << 10, 1),
    "4 KiB in clear": _Mails("4k_clear", 4 << 10, 1, in_clear=True),
    "64 KiB": _Mails("64k", 64 << 10, 2),
    "1 MiB": _Mails("1m", 1 << 20, 6),
    "1 MiB in clear": _Mails("1m_clear", 1 << 20, 6, in_clear=True),
}
# What lets the gateway take mail in clear from a host of the organisation; nobody should need it.
_CLEAR = """
[[lan.clear]]
host = "127.0.0.1"
reason = "the bench's rows in clear"
authoriser = "the bench"
until = "2099-12-31T23:59:59Z"
"""


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5, help="of each rival (default 5)")
    parser.add_argument("--messages", type=int, default=1500, help="of 4 KiB in each round, and fewer of the bigger ones (default 1500)")
    return parser.parse_args()


class Field:
    """The rivals, the sink and the certificates, on this machine's loopback."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.children: list[Child] = []
        log = places.log("pki")
        egress = Authority(places.pki, "egress-ca", log)
        egress.create("Bench Egress CA")
        self.lan = Authority(places.pki, "lan-ca", log)
        self.lan.create("Bench LAN CA")
        self.sink = Sink(places.program("tests/bench/smtp_sink"), egress.identity("sink", RELAY_NAME),
                         egress.certificate, places.log("sink"))
        ports = dataclasses.replace(free_ports(0), relay=self.sink.port)
        try:
            self.rivals = [self._gateway(ports, egress), self._postfix(ports.relay_inside, egress), self._limit(egress)]
        except BaseException:
            self.stop()
            raise
        # Each rival has its own CA on this side.
        self.lan_roots = places.pki / "lan-roots.pem"
        self.lan_roots.write_bytes(self.lan.certificate.read_bytes() + places.lan_root.read_bytes())

    def _gateway(self, ports: Ports, egress: Authority) -> Rival:
        """Provisioned as in practice mode; the sink stands where the relay would."""
        est = EstServer(self.places.top / "est", egress, egress, ports.est, self.places.log("est"))
        est.write()
        self.children.append(est.start())
        appliance = Appliance(self.places, ports, egress.certificate, "est")
        appliance.set_up()
        settings = self.places.settings("gatewayd")
        most = "".join(f"max_connections{of} = {PLACES}\n" for of in ("", "_per_client", "_per_hop"))
        settings.write_text(settings.read_text().replace("[limits]\n", "[limits]\n" + most, 1) + _CLEAR)
        self.children.append(keyd := appliance.start("keyd"))
        appliance.make_keys()
        self.children.append(renewd := appliance.start("renewd"))
        appliance.wait_for_certificates(renewd, "lan", "cjsm")
        self.children.append(gatewayd := appliance.start("gatewayd"))
        return Rival(_GATEWAY, ports.lan, {child.name: child.pid for child in (keyd, gatewayd)})

    def _postfix(self, port: int, egress: Authority) -> Rival:
        postfix = postfix_rival(self.places, port, self.sink.port, self.lan.identity("postfix-lan", GATEWAY_NAME),
                                egress.identity("postfix-wan", GATEWAY_NAME), egress.certificate)
        postfix.write()
        self.children.append(postfix.start())
        return Rival(_POSTFIX, port, {_POSTFIX: self.children[-1].pid})

    def _limit(self, egress: Authority) -> Rival:
        """smtp_limit.cc, with Postfix's certificates."""
        files = [self.lan.identity("limit-lan", GATEWAY_NAME), egress.identity("limit-wan", GATEWAY_NAME)]
        log = self.places.log("limit")
        child = start(_LIMIT, [str(self.places.program("tests/bench/smtp_limit")),
                               *(str(file) for identity in files for file in (identity.certificate, identity.key)),
                               str(egress.certificate), str(self.sink.port), RELAY_NAME], log)
        self.children.append(child)
        wait_until("smtp_limit did not get ready", child, lambda: b"port " in log.read_bytes())
        return Rival(_LIMIT, int(log.read_text().split("port ")[1].split()[0]), {_LIMIT: child.pid})

    def stop(self) -> None:
        for child in reversed(self.children):
            child.stop()
        self.sink.stop()

    def run(self, rival: Rival, load: Load) -> Round:
        return run_round(self.places.program("tests/bench/smtp_source"), GATEWAY_NAME, self.lan_roots, rival,
                         self.sink, load)

    def measure_crowds(self, report: Report) -> None:
        """Of the gateway alone."""
        gateway, bench = self.rivals[0], "tests/bench"

        def crowd(kind: str, connections: int) -> Crowd:
            return Crowd(self.places.program(f"{bench}/smtp_crowd"), kind, gateway, self.lan_roots, GATEWAY_NAME, connections)

        def send_good(load: Load) -> Sent:
            return send(self.places.program(f"{bench}/smtp_source"), GATEWAY_NAME, self.lan_roots, gateway, load)

        measure_crowds(report, gateway, crowd, send_good)


def _warn_if_busy() -> None:
    """A kernel shares the cores out among processes: beside other work, many processes get more than few."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > cores / 2:
        print(f"note: other work runs on this machine (load {load:.1f} on {cores} cores). Postfix's hundred processes get\n"
              "more of the cores beside it than the gateway's two do: trust the CPU figures, not the rates.", flush=True)


def _measure(field: Field, rounds: int, messages: int) -> dict[tuple[str, str], list[Round]]:
    """By rival and kind of mail. Interleaved, the first of each round alternating, so that drift of the machine meets all alike."""
    for rival in field.rivals:
        field.run(rival, Load(max(messages // 5, 16), _MAILS["4 KiB"].size_bytes))  # warm-up
    measured: dict[tuple[str, str], list[Round]] = {}
    for number in range(rounds):
        for kind, mails in _MAILS.items():
            for rival in field.rivals if number % 2 == 0 else reversed(field.rivals):
                load = Load(max(messages // mails.fewer, 16), mails.size_bytes, in_clear=mails.in_clear)
                result = field.run(rival, load)
                measured.setdefault((rival.name, kind), []).append(result)
                print(f"round {number + 1}/{rounds}  {kind:>14} {rival.name:<8} {result.messages_per_second:7.1f} messages/s  "
                      f"{result.cpu_seconds_per_1000:.2f} CPU s per 1000", flush=True)
    return measured


def _report(measured: dict[tuple[str, str], list[Round]]) -> Report:
    report = Report()
    rate = {case: statistics.median(r.messages_per_second for r in rounds) for case, rounds in measured.items()}
    cpu = {case: statistics.median(r.cpu_seconds_per_1000 for r in rounds) for case, rounds in measured.items()}
    for case, rounds in measured.items():
        name = " ".join(case)
        report.add(name, "rate", rate[case], "messages/s")
        report.add(name, "cpu", cpu[case], "CPU s per 1000 messages")
        for daemon in rounds[0].daemon_cpu_seconds_per_1000 if len(rounds[0].daemon_cpu_seconds_per_1000) > 1 else ():
            report.add(name, f"cpu of {daemon}", statistics.median(r.daemon_cpu_seconds_per_1000[daemon] for r in rounds),
                       "CPU s per 1000 messages")
        report.add(name, "p50", statistics.median(r.sent.p50_ms for r in rounds), "ms")
        report.add(name, "p99", statistics.median(r.sent.p99_ms for r in rounds), "ms")
        report.add(name, "memory", statistics.median(r.memory_mib for r in rounds), "MiB (PSS)")
    for kind, mails in _MAILS.items():
        report.ratios[f"rate_vs_postfix_{mails.short}"] = rate[_GATEWAY, kind] / rate[_POSTFIX, kind]
        report.ratios[f"cpu_vs_postfix_{mails.short}"] = cpu[_GATEWAY, kind] / cpu[_POSTFIX, kind]
        report.ratios[f"rate_vs_limit_{mails.short}"] = rate[_GATEWAY, kind] / rate[_LIMIT, kind]
    return report


def main() -> int:
    arguments = _read_arguments()
    os.umask(0o022)
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    try:
        places = Places(Path("build/bench-smtp").resolve(), arguments.build.resolve())
        only_one = OnlyOne(places.top)  # noqa: F841 (held until the end)
        places.make_fresh()
        _warn_if_busy()
        field = Field(places)
        try:
            report = _report(_measure(field, arguments.rounds, arguments.messages))
            field.measure_crowds(report)
        finally:
            field.stop()
    except LabError as error:
        print(f"bench smtp: {error}", file=sys.stderr)
        return 1
    print()
    report.print()
    print("\nEach message: in on an open connection, with STARTTLS or in clear; out, a fresh mutual TLS 1.3 handshake. The gateway's key is\n"
          "in a SoftHSM token behind keyd (its CPU is counted in), Postfix's in a file. The limit keeps no ledger, has no rules,\n"
          "and its key in memory. Source and sink share the machine. In clear the gateway takes mail only by a dated exception for one\n"
          "host. p50, p99: from a message's MAIL to its last reply, with 16 senders; Postfix's reply comes before it has\n"
          "passed the message on.")
    if arguments.json:
        report.write(arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
