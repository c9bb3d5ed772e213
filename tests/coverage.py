#!/usr/bin/env python3
"""How much of a folder's code its own unit tests run: ./dev shell tests/coverage.py firmware/smtp smtp_test

Builds that test program with counters (preset coverage), runs it, and lists for each file the share of its lines that ran and the
lines that did not. A figure to look at, not a gate: a line that ran is not yet a line that was checked.
"""

import gzip
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
BUILD = TOP / "build" / "coverage"


def run_tests(program: str) -> None:
    """From zeroed counters."""
    subprocess.run(["cmake", "--preset", "coverage"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "coverage", "--target", program], cwd=TOP, check=True,
                   stdout=subprocess.DEVNULL)
    for counters in BUILD.rglob("*.gcda"):
        counters.unlink()
    binary = next(path for path in BUILD.rglob(program) if path.is_file())
    subprocess.run([binary, "--gtest_brief=1"], cwd=TOP, check=True, stdout=subprocess.DEVNULL)


def lines_of(folder: str) -> dict[str, dict[int, int]]:
    """How often each line of the folder's own files ran: an inline function counts in every program part that has it."""
    counts: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    with tempfile.TemporaryDirectory() as work:
        for counters in sorted((BUILD / folder).rglob("*.gcda")):
            subprocess.run(["gcov", "--json-format", counters], cwd=work, check=True, stdout=subprocess.DEVNULL)
        for result in Path(work).glob("*.gcov.json.gz"):
            for file in json.loads(gzip.decompress(result.read_bytes()))["files"]:
                path = (BUILD / file["file"]).resolve()
                if TOP / folder not in path.parents or path.name.endswith(("_test.cc", "_fuzz.cc")):
                    continue
                for line in file["lines"]:
                    counts[str(path.relative_to(TOP))][line["line_number"]] += line["count"]
    return counts


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder, program = sys.argv[1].rstrip("/"), sys.argv[2]
    run_tests(program)
    counts = lines_of(folder)
    total = ran = 0
    for name, lines in sorted(counts.items()):
        missed = [str(number) for number, count in sorted(lines.items()) if count == 0]
        total += len(lines)
        ran += len(lines) - len(missed)
        print(f"{100 * (1 - len(missed) / len(lines)):5.1f} %  {name}  {' '.join(missed)}")
    if total == 0:
        print(f"no line of {folder} is in {program}", file=sys.stderr)
        return 1
    print(f"{100 * ran / total:5.1f} %  of {total} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
