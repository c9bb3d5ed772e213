"""Where everything of one lab lies, and on which loopback ports it listens."""

import os
import random
import shutil
import socket
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from children import LabError

GATEWAY_NAME = "gateway.lawfirm.example"
MAIL_NAME = "mail.lawfirm.example"
RELAY_NAME = "relay.cjsm.example"
DOMAIN = "lawfirm.example"


def shown(path: Path) -> str:
    """For a person: relative to where ./dev is, if that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)


@dataclass(frozen=True)
class Ports:
    """`relay_inside` is the relay's own users' side; every other port is where mail arrives from outside."""

    lan: int
    cjsm: int
    relay: int
    relay_inside: int
    org: int
    est: int
    console: int

    @staticmethod
    def of_base(base: int) -> "Ports":
        return Ports(lan=base, cjsm=base + 2020, relay=base + 2121, relay_inside=base + 2222, org=base + 101,
                     est=base + 5560, console=base + 5918)

    def all(self) -> list[int]:
        return [self.lan, self.cjsm, self.relay, self.relay_inside, self.org, self.est, self.console]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port for one server that must be told its port before it listens.

    Below the kernel's own range (32768 and up), where another program's connection or listener
    could be given the port between this look and the bind.
    """
    for _ in range(100):
        port = random.randrange(10000, 32000)
        if _is_free(port):
            return port
    raise LabError("no free loopback port was found")


def free_ports(base: int) -> Ports:
    """The ports of `base` or of the next free base; base 0 means anywhere, as free_port does."""
    bases = range(base, base + 100) if base else (random.randrange(10000, 26000) for _ in range(100))
    for candidate in bases:
        ports = Ports.of_base(candidate)
        if all(_is_free(port) for port in ports.all()):
            return ports
    raise LabError("no free loopback ports were found; choose others with --port-base N")


def plain_name(folder: Path) -> Path:
    """`folder` itself, or a short link to it when Postfix could not live there.

    Postfix reaches its log service by a socket path of at most 107 bytes, and its scripts and maps
    take no blanks.
    """
    if len(str(folder)) <= 60 and not any(c.isspace() for c in str(folder)):
        return folder
    around = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp"))
    around.chmod(0o755)
    link = around / "lab"
    os.symlink(folder, link)
    return link


@dataclass(frozen=True)
class Places:
    """The folders of one lab. Everything a lab writes lies under `top`."""

    top: Path
    build: Path

    @property
    def logs(self) -> Path:
        return self.top / "logs"

    @property
    def pki(self) -> Path:
        return self.top / "pki"

    @property
    def identities(self) -> Path:
        return self.renewd / "identities"

    @property
    def keyd(self) -> Path:
        """Token, PIN and configuration: of keyd's user alone."""
        return self.top / "keyd"

    @property
    def run(self) -> Path:
        """As /run on the appliance: one folder a daemon, with its socket or door in it."""
        return self.top / "run"

    @property
    def gateway(self) -> Path:
        """The ledger: of the gateway's user alone."""
        return self.top / "gateway"

    @property
    def renewd(self) -> Path:
        """Certificates, which are public, and renewd's own database, which is not."""
        return self.top / "renewd"

    @property
    def console(self) -> Path:
        """Users and sessions: of the console's user alone."""
        return self.top / "console"

    @property
    def lan_root(self) -> Path:
        """The appliance's own CA: what the organisation's machines and browsers must trust."""
        return self.renewd / "authority" / "root.pem"

    @cached_property
    def plain_top(self) -> Path:
        """`top` under a name that Postfix can take."""
        return plain_name(self.top)

    @property
    def openssl_config(self) -> Path:
        return self.top / "openssl.cnf"

    @property
    def keyd_socket(self) -> Path:
        return self.door("keyd")

    def door(self, daemon: str) -> Path:
        """A daemon's way in for local programs; `daemon` as in its user's name."""
        return self.run / f"privyseal-{daemon}" / ("socket" if daemon == "keyd" else "door")

    def settings(self, daemon: str) -> Path:
        """For everyone to read: they hold no secret, and are the examples that the READMEs name."""
        return self.top / f"{daemon}.toml"

    @property
    def est_password(self) -> Path:
        return self.top / "est-password"

    @property
    def approvers(self) -> Path:
        """Who may approve that a key is destroyed, as the provisioning file lists them on a box; there is none at first."""
        return self.top / "approvers"

    @property
    def ledger(self) -> Path:
        return self.gateway / "ledger.db"

    @property
    def env(self) -> Path:
        return self.top / "lab.env"

    def maildir(self, postfix: str) -> Path:
        return self.top / postfix / "Maildir"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def program(self, path: str) -> Path:
        """A built program or module, for example 'hsm/keyd/privyseal-keyd'."""
        return self.build / path

    def make_fresh(self) -> None:
        """Removes what an earlier lab left. The daemons' users must be able to walk down to their files."""
        if self.top.exists():
            shutil.rmtree(self.top)
        for folder in (self.top, self.logs, self.pki):
            folder.mkdir(parents=True)
        for folder in [self.top, *self.top.parents, self.build, *self.build.parents]:
            if not folder.stat().st_mode & 0o001:
                raise LabError(f"the daemons run as users of their own and cannot enter {folder}; "
                               f"please allow it: chmod o+x '{folder}'")
