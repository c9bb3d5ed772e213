"""Starts programs, keeps their logs, and makes sure that none outlives the lab.

A child dies with the lab even when the lab is killed (PR_SET_PDEATHSIG), and
Ctrl-C reaches the lab alone, so that it can stop the others in order.
"""

import ctypes
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """Something the person must read: one sentence, and which log tells more."""


@dataclass(frozen=True)
class User:
    """The numbers of image/sysusers.d/privyseal.conf."""

    uid: int
    gid: int


ROOT = User(0, 0)
KEYD_USER = User(961, 961)
GATEWAY_USER = User(962, 962)
RENEWD_USER = User(964, 964)
CONSOLE_USER = User(965, 965)


@dataclass
class Child:
    """One running program; `log` holds its standard output and error."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    guard: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Asks, waits up to five seconds, then kills the whole process group."""
        if self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        if self.guard is not None:
            self.guard.kill()
            self.guard.wait()

    def guard_against_orphanage(self) -> None:
        """For a program that changes its user for moments, as Postfix's master does: the kernel then forgets
        PR_SET_PDEATHSIG. A shell waits for the end of the lab instead, which closes its standard input."""
        self.guard = subprocess.Popen(["sh", "-c", "read -r _; kill -s KILL -- \"-$1\"", "guard", str(self.pid)],
                                      stdin=subprocess.PIPE, start_new_session=True)


def _become(user: User) -> Callable[[], None]:
    def in_child() -> None:
        os.umask(0o022 if user == ROOT else 0o077)
        if user != ROOT:
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
        # After setuid, which clears it.
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)

    return in_child


def start(name: str, command: list[str], log: Path, user: User = ROOT, env: dict[str, str] | None = None) -> Child:
    """Starts `command` as `user` in its own session; its output is appended to `log`."""
    try:
        with log.open("ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=_become(user),
            )
    except (OSError, subprocess.SubprocessError) as error:
        raise LabError(f"{name} cannot be started: {error}") from None
    return Child(name, process, log)


def run(what: str, command: list[str], log: Path) -> str:
    """Runs `command` to its end and returns its standard output. `what` names the step for a person."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=_become(ROOT), timeout=60)
    except (OSError, subprocess.SubprocessError) as error:
        raise LabError(f"{what} failed: {error}") from None
    with log.open("ab") as output:
        output.write(done.stderr)
    if done.returncode != 0:
        raise LabError(f"{what} failed (exit {done.returncode}); its log is {log}")
    return done.stdout.decode()


def wait_until(what: str, child: Child, ready: Callable[[], bool], seconds: float = 20) -> None:
    """Polls `ready`; LabError when the child ends first or the time is over. A child that did not get ready is stopped."""
    deadline = time.monotonic() + seconds
    try:
        while not ready():
            if not child.is_alive():
                raise LabError(f"{child.name} stopped while it was starting (exit {child.process.returncode}); "
                               f"its log is {child.log}")
            if time.monotonic() > deadline:
                raise LabError(f"{what} within {seconds:.0f} s; its log is {child.log}")
            time.sleep(0.02)
    except BaseException:
        child.stop()
        raise


def answers(port: int) -> bool:
    """Does an SMTP server greet on this loopback port?"""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            return connection.recv(3) == b"220"
    except OSError:
        return False
