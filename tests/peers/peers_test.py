"""Mail goes both ways, intact, between the gateway and mail servers and programs that others wrote.

    peers_test.py BUILD_FOLDER LAB_FOLDER quick|full|haraka [unittest arguments]

haraka: mail servers are only Haraka and Postfix, in full (./dev haraka).
"""

import smtplib
import sys
import unittest
from pathlib import Path
from typing import Callable, Iterator

from peers_lab import PeersLab, wait  # first: it opens the way to practice mode's modules

import messages
from messages import Sample, difference
from haraka import haraka, without_renamed_results
from neighbours import AS_IT_CAME, KINDS, Neighbour, Place
from senders import SENDERS, Target, begin, connect
from sink import Sink

_BUILD, _FOLDER, _EXTENT = Path(sys.argv.pop(1)), Path(sys.argv.pop(1)), sys.argv.pop(1)
_FULL = _EXTENT != "quick"
KINDS["Haraka"], AS_IT_CAME["Haraka"] = haraka, without_renamed_results
_KINDS = ["Haraka"] if _EXTENT == "haraka" else ["OpenSMTPD", "Exim"]

_UTF8_LOCAL = "zoë.ŵyn"


def _samples(sender: str) -> Iterator[Sample]:
    yield messages.difficult(sender)
    yield messages.eight_bit(sender)
    yield messages.of_size(sender, 1)
    yield messages.of_size(sender, 300_000)
    if _FULL:
        for size in (2, 3, 997, 998, 999, 1000, 4095, 4096, 16383, 16384, 65536, 1 << 20, 5_000_000):
            yield messages.of_size(sender, size)
        yield messages.filling(sender, messages.MOST - 64 * 1024)  # what the servers between put in front counts too


class _LabTest(unittest.TestCase):
    lab: PeersLab

    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = PeersLab(_BUILD, _FOLDER)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.__exit__)

    def lan(self) -> Target:
        return Target(self.lab.ports.lan, self.lab.places.lan_root)

    def cjsm(self) -> Target:
        return Target(self.lab.ports.cjsm, self.lab.practice.egress_root, self.lab.practice.relay_identity)

    def assert_arrived(self, sample: Sample, copies: Callable[[bytes], dict[str, list[bytes]]], recipients: set[str]) -> None:
        wait(f"{sample.name} arrives", lambda: set(copies(sample.mark)) >= recipients)
        found = copies(sample.mark)
        self.assertEqual(set(found), recipients)
        for recipient, contents in found.items():
            self.assertEqual([difference(sample, content) for content in contents], [None], recipient)


class Programs(_LabTest):
    """Programs that send, straight at both listeners, and a relay and a mail server that keep what they get."""

    def setUp(self) -> None:
        for name in ("org", "relay"):
            self.lab.practice.take_away(name)
        self.relay = Sink(self.lab.ports.relay, self.lab.relay_server_context(), answer_rcpt=self._scripted)
        self.org = Sink(self.lab.ports.org, self.lab.organisation_server_context(), answer_rcpt=self._scripted)
        for sink in (self.relay, self.org):
            sink.start()
            self.addCleanup(sink.stop)

    @staticmethod
    def _scripted(address: str) -> str:
        """An address says what becomes of it: r450-x@, r550-x@; any other is taken."""
        code = address[1:4]
        return f"{code} {code[0]}.2.7 the word on {address}" if address.startswith(("r4", "r5")) else "250 2.1.5 fine"

    def _directions(self):
        yield "out", self.lan(), messages.OUT_SENDER, messages.OUT_RECIPIENT, messages.OUT_RECIPIENT, self.relay
        yield "in", self.cjsm(), messages.IN_SENDER, messages.IN_RECIPIENT, messages.IN_ARRIVES_FOR, self.org

    def test_each_program_sends_each_kind_of_mail(self) -> None:
        for name, send in SENDERS.items():
            for way, target, sender, recipient, arrives_for, sink in self._directions():
                for sample in _samples(sender):
                    with self.subTest(program=name, way=way, mail=sample.name):
                        send(target, sender, [recipient], sample.content)
                        self.assert_arrived(sample, sink.copies, {arrives_for})

    def test_the_biggest_mail_passes_and_one_byte_more_does_not(self) -> None:
        for way, target, sender, recipient, arrives_for, sink in self._directions():
            for name in ("smtplib, DATA", "smtplib, BDAT") if _FULL else ("smtplib, DATA" if way == "out" else "smtplib, BDAT",):
                with self.subTest(way=way, program=name):
                    sample = messages.filling(sender, messages.MOST)
                    self.assertEqual(len(sample.content), messages.MOST)
                    SENDERS[name](target, sender, [recipient], sample.content)
                    self.assert_arrived(sample, sink.copies, {arrives_for})
                    too_big = messages.filling(sender, messages.MOST + 1)
                    with self.assertRaisesRegex(AssertionError, "552"):
                        SENDERS[name](target, sender, [recipient], too_big.content)
                    self.assertEqual(sink.copies(too_big.mark), {})

    def test_an_address_in_utf8_is_the_same_on_the_other_side(self) -> None:
        for way, target, sender, recipient, arrives_for, sink in self._directions():
            for name in ("smtplib, DATA", "smtplib, BDAT"):
                with self.subTest(way=way, program=name):
                    domain, arrives_at = recipient.partition("@")[2], arrives_for.partition("@")[2]
                    sample = messages.eight_bit(sender)
                    utf8_sender = f"{_UTF8_LOCAL}@{sender.partition('@')[2]}"
                    SENDERS[name](target, utf8_sender, [f"{_UTF8_LOCAL}@{domain}"], sample.content)
                    self.assert_arrived(sample, sink.copies, {f"{_UTF8_LOCAL}@{arrives_at}"})
                    mail = next(mail for mail in sink.mails if sample.mark in mail.content)
                    self.assertEqual(mail.sender, utf8_sender)
                    self.assertIn("SMTPUTF8", mail.options)

    def test_a_hundred_recipients_each_get_the_hops_own_word(self) -> None:
        for way, target, sender, recipient, arrives_for, sink in self._directions():
            for count in (1, 2, 99, 100):
                with self.subTest(way=way, recipients=count), connect(target) as client:
                    domain, arrives_at = recipient.partition("@")[2], arrives_for.partition("@")[2]
                    names = [("ok-", "r450-", "ok-", "r550-", "r451-", "ok-")[n % 6] + str(n) for n in range(count)]
                    sample = messages.difficult(sender)
                    replies = begin(client, sender, [f"{name}@{domain}" for name in names], sample.content)
                    for name, (code, text) in zip(names, replies):
                        if name.startswith("ok"):
                            self.assertEqual(code, 250)
                        else:
                            self.assertEqual(f"{code} {text.decode()}", self._scripted(f"{name}@{arrives_at}"))
                    self.assertEqual(client.data(sample.content)[0], 250)
                    self.assert_arrived(sample, sink.copies, {f"{name}@{arrives_at}" for name in names if name[0] == "o"})

    def test_the_hundred_and_first_recipient_is_put_off(self) -> None:
        for way, target, sender, recipient, _, _ in self._directions():
            with self.subTest(way=way), connect(target) as client:
                domain = recipient.partition("@")[2]
                replies = begin(client, sender, [f"n{n}@{domain}" for n in range(101)], b"")
                self.assertEqual([code for code, _ in replies], [250] * 100 + [452])


class MailServers(_LabTest):
    """Mail servers in either neighbour's place; the other one is Postfix."""

    def _pairs(self) -> Iterator[tuple[str, str | None, str | None]]:
        yield "Postfix in both places", None, None
        for kind in _KINDS:
            yield f"{kind} for the organisation", kind, None
            yield f"{kind} as the relay", None, kind

    def _each_way(self):
        """(what, way, where to hand it in, sender, recipient, arrives for, at whom)"""
        for what, org_kind, relay_kind in self._pairs():
            with (Neighbour(self.lab, Place.ORGANISATION, org_kind) as org,
                  Neighbour(self.lab, Place.RELAY, relay_kind) as relay):
                yield what, "out", org, messages.OUT_SENDER, messages.OUT_RECIPIENT, messages.OUT_RECIPIENT, relay
                yield what, "in", relay, messages.IN_SENDER, messages.IN_RECIPIENT, messages.IN_ARRIVES_FOR, org

    @staticmethod
    def _submit(neighbour: Neighbour, sender: str, recipients: list[str], sample: Sample) -> None:
        with smtplib.SMTP("127.0.0.1", neighbour.submit_port, local_hostname="user.example", timeout=60) as client:
            client.ehlo()
            replies = begin(client, sender, recipients, sample.content)
            assert all(code == 250 for code, _ in replies), replies
            code, text = client.data(sample.content)
            assert code == 250, (code, text)

    def test_mail_passes_intact_between_them(self) -> None:
        for what, way, near, sender, recipient, arrives_for, far in self._each_way():
            domain, arrives_at = recipient.partition("@")[2], arrives_for.partition("@")[2]
            sent = []
            for sample in _samples(sender):
                self._submit(near, sender, [recipient], sample)
                sent.append((sample, {arrives_for}))
            many = messages.difficult(sender)
            self._submit(near, sender, [f"n{n}@{domain}" for n in range(100)], many)
            sent.append((many, {f"n{n}@{arrives_at}" for n in range(100)}))
            if "OpenSMTPD" not in (near.name, far.name):  # it knows no SMTPUTF8
                utf8 = messages.eight_bit(sender)
                self._submit(near, f"{_UTF8_LOCAL}@{sender.partition('@')[2]}", [f"{_UTF8_LOCAL}@{domain}"], utf8)
                sent.append((utf8, {f"{_UTF8_LOCAL}@{arrives_at}"}))
            for sample, recipients in sent:
                with self.subTest(servers=what, way=way, mail=sample.name, recipients=len(recipients)):
                    self.assert_arrived(sample, far.copies, recipients)

    def test_a_relay_without_smtputf8_gets_no_mail_that_needs_it(self) -> None:
        with Neighbour(self.lab, Place.RELAY, "OpenSMTPD"), connect(self.lan()) as client:
            client.command_encoding = "utf-8"
            replies = [client.mail(messages.OUT_SENDER, ["SMTPUTF8"]), client.rcpt(f"{_UTF8_LOCAL}@police.example.cjsm.net")]
            self.assertEqual(replies[1][0], 550, replies)
            self.assertTrue(replies[1][1].startswith(b"5.6.7"), replies)

    def test_what_the_relay_says_to_one_recipient_is_that_recipients_affair(self) -> None:
        """Refused ones come back as a bounce, put-off ones are tried again, and nobody gets a mail twice."""
        tried: dict[str, int] = {}

        def answer(address: str) -> str:
            tried[address] = tried.get(address, 0) + 1
            if address.startswith("bad"):
                return "550 5.1.1 nobody here"
            return "450 4.2.0 a little later" if address.startswith("slow") and tried[address] == 1 else "250 2.1.5 fine"

        for kind in (None, "Exim"):  # OpenSMTPD waits for minutes
            self.lab.practice.take_away("relay")
            tried.clear()
            with (self.subTest(organisation=kind or "Postfix"), Neighbour(self.lab, Place.ORGANISATION, kind) as org,
                  Sink(self.lab.ports.relay, self.lab.relay_server_context(), answer_rcpt=answer) as relay):
                names = [("ok", "bad", "slow")[n % 3] + str(n) for n in range(30)]
                sample = messages.difficult(messages.OUT_SENDER)
                self._submit(org, messages.OUT_SENDER, [f"{name}@police.example.cjsm.net" for name in names], sample)
                self.assert_arrived(sample, relay.copies,
                                    {f"{name}@police.example.cjsm.net" for name in names if not name.startswith("bad")})
                wait("the bounce", lambda: org.copies(b"nobody here").get(messages.OUT_SENDER))
                bounce = org.copies(b"nobody here")[messages.OUT_SENDER][0]
                for name in names:
                    self.assertEqual(f"{name}@police".encode() in bounce, name.startswith("bad"), name)
            self.lab.practice.bring_back("relay")


if __name__ == "__main__":
    unittest.main(verbosity=2)
