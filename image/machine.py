#!/usr/bin/env python3
"""The appliance in an emulated machine: QEMU without KVM, UEFI with Secure Boot, and a software TPM.

    machine.py boot [--fresh] [--setup FILE]    boots build/image/privyseal.raw, console on this terminal

A machine is a folder: its disk (a copy of the image with room for the state partition), its UEFI variables with
our keys enrolled, and its TPM's memory. A folder without a disk is a machine that was never switched on.
"""

import argparse
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
OUT = TOP / "build/image"
IMAGE = OUT / "privyseal.raw"
_FIRMWARE = Path("/usr/share/OVMF")
_OWNER = "8be4df61-93ca-11d2-aa0d-00e098032b8c"  # of the keys in the UEFI variables: EFI's own GUID
_DISK_BYTES = 3 << 30

# The addresses that QEMU's user networks give to both sides; HOST is this machine as the appliance sees it.
LAN_ADDRESS, LAN_HOST = "10.0.2.15", "10.0.2.2"
CJSM_ADDRESS, CJSM_HOST = "10.0.3.15", "10.0.3.2"


def _die_with_parent() -> None:
    """No machine outlives who switched it on, however he ends (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGKILL), 0, 0, 0)


@dataclass(frozen=True)
class Ports:
    """Loopback ports of this machine that lead to the appliance's."""

    lan: int = 2525
    cjsm: int = 4545
    console: int = 8443


@dataclass
class Machine:
    """switch_on, then wait or switch_off; the folder keeps what a real machine would keep without power."""

    folder: Path
    ports: Ports = field(default_factory=Ports)
    setup: Path | None = None
    boots: int = 0
    _children: list[subprocess.Popen] = field(default_factory=list)

    @property
    def disk(self) -> Path:
        return self.folder / "disk.raw"

    @property
    def console_log(self) -> Path:
        """What a person at the serial console sees, of this boot."""
        return self.folder / f"console-{self.boots}.log"

    @property
    def journal_log(self) -> Path:
        """The journal of this boot, as the lab image copies it to its second serial line."""
        return self.folder / f"journal-{self.boots}.log"

    @property
    def tpm(self) -> Path:
        return self.folder / "tpm"

    def make(self) -> None:
        """A new machine with the image on its disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "--sparse=always", str(IMAGE), str(self.disk)], check=True)
        os.truncate(self.disk, _DISK_BYTES)
        certificate = OUT / "keys/secure-boot.crt"
        subprocess.run(["virt-fw-vars", "--input", str(_FIRMWARE / "OVMF_VARS_4M.fd"), "--output",
                        str(self._variables), "--set-pk", _OWNER, str(certificate), "--add-kek", _OWNER,
                        str(certificate), "--add-db", _OWNER, str(certificate), "--secure-boot"],
                       check=True, capture_output=True)
        self.new_tpm()

    def new_tpm(self) -> None:
        """As if the disk were in another machine."""
        shutil.rmtree(self.tpm, ignore_errors=True)
        self.tpm.mkdir()

    def switch_on(self, console_on_terminal: bool = False) -> None:
        self.boots += 1
        sock = self.folder / "tpm.sock"
        sock.unlink(missing_ok=True)
        self._children = [subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.tpm}", "--ctrl",
             f"type=unixio,path={sock}", "--flags", "startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)]
        deadline = time.monotonic() + 20
        while not sock.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        log = (self.folder / "qemu.log").open("a")
        self._children.append(subprocess.Popen(self._command(sock, console_on_terminal), stderr=log,
                                               stdin=None if console_on_terminal else subprocess.DEVNULL,
                                               preexec_fn=_die_with_parent))

    def is_on(self) -> bool:
        return bool(self._children) and self._children[-1].poll() is None

    def wait(self) -> None:
        self._children[-1].wait()

    def switch_off(self) -> None:
        """Pulls the plug."""
        for child in reversed(self._children):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._children = []

    @property
    def _variables(self) -> Path:
        return self.folder / "uefi-variables.fd"

    def _command(self, tpm_socket: Path, console_on_terminal: bool) -> list[str]:
        console = "stdio" if console_on_terminal else f"file:{self.console_log}"
        command = [
            "qemu-system-x86_64", "-machine", "q35,smm=on", "-accel", "tcg,thread=multi", "-cpu", "max",
            "-smp", "2", "-m", "1024", "-nodefaults", "-display", "none", "-no-reboot",
            "-uuid", "6d0f4b5e-6d5c-4a53-9f0a-70726976736c",
            "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_FIRMWARE}/OVMF_CODE_4M.secboot.fd",
            "-drive", f"if=pflash,unit=1,format=raw,file={self._variables}",
            "-chardev", f"socket,id=tpm,path={tpm_socket}", "-tpmdev", "emulator,id=tpm,chardev=tpm",
            "-device", "tpm-crb,tpmdev=tpm", "-device", "virtio-rng-pci",
            "-drive", f"if=none,id=disk,format=raw,file={self.disk}",
            "-device", "virtio-blk-pci,drive=disk,serial=privyseal-disk",
            "-netdev", f"user,id=lan,net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:{self.ports.lan}-{LAN_ADDRESS}:25,"
                       f"hostfwd=tcp:127.0.0.1:{self.ports.console}-{LAN_ADDRESS}:8443",
            "-device", "virtio-net-pci,netdev=lan,addr=0x10,mac=52:54:00:00:00:01",
            "-netdev", f"user,id=cjsm,net=10.0.3.0/24,hostfwd=tcp:127.0.0.1:{self.ports.cjsm}-{CJSM_ADDRESS}:25",
            "-device", "virtio-net-pci,netdev=cjsm,addr=0x11,mac=52:54:00:00:00:02",
            "-serial", console, "-serial", f"file:{self.journal_log}",
        ]
        if self.setup:
            command += ["-drive", f"if=none,id=setup,format=raw,readonly=on,file={self.setup}",
                        "-device", "virtio-blk-pci,drive=setup,serial=privyseal-setup"]
        return command


def lab_setup_disk() -> Path:
    from lab_site import LabSite  # it needs this module in turn
    # Later than any that this machine has had: its newest settings count.
    site = LabSite(OUT / "lab", serial=int(time.time()))
    site.make_authorities()
    return site.write_setup_disk()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["boot"])
    parser.add_argument("--fresh", action="store_true", help="a new machine, with nothing of an earlier boot")
    parser.add_argument("--setup", type=Path, help="the provisioning disk (default: one made for this lab)")
    arguments = parser.parse_args()
    if not IMAGE.exists():
        print("there is no image yet: ./dev image build", file=sys.stderr)
        return 1
    machine = Machine(OUT / "machine", setup=arguments.setup or lab_setup_disk())
    if arguments.fresh or not machine.disk.exists() or machine.disk.stat().st_mtime < IMAGE.stat().st_mtime:
        machine.make()
    print("booting (half a minute and more, without KVM); Ctrl-C switches the machine off\n"
          f"  its journal          {machine.folder}/journal-1.log\n"
          f"  its ports, here      LAN mail {machine.ports.lan}, CJSM mail {machine.ports.cjsm}, "
          f"console {machine.ports.console}")
    machine.switch_on(console_on_terminal=True)
    try:
        machine.wait()
    except KeyboardInterrupt:
        pass
    machine.switch_off()
    return 0


if __name__ == "__main__":
    sys.exit(main())
