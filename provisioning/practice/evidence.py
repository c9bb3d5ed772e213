"""What an auditor would do: verify the logs, have a pack made, and check the pack with Python and OpenSSL alone."""

import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

from children import LabError
from places import shown
from practice import Practice

_CHECK_SECONDS = 120.0
_SIGNED_SECONDS = 30.0


def check_evidence(practice: Practice) -> str:
    """What was found, for a person. LabError when anything is not sound."""
    _wait_until_signed(practice)
    logs = practice.appliance.tell("audit", "verify")
    today = datetime.now(timezone.utc).date()
    pack = practice.places.top / "pack"
    began = time.monotonic()
    practice.appliance.tell("audit", "pack", "--from", str(today - timedelta(days=1)), "--to",
                            str(today + timedelta(days=1)), "--out", str(pack))
    made = time.monotonic() - began
    # Elsewhere, with an environment that knows nothing of us, as on the auditor's own machine.
    checked = subprocess.run([sys.executable, "-I", "verify_pack.py"], cwd=pack, capture_output=True, text=True,
                             env={"PATH": "/usr/bin:/bin"}, timeout=_CHECK_SECONDS)
    if checked.returncode != 0:
        raise LabError(f"the pack {pack} is not sound: {checked.stdout.strip()} {checked.stderr.strip()}")
    files = sum(1 for file in pack.rglob("*") if file.is_file())
    return f"""\
EVIDENCE
{_indented(logs)}
  a pack of {files} files was made in {made:.1f} s: {shown(pack)}/index.html
  python3 verify_pack.py says:
{_indented(checked.stdout, 4)}"""


def _wait_until_signed(practice: Practice) -> None:
    """A log that has come to rest is signed within seconds; LabError when one is not, or is not sound."""
    deadline = time.monotonic() + _SIGNED_SECONDS
    while True:
        logs = practice.appliance.ask("audit", "verify")["logs"]
        if all(log["verdict"] == "sound" and log["signed"] == log["size"] for log in logs):
            return
        if time.monotonic() > deadline:
            raise LabError(f"an audit log is not signed: {logs}")
        time.sleep(0.5)


def _indented(text: str, by: int = 2) -> str:
    return "\n".join(" " * by + line for line in text.rstrip().splitlines())
