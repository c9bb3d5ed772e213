"""Practice mode's appliance between neighbours that a test may change: the tests' common ground.

`with PeersLab(build, folder) as lab:` starts everything with Postfix on both sides. Needs root, as practice mode does.
"""

import os
import sys
import time
from pathlib import Path
from typing import Callable

sys.dont_write_bytecode = True
TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "provisioning" / "practice"))

import practice as practice_module  # noqa: E402
from places import Places, free_ports  # noqa: E402
from practice import Practice  # noqa: E402
from tls_files import client_context, server_context  # noqa: E402


def wait(what: str, ready: Callable[[], object], seconds: float = 20) -> None:
    """Polls until `ready` gives something true."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.02)


class PeersLab:
    def __init__(self, build: Path, folder: Path) -> None:
        os.umask(0o022)
        practice_module.say = lambda text: None
        self.places = Places(folder.resolve(), build.resolve())
        self.places.make_fresh()
        self.ports = free_ports(0)
        self.practice = Practice(self.places, self.ports)

    def __enter__(self) -> "PeersLab":
        try:
            self.practice.start()
        except BaseException:
            self.practice.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.practice.stop()

    def organisation_context(self):
        """For a client at the gateway's LAN side."""
        return client_context(self.places.lan_root)

    def relay_context(self):
        """For a client at the gateway's CJSM side: it shows the relay's certificate."""
        return client_context(self.practice.egress_root, self.practice.relay_identity)

    def relay_server_context(self):
        """For a server in the relay's place: it wants the gateway's certificate."""
        return server_context(self.practice.relay_identity, self.practice.egress_root)

    def organisation_server_context(self):
        """For a server in the organisation's place."""
        return server_context(self.practice.org_identity)
