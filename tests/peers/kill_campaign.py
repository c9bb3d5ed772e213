"""gatewayd is killed (SIGKILL) again and again under load in both directions: nothing lost, and every duplicate accounted for.

    kill_campaign.py BUILD_FOLDER LAB_FOLDER KILLS
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from peers_lab import PeersLab  # first: it opens the way to practice mode's modules

from evidence import check_evidence
from traffic_both_ways import Load, TwoSides

_THREADS_EACH_WAY = 5


def _signatures(uses: dict[str, dict[str, int]], use: str) -> int:
    return sum(counts.get(use, 0) for key, counts in uses.items() if key.startswith("cjsm-"))


def main() -> int:
    kills, chance = int(sys.argv[3]), random.Random(7)
    with PeersLab(Path(sys.argv[1]), Path(sys.argv[2])) as lab, TwoSides(lab) as sides:
        before = lab.practice.appliance.uses()
        with Load(sides, _THREADS_EACH_WAY) as load:
            for _ in range(kills):
                time.sleep(chance.uniform(0.1, 1.2))
                os.kill(lab.practice.pid("gatewayd"), signal.SIGKILL)
                lab.practice.start_again("gatewayd")
            time.sleep(0.5)
        time.sleep(1)  # what was under way at the far side when the last sender went
        after = lab.practice.appliance.uses()
        wrong = sides.faults_of(load.mails)
        copies = [len(sides.copies(mail)) for mail in load.mails]
        signed = _signatures(after, "tls_client") - _signatures(before, "tls_client")
        # A handshake that a kill ended may have been signed for and not have come to its end over there.
        in_doubt = kills * _THREADS_EACH_WAY
        if not sides.relay.handshakes <= signed <= sides.relay.handshakes + in_doubt:
            wrong.append(f"keyd signed {signed} times towards the relay, which saw {sides.relay.handshakes} handshakes")
        evidence = check_evidence(lab.practice)
        print(f"kills                      {kills}\n"
              f"mails                      {len(copies)}, {sum(mail.is_out for mail in load.mails)} of them out\n"
              f"tries without an answer    {sum(mail.broken for mail in load.mails)}\n"
              f"lost                       {copies.count(0)}\n"
              f"mails that came twice      {sum(count > 1 for count in copies)}, in all {sum(copies) - len(copies) + copies.count(0)} copies too many\n"
              f"signatures to the relay    {signed} counted by keyd, {sides.relay.handshakes} handshakes seen there\n"
              f"{evidence}\nfaults: {len(wrong)}", *wrong[:40], sep="\n")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
