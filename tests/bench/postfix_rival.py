"""Postfix doing the appliance's outbound job, tuned so that the comparison is fair.

STARTTLS or clear text in, a fresh full mutual TLS 1.3 handshake per message out, keys in files.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "provisioning" / "practice"))

from pki import Identity  # noqa: E402
from places import GATEWAY_NAME, RELAY_NAME, Places  # noqa: E402
from postfix import Postfix, client_tls, server_tls  # noqa: E402

_TUNING = {
    "default_process_limit": "100",
    "in_flow_delay": "0",
    "initial_destination_concurrency": "40",
    "default_destination_concurrency_limit": "40",
    "smtp_connection_cache_on_demand": "no",
    "smtp_tls_connection_reuse": "no",
    "smtpd_client_connection_count_limit": "0",
    "smtpd_client_event_limit_exceptions": "127.0.0.0/8",
    "smtp_tls_loglevel": "0",
    "smtpd_tls_loglevel": "0",
}


def postfix_rival(places: Places, port: int, sink_port: int, lan: Identity, wan: Identity, egress_ca: Path) -> Postfix:
    folder = places.plain_top / "postfix"
    return Postfix(
        name="rival",
        folder=folder,
        log=places.log("postfix-rival"),
        hostname=GATEWAY_NAME,
        listeners={port: {"smtpd_tls_security_level": "may"}},
        parameters={
            "relay_domains": "cjsm.net, .cjsm.net",
            "parent_domain_matches_subdomains": "",
            "relay_recipient_maps": "",
            "relay_transport": f"relay:[127.0.0.1]:{sink_port}",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
        } | server_tls(lan) | client_tls(wan, egress_ca, RELAY_NAME) | _TUNING,
    )
