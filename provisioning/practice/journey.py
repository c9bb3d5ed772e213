"""One message from end to end: sent, awaited, compared, and told to a person hop by hop."""

import re
import smtplib
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass

from children import LabError
from mail import Message, find, first_difference, practice_message, send, without_trace
from places import GATEWAY_NAME, MAIL_NAME, RELAY_NAME, shown
from practice import Practice

_ARRIVAL_SECONDS = 30.0


@dataclass(frozen=True)
class Direction:
    name: str  # as in the ledger
    words: str
    sender: str
    recipient: str


OUTWARD = Direction("out", "out, from the organisation to CJSM", "alice@lawfirm.example", "bob@police.example.cjsm.net")
INWARD = Direction("in", "in, from CJSM to the organisation", "bob@police.example.cjsm.net",
                   "alice@lawfirm.example.cjsm.net")


@dataclass(frozen=True)
class Journey:
    """What was seen of one message. `row` is its ledger row; `uses` what keyd counted meanwhile."""

    direction: Direction
    message: Message
    arrived: bytes
    seconds: float
    row: dict[str, str | int | None]
    uses: dict[str, dict[str, int]]
    lan_tls: str

    @property
    def difference(self) -> str | None:
        return first_difference(self.message.content, self.arrived)

    @property
    def is_intact(self) -> bool:
        return self.difference is None


def travel(practice: Practice, direction: Direction) -> Journey:
    """Sends one message and waits until it lies in the far Maildir and the ledger's row is closed."""
    ports, places = practice.ports, practice.places
    near, far, port = ("org", "relay", ports.org) if direction is OUTWARD else ("relay", "org", ports.relay_inside)
    message = practice_message(direction.sender, direction.recipient, f"A practice message {direction.words}")
    uses_before = practice.appliance.uses()
    log_before = practice.org.log.stat().st_size
    began = time.monotonic()
    try:
        send(message, port)
    except (OSError, smtplib.SMTPException) as error:
        raise LabError(f"the Postfix '{near}' did not take the message ({error}); "
                       f"its log is {places.log('postfix-' + near)}") from None
    while (arrived := find(places.maildir(far), message)) is None:
        if time.monotonic() - began > _ARRIVAL_SECONDS:
            raise LabError(f"the message {direction.words} did not arrive within {_ARRIVAL_SECONDS:.0f} s; why, says "
                           f"{places.log('postfix-' + near)}, or else {places.log('gatewayd')}")
        practice.keep_up()
        time.sleep(0.01)
    seconds = time.monotonic() - began
    return Journey(direction, message, arrived, seconds, _row(practice, direction),
                   _more(uses_before, practice.appliance.uses()), _lan_tls(practice, log_before))


def _row(practice: Practice, direction: Direction) -> dict[str, str | int | None]:
    try:
        with closing(sqlite3.connect(f"{practice.places.ledger.as_uri()}?mode=ro", uri=True)) as ledger:
            ledger.row_factory = sqlite3.Row
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline:
                row = ledger.execute("SELECT * FROM mail WHERE direction = ? AND outcome = 'delivered' "
                                     "ORDER BY id DESC LIMIT 1", (direction.name,)).fetchone()
                if row is not None:
                    return dict(row)
                time.sleep(0.02)
    except sqlite3.Error as error:
        raise LabError(f"the ledger {practice.places.ledger} cannot be read: {error}") from None
    raise LabError(f"the message {direction.words} is not in the ledger as delivered; "
                   f"the gateway's log is {practice.places.log('gatewayd')}")


def _more(before: dict[str, dict[str, int]], after: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """What was counted between two looks at keyd's counters; zeros are left out."""
    more = {key: {use: count - before.get(key, {}).get(use, 0) for use, count in uses.items()}
            for key, uses in after.items()}
    return {key: {use: count for use, count in uses.items() if count} for key, uses in more.items() if any(uses.values())}


def _lan_tls(practice: Practice, log_before: int) -> str:
    """The LAN leg as the organisation's own Postfix saw it: it is no part of the gateway's ledger."""
    text = practice.org.log.read_bytes()[log_before:].decode(errors="replace")
    seen = re.findall(r"TLS connection established (?:to|from) \S+ (TLSv\S+) with cipher (\S+) .*?key-exchange (\S+)", text)
    if not seen:
        return "none in the mail server's log"
    version, suite, group = seen[-1]
    return f"{version}, {group}, {suite}"


def _signatures(journey: "Journey", identity: str, use: str) -> str:
    """Of the identity's keys, which signed: renewd calls them cjsm-1, cjsm-2 and so on."""
    keys = [f"HSM key '{key}' ({counts[use]} signature{'s' if counts[use] > 1 else ''} counted by keyd)" for key, counts in journey.uses.items()
            if use in counts and key.startswith(f"{identity}-")]
    return " and ".join(keys) or "no key of the HSM"


def describe(practice: Practice, journey: Journey) -> str:
    """The journey, hop by hop, for a person."""
    row, ports, message = journey.row, practice.ports, journey.message
    trace = without_trace(journey.arrived)
    added = len(journey.arrived) - len(trace)
    outward = journey.direction is OUTWARD
    server_use, client_use = ("tls_server", "tls_client")
    org = f"the organisation's mail server {MAIL_NAME} (Postfix, port {ports.org})"
    relay = f"the CJSM relay {RELAY_NAME} (Postfix, port {ports.relay if outward else ports.relay_inside})"
    lan_leg = [f"TLS       {journey.lan_tls}"]
    if outward:
        lan_leg.append(f"we are    {GATEWAY_NAME}, shown by {_signatures(journey, 'lan', server_use)}")
    else:
        lan_leg.append(f"they are  {MAIL_NAME}, checked against the LAN CA")
    wan_use = client_use if outward else server_use
    wan_leg = [
        f"TLS       {row['tls_version']}, {row['tls_group']}, {row['tls_suite']}; "
        + ("RESUMED" if row["resumed"] else "a new handshake, not resumed"),
        f"we are    {GATEWAY_NAME}, shown by {_signatures(journey, 'cjsm', wan_use)}",
        f"they are  {row['peer_subject']}, serial {row['peer_serial']}, from {row['peer_issuer']}",
        f"session   {row['session_id']}",
    ]
    gateway = f"the Privyseal gateway (port {ports.lan if outward else ports.cjsm}): {row['size_bytes']} bytes on the wire, none kept"
    first, second = (org, relay) if outward else (relay, org)
    first_leg, second_leg = (lan_leg, wan_leg) if outward else (wan_leg, lan_leg)
    maildir = practice.places.maildir("relay" if outward else "org")
    verdict = (f"{len(message.content)} bytes, each as sent (behind {added} bytes of trace headers)"
               if journey.is_intact else f"NOT as sent: {journey.difference}")
    lines = [f"{journey.direction.words.upper()}: {message.sender} -> {message.recipient}",
             f"  1  {first}", *(f"       {fact}" for fact in first_leg),
             f"  2  {gateway}", *(f"       {fact}" for fact in second_leg),
             f"  3  {second}", f"       answered  {row['reply']}",
             f"  4  {shown(maildir)}, after {journey.seconds:.2f} s", f"       {verdict}"]
    return "\n".join(lines)
