"""The installation that the lab image is provisioned for: practice CAs, and this machine as both networks.

The mail servers on the other side are practice mode's stand-ins (provisioning/practice), on loopback ports that the
appliance reaches by QEMU's addresses for this machine.
"""

import base64
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from machine import CJSM_ADDRESS, CJSM_HOST, LAN_ADDRESS, LAN_HOST, OUT, TOP
from setup_disk import write_disk

sys.path.insert(0, str(TOP / "provisioning/practice"))

from pki import Authority  # noqa: E402  (found only by the line above)
from places import DOMAIN, GATEWAY_NAME, MAIL_NAME, RELAY_NAME  # noqa: E402

KEY = OUT / "keys/provisioning.key"


@dataclass(frozen=True)
class Enrolment:
    """An EST server on a loopback port of this machine; `name` is the one in its certificate."""

    name: str
    port: int
    roots: str  # PEM


def _passkey() -> str:
    """The public half, x || y, of a key that nobody keeps."""
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], check=True,
                         capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=key, check=True, capture_output=True).stdout
    return base64.b64encode(public[-64:]).decode()


@dataclass(frozen=True)
class LabSite:
    """make_authorities once, then write_setup_disk. Without an enrolment the CJSM certificate comes by hand."""

    folder: Path
    relay_port: int = 4646
    mail_server_port: int = 2626
    further_cjsm_roots: str = ""
    enrolment: Enrolment | None = None
    serial: int = 1
    approvers: tuple[str, ...] = ("alice", "bob")
    disk_name: str = "setup.disk"

    @property
    def egress(self) -> Authority:
        return Authority(self.folder, "egress-ca", self.folder / "openssl.log")

    @property
    def lan(self) -> Authority:
        return Authority(self.folder, "lan-ca", self.folder / "openssl.log")

    @property
    def setup_disk(self) -> Path:
        return self.folder / self.disk_name

    def make_authorities(self) -> None:
        if self.lan.certificate.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.egress.create("Practice Egress CA")
        self.lan.create("Practice LAN CA")

    def write_setup_disk(self) -> Path:
        write_disk(self.settings().encode(), KEY, self.setup_disk)
        return self.setup_disk

    def settings(self) -> str:
        approvers = ", ".join(f'"{person} es256 {_passkey()}"' for person in self.approvers)
        return f'''\
serial = {self.serial}
organisation = "Law Firm"
hostname = "{GATEWAY_NAME}"
domains = ["{DOMAIN}"]
approvers = [{approvers}]

[network]
default_route = "{CJSM_HOST}"
name_servers = []

[lan]
interface = "enp0s16"
address = "{LAN_ADDRESS}/24"
clients = ["10.0.2.0/24"]
server_host = "{LAN_HOST}"
server_port = {self.mail_server_port}
server_name = "{MAIL_NAME}"
roots = """
{self.lan.certificate.read_text()}"""

[cjsm]
interface = "enp0s17"
address = "{CJSM_ADDRESS}/24"
clients = ["10.0.3.0/24"]
client_names = ["{RELAY_NAME}"]
relay_host = "{CJSM_HOST}"
relay_port = {self.relay_port}
relay_name = "{RELAY_NAME}"
roots = """
{self.egress.certificate.read_text()}{self.further_cjsm_roots}"""

[console]
hostname = "console.{DOMAIN}"
{self._est_settings()}'''

    def _est_settings(self) -> str:
        if self.enrolment is None:
            return ""
        return f'''
[est]
host = "{self.enrolment.name}"
address = "{CJSM_HOST}"
port = {self.enrolment.port}
user = "appliance"
password = "once"
roots = """
{self.enrolment.roots}"""
'''
