"""A mail server that keeps what it is given, as it was given (aiosmtpd): the last stop of a mail, or a relay with a script.

Threads: it serves in one of its own; `mails` and `copies` may be read at any time.
"""

import logging
import ssl
from dataclasses import dataclass, field
from typing import Callable

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from places import free_port

# It warns of each client that must show a certificate.
logging.getLogger("mail.log").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple[str, ...]
    content: bytes  # CRLF line ends, as on the wire, without dot-stuffing
    options: tuple[str, ...]  # MAIL's parameters


@dataclass
class _Recorder:
    answer_rcpt: Callable[[str], str]
    answer_data: Callable[[Mail], str]
    mails: list[Mail] = field(default_factory=list)
    handshakes: int = 0

    def handle_STARTTLS(self, *_: object) -> bool:
        self.handshakes += 1
        return True

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str,
                          options: list[str]) -> str:
        answer = self.answer_rcpt(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content, tuple(envelope.mail_options))
        answer = self.answer_data(mail)
        if answer.startswith("2"):
            self.mails.append(mail)
        return answer


class Sink:
    """`with Sink(...) as sink`; without a context it speaks no TLS, with one it insists on STARTTLS.

    `answer_rcpt` and `answer_data` choose the replies.
    """

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None,
                 answer_rcpt: Callable[[str], str] = lambda address: "250 2.1.5 fine",
                 answer_data: Callable[[Mail], str] = lambda mail: "250 2.0.0 kept") -> None:
        self._recorder = _Recorder(answer_rcpt, answer_data)
        # aiosmtpd believes a server on port 0 to be dead, so the port is chosen here.
        self.port = port or free_port()
        self._controller = Controller(self._recorder, hostname="127.0.0.1", port=self.port, tls_context=tls,
                                      require_starttls=tls is not None, enable_SMTPUTF8=True,
                                      data_size_limit=64 << 20, ready_timeout=20,
                                      server_hostname="sink.example")  # or it asks the DNS at each connection

    def __enter__(self) -> "Sink":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop(no_assert=True)

    @property
    def mails(self) -> list[Mail]:
        return list(self._recorder.mails)

    @property
    def handshakes(self) -> int:
        return self._recorder.handshakes

    def copies(self, mark: bytes) -> dict[str, list[bytes]]:
        """Recipient -> what he got of the mails that hold `mark`."""
        found: dict[str, list[bytes]] = {}
        for mail in self.mails:
            if mark in mail.content:
                for recipient in mail.recipients:
                    found.setdefault(recipient, []).append(mail.content)
        return found
