"""A Postfix of its own in one folder: configuration, queue, data, Maildir.

Nothing of the machine's own Postfix is touched, nothing is looked up in the DNS,
nothing listens or sends beyond loopback.
"""

import grp
import os
import pwd
from dataclasses import dataclass, field
from pathlib import Path

from children import Child, LabError, answers, start, wait_until
from pki import Identity

_MASTER = "/usr/lib/postfix/sbin/master"

# No chroot: certificates, maps and Maildirs lie in the lab's folder.
_SERVICES = """\
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
virtual   unix  - n n - - virtual
showq     unix  n - n - - showq
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """One instance. `parameters` is its main.cf beyond the common part; `listeners` maps a loopback
    port to the settings of its smtpd."""

    name: str
    folder: Path
    log: Path
    hostname: str
    listeners: dict[int, dict[str, str]]
    parameters: dict[str, str]
    maps: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def map_file(self, name: str) -> Path:
        return self.config / name

    def _common(self) -> dict[str, str]:
        owner = pwd.getpwnam("postfix")
        return {
            "compatibility_level": "3.10",
            "myhostname": self.hostname,
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "maillog_file": "/dev/stdout",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "smtp_dns_support_level": "disabled",
            "smtp_host_lookup": "native",
            "smtpd_peername_lookup": "no",
            "default_transport": "error:this practice mail server sends nothing to other places",
            "relay_transport": "error:this practice mail server sends nothing to other places",
            "fast_flush_domains": "",
            "alias_maps": "",
            "alias_database": "",
            "local_recipient_maps": "",
            "local_header_rewrite_clients": "",
            "biff": "no",
            "message_size_limit": "52428800",
            "mailbox_size_limit": "0",
            "virtual_mailbox_limit": "0",
            "virtual_mailbox_domains": "",
            "virtual_mailbox_base": str(self.folder),
            "virtual_mailbox_maps": "static:Maildir/",
            "virtual_uid_maps": f"static:{owner.pw_uid}",
            "virtual_gid_maps": f"static:{owner.pw_gid}",
            "virtual_minimum_uid": "1",
            # A practice queue must not make a person wait.
            "minimal_backoff_time": "5s",
            "queue_run_delay": "5s",
            "maximal_backoff_time": "30s",
        }

    def write(self) -> None:
        """Makes the configuration and the folders, with the owners that Postfix's own postfix-files lists
        ('postfix check' would make them too, in seconds instead of none)."""
        owner = pwd.getpwnam("postfix").pw_uid
        dropping = grp.getgrnam("postdrop").gr_gid
        self.config.mkdir(parents=True)
        queue = self.folder / "queue"
        _make(queue, 0o755, 0, 0)
        _make(queue / "pid", 0o755, 0, 0)
        _make(queue / "maildrop", 0o730, owner, dropping)
        _make(queue / "public", 0o710, owner, dropping)
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                     "saved", "trace"):
            _make(queue / name, 0o700, owner, 0)
        _make(self.folder / "data", 0o700, owner, 0)
        _make(self.folder / "Maildir", 0o700, owner, 0)
        for name, text in self.maps.items():
            self.map_file(name).write_text(text)
        settings = self._common() | self.parameters
        (self.config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        smtpd = "".join(
            f"127.0.0.1:{port} inet n - n - - smtpd\n" + "".join(f"  -o {{{key} = {value}}}\n" for key, value in own.items())
            for port, own in self.listeners.items())
        (self.config / "master.cf").write_text(smtpd + _SERVICES)

    def start(self) -> Child:
        """Starts the instance and waits until each listener greets."""
        environment = {"MAIL_CONFIG": str(self.config), "MAIL_LOGTAG": f"postfix-{self.name}"}
        child = start(self.name, [_MASTER, "-s"], self.log, env=environment)
        for port in self.listeners:
            wait_until(f"the Postfix '{self.name}' did not answer on port {port}", child, lambda: answers(port))
        return child


def _make(folder: Path, mode: int, owner: int, group: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    os.chown(folder, owner, group)


def client_tls(identity: Identity | None, ca: Path, peer_name: str) -> dict[str, str]:
    """main.cf for sending only to `peer_name`, by TLS 1.3 and a certificate from `ca`, with a full
    handshake each time."""
    own = {"smtp_tls_cert_file": str(identity.certificate), "smtp_tls_key_file": str(identity.key)} if identity else {}
    return own | {
        "smtp_tls_security_level": "secure",
        "smtp_tls_mandatory_protocols": ">=TLSv1.3",
        "smtp_tls_CAfile": str(ca),
        "smtp_tls_secure_cert_match": peer_name,
        "smtp_tls_session_cache_database": "",
        "smtp_tls_loglevel": "1",
    }


def server_tls(identity: Identity) -> dict[str, str]:
    """main.cf for receiving by TLS 1.3; whether it is a must is each listener's own setting."""
    return {
        "smtpd_tls_cert_file": str(identity.certificate),
        "smtpd_tls_key_file": str(identity.key),
        "smtpd_tls_protocols": ">=TLSv1.3",
        "smtpd_tls_mandatory_protocols": ">=TLSv1.3",
        "smtpd_tls_received_header": "yes",
        "smtpd_tls_loglevel": "1",
    }


def check_installed() -> None:
    if not Path(_MASTER).exists():
        raise LabError("Postfix is not installed here; run this through ./dev")
