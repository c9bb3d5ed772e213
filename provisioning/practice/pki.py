"""The stand-ins' certificates: one practice CA for each side, made with the openssl program.

The private keys made here are practice keys of the stand-ins. The appliance's
own keys are born in the token and come here only as certificate requests.
"""

from dataclasses import dataclass
from pathlib import Path

from children import run

_CA_EXTENSIONS = """\
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""
_LEAF_EXTENSIONS = """\
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
subjectAltName = DNS:{host}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Identity:
    """A certificate, and the private key that a stand-in keeps in a file."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Authority:
    """A practice CA with P-256 keys. `name` is its file name and what a person sees as its common name."""

    folder: Path
    name: str
    log: Path

    @property
    def certificate(self) -> Path:
        return self.folder / f"{self.name}.pem"

    @property
    def key(self) -> Path:
        return self.folder / f"{self.name}.key"

    def create(self, common_name: str) -> None:
        _new_key(self.key, self.log)
        config = self.folder / f"{self.name}.cnf"
        config.write_text("[req]\ndistinguished_name = dn\nprompt = no\nx509_extensions = ca\n"
                          f"[dn]\nCN = {common_name}\n{_CA_EXTENSIONS}")
        run(f"making {common_name}",
            ["openssl", "req", "-x509", "-new", "-config", str(config), "-key", str(self.key), "-sha256",
             "-days", "365", "-out", str(self.certificate)], self.log)

    def sign(self, request: Path, host: str, certificate: Path) -> None:
        """Signs a PKCS#10 request for a TLS server and client called `host`; the CA alone chooses the extensions."""
        extensions = certificate.with_suffix(".ext")
        extensions.write_text(_LEAF_EXTENSIONS.format(host=host))
        run(f"signing the certificate of {host}",
            ["openssl", "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
             "-sha256", "-days", "90", "-extfile", str(extensions), "-out", str(certificate)], self.log)

    def identity(self, name: str, host: str) -> Identity:
        """A key in a file and its certificate, for a stand-in called `host`."""
        made = Identity(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        request = self.folder / f"{name}.csr"
        new_request(made.key, host, request, self.log)
        self.sign(request, host, made.certificate)
        return made


def new_request(key: Path, host: str, request: Path, log: Path) -> None:
    """A new key in a file, and a PKCS#10 request for the host's certificate."""
    _new_key(key, log)
    run(f"requesting the certificate of {host}",
        ["openssl", "req", "-new", "-key", str(key), "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}",
         "-out", str(request)], log)


def _new_key(path: Path, log: Path) -> None:
    run(f"making {path.name}",
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path)], log)
    path.chmod(0o600)
