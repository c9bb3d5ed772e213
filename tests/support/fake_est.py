#!/usr/bin/env python3
"""An EST server (RFC 7030) that does what a test tells it.

    fake_est.py FOLDER      makes its own CA there, serves on a free port of loopback, and says where:
                            FOLDER/port, FOLDER/root.pem (issues), FOLDER/server-ca.pem (its own TLS)

FOLDER/mode is read at each request: issue, wait (202 twice, then issue), 500, 401, garbage, not-http, huge,
hang-up, short, other-key, wrong-chain, expired, wrong-name. FOLDER/requests.jsonl gets a line a request.
"""
import base64
import json
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

EXTENSIONS = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=DNS:{name}
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


def openssl(*arguments, given=None):
    return subprocess.run(["openssl", *arguments], input=given, check=True, capture_output=True).stdout


def make_ca(folder: Path, name: str, subject: str):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "30",
            "-subj", f"/CN={subject}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem"))


def sign(folder: Path, csr_pem: bytes, ca: str, name: str, dates=("-days", "20")) -> bytes:
    extensions = folder / f"extensions-{threading.get_ident()}"
    extensions.write_text(EXTENSIONS.format(name=name), encoding="ascii")
    return openssl("x509", "-req", "-CA", str(folder / f"{ca}.pem"), "-CAkey", str(folder / f"{ca}.key"),
                   *dates, "-extfile", str(extensions), given=csr_pem)


def new_request(folder: Path, name: str) -> bytes:
    return openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-subj",
                   f"/CN={name}", "-keyout", str(folder / "other.key"))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path
    waits = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mode = (self.folder / "mode").read_text(encoding="ascii").strip()
        certificate = self.connection.getpeercert()
        with (self.folder / "requests.jsonl").open("a", encoding="ascii") as file:
            file.write(json.dumps({
                "path": self.path, "mode": mode, "tls": self.connection.version(),
                "type": self.headers.get("Content-Type"), "auth": self.headers.get("Authorization", ""),
                "client": certificate["serialNumber"] if certificate else "", "body": len(body)}) + "\n")
        getattr(self, "answer_" + mode.replace("-", "_"), self.fail)(base64.b64decode(body))

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def certificates(self, pem: bytes):
        given = self.folder / f"answer-{threading.get_ident()}.pem"
        given.write_bytes(pem)
        der = openssl("crl2pkcs7", "-nocrl", "-certfile", str(given), "-outform", "DER")
        self.reply(200, base64.encodebytes(der), Content_Type="application/pkcs7-mime; smime-type=certs-only",
                   Content_Transfer_Encoding="base64")

    def issue(self, der, ca="root", name="gateway.lawfirm.example", **more):
        pem = openssl("req", "-inform", "DER", given=der)
        self.certificates(sign(self.folder, pem, ca, name, **more))

    def fail(self, _der):
        self.reply(500, b"the database is away")

    def answer_issue(self, der):
        self.issue(der)

    def answer_wait(self, der):
        Handler.waits += 1
        if Handler.waits % 3 == 0:
            return self.issue(der)
        self.reply(202, Retry_After="1")

    def answer_401(self, _der):
        self.reply(401, b"who are you?", WWW_Authenticate='Basic realm="est"')

    def answer_garbage(self, _der):
        self.reply(200, b"\x00\x01garbage" * 100, Content_Type="application/pkcs7-mime")

    def answer_not_http(self, _der):
        self.wfile.write(b"220 this is mail\r\n" * 4)
        self.close_connection = True

    def answer_huge(self, _der):
        self.reply(200, b"QUJD" * (1 << 18), Content_Type="application/pkcs7-mime")

    def answer_hang_up(self, _der):
        self.close_connection = True

    def answer_short(self, _der):
        self.send_response(200)
        self.send_header("Content-Length", "5000")
        self.end_headers()
        self.wfile.write(b"QUJD")
        self.close_connection = True

    def answer_other_key(self, _der):
        name = "gateway.lawfirm.example"
        self.certificates(sign(self.folder, new_request(self.folder, name), "root", name))

    def answer_wrong_chain(self, der):
        self.issue(der, ca="wrong")

    def answer_wrong_name(self, der):
        self.issue(der, name="other.example")

    def answer_expired(self, der):
        self.issue(der, dates=("-not_before", "20200101000000Z", "-not_after", "20200201000000Z"))

    def log_message(self, *_arguments):
        pass


def main():
    folder = Path(sys.argv[1])
    server_key = folder / "server.key"
    if not server_key.exists():
        make_ca(folder, "root", "Stand-in Egress CA")
        make_ca(folder, "wrong", "Stand-in Egress CA")  # the same name, another key
        make_ca(folder, "server-ca", "Enrolment server CA")
        request = openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                          "-subj", "/CN=est.example", "-keyout", str(server_key))
        (folder / "server.pem").write_bytes(sign(folder, request, "server-ca", "est.example"))
    if not (folder / "mode").exists():
        (folder / "mode").write_text("issue", encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", server_key)
    context.load_verify_locations(folder / "root.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    if (folder / "tls12").exists():
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    Handler.folder = folder
    # Started again it comes back on its port, with its CAs.
    wanted = int((folder / "port").read_text(encoding="ascii")) if (folder / "port").exists() else 0
    server = ThreadingHTTPServer(("127.0.0.1", wanted), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    partial = folder / "port.new"
    partial.write_text(str(server.server_address[1]), encoding="ascii")
    partial.rename(folder / "port")
    (folder / "up").touch()
    server.serve_forever()


if __name__ == "__main__":
    main()
