"""Practice mode's machine room: the appliance between its two stand-ins, started, described, kept up, stopped."""

import fcntl
import shlex
import time
from pathlib import Path

from appliance import Appliance, cjsm_relay, mail_server
from children import Child, LabError
from pki import Authority, Identity
from places import GATEWAY_NAME, MAIL_NAME, RELAY_NAME, Places, Ports
from postfix import Postfix
from stand_ins import organisation, relay

# As systemd does on the appliance, but slow enough that a person sees what a dead daemon means.
_RESTART_SECONDS = 5.0


def say(text: str) -> None:
    print(text, flush=True)


class Practice:
    """Threads: one. `stop` may be called at any time and more than once."""

    def __init__(self, places: Places, ports: Ports) -> None:
        self.places = places
        self.ports = ports
        self._children: list[Child] = []
        self._restart_at: dict[str, float] = {}

    def start(self) -> None:
        """Makes everything from nothing. LabError says which step failed."""
        places, ports = self.places, self.ports
        say("making two practice CAs: one as Egress/MoJ, one as the organisation's own")
        self._egress = Authority(places.pki, "egress-ca", places.log("pki"))
        self._egress.create("Practice Egress CA")
        self._lan = Authority(places.pki, "lan-ca", places.log("pki"))
        self._lan.create("Practice LAN CA")
        self._peer: Identity = self._egress.identity("relay", RELAY_NAME)

        say("making a SoftHSM token (a test token, not a validated one), starting keyd")
        self.appliance = Appliance(places, self._egress, self._lan)
        self.appliance.make_token()
        self._children.append(self.appliance.start_keyd())
        say("generating two keys in the token; each CA signs the request of one")
        self.appliance.make_identities()

        say(f"starting Postfix as the CJSM relay {RELAY_NAME} and as the mail server {MAIL_NAME}")
        self.relay = self._add(relay(places, ports, self._egress.certificate, self._peer))
        self.org = self._add(organisation(places, ports, self._lan.certificate, self._lan.identity("mail", MAIL_NAME)))

        say(f"starting gatewayd as {GATEWAY_NAME}")
        self.appliance.configure_gateway(ports.lan, ports.cjsm, mail_server(ports.org), cjsm_relay(ports.relay))
        self._children.append(self.appliance.start_gateway())
        self.write_env()

    def keep_up(self) -> None:
        """Call every now and then. A daemon of the appliance that ended is started again, as systemd would
        do; LabError when a stand-in ended."""
        for child in list(self._children):
            if child.is_alive():
                continue
            if child.name not in ("keyd", "gatewayd"):
                raise LabError(f"the Postfix '{child.name}' stopped; its log is {child.log}")
            if child.name not in self._restart_at:
                say(f"{child.name} ended (exit {child.process.returncode}); it starts again in {_RESTART_SECONDS:.0f} s")
                self._restart_at[child.name] = time.monotonic() + _RESTART_SECONDS
            elif time.monotonic() >= self._restart_at[child.name]:
                del self._restart_at[child.name]
                again = self.appliance.start_keyd if child.name == "keyd" else self.appliance.start_gateway
                self._children[self._children.index(child)] = again()
                self.write_env()
                say(f"{child.name} is back")

    def stop(self) -> None:
        """Mail servers first, so that nothing is in transit when the daemons go."""
        order = {"org": 0, "relay": 1, "gatewayd": 2, "keyd": 3}
        for child in sorted(self._children, key=lambda child: order[child.name]):
            child.stop()
        self._children.clear()

    def write_env(self) -> None:
        """lab.env: shell variables by which any other program finds this lab."""
        places, ports = self.places, self.ports
        pids = {child.name: child.pid for child in self._children}
        values = {
            "LAB_LAN_SMTP": f"127.0.0.1:{ports.lan}",
            "LAB_WAN_SMTP": f"127.0.0.1:{ports.cjsm}",
            "LAB_RELAY_SMTP": f"127.0.0.1:{ports.relay}",
            "LAB_RELAY_INSIDE_SMTP": f"127.0.0.1:{ports.relay_inside}",
            "LAB_RELAY_MAILDIR": places.maildir("relay"),
            "LAB_ORG_SMTP": f"127.0.0.1:{ports.org}",
            "LAB_ORG_MAILDIR": places.maildir("org"),
            "LAB_CA_PEM": self._egress.certificate,
            "LAB_LAN_CA_PEM": self._lan.certificate,
            "LAB_PEER_CERT": self._peer.certificate,
            "LAB_PEER_KEY": self._peer.key,
            "LAB_KEYD_SOCKET": places.keyd_socket,
            "LAB_LEDGER": places.ledger,
            "LAB_OPENSSL_CONF": places.openssl_config,
            "LAB_KEY_URI": "keyd:gateway",
            "LAB_GATEWAY_PID": pids["gatewayd"],
            "LAB_KEYD_PID": pids["keyd"],
        }
        text = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())
        partial = places.env.with_suffix(".partial")
        partial.write_text(text)
        partial.rename(places.env)

    def _add(self, postfix: Postfix) -> Postfix:
        postfix.write()
        self._children.append(postfix.start())
        return postfix


class OnlyOne:
    """Held by the one lab that may use a folder; the kernel lets it go when the lab ends, however it ends."""

    def __init__(self, top: Path) -> None:
        top.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(top.with_name(top.name + ".lock"), "w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LabError(f"another lab runs in {top}; stop it first (Ctrl-C where it runs)") from None
