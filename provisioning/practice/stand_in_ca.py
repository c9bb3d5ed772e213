"""The stand-in for the Egress/MoJ CA that is ours: the appliance's own issuing CA with its key in a file.

It signs requests that people carry to it, through two folders, and enrols by EST over TLS 1.3. The demo enrols at Debian's
estserver instead (est_server.py): a peer that we wrote agrees with our own mistakes.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from children import Child, LabError, start, wait_until
from est_server import EST_NAME, EST_PASSWORD, EST_USER
from pki import Identity, new_request
from places import DOMAIN, RELAY_NAME

_ANSWER_SECONDS = 20.0


@dataclass(frozen=True)
class StandInCa:
    """`folder` is its own: root.pem, its key, requests/, answers/. start() first; then it signs."""

    folder: Path
    program: Path
    port: int
    log: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "root.pem"

    def start(self) -> Child:
        self.folder.mkdir()
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(f"{EST_USER}:{EST_PASSWORD}\n")
        child = start("est", [str(self.program), str(self.folder), EST_NAME, str(self.port), "egress-gateway", DOMAIN,
                              RELAY_NAME], self.log)
        wait_until("the stand-in CA did not get ready", child, lambda: b"port " in self.log.read_bytes())
        return child

    def sign(self, request: Path, certificate: Path) -> None:
        """As people would do it: the request into one folder, and after a moment the answer is in the other."""
        answer = self.folder / "answers" / f"{request.stem}.pem"
        refusal = answer.with_suffix(".refused")
        for earlier in (answer, refusal):
            earlier.unlink(missing_ok=True)
        arriving = self.folder / "requests" / f"{request.stem}.partial"
        arriving.write_bytes(request.read_bytes())
        os.rename(arriving, arriving.with_suffix(".csr"))
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not answer.exists():
            if refusal.exists():
                raise LabError(f"the stand-in CA refuses {request.name}: {refusal.read_text().strip()}")
            if time.monotonic() > deadline:
                raise LabError(f"the stand-in CA has not answered {request.name}; its log is {self.log}")
            time.sleep(0.05)
        certificate.write_bytes(answer.read_bytes())

    def identity(self, name: str, host: str, folder: Path) -> Identity:
        """A key in a file of `folder` and its certificate, for a stand-in called `host`."""
        made = Identity(folder / f"{name}.pem", folder / f"{name}.key")
        request = folder / f"{name}.csr"
        new_request(made.key, host, request, self.log)
        self.sign(request, made.certificate)
        return made
