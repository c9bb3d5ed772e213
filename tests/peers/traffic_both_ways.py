"""Senders on both sides that try each mail until it is taken, as mail servers do; and the account of it afterwards.

Each mail has a recipient of its own, so that the ledger's rows, which know neither subject nor body, can be told apart.
"""

import smtplib
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

import messages
from messages import Sample, difference
from peers_lab import PeersLab
from senders import Target, begin, connect
from sink import Sink

_PAUSE_SECONDS = 0.05


@dataclass
class Attempted:
    """One mail. `broken`: tries after whose body began no reply came, so that the sender could not know."""

    key: str
    sample: Sample
    is_out: bool
    is_taken: bool = False
    tries: int = 0
    broken: int = 0
    replies: list[int] = field(default_factory=list)  # those that were no 250


class TwoSides:
    """The lab with sinks for both mail servers, and the targets of senders."""

    def __init__(self, lab: PeersLab) -> None:
        for name in ("org", "relay"):
            lab.practice.take_away(name)
        self._lab = lab
        self.relay = Sink(lab.ports.relay, lab.relay_server_context())
        self.org = Sink(lab.ports.org, lab.organisation_server_context())
        self.lan = Target(lab.ports.lan, lab.places.lan_root)
        self.cjsm = Target(lab.ports.cjsm, lab.practice.egress_root, lab.practice.relay_identity)

    def __enter__(self) -> "TwoSides":
        self.relay.start()
        self.org.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.relay.stop()
        self.org.stop()

    def new(self, key: str, is_out: bool, body_bytes: int = 4000) -> Attempted:
        return Attempted(key, messages.of_size(messages.OUT_SENDER if is_out else messages.IN_SENDER, body_bytes), is_out)

    def try_once(self, mail: Attempted, target: Target | None = None, timeout: float = 30) -> bool:
        """One try on a connection of its own; True once the mail is taken."""
        sender, domain = ((messages.OUT_SENDER, "police.example.cjsm.net") if mail.is_out else
                          (messages.IN_SENDER, "lawfirm.example.cjsm.net"))
        mail.tries += 1
        is_body_under_way = False
        try:
            client = connect(target or (self.lan if mail.is_out else self.cjsm), timeout)
            with closing(client):
                (code, _), = begin(client, sender, [f"{mail.key}@{domain}"], mail.sample.content)
                if code == 250:
                    is_body_under_way = True
                    code, _ = client.data(mail.sample.content)
                    is_body_under_way = False
                if code != 250:
                    mail.replies.append(code)
                    return False
                mail.is_taken = True
                return True
        except smtplib.SMTPResponseException as refusal:  # at the greeting, EHLO, STARTTLS; or instead of 354
            if refusal.smtp_code > 0:
                mail.replies.append(refusal.smtp_code)
            else:
                mail.broken += is_body_under_way
        except AssertionError as refusal:  # MAIL
            mail.replies.append(refusal.args[0][0])
        except (OSError, smtplib.SMTPException):
            mail.broken += is_body_under_way
        return False

    def copies(self, mail: Attempted) -> list[bytes]:
        sink, domain = (self.relay, "police.example.cjsm.net") if mail.is_out else (self.org, "lawfirm.example")
        return sink.copies(mail.sample.mark).get(f"{mail.key}@{domain}", [])

    def outcomes(self) -> dict[str, Counter[str]]:
        """Recipient's key -> how often each outcome stands in the ledger for him."""
        found: dict[str, Counter[str]] = {}
        with closing(sqlite3.connect(f"{self._lab.places.ledger.as_uri()}?mode=ro", uri=True)) as ledger:
            for recipients, outcome in ledger.execute("SELECT recipients, outcome FROM mail"):
                found.setdefault(recipients.partition("@")[0], Counter())[outcome] += 1
        return found

    def faults_of(self, mails: list[Attempted]) -> list[str]:
        """What is wrong: one sentence each. Nothing may be lost, changed, or doubled but by a try without an answer."""
        rows, wrong = self.outcomes(), []
        for mail in mails:
            copies, row = self.copies(mail), rows.get(mail.key, Counter())
            if not mail.is_taken or not copies:
                wrong.append(f"{mail.key}: taken {mail.is_taken}, {len(copies)} copies")
            if len(copies) > 1 + mail.broken + row["unknown"]:
                wrong.append(f"{mail.key}: {len(copies)} copies, but only {mail.broken} tries without an answer and "
                             f"{row['unknown']} of which the ledger says that the hop's verdict was lost")
            if any(difference(mail.sample, copy) for copy in copies):
                wrong.append(f"{mail.key}: arrived changed")
            if any(code // 100 != 4 for code in mail.replies):
                wrong.append(f"{mail.key}: answered {mail.replies}")
            if not row["delivered"] <= len(copies) <= row["delivered"] + row["unknown"]:
                wrong.append(f"{mail.key}: {len(copies)} copies, the ledger says {dict(row)}")
        return wrong


class Load:
    """`with Load(sides, threads_each_way)`; at the end each sender finishes the mail it has in hand."""

    def __init__(self, sides: TwoSides, threads_each_way: int) -> None:
        self.mails: list[Attempted] = []
        self._sides, self._stop, self._lock = sides, threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(f"t{n}", n % 2 == 0))
                         for n in range(2 * threads_each_way)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, name: str, is_out: bool) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            mail = self._sides.new(f"{name}-{number}", is_out)
            with self._lock:
                self.mails.append(mail)
            deadline = time.monotonic() + 60
            while not self._sides.try_once(mail) and time.monotonic() < deadline:
                time.sleep(_PAUSE_SECONDS)
