"""The gateway's certificate is renewed while mail flows: a new key, a request by EST, a trial, a rename."""

import re
import subprocess
import time
from dataclasses import dataclass

from children import LabError
from practice import Practice
from traffic import Tally, Traffic

PER_SECOND = 20
_RENEWAL_SECONDS = 60.0
_MORE_SECONDS = 2.0  # of traffic under the new certificate, and as much under the old one before


@dataclass(frozen=True)
class Renewal:
    """What was seen. `old` and `new` as `privyseal cert list` tells of a generation."""

    old: dict
    new: dict
    served_serial: str
    traffic: Tally
    per_second: float
    seconds: float


def renew(practice: Practice) -> Renewal:
    """LabError when it does not come about, or when a single message was not taken meanwhile."""
    appliance, ports = practice.appliance, practice.ports
    old = appliance.certificate("cjsm")["active"]
    with Traffic(ports.lan, practice.places.lan_root, PER_SECOND) as traffic:
        time.sleep(_MORE_SECONDS)
        began = time.monotonic()
        appliance.tell("cert", "renew", "cjsm")
        new = _wait_for_another(practice, old)
        seconds = time.monotonic() - began
        time.sleep(_MORE_SECONDS)
    if traffic.tally.failures:
        raise LabError(f"{len(traffic.tally.failures)} messages were not taken during the renewal, the first: "
                       f"{traffic.tally.failures[0]}; the gateway's log is {practice.places.log('gatewayd')}")
    return Renewal(old, new, _served_serial(ports.cjsm), traffic.tally, traffic.tally.taken / traffic.seconds, seconds)


def _wait_for_another(practice: Practice, old: dict) -> dict:
    deadline = time.monotonic() + _RENEWAL_SECONDS
    while time.monotonic() < deadline:
        practice.keep_up()
        state = practice.appliance.certificate("cjsm")
        if state["active"]["generation"] > old["generation"] and state["active"]["live"]:
            return state["active"]
        time.sleep(0.1)
    raise LabError(f"no new certificate was in use within {_RENEWAL_SECONDS:.0f} s: {state['next']} "
                   f"{(state['alarm'] or {}).get('why', '')}; renewd's log is {practice.places.log('renewd')}")


def _served_serial(port: int) -> str:
    """What the CJSM side's listener shows, seen by a program of others."""
    shown = subprocess.run(["openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{port}"],
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=30).stdout
    parsed = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=shown, capture_output=True, timeout=30)
    found = re.search(rb"serial=([0-9A-F]+)", parsed.stdout)
    if found is None:
        raise LabError(f"the listener on port {port} showed no certificate")
    return found[1].decode()


def describe(renewal: Renewal) -> str:
    old, new, traffic = renewal.old, renewal.new, renewal.traffic
    return f"""\
RENEWED UNDER TRAFFIC: the certificate towards CJSM, by EST
  before    key '{old["key"]}', serial {old["serial"]}
  after     key '{new["key"]}', serial {new["serial"]}, from {new["issuer"]}
  served    serial {renewal.served_serial}, as openssl s_client sees it at our own port
  took      {renewal.seconds:.1f} s: new key in the HSM, request, issue, trial handshake with the relay, rename, look at our port
  traffic   {traffic.taken} messages meanwhile ({renewal.per_second:.0f} a second), {len(traffic.failures)} failed, the slowest took {traffic.slowest_seconds * 1000:.0f} ms"""
