"""Debian's nginx with a key of keyd's, by configuration alone, and clients that do not let it rest."""

import signal
import subprocess
import threading

from keyd_lab import PATIENCE, can_connect_or_ended, wait_for
from places import free_port


class Nginx:
    """Serves with one key until `end`; `close` in any case."""

    def __init__(self, lab, key):
        self.lab = lab
        self.port = free_port()
        self.root = lab.folder / f"nginx-{key}"
        (self.root / "temp").mkdir(parents=True, exist_ok=True)
        conf = self.root / "nginx.conf"
        temps = "".join(f"  {kind}_temp_path {self.root}/temp/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # Not a file: the name of the key stands in the configuration itself.
        conf.write_text(f"""user privyseal-gateway;
daemon off;
worker_processes 2;
pid {self.root}/nginx.pid;
error_log {self.root}/error.log info;
events {{}}
http {{
{temps}  access_log off;
  server {{
    listen 127.0.0.1:{self.port} ssl;
    ssl_protocols TLSv1.3;
    ssl_session_tickets off;
    ssl_certificate {lab.file(f"{key}.pem")};
    ssl_certificate_key "data:{lab.reference(key)}";
    return 200 "sealed";
  }}
}}
""")
        with open(self.root / "output", "wb") as output:
            self.process = subprocess.Popen(
                ["/usr/sbin/nginx", "-p", self.root, "-e", self.root / "error.log", "-c", conf], env=lab.env,
                stdout=output, stderr=subprocess.STDOUT)
        wait_for("nginx", lambda: can_connect_or_ended(self.port, self.process))
        assert self.process.poll() is None, (self.root / "output").read_text() + self.log() + lab.log()

    def log(self):
        return (self.root / "error.log").read_text(errors="replace")

    def reload(self):
        """It has new workers afterwards; the old ones may still be at work."""
        before = self.log().count("start worker processes")
        self.process.send_signal(signal.SIGHUP)
        wait_for("a reload", lambda: self.log().count("start worker processes") > before)

    def end(self, how=signal.SIGTERM):
        """Nothing in it has crashed."""
        self.process.send_signal(how)
        assert self.process.wait(PATIENCE) == 0, self.log()
        for bad in ("exited on signal", "core dumped", "[alert]", "[emerg]"):
            assert bad not in self.log(), self.log()

    def close(self):
        self.process.kill()
        self.process.wait()


class Clients:
    """Handshakes with a server without a pause, from three threads, in a `with` statement."""

    def __init__(self, lab, port, *arguments):
        self.lab = lab
        self.port = port
        self.arguments = arguments  # of s_client
        self.good = 0
        self.bad = []  # what the client printed
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._load) for _ in range(3)]

    def _load(self):
        while not self._is_over.is_set():
            status, output = self.lab.reach(self.port, *self.arguments)
            if status == 0:
                self.good += 1
            else:
                self.bad.append(output)

    def wait_for_good(self, more):
        wanted = self.good + more
        wait_for("handshakes", lambda: self.good >= wanted)

    def wait_for_bad(self):
        wanted = len(self.bad) + 1
        wait_for("a failed handshake", lambda: len(self.bad) >= wanted)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        for thread in self._threads:
            thread.join()
