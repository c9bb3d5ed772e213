#!/usr/bin/env python3
"""Signs a provisioning file and lays it out as provisioning/verify/bundle.h says, for a disk or a file.

    setup_disk.py SETTINGS.toml PRIVATE_KEY.pem OUTPUT

OUTPUT is as long as a small disk: write it to a USB stick with dd, or give it to `./dev image boot --setup`.
A box that has a file takes another only with a higher `serial = N` (provisioning/box/site.h).
"""

import struct
import subprocess
import sys
import tomllib
from pathlib import Path

_MAGIC = b"PSPROV1\n"
_DISK_BYTES = 1 << 20


def signature(message: bytes, key: Path) -> bytes:
    return subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(key)], input=message, check=True,
                          capture_output=True).stdout


def bundle(settings: bytes, key: Path) -> bytes:
    """The signed part holds the signature's length, which varies by a byte or two: sign until it is as announced."""
    announced = 71
    while True:
        signed = _MAGIC + struct.pack(">II", len(settings), announced) + settings
        made = signature(signed, key)
        if len(made) == announced:
            return signed + made


def write_disk(settings: bytes, key: Path, output: Path) -> None:
    output.write_bytes(bundle(settings, key).ljust(_DISK_BYTES, b"\0"))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    signed = Path(sys.argv[1]).read_bytes()
    print(f"serial {tomllib.loads(signed.decode()).get('serial', 0)}: only for a box whose file has a lower one, or none")
    write_disk(signed, Path(sys.argv[2]), Path(sys.argv[3]))
