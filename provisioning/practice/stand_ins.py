"""The two mail servers around the appliance: the organisation's, and the CJSM relay."""

from pathlib import Path

from pki import Identity
from places import DOMAIN, GATEWAY_NAME, MAIL_NAME, RELAY_NAME, Places, Ports
from postfix import Postfix, client_tls, server_tls


def organisation(places: Places, ports: Ports, lan_ca: Path, identity: Identity) -> Postfix:
    """The organisation's mail server: *.cjsm.net goes to the appliance, its own domain into a Maildir.

    One listener serves both its users (plain, from loopback) and the appliance (which insists on STARTTLS).
    """
    folder = places.plain_top / "org"
    transport = folder / "config" / "transport"
    hop = f"smtp:[127.0.0.1]:{ports.lan}"
    return Postfix(
        name="org",
        folder=folder,
        log=places.log("postfix-org"),
        hostname=MAIL_NAME,
        listeners={ports.org: {"smtpd_tls_security_level": "may"}},
        parameters={
            "transport_maps": f"texthash:{transport}",
            "virtual_mailbox_domains": DOMAIN,
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
        } | server_tls(identity) | client_tls(None, lan_ca, GATEWAY_NAME),
        maps={"transport": f"cjsm.net {hop}\n.cjsm.net {hop}\n"},
    )


def relay(places: Places, ports: Ports, egress_ca: Path, identity: Identity) -> Postfix:
    """The CJSM relay: takes mail only from clients with a certificate of the Egress CA.

    Every cjsm.net address is delivered into one Maildir, but for the organisation's own, which go to
    the appliance. Its second listener stands for the relay's own users.
    """
    ours = f"{DOMAIN}.cjsm.net"
    folder = places.plain_top / "relay"
    config = folder / "config"
    pattern = ours.replace(".", "\\.")
    return Postfix(
        name="relay",
        folder=folder,
        log=places.log("postfix-relay"),
        hostname=RELAY_NAME,
        listeners={
            ports.relay: {
                "smtpd_tls_security_level": "encrypt",
                "smtpd_tls_req_ccert": "yes",
                "smtpd_tls_CAfile": str(egress_ca),
                # smtpd accepts any certificate that can be verified; this refuses the rest of the mail.
                "smtpd_client_restrictions": "permit_tls_all_clientcerts, reject",
                "smtpd_relay_restrictions": "reject_unauth_destination",
            },
            ports.relay_inside: {
                "smtpd_tls_security_level": "none",
                "smtpd_relay_restrictions": "permit_mynetworks, reject",
            },
        },
        parameters={
            "relay_domains": ours,
            "relay_transport": f"relay:[127.0.0.1]:{ports.cjsm}",
            "relay_recipient_maps": "",
            "virtual_mailbox_domains": f"regexp:{config / 'domains'}",
        } | server_tls(identity) | client_tls(identity, egress_ca, GATEWAY_NAME),
        maps={"domains": f"if !/^{pattern}$/\n/^(.+\\.)?cjsm\\.net$/ yes\nendif\n"},
    )
