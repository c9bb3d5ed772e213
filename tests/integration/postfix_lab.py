"""Debian's Postfix with keys of keyd's, by configuration alone."""

import os
import pwd
import signal
import subprocess

from keyd_lab import PATIENCE, can_connect_or_ended, wait_for

POSTFIX = pwd.getpwnam("postfix").pw_uid
_FOLDERS = (("", 0o755, 0), ("config", 0o755, 0), ("queue", 0o755, 0), ("queue/pid", 0o755, 0),
            ("queue/public", 0o755, POSTFIX), ("queue/maildrop", 0o755, POSTFIX), ("data", 0o700, POSTFIX),
            *((f"queue/{one}", 0o700, POSTFIX)
              for one in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
                          "trace")))
_SERVICES = ("cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr", "tlsmgr unix - - n 1000? 1 tlsmgr",
             "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce", "defer unix - - n - 0 bounce",
             "trace unix - - n - 0 bounce", "proxymap unix - - n - - proxymap", "smtp unix - - n - - smtp",
             "relay unix - - n - - smtp", "error unix - - n - - error", "retry unix - - n - - error",
             "discard unix - - n - - discard", "showq unix n - n - - showq", "anvil unix - - n - 1 anvil",
             "scache unix - - n - 1 scache", "postlog unix-dgram n - n - 1 postlogd")


def smtpd_settings(lab, key):
    """Of one that receives with this key; KEY.pem must be there."""
    reference = lab.file(f"{key}-reference.pem", lab.reference(key))
    return {"smtpd_tls_security_level": "may", "smtpd_tls_cert_file": lab.file(f"{key}.pem"),
            "smtpd_tls_key_file": reference, "smtpd_tls_eccert_file": "", "smtpd_tls_dcert_file": "",
            "smtpd_tls_mandatory_protocols": ">=TLSv1.3", "smtpd_tls_protocols": ">=TLSv1.3",
            "smtpd_tls_ask_ccert": "yes", "smtpd_tls_CAfile": lab.file("ca.pem"), "smtpd_tls_loglevel": "1",
            "smtpd_tls_received_header": "yes", "smtpd_client_connection_rate_limit": "0",
            "default_transport": "discard:", "relay_transport": "discard:"}


class Postfix:
    """An instance of its own until `end`; `close` in any case."""

    def __init__(self, lab, name, settings, ports=()):
        self.root = lab.folder / name
        for folder, mode, owner in _FOLDERS:
            (self.root / folder).mkdir(mode=mode, exist_ok=True)
            os.chown(self.root / folder, owner, 0)
        common = {"compatibility_level": "3.10", "myhostname": "mail.example", "mydestination": "", "mynetworks":
                  "127.0.0.0/8", "queue_directory": self.root / "queue", "data_directory": self.root / "data",
                  "maillog_file": "/dev/stdout", "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
                  "smtp_dns_support_level": "disabled", "smtp_host_lookup": "native", "smtpd_peername_lookup": "no",
                  "alias_maps": "", "alias_database": "", "local_recipient_maps": "", "biff": "no",
                  # Postfix hands its programs a clean environment: this is how they find the configuration.
                  "tls_config_file": lab.file("openssl.cnf")}
        (self.root / "config/main.cf").write_text(
            "".join(f"{key} = {value}\n" for key, value in (common | settings).items()))
        # "n" in the chroot column: keyd's socket must be in sight.
        (self.root / "config/master.cf").write_text(
            "".join(f"127.0.0.1:{port} inet n - n - - smtpd\n" for port in ports) +
            "".join(f"{line}\n" for line in _SERVICES))
        with open(self.root / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/lib/postfix/sbin/master", "-c", self.root / "config", "-d"], stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,  # it ends its process group
                env={"PATH": os.environ["PATH"], "MAIL_CONFIG": str(self.root / "config")})
        for port in ports:
            wait_for("Postfix", lambda port=port: can_connect_or_ended(port, self.process))

    def log(self):
        return (self.root / "log").read_text(errors="replace")

    def reload(self):
        """What `postfix reload` does."""
        before = self.log().count("reload -- version")
        self.process.send_signal(signal.SIGHUP)
        wait_for("a reload", lambda: self.log().count("reload -- version") > before)

    def end(self):
        """None of its programs has crashed."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) in (0, -signal.SIGTERM), self.log()
        for bad in ("killed by signal 11", "killed by signal 6", "fatal:", "panic:", "exit status"):
            assert bad not in self.log(), self.log()

    def close(self):
        self.process.kill()
        self.process.wait()
