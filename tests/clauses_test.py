#!/usr/bin/env python3
"""Every test that clauses.toml names is there.

    clauses_test.py check ROOT     exit 1 and name each that is not
    clauses_test.py self-test      see that a name which is not there is found
"""
import re
import sys
import tomllib
from pathlib import Path

_CPP = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
_FOLDERS = ("firmware", "hsm", "ca", "provisioning", "web-admin", "tests")


def tests_in(root: Path) -> set[str]:
    """"Suite.Name", "file.py" and "file.py::name"."""
    found: set[str] = set()
    for folder in _FOLDERS:
        for file in (root / folder).rglob("*_test.*"):
            text, name = file.read_text(), file.relative_to(root).as_posix()
            if file.suffix == ".cc":
                found |= {f"{suite}.{test}" for suite, test in _CPP.findall(text)}
            elif file.suffix == ".py":
                found |= {name} | {f"{name}::{test}" for test in re.findall(r"^    def (test\w+)", text, re.MULTILINE)}
    return found


def wrong_in(clauses: dict[str, dict], known: set[str]) -> list[str]:
    wrong = [f"{clause}: {test} is no test" for clause, row in clauses.items() for test in row["tests"] if test not in known]
    return wrong + [f"{clause}: names no test" for clause, row in clauses.items() if not row["tests"] or not row["asks"]]


def main() -> int:
    if sys.argv[1] == "self-test":
        rows = {"a": {"asks": "x", "tests": ["S.Known", "S.Unknown"]}, "b": {"asks": "x", "tests": []}}
        assert wrong_in(rows, {"S.Known"}) == ["a: S.Unknown is no test", "b: names no test"]
        return 0
    root = Path(sys.argv[2])
    wrong = wrong_in(tomllib.loads((root / "tests/clauses.toml").read_text()), tests_in(root))
    print(*wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
