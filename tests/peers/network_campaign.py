"""The network fails at each step of a conversation, on both legs and in both directions.

    network_campaign.py BUILD_FOLDER LAB_FOLDER [FAULT...]     (DELAY DRIP CUT RESET STALL; all unless named)

Every mail is tried until it is taken; nothing may be lost, or come twice but by a verdict that was lost on the way; every
refusal must be 4xx; and a conversation that stalls must be ended by the gateway itself, within its deadline.
"""

import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from peers_lab import PeersLab, wait  # first: it opens the way to practice mode's modules

from fault_proxy import Conversation, Fault, FaultProxy, Order
from sink import Sink
from traffic_both_ways import Attempted, TwoSides

# The longest of all is the hop's answer to the end of the data: ten minutes.
_FREED_SECONDS = 660
# QUIT, its answer and the two goodbyes of TLS: whoever is gone first says fewer of them.
_LAST_WORDS = 4


class Leg:
    """One of the four: to or from the gateway, mail out or in."""

    def __init__(self, name: str, sides: TwoSides, proxy: FaultProxy, is_out: bool, is_hop: bool) -> None:
        self.name, self.proxy, self.is_out, self.is_hop, self._sides = name, proxy, is_out, is_hop, sides

    def try_once(self, mail: Attempted, with_proxy: bool, timeout: float = 30) -> None:
        target = self._sides.lan if self.is_out else self._sides.cjsm
        if with_proxy and not self.is_hop:
            target = replace(target, port=self.proxy.port)
        self._sides.try_once(mail, target, timeout)

    def count_pieces(self, mail: Attempted) -> int:
        self.try_once(mail, True)
        assert mail.is_taken
        talk = self.proxy.conversations[-1]
        wait("the conversation is over", lambda: talk.is_over)
        return len(talk.turns)


class Campaign:
    def __init__(self, sides: TwoSides, legs: list[Leg]) -> None:
        self._sides, self.legs = sides, legs
        self.mails: list[Attempted] = []
        self.struck: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.freed: dict[str, float] = {}
        self.pieces = {leg.name: leg.count_pieces(self._new(f"count-{leg.name}", leg)) for leg in legs}

    def _new(self, key: str, leg: Leg) -> Attempted:
        self.mails.append(self._sides.new(key, leg.is_out))
        return self.mails[-1]

    def quick(self, fault: Fault) -> None:
        for leg in self.legs:
            for piece in range(1, self.pieces[leg.name] + 1):
                mail = self._new(f"{fault.name}-{leg.name}-{piece}".lower(), leg)
                leg.proxy.give(Order(fault, piece))
                leg.try_once(mail, True)
                talk = leg.proxy.conversations[-1]
                wait("its end", lambda: talk.has_struck or talk.is_over)  # QUIT comes after the sender's answer
                self.struck[fault.name] += talk.has_struck
                if not talk.has_struck and piece <= self.pieces[leg.name] - _LAST_WORDS:
                    self.wrong.append(f"{mail.key}: the conversation had no such piece")
                self._until_taken(mail, leg)

    def _until_taken(self, mail: Attempted, leg: Leg) -> None:
        deadline = time.monotonic() + 20
        while not mail.is_taken and time.monotonic() < deadline:
            leg.try_once(mail, False)

    def stalls(self) -> None:
        """All at once, because each lasts as long as the gateway's patience."""
        threads, talks = [], []
        for leg in self.legs:
            for piece in range(1, self.pieces[leg.name] + 1):
                mail = self._new(f"stall-{leg.name}-{piece}", leg)
                known = len(leg.proxy.conversations)
                leg.proxy.give(Order(Fault.STALL, piece))
                thread = threading.Thread(target=leg.try_once, args=(mail, True, _FREED_SECONDS))
                thread.start()
                threads.append((thread, mail, leg))
                wait("the conversation begins", lambda: len(leg.proxy.conversations) > known)
                talk = leg.proxy.conversations[known]
                wait(f"{mail.key} stalls", lambda: talk.has_struck or talk.is_over)
                if talk.has_struck:
                    talks.append((mail.key, talk, time.monotonic()))
        self._wait_until_freed(talks)
        for thread, mail, leg in threads:
            thread.join(_FREED_SECONDS)
            self._until_taken(mail, leg)

    def _wait_until_freed(self, talks: list[tuple[str, Conversation, float]]) -> None:
        waiting = list(talks)
        deadline = time.monotonic() + _FREED_SECONDS
        while waiting and time.monotonic() < deadline:
            for entry in [entry for entry in waiting if entry[1].is_over]:
                waiting.remove(entry)
                self.freed[entry[0]] = time.monotonic() - entry[2]
                self.struck["STALL"] += 1
            time.sleep(0.2)
        self.wrong += [f"{key}: still open after {_FREED_SECONDS} s" for key, _, _ in waiting]


def main() -> int:
    faults = [Fault[name] for name in sys.argv[3:]] or list(Fault)
    with PeersLab(Path(sys.argv[1]), Path(sys.argv[2])) as lab:
        sides = TwoSides(lab)
        sides.relay, sides.org = Sink(0, lab.relay_server_context()), Sink(0, lab.organisation_server_context())
        with (sides, FaultProxy(lab.ports.relay, sides.relay.port, True) as relay,
              FaultProxy(lab.ports.org, sides.org.port, True) as org, FaultProxy(0, lab.ports.lan, False) as lan,
              FaultProxy(0, lab.ports.cjsm, False) as cjsm):
            campaign = Campaign(sides, [Leg("out-sender", sides, lan, True, False), Leg("out-hop", sides, relay, True, True),
                                        Leg("in-sender", sides, cjsm, False, False), Leg("in-hop", sides, org, False, True)])
            print("pieces of a conversation  ", campaign.pieces, flush=True)
            for fault in faults:
                if fault is Fault.STALL:
                    campaign.stalls()
                else:
                    campaign.quick(fault)
                print(f"{fault.name:8} {campaign.struck[fault.name]} times", flush=True)
            time.sleep(1)
            wrong = campaign.wrong + sides.faults_of(campaign.mails)
            replies = Counter(code for mail in campaign.mails for code in mail.replies)
            print(f"answers that were no 250   {dict(replies)}\n"
                  f"tries without an answer    {sum(mail.broken for mail in campaign.mails)}\n"
                  f"copies too many      {sum(max(0, len(sides.copies(mail)) - 1) for mail in campaign.mails)}\n"
                  f"lost                 {sum(not sides.copies(mail) for mail in campaign.mails)}")
            for key, seconds in campaign.freed.items():
                print(f"  {key:24} ended by the gateway after {seconds:.0f} s")
            print(f"faults: {len(wrong)}", *wrong[:60], sep="\n")
            return 1 if wrong or not campaign.struck else 0


if __name__ == "__main__":
    sys.exit(main())
