"""Facts about this machine and interpreter that runners and measurements depend on. Standard library only."""

import os
import sys
from collections.abc import Callable
from pathlib import Path


def affinity_cores() -> int:
    """Cores that the scheduler may give to this process (affinity where the system has it, else all)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def quota_cores(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Cores' worth of CPU time that this process's own cgroup allows, or None without a limit.

    Read from the process's own cgroup and its parents (the tightest counts), version 2 or 1: nothing in the
    standard library looks there, so a container with a quota of one core still reports every core of its host.
    """
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return None
    limits: list[float] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            limits += _quotas_upwards(cgroups, path, _quota_v2)
        elif "cpu" in controllers.split(","):
            limits += _quotas_upwards(cgroups / "cpu", path, _quota_v1)
    return min(limits) if limits else None


def usable_cores() -> int:
    """Cores that this process can really use: the least of affinity, cgroup quota and PYTHON_CPU_COUNT.

    A quota of 1.5 cores counts as 1: a second worker would have to wait half of the time.
    """
    counts = [affinity_cores()]
    quota = quota_cores()
    if quota is not None:
        counts.append(int(quota))
    asked = os.environ.get("PYTHON_CPU_COUNT", "")
    if asked.isdigit():
        counts.append(int(asked))
    return max(1, min(counts))


def cores_to_race() -> int:
    """Numbers of workers up to this one may be the best for work that computes.

    A quota of 1.5 cores is worth a second worker for half of the time: one and two are both to be measured.
    """
    quota = quota_cores()
    return usable_cores() + (quota is not None and usable_cores() < quota < affinity_cores())


def gil_enabled() -> bool:
    """Whether one thread at a time runs Python code in this interpreter, as of now.

    An extension that does not declare support for free threading turns the GIL on when it is imported: ask after
    the workload's imports.
    """
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def _quotas_upwards(root: Path, path: str, read: Callable[[Path], float | None]) -> list[float]:
    folders = [root / path.lstrip("/")]
    while folders[-1] != root and root in folders[-1].parents:
        folders.append(folders[-1].parent)
    quotas = (read(folder) for folder in folders)
    return [quota for quota in quotas if quota is not None]


def _quota_v2(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        return None


def _quota_v1(folder: Path) -> float | None:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text())
        period = int((folder / "cpu.cfs_period_us").read_text())
        return None if quota <= 0 else quota / period
    except (OSError, ValueError):
        return None
