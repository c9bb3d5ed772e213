#!/usr/bin/env python3
"""The same list of tests on every PKCS#11 module of Debian's that can hold keys: made, used for requests and
handshakes through keyd and the provider, used again after a restart, attacked with the PIN; nginx, Postfix, our
gateway and keyd reloaded and ended under load.

A kind of key is skipped, and said so, only where keyd says that the token does not list a mechanism for it.
"""

import os
import shutil
import signal
import subprocess
import unittest
from pathlib import Path

from gatewayd_lab import Gatewayd
from keyd_lab import GATEWAY, SOFTHSM, SUPPORT, KeydLab, SoftHsm, run, wait_for
from nginx_lab import Clients, Nginx
from places import free_port
from postfix_lab import POSTFIX, Postfix, smtpd_settings

KINDS = ("p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096")
PIN = "48151623"  # eight is the most that opencryptoki takes
MODULES = "/usr/lib/x86_64-linux-gnu/pkcs11"


def stopped(process):
    if process is not None and process.poll() is None:
        process.terminate()
        process.wait(30)


class Opencryptoki:
    """The soft token. Its places are fixed, so the test has file systems of its own there (see main)."""

    name = "opencryptoki"
    module = f"{MODULES}/libopencryptoki.so"
    settings = parameters = ""
    gives_way = ()
    environment: dict[str, str] = {}

    def __init__(self, folder):
        self.folder = folder
        self.pin_file = folder / "pin"

    def make(self):
        conf = self.folder / "opencryptoki.conf"
        conf.write_text("version opencryptoki-3.23\nslot 3\n{\nstdll = libpkcs11_sw.so\ntokversion = 3.12\n}\n")
        run("mount", "--bind", conf, "/etc/opencryptoki/opencryptoki.conf", check=0)
        for path, owner, group, mode in (("/run/opencryptoki", "pkcsslotd", "pkcs11", 0o770),
                                         ("/run/lock/opencryptoki", "root", "pkcs11", 0o770),
                                         ("/run/lock/opencryptoki/swtok", "root", "pkcs11", 0o770),
                                         ("/var/lib/opencryptoki/swtok", "root", "pkcs11", 0o770),
                                         ("/var/lib/opencryptoki/swtok/TOK_OBJ", "root", "pkcs11", 0o770),
                                         ("/var/log/opencryptoki", "root", "pkcs11", 0o770)):
            Path(path).mkdir(parents=True, exist_ok=True)
            shutil.chown(path, owner, group)
            Path(path).chmod(mode)
        with open(self.folder / "pkcsslotd.log", "wb") as log:
            subprocess.run(["/usr/sbin/pkcsslotd"], stdout=log, stderr=log, check=True)  # goes into the background
        wait_for("pkcsslotd", Path("/run/opencryptoki/pkcsslotd.socket").exists)
        officer = "31415926"
        conf = ("/usr/sbin/pkcsconf", "-c", "3")
        run(*conf, "-I", "-S", "87654321", stdin=b"test\n", check=0)
        run(*conf, "-P", "-S", "87654321", "-n", officer, check=0)
        run(*conf, "-u", "-S", officer, "-n", "12345678", check=0)
        run(*conf, "-p", "-U", "12345678", "-n", PIN, check=0)
        self.pin_file.write_text(PIN)
        self.pin_file.chmod(0o400)

    def close(self):
        pid_file = Path("/run/opencryptoki/pkcsslotd.pid")
        if pid_file.exists():
            pid = int(pid_file.read_text())
            os.kill(pid, signal.SIGTERM)
            wait_for("the end of pkcsslotd", lambda: not Path(f"/proc/{pid}").exists())
        run("umount", "/etc/opencryptoki/opencryptoki.conf")


class P11Kit(SoftHsm):
    """A SoftHSM token in another process, reached through p11-kit's remoting."""

    name = "p11-kit client"
    module = f"{MODULES}/p11-kit-client.so"

    def __init__(self, folder):
        super().__init__(folder)
        self.settings = ""
        self.server = None

    def make(self):
        super().make()
        with open(self.folder / "p11.log", "wb") as log:
            self.server = subprocess.Popen(
                ["/usr/bin/p11-kit", "server", "-f", "-n", str(self.folder / "p11.sock"), "--provider", SOFTHSM,
                 "pkcs11:token=test"],
                stdout=log, stderr=subprocess.STDOUT, env={**self.environment, "PATH": os.environ["PATH"]})
        wait_for("p11-kit server", lambda: (self.folder / "p11.sock").exists() or self.server.poll() is not None)
        self.environment = {"P11_KIT_SERVER_ADDRESS": f"unix:path={self.folder}/p11.sock"}

    def close(self):
        stopped(self.server)


class NssSoftoken:
    """The key database of Mozilla's programs. Its module wants to be told by C_Initialize where that is."""

    name = "NSS softoken"
    module = "/usr/lib/x86_64-linux-gnu/libsoftokn3.so"
    settings = ""
    # hsm/README.md says why, and what it means. Wrapping without padding works with keys of a fitting length.
    gives_way = (
        "copy with CKA_DECRYPT", "copy with CKA_DERIVE", "copy with CKA_EXTRACTABLE true", "copy with CKA_MODIFIABLE",
        "set in a copy CKA_DECRYPT", "set in a copy CKA_DERIVE", "set in a copy CKA_EXTRACTABLE true",
        "set in a copy CKA_SIGN_RECOVER", "set in a copy CKA_UNWRAP", "use C_SignRecover", "wrap out by CKM_AES_CBC_PAD",
        "wrap out by CKM_AES_ECB", "wrap out by CKM_AES_KEY_WRAP", "wrap out by CKM_AES_KEY_WRAP_PAD",
        "wrap out by CKM_RSA_PKCS", "wrap out by CKM_RSA_PKCS_OAEP")
    environment: dict[str, str] = {}

    def __init__(self, folder):
        self.database = folder / "nss"
        self.pin_file = folder / "pin"
        self.parameters = f"configDir=sql:{self.database} dbTokenDescription=test"

    def make(self):
        self.pin_file.write_text(PIN)
        self.pin_file.chmod(0o400)
        self.database.mkdir()
        run("certutil", "-N", "-d", f"sql:{self.database}", "-f", self.pin_file, check=0)

    def close(self):
        pass


class Tpm2:
    """A TPM in software, behind the resource manager that a TPM's few slots for keys need."""

    name = "tpm2-pkcs11"
    module = f"{MODULES}/libtpm2_pkcs11.so"
    settings = parameters = ""
    # hsm/README.md says why, and what it means.
    gives_way = ("set CKA_DECRYPT", "set CKA_DERIVE", "set CKA_EXTRACTABLE true", "set CKA_SENSITIVE false",
                 "set CKA_SIGN_RECOVER", "set CKA_UNWRAP")

    def __init__(self, folder):
        self.folder = folder
        self.pin_file = folder / "pin"
        self.processes = []
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/bus",
                            "TPM2_PKCS11_TCTI": "tabrmd:bus_type=session", "TPM2TOOLS_TCTI": "tabrmd:bus_type=session",
                            "TPM2_PKCS11_STORE": str(folder / "store"), "TPM2_PKCS11_LOG_LEVEL": "0", "TSS2_LOG": "all+none",
                            # Its own loss, see there. Not with slow back-traces, as for SoftHSM: this module allocates so
                            # much that a signature takes 140 ms with them and 10 without.
                            "LSAN_OPTIONS": f"suppressions={SUPPORT}/tpm2.supp:print_suppressions=0",
                            "TSAN_OPTIONS": f"suppressions={SUPPORT}/tpm2.tsan.supp:print_suppressions=0"}

    def serve(self, what, *command, is_there):
        with open(self.folder / f"{what}.log", "wb") as log:
            process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log,
                                       env={**self.environment, "PATH": os.environ["PATH"]})
        self.processes.append(process)
        wait_for(what, lambda: is_there() or process.poll() is not None)

    def make(self):
        (self.folder / "tpm").mkdir()
        (self.folder / "store").mkdir()
        tpm = self.folder / "tpm.sock"
        self.serve("swtpm", "/usr/bin/swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder}/tpm", "--server",
                   f"type=unixio,path={tpm}", "--ctrl", f"type=unixio,path={tpm}.ctrl", "--flags",
                   "not-need-init,startup-clear", is_there=Path(f"{tpm}.ctrl").exists)
        self.serve("dbus", "/usr/bin/dbus-daemon", "--session", "--nofork", f"--address=unix:path={self.folder}/bus",
                   is_there=(self.folder / "bus").exists)
        env = {**self.environment, "PATH": os.environ["PATH"]}
        self.serve("manager", "/usr/sbin/tpm2-abrmd", "--session", "--allow-root", f"--tcti=swtpm:path={tpm}",
                   is_there=lambda: run("tpm2_getcap", "properties-fixed", env=env)[0] == 0)
        run("tpm2_ptool", "init", f"--path={self.folder}/store", env=env, check=0)
        run("tpm2_ptool", "addtoken", "--pid=1", "--label=test", "--sopin=31415926", f"--userpin={PIN}",
            f"--path={self.folder}/store", env=env, check=0)
        self.pin_file.write_text(PIN)
        self.pin_file.chmod(0o400)

    def close(self):
        for process in reversed(self.processes):
            stopped(process)


class ModuleTests:
    """What holds on every module. One token for all; the tests run in the order of their names."""

    token: type

    @classmethod
    def setUpClass(cls):
        cls.lab = KeydLab(cls.token, gateway=(GATEWAY, POSTFIX))
        cls.addClassCleanup(cls.lab.close)
        cls.made = []
        assert cls.lab.generate("audit", "audit", "p256") is None, cls.lab.log()
        for kind in KINDS:
            why = cls.lab.generate(kind, "cjsm-identity", kind)
            if why is None:
                cls.made.append(kind)
            elif "it does not list CKM_" in why:
                print(f"SKIP {cls.token.name}: {kind}: {why.strip()}", flush=True)
            else:
                raise AssertionError(f"{cls.token.name}: {kind}: {why}{cls.lab.log()}")

    def test_1_there_are_keys(self):
        self.assertIn("p256", self.made)

    def test_2_requests_are_signed_and_verify(self):
        for kind in self.made:
            with self.subTest(kind):
                self.lab.certify(kind)

    def test_3_handshakes_both_ways(self):
        for kind in self.made:
            with self.subTest(kind):
                self.lab.shake_hands(kind, kind)

    def test_4_keys_are_there_after_a_restart(self):
        shown = {kind: self.lab.openssl("pkey", "-in", f"keyd://{kind}", "-pubout", check=0)[1] for kind in self.made}
        self.lab.restart()
        for kind in self.made:
            with self.subTest(kind):
                self.assertEqual(self.lab.openssl("pkey", "-in", f"keyd://{kind}", "-pubout", check=0)[1], shown[kind])
                self.lab.shake_hands(kind, kind)

    def test_5_a_role_and_a_name_are_kept(self):
        self.assertIn("is not to be", self.lab.generate("wrong", "audit", "rsa2048"))
        self.assertIn("already", self.lab.generate("p256", "cjsm-identity", "p256"))

    def test_6_many_handshakes_and_no_failure(self):
        for _ in range(20):
            self.lab.openssl("req", "-new", "-key", "keyd://p256", "-subj", "/CN=x", "-out", self.lab.file("x.csr"),
                             check=0)
        log = self.lab.log()
        for bad in ("signature-failed", "signature-wrong", "session-replaced", "key-not-offered"):
            self.assertNotIn(bad, log)

    def test_8_the_same_with_the_module_in_the_program_and_no_keyd(self):
        shown = {kind: self.lab.openssl("pkey", "-in", f"keyd://{kind}", "-pubout", check=0)[1] for kind in self.made}
        self.assertEqual(self.lab.stop(), 0)
        env = self.lab.in_process_env
        try:
            for kind in self.made:
                with self.subTest(kind):
                    name = f"pkcs11:object={kind}"
                    self.assertEqual(run("openssl", "pkey", "-in", name, "-pubout", env=env, check=0)[1], shown[kind])
                    run("openssl", "req", "-new", "-key", name, "-subj", "/CN=x", "-out", self.lab.file("in.csr"), env=env,
                        check=0)
                    run("openssl", "req", "-in", self.lab.file("in.csr"), "-verify", "-noout", check=0)
                    self.lab.shake_hands(kind, kind, env=env, user=0)
            self.lab.file("file", "any old file\n")
            status, output = run("openssl", "dgst", "-sha256", "-sign", "keyd://p256", self.lab.file("file"), env=env)
            self.assertNotEqual(status, 0)
            self.assertIn("(denied)", output)
        finally:
            self.lab.start()

    def test_7_reloads_and_ends_under_load(self):
        nginx = Nginx(self.lab, "p256")
        try:
            with Clients(self.lab, nginx.port) as clients:
                clients.wait_for_good(3)
                for _ in range(2):
                    nginx.reload()
                    clients.wait_for_good(6)
                self.assertEqual(clients.bad, [], nginx.log() + self.lab.log())
                self.assertEqual(self.lab.stop(), 0, self.lab.log())
                clients.wait_for_bad()
                self.lab.start()
                clients.wait_for_good(6)
                nginx.end()
        finally:
            nginx.close()
        self.lab.restart()

    def test_7_mail_servers_reload_and_end_under_load(self):
        postfix_port = free_port()
        postfix = Postfix(self.lab, "postfix", smtpd_settings(self.lab, "p256"), (postfix_port,))
        self.addCleanup(postfix.close)
        gatewayd = Gatewayd(self.lab, "p256")
        self.addCleanup(gatewayd.close)
        for server, port in ((postfix, postfix_port), (gatewayd, gatewayd.port)):
            with self.subTest(type(server).__name__), Clients(self.lab, port, "-starttls", "smtp") as clients:
                clients.wait_for_good(3)
                server.reload()
                clients.wait_for_good(6)
                self.assertEqual(clients.bad, [], server.log() + self.lab.log())
                server.end()

    def test_9_no_attack_with_the_pin_succeeds_where_the_module_can_prevent_it(self):
        self.assertEqual(self.lab.stop(), 0)
        try:
            status, output = run(os.environ["PRIVYSEAL_TOKEN_ATTACKS"], self.token.module, "test",
                                 self.lab.token.pin_file, *filter(None, [self.lab.token.parameters]),
                                 env=self.lab.token.environment)
            succeeded = {line.split(": ", 1)[1] for line in output.splitlines() if line.startswith("SUCCEEDED")}
            self.assertEqual(succeeded - set(self.lab.token.gives_way), set(), output)
            self.assertEqual(status, 1 if succeeded else 0, output)
            self.assertIn(f"{1 + len(self.made)} keys, ", output)
        finally:
            self.lab.start()


class SoftHsmTest(ModuleTests, unittest.TestCase):
    token = SoftHsm


class OpencryptokiTest(ModuleTests, unittest.TestCase):
    token = Opencryptoki


class NssSoftokenTest(ModuleTests, unittest.TestCase):
    token = NssSoftoken


class P11KitTest(ModuleTests, unittest.TestCase):
    token = P11Kit


class Tpm2Test(ModuleTests, unittest.TestCase):
    token = Tpm2


def have_own_places():
    """Mounts and shared memory of this process and its children alone."""
    os.unshare(os.CLONE_NEWNS | os.CLONE_NEWIPC)
    run("mount", "--make-rprivate", "/", check=0)
    for path in ("/dev/shm", "/run", "/var/lib/opencryptoki", "/var/log"):
        run("mount", "-t", "tmpfs", "tmpfs", path, check=0)


if __name__ == "__main__":
    have_own_places()
    unittest.main()
