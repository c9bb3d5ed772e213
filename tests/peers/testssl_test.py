"""testssl.sh, a third party's eye on both listeners: nothing above 'info' but what is explained here.

    testssl_test.py BUILD_FOLDER LAB_FOLDER

It is given the side's CA, and on the CJSM side a certificate to show.
"""

import json
import subprocess
import sys
from pathlib import Path

from peers_lab import PeersLab  # first: it opens the way to practice mode's modules

from places import GATEWAY_NAME

_QUIET = {"OK", "INFO", "DEBUG"}

# id (its beginning) -> why it is no fault of ours
_EXPLAINED = {
    "cert_revocation": "neither the appliance's own CA nor the practice CA publishes revocations",
    "engine_problem": "of testssl.sh itself: Debian's openssl has no GOST engine",
    "overall_grade": "capped for STARTTLS, whose stripping a client must notice; any other reason is looked at below",
    "starttls_injection": "testssl.sh wants socat for it; gateway_smuggling_test tries every form",
}


def _findings(port: int, ca: Path, own: Path | None, report: Path) -> list[dict]:
    command = ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--nodns", "min", "--ip", "127.0.0.1", "--starttls", "smtp",
               "--add-ca", str(ca), "--jsonfile", str(report), "--overwrite", *(["--mtls", str(own)] if own else []),
               f"{GATEWAY_NAME}:{port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                                                                                      "HOME": "/tmp", "TERM": "dumb"})
    report.with_suffix(".txt").write_text(done.stdout + done.stderr)
    return json.loads(report.read_text())


def main() -> int:
    wrong = []
    with PeersLab(Path(sys.argv[1]), Path(sys.argv[2])) as lab:
        relay = lab.practice.relay_identity
        own = lab.places.top / "relay-with-key.pem"
        own.write_text(relay.certificate.read_text() + relay.key.read_text())
        for name, port, ca, shown in (("lan", lab.ports.lan, lab.places.lan_root, None),
                                      ("cjsm", lab.ports.cjsm, lab.practice.egress_root, own)):
            findings = _findings(port, ca, shown, lab.places.top / f"testssl-{name}.json")
            loud = [found for found in findings if found["severity"] not in _QUIET]
            print(f"{name}: {len(findings)} findings, {len(loud)} above info")
            for found in loud:
                reason = next((why for key, why in _EXPLAINED.items() if found["id"].startswith(key)), None)
                print(f"  {found['severity']:8} {found['id']}: {found['finding']}" + (f" ({reason})" if reason else ""))
                if reason is None:
                    wrong.append(found["id"])
            wrong += [f"{name}: {found['finding']}" for found in findings
                      if found["id"].startswith("grade_cap_reason") and "STARTTLS is prone to MITM" not in found["finding"]]
            # A scan that met nothing finds nothing.
            ids = {found["id"]: found["finding"] for found in findings}
            if "offered" not in ids.get("TLS1_3", "") or "not offered" not in ids.get("TLS1_2", ""):
                wrong.append(f"{name}: TLS 1.3 {ids.get('TLS1_3')!r}, TLS 1.2 {ids.get('TLS1_2')!r}")
    print(f"unexplained: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
