#!/usr/bin/env python3
"""Debian's own programs with keys of keyd's, by configuration alone: hsm/provider/README.md says how.

openssl (req, x509, cms, s_server, s_client), nginx, and Postfix as server and as client: a TLS 1.3 handshake each,
no key on the disk, and a clean end.
"""

import os
import signal
import smtplib
import subprocess
import unittest

from keyd_lab import GATEWAY, PATIENCE, RENEWAL, KeydLab, can_connect_or_ended, run, wait_for
from nginx_lab import Clients, Nginx
from places import free_port
from postfix_lab import POSTFIX, Postfix, smtpd_settings

KINDS = ("p256", "p384", "ed25519", "rsa2048")
SIGNED = """basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:mail.example
"""


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lab = KeydLab(gateway=(GATEWAY, POSTFIX))
        cls.addClassCleanup(cls.lab.close)
        for kind in KINDS:
            assert cls.lab.generate(kind, "cjsm-identity", kind) is None
            cls.lab.certify(kind)
        assert cls.lab.generate("issuing-ca", "issuing-ca", "p256") is None

    def assert_no_key_on_disk(self):
        for path in self.lab.folder.rglob("*"):
            if path.is_file() and path.name != "ca.key" and path.stat().st_size < 1 << 20:
                self.assertNotIn(b"PRIVATE KEY", path.read_bytes(), path)

    # openssl

    def test_req_makes_a_request_for_every_kind(self):
        for kind in KINDS:  # certify() has made and verified one; here by the other spellings of the name
            for name in (f"pkcs11:object={kind}", f"pkcs11:object=privyseal:cjsm-identity:{kind};type=private"):
                with self.subTest(name):
                    self.lab.openssl("req", "-new", "-key", name, "-subj", "/CN=other", "-out",
                                     self.lab.file("other.csr"), check=0)
                    run("openssl", "req", "-in", self.lab.file("other.csr"), "-verify", "-noout", check=0)

    def test_a_pin_in_a_uri_is_refused_in_words(self):
        status, output = self.lab.openssl("pkey", "-in", "pkcs11:object=p256?pin-value=1234", "-pubout")
        self.assertNotEqual(status, 0)
        self.assertIn("a PIN, its source or a module", output)

    def test_x509_signs_with_the_issuing_ca_what_policy_allows(self):
        lab = self.lab
        run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj",
            "/CN=mail.example", "-keyout", lab.file("leaf.scratch"), "-out", lab.file("leaf.csr"), check=0)
        lab.file("leaf.scratch").unlink()
        # Its own root first; only renewal may, and keyd looks at every field.
        lab.file("root.ext", "basicConstraints = critical,CA:TRUE,pathlen:0\nkeyUsage = critical,keyCertSign,cRLSign\n"
                 "subjectKeyIdentifier = hash\n")
        lab.file("leaf.ext", SIGNED)
        for name in ("root.pem", "leaf.pem"):
            lab.file(name, "").chmod(0o666)
        _, public = lab.openssl("pkey", "-in", "keyd://issuing-ca", "-pubout", check=0)
        lab.file("issuing-ca.pub", public)
        root = ["x509", "-new", "-force_pubkey", lab.file("issuing-ca.pub"), "-key",
                "keyd://issuing-ca", "-subj", "/CN=Appliance CA", "-days", "3000", "-extfile", lab.file("root.ext"),
                "-set_serial", "0x4a11223344556677", "-out", lab.file("root.pem")]
        lab.openssl(*root, user=RENEWAL, check=0)
        leaf = ["x509", "-req", "-in", lab.file("leaf.csr"), "-CA", lab.file("root.pem"), "-CAkey",
                "keyd://issuing-ca", "-days", "90", "-extfile", lab.file("leaf.ext"), "-set_serial",
                "0x4a11223344556688", "-out", lab.file("leaf.pem")]
        lab.openssl(*leaf, user=RENEWAL, check=0)
        run("openssl", "verify", "-x509_strict", "-CAfile", lab.file("root.pem"), lab.file("leaf.pem"), check=0)
        self.ocsp_responses_verify()
        status, output = lab.openssl(*leaf)  # provisioning may not
        self.assertNotEqual(status, 0)
        self.assertIn("(denied)", output)
        lab.file("leaf.ext", SIGNED.replace("CA:FALSE", "CA:TRUE"))
        status, output = lab.openssl(*leaf, user=RENEWAL)
        self.assertNotEqual(status, 0)
        self.assertIn("(denied)", output)

    def ocsp_responses_verify(self):
        """`openssl ocsp` as the responder, with the CA's own key; keyd looks at every field."""
        lab = self.lab
        lab.file("index.txt", "V\t351231235959Z\t\t4A11223344556688\tunknown\t/CN=mail.example\n"
                 "R\t351231235959Z\t260101000000Z\t4A11223344556699\tunknown\t/CN=old.example\n")
        lab.file("index.txt.attr", "unique_subject = no\n")
        lab.file("response.der", "").chmod(0o666)
        root = lab.file("root.pem")
        run("openssl", "ocsp", "-issuer", root, "-serial", "0x4a11223344556688", "-serial", "0x4a11223344556699",
            "-reqout", lab.file("request.der"), check=0)
        respond = ["ocsp", "-index", lab.file("index.txt"), "-CA", root, "-rsigner", root, "-rkey",
                   "keyd://issuing-ca", "-resp_key_id", "-resp_no_certs", "-reqin", lab.file("request.der"), "-respout",
                   lab.file("response.der")]
        lab.openssl(*respond, "-ndays", "1", user=RENEWAL, check=0)
        verify = ["openssl", "ocsp", "-issuer", root, "-CAfile", root, "-verify_other", root, "-respin",
                  lab.file("response.der")]
        _, output = run(*verify, "-reqin", lab.file("request.der"), check=0)
        self.assertIn("Response verify OK", output)  # with the request's nonce
        _, output = run(*verify, "-no_nonce", "-serial", "0x4a11223344556688", "-serial", "0x4a11223344556699", check=0)
        self.assertIn("0x4a11223344556688: good", output)
        self.assertIn("0x4a11223344556699: revoked", output)
        for arguments, user in ((("-ndays", "1"), 0),         # provisioning may not
                                (("-ndays", "8"), RENEWAL),   # too long
                                ((), RENEWAL)):               # no nextUpdate
            lab.file("response.der", "").chmod(0o666)
            lab.openssl(*respond, *arguments, user=user)
            _, output = run(*verify, "-reqin", lab.file("request.der"))
            self.assertNotIn("Response verify OK", output, arguments)

    def test_cms_sign_is_refused(self):
        message = self.lab.file("message", "any old mail\n")
        for kind in ("p256", "rsa2048", "ed25519"):
            for user in (0, GATEWAY):
                with self.subTest(kind, user=user):
                    status, output = self.lab.openssl("cms", "-sign", "-in", message, "-signer",
                                                      self.lab.file(f"{kind}.pem"), "-inkey", f"keyd://{kind}",
                                                      user=user)
                    self.assertNotEqual(status, 0)
                    self.assertNotIn("BEGIN CMS", output)
                    if kind != "ed25519":  # which OpenSSL itself will not use for want of a hash
                        self.assertIn("signs TLS 1.3 handshakes, certificate requests, certificates, CRLs and OCSP "
                                      "responses only", output)

    def test_s_server_and_s_client_shake_hands(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.lab.shake_hands(kind, kind)
        self.lab.shake_hands("rsa2048", "ed25519")
        self.assert_no_key_on_disk()

    # nginx

    def test_nginx_serves_with_every_kind(self):
        for kind in KINDS:
            with self.subTest(kind):
                nginx = Nginx(self.lab, kind)
                try:
                    status, output = self.lab.reach(nginx.port)
                    self.assertEqual(status, 0, output + nginx.log() + self.lab.log())
                    self.assertIn("Protocol version: TLSv1.3", output)
                    nginx.end(signal.SIGQUIT)
                finally:
                    nginx.close()
        self.assert_no_key_on_disk()

    def test_nginx_reloads_and_ends_under_load(self):
        nginx = Nginx(self.lab, "p256")
        try:
            with Clients(self.lab, nginx.port) as clients:
                for _ in range(5):
                    nginx.reload()
                    clients.wait_for_good(6)
                self.assertEqual(clients.bad, [])
                nginx.end()
        finally:
            nginx.close()

    # Postfix

    def test_postfix_is_a_server_and_reloads_under_load(self):
        for key in ("rsa2048", "p256"):
            with self.subTest(key):
                port = free_port()
                postfix = Postfix(self.lab, f"smtpd-{key}", smtpd_settings(self.lab, key), (port,))
                try:
                    status, output = self.lab.reach(port, "-starttls", "smtp")
                    self.assertEqual(status, 0, output + postfix.log() + self.lab.log())
                    self.assertIn("Protocol version: TLSv1.3", output)
                    with Clients(self.lab, port, "-starttls", "smtp") as clients:
                        for _ in range(4):
                            postfix.reload()
                            clients.wait_for_good(6)
                        self.assertEqual(clients.bad, [], postfix.log() + self.lab.log())
                        postfix.end()
                finally:
                    postfix.close()
        self.assert_no_key_on_disk()

    def test_postfix_is_a_client_with_a_certificate(self):
        for key in ("p256", "rsa2048"):
            with self.subTest(key):
                # The receiving end: s_server is no mail server, so a second Postfix with a key of keyd's too.
                inward, entry = free_port(), free_port()
                receiver = Postfix(
                    self.lab, f"receiver-{key}", smtpd_settings(self.lab, "p384") | {
                        "smtpd_tls_req_ccert": "yes", "smtpd_tls_security_level": "encrypt",
                        "smtpd_relay_restrictions": "permit_mynetworks, reject", "smtpd_tls_loglevel": "1"}, (inward,))
                sender = Postfix(
                    self.lab, f"sender-{key}", {
                        "relayhost": f"[127.0.0.1]:{inward}", "smtp_tls_security_level": "verify",
                        "smtp_tls_verify_cert_match": "localhost", "smtp_tls_secure_cert_match": "localhost",
                        "smtp_tls_CAfile": self.lab.file("ca.pem"), "smtp_tls_cert_file": self.lab.file(f"{key}.pem"),
                        "smtp_tls_key_file": self.lab.file(f"{key}-out.pem", self.lab.reference(key)),
                        "smtp_tls_mandatory_protocols": ">=TLSv1.3", "smtp_tls_loglevel": "1",
                        "smtpd_relay_restrictions": "permit_mynetworks, reject", "smtpd_tls_security_level": "none"}, (entry,))
                try:
                    try:
                        with smtplib.SMTP("127.0.0.1", entry, timeout=PATIENCE) as mail:
                            mail.sendmail("a@mail.example", "b@elsewhere.example", "Subject: x\r\n\r\nsealed\r\n")
                    except smtplib.SMTPException as why:
                        self.fail(f"{why}\n{sender.log()}")

                    wait_for("the mail", lambda: "status=" in sender.log())
                    log = sender.log()
                    got = receiver.log()
                    self.assertIn("status=sent", log, log + got + self.lab.log())
                    self.assertIn("Verified TLS connection established to 127.0.0.1", log)
                    self.assertIn("Trusted TLS connection established from", got)
                    self.assertIn("TLSv1.3", got)
                    sender.end()
                    receiver.end()
                finally:
                    sender.close()
                    receiver.close()
        self.assert_no_key_on_disk()


if __name__ == "__main__":
    unittest.main()
