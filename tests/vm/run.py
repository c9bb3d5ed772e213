#!/usr/bin/env python3
"""Boots the appliance's image, provisions it, breaks it. `./dev image test` runs it as root inside the userland.

    run.py [STEP...]      only these, in the order below; each needs a machine as the ones before it left it

One machine after the other; the logs of each lie in build/image/test/. Exit status: 0 all held, 1 not.
"""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Callable

_TOP = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(_TOP / "image"), str(_TOP / "provisioning/practice")]

from guest import Guest, GuestError, greets  # noqa: E402
from machine import IMAGE, OUT, Machine, Ports  # noqa: E402
from neighbours import Neighbours  # noqa: E402
from places import free_ports  # noqa: E402

_FOLDER = OUT / "test"
_KEYD_READY = "keyd-ready"
_STOPPED = "PRIVYSEAL HAS STOPPED"


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise GuestError(what)


def refuses_a_forged_file(machine: Machine, neighbours: Neighbours) -> None:
    """One byte of a signed file is another: the box says so and starts nothing."""
    forged = neighbours.site.folder / "forged.disk"
    content = bytearray(neighbours.site.setup_disk.read_bytes())
    content[content.index(b"lawfirm")] ^= 1
    forged.write_bytes(content)
    machine.setup = forged
    with Guest(machine) as guest:
        guest.boot()
        guest.wait_for_console("provisioned  NO: its signature is not by the key that this box trusts")
        guest.must_not_say(_KEYD_READY)
        _expect(not greets(machine.ports.lan), "an unprovisioned box answers on its LAN side")


def _wait_until_it_works(guest: Guest) -> None:
    """The gateway says `firewall-up` when the watch has found the kernel's rules to be those that were loaded at start."""
    guest.wait_for_console("provisioned  yes, as gateway.lawfirm.example")
    guest.wait_for_console("keys         the key daemon answers and can sign")
    guest.wait_for_console("mail         the gateway listens on both sides")
    guest.wait_for_journal("firewall-up")


def provisions_itself_and_carries_mail(machine: Machine, neighbours: Neighbours) -> None:
    """Token, keys, own CA, a certificate by EST, who may approve a key's end; the CA is taken from the console and compared
    with the screen; then a mail each way between two Postfixes that verify the box, and the console, verified too, which
    takes the claim code on the screen for the first officer's."""
    machine.setup = neighbours.site.setup_disk
    with Guest(machine) as guest:
        guest.boot()
        _wait_until_it_works(guest)
        guest.wait_for_journal("approvers=2")
        neighbours.take_own_ca(guest.own_ca())
        neighbours.start_organisation()
        neighbours.exchange()
        neighbours.open_console()
        neighbours.enter_claim_code(*guest.claim_code())
        guest.must_not_say("firewall-changed")
        guest.must_not_say("boot-id-not-known")


def takes_a_newer_file(machine: Machine, neighbours: Neighbours) -> None:
    """A disk with a higher serial, which names a third approver."""
    newer = replace(neighbours.site, serial=2, approvers=("alice", "bob", "carol"),
                    disk_name="newer.disk")
    machine.setup = newer.write_setup_disk()
    with Guest(machine) as guest:
        guest.boot()
        guest.wait_for_console("setup disk   used from now on: its serial 2 is higher than 1")
        guest.wait_for_journal("approvers=3")


def goes_on_beside_an_older_disk(machine: Machine, neighbours: Neighbours) -> None:
    """The first disk again: it brings back nothing, and stops nothing."""
    machine.setup = neighbours.site.setup_disk
    with Guest(machine) as guest:
        guest.boot()
        guest.wait_for_console("setup disk   not used: its serial 1 is not higher than 2")
        guest.wait_for_journal("approvers=3")
        _wait_until_it_works(guest)


def needs_its_setup_disk_no_more(machine: Machine, neighbours: Neighbours) -> None:
    """After a power cut, and without the disk: the same box, the same keys and newest approvers, and mail again."""
    machine.setup = None
    with Guest(machine) as guest:
        guest.boot()
        _wait_until_it_works(guest)
        guest.wait_for_journal("approvers=3")
        neighbours.take_own_ca(guest.own_ca())
        neighbours.exchange()
        neighbours.open_console()
        guest.must_not_say("firewall-changed")
        guest.must_not_say("boot-id-not-known")


def keeps_its_state_from_another_tpm(machine: Machine, _: Neighbours) -> None:
    """The disk in another machine: the state partition stays shut."""
    own = machine.folder / "own-tpm"
    shutil.move(machine.tpm, own)
    machine.new_tpm()
    with Guest(machine) as guest:
        guest.boot()
        guest.wait_for_console(_STOPPED)
        guest.must_not_say(_KEYD_READY)
    shutil.rmtree(machine.tpm)
    shutil.move(own, machine.tpm)


def stops_at_a_flipped_byte(machine: Machine, _: Neighbours) -> None:
    """In the key daemon's own program: dm-verity sees it as soon as it is read, and the machine stops."""
    offset = _place_in_root(machine.disk, "/usr/lib/privyseal/privyseal-keyd")
    with machine.disk.open("r+b") as disk:
        disk.seek(offset)
        byte = disk.read(1)[0]
        disk.seek(offset)
        disk.write(bytes([byte ^ 1]))
    with Guest(machine) as guest:
        machine.switch_on()
        _expect(guest.wait_until_off(), "a machine with a changed root file system stays on")
        guest.must_not_say(_KEYD_READY)


def _place_in_root(disk: Path, path: str) -> int:
    """Where the file's first block lies on the disk."""
    table = subprocess.run(["sfdisk", "--dump", str(disk)], check=True, capture_output=True, text=True).stdout
    root = next(line for line in table.splitlines() if 'name="privyseal-root"' in line)
    start = int(root.split("start=")[1].split(",")[0]) * 512
    extents = subprocess.run(["dump.erofs", f"--offset={start}", "-e", f"--path={path}", str(disk)], check=True,
                             capture_output=True, text=True).stdout
    # "   0:        0..    4096 |    4096 :   12345344..  12349440 |    4096"
    first = next(line for line in extents.splitlines() if line.strip().startswith("0:"))
    return start + int(first.split("|")[1].split(":")[1].split("..")[0]) + 100


_STEPS: list[Callable[[Machine, Neighbours], None]] = [
    refuses_a_forged_file, provisions_itself_and_carries_mail, takes_a_newer_file, goes_on_beside_an_older_disk,
    needs_its_setup_disk_no_more, keeps_its_state_from_another_tpm, stops_at_a_flipped_byte,
]


def main() -> int:
    if not IMAGE.exists():
        print("there is no image yet: ./dev image build", file=sys.stderr)
        return 1
    steps = [step for step in _STEPS if step.__name__ in sys.argv[1:] or len(sys.argv) == 1]
    shutil.rmtree(_FOLDER, ignore_errors=True)
    ports = free_ports(0)
    machine = Machine(_FOLDER / "machine", ports=Ports(lan=ports.lan, cjsm=ports.cjsm, console=ports.console))
    machine.make()
    neighbours = Neighbours(_FOLDER / "around", ports)
    try:
        neighbours.start_relay()
        passed = sum(_holds(step, machine, neighbours) for step in steps)
    finally:
        neighbours.stop()
    print(f"{passed} passed, {len(steps) - passed} failed")
    return 0 if passed == len(steps) else 1


def _holds(step: Callable[[Machine, Neighbours], None], machine: Machine, neighbours: Neighbours) -> bool:
    begun = time.monotonic()
    print(f"  {step.__name__.replace('_', ' '):45}", end="", flush=True)
    try:
        step(machine, neighbours)
    except GuestError as error:
        print(f"FAILED\n    {error}")
        return False
    print(f"{time.monotonic() - begun:5.0f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
