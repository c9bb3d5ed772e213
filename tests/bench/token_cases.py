"""Keys on real tokens, and everything that can serve TLS with them: ours, the packaged provider, a key in a file.

Each token is made once, with the appliance's own tools, when the first case that needs it runs.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent
THREADS = 16
_KEY = "bench"
_RIVAL_MODULE = "/usr/lib/x86_64-linux-gnu/ossl-modules/pkcs11.so"


@dataclass
class Run:
    """One command; what it prints is a JSON object."""

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    user: int = 0


class Tokens:
    """Needs root in the userland: opencryptoki has fixed places, so this process gets file systems of its own there."""

    def __init__(self, build: Path) -> None:
        self._build = build.resolve()
        self._labs: dict[str, object] = {}
        os.environ |= {"PRIVYSEAL_KEYD": f"{self._build}/hsm/keyd/privyseal-keyd",
                       "PRIVYSEAL_PROVISION": self._find("privyseal-provision"),
                       "PRIVYSEAL_PROVIDER": self._find("privyseal.so"),
                       "PRIVYSEAL_PROVIDER_IN_PROCESS": self._find("privyseal_pkcs11.so")}
        sys.path.insert(0, str(_TESTS / "integration"))
        import keyd_lab
        import modules_test
        modules_test.have_own_places()
        self._keyd_lab = keyd_lab
        self._kinds = {"SoftHSM": keyd_lab.SoftHsm, "opencryptoki": modules_test.Opencryptoki,
                       "1 ms": self._distant(1000, 1000), "5 ms": self._distant(0, 5000)}

    def _find(self, name: str) -> str:
        return str(next(self._build.rglob(name)))

    def _distant(self, call_us: int, sign_us: int) -> type:
        tool, shim, lab = self._find("distant_token"), self._find("libprivyseal-shim-module.so"), self._keyd_lab

        class Distant(lab.SoftHsm):
            def make(self) -> None:
                super().make()
                lab.run(tool, self.folder / "shim", call_us, sign_us, check=0)
                self.module = shim
                self.environment |= {"PRIVYSEAL_REAL_MODULE": lab.SOFTHSM, "PRIVYSEAL_SHIM": f"{self.folder}/shim"}

        return Distant

    def _lab(self, token: str):  # noqa: ANN202
        if token not in self._labs:
            lab = self._labs[token] = self._keyd_lab.KeydLab(self._kinds[token])
            why = lab.generate(_KEY, "lan-identity", "p256")
            if why is not None:
                raise SystemExit(f"bench handshakes: {token}: {why}")
            shutil.copy(self._find("module_handshakes"), lab.folder)
            subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                            lab.folder / "key.pem"], check=True)
            for name, settings in (("stock", ""), ("tuned", "pkcs11-module-cache-sessions = 64\n")):
                (lab.folder / f"{name}.cnf").write_text(_rival_configuration(lab, settings))
        return self._labs[token]

    def run(self, server: str, token: str, handshakes: int) -> Run:
        lab = self._lab(token)
        program = [str(lab.folder / "module_handshakes")]
        numbers = [str(THREADS), str(handshakes)]
        at_token = {"PATH": os.environ["PATH"], **lab.token.environment}
        rival = f"pkcs11:token=test;object=privyseal:lan-identity:{_KEY};type=private"
        runs: dict[str, Callable[[], Run]] = {
            "software": lambda: Run([*program, str(lab.folder / "key.pem"), *numbers], {"PATH": os.environ["PATH"]}),
            "in process": lambda: Run([*program, f"keyd://{_KEY}", *numbers], lab.in_process_env),
            "keyd": lambda: Run([*program, f"keyd://{_KEY}", *numbers], lab.env, self._keyd_lab.GATEWAY),
            "rival stock": lambda: Run([*program, rival, *numbers], at_token | {"OPENSSL_CONF": f"{lab.folder}/stock.cnf"}),
            "rival isolated": lambda: Run([*program, rival, *numbers, f"{lab.folder}/stock.cnf"], at_token),
            "rival tuned": lambda: Run([*program, rival, *numbers, f"{lab.folder}/tuned.cnf"], at_token),
        }
        return runs[server]()

    def __enter__(self) -> "Tokens":
        return self

    def __exit__(self, *_: object) -> None:
        for lab in self._labs.values():
            lab.close()


def _rival_configuration(lab, settings: str) -> str:  # noqa: ANN001
    """The packaged pkcs11-provider as its manual has it (it takes no PIN file that ends with a line end); no-deinit keeps
    it from crashing at exit with SoftHSM."""
    return f"""openssl_conf = openssl_init
[openssl_init]
providers = providers
[providers]
default = default_section
pkcs11 = pkcs11_section
[default_section]
activate = 1
[pkcs11_section]
module = {_RIVAL_MODULE}
pkcs11-module-path = {lab.token.module}
pkcs11-module-token-pin = {lab.token.pin_file.read_text().strip()}
pkcs11-module-quirks = no-deinit
{settings}activate = 1
"""
