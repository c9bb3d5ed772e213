"""A keyd of a test's own on a token of any module, and programs that use its keys through the provider.

Binaries come in by the environment (tests/integration/CMakeLists.txt). Run as root in the userland. Everything
lies in one folder and is gone at the end.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "provisioning" / "practice"))
from places import free_port  # noqa: E402

KEYD = os.environ["PRIVYSEAL_KEYD"]
PROVISION = os.environ["PRIVYSEAL_PROVISION"]
PROVIDER = os.environ["PRIVYSEAL_PROVIDER"]
PROVIDER_IN_PROCESS = os.environ["PRIVYSEAL_PROVIDER_IN_PROCESS"]
SUPPORT = Path(__file__).resolve().parent.parent / "support"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
GATEWAY = 962  # image/sysusers.d
RENEWAL = 964
CONSOLE = 965
PATIENCE = 120  # seconds: sanitizers on a busy machine


def as_user(uid):
    """For Popen's preexec_fn."""
    def become():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    return become


def run(*command, user=0, env=None, check=None, stdin=b"", cwd=None):
    """Runs to its end; with `check` the exit status must be that. Returns (status, output)."""
    done = subprocess.run([str(part) for part in command], input=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=PATIENCE, env=env, cwd=cwd,
                          preexec_fn=as_user(user) if user else None)
    output = done.stdout.decode(errors="replace")
    if check is not None and done.returncode != check:
        raise AssertionError(f"{command} ended with {done.returncode}, not {check}:\n{output}")
    return done.returncode, output


def wait_for(what, is_true):
    until = time.monotonic() + PATIENCE
    while not is_true():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not come about")
        time.sleep(0.02)


class SoftHsm:
    """The token that the appliance's own tool makes."""

    name = "SoftHSM"
    module = SOFTHSM
    environment: dict[str, str] = {}
    settings = ""
    parameters = ""  # of the module
    gives_way = ()  # attacks that this module's own rules allow

    def __init__(self, folder):
        self.folder = folder
        self.pin_file = folder / "pin"
        self.settings = f'softhsm_conf = "{folder}/softhsm2.conf"\n'
        self.environment = {"SOFTHSM2_CONF": f"{folder}/softhsm2.conf",
                            # Its own loss, see there; to tell whose it is needs slow back-traces.
                            "ASAN_OPTIONS": "fast_unwind_on_malloc=0",
                            "LSAN_OPTIONS": f"suppressions={SUPPORT}/softhsm.supp:print_suppressions=0"}

    def make(self):
        run(PROVISION, "init-token", "--module", SOFTHSM, "--label", "test", "--pin-file", self.pin_file,
            "--so-pin-file", self.folder / "so-pin", "--softhsm-conf", self.folder / "softhsm2.conf",
            "--token-folder", self.folder / "tokens", "--owner", "0:0", check=0)

    def close(self):
        pass


class KeydLab:
    def __init__(self, token=SoftHsm, gateway=(GATEWAY,)):
        self.folder = Path(tempfile.mkdtemp(prefix="keyd-lab-"))
        self.folder.chmod(0o755)
        self.socket = self.folder / "keyd.sock"
        self.process = None
        self.token = token(self.folder)
        try:
            self.token.make()
            (self.folder / "state").mkdir()
            shutil.copy(PROVIDER, self.folder / "privyseal.so")  # the build folder may be closed to other users
            self._configure(gateway)
            self.start()
        except BaseException:
            self.close()
            raise

    def _configure(self, gateway):
        keyd_parameters = provider_parameters = ""
        if self.token.parameters:
            keyd_parameters = f'parameters = "{self.token.parameters}"\n'
            provider_parameters = f"\npkcs11-parameters = {self.token.parameters}"
        users = ", ".join(f'"{user}"' for user in gateway)
        (self.folder / "keyd.toml").write_text(
            f'state = "{self.folder}/state"\nworkers = 4\n[socket]\npath = "{self.socket}"\nmode = "0666"\n'
            f'[pkcs11]\nmodule = "{self.token.module}"\ntoken = "test"\npin_file = "{self.token.pin_file}"\n'
            f'{self.token.settings}{keyd_parameters}[callers]\ngateway = [{users}]\nprovisioning = ["0"]\n'
            f'renewal = ["{RENEWAL}"]\nconsole = ["{CONSOLE}"]\n[audit]\nhost = "gateway.test"\n')
        (self.folder / "openssl.cnf").write_text(f"""openssl_conf = openssl_init
[openssl_init]
providers = providers
alg_section = algorithms
[providers]
default = default_section
privyseal = privyseal_section
[default_section]
activate = 1
[privyseal_section]
module = {self.folder}/privyseal.so
socket = {self.socket}
activate = 1
[algorithms]
default_properties = ?provider=default
[req]
distinguished_name = name
[name]
""")
        config = (self.folder / "openssl.cnf").read_text()
        (self.folder / "in_process.cnf").write_text(config.replace(
            f"module = {self.folder}/privyseal.so\nsocket = {self.socket}",
            f"module = {PROVIDER_IN_PROCESS}\npkcs11-module = {self.token.module}\npkcs11-token = test\n"
            f"pkcs11-pin-file = {self.token.pin_file}{provider_parameters}").replace("privyseal = ", "privyseal_pkcs11 = "))
        self.in_process_env = {"OPENSSL_CONF": str(self.folder / "in_process.cnf"), "PATH": os.environ["PATH"],
                               **self.token.environment}
        self.env = {"OPENSSL_CONF": str(self.folder / "openssl.cnf"), "PATH": os.environ["PATH"]}

    def start(self):
        notify = self.folder / "notify"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(str(notify))
            ready.setblocking(False)
            log = open(self.folder / "keyd.log", "ab")
            self.process = subprocess.Popen(
                [KEYD, self.folder / "keyd.toml"], stdout=log, stderr=log,
                env={"NOTIFY_SOCKET": str(notify), **self.token.environment})
            log.close()

            def is_ready():
                if self.process.poll() is not None:
                    raise AssertionError(f"keyd ended with {self.process.returncode}:\n{self.log()}")
                try:
                    return b"READY=1" in ready.recv(4096)
                except BlockingIOError:
                    return False
            wait_for("keyd", is_ready)

    def stop(self):
        """Its exit status."""
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def restart(self):
        assert self.stop() == 0, self.log()
        self.start()

    def log(self):
        return (self.folder / "keyd.log").read_text(errors="replace")

    def generate(self, name, role, kind):
        """None when it is made, else why not."""
        status, output = run(PROVISION, "generate", "--socket", self.socket, "--name", name, "--role", role,
                             "--type", kind)
        return None if status == 0 else output

    def openssl(self, *arguments, user=0, check=None, stdin=b""):
        return run("openssl", *arguments, user=user, env=self.env, check=check, stdin=stdin)

    def reach(self, port, *arguments):
        """One handshake with a server as a software client; (status, what it printed)."""
        return self.openssl("s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", self.file("ca.pem"), "-tls1_3",
                            "-verify_return_error", "-brief", *arguments)

    def file(self, name, content=None):
        path = self.folder / name
        if content is not None:
            path.write_text(content)
        return path

    def reference(self, key):
        """The PEM text that names a key of keyd's, for programs that read nothing but key files."""
        import base64
        coded = base64.b64encode(f"keyd://{key}".encode()).decode()
        return f"-----BEGIN PRIVYSEAL KEY URI-----\n{coded}\n-----END PRIVYSEAL KEY URI-----\n"

    def authority(self):
        """A software CA in ca.pem and ca.key, for the certificates of keyd's keys."""
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "30",
            "-subj", "/CN=Stand-in CA", "-keyout", self.file("ca.key"), "-out", self.file("ca.pem"), check=0)

    def certify(self, key, host="localhost"):
        """A certificate for a key of keyd's, KEY.pem, by way of `openssl req`."""
        if not self.file("ca.pem").exists():
            self.authority()
        self.openssl("req", "-new", "-key", f"keyd://{key}", "-subj", f"/CN={host}", "-addext",
                     f"subjectAltName=DNS:{host},IP:127.0.0.1", "-out", self.file(f"{key}.csr"), check=0)
        run("openssl", "req", "-in", self.file(f"{key}.csr"), "-verify", "-noout", check=0)
        run("openssl", "x509", "-req", "-in", self.file(f"{key}.csr"), "-CA", self.file("ca.pem"), "-CAkey",
            self.file("ca.key"), "-copy_extensions", "copy", "-days", "20", "-out", self.file(f"{key}.pem"), check=0)

    def shake_hands(self, server_key, client_key, env=None, user=GATEWAY):
        """openssl s_server and s_client, each with a key of the token's, one TLS 1.3 handshake."""
        env = env or self.env
        port = free_port()
        common = ["-CAfile", self.file("ca.pem"), "-tls1_3", "-verify_return_error"]
        server = subprocess.Popen(
            [str(part) for part in ("openssl", "s_server", "-key", f"keyd://{server_key}", "-cert",
                                    self.file(f"{server_key}.pem"), "-accept", f"127.0.0.1:{port}", "-naccept", "1",
                                    "-Verify", "2", "-rev", *common)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=env,
            preexec_fn=as_user(user) if user else None)
        try:
            wait_for("the server", lambda: can_connect_or_ended(port, server))
            status, output = run("openssl", "s_client", "-key", f"keyd://{client_key}", "-cert",
                                 self.file(f"{client_key}.pem"), "-connect", f"127.0.0.1:{port}", "-brief",
                                 *common, user=user, env=env)
            said = server.communicate(timeout=PATIENCE)[0].decode(errors="replace")
            assert status == 0 and server.returncode == 0, f"{status} {server.returncode}\n{output}\n{said}\n{self.log()}"
            assert "Protocol version: TLSv1.3" in output and "Verification: OK" in output, output
            assert "Verification: OK" in said, said
        finally:
            if server.poll() is None:
                server.kill()
                server.wait()

    def close(self):
        status = None
        if self.process is not None and self.process.poll() is None:
            status = self.stop()
        elif self.process is not None:
            status = self.process.returncode
        log = self.log() if (self.folder / "keyd.log").exists() else ""
        self.token.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        if status not in (0, None):
            raise AssertionError(f"keyd ended with {status}:\n{log}")


def listens(port):
    """Whether somebody listens on loopback, without connecting to him."""
    wanted = f"0100007F:{port:04X}"
    return any(fields[1] == wanted and fields[3] == "0A"
               for fields in (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]))


def can_connect_or_ended(port, process):
    return process.poll() is not None or listens(port)


def ended_well(process, how=signal.SIGTERM):
    """Sends the signal; the exit status."""
    process.send_signal(how)
    return process.wait(PATIENCE)
