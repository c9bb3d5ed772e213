"""What a person may try next in the running lab, ready to paste."""

import os
from pathlib import Path

from places import GATEWAY_NAME
from practice import Practice


def _short(path: Path) -> str:
    """Relative to where ./dev is, if that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)


def next_steps(practice: Practice) -> str:
    ports, places = practice.ports, practice.places
    provision = _short(places.program("provisioning/privyseal-provision"))
    return f"""\
The lab is up; Ctrl-C ends it. In another terminal, in this folder, try:

  a message of your own, through the organisation's mail server:
    ./dev shell swaks --server 127.0.0.1:{ports.org} --from alice@lawfirm.example --to bob@police.example.cjsm.net
    ls {_short(places.maildir("relay"))}/new

  the same straight to the gateway; the 250 you see is the relay's own:
    ./dev shell swaks --server 127.0.0.1:{ports.lan} --tls --tls-verify --tls-verify-target {GATEWAY_NAME} \\
      --tls-ca-path {_short(places.pki / "lan-ca.pem")} --from alice@lawfirm.example --to bob@police.example.cjsm.net

  what must not pass: the same with --to someone@elsewhere.example, or without --tls

  a reply from CJSM:
    ./dev shell swaks --server 127.0.0.1:{ports.relay_inside} --from bob@police.example.cjsm.net --to alice@lawfirm.example.cjsm.net

  how often each key of the token signed (one signature for every handshake), and the ledger:
    ./dev shell {provision} uses --socket {_short(places.keyd_socket)}
    ./dev shell sqlite3 -readonly {_short(places.ledger)} 'SELECT direction, outcome, session_id, reply FROM mail'

  a dead keyd: mail is put off (4xx) and kept by its sender; keyd is back after five seconds:
    . {_short(places.env)}; ./dev shell kill -9 $LAB_KEYD_PID

  logs: {_short(places.logs)}/   every other program's way in: {_short(places.env)}"""
