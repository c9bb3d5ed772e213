"""Real mail servers in the place of the organisation's own or of the CJSM relay, each by its own configuration file.

Whichever it is: mail of its own users comes in at `submit_port` without TLS; what is for cjsm.net (in the organisation's
place), or for the organisation (in the relay's), goes to the gateway by TLS with its certificate verified; everything
else ends at `sink_port`. In the relay's place the other listener wants a certificate of the Egress CA.

Debian installs one mail server at a time, so that OpenSMTPD and Exim lie in the userland without having been set up; what
is hard-coded in them is given to them by mounts of their own.
"""

import os
import pwd
import shlex
import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Callable

from children import Child, answers, start, wait_until
from peers_lab import PeersLab
from places import GATEWAY_NAME, MAIL_NAME, RELAY_NAME
from sink import Sink


class Place(Enum):
    ORGANISATION = "org"
    RELAY = "relay"


@dataclass(frozen=True)
class Plan:
    """What any of them is told."""

    folder: Path
    log: Path
    place: Place
    hostname: str
    listen: int  # the gateway's mail comes in here
    submit_port: int  # its users' mail does; the same one in the organisation's place
    gateway_port: int
    sink_port: int
    certificate: Path
    key: Path
    trusted: Path  # whose certificate the gateway has on this side
    to_gateway: tuple[str, ...]  # domains


def plan(lab: PeersLab, place: Place, sink_port: int) -> Plan:
    ports, practice = lab.ports, lab.practice
    folder = lab.places.top / f"peer-{place.value}"
    if place is Place.ORGANISATION:
        own, trusted, hostname = practice.org_identity, lab.places.lan_root, MAIL_NAME
        listen, submit, gateway, domains = ports.org, ports.org, ports.lan, ("cjsm.net", "*.cjsm.net")
    else:
        own, trusted, hostname = practice.relay_identity, practice.egress_root, RELAY_NAME
        listen, submit, gateway, domains = ports.relay, ports.relay_inside, ports.cjsm, ("lawfirm.example.cjsm.net",)
    return Plan(folder, lab.places.log(f"peer-{place.value}"), place, hostname, listen, submit, gateway, sink_port,
                own.certificate, own.key, trusted, domains)


def start_in_mounts(plan: Plan, mounts: dict[str, str], command: list[str]) -> Child:
    """`command` with its own /etc/hosts and with `mounts` (folder -> mount options of a tmpfs)."""
    hosts = plan.folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {GATEWAY_NAME} {MAIL_NAME} {RELAY_NAME}\n")
    steps = [f"mount --bind {shlex.quote(str(hosts))} /etc/hosts"]
    steps += [f"mount -t tmpfs -o {options} tmpfs {folder}" for folder, options in mounts.items()]
    script = " && ".join([*steps, "exec " + shlex.join(command)])
    child = start(f"peer-{plan.place.value}", ["unshare", "--mount", "sh", "-c", script], plan.log)
    child.guard_against_orphanage()  # it changes its user
    for port in {plan.listen, plan.submit_port}:
        wait_until(f"{command[0]} did not answer on port {port}", child, lambda: answers(port))
    return child


def opensmtpd(plan: Plan) -> Child:
    plan.folder.mkdir()
    trusted = plan.folder / "trusted.pem"  # it takes only files of root
    trusted.write_bytes(plan.trusted.read_bytes())
    # Its own asterisk stands for one label.
    domains = ", ".join('"^' + domain.replace(".", "[.]").replace("*", ".*") + '$"' for domain in plan.to_gateway)
    own = "" if plan.place is Place.ORGANISATION else "pki own "
    listen = (f"listen on 127.0.0.1 port {plan.listen} tls pki own\n" if plan.place is Place.ORGANISATION else
              f"listen on 127.0.0.1 port {plan.listen} tls-require verify pki own ca side\n"
              f"listen on 127.0.0.1 port {plan.submit_port}\n")
    config = plan.folder / "smtpd.conf"
    config.write_text(f"""\
pki own cert "{plan.certificate}"
pki own key "{plan.key}"
ca side cert "{trusted}"
smtp max-message-size 64M
smtp limit max-rcpt 1000
queue ttl 1h
{listen}
action "gateway" relay helo "{plan.hostname}" {own}ca side host "smtp+tls://{GATEWAY_NAME}:{plan.gateway_port}" tls
action "sink" relay helo "{plan.hostname}" host "smtp+notls://127.0.0.1:{plan.sink_port}"
match from any for domain regex {{ {domains} }} action "gateway"
match from any for any action "sink"
""")
    config.chmod(0o600)
    return start_in_mounts(plan, {"/var/spool": "mode=755", "/run": "mode=755", "/var/lib": "mode=755"},
                           ["sh", "-c", "mkdir -p /var/spool/smtpd /run/opensmtpd /var/lib/opensmtpd/empty; "
                            "chmod 711 /var/spool/smtpd /var/lib/opensmtpd/empty; "
                            f"exec smtpd -d -f {shlex.quote(str(config))}"])


_EXIM = """\
primary_hostname = {p.hostname}
spool_directory = {p.folder}/spool
log_file_path = {p.folder}/spool/%slog
pid_file_path = {p.folder}/spool/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {ports}
message_size_limit = 64M
deliver_drop_privilege = true
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
chunking_advertise_hosts = *
smtputf8_advertise_hosts = *
accept_8bitmime = true
recipients_max = 1000
allow_utf8_domains = true
tls_advertise_hosts = {tls_advertise}
tls_certificate = {p.certificate}
tls_privatekey = {p.key}
tls_verify_certificates = {p.trusted}
tls_verify_hosts = {tls_verify}
acl_smtp_rcpt = to_us
begin acl
to_us:
{deny}  accept
begin routers
gateway:
  driver = manualroute
  domains = {domains}
  route_list = * {gateway_name} byname
  self = send
  transport = gateway
  no_more
sink:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = sink
begin transports
gateway:
  driver = smtp
  port = {p.gateway_port}
  hosts_require_tls = *
  tls_verify_certificates = {p.trusted}
  tls_verify_hosts = *
  tls_verify_cert_hostnames = *
{own}  hosts_try_chunking = *
  max_rcpt = 100
sink:
  driver = smtp
  port = {p.sink_port}
  hosts_avoid_tls = *
  hosts_try_chunking =
begin retry
* * F,1h,2s
"""


def exim(plan: Plan) -> Child:
    plan.folder.mkdir()
    owner = pwd.getpwnam("Debian-exim")
    spool = plan.folder / "spool"
    spool.mkdir()
    os.chown(spool, owner.pw_uid, owner.pw_gid)
    relay = plan.place is Place.RELAY
    # It reads its keys as its own user.
    for name, source in (("own.pem", plan.certificate), ("own.key", plan.key)):
        (plan.folder / name).write_bytes(source.read_bytes())
        os.chown(plan.folder / name, owner.pw_uid, owner.pw_gid)
    own = {"certificate": plan.folder / "own.pem", "key": plan.folder / "own.key"}
    plan = Plan(**{**plan.__dict__, **own})
    only_there = f"${{if eq{{$received_port}}{{{plan.listen}}}{{*}}{{}}}}"
    config = plan.folder / "exim.conf"
    config.write_text(_EXIM.format(
        p=plan, ports=" : ".join(str(port) for port in sorted({plan.listen, plan.submit_port})),
        tls_advertise=only_there if relay else "*", tls_verify=only_there if relay else "",
        deny=f"  deny condition = ${{if eq{{$received_port}}{{{plan.listen}}}}}\n       !verify = certificate\n" if relay else "",
        own=f"  tls_certificate = {plan.certificate}\n  tls_privatekey = {plan.key}\n" if relay else "",
        domains=" : ".join(plan.to_gateway), gateway_name=GATEWAY_NAME))
    return start_in_mounts(plan, {}, ["exim4", "-C", str(config), "-bdf", "-q2s"])


KINDS = {"OpenSMTPD": opensmtpd, "Exim": exim}
# Undoes what a kind does of its own accord to the header of mail that it passes on.
AS_IT_CAME: dict[str, Callable[[bytes], bytes]] = {}


class Neighbour:
    """`with Neighbour(lab, place, kind) as neighbour`: in the place of practice mode's Postfix, which comes back behind it.

    kind None: practice mode's Postfix itself.
    """

    def __init__(self, lab: PeersLab, place: Place, kind: str | None) -> None:
        self._lab = lab
        self._place = place
        self._kind = kind
        self.name = kind or "Postfix"
        self.submit_port = lab.ports.org if place is Place.ORGANISATION else lab.ports.relay_inside

    def __enter__(self) -> "Neighbour":
        if self._kind:
            self._lab.practice.take_away(self._place.value)
            self._sink = Sink()
            self._sink.start()
            mine = plan(self._lab, self._place, self._sink.port)
            shutil.rmtree(mine.folder, ignore_errors=True)
            self._child = KINDS[self._kind](mine)
        return self

    def __exit__(self, *_: object) -> None:
        if self._kind:
            self._child.stop()
            self._sink.stop()
            self._lab.practice.bring_back(self._place.value)

    def copies(self, mark: bytes) -> dict[str, list[bytes]]:
        """Recipient -> what arrived for him of the mails with `mark`."""
        if self._kind:
            undo = AS_IT_CAME.get(self._kind, bytes)
            return {recipient: [undo(content) for content in contents]
                    for recipient, contents in self._sink.copies(mark).items()}
        found: dict[str, list[bytes]] = {}
        for file in (self._lab.places.maildir(self._place.value) / "new").glob("*"):
            content = file.read_bytes()
            if mark in content:
                found.setdefault(_original_recipient(content), []).append(content)
        return found


def _original_recipient(content: bytes) -> str:
    for line in content.split(b"\n"):
        if line.lower().startswith(b"x-original-to: "):
            return line.partition(b": ")[2].decode()
    raise AssertionError("Postfix put no X-Original-To in front")
