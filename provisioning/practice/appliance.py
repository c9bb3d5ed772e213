"""The appliance itself: token, keys, keyd and gatewayd, each as its own user, as on the real box."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from children import GATEWAY_USER, KEYD_USER, Child, User, run, start, wait_until
from pki import Authority
from places import DOMAIN, GATEWAY_NAME, MAIL_NAME, RELAY_NAME, Places

_SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
_TOKEN = "privyseal-practice"


@dataclass(frozen=True)
class Hop:
    """Where gatewayd sends mail on to."""

    port: int
    name: str


class Appliance:
    """Steps in order: make_token, start_keyd, make_identities, configure_gateway, start_gateway."""

    def __init__(self, places: Places, egress: Authority, lan: Authority) -> None:
        self._places = places
        self._egress = egress
        self._lan = lan

    @property
    def gateway_certificate(self) -> Path:
        """Of the HSM key 'gateway': the organisation's identity towards CJSM."""
        return self._places.pki / "gateway.pem"

    @property
    def lan_certificate(self) -> Path:
        """Of the HSM key 'lan': the appliance towards the organisation's mail server."""
        return self._places.pki / "lan.pem"

    def make_token(self) -> None:
        """A fresh SoftHSM token whose PIN only keyd's user can read."""
        places = self._places
        places.keyd.mkdir(mode=0o700)
        (places.keyd / "state").mkdir(mode=0o700)
        for folder in (places.keyd, places.keyd / "state"):
            os.chown(folder, KEYD_USER.uid, KEYD_USER.gid)
        places.run.mkdir()
        os.chown(places.run, KEYD_USER.uid, KEYD_USER.gid)
        self._provision("making the token", [
            "init-token", "--module", _SOFTHSM, "--label", _TOKEN,
            "--owner", f"{KEYD_USER.uid}:{KEYD_USER.gid}",
            "--pin-file", str(places.keyd / "pin"), "--so-pin-file", str(places.keyd / "so-pin"),
            "--softhsm-conf", str(places.keyd / "softhsm2.conf"), "--token-folder", str(places.keyd / "tokens")])
        (places.keyd / "keyd.toml").write_text(self._keyd_settings())

    def start_keyd(self) -> Child:
        return self._start("keyd", "hsm/keyd/privyseal-keyd", self._places.keyd / "keyd.toml", KEYD_USER, "keyd-ready")

    def make_identities(self) -> None:
        """Two keys are born in the token; each CA signs the request of one."""
        for key, role, authority, certificate in (("gateway", "cjsm-identity", self._egress, self.gateway_certificate),
                                                  ("lan", "lan-identity", self._lan, self.lan_certificate)):
            self._ask_keyd(f"generating the key '{key}'", "generate", "--name", key, "--role", role, "--type", "p256")
            request = self._places.pki / f"{key}.csr"
            self._ask_keyd(f"requesting a certificate for the key '{key}'", "csr", "--name", key,
                           "--subject-cn", GATEWAY_NAME, "--dns", GATEWAY_NAME, "--out", str(request))
            authority.sign(request, GATEWAY_NAME, certificate)
        self._ask_keyd("generating the key 'audit'", "generate", "--name", "audit", "--role", "audit", "--type", "p256")
        self._activate("cjsm", "gateway", self.gateway_certificate)
        self._activate("lan", "lan", self.lan_certificate)

    def _activate(self, side: str, key: str, certificate: Path) -> None:
        """The folder that gatewayd reads one side's identity from."""
        generation = self._places.identities / side / "1"
        generation.mkdir(parents=True)
        (generation / "chain.pem").write_text(certificate.read_text())
        (generation / "key.uri").write_text(f"keyd:{key}\n")
        (generation.parent / "active").symlink_to(generation.name)

    def configure_gateway(self, lan_port: int, cjsm_port: int, server: Hop, relay: Hop) -> None:
        places = self._places
        places.gateway.mkdir(mode=0o700)
        os.chown(places.gateway, GATEWAY_USER.uid, GATEWAY_USER.gid)
        places.openssl_config.write_text(self._openssl_settings())
        places.gateway_settings.write_text(self._gateway_settings(lan_port, cjsm_port, server, relay))

    def start_gateway(self) -> Child:
        return self._start("gatewayd", "firmware/privyseal-gatewayd", self._places.gateway_settings, GATEWAY_USER,
                           "gateway-ready")

    def uses(self) -> dict[str, dict[str, int]]:
        """keyd's counters: key -> use -> how often, for example {'gateway': {'tls_client': 1, ...}}."""
        counted = json.loads(self._ask_keyd("reading keyd's counters", "uses", "--json"))["uses"]
        return {entry["name"]: {use: count for use, count in entry.items() if use != "name"} for entry in counted}

    def _start(self, name: str, program: str, settings: Path, user: User, ready_event: str) -> Child:
        log = self._places.log(name)
        known = log.stat().st_size if log.exists() else 0

        def is_ready() -> bool:
            return ready_event.encode() in log.read_bytes()[known:]

        child = start(name, [str(self._places.program(program)), str(settings)], log, user)
        wait_until(f"{name} did not get ready", child, is_ready)
        return child

    def _provision(self, what: str, arguments: list[str]) -> str:
        program = self._places.program("provisioning/privyseal-provision")
        return run(what, [str(program), *arguments], self._places.log("provisioning"))

    def _ask_keyd(self, what: str, command: str, *arguments: str) -> str:
        return self._provision(what, [command, "--socket", str(self._places.keyd_socket), *arguments])

    def _keyd_settings(self) -> str:
        keyd = self._places.keyd
        return f"""\
state = "{keyd}/state"
[socket]
path = "{self._places.keyd_socket}"
mode = "0666"   # whoever connects, keyd asks the kernel who it is and looks into its table
[pkcs11]
module = "{_SOFTHSM}"
token = "{_TOKEN}"
pin_file = "{keyd}/pin"
softhsm_conf = "{keyd}/softhsm2.conf"
[callers]
gateway = ["privyseal-gateway"]
provisioning = ["root", "privyseal-admin"]
renewal = ["privyseal-renewd"]
console = ["privyseal-console"]
"""

    def _openssl_settings(self) -> str:
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
module = {self._places.program("hsm/provider/privyseal.so")}
socket = {self._places.keyd_socket}
activate = 1
"""

    def _gateway_settings(self, lan_port: int, cjsm_port: int, server: Hop, relay: Hop) -> str:
        return f"""\
practice = true   # nothing but loopback
hostname = "{GATEWAY_NAME}"
domains = ["{DOMAIN}"]
ledger = "{self._places.ledger}"
openssl_config = "{self._places.openssl_config}"
status = "{self._places.gateway}/status"

[limits]
max_message_bytes = 26214400

[lan]   # the organisation's side
listen = "127.0.0.1:{lan_port}"
identity = "{self._places.identities}/lan"
ca = "{self._lan.certificate}"
clients = ["127.0.0.0/8"]
server_host = "127.0.0.1"
server_port = {server.port}
server_name = "{server.name}"

[cjsm]   # the CJSM side
listen = "127.0.0.1:{cjsm_port}"
identity = "{self._places.identities}/cjsm"
ca = "{self._egress.certificate}"
clients = ["127.0.0.0/8"]
client_names = ["{relay.name}"]
relay_host = "127.0.0.1"
relay_port = {relay.port}
relay_name = "{relay.name}"

[audit]   # checkpoints of the audit log are signed by the HSM key 'audit'
keyd_socket = "{self._places.keyd_socket}"

[door]
path = "{self._places.gateway}/door"
[door.callers]
provisioning = ["root", "privyseal-admin"]
"""


def mail_server(port: int) -> Hop:
    return Hop(port, MAIL_NAME)


def cjsm_relay(port: int) -> Hop:
    return Hop(port, RELAY_NAME)
