"""What a person may try next in the running lab, ready to paste."""

from places import GATEWAY_NAME, shown
from practice import Practice


def next_steps(practice: Practice) -> str:
    ports, places = practice.ports, practice.places
    provision = shown(places.program("provisioning/privyseal-provision"))
    privyseal, run = shown(places.program("provisioning/cli/privyseal")), f"--run {shown(places.run)}"
    claim = practice.appliance.ask("console", "claim")
    return f"""\
The lab is up; Ctrl-C ends it.

  the console    {claim["url"]}
  claim code     {claim["code"]}   (for the first officer; until {claim["expires_at"]})
    A browser on this machine, with a passkey; it must first trust the appliance's own CA: {shown(places.lan_root)}

In another terminal, in this folder, try:

  how the appliance is, what went through it, its certificates:
    ./dev shell {privyseal} status {run}
    ./dev shell {privyseal} mail find {run}
    ./dev shell {privyseal} cert list {run}

  a message of your own, through the organisation's mail server:
    ./dev shell swaks --server 127.0.0.1:{ports.org} --from alice@lawfirm.example --to bob@police.example.cjsm.net
    ls {shown(places.maildir("relay"))}/new

  the same straight to the gateway; the 250 you see is the relay's own:
    ./dev shell swaks --server 127.0.0.1:{ports.lan} --tls --tls-verify --tls-verify-target {GATEWAY_NAME} \\
      --tls-ca-path {shown(places.lan_root)} --from alice@lawfirm.example --to bob@police.example.cjsm.net

  what must not pass: the same with --to someone@elsewhere.example, or without --tls

  a reply from CJSM:
    ./dev shell swaks --server 127.0.0.1:{ports.relay_inside} --from bob@police.example.cjsm.net --to alice@lawfirm.example.cjsm.net

  how often each key of the token signed (one signature for every handshake), and the ledger:
    ./dev shell {provision} uses --socket {shown(places.keyd_socket)}
    ./dev shell sqlite3 -readonly {shown(places.ledger)} 'SELECT direction, outcome, session_id, reply FROM mail'

  a dead keyd: mail is put off (4xx) and kept by its sender; keyd is back after five seconds:
    . {shown(places.env)}; ./dev shell kill -9 $LAB_KEYD_PID

  logs: {shown(places.logs)}/   every other program's way in: {shown(places.env)}"""
