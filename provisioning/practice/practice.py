"""Practice mode's machine room: the appliance between its two stand-ins, started, described, kept up, stopped."""

import fcntl
import shlex
import time
from enum import Enum
from pathlib import Path

from appliance import Appliance
from children import Child, LabError
from est_server import EstServer
from pki import Authority, Identity, new_request
from places import GATEWAY_NAME, MAIL_NAME, RELAY_NAME, Places, Ports
from postfix import Postfix
from stand_in_ca import StandInCa
from stand_ins import organisation, relay

# As systemd does on the appliance, but slow enough that a person sees what a dead daemon means.
_RESTART_SECONDS = 5.0


def say(text: str) -> None:
    print(text, flush=True)


class Enrolment(Enum):
    """How the certificate towards CJSM comes, and who stands in for the Egress/MoJ CA."""

    ESTSERVER = "by EST, from Debian's estserver"
    STAND_IN = "by EST, from our stand-in CA"
    BY_HAND = "by hand, from our stand-in CA"


class Practice:
    """Threads: one. `stop` may be called at any time and more than once."""

    def __init__(self, places: Places, ports: Ports, enrolment: Enrolment = Enrolment.ESTSERVER) -> None:
        self._enrolment = enrolment
        self.places = places
        self.ports = ports
        self._children: list[Child] = []
        self._restart_at: dict[str, float] = {}

    def start(self) -> None:
        """Makes everything from nothing. LabError says which step failed."""
        places, ports = self.places, self.ports
        say("making a practice CA as Egress/MoJ, which issues " + self._enrolment.value)
        self._start_egress_ca()
        say(f"starting Postfix as the CJSM relay {RELAY_NAME}")
        self.relay = self._add(relay(places, ports, self.egress_root, self.relay_identity))

        say("making a SoftHSM token (a test token, not a validated one), starting keyd")
        by_hand = self._enrolment is Enrolment.BY_HAND
        self.appliance = Appliance(places, ports, self.egress_root, "manual" if by_hand else "est")
        self.appliance.set_up()
        self._children.append(self.appliance.start("keyd"))
        self.appliance.make_keys()
        say("starting renewd: it makes the keys and has their certificates issued, "
            + ("by hand" if by_hand else "by EST") + " and by the appliance's own CA")
        renewd = self.appliance.start("renewd")
        self._children.append(renewd)
        self.appliance.wait_for_certificates(renewd, "lan", "console")
        if by_hand:
            self._carry_request()
        else:
            self.appliance.wait_for_certificates(renewd, "cjsm")

        say(f"starting Postfix as the mail server {MAIL_NAME}, with a certificate of the appliance's own CA")
        self.org_identity = self._mail_server_identity()
        self.org = self._add(organisation(places, ports, places.lan_root, self.org_identity))
        say(f"starting gatewayd as {GATEWAY_NAME}, and the console")
        self._children.append(self.appliance.start("gatewayd"))
        self._children.append(self.appliance.start("admind"))
        self.appliance.wait_until_live()
        self.write_env()

    def _start_egress_ca(self) -> None:
        places, port = self.places, self.ports.est
        if self._enrolment is not Enrolment.ESTSERVER:
            self.stand_in_ca = StandInCa(places.top / "est", places.program("tests/peer/privyseal-practice-ca"), port,
                                         places.log("est"))
            self._children.append(self.stand_in_ca.start())
            self.egress_root = self.stand_in_ca.certificate
            self.relay_identity = self.stand_in_ca.identity("relay", RELAY_NAME, places.pki)
            return
        authority = Authority(places.pki, "egress-ca", places.log("pki"))
        authority.create("Practice Egress CA")
        self.egress_root = authority.certificate
        self.relay_identity = authority.identity("relay", RELAY_NAME)
        est = EstServer(places.top / "est", authority, authority, port, places.log("est"))
        est.write()
        self._children.append(est.start())

    def _carry_request(self) -> None:
        """As two people would do it: the request out, the certificate in, activated."""
        request, certificate = self.places.pki / "cjsm.csr", self.places.pki / "cjsm.pem"
        self.appliance.tell("cert", "request", "cjsm", "--out", str(request))
        self.stand_in_ca.sign(request, certificate)
        self.appliance.tell("cert", "import", "cjsm", str(certificate))
        self.appliance.wait_until_proven("cjsm")
        self.appliance.tell("cert", "activate", "cjsm")

    def _mail_server_identity(self) -> Identity:
        """As its administrator would get one: a request from there, `privyseal cert issue` here."""
        pki = self.places.pki
        made = Identity(pki / "mail.pem", pki / "mail.key")
        request = pki / "mail.csr"
        new_request(made.key, MAIL_NAME, request, self.places.log("pki"))
        self.appliance.issue(request, made.certificate)
        return made

    def keep_up(self) -> None:
        """Call every now and then. A daemon of the appliance that ended is started again, as systemd would
        do; LabError when a stand-in ended."""
        for child in list(self._children):
            if child.is_alive():
                continue
            if child.name not in Appliance.NAMES:
                raise LabError(f"the stand-in '{child.name}' stopped; its log is {child.log}")
            if child.name not in self._restart_at:
                say(f"{child.name} ended (exit {child.process.returncode}); it starts again in {_RESTART_SECONDS:.0f} s")
                self._restart_at[child.name] = time.monotonic() + _RESTART_SECONDS
            elif time.monotonic() >= self._restart_at[child.name]:
                del self._restart_at[child.name]
                self._children[self._children.index(child)] = self.appliance.start(child.name)
                self.write_env()
                say(f"{child.name} is back")

    def take_away(self, name: str) -> None:
        """Stops one of them for good; its ports are then free for somebody else."""
        for child in [child for child in self._children if child.name == name]:
            child.stop()
            self._children.remove(child)

    def bring_back(self, name: str) -> None:
        """One of the two Postfix servers, as it was when it was taken away."""
        self._children.append({"org": self.org, "relay": self.relay}[name].start())

    def pid(self, name: str) -> int:
        return next(child.pid for child in self._children if child.name == name)

    def start_again(self, name: str) -> None:
        """A daemon of the appliance, killed if it still runs."""
        self.take_away(name)
        self._children.append(self.appliance.start(name))

    def stop(self) -> None:
        """Mail servers first, so that nothing is in transit when the daemons go."""
        order = ("org", "relay", "gatewayd", "admind", "renewd", "est", "keyd")
        for child in sorted(self._children, key=lambda child: order.index(child.name)):
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
            "LAB_CA_PEM": self.egress_root,
            "LAB_LAN_CA_PEM": places.lan_root,
            "LAB_PEER_CERT": self.relay_identity.certificate,
            "LAB_PEER_KEY": self.relay_identity.key,
            "LAB_KEYD_SOCKET": places.keyd_socket,
            "LAB_LEDGER": places.ledger,
            "LAB_OPENSSL_CONF": places.openssl_config,
            "LAB_KEY_URI": (places.identities / "cjsm/active/key.uri").read_text().strip(),
            "LAB_RUN": places.run,
            "LAB_CONSOLE": f"127.0.0.1:{ports.console}",
            "LAB_CONSOLE_URL": self.appliance.console_url,
            "LAB_RENEWD_PID": pids["renewd"],
            "LAB_ADMIND_PID": pids["admind"],
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
