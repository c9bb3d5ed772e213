"""Packages of npm, for tests that need a program of its world."""

import os
import shutil
import subprocess
from pathlib import Path


def install(wanted: Path, node: Path) -> None:
    """Exactly what the package-lock.json in `wanted` names, into `node`, once. No package's own scripts run."""
    node.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        text = (wanted / name).read_text()
        if (node / name).exists() and (node / name).read_text() == text and (node / "node_modules").exists():
            continue
        (node / name).write_text(text)
        shutil.rmtree(node / "node_modules", ignore_errors=True)
    if not (node / "node_modules").exists():
        subprocess.run(["npm", "ci", "--omit=optional", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"],
                       cwd=node, check=True,
                       env={**os.environ, "NODE_EXTRA_CA_CERTS": "/etc/ssl/certs/ca-certificates.crt"})
