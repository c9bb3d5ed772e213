"""Signatures survive: mails signed by openssl (S/MIME) and by python3-dkim verify after they have passed the gateway.

    signed_test.py BUILD_FOLDER LAB_FOLDER [unittest arguments]
"""

import subprocess
import sys
import unittest
from pathlib import Path

from peers_lab import PeersLab  # first: it opens the way to practice mode's modules

import dkim

import messages
from mail import without_trace
from senders import with_bdat, with_data
from traffic_both_ways import TwoSides

_BUILD, _FOLDER = Path(sys.argv.pop(1)), Path(sys.argv.pop(1))

_DIFFICULT = (b".\r\n..\r\nblanks at the end \t \r\n" + b"x" * 998 + b"\r\n." + b"y" * 997 + b"\r\nFrom here\r\n\r\n\r\n")
_EIGHT_BIT = "Eight-bit text: £ é ŵ “quoted” …\r\n".encode() + bytes(range(128, 256)) + b"\r\n.\r\n"


def _openssl(*words: str, content: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *words], input=content, capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


class Signed(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.lab = PeersLab(_BUILD, _FOLDER)
        cls.lab.__enter__()
        cls.addClassCleanup(cls.lab.__exit__)
        cls.sides = TwoSides(cls.lab)
        cls.sides.__enter__()
        cls.addClassCleanup(cls.sides.__exit__)
        cls.files = cls.lab.places.top / "signers"
        cls.files.mkdir()
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(cls.files / "key.pem"), "-subj", "/CN=Alice",
                 "-addext", "subjectAltName=email:alice@lawfirm.example", "-addext", "extendedKeyUsage=emailProtection",
                 "-out", str(cls.files / "cert.pem"))

    def _pass(self, content: bytes, mark: bytes):
        """The mail as it arrived: out by DATA, and in by BDAT."""
        for send, target, sender, recipient, far in (
                (with_data, self.sides.lan, messages.OUT_SENDER, messages.OUT_RECIPIENT, self.sides.relay),
                (with_bdat, self.sides.cjsm, messages.IN_SENDER, messages.IN_RECIPIENT, self.sides.org)):
            before = len(far.mails)
            send(target, sender, [recipient], content)
            arrived = far.mails[before:]
            self.assertEqual(len(arrived), 1)
            self.assertIn(mark, arrived[0].content)
            yield arrived[0].content

    def _header(self, subject: str) -> bytes:
        return (f"From: <alice@lawfirm.example>\r\nTo: <bob@police.example.cjsm.net>\r\nSubject: {subject}\r\n"
                f"Message-ID: <{subject.replace(' ', '-')}@signed.example>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n").encode()

    def test_secure_email_guide_g7_smime_signatures_verify(self) -> None:
        key, certificate = str(self.files / "key.pem"), str(self.files / "cert.pem")
        for program, verifying in (("smime", ["-binary"]), ("cms", ["-binary", "-crlfeol"])):
            for kind, options in (("detached", []), ("opaque", ["-nodetach"])):
                for name, body in (("7 bit", _DIFFICULT), ("8 bit", _EIGHT_BIT)):
                    with self.subTest(program=program, kind=kind, body=name):
                        part = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + body
                        signed = _openssl(program, "-sign", "-binary", "-crlfeol", "-signer", certificate, "-inkey", key, *options,
                                          content=part)
                        content = self._header(f"{program} {kind}") + signed.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
                        for arrived in self._pass(content, b"@signed.example"):
                            verified = _openssl(program, "-verify", *verifying, "-CAfile", certificate, content=arrived)
                            self.assertEqual(verified, part)
                            changed = arrived.replace(b"Eight-bit" if name == "8 bit" else b"From here", b"Altered!!")
                            if changed != arrived:  # an opaque one is base64
                                with self.assertRaises(AssertionError):
                                    _openssl(program, "-verify", *verifying, "-CAfile", certificate, content=changed)

    def test_secure_email_guide_g7_dkim_signatures_verify(self) -> None:
        key = (self.files / "key.pem").read_bytes()
        public = b"".join(_openssl("rsa", "-in", str(self.files / "key.pem"), "-pubout").splitlines()[1:-1])

        def records(name: bytes, **_: object) -> bytes:
            return b"v=DKIM1; k=rsa; p=" + public

        for body in (_DIFFICULT, _EIGHT_BIT):
            for canonical in (b"simple", b"relaxed"):
                with self.subTest(canonical=canonical, body=body[:9]):
                    mail = self._header("dkim") + b"MIME-Version: 1.0\r\n\r\n" + body
                    signature = dkim.sign(mail, b"s1", b"lawfirm.example", key, canonicalize=(canonical, canonical))
                    for arrived in self._pass(signature + mail, b"@signed.example"):
                        self.assertTrue(dkim.verify(arrived, dnsfunc=records))
                        self.assertFalse(dkim.verify(arrived.replace(b"Subject: dkim", b"Subject: Dkim"), dnsfunc=records))
                        behind = without_trace(arrived.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
                        self.assertEqual(behind, signature + mail)


if __name__ == "__main__":
    unittest.main(verbosity=2)
