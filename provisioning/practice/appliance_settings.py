"""The daemons' settings files, as practice mode writes them: the appliance's own, but for folders and loopback ports."""

from dataclasses import dataclass
from pathlib import Path

from est_server import EST_NAME, EST_USER
from places import DOMAIN, GATEWAY_NAME, MAIL_NAME, RELAY_NAME, Places, Ports

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
TOKEN = "privyseal-practice"

# A browser takes no certificate for an address, and makes no passkey for one; this name it knows by itself.
CONSOLE_HOST = "localhost"


@dataclass(frozen=True)
class ApplianceSettings:
    """`egress_root`: the pinned root of the CJSM side. `cjsm_issuer`: "est" or "manual"."""

    places: Places
    ports: Ports
    egress_root: Path
    cjsm_issuer: str

    def openssl(self) -> str:
        return f"""\
openssl_conf = openssl
[openssl]
providers = providers
[providers]
default = default_provider
privyseal = privyseal_provider
[default_provider]
activate = 1
[privyseal_provider]
module = {self.places.program("hsm/provider/privyseal.so")}
socket = {self.places.keyd_socket}
activate = 1
"""

    def keyd(self) -> str:
        keyd = self.places.keyd
        return f"""\
state = "{keyd}/state"
[socket]
path = "{self.places.keyd_socket}"
mode = "0666"   # whoever connects, keyd asks the kernel who it is and looks into its table
[pkcs11]
module = "{SOFTHSM}"
token = "{TOKEN}"
pin_file = "{keyd}/pin"
softhsm_conf = "{keyd}/softhsm2.conf"
[callers]
gateway = ["privyseal-gateway"]
provisioning = ["root", "privyseal-admin"]
renewal = ["privyseal-renewd"]
console = ["privyseal-console"]
[audit]
host = "{GATEWAY_NAME}"
[approvals]   # nobody's: there is no such file at first
site = "{CONSOLE_HOST}"
origins = ["https://{CONSOLE_HOST}:{self.ports.console}"]
approvers = "{self.places.approvers}"
"""

    def renewd(self) -> str:
        places, ports = self.places, self.ports
        return f"""\
state = "{places.renewd}"
host = "{GATEWAY_NAME}"
keyd_socket = "{places.keyd_socket}"
openssl_config = "{places.openssl_config}"
retry_seconds = 2

[identity.cjsm]   # towards CJSM: issued by the stand-in for the Egress/MoJ CA
issuer = "{self.cjsm_issuer}"
common_name = "{GATEWAY_NAME}"
organisation = "Law Firm"
dns_names = ["{GATEWAY_NAME}"]
roots = "{self.egress_root}"
probe = "127.0.0.1:{ports.relay}"
probe_name = "{RELAY_NAME}"
live = "127.0.0.1:{ports.cjsm}"

[identity.lan]   # towards the organisation's mail server: issued by the appliance itself
issuer = "local"
common_name = "{GATEWAY_NAME}"
dns_names = ["{GATEWAY_NAME}"]
profile = "smtp-listener"
live = "127.0.0.1:{ports.lan}"

[identity.console]
issuer = "local"
common_name = "{CONSOLE_HOST}"
dns_names = ["{CONSOLE_HOST}", "{GATEWAY_NAME}"]
profile = "web-admin"
live = "127.0.0.1:{ports.console}"

[est]
url = "https://127.0.0.1:{ports.est}"
server_name = "{EST_NAME}"
ca = "{self.egress_root}"
user = "{EST_USER}"
password_file = "{places.est_password}"

[authority]
key = "issuing-ca"
common_name = "Practice LAN CA"
domains = ["{DOMAIN}", "{CONSOLE_HOST}"]

{self._door("renewd")}"""

    def gateway(self) -> str:
        places, ports = self.places, self.ports
        return f"""\
practice = true   # nothing but loopback
host = "{GATEWAY_NAME}"
domains = ["{DOMAIN}"]
ledger = "{places.ledger}"
openssl_config = "{places.openssl_config}"
status = "{places.gateway}/status"

[limits]
max_message_bytes = 26214400

[lan]   # the organisation's side
listen = "127.0.0.1:{ports.lan}"
identity = "{places.identities}/lan"
ca = "{places.lan_root}"
clients = ["127.0.0.0/8"]
server_host = "127.0.0.1"
server_port = {ports.org}
server_name = "{MAIL_NAME}"

[cjsm]   # the CJSM side
listen = "127.0.0.1:{ports.cjsm}"
identity = "{places.identities}/cjsm"
ca = "{self.egress_root}"
clients = ["127.0.0.0/8"]
client_names = ["{RELAY_NAME}"]
relay_host = "127.0.0.1"
relay_port = {ports.relay}
relay_name = "{RELAY_NAME}"

[audit]   # checkpoints of the audit log are signed by the HSM key 'audit'
keyd_socket = "{places.keyd_socket}"

{self._door("gateway")}"""

    def console(self) -> str:
        places, ports = self.places, self.ports
        return f"""\
listen = "127.0.0.1:{ports.console}"
hosts = ["{CONSOLE_HOST}:{ports.console}"]
rp_id = "{CONSOLE_HOST}"
host = "{GATEWAY_NAME}"
identity = "{places.identities}/console"
openssl_config = "{places.openssl_config}"
keyd_socket = "{places.keyd_socket}"
state = "{places.console}"
authority = "{places.lan_root.parent}"
approvers = "{places.approvers}"

[doors]
gateway = "{places.door("gateway")}"
renewal = "{places.door("renewd")}"

{self._door("console")}"""

    def _door(self, daemon: str) -> str:
        return f"""\
[door]
path = "{self.places.door(daemon)}"
mode = "0666"   # as keyd's socket: the kernel says who knocks, a table says what he may
[door.callers]
console = ["privyseal-console"]
provisioning = ["root", "privyseal-admin"]
"""
