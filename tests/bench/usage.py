"""What processes used, as the kernel counts it (proc_pid_stat(5))."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def _fields(pid: str) -> list[str]:
    """The fields of /proc/PID/stat behind the program's name; the first is 'state', the third of the manual."""
    return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()


def cpu_seconds(groups: list[int]) -> float:
    """CPU of all processes in these process groups, and of the children that ended and were waited for."""
    ticks = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = _fields(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if int(fields[2]) in groups:
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICKS_PER_SECOND


def memory_mib(groups: list[int]) -> float:
    """Proportional memory (PSS) of these process groups: shared pages are counted once."""
    kib = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(_fields(pid)[2]) not in groups:
                continue
            for line in Path("/proc", pid, "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kib += int(line.split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return kib / 1024
