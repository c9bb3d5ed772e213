#!/usr/bin/env -S python3 -B
"""The stand-in for the Egress/MoJ CA's enrolment service: Debian's `estserver` (RFC 7030) before the practice CA.

It was written by others and shares no line with the appliance: what works against it is no echo of our own mistakes.
It speaks TLS 1.2 and asks for a user name and a password (estuser, estpwd: they are part of the program).

    est_server.py FOLDER PORT     for tests: becomes estserver. FOLDER/root.pem issues; FOLDER/server-ca.pem is the
                                  root of its own certificate, so that neither can be taken for the other.
"""

import os
import secrets
import socket
import sys
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
    """`folder` is its own; `authority` signs; `tls_authority` is the root that its clients know it by."""

    folder: Path
    authority: Authority
    tls_authority: Authority
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def write(self, days: int = 90) -> None:
        self.folder.mkdir(mode=0o700)
        identity = self.tls_authority.identity("est", EST_NAME)
        self._identity.touch(mode=0o600)
        self._identity.write_bytes(identity.certificate.read_bytes() + identity.key.read_bytes())
        roots = dict.fromkeys((self.authority.certificate, self.tls_authority.certificate))
        self._trusted.write_bytes(b"".join(root.read_bytes() for root in roots))
        (self.folder / "index.txt").touch()
        (self.folder / "index.txt.attr").write_text("unique_subject = no\n")
        (self.folder / "serial").write_text(f"40{secrets.token_hex(11)}0000\n")
        self._config.write_text(_CA_CONFIG.format(folder=self.folder, certificate=self.authority.certificate,
                                                  key=self.authority.key, days=days))

    def start(self) -> Child:
        child = start("est", self._command, self.log, env=self._environment)
        wait_until("estserver did not get ready", child, self._answers)
        return child

    def become(self) -> None:
        os.execvpe(self._command[0], self._command, {**os.environ, **self._environment})

    @property
    def _command(self) -> list[str]:
        return ["estserver", "-c", str(self._identity), "-k", str(self._identity), "-r", "practice",
                "-p", str(self.port), "-o"]

    @property
    def _environment(self) -> dict[str, str]:
        return {"EST_TRUSTED_CERTS": str(self._trusted), "EST_CACERTS_RESP": str(self.authority.certificate),
                "EST_OPENSSL_CACONFIG": str(self._config)}

    @property
    def _trusted(self) -> Path:
        return self.folder / "trusted.pem"

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


def main(folder: Path, port: int) -> None:
    log = folder / "openssl.log"
    authority, tls_authority = Authority(folder, "root", log), Authority(folder, "server-ca", log)
    authority.create("estserver CA")
    tls_authority.create("estserver TLS CA")
    server = EstServer(folder / "server", authority, tls_authority, port, log)
    server.write()
    server.become()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
