"""Our gateway with keys of a lab's keyd, and nobody behind it: for handshakes."""

import os
import shutil
import signal
import subprocess

from keyd_lab import GATEWAY, PATIENCE, as_user, wait_for


class Gatewayd:
    """Takes STARTTLS with one key, whose certificate must be there, until `end`; `close` in any case. Its log is signed
    with the key `audit`."""

    def __init__(self, lab, key):
        self.lab = lab
        self.key = key
        self.generation = 0
        self.root = lab.folder / "gatewayd"
        self.root.mkdir()
        for side in ("lan", "cjsm"):
            (self.root / side).mkdir()
        self.activate()
        shutil.copy(os.environ["PRIVYSEAL_GATEWAYD_PROVIDER"], self.root / "privyseal.so")  # it shares gatewayd's sanitizer
        self._configure()
        shutil.chown(self.root, GATEWAY, GATEWAY)
        with open(self.root / "log", "wb") as log:
            self.process = subprocess.Popen(
                [os.environ["PRIVYSEAL_GATEWAYD"], self.root / "gateway.toml"], stdout=log, stderr=log,
                env={"PATH": os.environ["PATH"]}, preexec_fn=as_user(GATEWAY))
        status = self.root / "status"
        wait_for("gatewayd", lambda: (status.exists() and "cjsm=" in status.read_text()) or self.process.poll() is not None)
        assert self.process.poll() is None, self.log()
        self.port = int(status.read_text().split("lan=127.0.0.1:")[1].split()[0])

    def _configure(self):
        (self.root / "openssl.cnf").write_text(
            "openssl_conf = init\n[init]\nproviders = providers\n[providers]\ndefault = default_provider\n"
            "privyseal = privyseal_provider\n[default_provider]\nactivate = 1\n[privyseal_provider]\n"
            f"module = {self.root}/privyseal.so\nsocket = {self.lab.socket}\nactivate = 1\n")
        ca = self.lab.file("ca.pem")
        (self.root / "gateway.toml").write_text(
            f'host = "localhost"\ndomains = ["lawfirm.example"]\nledger = "{self.root}/ledger.db"\nthreads = 2\n'
            f'openssl_config = "{self.root}/openssl.cnf"\nstatus = "{self.root}/status"\n'
            f'[audit]\nkeyd_socket = "{self.lab.socket}"\n'
            f'[lan]\nlisten = "127.0.0.1:0"\nidentity = "{self.root}/lan"\nca = "{ca}"\nclients = ["127.0.0.0/8"]\n'
            'server_host = "127.0.0.1"\nserver_port = 1\nserver_name = "server.example"\n'
            f'[cjsm]\nlisten = "127.0.0.1:0"\nidentity = "{self.root}/cjsm"\nca = "{ca}"\nclients = ["127.0.0.0/8"]\n'
            'relay_host = "127.0.0.1"\nrelay_port = 1\nrelay_name = "relay.example"\nclient_names = ["relay.example"]\n')

    def log(self):
        return (self.root / "log").read_text(errors="replace")

    def activate(self):
        """Has a new generation of both identities put in place, as renewd does it."""
        self.generation += 1
        for side in ("lan", "cjsm"):
            folder = self.root / side
            fresh = folder / str(self.generation)
            fresh.mkdir()
            shutil.copy(self.lab.file(f"{self.key}.pem"), fresh / "chain.pem")
            (fresh / "key.uri").write_text(f"keyd:{self.key}\n")
            (folder / "next").symlink_to(str(self.generation))
            (folder / "next").rename(folder / "active")

    def reload(self):
        """Both identities anew; it serves with them when this returns."""
        before = self.log().count("identity-in-use")
        self.activate()
        wait_for("a reload", lambda: self.log().count("identity-in-use") >= before + 2)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0, self.log()

    def close(self):
        self.process.kill()
        self.process.wait()
