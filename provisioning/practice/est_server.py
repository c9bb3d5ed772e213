"""The stand-in for the Egress/MoJ CA's enrolment service: Debian's `estserver` (RFC 7030) before the practice CA.

It was written by others and shares no line with the appliance: what works against it is no echo of our own mistakes.
It speaks TLS 1.2 and asks for a user name and a password (estuser, estpwd: they are part of the program).
"""

import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from children import Child, start, wait_until
from pki import Authority

EST_NAME = "est.egress.example"
EST_USER, EST_PASSWORD = "estuser", "estpwd"

# estserver signs with the library half of `openssl ca`, and stops at each key that is missing here.
_CA_CONFIG = """\
[ca]
default_ca = egress
[egress]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {certificate}
private_key = {key}
default_md = sha256
default_days = {days}
policy = names
unique_subject = no
email_in_dn = no
preserve = no
copy_extensions = copy
x509_extensions = leaf
[names]
commonName = supplied
organizationName = optional
[leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class EstServer:
    """`folder` is its own; `authority` signs, and is the root that its clients know it by."""

    folder: Path
    authority: Authority
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def write(self, days: int = 90) -> None:
        self.folder.mkdir(mode=0o700)
        identity = self.authority.identity("est", EST_NAME)
        self._identity.touch(mode=0o600)
        self._identity.write_bytes(identity.certificate.read_bytes() + identity.key.read_bytes())
        (self.folder / "index.txt").touch()
        (self.folder / "index.txt.attr").write_text("unique_subject = no\n")
        (self.folder / "serial").write_text(f"40{secrets.token_hex(11)}0000\n")
        self._config.write_text(_CA_CONFIG.format(folder=self.folder, certificate=self.authority.certificate,
                                                  key=self.authority.key, days=days))

    def start(self) -> Child:
        ca = str(self.authority.certificate)
        child = start("est", ["estserver", "-c", str(self._identity), "-k", str(self._identity), "-r", "practice",
                              "-p", str(self.port), "-o"], self.log,
                      env={"EST_TRUSTED_CERTS": ca, "EST_CACERTS_RESP": ca, "EST_OPENSSL_CACONFIG": str(self._config)})
        wait_until("estserver did not get ready", child, self._answers)
        return child

    @property
    def _identity(self) -> Path:
        return self.folder / "identity.pem"

    @property
    def _config(self) -> Path:
        return self.folder / "ca.cnf"

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            return True
        except OSError:
            return False
