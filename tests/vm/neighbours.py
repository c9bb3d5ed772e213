"""What is around the appliance: an organisation's Postfix, a CJSM relay's Postfix and an EST server, on loopback.

They are practice mode's stand-ins (provisioning/practice) and the tests' EST server. The appliance sees them at
QEMU's addresses for this machine, and they see it at the ports that lead to it.
"""

import hashlib
import http.client
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import mail
from children import start, wait_until
from guest import GuestError
from lab_site import DOMAIN, Enrolment, LabSite
from machine import TOP
from places import RELAY_NAME, MAIL_NAME, Places, Ports
from stand_ins import organisation, relay

_EST = TOP / "tests/support/fake_est.py"
# Between two tries of a queue that waits for the appliance; a mail crosses an emulated machine in seconds.
_DELIVERY_SECONDS = 240
_CONSOLE_SECONDS = 240
CONSOLE_NAME = f"console.{DOMAIN}"


class Neighbours:
    """On `ports` of loopback, some of which lead to the appliance.

    `site` first, then start_relay; start_organisation once the appliance shows its certificate.
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

    def start_organisation(self) -> None:
        """It knows the appliance by its certificate's fingerprint, as its administrator would note it on day one."""
        shown = ssl.PEM_cert_to_DER_cert(self._shown_certificate())
        server = organisation(self._places, self._ports, self.site.lan.certificate,
                              self.site.lan.identity("org", MAIL_NAME))
        server.parameters.update({
            "smtp_tls_security_level": "fingerprint",
            "smtp_tls_fingerprint_digest": "sha256",
            "smtp_tls_fingerprint_cert_match": hashlib.sha256(shown).digest().hex(":").upper(),
        })
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
        """The sign-in page. The appliance's own CA is not known here; what it protects is tested with a browser."""
        tls = ssl.create_default_context()
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
        tls.minimum_version = ssl.TLSVersion.TLSv1_3
        deadline = time.monotonic() + _CONSOLE_SECONDS
        while True:
            try:
                page = self._sign_in_page(tls)
            except (OSError, http.client.HTTPException) as error:
                page = f"no page: {error}"
            if "Sign in" in page and "passkey" in page:
                return
            if time.monotonic() > deadline:
                raise GuestError(f"the console shows no sign-in page: {page[:200]}")
            time.sleep(2)

    def _sign_in_page(self, tls: ssl.SSLContext) -> str:
        with socket.create_connection(("127.0.0.1", self._ports.console), timeout=60) as plain:
            with tls.wrap_socket(plain, server_hostname=CONSOLE_NAME) as connection:
                connection.sendall(f"GET /sign-in HTTP/1.1\r\nHost: {CONSOLE_NAME}\r\nConnection: close\r\n\r\n".encode())
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                return f"{answer.status} {answer.read().decode()}"

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

    def _shown_certificate(self) -> str:
        """What the appliance shows on its LAN side, PEM."""
        shown = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self._ports.lan}", "-starttls", "smtp"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120).stdout
        certificates = shown.split("-----BEGIN CERTIFICATE-----")[1:]
        if not certificates:
            raise GuestError("the appliance shows no certificate on its LAN side")
        pem = "-----BEGIN CERTIFICATE-----" + certificates[0].partition("-----END CERTIFICATE-----")[0]
        return pem + "-----END CERTIFICATE-----\n"
