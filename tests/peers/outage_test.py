"""The relay is down for three hours, at 180 times the speed: one minute, and Postfix's queue times divided as well.

    outage_test.py BUILD_FOLDER LAB_FOLDER

Every mail arrives once and as it was sent; each recipient's mails arrive in the order in which Postfix handed them over (it
promises no more once mails were put off); and nothing of a body is ever in a file that the appliance may write.
"""

import base64
import os
import re
import smtplib
import sys
import time
from pathlib import Path

from peers_lab import PeersLab, wait  # first: it opens the way to practice mode's modules

import messages
from messages import Sample, difference
from senders import begin
from sink import Sink

_SPEED = 180
_OUTAGE_SECONDS = 3 * 3600 / _SPEED
# Postfix's own are 300 s, 4000 s and 300 s.
_QUEUE_TIMES = {"minimal_backoff_time": "2s", "maximal_backoff_time": "22s", "queue_run_delay": "2s",
                "transport_retry_time": "1s", "smtp_destination_concurrency_limit": "1",
                "smtp_destination_concurrency_failed_cohort_limit": "100"}
_MAILS, _RECIPIENTS = 60, 6
_CANARY = b"CANARY-" + os.urandom(15).hex().encode()


def _shapes() -> list[bytes]:
    """The canary raw, and in base64 at each of its three places."""
    coded = [base64.b64encode(b"x" * shift + _CANARY)[4 if shift else 0:-4] for shift in range(3)]
    return [_CANARY, *coded]


_SHAPES = _shapes()


def find_canary(folders: list[Path]) -> tuple[list[Path], int]:
    """Files that hold it, and how many were searched."""
    files = [file for folder in folders for file in ([folder] if folder.is_file() else folder.rglob("*")) if file.is_file()]
    return [file for file in files if _holds_canary(file)], len(files)


def _holds_canary(file: Path) -> bool:
    try:
        content = file.read_bytes()
    except OSError:  # renamed meanwhile, as Postfix does with its queue
        return False
    return any(shape in content for shape in _SHAPES)


def _open_files(lab: PeersLab) -> list[Path]:
    """What the daemons have open, also if it has no name any more."""
    return [file for name in lab.practice.appliance.NAMES for file in Path(f"/proc/{lab.practice.pid(name)}/fd").iterdir()
            if file.is_file()]


def _appliance_files(lab: PeersLab) -> list[Path]:
    places = lab.places
    return [places.gateway, places.keyd, places.renewd, places.console, places.run, *_open_files(lab),
            *(places.log(name) for name in lab.practice.appliance.NAMES)]


def _submit(lab: PeersLab, sample: Sample, recipients: list[str]) -> None:
    with smtplib.SMTP("127.0.0.1", lab.ports.org, local_hostname="user.example", timeout=60) as client:
        client.ehlo()
        assert all(code == 250 for code, _ in begin(client, messages.OUT_SENDER, recipients, sample.content))
        assert client.data(sample.content)[0] == 250


def _sent_order(lab: PeersLab) -> list[tuple[str, str]]:
    """(message id, recipient) in the order in which Postfix saw them taken."""
    ids: dict[str, str] = {}
    order = []
    for line in lab.places.log("postfix-org").read_text(errors="replace").splitlines():
        if made := re.search(r"cleanup\[\d+\]: (\w+): message-id=<(.+)>", line):
            ids[made[1]] = made[2]
        if sent := re.search(r"smtp\[\d+\]: (\w+): to=<([^>]+)>.* status=sent", line):
            order.append((ids[sent[1]], sent[2]))
    return order


def main() -> int:
    with PeersLab(Path(sys.argv[1]), Path(sys.argv[2])) as lab:
        for name in ("relay", "org"):
            lab.practice.take_away(name)
        main_cf = lab.practice.org.config / "main.cf"
        main_cf.write_text(main_cf.read_text() + "".join(f"{key} = {value}\n" for key, value in _QUEUE_TIMES.items()))
        os.utime(main_cf, (0, 0))
        lab.practice.bring_back("org")

        down_at = time.monotonic()
        sent: list[tuple[Sample, list[str]]] = []
        for n in range(_MAILS):
            sample = messages.of_size(messages.OUT_SENDER, 3000)
            sample = Sample(sample.name, sample.id, sample.content + _CANARY + b"\r\n" + base64.b64encode(_CANARY) + b"\r\n")
            recipients = [f"r{(n + k) % _RECIPIENTS}@police.example.cjsm.net" for k in range(1 + n % 3)]
            _submit(lab, sample, recipients)
            sent.append((sample, recipients))
            time.sleep(_OUTAGE_SECONDS / _MAILS * 0.9)
        in_queue, _ = find_canary([lab.practice.org.folder / "queue"])
        time.sleep(max(0.0, down_at + _OUTAGE_SECONDS - time.monotonic()))
        tries = lab.places.log("postfix-org").read_text(errors="replace").count("status=deferred")
        found, searched = find_canary(_appliance_files(lab))

        wanted = {(sample.id, recipient) for sample, recipients in sent for recipient in recipients}
        with Sink(lab.ports.relay, lab.relay_server_context()) as relay:
            def arrived() -> list[tuple[str, str]]:
                return [(sample.id, recipient) for mail in relay.mails for sample, _ in sent if sample.mark in mail.content
                        for recipient in mail.recipients]
            wait("every mail arrives", lambda: len(set(arrived())) == len(wanted), 180)
            wait("Postfix has an empty queue", lambda: not find_canary([lab.practice.org.folder / "queue"])[0], 60)
            order = arrived()
            changed = [sample.id for sample, _ in sent for mail in relay.mails
                       if sample.mark in mail.content and difference(sample, mail.content)]
        found_after, searched_after = find_canary(_appliance_files(lab))
        handed = _sent_order(lab)
        out_of_order = [name for name in {recipient for _, recipient in wanted}
                        if [m for m, r in order if r == name] != [m for m, r in handed if r == name]]
        print(f"outage                     {_OUTAGE_SECONDS:.0f} s, as three hours at {_SPEED} times the speed\n"
              f"mails, with recipients     {len(sent)}, {len(wanted)}\ndeferrals seen by Postfix  {tries}\n"
              f"arrived                    {len(order)}, {len(set(order))} different ones; changed: {len(changed)}\n"
              f"recipients out of order    {len(out_of_order)}\n"
              f"canary in Postfix's queue  {len(in_queue)} files (so the search finds it)\n"
              f"canary in the appliance's  {len(found) + len(found_after)} of {searched} and {searched_after} files",
              *found, *found_after, sep="\n")
        is_well = (sorted(order) == sorted(wanted) and not changed and not out_of_order and not found and not found_after
                   and in_queue and tries > _MAILS)
        return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
