"""Programs that hand a mail to an SMTP server behind STARTTLS, each with the options of its own.

A sender is `send(Target, sender, recipients, content) -> None`; it raises AssertionError when the mail is not taken.
"""

import smtplib
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from pki import Identity
from places import GATEWAY_NAME
from tls_files import client_context


@dataclass(frozen=True)
class Target:
    """Our listener on one side: whose CA made its certificate, and what a client must show there."""

    port: int
    trusted: Path
    own: Identity | None = None

    def context(self) -> ssl.SSLContext:
        return client_context(self.trusted, self.own)


Sender = Callable[[Target, str, list[str], bytes], None]


def connect(target: Target, timeout: float = 120) -> smtplib.SMTP:
    """A session that has said EHLO inside TLS."""
    client = smtplib.SMTP("127.0.0.1", target.port, local_hostname="peers.example", timeout=timeout)
    client._host = GATEWAY_NAME  # the name that starttls() checks the certificate against
    client.starttls(context=target.context())
    client.ehlo()
    return client


def _needs_utf8(sender: str, recipients: list[str]) -> bool:
    return not "".join([sender, *recipients]).isascii()


def begin(client: smtplib.SMTP, sender: str, recipients: list[str], content: bytes) -> list[tuple[int, bytes]]:
    """MAIL and RCPT; the reply to each recipient."""
    options = [f"SIZE={len(content)}"] + ([] if content.isascii() else ["BODY=8BITMIME"])
    if _needs_utf8(sender, recipients):
        options = [*options, "SMTPUTF8"]
        client.command_encoding = "utf-8"
    code, text = client.mail(sender, options)
    assert code == 250, (code, text)
    return [client.rcpt(recipient) for recipient in recipients]


def with_data(target: Target, sender: str, recipients: list[str], content: bytes) -> None:
    with connect(target) as client:
        replies = begin(client, sender, recipients, content)
        assert all(code == 250 for code, _ in replies), replies
        code, text = client.data(content)
        assert code == 250, (code, text)


def with_bdat(target: Target, sender: str, recipients: list[str], content: bytes, chunk: int = 300_007) -> None:
    """In chunks that end anywhere, and an empty last one."""
    with connect(target) as client:
        assert client.has_extn("chunking")
        replies = begin(client, sender, recipients, content)
        assert all(code == 250 for code, _ in replies), replies
        for start in range(0, len(content), chunk):
            part = content[start:start + chunk]
            client.send(f"BDAT {len(part)}\r\n".encode() + part)
            code, text = client.getreply()
            assert code == 250, (code, text)
        code, text = client.docmd("BDAT 0 LAST")
        assert code == 250, (code, text)


def with_swaks(target: Target, sender: str, recipients: list[str], content: bytes) -> None:
    own = ["--tls-cert", str(target.own.certificate), "--tls-key", str(target.own.key)] if target.own else []
    with tempfile.NamedTemporaryFile() as file:
        # swaks wants LF, and puts CRLF and dots itself; and a last line end.
        file.write(content.removesuffix(b"\r\n").replace(b"\r\n", b"\n"))
        file.flush()
        _run(["swaks", "--server", "127.0.0.1", "--port", str(target.port), "--helo", "peers.example", "--tls",
              "--tls-verify", "--tls-ca-path", str(target.trusted), "--tls-sni", GATEWAY_NAME, "--tls-verify-target", GATEWAY_NAME, *own, "--from", sender,
              "--to", ",".join(recipients), "--data", f"@{file.name}", "--silent", "2"], b"")


def with_msmtp(target: Target, sender: str, recipients: list[str], content: bytes) -> None:
    own = [f"--tls-cert-file={target.own.certificate}", f"--tls-key-file={target.own.key}"] if target.own else []
    _run(["msmtp", "--file=/dev/null", "--host=127.0.0.1", f"--port={target.port}", "--domain=peers.example", "--tls=on",
          "--tls-starttls=on", f"--tls-trust-file={target.trusted}", f"--tls-host-override={GATEWAY_NAME}", *own, "--auth=off",
          "--set-from-header=off", "--set-date-header=off", "--set-msgid-header=off", f"--from={sender}", "--", *recipients],
         content.replace(b"\r\n", b"\n"))


def _run(command: list[str], content: bytes) -> None:
    done = subprocess.run(command, input=content, capture_output=True, timeout=20)
    assert done.returncode == 0, (command[0], done.returncode, (done.stdout + done.stderr)[-1000:].decode(errors="replace"))


SENDERS: dict[str, Sender] = {"smtplib, DATA": with_data, "smtplib, BDAT": with_bdat, "swaks": with_swaks,
                              "msmtp": with_msmtp}
