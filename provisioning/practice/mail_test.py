"""What counts as arrived intact, and what does not."""

import sys
import unittest

sys.dont_write_bytecode = True

from mail import first_difference, practice_message, without_trace  # noqa: E402

_TRACE = (b"Return-Path: <a@lawfirm.example>\nX-Original-To: b@york.cjsm.net\nDelivered-To: b@york.cjsm.net\n"
          b"Received: from x\n\tby y\n  for z\nReceived: from w\n")
_SENT = b"From: <a@lawfirm.example>\nSubject: x\nReceived: not a trace header here\n\n.\n..\n\n"


class Compare(unittest.TestCase):
    def test_what_is_equal_behind_trace_headers_is_intact(self) -> None:
        for received in (_SENT, _TRACE + _SENT, b"Authentication-Results: gw; none\nX-CJSM-Origin: verified\n" + _SENT):
            self.assertIsNone(first_difference(_SENT, received))

    def test_every_other_change_is_found(self) -> None:
        changes = {
            "a body byte": _SENT.replace(b"\n.\n", b"\n,\n"),
            "a dot lost": _SENT.replace(b"\n..\n", b"\n.\n"),
            "a dot added": _SENT.replace(b"\n.\n", b"\n..\n"),
            "the last line lost": _SENT[:-1],
            "a line added": _SENT + b"\n",
            "a CR kept": _SENT.replace(b"\n.\n", b"\r\n.\r\n"),
            "a header lost": _SENT.replace(b"Subject: x\n", b""),
            "a header added before the message's own": b"X-Spam: no\n" + _SENT,
            "a trace header added behind the message's own": _SENT.replace(b"Subject", b"Received: from v\nSubject"),
            "a trace header of the message's own lost": _SENT.replace(b"Received: not a trace header here\n", b""),
            "nothing arrived": b"",
            "only trace arrived": _TRACE,
        }
        for what, changed in changes.items():
            with self.subTest(what):
                self.assertIsNotNone(first_difference(_SENT, changed))
                self.assertIsNotNone(first_difference(_SENT, _TRACE + changed))

    def test_a_truncated_trace_header_ends_the_search(self) -> None:
        for received in (b"Received: from x", b"Received:", b"received: x\n\t"):
            self.assertEqual(without_trace(received), b"")

    def test_the_practice_message_has_what_careless_relays_break(self) -> None:
        content = practice_message("a@lawfirm.example", "b@york.cjsm.net", "x").content
        self.assertIn(b"\n.\n", content)
        self.assertIn(b"\n..", content)
        self.assertTrue(any(byte > 127 for byte in content))
        self.assertEqual(max(map(len, content.split(b"\n"))), 998)
        self.assertNotIn(b"\r", content)


if __name__ == "__main__":
    unittest.main()
