#!/usr/bin/env python3
"""Tampers with copies of a sound audit pack, at random, and sees that verify_pack.py finds every one.

    tamper_pack.py PACK COUNT [SEED]     exit 1 and name each tampering that was not found
"""
import contextlib
import io
import random
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import verify_pack  # noqa: E402  (beside this file, not the copy in the pack)


def flip(data: bytes, at: int, dice: random.Random) -> bytes:
    return data[:at] + bytes([data[at] ^ (1 << dice.randrange(8))]) + data[at + 1:]


def drop_byte(data: bytes, at: int, dice: random.Random) -> bytes:
    return data[:at] + data[at + 1:]


def add_byte(data: bytes, at: int, dice: random.Random) -> bytes:
    return data[:at] + bytes([dice.randrange(256)]) + data[at:]


def cut_off(data: bytes, at: int, dice: random.Random) -> bytes:
    return data[:at]


def drop_line(data: bytes, at: int, dice: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    del lines[dice.randrange(len(lines))]
    return b"".join(lines)


def double_line(data: bytes, at: int, dice: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))
    return b"".join(lines)


def swap_lines(data: bytes, at: int, dice: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    dice.shuffle(lines)
    return b"".join(lines)


def tamper(pack: Path, dice: random.Random) -> str:
    """Changes one thing in `pack`; says what."""
    files = sorted(p for p in pack.rglob("*") if p.is_file())
    victim = dice.choice(files)
    name = victim.relative_to(pack).as_posix()
    while True:
        data = victim.read_bytes()
        kind = dice.choice([flip, drop_byte, add_byte, cut_off, drop_line, double_line, swap_lines, "remove", "add"])
        if kind == "remove":
            victim.unlink()
            return f"{name} removed"
        if kind == "add":
            (victim.parent / f"more-{dice.randrange(1000)}").write_bytes(data)
            return f"a file added beside {name}"
        changed = kind(data, dice.randrange(len(data)), dice) if data else b"x"
        if changed != data:
            victim.write_bytes(changed)
            return f"{name}: {kind.__name__}"


def is_sound(pack: Path) -> bool:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            verify_pack.verify(pack)
    except (SystemExit, KeyError, ValueError, TypeError):
        return False
    return True


def main() -> int:
    pack, count = Path(sys.argv[1]), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    dice = random.Random(seed)
    print(f"seed {seed}")
    if not is_sound(pack):
        print("the pack is not sound to begin with")
        return 1
    missed = []
    for _ in range(count):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "pack"
            shutil.copytree(pack, copy)
            what = tamper(copy, dice)
            if is_sound(copy):
                missed.append(what)
    print("\n".join(f"not found: {what}" for what in missed) or f"all {count} tamperings found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
