"""Never in clear: while the relay's side does all that it can wrong, no packet of the CJSM leg holds the mail's words.

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
from pathlib import Path
from typing import Awaitable, Callable, Iterator

from peers_lab import PeersLab, wait  # first: it opens the way to practice mode's modules

from fault_proxy import Fault, FaultProxy, Order
from pki import Authority
from places import RELAY_NAME
from senders import Target, begin, connect
from sink import Sink
from tls_files import server_context

import messages

_CANARY = b"CANARY-" + random.Random().randbytes(12).hex().encode()
# In the envelope, the header and the body.
_SENDER, _RECIPIENT = f"{_CANARY.decode()}@lawfirm.example", f"{_CANARY.decode()}@police.example.cjsm.net"
_MAIL = (b"From: <" + _SENDER.encode() + b">\r\nTo: <bob@police.example.cjsm.net>\r\nSubject: " + _CANARY + b"\r\n\r\n"
         + (_CANARY + b"\r\n") * 200)

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
    """A relay that says yes to everything, in clear: a gateway that sent MAIL would be heard out."""
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"220 {RELAY_NAME} ESMTP\r\n".encode())
        try:
            in_data = False
            while line := await reader.readline():
                if in_data:
                    in_data = line != b".\r\n"
                    answer = b"" if in_data else b"250 2.0.0 kept\r\n"
                elif line.upper().startswith(b"EHLO"):
                    answer = b"250-" + RELAY_NAME.encode() + b"\r\n" + features.encode() + b"250 8BITMIME\r\n"
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
    def __init__(self, lab: PeersLab) -> None:
        self._lab = lab
        self.refused = self.taken = 0
        self.wrong: list[str] = []

    def mail(self, what: str, may_be_taken: bool) -> None:
        target = Target(self._lab.ports.lan, self._lab.places.lan_root)
        try:
            with connect(target, 60) as client:
                replies = begin(client, _SENDER, [_RECIPIENT], _MAIL)
                code = client.data(_MAIL)[0] if replies[0][0] == 250 else replies[0][0]
        except smtplib.SMTPDataError as error:
            code = error.smtp_code
        except AssertionError as error:
            code = error.args[0][0]
        self.taken += code == 250
        self.refused += code != 250
        if code // 100 != 4 and not (code == 250 and may_be_taken):
            self.wrong.append(f"{what}: answered {code}")


def _contexts(lab: PeersLab) -> Iterator[tuple[str, ssl.SSLContext]]:
    other = Authority(lab.places.pki, "other-ca", lab.places.log("pki"))
    other.create("Practice Egress CA")
    yield "a certificate of another CA", server_context(other.identity("relay-other", RELAY_NAME))
    yield "a certificate of the organisation's CA", server_context(lab.practice.org_identity)
    own = Authority(lab.places.pki, "egress-ca", lab.places.log("pki"))
    yield "a certificate of another name", server_context(own.identity("relay-evil", "evil.example"))
    old = lab.relay_server_context()
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    yield "TLS 1.2", old
    yield "a good one", lab.relay_server_context()


def _through_faults(lab: PeersLab, attempts: Attempts) -> int:
    """Every fault at each piece of a good conversation; the number of them."""
    struck = 0
    with Sink(0, lab.relay_server_context()) as sink, FaultProxy(lab.ports.relay, sink.port, True) as proxy:
        attempts.mail("the way for faults", True)
        wait("it is over", lambda: proxy.conversations[-1].is_over)
        pieces = len(proxy.conversations[-1].turns)
        for fault in (Fault.CUT, Fault.RESET, Fault.DRIP):
            for piece in range(1, pieces + 1):
                proxy.give(Order(fault, piece))
                attempts.mail(f"{fault.value} at piece {piece}", True)
                struck += proxy.conversations[-1].has_struck
    return struck


def main() -> int:
    with PeersLab(Path(sys.argv[1]), Path(sys.argv[2])) as lab:
        lab.practice.take_away("relay")
        attempts, port = Attempts(lab), lab.ports.relay
        with Capture(lab.places.top / "cjsm.pcap", port) as capture:
            attempts.mail("the relay is down", False)
            for what, serve in _IN_CLEAR.items():
                with _serving(port, serve):
                    attempts.mail(what, False)
            for what, context in _contexts(lab):
                with Sink(port, context):
                    attempts.mail(what, what == "a good one")
            struck = _through_faults(lab, attempts)
        seen = capture.bytes()
        found = seen.count(_CANARY)
        with Capture(lab.places.top / "control.pcap", port) as control, _serving(port, _IN_CLEAR["no STARTTLS offered"]):
            with closing(smtplib.SMTP("127.0.0.1", port)) as client:
                client.sendmail(_SENDER, [_RECIPIENT], _MAIL)
        in_control = control.bytes().count(_CANARY)
        print(f"mails tried                {attempts.taken + attempts.refused}: {attempts.taken} taken (by TLS), {attempts.refused} put off\n"
              f"faults on the way          {struck}\nbytes of packets           {len(seen)}\n"
              f"the words, in them         {found} times\nthe words, in the control  {in_control} times", *attempts.wrong, sep="\n")
        is_well = found == 0 and in_control >= 200 and not attempts.wrong and attempts.taken > 0 and struck > 20
        return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
