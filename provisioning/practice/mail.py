"""The practice messages: made, sent, found in the far Maildir, and compared byte for byte."""

import smtplib
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

# What servers on the way put in front of a message, and may: RFC 5321 section 4.4 (Received,
# Return-Path), the mailbox's own notes, and the appliance's statement of where the mail came from and how it is to be treated.
_TRACE_HEADERS = (
    b"received", b"return-path", b"delivered-to", b"x-original-to", b"authentication-results", b"x-cjsm-origin",
    b"x-cjsm-handling",
)
_LONGEST_LINE = 998  # RFC 5321 section 4.5.3.1.6, without its CRLF


@dataclass(frozen=True)
class Message:
    """`content` is what is sent, with LF line ends as a Maildir keeps it."""

    sender: str
    recipient: str
    id: str
    content: bytes


def practice_message(sender: str, recipient: str, subject: str) -> Message:
    """A message with what careless relays break: dots that start lines, 8-bit text, a line of full length."""
    unique = f"{uuid.uuid4()}@{sender.partition('@')[2]}"
    header = (
        f"From: <{sender}>\nTo: <{recipient}>\nSubject: {subject}\n"
        f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}\nMessage-ID: <{unique}>\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
    )
    body = (
        "This line is followed by one that holds a single dot.\n.\n..two dots\n.one dot\n"
        "Eight-bit text: £ é ŵ “quoted” …\n"
        "A line that ends in blanks:   \n\n"
        f"{'0123456789' * 100:.{_LONGEST_LINE}}\n"
        "\tThe last line, after which come two empty ones.\n\n\n"
    )
    return Message(sender, recipient, unique, (header + "\n" + body).encode())


def send(message: Message, port: int) -> str:
    """Submits to a mail server on loopback; returns its reply to the message. Raises OSError or SMTPException."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="practice.invalid", timeout=30) as client:
        client.ehlo()
        return transact(client, message)


def transact(client: smtplib.SMTP, message: Message) -> str:
    """One mail transaction after EHLO. Raises SMTPResponseException for any answer but 250."""
    code, text = client.mail(message.sender, ["BODY=8BITMIME"])
    if code == 250:
        code, text = client.rcpt(message.recipient)
    if code == 250:
        code, text = client.data(message.content.replace(b"\n", b"\r\n"))
    if code != 250:
        raise smtplib.SMTPResponseException(code, text)
    return f"{code} {text.decode(errors='replace')}"


def find(maildir: Path, message: Message) -> bytes | None:
    """What was delivered under this message's id, or None as long as nothing was."""
    mark = f"Message-ID: <{message.id}>\n".encode()
    for file in sorted((maildir / "new").glob("*")):
        content = file.read_bytes()
        if mark in content:
            return content
    return None


def without_trace(content: bytes) -> bytes:
    """The message without the trace headers in front of its own first header, and nothing else removed."""
    rest = content
    while rest.partition(b":")[0].lower() in _TRACE_HEADERS:
        _, newline, rest = rest.partition(b"\n")
        while newline and rest[:1] in (b" ", b"\t"):
            _, newline, rest = rest.partition(b"\n")
    return rest


def first_difference(sent: bytes, received: bytes) -> str | None:
    """None when `received` is `sent` behind trace headers; else one sentence for a person."""
    arrived = without_trace(received)
    if arrived == sent:
        return None
    for number, (was, now) in enumerate(zip(sent.split(b"\n"), arrived.split(b"\n")), start=1):
        if was != now:
            return f"line {number} was {was[:60]!r} and arrived as {now[:60]!r}"
    return f"{len(sent)} bytes were sent and {len(arrived)} arrived"
