"""The appliance itself: its token, its four daemons, each as its own user, and its command line, as on the real box."""

import json
import os
import subprocess
import time
from pathlib import Path

from appliance_settings import CONSOLE_HOST, SOFTHSM, TOKEN, ApplianceSettings
from children import (CONSOLE_USER, GATEWAY_USER, KEYD_USER, RENEWD_USER, Child, LabError, User, run, start,
                      wait_until)
from est_server import EST_PASSWORD
from places import Places, Ports

_CERTIFICATE_SECONDS = 60.0

# name -> program, user, what it logs when it is ready
_DAEMONS: dict[str, tuple[str, User, str]] = {
    "keyd": ("hsm/keyd/privyseal-keyd", KEYD_USER, "keyd-ready"),
    "renewd": ("ca/renewd/privyseal-renewd", RENEWD_USER, "renewd-ready"),
    "gatewayd": ("firmware/privyseal-gatewayd", GATEWAY_USER, "gateway-ready"),
    "admind": ("web-admin/privyseal-admind", CONSOLE_USER, "console-ready"),
}


class Appliance:
    """Steps in order: set_up, start("keyd"), make_keys, start("renewd"), wait_for_certificates, then the others."""

    NAMES = tuple(_DAEMONS)

    def __init__(self, places: Places, ports: Ports, egress_root: Path, cjsm_issuer: str) -> None:
        self._places = places
        self._ports = ports
        self._settings = ApplianceSettings(places, ports, egress_root, cjsm_issuer)

    @property
    def console_url(self) -> str:
        return f"https://{CONSOLE_HOST}:{self._ports.console}/"

    def set_up(self) -> None:
        """Folders, settings files, and a fresh SoftHSM token whose PIN only keyd's user can read."""
        places = self._places
        for folder, user, mode in ((places.keyd, KEYD_USER, 0o700), (places.keyd / "state", KEYD_USER, 0o700),
                                   (places.gateway, GATEWAY_USER, 0o700), (places.console, CONSOLE_USER, 0o700),
                                   (places.renewd, RENEWD_USER, 0o755)):
            _make_folder(folder, user, mode)
        places.run.mkdir()
        for daemon, user in (("keyd", KEYD_USER), ("renewd", RENEWD_USER), ("gateway", GATEWAY_USER),
                             ("console", CONSOLE_USER)):
            _make_folder(places.door(daemon).parent, user, 0o755)
        self._provision("making the token", [
            "init-token", "--module", SOFTHSM, "--label", TOKEN, "--owner", f"{KEYD_USER.uid}:{KEYD_USER.gid}",
            "--pin-file", str(places.keyd / "pin"), "--so-pin-file", str(places.keyd / "so-pin"),
            "--softhsm-conf", str(places.keyd / "softhsm2.conf"), "--token-folder", str(places.keyd / "tokens")])
        places.est_password.touch(mode=0o400)
        os.chown(places.est_password, RENEWD_USER.uid, RENEWD_USER.gid)
        places.est_password.write_text(EST_PASSWORD + "\n")
        places.openssl_config.write_text(self._settings.openssl())
        for daemon, text in (("keyd", self._settings.keyd()), ("renewd", self._settings.renewd()),
                             ("gatewayd", self._settings.gateway()), ("admind", self._settings.console())):
            places.settings(daemon).write_text(text)

    def start(self, name: str) -> Child:
        program, user, ready_event = _DAEMONS[name]
        log = self._places.log(name)
        known = log.stat().st_size if log.exists() else 0

        def is_ready() -> bool:
            return ready_event.encode() in log.read_bytes()[known:]

        child = start(name, [str(self._places.program(program)), str(self._places.settings(name))], log, user)
        wait_until(f"{name} did not get ready", child, is_ready)
        return child

    def make_keys(self) -> None:
        """The two keys that are made once. Every identity's key is renewd's affair."""
        for key in ("audit", "issuing-ca"):
            self._ask_keyd(f"generating the key '{key}'", "generate", "--name", key, "--role", key, "--type", "p256")

    def wait_for_certificates(self, renewd: Child, *names: str) -> None:
        """Until renewd has put a certificate to use for each of these identities."""
        deadline = time.monotonic() + _CERTIFICATE_SECONDS
        while any(self.certificate(name)["active"] is None for name in names):
            if not renewd.is_alive() or time.monotonic() > deadline:
                raise LabError(f"{', '.join(names)} have no certificate within {_CERTIFICATE_SECONDS:.0f} s; "
                               f"its log is {renewd.log}")
            time.sleep(0.1)

    def wait_until_live(self) -> None:
        """Until renewd has seen each certificate at the port that must show it."""
        deadline = time.monotonic() + _CERTIFICATE_SECONDS
        while not all(identity["active"]["live"] for identity in self.certificates()):
            if time.monotonic() > deadline:
                raise LabError(f"a listener does not show its certificate: {self.certificates()}")
            time.sleep(0.1)

    def wait_until_proven(self, name: str) -> None:
        """Until the imported certificate has passed its trial."""
        deadline = time.monotonic() + _CERTIFICATE_SECONDS
        while (self.certificate(name)["candidate"] or {}).get("state") != "proven":
            if time.monotonic() > deadline:
                raise LabError(f"the certificate for '{name}' has not passed its trial: {self.certificate(name)}")
            time.sleep(0.1)

    def issue(self, request: Path, certificate: Path) -> None:
        """A certificate of the appliance's own CA for the organisation's mail server."""
        self.ask("cert", "issue", "mail-server", str(request), "--out", str(certificate))

    def certificates(self) -> list[dict]:
        return self.ask("cert", "list")["identities"]

    def certificate(self, identity: str) -> dict:
        """How one identity stands."""
        return next(entry for entry in self.certificates() if entry["name"] == identity)

    def uses(self) -> dict[str, dict[str, int]]:
        """keyd's counters: key -> use -> how often, for example {'cjsm-1': {'tls_client': 1, ...}}."""
        counted = json.loads(self._ask_keyd("reading keyd's counters", "uses", "--json"))["uses"]
        return {entry["name"]: {use: count for use, count in entry.items() if use != "name"} for entry in counted}

    def ask(self, *words: str) -> dict:
        """One command of the operator's command line, with its answer for programs."""
        return json.loads(self.tell(*words, "--json"))

    def tell(self, *words: str) -> str:
        """One command of the operator's command line: what it says to a person. An amber or red light is no failure."""
        what = "privyseal " + " ".join(words[:2])
        command = [str(self._places.program("provisioning/cli/privyseal")), *words, "--run", str(self._places.run)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            raise LabError(f"{what} failed: {error}") from None
        if done.returncode not in (0, 5):
            raise LabError(f"{what} failed (exit {done.returncode}): {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _provision(self, what: str, arguments: list[str]) -> str:
        program = self._places.program("provisioning/privyseal-provision")
        return run(what, [str(program), *arguments], self._places.log("provisioning"))

    def _ask_keyd(self, what: str, command: str, *arguments: str) -> str:
        return self._provision(what, [command, "--socket", str(self._places.keyd_socket), *arguments])


def _make_folder(folder: Path, user: User, mode: int) -> None:
    folder.mkdir(mode=mode)
    os.chown(folder, user.uid, user.gid)
