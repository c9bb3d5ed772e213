"""Python's TLS contexts of practice mode's certificate files: TLS 1.3, the peer always verified."""

import ssl
from pathlib import Path

from pki import Identity


def client_context(trusted: Path, own: Identity | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trusted))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if own:
        context.load_cert_chain(own.certificate, own.key)
    return context


def server_context(own: Identity, clients_of: Path | None = None) -> ssl.SSLContext:
    """With `clients_of`, a client must show a certificate of that CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(own.certificate, own.key)
    if clients_of:
        context.load_verify_locations(cafile=str(clients_of))
        context.verify_mode = ssl.CERT_REQUIRED
    return context
