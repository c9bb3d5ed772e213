"""Stand-ins for gatewayd's and renewd's doors: the same JSON, from made-up facts.

They answer what the console asks (firmware/base/door.h), so that its pages can be walked through without a
running gateway. The certificate door keeps a small state: request, import, activate, roll back.
"""

import datetime
import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any, Callable

Answer = dict[str, Any]


def stamp(minutes_ago: float = 0, days: float = 0) -> str:
    """RFC 3339 in UTC, so many minutes ago or days ahead."""
    moment = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes_ago) + datetime.timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Refusal(Exception):
    """An answer with "ok": false."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Door(threading.Thread):
    """Serves one SEQPACKET socket: one JSON object is one message."""

    def __init__(self, path: Path, answer: Callable[[str, Answer], Answer]) -> None:
        super().__init__(daemon=True)
        path.unlink(missing_ok=True)
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.listen(16)

    def run(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection:
                while message := connection.recv(128 * 1024):
                    connection.send(json.dumps(self._reply(json.loads(message))).encode())

    def _reply(self, request: Answer) -> Answer:
        try:
            return {"ok": True, **self._answer(request["op"], request)}
        except Refusal as refusal:
            return {"ok": False, "code": refusal.code, "message": str(refusal)}


def empty_audit(operation: str) -> Answer | None:
    """The audit operations over a log of one entry."""
    line = json.dumps({"v": 1, "seq": 0, "ts": stamp(30), "boot": "1", "actor": "gatewayd", "role": "daemon", "source": "",
                       "action": "started", "object": "daemon", "params_hash": "", "outcome": "ok", "why": ""})
    return {"audit-entries": {"entries": [line], "size": 1},
            "audit-checkpoint": {"note": "gateway.lawfirm.example/fake\n1\nroot\n\n— fake sig\n", "size": 1},
            "audit-verify": {"size": 1, "checkpoint_size": 1, "signatures_checked": False}}.get(operation)


_MAILS = [
    {"id": 4, "opened_at": stamp(3), "direction": "out", "sender": "alice@lawfirm.example",
     "recipients": ["bob@police.example.cjsm.net"], "size": 1735, "outcome": "delivered",
     "reply": "250 2.0.0 Ok: queued as 40524AD8458"},
    {"id": 3, "opened_at": stamp(9), "direction": "in", "sender": "bob@police.example.cjsm.net",
     "recipients": ["alice@lawfirm.example.cjsm.net"], "size": 1752, "outcome": "delivered",
     "reply": "250 2.0.0 Ok: queued as 6837FAD845E"},
    {"id": 2, "opened_at": stamp(21), "direction": "out", "sender": "<script>alert(1)</script>@lawfirm.example",
     "recipients": ["a-person-with-a-rather-long-name@a-long-name-of-an-organisation.police.example.cjsm.net",
                    "c@court.example.cjsm.net"], "size": 900, "outcome": "deferred",
     "reply": "451 4.4.1 The CJSM relay does not answer"},
    {"id": 1, "opened_at": stamp(44), "direction": "out", "sender": "", "recipients": ["x@example.org"], "size": 0,
     "outcome": "refused", "reply": "550 5.7.1 Only addresses under cjsm.net"},
]
_TLS = {"version": "TLSv1.3", "group": "X25519", "suite": "TLS_AES_256_GCM_SHA384", "resumed": False,
        "peer_subject": "CN=relay.cjsm.example", "peer_issuer": "CN=Practice Egress CA",
        "peer_serial": "65b00363a35744c94d7b914681c422135a39b9b4", "session_id": "20e10dce6785b7b9997bb139a81ed8d6"}


def gateway(operation: str, request: Answer) -> Answer:
    """gatewayd's door."""
    if (audit := empty_audit(operation)) is not None:
        return audit
    if operation == "status":
        return {"state": "running", "since": stamp(600), "sessions": 1, "version": "0.1.0", "openssl": "3.5", "identities": [],
                "relay": {"host": "127.0.0.1", "port": 4646, "last_delivered_at": stamp(3)},
                "ledger": {"mails": 4, "oldest_at": stamp(44), "last_at": stamp(3)}, "audit": {"size": 1, "root": ""},
                "today": {"delivered": 2, "refused": 1, "deferred": 1, "failed": 0}}
    if operation == "mail-flow":
        return {"from": stamp(60), "minutes": [
            {"at": stamp(60 - i), "delivered": (i * 7) % 5, "refused": int(i == 16), "deferred": 2 * int(i == 39)}
            for i in range(60)]}
    if operation == "mail-find":
        text, outcome = request.get("text", ""), request.get("outcome")
        return {"mails": [mail for mail in _MAILS if text in json.dumps(mail) and outcome in (None, mail["outcome"])]}
    if operation == "mail-track":
        found = [mail for mail in _MAILS if mail["id"] == request["id"]]
        if not found:
            raise Refusal("not-found", "no such mail")
        return {"mail": {**found[0], "hop_tls": _TLS, "client_tls": {**_TLS, "peer_subject": ""}},
                "timeline": [{"at": stamp(3), "text": "received from 192.0.2.25 under TLS 1.3"},
                             {"at": stamp(3), "text": "TLS 1.3 with CN=relay.cjsm.example, new keys"},
                             {"at": stamp(2.95), "text": found[0]["reply"]}]}
    raise Refusal("not-found", "no such operation")


class Renewal:
    """renewd's door, with one generation under way at a time; its keys lie in files here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._generations: dict[str, list[Answer]] = {
            name: [self._generation(1, "active", name)] for name in ("cjsm", "lan", "console")}
        self._candidate: Answer | None = None

    @staticmethod
    def _generation(number: int, state: str, name: str) -> Answer:
        return {"generation": number, "state": state, "key": f"{name}-{number}", "subject": "CN=gateway.lawfirm.example",
                "issuer": "CN=Practice Egress CA", "serial": "0c0ffee", "not_before": stamp(900), "not_after": stamp(days=61),
                "fingerprint": "5d" * 32, "since": stamp(900)}

    def _identity(self, name: str) -> Answer:
        generations = self._generations[name]
        is_cjsm = name == "cjsm"
        candidate = self._candidate if is_cjsm else None
        return {"name": name, "issuer": "manual" if is_cjsm else "local", "active": generations[-1],
                "previous": generations[-2] if len(generations) > 1 else None, "candidate": candidate,
                "alarm": {"since": stamp(600), "why": "The mail server certificate ends in 9 days and was not renewed",
                          "level": "warning"} if name == "lan" else None,
                "next": "Send the request to the CA." if candidate else "Renewal is due in 40 days."}

    def __call__(self, operation: str, request: Answer) -> Answer:
        if (audit := empty_audit(operation)) is not None:
            return audit
        if operation == "cert-list":
            return {"identities": [self._identity(name) for name in self._generations]}
        if operation == "cert-request":
            return self._request()
        if operation == "cert-csr" and self._candidate:
            return {"generation": self._candidate["generation"], "key": self._candidate["key"],
                    "csr": (self._folder / "candidate.csr").read_text()}
        if operation == "cert-import":
            return self._import(request["pem"])
        if operation == "cert-activate" and self._candidate:
            self._generations["cjsm"].append({**self._candidate, "state": "active"})
            self._candidate = None
            return {"identity": self._identity("cjsm")}
        if operation == "cert-rollback" and len(self._generations["cjsm"]) > 1:
            self._generations["cjsm"].reverse()
            return {"identity": self._identity("cjsm")}
        raise Refusal("conflict", "there is nothing under way")

    def _request(self) -> Answer:
        if self._candidate:
            raise Refusal("conflict", "a request is under way already")
        number = len(self._generations["cjsm"]) + 1
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", self._folder / "candidate.key", "-out", self._folder / "candidate.csr",
                        "-subj", "/CN=gateway.lawfirm.example"], check=True, capture_output=True)
        self._candidate = {"generation": number, "state": "requested", "key": f"cjsm-{number}", "since": stamp()}
        return self._candidate

    def _import(self, pem: str) -> Answer:
        def public_key(command: list[str], text: str) -> str:
            return subprocess.run(command, input=text, text=True, capture_output=True, check=False).stdout

        if "BEGIN CERTIFICATE" not in pem:
            raise Refusal("invalid", "this is not a certificate in PEM form")
        ours = public_key(["openssl", "req", "-noout", "-pubkey"], (self._folder / "candidate.csr").read_text())
        if not self._candidate or public_key(["openssl", "x509", "-noout", "-pubkey"], pem) != ours:
            raise Refusal("invalid", "the certificate is for another key; its issuer is not the pinned CA")
        self._candidate = {**self._generation(self._candidate["generation"], "proven", "cjsm"), "since": stamp()}
        return {"generation": self._candidate["generation"], "state": "proven"}
