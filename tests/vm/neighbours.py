"""What is around the appliance: an organisation's Postfix, a CJSM relay's Postfix and an EST server, on loopback.

They are practice mode's stand-ins (provisioning/practice) and the tests' EST server. The appliance sees them at
QEMU's addresses for this machine, and they see it at the ports that lead to it.
"""

import hashlib
import http.client
import re
import socket
import ssl
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import mail
from children import start, wait_until
from guest import GuestError
from lab_site import DOMAIN, Enrolment, LabSite
from machine import TOP
from places import MAIL_NAME, RELAY_NAME, Places, Ports
from stand_ins import organisation, relay

_EST = TOP / "tests/support/fake_est.py"
# Between two tries of a queue that waits for the appliance; a mail crosses an emulated machine in seconds.
_DELIVERY_SECONDS = 240
_CONSOLE_SECONDS = 240
CONSOLE_NAME = f"console.{DOMAIN}"


class Neighbours:
    """On `ports` of loopback, some of which lead to the appliance.

    `site` first, then start_relay; take_own_ca once the appliance has made one, then start_organisation.
    """

    def __init__(self, folder: Path, ports: Ports) -> None:
        self._places = Places(folder, TOP / "build/release")
        self._places.make_fresh()
        self._ports = ports
        self._est = folder / "est"
        self._est.mkdir()
        self._children = [start("est", [sys.executable, str(_EST), str(self._est)], self._places.log("est"))]
        wait_until("the EST server did not start", self._children[0], (self._est / "up").exists, 60)
        self._relay_roots = folder / "cjsm-roots.pem"
        self._own_ca = folder / "privyseal-ca.pem"
        self.site = self._make_site(folder / "site")

    def _make_site(self, folder: Path) -> LabSite:
        issuing = (self._est / "root.pem").read_text()
        site = LabSite(folder, relay_port=self._ports.relay, mail_server_port=self._ports.org,
                       further_cjsm_roots=issuing,
                       enrolment=Enrolment("est.example", int((self._est / "port").read_text()),
                                           (self._est / "server-ca.pem").read_text()))
        site.make_authorities()
        site.write_setup_disk()
        self._relay_roots.write_text(site.egress.certificate.read_text() + issuing)
        return site

    def start_relay(self) -> None:
        server = relay(self._places, self._ports, self._relay_roots, self.site.egress.identity("relay", RELAY_NAME))
        server.write()
        self._children.append(server.start())

    def take_own_ca(self, on_screen: str) -> None:
        """The appliance's own CA, as its administrator gets it on day one: downloaded from a console that nothing
        vouches for yet, and kept only if its fingerprint is the one on the appliance's screen."""
        unknown = ssl.create_default_context()
        unknown.check_hostname = False
        unknown.verify_mode = ssl.CERT_NONE
        page, pem = self._console("/sign-in", "Sign in", unknown), self._console("/own-ca.pem", "-----BEGIN", unknown)
        got = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        shown = re.search(r'id="own-ca">([0-9A-F ]+)<', page.replace("\n", " "))
        for where, fingerprint in (("screen", on_screen), ("sign-in page", shown[1] if shown else "")):
            if got != "".join(fingerprint.split()):
                raise GuestError(f"the console's CA has the fingerprint {got}; the {where} shows {fingerprint!r}")
        if self._own_ca.exists() and self._own_ca.read_text() != pem:
            raise GuestError(f"the appliance has another CA than before ({self._own_ca})")
        self._own_ca.write_text(pem)

    def start_organisation(self) -> None:
        """It knows the appliance by its name and the CA of take_own_ca."""
        server = organisation(self._places, self._ports, self._own_ca, self.site.lan.identity("org", MAIL_NAME))
        server.write()
        self._children.append(server.start())

    def exchange(self) -> None:
        """One mail each way, through the appliance, to the last byte."""
        out = mail.practice_message(f"alice@{DOMAIN}", "bob@police.example.cjsm.net", "out")
        into = mail.practice_message("bob@police.example.cjsm.net", f"alice@{DOMAIN}.cjsm.net", "in")
        for message, port, arrives_at in ((out, self._ports.org, "relay"), (into, self._ports.relay_inside, "org")):
            mail.send(message, port)
            self._expect_at(arrives_at, message)

    def open_console(self) -> None:
        """The sign-in page, from a console whose certificate is the appliance's own CA's and has its name."""
        if "passkey" not in self._console("/sign-in", "Sign in", ssl.create_default_context(cafile=self._own_ca)):
            raise GuestError("the console's sign-in page asks for no passkey")

    def enter_claim_code(self, address: str, code: str) -> None:
        """As the first officer does in his browser, up to the passkey."""
        if address != f"https://{CONSOLE_NAME}:8443":
            raise GuestError(f"the screen sends the first officer to {address}")
        tls = ssl.create_default_context(cafile=self._own_ca)
        tls.minimum_version = ssl.TLSVersion.TLSv1_3
        with self._ask("GET", "/claim", tls) as form:
            cookie = (form.getheader("Set-Cookie") or "").partition(";")[0]
            token = re.search(r'name="token" value="([0-9a-f]+)"', form.read().decode())
        if not token:
            raise GuestError("the console's page for a claim code has no form")
        body = f"token={token[1]}&code={code}"
        with self._ask("POST", "/claim", tls, {"Origin": address, "Cookie": cookie}, body) as answer:
            if answer.status != 303 or answer.getheader("Location") != "/claim":
                raise GuestError(f"the console does not take the claim code of the screen: status {answer.status}")
        with self._ask("GET", "/claim", tls, {"Cookie": cookie}) as page:
            if "You will be the first officer" not in page.read().decode():
                raise GuestError("the claim code of the screen makes nobody the first officer")

    def _console(self, path: str, expected: str, tls: ssl.SSLContext) -> str:
        """What the console answers, as soon as it answers with what is expected."""
        tls.minimum_version = ssl.TLSVersion.TLSv1_3
        deadline = time.monotonic() + _CONSOLE_SECONDS
        while True:
            try:
                answer = self._get(path, tls)
            except (OSError, http.client.HTTPException) as error:
                answer = f"{error}"
            if expected in answer:
                return answer
            if time.monotonic() > deadline:
                raise GuestError(f"the console's {path} has no {expected!r}: {answer[:200]}")
            time.sleep(2)

    def _get(self, path: str, tls: ssl.SSLContext) -> str:
        with self._ask("GET", path, tls) as answer:
            return answer.read().decode()

    @contextmanager
    def _ask(self, method: str, path: str, tls: ssl.SSLContext, headers: dict[str, str] | None = None,
             body: str = "") -> Iterator[http.client.HTTPResponse]:
        lines = {"Host": f"{CONSOLE_NAME}:8443", "Connection": "close", **(headers or {})}
        if method == "POST":
            lines |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        with socket.create_connection(("127.0.0.1", self._ports.console), timeout=60) as plain:
            with tls.wrap_socket(plain, server_hostname=CONSOLE_NAME) as connection:
                connection.sendall(f"{method} {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
                answer = http.client.HTTPResponse(connection, method=method)
                answer.begin()
                yield answer

    def stop(self) -> None:
        for child in reversed(self._children):
            child.stop()

    def _expect_at(self, postfix: str, message: mail.Message) -> None:
        maildir = self._places.maildir(postfix)
        deadline = time.monotonic() + _DELIVERY_SECONDS
        while (arrived := mail.find(maildir, message)) is None:
            if time.monotonic() > deadline:
                raise GuestError(f"a mail did not arrive in {maildir}; see {self._places.logs}")
            time.sleep(0.5)
        if difference := mail.first_difference(message.content, arrived):
            raise GuestError(f"a mail was changed on its way: {difference}")
