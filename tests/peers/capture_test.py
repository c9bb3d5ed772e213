"""Never in clear: while the next hop does all that it can wrong, no packet on its leg holds the mail's words. Both ways.

    capture_test.py BUILD_FOLDER LAB_FOLDER

tcpdump records loopback; the search would find the words, because a control sends them in clear at the end.
"""

import asyncio
import random
import smtplib
import ssl
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Awaitable, Callable, Iterator

from peers_lab import PeersLab, wait  # first: it opens the way to practice mode's modules

from fault_proxy import Fault, FaultProxy, Order
from pki import Authority, Identity, new_request
from places import MAIL_NAME, RELAY_NAME
from senders import Target, begin, connect
from sink import Sink
from tls_files import server_context

import messages

_CANARY = b"CANARY-" + random.Random().randbytes(12).hex().encode()


@dataclass(frozen=True)
class Way:
    """One direction: from our listener to the next hop. The canary stands in the envelope, the header and the body."""

    name: str
    hop: str  # practice mode's name of who stands there
    hop_name: str
    port: int
    listener: Target
    sender_domain: str
    recipient_domain: str
    good: Identity
    foreign: Identity  # of the other side's CA

    @property
    def sender(self) -> str:
        return f"{_CANARY.decode()}@{self.sender_domain}"

    @property
    def recipient(self) -> str:
        return f"{_CANARY.decode()}@{self.recipient_domain}"

    @property
    def mail(self) -> bytes:
        return (f"From: <{self.sender}>\r\nTo: <{self.recipient}>\r\nSubject: ".encode() + _CANARY + b"\r\n\r\n"
                + (_CANARY + b"\r\n") * 200)


def _ways(lab: PeersLab) -> Iterator[Way]:
    ports, practice = lab.ports, lab.practice
    yield Way("out", "relay", RELAY_NAME, ports.relay, Target(ports.lan, lab.places.lan_root), "lawfirm.example",
              "police.example.cjsm.net", practice.relay_identity, practice.org_identity)
    yield Way("in", "org", MAIL_NAME, ports.org, Target(ports.cjsm, practice.egress_root, practice.relay_identity),
              "police.example.cjsm.net", "lawfirm.example.cjsm.net", practice.org_identity, practice.relay_identity)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Capture:
    """`with Capture(file, port)`: every packet of that port on loopback."""

    def __init__(self, file: Path, port: int) -> None:
        self._file = file
        self._command = ["tcpdump", "-i", "lo", "-s", "0", "-U", "-B", "65536", "-Z", "root", "-w", str(file), "tcp", "port", str(port)]

    def __enter__(self) -> "Capture":
        self._process = subprocess.Popen(self._command, stderr=subprocess.PIPE)
        wait("tcpdump records", lambda: self._file.exists() and self._file.stat().st_size >= 24)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(1)
        self._process.terminate()
        _, said = self._process.communicate(timeout=20)
        assert b"\n0 packets dropped by kernel" in said, said

    def bytes(self) -> bytes:
        return self._file.read_bytes()


@contextmanager
def _serving(port: int, serve: Serve) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", port), loop).result(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        time.sleep(0.05)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def _talker(features: str, to_starttls: bytes, then: bytes = b"") -> Serve:
    """A hop that says yes to everything, in clear: a gateway that sent MAIL would be heard out."""
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hop.example ESMTP\r\n")
        try:
            in_data = False
            while line := await reader.readline():
                if in_data:
                    in_data = line != b".\r\n"
                    answer = b"" if in_data else b"250 2.0.0 kept\r\n"
                elif line.upper().startswith(b"EHLO"):
                    answer = b"250-hop.example\r\n" + features.encode() + b"250 8BITMIME\r\n"
                elif line.upper().startswith(b"STARTTLS"):
                    answer = to_starttls + then
                elif line.upper().startswith(b"DATA"):
                    in_data, answer = True, b"354 go on\r\n"
                else:
                    answer = b"250 2.0.0 fine\r\n"
                if answer == b"":
                    continue
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()
    return serve


_OFFER = "250-STARTTLS\r\n"
_IN_CLEAR: dict[str, Serve] = {
    "no STARTTLS offered": _talker("", b"502 5.5.1 no\r\n"),
    "no STARTTLS offered, but taken": _talker("", b"220 go\r\n"),
    "STARTTLS stripped to XXXXXXXX": _talker("250-XXXXXXXX\r\n", b"500 5.5.2 what\r\n"),
    "STARTTLS refused for now": _talker(_OFFER, b"454 4.7.0 not now\r\n"),
    "STARTTLS refused": _talker(_OFFER, b"501 5.5.4 no\r\n"),
    "STARTTLS answered with 250": _talker(_OFFER, b"250 2.0.0 fine without\r\n"),
    "STARTTLS answered, then words in clear": _talker(_OFFER, b"220 go\r\n", b"250 2.0.0 fine\r\n250 2.0.0 fine\r\n"),
    "STARTTLS answered, then SMTP in place of TLS": _talker(_OFFER, b"220 go\r\n"),
    "a TLS alert in place of ServerHello": _talker(_OFFER, b"220 go\r\n", b"\x15\x03\x01\x00\x02\x02\x28"),
}


class Attempts:
    def __init__(self, way: Way) -> None:
        self._way = way
        self.refused = self.taken = 0
        self.wrong: list[str] = []

    def mail(self, what: str, may_be_taken: bool) -> None:
        way = self._way
        try:
            with connect(way.listener, 60) as client:
                replies = begin(client, way.sender, [way.recipient], way.mail)
                code = client.data(way.mail)[0] if replies[0][0] == 250 else replies[0][0]
        except smtplib.SMTPDataError as error:
            code = error.smtp_code
        except AssertionError as error:
            code = error.args[0][0]
        self.taken += code == 250
        self.refused += code != 250
        if code // 100 != 4 and not (code == 250 and may_be_taken):
            self.wrong.append(f"{what}: answered {code}")


def _of_another_name(lab: PeersLab, way: Way) -> Identity:
    """Of the right CA."""
    pki, log = lab.places.pki, lab.places.log("pki")
    if way.hop == "relay":
        return Authority(pki, "egress-ca", log).identity("evil", "evil.example")
    evil = Identity(pki / "evil-mail.pem", pki / "evil-mail.key")
    new_request(evil.key, "evil.lawfirm.example", pki / "evil-mail.csr", log)
    lab.practice.appliance.issue(pki / "evil-mail.csr", evil.certificate)
    return evil


def _contexts(lab: PeersLab, way: Way) -> Iterator[tuple[str, ssl.SSLContext]]:
    other = Authority(lab.places.pki, f"other-ca-{way.name}", lab.places.log("pki"))
    other.create("Practice Egress CA")
    yield "a certificate of another CA", server_context(other.identity(f"other-{way.name}", way.hop_name))
    yield "a certificate of the other side's CA", server_context(way.foreign)
    yield "a certificate of another name", server_context(_of_another_name(lab, way))
    old = server_context(way.good)
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    yield "TLS 1.2", old
    yield "a good one", server_context(way.good)


def _through_faults(way: Way, attempts: Attempts) -> int:
    """Every fault at each piece of a good conversation; the number of them."""
    struck = 0
    with Sink(0, server_context(way.good)) as sink, FaultProxy(way.port, sink.port, True) as proxy:
        attempts.mail("the way for faults", True)
        wait("it is over", lambda: proxy.conversations[-1].is_over)
        pieces = len(proxy.conversations[-1].turns)
        for fault in (Fault.CUT, Fault.RESET, Fault.DRIP):
            for piece in range(1, pieces + 1):
                proxy.give(Order(fault, piece))
                attempts.mail(f"{fault.value} at piece {piece}", True)
                struck += proxy.conversations[-1].has_struck
    return struck


def _is_never_in_clear(lab: PeersLab, way: Way) -> bool:
    lab.practice.take_away(way.hop)
    attempts = Attempts(way)
    with Capture(lab.places.top / f"{way.name}.pcap", way.port) as capture:
        attempts.mail("the hop is down", False)
        for what, serve in _IN_CLEAR.items():
            with _serving(way.port, serve):
                attempts.mail(what, False)
        for what, context in _contexts(lab, way):
            with Sink(way.port, context):
                attempts.mail(what, what == "a good one")
        struck = _through_faults(way, attempts)
    seen = capture.bytes()
    found = seen.count(_CANARY)
    with (Capture(lab.places.top / f"{way.name}-control.pcap", way.port) as control,
          _serving(way.port, _IN_CLEAR["no STARTTLS offered"])):
        with closing(smtplib.SMTP("127.0.0.1", way.port)) as client:
            client.sendmail(way.sender, [way.recipient], way.mail)
    in_control = control.bytes().count(_CANARY)
    lab.practice.bring_back(way.hop)
    print(f"{way.name}: mails tried           {attempts.taken + attempts.refused}: {attempts.taken} taken (by TLS), "
          f"{attempts.refused} put off\nfaults on the way          {struck}\nbytes of packets           {len(seen)}\n"
          f"the words, in them         {found} times\nthe words, in the control  {in_control} times", *attempts.wrong, sep="\n")
    return found == 0 and in_control >= 200 and not attempts.wrong and attempts.taken > 0 and struck > 20


def main() -> int:
    with PeersLab(Path(sys.argv[1]), Path(sys.argv[2])) as lab:
        return 0 if all([_is_never_in_clear(lab, way) for way in _ways(lab)]) else 1


if __name__ == "__main__":
    sys.exit(main())
