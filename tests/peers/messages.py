"""The mails that are sent through everything, and what it means that one arrived as it was sent.

All content has CRLF line ends. Every mail has a Message-ID, so that it is found again; `bare` has no more than it must.
"""

import random
import time
import uuid
from dataclasses import dataclass

from mail import first_difference

OUT_SENDER, OUT_RECIPIENT = "alice@lawfirm.example", "bob@police.example.cjsm.net"
IN_SENDER, IN_RECIPIENT = "bob@police.example.cjsm.net", "alice@lawfirm.example.cjsm.net"
IN_ARRIVES_FOR = "alice@lawfirm.example"  # .cjsm.net is taken off our own domains
MOST = 25 * 1024 * 1024


@dataclass(frozen=True)
class Sample:
    name: str
    id: str
    content: bytes
    is_8bit: bool = False

    @property
    def mark(self) -> bytes:
        return self.id.encode()


def _sample(name: str, sender: str, body: bytes, charset: str = "us-ascii", encoding: str = "7bit") -> Sample:
    unique = f"{uuid.uuid4()}@peers.example"
    header = (f"From: <{sender}>\r\nTo: undisclosed-recipients:;\r\nSubject: {name}\r\n"
              f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime())}\r\nMessage-ID: <{unique}>\r\n"
              f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\n"
              f"Content-Transfer-Encoding: {encoding}\r\n\r\n")
    return Sample(name, unique, header.encode() + body, encoding == "8bit")


def difficult(sender: str) -> Sample:
    """What careless relays break: dots that start lines, blanks at ends, full lines, empty lines at the end."""
    return _sample("7 bit, dots and full lines", sender,
                   b".\r\n..\r\n.dot\r\n...three\r\nblanks  \t \r\n" + b"x" * 998 + b"\r\n." + b"y" * 996 + b"\r\n"
                   b"From the start\r\n\r\n\tend\r\n\r\n\r\n")


def eight_bit(sender: str) -> Sample:
    every = bytes(byte for byte in range(1, 256) if byte not in (10, 13))
    return _sample("8 bit, every byte but NUL, CR, LF", sender, "£ é ŵ “quoted”\r\n.\r\n".encode() + every + b"\r\n",
                   "utf-8", "8bit")


def of_size(sender: str, body_bytes: int) -> Sample:
    """A body of so many bytes, with its last CRLF if there is room for one."""
    random_bytes = random.Random(body_bytes)
    lines = bytearray()
    while len(lines) < body_bytes:
        width = random_bytes.choice((76, 76, 76, 998, 1, 200))
        line = random_bytes.randbytes(width // 2 + 1).hex()[:width].encode()
        lines += (b"." + line[1:] if random_bytes.random() < 0.1 else line) + b"\r\n"
    body = bytes(lines[:body_bytes])
    if body_bytes >= 2:
        body = body[:-2].replace(b"\r", b"x").replace(b"\n", b"x") + b"\r\n" if body_bytes < 80 else _closed(body)
    return _sample(f"{body_bytes} bytes", sender, body)


def _closed(body: bytes) -> bytes:
    """The same length, ending in CRLF and without half a line end before it."""
    cut = body.rfind(b"\r\n", 0, len(body) - 90)
    rest = len(body) - cut - 4
    return body[:cut + 2] + b"z" * min(rest, 998) + b"\r\n" if rest <= 998 else body[:-2] + b"\r\n"


def filling(sender: str, whole_bytes: int) -> Sample:
    """A mail of so many bytes in all."""
    empty = of_size(sender, 0)
    return of_size(sender, whole_bytes - len(empty.content) - len(str(whole_bytes)) + 1)


def difference(sample: Sample, received: bytes) -> str | None:
    """None when `received` (any line ends) is the sample behind trace headers; else one sentence."""
    sent = sample.content if sample.content.endswith(b"\r\n") else sample.content + b"\r\n"
    return first_difference(sent.replace(b"\r\n", b"\n"), received.replace(b"\r\n", b"\n"))
