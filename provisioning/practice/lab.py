#!/usr/bin/env python3
"""Practice mode: real mail through a real gateway, both ways, on loopback alone.

    lab.py --build DIR [--dir DIR] demo [--once] [--port-base N] [--own-ca]
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True

from children import LabError  # noqa: E402
from journey import INWARD, OUTWARD, describe, travel  # noqa: E402
from evidence import check_evidence  # noqa: E402
from next_steps import next_steps  # noqa: E402
from places import Places, free_ports  # noqa: E402
from postfix import check_installed  # noqa: E402
from practice import Enrolment, OnlyOne, Practice, say  # noqa: E402
from renewal import PER_SECOND, renew  # noqa: E402
from renewal import describe as describe_renewal  # noqa: E402


_NOT_HERE = 77  # ctest counts it as skipped


class Interrupted(BaseException):
    """Ctrl-C, or a request to end."""


def _on_signal(*_: object) -> None:
    raise Interrupted


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="the folder with the built programs")
    parser.add_argument("--dir", type=Path, default=Path("build/lab"), help="the lab's own folder, made fresh")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="one message each way, a renewal under traffic, the evidence; stays up until Ctrl-C")
    demo.add_argument("--once", action="store_true", help="stop after that")
    demo.add_argument("--port-base", type=int, default=2525, metavar="N",
                      help="first loopback port to try (default 2525); 0: any")
    demo.add_argument("--own-ca", action="store_true",
                      help="enrol by EST at our own stand-in CA, not at Debian's estserver")
    return parser.parse_args()


def demo(arguments: argparse.Namespace) -> int:
    """0 only if both messages arrived intact, the certificate was renewed without a mail lost, and the evidence was
    found sound (and, without --once, a person ended it)."""
    places = Places(arguments.dir.resolve(), arguments.build.resolve())
    only_one = OnlyOne(places.top)  # noqa: F841 (held until the end)
    places.make_fresh()
    practice = Practice(places, free_ports(arguments.port_base),
                        Enrolment.STAND_IN if arguments.own_ca else Enrolment.ESTSERVER)
    try:
        practice.start()
        journeys = []
        for direction in (OUTWARD, INWARD):
            say(f"sending one message {direction.words}")
            journeys.append(travel(practice, direction))
        for journey in journeys:
            say("\n" + describe(practice, journey))
        if not all(journey.is_intact for journey in journeys):
            raise LabError(f"a message did not arrive as it was sent; the logs are in {places.logs}")
        say("\nBoth messages arrived intact.")
        say(f"\nrenewing the gateway's certificate while {PER_SECOND} messages a second flow")
        say("\n" + describe_renewal(renew(practice)))
        say("\nverifying the four audit logs, and making a pack for an auditor")
        say("\n" + check_evidence(practice))
        if arguments.once:
            return 0
        say("\n" + next_steps(practice))
        while True:
            practice.keep_up()
            time.sleep(0.3)
    except Interrupted:
        say("\nstopping")
        return 130 if arguments.once else 0
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        practice.stop()


def main() -> int:
    if os.geteuid() != 0:
        print("practice mode gives each daemon its own user and needs root for that; run it through ./dev",
              file=sys.stderr)
        return _NOT_HERE
    os.umask(0o022)
    # ./dev ignores Ctrl-C so that it reaches this program alone.
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)
    try:
        check_installed()
        return demo(_read_arguments())
    except (LabError, OSError) as error:
        print(f"practice mode: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
