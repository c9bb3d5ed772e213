#!/usr/bin/env python3
"""Checks an audit log without any of our software: only Python and the program `openssl`.

    verify_log.py ENTRIES CHECKPOINT AUDIT_KEY.pem

ENTRIES: one entry a line, as the daemons give them, or a copy of the daemon's SQLite database.
CHECKPOINT: the signed note. It covers exactly the first SIZE entries: fewer mean that some were cut off.
Says "ok SIZE" and ends 0, or says from which entry on something is wrong and ends 1.
"""
import base64
import hashlib
import sqlite3
import subprocess
import sys
import tempfile


def read_entries(file: str) -> list[bytes]:
    """The entries in their order, each as the bytes that were hashed."""
    with open(file, "rb") as stream:
        content = stream.read()
    if not content.startswith(b"SQLite format 3\0"):
        return content.removesuffix(b"\n").split(b"\n") if content else []
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        return [row[0] for row in database.execute("SELECT CAST(entry AS BLOB) FROM audit_entry ORDER BY seq")]


def root_of(entries: list[bytes]) -> bytes:
    """The Merkle root (RFC 6962 section 2.1), level by level; an odd last node goes up as it is."""
    level = [hashlib.sha256(b"\0" + entry).digest() for entry in entries]
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2])]
        level = pairs + level[len(pairs) * 2:]
    return level[0] if level else hashlib.sha256(b"").digest()


def signed_text(note: bytes, key_file: str) -> bytes:
    """The lines of the note that the audit key signed: origin, size, root. ValueError: it did not sign them."""
    text, origin = note.partition(b"\n\n")[0] + b"\n", note.partition(b"\n")[0]
    signature = base64.b64decode(note.rpartition(b" ")[2])  # 4 bytes of key id in front
    key = subprocess.run(["openssl", "pkey", "-pubin", "-in", key_file, "-outform", "DER"], stdout=subprocess.PIPE, check=True)
    key_id = hashlib.sha256(origin + b"\n\2" + key.stdout).digest()[:4]
    with tempfile.NamedTemporaryFile() as file:
        file.write(signature[4:])
        file.flush()
        checked = subprocess.run(["openssl", "dgst", "-sha256", "-verify", key_file, "-signature", file.name],
                                 input=text, capture_output=True, check=False)
    only_this = text + "\n— ".encode() + origin + b" " + base64.b64encode(key_id + signature[4:]) + b"\n"
    if checked.returncode != 0 or note != only_this:
        raise ValueError("the checkpoint is not signed by the audit key")
    return text


def verify(entries: list[bytes], note: bytes, key_file: str) -> int:
    """How many entries the checkpoint vouches for. ValueError: from which one on something is wrong."""
    _, size, root = signed_text(note, key_file).decode().splitlines()
    for seq, entry in enumerate(entries):
        if not entry.startswith(b'{"v":1,"seq":%d,' % seq):
            raise ValueError(f"entry {seq} is missing, or another stands in its place")
    if len(entries) < int(size):
        raise ValueError(f"entry {len(entries)} is missing: the checkpoint covers {size}")
    if base64.b64encode(root_of(entries[:int(size)])).decode() != root:
        raise ValueError(f"entry 0 or a later one is not what was written: {size} entries with another root")
    return int(size)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        with open(sys.argv[2], "rb") as note_file:
            print("ok", verify(read_entries(sys.argv[1]), note_file.read(), sys.argv[3]))
    except (ValueError, OSError, sqlite3.Error, subprocess.CalledProcessError) as error:
        sys.exit(f"not ok: {error}")
