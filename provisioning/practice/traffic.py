"""A steady stream of mail into the gateway, sent as the organisation's mail server would, each on a connection of its own.

Straight to the gateway, because a mail server in between would try again and so hide a refusal.
"""

import smtplib
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from mail import Message, practice_message, transact
from places import GATEWAY_NAME

_SENDER, _RECIPIENT = "alice@lawfirm.example", "bob@police.example.cjsm.net"


@dataclass
class Tally:
    """What became of the messages so far. `failures` holds one sentence for each that was not taken."""

    taken: int = 0
    failures: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0


class Traffic:
    """`with Traffic(port, lan_ca, per_second) as traffic: ...`; at the end it waits for what is under way.

    Threads: `tally` may be read at any time; it is complete after the `with`.
    """

    def __init__(self, port: int, lan_ca: Path, per_second: int) -> None:
        self.tally = Tally()
        self._port = port
        self._pause = 1 / per_second
        self._tls = ssl.create_default_context(cafile=str(lan_ca))
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_3
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._senders = ThreadPoolExecutor(max_workers=32)
        self._clock = threading.Thread(target=self._keep_time)

    def __enter__(self) -> "Traffic":
        self._began = time.monotonic()
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._clock.join()
        self._senders.shutdown(wait=True)
        self.seconds = time.monotonic() - self._began

    def _keep_time(self) -> None:
        """Starts one message at each tick, however long the ones before it take."""
        due = time.monotonic()
        while not self._stop.is_set():
            self._senders.submit(self._send_one, practice_message(_SENDER, _RECIPIENT, "Practice traffic"))
            due += self._pause
            self._stop.wait(max(0.0, due - time.monotonic()))

    def _send_one(self, message: Message) -> None:
        began = time.monotonic()
        failure = None
        try:
            self._deliver(message)
        except (OSError, smtplib.SMTPException) as error:
            failure = f"{type(error).__name__}: {error}"
        with self._lock:
            self.tally.slowest_seconds = max(self.tally.slowest_seconds, time.monotonic() - began)
            if failure is None:
                self.tally.taken += 1
            else:
                self.tally.failures.append(failure)

    def _deliver(self, message: Message) -> None:
        with smtplib.SMTP("127.0.0.1", self._port, local_hostname="practice.invalid", timeout=30) as client:
            client._host = GATEWAY_NAME  # the name that starttls() checks the certificate against
            client.starttls(context=self._tls)
            client.ehlo()
            transact(client, message)
