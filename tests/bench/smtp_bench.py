"""4 KiB messages through the gateway and through Postfix: messages/s and CPU, side by side."""

import argparse
import os
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "provisioning" / "practice"))

from children import Child, LabError  # noqa: E402
from pki import Authority  # noqa: E402
from places import GATEWAY_NAME, RELAY_NAME, Places, free_ports  # noqa: E402
from postfix_rival import postfix_rival  # noqa: E402
from report import Report  # noqa: E402
from smtp_load import Load, Rival, Round, Sink, run_round  # noqa: E402
